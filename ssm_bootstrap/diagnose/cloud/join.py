"""Both sides together: what the node met and what AWS has, one cause for both, and told where the two do not agree."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterable, Iterator, Mapping, Sequence

from ssm_bootstrap.catalog.agent import rows_of
from ssm_bootstrap.catalog.endpoints import ENDPOINTS, NEEDS
from ssm_bootstrap.catalog.findingkind import Hop, Layer
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.cloud import activation, endpoint_policies, roles
from ssm_bootstrap.diagnose.cloud.dialled import ANSWERS, Carried, carried, differences, leads_there, obstacles_toward
from ssm_bootstrap.diagnose.cloud.facts import endpoint_facts
from ssm_bootstrap.diagnose.cloud.names import Lead, answers
from ssm_bootstrap.diagnose.cloud.needs import required_of, unsure_rows
from ssm_bootstrap.diagnose.cloud.ways import CloudWay, WayState, ways
from ssm_bootstrap.diagnose.reachability import Reach, Standing
from ssm_bootstrap.diagnose.verdicts import NeedVerdict
from ssm_bootstrap.model.capability import ON_A_NODE, Capability, Verdict
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.findings import CloudPath, CloudStation, Evidence, Finding, Passage, Severity, Side
from ssm_bootstrap.model.localtime import time_in_words
from ssm_bootstrap.model.observed import NOT_ASKED, Unseen, value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import NO_SITE

_ROWS = {row.name: row for row in ENDPOINTS}


def cloud_ways(case: Case) -> tuple[CloudWay, ...]:
    """The ways to all that the capabilities asked for need, as AWS has them; none where AWS was not asked."""
    if case.cloud is None:
        return ()
    return ways(case.cloud, required_of(case, case.cloud))


def cloud_needs(case: Case, findings: Sequence[Finding]) -> tuple[NeedVerdict, ...]:
    """How the needs of the capabilities stand by AWS's side; where the node dialled, that counts for the ways.

    What is closed without a finding that says why is unknown, and so is what hangs on a policy whose answer nobody knows.
    """
    if case.cloud is None:
        return ()
    hanging = case.asked(*(item for part in (endpoint_policies, roles, activation) for item in part.undecided(case)))
    undecided = tuple(NeedVerdict(capability, Verdict.UNKNOWN) for capability in hanging)
    if case.reaches:
        return undecided
    told = {capability for one in findings if one.severity is Severity.ERROR for capability in one.breaks}
    by_ways = (
        replace(need, verdict=Verdict.UNKNOWN) if need.verdict is Verdict.BROKEN and need.capability not in told else need
        for need in _needs(case, case.cloud)
    )
    return (*by_ways, *undecided)


def _needs(case: Case, cloud: Cloud) -> Iterator[NeedVerdict]:
    standing = {way.row: way.state for way in cloud_ways(case)}
    unsure = unsure_rows(case, cloud)
    offered = {(one.service, port) for one in required_of(case, cloud).endpoints for port in one.ports}
    management = cloud.management
    parts = (management.roles, management.activations, management.nodes)
    unread = roles.is_unread(case) or any(isinstance(part, Unseen) for part in parts)
    channels = [node.connection for node in value_of(management.nodes) or ()]
    is_unheard = any(isinstance(one, Unseen) and one != NOT_ASKED for one in channels)
    for capability in case.capabilities:
        if (unread and capability in ON_A_NODE) or (is_unheard and capability is Capability.SESSION):
            yield NeedVerdict(capability, Verdict.UNKNOWN)
        for need in NEEDS[capability]:
            names = rows_of(need, case.agent_path.version)
            row = (_ROWS[names[0]].service, _ROWS[names[0]].port)
            if row not in offered:
                continue  # this node's system does without
            states = [_state(cloud, standing, name) for name in names]
            first = states[0]
            if first is not Verdict.OK and row in unsure:
                first = Verdict.UNKNOWN
            if first is Verdict.BROKEN and Verdict.OK in states[1:]:
                first = Verdict.DEGRADED
            yield NeedVerdict(capability, first, names)


def _state(cloud: Cloud, standing: dict[tuple[str, int], WayState], name: str) -> Verdict:
    row = _ROWS[name]
    state = standing.get((row.service, row.port), WayState.UNKNOWN)
    host = row.host.format(region=cloud.region, domain=cloud_domain(cloud))
    leads = leads_there(cloud, row.service, host)
    if state is WayState.CLOSED or leads is False:
        return Verdict.BROKEN
    if state is WayState.UNKNOWN or leads is None:
        return Verdict.UNKNOWN
    return Verdict.DEGRADED if state is WayState.PARTLY else Verdict.OK


def cloud_domain(cloud: Cloud) -> str:
    """The domain of the names of the region."""
    return partition_of(cloud.region, NO_SITE).domain


# one cause for both sides


def joined(case: Case, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings of both sides: the same fault once, and what the node proves wrong as a disagreement."""
    if case.cloud is None:
        return tuple(findings)
    told = list(_merged(findings))
    if not case.reaches:
        return tuple(told)
    contradicted = [finding for finding in told if _is_proven_wrong(case, finding)]
    kept = [_doubtful(finding) if finding in contradicted else _with_silence(case, finding, told) for finding in told]
    told_of = {host for finding in contradicted for host in finding.hosts}
    apart = [one for one in differences(case) if one.variant != ANSWERS or not set(one.hosts) <= told_of]
    return (*kept, *apart, *(_disagreement(case, case.cloud, finding) for finding in contradicted))


