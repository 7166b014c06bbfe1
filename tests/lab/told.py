"""What a log of the agent tells, by process and in the order of time, so that a play can be held beside a recording."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Dict, FrozenSet, Iterator, List, Mapping, Optional

from ssm_bootstrap.catalog.signatures import SIGNATURES
from ssm_bootstrap.catalog.signatures.kinds import Kind

CORE, WORKER, DOCUMENT, REGISTRATION = "core", "worker", "document", "registration"
LEVELS = ("WARN", "ERROR", "CRITICAL")

_RECORD = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{4}) (INFO|WARN|ERROR|CRITICAL) (.*)")
_SOURCE = re.compile(r"\[(\w+ @ \w+\.go)\.\d+\] ")
_PREFIXES = re.compile(r"(?:\[[^\]]*\] )*")
_STATES = tuple((one.id, re.compile(one.pattern)) for one in SIGNATURES if one.kind is Kind.STATE)
_VALUES = ("identity", "status")
_OF_A_REGISTRATION = (
    "Successfully registered the instance",
    "Registration failed due to",
    "Could not read InstanceFingerprint file",
    "No initial fingerprint detected",
)
_BEGINS: Mapping[str, str] = {
    CORE: "Proxy environment variables:",
    WORKER: "[ssm-agent-worker] Checking if agent identity type OnPrem can be assumed",
    DOCUMENT: "ssm-document-worker - v",
}
"""The first words of a new process."""

_BLANKS = (
    (r"mi-[0-9a-f]{17}", "NODE"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r"\d+(?:\.\d+){3}", "ADDRESS"),
    (r"(?<![A-Za-z])\d+(?:\.\d+)?", "N"),
)


@dataclass
class Record:
    """One record, with the lines that continue it."""

    at: datetime
    level: str
    text: str
    process: str = ""
    source: str = ""

    @property
    def message(self) -> str:
        """Its text without the prefixes."""
        return self.text[_PREFIXES.match(self.text).end() :]  # type: ignore[union-attr]

    @property
    def state(self) -> Optional[str]:
        """The id of the state that it tells, with whom the agent takes itself for, and what carries its commands."""
        for name, pattern in _STATES:
            said = pattern.search(self.message)
            if said is not None:
                return " ".join([name, *(value for key, value in said.groupdict().items() if key in _VALUES)])
        return None

    @property
    def template(self) -> str:
        """Its level, its source where that is told, and its text, with what differs from run to run blanked."""
        text = self.text
        for pattern, word in _BLANKS:
            text = re.sub(pattern, word, text)
        return f"{self.level} {self.source and self.source + ': '}{text}"


@dataclass
class Told:
    """A log: the states of each process from its start to its end, those of the machine in order, and every complaint."""

    lives: Dict[str, List[List[str]]] = field(default_factory=lambda: defaultdict(list))
    order: List[str] = field(default_factory=list)
    complaints: FrozenSet[str] = frozenset()

    @classmethod
    def of(cls, logs: Mapping[str, str], until: Optional[datetime] = None) -> Told:
        """What the files told until a moment."""
        found = cls()
        read = {name: [record for record in records(text) if until is None or record.at <= until] for name, text in logs.items()}
        found.complaints = frozenset(one.template for told in read.values() for one in told if one.level in LEVELS)
        for record in sorted(attributed(read["amazon-ssm-agent.log"]), key=lambda record: record.at):
            if record.text.startswith(_BEGINS.get(record.process, "\0")) or record.process == REGISTRATION:
                found.lives[record.process].append([])
            state = record.state
            if state is not None:
                found.lives[record.process][-1].append(state)
                if record.process in (CORE, REGISTRATION):
                    found.order.append(state)
        found.lives[REGISTRATION] = [life for life in found.lives[REGISTRATION] if life]
        return found


def records(text: str) -> Iterator[Record]:
    """The records of one file, in the order of its lines."""
    current: Optional[Record] = None
    for line in text.splitlines():
        begun = _RECORD.match(line)
        if begun is None:
            if current is not None:
                current.text += "\n" + line
            continue
        if current is not None:
            yield current
        source = _SOURCE.match(begun[3])
        current = Record(
            datetime.strptime(begun[1] + "00", "%Y-%m-%d %H:%M:%S.%f"),
            begun[2],
            begun[3][source.end() :] if source else begun[3],
            source=source[1] if source else "",
        )
    if current is not None:
        yield current


def attributed(found: List[Record]) -> Iterator[Record]:
    """The records with the kind of process that wrote them: most have its prefix, and what has none is told by its words."""
    joining = False  # a document's worker says whom it takes itself for before it has a prefix
    for record in found:
        if record.text.startswith("[ssm-agent-worker] "):
            record.process = WORKER
        elif record.text.startswith("[ssm-document-worker] "):
            record.process = DOCUMENT
        elif record.text.startswith(_BEGINS[DOCUMENT]):
            record.process, joining = DOCUMENT, True
        elif joining and re.match(r"picking up runtime|Checking if agent identity|Agent will take identity", record.text):
            record.process, joining = DOCUMENT, not record.text.startswith("Agent will take")
        elif record.text.startswith(_OF_A_REGISTRATION):
            record.process = REGISTRATION
        else:
            record.process = CORE
        yield record
