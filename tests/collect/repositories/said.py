"""The package managers' own words about a tree: asked offline here, or as they were recorded in tests/data/repositories-said.

``python -m tests.collect.repositories.said`` records dnf's again. It wants dnf and its plugin config-manager (in Debian a part
of dnf-plugins-core, which excludes zypper: unpacked with ``dpkg -x`` it does as well), found by ``DNF_PLUGINS``, the directory
that holds ``dnf-plugins`` and ``dnfpluginscore``.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, List, Optional, Sequence

from ssm_bootstrap.catalog.distributions import manager_of
from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.collect.patch.configured import ParsedRepositories, ParserContext
from ssm_bootstrap.collect.patch.dumps import DNF, dnf_dump
from ssm_bootstrap.collect.patch.repositories import READERS
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import Commands, Completed
from ssm_bootstrap.model.site import NO_SITE
from tests import caller
from tests.collect.repositories.trees import NAMES, TREES, expected, host_of, read
from tests.fakes import ScriptedCommands

RECORDED = TREES.parent / "repositories-said"
PROGRAMS = ("apt-config", "apt-get", "dnf", "zypper")


def alone(argv: List[str], **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a program without any network."""
    return subprocess.run(["unshare", "-rn", *argv], capture_output=True, text=True, timeout=60, **more)


def has_network_namespaces() -> bool:
    """Whether a program can be cut off here."""
    return shutil.which("unshare") is not None and alone(["true"]).returncode == 0


def tree_with_programs(name: str, tmp_path: Path) -> Path:
    """A copy of a tree that has the package managers' programs, so that they are asked, and what apt wants to find."""
    root = tmp_path / "root"
    shutil.copytree(TREES / name, root)
    for directory in ("usr/bin", "var/lib/apt/lists/partial", "var/lib/dpkg", "var/cache/apt", "etc/apt/apt.conf.d"):
        (root / directory).mkdir(parents=True, exist_ok=True)
    (root / "var/lib/dpkg/status").touch()
    for program in PROGRAMS:
        (root / "usr/bin" / program).touch(0o755)
    return root


class TreeCommands(Commands):
    """This machine's own apt and dnf, offline, made to look at a tree, with its paths as the tree's machine knows them."""

    def __init__(self, root: Path, release: str) -> None:
        super().__init__({"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        self._root, self._release = root, release
        self.ran: List[Sequence[str]] = []

    def run(self, argv: Sequence[str], **more: Any) -> Completed:
        """The answer of the program, were it the tree's."""
        self.ran.append(tuple(argv))
        plugins = caller.ENVIRONMENT.get("DNF_PLUGINS", "")  # of whoever starts the tests, or records
        environment = {**more.pop("environment", {}), "APT_CONFIG": str(self._apt_conf()), "PYTHONPATH": plugins}
        words = list(argv)
        if argv[0] == DNF:
            place = [f"--setopt=pluginpath={plugins}/dnf-plugins"] if plugins else []
            words = [argv[0], f"--installroot={self._root}", f"--releasever={self._release}", *place, *argv[1:]]
        done = super().run(["unshare", "-rn", *words], environment=environment, **more)
        return replace(done, output=done.output.replace(str(self._root), ""))

    def _apt_conf(self) -> Path:
        path = self._root.parent / "apt.conf"
        settings = (
            f'Dir "{self._root}"',
            'Dir::Bin::methods "/usr/lib/apt/methods"',
            'APT::Architecture "amd64"',
            'APT::Architectures:: "amd64"',
        )
        path.write_text("".join(f"{setting};\n" for setting in settings))
        return path


def reading(host: Host) -> ParsedRepositories:
    """All that a reader hands over, with what never gets into the model."""
    system = host.machine.system()
    manager = manager_of(system.identifier, system.version)
    assert manager is not None
    return READERS[manager](ParserContext(host, system, manager, "ap-northeast-1", ProxySettings(), NO_SITE)).read()


def parsed(name: str) -> ParsedRepositories:
    """What the files alone give, the release being known for sure, as dnf knows it."""
    release = read(TREES / name).release
    return reading(host_of(TREES / name, commands=ScriptedCommands({"rpm -q": f"version\t{release}\n"})))


def recorded(name: str) -> Optional[str]:
    """What dnf said of a tree."""
    path = RECORDED / f"{name}.txt"
    return path.read_text(encoding="utf-8") if path.exists() else None


class KeptCommands(TreeCommands):
    """The same, keeping what is said."""

    kept = ""

    def run(self, argv: Sequence[str], **more: Any) -> Completed:
        """The answer, kept but for the lines that name where dnf may write."""
        done = super().run(argv, **more)
        self.kept = "".join(f"{line}\n" for line in done.output.splitlines() if not line.startswith("cachedir = "))
        return done


def record() -> None:
    """Ask dnf about every tree of its own, and keep what it says."""
    RECORDED.mkdir(exist_ok=True)
    for name in (name for name in NAMES if expected(name)["manager"] == "dnf"):
        with tempfile.TemporaryDirectory() as directory:
            root = tree_with_programs(name, Path(directory))
            commands = KeptCommands(root, read(TREES / name).release)
            if dnf_dump(host_of(root, commands=commands)) is None:
                raise SystemExit(f"dnf says nothing of {name}: is its plugin config-manager there?")
            (RECORDED / f"{name}.txt").write_text(commands.kept, encoding="utf-8")


if __name__ == "__main__":
    record()
