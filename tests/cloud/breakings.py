"""A complete VPC with one thing of names, policies, roles, activations or nodes broken, and the one finding that it must give."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Callable, List, Mapping, Optional, Tuple

from ssm_bootstrap.catalog.policies import policy_named
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.cloud import (
    Activation,
    Cloud,
    DnsFirewallRule,
    DnsRecord,
    EndpointKind,
    HostedZone,
    ManagedNode,
    ResolverRule,
    RolePolicy,
    VpcEndpoint,
    VpcRoute,
)
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Seen, value_of
from tests.cloud.clouds import (
    ACCOUNT,
    AT,
    GATEWAY,
    NODE,
    REGION,
    VPC,
    changed_endpoints,
    complete,
    instance,
    interface_endpoint,
    observations,
    with_network,
)
from tests.cloud.healthy import hub_without_zones
from tests.scenarios.player import play
from tests.scenarios.scenario import read_scenario

DOMAIN = "amazonaws.com"
SSM, MESSAGES, DELIVERY = (f"{service}.{REGION}.{DOMAIN}" for service in ("ssm", "ssmmessages", "ec2messages"))
KMS, S3, DUALSTACK = f"kms.{REGION}.{DOMAIN}", f"s3.{REGION}.{DOMAIN}", f"s3.dualstack.{REGION}.{DOMAIN}"
ACTIVATION = "0b8a1c9e-3c1f-4a53-8d38-6c5f8e0c5d11"
ROLE = "NodeRole"
S3_INTERFACE = "vpce-0fa"

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Breaking:
    """What is broken, what is seen then, and the finding that must be the only one: code, subject, severity, variant."""

    name: str
    seen: Callable[[], Observations]
    code: str
    subject: str
    severity: str = "error"
    variant: str = ""


def cloud_of(change: Callable[[Cloud], Cloud]) -> Callable[[], Observations]:
    """The observations of a changed cloud."""
    return lambda: observations(change(complete()))


def in_account(seen: Callable[[], Observations], account: str = ACCOUNT) -> Callable[[], Observations]:
    """The same where it is known of which account the node is."""

    def told() -> Observations:
        found = seen()
        return replace(found, plan=replace(found.plan, account=account))

    return told


def in_state(state: str) -> Callable[[], Observations]:
    """The complete VPC with its instance in another state."""
    return cloud_of(lambda cloud: replace(cloud, instance=Seen(replace(instance(), state=state))))


# names


def _vpc(**attributes: Any) -> Callable[[Cloud], Cloud]:
    def change(cloud: Cloud) -> Cloud:
        assert isinstance(cloud.network.vpc, Seen)
        return with_network(cloud, vpc=replace(cloud.network.vpc.value, **attributes))

    return change


def _network(**parts: Any) -> Callable[[Cloud], Cloud]:
    return lambda cloud: with_network(cloud, **parts)


def _asking(server: str) -> Callable[[], Observations]:
    """A node that asks the server of the DHCP options, which never answers."""

    def seen() -> Observations:
        node = play(read_scenario("resolver-silent")).observations
        machine = value_of(node.instance)
        assert machine is not None
        told = observations(_network(name_servers=(server,))(complete()))
        return replace(told, probes=node.probes, instance=Seen(replace(machine, resolvers=(server,))))

    return seen


def private_dns_off(*services: str) -> Callable[[Cloud], Cloud]:
    """The endpoints of these services without private DNS."""
    return lambda cloud: changed_endpoints(cloud, lambda item: replace(item, private_dns=False), *services)


def zone(name: str, *records: Tuple[str, str, str], **more: Any) -> HostedZone:
    """A private zone with records: name, kind, and one value."""
    return HostedZone("Z0AAA", name, Seen(tuple(DnsRecord(name, kind, (value,)) for name, kind, value in records)), **more)


def with_zone(found: HostedZone, *without: str) -> Callable[[Cloud], Cloud]:
    """A zone, and endpoints of some services without private DNS."""
    return lambda cloud: with_network(private_dns_off(*without)(cloud), zones=(found,))


def without_gateway(cloud: Cloud, *more: VpcEndpoint) -> Cloud:
    """Without the gateway endpoint for S3, and with other endpoints."""
    assert isinstance(cloud.network.endpoints, Seen)
    kept = tuple(item for item in cloud.network.endpoints.value if item.kind is not EndpointKind.GATEWAY)
    return with_network(cloud, endpoints=(*kept, *more))


def s3_interface(**more: Any) -> VpcEndpoint:
    """An interface endpoint for S3."""
    return replace(interface_endpoint(10, "s3"), id=S3_INTERFACE, **{"address_type": "dualstack", **more})


def firewall(*rules: Tuple[int, str, Tuple[str, ...]], group: str = "rslvr-frg-0a", **more: Any) -> Callable[[Cloud], Cloud]:
    """DNS Firewall rules: priority, action, domains."""
    found = tuple(
        DnsFirewallRule(group, f"rule-{priority}", priority, action, Seen(domains), **more) for priority, action, domains in rules
    )
    return _network(dns_firewall=tuple(found))


def forwards(domain: str, kind: str = "FORWARD") -> Callable[[Cloud], Cloud]:
    """A Resolver rule for a domain."""
    return _network(resolver_rules=(ResolverRule("rslvr-rr-0a", domain, kind, ("10.0.9.9:53",)),))


def _beside_way_out(change: Callable[[Cloud], Cloud]) -> Callable[[Cloud], Cloud]:
    """A change, and a default route over a transit gateway, of which nobody knows where it ends."""
    way = VpcRoute("0.0.0.0/0", "tgw-0a1")

    def made(cloud: Cloud) -> Cloud:
        tables = value_of(cloud.network.route_tables) or ()
        return change(with_network(cloud, route_tables=tuple(replace(one, routes=(*one.routes, way)) for one in tables)))

    return made


NAMES: Tuple[Breaking, ...] = (
    *(
        Breaking(
            f"private DNS of {service} off", cloud_of(private_dns_off(service)), "private-dns-off", f"vpce-0f{number}", severity
        )
        for number, service, severity in (
            (1, "ssm", "error"),
            (2, "ssmmessages", "error"),
            (3, "ec2messages", "info"),
            (4, "kms", "info"),
            (5, "logs", "info"),
        )
    ),
    Breaking(
        "S3 by an interface endpoint without private DNS",
        cloud_of(lambda cloud: without_gateway(cloud, s3_interface(private_dns=False))),
        "private-dns-off",
        S3_INTERFACE,
    ),
    Breaking(
        "S3 by an interface endpoint of IPv4",
        cloud_of(lambda cloud: without_gateway(cloud, s3_interface(address_type="ipv4"))),
        "s3-dualstack-uncovered",
        S3_INTERFACE,
    ),
    Breaking(
        "S3 by an interface endpoint for inbound resolvers",
        cloud_of(lambda cloud: without_gateway(cloud, s3_interface(is_for_inbound_resolver_only=True))),
        "s3-inbound-resolver-only",
        S3_INTERFACE,
    ),
    Breaking(
        "no zone leads to the endpoint of another VPC",
        lambda: observations(hub_without_zones(f"ssm.{REGION}.")),
        "private-dns-off",
        "vpce-0f1",
        variant="other-vpc",
    ),
    Breaking("DNS support off", cloud_of(_vpc(dns_support=Seen(False))), "dns-support-off", VPC),
    Breaking(
        "both DNS attributes off", cloud_of(_vpc(dns_support=Seen(False), dns_hostnames=Seen(False))), "dns-support-off", VPC
    ),
    Breaking("DNS hostnames off", cloud_of(_vpc(dns_hostnames=Seen(False))), "dns-hostnames-off", VPC),
    Breaking("own DNS servers", cloud_of(_network(name_servers=("10.0.5.5", "10.0.6.5"))), "dhcp-own-dns", VPC, "info"),
    Breaking(
        "own DNS beside Amazon's", cloud_of(_network(name_servers=("AmazonProvidedDNS", "10.0.6.5"))), "dhcp-own-dns", VPC, "info"
    ),
    Breaking("a zone for all of AWS", cloud_of(with_zone(zone(DOMAIN))), "zone-shadows", "Z0AAA"),
    Breaking("a zone for the region", cloud_of(with_zone(zone(f"{REGION}.{DOMAIN}."))), "zone-shadows", "Z0AAA"),
    Breaking("an empty zone for ssm", cloud_of(with_zone(zone(SSM), "ssm")), "zone-record-missing", "Z0AAA"),
    Breaking(
        "a zone for ssm with a text alone",
        cloud_of(with_zone(zone(SSM, (SSM, "TXT", "x")), "ssm")),
        "zone-record-missing",
        "Z0AAA",
    ),
    Breaking("an empty zone for S3", cloud_of(with_zone(zone(S3))), "zone-record-missing", "Z0AAA"),
    Breaking(
        "a zone for the region with one record",
        cloud_of(with_zone(zone(f"{REGION}.{DOMAIN}", (SSM, "A", "10.0.2.11")), "ssm")),
        "zone-record-missing",
        "Z0AAA",
    ),
    Breaking(
        "a zone to an old address",
        cloud_of(with_zone(zone(SSM, (SSM, "A", "10.0.2.99")), "ssm")),
        "zone-points-elsewhere",
        "Z0AAA",
    ),
    Breaking(
        "a zone beside private DNS", cloud_of(with_zone(zone(SSM, (SSM, "A", "10.0.2.99")))), "zone-points-elsewhere", "Z0AAA"
    ),
    Breaking(
        "a zone to another service's endpoint",
        cloud_of(with_zone(zone(SSM, (SSM, "A", "10.0.2.12")), "ssm")),
        "zone-points-elsewhere",
        "Z0AAA",
    ),
    Breaking(
        "an alias to another service's endpoint",
        cloud_of(with_zone(zone(MESSAGES, (MESSAGES, "A", f"vpce-0f1-0abc.ssm.{REGION}.vpce.{DOMAIN}")), "ssmmessages")),
        "zone-points-elsewhere",
        "Z0AAA",
    ),
    Breaking(
        "a zone that leads to another region",
        cloud_of(with_zone(zone(SSM, (SSM, "CNAME", f"ssm.us-east-1.{DOMAIN}")), "ssm")),
        "zone-points-elsewhere",
        "Z0AAA",
    ),
    Breaking(
        "a zone of a Profile",
        cloud_of(with_zone(zone(SSM, profile_id="rp-0a"), "ssm")),
        "zone-record-missing",
        "Z0AAA",
    ),
    Breaking("a rule for ssm", cloud_of(forwards(f"{SSM}.")), "resolver-rule-diverts", "rslvr-rr-0a", "warning", "not-shown"),
    *(
        Breaking(
            f"{name}, and a way out",
            cloud_of(_beside_way_out(change)),
            code,
            of,
            "warning",
            "way-out",
        )
        for name, change, code, of in (
            ("private DNS of ssm off", private_dns_off("ssm"), "private-dns-off", "vpce-0f1"),
            ("DNS hostnames off", _vpc(dns_hostnames=Seen(False)), "dns-hostnames-off", VPC),
            (
                "S3 by an interface endpoint for inbound resolvers",
                lambda cloud: without_gateway(cloud, s3_interface(is_for_inbound_resolver_only=True)),
                "s3-inbound-resolver-only",
                S3_INTERFACE,
            ),
        )
    ),
    Breaking("a rule for kms", cloud_of(forwards(KMS)), "resolver-rule-diverts", "rslvr-rr-0a", "info"),
    Breaking(
        "a firewall that blocks ssm", cloud_of(firewall((10, "BLOCK", (f"{SSM}.",)))), "dns-firewall-blocks", "rslvr-frg-0a"
    ),
    Breaking(
        "a firewall that blocks AWS", cloud_of(firewall((10, "BLOCK", (f"*.{DOMAIN}",)))), "dns-firewall-blocks", "rslvr-frg-0a"
    ),
    Breaking(
        "a firewall that blocks IPv4 queries",
        cloud_of(firewall((10, "BLOCK", ("*",)), query_type="A")),
        "dns-firewall-blocks",
        "rslvr-frg-0a",
    ),
    Breaking(
        "a firewall that allows IPv6 queries alone",
        cloud_of(
            lambda cloud: with_network(
                cloud,
                dns_firewall=(
                    DnsFirewallRule("rslvr-frg-0a", "six", 5, "ALLOW", Seen(("*",)), "AAAA"),
                    DnsFirewallRule("rslvr-frg-0a", "all", 10, "BLOCK", Seen((f"*.{DOMAIN}",))),
                ),
            )
        ),
        "dns-firewall-blocks",
        "rslvr-frg-0a",
    ),
    Breaking(
        "a firewall that allows too late",
        cloud_of(firewall((20, "ALLOW", (SSM,)), (10, "BLOCK", (f"*.{REGION}.{DOMAIN}",)))),
        "dns-firewall-blocks",
        "rslvr-frg-0a",
    ),
    Breaking(
        "a firewall that allows ssm alone",
        cloud_of(firewall((10, "ALLOW", (SSM,)), (20, "BLOCK", ("*",)))),
        "dns-firewall-blocks",
        "rslvr-frg-0a",
    ),
)


# policies of endpoints


def document(*statements: Document) -> str:
    """A policy as JSON."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def with_policy_text(service: str, text: str) -> Callable[[Cloud], Cloud]:
    """The endpoint of a service with a text for its policy."""
    return lambda cloud: changed_endpoints(cloud, lambda item: replace(item, policy=text), service)


