"""Findings about a VPC as AWS's own APIs show it: the very rule, entry, route or endpoint that stops packets."""

from __future__ import annotations

from dataclasses import replace

from ssm_bootstrap.catalog.findingkind import FindingKind, Hop, Layer, Scope, Teller, Variant, look
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.model.findings import Severity, Side

_DROPPED = ("endpoint-blocked", "endpoint-partly-unreachable", "s3-unreachable", "s3-http-blocked", "s3-https-blocked")
_UNANSWERED = ("endpoint-missing", *_DROPPED)
_BY_PREFIX_LIST = ("s3-unreachable", "s3-http-blocked", "s3-https-blocked")

_PROBE = look("ssm-bootstrap probe --region {region}")
_NOTHING_HERE = (
    "Nothing needs to change on this machine. Once the change is made in AWS, `ssm-bootstrap probe` shows whether packets pass.",
    "Restart the agent then: after a failure it may sleep for up to an hour before it retries.",
)

_EMPTY_OUT = Variant(
    name="empty",
    when="the security group has no outbound rules at all",
    title="{subject} has no outbound rules at all",
    cause=(
        "The security group of the instance, {subject}, has no outbound rules, and a group without rules allows nothing. TCP "
        "{port} to {place} needs a rule."
    ),
)

_EMPTY_IN = Variant(
    name="empty",
    when="the security group has no inbound rules at all",
    title="{subject} of the endpoint has no inbound rules at all",
    cause=(
        "The security group of the endpoint for {service}, {subject}, has no inbound rules, and a group without rules allows "
        "nothing. TCP {port} from {place} needs a rule."
    ),
)

_WRONG_GROUP = Variant(
    name="wrong-group",
    when="the instance's rules name a security group that allows it in, and the endpoint has another one",
    title="The endpoint for {service} has {subject} and not {place}",
    cause=(
        "The outbound rules of the instance name the security group {place}, which allows the instance inbound. The endpoint for "
        "{service} has {subject} instead: no outbound rule covers it, and it does not allow the instance inbound."
    ),
    summary="Give the endpoint for {service} the security group {place}.",
    aws_steps=("Leave its other groups as they are if anything else uses them: the rules of all groups are added up.",),
)

_PENDING = Variant(
    name="pending",
    no_repair="No change is written as code: it becomes available by itself, or when its owner accepts it.",
    when="the endpoint is still being created, or its owner has not accepted it",
    title="{subject} ({service}) is not available yet: {peer}",
    cause="The endpoint {subject} is in state {peer}: until it is available it carries no packets.",
    summary="Wait until {subject} is available; if it stays {peer}, its service or your quota is what to look at.",
    aws_steps=("An endpoint for a service of AWS takes a few minutes, and nobody has to accept it.",),
    transient=True,
)

_PARTIAL = Variant(
    name="partial",
    no_repair="No change is written as code: AWS does not tell what of the endpoint is missing, and it may work all the same.",
    when="AWS lists the endpoint as partial",
    title="{subject} ({service}) is {peer}",
    cause=(
        "AWS lists the endpoint {subject} as {peer}. Which part of it is not there is not told, and it may carry packets all the "
        "same: it is judged as one that is available."
    ),
    summary="Look at {subject} in AWS, and run probe on the instance: it shows whether the endpoint answers.",
    aws_steps=("Has each of its subnets a network interface, and is there a `LastError`?",),
)

_WITHOUT_SUBNET = Variant(
    name="without-subnet",
    when="the interface endpoint is in no subnet",
    title="{subject} ({service}) is in no subnet",
    cause="The interface endpoint {subject} is in no subnet, so it has no network interface and no address.",
    summary="Add {subject} to a subnet of the instance's zone.",
    aws_steps=("One subnet in each zone that nodes are in is enough.",),
)

