"""One command that Systems Manager ran here: its document, how it ended, and what it left on disk and in the agent's log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class StepOutput:
    """What one step of a document wrote: the last lines of each stream, without what may be a key."""

    step: str
    output: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Command:
    """A command by its id. ``paths`` are its output files, for whoever reads them as logs; times as the agent wrote them."""

    identifier: str
    document: str = ""
    status: str = ""  # Success, Failed, TimedOut, ...; empty where the agent has not told
    exit_status: Optional[int] = None
    started: str = ""
    ended: str = ""
    steps: tuple[StepOutput, ...] = ()
    paths: tuple[str, ...] = ()
    log: tuple[tuple[str, str], ...] = ()  # (place, line): warnings and errors of the agent about it
