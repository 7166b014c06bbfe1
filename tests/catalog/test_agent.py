"""Versions of the agent, and where a system wants an authority."""

from __future__ import annotations

import pytest

from ssm_bootstrap.catalog import agent
from ssm_bootstrap.catalog.agent import Landmark, package_key, parse_version, rows_of
from ssm_bootstrap.catalog.distributions import authority_place
from ssm_bootstrap.catalog.endpoints import NEEDS
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.capability import Capability


@pytest.mark.parametrize("text", ["", "3.3", "3.3.0.0", "v3.3.1.0", "3.3.x.0"])
def test_a_version_that_says_nothing(text: str) -> None:
    assert parse_version(text) is None
    assert agent.WORKER.is_reached_by(text) is None


def test_versions_are_numbers() -> None:
    assert agent.EC2MESSAGES_AS_FALLBACK.is_reached_by("3.3.40.0") is True
    assert agent.EC2MESSAGES_AS_FALLBACK.is_reached_by("3.3.9.0") is False


def test_every_landmark_has_a_version_and_a_source() -> None:
    found = [value for value in vars(agent).values() if isinstance(value, Landmark)]
    assert len(found) == 10
    assert all(parse_version(item.since) and item.what and item.source for item in found)


def test_only_the_message_channel_depends_on_the_version() -> None:
    for needs in NEEDS.values():
        for need in needs:
            assert rows_of(need, "3.3.1142.0") == rows_of(need, "") == need.any_of
    old = [rows_of(need, "3.1.820.0") for need in NEEDS[Capability.RUN_COMMAND]]
    assert ("ec2messages",) in old
    assert [rows_of(need, "3.1.820.0") for need in NEEDS[Capability.SESSION]] == [
        need.any_of for need in NEEDS[Capability.SESSION]
    ]


@pytest.mark.parametrize(
    ("system", "command"), [("amzn", "update-ca-trust"), ("ubuntu", "update-ca-certificates"), ("sles", "update-ca-certificates")]
)
def test_where_a_system_wants_an_authority(system: str, command: str) -> None:
    found = authority_place(system)
    assert found is not None
    assert found.command == command
    assert authority_place("plan9") is None


@pytest.mark.parametrize(
    ("identifier", "architecture", "key"),
    [
        ("ubuntu", "aarch64", "debian_arm64/amazon-ssm-agent.deb"),
        ("amzn", "x86_64", "linux_amd64/amazon-ssm-agent.rpm"),
        ("alpine", "x86_64", ""),
        ("ubuntu", "riscv64", ""),
    ],
)
def test_a_machine_with_an_old_agent_is_told_its_own_package(identifier: str, architecture: str, key: str) -> None:
    assert package_key(identifier, (), architecture) == key
    facts = {"region": "eu-west-1", "domain": "amazonaws.com", "agent_package": package_key(identifier, (), architecture)}
    texts = [command.text for command in make_finding("agent-too-old", "x", facts=facts).remedy.instance_commands]
    (download,) = [text for text in texts if text.startswith("curl ")]
    at = f"/amazon-ssm-eu-west-1/latest/{key or '<AGENT-PACKAGE>'}"
    assert f"{at} -o" in download and download.endswith(f"{at}.sig")
