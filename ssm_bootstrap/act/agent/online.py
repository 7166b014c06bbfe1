"""Proof that the agent is online: what the new run of the agent says of itself, and nothing that another process wrote.

systemd says "active" before the agent has dialled out, so nothing of it counts as proof; the agent's own log does. The process
that is replaced goes on writing to the same log while it stops, for seven seconds and more.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Callable, Optional

from ssm_bootstrap.catalog import limits
from ssm_bootstrap.catalog.agent import TELLS_CREDENTIALS, WORKER
from ssm_bootstrap.catalog.logformat import LOG_NAMES
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.logs.read import read_stream, rotations_of
from ssm_bootstrap.collect.machine.surroundings import credentials_until
from ssm_bootstrap.diagnose.logs.classify import LogContext
from ssm_bootstrap.diagnose.logs.explain import classify_logs
from ssm_bootstrap.diagnose.logs.timeline import CLOCK_STEP
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.clock import wait_for
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.steps import StepUnderWay
from ssm_bootstrap.model.agent import Proof, ProofSign
from ssm_bootstrap.model.lifeevent import LifeEvent
from ssm_bootstrap.model.localtime import in_zone
from ssm_bootstrap.model.logs import LogDigest
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import NO_SITE
from ssm_bootstrap.model.timeline import Run

POLL = 0.2
"""Seconds between two looks at the log."""

HYBRID = "OnPrem"

LONG_SLEEP = re.compile(r"(?:\d+h)?\d+m")
"""The agent waits for minutes before it tries again: nothing more is to be expected of this start."""

FIRST_LINES = 3.0
"""Seconds that a new process has to write its first line, which takes it less than one (measured): until then the newest line
may be one of the process before."""

MOST_TEXT = 4 << 20
"""Bytes that are read of what was written since; more is never written by a start, and then the end counts."""


@dataclass(frozen=True)
class LogPosition:
    """Where the agent's log ended when something was begun, and what its newest archive was called then."""

    size: int
    archive: str = ""

    @classmethod
    def of(cls, files: Files) -> LogPosition:
        """The end of the log as it is now."""
        return cls(_size(files, paths.AGENT_LOG), _newest_archive(files))

    def read_since(self, host: Host) -> LogDigest:
        """What was written since: where the log was rotated, the rest of what was the log then, and all of the new one."""
        files, archive = host.files.unled(), _newest_archive(host.files)
        if archive != self.archive:
            text = _end_of(files, archive, self.size) + _end_of(files, paths.AGENT_LOG, 0)
        else:
            text = _end_of(files, paths.AGENT_LOG, self.size if _size(files, paths.AGENT_LOG) >= self.size else 0)
        return read_stream([text[-MOST_TEXT:]], LOG_NAMES[1], host.clock.zone())


def _size(files: Files, path: str) -> int:
    try:
        return files.size(path)
    except OSError:
        return 0


def _newest_archive(files: Files) -> str:
    """The archive that was the log until it was rotated last; empty where there is none."""
    place, _, name = paths.AGENT_LOG.rpartition("/")
    try:
        archives = [found for found in rotations_of(name, files.list(place)) if found != name]
    except OSError:
        return ""
    return f"{place}/{archives[-1]}" if archives else ""


def _end_of(files: Files, path: str, start: int) -> bytes:
    """The end of a file, from ``start`` on at the earliest; nothing of one that is not there."""
    text = b""
    try:
        for chunk in files.read_chunks(path, max(start, files.size(path) - MOST_TEXT)):
            text = (text + chunk)[-MOST_TEXT:]
    except OSError:
        return text
    return text


@dataclass(frozen=True)
class Restarted:
    """The process that systemd names now: its pid (0 where there is none), when it began, and whether it is a new one."""

    pid: int
    began: Optional[datetime]
    is_new: bool

    @classmethod
    def of(cls, host: Host, pid: int, old_pid: int) -> Restarted:
        """What psutil tells of the main process."""
        began = None
        if pid:
            found = (item.started for item in host.machine.processes((paths.PROCESSES[0],)) if item.pid == pid)
            began = next((datetime.fromtimestamp(started, timezone.utc) for started in found), None)
        return cls(pid, began, bool(pid) and pid != old_pid)

    def run_of(self, digest: LogDigest) -> Optional[Run]:
        """The run of this process, of which the log has the first line; None as long as it has none."""
        run = classify_logs(digest, LogContext(NO_SITE)).timeline.newest
        if run is None or run.began is None or not self.is_new:
            return None
        return run if self.began is None or run.began >= self.began - CLOCK_STEP else None


def prove_online(
    host: Host,
    mark: LogPosition,
    main_pid: Callable[[], int],
    old_pid: int,
    fallback_answers: Callable[[], bool],
    timeout: float = limits.ONLINE,
) -> Proof:
    """Wait for the signs, for ``timeout`` seconds at most; stops early where the agent says that it will sleep.

    ``fallback_answers`` tells whether ec2messages can be reached: the agent names that channel even where neither works.
    """
    with host.step("waiting for proof that the agent is online") as step:
        proof = _prove(host, mark, main_pid, old_pid, fallback_answers, timeout, step)
        missing = next((f"{sign.name}: {sign.detail}" for sign in proof.signs if not sign.seen), "")
        step.ended(
            phrase("not proven online: {missing}", missing=missing)
            if missing
            else phrase("online by {channel}", channel=proof.channel),
            well=not missing,
        )
    return proof


