"""What AWS's side has to offer a hybrid node, by region and capability: endpoints, ports, and what is optional for what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Iterator

from ssm_bootstrap.catalog.agent import rows_of
from ssm_bootstrap.catalog.distributions import providers_of
from ssm_bootstrap.catalog.endpoints import ENDPOINTS, NEEDS, OPTIONAL, Endpoint
from ssm_bootstrap.catalog.partitions import partition_of, service_names
from ssm_bootstrap.catalog.regions import has_ec2messages
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.cloud import EndpointKind
from ssm_bootstrap.model.site import NO_SITE, Site

_ROWS = {row.name: row for row in ENDPOINTS}
_PACKAGES_OVER_HTTP = "s3-dualstack-http"


@dataclass(frozen=True)
class EndpointRequirement:
    """A VPC endpoint that capabilities need (``needed_for``) or can use (``optional_for``).

    ``hosts`` are the names that are dialled and ``ports`` the TCP ports, of those that are needed where any is.
    """

    service: str
    service_name: str
    kind: EndpointKind
    hosts: tuple[str, ...]
    ports: tuple[int, ...]
    needed_for: tuple[Capability, ...]
    optional_for: tuple[Capability, ...]

    @property
    def dual_stack_hosts(self) -> tuple[str, ...]:
        """Those of its hosts that the private DNS of an interface endpoint covers only if its IP address type is dualstack.

        Source: Amazon S3 User Guide, privatelink-interface-endpoints (private DNS).
        """
        is_by_interface = self.service == "s3" and self.kind is EndpointKind.INTERFACE
        return tuple(host for host in self.hosts if is_by_interface and "s3.dualstack." in host)


@dataclass(frozen=True)
class Requirements:
    """What a node of a region needs for its capabilities on AWS's side."""

    region: str
    partition: str
    capabilities: tuple[Capability, ...]
    endpoints: tuple[EndpointRequirement, ...]
    system: str = ""

    @property
    def needed(self) -> tuple[EndpointRequirement, ...]:
        """The endpoints without which some capability does not work."""
        return tuple(item for item in self.endpoints if item.needed_for)


def requirements_of(
    region: str,
    capabilities: Iterable[Capability],
    *,
    s3: EndpointKind = EndpointKind.GATEWAY,
    version: str = "",
    system: str = "",
    site: Site = NO_SITE,
) -> Requirements:
    """What these capabilities need in a region, for an agent of ``version`` (the newest where it is empty).

    ``system`` is a name of ``distributions.SYSTEMS``; where it is empty, whatever some system needs counts.
    """
    asked = tuple(dict.fromkeys(capabilities))
    is_over_http = not system or any(row.in_s3 and row.plain_http for row in providers_of(system))
    needed = [(item, name) for item, name in _needed(asked, version) if is_over_http or name != _PACKAGES_OVER_HTTP]
    optional = list(_optional(asked, version))
    services = dict.fromkeys(_ROWS[name].service for _, name in (*needed, *optional))
    partition = partition_of(region, site)
    endpoints = []
    for service in services:
        if service == "ec2messages" and has_ec2messages(region, site) is False:
            continue
        uses = [(item, _ROWS[name]) for item, name in needed if _ROWS[name].service == service]
        may_use = [(item, _ROWS[name]) for item, name in optional if _ROWS[name].service == service]
        rows: list[Endpoint] = [row for _, row in uses or may_use]
        kind = s3 if service == "s3" else EndpointKind.INTERFACE
        names = service_names(service, region)
        endpoints.append(
            EndpointRequirement(
                service=service,
                service_name=names[0] if kind is EndpointKind.GATEWAY else names[-1],
                kind=kind,
                hosts=tuple(dict.fromkeys(row.host.format(region=region, domain=partition.domain) for row in rows)),
                ports=tuple(sorted({row.port for row in rows}, reverse=True)),
                needed_for=tuple(dict.fromkeys(item for item, _ in uses)),
                optional_for=tuple(dict.fromkeys(item for item, _ in may_use)),
            )
        )
    return Requirements(region, partition.name, asked, tuple(endpoints), system)


def _needed(capabilities: Iterable[Capability], version: str) -> Iterator[tuple[Capability, str]]:
    """Each capability with the regular row of each of its needs."""
    for capability in capabilities:
        for need in NEEDS[capability]:
            yield capability, rows_of(need, version)[0]


def _optional(capabilities: Iterable[Capability], version: str) -> Iterator[tuple[Capability, str]]:
    """Each capability with the rows that can stand in for a regular one, and those that it can use."""
    for capability in capabilities:
        for need in NEEDS[capability]:
            for name in rows_of(need, version)[1:]:
                yield capability, name
        for name in OPTIONAL.get(capability, ()):
            yield capability, name
