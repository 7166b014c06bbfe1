"""A failure on a way that may not be the agent's: a warning that breaks nothing; and an agent that is offline."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Optional, Sequence

import pytest

from ssm_bootstrap.catalog.findings import KINDS
from ssm_bootstrap.diagnose.agent import service
from ssm_bootstrap.diagnose.case import in_doubt, open_case
from ssm_bootstrap.diagnose.correlate import cross, seen_beside_logs
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.diagnose.logs.explain import LogDiagnosis
from ssm_bootstrap.model.agent import Agent, AgentConfig, AgentProcess, Identity, IdentityState, Unit
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Finding, Severity, State
from ssm_bootstrap.model.machine import Instance, Metadata, ProxySide, Surroundings
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import NOT_ASKED, Observed, Seen, Unseen
from ssm_bootstrap.model.timeline import EndedBy, Ending, Incident
from tests.fakes import NOON
from tests.made import EVERYTHING, INSIDE, REGION, healthy, observations, probe

PATH = "/etc/amazon/ssm/amazon-ssm-agent.json"
UNIT = Unit("amazon-ssm-agent.service", "loaded", "active", "running", 812)
REGISTERED = Seen(Identity(IdentityState.REGISTERED, "mi-0123456789abcdef0", REGION))
BLOCKED = healthy(probe("ssm", INSIDE, Stage.TCP, Failure.TIMED_OUT))
NO_ROUTE = tuple(probe(name, INSIDE, Stage.TCP, Failure.UNREACHABLE) for name in ("ssm", "ssmmessages", "ec2messages"))
BLOCKED_CODE = make_finding("endpoint-blocked", f"ssm.{REGION}.amazonaws.com", state=State.PAST, logged=True, breaks=("session",))


def seen(
    *probes: Any,
    unreadable: str = "",
    side: Observed[ProxySide] = NOT_ASKED,
    minutes: float = 60,
    worker: bool = False,
    credentials: Observed[Any] = NOT_ASKED,
    version: str = "3.3.1142.0",
) -> Observations:
    began = (NOON - timedelta(minutes=minutes)).timestamp()
    names = ("amazon-ssm-agent", "ssm-agent-worker") if worker else ("amazon-ssm-agent",)
    processes = tuple(AgentProcess(812 + place, name, began) for place, name in enumerate(names))
    config = AgentConfig(PATH, bool(unreadable), unreadable=unreadable)
    agent = Agent(True, "rpm", "/usr/bin/amazon-ssm-agent", version, Seen(UNIT), Seen(processes), config)
    around = Surroundings(service=side, credentials_from=credentials)
    return observations(*(probes or healthy()), agent=Seen(agent), identity=REGISTERED, surroundings=Seen(around))


@pytest.mark.parametrize(
    "what",
    [{"unreadable": "permission denied"}, {"side": Unseen("/etc/sysconfig/amazon-ssm-agent: permission denied")}],
    ids=["configuration", "environment"],
)
def test_a_failure_on_a_way_that_may_not_be_the_agents_breaks_nothing(what: dict[str, Any]) -> None:
    sure, unsure = (diagnose(seen(*BLOCKED, **more)) for more in ({"side": Seen(ProxySide("unit"))}, what))
    assert [one.severity for one in sure.findings if one.code == "endpoint-blocked"] == [Severity.ERROR]
    (found,) = [one for one in unsure.findings if one.code == "endpoint-blocked"]
    assert (found.severity, found.breaks, found.degrades) == (Severity.WARNING, (), ())
    assert "permission denied" in found.evidence[-1].excerpt
    verdicts = {item.capability.value: item.verdict for item in unsure.capabilities}
    assert verdicts["register"] is Verdict.UNKNOWN
    assert Verdict.BROKEN not in verdicts.values()


def test_what_stands_in_the_way_of_every_host_is_sure_all_the_same() -> None:
    found = diagnose(seen(*NO_ROUTE, unreadable="permission denied"))
    assert [one.severity for one in found.findings if one.code == "no-route"] == [Severity.ERROR]


def test_what_answers_is_in_no_doubt() -> None:
    found = diagnose(seen(*healthy(), unreadable="permission denied", worker=True))
    assert {item.verdict for item in found.capabilities} == {Verdict.OK}


@pytest.mark.parametrize("code", [kind.code for kind in KINDS if kind.is_fetched])
def test_a_failed_fetch_is_in_doubt_for_a_proxy_alone(code: str) -> None:
    finding = make_finding(code, "mirror.example", breaks=("patch",))
    by_proxy = in_doubt(open_case(seen(side=Unseen("permission denied"))), finding)
    assert (by_proxy.severity, by_proxy.breaks) == (Severity.WARNING, ())
    assert in_doubt(open_case(seen(unreadable="permission denied")), finding) == finding


# the agent that is offline


def offline(what: Observations) -> Optional[Finding]:
    return next(iter(service.offline(open_case(what))), None)


def test_a_core_without_credentials_and_worker_for_long_is_offline() -> None:
    found = offline(seen(credentials=Seen(None)))
    assert found is not None
    assert (found.code, found.severity) == ("agent-offline", Severity.ERROR)
    assert set(found.breaks) == set(EVERYTHING) - {"register"}
    assert "60 minutes" in found.evidence[0].excerpt


@pytest.mark.parametrize(
    "what",
    [
        {"credentials": Seen(NOON - timedelta(minutes=20))},  # worker-missing tells of it
        {"credentials": Unseen("only root may read it")},
        {"credentials": NOT_ASKED},
        {"credentials": Seen(None), "worker": True},
        {"credentials": Seen(None), "minutes": 9},
        {"credentials": Seen(None), "version": "2.3.1.0"},  # it has no worker
        {"credentials": Seen(None), "version": ""},
    ],
)
def test_what_is_no_proof_of_being_offline(what: dict[str, Any]) -> None:
    assert offline(seen(**what)) is None


def test_what_is_known_explains_it() -> None:
    found = diagnose(seen(*BLOCKED, credentials=Seen(None)))
    (told,) = [one for one in found.findings if one.code == "agent-offline"]
    assert told.symptom_of == "endpoint-blocked"


def of_the_log(*findings: Finding, over: Sequence[Incident] = ()) -> LogDiagnosis:
    return LogDiagnosis(findings=findings, incidents=tuple(over), history=tuple(over))


def test_an_agent_that_sleeps_after_a_fault_that_is_mended_is_a_warning() -> None:
    here = offline(seen(credentials=Seen(None)))
    assert here is not None
    mended = Incident("endpoint-blocked", "ssm", None, None, None, 1, ending=Ending(EndedBy.PROBE, "a probe reaches it now"))
    (told,) = cross(open_case(seen(credentials=Seen(None))), (here,), of_the_log(over=[mended]))
    assert (told.code, told.severity, told.breaks) == ("agent-offline", Severity.WARNING, ())


# the shell's proxy


@pytest.mark.parametrize(
    ("severity", "breaks"), [(Severity.ERROR, ("session",)), (Severity.WARNING, ())], ids=["error", "warning"]
)
def test_what_the_log_tells_of_the_agents_own_way_is_not_contradicted_by_the_shells_proxy(
    severity: Severity, breaks: tuple[str, ...]
) -> None:
    mismatch = make_finding("proxy-mismatch", "amazon-ssm-agent.service", severity=severity)
    assert seen_beside_logs(open_case(seen()), (mismatch,)).reaches == ()
    _, logged = cross(open_case(seen()), (mismatch,), of_the_log(BLOCKED_CODE))
    assert (logged.symptom_of, logged.severity, logged.breaks) == ("proxy-mismatch", severity, breaks)


def test_a_mismatch_that_is_a_remark_leaves_the_log_to_the_probes() -> None:
    mismatch = make_finding("proxy-mismatch", "amazon-ssm-agent.service", severity=Severity.INFO)
    assert seen_beside_logs(open_case(seen(*healthy())), (mismatch,)).reaches != ()
    _, logged = cross(open_case(seen()), (mismatch,), of_the_log(BLOCKED_CODE))
    assert (logged.symptom_of, logged.severity) == (None, BLOCKED_CODE.severity)


def test_a_log_that_tells_of_something_else_is_no_matter_of_the_proxy() -> None:
    mismatch = make_finding("proxy-mismatch", "amazon-ssm-agent.service", severity=Severity.ERROR)
    other = make_finding("activation-expired", "activation", breaks=("register",))
    _, logged = cross(open_case(seen()), (mismatch,), of_the_log(other))
    assert (logged.symptom_of, logged.severity) == (None, Severity.ERROR)


def test_what_the_metadata_tells_is_in_the_commands() -> None:
    told = Metadata(vpc_id="vpc-1", subnet_id="subnet-1", instance_id="i-1", security_groups=("sg-1", "sg-2"))
    machine = Instance("Amazon Linux 2023", "amzn", "2023", "x86_64", "here", metadata=Seen(told))
    silent = probe("ssm", INSIDE, Stage.TCP, Failure.TIMED_OUT)
    (found,) = [one for one in diagnose(observations(silent, instance=Seen(machine))).findings if one.code == "endpoint-blocked"]
    texts = " ".join(command.text for command in found.remedy.aws_commands)
    for word in ("--instance-ids i-1", "Values=sg-1,sg-2 ", "--group-id sg-1 ", "Values=subnet-1 ", "Values=vpc-1"):
        assert word in texts
    assert set(re.findall(r"<([A-Z-]+)>", texts)) == {
        "CIDR",
        "OTHER-RULE-NUMBER",
        "ENDPOINT-SECURITY-GROUP-ID",
        "NETWORK-ACL-ID",
        "PREFIX-LIST-ID",
        "RULE-NUMBER",
    }
