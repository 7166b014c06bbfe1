"""The modules as the provider has it: every argument is known, every input told and used, every reference leads somewhere.

Without the provider's plugin `terraform validate` cannot run; what it would see of names is checked here against the names in
tests/data, which were taken from bindings that are made from the provider's own schema.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest

from tests.aws.server import ROOT
from tests.deploy.template import TEMPLATES, read
from tools.stacks.parts import KINDS, printed

pytestmark = pytest.mark.skipif(sys.version_info < (3, 10), reason="python-hcl2 of today wants Python 3.10")

TERRAFORM = ROOT / "deploy" / "terraform"
MODULES = ("network", "bundle", "roles", "rotation", "nodes", "cleanup")
EXAMPLES = ("fleet", "own-vpc")
SCHEMA: Dict[str, Any] = json.loads((ROOT / "tests" / "data" / "terraform-fleet-2026-11.json").read_text(encoding="utf-8"))
META = {"count", "for_each", "depends_on", "dynamic", "lifecycle", "provider"}
ARCHIVE = {"required": ["type"], "optional": ["source_file", "output_path"]}
"""archive_file, as far as it is used here (hashicorp/archive, website/docs)."""


def texts(folder: Path) -> Dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.tf"))}


def parsed(folder: Path) -> List[Dict[str, Any]]:
    import hcl2

    return [hcl2.loads(text) for text in texts(folder).values()]


def bare(name: str) -> str:
    return name.strip('"')


def keys(body: Dict[str, Any]) -> Dict[str, Any]:
    """A block without what the parser adds to it."""
    return {bare(key): value for key, value in body.items() if not key.startswith("__")}


def blocks(folder: Path, kind: str) -> Iterator[Tuple[str, str, Dict[str, Any]]]:
    for file in parsed(folder):
        for item in file.get(kind, ()):
            for label, named in keys(item).items():
                for name, body in keys(named).items():
                    yield label, name, keys(body)


def named(folder: Path, kind: str) -> Dict[str, Dict[str, Any]]:
    """Variables, outputs and modules by their names."""
    return {name: keys(body) for file in parsed(folder) for item in file.get(kind, ()) for name, body in keys(item).items()}


def test_the_words_are_set_as_terraform_sets_them() -> None:
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("terraform is not here")
    done = subprocess.run([program, "fmt", "-check", "-recursive", str(TERRAFORM)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("module", MODULES)
def test_every_argument_is_one_of_the_provider_s(module: str) -> None:
    count = 0
    for kind in ("resource", "data"):
        for label, name, body in blocks(TERRAFORM / module, kind):
            row = ARCHIVE if label == "archive_file" else SCHEMA[kind][label]
            _check(label, row, set(body) - META, (module, name))
            _check_inner(label, row, body, (module, name))
            count += 1
    assert count >= 4


def _check(label: str, row: Dict[str, Any], given: set[str], where: Tuple[str, str]) -> None:
    assert set(row["required"]) <= given <= {*row["required"], *row["optional"]}, (where, label, given)


def _check_inner(label: str, row: Dict[str, Any], body: Dict[str, Any], where: Tuple[str, str]) -> None:
    for key, value in body.items():
        inner = SCHEMA["blocks"].get(f"{label}.{key}")
        if inner is None or not isinstance(value, list):
            continue
        for one in value:
            _check(f"{label}.{key}", inner, set(keys(one)), where)
            _check_inner(f"{label}.{key}", inner, keys(one), where)


def test_the_check_would_see_a_mistake() -> None:
    with pytest.raises(AssertionError):
        _check("aws_vpc", SCHEMA["resource"]["aws_vpc"], {"cidr"}, ("x", "y"))
    with pytest.raises(AssertionError):
        body = {"metadata_options": [{"http_token": "required"}]}
        _check_inner("aws_launch_template", SCHEMA["resource"]["aws_launch_template"], body, ("x", "y"))


@pytest.mark.parametrize("module", [*MODULES, *(f"examples/{name}" for name in EXAMPLES)])
def test_every_reference_leads_somewhere_and_every_input_is_used(module: str) -> None:
    folder = TERRAFORM / module
    text = "\n".join(texts(folder).values())
    inputs = named(folder, "variable")
    body = "\n".join(re.sub(r"(?s)\n  validation \{.*?\n  \}\n", "\n", one) for one in texts(folder).values())
    assert set(re.findall(r"\bvar\.(\w+)", text)) == set(inputs) == set(re.findall(r"\bvar\.(\w+)", body))
    values = {name for file in parsed(folder) for item in file.get("locals", ()) for name in keys(item)}
    assert set(re.findall(r"\blocal\.(\w+)", text)) == values
    resources = {(label, name) for label, name, _ in blocks(folder, "resource")}
    data = {(label, name) for label, name, _ in blocks(folder, "data")}
    pattern = r"(?<![\w.\"])(data\.)?((?:aws|archive)_\w+)\.(\w+)(?:\[[^\]]*\])?(?:\.(\w+))?"
    for prefix, label, name, attribute in re.findall(pattern, text):
        assert (label, name) in (data if prefix else resources), (prefix, label, name)
        known = SCHEMA["attributes"].get(f"{prefix}{label}")
        if attribute and known is not None:
            assert attribute in known, (label, attribute)
    assert all(re.search(rf"\b{label}\.{name}\b", text) for label, name in data), "data that nobody asks for"


@pytest.mark.parametrize("module", [*MODULES, *(f"examples/{name}" for name in EXAMPLES)])
def test_each_input_is_told_and_checked_and_each_output_told(module: str) -> None:
    folder = TERRAFORM / module
    for name, body in named(folder, "variable").items():
        assert body["description"].strip('" ') and body["type"], name
    assert all(body["description"].strip('" ') and "value" in body for body in named(folder, "output").values())
    assert (folder / "versions.tf").exists() or "required_providers" in (folder / "main.tf").read_text(encoding="utf-8")


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_gives_each_module_what_it_asks_for(example: str) -> None:
    folder = TERRAFORM / "examples" / example
    modules = named(folder, "module")
    for name, body in modules.items():
        source = (folder / bare(body["source"])).resolve()
        slots = named(source, "variable")
        given = set(body) - {"source", "depends_on"}
        assert given <= set(slots), name
        assert {slot for slot, row in slots.items() if "default" not in row} <= given, name
    for name, output in re.findall(r"\bmodule\.(\w+)\.(\w+)", (folder / "main.tf").read_text(encoding="utf-8")):
        assert output in named((folder / bare(modules[name]["source"])).resolve(), "output"), (name, output)


def test_the_example_lets_as_many_nodes_be_as_are_asked_for() -> None:
    body = named(TERRAFORM / "examples" / "fleet", "module")["nodes"]
    assert "var.nodes" in body["desired_capacity"] and "var.nodes" in body["max_size"]


def test_the_alarms_of_the_fleet_can_be_sent_somewhere() -> None:
    modules = named(TERRAFORM / "examples" / "fleet", "module")
    for name in ("rotation", "cleanup"):
        assert "var.alarm_topic_arn" in modules[name]["alarm_topic_arn"]
        alarms = {
            row: body for label, row, body in blocks(TERRAFORM / name, "resource") if label == "aws_cloudwatch_metric_alarm"
        }
        assert "failed" in alarms and all(body["alarm_actions"] for body in alarms.values())


def test_the_modules_take_what_the_templates_take() -> None:
    """An input of a template and of its module have the same pattern, as far as both have one."""
    slots = read(TEMPLATES / "nodes.yaml")["Parameters"]
    text = (TERRAFORM / "nodes" / "variables.tf").read_text(encoding="utf-8")
    for key in ("BundleBucket", "BundleKey", "BundleSha256", "Spread"):
        assert f'regex("^{slots[key]["AllowedPattern"]}$"' in text, key


def test_user_data_asks_for_what_the_module_gives() -> None:
    text = (TERRAFORM / "nodes" / "user-data.yaml.tftpl").read_text(encoding="utf-8")
    asked = set(re.findall(r"(?<!\$)\$\{(\w+)\}", text))
    assert set(re.findall(r"(?<!%)%\{ if (\w+) ", text)) == {"kind"}
    main = (TERRAFORM / "nodes" / "main.tf").read_text(encoding="utf-8")
    given = main[main.index('user-data.yaml.tftpl", {') :].split("}))")[0]
    assert asked == set(re.findall(r"^    (\w+)\s+=", given, re.MULTILINE))


@pytest.mark.parametrize("kind", KINDS)
def test_user_data_is_what_the_program_prints_for_a_parameter_and_for_a_secret(kind: str) -> None:
    """As Terraform fills a template: what is escaped is read last."""
    inputs = {"bucket": "b-b", "key": "k", "region": "eu-west-1", "sha256": "0" * 64, "parameter": "/p", "spread": "5m"}
    text = (TERRAFORM / "nodes" / "user-data.yaml.tftpl").read_text(encoding="utf-8")
    choice = r'%\{ if kind == "secret" \}(.*)%\{ else \}(.*)%\{ endif \}'
    text = re.sub(choice, lambda found: found[1 if kind == "secret" else 2], text)
    for name, value in {**inputs, "kind": kind, "domain": "amazonaws.com"}.items():
        text = re.sub(rf"(?<!\$)\$\{{{name}\}}", lambda _, value=value: value, text)
    assert text.replace("$${", "${").replace("%%{", "%{") == printed(inputs, kind)


def test_where_the_activation_is_kept_reaches_all_who_ask_for_it() -> None:
    modules = named(TERRAFORM / "examples" / "fleet", "module")
    assert "var.kind" in modules["roles"]["kind"] and "var.kind" in str(modules["network"]["more_services"])
    assert "secretsmanager" in str(modules["network"]["more_services"])
    for name in ("rotation", "nodes"):
        assert "module.roles.kind" in modules[name]["kind"]
    assert "var.parameter_key_arn" in modules["roles"]["parameter_key_arn"]
    assert "var.parameter_key_arn" in modules["rotation"]["key_arn"]


def test_a_secret_is_allowed_as_the_template_allows_it() -> None:
    """One policy in two languages: the same actions, patterns and names of conditions."""
    text = (TERRAFORM / "roles" / "main.tf").read_text(encoding="utf-8")
    template = json.dumps(read(TEMPLATES / "roles.yaml")["Resources"]["InstanceRole"])
    for told in ("secretsmanager:GetSecretValue", "ssm:GetParameter", "kms:Decrypt", "kms:ViaService", "kms:EncryptionContext:"):
        assert told in text and told in template
    for name in ("SecretARN", "PARAMETER_ARN", "StringLike"):
        assert name in text and name in template
    assert ":secret:${var.parameter_name}-??????" in text and ":secret:${ParameterName}-??????" in template
