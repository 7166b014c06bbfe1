"""What the probes say: one finding per cause, over all the endpoints that share it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Iterable, Iterator, Optional, Sequence

from ssm_bootstrap.catalog.addresses import Place, is_own
from ssm_bootstrap.catalog.agent import EC2MESSAGES_AS_FALLBACK
from ssm_bootstrap.catalog.cloud.repairs import ENDPOINT_GROUP
from ssm_bootstrap.catalog.distributions import authority_place
from ssm_bootstrap.catalog.endpoints import ENDPOINTS
from ssm_bootstrap.catalog.findingkind import Circumstance
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.limits import SIGNATURE_TOLERANCE
from ssm_bootstrap.catalog.partitions import service_names
from ssm_bootstrap.catalog.regions import slip_of
from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.diagnose.cloud.dialled import Carried, carried
from ssm_bootstrap.diagnose.reachability import Reach, Standing, circumstance_of, hosts_of, is_carried_here, services_of
from ssm_bootstrap.diagnose.verdicts import touched_by, with_severity
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.cloud import Direction, EndpointKind
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Evidence, Finding, Reason, Severity
from ssm_bootstrap.model.localtime import time_in_words
from ssm_bootstrap.model.network import Probe
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.repair import AddGroupRule, CreateEndpoint, Repair


def what_failed(case: Case) -> Iterator[Finding]:
    """One finding for each cause that made rows fail, with every host that it holds for."""
    grouped: dict[tuple[str, Optional[Circumstance], Optional[Circumstance]], list[Reach]] = defaultdict(list)
    alone = {need.rows for need in case.needs if need.verdict is Verdict.BROKEN}
    for reach in case.reaches:
        optional = reach.shown_by.target.optional and (reach.endpoint,) not in alone
        if reach.code and not optional:
            host = reach.shown_by.target.host
            apart = None if is_carried_here(host, case.region) else circumstance_of(host, case.region)
            grouped[reach.code, apart, _BY_AWS.get(carried(case, reach))].append(reach)
    for (code, _, by_aws), group in grouped.items():
        yield _finding(case, code, group, by_aws)


_BY_AWS = {
    Carried.OPEN: Circumstance.AWS_LETS_THROUGH,
    Carried.IN_PART: Circumstance.AWS_LETS_PART_THROUGH,
    Carried.ELSEWHERE: Circumstance.AWS_LEADS_ELSEWHERE,
}
"""What AWS's side does with what failed, where that calls for other words, or for a finding apart."""


def _finding(case: Case, code: str, group: Sequence[Reach], by_aws: Optional[Circumstance] = None) -> Finding:
    rows = [reach.endpoint for reach in group]
    doubt = (case.unsure_way,) if case.unsure_way is not None else ()
    finding = case.finding(
        code,
        _subject(group),
        variant=FINDINGS[code].variant_for(_circumstances(case, group) | ({by_aws} if by_aws is not None else set())),
        facts=_facts(case, group),
        each=_by_service(case, group),
        evidence=(*(_evidence(probe) for reach in group for probe in _shown(reach)), *doubt),
        breaks=touched_by(rows, case.needs, Verdict.BROKEN),
        degrades=touched_by(rows, case.needs, Verdict.DEGRADED),
        hosts=hosts_of(group),
        services=services_of(group),
        repairs=_repairs(case, code, group),
    )
    if doubt:
        breaks_nothing = finding.severity is Severity.ERROR and not finding.breaks
        return replace(finding, severity=Severity.WARNING) if breaks_nothing else finding
    if not (finding.breaks or finding.degrades):
        return replace(finding, severity=Severity.INFO)  # of a mere fallback
    return with_severity(finding)


def _repairs(case: Case, code: str, group: Sequence[Reach]) -> tuple[Repair, ...]:
    """The endpoints to be made where a row says that they are what is missing: in the subnet that IMDS tells of this instance.

    None for a host that is not the service's own name in the region, where it is not sure that the agent dials it, and for a
    service of which AWS's side has an endpoint: what is wrong with that one, AWS's side tells.
    """
    told = case.metadata
    known = told is not None and told.region == case.region and case.unsure_way is None and not slip_of(case.region, case.site)
    if told is None or not known or FINDINGS[code].repair is not CreateEndpoint or not (told.vpc_id and told.subnet_id):
        return ()
    there = {one.service for one in value_of(case.cloud.network.endpoints) or ()} if case.cloud is not None else set()
    rows = [row for row in ENDPOINTS if not row.is_s3 and row.service not in there]
    own = {row.host.format(region=case.region, domain=case.domain): row.service for row in rows}
    made = tuple(
        CreateEndpoint(
            told.vpc_id,
            service_names(own[host], case.region)[-1],
            EndpointKind.INTERFACE,
            subnet_ids=(told.subnet_id,),
            client_cidrs=told.ipv4_cidrs + told.ipv6_cidrs,
        )
        for host in hosts_of(group)
        if host in own
    )
    let_out = (AddGroupRule(one, Direction.OUT, 443, ENDPOINT_GROUP) for one in told.security_groups[:1] if made)
    return (*let_out, *made)


