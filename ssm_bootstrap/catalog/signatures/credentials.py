"""Identity, credentials and the start of the core and its worker."""

from __future__ import annotations

from ssm_bootstrap.catalog.signatures.kinds import AGENT, Kind, Refused, Signature, documented, formatted, measured
from ssm_bootstrap.model.capability import ON_A_NODE

CREDENTIALS: tuple[Signature, ...] = (
    Signature(
        id="no-identity",
        kind=Kind.CAUSE,
        fixed="Agent failed to assume any identity",
        pattern=r"Agent failed to assume any identity",
        meaning="the node is not registered and is no EC2 instance to the agent",
        source=AGENT + "common/identity/identity/identity_selector.go:98",
        samples=(formatted("Agent failed to assume any identity"),),
        near_misses=("failed to find agent identity, retrying",),
        code="not-registered",
        transient=False,
    ),
    Signature(
        id="identity-not-found",
        kind=Kind.CAUSE,
        fixed="failed to find agent identity",
        pattern=r"failed to find agent identity",
        meaning="the node is not registered and is no EC2 instance to the agent",
        source=AGENT + "common/identity/identity/identity_selector.go:109; core/app/bootstrap/bootstrap.go:75",
        samples=(
            formatted("Error occurred when starting amazon-ssm-agent: failed to get identity: failed to find agent identity"),
            formatted("failed to find agent identity, retrying"),
        ),
        near_misses=("Agent will take identity from OnPrem",),
        code="not-registered",
        transient=False,
    ),
    Signature(
        id="no-registration-key",
        kind=Kind.CAUSE,
        fixed="RegistrationKey does not exist",
        pattern=r"\ARegistrationKey does not exist",
        meaning="the vault holds no registration",
        source="public report amazon-ssm-agent#247",
        samples=(documented("RegistrationKey does not exist."),),
        near_misses=("Error while loading server info Failed to load instance info from vault. RegistrationKey does not exist",),
        code="not-registered",
        transient=False,
    ),
    Signature(
        id="config-refused",
        kind=Kind.CAUSE,
        fixed="app config could not be loaded - ",
        pattern=r"app config could not be loaded - ",
        meaning="amazon-ssm-agent.json does not parse, so the service does not start",
        source=AGENT + "core/app/bootstrap/bootstrap.go:69",
        samples=(formatted("app config could not be loaded - invalid character '}' looking for beginning of object key string"),),
        code="agent-config-invalid",
        transient=False,
    ),
    Signature(
        id="config-ignored",
        kind=Kind.CAUSE,
        fixed="Failed to unmarshal config override. Fall back to default",
        pattern=r"Failed to unmarshal config override\. Fall back to default",
        meaning="amazon-ssm-agent.json does not parse; the command line falls back to defaults, the service will not start",
        source=AGENT + "agent/appconfig/appconfig.go:53",
        samples=(formatted("Failed to unmarshal config override. Fall back to default."),),
        code="agent-config-invalid",
        transient=False,
    ),
    Signature(
        id="ipc-folder",
        kind=Kind.PHASE,
        fixed="failed to create IPC folder, ",
        pattern=r"failed to create IPC folder, ",
        meaning="the directory of the agent's own channels could not be made",
        source=AGENT + "core/app/bootstrap/bootstrap.go:86",
        samples=(formatted("failed to create IPC folder, mkdir /var/lib/amazon/ssm/ipc: no space left on device"),),
    ),
    Signature(
        id="message-bus",
        kind=Kind.CAUSE,
        fixed="failed to start message bus, ",
        pattern=r"failed to start message bus, ",
        meaning="the sockets between core and worker could not be opened: stale ones, or a second agent",
        source=AGENT + "core/agent.go:91",
        samples=(formatted("failed to start message bus, address in use"),),
        code="agent-part-failed",
    ),
    Signature(
        id="data-folder",
        kind=Kind.PHASE,
        fixed="error initializing SSM data folder with hardened ACL",
        pattern=r"error initializing SSM data folder with hardened ACL",
        meaning="the agent's data directory could not be prepared",
        source=AGENT + "agent/framework/coremanager/coremanager.go:64",
        samples=(
            formatted("error initializing SSM data folder with hardened ACL, mkdir /var/lib/amazon/ssm: permission denied"),
        ),
    ),
    Signature(
        id="worker-not-started",
        kind=Kind.PHASE,
        fixed="failed to start worker ssm-agent-worker, ",
        pattern=r"failed to start worker ssm-agent-worker, ",
        meaning="the worker's binary could not be run (missing, noexec)",
        source=AGENT + "core/workerprovider/longrunningprovider/provider.go:228",
        samples=(formatted("failed to start worker ssm-agent-worker, fork/exec /usr/bin/ssm-agent-worker: permission denied"),),
        code="worker-missing",
        transient=False,
        breaks=ON_A_NODE,
        ended_by=("worker-started",),
    ),
    Signature(
        id="worker-died",
        kind=Kind.CAUSE,
        fixed="Process ssm-agent-worker (pid:",
        pattern=r"Process ssm-agent-worker \(pid:\d+\) has been terminated, remove from worker pool",
        meaning="the worker died (memory, a kill); the core starts another within 60 s",
        source=AGENT + "core/workerprovider/longrunningprovider/provider.go:167",
        samples=(formatted("Process ssm-agent-worker (pid:18023) has been terminated, remove from worker pool"),),
        near_misses=("Worker ssm-agent-worker (pid:18023) started",),
        transient=True,
        code="agent-part-failed",
    ),
    Signature(
        id="credentials-not-written",
        kind=Kind.CAUSE,
        fixed="Failed to write credentials to disk",
        pattern=r"Failed to write credentials to disk",
        meaning="the credentials file of root cannot be written; no worker starts while this holds",
        source=AGENT + "core/app/credentialrefresher/credentialrefresher.go:385,392",
        samples=(
            formatted("Failed to write credentials to disk, attempting force write"),
            formatted("Failed to write credentials to disk even with force, err: input/output error"),
        ),
        transient=False,
        code="file-denied",
    ),
    Signature(
        id="credentials-missing",
        kind=Kind.BENIGN,
        fixed="Credentials are not available when they should be",
        pattern=r"Credentials are not available when they should be",
        meaning="the core expected credentials and has none; it tries again",
        source=AGENT + "core/app/credentialrefresher/credentialrefresher.go:311",
        samples=(formatted("Credentials are not available when they should be"),),
    ),
    Signature(
        id="credentials-stale",
        kind=Kind.CAUSE,
        fixed="shared credentials are already expired",
        pattern=r"shared credentials are already expired, they were retrieved at \S+",
        meaning="the worker sees old credentials: the core cannot renew them, or the machine slept",
        source=AGENT + "common/identity/credentialproviders/sharedprovider/sharedprovider.go:92",
        samples=(
            formatted(
                "shared credentials are already expired, they were retrieved at 2026-11-23T13:00:00Z and expired at "
                "2026-11-23T14:00:00Z"
            ),
        ),
        near_misses=("ExpiredTokenException: The security token included in the request is expired",),
        code="credentials-unusable",
        variant="expired",
        is_minor=True,  # after a sleep of the machine, and beside what keeps the core from renewing them
    ),
    Signature(
        id="share-file-unread",
        kind=Kind.CAUSE,
        fixed="unable to read runtime config for ShareFile information",
        pattern=r"unable to read runtime config for ShareFile information",
        meaning="the worker does not know where the core keeps the credentials",
        source=AGENT + "common/identity/credentialproviders/sharedprovider/sharedprovider.go:83",
        samples=(formatted("unable to read runtime config for ShareFile information: invalid character"),),
        code="credentials-unusable",
        variant="none",
    ),
    Signature(
        id="share-file-empty",
        kind=Kind.CAUSE,
        fixed="runtime config has an empty ShareFile",
        pattern=r"runtime config has an empty ShareFile",
        meaning="the worker does not know where the core keeps the credentials",
        source=AGENT + "common/identity/credentialproviders/sharedprovider/sharedprovider.go:87",
        samples=(formatted("runtime config has an empty ShareFile"),),
        code="credentials-unusable",
        variant="none",
    ),
    Signature(
        id="ec2-profile",
        kind=Kind.PHASE,
        fixed="Failed to connect to Systems Manager with instance profile role credentials",
        pattern=r"Failed to connect to Systems Manager with instance profile role credentials",
        meaning="the agent runs as the EC2 instance and tried its instance profile's role",
        source=AGENT + "common/identity/credentialproviders/ec2roleprovider/ec2_role_provider.go:131",
        samples=(
            measured(
                "EC2RoleProvider Failed to connect to Systems Manager with instance profile role credentials. "
                "Err: retrieved credentials failed to report to ssm. Error: EC2RoleRequestError: no EC2 instance role found"
            ),
        ),
        near_misses=("EC2RoleProvider Successfully connected with instance profile role credentials",),
        service="ssm",
        breaks=ON_A_NODE,
        ended_by=("credentials-ready",),
        refused=Refused("not-registered", "role-refused"),
    ),
    Signature(
        id="ec2-default-management",
        kind=Kind.PHASE,
        fixed="Failed to connect to Systems Manager with SSM role credentials",
        pattern=r"Failed to connect to Systems Manager with SSM role credentials",
        meaning="the agent runs as the EC2 instance and tried Default Host Management",
        source=AGENT + "common/identity/credentialproviders/ec2roleprovider/ec2_role_provider.go:145",
        samples=(
            measured(
                "EC2RoleProvider Failed to connect to Systems Manager with SSM role credentials. "
                "ec2 instance not yet registered with Systems Manager"
            ),
        ),
        service="ssm",
        breaks=ON_A_NODE,
        ended_by=("credentials-ready",),
        refused=Refused("not-registered", "role-refused"),
    ),
    Signature(
        id="ec2-instance-role",
        kind=Kind.PHASE,
        fixed="failed to retrieve instance identity role. Error: ",
        pattern=r"failed to retrieve instance identity role\. Error: ",
        meaning="the agent runs as the EC2 instance and asked the metadata service for the instance's identity role",
        source=AGENT + "agent/ssm/authregister; common/identity/credentialproviders/iirprovider",
        samples=(
            measured(
                "failed to retrieve instance identity role. Error: EC2MetadataError: failed to make EC2Metadata request\n\n"
                "\tstatus code: 404, request id: "
            ),
        ),
        breaks=ON_A_NODE,
        ended_by=("credentials-ready",),
    ),
    Signature(
        id="ec2-role",
        kind=Kind.CAUSE,
        fixed="EC2RoleRequestError",
        pattern=r"\bEC2RoleRequestError\b",
        meaning="the agent runs as the EC2 instance, and the instance has no role",
        source="aws-sdk-go 1.51.20 aws/credentials/ec2rolecreds",
        samples=(formatted("EC2RoleRequestError: no EC2 instance role found"),),
        near_misses=("EC2MetadataError: failed to make EC2Metadata request",),
        code="not-registered",
        variant="no-role",
        gives_way_to="imds-unreachable",
        transient=False,
    ),
    Signature(
        id="ec2-role-v2",
        kind=Kind.CAUSE,
        fixed="no EC2 IMDS role found",
        pattern=r"\bno EC2 IMDS role found\b",
        meaning="the agent runs as the EC2 instance, and the instance has no role",
        source="aws-sdk-go-v2 credentials/ec2rolecreds",
        samples=(
            formatted("failed to refresh cached credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata"),
        ),
        near_misses=("EC2RoleRequestError: no EC2 instance role found",),
        code="not-registered",
        variant="no-role",
        gives_way_to="imds-unreachable",
        transient=False,
    ),
    Signature(
        id="ec2-no-metadata",
        kind=Kind.CAUSE,
        fixed="EC2MetadataError: failed to make EC2Metadata request",
        pattern=r"\bEC2MetadataError: failed to make EC2Metadata request\s+status code: 404",
        meaning="the agent runs as the EC2 instance, and the metadata service knows no role of it",
        source="aws-sdk-go 1.51.20 aws/ec2metadata",
        samples=(
            measured(
                "failed to register identity: error calling RegisterManagedInstance API: EC2MetadataError: failed to make "
                "EC2Metadata request\n\n\tstatus code: 404, request id: "
            ),
        ),
        near_misses=("EC2MetadataError: failed to make EC2Metadata request\n\n\tstatus code: 500, request id: ",),
        code="not-registered",
        variant="no-role",
        transient=False,
    ),
    Signature(
        id="ec2-not-registered",
        kind=Kind.CAUSE,
        fixed="ec2 instance not yet registered with Systems Manager",
        pattern=r"(?<!Default Host Management Err: )\bec2 instance not yet registered with Systems Manager",
        meaning="the agent runs as the EC2 instance, and Systems Manager does not know that instance",
        source=AGENT + "common/identity/credentialproviders/ssmec2roleprovider",
        samples=(
            measured(
                "EC2RoleProvider Failed to connect to Systems Manager with SSM role credentials. "
                "ec2 instance not yet registered with Systems Manager"
            ),
        ),
        code="not-registered",
        transient=False,
    ),
    Signature(
        id="ec2-no-management",
        kind=Kind.CAUSE,
        fixed="Systems Manager's instance management role is not configured",
        pattern=r"\bAccessDeniedException: Systems Manager's instance management role is not configured",
        meaning="the agent runs as the EC2 instance, and the account has no Default Host Management that would give it a role",
        source="public reports: hashicorp-education/learn-nomad-cluster-setup#21, aws/amazon-ecs-ami#143",
        samples=(
            measured(
                "EC2RoleProvider Failed to connect to Systems Manager with SSM role credentials. "
                "error calling RequestManagedInstanceRoleToken: AccessDeniedException: Systems Manager's instance management "
                "role is not configured for account: 123456789012"
            ),
            measured(
                "Retrieve credentials produced error: no valid credentials could be retrieved for ec2 identity. Default Host "
                "Management Err: error calling RequestManagedInstanceRoleToken: AccessDeniedException: Systems Manager's "
                "instance management role is not configured for account: 123456789012"
            ),
        ),
        near_misses=("AccessDeniedException: User: x is not authorized to perform: ssm:RequestManagedInstanceRoleToken",),
        code="not-registered",
        variant="no-management",
        transient=False,
        is_answer=True,
    ),
    Signature(
        id="ec2-credentials",
        kind=Kind.CAUSE,
        fixed="no valid credentials could be retrieved for ec2 identity",
        pattern=r"no valid credentials could be retrieved for ec2 identity(?![^\n]{0,400}\bAccessDeniedException: )",
        meaning="the agent runs as the EC2 instance, not as a hybrid node, and has no way to Systems Manager as that",
        source=AGENT + "common/identity/credentialproviders/ec2roleprovider/ec2_role_provider.go:147",
        samples=(
            measured(
                "Retrieve credentials produced error: no valid credentials could be retrieved for ec2 identity. "
                "Default Host Management Err: ec2 instance not yet registered with Systems Manager"
            ),
        ),
        code="not-registered",
        transient=False,
    ),
    Signature(
        id="vault-empty",
        kind=Kind.CAUSE,
        fixed="Data from vault is empty.",
        pattern=r"\bFailed to fetch (?:instance ID|region)\. Data from vault is empty\.",
        meaning="the agent has no identity of its own, and asked the metadata service for the instance's",
        source=AGENT + "agent/platform (agents of 2.x and 3.0); public reports",
        samples=(
            documented(
                "Failed to fetch instance ID. Data from vault is empty. RequestError: send request failed\n"
                "caused by: Get http://169.254.169.254/latest/meta-data/instance-id: net/http: request canceled"
            ),
        ),
        over_network=True,
        code="not-registered",
        transient=False,
    ),
    Signature(
        id="credentials-not-refreshed",
        kind=Kind.CAUSE,
        fixed="failed to refresh cached credentials",
        pattern=r"get credentials: failed to refresh cached credentials(?!, no EC2 IMDS role)",
        meaning="the credentials of a call ran out and could not be renewed",
        source="aws-sdk-go-v2, credentials cache; Amazon EKS User Guide, hybrid-nodes-troubleshooting",
        samples=(
            documented(
                "operation error SSM: DescribeInstanceInformation, get identity: get credentials: failed to refresh cached "
                "credentials"
            ),
        ),
        code="credentials-unusable",
        variant="expired",
        transient=False,
    ),
)
