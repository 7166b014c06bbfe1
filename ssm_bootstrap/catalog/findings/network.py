"""Findings about the way to an interface endpoint, named by where the packet died."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import Circumstance, FindingKind, Hop, Layer, Scope, Teller, Variant, look
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.catalog.findings import nodecommands as node
from ssm_bootstrap.catalog.findings.sides import AWS_IN_PART, AWS_IS_RIGHT
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Severity, Side
from ssm_bootstrap.model.repair import CreateEndpoint

HUB_ZONE = (
    "If the endpoints are in a central VPC: is the private hosted zone for {host} associated with this VPC, directly or through "
    "a Route 53 Profile? If another account owns that VPC, this account's list of endpoints is empty and proves nothing: look in "
    "the account that owns the zone."
)
"""Endpoints that another VPC shares. Source: Route 53 Developer Guide, Profiles; AWS PrivateLink guide (2026-11)."""

DNS_SERVERS = (
    "If the VPC uses its own DNS servers: do they forward {domain} to the VPC resolver (the VPC's base address plus 2)? Servers "
    "outside the VPC need a Route 53 Resolver inbound endpoint instead."
)
"""Servers of one's own. Source: Amazon VPC User Guide, AmazonDNS-concepts; Route 53 Developer Guide, resolver (2026-11)."""

RETURNS = (
    "Network ACLs of both subnets: do they allow TCP 443 towards the endpoint, and ports 1024-65535 on the way back? Within one "
    "subnet no network ACL applies."
)
"""Source: Amazon VPC User Guide, vpc-network-acls (ephemeral ports; traffic that enters and leaves a subnet)."""

BOTH_FAMILIES = (
    "If {host} resolves to IPv6 addresses as well: rules for 0.0.0.0/0 do not cover ::/0, in security groups and network ACLs "
    "alike."
)
"""Source: Amazon VPC User Guide, security-group-rules and nacl-rules."""

WAY_OUT = (
    "If this subnet is meant to use a NAT gateway, an internet gateway or a firewall instead: does its route table have that "
    "route, and does the path allow 443 out? Over IPv4 an internet gateway only serves instances with a public IP address; over "
    "IPv6 every address is public, and an egress-only internet gateway does as well."
)
CLOSED_WAY_OUT = (
    "Two things may close a way out that is there: a rule of AWS Network Firewall, and VPC Block Public Access. Its mode "
    "`block-bidirectional` stops every internet gateway of the region, also for NAT gateways; `block-ingress` lets NAT and "
    "egress-only internet gateways through. VPCs and subnets may be excluded from it."
)
"""A way out, and what may close it.

Sources: Amazon VPC User Guide, VPC_Internet_Gateway and egress-only-internet-gateway; EC2 API Reference,
VpcBlockPublicAccessOptions; AWS Network Firewall Developer Guide (2026-11).
"""

_LOOPBACK = Variant(
    name="loopback",
    breaks_at=(Hop.RESOLVER,),
    circumstance=Circumstance.LEADS_TO_THIS_MACHINE,
    when="the name resolves to this machine itself",
    title="Name resolves to this machine itself: {service}",
    cause=(
        "{host} resolves to {address}, which is this machine itself, and nothing listens there on port {port}. The cause is a "
        "line in /etc/hosts, or a resolver that blocks names by answering with such an address. No endpoint has this address."
    ),
    summary="Remove whatever makes {host} resolve to {address}: a line in /etc/hosts, or a block list on the resolver.",
    steps=(
        "Check /etc/hosts for a line with {host}.",
        "If there is none, the answer comes from the resolver: ask its owner to allow AWS's names.",
    ),
    aws_steps=("Does a private hosted zone or a Route 53 Resolver DNS Firewall rule return {address} for {host}?",),
    commands=(look("getent ahosts {hosts}"), look("grep -n {domain} /etc/hosts"), look("cat /etc/resolv.conf")),
    aws_commands=(aws.HOSTED_ZONES, aws.DNS_FIREWALL, aws.PROFILE_RESOURCES),
    source="RFC 1122, section 3.2.1.3; ip(7), INADDR_ANY; Route 53 Developer Guide, DNS Firewall (override)",
)
"""The words of endpoint-refused where a name resolves to a loopback or the unspecified address."""