def _merged(findings: Sequence[Finding]) -> Iterator[Finding]:
    """The findings with each fault that both sides tell of said once, with the resource that AWS names and what the node saw."""
    for finding in findings:
        if Side.AWS in finding.seen_from:
            yield _with_node(finding, [one for one in findings if _is_same(finding, one)])
        elif not _is_told_by_aws(finding, [one for one in findings if _is_same(one, finding)]):
            yield finding


def _is_same(by_aws: Finding, by_node: Finding) -> bool:
    """Whether the node tells of a fault of which AWS knows the resource."""
    if by_node.code != by_aws.code or Side.AWS in by_node.seen_from or Side.AWS not in by_aws.seen_from:
        return False
    return not by_node.services or bool(set(by_node.services) & set(by_aws.services))


def _is_told_by_aws(by_node: Finding, by_aws: Sequence[Finding]) -> bool:
    """Whether AWS has a resource for all that the node tells of."""
    services = {service for one in by_aws for service in one.services}
    return bool(by_aws) and set(by_node.services) <= services


def _with_node(by_aws: Finding, by_node: Sequence[Finding]) -> Finding:
    if not by_node:
        return by_aws
    return replace(
        by_aws,
        seen_from=(Side.AWS, Side.MACHINE),
        severity=min((by_aws.severity, *(one.severity for one in by_node)), key=list(Severity).index),
        breaks=tuple(dict.fromkeys((*by_aws.breaks, *(item for one in by_node for item in one.breaks)))),
        degrades=tuple(dict.fromkeys((*by_aws.degrades, *(item for one in by_node for item in one.degrades)))),
        evidence=(*by_aws.evidence, *(item for one in by_node for item in one.evidence)),
    )


def _with_silence(case: Case, by_aws: Finding, findings: Sequence[Finding]) -> Finding:
    """What AWS stops in part, as bad as the silence of which it is the one thing known: each address that failed meets it."""
    if by_aws.seen_from != (Side.AWS,) or by_aws.severity is not Severity.WARNING:
        return by_aws
    stopped = [reach for reach in case.reaches if carried(case, reach) is Carried.STOPPED and _meets(case, reach, by_aws)]
    hosts = {reach.shown_by.target.host for reach in stopped}
    silences = [
        one
        for one in findings
        if one.severity is Severity.ERROR and one.code in FINDINGS[by_aws.code].explains and one.hosts and set(one.hosts) <= hosts
    ]
    return _with_node(by_aws, silences)


def _meets(case: Case, reach: Reach, by_aws: Finding) -> bool:
    """Whether packets of a row meet the very thing of AWS that a finding is about."""
    told = {(one.locator, one.excerpt) for one in by_aws.evidence}
    met = obstacles_toward(case, reach)
    return any(one.subject == by_aws.subject and {(e.locator, e.excerpt) for e in one.evidence} & told for one in met)


def own(case: Case, finding: Finding) -> Mapping[str, str]:
    """What AWS's side knows for the commands of one finding."""
    return endpoint_facts(case.cloud, finding.services) if case.cloud is not None else {}


# where they do not agree


def _is_proven_wrong(case: Case, finding: Finding) -> bool:
    """Whether the node reached each target that this fault of AWS's side would keep it from.

    What decides over calls and not over packets is proven wrong by an answer alone that gives what was asked for: of most
    services none does to who is not signed in.
    """
    row = FINDINGS[finding.code]
    if finding.seen_from != (Side.AWS,) or finding.severity is not Severity.ERROR:
        return False
    if row.is_of_calls:
        of_hosts = [probe for probe in case.observations.probes if probe.target.host in finding.hosts]
        is_given = all(probe.status is not None and 200 <= probe.status < 300 for probe in of_hosts)
        return bool(of_hosts) and is_given and {probe.target.host for probe in of_hosts} >= set(finding.hosts)
    if row.layer not in (Layer.NAMES, Layer.WAY):
        return False
    kept_from = _rows_behind(case, finding)
    if kept_from:
        met = [reach for reach in case.reaches if (reach.shown_by.target.service, reach.shown_by.target.port) in kept_from]
    else:
        met = [reach for reach in case.reaches if reach.shown_by.target.host in finding.hosts]
    direct = [reach for reach in met if reach.shown_by.target.proxy is None]
    return bool(direct) and all(reach.standing is Standing.OK for reach in direct)


