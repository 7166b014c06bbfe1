"""What other programs print in the same output: said as what it is, listed where nobody knows it, over where it came right."""

from __future__ import annotations

import re
from datetime import timezone
from pathlib import Path
from typing import Iterator, List, Optional, Tuple

import pytest

from ssm_bootstrap.catalog.signatures import SIGNATURES
from ssm_bootstrap.catalog.signatures.kinds import Kind
from ssm_bootstrap.cli.entry import run
from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.diagnose.logs.explain import LogDiagnosis, explain_logs
from ssm_bootstrap.model.site import NO_SITE
from tests.diagnose.test_two_sdks import API_ERRORS
from tests.variants import some

HEAD = "07/15/2026 10:00:00 root [INFO]: Running with snapshot id = 3f and operation = Install\n"
AGENTS = "2026-07-15 10:00:00 INFO [ssm-document-worker] [x] begins\n"
HEADS = {"none": "", "the patch script's": HEAD, "the agent's": AGENTS}
SESSION = "2026-07-15 10:00:00 ERROR [ssm-session-worker] [jane-0abc] [DataBackend] [pluginName=Standard_Stream] "


def explained(text: str) -> LogDiagnosis:
    return explain_logs(read_stream([text.encode()], "/tmp/pasted.txt", timezone.utc), NO_SITE, region="eu-west-1")


def told(text: str) -> List[Tuple[str, str]]:
    return [(one.code, one.variant) for one in explained(text).findings]


MIRROR = (
    "[MIRROR] x-1.rpm: Curl error (28): Timeout was reached for http://mirror.example.net/x-1.rpm [Connection timed out]\n"
    "(1/2): x-1.rpm          1.2 MB/s | 1.2 MB     00:01\n"
)
NOT_FOUND = "http://mirror.example.net/repodata/repomd.xml: [Errno 14] HTTP Error 404 - Not Found\nTrying other mirror.\n"
LOCK = (
    "Existing lock /var/run/yum.pid: another copy is running as pid 3310.\n"
    "Another app is currently holding the yum lock; waiting for it to exit...\n"
)
REPORTED = "07/15/2026 10:01:00 root [INFO]: Report upload successful.\n"
GIVEN_UP = "failure: repodata/repomd.xml from base: [Errno 256] No more mirrors to try.\n"


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize(
    ("text", "code"),
    [
        (MIRROR + "Upgraded:\n  x-1\nComplete!\n", "repository-unreachable"),
        (NOT_FOUND + "Updated:\n  x.x86_64 0:1\nComplete!\n", "repository-denied"),
        (NOT_FOUND + "Updated:\n  x.x86_64 0:1\n", "repository-denied"),
        (LOCK + "No packages marked for update\n", "package-manager-busy"),
        (LOCK + "  The other application is: yum\nComplete!\n", "package-manager-busy"),
    ],
)
def test_what_the_same_output_says_to_have_come_right_is_over(head: str, text: str, code: str) -> None:
    found = explained(head + text)
    assert (found.findings, {item.code for item in found.history}) == ((), {code})


def test_a_report_that_was_sent_ends_a_lock_and_no_repository_out_of_reach() -> None:
    silent = "W: Failed to fetch http://a.example/x  Could not connect to a.example:80 (192.0.2.1), connection timed out\n"
    assert told(HEAD + LOCK + REPORTED) == []
    assert told(HEAD + silent + REPORTED) == [("repository-unreachable", "")]


@pytest.mark.parametrize(
    "text",
    [
        MIRROR,
        NOT_FOUND,
        "Complete!\n" + NOT_FOUND,
        NOT_FOUND + "Complete!\n" + NOT_FOUND,
        NOT_FOUND + GIVEN_UP + "Complete!\n",
        "  - Curl error (28): Timeout was reached for http://mirror.example.net/x [x]\nIgnoring repositories: x\nComplete!\n",
    ],
)
def test_what_did_not_come_right_holds(text: str) -> None:
    assert told(text) != []


