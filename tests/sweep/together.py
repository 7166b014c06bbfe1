"""Many registrations started at once on one node that is not registered."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from typing import List

from tests.lab.client import Lab
from tests.laws.secrets import leaks
from tests.story import CODE_FILE, register_words
from tests.sweep import outside

LAUNCHER = """
import json, sys
from subprocess import DEVNULL, PIPE, STDOUT, Popen
words, runs = json.loads(sys.argv[1]), int(sys.argv[2])
started = [Popen(words, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT) for _ in range(runs)]
print(json.dumps([[one.communicate()[0].decode("utf-8", "replace"), one.returncode] for one in started]))
"""


def sweep(runs: int) -> int:
    """Start them, and look at each; prints what is wrong and a line that sums up; 1 where anything is wrong."""
    with outside.new_lab() as lab:
        outside.make_ready(lab)
        wrong, summary = judge(lab, runs)
    for line in wrong:
        print(f"WRONG  {line}")
    print(summary)
    return 1 if wrong else 0


def judge(lab: Lab, runs: int) -> tuple[List[str], str]:
    """What is wrong after ``runs`` registrations at once, and the line that sums up."""
    began, before = time.monotonic(), set(lab.ask_aws(get="state")["instances"])
    words = ["ssm-bootstrap", *register_words(code_file=CODE_FILE)]
    done = lab.run([sys.executable, "-c", LAUNCHER, json.dumps(words), str(runs)], timeout=300)
    wrong: List[str] = []
    statuses: Counter[str] = Counter()
    if done.returncode:
        return [f"the launcher ended with {done.returncode}: {done.stderr[-500:]}"], "together: not run"
    for text, status in json.loads(done.stdout):
        kind = kind_of(text, status)
        statuses[kind] += 1
        if kind == "wrong" or leaks(text):
            wrong.append(f"a run ended with {status}: {text!r}")
    if statuses["registered"] != 1:
        wrong.append(f"{statuses['registered']} runs say that they registered the node")
    calls = [one for one in lab.requests() if one["target"] == "AmazonSSM.RegisterManagedInstance"]
    instances = set(lab.ask_aws(get="state")["instances"]) - before
    if len(calls) != 1 or len(instances) != 1:
        wrong.append(f"AWS was asked {len(calls)} times, and registered {len(instances)} instances")
    found = outside.do(lab, {"look": True})[0]
    if found.get("wrong") or found.get("id") not in instances:
        wrong.append(f"the node afterwards: {found}")
    told = ", ".join(f"{number} {kind}" for kind, number in sorted(statuses.items()))
    return wrong, f"together: {runs} runs at once: {told}; {len(instances)} registration at AWS; {time.monotonic() - began:.0f} s"


def kind_of(text: str, status: int) -> str:
    """How a run ended, in a word; ``wrong`` for what it may not say."""
    lines = [line for line in text.splitlines() if not line.startswith("✓ ")]  # but for the steps that went well
    if status == 0 and any(line.startswith("Registered: mi-") for line in lines):
        return "registered"
    if status == 0 and any(line.startswith("Already registered: mi-") for line in lines):
        return "already registered"
    if status == 75 and len(lines) == 1 and "is at work on this node's identity" in text and "(pid " in text:
        return "told who holds the lock"
    return "wrong"
