"""What this machine itself forbids: what its firewall does to one outgoing packet, SELinux, AppArmor."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Callable, Iterator, Mapping, Optional

from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.diagnose.machine.firewall_rules import Does, Packet, ReadRule, RuleMatch, read_iptables, read_nft
from ssm_bootstrap.diagnose.reachability import Reach, Standing, hosts_of, services_of
from ssm_bootstrap.diagnose.verdicts import touched_by, with_severity
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Evidence, Finding, Severity
from ssm_bootstrap.model.machine import Chain, Firewall
from ssm_bootstrap.model.network import Probe
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.model.phrase import phrase

DEEPEST = 16

_READERS: Mapping[str, Callable[[str, Packet], ReadRule]] = {
    "nft": read_nft,
    "iptables": lambda rule, packet: read_iptables(rule, packet, 4),
    "ip6tables": lambda rule, packet: read_iptables(rule, packet, 6),
}


class Fate(str, Enum):
    """What becomes of a packet."""

    PASSES = "passes"
    PERHAPS = "perhaps"  # a rule that may hold stops it
    DROPPED = "dropped"
    REJECTED = "rejected"


@dataclass(frozen=True)
class PacketJudgement:
    """The fate of a packet, and the rule that decides it."""

    fate: Fate
    rule: str = ""


@dataclass
class _Walk:
    """One packet's way: ``certain`` until a rule that may hold could have let it pass; ``maybe`` could have stopped it."""

    packet: Packet
    chains: Mapping[tuple[str, str, str], Chain]
    certain: bool = True
    maybe: str = ""


def judge_packet(firewall: Firewall, packet: Packet) -> PacketJudgement:
    """The fate of a packet: each base chain has its say, and one that stops it is enough."""
    chains = {(chain.tool, chain.table, chain.name): chain for chain in firewall.chains}
    perhaps = ""
    for chain in firewall.chains:
        if not chain.is_base or not _sees(chain, packet):
            continue
        walk = _Walk(packet, chains)
        end, rule = _follow(walk, chain, 0)
        if end is None and chain.policy == "drop":
            end, rule = Does.DROP, phrase("policy drop of {table} {name}", table=chain.table, name=chain.name)
        if end in (Does.DROP, Does.REJECT):
            if walk.certain and not firewall.cut:
                return PacketJudgement(Fate.DROPPED if end is Does.DROP else Fate.REJECTED, f"{chain.tool}: {rule}")
            perhaps = perhaps or f"{chain.tool}: {rule}"
        elif walk.maybe:
            perhaps = perhaps or f"{chain.tool}: {walk.maybe}"
    return PacketJudgement(Fate.PERHAPS, perhaps) if perhaps else PacketJudgement(Fate.PASSES)


def _sees(chain: Chain, packet: Packet) -> bool:
    """Whether a chain's table is of the packet's family."""
    if chain.tool == "nft":
        family = chain.table.split(" ")[0]
        return family == "inet" or family == ("ip6" if packet.family == 6 else "ip")
    return (chain.tool == "ip6tables") == (packet.family == 6)


def _follow(walk: _Walk, chain: Chain, depth: int) -> tuple[Optional[Does], str]:
    """What the rules of a chain do to the packet; None where it comes out at the end."""
    for text in chain.rules:
        rule = _READERS[chain.tool](text, walk.packet)
        if rule.match is RuleMatch.NO or rule.does is Does.CONTINUE:
            continue
        if rule.does in (Does.DROP, Does.REJECT) and rule.match is RuleMatch.PERHAPS:
            walk.maybe = walk.maybe or text
        elif rule.does in (Does.JUMP, Does.GOTO):
            found = _jump(walk, chain, rule, depth)
            if found[0] is not None:
                return found
        elif rule.match is RuleMatch.PERHAPS:  # accept, return
            walk.certain = False
        elif rule.does is Does.RETURN:
            return None, ""
        else:
            return rule.does, text
    return None, ""


def _jump(walk: _Walk, chain: Chain, rule: ReadRule, depth: int) -> tuple[Optional[Does], str]:
    target = walk.chains.get((chain.tool, chain.table, rule.target))
    if target is None or depth >= DEEPEST:
        walk.certain = False
        return None, ""
    end, text = _follow(walk, target, depth + 1)
    if end is None and rule.does is Does.GOTO:
        walk.certain = False  # it does not come back here, and where it goes on is not followed
    if rule.match is RuleMatch.YES:
        return end, text
    if end in (Does.DROP, Does.REJECT):
        walk.maybe = walk.maybe or text
    elif end is Does.ACCEPT:
        walk.certain = False
    return None, ""


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
    rules = value_of(case.surroundings.firewall)
    if rules is None:
        return
    grouped: dict[tuple[bool, str], list[Reach]] = defaultdict(list)
    for reach in _stopped(case):
        found = _judge(case, rules, reach.shown_by)
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
    return [reach for reach in wanting if reach.code != "endpoint-missing" or not case.is_closed]


def _judge(case: Case, rules: Firewall, probe: Probe) -> PacketJudgement:
    ways = frozenset(route.interface for route in value_of(case.surroundings.routes) or ())
    if probe.last.stage is Stage.TCP:
        port = probe.target.proxy.port if probe.target.proxy is not None else probe.target.port
        if not probe.address:
            return PacketJudgement(Fate.PASSES)
        return judge_packet(rules, Packet(probe.address, port, "tcp", probe.local_address, ways))
    resolvers = case.instance.resolvers if case.instance is not None else ()
    fates = [judge_packet(rules, Packet(one, 53, "udp", "", ways)) for one in resolvers]
    if not fates or any(found.fate is Fate.PASSES for found in fates):
        return PacketJudgement(Fate.PASSES)
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
    finding = case.finding(
        "host-firewall",
        ", ".join(hosts),
        groups[0][0],
        facts={
            "service": ", ".join(services),
            "host": first.target.host,
            "address": first.address or "",
            "port": str(first.target.port),
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
    found = value_of(case.surroundings.denials)
    if not found:
        return
    counted = [one for one in found if one.enforced and (one.at is None or case.since(one.at) <= RECENT)]
    shown = counted or list(found)
    last = shown[-1]
    detail = phrase("{count} by {by}, the last of {process}", count=len(shown), by=last.by, process=last.process)
    yield case.finding(
        "security-denials",
        ", ".join(dict.fromkeys(one.process for one in shown)),
        detail,
        evidence=tuple(Evidence("audit log", one.by, one.excerpt, one.at) for one in shown[-3:]),
        severity=Severity.WARNING if counted else Severity.INFO,
        count=len(shown),
    )


def not_looked_at(case: Case) -> Iterator[tuple[str, str]]:
    """What only root may read; and a firewall that nobody could list where it could be the cause of what failed."""
    if not case.has_surroundings:
        return
    around = case.surroundings
    if isinstance(around.firewall, Unseen) and (case.observations.root is False or _stopped(case)):
        yield "host firewall", around.firewall.reason
    if isinstance(around.denials, Unseen):
        yield "SELinux and AppArmor denials", around.denials.reason


CHECKS = (
    Check("host-firewall", firewall),
    Check("security-denials", denials),
    Check("security-unseen", not_looked_at),
)
