"""Programs that are not the agent: which one failed, what it could not reach, what crashed, and who gave up."""

from __future__ import annotations

from datetime import timezone
from pathlib import Path
from typing import List, Tuple

import pytest

from ssm_bootstrap.cli.entry import run
from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.diagnose.logs.explain import LogDiagnosis, explain_logs
from ssm_bootstrap.model.findings import Finding, Severity
from ssm_bootstrap.model.site import NO_SITE

POOL = "HTTPSConnectionPool(host='git.example.com', port=443): Max retries exceeded with url: {} (Caused by {})"
LOST = "Failed to establish a new connection: [Errno -2] Name or service not known"
ERROR = "2026-07-15 10:00:00 ERROR [ssm-agent-worker] "
FRAME = "github.com/aws/amazon-ssm-agent/agent/log/ssmlog.(*Wrapper).Debugf(0xc000)\n\t/x/wrapper.go:44 +0x1\n"
GOROUTINE = "\n\ngoroutine 34 [running]:\nruntime.throw({0x1a2b3c?, 0x0?})\n\t/usr/lib/golang/src/runtime/panic.go:1047 +0x5d\n"
SAYS_404 = "E: Failed to fetch http://mirror.example.com/ubuntu/dists/jammy/InRelease  404  Not Found [IP: 192.0.2.1 80]"


def explained(text: str, name: str = "pasted.txt") -> LogDiagnosis:
    return explain_logs(read_stream([text.encode()], name, timezone.utc), NO_SITE)


def only(text: str) -> Finding:
    (finding,) = explained(text).findings
    return finding


@pytest.mark.parametrize(
    ("text", "case", "subject", "program"),
    [
        ("urllib.error.URLError: <urlopen error [Errno -2] Name or service not known>", "unnamed", "", "Python"),
        ("OSError: [Errno 101] Network is unreachable", "unnamed", "", "Python"),
        ("ConnectionRefusedError: [Errno 111] Connection refused", "unnamed", "", "Python"),
        ("socket.timeout: timed out", "unnamed", "", "Python"),
        ("<urlopen error timed out>", "unnamed", "", "Python"),
        (POOL.format("/x", f"NewConnectionError('x: {LOST}'"), "name", "git.example.com", "urllib3"),
        (POOL.format("/simple/boto3/", f"NewConnectionError('x: {LOST}'"), "name", "git.example.com", "pip"),
        (
            POOL.format("/x", "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] x'"),
            *("tls", "git.example.com", "urllib3"),
        ),
        ("HTTPConnectionPool(host='192.0.2.9', port=8080): Read timed out. (read timeout=5)", "", "192.0.2.9", "urllib3"),
        ('Connect timeout on endpoint URL: "https://s3.corp.example.com/"', "", "s3.corp.example.com", "AWS command line"),
        ('Connect timeout on endpoint URL: "None"', "unnamed", "", "AWS command line"),
        ("curl: (28) Connection timed out after 300000 milliseconds", "unnamed", "", "curl"),
        ("curl: (6) Could not resolve host: files.example.internal", "name", "files.example.internal", "curl"),
        ("curl: (7) Failed to connect to 192.0.2.9 port 80: Connection refused", "refused", "192.0.2.9", "curl"),
        ("curl: (7) Failed to connect to 192.0.2.9 port 80 after 2 ms: Couldn't connect to server", "", "192.0.2.9", "curl"),
        ("wget: unable to resolve host address 'files.example.com'", "name", "files.example.com", "wget"),
        ("wget: bad address 'files.example.com'", "name", "files.example.com", "wget"),
        (
            "Connecting to files.example.com (files.example.com)|192.0.2.9|:443... failed: Connection timed out.",
            *("", "files.example.com", "wget"),
        ),
        ("wget: can't connect to remote host (192.0.2.9): Connection refused", "address", "192.0.2.9", "wget"),
        ("ERROR: cannot verify files.example.com's certificate, issued by 'CN=x':", "tls", "files.example.com", "wget"),
        ("dial tcp: lookup vault.example.com on 10.0.0.2:53: no such host", "name", "vault.example.com", "does not name"),
        (
            "curl: (7) Failed to connect to ssm.eu-west-1.amazonaws.com port 443 after 2 ms: Couldn't connect to server",
            *("reason-unsaid", "ssm.eu-west-1.amazonaws.com", "curl"),
        ),
    ],
)
def test_a_connection_that_fails_is_told_with_its_program_and_host(text: str, case: str, subject: str, program: str) -> None:
    finding = only(text)
    assert (finding.code, finding.variant, finding.severity) == ("connection-failed", case, Severity.ERROR)
    assert finding.subject == subject or not subject
    assert program in finding.cause and not finding.breaks
    said = " ".join((finding.title, finding.cause, finding.remedy.summary, *finding.remedy.steps))
    assert "create an endpoint" not in said.lower() and "<" not in said.replace("<urlopen error", "")


