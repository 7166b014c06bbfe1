"""``ssm-bootstrap restart``: restart the agent and prove that it is online."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Optional

from ssm_bootstrap.act.agent.hibernation import why_asleep
from ssm_bootstrap.act.agent.program import find_binary
from ssm_bootstrap.act.agent.restart import region_at_work, revive
from ssm_bootstrap.act.agent.service import AgentService
from ssm_bootstrap.act.identity.recovery import recover
from ssm_bootstrap.act.identity.transaction import NOT_PROVEN
from ssm_bootstrap.act.lock import locked
from ssm_bootstrap.act.wait import Preflight
from ssm_bootstrap.cli.flags import Example, add_full, add_now, add_output, add_region, add_wait, duration
from ssm_bootstrap.cli.outcome import (
    CommandOutcome,
    must_be_root,
    must_not_cut,
    no_agent,
    tell_outcome,
)
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.diagnose.logs.explain import explain_logs
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.findings import Evidence
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.observe import look_at_logs
from ssm_bootstrap.session import Session, open_session, proxies_of, real_host

EXAMPLES = (
    Example(
        "sudo ssm-bootstrap restart",
        "restart the agent, and prove that the node is online",
    ),
    Example(
        "sudo ssm-bootstrap restart --if-asleep",
        "wake an agent that hibernates, and leave any other alone",
    ),
    Example(
        "sudo ssm-bootstrap restart --timeout 2m",
        "give a slow machine more time to come online",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``restart``."""
    add_region(parser)
    add_now(parser)
    parser.add_argument(
        "--if-asleep",
        action="store_true",
        help="only if the agent is hibernating or backing off and its endpoint answers; otherwise do nothing",
    )
    parser.add_argument(
        "--timeout",
        type=duration,
        default=45.0,
        metavar="TIME",
        help="how long to wait for the node to come online (default: 45s)",
    )
    add_wait(parser)
    add_output(parser, strict=False)
    add_full(parser)


def run(arguments: argparse.Namespace) -> int:
    """Restart and prove, after finishing what a run that died had begun."""

    host = real_host(arguments.secrets, arguments.say.step)
    must_be_root(host, "restart: only root may restart the agent (use sudo)")
    INTERRUPTS.install(arguments.say.at_once, "the agent was not restarted")
    with locked(host, "restart", arguments.wait, arguments.say):
        recover(host, AgentService(host), arguments.say)
        session = replace(open_session(host, arguments.region), identity=look_past_journal(host.files))
        missing = no_agent(session) if find_binary(host) is None else None
        nobody = missing is not None or session.identity.state in (IdentityState.NOT_REGISTERED, IdentityState.LOST)
        if arguments.if_asleep and nobody:
            arguments.say("restart --if-asleep: there is no registered agent on this machine; nothing was done")
            return ExitStatus.OK
        if missing is not None:
            return tell_outcome(session, missing, arguments)
        refused = _unfit(session) or _awake(session, arguments)
        if refused is not None:
            return tell_outcome(session, refused, arguments)
        if not arguments.now:
            must_not_cut(host, "restart")
        INTERRUPTS.standing = phrase("the agent was told to restart; {not_proven}", not_proven=NOT_PROVEN)
        proof = revive(session, timeout=arguments.timeout)
        INTERRUPTS.standing = "the agent was restarted"
        return tell_outcome(session, CommandOutcome(session.identity.managed_instance_id, proof=proof), arguments)


def _unfit(session: Session) -> Optional[CommandOutcome]:
    """The end for a node that has no identity to be online with."""
    identity = session.identity
    if identity.state is IdentityState.REGISTERED:
        return None
    if identity.state is IdentityState.UNREADABLE:
        raise Refusal(
            ExitStatus.BAD_CONTENT,
            phrase("restart: the vault cannot be read: {detail}; nothing was done", detail=identity.detail),
        )
    shown = (Evidence("vault", "/var/lib/amazon/ssm/Vault", identity.detail or "no identity"),)
    facts = {"mi": identity.registration_file_id, "detail": identity.detail}
    finding = make_finding(identity.state.value, identity.registration_file_id or "this node", facts=facts, evidence=shown)
    return CommandOutcome("", finding, status=ExitStatus.FOUND)


def _awake(session: Session, arguments: argparse.Namespace) -> Optional[CommandOutcome]:
    """With --if-asleep: the end where there is nobody to wake, or waking would not help yet."""
    if not arguments.if_asleep:
        return None
    mi = session.identity.managed_instance_id
    region = region_at_work(session)
    reason = why_asleep(explain_logs(look_at_logs(session), session.overrides.site, region=region), session.host.clock.now())
    if reason is None:
        return CommandOutcome(mi, note="The agent is awake; nothing was done.", status=ExitStatus.OK)
    arguments.say(phrase("the agent is asleep: {reason}", reason=reason))
    proxies, site = proxies_of(session)[0], session.overrides.site
    preflight = Preflight(session.host, region, session.agent_config, proxies, session.instance(), site, session.choice.source)
    with session.host.step("asking the endpoint"):
        finding = preflight.look()
    if finding is not None:
        return CommandOutcome(
            mi, finding, note="The agent was left asleep: its endpoint does not answer yet.", status=ExitStatus.FOUND
        )
    return None
