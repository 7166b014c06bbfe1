"""The agent's unit: stopping and starting it, with the patience that it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ssm_bootstrap.catalog import limits
from ssm_bootstrap.collect.agent import NO_UNIT, look_at_unit
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import CannotRun
from ssm_bootstrap.model.machine import Unit
from ssm_bootstrap.model.observed import Seen, value_of

RUNNING = ("active", "activating", "reloading", "deactivating")


class ServiceFailed(Exception):
    """systemd did not do what it was told; the text says what it answered."""


@dataclass(frozen=True)
class AgentService:
    """The agent's unit, of deb, rpm or snap, whichever is active.

    With ``no_block`` starts and restarts are only put into the queue; a stop is waited for, as what follows must not run
    beside the agent.
    """

    host: Host
    no_block: bool = False

    def unit(self) -> Optional[Unit]:
        """The unit as it is now, or None where systemd has none or cannot be asked."""
        return value_of(look_at_unit(self.host))

    def can_be_asked(self) -> bool:
        """False where systemd gives no answer: then nobody knows whether the agent runs."""
        found = look_at_unit(self.host)
        return isinstance(found, Seen) or found.reason == NO_UNIT

    def running_unit(self) -> str:
        """The name of the unit where it runs or is about to, else an empty string."""
        unit = self.unit()
        return unit.name if unit is not None and unit.active_state in RUNNING else ""

    def main_pid(self) -> int:
        """The main process where the unit is active, else 0."""
        unit = self.unit()
        return unit.main_pid if unit is not None and unit.active_state == "active" else 0

    def stop(self, name: str) -> None:
        """Stop the unit; a call under way may hold it up for two minutes. Raises ServiceFailed."""
        self._do("stop", name)

    def start(self, name: str) -> None:
        """Start the unit; raises ServiceFailed."""
        self._do("start", name)

    def restart(self, name: str) -> None:
        """Restart the unit; raises ServiceFailed."""
        self._do("restart", name)

    def _do(self, verb: str, name: str) -> None:
        options = ["--no-block"] if self.no_block and verb != "stop" else []
        try:
            done = self.host.commands.run(["systemctl", *options, verb, name], timeout=limits.AGENT_STOP + 30)
        except CannotRun as error:
            raise ServiceFailed(str(error)) from None
        if done.timed_out:
            raise ServiceFailed(f"systemctl {verb} {name} did not end in {limits.AGENT_STOP + 30:.0f} s")
        if done.returncode != 0:
            words = (done.errors or done.output).strip().splitlines()
            raise ServiceFailed(words[0] if words else f"systemctl {verb} {name} ended with {done.returncode}")
