"""What ``systemctl`` does and prints."""

import contextlib
import fcntl
import os
import signal
import sys
import time
from typing import Callable, Dict, List, Optional

from .supervisor import is_supervised, read_state, set_timer, spawn
from .units import AGENT, SNAP, Unit, read


def stamp(seconds: float) -> str:
    """A time as systemd prints it."""
    return time.strftime("%a %Y-%m-%d %H:%M:%S %Z", time.localtime(seconds)) if seconds else "n/a"


def span(seconds: float) -> str:
    """A time span as systemd prints it."""
    minutes, rest = divmod(int(seconds), 60)
    return " ".join(part for part in (f"{minutes}min" if minutes else "", f"{rest}s" if rest else "") if part) or "0"


def properties(unit: Unit) -> Dict[str, str]:
    """Every property, in systemd's own order, which is not the order of the question."""
    state = read_state(unit)
    began = float(state.get("ExecMainStart", 0))
    values = {
        "Type": "simple",
        "Restart": unit.setting("Restart", "no"),
        "RestartUSec": span(unit.seconds("RestartSec", 0.1)) if "RestartSec" in unit.settings else "100ms",
        "TimeoutStartUSec": "1min 30s",
        "TimeoutStopUSec": span(unit.seconds("TimeoutStopSec", 90.0)),
        "MainPID": str(state.get("MainPID", 0)),
        "ControlPID": "0",
        "Result": str(state.get("Result", "success")),
        "NRestarts": str(state.get("NRestarts", 0)),
        "ExecMainStartTimestamp": stamp(began),
        "ExecMainStartTimestampMonotonic": str(state.get("ExecMainStartMonotonic", 0)),
        "ExecMainPID": str(state.get("ExecMainPID", 0)),
        "ExecMainCode": str(state.get("ExecMainCode", 0)),
        "ExecMainStatus": str(state.get("ExecMainStatus", 0)),
        "Environment": " ".join(unit.environment()),
        "EnvironmentFiles": "".join(
            f"{path.lstrip('-')} (ignore_errors={'yes' if path.startswith('-') else 'no'})"
            for path in unit.settings.get("EnvironmentFile", [])
        ),
        "KillMode": unit.setting("KillMode", "control-group"),
        "Id": unit.name,
        "Names": unit.name,
        "Description": unit.setting("Description", unit.name),
        "LoadState": unit.load_state,
        "ActiveState": str(state["ActiveState"]),
        "SubState": str(state["SubState"]),
        "FragmentPath": unit.fragment,
        "DropInPaths": " ".join(unit.drop_ins),
        "UnitFileState": unit.file_state(),
        "UnitFilePreset": "enabled" if unit.found else "",
        "ActiveEnterTimestamp": stamp(began),
        "ActiveEnterTimestampMonotonic": str(state.get("ExecMainStartMonotonic", 0)),
        "CanStart": "yes" if unit.load_state == "loaded" else "no",
        "NeedDaemonReload": "no",
        "InvocationID": str(state.get("InvocationID", "")),
    }
    if not unit.found:
        values["Environment"] = ""
    return values


def refuse(unit: Unit, verb: str) -> Optional[int]:
    """The exit status when a unit cannot be started or stopped at all."""
    if unit.masked:
        print(f"Failed to {verb} {unit.name}: Unit {unit.name} is masked.", file=sys.stderr)
        return 1
    if not unit.found:
        print(f"Failed to {verb} {unit.name}: Unit {unit.name} not found.", file=sys.stderr)
        return 5
    return None


def stop(unit: Unit) -> int:
    """SIGTERM to the supervisor, which ends the program and says so."""
    if not unit.found and not unit.masked:
        print(f"Failed to stop {unit.name}: Unit {unit.name} not loaded.", file=sys.stderr)
        return 5
    if unit.is_timer:
        set_timer(unit, False)
        return 0
    pid = int(read_state(unit).get("SupervisorPID", 0))
    if is_supervised(unit) and pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        while is_supervised(unit):
            time.sleep(0.01)
    return 0


def start(unit: Unit) -> int:
    """Start unless it runs; a unit that waits for its restart is started at once."""
    refusal = refuse(unit, "start")
    if refusal is not None:
        return refusal
    if unit.is_timer:
        set_timer(unit, True)
        return 0
    if is_supervised(unit):
        if read_state(unit)["SubState"] != "auto-restart":
            return 0
        stop(unit)
    spawn(unit)
    return 0


def restart(unit: Unit) -> int:
    """Stop, then start."""
    refusal = refuse(unit, "restart")
    return refusal if refusal is not None else stop(unit) or start(unit)


