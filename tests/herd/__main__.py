"""What becomes of 2,000 nodes that start together, as a table: ``python -m tests.herd [--write]``, some minutes.

Ends with 1 where something is not as it must be. ``--write`` puts the table into docs/herd.md.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Iterator, List, Sequence, Tuple

from tests.herd.herd import WAIT, Played, Story, play

DOCUMENT = Path(__file__).parents[2] / "docs" / "herd.md"
BEGIN, END = "<!-- the table: written by `python -m tests.herd --write` -->\n", "<!-- the end of the table -->\n"
RATES = (10.0, 50.0, 200.0)
SEEDS = (1, 2, 3)
MOST = 1.3
"""How many times the limit it may take with a spread of the limit."""
MOST_OF_ONE = {10.0: 1.3, 50.0: 1.6, 200.0: 2.5}
"""The same where the bucket holds one request: what a second without a call leaves unused is lost then."""

HEAD = (
    "| registrations a second | nodes start | all registered after, worst | times the limit | runs that gave up "
    "| calls, of which refused | most agent runs of a node | uses of the activations | nodes registered twice |\n"
    "|---|---|---|---|---|---|---|---|---|\n"
)


def stories() -> Iterator[Tuple[str, Story]]:
    """What is played, in words, but for the seed."""
    for rate in RATES:
        story = Story(rate)
        limit = story.limit
        yield f"over {limit:.0f} s (`--spread {limit:.0f}s`)", replace(story, spread=limit)
        yield "the same, and the bucket holds one request", replace(story, spread=limit, saved=1 / rate)
        yield "the same; 5 % lose their power once, 5 % for good", replace(story, spread=limit, lost=0.05, reboots=0.05, spare=50)
        yield "all at once", story
        yield "all at once, without `--wait`", replace(story, wait=0.0)


def row(words: str, played: Sequence[Played]) -> str:
    """One row of the table, over all seeds."""
    first = played[0].story
    calls, refused = (round(median(each)) for each in zip(*((one.requests, one.requests - len(one.api.uses)) for one in played)))
    uses = sorted({len(one.api.uses) for one in played})
    cells = (
        f"{first.rate:.0f}",
        words,
        f"{max(one.total for one in played):.1f} s",
        f"{max(one.factor for one in played):.2f}",
        f"{sum(one.failures for one in played)}",
        f"{calls:,}, {refused:,}",
        f"{max(max(one.runs) for one in played)}",
        f"{uses[0]:,}" if len(uses) == 1 else f"{uses[0]:,} to {uses[-1]:,}",
        f"{sum(len(one.used_twice) for one in played)}",
    )
    return f"| {' | '.join(cells)} |\n"


def faults(words: str, played: Played) -> Iterator[str]:
    """What is not as it must be."""
    story = played.story
    place = f"{story.rate:.0f}/s, {words}, seed {story.seed}"
    if played.left or any(node.failed for node in played.nodes):
        yield f"{place}: {played.left} nodes are not registered"
    if story.wait and played.failures:
        yield f"{place}: {played.failures} runs gave up"
    if not story.lost and (len(played.api.uses) != story.nodes or played.used_twice):
        yield f"{place}: {len(played.api.uses)} uses of the activations"
    most = MOST if story.saved == 1.0 else MOST_OF_ONE[story.rate]
    if story.spread and not story.reboots and played.factor > most:
        yield f"{place}: {played.factor:.2f} times the limit"


def hour() -> str:
    """What a node does while the service refuses everybody for an hour."""
    played = play(Story(10.0, nodes=200, closed_until=3600.0))
    ends = sorted(node.gave_up[0] for node in played.nodes)
    runs = median(node.agent.runs for node in played.nodes)
    busy = [played.api.seconds[second] for second in range(120, 3600)]
    given = sorted({len(node.gave_up) for node in played.nodes})
    return (
        f"Of 200 nodes that are all refused for an hour, each runs the agent {runs:.0f} times (median) and gives up "
        f"{' or '.join(map(str, given))} times, the first time {ends[0]:.0f} to {ends[-1]:.0f} s after its start (`--wait` "
        f"{WAIT:.0f} s). The service gets {sum(busy) / len(busy) / 200:.2f} calls a second of each node on average, and at most "
        f"{max(busy) / 200:.2f} in any second after the first two minutes. When it opens, at ten registrations a second, the "
        f"last is registered {played.total - 3600:.0f} s later ({played.story.limit:.0f} s are the limit).\n"
    )


def main() -> int:
    """Play all of them and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.herd", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/herd.md")
    is_written = parser.parse_args().write
    wrong: List[str] = []
    text = HEAD
    print(HEAD, end="", flush=True)
    for words, story in stories():
        played = [play(replace(story, seed=seed)) for seed in SEEDS]
        wrong += [fault for one in played for fault in faults(words, one)]
        text += row(words, played)
        print(text.splitlines()[-1], flush=True)
    text += f"\n{hour()}"
    print(text.splitlines()[-1])
    if is_written:
        before, _, rest = DOCUMENT.read_text().partition(BEGIN)
        DOCUMENT.write_text(f"{before}{BEGIN}{text}{END}{rest.partition(END)[2]}")
    for fault in wrong:
        print(fault, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
