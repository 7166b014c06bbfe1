"""What the host's firewall does to one outgoing packet: for certain, perhaps, or not at all.

A rule is read word by word; a word that is not understood makes the rule a perhaps, and never a yes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Callable, Mapping, Optional

from ssm_bootstrap.diagnose.firewallrules import Does, Match, Packet, ReadRule, read_iptables, read_nft
from ssm_bootstrap.model.surroundings import Chain, Firewall

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
class Judgement:
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


def judge_packet(firewall: Firewall, packet: Packet) -> Judgement:
    """The fate of a packet: each base chain has its say, and one that stops it is enough."""
    chains = {(chain.tool, chain.table, chain.name): chain for chain in firewall.chains}
    perhaps = ""
    for chain in firewall.chains:
        if not chain.is_base or not _sees(chain, packet):
            continue
        walk = _Walk(packet, chains)
        end, rule = _follow(walk, chain, 0)
        if end is None and chain.policy == "drop":
            end, rule = Does.DROP, f"policy drop of {chain.table} {chain.name}"
        if end in (Does.DROP, Does.REJECT):
            if walk.certain and not firewall.cut:
                return Judgement(Fate.DROPPED if end is Does.DROP else Fate.REJECTED, f"{chain.tool}: {rule}")
            perhaps = perhaps or f"{chain.tool}: {rule}"
        elif walk.maybe:
            perhaps = perhaps or f"{chain.tool}: {walk.maybe}"
    return Judgement(Fate.PERHAPS, perhaps) if perhaps else Judgement(Fate.PASSES)


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
        if rule.match is Match.NO or rule.does is Does.CONTINUE:
            continue
        if rule.does in (Does.DROP, Does.REJECT) and rule.match is Match.PERHAPS:
            walk.maybe = walk.maybe or text
        elif rule.does in (Does.JUMP, Does.GOTO):
            found = _jump(walk, chain, rule, depth)
            if found[0] is not None:
                return found
        elif rule.match is Match.PERHAPS:  # accept, return
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
    if rule.match is Match.YES:
        return end, text
    if end in (Does.DROP, Does.REJECT):
        walk.maybe = walk.maybe or text
    elif end is Does.ACCEPT:
        walk.certain = False
    return None, ""
