"""Registering as one transaction: finish what was cut short, look first, run the agent's ``-register``, read what it says."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Callable, Mapping, Optional, Sequence

from ssm_bootstrap.act.agent.service import AgentService
from ssm_bootstrap.act.identity.recovery import recover
from ssm_bootstrap.act.identity.snapshot import is_tidy, only_copies
from ssm_bootstrap.act.identity.transaction import Change, must_have_place
from ssm_bootstrap.act.lock import locked
from ssm_bootstrap.act.retry import Policy, try_again
from ssm_bootstrap.act.wait import Deadline, Preflight
from ssm_bootstrap.catalog import limits
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.activation import Activation
from ssm_bootstrap.collect.agent.identity import look_at_identity, look_past_journal
from ssm_bootstrap.collect.agent.journal import Operation
from ssm_bootstrap.diagnose.agent.registration import classify_registration
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.clock import wait_for
from ssm_bootstrap.host.commands import CannotRun, Completed
from ssm_bootstrap.model.agent import Attempt, Identity, IdentityState, Proof
from ssm_bootstrap.model.aws import Region, Site
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal, status_of_errno
from ssm_bootstrap.model.findings import Finding

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

    ``environment`` holds the proxy variables that the agent is run with.
    ``site`` is what the site's own files say of AWS. ``preflight`` is None where no look is wanted.
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
    site: Site
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
        preflight, deadline = self.preflight, self.deadline
        told: list[float] = []
        blocked: list[Blocked] = []

        def is_over() -> Optional[bool]:
            """True where the API answers, or nothing but a change of this machine will make it."""
            # One of many looks is soon followed by the next: it need not survive the loss of a packet.
            finding, _ = preflight.look(LOOK_EVERY if deadline.wait else limits.LOOK)
            blocked[:] = [] if finding is None else [Blocked(finding)]
            if finding is None or FINDINGS[finding.code].is_not_waited_for:
                return True
            spent = deadline.spent()
            if deadline.left() and (not told or spent - told[-1] >= TELL_EVERY):
                told.append(spent)
                self.tell(f"waiting: {finding.code}: {finding.title} ({spent:.0f} s of {deadline.wait:.0f} s)")
            return None

        wait_for(self.host.clock, deadline.left(), LOOK_EVERY, is_over)
        return blocked[0] if blocked else None

    def _tell_attempt(self, attempt: Attempt) -> None:
        if attempt.finding is not None and not attempt.succeeded and self.attempts > 1 and attempt.transient:
            self.tell(f"attempt {attempt.number} of {self.attempts}: {attempt.finding.code}: {attempt.finding.title}")


@dataclass(frozen=True)
class Enrolled:
    """How it ended: ``already`` where nothing was to do, else the attempts, and the proof of the identity that counts."""

    already: Optional[Identity] = None
    registered: Optional[Registered] = None
    proof: Optional[Proof] = None
    kept: Optional[Identity] = None  # the old identity, after a failure


@dataclass(frozen=True)
class Enrolment:
    """One registration under the lock. ``force`` replaces an identity that is there; ``revive`` restarts and proves.

    ``deadline`` is one for all that is waited for: another run, the API, further attempts.
    """

    host: Host
    service: AgentService
    registrar: Callable[[], Registrar]
    revive: Optional[Callable[[], Optional[Proof]]]
    force: bool
    deadline: Deadline
    tell: Callable[[str], None]

    def run(self) -> Enrolled:
        """Register, or leave the node as it was; raises Refusal."""
        if not is_tidy(self.host):
            with locked(self.host, "register", self.deadline.left(), self.tell):
                recover(self.host, self.service, self.tell)
        already = self._already()
        if already is not None:
            return Enrolled(already=already)
        must_have_place(self.host)  # looked at again under the lock: waiting may take hours
        registrar = self.registrar()
        blocked = registrar.ready()
        if blocked is not None:
            return Enrolled(registered=Registered((), blocked))
        with locked(self.host, "register", self.deadline.left(), self.tell) as descriptor:
            recover(self.host, self.service, self.tell)
            already = self._already()  # another run may have been first
            if already is not None:
                return Enrolled(already=already)
            return self._change(registrar, descriptor)

    def _already(self) -> Optional[Identity]:
        """The identity that is there and stays; raises Refusal (78) where the vault is no use and ``force`` is not said."""
        for _ in range(2):  # the second look is for a vault that was being written during the first
            found = look_at_identity(self.host.files, self.host.locks)
            if found.state is IdentityState.REGISTERED and not self.force:
                return found
            if found.state is not IdentityState.UNREADABLE or self.force or self.host.locks.holder(paths.LOCK) is not None:
                return None
        text = f"register: the vault is damaged: {found.detail}; move that file away, or say --force (it is put aside first)"
        raise Refusal(ExitStatus.BAD_CONTENT, text)

    def _change(self, registrar: Registrar, descriptor: int) -> Enrolled:
        old = look_past_journal(self.host.files)
        registered = old.state is IdentityState.REGISTERED
        if old.state is IdentityState.UNREADABLE and not self.force:
            raise Refusal(ExitStatus.BAD_CONTENT, f"register: the vault is damaged: {old.detail}; nothing was changed")

        def act() -> Registered:
            if old.state is IdentityState.UNREADABLE:
                self._remove_broken_manifest()
            # The agent asks before it overwrites an identity; without a terminal that question ends it.
            arguments = ("-y",) if registered else ()
            return replace(registrar, keep_open=(descriptor,), arguments=arguments).run()

        known = only_copies(self.host)
        changed = Change(
            host=self.host,
            operation=Operation.REGISTER,
            service=self.service,
            act=act,
            succeeded=self._holds,
            revive=self.revive,
            old_id=old.managed_instance_id,
            stop=old.state is not IdentityState.NOT_REGISTERED,
        ).run()
        for name in only_copies(self.host):
            if name not in known:
                self.tell(f"the damaged vault is kept in {paths.OUR_STATE}/{name}: it may be the only copy of an identity")
        return Enrolled(registered=changed.result, proof=changed.proof, kept=old if registered and not changed.holds else None)

    def _holds(self, result: Registered) -> bool:
        """True where the agent said so and the vault says the same."""
        if result.last is None or not result.last.succeeded:
            return False
        found = look_past_journal(self.host.files)
        return found.state is IdentityState.REGISTERED and found.managed_instance_id == result.last.managed_instance_id

    def _remove_broken_manifest(self) -> None:
        """A manifest that does not parse makes the agent fail for ever (measured); it is in the snapshot."""
        try:
            whole = isinstance(json.loads(self.host.files.read_text(paths.VAULT_MANIFEST, 1 << 20)), dict)
        except FileNotFoundError:
            return
        except (ValueError, RecursionError):
            whole = False
        if not whole:
            self.host.trees.remove(paths.VAULT_MANIFEST)
