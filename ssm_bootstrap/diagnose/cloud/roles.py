"""The role that the node acts with: there, trusted to Systems Manager, and allowed what the node calls."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Iterable, Iterator, Optional

from ssm_bootstrap.catalog.nodecalls import NodeCall, Signer, node_calls, node_downloads
from ssm_bootstrap.catalog.regions import has_ec2messages
from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.diagnose.cloud.account import is_elsewhere, is_unlisted
from ssm_bootstrap.diagnose.cloud.activation import is_usable
from ssm_bootstrap.diagnose.cloud.calls import JudgedCall, doubt, gravity, named, quoted, why
from ssm_bootstrap.diagnose.cloud.conditions import PolicyRequest
from ssm_bootstrap.diagnose.cloud.listed import NOT_CONNECTED, ONLINE, maybe_nodes, node_of
from ssm_bootstrap.diagnose.cloud.names import endpoints_in_vpc
from ssm_bootstrap.diagnose.cloud.needs import facts_of
from ssm_bootstrap.diagnose.cloud.policies import Decision, Ruling, decide
from ssm_bootstrap.diagnose.cloud.requests import assume_request, request_of
from ssm_bootstrap.diagnose.cloud.worked import TOKEN, was_given, worked
from ssm_bootstrap.model.capability import ON_A_NODE, Capability
from ssm_bootstrap.model.cloud import Cloud, Role
from ssm_bootstrap.model.findings import Evidence, Finding
from ssm_bootstrap.model.observed import Observed, Seen, Unseen, reason_of, value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.repair import AttachRolePolicy, CreateRole, SetRoleTrust

_DENYING = (Ruling.DENIED, Ruling.NOT_ALLOWED)


def plain_role(name: str) -> str:
    """The name of a role without its path, as ``service-role/NAME`` has one."""
    return name.rpartition("/")[2]


def _named_roles(case: Case) -> frozenset[str]:
    """The roles that matter: the node's, else those of activations that can be used, else of all; none where none is named."""
    cloud, node = case.cloud, node_of(case)
    if cloud is None:
        return frozenset()
    if node is not None and node.role:
        return frozenset({plain_role(node.role)})
    maybe = frozenset(plain_role(one.role) for one in maybe_nodes(case) if one.role)
    if len(maybe) == 1:
        return maybe
    named = case.plan.activation_id.lower()
    activations = [item for item in value_of(cloud.management.activations) or () if not named or item.id.lower() == named]
    usable = [item for item in activations if is_usable(item, cloud)]
    return frozenset(plain_role(item.role) for item in usable or activations if item.role)


def roles_of(case: Case) -> tuple[Role, ...]:
    """The roles that the node acts with, or may get, among those that were read."""
    if case.cloud is None or is_elsewhere(case):
        return ()
    wanted = _named_roles(case)
    found = value_of(case.cloud.management.roles) or ()
    return tuple(role for role in found if not wanted or plain_role(role.name) in wanted)


def absent(case: Case) -> Iterator[Finding]:
    """A role that an activation or a node names and the account does not have."""
    cloud, wanted = case.cloud, _named_roles(case)
    for name in cloud.management.absent_roles if cloud is not None and not is_elsewhere(case) else ():
        if cloud is not None and (not wanted or plain_role(name) in wanted):
            said = phrase("role {name}: NoSuchEntity in account {account}", name=name, account=cloud.account)
            yield case.finding(
                "role-absent",
                name,
                said,
                facts=facts_of(cloud),
                evidence=(Evidence("GetRole", name, said, cloud.taken_at),),
                breaks=case.on_a_node,
                services=_SERVICES,
                repairs=(CreateRole(name, cloud.account),),
            )


_SERVICES = ("ssm", "ssmmessages", "ec2messages")
"""The services that the node calls with its role."""


def trust(case: Case) -> Iterator[Finding]:
    """A role that Systems Manager may not assume."""
    cloud = case.cloud
    for role in roles_of(case):
        decision = decide(((role.name, role.trust),), assume_request(cloud)) if cloud is not None else Decision(Ruling.UNKNOWN)
        if cloud is None or decision.ruling not in _DENYING:
            continue
        excerpt = (
            decision.statement.text[:400] if decision.statement is not None else phrase("no statement allows sts:AssumeRole")
        )
        yield case.finding(
            "role-trust",
            role.name,
            why(decision),
            facts={**facts_of(cloud), "place": assume_request(cloud).service},
            evidence=(Evidence("GetRole", f"{role.name} AssumeRolePolicyDocument", excerpt, cloud.taken_at),),
            breaks=case.on_a_node,
            services=_SERVICES,
            repairs=(SetRoleTrust(role.name, cloud.account, role.trust, is_kept=decision.ruling is not Ruling.DENIED),),
        )


