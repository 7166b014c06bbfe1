"""Logs in archives that others packed: support bundles, sosreport, EC2Rescue, plain tar and zip.

An archive is hostile. Entries and unfolded bytes are bounded, nothing of it is written to disk, links and devices in it are not
followed, and an archive within it is not opened. What was left out is told as remarks on the archive.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from typing import Callable, Iterator, Optional, Sequence

from ssm_bootstrap.catalog.logformat import kind_of
from ssm_bootstrap.collect.logs.parts import LogFiles
from ssm_bootstrap.collect.logs.stream import FIRST, STEP, NotWhole, kind_of_archive, unpack
from ssm_bootstrap.model.logs import LogFile

MOST_ENTRIES = 100_000
MOST_UNFOLDED = 1 << 30
"""Bytes that are unfolded of one archive, wanted or not."""

MOST_KEPT = 256 << 20
"""Bytes of logs that are taken out of one archive."""

_MOST_READ = 1 << 20  # of what describes one entry: its names and attributes
_MOST_DIRECTORY = 32 << 20
_MEMORY = 128 << 20  # that xz may take to unfold
_JOURNAL = re.compile(r"(?:.*/)?(?:journalctl[^/]*|syslog(?:\.\d+)?|messages(?:-\d+)?)\Z")
_DIAGNOSIS = re.compile(r"(?:.*/)?[^/]*(?:ssm-cli|diagnostics)[^/]*\.(?:json|txt|log)\Z")
_NESTED = re.compile(r".*\.(?:tar|tgz|zip|tar\.\w{2,4})\Z")
_WORDS = (b"amazon-ssm", b"ssm-agent", b"ssm-setup-cli", b"nodeadm")
"""What a line of a log of the whole machine has, if the agent wrote it."""


class _TooMuch(ValueError):
    """A bound was reached, in words."""


@dataclass
class Archive:
    """What was taken out of one archive: packed logs by path, when each was last written, and what was left out."""

    path: str
    logs: dict[str, list[bytes]] = field(default_factory=dict)
    written: dict[str, float] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    entries: int = 0
    kept: int = 0

    def log_file(self) -> LogFile:
        """The archive itself, among what was read."""
        return LogFile(self.path, 0, 0, tuple(self.remarks))


class _Forward:
    """An unfolded stream that is only read on: what tarfile asks of it; raises _TooMuch past a bound."""

    def __init__(self, chunks: Iterator[bytes], most: int) -> None:
        self._chunks, self._most = chunks, most
        self._held, self._at = b"", 0
        self._in_a_row = 0

    def tell(self) -> int:
        """Bytes read or passed over."""
        return self._at

    def begin_entry(self) -> None:
        """What is read from here on, until something is passed over, describes one entry."""
        self._in_a_row = 0

    def read(self, size: int = -1) -> bytes:
        """That many bytes, less at the end."""
        # A header may lead to another, and newer tarfiles read a long one in pieces and keep them all (gh-151497).
        self._in_a_row += size
        if size < 0 or self._in_a_row > _MOST_READ:
            raise _TooMuch("an entry's name or attributes are too long")
        return b"".join(self.pieces(size))

    def seek(self, to: int, whence: int = 0) -> int:
        """Go on to a byte; never back."""
        if whence or to < self._at:
            raise _TooMuch("an entry lies before the one that it follows")
        self._in_a_row = 0
        for _ in self.pieces(to - self._at):
            pass
        return self._at

    def pieces(self, size: int) -> Iterator[bytes]:
        """That many bytes as they come, less at the end."""
        while size > 0:
            if not self._held:
                self._held = next(self._chunks, b"")
                if not self._held:
                    return
            part, self._held = self._held[:size], self._held[size:]
            size -= len(part)
            self._at += len(part)
            if self._at > self._most:
                raise _TooMuch(f"it unfolds to more than {self._most >> 20} MB")
            yield part


def open_archive(
    path: str, files: LogFiles, wanted: Sequence[str], *, most_unfolded: int = MOST_UNFOLDED, most_entries: int = MOST_ENTRIES
) -> Optional[Archive]:
    """The logs of the kinds ``wanted`` in a file, or None where it is no archive; raises OSError."""
    first = b""
    for chunk in files.read_chunks(path):
        first += chunk
        if len(first) >= FIRST:
            break
    kind = kind_of_archive(first)
    if not kind:
        return None
    archive = Archive(path)
    if kind == "zip":
        _from_zip(archive, files, wanted, most_unfolded, most_entries)
        return archive
    try:
        unfolded = _unfolded(kind, files.read_chunks(path))
        head = b""
        for chunk in unfolded:
            head += chunk
            if len(head) >= FIRST:
                break
    except NotWhole:
        return None if kind == "gzip" else archive
    stream = _Forward(_behind(head, unfolded), most_unfolded)
    if kind_of_archive(head) == "tar":
        _from_tar(archive, stream, wanted, most_entries)
    elif kind in ("gzip", "tar"):
        return None  # one log, packed
    else:
        archive.entries = 1
        _alone(archive, stream)
    return archive


def _behind(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _unfolded(kind: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes, unpacked in steps of bounded size; raises NotWhole at the end of what is damaged."""
    if kind in ("gzip", "tar"):
        yield from unpack(chunks)
        return
    import bz2
    import lzma

    unpacker = lzma.LZMADecompressor(memlimit=_MEMORY) if kind == "xz" else bz2.BZ2Decompressor()
    for chunk in chunks:
        try:
            out = unpacker.decompress(chunk, STEP)
            while out:
                yield out
                out = b"" if unpacker.eof or unpacker.needs_input else unpacker.decompress(b"", STEP)
        except (lzma.LZMAError, OSError, ValueError) as error:
            raise NotWhole(f"its packed data is damaged ({error})") from error
        if unpacker.eof:
            return
    raise NotWhole("its packed data ends early")


