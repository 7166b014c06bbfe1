"""The component of EC2 Image Builder: of the documented structure, made of the scripts as they are, and linted in its stack."""

from __future__ import annotations

import json
import re
import sys
from typing import Any, Dict, List

import pytest
import yaml

from tests.aws import needs_ctypes
from tests.cfnlint import complaints
from tests.deploy.programs import DEPLOY

PLACE = DEPLOY / "images"
TEXT = (PLACE / "component.yaml").read_text(encoding="utf-8")
COMPONENT: Dict[str, Any] = yaml.safe_load(TEXT)
STEPS: Dict[str, Dict[str, Any]] = {
    f"{phase['name']}.{step['name']}": step for phase in COMPONENT["phases"] for step in phase["steps"]
}

# https://docs.aws.amazon.com/imagebuilder/latest/userguide/toe-use-documents.html: the document's schema, and its actions
OF_A_STEP = {"name", "action", "timeoutSeconds", "onFailure", "maxAttempts", "inputs", "if", "loop"}
ACTIONS = {"ExecuteBash": dict, "S3Download": list}


def test_it_is_of_the_documented_structure() -> None:
    assert set(COMPONENT) <= {"name", "description", "schemaVersion", "parameters", "constants", "phases"}
    assert COMPONENT["schemaVersion"] == 1.0
    assert [phase["name"] for phase in COMPONENT["phases"]] == ["build", "validate", "test"]
    for phase in COMPONENT["phases"]:
        assert set(phase) == {"name", "steps"}
        assert len({step["name"] for step in phase["steps"]}) == len(phase["steps"])
    for parameter in COMPONENT["parameters"]:
        ((name, row),) = parameter.items()
        assert re.fullmatch(r"[A-Za-z0-9]+", name) and set(row) <= {"type", "default", "description"} and row["type"] == "string"


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_of_the_documented_structure(name: str) -> None:
    step = STEPS[name]
    assert set(step) <= OF_A_STEP and {"name", "action", "inputs"} <= set(step)
    assert isinstance(step["inputs"], ACTIONS[step["action"]])
    assert step["onFailure"] == "Abort" and 0 < step["timeoutSeconds"] <= 7200
    if step["action"] == "ExecuteBash":
        assert set(step["inputs"]) == {"commands"} and all(isinstance(one, str) for one in step["inputs"]["commands"])
    else:
        assert all(set(one) <= {"source", "destination", "expectedBucketOwner", "overwrite"} for one in step["inputs"])


def test_every_parameter_is_used_and_every_use_is_a_parameter() -> None:
    declared = {name for parameter in COMPONENT["parameters"] for name in parameter}
    text = json.dumps(COMPONENT["phases"])
    assert set(re.findall(r"\{\{ (\w+) \}\}", text)) == declared and text.count("{{") == len(declared)


def test_what_is_fetched_is_what_is_installed() -> None:
    (fetched,) = STEPS["build.Fetch"]["inputs"]
    assert f"export SSM_BOOTSTRAP_FILE='{fetched['destination']}'\n" in STEPS["build.Install"]["inputs"]["commands"][0]


def test_no_step_stops_the_agent_through_which_it_is_ordered() -> None:
    for name, step in STEPS.items():
        commands: List[str] = step["inputs"]["commands"] if step["action"] == "ExecuteBash" else []
        run = [
            line
            for text in commands
            for line in text.splitlines()
            if re.match(r"\s*(/usr/local/bin/)?ssm-bootstrap prepare", line)
        ]
        assert run == [], name
    assert (
        "ExecStop=/usr/local/bin/ssm-bootstrap prepare-image --yes\n"
        in STEPS["validate.PrepareAtShutdown"]["inputs"]["commands"][0]
    )
    assert list(STEPS)[-2:] == ["validate.PrepareAtShutdown", "test.TestInstance"]


# the stack


@needs_ctypes
@pytest.mark.skipif(sys.version_info < (3, 10), reason="cfn-lint of today wants Python 3.10")
@pytest.mark.parametrize("region", ["eu-west-1", "ap-northeast-1", "us-gov-west-1", "cn-north-1"])
def test_cfn_lint_has_nothing_to_say(region: str) -> None:
    assert complaints((PLACE / "image-builder.yaml").read_text(encoding="utf-8"), [region]) == []


@needs_ctypes
@pytest.mark.skipif(sys.version_info < (3, 10), reason="cfn-lint and boto3 of today want Python 3.10")
def test_the_stack_asks_for_calls_that_image_builder_has() -> None:
    from tests.deploy.systems_manager.stack import Stack
    from tests.deploy.systems_manager.test_templates import is_shaped

    stack = Stack(
        PLACE / "image-builder.yaml",
        Source="s3://bucket/ssm-bootstrap-x86_64",
        Sha256="0" * 64,
        InstanceProfile="ImageBuilder",
        SubnetId="subnet-0123456789abcdef0",
        SecurityGroupId="sg-0123456789abcdef0",
    )
    (component,) = stack.properties("AWS::ImageBuilder::Component").values()
    assert component["Data"] == TEXT and len(component["Data"]) <= 16000
    (recipe,) = stack.properties("AWS::ImageBuilder::ImageRecipe").values()
    (given,) = recipe["Components"]
    assert {one["Name"] for one in given["Parameters"]} == {name for parameter in COMPONENT["parameters"] for name in parameter}
    calls = {"AWS::ImageBuilder::Component": "CreateComponent", "AWS::ImageBuilder::ImageRecipe": "CreateImageRecipe"}
    calls["AWS::ImageBuilder::InfrastructureConfiguration"] = "CreateInfrastructureConfiguration"
    calls["AWS::ImageBuilder::ImagePipeline"] = "CreateImagePipeline"
    for kind, call in calls.items():
        for row in stack.properties(kind).values():
            is_shaped("imagebuilder", call, {**as_called(row, call), "clientToken": "x"})


def as_called(row: Dict[str, Any], call: str) -> Dict[str, Any]:
    """Properties as the API names them: a small letter first, and the version of a component or recipe by its whole name."""
    inner = lower(row)
    if "version" in inner:
        inner["semanticVersion"] = inner.pop("version")
    return inner


def lower(node: Any) -> Any:
    if isinstance(node, dict):
        return {f"{key[0].lower()}{key[1:]}": lower(value) for key, value in node.items()}
    return [lower(item) for item in node] if isinstance(node, list) else node
