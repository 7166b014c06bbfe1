"""``ssm-bootstrap explain --policy``: a policy to paste."""

from __future__ import annotations

import argparse

from ssm_bootstrap.catalog.policies import STANDS_FOR, policy_named
from ssm_bootstrap.cli.output import print_text
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import phrase


def tell_policy(arguments: argparse.Namespace) -> int:
    """Print it as JSON and nothing else; what it is for goes to standard error. Raises Refusal (2)."""
    if not arguments.region or arguments.files:
        raise Refusal(ExitStatus.USAGE, "--policy: expected --region with it, for its partition and buckets, and no file")
    policy = policy_named(arguments.policy)
    arguments.say(phrase("{about} Put your own for {stands_for}.", about=policy.about, stands_for=STANDS_FOR))
    print_text(policy.text(arguments.region) + "\n", arguments.secrets)
    return 0
