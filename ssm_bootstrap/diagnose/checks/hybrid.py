"""Whether the agent of a registered node runs as that node, or as the EC2 instance after all."""

from __future__ import annotations

from typing import Iterator, Optional

from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.wording import make_finding
from ssm_bootstrap.model.finding import Evidence, Finding, Severity
from ssm_bootstrap.model.machine import IdentityState
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.timeline import LifeEvent

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
