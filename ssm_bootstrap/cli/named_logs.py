"""The logs among the files and directories that were named: what is read of them, and what is left out and why."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from typing import Iterable, Iterator, NamedTuple, Sequence

from ssm_bootstrap.catalog.logformat import KINDS
from ssm_bootstrap.collect.logs.contents import what_else
from ssm_bootstrap.collect.logs.parts import SHARE, LogFiles
from ssm_bootstrap.collect.logs.sources import Source, others_below, sources_below
from ssm_bootstrap.collect.logs.stream import is_one_log, kind_of_archive
from ssm_bootstrap.host.files import NamedFiles
from ssm_bootstrap.host.walks import FoundFile, LogTree
from ssm_bootstrap.model.logs import LogFile
from ssm_bootstrap.model.phrase import phrase

PACKED = re.compile(r"\.(?:tar(?:\.(?:gz|xz|bz2))?|tgz|txz|zip)\Z")
"""How archives are named that are opened where a directory is given; those below it are not."""

MOST_OTHERS = 300
"""Files of a directory that are read though their names are none that the agent gives."""

MOST_BYTES = 256 << 20
"""Bytes of all of them together."""

_NO_LOG = re.compile(
    r"\.(?:py[co]?|sh|bash|ps1|rb|pl|js|go|c|h|so|a|o|rpm|deb|xml|html?|css|ya?ml|toml|conf|cfg|ini|env|service|pem|crt|key|md|rst)\Z"
)
"""What the names of programs, settings and papers end in."""

_MOST_NAMES = 8


class NamedLogs(NamedTuple):
    """The files to read, what is to be said of those that are not, the directories that could not be looked into and why,
    and whether one of the files may be packed."""

    sources: tuple[Source, ...]
    left_out: tuple[LogFile, ...]
    unlisted: tuple[tuple[str, str], ...]
    is_packed: bool


def named_logs(tree: LogTree, files: LogFiles, words: Sequence[str], kinds: Sequence[str]) -> NamedLogs:
    """What was named; of a directory every text, unless only some kinds are wanted, and of files all that may be a log."""
    sources: list[Source] = []
    left_out: list[LogFile] = []
    is_packed = False
    for word in words:
        path = os.path.abspath(word)
        if not os.path.isdir(path):
            first = _first(path, files)
            is_packed = is_packed or bool(kind_of_archive(first))
            kind = what_else(first)
            left_out += [LogFile(path, 0, 0, (phrase("it is {kind}", kind=kind),))] if kind else []
            sources += [] if kind else [Source("", path, 0.0)]
            continue
        known = sources_below(tree, path, kinds)
        is_packed = is_packed or any(may_be_packed(source.path, files) for source in known)
        sources += known
        sources += [Source("", file.path, file.written) for file in tree.find(path, lambda name: bool(PACKED.search(name)), 1)]
        if tuple(kinds) == KINDS:
            others = _Others(path, files)
            sources += others.taken(others_below(tree, path))
            is_packed = is_packed or others.is_packed
            remarks = (*others.remarks(), *_not_entered(tree))
            left_out += [LogFile(path, 0, 0, remarks)] if remarks else []
    is_packed = is_packed or any(PACKED.search(source.path) for source in sources)
    return NamedLogs(tuple(sources), tuple(left_out), tuple(tree.unlisted.items()), bool(is_packed))


def may_be_packed(path: str, files: LogFiles) -> bool:
    """Whether a regular file begins as packed data or an archive does; what cannot be opened does not."""
    return bool(kind_of_archive(_first(path, files)))


def _first(path: str, files: LogFiles) -> bytes:
    """The first bytes of a regular file; none of what is no such file or cannot be opened."""
    try:
        return next(files.read_chunks(path), b"") if stat.S_ISREG(os.stat(path).st_mode) else b""
    except OSError:
        return b""


class _Others:
    """The files of a directory whose names tell nothing: which are read, and the names of those that are not."""

    def __init__(self, directory: str, files: LogFiles) -> None:
        self._directory, self._files = directory, files
        self.is_packed = False
        self._by_name: list[str] = []
        self._no_text: list[str] = []
        self._archives: list[str] = []
        self._too_many: list[str] = []

    def taken(self, found: Iterable[FoundFile]) -> Iterator[Source]:
        """Those that are text, the newest first where there are too many."""
        count = size = 0
        for file in sorted(found, key=lambda file: -file.written):
            name = file.path[len(self._directory.rstrip("/")) + 1 :]
            if PACKED.search(name) and "/" not in name:
                continue
            if _NO_LOG.search(name):
                self._by_name.append(name)
            elif count >= MOST_OTHERS or size + file.size > MOST_BYTES:
                self._too_many.append(name)
            elif file.size:
                first = _first(file.path, self._files)
                if kind_of_archive(first) and not is_one_log(first):
                    self._archives.append(name)
                elif what_else(first) or not first.strip(b"\0"):
                    self._no_text.append(name)
                else:
                    count, size = count + 1, size + file.size
                    self.is_packed = self.is_packed or bool(kind_of_archive(first))
                    yield Source("", file.path, file.written)

    def remarks(self) -> Iterator[str]:
        """What was left out, by the reason."""
        if self._no_text:
            yield phrase("not read, as it is no text: {names}", names=_listed(self._no_text))
        if self._by_name:
            yield phrase(
                "not read, as the name is that of a program, of settings or of a paper: {names}", names=_listed(self._by_name)
            )
        if self._archives:
            yield phrase("not opened, as it is an archive further down: {names}", names=_listed(self._archives))
        if self._too_many:
            yield phrase("not read, as there are too many files, or too large ones: {names}", names=_listed(self._too_many))


def _not_entered(tree: LogTree) -> Iterator[str]:
    if tree.not_entered:
        yield phrase("not looked into, as it lies too deep or holds too much: {names}", names=_listed(list(tree.not_entered)))


def _listed(names: Sequence[str]) -> str:
    shown = ["".join(sign if sign.isprintable() else "?" for sign in name[:200]) for name in sorted(names)]
    more = len(shown) - _MOST_NAMES
    return ", ".join(shown[:_MOST_NAMES]) + (phrase(" and {count} more", count=more) if more > 0 else "")


class Piped(NamedFiles):
    """Files, and what came through a pipe under a name of its own, which can be read more than once."""

    def __init__(self, name: str, chunks: Sequence[bytes]) -> None:
        super().__init__()
        self._name, self._chunks = name, chunks

    def read_chunks(self, path: str, start: int = 0) -> Iterator[bytes]:
        """The bytes from ``start`` on; of what was piped from 0 alone."""
        return iter(self._chunks) if path == self._name else super().read_chunks(path, start)

    def size(self, path: str) -> int:
        """Bytes; of what was piped so few that it is read in one piece."""
        return 0 if path == self._name else super().size(path)


def sizes(found: Sequence[Source]) -> int:
    """Bytes of all the files, as far as they can be looked at."""
    total = 0
    for source in found:
        with contextlib.suppress(OSError):
            total += os.stat(source.path).st_size
    return total


def are_small(found: Sequence[Source]) -> bool:
    """Whether reading them takes no longer than loading what tells of them, so that both are worth doing at once."""
    try:
        stats = [os.stat(source.path) for source in found]
    except OSError:
        return False
    return bool(stats) and all(stat.S_ISREG(one.st_mode) for one in stats) and sum(one.st_size for one in stats) < SHARE
