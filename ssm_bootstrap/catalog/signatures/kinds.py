"""The shape of a log signature: pattern, samples, what it means, and what a record's prefix tells beside it."""

from __future__ import annotations

from enum import Enum
from typing import Mapping, NamedTuple, Optional

from ssm_bootstrap.model.capability import ON_A_NODE, Capability
from ssm_bootstrap.model.lifeevent import LifeEvent


class Kind(str, Enum):
    """What a signature tells of a record."""

    PHASE = "phase"  # what was being done: the wrapper
    CAUSE = "cause"  # why it failed: the tail
    STATE = "state"  # a sign of life or of sleep, told at INFO
    BENIGN = "benign"  # harmless, dropped from the report


class CallRefusal(str, Enum):
    """What the service does not accept of a call that it refuses."""

    PERMISSION = "permission"
    ACTION = "action"  # a permission, too: the answer names which, or whose policy it is that is in the way
    CREDENTIALS = "credentials"
    SIGNATURE = "signature"


class After(NamedTuple):
    """The finding that a cause leads to where a good sign was told shortly before it: what had just come about is gone."""

    sign: str
    code: str


class Beside(NamedTuple):
    """The finding that a cause leads to where one of ``phases`` is told beside it, or the agent itself tells it."""

    phases: tuple[str, ...]
    code: str
    variant: str = ""


class Refused(NamedTuple):
    """The finding that a phase leads to where the service refuses its call for one of ``of``, and which of its words."""

    code: str
    variant: str = ""
    of: tuple[CallRefusal, ...] = tuple(CallRefusal)


class Origin(str, Enum):
    """Where a sample line comes from."""

    MEASURED = "measured"
    FORMAT_STRING = "format-string"
    DOCUMENTED = "documented"


class Sample(NamedTuple):
    """One real or derived message (without time and level), and its origin."""

    text: str
    origin: Origin


class Signature(NamedTuple):
    """One thing that the agent writes.

    ``fixed`` is a literal that every match contains (a plain search that decides cheaply), ``pattern`` a regular expression
    used with ``re.search`` on the whole record. ``code`` is the finding that it leads to, where it alone decides.
    ``transient``: the same call may succeed later with nothing changed. ``near_misses`` must not match.

    A phase, and a state that tells of a fault, says too which service it talks to, what its failure breaks, and which later
    signs say that it works again. One that talks to nobody (vault, disk, processes) has no service.
    """

    id: str
    kind: Kind
    fixed: str
    pattern: str
    meaning: str
    source: str
    samples: tuple[Sample, ...]
    code: Optional[str] = None
    variant: str = ""  # which words of that code say what is to be changed here
    transient: Optional[bool] = None
    refuses: Optional[CallRefusal] = None  # of a cause: the service refuses the call; what that means is for the phase to say
    is_answer: bool = False  # of a cause: the service itself says it, so that the call got through to it
    denied_object: str = ""  # of a cause: the finding where S3 refuses an object so that is known to exist: a policy's doing
    is_of_patching: bool = False  # of a cause: it means that where a patch run says it, and nothing elsewhere
    sums_up: bool = False  # it closes what was said before it, and counts (or is told) where nothing else says why
    alone: str = ""  # of what is harmless beside others: the code that it leads to in a text that tells nothing else
    gives_way_to: str = ""  # of a cause: the code that is its reason where that was told at the same time
    righted_by: tuple[str, ...] = ()  # of a cause: ids of what the same output says later on where it came right after all
    after: Optional[After] = None  # of a cause: what it means where a good sign came before
    beside: Optional[Beside] = None  # of a cause: what it means where its trace names the agent
    needs_phase: bool = False  # of a cause: it tells too little by itself, and counts where it is known what was being done
    over_network: bool = False  # of a cause: it tells more than the network error in the same message, and counts instead of it
    yields_to_phase: bool = False  # of a cause: where the phase has a code of its own, that one tells more
    near_misses: tuple[str, ...] = ()
    lead: str = ""  # of what is told at INFO: what its message begins with after the prefixes, where that is not ``fixed``
    event: Optional[LifeEvent] = None  # what it tells of the life of the agent's core: then each time that it was written is kept

    service: str = ""
    breaks: tuple[Capability, ...] = ()  # what cannot work while it fails
    degrades: tuple[Capability, ...] = ()  # what works by a substitute then, or for others alone; of a cause, too
    ended_by: tuple[str, ...] = ()  # ids of the good signs that say that it works again
    refused: Optional[Refused] = None  # the finding where the service refuses its call; None: the cause's own row decides
    unanswered: str = ""  # the code where its request went out and no answer came, where that is more than a fault of the way
    is_minor: bool = False  # of a phase: nothing but itself depends on it; of a cause: it may be another one. A warning
    limit_covers_dial: bool = False
    """Whether the client's own limit is no longer than the dial's, so that "awaiting headers" may mean that nothing was ever
    connected (source: the agent's time-outs; 15 s for ssmmessages, 20 s for ec2messages, 30 s for S3 HEAD)."""


AGENT = "amazon-ssm-agent 3.3.1142.0 "
"""The source tree that the rows cite, commit 1c217c89; a file and line follow."""


def measured(text: str) -> Sample:
    """A message that a real agent wrote; it stands in the corpus."""
    return Sample(text, Origin.MEASURED)


def formatted(text: str) -> Sample:
    """A message built from a format string of the agent's or a library's source."""
    return Sample(text, Origin.FORMAT_STRING)


def documented(text: str) -> Sample:
    """A message from documentation or a public report."""
    return Sample(text, Origin.DOCUMENTED)


class Context(NamedTuple):
    """One prefix: the service that this part talks to, and what its failure breaks where no phase says so."""

    name: str
    service: str
    breaks: tuple[Capability, ...] = ()


_ROWS: tuple[Context, ...] = (
    Context("HealthCheck", "ssm", ON_A_NODE),  # without its pings the service takes the node for offline
    Context("Association", "ssm"),
    Context("CredentialRefresher", "ssm"),
    Context("MGSInteractor", "ssmmessages"),
    Context("MDSInteractor", "ec2messages"),
)

CONTEXTS: Mapping[str, Context] = {row.name: row for row in _ROWS}
"""Prefixes by their name (source: amazon-ssm-agent 3.3.1142.0, log contexts of agent/health, agent/messageservice, core/app)."""
