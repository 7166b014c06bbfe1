"""The ways from an instance to all that it needs, as AWS has them: which are open, and what stops packets on the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from itertools import chain
from typing import Iterable, Iterator, Mapping, Optional, Sequence

from ssm_bootstrap.catalog.partitions import service_names
from ssm_bootstrap.catalog.requirements import EndpointRequirement, Requirements
from ssm_bootstrap.diagnose.cloud.acls import CLIENT_PORTS, met_between, numbered
from ssm_bootstrap.diagnose.cloud.departure import met_leaving
from ssm_bootstrap.diagnose.cloud.endpoints import (
    carriers,
    missing,
    of_other_family,
    of_service,
    opened_for,
    unusable,
    without_subnet,
    zones_crossed,
)
from ssm_bootstrap.diagnose.cloud.groups import meant_group, met_at
from ssm_bootstrap.diagnose.cloud.names import Lead, answers
from ssm_bootstrap.diagnose.cloud.obstacles import Doubt, End, Met, Obstacle, doubts_of, merged, obstacles_of
from ssm_bootstrap.diagnose.cloud.outward import may_go_out
from ssm_bootstrap.diagnose.cloud.packets import common, everywhere, family_of, host_block, span_of
from ssm_bootstrap.diagnose.cloud.routes import met_beside_list, met_toward, met_toward_gateway
from ssm_bootstrap.diagnose.cloud.tables import between, list_of_route
from ssm_bootstrap.model.cloud import Cloud, CloudInstance, Direction, Interface, PrefixList, Subnet, VpcEndpoint
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.repair import AddEndpointGroups, Repair

Row = tuple[str, int]
"""A service and a TCP port of it."""


class WayState(str, Enum):
    """What AWS's side does with packets of a way; the first of these is the best."""

    OPEN = "open"
    PARTLY = "partly"  # some of its addresses or packets pass, others do not
    UNKNOWN = "unknown"
    CLOSED = "closed"