def statement(action: Any, **more: Any) -> Document:
    """A statement of an endpoint's policy that allows an action to everybody."""
    return {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*", **more}


def with_policy(service: str, *statements: Document) -> Callable[[Cloud], Cloud]:
    """The endpoint of a service with a policy."""
    return lambda cloud: changed_endpoints(cloud, lambda item: replace(item, policy=document(*statements)), service)


def _without(name: str, found: Document) -> Document:
    return {key: value for key, value in found.items() if key != name}


ALL = statement("*")
ORG = {"StringEquals": {"aws:PrincipalOrgID": "o-aaaaaaaaaa"}}


def _right(name: str) -> List[Document]:
    return [dict(item) for item in policy_named(name).make(REGION)["Statement"]]


POLICIES: Tuple[Breaking, ...] = tuple(
    Breaking(
        name,
        in_account(cloud_of(with_policy(service, *statements))),
        "endpoint-policy-denies",
        endpoint,
        severity,
        {"ssm": "", "s3": "downloads"}.get(service, "signed"),
    )
    for name, service, endpoint, severity, statements in (
        ("ssm by organization", "ssm", "vpce-0f1", "error", (statement("*", Sid="Org", Condition=ORG),)),
        (
            "ssm by account",
            "ssm",
            "vpce-0f1",
            "error",
            (statement("ssm:*", Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}),),
        ),
        ("ssm for a principal", "ssm", "vpce-0f1", "error", ({**ALL, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},)),
        ("ssm without the unsigned calls", "ssm", "vpce-0f1", "error", (_right("endpoint-ssm")[1],)),
        ("ssm without the signed calls", "ssm", "vpce-0f1", "error", (_right("endpoint-ssm")[0],)),
        (
            "ssm of another account's nodes",
            "ssm",
            "vpce-0f1",
            "error",
            (statement("*", Condition={"StringEquals": {"ssm:NodeAccountId": "999999999999"}}), _right("endpoint-ssm")[1]),
        ),
        ("ssm denies registering", "ssm", "vpce-0f1", "error", (ALL, statement("ssm:RegisterManagedInstance", Effect="Deny"))),
        (
            "ssm denies what has no organization",
            "ssm",
            "vpce-0f1",
            "error",
            (ALL, statement("*", Effect="Deny", Condition={"Null": {"aws:PrincipalOrgID": "true"}})),
        ),
        ("ssm denies associations", "ssm", "vpce-0f1", "warning", (ALL, statement("ssm:ListAssociations", Effect="Deny"))),
        (
            "ssmmessages of another account",
            "ssmmessages",
            "vpce-0f2",
            "error",
            (statement("*", Condition={"StringEquals": {"aws:PrincipalAccount": "999999999999"}}),),
        ),
        ("ssmmessages without data channels", "ssmmessages", "vpce-0f2", "error", (statement("ssmmessages:*ControlChannel"),)),
        ("ec2messages denied", "ec2messages", "vpce-0f3", "info", (statement("ssm:*"),)),
        ("S3 of the account alone", "s3", GATEWAY, "error", (_right("endpoint-s3")[1],)),
        (
            "S3 by account",
            "s3",
            GATEWAY,
            "error",
            (statement("s3:*", Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}),),
        ),
        (
            "S3 by the organization of the bucket",
            "s3",
            GATEWAY,
            "error",
            (statement("s3:*", Condition={"StringEquals": {"aws:ResourceOrgID": "o-aaaaaaaaaa"}}),),
        ),
        (
            "S3 without the agent's bucket",
            "s3",
            GATEWAY,
            "error",
            (_without("Resource", statement("s3:GetObject", NotResource="arn:aws:s3:::amazon-ssm-*")),),
        ),
    )
)


