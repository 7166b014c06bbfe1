"""Endpoints that are yet to be made: with which groups, and what has to be opened for them besides.

They are judged as if they stood there already, at any address of their subnets, so that one round of repairs is enough.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Iterator, Sequence

from ssm_bootstrap.catalog.cloud.repairs import ENDPOINT_GROUP, GROUP_NAMES
from ssm_bootstrap.diagnose.cloud.acls import met_between, numbered
from ssm_bootstrap.diagnose.cloud.groups import meant_group, met_at
from ssm_bootstrap.diagnose.cloud.obstacles import End, Met, obstacles_of
from ssm_bootstrap.diagnose.cloud.packets import family_of
from ssm_bootstrap.diagnose.cloud.routes import met_toward
from ssm_bootstrap.diagnose.cloud.tables import between
from ssm_bootstrap.model.cloud import Direction, GroupRule, SecurityGroup, VpcNetwork
from ssm_bootstrap.model.observed import Seen, value_of
from ssm_bootstrap.model.repair import CreateEndpoint, Repair, TurnOnVpcDns

Client = Callable[[str], End]
"""The end at the instance that dials an address or block."""

PORT = 443


def groups_for(network: VpcNetwork, client: Client, planned: CreateEndpoint, others: tuple[str, ...]) -> tuple[str, ...]:
    """The groups for an interface endpoint: those of ``others`` or the one that the node's rules mean; empty: one is made.

    What is open already comes before what has to be opened.
    """
    ends = list(_ends(network, client, planned, ()))
    meant = next(filter(None, (meant_group(network, here, there, PORT) for here, there in ends)), "")
    known = [found for found in (others, (meant,) if meant else ()) if found]
    for found in known:
        placed = replace(planned, group_ids=found)
        if not any(_at_groups(network, here, there, PORT) for here, there in _ends(network, client, placed, found)):
            return found
    return next(iter(known), ())


def beside(
    network: VpcNetwork, client: Client, planned: CreateEndpoint, ports: Sequence[int], client_ports: tuple[int, int]
) -> tuple[Repair, ...]:
    """The repairs without which packets of these ports would not reach an interface endpoint, nor their answers come back."""
    groups = value_of(network.groups)
    own = planned.group_ids or (ENDPOINT_GROUP,)
    if groups is not None and not planned.group_ids:
        network = replace(network, groups=Seen((*groups, _made(planned))))
    met: list[Met] = []
    for here, there in _ends(network, client, planned, own):
        for port in ports:
            met += _at_groups(network, here, there, port)
            met += met_between(network, here, there, port, client_ports)
        met += [*met_toward(network, here, there), *met_toward(network, there, here, is_back=True)]
    return tuple(dict.fromkeys(repair for one in numbered(network, obstacles_of(met)) for repair in one.repairs))


def dns_attributes(network: VpcNetwork) -> tuple[TurnOnVpcDns, ...]:
    """The DNS attributes of the VPC that are off: without them AWS refuses private DNS, and no name leads to an endpoint."""
    vpc = value_of(network.vpc)
    if vpc is None:
        return ()
    seen = (("enableDnsSupport", vpc.dns_support), ("enableDnsHostnames", vpc.dns_hostnames))
    return tuple(TurnOnVpcDns(vpc.id, name) for name, value in seen if value == Seen(False))


def _ends(network: VpcNetwork, client: Client, planned: CreateEndpoint, group_ids: tuple[str, ...]) -> Iterator[tuple[End, End]]:
    """The instance's end and the endpoint's, for each block of its subnets that the instance has an address of the family of."""
    for subnet in value_of(network.subnets) or ():
        for cidr in subnet.cidrs if subnet.id in planned.subnet_ids else ():
            here = client(cidr)
            if here.blocks and (planned.address_type or family_of(cidr) == 4):
                yield here, End((cidr,), planned.vpc_id, subnet.id, (cidr,), group_ids)


def _at_groups(network: VpcNetwork, here: End, there: End, port: int) -> list[Met]:
    connection = between(network, here, there)
    out = met_at(network, here, there, Direction.OUT, port, connection)
    return [*out, *met_at(network, there, here, Direction.IN, port, connection)]


def _made(planned: CreateEndpoint) -> SecurityGroup:
    """The group that is made along with an endpoint."""
    rules = (GroupRule("", Direction.IN, "tcp", PORT, PORT, cidr=cidr) for cidr in planned.client_cidrs)
    return SecurityGroup(ENDPOINT_GROUP, GROUP_NAMES[ENDPOINT_GROUP], planned.vpc_id, tuple(rules))
