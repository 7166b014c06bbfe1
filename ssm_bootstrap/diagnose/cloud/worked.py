"""The calls of a node of which its own report, or AWS by the id that the report tells, shows that they are let through."""

from __future__ import annotations

from typing import Iterator

from ssm_bootstrap.catalog.nodecalls import NodeCall
from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.cloud.listed import CONNECTED, ONLINE, node_of
from ssm_bootstrap.model.observed import value_of

TOKEN = "ssm:RequestManagedInstanceRoleToken"
"""The call by which Systems Manager takes the node's role, so that the role's trust has let it."""

_CHANNEL = frozenset({"ssmmessages:CreateControlChannel", "ssmmessages:OpenControlChannel"})


def worked(case: Case) -> frozenset[str]:
    """The actions that are seen to work at this very node; none without its report, as no other node proves anything of it."""
    return frozenset(_worked(case)) if case.is_registered else frozenset()


def _worked(case: Case) -> Iterator[str]:
    yield "ssm:RegisterManagedInstance"
    node, run = node_of(case), case.logs.timeline.newest
    if node is not None and node.ping == ONLINE:
        yield from (TOKEN, "ssm:UpdateInstanceInformation")
        if value_of(node.connection) == CONNECTED:
            yield from _CHANNEL
    if run is not None and case.logs.timeline.is_alive and run.identity == "OnPrem" and not run.has_kept_credentials:
        if run.credentials is not None:
            yield TOKEN
        if run.channel == "ssmmessages":
            yield from _CHANNEL


def was_given(case: Case, call: NodeCall) -> bool:
    """Whether an object was given to the node of the bucket that a download is from."""
    bucket = call.resource.rpartition(":::")[2].partition("/")[0]
    return bool(bucket) and any(
        probe.target.host.startswith(f"{bucket}.") and probe.status is not None and 200 <= probe.status < 300
        for probe in case.observations.probes
    )
