"""``ssm-bootstrap vpc``: AWS's side of an instance, read with the credentials of whoever asks, on any machine."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from typing import Optional

from ssm_bootstrap import __version__
from ssm_bootstrap.catalog.cloud.calls import actions_by_call, least_policy_text
from ssm_bootstrap.cli.flags import Example, account, add_fix_as, add_for, add_full, add_output, add_page, region
from ssm_bootstrap.cli.output import check_place, print_text, tell_written
from ssm_bootstrap.cli.report import check_form, check_page, tell, write_page
from ssm_bootstrap.cli.saving import load_for, save_observations
from ssm_bootstrap.collect.cloud.snapshot import Subject, look_at_cloud
from ssm_bootstrap.collect.machine.instance import MetadataLook
from ssm_bootstrap.collect.settings import checked_region
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.aws import Aws, new_session, region_of_session
from ssm_bootstrap.host.awserrors import AwsFailure
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.machine import Metadata
from ssm_bootstrap.model.observations import Observations, Plan
from ssm_bootstrap.model.observed import Seen, value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.observe import without_secrets
from ssm_bootstrap.render.language import _
from ssm_bootstrap.render.redact import redact_value
from ssm_bootstrap.session import real_host

EXAMPLES = (
    Example(
        "ssm-bootstrap vpc --instance-id i-0123456789abcdef0 --region ap-northeast-1",
        "what AWS's side lacks, from a laptop or CloudShell",
    ),
    Example(
        "ssm-bootstrap vpc --report node.json --html report.html",
        "both sides: what doctor --save wrote on the node, and the VPC around it",
    ),
    Example(
        "ssm-bootstrap vpc --report node.json --fix-as cli",
        "the commands that make what is missing, with the real ids",
    ),
    Example(
        "ssm-bootstrap vpc --print-policy",
        "the IAM policy that allows every call that this command makes",
    ),
)

_INSTANCE = re.compile(r"i-(?:[0-9a-f]{8}|[0-9a-f]{17})")


def instance_id(text: str) -> str:
    """``--instance-id``: the id of an EC2 instance."""
    if _INSTANCE.fullmatch(text.strip()) is None:
        raise argparse.ArgumentTypeError(_("{said!r} is not the id of an instance, such as i-0123456789abcdef0", said=text))
    return text.strip()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``vpc``."""
    parser.add_argument(
        "--instance-id",
        type=instance_id,
        metavar="I-...",
        help="the instance (default: that of the report, else the one that this command runs on)",
    )
    parser.add_argument(
        "--report",
        metavar="FILE",
        help="what doctor --save or --bundle wrote on the node; the report then covers both sides",
    )
    parser.add_argument("--profile", metavar="NAME", help="the AWS profile whose credentials are used (default: as the AWS CLI)")
    parser.add_argument(
        "--region",
        type=region,
        metavar="REGION",
        help="the region (default: the first of the report's, AWS_REGION, the profile's, and IMDS)",
    )
    parser.add_argument(
        "--account",
        type=account,
        metavar="ACCOUNT",
        help="the account of the activation, where that is not the account of the VPC (default: as the report tells)",
    )
    add_for(parser)
    add_output(parser)
    add_full(parser)
    parser.add_argument("--save", metavar="FILE", help="write what was seen to FILE (mode 0600), for --replay on another machine")
    parser.add_argument("--replay", metavar="FILE", help="diagnose what --save wrote instead of asking AWS")
    add_page(parser)
    add_fix_as(parser)
    parser.add_argument(
        "--redact-accounts", action="store_true", help="also mask account ids in what is saved and in the HTML page"
    )
    parser.add_argument(
        "--print-policy", action="store_true", help="print the least IAM policy for this command and exit; it only reads"
    )


def run(arguments: argparse.Namespace) -> int:
    """Read or replay, save where asked, diagnose, tell."""
    if arguments.print_policy:
        print_text(least_policy_text() + "\n", arguments.secrets)
        return 0
    check_form(arguments)
    if arguments.replay is not None:
        for flag in ("instance_id", "report", "profile", "region", "save"):
            if getattr(arguments, flag):
                raise Refusal(ExitStatus.USAGE, phrase("{flag}: expected without --replay", flag=f"--{flag.replace('_', '-')}"))
    if arguments.save is not None:
        check_place("--save", arguments.save)
    if arguments.html is not None:
        check_page(arguments.html)
    host = real_host(arguments.secrets, arguments.say.step)
    INTERRUPTS.install(arguments.say.at_once, "AWS's side was not read to its end; nothing was changed")
    observations = _replayed(arguments) if arguments.replay is not None else _look(host, arguments)
    if arguments.account is not None:
        observations = replace(observations, plan=replace(observations.plan, account=arguments.account))
    INTERRUPTS.standing = "what was seen was not told to its end"
    diagnosis = diagnose(observations)
    accounts = arguments.redact_accounts
    if arguments.save is not None:
        saved = redact_value(observations, accounts=True) if accounts else observations
        save_observations(arguments.save, saved, host.secrets)
        tell_written(arguments.say, arguments.save, "what was seen, redacted, mode 0600; vpc --replay reads it")
    machine = value_of(observations.instance) is not None
    if arguments.html is not None:
        write_page(arguments.html, observations, diagnosis, host.secrets, machine=machine, accounts=accounts)
        tell_written(arguments.say, arguments.html, "the report, redacted, mode 0600")
    return tell(observations, diagnosis, arguments, host.secrets, machine=machine)


