"""The account in which the node is managed: a hybrid activation may be of another one than the instance and its VPC."""

from __future__ import annotations

from ssm_bootstrap.diagnose.agent.identity import ACCOUNT, account_told
from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.model.observed import value_of


def account_of(case: Case) -> str:
    """The account, by where AWS lists the node or activation, the node's own word, or what was expected; empty: nobody knows."""
    cloud = case.cloud
    if cloud is not None and _is_listed(case):
        return cloud.account
    told = account_told(case) or case.plan.account
    return told if ACCOUNT.fullmatch(told) else ""


def _is_listed(case: Case) -> bool:
    """Whether the node, or the activation that was asked for, is of the account that was read."""
    cloud = case.cloud
    known = case.identity.known_id if case.identity is not None else ""
    if cloud is None:
        return False
    named = case.plan.activation_id.lower()
    return any(known and one.id == known for one in value_of(cloud.management.nodes) or ()) or any(
        named and one.id.lower() == named for one in value_of(cloud.management.activations) or ()
    )


def is_unlisted(case: Case) -> bool:
    """Whether AWS's word on the node is missing, as it is, or may be, of another account than the one that was read."""
    is_read = case.cloud is not None and value_of(case.cloud.management.nodes) is not None
    return is_elsewhere(case) or (is_read and case.is_registered and not account_of(case))


def is_elsewhere(case: Case) -> bool:
    """Whether the node is of another account than the one that was read: its activations, role and state were not looked at."""
    own = account_of(case)
    return case.cloud is not None and bool(own and ACCOUNT.fullmatch(case.cloud.account)) and own != case.cloud.account
