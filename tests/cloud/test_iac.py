"""Repairs and requirements as code: CloudFormation as cfn-lint has it, Terraform as it is parsed, and nothing unknown."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, Tuple, get_args

import pytest

from ssm_bootstrap.catalog.cloud.consequences import consequence_of
from ssm_bootstrap.catalog.cloud.repairs import commands_of, in_steps
from ssm_bootstrap.catalog.requirements import requirements_of
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.cloud import Direction, EndpointKind
from ssm_bootstrap.model.findings import Diagnosis
from ssm_bootstrap.model.repair import AddGroupRule, CreateEndpoint, CreateGroup, Repair, TurnOnVpcDns
from ssm_bootstrap.render.iac.cloudformation import cloudformation
from ssm_bootstrap.render.iac.draft import Draft
from ssm_bootstrap.render.iac.fixes import FORMS, fixes
from ssm_bootstrap.render.iac.hcl import Block, Expression, Template, text_of
from ssm_bootstrap.render.iac.required import required
from ssm_bootstrap.render.iac.terraform import terraform
from tests.aws import needs_ctypes
from tests.cfnlint import complaints
from tests.cloud.samples import GROUP, REGIONS, samples
from tests.variants import some

of_today = pytest.mark.skipif(sys.version_info < (3, 10), reason="cfn-lint and python-hcl2 of today want Python 3.10")
SCHEMA: Mapping[str, Any] = json.loads(
    (Path(__file__).parent.parent / "data" / "terraform-aws-2026-11.json").read_text(encoding="utf-8")
)
NAMES = tuple(samples("eu-west-1"))
some_regions = pytest.mark.parametrize("region", some(REGIONS, ("ap-northeast-1", "us-gov-west-1", "cn-north-1")))
BY_HAND_IN_TERRAFORM = {
    *("delete-route", "delete-endpoint", "private-dns-of-s3", "dns-support", "dns-hostnames"),
    *("resolver-rule", "zone", "trust", "trust-kept", "trust-replaced", "activation", "address-type", "start"),
}
IN_CLOUDFORMATION = {
    *("out-to-prefix-list", "out-to-group", "in-from-ipv4", "in-from-ipv6", "acl-out", "acl-in-ipv6", "add-route", "group"),
    *("interface", "interface-with-policy", "gateway", "interface-of-s3", "amazon-dns", "role", "new-zone", "new-zone-of-s3"),
}
KINDS = tuple(EndpointKind)


def wanted(region: str, s3: EndpointKind, account: str = "") -> Draft:
    return required(requirements_of(region, tuple(Capability), s3=s3), account)


def as_code(region: str, *names: str) -> Draft:
    known = samples(region)
    return Draft(region, in_steps(known[name] for name in names))


def test_there_is_a_sample_of_each_repair() -> None:
    assert {type(one) for one in samples("eu-west-1").values()} == set(get_args(Repair))


# CloudFormation


@needs_ctypes
@of_today
@pytest.mark.parametrize(("s3", "account"), [(EndpointKind.GATEWAY, ""), (EndpointKind.INTERFACE, "222233334444")])
@some_regions
def test_cfn_lint_has_nothing_to_say_of_the_whole(region: str, s3: EndpointKind, account: str) -> None:
    assert complaints(cloudformation(wanted(region, s3, account)), [region]) == []


SECOND = {"interface-with-policy", "interface-of-s3"}
"""Repairs of which the same template has another of the same name."""


@needs_ctypes
@of_today
@pytest.mark.parametrize("names", [tuple(sorted(set(NAMES) - SECOND)), tuple(sorted(SECOND))], ids=["most", "rest"])
@some_regions
def test_cfn_lint_has_nothing_to_say_of_any_repair(region: str, names: Tuple[str, ...]) -> None:
    text = cloudformation(as_code(region, *names))
    assert complaints(text, [region]) == []
    if len(names) > len(SECOND):
        assert len(json.loads(text)["Resources"]) >= len(IN_CLOUDFORMATION - SECOND)


@needs_ctypes
@of_today
def test_cfn_lint_has_nothing_to_say_of_nothing() -> None:
    assert complaints(cloudformation(Draft("eu-west-1", ())), ["eu-west-1"]) == []


@needs_ctypes
@of_today
def test_cfn_lint_would_see_a_mistake() -> None:
    template = json.loads(cloudformation(as_code("eu-west-1", "interface")))
    template["Resources"]["EndpointSsm"]["Properties"]["PrivateDns"] = True
    assert complaints(json.dumps(template), ["eu-west-1"]) != []


@pytest.mark.parametrize("name", NAMES)
def test_what_a_template_cannot_do_is_said_with_its_command(name: str) -> None:
    template = json.loads(cloudformation(as_code("eu-west-1", name)))
    told = "\n".join(template.get("Metadata", {}).get("Remarks", ()))
    if name in IN_CLOUDFORMATION:
        assert "By the AWS CLI" not in told and "Nothing" not in template["Resources"]
    else:
        assert list(template["Resources"]) == ["Nothing"]
        assert ("By the AWS CLI" in told and "    aws " in told) or "(umask" in told


# What a repair does beside


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_what_a_repair_does_to_others_is_said_in_every_language(name: str, form: str) -> None:
    repair = samples("eu-west-1")[name]
    code = FORMS[form](as_code("eu-west-1", name))
    told = " ".join(re.sub(r"(?m)^\s*# ?|\\n|\"", " ", code).split())
    assert consequence_of(repair) in told


def test_whoever_changes_what_others_use_is_told_so() -> None:
    silent = {name for name, repair in samples("eu-west-1").items() if not consequence_of(repair)}
    assert silent == {
        *("out-to-prefix-list", "out-to-group", "in-from-ipv4", "in-from-ipv6", "groups", "group"),  # they take nothing away
        *("delete-route", "add-route", "resolver-rule"),  # their commands say it themselves
        *("role", "activation", "start"),  # new, or there before
    }


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["endpoint-policy-replaced", "trust-replaced", "endpoint-policy-kept", "trust-kept"])
def test_nothing_of_a_policy_is_lost(name: str, form: str) -> None:
    code = FORMS[form](as_code("eu-west-1", name))
    told = " ".join(re.sub(r"(?m)^\s*# ?", " ", code.replace('\\"', '"').replace('"', "")).split())
    assert "arn:aws:s3:::of-others/" in code, "the present statement, in the policy or printed"
    assert ("is replaced whole" in told and "that is replaced, as it was read:" in told) is name.endswith("replaced")
    assert ("the present statements stay as they were read" in told) is name.endswith("kept")


# Terraform


def parsed(text: str) -> Dict[str, Any]:
    import hcl2

    found: Dict[str, Any] = hcl2.loads(text)
    return found


def blocks(found: Mapping[str, Any], kind: str) -> Iterator[Tuple[str, str, Dict[str, Any]]]:
    """Kind, name and body of the resources or data sources in a file."""
    for item in found.get(kind, ()):
        for label, named in item.items():
            for name, body in named.items():
                yield label.strip('"'), name.strip('"'), {key: value for key, value in body.items() if not key.startswith("__")}


META = {"count"}


def check(found: Mapping[str, Any]) -> int:
    """Every argument is one of the provider's, and none that is required is missing; gives how many blocks there are."""
    count = 0
    for kind in ("resource", "data"):
        for label, name, body in blocks(found, kind):
            row, count = SCHEMA[kind][label], count + 1
            assert set(row["required"]) <= set(body) <= {*row["required"], *row["optional"], *META}, (label, name, set(body))
            for inner in ("dns_options", "vpc"):
                for nested in body.get(inner, ()):
                    assert {key for key in nested if not key.startswith("__")} <= set(SCHEMA["blocks"][inner])
    return count