@pytest.mark.parametrize("head", [HEAD, AGENTS], ids=["the patch script's", "the agent's"])
@pytest.mark.parametrize(
    "line",
    [
        "Error: zorbification failed",
        "E: The zorb is not there",
        "KeyError: 'zorb'",
        "zorb: cannot open the box",
        "Unable to zorb",
        "zorb: access refused",
        "GET /zorb answered HTTP Error 502",
        "[Errno 71] Zorb",
        "zorb.exceptions.ZorbError: no",
        'Traceback (most recent call last):\n  File "x.py", line 1\nValueError: zorb',
    ],
)
def test_a_failure_that_nobody_knows_is_listed(head: str, line: str) -> None:
    found = explained(f"{head}{line}\n{head}")
    assert found.findings == () and [item.sample for item in found.listed] == [line.split("\n")[-1]]
    assert found.listed[0].part is not None and "another program" in found.listed[0].part.name


@pytest.mark.parametrize(
    "line",
    [
        "Get:4 http://mirror.example.net/pool/liberror-perl_0.17.deb [26 kB]",
        "Setting up libgpg-error0 (1.43) ...",
        "0 errors, 0 failed",
        "W: Target Packages is configured multiple times",
        "warning: /etc/x created as /etc/x.rpmnew; cannot replace it",
        "debconf: unable to initialize frontend: Dialog",
        "sudo: unable to resolve host ip-10-0-0-1: Name or service not known",
        "perl: warning: Setting locale failed.",
        "Failed to set locale, defaulting to C.UTF-8",
        "Unable to read consumer identity",
        "invoke-rc.d: policy-rc.d denied execution of start.",
        "WARNING: Running pip as the 'root' user can result in broken permissions",
    ],
)
@pytest.mark.parametrize("head", [HEAD, AGENTS], ids=["the patch script's", "the agent's"])
def test_healthy_lines_are_no_failure(head: str, line: str) -> None:
    found = explained(head + line + "\n" + head)
    assert (found.findings, found.listed) == ((), ())


@pytest.mark.parametrize("stamp", ["2026-05-23T17:01:52+0000", "May 23 17:01:52"])
def test_what_other_processes_tell_the_journal_is_their_affair(stamp: str) -> None:
    agents = f"{stamp} host amazon-ssm-agent[812]: 2026-05-23 17:01:51 INFO [CredentialRefresher] Credentials ready\n"
    assert explained(f"{agents}{stamp} host sshd[9]: error: kex failed\n").listed == ()
    assert told(f"{agents}{stamp} host amazon-ssm-agent[812]: sh: write error: No space left on device\n") == [
        ("disk-full", "place-unsaid")
    ]


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize(
    ("line", "subject"),
    [
        ("tar: x.tar.gz: Cannot write: No space left on device", ""),
        ("OSError: [Errno 28] No space left on device", ""),
        ("Error: [Errno 28] No space left on device: '/var/cache/dnf/x'", "/var/cache/dnf"),
        (
            "dpkg: unrecoverable fatal error, aborting:\n unable to flush '/var/lib/dpkg/tmp.ci/x': No space left on device",
            "/var/lib/dpkg/tmp.ci",
        ),
        ("sh: write error: No space left on device", ""),
        ("cp: error writing '/opt/x': No space left on device", "/opt"),
        ("unpacking of archive failed on file /usr/bin/x;5f: cpio: write failed - No space left on device", "/usr/bin"),
        ("E: You don't have enough free space in /var/cache/apt/archives/.", "/var/cache/apt/archives"),
        ("Disk Requirements:\n   At least 120MB more space needed on the /boot filesystem.", "/boot"),
        ("write /var/x: no space left on device", "/var"),
        ("open /var/lib/amazon/ssm/x: no space left on device", "/var/lib/amazon/ssm"),
    ],
)
def test_a_full_disk_in_the_words_of_any_program(head: str, line: str, subject: str) -> None:
    """It is about the directory that the words name; where they name none, nobody is sent to the agent's."""
    (finding,) = explained(head + line).findings
    case = "place-unsaid" if not subject else "" if "/amazon" in subject else "elsewhere"
    assert (finding.code, finding.variant, finding.subject) == ("disk-full", case, subject or "a file system")
    if not subject:
        assert "/var/lib/amazon" not in finding.title + finding.cause + finding.remedy.summary


