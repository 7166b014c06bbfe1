"""Whether the agent sleeps off a failure: hibernation, or minutes between two tries for credentials."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Optional

from ssm_bootstrap.diagnose.logs.explain import LogDiagnosis
from ssm_bootstrap.model.localtime import time_in_words
from ssm_bootstrap.model.phrase import phrase

LONG = timedelta(minutes=1)
"""Shorter sleeps end by themselves before a restart would have helped."""

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")


def why_asleep(told: LogDiagnosis, now: datetime) -> Optional[str]:
    """What the agent sleeps off, in words, by its own log; None for one that is awake, or of which the log tells nothing."""
    awake = _newest(told, "started", "credentials-ready", "control-channel-up", "stopped")
    hibernating = _newest(told, "hibernating", "hibernate-mode", "hibernate-ping")
    # It gets its credentials first and hibernates on the first call after that: only a new start ends it.
    ended = _newest(told, "started", "stopped", "control-channel-up")
    if hibernating is not None and (ended is None or hibernating >= ended):
        return phrase("it has been hibernating since {time}", time=time_in_words(hibernating))
    waiting = told.signal("credentials-wait")
    if waiting is None or waiting.at is None or (awake is not None and awake > waiting.at):
        return None
    length = duration_of(waiting.value)
    if length < LONG or waiting.at + length <= now:
        return None
    return phrase("it asks for credentials again at {time}", time=time_in_words(waiting.at + length))


def duration_of(text: str) -> timedelta:
    """A duration as Go prints it: ``26m49s``, ``1h0m0s``, ``17s``; zero for anything else."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not text.strip():
        return timedelta()
    hours, minutes, seconds = found.groups()
    return timedelta(hours=int(hours or 0), minutes=int(minutes or 0), seconds=float(seconds or 0))


def _newest(told: LogDiagnosis, *names: str) -> Optional[datetime]:
    times = [signal.at for name in names for signal in (told.signal(name),) if signal is not None and signal.at is not None]
    return max(times, default=None)
