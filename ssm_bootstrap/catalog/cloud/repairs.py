"""Repairs as commands of the AWS CLI: each change, with what it needs before it.

Sources: AWS CLI Command Reference (ec2, iam, route53, route53resolver, ssm); EC2 API Reference, AuthorizeSecurityGroupEgress,
CreateNetworkAclEntry, ModifyVpcEndpoint and CreateVpcEndpoint. As of 2026-11.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from enum import Enum
from functools import singledispatch
from types import MappingProxyType
from typing import Container, Iterable, Iterator, Mapping

from ssm_bootstrap.catalog.cloud.consequences import consequence_of
from ssm_bootstrap.catalog.commands import ABOUT_ACTIVATION, PLAIN, activation_in_files, mark_of
from ssm_bootstrap.catalog.findingkind import change, look
from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.catalog.policies import added, policy_named
from ssm_bootstrap.model.cloud import Direction, EndpointKind
from ssm_bootstrap.model.findings import ShellCommand
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.repair import (
    AddAclEntry,
    AddEndpointGroups,
    AddEndpointSubnets,
    AddGroupRule,
    AddRoute,
    AddRouteTables,
    AllowInDnsFirewall,
    AttachRolePolicy,
    CreateActivation,
    CreateEndpoint,
    CreateGroup,
    CreateRole,
    CreateZone,
    DeleteEndpoint,
    DeleteRoute,
    DisassociateResolverRule,
    DisassociateZone,
    Repair,
    SetAddressType,
    SetEndpointPolicy,
    SetRoleTrust,
    SetZoneRecord,
    StartInstance,
    TurnOnPrivateDns,
    TurnOnVpcDns,
    UseAmazonDns,
)
from ssm_bootstrap.model.site import NO_SITE

ENDPOINT_GROUP, NODE_GROUP, S3_LIST = "$ENDPOINT_GROUP", "$NODE_GROUP", "$S3_PREFIX_LIST"
"""What stands in a repair for the id of something that another one makes, or that is looked up: a variable of the shell."""
NAMED = (ENDPOINT_GROUP, NODE_GROUP, S3_LIST)

CORE = "AmazonSSMManagedInstanceCore"
INLINE = "ManagedNode"
"""What the name of a role's own policy beside it begins with, before the region: a role is the same in all of them."""
GROUP_NAMES = {ENDPOINT_GROUP: "ssm-bootstrap-endpoints", NODE_GROUP: "ssm-bootstrap-node"}
ABOUT_GROUP = "ssm-bootstrap: Systems Manager of a closed VPC"
DNS_ATTRIBUTES = ("enableDnsSupport", "enableDnsHostnames")

ROUTE_TARGETS = {
    "nat-": "nat_gateway_id",
    "tgw-": "transit_gateway_id",
    "pcx-": "vpc_peering_connection_id",
    "eni-": "network_interface_id",
    "vpce-": "vpc_endpoint_id",
    "lgw-": "local_gateway_id",
    "igw-": "gateway_id",
    "vgw-": "gateway_id",
}
"""What a route's target is called, by how its id begins (EC2 API Reference, CreateRoute)."""
RECORD_TTL = 300
TRIES = 60
"""Looks, ten seconds apart, at whether an endpoint is gone: AWS deletes it later, and its private DNS name is taken till then."""

MARK = re.compile(r"<([A-Z][A-Z0-9-]*)>")
"""What stands in a repair for an id that is not known."""


NOTHING_MADE: Mapping[Repair, str] = MappingProxyType({})


def in_steps(repairs: Iterable[Repair]) -> tuple[Repair, ...]:
    """The same in single steps, each once: interfaces that bring no group come after one for all of them, with its rules.

    What AWS wants before it turns private DNS on is first: the VPC's attributes, and no private zone of the same name.
    """
    given = tuple(sorted(repairs, key=lambda repair: not isinstance(repair, (TurnOnVpcDns, DisassociateZone))))
    lacking = [repair for repair in given if _lacks_group(repair)]
    found: dict[Repair, None] = {}
    for repair in lacking:
        if isinstance(repair, CreateEndpoint):
            found[CreateGroup(repair.vpc_id, GROUP_NAMES[ENDPOINT_GROUP], ENDPOINT_GROUP)] = None
            for cidr in repair.client_cidrs or (mark_of("client_cidr"),):
                found[AddGroupRule(ENDPOINT_GROUP, Direction.IN, 443, cidr)] = None
    for repair in given:
        if isinstance(repair, CreateEndpoint) and _lacks_group(repair):
            repair = replace(repair, group_ids=(ENDPOINT_GROUP,), client_cidrs=())
        found[repair] = None
    return tuple(found)


