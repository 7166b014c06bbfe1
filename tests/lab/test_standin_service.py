"""The stand-in agent as a service, and the stand-in for systemctl that starts it."""

import json
import os
import re
import time
from pathlib import Path
from typing import Iterator, Set

import pytest

from tests.lab.aws.loopback import REGION, LoopbackAws
from tests.lab.standin.rooted import CORPUS, DATA, LOGS, NEEDS_ROOT, Node, full_listener, machine, normal

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason=NEEDS_ROOT)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackAws]:
    """One server for all tests here."""
    with LoopbackAws(tmp_path_factory.mktemp("aws")) as server:
        yield server


@pytest.fixture
def node(tmp_path: Path, aws: LoopbackAws) -> Iterator[Node]:
    """A machine without an agent's data."""
    with machine(tmp_path, aws) as here:
        yield here


def test_the_service_comes_online_and_stops(node: Node) -> None:
    """The lines of a healthy node from start to stop, credentials on disk, a worker of its own, then commands."""
    node.environment["STANDIN_JITTER"] = "0.1"  # the second report of health comes within the minute
    assert node.register().returncode == 0
    (node.root / LOGS / "amazon-ssm-agent.log").unlink()
    assert node.systemctl("start", "amazon-ssm-agent").returncode == 0
    node.wait_for("listening session reply")
    state = node.properties("MainPID", "ActiveState", "SubState", "NRestarts", "Result")
    assert state == {
        "MainPID": state["MainPID"],
        "ActiveState": "active",
        "SubState": "running",
        "NRestarts": "0",
        "Result": "success",
    }
    names = {
        int(pid): Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
        for pid in (state["MainPID"], re.findall(r"pid:(\d+)\) started", node.log())[0])
    }
    assert [Path(name).name for name in names.values()] == ["amazon-ssm-agent", "ssm-agent-worker"]
    assert (node.root / "root/.aws/credentials").read_text().startswith("[default]\naws_access_key_id")
    config = json.loads((node.root / DATA / "runtimeconfig/identity_config.json").read_text())
    assert config["InstanceId"] == node.vault()["instanceID"]
    node.wait_for("MDS Polling job stopped")
    node.wait_for("HealthCheck reporting agent health.", times=2)  # one that has come round says so when it ends
    assert node.systemctl("stop", "amazon-ssm-agent").returncode == 0
    seen, real = (
        set(normal(text).replace("TIME ", "").splitlines())
        for text in (node.log(), (CORPUS / "logs/healthy/amazon-ssm-agent.log").read_text())
    )
    assert {line for line in real - seen if "Association]" not in line} == set()
    assert seen - real == set()
    assert node.log("errors.log") == ""


def test_commands_over_s3(node: Node) -> None:
    """Both documents succeed; with S3 behind a wall they fail with the words, files and status of the corpus."""
    node.register()
    node.systemctl("start", "amazon-ssm-agent")
    node.wait_for("Set up control channel")
    home = node.root / DATA / node.vault()["instanceID"] / "document/orchestration"

    def command(name: str, document: str) -> None:
        folder = node.root / DATA / "lab-commands"
        folder.mkdir(exist_ok=True)
        (folder / "new").write_text(json.dumps({"document": document, "command_id": name}))
        (folder / "new").rename(folder / f"{name}.json")
        node.wait_for(f"[{name}] Stop the cloudwatchlogs publisher", seconds=20)

    command("good-update", "AWS-UpdateSSMAgent")
    command("good-patch", "AWS-RunPatchBaseline")
    assert (home / "good-update/awsupdateSsmAgent/stderr").read_text() == ""
    assert (home / "good-patch/awsrunShellScript/PatchLinux/stderr").read_text() == ""
    node.systemctl("stop", "amazon-ssm-agent")
    walls = full_listener()
    hosts = [f"s3.{REGION}", f"s3.dualstack.{REGION}", f"amazon-ssm-{REGION}.s3.{REGION}", f"amazon-ssm-{REGION}.s3"]
    wall = ",".join(f"{host}.amazonaws.com=127.0.0.1:{walls[0].getsockname()[1]}" for host in hosts)
    wall = wall + "," + ",".join(part.replace(".com=", ".com:80=") for part in wall.split(","))
    node.environment["STANDIN_RESOLVE"] = wall + "," + node.environment["STANDIN_RESOLVE"]
    (node.root / LOGS / "amazon-ssm-agent.log").unlink()
    node.systemctl("start", "amazon-ssm-agent")
    command("b6e682d3-4e5c-433e-b9a7-8f3ee83fe66a", "AWS-UpdateSSMAgent")
    command("b6e682d3-4e5c-433e-b9a7-8f3ee83fe66b", "AWS-RunPatchBaseline")
    for one in walls:
        one.close()
    real = CORPUS / "logs/no-s3"
    seen = re.sub(r"\.go\.\d+", ".go.N", normal(node.log("errors.log")))
    assert seen == re.sub(r"\.go\.\d+", ".go.N", normal((real / "errors.log").read_text()))
    stderr = next((real / "var-lib").rglob("awsupdateSsmAgent/stderr")).read_text()
    output = home / "b6e682d3-4e5c-433e-b9a7-8f3ee83fe66a/awsupdateSsmAgent/stderr"
    assert re.sub(r"[\d.]+:\d+", "A", output.read_text()) == re.sub(r"[\d.]+:\d+", "A", stderr)
    stderr = next((real / "var-lib").rglob("PatchLinux/stderr")).read_text()
    assert (home / "b6e682d3-4e5c-433e-b9a7-8f3ee83fe66b/awsrunShellScript/PatchLinux/stderr").read_text() == stderr
    assert "The execution of command returned Exit Status: 156" in node.log()


