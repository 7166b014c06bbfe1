"""Every row of the catalogue's calls against botocore's own models, and the policy that is made from them."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest

from ssm_bootstrap.catalog.cloud.calls import CALLS, CloudCall, least_actions, least_policy_text
from ssm_bootstrap.model.cloud import Cloud, Management, VpcNetwork
from tests.aws import MARKS
from tests.cloud.stubs import ANSWERS, State

READS = re.compile(r"(?:Describe|Get|List|Search)[A-Z][A-Za-z]+")


@cache
def model_of(service: str) -> Any:
    import botocore.session

    return botocore.session.Session().get_service_model(service)


def test_every_call_reads_and_stands_once() -> None:
    assert [call.operation for call in CALLS if READS.fullmatch(call.operation) is None] == []
    assert len({(call.service, call.operation) for call in CALLS}) == len(CALLS)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.operation)
def test_the_parts_of_a_call_are_parts_of_what_is_read(call: CloudCall) -> None:
    tops = {"instance": Cloud, "network": VpcNetwork, "management": Management}
    for part in call.parts:
        top, _, rest = part.partition(".")
        assert top in tops and (not rest or rest.partition(".")[0] in tops[top].__dataclass_fields__)


class TestAgainstBotocore:
    pytestmark = MARKS

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.operation)
    def test_the_operation_exists_and_has_pages_where_the_row_says_so(self, call: CloudCall) -> None:
        import botocore.session

        operation = model_of(call.service).operation_model(call.operation)
        session = botocore.session.Session()
        try:
            pages = call.operation in session.get_paginator_model(call.service)._paginator_config
        except Exception:  # a service without any
            pages = False
        tokens = {"NextToken"} & set(operation.input_shape.members) & set(operation.output_shape.members)
        assert call.pages == bool(pages or tokens)

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.operation)
    def test_the_action_is_the_operation_of_the_service(self, call: CloudCall) -> None:
        prefix = {"service-quotas": "servicequotas"}.get(call.service, call.service)
        assert call.service == "sts" or f"{prefix}:{call.operation}" == call.actions[0]

    @pytest.mark.parametrize(("service", "operation"), ANSWERS, ids=lambda name: name)
    def test_an_answer_of_the_stubs_has_the_shape_of_the_service(self, service: str, operation: str) -> None:
        from botocore.validate import ParamValidator

        state = State(
            activations=[{"ActivationId": "a", "IamRole": "r", "ExpirationDate": 1.0}],
            nodes=[{"InstanceId": "mi-1", "LastPingDateTime": 1.0}],
            settings={"s": "v"},
            quotas=[{"ServiceCode": "ssm", "Value": 1.0}],
            profiles={"rp-1": ["arn:aws:route53:::hostedzone/Z1"]},
            firewall=[
                {
                    "FirewallRuleGroupId": "g",
                    "FirewallDomainListId": "d",
                    "Name": "n",
                    "Priority": 1,
                    "Domains": ["x."],
                    "List": {"Name": "x"},
                }
            ],
        )
        params = {
            "SettingId": "s",
            "Target": "mi-1",
            "ProfileId": "rp-1",
            "VpcId": "vpc-1",
            "FirewallRuleGroupId": "g",
            "FirewallDomainListId": "d",
        }
        answer = ANSWERS[service, operation](state, params)
        assert any(answer.values())
        shape = model_of(service).operation_model(operation).output_shape
        assert not ParamValidator().validate(answer, shape).has_errors()
        assert set(answer) <= set(shape.members)


def test_the_least_policy_allows_every_action_and_nothing_else() -> None:
    (statement,) = json.loads(least_policy_text())["Statement"]
    assert statement["Action"] == list(least_actions()) and statement["Resource"] == "*" and statement["Effect"] == "Allow"
    assert {action for call in CALLS for action in call.actions} == set(statement["Action"])
    assert not any("*" in action for action in statement["Action"])
