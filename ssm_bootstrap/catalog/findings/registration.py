"""Findings about activations and the identity of the node."""

from __future__ import annotations

from ssm_bootstrap.catalog import limits
from ssm_bootstrap.catalog.findingkind import Bond, FindingKind, Hop, Layer, Teller, Variant, change, look
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.catalog.findings import nodecommands as node
from ssm_bootstrap.model.capability import ON_A_NODE, Capability
from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.model.findings import Severity, Side

_WAYS = (
    (
        "To manage it as a hybrid node (an mi- ID): create an activation in {region} and register with it; no instance profile "
        "is needed."
    ),
    (
        "To manage it as the EC2 instance (an i- ID) instead: give it an instance profile with the policy "
        "AmazonSSMManagedInstanceCore, or set up Default Host Management Configuration in {region}."
    ),
)

_UNNOTICED = Variant(
    name="unnoticed",
    when="the similarity threshold is -1, so nothing is compared",
    title="This machine may be a clone, and its agent does not check for that",
    cause=(
        "The fingerprint in the vault was taken with a different machine-id, and with a similarity threshold of -1 the agent "
        "compares nothing. If this machine is a clone, it shares {mi} with the original: commands reach one or the other."
    ),
    summary="If this is a clone, register it as its own node with register --force, and keep the identity out of images.",
    steps=(
        "If it is not, /etc/machine-id was regenerated: there is no need to register again; check that it survives a reboot.",
        "Is this a clone? Have an activation made first, then register it as its own node with register --force.",
        "With a threshold above -1 the agent compares again, and does not start if the fingerprint does not match.",
    ),
    aws_steps=("Create an activation for the new registration; deregister {mi} if no other machine uses it.",),
    commands=(look("cat /etc/machine-id"), node.REGISTER_ANEW),
    aws_commands=(aws.NODE, aws.CREATE_ACTIVATION),
    source="amazon-ssm-agent 3.3.1142.0, agent/managedInstances/fingerprint/fingerprint.go:90-319",
)
"""The words of fingerprint-mismatch where the agent was told not to compare."""

_NO_ROLE = Variant(
    name="no-role",
    when="the agent runs as an EC2 instance without a role",
    title="This node is not registered, and the instance has no role either",
    cause=(
        "The agent's vault holds no identity, so the agent runs as the EC2 instance and asks for its role, but the metadata "
        "service has none. This happens on every EC2 image that includes the agent, until the node is registered. What the agent "
        "logs in the meantime is not a separate fault."
    ),
    steps=("Put the activation code into a file owned by root with mode 0600 and run the registration; it restarts the agent.",),
    aws_steps=_WAYS,
    commands=(node.REGISTER,),
    aws_commands=(aws.CREATE_ACTIVATION,),
    source="amazon-ssm-agent 3.3.1142.0, common/identity/credentialproviders/ec2roleprovider; measured, agent 3.3 on Debian 12",
)

_NO_MANAGEMENT = Variant(
    name="no-management",
    when="the account gives EC2 instances no role, and the instance's own role did not help",
    title="This node is not registered, and the account gives it no default role",
    cause=(
        "The agent's vault holds no identity, so the agent runs as the EC2 instance. The instance's own role did not work: "
        "either there is none or it lacks permissions, and an earlier record says which. The fallback, Default Host Management "
        "Configuration, is not set up in this account and region."
    ),
    steps=("Put the activation code into a file owned by root with mode 0600 and run the registration; it restarts the agent.",),
    aws_steps=_WAYS,
    commands=(node.REGISTER,),
    aws_commands=(aws.CREATE_ACTIVATION,),
    source="amazon-ssm-agent 3.3.1142.0, common/identity/credentialproviders/ec2roleprovider/ec2_role_provider.go:120-150",
)

_ROLE_REFUSED = Variant(
    name="role-refused",
    when="the agent runs as an EC2 instance whose role is refused",
    title="This node is not registered, and the instance's role is denied",
    cause=(
        "The agent's vault holds no identity, so the agent runs as the EC2 instance. Systems Manager answers AccessDenied to the "
        "role of its instance profile. That says nothing about the role of an activation."
    ),
    steps=("Put the activation code into a file owned by root with mode 0600 and run the registration; it restarts the agent.",),
    aws_steps=_WAYS,
    commands=(node.REGISTER,),
    aws_commands=(aws.CREATE_ACTIVATION,),
    source="amazon-ssm-agent 3.3.1142.0, common/identity/credentialproviders/ec2roleprovider; measured, agent 3.3 on Debian 12",
)