def try_restart(unit: Unit) -> int:
    """Restart what runs."""
    return restart(unit) if is_supervised(unit) else 0


def exclusively(order: Callable[[Unit], int], unit: Unit) -> int:
    """One order at a time on a unit, as systemd's queue has it."""
    if not unit.found:
        return order(unit)
    os.makedirs(unit.state, exist_ok=True)
    with open(unit.state + "/order.lock", "a", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        return order(unit)


def in_background(order: Callable[[Unit], int], unit: Unit) -> int:
    """--no-block: the order goes on while the caller has its answer."""
    refusal = refuse(unit, "start") if order in (start, restart) else None
    if refusal is not None:
        return refusal
    if os.fork() == 0:
        try:
            os.setsid()
            null = os.open("/dev/null", os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(null, descriptor)
            os.closerange(3, 4096)
            exclusively(order, unit)
        finally:
            os._exit(0)
    return 0


def is_active(unit: Unit, quiet: bool) -> int:
    """0 when active, 3 when not, 4 when there is no such unit."""
    state = str(read_state(unit)["ActiveState"])
    if not quiet:
        print(state)
    return 0 if state == "active" else 3 if unit.found else 4


def is_enabled(unit: Unit, quiet: bool) -> int:
    """0 when enabled."""
    if not unit.found:
        if not quiet:
            print(f"Failed to get unit file state for {unit.name}: No such file or directory", file=sys.stderr)
        return 1
    if not quiet:
        print(unit.file_state())
    return 0 if unit.file_state() == "enabled" else 1


def set_file_state(unit: Unit, verb: str) -> int:
    """enable and disable."""
    if unit.masked and verb == "enable":
        print(f"Failed to enable unit: Unit file {unit.fragment} is masked.", file=sys.stderr)
        return 1
    if not unit.found:
        print(f"Failed to {verb} unit: Unit file {unit.name} does not exist.", file=sys.stderr)
        return 1
    os.makedirs(unit.state, exist_ok=True)
    with open(unit.state + "/unit-file-state", "w", encoding="ascii") as file:
        file.write(verb + "d\n")
    return 0


def kill(unit: Unit, name: str, main_only: bool) -> int:
    """A signal to the main process, and to its children unless only the main one is meant."""
    pid = int(read_state(unit).get("MainPID", 0) or 0)
    if not unit.found or not pid:
        print(f"Failed to kill unit {unit.name}: Unit {unit.name} not loaded.", file=sys.stderr)
        return 1
    number = int(name) if name.isdigit() else getattr(signal, "SIG" + name.upper().replace("SIG", "", 1))
    for target in [pid] + ([] if main_only else children(pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(target, number)
    return 0


def children(parent: int) -> List[int]:
    """The processes whose parent this is."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                if int(file.read().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(entry))
        except (OSError, ValueError, IndexError):
            pass
    return found


def status(unit: Unit) -> int:
    """A few lines of prose; the exit status is what counts."""
    if not unit.found:
        print(f"Unit {unit.name} could not be found.", file=sys.stderr)
        return 4
    values = properties(unit)
    print(
        f"{unit.name} - {values['Description']}\n"
        f"     Loaded: {values['LoadState']} ({unit.fragment}; {values['UnitFileState']})\n"
        f"     Active: {values['ActiveState']} ({values['SubState']})\n   Main PID: {values['MainPID']}"
    )
    return 0 if values["ActiveState"] in ("active", "reloading") else 3


def cat(unit: Unit) -> int:
    """The unit file and its drop-ins."""
    if not unit.found:
        print(f"No files found for {unit.name}.", file=sys.stderr)
        return 1
    print(
        "\n".join(
            f"# {path}\n{text}" for path, text in [(unit.fragment, unit.text)] + [(path, read(path)) for path in unit.drop_ins]
        ),
        end="",
    )
    return 0


def list_unit_files(patterns: List[str]) -> int:
    """The units that are known here."""
    import fnmatch

    names = [AGENT, SNAP, *(name for name in patterns if "*" not in name)]
    shown = {}
    for unit in map(Unit, names):
        if unit.found and (not patterns or any(fnmatch.fnmatch(unit.name, p) or unit.name == Unit(p).name for p in patterns)):
            shown[unit.name] = unit
    for unit in shown.values():
        print(f"{unit.name} {unit.file_state()} enabled")
    return 0 if shown or not patterns else 1


def show(unit: Unit, wanted: List[str], bare: bool) -> int:
    """key=value lines."""
    for name, value in properties(unit).items():
        if not wanted or name in wanted:
            print(value if bare else f"{name}={value}")
    return 0
