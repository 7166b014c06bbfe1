"""Real OpenPGP keys and signatures, made by gpg in a home of its own: what AWS has, for tests."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Optional

PAST = "20240101T000000"
WHY_NOT = None if shutil.which("gpg") else "gpg is not installed"


class Signer:
    """One key pair; with ``expires`` (as in 30d) it was made in 2024 and has expired since."""

    def __init__(self, name: str, expires: Optional[str] = None, algorithm: str = "ed25519") -> None:
        # A socket's path has little room, so this is not below pytest's directory.
        self.home = Path(tempfile.mkdtemp(prefix="gpg"))
        self._then = [f"--faked-system-time={PAST}"] if expires else []
        self._gpg(
            "--passphrase", "", "--quick-generate-key", f"{name} <{name}@lab.example>", algorithm, "sign", expires or "never"
        )

    def _gpg(self, *arguments: str, given: bytes = b"") -> bytes:
        argv = ["gpg", "--homedir", str(self.home), "--batch", "--no-tty", "--pinentry-mode", "loopback", *self._then, *arguments]
        done = subprocess.run(argv, input=given, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    @property
    def public_key(self) -> bytes:
        """The key as AWS publishes its own: armoured."""
        return self._gpg("--armor", "--export")

    @property
    def secret_key(self) -> bytes:
        """What nobody should hand out."""
        return self._gpg("--armor", "--export-secret-keys")

    @property
    def fingerprint(self) -> str:
        """The key's fingerprint."""
        lines = self._gpg("--with-colons", "--list-keys").decode().splitlines()
        return next(line.split(":")[9] for line in lines if line.startswith("fpr:"))

    def sign(self, data: bytes, digest: str = "SHA512") -> bytes:
        """A detached signature."""
        weak = ["--allow-weak-digest-algos"] if digest in ("SHA1", "RIPEMD160") else []
        return self._gpg(*weak, "--digest-algo", digest, "--detach-sign", "--output", "-", given=data)

    def sign_inline(self, data: bytes) -> bytes:
        """A message with its signature around it, which says nothing of any other file."""
        return self._gpg("--sign", "--output", "-", given=data)

    def close(self) -> None:
        """End its agent and forget the key."""
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], capture_output=True, check=False)
        shutil.rmtree(self.home, ignore_errors=True)
