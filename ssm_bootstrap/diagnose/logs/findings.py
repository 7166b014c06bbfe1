"""From judged groups to findings: one a cause and service, with its best line, its times, and whether it still holds."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import AbstractSet, Iterable, Mapping, Sequence

from ssm_bootstrap.catalog.buckets import patch_payload_host
from ssm_bootstrap.catalog.commands import mark_of
from ssm_bootstrap.catalog.endpoints import NEEDED_SERVICES
from ssm_bootstrap.catalog.findingkind import Circumstance, Teller
from ssm_bootstrap.catalog.findings import FINDINGS, VARIANTS
from ssm_bootstrap.catalog.logformat import is_of_another_sender
from ssm_bootstrap.catalog.partitions import is_aws_host, partition_of, region_of
from ssm_bootstrap.catalog.regions import slip_of
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.diagnose.logs.classify import Sighting
from ssm_bootstrap.diagnose.logs.endings import SeenBeside
from ssm_bootstrap.diagnose.logs.incidents import CauseRecords, what_holds
from ssm_bootstrap.diagnose.logs.timeline import Signal
from ssm_bootstrap.diagnose.reachability import circumstance_of
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.failure import Failure
from ssm_bootstrap.model.findings import Evidence, Finding, Severity, ShellCommand, State, Unexplained
from ssm_bootstrap.model.logs import Level, LogRecord
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import Site
from ssm_bootstrap.model.timeline import Incident

_ACTION = re.compile(r"not authorized to perform: ([a-z0-9-]{2,32}:[A-Za-z*]{2,64})")
_NODE = re.compile(r"\bmi-[0-9a-f]{17}\b")
_PATH = re.compile(
    r"(?:^|[\s'\"])(/[\w./@+-]{1,200})[^\n/]{0,60}?(?:[Nn]o space left|[Rr]ead-only file system)"
    r"|(?:[Nn]o space left on device|[Rr]ead-only file system): '(/[\w./@+-]{1,200})'"
)
_OF_THE_AGENT = ("/amazon", "/var/snap")
"""What the directories that the agent writes to have in their names."""

_OUTPUTS = frozenset(("stdout", "stderr"))
"""What the agent calls the files that keep a command's output."""

_TERMINAL_LINES = frozenset(("prompt", "seelog-starts", "seelog-started", "no-seelog-file"))


def make_findings(
    incidents: Mapping[CauseRecords, Sequence[Incident]],
    sightings: Sequence[Sighting],
    seen: SeenBeside,
    signals: Iterable[Signal] = (),
    state: State = State.PAST,
) -> tuple[Finding, ...]:
    """One finding for each bundle of which an incident holds, in their order; without a region the lines' own is taken."""
    region = seen.region or region_told(sightings)
    newest = {signal.name: signal for signal in signals}
    holding = {bundle: what_holds(told) for bundle, told in incidents.items()}
    codes = {bundle.code for bundle, told in holding.items() if told}
    read = frozenset(item.group.file.rpartition("/")[2] for item in sightings if item.group.file)
    whole = _Whole(newest, codes, region, _is_transcript(sightings), seen.site, state, read)
    return tuple(_finding(bundle, told, whole) for bundle, told in holding.items() if told)


def region_told(sightings: Iterable[Sighting]) -> str:
    """The region that the records themselves name first, or an empty string."""
    return next((found for item in sightings for found in (region_of(item.judgement.host),) if found), "")


def _is_transcript(sightings: Iterable[Sighting]) -> bool:
    """Whether this is what ``-register`` printed: its first lines go to the terminal and into no log."""
    return any(
        item.judgement.reading.benign is not None and item.judgement.reading.benign.signature.id in _TERMINAL_LINES
        for item in sightings
        if item.group.sample.level is Level.NONE
    )


