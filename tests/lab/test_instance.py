"""The instance of the lab: its files, its commands, and that nothing of it outlives whoever held it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import List

import pytest

from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.lab.machine import ROOT, why_unavailable
from tests.lab.mounts import strangers

REGION = "ap-northeast-1"
SSM = f"ssm.{REGION}.amazonaws.com"
KNOWN = f"https://s3.{REGION}.amazonaws.com/amazon-ssm-{REGION}/latest/VERSION"
pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")]


def status(lab: Lab, url: str) -> str:
    return lab.run(["curl", "-s", "-m", "1", "-o", "/dev/null", "-w", "%{http_code}", url]).stdout


def test_the_machine_s_own_files_are_not_touched(lab: Lab) -> None:
    before = [os.path.exists(path) for path in ("/etc/amazon", "/var/lib/amazon", "/root/.aws")]
    for path in ("/etc/amazon/ssm/x", "/var/lib/amazon/ssm/x", "/var/log/amazon/ssm/x", "/root/.aws/x", "/run/x"):
        assert not lab.exists(path)
        lab.write(path, "text", mode=0o600)
        assert lab.read(path) == b"text" and lab.mode(path) == 0o600
        assert lab.run(["cat", path]).stdout == "text"
        assert not os.path.exists(path)
    lab.reset_instance()
    for path in ("/etc/amazon", "/var/lib/amazon", "/var/log/amazon", "/root/.aws", "/run/x"):
        assert not lab.exists(path)
    assert before == [os.path.exists(path) for path in ("/etc/amazon", "/var/lib/amazon", "/root/.aws")]
    with pytest.raises(FileNotFoundError):
        lab.read("/etc/amazon/ssm/x")


def test_the_home_of_the_machine_s_root_is_not_the_instance_s(lab: Lab) -> None:
    lab.reset_instance()
    shown = {f"/root/{name}" for name in lab.run(["ls", "-A", "/root"]).stdout.split()}
    assert shown.isdisjoint(strangers())
    assert lab.run([sys.executable, "-c", "import tests.lab"]).returncode == 0


def test_what_is_mounted_in_the_instance_is_not_emptied_when_it_is_forgotten(lab: Lab, tmp_path: Path) -> None:
    """A directory of the machine, bound into the instance, keeps what it holds when the instance's own is removed."""
    (tmp_path / "kept").write_text("kept")
    bound = lab.run(["sh", "-ec", "mkdir -p /run/place/deep; mount --bind $0 /run/place/deep", str(tmp_path)])
    assert bound.returncode == 0 and lab.read("/run/place/deep/kept") == b"kept"
    lab.remove("/run/place")
    assert not lab.exists("/run/place") and (tmp_path / "kept").read_text() == "kept"


def test_the_instance_has_nothing_of_the_machine_s_network(lab: Lab) -> None:
    lab.apply(CASES["complete"])
    assert lab.read("/etc/resolv.conf") == b"nameserver 10.0.0.2\n"
    links = json.loads(lab.run(["ip", "-json", "link"]).stdout)
    assert sorted(link["ifname"] for link in links) == ["eth0", "lo"]
    assert "proxy" not in lab.run(["env"]).stdout.lower()


def test_a_command_s_streams_status_and_time(lab: Lab) -> None:
    done = lab.run(["sh", "-c", "cat; echo err >&2; sleep 0.2; exit 3"], stdin="in")
    assert (done.returncode, done.stdout, done.stderr) == (3, "in", "err\n")
    assert done.seconds > 0
    assert lab.run(["sh", "-c", "kill -9 $$"]).returncode == -9
    big = lab.run(["sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x"])
    assert len(big.stdout) == 3000000
    with pytest.raises(FileNotFoundError):
        lab.run(["no-such-command"])
    with pytest.raises(subprocess.TimeoutExpired) as raised:
        lab.run(["sh", "-c", "echo begun; sleep 30"], timeout=5)
    assert raised.value.output == b"begun\n"


def test_a_command_on_a_terminal(lab: Lab) -> None:
    done = lab.run(["sh", "-c", "stty size; test -t 1 && echo terminal; read x; echo got $x"], tty=72, stdin=b"this\n")
    assert all(said in done.screen for said in (b"50 72\r\n", b"terminal\r\n", b"got this\r\n"))


def test_a_long_running_command_sees_the_vpc_change(lab: Lab, tmp_path: Path) -> None:
    lab.apply(CASES["no-endpoints"])
    again = f"until curl -sS -m 0.3 https://{SSM}/; do sleep 0.1; done"
    waiting = lab.start(["sh", "-c", again], output=tmp_path / "said")
    time.sleep(0.5)
    assert waiting.poll() is None
    lab.apply(CASES["complete"])
    assert waiting.wait(30) == 0
    assert "MissingAuthenticationToken" in (tmp_path / "said").read_text()
    endless = lab.start(["sleep", "100"])
    endless.kill()
    assert endless.wait(30) == -signal.SIGKILL


def test_aws_behaves_as_it_is_told_and_keeps_a_record(lab: Lab) -> None:
    lab.apply(CASES["complete"])
    lab.forget_requests()
    assert status(lab, KNOWN) == "200"
    lab.behave(s3="denied")
    assert status(lab, KNOWN) == "403"
    lab.apply(CASES["complete"])
    assert status(lab, KNOWN) == "200"
    assert len(lab.requests()) == 3


def test_without_overlayfs_the_instance_looks_the_same() -> None:
    with Lab(CASES["complete"], overlay=False) as lab:
        assert status(lab, f"https://{SSM}/") == "400"
        assert not lab.exists("/etc/amazon")
        lab.write("/etc/amazon/ssm/x", "text")
        assert lab.run(["cat", "/etc/amazon/ssm/x"]).stdout == "text"
        lab.reset_instance()
        assert not lab.exists("/etc/amazon")


HOLDER = """
import sys
from tests.lab.cases import CASES
from tests.lab.client import Lab
with Lab(CASES["complete"]) as lab:
    lab.start(["sleep", "12345.678"])
    print("ready", flush=True)
    sys.stdin.read()
"""


def running(word: str) -> List[str]:
    """The processes of this machine that have `word` on their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if word.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(entry.name)
        except OSError:
            continue
    return found


def test_everything_dies_with_whoever_held_the_lab() -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], cwd=str(ROOT), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None and holder.stdin is not None
    assert holder.stdout.readline() == b"ready\n"
    assert running("12345.678")
    holder.kill()
    holder.wait()
    holder.stdout.close()
    holder.stdin.close()
    for _ in range(1500):
        if not running("12345.678"):
            break
        time.sleep(0.02)
    assert not running("12345.678")


def test_the_lab_by_hand() -> None:
    listed = subprocess.run([sys.executable, "-m", "tests.lab", "list"], cwd=str(ROOT), stdout=subprocess.PIPE)
    assert [line.split()[0] for line in listed.stdout.decode().splitlines()] == list(CASES)
    command = [sys.executable, "-m", "tests.lab", "run", "complete", "sh", "-c", "hostname; exit 4"]
    ran = subprocess.run(command, cwd=str(ROOT), stdout=subprocess.PIPE)
    assert (ran.returncode, ran.stdout) == (4, b"ip-10-0-1-10\n")


def test_a_daemon_left_behind_holds_nothing_up(lab: Lab) -> None:
    """It goes on for longer than the command may take."""
    assert lab.run(["sh", "-c", "sleep 3000 & echo said"], timeout=60).stdout == "said\n"
