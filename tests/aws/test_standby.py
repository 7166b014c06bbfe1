"""The AWS CLI that stands by answers as one that was started for the command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Iterator, Sequence

import pytest

from tests.aws import MARKS
from tests.aws.cli import path_with_cli
from tests.aws.server import KEYS, serving

pytestmark = MARKS

COMMANDS = (
    ("--version",),
    ("ec2", "describe-vpcs", "--query", "Vpcs[].CidrBlock"),
    ("ec2", "describe-vpcs", "--vpc-ids", "vpc-1"),
    ("ec2", "describe-vpcs", "--vpc"),
    ("iam", "create-role", "--role-name", "a", "--assume-role-policy-document", "file://none.json"),
    ("s3api", "list-buckets", "--output", "text", "--query", "Buckets[].Name"),
    ("s3", "cp", "--no-progress", "here", "s3://nowhere-to-be-found/there"),
    ("nothing",),
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as found:
        yield found


def outcome(words: Sequence[str], home: Path, url: str, **more: str) -> subprocess.CompletedProcess[str]:
    (home / "here").write_text("x")
    environment = {"PATH": path_with_cli(home), "HOME": str(home), "LANG": "C.UTF-8", **KEYS, "AWS_ENDPOINT_URL": url}
    told = {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_CONFIG_FILE": os.devnull, "AWS_MAX_ATTEMPTS": "1", **more}
    return subprocess.run(words, capture_output=True, text=True, check=False, env={**environment, **told}, cwd=home)


@pytest.mark.parametrize("words", COMMANDS, ids="-".join)
def test_a_command_gives_what_one_of_its_own_gives(words: Sequence[str], url: str, tmp_path: Path) -> None:
    quick = outcome(("aws", *words), tmp_path, url)
    alone = outcome((sys.executable, "-m", "awscli", *words), tmp_path, url)
    assert (quick.returncode, quick.stdout, quick.stderr) == (alone.returncode, alone.stdout, alone.stderr)


def test_each_command_has_its_own_environment(url: str, tmp_path: Path) -> None:
    zones = ("aws", "ec2", "describe-availability-zones", "--query", "AvailabilityZones[0].RegionName", "--output", "text")
    regions = ("eu-west-1", "ap-northeast-1")
    assert [outcome(zones, tmp_path, url, AWS_DEFAULT_REGION=region).stdout.strip() for region in regions] == list(regions)


def test_what_is_piped_in_is_read(url: str, tmp_path: Path) -> None:
    made = outcome(
        ("sh", "-c", "aws s3 mb s3://piped-in && echo text | aws s3 cp - s3://piped-in/x && aws s3 cp s3://piped-in/x -"),
        tmp_path,
        url,
    )
    assert made.stdout.splitlines()[-1] == "text", made.stderr
