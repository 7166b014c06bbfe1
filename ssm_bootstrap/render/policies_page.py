"""docs/policies.md: every policy to paste, for one region as an example, with the command that sets it."""

from __future__ import annotations

from ssm_bootstrap.catalog.commands import fill_commands
from ssm_bootstrap.catalog.policies import POLICIES, REPLACES, IamPolicy
from ssm_bootstrap.render.shell import pasteable

EXAMPLE = "eu-west-1"

_INTRODUCTION = f"""\
# Policies to paste

The least that endpoints, the activation's role and the bucket have to allow for hybrid nodes in a closed VPC. The documents below
are for {EXAMPLE}; `ssm-bootstrap explain --policy NAME --region REGION` prints one for any region, with the ARNs of its partition
and the AWS-owned buckets known there. Put your own account, bucket and endpoint for the examples in them, save the document as
policy.json, and run the commands below it. This page is generated from the catalogue (`python -m tests.laws.generate`): edit
`ssm_bootstrap/catalog/policies.py`, not this file.

{REPLACES}

An endpoint without its own policy allows everything; a policy restricts that. These documents cannot allow what a service control
policy or a permissions boundary denies.
"""


def _section(policy: IamPolicy) -> str:
    command = "\n".join(pasteable(fill_commands(filter(None, (policy.present, policy.command)), {"region": EXAMPLE})))
    instead = "\n".join(pasteable(fill_commands(policy.instead, {"region": EXAMPLE})))
    document = policy.text(EXAMPLE)
    told = f"## {policy.name}\n\n{policy.about}\n\n```json\n{document}\n```\n\n```sh\n{command}\n```\n"
    return f"{told}\nIf it exists already, in place of that:\n\n```sh\n{instead}\n```\n" if instead else told


def document() -> str:
    """The whole of docs/policies.md."""
    return "\n".join([_INTRODUCTION, *map(_section, POLICIES)])
