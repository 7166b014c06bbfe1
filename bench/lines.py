"""How the time for one record grows with its length, over records that are made to hurt: eight times the bytes, not 64."""

from __future__ import annotations

import time
from pathlib import Path
from typing import List

from bench.figures import Figure, plain, ratio
from tests.fuzz.explain import check
from tests.fuzz.test_explain import PARTS, record

SHORT, LONG, ROUNDS = 500, 4000, 5


def measure(programs: Path) -> List[Figure]:
    """The figures of the part that grows most."""
    growth = {}
    for part in PARTS:
        short, long = seconds(part, SHORT), seconds(part, LONG)
        growth[part] = (min(long) / max(min(short), 0.0005), short, long)
    part = max(growth, key=lambda part: growth[part][0])
    _, short, long = growth[part]
    return [
        plain(f"{SHORT} bytes of {part!r:.24}, the worst of {len(PARTS)}", short),
        ratio(f"{LONG} bytes of it", long, short, LONG / SHORT * 2.5, f"processor time, of {SHORT} bytes"),
    ]


def seconds(part: str, size: int) -> List[float]:
    """Processor time of one record, of each round."""
    data, found = record(part, size), []
    for _ in range(ROUNDS):
        began = time.process_time()
        check(data)
        found.append(time.process_time() - began)
    return found
