"""The managed node of this machine as AWS has it, and what AWS says of it."""

from __future__ import annotations

from datetime import datetime
from typing import Iterator

from ssm_bootstrap.diagnose.agent.versions import finding_of_version
from ssm_bootstrap.diagnose.case import Case, Check, Said
from ssm_bootstrap.diagnose.cloud.account import account_of, is_elsewhere
from ssm_bootstrap.diagnose.cloud.listed import NOT_CONNECTED, ONLINE, maybe_nodes, node_of
from ssm_bootstrap.diagnose.cloud.needs import facts_of
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.cloud import ManagedNode
from ssm_bootstrap.model.findings import Evidence, Finding
from ssm_bootstrap.model.observed import NOT_ASKED, Unseen, value_of
from ssm_bootstrap.model.phrase import joined, phrase
from ssm_bootstrap.model.repair import StartInstance

RUNNING = "running"
_STATES = {"pending": "pending", "shutting-down": "terminated", "terminated": "terminated"}
"""States of an instance that call for other words than a stopped one. Source: EC2 API Reference, InstanceState."""

_STOPPED = ("stopped", "stopping")

_READ = "DescribeInstanceInformation"


def not_running(case: Case) -> Iterator[Finding]:
    """An instance that is not running: nothing on it answers, whatever the way is like."""
    cloud = case.cloud
    instance = value_of(cloud.instance) if cloud is not None else None
    if cloud is None or instance is None or instance.state in ("", RUNNING):
        return
    said = phrase("state {state}", state=instance.state)
    yield case.finding(
        "instance-stopped",
        instance.id,
        said,
        facts={**facts_of(cloud), "peer": instance.state},
        variant=_STATES.get(instance.state, ""),
        evidence=(Evidence("DescribeInstances", instance.id, said, cloud.taken_at),),
        breaks=case.capabilities,
        repairs=(StartInstance(instance.id),) if instance.state in _STOPPED else (),
    )


def offline(case: Case) -> Iterator[Finding]:
    """A node that Systems Manager has lost."""
    cloud, node = case.cloud, node_of(case)
    if cloud is None or node is None or node.ping == ONLINE:
        return
    said = _state(node)
    yield case.finding(
        "agent-offline",
        node.id,
        said,
        facts={**facts_of(cloud), "mi": node.id},
        variant="seen-in-aws",
        evidence=(Evidence(_READ, node.id, said, node.last_ping or cloud.taken_at),),
        breaks=case.on_a_node,
        services=("ssm", "ssmmessages"),
    )


def unconnected(case: Case) -> Iterator[Finding]:
    """A node that pings and has no control channel, so that no session can reach it."""
    cloud, node = case.cloud, node_of(case)
    if cloud is None or node is None or node.ping != ONLINE or value_of(node.connection) != NOT_CONNECTED:
        return
    yield case.finding(
        "channel-down",
        node.id,
        NOT_CONNECTED,
        facts={**facts_of(cloud), "mi": node.id},
        variant="seen-in-aws",
        evidence=(Evidence("GetConnectionStatus", node.id, NOT_CONNECTED, cloud.taken_at),),
        breaks=case.asked(Capability.SESSION),
        degrades=case.asked(Capability.RUN_COMMAND),
        services=("ssmmessages",),
    )


def _state(node: ManagedNode) -> str:
    if node.last_ping is None:
        return node.ping
    return phrase("{state}, last ping {at}", state=node.ping, at=_at(node.last_ping))


