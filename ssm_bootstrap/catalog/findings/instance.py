"""Findings about the instance itself: clock, metadata, region."""

from __future__ import annotations

from dataclasses import replace

from ssm_bootstrap.catalog.addresses import TIME, TIME_V6
from ssm_bootstrap.catalog.findingkind import FindingKind, Hop, Layer, Scope, Teller, Variant, change, look
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.model.findings import Severity

_ASK_METADATA = look(
    'curl -sS -m 2 -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" -i http://169.254.169.254/latest/api/token | head -5'
)
_NEEDED = Variant(
    name="needed",
    when="the agent runs as the EC2 instance and needs it",
    severity=Severity.ERROR,
    title="The metadata service does not answer, so the agent gets no role",
    cause=(
        "The agent runs as the EC2 instance and gets its role from 169.254.169.254, which did not answer: {detail}. So whether "
        "the instance has a role is unknown, whatever else the log says about it. A hybrid node needs none of this."
    ),
    summary="Bring up this machine's network and make sure that 169.254.169.254 answers; for a hybrid node, register it instead.",
    steps=(
        "Was the network just not up yet? Then the agent recovers on its next try, or when it is restarted.",
        (
            "Check for an interface without an address, and for a route or firewall rule on this machine that affects "
            "169.254.169.254."
        ),
    ),
    source="aws-sdk-go credentials/ec2rolecreds (no role found is said of any failure); public report",
)
"""The words of imds-unreachable where the agent itself told that it asked there in vain."""

_FOR_ACTIVATION = Variant(
    name="for-activation",
    when="the activation is to be fetched with the instance's role",
    severity=Severity.ERROR,
    title="The metadata service gives no role, so the activation cannot be fetched",
    cause=(
        "The activation is in Parameter Store or Secrets Manager, and the credentials to read it come from 169.254.169.254, "
        "which gave none: {detail}."
    ),
    summary="Let this machine reach 169.254.169.254 by IMDSv2; outside EC2, give the activation in a file instead.",
    steps=(
        "Was the network just not up yet? The next try finds it.",
        "Check for a route or firewall rule on this machine that affects 169.254.169.254.",
        "Outside EC2 there is no such role: use `file:PATH`, or --activation-code-file.",
    ),
)
"""The words of imds-unreachable where the activation comes from a place of AWS."""

_ABROAD = Variant(
    name="abroad",
    when="the node is not registered yet, and the instance is in a different region than the one given",
    title="{region} is not this instance's region and cannot be reached from here",
    cause=(
        "{detail}. VPC endpoints serve their own region, so the hosts of {region} can only be reached through a route out of the "
        "VPC, and there is none. An endpoint for them cannot be created in this VPC."
    ),
    summary="Use an activation from this instance's region, and set that region.",
    steps=(
        "Correct the region where it is set: the flag, SSM_BOOTSTRAP_REGION or /etc/ssm-bootstrap.conf.",
        "An activation belongs to one region: one from {region} cannot be used in another.",
    ),
    aws_steps=(
        (
            "Does it have to be {region}? Then this machine needs a path to it: a proxy, or a peered VPC in {region} that has "
            "the endpoints, with their names resolvable from here. Inter-Region VPC peering reaches interface endpoints."
        ),
        "Cross-Region PrivateLink exists for S3, KMS and others, but not for ssm.",
    ),
    commands=(look("grep -n region /etc/ssm-bootstrap.conf"), look("env | grep SSM_BOOTSTRAP_REGION")),
    aws_commands=(),
    source="Systems Manager User Guide, setup-create-vpc (no requests across regions); AWS PrivateLink guide (2026-11)",
)
"""The words of region-mismatch where the instance itself is in another region."""

_ABROAD_BY_FLAG = replace(
    _ABROAD,
    name="abroad-by-flag",
    when="the same, and --region names the other region",
    summary="Use an activation from this instance's region, and leave --region out or give that region with it.",
    steps=(
        "Run the command again without --region: the configuration, the registration or IMDS then gives the region.",
        "An activation belongs to one region: one from {region} cannot be used in another.",
    ),
    commands=(look("sudo ssm-bootstrap doctor", "without --region, for this node's own region"),),
)
"""The same where the person typed the region."""

