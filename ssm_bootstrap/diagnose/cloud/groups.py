"""Security groups: whether those of one end allow packets to or from the other end."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Iterable, Iterator, Mapping, Sequence

from ssm_bootstrap.diagnose.cloud.obstacles import End, Met, Obstacle
from ssm_bootstrap.diagnose.cloud.packets import (
    Packets,
    Span,
    at_addresses,
    common,
    packets,
    slots_of,
    span_of,
    united,
)
from ssm_bootstrap.model.cloud import ANY_PROTOCOL, Direction, GroupRule, PrefixList, SecurityGroup, VpcNetwork
from ssm_bootstrap.model.findings import Evidence
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.repair import AddGroupRule

_TCP = slots_of("tcp")


class Carries(Enum):
    """Whether a rule that names a group holds for packets between two ends."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def carries(between: str, direction: Direction) -> Carries:
    """Whether references to groups are kept: inside a VPC (``between`` is empty) and over what connects two.

    Source: Amazon VPC User Guide, security-group-rules and vpc-peering-security-groups; Transit Gateway guide, security group
    referencing (inbound rules only, where it is turned on).
    """
    if not between or between.startswith("pcx-"):
        return Carries.YES
    if between.startswith("tgw-") and direction is Direction.IN:
        return Carries.UNKNOWN
    return Carries.NO


@dataclass
class _Allowed:
    """What the rules of all groups of one end allow, what they may allow, and which rules refer to a group in vain."""

    surely: Packets = field(default_factory=Packets)
    maybe: Packets = field(default_factory=Packets)
    reasons: list[str] = field(default_factory=list)
    lost: list[GroupRule] = field(default_factory=list)


def met_at(network: VpcNetwork, end: End, other: End, direction: Direction, port: int, between: str = "") -> Iterator[Met]:
    """What packets of a TCP port meet at the groups of one end.

    ``between`` is the target of the route that leads from one VPC to another; empty where both ends are in the same.
    """
    name = ", ".join(end.group_ids)
    if isinstance(network.groups, Unseen):
        yield name, network.groups.reason
        return
    known = {group.id: group for group in network.groups.value}
    groups = [known[one] for one in end.group_ids if one in known]
    needed = packets(other.blocks, "tcp", port, port)
    rules = [rule for group in groups for rule in group.rules if rule.direction is direction]
    allowed = _allowed(network, rules, other, needed, carries(between, direction))
    denied = needed - allowed.surely
    if not denied:
        return
    if len(groups) < len(end.group_ids) or not end.group_ids:
        yield name or end.name, phrase("its security groups were not all seen")
    elif not denied - allowed.maybe or (allowed.reasons and denied - allowed.maybe != denied):
        yield name, phrase("{reasons}: whether its rules cover {place} is not known", reasons=allowed.reasons, place=other.name)
    else:
        yield _obstacle(end, other, direction, port, between, rules, denied, needed, allowed)


def shut(network: VpcNetwork, end: End, other: End, port: int, but: Sequence[str]) -> Iterator[Obstacle]:
    """What is wrong with groups that let packets of a TCP port out to nowhere, or to the prefix lists ``but`` alone.

    ``other`` is what a rule should name.
    """
    known = {group.id: group for group in value_of(network.groups) or ()}
    groups = [known[one] for one in end.group_ids if one in known]
    if not groups or len(groups) < len(end.group_ids):
        return
    rules = [rule for group in groups for rule in group.rules if rule.direction is Direction.OUT]
    slots = slots_of("tcp", port, port)
    if not any(rule.prefix_list_id not in but or not rule.prefix_list_id for rule in rules if _is_for(rule, slots)):
        needed = packets(other.blocks, "tcp", port, port)
        yield _obstacle(end, other, Direction.OUT, port, "", rules, needed, needed, _Allowed())


def _is_for(rule: GroupRule, slots: Span) -> bool:
    return rule.protocol in ("tcp", "6", ANY_PROTOCOL) and bool(
        common((slots_of(rule.protocol, rule.first_port, rule.last_port),), (slots,))
    )


