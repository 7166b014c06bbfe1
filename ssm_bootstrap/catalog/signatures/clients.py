"""What AWS answers to a person's or a script's own calls, and what their AWS CLI says: nothing of it is about the agent."""

from __future__ import annotations

from ssm_bootstrap.catalog.signatures.kinds import Kind, Signature, documented

BY_CLIENT = "by a client"
"""What stands in an answer's words, as `told_of_client` makes them, after its code and the call."""

CALLS = frozenset(
    {
        *("SendCommand", "CancelCommand", "GetCommandInvocation", "ListCommandInvocations", "ListCommands"),
        *("StartSession", "ResumeSession", "TerminateSession", "DescribeSessions", "GetConnectionStatus"),
        *("CreateActivation", "DeleteActivation", "DescribeActivations", "DescribeInstanceInformation"),
        *("DeregisterManagedInstance", "UpdateManagedInstanceRole", "StartAutomationExecution", "CreateAssociation"),
        *("ListBuckets", "GetCallerIdentity", "DescribeInstances", "DescribeVpcEndpoints"),
    }
)
"""Calls that neither the agent nor the patch script makes. Source: Systems Manager API Reference; the agent's sources."""

CODES = frozenset(
    {
        *("InvalidInstanceId", "ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId"),
        *("InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature"),
    }
)
"""Answers that mean one thing to the agent, and another to whoever calls: of the target, or of the caller's own login."""


def told_of_client(code: str, call: str) -> str:
    """An answer's code as it is matched: with its call where that is a client's and the code means something else there."""
    return f"{code} ({call} {BY_CLIENT}): " if code in CODES and call in CALLS else f"{code}: "


CLIENTS: tuple[Signature, ...] = (
    Signature(
        id="client-target",
        kind=Kind.CAUSE,
        fixed="InvalidInstanceId",
        pattern=r"\bInvalidInstanceId(?: \(\w{1,80} by a client\):|: Instances [^\n]{0,2000}not in a valid state)",
        meaning="the target of the call is no node that is online in this account and Region",
        source="Systems Manager API Reference, SendCommand (InvalidInstanceId)",
        samples=(
            documented("InvalidInstanceId (SendCommand by a client): Instances not in a valid state for account 1"),
            documented("InvalidInstanceId: Instances [[i-0123456789abcdef0]] not in a valid state for account 111122223333"),
        ),
        near_misses=("InvalidInstanceId: Not existing InstanceId mi-02117ab6c0a35dc0a",),
        code="agent-offline",
        variant="not-a-target",
        transient=False,
        is_answer=True,
    ),
    Signature(
        id="client-login",
        kind=Kind.CAUSE,
        fixed=BY_CLIENT,
        pattern=(
            r"\b(?:ExpiredToken(?:Exception)?|UnrecognizedClientException|InvalidClientTokenId|InvalidSignatureException|"
            r"SignatureDoesNotMatch|IncompleteSignature) \(\w{1,80} by a client\):"
        ),
        meaning="the caller's own login is over, or is not accepted",
        source="AWS common errors (AWS API references)",
        samples=(documented("ExpiredTokenException (StartSession by a client): The security token included is expired"),),
        near_misses=("ExpiredTokenException: The security token included in the request is expired",),
        code="credentials-unusable",
        variant="of-the-client",
        transient=False,
        is_answer=True,
    ),
    Signature(
        id="client-not-logged-in",
        kind=Kind.CAUSE,
        fixed="nable to locate credentials. You can configure",
        pattern=r"\b[Uu]nable to locate credentials\. You can configure",
        meaning="the AWS CLI has no credentials",
        source="AWS CLI, awscli/errorhandler.py (the hint that it adds)",
        samples=(documented('Unable to locate credentials. You can configure credentials by running "aws configure".'),),
        near_misses=("botocore.exceptions.NoCredentialsError: Unable to locate credentials",),
        code="credentials-unusable",
        variant="of-the-client",
        transient=False,
    ),
    Signature(
        id="client-single-sign-on",
        kind=Kind.CAUSE,
        fixed="SSO",
        pattern=r"\b(?:Error loading SSO Token|The SSO session associated with this profile has expired)",
        meaning="the login of the AWS CLI at IAM Identity Center is over",
        source="botocore exceptions.py, SSOTokenLoadError, UnauthorizedSSOTokenError",
        samples=(
            documented("Error loading SSO Token: Token for https://x.awsapps.com/start does not exist"),
            documented("The SSO session associated with this profile has expired or is otherwise invalid."),
        ),
        code="credentials-unusable",
        variant="of-the-client",
        transient=False,
    ),
    Signature(
        id="client-token-over",
        kind=Kind.CAUSE,
        fixed="Token has expired and refresh failed",
        pattern=r"\bToken has expired and refresh failed\b",
        meaning="the login of the AWS CLI at IAM Identity Center is over",
        source="botocore exceptions.py, TokenRetrievalError; tokens.py",
        samples=(documented("Error when retrieving token from sso: Token has expired and refresh failed"),),
        code="credentials-unusable",
        variant="of-the-client",
        transient=False,
    ),
)
