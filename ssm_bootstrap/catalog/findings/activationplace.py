"""Findings about the place that an activation is fetched from: a parameter or a secret, with the instance's own role."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import Bond, FindingKind, Layer, Variant, change, look
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.model.findings import Severity, ShellCommand, Side

_ASK_ROLE = look(
    'IMDS=$(curl -sS -m 2 -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" http://169.254.169.254/latest/api/token);'
    " curl -sS -m 2 -H \"X-aws-ec2-metadata-token: $IMDS\" -o /dev/null -w '%{{http_code}}\\n'"
    " http://169.254.169.254/latest/meta-data/iam/security-credentials/",
    "200: the instance has a role; 404: it has none",
)
_REGISTER = change("sudo ssm-bootstrap register --wait 15m", "with what /etc/ssm-bootstrap.conf says")


def _allow(action: str, resource: str, context: str, told: str) -> ShellCommand:
    """The least that a role needs to read one place: the call, and the key's use for this very thing and no other.

    Sources: Systems Manager User Guide, sysman-paramstore-access and services-parameter-store (encryption context
    PARAMETER_ARN); AWS Secrets Manager User Guide, security-encryption (SecretARN); IAM User Guide, ARN wildcards.
    """
    key = f'"Action":"kms:Decrypt","Resource":"arn:{{partition}}:kms:{{region}}:*:key/*","Condition":{{{{{context}}}}}'
    statements = f'{{{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}}},{{{{"Effect":"Allow",{key}}}}}'
    return change(
        "aws iam put-role-policy --region {region} --role-name {peer} --policy-name ssm-bootstrap-activation --policy-document"
        f' \'{{{{"Version":"2012-10-17","Statement":[{statements}]}}}}\'',
        told,
        is_main=True,
    )


ALLOW_PARAMETER = _allow(
    "ssm:GetParameter",
    "{place}",
    '"StringEquals":{{"kms:EncryptionContext:PARAMETER_ARN":"{place}"}}',
    "let the instance's role read this parameter, and its key decrypt this parameter alone",
)
ALLOW_SECRET = _allow(
    "secretsmanager:GetSecretValue",
    "{place}-??????",
    '"StringLike":{{"kms:EncryptionContext:SecretARN":"{place}-??????"}}',
    "let the instance's role read this secret, and its key decrypt this secret alone;"
    " AWS adds six letters to its name, hence the question marks",
)
_POLICIES_OF_ROLE = look(
    "aws iam list-role-policies --region {region} --role-name {peer} --query PolicyNames;"
    " aws iam list-attached-role-policies --region {region} --role-name {peer} --query 'AttachedPolicies[].PolicyArn'",
    "what the role may do now",
)

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="activation-place-denied",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        changed_on=Side.AWS,
        breaks=(Capability.REGISTER,),
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.NO_PERMISSION,
        errors=("AccessDeniedException", "AccessDenied"),
        variants=(
            Variant(
                name="secret",
                when="the activation is in a secret",
                title="The instance's role may not read the activation's secret",
                cause="Secrets Manager refuses {subject} to the role of this instance: {detail}.",
                summary="Allow secretsmanager:GetSecretValue on this secret to the instance's role.",
                aws_steps=("Does a policy of the secret itself, or of the organisation, deny it?",),
                aws_commands=(_POLICIES_OF_ROLE, ALLOW_SECRET),
                source="AWS Secrets Manager API Reference, GetSecretValue",
            ),
            Variant(
                name="kms",
                when="the key refuses to decrypt it",
                title="The key of the activation may not be used by the instance's role",
                cause="The role may read {subject}, and AWS KMS refuses to decrypt it: {detail}.",
                summary="Allow kms:Decrypt to the instance's role, in its own policy and in the policy of the key.",
                aws_steps=(
                    "A key of another account or one with a policy of its own has to name the role; is the key enabled?",
                    "The service asks KMS, not the instance: no endpoint for kms is needed.",
                ),
                aws_commands=(_POLICIES_OF_ROLE, ALLOW_PARAMETER),
                source="Systems Manager User Guide, services-parameter-store; AWS KMS Developer Guide, key policies",
                errors=("KMSAccessDeniedException", "KMSAccessDenied", "InvalidKeyId", "DecryptionFailure"),
            ),
            Variant(
                name="kms-secret",
                when="the key refuses to decrypt a secret",
                title="The secret's key may not be used by the instance's role",
                cause="The role may read {subject}, and AWS KMS refuses to decrypt that secret: {detail}.",
                summary="Allow kms:Decrypt to the instance's role, in its own policy and in the policy of the secret's key.",
                aws_steps=("A key of another account or one with a policy of its own has to name the role; is the key enabled?",),
                aws_commands=(_POLICIES_OF_ROLE, ALLOW_SECRET),
                source="AWS Secrets Manager User Guide, security-encryption",
            ),
            Variant(
                name="endpoint-policy",
                when="the policy of an endpoint is what denies it",
                title="The endpoint's policy does not let the activation be read",
                cause="The call for {subject} passes an interface endpoint whose policy does not allow it: {detail}.",
                summary="Allow the call in the policy of that endpoint, for the roles of the account.",
                aws_steps=("The policy of the role may be right: the endpoint's is asked too.",),
                aws_commands=(
                    aws.of_service(aws.ENDPOINT_POLICY, "ssm"),
                    aws.PRESENT_ENDPOINT_POLICY,
                    aws.SET_ENDPOINT_POLICY,
                ),
                source="AWS PrivateLink guide, vpc-endpoints-access; IAM User Guide, troubleshoot_access-denied",
            ),
        ),
        title="The instance's role may not read the activation's parameter",
        cause="Parameter Store refuses {subject} to the role of this instance: {detail}.",
        summary="Allow ssm:GetParameter on this parameter to the instance's role.",
        steps=("Nothing on this machine has to change: the next try finds the permission, which takes a few seconds to apply.",),
        aws_steps=("Does a policy of the organisation, or a permissions boundary, deny it?",),
        commands=(_REGISTER,),
        aws_commands=(_POLICIES_OF_ROLE, ALLOW_PARAMETER),
        source="Systems Manager API Reference, GetParameter; Systems Manager User Guide, sysman-paramstore-access",
    ),
    FindingKind(
        code="activation-place-missing",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        changed_on=Side.AWS,
        breaks=(Capability.REGISTER,),
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.BAD_CONTENT,
        errors=("ParameterNotFound", "ParameterVersionNotFound"),
        variants=(
            Variant(
                name="secret",
                when="the activation is to be in a secret",
                title="The secret that should hold the activation does not exist",
                cause="Secrets Manager was reached and has no value of {subject} in {region}: {detail}.",
                summary="Create the secret in {region}, or correct its name in /etc/ssm-bootstrap.conf ([activation] from).",
                aws_commands=(look("aws secretsmanager list-secrets --region {region} --query 'SecretList[].Name'"),),
                source="AWS Secrets Manager API Reference, GetSecretValue",
                errors=("ResourceNotFoundException", "InvalidRequestException"),
            ),
        ),
        title="The parameter that should hold the activation does not exist",
        cause="Parameter Store was reached and has no {subject} in {region}: {detail}.",
        summary="Create the parameter in {region}, or correct its name in /etc/ssm-bootstrap.conf ([activation] from).",
        steps=("Names are case-sensitive, and the leading slash is part of them.",),
        aws_steps=("Has the rotation run? It writes the first value.",),
        commands=(look("grep -n from /etc/ssm-bootstrap.conf"), _REGISTER),
        aws_commands=(look("aws ssm describe-parameters --region {region} --query 'Parameters[].Name'"),),
        source="Systems Manager API Reference, GetParameter",
    ),
    FindingKind(
        code="instance-role-unusable",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        changed_on=Side.AWS,
        subject="this instance",
        breaks=(Capability.REGISTER,),
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.NO_PERMISSION,
        variants=(
            Variant(
                name="refused",
                when="AWS does not accept the credentials of the role",
                title="AWS does not accept the credentials of the instance's role",
                cause="The call for the activation was signed with the instance's role, and AWS refuses the signature: {detail}.",
                summary="Check the instance's clock and its role, and try again: new credentials come by themselves.",
                steps=("Is the clock right? A signature holds for five minutes.",),
                aws_steps=("Was the role deleted and made again? Then take the instance profile off and attach it anew.",),
                source="IAM User Guide, reference_sigv-troubleshooting",
                errors=(
                    *("ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId"),
                    *("InvalidSignatureException", "IncompleteSignature", "MissingAuthenticationTokenException"),
                ),
            ),
        ),
        title="The instance has no role to fetch the activation with",
        cause=(
            "The activation is in Parameter Store or Secrets Manager, and the metadata service says that this instance has no "
            "role (HTTP 404). Without one, nothing signs the call."
        ),
        summary="Give the instance an instance profile whose role may read the activation, and nothing else.",
        steps=("Nothing on this machine has to change: the role is found at the next try, without a reboot.",),
        aws_steps=("A role of its own for this does not make the instance a managed EC2 instance: it needs no other policy.",),
        commands=(_ASK_ROLE, _REGISTER),
        aws_commands=(
            change(
                "aws ec2 associate-iam-instance-profile --region {region} --instance-id {instance_id}"
                " --iam-instance-profile Name=<INSTANCE-PROFILE>",
                "attach an instance profile, which takes effect within a minute",
                is_main=True,
            ),
        ),
        source="Amazon EC2 User Guide, instance-metadata-security-credentials (404: no role is attached)",
    ),
)