def test_what_the_agent_says_of_such_a_host_is_a_warning() -> None:
    finding = only(f'{ERROR}Get "https://git.example.com/x": dial tcp: lookup git.example.com on 10.0.0.2:53: no such host')
    assert (finding.code, finding.severity) == ("connection-failed", Severity.WARNING)
    assert "amazon-ssm-agent" in finding.cause


def test_another_process_in_the_journal_has_its_own_affairs() -> None:
    line = "Jul 15 10:00:00 host backup[9]: OSError: [Errno 101] Network is unreachable\n"
    agents = "Jul 15 10:00:00 host amazon-ssm-agent[812]: 2026-07-15 10:00:00 INFO [CredentialRefresher] Credentials ready\n"
    assert explained(agents + line).findings == ()


CRASHES = ["fatal error: concurrent map writes", "panic: assignment to entry in nil map", "SIGSEGV: segmentation violation"]


@pytest.mark.parametrize("first", CRASHES)
def test_a_crash_is_the_agents_where_its_trace_names_the_agent(first: str) -> None:
    finding = only(first + GOROUTINE + FRAME)
    assert (finding.code, finding.variant) == ("agent-part-failed", "panic")
    assert first in finding.cause and "not told here" in finding.cause
    other = only(first + GOROUTINE + "github.com/example/tool/cmd.Run(0xc000)\n\t/x/cmd.go:1\n")
    assert (other.code, other.variant) == ("command-failed", "crashed")
    assert "github.com/example/tool" in other.cause
    unnamed = only(first + GOROUTINE + "main.main()\n\t/build/main.go:12 +0x1d\n")
    assert (unnamed.code, unnamed.variant) == ("command-failed", "crashed") and "does not name" in unnamed.cause


def test_a_crash_in_the_agents_journal_is_the_agents_with_its_version() -> None:
    head = "Jul 15 10:00:0{} host amazon-ssm-agent[812]: "
    text = f"{head.format(0)}2026-07-15 10:00:00 INFO amazon-ssm-agent - v3.3.987.0\n{head.format(1)}{CRASHES[0]}\n"
    finding = only(text)
    assert (finding.code, finding.variant) == ("agent-part-failed", "panic") and "3.3.987.0" in finding.cause


@pytest.mark.parametrize(
    ("message", "case"),
    [
        ("UpdateAgent panicked with error 'runtime error: index out of range [3] with length 2'. Unlocking lockfile", "update"),
        ("recovered from panic for updater nil map!", "update"),
        ("Recovered from panic: nil map", "recovered"),
        ("message bus start run panic: nil map", "recovered"),
        ("listen reply in mgsinteractor panicked: \nnil map", "recovered"),
        ("WritePump thread crashed with message: nil map", "recovered"),
        ("session worker panic: nil map", "panic"),
        ("SSM Agent Worker crashed with message nil map!", "panic"),
    ],
)
def test_what_the_agent_caught_is_no_crash(message: str, case: str) -> None:
    finding = only(ERROR + message)
    assert (finding.code, finding.variant) == ("agent-part-failed", case)
    assert ("crashed" in finding.title) is (case == "panic")
    if case == "update":
        assert "did not happen" in finding.cause


@pytest.mark.parametrize("text", ["x.c:1:10: fatal error: stdio.h: No such file or directory", "Kernel panic - not syncing: VFS"])
def test_what_only_sounds_like_a_crash_is_none(text: str) -> None:
    assert explained(text).findings == ()


@pytest.mark.parametrize(
    "text",
    [
        SAYS_404,
        "E: The repository 'http://mirror.example.com/ubuntu jammy Release' does not have a Release file.",
        "E: Some index files failed to download. They have been ignored, or old ones used instead.",
        "failure: repodata/repomd.xml from base: [Errno 256] No more mirrors to try.",
        "Error: Failed to download metadata for repo 'x': Cannot download repomd.xml: All mirrors were tried",
        "File './repodata/repomd.xml' not found on medium 'https://mirror.example.com/sles/'",
        "Error code: HTTP response: 404",
        "Could not refresh the repositories because of errors.",
        "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1 (apt)",
        "error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Resource temporarily unavailable)",
        "System management is locked by the application with pid 606 (zypper).",
    ],
)
def test_a_manager_that_gave_up_is_an_error_in_its_own_output(text: str) -> None:
    assert [one.severity for one in explained(text).findings] == [Severity.ERROR]


