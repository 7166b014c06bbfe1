"""One group of records judged: its phase, its cause, the finding that it leads to, or that nobody knows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import AbstractSet, Mapping, Optional, Sequence

from ssm_bootstrap.catalog.addresses import IMDS, IMDS_V6, Place, place_of
from ssm_bootstrap.catalog.buckets import is_known_object, is_of_a_patch_run
from ssm_bootstrap.catalog.endpoints import service_of
from ssm_bootstrap.catalog.failurewords import FAILURE
from ssm_bootstrap.catalog.findings import BY_FAILURE, FINDINGS, code_of_failure
from ssm_bootstrap.catalog.logformat import is_of_another_sender
from ssm_bootstrap.catalog.partitions import is_aws_host, is_global_s3
from ssm_bootstrap.catalog.signatures.kinds import CONTEXTS, Context, Signature
from ssm_bootstrap.diagnose.logs.messages import RecordReading, SignatureMatch, read_message
from ssm_bootstrap.diagnose.logs.network_errors import NetworkFault
from ssm_bootstrap.diagnose.reachability import code_by_proxy, code_of_silence
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.logs import Level, LogGroup, LogRecord
from ssm_bootstrap.model.site import Site

SCRIPTS = ("awsrunShellScript", "awsrunPowerShellScript", "awsrunDocument")
"""Plug-ins that run what a document's author wrote."""

_FAILURE = re.compile(FAILURE)
_NAME = re.compile(r"\.[A-Za-z][\w-]{1,62}\Z")
_OWN_NAMES = (".internal", ".local", ".lan", ".localdomain", ".svc")
"""What the names of hosts of one's own end in."""

_RETRIED = re.compile(r"\AWARNING: Retrying ")
"""How pip says that it goes on."""

EXCERPT_LIMIT = 400
"""Characters of a quoted line."""


@dataclass(frozen=True)
class Sighting:
    """A group of records and what it was judged to be; an ``echo`` never stands for its incident."""

    group: LogGroup
    judgement: Judgement
    echo: bool = False

    @property
    def excerpt(self) -> str:
        """The line of the record that tells most, as it stands in the log."""
        lines = [line for line in self.group.sample.message.split("\n") if line.strip()]
        reading = self.judgement.reading
        wanted = reading.fault.detail if reading.fault else reading.cause.signature.fixed if reading.cause else ""
        line = next((line for line in lines if wanted and wanted in line), lines[0] if lines else "")
        return line.strip("\r\t ")[:EXCERPT_LIMIT]

    @property
    def sums_up(self) -> bool:
        """Whether it closes what was said before it, and tells no reason of its own."""
        cause = self.judgement.reading.cause
        return cause is not None and cause.signature.sums_up

    @property
    def rank(self) -> tuple[int, int]:
        """How well it stands for its cause: lower is better. S3's regional https line comes before the lines it causes."""
        reading = self.judgement.reading
        fault = reading.fault
        if self.echo or (fault and is_global_s3(fault.host)):
            order = 4
        elif not self.judgement.phase:
            order = 3
        elif self.judgement.phase == "s3-head":
            order = 0 if fault and fault.scheme == "https" else 1
        elif fault and fault.address:
            order = 1
        else:
            order = 1 if reading.state and (fault or reading.cause) else 2
        return order, 0 if self.group.sample.at else 1


class Sort(str, Enum):
    """What became of a record."""

    FAULT = "fault"  # it leads to a finding
    NOTED = "noted"  # its meaning is known, and no finding code stands for it
    STATE = "state"
    BENIGN = "benign"
    UNEXPLAINED = "unexplained"
    PLAIN = "plain"  # text without a level in which nothing is known: no error


