"""How the agent writes its logs: file names, record heads, prefixes, and what of it is secret."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Iterator, Optional

from ssm_bootstrap.catalog.secretshapes import mask_shapes
from ssm_bootstrap.model.log import Level, LogRecord

LOG_DIRECTORY = "/var/log/amazon/ssm"  # source: amazon-ssm-agent 3.3.1142.0 agent/log/logger/defaultconfig.go:29-60

LOG_NAMES = ("errors.log", "amazon-ssm-agent.log", "hibernate.log")
"""The logs of the service. errors.log alone is not enough: hibernation and a silent ec2messages are not errors to the agent."""

PROMPT = b"[Yes/No]: "  # no newline follows it, so the next record is glued to it; source: core/agent_parser.go, measured

HEAD = re.compile(rb"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?) (TRACE|DEBUG|INFO|WARN|ERROR|CRITICAL)(?: |$)")
"""Time and level at the start of a record; fractions came with 3.3.808."""

JOURNAL = re.compile(rb"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S{1,255} [\w.@-]{1,64}\[\d{1,10}\]: ")
"""What ``journalctl`` and syslog put before each line."""

QUIET = frozenset((b"TRACE", b"DEBUG", b"INFO"))
"""Levels of records that matter only where a state signature is in them."""

OTHER_SHAPES = "(further shapes)"
"""The shape of the group that counts records whose own shape had no room."""

_SOURCE = re.compile(r"\[([^\]@\n]{1,200} @ [^\]\n]{1,200}\.\d+)\] ")
_CONTEXT = re.compile(r"\[([^\]\n]{0,200})\] ")
_MAX_CONTEXT = 12


def mask_secrets(text: str) -> str:
    """The text without keys, tokens, codes, passwords in URLs and presigned query strings."""
    return mask_shapes(text)[0]


def parse_time(text: str, zone: tzinfo) -> Optional[datetime]:
    """The time of a record's head in ``zone`` (the agent writes local time without one); None where it is no date.

    It bears the offset that the zone had at that moment: what lies between two of them is then right across a clock's change.
    """
    fraction = text[20:26]
    if not "1970" <= text[0:4] <= "9000":
        return None
    try:
        at = datetime(
            int(text[0:4]), int(text[5:7]), int(text[8:10]), int(text[11:13]), int(text[14:16]), int(text[17:19]),
            int(fraction.ljust(6, "0")) if fraction else 0, zone,
        )  # fmt: skip
    except ValueError:
        return None
    if isinstance(zone, timezone):
        return at
    return at.replace(tzinfo=timezone(zone.utcoffset(at) or timedelta()))


def split_prefixes(text: str) -> tuple[str, tuple[str, ...], str]:
    """Source (``func @ file.line``), context (the bracketed prefixes) and message of a record's body."""
    source = ""
    position = 0
    found = _SOURCE.match(text)
    if found:
        source, position = found[1], found.end()
    context: list[str] = []
    while len(context) < _MAX_CONTEXT:
        found = _CONTEXT.match(text, position)
        if not found:
            break
        context.append(found[1])
        position = found.end()
    return source, tuple(context), text[position:]


def find_head(line: bytes) -> Optional[re.Match[bytes]]:
    """The head of a record that starts on this line: at its start, or glued to the prompt of ``-register``."""
    found = HEAD.match(line)
    if found is None and PROMPT in line:
        found = HEAD.match(line, line.rindex(PROMPT) + len(PROMPT))
    return found


def clean_line(line: bytes) -> bytes:
    """A line without its carriage return, NUL bytes, and what the journal put before it."""
    if line.endswith(b"\r"):
        line = line[:-1]
    if b"\0" in line:
        line = line.replace(b"\0", b"")
    if line[:1].isupper():
        found = JOURNAL.match(line)
        if found:
            line = line[found.end() :]
    return line


def records_of(text: str, zone: tzinfo) -> Iterator[LogRecord]:
    """The records of a short text (the output of one command), in order; text without a head is a record with Level.NONE."""
    head: Optional[re.Match[bytes]] = None
    body: list[str] = []
    for raw in text.encode("utf-8", "replace").split(b"\n"):
        line = clean_line(raw)
        found = find_head(line)
        if found:
            if head:
                yield _record(head, body, zone)
            before = line[: found.start()].decode("utf-8", "replace").strip()
            if before:
                yield LogRecord(None, Level.NONE, mask_secrets(before))
            head, body = found, [line[found.end() :].decode("utf-8", "replace")]
        elif head:
            body.append(line.decode("utf-8", "replace"))
        elif line.strip():
            yield LogRecord(None, Level.NONE, mask_secrets(line.decode("utf-8", "replace")))
    if head:
        yield _record(head, body, zone)


def _record(head: re.Match[bytes], body: list[str], zone: tzinfo) -> LogRecord:
    source, context, message = split_prefixes("\n".join(body).rstrip())
    return LogRecord(parse_time(head[1].decode(), zone), Level(head[2].decode()), mask_secrets(message), source, context)