@of_today
@pytest.mark.parametrize("account", ["", "222233334444"])
@pytest.mark.parametrize("s3", KINDS, ids=lambda kind: kind.value)
@some_regions
def test_terraform_knows_every_argument_of_the_whole(region: str, s3: EndpointKind, account: str) -> None:
    text = terraform(wanted(region, s3, account))
    found = parsed(text)
    assert check(found) >= 10
    asked = {name.strip('"') for item in found["variable"] for name in item}
    assert asked == set(re.findall(r"var\.([a-z_0-9]+)", text))


@of_today
@pytest.mark.parametrize("name", NAMES)
def test_terraform_knows_every_argument_of_a_repair(name: str) -> None:
    text = terraform(as_code("eu-west-1", name))
    if name in BY_HAND_IN_TERRAFORM:
        assert {line[:1] for line in text.splitlines()} == {"#"} and "# Not in Terraform" in text
    else:
        assert check(parsed(text)) >= 1 and "Not in Terraform" not in text


@of_today
@pytest.mark.parametrize("s3", KINDS, ids=lambda kind: kind.value)
def test_no_rule_stands_inside_a_group(s3: EndpointKind) -> None:
    for label, _, body in blocks(parsed(terraform(wanted("eu-west-1", s3))), "resource"):
        assert label != "aws_security_group" or not {"ingress", "egress"} & set(body)


@of_today
def test_a_value_is_never_read_as_an_expression() -> None:
    hostile = 'x${file("/etc/passwd")}%{if true}"\n#'
    text = text_of(Block("resource", ("aws_route", "a"), {"route_table_id": hostile, "gateway_id": Template("a-${var.b}")}))
    assert "$${file" in text and "%%{if" in text and '\\"' in text and "\\n" in text and '"a-${var.b}"' in text
    assert len(text.splitlines()) == 4
    ((_, _, body),) = blocks(parsed(text), "resource")
    assert set(body) == {"route_table_id", "gateway_id"}


