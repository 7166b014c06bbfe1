"""Why AWS gave no answer, in one line each: what its error codes mean, and nothing of what may hold a secret."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any, Optional, Sequence

from ssm_bootstrap.model.phrase import phrase


class AwsTrouble(str, Enum):
    """Why AWS gave no answer."""

    DENIED = "denied"
    CREDENTIALS = "credentials"
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    NOT_FOUND = "not-found"
    NOT_HERE = "not-here"  # the service or the call does not exist in this region
    FAILED = "failed"


class AwsFailure(Exception):
    """A call without an answer: what is in the way, in one line without a secret; ``code`` is AWS's own word for it."""

    def __init__(self, trouble: AwsTrouble, message: str, code: str = "") -> None:
        super().__init__(message)
        self.trouble, self.message, self.code = trouble, message, code


_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "NotAuthorized"})
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_REFUSED = frozenset(
    {
        *("AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidAccessKeyId"),
        *("InvalidSignatureException", "IncompleteSignature", "MissingAuthenticationToken", "RequestExpired"),
        "RequestTimeTooSkewed",
        *("OptInRequired", "SubscriptionRequiredException", "MissingAuthenticationTokenException"),
    }
)
_THROTTLED = frozenset(
    {
        *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException"),
        *("TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded", "SlowDown", "PriorRequestNotComplete"),
        *("EC2ThrottledException", "TransactionInProgressException"),
    }
)
_NO_SUCH_CALL = frozenset({"InvalidAction", "UnknownOperationException", "UnsupportedOperation", "UnsupportedOperationException"})
_NOT_FOUND = re.compile(
    r"NoSuch[A-Za-z]+|[A-Za-z]*NotFound(?:Exception|Fault)?|Invalid[A-Za-z]+\.NotFound|ServiceSettingNotFound"
)
_CODE = re.compile(r"[A-Za-z0-9._-]{1,80}")
_ACTION = re.compile(r"not authorized to perform: ([a-z0-9-]{1,40}:[A-Za-z0-9]{1,80})")
_POLICY = re.compile(r"explicit deny in an? ([a-z-]{1,20}(?: [a-z-]{1,20})? policy|permissions boundary|VPC endpoint policy)")


def answered(service: str, operation: str, region: str, actions: Sequence[str], error: Any) -> AwsFailure:
    """What an answer of AWS that is an error says."""
    said = error.response.get("Error", {})
    code = str(said.get("Code", ""))
    code = code if _CODE.fullmatch(code) else "?"
    message = str(said.get("Message", ""))[:2000]
    if code in _DENIED:
        return _denied(actions or (f"{service}:{operation}",), message, code)
    if code in _EXPIRED:
        return AwsFailure(
            AwsTrouble.CREDENTIALS, phrase("these AWS credentials have expired ({code}): renew them", code=code), code
        )
    if code in _REFUSED:
        return AwsFailure(
            AwsTrouble.CREDENTIALS,
            phrase(
                "AWS does not accept these credentials in {region} ({code}): they are wrong or no longer valid, the region "
                "is not enabled for the account, or this machine's clock is wrong",
                region=region,
                code=code,
            ),
            code,
        )
    facts = {"service": service, "operation": operation, "code": code}
    if code in _THROTTLED:
        text = phrase("{service} {operation} is throttled ({code}), after several attempts", **facts)
        return AwsFailure(AwsTrouble.THROTTLED, text, code)
    if code in _NO_SUCH_CALL:
        text = phrase("{service} has no {operation} in {region} ({code})", region=region, **facts)
        return AwsFailure(AwsTrouble.NOT_HERE, text, code)
    trouble = AwsTrouble.NOT_FOUND if _NOT_FOUND.fullmatch(code) else AwsTrouble.FAILED
    return AwsFailure(trouble, phrase("{service} {operation} failed: {code}", **facts), code)


def _denied(actions: Sequence[str], message: str, code: str) -> AwsFailure:
    """The action is the one that AWS names, where the call needs it, else the first that the catalogue has."""
    named = _ACTION.search(message)
    action = named[1] if named and named[1] in actions else actions[0]
    why = _POLICY.search(message)
    if why:
        text = phrase("{action} is denied to these credentials by a policy ({policy})", action=action, policy=why[1])
        return AwsFailure(AwsTrouble.DENIED, text, code)
    return AwsFailure(AwsTrouble.DENIED, phrase("these credentials do not allow {action}", action=action), code)


def no_credentials(error: Optional[BaseException]) -> AwsFailure:
    """What boto3 says of credentials may hold some: its kind of error is told, and no word of it."""
    if error is None:
        text = phrase("no AWS credentials: expected a profile (--profile), AWS_ACCESS_KEY_ID, or the role of this instance")
        return AwsFailure(AwsTrouble.CREDENTIALS, text)
    code = getattr(error, "response", {}).get("Error", {}).get("Code", "")  # of the call that was to give them
    kind = code if _CODE.fullmatch(str(code)) else type(error).__name__
    return AwsFailure(
        AwsTrouble.CREDENTIALS, phrase("boto3 got no AWS credentials ({kind}): log in anew, or see ~/.aws", kind=kind)
    )
