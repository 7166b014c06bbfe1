"""Endpoint policies: which of the node's calls they deny, by which statement, and what that asks for."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Iterable, Iterator

from ssm_bootstrap.catalog.distributions import system_of
from ssm_bootstrap.catalog.nodecalls import Signer, node_calls, node_downloads
from ssm_bootstrap.catalog.policies import MOST_OF_ENDPOINT, added, policy_named
from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.diagnose.cloud.account import account_of
from ssm_bootstrap.diagnose.cloud.calls import JudgedCall, doubt, gravity, named, quoted, why
from ssm_bootstrap.diagnose.cloud.names import endpoints_in_vpc
from ssm_bootstrap.diagnose.cloud.needs import facts_of, hosts_of_service, needed_answers
from ssm_bootstrap.diagnose.cloud.policies import Decision, Ruling, decide
from ssm_bootstrap.diagnose.cloud.requests import request_of
from ssm_bootstrap.diagnose.cloud.roles import roles_of
from ssm_bootstrap.diagnose.cloud.worked import was_given, worked
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.cloud import Cloud, EndpointKind, VpcEndpoint
from ssm_bootstrap.model.findings import Evidence, Finding
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.repair import SetEndpointPolicy


def _serving(case: Case, cloud: Cloud) -> dict[VpcEndpoint, str]:
    """The endpoints that carry what the node needs, with their service; those that no name leads to yet among them."""
    found: dict[VpcEndpoint, str] = {}
    for service, answer in needed_answers(case):
        there = endpoints_in_vpc(cloud, service)
        gateways = [item for item in there if item.kind is EndpointKind.GATEWAY]
        serving = [answer.endpoint] if answer.endpoint is not None else gateways or there
        found.update(dict.fromkeys(serving, service))
    return found


def _judged(case: Case, cloud: Cloud, endpoint: VpcEndpoint, service: str) -> list[JudgedCall]:
    """What the policy of an endpoint says to the node's calls.

    Where nobody knows the node's account, a policy that denies those of the VPC's account and lets through all of another one
    that it names may be right for an activation of that account: then nobody knows what it says.
    """
    if not endpoint.policy:
        return []
    own = account_of(case)
    found = list(_judged_for(case, replace(cloud, account=own or cloud.account), endpoint, service))
    others = sorted(set(_ACCOUNT.findall(endpoint.policy)) - {cloud.account}) if not own and any(map(_is_denied, found)) else ()
    for other in others:
        if not any(_is_denied(item) for item in _judged_for(case, replace(cloud, account=other), endpoint, service)):
            unsure = Decision(Ruling.UNKNOWN, asks_for=(phrase("the account of the node"),))
            return [replace(item, decision=unsure) if _is_denied(item) else item for item in found]
    return found


_ACCOUNT = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])", re.ASCII)
"""An account in the text of a policy."""


def _is_denied(item: JudgedCall) -> bool:
    return item.decision.ruling in (Ruling.DENIED, Ruling.NOT_ALLOWED)


def _judged_for(case: Case, cloud: Cloud, endpoint: VpcEndpoint, service: str) -> Iterator[JudgedCall]:
    """The same for the calls of a node of the cloud's account."""
    known = roles_of(case) if case.cloud is not None and cloud.account == case.cloud.account else ()
    role = known[0] if len(known) == 1 else None
    for call in (*node_calls(cloud.region, cloud.account), *node_downloads(cloud.region)):
        if call.service == service and (call.signer is Signer.NOBODY or case.capabilities != (Capability.REGISTER,)):
            yield JudgedCall(call, decide(((endpoint.id, endpoint.policy),), request_of(call, cloud, role, endpoint)))


def endpoint_policies(case: Case) -> Iterator[Finding]:
    """An endpoint whose policy denies calls that the node makes."""
    cloud = case.cloud
    if cloud is None:
        return
    for endpoint, service in _serving(case, cloud).items():
        denied = [item for item in _judged(case, cloud, endpoint, service) if _is_denied(item)]
        if denied:
            yield _finding(case, cloud, endpoint, service, denied)


def _finding(case: Case, cloud: Cloud, endpoint: VpcEndpoint, service: str, denied: list[JudgedCall]) -> Finding:
    breaks, degrades, severity = gravity(case, cloud, denied)
    shown = {item.decision.statement.label if item.decision.statement is not None else "": item for item in reversed(denied)}
    first = denied[0]
    return case.finding(
        "endpoint-policy-denies",
        endpoint.id,
        why(first.decision),
        facts={**facts_of(cloud), "service": service, "place": named(denied)},
        variant={"ssm": "", "s3": "downloads"}.get(service, "signed"),
        evidence=tuple(
            Evidence("DescribeVpcEndpoints", f"{endpoint.id} {label}".strip(), quoted(item.decision, item.call), cloud.taken_at)
            for label, item in sorted(shown.items(), key=lambda pair: denied.index(pair[1]))
        ),
        severity=severity,
        breaks=breaks,
        degrades=degrades,
        hosts=hosts_of_service(case, service),
        services=(service,),
        repairs=(_repair(case, cloud, endpoint, service, denied),),
    )


def _system(case: Case) -> str:
    """The node's operating system, as its own report tells; empty where there is none."""
    return system_of(case.instance.system_id, case.instance.system_version) if case.instance is not None else ""


def _repair(case: Case, cloud: Cloud, endpoint: VpcEndpoint, service: str, denied: list[JudgedCall]) -> SetEndpointPolicy:
    """The policy with what nodes need; the present one is kept unless a statement of it denies that, or both are too long."""
    account = account_of(case) or cloud.account
    made = SetEndpointPolicy(endpoint.id, f"endpoint-{service}", account, endpoint.policy, system=_system(case))
    whole = json.dumps(added(endpoint.policy, policy_named(made.policy, made.system).for_account(cloud.region, account)))
    is_denied = any(item.decision.ruling is Ruling.DENIED for item in denied)
    return replace(made, is_kept=not is_denied and len(whole) <= MOST_OF_ENDPOINT)


def unknown(case: Case) -> Iterator[tuple[str, str]]:
    """Policies whose answer depends on what is not known here."""
    cloud = case.cloud
    if cloud is None:
        return
    for endpoint, service in _serving(case, cloud).items():
        reason = doubt([item for item in _judged(case, cloud, endpoint, service) if item.decision.ruling is Ruling.UNKNOWN])
        if reason:
            yield f"policy of {endpoint.id}", reason


def undecided(case: Case) -> Iterable[Capability]:
    """The capabilities that hang on a policy whose answer is not known here, and on a call that was not seen to work."""
    cloud = case.cloud
    if cloud is None:
        return
    known = worked(case)
    for endpoint, service in _serving(case, cloud).items():
        for item in _judged(case, cloud, endpoint, service):
            call = item.call
            if item.decision.ruling is Ruling.UNKNOWN and call.action not in known and not was_given(case, call):
                yield from (*call.breaks, *call.degrades)


CHECKS = (
    Check("aws-endpoint-policies", endpoint_policies),
    Check("aws-endpoint-policies-unseen", unknown),
)
