"""Other writers' lines in the agent's own shape: the journal and nodeadm as JSON, the patch script, audit files."""

from __future__ import annotations

import re
from datetime import timezone, tzinfo
from typing import TYPE_CHECKING, Callable, Iterable, Iterator, Optional

from ssm_bootstrap.catalog.logformat import find_head
from ssm_bootstrap.collect.logs.stream import Lines, NotWhole

if TYPE_CHECKING:
    from ssm_bootstrap.collect.logs.heads import Heads

_HEAD = 1 << 14
"""Bytes by which it is told what a stream is: an entry of the journal has about 1 KiB."""

_PATCH = re.compile(rb"(\d\d)/(\d\d)/(\d{4}) (\d\d:\d\d:\d\d) (\S{1,64}) \[(DEBUG|INFO|WARNING|ERROR|CRITICAL)\]: ")
_PATCH_ENDS = tuple(b" [%s]: " % level for level in (b"DEBUG", b"INFO", b"WARNING", b"ERROR", b"CRITICAL"))
"""What such a line holds: found sooner than the whole of it."""

_GOING_ON = (b"Error code: ", b"Error message: ")
"""What zypper puts below a line that names a URL, at the beginning of the next (libzypp, media/MediaException.cc)."""

_PATCH_LEVELS = {b"WARNING": b"WARN", b"INFO": b"TEXT"}
_AUDIT = re.compile(rb"(agent_telemetry \S{1,64} \S{1,64}|agent_update_result \S[^\n]{0,200}?) (\d\d:\d\d:\d\d)\s*\Z")
_AUDIT_NAME = re.compile(r"amazon-ssm-agent-audit-(\d{4}-\d\d-\d\d)")

_TOLD_LINES = 20
"""Lines in which it is looked for an entry of such a logger: what a shell printed may come before it."""

_MAYBE_FOREIGN = re.compile(
    rb"\n(?!\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})? [A-Z]{4,8}\s)"
    rb"(?:\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?!(?:\.\d{1,9})? [A-Z]{4,8}\s)|[A-Z][a-z]{2} \d{4}-"
    rb"|\[ {0,6}\d{1,9}\.\d{6}[\] ]|\"?\d{9,19}[.\", \t]|\[?(?:[A-Z]{3,8}|[A-Z]?[a-z]{2,7})\]?[ :|-]{1,4}\[?\d{4}[-/]"
    rb"|(?:level|lvl|time|ts|t|timestamp)=|<\d{1,3}>|1 \d{4}-|\"?\d{1,2}/\d{1,2}/\d{4},? \d{1,2}:[^\n]{2,24}[AaPp]\.?[Mm]"
    rb"|[^\s,]{1,512}[\t ]\d{13}[\t ]|EVENTS\t|[\w.@-]{1,200} {1,60}\| |\[pod/|\[\d{1,9}\] \S{1,128}: \["
    rb"|(?:[\w./+~-]{1,255}[:-](?:\d{1,9}[:-])?|\d{1,9}[:-]|[> ]{1,16}|[*-] | {0,12}\d{1,7}[\t ]{1,4}|\t{1,4})"
    rb"\[?\d{4}[-/]\d\d[-/]"
    rb"|\[?[\w.-]{1,64}@[\w.-]{1,64}[ :]|(?:ba)?sh-\d|\$ |PS [A-Z]:"
    rb"|(?:\xe2\x97|\xc3\x97|\xe2\x86\xbb|[*x] [\w@.-]{1,128}\.service|(?:snap\.a|a)mazon-ssm-agent\.[\w.-]{0,40}service - ))"
)
"""How a line with one of the heads of others begins, and hardly one of the agent: the heads themselves take a while to load.

It begins with a letter of its own, so that the search skips from one line to the next.
"""

_DOCUMENT = re.compile(
    rb'"(?:Output|events|DiagnosticsOutput|Check|StandardOutputContent|StandardErrorContent|CommandInvocations|CommandPlugins'
    rb'|message|@message|field|line|log|values|hits)"\s{0,8}:'
)
_BASE64 = re.compile(rb"(?=\S*[A-Z])(?=\S*[a-z])(?=\S*\d)[A-Za-z0-9+/\r\n]{64}\Z")

_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")
"""Byte order marks, as Windows writes them: UTF-16, either way round, and UTF-8."""

EVENT_FIELD = re.compile(rb'^[#>\s]{0,40}"@?message": "', re.MULTILINE)
"""How a line begins that tells an event of CloudWatch, in a document or in what somebody cut out of one."""

