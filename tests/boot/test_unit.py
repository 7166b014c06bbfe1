"""What systemd itself says of the unit, what its hardening leaves to be seen, and where the activation code comes from."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Callable, Dict, Iterator

import pytest

from tests.boot import firmware, outfit
from tests.boot.container import Container
from tests.boot.test_boot import UNIT, agent_is_online
from tests.lab.client import Lab

pytestmark = [pytest.mark.boot, pytest.mark.lab, pytest.mark.timeout(1800)]
MOST_EXPOSED = 3.0
PROBE = Path(__file__).resolve().parent / "fingerprint"
WRITABLE = ("/var/lib/amazon/x", "/var/lib/amazon/ssm/Vault/x", "/var/log/amazon/x", "/run/x", "/var/cache/ssm-bootstrap/x")
READ_ONLY = ("/root/x", "/etc/x", "/usr/bin/x", "/var/lib/x", "/var/log/x", "/sys/x", "/proc/sys/kernel/hostname")
Tell = Callable[[str], None]


@pytest.fixture(scope="module")
def running(layers: outfit.Layers, lab: Lab) -> Iterator[Container]:
    """A machine that has registered and stays on."""
    with Container(lab, layers.directories) as machine:
        outfit.configure(machine.disk)
        machine.disk.write("/usr/local/bin/fingerprint", PROBE.read_bytes(), mode=0o755)
        machine.boot()
        machine.wait_for(UNIT, ActiveState="active")
        agent_is_online(machine)
        yield machine


def run_unit(machine: Container, name: str, service: str) -> Dict[str, str]:
    """Run a oneshot unit made of the settings of a [Service] section to its end; its properties."""
    machine.path("/run/systemd/system").mkdir(exist_ok=True)
    machine.path(f"/run/systemd/system/{name}.service").write_text(f"[Service]\n{service}")
    machine.run(["systemctl", "daemon-reload"])
    machine.run(["systemctl", "start", name])
    return dict(machine.show(f"{name}.service"))


def hardening() -> str:
    """The settings of our unit without what it runs, and when again."""
    service = (outfit.UNITS / UNIT).read_text().split("[Service]\n")[1].split("[Install]")[0]
    return "\n".join(line for line in service.splitlines() if not line.startswith(("Exec", "Restart", "RemainAfter")))


def fingerprint(machine: Container, name: str, settings: str) -> Dict[str, Any]:
    """What the probe sees as a unit with these settings."""
    output = f"/run/{name}.json"
    machine.path(output).unlink(missing_ok=True)
    words = f"ExecStart=/usr/local/bin/fingerprint\nStandardOutput=file:{output}\n"
    shown = run_unit(machine, name, settings + "\n" + words)
    assert shown["Result"] == "success", machine.journal(f"{name}.service")
    found: Dict[str, Any] = json.loads(machine.text(output))
    return found


def test_the_hardware_fingerprint_is_the_same_inside(running: Container, tell: Tell) -> None:
    running.run(["mount", "-t", "tmpfs", "tmpfs", "/sys/firmware"])
    for name, data in firmware.tables().items():
        at = running.path(f"/sys/firmware/dmi/tables/{name}")
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(data)
        at.chmod(0o400)
    running.run(["mkdir", "-p", "/dev/disk/by-uuid"])
    running.run(["ln", "-s", "../../nvme0n1p1", "/dev/disk/by-uuid/2f0c7d5e-6c1f-4e0c-9a55-0c8d0d6b8f11"])

    outside = fingerprint(running, "outside", "Type=oneshot\n")
    inside = fingerprint(running, "inside", hardening())
    assert inside == outside
    assert "ec2lab00-0001" in outside["system"][1]  # the probe has really seen something
    assert "2f0c7d5e" in outside["disks"][1]
    assert "10.0.1.10" in outside["addresses"][1]
    assert outside["agent"] == ["amazon-ssm-agent", "ssm-agent-worker"]
    tell("the same: " + ", ".join(inside))


def test_systemd_finds_nothing_to_say_of_the_unit(running: Container, tell: Tell) -> None:
    done = running.run(["systemd-analyze", "verify", f"/lib/systemd/system/{UNIT}"])
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_exposure(running: Container, tell: Tell) -> None:
    done = running.run(["systemd-analyze", "security", "--no-pager", UNIT])
    found = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    version = running.run(["systemctl", "--version"]).stdout.split()[1]
    tell(f"exposure {found[1]} by systemd {version}")
    assert float(found[1]) <= MOST_EXPOSED


def test_what_may_be_written(running: Container, tell: Tell) -> None:
    """Identity, logs, the lock and our own cache; the vault's directory has no right to be entered, which root needs not."""
    running.run(["chmod", "600", "/var/lib/amazon/ssm"])
    paths = " ".join((*WRITABLE, *READ_ONLY))
    script = f"for path in {paths}; do ( : >$$path ) 2>/dev/null && echo $$path && rm $$path; done; true"
    running.path("/run/written").write_text("")
    shown = run_unit(running, "written", f"{hardening()}\nExecStart=/bin/sh -c '{script}'\nStandardOutput=file:/run/written\n")
    assert shown["Result"] == "success"
    assert tuple(running.text("/run/written").split()) == WRITABLE


@pytest.mark.parametrize(
    ("there", "default", "status", "text"),
    [
        (True, True, "0", "from the file"),
        (False, True, "0", "unset"),
        (True, False, "0", "from the file"),
        (False, False, "243", ""),
    ],
    ids=["file-and-default", "default-alone", "file-alone", "neither"],
)
def test_credentials(running: Container, tell: Tell, there: bool, default: bool, status: str, text: str) -> None:
    """The file goes before the default; without both, systemd ends the unit before its program runs."""
    code = running.path("/root/credential")
    code.unlink(missing_ok=True)
    if there:
        code.write_text("from the file")
        code.chmod(0o600)
    lines = ["Type=oneshot", "LoadCredential=activation-code:/root/credential", "StandardOutput=file:/run/said"]
    lines += ["SetCredential=activation-code:unset"] if default else []
    script = """ExecStart=/bin/sh -c 'cat "$$CREDENTIALS_DIRECTORY/activation-code"'"""
    running.path("/run/said").write_text("")
    shown = run_unit(running, "credential", "\n".join([*lines, script, ""]))
    assert (shown["ExecMainStatus"], running.text("/run/said")) == (status, text)
