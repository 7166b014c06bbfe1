"""`explain` beside GNU grep over the same files, its memory, an ordinary node, and how it grows with the size."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Dict, List, Sequence

from bench.agentlogs import write_logs
from bench.figures import Figure, middle, plain, ratio
from ssm_bootstrap.catalog.signatures import SIGNATURES
from tests.lab.machine import ENVIRONMENT, ROOT

LOGS = ROOT / "var" / "bench-logs"
VERSION = "2"
"""Of the generator: logs of another one are made anew."""

ROUNDS = 5
ORDINARY = 1 / 120
SIZES = {"2 MB": ORDINARY, "8 MB": ORDINARY * 4, "32 MB": ORDINARY * 16}
USUAL = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("PYTHON")}
LOOK_EVERY = 0.02


@dataclass
class Run:
    """One run: wall clock, processor time of the process and its children, and the most memory that they held together."""

    seconds: float
    processor: float
    megabytes: float


def measure(programs: Path) -> List[Figure]:
    """The figures."""
    full = _logs("full", 1.0)
    explain = [str(programs / "ssm-bootstrap"), "explain"]
    parts = commonest_parts(full)
    print(f"  grep: {' | '.join(parts)}")
    print(f"  load {os.getloadavg()[0]:.1f} before", flush=True)
    grep = ["grep", "-cE", "|".join(_quoted(part) for part in parts), *sorted(map(str, full.iterdir()))]
    runs: Dict[str, List[Run]] = {"grep": [], "explain": []}
    for number in range(-1, ROUNDS):
        for name, words in (("grep", grep), ("explain", [*explain, str(full)])):
            run = timed(words)
            if number >= 0:
                runs[name].append(run)
    base, ours = ([run.seconds for run in runs[name]] for name in ("grep", "explain"))
    most = max(run.megabytes for run in runs["explain"])
    figures = [
        plain("grep -cE of seven fixed parts, 240 MB", base),
        ratio("explain of the same", ours, base, 5, "wall clock, of grep"),
        plain("  grep, processor time", [run.processor for run in runs["grep"]]),
        ratio("  explain, processor time of all its processes", *_processor(runs), None, "of grep"),
        Figure("  explain, memory of its processes together", ours, most, "MB", 80, "sum of RSS, the most of all runs"),
    ]
    figures += _growth(explain)
    print(f"  load {os.getloadavg()[0]:.1f} after", flush=True)
    return figures


def _processor(runs: Dict[str, List[Run]]) -> Sequence[List[float]]:
    return [[run.processor for run in runs[name]] for name in ("explain", "grep")]


def _growth(explain: Sequence[str]) -> List[Figure]:
    seconds: Dict[str, List[Run]] = {name: [] for name in SIZES}
    places = {name: _logs(name.replace(" ", ""), scale) for name, scale in SIZES.items()}
    for number in range(-1, 2 * ROUNDS):
        for name, place in places.items():
            run = timed([*explain, str(place)])
            if number >= 0:
                seconds[name].append(run)
    figures = []
    for name, runs in seconds.items():
        took = [run.seconds for run in runs]
        what = f"explain, {name}, interpreter included"
        figures.append(middle(what, took, 0.15) if name == "2 MB" else plain(what, took))
        figures.append(plain(f"    processor time, {name}", [run.processor for run in runs]))
    small, medium, large = (median(run.processor for run in runs) for runs in seconds.values())
    grown = (large - medium) / 24 / ((medium - small) / 6) if medium > small else 0.0
    what = "  growth: a MB from 8 to 32, by one from 2 to 8"
    return [*figures, Figure(what, [large - medium], grown, "x", 1.5, "processor time; 1 is linear")]


def commonest_parts(place: Path, count: int = 7) -> List[str]:
    """The fixed parts of the catalogue that the newest files hold most often."""
    data = b"".join((place / name).read_bytes() for name in ("errors.log", "amazon-ssm-agent.log"))
    counts = {row.fixed: data.count(row.fixed.encode()) for row in SIGNATURES}
    return sorted(counts, key=lambda part: (-counts[part], part))[:count]


def _quoted(part: str) -> str:
    return "".join("\\" + letter if letter in ".[]()*+?{}|^$\\" else letter for letter in part)


def _logs(name: str, scale: float) -> Path:
    place = LOGS / f"{name}-{VERSION}"
    if not (place.exists() and (LOGS / f"{place.name}.whole").exists()):
        shutil.rmtree(place, ignore_errors=True)
        print(f"  writing logs to {place.relative_to(ROOT)} …", flush=True)
        write_logs(place, scale=scale)
        (LOGS / f"{place.name}.whole").touch()
    for path in place.iterdir():
        path.read_bytes()  # both read from the page cache
    return place


def timed(words: Sequence[str]) -> Run:
    """One run, its output through a pipe."""
    began = time.perf_counter()
    child = subprocess.Popen(
        list(words), env={**USUAL, "LC_ALL": "C"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    watch = _Memory(child.pid)
    watch.start()
    assert child.stdout is not None
    child.stdout.read()
    _, status, used = os.wait4(child.pid, 0)
    took = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    watch.stop()
    if child.returncode not in (0, 1):
        raise RuntimeError(f"{Path(words[0]).name} ended with {child.returncode}")
    return Run(took, used.ru_utime + used.ru_stime, watch.most / 1e6)


class _Memory(threading.Thread):
    """Adds up, every few milliseconds, the resident memory of a process and its children."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.most = 0
        self._pid, self._ended = pid, threading.Event()

    def run(self) -> None:
        """Look until stopped."""
        while not self._ended.wait(LOOK_EVERY):
            self.most = max(self.most, sum(_resident(pid) for pid in self._family()))

    def stop(self) -> None:
        """End."""
        self._ended.set()
        self.join()

    def _family(self) -> List[int]:
        """The process and its children; not every kernel lists them by their parent."""
        return [self._pid, *(int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and self._is_child(path))]

    def _is_child(self, path: Path) -> bool:
        try:
            return int((path / "stat").read_text().rpartition(")")[2].split()[1]) == self._pid
        except (OSError, IndexError):
            return False


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0
