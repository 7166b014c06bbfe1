"""What a program says in several lines is told once, with the host that one of them names, and none of them is left over."""

from __future__ import annotations

from datetime import timezone
from typing import Tuple

import pytest

from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.diagnose.logs.explain import LogDiagnosis, explain_logs
from ssm_bootstrap.model.findings import Severity
from ssm_bootstrap.model.site import NO_SITE

AL2 = "https://amazonlinux-2-repos-eu-west-1.s3.dualstack.eu-west-1.amazonaws.com/2/core/latest/x86_64/mirror.list"
AL2_HOST = AL2.split("/")[2]
MIRRORS = "Could not retrieve mirrorlist {} error was\n"
CURL = "Download (curl) error for 'https://smt.example.com/x':\nError code: {}\nError message: {}"
UNTRUSTED = "SSL certificate problem: unable to get local issuer certificate"


def diagnosis(text: str, name: str = "pasted.txt") -> LogDiagnosis:
    """What a text that somebody gives means."""
    return explain_logs(read_stream([text.encode()], name, timezone.utc), NO_SITE)


LIST = "https://cdn.amazonlinux.com/al2023/core/mirrors/2023.99.20260101/x86_64/mirror.list"
NO_RELEASE = (
    f"Errors during downloading metadata for repository 'amazonlinux':\n  - Status code: 404 for {LIST} (IP: 198.51.100.10)\n"
    "Error: Failed to download metadata for repo 'amazonlinux': Cannot prepare internal mirrorlist: "
    f"Status code: 404 for {LIST} (IP: 198.51.100.10)\n"
)
NO_LIST = (
    "Errors during downloading metadata for repository 'x':\n  - Status code: 404 for http://m.example.com/repodata/repomd.xml "
    "(IP: 198.51.100.10)\nError: Failed to download metadata for repo 'x': Cannot download repomd.xml: "
    "Cannot download repodata/repomd.xml: All mirrors were tried\n"
)


@pytest.mark.parametrize("text", [NO_RELEASE, NO_LIST])
def test_a_repository_without_metadata_stops_dnf_unless_dnf_leaves_it_out(text: str) -> None:
    (finding,) = diagnosis(text).findings
    assert (finding.code, finding.variant, finding.severity) == ("repository-denied", "release", Severity.ERROR)
    assert "releasever" in finding.remedy.summary
    left_out = {finding.code: finding.severity for finding in diagnosis(text + "Ignoring repositories: x\n").findings}
    assert left_out == {"repository-denied": Severity.WARNING, "false-compliance": Severity.WARNING}


def test_one_mirror_of_several_that_lacks_a_file_is_a_warning() -> None:
    (finding,) = diagnosis(
        "[MIRROR] x-1-1.noarch.rpm: Status code: 404 for http://m.example.com/x-1-1.noarch.rpm (IP: 198.51.100.10)\n"
    ).findings
    assert (finding.code, finding.variant, finding.severity) == ("repository-denied", "not-found", Severity.WARNING)


@pytest.mark.parametrize(
    ("text", "code", "variant"),
    [
        ("failed to run commands: exit status 156\n", "patch-payload-unreachable", ""),
        (
            "curl: (28) Failed to connect to app.execute-api.eu-west-1.amazonaws.com port 443 after 1 ms: Connection timed out\n",
            "connection-failed",
            "aws",
        ),
        (
            'x: send request failed caused by: Post "https://ecs.eu-west-1.amazonaws.com/": dial tcp: i/o timeout\n',
            "connection-failed",
            "aws",
        ),
        (
            "curl: (28) Failed to connect to ssm.eu-west-1.amazonaws.com.imitation.example port 443: Connection timed out\n",
            "repository-unreachable",
            "download",
        ),
    ],
)
def test_what_has_a_meaning_leads_to_a_finding_wherever_the_file_lies(text: str, code: str, variant: str) -> None:
    for name in ("pasted.txt", "/home/somebody/case/pasted.txt"):
        found = diagnosis(text, name)
        assert [(finding.code, finding.variant) for finding in found.findings] == [(code, variant)]
        assert found.listed == ()


def test_a_script_of_somebodys_own_may_end_with_any_status() -> None:
    own = "/var/lib/amazon/ssm/i-0123456789abcdef0/document/orchestration/x/awsrunShellScript/0.awsrunShellScript/stderr"
    assert diagnosis("failed to run commands: exit status 156\n", own).findings == ()


def test_a_website_in_a_bucket_is_not_the_endpoint_that_the_node_needs() -> None:
    (finding,) = diagnosis("curl: (6) Could not resolve host: my-bucket.s3-website.eu-west-1.amazonaws.com\n").findings
    assert (finding.services, finding.severity, finding.breaks) == (("s3-website",), Severity.WARNING, ())


def told(text: str) -> Tuple[Tuple[str, str], ...]:
    """Code and variant of each finding, where no line is left over."""
    found = diagnosis(text)
    assert found.listed == ()
    return tuple((finding.code, finding.variant) for finding in found.findings)


