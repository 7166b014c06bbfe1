"""What the role says of itself, without a run of Ansible."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping

import pytest
import yaml

from tests.lab.machine import ROOT

ROLE = ROOT / "deploy" / "ansible" / "roles" / "ssm_bootstrap"
SECRET = "ssm_bootstrap_activation_code"


def read(name: str) -> Any:
    """One of the role's files."""
    return yaml.safe_load((ROLE / name).read_text(encoding="utf-8"))


def tasks() -> Iterator[Dict[str, Any]]:
    """Every task of the role."""
    for path in sorted((ROLE / "tasks").glob("*.yml")):
        yield from yaml.safe_load(path.read_text(encoding="utf-8"))


def told(options: Mapping[str, Any]) -> Dict[str, Any]:
    """Names and defaults of an argument specification."""
    return {name: option["default"] for name, option in options.items()}


def test_the_argument_specification_tells_every_variable_and_its_default() -> None:
    specifications = read("meta/argument_specs.yml")["argument_specs"]
    assert told(specifications["main"]["options"]) == read("defaults/main.yml")
    assert specifications["doctor"]["options"] == specifications["main"]["options"]


def test_the_readme_has_a_row_for_every_variable() -> None:
    rows = [
        line.split("`")[1] for line in (ROLE / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    ]
    assert rows == list(read("defaults/main.yml"))


def test_no_task_that_is_given_the_code_is_logged() -> None:
    given: List[Dict[str, Any]] = [task for task in tasks() if SECRET in str(task.get("ansible.builtin.command", ""))]
    assert [task["name"] for task in given if not task.get("no_log")] == []
    assert len(given) == 2
    assert read("meta/argument_specs.yml")["argument_specs"]["main"]["options"][SECRET]["no_log"] is True


def test_the_code_stands_in_no_argument_and_in_no_file() -> None:
    words = [str(task["ansible.builtin.command"].get("argv", "")) for task in tasks() if "ansible.builtin.command" in task]
    assert [argv for argv in words if f"[{SECRET}]" in argv] == []
    assert SECRET not in (ROLE / "templates" / "ssm-bootstrap.conf.j2").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["ansible.builtin.pip", "ansible.builtin.apt", "ansible.builtin.package", "ansible.builtin.get_url"]
)
def test_nothing_is_fetched_by_a_node(name: str) -> None:
    assert [task["name"] for task in tasks() if name in task] == []


def test_what_only_looks_looks_in_a_check_too() -> None:
    looks = [
        task
        for task in tasks()
        if {"status", "doctor"} & set(str(task.get("ansible.builtin.command", "")).replace("'", " ").split())
    ]
    assert all(task["check_mode"] is False and task["changed_when"] is False for task in looks)
