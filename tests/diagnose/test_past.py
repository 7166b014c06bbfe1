"""What a log tells that no longer holds, what a log confirms, and the facts that a finding's check did not know."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.diagnose.findings import make_finding, with_known
from ssm_bootstrap.diagnose.logs.explain import explain_logs
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Finding, Severity
from ssm_bootstrap.model.observations import LogDigest, Observations, Plan
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.model.site import NO_SITE
from ssm_bootstrap.model.timeline import EndedBy, Ending, Incident
from ssm_bootstrap.render.selection import shown_evidence
from tests.made import EVERYTHING, PUBLIC, REGION, healthy, observations, probe

SSM = f"ssm.{REGION}.amazonaws.com"
LOG = "/var/log/amazon/ssm/errors.log"
FAILED = f'[CredentialRefresher] Retrieve credentials produced error: Post "https://{SSM}/": dial tcp {PUBLIC}:443: i/o timeout'
MI = "mi-02117ab6c0a35dc0a"


def lines(*said: tuple[str, str, str]) -> LogDigest:
    """A digest of records: time, level and message."""
    text = "".join(f"2026-11-23 {at}.0000 {level} {message}\n" for at, level, message in said)
    return read_stream(iter([text.encode()]), LOG, timezone.utc)


def looked(digest: LogDigest, *probes: object, registered: bool = True) -> Observations:
    identity = Identity(IdentityState.REGISTERED, MI, REGION) if registered else Identity(IdentityState.NOT_REGISTERED)
    return observations(*healthy(*probes), identity=Seen(identity), logs=Seen(digest))  # type: ignore[arg-type]


def the(code: str, seen: Observations) -> Finding:
    (found,) = [finding for finding in diagnose(seen).findings if finding.code == code]
    return found


BROKEN = lines(("05:50:06", "ERROR", FAILED))


def over(code: str, seen: Observations) -> Incident:
    """What the history tells of a code, which no finding tells."""
    told = diagnose(seen)
    assert not any(finding.code == code for finding in told.findings)
    (found,) = [item for item in told.history if item.code == code]
    return found


def ended(code: str, seen: Observations) -> tuple[EndedBy, str]:
    ending = over(code, seen).ending
    assert ending is not None
    return ending.by, ending.words


def test_what_a_probe_contradicts_is_history() -> None:
    found = over("endpoint-missing", looked(BROKEN))
    assert (found.subject, found.count, found.last) == (SSM, 1, datetime(2026, 11, 23, 5, 50, 6, tzinfo=timezone.utc))
    assert ended("endpoint-missing", looked(BROKEN)) == (EndedBy.PROBE, "a probe reaches it now")


def test_what_is_broken_otherwise_now_is_no_fault_of_then() -> None:
    seen = looked(BROKEN, probe("ssm", "10.0.0.5", Stage.TCP, Failure.REFUSED))
    assert ended("endpoint-missing", seen)[0] is EndedBy.OTHER_FAULT


@pytest.mark.parametrize("host", ["ssm.us-east-1.amazonaws.com", "mirror.example.com"])
def test_of_a_host_that_no_probe_dials_nobody_says_that_it_works(host: str) -> None:
    assert REGION != "us-east-1"
    seen = looked(lines(("05:50:06", "ERROR", FAILED.replace(SSM, host))))
    assert ended("endpoint-missing", seen)[0] is EndedBy.NOT_ASKED_FOR


def test_probes_of_another_region_contradict_no_log() -> None:
    found = the("endpoint-missing", replace(looked(BROKEN), plan=ELSEWHERE))
    assert found.severity is Severity.ERROR


def test_what_the_log_itself_ends_is_told_with_both_times() -> None:
    healed = lines(("05:50:06", "ERROR", FAILED), ("06:12:33", "INFO", "[CredentialRefresher] Credentials ready"))
    for found in (explain_logs(healed, NO_SITE).history[0], over("endpoint-missing", looked(healed))):
        assert found.ending == Ending(
            EndedBy.GOOD_SIGN, "credentials-ready", datetime(2026, 11, 23, 6, 12, 33, tzinfo=timezone.utc)
        )
        assert found.last == datetime(2026, 11, 23, 5, 50, 6, tzinfo=timezone.utc)


def test_evidence_of_a_log_names_its_file_and_line() -> None:
    two = lines(("05:00:00", "INFO", "nothing"), ("05:50:06", "ERROR", FAILED))
    (found,) = explain_logs(two, NO_SITE).findings
    assert [(item.source, item.locator) for item in found.evidence] == [(LOG, f"{LOG}:2")]


def test_a_line_that_confirms_a_probe_is_among_the_evidence_that_is_shown() -> None:
    dead = [probe(name, PUBLIC, Stage.TCP, Failure.TIMED_OUT) for name in ("ssm", "ssmmessages", "ec2messages")]
    found = the("endpoint-missing", looked(BROKEN, *dead))
    assert found.confirmed_by == ("agent log",)
    assert len(found.evidence) > 3 and f"{LOG}:1" in [item.locator for item in shown_evidence(found)]


def test_what_a_log_does_not_know_is_taken_from_the_node() -> None:
    token = "[CredentialRefresher] Retrieve credentials produced error: AccessDeniedException: no"
    found = the("credentials-refused", looked(lines(("05:50:06", "ERROR", token))))
    text = repr(found)
    assert "<MI>" not in text and "<REGION>" not in text and MI in text


def test_an_unknown_fact_is_a_word_in_a_sentence_and_a_mark_in_a_command() -> None:
    found = make_finding("node-deregistered", "x")
    assert "<MI>" not in found.cause and "this node" in found.cause
    assert any("<MI>" in command.text for command in found.remedy.commands)


@pytest.mark.parametrize("odd", ["$(reboot)", "a b", "x'x", "a;b"])
def test_a_fact_that_a_shell_would_run_comes_into_no_command(odd: str) -> None:
    found = with_known(make_finding("node-deregistered", "x"), {"mi": odd, "region": odd})
    assert not any(odd in command.text for command in found.remedy.commands)
    assert found.remedy.commands == make_finding("node-deregistered", "x").remedy.commands


ELSEWHERE = Plan("doctor", Seen("eu-west-1"), "--region", EVERYTHING, other_regions=(("the vault", REGION),))


def test_another_region_that_works_is_a_warning_and_tells_nothing_of_the_node() -> None:
    seen = replace(looked(lines()), plan=ELSEWHERE)
    found = diagnose(seen)
    assert [(one.code, one.severity) for one in found.findings if one.severity is not Severity.INFO] == [
        ("region-mismatch", Severity.WARNING)
    ]
    verdicts = {item.capability.value: item.verdict for item in found.capabilities}
    assert verdicts == {name: Verdict.OK if name == "register" else Verdict.UNKNOWN for name in EVERYTHING}
    assert REGION in dict(found.unseen)


def test_another_region_that_fails_is_an_error() -> None:
    failed = probe("ssm", None, Stage.DNS, Failure.NAME_UNKNOWN)
    failed = replace(failed, target=replace(failed.target, host="ssm.eu-west-1.amazonaws.com"))
    found = diagnose(replace(looked(lines(), failed), plan=ELSEWHERE))
    assert [one.severity for one in found.findings if one.code == "region-mismatch"] == [Severity.ERROR]
    assert [one.symptom_of for one in found.findings if one.code == "dns-unknown-name"] == ["region-mismatch"]


def test_the_nodes_own_region_is_no_word() -> None:
    found = diagnose(looked(lines()))
    assert not any(one.code == "region-mismatch" for one in found.findings) and found.unseen == ()


def test_a_proxy_that_wants_a_login_has_words_of_its_own() -> None:
    from ssm_bootstrap.model.network import Proxy

    proxy = Proxy("proxy.corp", 3128, "unit")
    told = {}
    for failure in (Failure.PROXY_AUTH_REQUIRED, Failure.PROXY_DENIED):
        found = the("proxy-denied", observations(probe("ssm", "10.0.0.9", Stage.PROXY, failure, proxied=proxy)))
        told[failure] = found.remedy.summary
    assert "user name and password" in told[Failure.PROXY_AUTH_REQUIRED] and "Allow CONNECT" in told[Failure.PROXY_DENIED]
    mixed = (
        probe("ssm", "10.0.0.9", Stage.PROXY, Failure.PROXY_AUTH_REQUIRED, proxied=proxy),
        probe("ssmmessages", "10.0.0.9", Stage.PROXY, Failure.PROXY_DENIED, proxied=proxy),
    )
    assert "Allow CONNECT" in the("proxy-denied", observations(*mixed)).remedy.summary


def test_the_log_of_a_proxy_that_wants_a_login_says_the_same() -> None:
    said = f'[CredentialRefresher] Retrieve credentials produced error: Post "https://{SSM}/": Proxy Authentication Required'
    (found,) = explain_logs(lines(("05:50:06", "ERROR", said)), NO_SITE).findings
    assert found.code == "proxy-denied" and "user name and password" in found.remedy.summary
