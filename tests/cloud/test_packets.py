"""The algebra of packets, against a set of single packets that is counted out."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from itertools import product
from typing import FrozenSet, Iterator, List, NamedTuple, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssm_bootstrap.diagnose.cloud.packets import Packets, host_block, packets, slots_of, span_of, united

ADDRESSES = ("10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.7", "10.0.1.0", "fd00::", "fd00::1", "fd00::2")
PORTS = (0, 79, 80, 443, 65535)
PROTOCOLS = ("tcp", "udp", "icmp", "50")
EVERY = tuple(product(ADDRESSES, PROTOCOLS, PORTS))
"""A world of 160 packets."""


class Rule(NamedTuple):
    """Arguments of ``packets``."""

    cidr: str
    protocol: str
    first: int
    last: int

    @property
    def made(self) -> Packets:
        return packets((self.cidr,), self.protocol, self.first, self.last)

    @property
    def counted(self) -> FrozenSet[Tuple[str, str, int]]:
        """Each packet of the small world that the rule fits, as EC2's guide has it."""
        block = ip_network(self.cidr)
        there = {one for one in ADDRESSES if ip_address(one).version == block.version and ip_address(one) in block}
        has_ports = self.protocol in ("tcp", "udp")
        return frozenset(
            (address, protocol, port)
            for address, protocol, port in EVERY
            if address in there and self.protocol in ("-1", protocol) and (not has_ports or self.first <= port <= self.last)
        )


def single(address: str, protocol: str, port: int) -> Packets:
    """One packet; of a protocol without ports there is but one."""
    return packets((host_block(address),), protocol, port, port)


def counted(found: Packets) -> FrozenSet[Tuple[str, str, int]]:
    return frozenset(one for one in EVERY if found & single(*one))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    address = draw(st.sampled_from(ADDRESSES))
    most = 128 if ":" in address else 32
    length = draw(st.sampled_from((0, most - 16, most - 3, most - 2, most - 1, most)))
    first, last = sorted((draw(st.sampled_from(PORTS)), draw(st.sampled_from(PORTS))))
    return Rule(str(ip_network(f"{address}/{length}", strict=False)), draw(st.sampled_from(("-1", *PROTOCOLS))), first, last)


def all_of(several: List[Rule]) -> Tuple[Packets, FrozenSet[Tuple[str, str, int]]]:
    made, expected = Packets(), frozenset[Tuple[str, str, int]]()
    for rule in several:
        made, expected = made | rule.made, expected | rule.counted
    return made, expected


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(rules(), max_size=5), st.lists(rules(), max_size=5))
def test_the_algebra_is_that_of_sets(ours: List[Rule], theirs: List[Rule]) -> None:
    (one, first), (other, second) = all_of(ours), all_of(theirs)
    assert counted(one) == first
    assert counted(one | other) == first | second
    assert counted(one & other) == first & second
    assert counted(one - other) == first - second


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(rules(), max_size=4), st.lists(rules(), max_size=4), st.lists(rules(), max_size=4))
def test_equal_sets_are_equal_values(ours: List[Rule], theirs: List[Rule], others: List[Rule]) -> None:
    one, other, third = (all_of(each)[0] for each in (ours, theirs, others))
    assert one | other == other | one and one & other == other & one
    assert (one - other) | (one & other) == one
    assert one - (other | third) == (one - other) - third
    assert one & (other | third) == (one & other) | (one & third)
    assert not one - one and not (one - other) & other
    assert all_of(ours[::-1])[0] == one


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(rules(), max_size=5))
def test_its_words_name_the_same_addresses(several: List[Rule]) -> None:
    made, expected = all_of(several)
    assert united(map(span_of, made.blocks)) == made.addresses
    held = [ip_network(block) for block in made.blocks]
    for address in ADDRESSES:
        named = any(ip_address(address).version == block.version and ip_address(address) in block for block in held)
        assert named == any(address == where for where, _, _ in expected)


def brute(entries: List[Tuple[Rule, bool]]) -> Iterator[Tuple[str, str, int]]:
    fitting = [(rule.counted, allows) for rule, allows in entries]
    for one in EVERY:
        if next((allows for fits, allows in fitting if one in fits), False):
            yield one


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(rules(), st.booleans()), max_size=8))
def test_the_first_entry_that_fits_decides(entries: List[Tuple[Rule, bool]]) -> None:
    undecided, allowed = packets(("0.0.0.0/0", "::/0"), "-1"), Packets()
    for rule, allows in entries:
        allowed = allowed | (undecided & rule.made) if allows else allowed
        undecided = undecided - rule.made
    assert counted(allowed) == frozenset(brute(entries))


def test_ports_and_blocks_are_told() -> None:
    made = packets(("10.0.0.0/25", "10.0.0.128/25", "fd00::/64"), "tcp", 80, 80) | packets(("10.0.0.0/24",), "tcp", 443, 443)
    assert made.ports == ((80, 80), (443, 443))
    assert made.blocks == ("fd00::/64", "10.0.0.0/24")
    assert packets(("::/0", "0.0.0.0/0"), "-1").blocks == ("::/0", "0.0.0.0/0")
    assert packets(("10.0.0.0/8",), "-1").ports == ((0, 65535),)


def test_what_is_no_block_or_protocol_is_refused() -> None:
    with pytest.raises(ValueError):
        packets(("10.0.0.0/33",), "tcp")
    with pytest.raises(ValueError):
        slots_of("carrier pigeon")
    assert not packets((), "tcp") and not packets(("10.0.0.0/8",), "tcp", 2, 1)
