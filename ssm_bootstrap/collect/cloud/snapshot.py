"""One reading of AWS's side of an instance: every look as soon as what it needs is known, up to eight at a time."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Callable, Iterable, Optional, TypeVar

from ssm_bootstrap.catalog.partitions import partition_of, service_names
from ssm_bootstrap.catalog.requirements import requirements_of
from ssm_bootstrap.collect.cloud.attachments import endpoints_of, groups_of, prefix_lists_of, referred_groups, services_of
from ssm_bootstrap.collect.cloud.hub import Surrounding, surrounding_of, with_more, zones_of_endpoints
from ssm_bootstrap.collect.cloud.looks import THREADS, Looks, items_of
from ssm_bootstrap.collect.cloud.management import (
    activations_of,
    hybrid_count,
    node_quota_of,
    nodes_of,
    own_nodes,
    roles_of,
    settings_of,
    wanted_roles,
    with_connection,
)
from ssm_bootstrap.collect.cloud.names import (
    ProfileResource,
    dns_firewall_of,
    needed_hosts,
    profile_resources,
    resolver_rules_of,
    zones_of,
)
from ssm_bootstrap.collect.cloud.transit import transit_of
from ssm_bootstrap.collect.cloud.vpc import (
    acls_of,
    attribute_of,
    instance_of,
    name_servers_of,
    nat_gateways_of,
    public_access_block_of,
    public_access_exclusions_of,
    route_tables_of,
    subnets_of,
    vpc_of,
)
from ssm_bootstrap.collect.guard import Guard
from ssm_bootstrap.host.aws import Aws
from ssm_bootstrap.host.awserrors import AwsFailure, AwsTrouble
from ssm_bootstrap.host.workers import threads
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.cloud import (
    Cloud,
    CloudInstance,
    DnsFirewallRule,
    HostedZone,
    ManagedNode,
    Management,
    ResolverRule,
    Role,
    SecurityGroup,
    Vpc,
    VpcEndpoint,
    VpcNetwork,
)
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.machine import Metadata
from ssm_bootstrap.model.observed import Observed, Seen, Unseen, value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import NO_SITE

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Subject:
    """What is looked at: an instance, and what its own report knows of it (the id of its node, and its metadata)."""

    instance_id: str
    node_id: str = ""
    metadata: Optional[Metadata] = None


@dataclass(frozen=True)
class Location:
    """Where the instance is in the network: by AWS's word, or by its own where that may not be read."""

    vpc_id: str
    account: str
    group_ids: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """What was seen, and the looks of ours that failed: (name, error)."""

    cloud: Cloud
    crashed: tuple[tuple[str, str], ...]


def look_at_cloud(aws: Aws, subject: Subject, taken_at: datetime) -> Reading:
    """Read it; raises Refusal where there is no such instance, or AWS answers nothing at all."""
    guard = Guard()
    with threads(THREADS) as pool:
        looks = Looks(pool, guard)
        found = looks.start("instance", lambda: _instance(aws, subject.instance_id))
        beside = _Management(aws, looks)
        services = looks.start("endpoint services", lambda: services_of(aws, _service_names(aws.region)))
        block = looks.start("public access block", lambda: public_access_block_of(aws))
        spared = looks.start("public access exclusions", lambda: public_access_exclusions_of(aws))
        seen = found.result()
        instance = value_of(seen)
        location = _location(aws, looks, instance, subject.metadata)
        management = beside.roles(subject, instance[0] if instance else None)
        network = VpcNetwork(
            endpoint_services=services.result(),
            public_access_block=block.result(),
            public_access_exclusions=spared.result(),
        )
        if location is None or not location.vpc_id:
            network = _without(network, seen.reason if isinstance(seen, Unseen) else phrase("the instance is in no VPC any more"))
        else:
            network = _Surroundings(aws, looks, location).network(network)
        managed = management()
    cloud = Cloud(
        taken_at=taken_at,
        account=location.account if location else "",
        partition=partition_of(aws.region, NO_SITE).name,
        region=aws.region,
        instance=_part(seen, lambda pair: pair[0]),
        network=network,
        management=managed,
    )
    return Reading(cloud, tuple(guard.crashed))


def _service_names(region: str) -> tuple[str, ...]:
    """The services of endpoints that a node may need, under every name that they have."""
    wanted = requirements_of(region, tuple(Capability)).endpoints
    return tuple(name for item in wanted for name in service_names(item.service, region))


def _instance(aws: Aws, instance_id: str) -> tuple[CloudInstance, str]:
    """The instance and its account; that it may not be read is all that may be in the way."""
    try:
        return instance_of(aws, instance_id)
    except AwsFailure as failure:
        if failure.trouble is AwsTrouble.DENIED:
            raise
        if failure.trouble is AwsTrouble.NOT_FOUND:
            text = "--instance-id: there is no {id} in {region} of the account that these credentials are of"
            raise Refusal(ExitStatus.NO_INPUT, phrase(text, id=instance_id, region=aws.region)) from None
        raise Refusal(STATUSES.get(failure.trouble, ExitStatus.UNREACHABLE), failure.message) from None


