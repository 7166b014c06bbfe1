"""The package managers themselves, offline, over the same trees: our reading gives the same URLs as dnf, apt and zypper."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Set

import pytest

from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.collect.patch.asking import Question
from ssm_bootstrap.collect.patch.repositories import look_at_repositories
from ssm_bootstrap.model.site import NO_SITE
from tests.collect.repositories.said import alone, has_network_namespaces
from tests.collect.repositories.trees import NAMES, TREES, enabled_urls, expected, host_of, read

DNF_VIEW = """
import json, sys, dnf
root, release = sys.argv[1:3]
base = dnf.Base()
base.conf.read(root + "/etc/dnf/dnf.conf")
base.conf.reposdir = [root + "/etc/yum.repos.d"]
base.conf.substitutions.update({"arch": "x86_64", "basearch": "x86_64"})
base.conf.substitutions.update_from_etc(root)
base.conf.substitutions["releasever"] = base.conf.substitutions.get("releasever") or release
base.read_all_repos()
print(json.dumps({repo.id: {"enabled": bool(repo.enabled), "skips": bool(repo.skip_if_unavailable),
    "urls": [*filter(None, (repo.metalink, repo.mirrorlist)), *repo.baseurl]} for repo in base.repos.values()}))
"""
PYTHON = "/usr/bin/python3"


def has_dnf() -> bool:
    """Whether dnf's own library is here."""
    return has_network_namespaces() and alone([PYTHON, "-c", "import dnf"]).returncode == 0


def of(manager: str) -> List[str]:
    """The trees of a package manager."""
    return [name for name in NAMES if expected(name)["manager"] == manager]


@pytest.mark.skipif(not has_dnf(), reason="dnf is not installed")
@pytest.mark.parametrize("name", of("dnf"))
def test_dnf_sees_the_same(name: str) -> None:
    found = read(TREES / name)
    done = alone([PYTHON, "-c", DNF_VIEW, str(TREES / name), found.release])
    assert done.returncode == 0, done.stderr
    theirs: Dict[str, Dict[str, Any]] = json.loads(done.stdout)
    left_out = {problem.file for problem in found.problems if problem.hides}
    for path in left_out:  # a file with one broken line is left out as a whole, which the problem says
        assert f"failed loading '{TREES / name}{path}', skipping" in done.stderr
    ours = {item.name: item for item in found.items if item.file not in left_out}
    assert set(theirs) == set(ours)
    for repository, told in theirs.items():
        assert told["enabled"] is ours[repository].enabled
        if not told["enabled"]:
            continue
        urls = [url.replace("REGION", "ap-northeast-1") for url in told["urls"]]  # RHUI's plugin is not here
        masked = [re.sub(r"\?X-Amz.*", "?***", re.sub(r"//[^/@]*@", "//", url)) for url in urls]
        assert masked == enabled_urls(found)[repository]
        if not ours[repository].skipped_by.startswith("the default"):
            assert told["skips"] is bool(ours[repository].skipped_by)


def apt_root(name: str, tmp_path: Path) -> Path:
    """A tree with what else apt wants to find."""
    root = tmp_path / "root"
    shutil.copytree(TREES / name, root)
    for directory in ("var/lib/apt/lists/partial", "var/lib/dpkg", "var/cache/apt", "etc/apt/apt.conf.d"):
        (root / directory).mkdir(parents=True, exist_ok=True)
    (root / "var/lib/dpkg/status").touch()
    text = f'Dir "{root}"; Dir::Bin::methods "/usr/lib/apt/methods"; APT::Architecture "amd64"; APT::Architectures:: "amd64";'
    (tmp_path / "apt.conf").write_text(text)
    return root


@pytest.mark.skipif(not (has_network_namespaces() and shutil.which("apt-get")), reason="apt is not installed")
@pytest.mark.parametrize("name", [name for name in of("apt") if "broken" not in name])
def test_apt_asks_for_the_same_files(name: str, tmp_path: Path) -> None:
    apt_root(name, tmp_path)
    environment = {"APT_CONFIG": str(tmp_path / "apt.conf"), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    done = alone(["apt-get", "update", "--print-uris"], env=environment)
    assert done.returncode == 0, done.stderr
    theirs = set(re.findall(r"'(\S+/InRelease)'", done.stdout))
    assert theirs and theirs == {question.place.shown for question in asked(name) if question.what == "InRelease"}
    listed = alone(
        ["apt-get", "indextargets", "--no-release-info", "--format", "$(CREATED_BY) $(SITE) $(RELEASE)"], env=environment
    )
    packages = {line.split(" ", 1)[1] for line in listed.stdout.splitlines() if line.startswith("Packages ")}
    ours = read(TREES / name)
    mine = {f"{item.urls[0].rstrip('/')} {item.name.split(' ')[0]}" for item in ours.items if item.enabled}
    assert {line.replace("/ ", " ") for line in packages if not line.endswith("./")} <= mine | {""}


@pytest.mark.skipif(not (has_network_namespaces() and shutil.which("apt-get")), reason="apt is not installed")
def test_apt_refuses_what_we_report(tmp_path: Path) -> None:
    apt_root("debian-11-broken", tmp_path)
    (tmp_path / "root/etc/apt/apt.conf.d/99circle").unlink()
    environment = {"APT_CONFIG": str(tmp_path / "apt.conf"), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    done = alone(["apt-get", "update", "--print-uris"], env=environment)
    assert done.returncode != 0 and "sources.list" in done.stderr


def asked(name: str) -> Set[Question]:
    """What would be asked of a tree's repositories, first of all."""
    from ssm_bootstrap.catalog.distributions import manager_of
    from ssm_bootstrap.collect.patch.apt import AptReader
    from ssm_bootstrap.collect.patch.configured import ParserContext

    host = host_of(TREES / name)
    system = host.machine.system()
    manager = manager_of(system.identifier, system.version)
    assert manager is not None
    reading = AptReader(ParserContext(host, system, manager, "ap-northeast-1", ProxySettings(), NO_SITE)).read()
    return {Question(wish.what, wish.place) for item in reading.found for wish in item.wishes}


@pytest.mark.skipif(not (has_network_namespaces() and shutil.which("zypper")), reason="zypper is not installed")
@pytest.mark.parametrize("name", of("zypper"))
def test_zypper_sees_the_same(name: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(TREES / name, root)
    for path in (root / "etc/zypp/repos.d").iterdir():  # zypper removes what belongs to a service that it does not know
        path.write_text(re.sub(r"service=.*\n", "", path.read_text()))
    (root / "var/lib/rpm").mkdir(parents=True)
    (root / "etc/zypp/vars.d").mkdir(exist_ok=True)
    words = f"--root {root} --no-refresh --releasever {read(TREES / name).release} lr -u"
    script = f"mount --bind {root}/etc/zypp /etc/zypp && exec zypper {words}"
    done = subprocess.run(["unshare", "-rnm", "sh", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [[cell.strip() for cell in line.split("|")] for line in done.stdout.splitlines() if line[:1].isdigit()]
    theirs = {row[1]: row[-1] for row in rows if row[3] == "Yes"}
    found = look_at_repositories(host_of(TREES / name), "ap-northeast-1", ProxySettings(), ask=False)
    assert theirs.keys() == enabled_urls(found.value).keys()  # type: ignore[union-attr]
    for repository, url in theirs.items():
        path = url.partition("path=")[2] if url.startswith("plugin:") else url
        (ours,) = enabled_urls(read(TREES / name))[repository]
        assert ours.endswith(path)
