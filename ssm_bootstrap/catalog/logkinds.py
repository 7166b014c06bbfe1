"""The files that the agent, its commands and its installers write, by their names."""

from __future__ import annotations

import re
from typing import Optional

from ssm_bootstrap.catalog.logformat import LOG_NAMES

KINDS = ("errors", "agent", "hibernate", "update", "setup-cli", "audit", "command", "patch", "cloud-init", "journal")
"""What ``--source`` takes."""

LOGS = dict(zip(("errors", "agent", "hibernate"), LOG_NAMES))
_ARCHIVED = r"(?:\.\d{1,9})?(?:\.gz)?"
_SHAPES = tuple(
    (kind, re.compile(pattern + r"\Z"))
    for kind, pattern in (
        *((kind, rf"(?:.*/)?{re.escape(name)}{_ARCHIVED}") for kind, name in LOGS.items()),
        ("update", rf"(?:.*/)?AmazonSSMAgent-update\.txt{_ARCHIVED}"),
        ("setup-cli", rf"(?:.*/)?ssm-setup-cli\.log{_ARCHIVED}"),
        ("audit", r"(?:.*/)?amazon-ssm-agent-audit-\d{4}-\d\d-\d\d"),
        ("command", r"(?:.*/)?orchestration/.*/(?:stdout|stderr)(?:Console)?"),
        ("patch", rf"(?:.*/)?patch-baseline-operations[^/]*/.*\.log{_ARCHIVED}"),
        ("cloud-init", rf"(?:.*/)?cloud-init-output\.log{_ARCHIVED}"),
    )
)
"""Names by kind (agent 3.3.1142.0: agent/log/logger/defaultconfig.go, update/updater/updater.go:42, setupcli.go:814,
session/telemetry/eventlog.go, fileutil/artifact; the last: cloud-init's default output)."""


OF_THE_AGENT = frozenset(("errors", "agent", "hibernate", "journal"))
"""Kinds in which the running agent tells of itself; the others tell how one command, patch run or installation went."""


def kind_of(path: str) -> Optional[str]:
    """What a file is by its path, or None."""
    return next((kind for kind, shape in _SHAPES if shape.match(path)), None)


def is_of_the_agent(path: str) -> bool:
    """Whether the running agent writes there; text from nowhere in particular is taken for the agent's."""
    return (kind_of(path) or "agent") in OF_THE_AGENT
