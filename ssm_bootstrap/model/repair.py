"""Repairs: each one change to one resource of AWS that a finding asks for, with the real ids.

They are rendered as commands of the AWS CLI, as Terraform and as CloudFormation, and hold no text of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from ssm_bootstrap.model.cloud import Direction, EndpointKind


@dataclass(frozen=True)
class AddGroupRule:
    """Allow TCP ``port`` in a security group, to or from one peer: a CIDR block, a prefix list (``pl-``) or a group (``sg-``)."""

    group_id: str
    direction: Direction
    port: int
    peer: str


@dataclass(frozen=True)
class AddAclEntry:
    """Allow TCP ports in a network ACL under a number that comes before the entry that denies."""

    acl_id: str
    number: int
    direction: Direction
    cidr: str
    first_port: int
    last_port: int


@dataclass(frozen=True)
class DeleteRoute:
    """Take a route away that leads nowhere, or elsewhere."""

    route_table_id: str
    destination: str


@dataclass(frozen=True)
class AddRouteTables:
    """Associate route tables with a gateway endpoint."""

    endpoint_id: str
    route_table_ids: tuple[str, ...]


@dataclass(frozen=True)
class AddEndpointSubnets:
    """Put an interface endpoint into further subnets, one a zone."""

    endpoint_id: str
    subnet_ids: tuple[str, ...]


@dataclass(frozen=True)
class AddEndpointGroups:
    """Give an interface endpoint further security groups."""

    endpoint_id: str
    group_ids: tuple[str, ...]


@dataclass(frozen=True)
class CreateEndpoint:
    """Make an endpoint: an interface in subnets with security groups, or a gateway with route tables.

    Where no ``group_ids`` are given for an interface, a group is made that lets in TCP 443 from ``client_cidrs``.
    ``address_type`` is ``ipv6`` or ``dualstack``, and its names follow; empty for IPv4.
    """

    vpc_id: str
    service_name: str
    kind: EndpointKind
    subnet_ids: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()
    route_table_ids: tuple[str, ...] = ()
    client_cidrs: tuple[str, ...] = ()
    private_dns: bool = True
    policy: str = ""  # of this project's table, as in SetEndpointPolicy; empty for the default that allows all
    account: str = ""
    address_type: str = ""
    system: str = ""  # of the nodes, by whose repositories the policy for S3 is made; empty for any


@dataclass(frozen=True)
class CreateGroup:
    """Make a security group that allows nothing yet; other repairs name it by ``made``, and ``given`` is used in its place."""

    vpc_id: str
    name: str
    made: str
    given: str = ""


@dataclass(frozen=True)
class DeleteEndpoint:
    """Take an endpoint away that failed, before another one is made in its place."""

    endpoint_id: str


@dataclass(frozen=True)
class AddRoute:
    """Add a route to a route table, over the target that another table of the VPC takes to the same place."""

    route_table_id: str
    destination: str
    target: str


@dataclass(frozen=True)
class SetAddressType:
    """Let an endpoint carry other families of addresses: ``dualstack`` is both; its names follow."""

    endpoint_id: str
    address_type: str


@dataclass(frozen=True)
class TurnOnPrivateDns:
    """Let the service's own names lead to an interface endpoint; for S3, for every resolver of the VPC as well."""

    endpoint_id: str
    for_every_resolver: bool = False


@dataclass(frozen=True)
class TurnOnVpcDns:
    """Set a DNS attribute of a VPC: ``enableDnsSupport`` or ``enableDnsHostnames``."""

    vpc_id: str
    attribute: str


@dataclass(frozen=True)
class UseAmazonDns:
    """Give a VPC DHCP options whose name server is AmazonProvidedDNS."""

    vpc_id: str


@dataclass(frozen=True)
class DisassociateResolverRule:
    """Take a forwarding rule of the Route 53 Resolver off a VPC."""

    vpc_id: str
    rule_id: str


@dataclass(frozen=True)
class DisassociateZone:
    """Take a private hosted zone off a VPC."""

    vpc_id: str
    zone_id: str
    region: str


@dataclass(frozen=True)
class CreateZone:
    """Make a private hosted zone for a VPC with address records of its own name, and of all below it where ``is_for_all``."""

    vpc_id: str
    region: str
    name: str
    addresses: tuple[str, ...]
    is_for_all: bool = False


@dataclass(frozen=True)
class StartInstance:
    """Start an instance that is stopped."""

    instance_id: str


@dataclass(frozen=True)
class SetZoneRecord:
    """Give a private hosted zone an address record (A, and AAAA for IPv6) in place of what it has of that name."""

    zone_id: str
    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class AllowInDnsFirewall:
    """Give a rule group of the DNS Firewall a rule that allows these domains, of a ``priority`` that no rule has yet."""

    group_id: str
    priority: int
    domains: tuple[str, ...]


@dataclass(frozen=True)
class SetEndpointPolicy:
    """Give an endpoint the policy of this project's table by name (``endpoint-ssm``, ``endpoint-s3``, ...), for an account.

    ``present`` is the JSON text of the policy that is set, empty where it was not read. Where ``is_kept`` its statements stay
    and those of the table are added; else it is replaced whole. ``system`` as in CreateEndpoint.
    """

    endpoint_id: str
    policy: str
    account: str
    present: str = ""
    is_kept: bool = False
    system: str = ""


@dataclass(frozen=True)
class SetRoleTrust:
    """Let Systems Manager assume a role; ``present`` and ``is_kept`` as in SetEndpointPolicy, of the trust policy."""

    role: str
    account: str
    present: str = ""
    is_kept: bool = False


@dataclass(frozen=True)
class AttachRolePolicy:
    """Attach a managed policy to a role."""

    role: str
    policy_arn: str


@dataclass(frozen=True)
class CreateRole:
    """Make the role that activations name: its trust, AmazonSSMManagedInstanceCore, and this project's ``role-permissions``."""

    role: str
    account: str


@dataclass(frozen=True)
class CreateActivation:
    """Make a hybrid activation: what it answers holds the code, which belongs in a parameter or a secret and on no screen."""

    role: str
    limit: int


Repair = Union[
    AddGroupRule,
    AddAclEntry,
    DeleteRoute,
    AddRouteTables,
    AddEndpointSubnets,
    AddEndpointGroups,
    CreateEndpoint,
    CreateGroup,
    DeleteEndpoint,
    AddRoute,
    SetAddressType,
    TurnOnPrivateDns,
    TurnOnVpcDns,
    UseAmazonDns,
    DisassociateResolverRule,
    DisassociateZone,
    CreateZone,
    StartInstance,
    SetZoneRecord,
    AllowInDnsFirewall,
    SetEndpointPolicy,
    SetRoleTrust,
    AttachRolePolicy,
    CreateRole,
    CreateActivation,
]
