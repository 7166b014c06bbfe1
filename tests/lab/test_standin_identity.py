"""Whom the stand-in agent takes itself for, and how long its credentials carry it."""

from __future__ import annotations

import json
from typing import Iterator

import pytest

from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.lab.plays import ASLEEP, CUT, ONLINE, STATUS, TOKEN, UNIT, Stage
from tests.lab.standin import channel
from tests.lab.standin.web import Reply
from tests.story import DATA

pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """One lab for all tests here."""
    with Lab(CASES["complete"]) as running:
        yield running


@pytest.fixture
def stage(lab: Lab) -> Stage:
    """A machine that nobody has registered."""
    new = Stage(lab, 0.02, node="")
    new.set("complete")
    return new


def test_an_instance_with_a_role_works_as_an_ec2_node(stage: Stage) -> None:
    """Registered by itself, online under the instance's id, its credentials in no file; kept over a restart."""
    stage.lab.offer_role()
    stage.start()
    stage.wait("[EC2Identity] EC2 registration was successful.")
    stage.wait("EC2RoleProvider Successfully connected with instance profile role credentials")
    stage.wait(ONLINE)
    config = json.loads(stage.lab.read(f"{DATA}/runtimeconfig/identity_config.json"))
    assert (config["IdentityType"], config["InstanceId"], config["ShareFile"]) == ("EC2", "i-0123456789abcdef0", "")
    assert "control-channel/i-0123456789abcdef0" in stage.log() and not stage.lab.exists("/root/.aws")
    stage.restart()
    stage.wait("[EC2Identity] Registration info found for ec2 instance")
    stage.wait("Credentials ready")
    stage.wait("Starting credentials refresher loop")


def test_a_hybrid_registration_comes_before_the_instance(stage: Stage) -> None:
    """The running agent stays what it is until it is restarted; the vault has both identities."""
    stage.start()
    stage.wait(ASLEEP)
    stage.register()
    assert "Agent will take identity from OnPrem" not in stage.log()
    kept = {name: json.loads(stage.lab.read(f"{DATA}/Vault/{name}")) for name in ("Manifest", "EC2Manifest")}
    assert {name: sorted(keys) for name, keys in kept.items()} == {
        "Manifest": ["InstanceFingerprint", "RegistrationKey"],
        "EC2Manifest": ["EC2RegistrationKey"],
    }
    stage.restart()
    stage.wait("Agent will take identity from OnPrem")


def test_where_no_identity_can_be_had_the_agent_ends(stage: Stage) -> None:
    """Metadata is silent and nobody has registered: three looks, and 0 is the exit status."""
    stage.lab.apply(CASES["imds-silent"])
    done = stage.lab.run(["/usr/bin/amazon-ssm-agent"])
    assert done.returncode == 0 and done.stdout.count("Agent failed to assume any identity") == 3
    assert "Error occurred when starting amazon-ssm-agent: failed to get identity: failed to find agent identity" in done.stdout


def test_a_deregistration_shows_only_when_the_credentials_run_out(stage: Stage) -> None:
    """Kept ones are used without a question; the refusal comes at half of their life, and at its end the worker is dumb."""
    stage.fail(token_seconds=300)
    stage.chance(0.1)
    stage.begin()
    stage.fail(errors={TOKEN: "InvalidInstanceId"})
    asked = len([row for row in stage.lab.requests() if str(row["target"]).endswith(TOKEN)])
    stage.restart()
    stage.wait("Credentials ready")
    stage.wait(ONLINE)
    assert len([row for row in stage.lab.requests() if str(row["target"]).endswith(TOKEN)]) == asked
    stage.wait("Retrieve credentials produced error: InvalidInstanceId: lab")
    stage.wait("[HealthCheck] error when calling AWS APIs. error details - shared credentials are already expired", anew=False)
    assert stage.lab.exists("/root/.aws/credentials")


def test_a_process_that_was_told_to_stop_goes_on_for_seven_seconds(stage: Stage) -> None:
    """What it has under way is written after the signal; a killed one writes nothing more."""
    stage.begin()
    stage.systemctl("stop", UNIT)
    said = stage.log().partition("got signal:terminated")[2].rpartition("got signal:terminated")[2].splitlines()
    assert said[1].endswith("Stopping Core Agent") and said[-1].endswith("[amazon-ssm-agent] Bye.")
    stage.start()
    stage.wait(ONLINE)
    stage.systemctl("kill", "-s", "KILL", UNIT)
    stage.wait("Proxy environment variables:")
    assert stage.log().count("[amazon-ssm-agent] Bye.") == 2


def test_who_is_denied_the_channel_falls_back_on_the_long_poll(stage: Stage) -> None:
    """And comes back when it is not denied any more."""
    stage.begin()
    stage.chance(0.5)
    stage.fail(errors={"CreateControlChannel": "AccessDeniedException"})
    stage.lab.ask_aws(cut=True)
    stage.wait(CUT)
    stage.wait(f"{STATUS}ec2messages")
    stage.fail()
    stage.wait(ONLINE)


@pytest.mark.parametrize(
    "body", [b"", b'{"TokenValue": "lab"}', b"<CreateControlChannelResponse></CreateControlChannelResponse>"]
)
def test_an_answer_without_a_token_makes_no_channel(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    """201 alone is not enough."""
    monkeypatch.setattr(channel, "send", lambda *_, **__: Reply(201, "Created", {}, body, ""))
    with pytest.raises(channel.TokenFailure, match="failed to unmarshal createControlChannel response: EOF"):
        channel.ControlChannel("ssmmessages.example", "mi-1").create()
