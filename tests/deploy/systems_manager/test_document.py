"""The document: of the schema that Systems Manager documents, its shell in order, and run by sh with a program in its place."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Dict, List

import pytest
import yaml

from ssm_bootstrap.cli import main
from ssm_bootstrap.cli.entry import parser_for
from ssm_bootstrap.cli.saving import observations_text
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.model.capability import Capability
from tests.deploy.programs import DEPLOY, found, needs
from tests.render.reports import CLOSED

PLACE = DEPLOY / "systems-manager"
SCRIPT = (PLACE / "doctor.sh").read_text(encoding="utf-8")
USED = re.compile(r"\{\{ ?(\w+) ?\}\}")

# https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html
TOP = {"schemaVersion", "description", "parameters", "mainSteps", "variables", "files", "outputs"}
OF_A_PARAMETER = {
    *("type", "description", "default", "allowedValues", "allowedPattern", "displayType", "interpolationType"),
    *("minItems", "maxItems", "minChars", "maxChars"),
}
OF_A_STEP = {"action", "name", "inputs", "precondition", "isEnd", "isCritical", "nextStep", "onFailure", "onSuccess", "outputs"}


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, which are left as they are."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: f"!{suffix}")


def document() -> Dict[str, Any]:
    template = yaml.load((PLACE / "nodes.yaml").read_text(encoding="utf-8"), Loader)
    content: Dict[str, Any] = template["Resources"]["DoctorDocument"]["Properties"]["Content"]
    return content


DOCUMENT = document()
PARAMETERS: Dict[str, Dict[str, Any]] = DOCUMENT["parameters"]
(STEP,) = DOCUMENT["mainSteps"]
(COMMAND,) = STEP["inputs"]["runCommand"]


def test_it_is_of_the_documented_schema() -> None:
    assert set(DOCUMENT) <= TOP and DOCUMENT["schemaVersion"] == "2.2"
    for name, row in PARAMETERS.items():
        assert re.fullmatch(r"[A-Za-z0-9]+", name) and set(row) <= OF_A_PARAMETER
        assert row["type"] == "String" and row["description"]
    assert set(STEP) <= OF_A_STEP and {"action", "name", "inputs"} <= set(STEP)
    assert STEP["action"] == "aws:runShellScript"
    assert STEP["precondition"] == {"StringEquals": ["platformType", "Linux"]}
    assert set(STEP["inputs"]) == {"runCommand", "timeoutSeconds"}
    assert 600 <= int(STEP["inputs"]["timeoutSeconds"]) <= 172800
    assert len(json.dumps(DOCUMENT)) < 64 * 1024


def test_every_parameter_is_used_and_every_use_is_a_parameter() -> None:
    assert set(USED.findall(COMMAND)) == set(PARAMETERS)
    assert COMMAND.count("{{") == len(PARAMETERS)


def accepted(name: str, value: str) -> bool:
    """Whether Systems Manager takes a value."""
    row = PARAMETERS[name]
    if "allowedValues" in row:
        return value in row["allowedValues"]
    assert row["allowedPattern"].startswith("^") and row["allowedPattern"].endswith("$")
    return re.fullmatch(row["allowedPattern"], value) is not None


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_default_is_accepted(name: str) -> None:
    assert accepted(name, PARAMETERS[name]["default"])


@pytest.mark.parametrize("capability", [one.value for one in Capability])
def test_every_capability_is_accepted(capability: str) -> None:
    assert accepted("Capabilities", capability) and accepted("Capabilities", f"patch,{capability}")


@pytest.mark.parametrize("value", ["90s", "1m", "10m", "999s", ""])
def test_what_is_accepted_as_a_wait_is_one(value: str) -> None:
    assert accepted("Wait", value)
    if value:
        seconds = parser_for(["doctor"]).parse_args(["doctor", "--wait", value]).wait
        assert 0 < seconds < int(STEP["inputs"]["timeoutSeconds"]) or value == "999s"


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize(
    "value", ["'; id; '", "$(id)", "`id`", "x y", "patch,", ",patch", "patch\nid", "{{ Wait }}", "--save", "1d"]
)
def test_nothing_else_is_accepted(name: str, value: str) -> None:
    assert not accepted(name, value)


# the shell


def substituted(**given: str) -> str:
    """The command as the agent writes it down."""
    values = {**{name: row["default"] for name, row in PARAMETERS.items()}, **given}
    for name, value in values.items():
        assert accepted(name, value), (name, value)
    return USED.sub(lambda one: values[one[1]], COMMAND)


@needs("shellcheck")
@pytest.mark.parametrize(
    "given", [{}, {"Capabilities": "patch,session", "Wait": "5m", "Inventory": "no"}], ids=["default", "all"]
)
def test_shellcheck_has_nothing_to_say(given: Dict[str, str]) -> None:
    words = [str(found("shellcheck")), "--shell=sh", "-"]
    done = subprocess.run(words, input=substituted(**given), capture_output=True, text=True, timeout=60)
    # SC2050, SC2157: what was a parameter is a constant once it is filled in.
    left = [line for line in done.stdout.splitlines() if "SC" in line and not re.search("SC2050|SC2157", line)]
    assert left == [], done.stdout


PROGRAM = """#!/bin/sh
for word in "$@"; do printf '<%s>' "$word"; done
echo
exit {status}
"""
PLACES = "/usr/local/bin /usr/bin /usr/sbin /opt/ssm-bootstrap/bin"


def run(tmp_path: Path, places: List[str], path: str = "/usr/bin:/bin", **given: str) -> subprocess.CompletedProcess[str]:
    """The command run by sh, with the places that it looks at put elsewhere."""
    text = substituted(**given)
    assert text.count(f"for place in {PLACES};") == 1
    text = text.replace(f"for place in {PLACES};", f"for place in {' '.join(places)};")
    return subprocess.run(["sh", "-c", text], env={"PATH": path}, cwd=tmp_path, capture_output=True, text=True, timeout=60)


def put(directory: Path, status: int = 0) -> str:
    directory.mkdir()
    program = directory / "ssm-bootstrap"
    program.write_text(PROGRAM.format(status=status), encoding="utf-8")
    program.chmod(0o755)
    return directory.name


def test_a_node_without_the_program_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for program in ("printf", "sh"):
        (tmp_path / "empty" / program).symlink_to("/bin/sh")
    done = run(tmp_path, ["none", "nowhere"], path=str(tmp_path / "empty"))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (127, "", 1)
    assert all(place in done.stderr for place in PLACES.split())


@pytest.mark.parametrize("status", [0, 1, 69, 75, 77, 78])
def test_the_exit_status_is_the_doctors(tmp_path: Path, status: int) -> None:
    done = run(tmp_path, ["none", put(tmp_path / "one", status)])
    assert (done.returncode, done.stderr) == (status, "")
    assert done.stdout == "<doctor><--short><--width><100><--inventory>\n"


def test_the_first_place_counts_and_the_path_comes_last(tmp_path: Path) -> None:
    places = [put(tmp_path / "one", 3), put(tmp_path / "two", 4)]
    assert run(tmp_path, places).returncode == 3
    assert run(tmp_path, ["none"], path=f"{tmp_path / 'two'}:/usr/bin:/bin").returncode == 4


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"Inventory": "no"}, []),
        ({"Wait": "90s"}, ["--wait", "90s", "--inventory"]),
        ({"Capabilities": "patch,session"}, ["--for", "patch,session"]),
        ({"Capabilities": "patch", "Wait": "5m", "Inventory": "no"}, ["--for", "patch", "--wait", "5m"]),
        ({"Format": "json"}, ["--inventory"]),
        ({"Format": "json", "Capabilities": "patch", "Wait": "5m"}, ["--for", "patch", "--wait", "5m"]),
    ],
    ids=str,
)
def test_parameters_become_flags_that_the_doctor_has(tmp_path: Path, given: Dict[str, str], words: List[str]) -> None:
    done = run(tmp_path, [put(tmp_path / "one")], **given)
    said = re.findall(r"<([^>]*)>", done.stdout)
    form = ["--json"] if given.get("Format") == "json" else ["--short", "--width", "100"]
    assert said == ["doctor", *form, *words]
    parser_for(said).parse_args(said)


def test_what_it_prints_as_json_is_read_by_fleet_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doctor itself, of what was seen on a node, below the folders that Run Command makes in a bucket for its output."""
    pytest.importorskip("duckdb")
    saved = tmp_path / "seen.json"
    saved.write_text(observations_text(CLOSED), encoding="utf-8")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "ssm-bootstrap"
    doctor = f"{shlex.quote(sys.executable)} -m ssm_bootstrap"
    program.write_text(f'#!/bin/sh\nexec {doctor} "$@" --replay {shlex.quote(str(saved))}\n', encoding="utf-8")
    program.chmod(0o755)
    text = substituted(Format="json", Inventory="no").replace(f"for place in {PLACES};", "for place in bin;")
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(DEPLOY.parent)}
    done = subprocess.run(["sh", "-c", text], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "")
    place = tmp_path / "reports" / "11111111-2222-3333-4444-555555555555" / "mi-1" / "awsrunShellScript" / "doctor"
    place.mkdir(parents=True)
    (place / "stdout").write_text(done.stdout, encoding="utf-8")
    taken_at = datetime.fromisoformat(json.loads(done.stdout)["taken_at"])
    monkeypatch.setattr(Clock, "now", lambda clock: taken_at)
    assert main(["fleet", "report", str(tmp_path / "reports"), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["nodes"], told["broken"], told["unread"]) == (1, 1, [])


def test_a_schedule_can_print_json_for_a_bucket() -> None:
    template = yaml.load((PLACE / "nodes.yaml").read_text(encoding="utf-8"), Loader)
    assert template["Resources"]["DoctorAssociation"]["Properties"]["Parameters"] == {"Format": ["!Ref"]}
    assert template["Parameters"]["Format"]["AllowedValues"] == PARAMETERS["Format"]["allowedValues"] == ["text", "json"]


def test_the_script_stands_in_the_document_as_it_is_in_its_file() -> None:
    assert COMMAND == SCRIPT
