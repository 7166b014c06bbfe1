"""Answers of AWS and of its tools as JSON, as lines: consoles of EC2, events of CloudWatch, outputs of commands, diagnoses."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import timezone
from typing import Any, Iterable, Iterator, Mapping, Optional

from ssm_bootstrap.catalog.logentries import HELD_IN
from ssm_bootstrap.collect.logs.entries import Head, head_of, loaded, named
from ssm_bootstrap.collect.logs.formats import EVENT_FIELD
from ssm_bootstrap.collect.logs.heads import NO_TIME, Heads
from ssm_bootstrap.collect.logs.moments import moment_of
from ssm_bootstrap.collect.logs.stream import Lines, NotWhole

MOST = 32 << 20
"""Bytes of a document that is read: it has to be held whole."""

_DEPTH = 12
"""How deep an entry may lie in a document."""

_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{16,}={0,2}\s*\Z")
_UNREACHABLE = re.compile(r"\A([\w.-]{1,255}) is not reachable: ")
_SILENT = re.compile(r"\Aconnection timed out for ([\w.-]{1,255})\Z")
"""How get-diagnostics tells that it could not connect (agent/cli/diagnostics/connectivity_check.go)."""

_FIELD = re.compile(rb'[#>\s]{0,40}"@?(\w{1,40})": ?(?:(\d{1,20})|"((?:[^"\\]|\\.)*)")?')
_BRACKETS = re.compile(rb"[#>\s]{0,40}[\[\]{},\s]{0,20}\Z")
_ERROR_LINE = b"----------ERROR-------"  # as the console of AWS puts between the two outputs of a command


def told_lines(heads: Heads, head: bytes, source: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a document, in the agent's shape; of what is none its own lines. Raises NotWhole for one that is too long."""
    data = bytearray(head)
    for chunk in source:
        data += chunk
        if len(data) > MOST:
            yield from heads.lines(_cut(bytes(data)))
            raise NotWhole(
                f"as JSON or base64 it is not read: it has more than {MOST >> 20} MB, of which the first were read as lines"
            )
    text = bytes(data)
    if EVENT_FIELD.search(text) and loaded(text) is None:
        yield from _cut_out(heads, text)
        return
    if not text.lstrip().startswith((b"{", b"[")):
        decoded = _decoded(text.decode("ascii", "replace"))
        yield from heads.lines(_cut(decoded.encode("utf-8", "replace") if decoded is not None else text))
        return
    document = loaded(text)
    if document is not None:
        told = list(_document(heads, document))
        yield from told if told else heads.lines(_cut(text))
        return
    for line in _cut(text):  # an event a line, as jq -c writes them
        entry = loaded(line) if line.startswith(b"{") else None
        yield from _document(heads, entry) if entry is not None else heads.lines([line])


def _cut_out(heads: Heads, text: bytes) -> Iterator[bytes]:
    """Events of CloudWatch in what was cut out of a document, or put behind the sign of a comment or a quotation."""
    at: object = None
    for line in _cut(text):
        found = _FIELD.match(line)
        if found is None:
            yield from () if _BRACKETS.match(line) else heads.lines([line])
        elif found[1] == b"timestamp":
            at = (found[2] or found[3] or b"").decode("ascii", "replace")
        elif found[1] == b"message" and found[3] is not None:
            message = loaded(b'"%s"' % found[3])
            text = (message if isinstance(message, str) else "").encode("utf-8", "replace")
            yield from heads.entry(Head(moment_of(at, timezone.utc), b"", None, text))


def _cut(data: bytes) -> Iterator[bytes]:
    lines = Lines()
    yield from lines.push(data)
    yield from lines.rest()


def _decoded(text: str) -> Optional[str]:
    """What base64 holds, where it holds text."""
    if not _BASE64.match(text):
        return None
    try:
        told = base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return None
    odd = sum(sign == "\ufffd" or (sign < " " and sign not in "\t\r\n\x1b") for sign in told)
    return told if odd * 20 <= len(told) else None


def _document(heads: Heads, document: Any, depth: int = 0) -> Iterator[bytes]:
    """What is known of a document; nothing of one that is of no known kind."""
    if depth > _DEPTH:
        return
    if isinstance(document, list):
        yield from _list(heads, document, depth)
    elif not isinstance(document, dict):
        return
    elif isinstance(document.get("Check"), str):
        yield from _check(heads, document)
    elif isinstance(document.get("Output"), str):
        yield from heads.lines(_text(_decoded(document["Output"]) or document["Output"]))
    elif "StandardOutputContent" in document or "StandardErrorContent" in document:
        said = [document.get(key) for key in ("StandardOutputContent", "StandardErrorContent")]
        for at, text in enumerate(said):
            if isinstance(text, str) and text:
                yield from heads.lines(([_ERROR_LINE] if at else []) + list(_text(text)))
    else:
        head = head_of(document, heads.zone)
        if head is not None:
            yield from heads.entry(head)
        for key in HELD_IN if head is None else ():
            yield from _document(heads, document.get(key), depth + 1)


def _list(heads: Heads, items: list[Any], depth: int) -> Iterator[bytes]:
    """Documents one after the other, a row of Logs Insights, or a line of Loki with its time."""
    row = named(items)
    if row is not None:
        yield from _document(heads, row, depth + 1)
    elif len(items) in (2, 3) and all(isinstance(item, str) for item in items[:2]):
        moment = moment_of(items[0], timezone.utc)
        if moment.at is not None:
            yield from heads.entry(Head(moment, b"", None, items[1].encode("utf-8", "replace")))
    else:
        for item in items:
            yield from _document(heads, item, depth + 1) if isinstance(item, (dict, list)) else ()


def _text(text: str) -> Iterator[bytes]:
    return _cut(text.encode("utf-8", "replace"))


def _check(heads: Heads, check: Mapping[str, Any]) -> Iterator[bytes]:
    """One check of ``ssm-cli get-diagnostics`` (agent/cli/diagnosticsutil): what failed is an error, all else is quiet."""
    heads.is_of_agent = True
    level = "ERROR" if check.get("Status") == "Failed" else "INFO"
    note = _SILENT.sub(r'Get "https://\1/": dial tcp \1:443: i/o timeout', str(check.get("Note", "")))
    note = _UNREACHABLE.sub(r'Get "https://\1/": ', note)
    said = f"{NO_TIME.decode()} {level} [get-diagnostics] [{check['Check']}] {note}"
    yield said.replace("\n", " ").encode("utf-8", "replace") + b"\n"
