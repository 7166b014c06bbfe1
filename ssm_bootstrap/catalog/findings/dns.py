"""Findings about names: the resolver does not answer, refuses, or does not know the name."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import FindingKind, Layer, Scope, Teller
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Severity

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="dns-silent",
        severity=Severity.ERROR,
        layer=Layer.NAMES,
        explains=(
            "dns-refused",
            "dns-unknown-name",
            "proxy-unreachable",
            *families.ENDPOINT,
            *families.S3,
            *families.CONNECTED,
            *families.NO_PATH,
        ),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        is_of_every_host=True,
        is_of_the_way=True,
        failures=(
            (Stage.DNS, Failure.RESOLVER_SILENT),
            (Stage.DNS, Failure.TIMED_OUT),
        ),
        title="The DNS resolver does not answer",
        cause=(
            "This machine's resolver gave no answer for {host} in time. Without names nothing of Systems Manager can be "
            "reached, so whatever else fails may only be a consequence of this."
        ),
        summary="Point this machine at a resolver that answers, normally the VPC's own at the VPC's base address plus 2.",
        steps=(
            "See which resolver is configured, and whether DHCP or an image's leftovers put it there.",
            "Ask the VPC resolver directly (169.254.169.253 reaches it from every VPC with DNS support).",
            "Check that this machine's own firewall lets port 53 out over UDP and TCP.",
        ),
        aws_steps=(
            "Is enableDnsSupport on in the VPC? Without it the VPC resolver is silent.",
            "Custom DNS servers: security group of the servers inbound 53, of the instance outbound 53 (UDP and TCP)?",
            "Network ACLs between them: 53 out, 1024-65535 back (UDP and TCP)? They do not filter the VPC resolver itself.",
            "Route table: is there a way to the DNS servers (peering, transit gateway, VPN)?",
            "DHCP options set: does it name servers that still exist?",
        ),
        commands=("cat /etc/resolv.conf", "resolvectl status", "dig +time=2 +tries=1 {host} @169.254.169.253"),
        aws_commands=(aws.DNS_SUPPORT, aws.DHCP_OPTIONS, aws.NETWORK_ACL, aws.ROUTE_TABLE),
        transient=True,
        source="Amazon VPC User Guide, DNS attributes and the Amazon DNS server; Go net, dnsclient_unix.go",
    ),
    FindingKind(
        code="dns-refused",
        severity=Severity.ERROR,
        layer=Layer.NAMES,
        explains=(
            "dns-unknown-name",
            "proxy-unreachable",
            *families.ENDPOINT,
            *families.S3,
            *families.CONNECTED,
            *families.NO_PATH,
        ),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        is_of_the_way=True,
        failures=((Stage.DNS, Failure.RESOLVER_REFUSED),),
        title="The DNS resolver answers, but with a refusal or an error of its own",
        cause=(
            "The resolver answered SERVFAIL or REFUSED for {host}, or nothing listens on its port 53. It is alive but cannot "
            "or will not look this name up: its forwarder fails, or a policy (DNS firewall, access list) stands against it."
        ),
        summary="Make the resolver forward {domain} to the VPC resolver, and let it answer this machine.",
        steps=(
            "Ask the VPC resolver directly: if it answers, the custom DNS server in between is at fault.",
            "If a local cache runs (systemd-resolved, dnsmasq, unbound), check that it runs and has upstream servers.",
        ),
        aws_steps=(
            "Custom DNS servers: is there a conditional forwarder for {domain} to the VPC's base address plus 2?",
            "Do the servers' access lists allow queries from this subnet?",
            "Route 53 Resolver: does a rule for {domain} point at targets that are down? Does a DNS Firewall rule block it?",
        ),
        commands=("cat /etc/resolv.conf", "resolvectl query {host}", "dig +time=2 +tries=1 {host} @169.254.169.253"),
        aws_commands=(aws.RESOLVER_RULES, aws.DHCP_OPTIONS),
        transient=True,
        source="Go net, dnsclient_unix.go; Systems Manager User Guide, setup-create-vpc (custom DNS)",
    ),
    FindingKind(
        code="dns-unknown-name",
        severity=Severity.ERROR,
        is_of_a_missing_endpoint=True,
        layer=Layer.NAMES,
        explains=("proxy-unreachable", *families.ENDPOINT, *families.S3, *families.CONNECTED, *families.NO_PATH),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        failures=((Stage.DNS, Failure.NAME_UNKNOWN),),
        title="DNS says that no such name exists for {service}",
        cause=(
            "The resolver answers, and says that {host} does not exist. Either it does not know {domain} at all (a custom "
            "server that forwards nothing), or a private hosted zone hides the public name, or the service or region is not "
            "one that exists."
        ),
        summary="Make the resolver know {host}: forward {domain} to the VPC resolver, or complete the private hosted zone.",
        steps=(
            "Check the spelling of the region, {region}, and of any endpoint in /etc/amazon/ssm/amazon-ssm-agent.json.",
            "Ask the VPC resolver directly: if it knows the name, the custom DNS server in between is at fault.",
        ),
        aws_steps=(
            "Custom DNS servers: is there a conditional forwarder for {domain} to the VPC's base address plus 2?",
            "Private hosted zone: does one for {region}.{domain} (or above) hide the public names without having this one?",
            "Interface endpoint for {service}: is its private DNS on?",
            "Does {service} exist in {region}? Regions opened in 2024 or later have no ec2messages.",
        ),
        commands=("getent ahosts {host}", "dig +time=2 +tries=1 {host} @169.254.169.253"),
        aws_commands=(aws.HOSTED_ZONES, aws.RESOLVER_RULES, aws.ENDPOINT, aws.DHCP_OPTIONS),
        transient=True,
        source=(
            "Go net, dnsclient_unix.go; "
            "Systems Manager User Guide, systems-manager-setting-up-messageAPIs (ec2messages by region)"
        ),
    ),
)
