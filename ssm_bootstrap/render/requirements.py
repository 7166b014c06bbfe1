"""What a node needs at AWS, told to a person: sections of a table, and the same as Markdown and as JSON."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ssm_bootstrap.catalog.cloud.repairs import CORE, DNS_ATTRIBUTES, INLINE
from ssm_bootstrap.catalog.distributions import providers_of
from ssm_bootstrap.catalog.endpoints import OPTIONAL
from ssm_bootstrap.catalog.policies import POLICIES, buckets, endpoint_policy, policy_named, repositories
from ssm_bootstrap.catalog.requirements import EndpointRequirement, Requirements
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.cloud import EndpointKind
from ssm_bootstrap.model.phrase import joined, phrase
from ssm_bootstrap.render.iac.required import ports_to_endpoints, ports_to_s3_list
from ssm_bootstrap.render.language import say

SCHEMA = "ssm-bootstrap/requirements/1"
NO_ACCOUNT = "ACCOUNT_ID"
"""What stands in a policy for an account that nobody named: no value that AWS would take for one."""
FILL_ACCOUNT = phrase("{placeholder} stands for the account of the activation: --account fills it in", placeholder=NO_ACCOUNT)
ROLE_POLICIES = ("role-trust", "role-permissions")


class Row(NamedTuple):
    """One line of a section: what it is about, and what is needed."""

    label: str
    text: str


class Section(NamedTuple):
    """Rows under one heading."""

    title: str
    rows: tuple[Row, ...]


class Asked(NamedTuple):
    """What was asked: requirements, with the account of the activation and the system where they are named."""

    needs: Requirements
    account: str = ""
    system: str = ""


def heading(wanted: Asked) -> str:
    """What the whole is about."""
    needs = wanted.needs
    return phrase(
        "What a hybrid node in {region} ({partition}) needs at AWS, for {capabilities}",
        region=needs.region,
        partition=needs.partition,
        capabilities=_names(needs.capabilities),
    )


def sections(wanted: Asked) -> tuple[Section, ...]:
    """Everything, in the order in which one makes it."""
    made = (
        Section(phrase("VPC endpoints"), tuple(map(_endpoint_row, wanted.needs.endpoints))),
        Section(phrase("Names"), tuple(_names_rows(wanted.needs))),
        Section(phrase("Security groups"), tuple(_group_rows(wanted.needs))),
        Section(phrase("Routes and network ACLs"), tuple(_way_rows(wanted.needs))),
        Section(phrase("Policies and role"), tuple(_policy_rows(wanted))),
        Section(phrase("Buckets of AWS that are read"), tuple(_bucket_rows(wanted))),
        Section(phrase("Packages"), tuple(_package_rows(wanted))),
    )
    return tuple(section for section in made if section.rows)


def _names(items: Iterable[Capability]) -> tuple[str, ...]:
    return tuple(item.value for item in items)


def _ports(ports: Sequence[int]) -> str:
    return ", ".join(map(str, ports))


def _endpoint_row(item: EndpointRequirement) -> Row:
    is_gateway = item.kind is EndpointKind.GATEWAY
    parts = [
        phrase(
            "gateway endpoint {name}, TCP {ports}" if is_gateway else "interface endpoint {name}, TCP {ports}",
            name=item.service_name,
            ports=_ports(item.ports),
        )
    ]
    if item.needed_for:
        parts.append(phrase("needed for {capabilities}", capabilities=_names(item.needed_for)))
    optional = tuple(one for one in item.optional_for if one not in item.needed_for)
    if optional:
        is_asked_for = any(item.service in OPTIONAL.get(one, ()) for one in optional)
        said = "optional for {capabilities}" if is_asked_for else "optional, as a second way, for {capabilities}"
        parts.append(phrase(said, capabilities=_names(optional)))
    return Row(item.service, joined(parts, "; "))


def _names_rows(needs: Requirements) -> Iterator[Row]:
    yield Row("VPC", phrase("turn on {attributes}", attributes=DNS_ATTRIBUTES))
    if any(item.kind is EndpointKind.INTERFACE for item in needs.needed):
        yield Row(phrase("private DNS"), phrase("turn it on for each interface endpoint"))
    if any(item.service == "s3" and item.kind is EndpointKind.INTERFACE for item in needs.needed):
        yield Row("s3", phrase("its private DNS has to be for every resolver, not only for inbound resolver endpoints"))
    for names in filter(None, (item.dual_stack_hosts for item in needs.needed)):
        yield Row(
            "s3",
            phrase(
                "its private DNS covers {hosts} only if its IP address type is dualstack, for which its subnets need IPv6; "
                "otherwise a gateway endpoint is needed beside it",
                hosts=names,
            ),
        )
    hosts = tuple(dict.fromkeys(host for item in needs.needed for host in item.hosts))
    yield Row(
        phrase("hosts"),
        phrase("nodes have to resolve these by the VPC resolver, or by servers that forward to it: {hosts}", hosts=hosts),
    )


def _group_rows(needs: Requirements) -> Iterator[Row]:
    ports = ports_to_endpoints(needs)
    if ports:
        yield Row(
            phrase("nodes, out"),
            phrase("TCP {ports} to the endpoints' group (or their subnets)", ports=_ports(sorted(ports)[::-1])),
        )
    to_s3 = ports_to_s3_list(needs)
    if to_s3:
        why = phrase("TCP {ports} to the prefix list of S3", ports=_ports(to_s3))
        if 80 in to_s3:
            why = joined((why, phrase("80 for package repositories over HTTP, as those of Amazon Linux 2")), "; ")
        yield Row(phrase("nodes, out"), why)
    if ports:
        said = phrase("TCP {ports} from the nodes' group (or their subnets)", ports=_ports(sorted(ports)[::-1]))
        if 80 not in ports:
            said = joined((said, phrase("80 is not needed here, though some guides list it")), "; ")
        yield Row(phrase("endpoints, in"), said)
    yield Row(phrase("endpoints, out"), phrase("nothing: an endpoint opens no connections"))
    yield Row(phrase("nodes, in"), phrase("nothing: sessions and commands come over connections that the agent opens"))


def _way_rows(needs: Requirements) -> Iterator[Row]:
    has_gateway = any(item.kind is EndpointKind.GATEWAY for item in needs.needed)
    if has_gateway:
        yield Row(
            phrase("routes"),
            phrase("associate the gateway endpoint with the route table of each subnet with nodes in it"),
        )
    else:
        yield Row(phrase("routes"), phrase("none beyond the VPC's own: interface endpoints are inside it"))
    said = phrase(
        "the default one lets everything through; one of your own has to let the ports above out of the nodes' subnets, and TCP "
        "1024-65535 back in; at the endpoints' subnets the other way round"
    )
    if has_gateway:
        said = joined((said, phrase("S3 answers from public addresses through the gateway")), "; ")
    yield Row(phrase("network ACLs"), said)


def _policy_rows(wanted: Asked) -> Iterator[Row]:
    account = wanted.account or phrase("your account")
    named = [name for name in (endpoint_policy(item.service) for item in wanted.needs.needed) if name]
    if named:
        yield Row(
            phrase("endpoints"),
            phrase(
                "the default policy allows everything; the least is {names}, for {account}", names=tuple(named), account=account
            ),
        )
    yield Row(
        phrase("role"),
        phrase(
            "in {account}: trusts Systems Manager (role-trust), with {core} and the buckets of AWS (role-permissions)",
            account=account,
            core=CORE,
        ),
    )
    yield Row(
        phrase("role"),
        phrase(
            "the same in every region: for a further one add its statement of role-trust to the trust policy, and "
            "role-permissions as {name}",
            name=f"{INLINE}-{wanted.needs.region}",
        ),
    )
    yield Row(
        phrase("activation"),
        phrase(
            "in {account} and in {region}, with that role; its code goes into a file or a secret",
            account=account,
            region=wanted.needs.region,
        ),
    )
    if not wanted.account:
        yield Row(phrase("accounts"), FILL_ACCOUNT)
    else:
        yield Row(
            phrase("accounts"),
            phrase(
                "the VPC may belong to another account than {account}: the endpoint policies then name {account}, and no IAM "
                "permission is needed in the account of the VPC",
                account=wanted.account,
            ),
        )


def _bucket_rows(wanted: Asked) -> Iterator[Row]:
    if not any(item.service == "s3" for item in wanted.needs.needed):
        return
    for bucket in buckets(wanted.needs.region):
        yield Row(phrase("Systems Manager"), bucket)
    providers = providers_of(wanted.system) if wanted.system else ()
    if Capability.PATCH in wanted.needs.capabilities and (not wanted.system or any(row.in_s3 for row in providers)):
        for bucket in repositories(wanted.needs.region, wanted.system):
            yield Row(phrase("Amazon Linux"), bucket)


def _package_rows(wanted: Asked) -> Iterator[Row]:
    if Capability.PATCH not in wanted.needs.capabilities:
        return
    if not wanted.system:
        yield Row(
            phrase("any system"),
            phrase("Amazon Linux has its repositories in S3; any other needs a mirror inside the VPC (--system)"),
        )
        return
    providers = providers_of(wanted.system)
    if any(row.in_s3 for row in providers):
        yield Row(wanted.system, phrase("its repositories are in S3: the S3 endpoint is the way to them"))
    else:
        yield Row(
            wanted.system,
            phrase(
                "its repositories ({titles}) are not in S3: patching needs a mirror inside the VPC, or a proxy to them",
                titles=tuple(row.title for row in providers),
            ),
        )


def markdown(wanted: Asked) -> str:
    """The sections as Markdown tables, in the reader's language."""
    parts = [f"# {say(heading(wanted))}\n"]
    for section in sections(wanted):
        rows = "".join(f"| {_cell(row.label)} | {_cell(row.text)} |\n" for row in section.rows)
        parts.append(f"## {say(section.title)}\n\n| | |\n|---|---|\n{rows}")
    return "\n".join(parts)


