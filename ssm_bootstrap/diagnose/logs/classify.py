"""One group of records judged: which finding it leads to, whether it is harmless, or that nobody knows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Mapping, Optional, Sequence

from ssm_bootstrap.catalog.findings import BY_FAILURE, FINDINGS, code_of_failure
from ssm_bootstrap.catalog.partitions import is_aws_host
from ssm_bootstrap.diagnose.hosts import service_of
from ssm_bootstrap.diagnose.logrules import (
    CONTEXT_SERVICES,
    HEALTH_BREAKS,
    KNOWN_OBJECTS,
    NO_PHASE,
    PHASES,
    RULINGS,
    PhaseFacts,
)
from ssm_bootstrap.diagnose.logs.gonet import NetworkFault
from ssm_bootstrap.diagnose.logs.message import Match, Reading, read_message
from ssm_bootstrap.diagnose.placing import Place, place_of
from ssm_bootstrap.model.log import Level, LogRecord
from ssm_bootstrap.model.network import Failure, Stage
from ssm_bootstrap.model.site import NO_SITE, Site

_PASSING = ("Service Unavailable", "Service Temporarily Unavailable", "Bad Gateway", "Gateway Time")
"""A proxy's answers to CONNECT that may be others a moment later."""


class Sort(str, Enum):
    """What became of a record."""

    FAULT = "fault"  # it leads to a finding
    NOTED = "noted"  # its meaning is known, and no finding code stands for it
    STATE = "state"
    BENIGN = "benign"
    UNEXPLAINED = "unexplained"
    PLAIN = "plain"  # text without a level in which nothing is known: no error


@dataclass(frozen=True)
class Surroundings:
    """What a judgement needs beside the record: the VPC's blocks, addresses that others tell of a host, and the site's files."""

    cidrs: Sequence[str] = ()
    addresses: Mapping[str, str] = field(default_factory=dict)
    site: Site = NO_SITE


@dataclass(frozen=True)
class Judgement:
    """A record's sort, and for a fault its code, service, host and what it breaks; ``also`` is a second code: a sleep's cause."""

    sort: Sort
    reading: Reading
    code: str = ""
    service: str = ""
    host: str = ""
    detail: str = ""
    transient: bool = False
    breaks: tuple[str, ...] = ()
    degrades: tuple[str, ...] = ()
    healed_by: tuple[str, ...] = ()
    minor: bool = False
    also: Optional[Judgement] = None
    variant: str = ""

    @property
    def phase(self) -> str:
        """The id of the phase's or state's signature, or an empty string."""
        match = self.reading.phase or self.reading.state
        return match.signature.id if match else ""

    @property
    def cause(self) -> str:
        """The id of the cause's signature, or an empty string."""
        return self.reading.cause.signature.id if self.reading.cause else ""


def judge(
    record: LogRecord, file: str = "", around: Optional[Surroundings] = None, reading: Optional[Reading] = None
) -> Judgement:
    """The judgement on one record; ``file`` tells whose output plain text is, ``reading`` is the record's where it was read."""
    reading = reading or read_message(record.message)
    around = around or Surroundings()
    if reading.benign:
        return Judgement(Sort.BENIGN, reading)
    if reading.state:
        return _judge_state(record, reading, file, around)
    if reading.fault:
        return _judge_network(record, reading, reading.fault, file, around)
    if reading.cause:
        return _judge_cause(record, reading, reading.cause, file, around.site)
    known = reading.phase is not None or record.level not in (Level.NONE, Level.INFO, Level.DEBUG, Level.TRACE)
    return Judgement(Sort.UNEXPLAINED if known else Sort.PLAIN, reading)


def _judge_state(record: LogRecord, reading: Reading, file: str, around: Surroundings) -> Judgement:
    state = reading.state
    if state is None or state.signature.code is None:
        return Judgement(Sort.STATE, reading)
    facts = PHASES.get(state.signature.id, NO_PHASE)
    code = state.signature.code
    under: Optional[Judgement] = None
    if reading.fault:
        under = _judge_network(record, reading, reading.fault, file, around)
    elif reading.cause:
        under = _judge_cause(record, reading, reading.cause, file, around.site)
    detail = _detail(reading, record.message)
    return Judgement(
        Sort.FAULT, reading, code, facts.service, "", detail, bool(state.signature.transient), _breaks(code, facts),
        healed_by=facts.healed_by, also=under if under and under.sort is Sort.FAULT and under.code != code else None,
    )  # fmt: skip


def _detail(reading: Reading, message: str) -> str:
    if reading.fault:
        return reading.fault.detail
    lines = [line.strip() for line in message.split("\n") if line.strip()]
    if reading.cause:
        lines = [line for line in lines if reading.cause.signature.fixed in line] or lines
    return lines[0][:300] if lines else ""


def _breaks(code: str, facts: PhaseFacts) -> tuple[str, ...]:
    """What a fault breaks: by its code, else by what was being done."""
    return tuple(item.value for item in FINDINGS[code].breaks) or facts.breaks