# the role


def with_role(**parts: Any) -> Callable[[Cloud], Cloud]:
    """The role of the node, changed."""

    def change(cloud: Cloud) -> Cloud:
        assert isinstance(cloud.management.roles, Seen)
        role = replace(cloud.management.roles.value[0], **parts)
        return replace(cloud, management=replace(cloud.management, roles=Seen((role,))))

    return change


def with_management(**parts: Any) -> Callable[[Cloud], Cloud]:
    """Other parts of the management side."""
    return lambda cloud: replace(cloud, management=replace(cloud.management, **parts))


def trust(principal: Any, condition: Optional[Document] = None, action: str = "sts:AssumeRole") -> str:
    """A trust policy."""
    return document(
        {"Effect": "Allow", "Principal": principal, "Action": action, **({"Condition": condition} if condition else {})}
    )


def policies(*documents: str) -> Callable[[Cloud], Cloud]:
    """The role with these policies."""
    return with_role(policies=Seen(tuple(RolePolicy(f"policy-{number}", Seen(text)) for number, text in enumerate(documents))))


def allowing(*actions: str, **more: Any) -> Document:
    """A statement of a role's policy."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}


CORE = policy_named("role-permissions").text(REGION)
WITHOUT_BUCKETS = document(policy_named("role-permissions").make(REGION)["Statement"][0])
AGENTS = f"arn:aws:s3:::amazon-ssm-{REGION}/*"


def signed_alone(cloud: Cloud) -> Cloud:
    """The endpoint of S3 with a policy that gives the agent's bucket to roles of the account, and all others to everybody."""
    everybody = {**statement("s3:GetObject"), "NotResource": AGENTS}
    own = statement("s3:GetObject", Resource=AGENTS, Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}})
    return with_policy("s3", _without("Resource", everybody), own)(cloud)


