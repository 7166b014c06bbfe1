"""Whether this node is registered, and what is wrong with its identity."""

from __future__ import annotations

from typing import Iterator

from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.checks.region import abroad
from ssm_bootstrap.diagnose.reach import metadata_of
from ssm_bootstrap.diagnose.wording import make_finding
from ssm_bootstrap.model.finding import Evidence, Finding
from ssm_bootstrap.model.machine import IdentityState
from ssm_bootstrap.model.observed import value_of

JOURNAL = "/var/lib/amazon/ssm/.ssm-bootstrap/journal.json"
"""Where a change of identity is written down until it is done."""

_FAULTS = (IdentityState.NOT_REGISTERED, IdentityState.LOST, IdentityState.INTERRUPTED)
"""States that are findings of the same name."""


def registration(case: Case) -> Iterator[Finding]:
    """A node without an identity: nothing but registering can work."""
    identity = value_of(case.observations.identity)
    if identity is None or identity.state not in _FAULTS:
        return
    detail = identity.detail or "the vault holds no identity"
    is_cut = identity.state is IdentityState.INTERRUPTED
    meant = metadata_of(case.observations) if any(abroad(case)) else None  # the remedy names the region that can work
    shown = Evidence("journal", JOURNAL, "a change of identity was cut short, and nobody holds the lock")
    yield make_finding(
        identity.state.value,
        identity.registration_file_id or "this node",
        facts={
            "region": meant.region if meant is not None else case.region,
            "detail": detail,
            "mi": identity.registration_file_id,
        },
        evidence=(shown if is_cut else Evidence("vault", "/var/lib/amazon/ssm/Vault", detail),),
        breaks=case.on_a_node,
    )


def unreadable(case: Case) -> Iterator[tuple[str, str]]:
    """An identity that could not be read is nobody's fault yet."""
    identity = value_of(case.observations.identity)
    if identity is not None and identity.state is IdentityState.UNREADABLE:
        yield "identity", identity.detail
