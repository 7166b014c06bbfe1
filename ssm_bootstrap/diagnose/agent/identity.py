"""Whether this node is registered, in the account that is meant, and whether its agent runs as that node."""

from __future__ import annotations

import re
from typing import Iterator, Optional

from ssm_bootstrap.diagnose.case import Case, Check, Said
from ssm_bootstrap.diagnose.network.region import abroad
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.findings import Evidence, Finding, Severity
from ssm_bootstrap.model.lifeevent import LifeEvent
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.phrase import joined, phrase

JOURNAL = "/var/lib/amazon/ssm/.ssm-bootstrap/journal.json"
"""Where a change of identity is written down until it is done."""

_CUT_SHORT = "a change of identity was cut short, and nobody holds the lock"

_FAULTS = (IdentityState.NOT_REGISTERED, IdentityState.LOST, IdentityState.INTERRUPTED)
"""States that are findings of the same name."""


def registration(case: Case) -> Iterator[Finding]:
    """A node without an identity: nothing but registering can work."""
    identity = case.identity
    if identity is None or identity.state not in _FAULTS:
        return
    detail = identity.detail or "the vault holds no identity"
    is_cut = identity.state is IdentityState.INTERRUPTED
    meant = case.metadata if any(abroad(case)) else None  # the remedy names the region that can work
    shown = Evidence("journal", JOURNAL, detail if identity.is_journal_unreadable else _CUT_SHORT)
    yield case.finding(
        identity.state.value,
        identity.registration_file_id or "this node",
        detail,
        facts={"mi": identity.registration_file_id, **({"region": meant.region} if meant is not None else {})},
        evidence=(shown if is_cut else Evidence("vault", "/var/lib/amazon/ssm/Vault", detail),),
        breaks=case.on_a_node,
        variant="unreadable" if identity.is_journal_unreadable else "",
    )


def unreadable(case: Case) -> Iterator[tuple[str, str]]:
    """An identity that could not be read is nobody's fault yet."""
    if case.identity is not None and case.identity.state is IdentityState.UNREADABLE:
        yield "identity", case.identity.detail


HYBRID, EC2 = "OnPrem", "EC2"


def identity(case: Case) -> Iterator[Finding]:
    """A configuration that puts EC2 first, or an agent that took the instance's identity when it last started."""
    if not case.is_registered:
        return
    configured, taken = _configured(case), _taken(case)
    runs_as_ec2 = taken is not None and taken[0] == EC2
    if configured is None and not runs_as_ec2:
        return
    shown = [configured] if configured is not None else []
    if taken is not None:
        shown.append(taken[1])
    # Whoever still runs as the hybrid node does so until the next start.
    is_later = taken is not None and taken[0] == HYBRID
    yield case.finding(
        "identity-not-hybrid",
        "amazon-ssm-agent",
        joined((item.excerpt for item in shown), "; "),
        evidence=tuple(shown),
        severity=Severity.WARNING if is_later else Severity.ERROR,
        breaks=() if is_later else case.on_a_node,
    )


def _configured(case: Case) -> Optional[Evidence]:
    """The order of identities, where it leads away from the hybrid one on this machine."""
    agent = case.agent
    order = agent.config.consumption_order if agent is not None else ()
    if not order or agent is None:
        return None
    first = order.index(HYBRID) if HYBRID in order else len(order)
    is_ec2 = case.metadata is not None and bool(case.metadata.instance_id)
    if HYBRID in order and not (is_ec2 and EC2 in order[:first]):
        return None
    return Evidence("file", agent.config.path, phrase("Identity.ConsumptionOrder is {order}", order=", ".join(order)))


def _taken(case: Case) -> Optional[tuple[str, Evidence]]:
    """The identity that the running agent took, by its log, else by what it wrote of itself; None where it does not run."""
    if case.unit is not None and case.unit.active_state not in ("active", "reloading"):
        return None
    logged = _of_newest_run(case)
    if logged is not None:
        return logged
    running = case.running_identity
    if running is None or not running.kind:
        return None
    path = "/var/lib/amazon/ssm/runtimeconfig/identity_config.json"
    return running.kind, Evidence(
        "file", path, phrase("IdentityType is {kind} ({instance_id})", kind=running.kind, instance_id=running.instance_id)
    )


