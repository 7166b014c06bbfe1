"""Repairs as Terraform: standalone rules and associations, which leave alone what others manage of the same resource.

Source: documentation of the provider hashicorp/aws (resources aws_vpc_security_group_egress_rule, aws_vpc_endpoint,
aws_vpc_endpoint_*_association, aws_network_acl_rule, ...), as of 2026-11.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Sequence

from ssm_bootstrap.catalog.cloud.repairs import (
    ABOUT_GROUP,
    CORE,
    ENDPOINT_GROUP,
    INLINE,
    NODE_GROUP,
    RECORD_TTL,
    PeerKind,
    destination_of,
    is_for_every_resolver,
    names_of,
    path_and_name,
    peer_kind,
    policy_arn,
    records_of,
    target_of,
)
from ssm_bootstrap.model.cloud import Direction, EndpointKind
from ssm_bootstrap.model.repair import (
    AddAclEntry,
    AddEndpointGroups,
    AddEndpointSubnets,
    AddGroupRule,
    AddRoute,
    AddRouteTables,
    AllowInDnsFirewall,
    AttachRolePolicy,
    CreateEndpoint,
    CreateGroup,
    CreateRole,
    CreateZone,
    SetEndpointPolicy,
    SetZoneRecord,
    TurnOnPrivateDns,
    UseAmazonDns,
)
from ssm_bootstrap.render.iac.draft import (
    Draft,
    Parameter,
    by_hand,
    commented,
    effects,
    service_of,
    snake,
)
from ssm_bootstrap.render.iac.hcl import Block, Expression, text_of
from ssm_bootstrap.render.iac.hclsheet import HclSheet

PROVIDER = ">= 6.0"
"""The provider's version that all of these resources are in."""


def terraform(code: Draft) -> str:
    """The whole file."""
    sheet = HclSheet(code.region)
    left, written = [], []
    for repair in code.repairs:
        if _write(repair, sheet):
            written.append(repair)
        else:
            left += [*by_hand(repair, code.region, "Terraform"), ""]
    begin = [
        Block(
            "terraform",
            body={
                "required_providers": Block("required_providers", body={"aws": {"source": "hashicorp/aws", "version": PROVIDER}})
            },
        ),
        Block("provider", ("aws",), {"region": code.region}),
    ]
    asked = [Block("variable", (item.snake,), _variable(item)) for item in sheet.parameters.values()]
    blocks = [*begin, *asked, *sheet.blocks.values()] if sheet.blocks else []
    parts = [
        commented(code.heading),
        commented(effects(written)),
        *(text_of(block) for block in blocks),
        commented(left),
        commented(code.remarks),
    ]
    return "\n".join(part for part in parts if part)


def _variable(item: Parameter) -> dict[str, Any]:
    kind = Expression("list(string)" if item.is_list else "string")
    body: dict[str, Any] = {"description": item.about, "type": kind}
    return {**body, "default": item.default} if item.default or item.is_optional else body


@singledispatch
def _write(repair: object, sheet: HclSheet) -> bool:
    """Put a repair onto the sheet; False where Terraform has nothing for it that leaves the rest of its resource alone."""
    return False


_PEERS = {
    PeerKind.GROUP: "referenced_security_group_id",
    PeerKind.PREFIX_LIST: "prefix_list_id",
    PeerKind.IPV4: "cidr_ipv4",
    PeerKind.IPV6: "cidr_ipv6",
}


@_write.register
def _group_rule(repair: AddGroupRule, sheet: HclSheet) -> bool:
    peer = repair.peer
    way = "egress" if repair.direction is Direction.OUT else "ingress"
    sheet.resource(
        f"aws_vpc_security_group_{way}_rule",
        snake(repair.group_id, str(repair.port), peer),
        security_group_id=sheet.id_of(repair.group_id),
        description=ABOUT_GROUP,
        ip_protocol="tcp",
        from_port=repair.port,
        to_port=repair.port,
        **{_PEERS[peer_kind(peer)]: sheet.id_of(peer)},
    )
    return True