def _alone(archive: Archive, stream: _Forward) -> None:
    name = archive.path.rpartition(".")[0] or archive.path
    try:
        _keep(archive, name, lambda: next(stream.pieces(STEP), b""), 0.0)
    except (_TooMuch, NotWhole) as error:
        archive.remarks.append(str(error))


def _from_tar(archive: Archive, stream: _Forward, wanted: Sequence[str], most_entries: int) -> None:
    import tarfile  # most of what is explained is no archive

    links = 0
    try:
        with tarfile.open(fileobj=stream, mode="r:") as tar:  # type: ignore[call-overload]
            while True:
                stream.begin_entry()
                member = tar.next()
                if member is None:
                    break
                tar.members.clear()  # it would keep them all
                archive.entries += 1
                if archive.entries > most_entries:
                    raise _TooMuch(f"it has more than {most_entries} entries; the others were left out")
                name = _checked(archive, member.name, wanted)
                if not name:
                    continue
                if not member.isreg() or member.issparse():
                    links += 0 if member.isdir() else 1
                    continue
                content = tar.extractfile(member)
                if content is not None:
                    _keep(archive, f"{archive.path}/{name}", lambda: content.read(STEP), float(member.mtime))  # noqa: B023
    except (_TooMuch, NotWhole) as error:
        archive.remarks.append(f"reading it stopped: {error}")
    except (tarfile.TarError, OSError, EOFError, ValueError, OverflowError, RecursionError, zlib.error) as error:
        archive.remarks.append(f"reading it stopped: it is torn or damaged ({type(error).__name__})")
    if links:
        archive.remarks.append(f"{links} links or devices in it were not followed")