def _rows_behind(case: Case, finding: Finding) -> set[tuple[str, int]]:
    """The services and ports that this fault closes."""
    return {
        way.row
        for way in cloud_ways(case)
        if any((one.code, one.subject) == (finding.code, finding.subject) for one in way.obstacles)
    }


def _doubtful(finding: Finding) -> Finding:
    return replace(finding, severity=Severity.INFO, breaks=(), degrades=())


def _disagreement(case: Case, cloud: Cloud, finding: Finding) -> Finding:
    times = {"node_time": time_in_words(case.observations.taken_at), "aws_time": time_in_words(cloud.taken_at)}
    at_node = phrase("the node reached {hosts}", hosts=list(finding.hosts))
    return case.finding(
        "sides-disagree",
        finding.subject,
        finding.title,
        facts={**times, "host": ", ".join(finding.hosts)},
        evidence=(
            Evidence("node", times["node_time"], at_node, case.observations.taken_at),
            *finding.evidence,
        ),
        hosts=finding.hosts,
        services=finding.services,
        seen_from=(Side.MACHINE, Side.AWS),
    )


# the picture


def cloud_paths(case: Case, findings: Sequence[Finding]) -> tuple[CloudPath, ...]:
    """The ways as AWS has them, station by station with the resources that each is made of."""
    if case.cloud is None:
        return ()
    return tuple(_path(case.cloud, way, findings) for way in cloud_ways(case))


def _path(cloud: Cloud, way: CloudWay, findings: Sequence[Finding]) -> CloudPath:
    named = [answers(cloud, host).lead for host in way.hosts]
    by_names = next((one for one in findings if _breaks_at(one, Hop.RESOLVER) and set(one.hosts) & set(way.hosts)), None)
    codes = [one.code for one in way.obstacles]
    broken = {hop for one in way.obstacles if not one.is_partial for hop in FINDINGS[one.code].worded(one.variant).breaks_at}
    stations = []
    for hop in (Hop.RESOLVER, Hop.SECURITY_GROUP, Hop.NETWORK_ACL, Hop.ROUTE, Hop.ENDPOINT):
        if hop is Hop.RESOLVER:
            passage = Passage.BROKEN if by_names else Passage.UNSEEN if Lead.UNKNOWN in named else Passage.PASSED
        elif hop in broken:
            passage = Passage.BROKEN
        else:
            passage = Passage.UNSEEN if way.state is WayState.UNKNOWN else Passage.PASSED
        stations.append(CloudStation(hop.value, _resources(cloud, way, hop), passage))
    worst = next((one.passage for one in stations if one.passage is Passage.BROKEN), None)
    unseen = any(one.passage is Passage.UNSEEN for one in stations)
    overall = worst or (Passage.UNSEEN if unseen else Passage.SUSPECT if way.state is WayState.PARTLY else Passage.PASSED)
    finding = (codes or ([by_names.code] if by_names else []) or [""])[0]
    return CloudPath(way.service, way.port, way.hosts, tuple(stations), overall, finding)


def _breaks_at(finding: Finding, hop: Hop) -> bool:
    return Side.AWS in finding.seen_from and hop in FINDINGS[finding.code].worded(finding.variant).breaks_at


def _resources(cloud: Cloud, way: CloudWay, hop: Hop) -> tuple[str, ...]:
    """The resources that a station is made of, the node's first."""
    instance = value_of(cloud.instance)
    endpoint = next((one for one in value_of(cloud.network.endpoints) or () if one.id == way.endpoint_id), None)
    here = instance.interfaces[0] if instance is not None and instance.interfaces else None
    subnets = [here.subnet_id if here is not None else "", *(one.subnet_id for one in (endpoint.interfaces if endpoint else ()))]
    found: Iterable[str] = ()
    if hop is Hop.SECURITY_GROUP:
        found = (*(here.group_ids if here is not None else ()), *(endpoint.group_ids if endpoint is not None else ()))
    elif hop is Hop.NETWORK_ACL:
        acls = value_of(cloud.network.acls) or ()
        found = (acl.id for subnet in subnets for acl in acls if subnet in acl.subnet_ids)
    elif hop is Hop.ROUTE:
        tables = value_of(cloud.network.route_tables) or ()
        own = [table.id for table in tables if subnets[0] in table.subnet_ids]
        found = own or [table.id for table in tables if table.is_main]
    elif hop is Hop.ENDPOINT:
        found = (way.endpoint_id,)
    return tuple(dict.fromkeys(one for one in found if one))
