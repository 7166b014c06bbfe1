"""Files of reports: found below what a person named, and read in bounded memory, packed or not."""

from __future__ import annotations

import gzip
import os
import stat
import zlib
from typing import Any, BinaryIO, Iterator, NamedTuple, Optional, Sequence

from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import open_regular
from ssm_bootstrap.model.phrase import phrase

LINES, DOCUMENT, PARQUET, OTHER = "lines", "document", "parquet", "other"
OF_A_COMMAND = "stdout"
"""How Run Command and State Manager call what a step printed, in the bucket for their output (Systems Manager User Guide)."""

_KINDS = {".jsonl": LINES, ".ndjson": LINES, ".json": DOCUMENT, ".parquet": PARQUET}
_STEP = 1 << 20


class ReportFile(NamedTuple):
    """A file by its path: what it holds by its name, whether it is packed by gzip, its bytes, and what is wrong with it."""

    path: str
    kind: str
    packed: bool = False
    size: int = 0
    problem: str = ""


_MAGIC = b"\x1f\x8b"
_MARK = b"\xef\xbb\xbf"


class Torn(Exception):
    """A packed file that ends too early, or is not what its name says: ``words`` is a whole sentence.

    ``data`` is what could be unpacked, where all of the file was asked for.
    """

    def __init__(self, words: str, data: bytes = b"") -> None:
        super().__init__(words)
        self.words, self.data = words, data


def find_reports(paths: Sequence[str]) -> Iterator[ReportFile]:
    """The files at these paths and below those that are directories, in the order of their names; links to directories that
    are met on the way are not followed. What cannot be looked at is a file with a problem."""
    for path in paths:
        try:
            told = os.stat(path)
        except (OSError, ValueError) as error:
            yield ReportFile(path, OTHER, problem=words_of(error))
            continue
        if stat.S_ISDIR(told.st_mode):
            yield from _below(path)
        else:
            yield _file(path, told)


def _below(top: str) -> Iterator[ReportFile]:
    todo = [top]
    while todo:
        place = todo.pop()
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            yield ReportFile(place, OTHER, problem=words_of(error))
            continue
        deeper = []
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    deeper.append(entry.path)
                else:
                    yield _file(entry.path, entry.stat())
            except OSError as error:
                yield ReportFile(entry.path, OTHER, problem=words_of(error))
        todo += reversed(deeper)


def _file(path: str, told: os.stat_result) -> ReportFile:
    if not stat.S_ISREG(told.st_mode):
        return ReportFile(path, OTHER, problem="not a regular file")
    name = os.path.basename(path).lower()
    packed = name.endswith(".gz")
    kind = DOCUMENT if name == OF_A_COMMAND else _KINDS.get(os.path.splitext(name[:-3] if packed else name)[1], OTHER)
    return ReportFile(path, kind, packed, told.st_size)


def _opened(file: ReportFile) -> BinaryIO:
    stream = open_regular(file.path)
    if not file.packed:
        return stream
    head = stream.read(len(_MAGIC))
    if head not in (b"", _MAGIC):
        stream.close()
        raise Torn(phrase("not packed by gzip, though its name says so"))
    stream.seek(0)
    return gzip.GzipFile(fileobj=stream)  # type: ignore[return-value]


def _torn(error: Exception, data: bytes = b"") -> Torn:
    is_short = isinstance(error, EOFError)
    words = phrase("torn: the file ends too early") if is_short else phrase("torn: what is packed in it is damaged")
    return Torn(words, data)


class Tear(NamedTuple):
    """What is wrong with a packed file, in words, and whether that cut a line in two."""

    words: str
    is_in_a_line: bool


def tear_of(file: ReportFile) -> Optional[Tear]:
    """What is wrong with a packed file, down to its last byte; None where nothing is."""
    tail = b""
    try:
        with open_regular(file.path) as stream:
            for chunk in _unpacked(stream):
                tail = (tail + chunk)[-len(_MARK) :]
    except (EOFError, zlib.error) as error:
        return Tear(_torn(error).words, bool(tail) and not tail.rstrip(b" \r").endswith((b"\n", b"}")))
    except OSError as error:
        return Tear(words_of(error), False)
    return None


def _unpacked(stream: BinaryIO) -> Iterator[bytes]:
    """What is packed in a stream, member by member, each checked by its own sum and length; raises EOFError, zlib.error.

    Zeros may follow the last one (gzip(1): padding of tapes).
    """
    member: Any = None
    while data := stream.read(_STEP):
        while data:
            if member is None:
                data = data.lstrip(b"\0")
                if not data:
                    break
                member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            yield member.decompress(data, _STEP)
            data = member.unused_data if member.eof else member.unconsumed_tail
            member = None if member.eof else member
    while member is not None:
        rest = member.decompress(b"", _STEP)
        if not rest and not member.eof:
            raise EOFError
        yield rest
        member = None if member.eof else member


def has_mark(file: ReportFile) -> bool:
    """Whether a file begins with a byte order mark, as some editors and PowerShell write one before UTF-8."""
    try:
        with _opened(file) as stream:
            return stream.read(len(_MARK)) == _MARK
    except (Torn, OSError, EOFError, zlib.error):
        return False


def read_whole(file: ReportFile, most: int) -> Optional[bytes]:
    """All of a file; None where it is, or unpacks to, more than ``most`` bytes. Raises OSError, Torn."""
    data = bytearray()
    with _opened(file) as stream:
        try:
            while len(data) <= most:
                chunk = stream.read1(_STEP)  # type: ignore[attr-defined]
                if not chunk:
                    return bytes(data)
                data += chunk
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise _torn(error, bytes(data)) from None
    return None


def read_lines(file: ReportFile, most: int) -> Iterator[Optional[bytes]]:
    """The lines of a file without their ends; None for one of more than ``most`` bytes. Raises OSError, and Torn at the tear."""
    with _opened(file) as stream:
        held, is_long = b"", False
        while True:
            try:
                chunk = stream.read1(_STEP)  # type: ignore[attr-defined]
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise _torn(error) from None
            *whole, rest = (held + chunk).split(b"\n")
            for line in whole:
                yield None if is_long or len(line) > most else line
                is_long = False
            held = rest
            if len(held) > most:
                held, is_long = b"", True
            if not chunk:
                break
        if held or is_long:
            yield None if is_long else held


def write_lines(path: str, lines: Sequence[bytes]) -> None:
    """Write them to a new file of mode 0600; raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.writelines(line + b"\n" for line in lines)
