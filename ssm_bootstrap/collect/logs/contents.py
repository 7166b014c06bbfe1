"""What a file is by its first bytes: text that may be a log, or something that is none, in words."""

from __future__ import annotations

from ssm_bootstrap.collect.logs.stream import NotWhole, kind_of_archive, unpack
from ssm_bootstrap.model.phrase import phrase

LOOKED_AT = 4096
"""Bytes by which it is told."""

_MAGIC = (
    (b"\x7fELF", phrase("a program (ELF)")),
    (b"MZ\x90\0", phrase("a program of Windows")),
    (b"LPKSHHRH", phrase("a file of the journal: give what journalctl -o json prints of it")),
    (b"\x89PNG\r\n", phrase("an image (PNG)")),
    (b"\xff\xd8\xff", phrase("an image (JPEG)")),
    (b"GIF8", phrase("an image (GIF)")),
    (b"%PDF-", phrase("a document (PDF)")),
    (b"SQLite format 3\0", phrase("a database (SQLite)")),
    (b"\xed\xab\xee\xdb", phrase("a package (rpm)")),
    (b"!<arch>\n", phrase("a package or a library (ar)")),
    (b"\x28\xb5\x2f\xfd", phrase("packed with zstd, which is not read: unpack it first")),
    (b"\x04\x22\x4d\x18", phrase("packed with lz4, which is not read: unpack it first")),
    (b"7z\xbc\xaf\x27\x1c", phrase("packed with 7z, which is not read: unpack it first")),
    (b"\xd4\xc3\xb2\xa1", phrase("a capture of the network")),
    (b"\x0a\x0d\x0d\x0a", phrase("a capture of the network")),
)
"""How files of other kinds begin (file(1) tells the same)."""

_TEXT = bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100)) + b"\a\b\t\n\v\f\r\x1b\x1e"
"""Bytes that a text has, in whatever encoding."""

_MARKS = (b"\xff\xfe", b"\xfe\xff")


def what_else(first: bytes) -> str:
    """What a file that begins so is, in words, where it is no text and nothing that is unpacked here; empty for all else.

    A log that was being written when its machine lost power has NUL bytes, and a torn record now and then: neither tells.
    """
    kind = next((words for magic, words in _MAGIC if first.startswith(magic)), "")
    if kind or first.startswith(_MARKS):
        return kind
    archive = kind_of_archive(first)
    if archive == "gzip":
        head = b""
        try:
            for chunk in unpack([first]):
                head += chunk
                if len(head) >= LOOKED_AT:
                    break
        except NotWhole:
            if not head:
                return phrase("packed data (gzip) that is damaged")
        return "" if kind_of_archive(head) else what_else(head)
    if archive:
        return ""
    said = first[:LOOKED_AT].replace(b"\0", b"")
    odd = len(said.translate(None, _TEXT))
    return phrase("binary data") if odd * 20 > len(said) else ""
