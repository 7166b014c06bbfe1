"""What a node of the VPC needs there, and which capabilities suffer where hosts of it fail."""

from __future__ import annotations

from typing import Iterable, Mapping, Sequence

from ssm_bootstrap.catalog.agent import rows_of
from ssm_bootstrap.catalog.distributions import system_of
from ssm_bootstrap.catalog.endpoints import ENDPOINTS, NEEDS
from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.catalog.platforms import system_of_platform
from ssm_bootstrap.catalog.requirements import Requirements, requirements_of
from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.cloud.listed import node_of
from ssm_bootstrap.diagnose.cloud.names import Lead, NameAnswer, answers
from ssm_bootstrap.diagnose.patch.repository_state import HTTP_ROW, needs_http_of_s3, repositories_of
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.site import NO_SITE

_HOSTS = {row.name: row.host for row in ENDPOINTS}
_OVER_HTTP = next((row.service, row.port) for row in ENDPOINTS if row.name == HTTP_ROW)


def required_of(case: Case, cloud: Cloud) -> Requirements:
    """What AWS's side has to offer this node: all that any system needs, where its own is not known or it dialled itself."""
    version, system = case.agent_path.version, "" if case.reaches else known_system(case, cloud)
    return requirements_of(cloud.region, case.capabilities, version=version, system=system, site=case.site)


def known_system(case: Case, cloud: Cloud) -> str:
    """The node's system, a name in ``distributions.SYSTEMS``, by its report, else by AWS's list of nodes; empty: not known."""
    told = case.instance
    if told is not None and told.system_id:
        return system_of(told.system_id, told.system_version)
    node = node_of(case)
    return system_of_platform(node.platform, node.platform_version) if node is not None else ""


def unsure_rows(case: Case, cloud: Cloud) -> frozenset[tuple[str, int]]:
    """Services and ports that this node may do without: TCP 80 to S3, by which some systems fetch packages.

    Where the node dialled, its own repositories tell; else its system.
    """
    if case.reaches:
        repositories = repositories_of(case.observations)
        is_needed = repositories is None or needs_http_of_s3(repositories, case.site) is not False
    else:
        is_needed = bool(known_system(case, cloud))  # one that does without has no such row
    return frozenset() if is_needed else frozenset({_OVER_HTTP})


def needed_answers(case: Case) -> Iterable[tuple[str, NameAnswer]]:
    """The service and the answer of each host that a node of the cloud's region needs or can use; none without a cloud."""
    cloud = case.cloud
    if cloud is None:
        return
    for item in required_of(case, cloud).endpoints:
        for host in item.hosts:
            yield item.service, answers(cloud, host)


def touched(case: Case, cloud: Cloud, hosts: Sequence[str]) -> tuple[tuple[Capability, ...], tuple[Capability, ...]]:
    """The capabilities that break, and those that go on by a substitute, where these hosts cannot be reached."""
    broken: list[Capability] = []
    degraded: list[Capability] = []
    for capability in case.capabilities:
        for need in NEEDS[capability]:
            rows = [_host(cloud, case, name) for name in rows_of(need, case.agent_path.version)]
            if rows[0] in hosts:
                stands_in = any(host not in hosts and answers(cloud, host).lead in _MAY_ANSWER for host in rows[1:])
                (degraded if stands_in else broken).append(capability)
    return tuple(dict.fromkeys(broken)), tuple(item for item in dict.fromkeys(degraded) if item not in broken)


def has_fallback(case: Case, cloud: Cloud) -> bool:
    """Whether Run Command may go on over ec2messages where the control channel does not work."""
    return answers(cloud, _host(cloud, case, "ec2messages")).lead in _MAY_ANSWER


def hosts_of_service(case: Case, service: str) -> tuple[str, ...]:
    """The hosts of a service that the node needs or can use."""
    return tuple(answer.host for name, answer in needed_answers(case) if name == service)


_MAY_ANSWER = (Lead.ENDPOINT, Lead.UNKNOWN)


def _host(cloud: Cloud, case: Case, name: str) -> str:
    return _HOSTS[name].format(region=cloud.region, domain=partition_of(cloud.region, case.site).domain)


def facts_of(cloud: Cloud) -> Mapping[str, str]:
    """The facts that AWS's side tells for the texts and commands of its findings."""
    instance, vpc = value_of(cloud.instance), value_of(cloud.network.vpc)
    groups = [group for interface in instance.interfaces for group in interface.group_ids] if instance is not None else []
    return {
        "region": cloud.region,
        "domain": partition_of(cloud.region, NO_SITE).domain,
        "vpc_id": vpc.id if vpc is not None else "",
        "instance_id": instance.id if instance is not None else "",
        "subnet_id": instance.subnet_id if instance is not None else "",
        "instance_security_group_id": next(iter(groups), ""),
        "instance_security_group_ids": ",".join(dict.fromkeys(groups)),
    }
