"""What a repair does beside what it is made for: to others of the VPC, to connections that are open, to bills.

Sources: AWS PrivateLink guide, interface endpoints (private DNS) and vpc-endpoints-s3 (considerations); Amazon VPC User Guide,
vpc-network-acls, vpc-dns and VPC_DHCP_Options; Route 53 Developer Guide, hosted-zone-private; as of 2026-11.
"""

from __future__ import annotations

from functools import singledispatch

from ssm_bootstrap.model.cloud import EndpointKind
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.repair import (
    AddAclEntry,
    AddEndpointSubnets,
    AddRouteTables,
    AllowInDnsFirewall,
    AttachRolePolicy,
    CreateEndpoint,
    CreateZone,
    DeleteEndpoint,
    DisassociateZone,
    Repair,
    SetAddressType,
    SetEndpointPolicy,
    SetRoleTrust,
    SetZoneRecord,
    TurnOnPrivateDns,
    TurnOnVpcDns,
    UseAmazonDns,
)

EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})
"""The blocks of every address."""


def consequence_of(repair: Repair) -> str:
    """The one thing to know before a repair is made; empty where it does nothing but what it is made for."""
    return _consequence(repair)


@singledispatch
def _consequence(repair: object) -> str:
    return ""


def _of_names() -> str:
    return phrase(
        "from then on the whole VPC resolves the service's name to this endpoint, and what its security group does not let in "
        "loses the service"
    )


def _of_gateway() -> str:
    return phrase(
        "open connections from these subnets to S3 are cut, and S3 sees private addresses: bucket policies that name public "
        "ones no longer fit"
    )


@_consequence.register
def _endpoint(repair: CreateEndpoint) -> str:
    if repair.kind is EndpointKind.GATEWAY:
        return _of_gateway()
    return _of_names() if repair.private_dns else ""


@_consequence.register
def _private_dns(repair: TurnOnPrivateDns) -> str:
    return _of_names()


@_consequence.register
def _route_tables(repair: AddRouteTables) -> str:
    return _of_gateway()


@_consequence.register
def _acl_entry(repair: AddAclEntry) -> str:
    if repair.cidr in EVERYWHERE:
        return phrase(
            "it counts for every subnet of this network ACL, and is this wide because an entry cannot name a prefix list and "
            "AWS's public addresses change: the security groups stay as narrow as they are"
        )
    return phrase("it counts for every subnet of this network ACL")


@_consequence.register
def _subnets(repair: AddEndpointSubnets) -> str:
    return phrase("each subnet of an endpoint is charged by the hour")


@_consequence.register
def _deleted(repair: DeleteEndpoint) -> str:
    return phrase("names that hold its id, and policies that name it, have to be changed to those of the next one")


@_consequence.register
def _address_type(repair: SetAddressType) -> str:
    return phrase(
        "machines with both families may then dial IPv6 first: security groups and network ACLs have to let that through"
    )


@_consequence.register
def _vpc_dns(repair: TurnOnVpcDns) -> str:
    return phrase("private hosted zones and endpoints' private DNS begin to answer in the whole VPC")


@_consequence.register
def _amazon_dns(repair: UseAmazonDns) -> str:
    return phrase("machines take it over as they renew their lease, and lose the names that your own servers alone know")


@_consequence.register
def _zone(repair: DisassociateZone) -> str:
    return phrase("every other name of the zone is gone from this VPC as well")


@_consequence.register
def _new_zone(repair: CreateZone) -> str:
    return phrase(
        "the VPC then resolves this name by the new zone alone; where there is such a zone for the endpoint's VPC, associate "
        "that one instead"
    )


@_consequence.register
def _record(repair: SetZoneRecord) -> str:
    return phrase("every VPC of the zone gets it")


@_consequence.register
def _dns_firewall(repair: AllowInDnsFirewall) -> str:
    return phrase("it counts for every VPC that has this rule group")


@_consequence.register
def _endpoint_policy(repair: SetEndpointPolicy) -> str:
    if repair.is_kept:
        return _of_kept()
    return phrase(
        "the present policy is replaced whole, for everybody who uses the endpoint: what others need of it is lost unless it is "
        "added first"
    )


@_consequence.register
def _trust(repair: SetRoleTrust) -> str:
    if repair.is_kept:
        return _of_kept()
    return phrase("the present trust policy is replaced whole: whom else the role trusts is lost unless it is added first")


def _of_kept() -> str:
    return phrase("the present statements stay as they were read, and what was changed since then is lost")


@_consequence.register
def _role_policy(repair: AttachRolePolicy) -> str:
    return phrase("it counts for every node of this role")
