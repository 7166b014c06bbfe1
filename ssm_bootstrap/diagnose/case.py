"""A case: the observations, answers to what checks ask of them, and what cannot be claimed from them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Callable, Iterable, Mapping, Optional, Union

from ssm_bootstrap.catalog.addresses import Place
from ssm_bootstrap.catalog.agent import WORKER, package_key
from ssm_bootstrap.catalog.buckets import patch_payload_host
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.partitions import partition_of, region_of
from ssm_bootstrap.diagnose.cloud.facts import cloud_facts
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.diagnose.logs.explain import ClassifiedLogs
from ssm_bootstrap.diagnose.patch.repository_state import with_repositories
from ssm_bootstrap.diagnose.reachability import Reach, metadata_of, reaches
from ssm_bootstrap.diagnose.unseen import was_not_seen
from ssm_bootstrap.diagnose.verdicts import NeedVerdict, judge_needs
from ssm_bootstrap.model.agent import Agent, AgentPath, AgentProcess, Identity, IdentityState, Unit
from ssm_bootstrap.model.capability import BY_COMMAND, ON_A_NODE, Capability, Verdict
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.findings import Evidence, Finding, Severity
from ssm_bootstrap.model.logs import LogGroup
from ssm_bootstrap.model.machine import Image, Instance, Metadata, RunningIdentity, SharedProfile, Surroundings
from ssm_bootstrap.model.observations import Observations, Plan
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.model.patch import Patching
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import Site


@dataclass(frozen=True)
class Case:
    """Observations with the region, the capabilities asked for, and how rows and needs stand.

    Checks ask the case, not the observations. A part that could not be looked at is None, or an empty value whose own parts
    are all "not asked"; neither counts as a pass or as a failure.
    """

    observations: Observations
    region: str
    capabilities: tuple[Capability, ...]
    reaches: tuple[Reach, ...]
    needs: tuple[NeedVerdict, ...]
    logs: ClassifiedLogs = field(default_factory=ClassifiedLogs)

    # what was asked for

    @property
    def plan(self) -> Plan:
        """What was to be looked at, and for which region."""
        return self.observations.plan

    @property
    def site(self) -> Site:
        """What the site's own files say of AWS."""
        return self.plan.site

    @property
    def domain(self) -> str:
        """The domain of the region's names."""
        return partition_of(self.region, self.site).domain

    @property
    def on_a_node(self) -> tuple[Capability, ...]:
        """The capabilities asked for that need a registered node."""
        return self.asked(*ON_A_NODE)

    def asked(self, *wanted: Capability) -> tuple[Capability, ...]:
        """Which of these capabilities were asked for, in the order in which they were asked for."""
        return tuple(item for item in self.capabilities if item in wanted)

    # what was seen

    @property
    def agent(self) -> Optional[Agent]:
        """The agent, installed or not."""
        return value_of(self.observations.agent)

    @property
    def installed_agent(self) -> Optional[Agent]:
        """The agent, where one is installed."""
        return self.agent if self.agent is not None and self.agent.installed else None

    @property
    def agent_path(self) -> AgentPath:
        """What decides where the agent dials; empty where nobody looked."""
        return value_of(self.observations.agent_path) or AgentPath()

    @property
    def unit(self) -> Optional[Unit]:
        """The agent's systemd unit."""
        return value_of(self.agent.unit) if self.agent is not None else None

    @property
    def processes(self) -> Optional[tuple[AgentProcess, ...]]:
        """The agent's processes."""
        return value_of(self.agent.processes) if self.agent is not None else None

    @property
    def identity(self) -> Optional[Identity]:
        """What the vault and the registration file say."""
        return value_of(self.observations.identity)

    @property
    def node(self) -> Optional[Identity]:
        """The identity of a registered node; None where it is not registered, or nobody could tell."""
        return self.identity if self.identity is not None and self.identity.state is IdentityState.REGISTERED else None

    @property
    def is_registered(self) -> bool:
        """Whether this node is known to be registered."""
        return self.node is not None

    @property
    def instance(self) -> Optional[Instance]:
        """The machine: its system, resolvers and metadata."""
        return value_of(self.observations.instance)

    @property
    def metadata(self) -> Optional[Metadata]:
        """What IMDS said."""
        return metadata_of(self.observations)

    @property
    def image(self) -> Image:
        """What tells a clone or a golden image from a machine of its own."""
        return value_of(self.observations.image) or Image()

    @property
    def running_identity(self) -> Optional[RunningIdentity]:
        """Whom the agent took itself for when it last had credentials, by what it wrote of itself."""
        return value_of(self.image.running)

    @property
    def default_profile(self) -> Optional[SharedProfile]:
        """The default profile of root's own AWS credentials."""
        return value_of(self.image.default_profile)

    @property
    def surroundings(self) -> Surroundings:
        """What surrounds the agent on this machine."""
        return value_of(self.observations.surroundings) or Surroundings()

    @property
    def has_surroundings(self) -> bool:
        """Whether somebody looked at what surrounds the agent."""
        return value_of(self.observations.surroundings) is not None

    @property
    def patching(self) -> Patching:
        """What was seen of patching; empty where patching was not asked for."""
        return (value_of(self.observations.patching) if self.asked(Capability.PATCH) else None) or Patching()

    @property
    def cloud(self) -> Optional[Cloud]:
        """AWS's side of the instance, where its APIs were asked."""
        return value_of(self.observations.cloud)

    @property
    def log_groups(self) -> tuple[LogGroup, ...]:
        """The records of the agent's logs, similar ones grouped together."""
        digest = value_of(self.observations.logs)
        return digest.groups if digest is not None else ()

    def since(self, moment: datetime) -> timedelta:
        """How much time passed from this moment until the observations were made."""
        return self.observations.taken_at - moment

    # what follows from it

    def day(self, proven: date) -> date:
        """The day of the look by AWS's clock where AWS answered; by this machine's alone, no day after one that is ``proven``."""
        told = [probe.clock_offset for probe in self.observations.probes if probe.request_id and probe.clock_offset is not None]
        if not told:
            return min(self.observations.taken_at.date(), proven)
        try:
            return (self.observations.taken_at + timedelta(seconds=min(told))).date()
        except OverflowError:
            return proven

    @property
    def is_closed(self) -> bool:
        """Whether the VPC has no way out for endpoints: by the site's word, else where an interface endpoint is inside it."""
        interface = [reach for reach in self.reaches if not reach.is_s3 and reach.shown_by.target.proxy is None]
        return any(reach.place is Place.INSIDE for reach in interface) if self.plan.closed is None else self.plan.closed

    @property
    def own_region_elsewhere(self) -> str:
        """The region that this node is registered in, where another one was looked at; else empty."""
        own, looked_at = self.node.region if self.node is not None else "", value_of(self.plan.region)
        return own if looked_at and own != looked_at else ""

    @property
    def led_elsewhere(self) -> Mapping[str, str]:
        """The capabilities whose calls amazon-ssm-agent.json sends to a host in another region, and that host.

        That host was dialled instead of the region's own. An answer from it does not mean that it knows this node.
        """
        config, region = self.agent_path.config, value_of(self.plan.region)
        found: dict[str, str] = {}
        for key, host in config.endpoints if region and not config.problem else ():
            if region_of(host) not in ("", region):
                found.update({item.value: host for item in _CALLED_BY.get(key, ()) if item.value not in found})
        return found

    @property
    def lacks_a_worker(self) -> bool:
        """Whether a registered node's core runs without its worker, which does all the work; it may have only just started."""
        if self.agent is None or not self.is_registered:
            return False
        names = {item.name for item in self.processes or ()}
        return names == {"amazon-ssm-agent"} and WORKER.is_reached_by(self.agent.version) is not False

    @property
    def unsure_way(self) -> Optional[Evidence]:
        """What decides where the agent dials but could not be read, and why; None where it is known where the agent dials."""
        config = self.agent_path.config
        if config.unreadable:
            unread = phrase("{file}: the agent may dial other hosts", file=config.unreadable)
            return Evidence("not looked at", config.path, unread)
        return self.unsure_proxy

    @property
    def unsure_proxy(self) -> Optional[Evidence]:
        """The environment of the agent's unit, if it could not be read."""
        unread = self.agent_path.unread
        said = phrase("{place}: the agent may go by a proxy", place=unread)
        return Evidence("not looked at", "the agent's environment", said) if unread else None

    # what is said of it

    @property
    def facts(self) -> dict[str, str]:
        """Facts by the names that the templates of findings use; an empty string where one is not known."""
        told, system = self.metadata or Metadata(), self.instance
        by_aws = cloud_facts(self.cloud) if self.cloud is not None else {}
        by_node = {
            "region": self.region,
            "domain": self.domain if self.region else "",
            "partition": partition_of(self.region, self.site).name if self.region else "",
            "mi": self.identity.managed_instance_id if self.identity is not None else "",
            "vpc_id": told.vpc_id,
            "subnet_id": told.subnet_id,
            "instance_id": told.instance_id,
            "instance_security_group_id": next(iter(told.security_groups), ""),
            "instance_security_group_ids": ",".join(told.security_groups),
            "agent_package": package_key(system.system_id, (), system.architecture) if system is not None else "",
        }
        return {**by_node, **{name: value for name, value in by_aws.items() if value and not by_node.get(name)}}

    def finding(
        self, code: str, subject: str, detail: str = "", *, facts: Optional[Mapping[str, str]] = None, **more: Any
    ) -> Finding:
        """The finding ``code`` about ``subject``, its texts filled with what the case knows.

        ``detail`` and ``facts`` are what only the check knows; an empty fact counts as not known even if the case knows it.
        Where the region is not known, the domain is that of most regions. ``more`` is passed on to `make_finding`.
        """
        return make_finding(code, subject, facts={**self.facts, "domain": self.domain, "detail": detail, **(facts or {})}, **more)


