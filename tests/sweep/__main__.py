"""``python -m tests.sweep kill``, ``… inject`` and ``… together``."""

from __future__ import annotations

import argparse
import sys
from typing import List, Optional

from tests.lab.channel import LabUnavailable
from tests.sweep import inject, outside, together
from tests.sweep.scenes import SCENES

EVERY = 12


def main(argv: Optional[List[str]] = None) -> int:
    """Sweep, print a line that sums up, and end with 1 where anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweep", description="Crash and concurrency sweeps in the lab.")
    orders = parser.add_subparsers(dest="order", required=True)
    kill = orders.add_parser("kill", help="cut a change of identity short at every point, start again, look")
    kill.add_argument("scenes", nargs="*", metavar="SCENE", help=f"which (all): {', '.join(SCENES)}")
    kill.add_argument("--labs", type=int, default=outside.usual_labs(), help="how many labs side by side")
    kill.add_argument("--every", type=int, default=EVERY, help="how many changes lie between two signals that may be caught")
    kill.add_argument("--all", action="store_true", help="every point of every scene, not a sample of the lesser ones")
    kill.add_argument("--only-signals", action="store_true", help="SIGTERM and Ctrl-C alone")
    failing = orders.add_parser("inject", help="let a file system's call fail under a command, or kill it there; run again, look")
    failing.add_argument("scenes", nargs="*", metavar="SCENE", help=f"which (all): {', '.join(inject.INJECTED)}")
    failing.add_argument("--labs", type=int, default=outside.usual_labs(), help="how many labs side by side")
    failing.add_argument("--each", type=int, default=inject.EACH, help="how many points of each scene and error")
    failing.add_argument("--all", action="store_true", help="every call with every error")
    many = orders.add_parser("together", help="many registrations started at once on one node")
    many.add_argument("--runs", type=int, default=100, help="how many")
    arguments = parser.parse_args(argv)
    try:
        if arguments.order == "together":
            return together.sweep(arguments.runs)
        if arguments.order == "inject":
            each = 0 if arguments.all else arguments.each
            return inject.sweep(inject.Order(arguments.scenes or list(inject.INJECTED), each, arguments.labs))
        scenes = arguments.scenes or list(SCENES)
        return outside.sweep(outside.Order(scenes, arguments.all, arguments.every, arguments.only_signals, arguments.labs))
    except LabUnavailable as error:
        print(f"sweep: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
