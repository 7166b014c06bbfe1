"""`fleet report` over a million made-up reports, plain and packed, and the same grouping by jq over a tenth of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import List, Sequence

from bench.explain import Run, timed
from bench.figures import Figure, plain, worst
from bench.fleetreports import write_reports

REPORTS = 1_000_000
TENTH = REPORTS // 10
ROUNDS = 3
SECONDS, MEGABYTES = 30, 1000
GROUPING = '[.findings[] | select(.severity == "error" and .symptom_of == null)] | map([.code, .subject]) | unique[] | join(" ")'


def measure(programs: Path) -> List[Figure]:
    """The figures; the reports are written to a directory of their own, and are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-fleet-") as name:
        place = Path(name)
        free = shutil.disk_usage(place).free
        if free < 8 << 30:
            raise RuntimeError(f"{place}: {free >> 30} GB are free, and 8 are needed")
        print(f"  writing {REPORTS:,} reports …", flush=True)
        whole = write_reports(place / "whole.jsonl", REPORTS)
        packed = write_reports(place / "packed.jsonl.gz", REPORTS)
        tenth = write_reports(place / "tenth.jsonl", TENTH)
        size = whole.stat().st_size
        print(f"  {size / 1e9:.1f} GB, {size / REPORTS:.0f} bytes a report; load {os.getloadavg()[0]:.1f}", flush=True)
        report = [str(programs / "ssm-bootstrap"), "fleet", "report"]
        runs = [timed([*report, str(whole)]) for _ in range(ROUNDS)]
        runs_packed = [timed([*report, str(packed)])]
        runs_tenth = [timed([*report, str(tenth)]) for _ in range(ROUNDS)]
        jq = [_jq(tenth) for _ in range(ROUNDS)] if shutil.which("jq") else []
        took = [run.seconds for run in runs]
        figures = [
            worst("fleet report, 1,000,000 reports", took, SECONDS),
            plain("  its processor time", [run.processor for run in runs]),
            Figure("  its memory", took, _most(runs), "MB", MEGABYTES, "RSS, the most of all runs"),
            worst("fleet report of the same, packed by gzip", [run.seconds for run in runs_packed], SECONDS),
            Figure("  its memory", [run.seconds for run in runs_packed], _most(runs_packed), "MB", MEGABYTES, "RSS"),
            plain("fleet report of a tenth", [run.seconds for run in runs_tenth]),
        ]
        if jq:
            ours = min(run.seconds for run in runs_tenth)
            rule = "of fleet report, the fastest runs"
            figures.append(Figure("the same grouping by jq, of that tenth", jq, min(jq) / ours, "x", None, rule))
        return figures


def _most(runs: Sequence[Run]) -> float:
    return max(run.megabytes for run in runs)


def _jq(path: Path) -> float:
    """Seconds of jq, sort and uniq, as one would count root causes without this program."""
    began = time.perf_counter()
    command = 'jq -r "$1" "$2" | sort | uniq -c | sort -rn'
    subprocess.run(["sh", "-c", command, "sh", GROUPING, str(path)], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began
