"""Which rule of DNS Firewall decides over a name, and what of it is not known."""

from __future__ import annotations

from typing import Iterator, Optional

from ssm_bootstrap.diagnose.cloud.domains import plain
from ssm_bootstrap.model.cloud import Cloud, DnsFirewallRule
from ssm_bootstrap.model.observed import Unseen, value_of

_QUERIES = {4: frozenset({"", "A", "TYPE1"}), 6: frozenset({"", "AAAA", "TYPE28"})}
"""The types of rules that are for the queries of a family. Source: Route 53 API Reference, FirewallRule (Qtype)."""


def deciding(cloud: Cloud, rules: tuple[DnsFirewallRule, ...], host: str) -> Optional[DnsFirewallRule]:
    """The rule that blocks a name, or one of unread domains that would decide otherwise; None where the name passes.

    The first that fits decides: of each group by priority, and groups in the order in which they are given. Rules for queries
    that the instance can do without are left out.
    """
    unread: list[DnsFirewallRule] = []
    asked = _QUERIES[_family(cloud)]
    for rule in _in_order(rules):
        if rule.query_type.upper() not in asked:
            continue
        if isinstance(rule.domains, Unseen):
            unread.append(rule)
        elif any(_fits(host, plain(domain)) for domain in rule.domains.value):
            if is_block(rule):
                return next(iter(unread), rule)
            break
    return next(filter(is_block, unread), None)


def is_block(rule: DnsFirewallRule) -> bool:
    """Whether a rule blocks what fits."""
    return rule.action.upper() == "BLOCK"


def rule_name(rule: DnsFirewallRule) -> str:
    """A rule as what could not be read."""
    return f"DNS Firewall {rule.group_id} {rule.name}"


def _family(cloud: Cloud) -> int:
    """The family of addresses that an instance cannot do without: IPv6 where it has no other."""
    instance = value_of(cloud.instance)
    addresses = [address for one in instance.interfaces for address in one.addresses] if instance is not None else []
    return 6 if addresses and all(":" in address for address in addresses) else 4


def _in_order(rules: tuple[DnsFirewallRule, ...]) -> Iterator[DnsFirewallRule]:
    groups = dict.fromkeys(rule.group_id for rule in rules)
    for group in groups:
        yield from sorted((rule for rule in rules if rule.group_id == group), key=lambda rule: rule.priority)


def _fits(host: str, domain: str) -> bool:
    """Whether a domain of a firewall's list is this host: a star stands for what comes before the rest."""
    return host.endswith(domain[1:]) if domain.startswith("*") else host == domain
