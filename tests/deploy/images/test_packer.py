"""The Packer template: HCL that parses, with variables that are used, scripts that are there, and prepare-image last."""

from __future__ import annotations

import re
import sys
from typing import Any, Dict, List, Mapping

import pytest

from tests.deploy.programs import DEPLOY

pytestmark = pytest.mark.skipif(sys.version_info < (3, 10), reason="python-hcl2 of today wants Python 3.10")

PLACE = DEPLOY / "images"
TEXT = (PLACE / "ssm-bootstrap.pkr.hcl").read_text(encoding="utf-8")

# https://developer.hashicorp.com/packer/integrations/hashicorp/amazon/latest/components/builder/ebs
OF_AMAZON_EBS = {
    *("region", "source_ami", "instance_type", "subnet_id", "ssh_username", "ssh_interface", "temporary_key_pair_type"),
    *("ami_name", "ami_description", "encrypt_boot", "kms_key_id", "imds_support", "metadata_options", "tags"),
}
# https://developer.hashicorp.com/packer/docs/templates/hcl_templates/functions
FUNCTIONS = {"can", "regex", "contains", "formatdate", "timestamp"}


@pytest.fixture(scope="module")
def template() -> Dict[str, Any]:
    import hcl2

    found: Dict[str, Any] = clean(hcl2.loads(TEXT))
    return found


def clean(node: Any) -> Any:
    """Without what python-hcl2 adds of its own, and without the quotes that it leaves around texts."""
    if isinstance(node, dict):
        return {key.strip('"'): clean(value) for key, value in node.items() if not key.startswith("__")}
    if isinstance(node, list):
        return [clean(item) for item in node]
    return node[1:-1] if isinstance(node, str) and len(node) > 1 and node[0] == node[-1] == '"' else node


def variables(template: Mapping[str, Any]) -> Dict[str, Dict[str, Any]]:
    return {name: row for one in template["variable"] for name, row in one.items()}


def test_every_variable_is_described_and_used(template: Dict[str, Any]) -> None:
    declared = variables(template)
    assert set(re.findall(r"\bvar\.(\w+)", TEXT)) == set(declared)
    for name, row in declared.items():
        assert row["type"] == "string" and row["description"].endswith("."), name
        body = TEXT.partition(f'variable "{name}" {{')[2].partition("\n}\n")[0]
        assert len(re.findall(r"\bvar\.\w+", TEXT)) > 0 and TEXT.replace(body, "").count(f"var.{name}") >= 1, name


def test_what_has_no_default_is_what_the_example_gives(template: Dict[str, Any]) -> None:
    needed = {name for name, row in variables(template).items() if "default" not in row}
    assert set(re.findall(r"-var (\w+)=", TEXT)) == needed == {"region", "source_ami", "program", "sha256"}


def test_only_functions_that_packer_has_are_called() -> None:
    code = re.sub(r'"(?:[^"\\$]|\\.|\$(?!\{))*"', '""', re.sub(r"#.*", "", TEXT))
    assert set(re.findall(r"\b([a-z0-9]+)\(", code)) <= FUNCTIONS


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        (
            "source_ami",
            ["ami-0123456789abcdef0", "ami-01234567"],
            ["", "ami-xyz", "i-0123456789abcdef0", "ami-0123456789abcdef01"],
        ),
        ("sha256", ["0" * 64], ["", "0" * 63, "G" * 64]),
    ],
)
def test_a_value_of_a_wrong_shape_is_refused(template: Dict[str, Any], name: str, right: List[str], wrong: List[str]) -> None:
    (validation,) = variables(template)[name]["validation"]
    (pattern,) = re.findall(r'regex\("([^"]+)"', validation["condition"])
    assert all(re.fullmatch(pattern, value) for value in right) and not any(re.fullmatch(pattern, value) for value in wrong)
    assert validation["error_message"].startswith("Expected")


def test_a_session_of_systems_manager_is_refused(template: Dict[str, Any]) -> None:
    (validation,) = variables(template)["ssh_interface"]["validation"]
    allowed = re.findall(r'"(\w+)"', validation["condition"])
    assert "session_manager" not in allowed and variables(template)["ssh_interface"]["default"] in allowed


def test_the_source_has_what_amazon_ebs_has(template: Dict[str, Any]) -> None:
    (source,) = template["source"]
    body = source["amazon-ebs"]["image"]
    assert set(body) == OF_AMAZON_EBS
    assert body["encrypt_boot"] is True and body["imds_support"] == "v2.0"


def test_scripts_are_there_and_prepare_image_comes_last(template: Dict[str, Any]) -> None:
    (build,) = template["build"]
    kinds = [next(iter(one)) for one in build["provisioner"]]
    assert kinds == ["file", "shell", "shell"]
    shells = [one["shell"] for one in build["provisioner"][1:]]
    run = [script for one in shells for script in one.get("scripts", [one.get("script")])]
    assert run == ["${path.root}/install.sh", "${path.root}/verify.sh", "${path.root}/prepare.sh"]
    assert all((PLACE / script.rpartition("/")[2]).is_file() for script in run)
    assert all(one["execute_command"].startswith("sudo env {{ .Vars }} sh ") for one in shells)
    given = [one.partition("=")[0] for one in shells[0]["environment_vars"]]
    assert given == re.findall(r"\$\{(\w+):\?", (PLACE / "install.sh").read_text(encoding="utf-8"))
