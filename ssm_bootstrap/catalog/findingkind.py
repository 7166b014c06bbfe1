"""The shape of a row of the findings table: all that is decided about a code stands in it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import Enum, IntEnum
from typing import AbstractSet, Optional

from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Reason, Severity, ShellCommand, Side


class Teller(str, Enum):
    """Who can tell that a finding holds now. A look that was taken outweighs a line of the log."""

    PROBE = "probe"
    MACHINE = "machine"
    LOG = "log"
    CLOUD = "cloud"  # the APIs of AWS


class Bond(str, Enum):
    """What a registration that succeeded does to what was said before it."""

    NONE = "none"
    ATTEMPT = "attempt"  # said of an attempt to register: over as soon as the node is registered
    NODE = "node"  # said of an identity: over with the next registration


class Scope(str, Enum):
    """Of which faults a cause may be the reason: of those that its row names, and no others than these."""

    WHOLE = "whole"
    OF_ITS_HOSTS = "of its hosts"  # what depends on the hosts that it names, or on their services
    OF_HOSTS_IT_LEADS_TO = "of hosts it leads to"  # faults of those hosts alone, and what is of no host at all
    OF_ITS_REGION = "of its region"  # faults of hosts of the region that is its subject, and what is of no host at all


class Circumstance(str, Enum):
    """What is seen of hosts that fail alike and may call for other words."""

    PROXY_WANTS_LOGIN = "the proxy answers 407"
    PROXY_WITHOUT_TLS = "the proxy's URL asks for TLS, and the proxy answers without"
    PROXY_IS_UNREADABLE = "the proxy's URL cannot be read"
    LEADS_TO_THIS_MACHINE = "each name leads to this machine itself"
    SOME_OF_S3_ANSWERS = "other names of S3 answer"
    S3_HAS_NO_ENDPOINT = "a name of S3's that no endpoint carries"
    S3_HAS_ENDPOINT_OF_ITS_OWN = "a name of S3's that an endpoint service of its own carries"
    S3_IS_OF_ANOTHER_REGION = "a name of S3's that leads to another region"
    S3_BY_GATEWAY_ALONE = "a name of S3's that no interface endpoint carries"
    ADDRESS_UNSAID = "a log tells of silence and not of the address"
    PLACE_UNSAID = "a log tells no directory"
    PLACE_OF_OTHERS = "a directory that the agent does not write to"
    OUTPUT_GIVEN = "the command's own output was read"
    REGISTERING = "a registration was under way"
    HOST_OF_OTHERS = "the host is none of AWS"
    NOTHING_ANSWERS = "names lead into the VPC, and nothing that was dialled answers"
    REGION_IS_A_SLIP = "a region that nobody knows, one slip away from a known one"
    NO_NAME_LEADS_INSIDE = "no service's name leads into the VPC"
    AWS_LETS_THROUGH = "AWS's side was read, and lets the instance through"
    AWS_LETS_PART_THROUGH = "AWS's side was read, and stops the instance at some of the addresses alone"
    AWS_LEADS_ELSEWHERE = "AWS's side was read, and leads the name to other addresses"


class Hop(str, Enum):
    """A station on the way from the instance to a service, in the order in which a packet comes to it."""

    INSTANCE = "instance"
    RESOLVER = "resolver"
    FIREWALL = "own firewall"
    SECURITY_GROUP = "security group"
    NETWORK_ACL = "network ACL"
    ROUTE = "route"
    ENDPOINT = "endpoint"  # or what stands in its place: a gateway, a proxy
    SERVICE = "service"


class Layer(IntEnum):
    """How near to the machine a cause lies: of several the nearest is told as the root."""

    MACHINE = 0  # before anything is dialled
    NAMES = 1
    WAY = 2
    ANSWER = 3  # what answers at the other end, and the clock by which it is judged
    IDENTITY = 4
    AGENT = 5


def look(text: str, about: str = "") -> ShellCommand:
    """A command that only looks: it may be run at any time."""
    return ShellCommand(text, about=about)


def change(text: str, about: str = "", *, is_main: bool = False) -> ShellCommand:
    """A command that changes something: on this machine, in the account, or in a file."""
    return ShellCommand(text, changes=True, about=about, is_main=is_main)


@dataclass(frozen=True)
class Variant:
    """Other words for a code, for a case in which something else is to be said or changed.

    ``when`` says in which case they stand for the row's own, and ``circumstance`` by what it is chosen where that is seen of
    the hosts that fail; what is None is said as in the row. Templates and sides are as in ``FindingKind``. ``transient`` and
    what follows it are given where they are others than the row's; ``errors`` are beside the row's.
    """

    name: str
    when: str
    title: Optional[str] = None
    cause: Optional[str] = None
    summary: Optional[str] = None
    steps: Optional[tuple[str, ...]] = None
    aws_steps: Optional[tuple[str, ...]] = None
    commands: Optional[tuple[ShellCommand, ...]] = None
    aws_commands: Optional[tuple[ShellCommand, ...]] = None
    client_steps: Optional[tuple[str, ...]] = None
    client_commands: Optional[tuple[ShellCommand, ...]] = None
    source: Optional[str] = None
    subject: Optional[str] = None
    transient: Optional[bool] = None
    severity: Optional[Severity] = None
    changed_on: Optional[Side] = None
    own_step_on: Optional[Side] = None
    own_step_beside: Optional[str] = None
    is_fetched: Optional[bool] = None  # False: told of a machine's own files, so that no fault of a way is its cause
    breaks_at: Optional[tuple[Hop, ...]] = None
    is_minor_beside: Optional[tuple[str, ...]] = None
    circumstance: Optional[Circumstance] = None
    no_repair: Optional[str] = None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True)
class FindingKind:
    """One permanent finding code, what is decided about it, and how it is told.

    ``title``, ``cause``, ``summary``, ``steps`` and ``commands`` are ``str.format`` templates over the facts that every
    finding has: ``{subject}`` (host or thing), ``{service}`` (ssm, s3, ...), ``{host}``, ``{address}``, ``{port}``,
    ``{region}``, ``{domain}``, ``{detail}`` (what was seen, one line), ``{issuer}``, ``{proxy}``, ``{seconds}``, ``{mi}``,
    ``{vpc_id}``, ``{instance_id}``, ``{subnet_id}``, ``{ca_file}``, ``{ca_command}`` (where this system
    takes a further authority from, and the command that does so),
    ``{package_manager}`` (the program that installs packages), ``{likely_region}`` (the one that a mistyped region may be),
    ``{place}`` (what is meant: files with lines, ARNs, blocks and ids of AWS), ``{program}`` (that a log tells to have failed),
    ``{agent_version}`` (of the agent that wrote a log), ``{node_time}`` and ``{aws_time}`` (when either side was looked at),
    ``{peer}`` and ``{rule}`` (what else a finding of AWS's side names: the other end or what lies between, and the rule or the
    number that decides).
    Commands may also use what ``catalog/commands.py`` makes of these: ``{hosts}``, ``{addresses}``, ``{each_address}``,
    ``{service_patterns}`` (what the names of the services' endpoints end in, as a filter of the EC2 API takes it) and
    ``{each_service_name}`` for everything that one finding is about, ``{known_objects}`` (where at each host of
    S3's an object lies that exists for every caller), ``{partition}``, and ``{instance_security_group_id}``,
    ``{instance_security_group_ids}``, ``{activation_id}``, ``{activation_code_file}``, ``{quota_code}`` (of the managed nodes)
    and ``{agent_package}`` (where the package for this machine lies below ``latest/``). What nobody knows before a look has
    shown it stands there as ``<ENDPOINT-ID>`` and its like.
    A fact that is not known is filled with its own name in angle brackets, so that a pasted command says what to put there.
    ``aws_steps`` are for who owns the VPC or the account, ``steps`` for the person on the instance, ``client_steps``
    for who opens a session from a computer of his own. Commands stand in the order in which one would run them: looks,
    then changes, then a look at what came of it.
    """

    code: str
    severity: Severity
    title: str
    cause: str
    summary: str
    steps: tuple[str, ...] = ()
    aws_steps: tuple[str, ...] = ()
    commands: tuple[ShellCommand, ...] = ()
    aws_commands: tuple[ShellCommand, ...] = ()
    client_steps: tuple[str, ...] = ()
    client_commands: tuple[ShellCommand, ...] = ()
    source: str = ""
    variants: tuple[Variant, ...] = ()

    layer: Layer = Layer.AGENT
    changed_on: Side = Side.MACHINE
    own_step_on: Optional[Side] = None  # where something is to be changed for it though its cause is mended; None: nothing is
    own_step_beside: str = ""  # the service whose faults alone leave that step; empty: any cause does
    subject: str = ""  # what it is always about; empty where that is a host, a service or a file
    service: str = ""  # the one service that it is of; empty where it may be any
    breaks: tuple[Capability, ...] = ()  # what it breaks wherever a log tells of it, whatever the agent was doing
    breaks_at: tuple[Hop, ...] = ()  # where on the way; several: at one of them, and nobody can tell from here at which
    explains: tuple[str, ...] = ()  # codes of what follows from it
    depends_on: tuple[str, ...] = ()  # services whose fault may be its cause; empty: any
    failures: tuple[tuple[Stage, Failure], ...] = ()  # failures of a dialled host that mean it
    no_repair: str = ""  # why nothing is written as code for it where that is so; a template, and a step of AWS's side then
    told_by: tuple[Teller, ...] = (Teller.LOG,)
    ended_by: tuple[str, ...] = ()  # ids of the good signs in a log that end it, beside those of its phase
    identity: Bond = Bond.NONE
    transient: bool = False  # the same call may succeed later with nothing changed on this machine
    is_of_load: bool = False  # it comes of how many ask at once: only time helps, and tries that fail are not counted
    exit_status: ExitStatus = ExitStatus.UNREACHABLE  # of ``register`` that failed with it
    severity_for_caller: Optional[Severity] = None  # in the output of the very command that met it; None: as everywhere
    is_minor_beside: tuple[str, ...] = ()  # codes in the same log that make it one more effect of theirs: a warning
    is_looked_at: bool = False  # of an agent that is seen to run a look tells more: what a text said of it then is over
    is_left_by: str = ""  # the code that leaves it behind: right after that it is told as that
    not_by_clock: Optional[Reason] = None  # a clock that is off to this side cannot be its cause

    scope: Scope = Scope.WHOLE
    follows_for: Optional[Reason] = None  # it follows from another fault only where it is for this reason; a log tells none
    is_of_every_host: bool = False  # it stands in the way of every host alike, wherever the agent dials
    is_of_calls: bool = False  # it decides over calls and not over packets: that the service answers proves nothing against it
    is_of_the_way: bool = False  # where one host of anybody shows it, it is a fault of the way and not of that host
    is_of_the_proxy: bool = False  # the host that it names is the proxy's
    is_of_a_missing_endpoint: bool = False  # what a region in which nothing was made for this VPC shows
    is_fetched: bool = False  # about what a patch run fetches, with the agent's environment and without its configuration
    is_elsewhere: bool = False  # a host or region that is not meant was looked at: nothing is to be mended there
    repair: Optional[type] = None  # the one of model/repair.py that mends it, where a look from the node alone can tell
    is_always_told: bool = False  # as bad as it is, whichever capabilities were asked for
    is_not_waited_for: bool = False  # no wait mends it: somebody has to put something in place on this machine
    is_of_the_activation: bool = False  # another activation ends it, which a place where it is rotated gives by itself
    errors: tuple[str, ...] = ()  # AWS's names of the errors that mean it where the activation is fetched from its place
    tells_no_reason: bool = False  # what broke and not why: it does not decide what became of a registration
    stops_registering: bool = False  # a registration fails of it on this machine
    awaits_registering: bool = False  # the node has no identity: what is in the way of registering comes first

    def variant_for(self, seen: AbstractSet[Circumstance]) -> str:
        """The name of the first variant that is for something of what is seen; empty where the row's own words fit."""
        return next((row.name for row in self.variants if row.circumstance in seen), "")

    def worded(self, name: str) -> FindingKind:
        """The row in the words of its variant ``name``, or its own where that is empty; raises KeyError for another name."""
        if not name:
            return self
        variant = {row.name: row for row in self.variants}[name]
        own = {
            spec.name: getattr(variant, spec.name)
            for spec in fields(variant)
            if spec.name not in ("name", "when", "circumstance", "errors")
        }
        return replace(self, **{word: value for word, value in own.items() if value is not None})
