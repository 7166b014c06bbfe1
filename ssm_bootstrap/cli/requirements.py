"""``ssm-bootstrap requirements``: what a node needs at AWS, as a table, as data, or as code that makes it."""

from __future__ import annotations

import argparse
import json

from ssm_bootstrap.catalog.agent import parse_version
from ssm_bootstrap.catalog.distributions import SYSTEMS
from ssm_bootstrap.catalog.requirements import requirements_of
from ssm_bootstrap.cli.flags import Example, account, add_for, columns, region
from ssm_bootstrap.cli.output import new_report, print_document, print_report, print_text
from ssm_bootstrap.cli.policies import asked_region
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.cloud import EndpointKind
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.render.iac.fixes import FORMS
from ssm_bootstrap.render.iac.required import required
from ssm_bootstrap.render.language import _
from ssm_bootstrap.render.requirements import FILL_ACCOUNT, Asked, document, heading, markdown, policies, sections
from ssm_bootstrap.render.terminal import cells
from ssm_bootstrap.render.text import Report

EXAMPLES = (
    Example("ssm-bootstrap requirements --region ap-northeast-1", "everything that a node needs there"),
    Example(
        "ssm-bootstrap requirements --region eu-west-1 --for session --format markdown",
        "for a ticket: what one capability needs",
    ),
    Example(
        "ssm-bootstrap requirements --region eu-west-1 --s3 interface --format cloudformation",
        "a template that makes it in a VPC that has nothing yet",
    ),
)

FORMATS = ("table", "json", "markdown", *FORMS, "policy")
S3_KINDS = {kind.value.lower(): kind for kind in (EndpointKind.GATEWAY, EndpointKind.INTERFACE)}


def agent_version(text: str) -> str:
    """``--agent-version``: four numbers."""
    if parse_version(text) is None:
        raise argparse.ArgumentTypeError(_("{said!r}: expected a version of the agent, as in 3.3.1142.0", said=text))
    return text.strip()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``requirements``."""
    parser.add_argument(
        "--region", type=region, metavar="REGION", help="the region of the activation (default: SSM_BOOTSTRAP_REGION)"
    )
    add_for(parser)
    parser.add_argument("--s3", choices=tuple(S3_KINDS), default="gateway", help="the kind of the S3 endpoint (default: gateway)")
    parser.add_argument(
        "--agent-version",
        type=agent_version,
        metavar="VERSION",
        help="the oldest version of the agent that is used (default: the newest)",
    )
    parser.add_argument(
        "--system",
        choices=SYSTEMS,
        default="",
        metavar="SYSTEM",
        help=phrase("the system of the nodes: {systems} (default: any)", systems=SYSTEMS),
    )
    parser.add_argument(
        "--account",
        type=account,
        metavar="ACCOUNT",
        help="the account of the activation, where that is not the account of the VPC",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="table",
        metavar="FORMAT",
        help=phrase("how it is written: {formats} (default: table); policy: the policies as JSON, by name", formats=FORMATS),
    )
    parser.add_argument("--width", type=columns, metavar="N", help="columns of the table (default: the terminal's; 80 in a pipe)")


def run(arguments: argparse.Namespace) -> int:
    """Print it in the form that was asked for. Raises Refusal (2)."""
    named = asked_region(arguments)
    if not named:
        raise Refusal(ExitStatus.USAGE, "requirements: expected --region, for its partition and its buckets")
    needs = requirements_of(
        named,
        map(Capability, arguments.capabilities),
        s3=S3_KINDS[arguments.s3],
        version=arguments.agent_version or "",
        system=arguments.system,
    )
    wanted = Asked(needs, arguments.account or "", arguments.system)
    if arguments.format in FORMS:
        print_text(FORMS[arguments.format](required(needs, wanted.account)), arguments.secrets)
    elif arguments.format == "json":
        print_document(document(wanted), arguments.secrets)
    elif arguments.format == "policy":
        if not wanted.account:
            arguments.say(FILL_ACCOUNT)
        print_text(json.dumps(policies(wanted), indent=2) + "\n", arguments.secrets)
    elif arguments.format == "markdown":
        print_text(markdown(wanted), arguments.secrets)
    else:
        print_report(_table(new_report("auto", arguments.width), wanted), arguments.secrets)
    return 0


def _table(report: Report, wanted: Asked) -> Report:
    report.line(heading(wanted), "bold")
    for section in sections(wanted):
        report.line()
        report.line(section.title, "bold")
        for row, label in zip(section.rows, _in_a_column([report.label(row.label) for row in section.rows])):
            report.item(label, row.text)
    return report


def _in_a_column(labels: list[str]) -> list[str]:
    width = max(map(cells, labels))
    return [label + " " * (width - cells(label)) for label in labels]
