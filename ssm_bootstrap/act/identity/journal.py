"""Writing down what is being done to the identity before it is done, and that it is over."""

from __future__ import annotations

import json
from dataclasses import asdict

from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.journal import SCHEMA, Journal
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.host.trees import Trees


def write_journal(files: Files, journal: Journal) -> None:
    """Write it down, synced; raises OSError."""
    document = {"schema": SCHEMA, **asdict(journal)}
    with INTERRUPTS.held():  # a signal between the rename and the return would pass for a failed write
        files.write_atomic(paths.JOURNAL, json.dumps(document, indent=1).encode() + b"\n", 0o600)


def drop_journal(trees: Trees) -> None:
    """The change is over; raises OSError."""
    trees.remove(paths.JOURNAL)
