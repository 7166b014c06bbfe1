"""The region that counts, of all those that somebody or something names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional

from ssm_bootstrap.catalog.secrets import repeated
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.settings import Configuration, checked_region
from ssm_bootstrap.model.agent import AgentConfig, Identity, IdentityState
from ssm_bootstrap.model.aws import Region
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from ssm_bootstrap.model.phrase import phrase


@dataclass(frozen=True)
class RegionChoice:
    """The region that counts, who named it, and what others say."""

    region: Observed[str]
    source: str = ""
    others: tuple[tuple[str, str], ...] = ()


def choose_region(
    flag: Optional[str],
    environment: Mapping[str, str],
    configuration: Configuration,
    identity: Optional[Identity],
    agent_config: Optional[AgentConfig],
    metadata_region: Optional[str],
) -> RegionChoice:
    """The region: flag, environment, configuration, the vault of a registered node, Agent.Region, IMDS.

    On a registered node the agent uses the vault's region, so that one which differs from the choice is kept in ``others``.
    """
    named = environment.get("SSM_BOOTSTRAP_REGION", "").strip()
    if named:
        named = checked_region("SSM_BOOTSTRAP_REGION", named)
    registered = identity is not None and identity.state is IdentityState.REGISTERED
    vault = identity.region if identity is not None and registered else ""
    asked = [
        ("--region", flag or ""),
        ("SSM_BOOTSTRAP_REGION", named),
        (paths.OUR_CONFIG, configuration.region),
    ]
    rest = [("Agent.Region", agent_config.region if agent_config else ""), ("IMDS", metadata_region or "")]
    found = [(source, region) for source, region in (*asked, ("the vault", vault), *rest) if region]
    if not found:
        return RegionChoice(Unseen("nothing that was asked names a region"))
    source, region = found[0]
    if (source, region) not in asked:
        region = _told(source, region)
    others = (("the vault", vault),) if vault and vault != region else ()
    return RegionChoice(Seen(region), source, others)


def _told(source: str, text: str) -> Region:
    """What a file of the agent or the metadata service tells, which is taken as it stands; raises Refusal (78)."""
    try:
        return Region(text)
    except ValueError as error:
        raise Refusal(
            ExitStatus.BAD_CONTENT,
            phrase("{source}: {repeated!r} is not a valid region: {error}", source=source, repeated=repeated(text), error=error),
        ) from None
