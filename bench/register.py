"""`register`: its refusal, its cost over the bare agent command, and how soon it notices that the endpoint is there."""

from __future__ import annotations

import time
from pathlib import Path
from typing import List

from bench.figures import Figure, over, plain, worst
from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.story import ACTIVATION, CODE, REGION, agent_log, prepare, register_words

REFUSALS = 5
ROUNDS = 9
DELAYS = (2.6, 3.0, 3.4, 3.8, 4.2, 4.6)
"""Seconds from the start of --wait to the endpoint: two of its looks, which take 2 s each, at every part."""

BARE = ["amazon-ssm-agent", "-register", "-code", CODE, "-id", ACTIVATION, "-region", REGION]


def measure(programs: Path) -> List[Figure]:
    """The figures; the agent goes at its real pace."""
    program = str(programs / "ssm-bootstrap")
    with Lab(CASES["no-endpoints"], region=REGION) as lab:
        refused = [_timed(lab, [program, *register_words()], 69) for _ in range(REFUSALS)]
        lab.apply(CASES["complete"])
        # Ours is measured to its own end, which comes a little after the agent's.
        bare: List[float] = []
        ours: List[float] = []
        for _ in range(ROUNDS):
            bare.append(_timed(lab, BARE, 0))
            ours.append(_timed(lab, [program, *register_words("--no-restart")], 0))
        created = [_noticed(lab, program, "no-endpoints", delay) for delay in DELAYS]
        opened = [_noticed(lab, program, "endpoint-sg-closed", delay) for delay in DELAYS]
    return [
        worst("register, refused where nothing answers", refused, 3),
        plain("amazon-ssm-agent -register alone, healthy VPC", bare),
        over("ssm-bootstrap register --no-restart", ours, bare, 0.7),
        worst("--wait: endpoint created, until -register begins", created, 2),
        worst("--wait: security group opened, until the same", opened, 2),
    ]


def _timed(lab: Lab, words: List[str], status: int) -> float:
    prepare(lab, "1")
    done = lab.run(words)
    if done.returncode != status:
        raise RuntimeError(f"{Path(words[0]).name} {words[1]} ended with {done.returncode}: {done.stdout} {done.stderr}")
    return done.seconds


def _noticed(lab: Lab, program: str, before: str, delay: float) -> float:
    """Seconds from the change of the VPC to the first line that -register writes into the agent's log."""
    prepare(lab, "1")
    lab.apply(CASES[before])
    waiting = lab.start([program, *register_words("--no-restart", "--wait", "60s")])
    time.sleep(delay)
    there = time.time()
    lab.apply(CASES["complete"])
    status = waiting.wait(30)
    log = agent_log(lab)
    if status or not log:
        raise RuntimeError(f"register --wait ended with {status}; the agent's log: {log or 'empty'}")
    whole, _, fraction = log[: len("2022-02-01 00:00:00.0000")].partition(".")
    return time.mktime(time.strptime(whole, "%Y-%m-%d %H:%M:%S")) + float(f"0.{fraction}") - there
