"""The agent's own program: where it is, what it is run with, and that nobody else leads it where they like."""

from __future__ import annotations

from typing import Mapping, Optional

from ssm_bootstrap.collect.agent.service import look_at_agent
from ssm_bootstrap.collect.network.connector import loose_authorities
from ssm_bootstrap.collect.network.proxies import trusted_unit_environment
from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.observed import Observed, Seen, value_of
from ssm_bootstrap.session import Session


def find_binary(host: Host) -> Optional[str]:
    """The agent's program, of deb, rpm or snap, whichever is active; None where there is none."""
    agent = look_at_agent(host)
    return agent.binary if agent.installed else None


def agent_environment(settings: ProxySettings, unit: Observed[Mapping[str, str]]) -> dict[str, str]:
    """The variables that ``-register`` is run with: those of the agent's unit, and the proxy that counts."""
    found = dict(unit.value) if isinstance(unit, Seen) else {}
    if settings and settings.source != "environment":
        own = {"https_proxy": settings.https, "http_proxy": settings.http, "no_proxy": settings.exceptions}
        # An empty variable is as good as none to the agent: the caller's other spelling must not win.
        found.update({**own, **{name.upper(): value for name, value in own.items()}})
    return found


def must_not_be_led(session: Session, doing: str) -> None:
    """Refusal (78) where a file that another user may write tells the agent where to go, by which proxy, or whom to trust.

    The agent's own program reads these files too, as root, so that it is not enough to leave one out.
    """
    host, config = session.host, session.agent_config
    found = [(config.path, config.unreadable)] if config.unreadable else []
    unit = value_of(trusted_unit_environment(host)) or {}
    for environment in (host.environment, unit):
        found.extend(loose_authorities(host.files, environment))
    for path, fault in found[:1]:
        raise Refusal(ExitStatus.BAD_CONTENT, f"{path}: {fault}; {doing}")