_UNREADABLE = Variant(
    name="unreadable",
    when="the journal cannot be read",
    title="A registration left a journal that cannot be read",
    cause=(
        "ssm-bootstrap left a journal whose content is not valid: it is empty, truncated, or not a regular file. So there is no "
        "record of what to finish or undo, and the identity may or may not be complete."
    ),
    summary="Run restart: it checks the vault itself and says how to go on; then remove the journal by hand.",
    steps=(
        "restart refuses, and its message says whether the vault is complete: if it is, only the journal has to go.",
        "If the vault is not complete, the message names the command that restores an identity once the journal is gone.",
        "Remove nothing else below /var/lib/amazon/ssm/.ssm-bootstrap: it may hold the only copy of an identity.",
    ),
    commands=(change("sudo ssm-bootstrap restart"), change("sudo rm -r /var/lib/amazon/ssm/.ssm-bootstrap/journal.json")),
    source="ssm-bootstrap's own journal (collect/agent/journal.py); a disk that was full or lost power may empty a file",
)
"""The words of registration-interrupted where the journal tells nothing."""

_KEY_REFUSED = Variant(
    name="key-refused",
    when="the service refuses the node's key",
    title="Systems Manager rejects this node's key",
    cause=(
        "The service answers `Authentication failed` to the request that this node signs with its own key. Either the node was "
        "deregistered, or the vault is left over from an earlier registration or was copied from another machine."
    ),
    summary="Create a new activation, then replace the old identity with register --force.",
    source="public report: the log of an ECS Anywhere node with the vault of an earlier registration",
)
"""The words of node-deregistered where the service says that the key is wrong, and not that the node is gone."""

_EXPIRED_IN_AWS = Variant(
    name="seen-in-aws",
    when="AWS itself lists the activation as expired",
    title="Activation {subject} has expired",
    cause=(
        "Systems Manager lists the activation as expired: {detail}. No machine can register with it any more; nodes already "
        "registered with it are not affected."
    ),
    summary="Create a new activation with the same role, and register with it.",
)
"""The words of activation-expired where AWS was asked."""

_USED_UP_IN_AWS = Variant(
    name="seen-in-aws",
    when="AWS itself lists the activation as used up",
    title="Activation {subject} has no registrations left",
    cause=(
        "Systems Manager lists the activation with as many registrations as its limit allows: {detail}. An attempt whose answer "
        "was lost counts too."
    ),
    summary="Create a new activation with a limit for every machine that is still to register, and use that one.",
)
"""The words of activation-exhausted where AWS was asked."""

_FULL_IN_AWS = Variant(
    name="seen-in-aws",
    no_repair="No change is written as code: AWS raises the quota when it is asked to.",
    when="AWS itself shows the count and the quota",
    title="{subject} has reached its quota of managed nodes in {region}",
    cause="The next registration will be refused: {detail}. Nodes whose machines are long gone still count.",
    summary="Deregister nodes that no longer exist, or request a higher quota, before this machine registers.",
)
"""The words of activation-quota where AWS was asked."""

_GONE_IN_AWS = Variant(
    name="seen-in-aws",
    when="AWS itself does not list the node",
    title="Systems Manager does not list the node {subject}",
    cause=(
        "The vault on this machine holds the identity {subject}, but Systems Manager does not list it: {detail}. It was "
        "deregistered; the two times show which side was read first."
    ),
    summary="Create a new activation, then replace the old identity on the machine with register --force.",
    aws_commands=(aws.NODE, aws.CREATE_ACTIVATION_IN_FILES),
)
"""The words of node-deregistered where AWS was asked."""

