"""The collector against the server: what it reads of a VPC, what it leaves unseen where an action is denied, and with how many
calls."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any, Dict, Iterator

import pytest

from ssm_bootstrap.catalog.cloud.calls import CALLS, CloudCall, actions_by_call
from ssm_bootstrap.collect.cloud.snapshot import Reading, Subject, look_at_cloud
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.host.aws import Aws
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.cloud import Cloud as CloudNoun
from ssm_bootstrap.model.cloud import DnsRecord, EndpointKind, NatGateway, Role
from ssm_bootstrap.model.codec import decode, encode
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import NOT_ASKED, Seen, Unseen
from ssm_bootstrap.model.transit import TransitRoute
from tests.aws import MARKS
from tests.cloud.clouds import AT, NODE, REGION, complete, observations
from tests.cloud.completevpc import put_in_place
from tests.cloud.largevpc import ENDPOINTS, GROUPS, RULES, put_in_place_large
from tests.cloud.server import Cloud
from tests.cloud.widervpc import MANAGED, OF_PROFILE, ZONE, WiderVpc, put_in_place_with_all
from tests.variants import some

pytestmark = MARKS


def look(server: Cloud, instance: str, **more: Any) -> Reading:
    """What is seen with the credentials of the tests; the server has forgotten the requests before."""
    server.requests()
    aws = Aws(server.session(REGION), REGION, actions_by_call(), Secrets())
    return look_at_cloud(aws, Subject(instance, **more), AT)


def kind_of(value: Any) -> Any:
    """A value without what differs from one VPC to the next: ids, addresses of endpoints, blocks of S3, what a node is called."""
    if dataclasses.is_dataclass(value):
        parts = {field.name: kind_of(getattr(value, field.name)) for field in dataclasses.fields(value)}
        left_out = {"PrefixList": ("cidrs",), "ManagedNode": ("name", "address", "registered", "last_ping")}
        return type(value).__name__, [parts[name] for name in parts if name not in left_out.get(type(value).__name__, ())]
    if isinstance(value, tuple):
        return sorted(map(kind_of, value), key=repr)
    if isinstance(value, str):
        text = re.sub(r"^([a-z]+)-[0-9a-f]{2,17}$", r"\1", value)
        return json.loads(text) if text.startswith("{") else re.sub(r"^10\.0\.2\.\d+$", "10.0.2.n", text)
    return value


def unseen(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """The places of a value that were not seen, each with the reason."""
    if isinstance(value, Unseen):
        yield place.strip("."), value.reason
    elif isinstance(value, Seen):
        yield from unseen(value.value, place)
    elif isinstance(value, tuple):
        for item in value:
            yield from unseen(item, place)
    elif dataclasses.is_dataclass(value):
        unasked = {"boundary_policy"} if isinstance(value, Role) and not value.boundary else set()
        for field in dataclasses.fields(value):
            if field.name in unasked:
                continue
            yield from unseen(getattr(value, field.name), f"{place}.{field.name}")


def test_the_complete_vpc_is_read_as_what_it_is(server: Cloud) -> None:
    found = look(server, put_in_place(server).instance)
    assert found.crashed == ()
    assert kind_of(found.cloud) == kind_of(complete())
    assert decode(CloudNoun, json.loads(json.dumps(encode(found.cloud)))) == found.cloud


@pytest.fixture(scope="module")
def wider(running: Cloud) -> WiderVpc:
    running.reset()
    return put_in_place_with_all(running)


def seen_in(running: Cloud, wider: WiderVpc, **state: Any) -> Reading:
    """What is seen of the wider VPC with a state for as long as that takes."""
    before = {"denied": [], "throttled": {}, "absent": [], "page": 0}
    running.set(**state)
    try:
        return look(running, wider.own.instance, metadata=wider.metadata)
    finally:
        running.set(**{name: before[name] for name in state})


def test_all_around_a_vpc_is_read_with_every_call_of_the_catalogue_and_no_other(running: Cloud, wider: WiderVpc) -> None:
    found = seen_in(running, wider)
    asked = running.requests()
    assert list(unseen(found.cloud)) == [] and found.crashed == ()
    assert set(asked) == {f"{call.service}:{call.operation}" for call in CALLS if call.service != "sts"}
    network = found.cloud.network
    assert isinstance(network.zones, Seen) and isinstance(network.resolver_rules, Seen) and isinstance(network.dns_firewall, Seen)
    zones = {zone.name: zone for zone in network.zones.value}
    assert set(zones) == {ZONE, OF_PROFILE}
    assert zones[OF_PROFILE].profile_id == "rp-1" and zones[ZONE].profile_id == ""
    value = f"*.{wider.other}-0a1b2c3d.logs.{REGION}.vpce.amazonaws.com"
    assert zones[OF_PROFILE].records == Seen((DnsRecord(OF_PROFILE, "CNAME", (value,)),))
    assert zones[ZONE].records == Seen((DnsRecord(ZONE, "A", ("10.9.1.21",)),))
    (rule,) = network.resolver_rules.value
    assert (rule.id, rule.domain, rule.kind, rule.targets) == (wider.rule, "corp.example", "FORWARD", ("10.0.0.53:53",))
    assert [(item.name, item.action) for item in network.dns_firewall.value] == [
        *(("early", "ALLOW"), ("late", "BLOCK"), ("threats", "BLOCK"), ("of the Profile", "ALERT"))
    ]
    assert network.dns_firewall.value[0].domains == Seen(("amazonaws.com",))
    assert network.dns_firewall.value[0].query_type == "" and network.dns_firewall.value[2].query_type == "A"
    assert network.dns_firewall.value[2].managed_list == MANAGED["Name"]
    assert found.cloud.management.settings == Seen((("/ssm/managed-instance/activation-tier", "standard"),))


def test_the_endpoints_of_a_hub_are_found_by_the_names_of_zones(running: Cloud, wider: WiderVpc) -> None:
    network = seen_in(running, wider).cloud.network
    assert isinstance(network.endpoints, Seen) and isinstance(network.route_tables, Seen)
    assert isinstance(network.groups, Seen) and isinstance(network.subnets, Seen) and isinstance(network.acls, Seen)
    there = {item.id: item for item in network.endpoints.value if item.vpc_id == wider.hub}
    assert set(there) == {wider.endpoint, wider.other}
    assert there[wider.endpoint].interfaces[0].addresses == ("10.9.1.21",)
    (table,) = [item for item in network.route_tables.value if item.id == wider.hub_table]
    assert table.subnet_ids == (wider.hub_subnet,) and not table.is_main
    assert sum(item.is_main for item in network.route_tables.value) == 1
    assert wider.hub_group in {item.id for item in network.groups.value}
    assert wider.hub_subnet in {item.id for item in network.subnets.value}
    assert wider.hub_subnet in {subnet for item in network.acls.value for subnet in item.subnet_ids}


def test_the_route_tables_of_a_transit_gateway_are_read(running: Cloud, wider: WiderVpc) -> None:
    transit = seen_in(running, wider).cloud.network.transit
    assert isinstance(transit, Seen)
    assert {item.vpc_id for item in transit.value} == {wider.own.ids["Vpc"], wider.hub}
    assert {(item.table_id[:8], item.routes) for item in transit.value} == {
        ("tgw-rtb-", Seen((TransitRoute("10.7.0.0/16", (), is_blackhole=True),)))
    }


def test_an_endpoint_that_a_profile_brings_has_the_names_of_its_service_here(running: Cloud, wider: WiderVpc) -> None:
    ec2 = running.session(REGION).client("ec2")
    arn = f"arn:aws:ec2:{REGION}:111122223333:vpc-endpoint/{wider.other}"
    before = {"rp-1": running.state()["profiles"]["rp-1"]}
    try:
        running.set(profiles={"rp-2": [arn]})
        for private, names in ((False, {ZONE}), (True, {ZONE, OF_PROFILE})):
            ec2.modify_vpc_endpoint(VpcEndpointId=wider.other, PrivateDnsEnabled=private)
            zones = look(running, wider.own.instance).cloud.network.zones
            assert isinstance(zones, Seen) and {zone.name for zone in zones.value} == names
        (zone,) = [zone for zone in zones.value if zone.name == OF_PROFILE]
        assert (zone.id, zone.profile_id) == (wider.other, "rp-2")
        assert zone.records == Seen((DnsRecord(OF_PROFILE, "A", ("10.9.1.22",)),))
        running.set(profiles={"rp-2": [arn.replace(wider.other, "vpce-0123456789abcdef0")]})
        unknown = look(running, wider.own.instance).cloud.network.zones
        assert isinstance(unknown, Unseen) and "vpce-0123456789abcdef0, which belongs to another account" in unknown.reason
    finally:
        running.set(profiles=before)
        ec2.modify_vpc_endpoint(VpcEndpointId=wider.other, PrivateDnsEnabled=False)


def of_the_node(cloud: CloudNoun) -> Observations:
    """What ``vpc`` has of this beside a report that tells which node it is."""
    return dataclasses.replace(observations(cloud), identity=Seen(Identity(IdentityState.REGISTERED, NODE, REGION)))


HARMLESS = {
    *("DescribeSubnets", "DescribeVpcEndpointServices", "DescribeManagedPrefixLists", "GetManagedPrefixListEntries"),
    *("DescribeTransitGatewayAttachments", "SearchTransitGatewayRoutes"),
    *("DescribeNatGateways", "DescribeVpcBlockPublicAccessOptions", "DescribeVpcBlockPublicAccessExclusions"),
    *("ListResourceRecordSets", "GetServiceSetting", "ListServiceQuotas"),
}
"""What may be denied with every way still known to be open: in this VPC nothing hangs on it."""


ASKED = [call for call in CALLS if call.service != "sts"]


@pytest.mark.parametrize("call", some(ASKED, ASKED[::3]), ids=lambda call: call.operation)
def test_a_denied_action_leaves_its_part_unseen_and_is_neither_a_finding_nor_a_pass(
    running: Cloud, wider: WiderVpc, call: CloudCall
) -> None:
    found = seen_in(running, wider, denied=[f"{call.service}:{call.operation}"])
    places = dict(unseen(found.cloud))
    assert set(places) == set(call.parts) and found.crashed == ()
    assert all(call.actions[0] in reason for reason in places.values())
    told = diagnose(of_the_node(found.cloud))
    assert told.findings == () and told.crashed == ()
    assert any(call.actions[0] in reason for _, reason in told.unseen)
    verdicts = {item.verdict for item in told.capabilities}
    assert verdicts <= {Verdict.OK, Verdict.UNKNOWN} and (Verdict.UNKNOWN in verdicts) == (call.operation not in HARMLESS)


def test_of_the_whole_nothing_is_said(running: Cloud, wider: WiderVpc) -> None:
    told = diagnose(of_the_node(seen_in(running, wider).cloud))
    assert (told.findings, told.crashed) == ((), ())
    assert [part for part, _ in told.unseen] == ["DNS Firewall rslvr-frg-1 threats"]  # a list that AWS shows to nobody
    assert {item.verdict for item in told.capabilities} == {Verdict.OK}


def test_without_the_instance_and_its_report_the_network_is_unseen_and_the_rest_is_not(running: Cloud, wider: WiderVpc) -> None:
    running.set(denied=["ec2:DescribeInstances"])
    found = look(running, wider.own.instance, node_id=NODE)
    asked = running.requests()
    running.set(denied=[])
    assert all(place == "instance" or place.startswith("network.") for place, _ in unseen(found.cloud))
    assert {reason for _, reason in unseen(found.cloud)} == {"these credentials do not allow ec2:DescribeInstances"}
    assert found.cloud.account == "111122223333" and asked["sts:GetCallerIdentity"] == 1
    assert isinstance(found.cloud.management.nodes, Seen) and found.cloud.management.nodes.value[0].id == NODE


def test_every_page_is_followed(running: Cloud, wider: WiderVpc) -> None:
    whole, paged = seen_in(running, wider), seen_in(running, wider, page=1)
    assert kind_of(paged.cloud) == kind_of(whole.cloud)
    assert running.requests()["ec2:DescribeVpcEndpoints"] > 6


def test_throttling_is_waited_for(running: Cloud, wider: WiderVpc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    slowed = {"ec2:DescribeVpcEndpoints": 1, "ssm:DescribeActivations": 1, "ec2:DescribeInstances": 1}
    found = seen_in(running, wider, throttled=slowed)
    assert list(unseen(found.cloud)) == []
    assert {name: running.requests().get(name, 0) for name in ("ec2:DescribeInstances",)} == {"ec2:DescribeInstances": 2}


ABSENT = {
    "ec2:DescribeVpcBlockPublicAccessOptions": "off",
    "route53profiles:ListProfileAssociations": (),
    "route53resolver:ListFirewallRuleGroupAssociations": (),
}


@pytest.mark.parametrize("name", ABSENT)
def test_what_a_region_does_not_have_is_not_unseen(running: Cloud, wider: WiderVpc, name: str) -> None:
    found = seen_in(running, wider, absent=[name])
    assert list(unseen(found.cloud)) == []


@pytest.mark.parametrize(
    ("state", "instance", "status", "words"),
    [
        ({}, "i-0123456789abcdef0", ExitStatus.NO_INPUT, "there is no i-0123456789abcdef0 in ap-northeast-1"),
        ({"refused": "ExpiredToken"}, "", ExitStatus.NO_PERMISSION, "have expired"),
        ({"refused": "AuthFailure"}, "", ExitStatus.NO_PERMISSION, "does not accept these credentials"),
        ({"throttled": {"ec2:DescribeInstances": 99}}, "", ExitStatus.TRY_LATER, "is throttled"),
    ],
    ids=["not there", "expired", "wrong", "throttled"],
)
def test_where_there_is_nothing_to_look_at_the_run_ends_with_one_line(
    server: Cloud, monkeypatch: pytest.MonkeyPatch, state: Dict[str, Any], instance: str, status: ExitStatus, words: str
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    vpc = put_in_place(server)
    server.set(**state)
    with pytest.raises(Refusal, match=words) as refused:
        look(server, instance or vpc.instance)
    assert refused.value.status is status and "\n" not in refused.value.message


def test_a_vpc_that_another_account_shares_shows_no_endpoints(server: Cloud) -> None:
    vpc = put_in_place(server)
    server.set(vpc_owner="444455556666")
    found = look(server, vpc.instance).cloud.network.endpoints
    assert isinstance(found, Unseen) and "444455556666" in found.reason


def test_nodes_with_the_name_of_this_one_are_its_duplicates(server: Cloud) -> None:
    vpc = put_in_place(server)
    old = {
        "InstanceId": "mi-0aaaaaaaaaaaaaaaa",
        "PingStatus": "ConnectionLost",
        "ComputerName": "node-1",
        "IPAddress": "10.7.7.7",
    }
    other = {"InstanceId": "mi-0bbbbbbbbbbbbbbbb", "PingStatus": "Online", "ComputerName": "node-2", "IPAddress": "10.0.1.11"}
    here = {"InstanceId": NODE, "PingStatus": "Online", "ComputerName": "node-1", "IPAddress": "10.0.1.10"}
    server.set(nodes=[old, other, here], page=1)
    management = look(server, vpc.instance).cloud.management
    assert isinstance(management.nodes, Seen)
    assert {node.id for node in management.nodes.value} == {"mi-0aaaaaaaaaaaaaaaa", NODE}
    assert management.node_count == Seen(3)


def test_a_role_that_an_activation_names_and_that_is_not_there_is_absent(server: Cloud) -> None:
    vpc = put_in_place(server)
    server.session(REGION).client("iam").delete_role_policy(RoleName="NodeRole", PolicyName="ManagedNode")
    server.session(REGION).client("iam").delete_role(RoleName="NodeRole")
    management = look(server, vpc.instance).cloud.management
    assert management.roles == Seen(()) and management.absent_roles == ("NodeRole",)


def test_a_gateway_has_route_tables_and_an_interface_endpoint_its_own_policy(server: Cloud) -> None:
    vpc = put_in_place(server)
    ec2 = server.session(REGION).client("ec2")
    ec2.modify_vpc_endpoint(VpcEndpointId=vpc.ids["Endpointssm"], PolicyDocument='{"Statement": []}', PrivateDnsEnabled=False)
    network = look(server, vpc.instance).cloud.network
    assert isinstance(network.endpoints, Seen)
    by_service = {item.service: item for item in network.endpoints.value}
    assert by_service["ssm"].policy == '{"Statement": []}' and not by_service["ssm"].private_dns
    assert by_service["s3"].kind is EndpointKind.GATEWAY and by_service["s3"].route_table_ids == (vpc.ids["NodeTable"],)
    assert by_service["s3"].policy == ""


@pytest.mark.slow
def test_a_large_vpc_takes_as_many_calls_as_a_small_one_but_for_its_pages(server: Cloud) -> None:
    small = put_in_place(server)
    look(server, small.instance)
    few = server.requests()
    large = put_in_place_large(server)
    found = look(server, large.instance)
    many = server.requests()
    assert found.crashed == () and list(unseen(found.cloud)) == []
    network = found.cloud.network
    assert isinstance(network.groups, Seen) and isinstance(network.endpoints, Seen)
    assert len(network.groups.value) == GROUPS + 2 and len(network.endpoints.value) == ENDPOINTS
    assert sum(len(group.rules) for group in network.groups.value) == RULES + 4
    more = {name: count - few[name] for name, count in many.items() if count != few[name]}
    assert more == {"ec2:DescribeSecurityGroups": 1, "ec2:DescribeSecurityGroupRules": 1}  # 202 groups, 200 in a filter
    server.set(page=1000)
    paged = look(server, large.instance).cloud.network.groups
    assert isinstance(paged, Seen) and set(paged.value) == set(network.groups.value)
    assert server.requests()["ec2:DescribeSecurityGroupRules"] == 3  # 200 groups in two pages, and two groups


def test_what_leads_out_of_the_vpc_is_read(server: Cloud) -> None:
    vpc = put_in_place(server)
    ec2 = server.session(REGION).client("ec2")
    where = {"SubnetId": vpc.ids["EndpointSubnet"], "AllocationId": ec2.allocate_address(Domain="vpc")["AllocationId"]}
    gateway = ec2.create_nat_gateway(**where)["NatGateway"]["NatGatewayId"]
    server.set(
        public_access_block="block-bidirectional",
        public_access_exclusions={vpc.ids["NodeSubnet"]: "allow-egress", vpc.ids["Vpc"]: "allow-bidirectional"},
    )
    network = look(server, vpc.instance).cloud.network
    assert network.nat_gateways == Seen((NatGateway(gateway, vpc.ids["EndpointSubnet"]),))
    assert network.public_access_block == Seen("block-bidirectional")
    assert isinstance(network.public_access_exclusions, Seen)
    assert {(one.resource_id, one.mode) for one in network.public_access_exclusions.value} == {
        (vpc.ids["NodeSubnet"], "allow-egress"),
        (vpc.ids["Vpc"], "allow-bidirectional"),
    }


def test_a_node_that_pings_is_asked_for_its_control_channel_and_no_other(server: Cloud) -> None:
    vpc = put_in_place(server)
    lost = {"InstanceId": "mi-0aaaaaaaaaaaaaaaa", "PingStatus": "ConnectionLost", "IPAddress": "10.0.1.10"}
    here = {"InstanceId": NODE, "PingStatus": "Online", "IPAddress": "10.0.1.10"}
    server.set(nodes=[lost, here], connections={NODE: "notconnected"})
    nodes = look(server, vpc.instance).cloud.management.nodes
    assert isinstance(nodes, Seen)
    assert {one.id: one.connection for one in nodes.value} == {lost["InstanceId"]: NOT_ASKED, NODE: Seen("notconnected")}
    assert server.requests()["ssm:GetConnectionStatus"] == 1