@pytest.mark.parametrize(
    "text",
    [
        SAYS_404.replace("E: ", "W: "),
        "http://mirror.example.com/7/os/repodata/repomd.xml: [Errno 14] HTTP Error 404 - Not Found\nTrying other mirror.",
        "W: Some index files failed to download. They have been ignored, or old ones used instead.",
        "Another app is currently holding the yum lock; waiting for it to exit...",
    ],
)
def test_a_manager_that_goes_on_is_a_warning(text: str) -> None:
    assert [one.severity for one in explained(text).findings] == [Severity.WARNING]


def test_a_file_that_is_missing_on_the_last_mirror_is_an_error() -> None:
    one = "http://mirror.example.com/7/os/repodata/repomd.xml: [Errno 14] HTTP Error 404 - Not Found\nTrying other mirror.\n"
    finding = only(f"{one}failure: repodata/repomd.xml from base: [Errno 256] No more mirrors to try.")
    assert (finding.code, finding.variant, finding.severity) == ("repository-denied", "not-found", Severity.ERROR)


def test_nobody_is_sent_to_the_output_that_he_gave(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "stdout"
    output.write_text("failed to run commands: exit status 1\n", encoding="utf-8")
    assert run(["explain", "--full", str(output)]) == 0
    said = capsys.readouterr().out
    assert "lines before this one" in said and "Read the command's output" not in said and "orchestration" not in said
    assert "Read the command's output" in only(f"{ERROR}failed to run commands: exit status 1").remedy.summary


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Registration limit of 1000 reached for SSM On-prem managed instances.", "activation-quota"),
        ("You have reached the limit of 1000 managed instances for this account.", "activation-quota"),
        ("The registration limit of activation 1b2c is 10, and 10 managed instances use it.", "activation-exhausted"),
        ("", "activation-exhausted"),
    ],
)
def test_the_limit_of_the_account_is_not_the_activations(text: str, code: str) -> None:
    for form in ("RegistrationLimitExceeded: ", "operation error SSM: RegisterManagedInstance, RegistrationLimitExceeded: "):
        assert [one.code for one in explained(form + text).findings] == [code]


FAMILIES: List[Tuple[str, str, str]] = [
    ("Failed to retrieve uid for jane: exit status 1", "session-user-missing", ""),
    ("Failed to start pty: x", "session-failed", "shell"),
    ("Local temp log file is missing, logging might be interrupted.", "session-failed", "log-lost"),
    ("Failed to get datachannel token, error: x", "session-failed", "channel"),
    ("Unable to write to port, err: x.", "session-failed", "port-broke"),
    ("Could not deserialize field MessageType with error: x", "agent-part-failed", "messages"),
    ("The cancellation failed to stop the session.", "command-failed", "runs-on"),
    ("Encountered an error while parsing document: x", "command-failed", "document"),
    ("Unable to get ssm document. x", "command-failed", "content"),
    ("Failed to write the message to stdout: x", "command-failed", "output-lost"),
    ("Attempting to add job x to a closed queue", "agent-part-failed", "command-lost"),
    ("Error rebooting the machine. Agent restart required Err: x", "command-failed", "not-rebooted"),
    ("Encountered error. Skipping upload to SSM x", "agent-part-failed", "inventory"),
    ("unable to create scheduler, x", "command-failed", "schedule"),
    ("unable to update association status, x", "agent-part-failed", "association"),
    ("Downgrade is not enabled, please enable downgrade to perform this update", "agent-update-failed", "older"),
]


@pytest.mark.parametrize(("message", "code", "case"), FAMILIES)
def test_a_part_of_the_agent_that_failed_is_told_by_what_it_means(message: str, code: str, case: str) -> None:
    finding = only(ERROR + message)
    assert (finding.code, finding.variant) == (code, case)
    assert finding.severity is Severity.WARNING


def test_the_end_of_such_a_message_tells_more_than_its_beginning() -> None:
    finding = only(f"{ERROR}Failed to write the message to stdout: write /var/lib/amazon/ssm/x: no space left on device")
    assert (finding.code, finding.subject) == ("disk-full", "/var/lib/amazon/ssm")


def test_what_is_only_tidied_up_is_harmless_alone() -> None:
    assert explained(f"{ERROR}failed to remove channel directory: odd").findings == ()
    assert [
        one.code for one in explained(f"{ERROR}failed to remove channel directory: unlinkat /x/y: read-only file system").findings
    ] == ["read-only-storage"]