def _of_newest_run(case: Case) -> Optional[tuple[str, Evidence]]:
    """What the newest run took; None where the log does not tell of it, or tells of an older process alone."""
    timeline = case.logs.timeline
    sign = timeline.newest.newest(LifeEvent.IDENTITY) if timeline.newest is not None else None
    if sign is None or timeline.is_of_an_older_process(sign.at):
        return None
    return sign.value, Evidence("agent log", f"{sign.file}:{sign.line}", f"Agent will take identity from {sign.value}", sign.at)


ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)

# A hybrid node's session is named after the node; a refused call names role, account and session (IAM User Guide, access denied).
_SESSION = re.compile(
    r"arn:aws[a-z-]{0,12}:sts::([0-9]{12}):assumed-role/[\w+=,.@-]{1,64}/(mi-[0-9a-f]{17})(?![0-9a-z])", re.ASCII
)


def mismatch(case: Case) -> Iterator[Said]:
    """Another account than the one expected, where AWS named it; silent where the configuration expects none.

    An instance's own account tells nothing here: that the node may be of another one is what hybrid activation is used for.
    """
    expected = case.plan.account
    identity = case.identity
    if not expected or identity is None or identity.state not in (IdentityState.REGISTERED, IdentityState.UNREADABLE):
        return
    if not ACCOUNT.fullmatch(expected):
        yield "account", "account ids were masked in what was saved"
        return
    mi = identity.managed_instance_id
    if not mi:
        yield "account", phrase("expected is {expected}, and which node this is could not be read", expected=expected)
        return
    told = _told(case, mi)
    if told is None:
        yield (
            "account",
            phrase(
                "expected is {expected}, and nothing on this machine tells the account of {mi}: neither the vault nor the "
                "registration holds it, no key of the running agent could be read, and AWS names it only where it refuses a call",
                expected=expected,
                mi=mi,
            ),
        )
        return
    account, shown, severity = told
    if account == expected:
        return
    yield case.finding(
        "account-mismatch",
        mi,
        phrase("account {account}, expected {expected}", account=account, expected=expected),
        evidence=(shown,),
        severity=severity,
    )


Told = tuple[str, Evidence, Severity]
"""An account, where it stands, and how sure it is: what AWS does not document is a warning's worth."""


def _told(case: Case, mi: str) -> Optional[Told]:
    return _named_by_aws(case, mi) or _by_key(case, mi)


def account_told(case: Case) -> str:
    """The account of this very node by what was seen on the machine; empty where nothing tells it."""
    mi = case.identity.managed_instance_id if case.identity is not None else ""
    told = _told(case, mi) if mi else None
    return told[0] if told is not None else ""


def _named_by_aws(case: Case, mi: str) -> Optional[Told]:
    """The account that an answer of AWS in the log names for this very node."""
    for group in case.log_groups:
        for found in _SESSION.finditer(group.sample.message):
            if found[2] == mi:
                place = f"{group.file}:{group.line}"
                return found[1], Evidence("agent log", place, found[0], group.sample.at), Severity.ERROR
    return None


def _by_key(case: Case, mi: str) -> Optional[Told]:
    """The account that the id of the key tells which the agent got as this very node."""
    running, account = case.running_identity, value_of(case.image.account)
    if running is None or account is None or (running.kind, running.instance_id) != (HYBRID, mi):
        return None
    if not ACCOUNT.fullmatch(account):
        return None
    excerpt = phrase("the agent's access key is one of account {account}", account=account)
    return account, Evidence("file", running.share_file, excerpt), Severity.WARNING


CHECKS = (
    Check("identity", registration),
    Check("identity-unreadable", unreadable),
    Check("identity-hybrid", identity),
    Check("account", mismatch, after="region-abroad"),
)
