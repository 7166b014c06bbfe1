"""What decides how the VPC resolves a name: private zones, resolver rules, DNS Firewall, and Profiles that bring any of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Iterable, Iterator, Mapping

from ssm_bootstrap.catalog.requirements import requirements_of
from ssm_bootstrap.collect.cloud.looks import ask_if_there, observed
from ssm_bootstrap.host.aws import Aws
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.cloud import DnsFirewallRule, DnsRecord, HostedZone, ResolverRule
from ssm_bootstrap.model.observed import Observed, Seen, Unseen, value_of
from ssm_bootstrap.model.phrase import phrase

KINDS = frozenset({"A", "AAAA", "CNAME"})
RULES = frozenset({"FORWARD", "SYSTEM"})
THREAT, MANAGED_THREATS = "THREAT", "AWSManagedDomains"
"""The type of lists of threats, and how AWS's own begin where no type is told (API Reference, FirewallDomainList)."""


@dataclass(frozen=True)
class ProfileResource:
    """Something that a Route 53 Profile brings into the VPC, by the last part of its ARN (``kind`` is hostedzone, ...)."""

    profile_id: str
    kind: str
    id: str


def profile_resources(aws: Aws, vpc_id: str) -> tuple[ProfileResource, ...]:
    """What the Profiles of a VPC bring; raises AwsFailure."""
    answer = ask_if_there(aws, "route53profiles", "ListProfileAssociations", ResourceId=vpc_id)
    profiles = dict.fromkeys(item["ProfileId"] for item in answer.get("ProfileAssociations", ()))
    return tuple(resource for profile in profiles for resource in _brought(aws, profile))


def _brought(aws: Aws, profile_id: str) -> Iterator[ProfileResource]:
    answer = aws.call("route53profiles", "ListProfileResourceAssociations", ProfileId=profile_id)
    for item in answer.get("ProfileResourceAssociations", ()):
        kind, _, key = str(item.get("ResourceArn", "")).rpartition(":")[2].rpartition("/")
        yield ProfileResource(profile_id, kind, key)


def needed_hosts(region: str) -> tuple[str, ...]:
    """The names that a node may dial, whatever it is for."""
    found = (host for item in requirements_of(region, tuple(Capability)).endpoints for host in item.hosts)
    return tuple(dict.fromkeys(found))


def hosts_of(region: str, service: str) -> tuple[str, ...]:
    """The names of one service among them."""
    found = requirements_of(region, tuple(Capability)).endpoints
    return tuple(host for item in found if item.service == service for host in item.hosts)


def zones_of(aws: Aws, vpc_id: str, brought: Iterable[ProfileResource], hosts: Iterable[str]) -> tuple[HostedZone, ...]:
    """The private zones of a VPC that can answer for one of the hosts, with the records for them; raises AwsFailure.

    A zone that a service of AWS owns is left out: nobody can put records into it, and that of an endpoint is its private DNS.
    """
    wanted = tuple(hosts)
    answer = aws.call("route53", "ListHostedZonesByVPC", VPCId=vpc_id, VPCRegion=aws.region)
    found = [
        (HostedZone(item["HostedZoneId"], _plain(item["Name"])), item.get("Owner") or {})
        for item in answer.get("HostedZoneSummaries", ())
        if not (item.get("Owner") or {}).get("OwningService")
    ]
    for resource in brought:
        if resource.kind == "hostedzone":
            zone = aws.call("route53", "GetHostedZone", Id=resource.id)["HostedZone"]
            found.append((HostedZone(resource.id, _plain(zone["Name"]), profile_id=resource.profile_id), {}))
    return tuple(
        replace(zone, records=_records(aws, zone, owner, wanted)) for zone, owner in found if _concerns(zone.name, wanted)
    )


def _concerns(zone: str, hosts: Iterable[str]) -> bool:
    return any(_is_below(host, zone) or _is_below(zone, host) for host in hosts)


def _is_below(name: str, parent: str) -> bool:
    """Whether a name is the other or one below it."""
    return f".{name}".endswith(f".{parent}")


def _records(aws: Aws, zone: HostedZone, owner: Mapping[str, str], hosts: tuple[str, ...]) -> Observed[tuple[DnsRecord, ...]]:
    account = owner.get("OwningAccount", "")

    def look() -> tuple[DnsRecord, ...]:
        answer = aws.call("route53", "ListResourceRecordSets", HostedZoneId=zone.id)
        found = (_record(item) for item in answer.get("ResourceRecordSets", ()) if item.get("Type") in KINDS)
        return tuple(record for record in found if _answers(record.name, hosts))

    seen = observed(look)
    if isinstance(seen, Unseen) and account:
        reason = phrase("the zone belongs to account {account}: {reason}", account=account, reason=seen.reason)
        return Unseen(reason)
    return seen


def _answers(record: str, hosts: Iterable[str]) -> bool:
    """Whether a record may answer for a host or a name below it, as a bucket's is."""
    if record.startswith("*."):
        return any(_is_below(host, record[2:]) or _is_below(record[2:], host) for host in hosts)
    return any(_is_below(record, host) for host in hosts)