def _lacks_group(repair: Repair) -> bool:
    return isinstance(repair, CreateEndpoint) and repair.kind is EndpointKind.INTERFACE and not repair.group_ids


def commands_of(repair: Repair, region: str) -> tuple[ShellCommand, ...]:
    """The commands that make a repair in a region; an id that is not known, or that a shell might read, is left to be set."""
    return commands_of_all((repair,), region)


def commands_of_all(
    repairs: Iterable[Repair], region: str, made: Mapping[Repair, str] = NOTHING_MADE
) -> tuple[ShellCommand, ...]:
    """The commands of several repairs: what they look at first, then each change, once.

    Of a group in ``made``, which the commands for the thing of that name make with its rules, the id alone is looked up.
    """
    place = region if PLAIN.fullmatch(region) else mark_of("region")
    steps = in_steps(repairs)
    ready = [repair for repair in steps if repair in made and isinstance(repair, CreateGroup)]
    names = {repair.made for repair in ready if isinstance(repair, CreateGroup)}
    found = [_looked_up(repair, made[repair], place) for repair in ready if isinstance(repair, CreateGroup)]
    left = (repair for repair in steps if repair not in made or not (repair in ready or _is_of(repair, names)))
    found += [command for repair in left for command in _told(repair, place)]
    return tuple(dict.fromkeys(sorted(found, key=lambda command: command.changes)))


def _is_of(repair: Repair, groups: Container[str]) -> bool:
    return isinstance(repair, AddGroupRule) and (repair.group_id in groups or repair.peer in groups)


def _looked_up(repair: CreateGroup, maker: str, region: str) -> ShellCommand:
    vpc, name = word(repair.vpc_id, "vpc_id"), word(repair.name, "name")
    filters = f"--filters Name=vpc-id,Values={vpc} Name=group-name,Values={name}"
    asked = _ec2("describe-security-groups", region, f"{filters} --query 'SecurityGroups[].GroupId' --output text")
    about = phrase("the security group that the commands for {maker} make: those first", maker=maker)
    return look(f"{repair.made[1:]}=$({asked})", about)


def _told(repair: Repair, region: str) -> tuple[ShellCommand, ...]:
    """The commands of a repair; the first that changes something says what else the repair does."""
    made = list(_commands(repair, region))
    consequence = consequence_of(repair)
    first = next((place for place, command in enumerate(made) if command.changes), None)
    if consequence and first is not None:
        about = phrase("{about}; {consequence}", about=made[first].about, consequence=consequence)
        made[first] = replace(made[first], about=about)
    return tuple(made)


def policy_arn(region: str, name: str) -> str:
    """The ARN of a policy that AWS manages."""
    return f"arn:{partition_of(region, NO_SITE).name}:iam::aws:policy/{name}"


def path_and_name(role: str) -> tuple[str, str]:
    """A role's path, empty where it has none, and its name: activations want both in one."""
    path, _, name = role.rpartition("/")
    return (f"/{path.strip('/')}/" if path.strip("/") else ""), name


def target_of(target: str) -> str:
    """What the target of a route is called; empty for one that has no name here."""
    return next((name for begin, name in ROUTE_TARGETS.items() if target.startswith(begin)), "")


def destination_of(destination: str) -> str:
    """What the destination of a route is called."""
    kind = "prefix_list_id" if destination.startswith("pl-") else "ipv6_cidr_block" if ":" in destination else "cidr_block"
    return f"destination_{kind}"


def records_of(repair: SetZoneRecord | CreateZone) -> dict[str, tuple[str, ...]]:
    """The addresses of a record by its type."""
    families = {"A": tuple(one for one in repair.addresses if ":" not in one)}
    families["AAAA"] = tuple(one for one in repair.addresses if ":" in one)
    return {kind: addresses for kind, addresses in families.items() if addresses}