def _replayed(arguments: argparse.Namespace) -> Observations:
    """What ``--save`` wrote, where AWS's side is in it; raises Refusal."""
    found = load_for(arguments.replay, arguments.capabilities)
    if value_of(found.cloud) is None:
        said = (
            "--replay: {path}: expected what vpc --save writes: AWS's side was not read here (vpc --report reads it beside this)"
        )
        raise Refusal(ExitStatus.BAD_CONTENT, phrase(said, path=arguments.replay))
    return found


def _look(host: Host, arguments: argparse.Namespace) -> Observations:
    """Ask AWS; what the node's report has of itself stays as it is. Raises Refusal."""
    told = load_for(arguments.report, arguments.capabilities, "--report") if arguments.report is not None else None
    asked = _Wanted(host, arguments, told)
    session = new_session(arguments.profile)
    source, name = asked.region(region_of_session(session))
    subject = asked.subject()
    with host.step(phrase("reading the VPC of {instance} in {region}", instance=subject.instance_id, region=name)):
        try:
            aws = Aws(session, name, actions_by_call(), host.secrets, host.clock)
        except AwsFailure as failure:
            raise Refusal(ExitStatus.NO_PERMISSION, failure.message) from None
        reading = look_at_cloud(aws, subject, host.clock.local())
    if told is None:
        plan = Plan("vpc", Seen(name), source, tuple(arguments.capabilities))
        told = Observations(__version__, host.clock.local(), plan)
    seen = replace(
        told, plan=replace(told.plan, command="vpc"), cloud=Seen(reading.cloud), crashed=(*told.crashed, *reading.crashed)
    )
    return without_secrets(host, seen)


class _Wanted:
    """Which instance, and where: by the flags, by the node's report, and last by the metadata service of this machine."""

    def __init__(self, host: Host, arguments: argparse.Namespace, told: Optional[Observations]) -> None:
        self._host, self._arguments, self._told = host, arguments, told
        self._here: Optional[Metadata] = None
        self._is_asked = False

    def region(self, configured: str) -> tuple[str, str]:
        """Who names the region, and its name; raises Refusal (2, 78)."""
        reported = value_of(self._told.plan.region) if self._told else None
        if self._arguments.region or reported:
            return ("--region", self._arguments.region) if self._arguments.region else ("--report", str(reported))
        if configured:
            return "AWS_REGION", checked_region("AWS_REGION", configured)
        here = self._metadata()
        if here is None or not here.region:
            text = (
                "--region: expected a region such as ap-northeast-1; neither AWS_REGION, the profile nor this machine names one"
            )
            raise Refusal(ExitStatus.USAGE, text)
        return "IMDS", here.region

    def subject(self) -> Subject:
        """The instance; raises Refusal (2)."""
        instance = value_of(self._told.instance) if self._told else None
        metadata = value_of(instance.metadata) if instance else None
        identity = value_of(self._told.identity) if self._told else None
        node = identity.managed_instance_id if identity else ""
        reported, asked = metadata.instance_id if metadata else "", self._arguments.instance_id
        if asked and reported and asked != reported:
            text = "--instance-id: {asked} is not the instance of the report, which is {reported}"
            raise Refusal(ExitStatus.USAGE, phrase(text, asked=asked, reported=reported))
        if asked or reported:
            return Subject(asked or reported, node, metadata)
        here = self._metadata() if self._told is None else None
        if here is None or _INSTANCE.fullmatch(here.instance_id) is None:
            text = "--instance-id: expected the id of an instance, such as i-0123456789abcdef0; nothing else names one"
            raise Refusal(ExitStatus.USAGE, text)
        return Subject(here.instance_id, node, here)

    def _metadata(self) -> Optional[Metadata]:
        """What IMDS says of this machine, asked once; None where it is no EC2 instance."""
        if not self._is_asked:
            self._is_asked = True
            found = MetadataLook(self._host).result()
            self._here = found if isinstance(found, Metadata) else None
        return self._here
