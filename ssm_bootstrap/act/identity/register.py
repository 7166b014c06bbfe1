"""One registration: look first, run the agent's ``-register``, read what it says, and try again what is transient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable, Mapping, Optional, Sequence

from ssm_bootstrap.act.retry import Outlook, Policy, try_again
from ssm_bootstrap.act.wait import Deadline, Preflight, Waiting
from ssm_bootstrap.catalog import limits
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.collect.agent.place import IdAndCode
from ssm_bootstrap.diagnose.agent.registration import classify_registration
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.clock import wait_for
from ssm_bootstrap.host.commands import CannotRun, Completed
from ssm_bootstrap.model.agent import Attempt
from ssm_bootstrap.model.aws import Region
from ssm_bootstrap.model.duration import length_in_words
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal, status_of_errno
from ssm_bootstrap.model.findings import Finding
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import Site

LOOK_EVERY = 1.0
"""Seconds between the starts of two looks while waiting for the API."""


@dataclass(frozen=True)
class Blocked:
    """What is in the way of trying at all, or what was waited for in vain; ``status`` is what the command then ends with.

    None stands for the status of what could not be reached.
    """

    finding: Finding
    status: Optional[ExitStatus] = None


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

    ``environment`` holds the proxy variables that the agent is run with.
    ``site`` is what the site's own files say of AWS. ``preflight`` is None where no look is wanted.
    ``deadline`` ends all waiting, whatever was waited for before; ``attempts`` is how often ``-register`` is run. With a wait,
    what the service's load refused is not counted: the wait alone ends it.
    ``tell`` takes a line of progress. ``retry_lost`` repeats a call of which the answer was lost, though it may leave another
    orphan at AWS.
    """

    host: Host
    binary: str
    region: Region
    environment: Mapping[str, str]
    cidrs: Sequence[str]
    site: Site
    preflight: Optional[Preflight]
    deadline: Deadline
    attempts: int
    tell: Callable[[str], None]
    retry_lost: bool

    def run(self, activation: IdAndCode, arguments: Sequence[str], keep_open: Sequence[int]) -> Registered:
        """Register, the API having been looked at; looks again before each further attempt.

        ``arguments`` are added to the agent's own (``-y`` on a registered node); the child inherits ``keep_open``.
        Never repeats what cannot succeed, nor a call of which the answer was lost unless that was asked for.
        """
        made: list[Attempt] = []

        def once(number: int) -> Optional[Blocked]:
            blocked = self.await_api() if number > 1 else None
            if blocked is None:
                made.append(self._once(number, activation, arguments, keep_open))
                self._tell_attempt(made[-1])
            return blocked

        def outlook(blocked: Optional[Blocked]) -> Outlook:
            return Outlook.SETTLED if blocked is not None else self._outlook(made[-1])

        policy = Policy(self.attempts, self.deadline.wait or None)
        begun = self.host.clock.monotonic()
        blocked = try_again(policy, once, outlook, self._pause, self.deadline.spent)
        if len(made) > 1 and (blocked is not None or outlook(blocked) is not Outlook.SETTLED):
            time = length_in_words(self.host.clock.monotonic() - begun)
            self.tell(phrase("gave up after {count} attempts in {time}", count=len(made), time=time))
        return Registered(tuple(made), blocked)

    def put_off(self, seconds: float) -> Registrar:
        """The same, with so many seconds that its deadline does not count."""
        return replace(self, deadline=self.deadline.put_off(seconds))

    def _outlook(self, attempt: Attempt) -> Outlook:
        finding = attempt.finding
        is_lost = finding is not None and finding.code == "answer-lost"
        if attempt.succeeded or not (attempt.transient or (is_lost and self.retry_lost)):
            return Outlook.SETTLED
        return Outlook.CROWDED if finding is not None and FINDINGS[finding.code].is_of_load else Outlook.TRANSIENT

    def _once(self, number: int, activation: IdAndCode, arguments: Sequence[str], keep_open: Sequence[int]) -> Attempt:
        """Run the agent's ``-register`` once and read what it said. The code is in its arguments for as long as it runs."""
        which = phrase(" ({attempt})", attempt=self._named(number)) if number > 1 else ""
        with self.host.step(phrase("registering{which}", which=which), phrase("registered{which}", which=which)) as step:
            attempt = self._attempt(number, activation, arguments, keep_open)
            if attempt.succeeded:
                step.ended(
                    phrase(
                        "registered as {managed_instance_id}{which}", managed_instance_id=attempt.managed_instance_id, which=which
                    )
                )
            else:
                code = attempt.finding.code if attempt.finding is not None else "no known cause"
                step.ended(phrase("not registered{which}: {code}", which=which, code=code), well=False)
        return attempt

    def _attempt(self, number: int, activation: IdAndCode, arguments: Sequence[str], keep_open: Sequence[int]) -> Attempt:
        started, begun = self.host.clock.now(), self.host.clock.monotonic()
        try:
            done = self._call(activation, arguments, keep_open)
        except KeyboardInterrupt:
            self.tell("cut off while the agent registered: the activation may be used (ssm-bootstrap explain answer-lost)")
            raise
        outcome = classify_registration(
            done.output, self.site, returncode=done.returncode, region=self.region, cidrs=tuple(self.cidrs)
        )
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

    def _named(self, number: int) -> str:
        """Which attempt it is; of how many is known only where each of them counts."""
        if self.deadline.wait:
            return phrase("attempt {number}", number=number)
        return phrase("attempt {number} of {attempts}", number=number, attempts=self.attempts)

    def _pause(self, seconds: float) -> None:
        with self.host.step("waiting before the next attempt") as step:
            step.note(f"{seconds:.0f} s")
            self.host.clock.sleep(seconds)

    def _call(self, activation: IdAndCode, arguments: Sequence[str], keep_open: Sequence[int]) -> Completed:
        """Run the agent; raises Refusal where it does not start (noexec, SELinux, another architecture)."""
        code = activation.code.reveal()
        argv = [
            self.binary,
            "-register",
            *("-code", code),
            *("-id", activation.identifier),
            *("-region", self.region),
            *arguments,
        ]
        try:
            done = self.host.commands.run(
                argv,
                timeout=limits.REGISTER,
                secrets=(code,),
                environment=self.environment,
                together=True,
                keep_open=keep_open,
            )
        except CannotRun as error:
            text = phrase("register: the agent does not start: {error}; nothing was registered", error=error)
            raise Refusal(status_of_errno(error.errno), text) from None
        if done.left_out:
            self.tell(phrase("warning: of what the agent said the first {left_out} bytes were left out", left_out=done.left_out))
        return done

    def await_api(self) -> Optional[Blocked]:
        """None once the API answers; else what is in the way, when the wait is over or waiting cannot help."""
        if self.preflight is None:
            return None
        blocked: list[Blocked] = []
        wait = Waiting(self.tell, self.deadline.wait)
        with self.host.step("asking the endpoint", "the endpoint answers") as step:
            preflight, deadline = self.preflight, self.deadline

            def is_over() -> Optional[bool]:
                """True where the API answers, or nothing but a change of this machine will make it."""
                # One of many looks is soon followed by the next: it need not survive the loss of a packet.
                finding = preflight.look(LOOK_EVERY if deadline.wait else limits.LOOK)
                blocked[:] = [] if finding is None else [Blocked(finding)]
                if finding is None:
                    wait.look_taken((), "", deadline.spent())
                if finding is None or FINDINGS[finding.code].is_not_waited_for:
                    return True
                step.note(finding.code)
                if deadline.left():
                    wait.look_taken([finding], finding.code, deadline.spent())
                return None

            wait_for(self.host.clock, deadline.left(), LOOK_EVERY, is_over)
            if blocked:
                step.ended(phrase("the endpoint does not answer: {code}", code=blocked[0].finding.code), well=False)
        return blocked[0] if blocked else None

    def _tell_attempt(self, attempt: Attempt) -> None:
        if attempt.finding is not None and not attempt.succeeded and self.attempts > 1 and attempt.transient:
            self.tell(
                phrase(
                    "{attempt}: {code}: {title}",
                    attempt=self._named(attempt.number),
                    code=attempt.finding.code,
                    title=attempt.finding.title,
                )
            )