Said = Union[Finding, tuple[str, str]]
"""What a check reports: a finding, or a subject that could not be looked at and the reason."""


@dataclass(frozen=True)
class Check:
    """A name and a function that reports what it finds in a case.

    Checks report in the order in which their module lists them. ``after`` names a check of another module; this check then
    reports right after that one instead.
    """

    name: str
    function: Callable[[Case], Iterable[Said]]
    after: str = ""


def open_case(observations: Observations) -> Case:
    """The case of these observations."""
    case = replace(unopened_case(observations), reaches=reaches(observations), needs=())
    return replace(case, needs=_judge_needs(case))


def _judge_needs(case: Case) -> tuple[NeedVerdict, ...]:
    """How each need stands, and which capabilities remain unknown because something could not be looked at."""
    needs = judge_needs(case.capabilities, {reach.endpoint: reach for reach in case.reaches}, case.agent_path.version)
    unknown_for_patching = tuple(NeedVerdict(item, Verdict.UNKNOWN) for item in case.asked(Capability.PATCH))
    if case.reaches and isinstance(patch_payload_host(case.region, case.site), Unseen):
        needs = (*needs, *unknown_for_patching)
    needs = with_repositories(case.observations, needs)
    unreadable = case.identity is not None and case.identity.state is IdentityState.UNREADABLE
    blind = was_not_seen(case.observations.agent) or was_not_seen(case.observations.logs)
    if was_not_seen(case.observations.patching):
        needs = (*needs, *unknown_for_patching)
    if unreadable or blind or case.own_region_elsewhere or case.lacks_a_worker:
        needs = (*needs, *(NeedVerdict(item, Verdict.UNKNOWN) for item in case.on_a_node))
    led = case.led_elsewhere
    needs = (*needs, *(NeedVerdict(item, Verdict.UNKNOWN) for item in case.capabilities if item.value in led))
    if case.unsure_way and not all(FINDINGS[reach.code].is_of_every_host for reach in case.reaches if reach.code):
        needs = tuple(_unproven(need) for need in needs)
    return needs