_NO_ROUTE_TO_ADDRESS = Variant(
    name="address",
    no_repair="No change is written as code: where such a route should lead cannot be told from here.",
    when="the route table has no route to an address of the endpoint",
    title="{subject} of {subnet_id} has no route to {place}",
    cause=(
        "The route table {subject} of {subnet_id} has no route to {place}, where the endpoint for {service} is, and the block "
        "does not belong to the VPC."
    ),
    summary="Add a route to {place} to {subject}.",
    aws_steps=("Which peering connection or transit gateway leads there? Both VPCs need a route to each other.",),
    source="Amazon VPC User Guide, VPC_Route_Tables",
)

_NAT_WITHOUT_INTERNET = Variant(
    name="nat",
    no_repair="No change is written as code: where the subnet of the NAT gateway should lead cannot be told from here.",
    when="the route table of a public NAT gateway's subnet has no default route",
    title="{subject} of {subnet_id}, where {place} is, has no default route",
    cause=(
        "The default route of {peer} leads to the NAT gateway {place}. The route table {subject} of its own subnet {subnet_id} "
        "has no default route to an internet gateway, so what {place} sends on goes nowhere."
    ),
    summary="Create endpoints for {service}, or add a default route to an internet gateway to {subject}.",
    aws_steps=("In a VPC that is to stay closed, endpoints are the way: then nothing needs the NAT gateway.",),
    source="Amazon VPC User Guide, vpc-nat-gateway (public NAT gateways are in public subnets)",
)

_NO_WAY_BACK = Variant(
    name="back",
    when="the endpoints' subnet in another VPC has no route to the instance",
    title="{subject} of {subnet_id} has no route back to {place} ({peer})",
    cause=(
        "The endpoints for {service} are in another VPC. The route table {subject} of their subnet {subnet_id} has no route to "
        "{place} in {peer}, where the instance is: packets reach the endpoints, and the answers do not come back."
    ),
    summary="Add a route to {place} to {subject}, over what connects the two VPCs.",
)

_STAYS = "Rule * is the end of every network ACL and stays. Any other rule that nothing needs may be deleted instead."

_ACL_PARTIAL = Variant(
    name="partial",
    when="it denies some of the packets alone",
    cause=(
        "In the network ACL {subject} rule {rule} is the first that fits some of the packets to {service}, and it denies "
        "{place}. Packets to other addresses pass, so that some connections work and others get no answer."
    ),
)

_ACL_PARTIAL_BACK = Variant(
    name="partial",
    when="it denies some of the answers alone",
    cause=(
        "In the network ACL {subject} rule {rule} is the first that fits some of the answers of {service}, and it denies "
        "{place}. Each connection leaves from another port, on Linux between 32768 and 60999: those from other ports, or to "
        "other addresses, are answered, so that the same thing works at one time and is silent at another."
    ),
)

_ACL_NO_NUMBER = Variant(
    name="no-number",
    when="too few numbers are free before the rule that denies",
    summary="Add rule {rule} of {subject} again under a higher number and delete it, or delete it for good.",
    aws_steps=(
        "Numbers of rules begin with 1, and too few are free before rule {rule} to allow what is needed there.",
        "Does anything need rule {rule}? If not, delete it.",
        "If something does: add the same rule under a higher free number, with room before it, and then delete rule {rule}.",
        "Add the rule that allows it under a number between, and run this again: it says whether anything is left.",
    ),
    aws_commands=(
        look(
            "aws ec2 describe-network-acls --region {region} --network-acl-ids {subject} --query 'NetworkAcls[].Entries[]'",
            "the rules of the network ACL with their numbers",
        ),
    ),
)

_ACL_NO_NUMBER_BACK = replace(
    _ACL_NO_NUMBER,
    summary=(
        "Add rule {rule} of {subject} again under a higher number and delete it, or delete it for good; allow TCP 1024-65535 for "
        "the answers before it."
    ),
)

_ROUTES_OF_TRANSIT = look(
    "aws ec2 search-transit-gateway-routes --region {region} --transit-gateway-route-table-id {subject}"
    " --filters Name=state,Values=active,blackhole",
    "the routes of the transit gateway's route table",
)

