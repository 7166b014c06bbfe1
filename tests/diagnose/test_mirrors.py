"""The commands that put a mirror in a repository's place, given to the real sed: the lines that are meant, and no other."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Sequence

import pytest

from ssm_bootstrap.diagnose.patch.mirrors import commands
from ssm_bootstrap.model.patch import Manager, Repository

HOME = "https://<MIRROR-BUCKET>.s3.eu-west-1.amazonaws.com/"
ORACLE = "[ol8-base.x]\nname=base\nbaseurl=https://yum$ociregion.$ocidomain/repo/$basearch/\n[other]\nbaseurl=https://b/\n"
DEBIAN = (
    "deb http://deb.debian.org/debian bookworm main\n"
    "deb http://deb.debian.org/debian/ bookworm-updates main\n"
    "deb [arch=amd64] http://deb.debian.org/debian-security bookworm-security main\n"
)
DEB822 = "Types: deb\nURIs: http://archive.ubuntu.com/ubuntu\nSuites: noble\n"


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
        subprocess.run(["sh", "-c", command.text], check=True)
    assert path.read_text() == (after or text)
