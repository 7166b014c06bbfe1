"""A refusal leads to what has to be changed for it, in whichever words the service gave it."""

from __future__ import annotations

from typing import Tuple

import pytest

from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.diagnose.logs.explain import explain_logs
from ssm_bootstrap.model.findings import Finding, Side
from ssm_bootstrap.model.site import NO_SITE
from tests.collect.test_agentlog import UTC


def found(text: str) -> Tuple[Finding, ...]:
    """What is found in one line of the agent's log, or in another program's output where it tells no level."""
    return tuple(explain_logs(read_stream([text.encode()], "pasted", UTC), NO_SITE).findings)


def of_agent(text: str) -> str:
    """The message as the agent's log has it."""
    return f"2026-05-01 10:00:01.1000 ERROR [ssm-agent-worker] {text}"


@pytest.mark.parametrize(
    "answer",
    ["<UnauthorizedRequest>Forbidden.</UnauthorizedRequest>", "<AccessDeniedException><Message>no</Message>"],
)
def test_a_refused_control_channel_is_a_permission_first(answer: str) -> None:
    (one,) = found(
        of_agent(
            "[MessageService] [MGSInteractor] SetUpWebsocket failed: Failed to get controlchannel token, error: "
            "CreateControlChannel failed with error: createControlChannel request failed: unexpected response from the service "
            f'<?xml version="1.0"?>{answer}'
        )
    )
    assert (one.code, one.remedy.changed_on) == ("channel-down", Side.AWS)
    assert "ssmmessages:CreateControlChannel" in one.remedy.summary and one.variant == "denied"


V2 = "operation error S3: {}, https response error StatusCode: {}, RequestID: r, HostID: h, api error "
BY_KEY = (
    "AccessDenied: User: arn:aws:sts::111122223333:assumed-role/r/mi-0123456789abcdef0 is not authorized to perform: "
    "kms:GenerateDataKey on resource: arn:aws:kms:eu-west-1:111122223333:key/x because no identity-based policy allows it"
)


@pytest.mark.parametrize(
    ("said", "code", "variant"),
    [
        (f"Failed uploading s3://b/k: {BY_KEY}", "call-denied", ""),
        (f"failed to upload s3 output: {V2.format('PutObject', 403)}{BY_KEY}", "call-denied", ""),
        ("failed to upload s3 output: AccessDenied: Access Denied\n\tstatus code: 403", "download-refused", "upload"),
        (f"failed to upload s3 output: {V2.format('PutObject', 403)}AccessDenied: Access Denied", "download-refused", "upload"),
        (f"x: {V2.format('PutObject', 403)}AccessDenied: Access Denied", "download-refused", "upload"),
        (f"failed to download: {V2.format('GetObject', 403)}AccessDenied: Access Denied", "download-refused", ""),
        ("failed to download: NoSuchBucket: The specified bucket does not exist", "download-refused", "no-bucket"),
        (
            f"failed to download: {V2.format('GetObject', 404)}NoSuchBucket: The specified bucket does not exist",
            "download-refused",
            "no-bucket",
        ),
        ("failed to download: NoSuchKey: The specified key does not exist.", "download-refused", "not-found"),
        ("curl: (22) The requested URL returned error: 404 Not Found", "download-refused", "not-found"),
        ("curl: (22) The requested URL returned error: 403 Forbidden", "download-refused", ""),
    ],
)
def test_an_answer_of_s3_means_the_same_in_either_sdks_words(said: str, code: str, variant: str) -> None:
    text = said if said.startswith("curl") else of_agent(f"[ssm-document-worker] [x] [DataBackend] {said}")
    assert [(one.code, one.variant) for one in found(text)] == [(code, variant)]


@pytest.mark.parametrize("said", ["Failed to create ssm-user: exit status 10", "error creating ssm-user: exit status 1"])
def test_a_user_that_the_agent_could_not_make_is_not_told_as_run_as(said: str) -> None:
    (one,) = found(of_agent(f"[ssm-session-worker] [alice-0abc] {said}"))
    assert (one.code, one.variant) == ("session-user-missing", "not-created")


def test_a_key_that_sshd_refuses_is_changed_where_ssh_is_run() -> None:
    (one,) = found("ec2-user@i-0abc: Permission denied (publickey,gssapi-keyex,gssapi-with-mic).")
    assert (one.code, one.variant, one.remedy.changed_on) == ("session-failed", "ssh-key", Side.CLIENT)


def test_a_key_that_another_host_refuses_is_none_of_a_session() -> None:
    assert found("git@example.com: Permission denied (publickey).") == ()


@pytest.mark.parametrize("status", [403, 503])
@pytest.mark.parametrize(
    "said",
    [
        "SerializationError: failed to unmarshal error message\n\tstatus code: {}, request id: \ncaused by: invalid character "
        "'<' looking for beginning of value",
        "operation error SSM: UpdateInstanceInformation, https response error StatusCode: {}, RequestID: r, deserialization "
        "failed, failed to decode response body, invalid character '<' looking for beginning of value",
    ],
    ids=["v1", "v2"],
)
def test_a_page_in_place_of_an_answer_is_not_awss_whatever_its_status(status: int, said: str) -> None:
    said = said.format(status)
    assert [one.code for one in found(of_agent(f"[HealthCheck] error when calling AWS APIs. error details - {said}"))] == [
        "not-aws"
    ]


def test_a_session_that_ends_for_inactivity_is_no_fault() -> None:
    assert found("SessionId: alice-0abc : Your session timed out due to inactivity") == ()
