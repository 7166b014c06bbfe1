"""What one run of ``amazon-ssm-agent -register`` came to, read from its output."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timezone, tzinfo
from enum import Enum
from typing import Optional, Sequence

from ssm_bootstrap.catalog.findingkind import Teller
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.logformat import records_of
from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.diagnose.logs.classify import Judgement, LogContext, Sighting, Sort, judge
from ssm_bootstrap.diagnose.logs.endings import SeenBeside
from ssm_bootstrap.diagnose.logs.findings import make_findings
from ssm_bootstrap.diagnose.logs.incidents import bundle_up, tell_incidents
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.findings import Evidence, Finding, Severity, State
from ssm_bootstrap.model.logs import Level, LogGroup, LogRecord
from ssm_bootstrap.model.phrase import joined, phrase
from ssm_bootstrap.model.site import Site
from ssm_bootstrap.model.timeline import Timeline

SOURCE = "amazon-ssm-agent -register"

OUTPUT_LIMIT = 1 << 20
"""Characters of the output that are read; the end counts, as the result stands there."""

_KILLED_BY_SHELL = range(129, 160)  # a shell's status for a child that a signal ended


class Result(str, Enum):
    """How a registration ended."""

    REGISTERED = "registered"
    FAILED = "failed"  # a finding says why
    CANCELED = "canceled"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True)
class RegistrationOutcome:
    """The reading of one run. ``transient``: the same call may succeed later with nothing changed, and repeating it is safe.

    ``explanation`` is one line: what the agent said, or what is known of it where no finding code stands for it; ``reason``
    is then the id of the signature that knows it (``disk-full``, ``read-only``, ``permission``, ...).
    """

    result: Result
    managed_instance_id: str = ""
    finding: Optional[Finding] = None
    transient: bool = False
    explanation: str = ""
    reason: str = ""


def classify_registration(
    output: str,
    site: Site,
    *,
    returncode: Optional[int] = None,
    region: Optional[str] = None,
    cidrs: Sequence[str] = (),
    zone: tzinfo = timezone.utc,
) -> RegistrationOutcome:
    """What ``output`` of one ``-register`` says; the last result counts, so a success after failures is a success.

    ``returncode`` is as subprocess gives it (negative: ended by that signal). ``zone`` is that of the agent's local times.
    """
    around = LogContext(site, tuple(cidrs))
    text = output[-OUTPUT_LIMIT:]
    outcome: Optional[RegistrationOutcome] = None
    fallback = ""
    before: set[str] = set()
    for number, record in enumerate(records_of(text, zone), 1):
        judgement = judge(record, SOURCE, around)
        judgement = judgement.put_down_to(before)
        before.add(judgement.code)
        outcome = _outcome(record, judgement, number, SeenBeside(site, region or "")) or outcome
        if judgement.sort is Sort.NOTED and record.level is Level.WARN:
            fallback = fallback or _known_words(judgement)
    panicked = _is_panic(text)
    if panicked and (outcome is None or outcome.result is Result.UNEXPLAINED):
        return _panicked(text, returncode, region or "", site)
    if outcome is not None:
        return outcome
    return _undecided(text, returncode, region or "", fallback)


def _outcome(record: LogRecord, judgement: Judgement, number: int, seen: SeenBeside) -> Optional[RegistrationOutcome]:
    """What one record decides, or None; warnings decide nothing, and nor does text that only accompanies."""
    state = judgement.reading.state
    if state is not None and state.signature.id == "registered":
        return RegistrationOutcome(Result.REGISTERED, state.part("mi"), explanation=record.message)
    if state is not None and state.signature.id == "register-canceled":
        return RegistrationOutcome(Result.CANCELED, explanation=record.message)
    in_words = judgement.sort is Sort.NOTED or _is_told_in_words(judgement)
    if judgement.sort is Sort.FAULT and record.level is not Level.WARN and not in_words:
        group = LogGroup(record, "", 1, record.at, record.at, SOURCE, number)
        sighting = Sighting(group, judgement)
        told = make_findings(tell_incidents(bundle_up((sighting,)), (sighting,), Timeline(), seen), (sighting,), seen)
        finding = replace(told[0], severity=Severity.ERROR, state=State.NOW, logged=False, breaks=(Capability.REGISTER,))
        return RegistrationOutcome(Result.FAILED, finding=finding, transient=judgement.transient, explanation=sighting.excerpt)
    if record.level in (Level.ERROR, Level.CRITICAL):
        words = _known_words(judgement) if in_words else ""
        said = record.message.split("\n", 1)[0].strip()[:400]
        reason = judgement.cause if words else ""
        return RegistrationOutcome(Result.UNEXPLAINED, explanation=f"{said} ({words})" if words else said, reason=reason)
    return None


def _is_told_in_words(judgement: Judgement) -> bool:
    """Whether the words say more here than the finding: whether AWS had been asked before a file could not be written."""
    row = FINDINGS.get(judgement.code)
    return row is not None and (row.tells_no_reason or Teller.MACHINE in row.told_by)


def _known_words(judgement: Judgement) -> str:
    reading = judgement.reading
    told = [match.signature.meaning for match in (reading.phase, reading.cause) if match]
    return joined(map(phrase, told), "; ") or (reading.fault.detail if reading.fault else "")


def _is_panic(text: str) -> bool:
    return text.startswith("panic: ") or "\npanic: " in text


def _panicked(text: str, returncode: Optional[int], region: str, site: Site) -> RegistrationOutcome:
    """A panic: with status 2 in the client of the call it is an answer of status 200 that AWS never gives."""
    said = next(line for line in text.split("\n") if line.startswith("panic: "))[:400]
    if "anonauth" not in text and "nil pointer" not in text:
        return RegistrationOutcome(Result.UNEXPLAINED, explanation=phrase("the agent broke: {said}", said=said))
    host = f"ssm.{region}.{partition_of(region, site).domain}" if region else ""
    finding = make_finding(
        "not-aws",
        host or "ssm",
        facts={"service": "ssm", "host": host, "region": region, "detail": "the agent broke over an answer that AWS never gives"},
        evidence=(Evidence(SOURCE, phrase("status {status}", status=returncode) if returncode is not None else "output", said),),
        severity=Severity.ERROR,
        transient=False,
        breaks=(Capability.REGISTER,),
    )
    return RegistrationOutcome(Result.FAILED, finding=finding, transient=False, explanation=said)


def _undecided(text: str, returncode: Optional[int], region: str, fallback: str) -> RegistrationOutcome:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if returncode is not None and (returncode < 0 or returncode in _KILLED_BY_SHELL):
        signal = -returncode if returncode < 0 else returncode - 128
        said = phrase("ended by signal {signal} before it said how the call went", signal=signal)
        finding = make_finding(
            "answer-lost",
            "activation",
            facts={"service": "ssm", "region": region, "detail": said},
            evidence=(Evidence(SOURCE, phrase("signal {signal}", signal=signal), lines[-1][:400] if lines else "no output"),),
            severity=Severity.ERROR,
            transient=False,
            breaks=(Capability.REGISTER,),
        )
        return RegistrationOutcome(Result.FAILED, finding=finding, transient=False, explanation=said)
    status = phrase(" (status {status})", status=returncode) if returncode is not None else ""
    if not lines:
        return RegistrationOutcome(Result.UNEXPLAINED, explanation=phrase("the agent said nothing{status}", status=status))
    return RegistrationOutcome(Result.UNEXPLAINED, explanation=(fallback or lines[-1][:400]) + status)
