"""How many of the agent's own messages are known: every format string of a checkout of its source, judged as a log line is."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence

from ssm_bootstrap.catalog.agentparts import part_of
from ssm_bootstrap.diagnose.logs.classify import LogContext, Sort, judge
from ssm_bootstrap.model.logs import LogRecord
from ssm_bootstrap.model.site import NO_SITE
from tests.formats.gosource import LogCall, is_checkout, log_calls

LEAST = 0.95
"""The share of the formats that has to be known."""

_VERB = re.compile(r"%(?:%|[-+# 0]*(?:\d+|\*)?(?:\.(?:\d+|\*)?)?(?:\[\d+\])?(?P<kind>[a-zA-Z]))")
_FILLING = {"d": "3", "t": "true", "f": "1.5", "q": '"odd"', "x": "3", "X": "3", "c": "x", "p": "0xc000123450"}
"""What stands for a value: it says nothing that a signature could take for a cause."""


class Format(NamedTuple):
    """A format string as a record would show it, and where it stands."""

    call: LogCall
    record: LogRecord


def message_of(form: str) -> str:
    """A format with its verbs filled in."""
    return _VERB.sub(lambda found: _FILLING.get(found["kind"], "odd") if found["kind"] else "%", form)


def formats_of(calls: Sequence[LogCall]) -> List[Format]:
    """Each format once a file; an error that is logged as it is stands for one in its function."""
    found: Dict[object, Format] = {}
    for call in calls:
        key = (call.path, call.form) if call.form is not None else (call.path, call.function, None)
        source = f"{call.function} @ {call.file}.{call.line}"
        message = message_of(call.form if call.form is not None else "%v")
        found.setdefault(key, Format(call, LogRecord(None, call.level, message, source)))
    return list(found.values())


def main(arguments: Sequence[str]) -> int:
    """Print the counts; 1 where too few formats are known, 0 where there is no source to look at."""
    if len(arguments) != 1 or not arguments[0]:
        print("formats: left out, no source of the agent: make formats SOURCE=DIR, a checkout of amazon-ssm-agent")
        return 0
    checkout = Path(arguments[0])
    if not is_checkout(checkout):
        print(f"formats: {checkout} is no checkout of amazon-ssm-agent: agent/messageservice or core/app is missing")
        return 1
    by_row: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    unknown: List[LogCall] = []
    phases = 0
    formats = formats_of(log_calls(checkout))
    for call, record in formats:
        judgement = judge(record, "errors.log", LogContext(NO_SITE))
        part = part_of(record)
        if judgement.sort is not Sort.UNEXPLAINED:
            by_row[judgement.sort.value] += 1
        elif part:
            phases += judgement.reading.phase is not None
            parts[part.name] += 1
        else:
            unknown.append(call)
    known = len(formats) - len(unknown)
    alone = sum(one.call.form is None for one in formats)
    print(f"{len(formats)} formats at WARN, ERROR and CRITICAL, {alone} of them an error alone")
    print(f"{sum(by_row.values())} known by a signature: {', '.join(f'{count} {sort}' for sort, count in by_row.most_common())}")
    print(f"{sum(parts.values())} known by the part of the agent, {phases} of them by a signature too, if they tell their cause:")
    for name, count in parts.most_common():
        print(f"  {count:4} {name}")
    print(f"{len(unknown)} unknown{':' if unknown else ''}")
    for call in unknown:
        print(f"  {call.path}:{call.line} {call.function}: {call.form if call.form is not None else 'an error alone'}")
    print(f"known: {known} of {len(formats)}, {100 * known / max(1, len(formats)):.1f} % (at least {LEAST:.0%})")
    return 0 if formats and known >= LEAST * len(formats) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
