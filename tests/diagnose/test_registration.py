"""The output of one -register, read."""

from __future__ import annotations

from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssm_bootstrap.diagnose.agent.registration import RegistrationOutcome, Result, classify_registration
from ssm_bootstrap.model.findings import Severity, State
from ssm_bootstrap.model.site import NO_SITE
from tests.corpus import CORPUS, EXPECTED

MI = "mi-02117ab6c0a35dc0a"
HEAD = (
    "Error occurred fetching the seelog config file path:  open /etc/amazon/ssm/seelog.xml: no such file or directory\n"
    "Initializing new seelog logger\nNew Seelog Logger Creation Complete\n"
)
STAMP = "2026-11-23 14:46:17.4328"
REGISTER = "Registration failed due to error registering the instance with AWS SSM. "
POST = REGISTER + 'RequestError: send request failed\ncaused by: Post "https://ssm.eu-west-1.amazonaws.com/": '
SUCCESS = f"{STAMP} INFO Successfully registered the instance with AWS SSM using Managed instance-id: {MI}\n"
TRANSCRIPTS = [name for name in EXPECTED if name.startswith(("register/", "seed/register"))]


def read(message: str, returncode: int = 1, **more: object) -> RegistrationOutcome:
    return classify_registration(f"{HEAD}{STAMP} ERROR {message}\n", NO_SITE, returncode=returncode, **more)  # type: ignore[arg-type]


def code_of(outcome: RegistrationOutcome) -> Optional[str]:
    return outcome.finding.code if outcome.finding else None


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_the_corpus(name: str) -> None:
    outcome = classify_registration((CORPUS / name).read_text(encoding="utf-8"), NO_SITE, region="ap-northeast-1")
    expected = EXPECTED[name]
    assert ([outcome.finding.code] if outcome.finding else []) == expected["codes"]
    if expected["codes"]:
        assert outcome.result is Result.FAILED
        assert code_of(outcome) == expected["codes"][0]
        assert outcome.transient is expected["transient"]
        assert outcome.finding is not None
        assert (outcome.finding.severity, outcome.finding.state) == (Severity.ERROR, State.NOW)
        assert outcome.finding.breaks == ("register",)
    else:
        assert (outcome.result, outcome.managed_instance_id) == (Result.REGISTERED, MI)


TERMINAL = {
    "InvalidActivation: ": "activation-invalid",
    "ActivationExpired: ": "activation-expired",
    "RegistrationLimitExceeded: ": "activation-exhausted",
    "InvalidParameter: 1 validation error(s) found.\n- minimum field size of 20, x.ActivationCode.": "activation-malformed",
    "AccessDeniedException: User: anonymous is not authorized\n\tstatus code: 400, request id: 1": "registration-denied",
    "AccessDeniedException: no VPC endpoint policy allows it": "registration-denied",
    "MachineFingerprintDoesNotMatch: ": "fingerprint-mismatch",
    "SerializationError: failed decoding JSON RPC response\n\tstatus code: 200, request id: ": "not-aws",
}


@pytest.mark.parametrize(("text", "code"), TERMINAL.items())
def test_what_the_service_refuses_is_not_repeated(text: str, code: str) -> None:
    outcome = read(REGISTER + text)
    assert (code_of(outcome), outcome.transient, outcome.result) == (code, False, Result.FAILED)


@pytest.mark.parametrize("text", ["ThrottlingException: Rate exceeded", "TooManyUpdates: "])
def test_throttled_may_be_repeated(text: str) -> None:
    assert (code_of(read(REGISTER + text)), read(REGISTER + text).transient) == ("throttled", True)


NETWORK = [
    ("dial tcp 10.0.1.21:443: i/o timeout", "endpoint-blocked", True),
    ("dial tcp 52.119.221.73:443: i/o timeout", "endpoint-missing", True),
    ("dial tcp 10.0.1.21:443: connect: connection refused", "endpoint-refused", True),
    ("dial tcp: lookup ssm.eu-west-1.amazonaws.com on 10.0.0.2:53: server misbehaving", "dns-refused", True),
    (
        "dial tcp: lookup ssm.eu-west-1.amazonaws.com on 10.0.0.2:53: read udp 10.0.0.5:1->10.0.0.2:53: i/o timeout",
        "dns-silent",
        True,
    ),
    ("dial tcp 52.1.1.1:443: connect: no route to host", "no-route", True),
    ("dial tcp 52.1.1.1:443: connect: operation not permitted", "local-policy", False),
    ("net/http: TLS handshake timeout", "connection-cut", True),
    ("x509: certificate signed by unknown authority", "tls-untrusted", False),
    ("x509: certificate is valid for a, not ssm.eu-west-1.amazonaws.com", "tls-wrong-name", False),
    ("remote error: tls: handshake failure", "tls-failed", False),
    ("proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: connection refused", "proxy-unreachable", True),
    ("proxyconnect tcp: EOF", "proxy-unreachable", True),
    ("Forbidden", "proxy-denied", False),
    ("Service Unavailable", "proxy-denied", True),
    ("redirected from secure URL https://a/ to insecure URL http://b/", "not-aws", False),
    ("EOF", "answer-lost", False),
    ("read tcp 10.0.0.5:5->52.1.1.1:443: read: connection reset by peer", "answer-lost", False),
    ("context deadline exceeded (Client.Timeout exceeded while awaiting headers)", "answer-lost", False),
]


@pytest.mark.parametrize(("tail", "code", "transient"), NETWORK, ids=[row[0][:40] for row in NETWORK])
def test_network_failures(tail: str, code: str, transient: bool) -> None:
    outcome = read(POST + tail)
    assert (code_of(outcome), outcome.transient) == (code, transient)


