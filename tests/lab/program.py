"""ssm-bootstrap of the working tree, begun as a fork of the world, which has loaded it.

To load it takes half a second of a processor, and the tests begin it hundreds of times. Loading is all that is spared: the
process has its own session, network, arguments, environment, directory, streams and signals, as exec(2) and Python give them.
What asks for more of Python's own beginning, another locale or a variable of Python's, is begun by exec.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Callable, Mapping, NoReturn, Sequence

SCRIPT = Path(sys.executable).with_name("ssm-bootstrap")
LANG = "C.UTF-8"
_OF_PYTHONS_BEGINNING = ("PYTHON", "LC_", "MALLOC_", "LD_", "GLIBC_")
_HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


def can_fork(file: str, env: Mapping[str, str], cwd: str) -> bool:
    """Whether a start of ``file`` may be a fork: it is the program, and nothing that it is given changes how Python begins."""
    if file != str(SCRIPT) or env.get("LANG") != LANG or not os.path.isdir(cwd):
        return False
    return not any(name.startswith(_OF_PYTHONS_BEGINNING) for name in env)


def fork(argv: Sequence[str], env: Mapping[str, str], cwd: str, streams: Sequence[int], prepare: Callable[[], None]) -> int:
    """Begin the program with ``argv``, its first word included; ``prepare`` is called in the child. Gives its pid."""
    load(argv[1:])
    pid = os.fork()
    if pid == 0:
        _become(argv, env, cwd, streams, prepare)
    return pid


def load(words: Sequence[str]) -> None:
    """Load what the command among the words needs."""
    from ssm_bootstrap.cli import entry

    named = next((word for word in words if word in entry.COMMANDS), None)
    if named:
        importlib.import_module(f"ssm_bootstrap.cli.{named.replace('-', '_')}")


def _become(
    argv: Sequence[str], env: Mapping[str, str], cwd: str, streams: Sequence[int], prepare: Callable[[], None]
) -> NoReturn:
    """All that exec and the interpreter's beginning do; never returns to what the world was doing."""
    status = 70
    try:
        gc.freeze()  # what the world holds, sockets among it, is nothing to this process: no collection may close it
        signal.set_wakeup_fd(-1)
        for number in _HEARD:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.setsid()
        for number, given in enumerate([os.dup(stream) for stream in streams]):
            os.dup2(given, number)
        prepare()
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(env)
        time.tzset()
        sys.argv = [str(SCRIPT), *argv[1:]]
        sys.path[0] = str(SCRIPT.parent)
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            # In the locale C.UTF-8 Python lets any byte through, but on standard error.
            errors = "backslashreplace" if number == 2 else "surrogateescape"
            stream = open(number, "w" if number else "r", encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
            stream.reconfigure(line_buffering=number == 2 or os.isatty(number))
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
        from ssm_bootstrap.cli import command

        command()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        with suppress(BaseException):
            traceback.print_exc()
    finally:
        os._exit(status)