def word(value: str, what: str) -> str:
    """An id as a word of a command: ``what`` in angle brackets where it is not known, or is none that a shell takes as it is."""
    if value in NAMED:
        return f'"{value}"'
    return value if PLAIN.fullmatch(value) or MARK.fullmatch(value) else mark_of(what)


def _words(values: Iterable[str], what: str) -> str:
    return " ".join(word(value, what) for value in values) or mark_of(what)


def _document(name: str, region: str, account: str, present: str = "", system: str = "") -> str:
    """A policy as one quoted word; the account's variable is put in between the quotes where it is not known.

    ``present`` is a policy that it is added to: of that nothing can end the quotes, or pass for a variable.
    """
    document = policy_named(name, system).for_account(region, word(account, "account"))
    if not present:
        return f"'{json.dumps(document, separators=(',', ':'))}'"
    text = json.dumps(added(present, document), separators=(",", ":"))
    return f"'{text.translate(_IN_QUOTES)}'"


_IN_QUOTES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "'<>"}
"""Signs as JSON may write them too, within its texts, outside of which it has none of them."""


def replaced_by(repair: Repair) -> str:
    """The JSON text of the policy that a repair replaces whole; empty where it does not, or where that was not read."""
    return repair.present if isinstance(repair, (SetEndpointPolicy, SetRoleTrust)) and not repair.is_kept else ""


def _kept(repair: SetEndpointPolicy | SetRoleTrust) -> str:
    return repair.present if repair.is_kept else ""


def _ec2(operation: str, region: str, rest: str) -> str:
    return f"aws ec2 {operation} --region {region} {rest}"


@singledispatch
def _commands(repair: object, region: str) -> Iterator[ShellCommand]:
    raise TypeError(f"no repair: {type(repair).__name__}")


class PeerKind(Enum):
    """What the other end of a security group rule is."""

    GROUP = "security group"
    PREFIX_LIST = "prefix list"
    IPV4 = "IPv4 block"
    IPV6 = "IPv6 block"


def peer_kind(peer: str) -> PeerKind:
    """The kind of a peer, by its id, its name among those that are made, or its block."""
    if peer.startswith("sg-") or peer in GROUP_NAMES:
        return PeerKind.GROUP
    if peer.startswith("pl-") or peer in (S3_LIST, "<PREFIX-LIST-ID>"):
        return PeerKind.PREFIX_LIST
    return PeerKind.IPV6 if ":" in peer else PeerKind.IPV4


_PERMISSIONS = {
    PeerKind.GROUP: "UserIdGroupPairs=[{{GroupId={}}}]",
    PeerKind.PREFIX_LIST: "PrefixListIds=[{{PrefixListId={}}}]",
    PeerKind.IPV4: "IpRanges=[{{CidrIp={}}}]",
    PeerKind.IPV6: "Ipv6Ranges=[{{CidrIpv6={}}}]",
}


def _peer(peer: str) -> str:
    """A peer of a rule as the shorthand of ``--ip-permissions`` has it, in the double quotes that it is written in."""
    return _PERMISSIONS[peer_kind(peer)].format(peer if peer in NAMED else word(peer, "peer"))


@_commands.register
def _add_group_rule(repair: AddGroupRule, region: str) -> Iterator[ShellCommand]:
    operation = f"authorize-security-group-{'egress' if repair.direction is Direction.OUT else 'ingress'}"
    allowed = f"IpProtocol=tcp,FromPort={repair.port},ToPort={repair.port},{_peer(repair.peer)}"
    yield change(
        _ec2(operation, region, f'--group-id {word(repair.group_id, "security_group_id")} --ip-permissions "{allowed}"'),
        phrase("allow it; an existing rule is reported as a duplicate"),
    )


