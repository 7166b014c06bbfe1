"""Findings about names as AWS's side shows them: what keeps a name from leading to its endpoint inside the VPC."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import FindingKind, Hop, Layer, Scope, Teller, Variant, look
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.model.findings import Severity, Side

_NOTHING_HERE = "Nothing needs to change on this machine."
_RESOLVE = look("getent hosts {hosts}", "what the names resolve to on the instance")

_OF_NAMES = ("dns-unknown-name", *families.ENDPOINT, *families.S3, *families.CONNECTED, *families.NO_PATH)
"""What is seen on the node of a name that leads nowhere, or elsewhere."""

_PUBLIC = ("endpoint-missing", "public-path", *families.S3, *families.NO_PATH)
"""What is seen on the node of a name that leads to public addresses."""

_LEADS_NOWHERE = (
    "No change is written as code: no endpoint was seen that the name could lead to, and the zone comes by a Route 53 Profile."
)

_OTHER_VPC = Variant(
    name="other-vpc",
    no_repair="No change is written as code: the zone that is needed could not be told from the name.",
    when="the endpoint is in another VPC, and no private hosted zone of this one leads there",
    title="{subject} ({service}) in {peer}: no zone leads there",
    cause=(
        "The endpoint {subject} for {service} is in {peer}, whose private DNS does not reach {vpc_id}. No private hosted zone "
        "that is associated with {vpc_id} holds {host}, so the name resolves to public addresses, and no route leads there."
    ),
    summary="Associate the private hosted zone for {host} with {vpc_id}; if there is none, create it.",
    aws_steps=(
        "Its record should be an alias to the DNS name of {subject}. S3 needs one for `*.` as well.",
        "A zone of another account is authorized there first (create-vpc-association-authorization).",
    ),
    aws_commands=(aws.HOSTED_ZONES,),
    source="Amazon Route 53 Developer Guide, hosted-zone-private-associate-vpcs and routing-to-vpc-interface-endpoint",
)

_WAY_OUT = Variant(
    name="way-out",
    when="a route leads out of the VPC, by which the public addresses may be reached",
    no_repair=(
        "No change is written as code: a route leads out of the VPC, and whether the public addresses are reached by it is not "
        "known. What doctor saved on the node tells, given with --report."
    ),
)
"""The words where it is not known that the names have to lead to the endpoint."""

_NOT_SHOWN = Variant(
    name="not-shown",
    when="nothing shows that the names lead to no endpoint",
    no_repair=(
        "No change is written as code: what the rule's targets answer is not known. What doctor saved on the node tells, given "
        "with --report."
    ),
)
"""The words where only the node can tell whether the names work."""

_FAIL = Variant(
    name="fail",
    when="the node asks these servers, and gets no address from them",
    severity=Severity.ERROR,
    title="{place}: no address for {host} from the DNS servers that {subject} names",
    cause=(
        "The DHCP options of {subject} name {place}, the node asks these servers, and it got no address for {host} from them. "
        "They do not answer, or do not forward {domain} to the VPC resolver."
    ),
    summary="Let {place} forward {domain} to an inbound endpoint of the VPC's Route 53 Resolver, or use AmazonProvidedDNS.",
    steps=("Nothing needs to change on this machine; once they answer, `getent hosts {host}` gives the endpoint's address.",),
    aws_steps=("Do the servers run, and do their security groups and network ACLs allow UDP and TCP 53 inbound from the node?",),
)
"""The words where the node shows that the servers are the fault."""

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="private-dns-off",
        variants=(_OTHER_VPC, _WAY_OUT),
        severity=Severity.ERROR,
        layer=Layer.NAMES,
        changed_on=Side.AWS,
        breaks_at=(Hop.RESOLVER,),
        explains=_PUBLIC,
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="{subject} ({service}): private DNS is off",
        cause=(
            "The endpoint {subject} is in this VPC, but private DNS is off and no private hosted zone leads to it. So the names "
            "of {service} resolve to public addresses, and nothing uses the endpoint."
        ),
        summary="Turn private DNS on for {subject}.",
        steps=(_NOTHING_HERE,),
        aws_steps=("This needs both DNS attributes of the VPC, and no private hosted zone of the same name.",),
        commands=(_RESOLVE,),
        aws_commands=(aws.ENDPOINT,),
        source="AWS PrivateLink Guide, privatelink-access-aws-services (private DNS); EC2 API Reference, VpcEndpoint (2026-11)",
    ),
    FindingKind(
        code="s3-inbound-resolver-only",
        variants=(_WAY_OUT,),
        severity=Severity.ERROR,
        layer=Layer.NAMES,
        changed_on=Side.AWS,
        breaks_at=(Hop.RESOLVER,),
        explains=_PUBLIC,
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        service="s3",
        title="{subject}: its private DNS serves inbound Resolver endpoints only",
        cause=(
            "The S3 interface endpoint {subject} has PrivateDnsOnlyForInboundResolverEndpoint on, so its names are for clients "
            "outside the VPC. Inside the VPC they resolve to public addresses, and there is no gateway endpoint to carry these."
        ),
        summary="Turn that option off for {subject}, or create a gateway endpoint for S3.",
        steps=(_NOTHING_HERE,),
        aws_steps=("A gateway endpoint costs nothing; with one, the option can stay on.",),
        commands=(_RESOLVE,),
        aws_commands=(aws.S3_ENDPOINTS,),
        source="Amazon S3 User Guide, privatelink-interface-endpoints (private DNS); EC2 API Reference, DnsOptions (2026-11)",
    ),
    FindingKind(
        code="s3-dualstack-uncovered",
        severity=Severity.ERROR,
        layer=Layer.NAMES,
        changed_on=Side.AWS,
        breaks_at=(Hop.RESOLVER,),
        explains=_PUBLIC,
        no_repair="No change is written as code: the route table of the instance's subnet could not be read.",
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        service="s3",
        title="{subject}: its private DNS does not cover {host}",
        cause=(
            "The S3 interface endpoint {subject} has the IP address type {peer}, and its private DNS covers names with dualstack "
            "only if that is dualstack. So {host} resolves to public addresses, and there is no gateway endpoint to carry these. "
            "Patch Manager downloads from that name."
        ),
        summary="Create a gateway endpoint for S3: it costs nothing, and carries every name of S3 in the region.",
        steps=(_NOTHING_HERE,),
        aws_steps=(
            "The interface endpoint can stay. Instead of a gateway endpoint it can also be made dual-stack, if all its subnets "
            "have IPv6.",
        ),
        commands=(_RESOLVE,),
        aws_commands=(aws.S3_ENDPOINTS,),
        source="Amazon S3 User Guide, privatelink-interface-endpoints (private DNS); EC2 API Reference, ModifyVpcEndpoint",
    ),
    FindingKind(
        code="dns-support-off",
        severity=Severity.ERROR,
        layer=Layer.NAMES,
        changed_on=Side.AWS,
        breaks_at=(Hop.RESOLVER,),
        explains=("dns-silent", "dns-refused", *_OF_NAMES),
        told_by=(Teller.CLOUD,),
        title="{subject}: enableDnsSupport is off",
        cause="The VPC resolver of {subject} is turned off, so no name resolves: neither the endpoints' nor any other.",
        summary="Turn enableDnsSupport on for {subject}.",
        steps=(_NOTHING_HERE,),
        aws_steps=("Private DNS names need enableDnsHostnames as well.",),
        commands=(_RESOLVE,),
        aws_commands=(aws.DNS_ATTRIBUTES,),
        source="Amazon VPC User Guide, AmazonDNS-concepts (DNS attributes; 2026-11)",
    ),
    FindingKind(
        code="dns-hostnames-off",
        variants=(_WAY_OUT,),
        severity=Severity.ERROR,
        layer=Layer.NAMES,
        changed_on=Side.AWS,
        breaks_at=(Hop.RESOLVER,),
        explains=("dns-unknown-name", *_PUBLIC),
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="{subject}: enableDnsHostnames is off",
        cause=(
            "Without enableDnsHostnames, {subject} uses neither private hosted zones nor the private DNS of its endpoints. So "
            "the names of {service} resolve to public addresses."
        ),
        summary="Turn enableDnsHostnames on for {subject}.",
        steps=(_NOTHING_HERE,),
        commands=(_RESOLVE,),
        aws_commands=(aws.DNS_ATTRIBUTES,),
        source="Amazon VPC User Guide, AmazonDNS-concepts; Amazon Route 53 Developer Guide, hosted-zone-private-considerations",
    ),
    FindingKind(
        code="dhcp-own-dns",
        severity=Severity.INFO,
        layer=Layer.NAMES,
        changed_on=Side.AWS,
        breaks_at=(Hop.RESOLVER,),
        explains=("dns-silent", "dns-refused", "dns-unknown-name"),
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        variants=(_FAIL,),
        title="{subject} uses DNS servers of its own",
        cause=(
            "The DHCP options of {subject} name {place}, and AWS cannot tell what these servers answer. They have to forward "
            "{domain} to the VPC resolver, or private DNS has no effect."
        ),
        summary="Check on the instance that the names of the endpoints resolve to addresses inside the VPC.",
        steps=("Run probe on the instance: it shows what each name resolves to.",),
        aws_steps=("If the servers are not needed, use AmazonProvidedDNS.",),
        commands=(look("sudo ssm-bootstrap probe --region {region}"),),
        aws_commands=(aws.DHCP_OPTIONS,),
        source="Amazon VPC User Guide, VPC_DHCP_Options and AmazonDNS-concepts (2026-11)",
    ),
    FindingKind(
        code="zone-shadows",
        severity=Severity.ERROR,
        layer=Layer.NAMES,
        changed_on=Side.AWS,
        breaks_at=(Hop.RESOLVER,),
        explains=_OF_NAMES,
        no_repair="No change is written as code: the zone comes by a Route 53 Profile, which is not taken off one VPC alone.",
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="{subject} ({place}) hides the names of {service}",
        cause=(
            "The private hosted zone {subject} ({place}) applies to this VPC and has no record for {host}. The resolver asks "
            "nowhere else for a name inside a private zone, so it answers that the name does not exist."
        ),
        summary="Take the zone {subject} off this VPC, or narrow it down to the names that it is for.",
        steps=(_NOTHING_HERE,),
        aws_steps=("What else uses the zone? A record for each name, or a zone per name, keeps the rest of AWS resolvable.",),
        commands=(_RESOLVE,),
        aws_commands=(aws.HOSTED_ZONES, aws.DNS_PROFILES),
        source="Amazon Route 53 Developer Guide, hosted-zone-private-considerations (NXDOMAIN; 2026-11)",
    ),
    FindingKind(
        code="zone-record-missing",
        severity=Severity.ERROR,
        layer=Layer.NAMES,
        changed_on=Side.AWS,
        breaks_at=(Hop.RESOLVER,),
        explains=_OF_NAMES,
        no_repair=_LEADS_NOWHERE,
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="{subject} ({place}) lacks a record for {service}",
        cause=(
            "The private hosted zone {subject} ({place}) answers for {host} in this VPC and has no record for it, so the name "
            "does not exist here."
        ),
        summary="Add the record to {subject}: it should lead to the endpoint's addresses.",
        steps=(_NOTHING_HERE,),
        aws_steps=("An alias record to the endpoint's own DNS name follows its addresses. S3 needs one for `*.` as well.",),
        commands=(_RESOLVE,),
        aws_commands=(aws.HOSTED_ZONES, aws.ENDPOINT),
        source="Amazon Route 53 Developer Guide, hosted-zone-private-considerations (NXDOMAIN; 2026-11)",
    ),
    FindingKind(
        code="zone-points-elsewhere",
        severity=Severity.ERROR,
        layer=Layer.NAMES,
        changed_on=Side.AWS,
        breaks_at=(Hop.RESOLVER,),
        explains=_OF_NAMES,
        no_repair=_LEADS_NOWHERE,
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="{subject} ({place}) points {service} elsewhere",
        cause=(
            "The private hosted zone {subject} ({place}) answers for {host} with: {detail}. That belongs to no endpoint of "
            "{service}: the endpoint may have been created anew since, with other addresses."
        ),
        summary="Point the record in {subject} to the endpoint's present addresses.",
        steps=(_NOTHING_HERE,),
        aws_steps=("An alias record to the endpoint's own DNS name follows its addresses.",),
        commands=(_RESOLVE,),
        aws_commands=(aws.HOSTED_ZONES, aws.ENDPOINT),
        source="Amazon Route 53 Developer Guide, routing-to-vpc-interface-endpoint (2026-11)",
    ),
    FindingKind(
        code="resolver-rule-diverts",
        variants=(_NOT_SHOWN,),
        severity=Severity.ERROR,
        layer=Layer.NAMES,
        changed_on=Side.AWS,
        breaks_at=(Hop.RESOLVER,),
        explains=("resolved-elsewhere", "dns-silent", "dns-refused", *_OF_NAMES),
        no_repair="No change is written as code: the VPC of the rule could not be read.",
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="{subject} forwards {place} past this VPC's endpoint",
        cause=(
            "The Resolver rule {subject} forwards {place} to other DNS servers, and a forwarding rule comes before a private "
            "zone of the same name. So {host} does not lead to the endpoint in this VPC, but to whatever these servers answer."
        ),
        summary="Take the rule {subject} off this VPC, or make its targets answer with the endpoint's addresses.",
        steps=("See what the name resolves to here.",),
        aws_steps=(
            "Do the rule's targets lead to the inbound endpoint of a central VPC with endpoints? Then one of both can go.",
        ),
        commands=(_RESOLVE,),
        aws_commands=(aws.RESOLVER_RULES, aws.RESOLVER_TARGETS),
        source="Amazon Route 53 Developer Guide, hosted-zone-private-considerations (Resolver rules; 2026-11)",
    ),
    FindingKind(
        code="dns-firewall-blocks",
        severity=Severity.ERROR,
        layer=Layer.NAMES,
        changed_on=Side.AWS,
        breaks_at=(Hop.RESOLVER,),
        explains=("dns-silent", "dns-refused", *_OF_NAMES),
        no_repair="No change is written as code: no priority before that of the rule is free.",
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="{subject} (DNS Firewall) blocks the names of {service}",
        cause=(
            "The rule {place} of the DNS Firewall rule group {subject} blocks {host}, and no rule with a lower priority number "
            "allows it. What was read: {detail}."
        ),
        summary="Allow these names in {subject} with a priority number below that of the rule {place}.",
        steps=(_NOTHING_HERE,),
        aws_steps=("Groups go by the priority of their association, and rules by their own: the first that fits decides.",),
        commands=(_RESOLVE,),
        aws_commands=(
            look(
                "aws route53resolver list-firewall-rules --region {region} --firewall-rule-group-id {subject}"
                " --query 'FirewallRules[].[Priority,Action,Name,FirewallDomainListId]'",
                "the rules of the group by priority",
            ),
        ),
        source="Amazon Route 53 Developer Guide, resolver-dns-firewall-rule-groups (2026-11)",
    ),
)
