"""What apt and dnf say of their own configuration: asked before their files are parsed, wherever they are there and answer.

Each runs in a child with a time limit. None of these questions opens a connection, waits for a lock of the package manager or
writes outside the scratch directory that dnf is given for its logs; dnf reads the release as ``rpm -q`` does (strace of apt 2.6
and dnf 4.14, 2026-11). What they say may hold passwords: it is never kept, and it is as hostile as the files.
A program is asked by its path below the root whose files are read, so that another tree's files are never mixed with this
machine's words. Not asked:

- zypper: ``zypper --no-refresh lr`` deletes the files of repositories whose service is gone, and opens the rpm database for
  writing (zypper 1.14.42, measured 2026-11): who only looks cannot ask it.
- yum of Amazon Linux 2, whose yum-config-manager could not be measured; dnf5, which has no ``--dump`` and so says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Mapping, Optional, Sequence

from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import CannotRun

APT_CONFIG = "/usr/bin/apt-config"
APT_GET = "/usr/bin/apt-get"
DNF = "/usr/bin/dnf"
TIMEOUT = 5.0
"""Seconds: a whole look at the repositories takes ten."""

MOST_SAID = 8 << 20
"""Bytes of an answer; a subscription's thousands of repositories take two megabytes."""

_NO_CACHE = ("Dir::Cache::pkgcache=", "Dir::Cache::srcpkgcache=", "Dir::State::lists=/dev/null", "Dir::State::status=/dev/null")
"""Else apt builds a cache of every package for two seconds, and root's apt writes it: sources need none (apt 2.6, measured)."""

_FIELDS = ("TARGET_OF", "SOURCESENTRY", "REPO_URI", "RELEASE", "COMPONENT")
_VARIABLE = re.compile(r"(\w+) = (.*)")
_VALUE = re.compile(r"([a-z_]+) = (.*)")


@dataclass(frozen=True)
class AptSource:
    """A source as apt takes it; ``number`` is the line of a list, or counts the stanzas of a deb822 file."""

    file: str
    number: int
    uri: str = field(repr=False)  # without the slash at its end
    suite: str = ""
    components: tuple[str, ...] = ()


@dataclass(frozen=True)
class DnfDump:
    """dnf's variables, and for each repository its settings as they count: filled in, the main section's included."""

    variables: Mapping[str, str] = field(repr=False)
    repositories: Mapping[str, Mapping[str, str]] = field(repr=False)


def apt_settings(host: Host) -> Optional[dict[str, str]]:
    """Every setting of apt's by its name in lower case; None where apt does not say."""
    said = _said(host, [APT_CONFIG, "dump", "--format", "%f\t%v%n"])
    if said is None:
        return None
    return {name.lower(): value for name, tab, value in (line.partition("\t") for line in said.splitlines()) if tab}


def apt_sources(host: Host) -> Optional[list[AptSource]]:
    """The sources of binary packages that apt uses, in its order; None where apt does not say, as with one it refuses."""
    form = "\t".join(f"$({name})" for name in _FIELDS)
    options = [word for setting in _NO_CACHE for word in ("-o", setting)]
    said = _said(host, [APT_GET, "indextargets", *options, "--no-release-info", "--format", form])
    if said is None:
        return None
    found: dict[tuple[str, int, str, str], list[str]] = {}
    for line in said.splitlines():
        cells = line.split("\t")
        file, _, number = cells[1].rpartition(":") if len(cells) == len(_FIELDS) else ("", "", "")
        if cells[0] != "deb" or not number.isdigit():
            continue
        components = found.setdefault((file, int(number), cells[2].rstrip("/"), cells[3]), [])
        if cells[4] not in components and not cells[4].startswith("$("):  # a flat source has none: its place is not filled in
            components.append(cells[4])
    return [AptSource(*key, tuple(components)) for key, components in found.items()]


def dnf_dump(host: Host) -> Optional[DnfDump]:
    """What dnf makes of its configuration; None where it does not say: no plugin config-manager, dnf5, a fault in dnf.conf."""
    if not host.files.is_executable(DNF):
        return None
    try:
        with host.commands.scratch() as scratch:
            places = [f"--setopt={name}={scratch}" for name in ("logdir", "cachedir", "persistdir")]
            only = ["--disableplugin=*", "--enableplugin=config-manager"]  # others ask the network, or write files of their own
            said = _said(host, [DNF, "-q", *only, *places, "config-manager", "--dump", "--dump-variables", "*"])
    except OSError:
        return None
    if said is None:
        return None
    variables: dict[str, str] = {}
    repositories: dict[str, dict[str, str]] = {}
    values: Optional[dict[str, str]] = None
    for line in said.splitlines():
        if line.startswith("[") and line.endswith("]"):
            values = repositories.setdefault(line[1:-1], {})
        elif values is None:
            found = _VARIABLE.fullmatch(line)
            if found:
                variables[found[1]] = found[2]
        else:
            found = _VALUE.fullmatch(line)
            if found:
                values[found[1]] = found[2].strip()
    return DnfDump(variables, repositories)


def _said(host: Host, argv: Sequence[str]) -> Optional[str]:
    """The whole of what a program says; None where it is not there, fails, is silent, or takes too long."""
    if not host.files.is_executable(argv[0]):
        return None
    plain = {"LC_ALL": "C", "APT_CONFIG": ""}  # the caller's is not the agent's
    try:
        done = host.commands.run(argv, timeout=TIMEOUT, environment=plain, most=MOST_SAID)
    except CannotRun:
        return None
    return done.output if done.returncode == 0 and done.is_whole and done.output.strip() else None
