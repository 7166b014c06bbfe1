"""Network ACLs: which numbered entry denies packets at the border of a subnet, on the way out and on the way back."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Iterator, Optional, Sequence

from ssm_bootstrap.diagnose.cloud.obstacles import End, Met, Obstacle, span_words, toward
from ssm_bootstrap.diagnose.cloud.packets import Packets, everywhere, family_of, packets
from ssm_bootstrap.model.cloud import ANY_PROTOCOL, AclEntry, Direction, NetworkAcl, VpcNetwork
from ssm_bootstrap.model.findings import Evidence
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.repair import AddAclEntry, Repair

ANSWER_PORTS = (1024, 65535)
"""What AWS advises to allow for answers (Amazon VPC User Guide, nacl-ephemeral-ports)."""

CLIENT_PORTS = (32768, 60999)
"""From which ports Linux dials where nobody set another range (ip-sysctl, ip_local_port_range)."""

IMPLICIT = 32767
"""From this number on an entry is the one that denies what no other fits; no entry of one's own has such a number."""


_OF_ACL = "acl"
"""With what the cause of an obstacle of an ACL begins."""


def met_between(network: VpcNetwork, here: End, there: End, port: int, client_ports: tuple[int, int]) -> Iterator[Met]:
    """What packets to a TCP port and their answers meet at the ACLs of both subnets; within a subnet none applies."""
    if here.subnet_id == there.subnet_id:
        return
    yield from _met_at(network, here, there, Direction.OUT, (port, port), is_return=False)
    if there.subnet_id:
        yield from _met_at(network, there, here, Direction.IN, (port, port), is_return=False)
        yield from _met_at(network, there, here, Direction.OUT, client_ports, is_return=True)
    yield from _met_at(network, here, there, Direction.IN, client_ports, is_return=True)


def _met_at(
    network: VpcNetwork, end: End, other: End, direction: Direction, ports: tuple[int, int], *, is_return: bool
) -> Iterator[Met]:
    """What packets meet at the ACL of one end's subnet."""
    if isinstance(network.acls, Unseen):
        yield phrase("network ACL of {subnet}", subnet=end.subnet_id), network.acls.reason
        return
    acl = next((one for one in network.acls.value if end.subnet_id in one.subnet_ids), None)
    if acl is None:
        yield phrase("network ACL of {subnet}", subnet=end.subnet_id), phrase("it was not seen")
        return
    needed = packets(other.blocks, "tcp", *ports)
    for entry, denied in denials(acl, direction, needed):
        yield _obstacle(acl, entry, denied, needed, other, direction, ports, is_return)


def shut_at(network: VpcNetwork, here: End, other: End, port: int, client_ports: tuple[int, int]) -> Iterator[Obstacle]:
    """What denies all packets of a TCP port at the ACL of a subnet, wherever they go, or all answers.

    ``other`` is what an entry should name, and what it is about.
    """
    acl = next((one for one in value_of(network.acls) or () if here.subnet_id in one.subnet_ids), None)
    families = dict.fromkeys(family_of(block) for block in here.blocks)
    cidrs = tuple(one for one in other.cidrs if family_of(one) in families)
    anywhere = replace(other, blocks=tuple(map(everywhere, families)), cidrs=cidrs)
    for direction, ports in ((Direction.OUT, (port, port)), (Direction.IN, client_ports)):
        needed = packets(anywhere.blocks, "tcp", *ports)
        denied = list(denials(acl, direction, needed)) if acl is not None and needed else []
        left = needed
        for _, some in denied:
            left = left - some
        if acl is not None and denied and not left:
            yield _obstacle(acl, denied[0][0], needed, needed, anywhere, direction, ports, direction is Direction.IN)


def denials(acl: NetworkAcl, direction: Direction, needed: Packets) -> Iterator[tuple[Optional[AclEntry], Packets]]:
    """The entries that deny some of the packets, in their order, with what each denies; None is the implicit one."""
    undecided = needed
    for entry in sorted(acl.entries, key=lambda one: one.number):
        if not undecided:
            return
        if entry.direction is not direction or entry.protocol not in ("tcp", "6", ANY_PROTOCOL):
            continue
        fits = packets((entry.cidr,), entry.protocol, entry.first_port, entry.last_port)
        met = undecided & fits
        if met and not entry.allows:
            yield (None if entry.number >= IMPLICIT else entry), met
        undecided = undecided - met
    if undecided:
        yield None, undecided