def _cell(text: str) -> str:
    return say(text).replace("|", "\\|").replace("*", "\\*")


def policies(wanted: Asked) -> Mapping[str, Any]:
    """Every policy that these requirements ask for, by name; ``NO_ACCOUNT`` stands in them where no account is named."""
    named = [endpoint_policy(item.service) for item in wanted.needs.needed]
    wished = [row.name for row in POLICIES if row.name in named or row.name in ROLE_POLICIES]
    return {
        name: policy_named(name, wanted.system).for_account(wanted.needs.region, wanted.account or NO_ACCOUNT) for name in wished
    }


def document(wanted: Asked) -> Mapping[str, Any]:
    """Everything as one JSON document."""
    needs = wanted.needs
    has_s3 = any(item.service == "s3" for item in needs.needed)
    return {
        "schema": SCHEMA,
        "region": needs.region,
        "partition": needs.partition,
        "capabilities": list(_names(needs.capabilities)),
        "system": wanted.system or None,
        "account": wanted.account or None,
        "endpoints": [
            {
                "service": item.service,
                "service_name": item.service_name,
                "type": item.kind.value,
                "hosts": list(item.hosts),
                "ports": list(item.ports),
                "needed_for": list(_names(item.needed_for)),
                "optional_for": list(_names(item.optional_for)),
                "policy": endpoint_policy(item.service) or None,
            }
            for item in needs.endpoints
        ],
        "vpc_attributes": list(DNS_ATTRIBUTES),
        "security_groups": {
            "nodes_to_endpoints": list(ports_to_endpoints(needs)),
            "nodes_to_s3_prefix_list": list(ports_to_s3_list(needs)),
        },
        "gateway_needs_route_tables": any(item.kind is EndpointKind.GATEWAY for item in needs.needed),
        "buckets": list(buckets(needs.region)) if has_s3 else [],
        "repository_buckets": list(repositories(needs.region, wanted.system)) if has_s3 else [],
        "policies": policies(wanted),
        "remarks": [] if wanted.account else [say(FILL_ACCOUNT)],
    }
