"""``ssm-bootstrap register``: register this machine, restart the agent, prove that it is online."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from typing import Optional

from ssm_bootstrap import __version__
from ssm_bootstrap.act.agent.service import AgentService
from ssm_bootstrap.act.identity.enrolment import Enrolled, Enrolment, RegistrationOrder
from ssm_bootstrap.act.wait import Deadline
from ssm_bootstrap.cli.flags import (
    Example,
    activation_id,
    activation_place,
    add_full,
    add_now,
    add_output,
    add_region,
    count,
    duration,
    path,
    spread,
)
from ssm_bootstrap.cli.outcome import (
    CommandOutcome,
    must_be_root,
    must_not_cut,
    no_agent,
    recover_first,
    tell_outcome,
)
from ssm_bootstrap.collect.agent.activation import CodeSources
from ssm_bootstrap.collect.machine.image import look_at_image
from ssm_bootstrap.collect.spread import choose_spread
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.model.agent import Identity
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.findings import Finding, Severity
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.session import Session, open_session, plan_of, real_host

EXAMPLES = (
    Example(
        "sudo ssm-bootstrap register --activation-id 01234567-89ab-cdef-0123-456789abcdef "
        "--activation-code-file /root/code --region ap-northeast-1",
        "with the code in a file",
    ),
    Example(
        "sudo ssm-bootstrap register --activation-id 01234567-89ab-cdef-0123-456789abcdef --activation-code-file -",
        "type or paste the code, which is not shown",
    ),
    Example(
        "sudo ssm-bootstrap register --code-from parameter:/hybrid/activation --wait 1h",
        "with the ID and code of a parameter; waits for one that is not used up",
    ),
    Example(
        "sudo ssm-bootstrap register --force",
        "give a registered node a new identity; rollback takes that back",
    ),
)

_HOW_TO_REPLACE = phrase(
    "The activation was not used. `ssm-bootstrap register --force` gives this node a new identity, and `ssm-bootstrap rollback` "
    "takes that back."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``register``."""
    parser.add_argument(
        "--activation-id", type=activation_id, metavar="UUID", help="the id of the activation (or SSM_BOOTSTRAP_ACTIVATION_ID)"
    )
    parser.add_argument(
        "--activation-code-file",
        type=path,
        metavar="FILE",
        help="a file with the activation code, owned by root, mode 0600; - asks for the code, or reads it from standard input",
    )
    parser.add_argument(
        "--activation-code",
        metavar="CODE",
        help="the code itself; anyone who can list processes can read it, so a file is better",
    )
    parser.add_argument(
        "--code-from",
        type=activation_place,
        metavar="SOURCE",
        help="where ID and code are fetched from, anew for each try: parameter:NAME in Parameter Store or secret:NAME in Secrets "
        "Manager, with the role of this EC2 instance, or file:PATH (or SSM_BOOTSTRAP_CODE_FROM, or [activation] from); what "
        "it holds is JSON, ID:CODE, or the code alone. One that is used up or expired is waited for with --wait",
    )
    add_region(parser)
    parser.add_argument(
        "--force",
        action="store_true",
        help="replace the identity of a registered node with a new one; the old one is put back if that fails, and kept for "
        "rollback if not (only one is kept: the copy of the one before it is given up, which is said first)",
    )
    add_now(parser)
    parser.add_argument(
        "--wait",
        type=duration,
        default=0.0,
        metavar="TIME",
        help="how long to wait until the endpoint answers, and to try again while the service throttles, as in 15m",
    )
    parser.add_argument(
        "--spread",
        type=spread,
        metavar="TIME",
        help="for many nodes that start together: begin after a delay of less than TIME, which is always the same for the same "
        "machine-id, as in 10m; registered nodes do not wait (default: SSM_BOOTSTRAP_SPREAD, or [register] spread in "
        "/etc/ssm-bootstrap.conf, neither with --force)",
    )
    parser.add_argument(
        "--attempts",
        type=count,
        default=3,
        metavar="N",
        help="how often to try if the failure is transient (default: 3); with --wait, attempts that were throttled do not count",
    )
    parser.add_argument(
        "--retry-after-lost-answer",
        action="store_true",
        help="try again even if the activation may have been used: each try may leave an unused mi- id in AWS",
    )
    parser.add_argument(
        "--install-agent",
        action="store_true",
        help="if no agent is installed, install its package from the S3 bucket of the region, provided --key-file signed it",
    )
    parser.add_argument(
        "--key-file", type=path, metavar="FILE", help="the public OpenPGP key with which AWS signs the packages of the agent"
    )
    parser.add_argument("--no-preflight", dest="preflight", action="store_false", help="do not check the endpoint first")
    parser.add_argument("--no-restart", dest="restart", action="store_false", help="do not restart the agent afterwards")
    parser.add_argument(
        "--no-block",
        action="store_true",
        help="only queue the restart of the agent with systemd, and prove nothing; for a unit that the agent's unit waits for",
    )
    add_output(parser, strict=False)
    add_full(parser)