def _from_zip(archive: Archive, files: LogFiles, wanted: Sequence[str], most: int, most_entries: int) -> None:
    import io
    import stat
    import struct
    import zipfile

    data = bytearray()
    for chunk in files.read_chunks(archive.path):
        data += chunk
        if len(data) > MOST_KEPT:
            archive.remarks.append(f"it has more than {MOST_KEPT >> 20} MB and was not opened")
            return
    with io.BytesIO(data) as stream:
        size = len(data)
        stream.seek(max(0, size - (1 << 16) - 22))
        tail = stream.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < 22:
            archive.remarks.append("it has no directory: it is torn or damaged")
            return
        count, length = struct.unpack("<HL", tail[at + 10 : at + 16])
        if count > most_entries or length > _MOST_DIRECTORY or count == 0xFFFF:
            archive.remarks.append("it has too many entries and was not opened")
            return
        links, left = 0, most
        try:
            with zipfile.ZipFile(stream) as packed:
                for info in packed.infolist():
                    archive.entries += 1
                    name = _checked(archive, info.filename, wanted)
                    if not name or info.is_dir():
                        continue
                    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
                        links += 1
                    elif info.flag_bits & 1:
                        archive.remarks.append(f"{name} is encrypted and was left out")
                    else:
                        before = archive.kept
                        with packed.open(info) as content:
                            _keep(archive, f"{archive.path}/{name}", lambda: content.read(STEP), 0.0, left)
                        left -= archive.kept - before
        except (
            _TooMuch,
            zipfile.BadZipFile,
            OSError,
            EOFError,
            ValueError,
            NotImplementedError,
            RuntimeError,
            zlib.error,
        ) as error:
            words = str(error) if isinstance(error, _TooMuch) else f"it is torn or damaged ({type(error).__name__})"
            archive.remarks.append(f"reading it stopped: {words}")
        if links:
            archive.remarks.append(f"{links} links or devices in it were not followed")


def _checked(archive: Archive, told: str, wanted: Sequence[str]) -> str:
    """The name of an entry that is wanted, fit to be shown; empty for any other."""
    name = "".join(sign if sign.isprintable() else "?" for sign in told[:400]).lstrip("./") if ".." not in told.split("/") else ""
    kind = kind_of(told) or ("journal" if _JOURNAL.match(told) else "agent" if _DIAGNOSIS.match(told) else "")
    if not kind and _NESTED.match(told) and len(archive.remarks) < 20:
        archive.remarks.append(f"{name or 'an archive'} in it is an archive of its own and was not opened")
    if kind not in wanted:
        return ""
    if not name or f"{archive.path}/{name}" in archive.logs:
        if len(archive.remarks) < 20:
            archive.remarks.append("a log in it has a name that is no good, or one that was there before, and was left out")
        return ""
    return name


def _keep(archive: Archive, path: str, read: Callable[[], bytes], written: float, most: int = MOST_KEPT) -> None:
    """Take a log out, packed anew: logs unfold to ten times what they need."""
    packer = zlib.compressobj(1, wbits=31)
    kept: list[bytes] = []
    archive.logs[path], archive.written[path] = kept, max(0.0, written)
    try:
        while True:
            data = read()
            if not data:
                return
            archive.kept += len(data)
            if archive.kept > min(MOST_KEPT, most):
                raise _TooMuch(f"its logs unfold to more than {min(MOST_KEPT, most) >> 20} MB")
            kept.append(packer.compress(data))
    finally:
        kept.append(packer.flush())


class ArchiveFiles:
    """Files, and the logs that were taken out of archives beside them."""

    def __init__(self, files: LogFiles, archives: Sequence[Archive]) -> None:
        self._files = files
        self._logs = {path: data for archive in archives for path, data in archive.logs.items()}

    def read_chunks(self, path: str, start: int = 0) -> Iterator[bytes]:
        """The bytes of a log, unfolded; of one of the whole machine the lines of the agent alone."""
        data = self._logs.get(path)
        if data is None:
            yield from self._files.read_chunks(path, start)
            return
        yield from _agents_lines(unpack(iter(data))) if _JOURNAL.match(path) else unpack(iter(data))

    def list(self, path: str) -> Sequence[str]:
        """The names in a directory."""
        return self._files.list(path)

    def size(self, path: str) -> int:
        """Bytes; of what is in an archive so few that it is read in one piece."""
        return 0 if path in self._logs else self._files.size(path)


def _agents_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    from ssm_bootstrap.collect.logs.stream import Lines

    lines = Lines()
    for chunk in chunks:
        yield b"".join(line + b"\n" for line in lines.push(chunk) if any(word in line for word in _WORDS))
    yield b"".join(line + b"\n" for line in lines.rest() if any(word in line for word in _WORDS))
