"""What whoever starts the suite hands on to it, put right before any test: no result depends on it.

Signals that a shell has ignored, umask, limits, zone, language, home, path and every variable. ``ENVIRONMENT`` is what was
handed on: for the few steps that fetch packages or look for other Pythons, which need the caller's own set-up.
"""

from __future__ import annotations

import contextlib
import hashlib
import locale
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import Dict, Iterator, List, Optional

import pytest

from ssm_bootstrap.render.language import ENGLISH, speak

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT: Dict[str, str] = dict(os.environ)
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
KEPT = ("TMPDIR", "VIRTUAL_ENV", "PYENV_ROOT", "PYENV_VERSION", "PYTHONDONTWRITEBYTECODE", "RELEASES", "PACKAGER")
"""Variables that tests get as they were: places on this machine, and what a test run is told by its own switches."""

KEPT_BEGINNINGS = ("PYTEST_", "COV_", "COVERAGE_", "BOOT_")
FILES = 1024
"""Open files that a process may have where the caller's hard limit allows it."""

_LIMITS = (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_DATA, resource.RLIMIT_FSIZE, resource.RLIMIT_STACK)
_SIGNALS = (signal.SIGTERM, signal.SIGQUIT, signal.SIGALRM, signal.SIGCHLD, signal.SIGUSR1, signal.SIGUSR2)


PROGRAM = "SSM_BOOTSTRAP_PROGRAM"
"""The variable by which a run of the suite is told the file to start as ssm-bootstrap: an executable, or the one-file bundle."""

STARTED: Dict[str, int] = {}
"""How often each test has started that file."""


def program() -> List[str]:
    """The words that start ssm-bootstrap: the working tree, or the file that the caller's SSM_BOOTSTRAP_PROGRAM names."""
    file = ENVIRONMENT.get(PROGRAM)
    if not file:
        return [sys.executable, "-m", "ssm_bootstrap"]
    count_start()
    return [os.path.abspath(file)]


def needs_pythons_variables() -> None:
    """Skip a test of what PYTHON* variables do: the file that is named ignores them all, as `python3 -I` does."""
    file = ENVIRONMENT.get(PROGRAM)
    if file:
        pytest.skip(f"{os.path.basename(file)} ignores Python's variables")


def count_start() -> None:
    """Count one start of the named file for the test that runs."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    STARTED[test] = STARTED.get(test, 0) + 1


def programs() -> Optional[Path]:
    """A directory for PATH in which that file is called ssm-bootstrap; None where no file is named."""
    file = ENVIRONMENT.get(PROGRAM)
    if not file:
        return None
    # Below the project: that is within reach in every namespace of the lab.
    place = ROOT / "var" / "programs" / hashlib.sha256(os.fsencode(os.path.abspath(file))).hexdigest()[:12]
    place.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        (place / "ssm-bootstrap").symlink_to(os.path.abspath(file))
    return place


def home() -> Path:
    """The caller's own."""
    return Path(ENVIRONMENT.get("HOME") or "/nonexistent")


def put_right() -> Path:
    """Do it for this process and all that it starts; gives the home that was made, which ``leave`` removes."""
    made = Path(tempfile.mkdtemp(prefix="home-"))
    kept = {
        name: value for name, value in os.environ.items() if name in KEPT or name.startswith(KEPT_BEGINNINGS)
    }  # PYTEST_CURRENT_TEST and what xdist tells its workers among them
    os.environ.clear()
    os.environ.update(
        {
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{SYSTEM_PATH}",
            "HOME": str(made),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "xterm",
        }
    )
    time.tzset()
    with contextlib.suppress(locale.Error):
        locale.setlocale(locale.LC_ALL, "C.UTF-8")
    os.umask(0o022)
    _lift_limits()
    _hear_signals()
    return made


def leave(made: Path) -> None:
    """Remove the home."""
    shutil.rmtree(made, ignore_errors=True)


def _lift_limits() -> None:
    for limit in _LIMITS:
        hard = resource.getrlimit(limit)[1]
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (hard, hard))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _hear_signals() -> None:
    """No signal is ignored or blocked any more. One that is caught is as good as unset to a child: exec(2) resets it."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in _SIGNALS:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _hang_up)


def _hang_up(number: int, frame: Optional[FrameType]) -> None:
    """A terminal that goes away does not end a suite that runs under nohup."""


@contextlib.contextmanager
def as_it_was() -> Iterator[None]:
    """Whatever a test changes of this process is put back after it."""
    environment, mask, place = dict(os.environ), os.umask(0o022), os.getcwd()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        speak(ENGLISH)
        for number, handler in handlers.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        os.umask(mask)
        os.chdir(place)
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
            time.tzset()