_ADDRESS_UNSAID = Variant(
    name="address-unsaid",
    breaks_at=(Hop.SECURITY_GROUP, Hop.NETWORK_ACL, Hop.ENDPOINT),
    when="a log shows a timeout but not the address",
    circumstance=Circumstance.ADDRESS_UNSAID,
    changed_on=Side.MACHINE,
    title="No answer from {service}",
    cause=(
        "A connection to {host} timed out, and the log does not say at which address. In a VPC without internet access, either "
        "there is no interface endpoint for {service} or its private DNS is off, or the endpoint exists and a security group or "
        "network ACL drops the packets. The address tells you which."
    ),
    summary="Run `ssm-bootstrap probe` on this machine: it says whether the endpoint for {service} is missing or blocked.",
    steps=(
        (
            "Run `getent ahosts {host}`: public addresses mean no endpoint, or no private DNS; addresses inside the VPC mean "
            "that something drops the packets."
        ),
        "Restart the agent once it answers: after a failure the agent may sleep for up to an hour before it retries.",
    ),
)
"""The words of endpoint-missing where a log alone tells of it."""

_EVERY_SERVICE = Variant(
    name="every-service",
    when="no service name resolves to an address inside the VPC",
    circumstance=Circumstance.NO_NAME_LEADS_INSIDE,
    title="No VPC endpoint is visible for {service}",
    cause=(
        "The names of {service} all resolve to public addresses ({host} to {address}), and none of them answers. Either this VPC "
        "has no interface endpoints at all, or it has them but this machine cannot see their private names. In that case, check "
        "the VPC's DNS attributes and whether this machine uses the VPC resolver."
    ),
    summary="Create interface endpoints in this VPC for {service} ({region}), with private DNS on.",
    aws_steps=(
        "Does the VPC have any interface endpoints in state `available`? If it has none, create them all.",
        (
            "If it has them: is enableDnsHostnames on in the VPC? Private DNS needs it, together with enableDnsSupport, without "
            "which the VPC resolver does not answer at all."
        ),
        "Is private DNS (`PrivateDnsEnabled`) on for each of them?",
        DNS_SERVERS,
        HUB_ZONE,
        WAY_OUT,
        ("Then, if nothing else answers either: check the instance's security group, network ACL and own firewall."),
    ),
    aws_commands=(
        aws.ENDPOINT,
        aws.DNS_ATTRIBUTES,
        aws.ROUTE_TABLE,
        aws.DHCP_OPTIONS,
        aws.HOSTED_ZONES,
        aws.DNS_PROFILES,
        aws.ENABLE_DNS,
        aws.CREATE_ENDPOINT,
        aws.ENABLE_PRIVATE_DNS,
    ),
)
"""The words of endpoint-missing where no service has an endpoint that can be seen from here."""

