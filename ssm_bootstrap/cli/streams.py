"""The standard streams: always there, and never what decides.

A reader that has gone, a disk that is full or a stream that was closed loses what was to be printed, and nothing else:
no writing to standard output or error raises, so that the work is finished and its status kept.
"""

from __future__ import annotations

import errno
import io
import os
import sys

TYPE_CHECKING = False  # typing itself takes longer to load than all of --version
if TYPE_CHECKING:
    from typing import Any, Optional


class Output(io.RawIOBase):
    """A descriptor that takes whatever is written; after the first failure it drops the rest, and ``problem`` says why."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self.problem: Optional[OSError] = None

    def writable(self) -> bool:
        """True: it is for writing."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return os.isatty(self._descriptor)

    def write(self, data: Any) -> int:
        """How much was taken: all of it where there is nobody to take it; a reader that is only slow is waited for."""
        while self.problem is None:
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:
                self._wait()
            except OSError as error:
                self.problem = error
        return len(data)

    def _wait(self) -> None:
        import select

        door = select.poll()
        door.register(self._descriptor, select.POLLOUT)
        door.poll()


def secure() -> None:
    """Open on /dev/null what the caller has closed of 0 to 2, and have nothing raise that is written to 1 and 2.

    It comes before any other descriptor is opened: a file that got the number of a closed stream would be written over by
    what is printed, and a lock that got it would be lost in the child whose stream takes its place.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            _open_nothing(number)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), "utf-8", "replace")
    sys.stdout = _unfailing(1, sys.stdout)
    sys.stderr = _unfailing(2, sys.stderr)


def _open_nothing(number: int) -> None:
    """Give a number to something that takes and gives nothing; without a /dev to a directory, which only errors."""
    try:
        found = os.open(os.devnull, os.O_RDWR)
    except OSError:
        found = os.open("/", os.O_RDONLY)
    if found != number:
        os.dup2(found, number)
        os.close(found)
    os.set_inheritable(number, True)


def _unfailing(number: int, old: Any) -> io.TextIOWrapper:
    encoding = getattr(old, "encoding", None) or "utf-8"
    errors = getattr(old, "errors", None) or "backslashreplace"
    line, through = bool(getattr(old, "line_buffering", number == 2)), bool(getattr(old, "write_through", False))
    return io.TextIOWrapper(io.BufferedWriter(Output(number)), encoding, errors, None, line, through)


def problem() -> Optional[OSError]:
    """Why what was printed on standard output so far is not whole; None where it is, or the reader went away by choice."""
    try:
        sys.stdout.flush()
        found: Any = sys.stdout.buffer
        found = found.raw.problem
    except (AttributeError, ValueError):
        return None
    return None if found is None or found.errno == errno.EPIPE else found


def has_reader() -> bool:
    """Whether anybody still takes what is printed on standard output, as far as the last writing told."""
    try:
        found: Any = sys.stdout.buffer
        return found.raw.problem is None
    except AttributeError:
        return True


def terminal_width(otherwise: int) -> int:
    """Columns of COLUMNS, or of the terminal, as shutil.get_terminal_size tells them: shutil loads every compressor."""
    told = os.environ.get("COLUMNS", "")
    if told.isdigit() and int(told):
        return int(told)
    try:
        return (os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ is not None else 0) or otherwise
    except (ValueError, OSError):
        return otherwise