_SHARED_TABLE = "No change is written as code: the table may serve other VPCs too, so its owner decides over its routes."

_NO_ROUTE_IN_TRANSIT = Variant(
    name="transit",
    when="the route table of the transit gateway between the two VPCs has no route",
    title="{subject} of the transit gateway {rule} has no route to {place} ({peer})",
    cause=(
        "Packets between the instance and the endpoints for {service} pass through the transit gateway {rule}. Its route table "
        "{subject} has no route to {place} in {peer}, so the gateway drops what comes in by the attachments that use this table."
    ),
    summary="Add a route to {place} to {subject}, to the attachment of {peer}, or propagate that attachment's routes to it.",
    aws_steps=(
        "Is {peer} attached to {rule}, and is the attachment available? Propagation then adds the route by itself.",
        "The table of the other attachment needs a route back: where both use the same table, it is this one.",
    ),
    aws_commands=(_ROUTES_OF_TRANSIT,),
    no_repair=_SHARED_TABLE,
    source="Amazon VPC Transit Gateways guide, tgw-route-tables; Reachability Analyzer, TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT",
)

_BLACKHOLE_IN_TRANSIT = Variant(
    name="transit",
    when="it is a route of a transit gateway's own route table",
    title="The route of {subject} to {place} is a blackhole (transit gateway {peer})",
    cause=(
        "Packets between the instance and the endpoints for {service} pass through the transit gateway {peer}. In its route "
        "table {subject} the most specific route for them is the one to {place}, and it is a blackhole: the gateway drops them."
    ),
    summary="Replace the route of {subject} to {place} by one to the attachment of the other VPC, or delete it.",
    aws_steps=("Was it made to keep networks apart? Then a more specific route for the endpoints' subnets is enough.",),
    aws_commands=(_ROUTES_OF_TRANSIT,),
    no_repair=_SHARED_TABLE,
    source="Amazon VPC Transit Gateways guide, tgw-route-tables (blackhole routes)",
)

_FAMILY_IN_AWS = (
    "First let {place} through: security groups and network ACLs of both sides, TCP 443 and the answers, and the routes.",
    "Then give {subject} the IP address type dualstack, with DNS records of both families: from then on its names lead there.",
)