SYSTEMS_MANAGER = {"Service": "ssm.amazonaws.com"}
BOUNDARY = "arn:aws:iam::aws:policy/Boundary"

ROLES: Tuple[Breaking, ...] = (
    Breaking("role gone", cloud_of(with_management(roles=Seen(()), absent_roles=(ROLE,))), "role-absent", ROLE),
    *(
        Breaking(name, cloud_of(with_role(trust=text)), "role-trust", ROLE)
        for name, text in (
            ("trust of EC2", trust({"Service": "ec2.amazonaws.com"})),
            ("trust of China's service", trust({"Service": "ssm.amazonaws.com.cn"})),
            ("trust for another account", trust(SYSTEMS_MANAGER, {"StringEquals": {"aws:SourceAccount": "999999999999"}})),
            (
                "trust for another region",
                trust(SYSTEMS_MANAGER, {"ArnLike": {"aws:SourceArn": f"arn:aws:ssm:us-east-1:{ACCOUNT}:*"}}),
            ),
            ("trust of another call", trust(SYSTEMS_MANAGER, action="sts:TagSession")),
            ("trust denied", document({"Effect": "Deny", "Principal": "*", "Action": "sts:*"})),
        )
    ),
    Breaking(
        "a role without the buckets that an endpoint gives to the account alone",
        cloud_of(lambda cloud: policies(WITHOUT_BUCKETS)(signed_alone(cloud))),
        "role-policy",
        ROLE,
        variant="downloads",
    ),
    *(
        Breaking(name, cloud_of(policies(*texts)), "role-policy", ROLE, severity)
        for name, severity, texts in (
            ("role without policies", "error", ()),
            ("role for ssm alone", "error", (document(allowing("ssm:*")),)),
            (
                "role without patching",
                "error",
                (
                    document(
                        allowing(
                            "ssm:Update*", "ssm:Get*", "ssm:List*", "ssm:Describe*", "ssm:PutC*", "ssmmessages:*", "ec2messages:*"
                        )
                    ),
                ),
            ),
            (
                "role without associations",
                "warning",
                (document({"Effect": "Allow", "NotAction": "ssm:ListAssociations", "Resource": "*"}),),
            ),
            ("role without ec2messages", "info", (document(allowing("ssm:*", "ssmmessages:*")),)),
            (
                "role for other machines",
                "error",
                (
                    document(
                        allowing("ssmmessages:*", "ec2messages:*"),
                        _without("Action", allowing("", NotAction=["ssm:UpdateInstanceInformation", "ssmmessages:*"])),
                    ),
                ),
            ),
        )
    ),
    Breaking("role denied", cloud_of(policies(CORE, document(allowing("ssmmessages:*", Effect="Deny")))), "role-denied", ROLE),
    Breaking(
        "role denied by endpoint",
        cloud_of(
            policies(CORE, document(allowing("*", Effect="Deny", Condition={"StringNotEquals": {"aws:SourceVpc": "vpc-0ff"}})))
        ),
        "role-denied",
        ROLE,
    ),
    Breaking(
        "boundary without messages",
        cloud_of(with_role(boundary=BOUNDARY, boundary_policy=Seen(document(allowing("ssm:*", "ec2messages:*"))))),
        "role-denied",
        ROLE,
        variant="by-boundary",
    ),
)


