"""VPCs of the lab with the same fault in AWS or on the machine, and what each side alone and both together tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, FrozenSet, NamedTuple, Tuple

from ssm_bootstrap.catalog.findingkind import Hop
from ssm_bootstrap.model.findings import Side
from tests.cloud import counterparts
from tests.cloud.clouds import REGION
from tests.cloud.test_round_trip import Ground, of
from tests.lab.cases import CASES, INTERFACES, SERVICES, Case
from tests.lab.client import Lab

DOMAIN = f"{REGION}.amazonaws.com"
SSM, MESSAGES, DELIVERY = EACH = tuple(f"{service}.{DOMAIN}" for service in ("ssm", "ssmmessages", "ec2messages"))
OF_S3 = (f"s3.{DOMAIN}", f"amazon-ssm-{REGION}.s3.{DOMAIN}", f"s3.dualstack.{DOMAIN}")
OWN_SERVER = "10.0.0.53"

BOTH, AWS, NODE, NEITHER = (
    frozenset(Side(side) for side in sides) for sides in (("aws", "instance"), ("aws",), ("instance",), ())
)
DROPPED = frozenset({Hop.SECURITY_GROUP, Hop.NETWORK_ACL})
ALL_SILENT = DROPPED | {Hop.FIREWALL, Hop.ROUTE}
UNANSWERED = DROPPED | {Hop.ROUTE, Hop.ENDPOINT}
BY_NAME, AT_ENDPOINT, ON_MACHINE = (frozenset({hop}) for hop in (Hop.RESOLVER, Hop.ENDPOINT, Hop.INSTANCE))


class Told(NamedTuple):
    """A cause that is named: its code, the words that it is told in, and its subject, which is one of these."""

    code: str
    variant: str
    subjects: Tuple[str, ...]


class Row(NamedTuple):
    """A VPC of the lab; what is done to AWS's side and to the machine to match it; and what is to be told.

    ``one`` is the cause that both sides together name. ``node_alone`` and ``aws_alone`` are the codes of what each names by
    itself, ``node_at`` where the node says that it may be, and ``named_by`` the sides that name the one cause alone.
    """

    lab: Case
    one: Callable[[Ground], Told]
    node_alone: Tuple[str, ...]
    node_at: FrozenSet[Hop]
    aws_alone: Tuple[str, ...]
    named_by: FrozenSet[Side]
    aws: counterparts.Change = lambda ground: None
    machine: Callable[[Lab], object] = lambda lab: None


def told(code: str, subject: Callable[[Ground], str], variant: str = "") -> Callable[[Ground], Told]:
    """A cause about a resource of AWS."""
    return lambda ground: Told(code, variant, (subject(ground),))


def of_hosts(code: str, *hosts: str, variant: str = "") -> Callable[[Ground], Told]:
    """A cause about all of these hosts."""
    return lambda ground: Told(code, variant, (", ".join(hosts),))


def service(name: str) -> Callable[[Ground], str]:
    """The endpoint service of a name."""
    return lambda ground: f"com.amazonaws.{REGION}.{name}"


def well(name: str, title: str) -> Case:
    """A VPC in which AWS's side is right, for a fault of the machine."""
    return replace(CASES["complete"], name=name, title=title)


def shut(name: str, title: str, *ports: int, **more: FrozenSet[str]) -> Case:
    """A VPC whose endpoints answer nothing, and S3 on these ports alone."""
    return Case(name, title, endpoint_ingress=False, s3_ports=ports, **more)  # type: ignore[arg-type]


def public(name: str, title: str, *services: str) -> Case:
    """A VPC whose names of these services stay public."""
    return Case(name, title, private_dns_off=frozenset(services))


NEEDED_ALONE = frozenset(SERVICES)
IN = "type filter hook input priority 0 ; policy accept;"
OUT = "type filter hook output priority 0 ; policy accept;"

