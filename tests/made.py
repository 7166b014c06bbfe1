"""Short ways to make observations for tests of what is pure."""

from __future__ import annotations

from typing import Any, Optional, Sequence

from ssm_bootstrap.catalog.endpoints import ENDPOINTS, Endpoint
from ssm_bootstrap.collect.network.targets import ProxySettings, targets_for
from ssm_bootstrap.model.agent import Agent, AgentConfig, AgentPath
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.machine import Instance, Metadata, Surroundings
from ssm_bootstrap.model.network import Probe, StageResult, Target
from ssm_bootstrap.model.observations import Observations, Plan
from ssm_bootstrap.model.observed import NOT_ASKED, Observed, Seen, Unseen, value_of
from ssm_bootstrap.model.site import NO_SITE
from tests.fakes import NOON

REGION = "ap-northeast-1"
ROWS = {row.name: row for row in ENDPOINTS}
EVERYTHING = tuple(item.value for item in Capability)
NO_CONFIG = AgentConfig("", present=False)
PUBLIC, INSIDE, INSIDE_B = "52.119.1.1", "10.0.0.5", "10.0.1.5"
V6 = "2406:da14::5"


def wanted(*names: str, region: str = REGION, proxies: Optional[ProxySettings] = None) -> list[tuple[Endpoint, Target, str]]:
    """What ``targets_for`` gives for rows by name."""
    found = targets_for(list(Capability), region, NO_CONFIG, proxies or ProxySettings(), NO_SITE)
    return [item for item in found if item[0].name in names]


def target(name: str, **more: Any) -> Target:
    """The target of a row, as a whole look has it."""
    ((_, found, _),) = wanted(name)
    return Target(**{**found.__dict__, **more})


def probe(
    name: str,
    address: Optional[str] = INSIDE,
    stage: Stage = Stage.HTTP,
    failure: Optional[Failure] = None,
    *,
    detail: str = "",
    proxied: Any = None,
    **more: Any,
) -> Probe:
    """A ladder up to ``stage``; it ends there with ``failure``, or is whole."""
    aim = target(name, proxy=proxied) if proxied is not None else target(name)
    rungs = [Stage.DNS, Stage.TCP]
    if aim.proxy is not None:
        rungs.append(Stage.PROXY)
    if aim.port == 443:
        rungs.append(Stage.TLS)
    rungs.append(Stage.HTTP)
    below = [StageResult(rung, True, 0.01) for rung in rungs[: rungs.index(stage)]]
    last = StageResult(stage, failure is None, 0.02, failure, detail)
    good: dict[str, Any] = {"status": 400, "request_id": "r-1"} if failure is None else {}
    return Probe(aim, address if stage is not Stage.DNS else None, (*below, last), **{**good, **more})


def instance(v4: Sequence[str] = ("10.0.0.0/16",), v6: Sequence[str] = (), metadata: Optional[Observed[Metadata]] = None) -> Any:
    """An instance in a VPC with these blocks."""
    told = metadata or Seen(
        Metadata(region=REGION, instance_id="i-1", vpc_id="vpc-1", ipv4_cidrs=tuple(v4), ipv6_cidrs=tuple(v6))
    )
    return Seen(Instance("Amazon Linux 2023", "amzn", "2023", "x86_64", "here", ("10.0.0.2",), told))


def observations(
    *probes: Probe, capabilities: Sequence[str] = EVERYTHING, closed: Optional[bool] = None, **more: Any
) -> Observations:
    """What one look saw."""
    plan = more.pop("plan", Plan("probe", Seen(REGION), "--region", tuple(capabilities), closed))
    given = {"version": "0.1.0", "taken_at": NOON, "instance": instance(), "agent_path": agent_path(**more), **more}
    return Observations(plan=plan, probes=probes, **given)


def agent_path(agent: Observed[Agent] = NOT_ASKED, surroundings: Observed[Surroundings] = NOT_ASKED, **_: Any) -> Any:
    """Where the agent dials, by what else was seen of it."""
    installed, around = value_of(agent), value_of(surroundings)
    if installed is None:
        return NOT_ASKED
    service = around.service if around is not None and value_of(installed.unit) is not None else NOT_ASKED
    unread = service.reason if isinstance(service, Unseen) and service != NOT_ASKED else ""
    return Seen(AgentPath(installed.version, installed.config, unread))


def healthy(*but: Probe) -> tuple[Probe, ...]:
    """A probe of every row: the given ones, and the others as in a complete VPC."""
    given = {item.target.endpoint for item in but}
    rest = [probe(name, PUBLIC if ROWS[name].is_s3 else INSIDE) for name in ROWS if name not in given]
    return (*but, *rest)