def _judged(case: Case, cloud: Cloud, role: Role) -> Iterator[tuple[JudgedCall, bool]]:
    """Each call that the role signs with what its policies say, and whether it is the boundary that says so."""
    for call in _signed(case, cloud):
        there = endpoints_in_vpc(cloud, call.service)
        request = request_of(call, cloud, role, there[0] if len(there) == 1 else None)
        own = _own_word(role, request)
        bound = _bounded(role, request)
        is_bound = own.ruling is Ruling.ALLOWED and bound is not None and bound.ruling is not Ruling.ALLOWED
        yield JudgedCall(call, bound if is_bound and bound is not None else own), is_bound


def _signed(case: Case, cloud: Cloud) -> Iterator[NodeCall]:
    """The calls that a node of this region signs with its role."""
    for call in node_calls(cloud.region, cloud.account):
        is_absent = call.service == "ec2messages" and has_ec2messages(cloud.region, case.site) is False
        if call.signer is Signer.ROLE and not is_absent:
            yield call


def _own_word(role: Role, request: PolicyRequest) -> Decision:
    """What the policies of a role say to a call."""
    policies = value_of(role.policies) or ()
    documents = [(policy.name, policy.document.value) for policy in policies if isinstance(policy.document, Seen)]
    return decide(documents, request, is_whole=isinstance(role.policies, Seen) and len(documents) == len(policies))


def _lent(case: Case, cloud: Cloud, role: Role) -> Iterator[tuple[NodeCall, Decision]]:
    """The downloads that get through the S3 endpoint signed with the role alone, with what the role says to them.

    AWS's buckets are public, and where its signed request is refused the agent asks again without a signature: it needs the
    role only where the endpoint's policy lets through nobody without one. Source: AWS Systems Manager User Guide,
    ssm-agent-minimum-s3-permissions; amazon-ssm-agent, agent/fileutil/artifact.
    """
    for call in node_downloads(cloud.region):
        if call.signer is not Signer.ROLE or was_given(case, call):
            continue
        for endpoint in endpoints_in_vpc(cloud, call.service)[:1]:
            policy = ((endpoint.id, endpoint.policy),)
            request = request_of(call, cloud, role, endpoint)
            unsigned = request_of(replace(call, signer=Signer.NOBODY), cloud, None, endpoint)
            if not endpoint.policy or decide(policy, unsigned).ruling not in _DENYING:
                continue
            if decide(policy, request).ruling is Ruling.ALLOWED:
                own, bound = _own_word(role, request), _bounded(role, request)
                yield call, bound if own.ruling is Ruling.ALLOWED and bound is not None else own


def _bounded(role: Role, request: PolicyRequest) -> Optional[Decision]:
    """What the permissions boundary of a role says to a call; None where it has none."""
    if not role.boundary:
        return None
    text = value_of(role.boundary_policy)
    return decide(((role.boundary, text),) if text is not None else (), request, is_whole=text is not None)


def permissions(case: Case) -> Iterator[Finding]:
    """A role whose policies do not allow what the node calls."""
    cloud = case.cloud
    for role in roles_of(case) if cloud is not None else ():
        judged = [] if cloud is None else list(_judged(case, cloud, role))
        lacking = [item for item, is_bound in judged if item.decision.ruling is Ruling.NOT_ALLOWED and not is_bound]
        if cloud is not None and lacking:
            arn = f"arn:{cloud.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
            yield _finding(case, cloud, "role-policy", role, lacking, repairs=(AttachRolePolicy(role.name, arn),))


def denials(case: Case) -> Iterator[Finding]:
    """A role that a policy of its own, or its permissions boundary, denies what the node calls."""
    cloud = case.cloud
    for role in roles_of(case) if cloud is not None else ():
        judged = [] if cloud is None else list(_judged(case, cloud, role))
        denied = [item for item, is_bound in judged if item.decision.ruling in _DENYING and (is_bound or _is_explicit(item))]
        if cloud is not None and denied:
            is_bound = any(found and item.decision.ruling in _DENYING for item, found in judged)
            yield _finding(case, cloud, "role-denied", role, denied, variant="by-boundary" if is_bound else "")


