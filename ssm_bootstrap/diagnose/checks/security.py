"""What this machine itself forbids: its firewall, SELinux, AppArmor."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Iterator, Mapping

from ssm_bootstrap.diagnose.case import Case, is_closed
from ssm_bootstrap.diagnose.firewall import Fate, Judgement, judge_packet
from ssm_bootstrap.diagnose.firewallrules import Packet
from ssm_bootstrap.diagnose.reach import Reach, Standing, hosts_of, services_of
from ssm_bootstrap.diagnose.verdicts import touched_by, with_severity
from ssm_bootstrap.diagnose.wording import make_finding
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.finding import Evidence, Finding, Severity
from ssm_bootstrap.model.network import Failure, Probe, Stage
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.model.surroundings import Firewall, Surroundings

RECENT = timedelta(hours=24)

_BY_FATE: Mapping[Fate, frozenset[Failure]] = {
    Fate.DROPPED: frozenset({Failure.TIMED_OUT, Failure.LOCAL_POLICY, Failure.RESOLVER_SILENT}),
    Fate.REJECTED: frozenset(
        {Failure.REFUSED, Failure.UNREACHABLE, Failure.LOCAL_POLICY, Failure.RESET, Failure.RESOLVER_SILENT}
    ),
}
_ALIKE = frozenset().union(*_BY_FATE.values())
"""How a connection fails that a firewall of this machine stops: one that drops is silent, one that rejects answers."""


def firewall(case: Case) -> Iterator[Finding]:
    """Rules of this machine that stop what failed: a cause where they do so for certain, else a remark."""
    around = value_of(case.observations.surroundings)
    rules = value_of(around.firewall) if around is not None else None
    if around is None or rules is None:
        return
    grouped: dict[tuple[bool, str], list[Reach]] = defaultdict(list)
    for reach in _stopped(case):
        found = _judge(case, around, rules, reach.shown_by)
        if found.fate is Fate.PERHAPS or reach.shown_by.last.failure in _BY_FATE.get(found.fate, ()):
            grouped[(found.fate is not Fate.PERHAPS, found.rule)].append(reach)
    certain = [(rule, reaches) for (sure, rule), reaches in grouped.items() if sure]
    if certain:
        yield _finding(case, certain)
    perhaps = [(rule, reaches) for (sure, rule), reaches in grouped.items() if not sure]
    if perhaps:
        yield _finding(case, perhaps, variant="perhaps")


def _stopped(case: Case) -> list[Reach]:
    """Rows that failed in a way that a firewall of this machine could make."""
    found = []
    for reach in case.reaches:
        last = reach.shown_by.last
        if reach.standing is Standing.FAILED and last.stage in (Stage.DNS, Stage.TCP) and last.failure in _ALIKE:
            found.append(reach)
    wanting = [reach for reach in found if not reach.shown_by.target.optional]
    # A public address of an endpoint's name is wrong in a closed VPC, whatever the firewall does: to let it out mends nothing.
    return [reach for reach in wanting if reach.code != "endpoint-missing" or not is_closed(case)]


def _judge(case: Case, around: Surroundings, rules: Firewall, probe: Probe) -> Judgement:
    routes = value_of(around.routes) or ()
    ways = frozenset(route.interface for route in routes)
    if probe.last.stage is Stage.TCP:
        port = probe.target.proxy.port if probe.target.proxy is not None else probe.target.port
        if not probe.address:
            return Judgement(Fate.PASSES)
        return judge_packet(rules, Packet(probe.address, port, "tcp", probe.local_address, ways))
    instance = value_of(case.observations.instance)
    fates = [judge_packet(rules, Packet(one, 53, "udp", "", ways)) for one in (instance.resolvers if instance else ())]
    if not fates or any(found.fate is Fate.PASSES for found in fates):
        return Judgement(Fate.PASSES)
    return next((found for found in fates if found.fate is Fate.PERHAPS), fates[0])


def _finding(
    case: Case,
    groups: list[tuple[str, list[Reach]]],
    variant: str = "",
) -> Finding:
    reaches = [reach for _, group in groups for reach in group]
    rows = [reach.endpoint for reach in reaches]
    hosts, services = hosts_of(reaches), services_of(reaches)
    first = reaches[0].shown_by
    finding = make_finding(
        "host-firewall",
        ", ".join(hosts),
        facts={
            "region": case.region,
            "service": ", ".join(services),
            "host": first.target.host,
            "address": first.address or "",
            "port": str(first.target.port),
            "detail": groups[0][0],
        },
        evidence=tuple(Evidence("firewall", ", ".join(_places(group)), rule[:300]) for rule, group in groups),
        variant=variant,
        hosts=hosts,
        services=services,
        breaks=touched_by(rows, case.needs, Verdict.BROKEN) if not variant else (),
        degrades=touched_by(rows, case.needs, Verdict.DEGRADED) if not variant else (),
    )
    return finding if variant else with_severity(finding)


def _places(reaches: list[Reach]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{reach.shown_by.target.host}:{reach.shown_by.target.port}" for reach in reaches))


def denials(case: Case) -> Iterator[Finding]:
    """What SELinux or AppArmor refused the agent; information where it was only noted, or long ago."""
    around = value_of(case.observations.surroundings)
    found = value_of(around.denials) if around is not None else None
    if not found:
        return
    since = case.observations.taken_at - RECENT
    counted = [one for one in found if one.enforced and (one.at is None or one.at >= since)]
    shown = counted or list(found)
    last = shown[-1]
    detail = f"{len(shown)} by {last.by}, the last of {last.process}"
    yield make_finding(
        "security-denials",
        ", ".join(dict.fromkeys(one.process for one in shown)),
        facts={"region": case.region, "detail": detail},
        evidence=tuple(Evidence("audit log", one.by, one.excerpt, one.at) for one in shown[-3:]),
        severity=Severity.WARNING if counted else Severity.INFO,
        count=len(shown),
    )


def not_looked_at(case: Case) -> Iterator[tuple[str, str]]:
    """What only root may read; and a firewall that nobody could list where it could be the cause of what failed."""
    around = value_of(case.observations.surroundings)
    if around is None:
        return
    if isinstance(around.firewall, Unseen) and (case.observations.root is False or _stopped(case)):
        yield "host firewall", around.firewall.reason
    if isinstance(around.denials, Unseen):
        yield "SELinux and AppArmor denials", around.denials.reason
