"""All of the complete VPC's network that can be taken away or broken, one thing at a time, and what is to be said of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable, Dict, FrozenSet, Iterator, Optional, Tuple

from ssm_bootstrap.model.cloud import (
    AclEntry,
    Cloud,
    Direction,
    GroupRule,
    NetworkAcl,
    SecurityGroup,
    Subnet,
    VpcEndpoint,
    VpcRoute,
)
from ssm_bootstrap.model.observed import value_of
from tests.cloud.clouds import (
    ACL,
    ENDPOINT_GROUP,
    ENDPOINT_SUBNET,
    EVERYWHERE,
    GATEWAY,
    NODE_GROUP,
    NODE_SUBNET,
    NODE_TABLE,
    REGION,
    S3_BLOCKS,
    S3_LIST,
    SERVICES,
    VPC,
    changed_endpoints,
    complete,
    with_network,
)

NODE_ACL, ENDPOINT_ACL = ACL, "acl-0d2"
ANSWERS = (1024, 65535)
FAR = "subnet-0c3"


@dataclass(frozen=True)
class Breakage:
    """One change for the worse, the code and subject of the one finding that it makes, and what it takes apart."""

    name: str
    change: Callable[[Cloud], Cloud]
    code: str
    subject: str
    part: str = ""
    hides: FrozenSet[str] = frozenset()  # parts of which nothing can be seen while this holds


def guarded() -> Cloud:
    """The complete VPC with an ACL of its own for each subnet, which allows what is needed and nothing else, in both zones."""
    cloud = complete()
    node = (
        (100, Direction.OUT, "10.0.2.0/24", 443, 443),
        *((110 + place, Direction.OUT, block, 443, 443) for place, block in enumerate(S3_BLOCKS)),
        *((120 + place, Direction.OUT, block, 80, 80) for place, block in enumerate(S3_BLOCKS)),
        (100, Direction.IN, "10.0.2.0/24", *ANSWERS),
        *((110 + place, Direction.IN, block, *ANSWERS) for place, block in enumerate(S3_BLOCKS)),
    )
    endpoint = ((100, Direction.IN, "10.0.1.0/24", 443, 443), (100, Direction.OUT, "10.0.1.0/24", *ANSWERS))

    def acl(name: str, subnet: str, allowed: Tuple[Tuple[int, Direction, str, int, int], ...]) -> NetworkAcl:
        entries = tuple(AclEntry(number, way, True, "6", cidr, first, last) for number, way, cidr, first, last in allowed)
        return NetworkAcl(name, (subnet,), (*entries, *(AclEntry(32767, way, False, "-1", EVERYWHERE) for way in Direction)))

    far = Subnet(FAR, f"{REGION}c", "apne1-az1", ("10.0.3.0/24",))
    return with_network(
        cloud,
        subnets=(*(value_of(cloud.network.subnets) or ()), far),
        acls=(acl(NODE_ACL, NODE_SUBNET, node), acl(ENDPOINT_ACL, ENDPOINT_SUBNET, endpoint)),
    )


def groups(change: Callable[[SecurityGroup], SecurityGroup]) -> Callable[[Cloud], Cloud]:
    return lambda cloud: with_network(cloud, groups=tuple(map(change, value_of(cloud.network.groups) or ())))


def acls(change: Callable[[NetworkAcl], NetworkAcl]) -> Callable[[Cloud], Cloud]:
    return lambda cloud: with_network(cloud, acls=tuple(map(change, value_of(cloud.network.acls) or ())))


def endpoints(change: Callable[[VpcEndpoint], Optional[VpcEndpoint]]) -> Callable[[Cloud], Cloud]:
    def made(cloud: Cloud) -> Cloud:
        changed = map(change, value_of(cloud.network.endpoints) or ())
        return with_network(cloud, endpoints=tuple(one for one in changed if one is not None))

    return made


def without_rule(rule_id: str) -> Callable[[Cloud], Cloud]:
    return groups(lambda group: replace(group, rules=tuple(rule for rule in group.rules if rule.id != rule_id)))


def rule_as(rule_id: str, **fields: object) -> Callable[[Cloud], Cloud]:
    def change(rule: GroupRule) -> GroupRule:
        return replace(rule, **fields) if rule.id == rule_id else rule  # type: ignore[arg-type]

    return groups(lambda group: replace(group, rules=tuple(map(change, group.rules))))


def without_entry(acl_id: str, number: int, direction: Direction) -> Callable[[Cloud], Cloud]:
    def change(acl: NetworkAcl) -> NetworkAcl:
        kept = tuple(one for one in acl.entries if (acl.id, one.number, one.direction) != (acl_id, number, direction))
        return replace(acl, entries=kept)

    return acls(change)


def denying(acl_id: str, number: int, direction: Direction, cidr: str, *ports: int) -> Callable[[Cloud], Cloud]:
    entry = AclEntry(number, direction, False, "6", cidr, *ports)
    return acls(lambda acl: replace(acl, entries=(entry, *acl.entries)) if acl.id == acl_id else acl)


def routes(change: Callable[[VpcRoute], Optional[VpcRoute]], *more: VpcRoute) -> Callable[[Cloud], Cloud]:
    def made(cloud: Cloud) -> Cloud:
        tables = []
        for table in value_of(cloud.network.route_tables) or ():
            if table.id == NODE_TABLE:
                kept = tuple(one for one in map(change, table.routes) if one is not None)
                table = replace(table, routes=(*kept, *more))
            tables.append(table)
        return with_network(cloud, route_tables=tuple(tables))

    return made


def of_main(*more: VpcRoute) -> Callable[[Cloud], Cloud]:
    def made(cloud: Cloud) -> Cloud:
        tables = value_of(cloud.network.route_tables) or ()
        changed = tuple(replace(one, routes=(*one.routes, *more)) if one.is_main else one for one in tables)
        return with_network(cloud, route_tables=changed)

    return made


def unassociated(cloud: Cloud) -> Cloud:
    cloud = endpoints(lambda one: replace(one, route_table_ids=()) if one.id == GATEWAY else one)(cloud)
    return routes(lambda route: route if route.destination != S3_LIST else None)(cloud)


def deleted_gateway(cloud: Cloud) -> Cloud:
    return endpoints(lambda one: one if one.id != GATEWAY else None)(unassociated(cloud))


def of_services(*services: str, **fields: object) -> Callable[[Cloud], Cloud]:
    return lambda cloud: changed_endpoints(cloud, lambda one: replace(one, **fields), *services)  # type: ignore[arg-type]


def with_other_group(service: str) -> Callable[[Cloud], Cloud]:
    """The endpoint of a service with a group that allows nothing in."""
    own = f"sg-9{service}"

    def change(endpoint: VpcEndpoint) -> VpcEndpoint:
        interfaces = tuple(replace(one, group_ids=(own,)) for one in endpoint.interfaces)
        return replace(endpoint, group_ids=(own,), interfaces=interfaces)

    def made(cloud: Cloud) -> Cloud:
        other = SecurityGroup(own, "other", VPC, (GroupRule("sgr-x", Direction.IN, "tcp", 443, 443, cidr="10.9.0.0/16"),))
        cloud = with_network(cloud, groups=(*(value_of(cloud.network.groups) or ()), other))
        return changed_endpoints(cloud, change, service)

    return made


def breakages() -> Iterator[Breakage]:
    """Each of them alone."""
    yield Breakage("443 to the endpoints", without_rule("sgr-01"), "sg-egress-missing", NODE_GROUP, "egress")
    yield Breakage("443 to S3", without_rule("sgr-02"), "sg-egress-missing", NODE_GROUP, "egress-s3-443")
    yield Breakage("80 to S3", without_rule("sgr-03"), "sg-egress-missing", NODE_GROUP, "egress-s3-80")
    yield Breakage("wrong port out", rule_as("sgr-01", first_port=444, last_port=444), "sg-egress-missing", NODE_GROUP, "egress")
    yield Breakage("udp for tcp", rule_as("sgr-01", protocol="udp"), "sg-egress-missing", NODE_GROUP, "egress")
    yield Breakage("another group out", rule_as("sgr-01", group_id="sg-0ff"), "sg-egress-missing", NODE_GROUP, "egress")
    yield Breakage(
        "one block of S3",
        rule_as("sgr-02", prefix_list_id="", cidr=S3_BLOCKS[0]),
        "sg-prefix-list-partial",
        NODE_GROUP,
        "egress-s3-443",
    )
    yield Breakage(
        "two blocks less on 80",
        rule_as("sgr-03", prefix_list_id="", cidr="52.219.0.0/16"),
        "sg-prefix-list-partial",
        NODE_GROUP,
        "egress-s3-80",
    )
    yield Breakage(
        "nothing out",
        groups(lambda one: replace(one, rules=()) if one.id == NODE_GROUP else one),
        "sg-egress-missing",
        NODE_GROUP,
        "egress-all",
        frozenset({"egress", "egress-s3-443", "egress-s3-80"}),
    )
    yield Breakage("443 into the endpoints", without_rule("sgr-04"), "endpoint-sg-ingress-missing", ENDPOINT_GROUP, "ingress")
    for name, fields in (
        ("port", {"first_port": 80, "last_port": 80}),
        ("group", {"group_id": "sg-0ff"}),
        ("block", {"group_id": "", "cidr": "10.0.9.0/24"}),
    ):
        yield Breakage(f"wrong {name} in", rule_as("sgr-04", **fields), "endpoint-sg-ingress-missing", ENDPOINT_GROUP, "ingress")
    for acl, subnet_entries in (
        (NODE_ACL, ((100, Direction.OUT, False), (100, Direction.IN, True))),
        (ENDPOINT_ACL, ((100, Direction.IN, False), (100, Direction.OUT, True))),
    ):
        for number, way, is_return in subnet_entries:
            code = "acl-return-denies" if is_return else "acl-denies"
            yield Breakage(f"{acl} {number} {way.value}", without_entry(acl, number, way), code, acl, f"{acl}-{way.value}-100")
    for place in range(len(S3_BLOCKS)):
        for number, way, code in (
            (110, Direction.OUT, "acl-denies"),
            (120, Direction.OUT, "acl-denies"),
            (110, Direction.IN, "acl-return-denies"),
        ):
            name = f"{NODE_ACL} {number + place} {way.value}"
            change = without_entry(NODE_ACL, number + place, way)
            yield Breakage(name, change, code, NODE_ACL, f"{NODE_ACL}-{way.value}-{number + place}")
    every_answer = ("10.0.2.0/24", *ANSWERS)
    yield Breakage(
        "rule 90 denies answers", denying(NODE_ACL, 90, Direction.IN, *every_answer), "acl-return-denies", NODE_ACL, "deny-1"
    )
    yield Breakage(
        "rule 90 denies 443 out",
        denying(NODE_ACL, 90, Direction.OUT, "10.0.2.0/24", 443, 443),
        "acl-denies",
        NODE_ACL,
        "deny-2",
    )
    yield Breakage(
        "rule 7 denies 443 in",
        denying(ENDPOINT_ACL, 7, Direction.IN, "10.0.0.0/8", 0, 1023),
        "acl-denies",
        ENDPOINT_ACL,
        "deny-3",
    )
    yield Breakage(
        "rule 90 denies answers out",
        denying(ENDPOINT_ACL, 90, Direction.OUT, "10.0.1.10/32", 40000, 50000),
        "acl-return-denies",
        ENDPOINT_ACL,
        "deny-4",
    )
    yield Breakage("gateway not associated", unassociated, "route-missing", NODE_TABLE, "s3-route")
    yield Breakage(
        "gateway deleted", deleted_gateway, "endpoint-missing", f"com.amazonaws.{REGION}.s3", "gateway", frozenset({"s3-route"})
    )
    yield Breakage(
        "gateway failed", of_services("s3", state="failed"), "endpoint-not-available", GATEWAY, "gateway", frozenset({"s3-route"})
    )
    yield Breakage(
        "S3 route blackholed",
        routes(lambda route: replace(route, is_blackhole=route.destination == S3_LIST)),
        "route-blackhole",
        NODE_TABLE,
        "s3-route",
    )
    for block in (*S3_BLOCKS[:2], "52.219.1.0/24"):
        yield Breakage(
            f"{block} diverted", routes(lambda one: one, VpcRoute(block, "nat-01")), "route-shadowed", NODE_TABLE, "s3-route"
        )
    yield Breakage(
        "endpoints' subnet blackholed",
        routes(lambda one: one, VpcRoute("10.0.2.0/24", "eni-gone", True)),
        "route-blackhole",
        NODE_TABLE,
        "local-route",
    )
    yield Breakage(
        "way back blackholed", of_main(VpcRoute("10.0.1.0/24", "eni-gone", True)), "route-blackhole", "rtb-0b0", "back-route"
    )
    for number, service in enumerate(SERVICES, 1):
        name, part = f"com.amazonaws.{REGION}.{service}", f"vpce-{service}"
        gone = endpoints(lambda one, service=service: one if one.service != service else None)  # type: ignore[misc]
        yield Breakage(f"no {service}", gone, "endpoint-missing", name, part)
        failed = of_services(service, state="failed")
        yield Breakage(f"{service} failed", failed, "endpoint-not-available", f"vpce-0f{number}", part)
        bare = of_services(service, subnet_ids=(), interfaces=())
        yield Breakage(f"{service} in no subnet", bare, "endpoint-not-available", f"vpce-0f{number}", part)
        yield Breakage(
            f"wrong group of {service}", with_other_group(service), "endpoint-sg-ingress-missing", f"sg-9{service}", part
        )


EVERY: Dict[str, Breakage] = {one.name: one for one in breakages()}