@dataclass(frozen=True)
class _Whole:
    """What all records together tell: the newest signs, the codes that hold, the region, and the state of what holds."""

    signals: Mapping[str, Signal]
    codes: set[str]
    region: str
    transcript: bool
    site: Site
    state: State
    read: frozenset[str]  # names of the files that were read

    def value(self, name: str) -> str:
        """What the newest record of a state says."""
        return self.signals[name].value if name in self.signals else ""


def _finding(bundle: CauseRecords, told: Sequence[Incident], whole: _Whole) -> Finding:
    """The finding of what holds: from the records of that time alone, where the log has any of it."""
    code = bundle.code
    firsts = [incident.start for incident in told if incident.start is not None]
    lasts = [incident.last for incident in told if incident.last is not None]
    since = min(firsts, default=None)
    now = [item for item in bundle.sightings if since is None or item.group.last is None or item.group.last >= since]
    parts = now or list(bundle.sightings)
    grave = [item for item in parts if not item.judgement.minor] or parts  # by which it is as bad as it is
    telling = [item for item in grave if not item.sums_up] or grave
    best = min(telling, key=lambda item: item.rank)
    facts = _facts(code, best, parts, whole)
    named = next((item.judgement.named for item in (best, *parts) if item.judgement.named), "")
    place = _path(code, best, named)
    # What the words themselves say goes before what was being done, if they are of this code.
    variant = next((item.judgement.variant for item in telling if (code, item.judgement.variant) in VARIANTS), "")
    variant = variant or FINDINGS[code].variant_for(_circumstances(best, facts, whole, place))
    fixed = place or FINDINGS[code].worded(variant).subject
    finding = make_finding(
        code,
        fixed or facts["host"] or named or facts["address"] or facts["service"] or "amazon-ssm-agent",
        variant=variant,
        facts=facts,
        evidence=(Evidence(best.group.file, _place(best.group.file, best.group.line), best.excerpt, best.group.sample.at),),
        severity=_severity(code, variant, parts, whole),
        state=whole.state,
        logged=True,
        transient=best.judgement.transient,
        count=sum(incident.count for incident in told),
        first=since,
        last=max(lasts, default=None),
        breaks=_union(item.judgement.breaks for item in parts),
        degrades=_union(item.judgement.degrades for item in parts),
        hosts=(facts["host"],) if facts["host"] and not fixed else (),
        services=(bundle.service,) if bundle.service else (),
    )
    finding = _without_unsaid(finding, facts)
    actions = missing_actions(item.group.sample.message for item in parts)
    if actions:
        finding = _with_actions(finding, actions)
    return finding if whole.state is State.NOW else _without_what_was_read(finding, whole.read)


def _without_unsaid(finding: Finding, facts: Mapping[str, str]) -> Finding:
    """The same without the commands that ask about a service, a host or an address that no line tells.

    A reader fills in what is his own; whom a program that is not the agent asked he knows from that line alone.
    """
    unsaid = tuple(mark_of(name) for name in ("service", "host", "address", "port") if not facts[name])

    def left(commands: tuple[ShellCommand, ...]) -> tuple[ShellCommand, ...]:
        return tuple(command for command in commands if not any(mark in command.text for mark in unsaid))

    remedy = finding.remedy
    kept = replace(
        remedy,
        instance_commands=left(remedy.instance_commands),
        aws_commands=left(remedy.aws_commands),
        client_commands=left(remedy.client_commands),
    )
    return replace(finding, remedy=kept)


