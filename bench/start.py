"""Start-up against the bare interpreter's, in rounds of one run each."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List, Sequence

from bench.figures import Figure, plain, ratio
from tests.lab.channel import LabUnavailable
from tests.lab.machine import ENVIRONMENT, ROOT, namespaces

ROUNDS = 32
USUAL = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("PYTHON")}
"""What is measured finds its modules as a user's does, not in this source tree."""


def measure(programs: Path) -> List[Figure]:
    """The figures; they are taken in namespaces without a network where that is possible."""
    commands = {
        "python -I -c pass": [str(programs / "python"), "-I", "-c", "pass"],
        "python -c pass": [str(programs / "python"), "-c", "pass"],
        "ssm-bootstrap --version": [str(programs / "ssm-bootstrap"), "--version"],
        "ssm-bootstrap --help": [str(programs / "ssm-bootstrap"), "--help"],
    }
    try:
        opened: Sequence[str] = namespaces()
    except LabUnavailable:
        opened = ()
    rounds = [*opened, sys.executable, "-m", "bench.start", json.dumps(list(commands.values()))]
    done = subprocess.run(rounds, cwd=str(ROOT), env=ENVIRONMENT, stdout=subprocess.PIPE, check=True)
    seconds: Dict[str, List[float]] = dict(zip(commands, json.loads(done.stdout)))
    isolated, usual, version, help_ = seconds.values()
    return [
        plain("python -I -c pass", isolated),
        ratio("python -c pass", usual, isolated, None, "of python -I -c pass"),
        ratio("ssm-bootstrap --version", version, isolated, 2, "of python -I -c pass"),
        ratio("  the same", version, usual, 2, "of python -c pass"),
        ratio("ssm-bootstrap --help", help_, isolated, 5, "of python -I -c pass"),
        ratio("  the same", help_, usual, 5, "of python -c pass"),
    ]


def take_turns(commands: Sequence[Sequence[str]]) -> List[List[float]]:
    """Seconds of each command's runs; a round goes through them all, from another one each time.

    So a busy moment touches all alike, and each runs after each.
    """
    seconds: List[List[float]] = [[] for _ in commands]
    for number in range(-1, ROUNDS):
        for step in range(len(commands)):
            one = (number + step) % len(commands)
            began = time.perf_counter()
            subprocess.run(commands[one], env=USUAL, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=True)
            if number >= 0:  # the first round warms the cache
                seconds[one].append(time.perf_counter() - began)
    return seconds


if __name__ == "__main__":
    print(json.dumps(take_turns(json.loads(sys.argv[1]))))