def run(arguments: argparse.Namespace) -> int:
    """Register, unless this node is registered already."""
    if arguments.install_agent and not arguments.key_file:
        raise Refusal(ExitStatus.USAGE, "--install-agent: expected --key-file FILE too: the key with which AWS signs the agent")
    if arguments.activation_code and os.path.isfile(arguments.activation_code.strip()):
        raise Refusal(
            ExitStatus.USAGE,
            "--activation-code: expected the code itself, found the path of a file: --activation-code-file takes a file",
        )
    if arguments.code_from and (arguments.activation_code or arguments.activation_code_file):
        raise Refusal(ExitStatus.USAGE, "--code-from: expected without --activation-code and --activation-code-file")
    host = real_host(arguments.secrets, arguments.say.step)
    must_be_root(host, "register: only root may change the agent's identity (use sudo)")
    INTERRUPTS.install(arguments.say.at_once, "nothing was registered")
    deadline = Deadline.after(host.clock, arguments.wait)
    recover_first(host, "register", deadline.left(), arguments.say, no_block=arguments.no_block)
    if arguments.force and not arguments.now:
        must_not_cut(host, "register --force")
    session = open_session(host, arguments.region)
    order = RegistrationOrder(
        activation_id=arguments.activation_id,
        install_key=arguments.key_file if arguments.install_agent else None,
        preflight=arguments.preflight,
        attempts=arguments.attempts,
        retry_lost=arguments.retry_after_lost_answer,
        force=arguments.force,
        restart=arguments.restart,
        spread=choose_spread(arguments.spread, host.environment, session.configuration.spread, is_forced=arguments.force),
    )
    service = AgentService(host, arguments.no_block)
    sources = CodeSources(arguments.activation_code, file=arguments.activation_code_file, place=arguments.code_from or "")
    enrolment = Enrolment(session, service, order, sources, deadline, arguments.say)
    return _conclude(session, arguments, enrolment.run())


def _conclude(session: Session, arguments: argparse.Namespace, enrolled: Enrolled) -> int:
    if enrolled.already is not None:
        identity = enrolled.already
        facts = {"region": identity.region, "mi": identity.managed_instance_id}
        already = make_finding("already-registered", identity.managed_instance_id, facts=facts)
        copied = _copied(session, identity)
        status = ExitStatus.FOUND if copied is not None and copied.severity is Severity.ERROR else None
        note = _HOW_TO_REPLACE if _is_activation_given(arguments) else ""
        outcome = CommandOutcome(
            identity.managed_instance_id, copied, remark=already, identity=identity, status=status, note=note
        )
        return tell_outcome(session, outcome, arguments)
    if not enrolled.has_agent:
        return tell_outcome(session, replace(no_agent(session), note=_not_used(arguments)), arguments)
    result = enrolled.registered
    assert result is not None
    last = result.last
    if result.blocked is not None:
        note = "" if result.attempts else _not_used(arguments)
        outcome = CommandOutcome(
            "",
            result.blocked.finding,
            result.attempts,
            enrolled.proof,
            identity=enrolled.kept,
            blocked=True,
            status=result.blocked.status,
            note=note,
        )
        return tell_outcome(session, outcome, arguments)
    if last is None or not last.succeeded:
        finding = last.finding if last is not None else None
        outcome = CommandOutcome("", finding, result.attempts, enrolled.proof, identity=enrolled.kept)
        return tell_outcome(session, outcome, arguments)
    outcome = CommandOutcome(
        last.managed_instance_id,
        None,
        result.attempts,
        enrolled.proof,
        last.finding,
        replaced=enrolled.replaced,
        given_up=enrolled.given_up,
    )
    return tell_outcome(session, outcome, arguments)


def _not_used(arguments: argparse.Namespace) -> str:
    """What is said where it ended before anything was sent: all that may have been changed is an agent that was wanted."""
    if arguments.install_agent:
        return phrase("The identity was not changed, and the activation was not used.")
    return phrase("Nothing was changed, and the activation was not used.")


def _is_activation_given(arguments: argparse.Namespace) -> bool:
    """True where the caller named an activation, and did not leave it to what is configured for every boot."""
    return any((arguments.activation_id, arguments.activation_code, arguments.activation_code_file, arguments.code_from))


def _copied(session: Session, identity: Identity) -> Optional[Finding]:
    """What is to be said where the vault was made on another machine: this is a clone of an image that was not prepared."""
    seen = Observations(
        version=__version__,
        taken_at=session.host.clock.local(),
        plan=plan_of(session, "register", ()),
        identity=Seen(identity),
        image=Seen(look_at_image(session.host.files)),
        root=True,
    )
    return next((finding for finding in diagnose(seen).findings if finding.code == "fingerprint-mismatch"), None)