def unopened_case(observations: Observations) -> Case:
    """The case with nothing computed yet: every capability that was asked for is unknown."""
    capabilities = tuple(Capability(name) for name in observations.plan.capabilities)
    unsure = tuple(NeedVerdict(item, Verdict.UNKNOWN) for item in capabilities)
    return Case(observations, value_of(observations.plan.region) or "", capabilities, (), unsure)


_CALLED_BY: Mapping[str, tuple[Capability, ...]] = {
    "Ssm.Endpoint": tuple(Capability),
    "Mgs.Endpoint": (Capability.SESSION, *BY_COMMAND),
    "Mds.Endpoint": (),  # a mere fallback for an agent of these years
}
"""Which capabilities need the calls that a key of amazon-ssm-agent.json leads elsewhere."""


def _unproven(need: NeedVerdict) -> NeedVerdict:
    """A need whose failure was seen on a path that may not be the agent's."""
    failed = need.verdict in (Verdict.BROKEN, Verdict.DEGRADED)
    return replace(need, verdict=Verdict.UNKNOWN) if failed else need


def in_doubt(case: Case, finding: Finding) -> Finding:
    """A failed fetch as a warning that breaks nothing, where the agent's own proxy is not known."""
    doubt = case.unsure_proxy if FINDINGS[finding.code].worded(finding.variant).is_fetched else None
    if doubt is None or finding.severity is Severity.INFO:
        return finding
    return replace(finding, severity=Severity.WARNING, breaks=(), degrades=(), evidence=(*finding.evidence, doubt))