# activations and nodes


def activation(**parts: Any) -> Activation:
    """The activation, changed."""
    return replace(Activation(ACTIVATION, ROLE, AT + timedelta(days=20), 10, 1), **parts)


def unregistered(*found: Activation, named: str = "", **more: Any) -> Callable[[], Observations]:
    """A machine without a node, and these activations."""

    def seen() -> Observations:
        told = observations(with_management(nodes=Seen(()), activations=Seen(found), **more)(complete()))
        return replace(told, plan=replace(told.plan, activation_id=named))

    return seen


EXPIRED, USED_UP = activation(expires=AT - timedelta(hours=1)), activation(used=10)
IN_AWS = "seen-in-aws"

ACTIVATIONS: Tuple[Breaking, ...] = (
    Breaking("activation expired", unregistered(EXPIRED, named=ACTIVATION), "activation-expired", ACTIVATION, variant=IN_AWS),
    Breaking(
        "activation marked as expired",
        unregistered(activation(is_expired=True)),
        "activation-expired",
        ACTIVATION,
        "warning",
        IN_AWS,
    ),
    Breaking(
        "all activations expired",
        unregistered(EXPIRED, replace(EXPIRED, id="older", expires=AT - timedelta(days=9))),
        "activation-expired",
        ACTIVATION,
        "warning",
        IN_AWS,
    ),
    Breaking(
        "activation used up", unregistered(USED_UP, named=ACTIVATION.upper()), "activation-exhausted", ACTIVATION, variant=IN_AWS
    ),
    Breaking("the only one used up", unregistered(USED_UP), "activation-exhausted", ACTIVATION, "warning", IN_AWS),
    Breaking(
        "the named one used up, another not",
        unregistered(USED_UP, activation(id="b"), named=ACTIVATION),
        "activation-exhausted",
        ACTIVATION,
        variant=IN_AWS,
    ),
    Breaking("activation elsewhere", unregistered(activation(id="b"), named=ACTIVATION), "activation-absent-here", ACTIVATION),
    Breaking("no activation", unregistered(), "activation-absent-here", REGION, "warning", "none-at-all"),
    Breaking(
        "account full",
        unregistered(activation(), node_count=Seen(1000)),
        "activation-quota",
        f"account {ACCOUNT}",
        variant=IN_AWS,
    ),
)


