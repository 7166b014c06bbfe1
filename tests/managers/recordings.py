"""What each manager wrote, kept as a console shows it: `python -m tests.managers.recordings` adds what is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Dict, Sequence

from tests.lab.machine import ENVIRONMENT, ROOT, namespaces
from tests.managers.runs import MANAGERS

HOME = ROOT / "tests" / "data" / "managers"
ERROR = "----------ERROR-------\n"
PROGRAMS = {"apt": "apt-get", "dnf": "dnf", "yum": "dnf", "zypper": "zypper", "curl": "curl"}
"""Managers by name, and the program that each needs here; yum of RHEL 8 and later is dnf by another name."""


def run_manager(manager: str, kinds: Sequence[str] = ()) -> Dict[str, str]:
    """What a manager writes by kind, as the console shows it: its output, and its errors behind that."""
    command = [*namespaces(), sys.executable, "-m", "tests.managers.runs", manager, *kinds]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace"))
    said: Dict[str, Dict[str, str]] = json.loads(done.stdout)
    return {kind: one["stdout"] + (f"\n{ERROR}{one['stderr']}" if one["stderr"] else "") for kind, one in said.items()}


def recording(manager: str, kind: str) -> Path:
    """The file that keeps what a manager wrote."""
    return HOME / manager / f"{kind}.txt"


def main(managers: Sequence[str]) -> None:
    """Run what there is no recording of, and write what it says."""
    for manager in managers or PROGRAMS:
        missing = [run.kind for run in MANAGERS[manager] if not recording(manager, run.kind).exists()]
        for kind, text in run_manager(manager, missing).items() if missing else ():
            recording(manager, kind).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
