"""What a record's bracketed prefix tells of it, where its message does not: the part of the agent that wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

from ssm_bootstrap.model.capability import ON_A_NODE, Capability


@dataclass(frozen=True)
class Context:
    """One prefix: the service that this part talks to, and what its failure breaks where no phase says so."""

    name: str
    service: str
    breaks: tuple[Capability, ...] = ()


_ROWS: tuple[Context, ...] = (
    Context("HealthCheck", "ssm", ON_A_NODE),  # without its pings the service takes the node for offline
    Context("Association", "ssm"),
    Context("CredentialRefresher", "ssm"),
    Context("MGSInteractor", "ssmmessages"),
    Context("MDSInteractor", "ec2messages"),
)

CONTEXTS: Mapping[str, Context] = {row.name: row for row in _ROWS}
"""Prefixes by their name (source: amazon-ssm-agent 3.3.1142.0, log contexts of agent/health, agent/messageservice, core/app)."""
