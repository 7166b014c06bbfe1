"""Findings about the way to S3, which has two kinds of endpoint and two ports."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import Circumstance, FindingKind, Layer, Scope, Side, Teller, Variant
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Severity

_PART = Variant(
    name="part",
    circumstance=Circumstance.SOME_OF_S3_ANSWERS,
    when="other names of S3 answer",
    title="Other names of S3 answer, and {host} does not",
    cause=(
        "{host} resolves to {address} and gives no answer, while other names of S3 do answer from here. So there is a way to "
        "S3, and it does not cover this name. As a rule the VPC has an S3 interface endpoint alone: its private DNS answers for "
        "some names, and the others stay at public addresses, to which nothing leads."
    ),
    summary="Add an S3 gateway endpoint to the subnet's route table: it leads to {host} too.",
    steps=(
        "Nothing on this machine has to change. Once {host} answers, repeat the patch run or the agent update.",
        "See to which addresses the names lead: inside the VPC, or public.",
    ),
    aws_steps=(
        "Is there a gateway endpoint com.amazonaws.{region}.s3 in this VPC, associated with the instance's route table?",
        "Does the private DNS of the S3 interface endpoint, or a private hosted zone, answer for {host}?",
        (
            "With a gateway endpoint: do the instance's security group and the network ACL let out to the whole prefix list "
            "com.amazonaws.{region}.s3, not to some of its addresses?"
        ),
    ),
    commands=(
        "getent ahosts {host}",
        "curl -sS -m 5 -o /dev/null -w '%{{http_code}}\\n' https://{host}/",
        "ssm-bootstrap probe --region {region} --for patch,agent-update",
    ),
    aws_commands=(
        aws.S3_ENDPOINTS,
        aws.CREATE_S3_GATEWAY,
        aws.ROUTE_TABLE,
        aws.MAIN_ROUTE_TABLE,
        aws.S3_PREFIX_LIST,
        aws.INSTANCE,
        aws.INSTANCE_SECURITY_GROUP,
        aws.NETWORK_ACL,
    ),
    source="Amazon S3 User Guide, privatelink-interface-endpoints (private DNS; gateway and interface endpoints together)",
)
"""The words of s3-unreachable where the way to S3 exists and leaves names out."""

_NOTHING = Variant(
    name="nothing-answers",
    circumstance=Circumstance.NOTHING_ANSWERS,
    when="nothing that was dialled answers, in the VPC and of S3",
    title="S3 is as silent as everything else",
    cause=(
        "{host} resolves and does not answer, and neither do the interface endpoints. The likely cause is what they share, and "
        "stands under endpoint-blocked; whether S3 has an endpoint of its own here cannot be seen before that is mended."
    ),
    summary="First what endpoint-blocked names; then look again, and only then at S3's own endpoint and route.",
    steps=("Nothing on this machine has to change for S3 alone. Run this again once the interface endpoints answer.",),
)
"""The words of s3-unreachable where the interface endpoints are as silent."""

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="s3-unreachable",
        severity=Severity.ERROR,
        is_of_a_missing_endpoint=True,
        layer=Layer.WAY,
        changed_on=Side.AWS,
        breaks=(Capability.PATCH, Capability.AGENT_UPDATE),
        explains=(*families.DOWNLOADS,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        service="s3",
        variants=(_PART, _NOTHING),
        title="No way to S3 from this subnet",
        cause=(
            "{host} resolves but answers neither on 443 nor on 80. The agent and Patch Manager fetch their files from buckets "
            "of AWS in S3, so agent updates and patching fail, while Run Command and sessions may well work. Four causes cannot "
            "be told apart from this instance, as each gives mere silence, and have to be looked up in the order below: no S3 "
            "endpoint in the VPC, a route table without the route to it, a security group that does not let out to the S3 "
            "prefix list, a network ACL that drops the packets."
        ),
        summary=(
            "Give this subnet an S3 endpoint (gateway, with the route table associated, or interface), and allow outbound 443 "
            "and 80 to the S3 managed prefix list."
        ),
        steps=(
            "Nothing on this machine has to change. Once S3 answers, repeat the patch run or the agent update.",
            "If the endpoint is there already, check that this machine's own firewall lets TCP 443 and 80 out.",
        ),
        aws_steps=(
            "S3 endpoint: is there a gateway (or interface) endpoint com.amazonaws.{region}.s3 in this VPC, in state available?",
            (
                "Route table of the instance's subnet: is it associated with the gateway endpoint (a route from pl-* to "
                "vpce-*)? A subnet without an association of its own uses the VPC's main table."
            ),
            "Instance's security group: are TCP 443 and TCP 80 allowed outbound to the prefix list com.amazonaws.{region}.s3?",
            "Network ACL of the subnet: 443 and 80 out to the addresses of that list, ports 1024-65535 back in?",
            "A gateway endpoint does not serve peered VPCs or on-premises networks: those need an interface endpoint.",
            (
                "Interface endpoint only: its private DNS has to answer for s3.dualstack.{region}.{domain} too, which Patch "
                "Manager dials; where it does not, add the gateway endpoint."
            ),
        ),
        commands=(
            "curl -sS -m 5 -o /dev/null -w '%{{http_code}}\\n' https://s3.{region}.{domain}/",
            "curl -sS -m 5 -o /dev/null -w '%{{http_code}}\\n' http://s3.{region}.{domain}/",
            "ssm-bootstrap probe --region {region} --for patch,agent-update",
        ),
        aws_commands=(
            aws.S3_ENDPOINTS,
            aws.CREATE_S3_GATEWAY,
            aws.ROUTE_TABLE,
            aws.MAIN_ROUTE_TABLE,
            aws.INSTANCE,
            aws.INSTANCE_SECURITY_GROUP,
            aws.S3_PREFIX_LIST,
            aws.ALLOW_S3_HTTPS,
            aws.ALLOW_S3_HTTP,
            aws.NETWORK_ACL,
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
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=("repository-unreachable", "false-compliance"),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        service="s3",
        title="S3 answers on 443 but not on port 80",
        cause=(
            "{host} answers on HTTPS, and HTTP on port 80 gets no answer. The way to S3 exists; the rule that lets port 80 out "
            "is missing. Parts of the agent fall back to plain HTTP to find a bucket's region and stall when it is dropped."
        ),
        summary="Allow outbound TCP 80 to the S3 managed prefix list com.amazonaws.{region}.s3, beside 443.",
        steps=("Check that this machine's own firewall or proxy settings do not drop port 80.",),
        aws_steps=(
            "Instance's security group: is TCP 80 allowed outbound to the prefix list com.amazonaws.{region}.s3?",
            "Network ACL of the subnet: port 80 out, ports 1024-65535 back in?",
            "Prefix list: does the rule name the S3 list of this region, and not addresses copied from it long ago?",
            "Is S3 reached by an interface endpoint alone? Then its security group must accept port 80 as well as 443.",
        ),
        commands=("curl -sS -m 5 -o /dev/null -w '%{{http_code}}\\n' http://s3.{region}.{domain}/",),
        aws_commands=(aws.INSTANCE_SECURITY_GROUP, aws.S3_PREFIX_LIST, aws.ALLOW_S3_HTTP, aws.NETWORK_ACL),
        transient=True,
        source=(
            "amazon-ssm-agent 3.3.1142.0, agent/s3util/crossregion.go:69-213; "
            "Systems Manager User Guide, setup-create-vpc (plain HTTP calls to the buckets)"
        ),
    ),
    FindingKind(
        code="s3-https-blocked",
        severity=Severity.ERROR,
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*families.DOWNLOADS,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        service="s3",
        title="S3 answers on port 80 but not on 443",
        cause=(
            "{host} answers on port 80, and HTTPS on 443 gets no answer. The way to S3 exists; the rule that lets 443 out to "
            "it is missing. Agent updates and patch payloads travel over 443, so both fail."
        ),
        summary="Allow outbound TCP 443 to the S3 managed prefix list com.amazonaws.{region}.s3, beside 80.",
        steps=("Check that this machine's own firewall does not drop TCP 443 to public addresses.",),
        aws_steps=(
            (
                "Instance's security group: is TCP 443 allowed outbound to the prefix list com.amazonaws.{region}.s3? A rule "
                "for the interface endpoints' security group does not cover S3's public addresses."
            ),
            "Network ACL of the subnet: 443 out to the addresses of that list, ports 1024-65535 back in?",
            "Prefix list: does the rule name the S3 list of this region?",
        ),
        commands=("curl -sS -m 5 -o /dev/null -w '%{{http_code}}\\n' https://s3.{region}.{domain}/",),
        aws_commands=(aws.INSTANCE_SECURITY_GROUP, aws.S3_PREFIX_LIST, aws.ALLOW_S3_HTTPS, aws.NETWORK_ACL),
        transient=True,
        source="AWS Systems Manager user guide, setup-create-vpc",
    ),
    FindingKind(
        code="s3-denied",
        severity=Severity.ERROR,
        layer=Layer.WAY,
        changed_on=Side.AWS,
        explains=(*families.DOWNLOADS,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        service="s3",
        failures=((Stage.HTTP, Failure.DENIED),),
        title="S3 is reached but a policy denies a file that everybody may read",
        cause=(
            "{host} answers 403 for an object that is known to exist and to be public. So the network is fine and a policy "
            "says no: most often the S3 endpoint's policy does not list the buckets of AWS. Whose policy it is cannot be told "
            "from here."
        ),
        summary="Allow s3:GetObject on the AWS-owned buckets of Systems Manager in the S3 endpoint's policy.",
        steps=("Nothing on this machine has to change; the agent signs some of its requests, so it may get further than curl.",),
        aws_steps=(
            (
                "Endpoint policy: does it allow s3:GetObject for every principal on aws-ssm-{region}, amazon-ssm-{region}, "
                "patch-baseline-snapshot-{region}* and aws-patch-manager-{region}-*? Patch Manager's own download is not "
                "signed, so a condition on a principal or an organisation shuts it out."
            ),
            "Does an S3 interface endpoint with a policy of its own also serve this VPC?",
            "Does a proxy or firewall on the way answer 403 in S3's name?",
            "Role of the activation: does it allow s3:GetObject on the same buckets (for the signed requests)?",
        ),
        commands=("curl -sS -m 5 -i https://s3.{region}.{domain}/amazon-ssm-{region}/latest/VERSION",),
        aws_commands=(aws.S3_ENDPOINT_POLICY, aws.ROLE_POLICIES),
        source=(
            "Systems Manager User Guide, ssm-agent-technical-details (minimum S3 permissions); "
            "amazon-ssm-agent 3.3.1142.0, agent/fileutil/artifact/artifact.go:110"
        ),
    ),
)
