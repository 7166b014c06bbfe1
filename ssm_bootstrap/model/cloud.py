"""What AWS says of a node's surroundings: the things of a VPC and an account that decide whether it can be managed.

Field names follow AWS APIs. A part that may not be read is Unseen, and its reason names the IAM action that would allow it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Optional

from ssm_bootstrap.model.observed import NOT_ASKED, Observed
from ssm_bootstrap.model.transit import TransitAttachment

ANY_PROTOCOL = "-1"
"""How EC2 writes every protocol."""


class Direction(str, Enum):
    """Which way a rule looks, from the interface or subnet that it hangs on."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True)
class GroupRule:
    """One rule of a security group: it allows a protocol (``tcp``, ``udp``, ``-1``, ...) and ports to or from one peer.

    One of ``cidr``, ``prefix_list_id`` and ``group_id`` tells the peer.
    """

    id: str
    direction: Direction
    protocol: str
    first_port: int = 0
    last_port: int = 65535
    cidr: str = ""
    prefix_list_id: str = ""
    group_id: str = ""


@dataclass(frozen=True)
class SecurityGroup:
    """A security group with its rules."""

    id: str
    name: str
    vpc_id: str
    rules: tuple[GroupRule, ...] = ()


@dataclass(frozen=True)
class AclEntry:
    """One numbered entry of a network ACL; the lowest number that fits decides."""

    number: int
    direction: Direction
    allows: bool
    protocol: str
    cidr: str
    first_port: int = 0
    last_port: int = 65535


@dataclass(frozen=True)
class NetworkAcl:
    """A network ACL, the subnets that it guards, and its entries by number; what no entry fits is denied."""

    id: str
    subnet_ids: tuple[str, ...]
    entries: tuple[AclEntry, ...] = ()
    is_default: bool = False


@dataclass(frozen=True)
class VpcRoute:
    """One route: ``destination`` is a CIDR block or the id of a prefix list, ``target`` an id or ``local``."""

    destination: str
    target: str
    is_blackhole: bool = False


@dataclass(frozen=True)
class RouteTable:
    """A route table; a subnet without one of its own uses the VPC's main table."""

    id: str
    subnet_ids: tuple[str, ...]
    routes: tuple[VpcRoute, ...] = ()
    is_main: bool = False
    vpc_id: str = ""  # empty: that of the instance


@dataclass(frozen=True)
class Subnet:
    """A subnet, its zone (``ap-northeast-1a``), and its blocks of both families."""

    id: str
    zone: str
    zone_id: str
    cidrs: tuple[str, ...]
    vpc_id: str = ""  # empty: that of the instance


@dataclass(frozen=True)
class Interface:
    """A network interface with its addresses of both families and its security groups."""

    id: str
    subnet_id: str
    addresses: tuple[str, ...]
    group_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class CloudInstance:
    """The EC2 instance as AWS has it; its first interface is the primary one."""

    id: str
    vpc_id: str
    subnet_id: str
    zone: str
    state: str
    interfaces: tuple[Interface, ...]
    image_id: str = ""
    profile_arn: str = ""


@dataclass(frozen=True)
class Vpc:
    """The VPC of the instance; ``dns_support`` and ``dns_hostnames`` are its two DNS attributes."""

    id: str
    cidrs: tuple[str, ...]
    owner: str = ""
    dns_support: Observed[bool] = NOT_ASKED
    dns_hostnames: Observed[bool] = NOT_ASKED


class EndpointKind(str, Enum):
    """How a VPC endpoint carries traffic."""

    INTERFACE = "Interface"
    GATEWAY = "Gateway"
    FIREWALL = "GatewayLoadBalancer"  # to appliances that look at packets, those of Network Firewall too


