"""The role of this EC2 instance and its credentials, as IMDSv2 gives them.

Source: Amazon EC2 User Guide, instance-metadata-security-credentials and configuring-instance-metadata-service.
"""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass, field
from typing import Any, Union

from ssm_bootstrap.catalog import limits
from ssm_bootstrap.collect.machine.instance import IMDS, ask_metadata
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.sigv4 import Credentials
from ssm_bootstrap.model.machine import Impostor
from ssm_bootstrap.model.observed import Unseen
from ssm_bootstrap.model.phrase import phrase

_ROLE = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}")
_KEY = re.compile(r"[A-Za-z0-9/+=_-]{16,4096}")
_ACCOUNT = re.compile(r"arn:[a-z0-9-]{3,20}:iam::([0-9]{12}):instance-profile/")


@dataclass(frozen=True)
class InstanceRole:
    """The role of the instance profile, the account that it is of ("" where nobody tells), and its credentials."""

    name: str
    account: str
    credentials: Credentials = field(repr=False)


def read_role(host: Host) -> Union[InstanceRole, Impostor, Unseen, None]:
    """The role, something else that answered, why nobody could look, or None where the instance has no role."""
    try:
        return _read(host, host.clock.monotonic() + limits.METADATA)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Unseen(phrase("IMDS at {imds}: {error}", imds=IMDS, error=words_of(error)))


def _read(host: Host, until: float) -> Union[InstanceRole, Impostor, Unseen, None]:
    answer = ask_metadata(host, until, "PUT", "/latest/api/token", (("X-aws-ec2-metadata-token-ttl-seconds", "60"),))
    token = answer.body.decode("latin-1").strip()
    if "html" in answer.headers.get("content-type", "") or token[:1] == "<":
        return Impostor(phrase("HTTP {status} with a page instead of a token", status=answer.status))
    if answer.status == 403:
        return Unseen("IMDS is switched off for this instance (HTTP 403)")
    if answer.status != 200 or not token or " " in token:
        return Unseen(phrase("IMDS gave no IMDSv2 token (HTTP {status}): this may be no EC2 instance", status=answer.status))

    def value(path: str) -> tuple[int, str]:
        found = ask_metadata(host, until, "GET", f"/latest/meta-data/iam/{path}", (("X-aws-ec2-metadata-token", token),))
        return found.status, found.body.decode("utf-8", "replace").strip()

    status, listed = value("security-credentials/")
    if status == 404:
        return None
    name = listed.split("\n")[0].strip()
    if status != 200 or not _ROLE.fullmatch(name):
        return Unseen(phrase("IMDS gave no name of a role (HTTP {status})", status=status))
    status, text = value(f"security-credentials/{name}")
    keys = _object(text)
    parts = [str(keys.get(part) or "") for part in ("AccessKeyId", "SecretAccessKey", "Token")]
    if status != 200 or not all(_KEY.fullmatch(part) for part in parts):
        return Unseen(phrase("IMDS gave no credentials of the role {name} (HTTP {status})", name=name, status=status))
    account = _ACCOUNT.match(str(_object(value("info")[1]).get("InstanceProfileArn") or ""))
    return InstanceRole(name, account[1] if account else "", Credentials(*parts))


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
