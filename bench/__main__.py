"""Take the figures and print them."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

from bench.figures import HEAD, busy, machine
from bench.installed import NotInstalled, install
from tests.lab.channel import LabUnavailable

PARTS = {
    "start": "start-up against the bare interpreter (milliseconds)",
    "bundle": "the one file (milliseconds)",
    "executable": "the executable with its own Python, beside the one file (milliseconds)",
    "probe": "probe, interpreter included (milliseconds)",
    "register": "register (milliseconds)",
    "vpc": "vpc against a server on loopback (milliseconds)",
    "lines": "records made to hurt (milliseconds of processor time)",
    "explain": "explain of logs at the retention limits, beside grep (milliseconds)",
    "fleet": "fleet report of a million nodes, beside jq (milliseconds)",
}


def main(argv: Optional[List[str]] = None) -> int:
    """Run the parts asked for; 1 only where one could not be measured at all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what must be fast; nothing is asserted.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--json", metavar="FILE", help="write every run's seconds to FILE")
    arguments = parser.parse_args(argv)
    unknown = [name for name in arguments.parts if name not in PARTS]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}; expected {', '.join(PARTS)}")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    began = time.monotonic()
    told: Dict[str, Any] = {"machine": machine()}
    print(told["machine"])
    failed = False
    try:
        programs = install()
    except NotInstalled as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    for name in arguments.parts or PARTS:
        print(f"\n{PARTS[name]}\n{HEAD}", flush=True)
        try:
            figures = importlib.import_module(f"bench.{name}").measure(programs)
        except (LabUnavailable, RuntimeError) as error:
            print(f"bench: {name}: {error}", file=sys.stderr)
            failed = True
            continue
        for figure in figures:
            print(figure.row(), flush=True)
        told[name] = [figure.to_json() for figure in figures]
    told["remark"] = busy()
    print("\n" + "; ".join([f"{time.monotonic() - began:.0f} s in all", *filter(None, [told["remark"]])]))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
