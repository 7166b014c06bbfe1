"""Findings about the instance itself: clock, metadata, region."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import FindingKind, Layer, Scope, Teller, Variant
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.model.findings import Severity

_ASK_METADATA = (
    'curl -sS -m 2 -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" -i http://169.254.169.254/latest/api/token | head -5'
)
_METADATA_OPTIONS = (
    "aws ec2 describe-instances --region {region} --instance-ids {instance_id}"
    " --query 'Reservations[].Instances[].MetadataOptions'"
)

_HOP_LIMIT = (
    "aws ec2 modify-instance-metadata-options --region {region} --instance-id {instance_id}"
    " --http-endpoint enabled --http-put-response-hop-limit 2"
)

_ABROAD = Variant(
    name="abroad",
    when="the node is not registered yet, and is in another region than the one named",
    title="{region} is not the region of this instance, and nothing leads there",
    cause=(
        "{detail}. The endpoints of a VPC serve its own region, so that the hosts of {region} could be reached by a way out of "
        "the VPC alone, and there is none: an endpoint for them cannot be made here."
    ),
    summary="Use an activation of the region that this instance is in, and name that region.",
    steps=(
        "Correct what names the region: the flag, SSM_BOOTSTRAP_REGION or /etc/ssm-bootstrap.conf.",
        "An activation is of one region: one of {region} cannot be used in another.",
    ),
    aws_steps=(
        "Must it be {region}? Then this machine needs a way to it: a proxy, or a VPC over there that is peered with this one, "
        "with the endpoints in it and their names resolved here.",
    ),
    commands=("grep -n region /etc/ssm-bootstrap.conf", "env | grep SSM_BOOTSTRAP_REGION"),
    aws_commands=(),
    source="Systems Manager User Guide, setup-create-vpc (no requests across regions)",
)
"""The words of region-mismatch where the instance itself is in another region."""

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="clock-skewed",
        severity=Severity.ERROR,
        layer=Layer.ANSWER,
        subject="this machine's clock",
        explains=("tls-not-yet-valid", "tls-expired", *families.NO_TOKEN),
        told_by=(Teller.PROBE, Teller.LOG),
        ended_by=("credentials-ready",),
        title="This machine's clock is too far from the service's",
        cause=(
            "The Date header of the service and this machine's clock differ by more than signed requests may. Registration is "
            "not signed and passes; the role token, and everything after it, is then refused."
        ),
        summary="Set this machine's clock, and keep it set with chrony or systemd-timesyncd.",
        steps=(
            "Point the time service at 169.254.169.123, which answers in every VPC without a route to the internet.",
            "Step the clock once rather than wait for it to drift into place, then restart the agent.",
        ),
        commands=("date -u", "timedatectl", "chronyc sources", "sudo chronyc makestep"),
        source="AWS General Reference, Signature Version 4 (5 minutes; S3: 15); Amazon EC2 User Guide, set-time",
    ),
    FindingKind(
        code="imds-unreachable",
        severity=Severity.WARNING,
        is_always_told=True,
        title="The instance metadata service does not answer",
        cause=(
            "169.254.169.254 gives no metadata: {detail}. It may be switched off for this instance, a local rule may drop it, "
            "the hop limit may be too small for a container, or this is not an EC2 instance; what the hop limit is cannot be "
            "seen from here. A hybrid node does not need it, but the region and the VPC's address blocks then have to come from "
            "elsewhere."
        ),
        summary="Give the region with --region or in /etc/ssm-bootstrap.conf, or switch instance metadata on.",
        steps=(
            "On a machine outside EC2 nothing is wrong: set `region` in /etc/ssm-bootstrap.conf.",
            "On EC2: look for a route or firewall rule of this machine about 169.254.169.254, and put it into no_proxy.",
        ),
        aws_steps=("Instance metadata options: is HttpEndpoint `enabled`, and the hop limit 2 or more where containers ask?",),
        commands=(_ASK_METADATA, "ip route get 169.254.169.254"),
        aws_commands=(_METADATA_OPTIONS, _HOP_LIMIT),
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
        title="Something that is not the instance metadata service answers in its place",
        cause=(
            "A request to 169.254.169.254 was answered, but not as the metadata service answers: most often a proxy or a "
            "firewall's page. The agent may then take this machine for an EC2 instance and report errors that mislead."
        ),
        summary="Keep 169.254.169.254 out of the proxy (no_proxy), and reject the route to it where this is not EC2.",
        steps=(
            "Put 169.254.169.254 into no_proxy, in the shell and in the agent's unit.",
            "Outside EC2: make the address unreachable, so that the agent stops asking.",
        ),
        aws_steps=("Firewall or proxy: do not answer for link-local addresses.",),
        commands=(_ASK_METADATA, "env | grep -i _proxy", "sudo ip route add unreachable 169.254.169.254/32"),
        source="amazon-ssm-agent issue 134",
    ),
    FindingKind(
        code="region-mismatch",
        severity=Severity.ERROR,
        layer=Layer.MACHINE,
        explains=("dns-unknown-name", *families.ENDPOINT, *families.S3, "activation-invalid", *families.DOWNLOADS),
        is_always_told=True,
        is_elsewhere=True,
        scope=Scope.OF_ITS_REGION,
        variants=(_ABROAD,),
        title="The region given is not the region this node belongs to",
        cause=(
            "The region asked for and the one that the registration or the configuration names are not the same. A node belongs "
            "to the region of its activation, and VPC endpoints do not lead across regions: what was looked at in another region "
            "tells nothing of this node."
        ),
        summary="Use the region of the activation: leave --region away on a registered node, or correct the configuration.",
        steps=(
            "See which region each source names: the flag, SSM_BOOTSTRAP_REGION, /etc/ssm-bootstrap.conf, the registration.",
            "To move the node to another region, register it with an activation of that region.",
        ),
        commands=("ssm-bootstrap status", "grep -n region /etc/ssm-bootstrap.conf"),
        source=(
            "amazon-ssm-agent 3.3.1142.0, agent/managedInstances/registration/instance_info.go; "
            "Systems Manager User Guide, setup-create-vpc (no requests across regions)"
        ),
    ),
)
