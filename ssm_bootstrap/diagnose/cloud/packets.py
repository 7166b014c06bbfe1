"""Sets of packets: which addresses, protocols and ports, with union, intersection and difference.

A set has two axes. On one lie all addresses, those of IPv6 before those of IPv4; on the other all protocols, each with its ports.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network, summarize_address_range
from typing import Callable, Iterable, Iterator

from ssm_bootstrap.model.cloud import ANY_PROTOCOL

Span = tuple[int, int]
"""Whole numbers from the first to the last, both of them included."""

Spans = tuple[Span, ...]
"""Numbers as spans in order, no two of which touch."""

PORTS = 1 << 16
_PROTOCOLS = 256
_IPV4_BEGINS = 1 << 128
_NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}
_WITH_PORTS = frozenset({6, 17})
"""Protocols by name as EC2 writes them, and those of which a rule names ports."""


@dataclass(frozen=True)
class Slab:
    """The same addresses for a row of protocols and ports."""

    slots: Span
    addresses: Spans


@dataclass(frozen=True)
class Packets:
    """A set of packets, always in one form, so that equal sets are equal values."""

    slabs: tuple[Slab, ...] = ()

    def __bool__(self) -> bool:
        """Whether any packet is in it."""
        return bool(self.slabs)

    def __or__(self, other: Packets) -> Packets:
        """The packets of either."""
        return _combined(self, other, lambda one, two: united((*one, *two)))

    def __and__(self, other: Packets) -> Packets:
        """The packets of both."""
        return _combined(self, other, common)

    def __sub__(self, other: Packets) -> Packets:
        """The packets of the first that are not in the second."""
        return _combined(self, other, without)

    @property
    def addresses(self) -> Spans:
        """Every address of any of its packets."""
        return united(span for slab in self.slabs for span in slab.addresses)

    @property
    def blocks(self) -> tuple[str, ...]:
        """The addresses as CIDR blocks."""
        return tuple(_blocks(self.addresses))

    @property
    def ports(self) -> Spans:
        """The ports of any protocol of its packets."""
        return united(
            (0, PORTS - 1) if first // PORTS != last // PORTS else (first % PORTS, last % PORTS)
            for first, last in (slab.slots for slab in self.slabs)
        )


def packets(cidrs: Iterable[str], protocol: str, first_port: int = 0, last_port: int = PORTS - 1) -> Packets:
    """The packets of these blocks, of a protocol as EC2 writes it, and of its ports where it has any."""
    addresses = united(map(span_of, cidrs))
    slots = slots_of(protocol, first_port, last_port)
    return Packets((Slab(slots, addresses),)) if addresses and slots[0] <= slots[1] else Packets()


def at_addresses(addresses: Spans, slots: Span) -> Packets:
    """The packets of these addresses and of these protocols and ports."""
    return Packets((Slab(slots, addresses),)) if addresses else Packets()


def slots_of(protocol: str, first_port: int = 0, last_port: int = PORTS - 1) -> Span:
    """Where a protocol with its ports lies; raises ValueError for a protocol that is neither known nor a number."""
    if protocol == ANY_PROTOCOL:
        return 0, _PROTOCOLS * PORTS - 1
    number = _NUMBERS[protocol] if protocol in _NUMBERS else int(protocol)
    begin = number * PORTS
    return (begin + first_port, begin + last_port) if number in _WITH_PORTS else (begin, begin + PORTS - 1)


@lru_cache(maxsize=16384)
def span_of(cidr: str) -> Span:
    """Where the addresses of a block lie; raises ValueError for what is no block."""
    network = ip_network(cidr, strict=False)
    begin = int(network.network_address) + (_IPV4_BEGINS if network.version == 4 else 0)
    return begin, begin + network.num_addresses - 1


def host_block(address: str) -> str:
    """The block that holds this one address."""
    return f"{address}/{ip_address(address).max_prefixlen}"


def family_of(address: str) -> int:
    """The family of an address or block: 4 or 6."""
    return 6 if ":" in address else 4


def everywhere(family: int) -> str:
    """The block of every address of a family."""
    return "0.0.0.0/0" if family == 4 else "::/0"


def united(spans: Iterable[Span]) -> Spans:
    """All numbers of these spans."""
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


def common(one: Spans, other: Spans) -> Spans:
    """The numbers of both."""
    found: list[Span] = []
    here = there = 0
    while here < len(one) and there < len(other):
        first, last = max(one[here][0], other[there][0]), min(one[here][1], other[there][1])
        if first <= last:
            found.append((first, last))
        if one[here][1] < other[there][1]:
            here += 1
        else:
            there += 1
    return tuple(found)


def without(one: Spans, other: Spans) -> Spans:
    """The numbers of the first that are not in the second."""
    found: list[Span] = []
    there = 0
    for first, last in one:
        while there < len(other) and other[there][1] < first:
            there += 1
        place = there
        while place < len(other) and other[place][0] <= last:
            if first < other[place][0]:
                found.append((first, other[place][0] - 1))
            first = other[place][1] + 1
            place += 1
        if first <= last:
            found.append((first, last))
    return tuple(found)


def _combined(one: Packets, other: Packets, combine: Callable[[Spans, Spans], Spans]) -> Packets:
    """What ``combine`` makes of the addresses of both, for every row of protocols and ports."""
    slabs = (*one.slabs, *other.slabs)
    cuts = sorted({edge for slab in slabs for edge in (slab.slots[0], slab.slots[1] + 1)})
    mine, theirs = iter(one.slabs), iter(other.slabs)
    here, there = next(mine, None), next(theirs, None)
    found: list[Slab] = []
    for first, after in zip(cuts, cuts[1:]):
        while here is not None and here.slots[1] < first:
            here = next(mine, None)
        while there is not None and there.slots[1] < first:
            there = next(theirs, None)
        addresses = combine(_at(here, first), _at(there, first))
        if not addresses:
            continue
        if found and found[-1].slots[1] + 1 == first and found[-1].addresses == addresses:
            found[-1] = Slab((found[-1].slots[0], after - 1), addresses)
        else:
            found.append(Slab((first, after - 1), addresses))
    return Packets(tuple(found))


def _at(slab: Slab | None, slot: int) -> Spans:
    return slab.addresses if slab is not None and slab.slots[0] <= slot else ()


def _blocks(spans: Spans) -> Iterator[str]:
    for first, last in spans:
        if first < _IPV4_BEGINS:
            end = min(last, _IPV4_BEGINS - 1)
            yield from map(str, summarize_address_range(IPv6Address(first), IPv6Address(end)))
        if last >= _IPV4_BEGINS:
            begin = max(first, _IPV4_BEGINS)
            yield from map(str, summarize_address_range(IPv4Address(begin - _IPV4_BEGINS), IPv4Address(last - _IPV4_BEGINS)))