@_write.register
def _acl_entry(repair: AddAclEntry, sheet: HclSheet) -> bool:
    way = "out" if repair.direction is Direction.OUT else "in"
    sheet.resource(
        "aws_network_acl_rule",
        snake(repair.acl_id, way, str(repair.number)),
        network_acl_id=sheet.id_of(repair.acl_id),
        rule_number=repair.number,
        egress=repair.direction is Direction.OUT,
        protocol="tcp",
        rule_action="allow",
        from_port=repair.first_port,
        to_port=repair.last_port,
        **{"ipv6_cidr_block" if ":" in repair.cidr else "cidr_block": sheet.id_of(repair.cidr)},
    )
    return True


def _associations(sheet: HclSheet, kind: str, endpoint_id: str, values: Sequence[str]) -> None:
    for value in values:
        sheet.resource(
            f"aws_vpc_endpoint_{kind}_association",
            snake(endpoint_id, value),
            vpc_endpoint_id=sheet.id_of(endpoint_id),
            **{f"{kind}_id": sheet.id_of(value)},
        )


@_write.register
def _route_tables(repair: AddRouteTables, sheet: HclSheet) -> bool:
    _associations(sheet, "route_table", repair.endpoint_id, repair.route_table_ids)
    return True


@_write.register
def _endpoint_subnets(repair: AddEndpointSubnets, sheet: HclSheet) -> bool:
    _associations(sheet, "subnet", repair.endpoint_id, repair.subnet_ids)
    return True


@_write.register
def _endpoint_groups(repair: AddEndpointGroups, sheet: HclSheet) -> bool:
    _associations(sheet, "security_group", repair.endpoint_id, repair.group_ids)
    return True


@_write.register
def _group(repair: CreateGroup, sheet: HclSheet) -> bool:
    name = "endpoints" if repair.made == ENDPOINT_GROUP else "node"
    given = sheet.id_of(repair.given) if repair.given else None
    sheet.resource(
        "aws_security_group",
        name,
        count=Expression(f'{given} == "" ? 1 : 0') if given else None,
        name=repair.name,
        description=ABOUT_GROUP,
        vpc_id=sheet.id_of(repair.vpc_id),
    )
    if repair.made == NODE_GROUP:
        own = f'{given} == "" ? aws_security_group.node[0].id : {given}' if given else "aws_security_group.node.id"
        sheet.add(Block("locals", body={"node_security_group_id": Expression(own)}))
    return True


@_write.register
def _endpoint(repair: CreateEndpoint, sheet: HclSheet) -> bool:
    is_interface = repair.kind is EndpointKind.INTERFACE
    options: dict[str, Any] = {"dns_record_ip_type": repair.address_type} if repair.address_type else {}
    if is_for_every_resolver(repair):
        options["private_dns_only_for_inbound_resolver_endpoint"] = False
    sheet.resource(
        "aws_vpc_endpoint",
        snake(service_of(repair.service_name)),
        vpc_id=sheet.id_of(repair.vpc_id),
        service_name=repair.service_name,
        vpc_endpoint_type=repair.kind.value,
        private_dns_enabled=repair.private_dns if is_interface else None,
        subnet_ids=sheet.ids_of(repair.subnet_ids) if is_interface else None,
        security_group_ids=sheet.ids_of(repair.group_ids) if is_interface else None,
        route_table_ids=None if is_interface else sheet.ids_of(repair.route_table_ids),
        policy=sheet.document(repair.policy, repair.account, system=repair.system) if repair.policy else None,
        ip_address_type=repair.address_type or None,
        dns_options=Block("dns_options", body=options) if options else None,
    )
    return True


@_write.register
def _private_dns(repair: TurnOnPrivateDns, sheet: HclSheet) -> bool:
    if repair.for_every_resolver:
        return False
    sheet.resource(
        "aws_vpc_endpoint_private_dns",
        snake(repair.endpoint_id),
        vpc_endpoint_id=sheet.id_of(repair.endpoint_id),
        private_dns_enabled=True,
    )
    return True


