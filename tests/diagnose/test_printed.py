"""What other programs print under a head of the agent at INFO or DEBUG is read as it is without one, whoever wrote the head."""

from __future__ import annotations

from datetime import timezone
from typing import Dict, List, Tuple

import pytest

from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.diagnose.logs.explain import explain_logs
from ssm_bootstrap.model.logs import Level, LogDigest
from ssm_bootstrap.model.site import NO_SITE

HEADS: Dict[str, str] = {
    "the agent's": "2026-07-15 10:00:00 INFO [ssm-document-worker] [x] Running\n",
    "the agent's of 3.3": "2026-07-15 10:00:00.1234 INFO [ssm-document-worker] [x] Running\n",
    "the agent's at DEBUG": "2026-07-15 10:00:00 DEBUG [ssm-document-worker] Running\n",
    "a sign of life": "2026-07-15 10:00:00 INFO [CredentialRefresher] Credentials ready\n",
    "the patch script's": "07/15/2026 10:00:00 root [INFO]: Running\n",
    "syslog": "Jul 15 10:00:00 host amazon-ssm-agent[77]: 2026-07-15 10:00:00 INFO [ssm-document-worker] Running\n",
    "RFC 3339": "2026-07-15T10:00:00.123456+00:00 host amazon-ssm-agent[77]: 2026-07-15 10:00:00.1234 INFO [x] Running\n",
    "seelog of one's own": "[2026-07-15 10:00:00,123] INFO root: Running\n",
    "ISO 8601": "2026-07-15T10:00:00Z INFO Running\n",
    "zap": '{"level":"info","ts":"2026-07-15T10:00:00Z","msg":"Running"}\n',
    "logrus": 'level=info time=2026-07-15T10:00:00Z msg="Running"\n',
    "snap logs": "2026-07-15T10:00:00Z amazon-ssm-agent.amazon-ssm-agent[77]: 2026-07-15 10:00:00 INFO Running\n",
    "CloudWatch": "1784109600000,2026-07-15 10:00:00 INFO Running\n",
    "nanoseconds": "1784109600000000000 [Info] Running\n",
}
PRINTED: Dict[str, Tuple[str, str]] = {
    "dnf": (
        "Errors during downloading metadata for repository 'x':\n  - Status code: 403 for https://mirror.example.com/repomd.xml\n"
        "Error: Failed to download metadata for repo 'x': Cannot download repomd.xml: All mirrors were tried\n",
        "repository-denied",
    ),
    "apt": ("E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1 (apt)\n", "package-manager-busy"),
    "zypper": ("Permission to access 'http://mirror.example.com/content' denied.\n", "repository-denied"),
    "yum": ("Another app is currently holding the yum lock; waiting for it to exit...\n", "package-manager-busy"),
    "yum in two lines": (
        "Could not retrieve mirrorlist http://mirror.example.com/?release=7 error was\n"
        '14: curl#7 - "Failed to connect to 192.0.2.1: Network is unreachable"\n',
        "repository-unreachable",
    ),
    "curl": ("curl: (28) Failed to connect to s3.eu-west-1.amazonaws.com port 443: Connection timed out\n", "s3-unreachable"),
    "a traceback": (
        'Traceback (most recent call last):\n  File "/x.py", line 3, in <module>\n    import botocore\n'
        "ModuleNotFoundError: No module named 'botocore'\n",
        "command-failed",
    ),
    "standard error": ("----------ERROR-------\nfailed to run commands: exit status 156\n", "patch-payload-unreachable"),
}
REPLY = '2026-07-15 10:00:00 INFO Sending reply {\n  "x": "Status code: 403 for https://mirror.example.com/x"\n}\n'


def read(text: str, chunk: int = 1 << 16) -> LogDigest:
    """A text that somebody pasted, read in pieces."""
    data = text.encode()
    return read_stream([data[at : at + chunk] for at in range(0, len(data), chunk)], "pasted.txt", timezone.utc)


def told(text: str) -> List[str]:
    """The codes of what a text is explained by."""
    return [finding.code for finding in explain_logs(read(text), NO_SITE).findings]


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize(("printed", "code"), PRINTED.values(), ids=PRINTED)
def test_it_is_read_under_every_head(head: str, printed: str, code: str) -> None:
    assert told(printed) == [code]
    assert told(head + printed) == [code]
    assert told(head + printed + head) == [code]
    assert told(head + head + printed + head + head) == [code]


@pytest.mark.parametrize("chunk", [1, 7, 100, 1 << 16])
def test_it_bears_the_time_of_the_head_above_it(chunk: int) -> None:
    text = HEADS["the agent's"] + PRINTED["yum"][0] + "2026-07-15 11:00:00 INFO Done\n" + PRINTED["apt"][0]
    digest = read(text + "2026-07-15 12:00:00 INFO x\n", chunk)
    assert [(group.sample.level, group.sample.at and group.sample.at.hour, group.line) for group in digest.groups] == [
        (Level.NONE, 10, 2),
        (Level.NONE, 11, 4),
    ]


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_what_goes_on_with_a_quiet_record_is_none_of_its_own(level: str) -> None:
    goes_on = f"2026-07-15 10:00:00 {level} odd\ncaused by: dial tcp 10.0.0.1:443: i/o timeout\n\tstatus code: 400\n"
    assert read(goes_on + HEADS["the agent's"]).groups == ()
    assert read(REPLY.replace("INFO", level) + HEADS["the agent's"]).groups == ()


@pytest.mark.parametrize("level", ["WARN", "ERROR"])
def test_what_goes_on_with_an_error_is_told_once(level: str) -> None:
    text = f"2026-07-15 10:00:00 {level} Odd\n" + PRINTED["curl"][0] + HEADS["the agent's"]
    (group,) = read(text).groups
    assert group.sample.message == ("Odd\n" + PRINTED["curl"][0]).rstrip()


def test_what_tells_nothing_takes_no_room() -> None:
    text = "".join(HEADS["the agent's at DEBUG"] + f"Line {number} {'x' * number}\nand more\n" for number in range(2000))
    assert read(text + HEADS["the agent's"]).groups == ()
