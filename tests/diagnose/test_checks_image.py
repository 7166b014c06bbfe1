"""What is said of a machine's hygiene: nothing of a healthy node but information, and each fault with its severity."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any, Optional

import pytest

from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.diagnose.machine.image import meaning_of
from ssm_bootstrap.model.agent import Agent, AgentConfig, Identity, IdentityState, Unit
from ssm_bootstrap.model.codec import decode, encode
from ssm_bootstrap.model.findings import Diagnosis, Finding, Severity, State
from ssm_bootstrap.model.machine import Fingerprint, Image, MachineId, Metadata, RunningIdentity, SharedProfile
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import NOT_ASKED, Seen, Unseen
from tests.fakes import NOON
from tests.made import healthy, instance, observations

NODE = Identity(IdentityState.REGISTERED, "mi-0123456789abcdef0", "ap-northeast-1")
UNIT = Unit("amazon-ssm-agent.service", "loaded", "active", "running", 7)
AGENT = Agent(True, "deb", "/usr/bin/amazon-ssm-agent", "3.3.1142.0", Seen(UNIT), Seen(()))
CREDENTIALS = "/root/.aws/credentials"
FINE = Image(
    Seen(MachineId.FINE),
    True,
    Seen(Fingerprint(40, True, True)),
    Seen(RunningIdentity("OnPrem", NODE.managed_instance_id, CREDENTIALS)),
    Seen(SharedProfile(CREDENTIALS, "default", True)),
)
NOWHERE = instance(metadata=Unseen("this may be no EC2 instance"))
TAKES = "Agent will take identity from {}"


def seen(image: Image = FINE, **more: Any) -> Observations:
    """A node in a complete VPC."""
    given = {"identity": Seen(NODE), "agent": Seen(AGENT), **more}
    return observations(*healthy(), image=Seen(image), **given)


def codes(diagnosis: Diagnosis) -> dict[str, str]:
    """Code to severity; no check may have crashed."""
    assert diagnosis.crashed == ()
    return {finding.code: finding.severity.value for finding in diagnosis.findings}


def only(diagnosis: Diagnosis, code: str) -> Finding:
    """The one finding of a code."""
    (found,) = [finding for finding in diagnosis.findings if finding.code == code]
    return found


def configured(*order: str) -> Any:
    """An agent with this Identity.ConsumptionOrder."""
    return Seen(replace(AGENT, config=AgentConfig("/etc/amazon/ssm/amazon-ssm-agent.json", True, consumption_order=order)))


def logged(*said: tuple[str, int]) -> Any:
    """A log in which the agent took these identities, at minutes after noon."""
    lines = []
    for identity, minute in sorted(said, key=lambda one: one[1]):
        stamp = f"{NOON + timedelta(minutes=minute):%Y-%m-%d %H:%M:%S}.0000 INFO"
        lines += [f"{stamp} Proxy environment variables:", f"{stamp} {TAKES.format(identity)}"]
    text = "".join(f"{line}\n" for line in lines).encode()
    return Seen(read_stream([text], "amazon-ssm-agent.log", timezone.utc))


def test_a_healthy_node_gives_no_error_and_no_warning() -> None:
    """On EC2 its keys shadow the instance profile: information. Elsewhere there is nothing to tell at all."""
    assert codes(diagnose(seen())) == {"instance-profile-shadowed": "info"}
    elsewhere = diagnose(seen(instance=NOWHERE))
    assert codes(elsewhere) == {"imds-unreachable": "info"}
    assert all(item.verdict.value == "ok" for item in diagnose(seen()).capabilities)


def test_what_an_older_version_saved_has_none_of_it() -> None:
    old = encode(seen())
    del old["image"]
    again = decode(Observations, old)
    assert again.image == NOT_ASKED and codes(diagnose(again)) == {}


@pytest.mark.parametrize(
    "state, code",
    [
        (MachineId.MISSING, "machine-id-missing"),
        (MachineId.EMPTY, "machine-id-missing"),
        (MachineId.UNINITIALIZED, "machine-id-missing"),
        (MachineId.MALFORMED, "machine-id-missing"),
        (MachineId.PLACEHOLDER, "machine-id-shared"),
    ],
)
def test_a_machine_id_that_is_none(state: MachineId, code: str) -> None:
    for identity in (NODE, Identity(IdentityState.NOT_REGISTERED)):
        found = diagnose(seen(replace(FINE, machine_id=Seen(state)), identity=Seen(identity)))
        assert codes(found)[code] == "warning"
        assert only(found, code).breaks == () and only(found, code).evidence


def test_a_clone_is_told_before_the_agent_hits_it() -> None:
    found = diagnose(seen(replace(FINE, fingerprint=Seen(Fingerprint(40, False)))))
    finding = only(found, "fingerprint-mismatch")
    assert (finding.severity, finding.state, finding.subject) == (Severity.ERROR, State.NOW, NODE.managed_instance_id)
    assert {item.capability.value for item in found.capabilities if item.verdict.value == "broken"} == {
        *("run-command", "session", "patch", "agent-update")
    }
    assert found.errors[0] is finding


def test_a_clone_that_nobody_would_notice_is_a_warning() -> None:
    found = diagnose(seen(replace(FINE, fingerprint=Seen(Fingerprint(-1, False)))))
    assert codes(found) == {
        "fingerprint-mismatch": "warning",
        "similarity-threshold": "info",
        "instance-profile-shadowed": "info",
    }
    assert "-1" in only(found, "fingerprint-mismatch").evidence[0].excerpt and not found.errors


@pytest.mark.parametrize("saved", [None, Fingerprint(40), Fingerprint(40, True)])
def test_no_claim_without_both_sides(saved: Optional[Fingerprint]) -> None:
    assert "fingerprint-mismatch" not in codes(diagnose(seen(replace(FINE, fingerprint=Seen(saved)))))


def test_an_old_fingerprint_of_no_node_is_nobodys_fault() -> None:
    image = replace(FINE, fingerprint=Seen(Fingerprint(1, False)))
    assert codes(diagnose(seen(image, identity=Seen(Identity(IdentityState.NOT_REGISTERED))))) == {"not-registered": "error"}


@pytest.mark.parametrize(
    "value, words",
    [
        (-1, "nothing is compared"),
        (1, "machine-id alone"),
        (11, "machine-id alone"),
        (12, "12 % of the values"),
        (100, "100 % of the values"),
    ],
)
def test_a_threshold_has_a_meaning(value: int, words: str) -> None:
    assert words in meaning_of(value)
    found = only(diagnose(seen(replace(FINE, fingerprint=Seen(Fingerprint(value, True))))), "similarity-threshold")
    assert found.severity is Severity.INFO and f"{value}: {words}" in found.title


@pytest.mark.parametrize("had, severity", [(False, "info"), (True, "warning")])
def test_dmidecode_matters_where_it_was_there(had: bool, severity: str) -> None:
    image = replace(FINE, has_dmidecode=False, fingerprint=Seen(Fingerprint(40, True, had)))
    assert codes(diagnose(seen(image)))["dmidecode-missing"] == severity
    unregistered = diagnose(seen(image, identity=Seen(Identity(IdentityState.NOT_REGISTERED))))
    assert codes(unregistered)["dmidecode-missing"] == "info"
    assert "dmidecode-missing" not in codes(diagnose(seen(image, agent=Seen(Agent(False)))))


@pytest.mark.parametrize(
    "more",
    [
        {"instance": NOWHERE},
        {"instance": NOT_ASKED},
        {"instance": instance(metadata=Seen(Metadata()))},
        {"identity": Seen(Identity(IdentityState.NOT_REGISTERED))},
        {"image": replace(FINE, default_profile=Seen(None))},
        {"image": replace(FINE, default_profile=Seen(SharedProfile(CREDENTIALS, "default", False)))},
        {"image": replace(FINE, default_profile=Unseen("only root may read it"))},
    ],
)
def test_nothing_is_shadowed(more: Any) -> None:
    """Not EC2, not hybrid, no keys, keys of a person, or nobody could look."""
    image = more.pop("image", FINE)
    assert "instance-profile-shadowed" not in codes(diagnose(seen(image, **more)))


def test_the_price_of_a_share_profile_is_told() -> None:
    remedy = only(diagnose(seen()), "instance-profile-shadowed").remedy
    told = " ".join(remedy.steps)
    assert "Profile.ShareProfile" in told and "AWS-RunPatchBaseline" in told and "denied" in told


def test_what_root_alone_may_read_is_told_as_unseen() -> None:
    hidden = Unseen("x: only root may read it")
    image = Image(Seen(MachineId.FINE), True, hidden, hidden, hidden)
    found = diagnose(seen(image))
    assert codes(found) == {}
    assert [subject for subject, reason in found.unseen] == ["fingerprint", "running identity", "root's AWS credentials"]


RUNS_AS_EC2 = replace(FINE, running=Seen(RunningIdentity("EC2", "i-1")))


@pytest.mark.parametrize(
    "more, severity",
    [
        ({}, None),
        ({"image": RUNS_AS_EC2}, "error"),
        ({"image": RUNS_AS_EC2, "logs": logged(("EC2", 0), ("OnPrem", 1))}, None),
        ({"logs": logged(("EC2", 2), ("OnPrem", 1))}, "error"),
        ({"logs": logged(("OnPrem", 2), ("EC2", 1))}, None),
        ({"agent": configured("EC2", "OnPrem"), "logs": logged(("EC2", 0))}, "error"),
        ({"agent": configured("EC2", "OnPrem")}, "warning"),
        ({"agent": configured("EC2", "OnPrem"), "image": replace(FINE, running=Seen(None))}, "error"),
        ({"agent": configured("EC2", "OnPrem"), "instance": NOWHERE}, None),
        ({"agent": configured("EC2"), "instance": NOWHERE, "image": replace(FINE, running=Seen(None))}, "error"),
        ({"agent": configured("CustomIdentity", "OnPrem")}, None),
        ({"agent": configured("OnPrem", "EC2")}, None),
        ({"identity": Seen(Identity(IdentityState.NOT_REGISTERED)), "image": RUNS_AS_EC2}, None),
        ({"agent": Seen(replace(AGENT, unit=Seen(replace(UNIT, active_state="inactive")))), "image": RUNS_AS_EC2}, None),
    ],
)
def test_an_agent_that_is_not_the_hybrid_node(more: Any, severity: Optional[str]) -> None:
    """By its configuration, by what it wrote of itself, by its log: the newest word counts."""
    more = dict(more)
    found = diagnose(seen(more.pop("image", FINE), **more))
    assert codes(found).get("identity-not-hybrid") == severity
    if severity is not None:
        finding = only(found, "identity-not-hybrid")
        assert bool(finding.breaks) is (severity == "error") and finding.evidence
