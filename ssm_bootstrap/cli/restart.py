"""``ssm-bootstrap restart``: restart the agent and prove that it is online."""

from __future__ import annotations

import argparse

from ssm_bootstrap.cli.flags import add_output, add_region, duration


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``restart``."""
    add_region(parser)
    parser.add_argument("--timeout", type=duration, default=None, metavar="TIME", help="how long to wait for proof (default 45s)")
    add_output(parser, strict=False)


def run(arguments: argparse.Namespace) -> int:
    """Restart and prove."""
    from ssm_bootstrap.cli.looking import real_host, stand
    from ssm_bootstrap.cli.registering import Outcome, find_binary, prove, tell_outcome
    from ssm_bootstrap.diagnose.wording import make_finding
    from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
    from ssm_bootstrap.model.finding import Evidence
    from ssm_bootstrap.model.machine import IdentityState

    host = real_host()
    if not host.machine.is_root():
        raise Refusal(ExitStatus.NO_PERMISSION, "restart: only root may restart the agent (use sudo)")
    ground = stand(host, arguments.region)
    found = find_binary(ground)
    if isinstance(found, Outcome):
        return tell_outcome(ground, found, arguments)
    identity = ground.identity
    if identity.state is not IdentityState.REGISTERED:
        code = identity.state.value if identity.state is not IdentityState.UNREADABLE else "registration-lost"
        shown = (Evidence("vault", "/var/lib/amazon/ssm/Vault", identity.detail or "no identity"),)
        facts = {"mi": identity.registration_file_id, "detail": identity.detail}
        finding = make_finding(code, identity.registration_file_id or "this node", facts=facts, evidence=shown)
        return tell_outcome(ground, Outcome("", finding, status=ExitStatus.FOUND), arguments)
    proof = prove(ground, identity.managed_instance_id, (), arguments.timeout)
    return tell_outcome(ground, Outcome(identity.managed_instance_id, proof=proof), arguments)
