"""Where the stand-in lives: its root directory, its pace, its name in the process list."""

import os
import random
import time
from typing import List

VERSION = "3.3.1142.0"
DATA = "/var/lib/amazon/ssm"
LOGS = "/var/log/amazon/ssm"
ETC = "/etc/amazon/ssm"


def rooted(path: str) -> str:
    """The path under STANDIN_ROOT."""
    return os.environ.get("STANDIN_ROOT", "") + path


def read_time_scale() -> float:
    """The factor on every wait."""
    text = os.environ.get("STANDIN_TIME_SCALE", "")
    if not text:
        try:
            with open(rooted("/etc/ssm-lab/time-scale"), encoding="ascii") as file:
                text = file.read()
        except OSError:
            text = "1.0"
    try:
        return max(0.0, float(text))
    except ValueError:
        return 1.0


TIME_SCALE = read_time_scale()
FLOOR_SCALE = float(os.environ.get("STANDIN_FLOOR_SCALE", "1"))


def scaled(seconds: float, floor: float = 0.0) -> float:
    """Seconds at the stand-in's pace; a floor keeps a time-out above what a busy machine needs for an honest answer."""
    return max(seconds * TIME_SCALE, min(floor * FLOOR_SCALE, seconds))


def sleep(seconds: float) -> None:
    """Sleep for so many of the real agent's seconds."""
    time.sleep(scaled(seconds))


def chance() -> float:
    """A random fraction for the agent's jitter; a test that must know it fixes it (STANDIN_JITTER, /etc/ssm-lab/jitter)."""
    text = os.environ.get("STANDIN_JITTER", "")
    if not text:
        try:
            with open(rooted("/etc/ssm-lab/jitter"), encoding="ascii") as file:
                text = file.read()
        except OSError:
            return random.random()
    return min(0.999, max(0.0, float(text)))


def between(low: float, high: float) -> float:
    """Something between two numbers, by chance."""
    return low + (high - low) * chance()


def show_as(arguments: List[str]) -> None:
    """Make the process list show these arguments, as psutil and ps read them.

    The interpreter's own arguments are overwritten where the kernel keeps them, which needs no privilege; the list
    given must not be longer than they are. What remains is filled with NUL.
    """
    wanted = b"".join(os.fsencode(argument) + b"\0" for argument in arguments)
    try:
        with open("/proc/self/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        start, end = int(fields[45]), int(fields[46])
        with open("/proc/self/mem", "r+b", buffering=0) as memory:
            memory.seek(start)
            memory.write(wanted[: end - start].ljust(end - start, b"\0"))
        with open("/proc/self/comm", "wb", buffering=0) as comm:
            comm.write(os.fsencode(os.path.basename(arguments[0]))[:15])
    except (OSError, ValueError, IndexError):
        pass


def go_duration(seconds: int) -> str:
    """A duration as Go prints it: 53s, 26m49s, 1h0m0s."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
