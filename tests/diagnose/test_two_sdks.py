"""Each error of AWS in the words of both of Go's SDKs and of botocore: the same finding, as transient or as final."""

from __future__ import annotations

import re
from datetime import timezone
from typing import Iterator, Tuple

import pytest

from ssm_bootstrap.catalog.signatures import SIGNATURES
from ssm_bootstrap.catalog.signatures.clients import CLIENTS
from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.diagnose.logs.explain import LogDiagnosis, explain_logs
from ssm_bootstrap.diagnose.logs.messages import read_message
from ssm_bootstrap.model.site import NO_SITE

HOST = "ssm.eu-west-1.amazonaws.com"
TOKEN = "Retrieve credentials produced error: "
REGISTER = "Registration failed due to error registering the instance with AWS SSM. "
HEALTH = "[HealthCheck] error when calling AWS APIs. error details - "
IDS = "\n\tstatus code: 400, request id: 00000000-0000-4000-8000-000000000000"
V2 = "operation error SSM: Some, https response error StatusCode: 400, RequestID: 00000000-0000-4000-8000-000000000000, "


def explained(message: str) -> LogDiagnosis:
    return explain_logs(
        read_stream([f"2026-11-23 15:00:01.0000 ERROR {message}\n".encode()], "errors.log", timezone.utc), NO_SITE
    )


API_ERRORS = [
    # what was done, code of the error, text, whether SDK v2 has it as a shape of its own, finding, transient
    (REGISTER, "InvalidActivation", "lab", True, "activation-invalid", False),
    (REGISTER, "InvalidActivationId", "lab", True, "activation-invalid", False),
    (REGISTER, "ActivationExpired", "lab", False, "activation-expired", False),
    (REGISTER, "RegistrationLimitExceeded", "lab", False, "activation-exhausted", False),
    (
        REGISTER,
        "RegistrationLimitExceeded",
        "Registration limit of 1000 reached for SSM On-prem managed instances.",
        False,
        "activation-quota",
        False,
    ),
    (REGISTER, "InstanceAlreadyRegistered", "lab", False, "request-refused", False),
    (REGISTER, "PublicKeyAlreadyRegistered", "lab", False, "request-refused", False),
    (REGISTER, "InvalidPublicKey", "lab", False, "request-refused", False),
    (REGISTER, "ValidationException", "1 validation error detected", False, "request-refused", False),
    (REGISTER, "TooManyUpdates", "lab", True, "throttled", True),
    (REGISTER, "InternalServerError", "lab", True, "service-error", True),
    (TOKEN, "ThrottlingException", "Rate exceeded", False, "throttled", True),
    (TOKEN, "Throttling", "Rate exceeded", False, "throttled", True),
    (TOKEN, "ServiceUnavailable", "busy", False, "service-error", True),
    (REGISTER, "AccessDeniedException", "no", False, "registration-denied", False),
    (TOKEN, "AccessDeniedException", "no", False, "credentials-refused", False),
    (HEALTH, "AccessDeniedException", "no", False, "call-denied", False),
    (HEALTH, "AccessDeniedException", "because no VPC endpoint policy allows the x action", False, "call-denied", False),
    (TOKEN, "AccessDeniedException", "Authentication failed", False, "node-deregistered", False),
    (
        TOKEN,
        "AccessDeniedException",
        "Systems Manager's instance management role is not configured for account: 111122223333",
        False,
        "not-registered",
        False,
    ),
    (TOKEN, "MachineFingerprintDoesNotMatch", "lab", False, "fingerprint-mismatch", False),
    (TOKEN, "InvalidInstanceId", "lab", True, "node-deregistered", False),
    (TOKEN, "InvalidSignatureException", "Signature expired: 1 is now earlier than 2", False, "clock-skewed", False),
    (HEALTH, "InvalidSignatureException", "The request signature does not match", False, "credentials-unusable", False),
    (HEALTH, "SignatureDoesNotMatch", "The request signature does not match", False, "credentials-unusable", False),
    (HEALTH, "RequestExpired", "Request has expired.", False, "clock-skewed", False),
    (HEALTH, "RequestTimeTooSkewed", "The difference is too large.", False, "clock-skewed", False),
    (HEALTH, "UnrecognizedClientException", "The security token is invalid.", False, "credentials-unusable", False),
    (HEALTH, "InvalidClientTokenId", "The security token is invalid.", False, "credentials-unusable", False),
    (HEALTH, "ExpiredTokenException", "The security token is expired", False, "credentials-unusable", False),
    (HEALTH, "ExpiredToken", "The security token is expired", False, "credentials-unusable", False),
    (HEALTH, "AccessDenied", "Access Denied", False, "download-refused", False),
    (HEALTH, "PermanentRedirect", "another endpoint", False, "download-refused", False),
    (HEALTH, "AuthorizationHeaderMalformed", "the region is wrong", False, "download-refused", False),
]