def _obstacle(
    acl: NetworkAcl,
    entry: Optional[AclEntry],
    denied: Packets,
    needed: Packets,
    other: End,
    direction: Direction,
    ports: tuple[int, int],
    is_return: bool,
) -> Obstacle:
    number = "*" if entry is None else str(entry.number)
    if entry is None:
        words = ", ".join(span_words(*span) for span in denied.ports)
        place, said = other.name, phrase("no entry allows it: denied by default")
    else:
        is_any = entry.protocol == ANY_PROTOCOL
        words = span_words(0, 65535) if is_any else span_words(entry.first_port, entry.last_port)
        place, said = entry.cidr, phrase("{entry}", entry=entry_words(entry))
    return Obstacle(
        (_OF_ACL, acl.id, direction.value, number),
        "acl-return-denies" if is_return else "acl-denies",
        acl.id,
        places=(phrase("TCP {ports} {place}", ports=words, place=toward(direction, place)),),
        facts=(("rule", number),),
        evidence=(Evidence("EC2", f"{acl.id} {number}", said),),
        repairs=_repairs(acl, entry, other, direction, ANSWER_PORTS if is_return else ports),
        is_partial=denied != needed,
        is_return=is_return,
    )


def _repairs(
    acl: NetworkAcl, entry: Optional[AclEntry], other: End, direction: Direction, ports: tuple[int, int]
) -> tuple[AddAclEntry, ...]:
    """Entries that allow it, each under a number that is free and comes before what denies; none where there are too few.

    An entry names blocks alone: of a prefix list, whose blocks change and are more than an ACL may hold, every address.
    Source: Amazon VPC User Guide, vpc-network-acls and amazon-vpc-limits (rules per network ACL).
    """
    taken = {one.number for one in acl.entries if one.direction is direction}
    before = entry.number if entry is not None else IMPLICIT
    families = dict.fromkeys(family_of(block) for block in other.blocks)
    cidrs = [everywhere(family) for family in families] if other.prefix_list_id else list(other.cidrs or other.blocks)
    free = list(islice((number for number in _numbers(before, taken) if number not in taken), len(cidrs)))
    if len(free) < len(cidrs):
        return ()
    return tuple(AddAclEntry(acl.id, number, direction, cidr, *ports) for number, cidr in zip(free, cidrs))


def _numbers(before: int, taken: set[int]) -> Iterator[int]:
    """Numbers to try: before an entry the nearest; at the end of the list the next tens, and then whatever is left."""
    if before == IMPLICIT:
        last = max((number for number in taken if number < IMPLICIT), default=0)
        yield from range((last // 10 + 1) * 10, IMPLICIT, 10)
    yield from range(before - 1, 0, -1)


def entry_words(entry: AclEntry) -> str:
    """An entry as one line."""
    verb = "allow" if entry.allows else "deny"
    ports = "all" if entry.protocol == ANY_PROTOCOL else f"{entry.protocol} {span_words(entry.first_port, entry.last_port)}"
    return f"{entry.number} {verb} {ports} {entry.direction.value} {entry.cidr}"


def numbered(network: VpcNetwork, obstacles: Sequence[Obstacle]) -> Iterator[Obstacle]:
    """The obstacles with no number of an ACL given twice to entries that repair them; lower numbers come before too.

    Of an ACL, one before which too few numbers are left has words of its own, and so has one that stops some packets alone.
    """
    taken = {(acl.id, entry.direction, entry.number): None for acl in value_of(network.acls) or () for entry in acl.entries}
    given: dict[tuple[str, Direction, int], Optional[AddAclEntry]] = dict(taken)

    def placed(repair: Repair) -> Optional[Repair]:
        if not isinstance(repair, AddAclEntry):
            return repair
        for number in range(repair.number, 0, -1):
            tried = replace(repair, number=number)
            if given.setdefault((tried.acl_id, tried.direction, number), tried) == tried:
                return tried
        return None

    for one in obstacles:
        repairs = tuple(dict.fromkeys(map(placed, one.repairs)))
        found = tuple(repair for repair in repairs if repair is not None)
        if one.cause[0] != _OF_ACL:
            yield replace(one, repairs=found)
        elif not found or None in repairs:
            yield replace(one, repairs=(), variant="no-number")
        else:
            yield replace(one, repairs=found, variant="partial" if one.is_partial else "")
