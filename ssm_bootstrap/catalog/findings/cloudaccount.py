"""Findings about policies, roles, activations and nodes as AWS's side shows them."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import Bond, FindingKind, Hop, Layer, Scope, Teller, Variant, look
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.catalog.findings import nodecommands as node
from ssm_bootstrap.model.findings import Severity, Side

_AFTERWARDS = "Restart the agent after the change: it may sleep for half an hour after a refusal."
_KEEP = "Setting a policy replaces all of it: keep the statements that others need."
_DOCTOR = look("sudo ssm-bootstrap doctor")

_ROLE = look(
    "aws iam get-role --region {region} --role-name {subject} --query 'Role.[Arn,AssumeRolePolicyDocument,PermissionsBoundary]'",
    "the role: its trust policy and its permissions boundary",
)
_ATTACHED = look(
    "aws iam list-attached-role-policies --region {region} --role-name {subject}"
    " --query 'AttachedPolicies[].[PolicyName,PolicyArn]'",
    "the managed policies of the role",
)
_INLINE = look(
    "aws iam list-role-policies --region {region} --role-name {subject} --query PolicyNames", "the inline policies of the role"
)
_INSTANCE_STATE = look(
    "aws ec2 describe-instances --region {region} --instance-ids {subject}"
    " --query 'Reservations[].Instances[].[State.Name,StateTransitionReason]'",
    "the state of the instance, and since when",
)
_ACTIVATIONS = look(
    "aws ssm describe-activations --region {region}"
    " --query 'ActivationList[].[ActivationId,Expired,ExpirationDate,RegistrationLimit,RegistrationsCount,IamRole]'",
    "the activations of this account in this region",
)

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="instance-stopped",
        severity=Severity.ERROR,
        layer=Layer.MACHINE,
        changed_on=Side.AWS,
        breaks_at=(Hop.INSTANCE,),
        explains=("agent-offline", "channel-down"),
        told_by=(Teller.CLOUD,),
        title="{subject} is {peer}",
        cause="EC2 says of the instance {subject}: {detail}. While it is not running, nothing on it registers or answers.",
        summary="Start {subject}.",
        steps=("Once it runs, `sudo ssm-bootstrap status` shows whether the agent is back online.",),
        aws_steps=("Was it stopped on purpose, or by a schedule? Then a patch window has to start it first.",),
        commands=(look("sudo ssm-bootstrap status"),),
        aws_commands=(_INSTANCE_STATE,),
        transient=True,
        source="Amazon EC2 User Guide, ec2-instance-lifecycle; EC2 API Reference, InstanceState",
        variants=(
            Variant(
                name="pending",
                no_repair="No change is written as code: it starts by itself.",
                when="the instance is being started",
                summary="Wait until {subject} is running, then look again.",
                aws_steps=("This takes a minute or two.",),
                aws_commands=(_INSTANCE_STATE,),
            ),
            Variant(
                name="terminated",
                no_repair="No change is written as code: a terminated instance cannot be started.",
                when="the instance is being terminated, or is gone",
                summary="Nothing brings {subject} back: look at the instance that took its place.",
                aws_steps=("Deregister the hybrid node that it leaves behind.",),
                aws_commands=(aws.LOST_NODES,),
                transient=False,
            ),
        ),
    ),
    FindingKind(
        code="endpoint-policy-denies",
        severity=Severity.ERROR,
        layer=Layer.WAY,
        changed_on=Side.AWS,
        breaks_at=(Hop.ENDPOINT,),
        explains=("registration-denied", "s3-denied", *families.NO_PATH),
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        is_of_calls=True,
        title="The policy of {subject} denies {place}",
        cause=(
            "A hybrid node sends {place} through the {service} endpoint {subject}, and the endpoint's policy does not allow it: "
            "{detail}. Calls to register and for the role's token are unsigned, so they have no principal."
        ),
        summary="Allow these calls in the policy of {subject}.",
        steps=("Nothing needs to change on this machine.",),
        aws_steps=(
            "Limit the unsigned calls of ssm by ssm:NodeAccountId or ssm:NodeOrgId, and the signed ones by aws:PrincipalAccount.",
            _KEEP,
        ),
        commands=(node.policy("endpoint-ssm", "endpoint-ssmmessages", "endpoint-ec2messages", "endpoint-s3"),),
        aws_commands=(aws.ENDPOINT_POLICY,),
        source=(
            "AWS Systems Manager User Guide, setup-create-vpc (endpoint policy considerations for hybrid nodes); "
            "IAM User Guide, reference_policies_evaluation-logic (2026-11)"
        ),
        variants=(
            Variant(
                name="signed",
                when="the endpoint carries signed calls alone, those of ssmmessages or ec2messages",
                cause=(
                    "A hybrid node sends {place} through the {service} endpoint {subject}, and the endpoint's policy does not "
                    "allow it: {detail}. The node's role signs these calls."
                ),
                aws_steps=(
                    "Limit these calls by aws:PrincipalAccount: the account of the activation, whose role signs them.",
                    _KEEP,
                ),
            ),
            Variant(
                name="downloads",
                when="the endpoint is that of S3",
                cause=(
                    "A hybrid node sends {place} through the {service} endpoint {subject}, and the endpoint's policy does not "
                    "allow it: {detail}. Downloads may be unsigned, so they may have no principal, and AWS's buckets are of no "
                    "account of yours."
                ),
                aws_steps=("Name the buckets of AWS as resources, and ask for no account or organization there.", _KEEP),
            ),
        ),
    ),
    FindingKind(
        code="activation-absent-here",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        changed_on=Side.AWS,
        explains=("activation-invalid",),
        identity=Bond.ATTEMPT,
        no_repair="No change is written as code: no role was seen that an activation could name.",
        told_by=(Teller.CLOUD,),
        title="Activation {subject} is not in {region}",
        cause=(
            "Systems Manager does not list the activation in this account and region: {detail}. It was created in another region "
            "or account, or deleted, so registering here will be refused."
        ),
        summary="Register in the region and account of the activation, or create a new one here.",
        steps=("Register with an ID and code that belong together.",),
        aws_steps=("In which region and account was the activation created?",),
        commands=(node.REGISTER_NEW,),
        aws_commands=(_ACTIVATIONS,),
        source="AWS Systems Manager User Guide, hybrid activations (an activation belongs to an account and region; 2026-11)",
        variants=(
            Variant(
                name="none-at-all",
                when="there is no activation at all",
                title="{subject} has no activation to register with",
                cause="Systems Manager lists no activation in this account and region: {detail}.",
                summary="Create an activation here, and register with it.",
                aws_steps=("Is the activation meant for this machine in another account or region?",),
            ),
        ),
    ),
    FindingKind(
        code="role-absent",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        changed_on=Side.AWS,
        explains=families.NO_TOKEN,
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="Role {subject} does not exist",
        cause=(
            "An activation or a node names the role {subject}, and the account does not have it: {detail}. Systems Manager "
            "cannot issue credentials to a node without its role."
        ),
        summary="Create the role {subject} again, or give the nodes another role.",
        steps=(_AFTERWARDS,),
        aws_steps=("For nodes that are already registered, update-managed-instance-role sets another role.",),
        commands=(_DOCTOR, node.policy("role-trust", "role-permissions")),
        aws_commands=(_ROLE,),
        source="AWS Systems Manager User Guide, hybrid-multicloud-service-role (2026-11)",
    ),
    FindingKind(
        code="role-trust",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        changed_on=Side.AWS,
        explains=families.NO_TOKEN,
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="Role {subject} does not trust Systems Manager",
        cause=(
            "The trust policy of {subject} does not let {place} assume the role for this account and region: {detail}. Without "
            "that, nodes get no credentials."
        ),
        summary="Allow {place} to call sts:AssumeRole in the trust policy of {subject}.",
        steps=(_AFTERWARDS,),
        aws_steps=("Do conditions on aws:SourceAccount and aws:SourceArn name the activation's account and region?",),
        commands=(_DOCTOR, node.policy("role-trust")),
        aws_commands=(_ROLE,),
        source="AWS Systems Manager User Guide, hybrid-multicloud-service-role; reference of AWS in China (2026-11)",
    ),
    FindingKind(
        code="role-policy",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        changed_on=Side.AWS,
        explains=families.NO_TOKEN,
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="Role {subject} does not allow {place}",
        cause=(
            "A node signs {place} with the role {subject}, and none of the role's policies allows it: {detail}. "
            "AmazonSSMManagedInstanceCore has what every node needs."
        ),
        summary="Attach AmazonSSMManagedInstanceCore to {subject}.",
        steps=(_AFTERWARDS,),
        aws_steps=("A policy of your own needs the same actions, without a resource or condition that excludes the node.",),
        commands=(_DOCTOR, node.policy("role-permissions")),
        aws_commands=(_ATTACHED, _INLINE),
        source="AWS managed policy AmazonSSMManagedInstanceCore; Service Authorization Reference, AWS Systems Manager (2026-11)",
        variants=(
            Variant(
                name="downloads",
                when="it is a download from a bucket of AWS, and the endpoint's policy requires a signature",
                no_repair=(
                    "No change is written as code: either the role or the endpoint's policy may be widened, which is for their "
                    "owners to decide."
                ),
                title="Role {subject} does not allow downloads from AWS's buckets",
                cause=(
                    "The policy of the S3 endpoint lets through signed requests alone, the agent signs its downloads with the "
                    "role {subject}, and the role does not allow them: {detail}. AmazonSSMManagedInstanceCore allows nothing in "
                    "S3."
                ),
                summary="Give {subject} the permissions that `explain --policy role-permissions` prints.",
                aws_steps=(
                    "Or let the S3 endpoint's policy give AWS's buckets to everybody, as `explain --policy endpoint-s3` does: "
                    "they are public, and the agent then downloads without a signature.",
                ),
                source=(
                    "AWS Systems Manager User Guide, ssm-agent-minimum-s3-permissions; amazon-ssm-agent, agent/fileutil/artifact "
                    "(2026-11)"
                ),
            ),
        ),
    ),
    FindingKind(
        code="role-denied",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        changed_on=Side.AWS,
        explains=families.NO_TOKEN,
        no_repair="No change is written as code: which statement may go is for its owner to decide.",
        told_by=(Teller.CLOUD,),
        scope=Scope.OF_ITS_HOSTS,
        title="A policy of the role {subject} denies {place}",
        cause=(
            "A node signs {place} with the role {subject}, and a statement of its policies denies it: {detail}. No other policy "
            "can allow what a statement denies."
        ),
        summary="Change the statement that denies it, or take that policy off {subject}.",
        steps=(_AFTERWARDS,),
        aws_steps=("Why is the statement there? Narrow its actions, resources or conditions to what it is for.",),
        commands=(_DOCTOR, node.policy("role-permissions")),
        aws_commands=(_ATTACHED, _INLINE),
        source="IAM User Guide, reference_policies_evaluation-logic (explicit deny; 2026-11)",
        variants=(
            Variant(
                name="by-boundary",
                no_repair="No change is written as code: what the boundary is to allow is for its owner to decide.",
                when="the permissions boundary of the role does not allow it",
                title="The boundary of the role {subject} denies {place}",
                cause=(
                    "A node signs {place} with the role {subject}, and the role's permissions boundary does not allow it: "
                    "{detail}. A role can do only what both its policies and its boundary allow."
                ),
                summary="Allow the node's actions in the permissions boundary of {subject}.",
                aws_steps=("Who owns the boundary? It may be the same for many roles.",),
                aws_commands=(_ROLE,),
            ),
        ),
    ),
    FindingKind(
        code="node-twice",
        severity=Severity.WARNING,
        layer=Layer.IDENTITY,
        changed_on=Side.AWS,
        no_repair="No change is written as code: which node may go is for a person to decide, as nothing brings one back.",
        told_by=(Teller.CLOUD,),
        title="{subject} is not the only node of its machine",
        cause=(
            "Systems Manager lists {place} for the same machine as {subject}: {detail}. An earlier registration left a node "
            "behind, or the EC2 instance is managed as itself too; commands to the wrong one never arrive."
        ),
        summary="Use the node that is online, and deregister a hybrid node that is left over.",
        steps=("See which identity the agent runs with.",),
        aws_steps=("Make sure that {place} is not another machine with the same name and address, in another VPC.",),
        commands=(look("sudo ssm-bootstrap status"),),
        aws_commands=(aws.NODE, aws.LOST_NODES),
        source="AWS Systems Manager User Guide, fleet-manager-deregister-hybrid-nodes (2026-11)",
    ),
)