def _service(record: LogRecord, host: str, facts: PhaseFacts, site: Site) -> str:
    told = next((CONTEXT_SERVICES[name] for name in record.context if name in CONTEXT_SERVICES), "")
    return service_of(host, site) or told or facts.service


def _fault(record: LogRecord, reading: Reading, code: str, service: str, host: str, transient: bool) -> Judgement:
    wrapper = reading.phase or reading.state
    facts = PHASES.get(wrapper.signature.id, NO_PHASE) if wrapper else NO_PHASE
    breaks = _breaks(code, facts)
    if reading.phase and reading.phase.signature.id == "api-call" and "HealthCheck" in record.context:
        breaks = breaks or HEALTH_BREAKS
    return Judgement(
        Sort.FAULT, reading, code, service, host, _detail(reading, record.message), transient, breaks,
        facts.degrades, facts.healed_by, facts.minor,
    )  # fmt: skip


def _judge_cause(record: LogRecord, reading: Reading, cause: Match, file: str, site: Site) -> Judgement:
    phase = reading.phase.signature.id if reading.phase else ""
    facts = PHASES.get(phase, NO_PHASE)
    row = cause.signature
    url = cause.part("url") or (reading.phase.part("url") if reading.phase else "")
    ruling = RULINGS.get((phase, row.id))
    code, variant = ruling or (row.code, row.variant)
    if row.id in ("s3-forbidden", "s3-access-denied") and url.split("?", 1)[0].endswith(KNOWN_OBJECTS):
        code = "s3-denied"
    if row.id.startswith("patch-exit-") and not is_patching(file, record):
        code = None
    if code is None:
        return Judgement(Sort.NOTED, reading, detail=_detail(reading, record.message), transient=bool(row.transient))
    host = _host_of(url)
    service = "s3" if code.startswith("patch-payload") else _service(record, host, facts, site)
    transient = FINDINGS[code].transient if row.transient is None else row.transient
    return replace(_fault(record, reading, code, service, host, transient), variant=variant)


def _host_of(url: str) -> str:
    return url.split("://", 1)[-1].split("/", 1)[0].split(":", 1)[0] if "://" in url else ""


def is_patching(file: str, record: LogRecord) -> bool:
    """Whether a script's status is Patch Manager's; text from nowhere in particular is believed."""
    return "patch" in file.lower() or "/" not in file or any("patch" in name.lower() for name in record.context)


def _judge_network(record: LogRecord, reading: Reading, fault: NetworkFault, file: str, around: Surroundings) -> Judgement:
    wrapper = reading.phase or reading.state
    phase = wrapper.signature.id if wrapper else ""
    facts = PHASES.get(phase, NO_PHASE)
    host = fault.host or ("" if fault.proxy else fault.name)
    service = _service(record, host, facts, around.site)
    if not service and not host and not phase and fault.operation == "curl" and "patch" in file.lower():
        return _fault(record, reading, "patch-payload-unreachable", "s3", host, True)
    code = network_code(fault, service, phase, around)
    if not code or not (service or is_aws_host(host, around.site)):
        if fault.failure is Failure.TIMED_OUT and (service or phase):
            return Judgement(Sort.UNEXPLAINED, reading)
        return Judgement(Sort.NOTED, reading, detail=fault.detail)
    transient = FINDINGS[code].transient or fault.detail.startswith(_PASSING)
    return _fault(record, reading, code, service, host, transient)


def network_code(fault: NetworkFault, service: str, phase: str, around: Surroundings) -> str:
    """The code of a network fault met while talking to ``service``; empty where none can be claimed."""
    facts = PHASES.get(phase, NO_PHASE)
    if fault.proxy:
        return BY_FAILURE.get((Stage.PROXY, fault.failure), "proxy-unreachable")
    unanswered = fault.failure in (Failure.TIMED_OUT, Failure.CLOSED, Failure.RESET)
    if phase == "register" and unanswered and fault.stage in (None, Stage.HTTP):
        return "answer-lost"
    if fault.failure is not Failure.TIMED_OUT:
        return code_of_failure(fault.failure)
    if fault.stage is Stage.TLS:
        return "connection-cut"
    connected = fault.stage is Stage.HTTP or (fault.awaiting_headers and fault.stage is None)
    if connected and not facts.limit_covers_dial:
        return "connection-cut"
    return _silent_code(fault, service, around)


def _silent_code(fault: NetworkFault, service: str, around: Surroundings) -> str:
    address = fault.address or around.addresses.get(fault.host, "")
    place = place_of(address, around.cidrs) if address else Place.UNPLACED
    if place is Place.INSIDE:
        return "endpoint-blocked"
    if service == "s3":
        return "s3-unreachable"
    if place is Place.PUBLIC:
        return "endpoint-missing"
    return "channel-down" if service == "ssmmessages" and not address else ""