HOSTS = {
    "rds": "ERROR [x] error: dial tcp: lookup mydb.abc.eu-west-1.rds.amazonaws.com on 10.0.0.2:53: no such host",
    "ecr": 'ERROR [x] Get "https://1.dkr.ecr.eu-west-1.amazonaws.com/v2/": dial tcp 10.0.0.9:443: i/o timeout',
    "refused": 'ERROR Get "https://1.dkr.ecr.eu-west-1.amazonaws.com/": dial tcp 52.0.0.9:443: connect: connection refused',
    "ec2": 'ERROR [x] Get "https://ec2-52-1-1-1.eu-west-1.compute.amazonaws.com/": dial tcp 52.1.1.1:443: i/o timeout',
    "vpce": 'ERROR [x] Get "https://vpce-1.ssm.eu-west-1.vpce.amazonaws.com/": x509: certificate is valid for a, not b',
    "secrets": "ERROR SSL validation failed for https://secretsmanager.eu-west-1.amazonaws.com/ [SSL: CERTIFICATE_VERIFY_FAILED]",
    "elb": "ERROR curl: (35) SSL_connect: Connection reset by peer in connection to lb-1.eu-west-1.elb.amazonaws.com:443",
    "redhat": "ERROR Curl error (60): x for https://cdn.redhat.com/x [SSL certificate problem: self-signed certificate]",
    "rhsm": "ERROR Unable to verify server's identity: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:897)",
}


def words_of(found: LogDiagnosis) -> List[str]:
    """All sentences and commands of the findings that a service, a host or an address could be lacking in."""
    texts = []
    for finding in found.findings:
        remedy = finding.remedy
        texts += [finding.title, finding.cause, remedy.summary, *remedy.steps]
        texts += [text for command in remedy.commands for text in re.findall(r"<(?:SERVICE|HOST|ADDRESS)>", command.text)]
    return texts


def unfilled(found: LogDiagnosis) -> List[str]:
    return [text for text in words_of(found) if re.search(r"<[A-Z][A-Z-]+>", text)]


@pytest.mark.parametrize("line", HOSTS.values(), ids=HOSTS)
def test_a_host_that_is_none_of_the_nodes_leaves_no_mark(line: str) -> None:
    found = explained(f"2026-07-15 10:00:00 {line}")
    assert found.findings and unfilled(found) == []


DATA = Path(__file__).resolve().parents[1] / "data"
SCENARIOS = DATA.parent / "scenarios"
RECORDED = sorted(path for home in (DATA, SCENARIOS) for path in home.iterdir() if path.is_dir() and path.name != "__pycache__")
OF_THE_READER = re.compile(r"<(?:REGION|DOMAIN)>")
"""What a reader knows himself, and has to put in where no line tells it."""


def recorded(home: Path) -> Iterator[Tuple[str, bytes]]:
    """Every input below a directory: logs, what programs printed, and documents."""
    for path in sorted(home.rglob("*")):
        if path.is_file() and path.suffix not in (".py", ".pyc", ".md") and path.name not in ("expected.json", "codes.json"):
            yield str(path.relative_to(home.parent)), path.read_bytes()


def test_all_that_was_recorded_is_looked_at() -> None:
    names = {path.name for path in RECORDED}
    assert {"field", "field-again", "field-third", "managers", "journeys", "journeys-more"} <= names and len(names) > 200