@dataclass(frozen=True)
class LogContext:
    """What a judgement needs beside the record: the site's files, the VPC's blocks, and addresses that others tell of a host."""

    site: Site
    cidrs: Sequence[str] = ()
    addresses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """A record's sort, and for a fault its code, service, host and what it breaks; ``also`` is a second code: a sleep's cause."""

    sort: Sort
    reading: RecordReading
    code: str = ""
    service: str = ""
    host: str = ""
    detail: str = ""
    transient: bool = False
    breaks: tuple[Capability, ...] = ()
    degrades: tuple[Capability, ...] = ()
    ended_by: tuple[str, ...] = ()
    minor: bool = False
    also: Optional[Judgement] = None
    variant: str = ""
    came_right: bool = False  # the same output says later on that it came right after all
    program: str = ""  # that failed, where what stands beside it names that
    named: str = ""  # the repository or package that the message names, where it names no host

    @property
    def phase(self) -> str:
        """The id of the phase's or state's signature, or an empty string."""
        return self.reading.wrapper.id if self.reading.wrapper else ""

    def put_down_to(self, before: AbstractSet[str]) -> Judgement:
        """The same, told as what left it behind where that is among the codes that came right before."""
        leaving = FINDINGS[self.code].is_left_by if self.code else ""
        return replace(self, code=leaving, transient=False) if leaving and leaving in before else self

    @property
    def told_alone(self) -> Judgement:
        """The same as the fault that it is in a text that tells nothing else; itself where it is none then either."""
        match = self.reading.benign or self.reading.phase
        code = match.signature.alone if match and self.sort is Sort.BENIGN else ""
        return replace(self, sort=Sort.FAULT, code=code) if code else self

    @property
    def cause(self) -> str:
        """The id of the cause's signature, or an empty string."""
        return self.reading.cause.signature.id if self.reading.cause else ""


def judge(record: LogRecord, file: str, around: LogContext, reading: Optional[RecordReading] = None) -> Judgement:
    """The judgement on one record; ``file`` tells whose output plain text is, ``reading`` is the record's where it was read."""
    reading = reading or read_message(record.message)
    if reading.benign:
        return Judgement(Sort.BENIGN, reading)
    if reading.state:
        return _judge_state(record, reading, file, around)
    if reading.fault:
        return _judge_network(record, reading, reading.fault, file, around)
    if reading.cause:
        return _judge_cause(record, reading, reading.cause, file, around.site)
    if reading.phase and reading.phase.signature.code:
        row = reading.phase.signature
        return replace(_fault(record, reading, row.code or "", "", "", bool(row.transient)), variant=row.variant)
    if reading.phase and reading.phase.signature.sums_up:
        return Judgement(Sort.BENIGN, reading)
    is_loud = record.level not in (Level.NONE, Level.INFO, Level.DEBUG, Level.TRACE) and not is_of_another_sender(record)
    known = reading.phase is not None or is_loud
    return Judgement(Sort.UNEXPLAINED if known or is_printed_failure(record, file) else Sort.PLAIN, reading)


def is_printed_failure(record: LogRecord, file: str) -> bool:
    """Whether another program printed what reads as a failure."""
    is_printed = record.level is Level.NONE and not is_of_another_sender(record)
    return is_printed and not is_of_a_script(file, record) and reads_as_failure(record.message)


def reads_as_failure(message: str) -> bool:
    """Whether a program's words tell of a failure, known or not, that is not known to be harmless."""
    return _FAILURE.match(message) is not None and read_message(message).benign is None


def _judge_state(record: LogRecord, reading: RecordReading, file: str, around: LogContext) -> Judgement:
    state = reading.state
    if state is None or state.signature.code is None:
        return Judgement(Sort.STATE, reading)
    row, code = state.signature, state.signature.code
    under: Optional[Judgement] = None
    if reading.fault:
        under = _judge_network(record, reading, reading.fault, file, around)
    elif reading.cause:
        under = _judge_cause(record, reading, reading.cause, file, around.site)
    detail = _detail(reading, record.message)
    return Judgement(
        Sort.FAULT, reading, code, row.service, "", detail, bool(row.transient), FINDINGS[code].breaks or row.breaks,
        ended_by=row.ended_by, also=under if under and under.sort is Sort.FAULT and under.code != code else None,
        variant=row.variant,
    )  # fmt: skip


def _detail(reading: RecordReading, message: str) -> str:
    if reading.fault:
        return reading.fault.detail
    lines = [line.strip() for line in message.split("\n") if line.strip()]
    if reading.cause:
        lines = [line for line in lines if reading.cause.signature.fixed in line] or lines
    return lines[0][:300].rstrip(".") if lines else ""


def _context(record: LogRecord) -> Optional[Context]:
    """The first of a record's prefixes that tells something."""
    return next((CONTEXTS[name] for name in record.context if name in CONTEXTS), None)


