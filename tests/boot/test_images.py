"""Clones of a machine: one of a prepared image registers as a node of its own, one of an unprepared image says what it is."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator

import pytest

from tests.boot import outfit
from tests.boot.container import Container
from tests.boot.test_boot import AGENT, UNIT, Tell, agent_is_online, calls, instances
from tests.lab.client import Lab
from tests.story import DATA

pytestmark = [pytest.mark.boot, pytest.mark.timeout(300)]
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
        assert "fingerprint-mismatch" in said and "keep the identity out of images" in " ".join(said.split())
        assert (unit["ExecMainStatus"], unit["NRestarts"]) == ("1", "0")
        assert list(instances(lab)) == [old] and not calls(lab, "RegisterManagedInstance")
        assert old in clone.text(f"{DATA}/registration")
        assert clone.show(AGENT)["ActiveState"] != "failed"
