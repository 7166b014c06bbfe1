"""What stops packets on the ways from an instance to all that it needs, one finding for each thing of AWS that does."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import Iterable, Iterator, Mapping, Sequence

from ssm_bootstrap.catalog.agent import rows_of
from ssm_bootstrap.catalog.endpoints import ENDPOINTS, NEEDS, OPTIONAL
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.diagnose.case import Case, Check, Said
from ssm_bootstrap.diagnose.cloud.acls import numbered
from ssm_bootstrap.diagnose.cloud.needs import required_of, unsure_rows
from ssm_bootstrap.diagnose.cloud.obstacles import Obstacle, merged, shown
from ssm_bootstrap.diagnose.cloud.ways import CloudWay, Row, WayState, ways
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.findings import Evidence, Severity
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.phrase import phrase


def stopped(case: Case) -> Iterator[Said]:
    """One finding for each thing of AWS that stops packets, with all that it stops; and what could not be judged."""
    cloud = case.cloud
    if cloud is None:
        return
    version = case.agent_path.version
    found = ways(cloud, required_of(case, cloud))
    met = merged(chain.from_iterable((*way.obstacles, *way.remarks) for way in found))
    for obstacle in numbered(cloud.network, met):
        yield _finding(case, cloud, obstacle, found, version)
    yield from dict.fromkeys(doubt for way in found for doubt in way.doubts)
    unsure = () if case.reaches else unsure_rows(case, cloud)
    if any(way.row in unsure and way.state is not WayState.OPEN for way in found):
        said = phrase("TCP 80 to S3 is for packages that are fetched over HTTP, as Amazon Linux 2 has it: --report tells")
        yield phrase("system of the node"), said


def _finding(case: Case, cloud: Cloud, obstacle: Obstacle, found: Sequence[CloudWay], version: str) -> Said:
    touched = [way for way in found if any(one.cause == obstacle.cause for one in (*way.obstacles, *way.remarks))]
    closed = [way for way in touched if way.state is WayState.CLOSED and _is_whole(way, obstacle)]
    slowed = [way for way in touched if way not in closed and any(one.cause == obstacle.cause for one in way.obstacles)]
    unsure = unsure_rows(case, cloud)
    rows, in_part = ({way.row for way in some} - unsure for some in (closed, slowed))
    breaks, degrades = _left(case.capabilities, found, rows, in_part, version)
    row = FINDINGS[obstacle.code]
    severity = row.severity
    if severity is Severity.INFO:
        degrades = ()
    if severity is Severity.ERROR and not breaks:
        optional = _optional(case.capabilities, {way.row for way in touched})
        degrades = degrades if degrades or obstacle.is_absent else optional
        is_spared = bool(case.reaches) and {way.row for way in touched} <= unsure  # this node was seen to do without
        severity = Severity.INFO if is_spared or (obstacle.is_absent and not degrades) else Severity.WARNING
    instance = value_of(cloud.instance)
    services = tuple(dict.fromkeys(way.service for way in touched))
    facts = {
        "region": cloud.region,
        "vpc_id": instance.vpc_id if instance is not None else "",
        "instance_id": instance.id if instance is not None else "",
        "service": ", ".join(services),
        "port": ", ".join(obstacle.ports),
        "place": shown(obstacle.places) if obstacle.places else "",
        "host": next((host for way in touched for host in way.hosts), ""),
        **dict(obstacle.facts),
    }
    return case.finding(
        obstacle.code,
        obstacle.subject,
        variant=obstacle.variant,
        facts=facts,
        evidence=_evidence(cloud, obstacle),
        severity=severity,
        breaks=breaks,
        degrades=degrades,
        hosts=tuple(dict.fromkeys(host for way in touched for host in way.hosts)),
        services=services,
        repairs=obstacle.repairs,
    )


def _evidence(cloud: Cloud, obstacle: Obstacle) -> tuple[Evidence, ...]:
    return tuple(replace(one, at=cloud.taken_at) for one in obstacle.evidence)


def _is_whole(way: CloudWay, obstacle: Obstacle) -> bool:
    """Whether the obstacle stops all packets of a way, and not some of them alone."""
    return any(one.cause == obstacle.cause and not one.is_partial for one in way.obstacles)


_ROWS: Mapping[str, Row] = {row.name: (row.service, row.port) for row in ENDPOINTS}


def _left(
    capabilities: Sequence[Capability], found: Sequence[CloudWay], closed: set[Row], slowed: set[Row], version: str
) -> tuple[tuple[Capability, ...], tuple[Capability, ...]]:
    """The capabilities that do not work while these ways are closed, and those that work by a substitute or in part."""
    states = {way.row: way.state for way in found}
    broken: list[Capability] = []
    degraded: list[Capability] = []
    for capability in capabilities:
        for need in NEEDS[capability]:
            first, *others = (_ROWS[name] for name in rows_of(need, version))
            stands_in = any(states.get(other) in (WayState.OPEN, WayState.PARTLY) for other in others)
            if first in closed and not stands_in:
                broken.append(capability)
            elif first in closed or first in slowed:
                degraded.append(capability)
    breaks = tuple(dict.fromkeys(broken))
    return breaks, tuple(dict.fromkeys(item for item in degraded if item not in breaks))


def _optional(capabilities: Iterable[Capability], rows: set[Row]) -> tuple[Capability, ...]:
    """The capabilities that can use one of these and do not need it."""
    return tuple(item for item in capabilities if any(_ROWS[name] in rows for name in OPTIONAL.get(item, ())))


CHECKS = (Check("cloud-ways", stopped),)