_NOTHING_ANSWERS = Variant(
    name="nothing-answers",
    breaks_at=(Hop.FIREWALL, Hop.SECURITY_GROUP, Hop.NETWORK_ACL, Hop.ROUTE),
    when="names resolve, but nothing that was probed answers",
    circumstance=Circumstance.NOTHING_ANSWERS,
    title="Nothing at all answers: {service}",
    cause=(
        "{host} resolves to {address}, which is inside the VPC, and nothing comes back from port {port}. Of everything that was "
        "probed, nothing answers, so the cause is most likely something that all of it shares. Names still resolve because "
        "neither security groups nor network ACLs filter traffic to the VPC resolver."
    ),
    summary=(
        "Allow TCP 443 (and 80 to S3) outbound in the instance's security group, and allow it and its return traffic in the "
        "subnet's network ACL."
    ),
    steps=(
        "Check that this machine's own firewall allows TCP 443 and 80 out (nftables, iptables, firewalld).",
        "Does traffic to {address} leave through the right interface?",
        "Was only a part probed? `ssm-bootstrap probe` without --for tries everything: if the rest answers, it is this endpoint.",
        "Restart the agent once the endpoints answer: it may sleep for up to an hour before it retries.",
    ),
    aws_steps=(
        (
            "Instance's security group: does it allow TCP 443 outbound to the endpoints, and 443 and 80 to the S3 prefix list? A "
            "security group without outbound rules allows nothing out."
        ),
        "Network ACL of the instance's subnet: does it allow TCP 443 and 80 out, and ports 1024-65535 back in?",
        (
            "Route table of the subnet: are the routes the intended ones, and does a firewall endpoint or appliance in the path "
            "drop the traffic?"
        ),
        BOTH_FAMILIES,
        (
            "Only if all of that is right: check the endpoints' security group, which several of them may share (TCP 443 in from "
            "the instance), and the S3 endpoint."
        ),
    ),
    commands=(node.OWN_FIREWALL, node.ROUTES, look("ssm-bootstrap probe --region {region}")),
    aws_commands=(
        aws.INSTANCE,
        aws.INSTANCE_SECURITY_GROUP,
        aws.S3_PREFIX_LIST,
        aws.NETWORK_ACL,
        aws.ROUTE_TABLE,
        aws.NETWORK_FIREWALLS,
        aws.ENDPOINT,
        aws.ALLOW_INSTANCE_OUTBOUND,
        aws.ALLOW_S3,
        aws.ALLOW_OUT_OF_SUBNET,
        aws.ALLOW_HTTP_OUT_OF_SUBNET,
        aws.ALLOW_BACK_INTO_SUBNET,
    ),
    source=(
        "Amazon VPC User Guide, security groups and network ACLs (neither filters what goes to the Route 53 Resolver); "
        "systems-manager setup-create-vpc"
    ),
)
"""The words of endpoint-blocked where all that was dialled is silent."""

_SEEN_IN_AWS = Variant(
    name="in-aws",
    breaks_at=(Hop.ENDPOINT,),
    when="AWS lists no interface endpoint for the service in the VPC",
    title="{vpc_id} has no VPC endpoint for {service}",
    cause=(
        "AWS lists no endpoint {subject} in {vpc_id}, no private hosted zone that leads to one elsewhere, and the subnet has no "
        "default route by which its public addresses could be reached."
    ),
    summary="Create an interface endpoint {subject} in {vpc_id}, with private DNS on.",
    aws_steps=(
        "Put it in a subnet of each zone that nodes are in, with a security group that allows TCP 443 inbound from the nodes.",
    ),
    commands=(look("ssm-bootstrap probe --region {region}"),),
    aws_commands=(),
    source="EC2 API Reference, DescribeVpcEndpoints; Systems Manager User Guide, setup-create-vpc",
)
"""The words of endpoint-missing where AWS itself was asked."""

