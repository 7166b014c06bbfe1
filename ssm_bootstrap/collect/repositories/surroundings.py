"""What a parser knows of the machine beside the package manager's own files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ssm_bootstrap.catalog.repositories import distribution_of, provider_of
from ssm_bootstrap.collect.repositories.configured import ProxyChoice
from ssm_bootstrap.collect.repositories.places import Place
from ssm_bootstrap.collect.targets import ProxySettings, proxy_of
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.machine import SystemName
from ssm_bootstrap.model.repositories import Manager
from ssm_bootstrap.model.site import NO_SITE, Site


@dataclass(frozen=True)
class Surroundings:
    """The machine, its system, the region, the proxy variables of the agent's unit, and what the site's files say of AWS."""

    host: Host
    system: SystemName
    manager: Manager
    region: str
    proxies: ProxySettings = field(default_factory=ProxySettings, repr=False)
    site: Site = NO_SITE

    def from_environment(self, place_port: int, host: str) -> ProxyChoice:
        """The proxy that the variables give for a host and a port."""
        url = self.proxies.url_for(host, 443 if place_port == 443 else 80)
        return choice_of(url, self.proxies.source)

    def is_own(self, name: str, places: list[Place]) -> tuple[bool, str]:
        """Whether the distribution's own patches come from here, and the catalogue's row for the place."""
        row = distribution_of(self.system.identifier)
        providers = [provider_of(place.host) for place in places]
        known = next((provider.name for provider in providers if provider is not None), "")
        own = row is not None and (re.fullmatch(row.own, name) is not None or re.fullmatch(row.provider, known) is not None)
        return own, known


def choice_of(url: str, source: str) -> ProxyChoice:
    """A proxy URL as a choice; what does not parse is no proxy."""
    if not url:
        return ProxyChoice()
    proxy, credentials = proxy_of(url, source)
    return ProxyChoice(proxy, credentials)
