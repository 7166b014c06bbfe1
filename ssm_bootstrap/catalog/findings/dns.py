"""Findings about names: the resolver does not answer, refuses, or does not know the name."""

from __future__ import annotations

from ssm_bootstrap.catalog.addresses import RESOLVER, RESOLVER_V6
from ssm_bootstrap.catalog.findingkind import Circumstance, FindingKind, Hop, Layer, Scope, Teller, Variant, look
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Severity

_MISTYPED = Variant(
    name="mistyped-region",
    circumstance=Circumstance.REGION_IS_A_SLIP,
    when="the region is one slip away from a known one",
    title="The region {region} is not known (did you mean {likely_region}?)",
    cause="The resolver says that {host} does not exist. No region {region} is known; it differs from {likely_region} by a slip.",
    summary="Put {likely_region} in place of {region} where the region is set, if that is the one you meant.",
    steps=(
        "Correct the region where it is set: the flag, SSM_BOOTSTRAP_REGION or /etc/ssm-bootstrap.conf.",
        "Check Agent.Region and any endpoint in /etc/amazon/ssm/amazon-ssm-agent.json; then restart the agent.",
    ),
    aws_steps=(),
    commands=(look("sudo grep -rnF {region} /etc/amazon/ssm /etc/ssm-bootstrap.conf"), look("env | grep SSM_BOOTSTRAP_REGION")),
    aws_commands=(),
    source="Go net, dnsclient_unix.go; the table of regions (AWS announcements, 2026-11)",
)
"""The words of dns-unknown-name where the region of the name is mistyped."""

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="dns-silent",
        severity=Severity.ERROR,
        breaks_at=(Hop.RESOLVER,),
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
            "This machine's resolver did not answer for {host} in time. Without DNS, nothing in Systems Manager can be reached, "
            "so every other failure may just be a consequence of this."
        ),
        summary="Point this machine at a resolver that answers, normally the VPC resolver at the VPC's base address plus 2.",
        steps=(
            "Check which resolver is configured, and whether it came from DHCP or was left behind in an image.",
            (
                f"Query the VPC resolver directly ({RESOLVER}, or {RESOLVER_V6} over IPv6 on Nitro instances): it "
                f"answers in every VPC with DNS support."
            ),
            "Check that this machine's own firewall allows port 53 out over UDP and TCP.",
        ),
        aws_steps=(
            (
                "Is enableDnsSupport on in the VPC? Without it the VPC resolver does not answer. It also drops queries above "
                "1,024 packets per second and network interface."
            ),
            (
                "Custom DNS servers: does their security group allow port 53 in, and the instance's security group port 53 out "
                "(UDP and TCP)?"
            ),
            (
                "Network ACLs between them: do they allow 53 out and 1024-65535 back (UDP and TCP)? They do not filter the VPC "
                "resolver itself."
            ),
            "Route table: is there a route to the DNS servers (peering, transit gateway, VPN)?",
            "DHCP options set: do the servers in it still exist?",
        ),
        commands=(look("cat /etc/resolv.conf"), look("resolvectl status"), look("dig +time=2 +tries=1 @169.254.169.253 {hosts}")),
        aws_commands=(aws.DNS_SUPPORT, aws.DHCP_OPTIONS, aws.NETWORK_ACL, aws.ROUTE_TABLE, aws.ENABLE_DNS_SUPPORT),
        transient=True,
        source="Amazon VPC User Guide, DNS attributes and the Amazon DNS server; Go net, dnsclient_unix.go",
    ),
    FindingKind(
        code="dns-refused",
        severity=Severity.ERROR,
        breaks_at=(Hop.RESOLVER,),
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
        title="The DNS resolver answers with a refusal or an error",
        cause=(
            "The resolver answered SERVFAIL or REFUSED for {host}, or nothing listens on its port 53. It is running but cannot "
            "or will not resolve this name: its forwarder fails, or an access list refuses this machine."
        ),
        summary="Make the resolver forward {domain} to the VPC resolver, and allow queries from this machine.",
        steps=(
            "Query the VPC resolver directly: if it answers, the custom DNS server in between is at fault.",
            "If there is a local cache (systemd-resolved, dnsmasq, unbound), check that it is running and has upstream servers.",
        ),
        aws_steps=(
            (
                "Custom DNS servers: is there a conditional forwarder for {domain} to the VPC's base address plus 2? That "
                "address answers servers inside the VPC only: those outside need a Route 53 Resolver inbound endpoint in it."
            ),
            "Do the servers' access lists allow queries from this subnet?",
            (
                "Route 53 Resolver: does a forwarding rule for {domain} point at targets that are down? A DNS Firewall that "
                "fails closed also causes SERVFAIL; its block rules do not."
            ),
        ),
        commands=(
            look("cat /etc/resolv.conf"),
            look("resolvectl query {hosts}"),
            look("dig +time=2 +tries=1 @169.254.169.253 {hosts}"),
        ),
        aws_commands=(
            aws.RESOLVER_RULES,
            aws.RESOLVER_TARGETS,
            aws.DNS_PROFILES,
            aws.PROFILE_RESOURCES,
            aws.DNS_FIREWALL_FAILS,
            aws.DHCP_OPTIONS,
        ),
        transient=True,
        source="Go net, dnsclient_unix.go; Systems Manager User Guide, setup-create-vpc (custom DNS)",
    ),
    FindingKind(
        code="dns-unknown-name",
        severity=Severity.ERROR,
        breaks_at=(Hop.RESOLVER,),
        is_of_a_missing_endpoint=True,
        layer=Layer.NAMES,
        explains=("proxy-unreachable", *families.ENDPOINT, *families.S3, *families.CONNECTED, *families.NO_PATH),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        failures=((Stage.DNS, Failure.NAME_UNKNOWN),),
        variants=(_MISTYPED,),
        title="The DNS name for {service} does not exist",
        cause=(
            "The resolver says that {host} does not exist. Either it does not know {domain} at all (a custom server without a "
            "forwarder), or a private hosted zone hides the public name. It may also be that there is no such service or region."
        ),
        summary="Make {host} resolvable: forward {domain} to the VPC resolver, or add the name to the private hosted zone.",
        steps=(
            "Check the spelling of the region, {region}, and of any endpoint in /etc/amazon/ssm/amazon-ssm-agent.json.",
            "Query the VPC resolver directly: if it knows the name, the custom DNS server in between is at fault.",
        ),
        aws_steps=(
            (
                "Custom DNS servers: is there a conditional forwarder for {domain} to the VPC's base address plus 2? That "
                "address answers servers inside the VPC only: those outside need a Route 53 Resolver inbound endpoint in it."
            ),
            (
                "Private hosted zone: is one for {region}.{domain} (or a parent), associated directly or through a Route 53 "
                "Profile, that hides the public names but has no record for this one?"
            ),
            (
                "Route 53 Resolver DNS Firewall: does a rule block {host}? A block rule answers NXDOMAIN, no records, or an "
                "address of its own."
            ),
            (
                "Interface endpoint for {service}: with private DNS on, its name takes precedence over a private hosted zone for "
                "a parent domain."
            ),
            "Is {service} available in {region}? Regions opened in 2024 or later have no ec2messages.",
        ),
        commands=(look("getent ahosts {hosts}"), look("dig +time=2 +tries=1 @169.254.169.253 {hosts}")),
        aws_commands=(
            aws.HOSTED_ZONES,
            aws.ZONE_RECORDS,
            aws.DNS_PROFILES,
            aws.PROFILE_RESOURCES,
            aws.RESOLVER_RULES,
            aws.RESOLVER_TARGETS,
            aws.DNS_FIREWALL,
            aws.DNS_FIREWALL_DOMAINS,
            aws.ENDPOINT,
            aws.DHCP_OPTIONS,
            aws.PRIVATE_DNS_OF_AN_ENDPOINT,
        ),
        transient=True,
        source=(
            "Go net, dnsclient_unix.go; "
            "Systems Manager User Guide, systems-manager-setting-up-messageAPIs (ec2messages by region)"
        ),
    ),
)