@pytest.mark.parametrize(
    ("text", "code", "variant", "host"),
    [
        (
            MIRRORS.format(AL2) + "14: HTTPS Error 403 - Forbidden\n\n\n One of the configured repositories failed (Unknown),\n",
            "repository-denied",
            "s3",
            AL2_HOST,
        ),
        (MIRRORS.format("http://rhui.example.com/x") + "14: HTTP Error 401 - x", "repository-denied", "", "rhui.example.com"),
        (MIRRORS.format("http://m.example.com/x") + "14: HTTP Error 404 - x", "repository-denied", "not-found", "m.example.com"),
        (
            MIRRORS.format("http://m.example.com/x") + "14: HTTP Error 503 - x",
            "repository-unreachable",
            "answers",
            "m.example.com",
        ),
        (MIRRORS.format(AL2) + f"12: Timeout on {AL2}: (28, 'Connection timed out')", "repository-unreachable", "", AL2_HOST),
        (
            MIRRORS.format("http://m.example.com/x") + '14: curl#6 - "Could not resolve host: m.example.com; Unknown error"',
            "repository-unreachable",
            "",
            "m.example.com",
        ),
        (MIRRORS.format("http://m.example.com/x") + "something new", "repository-unreachable", "", "m.example.com"),
        (MIRRORS.format(AL2) + f'14: curl#60 - "{UNTRUSTED}"', "tls-untrusted", "", AL2_HOST),
        (f'https://m.example.com/x: [Errno 14] curl#60 - "{UNTRUSTED}"', "tls-untrusted", "other-host", "m.example.com"),
        (CURL.format("Curl error 60", UNTRUSTED), "tls-untrusted", "other-host", "smt.example.com"),
        (
            CURL.format("Connection failed", "Could not resolve host: smt.example.com"),
            "repository-unreachable",
            "",
            "smt.example.com",
        ),
    ],
)
def test_the_reason_in_the_line_below_belongs_to_the_url_above(text: str, code: str, variant: str, host: str) -> None:
    assert told(text) == ((code, variant),)
    (finding,) = diagnosis(text).findings
    assert host in " ".join((*finding.hosts, finding.title, finding.cause, *(item.excerpt for item in finding.evidence)))


APT = "http://mirror.example.com"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Error occurred while getting target version: no agent update target version found\n", ("agent-update-failed",)),
        (
            "Failed to update amazon-ssm-agent to 3.3.987.0: no agent update target version found: download failed checksum "
            "does not match\n",
            ("download-refused",),
        ),
        (
            "Failed to install amazon-ssm-agent 3.3.987.0, ErrorMessage=The execution of command returned Exit Status: 125\n",
            ("agent-update-failed",),
        ),
        ("update failed: update command timed out\nfailed to start the agent\n", ("agent-update-failed",)),
        ("Failed to verify signature: openpgp: signature made by unknown entity\n", ("package-signature",)),
        ("2026-05-01 10:00:01 ERROR failed to verify checksum\n", ("download-refused",)),
        ("2026-05-01 10:00:03 CRITICAL [amazon-ssm-agent] Failed to start core manager: x\n", ("agent-part-failed",)),
        ("Waiting for process with pid 1234 to finish.\n", ("package-manager-busy",)),
        ("Waiting for process with pid 1234 to finish.\nComplete!\n", ()),
        ("Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1 (apt)\n", ()),
        (
            f"E: Failed to fetch {APT}/x/Packages.xz  File has unexpected size (1 != 2). Mirror sync in progress? [IP: 1\n"
            "E: Some index files failed to download. They have been ignored, or old ones used instead.\n",
            ("repository-unreachable/syncing",),
        ),
        (
            f"E: Repository '{APT}/debian buster InRelease' changed its 'Suite' value from 'stable' to 'oldstable'\n",
            ("repository-config-invalid/changed",),
        ),
        (
            f"Repository 'Updates' is invalid.\n[a:Updates|{APT}/x/] Valid metadata not found at specified URL\n",
            ("repository-denied/not-found",),
        ),
        (
            f"E: Failed to fetch {APT}/x.deb  404  Not Found [IP: 10.0.0.9 80]\n"
            "E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?\n",
            ("repository-denied/not-found",),
        ),
        (
            "error: db5 error(-30973) from dbenv->failchk: BDB0087 DB_RUNRECOVERY: Fatal error, run database recovery\n",
            ("package-manager-broken",),
        ),
        (
            "Signature verification failed for file 'repomd.xml' from repository 'x'.\nError building the cache:\n",
            ("package-signature",),
        ),
        (
            "Error: Transaction test error:\n  installing package x-1.el9.x86_64 needs 23MB more space on the /boot filesystem\n",
            ("disk-full",),
        ),
        (
            "Some packages could not be installed. This may mean that you have\n"
            "E: Unable to correct problems, you have held broken packages.\n",
            ("package-dependencies",),
        ),
    ],
)
def test_no_line_is_left_over_beside_what_is_told(text: str, expected: Tuple[str, ...]) -> None:
    found = tuple((code, variant) for code, variant in told(text))
    assert len(found) == len(expected)
    for wanted, (code, variant) in zip(expected, found):
        assert wanted in (code, f"{code}/{variant}")