def nodes(*found: ManagedNode) -> Callable[[], Observations]:
    """The nodes that AWS lists, where the machine's own report tells which one it is."""
    return reported(Identity(IdentityState.REGISTERED, NODE, REGION), listed(*found))


def listed(*found: ManagedNode) -> Callable[[], Observations]:
    """The nodes that AWS lists, without a report."""
    return cloud_of(with_management(nodes=Seen(found)))


def node(**parts: Any) -> ManagedNode:
    """The node, changed."""
    return replace(ManagedNode(NODE, "Online", "3.3.5068.0", ACTIVATION, ROLE, "host", "10.0.1.10"), **parts)


def reported(identity: Identity, seen: Callable[[], Observations]) -> Callable[[], Observations]:
    """The same with what the machine says of its identity."""
    return lambda: replace(seen(), identity=Seen(identity), taken_at=AT + timedelta(minutes=3))


OTHER = "mi-0fffffffffffffff0"
LEFT = node(id=OTHER, ping="ConnectionLost", last_ping=AT - timedelta(days=3))

NODES: Tuple[Breaking, ...] = (
    Breaking(
        "node lost", nodes(node(ping="ConnectionLost", last_ping=AT - timedelta(hours=2))), "agent-offline", NODE, variant=IN_AWS
    ),
    Breaking("node inactive", nodes(node(ping="Inactive")), "agent-offline", NODE, variant=IN_AWS),
    Breaking(
        "node without a control channel", nodes(node(connection=Seen("notconnected"))), "channel-down", NODE, variant=IN_AWS
    ),
    Breaking("node too old", nodes(node(version="2.0.790.0")), "agent-too-old", "amazon-ssm-agent 2.0.790.0"),
    Breaking("node left behind", nodes(node(), LEFT), "node-twice", NODE, "warning"),
    Breaking(
        "EC2 instance managed too",
        nodes(node(), ManagedNode("i-0aa", "ConnectionLost", "3.3.5068.0")),
        "node-twice",
        NODE,
        "warning",
    ),
    Breaking("instance stopped", in_state("stopped"), "instance-stopped", "i-0aa"),
    Breaking("instance starting", in_state("pending"), "instance-stopped", "i-0aa", variant="pending"),
    Breaking("instance gone", in_state("terminated"), "instance-stopped", "i-0aa", variant="terminated"),
    Breaking(
        "node deregistered",
        in_account(reported(Identity(IdentityState.REGISTERED, OTHER, REGION), nodes(node(address="10.9.9.9")))),
        "node-deregistered",
        OTHER,
        variant=IN_AWS,
    ),
    Breaking("own DNS servers that do not answer", _asking("10.0.5.5"), "dhcp-own-dns", VPC, variant="fail"),
)

