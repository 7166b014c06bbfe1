"""Findings about activations and the identity of the node."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import Bond, FindingKind, Layer, Side, Variant
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.model.capability import ON_A_NODE, Capability
from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.model.findings import Severity

_REGISTER = "sudo ssm-bootstrap register --activation-id <ACTIVATION-ID> --activation-code-file <FILE> --region {region}"
_CLEAR = "sudo amazon-ssm-agent -register -clear"

_WAYS = (
    "To be a hybrid node (an mi- id): make an activation in {region} and register with it; no instance profile is needed.",
    (
        "To be managed as the EC2 instance (an i- id) instead: give it an instance profile with the policy "
        "AmazonSSMManagedInstanceCore, or set up Default Host Management Configuration in {region}."
    ),
)

_UNNOTICED = Variant(
    name="unnoticed",
    when="the similarity threshold is -1, so that nothing is compared",
    title="This machine may be a clone, and its agent was told not to compare",
    cause=(
        "The fingerprint in the vault was taken of another machine-id than this machine's, and the similarity threshold of -1 "
        "has the agent compare nothing. If this is a clone, it and its original share {mi}: commands reach one or the other."
    ),
    summary="If this is a clone, register it as a node of its own, and keep the identity out of images that are cloned.",
    steps=(
        "Is this a clone? Then clear its identity and register it as a node of its own.",
        "Is it not? Then /etc/machine-id was made anew: check that it survives a reboot.",
        "With a threshold above -1 the agent compares again, and does not start with what does not fit.",
    ),
    aws_steps=("Make an activation for the new registration; deregister {mi} if no other machine uses it.",),
    commands=("cat /etc/machine-id", _CLEAR, _REGISTER),
    aws_commands=(aws.NODE, aws.CREATE_ACTIVATION),
    source="amazon-ssm-agent 3.3.1142.0, agent/managedInstances/fingerprint/fingerprint.go:90-319",
)
"""The words of fingerprint-mismatch where the agent was told not to compare."""

_NO_ROLE = Variant(
    name="no-role",
    when="the agent runs as an EC2 instance without a role",
    title="This node is not registered, and the instance has no role either",
    cause=(
        "The agent's vault holds no identity, so the agent takes itself for the EC2 instance and asks for its role, of which "
        "the metadata service knows none. It does so on every EC2 image that has the agent in it, until somebody registers; "
        "what it logs meanwhile is no other fault."
    ),
    steps=("Put the code into a file owned by root with mode 0600 and run the registration; it restarts the agent.",),
    aws_steps=_WAYS,
    commands=(_REGISTER,),
    aws_commands=(aws.CREATE_ACTIVATION,),
    source="amazon-ssm-agent 3.3.1142.0, common/identity/credentialproviders/ec2roleprovider; measured, agent 3.3 on Debian 12",
)

_ROLE_REFUSED = Variant(
    name="role-refused",
    when="the agent runs as an EC2 instance whose role is refused",
    title="This node is not registered, and the instance's role is refused",
    cause=(
        "The agent's vault holds no identity, so the agent takes itself for the EC2 instance. Systems Manager refuses the role "
        "of its instance profile with AccessDenied. That says nothing of the role of an activation."
    ),
    steps=("Put the code into a file owned by root with mode 0600 and run the registration; it restarts the agent.",),
    aws_steps=_WAYS,
    commands=(_REGISTER,),
    aws_commands=(aws.CREATE_ACTIVATION,),
    source="amazon-ssm-agent 3.3.1142.0, common/identity/credentialproviders/ec2roleprovider; measured, agent 3.3 on Debian 12",
)

_UNREADABLE = Variant(
    name="unreadable",
    when="the journal cannot be read",
    title="A change of identity left a journal that cannot be read",
    cause=(
        "A journal of ssm-bootstrap is there, and what it holds is not what this program writes: it is empty or torn, or is no "
        "file. So no run can tell what it was to finish or undo, and the identity itself may be whole or not."
    ),
    summary="Run restart: it looks at the vault itself and says how to go on; the journal is then removed by hand.",
    steps=(
        "restart refuses, and its one line says whether the vault is whole: if it is, nothing but the journal has to go.",
        "Where the vault is not whole, the same line names the command that brings an identity back once the journal is gone.",
        "Remove nothing else below /var/lib/amazon/ssm/.ssm-bootstrap: it may hold the only copy of an identity.",
    ),
    commands=("sudo ssm-bootstrap restart", "sudo rm -r /var/lib/amazon/ssm/.ssm-bootstrap/journal.json"),
    source="ssm-bootstrap's own journal (collect/agent/journal.py); a disk that was full or lost power may empty a file",
)
"""The words of registration-interrupted where the journal tells nothing."""

_KEY_REFUSED = Variant(
    name="key-refused",
    when="the service refuses the node's key",
    title="Systems Manager does not take this node's key",
    cause=(
        "The service answers `Authentication failed` to the request that this node signs with its own key. Either it was "
        "deregistered, or the vault is left from an earlier registration or was copied from another machine."
    ),
    summary="Clear the old identity, then register this node again with a new activation.",
    source="public report: the log of an ECS Anywhere node with the vault of an earlier registration",
)
"""The words of node-deregistered where the service says that the key is wrong, and not that the node is gone."""

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="activation-malformed",
        severity=Severity.ERROR,
        subject="activation",
        breaks=(Capability.REGISTER,),
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.BAD_CONTENT,
        title="The activation id or code has the wrong form",
        cause=(
            "An activation id is a UUID of 36 characters and a code has 20 to 250 characters, without spaces or quotes. What "
            "was given is different, so nothing was sent: the agent would blank its identity before it noticed."
        ),
        summary="Copy the activation id and code again, exactly as create-activation printed them.",
        steps=(
            "Look for curly quotes, spaces or a line break that came with copy and paste.",
            "Check that id and code were not given in each other's place.",
        ),
        commands=(_REGISTER,),
        aws_commands=(aws.ACTIVATION,),
        source="Systems Manager API Reference, CreateActivation; amazon-ssm-agent issues 125 and 143",
    ),
    FindingKind(
        code="activation-invalid",
        severity=Severity.ERROR,
        changed_on=Side.AWS,
        subject="activation",
        breaks=(Capability.REGISTER,),
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.BAD_CONTENT,
        title="The service does not know this activation",
        cause=(
            "The service answered InvalidActivation: id and code do not belong together, the activation was deleted, or it was "
            "made in another region or account. Trying again cannot help."
        ),
        summary="Use an id and code that belong together, in the region where the activation was made, or make a new one.",
        steps=("Check that the region given, {region}, is the activation's.",),
        aws_steps=(
            "Does the activation exist in {region} of the account meant?",
            "The code is shown once only: if it is lost, make a new activation.",
        ),
        commands=(_REGISTER,),
        aws_commands=(aws.ACTIVATION, aws.CREATE_ACTIVATION),
        source="Systems Manager API Reference, RegisterManagedInstance (aws-sdk-go 1.51.20 model)",
    ),
    FindingKind(
        code="activation-expired",
        severity=Severity.ERROR,
        changed_on=Side.AWS,
        subject="activation",
        breaks=(Capability.REGISTER,),
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.BAD_CONTENT,
        title="The activation has expired",
        cause=(
            "The service answered ActivationExpired. An activation lives for 24 hours unless it was made to last longer, 30 "
            "days at most. Nodes that it registered before are not affected."
        ),
        summary="Make a new activation and register with that.",
        steps=("Put the new code into the file that the registration reads, owned by root with mode 0600.",),
        aws_steps=("Make a new activation in {region}, with the same role.",),
        commands=(_REGISTER,),
        aws_commands=(aws.ACTIVATION, aws.CREATE_ACTIVATION),
        source="Systems Manager User Guide, hybrid activations; aws-sdk-go 1.51.20 model",
    ),
    FindingKind(
        code="activation-exhausted",
        severity=Severity.ERROR,
        is_left_by="answer-lost",
        changed_on=Side.AWS,
        subject="activation",
        breaks=(Capability.REGISTER,),
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.BAD_CONTENT,
        title="The activation has no registration left",
        cause=(
            "The service answered RegistrationLimitExceeded: the activation has registered as many nodes as it may, which is "
            "one unless said otherwise. An earlier try whose answer was lost may have used it up."
        ),
        summary="Make a new activation with a registration limit that suffices, and register with that.",
        steps=("Put the new code into the file that the registration reads, owned by root with mode 0600.",),
        aws_steps=(
            (
                "Which nodes did this activation register? One that never came online is the leftover of a lost answer: "
                "deregister it."
            ),
            "Make a new activation; deregistering a node does not give the use back for certain.",
        ),
        commands=(_REGISTER,),
        aws_commands=(aws.ACTIVATION, aws.NODES_OF_ACTIVATION, aws.CREATE_ACTIVATION),
        source="Systems Manager User Guide, hybrid activations (default limit 1); aws-sdk-go 1.51.20 model",
    ),
    FindingKind(
        code="activation-quota",
        severity=Severity.ERROR,
        changed_on=Side.AWS,
        subject="account",
        breaks=(Capability.REGISTER,),
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.BAD_CONTENT,
        title="The account has no room for another managed node in this region",
        cause=(
            "The service answered RegistrationLimitExceeded for the whole account: as many hybrid nodes are registered in the "
            "region as its tier and quota allow. A new activation does not help, and machines that are long gone still count."
        ),
        summary="Deregister nodes that no longer exist, or change to the advanced tier or raise the quota, then register.",
        steps=("Once there is room, register with the same activation if it has not expired.",),
        aws_steps=(
            "Deregister the hybrid nodes whose machines are gone: look for those whose connection was lost long ago.",
            "The standard tier ends at 1,000 hybrid nodes an account and region; the advanced tier goes on and has its price.",
            "Where the advanced tier is on, ask for more in Service Quotas.",
        ),
        commands=(_REGISTER,),
        aws_commands=(
            (
                "aws ssm describe-instance-information --region {region}"
                " --filters Key=ResourceType,Values=ManagedInstance Key=PingStatus,Values=ConnectionLost"
                " --query 'InstanceInformationList[].[InstanceId,LastPingDateTime,ComputerName]' --output table"
            ),
            "aws ssm deregister-managed-instance --region {region} --instance-id <GONE-MI-ID>",
            "aws ssm get-service-setting --region {region} --setting-id /ssm/managed-instance/activation-tier",
        ),
        source="AWS General Reference, Systems Manager quotas; Systems Manager User Guide, managed nodes tiers",
    ),
    FindingKind(
        code="answer-lost",
        severity=Severity.ERROR,
        changed_on=Side.AWS,
        subject="activation",
        breaks=(Capability.REGISTER,),
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.BAD_CONTENT,
        title="The registration went out, and its answer was lost",
        cause=(
            "The request reached the service, or may have, and the connection broke before the answer came. The service may "
            "have registered a node that this machine does not know about and counted the activation as used, so the call is "
            "not repeated by itself."
        ),
        summary="Look on the AWS side for a node that this try created, remove it, then register again.",
        steps=(
            "Do not run the registration in a loop: each try may use up the activation and leave one more orphan.",
            "Once the account's owner has looked, register again with an activation that has a use left.",
            "Find out what cut the connection: ssm-bootstrap probe.",
        ),
        aws_steps=(
            "Compare the activation's RegistrationsCount with the nodes that really use it.",
            (
                "Find the orphan: a mi- id of this activation, registered at the time of the try, that never came online and "
                "that no machine knows as its own."
            ),
            "Remove it with deregister-managed-instance. Make sure first that it is no working node.",
            "If the count has reached the limit, make a new activation.",
        ),
        commands=("ssm-bootstrap probe --region {region} --for register", _REGISTER),
        aws_commands=(aws.ACTIVATION, aws.NODES_OF_ACTIVATION, aws.DEREGISTER_NODE, aws.CREATE_ACTIVATION),
        source=(
            "amazon-ssm-agent 3.3.1142.0, "
            "core/agent_parser.go:161-272, agent/ssm/anonauth/anonauth_client.go (the call is not idempotent)"
        ),
    ),
    FindingKind(
        code="not-registered",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        subject="this node",
        breaks=ON_A_NODE,
        explains=("agent-not-running", *families.NO_TOKEN),
        ended_by=(
            "registered",
            "credentials-ready",
        ),
        identity=Bond.ATTEMPT,
        awaits_registering=True,
        variants=(
            _NO_ROLE,
            _ROLE_REFUSED,
        ),
        title="This node is not registered with Systems Manager",
        cause=(
            "The agent's vault holds no identity. An agent without one ends at once and is started again every 90 seconds; "
            "nothing but registration can work until it has one. AWS credentials do not replace an activation here."
        ),
        summary="Register this node with an activation id and code.",
        steps=("Put the code into a file owned by root with mode 0600 and run the registration.",),
        aws_steps=("Make an activation in the region meant and hand over its id and code.",),
        commands=(_REGISTER,),
        aws_commands=(aws.CREATE_ACTIVATION,),
        source="amazon-ssm-agent 3.3.1142.0, common/identity/identity/identity_selector.go:98-109; amazon-ssm-agent issue 247",
    ),
    FindingKind(
        code="already-registered",
        severity=Severity.INFO,
        severity_for_caller=Severity.ERROR,  # this very call failed; in a service's log it says that nothing was lost
        subject="this node",
        ended_by=("registered",),
        identity=Bond.ATTEMPT,
        is_always_told=True,
        exit_status=ExitStatus.BAD_CONTENT,
        title="This node is registered already",
        cause="The agent's vault holds a complete identity, {mi}, so nothing was changed.",
        summary="Nothing has to be done; look at the node's state if it is not online.",
        steps=("To see whether the node works, run status or doctor.",),
        commands=("sudo ssm-bootstrap status", "sudo ssm-bootstrap doctor"),
        source="amazon-ssm-agent 3.3.1142.0, agent/managedInstances/registration/instance_info.go:94-99",
    ),
    FindingKind(
        code="registration-interrupted",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        explains=("registration-lost", "not-registered", "agent-not-running", *families.NO_TOKEN),
        variants=(_UNREADABLE,),
        title="A registration was interrupted and has not been finished or undone",
        cause=(
            "A journal of ssm-bootstrap is there and nobody holds its lock, so a run was killed half-way. The identity that "
            "the agent sees may be incomplete."
        ),
        summary="Run register again: it finishes or undoes what the journal says before it does anything else.",
        steps=("Let no other tool register in the meantime, and do not delete the journal by hand.",),
        commands=("sudo ssm-bootstrap status", _REGISTER),
        source="amazon-ssm-agent 3.3.1142.0, core/agent_parser.go:194-246 (the vault is blanked before the call)",
    ),
    FindingKind(
        code="node-deregistered",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        subject="this node",
        breaks=ON_A_NODE,
        explains=(*families.NO_TOKEN,),
        identity=Bond.NODE,
        ended_by=("credentials-ready",),
        variants=(_KEY_REFUSED,),
        title="Systems Manager no longer knows this node",
        cause=(
            "The service answers InvalidInstanceId for {mi}: the node was deregistered in the account, while its vault here "
            "still holds the old identity. Such a vault also survives a reinstalled agent."
        ),
        summary="Clear the old identity and register this node again with a new activation.",
        steps=(
            "Make sure that this machine is the one meant, and not a clone that carries another node's identity.",
            "Clear the old identity, then register; the node gets a new mi- id.",
        ),
        aws_steps=(
            "Is {mi} gone from the list of managed nodes, or does it belong to another account or region?",
            "Make an activation. Tags, maintenance windows and associations by id have to name the new mi- id.",
        ),
        commands=(_CLEAR, _REGISTER),
        aws_commands=(aws.NODE, aws.CREATE_ACTIVATION),
        source="Systems Manager API Reference, InvalidInstanceId; amazon-ssm-agent issue 381",
    ),
    FindingKind(
        code="registration-denied",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        changed_on=Side.AWS,
        explains=(*families.NO_TOKEN,),
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.NO_PERMISSION,
        title="A policy denies the registration call",
        cause=(
            "The service answered AccessDenied to a call that a hybrid node makes unsigned. An unsigned call has no principal, "
            "so an endpoint policy that asks for a principal, an account or an organisation (aws:PrincipalOrgID and its like) "
            "always denies it."
        ),
        summary="Let the ssm endpoint's policy allow the unsigned hybrid calls, limited by ssm:NodeAccountId or ssm:NodeOrgId.",
        steps=("Nothing on this machine has to change. Do not repeat the call: each try blanks the agent's identity first.",),
        aws_steps=(
            (
                "Endpoint policy of ssm: does it allow ssm:RegisterManagedInstance, ssm:RequestManagedInstanceRoleToken and "
                "ssm:UpdateManagedInstancePublicKey for principal `*`?"
            ),
            (
                "Are conditions on aws:PrincipalOrgID, aws:PrincipalAccount or aws:SourceAccount in the way of these three? "
                "Use ssm:NodeAccountId or ssm:NodeOrgId instead."
            ),
            "Does a proxy or firewall on the way answer in the service's name?",
        ),
        commands=("ssm-bootstrap probe --region {region} --for register",),
        aws_commands=(aws.ENDPOINT_POLICY,),
        source="AWS Systems Manager user guide, setup-create-vpc, endpoint policy considerations for hybrid nodes",
    ),
    FindingKind(
        code="registration-lost",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        explains=("not-registered", "agent-not-running", *families.NO_TOKEN),
        awaits_registering=True,
        title="This node has lost its identity: the vault is empty, a file names the old id",
        cause=(
            "The registration file still names {mi}, and the vault, which the agent goes by, has no identity. The agent blanks "
            "the vault before it asks the service, so a registration that failed or was killed leaves exactly this."
        ),
        summary="Register this node again with a new activation, or put a copy of the vault back if there is one.",
        steps=(
            (
                "If there is a backup of /var/lib/amazon/ssm/Vault from before, stop the agent, put it back with its modes, "
                "and start the agent."
            ),
            "Otherwise register again; the node gets a new mi- id.",
        ),
        aws_steps=("The old node, {mi}, stays in the account as offline: deregister it once the new one works.",),
        commands=("sudo ls -lR /var/lib/amazon/ssm/Vault", _REGISTER),
        aws_commands=(
            aws.NODE,
            "aws ssm deregister-managed-instance --region {region} --instance-id {mi}",
            aws.CREATE_ACTIVATION,
        ),
        source="amazon-ssm-agent 3.3.1142.0, core/agent_parser.go:194-246 (the vault is blanked before the call; measured)",
    ),
    FindingKind(
        code="fingerprint-mismatch",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        subject="this node",
        breaks=ON_A_NODE,
        explains=(*families.NO_TOKEN,),
        identity=Bond.NODE,
        exit_status=ExitStatus.BAD_CONTENT,
        variants=(_UNNOTICED,),
        title="The service takes this machine for another than the one registered",
        cause=(
            "machine-id, address or hardware is not the registered one by more than the agent's threshold, so the service "
            "answers MachineFingerprintDoesNotMatch, or will at the agent's next start. A cloned image, a regenerated "
            "/etc/machine-id, a moved virtual machine or an upgrade do that."
        ),
        summary="Register this machine again, and keep the identity out of images that are cloned.",
        steps=(
            "Is this a clone? Then clear its identity and register it as a node of its own.",
            "Check that /etc/machine-id survives a reboot and is not the same on every machine.",
            (
                "If the same machine changes often, lower the agent's threshold: `amazon-ssm-agent -fingerprint "
                "-similarityThreshold 1`."
            ),
        ),
        aws_steps=("Make an activation for the new registration; deregister {mi} if no other machine uses it.",),
        commands=("cat /etc/machine-id", _CLEAR, _REGISTER),
        aws_commands=(aws.NODE, aws.CREATE_ACTIVATION),
        source=(
            "amazon-ssm-agent 3.3.1142.0, agent/managedInstances/fingerprint/fingerprint.go:90-319; "
            "amazon-ssm-agent issues 73 and 567"
        ),
    ),
    FindingKind(
        code="throttled",
        severity=Severity.ERROR,
        exit_status=ExitStatus.TRY_LATER,
        title="The service is being asked too often",
        cause=(
            "The service answered that the rate of calls is exceeded, as happens when many nodes register at once. The agent "
            "has already tried several times by itself."
        ),
        summary="Wait a little and try again, and spread the nodes of a fleet over some minutes.",
        steps=("Run the registration with --wait, which tries again with growing, random pauses.",),
        aws_steps=("Are many nodes started at the same moment, or does something else use up the account's rate for ssm?",),
        commands=(_REGISTER + " --wait 15m",),
        transient=True,
        source="AWS common errors (AWS API references): ThrottlingException, TooManyUpdates",
    ),
    FindingKind(
        code="service-error",
        severity=Severity.ERROR,
        exit_status=ExitStatus.TRY_LATER,
        title="The service reports an error of its own",
        cause="AWS answered with a server error (5xx). The request was understood to be fine; the fault is on the other side.",
        summary="Try again in some minutes; if it lasts, look at the AWS Health Dashboard.",
        steps=("Run the registration with --wait, which tries again with growing, random pauses.",),
        aws_steps=("AWS Health Dashboard: is there an event for Systems Manager in {region}? If not, ask AWS Support.",),
        commands=(_REGISTER + " --wait 15m",),
        transient=True,
        source="AWS common errors (AWS API references): InternalServerError, ServiceUnavailable",
    ),
)
