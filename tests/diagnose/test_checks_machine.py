"""Checks of identity, agent, metadata and region."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Iterable, Optional

import pytest

from ssm_bootstrap.diagnose.agent import identity, service
from ssm_bootstrap.diagnose.case import Case, open_case
from ssm_bootstrap.diagnose.network import region
from ssm_bootstrap.diagnose.network.region import metadata
from ssm_bootstrap.model.agent import Agent, AgentConfig, Identity, IdentityState, Unit
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Finding, Severity
from ssm_bootstrap.model.machine import Impostor, Instance, Metadata
from ssm_bootstrap.model.network import Probe
from ssm_bootstrap.model.observations import Plan
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from tests.made import EVERYTHING, INSIDE, PUBLIC, REGION, observations, probe

BUT_REGISTER = tuple(name for name in EVERYTHING if name != "register")
MI = "mi-0123456789abcdef0"
REGISTERED = Seen(Identity(IdentityState.REGISTERED, MI, REGION))
UNIT = Unit("amazon-ssm-service.service", "loaded", "active", "running", 812)
AGENT = Agent(True, "rpm", "/usr/bin/amazon-ssm-agent", "3.3.1142.0", Seen(UNIT), Seen(()))


def case(**parts: Any) -> Case:
    return open_case(observations(**parts))


def only(found: Iterable[Any]) -> Finding:
    (one,) = found
    assert isinstance(one, Finding)
    return one


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (IdentityState.NOT_REGISTERED, "not-registered"),
        (IdentityState.LOST, "registration-lost"),
        (IdentityState.INTERRUPTED, "registration-interrupted"),
    ],
)
def test_a_node_without_identity_breaks_all_but_registering(state: IdentityState, code: str) -> None:
    found = only(identity.registration(case(identity=Seen(Identity(state, detail="what was seen", registration_file_id=MI)))))
    assert (found.code, found.subject, found.breaks, found.severity) == (code, MI, BUT_REGISTER, Severity.ERROR)
    (shown,) = found.evidence
    if state is IdentityState.INTERRUPTED:
        assert (shown.source, shown.locator) == ("journal", identity.JOURNAL)
    else:
        assert (shown.source, shown.excerpt) == ("vault", "what was seen")


def test_a_journal_that_tells_nothing_is_not_said_to_be_finished_by_the_next_run() -> None:
    cut = Identity(IdentityState.INTERRUPTED, detail="journal.json: expected a regular file", is_journal_unreadable=True)
    found = only(identity.registration(case(identity=Seen(cut))))
    assert (found.code, found.variant, found.evidence[0].excerpt) == ("registration-interrupted", "unreadable", cut.detail)
    assert f"sudo rm -r {identity.JOURNAL}" in [command.text for command in found.remedy.instance_commands]
    other = only(identity.registration(case(identity=Seen(Identity(IdentityState.INTERRUPTED)))))
    assert other.variant == "" and set(other.remedy.instance_steps).isdisjoint(found.remedy.instance_steps)


@pytest.mark.parametrize("seen", [REGISTERED, Unseen("not asked"), Seen(Identity(IdentityState.UNREADABLE, detail="why"))])
def test_a_node_with_one_or_that_nobody_could_look_at_is_no_finding(seen: Observed[Identity]) -> None:
    assert list(identity.registration(case(identity=seen))) == []


def test_an_identity_that_cannot_be_read_is_not_looked_at() -> None:
    unreadable = Seen(Identity(IdentityState.UNREADABLE, detail="/var/lib/x: only root may read it"))
    assert list(identity.unreadable(case(identity=unreadable))) == [("identity", "/var/lib/x: only root may read it")]
    assert list(identity.unreadable(case(identity=REGISTERED))) == []


def test_no_agent_breaks_everything() -> None:
    found = only(service.installed(case(agent=Seen(Agent(installed=False)))))
    assert (found.code, found.breaks) == ("agent-missing", EVERYTHING)
    assert list(service.installed(case(agent=Seen(AGENT)))) == []
    assert list(service.installed(case())) == []


def test_a_configuration_that_does_not_parse_keeps_the_service_from_starting() -> None:
    config = AgentConfig("/etc/amazon/ssm/amazon-ssm-service.json", True, "line 3, column 1: Expecting value")
    found = only(service.configuration(case(agent=Seen(replace(AGENT, config=config)))))
    assert (found.code, found.subject, found.breaks) == ("agent-config-invalid", config.path, BUT_REGISTER)
    assert config.problem in found.evidence[0].excerpt


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"active_state": "inactive", "sub_state": "dead", "main_pid": 0}, "is inactive (dead)"),
        ({"active_state": "failed", "sub_state": "failed", "main_pid": 0}, "is failed (failed)"),
        ({"active_state": "activating", "sub_state": "auto-restart", "main_pid": 0}, "is activating (auto-restart)"),
        ({"active_state": "inactive", "sub_state": "", "load_state": "masked"}, "is inactive, masked"),
    ],
)
def test_a_registered_node_whose_agent_does_not_run(changes: dict[str, Any], detail: str) -> None:
    here = replace(AGENT, unit=Seen(replace(UNIT, **changes)))
    found = only(service.running(case(agent=Seen(here), identity=REGISTERED)))
    assert (found.code, found.subject, found.breaks) == ("agent-not-running", UNIT.name, BUT_REGISTER)
    assert detail in found.evidence[0].excerpt


STOPPED = replace(AGENT, unit=Seen(replace(UNIT, active_state="inactive", main_pid=0)))


@pytest.mark.parametrize(
    ("here", "who"),
    [
        (AGENT, REGISTERED),
        (replace(AGENT, unit=Seen(replace(UNIT, active_state="activating"))), REGISTERED),
        (STOPPED, Seen(Identity(IdentityState.NOT_REGISTERED))),  # it has nothing to run for
        (STOPPED, Unseen("not asked")),
        (replace(AGENT, unit=Unseen("no systemd")), REGISTERED),
        (replace(STOPPED, installed=False), REGISTERED),
    ],
)
def test_an_agent_that_runs_or_need_not_is_no_finding(here: Agent, who: Observed[Identity]) -> None:
    assert list(service.running(case(agent=Seen(here), identity=who))) == []


def test_what_could_not_be_asked_of_the_agent_is_told() -> None:
    blind = replace(AGENT, unit=Unseen("no systemd"), processes=Unseen("no /proc"))
    assert list(service.not_looked_at(case(agent=Seen(blind)))) == [("agent unit", "no systemd"), ("agent processes", "no /proc")]
    assert list(service.not_looked_at(case(agent=Seen(Agent(installed=False))))) == []
    assert list(service.not_looked_at(case())) == []


# metadata and region


def machine(metadata: Any, impostor: Optional[Impostor] = None) -> Observed[Instance]:
    return Seen(Instance("x", "x", "1", "x86_64", "here", (), metadata, impostor))


@pytest.mark.parametrize(("region", "severity"), [(Seen(REGION), Severity.WARNING), (Unseen("nobody"), Severity.ERROR)])
def test_an_impostor_is_told_with_what_gave_it_away(region: Observed[str], severity: Severity) -> None:
    there = machine(Unseen("see impostor"), Impostor("a page instead of a token"))
    found = only(metadata(case(instance=there, plan=Plan("probe", region, "--region", EVERYTHING))))
    assert (found.code, found.severity) == ("imds-impostor", severity)
    assert found.evidence[0].excerpt == "a page instead of a token"


@pytest.mark.parametrize(("region", "severity"), [(Seen(REGION), Severity.INFO), (Unseen("nobody"), Severity.ERROR)])
def test_silent_metadata_matter_only_where_nobody_else_names_the_region(region: Observed[str], severity: Severity) -> None:
    here = case(instance=machine(Unseen("no answer in 1 s")), plan=Plan("probe", region, "--region", EVERYTHING))
    found = only(metadata(here))
    assert (found.code, found.severity) == ("imds-unreachable", severity)


def test_metadata_that_were_had_or_not_asked_for_are_no_finding() -> None:
    assert list(metadata(case())) == []
    assert list(metadata(case(instance=Unseen("not asked")))) == []


def test_regions_that_disagree_are_told() -> None:
    plan = Plan("probe", Seen(REGION), "--region", EVERYTHING, other_regions=(("the vault", "eu-west-1"), ("IMDS", REGION)))
    found = only(region.named(case(plan=plan)))
    assert (found.code, found.subject) == ("region-mismatch", REGION)
    assert found.evidence[0].excerpt == f"--region says {REGION}, the vault says eu-west-1"
    assert list(region.named(case())) == []


MISSING = probe("ssm", PUBLIC, Stage.TCP, Failure.TIMED_OUT)
NAMELESS = probe("ssm", None, Stage.DNS, Failure.NAME_UNKNOWN)
BLOCKED = probe("ssm", INSIDE, Stage.TCP, Failure.TIMED_OUT)
UNREGISTERED = Seen(Identity(IdentityState.NOT_REGISTERED))


@pytest.mark.parametrize(
    ("own", "probes", "who", "source", "count"),
    [
        ("eu-west-1", (MISSING,), UNREGISTERED, "--region", 1),
        ("eu-west-1", (NAMELESS,), UNREGISTERED, "--region", 1),
        ("eu-west-1", (MISSING,), UNREGISTERED, "", 1),
        ("eu-west-1", (MISSING,), Unseen("not asked"), "--region", 1),
        (REGION, (MISSING,), UNREGISTERED, "--region", 0),
        ("", (MISSING,), UNREGISTERED, "--region", 0),
        ("eu-west-1", (MISSING,), REGISTERED, "--region", 0),
        ("eu-west-1", (MISSING,), Seen(Identity(IdentityState.UNREADABLE)), "--region", 0),
        ("eu-west-1", (MISSING,), Unseen("not asked"), "the vault", 0),
        ("eu-west-1", (BLOCKED,), UNREGISTERED, "--region", 0),  # an address inside: somebody made a way
        ("eu-west-1", (MISSING, probe("ssmmessages", PUBLIC)), UNREGISTERED, "--region", 0),  # there is a way out
        ("eu-west-1", (probe("ssm", PUBLIC),), UNREGISTERED, "--region", 0),
    ],
)
def test_another_region_than_the_instances_that_nothing_leads_to(
    own: str, probes: tuple[Probe, ...], who: Any, source: str, count: int
) -> None:
    here = machine(Seen(Metadata(region=own, ipv4_cidrs=("10.0.0.0/16",))))
    seen = observations(*probes, instance=here, identity=who, plan=Plan("doctor", Seen(REGION), source, EVERYTHING))
    found = list(region.abroad(open_case(seen)))
    assert all(item.cause.startswith(f"{source} says" if source else "The region asked for is") for item in found)
    assert [(item.code, item.severity, "register" in item.breaks) for item in found] == [
        ("region-mismatch", Severity.ERROR, True)
    ] * count