def _circumstances(case: Case, group: Sequence[Reach]) -> set[Circumstance]:
    """What is seen of hosts that fail alike and may call for words of its own."""
    proxies = [reach.shown_by.target.proxy for reach in group]
    seen = {
        Circumstance.SOME_OF_S3_ANSWERS: any(reach.is_s3 and reach.answered for reach in case.reaches),
        Circumstance.LEADS_TO_THIS_MACHINE: all(is_own(reach.shown_by.address or "") for reach in group),
        Circumstance.PROXY_IS_UNREADABLE: all(proxy is not None and proxy.is_unreadable for proxy in proxies),
        Circumstance.PROXY_WITHOUT_TLS: all(proxies) and all(reach.shown_by.last.failure is Failure.NOT_TLS for reach in group),
        Circumstance.PROXY_WANTS_LOGIN: all(reach.shown_by.last.failure is Failure.PROXY_AUTH_REQUIRED for reach in group),
        Circumstance.REGION_IS_A_SLIP: bool(slip_of(case.region, case.site)),
        Circumstance.NOTHING_ANSWERS: _is_all_silent(case.reaches),
        Circumstance.NO_NAME_LEADS_INSIDE: _is_all_outside(case.reaches),
    }
    by_name = {circumstance_of(reach.shown_by.target.host, case.region) for reach in group}
    told = {only for only in by_name if only is not None and len(by_name) == 1}
    return told | {circumstance for circumstance, is_so in seen.items() if is_so}


def _is_all_silent(found: Sequence[Reach]) -> bool:
    """Whether all that was dialled directly is silent, an endpoint in the VPC among it: most likely for one reason.

    Names that the resolver did not answer for are no targets: nobody dialled them.
    """
    needed = [reach for reach in found if not reach.shown_by.target.optional and reach.shown_by.last.stage is not Stage.DNS]
    return all(reach.dropped and reach.shown_by.target.proxy is None for reach in needed) and any(
        reach.place is Place.INSIDE for reach in needed
    )


def _is_all_outside(found: Sequence[Reach]) -> bool:
    """Whether the names of several services lead out of the VPC, and no name but S3's leads into it."""
    others = [reach for reach in found if not reach.is_s3 and reach.shown_by.target.proxy is None]
    needed = [reach for reach in others if not reach.shown_by.target.optional]
    is_seen = any(reach.place is Place.INSIDE for reach in others)
    return len(services_of(needed)) > 1 and not is_seen and all(one.dropped and one.place is Place.PUBLIC for one in needed)


def _shown(reach: Reach) -> tuple[Probe, ...]:
    """The probes worth quoting: of a row that partly works both sides, else the one that failed."""
    if reach.standing is not Standing.PARTLY:
        return (reach.shown_by,)
    good = next(probe for probe in reach.probes if probe.last.ok)
    return (reach.shown_by, good)


def _subject(group: Sequence[Reach]) -> str:
    return ", ".join(hosts_of(group))


def _by_service(case: Case, group: Sequence[Reach]) -> tuple[dict[str, str], ...]:
    """The facts of the first host of each service: one set of commands a service is enough."""
    firsts: dict[str, Reach] = {}
    for reach in group:
        firsts.setdefault(reach.shown_by.target.service, reach)
    return tuple(_facts(case, [reach]) for reach in firsts.values())


def _joined(words: Iterable[str]) -> str:
    """Words as a sentence has them: "a", "a and b", "a, b and c"."""
    found = list(dict.fromkeys(words))
    return found[0] if len(found) == 1 else phrase("{found} and {found2}", found=", ".join(found[:-1]), found2=found[-1])