@_commands.register
def _add_acl_entry(repair: AddAclEntry, region: str) -> Iterator[ShellCommand]:
    block = "--ipv6-cidr-block" if ":" in repair.cidr else "--cidr-block"
    yield change(
        _ec2(
            "create-network-acl-entry",
            region,
            f"--network-acl-id {word(repair.acl_id, 'network_acl_id')} --rule-number {repair.number}"
            f" {'--egress' if repair.direction is Direction.OUT else '--ingress'} --protocol tcp --rule-action allow"
            f" {block} {word(repair.cidr, 'cidr')} --port-range From={repair.first_port},To={repair.last_port}",
        ),
        phrase("allow it before the entry that denies; a number that is taken is refused"),
    )


@_commands.register
def _delete_route(repair: DeleteRoute, region: str) -> Iterator[ShellCommand]:
    flag = destination_of(repair.destination).replace("_", "-")
    table = word(repair.route_table_id, "route_table_id")
    yield change(
        _ec2("delete-route", region, f"--route-table-id {table} --{flag} {word(repair.destination, 'destination')}"),
        phrase("take the route away, for every subnet of this table"),
    )


@_commands.register
def _add_route(repair: AddRoute, region: str) -> Iterator[ShellCommand]:
    flag = destination_of(repair.destination).replace("_", "-")
    table, to = word(repair.route_table_id, "route_table_id"), word(repair.destination, "destination")
    target = (target_of(repair.target) or "gateway_id").replace("_", "-")
    yield change(
        _ec2("create-route", region, f"--route-table-id {table} --{flag} {to} --{target} {word(repair.target, 'target')}"),
        phrase("add the route, for every subnet of this table"),
    )


@_commands.register
def _delete_endpoint(repair: DeleteEndpoint, region: str) -> Iterator[ShellCommand]:
    named = word(repair.endpoint_id, "endpoint_id")
    query = "--query \"VpcEndpoints[?State!='deleted'].VpcEndpointId\" --output text"
    left = _ec2("describe-vpc-endpoints", region, f"--filters Name=vpc-endpoint-id,Values={named} {query}")
    paused = 'n=$((n - 1)); [ "$n" -gt 0 ] || exit 1; sleep 10'
    yield change(_ec2("delete-vpc-endpoints", region, f"--vpc-endpoint-ids {named}"), phrase("delete the endpoint that failed"))
    yield change(
        f'(n={TRIES}; until left=$({left}) && [ -z "$left" ]; do {paused}; done)',
        phrase("wait until it is gone and its private DNS name is free, for ten minutes at most"),
    )


@_commands.register
def _start_instance(repair: StartInstance, region: str) -> Iterator[ShellCommand]:
    named = word(repair.instance_id, "instance_id")
    yield change(_ec2("start-instances", region, f"--instance-ids {named}"), phrase("start the instance"), is_main=True)


def names_of(repair: CreateZone) -> tuple[str, ...]:
    """The names of the records of a zone."""
    return (repair.name, f"*.{repair.name}") if repair.is_for_all else (repair.name,)


@_commands.register
def _create_zone(repair: CreateZone, region: str) -> Iterator[ShellCommand]:
    name, vpc, place = word(repair.name, "name"), word(repair.vpc_id, "vpc_id"), word(repair.region, "region")
    said = f"--name {name} --vpc VPCRegion={place},VPCId={vpc} --hosted-zone-config PrivateZone=true"
    made = f"create-hosted-zone --region {region} {said} --caller-reference ssm-bootstrap-{name}-{vpc}"
    yield change(
        f"HOSTED_ZONE=$(aws route53 {made} --query HostedZone.Id --output text)",
        phrase("make a private hosted zone of that name for the VPC"),
    )
    yield change(
        f'aws route53 change-resource-record-sets --region {region} --hosted-zone-id "$HOSTED_ZONE"'
        f" --change-batch {_record_batch(repair, map(_in_words, names_of(repair)))}",
        phrase("lead its names to the endpoint"),
    )


def _in_words(name: str) -> str:
    """A name of a record: a star may stand before it."""
    return f"*.{word(name[2:], 'name')}" if name.startswith("*.") else word(name, "name")


def _record_batch(repair: SetZoneRecord | CreateZone, names: Iterable[str]) -> str:
    """The records of a repair as one quoted word."""
    changes = [
        {
            "Action": "UPSERT",
            "ResourceRecordSet": {
                "Name": name,
                "Type": kind,
                "TTL": RECORD_TTL,
                "ResourceRecords": [{"Value": word(address, "address")} for address in addresses],
            },
        }
        for name in names
        for kind, addresses in records_of(repair).items()
    ]
    return f"'{json.dumps({'Changes': changes}, separators=(',', ':'))}'"


