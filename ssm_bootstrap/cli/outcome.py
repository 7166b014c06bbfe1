"""What the commands share that change an identity or restart the agent: what comes before, and how the end is told."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Optional

from ssm_bootstrap import __version__
from ssm_bootstrap.act.agent.restart import region_at_work
from ssm_bootstrap.act.agent.service import AgentService
from ssm_bootstrap.act.identity.abandoned import deregistration
from ssm_bootstrap.act.identity.recovery import recover
from ssm_bootstrap.act.identity.snapshot import is_tidy
from ssm_bootstrap.act.lock import locked
from ssm_bootstrap.act.wait import Deadline
from ssm_bootstrap.catalog.agent import package_key
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.cli.output import Talk, new_report, print_document, print_report
from ssm_bootstrap.collect.agent.activation import identifier_problem
from ssm_bootstrap.collect.agent.identity import look_at_identity
from ssm_bootstrap.collect.agent.service import look_at_agent
from ssm_bootstrap.diagnose.findings import make_finding, with_known
from ssm_bootstrap.diagnose.network.region import contradicted
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.model.agent import Attempt, Identity, IdentityState, Proof
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.findings import Diagnosis, Evidence, Finding, Severity
from ssm_bootstrap.model.observations import Observations, Plan
from ssm_bootstrap.model.observed import Seen, value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.render.brief import tell_brief
from ssm_bootstrap.render.language import _, say
from ssm_bootstrap.render.wire import document
from ssm_bootstrap.session import Session, plan_of

if TYPE_CHECKING:
    from ssm_bootstrap.render.text import Report

STATUS_OF_REASON = {
    "disk-full": ExitStatus.TRY_LATER,
    "read-only": ExitStatus.NO_PERMISSION,
    "permission": ExitStatus.NO_PERMISSION,
}
"""The same where no finding code stands for what the agent said, by the signature of its cause."""


@dataclass(frozen=True)
class CommandOutcome:
    """How a command ended: the node's id, or the finding that says why not; then the attempts and the proof."""

    managed_instance_id: str
    finding: Optional[Finding] = None
    attempts: tuple[Attempt, ...] = ()
    proof: Optional[Proof] = None
    remark: Optional[Finding] = None
    blocked: bool = False
    identity: Optional[Identity] = None  # the one that was there before and still is
    status: Optional[ExitStatus] = None
    note: str = ""
    replaced: Optional[Identity] = None  # the one that was there before and is no more
    given_up: Optional[Identity] = None  # the one of which the copy gave way to that of the one that was there before

    @property
    def abandoned(self) -> Optional[Identity]:
        """The identity that AWS still lists and this machine no longer uses."""
        old = self.replaced
        return old if old is not None and old.known_id not in ("", self.managed_instance_id) else None

    @property
    def has_registered(self) -> bool:
        """True where the node got its identity by this very command, and with it its region."""
        return bool(self.managed_instance_id and self.attempts)

    @property
    def is_copy_kept(self) -> bool:
        """True where ``rollback`` can bring back the identity that is abandoned."""
        return self.abandoned is not None and self.abandoned.state is IdentityState.REGISTERED

    @property
    def exit_status(self) -> ExitStatus:
        """0 online, 1 registered and not proven online, else by the finding."""
        if self.status is not None:
            return self.status
        if not self.managed_instance_id:
            if self.blocked:
                return ExitStatus.UNREACHABLE
            if self.finding is None:
                reason = self.attempts[-1].reason if self.attempts else ""
                return STATUS_OF_REASON.get(reason, ExitStatus.BAD_CONTENT)
            return FINDINGS[self.finding.code].exit_status
        return ExitStatus.OK if self.proof is None or self.proof.online else ExitStatus.FOUND


def no_agent(session: Session) -> CommandOutcome:
    """The end where no agent is on this machine."""
    shown = (Evidence("files", "/usr/bin, /snap", "no amazon-ssm-agent"),)
    machine = session.host.machine
    system = machine.system()
    package = package_key(system.identifier, system.like, machine.architecture())
    facts = {"region": session.region, "agent_package": package}
    return CommandOutcome("", make_finding("agent-missing", "amazon-ssm-agent", facts=facts, evidence=shown))


def must_be_root(host: Host, message: str) -> None:
    """Refusal: 77 for anybody else, 78 where nobody can tell what runs here: a change might cut it, or be cut by it."""
    if not host.machine.is_root():
        raise Refusal(ExitStatus.NO_PERMISSION, message)
    try:
        host.machine.must_tell_processes()
    except OSError as error:
        text = phrase(
            "{filename}: {error}: running processes cannot be listed without /proc; nothing was changed",
            filename=error.filename,
            error=words_of(error),
        )
        raise Refusal(ExitStatus.BAD_CONTENT, text) from None