def test_values_are_written_as_hcl_has_them() -> None:
    body = {"a": True, "b": 3, "c": ["x", Expression("var.y")], "d": {"k:1": "v"}, "e": Block("e")}
    assert text_of(Block("z", (), body)) == (
        'z {\n  a = true\n  b = 3\n  c = ["x", var.y]\n  d = {\n    "k:1" = "v"\n  }\n  e {}\n}\n'
    )


# what is missing


def told(form: str, *findings: Any) -> str:
    return fixes(Diagnosis(findings=findings), form, "eu-west-1")


def finding(code: str, *repairs: Repair) -> Any:
    return make_finding(code, "x", facts={"region": "eu-west-1", "host": "ssm.eu-west-1.amazonaws.com"}, repairs=repairs)


RULE = AddGroupRule(GROUP, Direction.OUT, 443, "10.0.0.0/16")


@pytest.mark.parametrize("form", FORMS)
def test_nothing_missing_is_one_line(form: str) -> None:
    text = told(form)
    if form == "cloudformation":
        assert json.loads(text)["Metadata"]["Remarks"] == ["Nothing is missing at AWS, as far as this diagnosis saw."]
        assert list(json.loads(text)["Resources"]) == ["Nothing"]
    else:
        assert text == "# Nothing is missing at AWS, as far as this diagnosis saw.\n"


@pytest.mark.parametrize("form", FORMS)
def test_silence_is_no_code(form: str) -> None:
    text = told(form, finding("endpoint-blocked"))
    assert "cannot tell which one thing" in text and "authorize-security-group" not in text and "create-vpc" not in text
    if form == "cloudformation":
        assert list(json.loads(text)["Resources"]) == ["Nothing"]
    else:
        assert {line[:1] for line in text.splitlines()} == {"#"}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_mended_on_the_machine_is_no_code(form: str) -> None:
    text = told(form, finding("agent-not-running"))
    assert "mended on the machine" in text and "aws_" not in text


@pytest.mark.parametrize("form", FORMS)
def test_only_the_repairs_of_causes_are_code(form: str) -> None:
    symptom = replace(finding("s3-unreachable", TurnOnVpcDns("vpc-0a1", "enableDnsSupport")), symptom_of="endpoint-blocked")
    text = told(form, finding("endpoint-blocked", RULE), finding("endpoint-blocked", RULE), symptom)
    assert GROUP in text and "vpc-0a1" not in text
    assert text.count("10.0.0.0/16") == 1


def test_a_title_from_a_log_stays_a_comment() -> None:
    hostile = replace(finding("endpoint-blocked", RULE), title="x\nresource {}\r\x1b[2J")
    for form in ("terraform", "cli"):
        assert not any(line.startswith("resource {}") for line in told(form, hostile).splitlines())
    json.loads(told("cloudformation", hostile))


# commands


@pytest.mark.parametrize("name", NAMES)
def test_every_command_names_its_region_and_no_id_is_left_to_fill_in(name: str) -> None:
    commands = commands_of(samples("eu-west-1")[name], "eu-west-1")
    assert any(one.changes for one in commands)
    for one in commands:
        assert one.text.count("aws ") == one.text.count("--region eu-west-1")
        assert name == "interface-of-s3" or "<" not in one.text


def test_what_a_shell_would_read_is_left_to_be_set() -> None:
    for hostile in ("$(reboot)", "sg-1; reboot", "", "sg-1\nreboot", "'x'"):
        (command,) = commands_of(AddGroupRule(hostile, Direction.IN, 443, "10.0.0.0/16"), "eu-west-1")
        assert "--group-id <SECURITY-GROUP-ID> " in command.text and "reboot" not in command.text


def test_one_group_is_made_for_several_endpoints() -> None:
    made = [
        CreateEndpoint(
            "vpc-1", f"com.amazonaws.eu-west-1.{name}", EndpointKind.INTERFACE, ("subnet-1",), client_cidrs=("10.0.0.0/8",)
        )
        for name in ("ssm", "ssmmessages")
    ]
    steps = in_steps(made)
    assert [type(one).__name__ for one in steps] == ["CreateGroup", "AddGroupRule", "CreateEndpoint", "CreateEndpoint"]
    assert isinstance(steps[0], CreateGroup) and all(
        steps[0].made in getattr(one, "group_ids", ("$ENDPOINT_GROUP",)) for one in steps
    )


def test_repairs_are_told_where_the_row_has_no_changes_of_its_own() -> None:
    """endpoint-missing, as the node sees it, has changes in its row: they name what is to be looked up first."""
    own = finding("endpoint-missing", RULE)
    assert RULE in own.repairs and not any(GROUP in one.text for one in own.remedy.aws_commands)
    shown = make_finding("endpoint-missing", "x", variant="in-aws", facts={"region": "eu-west-1"}, repairs=(RULE,))
    assert [one.text for one in shown.remedy.aws_commands if one.changes] == [one.text for one in commands_of(RULE, "eu-west-1")]
