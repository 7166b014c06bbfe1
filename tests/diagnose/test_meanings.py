"""Words that mean one thing here and another there: each text leads to the change that helps, and to no other."""

from __future__ import annotations

from datetime import timezone
from typing import List, Tuple

import pytest

from ssm_bootstrap.catalog.patch import meaning_of, step_of
from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.diagnose.logs.command_story import story_of
from ssm_bootstrap.diagnose.logs.explain import LogDiagnosis, explain_logs
from ssm_bootstrap.model.agent import Command, StepOutput
from ssm_bootstrap.model.site import NO_SITE

PATCH = "/var/lib/amazon/ssm/mi-1/document/orchestration/c/PatchLinux/stdout"
KEY = "2026-07-15 10:00:00 ERROR [ssm-session-worker] Fetching data key failed: Unable to retrieve data key, "
DECRYPT = "User: arn:aws:sts::111122223333:assumed-role/node/mi-0123456789abcdef0 is not authorized to perform: kms:Decrypt"
KILLED = "Out of memory: Killed process 4943 ({}) total-vm:1246768kB, anon-rss:451516kB"
REPO = "https://mirror.example.com/rocky/{}/BaseOS/x86_64/os/repodata/repomd.xml"
NO_RELEASE = "E: The repository 'http://mirror.example.com/ubuntu x Release' does not have a Release file."


def explained(text: str, name: str = "pasted.txt") -> LogDiagnosis:
    """What a text that somebody pasted means."""
    return explain_logs(read_stream([text.encode()], name, timezone.utc), NO_SITE)


def told(text: str, name: str = "pasted.txt") -> List[Tuple[str, str]]:
    """Code and variant of each finding."""
    return [(one.code, one.variant) for one in explained(text, name).findings]


@pytest.mark.parametrize("name", ["pasted.txt", PATCH])
@pytest.mark.parametrize(
    "text",
    [
        "Killed\nfailed to run commands: exit status 137",
        "/x/_script.sh: line 3:  4242 Killed                  dnf -y update\nfailed to run commands: exit status 137",
        "failed to run commands: exit status 137",
        *(KILLED.format(name) for name in ("amazon-ssm-agen", "ssm-agent-worke", "dnf", "python3", "apt-get", "zypper")),
        "[ 1234.567890] " + KILLED.format("dnf"),
        "Jul 15 10:00:00 host kernel: " + KILLED.format("python3.9"),
    ],
)
def test_what_was_killed_wants_memory(text: str, name: str) -> None:
    assert told(text, name) == [("resources-exhausted", "")]


def test_what_was_killed_of_others_is_theirs() -> None:
    assert told(KILLED.format("java")) == []


def test_a_reason_that_was_told_goes_before_the_status() -> None:
    call = 'Connect timeout on endpoint URL: "https://ssm.eu-west-1.amazonaws.com/"'
    assert [code for code, _ in told(f"{call}\nfailed to run commands: exit status 137", PATCH)] == ["endpoint-missing"]


@pytest.mark.parametrize(
    ("said", "is_of_dpkg"),
    [
        (("Problem retrieving files from 'SLE-Updates'.", "zypper refresh"), False),
        (("Updating Subscription Management repositories.", "yum update"), False),
        (("kernel-5.14.0-70.el9.x86_64 could not be installed",), False),
        (("Reading package lists...", "dpkg: x"), True),
        (("nothing that tells",), True),
        (("apt-get said no to an rpm",), True),
    ],
)
def test_exit_status_2_is_dpkgs_where_dpkg_is(said: Tuple[str, ...], is_of_dpkg: bool) -> None:
    meaning = meaning_of(2, said)
    assert (meaning is not None) is is_of_dpkg
    step = StepOutput("PatchLinux", output=said)
    story = story_of(Command("c", "AWS-RunPatchBaseline", "Failed", 2, steps=(step,)))
    assert ("dpkg" in story.means) is is_of_dpkg and (story.code == "package-manager-busy") is is_of_dpkg
    assert ("dpkg's lock" in str(explained("\n".join((*said, "failed to run commands: exit status 2")), PATCH))) is is_of_dpkg


def test_a_killed_script_is_told_what_it_lacks() -> None:
    step = step_of(137)
    assert step is not None and step.code == "resources-exhausted"


@pytest.mark.parametrize(
    "tail",
    [
        f"Error when decrypting data key AccessDeniedException: {DECRYPT} on resource: arn:aws:kms:eu-west-1:111122223333:key/x",
        "Error when decrypting data key AccessDeniedException: The ciphertext refers to a key that does not exist",
        "Error when decrypting data key operation error KMS: Decrypt, https response error StatusCode: 400, RequestID: 1, "
        f"api error AccessDeniedException: {DECRYPT} on resource: x",
        "Error when decrypting data key DisabledException: arn:aws:kms:eu-west-1:111122223333:key/x is disabled.",
    ],
)
def test_a_session_key_that_is_refused_names_the_key_and_the_role(tail: str) -> None:
    (finding,) = explained(KEY + tail).findings
    assert (finding.code, finding.variant, finding.severity.value) == ("session-failed", "key-node", "error")
    assert "kms:Decrypt on the key for the node's role" in finding.remedy.summary


def test_a_session_key_without_a_way_to_kms_is_a_missing_way() -> None:
    sent = "Error when decrypting data key RequestError: send request failed\ncaused by: Post "
    assert (
        told(KEY + sent + '"https://kms.eu-west-1.amazonaws.com/": dial tcp: lookup kms.eu-west-1.amazonaws.com: no such host')[
            0
        ][0]
        == "dns-unknown-name"
    )