@_commands.register
def _set_zone_record(repair: SetZoneRecord, region: str) -> Iterator[ShellCommand]:
    batch = _record_batch(repair, (word(repair.name, "name"),))
    zone = word(repair.zone_id, "hosted_zone_id")
    yield change(
        f"aws route53 change-resource-record-sets --region {region} --hosted-zone-id {zone} --change-batch {batch}",
        phrase("set the record; delete a CNAME of the same name first"),
    )


@_commands.register
def _allow_in_dns_firewall(repair: AllowInDnsFirewall, region: str) -> Iterator[ShellCommand]:
    resolver = "aws route53resolver"
    created = f"create-firewall-domain-list --region {region} --name ssm-bootstrap --query FirewallDomainList.Id --output text"
    yield change(f"DOMAIN_LIST=$({resolver} {created})", phrase("make a list of the domains that nodes need"))
    domains = _words(repair.domains, "domain")
    listed = '--firewall-domain-list-id "$DOMAIN_LIST"'
    yield change(f"{resolver} update-firewall-domains --region {region} {listed} --operation ADD --domains {domains}")
    group = word(repair.group_id, "firewall_rule_group_id")
    yield change(
        f"{resolver} create-firewall-rule --region {region} --firewall-rule-group-id {group} {listed}"
        f" --priority {repair.priority} --action ALLOW --name ssm-bootstrap",
        phrase("allow them before any rule that blocks them"),
        is_main=True,
    )


def _modify(endpoint_id: str, region: str, rest: str, about: str) -> ShellCommand:
    named = word(endpoint_id, "endpoint_id")
    return change(_ec2("modify-vpc-endpoint", region, f"--vpc-endpoint-id {named} {rest}"), about)


@_commands.register
def _add_route_tables(repair: AddRouteTables, region: str) -> Iterator[ShellCommand]:
    tables = _words(repair.route_table_ids, "route_table_id")
    yield _modify(
        repair.endpoint_id, region, f"--add-route-table-ids {tables}", phrase("associate the route table with the gateway")
    )


@_commands.register
def _add_endpoint_subnets(repair: AddEndpointSubnets, region: str) -> Iterator[ShellCommand]:
    subnets = _words(repair.subnet_ids, "subnet_id")
    yield _modify(repair.endpoint_id, region, f"--add-subnet-ids {subnets}", phrase("put the endpoint into this subnet as well"))


@_commands.register
def _add_endpoint_groups(repair: AddEndpointGroups, region: str) -> Iterator[ShellCommand]:
    groups = _words(repair.group_ids, "security_group_id")
    yield _modify(
        repair.endpoint_id, region, f"--add-security-group-ids {groups}", phrase("give the endpoint this group as well")
    )


@_commands.register
def _create_group(repair: CreateGroup, region: str) -> Iterator[ShellCommand]:
    vpc, variable = word(repair.vpc_id, "vpc_id"), repair.made[1:]
    made = _ec2(
        "create-security-group",
        region,
        f"--group-name {word(repair.name, 'name')} --description '{ABOUT_GROUP}' --vpc-id {vpc} --query GroupId --output text",
    )
    given = MARK.fullmatch(repair.given)
    begin = f'{variable}="${{{given[1].replace("-", "_")}:-}}"; [ -n "${variable}" ] || {{ ' if given else ""
    end = "; }" if given else ""
    filters = f"--filters \"Name=group-id,Values=${variable}\" --query 'SecurityGroupRules[?IsEgress].SecurityGroupRuleId'"
    rules = _ec2("describe-security-group-rules", region, f"{filters} --output text")
    revoked = _ec2("revoke-security-group-egress", region, f'--group-id "${variable}" --security-group-rule-ids $({rules})')
    yield change(
        f"{begin}{variable}=$({made}) && {revoked} > /dev/null{end}",
        phrase("make the security group, which at first lets nothing in or out"),
    )


