"""From rows to needs to one verdict per capability."""

from __future__ import annotations

from typing import Any, Sequence

import pytest

from ssm_bootstrap.diagnose.case import open_case
from ssm_bootstrap.diagnose.verdicts import NeedVerdict, judge_capabilities, touched_by, with_severity
from ssm_bootstrap.model.capability import Capability, Verdict
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Finding, Remedy, Severity
from ssm_bootstrap.model.network import Probe
from tests.made import INSIDE, INSIDE_B, PUBLIC, healthy, observations, probe

OK, DEGRADED, BROKEN, UNKNOWN = Verdict.OK, Verdict.DEGRADED, Verdict.BROKEN, Verdict.UNKNOWN
MISSING = {name: probe(name, PUBLIC, Stage.TCP, Failure.TIMED_OUT) for name in ("ssm", "ssmmessages", "ec2messages")}
NOT_KNOWN = {name: probe(name, INSIDE, Stage.HTTP, Failure.UNKNOWN) for name in ("ssm", "ssmmessages", "ec2messages")}


def verdicts(*but: Probe) -> dict[str, Verdict]:
    """The worst verdict on each capability's needs in a VPC that is complete but for some probes."""
    case = open_case(observations(*healthy(*but)))
    return {item.capability.value: item.verdict for item in judge_capabilities(case.capabilities, case.needs, (), looked=True)}


def differing(*but: Probe) -> dict[str, Verdict]:
    return {name: verdict for name, verdict in verdicts(*but).items() if verdict is not OK}


def every(verdict: Verdict, *without: str) -> dict[str, Verdict]:
    return {item.value: verdict for item in Capability if item.value not in without}


def test_a_complete_vpc_is_ok() -> None:
    assert verdicts() == every(OK)


S3_DROPPED = {
    name: probe(name, PUBLIC, Stage.TCP, Failure.TIMED_OUT)
    for name in ("s3-regional", "s3-bucket", "s3-bucket-http", "s3-dualstack", "s3-dualstack-http")
}


@pytest.mark.parametrize(
    ("but", "expected"),
    [
        ([MISSING["ssm"]], every(BROKEN)),
        ([NOT_KNOWN["ssm"]], every(UNKNOWN)),
        (
            [MISSING["ssmmessages"]],
            {"session": BROKEN, "run-command": DEGRADED, "patch": DEGRADED, "agent-update": DEGRADED},
        ),
        ([MISSING["ec2messages"]], {}),  # the regular way works
        ([MISSING["ssmmessages"], MISSING["ec2messages"]], every(BROKEN, "register")),
        ([NOT_KNOWN["ssmmessages"], MISSING["ec2messages"]], every(UNKNOWN, "register")),
        (
            [NOT_KNOWN["ssmmessages"]],
            {"session": UNKNOWN},  # run-command has a fallback that is seen to work
        ),
        ([S3_DROPPED["s3-dualstack"]], {"patch": BROKEN}),
        ([S3_DROPPED["s3-dualstack-http"]], {"patch": BROKEN}),
        ([S3_DROPPED["s3-regional"]], {"agent-update": BROKEN}),
        ([S3_DROPPED["s3-bucket"]], {"agent-update": DEGRADED}),
        ([S3_DROPPED["s3-bucket-http"]], {}),
        ([S3_DROPPED["s3-bucket"], S3_DROPPED["s3-bucket-http"]], {"agent-update": BROKEN}),
        (list(S3_DROPPED.values()), {"patch": BROKEN, "agent-update": BROKEN}),
        ([probe("kms", PUBLIC, Stage.TCP, Failure.TIMED_OUT), probe("logs", INSIDE, Stage.TCP, Failure.REFUSED)], {}),
        ([probe("ssm"), probe("ssm", INSIDE_B, Stage.TCP, Failure.TIMED_OUT)], every(DEGRADED)),
        (
            [MISSING["ssmmessages"], probe("ec2messages"), probe("ec2messages", INSIDE_B, Stage.TCP, Failure.TIMED_OUT)],
            {"session": BROKEN, "run-command": DEGRADED, "patch": DEGRADED, "agent-update": DEGRADED},
        ),
    ],
)
def test_a_verdict_is_that_of_the_worst_need(but: Sequence[Probe], expected: dict[str, Verdict]) -> None:
    assert differing(*but) == expected


