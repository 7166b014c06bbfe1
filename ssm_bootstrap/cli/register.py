"""``ssm-bootstrap register``: register this machine, restart the agent, prove that it is online."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Optional

from ssm_bootstrap.cli.flags import add_output, add_region, duration

if TYPE_CHECKING:
    from ssm_bootstrap.act.register import Registered
    from ssm_bootstrap.cli.looking import Ground
    from ssm_bootstrap.model.finding import Finding
    from ssm_bootstrap.model.registration import Proof


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``register``."""
    parser.add_argument("--activation-id", metavar="UUID", help="the activation's id (SSM_BOOTSTRAP_ACTIVATION_ID)")
    parser.add_argument(
        "--activation-code-file",
        metavar="FILE",
        help="a file of root, mode 0600, that holds the activation code; - for standard input",
    )
    parser.add_argument(
        "--activation-code",
        metavar="CODE",
        help="the code itself: whoever may list processes can read it; a file is better",
    )
    add_region(parser)
    parser.add_argument("--wait", type=duration, default=0.0, metavar="TIME", help="how long to wait for the endpoint, as in 15m")
    parser.add_argument("--attempts", type=_count, default=3, metavar="N", help="how often to try what is transient (default 3)")
    parser.add_argument("--no-preflight", dest="preflight", action="store_false", help="do not look at the endpoint first")
    parser.add_argument("--no-restart", dest="restart", action="store_false", help="leave the agent as it is afterwards")
    add_output(parser, strict=False)


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number from 1 to 100")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Register, unless this node is registered already."""
    from ssm_bootstrap.cli.looking import real_host, stand
    from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
    from ssm_bootstrap.model.machine import IdentityState

    host = real_host()
    if not host.machine.is_root():
        raise Refusal(ExitStatus.NO_PERMISSION, "register: only root may change the agent's identity (use sudo)")
    ground = stand(host, arguments.region)
    identity = ground.identity
    if identity.state is IdentityState.REGISTERED:
        return _already(ground, arguments)
    if identity.state is IdentityState.UNREADABLE:
        raise Refusal(ExitStatus.BAD_CONTENT, f"register: the vault cannot be read: {identity.detail}; nothing was changed")
    if identity.state is IdentityState.INTERRUPTED:
        raise Refusal(ExitStatus.BAD_CONTENT, f"register: {identity.detail}; nothing was changed")
    return _register(ground, arguments)


def _already(ground: Ground, arguments: argparse.Namespace) -> int:
    """Say who this node is; touch nothing."""
    from ssm_bootstrap.cli.registering import Outcome, tell_outcome
    from ssm_bootstrap.diagnose.wording import make_finding
    from ssm_bootstrap.model.finding import Severity

    identity = ground.identity
    facts = {"region": identity.region, "mi": identity.managed_instance_id}
    already = make_finding("already-registered", identity.managed_instance_id, facts=facts, severity=Severity.INFO)
    return tell_outcome(ground, Outcome(identity.managed_instance_id, remark=already), arguments)


def _register(ground: Ground, arguments: argparse.Namespace) -> int:
    import os
    import sys

    from ssm_bootstrap.act.preflight import Preflight
    from ssm_bootstrap.act.register import Registrar
    from ssm_bootstrap.cli.looking import CODE_VARIABLE, proxies_of
    from ssm_bootstrap.cli.output import say
    from ssm_bootstrap.cli.registering import Outcome, agent_environment, find_binary, tell_outcome
    from ssm_bootstrap.collect.activation import CodeSources, read_activation
    from ssm_bootstrap.collect.instance import look_at_instance
    from ssm_bootstrap.model.observed import Seen, Unseen, value_of

    host = ground.host
    region = ground.region
    sources = CodeSources(
        argument=arguments.activation_code,
        file=arguments.activation_code_file,
        standard_input=sys.stdin.read(4096) if arguments.activation_code_file == "-" else "",
        variable=os.environ.get(CODE_VARIABLE),
    )
    activation = read_activation(host.files, arguments.activation_id, sources, host.environment, ground.configuration)
    if arguments.activation_code is not None:
        say("warning: --activation-code shows the code to whoever may list processes; --activation-code-file does not")
    binary = find_binary(ground)
    if isinstance(binary, Outcome):
        return tell_outcome(ground, binary, arguments)
    settings, unit = proxies_of(ground)
    instance = Unseen("not asked") if ground.metadata is None else Seen(look_at_instance(host, ground.metadata.result()))
    seen = value_of(instance)
    metadata = value_of(seen.metadata) if seen is not None else None
    cidrs = metadata.ipv4_cidrs + metadata.ipv6_cidrs if metadata is not None else ()
    preflight = Preflight(host, region, ground.agent_config, settings, instance) if arguments.preflight else None
    result = Registrar(
        host=host,
        binary=binary,
        region=region,
        activation=activation,
        environment=agent_environment(settings, unit),
        cidrs=cidrs,
        preflight=preflight,
        wait=arguments.wait,
        attempts=arguments.attempts,
        tell=say,
    ).run()
    return _conclude(ground, arguments, result, cidrs)


def _conclude(ground: Ground, arguments: argparse.Namespace, result: Registered, cidrs: tuple[str, ...]) -> int:
    from ssm_bootstrap.cli.registering import Outcome, prove, tell_outcome

    last = result.last
    finding: Optional[Finding] = result.blocked.finding if result.blocked is not None else None
    if last is None or result.blocked is not None or not last.succeeded:
        finding = finding or (last.finding if last is not None else None)
        return tell_outcome(ground, Outcome("", finding, result.attempts, blocked=result.blocked is not None), arguments)
    proof: Optional[Proof] = prove(ground, last.managed_instance_id, cidrs) if arguments.restart else None
    remark: Any = last.finding
    return tell_outcome(ground, Outcome(last.managed_instance_id, None, result.attempts, proof, remark), arguments)
