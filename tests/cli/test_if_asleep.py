"""``restart --if-asleep`` looks at the endpoint as ``register`` does: with the VPC's own address blocks."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, List

import pytest

from ssm_bootstrap.cli import restart
from ssm_bootstrap.collect.region import RegionChoice
from ssm_bootstrap.collect.settings import Configuration
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.machine import Metadata
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.session import Session
from tests.fakes import IdleClock, RootedFiles, ScriptedCommands, ScriptedMachine, ScriptedNetwork
from tests.made import NO_CONFIG, REGION

PUBLIC = "11.0.1.5"
"""Outside of the private ranges: only the metadata service can tell that it lies in the VPC."""


class Told:
    """IMDS that has answered."""

    def __init__(self, *blocks: str) -> None:
        self.blocks = blocks

    def result(self) -> Metadata:
        """Its answer."""
        return Metadata(region=REGION, instance_id="i-1", vpc_id="vpc-1", ipv4_cidrs=self.blocks)


@pytest.mark.parametrize(
    ("blocks", "code"),
    [(("11.0.0.0/16",), "endpoint-blocked"), (("10.0.0.0/16",), "endpoint-missing")],
    ids=["of the VPC", "not"],
)
def test_an_address_of_the_vpc_is_told_from_one_of_the_internet(
    blocks: Any, code: str, files: RootedFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.put("/etc/resolv.conf", "nameserver 10.0.0.2\n")
    network = ScriptedNetwork({f"ssm.{REGION}.amazonaws.com": (PUBLIC,)}, {PUBLIC: TimeoutError("timed out")})
    host = Host(files=files, network=network, clock=IdleClock(), commands=ScriptedCommands({}), machine=ScriptedMachine())
    node = Identity(IdentityState.REGISTERED, "mi-0123456789abcdef0", REGION)
    told: Any = Told(*blocks)
    session = Session(host, Configuration(), node, NO_CONFIG, told, RegionChoice(Seen(REGION)))
    monkeypatch.setattr(restart, "look_at_logs", lambda session: ())
    monkeypatch.setattr(restart, "explain_logs", lambda *_, **__: None)
    monkeypatch.setattr(restart, "why_asleep", lambda *_: "it hibernates")
    said: List[str] = []
    outcome = restart._awake(session, Namespace(if_asleep=True, say=said.append))
    assert outcome is not None and outcome.finding is not None
    assert (outcome.finding.code, said) == (code, ["the agent is asleep: it hibernates"])