_UPDATER = re.compile(rb"\nUpdating amazon-ssm-agent from \d")
"""How the output of an update begins, or goes on behind lines with a head."""

_CUT_OUT = re.compile(rb'[#>\s]{0,40}[\[\]{},"]')

_ENTRY = re.compile(
    rb"(?:\x1e?\{\s{1,16}|__)\"?(?:__CURSOR|_BOOT_ID|__REALTIME_TIMESTAMP|CURSOR=|REALTIME_TIMESTAMP=)"
    rb"|[A-Z][a-z]{2} \d{4}-\d\d-\d\d [^\[\n]{8,48} \[s=[0-9a-f]{1,40};"
)
"""How an entry of the journal begins with a field a line."""

_COLUMNS = re.compile(rb'(?:\xef\xbb\xbf)?"?@?_?[A-Za-z][\w @.-]{0,63}"?[,;\t]')
"""How a line begins that may name the columns of a table."""

_TEXT = re.compile(rb'"(?:@?message|msg|log|line|_raw|short_message|text|body|content)"\s{0,4}:', re.IGNORECASE)
"""What an entry has, if it is one."""

Translate = Callable[[bytes], bytes]


Form = Callable[["Heads", bytes, Iterator[bytes]], Iterator[bytes]]
"""Reads the first bytes and all that follow, in the agent's shape."""


class Recognised:
    """What a translator has seen; ``of_agent`` is None where the lines themselves tell whether they are the agent's."""

    def __init__(self) -> None:
        self.of_agent: Optional[bool] = None


def in_agents_shape(chunks: Iterable[bytes], path: str, zone: tzinfo, recognised: Optional[Recognised] = None) -> Iterator[bytes]:
    """The chunks, translated where the path or the first bytes tell that something other than the agent wrote them."""
    source = iter(chunks)
    head, problem = _begin(source)
    if head.startswith(_MARKS) and (head[0] == 0xEF or head.count(b"\0") * 4 > len(head)):
        source = _in_utf_8(head, source)
        head, torn = _begin(source)
        problem = problem or torn
    translate = None if is_journal(head) else _translation(path, head)
    form = None if translate is not None else _form_of(head)
    if is_journal(head):
        from ssm_bootstrap.collect.logs.journal import journal_lines  # most machines' logs are files

        yield from journal_lines(_lines(head, source), zone)
    elif form is not None:
        from ssm_bootstrap.collect.logs.heads import Heads  # the logs of most machines have no such heads

        heads = Heads(zone)
        try:
            yield from form(heads, head, source)
        finally:
            (recognised or Recognised()).of_agent = heads.is_of_agent
    elif translate is not None:
        for line in _lines(head, source):
            yield translate(line) + b"\n"
    else:
        if head:
            yield head
        yield from source
    if problem:
        raise problem


def _form_of(head: bytes) -> Optional[Form]:
    """How to read what others passed on; None for what the agent or a program wrote itself."""
    first = head.lstrip().split(b"\n", 1)[0]
    if _COLUMNS.match(first):
        from ssm_bootstrap.collect.logs.tables import is_table, told_rows  # few logs are tables

        if is_table(first):
            return lambda heads, head, source: told_rows(heads, _lines(head, source))
    if _are_entries(head):
        is_told = any(_is_told(line) for line in head.split(b"\n", _TOLD_LINES)[:_TOLD_LINES])
        return lambda heads, head, source: _entry_lines(heads, _lines(head, source), is_told)
    if _is_document(head):
        from ssm_bootstrap.collect.logs.documents import told_lines

        return told_lines
    return (lambda heads, head, source: heads.lines(_lines(head, source))) if _is_foreign(head) else None


def _are_entries(head: bytes) -> bool:
    """Whether one of the first lines is an entry of a log as JSON."""
    lines = [line for line in head.split(b"\n", _TOLD_LINES)[:_TOLD_LINES] if line.startswith(b'{"') and _TEXT.search(line)]
    if not lines:
        return False
    from ssm_bootstrap.collect.logs.entries import entry_on  # few logs are JSON

    return any(_is_told(line) or entry_on(line, timezone.utc) is not None for line in lines)


def _entry_lines(heads: Heads, lines: Iterable[bytes], is_told: bool) -> Iterator[bytes]:
    """Entries as JSON, one a line; those of the loggers of Go are taken for the agent's, as nodeadm's are about it."""
    heads.is_of_agent = is_told
    yield from heads.lines(lines)


def _begin(source: Iterator[bytes]) -> tuple[bytes, Optional[Exception]]:
    """The first bytes, and what stopped their reading: what came before it counts."""
    head = b""
    try:
        for chunk in source:
            head += chunk
            if len(head) >= _HEAD:
                break
    except (OSError, NotWhole) as error:
        return head, error
    return head, None


