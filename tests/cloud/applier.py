"""Puts a CloudFormation template into place with boto3, resource by resource; what it does not know it refuses.

moto's own CloudFormation says that a stack is complete and leaves out rules, network ACLs and DHCP options.
"""

from __future__ import annotations

import json
import re
from typing import Any, Callable, Dict, Mapping, Optional

from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.model.site import NO_SITE
from tests.cloud.clouds import ACCOUNT

Properties = Dict[str, Any]
NO_VALUE = object()


class Applier:
    """Makes the resources of templates; ``parameters`` are the values of a template's parameters.

    ``ids`` has the physical id of each resource, by its name in the template.
    """

    def __init__(self, session: Any, region: str, parameters: Optional[Mapping[str, Any]] = None) -> None:
        self.ec2, self.iam = session.client("ec2"), session.client("iam")
        self.region, self._parameters = region, dict(parameters or {})
        self.ids: Dict[str, str] = {}
        self._attributes: Dict[str, Dict[str, str]] = {}
        self._template: Mapping[str, Any] = {}

    def apply(self, template: Mapping[str, Any]) -> Dict[str, str]:
        """Make all of it; gives the ids. Raises ValueError for a kind or a property that is not known here."""
        self._template = template
        for name, resource in template["Resources"].items():
            if self._holds(resource.get("Condition", "")):
                self._id_of(name)
        return self.ids

    def _holds(self, name: str) -> bool:
        """Whether a condition of the template holds; no condition does."""
        if not name:
            return True
        ((kind, sides),) = self._template["Conditions"][name].items()
        if kind != "Fn::Equals":
            raise ValueError(f"no {kind} is known here")
        one, other = map(self._value, sides)
        return bool(one == other)

    def _id_of(self, name: str) -> str:
        """The id of a resource, which is made where it was not yet."""
        if name not in self.ids:
            resource = self._template["Resources"][name]
            after = resource.get("DependsOn", [])
            for other in [after] if isinstance(after, str) else after:
                self._id_of(other)
            properties = self._value(resource.get("Properties", {}))
            properties.pop("Tags", None)
            self._attributes[name] = {}
            made = self._maker(resource["Type"])(properties, self._attributes[name])
            if properties:
                raise ValueError(f"{name}: {resource['Type']} with {', '.join(properties)}")
            self.ids[name] = made
        return self.ids[name]

    def _maker(self, kind: str) -> Callable[[Properties, Dict[str, str]], str]:
        made: Optional[Callable[[Properties, Dict[str, str]], str]] = getattr(self, f"_{kind.rpartition('::')[2].lower()}", None)
        if made is None:
            raise ValueError(f"no {kind} is known here")
        return made

    def _value(self, value: Any) -> Any:
        """A value with what its functions stand for."""
        if isinstance(value, list):
            return [item for item in map(self._value, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, inner),) = value.items()
            if name == "Ref":
                return self._named(inner)
            if name == "Fn::GetAtt":
                return self._attribute(*(inner if isinstance(inner, list) else inner.split(".", 1)))
            if name == "Fn::Sub":
                return self._filled(*(inner if isinstance(inner, list) else (inner, {})))
            if name == "Fn::Join":
                return inner[0].join(self._value(inner[1]))
            if name == "Fn::If":
                return self._value(inner[1 if self._holds(inner[0]) else 2])
            if name == "Fn::Select":
                return self._value(inner[1])[int(inner[0])]
            if name.startswith("Fn::"):
                raise ValueError(f"no {name} is known here")
        found = {name: self._value(inner) for name, inner in value.items()}
        return {name: inner for name, inner in found.items() if inner is not NO_VALUE}

    def _named(self, name: str) -> Any:
        partition = partition_of(self.region, NO_SITE)
        pseudo = {
            "AWS::Region": self.region,
            "AWS::Partition": partition.name,
            "AWS::URLSuffix": partition.domain,
            "AWS::AccountId": ACCOUNT,
            "AWS::NoValue": NO_VALUE,
        }
        if name in pseudo:
            return pseudo[name]
        if name in self._template.get("Parameters", {}):
            said = self._parameters.get(name, self._template["Parameters"][name].get("Default"))
            if said is None:
                raise ValueError(f"no value for the parameter {name}")
            listed = "List<" in self._template["Parameters"][name]["Type"] and isinstance(said, str)
            return said.split(",") if listed else said
        return self._id_of(name)

    def _attribute(self, name: str, attribute: str) -> str:
        own = self._id_of(name)
        return own if attribute in ("GroupId", "Id", "VpcId", "SubnetId") else self._attributes[name][attribute]

    def _filled(self, text: str, own: Mapping[str, Any]) -> str:
        def one(found: re.Match[str]) -> str:
            name = found[1]
            if name in own:
                return str(self._value(own[name]))
            return str(self._attribute(*name.split(".", 1)) if "." in name else self._named(name))

        return re.sub(r"\$\{([\w:.]+)\}", one, text)

    def _vpc(self, said: Properties, attributes: Dict[str, str]) -> str:
        made: str = self.ec2.create_vpc(CidrBlock=said.pop("CidrBlock"))["Vpc"]["VpcId"]
        for name in ("EnableDnsSupport", "EnableDnsHostnames"):
            if name in said:
                self.ec2.modify_vpc_attribute(VpcId=made, **{name: {"Value": _truth(said.pop(name))}})
        return made

    def _subnet(self, said: Properties, attributes: Dict[str, str]) -> str:
        names = ("VpcId", "CidrBlock", "AvailabilityZone")
        made: str = self.ec2.create_subnet(**{name: said.pop(name) for name in names if name in said})["Subnet"]["SubnetId"]
        return made

    def _securitygroup(self, said: Properties, attributes: Dict[str, str]) -> str:
        name = said.pop("GroupName", f"group-{len(self.ids)}")
        about = said.pop("GroupDescription")
        made: str = self.ec2.create_security_group(GroupName=name, Description=about, VpcId=said.pop("VpcId"))["GroupId"]
        for rule in said.pop("SecurityGroupIngress", ()):
            self._securitygroupingress({**rule, "GroupId": made}, {})
        rules = said.pop("SecurityGroupEgress", ())
        if rules:  # EC2 takes its own rule away where CloudFormation has some
            every = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            self.ec2.revoke_security_group_egress(GroupId=made, IpPermissions=[every])
        for rule in rules:
            self._securitygroupegress({**rule, "GroupId": made}, {})
        return made

    def _securitygroupingress(self, said: Properties, attributes: Dict[str, str]) -> str:
        answer = self.ec2.authorize_security_group_ingress(
            GroupId=said.pop("GroupId"), IpPermissions=[_permission(said, "Source")]
        )
        return str(answer["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def _securitygroupegress(self, said: Properties, attributes: Dict[str, str]) -> str:
        permission = _permission(said, "Destination")
        answer = self.ec2.authorize_security_group_egress(GroupId=said.pop("GroupId"), IpPermissions=[permission])
        return str(answer["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def _networkacl(self, said: Properties, attributes: Dict[str, str]) -> str:
        made: str = self.ec2.create_network_acl(VpcId=said.pop("VpcId"))["NetworkAcl"]["NetworkAclId"]
        return made

    def _networkaclentry(self, said: Properties, attributes: Dict[str, str]) -> str:
        ports = said.pop("PortRange", None)
        more = {"PortRange": {name: int(ports[name]) for name in ("From", "To")}} if ports else {}
        names = ("NetworkAclId", "RuleAction", "CidrBlock", "Ipv6CidrBlock")
        acl = said["NetworkAclId"]
        number, egress = int(said.pop("RuleNumber")), _truth(said.pop("Egress", False))
        self.ec2.create_network_acl_entry(
            RuleNumber=number,
            Egress=egress,
            Protocol=str(said.pop("Protocol")),
            **{name: said.pop(name) for name in names if name in said},
            **more,
        )
        return f"{acl}-{egress}-{number}"

    def _subnetnetworkaclassociation(self, said: Properties, attributes: Dict[str, str]) -> str:
        subnet = said.pop("SubnetId")
        (present,) = self.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])[
            "NetworkAcls"
        ]
        (tie,) = [one["NetworkAclAssociationId"] for one in present["Associations"] if one["SubnetId"] == subnet]
        answer = self.ec2.replace_network_acl_association(AssociationId=tie, NetworkAclId=said.pop("NetworkAclId"))
        return str(answer["NewAssociationId"])

    def _routetable(self, said: Properties, attributes: Dict[str, str]) -> str:
        made: str = self.ec2.create_route_table(VpcId=said.pop("VpcId"))["RouteTable"]["RouteTableId"]
        return made

    def _route(self, said: Properties, attributes: Dict[str, str]) -> str:
        names = tuple(said)
        table = said["RouteTableId"]
        self.ec2.create_route(**{name: said.pop(name) for name in names})
        return f"{table}-{'-'.join(names)}"

    def _subnetroutetableassociation(self, said: Properties, attributes: Dict[str, str]) -> str:
        answer = self.ec2.associate_route_table(RouteTableId=said.pop("RouteTableId"), SubnetId=said.pop("SubnetId"))
        return str(answer["AssociationId"])

    def _dhcpoptions(self, said: Properties, attributes: Dict[str, str]) -> str:
        keys = {"DomainNameServers": "domain-name-servers", "DomainName": "domain-name"}
        listed = {name: said.pop(name) for name in keys if name in said}
        wanted = [{"Key": keys[name], "Values": part if isinstance(part, list) else [part]} for name, part in listed.items()]
        made: str = self.ec2.create_dhcp_options(DhcpConfigurations=wanted)["DhcpOptions"]["DhcpOptionsId"]
        return made

    def _vpcdhcpoptionsassociation(self, said: Properties, attributes: Dict[str, str]) -> str:
        options, vpc = said.pop("DhcpOptionsId"), said.pop("VpcId")
        self.ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc)
        return f"{options}-{vpc}"

    def _vpcendpoint(self, said: Properties, attributes: Dict[str, str]) -> str:
        names = ("VpcId", "ServiceName", "VpcEndpointType", "SubnetIds", "SecurityGroupIds", "RouteTableIds")
        more: Properties = {name: said.pop(name) for name in names if name in said}
        more["PrivateDnsEnabled"] = _truth(said.pop("PrivateDnsEnabled", False))
        if "PolicyDocument" in said:
            more["PolicyDocument"] = _text(said.pop("PolicyDocument"))
        options = said.pop("DnsOptions", {})
        only = options.pop("PrivateDnsOnlyForInboundResolverEndpoint", None)
        made: str = self.ec2.create_vpc_endpoint(**{"VpcEndpointType": "Gateway", **more})["VpcEndpoint"]["VpcEndpointId"]
        if only is not None:
            value = {"AllInboundQueries": False, "OnlyInboundResolver": True, "NotSpecified": False}.get(only)
            wanted = {"PrivateDnsOnlyForInboundResolverEndpoint": _truth(only) if value is None else value}
            self.ec2.modify_vpc_endpoint(VpcEndpointId=made, DnsOptions=wanted)
        return made

    def _role(self, said: Properties, attributes: Dict[str, str]) -> str:
        name = said.pop("RoleName", f"Role{len(self.ids)}")
        trust = _text(said.pop("AssumeRolePolicyDocument"))
        path = {"Path": said.pop("Path")} if "Path" in said else {}
        said.pop("Description", None)
        attributes["Arn"] = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **path)["Role"]["Arn"]
        for arn in said.pop("ManagedPolicyArns", ()):
            self.iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        for policy in said.pop("Policies", ()):
            document = _text(policy["PolicyDocument"])
            self.iam.put_role_policy(RoleName=name, PolicyName=policy["PolicyName"], PolicyDocument=document)
        return str(name)


def _truth(value: Any) -> bool:
    return str(value).lower() == "true"


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _permission(said: Properties, side: str) -> Properties:
    """A rule of a group as EC2 takes it; ``side`` is what CloudFormation calls the peer."""
    said.pop("Description", None)
    made: Properties = {"IpProtocol": str(said.pop("IpProtocol"))}
    for name in ("FromPort", "ToPort"):
        if name in said:
            made[name] = int(said.pop(name))
    if "CidrIp" in said:
        made["IpRanges"] = [{"CidrIp": said.pop("CidrIp")}]
    if "CidrIpv6" in said:
        made["Ipv6Ranges"] = [{"CidrIpv6": said.pop("CidrIpv6")}]
    if f"{side}PrefixListId" in said:
        made["PrefixListIds"] = [{"PrefixListId": said.pop(f"{side}PrefixListId")}]
    if f"{side}SecurityGroupId" in said:
        made["UserIdGroupPairs"] = [{"GroupId": said.pop(f"{side}SecurityGroupId")}]
    return made