@pytest.mark.parametrize(
    ("doing", "code", "text", "has_shape", "finding", "transient"),
    API_ERRORS,
    ids=[f"{row[1]}-{row[4]}-{number}" for number, row in enumerate(API_ERRORS)],
)
def test_an_answer_of_aws_means_the_same_in_every_form(
    doing: str, code: str, text: str, has_shape: bool, finding: str, transient: bool
) -> None:
    forms = (
        f"{doing}{code}: {text}{IDS}",
        f"{doing}{V2}{'' if has_shape else 'api error '}{code}: {text}",
        f"{doing}An error occurred ({code}) when calling the Some operation (reached max retries: 4): {text}",
    )
    for form in forms:
        told = explained(form).findings
        assert [(one.code, one.transient) for one in told] == [(finding, transient)], form


OF_NO_CODE = {
    "nodeadm-activation-expired": "nodeadm's own words for it",
    "s3-forbidden-by-name": "an answer without a body, whose code is its status",
    "service-unavailable": "a status without a code",
    "service-unavailable-v2": "a status without a code",
    "other-service": "any code of a service that a node does not need",
}
"""Answers of AWS that are not known by the name of an error."""

OF_S3 = ("s3-access-denied", "s3-redirect", "s3-header")
"""Answers of S3 that nothing further rests on, so that their rows do not say that they are answers."""

_STATUS = re.compile(r"\s*status code: .*", re.DOTALL)
_CODE = re.compile(r"(?:\A|(?<=[\s(,]))(?:api error )?([A-Z][A-Za-z]{3,60}): ?(.*)", re.DOTALL)


AGENTS = [row for row in SIGNATURES if row not in CLIENTS]
"""What the agent meets: a client tells its answers in words of its own."""


def answers() -> Iterator[Tuple[str, str, str, str]]:
    """Each error of AWS that a row has a sample of: the row, what was done, the error's code, and its text."""
    for row in AGENTS:
        for sample in row.samples if row.is_answer or row.id in OF_S3 else ():
            found = _CODE.search(_STATUS.sub("", sample.text))
            if found and row.id not in OF_NO_CODE:
                doing = sample.text[: found.start()].partition("operation error ")[0]
                yield row.id, doing, found[1], found[2]


ANSWERS = list(answers())


def test_every_answer_of_aws_that_is_known_stands_in_the_table() -> None:
    assert {row.id for row in AGENTS if row.is_answer} - {name for name, *_ in ANSWERS} == set(OF_NO_CODE)
    assert {code for _, code, *_ in API_ERRORS} <= {code for _, _, code, _ in ANSWERS}


