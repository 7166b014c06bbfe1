"""What stands in the way of registering: this machine's own firewall is told as the doctor tells it, and read only in need."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from ssm_bootstrap.act.wait import Preflight
from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.findings import Finding, Severity
from ssm_bootstrap.model.site import NO_SITE
from tests.fakes import IdleClock, RootedFiles, ScriptedCommands, ScriptedMachine, ScriptedNetwork
from tests.made import INSIDE, NO_CONFIG, REGION, instance, wanted

SSM = f"ssm.{REGION}.amazonaws.com"
LISTED = ("nft", "list", "ruleset")


def ruleset(rule: str) -> str:
    return (
        "table inet f {\n\tchain o {\n\t\ttype filter hook output priority filter; policy accept;\n"
        f'\t\toifname "lo" accept\n\t\t{rule}\n\t}}\n}}\n'
    )


class Node:
    """A machine with a firewall, in front of a scripted network."""

    def __init__(self, files: RootedFiles, network: ScriptedNetwork, rule: str) -> None:
        files.put("/etc/resolv.conf", "nameserver 10.0.0.2\n")
        self.commands = ScriptedCommands({"nft list ruleset": ruleset(rule)})
        host = Host(files=files, network=network, clock=IdleClock(), commands=self.commands, machine=ScriptedMachine())
        self.preflight = Preflight(host, REGION, NO_CONFIG, ProxySettings(), instance(), NO_SITE)


def told(finding: Optional[Finding]) -> tuple[str, Severity]:
    assert finding is not None
    return finding.code, finding.severity


UP: dict[str, Any] = {"names": {SSM: (INSIDE,)}}
SILENT: dict[str, Any] = {"names": {SSM: (INSIDE,)}, "addresses": {INSIDE: TimeoutError("timed out")}}
NO_NAMES: dict[str, Any] = {"names": {SSM: TimeoutError("timed out")}}


@pytest.mark.parametrize(
    ("network", "rule", "code"),
    [
        (SILENT, "tcp dport 443 drop", "host-firewall"),
        (NO_NAMES, "udp dport 53 drop", "host-firewall"),
        (SILENT, "udp dport 5353 drop", "endpoint-blocked"),
        (SILENT, "meta skuid != 0 drop", "endpoint-blocked"),
        (SILENT, "tcp dport 443 limit rate over 9/second drop", "endpoint-blocked"),  # perhaps
        (NO_NAMES, "tcp dport 443 drop", "dns-silent"),
    ],
)
def test_rules_of_this_machine_are_the_cause_where_they_stop_it(
    files: RootedFiles, network: dict[str, Any], rule: str, code: str
) -> None:
    node = Node(files, ScriptedNetwork(**network), rule)
    assert told(node.preflight.look()) == (code, Severity.ERROR)
    assert node.commands.ran.count(LISTED) == 1
    assert told(node.preflight.look_at(wanted("ssm"))) == (code, Severity.ERROR)


def test_rules_are_not_read_where_the_way_is_open(files: RootedFiles) -> None:
    node = Node(files, ScriptedNetwork(**UP), "udp dport 5353 drop")
    assert node.preflight.look() is None
    assert node.commands.ran == []