def _without_what_was_read(finding: Finding, read: AbstractSet[str]) -> Finding:
    """The same without the advice to look into what was just given to ``explain``, or to run it."""
    names = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, sorted(read))) or '(?!)'})(?![\w-]|\.\w)")

    def left(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(text for text in texts if not names.search(text) and not text.endswith("ssm-bootstrap explain"))

    remedy = finding.remedy
    lines = left(tuple(command.text for command in remedy.instance_commands))
    commands = tuple(command for command in remedy.instance_commands if command.text in lines)
    kept = replace(remedy, instance_steps=left(remedy.instance_steps), instance_commands=commands)
    return replace(finding, remedy=kept)


def _place(file: str, line: int) -> str:
    """Where a record stands: the file as it is named, and the line that it begins on."""
    return f"{file}:{line}" if file else f"line {line}"


def _circumstances(best: Sighting, facts: Mapping[str, str], whole: _Whole, place: str) -> set[Circumstance]:
    """What the record tells that may call for words of its own."""
    fault, doing = best.judgement.reading.fault, best.judgement.reading.wrapper
    failure = fault.failure if fault else None
    is_of_others = bool(facts["host"]) and not facts["service"] and not is_aws_host(facts["host"], whole.site)
    seen = {
        Circumstance.PROXY_WITHOUT_TLS: fault is not None and fault.proxy and failure is Failure.NOT_TLS,
        Circumstance.REGISTERING: doing is not None and Capability.REGISTER in doing.breaks,
        Circumstance.PROXY_WANTS_LOGIN: failure is Failure.PROXY_AUTH_REQUIRED,
        Circumstance.HOST_OF_OTHERS: is_of_others,
        Circumstance.REGION_IS_A_SLIP: bool(facts["likely_region"]),
        Circumstance.PLACE_UNSAID: not place,
        Circumstance.PLACE_OF_OTHERS: bool(place) and not any(part in place for part in _OF_THE_AGENT),
        Circumstance.OUTPUT_GIVEN: best.group.sample.level is Level.NONE or not whole.read.isdisjoint(_OUTPUTS),
        Circumstance.ADDRESS_UNSAID: failure is Failure.TIMED_OUT and not facts["address"],
    }
    by_name = circumstance_of(facts["host"], whole.region)
    return {circumstance for circumstance, is_so in seen.items() if is_so} | ({by_name} if by_name is not None else set())


def missing_actions(messages: Iterable[str]) -> tuple[str, ...]:
    """The IAM actions that the messages say are not allowed."""
    return tuple(dict.fromkeys(found[1] for message in messages for found in _ACTION.finditer(message)))


def _with_actions(finding: Finding, actions: Sequence[str]) -> Finding:
    """The same, with the action that the message names as the first thing to allow."""
    said = "The message names what is missing: {actions}. Allow it in the caller's role and in the endpoint's policy."
    step = phrase(said, actions=tuple(actions))
    return replace(finding, remedy=replace(finding.remedy, aws_steps=(step, *finding.remedy.aws_steps)))


def _union(parts: Iterable[tuple[Capability, ...]]) -> tuple[Capability, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part))


def _severity(code: str, variant: str, bundle: Sequence[Sighting], whole: _Whole) -> Severity:
    kind = FINDINGS[code].worded(variant)
    if kind.severity_for_caller is not None and (whole.transcript or _gave_up(bundle, whole)):
        return kind.severity_for_caller
    service = "" if kind.subject else bundle[0].judgement.service  # what is about something else is as bad whoever was asked
    minor = (
        all(item.judgement.minor for item in bundle)
        or (service and service not in NEEDED_SERVICES and not any(Capability.PATCH in item.judgement.breaks for item in bundle))
        or (service == "ec2messages" and whole.value("connection-status") == "ssmmessages")
        or any(other in whole.codes for other in kind.is_minor_beside)
    )
    return Severity.WARNING if minor and kind.severity is Severity.ERROR else kind.severity


def _gave_up(bundle: Sequence[Sighting], whole: _Whole) -> bool:
    """Whether these are the words of a command whose output was given, and it ended with them."""
    own = [item for item in bundle if item.group.sample.level is Level.NONE and not item.judgement.minor]
    return whole.state is State.PAST and bool(own) and all(item.judgement.reading.wrapper is None for item in own)


def _path(code: str, best: Sighting, named: str) -> str:
    """The directory that a full or read-only file system holds: of the path that the message names, or what it names as such."""
    if Teller.MACHINE not in FINDINGS[code].told_by:
        return ""
    found = _PATH.search(best.group.sample.message)
    return (found[1] or found[2]).rpartition("/")[0] if found else named if named.startswith("/") else ""


