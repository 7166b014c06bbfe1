"""What AWS answers to a person's or a script's own call is about the call and not about this node."""

from __future__ import annotations

import pytest

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.signatures.clients import CALLS, CODES, told_of_client
from ssm_bootstrap.diagnose.logs.messages import read_message
from ssm_bootstrap.model.findings import Side

ANSWER = "An error occurred ({code}) when calling the {call} operation: text"


@pytest.mark.parametrize("code", sorted(CODES))
@pytest.mark.parametrize("call", ["SendCommand", "StartSession", "ListBuckets"])
def test_the_caller_is_told_of_and_not_the_agent(code: str, call: str) -> None:
    cause = read_message(ANSWER.format(code=code, call=call)).cause
    assert cause is not None and cause.signature.variant in ("of-the-client", "not-a-target")
    assert cause.signature.code is not None
    worded = FINDINGS[cause.signature.code].worded(cause.signature.variant)
    assert not any("-clear" in command.text for command in worded.commands)
    assert call in CALLS and told_of_client(code, "UpdateInstanceInformation") == f"{code}: "


def test_the_agents_own_call_means_the_node() -> None:
    cause = read_message(ANSWER.format(code="InvalidInstanceId", call="UpdateInstanceInformation")).cause
    assert cause is not None and cause.signature.code == "node-deregistered"


@pytest.mark.parametrize(
    "text",
    [
        'Unable to locate credentials. You can configure credentials by running "aws configure".',
        "Error loading SSO Token: Token for https://x.awsapps.com/start does not exist",
        "Error when retrieving token from sso: Token has expired and refresh failed",
    ],
)
def test_the_cli_is_not_logged_in(text: str) -> None:
    cause = read_message(text).cause
    assert cause is not None and cause.signature.code is not None
    assert FINDINGS[cause.signature.code].worded(cause.signature.variant).changed_on is Side.CLIENT


@pytest.mark.parametrize("code", sorted(CODES))
def test_the_call_that_the_second_go_sdk_names_is_the_callers_too(code: str) -> None:
    told = "operation error SSM: {}, https response error StatusCode: 400, RequestID: 1, api error {}: text"
    cause = read_message(told.format("SendCommand", code)).cause
    assert cause is not None and cause.signature.variant in ("of-the-client", "not-a-target")
    agents = read_message(told.format("UpdateInstanceInformation", code)).cause
    assert agents is None or agents.signature.variant not in ("of-the-client", "not-a-target")


def test_words_that_only_a_command_is_answered_with_need_no_call_beside_them() -> None:
    cause = read_message("InvalidInstanceId: Instances [[i-0abc]] not in a valid state for account 1").cause
    assert cause is not None and cause.signature.id == "client-target"
