"""The codes that were proposed for what users reported: each is ours by the same name or by a declared other one, and is told."""

from __future__ import annotations

import json
from datetime import timezone
from pathlib import Path
from typing import Dict, NamedTuple, Tuple

import pytest

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.diagnose.logs.explain import explain_logs
from ssm_bootstrap.model.site import NO_SITE

PROPOSED: Dict[str, str] = json.loads(
    (Path(__file__).resolve().parents[1] / "data" / "field" / "codes.json").read_text(encoding="utf-8")
)


class Carried(NamedTuple):
    """What carries a proposed code: ours (``why`` where it has another name), texts with the variant of each, and the change.

    ``advised`` are words of what is to be changed: those that the proposal itself names.
    """

    code: str
    texts: Tuple[Tuple[str, str], ...]
    advised: Tuple[str, ...]
    why: str = ""


NO_ROLE = (
    "2026-11-04 10:02:44 WARN EC2RoleProvider Failed to connect to Systems Manager with instance profile role credentials. "
    "Err: retrieved credentials failed to report to ssm. Error: EC2RoleRequestError: no EC2 instance role found"
)
CARRIED: Dict[str, Carried] = {
    "inotify-exhausted": Carried(
        "inotify-exhausted",
        (("", "filewatcher listener encountered error when add watch: no space left on device"),),
        ("max_user_watches", "max_user_instances"),
    ),
    "agent-update-failed": Carried(
        "agent-update-failed",
        (
            ("unsupported", "failed to install amazon-ssm-agent 3.1.1080.0, ErrorMessage=x Exit Status: 124"),
            ("", "Failed to update amazon-ssm-agent to 3.1.1080.0"),
        ),
        ("agent",),
    ),
    "activation-quota": Carried(
        "activation-quota",
        (
            (
                "",
                "Registration failed due to error registering the instance with AWS SSM. RegistrationLimitExceeded: "
                "Registration limit of 20000 reached for SSM On-prem managed instances.",
            ),
        ),
        ("quota", "eregister"),
    ),
    "setup-cli-outdated": Carried(
        "setup-cli-outdated", (("", "checksum mismatch with latest ssm-setup-cli"),), ("download", "ssm-setup-cli")
    ),
    "session-user-missing": Carried(
        "session-user-missing",
        (("", "Unable to start command: failed to start pty since RunAs user jane does not exist"),),
        ("Create", "preferences"),
    ),
    "session-client": Carried(
        "session-failed",
        (
            ("client", "SessionManagerPlugin is not found. Please refer to SessionManager Documentation"),
            ("plugin", "Cannot perform start session: EOF"),
            (
                "cut",
                "An error happened when receiving the message. Retried times: 1, "
                "Error: websocket: close 1006 (abnormal closure): unexpected EOF, Messagetype: -1",
            ),
            ("proxy-command", "Connection closed by UNKNOWN port 65535"),
        ),
        ("Nothing on the node has to change.",),
        why="a session has two ends, and its variants tell at which of them it failed",
    ),
    "package-not-for-system": Carried(
        "package-not-for-system",
        (("", "no manifest found for platform: ubuntu, version 24.04, architecture x86_64"),),
        ("package",),
    ),
    "package-signature": Carried(
        "package-signature",
        (
            ("", "W: GPG error: http://x.example/apt x InRelease: The following signatures couldn't be verified: NO_PUBKEY 1"),
            ("", "error: Signature not supported. Hash algorithm SHA1 not available."),
            ("", "Error: GPG check FAILED"),
        ),
        ("key",),
    ),
    "package-manager-broken": Carried(
        "package-manager-broken",
        (("", "E: dpkg was interrupted, you must manually run 'dpkg --configure -a'"), ("", "Error: rpmdb open failed")),
        ("dpkg --configure -a", "--fix-broken install", "rpm"),
    ),
    "package-dependencies": Carried(
        "package-dependencies",
        (
            ("", "E: Unable to correct problems, you have held broken packages."),
            ("", "Error unpacking rpm package python-urllib3-1.25.9-1.amzn2.0.2.noarch"),
        ),
        ("lock", "hold", "repository"),
    ),
    "repository-denied": Carried(
        "repository-denied",
        (
            ("", "https://rhui.example/x: [Errno 14] HTTPS Error 401 - Unauthorized"),
            ("s3", "Status code: 403 for https://al2023-repos-eu-west-1-de612dc2.s3.eu-west-1.amazonaws.com/x (IP: 10.0.0.9)"),
        ),
        ("was reached",),
    ),
    "patch-override-denied": Carried(
        "patch-run-failed",
        (
            ("override-denied", "failed to run commands: exit status 160"),
            (
                "override-denied",
                "Unable to download file from S3: s3://aws-quicksetup-patchpolicy-111122223333-a1b2c/baseline_overrides.json.",
            ),
        ),
        ("aws-quicksetup-patchpolicy-", "activation's role", "QSConfigId"),
        why="one step of Patch Manager's script failed: which one is its variant, with a change of its own",
    ),
    "curl-cannot-write": Carried("curl-cannot-write", (("", "Error code returned from curl is 23"),), ("snap", "S3 is fine")),
    "patch-runs-collide": Carried(
        "patch-run-failed",
        (
            ("collided", "IOError: [Errno 2] No such file or directory: 'patch-baseline-operations-1.83.tar.gz'"),
            ("collided", "Encounter service side error when uploading the inventory"),
        ),
        ("one patch command at a time", "two minutes"),
        why="one step of Patch Manager's script failed: which one is its variant, with a change of its own",
    ),
    "out-of-memory": Carried(
        "resources-exhausted",
        (
            ("", "Killed"),
            ("", "fork/exec /bin/sh: cannot allocate memory"),
            ("", "Out of memory: Killed process 4943 (dnf) total-vm:1246768kB"),
        ),
        ("memory or swap",),
        why="the limit of open files is of the same kind, and is its variant",
    ),
    "node-not-onboarded": Carried(
        "not-registered",
        (("no-role", NO_ROLE),),
        ("egister", "instance profile"),
        why="the proposal itself names this one, in a variant",
    ),
}


def test_every_proposed_code_is_carried_and_every_other_name_has_its_reason() -> None:
    assert set(CARRIED) == set(PROPOSED) and all(PROPOSED.values())
    for proposed, carried in CARRIED.items():
        assert carried.code in FINDINGS and carried.texts and carried.advised
        assert bool(carried.why) is (carried.code != proposed)


@pytest.mark.parametrize(
    ("proposed", "variant", "text"),
    [(proposed, variant, text) for proposed, carried in CARRIED.items() for variant, text in carried.texts],
)
def test_a_text_of_its_kind_is_told_with_the_change_that_was_proposed(proposed: str, variant: str, text: str) -> None:
    carried = CARRIED[proposed]
    (finding,) = explain_logs(read_stream([text.encode()], "pasted.txt", timezone.utc), NO_SITE).findings
    assert (finding.code, finding.variant) == (carried.code, variant)
    remedy = finding.remedy
    said = " ".join((finding.title, finding.cause, remedy.summary, *remedy.instance_steps, *remedy.aws_steps))
    assert [words for words in carried.advised if words not in said] == []
