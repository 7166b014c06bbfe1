"""What the unit does on a machine that boots: it registers once, waits, gives up where it must, and survives a power cut.

`make boot-test` runs these on the Debian releases that RELEASES names.
"""

from __future__ import annotations

import json
import time
from typing import Any, Callable, Dict, List

import pytest

from tests.boot import outfit
from tests.boot.container import Container
from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.story import DATA, LOGS

pytestmark = [pytest.mark.boot, pytest.mark.lab, pytest.mark.timeout(1800)]
UNIT, AGENT = "ssm-bootstrap.service", "amazon-ssm-agent.service"
ONLINE = "SSM Connection channel status is set to ssmmessages"
Tell = Callable[[str], None]

QUICK = "[Service]\nExecStart=\nExecStart=/usr/bin/ssm-bootstrap register --wait 2s --no-block\nRestartSec=1\n"
"""A drop-in: the wait runs out at once, and another run follows soon."""

STOP_AT = "12"
"""The step of the stand-in's `-register` before which the vault is half written, the old identity's place blanked."""


def instances(lab: Lab) -> Dict[str, Any]:
    """What AWS has registered."""
    found: Dict[str, Any] = lab.ask_aws(get="state")["instances"]
    return found


def calls(lab: Lab, operation: str) -> int:
    """How often AWS was asked for something."""
    return sum(operation in json.dumps(request) for request in lab.requests())


def agent_is_online(machine: Container) -> None:
    """Wait until the agent's unit runs and its control channel is up."""
    machine.wait_for(AGENT, ActiveState="active", SubState="running")
    machine.wait_for_words(ONLINE, lambda: machine.text(f"{LOGS}/amazon-ssm-agent.log"))


def said(machine: Container) -> Callable[[], str]:
    """The journal of our unit."""
    return lambda: machine.journal(UNIT)


def test_registers_at_boot_and_not_again(machine: Container, lab: Lab, tell: Tell) -> None:
    began = time.monotonic()
    machine.boot()
    unit = machine.wait_for(UNIT, ActiveState="active", SubState="exited")
    registered = time.monotonic() - began
    agent_is_online(machine)
    tell(f"registered {registered:.1f} s after power on, the agent online after {time.monotonic() - began:.1f} s")
    assert (unit["Result"], unit["NRestarts"]) == ("success", "0")
    (name,) = instances(lab)
    assert f"Registered: {name}" in machine.journal(UNIT)
    assert machine.run(["systemctl", "is-system-running", "--wait"]).stdout.strip() == "running"
    assert "Calculated hardware difference" not in machine.text(f"{LOGS}/amazon-ssm-agent.log")
    machine.power_off()

    lab.forget_requests()
    began = time.monotonic()
    machine.boot()
    machine.wait_for(UNIT, ActiveState="active", SubState="exited")
    tell(f"second boot: nothing to do after {time.monotonic() - began:.1f} s")
    agent_is_online(machine)
    assert f"Already registered: {name}" in machine.journal(UNIT)
    assert list(instances(lab)) == [name]
    assert not calls(lab, "RegisterManagedInstance")


def test_waits_for_the_endpoint(machine: Container, lab: Lab, tell: Tell) -> None:
    lab.apply(CASES["no-endpoints"])
    machine.boot()
    machine.wait_for_words("waiting: endpoint-missing", said(machine))
    assert machine.show(UNIT)["ActiveState"] == "activating"
    assert machine.show(AGENT)["ActiveState"] == "inactive"  # it would only end and be started again
    lab.apply(CASES["complete"])
    answers = time.time()
    machine.wait_for(UNIT, ActiveState="active")
    (record,) = instances(lab).values()
    tell(f"registered {record['registered'] - answers:.2f} s after the endpoint answers")
    agent_is_online(machine)


def test_a_wait_that_runs_out_is_begun_again(machine: Container, lab: Lab, tell: Tell) -> None:
    lab.apply(CASES["no-endpoints"])
    machine.disk.write(f"/etc/systemd/system/{UNIT}.d/quick.conf", QUICK)
    machine.boot()
    machine.wait_for(UNIT, NRestarts="1")
    assert machine.show(UNIT)["ExecMainStatus"] in ("69", "0")
    lab.apply(CASES["complete"])
    machine.wait_for(UNIT, ActiveState="active")
    agent_is_online(machine)
    assert len(instances(lab)) == 1


