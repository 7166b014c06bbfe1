"""Variables of yum, dnf and zypper: their own, those in files, and the release that the system's packages tell.

Source: libdnf 0.69 conf/ConfigParser.cpp and dnf 4.14 rpm/__init__.py (detect_releasever); yum 3.4 parser.py (varReplace);
libzypp RepoVariables (``${var:-word}``, ``${var:+word}``), all read as stored copies, 2026-11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Sequence

from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.collect.patch.configured import problem_of
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import CannotRun
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.machine import SystemName
from ssm_bootstrap.model.patch import Problem
from ssm_bootstrap.model.site import Site

_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::([-+])([^${}]*))?\}|(\w+))")
MOST_FILLED = 1 << 16
"""Characters of a text with its variables filled in: values that name one another many times grow without an end."""

_BASEARCH = {"i386": "i386", "i486": "i386", "i586": "i386", "i686": "i386", "armv7l": "armhfp", "armv6l": "armhfp"}
_PROVIDES = ("system-release(releasever)", "system-release", "redhat-release", "suse-release", "distribution-release")
_MAJOR_ALONE = ("rhel", "centos", "rocky", "almalinux", "oracle")


@dataclass
class Variables:
    """Names and values; ``guessed`` says that the release is read from os-release alone."""

    values: dict[str, str] = field(default_factory=dict)
    guessed: bool = False

    def expand(self, text: str) -> tuple[str, tuple[str, ...]]:
        """The text with its variables filled in, and the names of those that nobody knows, which stay as they are."""
        unknown: list[str] = []

        def fill(found: re.Match[str]) -> str:
            name = found[1] or found[4]
            value = self.values.get(name, self.values.get(name.lower()))
            if found[2] == "-":
                return value or found[3]
            if found[2] == "+":
                return found[3] if value else ""
            if value is None:
                unknown.append(name)
                return found[0]
            return value

        for _ in range(8):  # a value may hold variables of its own; a circle of them ends here
            filled = _VARIABLE.sub(fill, text)
            if filled == text or unknown or len(filled) > MOST_FILLED:
                return filled[:MOST_FILLED], tuple(dict.fromkeys(unknown))
            text = filled
        return text, ()


def basearch(architecture: str) -> str:
    """The name that repositories give to a kernel's architecture."""
    return _BASEARCH.get(architecture, architecture)


def read_directories(files: Files, directories: Sequence[str], problems: list[Problem]) -> dict[str, str]:
    """One variable per file, its first line the value; a later directory goes before an earlier one."""
    found: dict[str, str] = {}
    for directory in directories:
        try:
            names = files.list(directory)
        except OSError as error:
            problems.append(problem_of(directory, error))
            continue
        for name in names[:500]:
            if not re.fullmatch(r"\w+", name):
                continue
            path = f"{directory}/{name}"
            try:
                value = (files.read_text(path, 4096).splitlines() or [""])[0].strip()
            except OSError as error:
                problems.append(problem_of(path, error))
                continue
            if "\0" in value:
                problems.append(Problem(path, 1, "not text", hides=True))
            else:
                found[name] = value
    return found


def variables_for(
    host: Host,
    system: SystemName,
    region: str,
    directories: Sequence[str],
    problems: list[Problem],
    site: Site,
) -> Variables:
    """Every variable of this system; what a file says goes before what is worked out."""
    arch = host.machine.architecture()
    found = {"arch": arch, "basearch": basearch(arch)}
    if region:
        found.update({"awsregion": region, "awsdomain": partition_of(region, site).domain})
    found.update({f"dnf{key[3:]}": value for key, value in host.environment.items() if re.fullmatch(r"DNF\d", key)})
    from_files = read_directories(host.files, directories, problems)
    guessed = False
    if "releasever" not in from_files:
        found["releasever"], guessed = release_of(host, system)
    found.update(from_files)
    major, _, minor = found.get("releasever", "").partition(".")
    found.setdefault("releasever_major", major)
    found.setdefault("releasever_minor", minor)
    return Variables({name: value for name, value in found.items() if name != "releasever" or value}, guessed)


def release_of(host: Host, system: SystemName) -> tuple[str, bool]:
    """What $releasever stands for, and whether it is a guess: the system's package tells, else os-release."""
    for name in _PROVIDES:
        asked = ["rpm", "-q", "--qf", "[%{PROVIDENAME}\t%{PROVIDEVERSION}\n]version\t%{VERSION}\n", "--whatprovides", name]
        try:
            done = host.commands.run(asked, timeout=5)
        except CannotRun:
            break
        if done.returncode != 0:
            continue
        pairs = [line.split("\t") for line in done.output.splitlines() if line.count("\t") == 1]
        told = {key: value.rpartition("-")[0] or value for key, value in pairs if value}
        value = told.get("system-release(releasever)") or told.get("distribution-release(releasever)") or told.get("version")
        if value:
            return value, False
    return _from_os_release(system), True


def _from_os_release(system: SystemName) -> str:
    if system.identifier == "amzn":
        found = re.search(r"\b(20\d\d\.\d+\.\d{8})\b", system.title)
        return found[1] if found else system.version.split(".")[0]
    return system.version.split(".")[0] if system.identifier in _MAJOR_ALONE else system.version