def _service(record: LogRecord, host: str, wrapper: Optional[Signature], site: Site) -> str:
    context = _context(record)
    return service_of(host, site) or (context.service if context else "") or (wrapper.service if wrapper else "")


def _fault(record: LogRecord, reading: RecordReading, code: str, service: str, host: str, transient: bool) -> Judgement:
    row, context = reading.wrapper, _context(record)
    breaks = _own_breaks(code, service, host) or (row.breaks if row else ()) or (context.breaks if context else ())
    judgement = Judgement(Sort.FAULT, reading, code, service, host, _detail(reading, record.message), transient, breaks)
    return replace(judgement, degrades=row.degrades, ended_by=row.ended_by, minor=row.is_minor) if row else judgement


def _own_breaks(code: str, service: str, host: str) -> tuple[Capability, ...]:
    """What a finding breaks by its row; of a service that is not the row's own, a bucket of patch runs breaks these alone."""
    kind = FINDINGS[code]
    if not kind.service or service in ("", kind.service):
        return kind.breaks
    return tuple(item for item in kind.breaks if item is Capability.PATCH and is_of_a_patch_run(host))


def _judge_cause(record: LogRecord, reading: RecordReading, cause: SignatureMatch, file: str, site: Site) -> Judgement:
    phase, row = reading.phase.signature if reading.phase else None, cause.signature
    url = cause.part("url") or (reading.phase.part("url") if reading.phase else "")
    refused = reading.wrapper.refused if reading.wrapper else None
    code, variant = row.code, row.variant
    if refused is not None and row.refuses in refused.of:
        code, variant = refused.code, refused.variant
    if row.beside and record.level is not Level.NONE:
        code, variant = row.beside.code, row.beside.variant
    if row.denied_object and is_known_object(url):
        code = row.denied_object
    if (row.is_of_patching and not is_patching(file, record)) or is_of_a_script(file, record):
        code, variant = None, ""
    if phase and phase.code and (code is None or row.yields_to_phase):
        code, variant = phase.code, phase.variant
    if code is None or (row.needs_phase and not reading.wrapper):
        return Judgement(Sort.NOTED, reading, detail=_detail(reading, record.message), transient=bool(row.transient))
    host = _host_of(url) or cause.part("host")
    service = FINDINGS[code].service or _service(record, host, phase, site)
    transient = FINDINGS[code].transient if row.transient is None else row.transient
    judgement = _fault(record, reading, code, service, host, transient)
    degrades = (*judgement.degrades, *(name for name in row.degrades if name not in judgement.breaks))
    minor = judgement.minor or row.is_minor
    return replace(judgement, variant=variant, minor=minor, degrades=degrades, named=cause.part("named"))


def _host_of(url: str) -> str:
    return url.split("://", 1)[-1].split("/", 1)[0].split(":", 1)[0] if "://" in url else ""


def is_patching(file: str, record: LogRecord) -> bool:
    """Whether a script's status is Patch Manager's; text from nowhere in particular is believed."""
    is_placed = any(part in file for part in ("/amazon/ssm/", "/amazon-ssm-agent/", "/orchestration/"))
    return "patch" in file.lower() or not is_placed or any("patch" in name.lower() for name in record.context)


def is_of_a_script(file: str, record: LogRecord) -> bool:
    """Whether a program of somebody's own document says it: what fails there is that document's affair, and not this node's."""
    return (
        record.level is Level.NONE
        and "/orchestration/" in file
        and any(f"/{plugin}/" in file for plugin in SCRIPTS)
        and not is_patching(file, record)
    )


def _judge_network(record: LogRecord, reading: RecordReading, fault: NetworkFault, file: str, around: LogContext) -> Judgement:
    wrapper = reading.wrapper
    host = fault.host or ("" if fault.proxy else fault.name)
    service = _service(record, host, wrapper, around.site)
    if not service and not host and not wrapper and fault.operation == "curl" and "patch" in file.lower():
        if fault.stage is Stage.TLS:
            return _fault(record, reading, network_code(fault, "s3", wrapper, around) or "tls-failed", "s3", host, False)
        return _fault(record, reading, "patch-payload-unreachable", "s3", host, True)
    if host in (IMDS, IMDS_V6) and wrapper and not fault.proxy:
        return replace(_fault(record, reading, "imds-unreachable", "", host, True), variant="needed")
    code = network_code(fault, service, wrapper, around)
    if not code or not (service or is_aws_host(host, around.site) or (fault.proxy and fault.operation == "botocore")):
        if fault.failure is Failure.TIMED_OUT and (service or (wrapper and wrapper.code is None)):
            return Judgement(Sort.UNEXPLAINED, reading)
        return _judge_foreign(record, reading, fault, file, around.site)
    transient = FINDINGS[code].transient or fault.may_pass
    return _fault(record, reading, code, service, host, transient)


