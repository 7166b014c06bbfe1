"""Proxy and certificate variables: of this shell, of login shells, and of the agent's service. Passwords are left out."""

from __future__ import annotations

import re
import shlex
from typing import Iterator, Mapping, Optional, Sequence

from ssm_bootstrap.catalog.secrets import repeated
from ssm_bootstrap.collect.agent.service import KEPT_VARIABLES, look_at_unit, masked_variable, parse_environment, show_units
from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.collect.trusted import read_trusted
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import CannotRun
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.agent import Unit
from ssm_bootstrap.model.exitstatus import Refusal
from ssm_bootstrap.model.machine import ProxySide
from ssm_bootstrap.model.observed import Observed, Seen, Unseen

IMDS = "169.254.169.254"
ENVIRONMENT = "/etc/environment"  # pam_env(8)
PROFILES = "/etc/profile.d"
MOST_PROFILES = 60
TIMEOUT = 2.0

_PROXIES = ("https_proxy", "http_proxy", "no_proxy")
_ASSIGNMENT = re.compile(r"(?:^|[;\s])(?:export\s+)?([A-Za-z_]+)=(\"[^\"]*\"|'[^']*'|[^\s;]*)")
_FILE = re.compile(r"^(\S.*?)(?: \(ignore_errors=\w+\))?$")
_ADDRESS = re.compile(r"^([0-9A-Fa-f.:]+)\s", re.MULTILINE)


def side_of(variables: Mapping[str, str], source: str, hosts: Sequence[str]) -> ProxySide:
    """What an environment does to the way to AWS; nothing of it holds a password."""
    settings = ProxySettings.of(variables, source)
    kept = [(name, value) for name, value in sorted(variables.items()) if name.lower() in KEPT_VARIABLES]
    return ProxySide(
        source=source,
        https=masked_variable("https_proxy", settings.https),
        http=masked_variable("http_proxy", settings.http),
        exceptions=masked_variable("no_proxy", settings.exceptions),
        authorities=tuple((name, _shown(value)) for name, value in kept if value and name.lower() not in _PROXIES),
        by_proxy=tuple(host for host in hosts if settings.url_for(host, 443)),
        metadata_by_proxy=bool(settings.url_for(IMDS, 80)),
    )


def _shown(place: str) -> str:
    return place if place.startswith("/") else repeated(place)


def look_at_shells(host: Host, hosts: Sequence[str]) -> tuple[ProxySide, ...]:
    """This shell, then what login shells get from files; those that set nothing are left out."""
    found = [side_of(host.environment, "this shell", hosts)]
    for path in (ENVIRONMENT, *_profiles(host.files)):
        variables = _assigned(host.files, path)
        if variables:
            found.append(side_of(variables, path, hosts))
    return tuple(side for side in found if side.has_proxy or side.exceptions or side.authorities)


def _profiles(files: Files) -> Iterator[str]:
    try:
        names = [name for name in files.list(PROFILES) if name.endswith(".sh")]
    except OSError:
        return
    for name in names[:MOST_PROFILES]:
        yield f"{PROFILES}/{name}"


def _assigned(files: Files, path: str) -> dict[str, str]:
    """What a file assigns to the variables that count; a value that a shell would have to compute is left out."""
    try:
        text = files.read_text(path, 1 << 16)
    except OSError:
        return {}
    found = {}
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            continue
        for name, value in _ASSIGNMENT.findall(line):
            if name.lower() in KEPT_VARIABLES and "$" not in value and "`" not in value:
                found[name] = value.strip("\"'")
    return found


def look_at_service(host: Host, unit: Observed[Unit], hosts: Sequence[str]) -> Observed[ProxySide]:
    """The variables that the agent's service has: of its running process where they may be read, else of its unit."""
    if isinstance(unit, Unseen):
        return unit
    name = unit.value.name
    running = _of_process(host.files, unit.value.main_pid)
    if running is not None:
        return Seen(side_of(running, name, hosts))
    configured = service_environment(host, name)
    return configured if isinstance(configured, Unseen) else Seen(side_of(configured.value, name, hosts))


def unit_environment(host: Host) -> Observed[Mapping[str, str]]:
    """Proxy and certificate variables that the agent's unit gives it, passwords and all: for dialling, never for showing."""
    unit = look_at_unit(host)
    return unit if isinstance(unit, Unseen) else service_environment(host, unit.value.name)


def trusted_unit_environment(host: Host) -> Observed[Mapping[str, str]]:
    """The same for a change: raises Refusal (78) where another user may write a file that the variables come from."""
    unit = look_at_unit(host)
    return unit if isinstance(unit, Unseen) else _environment_of(host, unit.value.name)


def _of_process(files: Files, pid: int) -> Optional[Mapping[str, str]]:
    if not pid:
        return None
    try:
        raw = files.read_bytes(f"/proc/{pid}/environ", 1 << 18)
    except OSError:
        return None
    pairs = (item.partition("=") for item in raw.decode("utf-8", "replace").split("\0"))
    return {key: value for key, _, value in pairs if key.lower() in KEPT_VARIABLES} if raw else None


def service_environment(host: Host, unit: str) -> Observed[Mapping[str, str]]:
    """Proxy and certificate variables of a unit, of Environment= and EnvironmentFile=; passwords and all, never to be shown.

    Unseen where another user may write such a file: nobody is led by it to a proxy.
    """
    try:
        return _environment_of(host, unit)
    except Refusal as refusal:
        return Unseen(refusal.message)


def _environment_of(host: Host, unit: str) -> Observed[Mapping[str, str]]:
    shown = show_units(host, (unit,), "Environment,EnvironmentFiles", TIMEOUT)
    if isinstance(shown, Unseen):
        return shown
    (pairs,) = shown.value
    found: dict[str, str] = {}
    for value in (value for key, value in pairs if key == "Environment"):
        found.update(parse_environment(value))
    for path in (part for key, value in pairs if key == "EnvironmentFiles" for part in _FILE.findall(value)):
        try:
            text = read_trusted(host.files, path, path, 1 << 18).decode("utf-8", "replace")
        except FileNotFoundError:
            continue
        except OSError as error:
            return Unseen(f"{path}: {words_of(error)}")
        found.update(_of_environment_file(text))
    return Seen(found)


def _of_environment_file(text: str) -> dict[str, str]:
    """The assignments of an EnvironmentFile= that count (systemd.exec(5))."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and name.lower() in KEPT_VARIABLES:
            try:
                found[name] = "".join(shlex.split(value))
            except ValueError:
                found[name] = value.strip("\"'")
    return found


def addresses_of(host: Host, name: str) -> tuple[str, ...]:
    """The addresses of a name by the machine's own resolver, within two seconds; none where nobody answers."""
    try:
        done = host.commands.run(["getent", "ahosts", name], timeout=TIMEOUT)
    except CannotRun:
        return ()
    return tuple(dict.fromkeys(_ADDRESS.findall(done.output))) if done.returncode == 0 else ()
