"""What is said where both sides were looked at: that AWS's side is right, and that the two do not agree."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import Circumstance, FindingKind, Hop, Layer, Scope, Teller, Variant, look
from ssm_bootstrap.catalog.findings import families
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

AWS_IN_PART = Variant(
    name="aws-in-part",
    circumstance=Circumstance.AWS_LETS_PART_THROUGH,
    when="AWS's side was read as well, and stops the instance at some of the addresses alone",
    title="AWS blocks part of it, nothing answers: {service}",
    cause=(
        "The node got no answer from {host}, port {port}, at {node_time}. As of {aws_time}, AWS's side blocks some of its "
        "addresses and allows the others; what it blocks has a finding of its own, which may explain those addresses. The others "
        "fail for another reason, on the machine or on the way, or AWS's side was changed between the two times."
    ),
    summary="Fix what AWS blocks for {service} first (it has its own finding), then check this machine's own firewall.",
    steps=AWS_IS_RIGHT.steps,
    aws_steps=AWS_IS_RIGHT.aws_steps,
    commands=AWS_IS_RIGHT.commands,
    aws_commands=AWS_IS_RIGHT.aws_commands,
    changed_on=Side.AWS,
    breaks_at=(Hop.INSTANCE, Hop.FIREWALL, Hop.SECURITY_GROUP, Hop.NETWORK_ACL),
    source="Amazon VPC User Guide, flow-logs",
)
"""The words of a silence for a part of which AWS's side has a reason."""

_HOSTS_FILE = look("grep -n {domain} /etc/hosts")
_SERVERS = look("cat /etc/resolv.conf", "the name servers that this machine asks")

_OTHER_SERVERS = Variant(
    name="other-servers",
    when="name servers that AWS does not see answer with public addresses, though an endpoint has private DNS",
    title="{peer} resolves {service} to {address}, not {place}",
    cause=(
        "At {node_time} {host} led to {address} on the node. As of {aws_time}, names of this VPC are answered by {peer}, and an "
        "endpoint has private DNS for this one, at {place}. So {peer} does not forward the name to the VPC resolver, and the "
        "node dials past the endpoint."
    ),
    summary="Let {peer} forward {domain} to an inbound endpoint of the VPC's Route 53 Resolver.",
    changed_on=Side.AWS,
    steps=(
        "Nothing needs to change on this machine; once they forward it, `getent ahosts {host}` gives the endpoint's address.",
    ),
    aws_steps=(
        "The servers forward {domain} to the addresses of an inbound endpoint of Route 53 Resolver in this VPC.",
        "If nothing else needs them, name AmazonProvidedDNS in the DHCP options, or take the forwarding rule off the VPC.",
    ),
    commands=(look("getent ahosts {hosts}"), _SERVERS),
    source="Route 53 Developer Guide, resolver-forwarding-inbound-queries; AWS PrivateLink guide, interface endpoints",
)

_ANSWERS = Variant(
    name="answers",
    when="what the node dials answers all the same",
    severity=Severity.WARNING,
    title="{service} is reached at {address}, not {place}",
    cause=(
        "At {node_time} {host} led to {address} on the node, which is {detail}, and it answers. As of {aws_time}, {peer} decides "
        "the name in this VPC, and it leads to {place}. So the node does not go by what was read of AWS's side, or that was "
        "changed between the two times."
    ),
    summary="Find out where this machine takes {address} for {host} from, before anybody takes it away.",
)

_UNRESOLVED = Variant(
    name="unresolved",
    when="the node got no address for the name",
    severity=Severity.WARNING,
    title="{service} does not resolve, yet AWS has {place}",
    cause=(
        "The node got no address for {host} at {node_time}. As of {aws_time}, {peer} decides the name in this VPC, and it leads "
        "to {place}. So this machine does not ask the VPC resolver or does not reach it, or AWS's side was changed between the "
        "two times."
    ),
    summary="Let this machine ask the VPC resolver; if AWS's side was changed since {node_time}, run doctor again first.",
)

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="resolved-elsewhere",
        severity=Severity.ERROR,
        breaks_at=(Hop.RESOLVER,),
        layer=Layer.NAMES,
        changed_on=Side.MACHINE,
        explains=(*families.ENDPOINT, *families.S3, *families.NO_PATH),
        no_repair="No change is written as code: what is to change is on this machine.",
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        variants=(_OTHER_SERVERS, _ANSWERS, _UNRESOLVED),
        title="{service} resolves to {address}, not {place}",
        cause=(
            "At {node_time} {host} led to {address} on the node, which is {detail}. As of {aws_time}, {peer} decides the name in "
            "this VPC, and it leads to {place}. So the node takes its answer from elsewhere (a line in /etc/hosts, a cache, or a "
            "name server that is not the VPC's), or AWS's side was changed between the two times."
        ),
        summary="Remove whatever makes {host} lead to {address} on this machine: a line in /etc/hosts, or another name server.",
        steps=(
            "Is there a line with {host} in /etc/hosts? Delete it.",
            (
                "Which name server does this machine ask? It has to be the VPC resolver (169.254.169.253, or the base of the "
                "VPC's block plus two), or one that forwards {domain} there."
            ),
            "If AWS's side was changed after {node_time}, run `ssm-bootstrap doctor --save` on the node again.",
        ),
        aws_steps=(
            "Was the endpoint made anew since? Its addresses changed with it, and what names the old ones has to follow.",
            "Does a private hosted zone of the past, or of another VPC, name {address}?",
        ),
        commands=(look("getent ahosts {hosts}"), _HOSTS_FILE, _SERVERS, look("ssm-bootstrap probe --region {region}")),
        transient=True,
        source="Amazon VPC User Guide, AmazonDNS-concepts; AWS PrivateLink guide, interface endpoints (private DNS)",
    ),
    FindingKind(
        code="sides-disagree",
        severity=Severity.WARNING,
        layer=Layer.WAY,
        changed_on=Side.AWS,
        no_repair="No change is written as code: look at both sides again first.",
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="The node reached what AWS's side should have stopped: {detail}",
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