STATUSES = {
    AwsTrouble.CREDENTIALS: ExitStatus.NO_PERMISSION,
    AwsTrouble.THROTTLED: ExitStatus.TRY_LATER,
    AwsTrouble.FAILED: ExitStatus.TRY_LATER,
    AwsTrouble.UNREACHABLE: ExitStatus.UNREACHABLE,
}
"""The exit status where the first call of all fails."""


def _location(
    aws: Aws, looks: Looks, instance: Optional[tuple[CloudInstance, str]], metadata: Optional[Metadata]
) -> Optional[Location]:
    if instance is not None:
        item, owner = instance
        groups = dict.fromkeys(group for one in item.interfaces for group in one.group_ids)
        return Location(item.vpc_id, owner, tuple(groups))
    caller = looks.start("account", lambda: str(aws.call("sts", "GetCallerIdentity").get("Account", ""))).result()
    account = value_of(caller) or ""
    if metadata is None:
        return Location("", account, ())
    return Location(metadata.vpc_id, account, metadata.security_groups)


def _without(network: VpcNetwork, reason: str) -> VpcNetwork:
    """What can be seen where nobody knows the VPC."""
    unseen = Unseen(reason)
    return replace(
        network,
        **dict.fromkeys(
            ("vpc", "subnets", "route_tables", "acls", "groups", "endpoints", "prefix_lists", "name_servers"), unseen
        ),
        **dict.fromkeys(("zones", "resolver_rules", "dns_firewall", "nat_gateways", "transit"), unseen),
    )


def _part(observed: Observed[T], part: Callable[[T], U]) -> Observed[U]:
    """A part of what was seen, or why it was not."""
    return observed if isinstance(observed, Unseen) else Seen(part(observed.value))


class _Surroundings:
    """The looks at a VPC, those that need nothing of each other side by side."""

    def __init__(self, aws: Aws, looks: Looks, location: Location) -> None:
        self._aws, self._looks, self._location = aws, looks, location

    def network(self, network: VpcNetwork) -> VpcNetwork:
        """The same with all that was seen."""
        aws, looks, vpc_id = self._aws, self._looks, self._location.vpc_id
        vpc = looks.start("VPC", lambda: vpc_of(aws, vpc_id))
        support = looks.start("DNS support", lambda: attribute_of(aws, vpc_id, "EnableDnsSupport"))
        hostnames = looks.start("DNS hostnames", lambda: attribute_of(aws, vpc_id, "EnableDnsHostnames"))
        endpoints = looks.start("endpoints", lambda: endpoints_of(aws, "vpc-id", (vpc_id,)))
        brought = looks.start("Profiles", lambda: profile_resources(aws, vpc_id))
        tables = looks.start("route tables", lambda: route_tables_of(aws, (vpc_id,)))
        subnets = looks.start("subnets", lambda: subnets_of(aws, "vpc-id", (vpc_id,)))
        acls = looks.start("network ACLs", lambda: acls_of(aws, "vpc-id", (vpc_id,)))
        gateways = looks.start("NAT gateways", lambda: nat_gateways_of(aws, vpc_id))
        own = self._endpoints(endpoints.result(), vpc.result())
        servers = looks.start("name servers", lambda: _name_servers(aws, vpc.result()))
        groups = looks.start("security groups", lambda: self._groups(items_of(endpoints.result())))
        zones, rules, firewall = self._names(brought.result())
        lists = looks.start(
            "prefix lists",
            lambda: prefix_lists_of(aws, aws.region, items_of(tables.result()), items_of(groups.result())),
        )
        looked = looks.start(
            "hub",
            lambda: surrounding_of(aws, items_of(zones.result()), items_of(brought.result()), items_of(own)),
        ).result()
        hub = looked.value if isinstance(looked, Seen) else Surrounding(*[looked] * 5)
        every = with_more(own, hub.endpoints)
        routed = with_more(tables.result(), hub.route_tables)
        vpc_ids = {vpc_id, *(item.vpc_id for item in items_of(every))}
        transit = looks.start("transit gateways", lambda: transit_of(aws, items_of(routed), vpc_ids))
        return replace(
            network,
            vpc=_part(
                vpc.result(), lambda pair: replace(pair[0], dns_support=support.result(), dns_hostnames=hostnames.result())
            ),
            subnets=with_more(subnets.result(), hub.subnets),
            route_tables=routed,
            acls=with_more(acls.result(), hub.acls),
            groups=with_more(groups.result(), hub.groups),
            endpoints=every,
            prefix_lists=lists.result(),
            name_servers=servers.result(),
            zones=with_more(zones.result(), zones_of_endpoints(aws.region, items_of(brought.result()), every)),
            resolver_rules=rules.result(),
            dns_firewall=firewall.result(),
            nat_gateways=gateways.result(),
            transit=transit.result(),
        )

    def _endpoints(
        self, seen: Observed[tuple[VpcEndpoint, ...]], vpc: Observed[tuple[Vpc, str]]
    ) -> Observed[tuple[VpcEndpoint, ...]]:
        """The endpoints of the VPC; of one that is shared, only the account that owns it can describe them.

        Source: Share your interface endpoints in subnets that are shared with you, AWS PrivateLink Guide.
        """
        owner = vpc.value[0].owner if isinstance(vpc, Seen) else ""
        if owner and self._location.account and owner != self._location.account:
            text = "account {owner} shares this VPC: its endpoints can be described with credentials of that account alone"
            return Unseen(phrase(text, owner=owner))
        return seen

    def _groups(self, endpoints: Iterable[VpcEndpoint]) -> tuple[SecurityGroup, ...]:
        """The groups of the instance and of the endpoints, and those that their rules refer to."""
        own = dict.fromkeys((*self._location.group_ids, *(group for item in endpoints for group in item.group_ids)))
        found = groups_of(self._aws, own)
        return (*found, *groups_of(self._aws, referred_groups(found)))

    def _names(
        self, brought: Observed[tuple[ProfileResource, ...]]
    ) -> tuple[
        Future[Observed[tuple[HostedZone, ...]]],
        Future[Observed[tuple[ResolverRule, ...]]],
        Future[Observed[tuple[DnsFirewallRule, ...]]],
    ]:
        """Zones, resolver rules and rules of DNS Firewall; where Profiles may not be read none of them is known to its end."""
        aws, looks, vpc_id = self._aws, self._looks, self._location.vpc_id

        def with_profiles(look: Callable[[tuple[ProfileResource, ...]], T]) -> Callable[[], T]:
            def looked() -> T:
                if isinstance(brought, Unseen):
                    raise AwsFailure(AwsTrouble.FAILED, brought.reason)
                return look(brought.value)

            return looked

        return (
            looks.start("zones", with_profiles(lambda found: zones_of(aws, vpc_id, found, needed_hosts(aws.region)))),
            looks.start("resolver rules", with_profiles(lambda found: resolver_rules_of(aws, vpc_id, found))),
            looks.start("DNS Firewall", with_profiles(lambda found: dns_firewall_of(aws, vpc_id, found))),
        )


