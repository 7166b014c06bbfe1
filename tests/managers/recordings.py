"""What each manager wrote, kept below tests/data/managers as a console shows it: `python -m tests.managers.recordings` runs them anew."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Dict, Sequence

from tests.lab.machine import ENVIRONMENT, ROOT, namespaces

HOME = ROOT / "tests" / "data" / "managers"
HEAD = "11/27/2026 10:00:00 root [INFO]: Running with snapshot id = 0a1b2c3d-0000-4000-8000-000000000000 and operation = Scan\n"
ERROR = "----------ERROR-------\n"
PROGRAMS = {"apt": "apt-get", "dnf": "dnf", "yum": "dnf", "zypper": "zypper", "curl": "curl"}
"""Managers by name, and the program that each needs here; yum of RHEL 8 and later is dnf by another name."""


def run_manager(manager: str, kinds: Sequence[str] = ()) -> Dict[str, str]:
    """What a manager writes by kind, as the console shows it: the patch script's line, its output, its errors."""
    command = [*namespaces(), sys.executable, "-m", "tests.managers.runs", manager, *kinds]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace"))
    said: Dict[str, Dict[str, str]] = json.loads(done.stdout)
    return {kind: HEAD + streams["stdout"].rstrip("\n") + "\n" + ERROR + streams["stderr"] for kind, streams in said.items()}


def main(managers: Sequence[str]) -> None:
    """Run them and write what they say."""
    for manager in managers or PROGRAMS:
        place = HOME / manager
        place.mkdir(parents=True, exist_ok=True)
        for kind, text in run_manager(manager).items():
            Path(place, f"{kind}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