@pytest.mark.parametrize(("name", "doing", "code", "text"), ANSWERS, ids=[f"{row[0]}-{row[2]}" for row in ANSWERS])
def test_a_known_answer_means_the_same_in_every_form(name: str, doing: str, code: str, text: str) -> None:
    told = {
        tuple((one.code, one.variant, one.transient) for one in explained(form).findings)
        for form in (
            f"{doing}{code}: {text}{IDS}",
            f"{doing}{V2}api error {code}: {text}",
            f"{doing}{V2}{code}: {text}",
            f"{doing}An error occurred ({code}) when calling the Some operation: {text}",
        )
    }
    assert len(told) == 1 and told != {()}, name


POST = f'Post "https://{HOST}/": '
NETWORK = [
    "dial tcp 52.119.221.73:443: i/o timeout",
    "dial tcp 10.0.1.21:443: i/o timeout",
    "dial tcp 10.0.1.21:443: connect: connection refused",
    f"dial tcp: lookup {HOST} on 10.0.0.2:53: no such host",
    "tls: failed to verify certificate: x509: certificate signed by unknown authority",
    "net/http: TLS handshake timeout",
    "EOF",
    "Forbidden",
]


@pytest.mark.parametrize("doing", [TOKEN, REGISTER, HEALTH])
@pytest.mark.parametrize("tail", NETWORK)
def test_a_fault_of_the_way_means_the_same_in_both_forms(doing: str, tail: str) -> None:
    one = explained(f"{doing}RequestError: send request failed\ncaused by: {POST}{tail}").findings
    two = explained(
        f"{doing}operation error SSM: Some, exceeded maximum number of attempts, 3, https response error StatusCode: 0, "
        f"RequestID: , request send failed, {POST}{tail}"
    ).findings
    assert [(found.code, found.transient, found.subject) for found in one] == [
        (found.code, found.transient, found.subject) for found in two
    ]
    assert one


OTHER_FORMS = [
    (TOKEN + "ServiceUnavailable: \n\tstatus code: 503, request id: 1", TOKEN + V2.replace("400", "503") + "api error Odd: x"),
    (
        TOKEN + "SerializationError: failed decoding JSON RPC response\n\tstatus code: 200, request id: ",
        TOKEN + V2 + "deserialization failed, failed to decode response body, invalid character '<'",
    ),
    (
        TOKEN + "EC2RoleRequestError: no EC2 instance role found",
        TOKEN + "failed to refresh cached credentials, no EC2 IMDS role found",
    ),
    (HEALTH + "EmptyStaticCreds: static credentials are empty", HEALTH + "failed to sign request: static credentials are empty"),
]


@pytest.mark.parametrize(("one", "two"), OTHER_FORMS)
def test_what_has_other_words_means_the_same(one: str, two: str) -> None:
    first, second = explained(one).findings, explained(two).findings
    assert first and [(f.code, f.transient) for f in first] == [(f.code, f.transient) for f in second]


def test_a_call_that_ran_out_of_time_is_a_time_out_in_both_forms() -> None:
    for text in (
        "RequestCanceled: request context canceled\ncaused by: context deadline exceeded",
        "operation error SSM: X, https response error StatusCode: 0, RequestID: , canceled, context deadline exceeded",
    ):
        fault = read_message(HEALTH + text).fault
        assert fault is not None and (fault.failure.value, fault.stage) == ("timed-out", None)


BOTOCORE = [
    (f'Connect timeout on endpoint URL: "https://{HOST}/"', "timed-out"),
    (f'Read timeout on endpoint URL: "https://{HOST}/"', "timed-out"),
    (f'connect timeout on endpoint url: "https://{HOST}/"', "timed-out"),
    (f'Could not connect to the endpoint URL: "https://{HOST}/"', "timed-out"),
    (f'Connection was closed before we received a valid response from endpoint URL: "https://{HOST}/".', "closed"),
    (f"SSL validation failed for https://{HOST}/ [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "untrusted-issuer"),
]


@pytest.mark.parametrize(("text", "failure"), BOTOCORE)
def test_botocores_network_errors(text: str, failure: str) -> None:
    fault = read_message(text).fault
    assert fault is not None and (fault.failure.value, fault.host, fault.port) == (failure, HOST, 443)