def _name_servers(aws: Aws, vpc: Observed[tuple[Vpc, str]]) -> tuple[str, ...]:
    """Those that the DHCP options of a VPC name; raises AwsFailure where the VPC may not be read."""
    if isinstance(vpc, Unseen):
        raise AwsFailure(AwsTrouble.FAILED, vpc.reason)
    return name_servers_of(aws, vpc.value[1])


class _Management:
    """The looks at Systems Manager and IAM, begun at once."""

    def __init__(self, aws: Aws, looks: Looks) -> None:
        self._aws, self._looks = aws, looks
        self._activations = looks.start("activations", lambda: activations_of(aws))
        self._nodes = looks.start("nodes", lambda: nodes_of(aws))
        self._settings = looks.start("service settings", lambda: settings_of(aws))
        self._quota = looks.start("quota", lambda: node_quota_of(aws))

    def roles(self, subject: Subject, instance: Optional[CloudInstance]) -> Callable[[], Management]:
        """Begin to look at the roles of what was found; gives what waits for all of it."""

        def own() -> Observed[tuple[ManagedNode, ...]]:
            return _part(self._nodes.result(), lambda every: _own(every, subject, instance))

        def connected() -> tuple[ManagedNode, ...]:
            return tuple(map(partial(with_connection, self._aws), items_of(own())))

        def look() -> tuple[tuple[Role, ...], tuple[str, ...]]:
            return roles_of(self._aws, wanted_roles(items_of(own()), items_of(self._activations.result())))

        roles, nodes = self._looks.start("roles", look), self._looks.start("connections", connected)

        def ended() -> Management:
            seen, activations, quota = roles.result(), self._activations.result(), self._quota.result()
            nothing = isinstance(own(), Unseen) and isinstance(activations, Unseen)
            return Management(
                activations=activations,
                nodes=own() if isinstance(own(), Unseen) else nodes.result(),
                roles=_part(activations, lambda _: ()) if nothing else _part(seen, lambda pair: pair[0]),
                absent_roles=seen.value[1] if isinstance(seen, Seen) else (),
                settings=self._settings.result(),
                node_quota=quota if isinstance(quota, Unseen) else quota.value[0],
                node_quota_code="" if isinstance(quota, Unseen) else quota.value[1],
                node_count=_part(self._nodes.result(), hybrid_count),
            )

        return ended


def _own(nodes: Iterable[ManagedNode], subject: Subject, instance: Optional[CloudInstance]) -> tuple[ManagedNode, ...]:
    addresses = [address for one in (instance.interfaces if instance else ()) for address in one.addresses]
    told = subject.metadata.addresses if subject.metadata else ()
    return own_nodes(nodes, filter(None, (subject.instance_id, subject.node_id)), (*addresses, *told))
