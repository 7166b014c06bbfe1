"""Which of the nodes that AWS lists is this machine."""

from __future__ import annotations

from typing import Optional

from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.cloud.account import is_elsewhere
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.cloud import Cloud, ManagedNode
from ssm_bootstrap.model.observed import value_of

ONLINE = "Online"
"""What Systems Manager says of a node that pings."""

CONNECTED, NOT_CONNECTED = "connected", "notconnected"
"""What is said of a node's control channel. Source: Systems Manager API Reference, GetConnectionStatus (Status)."""


def node_of(case: Case) -> Optional[ManagedNode]:
    """The hybrid node of this machine: by its own report, else the only one that was read, where that has no address.

    An address alone tells no machine: private ones repeat from VPC to VPC.
    """
    cloud = case.cloud if not is_elsewhere(case) else None
    nodes = _hybrid(value_of(cloud.management.nodes) or ()) if cloud is not None else ()
    if case.identity is not None and _is_told(case):
        return next((item for item in nodes if item.id == case.identity.known_id), None)
    if cloud is None:
        return None
    return nodes[0] if len(nodes) == 1 and not nodes[0].address else None


def maybe_nodes(case: Case) -> tuple[ManagedNode, ...]:
    """The hybrid nodes with an address of the instance, where no report tells which node it is, if any."""
    cloud = case.cloud
    if cloud is None or _is_told(case) or is_elsewhere(case):
        return ()
    return tuple(item for item in _hybrid(value_of(cloud.management.nodes) or ()) if item.address in _addresses(cloud))


def _is_told(case: Case) -> bool:
    """Whether a report tells which node this machine is, or that it is none."""
    identity = case.identity
    return identity is not None and (bool(identity.known_id) or identity.state is not IdentityState.UNREADABLE)


def _hybrid(nodes: tuple[ManagedNode, ...]) -> tuple[ManagedNode, ...]:
    return tuple(item for item in nodes if item.id.startswith("mi-"))


def _addresses(cloud: Cloud) -> tuple[str, ...]:
    instance = value_of(cloud.instance)
    return tuple(address for one in instance.interfaces for address in one.addresses) if instance is not None else ()
