"""The article's story, as the demo, the story's tests and the bench tell it: who registers, and what AWS sends."""

from __future__ import annotations

import json
import re
import time
import uuid
from dataclasses import dataclass
from typing import FrozenSet, List

from ssm_bootstrap.catalog.findings import FINDINGS
from tests.lab.client import Lab
from tests.laws.secrets import CANARIES

REGION = "ap-northeast-1"
ACTIVATION = "01234567-89ab-cdef-0123-456789abcdef"
CODE = CANARIES["activation-code"]
CODE_FILE = "/root/activation-code"
DATA, LOGS = "/var/lib/amazon/ssm", "/var/log/amazon/ssm"
PATCH, UPDATE = "AWS-RunPatchBaseline", "AWS-UpdateSSMAgent"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def register_words(*more: str, region: str = REGION, code_file: str = CODE_FILE) -> List[str]:
    """`register` with everything it needs."""
    given = ["--activation-id", ACTIVATION, "--activation-code-file", code_file, "--region", region]
    return ["register", *given, *more]


def prepare(lab: Lab, time_scale: str = "0.01") -> None:
    """A new instance: the code's file in place, the stand-in agent at its pace (1 is the real agent's)."""
    lab.reset_instance()
    lab.write("/etc/ssm-lab/time-scale", time_scale)
    lab.write(CODE_FILE, CODE + "\n", mode=0o600)


def plain(screen: str) -> str:
    """What a terminal shows, without its escapes."""
    return _ESCAPES.sub("", screen)


def codes_in(report: str) -> FrozenSet[str]:
    """The codes of the errors that a report for people tells."""
    found = re.findall(r"^✗ ([a-z0-9-]+)  ", plain(report), re.MULTILINE)
    return frozenset(code for code in found if code in FINDINGS)


@dataclass(frozen=True)
class Ran:
    """How a document of AWS ended on the node: `Success` or `Failed`, and what its plugin wrote."""

    status: str
    output: str
    seconds: float


def node_id(lab: Lab) -> str:
    """The managed instance's id, from the agent's registration file."""
    return str(json.loads(lab.read(DATA + "/registration"))["ManagedInstanceID"])


def agent_log(lab: Lab, name: str = "amazon-ssm-agent.log") -> str:
    """One of the agent's logs; empty where there is none."""
    path = f"{LOGS}/{name}"
    return lab.read(path).decode() if lab.exists(path) else ""


def send_command(lab: Lab, document: str, timeout: float = 40) -> Ran:
    """Have AWS send a document to the node, and wait for its reply; TimeoutError with the log's end without one."""
    command, began = str(uuid.uuid4()), time.monotonic()
    before = len(agent_log(lab))
    folder = DATA + "/lab-commands"
    lab.write(f"{folder}/{command}.new", json.dumps({"document": document, "command_id": command}))
    lab.run(["mv", f"{folder}/{command}.new", f"{folder}/{command}.json"])
    while f"[{command}] Stop the cloudwatchlogs publisher" not in (log := agent_log(lab)[before:]):
        if time.monotonic() - began > timeout:
            raise TimeoutError(f"{document} gave no reply in {timeout:.0f} s; the agent's log ends: {log[-800:]}")
        time.sleep(0.05)
    seconds = time.monotonic() - began
    status = re.findall(r'"documentStatus": "(\w+)"', log)
    output = re.findall(r'"standard(?:Output|Error)": ("(?:[^"\\]|\\.)*")', log)
    said = "\n".join(json.loads(text).strip() for text in output).strip()
    return Ran(status[-1] if status else "no reply", said, seconds)