def downloads(case: Case) -> Iterator[Finding]:
    """A role that does not allow the downloads for which an endpoint's policy asks for its signature."""
    cloud = case.cloud
    for role in roles_of(case) if cloud is not None else ():
        judged = [] if cloud is None else [JudgedCall(*one) for one in _lent(case, cloud, role)]
        denied = [item for item in judged if item.decision.ruling in _DENYING]
        if cloud is not None and denied:
            yield _finding(case, cloud, "role-policy", role, denied, variant="downloads")


def _is_explicit(item: JudgedCall) -> bool:
    return item.decision.ruling is Ruling.DENIED


def _finding(case: Case, cloud: Cloud, code: str, role: Role, calls: list[JudgedCall], **more: Any) -> Finding:
    breaks, degrades, severity = gravity(case, cloud, calls)
    statement = calls[0].decision.statement
    place = f"{role.name} {statement.policy} {statement.label}" if statement is not None else role.name
    return case.finding(
        code,
        role.name,
        why(calls[0].decision),
        facts={**facts_of(cloud), "place": named(calls)},
        evidence=(Evidence("GetRolePolicy", place, quoted(calls[0].decision, calls[0].call), cloud.taken_at),),
        severity=severity,
        breaks=breaks,
        degrades=degrades,
        services=tuple(dict.fromkeys(item.call.service for item in calls)),
        **more,
    )


def _parts(role: Role) -> tuple[Observed[Any], ...]:
    """What decides what a role may do."""
    documents = tuple(policy.document for policy in value_of(role.policies) or ())
    return (role.policies, *documents, *((role.boundary_policy,) if role.boundary else ()))


def is_unread(case: Case) -> bool:
    """Whether policies of the node's role could not be read, so that nobody knows what it may do."""
    return any(isinstance(part, Unseen) for role in roles_of(case) for part in _parts(role))


def undecided(case: Case) -> Iterable[Capability]:
    """The capabilities that hang on what a role's policies say and nobody knows here, and on a call that was not seen to work."""
    cloud = case.cloud
    known = worked(case)
    maybe = maybe_nodes(case)
    if any(one.ping == ONLINE and value_of(one.connection) == NOT_CONNECTED for one in maybe):
        yield Capability.SESSION
    if any(one.ping != ONLINE for one in maybe) or (is_unlisted(case) and TOKEN not in known):
        yield from ON_A_NODE
    if cloud is not None and isinstance(cloud.management.roles, Unseen) and not is_elsewhere(case):
        yield from () if TOKEN in known else ON_A_NODE
        for call in _signed(case, cloud):
            yield from () if call.action in known else (*call.breaks, *call.degrades)
    for role in roles_of(case) if cloud is not None else ():
        if cloud is None:
            continue
        for call, decision in _lent(case, cloud, role):
            if decision.ruling is Ruling.UNKNOWN:
                yield from call.breaks
        if TOKEN not in known and decide(((role.name, role.trust),), assume_request(cloud)).ruling is Ruling.UNKNOWN:
            yield from ON_A_NODE
        for item, _ in _judged(case, cloud, role):
            if item.decision.ruling is Ruling.UNKNOWN and item.call.action not in known:
                yield from (*item.call.breaks, *item.call.degrades)


def unknown(case: Case) -> Iterator[tuple[str, str]]:
    """Roles, and what their policies say, that could not be read or depend on what is not known here."""
    cloud = case.cloud
    if cloud is None:
        return
    if isinstance(cloud.management.roles, Unseen):
        yield "roles", cloud.management.roles.reason
    for role in roles_of(case):
        decision = decide(((role.name, role.trust),), assume_request(cloud))
        if decision.ruling is Ruling.UNKNOWN:
            keys = decision.asks_for or ("Statement",)
            yield phrase("trust of {role}", role=role.name), phrase("it depends on {keys}, which is not known here", keys=keys)
        unread = list(dict.fromkeys(reason_of(part) for part in _parts(role) if isinstance(part, Unseen)))
        unsure = doubt([item for item, _ in _judged(case, cloud, role) if item.decision.ruling is Ruling.UNKNOWN])
        for reason in unread if unsure and unread else filter(None, (unsure,)):
            yield phrase("role {role}", role=role.name), reason


CHECKS = (
    Check("aws-role-absent", absent),
    Check("aws-role-trust", trust),
    Check("aws-role-policies", permissions),
    Check("aws-role-denied", denials),
    Check("aws-role-downloads", downloads),
    Check("aws-role-unseen", unknown),
)