def take_charge(host: Host, arguments: argparse.Namespace) -> Deadline:
    """What comes before any change of identity but a registration: root, signals, what a run that died had begun, nothing to cut.

    Gives the end of all waiting. Raises Refusal.
    """
    command: str = arguments.command
    must_be_root(host, phrase("{command}: only root may change the agent's identity (use sudo)", command=command))
    INTERRUPTS.install(arguments.say.at_once, "nothing was changed")
    deadline = Deadline.after(host.clock, arguments.wait)
    recover_first(host, command, deadline.left(), arguments.say)
    if not arguments.now:
        must_not_cut(host, command)
    return deadline


def recover_first(host: Host, command: str, wait: float, say: Talk, *, no_block: bool = False) -> None:
    """Finish or undo what a run that died had begun, before anything else may refuse; raises Refusal."""
    if not is_tidy(host):
        with locked(host, command, wait, say):
            recover(host, AgentService(host, no_block), say)


def must_not_cut(host: Host, command: str) -> None:
    """Refusal (75) while a command or a session runs, which a stop of the agent would cut."""
    processes = value_of(look_at_agent(host).processes) or ()
    workers = [item for item in processes if item.name in ("ssm-document-worker", "ssm-session-worker")]
    if workers:
        names = ", ".join(f"{item.name} (pid {item.pid})" for item in workers)
        text = phrase(
            "{command}: {names} is running: stopping the agent would cut off a patch run or a session; expected --now for that",
            command=command,
            names=names,
        )
        raise Refusal(ExitStatus.TRY_LATER, text)


def tell_outcome(session: Session, outcome: CommandOutcome, arguments: argparse.Namespace) -> int:
    """Print how it ended; gives the exit status."""
    status = outcome.exit_status
    mismatch = None if outcome.has_registered else region_mismatch(session, status)
    facts = _given(session, arguments)
    finding = outcome.finding or (outcome.proof.finding if outcome.proof is not None else None)
    finding = with_known(finding, facts) if finding is not None else None
    if finding is not None and mismatch is not None and finding.code == mismatch.code:
        finding, mismatch = replace(finding, evidence=(*finding.evidence, *mismatch.evidence)), None
    if arguments.json:
        found = tuple(with_known(item, facts) for item in (finding, outcome.remark, mismatch) if item is not None)
        _document(session, outcome, Diagnosis(findings=found), arguments, status)
        return status
    report = new_report(arguments.colour, arguments.width)
    if outcome.managed_instance_id and outcome.identity is not None:
        known = phrase("{node} in {region}", node=outcome.managed_instance_id, region=outcome.identity.region)
        report.line(phrase("Already registered: {known}. Nothing was changed.", known=known), "green")
        if outcome.identity.detail:
            report.line(phrase("Note: {detail}.", detail=outcome.identity.detail))
    elif outcome.managed_instance_id:
        where = region_at_work(session)
        facts = {"node": outcome.managed_instance_id, "region": where}
        report.line(
            _("Registered: {node} in {region}.", **facts) if outcome.attempts else _("Node: {node} in {region}.", **facts),
            "green",
        )
    elif outcome.identity is not None:
        report.line(
            phrase(
                "Registration failed. The old identity was restored: {managed_instance_id}.",
                managed_instance_id=outcome.identity.managed_instance_id,
            ),
            "bold red",
        )
    if outcome.note:
        report.line(outcome.note)
    if outcome.proof is not None:
        _tell_proof(report, outcome.proof)
    if finding is not None and not arguments.full:
        told = Diagnosis(findings=tuple(item for item in (finding, mismatch) if item is not None))
        tell_brief(report, told, details="ssm-bootstrap doctor --full")
    elif finding is not None:
        report.finding(finding)
    elif not outcome.managed_instance_id and outcome.attempts:
        report.line("The agent did not register, and its output shows no known cause:", "bold red")
        report.item("said", outcome.attempts[-1].explanation or "nothing")
    if mismatch is not None and (finding is None or arguments.full):
        report.finding(mismatch, brief=True)
    if outcome.abandoned is not None:
        _tell_abandoned(report, outcome, outcome.abandoned, arguments.command == "rollback")
    if outcome.given_up is not None:
        tell_given_up(report, outcome.given_up)
    print_report(report, session.host.secrets)
    return status


