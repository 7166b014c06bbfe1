"""How the agent writes its logs: files, heads, prefixes, and what of a message is only ids and times, or secret."""

from __future__ import annotations

import re
from datetime import datetime, timezone, tzinfo
from functools import lru_cache
from typing import Iterator, NamedTuple, Optional

from ssm_bootstrap.catalog.secrets import mask_shapes
from ssm_bootstrap.model.localtime import offset_at
from ssm_bootstrap.model.logs import Level, LogRecord

LOG_DIRECTORY = "/var/log/amazon/ssm"  # source: amazon-ssm-agent 3.3.1142.0 agent/log/logger/defaultconfig.go:29-60

LOG_NAMES = ("errors.log", "amazon-ssm-agent.log", "hibernate.log")
"""The logs of the service. errors.log alone is not enough: hibernation and a silent ec2messages are not errors to the agent."""

PROMPT = b"[Yes/No]: "  # no newline follows it, so the next record is glued to it; source: core/agent_parser.go, measured

HEAD = re.compile(rb"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?) (TRACE|DEBUG|INFO|WARN|ERROR|CRITICAL|TEXT)(?: |$)")
"""Time and level at the start of a record; fractions came with 3.3.808. TEXT is ours, for what programs print between records."""

JOURNAL = re.compile(
    rb"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d))"
    rb" \S{1,255} (?P<process>[\w.@-]{1,64})\[\d{1,10}\]: "
)
"""What ``journalctl`` and syslog put before each line: the old form, and RFC 3339 (Ubuntu 24.04's syslog, ``-o short-iso``)."""

_SYSLOG_TAB = b"#011"
"""A tab, as rsyslog writes it."""

QUIET = frozenset((b"TRACE", b"DEBUG", b"INFO"))
"""Levels of records that matter only where a state signature is in them."""

OTHER_SHAPES = "(further shapes)"
"""The shape of the group that counts records whose own shape had no room."""

_SOURCE = re.compile(r"\[([^\]@\n]{1,200} @ [^\]\n]{1,200}\.\d+)\] ")
_CONTEXT = re.compile(r"\[((?!Errno |MIRROR\])[^\]|\n]{0,200})\] ")
_WORD = re.compile(r"\[(?!agentconsole\])[a-z]{1,40}\] ")
"""No prefix of the agent's is the first and a small word, but for agentconsole's: a message begins with it."""

_MAX_CONTEXT = 12


def mask_secrets(text: str) -> str:
    """The text without keys, tokens, codes, passwords in URLs and presigned query strings."""
    return mask_shapes(text)[0]


def parse_time(text: str, zone: tzinfo) -> Optional[datetime]:
    """The time of a record's head in ``zone`` (the agent writes local time without one); None where it is no date.

    It bears the offset and the name that the zone had at that moment: what lies between two of them is then right across a
    clock's change.
    """
    fraction = text[20:26]
    try:
        hour, offset = _hour(text[:13], zone)
        at = hour.replace(
            minute=int(text[14:16]), second=int(text[17:19]), microsecond=int(fraction.ljust(6, "0")) if fraction else 0
        )
    except ValueError:
        return None
    return at.replace(tzinfo=offset_at(at, zone)) if offset is None else at


@lru_cache(4096)
def _hour(text: str, zone: tzinfo) -> tuple[datetime, Optional[timezone]]:
    """The begin of an hour, in the offset that its zone has all through it; in the zone and None where it has several."""
    if not "1970" <= text[0:4] <= "9000":
        raise ValueError(text)
    at = datetime(int(text[0:4]), int(text[5:7]), int(text[8:10]), int(text[11:13]), tzinfo=zone)
    first, last = (offset_at(moment, zone) for moment in (at, at.replace(minute=59, second=59, microsecond=999999)))
    return (at.replace(tzinfo=first), first) if first == last else (at, None)


def split_prefixes(text: str) -> tuple[str, tuple[str, ...], str]:
    """Source (``func @ file.line``), context (the bracketed prefixes) and message of a record's body."""
    source = ""
    position = 0
    found = _SOURCE.match(text)
    if found:
        source, position = found[1], found.end()
    context: list[str] = []
    while len(context) < _MAX_CONTEXT and (context or not _WORD.match(text, position)):
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
    if line[:1].isupper() or line[10:11] == b"T":
        found = JOURNAL.match(line)
        if found:
            line = line[found.end() :]
            if line.startswith(_SYSLOG_TAB):
                line = b"\t" + line[len(_SYSLOG_TAB) :]
    return line


_SENDER_END = ":"
"""What the prefix of a line of another sender of the journal ends with; none of the agent's own does."""


def with_sender(process: bytes, line: bytes) -> bytes:
    """A line that another process than the agent's sent to the journal, with its name as a prefix."""
    name = process.rpartition(b"/")[2].partition(b"[")[0]
    return line if not name or b"ssm" in name else b"[%s%s] %s" % (name, _SENDER_END.encode(), line)


def is_of_another_sender(record: LogRecord) -> bool:
    """Whether another process sent a record to the journal: it has its own affairs there."""
    return bool(record.context) and record.context[0].endswith(_SENDER_END)


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


KINDS = ("errors", "agent", "hibernate", "update", "setup-cli", "audit", "command", "patch", "cloud-init", "journal")
"""What ``--source`` takes."""

LOGS = dict(zip(("errors", "agent", "hibernate"), LOG_NAMES))
_ARCHIVED = r"(?:\.\d{1,9})?(?:\.gz)?"
_SHAPES = tuple(
    (kind, re.compile(pattern + r"\Z"))
    for kind, pattern in (
        *((kind, rf"(?:.*/)?{re.escape(name)}{_ARCHIVED}") for kind, name in LOGS.items()),
        ("update", rf"(?:.*/)?AmazonSSMAgent-update\.txt{_ARCHIVED}"),
        ("setup-cli", rf"(?:.*/)?ssm-setup-cli\.log{_ARCHIVED}"),
        ("audit", r"(?:.*/)?amazon-ssm-agent-audit-\d{4}-\d\d-\d\d"),
        ("command", r"(?:.*/)?orchestration/.*/(?:stdout|stderr)(?:Console)?"),
        ("patch", rf"(?:.*/)?patch-baseline-operations[^/]*/.*\.log{_ARCHIVED}"),
        ("cloud-init", rf"(?:.*/)?cloud-init-output\.log{_ARCHIVED}"),
    )
)
"""Names by kind (agent 3.3.1142.0: agent/log/logger/defaultconfig.go, update/updater/updater.go:42, setupcli.go:814,
session/telemetry/eventlog.go, fileutil/artifact; the last: cloud-init's default output)."""


OF_THE_AGENT = frozenset(("errors", "agent", "hibernate", "journal"))
"""Kinds in which the running agent tells of itself; the others tell how one command, patch run or installation went."""


def kind_of(path: str) -> Optional[str]:
    """What a file is by its path, or None."""
    return next((kind for kind, shape in _SHAPES if shape.match(path)), None)


def is_of_the_agent(path: str) -> bool:
    """Whether the running agent writes there; text from nowhere in particular is taken for the agent's."""
    return (kind_of(path) or "agent") in OF_THE_AGENT
