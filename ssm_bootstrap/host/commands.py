"""The one door through which commands run: a time-out, no standard input, bounds, secrets masked in all that comes back."""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from typing import Iterator, Mapping, Optional, Sequence

from ssm_bootstrap.host.signals import INTERRUPTS

MASK = "********"
OUTPUT_LIMIT = 1 << 20
"""Bytes of an output that are kept: its end, where a command says how it went."""

_PIECE = 1 << 16


@dataclass(frozen=True)
class Completed:
    """What a command left: ``returncode`` is minus the signal's number where one ended it."""

    returncode: int
    output: str  # standard output and, where asked for together, standard error
    errors: str
    seconds: float
    timed_out: bool = False
    left_out: int = 0  # bytes of the output's beginning that were not kept

    @property
    def is_whole(self) -> bool:
        """Whether all that it said is there: what is read as a whole, such as rules, is nothing without its beginning."""
        return not self.timed_out and not self.left_out


class CannotRun(Exception):
    """The command did not start; the text says why and names the program alone, never its arguments.

    ``errno`` is the system's number of the error.
    """

    def __init__(self, program: str, error: OSError) -> None:
        super().__init__(f"{program}: {error.strerror}")
        self.errno = error.errno


def mask(text: str, secrets: Sequence[str]) -> str:
    """The text with every secret replaced."""
    for secret in sorted((secret for secret in secrets if secret), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


class _Kept:
    """The newest whole lines of a stream, in at most ``most`` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pieces: deque[bytearray] = deque()
        self._size = 0
        self.left_out = 0

    def add(self, piece: bytes) -> None:
        """Take what comes next, and drop what there is no room for any more."""
        if self._pieces and len(self._pieces[-1]) + len(piece) <= _PIECE:
            self._pieces[-1] += piece  # by the byte, as some write, each would cost forty
        else:
            self._pieces.append(bytearray(piece))
        self._size += len(piece)
        while self._size - len(self._pieces[0]) >= self._most:
            dropped = len(self._pieces.popleft())
            self._size -= dropped
            self.left_out += dropped

    def data(self, secrets: Sequence[str]) -> bytes:
        """What is kept, from the beginning of a line on.

        A line that has no room by itself keeps its end, less the end of a secret that it may begin with.
        """
        found = b"".join(self._pieces)
        begun = max(0, len(found) - self._most)
        if self.left_out or begun:
            if begun == 0 or found[begun - 1 : begun] != b"\n":
                end = found.find(b"\n", begun)
                begun = end + 1 if end >= 0 else begun + _rest_of_secret(found[begun:], secrets)
            self.left_out += min(begun, len(found))
        return found[begun:]


def _rest_of_secret(data: bytes, secrets: Sequence[str]) -> int:
    """How many bytes at the beginning are the end of a secret whose beginning is gone."""
    ends = [secret.encode()[-size:] for secret in secrets for size in range(1, len(secret.encode()))]
    return max((len(end) for end in ends if data.startswith(end)), default=0)


class Commands:
    """Runs programs; ``environment`` is what every child gets."""

    def __init__(self, environment: Optional[Mapping[str, str]] = None) -> None:
        self._environment = dict(environment or {})
        self._children: set[subprocess.Popen[bytes]] = set()
        self._is_over = False

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        secrets: Sequence[str] = (),
        environment: Optional[Mapping[str, str]] = None,
        together: bool = False,
        keep_open: Sequence[int] = (),
        most: int = OUTPUT_LIMIT,
    ) -> Completed:
        """Run ``argv`` to its end or for ``timeout`` seconds, then end its whole process group; raises CannotRun.

        ``environment`` is added to the door's own. ``together`` joins standard error into ``output`` in the order written.
        ``keep_open`` are descriptors that the child inherits. Of each stream the newest whole lines are kept, ``most`` bytes of
        them: what it says beyond that costs no memory.
        """
        started = time.monotonic()
        output, errors = _Kept(most), _Kept(most)
        timed_out = False
        child: Optional[subprocess.Popen[bytes]] = None
        try:
            # A signal between the start of the child and the moment we know it would leave it behind.
            with INTERRUPTS.held():
                try:
                    child = subprocess.Popen(
                        list(argv),
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT if together else subprocess.PIPE,
                        env={**self._environment, **(environment or {})},
                        start_new_session=True,
                        # With a group Python forks: a child of vfork drops its handlers before it leaves the terminal's group,
                        # and a Ctrl-C in between ends it.
                        group=os.getegid(),
                        pass_fds=tuple(keep_open),
                    )
                except OSError as error:
                    raise CannotRun(argv[0], error) from None
                self._children.add(child)
            if self._is_over:
                raise CannotRun(argv[0], OSError(errno.ECANCELED, os.strerror(errno.ECANCELED)))
            with _Streams(child, output, errors) as streams:
                timed_out = not streams.read(started + timeout)
                if not timed_out:
                    timed_out = not _ends(child, started + timeout)
                if timed_out:
                    self._end(child)
                    streams.read(time.monotonic() + 1)  # one that left the group may still hold the pipes: it is not waited for
        except BaseException:
            if child is not None:
                with INTERRUPTS.held(forget=True):
                    self._end(child)
            raise
        finally:
            if child is not None:
                self._children.discard(child)
        return Completed(
            returncode=child.returncode,
            output=mask(output.data(secrets).decode("utf-8", "replace"), secrets),
            errors=mask(errors.data(secrets).decode("utf-8", "replace"), secrets),
            seconds=time.monotonic() - started,
            timed_out=timed_out,
            left_out=output.left_out,
        )

    def give_up(self) -> None:
        """Kill whatever other threads still run, and let them run nothing more: nobody waits for it."""
        self._is_over = True
        for child in tuple(self._children):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)

    @contextlib.contextmanager
    def scratch(self) -> Iterator[str]:
        """A directory that is this user's alone, for what a program insists on writing; gone afterwards. Raises OSError."""
        with tempfile.TemporaryDirectory(prefix="ssm-bootstrap-") as path:
            yield path

    @staticmethod
    def _end(child: subprocess.Popen[bytes]) -> None:
        """End the child's group: first by asking, then all that is left of it, though the child itself has gone."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(child.pid, number)
            except ProcessLookupError:
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=2)


class _Streams:
    """The pipes of a child, read as they fill; closed at the end whoever still holds the other side."""

    def __init__(self, child: subprocess.Popen[bytes], output: _Kept, errors: _Kept) -> None:
        self._open = selectors.DefaultSelector()
        for pipe, kept in ((child.stdout, output), (child.stderr, errors)):
            if pipe is not None:
                self._open.register(pipe, selectors.EVENT_READ, kept)
        self._pipes = [pipe for pipe in (child.stdout, child.stderr) if pipe is not None]

    def __enter__(self) -> _Streams:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        for pipe in self._pipes:
            pipe.close()

    def read(self, until: float) -> bool:
        """Read to the end of all streams; False where ``until`` (of time.monotonic) came first."""
        while self._open.get_map():
            left = until - time.monotonic()
            if left <= 0:
                return False
            for key, _ in self._open.select(left):
                piece = os.read(key.fd, _PIECE)
                if piece:
                    key.data.add(piece)
                else:
                    self._open.unregister(key.fileobj)
        return True


def _ends(child: subprocess.Popen[bytes], until: float) -> bool:
    """Whether the child ends in time: it may close its streams and go on."""
    try:
        child.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True
