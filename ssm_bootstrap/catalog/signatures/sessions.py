"""Errors of a session's own calls: what they mean for it stands before what the same answer means elsewhere."""

from __future__ import annotations

from ssm_bootstrap.catalog.signatures.kinds import AGENT, Kind, Signature, formatted
from ssm_bootstrap.model.capability import Capability

SESSIONS: tuple[Signature, ...] = (
    Signature(
        id="session-channel-refused",
        kind=Kind.CAUSE,
        fixed="createDataChannel request failed: unexpected response from the service",
        pattern=r"createDataChannel request failed: unexpected response from the service",
        meaning="the service was reached and refuses the channel of one session",
        source=AGENT + "agent/session/service/service.go; public reports",
        samples=(formatted("createDataChannel request failed: unexpected response from the service <BadRequest></BadRequest>"),),
        near_misses=("createControlChannel request failed: unexpected response from the service <AccessDeniedException>",),
        code="session-failed",
        variant="refused",
        transient=False,
        degrades=(Capability.SESSION,),
    ),
    Signature(
        id="session-log-bucket-refused",
        kind=Kind.CAUSE,
        fixed="calling S3 API GetBucketEncryption",
        pattern=r"calling S3 API GetBucketEncryption",
        meaning="the node may not ask whether the bucket of session logs is encrypted",
        source=AGENT + "agent/s3util/s3util.go",
        samples=(formatted("Encountered an error while calling S3 API GetBucketEncryption"),),
        code="session-failed",
        variant="log",
        transient=False,
        degrades=(Capability.SESSION,),
    ),
    Signature(
        id="session-key-call",
        kind=Kind.CAUSE,
        fixed="Error calling KMS ",
        pattern=r"Error calling KMS \w{1,40} API: ",
        meaning="the key that sessions are encrypted with cannot be used by who calls",
        source=AGENT + "agent/session/crypto",
        samples=(formatted("Error calling KMS GenerateDataKey API: "),),
        code="session-failed",
        variant="key",
        transient=False,
        degrades=(Capability.SESSION,),
    ),
)
"""All rows."""
