"""The one door through which commands run: a time-out, no standard input, secrets masked in all that comes back."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import Mapping, Optional, Sequence

from ssm_bootstrap.host.signals import INTERRUPTS

MASK = "********"
OUTPUT_LIMIT = 1 << 20
"""Characters of an output that are kept: its end, where a command says how it went."""


@dataclass(frozen=True)
class Completed:
    """What a command left: ``returncode`` is minus the signal's number where one ended it."""

    returncode: int
    output: str  # standard output and, where asked for together, standard error
    errors: str
    seconds: float
    timed_out: bool = False


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


class Commands:
    """Runs programs; ``environment`` is what every child gets."""

    def __init__(self, environment: Optional[Mapping[str, str]] = None) -> None:
        self._environment = dict(environment or {})

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        secrets: Sequence[str] = (),
        environment: Optional[Mapping[str, str]] = None,
        together: bool = False,
        keep_open: Sequence[int] = (),
    ) -> Completed:
        """Run ``argv`` to its end or for ``timeout`` seconds, then end its whole process group; raises CannotRun.

        ``environment`` is added to the door's own. ``together`` joins standard error into ``output`` in the order written.
        ``keep_open`` are descriptors that the child inherits.
        """
        started = time.monotonic()
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
                        pass_fds=tuple(keep_open),
                    )
                except OSError as error:
                    raise CannotRun(argv[0], error) from None
            output, errors = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            assert child is not None
            timed_out = True
            self._end(child)
            output, errors = self._rest(child)
        except BaseException:
            if child is not None:
                with INTERRUPTS.held(forget=True):
                    self._end(child)
            raise
        return Completed(
            returncode=child.returncode,
            output=mask((output or b"").decode("utf-8", "replace"), secrets)[-OUTPUT_LIMIT:],
            errors=mask((errors or b"").decode("utf-8", "replace"), secrets)[-OUTPUT_LIMIT:],
            seconds=time.monotonic() - started,
            timed_out=timed_out,
        )

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

    @staticmethod
    def _rest(child: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
        """What the child wrote before its end; one that left the group may still hold the pipes, and is not waited for."""
        try:
            return child.communicate(timeout=1)
        except subprocess.TimeoutExpired as left:
            for pipe in (child.stdout, child.stderr):
                if pipe is not None:
                    pipe.close()
            return left.output or b"", left.stderr or b""
