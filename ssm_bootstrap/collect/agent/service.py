"""The agent: how it is installed, and what its unit and its processes do."""

from __future__ import annotations

import re
import shlex
from typing import Iterator, Mapping, Optional, Sequence

from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.configuration import read_agent_config
from ssm_bootstrap.collect.network.proxy_url import shown_exceptions, shown_proxy
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import CannotRun
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.agent import Agent, AgentConfig, AgentProcess, Unit
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from ssm_bootstrap.model.phrase import phrase

NO_UNIT = "systemd knows no unit of the agent"
UNIT_PROPERTIES = "Id,LoadState,ActiveState,SubState,MainPID,Result,NRestarts,UnitFileState,Environment"
KEPT_VARIABLES = ("https_proxy", "http_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir", "aws_ca_bundle")
Pairs = tuple[tuple[str, str], ...]
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def look_at_agent(host: Host, config: Optional[AgentConfig] = None) -> Agent:
    """The agent as installed and as running; nothing is changed. ``config`` is its configuration where it was read already."""
    config = config or read_agent_config(host.files)
    unit = look_at_unit(host)
    packaging, binary = _installed(host.files, unit)
    if not binary:
        return Agent(installed=False, unit=unit, processes=_processes(host), config=config)
    return Agent(True, packaging, binary, _version(host, binary), unit, _processes(host), config)


def agent_version(host: Host, unit: Observed[Unit]) -> str:
    """The version of the installed agent, or an empty string."""
    _, binary = _installed(host.files, unit)
    return _version(host, binary) if binary else ""


def _installed(files: Files, unit: Observed[Unit]) -> tuple[str, str]:
    """Packaging and program of the agent that is active, else of the first that is there."""
    there = [path for path in paths.BINARIES if files.is_executable(path)]
    if isinstance(unit, Seen) and unit.value.name.startswith("snap.") and paths.SNAP_BINARY in there:
        there = [paths.SNAP_BINARY]
    if not there:
        return "", ""
    if there[0] == paths.SNAP_BINARY:
        return "snap", there[0]
    if files.exists("/var/lib/dpkg/info/amazon-ssm-agent.list"):
        return "deb", there[0]
    return ("rpm" if files.exists("/usr/lib/sysimage/rpm") or files.exists("/var/lib/rpm") else "unknown"), there[0]


def _version(host: Host, binary: str) -> str:
    try:
        done = host.commands.run([binary, "-version"], timeout=5)
    except CannotRun:
        return ""
    found = re.search(r"(\d+\.\d+\.\d+\.\d+)", done.output)
    return found.group(1) if found else ""


def look_at_unit(host: Host, properties: str = UNIT_PROPERTIES) -> Observed[Unit]:
    """The agent's unit, of deb/rpm or snap, whichever is loaded and active."""
    units = look_at_units(host, properties)
    if isinstance(units, Unseen):
        return units
    found = units.value
    if not found:
        return Unseen(NO_UNIT)
    return Seen(next((unit for unit in found if unit.active_state not in ("inactive", "failed")), found[0]))


def look_at_units(host: Host, properties: str = UNIT_PROPERTIES, timeout: float = 10) -> Observed[tuple[Unit, ...]]:
    """Every unit of the agent that systemd knows: the package's, the snap's."""
    shown = show_units(host, paths.UNITS, properties, timeout)
    if isinstance(shown, Unseen):
        return shown
    found = (_unit(name, dict(pairs)) for name, pairs in zip(paths.UNITS, shown.value))
    return Seen(tuple(unit for unit in found if unit.load_state != "not-found"))


def show_units(host: Host, names: Sequence[str], properties: str, timeout: float = 10) -> Observed[tuple[Pairs, ...]]:
    """What ``systemctl show`` says of each unit, as pairs: some keys come several times (``EnvironmentFiles``).

    The one place that asks systemd of a unit.
    """
    try:
        done = host.commands.run(["systemctl", "show", *names, "-p", properties], timeout=timeout)
    except CannotRun as error:
        return Unseen(phrase("systemd could not be asked ({error})", error=error))
    if done.returncode != 0:
        said = next(iter(done.errors.strip().splitlines()), phrase("exit status {status}", status=done.returncode))
        return Unseen(phrase("systemd could not be asked: {said}", said=said))
    if not done.is_whole:
        return Unseen("systemd could not be asked: it said more, or took longer, than can be waited for")
    # systemctl(1): an empty line stands between units. Where it says nothing at all it knows none.
    told = done.output.split("\n\n") if done.output.strip() else [""] * len(names)
    if len(told) != len(names):
        return Unseen("systemd could not be asked: it does not tell of each unit by itself")
    return Seen(tuple(tuple(_pairs_of(text)) for text in told))


def _pairs_of(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        key, sign, value = line.partition("=")
        if sign:
            yield key, value


def _unit(name: str, shown: Mapping[str, str]) -> Unit:
    return Unit(
        name=name,
        load_state=shown.get("LoadState", "not-found"),
        active_state=shown.get("ActiveState", "inactive"),
        sub_state=shown.get("SubState", ""),
        main_pid=_number(shown.get("MainPID", "")),
        result=shown.get("Result", ""),
        restarts=_number(shown.get("NRestarts", "")),
        file_state=shown.get("UnitFileState", ""),
        environment=tuple((key, masked_variable(key, value)) for key, value in parse_environment(shown.get("Environment", ""))),
    )


def _number(text: str) -> int:
    """A number of ``systemctl show``; 0 where it says ``[not set]``."""
    return int(text) if text.isdigit() else 0


def masked_variable(key: str, value: str) -> str:
    """A variable that may be shown: a proxy without user and password, and of one that cannot be read nothing of them."""
    if key.lower() in ("https_proxy", "http_proxy"):
        return shown_proxy(value)
    return shown_exceptions(value) if key.lower() == "no_proxy" else value


def parse_environment(text: str) -> tuple[tuple[str, str], ...]:
    """Proxy and certificate variables of systemd's ``Environment`` property."""
    try:
        # systemd escapes $ and ` in its double quotes as well, which shlex leaves as they are.
        words = shlex.split(_ESCAPED.sub(lambda found: found[1] if found[1] in "$`" else found[0], text))
    except ValueError:
        return ()
    pairs = (word.partition("=") for word in words)
    return tuple((key, value) for key, _, value in pairs if key.lower() in KEPT_VARIABLES)


def _processes(host: Host) -> Observed[tuple[AgentProcess, ...]]:
    try:
        found = tuple(AgentProcess(item.pid, item.name, item.started) for item in host.machine.processes(paths.PROCESSES))
    except (OSError, ImportError) as error:
        return Unseen(phrase("processes could not be listed: {error}", error=words_of(error)))
    return Seen(found)
