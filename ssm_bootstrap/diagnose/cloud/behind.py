"""What would be told of names once the VPC's resolver answers: its repairs are made in the same round."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Iterable, Iterator

from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.findings import Finding, Severity
from ssm_bootstrap.model.observed import Seen, value_of
from ssm_bootstrap.model.repair import Repair


def repairs_behind(case: Case, checks: Iterable[Callable[[Case], Iterator[Finding]]]) -> tuple[Repair, ...]:
    """The repairs that these checks ask for in a VPC with both DNS attributes on; none of mere remarks."""
    if case.cloud is None:
        return ()
    answering = replace(case, observations=replace(case.observations, cloud=Seen(_with_dns(case.cloud))))
    found = (finding for check in checks for finding in check(answering))
    return tuple(repair for finding in found if finding.severity is not Severity.INFO for repair in finding.repairs)


def _with_dns(cloud: Cloud) -> Cloud:
    vpc = value_of(cloud.network.vpc)
    if vpc is None:
        return cloud
    return replace(
        cloud, network=replace(cloud.network, vpc=Seen(replace(vpc, dns_support=Seen(True), dns_hostnames=Seen(True))))
    )