BREAKINGS: Tuple[Breaking, ...] = NAMES + POLICIES + ROLES + ACTIVATIONS + NODES

HUB = replace(interface_endpoint(1, "ssm"), id="vpce-0a99", vpc_id="vpc-0hub", private_dns=False)


def with_hub(found: HostedZone) -> Callable[[Cloud], Cloud]:
    """An ssm endpoint in a hub VPC instead of one's own, and a zone."""

    def change(cloud: Cloud) -> Cloud:
        assert isinstance(cloud.network.endpoints, Seen)
        hub = replace(HUB, interfaces=(replace(HUB.interfaces[0], addresses=("10.8.0.5",)),))
        return with_network(cloud, endpoints=(*cloud.network.endpoints.value[1:], hub), zones=(found,))

    return change


HEALTHY: Tuple[Tuple[str, Callable[[], Observations]], ...] = (
    ("complete", cloud_of(lambda cloud: cloud)),
    ("the VPC's resolver by address", cloud_of(_network(name_servers=("10.0.0.2",)))),
    ("the VPC's resolver by its other address", cloud_of(_network(name_servers=("169.254.169.253",)))),
    ("a zone to the endpoint's address", cloud_of(with_zone(zone(SSM, (f"{SSM}.", "A", "10.0.2.11")), "ssm"))),
    ("an alias to the endpoint", cloud_of(with_zone(zone(SSM, (SSM, "A", f"vpce-0f1-0abc.ssm.{REGION}.vpce.{DOMAIN}.")), "ssm"))),
    ("a zone to a hub's endpoint by address", cloud_of(with_hub(zone(SSM, (SSM, "A", "10.8.0.5"))))),
    ("a zone to a hub's endpoint by name", cloud_of(with_hub(zone(SSM, (SSM, "A", f"vpce-0a99-1.ssm.{REGION}.vpce.{DOMAIN}"))))),
    ("a hub's zone by a Profile", cloud_of(with_hub(zone(SSM, (SSM, "A", "10.8.0.5"), profile_id="rp-0a")))),
    ("an unrelated zone", cloud_of(with_zone(zone("corp.example")))),
    ("a zone of AWS's own", cloud_of(lambda cloud: with_network(cloud, zones=(HostedZone("Z0AWS", SSM),)))),
    ("a system rule", cloud_of(forwards(DOMAIN, "SYSTEM"))),
    ("a rule for others", cloud_of(forwards("corp.example"))),
    ("a firewall that alerts", cloud_of(firewall((10, "ALERT", ("*",)), (20, "BLOCK", ("*",))))),
    ("a firewall that allows first", cloud_of(firewall((20, "BLOCK", ("*",)), (10, "ALLOW", (f"*.{DOMAIN}",))))),
    ("a firewall that blocks IPv6 queries", cloud_of(firewall((10, "BLOCK", ("*",)), query_type="AAAA"))),
    ("a firewall that blocks a type by its number", cloud_of(firewall((10, "BLOCK", ("*",)), query_type="TYPE28"))),
    ("a firewall for the domain itself", cloud_of(firewall((10, "BLOCK", (DOMAIN,))))),
    (
        "S3 by both",
        cloud_of(
            lambda cloud: with_network(cloud, endpoints=(*_endpoints(cloud), s3_interface(is_for_inbound_resolver_only=True)))
        ),
    ),
    ("S3 by an interface endpoint alone", cloud_of(lambda cloud: without_gateway(cloud, s3_interface()))),
    ("the right policies", cloud_of(lambda cloud: _with_right_policies(cloud))),
    ("ssm allowed all", cloud_of(with_policy("ssm", ALL))),
    ("trust without conditions", cloud_of(with_role(trust=trust(SYSTEMS_MANAGER)))),
    ("trust of several", cloud_of(with_role(trust=trust({"Service": ["ec2.amazonaws.com", "ssm.amazonaws.com"]})))),
    ("a boundary that allows all", cloud_of(with_role(boundary=BOUNDARY, boundary_policy=Seen(document(allowing("*")))))),
    ("role with a path", nodes(node(role=f"service-role/{ROLE}"))),
    ("another role is gone", cloud_of(with_management(absent_roles=("Other",)))),
    ("expired, and registered long since", cloud_of(with_management(activations=Seen((EXPIRED,))))),
    ("used up by this node", cloud_of(with_management(activations=Seen((USED_UP,))))),
    ("one of two can be used", unregistered(EXPIRED, activation(id="b"))),
    ("full, and registered long since", cloud_of(with_management(node_count=Seen(1000)))),
    ("another machine with that address elsewhere", nodes(node(), replace(LEFT, name="other"))),
    ("other machines", nodes(node(), replace(LEFT, address="10.0.1.11"))),
    ("two that are online", nodes(node(), replace(LEFT, ping="Online"))),
    ("registered as AWS has it", reported(Identity(IdentityState.REGISTERED, NODE, REGION), nodes(node()))),
)
"""Changes that are none for the worse: nothing is found."""


def _endpoints(cloud: Cloud) -> Tuple[VpcEndpoint, ...]:
    assert isinstance(cloud.network.endpoints, Seen)
    return cloud.network.endpoints.value


def _with_right_policies(cloud: Cloud) -> Cloud:
    def right(item: VpcEndpoint) -> VpcEndpoint:
        return replace(item, policy=policy_named(f"endpoint-{item.service}").text(REGION))

    return changed_endpoints(cloud, right, "ssm", "ssmmessages", "ec2messages", "s3")