_NO_GATEWAY_IN_AWS = Variant(
    name="in-aws-gateway",
    breaks_at=(Hop.ROUTE, Hop.ENDPOINT),
    when="AWS lists no endpoint for S3 in the VPC",
    title="{vpc_id} has no VPC endpoint for S3",
    cause=(
        "AWS lists no endpoint {subject} in {vpc_id}, and the route table of the subnet has no other route to the addresses of "
        "S3."
    ),
    summary="Create a gateway endpoint {subject} in {vpc_id}, associated with the route table of the subnet.",
    aws_steps=("A gateway endpoint is free of charge and needs no security group: rules name the prefix list {subject}.",),
    commands=(look("ssm-bootstrap probe --region {region} --for patch,agent-update"),),
    aws_commands=(),
    source="AWS PrivateLink guide, vpc-endpoints-s3; EC2 API Reference, DescribeVpcEndpoints",
)
"""The words of endpoint-missing where S3 has no endpoint at all."""

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="endpoint-missing",
        severity=Severity.ERROR,
        breaks_at=(Hop.ENDPOINT,),
        is_of_a_missing_endpoint=True,
        layer=Layer.WAY,
        changed_on=Side.AWS,
        repair=CreateEndpoint,
        explains=("s3-unreachable", *families.NO_PATH),
        told_by=(Teller.PROBE, Teller.LOG, Teller.CLOUD),
        scope=Scope.OF_ITS_HOSTS,
        variants=(AWS_IS_RIGHT, AWS_IN_PART, _ADDRESS_UNSAID, _EVERY_SERVICE, _SEEN_IN_AWS, _NO_GATEWAY_IN_AWS),
        title="No VPC endpoint, or no private DNS, for {service}",
        cause=(
            "{host} resolves to public addresses only, and none of them answers on port {port}. In a VPC without internet access "
            "that means one of two things: there is no interface endpoint for {service}, or its private DNS is off or not "
            "visible to the resolver in use."
        ),
        summary="Create an interface endpoint in this VPC for {service} ({region}), with private DNS on.",
        steps=(
            "Once the endpoint exists, check again: `getent ahosts {host}` must return addresses inside the VPC.",
            "Then restart the agent: after a failure it may sleep for up to an hour before it retries.",
        ),
        aws_steps=(
            "Is there an interface endpoint for {service} in the instance's VPC, in state `available`?",
            "Is its private DNS (`PrivateDnsEnabled`) on, and are enableDnsSupport and enableDnsHostnames on in the VPC?",
            DNS_SERVERS,
            HUB_ZONE,
            WAY_OUT,
            CLOSED_WAY_OUT,
        ),
        commands=(look("getent ahosts {hosts}"), look("ssm-bootstrap probe --region {region}")),
        aws_commands=(
            aws.ENDPOINT,
            aws.DNS_ATTRIBUTES,
            aws.ROUTE_TABLE,
            aws.DHCP_OPTIONS,
            aws.HOSTED_ZONES,
            aws.DNS_PROFILES,
            aws.PROFILE_RESOURCES,
            aws.NETWORK_FIREWALLS,
            aws.BLOCK_PUBLIC_ACCESS,
            aws.ENABLE_DNS,
            aws.CREATE_ENDPOINT,
            aws.ENABLE_PRIVATE_DNS,
            *aws.SHARE_ENDPOINTS,
        ),
        transient=True,
        source="Systems Manager User Guide, setup-create-vpc; Go net (dial, i/o timeout; measured)",
    ),
    FindingKind(
        code="endpoint-blocked",
        severity=Severity.ERROR,
        breaks_at=(Hop.SECURITY_GROUP, Hop.NETWORK_ACL),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        variants=(AWS_IS_RIGHT, AWS_IN_PART, _NOTHING_ANSWERS),
        title="Packets to the endpoint are dropped: {service}",
        cause=(
            "{host} resolves to {address}, which is inside the VPC, and nothing comes back from port {port}. DNS works, so "
            "something most likely drops the packets: the endpoint's security group, the instance's own, or a network ACL. From "
            "the instance these look the same."
        ),
        summary="Allow TCP 443 from this instance in the security group of the {service} endpoint.",
        steps=(
            "Check that this machine's own firewall allows TCP {port} out (nftables, iptables, firewalld).",
            "Restart the agent once the endpoint answers: it may sleep for up to an hour before it retries.",
        ),
        aws_steps=(
            "Endpoint's security group: does it allow TCP 443 inbound from the instance's security group or subnet?",
            "Instance's security group: does it allow TCP 443 outbound to the endpoint's security group or subnets?",
            RETURNS,
            BOTH_FAMILIES,
            (
                "If the endpoint is in another VPC: do the route tables have a route there and back (peering or transit "
                "gateway), and does a firewall in between drop the traffic?"
            ),
            (
                "Does {host} still resolve to an endpoint that exists, and not through an old private hosted zone or a line in "
                "/etc/hosts?"
            ),
        ),
        commands=(
            look("getent ahosts {hosts}"),
            node.ROUTES,
            node.OWN_FIREWALL,
            look("ssm-bootstrap probe --region {region}"),
        ),
        aws_commands=(
            aws.INSTANCE,
            aws.ENDPOINT,
            aws.ENDPOINT_INTERFACES,
            aws.SECURITY_GROUPS,
            aws.NETWORK_ACLS,
            aws.ROUTE_TABLE,
            aws.NETWORK_FIREWALLS,
            aws.HOSTED_ZONES,
            aws.ZONE_RECORDS,
            aws.ALLOW_ENDPOINT_INBOUND,
            aws.ALLOW_INSTANCE_OUTBOUND,
        ),
        transient=True,
        source="Systems Manager user guide: setup-create-vpc (security group), patch-manager-troubleshooting (network ACL)",
    ),
    FindingKind(
        code="endpoint-partly-unreachable",
        severity=Severity.WARNING,
        breaks_at=(Hop.SECURITY_GROUP, Hop.NETWORK_ACL, Hop.ROUTE, Hop.ENDPOINT),
        changed_on=Side.AWS,
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        title="Only some addresses answer for {service}",
        cause=(
            "{host} has several addresses, one per endpoint subnet, and {address} does not answer while others do. The agent may "
            "pick any of them, so some calls go through and others stall."
        ),
        summary="Fix the path to {address}, or remove its subnet from the endpoint.",
        steps=(
            ("Note which addresses fail and give them to the network team: each belongs to one subnet in one Availability Zone."),
        ),
        aws_steps=(
            "Which subnet and Availability Zone does {address} belong to?",
            (
                "Instance's security group and network ACL: do their outbound rules cover every endpoint subnet? The endpoint's "
                "own security group is the same in all of them."
            ),
            "Network ACL of that subnet: does it allow TCP 443 in and ports 1024-65535 out?",
            "Is {address} an IPv6 address where IPv4 answers, or the reverse? Rules for 0.0.0.0/0 do not cover ::/0.",
            "If the instance is in another VPC: does the route table of that subnet have a route back?",
            "Is the Availability Zone healthy (AWS Health)? If not, remove that subnet from the endpoint until it is.",
        ),
        commands=(look("getent ahosts {hosts}"), look("ssm-bootstrap probe --region {region}")),
        aws_commands=(
            aws.ENDPOINT_INTERFACES,
            aws.ENDPOINT,
            aws.INSTANCE_SECURITY_GROUP,
            aws.NETWORK_ACLS,
            aws.ROUTE_TABLE,
            aws.REMOVE_SUBNET,
        ),
        transient=True,
        source="Amazon VPC guide, interface endpoints: one network interface and address for each subnet",
    ),
    FindingKind(
        code="endpoint-refused",
        severity=Severity.ERROR,
        breaks_at=(Hop.ENDPOINT,),
        layer=Layer.WAY,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        failures=((Stage.TCP, Failure.REFUSED),),
        variants=(_LOOPBACK,),
        title="The connection to {service} is refused",
        cause=(
            "The connection to {host} on port {port} is refused at once. AWS endpoints do not refuse TCP 443, and security "
            "groups and network ACLs drop packets silently. So {address} is some other machine, or a firewall rejects the "
            "connection."
        ),
        summary="Make {host} resolve to the real endpoint, or remove the rule that rejects the connection.",
        steps=(
            "Compare what the resolver returns with the endpoint's addresses, and check /etc/hosts for a line with {host}.",
            "Check for a REJECT rule in this machine's firewall, and for a proxy or NAT rule that redirects port {port}.",
        ),
        aws_steps=(
            "Does one of the endpoint's network interfaces have the address {address}?",
            "Does a private hosted zone, or a DNS Firewall rule with an override, send {host} somewhere else?",
            "Does a firewall in the path send a reset? AWS Network Firewall does so with a `reject` rule.",
        ),
        commands=(look("getent ahosts {hosts}"), look("grep -n {domain} /etc/hosts"), node.OWN_FIREWALL),
        aws_commands=(
            aws.ENDPOINT_INTERFACES,
            aws.ENDPOINT,
            aws.HOSTED_ZONES,
            aws.ZONE_RECORDS,
            aws.DNS_FIREWALL,
            aws.NETWORK_FIREWALLS,
        ),
        transient=True,
        source="tcp(7), ECONNREFUSED; Amazon VPC User Guide, security groups and network ACLs drop",
    ),
    FindingKind(
        code="no-route",
        severity=Severity.ERROR,
        breaks_at=(Hop.INSTANCE,),
        layer=Layer.MACHINE,
        explains=("dns-silent", *families.ENDPOINT, *families.S3, *families.CONNECTED, "proxy-unreachable", *families.NO_PATH),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        is_of_every_host=True,
        is_of_the_way=True,
        failures=(
            (Stage.DNS, Failure.UNREACHABLE),
            (Stage.TCP, Failure.UNREACHABLE),
        ),
        title="This machine has no route to {service}",
        cause=(
            "The kernel reports {host} as unreachable before any packet leaves the machine: there is no default route, no route "
            "for this address family, or no such neighbour. During boot the network may simply not be up yet."
        ),
        summary="Give this machine a route to {address}, usually the default route from DHCP.",
        steps=(
            "Check that an interface is up and has an address and a default route.",
            (
                "If the name has only IPv6 addresses and the machine has no IPv6 (or the reverse), fix the name or add the "
                "address family."
            ),
            "On a machine built from an image: remove static routes that belong to another VPC.",
            "With several interfaces: check that policy routing does not send {address} out of the wrong one.",
        ),
        aws_steps=("Are the subnet and the network interface the intended ones, and does DHCP provide a gateway?",),
        commands=(look("ip -brief address"), look("ip route; ip -6 route"), node.ROUTES),
        aws_commands=(aws.INSTANCE, aws.ROUTE_TABLE),
        transient=True,
        source="connect(2), ENETUNREACH and EHOSTUNREACH; amazon-ssm-agent issue 380",
    ),
    FindingKind(
        code="public-path",
        severity=Severity.WARNING,
        changed_on=Side.AWS,
        scope=Scope.OF_ITS_HOSTS,
        title="Closed VPC, but public addresses for {service}",
        cause=(
            "{host} answers, but at {address}, a public address, although this VPC is configured as closed or other services of "
            "the region resolve to addresses inside it. The traffic takes some other way out, which may be closed at any time."
        ),
        summary="Add an interface endpoint for {service} with private DNS on, so that the name resolves inside the VPC.",
        steps=("If the public path is intended, set `closed = no` in /etc/ssm-bootstrap.conf to turn this warning off.",),
        aws_steps=(
            "Is there an interface endpoint for {service} in this VPC, with private DNS on?",
            "Are enableDnsSupport and enableDnsHostnames on in the VPC?",
            DNS_SERVERS,
            HUB_ZONE,
        ),
        commands=(look("getent ahosts {hosts}"),),
        aws_commands=(
            aws.ENDPOINT,
            aws.DNS_ATTRIBUTES,
            aws.HOSTED_ZONES,
            aws.DNS_PROFILES,
            aws.PROFILE_RESOURCES,
            aws.ENABLE_DNS,
            aws.CREATE_ENDPOINT,
            aws.ENABLE_PRIVATE_DNS,
            *aws.SHARE_ENDPOINTS,
        ),
        source="amazon-ssm-agent issues 449 and 640",
    ),
    FindingKind(
        code="connection-cut",
        severity=Severity.ERROR,
        breaks_at=(Hop.ROUTE, Hop.ENDPOINT),
        layer=Layer.ANSWER,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        failures=(
            (Stage.TCP, Failure.RESET),
            (Stage.TCP, Failure.CLOSED),
            (Stage.TLS, Failure.TIMED_OUT),
            (Stage.TLS, Failure.RESET),
            (Stage.TLS, Failure.CLOSED),
            (Stage.HTTP, Failure.TIMED_OUT),
            (Stage.HTTP, Failure.RESET),
            (Stage.HTTP, Failure.CLOSED),
        ),
        title="The connection to {service} opens and is then cut",
        cause=(
            "TCP to {host} connects, and then the peer or something in between closes or resets it, or nothing more arrives. "
            "Typical causes are a firewall that inspects TLS or filters by server name, and a path with a smaller MTU that drops "
            "large packets."
        ),
        summary="Exempt {host} from inspection on the firewall or proxy between this machine and the endpoint.",
        steps=(
            (
                "Check the path's MTU: over a VPN or Direct Connect, large packets may be dropped while small ones pass. If it "
                "works with this machine's interface at MTU 1400, that is the cause; ping does not help, because interface "
                "endpoints do not answer it."
            ),
            (
                "If only the agent fails and this tool gets through: newer agents send a larger TLS ClientHello, which old "
                "middleboxes drop."
            ),
        ),
        aws_steps=(
            (
                "Is there an AWS Network Firewall, an intrusion prevention system or a Gateway Load Balancer between the "
                "instance and the endpoint, and what does its log say about {host}?"
            ),
            (
                "Do the network ACLs allow ICMP `fragmentation needed` from routers in between? An interface endpoint sends "
                "none: it drops packets of more than 8,500 bytes."
            ),
            "Is {host} served by an interface endpoint in the same VPC, so that nothing needs to be in between?",
        ),
        commands=(
            look('for host in {hosts}; do curl -sS -m 10 -o /dev/null -v "https://$host/"; done'),
            node.ROUTES,
        ),
        aws_commands=(aws.ENDPOINT, aws.NETWORK_ACL, aws.ROUTE_TABLE, aws.NETWORK_FIREWALLS),
        transient=True,
        source=(
            "Go net/http (TLS handshake timeout, EOF, connection reset; measured); amazon-ssm-agent issue 640; "
            "AWS PrivateLink guide, vpc-limits-endpoints (MTU, 2026-11)"
        ),
    ),
    FindingKind(
        code="local-policy",
        severity=Severity.ERROR,
        breaks_at=(Hop.FIREWALL,),
        layer=Layer.MACHINE,
        explains=(*families.ENDPOINT, *families.S3, *families.CONNECTED, *families.NO_PATH),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        is_of_every_host=True,
        is_of_the_way=True,
        failures=(
            (Stage.DNS, Failure.LOCAL_POLICY),
            (Stage.TCP, Failure.LOCAL_POLICY),
        ),
        title="This machine itself blocks traffic to {service}",
        cause=(
            "The kernel refused the connection to {host} with `operation not permitted` or `permission denied`. Security groups "
            "and network ACLs cannot do that. A firewall on this machine, a prohibit route, SELinux or a sandbox can."
        ),
        summary="Allow outbound TCP {port} to {host} in this machine's own firewall or security policy.",
        steps=(
            "Check for output rules that drop or reject, including ones bound to a user or control group.",
            "Check for `prohibit` routes and for SELinux or AppArmor denials.",
            "If ssm-bootstrap runs in a sandboxed unit or container, run it once from a plain root shell to compare.",
        ),
        commands=(
            node.OWN_FIREWALL,
            look("ip route show table all type prohibit"),
            look("sudo ausearch -m avc -ts recent"),
        ),
        source="connect(2), EPERM and EACCES",
    ),
)