@pytest.mark.parametrize("home", some(RECORDED, RECORDED[::3]), ids=lambda path: path.name)
def test_no_input_shows_a_mark_that_nobody_filled(home: Path) -> None:
    for name, text in recorded(home):
        found = explain_logs(read_stream([text], name, timezone.utc), NO_SITE)
        assert [text for text in unfilled(found) if re.search(r"<[A-Z][A-Z-]+>", OF_THE_READER.sub("", text))] == [], name


@pytest.mark.parametrize("row", API_ERRORS, ids=lambda row: row[1])
def test_no_error_of_aws_shows_a_mark_that_nobody_filled(row: Tuple[str, str, str, bool, str, bool]) -> None:
    doing, code, text, *_ = row
    for form in (
        f"{doing}{code}: {text}",
        f"{doing}operation error SSM: X, https response error StatusCode: 400, {code}: {text}",
    ):
        assert unfilled(explained(f"2026-07-15 10:00:00 ERROR {form}")) == []


@pytest.mark.parametrize(
    ("host", "variant"), [("cdn.redhat.com", "other-host"), ("s3.eu-west-1.amazonaws.com", "")], ids=["of others", "of the node"]
)
def test_a_certificate_of_another_host_is_told_of_that_host(host: str, variant: str) -> None:
    text = f"botocore.exceptions.SSLError: SSL validation failed for https://{host}/ [SSL: CERTIFICATE_VERIFY_FAILED] x"
    curl = f"Curl error (60): SSL peer was not OK for https://{host}/x [SSL certificate problem: self-signed certificate]"
    line = text if not variant else curl
    (finding,) = explained(line).findings
    assert (finding.code, finding.variant, finding.subject) == ("tls-untrusted", variant, host)


POOL = "HTTPSConnectionPool(host='ssm.eu-west-1.amazonaws.com', port=443): Max retries exceeded with url: / (Caused by "


