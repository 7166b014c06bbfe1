"""What the nouns say of themselves."""

from __future__ import annotations

import pytest

from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Diagnosis, Finding, Remedy, Severity
from ssm_bootstrap.model.network import Proxy
from ssm_bootstrap.model.observed import Seen, Unseen, reason_of, value_of
from tests.made import probe


def test_exit_statuses_are_frozen() -> None:
    assert {item.name: int(item) for item in ExitStatus} == {
        "OK": 0,
        "FOUND": 1,
        "USAGE": 2,
        "NO_INPUT": 66,
        "UNREACHABLE": 69,
        "BUG": 70,
        "TRY_LATER": 75,
        "NO_PERMISSION": 77,
        "BAD_CONTENT": 78,
        "INTERRUPTED": 130,
    }


def test_a_refusal_is_its_message() -> None:
    refusal = Refusal(ExitStatus.BAD_CONTENT, "file: expected better")
    assert (str(refusal), refusal.status, refusal.message) == ("file: expected better", 78, "file: expected better")


def test_failures_and_stages_are_the_closed_lists_of_the_design() -> None:
    assert [stage.value for stage in Stage] == ["dns", "tcp", "proxy", "tls", "http"]
    assert {failure.value for failure in Failure} == {
        *("name-unknown", "resolver-silent", "resolver-refused", "refused", "unreachable", "local-policy", "timed-out"),
        *("reset", "closed", "exhausted", "not-tls", "untrusted-issuer", "expired", "not-yet-valid", "wrong-name"),
        *("handshake-failed", "proxy-denied", "proxy-auth-required", "not-aws", "denied", "unknown"),
    }


def test_a_probe_knows_how_far_it_came() -> None:
    cut = probe("ssm", stage=Stage.TLS, failure=Failure.RESET)
    assert cut.reached(Stage.TCP) and not cut.reached(Stage.TLS) and not cut.reached(Stage.HTTP)
    assert cut.failed is cut.last and cut.last.failure is Failure.RESET
    assert probe("ssm").failed is None
    assert [rung.stage for rung in probe("s3-bucket-http").stages] == [Stage.DNS, Stage.TCP, Stage.HTTP]
    assert [rung.stage for rung in probe("ssm", proxied=Proxy("p", 3128, "unit")).stages] == list(Stage)


@pytest.mark.parametrize(("observed", "value", "reason"), [(Seen(0), 0, ""), (Seen(""), "", ""), (Unseen("why"), None, "why")])
def test_observed_is_a_value_or_a_reason(observed: Seen[object], value: object, reason: str) -> None:
    assert value_of(observed) == value
    assert reason_of(observed) == reason


def test_a_diagnosis_tells_errors_and_causes_apart() -> None:
    cause = Finding("no-route", Severity.ERROR, "a", "t", "c", Remedy("r"))
    symptom = Finding("agent-offline", Severity.ERROR, "b", "t", "c", Remedy("r"), symptom_of="no-route")
    remark = Finding("public-path", Severity.WARNING, "c", "t", "c", Remedy("r"))
    diagnosis = Diagnosis(findings=(cause, symptom, remark))
    assert diagnosis.errors == (cause, symptom)
    assert diagnosis.causes == (cause, remark)
