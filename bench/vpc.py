"""`vpc` of a small VPC and of a large one against a server on loopback, interpreter and boto3 included."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from subprocess import DEVNULL, run
from typing import Dict, List

from bench.figures import Figure, plain, worst
from tests.aws.server import KEYS
from tests.cloud.clouds import REGION
from tests.cloud.completevpc import put_in_place
from tests.cloud.largevpc import ENDPOINTS, GROUPS, RULES, put_in_place_large
from tests.cloud.server import serving

ROUNDS = 5
MOST = 10.0


def measure(programs: Path) -> List[Figure]:
    """The figures. boto3 is an extra that the installed program does not have: this is the one of the source."""
    with serving() as server:
        environment = {**os.environ, **{name.upper(): key for name, key in KEYS.items()}, "AWS_ENDPOINT_URL": server.url}
        small = [_seconds(put_in_place(server).instance, environment) for _ in range(ROUNDS)]
        instance = put_in_place_large(server).instance
        large = [_seconds(instance, environment) for _ in range(ROUNDS)]
    return [
        plain("vpc, 6 endpoints and 2 groups", small),
        worst(f"vpc, {ENDPOINTS} endpoints, {GROUPS} groups, {RULES:,} rules", large, MOST),
    ]


def _seconds(instance: str, environment: Dict[str, str]) -> float:
    """How long one run takes; raises RuntimeError where it fails."""
    began = time.monotonic()
    words = [sys.executable, "-m", "ssm_bootstrap", "vpc", "--instance-id", instance, "--region", REGION, "--json"]
    done = run(words, env=environment, stdout=DEVNULL, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"vpc ended with {done.returncode}")
    return time.monotonic() - began