def _tell_abandoned(report: Report, outcome: CommandOutcome, abandoned: Identity, has_rolled_back: bool) -> None:
    """The identity that this machine no longer uses: how it comes back, and how it is taken out of AWS's list instead."""
    report.line()
    report.line(phrase("AWS still lists {known_id}, which this machine no longer uses.", known_id=abandoned.known_id))
    if outcome.is_copy_kept and has_rolled_back:
        report.line("A copy of it is kept: `ssm-bootstrap rollback` run again goes back to it, for it swaps the two.")
    elif outcome.is_copy_kept:
        report.line("A copy of it is kept: `ssm-bootstrap rollback` brings it back.")
    report.line(
        "Once this node is online and if no other machine uses it, deregister it (you cannot roll back to it after that):"
    )
    report.command(deregistration(abandoned))


def tell_given_up(report: Report, given_up: Identity) -> None:
    """The identity of which nothing is kept any more, and how it is taken out of AWS's list."""
    report.line()
    report.line(
        phrase(
            "The copy of {known_id} is no longer kept: nothing brings it back. AWS lists it until it is deregistered there:",
            known_id=given_up.known_id,
        )
    )
    report.command(deregistration(given_up))


def _given(session: Session, arguments: argparse.Namespace) -> dict[str, str]:
    """What the caller gave of an activation, for the commands that are told: an id that is one, and a file that is there.

    Anything else may be the code itself, in the wrong place.
    """
    configuration, host = session.configuration, session.host
    named = getattr(arguments, "activation_id", None) or host.environment.get("SSM_BOOTSTRAP_ACTIVATION_ID", "").strip()
    identifier = named or configuration.activation_id
    file = getattr(arguments, "activation_code_file", None) or configuration.code_file
    return {
        "region": value_of(session.choice.region) or "",
        "activation_id": identifier if identifier and not identifier_problem(identifier) else "",
        "activation_code_file": file if _is_there(host, file) else "",
    }


def _is_there(host: Host, path: str) -> bool:
    try:
        return path.startswith("/") and host.files.exists(path)
    except OSError:
        return False


def region_mismatch(session: Session, status: ExitStatus) -> Optional[Finding]:
    """A region that was named, against the one that the node is registered in; a warning where all went well."""
    choice = session.choice
    named = Plan("register", choice.region, choice.source, other_regions=choice.others)
    return next(contradicted(named, Severity.WARNING if status is ExitStatus.OK else Severity.ERROR), None)


def _tell_proof(report: Report, proof: Proof) -> None:
    if proof.online:
        report.line(
            phrase("Online through {channel} after {seconds:.1f} s.", channel=proof.channel, seconds=proof.seconds), "green"
        )
        return
    waited = _("The node did not come online within {seconds:.0f} s:", seconds=proof.seconds)
    report.line(waited if proof.seconds >= 1 else _("The node did not come online:"), "bold red")
    for sign in proof.signs:
        report.item("seen   " if sign.seen else "missing", f"{say(sign.name)}: {say(sign.detail)}")


def _document(
    session: Session, outcome: CommandOutcome, diagnosis: Diagnosis, arguments: argparse.Namespace, status: ExitStatus
) -> None:
    observations = Observations(
        version=__version__,
        taken_at=session.host.clock.local(),
        plan=plan_of(session, arguments.command, ()),
        identity=Seen(look_at_identity(session.host.files)),
        root=True,
    )
    more: dict[str, Any] = {}
    if outcome.attempts:
        more["attempts"] = [
            {
                "number": attempt.number,
                "started": attempt.started.isoformat(timespec="seconds"),
                "seconds": round(attempt.seconds, 3),
                "code": attempt.finding.code if attempt.finding is not None else None,
                "transient": attempt.transient,
                "explanation": attempt.explanation or None,
                "managed_instance_id": attempt.managed_instance_id or None,
            }
            for attempt in outcome.attempts
        ]
    if outcome.proof is not None:
        more["online"] = {
            "proven": outcome.proof.online,
            "channel": outcome.proof.channel or None,
            "seconds": round(outcome.proof.seconds, 2),
            "signs": [{"sign": sign.name, "seen": sign.seen, "detail": sign.detail} for sign in outcome.proof.signs],
        }
    if outcome.abandoned is not None:
        more |= {"was": outcome.abandoned.known_id, "snapshot": outcome.is_copy_kept, "aws": [deregistration(outcome.abandoned)]}
    if outcome.given_up is not None:
        more["given_up"] = outcome.given_up.known_id
        more["aws"] = [*more.get("aws", ()), deregistration(outcome.given_up)]
    print_document(document(observations, diagnosis, status, more), session.host.secrets)
