"""What would be told of names once what hides it is mended: its repairs are made in the same round."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Container, Iterable, Iterator

from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.model.cloud import Cloud, DnsFirewallRule, HostedZone
from ssm_bootstrap.model.findings import Finding, Severity
from ssm_bootstrap.model.observed import Seen, value_of
from ssm_bootstrap.model.repair import Repair


def repairs_behind(
    case: Case,
    checks: Iterable[Callable[[Case], Iterator[Finding]]],
    mended: Callable[[Cloud], Cloud],
    hosts: Container[str],
) -> tuple[Repair, ...]:
    """The repairs that these checks ask for, for any of these hosts, in the cloud that is ``mended``; none of mere remarks."""
    if case.cloud is None:
        return ()
    after = replace(case, observations=replace(case.observations, cloud=Seen(mended(case.cloud))))
    found = (finding for check in checks for finding in check(after) if finding.severity is not Severity.INFO)
    repairs = (repair for one in found if any(host in hosts for host in one.hosts) for repair in one.repairs)
    return tuple(dict.fromkeys(repairs))


def with_dns(cloud: Cloud) -> Cloud:
    """The same with both DNS attributes of the VPC on."""
    vpc = value_of(cloud.network.vpc)
    if vpc is None:
        return cloud
    return replace(
        cloud, network=replace(cloud.network, vpc=Seen(replace(vpc, dns_support=Seen(True), dns_hostnames=Seen(True))))
    )


def with_allowed(hosts: Iterable[str]) -> Callable[[Cloud], Cloud]:
    """DNS Firewall lets these names through before all else."""
    allowed = DnsFirewallRule("", "", 0, "ALLOW", Seen(tuple(hosts)))

    def mended(cloud: Cloud) -> Cloud:
        return replace(cloud, network=replace(cloud.network, dns_firewall=Seen((allowed, *rules(cloud)))))

    def rules(cloud: Cloud) -> tuple[DnsFirewallRule, ...]:
        return value_of(cloud.network.dns_firewall) or ()

    return mended


def without_zone_of(zone: HostedZone) -> Callable[[Cloud], Cloud]:
    """The VPC without a private zone."""

    def mended(cloud: Cloud) -> Cloud:
        kept = tuple(one for one in value_of(cloud.network.zones) or () if one != zone)
        return replace(cloud, network=replace(cloud.network, zones=Seen(kept)))

    return mended