_IN_PLACE = Variant(
    name="in-place",
    when="a parameter, a secret or a file was read that should hold it",
    changed_on=Side.AWS,
    title="What the activation is read from does not hold one",
    cause="The value that was read is no activation, and is not repeated here: {detail}. Nothing was sent.",
    summary="Put ID and code there as create-activation printed them, as JSON or as ID:CODE.",
    steps=("Whoever fills it in may have left it empty, or put something else there; the next look takes what is there then.",),
    aws_steps=(
        "As JSON the members are `id` and `code`, or `ActivationId` and `ActivationCode`; as a line it is ID:CODE.",
        "A value without the ID needs [activation] id in /etc/ssm-bootstrap.conf on the instance.",
    ),
    commands=(look("ssm-bootstrap explain activation-malformed"),),
    aws_commands=(aws.CREATE_ACTIVATION,),
    source="Systems Manager API Reference, CreateActivation (answer)",
)
"""The words of activation-malformed where a place was asked."""

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="activation-malformed",
        severity=Severity.ERROR,
        variants=(_IN_PLACE,),
        subject="activation",
        breaks=(Capability.REGISTER,),
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.BAD_CONTENT,
        title="The activation ID or code has the wrong format",
        cause=(
            "An activation ID is a UUID of 36 characters, and an activation code has 20 to 250 characters, without spaces or "
            "quotes. The given values do not match, so nothing was sent: the agent would have cleared its identity before "
            "noticing."
        ),
        summary="Copy the activation ID and code again, exactly as create-activation printed them.",
        steps=(
            "Check for curly quotes, spaces or a line break from copy and paste.",
            "Check that ID and code are not swapped.",
        ),
        commands=(node.REGISTER_NEW,),
        aws_commands=(aws.ACTIVATION,),
        source="Systems Manager API Reference, CreateActivation; amazon-ssm-agent issues 125 and 143",
    ),
    FindingKind(
        code="activation-invalid",
        severity=Severity.ERROR,
        changed_on=Side.AWS,
        subject="activation",
        breaks=(Capability.REGISTER,),
        is_of_the_activation=True,
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.BAD_CONTENT,
        title="The service does not know this activation",
        cause=(
            "The service answered InvalidActivation: the ID and code do not match, the activation was deleted, or it was created "
            "in another region or account. Retrying cannot help."
        ),
        summary="Use an ID and code that belong together, in the region where the activation was created, or create a new one.",
        steps=("Check that the given region, {region}, is the activation's region.",),
        aws_steps=(
            "Does the activation exist in {region} in the intended account?",
            "The code is only shown once: if it is lost, create a new activation.",
        ),
        commands=(node.REGISTER_NEW,),
        aws_commands=(aws.ACTIVATION, aws.CREATE_ACTIVATION),
        source="Systems Manager API Reference, RegisterManagedInstance (aws-sdk-go 1.51.20 model)",
    ),
    FindingKind(
        code="activation-expired",
        severity=Severity.ERROR,
        told_by=(Teller.LOG, Teller.CLOUD),
        variants=(_EXPIRED_IN_AWS,),
        changed_on=Side.AWS,
        subject="activation",
        breaks=(Capability.REGISTER,),
        is_of_the_activation=True,
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.BAD_CONTENT,
        title="The activation has expired",
        cause=(
            "The service answered ActivationExpired. An activation is valid for 24 hours by default, and for 30 days at most. "
            "Nodes already registered with it are not affected."
        ),
        summary="Create a new activation and register with it.",
        steps=("Put the new code into the file that the registration reads, owned by root with mode 0600.",),
        aws_steps=("Create a new activation in {region}, with the same role.",),
        commands=(node.REGISTER_NEW,),
        aws_commands=(aws.ACTIVATION, aws.CREATE_ACTIVATION),
        source="Systems Manager User Guide, hybrid activations; aws-sdk-go 1.51.20 model",
    ),
    FindingKind(
        code="activation-exhausted",
        severity=Severity.ERROR,
        told_by=(Teller.LOG, Teller.CLOUD),
        variants=(_USED_UP_IN_AWS,),
        is_left_by="answer-lost",
        changed_on=Side.AWS,
        subject="activation",
        breaks=(Capability.REGISTER,),
        is_of_the_activation=True,
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.BAD_CONTENT,
        title="The activation has no registrations left",
        cause=(
            "The service answered RegistrationLimitExceeded for this activation, not for the account: it has registered as many "
            "nodes as its limit allows, which is one by default. An earlier attempt whose answer was lost may have used it up."
        ),
        summary="Create a new activation with a high enough registration limit, and register with it.",
        steps=("Put the new code into the file that the registration reads, owned by root with mode 0600.",),
        aws_steps=(
            (
                "Which nodes did this activation register? One that never came online is left over from a lost answer: "
                "deregister it."
            ),
            "Create a new activation; do not rely on deregistering a node to free a registration.",
        ),
        commands=(node.REGISTER_NEW,),
        aws_commands=(aws.ACTIVATION, aws.NODES_OF_ACTIVATION, aws.CREATE_ACTIVATION),
        source="Systems Manager User Guide, hybrid activations (default limit 1); aws-sdk-go 1.51.20 model",
    ),
    FindingKind(
        code="activation-quota",
        severity=Severity.ERROR,
        told_by=(Teller.LOG, Teller.CLOUD),
        variants=(_FULL_IN_AWS,),
        changed_on=Side.AWS,
        subject="account",
        breaks=(Capability.REGISTER,),
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.BAD_CONTENT,
        title="The account has reached its quota of managed nodes in this region",
        cause=(
            "The service answered RegistrationLimitExceeded for the whole account: it already has as many managed nodes in this "
            "region as its quota allows. A new activation does not help, and nodes whose machines are long gone still count."
        ),
        summary="Deregister nodes that no longer exist, or request a higher quota of managed nodes, then register.",
        steps=("Once there is room, register with the same activation if it has not expired.",),
        aws_steps=(
            "Deregister hybrid nodes whose machines are gone: look for those that lost their connection long ago.",
            (
                "Request a higher quota of managed nodes in Service Quotas (Systems Manager, this region). If the account has no "
                "value of its own for it, the default holds."
            ),
            "No tier limits this any more: the limit of 1,000 nodes ended with the advanced-instances tier on 30 June 2026.",
            limits.HYBRID_NODES_COST,
        ),
        commands=(node.REGISTER,),
        aws_commands=(aws.LOST_NODES, aws.QUOTAS, aws.DEFAULT_QUOTAS, aws.DEREGISTER_GONE, aws.REQUEST_QUOTA),
        source="AWS General Reference, Systems Manager quotas; Systems Manager User Guide, end of the tiers (2026-11)",
    ),
    FindingKind(
        code="answer-lost",
        severity=Severity.ERROR,
        changed_on=Side.AWS,
        subject="activation",
        breaks=(Capability.REGISTER,),
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.BAD_CONTENT,
        title="The registration was sent, but its answer was lost",
        cause=(
            "The request may have reached the service, and the connection broke before the answer arrived. The service may have "
            "registered a node that this machine does not know about, and counted it against the activation. So the call is not "
            "retried automatically."
        ),
        summary="In AWS, find a node that this attempt created, deregister it, then register again.",
        steps=(
            "Do not run the registration in a loop: each attempt may use up the activation and leave another orphan.",
            "Once the account's owner has checked, register again with an activation that has registrations left.",
            "Find out what cut the connection: run `ssm-bootstrap probe`.",
        ),
        aws_steps=(
            "Compare the activation's RegistrationsCount with the nodes that really use it.",
            (
                "Find the orphan: an mi- ID of this activation, registered at the time of the attempt, that never came online "
                "and that no machine uses."
            ),
            "Remove it with deregister-managed-instance. First make sure that it is not a working node.",
            "If the count has reached the limit, create a new activation.",
        ),
        commands=(look("ssm-bootstrap probe --region {region} --for register"), node.REGISTER_NEW),
        aws_commands=(aws.ACTIVATION, aws.NODES_OF_ACTIVATION, aws.DEREGISTER_ORPHAN, aws.CREATE_ACTIVATION),
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
            _NO_MANAGEMENT,
            _ROLE_REFUSED,
        ),
        title="This node is not registered with Systems Manager",
        cause=(
            "The agent's vault holds no identity. Without one the agent exits at once and is restarted every 90 seconds, and "
            "nothing but registration works. AWS credentials on this machine do not replace registration."
        ),
        summary="Register this node with an activation ID and code.",
        steps=("Put the activation code into a file owned by root with mode 0600 and run the registration.",),
        aws_steps=("Create an activation in the intended region and hand over its ID and code.",),
        commands=(node.REGISTER,),
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
        title="This node is already registered",
        cause="The agent's vault holds a complete identity, {mi}, so nothing was changed.",
        summary="Nothing to do; if the node is not online, check its state.",
        steps=(
            "To see whether the node works, run status or doctor.",
            "To give it a new identity, run `ssm-bootstrap register --force` with an activation; `ssm-bootstrap rollback` takes "
            "that back.",
        ),
        commands=(look("sudo ssm-bootstrap status"), look("sudo ssm-bootstrap doctor")),
        source="amazon-ssm-agent 3.3.1142.0, agent/managedInstances/registration/instance_info.go:94-99",
    ),
    FindingKind(
        code="registration-interrupted",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        explains=("registration-lost", "not-registered", "agent-not-running", *families.NO_TOKEN),
        variants=(_UNREADABLE,),
        title="A registration was interrupted and neither finished nor undone",
        cause=(
            "ssm-bootstrap left a journal and no process holds its lock, so a run was killed halfway. The identity that the "
            "agent sees may be incomplete."
        ),
        summary="Run register again: it first finishes or undoes what the journal says.",
        steps=("Do not register with another tool in the meantime, and do not delete the journal by hand.",),
        commands=(look("sudo ssm-bootstrap status"), node.REGISTER),
        source="amazon-ssm-agent 3.3.1142.0, core/agent_parser.go:194-246 (the vault is blanked before the call)",
    ),
    FindingKind(
        code="node-deregistered",
        severity=Severity.ERROR,
        told_by=(Teller.LOG, Teller.CLOUD),
        layer=Layer.IDENTITY,
        subject="this node",
        breaks=ON_A_NODE,
        explains=(*families.NO_TOKEN,),
        identity=Bond.NODE,
        ended_by=("credentials-ready",),
        variants=(
            _GONE_IN_AWS,
            _KEY_REFUSED,
        ),
        title="Systems Manager no longer knows this node",
        cause=(
            "The service answers InvalidInstanceId for {mi}: the node was deregistered in the account, but the vault on this "
            "machine still holds the old identity. A vault also survives reinstalling the agent."
        ),
        summary="Create a new activation, then register this node again with register --force.",
        steps=(
            "Make sure that this is the intended machine, and not a clone that carries another node's identity.",
            "Have an activation made first, then register with --force; the node then gets a new mi- ID.",
        ),
        aws_steps=(
            "Is {mi} gone from the list of managed nodes, or does it belong to another account or region?",
            "Create an activation. Tags, maintenance windows and associations by ID have to be updated to the new mi- ID.",
        ),
        commands=(node.REGISTER_ANEW,),
        aws_commands=(aws.NODE, aws.CREATE_ACTIVATION),
        source="Systems Manager API Reference, InvalidInstanceId; amazon-ssm-agent issue 381",
    ),
    FindingKind(
        code="registration-denied",
        severity=Severity.ERROR,
        breaks_at=(Hop.SERVICE,),
        layer=Layer.IDENTITY,
        changed_on=Side.AWS,
        explains=(*families.NO_TOKEN,),
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.NO_PERMISSION,
        title="A policy denies the registration call",
        cause=(
            "The service answered AccessDenied to a call that a hybrid node makes unsigned. An unsigned call has no principal, "
            "so an endpoint policy that requires a principal, an account or an organisation (such as aws:PrincipalOrgID) always "
            "denies it."
        ),
        summary="Allow the unsigned hybrid calls in the ssm endpoint policy, limited by ssm:NodeAccountId or ssm:NodeOrgId.",
        steps=(
            "Nothing needs to change on this machine. Do not repeat the call: each attempt clears the agent's identity first.",
        ),
        aws_steps=(
            (
                "Endpoint policy for ssm: does it allow ssm:RegisterManagedInstance, ssm:RequestManagedInstanceRoleToken and "
                "ssm:UpdateManagedInstancePublicKey for principal `*`?"
            ),
            (
                "Do conditions on aws:PrincipalOrgID, aws:PrincipalAccount or aws:SourceAccount block these three? Use "
                "ssm:NodeAccountId or ssm:NodeOrgId instead."
            ),
            "Does a service control policy of the organisation deny one of these three?",
            "Does a proxy or firewall in the path answer instead of the service?",
        ),
        commands=(look("ssm-bootstrap probe --region {region} --for register"), node.policy("endpoint-ssm")),
        aws_commands=(
            aws.of_service(aws.ENDPOINT_POLICY, "ssm"),
            aws.PRESENT_ENDPOINT_POLICY,
            aws.SET_ENDPOINT_POLICY,
        ),
        source=(
            "AWS Systems Manager User Guide, 2026-11: setup-create-vpc, endpoint policy considerations for hybrid nodes; "
            "service control policies for hybrid nodes"
        ),
    ),
    FindingKind(
        code="registration-lost",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        explains=("not-registered", "agent-not-running", *families.NO_TOKEN),
        awaits_registering=True,
        title="This node has lost its identity: the vault is empty",
        cause=(
            "The registration file still names {mi}, but the vault, which the agent relies on, has no identity. The agent clears "
            "the vault before it calls the service, so a registration that failed or was killed leaves exactly this."
        ),
        summary="Register this node again with a new activation, or restore a copy of the vault if there is one.",
        steps=(
            (
                "If there is an earlier backup of /var/lib/amazon/ssm/Vault: stop the agent, restore it with its file modes, and "
                "start the agent."
            ),
            "Otherwise register again; the node gets a new mi- ID.",
        ),
        aws_steps=("The old node, {mi}, stays in the account as offline: deregister it once the new one works.",),
        commands=(look("sudo ls -lR /var/lib/amazon/ssm/Vault"), node.REGISTER_NEW),
        aws_commands=(aws.NODE, aws.CREATE_ACTIVATION, aws.DEREGISTER_OLD),
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
        title="This machine does not match the fingerprint of the registered node",
        cause=(
            "The machine-id, addresses or hardware differ from the registered ones by more than the agent's threshold allows, so "
            "the service answers MachineFingerprintDoesNotMatch, or will when the agent next starts. Typical causes are a cloned "
            "image, a regenerated /etc/machine-id, a moved virtual machine or an upgrade."
        ),
        summary="If this is no clone, put a regenerated machine-id back; otherwise register again with register --force.",
        steps=(
            (
                "No clone? It may be only a regenerated /etc/machine-id: put the old one back from a backup and restart the "
                "agent; the node keeps its ID."
            ),
            "Is this a clone? Have an activation made first, then register it as its own node with register --force.",
            "Check that /etc/machine-id survives a reboot and is not the same on every machine.",
            (
                "If the same machine changes often, lower the agent's threshold: `amazon-ssm-agent -fingerprint "
                "-similarityThreshold 1`."
            ),
        ),
        aws_steps=("Create an activation for the new registration; deregister {mi} if no other machine uses it.",),
        commands=(look("cat /etc/machine-id"), node.REGISTER_ANEW),
        aws_commands=(aws.NODE, aws.CREATE_ACTIVATION),
        source=(
            "amazon-ssm-agent 3.3.1142.0, agent/managedInstances/fingerprint/fingerprint.go:90-319; "
            "amazon-ssm-agent issues 73 and 567"
        ),
    ),
    FindingKind(
        code="throttled",
        severity=Severity.ERROR,
        breaks_at=(Hop.SERVICE,),
        errors=("ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"),
        exit_status=ExitStatus.TRY_LATER,
        variants=(
            Variant(
                name="retries",
                when="the SDK no longer repeats calls",
                title="So many calls failed that AWS's SDK no longer repeats them",
                cause=(
                    "AWS's SDK gives each program a budget for repeated calls, and this one has used it up: {detail}. The "
                    "errors before it say why the calls failed: throttling, the network, or the service."
                ),
                summary="Look for the error before this one and correct that; the budget fills up again by itself.",
                steps=("The call that failed here was not sent; the next may be.",),
                commands=(look("sudo ssm-bootstrap probe"),),
            ),
        ),
        title="The service is throttling requests",
        cause=(
            "The service answered that the request rate is exceeded, as happens when many nodes register at once. The agent has "
            "already retried several times."
        ),
        summary="Wait a little and try again, and spread a fleet's nodes over some minutes.",
        steps=(
            "Run the registration with --wait: it is tried again, with random pauses, until that time is over.",
            "Where many nodes start together, give `register`, `install` or `user-data` a --spread, such as 10m (docs/herd.md).",
        ),
        aws_steps=("Do many nodes start at the same moment, or does something else use up the account's request rate for ssm?",),
        commands=(node.REGISTER_PATIENTLY,),
        transient=True,
        is_of_load=True,
        source="AWS common errors (AWS API references): ThrottlingException, TooManyUpdates",
    ),
    FindingKind(
        code="service-error",
        severity=Severity.ERROR,
        breaks_at=(Hop.SERVICE,),
        errors=("InternalServerError", "InternalServiceError", "InternalFailure", "ServiceUnavailable"),
        exit_status=ExitStatus.TRY_LATER,
        title="The service answered with a server error",
        cause="AWS answered with a server error (5xx). The request itself was fine; the fault is in AWS.",
        summary="Try again in a few minutes; if it persists, check the AWS Health Dashboard.",
        steps=("Run the registration with --wait, which retries with growing, random pauses.",),
        aws_steps=("AWS Health Dashboard: is there an event for Systems Manager in {region}? If not, contact AWS Support.",),
        commands=(node.REGISTER_PATIENTLY,),
        transient=True,
        source="AWS common errors (AWS API references): InternalServerError, ServiceUnavailable",
    ),
)
