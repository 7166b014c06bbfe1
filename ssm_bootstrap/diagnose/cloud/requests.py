"""The calls of a node as policies see them: who calls, what the request tells, and what it never has."""

from __future__ import annotations

from typing import Mapping, Optional

from ssm_bootstrap.catalog.nodecalls import NodeCall, Signer
from ssm_bootstrap.catalog.policies import service_principal
from ssm_bootstrap.diagnose.cloud.conditions import ANY_VALUE, REST, PolicyRequest
from ssm_bootstrap.model.cloud import Cloud, Role, VpcEndpoint
from ssm_bootstrap.model.observed import value_of

_OF_A_PRINCIPAL = frozenset(
    {
        *("aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:principaltag/"),
        *("aws:principalisawsservice", "aws:principalservicename", "aws:principalservicenameslist", "aws:username"),
        *("aws:sourceidentity", "aws:federatedprovider", "aws:rolesessionname", "aws:tokenissuetime"),
        *("aws:multifactorauthpresent", "aws:multifactorauthage", "sts:externalid"),
    }
)
"""Keys that a call without a signature does not have (IAM User Guide, reference_policies_condition-keys; 2026-11)."""

_OF_A_SERVICE = frozenset({"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"})
"""Keys that calls of AWS's services for somebody have, and a node's own calls do not."""


_BY_ENDPOINT = frozenset({"aws:sourceip"})
"""Keys that a call by a VPC endpoint does not have: aws:VpcSourceIp stands for them. A negated operator fits a missing key.

Source: IAM User Guide, reference_policies_condition-keys (aws:SourceIp: Availability) and
reference_policies_elements_condition_operators (2026-11).
"""

_WITHOUT_MFA: Mapping[str, tuple[str, ...]] = {"aws:multifactorauthpresent": ("false",)}
"""What the credentials of the node's role have of MFA, if anything: Systems Manager takes the role, and no device is there.

Source: IAM User Guide, reference_policies_condition-keys (aws:MultiFactorAuthPresent and aws:MultiFactorAuthAge: Availability;
the age is there only with MFA) (2026-11).
"""


def request_of(call: NodeCall, cloud: Cloud, role: Optional[Role], endpoint: Optional[VpcEndpoint]) -> PolicyRequest:
    """A call of the node by an endpoint; where ``role`` is None nobody knows which one signs it.

    A hybrid node's unsigned calls tell the account of its activation by ``ssm:NodeAccountId``. AWS's own buckets are of an
    account and organization that are nobody else's.
    """
    context: dict[str, tuple[str, ...]] = {**_of_the_way(cloud, endpoint), "aws:requestedregion": (cloud.region,)}
    never: dict[str, frozenset[str]] = {}
    absent = _OF_A_SERVICE | (_BY_ENDPOINT if endpoint is not None else frozenset())
    principals: frozenset[str] = frozenset()
    if call.signer is Signer.ROLE:
        absent |= {"aws:multifactorauthage"}
        root = f"arn:{cloud.partition}:iam::{cloud.account}:root"
        principals = frozenset({cloud.account, root, *((role.arn,) if role is not None else ())})
        context["aws:principalaccount"] = (cloud.account,)
        context["aws:principaltype"] = ("AssumedRole",)
        context["aws:principalisawsservice"] = context["aws:viaawsservice"] = ("false",)
        if role is not None:
            context["aws:principalarn"] = (role.arn,)
    elif call.signer is Signer.NOBODY:
        context["ssm:nodeaccountid"] = (cloud.account,)
        absent |= _OF_A_PRINCIPAL
    else:
        never |= {"aws:principalaccount": frozenset({cloud.account}), "aws:principalorgid": frozenset({ANY_VALUE})}
        never["aws:principalorgpaths"] = frozenset({ANY_VALUE})
    if call.service == "s3":
        never |= {"aws:resourceaccount": frozenset({cloud.account}), "aws:resourceorgid": frozenset({ANY_VALUE})}
        never["aws:resourceorgpaths"] = frozenset({ANY_VALUE})
    resource = call.resource[:-1] + REST if call.resource.endswith("*") else call.resource
    of_mfa = _WITHOUT_MFA if call.signer is Signer.ROLE else {}
    return PolicyRequest(call.action, resource, principals, role is not None, "", context, absent, never, of_mfa)


def _of_the_way(cloud: Cloud, endpoint: Optional[VpcEndpoint]) -> Mapping[str, tuple[str, ...]]:
    """What a request tells of the endpoint that it comes by."""
    if endpoint is None:
        return {}
    vpc, instance = value_of(cloud.network.vpc), value_of(cloud.instance)
    addresses = [address for interface in instance.interfaces for address in interface.addresses] if instance is not None else []
    found = {"aws:sourcevpce": (endpoint.id,), "aws:securetransport": ("true",)}
    if vpc is not None:
        found["aws:sourcevpc"] = (vpc.id,)
    if len(addresses) == 1:
        found["aws:vpcsourceip"] = (addresses[0],)
    return found


def assume_request(cloud: Cloud) -> PolicyRequest:
    """The call by which Systems Manager takes the role of a node; of the ARN that it is for the account and region are known."""
    source = f"arn:{cloud.partition}:ssm:{cloud.region}:{cloud.account}:{REST}"
    context = {"aws:sourceaccount": (cloud.account,), "aws:sourcearn": (source,)}
    return PolicyRequest(
        "sts:AssumeRole", service=service_principal(cloud.region), context=context, absent=frozenset({"sts:externalid"})
    )
