"""From which version on the agent can do what: rows with their source, and what an older one means in a region."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from ssm_bootstrap.catalog.endpoints import Need

Version = tuple[int, int, int, int]

SOURCE_BUILD = "3.3.0.0"
"""What an agent says that somebody built from source, whatever it was built from (amazon-ssm-agent 3.3.1142.0, makefile)."""


@dataclass(frozen=True)
class Landmark:
    """A version of the agent from which on something is so."""

    since: str
    what: str
    source: str

    def is_reached_by(self, version: str) -> Optional[bool]:
        """Whether an agent is that new; None where its version says nothing."""
        own, needed = parse_version(version), parse_version(self.since)
        return None if own is None or needed is None else own >= needed


_NOTES = "amazon-ssm-agent release notes"

PATCH_MANAGER = Landmark(
    "2.0.834.0", "Patch Manager", "AWS Systems Manager User Guide, patch-manager-prerequisites (SSM Agent version)"
)
WORKER = Landmark("3.0.151.0", "a process of its own, ssm-agent-worker, does the work", f"{_NOTES}, 3.0.151.0")
COMMANDS_BY_SSMMESSAGES = Landmark(
    "3.1.821.0", "Run Command over ssmmessages", "amazon-ssm-agent 3.3.1142.0, agent/messageservice/interactor/mgsinteractor"
)
EC2MESSAGES_AS_FALLBACK = Landmark(
    "3.3.40.0",
    "ec2messages only where ssmmessages does not connect",
    f"{_NOTES}, 3.3.40.0; AWS Systems Manager User Guide, systems-manager-setting-up-messageAPIs",
)
INSTALLED = Landmark(
    "3.3.40.0",
    "what is installed here where no agent is: it works over ssmmessages alone, and a plugin's name leads out of no directory",
    f"{_NOTES}, 3.2.2143.0 and 3.3.40.0",
)
DUAL_STACK = Landmark("3.3.3270.0", "dual-stack endpoints (UseDualStackEndpoint)", f"{_NOTES}, 3.3.3270.0 of 2025-10-09")

UPDATE_SPACE = 100 << 20
"""Bytes that must be free for an update (amazon-ssm-agent 3.3.1142.0, updateconstants.MinimumDiskSpaceForUpdate)."""


def parse_version(text: str) -> Optional[Version]:
    """The four numbers of an agent's version; None for anything else, and for what a build from source says."""
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)\.(\d+)", text.strip())
    if found is None or text.strip() == SOURCE_BUILD:
        return None
    first, second, third, fourth = (int(number) for number in found.groups())
    return first, second, third, fourth


def rows_of(need: Need, version: str) -> tuple[str, ...]:
    """The rows that serve a need for an agent of this version, the regular one first.

    One that is too old for Run Command over ssmmessages has ec2messages alone as its channel.
    """
    if set(need.any_of) == {"ssmmessages", "ec2messages"} and COMMANDS_BY_SSMMESSAGES.is_reached_by(version) is False:
        return ("ec2messages",)
    return need.any_of