@dataclass(frozen=True)
class VpcEndpoint:
    """A VPC endpoint: of an interface endpoint its interfaces, of a gateway its route tables.

    ``service`` is the short name (``ssm``, ``s3``), ``policy`` the JSON text of its policy, empty for the default that allows
    all. ``vpc_id`` may be that of a hub VPC. ``is_for_inbound_resolver_only`` is the DNS option of S3 of that name.
    """

    id: str
    service: str
    service_name: str
    kind: EndpointKind
    state: str
    vpc_id: str
    owner: str = ""
    private_dns: bool = False
    policy: str = ""
    subnet_ids: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()
    route_table_ids: tuple[str, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    address_type: str = "ipv4"
    is_for_inbound_resolver_only: bool = False


@dataclass(frozen=True)
class NatGateway:
    """A NAT gateway, by the subnet that it is in; a private one leads to other networks and not to the internet."""

    id: str
    subnet_id: str
    is_private: bool = False


@dataclass(frozen=True)
class PublicAccessExclusion:
    """A VPC or a subnet that Block Public Access spares: ``mode`` is ``allow-bidirectional`` or ``allow-egress``."""

    id: str
    resource_id: str
    mode: str


@dataclass(frozen=True)
class EndpointService:
    """A service that endpoints can be made for in this region, and the zones that offer it."""

    name: str
    zones: tuple[str, ...]


@dataclass(frozen=True)
class PrefixList:
    """A prefix list and its blocks; AWS's own is named ``com.amazonaws.REGION.s3``."""

    id: str
    name: str
    cidrs: tuple[str, ...]


@dataclass(frozen=True)
class DnsRecord:
    """A record of a hosted zone; ``kind`` is ``A``, ``AAAA``, ``CNAME``; an alias has its target's name as its value."""

    name: str
    kind: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class HostedZone:
    """A private hosted zone that is associated with the VPC, itself or through a Route 53 Profile."""

    id: str
    name: str
    records: Observed[tuple[DnsRecord, ...]] = NOT_ASKED
    profile_id: str = ""


@dataclass(frozen=True)
class ResolverRule:
    """A resolver rule that is associated with the VPC: ``kind`` is ``FORWARD`` or ``SYSTEM``, a target ``ADDRESS:PORT``."""

    id: str
    domain: str
    kind: str
    targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class DnsFirewallRule:
    """A rule of a DNS Firewall rule group of the VPC, in order of ``priority``; ``action`` is ``ALLOW``, ``ALERT``, ``BLOCK``."""

    group_id: str
    name: str
    priority: int
    action: str
    domains: Observed[tuple[str, ...]] = NOT_ASKED
    query_type: str = ""  # A, AAAA, TYPE28; empty for all
    managed_list: str = ""  # the name of a list of threats that AWS shows to nobody


@dataclass(frozen=True)
class VpcNetwork:
    """All that decides whether packets and names of an instance reach the endpoints."""

    vpc: Observed[Vpc] = NOT_ASKED
    subnets: Observed[tuple[Subnet, ...]] = NOT_ASKED
    route_tables: Observed[tuple[RouteTable, ...]] = NOT_ASKED
    acls: Observed[tuple[NetworkAcl, ...]] = NOT_ASKED
    groups: Observed[tuple[SecurityGroup, ...]] = NOT_ASKED
    endpoints: Observed[tuple[VpcEndpoint, ...]] = NOT_ASKED
    endpoint_services: Observed[tuple[EndpointService, ...]] = NOT_ASKED
    prefix_lists: Observed[tuple[PrefixList, ...]] = NOT_ASKED
    name_servers: Observed[tuple[str, ...]] = NOT_ASKED  # of the DHCP options: addresses, or AmazonProvidedDNS
    zones: Observed[tuple[HostedZone, ...]] = NOT_ASKED
    resolver_rules: Observed[tuple[ResolverRule, ...]] = NOT_ASKED
    dns_firewall: Observed[tuple[DnsFirewallRule, ...]] = NOT_ASKED
    nat_gateways: Observed[tuple[NatGateway, ...]] = NOT_ASKED
    transit: Observed[tuple[TransitAttachment, ...]] = NOT_ASKED  # of the VPCs that were read
    public_access_block: Observed[str] = NOT_ASKED  # off, block-bidirectional or block-ingress
    public_access_exclusions: Observed[tuple[PublicAccessExclusion, ...]] = NOT_ASKED


@dataclass(frozen=True)
class Activation:
    """A hybrid activation: its role by name, how many may register with it and how many did, and until when."""

    id: str
    role: str
    expires: Optional[datetime]
    limit: int
    used: int
    is_expired: bool = False


@dataclass(frozen=True)
class ManagedNode:
    """A managed node as Systems Manager has it; ``ping`` is ``Online``, ``ConnectionLost`` or ``Inactive``."""

    id: str
    ping: str
    version: str
    activation_id: str = ""
    role: str = ""
    name: str = ""
    address: str = ""
    registered: Optional[datetime] = None
    last_ping: Optional[datetime] = None
    platform: str = ""  # its system, as its agent told it
    platform_version: str = ""
    connection: Observed[str] = NOT_ASKED  # of its control channel: connected or notconnected


@dataclass(frozen=True)
class RolePolicy:
    """A policy of a role by name, inline or attached, and its JSON text."""

    name: str
    document: Observed[str]


@dataclass(frozen=True)
class Role:
    """An IAM role: its trust policy as JSON text, and its policies."""

    name: str
    arn: str
    trust: str
    policies: Observed[tuple[RolePolicy, ...]] = NOT_ASKED
    boundary: str = ""  # the ARN of its permissions boundary
    boundary_policy: Observed[str] = NOT_ASKED  # the JSON text of that


@dataclass(frozen=True)
class Management:
    """The side of Systems Manager and IAM: activations, nodes, and the role that hybrid nodes act with."""

    activations: Observed[tuple[Activation, ...]] = NOT_ASKED
    nodes: Observed[tuple[ManagedNode, ...]] = NOT_ASKED
    roles: Observed[tuple[Role, ...]] = NOT_ASKED  # those of the activations that are looked at
    absent_roles: tuple[str, ...] = ()  # named, and not there
    settings: Observed[tuple[tuple[str, str], ...]] = NOT_ASKED  # id and value of a service setting
    node_quota: Observed[int] = NOT_ASKED
    node_quota_code: str = ""
    node_count: Observed[int] = NOT_ASKED  # the managed nodes of the account in this region


@dataclass(frozen=True)
class Cloud:
    """One reading of AWS's side of an instance."""

    taken_at: datetime
    account: str
    partition: str
    region: str
    instance: Observed[CloudInstance]
    network: VpcNetwork = VpcNetwork()
    management: Management = Management()
