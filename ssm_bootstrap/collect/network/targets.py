"""From catalogue rows to targets: the hosts that this node's agent really dials, direct or by proxy."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Iterable, Mapping, Optional, Union

from ssm_bootstrap.catalog.buckets import patch_payload_host
from ssm_bootstrap.catalog.endpoints import ENDPOINTS, NEEDS, OPTIONAL, Endpoint, needed_rows
from ssm_bootstrap.catalog.partitions import dual_stack_host, partition_of
from ssm_bootstrap.catalog.regions import has_ec2messages
from ssm_bootstrap.collect.network.proxy_url import read_proxy_url
from ssm_bootstrap.model.agent import AgentConfig
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.network import UNREADABLE_PROXY, Proxy, Target
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.site import Site

PROXY_VARIABLES = ("https_proxy", "http_proxy", "no_proxy")

_Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address, None]
_HOST_AND_PORT = re.compile(r"(?:\[(?P<v6>[^\]]*)\]|(?P<name>[^:\[\]]*)):(?P<port>\d*)")


@dataclass(frozen=True)
class ProxySettings:
    """Proxy variables as the agent (Go) reads them: upper case first, then lower; ``source`` says whose they are.

    Source: golang.org/x/net/http/httpproxy, FromEnvironment: the first of the two spellings that is not empty.
    """

    https: str = field(default="", repr=False)  # a URL may hold a password
    http: str = field(default="", repr=False)
    exceptions: str = ""
    source: str = "environment"

    @classmethod
    def of(cls, environment: Mapping[str, str], source: str) -> ProxySettings:
        """The settings of one environment."""
        upper = {name: environment.get(name.upper(), "") for name in PROXY_VARIABLES}
        https, http, exceptions = (upper[name] or environment.get(name, "") for name in PROXY_VARIABLES)
        return cls(https, http, exceptions, source)

    def __bool__(self) -> bool:
        return bool(self.https or self.http)

    def url_for(self, host: str, port: int) -> str:
        """The proxy URL for a host, or an empty string for a direct way."""
        url = self.https if port == 443 else self.http
        return "" if not url or _is_excepted(host, port, self.exceptions) else url


def _is_excepted(host: str, port: int, exceptions: str) -> bool:
    """Go's reading of no_proxy (golang.org/x/net/http/httpproxy): ``*``, CIDR, address, domain and its subdomains."""
    if host == "localhost":
        return True
    address = _address(host)
    if address is not None and address.is_loopback:
        return True
    entries = [part.strip().lower() for part in exceptions.split(",")]
    return "*" in entries or any(_covers(entry, host.lower(), address, port) for entry in entries if entry)


def _covers(entry: str, host: str, address: _Address, port: int) -> bool:
    """Whether one entry of no_proxy covers a host."""
    if "/" in entry:
        try:
            return address is not None and address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            pass
    found = _HOST_AND_PORT.fullmatch(entry)
    name, wanted = (found["v6"] or found["name"], found["port"]) if found else (entry, "")
    if not name or (wanted and wanted != str(port)):
        return False
    named = _address(name)
    if named is not None or address is not None:
        return named == address
    name = name[1:] if name.startswith("*.") else name
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


def _address(host: str) -> _Address:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def proxy_of(url: str, source: str) -> tuple[Optional[Proxy], str]:
    """Host and port of a proxy URL, and its ``user:password`` apart; Go takes ``host:port`` without a scheme too.

    One that cannot be read is a proxy that nobody can reach: Go takes a piece of it for the host, or leaves it out where it
    names no scheme.
    """
    found = read_proxy_url(url)
    if found is None:
        return (Proxy(UNREADABLE_PROXY, 80, source) if "://" in url else None), ""
    return Proxy(found.host.lower(), found.port, source), found.credentials


def rows_for(capabilities: Iterable[Capability], region: str, site: Site) -> tuple[Endpoint, ...]:
    """The catalogue rows to dial, in the catalogue's order; services that the region never had are left out."""
    wanted = {name for capability in capabilities for name in needed_rows(capability) + OPTIONAL.get(capability, ())}
    without = {"ec2messages"} if has_ec2messages(region, site) is False else set()
    return tuple(row for row in ENDPOINTS if row.name in wanted - without)


def host_of(row: Endpoint, region: str, config: AgentConfig, site: Site) -> tuple[str, Optional[str]]:
    """The host of a row on this node, and the key of amazon-ssm-agent.json that changed it."""
    overrides = dict(config.endpoints)
    if row.override is not None and row.override in overrides:
        return row.prefix.format(region=region) + overrides[row.override], row.override
    if row.name.startswith("s3-dualstack"):
        known = value_of(patch_payload_host(region, site))
        if known is not None:
            return known, None
    if config.use_dual_stack and row.agent_domain:
        named = value_of(dual_stack_host(row.service, region, site))
        if named is not None:
            return row.prefix.format(region=region) + named, "Agent.UseDualStackEndpoint"
    domain = partition_of(region, site).domain
    if row.agent_domain and config.service_domain:
        return row.host.format(region=region, domain=config.service_domain), "Agent.ServiceDomain"
    return row.host.format(region=region, domain=domain), None


def targets_for(
    capabilities: Iterable[Capability],
    region: str,
    config: AgentConfig,
    proxies: ProxySettings,
    site: Site,
) -> tuple[tuple[Endpoint, Target, str], ...]:
    """What to dial: the row, the target, and the proxy's ``user:password`` (never part of the target)."""
    chosen = tuple(capabilities)
    found = []
    for row in rows_for(chosen, region, site):
        host, key = host_of(row, region, config, site)
        needing = tuple(item.value for item in chosen if row.name in needed_rows(item))
        url = proxies.url_for(host, row.port)
        proxy, credentials = proxy_of(url, proxies.source) if url else (None, "")
        optional = not any(row.name in need.any_of for item in chosen for need in NEEDS[item])
        # Where nobody tells when the region opened, ec2messages may never have been there: its silence is no fault.
        optional = optional or (row.name == "ec2messages" and has_ec2messages(region, site) is None)
        target = Target(row.name, row.service, host, row.port, needing, optional, proxy, key)
        found.append((row, target, credentials))
    return tuple(found)
