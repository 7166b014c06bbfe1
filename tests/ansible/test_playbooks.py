"""The playbooks on one node in the lab's closed VPC, without ssh: what a check says, what a run does, and a second run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator

import pytest

from tests.ansible.fleet import DEPLOY, PLAYBOOK, SETTINGS, play, put_code, recap, variables, write_program
from tests.aws import needs_ctypes
from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.lab.machine import ROOT, why_unavailable
from tests.laws.secrets import leaks
from tests.story import prepare

pytest.importorskip("ansible", reason="ansible-core has no release for this Python")
needs_lab = pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable()))
OWN_PROGRAMS = "from tests.ansible import node; node.lay('/usr/local/bin', node.PLACE / 'here')"
"""The lab has layers over what its other tests write to; a playbook installs a program besides."""

WRITTEN = (
    "/etc/ssm-bootstrap.conf",
    "/etc/ssm-bootstrap",
    "/etc/systemd/system/ssm-bootstrap.service",
    "/usr/local/bin/ssm-bootstrap",
    "/var/lib/ssm-bootstrap",
    "/var/lib/amazon/ssm/Vault",
)
"""What a run writes."""

CHANGES = 5
"""On a node with nothing: program, configuration, units, the timer that is started, registration."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree as one file that stands where the executable does."""
    return write_program(tmp_path_factory.mktemp("program") / "ssm-bootstrap")


@pytest.fixture(scope="module")
def lab(program: Path) -> Iterator[Lab]:
    """A VPC whose instance is both the controller and the node."""
    with Lab(CASES["complete"]) as running:
        laid = running.run([sys.executable, "-c", OWN_PROGRAMS], env={"PYTHONPATH": str(ROOT)})
        assert laid.returncode == 0, laid.stderr
        prepare(running)
        put_code(running)
        running.write("/root/ssm-bootstrap", program.read_bytes(), mode=0o755)
        yield running


def inventory() -> Dict[str, object]:
    """The instance as the one node."""
    here = {**variables(Path("/root/ssm-bootstrap")), "ansible_connection": "local", "ansible_become": False}
    return {"ssm_bootstrap": {"hosts": {"here": {}}, "vars": here}}


@needs_ctypes
def test_every_playbook_can_be_read() -> None:
    books = sorted(str(path) for path in DEPLOY.glob("*.yml") if not path.name.startswith("inventory"))
    words = [sys.executable, PLAYBOOK, "--syntax-check", "-i", str(DEPLOY / "inventory.example.yml"), *books]
    done = subprocess.run(
        words, env={**SETTINGS, "PATH": "/usr/bin:/bin"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("playbook: ") == len(books) == 3


def run(lab: Lab, *more: str) -> Dict[str, int]:
    """Register by the playbook; the node's numbers."""
    done = play(lab, inventory(), "register.yml", "-v", *more)
    assert done.returncode == 0, done.stdout + done.stderr
    assert leaks(done.stdout + done.stderr) == ()
    return recap(done.stdout)["here"]


@pytest.mark.lab
@pytest.mark.timeout(600)
@needs_lab
def test_a_check_tells_what_would_be_done_and_changes_nothing(lab: Lab) -> None:
    before = {path: lab.exists(path) for path in WRITTEN}
    assert run(lab, "--check")["changed"] == CHANGES
    assert {path: lab.exists(path) for path in WRITTEN} == before


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.timeout(900)
@needs_lab
def test_a_run_does_what_the_check_told_and_a_second_one_nothing(lab: Lab) -> None:
    assert run(lab)["changed"] == CHANGES
    assert run(lab)["changed"] == 0
    assert run(lab, "--check")["changed"] == 0
    unit = "/etc/systemd/system/ssm-bootstrap.service"
    shipped = lab.read(unit)
    lab.write(unit, "[Service]\n")
    assert run(lab, "--check")["changed"] == 1 and lab.read(unit) != shipped
    assert run(lab)["changed"] == 1 and lab.read(unit) == shipped
    lab.write(unit, "[Service]\n")
    assert lab.run(["systemctl", "stop", "ssm-bootstrap-doctor.timer"]).returncode == 0
    assert run(lab, "--check")["changed"] == 2, "the unit, and the timer that does not run"
    assert run(lab)["changed"] == 2


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.timeout(600)
@needs_lab
def test_a_refused_activation_fails_the_node_with_its_cause_and_without_its_code(lab: Lab) -> None:
    prepare(lab)
    put_code(lab)
    lab.behave(activation="expired")
    try:
        done = play(lab, inventory(), "register.yml", "-vvv")
    finally:
        lab.apply(CASES["complete"])
    assert done.returncode == 2 and "activation-expired" in done.stdout.partition("Name what is in the way")[2], done.stdout
    assert leaks(done.stdout + done.stderr) == ()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ansible_lint_has_nothing_to_say_in_its_strictest_profile(tmp_path: Path) -> None:
    program = Path(PLAYBOOK).with_name("ansible-lint")
    if not program.exists():
        pytest.skip("ansible-lint has no release for this Python")
    copy = tmp_path / "deploy"
    shutil.copytree(DEPLOY, copy)
    words = [sys.executable, str(program), "--offline", "--nocolor", "--profile", "production", "-f", "json"]
    env = {"PATH": f"{program.parent}:/usr/bin:/bin", "HOME": str(tmp_path), "ANSIBLE_CONFIG": str(copy / "ansible.cfg")}

    def rules() -> set[str]:
        done = subprocess.run(words, env=env, cwd=str(copy), capture_output=True, text=True)
        found = {item["check_name"] for item in json.loads(done.stdout)}
        assert (done.returncode == 0) == (not found), done.stdout + done.stderr
        return found

    assert rules() == set()
    role = copy / "roles" / "ssm_bootstrap" / "tasks" / "register.yml"
    role.write_text(role.read_text(encoding="utf-8").replace("ansible.builtin.command", "command"), encoding="utf-8")
    assert "fqcn[action-core]" in rules()
