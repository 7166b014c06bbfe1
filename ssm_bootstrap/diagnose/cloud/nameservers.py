"""Name servers of one's own, which the DHCP options of a VPC name: what they answer AWS does not know, and the node does."""

from __future__ import annotations

from typing import Iterator

from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.diagnose.cloud.decided import finding_of
from ssm_bootstrap.diagnose.cloud.names import own_name_servers
from ssm_bootstrap.diagnose.cloud.needs import needed_answers
from ssm_bootstrap.diagnose.reachability import Standing
from ssm_bootstrap.model.failure import Stage
from ssm_bootstrap.model.findings import Evidence, Finding
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.repair import UseAmazonDns


def own_servers(case: Case) -> Iterator[Finding]:
    """A remark that names are answered by servers of one's own; an error where the node asks them and gets no address."""
    cloud = case.cloud
    vpc = value_of(cloud.network.vpc) if cloud is not None else None
    servers = own_name_servers(cloud) if cloud is not None else ()
    if cloud is None or vpc is None or not servers:
        return
    excerpt = phrase("domain-name-servers: {servers}", servers=servers)
    seen = Evidence("DescribeDhcpOptions", vpc.id, excerpt, cloud.taken_at)
    unresolved = _unresolved_by(case, servers)
    led = [item for item in needed_answers(case) if item[1].host in unresolved]
    more = {"facts": {"place": ", ".join(servers)}, "repairs": (UseAmazonDns(vpc.id),)}
    yield finding_of(case, cloud, "dhcp-own-dns", vpc.id, led, seen, variant="fail" if led else "", **more)


def _unresolved_by(case: Case, servers: tuple[str, ...]) -> frozenset[str]:
    """The hosts for which the node got no address where it asks these servers; none where it asks others, or nobody knows."""
    if case.instance is None or not set(case.instance.resolvers) & set(servers):
        return frozenset()
    failed = [one.shown_by for one in case.reaches if one.standing is Standing.FAILED and one.shown_by.target.proxy is None]
    return frozenset(probe.target.host for probe in failed if probe.last.stage is Stage.DNS)


CHECKS = (Check("vpc-dns-servers", own_servers),)
