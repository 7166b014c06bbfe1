"""One server for the tests of a process, the AWS CLI against it, and the stacks of the page."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Callable, Dict, Iterator

import pytest

from tests.aws.cli import path_with_cli
from tests.aws.server import KEYS, ROOT
from tests.cloud.server import Cloud
from tests.deploy.server import serving

REGION = "eu-west-1"
TEMPLATES = ROOT / "deploy" / "cloudformation"
OUTPUTS = "Stacks[0].Outputs[].join('=',[OutputKey,OutputValue])"

AwsCli = Callable[..., str]
Values = Dict[str, str]


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """The server, with whatever the tests before left on it."""
    with serving() as found:
        yield found


def environment(url: str, home: Path) -> Dict[str, str]:
    """An environment for the AWS CLI in which nothing of the caller's AWS is."""
    return {
        "PATH": path_with_cli(home),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        **KEYS,
        "AWS_ENDPOINT_URL": url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_MAX_ATTEMPTS": "1",
    }


@pytest.fixture(scope="session")
def aws(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> AwsCli:
    """Runs the AWS CLI against the server; gives what it prints."""
    home = tmp_path_factory.mktemp("home")

    def run(*words: str) -> str:
        done = subprocess.run(
            ["aws", *words],
            capture_output=True,
            text=True,
            check=False,
            env=environment(cloud.url, home),
            cwd=home,
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout.strip()

    return run


class Stacks:
    """Stacks made one after the other, each with the outputs of those before it as its inputs."""

    def __init__(self, aws: AwsCli, prefix: str) -> None:
        self.aws, self.prefix, self.outputs = aws, prefix, {}  # type: AwsCli, str, Values

    def deploy(self, name: str, **inputs: str) -> Values:
        """Make or change one; gives its outputs."""
        stack = f"{self.prefix}-{name}"
        given = {**self.outputs, **inputs}
        self.aws(
            *("cloudformation", "deploy", "--stack-name", stack, "--template-file", str(TEMPLATES / f"{name}.yaml")),
            *("--capabilities", "CAPABILITY_IAM", "--parameter-overrides", *(f"{key}={value}" for key, value in given.items())),
        )
        told = self.aws("cloudformation", "describe-stacks", "--stack-name", stack, "--query", OUTPUTS, "--output", "text")
        made = dict(one.split("=", 1) for one in told.split("\t"))
        self.outputs.update(made)
        return made


def prefix_list(aws: AwsCli) -> str:
    """S3's prefix list, as the description of the input says that it is found."""
    named = f"Name=prefix-list-name,Values=com.amazonaws.{REGION}.s3"
    query = ("--query", "PrefixLists[0].PrefixListId", "--output", "text")
    return aws("ec2", "describe-managed-prefix-lists", "--filters", named, *query)
