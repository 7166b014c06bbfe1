"""Repairs as a CloudFormation template in JSON, with comments in its metadata.

A template cannot change what is there already: for that its metadata hold the command of the AWS CLI.
Source: AWS CloudFormation Template Reference (AWS::EC2::SecurityGroupEgress, AWS::EC2::VPCEndpoint, ...), as of 2026-11.
"""

from __future__ import annotations

import json
from functools import singledispatch
from typing import Any

from ssm_bootstrap.catalog.cloud.repairs import (
    ABOUT_GROUP,
    CORE,
    ENDPOINT_GROUP,
    INLINE,
    MARK,
    NODE_GROUP,
    RECORD_TTL,
    S3_LIST,
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
from ssm_bootstrap.catalog.policies import policy_named
from ssm_bootstrap.model.cloud import Direction, EndpointKind
from ssm_bootstrap.model.repair import (
    AddAclEntry,
    AddGroupRule,
    AddRoute,
    CreateEndpoint,
    CreateGroup,
    CreateRole,
    CreateZone,
    UseAmazonDns,
)
from ssm_bootstrap.render.iac.draft import (
    Draft,
    Parameter,
    Sheet,
    by_hand,
    camel,
    effects,
    is_own,
    parameter,
    policy_document,
    service_of,
)
from ssm_bootstrap.render.terminal import clean

NAME = "CloudFormation"
NOTHING = {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}
"""A resource that stands for none: a template must have one."""

DESCRIPTION = "What a hybrid node of AWS Systems Manager needs in a VPC without internet access (ssm-bootstrap)"

_MADE = {
    ENDPOINT_GROUP: {"Fn::GetAtt": ["EndpointGroup", "GroupId"]},
    NODE_GROUP: {"Fn::GetAtt": ["NodeGroup", "GroupId"]},
    S3_LIST: {"Ref": "S3PrefixListId"},
}
_GIVEN = {"Fn::If": ["MakeNodeGroup", _MADE[NODE_GROUP], {"Ref": "NodeSecurityGroupId"}]}
_S3_PARAMETER = Parameter(
    "S3PrefixListId",
    "S3's prefix list: aws ec2 describe-managed-prefix-lists --filters Name=prefix-list-name,Values=com.amazonaws.REGION.s3",
)
_LETS_NOTHING_OUT = [
    {"IpProtocol": "-1", "CidrIp": "127.0.0.1/32", "Description": "Nothing: a group without a rule would let everything out"}
]
"""Source: AWS::EC2::SecurityGroup, on removing the default rule."""


class TemplateSheet(Sheet):
    """What is written so far."""

    def __init__(self, code: Draft) -> None:
        super().__init__(code.region)
        self.resources: dict[str, Any] = {}
        self.conditions: dict[str, Any] = {}
        groups = [repair for repair in code.repairs if isinstance(repair, CreateGroup)]
        self.given = {repair.made for repair in groups if repair.given}

    def add(self, name: str, kind: str, condition: str = "", /, **properties: Any) -> None:
        """One more resource; a property that is None is left out."""
        own = {key: value for key, value in properties.items() if value is not None}
        self.resources[name] = {"Type": kind, **({"Condition": condition} if condition else {}), "Properties": own}

    def id_of(self, value: str) -> Any:
        """An id: of what is made here, of what the reader gives, or as it is."""
        if value in self.given:
            return _GIVEN
        if value == S3_LIST:
            self.parameters[_S3_PARAMETER.camel] = _S3_PARAMETER
        if value in _MADE:
            return _MADE[value]
        if MARK.fullmatch(value):
            asked = parameter(value)
            self.parameters[asked.camel] = asked
            return {"Ref": asked.camel}
        return value

    def document(self, name: str, account: str, system: str = "") -> Any:
        """A policy, with the account of the stack where none is named."""
        policy = policy_named(name, system)
        return policy_document(policy, self.region, account, "${AWS::AccountId}", lambda text: {"Fn::Sub": text})

    def only_in(self, account: str) -> str:
        """The condition under which a resource is made that belongs to one account alone."""
        if is_own(account):
            return ""
        self.conditions["InThatAccount"] = {"Fn::Equals": [{"Ref": "AWS::AccountId"}, account]}
        return "InThatAccount"


def cloudformation(code: Draft) -> str:
    """The whole template."""
    sheet = TemplateSheet(code)
    written = [_write(repair, sheet) for repair in code.repairs]
    left = [line for repair, is_in in zip(code.repairs, written) if not is_in for line in by_hand(repair, code.region, NAME)]
    told = effects(repair for repair, is_in in zip(code.repairs, written) if is_in)
    remarks = [clean(line) for line in (*code.heading, *told, *left, *code.remarks)]
    template: dict[str, Any] = {"AWSTemplateFormatVersion": "2010-09-09", "Description": DESCRIPTION}
    if remarks:
        template["Metadata"] = {"Remarks": remarks}
    if sheet.parameters:
        template["Parameters"] = {name: _parameter(item) for name, item in sheet.parameters.items()}
    if sheet.conditions:
        template["Conditions"] = sheet.conditions
    template["Resources"] = sheet.resources or NOTHING
    return json.dumps(template, indent=2) + "\n"


def _parameter(item: Parameter) -> dict[str, Any]:
    own = {"Type": item.kind, "Description": item.about}
    return {**own, "Default": item.default} if item.default or item.is_optional else own


@singledispatch
def _write(repair: object, sheet: TemplateSheet) -> bool:
    """Put a repair onto the sheet; False where a new resource cannot make it."""
    return False


_PEERS = {
    PeerKind.GROUP: "{}SecurityGroupId",
    PeerKind.PREFIX_LIST: "{}PrefixListId",
    PeerKind.IPV4: "CidrIp",
    PeerKind.IPV6: "CidrIpv6",
}


@_write.register
def _group_rule(repair: AddGroupRule, sheet: TemplateSheet) -> bool:
    is_out, peer = repair.direction is Direction.OUT, repair.peer
    side = "Destination" if is_out else "Source"
    way = "Egress" if is_out else "Ingress"
    sheet.add(
        camel(way, repair.group_id, str(repair.port), peer),
        f"AWS::EC2::SecurityGroup{way}",
        GroupId=sheet.id_of(repair.group_id),
        Description=ABOUT_GROUP,
        IpProtocol="tcp",
        FromPort=repair.port,
        ToPort=repair.port,
        **{_PEERS[peer_kind(peer)].format(side): sheet.id_of(peer)},
    )
    return True


@_write.register
def _acl_entry(repair: AddAclEntry, sheet: TemplateSheet) -> bool:
    is_out = repair.direction is Direction.OUT
    sheet.add(
        camel("Entry", repair.acl_id, "out" if is_out else "in", str(repair.number)),
        "AWS::EC2::NetworkAclEntry",
        NetworkAclId=sheet.id_of(repair.acl_id),
        RuleNumber=repair.number,
        Egress=is_out,
        Protocol=6,
        RuleAction="allow",
        PortRange={"From": repair.first_port, "To": repair.last_port},
        **{"Ipv6CidrBlock" if ":" in repair.cidr else "CidrBlock": sheet.id_of(repair.cidr)},
    )
    return True


@_write.register
def _group(repair: CreateGroup, sheet: TemplateSheet) -> bool:
    if repair.given:
        sheet.conditions["MakeNodeGroup"] = {"Fn::Equals": [sheet.id_of(repair.given), ""]}
    sheet.add(
        "EndpointGroup" if repair.made == ENDPOINT_GROUP else "NodeGroup",
        "AWS::EC2::SecurityGroup",
        "MakeNodeGroup" if repair.given else "",
        GroupDescription=ABOUT_GROUP,
        VpcId=sheet.id_of(repair.vpc_id),
        SecurityGroupEgress=_LETS_NOTHING_OUT,
    )
    return True


@_write.register
def _endpoint(repair: CreateEndpoint, sheet: TemplateSheet) -> bool:
    is_interface = repair.kind is EndpointKind.INTERFACE
    sheet.add(
        camel("Endpoint", service_of(repair.service_name)),
        "AWS::EC2::VPCEndpoint",
        VpcId=sheet.id_of(repair.vpc_id),
        ServiceName=repair.service_name,
        VpcEndpointType=repair.kind.value,
        PrivateDnsEnabled=repair.private_dns if is_interface else None,
        SubnetIds=sheet.ids_of(repair.subnet_ids) if is_interface else None,
        SecurityGroupIds=sheet.ids_of(repair.group_ids) if is_interface else None,
        RouteTableIds=None if is_interface else sheet.ids_of(repair.route_table_ids),
        IpAddressType=repair.address_type or None,
        DnsOptions=_dns_options(repair) or None,
        PolicyDocument=sheet.document(repair.policy, repair.account, repair.system) if repair.policy else None,
    )
    return True


def _dns_options(repair: CreateEndpoint) -> dict[str, str]:
    found = {"DnsRecordIpType": repair.address_type} if repair.address_type else {}
    return {**found, **({"PrivateDnsOnlyForInboundResolverEndpoint": "AllResolvers"} if is_for_every_resolver(repair) else {})}


@_write.register
def _amazon_dns(repair: UseAmazonDns, sheet: TemplateSheet) -> bool:
    sheet.add("DhcpOptions", "AWS::EC2::DHCPOptions", DomainNameServers=["AmazonProvidedDNS"])
    sheet.add(
        "DhcpOptionsOfVpc",
        "AWS::EC2::VPCDHCPOptionsAssociation",
        DhcpOptionsId={"Ref": "DhcpOptions"},
        VpcId=sheet.id_of(repair.vpc_id),
    )
    return True


@_write.register
def _zone(repair: CreateZone, sheet: TemplateSheet) -> bool:
    zone = camel("Zone", repair.name)
    own = [{"VPCId": sheet.id_of(repair.vpc_id), "VPCRegion": repair.region}]
    sheet.add(zone, "AWS::Route53::HostedZone", Name=repair.name, VPCs=own)
    for name in names_of(repair):
        for kind, addresses in records_of(repair).items():
            sheet.add(
                camel("Record", "every" if name.startswith("*") else "", name, kind),
                "AWS::Route53::RecordSet",
                HostedZoneId={"Ref": zone},
                Name=name,
                Type=kind,
                TTL=str(RECORD_TTL),
                ResourceRecords=list(addresses),
            )
    return True


@_write.register
def _role(repair: CreateRole, sheet: TemplateSheet) -> bool:
    path, name = path_and_name(repair.role)
    sheet.add(
        "NodeRole",
        "AWS::IAM::Role",
        sheet.only_in(repair.account),
        RoleName=sheet.id_of(name),
        Path=path or None,
        AssumeRolePolicyDocument=sheet.document("role-trust", repair.account),
        ManagedPolicyArns=[policy_arn(sheet.region, CORE)],
        Policies=[
            {"PolicyName": f"{INLINE}-{sheet.region}", "PolicyDocument": sheet.document("role-permissions", repair.account)}
        ],
    )
    return True


@_write.register
def _route(repair: AddRoute, sheet: TemplateSheet) -> bool:
    target = target_of(repair.target)
    if target:
        names = {destination_of(repair.destination): repair.destination, target: repair.target}
        sheet.add(
            camel("Route", repair.route_table_id, repair.destination),
            "AWS::EC2::Route",
            RouteTableId=sheet.id_of(repair.route_table_id),
            **{"".join(part.capitalize() for part in name.split("_")): value for name, value in names.items()},
        )
    return bool(target)
