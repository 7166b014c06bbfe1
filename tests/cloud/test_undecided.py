"""Policies whose answer nobody here knows: what hangs on them is unknown, unless the node's own report shows that it works."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Dict, Set, Tuple

import pytest

from ssm_bootstrap.catalog.policies import policy_named
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.findings import Diagnosis
from ssm_bootstrap.model.observed import Seen, Unseen, value_of
from tests.cloud.breakings import (
    ACTIVATION,
    ORG,
    WITHOUT_BUCKETS,
    document,
    policies,
    signed_alone,
    statement,
    trust,
    with_policy,
    with_policy_text,
    with_role,
)
from tests.cloud.clouds import ACCOUNT, GATEWAY, REGION, changed_endpoints, complete, dialled_in, observations
from tests.cloud.test_join import seen_by_node, together
from tests.scenarios.player import play
from tests.scenarios.scenario import read_scenario

Change = Callable[[Cloud], Cloud]

ON_A_NODE = {"run-command", "session", "patch", "agent-update"}
BY_NODE_ORG = statement("*", Condition={"StringEquals": {"ssm:NodeOrgId": "o-aaaaaaaaaa"}})


def own_policies(cloud: Cloud) -> Tuple[str, ...]:
    (role,) = value_of(cloud.management.roles) or ()
    return tuple(text for one in value_of(role.policies) or () if (text := value_of(one.document)) is not None)


def denying_by(key: str) -> Change:
    """The role with a statement more, which denies by a key of which nothing is known."""
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {key: "x"}}}
    return lambda cloud: policies(*own_policies(cloud), document(deny))(cloud)


def of_the_bucket(name: str) -> Change:
    """The gateway's policy, by which the objects of one bucket hang on a key of which nothing is known."""
    deny = statement("*", Effect="Deny", Resource=f"arn:aws:s3:::{name}/*", Condition={"StringEquals": {"s3:odd": "x"}})
    text = document(statement("*"), deny)
    return lambda cloud: changed_endpoints(cloud, lambda one: replace(one, policy=text) if one.id == GATEWAY else one, "s3")


UNDECIDED: Dict[str, Tuple[Change, Set[str]]] = {
    "ssmmessages by organization": (with_policy("ssmmessages", statement("*", Condition=ORG)), ON_A_NODE),
    "data channels by organization": (
        with_policy("ssmmessages", statement("ssmmessages:*ControlChannel"), statement("*", Condition=ORG)),
        {"session"},
    ),
    "no JSON": (with_policy_text("ssm", "{"), ON_A_NODE | {"register"}),
    "ssm by the node's organization": (with_policy("ssm", BY_NODE_ORG), ON_A_NODE | {"register"}),
    "registering by the node's organization": (
        with_policy("ssm", statement("*"), {**BY_NODE_ORG, "Effect": "Deny", "Action": "ssm:RegisterManagedInstance"}),
        {"register"},
    ),
    "associations by a key": (
        with_policy("ssm", statement("*"), {**BY_NODE_ORG, "Effect": "Deny", "Action": "ssm:ListAssociations"}),
        set(),
    ),
    "the agent's bucket by a key": (of_the_bucket(f"amazon-ssm-{REGION}"), {"agent-update"}),
    "a role that denies by a key": (denying_by("aws:PrincipalTag/team"), ON_A_NODE),
    "trust by the ARN of nodes": (
        with_role(
            trust=trust(
                {"Service": "ssm.amazonaws.com"},
                {"ArnLike": {"aws:SourceArn": f"arn:aws:ssm:{REGION}:{ACCOUNT}:managed-instance/*"}},
            )
        ),
        ON_A_NODE,
    ),
}
"""What nobody knows, and the capabilities that hang on it."""


def unknown(diagnosis: Diagnosis) -> Set[str]:
    assert diagnosis.crashed == () and {item.verdict for item in diagnosis.capabilities} <= {Verdict.OK, Verdict.UNKNOWN}
    return {item.capability.value for item in diagnosis.capabilities if item.verdict is Verdict.UNKNOWN}


@pytest.mark.parametrize("name", UNDECIDED)
def test_what_hangs_on_a_policy_that_nobody_can_judge_is_unknown(name: str) -> None:
    change, hanging = UNDECIDED[name]
    diagnosis = diagnose(observations(change(complete())))
    assert unknown(diagnosis) == hanging and diagnosis.errors == ()
    assert diagnosis.unseen, "and the policy is named"