@pytest.mark.parametrize("head", [HEAD, "", "07/15/2026 10:00:00 root [ERROR]: ", "07/15/2026 10:00:00 root [INFO]: "])
@pytest.mark.parametrize(
    ("line", "code"),
    [
        (POOL + "ConnectTimeoutError(<x>, 'Connection to x timed out. (connect timeout=60)'))", "endpoint-missing"),
        (POOL + "NewConnectionError('<x at 0x7f>: Failed: [Errno -2] Name or service not known'))", "dns-unknown-name"),
        (POOL + "NewConnectionError('<x at 0x7f>: Failed: [Errno 111] Connection refused'))", "endpoint-refused"),
        (POOL + "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] x')))", "tls-untrusted"),
        (POOL + "ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 403 Forbidden')))", "proxy-denied"),
        ("https://ssm.eu-west-1.amazonaws.com/: <urlopen error [Errno 111] Connection refused>", "endpoint-refused"),
        ("https://ssm.eu-west-1.amazonaws.com/ <urlopen error timed out>", "endpoint-missing"),
        ("Failed to download https://x.example.com/a.gz with HTTP Error 403: Forbidden", "download-refused"),
        ("HTTP Error 404: Not Found", "download-refused"),
        ("ClientError: An error occurred (404) when calling the HeadObject operation: Not Found", "download-refused"),
        ('Failed to connect to proxy URL: "http://proxy.corp:3128"', "proxy-unreachable"),
    ],
)
def test_errors_of_python_on_the_network(head: str, line: str, code: str) -> None:
    assert [one for one, _ in told(head + line)] == [code]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("curl: (23) Failure writing output to destination", ("curl-cannot-write", "")),
        ("curl: (23) Failed writing body (0 != 1369)", ("curl-cannot-write", "")),
        ("curl: (58) unable to set private key file: '/etc/pki/x.pem' type PEM", ("repository-config-invalid", "certificate")),
        (
            "Curl error (58): Problem for https://rhui.example.com/x [could not load]",
            ("repository-config-invalid", "certificate"),
        ),
        (
            '- Download snap "x" (1) (Get "https://z.cdn.snapcraftcontent.com/x": dial tcp 192.0.2.1:443: i/o timeout)',
            ("repository-unreachable", "snaps"),
        ),
        ("error: unable to contact snap store", ("repository-unreachable", "snaps")),
        ("Cannot prepare internal mirrorlist: No URLs in mirrorlist", ("repository-denied", "no-mirrors")),
        (
            "E: Release file for http://a.example/InRelease is not valid yet (invalid for another 5h 33min 12s).",
            ("clock-skewed", ""),
        ),
        ("HTTP error (401 - Unauthorized): Invalid Credentials", ("repository-denied", "subscription")),
        ("Network error, unable to connect to server. Please see /var/log/rhsm/rhsm.log", None),
        ("subscription-manager: Network error, unable to connect to server.", ("repository-unreachable", "subscription")),
        ('https://a.example/x: [Errno 14] curl#60 - "Issuer is not recognized."', ("tls-untrusted", "other-host")),
        ("  - package x is filtered out by modular filtering", ("package-dependencies", "modular")),
        ("ERROR: Cannot uninstall 'x'. It is a distutils installed project and", ("command-failed", "libraries")),
        ("ERROR: Cannot uninstall x 1, RECORD file not found. Hint: rpm", ("command-failed", "libraries")),
        ('error: cannot refresh "x": snap "x" has running apps (x)', ("agent-update-failed", "snap-busy")),
        (
            "before downgrading to 3.0.0, first downgrade to any version from 3.1.821.0 to 3.2.9",
            ("agent-update-failed", "step-down"),
        ),
        ("Another update in progress, try again later", ("agent-update-failed", "in-progress")),
        (
            "ERROR Failed to perform agent-installation/on-prem registration: failed to verify signature: x",
            ("package-signature", ""),
        ),
        (
            "ERROR Failed to perform agent-installation/on-prem registration: installation failed Exit Status: 1",
            ("agent-missing", "not-installed"),
        ),
        ("Failed to perform agent-installation/on-prem registration: failed to start agent: attempt", ("agent-not-running", "")),
    ],
)
def test_a_meaning_has_a_finding(text: str, wanted: Optional[Tuple[str, str]]) -> None:
    assert told(text) == ([wanted] if wanted else [])


def test_curl_names_the_host_that_it_could_not_resolve() -> None:
    (finding,) = explained("curl: (6) Could not resolve host: s3.eu-west-1.amazonaws.com; Unknown error").findings
    assert (finding.code, finding.hosts) == ("dns-unknown-name", ("s3.eu-west-1.amazonaws.com",))


V1 = "AccessDenied: Access Denied\n\tstatus code: 403, request id: X, host id: Y"
V2 = "operation error S3: X, https response error StatusCode: 403, RequestID: X, HostID: Y, api error AccessDenied: Access Denied"
KMS = (
    "AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/node/mi-0123456789abcdef0 is not authorized to perform: "
)


@pytest.mark.parametrize(
    ("text", "wanted", "action"),
    [
        *(
            (f"we are unable to validate encryption on Amazon S3 bucket. Error: {no}", "log-bucket error", "s3:GetEncryption")
            for no in (V1, V2)
        ),
        *((f"Failed to upload shell session logs to S3: {no}", "log-upload warning", "s3:PutObject") for no in (V1, V2)),
        (f"Fetching data key failed: Error when decrypting data key {KMS}kms:Decrypt", "key-node error", "kms:Decrypt"),
        (
            "Encountered error while initiating handshake. KMSEncryption failed on client with status 2 error: Failed to process "
            "action KMSEncryption: Error calling KMS GenerateDataKey API: AccessDeniedException: User: "
            "arn:aws:iam::111122223333:user/jane is not authorized to perform: kms:GenerateDataKey",
            "key-client error",
            "kms:GenerateDataKey",
        ),
        ("Unable to connect to specified port: dial tcp :3389: connect: connection refused", "port error", "port"),
        (
            "Unable to connect to specified port: dial tcp: lookup x.eu-west-1.rds.amazonaws.com: no such host",
            "port error",
            "port",
        ),
        ("Forwarding to IP address 169.254.169.254 is forbidden.", "port-forbidden error", "another host"),
        ("Unable to start command: the agent must run as root to use RunAs", " error", "message"),
    ],
)
def test_what_a_session_fails_of(text: str, wanted: str, action: str) -> None:
    (finding,) = explained(SESSION + text).findings
    assert (finding.code, f"{finding.variant} {finding.severity.value}") == ("session-failed", wanted)
    assert action in finding.remedy.summary


