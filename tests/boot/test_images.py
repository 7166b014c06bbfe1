"""Clones of a machine: one of a prepared image registers as a node of its own, one of an unprepared image says what it is."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator

import pytest

from tests.boot import outfit
from tests.boot.container import Container
from tests.boot.test_boot import AGENT, UNIT, Tell, agent_is_online, calls, instances
from tests.lab.client import Lab
from tests.laws.tree import ROOT
from tests.story import DATA

pytestmark = [pytest.mark.boot, pytest.mark.timeout(1800)]
OTHER_MACHINE = "f90c1b2a3d4e5f60718293a4b5c6d7e8\n"


@contextmanager
def clone_of(machine: Container, layers: outfit.Layers, lab: Lab) -> Iterator[Container]:
    """An instance of the image that a machine which is off has become."""
    with Container(lab, [machine.disk.upper, *layers.directories]) as clone:
        yield clone


def registered(machine: Container, lab: Lab) -> str:
    """Boot a machine until it is online; its node's id."""
    machine.boot()
    machine.wait_for(UNIT, ActiveState="active", SubState="exited")
    agent_is_online(machine)
    (name,) = instances(lab)
    return name


def test_a_clone_of_a_prepared_image(machine: Container, layers: outfit.Layers, lab: Lab, tell: Tell) -> None:
    old = registered(machine, lab)
    prepared = machine.run(["ssm-bootstrap", "prepare-image", "--yes", "--logs"])
    assert prepared.returncode == 0, prepared.stderr
    assert not machine.path(outfit.CODE_FILE).exists()
    machine.power_off()
    with clone_of(machine, layers, lab) as clone:
        outfit.configure(clone.disk)
        clone.boot()
        clone.wait_for(UNIT, ActiveState="active", SubState="exited")
        agent_is_online(clone)
        assert len(clone.text("/etc/machine-id").strip()) == 32
        (new,) = set(instances(lab)) - {old}
        assert f"Registered: {new}" in clone.journal(UNIT)
        doctor = clone.run(["ssm-bootstrap", "doctor", "--short", "--strict", "--for", "register,run-command"])
        assert doctor.returncode == 0, doctor.stdout


def test_a_clone_of_an_unprepared_image(machine: Container, layers: outfit.Layers, lab: Lab, tell: Tell) -> None:
    old = registered(machine, lab)
    machine.power_off()
    lab.forget_requests()
    with clone_of(machine, layers, lab) as clone:
        clone.disk.write("/etc/machine-id", OTHER_MACHINE)
        clone.boot()
        unit = clone.wait_for(UNIT, ActiveState="failed")
        said = clone.journal(UNIT)
        assert f"Already registered: {old}" in said
        assert "✗ fingerprint-mismatch" in said and "sudo ssm-bootstrap register --force" in said
        assert (unit["ExecMainStatus"], unit["NRestarts"]) == ("1", "0")
        assert list(instances(lab)) == [old] and not calls(lab, "RegisterManagedInstance")
        assert old in clone.text(f"{DATA}/registration")
        assert clone.show(AGENT)["ActiveState"] != "failed"


def test_a_clone_of_an_image_prepared_at_shutdown(machine: Container, layers: outfit.Layers, lab: Lab, tell: Tell) -> None:
    """As the component of EC2 Image Builder does it, whose orders come through the agent."""
    old = registered(machine, lab)
    machine.run(["mkdir", "-p", "/usr/local/share/ssm-bootstrap", "/usr/local/bin"])
    machine.run(["ln", "-s", "/usr/bin/ssm-bootstrap", "/usr/local/bin/ssm-bootstrap"])
    machine.run(["sh", "-c", "sha256sum </etc/machine-id >/usr/local/share/ssm-bootstrap/made-on"])
    ordered = machine.run(["sh", "-c", (ROOT / "deploy/images/prepare-at-shutdown.sh").read_text(encoding="utf-8")])
    assert (ordered.returncode, ordered.stdout) == (0, "active\n"), ordered.stderr
    assert machine.show(AGENT)["ActiveState"] == "active" and old in machine.text(f"{DATA}/registration")
    judged = (ROOT / "deploy/images/test.sh").read_text(encoding="utf-8")
    assert machine.run(["sh", "-c", judged]).returncode == 1, "this machine is still the one that the image is made on"
    machine.power_off()
    assert not (machine.disk.upper / f"{DATA}/Vault".lstrip("/")).is_dir(), "an agent that starts in the clone makes its own"
    with clone_of(machine, layers, lab) as clone:
        clone.boot()
        clone.wait_for("sysinit.target", ActiveState="active")
        tested = clone.run(["sh", "-c", judged])
        assert tested.returncode == 0, tested.stderr
        assert not clone.path("/run/systemd/system/ssm-bootstrap-prepare-image.service").exists()
        assert not clone.path(outfit.CODE_FILE).exists()