def _in_utf_8(head: bytes, source: Iterator[bytes]) -> Iterator[bytes]:
    """What begins with a byte order mark, without it."""
    import codecs  # what Windows wrote is rare here

    name = "utf-16" if head[0] >= 0xFE else "utf-8-sig"
    decoder = codecs.getincrementaldecoder(name)("replace")
    yield decoder.decode(head).encode("utf-8", "replace")
    for chunk in source:
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _is_foreign(head: bytes) -> bool:
    if b"\x1b" not in head and not _MAYBE_FOREIGN.search(b"\n" + head):
        return False
    from ssm_bootstrap.catalog.logheads import FOREIGN  # takes a while to load, and plain logs need none of it

    return any(not find_head(line) and (b"\x1b[" in line or FOREIGN.match(line)) for line in head.split(b"\n"))


def _is_document(head: bytes) -> bool:
    """Whether it may be an answer of AWS or a toolkit as JSON, or the console of EC2 in base64."""
    begin = head.lstrip()[:64]
    if _CUT_OUT.match(head) and EVENT_FIELD.search(head):
        return True
    return (begin[:1] in (b"{", b"[") and _DOCUMENT.search(head) is not None) or _BASE64.match(begin) is not None


def is_journal(head: bytes) -> bool:
    """Whether the first bytes are those of the journal with its fields: ``journalctl -o json``, ``export``, ``verbose``."""
    lines = head.lstrip().split(b"\n", 2)[:2]  # of a journal that was cut, as by tail -c, the first is only the end of one
    return any(_is_entry(line) for line in lines) or _ENTRY.match(head.lstrip()) is not None


def _is_entry(line: bytes) -> bool:
    line = line[1:] if line.startswith(b"\x1e") else line[len(b"data: ") :] if line.startswith(b"data: ") else line
    return line.startswith(b"{") and (b'"__CURSOR"' in line or b'"__REALTIME_TIMESTAMP"' in line or b'"MESSAGE"' in line)


def _translation(path: str, head: bytes) -> Optional[Translate]:
    day = _AUDIT_NAME.search(path)
    if day:
        return lambda line: _audit_line(line, day[1].encode())
    if "patch" in path.lower() or (any(level in head for level in _PATCH_ENDS) and _PATCH.search(head)):
        return _PatchScript()
    if _UPDATER.search(b"\n" + head):
        return _UpdaterOutput()
    return None


def _is_told(line: bytes) -> bool:
    return line.startswith(b"{") and b'"level"' in line and b'"msg"' in line


def _lines(head: bytes, source: Iterator[bytes]) -> Iterator[bytes]:
    lines = Lines()
    yield from lines.push(head)
    for chunk in source:
        yield from lines.push(chunk)
    yield from lines.rest()


class _PatchScript:
    """Lines of the patch script with the agent's head: its own (python's logging, month first), and what other programs print.

    Between two of the script's lines stands what apt, dnf, zypper and curl said, without any head: each such line is a record of
    its own, but one that is indented or that zypper begins as such, which goes on. The script tells failures at INFO too.
    """

    def __init__(self) -> None:
        self._stamp = b""

    def __call__(self, line: bytes) -> bytes:
        """One line."""
        found = _PATCH.match(line)
        if found is None:
            if not self._stamp or not line.strip() or line[:1].isspace() or line.startswith(_GOING_ON) or find_head(line):
                return line
            return b"%s TEXT %s" % (self._stamp, line)
        month, day, year, time, _, level = found.groups()
        self._stamp = b"%s-%s-%s %s" % (year, month, day, time)
        return b"%s %s %s" % (self._stamp, _PATCH_LEVELS.get(level, level), line[found.end() :])


class _UpdaterOutput:
    """What the updater of the agent tells, each line a record of its own: newer ones put a head before some of them alone."""

    def __init__(self) -> None:
        self._stamp = b""

    def __call__(self, line: bytes) -> bytes:
        """One line."""
        head = find_head(line)
        if head is not None:
            self._stamp = head[1]
        if head is not None or not self._stamp or not line.strip() or line[:1].isspace():
            return line
        return b"%s TEXT %s" % (self._stamp, line)


def _audit_line(line: bytes, day: bytes) -> bytes:
    """A line of an audit file, whose day stands in the file's name."""
    found = _AUDIT.match(line)
    return b"%s %s INFO [audit] %s" % (day, found[2], found[1]) if found else b""
