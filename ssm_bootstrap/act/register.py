"""Registering: wait for the API where that is asked for, run the agent's ``-register``, read what it says, try again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Mapping, Optional, Sequence

from ssm_bootstrap.act.deadline import Deadline
from ssm_bootstrap.act.preflight import FINAL, Preflight
from ssm_bootstrap.act.retry import Policy, try_again
from ssm_bootstrap.catalog import limits
from ssm_bootstrap.collect.activation import Activation
from ssm_bootstrap.diagnose.registration import classify_registration
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import CannotRun, Completed
from ssm_bootstrap.model.awsname import Region
from ssm_bootstrap.model.exitstatus import Refusal, status_of_errno
from ssm_bootstrap.model.finding import Finding
from ssm_bootstrap.model.registration import Attempt

LOOK_EVERY = 1.0
"""Seconds between the starts of two looks while waiting for the API."""

TELL_EVERY = 60.0
"""Seconds between two lines that say what is missing."""


@dataclass(frozen=True)
class Blocked:
    """The API could not be reached before anything was tried, or the wait for it ran out."""

    finding: Finding


@dataclass(frozen=True)
class Registered:
    """How it ended: the attempts in order, or what was in the way."""

    attempts: tuple[Attempt, ...]
    blocked: Optional[Blocked] = None

    @property
    def last(self) -> Optional[Attempt]:
        """The last attempt, which is the one that counts."""
        return self.attempts[-1] if self.attempts else None


@dataclass(frozen=True)
class Registrar:
    """One registration of this machine.

    ``environment`` holds the proxy variables that the agent is run with. ``preflight`` is None where no look is wanted.
    ``deadline`` ends all waiting, whatever was waited for before; ``attempts`` is how often ``-register`` is run.
    ``tell`` takes a line of progress. ``arguments`` are added to the agent's own (``-y`` on a registered node). ``retry_lost``
    repeats a call of which the answer was lost, though it may leave another orphan at AWS. The child inherits ``keep_open``.
    """

    host: Host
    binary: str
    region: Region
    activation: Activation
    environment: Mapping[str, str]
    cidrs: Sequence[str]
    preflight: Optional[Preflight]
    deadline: Deadline
    attempts: int
    tell: Callable[[str], None]
    arguments: tuple[str, ...] = ()
    retry_lost: bool = False
    keep_open: tuple[int, ...] = ()

    def ready(self) -> Optional[Blocked]:
        """None once the API answers; else what is in the way, when the wait is over or waiting cannot help."""
        return self._await_api()

    def run(self) -> Registered:
        """Register, the API having been looked at; looks again before each further attempt.

        Never repeats what cannot succeed, nor a call of which the answer was lost unless that was asked for.
        """
        made: list[Attempt] = []

        def once(number: int) -> Optional[Blocked]:
            blocked = self._await_api() if number > 1 else None
            if blocked is None:
                made.append(self.once(number))
                self._tell_attempt(made[-1])
            return blocked

        def is_transient(blocked: Optional[Blocked]) -> bool:
            if blocked is not None or made[-1].succeeded:
                return False
            finding = made[-1].finding
            is_lost = finding is not None and finding.code == "answer-lost"
            return made[-1].transient or (is_lost and self.retry_lost)

        policy = Policy(self.attempts, self.deadline.wait or None)
        blocked = try_again(policy, once, is_transient, self.host.clock.sleep, self.deadline.spent)
        return Registered(tuple(made), blocked)

    def once(self, number: int) -> Attempt:
        """Run the agent's ``-register`` once and read what it said. The code is in its arguments for as long as it runs."""
        started, begun = self.host.clock.now(), self.host.clock.monotonic()
        code = self.activation.code.reveal()
        try:
            done = self._call(code)
        except KeyboardInterrupt:
            self.tell("cut off while the agent registered: the activation may be used (ssm-bootstrap explain answer-lost)")
            raise
        outcome = classify_registration(done.output, returncode=done.returncode, region=self.region, cidrs=tuple(self.cidrs))
        return Attempt(
            number=number,
            started=started,
            seconds=self.host.clock.monotonic() - begun,
            returncode=done.returncode,
            managed_instance_id=outcome.managed_instance_id,
            finding=outcome.finding,
            transient=outcome.transient,
            explanation=outcome.explanation,
            reason=outcome.reason,
        )

    def _call(self, code: str) -> Completed:
        """Run the agent; raises Refusal where it does not start (noexec, SELinux, another architecture)."""
        argv = [
            self.binary,
            "-register",
            *("-code", code),
            *("-id", self.activation.identifier),
            *("-region", self.region),
            *self.arguments,
        ]
        try:
            done = self.host.commands.run(
                argv,
                timeout=limits.REGISTER,
                secrets=(code,),
                environment=self.environment,
                together=True,
                keep_open=self.keep_open,
            )
        except CannotRun as error:
            text = f"register: the agent does not start: {error}; nothing was registered"
            raise Refusal(status_of_errno(error.errno), text) from None
        if done.left_out:
            self.tell(f"warning: of what the agent said the first {done.left_out} bytes were left out")
        return done

    def _await_api(self) -> Optional[Blocked]:
        """None once the API answers; else what is in the way, when the wait is over or waiting cannot help."""
        if self.preflight is None:
            return None
        deadline, elapsed = self.deadline, self.deadline.spent
        told = 0.0
        while True:
            look_began = elapsed()
            # One of many looks is soon followed by the next: it need not survive the loss of a packet.
            finding, _ = self.preflight.look(LOOK_EVERY if deadline.wait else limits.LOOK)
            if finding is None:
                return None
            if not deadline.left() or finding.code in FINAL:
                return Blocked(finding)
            if not told or elapsed() - told >= TELL_EVERY:
                told = elapsed()
                self.tell(f"waiting: {finding.code}: {finding.title} ({told:.0f} s of {deadline.wait:.0f} s)")
            rest = LOOK_EVERY - (elapsed() - look_began)
            self.host.clock.sleep(max(0.0, min(rest, deadline.left())))

    def _tell_attempt(self, attempt: Attempt) -> None:
        if attempt.finding is not None and not attempt.succeeded and self.attempts > 1 and attempt.transient:
            self.tell(f"attempt {attempt.number} of {self.attempts}: {attempt.finding.code}: {attempt.finding.title}")
