"""Answers of the AWS API that say no: causes, whatever the phase."""

from __future__ import annotations

from ssm_bootstrap.catalog.signatures.kinds import AGENT, CallRefusal, Kind, Signature, documented, formatted, measured

_MODEL = "aws-sdk-go 1.51.20 models/apis/ssm/2014-11-06 (error shapes)"
_OF_A_ROLE = r"arn:[\w-]{1,20}:sts::[^:\s]{0,20}:assumed-role/[^\s/]{1,200}/"
_NODE = r"(?:m?i-[0-9a-f]|[A-Z_]{4,40}(?![\w-])|<)"
"""How the session of a node's role is named: by its id, or by what somebody put in its place before he showed the message."""

_OF_THE_ACCOUNT = (
    r"(?![^\n]{0,300}\b[Aa]ctivation\b)[^\n]{0,300}?"
    r"(?:\b[Ll]imit of \d{1,9} reached for SSM\b|\bmanaged (?:instances|nodes)\b|\baccount\b)"
)
"""What the answer speaks of where the limit is the account's in that region, and not the activation's."""

_SENTENCE = r"(?=[A-Za-z][\w'-]{0,40}(?: [\w':.-]{1,200}){3})"
"""Four words at least in one line: an answer that says more than that it refuses."""

_REGISTER = "Registration failed due to error registering the instance with AWS SSM. "

