"""An activation from a place where it is rotated: fetched for each try, and asked for again once it was refused.

What was refused is never tried again, and what is in the way of fetching it may pass without anything done here; so the
place is asked again, after pauses that grow (``act.retry.ROTATED``), as long as may be waited.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Callable, Optional, Union

from ssm_bootstrap.act.identity.refused import RefusedActivations
from ssm_bootstrap.act.identity.register import Blocked, Registered
from ssm_bootstrap.act.retry import ROTATED
from ssm_bootstrap.act.wait import Deadline, Preflight
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.collect.agent.activation import MOST
from ssm_bootstrap.collect.agent.fetch_activation import NotReached, PlaceReader
from ssm_bootstrap.collect.agent.place import ActivationPlace, IdAndCode, NotTaken, PlaceKind, activation_of
from ssm_bootstrap.collect.trusted import read_private
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.findings import Evidence, Finding
from ssm_bootstrap.model.phrase import phrase


class Rotation:
    """One place, and the activations that come from it. ``fallback`` is the id of a place that holds the code alone.

    ``preflight`` looks why the service cannot be reached; ``deadline`` ends all waiting.
    """

    def __init__(
        self, reader: PlaceReader, fallback: str, preflight: Preflight, deadline: Deadline, tell: Callable[[str], None]
    ) -> None:
        self._host: Host = reader.host
        self._place: ActivationPlace = reader.place
        self._reader, self._fallback, self._preflight = reader, fallback, preflight
        self._deadline, self._tell = deadline, tell
        self._refused = RefusedActivations(reader.host, reader.region)
        self._pauses = 0
        self._last: Optional[Blocked] = None

    def put_off(self, seconds: float) -> None:
        """Leave so many seconds out of what its deadline counts."""
        self._deadline = self._deadline.put_off(seconds)

    def take(self) -> Union[IdAndCode, Blocked]:
        """An activation that was not refused yet, or what is in the way when the wait is over; raises Refusal (78)."""
        found = self._last or self._ask()
        while isinstance(found, Blocked) and self._pause(found.finding):
            found = self._ask()
        self._last = None
        return found

    def goes_on(self, activation: IdAndCode, registered: Optional[Registered]) -> bool:
        """Whether another activation is what the last attempt asks for: then the next ``take`` waits for one."""
        last = registered.last if registered is not None else None
        if last is None:
            return False
        if last.succeeded:
            self._refused.forget()
            return False
        if last.finding is None or not FINDINGS[last.finding.code].is_of_the_activation:
            return False
        self._refused.note(activation, last.finding.code)
        self._last = Blocked(last.finding, ExitStatus.TRY_LATER)
        return True

    def _ask(self) -> Union[IdAndCode, Blocked]:
        with self._host.step(phrase("asking for the activation in {place}", place=str(self._place))) as step:
            found = self._once()
            if isinstance(found, Blocked):
                words = phrase("no activation from {place}: {code}", place=str(self._place), code=found.finding.code)
                step.ended(words, well=False)
            else:
                step.ended(phrase("took the activation from {place}", place=str(self._place)))
        return found

    def _once(self) -> Union[IdAndCode, Blocked]:
        try:
            activation = activation_of(self._read(), self._place, self._fallback)
        except NotTaken as error:
            return self._blocked(self._finding_of(error))
        except NotReached as error:
            found = self._preflight.look_at([self._reader.wanted()])
            return Blocked(found or self._finding_of(NotTaken("connection-failed", str(error))))
        self._host.secrets.learn(activation.code.reveal(), certain=True)
        known = self._refused.why(activation)
        if not known:
            return activation
        self._pauses = max(self._pauses, ROTATED.steps)  # nothing new for a while: no need to ask as often as at first
        shown = (Evidence(self._place.kind.value, self._place.name, "still holds the activation that was refused"),)
        return Blocked(make_finding(known, "activation", facts=self._facts(), evidence=shown), ExitStatus.TRY_LATER)

    def _read(self) -> str:
        if self._place.kind is not PlaceKind.FILE:
            return self._reader.read()
        try:
            data = read_private(self._host.files, self._place.name, f"--code-from: {self._place.name}", MOST)
        except Refusal as refusal:
            text = phrase("{said}; nothing was changed, and the activation was not used", said=refusal.message)
            raise Refusal(refusal.status, text) from None
        return data.decode("utf-8", "replace")

    def _blocked(self, finding: Finding) -> Blocked:
        """What is in the way; where it was waited for in vain, that is what the exit status says."""
        return Blocked(finding, None if self._deadline.wait else FINDINGS[finding.code].exit_status)

    def _finding_of(self, error: NotTaken) -> Finding:
        facts = {**self._facts(), **error.facts, "detail": error.detail}
        row = FINDINGS[error.code]
        subject = facts.pop("subject", "") or row.subject or str(self._place)
        shown = (Evidence(self._place.kind.value, self._place.name, error.detail),)
        return make_finding(error.code, subject, variant=error.variant, facts=facts, evidence=shown)

    def _facts(self) -> dict[str, str]:
        return {"region": self._reader.region}

    def _pause(self, finding: Finding) -> bool:
        """Wait until the place is to be asked again; False where there is no time left for that."""
        left = self._deadline.left()
        if left <= 0:
            return False
        self._pauses += 1
        seconds = min(ROTATED.pause(self._pauses), left)
        at = (self._host.clock.local() + timedelta(seconds=seconds)).strftime("%H:%M:%S")
        if FINDINGS[finding.code].is_of_the_activation:
            line = phrase("the activation in {place} is of no use: {title}; asking again at {at}", **self._told(finding, at))
        else:
            line = phrase("the activation in {place} cannot be taken: {title}; asking again at {at}", **self._told(finding, at))
        self._tell(line)
        with self._host.step(phrase("waiting for another activation in {place}", place=str(self._place))):
            self._host.clock.sleep(seconds)
        return True

    def _told(self, finding: Finding, at: str) -> dict[str, str]:
        return {"place": str(self._place), "title": finding.title, "at": at}
