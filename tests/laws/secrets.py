"""Law 7's canaries: the secrets that the tests use, and a scan that finds them wherever they come out.

A test that needs a secret takes it from here, so that a scan of all outputs and files knows what to look for.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

CANARIES: Mapping[str, str] = {
    "activation-code": "canaryACTIVATIONcode0042",
    "private-key": "MIIEcanaryPRIVATEkey0042canaryPRIVATEkey0042==",
    "session-token": "IQoJcanarySESSIONtoken0042//8=",
    "secret-access-key": "canarySECRETaccessKEY0042/abcdefghijklmn",
    "proxy-password": "canaryPROXYpass:0042",
    "repository-password": "canaryREPOpass@0042",
    "presigned-signature": "canaryPRESIGNED0042signature",
}
"""What each is, and its value; some have characters that a URL or JSON writes differently."""


def spellings(secret: str) -> frozenset[bytes]:
    """The ways in which a secret may be written: plain, in a URL, in JSON, in HTML, in UTF-16, in base64 at each phase."""
    raw = secret.encode()
    written = {raw, json.dumps(secret)[1:-1].encode(), secret.encode("utf-16-le"), secret.encode("utf-16-be")}
    for escape in ("%{:02X}", "%{:02x}", "\\u{:04x}", "\\u{:04X}", "&#{};", "&#x{:x};", "&#x{:X};"):
        written.add("".join(one if one.isalnum() else escape.format(ord(one)) for one in secret).encode())
        written.add("".join(one if one.isalnum() or one in "/:=@" else escape.format(ord(one)) for one in secret).encode())
    for phase in range(3):
        coded = base64.b64encode(b"\0" * phase + raw)
        written.add(coded[(0, 2, 3)[phase] : len(coded) - 4])
    return frozenset(written)


def leaks(text: str | bytes, canaries: Mapping[str, str] = CANARIES) -> tuple[str, ...]:
    """The names of the canaries that occur in ``text``, in any spelling."""
    raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    folded = raw.translate(None, b" \t\r\n\\")  # as a terminal, a shell or a page breaks it over lines
    return tuple(
        name
        for name, secret in canaries.items()
        if secret.encode() in folded or any(written in raw for written in spellings(secret))
    )


def files_of(places: Iterable[Path]) -> Iterator[Path]:
    """Every regular file in ``places``, directories walked, links not followed."""
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and not path.is_symlink():
                yield path


def leaks_in_files(places: Iterable[Path], canaries: Mapping[str, str] = CANARIES) -> tuple[str, ...]:
    """``path: canary`` for each canary in the files of ``places``, and in the files' own names."""
    found: list[str] = []
    for path in files_of(places):
        for name in leaks(path.name.encode() + b"\n" + path.read_bytes(), canaries):
            found.append(f"{path}: {name}")
    return tuple(found)
