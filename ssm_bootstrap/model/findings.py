"""Findings, what is wrong, why, and what to change on which side; and the diagnosis that they make up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NamedTuple, Optional

from ssm_bootstrap.model.capability import Capability, CapabilityVerdict
from ssm_bootstrap.model.repair import Repair
from ssm_bootstrap.model.timeline import Incident, Run


class Severity(str, Enum):
    """How bad a finding is: only ``error`` makes the exit status 1."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class State(str, Enum):
    """Whether a finding holds now, or is told by a log of which nobody knows whether its writer still lives."""

    NOW = "now"
    PAST = "past"


class Side(str, Enum):
    """Where something is looked at or changed; the values are those of the JSON output."""

    MACHINE = "instance"
    AWS = "aws"
    CLIENT = "client"  # the computer of who opens a session


class Reason(str, Enum):
    """What a check knows of a finding beyond its code, for those who decide by it."""

    CLOCK_BEHIND = "behind"
    CLOCK_AHEAD = "ahead of"
    OF_STORAGE = "of storage"  # it is for want of room, or of a directory that can be written


@dataclass(frozen=True)
class Evidence:
    """One thing that was seen: where it stands (``source``, ``locator``), and a quoted ``excerpt``."""

    source: str
    locator: str
    excerpt: str
    at: Optional[datetime] = None


@dataclass(frozen=True)
class ShellCommand:
    """A command to paste; ``changes`` tells one that changes something from one that only looks.

    ``about`` says what a look shows or what a change does, where the command itself does not say it. ``is_main`` tells the
    change that a short report shows, where it is not the first of its side.
    """

    text: str
    changes: bool = False
    about: str = ""
    is_main: bool = False


class SideAdvice(NamedTuple):
    """What one side has to do: steps in order, and commands to paste."""

    side: Side
    steps: tuple[str, ...] = ()
    commands: tuple[ShellCommand, ...] = ()


@dataclass(frozen=True)
class Remedy:
    """What to change: one sentence, then steps and commands to paste, for each side; ``see`` is the command
    that shows the code's page on any machine.

    ``changed_on`` tells on which side the change itself is made: on AWS's it is endpoints, security groups, routes, roles.
    """

    summary: str
    instance_steps: tuple[str, ...] = ()
    instance_commands: tuple[ShellCommand, ...] = ()
    aws_steps: tuple[str, ...] = ()
    aws_commands: tuple[ShellCommand, ...] = ()
    client_steps: tuple[str, ...] = ()
    client_commands: tuple[ShellCommand, ...] = ()
    see: str = ""
    changed_on: Side = Side.MACHINE

    @property
    def sides(self) -> tuple[SideAdvice, ...]:
        """Every side, the one that makes the change first."""
        told = (
            SideAdvice(Side.CLIENT, self.client_steps, self.client_commands),
            SideAdvice(Side.MACHINE, self.instance_steps, self.instance_commands),
            SideAdvice(Side.AWS, self.aws_steps, self.aws_commands),
        )
        return tuple(sorted(told, key=lambda advice: advice.side is not self.changed_on))

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps of all sides, of the one that makes the change first."""
        return tuple(step for advice in self.sides for step in advice.steps)

    @property
    def commands(self) -> tuple[ShellCommand, ...]:
        """The commands of all sides, of the one that makes the change first."""
        return tuple(command for advice in self.sides for command in advice.commands)


@dataclass(frozen=True)
class Finding:
    """One fault or remark; ``code`` is permanent, ``symptom_of`` names the code of its cause where there is one."""

    code: str
    severity: Severity
    subject: str
    title: str
    cause: str
    remedy: Remedy
    evidence: tuple[Evidence, ...] = ()
    state: State = State.NOW
    confirmed_by: tuple[str, ...] = ()
    symptom_of: Optional[str] = None
    breaks: tuple[Capability, ...] = ()  # what cannot work while this holds
    degrades: tuple[Capability, ...] = ()  # what works by a substitute
    transient: Optional[bool] = None  # whether the same call may succeed later with nothing changed
    count: int = 1
    first: Optional[datetime] = None
    last: Optional[datetime] = None
    reasons: tuple[Reason, ...] = ()
    hosts: tuple[str, ...] = ()  # the hosts that it is about, or that it leads to
    services: tuple[str, ...] = ()  # the services of AWS that it is about; none where it holds for the whole machine
    logged: bool = False  # a log alone tells of it: no probe, and no look at the machine
    seen_from: tuple[Side, ...] = (Side.MACHINE,)
    repairs: tuple[Repair, ...] = ()  # what to change at AWS, resource by resource, where that is known
    variant: str = ""  # the case of the code whose words these are; empty for the code's own


class AgentPart(NamedTuple):
    """A part of the agent in plain words, the one capability that it touches, and what an error of it means at all."""

    name: str
    capability: Optional[Capability]
    means: str


@dataclass(frozen=True)
class Unexplained:
    """An error of the log that no signature knows: shown, counted, never swallowed."""

    template: str
    count: int
    first: Optional[datetime]
    last: Optional[datetime]
    sample: str
    file: str = ""
    part: Optional[AgentPart] = None  # of the agent, that wrote it, where that is known


class Passage(str, Enum):
    """What is known of a station on the way to a service."""

    PASSED = "ok"
    BROKEN = "breaks here"
    SUSPECT = "suspect"
    UNSEEN = "not seen"
    NOT_REACHED = "not reached"


@dataclass(frozen=True)
class CloudStation:
    """A station of a way as AWS has it: its name (``security group``), and the resources that it is made of."""

    hop: str
    resources: tuple[str, ...]
    passage: Passage


@dataclass(frozen=True)
class CloudPath:
    """The way from the instance to a port of a service, as AWS has it."""

    service: str
    port: int
    hosts: tuple[str, ...]
    stations: tuple[CloudStation, ...]
    passage: Passage
    finding: str = ""  # the code of what stops it


@dataclass(frozen=True)
class Diagnosis:
    """Verdicts, findings (cause before symptom), what could not be looked at, and what crashed."""

    capabilities: tuple[CapabilityVerdict, ...] = ()
    findings: tuple[Finding, ...] = ()
    unseen: tuple[tuple[str, str], ...] = ()  # (subject, reason)
    unexplained: tuple[Unexplained, ...] = ()
    crashed: tuple[tuple[str, str], ...] = ()  # (check, error)
    records: tuple[int, int, int] = (0, 0, 0)  # explained, benign, unexplained
    history: tuple[Incident, ...] = ()  # what the logs tell of that is over, the newest first
    runs: tuple[Run, ...] = ()  # the lives of the agent's core, the newest last
    cloud_paths: tuple[CloudPath, ...] = ()  # where AWS was asked

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that make the exit status 1."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def causes(self) -> tuple[Finding, ...]:
        """The findings that are nobody's symptom."""
        return tuple(finding for finding in self.findings if finding.symptom_of is None)

    @property
    def main_causes(self) -> tuple[Finding, ...]:
        """The causes that break something; where nothing is broken those that are warned of. The first is to be mended first."""
        graves = tuple(finding for finding in self.causes if finding.severity is not Severity.INFO)
        return tuple(finding for finding in graves if finding.severity is Severity.ERROR) or graves
