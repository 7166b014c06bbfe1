"""What surrounds the agent on its machine, topic by topic: one that cannot be looked at does not stop the rest."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any, Mapping, Optional

from ssm_bootstrap.catalog.endpoints import ENDPOINTS
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.service import UNIT_PROPERTIES, look_at_units
from ssm_bootstrap.collect.guard import Guard
from ssm_bootstrap.collect.logs.seelog import read_log_settings
from ssm_bootstrap.collect.machine.security import look_at_denials, look_at_firewall
from ssm_bootstrap.collect.machine.storage import look_at_directories, look_at_storage
from ssm_bootstrap.collect.network.proxies import addresses_of, look_at_service, look_at_shells
from ssm_bootstrap.collect.network.routes import look_at_routes
from ssm_bootstrap.collect.network.targets import host_of
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.agent import AgentConfig, Unit
from ssm_bootstrap.model.logsettings import LogSettings
from ssm_bootstrap.model.machine import Core, Surroundings
from ssm_bootstrap.model.observed import Observed, Seen, Unseen, reason_of, value_of
from ssm_bootstrap.model.site import Site

CORE = paths.PROCESSES[0]
TIMEOUT = 2.0
IDLE = ("inactive", "failed")
DIALLED = ("ssm", "ssmmessages", "s3-regional")
"""Rows whose hosts tell whether AWS goes by the proxy."""

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


def look_at_surroundings(host: Host, region: Optional[str], config: AgentConfig, guard: Guard, site: Site) -> Surroundings:
    """All of it, in well under a second on a machine that answers; every command has two seconds."""
    hosts = tuple(host_of(row, region, config, site)[0] for row in ENDPOINTS if row.name in DIALLED) if region else ()
    units = guard.part("units", lambda: look_at_units(host, UNIT_PROPERTIES, TIMEOUT))
    service = guard.part("service environment", lambda: look_at_service(host, active_unit(units), hosts))
    side = value_of(service)
    named = side.by_proxy[:1] if side is not None else ()
    read = guard.look("seelog.xml", lambda: read_log_settings(host.files))
    logs = value_of(read) or LogSettings(problem=reason_of(read))
    return Surroundings(
        shells=value_of(guard.look("shell environment", lambda: look_at_shells(host, hosts))) or (),
        service=service,
        inside=value_of(guard.look("names inside", lambda: tuple((name, addresses_of(host, name)) for name in named))) or (),
        storage=guard.look("storage", lambda: look_at_storage(host)),
        routes=guard.part("routes", lambda: look_at_routes(host.files)),
        firewall=guard.part("firewall", lambda: look_at_firewall(host)),
        denials=guard.part("denials", lambda: look_at_denials(host)),
        logs=logs,
        directories=guard.look("directories", lambda: look_at_directories(host.files)),
        log_directory=guard.look("log directory", lambda: host.files.exists(_directory(logs))),
        units=units,
        binaries=value_of(guard.look("binaries", lambda: _binaries(host.files))) or (),
        cores=guard.look("cores", lambda: _cores(host)),
        credentials_from=guard.look("credentials", lambda: _credentials_from(host.files, host.clock.now())),
    )


def _binaries(files: Files) -> tuple[str, ...]:
    return tuple(path for path in paths.BINARIES if files.is_executable(path))


def active_unit(units: Observed[tuple[Unit, ...]]) -> Observed[Unit]:
    """The unit of the agent that is active, else the first that systemd knows."""
    if isinstance(units, Unseen):
        return units
    if not units.value:
        return Unseen("systemd knows no unit of the agent")
    return Seen(next((unit for unit in units.value if unit.active_state not in IDLE), units.value[0]))


def _directory(logs: LogSettings) -> str:
    """Where the agent's main log lies."""
    for sink in logs.sinks:
        if sink.path.startswith("/"):
            return sink.path.rpartition("/")[0] or "/"
    return paths.LOGS


def _cores(host: Host) -> tuple[Core, ...]:
    """The agent's core processes, without those that only register or tell their version."""
    return tuple(
        Core(item.pid, item.started, _group(host.files, item.pid))
        for item in host.machine.processes((CORE,))
        if not any(word.startswith("-") for word in item.argv[1:])
    )


def _group(files: Files, pid: int) -> str:
    """The control group of a process: systemd's own, or the only one (cgroups(7))."""
    try:
        text = files.read_text(f"/proc/{pid}/cgroup", 1 << 16)
    except OSError:
        return ""
    found = ""
    for line in text.splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers in ("", "name=systemd"):
            found = path if len(path) > len(found) else found
    return found


def _credentials_from(files: Files, now: datetime) -> Optional[datetime]:
    """When the running core had the credentials that still hold; None where it has none."""
    told = _runtime_configuration(files)
    until, since = _time(told.get("CredentialsExpiresAt")), _time(told.get("CredentialsRetrievedAt"))
    return since if until is not None and until > now + timedelta(minutes=1) else None


def credentials_until(files: Files) -> Optional[datetime]:
    """Until when the core's credentials hold, by what it wrote of them; None where it wrote nothing, or it cannot be read."""
    try:
        return _time(_runtime_configuration(files).get("CredentialsExpiresAt"))
    except OSError:
        return None


def _runtime_configuration(files: Files) -> Mapping[str, Any]:
    """What the core wrote of its identity and credentials; empty where it wrote none. Raises OSError."""
    try:
        document = json.loads(files.read_text(paths.IDENTITY_CONFIG, 1 << 20))
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _time(value: object) -> Optional[datetime]:
    """A time as Go writes it, with up to nine digits of a second."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    zone = "+00:00" if found[3] == "Z" else found[3]
    try:
        return datetime.fromisoformat(f"{found[1]}.{(found[2] or '0')[:6]:0<6}{zone}")
    except ValueError:
        return None