def _at(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def too_old(case: Case) -> Iterator[Finding]:
    """A version that AWS knows and that is too old; where the machine itself was looked at, that tells it."""
    cloud, node = case.cloud, node_of(case)
    if cloud is not None and node is not None and case.installed_agent is None and node.version:
        yield from finding_of_version(case, node.version, Evidence(_READ, node.id, node.version, cloud.taken_at))


def twice(case: Case) -> Iterator[Finding]:
    """A second node of the same machine: left behind by an earlier registration, or the EC2 instance itself."""
    cloud, node = case.cloud, node_of(case)
    if cloud is None or node is None:
        return
    instance = value_of(cloud.instance)
    others = [
        item
        for item in value_of(cloud.management.nodes) or ()
        if item.id != node.id
        and ((instance is not None and item.id == instance.id) or (_is_same(item, node) and item.ping != ONLINE))
    ]
    if not others:
        return
    shown = tuple(Evidence(_READ, item.id, _state(item), item.last_ping or cloud.taken_at) for item in (node, *others))
    yield case.finding(
        "node-twice",
        node.id,
        joined((phrase("{node}: {state}", node=item.id, state=_state(item)) for item in (node, *others)), "; "),
        facts={**facts_of(cloud), "mi": node.id, "place": ", ".join(item.id for item in others)},
        evidence=shown,
    )


def _is_same(one: ManagedNode, other: ManagedNode) -> bool:
    """Whether two nodes are of one machine: private addresses alone repeat from VPC to VPC, so the name has to agree."""
    return bool(one.address) and (one.address, one.name) == (other.address, other.name) and one.id.startswith("mi-")


def quota(case: Case) -> Iterator[Finding]:
    """An account that is full, where this machine has yet to register."""
    cloud = case.cloud
    if (
        cloud is None
        or is_elsewhere(case)
        or node_of(case) is not None
        or maybe_nodes(case)
        or case.is_registered
        or not case.asked(Capability.REGISTER)
    ):
        return
    count, limit = value_of(cloud.management.node_count), value_of(cloud.management.node_quota)
    if count is None or limit is None or count < limit:
        return
    said = phrase("{count} managed nodes, quota {limit}", count=count, limit=limit)
    yield case.finding(
        "activation-quota",
        phrase("account {account}", account=cloud.account),
        said,
        facts={**facts_of(cloud), "quota_code": cloud.management.node_quota_code},
        variant="seen-in-aws",
        evidence=(Evidence(_READ, cloud.region, said, cloud.taken_at),),
        breaks=case.asked(Capability.REGISTER),
    )


def deregistered(case: Case) -> Iterator[Said]:
    """A node that the machine holds for registered and AWS does not have, where both speak of the same account and region."""
    cloud = case.cloud
    known = case.node.managed_instance_id if case.node is not None else ""
    if cloud is None or not known:
        return
    nodes = cloud.management.nodes
    if isinstance(nodes, Unseen):
        return
    if any(item.id == known for item in nodes.value):
        return
    own = case.node.region if case.node is not None else ""
    account = account_of(case)
    if (own and own != cloud.region) or is_elsewhere(case):
        place = [item for item in (own, account) if item]
        read = [cloud.region, cloud.account]
        yield known, phrase("{node} is of {place}; what was read is {read}", node=known, place=place, read=read)
        return
    seen = phrase(
        "{node} is not among the nodes of account {account} in {region}", node=known, account=cloud.account, region=cloud.region
    )
    if not account:
        yield (
            known,
            phrase(
                "{seen}: it is of another account, or deregistered; vpc --account ACCOUNT tells which it should be", seen=seen
            ),
        )
        return
    yield case.finding(
        "node-deregistered",
        known,
        seen,
        facts={**facts_of(cloud), "mi": known},
        variant="seen-in-aws",
        evidence=(
            Evidence(
                "vault", "/var/lib/amazon/ssm/Vault", phrase("registered as {node}", node=known), case.observations.taken_at
            ),
            Evidence(_READ, known, seen, cloud.taken_at),
        ),
        breaks=case.on_a_node,
    )


def unread(case: Case) -> Iterator[tuple[str, str]]:
    """Nodes, or how many there are, that could not be read."""
    cloud = case.cloud
    if cloud is None:
        return
    if is_elsewhere(case) and case.node is None:
        said = phrase("its activations, nodes and roles were not read: what was read is {account}", account=cloud.account)
        yield phrase("account {account}", account=account_of(case)), said
        return
    parts = (("managed nodes", cloud.management.nodes), ("quota of managed nodes", cloud.management.node_quota))
    for name, part in parts:
        if isinstance(part, Unseen):
            yield name, part.reason
    for item in maybe_nodes(case):
        repeats = "{address} is the instance's too, and private addresses repeat from VPC to VPC: --report tells which node it is"
        yield phrase("{node}: {state}", node=item.id, state=_state(item)), phrase(repeats, address=item.address)
    node = node_of(case)
    for item in (node,) if node is not None else maybe_nodes(case):
        if item.ping == ONLINE and isinstance(item.connection, Unseen) and item.connection != NOT_ASKED:
            yield phrase("control channel of {node}", node=item.id), item.connection.reason


CHECKS = (
    Check("aws-instance", not_running),
    Check("aws-node", offline),
    Check("aws-node-channel", unconnected),
    Check("aws-node-version", too_old),
    Check("aws-node-twice", twice),
    Check("aws-node-quota", quota),
    Check("aws-node-deregistered", deregistered),
    Check("aws-node-unseen", unread),
)
