"""``python -m tests.real_agent --agent-dir DIR [--journey NAME] [--record DIR]``, or ``--boot-register N``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

from tests.boot import image, outfit
from tests.boot.container import NotReached
from tests.lab import pki
from tests.lab.channel import LabUnavailable
from tests.lab.client import Lab
from tests.real_agent import recording
from tests.real_agent.journeys import JOURNEYS, Journey
from tests.real_agent.judgement import Judgement, Stop, judge
from tests.real_agent.node import Node
from tests.real_agent.steps import RECONNECTED
from tests.real_agent.vpcs import VPCS
from tests.story import LOGS, REGION

RELEASE = "bookworm"


@dataclass(frozen=True)
class Seen:
    """A stop of a journey as it was: the judgement, or none where it was not reached."""

    journey: str
    stop: Stop
    judgement: Optional[Judgement]
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether the stop was reached and the report said what is so."""
        return self.judgement is not None and self.judgement.is_right

    @property
    def line(self) -> str:
        """Its row of the table."""
        expected = " + ".join([*self.stop.must, *([" or ".join(self.stop.any)] if self.stop.any else [])]) or "-"
        said = (" ".join(self.judgement.said) or "-") if self.judgement else "not reached"
        why = self.judgement.objections if self.judgement else ""
        told = "right" if self.is_right else "WRONG"
        row = f"{self.journey:17} {self.stop.name:32} {expected:44} {said:44} {told}  {self.seconds:5.1f}"
        return f"{row}  {why}".rstrip()


def travel(journey: Journey, layers: outfit.Layers, record: Optional[Path], verbose: bool) -> Tuple[List[Seen], List[str]]:
    """Go one journey to its end; what was seen at each stop, and what else is to be said."""
    seen: List[Seen] = []
    rows: List[recording.Row] = []
    with Node(layers, journey.configured) as node:
        try:
            for part in journey.way:
                if not isinstance(part, Stop):
                    part.take(node)
                    continue
                look = node.look()
                if part.doubt(look.channels):
                    node.object(f"the stop itself is in doubt: {part.doubt(look.channels)}")
                seen.append(Seen(journey.name, part, judge(part, look.document), look.seconds))
                rows.append(recording.row(part, look, node.vpc, node.faults))
            if record is not None:
                recording.write(record, journey, rows, node.logs())
        except (NotReached, OSError, RuntimeError, ValueError) as error:
            node.said.append(f"broke off: {error}")
            node.object(f"the journey broke off: {' '.join(str(error).split())[:200]}")
            seen += [Seen(journey.name, stop, None, 0.0) for stop in journey.stops[len(seen) :]]
        if verbose:
            print(f"--- {journey.name}\n" + "\n".join(node.said), file=sys.stderr)
        return seen, [f"{journey.name}: {words}" for words in node.objections]


def journeys(layers: outfit.Layers, chosen: Sequence[Journey], arguments: argparse.Namespace) -> int:
    """Go the journeys, some side by side, and print the table; 1 where anything is wrong."""
    print(f"{'journey':17} {'stop':32} {'expected':44} {'said':44} {'':5}  {'s':>5}", flush=True)
    stops: List[Seen] = []
    objections: List[str] = []
    with ThreadPoolExecutor(arguments.together) as pool:
        for seen, said in pool.map(lambda one: travel(one, layers, arguments.record, arguments.verbose), chosen):
            for one in seen:
                print(one.line, flush=True)
            stops += seen
            objections += said
    for words in objections:
        print(f"! {words}")
    wrong = [one for one in stops if not one.is_right]
    false = [one for one in stops if one.judgement is not None and one.judgement.invented]
    counted = f"{len(stops)} stops: {len(wrong)} wrong, {len(false)} with a false alarm"
    print(f"{len(chosen)} journeys, {counted}; {len(objections)} other objections")
    return 1 if wrong or objections else 0


def register_at_boot(layers: outfit.Layers, number: int) -> str:
    """Register in the first second after power on; in words what is wrong, empty where it is proven online."""
    with Node(layers) as node:
        node.machine.boot()
        began = time.monotonic()
        done = node.register()
        took = time.monotonic() - began
        node.machine.run(["sleep", "1"])
        is_open = node.lab.ask_aws(get="state")["counters"].get("control-channels-open", 0) > 0
        was_online = is_open and RECONNECTED in node.machine.text(f"{LOGS}/amazon-ssm-agent.log")
        told = (done.stdout + done.stderr).strip().splitlines()[-1:]
        channel = "a control channel is open" if is_open else "no control channel is open"
        print(f"{number:3}  exit {done.returncode} after {took:.1f} s; {channel}; {told}", flush=True)
        if done.returncode:
            return f"exit {done.returncode}: {told}"
        return "" if was_online else "exit 0, and no control channel"


def registrations(layers: outfit.Layers, count: int, together: int) -> int:
    """Register `count` machines, each in the first second after its boot."""
    with ThreadPoolExecutor(together) as pool:
        faults = [words for words in pool.map(lambda number: register_at_boot(layers, number), range(1, count + 1)) if words]
    print(f"{count} registrations in the first second after boot: {count - len(faults)} proven online, {len(faults)} not")
    return 1 if faults else 0


def missing(directory: Optional[str]) -> str:
    """What keeps the journeys from being gone, in one line; empty where nothing does."""
    if not directory:
        return "AGENT_DIR is missing: the directory with amazon-ssm-agent and ssm-agent-worker (on Amazon Linux: /usr/bin)"
    for name in outfit.PROGRAMS[:2]:
        if not os.access(os.path.join(directory, name), os.X_OK):
            return f"AGENT_DIR: {os.path.join(directory, name)} is no program"
    return ""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(prog="python -m tests.real_agent", description=__doc__)
    found.add_argument("--agent-dir", metavar="DIR", help="where the agent's programs lie")
    found.add_argument("--journey", action="append", choices=sorted(JOURNEYS), metavar="NAME", help="this one (may be repeated)")
    found.add_argument("--record", type=Path, metavar="DIR", help="write logs and journeys.json there")
    found.add_argument("--boot-register", type=int, metavar="N", help="instead: register N machines in their first second")
    found.add_argument("--together", type=int, default=2, metavar="N", help="how many at a time (default 2)")
    found.add_argument("--verbose", action="store_true", help="what every command said, on standard error")
    return found


def main(words: Optional[List[str]] = None) -> int:
    """Go the journeys; 0 where all is right, 1 where anything is not, 69 where they cannot be gone."""
    arguments = parser().parse_args(words)
    lack = missing(arguments.agent_dir)
    if lack:
        print(lack, file=sys.stderr)
        return 69
    pki.certificates(REGION)  # made once, before threads ask for them
    try:
        with Lab(VPCS["complete"]) as lab, outfit.dressed(lab, image.tree(RELEASE), Path(arguments.agent_dir)) as layers:
            if arguments.boot_register:
                return registrations(layers, arguments.boot_register, arguments.together)
            chosen = [JOURNEYS[name] for name in arguments.journey or JOURNEYS]
            return journeys(layers, chosen, arguments)
    except (image.Unavailable, LabUnavailable) as error:
        print(f"real-agent: {error}", file=sys.stderr)
        return 69


if __name__ == "__main__":
    sys.exit(main())
