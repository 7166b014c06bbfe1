"""Proof that the agent is online: a new process, credentials, and a channel to the service.

systemd says "active" before the agent has dialled out, so nothing of it counts as proof; the agent's own log does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Callable, Optional

from ssm_bootstrap.catalog import limits
from ssm_bootstrap.catalog.logformat import records_of
from ssm_bootstrap.collect import paths
from ssm_bootstrap.diagnose.reading import read_message
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.registration import Proof, Sign

POLL = 0.2
"""Seconds between two looks at the log."""

LONG_SLEEP = re.compile(r"Sleeping for (?:\d+h)?\d+m")
"""The agent waits for minutes before it tries again: nothing more is to be expected of this start."""

MOST_TEXT = 4 << 20


@dataclass(frozen=True)
class Mark:
    """Where the agent's log ended when something was begun."""

    size: int

    @classmethod
    def of(cls, files: Files) -> Mark:
        """The end of the log as it is now."""
        try:
            return cls(files.size(paths.AGENT_LOG))
        except OSError:
            return cls(0)

    def text_since(self, files: Files) -> str:
        """What was written since; all of the log where it was rotated."""
        try:
            start = self.size if files.size(paths.AGENT_LOG) >= self.size else 0
            text = b""
            for chunk in files.read_chunks(paths.AGENT_LOG, start):
                text += chunk
                if len(text) > MOST_TEXT:
                    break
        except OSError:
            return ""
        return text.decode("utf-8", "replace")


@dataclass
class _Signals:
    """What the log told since the mark."""

    states: dict[str, str] = field(default_factory=dict)
    sleeping: str = ""
    hibernating: str = ""

    @classmethod
    def of(cls, text: str, host: Host) -> _Signals:
        found = cls()
        for record in records_of(text, host.clock.zone()):
            state = read_message(record.message).state
            if state is None:
                continue
            name = state.signature.id
            found.states[name] = record.message
            if name == "credentials-wait" and LONG_SLEEP.search(record.message):
                found.sleeping = record.message
            elif name == "credentials-ready":
                found.sleeping = ""
            elif name == "hibernating":
                found.hibernating = record.message
        return found

    @property
    def channel(self) -> str:
        """The channel that is up by the agent's own word: ssmmessages, ec2messages, or none yet."""
        if "control-channel-up" in self.states:
            return "ssmmessages"
        return self.states.get("connection-status", "").rpartition(" ")[2]


def prove_online(
    host: Host,
    mark: Mark,
    main_pid: Callable[[], int],
    old_pid: int,
    fallback_answers: Callable[[], bool],
    timeout: float = limits.ONLINE,
) -> Proof:
    """Wait for the signs, for ``timeout`` seconds at most; stops early where the agent says that it will sleep.

    ``fallback_answers`` tells whether ec2messages can be reached: the agent names that channel even where neither works.
    """
    begun = host.clock.monotonic()
    answers: Optional[bool] = None
    while True:
        pid = main_pid()
        signals = _Signals.of(mark.text_since(host.files), host)
        is_new = bool(pid) and pid != old_pid
        ready = "credentials-ready" in signals.states
        channel = signals.channel
        if channel == "ec2messages" and answers is None:
            answers = fallback_answers()
        up = channel == "ssmmessages" or (channel == "ec2messages" and bool(answers))
        spent = host.clock.monotonic() - begun
        signs = (
            Sign("new process", is_new, f"pid {pid}" if pid else "systemd names no main process"),
            Sign("credentials", ready, signals.states.get("credentials-ready") or signals.sleeping or "not ready yet"),
            Sign("channel", up, _channel_words(channel, answers, signals.hibernating)),
        )
        if all(sign.seen for sign in signs):
            return Proof(True, signs, channel, seconds=spent)
        if signals.sleeping or signals.hibernating or spent >= timeout:
            return Proof(False, signs, channel, seconds=spent)
        host.clock.sleep(POLL)


def _channel_words(channel: str, answers: Optional[bool], hibernating: str) -> str:
    if hibernating:
        return hibernating.split("\n")[0]
    if channel == "ec2messages" and not answers:
        return "the control channel is not up, and ec2messages cannot be reached"
    return f"by {channel}" if channel else "no channel yet"