def test_a_refused_role_token(node: Node) -> None:
    """One error, half an hour of sleep, no worker."""
    node.register()
    node.aws.behave(role_token="denied")
    node.systemctl("start", "amazon-ssm-agent")
    text = node.wait_for("before retrying retrieve credentials")
    assert re.search(r"Sleeping for (2[5-9]|30)m\d+s before", text) and "Worker" not in text
    assert normal(node.log("errors.log")) == normal((CORPUS / "logs/role-token-denied/errors.log").read_text())


def test_hibernation_and_waking(node: Node) -> None:
    """The first ping fails: told at INFO and in hibernate.log alone; a later ping gets through."""
    node.register()
    node.aws.behave(health="denied")
    node.systemctl("start", "amazon-ssm-agent")
    text = node.wait_for("Entering SSM Agent hibernate - AccessDeniedException: lab\n\tstatus code: 400")
    real = (CORPUS / "logs/hibernating/hibernate.log").read_text()
    assert re.sub(r"[\d:-]+ ", "", node.wait_for("hibernate mode", "hibernate.log")) == re.sub(r"[\d:-]+ ", "", real)
    assert node.log("errors.log") == "" and "control channel" not in text
    node.aws.behave(health="ok")
    node.wait_for("Set up control channel successfully")


def test_without_ssmmessages(node: Node) -> None:
    """The errors of the control channel, then commands by ec2messages."""
    node.register()
    node.aws.behave(ssmmessages="denied")
    node.systemctl("start", "amazon-ssm-agent")
    text = node.wait_for("SSM Connection channel status is set to ec2messages")
    assert "createControlChannel request failed: unexpected response from the service <AccessDeniedException>" in text
    assert "Set up control channel successfully" not in text


def test_units(node: Node) -> None:
    """An unregistered agent ends with 0 and is started again; exit statuses of systemctl; a masked unit."""
    assert node.systemctl("is-active", "amazon-ssm-agent").returncode == 3
    assert node.systemctl("start", "nothing").returncode == 5
    assert node.systemctl("start", "amazon-ssm-agent").returncode == 0
    node.wait_for("Error occurred when starting amazon-ssm-agent: failed to get identity")
    deadline = time.monotonic() + 5
    seen: Set[str] = set()
    while time.monotonic() < deadline and not {"auto-restart", "running"} <= seen:
        state = node.properties("ActiveState", "SubState", "NRestarts")
        seen.add(state["SubState"])
    assert {"auto-restart", "running"} <= seen
    assert node.systemctl("stop", "amazon-ssm-agent").returncode == 0
    assert node.systemctl("is-active", "amazon-ssm-agent").stdout == "inactive\n"
    assert "ExecStart=/usr/bin/amazon-ssm-agent" in node.systemctl("cat", "amazon-ssm-agent").stdout
    (node.root / "etc/systemd/system/amazon-ssm-agent.service").symlink_to("/dev/null")
    assert node.systemctl("start", "amazon-ssm-agent").returncode == 1
    assert node.properties("LoadState") == {"LoadState": "masked"}


def test_a_stop_waits_for_the_call_that_is_under_way(node: Node) -> None:
    """A token call into a hole outlasts the stop time-out, and the unit fails with ``timeout``."""
    node.register()
    walls = full_listener()
    node.environment["STANDIN_RESOLVE"] = f"*=127.0.0.1:{walls[0].getsockname()[1]}"
    node.systemctl("start", "amazon-ssm-agent")
    node.wait_for("Starting credentials refresher loop")
    assert node.systemctl("stop", "amazon-ssm-agent").returncode == 0
    assert node.properties("Result", "ActiveState") == {"Result": "timeout", "ActiveState": "failed"}
    assert "Bye." not in node.log() and "Stopping Core Agent" in node.log()
    for one in walls:
        one.close()
