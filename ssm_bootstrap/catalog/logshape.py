"""Which parts of a message are only ids, times and counts, so that records that differ in nothing else are told as one."""

from __future__ import annotations

import re
from typing import NamedTuple

_VARYING = re.compile(
    rb"(?P<uuid>\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b)"
    rb"|(?P<label>\b(?:[Rr]equest ?[Ii][Dd]|host id)[:=] ?)[^\s,;)]+"
    rb"|(?P<stamp>\b\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)"
    rb"|(?P<pid>\bpid:? ?)\d+"
    rb"|(?P<local>\b(?:read|write) (?:tcp|udp)[46]? (?:\[[^\]\s]{1,64}\]|[\d.]{7,15}):)\d+(?=->)"
    rb"|(?P<query>\?)[^\s\"'<>?]*(?:X-Amz-|Signature=|AWSAccessKeyId=)[^\s\"'<>]*"
    rb"|(?P<hex>\b0x)[0-9a-f]+\b"
    rb"|(?P<long>\b(?:\d+h)?(?:\d+m)?)\d+(?:\.\d+)?(?P<unit>ms|\xc2\xb5s|ns|s)\b"
    rb"|(?P<whole>\b\d+)\.\d+(?= (?:seconds|minutes|milliseconds)\b)"
    rb"|\b\d+(?= milliseconds\b| ms\b)"
)

_SIGNS = {"label": b"<id>", "pid": b"<n>", "local": b"<port>", "query": b"<query>", "hex": b"<hex>", "whole": b""}
_FREE = frozenset(("uuid", "label", "query", "hex"))


class Varying(NamedTuple):
    """One part of a message that is only an id or a time: where it stands, and whether it is a number."""

    start: int
    end: int
    is_number: bool
    sign: bytes


def varying_parts(text: bytes) -> tuple[Varying, ...]:
    """The parts of a text that differ from record to record; hosts, remote addresses, whole minutes and seconds stay."""
    parts = []
    for found in _VARYING.finditer(text):
        kind = found.lastgroup
        start, end = found.span()
        if kind == "uuid":
            sign = b"<uuid>"
        elif kind == "stamp":
            sign = b"<time>"
        elif kind == "unit":
            start, end, sign = found.end("long"), found.start("unit"), b"<n>"
        elif kind is None:
            sign = b"<n>"
        else:
            start, sign = found.end(kind), _SIGNS[kind]
        parts.append(Varying(start, end, kind not in _FREE, sign))
    return tuple(parts)


def blank(text: bytes, parts: tuple[Varying, ...]) -> str:
    """The text with its varying parts replaced by signs; bytes that are no UTF-8 become U+FFFD."""
    pieces: list[bytes] = []
    at = 0
    for part in parts:
        pieces += text[at : part.start], part.sign
        at = part.end
    pieces.append(text[at:])
    return b"".join(pieces).decode("utf-8", "replace")


def shape_of(message: str) -> str:
    """The message with its varying parts blanked."""
    text = message.encode("utf-8", "surrogatepass")
    return blank(text, varying_parts(text))
