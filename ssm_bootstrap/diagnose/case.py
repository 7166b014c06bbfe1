"""The case before the checks: observations, what is computed from them once, and what may not be claimed of them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Iterator, Mapping, Optional

from ssm_bootstrap.catalog.addresses import Place
from ssm_bootstrap.catalog.agent import WORKER
from ssm_bootstrap.catalog.buckets import patch_payload_host
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.partitions import partition_of, region_of
from ssm_bootstrap.diagnose.logs.explain import ClassifiedLogs
from ssm_bootstrap.diagnose.patch.repository_state import with_repositories
from ssm_bootstrap.diagnose.reachability import Reach, metadata_of, reaches
from ssm_bootstrap.diagnose.verdicts import NeedVerdict, judge_needs
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.aws import Site
from ssm_bootstrap.model.capability import BY_COMMAND, ON_A_NODE, Capability, Verdict
from ssm_bootstrap.model.findings import Evidence, Finding, Severity
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import NOT_ASKED, OUR_FAULT, Observed, Unseen, value_of


@dataclass(frozen=True)
class Case:
    """Observations with the region, the capabilities asked for, and how rows and needs stand."""

    observations: Observations
    region: str
    capabilities: tuple[Capability, ...]
    reaches: tuple[Reach, ...]
    needs: tuple[NeedVerdict, ...]
    logs: ClassifiedLogs = field(default_factory=ClassifiedLogs)

    @property
    def site(self) -> Site:
        """What the site's own files say of AWS."""
        return self.observations.plan.site

    @property
    def domain(self) -> str:
        """The domain of the region's names."""
        return partition_of(self.region, self.site).domain

    @property
    def on_a_node(self) -> tuple[Capability, ...]:
        """Those of the capabilities that need a registered node."""
        return tuple(item for item in self.capabilities if item in ON_A_NODE)

    @property
    def by_row(self) -> Mapping[str, Reach]:
        """The reaches by the name of their row."""
        return {reach.endpoint: reach for reach in self.reaches}


def open_case(observations: Observations) -> Case:
    """The case of these observations."""
    found = reaches(observations)
    capabilities = tuple(Capability(name) for name in observations.plan.capabilities)
    region = value_of(observations.plan.region) or ""
    agent = value_of(observations.agent)
    version = agent.version if agent is not None else ""
    needs = judge_needs(capabilities, {reach.endpoint: reach for reach in found}, version)
    payload = patch_payload_host(region, observations.plan.site)
    if Capability.PATCH in capabilities and found and isinstance(payload, Unseen):
        needs = (*needs, NeedVerdict(Capability.PATCH, Verdict.UNKNOWN))
    needs = with_repositories(observations, needs)
    identity = value_of(observations.identity)
    unreadable = identity is not None and identity.state is IdentityState.UNREADABLE
    blind = _not_seen(observations.agent) or _not_seen(observations.logs)
    if Capability.PATCH in capabilities and _not_seen(observations.patching):
        needs = (*needs, NeedVerdict(Capability.PATCH, Verdict.UNKNOWN))
    if unreadable or blind or own_region_elsewhere(observations) or _lacks_a_worker(observations):
        needs = (*needs, *(NeedVerdict(item, Verdict.UNKNOWN) for item in capabilities if item in ON_A_NODE))
    led = led_elsewhere(observations)
    needs = (*needs, *(NeedVerdict(item, Verdict.UNKNOWN) for item in capabilities if item.value in led))
    if unsure_way(observations) and not all(FINDINGS[reach.code].is_of_every_host for reach in found if reach.code):
        needs = tuple(unproven(need) for need in needs)
    return Case(observations, region, capabilities, found, needs)


def _lacks_a_worker(observations: Observations) -> bool:
    """Whether the core of a registered node runs without its worker, be it that it starts just now: nothing is done then."""
    identity, agent = value_of(observations.identity), value_of(observations.agent)
    if agent is None or identity is None or identity.state is not IdentityState.REGISTERED:
        return False
    names = {item.name for item in value_of(agent.processes) or ()}
    return names == {"amazon-ssm-agent"} and WORKER.is_reached_by(agent.version) is not False


def own_region_elsewhere(observations: Observations) -> str:
    """The region that this node is registered in, where another one was looked at; else empty."""
    identity = value_of(observations.identity)
    region = value_of(observations.plan.region)
    if identity is None or identity.state is not IdentityState.REGISTERED or not region:
        return ""
    return identity.region if identity.region != region else ""


def is_closed(case: Case) -> bool:
    """Whether the VPC has no way out for endpoints: by the site's word, else where an interface endpoint is inside it."""
    said = case.observations.plan.closed
    interface = [reach for reach in case.reaches if not reach.is_s3 and reach.shown_by.target.proxy is None]
    return any(reach.place is Place.INSIDE for reach in interface) if said is None else said


