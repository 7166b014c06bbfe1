"""How often the doctor is right: every scenario's root causes, expected and said (`python -m tests.accuracy`).

The table has one row per finding code that occurs; whatever is off the diagonal is named with its scenario. Exit status 1
unless all of it is on the diagonal. ``--write`` commits the doctor's present words to each ``expected.txt`` instead, to be
read before they are believed. ``--lab`` adds the same codes from real packets in the lab's namespaces.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Iterable, Iterator, List, Optional, Sequence, Tuple

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.model.findings import Severity
from tests.recordings import stops
from tests.scenarios.expectation import causes_said, disagreements, is_right
from tests.scenarios.player import Played, play
from tests.scenarios.scenario import read_scenario, scenarios
from tests.scenarios.screens import screens

NOTHING = "(nothing)"


@dataclass(frozen=True)
class Pair:
    """One root cause of one story: what was expected and what was said; ``NOTHING`` stands for a cause that is not there."""

    story: str
    expected: str
    said: str

    @property
    def is_right(self) -> bool:
        """True on the diagonal."""
        return self.expected == self.said


@dataclass
class Table:
    """Pairs of causes, and how many capabilities were right in verdict and root cause."""

    pairs: List[Pair] = field(default_factory=list)
    capabilities: int = 0
    right: int = 0
    other: List[Tuple[str, str]] = field(default_factory=list)  # (story, line): said otherwise, though the causes are right

    def add(self, played: Played) -> None:
        """One scenario's share."""
        scenario, diagnosis = played.scenario, played.diagnosis
        said = [code for severity in (Severity.ERROR, Severity.WARNING) for code in causes_said(diagnosis, severity)]
        self.pairs += pair(scenario.name, scenario.expectation.causes, said)
        for item in diagnosis.capabilities:
            self.capabilities += 1
            self.right += is_right(scenario.expectation.verdicts[item.capability.value], item)
        self.other += [(scenario.name, line) for line in disagreements(scenario.expectation, diagnosis, scenario.capabilities)]


def pair(story: str, expected: Sequence[str], said: Sequence[str]) -> Iterator[Pair]:
    """Causes that agree, then those that do not, each missing one beside one that was said in its place."""
    both = [code for code in dict.fromkeys(expected) if code in said]
    missing = [code for code in dict.fromkeys(expected) if code not in said]
    strange = [code for code in dict.fromkeys(said) if code not in expected]
    if not both and not missing and not strange:
        yield Pair(story, NOTHING, NOTHING)
    for code in both:
        yield Pair(story, code, code)
    for place in range(max(len(missing), len(strange))):
        yield Pair(
            story,
            missing[place] if place < len(missing) else NOTHING,
            strange[place] if place < len(strange) else NOTHING,
        )


def lines_of(table: Table) -> Iterator[str]:
    """The table: code, times expected, times said there; then what is off the diagonal."""
    expected = Counter(one.expected for one in table.pairs)
    said = Counter(one.said for one in table.pairs)
    right = Counter(one.expected for one in table.pairs if one.is_right)
    yield f"  {'root cause':30}{'expected':>9}{'said':>6}{'right':>7}"
    for code in sorted({*expected, *said}, key=lambda code: (code == NOTHING, code)):
        mark = "✓" if expected[code] == said[code] == right[code] else "✗"
        yield f"{mark} {code:30}{expected[code]:>9}{said[code]:>6}{right[code]:>7}"
    wrong = [one for one in table.pairs if not one.is_right]
    yield ""
    yield f"diagonal: {sum(right.values())} of {len(table.pairs)} root causes, {len(wrong)} beside it"
    if table.capabilities:
        yield f"capabilities: {table.right} of {table.capabilities} with the right verdict and root cause"
    for one in wrong:
        yield f"✗ {one.story}: expected {one.expected}, said {one.said}"
    for story, line in table.other:
        yield f"  {story}: {line}"


def play_all(names: Iterable[str]) -> Iterator[Played]:
    """Play these stories, or all."""
    chosen = [read_scenario(name) for name in names] or list(scenarios())
    for scenario in chosen:
        yield play(scenario)


