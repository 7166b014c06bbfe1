"""`probe` in a healthy VPC and in the two that answer nothing, interpreter included."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List

from bench.figures import Figure, worst
from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.story import REGION

ROUNDS = 5
PLACES = {
    "complete": ("probe, healthy VPC", 0.7),
    "no-endpoints": ("probe, nothing answers", 2.5),
    "resolver-silent": ("probe, the resolver is silent", 2.5),
}


def measure(programs: Path) -> List[Figure]:
    """The figures."""
    seconds: Dict[str, List[float]] = {name: [] for name in PLACES}
    with Lab(CASES["complete"], region=REGION) as lab:
        lab.run([str(programs / "ssm-bootstrap"), "probe", "--region", REGION])
        for _ in range(ROUNDS):
            for name, runs in seconds.items():
                lab.apply(CASES[name])
                done = lab.run([str(programs / "ssm-bootstrap"), "probe", "--region", REGION])
                if done.returncode != (0 if name == "complete" else 1):
                    raise RuntimeError(f"probe in {name} ended with {done.returncode}: {done.stderr}")
                runs.append(done.seconds)
    return [worst(what, seconds[name], limit) for name, (what, limit) in PLACES.items()]