def led_elsewhere(observations: Observations) -> Mapping[str, str]:
    """The capabilities whose calls amazon-ssm-agent.json leads to a host of another region, and that host.

    That host was dialled in place of the region's own, and answers: it does not know this node for that.
    """
    agent, region = value_of(observations.agent), value_of(observations.plan.region)
    found: dict[str, str] = {}
    for key, host in agent.config.endpoints if agent is not None and region and not agent.config.problem else ():
        if region_of(host) not in ("", region):
            found.update({item.value: host for item in _CALLED_BY.get(key, ()) if item.value not in found})
    return found


_CALLED_BY: Mapping[str, tuple[Capability, ...]] = {
    "Ssm.Endpoint": tuple(Capability),
    "Mgs.Endpoint": (Capability.SESSION, *BY_COMMAND),
    "Mds.Endpoint": (),  # a mere fallback for an agent of these years
}
"""Which capabilities need the calls that a key of amazon-ssm-agent.json leads elsewhere."""


def unopened_case(observations: Observations) -> Case:
    """The case where nothing could be computed: every capability that was asked for is unknown."""
    capabilities = tuple(Capability(name) for name in observations.plan.capabilities)
    unsure = tuple(NeedVerdict(item, Verdict.UNKNOWN) for item in capabilities)
    return Case(observations, value_of(observations.plan.region) or "", capabilities, (), unsure)


def not_seen(observations: Observations) -> Iterator[tuple[str, str]]:
    """Whole parts that this command looks at and could not see, with the reason."""
    parts: tuple[tuple[str, Observed[Any]], ...] = (
        ("instance", observations.instance),
        ("agent", observations.agent),
        ("agent log", observations.logs),
        ("image", observations.image),
        ("surroundings", observations.surroundings),
        ("patching", observations.patching),
    )
    for name, part in parts:
        if isinstance(part, Unseen) and _not_seen(part):
            yield name, part.reason
    around = value_of(observations.surroundings)
    for part_of in fields(around) if around is not None else ():
        topic = getattr(around, part_of.name)
        if isinstance(topic, Unseen) and topic.reason.startswith(OUR_FAULT):
            yield part_of.name.replace("_", " "), topic.reason


def _not_seen(part: Observed[Any]) -> bool:
    """Whether a part was asked for and could not be looked at."""
    return isinstance(part, Unseen) and part != NOT_ASKED


def unsure_way(observations: Observations) -> Optional[Evidence]:
    """What decides where the agent dials and could not be read, with the reason; None where the way is known."""
    agent = value_of(observations.agent)
    if agent is not None and agent.config.unreadable:
        return Evidence("not looked at", agent.config.path, f"{agent.config.unreadable}: the agent may dial other hosts")
    return _unsure_proxy(observations)


def _unsure_proxy(observations: Observations) -> Optional[Evidence]:
    """The environment of the agent's unit, where it could not be read."""
    agent, around = value_of(observations.agent), value_of(observations.surroundings)
    if agent is None or around is None or value_of(agent.unit) is None:
        return None
    if not isinstance(around.service, Unseen) or around.service == NOT_ASKED:
        return None
    return Evidence("not looked at", "the agent's environment", f"{around.service.reason}: the agent may go by a proxy")


def unproven(need: NeedVerdict) -> NeedVerdict:
    """A need of which a failure was seen on a way that may not be the agent's."""
    failed = need.verdict in (Verdict.BROKEN, Verdict.DEGRADED)
    return replace(need, verdict=Verdict.UNKNOWN) if failed else need


def in_doubt(observations: Observations, finding: Finding) -> Finding:
    """A failed fetch as a warning that breaks nothing, where the agent's own proxy is not known."""
    doubt = _unsure_proxy(observations) if FINDINGS[finding.code].is_fetched else None
    if doubt is None or finding.severity is Severity.INFO:
        return finding
    return replace(finding, severity=Severity.WARNING, breaks=(), degrades=(), evidence=(*finding.evidence, doubt))


def known_facts(observations: Observations) -> dict[str, str]:
    """Facts by the names that the templates of findings use; an empty string where one is not known."""
    metadata = metadata_of(observations)
    identity = value_of(observations.identity)
    region = value_of(observations.plan.region) or ""
    return {
        "region": region,
        "domain": partition_of(region, observations.plan.site).domain if region else "",
        "mi": identity.managed_instance_id if identity is not None else "",
        "vpc_id": metadata.vpc_id if metadata is not None else "",
        "subnet_id": metadata.subnet_id if metadata is not None else "",
        "instance_id": metadata.instance_id if metadata is not None else "",
    }