def _facts(case: Case, group: Sequence[Reach]) -> dict[str, str]:
    first = group[0].shown_by
    offset = first.clock_offset
    authority = authority_place(case.instance.system_id) if case.instance is not None else None
    return {
        "service": _joined(services_of(group)),
        "likely_region": slip_of(case.region, case.site),
        "host": first.target.host,
        "address": first.address or "",
        "port": _joined(str(reach.shown_by.target.port) for reach in group),
        "detail": first.last.detail,
        "issuer": next((reach.shown_by.issuer for reach in group if reach.shown_by.issuer), ""),
        "proxy": str(first.target.proxy or ""),
        "seconds": f"{offset:.0f}" if offset is not None else "",
        "node_time": time_in_words(case.observations.taken_at),
        "aws_time": time_in_words(case.cloud.taken_at) if case.cloud is not None else "",
        "ca_file": authority.file if authority is not None else "",
        "ca_command": authority.command if authority is not None else "",
    }


def _evidence(probe: Probe) -> Evidence:
    last = probe.last
    where = f"{probe.target.host}:{probe.target.port}"
    if probe.target.proxy is not None:
        where += phrase(" by proxy {proxy}", proxy=probe.target.proxy)
    outcome = "answers" if last.ok else (last.failure.value if last.failure else "failed")
    address = f" {probe.address}" if probe.address and probe.address != probe.target.host else ""
    detail = f" ({last.detail})" if last.detail and last.detail != "no answer" else ""
    return Evidence("probe", where, f"{last.stage.value}{address} {outcome}{detail}, {last.seconds:.2f} s")


def public_path(case: Case) -> Iterator[Finding]:
    """An endpoint reached over a public address although the VPC is closed; never S3, whose gateway keeps public names.

    What the configuration says of the VPC counts first, `no` too; ec2messages as a mere fallback is information.
    """
    interface = [reach for reach in case.reaches if not reach.is_s3 and reach.shown_by.target.proxy is None]
    needed = [reach for reach in interface if not reach.shown_by.target.optional]
    public = [reach for reach in needed if reach.place is Place.PUBLIC and reach.answered]
    if not case.is_closed:
        return
    newer = EC2MESSAGES_AS_FALLBACK.is_reached_by(case.agent_path.version) is True
    spare = [reach for reach in public if newer and reach.endpoint == "ec2messages"]
    for severity, group in ((None, [reach for reach in public if reach not in spare]), (Severity.INFO, spare)):
        if group:
            yield case.finding(
                "public-path",
                _subject(group),
                facts=_facts(case, group),
                each=_by_service(case, group),
                evidence=tuple(_evidence(reach.shown_by) for reach in group),
                severity=severity,
                hosts=hosts_of(group),
                services=services_of(group),
            )


def clock(case: Case) -> Iterator[Finding]:
    """This machine's clock against the Date of what AWS answered."""
    worst: Optional[Probe] = None
    for probe in case.observations.probes:
        if not probe.request_id or probe.clock_offset is None or abs(probe.clock_offset) <= SIGNATURE_TOLERANCE:
            continue
        if worst is None or abs(probe.clock_offset) > abs(worst.clock_offset or 0.0):
            worst = probe
    if worst is None or worst.clock_offset is None:
        return
    side = Reason.CLOCK_BEHIND if worst.clock_offset > 0 else Reason.CLOCK_AHEAD
    behind, ahead = (
        "this machine's clock is {seconds:.0f} s behind the service's",
        "this machine's clock is {seconds:.0f} s ahead of the service's",
    )
    detail = phrase(behind if side is Reason.CLOCK_BEHIND else ahead, seconds=abs(worst.clock_offset))
    answering = [reach for reach in case.reaches if worst in reach.probes]
    excerpt = phrase("Date header: {detail}", detail=detail)
    yield case.finding(
        "clock-skewed",
        worst.target.host,
        facts={**_facts(case, answering), "detail": detail, "seconds": f"{abs(worst.clock_offset):.0f}"},
        evidence=(Evidence("probe", f"{worst.target.host}:{worst.target.port}", excerpt),),
        breaks=case.on_a_node,
        reasons=(side,),
    )


def not_looked_at(case: Case) -> Iterator[tuple[str, str]]:
    """Rows of which the probes prove nothing either way."""
    for reach in case.reaches:
        if reach.standing is Standing.UNKNOWN and not reach.shown_by.target.optional:
            last = reach.shown_by.last
            failure = last.failure.value if last.failure else "unknown"
            yield f"{reach.shown_by.target.host}:{reach.shown_by.target.port}", f"{last.stage.value}: {last.detail or failure}"


CHECKS = (
    Check("network", what_failed),
    Check("public-path", public_path),
    Check("clock", clock),
    Check("network-unseen", not_looked_at),
)