PROVEN: Dict[str, Set[str]] = {
    "ssmmessages by organization": {"session"},  # its control channel is up; of data channels nothing is seen
    "no JSON": {"patch"},  # it registered and pings; of its snapshot of patches nothing is seen
    "registering by the node's organization": set(),
    "the agent's bucket by a key": set(),  # an object of it was given
    "a role that denies by a key": {"session", "patch"},
    "trust by the ARN of nodes": set(),
}
"""What stays unknown beside the report of a node that is online."""


@pytest.mark.parametrize("name", PROVEN)
def test_what_the_nodes_own_report_shows_to_work_stays_a_pass(name: str) -> None:
    cloud = UNDECIDED[name][0](complete())
    assert unknown(together(dialled_in(cloud, seen_by_node("healthy-al2023")), cloud)) == PROVEN[name]


def test_the_agents_log_is_enough_where_nobody_may_list_the_nodes() -> None:
    cloud = UNDECIDED["ssmmessages by organization"][0](complete())
    unread = replace(cloud, management=replace(cloud.management, nodes=Unseen("AccessDenied")))
    node = dialled_in(unread, play(read_scenario("healthy-al2023")).observations)
    assert unknown(diagnose(replace(node, cloud=Seen(unread)))) == {"session"}
    silent = replace(node, logs=Unseen("not looked at by this command"), cloud=Seen(unread))
    assert unknown(diagnose(silent)) == ON_A_NODE


def test_another_node_that_is_online_proves_nothing() -> None:
    cloud = UNDECIDED["a role that denies by a key"][0](complete())
    assert unknown(diagnose(observations(cloud))) == ON_A_NODE


UNREAD_ROLES = Unseen("it needs iam:GetRole")


def with_unread(cloud: Cloud, **parts: Unseen) -> Cloud:
    return replace(cloud, management=replace(cloud.management, **parts))


def test_a_role_that_nobody_may_read_is_no_pass_beside_a_report_either() -> None:
    cloud = with_unread(complete(), roles=UNREAD_ROLES)
    alone = diagnose(observations(cloud))
    assert unknown(alone) == ON_A_NODE and ("roles", UNREAD_ROLES.reason) in alone.unseen
    online = together(dialled_in(cloud, seen_by_node("healthy-al2023")), cloud)
    assert unknown(online) == {"session", "patch"}, "the role was taken, and lets commands through"
    assert ("roles", UNREAD_ROLES.reason) in online.unseen
    hidden = with_unread(complete(), roles=UNREAD_ROLES, nodes=Unseen("it needs ssm:DescribeInstanceInformation"))
    node = dialled_in(hidden, seen_by_node("healthy-al2023"))
    assert unknown(diagnose(replace(node, cloud=Seen(hidden)))) == ON_A_NODE, "nothing is seen of it"


def test_an_activation_asked_for_by_name_that_nobody_may_read_is_no_pass() -> None:
    cloud = with_unread(complete(), activations=Unseen("it needs ssm:DescribeActivations"), nodes=Seen(()))
    seen = observations(cloud)
    named = replace(seen, plan=replace(seen.plan, activation_id=ACTIVATION))
    assert unknown(diagnose(named)) - unknown(diagnose(seen)) == {"register"}


def of_role_and_endpoint(*changes: Change) -> Diagnosis:
    cloud = complete()
    for change in changes:
        cloud = change(cloud)
    return diagnose(observations(cloud))


def test_the_role_needs_the_buckets_only_where_an_endpoint_lets_nobody_through_unsigned() -> None:
    """The agent asks again without a signature where its signed request is refused, and AWS's buckets are public."""
    right = policy_named("endpoint-s3").for_account(REGION, ACCOUNT)
    told = {
        name: [(one.code, one.variant) for one in of_role_and_endpoint(*changes).findings]
        for name, changes in {
            "open": (policies(WITHOUT_BUCKETS),),
            "as explain --policy prints it": (policies(WITHOUT_BUCKETS), with_policy("s3", *right["Statement"])),
            "signed alone": (policies(WITHOUT_BUCKETS), signed_alone),
            "signed alone, and allowed": (signed_alone,),
        }.items()
    }
    assert told.pop("signed alone") == [("role-policy", "downloads")]
    assert told == {"open": [], "as explain --policy prints it": [], "signed alone, and allowed": []}


def test_what_a_role_says_of_the_buckets_and_nobody_may_read_is_unknown() -> None:
    unread = with_role(policies=Unseen("it needs iam:ListAttachedRolePolicies"))
    assert unknown(of_role_and_endpoint(unread, signed_alone)) >= {"agent-update"}
