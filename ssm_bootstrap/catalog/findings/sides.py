"""What is said where both sides were looked at: that AWS's side is right, and that the two do not agree."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import Circumstance, FindingKind, Hop, Layer, Scope, Teller, Variant, look
from ssm_bootstrap.catalog.findings import nodecommands as node
from ssm_bootstrap.model.findings import Severity, Side

AWS_IS_RIGHT = Variant(
    name="aws-is-right",
    circumstance=Circumstance.AWS_LETS_THROUGH,
    when="AWS's side was read as well, and lets the instance through",
    title="AWS allows it, yet nothing answers: {service}",
    cause=(
        "The node got no answer from {host}, port {port}, at {node_time}. As of {aws_time}, the endpoint, security groups, "
        "network ACLs, routes and names in AWS all let it through. So the packets are dropped on the machine or by an appliance "
        "on the way, or AWS's side was changed between the two times."
    ),
    summary="Check this machine's own firewall and routes; if AWS's side was changed since {node_time}, run doctor again first.",
    steps=(
        "If AWS's side was changed after {node_time}, run `ssm-bootstrap doctor --save` on the node again.",
        "Does this machine's own firewall allow TCP {port} out (nftables, iptables, firewalld, a container's network)?",
        "Does the route of the addresses leave by the interface that AWS knows, and with its source address?",
    ),
    aws_steps=(
        "Is there a firewall, gateway load balancer or proxy in the path, which the EC2 API does not judge? Look at its logs.",
        "VPC flow logs of the instance's network interface show whether packets leave it, and whether answers come back.",
    ),
    commands=(look("getent ahosts {hosts}"), node.ROUTES, node.OWN_FIREWALL, look("ssm-bootstrap probe --region {region}")),
    aws_commands=(look("aws ec2 describe-flow-logs --region {region} --filter Name=resource-id,Values={vpc_id}"),),
    changed_on=Side.MACHINE,
    breaks_at=(Hop.INSTANCE, Hop.FIREWALL),
    source="Amazon VPC User Guide, flow-logs",
)
"""The words of a silence for which AWS's side has no reason."""

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="sides-disagree",
        severity=Severity.WARNING,
        layer=Layer.WAY,
        changed_on=Side.AWS,
        no_repair="No change is written as code: look at both sides again first.",
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="The node reached what AWS's side should have stopped",
        cause=(
            "The node reached {host} at {node_time}. By what AWS had at {aws_time} it should not have: {detail}. Either AWS's "
            "side was changed between the two times, or the traffic takes a path that was not read here."
        ),
        summary="Read both sides again within a few minutes, and compare.",
        steps=("Run `ssm-bootstrap doctor --save FILE` on the node again, and then `vpc --report FILE`.",),
        aws_steps=("Was a security group, route or endpoint changed between {node_time} and {aws_time}? CloudTrail tells.",),
        commands=(look("ssm-bootstrap probe --region {region}"),),
        source="Amazon VPC User Guide; what both sides saw",
    ),
)