def test_cidrs_place_an_address() -> None:
    text = POST + "dial tcp 198.18.0.9:443: i/o timeout"
    assert code_of(read(text)) == "endpoint-missing"
    assert code_of(read(text, cidrs=("198.18.0.0/16",))) == "endpoint-blocked"


def test_a_dropped_ipv6_address_that_cannot_be_placed_claims_neither() -> None:
    text = POST + "dial tcp [2600:1f14::1]:443: i/o timeout"
    outcome = read(text)
    assert (outcome.result, outcome.finding) == (Result.UNEXPLAINED, None)
    assert code_of(read(text, cidrs=("10.0.0.0/16", "2600:1f14::/56"))) == "endpoint-blocked"
    assert code_of(read(text, cidrs=("10.0.0.0/16", "2600:aaaa::/56"))) == "endpoint-missing"


def test_used_up_after_a_lost_answer_is_the_lost_answer() -> None:
    lost = f"{STAMP} ERROR {POST}EOF\n"
    used = f"{STAMP} ERROR {REGISTER}RegistrationLimitExceeded: \n"
    assert code_of(classify_registration(HEAD + lost + used, NO_SITE, returncode=1)) == "answer-lost"
    assert code_of(classify_registration(HEAD + used, NO_SITE, returncode=1)) == "activation-exhausted"


def test_the_last_result_counts() -> None:
    failed = f"{STAMP} ERROR {REGISTER}ThrottlingException: \n"
    assert classify_registration(HEAD + failed + SUCCESS, NO_SITE).result is Result.REGISTERED
    assert code_of(classify_registration(HEAD + SUCCESS + failed, NO_SITE)) == "throttled"


def test_canceled() -> None:
    assert (
        classify_registration(f"{HEAD}{STAMP} INFO Registration canceled by user\n", NO_SITE, returncode=1).result
        is Result.CANCELED
    )


@pytest.mark.parametrize("text", ["EOF", "Invalid response received.", "unexpected newline"])
def test_the_prompt_means_already_registered(text: str) -> None:
    outcome = read("Registration failed due to " + text)
    assert (code_of(outcome), outcome.transient) == ("already-registered", False)


@pytest.mark.parametrize("returncode", [-9, -15, 137, 143])
@pytest.mark.parametrize("text", ["", HEAD])
def test_a_killed_run_may_have_used_the_activation(text: str, returncode: int) -> None:
    outcome = classify_registration(text, NO_SITE, returncode=returncode)
    assert (code_of(outcome), outcome.transient) == ("answer-lost", False)


def test_a_killed_run_that_said_its_result_keeps_it() -> None:
    assert classify_registration(HEAD + SUCCESS, NO_SITE, returncode=-9).managed_instance_id == MI


def test_a_panic_is_a_strangers_answer() -> None:
    text = HEAD + "panic: runtime error: invalid memory address or nil pointer dereference\n\ngoroutine 1 [running]:\n"
    outcome = classify_registration(
        text + "github.com/aws/amazon-ssm-agent/agent/ssm/anonauth.(*Client).RegisterManagedInstance\n", NO_SITE, returncode=2
    )
    assert (code_of(outcome), outcome.transient) == ("not-aws", False)
    other = classify_registration(HEAD + "panic: something else\n", NO_SITE, returncode=2)
    assert (other.result, "something else" in other.explanation) == (Result.UNEXPLAINED, True)


@pytest.mark.parametrize("returncode", [None, 0, 1])
def test_nothing_said(returncode: Optional[int]) -> None:
    outcome = classify_registration("", NO_SITE, returncode=returncode)
    assert (outcome.result, outcome.finding) == (Result.UNEXPLAINED, None)
    assert "nothing" in outcome.explanation


def test_a_wrong_flag_is_quoted() -> None:
    outcome = classify_registration("flag provided but not defined: -nope\nUsage: ...", NO_SITE, returncode=2)
    assert (outcome.result, "status 2" in outcome.explanation) == (Result.UNEXPLAINED, True)


def test_a_full_disk_is_told_in_words() -> None:
    outcome = read(
        "Registration failed due to Unable to save registration information. failed to store instance info in vault. "
        "open /var/lib/amazon/ssm/Vault/Store/RegistrationKey: no space left on device"
    )
    assert outcome.result is Result.UNEXPLAINED
    assert outcome.reason == "disk-full"
    assert "AWS was not asked" in outcome.explanation and "full" in outcome.explanation


def test_registered_but_not_stored_is_a_lost_answer() -> None:
    outcome = read("Registration failed due to error persisting the instance registration information. input/output error")
    assert (code_of(outcome), outcome.transient) == ("answer-lost", False)


def test_the_seelog_line_is_never_the_reason() -> None:
    for returncode in (0, 1, 2, -9):
        outcome = classify_registration(HEAD, NO_SITE, returncode=returncode)
        assert "seelog" not in outcome.explanation or outcome.result is Result.UNEXPLAINED
        assert "Error occurred" not in outcome.explanation


def test_no_secret_is_quoted() -> None:
    outcome = read("Registration failed due to odd: amazon-ssm-agent -register -code SECRETSECRETSECRET -id x")
    assert "SECRET" not in repr(outcome)


@given(st.text(max_size=500), st.one_of(st.none(), st.integers(-64, 255)))
def test_any_output_is_read(text: str, returncode: Optional[int]) -> None:
    outcome = classify_registration(text, NO_SITE, returncode=returncode)
    assert (outcome.finding is not None) == (outcome.result is Result.FAILED)