_WITHOUT_BLOCK = Variant(
    name="without-block",
    when="a subnet of the endpoint has no block of the other family",
    summary=(
        "Give {rule} a block of {place}, and then {subject} the IP address type dualstack; or give the instance an address of "
        "the other family."
    ),
    aws_steps=(
        "Before anything else a block of {place}: for the VPC first, and then for {rule}, where the endpoint is.",
        *_FAMILY_IN_AWS,
    ),
)

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="sg-egress-missing",
        severity=Severity.ERROR,
        breaks_at=(Hop.SECURITY_GROUP,),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*_DROPPED, *families.NO_PATH),
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        variants=(_EMPTY_OUT,),
        title="{subject} allows no TCP {port} out to {place}",
        cause=(
            "No outbound rule of the instance's security groups ({subject}) covers TCP {port} to {place}, where {service} is. "
            "What no rule allows is dropped without an answer."
        ),
        summary="Add an outbound rule to {subject}: TCP {port} to {place}.",
        aws_steps=("The rules of all groups of an interface are added up: one group that allows it is enough.",),
        steps=_NOTHING_HERE,
        commands=(_PROBE,),
        transient=True,
        source="Amazon VPC User Guide, security-group-rules; Reachability Analyzer, ENI_SG_RULES_MISMATCH, SG_HAS_NO_RULES",
    ),
    FindingKind(
        code="endpoint-sg-ingress-missing",
        severity=Severity.ERROR,
        breaks_at=(Hop.SECURITY_GROUP,),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*_DROPPED, *families.NO_PATH),
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        variants=(_EMPTY_IN, _WRONG_GROUP),
        title="{subject} of the endpoint allows no TCP {port} in from {place}",
        cause=(
            "No inbound rule of the security groups of the endpoint for {service} ({subject}) covers TCP {port} from the "
            "instance ({place}). What no rule allows is dropped without an answer."
        ),
        summary="Add an inbound rule to {subject}: TCP {port} from {place}.",
        aws_steps=("Port 80 is not needed there: interface endpoints of Systems Manager use TCP 443 alone.",),
        steps=_NOTHING_HERE,
        commands=(_PROBE,),
        transient=True,
        source="Systems Manager User Guide, setup-create-vpc; Reachability Analyzer, ENI_SG_RULES_MISMATCH",
    ),
    FindingKind(
        code="sg-prefix-list-partial",
        severity=Severity.WARNING,
        breaks_at=(Hop.SECURITY_GROUP,),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=_BY_PREFIX_LIST,
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="{subject} covers {peer} of {rule} blocks of {place} on TCP {port}",
        cause=(
            "The outbound rules of {subject} name some addresses of S3 and not the whole prefix list {place}. Names of S3 "
            "resolve to any of its blocks, so that some downloads work and others time out."
        ),
        summary="Add an outbound rule to {subject} that names the prefix list {place}: TCP {port}.",
        aws_steps=("AWS keeps the prefix list up to date; rules with single blocks go out of date.",),
        steps=_NOTHING_HERE,
        commands=(look("ssm-bootstrap probe --region {region} --for patch,agent-update"),),
        source="AWS PrivateLink guide, vpc-endpoints-s3; Amazon VPC User Guide, managed-prefix-lists",
    ),
    FindingKind(
        code="sg-reference-lost",
        severity=Severity.ERROR,
        breaks_at=(Hop.SECURITY_GROUP,),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*_DROPPED, *families.NO_PATH),
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="{rule} of {subject} names {place}, which {peer} does not carry",
        cause=(
            "The rule {rule} of {subject} allows TCP {port} for the security group {place}, which belongs to another VPC. {peer} "
            "connects the two and keeps no such references, so the rule matches no packet."
        ),
        summary="Add a rule to {subject} that names the blocks of the other side in place of {place}: TCP {port}.",
        aws_steps=(
            (
                "VPC peering keeps references within a region. A transit gateway keeps them for inbound rules, where this is "
                "turned on."
            ),
        ),
        steps=_NOTHING_HERE,
        commands=(_PROBE,),
        transient=True,
        source=(
            "Amazon VPC Transit Gateways guide, security group referencing; Reachability Analyzer, SG_REFERENCES_NOT_PRESERVED"
        ),
    ),
    FindingKind(
        code="acl-denies",
        severity=Severity.ERROR,
        breaks_at=(Hop.NETWORK_ACL,),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*_DROPPED, *families.NO_PATH),
        no_repair="No change is written as code: no number before rule {rule} is free.",
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        variants=(_ACL_NO_NUMBER, _ACL_PARTIAL),
        title="{subject} rule {rule} denies {place}",
        cause=(
            "In the network ACL {subject} rule {rule} is the first that fits packets to {service}, and it denies "
            "{place}. The rule * at the end denies whatever no other fits."
        ),
        summary="Add an entry to {subject} under a number before rule {rule} that allows it.",
        aws_steps=(
            "Entries count in the order of their numbers, and in each direction apart: answers need an entry of their own.",
            _STAYS,
        ),
        steps=_NOTHING_HERE,
        commands=(_PROBE,),
        transient=True,
        source="Amazon VPC User Guide, vpc-network-acls; Reachability Analyzer, SUBNET_ACL_RESTRICTION",
    ),
    FindingKind(
        code="acl-return-denies",
        severity=Severity.ERROR,
        breaks_at=(Hop.NETWORK_ACL,),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*_DROPPED, *families.NO_PATH),
        no_repair="No change is written as code: no number before rule {rule} is free.",
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        variants=(_ACL_NO_NUMBER_BACK, _ACL_PARTIAL_BACK),
        title="{subject} rule {rule} denies {place}",
        cause=(
            "In the network ACL {subject} rule {rule} is the first that fits answers of {service}, and it denies "
            "{place}. Answers come to the port that the instance connects from, which on Linux is between 32768 and 60999."
        ),
        summary="Add an entry to {subject} under a number before rule {rule} that allows TCP 1024-65535 for the answers.",
        aws_steps=(
            "Network ACLs know no connections: what goes out on 443 needs an entry for the answers as well.",
            _STAYS,
        ),
        steps=_NOTHING_HERE,
        commands=(_PROBE, look("sysctl net.ipv4.ip_local_port_range", "the ports that this machine connects from")),
        transient=True,
        source="Amazon VPC User Guide, nacl-ephemeral-ports; Linux, ip-sysctl (ip_local_port_range)",
    ),
    FindingKind(
        code="route-missing",
        severity=Severity.ERROR,
        breaks_at=(Hop.ROUTE,),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*_UNANSWERED, *families.NO_PATH),
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        variants=(_NO_ROUTE_TO_ADDRESS, _NAT_WITHOUT_INTERNET),
        title="{subject} of {subnet_id} has no route to S3: {place} is not associated",
        cause=(
            "The route table {subject} of {subnet_id} has no route to an S3 gateway endpoint. The endpoint {place} is there "
            "and not associated with this table, so packets to S3 have nowhere to go."
        ),
        summary="Associate {subject} with the gateway endpoint {place}.",
        aws_steps=("A subnet without a route table of its own uses the main table of its VPC: it is that one then.",),
        steps=_NOTHING_HERE,
        commands=(look("ssm-bootstrap probe --region {region} --for patch,agent-update"),),
        transient=True,
        source="AWS PrivateLink guide, vpc-endpoints-s3; Reachability Analyzer, NO_ROUTE_TO_DESTINATION",
    ),
    FindingKind(
        code="route-blackhole",
        severity=Severity.ERROR,
        breaks_at=(Hop.ROUTE,),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*_UNANSWERED, *families.NO_PATH),
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        variants=(_BLACKHOLE_IN_TRANSIT,),
        title="The route of {subject} to {place} leads nowhere ({peer})",
        cause=(
            "The most specific route of {subject} for {service} is the one to {place}, and it is a blackhole: its target "
            "{peer} is gone or not attached."
        ),
        summary="Replace the route of {subject} to {place}, or delete it.",
        aws_steps=("What was {peer} for? If something else still needs the route, give it a target that exists.",),
        steps=_NOTHING_HERE,
        commands=(_PROBE,),
        transient=True,
        source="Amazon VPC User Guide, VPC_Route_Tables (blackhole); Reachability Analyzer, BAD_STATE_ROUTE",
    ),
    FindingKind(
        code="route-shadowed",
        severity=Severity.ERROR,
        breaks_at=(Hop.ROUTE,),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=_BY_PREFIX_LIST,
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="{subject} sends {place} to {peer} and not to {rule}",
        cause=(
            "The route of {subject} to {place} is more specific than those of the gateway endpoint {rule}, so that it sends "
            "these addresses of S3 to {peer}."
        ),
        summary="Delete the route of {subject} to {place}.",
        aws_steps=(
            "What is the route for? If {peer} is meant to carry S3, the endpoint is not needed, and {peer} must reach S3.",
        ),
        steps=_NOTHING_HERE,
        commands=(look("ssm-bootstrap probe --region {region} --for patch,agent-update"),),
        transient=True,
        source="Amazon VPC User Guide, route-tables-priority; Reachability Analyzer, MORE_SPECIFIC_ROUTE",
    ),
    FindingKind(
        code="endpoint-not-available",
        severity=Severity.ERROR,
        breaks_at=(Hop.ENDPOINT,),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*_UNANSWERED, *families.NO_PATH),
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        variants=(_PENDING, _PARTIAL, _WITHOUT_SUBNET),
        title="{subject} ({service}) is not available: {peer}",
        cause="The endpoint {subject} for {service} is in state {peer}, in which it carries no packets.",
        summary="Delete {subject} and create the endpoint for {service} again.",
        aws_steps=("Its error, if it has one, is in `LastError` of describe-vpc-endpoints.",),
        steps=_NOTHING_HERE,
        commands=(_PROBE,),
        transient=False,
        source="EC2 API Reference, VpcEndpoint (State, LastError); Reachability Analyzer, BAD_STATE_VPC_ENDPOINT",
    ),
    FindingKind(
        code="endpoint-other-zone",
        severity=Severity.WARNING,
        breaks_at=(Hop.ENDPOINT,),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        no_repair="No change is written as code: no subnet in {subject} is free for it.",
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="No endpoint in {subject} for {service}",
        cause=(
            "The endpoints for {service} ({place}) have no subnet in {subject}, the zone of the instance. They are reachable "
            "from there all the same, but the traffic crosses zones and fails along with the other one."
        ),
        summary="Add a subnet in {subject} to {place}, if the node is to work while another zone does not.",
        aws_steps=("Each further subnet of an endpoint is charged by the hour.",),
        steps=("Nothing needs to change on this machine.",),
        commands=(_PROBE,),
        source="AWS PrivateLink guide, interface endpoints (subnets and zones); Reachability Analyzer, AVAILABILITY_ZONE_CROSSED",
    ),
    FindingKind(
        code="service-not-in-zone",
        severity=Severity.ERROR,
        breaks_at=(Hop.ENDPOINT,),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*_UNANSWERED, *families.NO_PATH),
        no_repair="No change is written as code: which block and zone the subnet gets is for a person to decide.",
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="No subnet is in a zone that offers {service}",
        cause=(
            "{vpc_id} has no endpoint {subject}, and none of its subnets is in a zone in which one could be created: AWS "
            "offers it in {place}."
        ),
        summary="Create a subnet of {vpc_id} in a zone that offers {subject}, and the endpoint in it.",
        aws_steps=("The node may stay in its zone: the VPC's own routes cross zones.",),
        steps=_NOTHING_HERE,
        commands=(_PROBE,),
        source="EC2 API Reference, DescribeVpcEndpointServices (AvailabilityZones)",
    ),
    FindingKind(
        code="hub-unreachable",
        severity=Severity.ERROR,
        breaks_at=(Hop.ROUTE,),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*_DROPPED, *families.NO_PATH),
        no_repair="No change is written as code: no connection between the two networks was seen.",
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        variants=(_NO_WAY_BACK, _NO_ROUTE_IN_TRANSIT),
        title="{subject} of {subnet_id} has no route to {place} ({peer})",
        cause=(
            "The endpoints for {service} are in another network, {peer}, at {place}. The route table {subject} of {subnet_id} "
            "has no route by which packets get from one to the other."
        ),
        summary="Add a route to {place} to {subject}, over the peering connection or transit gateway that connects the two.",
        aws_steps=(
            "Both sides need a route: the instance's subnet to the endpoints, and the endpoints' subnets back.",
            "With a transit gateway, its own route table needs both as well.",
        ),
        steps=_NOTHING_HERE,
        commands=(_PROBE,),
        transient=True,
        source="Amazon VPC Peering guide, routing; Reachability Analyzer, DISCONNECTED_VPCS, TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT",
    ),
    FindingKind(
        code="hub-unseen",
        severity=Severity.INFO,
        layer=Layer.WAY,
        changed_on=Side.AWS,
        no_repair="No change is written as code: the endpoints could not be read.",
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="{subject} leads to endpoints that could not be read ({peer})",
        cause=(
            "The private hosted zone {peer} ({subject}) leads the names of {service} to {place}, and no endpoint that could be "
            "read has that address. It most likely belongs to a central VPC of another account."
        ),
        summary="Run `ssm-bootstrap vpc` with credentials of the account that owns the endpoints as well, to have them checked.",
        aws_steps=("Ask its owner for the security groups, network ACLs and routes of the endpoints' subnets.",),
        steps=("Nothing needs to change on this machine for this: `ssm-bootstrap probe` shows whether the endpoints answer.",),
        commands=(_PROBE,),
        source="Route 53 Developer Guide, hosted-zone-private; Reachability Analyzer, UNKNOWN_RESOURCE",
    ),
    FindingKind(
        code="bpa-blocks",
        severity=Severity.ERROR,
        breaks_at=(Hop.ROUTE,),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*_UNANSWERED, *families.NO_PATH),
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="Block Public Access stops what {subject} sends to {place}",
        cause=(
            "There is no endpoint for {service}, and the way to its public addresses is {rule}, {place}. VPC Block Public Access "
            "is {peer} in {region} and excludes neither {subject} nor {subnet_id}, so nothing passes the internet gateway."
        ),
        summary="Create endpoints for {service} in {subject}, so that nothing has to pass the internet gateway.",
        aws_steps=(
            "Is {subject} meant to reach the internet? Then exclude it from Block Public Access, with allow-egress at most.",
            "A declarative policy of the organization may forbid that: it is then the account that manages it that decides.",
        ),
        steps=_NOTHING_HERE,
        commands=(_PROBE,),
        transient=True,
        source="Amazon VPC User Guide, security-vpc-bpa; EC2 API Reference, VpcBlockPublicAccessOptions",
    ),
    FindingKind(
        code="firewall-in-path",
        severity=Severity.INFO,
        layer=Layer.WAY,
        changed_on=Side.AWS,
        no_repair="No change is written as code: the rules of the firewall were not looked at.",
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="Packets to {place} pass through the firewall behind {subject}",
        cause=(
            "The route of {peer} to {place} leads to {subject}, a Gateway Load Balancer endpoint, which is how AWS Network "
            "Firewall and other appliances are put into a path. Its rules were not looked at: it may drop what {service} needs, "
            "or put certificates of its own in place of AWS's."
        ),
        summary="If {service} cannot be reached, ask whoever looks after the firewall to let the names of this report through.",
        aws_steps=(
            "The names: {host} and the others of `ssm-bootstrap requirements`. TLS inspection has to leave them alone.",
            "Answers have to come back through the same firewall endpoint: one that sees half of a connection drops it.",
        ),
        steps=("Nothing needs to change on this machine for this: `ssm-bootstrap probe` shows whether {service} answers.",),
        commands=(_PROBE,),
        source="AWS Network Firewall Developer Guide, how-it-works; AWS PrivateLink guide, Gateway Load Balancer endpoints",
    ),
    FindingKind(
        code="endpoint-address-family",
        severity=Severity.ERROR,
        breaks_at=(Hop.ENDPOINT,),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*_UNANSWERED, *families.NO_PATH),
        no_repair="No change is written as code: a subnet of {subject} first needs a block of the other family.",
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        variants=(_WITHOUT_BLOCK,),
        title="{subject} carries no {place}, which is all that {instance_id} has",
        cause=(
            "The endpoint {subject} for {service} has the IP address type {peer}. The instance {instance_id} has addresses of "
            "{place} alone, so there is no pair of addresses between which packets could go."
        ),
        summary="Give {subject} the IP address type dualstack, or the instance an address of the other family.",
        aws_steps=_FAMILY_IN_AWS,
        steps=(
            "Last of all, where it is to go over IPv6: the agent has to be 3.3.3270.0 or newer, or it dials IPv4 names alone.",
            "Set UseDualStackEndpoint to true in the Agent section of amazon-ssm-agent.json then: other names are dialled.",
            "Restart the agent.",
        ),
        commands=(_PROBE,),
        source="EC2 API Reference, ModifyVpcEndpoint (IpAddressType, DnsOptions); amazon-ssm-agent release notes, 3.3.3270.0",
    ),
)
