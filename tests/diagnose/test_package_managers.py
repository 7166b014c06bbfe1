"""What package managers print in a patch run leads to the code that fits, and a refusal is never told as a missing way."""

from __future__ import annotations

import pytest

from ssm_bootstrap.diagnose.logs.messages import read_message

_S3 = "https://al2023-repos-eu-west-1-de612dc2.s3.dualstack.eu-west-1.amazonaws.com/core/mirrors/latest/x86_64/mirror.list"


def told(message: str) -> tuple[str, str]:
    """The code and the variant of a message's cause; empty where nothing is claimed."""
    cause = read_message(message).cause
    return (cause.signature.code or "", cause.signature.variant) if cause else ("", "")


@pytest.mark.parametrize(
    ("message", "code", "variant"),
    [
        (f"Status code: 403 for {_S3} (IP: 3.5.1.1)", "repository-denied", "s3"),
        (f"{_S3}: [Errno 14] HTTPS Error 403 - Forbidden", "repository-denied", "s3"),
        ("Status code: 403 for https://cdn.redhat.com/x (IP: 10.0.0.9)", "repository-denied", ""),
        ("https://rhui.example/x: [Errno 14] HTTPS Error 401 - Unauthorized", "repository-denied", ""),
        ("https://rhui.example/x: [Errno 14] HTTPS Error 404 - Not Found", "repository-denied", "not-found"),
        ('https://rhui.example/x: [Errno 14] curl#7 - "Failed to connect"', "repository-unreachable", ""),
        ("E: Failed to fetch http://x.example/d/InRelease  403  Forbidden [IP: 10.0.0.9 80]", "repository-denied", ""),
        (
            "E: Failed to fetch http://x.example/d/InRelease  Temporary failure resolving 'x.example'",
            "repository-unreachable",
            "",
        ),
        ("Error code returned from curl is 23", "curl-cannot-write", ""),
        ("Error code returned from curl is 28", "patch-payload-unreachable", ""),
        ("failed to run commands: exit status 2", "", ""),
        (
            "Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt)",
            "package-manager-busy",
            "told-by-a-log",
        ),
        ("Solution 1: remove lock to allow installation of mock-pkg-standalone", "", ""),
    ],
)
def test_a_line_leads_to_its_code(message: str, code: str, variant: str) -> None:
    assert told(message) == (code, variant)


def test_a_refusal_in_a_record_of_many_lines_outweighs_what_follows_from_it() -> None:
    record = (
        f"Errors during downloading metadata for repository 'amazonlinux':\n  - Status code: 403 for {_S3} (IP: 3.5.1.1)\n"
        "Error: Failed to download metadata for repo 'amazonlinux': Cannot download repomd.xml: All mirrors were tried"
    )
    assert told(record) == ("repository-denied", "s3")


def test_a_host_that_stands_without_a_url_is_taken() -> None:
    cause = read_message("  Could not connect to security.ubuntu.com:80 (91.189.91.81), connection timed out").cause
    assert cause is not None and cause.part("host") == "security.ubuntu.com"