def finding(code: str, severity: Severity = Severity.ERROR, **more: Any) -> Finding:
    return Finding(code, severity, "subject", "title", "cause", Remedy("change"), **more)


def judged(needs: Sequence[Verdict], *findings: Finding, looked: bool = True) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict on sessions."""
    rows = [NeedVerdict(Capability.SESSION, verdict) for verdict in needs]
    ((found),) = judge_capabilities([Capability.SESSION], rows, findings, looked)
    return found.verdict, found.because


BREAKS = {"breaks": ("session",)}


@pytest.mark.parametrize(
    ("needs", "findings", "verdict", "because"),
    [
        ([OK], [], OK, ()),
        ([], [], UNKNOWN, ()),  # nothing was dialled
        ([OK, UNKNOWN], [], UNKNOWN, ()),
        ([OK, UNKNOWN, DEGRADED], [], DEGRADED, ()),
        ([OK, UNKNOWN, DEGRADED, BROKEN], [], BROKEN, ()),
        ([OK], [finding("not-registered", **BREAKS)], BROKEN, ("not-registered",)),
        ([UNKNOWN], [finding("not-registered", **BREAKS)], BROKEN, ("not-registered",)),
        ([OK], [finding("not-registered", breaks=("patch",))], OK, ()),
        ([OK], [finding("public-path", Severity.WARNING, **BREAKS)], DEGRADED, ("public-path",)),
        ([DEGRADED], [finding("endpoint-missing", degrades=("session",))], DEGRADED, ("endpoint-missing",)),
        (
            [BROKEN],
            [finding("b-symptom", symptom_of="a-cause", **BREAKS), finding("a-cause", **BREAKS), finding("a-cause", **BREAKS)],
            BROKEN,
            ("a-cause", "b-symptom"),
        ),
        ([BROKEN], [finding("x", degrades=("session",)), finding("y", **BREAKS)], BROKEN, ("y",)),
        # the cause stands first though it would not break this capability by itself
        (
            [BROKEN],
            [finding("a-cause", breaks=("patch",)), finding("b", symptom_of="a-cause", **BREAKS)],
            BROKEN,
            ("a-cause", "b"),
        ),
    ],
)
def test_findings_of_the_machine_count_too(
    needs: Sequence[Verdict], findings: Sequence[Finding], verdict: Verdict, because: tuple[str, ...]
) -> None:
    assert judged(needs, *findings) == (verdict, because)


def test_where_nothing_of_the_network_was_looked_at_nothing_is_ok() -> None:
    assert judged([OK], looked=False) == (UNKNOWN, ())
    assert judged([], finding("agent-missing", **BREAKS), looked=False) == (BROKEN, ("agent-missing",))


def test_rows_touch_the_capabilities_that_they_leave_with_a_verdict() -> None:
    needs = (
        NeedVerdict(Capability.SESSION, BROKEN, ("ssmmessages",)),
        NeedVerdict(Capability.RUN_COMMAND, DEGRADED, ("ssmmessages",)),
        NeedVerdict(Capability.PATCH, BROKEN, ("s3-dualstack",)),
        NeedVerdict(Capability.PATCH, BROKEN, ("ssmmessages",)),
    )
    assert touched_by(["ssmmessages", "kms"], needs, BROKEN) == ("session", "patch")
    assert touched_by(["ssmmessages"], needs, DEGRADED) == ("run-command",)
    assert touched_by(["kms"], needs, BROKEN) == ()


@pytest.mark.parametrize(
    ("given", "severity"),
    [
        (finding("x", breaks=("patch",)), Severity.ERROR),
        (finding("x", degrades=("patch",)), Severity.WARNING),
        (finding("x"), Severity.INFO),
        (finding("x", Severity.WARNING), Severity.WARNING),
        (finding("x", Severity.INFO, degrades=("patch",)), Severity.INFO),
    ],
)
def test_a_finding_is_as_bad_as_what_it_does(given: Finding, severity: Severity) -> None:
    assert with_severity(given).severity is severity