API: tuple[Signature, ...] = (
    Signature(
        id="invalid-activation",
        kind=Kind.CAUSE,
        fixed="InvalidActivation",
        pattern=r"\bInvalidActivation(?:Id)?:",
        meaning="activation id and code do not belong together, the activation was deleted, or it is of another region",
        source=_MODEL,
        samples=(measured(_REGISTER + "InvalidActivation: lab"), formatted("InvalidActivationId: ")),
        near_misses=("ActivationExpired: lab",),
        code="activation-invalid",
        transient=False,
        is_answer=True,
    ),
    Signature(
        id="activation-expired",
        kind=Kind.CAUSE,
        fixed="ActivationExpired",
        pattern=r"\bActivationExpired:",
        meaning="the activation's time is over (24 hours unless set, 30 days at most)",
        source=_MODEL,
        samples=(measured(_REGISTER + "ActivationExpired: lab"),),
        near_misses=("InvalidActivation: lab", "ExpiredTokenException: The security token included in the request is expired"),
        code="activation-expired",
        transient=False,
        is_answer=True,
    ),
    Signature(
        id="registration-limit",
        kind=Kind.CAUSE,
        fixed="RegistrationLimitExceeded",
        pattern=rf"\bRegistrationLimitExceeded:(?!{_OF_THE_ACCOUNT})",
        meaning="as many nodes as the activation allows are registered with it",
        source=_MODEL,
        samples=(formatted(_REGISTER + "RegistrationLimitExceeded: "),),
        near_misses=("RegistrationLimitExceeded: Registration limit of 1000 reached for SSM On-prem managed instances.",),
        code="activation-exhausted",
        transient=False,
        is_answer=True,
    ),
    Signature(
        id="account-limit",
        kind=Kind.CAUSE,
        fixed="RegistrationLimitExceeded",
        pattern=rf"\bRegistrationLimitExceeded:{_OF_THE_ACCOUNT}",
        meaning="the account has as many hybrid nodes in the region as its quota allows",
        source="public report: aws-samples/sagemaker-ssh-helper, FAQ",
        samples=(
            documented(
                _REGISTER + "RegistrationLimitExceeded: Registration limit of 20000 reached for SSM On-prem managed instances."
            ),
            documented("RegistrationLimitExceeded: You have reached the limit of 1000 managed instances for this account."),
        ),
        near_misses=(
            "RegistrationLimitExceeded: ",
            "RegistrationLimitExceeded: Activation x has registered 10 managed instances.",
        ),
        code="activation-quota",
        transient=False,
        is_answer=True,
    ),
    Signature(
        id="nodeadm-activation-expired",
        kind=Kind.CAUSE,
        fixed="SSM activation expired",
        pattern=r"\bSSM activation expired\b",
        meaning="the activation's time is over (told by nodeadm of EKS Hybrid Nodes)",
        source="Amazon EKS User Guide, hybrid-nodes-troubleshooting",
        samples=(measured("SSM activation expired. Please use a valid activation"),),
        near_misses=("ActivationExpired: lab", "ExpiredTokenException: The security token included in the request is expired"),
        code="activation-expired",
        transient=False,
        is_answer=True,
    ),
    Signature(
        id="already-registered-key",
        kind=Kind.CAUSE,
        fixed="AlreadyRegistered",
        pattern=r"\b(?:Instance|PublicKey)AlreadyRegistered\b",
        meaning="the service knows this instance or its key already",
        source=_MODEL,
        samples=(formatted(_REGISTER + "InstanceAlreadyRegistered: "), formatted("PublicKeyAlreadyRegistered: ")),
        near_misses=("Instance already registered. Would you like to override existing with new registration information?",),
        transient=False,
        is_answer=True,
        code="request-refused",
        variant="key",
    ),
    Signature(
        id="invalid-public-key",
        kind=Kind.CAUSE,
        fixed="InvalidPublicKey",
        pattern=r"\bInvalidPublicKey:",
        meaning="the service does not take the agent's key",
        source=_MODEL,
        samples=(formatted(_REGISTER + "InvalidPublicKey: "),),
        transient=False,
        is_answer=True,
        code="request-refused",
        variant="key",
    ),
    Signature(
        id="too-many-updates",
        kind=Kind.CAUSE,
        fixed="TooManyUpdates",
        pattern=r"\bTooManyUpdates:",
        meaning="concurrent registrations with the same activation",
        source=_MODEL,
        samples=(formatted(_REGISTER + "TooManyUpdates: "),),
        code="throttled",
        transient=True,
        is_answer=True,
    ),
    Signature(
        id="internal-server-error",
        kind=Kind.CAUSE,
        fixed="InternalServerError",
        pattern=r"\bInternalServerError:",
        meaning="the service failed on its own side",
        source=_MODEL,
        samples=(measured(_REGISTER + "InternalServerError: lab"),),
        code="service-error",
        transient=True,
        is_answer=True,
    ),
    Signature(
        id="throttling",
        kind=Kind.CAUSE,
        fixed="hrottling",
        pattern=r"\b(?:Request)?Throttling(?:Exception)?:",
        meaning="too many calls at once for the account and region",
        source="aws-sdk-go 1.51.20 aws/request (throttle codes)",
        samples=(
            measured(
                _REGISTER + "ThrottlingException: lab\n\tstatus code: 400, request id: 00000000-0000-4000-8000-000000000000"
            ),
            formatted("Throttling: Rate exceeded"),
        ),
        code="throttled",
        transient=True,
        is_answer=True,
    ),
    Signature(
        id="endpoint-policy",
        kind=Kind.CAUSE,
        fixed="VPC endpoint policy",
        pattern=r"\bAccessDenied(?:Exception)?: (?s:.{0,1000}?)VPC endpoint policy",
        meaning="the VPC endpoint's policy forbids the call",
        source="AWS Identity and Access Management User Guide, access denied error messages",
        samples=(
            documented(
                _REGISTER + "AccessDeniedException: User: anonymous is not authorized to perform: "
                "ssm:RegisterManagedInstance because no VPC endpoint policy allows the ssm:RegisterManagedInstance action"
            ),
        ),
        near_misses=(
            "AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/r/mi-1 is not authorized to perform: ssm:X",
        ),
        transient=False,
        refuses=CallRefusal.ACTION,
        is_answer=True,
        code="call-denied",
        variant="by-endpoint",
    ),
    Signature(
        id="instance-role-denied",
        kind=Kind.CAUSE,
        fixed="ssm:UpdateInstanceInformation",
        pattern=(
            r"\bAccessDenied(?:Exception)?: User: arn:[\w-]{1,20}:sts::\d{12}:assumed-role/[^\s/]{1,64}/i-[0-9a-f]{8,17} is not "
            r"authorized to perform: ssm:UpdateInstanceInformation(?!(?s:.{0,1000}?)VPC endpoint policy)"
        ),
        meaning="the agent runs as the EC2 instance, whose role may not report to Systems Manager",
        source="public report: aws/amazon-ssm-agent#144 (the session of an instance's role is named by the instance)",
        samples=(
            documented(
                "AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/some-role/i-0123456789abcdef0 is not "
                "authorized to perform: ssm:UpdateInstanceInformation on resource: "
                "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0"
            ),
        ),
        near_misses=(
            "AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/r/mi-0123456789abcdef0 is not authorized to "
            "perform: ssm:UpdateInstanceInformation",
        ),
        transient=False,
        is_answer=True,
        code="not-registered",
        variant="role-refused",
    ),
    Signature(
        id="person-denied",
        kind=Kind.CAUSE,
        fixed="is not authorized to perform",
        pattern=(
            r"\bAccessDenied(?:Exception)?: User: (?:"
            r"\S{1,200}(?::user/|/AWSReservedSSO_)\S{1,200} is not authorized to perform: [\w-]{1,60}:"
            r"|\S{1,200} is not authorized to perform: ssm:(?:Start|Resume|Terminate)Session\b)"
        ),
        meaning="a person, or the role that he took, may not make the call",
        source="AWS Identity and Access Management User Guide, access denied error messages",
        samples=(
            documented(
                "AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_x_0123/jane is not "
                "authorized to perform: ssm:TerminateSession on resource: arn:aws:ssm:eu-west-1:111122223333:session/jane-0123"
            ),
        ),
        near_misses=(
            "AccessDeniedException: User: arn:aws:sts::1:assumed-role/r/mi-1 is not authorized to perform: ssm:PutInventory",
        ),
        transient=False,
        is_answer=True,
        code="call-denied",
        variant="of-a-person",
    ),
    Signature(
        id="caller-denied",
        kind=Kind.CAUSE,
        fixed=": User: ",
        pattern=(
            rf"\bAccessDenied(?:Exception)?: User: (?!\S{{1,200}}/AWSReservedSSO_){_OF_A_ROLE}"
            r"(?!" + _NODE + r"|\S{1,200} is not authorized to perform: ssm:(?:Start|Resume|Terminate)Session\b)[^\s]"
            r"(?!(?s:.{0,1000}?)VPC endpoint policy)"
        ),
        meaning="a container, a function or a program with a role of its own may not make the call",
        source="AWS Identity and Access Management User Guide, access denied error messages (a node's session bears its id)",
        samples=(
            documented(
                "AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/task-role/0123456789abcdef0123456789abcdef "
                "is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:eu-west-1:111122223333:parameter/x"
            ),
        ),
        near_misses=(
            "AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/r/mi-0123456789abcdef0 is not authorized to "
            "perform: ssm:GetParameter",
            "AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/r/i-0123456789abcdef0 is not authorized to "
            "perform: ssm:GetParameter",
        ),
        transient=False,
        refuses=CallRefusal.ACTION,
        is_answer=True,
        code="call-denied",
        variant="of-another",
    ),
    Signature(
        id="authorization-failure",
        kind=Kind.CAUSE,
        fixed="AuthorizationFailureException",
        pattern=r"\bAuthorizationFailureException:",
        meaning="the service does not allow the call",
        source=AGENT + "agent/messageservice/interactor/mdsinteractor (ec2messages); public report",
        samples=(documented("AuthorizationFailureException: \tstatus code: 400"),),
        transient=False,
        refuses=CallRefusal.PERMISSION,
        is_answer=True,
        code="call-denied",
    ),
    Signature(
        id="action-denied",
        kind=Kind.CAUSE,
        fixed="is not authorized to perform",
        pattern=(
            r"\bAccessDenied(?:Exception)?: User: "
            r"(?!\S{1,200}/i-[0-9a-f]{8,17} is not authorized to perform: ssm:UpdateInstanceInf)"
            r"(?!\S{1,200}(?::user/|/AWSReservedSSO_))" + rf"(?!{_OF_A_ROLE}(?!{_NODE}))"
            r"\S{1,200} is not authorized to perform: "
            r"(?!ssm:(?:Start|Resume|Terminate)Session\b)[\w-]{1,60}:\w{1,80}(?!(?s:.{0,1000}?)VPC endpoint policy)"
            r"(?![^\n]{0,300}?aws-quicksetup-patchpolicy-)"
        ),
        meaning="the caller's role or a policy does not allow the action that is named",
        source="AWS Identity and Access Management User Guide, access denied error messages",
        samples=(
            documented(
                "AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/r/mi-1 is not authorized "
                "to perform: ssm:PutInventory"
            ),
            documented(
                "AccessDenied: User: arn:aws:sts::111122223333:assumed-role/r/mi-0123456789abcdef0 is not authorized to "
                "perform: kms:GenerateDataKey on resource: arn:aws:kms:eu-west-1:111122223333:key/x"
            ),
        ),
        near_misses=("AccessDeniedException: lab", "AccessDeniedException: User: x because no VPC endpoint policy allows it"),
        transient=False,
        refuses=CallRefusal.ACTION,
        is_answer=True,
        code="call-denied",
    ),
    Signature(
        id="access-denied-told",
        kind=Kind.CAUSE,
        fixed="AccessDeniedException",
        pattern=(
            r"\bAccessDeniedException: (?!Authentication failed\b|Systems Manager's instance management role is not configured)"
            r"(?!(?s:.{0,1000}?)VPC endpoint policy)(?!User: \S{1,200} is not authorized to perform: [\w-]{1,60}:)"
            rf"(?!User: {_OF_A_ROLE}(?!{_NODE})\S){_SENTENCE}"
        ),
        meaning="the caller's role or a policy does not allow the call, as the answer says in a sentence of its own",
        source="aws-sdk-go 1.51.20 (untyped error code)",
        samples=(
            documented("AccessDeniedException: Access to Systems Manager has been denied\n\tstatus code: 400, request id: 1"),
        ),
        near_misses=(
            "AccessDeniedException: User: arn:aws:sts::1:assumed-role/r/mi-1 is not authorized to perform: ssm:PutInventory",
            "AccessDeniedException: lab",
            "AccessDeniedException: \tstatus code: 400, request id: 1",
            "AccessDenied: Access Denied",
            "AccessDeniedException: User: anonymous … VPC endpoint policy",
            "AccessDeniedException: Authentication failed",
            "AccessDeniedException: Systems Manager's instance management role is not configured for account: 111122223333",
        ),
        transient=False,
        refuses=CallRefusal.ACTION,
        is_answer=True,
        code="call-denied",
    ),
    Signature(
        id="access-denied",
        kind=Kind.CAUSE,
        fixed="AccessDeniedException",
        pattern=(
            r"\bAccessDeniedException: (?!Authentication failed\b|Systems Manager's instance management role is not configured)"
            r"(?!(?s:.{0,1000}?)VPC endpoint policy)(?!User: \S{1,200} is not authorized to perform: [\w-]{1,60}:)"
            rf"(?!User: {_OF_A_ROLE}(?!{_NODE})\S)(?!{_SENTENCE})"
        ),
        meaning="the caller's role or a policy does not allow the call",
        source="aws-sdk-go 1.51.20 (untyped error code)",
        samples=(
            measured(
                "Retrieve credentials produced error: AccessDeniedException: lab\n"
                "\tstatus code: 400, request id: 00000000-0000-4000-8000-000000000000"
            ),
        ),
        near_misses=(
            "AccessDeniedException: User: arn:aws:sts::1:assumed-role/r/mi-1 is not authorized to perform: ssm:PutInventory",
            "AccessDenied: Access Denied",
            "AccessDeniedException: User: anonymous … VPC endpoint policy",
            "AccessDeniedException: Authentication failed",
            "AccessDeniedException: Systems Manager's instance management role is not configured for account: 111122223333",
        ),
        transient=False,
        refuses=CallRefusal.PERMISSION,
        is_answer=True,
        code="call-denied",
    ),
    Signature(
        id="node-key-refused",
        kind=Kind.CAUSE,
        fixed="AccessDeniedException: Authentication failed",
        pattern=r"\bAccessDeniedException: Authentication failed\b",
        meaning="the service does not take this node's key: it was deregistered, or the vault is left from another registration",
        source="public report: the log of an ECS Anywhere node that was registered before",
        samples=(measured("AccessDeniedException: Authentication failed"),),
        near_misses=("AccessDeniedException: User: x is not authorized to perform: ssm:PutInventory",),
        code="node-deregistered",
        variant="key-refused",
        transient=False,
        is_answer=True,
    ),
    Signature(
        id="fingerprint-refused",
        kind=Kind.CAUSE,
        fixed="MachineFingerprintDoesNotMatch",
        pattern=r"\bMachineFingerprintDoesNotMatch\b",
        meaning="the service was given another fingerprint for this node: hardware changed, or the image is a clone",
        source=_MODEL,
        samples=(formatted("Retrieve credentials produced error: MachineFingerprintDoesNotMatch: "),),
        code="fingerprint-mismatch",
        transient=False,
        is_answer=True,
    ),
    Signature(
        id="retries-used-up",
        kind=Kind.CAUSE,
        fixed="retry quota exceeded",
        pattern=r"\bfailed to get rate limit token, retry quota exceeded\b",
        meaning="so many calls of this process failed that AWS's SDK no longer repeats them",
        source="aws-sdk-go-v2 aws/ratelimit/tokenratelimit.go, aws/retry/middleware.go",
        samples=(
            documented(
                "operation error SSM: GetParameter, failed to get rate limit token, retry quota exceeded, 0 available, 5 "
                "requested"
            ),
        ),
        code="throttled",
        variant="retries",
        transient=True,
    ),
    Signature(
        id="parameter-not-found",
        kind=Kind.CAUSE,
        fixed="NotFound:",
        pattern=r"\bParameter(?:Version)?NotFound:",
        meaning="a parameter that is asked for does not exist in this account and region",
        source="Systems Manager API Reference, GetParameter, errors",
        samples=(
            formatted("ParameterNotFound: "),
            documented("ParameterVersionNotFound: Systems Manager could not find version 9 of x."),
        ),
        code="request-refused",
        variant="parameter",
        transient=False,
        is_answer=True,
    ),
    Signature(
        id="invalid-instance-id",
        kind=Kind.CAUSE,
        fixed="InvalidInstanceId",
        pattern=r"\bInvalidInstanceId:(?! Instances [^\n]{0,2000}not in a valid state)",
        meaning="the service no longer knows this managed instance id",
        source=_MODEL + "; public report amazon-ssm-agent#381",
        samples=(
            formatted("Retrieve credentials produced error: InvalidInstanceId: "),
            documented("InvalidInstanceId: Not existing InstanceId mi-02117ab6c0a35dc0a"),
        ),
        code="node-deregistered",
        transient=False,
        is_answer=True,
    ),
    Signature(
        id="signature-clock",
        kind=Kind.CAUSE,
        fixed="Signature ",
        pattern=r"\bSignature (?:expired: \S+ is now earlier than|not yet current)",
        meaning="this machine's clock is more than five minutes off",
        source="AWS General Reference, Signature Version 4 errors",
        samples=(
            documented(
                "InvalidSignatureException: Signature expired: 20261123T134122Z is now earlier than 20261123T140000Z "
                "(20261123T140500Z - 5 min.)\n\tstatus code: 400, request id: 00000000-0000-4000-8000-000000000000"
            ),
            documented(
                "InvalidSignatureException: Signature not yet current: 20261123T150000Z is still later than 20261123T141000Z"
            ),
        ),
        near_misses=(
            "InvalidSignatureException: The request signature we calculated does not match the signature you provided.",
        ),
        code="clock-skewed",
        transient=False,
        is_answer=True,
    ),
    Signature(
        id="signature-invalid",
        kind=Kind.CAUSE,
        fixed="Signature",
        pattern=r"\b(?:InvalidSignatureException|SignatureDoesNotMatch): (?!Signature (?:expired|not yet))",
        meaning="the signature does not match: the key is not this node's (an old vault was put back), or the clock is off",
        source="aws-sdk-go 1.51.20 (untyped error code)",
        samples=(
            documented(
                "Retrieve credentials produced error: InvalidSignatureException: "
                "The request signature we calculated does not match"
            ),
            documented("SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided."),
        ),
        near_misses=("InvalidSignatureException: Signature expired: 2 is now earlier than 3",),
        transient=False,
        refuses=CallRefusal.SIGNATURE,
        is_answer=True,
        code="credentials-unusable",
    ),
    Signature(
        id="request-expired",
        kind=Kind.CAUSE,
        fixed="RequestExpired",
        pattern=r"\bRequestExpired\b",
        meaning="this machine's clock is off",
        source="AWS common errors (AWS API references)",
        samples=(documented("RequestExpired: Request has expired."),),
        code="clock-skewed",
        transient=False,
        is_answer=True,
    ),
    Signature(
        id="request-time-too-skewed",
        kind=Kind.CAUSE,
        fixed="RequestTimeTooSkewed",
        pattern=r"\bRequestTimeTooSkewed\b",
        meaning="this machine's clock is more than 15 minutes off (S3)",
        source="Amazon S3 API Reference, error responses",
        samples=(
            documented(
                "RequestTimeTooSkewed: The difference between the request time and the current time is too large.\n"
                "\tstatus code: 403, request id: 4442587FB7D0A2F9, host id: x"
            ),
        ),
        code="clock-skewed",
        transient=False,
        is_answer=True,
    ),
    Signature(
        id="unrecognized-client",
        kind=Kind.CAUSE,
        fixed="UnrecognizedClientException",
        pattern=r"\bUnrecognizedClientException:",
        meaning="the credentials are of another partition or region, or a foreign default profile is used",
        source="aws-sdk-go 1.51.20 (untyped error code)",
        samples=(documented("UnrecognizedClientException: The token in the request is invalid."),),
        transient=False,
        refuses=CallRefusal.CREDENTIALS,
        is_answer=True,
        code="credentials-unusable",
    ),
    Signature(
        id="invalid-client-token",
        kind=Kind.CAUSE,
        fixed="InvalidClientTokenId",
        pattern=r"\bInvalidClientTokenId\b",
        meaning="the credentials are of another partition or region, or a foreign default profile is used",
        source="AWS common errors (AWS API references)",
        samples=(documented("InvalidClientTokenId: The token in the request is invalid."),),
        transient=False,
        refuses=CallRefusal.CREDENTIALS,
        is_answer=True,
        code="credentials-unusable",
    ),
    Signature(
        id="expired-token",
        kind=Kind.CAUSE,
        fixed="ExpiredToken",
        pattern=r"\bExpiredToken(?:Exception)?:",
        meaning="the agent did not renew its credentials in time",
        source="aws-sdk-go 1.51.20 (untyped error code)",
        samples=(
            documented("ExpiredTokenException: The security token included in the request is expired"),
            documented("ExpiredToken: The security token included in the request is expired"),
        ),
        near_misses=("ActivationExpired: lab",),
        transient=False,
        is_answer=True,
        code="credentials-unusable",
        variant="expired",
    ),
    Signature(
        id="validation-exception",
        kind=Kind.CAUSE,
        fixed="ValidationException",
        pattern=r"\bValidationException:",
        meaning="the service does not take a value of the request",
        source="aws-sdk-go 1.51.20 (untyped error code)",
        samples=(documented("ValidationException: 1 validation error detected\n\tstatus code: 400, request id: 1"),),
        transient=False,
        is_answer=True,
        code="request-refused",
    ),
    Signature(
        id="parameter-too-short",
        kind=Kind.CAUSE,
        fixed="validation error(s) found",
        pattern=r"\d+ validation error\(s\) found(?=[\s\S]{0,400}(?:RegisterManagedInstanceInput\.|\.Activation(?:Code|Id)\b))",
        meaning="the agent itself refuses the values: the code has under 20 characters or the id under 36; nothing was sent",
        source="aws-sdk-go 1.51.20 aws/request/validation.go",
        samples=(
            formatted(
                _REGISTER + "InvalidParameter: 1 validation error(s) found.\n"
                "- minimum field size of 20, RegisterManagedInstanceInput.ActivationCode."
            ),
        ),
        near_misses=(
            "ValidationException: 1 validation error detected",
            "InvalidParameter: 1 validation error(s) found.\n- minimum field size of 1, UpdateInstanceInformationInput.IPAddress",
        ),
        code="activation-malformed",
        transient=False,
    ),
    Signature(
        id="no-address-of-its-own",
        kind=Kind.CAUSE,
        fixed="UpdateInstanceInformationInput.IPAddress",
        pattern=r"validation error\(s\) found[\s\S]{0,400}UpdateInstanceInformationInput\.IPAddress",
        meaning="the agent finds no address of this machine to report, and sends nothing",
        source="aws-sdk-go 1.51.20 aws/request/validation.go; amazon-ssm-agent issue 340",
        samples=(
            documented(
                "InvalidParameter: 1 validation error(s) found.\n"
                "- minimum field size of 1, UpdateInstanceInformationInput.IPAddress."
            ),
        ),
        code="agent-part-failed",
        variant="address",
        transient=False,
    ),
    Signature(
        id="node-not-connected",
        kind=Kind.CAUSE,
        fixed="TargetNotConnected",
        pattern=r"\bTargetNotConnected(?:Exception)?:",
        meaning="the service has no connection from that node",
        source="Systems Manager API Reference, StartSession",
        samples=(
            documented("TargetNotConnected: mi-0123456789abcdef0 is not connected."),
            documented(
                "operation error SSM: StartSession, https response error StatusCode: 400, RequestID: 1, "
                "api error TargetNotConnected: mi-0123456789abcdef0 is not connected."
            ),
        ),
        code="agent-offline",
        variant="not-connected",
        transient=False,
        is_answer=True,
    ),
    Signature(
        id="document-parameters",
        kind=Kind.CAUSE,
        fixed="InvalidParameters",
        pattern=r"\bInvalidParameters:",
        meaning="the document of a command does not take the parameters that were given",
        source="Systems Manager API Reference, SendCommand",
        samples=(documented("InvalidParameters: Parameters provided in document are invalid or not supported."),),
        near_misses=("InvalidParameter: 1 validation error(s) found.",),
        transient=False,
        is_answer=True,
        code="request-refused",
    ),
    Signature(
        id="region-in-odd-letters",
        kind=Kind.CAUSE,
        fixed=".xn--",
        pattern=r"\blookup [a-z0-9]{2,20}\.xn--[a-z0-9-]{1,80}\.(?:amazonaws\.com|api\.aws)\b",
        meaning="the region was given with letters of a text editor, quotes mostly, so that no such host can exist",
        source="public report: the region in typographic quotes; RFC 3492 (what stands before the last hyphen is plain)",
        samples=(documented("dial tcp: lookup ssm.xn--eu-west-3-9b0eua.amazonaws.com on 192.168.1.1:53: no such host"),),
        near_misses=("dial tcp: lookup ssm.eu-west-3.amazonaws.com on 192.168.1.1:53: no such host",),
        transient=False,
        over_network=True,
        code="request-refused",
        variant="region",
    ),
    Signature(
        id="missing-endpoint",
        kind=Kind.CAUSE,
        fixed="MissingEndpoint",
        pattern=r"\bMissingEndpoint: 'Endpoint' configuration is required",
        meaning="no host name can be made of the region",
        source="aws-sdk-go 1.51.20 aws/errors.go",
        samples=(formatted(_REGISTER + "MissingEndpoint: 'Endpoint' configuration is required for this service"),),
        transient=False,
        code="request-refused",
        variant="region",
    ),
    Signature(
        id="region-characters",
        kind=Kind.CAUSE,
        fixed="Unable to determine endpoint because region ",
        pattern=r"Unable to determine endpoint because region .{0,300} has invalid characters",
        meaning="the region is written with characters that no region has",
        source=AGENT + "common/identity/endpoint/endpoint.go:105",
        samples=(formatted("Unable to determine endpoint because region “ap-northeast-1” has invalid characters"),),
        transient=False,
        code="request-refused",
        variant="region",
    ),
    Signature(
        id="no-credentials",
        kind=Kind.CAUSE,
        fixed="NoCredentialProviders",
        pattern=r"\bNoCredentialProviders: no valid providers in chain",
        meaning="this client has no credentials",
        source="aws-sdk-go 1.51.20 aws/credentials/chain_provider.go",
        samples=(formatted("NoCredentialProviders: no valid providers in chain. Deprecated."),),
        near_misses=("EmptyStaticCreds: static credentials are empty",),
        code="credentials-unusable",
        variant="none",
    ),
    Signature(
        id="botocore-no-credentials",
        kind=Kind.CAUSE,
        fixed="nable to locate credentials",
        pattern=r"\b[Uu]nable to locate credentials\b(?!\. You can configure)",
        meaning="the AWS command line or the patch payload has no credentials",
        source="botocore exceptions.py, NoCredentialsError",
        samples=(documented("botocore.exceptions.NoCredentialsError: Unable to locate credentials"),),
        near_misses=("Partial credentials found in env",),
        code="credentials-unusable",
        variant="none",
        transient=False,
    ),
    Signature(
        id="empty-credentials",
        kind=Kind.CAUSE,
        fixed="static credentials are empty",
        pattern=r"\bstatic credentials are empty\b",
        meaning="this client has no credentials",
        source="aws-sdk-go 1.51.20 aws/credentials/static_provider.go",
        samples=(formatted("EmptyStaticCreds: static credentials are empty"), formatted("static credentials are empty")),
        code="credentials-unusable",
        variant="none",
    ),
    Signature(
        id="not-an-aws-error",
        kind=Kind.CAUSE,
        fixed="failed to unmarshal",
        pattern=r"(?:SerializationError|UnmarshalError): failed to unmarshal (?:response error|error message)",
        meaning="an error answer that is no AWS answer: something in between spoke",
        source="aws-sdk-go 1.51.20 private/protocol/jsonrpc",
        samples=(
            formatted(
                _REGISTER + "SerializationError: failed to unmarshal response error\n\tstatus code: 403, request id: \n"
                "caused by: UnmarshalError: failed to unmarshal error message\n\t00000000  3c 68 74 6d 6c 3e  |<html>|"
            ),
        ),
        near_misses=("SerializationError: failed decoding JSON RPC response",),
        code="not-aws",
        transient=False,
    ),
    Signature(
        id="not-an-aws-answer",
        kind=Kind.CAUSE,
        fixed="failed decoding",
        pattern=r"SerializationError: failed decoding (?:JSON RPC|REST JSON|REST XML) (?:response|error)",
        meaning="status 200 and a body that is not AWS: a captive portal",
        source="aws-sdk-go 1.51.20 private/protocol/jsonrpc",
        samples=(
            formatted(_REGISTER + "SerializationError: failed decoding JSON RPC response\n\tstatus code: 200, request id: "),
        ),
        near_misses=("SerializationError: failed to unmarshal response error",),
        code="not-aws",
        transient=False,
    ),
    Signature(
        id="not-an-aws-answer-v2",
        kind=Kind.CAUSE,
        fixed="deserialization failed, ",
        pattern=r"https response error StatusCode: \d+, RequestID: [^,\n]{0,80}, deserialization failed, ",
        meaning="an answer that is no AWS answer: something in between spoke",
        source="smithy-go errors.go; aws-sdk-go-v2 aws/transport/http/response_error.go",
        samples=(
            formatted(
                _REGISTER + "operation error SSM: RegisterManagedInstance, https response error StatusCode: 503, RequestID: , "
                "deserialization failed, failed to decode response body, invalid character '<' looking for beginning of value"
            ),
        ),
        near_misses=("SerializationError: failed decoding JSON RPC response",),
        code="not-aws",
        transient=False,
    ),
    Signature(
        id="service-unavailable",
        kind=Kind.CAUSE,
        fixed="status code: 5",
        pattern=r"status code: 5\d\d, request id",
        meaning="the service answered with a 5xx status",
        source="aws-sdk-go 1.51.20 aws/awserr (text of a request failure)",
        samples=(
            formatted("ServiceUnavailableException: \n\tstatus code: 503, request id: 00000000-0000-4000-8000-000000000000"),
        ),
        near_misses=("ThrottlingException: lab\n\tstatus code: 400, request id: 00000000-0000-4000-8000-000000000000",),
        code="service-error",
        transient=True,
        is_answer=True,
    ),
    Signature(
        id="service-unavailable-v2",
        kind=Kind.CAUSE,
        fixed="https response error StatusCode: 5",
        pattern=(
            r"https response error StatusCode: 5\d\d, RequestID: [^,\n]{0,80}, "
            r"(?!deserialization failed|(?:api error )?(?:InternalServerError"
            r"|ServiceUnavailable(?:Exception)?|\w{0,20}Throttling\w{0,20}|SlowDown): )"
        ),
        meaning="the service answered with a 5xx status",
        source="aws-sdk-go-v2 aws/transport/http/response_error.go",
        samples=(
            formatted(
                "operation error SSM: UpdateInstanceInformation, exceeded maximum number of attempts, 3, https response error "
                "StatusCode: 503, RequestID: 00000000-0000-4000-8000-000000000000, api error InternalFailure: "
            ),
        ),
        near_misses=("https response error StatusCode: 400, RequestID: 1, api error ThrottlingException: lab",),
        code="service-error",
        transient=True,
        is_answer=True,
    ),
    Signature(
        id="service-unavailable-by-name",
        kind=Kind.CAUSE,
        fixed="ServiceUnavailable",
        pattern=r"\bServiceUnavailable(?:Exception)?: (?!\s{0,9}status code: 5)",
        meaning="the service says that it is not available",
        source="AWS common errors (AWS API references)",
        samples=(documented("ServiceUnavailable: Service is unable to handle request."),),
        near_misses=("ServiceUnavailableException: \n\tstatus code: 503, request id: 1",),
        code="service-error",
        transient=True,
        is_answer=True,
    ),
)