@dataclass(frozen=True)
class CloudWay:
    """The way from the instance to one port of a service: by which endpoint and addresses, what stops it, what is not known.

    ``remarks`` are worth telling and stop nothing.
    """

    service: str
    port: int
    hosts: tuple[str, ...]
    state: WayState
    endpoint_id: str = ""
    addresses: tuple[str, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    remarks: tuple[Obstacle, ...] = ()

    @property
    def row(self) -> Row:
        """The service and the port."""
        return self.service, self.port


def ways(cloud: Cloud, requirements: Requirements, client_ports: tuple[int, int] = CLIENT_PORTS) -> tuple[CloudWay, ...]:
    """The ways to every port of every service that is required; ``client_ports`` are those that the instance dials from."""
    return tuple(
        _way(cloud, requirement, port, client_ports) for requirement in requirements.endpoints for port in requirement.ports
    )


def way_toward(
    cloud: Cloud, requirement: EndpointRequirement, port: int, address: str, client_ports: tuple[int, int] = CLIENT_PORTS
) -> Optional[CloudWay]:
    """The way to the one address that was dialled; None where no endpoint has it that was read, nor a block of S3."""
    instance = value_of(cloud.instance)
    if instance is None or not instance.interfaces or isinstance(cloud.network.endpoints, Unseen):
        return None
    empty = CloudWay(requirement.service, port, requirement.hosts, WayState.UNKNOWN)
    known = of_service(cloud, requirement)
    for endpoint in known:
        own = tuple(replace(one, addresses=(address,)) for one in endpoint.interfaces if address in one.addresses)
        if own:
            return _by_interface(cloud, instance, replace(endpoint, interfaces=own), empty, client_ports)
    interfaces, gateways = carriers(known, instance.vpc_id)
    is_of_s3 = requirement.service == "s3" and any(common((span_of(one),), (span_of(address),)) for one in _blocks_of_s3(cloud))
    return None if interfaces or not is_of_s3 else _by_gateway(cloud, instance, gateways, empty, client_ports, address)


def _blocks_of_s3(cloud: Cloud) -> tuple[str, ...]:
    """The blocks of the prefix list of S3; none where they could not be read."""
    found = _list_of_s3(cloud)
    return found.cidrs if found is not None else ()


def _list_of_s3(cloud: Cloud) -> Optional[PrefixList]:
    name = service_names("s3", cloud.region)[0]
    return next((one for one in value_of(cloud.network.prefix_lists) or () if one.name == name), None)


def _way(cloud: Cloud, requirement: EndpointRequirement, port: int, client_ports: tuple[int, int]) -> CloudWay:
    instance = value_of(cloud.instance)
    empty = CloudWay(requirement.service, port, requirement.hosts, WayState.UNKNOWN)
    if instance is None or not instance.interfaces:
        reason = cloud.instance.reason if isinstance(cloud.instance, Unseen) else phrase("it has no network interface")
        return replace(empty, doubts=((phrase("instance"), reason),))
    if isinstance(cloud.network.endpoints, Unseen):
        met = list(_leaving(cloud, instance, empty, client_ports, requirement.service == "s3"))
        return _of_paths(empty, [[*met, (phrase("VPC endpoints"), cloud.network.endpoints.reason)]])
    interfaces, gateways = carriers(of_service(cloud, requirement), instance.vpc_id)
    if interfaces and not _is_left_for_the_way_out(cloud, requirement):
        found = [_by_interface(cloud, instance, endpoint, empty, client_ports) for endpoint in interfaces]
        return min(found, key=lambda way: list(WayState).index(way.state))
    if requirement.service == "s3":
        return _by_gateway(cloud, instance, gateways, empty, client_ports)
    met = list(missing(cloud, instance, partial(_client, cloud, instance), requirement, client_ports))
    is_known = any(not one.is_partial for one in obstacles_of(met))
    return _of_paths(empty, [[*met, *(() if is_known else _leaving(cloud, instance, empty, client_ports, is_far=True))]])


def _is_left_for_the_way_out(cloud: Cloud, requirement: EndpointRequirement) -> bool:
    """Whether every name of a service stays public where a route leads out: packets go by that, and never to an endpoint."""
    return goes_out(cloud) and all(answers(cloud, host).lead is Lead.PUBLIC for host in requirement.hosts)


def _leaving(cloud: Cloud, instance: CloudInstance, way: CloudWay, client_ports: tuple[int, int], is_far: bool) -> Iterator[Met]:
    return met_leaving(cloud, instance, _client(cloud, instance, ""), way.row, client_ports, is_far=is_far)


def _by_interface(
    cloud: Cloud, instance: CloudInstance, endpoint: VpcEndpoint, empty: CloudWay, client_ports: tuple[int, int]
) -> CloudWay:
    """The way by an interface endpoint: over each pair of addresses of one family."""
    seen = list(unusable(cloud, instance, endpoint))
    remarks = (*(one for one in seen if one.is_partial), *zones_crossed(cloud, instance, endpoint))
    way = replace(empty, endpoint_id=endpoint.id, remarks=remarks)
    wrong: list[Met] = [one for one in seen if not one.is_partial]
    if not wrong and not endpoint.interfaces:
        seen_empty = without_subnet(cloud, instance, endpoint)
        unseen = (endpoint.id, phrase("its network interfaces were not seen"))
        wrong = [unseen if endpoint.subnet_ids else seen_empty]
    opened = partial(opened_for, cloud, partial(_client, cloud, instance), endpoint, (way.port,), client_ports)
    if wrong:
        return _of_paths(way, [opened(wrong)])
    paths, addresses = [], []
    for interface in endpoint.interfaces:
        for address in interface.addresses:
            here = _client(cloud, instance, address)
            if here.blocks:
                there = _end(cloud, interface, (address,), endpoint.vpc_id, endpoint.group_ids)
                addresses.append(address)
                paths.append(list(_met(cloud, endpoint, here, there, way.port, client_ports)))
    return _of_paths(replace(way, addresses=tuple(addresses)), paths or [opened([of_other_family(cloud, instance, endpoint)])])


def _met(cloud: Cloud, endpoint: VpcEndpoint, here: End, there: End, port: int, client_ports: tuple[int, int]) -> Iterator[Met]:
    """All that packets to one address of an interface endpoint meet, and their answers."""
    network = cloud.network
    connection = between(network, here, there)
    out = list(met_at(network, here, there, Direction.OUT, port, connection))
    into = list(met_at(network, there, here, Direction.IN, port, connection))
    meant = meant_group(network, here, there, port) if obstacles_of(out) and obstacles_of(into) else ""
    if meant:
        yield replace(
            obstacles_of(into)[0],
            cause=("wrong-group", *there.group_ids, meant),
            variant="wrong-group",
            places=(meant,),
            repairs=(AddEndpointGroups(endpoint.id, (meant,)),),
        )
    else:
        yield from chain(out, into)
    yield from met_between(network, here, there, port, client_ports)
    yield from met_toward(network, here, there)
    yield from met_toward(network, there, here, is_back=True)


def _by_gateway(
    cloud: Cloud,
    instance: CloudInstance,
    gateways: Sequence[VpcEndpoint],
    empty: CloudWay,
    client_ports: tuple[int, int],
    only: str = "",
) -> CloudWay:
    """The way to the blocks of S3, or to ``only`` one address in them, with a gateway endpoint or without one."""
    name, found = service_names("s3", cloud.region)[0], _list_of_s3(cloud)
    blocks = found.cidrs if found is not None and found.cidrs else (everywhere(4),)
    listed = found.id if found is not None else list_of_route(cloud.network, gateways)
    here = _client(cloud, instance, blocks[0])
    if not here.blocks:
        return _of_paths(empty, [list(_over_ipv6(cloud, instance, gateways))])
    needed = (host_block(only),) if only else blocks
    there = End(needed, "", prefix_list_id=listed)
    met: list[Met] = [
        *met_at(cloud.network, here, there, Direction.OUT, empty.port),
        *met_between(cloud.network, here, there, empty.port, client_ports),
    ]
    if found is None or not found.cidrs:
        met = _in_doubt(cloud, met)
    seen = [(one, list(unusable(cloud, instance, one))) for one in gateways]
    usable = [gateway for gateway, wrong in seen if all(one.is_partial for one in wrong)]
    remarks = tuple(one for _, wrong in seen for one in wrong if usable and one.is_partial)
    if usable or not gateways:
        met += met_toward_gateway(cloud.network, here, _blocks_of_s3(cloud), needed, listed, usable, name)
    else:
        met += [one for _, wrong in seen for one in wrong]
        met += met_beside_list(cloud.network, here, _blocks_of_s3(cloud), needed, gateways[0].id)
    return _of_paths(replace(empty, endpoint_id=usable[0].id if usable else "", remarks=remarks), [met])


def repairs_toward_gateway(cloud: Cloud, requirement: EndpointRequirement) -> tuple[Repair, ...]:
    """What a gateway endpoint for S3 takes that is yet to be made, with what else would stop packets to it."""
    instance = value_of(cloud.instance)
    if instance is None or not instance.interfaces:
        return ()
    empty = CloudWay(requirement.service, 0, requirement.hosts, WayState.UNKNOWN)
    found = [_by_gateway(cloud, instance, (), replace(empty, port=port), CLIENT_PORTS) for port in requirement.ports]
    met = numbered(cloud.network, merged(chain.from_iterable(way.obstacles for way in found)))
    return tuple(dict.fromkeys(repair for one in met for repair in one.repairs))


def _over_ipv6(cloud: Cloud, instance: CloudInstance, gateways: Sequence[VpcEndpoint]) -> Iterator[Met]:
    """What an instance without an IPv4 address meets on its way to S3: the blocks that were read are of IPv4.

    Source: EC2 API Reference, CreateVpcEndpoint (IpAddressType): a gateway endpoint may be ipv4, ipv6 or dualstack.
    """
    if gateways and all(one.address_type.lower() == "ipv4" for one in gateways):
        yield of_other_family(cloud, instance, gateways[0])
    else:
        yield phrase("S3 over IPv6"), phrase("the prefix list of S3 that was read has no blocks of IPv6")


def _in_doubt(cloud: Cloud, met: Iterable[Met]) -> list[Met]:
    """What was met of blocks that nobody could read: nothing of it is sure."""
    unread = cloud.network.prefix_lists
    reason = unread.reason if isinstance(unread, Unseen) else phrase("its blocks were not seen")
    doubt: list[Met] = [(phrase("prefix list of S3"), reason)]
    return [*doubts_of(met), *(doubt if obstacles_of(met) else [])]


def _client(cloud: Cloud, instance: CloudInstance, toward: str) -> End:
    """The end at the instance: the interface in the subnet of an address, else the primary one; addresses of one family."""
    subnets = _subnets(cloud)

    def is_connected(interface: Interface) -> bool:
        subnet = subnets.get(interface.subnet_id)
        return bool(toward) and subnet is not None and any(common((span_of(one),), (span_of(toward),)) for one in subnet.cidrs)

    chosen = next((one for one in instance.interfaces if is_connected(one)), instance.interfaces[0])
    family = family_of(toward) if toward else None
    addresses = tuple(one for one in chosen.addresses if family is None or family_of(one) == family)
    return _end(cloud, chosen, addresses, instance.vpc_id, ())


def goes_out(cloud: Cloud) -> bool:
    """Whether the instance may reach public addresses without an endpoint, as far as routes go."""
    instance = value_of(cloud.instance)
    if instance is None or not instance.interfaces:
        return False
    return may_go_out(cloud.network, _client(cloud, instance, ""))


def _end(cloud: Cloud, interface: Interface, addresses: tuple[str, ...], vpc_id: str, group_ids: tuple[str, ...]) -> End:
    subnet = _subnets(cloud).get(interface.subnet_id)
    families = set(map(family_of, addresses))
    cidrs = tuple(cidr for cidr in (subnet.cidrs if subnet is not None else ()) if family_of(cidr) in families)
    blocks = tuple(host_block(address) for address in addresses)
    return End(blocks, vpc_id, interface.subnet_id, cidrs or blocks, interface.group_ids or group_ids)


def _subnets(cloud: Cloud) -> Mapping[str, Subnet]:
    return {subnet.id: subnet for subnet in value_of(cloud.network.subnets) or ()}


def _of_paths(way: CloudWay, paths: Sequence[Sequence[Met]]) -> CloudWay:
    """The way with how it stands, by what was met on each of its paths."""
    states = {_state(path) for path in paths}
    if len(states) == 1:
        (state,) = states
    elif WayState.UNKNOWN in states:
        state = WayState.UNKNOWN
    else:
        state = WayState.PARTLY
    met = [one for path in paths for one in path]
    return replace(way, state=state, obstacles=obstacles_of(met), doubts=tuple(dict.fromkeys(doubts_of(met))))


def _state(path: Sequence[Met]) -> WayState:
    obstacles = obstacles_of(path)
    if any(not one.is_partial for one in obstacles):
        return WayState.CLOSED
    passes = WayState.PARTLY if obstacles else WayState.OPEN
    return WayState.UNKNOWN if any(doubts_of(path)) else passes