def test_the_agents_own_user_that_could_not_be_made() -> None:
    assert told("2026-07-15 10:00:00 ERROR [MessageService] Failed to create ssm-user: exit status 10") == [
        ("session-user-missing", "not-created")
    ]


@pytest.mark.parametrize(
    ("process", "part"), [("ssm-session-worker", "serves sessions"), ("ssm-document-worker", "runs documents")]
)
def test_a_prefix_that_several_processes_have_tells_by_the_process(process: str, part: str) -> None:
    (row,) = explained(f"2026-07-15 10:00:00 ERROR [{process}] [x] [DataBackend] zorb").listed
    assert row.part is not None and part in row.part.name


def test_what_ends_a_fault_in_the_same_output_is_harmless_and_known() -> None:
    ids = {row.id for row in SIGNATURES if row.kind is Kind.BENIGN}
    assert {name for row in SIGNATURES for name in row.righted_by} <= ids


@pytest.mark.parametrize(
    "text", ["Complete!\n", "Reading package lists...\n", "debconf: unable to initialize frontend: Dialog\n"]
)
def test_healthy_output_alone_says_nothing_of_the_agent(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "output.txt").write_text(text)
    assert run(["explain", str(tmp_path / "output.txt")]) == 66
    assert "nothing in it tells of a fault, and it is no log of the agent" in capsys.readouterr().err


def test_output_in_which_all_came_right_is_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "output.txt").write_text(NOT_FOUND + "Complete!\n")
    assert run(["explain", str(tmp_path / "output.txt")]) == 0
    assert "No fault" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("good morning\n", "nothing in it tells of a fault"),
        ("Complete!\n", "nothing in it tells of a fault"),
        ("zorb: cannot open the box\n", ""),
        (NOT_FOUND, ""),
        (AGENTS, ""),
    ],
)
def test_a_second_file_that_tells_nothing_is_mentioned(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_text(LOCK)
    second.write_text(text)
    run(["explain", str(first), str(second)])
    lines = [line for line in capsys.readouterr().err.splitlines() if str(second) in line]
    assert len(lines) == bool(said) and all(said in line for line in lines)


def test_a_failure_that_nobody_knows_is_not_called_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "output.txt").write_text("zorb: cannot open the box\n")
    assert run(["explain", str(tmp_path / "output.txt")]) == 0
    said = capsys.readouterr().out
    assert "1 x zorb: cannot open the box  (in another program's output)" in said and "No fault found" not in said


