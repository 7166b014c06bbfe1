"""What a closed VPC has to have, as repairs of one that has nothing: the code of ``requirements``."""

from __future__ import annotations

from typing import Iterator

from ssm_bootstrap.catalog.cloud.repairs import DNS_ATTRIBUTES, ENDPOINT_GROUP, GROUP_NAMES, INLINE, NODE_GROUP, S3_LIST
from ssm_bootstrap.catalog.policies import endpoint_policy
from ssm_bootstrap.catalog.requirements import EndpointRequirement, Requirements
from ssm_bootstrap.model.cloud import Direction, EndpointKind
from ssm_bootstrap.model.repair import (
    AddGroupRule,
    CreateActivation,
    CreateEndpoint,
    CreateGroup,
    CreateRole,
    Repair,
    TurnOnVpcDns,
)
from ssm_bootstrap.render.iac.draft import OWN_ACCOUNT, Draft, commands_in

VPC, ROLE = "<VPC-ID>", "<ACTIVATION-ROLE>"


def required(needs: Requirements, account: str = "") -> Draft:
    """The code of all that these capabilities need; ``account`` is that of the activation where it is another one."""
    return Draft(
        needs.region, tuple(_repairs(needs, account or OWN_ACCOUNT)), tuple(_heading(needs)), tuple(_remarks(needs, account))
    )


def _repairs(needs: Requirements, account: str) -> Iterator[Repair]:
    for attribute in DNS_ATTRIBUTES:
        yield TurnOnVpcDns(VPC, attribute)
    yield CreateGroup(VPC, GROUP_NAMES[ENDPOINT_GROUP], ENDPOINT_GROUP)
    yield CreateGroup(VPC, GROUP_NAMES[NODE_GROUP], NODE_GROUP, given="<NODE-SECURITY-GROUP-ID>")
    for port in ports_to_endpoints(needs):
        yield AddGroupRule(ENDPOINT_GROUP, Direction.IN, port, NODE_GROUP)
        yield AddGroupRule(NODE_GROUP, Direction.OUT, port, ENDPOINT_GROUP)
    for port in ports_to_s3_list(needs):
        yield AddGroupRule(NODE_GROUP, Direction.OUT, port, S3_LIST)
    for endpoint in needs.needed:
        yield _endpoint(endpoint, account, needs.system)
    yield CreateRole(ROLE, account)


def ports_to_endpoints(needs: Requirements) -> tuple[int, ...]:
    """The ports of the endpoints' group: 443, and 80 where S3 has an interface and something is fetched over HTTP."""
    return tuple(dict.fromkeys(port for item in needs.needed if item.kind is EndpointKind.INTERFACE for port in item.ports))


def ports_to_s3_list(needs: Requirements) -> tuple[int, ...]:
    """The ports to S3's prefix list, where a gateway carries it."""
    return tuple(port for item in needs.needed if item.kind is EndpointKind.GATEWAY for port in item.ports)


def _endpoint(item: EndpointRequirement, account: str, system: str) -> CreateEndpoint:
    is_gateway = item.kind is EndpointKind.GATEWAY
    return CreateEndpoint(
        VPC,
        item.service_name,
        item.kind,
        subnet_ids=() if is_gateway else ("<SUBNET-IDS>",),
        group_ids=() if is_gateway else (ENDPOINT_GROUP,),
        route_table_ids=("<ROUTE-TABLE-IDS>",) if is_gateway else (),
        policy=endpoint_policy(item.service),
        account=account,
        system=system,
    )


def _heading(needs: Requirements) -> Iterator[str]:
    uses = ", ".join(item.value for item in needs.capabilities)
    yield f"What a hybrid node needs in a closed VPC in {needs.region}, for {uses}."


def _remarks(needs: Requirements, account: str) -> Iterator[str]:
    if not account:
        yield "The policies are for the account that runs this; for an activation of another account: --account."
    for item in needs.endpoints:
        if not item.needed_for:
            uses = ", ".join(use.value for use in item.optional_for)
            yield f"Not made here, as nothing needs it: {item.service_name} (optional for {uses})."
    for names in filter(None, (item.dual_stack_hosts for item in needs.needed)):
        yield (
            f"The private DNS of the S3 interface endpoint does not cover {', '.join(names)}, from which Patch Manager "
            "downloads, unless its IP address type is dualstack. Where its subnets have no IPv6, a gateway endpoint is needed "
            "beside it: ssm-bootstrap vpc writes it (--fix-as)."
        )
    yield (
        "A network ACL of your own has to let TCP 443 (and 80 to S3 where it is allowed above) out of the nodes' subnets, and "
        "ports 1024-65535 back in; at the endpoints' subnets the other way round."
    )
    yield (
        "A role is the same in every region. Where it is there for another one, add the statement of role-trust for "
        f"{needs.region} to its trust policy, and role-permissions as a policy {INLINE}-{needs.region} of its own. The commands "
        "of the AWS CLI keep a role that is there; CloudFormation and Terraform would make it again: leave it out there."
    )
    yield "An activation is not made here: the code would keep its secret. By the AWS CLI, with its code in a file (0600) alone:"
    yield from commands_in(CreateActivation(ROLE, 1), needs.region)
