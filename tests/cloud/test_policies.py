"""What policies say to a call: a table of cases, laws that hold for any policy, and the policies that are to be pasted."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Dict, List, Mapping, Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssm_bootstrap.catalog.nodecalls import NodeCall, Signer, node_calls, node_downloads
from ssm_bootstrap.catalog.policies import ACCOUNT, policy_named
from ssm_bootstrap.catalog.regions import has_ec2messages
from ssm_bootstrap.diagnose.cloud.conditions import ANY_VALUE, REST, PolicyRequest, is_like
from ssm_bootstrap.diagnose.cloud.policies import Ruling, decide, statements_of
from ssm_bootstrap.diagnose.cloud.requests import assume_request, request_of
from ssm_bootstrap.model.cloud import Cloud, EndpointKind, Role, VpcEndpoint
from ssm_bootstrap.model.site import NO_SITE
from tests.cloud.clouds import complete, interface_endpoint

ROLE_ARN, ROOT = f"arn:aws:iam::{ACCOUNT}:role/NodeRole", f"arn:aws:iam::{ACCOUNT}:root"
SIGNED = PolicyRequest(
    "ssm:UpdateInstanceInformation",
    f"arn:aws:ssm:eu-west-1:{ACCOUNT}:managed-instance/mi-0123456789abcdef0",
    frozenset({ACCOUNT, ROOT, ROLE_ARN}),
    context={
        "aws:principalaccount": (ACCOUNT,),
        "aws:principalarn": (ROLE_ARN,),
        "aws:sourcevpce": ("vpce-0a",),
        "aws:vpcsourceip": ("10.0.1.10",),
        "aws:securetransport": ("true",),
        "aws:tagkeys": ("one", "two"),
        "s3:max-keys": ("10",),
    },
    absent=frozenset({"aws:sourceaccount"}),
)
UNSIGNED = PolicyRequest(
    "ssm:RegisterManagedInstance",
    context={"ssm:nodeaccountid": (ACCOUNT,)},
    absent=frozenset({"aws:principalaccount", "aws:principalorgid", "aws:principaltag/"}),
)
DOWNLOAD = PolicyRequest(
    "s3:GetObject",
    f"arn:aws:s3:::aws-ssm-eu-west-1/{REST}",
    never={"aws:resourceaccount": frozenset({ACCOUNT}), "aws:resourceorgid": frozenset({ANY_VALUE})},
)
SERVICE = PolicyRequest(
    "sts:AssumeRole", service="ssm.amazonaws.com", context={"aws:sourcearn": (f"arn:aws:ssm:eu-west-1:{ACCOUNT}:{REST}",)}
)

YES, NO, NONE, UNKNOWN = Ruling.ALLOWED, Ruling.DENIED, Ruling.NOT_ALLOWED, Ruling.UNKNOWN
Statement = Dict[str, Any]


def made(**parts: Any) -> Statement:
    """A statement that allows everything to everybody, but for what is given; None takes an element out."""
    found = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", **parts}
    return {name: value for name, value in found.items() if value is not None}


def asking(operator: str, key: str, *values: Any, **parts: Any) -> Statement:
    """A statement under one condition."""
    return made(Condition={operator: {key: list(values)}}, **parts)


def ruling(request: PolicyRequest, *statements: Statement) -> Ruling:
    return decide((("a policy", json.dumps({"Version": "2012-10-17", "Statement": list(statements)})),), request).ruling


DENY = made(Effect="Deny")
MISSING, HERE = "aws:SourceAccount", "aws:PrincipalAccount"

CASES: Tuple[Tuple[str, PolicyRequest, Ruling, Tuple[Statement, ...]], ...] = (
    # effects
    ("nothing", SIGNED, NONE, ()),
    ("allow", SIGNED, YES, (made(),)),
    ("deny", SIGNED, NO, (made(), DENY)),
    ("deny first", SIGNED, NO, (DENY, made())),
    ("deny of another action", SIGNED, YES, (made(), made(Effect="Deny", Action="ssm:PutInventory"))),
    ("an effect that there is not", SIGNED, NONE, (made(Effect="allow"),)),
    # actions
    ("action", SIGNED, YES, (made(Action="ssm:UpdateInstanceInformation"),)),
    ("action in small letters", SIGNED, YES, (made(Action="SSM:updateinstanceinformation"),)),
    ("action by star", SIGNED, YES, (made(Action="ssm:Update*"),)),
    ("action by question mark", SIGNED, YES, (made(Action="ssm:UpdateInstanceInformatio?"),)),
    ("action in a list", SIGNED, YES, (made(Action=["ec2:*", "ssm:*"]),)),
    ("another action", SIGNED, NONE, (made(Action="ssm:UpdateInstance"),)),
    ("all but this action", SIGNED, NONE, (made(Action=None, NotAction="ssm:UpdateInstance*"),)),
    ("all but another action", SIGNED, YES, (made(Action=None, NotAction=["iam:*", "sts:*"]),)),
    ("deny all but this action", SIGNED, YES, (made(), made(Effect="Deny", Action=None, NotAction="ssm:*"))),
    # resources
    ("resource by star", SIGNED, YES, (made(Resource="arn:aws:ssm:*:*:managed-instance/*"),)),
    ("another resource", SIGNED, NONE, (made(Resource="arn:aws:ssm:*:*:document/*"),)),
    ("resources are compared letter by letter", SIGNED, NONE, (made(Resource="ARN:aws:ssm:*"),)),
    ("all but this resource", SIGNED, NONE, (made(Resource=None, NotResource="arn:aws:ssm:*:*:managed-instance/*"),)),
    ("all but another resource", SIGNED, YES, (made(Resource=None, NotResource="arn:aws:s3:::*"),)),
    ("a resource that is not known", UNSIGNED, UNKNOWN, (made(Resource="arn:aws:ssm:*"),)),
    ("all but a resource that is not known", UNSIGNED, UNKNOWN, (made(Resource=None, NotResource="arn:aws:ssm:*"),)),
    ("any object of a bucket", DOWNLOAD, YES, (made(Resource="arn:aws:s3:::aws-ssm-*/*"),)),
    ("one object of a bucket", DOWNLOAD, UNKNOWN, (made(Resource="arn:aws:s3:::aws-ssm-eu-west-1/latest/*"),)),
    ("another bucket", DOWNLOAD, NONE, (made(Resource="arn:aws:s3:::amazon-ssm-eu-west-1/*"),)),
    ("a resource by a variable", SIGNED, YES, (made(Resource="arn:aws:ssm:*:${aws:PrincipalAccount}:*"),)),
    ("a resource by an unknown variable", SIGNED, UNKNOWN, (made(Resource="arn:aws:ssm:*:${aws:username}:*"),)),
    # principals
    ("account", SIGNED, YES, (made(Principal={"AWS": ACCOUNT}),)),
    ("root of the account", SIGNED, YES, (made(Principal={"AWS": [ROOT]}),)),
    ("role", SIGNED, YES, (made(Principal={"AWS": ROLE_ARN}),)),
    ("another role", SIGNED, NONE, (made(Principal={"AWS": f"{ROLE_ARN}2"}),)),
    (
        "another role, and one's own is not known",
        replace(SIGNED, is_role_known=False),
        UNKNOWN,
        (made(Principal={"AWS": f"{ROLE_ARN}2"}),),
    ),
    (
        "a role of another account",
        replace(SIGNED, is_role_known=False),
        NONE,
        (made(Principal={"AWS": "arn:aws:iam::9:role/x"}),),
    ),
    ("anybody by AWS", UNSIGNED, YES, (made(Principal={"AWS": "*"}),)),
    ("an account, unsigned", UNSIGNED, NONE, (made(Principal={"AWS": ACCOUNT}),)),
    ("all but a role", SIGNED, NO, (made(), made(Effect="Deny", Principal=None, NotPrincipal={"AWS": f"{ROLE_ARN}2"}))),
    ("all but this role", SIGNED, YES, (made(), made(Effect="Deny", Principal=None, NotPrincipal={"AWS": ROLE_ARN}))),
    ("a canonical user", SIGNED, UNKNOWN, (made(Principal={"CanonicalUser": "79a5"}),)),
    ("a federated user", SIGNED, NONE, (made(Principal={"Federated": "cognito"}),)),
    ("the service", SERVICE, YES, (made(Principal={"Service": "ssm.amazonaws.com"}, Resource=None),)),
    ("another service", SERVICE, NONE, (made(Principal={"Service": "ec2.amazonaws.com"}, Resource=None),)),
    ("a service for a node", SIGNED, NONE, (made(Principal={"Service": "ssm.amazonaws.com"}),)),
    # conditions on a key that is there
    ("equal", SIGNED, YES, (asking("StringEquals", HERE, ACCOUNT),)),
    ("equal, key in small letters", SIGNED, YES, (asking("StringEquals", HERE.lower(), ACCOUNT),)),
    ("equal to one of two", SIGNED, YES, (asking("StringEquals", HERE, "9", ACCOUNT),)),
    ("not equal", SIGNED, NONE, (asking("StringNotEquals", HERE, ACCOUNT),)),
    ("equal whatever case", SIGNED, YES, (asking("StringEqualsIgnoreCase", "aws:SourceVpce", "VPCE-0A"),)),
    ("like", SIGNED, YES, (asking("StringLike", "aws:SourceVpce", "vpce-*"),)),
    ("a star is no star where all is compared", SIGNED, NONE, (asking("StringEquals", "aws:SourceVpce", "vpce-*"),)),
    ("not like", SIGNED, NONE, (asking("StringNotLike", "aws:SourceVpce", "vpce-?a"),)),
    ("an ARN like", SIGNED, YES, (asking("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*"),)),
    ("a star of an ARN ends at its colon", SIGNED, NONE, (asking("ArnLike", "aws:PrincipalArn", "arn:*iam:*:*:*:*"),)),
    ("an ARN that is none", SIGNED, UNKNOWN, (asking("ArnLike", "aws:PrincipalArn", "arn:aws:*"),)),
    ("an ARN not like", SIGNED, YES, (asking("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:user/*"),)),
    ("true", SIGNED, YES, (asking("Bool", "aws:SecureTransport", True),)),
    ("false", SIGNED, YES, (made(), asking("Bool", "aws:SecureTransport", "false", Effect="Deny"))),
    ("an address in a block", SIGNED, YES, (asking("IpAddress", "aws:VpcSourceIp", "10.0.0.0/16"),)),
    ("an address out of a block", SIGNED, NONE, (asking("NotIpAddress", "aws:VpcSourceIp", "10.0.0.0/16"),)),
    ("no block", SIGNED, UNKNOWN, (asking("IpAddress", "aws:VpcSourceIp", "somewhere"),)),
    ("a number", SIGNED, YES, (asking("NumericLessThanEquals", "s3:max-keys", 10),)),
    ("a number too high", SIGNED, NONE, (asking("NumericLessThan", "s3:max-keys", "10"),)),
    ("no number", SIGNED, UNKNOWN, (asking("NumericEquals", "s3:max-keys", "ten"),)),
    (
        "two conditions",
        SIGNED,
        NONE,
        (made(Condition={"StringEquals": {HERE: ACCOUNT}, "Bool": {"aws:SecureTransport": "false"}}),),
    ),
    (
        "by a variable",
        SIGNED,
        YES,
        (asking("StringEquals", "aws:PrincipalArn", "arn:aws:iam::${aws:PrincipalAccount}:role/NodeRole"),),
    ),
    # several values
    ("one of the values", SIGNED, YES, (asking("ForAnyValue:StringEquals", "aws:TagKeys", "two", "three"),)),
    ("none of the values", SIGNED, NONE, (asking("ForAnyValue:StringEquals", "aws:TagKeys", "three"),)),
    ("each of the values", SIGNED, YES, (asking("ForAllValues:StringLike", "aws:TagKeys", "one", "t*"),)),
    ("not each of the values", SIGNED, NONE, (asking("ForAllValues:StringEquals", "aws:TagKeys", "one"),)),
    ("each value of none", SIGNED, YES, (asking("ForAllValues:StringEquals", MISSING, "x"),)),
    ("one value of none", SIGNED, NONE, (asking("ForAnyValue:StringEquals", MISSING, "x"),)),
    # a key that is not there
    ("missing", SIGNED, NONE, (asking("StringEquals", MISSING, ACCOUNT),)),
    ("missing and not equal", SIGNED, YES, (asking("StringNotEquals", MISSING, ACCOUNT),)),
    ("missing, if it exists", SIGNED, YES, (asking("StringEqualsIfExists", MISSING, ACCOUNT),)),
    ("there, if it exists", SIGNED, NONE, (asking("StringEqualsIfExists", HERE, "9"),)),
    ("null", SIGNED, YES, (asking("Null", MISSING, "true"),)),
    ("not null", SIGNED, NONE, (asking("Null", MISSING, "false"),)),
    ("null of what is there", SIGNED, NONE, (asking("Null", HERE, True),)),
    ("a tag of nobody", UNSIGNED, NONE, (asking("StringEquals", "aws:PrincipalTag/team", "a"),)),
    ("deny without organization", UNSIGNED, NO, (made(), asking("StringNotEquals", "aws:PrincipalOrgID", "o-a", Effect="Deny"))),
    (
        "deny without organization, if any",
        UNSIGNED,
        YES,
        (made(), asking("StringNotEqualsIfExists", "aws:PrincipalOrgID", "o-a", Effect="Deny", Action="s3:*")),
    ),
    ("the node's account", UNSIGNED, YES, (asking("StringEquals", "ssm:NodeAccountId", ACCOUNT),)),
    ("another node's account", UNSIGNED, NONE, (asking("StringEquals", "ssm:NodeAccountId", "9"),)),
    # a key of which nothing is known
    ("unknown", SIGNED, UNKNOWN, (asking("StringEquals", "aws:PrincipalOrgID", "o-a"),)),
    ("unknown and not equal", SIGNED, UNKNOWN, (asking("StringNotEquals", "aws:PrincipalOrgID", "o-a"),)),
    ("unknown, if it exists", SIGNED, UNKNOWN, (asking("StringEqualsIfExists", "aws:PrincipalOrgID", "o-a"),)),
    ("unknown and null", SIGNED, UNKNOWN, (asking("Null", "aws:PrincipalOrgID", "false"),)),
    ("the node's organization", UNSIGNED, UNKNOWN, (asking("StringEquals", "ssm:NodeOrgId", "o-a"),)),
    ("unknown beside what allows", SIGNED, YES, (asking("StringEquals", "aws:PrincipalOrgID", "o-a"), made())),
    (
        "unknown and something else is not so",
        SIGNED,
        NONE,
        (made(Action="s3:*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a"}}),),
    ),
    (
        "deny by something unknown",
        SIGNED,
        UNKNOWN,
        (made(), asking("StringNotEquals", "aws:PrincipalOrgID", "o-a", Effect="Deny")),
    ),
    ("deny by something unknown, and nothing allows", SIGNED, NONE, (asking("Bool", "a:b", "true", Effect="Deny"),)),
    ("deny by something unknown, and for sure", SIGNED, NO, (made(), asking("Bool", "a:b", "true", Effect="Deny"), DENY)),
    ("an operator that nobody knows", SIGNED, UNKNOWN, (asking("StringSounds", HERE, ACCOUNT),)),
    (
        "a date",
        replace(SIGNED, context={"aws:currenttime": ("2026-11-20T09:00:00Z",)}),
        UNKNOWN,
        (asking("DateLessThan", "aws:CurrentTime", "2030-01-01T00:00:00Z"),),
    ),
    ("a condition that is none", SIGNED, UNKNOWN, (made(Condition="x"),)),
    ("a condition without keys", SIGNED, UNKNOWN, (made(Condition={"StringEquals": "x"}),)),
    # a value that is none of the reader's
    ("a bucket of one's own account", DOWNLOAD, NONE, (asking("StringEquals", "aws:ResourceAccount", ACCOUNT),)),
    ("a bucket of an account that may be AWS's", DOWNLOAD, UNKNOWN, (asking("StringEquals", "aws:ResourceAccount", "9"),)),
    ("a bucket of an organization", DOWNLOAD, NONE, (asking("StringEquals", "aws:ResourceOrgID", "o-a"),)),
    (
        "a bucket of no organization of ours",
        DOWNLOAD,
        NO,
        (made(), asking("StringNotEquals", "aws:ResourceOrgID", "o-a", Effect="Deny")),
    ),
    ("a bucket of any account", DOWNLOAD, YES, (asking("StringLike", "aws:ResourceAccount", "*"),)),
    # a value of which only the beginning is known
    (
        "the source by its region",
        SERVICE,
        YES,
        (asking("ArnLike", "aws:SourceArn", f"arn:aws:ssm:eu-*:{ACCOUNT}:*", Principal={"Service": ["ssm.amazonaws.com"]}),),
    ),
    (
        "the source of another region",
        SERVICE,
        NONE,
        (asking("ArnEquals", "aws:SourceArn", f"arn:aws:ssm:us-east-1:{ACCOUNT}:*"),),
    ),
    (
        "the source by its node",
        SERVICE,
        UNKNOWN,
        (asking("ArnLike", "aws:SourceArn", f"arn:aws:ssm:*:{ACCOUNT}:managed-instance/*"),),
    ),
    (
        "the source letter by letter",
        SERVICE,
        UNKNOWN,
        (asking("StringEquals", "aws:SourceArn", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:x"),),
    ),
    ("another source letter by letter", SERVICE, NONE, (asking("StringEquals", "aws:SourceArn", "arn:aws:ec2:x"),)),
)


@pytest.mark.parametrize(("name", "request_", "expected", "statements"), CASES, ids=[case[0] for case in CASES])
def test_what_policies_say(name: str, request_: PolicyRequest, expected: Ruling, statements: Tuple[Statement, ...]) -> None:
    assert ruling(request_, *statements) is expected


def test_the_table_is_long_and_says_when_nobody_knows() -> None:
    print(f"{len(CASES)} cases, {sum(case[2] is UNKNOWN for case in CASES)} of them unknown")
    assert len(CASES) >= 60 and len({case[0] for case in CASES}) == len(CASES)
    assert {case[2] for case in CASES} == set(Ruling)


# what decides


def test_the_statement_that_decides_is_told_with_what_it_asks_for() -> None:
    text = json.dumps(
        {
            "Statement": [
                made(Action="s3:*"),
                asking("StringEquals", "aws:PrincipalOrgID", "o-a", Sid="Org", Principal={"AWS": ACCOUNT}),
            ]
        }
    )
    found = decide((("vpce-0a", text),), UNSIGNED)
    assert found.statement is not None and (found.statement.policy, found.statement.label) == ("vpce-0a", "Org")
    assert found.asks_for == ("Principal", "aws:PrincipalOrgID")
    denied = decide((("p", json.dumps({"Statement": asking("Null", "aws:PrincipalOrgID", "true", Effect="Deny")})),), UNSIGNED)
    assert denied.statement is not None and (denied.statement.label, denied.asks_for) == ("#1", ("aws:PrincipalOrgID",))
    unknown = decide((("p", json.dumps({"Statement": asking("StringEquals", "ssm:NodeOrgId", "o-a")})),), UNSIGNED)
    assert unknown.asks_for == ("ssm:NodeOrgId",)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"Statement": "x"}', '{"Statement": [1]}', "[" * 100_000])
def test_a_text_that_is_no_policy_is_unknown_and_denies_elsewhere_still_hold(text: str) -> None:
    assert statements_of("p", text) is None
    allow, deny = (json.dumps({"Statement": [item]}) for item in (made(), DENY))
    assert decide((("p", text),), SIGNED).ruling is UNKNOWN
    assert decide((("p", text), ("q", allow)), SIGNED).ruling is UNKNOWN
    assert decide((("p", text), ("q", deny)), SIGNED).ruling is NO


def test_policies_of_which_some_are_unread_allow_nothing_for_sure() -> None:
    allow = (("q", json.dumps({"Statement": [made()]})),)
    assert decide(allow, SIGNED, is_whole=False).ruling is UNKNOWN and decide((), SIGNED, is_whole=False).ruling is UNKNOWN


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    assert is_like("*a" * 200 + "b", "a" * 2000) is False
    assert is_like("*" * 2000, "a" * 500) is True


# laws

ACTIONS = st.sampled_from(("ssm:*", "ssm:Update*", "ssm:PutInventory", "s3:GetObject", "*", "ssm:UpdateInstanceInformation"))
CONDITIONS = st.one_of(
    st.none(),
    st.builds(
        lambda operator, key, value: {operator: {key: value}},
        st.sampled_from(
            ("StringEquals", "StringNotEquals", "StringLikeIfExists", "ForAnyValue:StringLike", "Null", "Bool", "Odd")
        ),
        st.sampled_from(("aws:PrincipalAccount", "aws:SourceAccount", "aws:PrincipalOrgID", "aws:SecureTransport")),
        st.sampled_from((ACCOUNT, "true", "false", "*", "o-a")),
    ),
)


@st.composite
def statements(draw: st.DrawFn, effect: Optional[str] = None) -> Statement:
    condition, is_not = draw(CONDITIONS), draw(st.booleans())
    return made(
        Effect=effect or draw(st.sampled_from(("Allow", "Deny"))),
        Action=None if is_not else draw(ACTIONS),
        NotAction=draw(ACTIONS) if is_not else None,
        Resource=draw(st.sampled_from(("*", "arn:aws:ssm:*", "arn:aws:s3:::*"))),
        Condition=condition,
    )


REQUESTS = st.sampled_from((SIGNED, UNSIGNED, DOWNLOAD))
MANY = st.lists(statements(), max_size=5)


@given(MANY, REQUESTS, st.integers(0, 5))
def test_a_deny_for_all_always_wins(given_: List[Statement], request: PolicyRequest, place: int) -> None:
    assert ruling(request, *given_[:place], DENY, *given_[place:]) is NO


@given(MANY, REQUESTS, statements(effect="Allow"))
def test_one_more_that_allows_never_takes_anything_away(given_: List[Statement], request: PolicyRequest, more: Statement) -> None:
    before, after = ruling(request, *given_), ruling(request, *given_, more)
    assert (before is NO) is (after is NO)
    assert before is not YES or after is YES
    assert before is not UNKNOWN or after in (UNKNOWN, YES)


@given(MANY, REQUESTS, statements(effect="Deny"))
def test_one_more_that_denies_never_allows(given_: List[Statement], request: PolicyRequest, more: Statement) -> None:
    before, after = ruling(request, *given_), ruling(request, *given_, more)
    assert after is not YES or before is YES
    assert before is not NO or after is NO
    assert before is not NONE or after in (NONE, NO)


@given(ACTIONS, REQUESTS)
def test_not_action_is_all_that_action_is_not(action: str, request: PolicyRequest) -> None:
    own, others = ruling(request, made(Action=action)), ruling(request, made(Action=None, NotAction=action))
    assert {own, others} == {YES, NONE}


@given(MANY, REQUESTS)
def test_the_order_of_statements_means_nothing(given_: List[Statement], request: PolicyRequest) -> None:
    assert ruling(request, *given_) is ruling(request, *reversed(given_))


@given(MANY, st.sampled_from(("o-a", "o-b", "")))
def test_what_is_known_of_a_key_changes_nothing_that_was_sure_without(given_: List[Statement], org: str) -> None:
    told = {**SIGNED.context, **({"aws:principalorgid": (org,)} if org else {})}
    known = replace(SIGNED, context=told, absent=SIGNED.absent if org else SIGNED.absent | {"aws:principalorgid"})
    before, after = ruling(SIGNED, *given_), ruling(known, *given_)
    assert before is UNKNOWN or (before is YES) is (after is YES)
    assert before is not NO or after is NO


@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab", max_size=6), st.text(alphabet="ab", max_size=6))
def test_what_is_said_of_a_beginning_holds_for_every_end(pattern: str, start: str, end: str) -> None:
    said = is_like(pattern, start + REST)
    assert said is None or is_like(pattern, start + end) is said


# the policies that are to be pasted

REGIONS = ("eu-west-1", "cn-north-1", "us-gov-west-1")
PARTITIONS = {"eu-west-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}


def cloud_in(region: str) -> Cloud:
    """A cloud of that region and partition, in the account that the documents name."""
    return replace(complete(), region=region, partition=PARTITIONS[region], account=ACCOUNT)


def role_in(region: str) -> Role:
    return Role("NodeRole", f"arn:{PARTITIONS[region]}:iam::{ACCOUNT}:role/NodeRole", policy_named("role-trust").text(region))


def calls_in(region: str) -> List[NodeCall]:
    return [
        call
        for call in (*node_calls(region, ACCOUNT), *node_downloads(region))
        if call.service != "ec2messages" or has_ec2messages(region, NO_SITE) is not False
    ]


def endpoint_of(service: str) -> VpcEndpoint:
    kind = EndpointKind.GATEWAY if service == "s3" else EndpointKind.INTERFACE
    return replace(interface_endpoint(1, service), kind=kind)


@pytest.mark.parametrize("region", REGIONS)
def test_the_policies_of_endpoints_allow_every_call_of_a_node(region: str) -> None:
    calls = calls_in(region)
    assert {call.signer for call in calls} == set(Signer) and len(calls) >= 29
    for call in calls:
        text = policy_named(f"endpoint-{call.service}").text(region)
        request = request_of(call, cloud_in(region), role_in(region), endpoint_of(call.service))
        assert decide(((call.service, text),), request).ruling is YES, call


@pytest.mark.parametrize("region", REGIONS)
def test_the_policy_of_the_role_allows_every_signed_call(region: str) -> None:
    text = policy_named("role-permissions").text(region)
    signed = [call for call in calls_in(region) if call.signer is Signer.ROLE]
    assert len(signed) >= 25
    for call in signed:
        request = request_of(call, cloud_in(region), role_in(region), None)
        assert decide((("role", text),), request).ruling is YES, call


@pytest.mark.parametrize("region", REGIONS)
def test_the_trust_of_the_role_is_for_this_account_and_region_alone(region: str) -> None:
    trusted = (("role", policy_named("role-trust").text(region)),)
    assert decide(trusted, assume_request(cloud_in(region))).ruling is YES
    for other in REGIONS:
        if other != region:
            assert decide(trusted, assume_request(cloud_in(other))).ruling is NONE
    assert decide(trusted, assume_request(replace(cloud_in(region), account="999999999999"))).ruling is NONE


@pytest.mark.parametrize("region", REGIONS)
def test_the_policies_of_endpoints_keep_other_accounts_out(region: str) -> None:
    stranger = replace(cloud_in(region), account="999999999999")
    role = replace(role_in(region), arn="arn:aws:iam::999999999999:role/Other")
    for call in calls_in(region):
        if call.service != "s3":
            text = policy_named(f"endpoint-{call.service}").text(region)
            assert decide(((call.service, text),), request_of(call, stranger, role, endpoint_of(call.service))).ruling is NONE, (
                call
            )


def test_a_call_of_a_node_has_what_it_breaks_by_its_row() -> None:
    by_action: Mapping[str, NodeCall] = {call.action: call for call in node_calls("eu-west-1", ACCOUNT)}
    assert len(by_action) == len(node_calls("eu-west-1", ACCOUNT))
    assert [item.value for item in by_action["ssm:RegisterManagedInstance"].breaks] == ["register"]
    assert by_action["ssm:ListAssociations"].breaks == () and by_action["ec2messages:SendReply"].is_fallback


# keys that a node's call does not have


def signed_by_the_role(endpoint: Optional[VpcEndpoint]) -> PolicyRequest:
    call = next(one for one in node_calls("eu-west-1", ACCOUNT) if one.signer is Signer.ROLE)
    return request_of(call, cloud_in("eu-west-1"), role_in("eu-west-1"), endpoint)


@pytest.mark.parametrize(
    ("operator", "key", "value", "by_endpoint", "otherwise"),
    [
        ("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", NO, UNKNOWN),
        ("NotIpAddressIfExists", "aws:SourceIp", "203.0.113.0/24", NO, UNKNOWN),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24", YES, UNKNOWN),
        ("BoolIfExists", "aws:MultiFactorAuthPresent", "false", NO, NO),
        ("Bool", "aws:MultiFactorAuthPresent", "false", UNKNOWN, UNKNOWN),
        ("Bool", "aws:MultiFactorAuthPresent", "true", YES, YES),
        ("Null", "aws:MultiFactorAuthAge", "true", NO, NO),
    ],
)
def test_a_call_by_an_endpoint_has_no_public_address_and_a_role_no_mfa(
    operator: str, key: str, value: str, by_endpoint: Ruling, otherwise: Ruling
) -> None:
    deny = asking(operator, key, value, Effect="Deny", Principal=None)
    allow = made(Principal=None)
    assert ruling(signed_by_the_role(endpoint_of("ssm")), allow, deny) is by_endpoint
    assert ruling(signed_by_the_role(None), allow, deny) is otherwise
