"""Whether this node is registered, in the account that is meant, and whether its agent runs as that node."""

from __future__ import annotations

import re
from typing import Iterator, Optional, Union

from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.diagnose.network.region import abroad
from ssm_bootstrap.diagnose.reachability import metadata_of
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.findings import Evidence, Finding, Severity
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.timeline import LifeEvent

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


HYBRID, EC2 = "OnPrem", "EC2"


def identity(case: Case) -> Iterator[Finding]:
    """A configuration that puts EC2 first, or an agent that took the instance's identity when it last started."""
    node = value_of(case.observations.identity)
    if node is None or node.state is not IdentityState.REGISTERED:
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
    rest = case.on_a_node
    yield make_finding(
        "identity-not-hybrid",
        "amazon-ssm-agent",
        facts={"region": case.region, "mi": node.managed_instance_id, "detail": "; ".join(item.excerpt for item in shown)},
        evidence=tuple(shown),
        severity=Severity.WARNING if is_later else Severity.ERROR,
        breaks=() if is_later else rest,
    )


def _configured(case: Case) -> Optional[Evidence]:
    """The order of identities, where it leads away from the hybrid one on this machine."""
    agent = value_of(case.observations.agent)
    order = agent.config.consumption_order if agent is not None else ()
    if not order or agent is None:
        return None
    first = order.index(HYBRID) if HYBRID in order else len(order)
    instance = value_of(case.observations.instance)
    metadata = value_of(instance.metadata) if instance is not None else None
    is_ec2 = metadata is not None and bool(metadata.instance_id)
    if HYBRID in order and not (is_ec2 and EC2 in order[:first]):
        return None
    return Evidence("file", agent.config.path, f"Identity.ConsumptionOrder is {', '.join(order)}")


def _taken(case: Case) -> Optional[tuple[str, Evidence]]:
    """The identity that the running agent took, by its log, else by what it wrote of itself; None where it does not run."""
    agent = value_of(case.observations.agent)
    unit = value_of(agent.unit) if agent is not None else None
    if unit is not None and unit.active_state not in ("active", "reloading"):
        return None
    logged = _of_newest_run(case)
    if logged is not None:
        return logged
    image = value_of(case.observations.image)
    running = value_of(image.running) if image is not None else None
    if running is None or not running.kind:
        return None
    path = "/var/lib/amazon/ssm/runtimeconfig/identity_config.json"
    return running.kind, Evidence("file", path, f"IdentityType is {running.kind} ({running.instance_id})")


def _of_newest_run(case: Case) -> Optional[tuple[str, Evidence]]:
    """What the newest run took; None where the log does not tell of it, or tells of an older process alone."""
    timeline = case.logs.timeline
    run = timeline.newest
    sign = run.newest(LifeEvent.IDENTITY) if run is not None else None
    if sign is None or (timeline.present_since and sign.at and sign.at < timeline.present_since):
        return None
    return sign.value, Evidence("agent log", f"{sign.file}:{sign.line}", f"Agent will take identity from {sign.value}", sign.at)


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