_BY_FLAG = Variant(
    name="by-flag",
    when="--region names a region that is not the one of the registration",
    summary="Leave --region out on a registered node: its own region is used then.",
    steps=(
        "Run the command again without --region.",
        "To move the node to another region, register it with an activation from that region.",
    ),
    commands=(look("ssm-bootstrap status"),),
)
"""The words of region-mismatch where the person typed the region."""

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="clock-skewed",
        severity=Severity.ERROR,
        breaks_at=(Hop.INSTANCE,),
        layer=Layer.ANSWER,
        subject="this machine's clock",
        errors=("RequestExpired", "RequestTimeTooSkewed"),
        explains=("tls-not-yet-valid", "tls-expired", *families.NO_TOKEN),
        told_by=(Teller.PROBE, Teller.LOG),
        ended_by=("credentials-ready",),
        title="This machine's clock differs too much from the service's",
        cause=(
            "This machine's clock and the Date header of the service differ by more than signed requests allow (5 minutes). "
            "Registration is unsigned and succeeds; the role token and everything after it are then refused."
        ),
        summary="Set this machine's clock, and keep it set with chrony or systemd-timesyncd.",
        steps=(
            (
                f"Point the time service at {TIME} ({TIME_V6} over IPv6 on Nitro instances), which answers in every VPC, even "
                f"without internet access."
            ),
            "Step the clock once instead of waiting for it to drift into place, then restart the agent.",
        ),
        commands=(look("date -u"), look("timedatectl"), look("chronyc sources"), change("sudo chronyc makestep")),
        source="AWS General Reference, Signature Version 4 (5 minutes; S3: 15); Amazon EC2 User Guide, set-time",
    ),
    FindingKind(
        code="imds-unreachable",
        severity=Severity.WARNING,
        is_always_told=True,
        variants=(_NEEDED, _FOR_ACTIVATION),
        title="The instance metadata service does not answer",
        cause=(
            "169.254.169.254 does not answer as the metadata service: {detail}. It may be disabled for this instance, a local "
            "rule may drop the traffic, the hop limit may be too small for a container (it cannot be seen from here), or this is "
            "not an EC2 instance. A hybrid node does not need it, but the region and the VPC's CIDR blocks then have to come "
            "from somewhere else."
        ),
        summary="Set the region with --region or in /etc/ssm-bootstrap.conf, or enable instance metadata.",
        steps=(
            "Outside EC2 nothing is wrong: set `region` in /etc/ssm-bootstrap.conf.",
            "On EC2: check for a route or firewall rule on this machine that affects 169.254.169.254, and put it into no_proxy.",
        ),
        aws_steps=("Instance metadata options: is HttpEndpoint `enabled`, and is the hop limit 2 or more if containers use it?",),
        commands=(_ASK_METADATA, look("ip route get 169.254.169.254")),
        aws_commands=(aws.METADATA_OPTIONS, aws.ENABLE_METADATA, aws.HOP_LIMIT),
        transient=True,
        source=(
            "amazon-ssm-agent 3.3.1142.0, common/identity/availableidentities; "
            "Amazon EC2 User Guide, configuring-instance-metadata-options"
        ),
    ),
    FindingKind(
        code="imds-impostor",
        severity=Severity.ERROR,
        is_always_told=True,
        title="Something else answers instead of the instance metadata service",
        cause=(
            "A request to 169.254.169.254 was answered, but not by the metadata service: most often it is a proxy or a "
            "firewall's block page. The agent may then mistake this machine for an EC2 instance and report misleading errors."
        ),
        summary="Exclude 169.254.169.254 from the proxy (no_proxy), and outside EC2 make it unreachable.",
        steps=(
            "Put 169.254.169.254 into no_proxy, both in the shell and in the agent's unit.",
            "Outside EC2: make the address unreachable, so that the agent stops asking.",
        ),
        aws_steps=("Firewall or proxy: do not answer for link-local addresses.",),
        commands=(_ASK_METADATA, look("env | grep -i _proxy"), change("sudo ip route add unreachable 169.254.169.254/32")),
        source="amazon-ssm-agent issue 134",
    ),
    FindingKind(
        code="region-mismatch",
        severity=Severity.ERROR,
        breaks_at=(Hop.INSTANCE,),
        layer=Layer.MACHINE,
        explains=("dns-unknown-name", *families.ENDPOINT, *families.S3, "activation-invalid", *families.DOWNLOADS),
        is_always_told=True,
        is_elsewhere=True,
        scope=Scope.OF_ITS_REGION,
        variants=(_ABROAD, _ABROAD_BY_FLAG, _BY_FLAG),
        title="The given region is not the region this node belongs to",
        cause=(
            "The given region is not the one in the registration or the configuration. A node belongs to the region of its "
            "activation, and VPC endpoints do not work across regions. Checks against another region say nothing about this node."
        ),
        summary="Use the activation's region: omit --region on a registered node, or correct the configuration.",
        steps=(
            "Check which region each source gives: the flag, SSM_BOOTSTRAP_REGION, /etc/ssm-bootstrap.conf, the registration.",
            "To move the node to another region, register it with an activation from that region.",
        ),
        commands=(look("ssm-bootstrap status"), look("grep -n region /etc/ssm-bootstrap.conf")),
        source=(
            "amazon-ssm-agent 3.3.1142.0, agent/managedInstances/registration/instance_info.go; "
            "Systems Manager User Guide, setup-create-vpc (no requests across regions)"
        ),
    ),
)