ROWS: Tuple[Row, ...] = (
    Row(
        CASES["one-endpoint-missing"],
        told("endpoint-missing", service("ssm"), "in-aws"),
        ("endpoint-missing",),
        AT_ENDPOINT,
        ("endpoint-missing",),
        AWS,
        counterparts.every("no ssm"),
    ),
    Row(
        CASES["without-ssmmessages"],
        told("endpoint-missing", service("ssmmessages"), "in-aws"),
        ("endpoint-missing",),
        AT_ENDPOINT,
        ("endpoint-missing",),
        AWS,
        counterparts.every("no ssmmessages"),
    ),
    Row(
        CASES["interface-endpoints-only"],
        told("endpoint-missing", service("s3"), "in-aws-gateway"),
        ("s3-unreachable",),
        UNANSWERED,
        ("endpoint-missing",),
        AWS,
        counterparts.every("no gateway"),
    ),
    Row(
        Case("s3-not-routed", "a gateway for S3 that no route leads to", endpoints=NEEDED_ALONE, s3="none"),
        told("route-missing", of("NodeTable")),
        ("s3-unreachable",),
        UNANSWERED,
        ("route-missing",),
        AWS,
        counterparts.both(counterparts.without_optional, counterparts.every("gateway not associated")),
    ),
    Row(
        CASES["endpoint-sg-closed"],
        told("endpoint-sg-ingress-missing", of("EndpointGroup"), "empty"),
        ("endpoint-blocked",),
        DROPPED,
        ("endpoint-sg-ingress-missing",),
        AWS,
        counterparts.every("443 in"),
    ),
    Row(
        shut("node-sg-empty", "the node's group lets nothing out"),
        told("sg-egress-missing", of("NodeGroup"), "empty"),
        ("endpoint-blocked", "s3-unreachable"),
        ALL_SILENT,
        ("sg-egress-missing",),
        AWS,
        counterparts.every("443 to endpoints", "443 to S3", "80 to S3"),
    ),
    Row(
        CASES["nacl-return-blocked"],
        told("acl-return-denies", lambda ground: ground.acl),
        ("endpoint-blocked", "s3-unreachable"),
        ALL_SILENT,
        ("acl-return-denies",),
        AWS,
        counterparts.every("ACL denies answers"),
    ),
    Row(
        shut("nacl-443-blocked", "the subnet's NACL lets no 443 out", 80),
        told("acl-denies", lambda ground: ground.acl),
        ("endpoint-blocked", "s3-https-blocked"),
        DROPPED,
        ("acl-denies",),
        AWS,
        counterparts.every("ACL denies out"),
    ),
    Row(
        CASES["s3-https-blocked"],
        told("sg-egress-missing", of("NodeGroup")),
        ("s3-https-blocked",),
        DROPPED,
        ("sg-egress-missing",),
        AWS,
        counterparts.every("443 to S3"),
    ),
    Row(
        CASES["resolver-silent"],
        told("dns-support-off", of("Vpc")),
        ("dns-silent",),
        BY_NAME,
        ("dns-support-off",),
        AWS,
        counterparts.every("DNS support off"),
    ),
    Row(
        CASES["names-unknown"],
        told("dns-firewall-blocks", lambda ground: "rslvr-frg-1"),
        ("dns-unknown-name",),
        BY_NAME,
        ("dns-firewall-blocks",),
        AWS,
        counterparts.dns_firewall,
    ),
    Row(
        public("dns-hostnames-off", "every name stays public", *INTERFACES),
        told("dns-hostnames-off", of("Vpc")),
        ("endpoint-missing",),
        AT_ENDPOINT,
        ("dns-hostnames-off",),
        AWS,
        counterparts.every("DNS host names off"),
    ),
    Row(
        public("private-dns-off", "private DNS of ssmmessages is off", "ssmmessages"),
        told("private-dns-off", of("Endpointssmmessages")),
        ("endpoint-missing",),
        AT_ENDPOINT,
        ("private-dns-off",),
        AWS,
        counterparts.every("private DNS of ssmmessages off"),
    ),
    Row(
        public("ssm-forwarded", "a resolver rule takes ssm to servers that give its public addresses", "ssm"),
        told("resolver-rule-diverts", counterparts.forwarding_rule),
        ("endpoint-missing",),
        AT_ENDPOINT,
        ("resolver-rule-diverts",),
        NEITHER,
        counterparts.forwarded,
    ),
    Row(
        well("own-dns-silent", "the name server of the DHCP options is silent"),
        told("dhcp-own-dns", of("Vpc"), "fail"),
        ("dns-silent",),
        BY_NAME,
        (),
        NEITHER,
        counterparts.own_name_servers,
        lambda lab: lab.write("/etc/resolv.conf", f"nameserver {OWN_SERVER}\n"),
    ),
    Row(
        CASES["s3-policy-denied"],
        told("endpoint-policy-denies", of("S3"), "downloads"),
        ("s3-denied",),
        frozenset({Hop.ENDPOINT, Hop.SERVICE}),
        ("endpoint-policy-denies",),
        AWS,
        counterparts.every("policy of S3 denies"),
    ),
    Row(
        CASES["one-az-dead"],
        told("acl-denies", counterparts.acl_of_second_zone),
        ("endpoint-partly-unreachable",),
        UNANSWERED,
        ("acl-denies",),
        AWS,
        counterparts.second_zone,
    ),
    Row(
        CASES["s3-interface-regional-only"],
        told("s3-dualstack-uncovered", counterparts.s3_endpoint),
        ("s3-unreachable",),
        frozenset({Hop.ROUTE, Hop.ENDPOINT}),
        ("s3-dualstack-uncovered",),
        AWS,
        counterparts.s3_by_interface,
    ),
    Row(
        shut("hub-without-route", "endpoints of a central VPC, and no route there", 80, 443, endpoints=NEEDED_ALONE),
        told("hub-unreachable", of("NodeTable")),
        ("endpoint-blocked",),
        DROPPED,
        ("hub-unreachable",),
        AWS,
        counterparts.both(counterparts.without_optional, counterparts.hub_without_route),
    ),
    Row(
        CASES["public-path"],
        told("private-dns-off", of("Endpointssmmessages"), "way-out"),
        ("public-path",),
        frozenset(),
        ("private-dns-off",),
        NEITHER,
        counterparts.way_out,
    ),
    # AWS's side is right
    Row(
        CASES["no-route"],
        of_hosts("no-route", *EACH, *OF_S3),
        ("no-route",),
        ON_MACHINE,
        (),
        NODE,
    ),
    Row(
        CASES["clock-off"],
        lambda ground: Told("clock-skewed", "", (*EACH, *OF_S3)),
        ("clock-skewed",),
        ON_MACHINE,
        (),
        NODE,
    ),
    Row(
        CASES["proxy-unreachable"],
        of_hosts("proxy-unreachable", *EACH, *OF_S3),
        ("proxy-unreachable",),
        AT_ENDPOINT,
        (),
        NODE,
    ),
    Row(
        CASES["untrusted-ca"],
        of_hosts("tls-untrusted", *EACH, *OF_S3),
        ("tls-untrusted",),
        AT_ENDPOINT,
        (),
        NODE,
    ),
    Row(
        well("own-firewall", "the machine's own firewall lets nothing out to the endpoints"),
        of_hosts("host-firewall", *EACH),
        ("host-firewall",),
        frozenset({Hop.FIREWALL}),
        (),
        NODE,
        machine=counterparts.rules(f"add chain inet f o {{ {OUT} }}; add rule inet f o ip daddr 10.0.2.0/23 tcp dport 443 drop"),
    ),
    Row(
        well("answers-dropped", "the machine's own firewall drops what the endpoints answer"),
        of_hosts("endpoint-blocked", *EACH, variant="aws-is-right"),
        ("endpoint-blocked",),
        DROPPED,
        (),
        NEITHER,
        machine=counterparts.rules(f"add chain inet f i {{ {IN} }}; add rule inet f i ip saddr 10.0.2.0/23 tcp sport 443 drop"),
    ),
    Row(
        well("own-black-hole", "a route of the machine throws away what is for the endpoints"),
        of_hosts("no-route", *EACH),
        ("no-route",),
        ON_MACHINE,
        (),
        NODE,
        machine=counterparts.route("blackhole", "10.0.2.0/23"),
    ),
    Row(
        well("hosts-file", "a line in /etc/hosts leads ssm to an address of nobody"),
        of_hosts("resolved-elsewhere", SSM),
        ("endpoint-blocked",),
        DROPPED,
        (),
        NEITHER,
        machine=counterparts.file("/etc/hosts", f"10.0.9.9 {SSM}"),
    ),
)
"""Each VPC once."""
