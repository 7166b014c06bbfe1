"""Findings about the way to S3, which has two kinds of endpoint and two ports."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import Circumstance, FindingKind, Hop, Layer, Scope, Teller, Variant, look
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families, s3ways
from ssm_bootstrap.catalog.findings import nodecommands as node
from ssm_bootstrap.catalog.findings.sides import AWS_IN_PART, AWS_IS_RIGHT
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Severity, Side

_STATUS_OF_BOTH = look(
    "for host in {hosts}; do"
    ' curl -sS -m 5 -o /dev/null -o /dev/null -w \'%{{http_code}}\\n\' "https://$host/" "http://$host/"; done',
)

_PART = Variant(
    name="part",
    breaks_at=(Hop.ROUTE, Hop.ENDPOINT),
    circumstance=Circumstance.SOME_OF_S3_ANSWERS,
    when="other S3 names answer",
    title="Other S3 names answer, but {host} does not",
    cause=(
        "{host} resolves to {address} and does not answer, while other S3 names do. So S3 is reachable, but not under this name. "
        "Usually the VPC has only an S3 interface endpoint: its private DNS covers some names, and the others still resolve to "
        "public addresses that cannot be reached."
    ),
    summary="Add an S3 gateway endpoint to the subnet's route table: it covers {host} too.",
    steps=(
        "Nothing needs to change on this machine. Once {host} answers, repeat the patch run or the agent update.",
        "Check where the names resolve to: addresses inside the VPC, or public ones.",
    ),
    aws_steps=(
        s3ways.GATEWAY,
        "Does the private DNS of the S3 interface endpoint, or a private hosted zone, cover {host}?",
        *s3ways.EACH,
        s3ways.WHOLE_LIST,
    ),
    commands=(
        look("getent ahosts {host}"),
        node.STATUS_OF_HOSTS,
        look("ssm-bootstrap probe --region {region} --for patch,agent-update"),
    ),
    aws_commands=(
        aws.S3_ENDPOINTS,
        aws.ROUTE_TABLE,
        aws.S3_PREFIX_LIST,
        aws.INSTANCE,
        aws.INSTANCE_SECURITY_GROUP,
        aws.NETWORK_ACL,
        aws.CREATE_S3_GATEWAY,
        aws.ADD_ROUTE_TABLE,
        aws.S3_DUAL_STACK,
        aws.S3_NAMES_INSIDE,
        aws.ALLOW_S3,
    ),
    source="Amazon S3 User Guide, privatelink-interface-endpoints (private DNS; gateway and interface endpoints together)",
)
"""The words of s3-unreachable where the way to S3 exists and leaves names out."""

_NOTHING = Variant(
    name="nothing-answers",
    breaks_at=(Hop.FIREWALL, Hop.SECURITY_GROUP, Hop.NETWORK_ACL, Hop.ROUTE),
    circumstance=Circumstance.NOTHING_ANSWERS,
    when="names resolve, but nothing that was probed answers",
    title="S3 does not answer, and neither does anything else",
    cause=(
        "{host} resolves but does not answer, and neither does anything else that was probed. The likely cause is shared by all "
        "of it and is described under endpoint-blocked. Until that is fixed, nothing can be said about an S3 endpoint."
    ),
    summary="Fix endpoint-blocked first, then check again, and only then look at the S3 endpoint and its route.",
    steps=("Nothing needs to change on this machine just for S3. Run this again once the interface endpoints answer.",),
    aws_steps=("What to check of the S3 endpoint and its route, once anything answers: `ssm-bootstrap explain s3-unreachable`.",),
    commands=(look("ssm-bootstrap probe --region {region}"),),
    aws_commands=(),
)
"""The words of s3-unreachable where all that was dialled is as silent."""

_NO_ENDPOINT = Variant(
    name="no-endpoint",
    breaks_at=(Hop.ROUTE, Hop.ENDPOINT),
    circumstance=Circumstance.S3_HAS_NO_ENDPOINT,
    when="the name belongs to S3 Transfer Acceleration, which no VPC endpoint carries",
    title="No VPC endpoint carries {host}",
    cause=(
        "{host} is a name of S3 Transfer Acceleration and does not answer. Edge locations of AWS serve it: their addresses are "
        "neither in the route of a gateway endpoint nor behind an interface endpoint, so no change to an S3 endpoint helps."
    ),
    summary=(
        "Allow {host} on 443 through a proxy or a NAT gateway, or use the bucket's regional name instead "
        "(BUCKET.s3.{region}.{domain})."
    ),
    steps=(
        "What uses this name? In a script or setting of your own, use the bucket's regional name: S3 endpoints carry that one.",
        "If it is a patch run (aws-patch-manager-*), the name cannot be changed: it needs the way out.",
    ),
    aws_steps=(
        "Is there a proxy or NAT gateway that this subnet may use for this one host, and does its firewall allow the name?",
        "The S3 endpoints, their route tables and the S3 prefix list need no change for this name.",
    ),
    commands=(look("getent ahosts {hosts}"), node.STATUS_OF_HOSTS),
    aws_commands=(aws.ROUTE_TABLE, aws.NETWORK_FIREWALLS, aws.BLOCK_PUBLIC_ACCESS),
    source="Amazon S3 User Guide, transfer-acceleration and privatelink-interface-endpoints (2026-11)",
)

_ENDPOINT_OF_ITS_OWN = Variant(
    name="endpoint-of-its-own",
    breaks_at=(Hop.ENDPOINT,),
    circumstance=Circumstance.S3_HAS_ENDPOINT_OF_ITS_OWN,
    when="the name belongs to a directory bucket or a Multi-Region Access Point",
    title="The VPC's S3 endpoint does not carry {host}",
    cause=(
        "{host} does not answer. Directory buckets (s3express) and Multi-Region Access Points (s3-global) have endpoint services "
        "of their own: a gateway or interface endpoint for com.amazonaws.{region}.s3 carries neither."
    ),
    summary=(
        "Create the endpoint that this name has: com.amazonaws.{region}.s3express for a directory bucket, "
        "com.amazonaws.s3-global.accesspoint for a Multi-Region Access Point."
    ),
    steps=("Nothing needs to change on this machine, unless a general purpose bucket of this region would do as well.",),
    aws_steps=(
        (
            "Directory bucket: is there a gateway endpoint com.amazonaws.{region}.s3express, associated with the subnet's route "
            "table?"
        ),
        "Multi-Region Access Point: is there an interface endpoint com.amazonaws.s3-global.accesspoint, with private DNS on?",
    ),
    commands=(look("getent ahosts {hosts}"), node.STATUS_OF_HOSTS),
    aws_commands=(aws.OTHER_S3_ENDPOINTS, aws.ROUTE_TABLE),
    source="Amazon S3 User Guide, s3-express-networking and MultiRegionAccessPointsPrivateLink (2026-11)",
)

_OTHER_REGION = Variant(
    name="other-region",
    breaks_at=(Hop.ROUTE, Hop.ENDPOINT),
    circumstance=Circumstance.S3_IS_OF_ANOTHER_REGION,
    changed_on=Side.MACHINE,
    when="the name leads to S3 in another region",
    title="{host} leads to S3 in another region",
    cause=(
        "{host} does not answer, and it leads to a region that is not this VPC's. A gateway endpoint carries S3 of its own "
        "region only, and the private DNS of an interface endpoint covers names of its own region only. A name without a region "
        "leads to us-east-1, or to the region of its bucket."
    ),
    summary="Use a bucket of this region, by its regional name, in place of {host}.",
    steps=(
        "Which setting names it? S3.Endpoint and S3.Region in /etc/amazon/ssm/amazon-ssm-agent.json, or a script.",
        "Output of commands and sessions goes where their document and the session preferences say.",
    ),
    aws_steps=(
        (
            "If it must be that region: is there an S3 interface endpoint in a VPC of that region that this VPC reaches by "
            "peering or a transit gateway, or a cross-Region one in this VPC?"
        ),
        "Otherwise: is there a proxy or NAT gateway that this subnet may use for this host?",
    ),
    commands=(
        look("getent ahosts {hosts}"),
        node.STATUS_OF_HOSTS,
        look("grep -n '\"S3\"' -A 6 /etc/amazon/ssm/amazon-ssm-agent.json"),
    ),
    aws_commands=(aws.S3_ENDPOINTS, aws.ROUTE_TABLE),
    source="AWS PrivateLink guide, vpc-endpoints-s3 and cross-region access; Amazon S3 User Guide, VirtualHosting (2026-11)",
)

_GATEWAY_ALONE = Variant(
    name="gateway-alone",
    circumstance=Circumstance.S3_BY_GATEWAY_ALONE,
    when="no interface endpoint carries this kind of name",
    title="{host} cannot be reached: only a gateway endpoint carries it",
    cause=(
        "{host} does not answer. FIPS names, names with a hyphen before the region, s3-website names and names without a region "
        "are not supported by S3 interface endpoints: only a gateway endpoint carries them, and only within its region."
    ),
    summary=(
        "Give this subnet an S3 gateway endpoint, associated with its route table, and allow outbound 443 and 80 to the S3 "
        "managed prefix list."
    ),
    aws_steps=(s3ways.GATEWAY, s3ways.GATEWAY_ALONE, s3ways.WHOLE_LIST, s3ways.IPV6),
    source="Amazon S3 User Guide, privatelink-interface-endpoints (restrictions, 2026-11)",
)

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="s3-unreachable",
        severity=Severity.ERROR,
        breaks_at=(Hop.SECURITY_GROUP, Hop.NETWORK_ACL, Hop.ROUTE, Hop.ENDPOINT),
        is_of_a_missing_endpoint=True,
        layer=Layer.WAY,
        changed_on=Side.AWS,
        breaks=(Capability.PATCH, Capability.AGENT_UPDATE),
        explains=(*families.DOWNLOADS,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        service="s3",
        variants=(AWS_IS_RIGHT, AWS_IN_PART, _NO_ENDPOINT, _ENDPOINT_OF_ITS_OWN, _OTHER_REGION, _PART, _NOTHING, _GATEWAY_ALONE),
        title="S3 cannot be reached from this subnet",
        cause=(
            "{host} resolves but does not answer on 443 or on 80. The agent and Patch Manager download from AWS-owned S3 "
            "buckets, so agent updates and patching fail, while Run Command and Session Manager may still work. From here it "
            "looks the same whether the S3 endpoint, the route to it, or a rule for the S3 prefix list is missing."
        ),
        summary=(
            "Give this subnet an S3 endpoint (gateway with the route table associated, or interface) and allow outbound 443 and "
            "80 to the S3 prefix list."
        ),
        steps=(
            "If the endpoint already exists, check that this machine's own firewall allows TCP 443 and 80 out.",
            "Once S3 answers, repeat the patch run or the agent update.",
        ),
        aws_steps=(
            (
                "S3 endpoint: is there a gateway (or interface) endpoint com.amazonaws.{region}.s3 in this VPC, in state "
                "`available`?"
            ),
            (
                "Route table of the instance's subnet: is it associated with the gateway endpoint (a route from pl-* to vpce-*)? "
                "A subnet without its own association uses the VPC's main route table."
            ),
            (
                "Instance's security group: does it allow TCP 443 and TCP 80 outbound to the prefix list "
                "com.amazonaws.{region}.s3? For an interface endpoint, its own security group must allow both inbound."
            ),
            (
                "Network ACL of the subnet: does it allow 443 and 80 out to the addresses in that list, and ports 1024-65535 "
                "back in?"
            ),
            *s3ways.EACH,
        ),
        commands=(
            node.OWN_FIREWALL,
            look("ssm-bootstrap probe --region {region} --for patch,agent-update"),
        ),
        aws_commands=(
            aws.S3_ENDPOINTS,
            aws.ROUTE_TABLE,
            aws.INSTANCE,
            aws.INSTANCE_SECURITY_GROUP,
            aws.S3_PREFIX_LIST,
            aws.NETWORK_ACL,
            aws.CREATE_S3_GATEWAY,
            aws.ADD_ROUTE_TABLE,
            aws.ALLOW_S3,
        ),
        transient=True,
        source=(
            "Systems Manager User Guide, setup-create-vpc and patch-operations-s3-buckets; "
            "amazon-ssm-agent 3.3.1142.0, agent/s3util/crossregion.go"
        ),
    ),
    FindingKind(
        code="s3-http-blocked",
        severity=Severity.ERROR,
        breaks_at=(Hop.SECURITY_GROUP, Hop.NETWORK_ACL),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=("repository-unreachable", "false-compliance"),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        service="s3",
        variants=(AWS_IS_RIGHT, AWS_IN_PART),
        title="S3 answers on 443 but not on port 80",
        cause=(
            "{host} answers on HTTPS, but HTTP on port 80 gets no answer. S3 is reachable; the rule that allows port 80 is "
            "missing. Parts of the agent fall back to plain HTTP to find a bucket's region, and stall when it is dropped."
        ),
        summary="Allow outbound TCP 80 to the S3 managed prefix list com.amazonaws.{region}.s3, in addition to 443.",
        steps=("Check that this machine's own firewall or proxy settings do not block port 80.",),
        aws_steps=(
            "Instance's security group: does it allow TCP 80 outbound to the prefix list com.amazonaws.{region}.s3?",
            "Network ACL of the subnet: does it allow port 80 out, and ports 1024-65535 back in?",
            "Prefix list: does the rule use this region's S3 list, and not addresses copied from it long ago?",
            "Is S3 reached through an interface endpoint only? Then its security group must allow port 80 as well as 443.",
            *s3ways.EACH,
        ),
        commands=(_STATUS_OF_BOTH, node.OWN_FIREWALL),
        aws_commands=(
            aws.S3_ENDPOINTS,
            aws.INSTANCE_SECURITY_GROUP,
            aws.S3_PREFIX_LIST,
            aws.NETWORK_ACL,
            aws.ALLOW_S3_HTTP,
            aws.ALLOW_S3_ENDPOINT_INBOUND_HTTP,
        ),
        transient=True,
        source=(
            "amazon-ssm-agent 3.3.1142.0, agent/s3util/crossregion.go:69-213; "
            "Systems Manager User Guide, setup-create-vpc (plain HTTP calls to the buckets)"
        ),
    ),
    FindingKind(
        code="s3-https-blocked",
        severity=Severity.ERROR,
        breaks_at=(Hop.SECURITY_GROUP, Hop.NETWORK_ACL),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*families.DOWNLOADS,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        service="s3",
        variants=(AWS_IS_RIGHT, AWS_IN_PART),
        title="S3 answers on port 80 but not on 443",
        cause=(
            "{host} answers on port 80, but HTTPS on 443 gets no answer. S3 is reachable; the rule that allows 443 is missing. "
            "Agent updates and patch payloads use 443, so both fail."
        ),
        summary="Allow outbound TCP 443 to the S3 managed prefix list com.amazonaws.{region}.s3, in addition to 80.",
        steps=("Check that this machine's own firewall does not drop TCP 443 to public addresses.",),
        aws_steps=(
            (
                "Instance's security group: does it allow TCP 443 outbound to the prefix list com.amazonaws.{region}.s3? A rule "
                "for the interface endpoints' security group does not cover S3's public addresses."
            ),
            "Network ACL of the subnet: does it allow 443 out to the addresses in that list, and ports 1024-65535 back in?",
            "Prefix list: does the rule use this region's S3 list, and not addresses copied from it long ago?",
            "Is S3 reached through an interface endpoint? Then its security group must allow 443.",
            *s3ways.EACH,
        ),
        commands=(_STATUS_OF_BOTH, node.OWN_FIREWALL),
        aws_commands=(
            aws.S3_ENDPOINTS,
            aws.INSTANCE_SECURITY_GROUP,
            aws.S3_PREFIX_LIST,
            aws.NETWORK_ACL,
            aws.ALLOW_S3_HTTPS,
            aws.ALLOW_S3_ENDPOINT_INBOUND_HTTPS,
        ),
        transient=True,
        source="AWS Systems Manager user guide, setup-create-vpc",
    ),
    FindingKind(
        code="s3-denied",
        severity=Severity.ERROR,
        breaks_at=(Hop.ENDPOINT, Hop.SERVICE),
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*families.DOWNLOADS,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        service="s3",
        failures=((Stage.HTTP, Failure.DENIED),),
        title="S3 is reachable, but a policy denies a public file",
        cause=(
            "{host} answers 403 for an object that is known to exist and to be public. So the network is fine and a policy "
            "denies the request: usually the S3 endpoint policy does not list the AWS-owned buckets. Which policy it is cannot "
            "be seen from here."
        ),
        summary="Allow s3:GetObject on the AWS-owned Systems Manager buckets in the S3 endpoint policy.",
        steps=(
            "Nothing needs to change on this machine. The agent signs some of its requests, so it may get further than curl.",
        ),
        aws_steps=(
            (
                "Endpoint policy: does it allow s3:GetObject for every principal on aws-ssm-{region}, amazon-ssm-{region}, and "
                "the region's patch-baseline-snapshot and aws-patch-manager buckets? The policy endpoint-s3 lists those that "
                "are known."
            ),
            s3ways.OPEN_TO_ALL,
            "Does an S3 interface endpoint with its own policy also serve this VPC?",
            "Does a proxy or firewall in the path answer 403 instead of S3?",
            "Activation role: does it allow s3:GetObject on the same buckets (for the signed requests)?",
        ),
        commands=(
            look("curl -sS -m 5 -i {known_objects}"),
            node.policy("endpoint-s3", "role-permissions"),
        ),
        aws_commands=(
            aws.S3_ENDPOINT_POLICY,
            aws.PRESENT_ENDPOINT_POLICY,
            aws.ROLE_NAME,
            aws.ROLE_POLICIES,
            aws.SET_ENDPOINT_POLICY,
            aws.ALLOW_ROLE_BUCKETS,
        ),
        source=(
            "Systems Manager User Guide, ssm-agent-technical-details (minimum S3 permissions); "
            "amazon-ssm-agent 3.3.1142.0, agent/fileutil/artifact/artifact.go:110"
        ),
    ),
)
