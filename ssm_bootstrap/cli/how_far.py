"""How far a log is read, shown while it is."""

from __future__ import annotations

from typing import Iterator, Sequence

from ssm_bootstrap.collect.logs.parts import LogFiles
from ssm_bootstrap.host.steps import StepUnderWay
from ssm_bootstrap.model.phrase import phrase

BAR = 20
"""Columns of the bar."""


class Counted:
    """Counts the bytes that are read, and shows them: as a bar where ``whole`` says how many there are, else in megabytes."""

    def __init__(self, step: StepUnderWay, whole: int = 0) -> None:
        self._step, self._whole = step, whole
        self._read = 0

    def passing(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The same chunks, counted."""
        for chunk in chunks:
            self._read += len(chunk)
            self._step.note(self._bar() if self._whole else phrase("{read} MB", read=self._read >> 20))
            yield chunk

    def _bar(self) -> str:
        percent = min(99, 100 * self._read // self._whole)
        full = percent * BAR // 100
        return f"[{'#' * full}{'.' * (BAR - full)}] {percent} %"


class Watched:
    """Log files of which is shown how far they are read; of ``whole`` bytes, which this process reads."""

    def __init__(self, files: LogFiles, step: StepUnderWay, whole: int) -> None:
        self._files, self._counted = files, Counted(step, max(1, whole))

    def read_chunks(self, path: str, start: int = 0) -> Iterator[bytes]:
        """The bytes of a file, counted."""
        return self._counted.passing(self._files.read_chunks(path, start))

    def list(self, path: str) -> Sequence[str]:
        """The names in a directory."""
        return self._files.list(path)

    def size(self, path: str) -> int:
        """The length of a file in bytes."""
        return self._files.size(path)
