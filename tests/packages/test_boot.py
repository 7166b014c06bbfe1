"""The deb on a machine that runs: installed, set up by its own `install`, registered at boot, purged; the node stays online."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.boot import image, outfit
from tests.boot.container import Container
from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.packages.conftest import Made
from tests.story import ACTIVATION, CODE, LOGS, REGION

pytestmark = [pytest.mark.boot, pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(1800)]
UNIT, TIMER, AGENT = "ssm-bootstrap.service", "ssm-bootstrap-doctor.timer", "amazon-ssm-agent.service"
OURS = ("usr/bin", "usr/lib/systemd/system", "usr/lib/tmpfiles.d", "etc/systemd/system/multi-user.target.wants")
SET_UP = f"ssm-bootstrap install --region {REGION} --activation-id {ACTIVATION} --activation-code-file - --start"
LEFT = "find / -xdev -name '*ssm-bootstrap*' ! -path '/proc/*' ! -path '/root/*' ! -path '/var/lib/dpkg/*' ! -path '/sys/*'"


@pytest.fixture
def machine(made: Made) -> Iterator[Container]:
    """A Debian 12 with the agent, on whose disk the package lies; it is off and knows nothing of us."""
    try:
        tree = image.tree("bookworm")
    except image.Unavailable as error:
        pytest.skip(str(error))
    with Lab(CASES["complete"]) as lab, Container(lab, [tree]) as dressed:
        outfit.dress(dressed.disk, lab)
        for place in OURS:
            for path in (dressed.disk.upper / place).glob("ssm-bootstrap*"):
                path.unlink()
        dressed.prepare(["update-ca-certificates"])
        dressed.disk.write("/root/ours.deb", made.deb.read_bytes())
        yield dressed


def done(machine: Container, script: str, stdin: str = "") -> str:
    """What a script that must succeed says on the machine."""
    ended = machine.run(["sh", "-c", script], stdin=stdin)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def is_online(machine: Container) -> None:
    machine.wait_for(AGENT, ActiveState="active", SubState="running")
    words = "SSM Connection channel status is set to ssmmessages"
    machine.wait_for_words(words, lambda: machine.text(f"{LOGS}/amazon-ssm-agent.log"))


def test_the_life_of_a_package(machine: Container) -> None:
    machine.boot()
    done(machine, "dpkg -i /root/ours.deb")
    for unit in (UNIT, TIMER):
        assert machine.show(unit)["ActiveState"] == "inactive"
        assert machine.run(["systemctl", "is-enabled", unit]).stdout.strip() == "disabled"
    machine.power_off()

    machine.boot()  # with the configuration as it comes: nothing fails
    assert machine.run(["systemctl", "--failed", "--no-legend", "list-units", "ssm-bootstrap*"]).stdout == ""
    assert machine.show(UNIT)["ActiveState"] == "inactive"
    said = done(machine, SET_UP, stdin=CODE)
    assert "/etc/systemd/system/ssm-bootstrap" not in said  # the package's units are used
    machine.wait_for(UNIT, ActiveState="active", SubState="exited")
    is_online(machine)
    machine.power_off()

    machine.boot()
    machine.wait_for(UNIT, ActiveState="active", SubState="exited")
    assert "Already registered" in machine.journal(UNIT)
    is_online(machine)
    node = json.loads(done(machine, "ssm-bootstrap status --json"))["identity"]["managed_instance_id"]
    process = machine.show(AGENT)["MainPID"]

    done(machine, "dpkg -P ssm-bootstrap")
    assert machine.show(AGENT)["MainPID"] == process
    assert done(machine, "grep -rl " + node + " /var/lib/amazon/ssm/Vault") != ""
    assert machine.run(["systemctl", "--no-legend", "list-unit-files", "ssm-bootstrap*"]).stdout == ""
    assert done(machine, LEFT) == ""
