"""Running the tools that write packages, and what a package says of its version and its maker."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Mapping

from tools.packages.content import CONFIGURATION, UNITS
from tools.packages.older import values_for_older

PACKAGER = "ssm-bootstrap maintainers <maintainers@ssm-bootstrap.invalid>"
"""Who answers for the packages, where the environment variable PACKAGER names nobody."""


class Failed(Exception):
    """A tool is missing or ended with an error; the text is one line."""


def run(*words: str, environment: Mapping[str, str]) -> str:
    """A tool's output, with this added to the environment; Failed where it fails."""
    plain = {"LC_ALL": "C.UTF-8", "TZ": "UTC", **environment}
    try:
        done = subprocess.run(
            words,
            env={**os.environ, **plain},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except FileNotFoundError:
        raise Failed(f"{words[0]} is missing: tests/system-packages packages installs it") from None
    if done.returncode:
        raise Failed(f"{words[0]} ended with {done.returncode}: {' / '.join(done.stdout.strip().splitlines()[-4:])}")
    return done.stdout


def packager() -> str:
    """Name and address, as in ``Name <address>``."""
    return os.environ.get("PACKAGER") or PACKAGER


def packaged_version(version: str) -> str:
    """Python's version as dpkg and rpm order it: a pre-release comes before its release by a tilde."""
    return re.sub(r"\.?(dev|rc|a|b)(?=\d)", r"~\1", version)


def values() -> dict[str, str]:
    """What the maintainer scripts have to be told."""
    return {
        "CONFIGURATION_SHA256": hashlib.sha256(CONFIGURATION.read_bytes()).hexdigest(),
        **values_for_older((UNITS / "ssm-bootstrap.service").read_bytes()),
    }