@_write.register
def _amazon_dns(repair: UseAmazonDns, sheet: HclSheet) -> bool:
    sheet.resource("aws_vpc_dhcp_options", "amazon", domain_name_servers=["AmazonProvidedDNS"])
    sheet.resource(
        "aws_vpc_dhcp_options_association",
        snake(repair.vpc_id),
        vpc_id=sheet.id_of(repair.vpc_id),
        dhcp_options_id=Expression("aws_vpc_dhcp_options.amazon.id"),
    )
    return True


@_write.register
def _endpoint_policy(repair: SetEndpointPolicy, sheet: HclSheet) -> bool:
    sheet.resource(
        "aws_vpc_endpoint_policy",
        snake(repair.endpoint_id),
        vpc_endpoint_id=sheet.id_of(repair.endpoint_id),
        policy=sheet.document(repair.policy, repair.account, repair.present if repair.is_kept else "", repair.system),
    )
    return True


@_write.register
def _role_policy(repair: AttachRolePolicy, sheet: HclSheet) -> bool:
    sheet.resource(
        "aws_iam_role_policy_attachment",
        snake(repair.role, repair.policy_arn.rpartition("/")[2]),
        role=sheet.id_of(path_and_name(repair.role)[1]),
        policy_arn=repair.policy_arn,
    )
    return True


@_write.register
def _role(repair: CreateRole, sheet: HclSheet) -> bool:
    path, name = path_and_name(repair.role)
    only = sheet.only_in(repair.account)
    made = Expression("aws_iam_role.node.name" if only is None else "aws_iam_role.node[0].name")
    sheet.resource(
        "aws_iam_role",
        "node",
        count=only,
        name=sheet.id_of(name),
        path=path or None,
        assume_role_policy=sheet.document("role-trust", repair.account),
    )
    sheet.resource("aws_iam_role_policy_attachment", "core", count=only, role=made, policy_arn=policy_arn(sheet.region, CORE))
    sheet.resource(
        "aws_iam_role_policy",
        "node",
        count=only,
        name=f"{INLINE}-{sheet.region}",
        role=made,
        policy=sheet.document("role-permissions", repair.account),
    )
    return True


@_write.register
def _route(repair: AddRoute, sheet: HclSheet) -> bool:
    target = target_of(repair.target)
    if target:
        sheet.resource(
            "aws_route",
            snake(repair.route_table_id, repair.destination),
            route_table_id=sheet.id_of(repair.route_table_id),
            **{destination_of(repair.destination): repair.destination, target: repair.target},
        )
    return bool(target)


@_write.register
def _record(repair: SetZoneRecord, sheet: HclSheet) -> bool:
    _records(sheet, repair, sheet.id_of(repair.zone_id), repair.name)
    return True


@_write.register
def _zone(repair: CreateZone, sheet: HclSheet) -> bool:
    label = snake(repair.name)
    own = Block("vpc", body={"vpc_id": sheet.id_of(repair.vpc_id)})
    sheet.resource("aws_route53_zone", label, name=repair.name, vpc=own)
    for name in names_of(repair):
        _records(sheet, repair, Expression(f"aws_route53_zone.{label}.zone_id"), name)
    return True


def _records(sheet: HclSheet, repair: SetZoneRecord | CreateZone, zone_id: Any, name: str) -> None:
    for kind, addresses in records_of(repair).items():
        sheet.resource(
            "aws_route53_record",
            snake("every" if name.startswith("*") else "", name, kind),
            zone_id=zone_id,
            name=name,
            type=kind,
            ttl=RECORD_TTL,
            records=list(addresses),
            allow_overwrite=True,
        )


@_write.register
def _dns_firewall(repair: AllowInDnsFirewall, sheet: HclSheet) -> bool:
    name = snake(repair.group_id, str(repair.priority))
    sheet.resource("aws_route53_resolver_firewall_domain_list", name, name="ssm-bootstrap", domains=list(repair.domains))
    sheet.resource(
        "aws_route53_resolver_firewall_rule",
        name,
        name="ssm-bootstrap",
        action="ALLOW",
        firewall_domain_list_id=Expression(f"aws_route53_resolver_firewall_domain_list.{name}.id"),
        firewall_rule_group_id=sheet.id_of(repair.group_id),
        priority=repair.priority,
    )
    return True
