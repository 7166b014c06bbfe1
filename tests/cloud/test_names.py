"""Names, policies, roles, activations and nodes: nothing is found in a complete VPC, and one finding for one thing broken."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any, Callable, Iterator, Set, Tuple

import pytest

from ssm_bootstrap.catalog.cloud.repairs import commands_of
from ssm_bootstrap.catalog.findingkind import Teller
from ssm_bootstrap.catalog.findings import FINDINGS, VARIANTS
from ssm_bootstrap.catalog.policies import added, policy_named
from ssm_bootstrap.diagnose.case import Check, open_case
from ssm_bootstrap.diagnose.cloud import activation, dns, endpoint_policies, nameservers, node, roles
from ssm_bootstrap.diagnose.cloud.names import Lead, answers
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.capability import Capability, Verdict
from ssm_bootstrap.model.cloud import Cloud, DnsFirewallRule, HostedZone, ResolverRule
from ssm_bootstrap.model.codec import decode, encode
from ssm_bootstrap.model.findings import Finding
from ssm_bootstrap.model.machine import Instance
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Seen, Unseen
from ssm_bootstrap.model.repair import (
    AllowInDnsFirewall,
    AttachRolePolicy,
    CreateActivation,
    CreateRole,
    DisassociateResolverRule,
    DisassociateZone,
    SetEndpointPolicy,
    SetRoleTrust,
    SetZoneRecord,
    TurnOnPrivateDns,
    TurnOnVpcDns,
    UseAmazonDns,
)
from tests.cloud.breakings import (
    BREAKINGS,
    DUALSTACK,
    HEALTHY,
    ORG,
    ROLE,
    S3,
    S3_INTERFACE,
    SSM,
    Breaking,
    allowing,
    cloud_of,
    document,
    firewall,
    forwards,
    listed,
    nodes,
    policies,
    private_dns_off,
    reported,
    s3_interface,
    statement,
    trust,
    with_hub,
    with_management,
    with_policy,
    with_policy_text,
    with_role,
    with_zone,
    without_gateway,
    zone,
)
from tests.cloud.breakings import (
    node as managed,
)
from tests.cloud.clouds import ACCOUNT, AT, NODE, REGION, VPC, complete, observations, with_network
from tests.cloud.healthy import dual_stack
from tests.cloud.test_one_round import six_only
from tests.variants import some

TOPICS = (dns, nameservers, endpoint_policies, activation, roles, node)
CHECKS: Tuple[Check, ...] = tuple(check for topic in TOPICS for check in topic.CHECKS)
NOT_ALLOWED = Unseen("it needs ec2:DescribeSomething")


def told(seen: Observations) -> Tuple[Tuple[Finding, ...], Tuple[Tuple[str, str], ...]]:
    """What the checks of these topics find, and what they could not look at; the way is told of by others."""
    whole, case = diagnose(seen), open_case(seen)
    assert whole.crashed == ()
    said = [one for check in CHECKS for one in check.function(case)]
    codes = {one.code for one in said if isinstance(one, Finding)}
    unread = tuple(one for one in said if not isinstance(one, Finding))
    return tuple(item for item in whole.findings if item.code in codes), unread


def only(seen: Observations) -> Finding:
    (finding,) = told(seen)[0]
    return finding


def unseen(seen: Observations) -> Tuple[Tuple[str, str], ...]:
    """What is not known; nothing is found."""
    found, unread = told(seen)
    assert found == ()
    return unread


@pytest.mark.parametrize(("name", "seen"), HEALTHY, ids=[name for name, _ in HEALTHY])
def test_nothing_is_found_where_nothing_is_wrong(name: str, seen: Callable[[], Observations]) -> None:
    assert told(seen()) == ((), ())


@pytest.mark.parametrize("broken", BREAKINGS, ids=[item.name for item in BREAKINGS])
def test_one_thing_broken_is_one_finding_about_that_very_thing(broken: Breaking) -> None:
    finding = only(broken.seen())
    assert (finding.code, finding.subject) == (broken.code, broken.subject)
    assert (finding.severity.value, finding.variant) == (broken.severity, broken.variant)
    assert bool(finding.breaks) is (broken.severity == "error")
    assert all(item.excerpt and item.locator and item.at is not None for item in finding.evidence) and finding.evidence
    if finding.code not in ("agent-too-old", "activation-quota"):
        assert finding.subject in finding.title
    assert not any("<HOST>" in command.text for command in finding.remedy.commands)


def test_breakings_are_many_and_each_has_a_name_of_its_own() -> None:
    counted = Counter(item.code for item in BREAKINGS)
    print(f"{len(BREAKINGS)} breakings of {len(counted)} codes; {len(HEALTHY)} changes for nothing")
    assert len(BREAKINGS) >= 40 and len({item.name for item in BREAKINGS}) == len(BREAKINGS)


def test_every_row_and_variant_of_aws_alone_is_told_by_some_breaking() -> None:
    told = {(item.code, item.variant) for item in BREAKINGS}
    mine = {module_kind.code for module_kind in _own_kinds()}
    assert {code for code, _ in told} >= mine
    assert told >= {(code, name) for code, name in VARIANTS if code in mine or name == "seen-in-aws"}


def _own_kinds() -> Iterator[Any]:
    from ssm_bootstrap.catalog.findings import cloudaccount, cloudnames

    yield from (*cloudnames.KINDS, *cloudaccount.KINDS)


def test_every_check_speaks_of_some_breaking_or_of_what_could_not_be_read() -> None:
    speaking = set()
    for seen in (*(item.seen for item in BREAKINGS), *(make for _, make, _ in UNREAD)):
        case = open_case(seen())
        speaking |= {check.name for check in CHECKS if any(True for _ in check.function(case))}
    assert {check.name for check in CHECKS} == speaking


def test_no_check_says_anything_without_the_side_of_aws() -> None:
    case = open_case(replace(observations(complete()), cloud=Unseen("not asked")))
    assert [said for check in CHECKS for said in check.function(case)] == []


@pytest.mark.parametrize("broken", some(BREAKINGS, BREAKINGS[::3]), ids=[item.name for item in BREAKINGS])
def test_a_snapshot_says_the_same(broken: Breaking) -> None:
    seen = broken.seen()
    assert diagnose(decode(Observations, json.loads(json.dumps(encode(seen))))) == diagnose(seen)


# what could not be read is neither found nor passed


def _network(**parts: Any) -> Callable[[], Observations]:
    return lambda: observations(replace(complete(), network=replace(complete().network, **parts)))


def _zones_unread_beside(cloud: Cloud) -> Cloud:
    return replace(cloud, network=replace(cloud.network, zones=NOT_ALLOWED))


def _vpc(**attributes: Any) -> Callable[[], Observations]:
    def seen() -> Observations:
        cloud = complete()
        assert isinstance(cloud.network.vpc, Seen)
        return observations(with_network(cloud, vpc=replace(cloud.network.vpc.value, **attributes)))

    return seen


def _blocking(action: str) -> DnsFirewallRule:
    return DnsFirewallRule("rslvr-frg-0a", "unread", 5, action, NOT_ALLOWED)


BY_ORG = statement("*", Condition={"StringEquals": {"ssm:NodeOrgId": "o-aaaaaaaaaa"}})
BY_ANY = allowing("*", Condition={"Bool": {"a:b": "true"}})
UNREAD: Tuple[Tuple[str, Callable[[], Observations], str], ...] = (
    ("DHCP options", _network(name_servers=NOT_ALLOWED), "DHCP options"),
    ("no DNS servers", _network(name_servers=Seen(())), "names"),
    ("VPC", _network(vpc=NOT_ALLOWED), "VPC"),
    ("DNS support", _vpc(dns_support=NOT_ALLOWED), "enableDnsSupport"),
    ("DNS hostnames", _vpc(dns_hostnames=NOT_ALLOWED), "enableDnsHostnames"),
    ("zones", _network(zones=NOT_ALLOWED), "private hosted zones"),
    ("rules", _network(resolver_rules=NOT_ALLOWED), "Resolver rules"),
    ("firewall", _network(dns_firewall=NOT_ALLOWED), "DNS Firewall"),
    ("endpoints", _network(endpoints=NOT_ALLOWED), "VPC endpoints"),
    ("a firewall's domains", _network(dns_firewall=Seen((_blocking("BLOCK"),))), "DNS Firewall rslvr-frg-0a unread"),
    ("records of a zone", cloud_of(with_zone(HostedZone("Z0AAA", SSM, NOT_ALLOWED), "ssm")), "Z0AAA"),
    ("a zone to an address of nobody's", cloud_of(with_zone(zone(SSM, (SSM, "A", "10.8.0.9")), "ssm")), SSM),
    ("a zone to an endpoint of nobody's", cloud_of(with_zone(zone(SSM, (SSM, "A", "vpce-0dd-1.ssm.vpce.aws")), "ssm")), SSM),
    ("a zone to a name of nobody's", cloud_of(with_zone(zone(SSM, (SSM, "CNAME", "proxy.corp.example")), "ssm")), SSM),
    ("a zone that leads to itself", cloud_of(with_zone(zone(SSM, (SSM, "CNAME", SSM)), "ssm")), SSM),
    ("a rule for everything", cloud_of(forwards(".")), "names"),
    ("a policy that is none", cloud_of(with_policy_text("ssm", "{")), "policy of vpce-0f1"),
    (
        "a policy by the node's organization",
        cloud_of(with_policy("ssm", BY_ORG)),
        "policy of vpce-0f1",
    ),
    ("trust by a tag", cloud_of(with_role(trust=trust("*", {"StringEquals": {"aws:PrincipalTag/a": "b"}}))), "trust of NodeRole"),
    ("roles", cloud_of(with_management(roles=NOT_ALLOWED)), "roles"),
    ("policies of the role", cloud_of(with_role(policies=NOT_ALLOWED)), "role NodeRole"),
    ("a boundary", cloud_of(with_role(boundary="arn:aws:iam::aws:policy/B", boundary_policy=NOT_ALLOWED)), "role NodeRole"),
    (
        "a condition of the role",
        cloud_of(policies(document(BY_ANY))),
        "role NodeRole",
    ),
    ("activations", cloud_of(with_management(activations=NOT_ALLOWED)), "activations"),
    ("nodes", cloud_of(with_management(nodes=NOT_ALLOWED)), "managed nodes"),
    ("the control channel", nodes(managed(connection=NOT_ALLOWED)), f"control channel of {NODE}"),
    ("the quota", cloud_of(with_management(node_quota=NOT_ALLOWED)), "quota of managed nodes"),
)
"""What could not be read, and the subject that it is told under."""


@pytest.mark.parametrize(("name", "seen", "subject"), UNREAD, ids=[name for name, _, _ in UNREAD])
def test_what_could_not_be_read_is_told_with_the_reason_and_never_found(
    name: str, seen: Callable[[], Observations], subject: str
) -> None:
    told = unseen(seen())
    assert {of for of, _ in told} == {subject} and all(reason for _, reason in told)


# what names lead to


def lead(cloud: Cloud, host: str) -> Tuple[Lead, str, Tuple[str, ...]]:
    answer = answers(cloud, host)
    return answer.lead, answer.endpoint.id if answer.endpoint is not None else "", answer.addresses


def test_a_name_leads_to_its_endpoint_and_names_of_s3_to_the_gateway() -> None:
    assert lead(complete(), f"{SSM.upper()}.") == (Lead.ENDPOINT, "vpce-0f1", ("10.0.2.11",))
    assert lead(complete(), S3) == lead(complete(), f"bucket.{S3}") == (Lead.PUBLIC, "", ())


def test_an_interface_endpoint_for_s3_answers_for_every_bucket_and_for_dual_stack_only_where_it_is() -> None:
    cloud = without_gateway(complete(), s3_interface())
    assert {lead(cloud, host)[1] for host in (S3, f"a.b.{S3}", DUALSTACK, f"b.{DUALSTACK}")} == {S3_INTERFACE}
    of_one_family = without_gateway(complete(), replace(s3_interface(), address_type="ipv4"))
    assert lead(of_one_family, S3)[1] == S3_INTERFACE and lead(of_one_family, DUALSTACK)[0] is Lead.PUBLIC


def test_an_endpoint_that_is_not_available_answers_for_no_name() -> None:
    cloud = complete()
    assert isinstance(cloud.network.endpoints, Seen)
    pending = tuple(replace(item, state="pending") for item in cloud.network.endpoints.value)
    assert lead(with_network(cloud, endpoints=pending), SSM)[0] is Lead.PUBLIC


def test_the_most_specific_of_zones_and_rules_decides_and_a_rule_beats_a_zone_of_its_name() -> None:
    there = zone(SSM, (SSM, "A", "10.0.2.11"))
    broad = replace(zone("amazonaws.com"), id="Z0BROAD")
    both = with_network(private_dns_off("ssm")(complete()), zones=(broad, there))
    assert lead(both, SSM)[:2] == (Lead.ENDPOINT, "vpce-0f1")
    for domain, expected in (("amazonaws.com", Lead.ENDPOINT), (SSM, Lead.UNKNOWN), (f"x.{SSM}", Lead.ENDPOINT)):
        ruled = with_network(both, resolver_rules=(ResolverRule("r", domain, "FORWARD", ("10.0.0.9:53",)),))
        assert answers(ruled, SSM).lead is expected
    exempt = (ResolverRule("r", "amazonaws.com", "FORWARD", ("10.0.0.9:53",)), ResolverRule("s", S3, "SYSTEM"))
    assert answers(with_network(complete(), resolver_rules=exempt), f"bucket.{S3}").lead is Lead.PUBLIC
    assert answers(with_network(complete(), resolver_rules=exempt[:1]), f"bucket.{S3}").lead is Lead.UNKNOWN


def test_a_zone_of_the_vpc_comes_before_one_of_a_profile_with_its_name() -> None:
    profile = zone(SSM, profile_id="rp-0a")
    own = replace(zone(SSM, (SSM, "A", "10.0.2.11")), id="Z0OWN")
    assert answers(with_network(private_dns_off("ssm")(complete()), zones=(profile, own)), SSM).decided_by == own


def test_a_star_answers_for_what_has_no_record_of_its_own() -> None:
    hub = s3_interface(private_dns=False)
    records = zone(S3, (S3, "A", "10.0.2.20"), (f"\\052.{S3}", "A", "10.0.2.20"), (f"own.{S3}", "TXT", "x"))
    cloud = with_network(without_gateway(complete(), hub), zones=(records,))
    assert lead(cloud, f"bucket.{S3}")[1] == lead(cloud, S3)[1] == S3_INTERFACE
    assert answers(cloud, f"own.{S3}").lead is Lead.NAME_ERROR


def test_one_name_of_several_that_leads_elsewhere_is_enough() -> None:
    mixed = zone(SSM, (SSM, "A", "10.0.2.11"), (SSM, "A", "10.0.2.99"))
    answer = answers(with_zone(mixed, "ssm")(complete()), SSM)
    assert (answer.lead, answer.addresses) == (Lead.ELSEWHERE, ("10.0.2.11", "10.0.2.99"))


def test_a_name_may_lead_to_its_endpoint_by_another_name() -> None:
    chain = zone("amazonaws.com", (SSM, "CNAME", f"ssm.internal.{REGION}.amazonaws.com"))
    end = replace(
        zone(f"internal.{REGION}.amazonaws.com", (f"ssm.internal.{REGION}.amazonaws.com", "A", "10.0.2.11")), id="Z0END"
    )
    cloud = with_network(private_dns_off("ssm")(complete()), zones=(chain, end))
    assert lead(cloud, SSM)[:2] == (Lead.ENDPOINT, "vpce-0f1")


def test_a_rule_of_the_firewall_that_nobody_could_read_matters_only_where_it_would_decide() -> None:
    readable = firewall((10, "BLOCK", (SSM,)))(complete())
    assert isinstance(readable.network.dns_firewall, Seen)
    for action, expected in (("ALLOW", Lead.UNKNOWN), ("BLOCK", Lead.UNKNOWN)):
        rules = (_blocking(action), *readable.network.dns_firewall.value)
        assert answers(with_network(readable, dns_firewall=rules), SSM).lead is expected
    assert answers(with_network(complete(), dns_firewall=(_blocking("ALLOW"),)), SSM).lead is Lead.ENDPOINT
    later = (*readable.network.dns_firewall.value, replace(_blocking("BLOCK"), priority=20))
    assert answers(with_network(readable, dns_firewall=later), SSM).lead is Lead.NAME_ERROR


def test_a_list_of_threats_that_aws_manages_decides_over_no_name_of_aws_and_is_told_as_not_read() -> None:
    rule = DnsFirewallRule("rslvr-frg-0a", "malware", 5, "BLOCK", Seen(()), managed_list="AWSManagedDomainsMalwareDomainList")
    found = diagnose(observations(with_network(complete(), dns_firewall=(rule,))))
    assert found.findings == () and {one.verdict for one in found.capabilities} == {Verdict.OK}
    ((part, reason),) = found.unseen
    assert part == "DNS Firewall rslvr-frg-0a malware" and rule.managed_list in reason and "needs" not in reason
    alerts = with_network(complete(), dns_firewall=(replace(rule, action="ALERT"),))
    assert diagnose(observations(alerts)).unseen == ()


def test_the_queries_of_the_family_that_a_node_has_no_other_of_are_those_that_count() -> None:
    blocks = firewall((10, "BLOCK", ("*",)), query_type="AAAA")
    for made, expected in ((dual_stack, Lead.ENDPOINT), (lambda: six_only(dual_stack()), Lead.NAME_ERROR)):
        assert answers(blocks(made()), SSM).lead is expected


@pytest.mark.parametrize("star", ["*", "\\052"])
def test_a_star_may_lead_to_the_name_of_an_endpoint_with_a_star_before_it(star: str) -> None:
    to = f"vpce-0fa-0abc.s3.{REGION}.vpce.amazonaws.com."
    records = zone(S3, (S3, "A", f"{star}.{to}"), (f"{star}.{S3}", "A", f"{star}.{to}"))
    cloud = with_network(without_gateway(complete(), s3_interface(private_dns=False)), zones=(records,))
    assert lead(cloud, f"bucket.{S3}")[1] == lead(cloud, S3)[1] == S3_INTERFACE
    assert "private-dns-off" not in {one.code for one in diagnose(observations(cloud)).findings if S3 in one.hosts}


def test_zones_that_nobody_could_read_cannot_stand_before_an_endpoint_s_own_name() -> None:
    cloud = _zones_unread_beside(complete())
    assert answers(cloud, SSM).lead is Lead.ENDPOINT and answers(cloud, S3).lead is Lead.UNKNOWN


# repairs, and what a finding is about


def repairs_of(name: str) -> Tuple[Any, ...]:
    (broken,) = (item for item in BREAKINGS if item.name == name)
    return only(broken.seen()).repairs


@pytest.mark.parametrize(
    ("name", "repair"),
    [
        ("private DNS of ssm off", TurnOnPrivateDns("vpce-0f1")),
        ("S3 by an interface endpoint without private DNS", TurnOnPrivateDns(S3_INTERFACE, for_every_resolver=True)),
        ("S3 by an interface endpoint for inbound resolvers", TurnOnPrivateDns(S3_INTERFACE, for_every_resolver=True)),
        ("DNS support off", TurnOnVpcDns(VPC, "enableDnsSupport")),
        ("DNS hostnames off", TurnOnVpcDns(VPC, "enableDnsHostnames")),
        ("own DNS servers", UseAmazonDns(VPC)),
        ("a zone for all of AWS", DisassociateZone(VPC, "Z0AAA", REGION)),
        ("an empty zone for ssm", SetZoneRecord("Z0AAA", SSM, ("10.0.2.11",))),
        ("a zone to an old address", SetZoneRecord("Z0AAA", SSM, ("10.0.2.11",))),
        ("a rule for kms", DisassociateResolverRule(VPC, "rslvr-rr-0a")),
        ("a firewall that blocks ssm", AllowInDnsFirewall("rslvr-frg-0a", 9, (SSM,))),
        (
            "ssm by organization",
            SetEndpointPolicy(
                "vpce-0f1", "endpoint-ssm", ACCOUNT, document(statement("*", Sid="Org", Condition=ORG)), is_kept=True
            ),
        ),
        ("role gone", CreateRole(ROLE, ACCOUNT)),
        ("trust of EC2", SetRoleTrust(ROLE, ACCOUNT, trust({"Service": "ec2.amazonaws.com"}), is_kept=True)),
        ("role without policies", AttachRolePolicy(ROLE, "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")),
        ("activation expired", CreateActivation(ROLE, 10)),
        ("activation elsewhere", CreateActivation(ROLE, 1)),
    ],
)
def test_a_finding_holds_its_repair_with_the_real_ids(name: str, repair: Any) -> None:
    assert repairs_of(name) == (repair,)


def test_a_role_of_another_region_trusts_both_afterwards() -> None:
    (repair,) = repairs_of("trust for another region")
    assert isinstance(repair, SetRoleTrust) and repair.is_kept
    text = json.dumps(added(repair.present, policy_named("role-trust").for_account(REGION, ACCOUNT)))
    assert {one["Condition"]["ArnLike"]["aws:SourceArn"] for one in json.loads(text)["Statement"]} == {
        f"arn:aws:ssm:{region}:{ACCOUNT}:*" for region in (REGION, "us-east-1")
    }
    assert diagnose(cloud_of(with_role(trust=text))()).findings == ()


@pytest.mark.parametrize(
    ("system", "version", "buckets"),
    [
        ("rhel", "9.4", set()),
        ("amzn", "2023", {f"al2023-repos-{REGION}-de612dc2"}),
        ("amzn", "2", {f"amazonlinux-2-repos-{REGION}"}),
        ("beos", "5", {f"al2023-repos-{REGION}-de612dc2", f"amazonlinux-2-repos-{REGION}"}),
    ],
)
def test_the_policy_of_s3_opens_the_buckets_of_the_node_s_system(system: str, version: str, buckets: set[str]) -> None:
    seen = cloud_of(with_policy("s3", statement("s3:GetObject", Resource="arn:aws:s3:::mine/*")))()
    told = replace(seen, instance=Seen(Instance("", system, version, "x86_64", "node")))
    repair = next(one.repairs[0] for one in diagnose(told).findings if one.code == "endpoint-policy-denies")
    (command,) = (one for one in commands_of(repair, REGION) if one.changes)
    assert set(re.findall(r"al2023-repos[a-z0-9-]*|amazonlinux-2-repos[a-z0-9-]*", command.text)) == buckets
    assert f"amazon-ssm-{REGION}" in command.text and "arn:aws:s3:::mine/*" in command.text


def test_a_policy_that_denies_names_the_statement_and_what_it_asks_for() -> None:
    (broken,) = (item for item in BREAKINGS if item.name == "ssm by organization")
    finding = only(broken.seen())
    assert finding.title == "The policy of vpce-0f1 denies RegisterManagedInstance and 2 more calls"
    assert "statement Org asks for aws:PrincipalOrgID" in finding.cause
    assert '"aws:PrincipalOrgID": "o-aaaaaaaaaa"' in finding.evidence[0].excerpt and finding.evidence[0].locator == "vpce-0f1 Org"
    assert finding.breaks == tuple(Capability) and finding.services == ("ssm",) and finding.hosts == (SSM,)


def test_what_is_broken_is_what_needs_the_host() -> None:
    messages = only(cloud_of(private_dns_off("ssmmessages"))())
    assert messages.breaks == (Capability.SESSION,)
    assert messages.degrades == (Capability.RUN_COMMAND, Capability.PATCH, Capability.AGENT_UPDATE)
    found = diagnose(cloud_of(private_dns_off("ssmmessages", "ec2messages"))()).findings
    first = next(item for item in found if item.services == ("ssmmessages",))
    assert first.breaks == (Capability.RUN_COMMAND, Capability.SESSION, Capability.PATCH, Capability.AGENT_UPDATE)


def test_only_what_was_asked_for_is_broken() -> None:
    seen = observations(private_dns_off("ssmmessages")(complete()), (Capability.REGISTER,))
    assert diagnose(seen).errors == ()


def test_both_clocks_stand_by_a_node_that_is_gone() -> None:
    (broken,) = (item for item in BREAKINGS if item.name == "node deregistered")
    assert [item.at for item in only(broken.seen()).evidence] == [AT + timedelta(minutes=3), AT]


@pytest.mark.parametrize(
    ("region", "account"), [("eu-west-1", ""), (REGION, "999999999999")], ids=["another region", "another account"]
)
def test_a_node_of_another_account_or_region_is_not_gone(region: str, account: str) -> None:
    seen = reported(Identity(IdentityState.REGISTERED, "mi-0fffffffffffffff0", region), nodes(managed(address="10.9.9.9")))()
    found = diagnose(replace(seen, plan=replace(seen.plan, account=account)))
    assert "node-deregistered" not in {item.code for item in found.findings}
    assert "mi-0fffffffffffffff0" in dict(found.unseen)


def test_a_hub_s_zone_without_the_record_is_mended_with_the_hub_s_addresses() -> None:
    finding = only(cloud_of(with_hub(zone(SSM)))())
    assert (finding.code, finding.repairs) == ("zone-record-missing", (SetZoneRecord("Z0AAA", SSM, ("10.8.0.5",)),))


def test_codes_of_aws_are_told_by_it() -> None:
    told = [FINDINGS[item.code] for item in BREAKINGS if item.code != "agent-too-old"]
    assert all(Teller.CLOUD in row.told_by for row in told)


def test_the_node_is_that_of_the_report_before_all() -> None:
    seen = reported(Identity(IdentityState.NOT_REGISTERED), nodes(managed()))()
    assert node.node_of(open_case(seen)) is None
    assert node.node_of(open_case(nodes(managed())())) == managed()
    assert node.node_of(open_case(listed(managed())())) is None
    assert node.node_of(open_case(listed(managed(address="10.0.1.99"))())) is None
    other = reported(Identity(IdentityState.REGISTERED, NODE, REGION), nodes(managed(address="10.0.1.99")))()
    assert node.node_of(open_case(other)) == managed(address="10.0.1.99")


@pytest.mark.parametrize(
    ("ping", "connection", "hanging"),
    [
        ("ConnectionLost", "", {"run-command", "session", "patch", "agent-update"}),
        ("Online", "notconnected", {"session"}),
        ("Online", "connected", set()),
    ],
)
def test_a_node_with_this_address_may_be_that_of_another_vpc(ping: str, connection: str, hanging: Set[str]) -> None:
    """The activations that are left say nothing either: this machine may be registered, and may not."""
    elsewhere = managed(id="mi-0fffffffffffffff0", ping=ping, connection=Seen(connection), version="2.0.790.0")
    seen = cloud_of(with_management(nodes=Seen((elsewhere,)), activations=Seen(()), node_count=Seen(1000)))()
    (unread,) = unseen(seen)
    assert "mi-0fffffffffffffff0" in unread[0] and "--report tells which node it is" in unread[1]
    unknown = {item.capability.value for item in diagnose(seen).capabilities if item.verdict is Verdict.UNKNOWN}
    assert unknown == hanging