def _prove(
    host: Host,
    mark: LogPosition,
    main_pid: Callable[[], int],
    old_pid: int,
    fallback_answers: Callable[[], bool],
    timeout: float,
    step: StepUnderWay,
) -> Proof:
    begun = host.clock.monotonic()
    answers: Optional[bool] = None
    known = Restarted(0, None, False)
    since = begun

    def settled() -> Optional[Proof]:
        """The proof, once it is there, hopeless, or too late."""
        nonlocal answers, known, since
        pid = main_pid()
        if pid != known.pid or (pid and known.began is None):
            since = host.clock.monotonic() if pid != known.pid else since
            known = Restarted.of(host, pid, old_pid)
        run = known.run_of(mark.read_since(host))
        channel = run.channel if run is not None else ""
        if channel == "ec2messages" and answers is None:
            answers = fallback_answers()
        signs = (
            ProofSign("new process", known.is_new, phrase("pid {pid}", pid=pid) if pid else "systemd names no main process"),
            *_signs_of(run, answers, lambda: _until(host)),
        )
        step.note(next((f"{sign.name}: {sign.detail}" for sign in signs if not sign.seen), ""))
        spent = host.clock.monotonic() - begun
        if all(sign.seen for sign in signs):
            return Proof(True, signs, channel, seconds=spent, identity=HYBRID)
        is_sure = host.clock.monotonic() - since >= FIRST_LINES
        if (is_sure and run is not None and _is_hopeless(run)) or spent >= timeout:
            return Proof(False, signs, channel, seconds=spent, identity=run.identity if run is not None else "")
        return None

    proof = wait_for(host.clock, math.inf, POLL, settled)
    assert proof is not None  # it has an end of its own
    return proof


def _signs_of(run: Optional[Run], answers: Optional[bool], until: Callable[[], str]) -> tuple[ProofSign, ...]:
    """What a run tells of itself: whom it takes itself for, its credentials, its worker, its channel."""
    if run is None:
        return (ProofSign("identity", False, "the new process has written nothing yet"),)
    told = [ProofSign("identity", run.identity == HYBRID, run.identity or "not told yet"), _credentials(run, until)]
    if WORKER.is_reached_by(run.version) is not False:
        started = run.workers
        told.append(ProofSign("worker", bool(started), "started" if started else "not started yet"))
    up = run.channel == "ssmmessages" or (run.channel == "ec2messages" and bool(answers))
    return (*told, ProofSign("channel", up, _channel_words(run, answers)))


def _credentials(run: Run, until: Callable[[], str]) -> ProofSign:
    """Credentials that were kept over the restart say nothing of what AWS would give now."""
    sleep = _sleep_of(run)
    if run.credentials is None and not sleep and TELLS_CREDENTIALS.is_reached_by(run.version) is False:
        # Such an agent starts its worker, or opens its channel, once it has them, and says nothing of them.
        is_at_work = bool(run.workers) or run.channel == "ssmmessages"
        return ProofSign("credentials", is_at_work, "ready: it is at work with them" if is_at_work else "not ready yet")
    if run.credentials is None or sleep:
        return ProofSign(
            "credentials", False, phrase("sleeping for {sleep} before it asks again", sleep=sleep) if sleep else "not ready yet"
        )
    if not run.has_kept_credentials:
        return ProofSign("credentials", True, "ready")
    return ProofSign("credentials", True, phrase("from before{until}: AWS was not asked for new ones", until=until()))


def _until(host: Host) -> str:
    """Until when the kept credentials hold, in the machine's zone; empty where that is not known."""
    end = credentials_until(host.files)
    return phrase(", until {in_zone:%H:%M %Z}", in_zone=in_zone(end, host.clock.zone())) if end is not None else ""


def _sleep_of(run: Run) -> str:
    """How long the run sleeps for want of credentials; empty where it has got some since."""
    told = [sign for sign in run.signs if sign.event in (LifeEvent.SLEEP, LifeEvent.CREDENTIALS)]
    return told[-1].value if told and told[-1].event is LifeEvent.SLEEP else ""


def _is_hopeless(run: Run) -> bool:
    """Whether nothing more is to be expected of this start: it sleeps for minutes, hibernates, or is another node."""
    is_other = bool(run.identity) and run.identity != HYBRID
    return is_other or LONG_SLEEP.match(_sleep_of(run)) is not None or run.newest(LifeEvent.HIBERNATES) is not None


def _channel_words(run: Run, answers: Optional[bool]) -> str:
    if run.newest(LifeEvent.HIBERNATES) is not None:
        return "it hibernates"
    if run.channel == "ec2messages" and not answers:
        return "the control channel is not up, and ec2messages cannot be reached"
    return phrase("by {channel}", channel=run.channel) if run.channel else "no channel yet"
