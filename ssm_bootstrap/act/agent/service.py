"""The agent's unit, and systemd's own state: stopping and starting with the patience that they need."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Iterator, Optional

from ssm_bootstrap.act.setup.older_systemd import version_of
from ssm_bootstrap.catalog import limits
from ssm_bootstrap.collect.agent.service import NO_UNIT, look_at_unit
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import CannotRun, Completed
from ssm_bootstrap.model.agent import Unit
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.observed import Seen, value_of
from ssm_bootstrap.model.phrase import phrase

RUNNING = ("active", "activating", "reloading", "deactivating")

_DOING = {
    "stop": (phrase("stopping the agent"), phrase("stopped the agent")),
    "start": (phrase("starting the agent"), phrase("started the agent")),
    "restart": (phrase("restarting the agent"), phrase("restarted the agent")),
}


def order(host: Host, *words: str, timeout: float) -> str:
    """Have systemd do something: why it did not, in one line, empty where it did. Raises CannotRun."""
    done = host.commands.run(["systemctl", *words], timeout=timeout)
    said = [line.strip() for line in (done.errors or done.output).splitlines() if line.strip()]
    if done.timed_out:
        said = [phrase("did not end in {timeout:.0f} s", timeout=timeout)]
    failed = done.timed_out or done.returncode != 0
    if not failed:
        return ""
    reason = said[0] if said else phrase("ended with {status}", status=done.returncode)
    return phrase("{command}: {reason}", command=f"systemctl {' '.join(words)}", reason=reason)


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
        doing, done = _DOING[verb]
        with self.host.step(doing, done) as step:
            if options:
                step.ended(phrase("put the agent's {verb} into systemd's queue", verb=verb))
            try:
                problem = order(self.host, *options, verb, name, timeout=limits.AGENT_STOP + 30)
            except CannotRun as error:
                raise ServiceFailed(str(error)) from None
            if problem:
                raise ServiceFailed(problem)


PATIENCE = 60.0
STOP = 360.0
"""Seconds for a stop: a registration under way is let finish (the unit's TimeoutStopSec is 330)."""


@dataclass(frozen=True)
class Systemd:
    """``systemctl``; every method raises Refusal (75) where it fails, with what systemd answered."""

    host: Host

    def version(self) -> int:
        """systemd's own, UNKNOWN where it does not tell."""
        return version_of(self._run("--version").output)

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
        with self.host.step(phrase("stopping {name}", name=name), phrase("stopped {name}", name=name)):
            done = self._run("stop", name, timeout=STOP)
        if done.timed_out:
            raise Refusal(
                ExitStatus.TRY_LATER,
                phrase("systemctl stop {name}: not done in {seconds:.0f} s; nothing was removed", name=name, seconds=STOP),
            )
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
            raise Refusal(ExitStatus.TRY_LATER, phrase("install: {error}", error=error)) from None
        if done.returncode != 0:
            raise Refusal(ExitStatus.TRY_LATER, f"systemd-tmpfiles --create {path}: {done.errors.strip() or done.returncode}")

    def _must(self, *words: str) -> None:
        with _expecting_systemd():
            problem = order(self.host, *words, timeout=PATIENCE)
        if problem:
            raise Refusal(ExitStatus.TRY_LATER, problem)

    def _run(self, *words: str, timeout: float = PATIENCE) -> Completed:
        with _expecting_systemd():
            return self.host.commands.run(["systemctl", *words], timeout=timeout)


@contextmanager
def _expecting_systemd() -> Iterator[None]:
    try:
        yield
    except CannotRun as error:
        raise Refusal(ExitStatus.BAD_CONTENT, phrase("install: {error}; expected a machine with systemd", error=error)) from None
