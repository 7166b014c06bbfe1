"""``ssm-bootstrap explain --policy``: a policy to paste."""

from __future__ import annotations

import argparse
import os

from ssm_bootstrap.catalog.policies import REPLACES, named_in_part, policy_named
from ssm_bootstrap.catalog.regions import AS_OF, is_known
from ssm_bootstrap.cli.output import print_text
from ssm_bootstrap.collect.settings import checked_region
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import joined, phrase
from ssm_bootstrap.model.site import NO_SITE


def asked_region(arguments: argparse.Namespace) -> str:
    """The region of the flag or of the environment; one that nobody knows is said to be so. Raises Refusal (78)."""
    named = os.environ.get("SSM_BOOTSTRAP_REGION", "").strip()
    region: str = arguments.region or (checked_region("SSM_BOOTSTRAP_REGION", named) if named else "")
    if region and not is_known(region, NO_SITE):
        unknown = "not in the table of regions of {as_of}: its names are made as the agent makes them{or_else}"
        arguments.say(joined((region, phrase(unknown, as_of=AS_OF, or_else="")), ": "))
    return region


def tell_policy(arguments: argparse.Namespace) -> int:
    """Print it as JSON and nothing else; what it is for goes to standard error. Raises Refusal (2)."""
    region = asked_region(arguments)
    if not region or arguments.files:
        raise Refusal(ExitStatus.USAGE, "--policy: expected --region with it, for its partition and buckets, and no file")
    policy = policy_named(arguments.policy, arguments.system or "")
    own = policy.stand_ins(region)
    about = phrase("{about} Put your own for {stands_for}.", about=policy.about, stands_for=own) if own else policy.about
    arguments.say(about)
    if policy.present is not None:
        arguments.say(REPLACES)
    if policy.is_of_buckets and named_in_part(region):
        arguments.say(
            phrase(
                "What the buckets patch-baseline-snapshot-{region} and aws-patch-manager-{region} end in is not known, so they "
                "are not open to unsigned requests: if a patch run is refused, its output names the bucket; add that one to the "
                "first statement.",
                region=region,
            )
        )
    print_text(policy.text(region) + "\n", arguments.secrets)
    return 0
