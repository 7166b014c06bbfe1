"""Repository files made to hurt: each is told with its file and line where there is one, what is sound is read, time ends."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping, Tuple

import pytest

from ssm_bootstrap.collect.inifile import MOST_VALUE
from ssm_bootstrap.collect.patch.apt import MOST_ENTRIES
from ssm_bootstrap.collect.patch.configured import MOST_URLS, shown
from ssm_bootstrap.collect.patch.variables import MOST_FILLED
from ssm_bootstrap.model.patch import Repositories
from tests.collect.repositories.trees import read

ROCKY = 'ID="rocky"\nVERSION_ID="9.4"\nPRETTY_NAME="Rocky Linux 9.4"\n'
UBUNTU = 'ID=ubuntu\nVERSION_ID="22.04"\nPRETTY_NAME="Ubuntu 22.04"\n'
SOUND = "[sound]\nbaseurl=http://m.example.com/\n"


def tree(root: Path, system: str, files: Mapping[str, bytes]) -> Repositories:
    """What is read of these files."""
    for name, content in {"os-release": system.encode(), **files}.items():
        path = root / "etc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return read(root)


@pytest.mark.parametrize(
    "files, problem",
    [
        ({"yum.repos.d/a.repo": b"#" * 5000 + b"\n[a]\nbaseurl=file:///x\0y\n"}, "/etc/yum.repos.d/a.repo: not text"),
        ({"dnf/vars/a": b"x\0y\n"}, "/etc/dnf/vars/a:1: not text"),
        (
            {"yum.repos.d/a.repo": b"[a]\nbaseurl=http://x/\n" + b" http://y/\n" * 400_000},
            f"/etc/yum.repos.d/a.repo:6555: a value of more than {MOST_VALUE >> 10} KB: the rest of it is left out",
        ),
    ],
    ids=["nul", "nul-in-a-variable", "long-value"],
)
def test_a_file_that_is_no_text_or_without_an_end(tmp_path: Path, files: Mapping[str, bytes], problem: str) -> None:
    found = tree(tmp_path, ROCKY, {**files, "yum.repos.d/z.repo": SOUND.encode()})
    assert [str(item) for item in found.problems] == [problem]
    assert found.items[-1].name == "sound"
    assert all(len(item.urls) <= MOST_URLS for item in found.items)


def test_variables_that_name_one_another_many_times_do_not_fill_the_memory(tmp_path: Path) -> None:
    bomb = {f"dnf/vars/{name}": f"${after}".encode() * 1000 for name, after in zip("abcdef", "bcdefa")}
    found = tree(tmp_path, ROCKY, {**bomb, "yum.repos.d/a.repo": b"[a]\nbaseurl=http://x/$a\n" + SOUND.encode()})
    assert [item.name for item in found.items] == ["a", "sound"]
    assert len(found.items[0].urls[0]) <= MOST_FILLED


@pytest.mark.parametrize(
    "name, content, problem",
    [
        (
            "sources.list.d/a.sources",
            "Types: deb\nURIs: " + "http://h/ " * 3000 + "\nSuites: " + "s " * 3000 + "\nComponents: main\n",
            f"a.sources:1: more than {MOST_ENTRIES} sources: nothing is read from here on",
        ),
        ("sources.list", "deb http://x " + "[" * 300_000, "sources.list:1: a line of more than 64 KB, which is not read"),
        ("sources.list", ("deb http://x " + "[" * 65_000 + "\n") * 125, "sources.list:125: expected deb "),
        ("sources.list", ("deb [a=b] http://x " + '"x' * 30_000 + "\n") * 125, "sources.list:125: expected deb "),
        ("apt.conf", "a b;\n/* " * 100_000, ""),
        ("apt.conf", '# x\n"a";\n' * 200_000, "apt.conf: longer than 1 MB: the rest of it was not read"),
    ],
    ids=["cross-product", "brackets", "many-brackets", "many-quotes", "comments", "long"],
)
def test_apt_s_files_are_read_in_bounded_time(tmp_path: Path, name: str, content: str, problem: str) -> None:
    """Each is so long that whatever reads a letter more than a few times does not end before the suite's own time-out."""
    found = tree(tmp_path, UBUNTU, {f"apt/{name}": content.encode(), "apt/sources.list.d/0.list": b"deb http://m/ jammy main\n"})
    assert "jammy main" in [item.name for item in found.items]
    assert any(problem in str(item) for item in found.problems) if problem else not found.problems


@pytest.mark.parametrize(
    "url, words",
    [
        ("http://user:canary?ss@host/x", "http://***"),
        ("http://user:12?canary@host/x", "http://***"),
        ("http://user:12#canary@host/x", "http://host/x"),
        ("http://user:canary/ss@host/x", "http://host/x"),
        ("ftp://host/x?key=a@canary", "ftp://***"),
        ("https://packagecloud.io/priv/canary/acme/el/9/", "https://packagecloud.io/priv/***/acme/el/9/"),
        ("https://dl.cloudsmith.io/canary/acme/tools/deb/ubuntu", "https://dl.cloudsmith.io/***/acme/tools/deb/ubuntu"),
        ("https://dl.cloudsmith.io/public/acme/tools/deb/ubuntu", "https://dl.cloudsmith.io/public/acme/tools/deb/ubuntu"),
        ("https://mirror.example.com/priv/a/", "https://mirror.example.com/priv/a/"),
    ],
)
def test_what_may_be_shown_of_a_url(url: str, words: str) -> None:
    assert shown(url) == words


def owners(found: Repositories) -> Tuple[Tuple[str, bool], ...]:
    """Each repository's name, and whether it is the distribution's own."""
    return tuple((item.name, item.own) for item in found.items)


def test_a_mirror_of_the_archive_stays_the_distributions_own_beside_its_security_archive(tmp_path: Path) -> None:
    archive = b"deb http://mirror.corp.example/ubuntu jammy main universe\n"
    security = b"deb http://security.ubuntu.com/ubuntu jammy-security main\n"
    found = tree(tmp_path, UBUNTU, {"apt/sources.list": archive + security})
    assert owners(found) == (("jammy main universe", True), ("jammy-security main", True))


@pytest.mark.parametrize(
    "system, files, nothing_on",
    [
        (ROCKY, {"yum.repos.d/redhat.repo": b"# managed by subscription-manager\n"}, True),
        (ROCKY, {"yum.repos.d/a.repo": b"[a]\nbaseurl=http://x/\nenabled=0\n"}, True),
        (ROCKY, {"yum.repos.d/a.repo": SOUND.encode()}, False),
        (ROCKY, {}, False),
        (UBUNTU, {"apt/sources.list": b"# see ubuntu.sources\n"}, True),
        (UBUNTU, {"apt/sources.list": b"deb http://m/ jammy main\n"}, False),
    ],
)
def test_files_without_one_repository_switched_on(
    tmp_path: Path, system: str, files: Mapping[str, bytes], nothing_on: bool
) -> None:
    assert tree(tmp_path, system, files).nothing_on is nothing_on
