"""The instance metadata service as the agent's SDK asks it: version 2 alone, three tries of a second for its token."""

import json
from typing import Any, Dict

from . import world
from .dialer import GoError
from .web import Reply, send

HOST = "http://169.254.169.254"
TOKEN = HOST + "/latest/api/token"
ROLES = "meta-data/iam/security-credentials/"
INSTANCE_ROLE = "meta-data/identity-credentials/ec2/security-credentials/ec2-instance"
TRIES = 3


class MetadataError(Exception):
    """There is no answer, or not the one that was asked for; the text is the SDK's."""


def get(path: str) -> str:
    """The text at a path below /latest/."""
    headers = {"X-aws-ec2-metadata-token": token()}
    try:
        reply = send("GET", f"{HOST}/latest/{path}", headers, patience=1.0, dial=1.0)
    except GoError as error:
        raise MetadataError(f'RequestError: send request failed\ncaused by: Get "{HOST}/latest/{path}": {error}') from None
    if reply.status != 200:
        raise MetadataError(refusal(reply))
    return reply.body.decode("utf-8", "replace")


def token() -> str:
    """A token for the requests that follow."""
    for attempt in range(TRIES):
        try:
            reply = send("PUT", TOKEN, {"X-aws-ec2-metadata-token-ttl-seconds": "21600"}, patience=1.0, dial=1.0)
        except GoError as error:
            # the client's own limit is as long as the dial's and strikes first
            said = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
            cause = f'RequestError: send request failed\ncaused by: Put "{TOKEN}": '
            cause = (
                ": \n\tstatus code: 0, request id: \ncaused by: " + cause + (said if "i/o timeout" in str(error) else str(error))
            )
            world.sleep(0.03 * 2**attempt)
            continue
        if reply.status == 200:
            return reply.body.decode("utf-8", "replace")
        cause = refusal(reply)
        break
    raise MetadataError(f"EC2MetadataError: failed to get IMDSv2 token and fallback to IMDSv1 is disabled\ncaused by: {cause}")


def refusal(reply: Reply) -> str:
    """What the SDK says of a status that is not 200; the body stands between."""
    body = reply.body.decode("utf-8", "replace")
    return f"EC2MetadataError: failed to make EC2Metadata request\n{body}\n\tstatus code: {reply.status}, request id: "


def document() -> Dict[str, Any]:
    """The instance's identity document."""
    found: Dict[str, Any] = json.loads(get("dynamic/instance-identity/document"))
    return found


def has_role() -> bool:
    """Does the instance have an instance profile, with credentials to be had? MetadataError when that cannot be known."""
    try:
        names = get(ROLES).split()
    except MetadataError as error:
        if "status code: 404" in str(error):
            return False
        raise
    return bool(names) and json.loads(get(ROLES + names[0])).get("Code") == "Success"
