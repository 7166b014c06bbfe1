"""The activation that this machine is to register with: there, in time, and with room."""

from __future__ import annotations

from typing import Iterable, Iterator, Optional

from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.diagnose.cloud.account import is_elsewhere
from ssm_bootstrap.diagnose.cloud.listed import maybe_nodes, node_of
from ssm_bootstrap.diagnose.cloud.needs import facts_of
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.cloud import Activation, Cloud
from ssm_bootstrap.model.findings import Evidence, Finding, Severity
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.repair import CreateActivation, Repair

_READ = "DescribeActivations"


def is_over(activation: Activation, cloud: Cloud) -> bool:
    """Whether an activation had expired when it was read."""
    return activation.is_expired or (activation.expires is not None and activation.expires <= cloud.taken_at)


def is_used_up(activation: Activation) -> bool:
    """Whether no machine can register with an activation any more."""
    return activation.used >= activation.limit


def is_usable(activation: Activation, cloud: Cloud) -> bool:
    """Whether a machine can register with an activation."""
    return not is_over(activation, cloud) and not is_used_up(activation)


def _wanted(case: Case) -> Optional[tuple[Cloud, tuple[Activation, ...], bool]]:
    """The activations that were read and whether one was asked for by name; None where the machine need not register."""
    cloud = case.cloud
    activations = value_of(cloud.management.activations) if cloud is not None else None
    if cloud is None or activations is None or not case.asked(Capability.REGISTER):
        return None
    if is_elsewhere(case) or case.is_registered or node_of(case) is not None or maybe_nodes(case):
        return None
    named = case.plan.activation_id.lower()
    return cloud, tuple(item for item in activations if not named or item.id.lower() == named), bool(named)


def _unusable(case: Case) -> Iterator[tuple[Cloud, Activation, bool]]:
    """The activation that was asked for, or the last one, where none can be used."""
    wanted = _wanted(case)
    if wanted is None:
        return
    cloud, activations, is_named = wanted
    if activations and not any(is_usable(item, cloud) for item in activations):
        last = max(activations, key=lambda item: item.expires.timestamp() if item.expires is not None else 0.0)
        yield cloud, last, is_named


def _finding(case: Case, cloud: Cloud, code: str, activation: Activation, said: str, is_named: bool) -> Finding:
    """An error for the one that was asked for, else a warning: there may be others elsewhere."""
    repairs: tuple[Repair, ...] = (CreateActivation(activation.role, max(activation.limit, 1)),)
    return case.finding(
        code,
        activation.id,
        said,
        facts={**facts_of(cloud), "activation_id": activation.id},
        variant="seen-in-aws",
        evidence=(Evidence(_READ, activation.id, said, cloud.taken_at),),
        severity=Severity.ERROR if is_named else Severity.WARNING,
        breaks=case.asked(Capability.REGISTER) if is_named else (),
        repairs=repairs,
    )


def expired(case: Case) -> Iterator[Finding]:
    """An activation whose time is over."""
    for cloud, activation, is_named in _unusable(case):
        if is_over(activation, cloud):
            until = activation.expires.isoformat(timespec="seconds") if activation.expires is not None else "-"
            said = phrase("expired: {until}, used {used} of {limit}", until=until, used=activation.used, limit=activation.limit)
            yield _finding(case, cloud, "activation-expired", activation, said, is_named)


def exhausted(case: Case) -> Iterator[Finding]:
    """An activation that as many machines have used as may."""
    for cloud, activation, is_named in _unusable(case):
        if not is_over(activation, cloud):
            said = phrase("used {used} of {limit}", used=activation.used, limit=activation.limit)
            yield _finding(case, cloud, "activation-exhausted", activation, said, is_named)


def absent(case: Case) -> Iterator[Finding]:
    """An activation that is not in this account and region, or none at all."""
    wanted = _wanted(case)
    if wanted is None or wanted[1]:
        return
    cloud, _, is_named = wanted
    said = phrase(
        "{count} activations in {region}, account {account}", count=_count(cloud), region=cloud.region, account=cloud.account
    )
    roles = value_of(cloud.management.roles) or ()
    repairs: tuple[Repair, ...] = (CreateActivation(roles[0].name, 1),) if roles else ()
    yield case.finding(
        "activation-absent-here",
        case.plan.activation_id or cloud.region,
        said,
        facts={**facts_of(cloud), "activation_id": case.plan.activation_id},
        variant="" if is_named else "none-at-all",
        evidence=(Evidence(_READ, case.plan.activation_id or cloud.region, said, cloud.taken_at),),
        severity=Severity.ERROR if is_named else Severity.WARNING,
        breaks=case.asked(Capability.REGISTER) if is_named else (),
        repairs=repairs,
    )


def _count(cloud: Cloud) -> int:
    activations = value_of(cloud.management.activations)
    return len(activations) if activations is not None else 0


def undecided(case: Case) -> Iterable[Capability]:
    """Registering, where the activation asked for by name could not be looked at and this machine has yet to register."""
    cloud = case.cloud
    is_hidden = cloud is not None and isinstance(cloud.management.activations, Unseen) and bool(case.plan.activation_id)
    if is_hidden and not case.is_registered and node_of(case) is None and not maybe_nodes(case):
        yield Capability.REGISTER


def unread(case: Case) -> Iterator[tuple[str, str]]:
    """Activations that could not be read."""
    if case.cloud is not None and isinstance(case.cloud.management.activations, Unseen):
        yield "activations", case.cloud.management.activations.reason


CHECKS = (
    Check("aws-activation-expired", expired),
    Check("aws-activation-exhausted", exhausted),
    Check("aws-activation-absent", absent),
    Check("aws-activation-unseen", unread),
)
