"""Where the agent's logger writes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LogSink:
    """A file that the agent's logger writes to."""

    path: str
    levels: str = ""  # "error,critical" where it is limited to them


@dataclass(frozen=True)
class LogSettings:
    """The agent's seelog.xml; without one the built-in settings hold. ``problem`` tells why it cannot be read."""

    path: str = ""
    present: bool = False
    problem: str = ""
    lowest: str = ""  # the lowest level that is written; "off" for none
    sinks: tuple[LogSink, ...] = ()


BUILT_IN = LogSettings()
"""Those of an agent without a seelog.xml."""