@pytest.mark.parametrize("release", ["$releasever", "%24releasever", "${releasever}", "$contentdir", "9/$basearch"])
@pytest.mark.parametrize(
    "line",
    [
        "  - Status code: 404 for {} (IP: 198.51.100.10)",
        "  - Status code: 403 for {} (IP: 198.51.100.10)",
        "{}: [Errno 14] HTTP Error 404 - Not Found",
    ],
)
def test_a_variable_that_was_not_filled_in_is_the_cause(line: str, release: str) -> None:
    assert told(line.format(REPO.format(release))) == [("repository-config-invalid", "unfilled")]
    assert told(line.format(REPO.format("9")))[0][0] == "repository-denied"


def test_a_variable_in_the_url_of_a_silent_host_is_not_what_is_to_be_mended_first() -> None:
    line = f"  - Curl error (28): Timeout was reached for {REPO.format('$releasever')} [Connection timed out]"
    assert told(line)[0][0] in ("repository-unreachable", "repository-config-invalid")


@pytest.mark.parametrize(
    ("reason", "wanted"),
    [
        ("  403  Forbidden [IP: 198.51.100.10 80]", ("repository-denied", "")),
        ("  407  Proxy Authentication Required [IP: 198.51.100.10 3128]", ("repository-denied", "proxy-login")),
        ("  404  Not Found [IP: 198.51.100.10 80]", ("repository-denied", "not-found")),
        ("  Could not connect to mirror.example.com:80 (198.51.100.10), connection timed out", ("repository-unreachable", "")),
    ],
)
@pytest.mark.parametrize("head", ["", "07/15/2026 10:00:00 root [INFO]: Running\n", "2026-07-15 10:00:00 INFO x\n"])
def test_no_release_file_is_what_apt_said_of_it_before(head: str, reason: str, wanted: Tuple[str, str]) -> None:
    text = f"{head}Err:5 http://mirror.example.com/ubuntu x Release\n{reason}\nReading package lists...\n{NO_RELEASE}\n"
    (finding,) = explained(text).findings
    assert (finding.code, finding.variant) == wanted
    assert "mirror.example.com" in finding.subject or wanted[1] == "proxy-login"


def test_of_two_hosts_the_one_that_refuses_is_told_of_and_not_the_one_without_a_file() -> None:
    refused = "Err:5 http://other.example.com/ubuntu x Release\n  403  Forbidden [IP: 198.51.100.10 80]\n"
    for text in (refused + NO_RELEASE, f"{NO_RELEASE}\n{refused}"):
        (finding,) = explained(text).findings
        assert (finding.code, finding.variant, finding.subject) == ("repository-denied", "", "other.example.com")


@pytest.mark.parametrize(
    "text",
    [
        "inotify_add_watch /etc/amazon/ssm: no space left on device",
        "2026-07-15 10:00:00 ERROR inotify_add_watch(7, /var/lib/amazon/ssm/x): no space left on device",
        "failed to watch /x: inotify_add_watch /x: No space left on device",
        "inotify_init1: no space left on device",
    ],
)
def test_a_watch_for_which_there_is_no_room_is_no_full_disk(text: str) -> None:
    assert told(text) == [("inotify-exhausted", "")]


def test_a_handshake_that_timed_out_is_no_plugin_that_is_missing() -> None:
    (finding,) = explained(
        "Handshake timed out. Please ensure that you have the latest version of the session manager plugin."
    ).findings
    assert (finding.code, finding.variant) == ("session-failed", "handshake") and "ssmmessages" in finding.remedy.summary


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "amazon-ssm-agent source version 3.2.1 is unsupported on current platform",
            ("agent-update-failed", "unsupported-version"),
        ),
        ("The version is unsupported on current platform", ("agent-update-failed", "unsupported-version")),
        (
            "Failed to download manifest: failed to download file reliably, https://s3.eu-west-1.amazonaws.com/x/manifest.json",
            ("agent-update-failed", "no-files"),
        ),
        ("Failed to download manifest: unexpected end of JSON input", ("agent-update-failed", "no-files")),
        ("failed to download manifest - document does not exist", ("command-failed", "package")),
    ],
)
def test_how_an_update_ends_is_explained(text: str, wanted: Tuple[str, str]) -> None:
    assert told(text) == [wanted]
    assert told(f"2026-07-15 10:00:00 ERROR [ssm-document-worker] {text}") == [wanted]


@pytest.mark.parametrize(
    "host",
    [
        "cdn.amazonlinux.com",
        "amazonlinux-2-repos-eu-west-1.s3.dualstack.eu-west-1.amazonaws.com",
        "al2023-repos-eu-west-1-de612dc2.s3.eu-west-1.amazonaws.com",
        "amazonlinux.eu-west-1.amazonaws.com",
    ],
)
@pytest.mark.parametrize("line", ["Status code: 403 for {} (IP: 198.51.100.10)", "{}: [Errno 14] HTTPS Error 403 - Forbidden"])
def test_amazon_linux_that_is_refused_asks_for_the_policy_of_the_s3_endpoint(line: str, host: str) -> None:
    (finding,) = explained(line.format(f"https://{host}/2/core/mirror.list")).findings
    assert (finding.code, finding.variant, finding.subject) == ("repository-denied", "s3", host)
    advice = " ".join(finding.remedy.aws_steps)
    assert "-de612dc2" in advice and "amazonlinux-2-repos-" in advice


def test_a_line_that_begins_in_brackets_is_whole() -> None:
    line = "[SLE|https://smt.example.com/x] Valid metadata not found at specified URL"
    assert told(f"07/15/2026 10:00:00 root [INFO]: x\n{line}\n", PATCH) == [("repository-denied", "not-found")]
