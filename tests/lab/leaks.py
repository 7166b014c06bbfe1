"""Law 7 over the whole suite: what the product printed and wrote in any lab is searched for the tests' secrets.

Every output of ``ssm-bootstrap`` is searched as it comes, and the instance's files, and what lives in it, when a lab closes;
the vault's own private keys count as secrets too. ``tests/conftest.py`` fails the session for what is found here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Dict, List, Sequence, Set

from tests.laws.secrets import CANARIES, leaks, spellings

if TYPE_CHECKING:
    from tests.lab.client import Lab

PLACES = (
    "/var/lib/amazon",
    "/var/log/amazon",
    "/etc/amazon",
    "/etc/ssm-bootstrap.conf",
    "/etc/ssm-bootstrap.d",
    "/run",
    "/root/.aws",
    "/var/tmp",
)
"""Where an instance's files are searched, besides the files that lie in /root itself."""

OWN_KEY = ("Vault/Store/RegistrationKey", "snapshot/Vault/Store/RegistrationKey", "pending/Vault/Store/RegistrationKey")
"""Where a private key belongs."""

FOUND: List[str] = []
"""Every leak of this session, in words."""

TEMPORARY = "find /tmp -maxdepth 1 -type f -newer /etc/hostname \\( -name 'tmp*' -o -name '*ssm*bootstrap*' \\)"
"""The files that a program of the instance may have left in /tmp, which is this machine's own."""

SEARCHED: Dict[str, int] = {"outputs": 0, "files": 0, "environments": 0}
"""How much was searched: a scan of nothing proves nothing."""


def search_output(argv: Sequence[str], *outputs: str) -> None:
    """Search what a command of the product printed."""
    if not any("ssm-bootstrap" in word or "ssm_bootstrap" in word for word in argv):
        return
    for output in outputs:
        SEARCHED["outputs"] += 1
        FOUND.extend(f"output of {' '.join(argv)[:200]}: {name}" for name in leaks(output))


def search_files(lab: Lab, given: Set[str]) -> None:
    """Search the instance's files; ``given`` are those that a test itself wrote a secret into."""
    small = "-type f -size -4M"
    places = " ".join(PLACES)
    wanted = f"-path /run/lab -prune -o {small} -print"
    listed = lab.run(["sh", "-c", f"find {places} {wanted} 2>/dev/null; find /root -maxdepth 1 {small}; {TEMPORARY} {small}"])
    keys = _private_keys(lab, listed.stdout.split("\n"))
    patterns = {name: spellings(secret) for name, secret in CANARIES.items()}
    for path in listed.stdout.split("\n"):
        if not path or path in given:
            continue
        try:
            data = lab.read(path)
        except OSError:
            continue
        SEARCHED["files"] += 1
        FOUND.extend(f"{path}: {name}" for name, written in patterns.items() if any(text in data for text in written))
        if not path.endswith(OWN_KEY):
            FOUND.extend(f"{path}: a private key of the vault" for key in keys if key in data)


def search_environments(lab: Lab) -> None:
    """Search the environment of what lives in the instance for the activation code: no child of the product ever gets it."""
    code = spellings(CANARIES["activation-code"])
    listed = lab.run(["sh", "-c", "cd /proc && ls -d [0-9]*"])
    for pid in listed.stdout.split():
        try:
            words, data = lab.read(f"/proc/{pid}/cmdline"), lab.read(f"/proc/{pid}/environ")
        except OSError:
            continue  # it has ended
        if b"ssm-bootstrap" in words or b"ssm_bootstrap" in words:
            continue  # what it was given itself stays in the kernel's copy
        SEARCHED["environments"] += 1
        if any(text in data for text in code):
            FOUND.append(f"environment of {words.decode(errors='replace')[:200]!r}: activation-code")


def _private_keys(lab: Lab, paths: Sequence[str]) -> Set[bytes]:
    keys = set()
    for path in paths:
        if path.endswith("/RegistrationKey"):
            try:
                key = json.loads(lab.read(path)).get("privateKey", "")
            except (OSError, ValueError):
                continue
            if len(key) > 40:
                keys.add(key.encode()[:200])
    return keys