def main(argv: Optional[List[str]] = None) -> int:
    """Print the table, or write the expected texts."""
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="STORY", help="only these (default: all)")
    parser.add_argument("--write", action="store_true", help="write expected.txt of each story anew, and the screens")
    parser.add_argument("--lab", action="store_true", help="the same codes from real packets as well")
    arguments = parser.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    table, stories, known, named = Table(), 0, [], set()
    unwritten: List[str] = []
    for played in play_all(arguments.names):
        stories += 1
        table.add(played)
        named |= {one.code for one in (*played.diagnosis.findings, *played.diagnosis.history)}
        known += [f"{played.scenario.name}: {played.scenario.known}"] if played.scenario.known else []
        if arguments.write:
            unwritten += [line for line in (write(played),) if line]
    print(f"{stories} scenarios, {sum(one.expected == NOTHING == one.said for one in table.pairs)} of them healthy")
    print("\n".join(lines_of(table)))
    for line in known:
        print(f"known: {line}")
    recorded_well = bool(arguments.names) or from_recordings()
    if not arguments.names:
        print(f"codes that no scenario tells: {', '.join(sorted(set(FINDINGS) - named)) or 'none'}")
    good = all(one.is_right for one in table.pairs) and table.right == table.capabilities and not table.other
    good = good and recorded_well
    if arguments.lab:
        good = from_packets() and good
    print("".join(f"{line}\n" for line in unwritten), end="")
    return 0 if good else 1


def from_recordings() -> bool:
    """Every stop of every recording of the real agent: the row of the table that no stand-in can flatter."""
    every, wrong, alarms = list(stops()), [], 0
    for stop in every:
        diagnosis = play(stop).diagnosis
        said = {item.capability.value: item.verdict.value for item in diagnosis.capabilities}
        found = list(stop.disagreements(causes_said(diagnosis, Severity.ERROR), said))
        alarms += any(line.startswith("false alarm") for line in found)
        wrong += [f"  {stop.name}: {'; '.join(found)}"] if found else []
    print(f"recorded stops: {len(every) - len(wrong)} of {len(every)} right, {alarms} with a false alarm")
    print("".join(f"{line}\n" for line in wrong), end="")
    return not wrong


def write(played: Played) -> str:
    """Commit the doctor's present words, but where they are not what is expected: then why it was not done."""
    scenario, path = played.scenario, played.scenario.expected_text
    if scenario.known:
        path.unlink(missing_ok=True)
    elif disagreements(scenario.expectation, played.diagnosis, scenario.capabilities):
        return f"not written, for it is not what is expected: {path.parent.name}/{path.name}"
    elif not path.exists() or path.read_text(encoding="utf-8") != played.golden:
        path.write_text(played.golden, encoding="utf-8")
        print(f"wrote {path.parent.name}/{path.name}")
    for place, text, _ in screens(played):
        place.parent.mkdir(exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return ""


def from_packets() -> bool:
    """The lab's table, by what ``probe`` says in each VPC; True where it is diagonal, False without a lab."""
    from tests.cases import expected_of, look, said_in
    from tests.lab.cases import CASES
    from tests.lab.channel import LabUnavailable
    from tests.lab.client import Lab

    table = Table()
    print()
    try:
        with Lab(CASES["complete"]) as lab:
            for case in CASES.values():
                wanted = expected_of(case)
                _, document = look(lab, case)
                said = said_in(document)
                table.pairs += pair(
                    case.name,
                    [*sorted(wanted.errors), *sorted(wanted.warnings)],
                    [*sorted(said.errors), *sorted(said.warnings)],
                )
                for name, verdict in wanted.verdicts.items():
                    table.capabilities += 1
                    table.right += said.verdicts.get(name) == verdict
    except LabUnavailable as error:
        print(f"accuracy: no lab here: {error}")
        return False
    print(f"{len(CASES)} VPCs of the lab, from real packets")
    print("\n".join(lines_of(table)))
    return all(one.is_right for one in table.pairs) and table.right == table.capabilities


if __name__ == "__main__":
    sys.exit(main())
