"""Whether a file was signed by a key that the person gave, and by no other: gpg with a home of its own, read by machine.

Source: GnuPG, doc/DETAILS (status lines); gpg(1), --status-fd.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

from ssm_bootstrap.catalog import agent
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import CannotRun, Completed
from ssm_bootstrap.model.phrase import phrase

_REASONS = {
    "BADSIG": "it is not what was signed: changed on the way, or cut short",
    "EXPSIG": "the signature has expired",
    "EXPKEYSIG": "the key has expired: AWS publishes a new one in time",
    "REVKEYSIG": "the key was revoked",
    "NO_PUBKEY": "it was signed by another key than the one given",
    "ERRSIG": "the signature could not be checked with the key given",
    "NODATA": "what lies beside it is no signature",
    "UNEXPECTED": "what lies beside it is no signature",
}
"""Status lines that refuse a signature, the most telling first; any one of them is enough."""


class NoGpg(Exception):
    """gpg cannot be run here."""


class BadKey(Exception):
    """A key file that holds no public key."""


class NotSigned(Exception):
    """No valid signature by the key; the text says why."""


@dataclass(frozen=True)
class Keyring:
    """A gpg home below ``directory`` that knows the keys of one file and nothing else."""

    host: Host
    directory: str

    def must_have_gpg(self) -> None:
        """Raises NoGpg."""
        try:
            done = self.host.commands.run(["gpg", "--version"], timeout=agent.VERIFY, environment={"LC_ALL": "C"})
        except CannotRun as error:
            raise NoGpg(str(error)) from None
        if done.returncode != 0:
            raise NoGpg(phrase("gpg --version ended with {status}", status=done.returncode))

    def take_in(self, key_file: str) -> tuple[str, ...]:
        """Import the keys of a file; gives their fingerprints. Raises BadKey, NoGpg."""
        done = self._run("--import", key_file)
        found = tuple(dict.fromkeys(words[1] for words in _status(done, "IMPORT_OK") if len(words) > 1))
        if not found:
            raise BadKey("it holds no OpenPGP public key")
        return found

    def verify(self, path: str, signature: str, keys: Sequence[str]) -> str:
        """The fingerprint among ``keys`` by which ``path`` is signed; raises NotSigned, NoGpg."""
        done = self._run("--no-auto-key-retrieve", "--verify", signature, path)
        if not done.is_whole:
            raise NotSigned("gpg said more, or took longer, than can be waited for")
        _must_be_strong(done)
        for keyword, reason in _REASONS.items():
            if _status(done, keyword):
                raise NotSigned(reason)
        valid = _status(done, "VALIDSIG")
        # The last field is the primary key's fingerprint; what signed may be a subkey of it.
        signers = {words[-1] for words in valid} | {words[0] for words in valid}
        known = [key for key in keys if key in signers]
        digests = {words[7] for words in valid if len(words) > 7}
        if done.returncode != 0 or not digests or not _status(done, "GOODSIG") or len(valid) != 1 or not known:
            raise NotSigned("gpg names no valid signature by the key given")
        return known[0]

    def _run(self, *arguments: str) -> Completed:
        files = [self.host.files.real(word) if word.startswith("/") else word for word in arguments]
        home = self.host.files.real(self.directory)
        # Public keys need no agent; one that is started would outlive its home.
        quiet = ["--no-options", "--no-autostart", "--batch", "--no-tty", "--status-fd", "1"]
        argv = ["gpg", "--homedir", home, *quiet, *files]
        try:
            return self.host.commands.run(argv, timeout=agent.VERIFY, environment={"LC_ALL": "C"})
        except CannotRun as error:
            raise NoGpg(str(error)) from None


def _must_be_strong(done: Completed) -> None:
    """Raises NotSigned, with the way on, where a signature is by a weak digest, whether this gpg still takes it or not.

    Where it does not, ERRSIG has the digest in its third place, and GPG_ERR_DIGEST_ALGO in its sixth; a key that is missing
    or one that gpg cannot use is told by that line too.
    """
    found = [words[7] for words in _status(done, "VALIDSIG") if len(words) > 7]
    found += [words[2] for words in _status(done, "ERRSIG") if len(words) > 5 and words[5] == "5"]
    weak = [number for number in found if number not in agent.STRONG_DIGESTS]
    if weak:
        named = agent.WEAK_DIGESTS.get(weak[0], phrase("the digest that OpenPGP numbers {weak}", weak=weak[0])[:60])
        strong = ", ".join(agent.STRONG_DIGESTS.values())
        way = "install the agent by the distribution's package manager or with the image, then register without --install-agent"
        raise NotSigned(
            phrase("it is signed by {named}, a weak digest; expected one of {strong}; {way}", named=named, strong=strong, way=way)
        )


def _status(done: Completed, keyword: str) -> list[list[str]]:
    """What follows a keyword in gpg's status lines, one list of words a line."""
    lines = (line.split() for line in done.output.splitlines() if line.startswith("[GNUPG:] "))
    return [words[2:] for words in lines if len(words) > 1 and words[1] == keyword]
