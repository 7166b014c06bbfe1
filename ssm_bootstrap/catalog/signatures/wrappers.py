"""What the agent was doing when it failed: phases around the ssm service and the agent's core."""

from __future__ import annotations

from ssm_bootstrap.catalog.signatures.kinds import AGENT, CallRefusal, Kind, Refused, Signature, documented, formatted, measured
from ssm_bootstrap.model.capability import ON_A_NODE, Capability

WRAPPERS: tuple[Signature, ...] = (
    Signature(
        id="register",
        kind=Kind.PHASE,
        fixed="Registration failed due to error registering the instance with AWS SSM.",
        pattern=r"Registration failed due to error registering the instance with AWS SSM\.",
        meaning="RegisterManagedInstance failed",
        source=AGENT + "core/agent_parser.go:177,247",
        samples=(
            measured("Registration failed due to error registering the instance with AWS SSM. InvalidActivation: lab"),
            measured(
                "Registration failed due to error registering the instance with AWS SSM. RequestError: send request failed\n"
                'caused by: Post "https://ssm.ap-northeast-1.amazonaws.com/": dial tcp 52.119.221.73:443: i/o timeout'
            ),
        ),
        near_misses=("Registration failed due to EOF", "Successfully registered the instance with AWS SSM"),
        service="ssm",
        breaks=(Capability.REGISTER,),
        ended_by=("registered", "credentials-ready"),
        refused=Refused("registration-denied", of=(CallRefusal.PERMISSION, CallRefusal.ACTION)),
        unanswered="answer-lost",
    ),
    Signature(
        id="role-token",
        kind=Kind.PHASE,
        fixed="Retrieve credentials produced error: ",
        pattern=r"Retrieve credentials produced error: (?!no valid credentials could be retrieved for ec2 identity)",
        meaning="the hybrid role token (RequestManagedInstanceRoleToken) could not be had",
        source=AGENT + "core/app/credentialrefresher/credentialrefresher.go:218",
        samples=(
            measured(
                "Retrieve credentials produced error: AccessDeniedException: lab\n"
                "\tstatus code: 400, request id: 00000000-0000-4000-8000-000000000000"
            ),
            measured(
                "Retrieve credentials produced error: RequestError: send request failed\n"
                'caused by: Post "https://ssm.ap-northeast-1.amazonaws.com/": dial tcp: '
                "lookup ssm.ap-northeast-1.amazonaws.com on 10.0.0.2:53: no such host"
            ),
        ),
        near_misses=(
            "Sleeping for 26m49s before retrying retrieve credentials",
            "Retrieve credentials produced error: no valid credentials could be retrieved for ec2 identity. x",
        ),
        service="ssm",
        breaks=ON_A_NODE,
        ended_by=("credentials-ready",),
        refused=Refused("credentials-refused"),
    ),
    Signature(
        id="ec2-role-token",
        kind=Kind.PHASE,
        fixed="no valid credentials could be retrieved for ec2 identity",
        pattern=r"no valid credentials could be retrieved for ec2 identity",
        meaning="the agent runs as the EC2 instance, and neither the instance's role nor Default Host Management let it in",
        source=AGENT + "core/app/credentialrefresher/credentialrefresher.go:218; common/identity/.../ec2_role_provider.go:147",
        samples=(
            measured(
                "Retrieve credentials produced error: no valid credentials could be retrieved for ec2 identity. "
                "Default Host Management Err: ec2 instance not yet registered with Systems Manager"
            ),
            measured(
                "SSM Agent unable to acquire credentials: <error>no valid credentials could be retrieved for ec2 identity. "
                "Default Host Management Err: error calling RequestManagedInstanceRoleToken: AccessDeniedException: "
                "Systems Manager's instance management role is not configured for account: 123456789012"
            ),
        ),
        near_misses=("Retrieve credentials produced error: AccessDeniedException: lab",),
        service="ssm",
        breaks=ON_A_NODE,
        ended_by=("credentials-ready",),
        refused=Refused("not-registered", "role-refused"),
    ),
    Signature(
        id="console-credentials",
        kind=Kind.PHASE,
        fixed="SSM Agent unable to acquire credentials: ",
        pattern=(
            r"SSM Agent unable to acquire credentials: "
            r"(?!(?:<error>)?no valid credentials could be retrieved for ec2 identity)"
        ),
        meaning="the agent told the serial console of the EC2 instance that it has no credentials",
        source=AGENT + "core/app/credentialrefresher; public reports of console output",
        samples=(
            documented(
                "SSM Agent unable to acquire credentials: unexpected error getting instance profile role credentials or "
                "calling UpdateInstanceInformation. RequestError: send request failed\n"
                'caused by: Post "https://ssm.us-east-1.amazonaws.com/": dial tcp 44.216.199.76:443: i/o timeout'
            ),
        ),
        near_misses=(
            "SSM Agent unable to acquire credentials: <error>no valid credentials could be retrieved for ec2 identity.",
        ),
        service="ssm",
        breaks=ON_A_NODE,
        ended_by=("credentials-ready",),
        refused=Refused("not-registered", "role-refused"),
    ),
    Signature(
        id="role-token-call",
        kind=Kind.PHASE,
        fixed="error occurred in RequestManagedInstanceRoleToken: ",
        pattern=r"(?<!produced error: )\berror occurred in RequestManagedInstanceRoleToken: ",
        meaning="the hybrid role token (RequestManagedInstanceRoleToken) could not be had, told by a health ping",
        source=AGENT + "common/identity/credentialproviders/onpremprovider/role_provider.go",
        samples=(measured("error occurred in RequestManagedInstanceRoleToken: AccessDeniedException: Authentication failed"),),
        near_misses=("error calling RequestManagedInstanceRoleToken: AccessDeniedException: x",),
        service="ssm",
        breaks=ON_A_NODE,
        ended_by=("credentials-ready",),
        refused=Refused("credentials-refused"),
    ),
    Signature(
        id="role-token-status",
        kind=Kind.PHASE,
        fixed="returned from AWS API. RequestId: ",
        pattern=r"Status code \d+ returned from AWS API\. RequestId: ",
        meaning="the HTTP status of a refused role token call",
        source=AGENT + "core/app/credentialrefresher/credentialrefresher.go:243",
        samples=(
            formatted(
                "Status code 400 returned from AWS API. RequestId: 00000000-0000-4000-8000-000000000000 "
                "Message: AccessDeniedException: not allowed"
            ),
        ),
        near_misses=("\tstatus code: 400, request id: 00000000-0000-4000-8000-000000000000",),
        service="ssm",
        breaks=ON_A_NODE,
        ended_by=("credentials-ready",),
        refused=Refused("credentials-refused"),
    ),
    Signature(
        id="api-call",
        kind=Kind.PHASE,
        fixed="error when calling AWS APIs. error details - ",
        pattern=r"error when calling AWS APIs\. error details - ",
        meaning="a call of the health check, of associations or of ec2messages failed; the context prefix tells which",
        source=AGENT + "agent/sdkutil/awserr.go:49",
        samples=(
            formatted(
                "error when calling AWS APIs. error details - RequestError: send request failed\n"
                'caused by: Post "https://ssm.eu-west-1.amazonaws.com/": dial tcp 10.0.1.21:443: i/o timeout'
            ),
            formatted("error when calling AWS APIs. error details - InvalidInstanceId: "),
        ),
        service="ssm",
        ended_by=("credentials-ready",),
    ),
    Signature(
        id="associations",
        kind=Kind.PHASE,
        fixed="Unable to load instance associations, ",
        pattern=r"Unable to load instance associations, ",
        meaning="ListInstanceAssociations failed",
        source=AGENT + "agent/association/processor/processor.go:167,178",
        samples=(formatted("Unable to load instance associations, unable to retrieve associations InternalServerError: "),),
        near_misses=("Encountered error while loading association 1b2c contents",),
        service="ssm",
        ended_by=("credentials-ready",),
    ),
    Signature(
        id="association-document",
        kind=Kind.PHASE,
        fixed="Encountered error while loading association ",
        pattern=r"Encountered error while loading association \S+ contents",
        meaning="GetDocument of an association failed",
        source=AGENT + "agent/association/processor/processor.go",
        samples=(formatted("Encountered error while loading association 1b2c3d4e contents, ThrottlingException: Rate exceeded"),),
        service="ssm",
        ended_by=("credentials-ready",),
    ),
    Signature(
        id="core-start",
        kind=Kind.PHASE,
        fixed="Error occurred when starting amazon-ssm-agent: ",
        pattern=r"Error occurred when starting amazon-ssm-agent: ",
        meaning="the agent's core did not start; the process ends with status 0 and systemd starts it again after 90 s",
        source=AGENT + "core/agent.go:152",
        samples=(
            formatted("Error occurred when starting amazon-ssm-agent: failed to get identity: failed to find agent identity"),
        ),
        near_misses=("failed to start worker ssm-agent-worker, exec format error",),
        breaks=ON_A_NODE,
        ended_by=("credentials-ready",),
    ),
    Signature(
        id="identity-register",
        kind=Kind.PHASE,
        fixed="failed to register identity: ",
        pattern=r"failed to register identity: ",
        meaning="the agent tried to register the EC2 identity (default host management), not a hybrid one",
        source=AGENT + "core/app/registrar/registrar.go:126",
        samples=(formatted("failed to register identity: error calling RegisterManagedInstance API: AccessDeniedException: no"),),
        service="ssm",
        breaks=ON_A_NODE,
        ended_by=("credentials-ready",),
        refused=Refused("not-registered", "role-refused"),
    ),
    Signature(
        id="key-rotation",
        kind=Kind.PHASE,
        fixed="private key",
        pattern=r"Failed to rotate private key with error",
        meaning="the node's key was not rotated; the old one still works",
        source=AGENT + "common/identity/credentialproviders/onpremprovider/role_provider.go:144",
        samples=(
            formatted(
                "Failed to rotate private key with error: RequestError: send request failed\n"
                'caused by: Post "https://ssm.eu-west-1.amazonaws.com/": EOF'
            ),
        ),
        service="ssm",
        is_minor=True,
    ),
    Signature(
        id="key-update",
        kind=Kind.BENIGN,
        fixed="Failed to update remote public key",
        pattern=r"Failed to update remote public key",
        meaning="the node's new public key was not accepted; the old one still works",
        source=AGENT + "common/identity/credentialproviders/onpremprovider/role_provider.go:216",
        samples=(formatted("Failed to rotate private key with error: Failed to update remote public key, old key still works"),),
    ),
)
