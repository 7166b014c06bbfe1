"""One rule of a firewall against one packet: does it hold, and what does it do.

Sources: nft(8), iptables(8) and iptables-extensions(8). What is not understood makes a rule a perhaps.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
from dataclasses import dataclass
from enum import Enum
from typing import Iterable, Optional


class RuleMatch(Enum):
    """Whether a rule holds for a packet."""

    NO = 0
    PERHAPS = 1
    YES = 2


class Does(Enum):
    """What a rule does."""

    ACCEPT = "accept"
    DROP = "drop"
    REJECT = "reject"
    RETURN = "return"
    JUMP = "jump"
    GOTO = "goto"
    CONTINUE = "continue"


@dataclass(frozen=True)
class Packet:
    """The first packet of a connection that root of this machine begins; empty where a field is not known."""

    address: str
    port: int
    protocol: str  # tcp, udp
    source: str = ""
    interfaces: frozenset[str] = frozenset()

    @property
    def family(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.address else 4


@dataclass(frozen=True)
class ReadRule:
    """A rule as it was understood."""

    match: RuleMatch
    does: Does
    target: str = ""


_PORTS = {"https": 443, "http": 80, "domain": 53}
_PROTOCOLS = {"tcp": "tcp", "6": "tcp", "udp": "udp", "17": "udp"}
_ROOT = ("0", "root")
_VERDICT = re.compile(r"(?:^|\s)(accept|drop|reject|return|continue|jump (\S+)|goto (\S+))(?: with .*)?$")
_SILENT = re.compile(
    r"\b(?:counter(?: packets \d+ bytes \d+| name \S+)?"
    r"|log(?: prefix \S+| level \S+| flags \S+| group \d+| queue-threshold \d+)*)"
)
_VALUE = r"(\{[^}]*\}|@\S+|\S+)"
_WORD = re.compile(
    r"^(?P<key>(?:meta )?(?:oifname|oif|skuid|l4proto|nfproto)|(?:tcp|udp|th) dport|ip6? (?:daddr|saddr|protocol)|ip6 nexthdr"
    r"|ct state(?: vmap)?) (?P<op>(?:!=|==) )?" + _VALUE + r"(?:\s|$)"
)


def read_nft(text: str, packet: Packet) -> ReadRule:
    """A rule as ``nft list ruleset`` writes it."""
    text = re.sub(r'\s*comment "[^"]*"', "", text).strip()
    text = re.sub(r'"([^"\s]*)"', r"\1", re.sub(r'prefix "[^"]*"', "prefix x", text))
    found = _VERDICT.search(text)
    rest = _SILENT.sub("", text[: found.start()] if found else text).strip()
    does, target = _nft_does(found)
    match = RuleMatch.YES
    while rest and match is not RuleMatch.NO:
        word = _WORD.match(rest)
        if word is None:
            return ReadRule(RuleMatch.PERHAPS, does, target) if found else _without_verdict(text)
        rest = rest[word.end() :].strip()
        if word["key"] == "ct state vmap":
            return _vmap(word[3], does if found else Does.CONTINUE, target)
        negated = (word["op"] or "").startswith("!")
        match = _least(match, _nft_word(word["key"].replace("meta ", ""), negated, word[3], packet))
    return ReadRule(match, does, target)


def _without_verdict(text: str) -> ReadRule:
    """A rule that ends in something else: a map of verdicts may stop a packet, a statement does not."""
    stops = "vmap" in text and re.search(r": (?:drop|reject|jump|goto)", text)
    return ReadRule(RuleMatch.PERHAPS, Does.DROP if stops else Does.CONTINUE)


def _nft_does(found: Optional[re.Match[str]]) -> tuple[Does, str]:
    if found is None:
        return Does.CONTINUE, ""
    if found[2]:
        return Does.JUMP, found[2]
    if found[3]:
        return Does.GOTO, found[3]
    return Does(found[1]), ""


def _vmap(values: str, does: Does, target: str) -> ReadRule:
    """``ct state vmap { established : accept, ... }``: a new connection is concerned where ``new`` is listed."""
    for pair in values.strip("{} ").split(","):
        state, _, verdict = (part.strip() for part in pair.partition(":"))
        if state == "new":
            found = _VERDICT.search(verdict)
            does, target = _nft_does(found)
            return ReadRule(RuleMatch.YES, does, target)
    return ReadRule(RuleMatch.NO, does, target)


def _nft_word(key: str, negated: bool, value: str, packet: Packet) -> RuleMatch:
    values = _values(value)
    if key.startswith("ip ") and packet.family != 4:
        return RuleMatch.NO
    if key.startswith("ip6 ") and packet.family != 6:
        return RuleMatch.NO
    if any(one.startswith("@") for one in values):
        return RuleMatch.PERHAPS
    kind = key.split(" ")[-1]
    if kind == "dport" and key.split(" ")[0] not in ("th", packet.protocol):
        return RuleMatch.NO
    if kind in ("dport", "daddr", "saddr", "oifname", "oif", "skuid", "state"):
        return _turned(_FIELDS[kind](values, packet), negated)
    if kind == "nfproto":
        return _turned(_yes(("ipv6" if packet.family == 6 else "ipv4") in values), negated)
    return _turned(_yes(packet.protocol in [_PROTOCOLS.get(one, one) for one in values]), negated)  # l4proto and its like


def _values(text: str) -> list[str]:
    return [part.strip() for part in text.strip("{} ").split(",") if part.strip()]


def _ports(values: Iterable[str], packet: Packet) -> RuleMatch:
    for value in values:
        low, dash, high = value.replace(":", "-").partition("-")
        try:
            first = _PORTS[low] if low in _PORTS else int(low or 0)
            last = first if not dash else int(high or 65535)
        except ValueError:
            return RuleMatch.PERHAPS  # a service that this table does not know
        if first <= packet.port <= last:
            return RuleMatch.YES
    return RuleMatch.NO


def _addresses(values: Iterable[str], address: str) -> RuleMatch:
    if not address:
        return RuleMatch.PERHAPS
    own = ipaddress.ip_address(address.partition("%")[0])
    found = RuleMatch.NO
    for value in values:
        first, dash, last = value.partition("-")
        try:
            if dash:
                low, high = ipaddress.ip_address(first), ipaddress.ip_address(last)
                inside = low.version == own.version and int(low) <= int(own) <= int(high)
            else:
                network = ipaddress.ip_network(value, strict=False)
                inside = network.version == own.version and own in network
        except ValueError:
            found = RuleMatch.PERHAPS  # a name
            continue
        if inside:
            return RuleMatch.YES
    return found


def _interface(values: Iterable[str], packet: Packet) -> RuleMatch:
    fits = {
        name
        for name in packet.interfaces
        for value in values
        if name == value or (value[-1:] in ("*", "+") and name.startswith(value[:-1]))
    }
    if not packet.interfaces:
        return RuleMatch.NO if list(values) == ["lo"] else RuleMatch.PERHAPS
    return RuleMatch.YES if fits == packet.interfaces else RuleMatch.PERHAPS if fits else RuleMatch.NO


def _owner(values: Iterable[str], packet: Packet) -> RuleMatch:
    return _yes(any(value in _ROOT or re.match(r"0-\d+$", value) for value in values))


def _state(values: Iterable[str], packet: Packet) -> RuleMatch:
    return _yes("new" in [value.lower() for value in values])


_FIELDS = {
    "dport": _ports,
    "daddr": lambda values, packet: _addresses(values, packet.address),
    "saddr": lambda values, packet: _addresses(values, packet.source),
    "oifname": _interface,
    "oif": _interface,
    "skuid": _owner,
    "state": _state,
}


def _yes(holds: bool) -> RuleMatch:
    return RuleMatch.YES if holds else RuleMatch.NO


def _turned(match: RuleMatch, negated: bool) -> RuleMatch:
    return match if not negated else RuleMatch(2 - match.value)


def _least(one: RuleMatch, other: RuleMatch) -> RuleMatch:
    return one if one.value <= other.value else other


_TARGETS = {"ACCEPT": Does.ACCEPT, "DROP": Does.DROP, "REJECT": Does.REJECT, "RETURN": Does.RETURN}
_PASSING = frozenset(
    {
        *("LOG", "NFLOG", "ULOG", "AUDIT", "TRACE", "MARK", "CONNMARK", "SECMARK", "CONNSECMARK", "CT", "NOTRACK", "TCPMSS"),
        *("CHECKSUM", "CLASSIFY", "DSCP", "TOS", "TTL", "HL", "SET", "TEE", "RATEEST", "TCPOPTSTRIP"),
    }
)
"""Targets after which the next rule follows; any other name is a chain."""

_MODULES = ("tcp", "udp", "conntrack", "state", "comment", "multiport", "owner")
_FLAGS = {
    "-d": "daddr",
    "-s": "saddr",
    "-o": "oif",
    "--dport": "dport",
    "--dports": "dport",
    "--ctstate": "state",
    "--state": "state",
    "--uid-owner": "skuid",
}


def read_iptables(text: str, packet: Packet, family: int) -> ReadRule:
    """A rule as ``iptables-save`` writes it."""
    if family != packet.family:
        return ReadRule(RuleMatch.NO, Does.CONTINUE)
    try:
        words = shlex.split(text)[2:]
    except ValueError:
        return ReadRule(RuleMatch.PERHAPS, Does.DROP if re.search(r"-j (?:DROP|REJECT)", text) else Does.CONTINUE)
    match, does, target, negated = RuleMatch.YES, Does.CONTINUE, "", False
    while words:
        word = words.pop(0)
        if word == "!":
            negated = True
            continue
        is_value = bool(words) and (word == "--comment" or not words[0].startswith(("-", "!")))
        value = words.pop(0) if is_value else ""
        if word in ("-j", "-g"):
            chain = Does.CONTINUE if value in _PASSING else Does.JUMP if word == "-j" else Does.GOTO
            does = _TARGETS.get(value, chain)
            target = value
            break  # what follows are the target's own words
        if word == "-p":
            own = _yes(_PROTOCOLS.get(value, value) in (packet.protocol, "all"))
        elif word in _FLAGS:
            own = _FIELDS[_FLAGS[word]](value.split(","), packet)
        elif word == "--comment" or (word == "-m" and value in _MODULES):
            own, negated = RuleMatch.YES, False
        else:
            own = RuleMatch.PERHAPS
        match, negated = _least(match, _turned(own, negated)), False
    return ReadRule(match, does, target)
