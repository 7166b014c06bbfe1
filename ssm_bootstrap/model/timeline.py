"""The agent's life as its logs tell it: runs of its core, registrations, boots, and the incidents within them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Optional

from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.lifeevent import LifeEvent


@dataclass(frozen=True)
class Sign:
    """A sign of life: the id of its signature, what it says, when, and its place in the order of reading."""

    name: str
    at: datetime
    value: str = ""
    place: int = 0


@dataclass(frozen=True)
class Incident:
    """One fault while it lasted. ``start`` and ``last`` are of its first and last record, None where records bear no time.

    ``ending`` tells what ended it; None while it holds. ``end`` is when: the time of its last record where that is not told.
    """

    code: str
    subject: str
    start: Optional[datetime]
    last: Optional[datetime]
    end: Optional[datetime]
    count: int
    rate: Optional[float] = None  # records an hour; None where it lasted for less than a minute
    changed: tuple[str, ...] = ()
    last_good: Optional[Sign] = None
    ending: Optional[Ending] = None
    breaks: tuple[Capability, ...] = ()

    @property
    def goes_on(self) -> bool:
        """Whether it holds."""
        return self.ending is None


@dataclass(frozen=True)
class LifeSign:
    """One line of that kind: when, what it says, and whether the worker wrote it."""

    event: LifeEvent
    name: str  # the id of its signature
    at: Optional[datetime]
    value: str = ""
    worker: bool = False
    file: str = ""
    line: int = 0
    place: int = 0  # in the order of reading


class RunEnd(str, Enum):
    """How a run ended, by its log."""

    NOT_TOLD = "not told"  # nothing says that it has ended
    STOPPED = "stopped"  # it was asked to stop and said so
    KILLED = "killed"  # another began and this one never said that it stops: a kill, a crash, a cut of the power


@dataclass(frozen=True)
class Phase:
    """What was done again and again in one run: when it last failed, and when it last worked."""

    name: str
    last_failure: Optional[datetime] = None
    last_good: Optional[datetime] = None


@dataclass(frozen=True)
class Run:
    """One life of the agent's core, with its worker; ``began`` is None where the log begins in the middle of it."""

    began: Optional[datetime] = None
    ended: Optional[datetime] = None
    end: RunEnd = RunEnd.NOT_TOLD
    version: str = ""
    identity: str = ""  # OnPrem, EC2; empty where it took none
    node: str = ""
    signs: tuple[LifeSign, ...] = ()
    phases: tuple[Phase, ...] = ()
    place: int = 0  # of its first line, in the order of reading

    def newest(self, event: LifeEvent) -> Optional[LifeSign]:
        """The newest line of this kind."""
        return next((sign for sign in reversed(self.signs) if sign.event is event), None)

    @property
    def workers(self) -> tuple[LifeSign, ...]:
        """Each start of its worker."""
        return tuple(sign for sign in self.signs if sign.event is LifeEvent.WORKER)

    @property
    def credentials(self) -> Optional[LifeSign]:
        """When it last had credentials, kept or new."""
        return self.newest(LifeEvent.CREDENTIALS)

    @property
    def has_kept_credentials(self) -> bool:
        """Whether all that it has are credentials from before it began: AWS was not asked for them in this run."""
        ready = self.credentials
        if ready is None or LifeEvent.LOOP not in {sign.event for sign in self.signs}:
            return False
        return self.signs.index(ready) < next(place for place, sign in enumerate(self.signs) if sign.event is LifeEvent.LOOP)

    @property
    def channel(self) -> str:
        """The service that carries its commands by its own word: ssmmessages, ec2messages, or none yet or any more."""
        if self.lost_channel is not None:
            return ""
        told = [sign for sign in self.signs if sign.event in (LifeEvent.CHANNEL, LifeEvent.STATUS)]
        if any(sign.event is LifeEvent.CHANNEL for sign in told):
            return "ssmmessages"
        return told[-1].value if told else ""

    @property
    def lost_channel(self) -> Optional[LifeSign]:
        """The cut of the control channel after which none came up again; None while it is up, or never was."""
        told = [sign for sign in self.signs if sign.event in (LifeEvent.CHANNEL, LifeEvent.LOST)]
        return told[-1] if told and told[-1].event is LifeEvent.LOST else None


@dataclass(frozen=True)
class Registration:
    """A registration that succeeded."""

    at: Optional[datetime]
    node: str
    place: int = 0


@dataclass(frozen=True)
class Timeline:
    """Runs in order, the newest last; registrations; when the machine was started; and how the newest run stands.

    ``present_since`` is the moment from which on lines are of what lives now: None where nothing tells of one.
    ``is_alive`` is None where nobody could look.
    """

    runs: tuple[Run, ...] = ()
    registrations: tuple[Registration, ...] = ()
    booted: Optional[datetime] = None
    present_since: Optional[datetime] = None
    is_alive: Optional[bool] = None
    present_place: int = 0  # the place of the line that was written then, in the order of reading; 0: no line tells of it

    @property
    def newest(self) -> Optional[Run]:
        """The newest run; None where the log tells of none."""
        return self.runs[-1] if self.runs else None

    def is_of_an_older_process(self, at: Optional[datetime], place: Optional[int] = None) -> bool:
        """Whether a line of this time was written before what lives now began; False where that cannot be told.

        Of one of the very same time ``place`` tells it, its place in the order of reading.
        """
        if at is None or self.present_since is None or at > self.present_since:
            return False
        return at < self.present_since or (place is not None and place < self.present_place)


class EndedBy(str, Enum):
    """What ended a fault."""

    GOOD_SIGN = "a good sign"
    RESTART = "a restart of the agent"
    BOOT = "a start of the machine"
    REGISTRATION = "a registration"
    STOP = "the end of the agent"
    PROBE = "a probe that reaches it now"
    OTHER_FAULT = "another fault of the same host"
    NOT_ASKED_FOR = "nothing needs that host now"
    MACHINE = "a look at the machine"
    SILENCE = "nothing more of it came"


@dataclass(frozen=True)
class Ending:
    """The end of a fault: by what, when (None where only the present tells that it is over), and the words for a reader."""

    by: EndedBy
    words: str
    at: Optional[datetime] = None