def _writer(record: LogRecord) -> str:
    """The program that wrote a record, where its head tells that."""
    if is_of_another_sender(record):
        return record.context[0].rstrip(":")
    return "amazon-ssm-agent" if record.level is not Level.NONE else ""


def _node(bundle: Iterable[Sighting]) -> str:
    """The node that a message of these names, where it is one alone."""
    named = {found for item in bundle for found in _NODE.findall(item.group.sample.message)}
    return named.pop() if len(named) == 1 else ""


def _facts(code: str, best: Sighting, bundle: Sequence[Sighting], whole: _Whole) -> dict[str, str]:
    ordered = (best, *bundle)
    faults = [item.judgement.reading.fault for item in ordered if item.judgement.reading.fault]
    host = next((item.judgement.host for item in ordered if item.judgement.host), "")
    region = region_of(host) or whole.region
    domain = partition_of(region, whole.site).domain if region else ""
    service = best.judgement.service
    if not host and region and FINDINGS[code].is_fetched and service == "s3":
        host = value_of(patch_payload_host(region, whole.site)) or ""
    elif not host and region and service:
        host = f"{service}.{region}.{domain}"
    by_proxy = [fault for fault in faults if fault.proxy and (fault.name or fault.address)]
    return {
        "agent_version": whole.value("version") or whole.value("version-of-2"),
        "program": best.judgement.program
        or next((fault.program for fault in faults if fault.program), "")
        or _writer(best.group.sample),
        "service": service,
        "host": host,
        "address": next((fault.address for fault in faults if fault.address and not fault.proxy), ""),
        "port": next((str(fault.port) for fault in faults if fault.port and not fault.proxy), ""),
        "region": region,
        "likely_region": slip_of(region, whole.site),
        "domain": domain,
        "detail": best.judgement.detail,
        "proxy": (by_proxy[0].name or f"{by_proxy[0].address}:{by_proxy[0].port}") if by_proxy else "",
        "mi": _node(bundle) or whole.value("registered"),
    }


_PARTS = (
    (re.compile(r"\b(?:mi|i|eni|vpc|subnet|sg|vpce|ami|vol|pl)-[0-9a-f]{8,17}\b"), "<id>"),
    (
        re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\[[0-9a-fA-F:]{3,39}\]|\b[0-9a-fA-F]{1,4}(?:::?[0-9a-fA-F]{1,4}){3,7}\b"),
        "<address>",
    ),
    (re.compile(r"\b(?=[0-9a-fA-F]{0,63}\d)[0-9a-fA-F]{12,64}\b"), "<id>"),
    (re.compile(r"(?<![A-Za-z\d<])\d+(?:\.\d+)*"), "<n>"),
)


def template_of(shape: str) -> str:
    """A message's shape without its numbers, ids and addresses; digits inside a name (``s3``, ``ec2messages``) stay."""
    for pattern, sign in _PARTS:
        shape = pattern.sub(sign, shape)
    return shape


def fold_alike(rows: Iterable[Unexplained]) -> tuple[Unexplained, ...]:
    """Rows of one template as one row with the first one's sample; a row that is alone keeps its own numbers."""
    alike: dict[str, list[Unexplained]] = {}
    for row in rows:
        alike.setdefault(template_of(row.template), []).append(row)
    return tuple(_joined(template, members) for template, members in alike.items())


def _joined(template: str, members: list[Unexplained]) -> Unexplained:
    if len(members) == 1:
        return members[0]
    firsts = [row.first for row in members if row.first]
    lasts = [row.last for row in members if row.last]
    return replace(
        members[0],
        template=template,
        count=sum(row.count for row in members),
        first=min(firsts, default=None),
        last=max(lasts, default=None),
        part=members[0].part if all(row.part == members[0].part for row in members) else None,
    )
