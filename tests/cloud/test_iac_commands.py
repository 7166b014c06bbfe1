"""Each repair as the real AWS CLI makes it against the server: what is there afterwards."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Mapping

import pytest

from ssm_bootstrap.catalog.cloud.repairs import CORE, commands_of_all
from ssm_bootstrap.catalog.policies import policy_named
from ssm_bootstrap.catalog.requirements import requirements_of
from ssm_bootstrap.model.capability import Capability
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
    CreateActivation,
    CreateEndpoint,
    CreateRole,
    CreateZone,
    DeleteEndpoint,
    DeleteRoute,
    DisassociateResolverRule,
    DisassociateZone,
    Repair,
    SetEndpointPolicy,
    SetRoleTrust,
    SetZoneRecord,
    StartInstance,
    TurnOnPrivateDns,
    TurnOnVpcDns,
    UseAmazonDns,
)
from ssm_bootstrap.render.folding import folded
from ssm_bootstrap.render.iac.required import required
from ssm_bootstrap.render.iac.script import script
from ssm_bootstrap.render.shell import in_variables, pasteable
from tests.aws import MARKS
from tests.aws.printed import run
from tests.cloud.clouds import ACCOUNT, REGION
from tests.cloud.samples import PRESENT
from tests.cloud.server import Cloud

pytestmark = MARKS


class Ground:
    """A VPC with two subnets, an endpoint, a gateway, a peer and groups, at the server."""

    def __init__(self, server: Cloud, home: Path) -> None:
        session = server.session(REGION)
        self.url, self.home = server.url, home
        self.ec2, self.iam, self.route53 = session.client("ec2"), session.client("iam"), session.client("route53")
        self.resolver = session.client("route53resolver")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.other_vpc = self.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{letter}")[
                "Subnet"
            ]["SubnetId"]
            for number, letter in enumerate("ac")
        ]
        self.table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.group, self.peer = (self._group(name) for name in ("a", "b"))
        self.endpoint = self._endpoint(
            "ssm", VpcEndpointType="Interface", SubnetIds=self.subnets[:1], SecurityGroupIds=[self.group]
        )
        self.gateway = self._endpoint("s3", VpcEndpointType="Gateway")

    def _group(self, name: str) -> str:
        made: str = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]
        return made

    def _endpoint(self, service: str, **more: Any) -> str:
        made = self.ec2.create_vpc_endpoint(VpcId=self.vpc, ServiceName=f"com.amazonaws.{REGION}.{service}", **more)
        found: str = made["VpcEndpoint"]["VpcEndpointId"]
        return found

    def repair(self, *repairs: Repair) -> str:
        """What the commands print, pasted one after the other into one shell."""
        text = "\n".join(("set -e", *pasteable(commands_of_all(repairs, REGION))))
        done = run(text, "", {}, self.url, str(self.home))
        assert done.returncode == 0, f"{text}\n{done.stderr}"
        return done.stdout

    def endpoint_now(self, endpoint: str) -> Dict[str, Any]:
        """An endpoint as it is."""
        (found,) = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
        return dict(found)

    def endpoints_of(self, service: str) -> List[Dict[str, Any]]:
        """The endpoints of a service in the VPC."""
        asked = [{"Name": "service-name", "Values": [f"com.amazonaws.{REGION}.{service}"]}]
        return [one for one in self.ec2.describe_vpc_endpoints(Filters=asked)["VpcEndpoints"] if one["VpcId"] == self.vpc]

    def rules(self, group: str) -> List[Mapping[str, Any]]:
        """The rules of a group."""
        found = self.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
        return [one for one in found if one["IpProtocol"] != "-1"]

    def routes(self) -> Dict[str, Mapping[str, Any]]:
        """The routes of the table by destination."""
        (table,) = self.ec2.describe_route_tables(RouteTableIds=[self.table])["RouteTables"]
        return {one.get("DestinationCidrBlock") or one.get("DestinationPrefixListId"): one for one in table["Routes"]}

    def role(self, name: str = "Old") -> None:
        """A role that trusts EC2 and may do nothing."""
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')


@pytest.fixture
def ground(server: Cloud, tmp_path: Path) -> Ground:
    return Ground(server, tmp_path)


@pytest.mark.parametrize("direction", Direction)
def test_a_group_lets_through_each_kind_of_peer(direction: Direction, ground: Ground) -> None:
    lists = ground.ec2.describe_managed_prefix_lists()["PrefixLists"]
    (s3,) = [one["PrefixListId"] for one in lists if one["PrefixListName"].endswith(".s3")]
    for peer, member in (("10.0.0.0/16", "CidrIpv4"), ("2001:db8::/56", "CidrIpv6"), (s3, "PrefixListId")):
        ground.repair(AddGroupRule(ground.group, direction, 443, peer))
        found = [one for one in ground.rules(ground.group) if one.get(member) == peer]
        assert [(one["FromPort"], one["ToPort"], one["IsEgress"]) for one in found] == [(443, 443, direction is Direction.OUT)]
    ground.repair(AddGroupRule(ground.peer, direction, 443, ground.group))
    (rule,) = ground.rules(ground.peer)
    assert rule["ReferencedGroupInfo"]["GroupId"] == ground.group


def test_an_acl_gets_its_entries(ground: Ground) -> None:
    asked = [{"Name": "vpc-id", "Values": [ground.vpc]}]
    acl = ground.ec2.describe_network_acls(Filters=asked)["NetworkAcls"][0]["NetworkAclId"]
    ground.repair(
        AddAclEntry(acl, 80, Direction.OUT, "10.0.2.0/24", 443, 443), AddAclEntry(acl, 81, Direction.IN, "::/0", 1024, 65535)
    )
    entries = {
        one["RuleNumber"]: one for one in ground.ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
    }
    assert (entries[80]["Egress"], entries[80]["CidrBlock"], entries[80]["RuleAction"]) == (True, "10.0.2.0/24", "allow")
    assert (entries[81]["Egress"], entries[81]["Ipv6CidrBlock"]) == (False, "::/0")
    assert entries[81]["PortRange"] == {"From": 1024, "To": 65535} and entries[80]["Protocol"] in ("6", "tcp")


def test_a_route_is_added_and_taken_away(ground: Ground) -> None:
    peering = ground.ec2.create_vpc_peering_connection(VpcId=ground.vpc, PeerVpcId=ground.other_vpc)
    target = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ground.repair(AddRoute(ground.table, "10.9.0.0/16", target))
    assert ground.routes()["10.9.0.0/16"]["VpcPeeringConnectionId"] == target
    ground.repair(DeleteRoute(ground.table, "10.9.0.0/16"))
    assert "10.9.0.0/16" not in ground.routes()


def test_an_endpoint_gets_tables_subnets_and_groups(ground: Ground) -> None:
    ground.repair(AddRouteTables(ground.gateway, (ground.table,)))
    assert ground.table in ground.endpoint_now(ground.gateway)["RouteTableIds"]
    ground.repair(AddEndpointSubnets(ground.endpoint, (ground.subnets[1],)), AddEndpointGroups(ground.endpoint, (ground.peer,)))
    now = ground.endpoint_now(ground.endpoint)
    assert set(now["SubnetIds"]) == set(ground.subnets)
    assert {one["GroupId"] for one in now["Groups"]} == {ground.group, ground.peer}


def test_missing_endpoints_are_made_with_one_group(ground: Ground) -> None:
    services = ("ssmmessages", "logs")
    ground.repair(
        *(
            CreateEndpoint(
                ground.vpc,
                f"com.amazonaws.{REGION}.{one}",
                EndpointKind.INTERFACE,
                (ground.subnets[0],),
                client_cidrs=("10.0.0.0/16",),
            )
            for one in services
        )
    )
    made = [one for service in services for one in ground.endpoints_of(service)]
    assert len(made) == 2 and all(one["PrivateDnsEnabled"] and one["SubnetIds"] == ground.subnets[:1] for one in made)
    (group,) = {one["Groups"][0]["GroupId"] for one in made}
    (rule,) = ground.rules(group)
    assert (rule["IsEgress"], rule["FromPort"], rule["CidrIpv4"]) == (False, 443, "10.0.0.0/16")
    assert ground.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"] == []


def test_a_gateway_is_made_and_a_failed_endpoint_deleted(ground: Ground) -> None:
    ground.repair(
        DeleteEndpoint(ground.gateway),
        CreateEndpoint(ground.vpc, f"com.amazonaws.{REGION}.s3", EndpointKind.GATEWAY, route_table_ids=(ground.table,)),
    )
    live = [one for one in ground.endpoints_of("s3") if one["State"].lower() not in ("deleted", "deleting")]
    assert [one["RouteTableIds"] for one in live] == [[ground.table]] and live[0]["VpcEndpointId"] != ground.gateway


def test_the_names_of_an_endpoint_are_turned_on(ground: Ground) -> None:
    ground.ec2.modify_vpc_endpoint(VpcEndpointId=ground.endpoint, PrivateDnsEnabled=False)
    assert not ground.endpoint_now(ground.endpoint)["PrivateDnsEnabled"]
    ground.repair(TurnOnPrivateDns(ground.endpoint))
    assert ground.endpoint_now(ground.endpoint)["PrivateDnsEnabled"]


@pytest.mark.parametrize("attribute", ["enableDnsSupport", "enableDnsHostnames"])
def test_the_dns_of_a_vpc_is_turned_on(attribute: str, ground: Ground) -> None:
    name = attribute[0].upper() + attribute[1:]
    ground.ec2.modify_vpc_attribute(VpcId=ground.vpc, **{name: {"Value": False}})
    ground.repair(TurnOnVpcDns(ground.vpc, attribute))
    assert ground.ec2.describe_vpc_attribute(VpcId=ground.vpc, Attribute=attribute)[name] == {"Value": True}


def test_a_vpc_uses_amazons_dns(ground: Ground) -> None:
    ground.repair(UseAmazonDns(ground.vpc))
    options = ground.ec2.describe_vpcs(VpcIds=[ground.vpc])["Vpcs"][0]["DhcpOptionsId"]
    (found,) = ground.ec2.describe_dhcp_options(DhcpOptionsIds=[options])["DhcpOptions"]
    assert found["DhcpConfigurations"] == [{"Key": "domain-name-servers", "Values": [{"Value": "AmazonProvidedDNS"}]}]


def test_a_zone_gets_a_record_and_is_taken_off(ground: Ground) -> None:
    own = {"VPCRegion": REGION, "VPCId": ground.vpc}
    name = f"ssm.{REGION}.amazonaws.com"
    made = ground.route53.create_hosted_zone(
        Name=name, VPC={**own, "VPCId": ground.other_vpc}, CallerReference="x", HostedZoneConfig={"PrivateZone": True}
    )
    zone = made["HostedZone"]["Id"].rpartition("/")[2]
    ground.route53.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC=own)
    ground.repair(SetZoneRecord(zone, name, ("10.0.2.11", "2001:db8::11")))
    records = {
        one["Type"]: one["ResourceRecords"]
        for one in ground.route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    }
    assert records["A"] == [{"Value": "10.0.2.11"}] and records["AAAA"] == [{"Value": "2001:db8::11"}]
    ground.repair(DisassociateZone(ground.vpc, zone, REGION))
    assert [one["VPCId"] for one in ground.route53.get_hosted_zone(Id=zone)["VPCs"]] == [ground.other_vpc]


def test_a_zone_is_made_with_its_records(ground: Ground) -> None:
    plain, s3 = f"ssm.{REGION}.amazonaws.com", f"s3.{REGION}.amazonaws.com"
    ground.repair(
        CreateZone(ground.vpc, REGION, plain, ("10.9.1.1",)),
        CreateZone(ground.vpc, REGION, s3, ("10.9.1.2", "2001:db8::2"), is_for_all=True),
    )
    zones = {one["Name"].rstrip("."): one["Id"] for one in ground.route53.list_hosted_zones()["HostedZones"]}
    assert set(zones) == {plain, s3}
    found = {}
    for key in zones.values():
        assert [one["VPCId"] for one in ground.route53.get_hosted_zone(Id=key)["VPCs"]] == [ground.vpc]
        for one in ground.route53.list_resource_record_sets(HostedZoneId=key)["ResourceRecordSets"]:
            name = one["Name"].rstrip(".").replace("\\052", "*")
            found[name, one["Type"]] = [item["Value"] for item in one["ResourceRecords"]]
    wanted = {(plain, "A"): ["10.9.1.1"]}
    for name in (s3, f"*.{s3}"):
        wanted |= {(name, "A"): ["10.9.1.2"], (name, "AAAA"): ["2001:db8::2"]}
    assert {key: value for key, value in found.items() if key[1] in ("A", "AAAA")} == wanted


def test_a_stopped_instance_is_started(ground: Ground) -> None:
    image = ground.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    (made,) = ground.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=ground.subnets[0])["Instances"]
    ground.ec2.stop_instances(InstanceIds=[made["InstanceId"]])
    ground.repair(StartInstance(made["InstanceId"]))
    (found,) = ground.ec2.describe_instances(InstanceIds=[made["InstanceId"]])["Reservations"][0]["Instances"]
    assert found["State"]["Name"] in ("pending", "running")


def test_a_forwarding_rule_is_taken_off(ground: Ground) -> None:
    outbound = ground.resolver.create_resolver_endpoint(
        CreatorRequestId="x",
        SecurityGroupIds=[ground.group],
        Direction="OUTBOUND",
        IpAddresses=[{"SubnetId": subnet} for subnet in ground.subnets],
    )["ResolverEndpoint"]["Id"]
    rule = ground.resolver.create_resolver_rule(
        CreatorRequestId="x",
        RuleType="FORWARD",
        DomainName="amazonaws.com",
        TargetIps=[{"Ip": "10.0.0.53", "Port": 53}],
        ResolverEndpointId=outbound,
    )["ResolverRule"]["Id"]
    ground.resolver.associate_resolver_rule(ResolverRuleId=rule, VPCId=ground.vpc, Name="x")
    ground.repair(DisassociateResolverRule(ground.vpc, rule))
    assert ground.resolver.list_resolver_rule_associations()["ResolverRuleAssociations"] == []


def test_an_endpoint_gets_the_policy_and_the_old_one_is_kept(ground: Ground) -> None:
    ground.repair(SetEndpointPolicy(ground.endpoint, "endpoint-ssm", ACCOUNT))
    wanted = policy_named("endpoint-ssm").for_account(REGION, ACCOUNT)
    assert json.loads(ground.endpoint_now(ground.endpoint)["PolicyDocument"]) == wanted
    assert (ground.home / f"present-policy-{ground.endpoint}.json").exists()


def test_the_statements_of_a_policy_that_is_kept_stay_and_those_of_nodes_are_added(ground: Ground) -> None:
    ground.repair(SetEndpointPolicy(ground.endpoint, "endpoint-ssm", ACCOUNT, PRESENT, is_kept=True))
    found = json.loads(ground.endpoint_now(ground.endpoint)["PolicyDocument"])["Statement"]
    wanted = policy_named("endpoint-ssm").for_account(REGION, ACCOUNT)["Statement"]
    assert found[0] == json.loads(PRESENT)["Statement"] and len(found) == 3
    assert [{**one, "Sid": ""} for one in found[1:]] == [{**one, "Sid": ""} for one in wanted]
    assert len({one["Sid"] for one in found}) == 3


def test_a_role_is_made_whole(ground: Ground) -> None:
    ground.repair(CreateRole("service-role/NodeRole", "222233334444"))
    role = ground.iam.get_role(RoleName="NodeRole")["Role"]
    assert role["Path"] == "/service-role/"
    assert role["AssumeRolePolicyDocument"] == policy_named("role-trust").for_account(REGION, "222233334444")
    (attached,) = ground.iam.list_attached_role_policies(RoleName="NodeRole")["AttachedPolicies"]
    assert attached["PolicyName"] == CORE
    own = ground.iam.get_role_policy(RoleName="NodeRole", PolicyName=f"ManagedNode-{REGION}")["PolicyDocument"]
    assert own == policy_named("role-permissions").for_account(REGION, "222233334444")


def test_a_role_is_put_right(ground: Ground) -> None:
    ground.role()
    ground.repair(SetRoleTrust("Old", ACCOUNT), AttachRolePolicy("Old", f"arn:aws:iam::aws:policy/{CORE}"))
    role = ground.iam.get_role(RoleName="Old")["Role"]
    assert role["AssumeRolePolicyDocument"] == policy_named("role-trust").for_account(REGION, ACCOUNT)
    assert [one["PolicyName"] for one in ground.iam.list_attached_role_policies(RoleName="Old")["AttachedPolicies"]] == [CORE]


def in_a_shell(text: str, place: Path, answer: str) -> subprocess.CompletedProcess[str]:
    """The text in a shell whose ``aws`` notes its words, one call a line, and prints ``answer``."""
    program = place / "bin" / "aws"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\necho "$@" >> {place}/calls\nprintf "{answer}"\n', encoding="utf-8")
    program.chmod(0o755)
    words = program.parent / "aws_words"
    words.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {place}/words\n", encoding="utf-8")
    words.chmod(0o755)
    environment = {"PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(place)}
    return subprocess.run(
        ["sh", "-c", f"umask 022\n{text}"], cwd=place, env=environment, capture_output=True, text=True, check=False
    )


HOSTILE = ("'; reboot #", "$(reboot)`reboot`", "<VPC-ID>", "\\", "${aws:username}", "a\nb", "é", '"')


def test_what_a_policy_says_never_leaves_its_quotes(tmp_path: Path) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": list(HOSTILE)}
    for repair in (
        SetEndpointPolicy("vpce-0a1", "endpoint-ssm", ACCOUNT, json.dumps({"Statement": [statement]}), is_kept=True),
        SetRoleTrust("Old", ACCOUNT, json.dumps({"Statement": [statement]}), is_kept=True),
    ):
        command = next(one for one in commands_of_all((repair,), REGION) if one.changes)
        for line in pasteable((command,)), ("\n".join(folded(in_variables(command.text), 110)),):
            assert len(line) == 1, "nothing is left to be set"
            done = in_a_shell(line[0].replace("aws ", "aws_words ", 1), tmp_path, "")
            words = (tmp_path / "words").read_text(encoding="utf-8").splitlines()
            assert done.returncode == 0 and json.loads(words[-1])["Statement"][0] == statement


def test_the_code_of_an_activation_is_never_shown(tmp_path: Path) -> None:
    identifier, code = "0b8a1c9e-3c1f-4a53-8d38-6c5f8e0c5d11", "sEcReT0123456789AbCd"
    (command,) = commands_of_all((CreateActivation("service-role/NodeRole", 5),), REGION)
    done = in_a_shell(command.text, tmp_path, f"{identifier}\\t{code}\\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{identifier}\n", "")
    assert (tmp_path / "activation-code").read_text(encoding="utf-8") == f"{code}\n"
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("activation", "activation-code")} == {0o600}
    again = in_a_shell(command.text, tmp_path, f"{identifier}\\tanother\\n")
    assert again.returncode != 0 and len((tmp_path / "calls").read_text(encoding="utf-8").splitlines()) == 1
    assert "--iam-role service-role/NodeRole --registration-limit 5 " in (tmp_path / "calls").read_text(encoding="utf-8")


def test_what_moto_does_not_know_is_taken_by_the_cli(ground: Ground) -> None:
    """The CLI checks the words of a call by its own model, and prints an empty answer in place of making it."""
    repairs = (
        AllowInDnsFirewall("rslvr-frg-0123456789abcdef0", 90, ("ssm.eu-west-1.amazonaws.com",)),
        TurnOnPrivateDns(ground.endpoint, for_every_resolver=True),
    )
    for command in commands_of_all(repairs, REGION):
        kind = "input" if "firewall" in command.text else "output"  # of these the CLI makes answers that it does not take itself
        text = command.text.replace(" --region", f" --generate-cli-skeleton {kind} --region")
        done = run(f"DOMAIN_LIST=rslvr-fdl-0123456789abcdef0\n{text}", "", {}, ground.url, str(ground.home))
        assert done.returncode == 0, f"{text}\n{done.stderr}"


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("s3", "given"),
    [(EndpointKind.GATEWAY, False), pytest.param(EndpointKind.INTERFACE, True, marks=pytest.mark.slow)],
    ids=["gateway, a group is made", "interface, a group is given"],
)
def test_the_script_makes_all_that_is_required(s3: EndpointKind, given: bool, ground: Ground) -> None:
    ground.repair(DeleteEndpoint(ground.endpoint), DeleteEndpoint(ground.gateway))
    needs = requirements_of(REGION, tuple(Capability), s3=s3)
    words = {"VPC_ID": ground.vpc, "SUBNET_IDS": f'"{" ".join(ground.subnets)}"', "ROUTE_TABLE_IDS": ground.table}
    words |= {"NODE_SECURITY_GROUP_ID": ground.peer} if given else {}
    (ground.home / "side.sh").write_text(script(required(needs)), encoding="utf-8")
    line = " ".join(f"{name}={value}" for name, value in words.items())
    done = run(f"{line} sh side.sh", "", {}, ground.url, str(ground.home))
    assert done.returncode == 0, done.stderr
    for item in needs.needed:
        (found,) = [one for one in ground.endpoints_of(item.service) if one["State"].lower() not in ("deleted", "deleting")]
        assert found["VpcEndpointType"] == item.kind.value and json.loads(found["PolicyDocument"])["Version"] == "2012-10-17"
        if item.kind is EndpointKind.INTERFACE:
            assert found["PrivateDnsEnabled"] and set(found["SubnetIds"]) == set(ground.subnets)
    groups = {one["GroupName"]: one["GroupId"] for one in ground.ec2.describe_security_groups()["SecurityGroups"]}
    assert ("ssm-bootstrap-node" in groups) is not given
    node = ground.peer if given else groups["ssm-bootstrap-node"]
    into = [(one["FromPort"], one["ReferencedGroupInfo"]["GroupId"]) for one in ground.rules(groups["ssm-bootstrap-endpoints"])]
    ports = {443} if s3 is EndpointKind.GATEWAY else {443, 80}
    assert set(into) == {(port, node) for port in ports}
    out = ground.rules(node)
    assert {one["FromPort"] for one in out if "ReferencedGroupInfo" in one} == ports
    assert {one["FromPort"] for one in out if "PrefixListId" in one} == ({443, 80} if s3 is EndpointKind.GATEWAY else set())
    assert ground.iam.get_role(RoleName="SSMServiceRole")["Role"]["Path"] == "/"


def test_the_script_asks_for_what_it_has_to_know(ground: Ground) -> None:
    (ground.home / "side.sh").write_text(script(required(requirements_of(REGION, tuple(Capability)))), encoding="utf-8")
    done = run("sh side.sh", "", {}, ground.url, str(ground.home))
    assert done.returncode != 0 and "VPC_ID: the VPC of the nodes" in done.stderr
    assert ground.iam.list_roles()["Roles"] == []
