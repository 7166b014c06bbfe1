"""A complete closed VPC as a value: nothing is missing in it, and tests take single things away."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Dict, Tuple

from ssm_bootstrap.catalog.addresses import Place, place_of
from ssm_bootstrap.catalog.policies import policy_named
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.cloud import (
    AclEntry,
    Activation,
    Cloud,
    CloudInstance,
    Direction,
    EndpointKind,
    EndpointService,
    GroupRule,
    Interface,
    ManagedNode,
    Management,
    NetworkAcl,
    PrefixList,
    Role,
    RolePolicy,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
    VpcEndpoint,
    VpcNetwork,
    VpcRoute,
)
from ssm_bootstrap.model.network import Probe
from ssm_bootstrap.model.observations import Observations, Plan
from ssm_bootstrap.model.observed import Seen, value_of

AT = datetime(2026, 11, 20, 9, 0, tzinfo=timezone.utc)
REGION, ACCOUNT, VPC = "ap-northeast-1", "111122223333", "vpc-0a1"
INSTANCE, NODE = "i-0aa", "mi-0123456789abcdef0"
NODE_SUBNET, ENDPOINT_SUBNET = "subnet-0c1", "subnet-0c2"
NODE_GROUP, ENDPOINT_GROUP = "sg-0a1", "sg-0e1"
NODE_TABLE, MAIN_TABLE = "rtb-0b1", "rtb-0b0"
ACL, S3_LIST, GATEWAY = "acl-0d1", "pl-61a54008", "vpce-0f9"
S3_BLOCKS = ("52.219.0.0/20", "3.5.152.0/21", "52.219.16.0/22")
SERVICES = ("ssm", "ssmmessages", "ec2messages", "kms", "logs")
EVERYWHERE = "0.0.0.0/0"


def complete() -> Cloud:
    """The VPC in which every capability works: two subnets in one zone, five interface endpoints, a gateway for S3."""
    groups = (
        SecurityGroup(
            NODE_GROUP,
            "node",
            VPC,
            (
                GroupRule("sgr-01", Direction.OUT, "tcp", 443, 443, group_id=ENDPOINT_GROUP),
                GroupRule("sgr-02", Direction.OUT, "tcp", 443, 443, prefix_list_id=S3_LIST),
                GroupRule("sgr-03", Direction.OUT, "tcp", 80, 80, prefix_list_id=S3_LIST),
            ),
        ),
        SecurityGroup(
            ENDPOINT_GROUP, "endpoints", VPC, (GroupRule("sgr-04", Direction.IN, "tcp", 443, 443, group_id=NODE_GROUP),)
        ),
    )
    entries = tuple(
        AclEntry(number, way, allows, "-1", EVERYWHERE) for way in Direction for number, allows in ((100, True), (32767, False))
    )
    network = VpcNetwork(
        vpc=Seen(Vpc(VPC, ("10.0.0.0/16",), ACCOUNT, Seen(True), Seen(True))),
        subnets=Seen(
            (
                Subnet(NODE_SUBNET, f"{REGION}a", "apne1-az4", ("10.0.1.0/24",)),
                Subnet(ENDPOINT_SUBNET, f"{REGION}a", "apne1-az4", ("10.0.2.0/24",)),
            )
        ),
        route_tables=Seen(
            (
                RouteTable(NODE_TABLE, (NODE_SUBNET,), (VpcRoute("10.0.0.0/16", "local"), VpcRoute(S3_LIST, GATEWAY))),
                RouteTable(MAIN_TABLE, (), (VpcRoute("10.0.0.0/16", "local"),), is_main=True),
            )
        ),
        acls=Seen((NetworkAcl(ACL, (NODE_SUBNET, ENDPOINT_SUBNET), entries, is_default=True),)),
        groups=Seen(groups),
        endpoints=Seen(
            (
                *(interface_endpoint(number, service) for number, service in enumerate(SERVICES, 1)),
                VpcEndpoint(
                    GATEWAY,
                    "s3",
                    f"com.amazonaws.{REGION}.s3",
                    EndpointKind.GATEWAY,
                    "available",
                    VPC,
                    ACCOUNT,
                    route_table_ids=(NODE_TABLE,),
                ),
            )
        ),
        endpoint_services=Seen(
            tuple(
                EndpointService(f"com.amazonaws.{REGION}.{service}", tuple(f"{REGION}{letter}" for letter in "acd"))
                for service in (*SERVICES, "s3")
            )
        ),
        prefix_lists=Seen((PrefixList(S3_LIST, f"com.amazonaws.{REGION}.s3", S3_BLOCKS),)),
        name_servers=Seen(("AmazonProvidedDNS",)),
        zones=Seen(()),
        resolver_rules=Seen(()),
        dns_firewall=Seen(()),
        nat_gateways=Seen(()),
        transit=Seen(()),
        public_access_block=Seen("off"),
        public_access_exclusions=Seen(()),
    )
    return Cloud(AT, ACCOUNT, "aws", REGION, Seen(instance()), network, management())


def instance() -> CloudInstance:
    """The instance, with one interface."""
    interface = Interface("eni-0aa", NODE_SUBNET, ("10.0.1.10",), (NODE_GROUP,))
    return CloudInstance(INSTANCE, VPC, NODE_SUBNET, f"{REGION}a", "running", (interface,), "ami-0aa")


def interface_endpoint(number: int, service: str) -> VpcEndpoint:
    """An interface endpoint in the endpoints' subnet."""
    return VpcEndpoint(
        f"vpce-0f{number}",
        service,
        f"com.amazonaws.{REGION}.{service}",
        EndpointKind.INTERFACE,
        "available",
        VPC,
        ACCOUNT,
        private_dns=True,
        subnet_ids=(ENDPOINT_SUBNET,),
        group_ids=(ENDPOINT_GROUP,),
        interfaces=(Interface(f"eni-0f{number}", ENDPOINT_SUBNET, (f"10.0.2.{10 + number}",), (ENDPOINT_GROUP,)),),
    )