def _record(item: Mapping[str, Any]) -> DnsRecord:
    alias = (item.get("AliasTarget") or {}).get("DNSName", "")
    values = [alias] if alias else [one["Value"] for one in item.get("ResourceRecords", ())]
    return DnsRecord(_plain(item["Name"]), item["Type"], tuple(map(_plain, values)))


def _plain(name: str) -> str:
    """A name without the dot at its end; Route 53 writes an asterisk as its octal code."""
    return name.rstrip(".").replace("\\052", "*").lower()


def resolver_rules_of(aws: Aws, vpc_id: str, brought: Iterable[ProfileResource]) -> tuple[ResolverRule, ...]:
    """The forwarding rules of a VPC, and those that keep a domain with its own resolver; raises AwsFailure."""
    asked = [{"Name": "VPCId", "Values": [vpc_id]}]
    tied = ask_if_there(aws, "route53resolver", "ListResolverRuleAssociations", Filters=asked)
    own = [item["ResolverRuleId"] for item in tied.get("ResolverRuleAssociations", ())]
    others = [resource.id for resource in brought if resource.kind == "resolver-rule"]
    wanted = [key for key in dict.fromkeys((*own, *others)) if not key.startswith("rslvr-autodefined-")]
    rules = (aws.call("route53resolver", "GetResolverRule", ResolverRuleId=key)["ResolverRule"] for key in wanted)
    return tuple(
        ResolverRule(
            id=item["Id"],
            domain=_plain(item.get("DomainName", "")) or ".",
            kind=item["RuleType"],
            targets=tuple(f"{one.get('Ip') or one.get('Ipv6', '')}:{one.get('Port', 53)}" for one in item.get("TargetIps", ())),
        )
        for item in rules
        if item.get("RuleType") in RULES
    )


def dns_firewall_of(aws: Aws, vpc_id: str, brought: Iterable[ProfileResource]) -> tuple[DnsFirewallRule, ...]:
    """The rules of DNS Firewall in the order in which they are tried; raises AwsFailure."""
    answer = ask_if_there(aws, "route53resolver", "ListFirewallRuleGroupAssociations", VpcId=vpc_id)
    tied = sorted(answer.get("FirewallRuleGroupAssociations", ()), key=lambda item: int(item.get("Priority", 0)))
    others = [resource.id for resource in brought if resource.kind == "firewall-rule-group"]
    found: list[DnsFirewallRule] = []
    for group_id in dict.fromkeys((*(item["FirewallRuleGroupId"] for item in tied), *others)):
        rules = aws.call("route53resolver", "ListFirewallRules", FirewallRuleGroupId=group_id).get("FirewallRules", ())
        found += [_firewall_rule(aws, item) for item in sorted(rules, key=lambda item: int(item.get("Priority", 0)))]
    return tuple(found)


def _firewall_rule(aws: Aws, item: Mapping[str, Any]) -> DnsFirewallRule:
    """A rule; one that looks at how queries behave has no list of domains."""
    key = item.get("FirewallDomainListId", "")
    category = ((item.get("FirewallRuleType") or {}).get("FirewallAdvancedContentCategory") or {}).get("Category", "")

    def look() -> tuple[str, ...]:
        answer = aws.call("route53resolver", "ListFirewallDomains", FirewallDomainListId=key)
        return tuple(map(_plain, answer.get("Domains", ())))

    rule = DnsFirewallRule(
        item["FirewallRuleGroupId"],
        item.get("Name", ""),
        int(item.get("Priority", 0)),
        item.get("Action", ""),
        observed(look) if key else Seen(()),
        item.get("Qtype", "").upper(),
    )
    if category:
        return replace(rule, domains=Unseen(phrase("AWS shows nobody which domains are of the category {name}", name=category)))
    return rule if key == "" or value_of(rule.domains) else _of_managed_list(aws, rule, key)


def _of_managed_list(aws: Aws, rule: DnsFirewallRule, key: str) -> DnsFirewallRule:
    """A rule whose domains did not come, with what is known of the list: those that AWS manages cannot be read.

    Source: Amazon Route 53 Developer Guide, resolver-dns-firewall-managed-domain-lists: their domains can be neither viewed nor
    downloaded, and a list of threats holds names that are tied to malicious activity.
    """
    asked = observed(lambda: aws.call("route53resolver", "GetFirewallDomainList", FirewallDomainListId=key))
    if isinstance(asked, Unseen):
        return replace(rule, domains=asked)
    found = asked.value.get("FirewallDomainList") or {}
    if not found.get("ManagedOwnerName"):
        return rule
    name, kind = found.get("Name", key), found.get("ManagedListType", "")
    if kind == THREAT or (not kind and name.startswith(MANAGED_THREATS)):
        return replace(rule, domains=Seen(()), managed_list=name)
    return replace(rule, domains=Unseen(phrase("AWS manages the list {name} and shows nobody its domains", name=name)))