def _obstacle(
    end: End,
    other: End,
    direction: Direction,
    port: int,
    between: str,
    rules: Sequence[GroupRule],
    denied: Packets,
    needed: Packets,
    allowed: _Allowed,
) -> Obstacle:
    """The one thing that is wrong with the rules of these groups."""
    name = ", ".join(end.group_ids)
    may_name_group = bool(other.group_ids) and carries(between, direction) is Carries.YES
    named = (other.prefix_list_id,) if other.prefix_list_id else other.group_ids[:1] if may_name_group else other.cidrs
    repairs = tuple(AddGroupRule(end.group_ids[0], direction, port, place) for place in named)
    place, words = ", ".join(named), str(port)
    evidence = tuple(_quoted(rule, end) for rule in rules[:20]) or (Evidence("EC2", name, phrase("no rules in this direction")),)
    at_endpoint = direction is Direction.IN
    if allowed.lost:
        rule = allowed.lost[0]
        return Obstacle(
            ("reference", name, rule.id),
            "sg-reference-lost",
            name,
            (words,),
            (rule.group_id,),
            (("rule", rule.id), ("peer", between)),
            (_quoted(rule, end),),
            repairs,
        )
    if denied != needed and other.prefix_list_id:
        covered = len([block for block in other.blocks if not common(denied.addresses, (span_of(block),))])
        facts = (("peer", f"{covered}"), ("rule", f"{len(other.blocks)}"))
        cause = ("partial", name, place)
        return Obstacle(cause, "sg-prefix-list-partial", name, (words,), (place,), facts, evidence, repairs, is_partial=True)
    code = "endpoint-sg-ingress-missing" if at_endpoint else "sg-egress-missing"
    cause = (code, name, place) if rules else (code, name, "empty")
    variant = "" if rules else "empty"
    return Obstacle(cause, code, name, (words,), (place,), (), evidence, repairs, variant, is_partial=denied != needed)


def _allowed(network: VpcNetwork, rules: Iterable[GroupRule], other: End, needed: Packets, reference: Carries) -> _Allowed:
    """What the rules allow of the packets that are needed: only that is added up, so that thousands of rules cost little."""
    found = _Allowed()
    lists = prefix_lists_of(network)
    spans: list[Span] = []
    doubtful: list[Span] = []
    needed_slots = united(slab.slots for slab in needed.slabs)
    for rule in rules:
        if rule.protocol not in ("tcp", "6", ANY_PROTOCOL):
            continue
        slots = slots_of(rule.protocol, rule.first_port, rule.last_port)
        if not common((slots,), needed_slots):
            continue
        if rule.cidr:
            spans.append(span_of(rule.cidr))
        elif rule.prefix_list_id and rule.prefix_list_id == other.prefix_list_id:
            spans.extend(map(span_of, other.blocks))
        elif rule.prefix_list_id in lists:
            spans.extend(map(span_of, lists[rule.prefix_list_id].cidrs))
        elif rule.prefix_list_id:
            doubtful.extend(map(span_of, other.blocks))
            found.reasons.append(_why_unread(network, rule.prefix_list_id))
        elif rule.group_id in other.group_ids:
            if reference is Carries.YES:
                spans.extend(map(span_of, other.blocks))
            elif reference is Carries.NO:
                found.lost.append(rule)
            else:
                doubtful.extend(map(span_of, other.blocks))
                found.reasons.append(phrase("whether {rule} holds over a transit gateway", rule=rule.id or rule.group_id))
    found.surely, found.maybe = needed & at_addresses(united(spans), _TCP), needed & at_addresses(united(doubtful), _TCP)
    return found


def _why_unread(network: VpcNetwork, list_id: str) -> str:
    reason = network.prefix_lists.reason if isinstance(network.prefix_lists, Unseen) else phrase("it was not seen")
    return phrase("{list}: {reason}", list=list_id, reason=reason)


def prefix_lists_of(network: VpcNetwork) -> Mapping[str, PrefixList]:
    """The prefix lists by id; none where they could not be read."""
    return {one.id: one for one in value_of(network.prefix_lists) or ()}


def meant_group(network: VpcNetwork, end: End, other: End, port: int) -> str:
    """The group that the rules of one end name for this port and that the other end lacks; empty where there is none.

    It is one that endpoints have, or that at least lets the first end in.
    """
    known: Mapping[str, SecurityGroup] = {group.id: group for group in value_of(network.groups) or ()}
    rules = [rule for one in end.group_ids if one in known for rule in known[one].rules if rule.direction is Direction.OUT]
    needed = packets(end.blocks, "tcp", port, port)
    for rule in rules:
        is_for_it = rule.protocol in ("tcp", "6", ANY_PROTOCOL) and common(
            (slots_of(rule.protocol, rule.first_port, rule.last_port),), ((_TCP[0] + port,) * 2,)
        )
        group = known.get(rule.group_id)
        if group is None or not is_for_it or group.id in other.group_ids or group.vpc_id != other.vpc_id:
            continue
        if any(group.id in endpoint.group_ids for endpoint in value_of(network.endpoints) or ()):
            return group.id
        inbound = [one for one in group.rules if one.direction is Direction.IN]
        if not needed - _allowed(network, inbound, end, needed, Carries.YES).surely:
            return group.id
    return ""


def rule_words(rule: GroupRule) -> str:
    """A rule as one line."""
    ports = "all" if rule.protocol == ANY_PROTOCOL else f"{rule.protocol} {rule.first_port}-{rule.last_port}"
    return f"{rule.id} {rule.direction.value} {ports} {rule.cidr or rule.prefix_list_id or rule.group_id}".strip()


def _quoted(rule: GroupRule, end: End) -> Evidence:
    return Evidence("EC2", ", ".join(end.group_ids), rule_words(rule))
