"""One run of ``ssm-bootstrap`` that is cut short at a point, itself, its ``-register`` child, or both."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, List, Mapping, Optional, Sequence

from tests.sweep.aim import Aim
from tests.sweep.node import Said, end, is_alive

OUTPUT, STEPS = Path("/run/sweep-output"), Path("/run/sweep-steps")
SEEN = Path("/run/sweep-seen")
BLOCK = "128"
"""Bytes of one write of the child: about sixty steps in a registration."""

PATIENCE = 30.0


class Astray(Exception):
    """The shot did not come to pass: a bug of the sweep, or a run that went another way than the one that was counted."""


@dataclass(frozen=True)
class Flight:
    """A run under way: its process, and the child that was stopped at its point, where one was aimed at."""

    pid: int
    child: int = 0


def launch(words: Sequence[str], aim: Optional[Aim] = None, environment: Optional[Mapping[str, str]] = None) -> int:
    """Start ``ssm-bootstrap`` with these words in a forked child under the aim; gives its pid."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 99
    try:
        os.setsid()
        target = os.open(OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for source, goal in ((null, 0), (target, 1), (target, 2)):
            os.dup2(source, goal)
        os.closerange(3, 64)
        os.environ.update({"STANDIN_BLOCK": BLOCK, **(environment or {})})
        from ssm_bootstrap.cli import main

        if aim is not None:
            aim.install()
        status = main(list(words))
        sys.stdout.flush()
        if aim is not None and not aim.number:
            SEEN.write_text("\n".join(aim.seen))
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def landed(pid: int) -> Said:
    """The end of a run, and what it said; raises Astray where it does not come."""
    deadline = time.monotonic() + PATIENCE
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > deadline:
            end(pid)
            os.waitpid(pid, 0)
            raise Astray(f"no end in {PATIENCE:.0f} s; it said {OUTPUT.read_text()!r}")
        time.sleep(0.002)
    code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    return Said(code, OUTPUT.read_text(errors="replace"))


def count(words: Sequence[str]) -> tuple[Said, List[str], List[str]]:
    """A run that nobody cuts: how it ended, its own changes, and its child's steps."""
    for path in (SEEN, STEPS):
        path.unlink(missing_ok=True)
    said = landed(launch(words, Aim(), {"STANDIN_STEPS_FILE": str(STEPS)}))
    steps = [line.split(" ", 1)[1] for line in STEPS.read_text().splitlines()] if STEPS.exists() else []
    return said, SEEN.read_text().splitlines(), steps


def shoot_us(words: Sequence[str], number: int, sends: int = signal.SIGKILL, after: bool = False) -> Said:
    """We get a signal at our own change ``number``."""
    return landed(launch(words, Aim(number, sends, after)))


def shoot_child(words: Sequence[str], step: int) -> Said:
    """The child is killed before its step ``step``; we go on and end by ourselves."""
    return landed(launch(words, environment={"STANDIN_STOP_AT": str(step)}))


def shoot_both(words: Sequence[str], step: int) -> Said:
    """We and the child are killed at once, before its step ``step``."""
    flight = stopped_at(words, step)
    end(flight.pid, flight.child)
    said = landed(flight.pid)
    await_(lambda: not is_alive(flight.child), "the child does not die")
    return said


def shoot_us_alone(words: Sequence[str], step: int) -> Flight:
    """We are killed while the child stands before its step ``step``; it stays stopped, for the caller to let go on."""
    flight = stopped_at(words, step)
    end(flight.pid)
    landed(flight.pid)
    return flight


def let_go(flight: Flight) -> None:
    """The child goes on to its end."""
    os.kill(flight.child, signal.SIGCONT)
    await_(lambda: not is_alive(flight.child), "the child does not end")


def stopped_at(words: Sequence[str], step: int) -> Flight:
    """A run whose child has stopped before its step ``step``."""
    pid = launch(words, environment={"STANDIN_STOP_AT": f"{step}:STOP"})
    found: List[int] = []

    def is_there() -> bool:
        if os.waitpid(pid, os.WNOHANG)[0]:
            raise Astray(f"the run ended before its child came to step {step}: {OUTPUT.read_text()!r}")
        found[:] = [child for child in children(pid) if state_of(child) == "T"]
        return bool(found)

    await_(is_there, f"the child does not come to step {step}")
    return Flight(pid, found[0])


def await_(is_so: Callable[[], bool], complaint: str) -> None:
    """Wait until something is so; raises Astray with the complaint."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            raise Astray(complaint)
        time.sleep(0.002)


def children(pid: int) -> List[int]:
    """The processes that a process's main thread started."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def state_of(pid: int) -> str:
    """The state of a process as /proc writes it, T for a stopped one."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