@_commands.register
def _create_endpoint(repair: CreateEndpoint, region: str) -> Iterator[ShellCommand]:
    text = f"--vpc-endpoint-type {repair.kind.value} --vpc-id {word(repair.vpc_id, 'vpc_id')}"
    text += f" --service-name {word(repair.service_name, 'service_name')}"
    if repair.kind is EndpointKind.GATEWAY:
        text += f" --route-table-ids {_words(repair.route_table_ids, 'route_table_id')}"
    else:
        text += f" --subnet-ids {_words(repair.subnet_ids, 'subnet_id')}"
        text += f" --security-group-ids {_words(repair.group_ids, 'endpoint_security_group_id')}"
        text += " --private-dns-enabled" if repair.private_dns else " --no-private-dns-enabled"
        text += f" --ip-address-type {word(repair.address_type, 'ip_address_type')}" if repair.address_type else ""
        options = [f"DnsRecordIpType={word(repair.address_type, 'ip_address_type')}"] if repair.address_type else []
        options += ["PrivateDnsOnlyForInboundResolverEndpoint=false"] if is_for_every_resolver(repair) else []
        text += f" --dns-options {','.join(options)}" if options else ""
    if repair.policy:
        text += f" --policy-document {_document(repair.policy, region, repair.account, system=repair.system)}"
    yield change(_ec2("create-vpc-endpoint", region, text), phrase("create the missing endpoint"), is_main=True)


def is_for_every_resolver(repair: CreateEndpoint) -> bool:
    """Whether an interface has to be told that its names are for the VPC itself too: S3's are not by themselves."""
    return repair.kind is EndpointKind.INTERFACE and repair.private_dns and repair.service_name.endswith(".s3")


@_commands.register
def _set_address_type(repair: SetAddressType, region: str) -> Iterator[ShellCommand]:
    kind = word(repair.address_type, "ip_address_type")
    yield _modify(
        repair.endpoint_id,
        region,
        f"--ip-address-type {kind} --dns-options DnsRecordIpType={kind}",
        phrase("let the endpoint carry both families, and its names lead to both"),
    )


@_commands.register
def _turn_on_private_dns(repair: TurnOnPrivateDns, region: str) -> Iterator[ShellCommand]:
    every = " --dns-options PrivateDnsOnlyForInboundResolverEndpoint=false" if repair.for_every_resolver else ""
    yield _modify(repair.endpoint_id, region, f"--private-dns-enabled{every}", phrase("turn the endpoint's private DNS on"))


@_commands.register
def _turn_on_vpc_dns(repair: TurnOnVpcDns, region: str) -> Iterator[ShellCommand]:
    flag = re.sub(r"(?=[A-Z])", "-", repair.attribute).lower() if repair.attribute in DNS_ATTRIBUTES else mark_of("attribute")
    vpc = word(repair.vpc_id, "vpc_id")
    yield change(
        _ec2("modify-vpc-attribute", region, f"--vpc-id {vpc} --{flag} Value=true"), phrase("turn the VPC's DNS attribute on")
    )


@_commands.register
def _use_amazon_dns(repair: UseAmazonDns, region: str) -> Iterator[ShellCommand]:
    servers = "--dhcp-configurations Key=domain-name-servers,Values=AmazonProvidedDNS"
    made = _ec2("create-dhcp-options", region, f"{servers} --query DhcpOptions.DhcpOptionsId --output text")
    yield change(f"DHCP_OPTIONS=$({made})", phrase("make DHCP options that name the VPC resolver and nothing else"))
    yield change(
        _ec2("associate-dhcp-options", region, f'--dhcp-options-id "$DHCP_OPTIONS" --vpc-id {word(repair.vpc_id, "vpc_id")}'),
        phrase("use them in place of the present ones: what else those set, such as a domain name, add to the new ones first"),
        is_main=True,
    )


@_commands.register
def _disassociate_resolver_rule(repair: DisassociateResolverRule, region: str) -> Iterator[ShellCommand]:
    vpc, rule = word(repair.vpc_id, "vpc_id"), word(repair.rule_id, "resolver_rule_id")
    yield change(
        f"aws route53resolver disassociate-resolver-rule --region {region} --vpc-id {vpc} --resolver-rule-id {rule}",
        phrase("take the forwarding rule off this VPC, for all names that it is about"),
    )


