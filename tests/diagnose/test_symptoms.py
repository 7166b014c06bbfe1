"""Symptoms behind their cause: what is hidden, what never is, and the order of the report."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import permutations
from typing import Any

import pytest

from ssm_bootstrap.catalog.endpoints import service_of
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.diagnose.root_cause import hide_symptoms
from ssm_bootstrap.model.findings import Finding, Reason, Severity, State
from ssm_bootstrap.model.site import NO_SITE

SSM = "ssm.eu-west-1.amazonaws.com"
SSMMESSAGES = "ssmmessages.eu-west-1.amazonaws.com"
KMS = "kms.eu-west-1.amazonaws.com"
S3 = "s3.eu-west-1.amazonaws.com"
DUALSTACK = "s3.dualstack.eu-west-1.amazonaws.com"


def told(*findings: Finding) -> list[tuple[str, str | None]]:
    """(code, symptom_of) in the order of the report."""
    return [(finding.code, finding.symptom_of) for finding in hide_symptoms(findings)]


def about(code: str, subject: str, **more: Any) -> Finding:
    """A finding about the hosts and services that its subject lists, as the checks make it."""
    names = subject.split(", ")
    hosts = tuple(name for name in names if "." in name and not name[0].isdigit() and not name.endswith(".json"))
    services = tuple(dict.fromkeys(service for name in names for service in (service_of(name, NO_SITE),) if service))
    return make_finding(code, subject, **{"hosts": hosts, "services": services, **more})


def past(code: str, subject: str) -> Finding:
    return about(code, subject, state=State.PAST, logged=True)


def test_nothing_gives_nothing() -> None:
    assert hide_symptoms(()) == ()


@pytest.mark.parametrize(
    ("cause", "subject", "symptom", "of"),
    [
        ("dns-silent", "10.0.0.2", "endpoint-missing", SSM),
        ("dns-silent", "10.0.0.2", "s3-unreachable", S3),
        ("dns-refused", "10.0.0.2", "dns-unknown-name", SSM),
        ("dns-silent", "10.0.0.2", "agent-offline", "amazon-ssm-agent"),
        ("no-route", "this machine", "endpoint-missing", SSM),
        ("proxy-unreachable", "proxy", "endpoint-missing", SSM),
        ("s3-unreachable", S3, "patch-payload-unreachable", DUALSTACK),
        ("s3-https-blocked", S3, "patch-payload-unreachable", DUALSTACK),
        ("s3-denied", S3, "patch-payload-unreachable", DUALSTACK),
        ("s3-unreachable", S3, "repository-unreachable", "al2023-repos-eu-west-1-de612dc2.s3.dualstack.eu-west-1.amazonaws.com"),
        ("endpoint-missing", SSM, "credentials-refused", "role token"),
        ("endpoint-blocked", SSM, "agent-hibernating", "amazon-ssm-agent"),
        ("endpoint-refused", "ssm", "agent-offline", "amazon-ssm-agent"),
        ("endpoint-missing", SSMMESSAGES, "channel-down", "ssmmessages"),
        ("endpoint-missing", "vpce-0a1-b2.ssm.eu-west-1.vpce.amazonaws.com", "agent-offline", "amazon-ssm-agent"),
        ("tls-untrusted", SSM, "credentials-refused", "role token"),
        ("endpoint-missing", f"{KMS}, {SSM}", "credentials-refused", "role token"),
        ("dns-silent", f"{SSM}, {S3}, {DUALSTACK}", "patch-payload-unreachable", DUALSTACK),
        ("dns-silent", f"{SSMMESSAGES}, {SSM}", "tls-untrusted", SSM),
        ("clock-skewed", "clock", "credentials-refused", "role token"),
        ("clock-skewed", "clock", "tls-not-yet-valid", SSM),
        ("clock-skewed", "clock", "tls-expired", SSM),
        ("not-registered", "identity", "agent-not-running", "amazon-ssm-agent"),
        ("not-registered", "identity", "credentials-refused", "role token"),
        ("registration-lost", "identity", "not-registered", "identity"),
        ("agent-config-invalid", "amazon-ssm-agent.json", "agent-not-running", "amazon-ssm-agent"),
        ("agent-not-running", "amazon-ssm-agent", "agent-offline", "amazon-ssm-agent"),
        ("credentials-refused", "role token", "channel-down", "ssmmessages"),
    ],
)
def test_a_symptom_stands_behind_its_cause(cause: str, subject: str, symptom: str, of: str) -> None:
    for order in permutations((about(cause, subject), about(symptom, of))):
        assert told(*order) == [(cause, None), (symptom, cause)]


@pytest.mark.parametrize(
    ("one", "subject", "other", "of"),
    [
        ("endpoint-missing", SSM, "endpoint-blocked", SSMMESSAGES),
        ("endpoint-missing", SSM, "s3-unreachable", S3),
        ("endpoint-missing", KMS, "agent-offline", "amazon-ssm-agent"),
        ("endpoint-missing", "ec2messages.eu-west-1.amazonaws.com", "agent-offline", "amazon-ssm-agent"),
        ("endpoint-missing", SSMMESSAGES, "credentials-refused", "role token"),
        ("dns-unknown-name", SSMMESSAGES, "endpoint-blocked", SSM),
        ("dns-silent", SSMMESSAGES, "endpoint-blocked", SSM),
        ("dns-silent", f"{S3}, {SSMMESSAGES}", "endpoint-blocked", f"{SSMMESSAGES}, {SSM}"),
        ("no-route", S3, "endpoint-blocked", SSM),
        ("tls-untrusted", "mirror.example.org", "agent-offline", "amazon-ssm-agent"),
        ("s3-unreachable", S3, "repository-unreachable", "deb.debian.org"),
        ("s3-unreachable", S3, "agent-offline", "amazon-ssm-agent"),
    ],
)
def test_two_faults_stay_two(one: str, subject: str, other: str, of: str) -> None:
    assert {code for code, cause in told(about(one, subject), about(other, of)) if cause is None} == {one, other}


@pytest.mark.parametrize(
    ("side", "symptom", "hidden"),
    [
        ("behind", "tls-expired", False),
        ("behind", "tls-not-yet-valid", True),
        ("ahead of", "tls-expired", True),
        ("ahead of", "tls-not-yet-valid", False),
        ("behind", "credentials-refused", True),
        ("ahead of", "credentials-refused", True),
    ],
)
def test_a_clock_explains_the_certificates_of_its_own_side(side: str, symptom: str, hidden: bool) -> None:
    found = told(about("clock-skewed", SSM, reasons=(Reason(side),)), about(symptom, SSM))
    assert dict(found)[symptom] == ("clock-skewed" if hidden else None)


@pytest.mark.parametrize(
    ("code", "subject", "hidden"),
    [
        ("endpoint-missing", "ssm.us-east-1.amazonaws.com", True),
        ("endpoint-missing", SSM, False),
        ("endpoint-missing", f"ssm.us-east-1.amazonaws.com, {SSM}", False),
        ("agent-offline", "amazon-ssm-agent", True),
    ],
)
def test_a_configuration_explains_the_hosts_that_it_names(code: str, subject: str, hidden: bool) -> None:
    cause = about("config-elsewhere", "x.json", hosts=("ssm.us-east-1.amazonaws.com",), severity=Severity.ERROR)
    assert dict(told(cause, about(code, subject)))[code] == ("config-elsewhere" if hidden else None)


@pytest.mark.parametrize(
    ("code", "subject", "hidden"),
    [
        ("endpoint-missing", "ssm.us-east-1.amazonaws.com", True),
        ("s3-unreachable", "s3-fips-us-east-1.amazonaws.com", True),
        ("s3-unreachable", S3, False),
        ("repository-unreachable", "al2023-repos-eu-west-1-de612dc2.s3.dualstack.eu-west-1.amazonaws.com", False),
    ],
)
def test_a_region_that_is_not_meant_explains_its_own_hosts(code: str, subject: str, hidden: bool) -> None:
    found = told(about("region-mismatch", "us-east-1"), about(code, subject))
    assert dict(found)[code] == ("region-mismatch" if hidden else None)


def test_s3s_old_kind_of_name_is_of_s3_too() -> None:
    repository = "al2023-repos-us-gov-west-1-de612dc2.s3.dualstack.us-gov-west-1.amazonaws.com"
    found = told(about("s3-denied", "s3-fips-us-gov-west-1.amazonaws.com"), about("repository-unreachable", repository))
    assert dict(found)["repository-unreachable"] == "s3-denied"


def test_a_repository_may_be_known_to_lie_in_s3_by_no_host() -> None:
    repository = about("repository-unreachable", "amazonlinux", services=("s3",))
    assert told(repository, about("s3-unreachable", S3)) == [
        ("s3-unreachable", None),
        ("repository-unreachable", "s3-unreachable"),
    ]


def test_a_chain_is_led_back_to_its_root() -> None:
    findings = [
        about("agent-offline", "amazon-ssm-agent"),
        about("channel-down", "ssmmessages"),
        about("credentials-refused", "role token"),
        about("endpoint-blocked", SSM),
    ]
    for order in permutations(findings):
        found = told(*order)
        assert found[0] == ("endpoint-blocked", None)
        assert {cause for _, cause in found[1:]} == {"endpoint-blocked"}


def test_a_dead_resolver_is_the_one_line_left() -> None:
    hosts = (SSM, SSMMESSAGES, S3, DUALSTACK)
    findings = [past("endpoint-missing", host) for host in hosts] + [about("dns-silent", host) for host in hosts[:1]]
    assert [code for code, cause in told(*findings) if cause is None] == ["dns-silent"]


def test_what_a_log_told_never_hides_what_a_probe_sees_now() -> None:
    found = told(past("dns-silent", "10.0.0.2"), about("endpoint-blocked", SSM))
    assert found == [("endpoint-blocked", None), ("dns-silent", None)]
    assert ("agent-hibernating", None) in told(past("endpoint-missing", SSM), about("agent-hibernating", "agent"))


def test_a_cause_in_the_log_hides_a_symptom_in_the_log() -> None:
    assert told(past("agent-hibernating", "agent"), past("endpoint-missing", SSM)) == [
        ("endpoint-missing", None),
        ("agent-hibernating", "endpoint-missing"),
    ]


AT = datetime(2026, 11, 27, 10, 0, tzinfo=timezone.utc)


def seen(code: str, subject: str, *seconds: float) -> Finding:
    """What a log told between two moments, or at one."""
    first, last = AT + timedelta(seconds=seconds[0]), AT + timedelta(seconds=seconds[-1])
    return replace(past(code, subject), first=first, last=last)


@pytest.mark.parametrize(
    ("cause", "symptom", "hidden"),
    [
        ((0,), (0,), True),
        ((0, 3600), (600,), True),
        ((600, 3600), (0, 1200), True),
        ((0.2,), (0,), True),  # processes write out of order
        ((0,), (200,), True),  # the next line of the same fault has not come yet
        ((1200,), (0,), False),
        ((0,), (1200,), False),
        ((0, 600), (1800, 3600), False),
    ],
)
def test_a_cause_begins_before_its_effect_and_holds_while_it_lasts(
    cause: tuple[float, ...], symptom: tuple[float, ...], hidden: bool
) -> None:
    found = dict(told(seen("no-route", SSM, *cause), seen("tls-untrusted", SSM, *symptom)))
    assert found["tls-untrusted"] == ("no-route" if hidden else None)


def test_what_bears_no_time_may_have_any_cause() -> None:
    assert told(seen("no-route", SSM, 0), past("tls-untrusted", SSM))[1] == ("tls-untrusted", "no-route")


def test_a_refusal_in_the_log_explains_an_agent_that_is_offline_now() -> None:
    assert told(about("agent-offline", "agent"), past("credentials-refused", "role token"))[1] == (
        "agent-offline",
        "credentials-refused",
    )


def test_a_warning_never_hides_an_error() -> None:
    cause = replace(about("endpoint-missing", SSM), severity=Severity.WARNING)
    assert told(cause, about("agent-offline", "agent")) == [("agent-offline", None), ("endpoint-missing", None)]


def test_errors_come_first_then_warnings_then_information() -> None:
    found = told(
        about("already-registered", "identity"),
        about("public-path", SSM),
        about("agent-offline", "agent"),
        about("agent-not-running", "agent"),
    )
    assert found == [
        ("agent-not-running", None),
        ("agent-offline", "agent-not-running"),
        ("public-path", None),
        ("already-registered", None),
    ]


def test_roots_keep_the_order_in_which_they_were_found_and_now_goes_before_past() -> None:
    assert told(past("endpoint-missing", KMS), about("s3-unreachable", S3), about("endpoint-blocked", SSM)) == [
        ("s3-unreachable", None),
        ("endpoint-blocked", None),
        ("endpoint-missing", None),
    ]


def test_a_cause_that_a_check_has_named_stays() -> None:
    known = about("agent-offline", "agent", symptom_of="patch-platform")
    assert told(known, about("agent-not-running", "agent"))[-1] == ("agent-offline", "patch-platform")


def test_it_is_the_same_a_second_time() -> None:
    once = hide_symptoms([about("agent-offline", "agent"), about("dns-silent", "10.0.0.2"), past("no-route", SSM)])
    assert hide_symptoms(once) == once


@pytest.mark.parametrize("code", ["s3-http-blocked", "s3-unreachable", "region-mismatch", "dns-silent", "no-route"])
@pytest.mark.parametrize("variant", ["past-its-end", "nothing-on"])
def test_what_is_told_of_the_machines_own_files_follows_from_no_way(code: str, variant: str) -> None:
    cause = about(code, S3, severity=Severity.ERROR)
    own = make_finding("false-compliance", "Amazon Linux 2", variant=variant)
    assert dict(told(cause, own))["false-compliance"] is None
    skipped = about("false-compliance", S3, variant="skipped")
    assert dict(told(about("s3-http-blocked", S3), skipped))["false-compliance"] == "s3-http-blocked"
