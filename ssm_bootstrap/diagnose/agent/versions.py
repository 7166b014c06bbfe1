"""What the installed agent is too old for, and configuration that leads it to another region."""

from __future__ import annotations

from typing import Iterable, Iterator, Union

from ssm_bootstrap.catalog.agent import COMMANDS_BY_SSMMESSAGES, EC2MESSAGES_AS_FALLBACK, PATCH_MANAGER, SOURCE_BUILD
from ssm_bootstrap.catalog.partitions import region_of
from ssm_bootstrap.catalog.regions import has_ec2messages
from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.diagnose.reachability import Standing
from ssm_bootstrap.diagnose.verdicts import touched_by
from ssm_bootstrap.model.capability import Capability, Verdict
from ssm_bootstrap.model.findings import Evidence, Finding, Severity
from ssm_bootstrap.model.phrase import phrase

_COMMANDS = (Capability.RUN_COMMAND, Capability.PATCH, Capability.AGENT_UPDATE)


def too_old(case: Case) -> Iterator[Finding]:
    """An agent that cannot do what is asked of it in this region."""
    agent = case.installed_agent
    if agent is not None:
        yield from finding_of_version(case, agent.version, Evidence("agent", "-version", agent.version))


def finding_of_version(case: Case, version: str, shown: Evidence) -> Iterable[Finding]:
    """The finding about an agent of a version that is too old for what is asked of it; none about another."""
    gone = bool(case.region) and has_ec2messages(case.region, case.site) is False
    broken: tuple[Capability, ...]
    if PATCH_MANAGER.is_reached_by(version) is False:
        wanted, meaning, broken = PATCH_MANAGER, "Patch Manager does not work with it", (Capability.PATCH,)
        if gone:
            broken = _COMMANDS
    elif gone and COMMANDS_BY_SSMMESSAGES.is_reached_by(version) is False:
        wanted, broken = COMMANDS_BY_SSMMESSAGES, _COMMANDS
        meaning = phrase("it takes Run Command from ec2messages alone, which {region} does not have", region=case.region)
    elif gone and EC2MESSAGES_AS_FALLBACK.is_reached_by(version) is False:
        wanted, broken = EC2MESSAGES_AS_FALLBACK, ()
        meaning = phrase("it goes on asking for ec2messages, which {region} does not have", region=case.region)
    else:
        return
    breaks = case.asked(*broken)
    yield case.finding(
        "agent-too-old",
        f"amazon-ssm-agent {version}",
        phrase("agent {version} is older than {since}: {meaning}", version=version, since=wanted.since, meaning=meaning),
        evidence=(shown,),
        severity=Severity.ERROR if breaks else Severity.WARNING,
        breaks=breaks,
    )


def elsewhere(case: Case) -> Iterator[Union[Finding, tuple[str, str]]]:
    """Hosts, or a region, in amazon-ssm-agent.json that are of another region than the node."""
    agent = case.agent
    if agent is None or not agent.config.present or agent.config.problem or not case.region:
        return
    config = agent.config
    named = [(f"{key} = {host}", region_of(host)) for key, host in config.endpoints]
    named.append((f"Agent.Region = {config.region}", config.region))
    strange = [said for said, region in named if region and region != case.region]
    if not strange:
        return
    detail = phrase("{strange}; this node belongs to {region}", strange=", ".join(strange), region=case.region)
    hosts = tuple(dict.fromkeys(host for _, host in config.endpoints if region_of(host) not in ("", case.region)))
    failed = [reach for reach in case.reaches if reach.shown_by.target.host in hosts and reach.standing is Standing.FAILED]
    rows = [reach.endpoint for reach in failed]
    breaks = touched_by(rows, case.needs, Verdict.BROKEN)
    yield case.finding(
        "config-elsewhere",
        config.path,
        detail,
        evidence=(Evidence("file", config.path, detail),),
        severity=Severity.ERROR if breaks else Severity.WARNING,
        breaks=breaks,
        degrades=touched_by(rows, case.needs, Verdict.DEGRADED),
        hosts=hosts,
    )
    answered = {host for host in hosts if not any(reach.shown_by.target.host == host for reach in failed)}
    for host in dict.fromkeys(host for host in case.led_elsewhere.values() if host in answered):
        yield (
            case.region,
            phrase(
                "{host} was dialled in its place, as the agent's configuration says; "
                "whether that one knows this node is not known",
                host=host,
            ),
        )


def not_looked_at(case: Case) -> Iterator[tuple[str, str]]:
    """An agent that does not tell its version, or was built from source."""
    agent = case.installed_agent
    if agent is None:
        return
    if not agent.version:
        yield "agent version", phrase("{binary} -version does not tell it", binary=agent.binary)
    elif agent.version == SOURCE_BUILD:
        yield "agent version", phrase("{source_build} is what every build from source says", source_build=SOURCE_BUILD)


CHECKS = (
    Check("agent-version", too_old),
    Check("agent-configuration-elsewhere", elsewhere),
    Check("agent-version-unseen", not_looked_at),
)
