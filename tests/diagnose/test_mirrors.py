"""The commands that put a mirror in a repository's place, given to the real sed: the lines that are meant, and no other."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Iterator, Sequence, Tuple

import pytest

from ssm_bootstrap.diagnose.patch.mirrors import commands
from ssm_bootstrap.model.findings import ShellCommand
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.patch import Manager, Repository
from ssm_bootstrap.render.shell import pasteable
from tests.scenarios.scenario import scenarios
from tests.scenarios.test_scenarios import played

HOME = "https://mine.s3.eu-west-1.amazonaws.com/"
ORACLE = "[ol8-base.x]\nname=base\nbaseurl=https://yum$ociregion.$ocidomain/repo/$basearch/\n[other]\nbaseurl=https://b/\n"
DEBIAN = (
    "deb http://deb.debian.org/debian bookworm main\n"
    "deb http://deb.debian.org/debian/ bookworm-updates main\n"
    "deb [arch=amd64] http://deb.debian.org/debian-security bookworm-security main\n"
)
DEB822 = "Types: deb\nURIs: http://archive.ubuntu.com/ubuntu\nSuites: noble\n"


def run(command: ShellCommand) -> None:
    """As it is pasted, its variables set on the line before; root is not asked for."""
    settings, text = pasteable([command])
    assert settings == "MIRROR_BUCKET=..."
    script = f'sudo() {{ "$@"; }}\n{settings.replace("...", "mine")}\n{text}\n'
    done = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "manager, text, items, after",
    [
        (
            Manager.DNF,
            ORACLE,
            [("ol8-base.x", "https://yum.oracle.com/repo/x86_64/")],
            ORACLE.replace("https://yum$ociregion.$ocidomain/repo/$basearch/", f"{HOME}ol8-base.x/"),
        ),
        (
            Manager.APT,
            DEBIAN,
            [
                ("bookworm main", "http://deb.debian.org/debian"),
                ("bookworm-security main", "http://deb.debian.org/debian-security"),
            ],
            DEBIAN.replace("http://deb.debian.org/debian/ ", f"{HOME}debian/ ")
            .replace("http://deb.debian.org/debian ", f"{HOME}debian/ ")
            .replace("http://deb.debian.org/debian-security ", f"{HOME}debian-security/ "),
        ),
        (
            Manager.APT,
            DEB822,
            [("noble main", "http://archive.ubuntu.com/ubuntu")],
            DEB822.replace("http://archive.ubuntu.com/ubuntu", f"{HOME}ubuntu/"),
        ),
        (Manager.ZYPPER, "[a]\nbaseurl=plugin:/susecloud?x=y\n", [("a", "https://smt-ec2.susecloud.net/a?***")], ""),
    ],
)
def test_the_commands_change_the_lines_that_are_meant(
    tmp_path: Path, manager: Manager, text: str, items: Sequence[Sequence[str]], after: str
) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    given = [Repository(name, str(path), 1, own=True, urls=(url,)) for name, url in items]
    for command in commands(manager, given, "eu-west-1", "amazonaws.com"):
        run(command)
    assert path.read_text() == (after or text)


def file_of(items: Sequence[Repository], manager: Manager) -> str:
    """A repository file that says what was seen of it."""
    if manager is not Manager.APT:
        key = {item.name: f"mirrorlist={item.lists[0]}" if item.lists else f"baseurl={item.urls[0]}" for item in items}
        return "".join(f"[{name}]\nenabled=1\n{line}\n" for name, line in key.items())
    return "".join(f"deb {item.urls[0]} {item.name}\n" for item in items)


def printed() -> Iterator[Tuple[str, ShellCommand]]:
    for scenario in scenarios():
        if " sed -i" not in scenario.expected_text.read_text(encoding="utf-8"):
            continue
        seen = value_of(played(scenario.name).observations.patching)
        if seen is not None and value_of(seen.repositories) is not None:
            commands = {one for finding in played(scenario.name).diagnosis.causes for one in finding.remedy.instance_commands}
            yield from ((scenario.name, one) for one in commands if " sed -i" in one.text)


def test_what_the_stories_print_changes_each_line_that_it_names(tmp_path: Path) -> None:
    told = list(printed())
    assert len(told) > 8
    for number, (story, command) in enumerate(told):
        seen = value_of(played(story).observations.patching)
        found = value_of(seen.repositories) if seen is not None else None
        assert found is not None
        *_, named = command.text.split()
        items = [item for item in found.items if item.file == named and item.enabled and item.own]
        path = tmp_path / f"{number}.list"
        path.write_text(file_of(items, found.manager))
        before = path.read_text().splitlines()
        run(replace(command, text=command.text.replace(named, str(path))))
        after = path.read_text().splitlines()
        changed = [new for old, new in zip(before, after) if old != new]
        assert (
            len(before) == len(after)
            and changed
            and all("https://mine.s3.ap-northeast-1.amazonaws.com/" in new for new in changed)
        )
        assert path.with_name(path.name + ".bak").read_text().splitlines() == before
        assert len(changed) >= command.text.count(" -e '"), story
