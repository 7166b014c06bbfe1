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
