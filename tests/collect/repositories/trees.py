"""The trees of tests/data/repositories: the configuration of one distribution each, and what is to be read from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.collect.patch.repositories import look_at_repositories
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import Commands
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.machine import Machine
from ssm_bootstrap.host.network import Network
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.model.patch import Repositories
from tests.fakes import ScriptedCommands

TREES = Path(__file__).resolve().parents[2] / "data" / "repositories"
NAMES = sorted(path.name for path in TREES.iterdir() if path.is_dir())


class TreeMachine(Machine):
    """The machine that a tree's os-release describes, with a usual processor."""

    def architecture(self) -> str:
        """What most instances have."""
        return "x86_64"


def host_of(root: Path, network: Optional[Network] = None, commands: Optional[Commands] = None, **more: Any) -> Host:
    """A host whose file system is a tree; no command is there unless one is given."""
    given: Dict[str, Any] = {"network": network} if network is not None else {}
    return Host(
        files=Files(str(root)), machine=TreeMachine(str(root)), commands=commands or ScriptedCommands({}), **given, **more
    )


def read(root: Path, region: str = "ap-northeast-1", **more: Any) -> Repositories:
    """What is read of a tree, without a packet."""
    found = look_at_repositories(host_of(root, **more), region, ProxySettings(), ask=False)
    assert isinstance(found, Seen), found
    return found.value


def expected(name: str) -> Mapping[str, Any]:
    """What a tree's own file says."""
    told: Mapping[str, Any] = json.loads((TREES / name / "expected.json").read_text(encoding="utf-8"))
    return told


def enabled_urls(found: Repositories) -> Dict[str, List[str]]:
    """Each enabled repository with the URLs that it names."""
    return {item.name: [*item.lists, *item.urls] for item in found.items if item.enabled}
