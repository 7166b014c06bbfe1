"""Every VPC of the lab and what was said of it: `python -m tests.cases [--json FILE] [CASE…]`.

What must be said is computed here from what the case breaks (`Case.faults`) and what the catalogue says each capability
needs, so that neither the lab nor the product is asked. Exit status 1 where they disagree, with the reason.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, FrozenSet, List, Mapping, Optional, Set, Tuple

from ssm_bootstrap.catalog.endpoints import ENDPOINTS, NEEDS, SIGNED_ROWS
from ssm_bootstrap.model.capability import Capability
from tests.lab.cases import CASES, Case
from tests.lab.channel import LabUnavailable
from tests.lab.client import Lab
from tests.lab.streams import Done

Verdict = Tuple[str, FrozenSet[str]]
"""A verdict's word and the root causes that are its reason."""

SHORT = {"register": "register", "run-command": "run", "session": "session", "patch": "patch", "agent-update": "update"}
MARKS = {"ok": "ok", "degraded": "degr", "broken": "BROKEN", "unknown": "unknwn"}
PORTS = {row.name: row.port for row in ENDPOINTS}
ROWS: Mapping[str, Tuple[str, ...]] = {
    **{name: (name,) for name in ("ssm", "ssmmessages", "ec2messages")},
    "s3": ("s3-regional", "s3-bucket", "s3-bucket-http"),
    "s3-dualstack": ("s3-dualstack", "s3-dualstack-http"),
    "s3-http": ("s3-bucket-http", "s3-dualstack-http"),
}
"""The catalogue's rows behind each target of the cases."""

ON_443_ALONE = ("tls-", "connection-cut", "s3-https-blocked")
PARTLY = "endpoint-partly-unreachable"


@dataclass(frozen=True)
class Expected:
    """What a probe must say in one VPC: verdicts, error and warning codes."""

    verdicts: Mapping[str, Verdict]
    errors: FrozenSet[str]
    warnings: FrozenSet[str]


def expected_of(case: Case) -> Expected:
    """What the design wants said, by what is broken and what is needed."""
    failed: Dict[str, str] = {}
    for target, code in case.faults.items():
        for row in ROWS.get(target, ()):
            if PORTS[row] == 443 or not code.startswith(ON_443_ALONE):
                failed[row] = code
    clock = case.faults.get("clock")
    verdicts = {one.value: _judge(one, failed, clock if one is not Capability.REGISTER else None) for one in Capability}
    errors = frozenset(code for word, codes in verdicts.values() if word == "broken" for code in codes)
    degrading = frozenset(code for word, codes in verdicts.values() if word == "degraded" for code in codes)
    return Expected(verdicts, errors, (degrading - errors) | frozenset(case.warnings))


def _judge(capability: Capability, failed: Mapping[str, str], local: Optional[str]) -> Verdict:
    breaking: Set[str] = {local} if local else set()
    degrading: Set[str] = set()
    unsure = False
    for need in NEEDS[capability]:
        codes = {row: failed[row] for row in need.any_of if row in failed}
        if codes and all(code == "s3-denied" and row in SIGNED_ROWS for row, code in codes.items()):
            unsure = True  # an anonymous 403 says nothing of a request that is signed
            continue
        dead = {row for row, code in codes.items() if code != PARTLY}
        if len(dead) == len(need.any_of):
            breaking |= set(codes.values())
        elif need.any_of[0] in codes:
            degrading.add(codes[need.any_of[0]])
    if breaking:
        return "broken", frozenset(breaking)
    if degrading:
        return "degraded", frozenset(degrading)
    return ("unknown" if unsure else "ok"), frozenset()


def said_in(document: Mapping[str, Any]) -> Expected:
    """What a probe's JSON says, in the same form."""
    causes = [one for one in document["findings"] if one["symptom_of"] is None]
    return Expected(
        {name: (one["verdict"], frozenset(one["because"])) for name, one in document["capabilities"].items()},
        frozenset(one["code"] for one in causes if one["severity"] == "error"),
        frozenset(one["code"] for one in causes if one["severity"] == "warning"),
    )


