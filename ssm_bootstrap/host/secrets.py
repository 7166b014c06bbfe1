"""The secrets that one run has come to know: kept to be searched for in all that it writes, and shown by nothing."""

from __future__ import annotations

import json
from typing import Optional
from urllib.parse import quote

from ssm_bootstrap.host.packed import unfold


class Leak(Exception):
    """A secret of this run stands in what was about to be written: a fault of ours, and nothing was written."""


WITHHELD = "(a line that holds a secret of this run is not shown)"
"""What is said in place of a line whose secret cannot be masked."""

LEAST = 12
"""Letters from which on a text is searched for as it is; a shorter one may be a word of our own."""


class Secrets:
    """What is known so far; ``variable`` is the activation code of the caller's environment ("" for an empty one)."""

    def __init__(self, variable: Optional[str] = None) -> None:
        self.variable = variable
        self._known: set[str] = set()
        self._spellings: set[bytes] = set()
        self._plain: set[bytes] = set()
        self.learn(variable or "")

    def learn(self, text: str) -> None:
        """Keep a secret, to be found again however it is written; what is too short to be told from a word is none."""
        secret = text.strip()
        is_a_word = not any(letter.isdigit() or letter.isupper() or letter == ":" for letter in secret)
        if len(secret) >= LEAST and not is_a_word and secret not in self._known:
            from ssm_bootstrap.host.plainest import plainest

            self._known.add(secret)
            self._spellings |= _spellings(secret)
            plain = plainest(secret.encode("utf-8", "surrogateescape"))
            if len(plain) >= LEAST:
                self._plain.add(plain)

    def stand_in(self, data: bytes) -> bool:
        """Whether one of them stands in ``data``, as it is, in base64, or in its plainest form; what is packed is unfolded."""
        if not self._spellings:
            return False
        from ssm_bootstrap.host.plainest import plainest

        unfolded = unfold(data)
        if any(spelling in unfolded for spelling in self._spellings):
            return True
        plain = plainest(unfolded)
        return any(secret in plain for secret in self._plain)

    def must_not_stand_in(self, data: bytes, where: str) -> None:
        """The last step before anything is written; raises Leak."""
        if self.stand_in(data):
            raise Leak(f"{where}: a secret of this run stands in what was to be written; nothing was written")

    def masked(self, text: str, mask: str = "***") -> str:
        """The text without what is known, however it is written."""
        if not self.stand_in(text.encode("utf-8", "surrogatepass")):
            return text
        from ssm_bootstrap.host.plainest import pattern_of

        for secret in sorted(self._known, key=len, reverse=True):
            text = pattern_of(secret).sub(lambda _: mask, text)
            for spelling in _spellings(secret):
                text = text.replace(spelling.decode("utf-8", "surrogateescape"), mask)
        return text

    def told(self, text: str) -> str:
        """A line of talk, with what is known masked; nothing of it where that does not do."""
        masked = self.masked(text)
        return WITHHELD if self.stand_in(masked.encode("utf-8", "surrogatepass")) else masked

    def __bool__(self) -> bool:
        return bool(self._known)

    def __repr__(self) -> str:
        return f"Secrets({len(self._known)})"


_OF_THIS_RUN = [Secrets()]


def known_of_this_run() -> Secrets:
    """What the command that runs has come to know; talk has no other way to it, as it comes from everywhere."""
    return _OF_THIS_RUN[0]


def begin_run(secrets: Secrets) -> Secrets:
    """Make these the secrets of the command that runs."""
    _OF_THIS_RUN[0] = secrets
    return secrets


def _spellings(secret: str) -> set[bytes]:
    import base64

    raw = secret.encode("utf-8", "surrogateescape")
    from html import escape

    found = {
        raw,
        escape(secret).encode("utf-8", "surrogateescape"),
        quote(raw).encode(),
        quote(raw, safe="").encode(),
        json.dumps(secret)[1:-1].encode(),
        secret.encode("utf-16-le", "surrogatepass"),
        secret.encode("utf-16-be", "surrogatepass"),
    }
    for phase, skipped in ((0, 0), (1, 2), (2, 3)):
        coded = base64.b64encode(b"\0" * phase + raw)
        found.add(coded[skipped : len(coded) - 4])
    return found