def _judge_foreign(record: LogRecord, reading: RecordReading, fault: NetworkFault, file: str, site: Site) -> Judgement:
    """A connection to a host that is none of AWS's, or that nobody names: of the program that tells it, and not the node's."""
    phase = reading.phase.signature if reading.phase else None
    is_of_others = bool(fault.program or fault.host or fault.address) and not is_aws_host(fault.host, site)
    is_told = bool(fault.program or fault.host or fault.address)
    if not is_told or reading.state or is_of_another_sender(record) or is_of_a_script(file, record):
        return Judgement(Sort.NOTED, reading, detail=fault.detail)
    if fault.host in (IMDS, IMDS_V6):
        return _fault(record, reading, "imds-unreachable", "", fault.host, True)
    if phase and phase.code:
        return replace(_fault(record, reading, phase.code, "", fault.host, bool(phase.transient)), variant=phase.variant)
    is_public = is_of_others and _NAME.search(fault.host) is not None and not fault.host.endswith(_OWN_NAMES)
    has_no_way = fault.failure in (Failure.TIMED_OUT, Failure.UNREACHABLE)  # a name may be mistyped, and who refuses is there
    is_download = fault.operation == "curl" and not fault.proxy and not reading.wrapper and fault.stage is not Stage.TLS
    if is_download and is_public and has_no_way:
        told = replace(_fault(record, reading, "repository-unreachable", "", fault.host, True), variant="download", breaks=())
    else:
        told = replace(_fault(record, reading, "connection-failed", "", fault.host, True), variant=_case(fault, site))
    return replace(told, breaks=(), minor=record.level is not Level.NONE or _RETRIED.match(record.message) is not None)


def _case(fault: NetworkFault, site: Site) -> str:
    """The case of a failed connection that the text itself tells."""
    if not fault.host:
        return "address" if fault.address else "unnamed"
    if is_aws_host(fault.host, site):
        return "reason-unsaid" if fault.failure is Failure.UNKNOWN else "aws"
    return (
        "tls" if fault.stage is Stage.TLS else {Failure.REFUSED: "refused", Failure.NAME_UNKNOWN: "name"}.get(fault.failure, "")
    )


def network_code(fault: NetworkFault, service: str, wrapper: Optional[Signature], around: LogContext) -> str:
    """The code of a network fault met while talking to ``service``; empty where none can be claimed."""
    if fault.proxy:
        return code_by_proxy(fault.failure)
    unanswered = fault.failure in (Failure.TIMED_OUT, Failure.CLOSED, Failure.RESET)
    if wrapper and wrapper.unanswered and unanswered and fault.stage in (None, Stage.HTTP):
        return wrapper.unanswered
    if fault.failure is not Failure.TIMED_OUT:
        return code_of_failure(fault.failure)
    stage = Stage.HTTP if fault.awaiting_headers and fault.stage is None else fault.stage
    may_be_the_dial = stage is Stage.HTTP and wrapper is not None and wrapper.limit_covers_dial
    if stage in (Stage.TLS, Stage.HTTP) and not may_be_the_dial:
        return BY_FAILURE[stage, fault.failure]
    return _silent_code(fault, service, around)


def _silent_code(fault: NetworkFault, service: str, around: LogContext) -> str:
    address = fault.address or around.addresses.get(fault.host, "")
    place = place_of(address, around.cidrs) if address else Place.UNPLACED
    if not address and service == "ssmmessages":
        return "channel-down"
    # Where the connection itself got no answer, and nobody says at which address: most closed VPCs have no endpoint then.
    unsaid = "endpoint-missing" if service and not address and fault.stage is Stage.TCP else ""
    return code_of_silence(service, place) or unsaid
