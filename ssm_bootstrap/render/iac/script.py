"""Repairs as a script of the AWS CLI for a POSIX shell, which stops at the first command that fails."""

from __future__ import annotations

from ssm_bootstrap.catalog.cloud.repairs import S3_LIST, commands_of_all
from ssm_bootstrap.catalog.partitions import PREFIX
from ssm_bootstrap.model.findings import ShellCommand
from ssm_bootstrap.render.folding import folded
from ssm_bootstrap.render.iac.draft import OWN_ACCOUNT, Draft, Parameter, commented, parameter, replaced
from ssm_bootstrap.render.shell import IN_BRACKETS, in_variables, variable_of

WIDTH = 110
SECOND_RUN = (
    "A second run stops at the first group, rule or endpoint that is there already: it may not be what is needed. What is still "
    "missing, and nothing else, is written by: ssm-bootstrap vpc --instance-id ID --fix-as cli"
)


def script(code: Draft) -> str:
    """The whole script; without a command it is comments alone."""
    commands = commands_of_all(code.repairs, code.region)
    body = "".join(_told(command) for command in commands)
    if not commands:
        return "\n".join(part for part in (commented(code.heading), commented(code.remarks)) if part)
    parts = [
        "#!/bin/sh",
        commented((*code.heading, SECOND_RUN, *replaced(code.repairs))).rstrip(),
        "set -eu\n",
        *_set_first(commands, code.region),
        body,
        commented(code.remarks).rstrip(),
    ]
    return "\n".join(part for part in parts if part).rstrip() + "\n"


def _told(command: ShellCommand) -> str:
    lines = "\n".join(folded(in_variables(command.text), WIDTH))
    return f"\n{commented([command.about])}{lines}\n" if command.about else f"\n{lines}\n"


def _set_first(commands: tuple[ShellCommand, ...], region: str) -> list[str]:
    """The lines that complain of a variable that is not set, or set it to what it is by default."""
    text = "\n".join(command.text for command in commands)
    names = dict.fromkeys(IN_BRACKETS.findall(text))
    account = OWN_ACCOUNT[1:-1]
    lines = [_checked(parameter(f"<{name}>")) for name in names if name != account]
    if account in names:
        lines.append(f': "${{{account}:=$(aws sts get-caller-identity --region {region} --query Account --output text)}}"')
    if S3_LIST in text:
        wanted = f"Name=prefix-list-name,Values={PREFIX}.{region}.s3"
        asked = f"aws ec2 describe-managed-prefix-lists --region {region} --filters {wanted}"
        lines.append(f"{S3_LIST[1:]}=$({asked} --query 'PrefixLists[].PrefixListId' --output text)")
    return lines


def _checked(item: Parameter) -> str:
    if item.default:
        return f': "${{{variable_of(item.name)}:={item.default}}}"'
    return f': "${{{variable_of(item.name)}:?{item.about}}}"'