@_commands.register
def _disassociate_zone(repair: DisassociateZone, region: str) -> Iterator[ShellCommand]:
    zone, vpc = word(repair.zone_id, "hosted_zone_id"), word(repair.vpc_id, "vpc_id")
    place = word(repair.region, "region")
    yield change(
        f"aws route53 disassociate-vpc-from-hosted-zone --region {region} --hosted-zone-id {zone}"
        f" --vpc VPCRegion={place},VPCId={vpc}",
        phrase("take the private hosted zone off this VPC; the last VPC of a zone cannot be taken off"),
    )


@_commands.register
def _set_endpoint_policy(repair: SetEndpointPolicy, region: str) -> Iterator[ShellCommand]:
    named = word(repair.endpoint_id, "endpoint_id")
    kept = f"present-policy-{named}.json" if PLAIN.fullmatch(named) else "present-policy.json"
    shown = f"--vpc-endpoint-ids {named} --query 'VpcEndpoints[0].PolicyDocument' --output text | tee -a {kept}"
    yield look(_ec2("describe-vpc-endpoints", region, shown), phrase("the present policy of the endpoint, kept in a file"))
    yield _modify(
        repair.endpoint_id,
        region,
        f"--policy-document {_document(repair.policy, region, repair.account, _kept(repair), repair.system)}",
        phrase("add what nodes need to the policy of the endpoint")
        if repair.is_kept
        else phrase("replace the policy of the endpoint"),
    )


@_commands.register
def _set_role_trust(repair: SetRoleTrust, region: str) -> Iterator[ShellCommand]:
    role = word(path_and_name(repair.role)[1], "activation_role")
    kept = f"present-trust-{role}.json" if PLAIN.fullmatch(role) else "present-trust.json"
    yield look(
        f"aws iam get-role --region {region} --role-name {role} --query Role.AssumeRolePolicyDocument | tee -a {kept}",
        phrase("the present trust policy of the role, kept in a file"),
    )
    yield change(
        f"aws iam update-assume-role-policy --region {region} --role-name {role}"
        f" --policy-document {_document('role-trust', region, repair.account, _kept(repair))}",
        phrase("add Systems Manager to the trust policy of the role")
        if repair.is_kept
        else phrase("replace the trust policy of the role"),
    )


@_commands.register
def _attach_role_policy(repair: AttachRolePolicy, region: str) -> Iterator[ShellCommand]:
    role = word(path_and_name(repair.role)[1], "activation_role")
    yield change(
        f"aws iam attach-role-policy --region {region} --role-name {role} --policy-arn {word(repair.policy_arn, 'policy_arn')}",
        phrase("attach the policy to the role"),
    )


@_commands.register
def _create_role(repair: CreateRole, region: str) -> Iterator[ShellCommand]:
    path, name = path_and_name(repair.role)
    role = word(name, "activation_role")
    placed = f" --path {path}" if PLAIN.fullmatch(path) else ""
    trust = _document("role-trust", region, repair.account)
    there = f"aws iam get-role --region {region} --role-name {role} > /dev/null 2>&1"
    create = f"aws iam create-role --region {region} --role-name {role}{placed} --assume-role-policy-document {trust}"
    yield change(
        f"{there} || {create}",
        phrase(
            "create the role that activations name, in the account of the activation; one that is there stays as it is: where it "
            "is for another region, add this statement to its trust policy"
        ),
        is_main=True,
    )
    yield from _attach_role_policy(AttachRolePolicy(name, policy_arn(region, CORE)), region)
    yield change(
        f"aws iam put-role-policy --region {region} --role-name {role} --policy-name {INLINE}-{region}"
        f" --policy-document {_document('role-permissions', region, repair.account)}",
        phrase("let the role read the buckets of Systems Manager as well"),
    )


@_commands.register
def _create_activation(repair: CreateActivation, region: str) -> Iterator[ShellCommand]:
    text = activation_in_files(region, word(repair.role, "activation_role"), repair.limit)
    yield change(text, ABOUT_ACTIVATION)
