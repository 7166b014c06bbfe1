"""The present beside the logs: the core's process, the machine's start and the vault, as they were seen."""

from __future__ import annotations

from datetime import datetime, timezone

from ssm_bootstrap.diagnose.logs.timeline import CORE, CORE_WORKER, Present
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import value_of


def present_of(observations: Observations) -> Present:
    """What is seen of the core's process, of the machine's start and of the vault."""
    agent, identity = value_of(observations.agent), value_of(observations.identity)
    unit = value_of(agent.unit) if agent is not None else None
    processes = value_of(agent.processes) if agent is not None else None
    around = value_of(observations.surroundings)
    lasting = value_of(around.cores) if around is not None else None  # those that do not merely register, or tell a version
    cores = [
        item for item in processes or () if item.name == CORE and (lasting is None or item.pid in {one.pid for one in lasting})
    ]
    if unit is not None and unit.main_pid:
        cores = [item for item in cores if item.pid == unit.main_pid] or cores
    core = next(iter(cores), None)
    workers = [item.started for item in processes or () if item.name == CORE_WORKER]
    readable = identity is not None and identity.state is not IdentityState.UNREADABLE
    return Present(
        at=observations.taken_at,
        has_core=bool(cores) if processes is not None else None,
        core_began=datetime.fromtimestamp(core.started, timezone.utc) if core is not None else None,
        booted=value_of(observations.booted),
        is_registered=identity.state is IdentityState.REGISTERED if readable and identity is not None else None,
        worker_began=datetime.fromtimestamp(max(workers), timezone.utc) if workers else None,
        credentials_from=value_of(around.credentials_from) if around is not None else None,
    )
