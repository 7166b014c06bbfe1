"""What one message says, whatever it went through before it was pasted; and advice that repeats nothing that was given."""

from __future__ import annotations

from typing import Optional, Tuple

import pytest

from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.collect.logs.records import RECORD_LIMIT
from ssm_bootstrap.diagnose.logs.explain import explain_logs
from ssm_bootstrap.diagnose.logs.messages import read_message
from ssm_bootstrap.model.failure import Failure
from ssm_bootstrap.model.findings import Severity
from ssm_bootstrap.model.site import NO_SITE
from tests.collect.test_agentlog import UTC

RESET = (
    'Post "https://ssm.eu-central-2.amazonaws.com/": write tcp 10.1.1.119:48900->16.63.92.84:443: write: connection reset by peer'
)


@pytest.mark.parametrize(
    "text",
    [RESET, RESET.replace('"', '\\"'), RESET.replace('"', "“", 1).replace('"', "”"), f"**{RESET}**"],
    ids=["as written", "out of JSON", "typographic quotes", "stars"],
)
def test_a_message_says_the_same_wherever_it_was_copied_from(text: str) -> None:
    fault = read_message(text).fault
    assert fault is not None
    assert (fault.failure, fault.host, fault.address) == (Failure.RESET, "ssm.eu-central-2.amazonaws.com", "16.63.92.84")


@pytest.mark.parametrize("apostrophe", ["'", "’"])
def test_an_apostrophe_is_one(apostrophe: str) -> None:
    text = f"AccessDeniedException: Systems Manager{apostrophe}s instance management role is not configured for account: 1"
    cause = read_message(text).cause
    assert cause is not None and cause.signature.code == "not-registered"


def test_a_cause_that_tells_more_than_the_network_error_counts() -> None:
    read = read_message("Unable to dial connection to server: dial tcp :23760: connect: connection refused")
    assert read.fault is None and read.cause is not None and read.cause.signature.id == "session-port-dial"
    read = read_message("Retrieve credentials produced error: dial tcp 10.0.0.1:443: connect: connection refused")
    assert read.fault is not None and read.cause is None


DENIED = (
    "AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/r/{node} is not authorized to perform: "
    "ssm:UpdateInstanceInformation on resource: arn:aws:ec2:eu-west-1:123456789012:instance/{node}"
)


@pytest.mark.parametrize("lead", ["Entering SSM Agent hibernate - ", "Health ping failed with error - "])
@pytest.mark.parametrize(
    ("said", "code"),
    [
        (DENIED.format(node="mi-0123456789abcdef0"), "call-denied"),
        (DENIED.format(node="i-0123456789abcdef0"), "not-registered"),
        (
            "AccessDeniedException: x because no VPC endpoint policy allows ssm:UpdateInstanceInformation",
            "call-denied",
        ),
        ("AccessDeniedException: Access to Systems Manager has been denied", "call-denied"),
        ("AccessDeniedException: lab", None),
    ],
    ids=["hybrid", "instance", "endpoint policy", "odd words", "no reason"],
)
def test_a_refusal_under_a_sleep_counts_where_it_says_what_is_refused(lead: str, said: str, code: Optional[str]) -> None:
    line = f"2026-11-23 15:25:02.4410 INFO [ssm-agent-worker] {lead}{said}"
    found = explain_logs(read_stream([line.encode()], "agent.log", UTC), NO_SITE).findings
    assert [(one.code, one.symptom_of) for one in found] == [
        *([(code, None)] if code else []),
        ("agent-hibernating", code),
    ]


def test_a_script_that_ended_badly_is_told_where_nothing_else_is() -> None:
    ended = b"failed to run commands: exit status 128"
    found = explain_logs(read_stream([ended], "pasted", UTC), NO_SITE)
    assert [(one.code, one.severity) for one in found.findings] == [("command-failed", Severity.WARNING)]
    assert found.notes == found.harmless == () and found.records == (1, 0, 0)
    found = explain_logs(
        read_stream([b"E: Unable to locate package x\ndpkg was interrupted, you must manually run\n" + ended], "p", UTC), NO_SITE
    )
    assert found.findings and found.notes == () and [note.id for note in found.harmless] == ["exit-other"]


@pytest.mark.parametrize(("name", "is_advised"), [("hibernate.log", False), ("pasted.txt", True)])
def test_nobody_is_sent_to_the_file_that_he_gave(name: str, is_advised: bool) -> None:
    line = b"2026-11-23 15:25:02.4410 INFO [ssm-agent-worker] Entering SSM Agent hibernate - AccessDeniedException: lab"
    (found,) = explain_logs(read_stream([line], f"/tmp/{name}", UTC), NO_SITE).findings
    advice = (*found.remedy.instance_steps, *(command.text for command in found.remedy.instance_commands))
    assert any("hibernate.log" in text for text in advice) is is_advised
    assert not any(text.endswith("ssm-bootstrap explain") for text in advice)


SILENT = ("endpoint-missing", "address-unsaid", "ssm.eu-west-1.amazonaws.com")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            'botocore.exceptions.ConnectTimeoutError: Connect timeout on endpoint URL: "https://ssm.eu-west-1.amazonaws.com/"',
            SILENT,
        ),
        ('ERROR Post "https://ssm.eu-west-1.amazonaws.com/": net/http: request canceled while waiting for connection', SILENT),
        ('Connect timeout on endpoint URL: "https://shop.example.com/"', ("connection-failed", "", "shop.example.com")),
    ],
)
def test_silence_at_an_address_that_nobody_names_is_no_all_clear(text: str, wanted: Tuple[str, str, str]) -> None:
    found = explain_logs(read_stream([text.encode()], "pasted", UTC), NO_SITE).findings
    assert [(one.code, one.variant, one.subject) for one in found] == [wanted]


def test_a_body_longer_than_is_kept_keeps_its_last_line() -> None:
    frames = "".join(f'  File "/x/y{number}.py", line {number}, in f\n    call()\n' for number in range(300))
    text = f"2026-11-23 15:25:02.4410 ERROR [Health] Traceback (most recent call last):\n{frames}  ssm: InvalidInstanceId: gone\n"
    for chunks in ([text.encode()], [text.encode()[:5000], text.encode()[5000:]], [text.replace("\n", "\r\n").encode()]):
        (group,) = read_stream(chunks, "agent.log", UTC).groups
        assert len(group.sample.message) <= RECORD_LIMIT
        assert group.sample.message.startswith("Traceback") and group.sample.message.endswith("\n  ssm: InvalidInstanceId: gone")
