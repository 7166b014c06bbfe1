"""A pipe, a socket or a device where a file of the machine should lie: every look ends, and says what it could not read."""

from __future__ import annotations

import json
from typing import Callable, Iterator, Optional

import pytest

from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.story import REGION, register_words
from tests.variants import some

pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")]

FILES = (
    "/var/log/amazon/ssm/amazon-ssm-agent.log",
    "/var/log/amazon/ssm/amazon-ssm-agent.log.1",
    "/var/log/amazon/ssm/errors.log",
    "/var/log/amazon/ssm/hibernate.log",
    "/etc/amazon/ssm/amazon-ssm-agent.json",
    "/etc/amazon/ssm/seelog.xml",
    "/var/lib/amazon/ssm/registration",
    "/var/lib/amazon/ssm/Vault/Manifest",
    "/var/lib/amazon/ssm/Vault/Store/RegistrationKey",
    "/var/lib/amazon/ssm/Vault/Store/InstanceFingerprint",
    "/var/lib/ssm-bootstrap/journal.json",
    "/etc/ssm-bootstrap.d/site.conf",
    "/etc/apt/sources.list",
    "/etc/apt/sources.list.d/more.list",
    "/etc/apt/sources.list.d/more.sources",
    "/etc/apt/apt.conf.d/99proxy",
    "/etc/apt/auth.conf",
    "/var/lib/dpkg/status",
    "/var/log/audit/audit.log",
    "/etc/os-release",
    "/etc/machine-id",
    "/root/.aws/credentials",
)
MAKE = {
    "pipe": "mkfifo odd",
    "socket": "python3 -c \"import socket; socket.socket(1).bind('odd')\"",
    "device": "ln -s /dev/zero odd",
}
# Renamed into place: a running agent makes its log anew as soon as it is gone.
PLACE = 'mkdir -p "${1%/*}" && cd "${1%/*}" && rm -f odd && {make} && mv -fT odd "$1"'


@pytest.fixture
def odd(lab: Lab) -> Iterator[Callable[[str, str], None]]:
    """Puts something odd at a path of the instance, and what was there back at the end."""
    assert lab.run(["ssm-bootstrap", *register_words()]).returncode == 0
    kept: dict[str, Optional[bytes]] = {}

    def put(kind: str, path: str) -> None:
        kept[path] = lab.read(path) if lab.exists(path) else None
        made = lab.run(["sh", "-c", PLACE.replace("{make}", MAKE[kind]), "sh", path])
        assert made.returncode == 0, made.stderr

    yield put
    for path, content in kept.items():
        lab.remove(path)
        if content is not None and "amazon" not in path:
            lab.write(path, content)


@pytest.mark.parametrize("kind", some(MAKE, ["pipe"]))
def test_every_look_ends(lab: Lab, odd: Callable[[str, str], None], kind: str) -> None:
    """All of them at once: whichever is waited for, or read without an end, keeps the command from ending."""
    for path in FILES:
        odd(kind, path)
    for words in (
        ["status"],
        ["doctor", "--region", REGION],
        ["explain"],
        ["explain", "--command"],
        ["probe", "--region", REGION],
    ):
        done = lab.run(["ssm-bootstrap", *words, "--json"])
        assert done.returncode in (0, 1, 66, 78), (words, done.stderr)
        if done.returncode in (0, 1):
            assert not json.loads(done.stdout).get("crashed"), words
        else:
            assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("kind", some(MAKE, ["socket"]))
def test_a_log_that_is_none_is_told(lab: Lab, odd: Callable[[str, str], None], kind: str) -> None:
    path = FILES[0]
    odd(kind, path)
    said = json.loads(lab.run(["ssm-bootstrap", "status", "--json"]).stdout)
    assert {"subject": path, "reason": "not a regular file"} in said["unseen"]


@pytest.mark.parametrize("path", ["/etc/ssm-bootstrap.conf", "/run/ssm-bootstrap.lock"])
@pytest.mark.parametrize("kind", some(MAKE, ["device"]))
def test_a_change_ends_with_one_line(lab: Lab, odd: Callable[[str, str], None], kind: str, path: str) -> None:
    odd(kind, path)
    done = lab.run(["ssm-bootstrap", *register_words("--force")])
    lines = [line for line in done.stderr.splitlines() if not line.startswith("✓ ")]  # but for steps that went well
    assert done.returncode in (77, 78) and len(lines) == 1 and path in lines[0]
