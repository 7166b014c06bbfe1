"""The one file's start beside the bare interpreter's: the first, which unpacks it, and every other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List

from bench.figures import Figure, plain, ratio, worst
from bench.start import take_turns
from tests.lab.machine import ENVIRONMENT, ROOT

PLACE = ROOT / "var" / "bench" / "bundle"
ROUNDS = 12
SOMEONE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
"""Not root: root's place is the machine's own /var/cache, which is not the bench's to fill."""


def measure(programs: Path) -> List[Figure]:
    """Build the bundle and take the figures; RuntimeError where one or the other cannot be done."""
    build("tools.bundle", str(PLACE))
    command = [sys.executable, "-m", "bench.bundle", str(programs / "python"), str(PLACE / "ssm-bootstrap.pyz")]
    done = subprocess.run([*(() if os.geteuid() else SOMEONE), *command], cwd=str(ROOT), env=ENVIRONMENT, stdout=subprocess.PIPE)
    if done.returncode:
        raise RuntimeError("no user namespace can be made here, and root's own place is not to be filled")
    taken: Dict[str, List[float]] = json.loads(done.stdout)
    bare = taken["bare"]
    return [
        plain("python -I -c pass", bare),
        worst("ssm-bootstrap.pyz --version, first start", taken["first"], 2),
        worst("ssm-bootstrap.pyz --version, second start", taken["second"], 0.3),
        ratio("  the same", taken["second"], bare, None, "of python -I -c pass"),
        plain("ssm-bootstrap.pyz --version, nothing to be written", taken["unwritten"]),
        plain("ssm-bootstrap.pyz --help, second start", taken["help"]),
        plain("ssm-bootstrap.pyz --help, nothing to be written", taken["unwritten help"]),
    ]


def build(*words: str) -> None:
    """Build with one of the tools, in its environment; RuntimeError."""
    for asked in (["make", "--no-print-directory", ".venv-bundle/.ready"], [".venv-bundle/bin/python", "-m", *words]):
        made = subprocess.run(
            asked, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
        )
        if made.returncode:
            raise RuntimeError(f"{' '.join(asked[:3])}: {(made.stdout.strip().splitlines() or [''])[-1]}")


def rounds(python: str, bundle: str) -> Dict[str, List[float]]:
    """Seconds of each kind of start."""
    with tempfile.TemporaryDirectory() as place:
        words = ["env", "-i", f"XDG_CACHE_HOME={place}/cache", python, "-I", bundle]
        first = []
        for _ in range(ROUNDS):
            shutil.rmtree(f"{place}/cache", ignore_errors=True)
            began = time.perf_counter()
            subprocess.run([*words, "--version"], stdout=subprocess.DEVNULL, check=True)
            first.append(time.perf_counter() - began)
        nowhere = ["env", "-i", "HOME=/nonexistent", python, "-I", bundle]
        bare = ["env", "-i", python, "-I", "-c", "pass"]
        names = ("bare", "second", "unwritten", "help", "unwritten help")
        kinds = ([*words, "--version"], [*nowhere, "--version"], [*words, "--help"], [*nowhere, "--help"])
        return {"first": first, **dict(zip(names, take_turns([bare, *kinds])))}


if __name__ == "__main__":
    print(json.dumps(rounds(*sys.argv[1:3])))