def disagreements(expected: Expected, done: Done, document: Mapping[str, Any]) -> List[str]:
    """Everything that was said otherwise than expected, one line each."""
    said = said_in(document)
    found = [
        f"{name}: said {_words(said.verdicts.get(name))}, expected {_words(wanted)}"
        for name, wanted in expected.verdicts.items()
        if said.verdicts.get(name) != wanted
    ]
    for what, told, wanted in (("errors", said.errors, expected.errors), ("warnings", said.warnings, expected.warnings)):
        if told != wanted:
            found.append(f"{what}: said {_codes(told)}, expected {_codes(wanted)}")
    status = 1 if expected.errors else 0
    if not done.returncode == document["exit_status"] == status:
        found.append(f"exit status: {done.returncode}, in the JSON {document['exit_status']}, expected {status}")
    found += [f"crashed: {one['check']}: {one['error']}" for one in document.get("crashed", [])]
    return found


def _words(verdict: Optional[Verdict]) -> str:
    return "nothing" if verdict is None else " ".join((verdict[0], *sorted(verdict[1])))


def _codes(codes: FrozenSet[str]) -> str:
    return " ".join(sorted(codes)) or "-"


def look(lab: Lab, case: Case) -> Tuple[Done, Dict[str, Any]]:
    """One `probe --json` in a VPC; a document without findings and with status 70 where it printed none."""
    lab.apply(case)
    done = lab.run(["ssm-bootstrap", "probe", "--json", "--region", lab.region], timeout=60)
    try:
        document: Dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        print(f"{case.name}: no JSON: {done.stdout[:500]} {done.stderr[:500]}", file=sys.stderr)
        document = {"capabilities": {}, "findings": [], "exit_status": None}
    return done, document


def table_line(case: Case, verdicts: Mapping[str, Verdict], said: str, seconds: float, wanted: str, good: bool) -> str:
    """A line of the table."""
    marks = " ".join(f"{MARKS.get(verdicts.get(name, ('?',))[0], '?'):8}" for name in SHORT)
    return f"{'✓' if good else '✗'} {case.name:27}{marks} {seconds:5.2f}  {said:33} {wanted}".rstrip()


def main(argv: Optional[List[str]] = None) -> int:
    """Probe every case, print the table, and count the disagreements."""
    parser = argparse.ArgumentParser(prog="python -m tests.cases", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="CASE", help="only these (default: all)")
    parser.add_argument("--json", metavar="FILE", help="write the figures to FILE")
    arguments = parser.parse_args(argv)
    unknown = sorted(set(arguments.names) - set(CASES))
    if unknown:
        parser.error(f"no such case: {', '.join(unknown)}")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        with Lab(CASES["complete"]) as lab:
            rows = show(lab, [CASES[name] for name in arguments.names or CASES])
    except LabUnavailable as error:
        print(f"cases: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 1 if any(row["disagreements"] for row in rows) else 0


def show(lab: Lab, cases: List[Case]) -> List[Dict[str, Any]]:
    """Print the table as it comes and give its rows."""
    heads = " ".join(f"{word:8}" for word in SHORT.values())
    print(f"  {'case':27}{heads} {'s':>5}  {'said (warnings in brackets)':33} expected", flush=True)
    rows: List[Dict[str, Any]] = []
    for case in cases:
        wanted = expected_of(case)
        done, document = look(lab, case)
        said, wrong = said_in(document), disagreements(wanted, done, document)
        told, due = _told(said), _told(wanted)
        print(table_line(case, said.verdicts, told, done.seconds, due, not wrong), flush=True)
        for line in wrong:
            print(f"      {line}", flush=True)
        verdicts = {name: {"verdict": word, "because": sorted(codes)} for name, (word, codes) in said.verdicts.items()}
        row = {"case": case.name, "title": case.title, "seconds": round(done.seconds, 3), "said": told, "expected": due}
        rows.append({**row, "exit_status": done.returncode, "capabilities": verdicts, "disagreements": wrong})
    bad = sum(bool(row["disagreements"]) for row in rows)
    healthy = [row["seconds"] for row in rows if row["expected"] == "-"]
    spent = f"{sum(row['seconds'] for row in rows):.1f} s in all, at most {max(row['seconds'] for row in rows):.2f} s"
    spent += f", healthy at most {max(healthy):.2f} s" if healthy else ""
    print(f"\n{len(rows)} cases, {len(rows) - bad} as expected, {bad} not; {spent}")
    return rows


def _told(said: Expected) -> str:
    """Error codes, then warnings in brackets."""
    return " ".join([*sorted(said.errors), *(f"({code})" for code in sorted(said.warnings))]) or "-"


if __name__ == "__main__":
    sys.exit(main())
