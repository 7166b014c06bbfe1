"""The calls that a hybrid node makes, how each is signed, and what cannot work where it is denied.

Sources: agent and Patch Manager's script as in catalog/policies.py; setup-create-vpc, AWS Systems Manager User Guide (2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ssm_bootstrap.catalog.buckets import patch_payload_bucket, patch_payload_host, snapshot_bucket
from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.catalog.policies import NODE_DELIVERY, NODE_MESSAGES, NODE_SSM, UNSIGNED
from ssm_bootstrap.model.capability import BY_COMMAND, ON_A_NODE, Capability
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.site import NO_SITE


class Signer(str, Enum):
    """With whose credentials a call is signed."""

    NOBODY = "nobody"
    ROLE = "the role of the node"
    ANYBODY = "nobody, or an account of AWS"  # a download by a URL, which may be presigned by the service


@dataclass(frozen=True)
class NodeCall:
    """One call: its action, the service whose endpoint carries it, who signs it, and what it breaks or degrades if denied.

    ``resource`` is the ARN that it is for, with a star for a rest that depends; empty where all of it does. ``is_fallback``:
    what it is for has another way.
    """

    action: str
    service: str
    signer: Signer
    breaks: tuple[Capability, ...] = ()
    degrades: tuple[Capability, ...] = ()
    resource: str = ""
    is_fallback: bool = False


_BREAKS = {
    "ssm:RegisterManagedInstance": (Capability.REGISTER,),
    "ssm:RequestManagedInstanceRoleToken": ON_A_NODE,
    "ssm:UpdateInstanceInformation": ON_A_NODE,
    "ssm:GetDeployablePatchSnapshotForInstance": (Capability.PATCH,),
    "ssm:PutInventory": (Capability.PATCH,),
    "ssmmessages:CreateControlChannel": (Capability.SESSION,),
    "ssmmessages:OpenControlChannel": (Capability.SESSION,),
    "ssmmessages:CreateDataChannel": (Capability.SESSION,),
    "ssmmessages:OpenDataChannel": (Capability.SESSION,),
}
"""What cannot work where an action is denied; an action that is not here serves associations, packages or key rotation."""

_DEGRADES = {
    "ssmmessages:CreateControlChannel": BY_COMMAND,
    "ssmmessages:OpenControlChannel": BY_COMMAND,
}
"""What goes on over ec2messages alone where an action is denied."""


def _managed_instances(region: str, account: str) -> dict[str, str]:
    return {
        "ssm:UpdateInstanceInformation": f"arn:{partition_of(region, NO_SITE).name}:ssm:{region}:{account}:managed-instance/*"
    }


def node_calls(region: str, account: str) -> tuple[NodeCall, ...]:
    """The calls of a node of an account in a region, the unsigned ones first."""
    resources = _managed_instances(region, account)
    return (
        *(NodeCall(action, "ssm", Signer.NOBODY, _BREAKS.get(action, ())) for action in UNSIGNED),
        *(
            NodeCall(
                action,
                action.partition(":")[0],
                Signer.ROLE,
                _BREAKS.get(action, ()),
                _DEGRADES.get(action, ()),
                resources.get(action, ""),
            )
            for action in (*NODE_SSM, *NODE_MESSAGES)
        ),
        *(NodeCall(action, "ec2messages", Signer.ROLE, is_fallback=True) for action in NODE_DELIVERY),
    )


def node_downloads(region: str) -> tuple[NodeCall, ...]:
    """What a node reads from AWS's own buckets in a region, of those whose names are known."""
    arn = f"arn:{partition_of(region, NO_SITE).name}:s3:::"
    payload = patch_payload_bucket(region) if value_of(patch_payload_host(region, NO_SITE)) else ""
    snapshot = value_of(snapshot_bucket(region, NO_SITE))
    return (
        NodeCall("s3:GetObject", "s3", Signer.ROLE, (Capability.AGENT_UPDATE,), resource=f"{arn}amazon-ssm-{region}/*"),
        *(
            NodeCall("s3:GetObject", "s3", Signer.ANYBODY, (Capability.PATCH,), resource=f"{arn}{bucket}/*")
            for bucket in (payload, snapshot)
            if bucket
        ),
    )
