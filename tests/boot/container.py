"""A machine with a real systemd as process 1: systemd-nspawn on a disk of its own, its network inside the lab.

with Lab(CASES["complete"]) as lab, Container(lab, [outfit, tree]) as machine:
    machine.boot()
    machine.run(["systemctl", "is-active", "amazon-ssm-agent"]).stdout
    machine.cut()  # or machine.power_off(), then boot() again on the same disk

What it is started with, and why (systemd 247, 252 and 257 inside; any machine outside, also one without systemd):

- ``setpriv --pdeathsig=KILL unshare --mount --pid --fork --kill-child``: everything ends with this process, SIGKILL
  included. The disk's overlay, /run and the mounts below lie in that mount namespace and go with it.
- ``--register=no --keep-unit``: no machined and no manager outside is asked for anything.
- A control group of its own in the unified hierarchy, mounted in a control group namespace as /sys/fs/cgroup: systemd
  256 and newer refuse the older hierarchies, which the machine may still have, and nspawn gives its payload what it finds.
- ``--network-namespace-path=``: the network namespace of the lab's instance, as a bind mount, because process ids of
  the machine mean nothing inside. So its traffic meets the lab's filters, resolver and metadata service, and root inside
  may still change its own addresses.
- /run as a tmpfs: nspawn keeps locks and directories of its own there, which must not stay on the machine.
- ``SYSTEMD_NSPAWN_API_VFS_WRITABLE=1``: /sys as it is, with /sys/firmware, which tests put tables of a firmware into.
- No user namespace: in ``unshare --map-root-user`` nspawn fails at the terminals of its payload (devpts with a group that
  is not mapped there).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Callable, Mapping, Optional, Sequence, Type, Union

import psutil

from tests.boot.image import cache
from tests.lab.client import Lab
from tests.lab.mounts import HOSTNAME

KEEP = Path(__file__).resolve().parent / "keep"
PREFIX = "ssm-bootstrap-boot."
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
POLL = 0.05  # seconds
_NUMBERS = itertools.count(1)
REMOVE = """
mount -t cgroup2 cgroup2 /sys/fs/cgroup && cd /sys/fs/cgroup || exit 0
for group in "$0"*; do
    pid=${group#"$0"}
    [ -d "/proc/${pid%%.*}" ] || set -- "$@" "$group"
done
for group; do
    tries=0
    while [ -d "$group" ] && [ $tries -lt 100 ]; do
        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null && break
        tries=$((tries + 1))
        sleep 0.05
    done
done
"""
"""Removes the control groups that it is given, and those of runs whose process is no more; $0 is how their names begin."""


class NotReached(Exception):
    """What was waited for did not come in time; the text says what there was instead."""


class Disk:
    """A layer over read-only directories, topmost first; it is removed at the end, and kept over boots."""

    def __init__(self, lowers: Sequence[Path]) -> None:
        self.name = f"{os.getpid()}.{next(_NUMBERS)}"
        self.home = cache() / "disks" / self.name
        self.lowers = list(lowers)
        self.upper = self.home / "upper"
        for part in ("upper", "work", "root"):
            (self.home / part).mkdir(parents=True)

    def write(self, path: str, text: Union[str, bytes], mode: int = 0o644) -> None:
        """A file, while nothing runs on the disk; its directories look like those below."""
        at = self.place(path)
        at.write_bytes(text.encode() if isinstance(text, str) else text)
        at.chmod(mode)

    def link(self, path: str, target: str) -> None:
        """A symbolic link, while nothing runs on the disk."""
        self.place(path).symlink_to(target)

    def place(self, path: str) -> Path:
        """Where the layer keeps what differs at `path`; what it had there is gone, its directories are made."""
        at = self.upper
        *parents, name = path.strip("/").split("/")
        for part in parents:
            at = at / part
            if not at.is_dir():
                at.mkdir()
                below = next((b for b in (lower / at.relative_to(self.upper) for lower in self.lowers) if b.is_dir()), None)
                if below is not None:
                    shutil.copystat(below, at)
        at = at / name
        at.unlink(missing_ok=True)
        return at

    def remove(self) -> None:
        """Forget everything that was written."""
        shutil.rmtree(self.home, ignore_errors=True)


class Container:
    """One machine and its disk; off until `boot`, and gone after the `with` block, whatever happened in it."""

    def __init__(self, lab: Lab, lowers: Sequence[Path]) -> None:
        self._lab = lab
        self._lowers = lowers
        self._outer: Optional[subprocess.Popen[bytes]] = None
        self._init = 0
        self.booted_in = 0.0  # seconds from the start of nspawn to a systemd that answers

    def __enter__(self) -> Container:
        sweep()
        self.disk = Disk(self._lowers)
        self._cgroup = PREFIX + self.disk.name
        self._anchor = self._lab.start(["sleep", "infinity"])
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: object) -> None:
        if self._outer is not None:
            self.cut()
        with contextlib.suppress(Exception):
            self._anchor.kill()
        self.disk.remove()

    # power

    @property
    def is_on(self) -> bool:
        """Whether its process 1 runs."""
        return self._outer is not None and self._outer.poll() is None

    def boot(self, timeout: float = 30) -> None:
        """Switch it on; returns when its systemd takes orders, which is before the units are up. Raises NotReached."""
        began = time.monotonic()
        self._outer = self._keep(["--boot", f"--machine={HOSTNAME}", "--console=read-only"])
        self._init = 0
        while time.monotonic() - began < timeout and self._outer.poll() is None:
            self._init = self._init or self._find_init()
            if self._init and not self.run(["systemctl", "show", "--property=Version"]).returncode:
                self.booted_in = time.monotonic() - began
                return
            time.sleep(POLL)
        raise NotReached(f"systemd did not come up: {self.console()[-800:]}")

    def power_off(self, timeout: float = 60) -> None:
        """Switch it off in order. Raises NotReached where it does not end in time."""
        assert self._outer is not None
        self.run(["systemctl", "poweroff", "--no-block"])
        try:
            self._outer.wait(timeout)
        except subprocess.TimeoutExpired:
            raise NotReached(f"no power off: {self.run(['systemctl', 'list-jobs']).stdout}") from None
        self._forget()

    def cut(self) -> None:
        """Cut its power: every process in it ends at once, nothing is told."""
        assert self._outer is not None
        for process in psutil.Process(self._outer.pid).children() if self._outer.poll() is None else []:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        self._outer.kill()
        self._outer.wait()
        self._forget()

    def prepare(self, argv: Sequence[str], timeout: float = 60) -> None:
        """Run a command on the disk while it is off, without its systemd. Raises RuntimeError where that fails."""
        self._outer = self._keep(["--console=pipe", *argv])
        try:
            status = self._outer.wait(timeout)
        finally:
            self.cut()
        if status:
            raise RuntimeError(f"{argv[0]} ended with {status}: {self.console()[-800:]}")

    def _keep(self, words: Sequence[str]) -> subprocess.Popen[bytes]:
        assert self._outer is None, "it is on"
        network = next(p for p in psutil.Process(self._lab.pid).children(recursive=True) if p.name() == "sleep")
        lower = ":".join(map(str, self.disk.lowers))
        outer = ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child"]
        with (self.disk.home / "console").open("wb") as console:
            return subprocess.Popen(
                [*outer, str(KEEP), self._cgroup, str(self.disk.home), lower, str(network.pid), *words],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env={"PATH": PATH, "LANG": "C.UTF-8", "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "1"},
                start_new_session=True,
            )

    def _find_init(self) -> int:
        """Process 1 of the machine, by the id that it has outside: the child of nspawn that has become systemd; else 0."""
        assert self._outer is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            for nspawn in psutil.Process(self._outer.pid).children():
                for child in nspawn.children():
                    if child.name() == "systemd":
                        return child.pid
        return 0

    def _forget(self) -> None:
        self._outer, self._init = None, 0
        remove_groups([self._cgroup])

    # inside

    def run(self, argv: Sequence[str], timeout: float = 60, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command as root of the running machine, beside its process 1."""
        # systemd-analyze takes the control group that it is in for the root of what it may look at.
        # And the suite's own stack has no limit, from which systemd 247 reckons a length, and finds no memory.
        join = f"{{ echo 0 >/proc/{self._init}/root/sys/fs/cgroup/init.scope/cgroup.procs; }} 2>/dev/null"
        join += '; ulimit -S -s 8192; exec "$@"'
        spaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd"]
        clean = ["env", "-i", f"PATH={PATH}", "LANG=C.UTF-8", "HOME=/root", "SYSTEMD_PAGER=", "SYSTEMD_COLORS=0"]
        return subprocess.run(
            ["sh", "-c", join, "sh", "nsenter", f"--target={self._init}", *spaces, *clean, *argv],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def path(self, path: str) -> Path:
        """A file of the running machine, as this process reaches it."""
        return Path(f"/proc/{self._init}/root{path}")

    def show(self, unit: str) -> Mapping[str, str]:
        """The properties of a unit."""
        lines = self.run(["systemctl", "show", unit]).stdout.splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def journal(self, unit: str = "") -> str:
        """What a unit said since this boot, or everything, lines alone."""
        chosen = ["--unit", unit] if unit else []
        return self.run(["journalctl", "--boot", "--no-pager", "--output=cat", *chosen]).stdout

    def console(self) -> str:
        """What was written on the console of this boot."""
        return (self.disk.home / "console").read_text(errors="replace")

    def text(self, path: str) -> str:
        """The text of a file of the running machine, empty where there is none."""
        at = self.path(path)
        return at.read_text(errors="replace") if at.exists() else ""

    def wait_for(self, unit: str, timeout: float = 60, **wanted: str) -> Mapping[str, str]:
        """The properties of a unit as soon as those `wanted` are so (``ActiveState="active"``). Raises NotReached."""
        deadline = time.monotonic() + timeout
        while True:
            shown = self.show(unit)
            if all(shown.get(name) == value for name, value in wanted.items()):
                return shown
            if time.monotonic() > deadline:
                found = {name: shown.get(name) for name in (*wanted, "ActiveState", "SubState", "Result", "ExecMainStatus")}
                jobs = self.run(["systemctl", "list-jobs", "--no-pager"]).stdout
                raise NotReached(f"{unit}: {found}, wanted {wanted}\n{jobs}\n{self.journal(unit)[-3000:]}")
            time.sleep(POLL)

    def wait_for_words(self, words: str, said: Callable[[], str], timeout: float = 60) -> str:
        """What is `said` as soon as `words` stand in it: a journal, a log. Raises NotReached."""
        deadline = time.monotonic() + timeout
        while words not in (text := said()):
            if time.monotonic() > deadline:
                raise NotReached(f"nobody said {words!r}: {text[-3000:]}\n{self.journal()[-3000:]}")
            time.sleep(POLL)
        return text


def remove_groups(names: Sequence[str] = ()) -> None:
    """Remove control groups once their processes have gone: those of `names`, and those of test runs that are no more."""
    subprocess.run(["unshare", "--mount", "sh", "-c", REMOVE, PREFIX, *names], check=False)


def sweep() -> None:
    """Remove what a run that was killed has left: its disks and control groups (its processes and mounts have gone)."""
    home = cache() / "disks"
    home.mkdir(parents=True, exist_ok=True)
    for disk in home.iterdir():
        pid = disk.name.split(".")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(disk, ignore_errors=True)
    remove_groups()