def management() -> Management:
    """An activation with room, its role, and the node that it made, online."""
    trust = policy_named("role-trust").make(REGION)
    core = policy_named("role-permissions").make(REGION)
    return Management(
        activations=Seen((Activation("0b8a1c9e-3c1f-4a53-8d38-6c5f8e0c5d11", "NodeRole", AT + timedelta(days=20), 10, 1),)),
        nodes=Seen(
            (
                ManagedNode(
                    NODE,
                    "Online",
                    "3.3.5068.0",
                    "0b8a1c9e-3c1f-4a53-8d38-6c5f8e0c5d11",
                    "NodeRole",
                    connection=Seen("connected"),
                ),
            )
        ),
        roles=Seen(
            (
                Role(
                    "NodeRole",
                    f"arn:aws:iam::{ACCOUNT}:role/NodeRole",
                    json.dumps(trust),
                    Seen((RolePolicy("ManagedNode", Seen(json.dumps(core))),)),
                ),
            )
        ),
        settings=Seen(()),
        node_quota=Seen(1000),
        node_quota_code="L-0A1B2C3D",
        node_count=Seen(1),
    )


def with_network(cloud: Cloud, **parts: Any) -> Cloud:
    """The same with other parts of its network, each a value that was seen."""
    return replace(cloud, network=replace(cloud.network, **{name: Seen(part) for name, part in parts.items()}))


def changed_endpoints(cloud: Cloud, change: Callable[[VpcEndpoint], VpcEndpoint], *services: str) -> Cloud:
    """The same with a change made to the endpoints of these services."""
    assert isinstance(cloud.network.endpoints, Seen)
    return with_network(
        cloud, endpoints=tuple(change(item) if item.service in services else item for item in cloud.network.endpoints.value)
    )


def observations(cloud: Cloud, capabilities: Tuple[Capability, ...] = tuple(Capability)) -> Observations:
    """What ``vpc`` has of this, without a report of the node."""
    plan = Plan("vpc", Seen(cloud.region), "--region", tuple(item.value for item in capabilities))
    return Observations("0", cloud.taken_at, plan, cloud=Seen(cloud))


def dialled_in(cloud: Cloud, node: Observations) -> Observations:
    """What a node saw, where its names lead to the endpoints of this cloud: each address inside the VPC is one of theirs."""
    told = {
        endpoint.service: tuple(address for one in endpoint.interfaces for address in one.addresses)
        for endpoint in value_of(cloud.network.endpoints) or ()
    }
    seen: Dict[str, Dict[str, str]] = {}

    def moved(probe: Probe) -> Probe:
        known = told.get(probe.target.service, ())
        if not known or place_of(probe.address or "") is not Place.INSIDE:
            return probe
        mine = seen.setdefault(probe.target.service, {})
        address = mine.setdefault(probe.address or "", known[len(mine) % len(known)])
        return replace(probe, address=address)

    return replace(node, probes=tuple(map(moved, node.probes)))
