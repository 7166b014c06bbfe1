"""systemd's own state: units read anew, switched on and off, started without waiting."""

from __future__ import annotations

from dataclasses import dataclass

from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import CannotRun, Completed
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal

PATIENCE = 60.0
STOP = 360.0
"""Seconds for a stop: a registration under way is let finish (the unit's TimeoutStopSec is 330)."""


@dataclass(frozen=True)
class Systemd:
    """``systemctl``; every method raises Refusal (75) where it fails, with what systemd answered."""

    host: Host

    def reload(self) -> None:
        """Read the units anew."""
        self._must("daemon-reload")

    def is_enabled(self, name: str) -> bool:
        """True where a unit is started at boot."""
        return self._run("is-enabled", name).output.strip() == "enabled"

    def enable(self, name: str) -> None:
        """Have a unit started at boot."""
        self._must("enable", name)

    def disable(self, name: str) -> None:
        """Stop a unit and have it started no more; one that is not there is as good."""
        done = self._run("stop", name, timeout=STOP)
        if done.timed_out:
            raise Refusal(ExitStatus.TRY_LATER, f"systemctl stop {name}: not done in {STOP:.0f} s; nothing was removed")
        self._run("disable", name)
        self._run("reset-failed", name)

    def start(self, name: str, *, again: bool = False) -> None:
        """Put the start of a unit into the queue; with ``again`` one that runs is stopped first, to read its files anew."""
        self._must("--no-block", "restart" if again else "start", name)

    def make_directories(self, path: str) -> None:
        """Make what a file of tmpfiles.d(5) asks for now, and not at the next boot only; raises Refusal (75)."""
        try:
            done = self.host.commands.run(["systemd-tmpfiles", "--create", path], timeout=PATIENCE)
        except CannotRun as error:
            raise Refusal(ExitStatus.TRY_LATER, f"install: {error}") from None
        if done.returncode != 0:
            raise Refusal(ExitStatus.TRY_LATER, f"systemd-tmpfiles --create {path}: {done.errors.strip() or done.returncode}")

    def _must(self, *words: str) -> None:
        done = self._run(*words)
        if done.returncode != 0 or done.timed_out:
            said = (done.errors or done.output).strip().splitlines()
            why = "no answer" if done.timed_out else said[0] if said else f"ended with {done.returncode}"
            raise Refusal(ExitStatus.TRY_LATER, f"systemctl {' '.join(words)}: {why}")

    def _run(self, *words: str, timeout: float = PATIENCE) -> Completed:
        try:
            return self.host.commands.run(["systemctl", *words], timeout=timeout)
        except CannotRun as error:
            raise Refusal(ExitStatus.BAD_CONTENT, f"install: {error}; expected a machine with systemd") from None