@pytest.mark.parametrize("why", ["refused", "absent"])
def test_a_bad_activation_stops(machine: Container, lab: Lab, tell: Tell, why: str) -> None:
    expected = "activation-invalid"
    if why == "refused":
        lab.behave(activation="invalid")
    else:
        machine.disk.place(outfit.CODE_FILE)
        expected = "no activation code was put in place"
    machine.boot()
    unit = machine.wait_for(UNIT, ActiveState="failed")
    assert expected in machine.journal(UNIT)
    assert (unit["ExecMainStatus"], unit["NRestarts"], unit["Result"]) == ("78", "0", "exit-code")
    assert calls(lab, "RegisterManagedInstance") == (why == "refused")
    # Nothing is left to do that would begin another run; the agent's own unit is no longer held up.
    assert machine.run(["systemctl", "is-system-running", "--wait"]).stdout.strip() == "degraded"
    assert machine.show(AGENT)["ActiveState"] != "inactive"
    assert machine.show(UNIT)["NRestarts"] == "0"


def test_started_while_the_agent_runs(machine: Container, lab: Lab, tell: Tell) -> None:
    """As user-data does it: a start that waits must not wait for the agent's restart, which waits for the start's end."""
    for path in ("/etc/ssm-bootstrap.conf", outfit.CODE_FILE):
        machine.disk.place(path)
    machine.boot()
    machine.wait_for(AGENT, SubState="running")  # as the EC2 instance, which has no role
    machine.wait_for_words("before retrying retrieve credentials", lambda: machine.text(f"{LOGS}/amazon-ssm-agent.log"))
    unit = machine.show(UNIT)
    assert (unit["ActiveState"], unit["ConditionResult"], unit["Result"]) == ("inactive", "no", "success")
    for path, data, mode in outfit.files_of_an_administrator():
        machine.path(path).parent.mkdir(exist_ok=True)
        machine.path(path).write_text(data)
        machine.path(path).chmod(mode)
    began = time.monotonic()
    started = machine.run(["systemctl", "start", UNIT])
    tell(f"systemctl start gave {started.returncode} after {time.monotonic() - began:.1f} s")
    assert started.returncode == 0, machine.journal(UNIT)
    agent_is_online(machine)
    assert machine.run(["systemctl", "list-jobs", "--no-legend"]).stdout.strip() in ("", "No jobs running.")


@pytest.mark.parametrize("end", ["power-cut", "reboot"])
def test_switched_off_while_waiting(machine: Container, lab: Lab, tell: Tell, end: str) -> None:
    lab.apply(CASES["no-endpoints"])
    machine.boot()
    machine.wait_for_words("waiting: endpoint-missing", said(machine))
    machine.cut() if end == "power-cut" else machine.power_off()
    lab.apply(CASES["complete"])
    machine.boot()
    machine.wait_for(UNIT, ActiveState="active")
    agent_is_online(machine)
    assert len(instances(lab)) == 1


@pytest.mark.parametrize("moment", ["vault-half-written", "call-under-way"])
def test_power_cut_while_registering(machine: Container, lab: Lab, tell: Tell, moment: str) -> None:
    drop_in = f"/etc/systemd/system/{UNIT}.d/stop.conf"
    if moment == "vault-half-written":
        machine.disk.write(drop_in, f"[Service]\nEnvironment=STANDIN_STOP_AT={STOP_AT}:STOP\n")
    else:
        lab.behave(activation="hang")
    machine.boot()
    machine.wait_for_words('"saved"', lambda: machine.text(f"{DATA}/.ssm-bootstrap/journal.json"))
    if moment == "vault-half-written":
        machine.wait_for_words("T (stopped)", lambda: status_of(machine, "-register"))
        with pytest.raises(ValueError):
            json.loads(machine.text(f"{DATA}/Vault/Store/RegistrationKey"))
    else:
        machine.wait_for_words("mi-", lambda: json.dumps(instances(lab)))
    machine.cut()
    machine.disk.place(drop_in)
    lab.behave(activation="ok")
    machine.boot()
    unit = machine.wait_for(UNIT, ActiveState="active")
    agent_is_online(machine)
    journal = machine.journal(UNIT)
    assert "was cut short" in journal
    assert unit["NRestarts"] == "0"
    answered = [name for name, record in instances(lab).items() if record["answered"]]
    assert [f"Registered: {name} " in journal for name in answered] == [True]
    tell(f"AWS has {len(instances(lab))} nodes")


def status_of(machine: Container, word: str) -> str:
    """The kernel's status of the processes that have a word among their arguments."""
    found: List[str] = []
    for entry in machine.path("/proc").iterdir():
        try:
            if entry.name.isdigit() and word.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append((entry / "status").read_text())
        except OSError:
            continue
    return "\n".join(found)
