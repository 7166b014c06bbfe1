"""The account that this node is registered in, against the one that the configuration expects."""

from __future__ import annotations

import re
from typing import Iterator, Optional, Union

from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.checks.hybrid import HYBRID
from ssm_bootstrap.diagnose.wording import make_finding
from ssm_bootstrap.model.finding import Evidence, Finding, Severity
from ssm_bootstrap.model.machine import IdentityState
from ssm_bootstrap.model.observed import value_of

ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)

# A hybrid node's session is named after the node; a refused call names role, account and session (IAM User Guide, access denied).
_SESSION = re.compile(
    r"arn:aws[a-z-]{0,12}:sts::([0-9]{12}):assumed-role/[\w+=,.@-]{1,64}/(mi-[0-9a-f]{17})(?![0-9a-z])", re.ASCII
)


def mismatch(case: Case) -> Iterator[Union[Finding, tuple[str, str]]]:
    """Another account than the one expected, where AWS named it; silent where the configuration expects none.

    An instance's own account tells nothing here: that the node may be of another one is what hybrid activation is used for.
    """
    expected = case.observations.plan.account
    identity = value_of(case.observations.identity)
    if not expected or identity is None or identity.state not in (IdentityState.REGISTERED, IdentityState.UNREADABLE):
        return
    if not ACCOUNT.fullmatch(expected):
        yield "account", "account ids were masked in what was saved"
        return
    mi = identity.managed_instance_id
    if not mi:
        yield "account", f"expected is {expected}, and which node this is could not be read"
        return
    told = _named_by_aws(case, mi) or _by_key(case, mi)
    if told is None:
        yield (
            "account",
            f"expected is {expected}, and nothing on this machine tells the account of {mi}: neither the vault nor the "
            "registration holds it, no key of the running agent could be read, and AWS names it only where it refuses a call",
        )
        return
    account, shown, severity = told
    if account == expected:
        return
    yield make_finding(
        "account-mismatch",
        mi,
        facts={"region": case.region, "mi": mi, "detail": f"account {account}, expected {expected}"},
        evidence=(shown,),
        severity=severity,
    )


Told = tuple[str, Evidence, Severity]
"""An account, where it stands, and how sure it is: what AWS does not document is a warning's worth."""


def _named_by_aws(case: Case, mi: str) -> Optional[Told]:
    """The account that an answer of AWS in the log names for this very node."""
    digest = value_of(case.observations.logs)
    for group in digest.groups if digest is not None else ():
        for found in _SESSION.finditer(group.sample.message):
            if found[2] == mi:
                place = f"{group.file}:{group.line}"
                return found[1], Evidence("agent log", place, found[0], group.sample.at), Severity.ERROR
    return None


def _by_key(case: Case, mi: str) -> Optional[Told]:
    """The account that the id of the key tells which the agent got as this very node."""
    image = value_of(case.observations.image)
    running = value_of(image.running) if image is not None else None
    account = value_of(image.account) if image is not None else None
    if running is None or account is None or (running.kind, running.instance_id) != (HYBRID, mi):
        return None
    if not ACCOUNT.fullmatch(account):
        return None
    excerpt = f"the agent's access key is one of account {account}"
    return account, Evidence("file", running.share_file, excerpt), Severity.WARNING
