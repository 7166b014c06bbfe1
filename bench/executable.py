"""The executable's start beside the one file's second one, and its size."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

from bench.bundle import PLACE, SOMEONE, build
from bench.figures import Figure, plain, ratio
from bench.start import take_turns
from tests.lab.machine import ENVIRONMENT, ROOT

MACHINE = os.uname().machine


def measure(programs: Path) -> List[Figure]:
    """Build both and take the figures; RuntimeError where one or the other cannot be done."""
    build("tools.bundle", str(PLACE))
    build("tools.executable", str(PLACE), MACHINE)
    files = [PLACE / "ssm-bootstrap.pyz", PLACE / f"ssm-bootstrap-{MACHINE}"]
    command = [sys.executable, "-m", "bench.executable", str(programs / "python"), *map(str, files)]
    done = subprocess.run([*(() if os.geteuid() else SOMEONE), *command], cwd=str(ROOT), env=ENVIRONMENT, stdout=subprocess.PIPE)
    if done.returncode:
        raise RuntimeError("no user namespace can be made here, and root's own place is not to be filled")
    taken: Dict[str, List[float]] = json.loads(done.stdout)
    sizes = [file.stat().st_size / 1e6 for file in files]
    return [
        plain(f"{files[0].name} --version, second start ({sizes[0]:.1f} MB)", taken["bundle"]),
        ratio(f"{files[1].name} --version ({sizes[1]:.1f} MB)", taken["executable"], taken["bundle"], 1, "of the one file"),
        plain(f"{files[0].name} --help, second start", taken["bundle help"]),
        ratio(f"{files[1].name} --help", taken["executable help"], taken["bundle help"], None, "of the one file"),
    ]


def rounds(python: str, bundle: str, executable: str) -> Dict[str, List[float]]:
    """Seconds of each kind of start."""
    with tempfile.TemporaryDirectory() as place:
        words = ["env", "-i", f"XDG_CACHE_HOME={place}/cache", python, "-I", bundle]
        subprocess.run([*words, "--version"], stdout=subprocess.DEVNULL, check=True)  # it unpacks itself once
        alone = ["env", "-i", executable]
        kinds = ([*words, "--version"], [*alone, "--version"], [*words, "--help"], [*alone, "--help"])
        return dict(zip(("bundle", "executable", "bundle help", "executable help"), take_turns(kinds)))


if __name__ == "__main__":
    print(json.dumps(rounds(*sys.argv[1:4])))
