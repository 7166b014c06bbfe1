"""Processes of the world: started in the VPC or in the instance, and reaped, orphans of the agent included."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import termios
import time
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from tests.lab import program

CLONE_NEWNET = 0x40000000
IPV6_OFF = Path("/proc/sys/net/ipv6/conf/default/disable_ipv6")
_libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> None:
    """Raise what a call of the C library failed with."""
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


class Namespace:
    """A network namespace that lives as long as this object; a short-lived child makes it and hands it over."""

    def __init__(self) -> None:
        ready, made = os.pipe()
        release, go = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            try:
                check(_libc.unshare(CLONE_NEWNET), "unshare(CLONE_NEWNET)")
                if IPV6_OFF.exists():
                    IPV6_OFF.write_text("1")
                os.write(made, b"1")
                os.close(go)
                os.read(release, 1)
            finally:
                os._exit(0)
        for end in (made, release):
            os.close(end)
        if os.read(ready, 1) != b"1":
            raise RuntimeError("the kernel refuses a network namespace inside a user namespace")
        os.close(ready)
        self._go = go
        self._handle = os.open(f"/proc/{self.pid}/ns/net", os.O_RDONLY)

    def settle(self) -> None:
        """End the child; the open handle keeps the namespace."""
        os.close(self._go)
        os.waitpid(self.pid, 0)

    def enter(self) -> None:
        """Move the calling process here."""
        check(_libc.setns(self._handle, CLONE_NEWNET), "setns")


class Processes:
    """What runs in the instance. `ended` is called with (pid, status, seconds) for each that was started here."""

    def __init__(self, instance: Namespace, ended: Callable[[int, int, float], None]) -> None:
        self._instance = instance
        self._ended = ended
        self._running: Dict[int, Tuple[Optional[subprocess.Popen[bytes]], float]] = {}

    def start(self, argv: Sequence[str], env: Mapping[str, str], cwd: str, streams: Sequence[int], tty: bool) -> int:
        """Run `argv` in the instance on the three `streams`; gives its pid. Raises OSError as exec does."""

        def prepare() -> None:
            self._instance.enter()
            if tty:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        def prepare_for_exec() -> None:
            prepare()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)  # a suite that was started with & or nohup has them ignored

        began = time.monotonic()
        file = which(argv[0], env.get("PATH", os.defpath))
        if program.can_fork(file, env, cwd):
            pid = program.fork(argv, env, cwd, streams, prepare)
            self._running[pid] = (None, began)
            return pid
        process = subprocess.Popen(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            start_new_session=True,
            preexec_fn=prepare_for_exec,
            executable=file,
        )
        self._running[process.pid] = (process, began)
        return process.pid

    def signal(self, pid: int, number: int, group: bool = True) -> None:
        """Send a signal to what was started here, and to what it started unless `group` is false."""
        if pid in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, number) if group else os.kill(pid, number)

    def reap(self) -> None:
        """Collect everything that has ended. As process 1 this one inherits every orphan of the namespace."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid in self._running:
                process, began = self._running.pop(pid)
                code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
                if process is not None:
                    process.returncode = code
                self._ended(pid, code, time.monotonic() - began)


def which(name: str, path: str) -> str:
    """The file that `name` means on `path` (not on this process's own)."""
    if "/" in name:
        return name
    for directory in path.split(os.pathsep):
        found = os.path.join(directory, name)
        if os.access(found, os.X_OK) and os.path.isfile(found):
            return found
    raise FileNotFoundError(2, "No such file or directory", name)


def named(*names: str) -> List[int]:
    """The processes that are one of `names`, run by an interpreter or not."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")[:3]
            except OSError:
                continue
            if any(os.path.basename(word.decode("utf-8", "replace")) in names for word in words):
                found.append(int(entry.name))
    return found


def end(*pids: int) -> None:
    """Kill at once."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
