"""The process that keeps one unit's program alive, in the place of systemd."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, Dict, Optional

from . import world
from .units import Unit

if TYPE_CHECKING:
    import subprocess

#: A child gets this and the unit's own assignments; nothing of the caller's environment but the lab's.
CLEAN = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}

#: These are meant for the caller's own child, never for the service.
CRASH_HOOKS = ("STANDIN_STOP_AT", "STANDIN_STEPS_FILE")


def spawn(unit: Unit) -> None:
    """Start a supervisor that belongs to nobody; returns when the program was started, or when that failed."""
    os.makedirs(unit.state, exist_ok=True)
    inner, outer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            if os.fork() == 0:
                os.dup2(outer, 3) if outer != 3 else None
                null = os.open("/dev/null", os.O_RDWR)
                for descriptor in (0, 1, 2):
                    os.dup2(null, descriptor)
                os.closerange(4, 4096)
                os.set_inheritable(3, False)
                os.chdir("/")
                world.show_as(["standin-systemd", unit.name])
                Supervisor(unit, 3).run()
        finally:
            os._exit(0)
    os.close(outer)
    os.waitpid(child, 0)
    os.read(inner, 1)
    os.close(inner)


def read_state(unit: Unit) -> Dict[str, Any]:
    """What the supervisor wrote last; inactive when there is no supervisor any more."""
    try:
        with open(unit.state + "/state.json", encoding="utf-8") as file:
            state: Dict[str, Any] = json.load(file)
    except (OSError, ValueError):
        state = {}
    state.setdefault("ActiveState", "inactive")
    state.setdefault("SubState", "dead")
    if state["ActiveState"] not in ("inactive", "failed") and not unit.is_timer and not is_supervised(unit):
        state.update(ActiveState="inactive", SubState="dead", MainPID=0)
    return state


def set_timer(unit: Unit, runs: bool) -> None:
    """A timer waits, or does not: there is no process, and nothing that it would start is started here."""
    os.makedirs(unit.state, exist_ok=True)
    with open(unit.state + "/state.json", "w", encoding="utf-8") as file:
        json.dump({"ActiveState": "active", "SubState": "waiting"} if runs else {}, file)


def is_supervised(unit: Unit) -> bool:
    """Does a supervisor hold its lock?"""
    try:
        with open(unit.state + "/supervisor.lock", "a", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


class Supervisor:
    """Starts the program, starts it again (Restart=), and ends it when told to."""

    def __init__(self, unit: Unit, ready: int) -> None:
        self.unit, self.ready = unit, ready
        self.program: Optional[subprocess.Popen[bytes]] = None
        self.told_to_stop = False
        self.state: Dict[str, Any] = {"NRestarts": 0, "Result": "success"}

    def write(self, active: str, sub: str, **changes: Any) -> None:
        """Publish the state."""
        self.state.update(changes, ActiveState=active, SubState=sub, SupervisorPID=os.getpid())
        path = self.unit.state + "/state.json"
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.state, file)
        os.replace(path + ".new", path)

    def run(self) -> None:
        """Until stopped, or until the program ended and is not to be restarted."""
        lock = os.open(self.unit.state + "/supervisor.lock", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        signal.signal(signal.SIGTERM, self.take_stop)
        restart = self.unit.setting("Restart", "no")
        while True:
            if not self.start():
                self.write("failed", "failed", MainPID=0, Result="exit-code", ExecMainStatus=203)
                break
            if self.ready >= 0:
                os.close(self.ready)
                self.ready = -1
            status = self.wait()
            self.state.update(MainPID=0, ExecMainStatus=abs(status), ExecMainCode=2 if status < 0 else 1)
            result = "signal" if status < 0 else "exit-code" if status else "success"
            if self.told_to_stop:
                break
            if restart == "no" or (restart == "on-failure" and not status):
                self.write("failed" if status else "inactive", "failed" if status else "dead", Result=result)
                break
            self.write("activating", "auto-restart", Result=result)
            deadline = time.monotonic() + world.scaled(self.unit.seconds("RestartSec", 0.1))
            while time.monotonic() < deadline and not self.told_to_stop:
                time.sleep(0.02)
            if self.told_to_stop:
                self.write("inactive", "dead", Result="success")
                break
            self.state["NRestarts"] += 1
        os._exit(0)

    def start(self) -> bool:
        """Run the program in a session of its own, without standard input."""
        environment = dict(CLEAN)
        environment.update(
            {name: value for name, value in os.environ.items() if name.startswith("STANDIN_") and name not in CRASH_HOOKS}
        )
        environment.update(self.unit.environment_files())
        environment.update({name: value for name, _, value in (word.partition("=") for word in self.unit.environment())})
        import subprocess  # systemctl is started hundreds of times, and mostly asked what there is
        import uuid

        environment["INVOCATION_ID"] = uuid.uuid4().hex
        with open(self.unit.state + "/journal", "ab") as journal:
            try:
                self.program = subprocess.Popen(
                    self.unit.command(),
                    stdin=subprocess.DEVNULL,
                    stdout=journal,
                    stderr=journal,
                    env=environment,
                    start_new_session=True,
                )
            except OSError as error:
                journal.write(f"{self.unit.name}: {error}\n".encode())
                return False
        self.write(
            "active",
            "running",
            MainPID=self.program.pid,
            ExecMainPID=self.program.pid,
            Result="success",
            InvocationID=environment["INVOCATION_ID"],
            ExecMainStart=time.time(),
            ExecMainStartMonotonic=time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000,
        )
        return True

    def take_stop(self, *_: object) -> None:
        """SIGTERM: the unit is to be stopped."""
        self.told_to_stop = True

    def wait(self) -> int:
        """The program's end: by itself, or within the stop time-out, or by SIGKILL after it."""
        assert self.program is not None
        stopping, deadline, killed = False, 0.0, False
        while True:
            status = self.program.poll()
            if status is not None:
                if stopping:
                    failed = killed
                    self.write(
                        "failed" if failed else "inactive",
                        "failed" if failed else "dead",
                        MainPID=0,
                        Result="timeout" if failed else "success",
                        ExecMainStatus=abs(status),
                    )
                return status
            if self.told_to_stop and not stopping:
                stopping, deadline = True, time.monotonic() + world.scaled(self.unit.seconds("TimeoutStopSec", 90.0))
                self.write("deactivating", "stop-sigterm")
                self.program.send_signal(signal.SIGTERM)
            if stopping and not killed and time.monotonic() > deadline:
                killed = True
                self.write("deactivating", "stop-sigkill")
                self.program.kill()
            time.sleep(0.01)


if __name__ == "__main__":
    sys.exit("this module is started by systemctl")
