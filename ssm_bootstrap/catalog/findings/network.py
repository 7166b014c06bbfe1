"""Findings about the way to an interface endpoint, named by where the packet died."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import Circumstance, FindingKind, Layer, Scope, Side, Teller, Variant
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Severity

_LOOPBACK = Variant(
    name="loopback",
    circumstance=Circumstance.LEADS_TO_THIS_MACHINE,
    when="the name leads to this machine itself",
    title="This machine takes itself for {service}",
    cause=(
        "{host} resolves to {address}, which is this machine itself, and nothing listens there on port {port}. A line in "
        "/etc/hosts or a resolver that blocks names by such answers does that; no endpoint has this address."
    ),
    summary="Take away what makes {host} resolve to {address}: a line in /etc/hosts, or a block list of the resolver.",
    steps=(
        "Look into /etc/hosts for a line about {host}.",
        "If there is none, the resolver gives that answer: ask its owner to let AWS's names through.",
    ),
    aws_steps=("Does a private hosted zone or a rule of Route 53 Resolver DNS Firewall give {address} for {host}?",),
    commands=("getent ahosts {host}", "grep -n {domain} /etc/hosts", "cat /etc/resolv.conf"),
    aws_commands=(aws.HOSTED_ZONES,),
    source="RFC 1122, section 3.2.1.3; ip(7), INADDR_ANY; Route 53 Developer Guide, DNS Firewall (override)",
)
"""The words of endpoint-refused where a name resolves to a loopback or the unspecified address."""

_ADDRESS_UNSAID = Variant(
    name="address-unsaid",
    when="a log tells of silence and not of the address",
    circumstance=Circumstance.ADDRESS_UNSAID,
    changed_on=Side.MACHINE,
    title="Nothing answers for {service}",
    cause=(
        "A connection to {host} got no answer, and the message does not say at which address. In a VPC without a "
        "way to the internet there is no interface endpoint for {service} then, or its private DNS is off; or there "
        "is one, and a security group or network ACL drops the packets. The address tells which."
    ),
    summary="Run `ssm-bootstrap probe` there: it says whether the endpoint for {service} is missing or filtered.",
    steps=(
        "`getent ahosts {host}`: public addresses mean no endpoint, or one without private DNS; addresses of the VPC "
        "mean a filter.",
        "Restart the agent once it answers: after a failure it may sleep for up to an hour before it tries again.",
    ),
)
"""The words of endpoint-missing where a log alone tells of it."""

_EVERY_SERVICE = Variant(
    name="every-service",
    when="no service's name leads into the VPC",
    circumstance=Circumstance.NO_NAME_LEADS_INSIDE,
    title="No VPC endpoint can be seen for {service}",
    cause=(
        "The names of {service} all resolve to public addresses, {host} to {address}, and none of them answers. Either "
        "this VPC has no interface endpoint at all, or it has them and something that they share keeps their private "
        "names from this machine: the DNS attributes of the VPC, or a resolver that is not the VPC's own."
    ),
    summary="Create interface endpoints in this VPC for {service} ({region}), with private DNS on.",
    aws_steps=(
        "Does the VPC have any interface endpoint in state `available`? Where it has none, create them all.",
        "Where it has them: are enableDnsSupport and enableDnsHostnames on in the VPC? Off, they hide every private name.",
        "Is private DNS on (`PrivateDnsEnabled`) for each of them?",
        "If the VPC uses its own DNS servers: do they forward {domain} to the VPC resolver (the VPC's base address plus 2)?",
        "If endpoints live in a central VPC: are the private hosted zones of the services associated with this VPC?",
        "If this subnet is meant to use a NAT gateway, an internet gateway or a firewall: does that way let 443 out?",
    ),
)
"""The words of endpoint-missing where no service has an endpoint that can be seen from here."""

_NOTHING_ANSWERS = Variant(
    name="nothing-answers",
    when="nothing that was dialled answers, in the VPC and of S3",
    circumstance=Circumstance.NOTHING_ANSWERS,
    title="Silence everywhere: {service}, and S3",
    cause=(
        "{host} resolves to {address}, which is inside the VPC, and nothing comes back from port {port}. S3 is just as "
        "silent, though it is reached by another way with rules of its own, so the cause is most likely what all of "
        "this shares. Names still resolve because neither security groups nor network ACLs filter what "
        "goes to the VPC's resolver."
    ),
    summary=(
        "Let the instance's security group send out TCP 443 (and 80 to S3), and the subnet's network ACL pass it and its answers."
    ),
    steps=(
        "Check that this machine's own firewall lets TCP 443 and 80 out (nftables, iptables, firewalld).",
        "Does {address} leave by the interface that is meant (`ip route get {address}`)?",
        "Restart the agent once the endpoints answer: it may sleep for up to an hour before it tries again.",
    ),
    aws_steps=(
        (
            "Instance's security group: is TCP 443 allowed outbound to the endpoints, and 443 and 80 to the S3 prefix "
            "list? A group without outbound rules lets nothing out."
        ),
        "Network ACL of the instance's subnet: TCP 443 and 80 out, and ports 1024-65535 back in?",
        (
            "Route table of the subnet: is the way out the one that is meant, and does no firewall endpoint or appliance "
            "that drops stand in it?"
        ),
        "Only if all that is right: the endpoints' security group (TCP 443 in from the instance) and the S3 endpoint.",
    ),
    aws_commands=(
        aws.INSTANCE,
        aws.INSTANCE_SECURITY_GROUP,
        aws.NETWORK_ACL,
        aws.ROUTE_TABLE,
        aws.MAIN_ROUTE_TABLE,
        aws.ENDPOINT,
    ),
    source=(
        "Amazon VPC User Guide, security groups and network ACLs (neither filters what goes to the Route 53 Resolver); "
        "systems-manager setup-create-vpc"
    ),
)
"""The words of endpoint-blocked where S3 is as silent as the endpoints."""

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="endpoint-missing",
        severity=Severity.ERROR,
        is_of_a_missing_endpoint=True,
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        variants=(_ADDRESS_UNSAID, _EVERY_SERVICE),
        title="No VPC endpoint, or no private DNS, for {service}",
        cause=(
            "{host} resolves to public addresses only, and none of them answers on port {port}. In a VPC without a way to the "
            "internet that means that there is no interface endpoint for {service}, or that there is one whose private DNS "
            "names are off or not seen by the resolver in use."
        ),
        summary="Create an interface endpoint in this VPC for {service} ({region}), with private DNS on.",
        steps=(
            "Once the endpoint is there, look again: `getent ahosts {host}` must give addresses inside the VPC.",
            "Restart the agent then: after a failure it may sleep for up to an hour before it tries again.",
        ),
        aws_steps=(
            "Is there an interface endpoint in the instance's VPC for {service}, in state `available`?",
            "Is its private DNS on (`PrivateDnsEnabled`), and are enableDnsSupport and enableDnsHostnames on in the VPC?",
            "If the VPC uses its own DNS servers: do they forward {domain} to the VPC resolver (the VPC's base address plus 2)?",
            "If endpoints live in a central VPC: is a private hosted zone for {host} associated with this VPC?",
            "If this subnet is meant to use a NAT gateway, an internet gateway or a firewall instead: does that way let 443 out?",
        ),
        commands=("getent ahosts {host}", "ssm-bootstrap probe --region {region}"),
        aws_commands=(aws.ENDPOINT, aws.CREATE_ENDPOINT, aws.DNS_SUPPORT, aws.DNS_HOSTNAMES, aws.DHCP_OPTIONS, aws.HOSTED_ZONES),
        transient=True,
        source="Systems Manager User Guide, setup-create-vpc; Go net (dial, i/o timeout; measured)",
    ),
    FindingKind(
        code="endpoint-blocked",
        severity=Severity.ERROR,
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        variants=(_NOTHING_ANSWERS,),
        title="A filter drops packets to the endpoint: {service}",
        cause=(
            "{host} resolves to {address}, which is inside the VPC, and nothing comes back from port {port}. The endpoint's "
            "name works, so a filter on the way is the likely cause: the endpoint's security group, the instance's own, or a "
            "network ACL. From the instance these look the same."
        ),
        summary="Let the endpoint's security group for {service} accept TCP 443 from this instance.",
        steps=(
            "Check that this machine's own firewall lets TCP {port} out (nftables, iptables, firewalld).",
            "Restart the agent once the endpoint answers: it may sleep for up to an hour before it tries again.",
        ),
        aws_steps=(
            "Endpoint's security group: is TCP 443 allowed inbound from the instance's security group or subnet?",
            "Instance's security group: is TCP 443 allowed outbound to the endpoint's security group or subnets?",
            "Network ACLs of both subnets: TCP 443 towards the endpoint, and ports 1024-65535 on the way back?",
            (
                "Route tables, if the endpoint stands in another VPC: is there a route there and back (peering or transit "
                "gateway), and does no firewall in between drop it?"
            ),
            "Does {host} still resolve to an endpoint that exists (an old private hosted zone, a line in /etc/hosts)?",
        ),
        commands=("getent ahosts {host}", "ip route get {address}", "ssm-bootstrap probe --region {region}"),
        aws_commands=(
            aws.INSTANCE,
            aws.ENDPOINT,
            aws.ENDPOINT_INTERFACES,
            aws.SECURITY_GROUPS,
            aws.ALLOW_ENDPOINT_INBOUND,
            aws.NETWORK_ACL,
            aws.ROUTE_TABLE,
        ),
        transient=True,
        source="Systems Manager user guide: setup-create-vpc (security group), patch-manager-troubleshooting (network ACL)",
    ),
    FindingKind(
        code="endpoint-partly-unreachable",
        severity=Severity.WARNING,
        changed_on=Side.AWS,
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        title="Only some addresses answer for {service}",
        cause=(
            "{host} has several addresses, one for each Availability Zone of the endpoint, and {address} gives no answer while "
            "others do. The agent takes any of them, so its calls succeed or stall by chance."
        ),
        summary="Repair or remove the endpoint's network interface that does not answer ({address}).",
        steps=("Look which addresses fail, and hand them to the network team: each belongs to one subnet and one zone.",),
        aws_steps=(
            "Which subnet and Availability Zone does {address} belong to?",
            "Endpoint's security group: the same on every network interface of the endpoint?",
            "Network ACL of that subnet: TCP 443 in, ports 1024-65535 out?",
            "Route table of that subnet, if the instance reaches it from another VPC: is there a way back?",
            "Is the zone healthy (AWS Health)? If not, take that subnet out of the endpoint until it is.",
        ),
        commands=("getent ahosts {host}", "ssm-bootstrap probe --region {region}"),
        aws_commands=(aws.ENDPOINT_INTERFACES, aws.ENDPOINT, aws.NETWORK_ACL, aws.ROUTE_TABLE),
        transient=True,
        source="Amazon VPC guide, interface endpoints: one network interface and address for each subnet",
    ),
    FindingKind(
        code="endpoint-refused",
        severity=Severity.ERROR,
        layer=Layer.WAY,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        failures=((Stage.TCP, Failure.REFUSED),),
        variants=(_LOOPBACK,),
        title="Something refuses the connection to {service}",
        cause=(
            "The connection to {host} on port {port} is refused at once. AWS endpoints do not refuse TCP 443, and security "
            "groups and network ACLs drop in silence, so {address} is another machine, or a firewall rejects on its behalf."
        ),
        summary="Make {host} resolve to the real endpoint, or lift the rule that rejects the connection.",
        steps=(
            "Compare what the resolver gives with the endpoint's addresses; look into /etc/hosts for a line about {host}.",
            "Look for a REJECT rule in this machine's firewall, and for a proxy or NAT that redirects port {port}.",
        ),
        aws_steps=(
            "Do the endpoint's network interfaces have the address {address}?",
            "Does a private hosted zone or a DNS override send {host} somewhere else?",
            "Does a firewall appliance on the way answer with a reset?",
        ),
        commands=("getent ahosts {host}", "grep -n {domain} /etc/hosts", "sudo nft list ruleset"),
        aws_commands=(aws.ENDPOINT_INTERFACES, aws.ENDPOINT, aws.HOSTED_ZONES),
        transient=True,
        source="tcp(7), ECONNREFUSED; Amazon VPC User Guide, security groups and network ACLs drop",
    ),
    FindingKind(
        code="no-route",
        severity=Severity.ERROR,
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
            "The kernel answers that {host} is unreachable before any packet leaves the machine: no default route, no route "
            "for this address family, or a neighbour that does not exist. At boot the network may just not be up yet."
        ),
        summary="Give this machine a route to {address}, usually the default route that DHCP hands out.",
        steps=(
            "Look whether an interface is up, has an address and a default route.",
            "If only IPv6 addresses are given and the machine has no IPv6 (or the reverse), fix the name or add the family.",
            "On a machine made from an image: remove static routes that belong to another VPC.",
            "With several interfaces: check that policy routing does not send {address} out of the wrong one.",
        ),
        aws_steps=("Are the subnet and the network interface the ones intended, and does DHCP hand out a gateway?",),
        commands=("ip -brief address", "ip route", "ip -6 route", "ip route get {address}"),
        aws_commands=(aws.INSTANCE, aws.ROUTE_TABLE),
        transient=True,
        source="connect(2), ENETUNREACH and EHOSTUNREACH; amazon-ssm-agent issue 380",
    ),
    FindingKind(
        code="public-path",
        severity=Severity.WARNING,
        changed_on=Side.AWS,
        scope=Scope.OF_ITS_HOSTS,
        title="Closed VPC, yet a public address serves {service}",
        cause=(
            "{host} answers, but at {address}, a public address, although this VPC is said to be closed or other services of "
            "the region resolve to addresses inside it. The traffic takes some other way out, which may be cut any day."
        ),
        summary="Add the interface endpoint for {service} with private DNS on, so that the name resolves inside the VPC.",
        steps=("If the public way is intended, set `closed = no` in /etc/ssm-bootstrap.conf and this warning stays away.",),
        aws_steps=(
            "Is there an interface endpoint in this VPC for {service}, with private DNS on?",
            "Are enableDnsSupport and enableDnsHostnames on in the VPC?",
            "Do custom DNS servers forward {domain} to the VPC resolver?",
        ),
        commands=("getent ahosts {host}",),
        aws_commands=(aws.ENDPOINT, aws.CREATE_ENDPOINT, aws.DNS_SUPPORT, aws.DNS_HOSTNAMES),
        source="amazon-ssm-agent issues 449 and 640",
    ),
    FindingKind(
        code="connection-cut",
        severity=Severity.ERROR,
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
        title="The connection to {service} comes up and is cut",
        cause=(
            "TCP to {host} comes up, then the peer or something between closes or resets it, or nothing more arrives. Filters "
            "do this that look into TLS or at the server name, as does a path whose packets are too large (MTU) to pass."
        ),
        summary="Exempt {host} from inspection on the firewall or proxy between this machine and the endpoint.",
        steps=(
            "Check the path's MTU: over a VPN or Direct Connect large packets may vanish while small ones pass.",
            (
                "If only the agent fails while this tool gets through: newer agents send a larger TLS hello, which old "
                "middleboxes drop."
            ),
        ),
        aws_steps=(
            (
                "Does a firewall, intrusion prevention or a gateway load balancer stand between instance and endpoint, and "
                "what does its log say about {host}?"
            ),
            "Do the network ACLs let ICMP `fragmentation needed` through?",
            "Is {host} served by an interface endpoint in the same VPC, so that nothing has to be in between?",
        ),
        commands=("ping -M do -s 1472 -c 3 {address}", "ip route get {address}"),
        aws_commands=(aws.ENDPOINT, aws.NETWORK_ACL, aws.ROUTE_TABLE),
        transient=True,
        source="Go net/http (TLS handshake timeout, EOF, connection reset; measured); amazon-ssm-agent issue 640",
    ),
    FindingKind(
        code="local-policy",
        severity=Severity.ERROR,
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
        title="This machine itself forbids dialling {service}",
        cause=(
            "The kernel refused the connection to {host} with `operation not permitted` or `permission denied`. Security "
            "groups and network ACLs cannot do that: a firewall on this machine, a prohibit route, SELinux or a sandbox does."
        ),
        summary="Allow outbound TCP {port} to {host} in this machine's own firewall or security policy.",
        steps=(
            "Look for output rules that drop or reject, also ones bound to a user or control group.",
            "Look for `prohibit` routes and for SELinux or AppArmor denials.",
            "If ssm-bootstrap runs in a sandboxed unit or container, run it once from a plain root shell to compare.",
        ),
        commands=(
            "sudo nft list ruleset",
            "sudo iptables -S OUTPUT",
            "ip route show table all type prohibit",
            "sudo ausearch -m avc -ts recent",
        ),
        source="connect(2), EPERM and EACCES",
    ),
)