APT = "Reading package lists... Done\n"
ALL_UP_TO_DATE = "0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n"
WAITS = (
    "Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 2419 (unattended-upgr)...\n"
)
HEALTHY_RUNS = {
    "apt": APT + ALL_UP_TO_DATE,
    "apt with a warning": "W: Target Packages (main) is configured multiple times in /etc/apt/sources.list:1\n"
    + APT
    + ALL_UP_TO_DATE,
    "apt that waited": WAITS + APT + ALL_UP_TO_DATE,
    "dnf": "Last metadata expiration check: 0:01:12 ago on Wed Jul 15 09:58:50 2026.\n"
    "Dependencies resolved.\nNothing to do.\nComplete!\n",
    "dnf 5": "Updating and loading repositories:\nRepositories loaded.\nNothing to do.\n",
    "yum": "No packages needed for security; 3 packages available\nResolving Dependencies\nfailovermethod=priority\nComplete!\n",
    "zypper": "Loading repository data...\nReading installed packages...\nNothing to do.\n",
    "zypper with old lists": "Loading repository data...\n"
    "    Warning: Repository metadata expired: Check if 'autorefresh' is turned on\n"
    "Nothing to do.\n",
    "a scan": '{"Installed": 420, "Failed": 0, "Missing": 3}\nPatch compliance: failed count 0\n' + APT + ALL_UP_TO_DATE,
}


@pytest.mark.parametrize("name", HEALTHY_RUNS)
def test_a_package_managers_healthy_run_is_no_fault(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "output.txt").write_text(HEALTHY_RUNS[name])
    assert run(["explain", str(tmp_path / "output.txt")]) == 0
    said = capsys.readouterr()
    assert "No fault found" in said.out and said.err == ""


@pytest.mark.parametrize(
    "text",
    [
        "Error: Unable to find a match: foo\n",
        "No match for argument: foo\nError: Unable to find a match: foo\nfailed to run commands: exit status 1\n",
        "Unable to locate package amazon-ssm-agent\nE: Unable to locate package foo\n",
        APT + "E: Unable to locate package foo\n",
    ],
)
def test_a_package_that_no_repository_has_is_a_fault_unless_the_run_ended_well(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "output.txt").write_text(text)
    assert run(["explain", str(tmp_path / "output.txt")]) == 1
    assert "package-dependencies" in capsys.readouterr().out
    if "exit status" not in text:
        (tmp_path / "output.txt").write_text(text + "Complete!\n")
        assert run(["explain", str(tmp_path / "output.txt")]) == 0


@pytest.mark.parametrize("more", ["", "\r"])
@pytest.mark.parametrize(
    "line",
    [
        "E: Failed to fetch http://mirror.example.com/x  403  Forbidden",
        "Error: Failed to download metadata for repo 'baseos': Cannot download repomd.xml",
    ],
)
def test_a_package_managers_line_under_an_error_is_no_part_of_it(line: str, more: str) -> None:
    text = f"2026-07-15 10:00:00 ERROR [amazon-ssm-agent] zorb{more}\n  goes on\n{line}\nzorb: cannot open the box\n"
    text += "2026-07-15 10:00:01 INFO x\n" * 2
    found = explained(text)
    assert [row.template for row in found.unexplained] == [
        "zorb\n  goes on".replace("\n", f"{chr(10)}"),
        "zorb: cannot open the box",
    ]
    assert found.findings and found.findings[0].evidence[0].excerpt == line


@pytest.mark.parametrize(("unit", "code"), [("amazon-ssm-agent", "agent-part-failed"), ("chronyd", "command-failed")])
def test_a_panic_in_the_journal_is_the_agents_where_its_unit_ended_by_it(unit: str, code: str) -> None:
    head = "May 01 10:00:01 host"
    text = f"{head} {unit}[77]: panic: runtime error: invalid memory address or nil pointer dereference\n"
    text += f"{head} {unit}[77]: goroutine 77 [running]:\n"
    text += f"{head} systemd[1]: {unit}.service: Main process exited, code=exited, status=2/INVALIDARGUMENT\n"
    assert [finding.code for finding in explained(text).findings] == [code]


def test_a_word_in_brackets_that_a_message_begins_with_is_kept() -> None:
    text = "07/15/2026 10:00:00 root [ERROR]: [boom] failed badly\n07/15/2026 10:00:00 root [INFO]: [x] failed, with error\n"
    assert [row.template for row in explained(text).unexplained] == ["[boom] failed badly", "[x] failed, with error"]
