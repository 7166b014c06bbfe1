"""What the stand-in agent leaves in its vault, whatever stops it."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Iterator, List

import pytest

from tests.lab.aws.loopback import REGION, LoopbackAws
from tests.lab.standin.rooted import ACTIVATION, AGENT, CODE, DATA, NEEDS_ROOT, Node, machine

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


def test_the_identity_is_blanked_before_the_call(node: Node) -> None:
    """A refused re-registration leaves an empty vault beside a registration file with the old id."""
    assert node.register().returncode == 0
    old = node.vault()
    assert old["instanceID"].startswith("mi-") and old["region"] == REGION and len(old["privateKey"]) > 1000
    node.aws.behave(activation="invalid")
    assert node.register("-y").returncode == 1
    new = node.vault()
    assert (new["instanceID"], new["region"]) == ("", "") and new["privateKey"] != old["privateKey"]
    assert json.loads((node.root / DATA / "registration").read_text())["ManagedInstanceID"] == old["instanceID"]
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (node.root / DATA).rglob("*") if path.exists()}
    assert {modes[name] for name in ("Vault", "Store", "Manifest", "RegistrationKey", "InstanceFingerprint", "registration")} == {
        "0o600"
    }
    asked = node.register()
    assert "Would you like to override" not in asked.stdout, "an empty id asks nothing"


def test_a_short_code_is_refused_here_after_the_blanking(node: Node) -> None:
    """No packet leaves, and the old identity is gone all the same."""
    node.register()
    before = len(node.aws.requests())
    done = node.register("-y", code="short")
    assert done.returncode == 1 and len(node.aws.requests()) == before
    assert "InvalidParameter: 1 validation error(s) found.\n- minimum field size of 20" in done.stdout
    assert node.vault()["instanceID"] == ""


def test_a_kill_at_every_step(node: Node, tmp_path: Path) -> None:
    """Every step can be died at. The vault then holds the old identity, something torn, a blank one or the new one, in this
    order, and the registration file is the last to change."""
    assert node.register().returncode == 0
    node.environment["STANDIN_BLOCK"] = "512"
    saved, key = tmp_path / "saved", node.root / DATA / "Vault/Store/RegistrationKey"
    shutil.copytree(node.root / DATA, saved)
    record = tmp_path / "steps"
    assert node.register("-y", STANDIN_STEPS_FILE=str(record)).returncode == 0
    steps = [line.split(" ", 2)[1:] for line in record.read_text().splitlines()]
    seen: List[str] = []
    for number in range(1, len(steps) + 1):
        shutil.rmtree(node.root / DATA)
        shutil.copytree(saved, node.root / DATA)
        old, before = node.vault()["instanceID"], (node.root / DATA / "registration").read_text()
        assert node.register("-y", STANDIN_STOP_AT=str(number)).returncode == -signal.SIGKILL, number
        try:
            now = json.loads(key.read_text())["instanceID"]
            state = "old" if now == old else "new" if now else "blank"
        except ValueError:
            state = "torn"
        if seen[-1:] != [state]:
            seen.append(state)
        if state != "new":
            assert (node.root / DATA / "registration").read_text() == before
    assert seen == ["old", "torn", "blank", "torn", "new"]
    assert len(steps) >= 25


def test_a_torn_vault_asks_nothing_and_heals(node: Node) -> None:
    """An empty RegistrationKey is a warning and no registration."""
    node.register()
    (node.root / DATA / "Vault/Store/RegistrationKey").write_text("")
    again = node.register()
    assert again.returncode == 0 and "Failed to unmarshal instance info. unexpected end of JSON input" in again.stdout
    assert node.vault()["instanceID"] != ""


def test_a_corrupt_manifest_fails_for_ever(node: Node) -> None:
    """Only removing the file helps."""
    node.register()
    manifest = node.root / DATA / "Vault/Manifest"
    manifest.write_text('{"Registr')
    for _ in range(2):
        done = node.register("-y")
        assert done.returncode == 1
        assert (
            "Unable to save registration information. failed to store instance info in vault. "
            "failed to unmarshal vault manifest. " in done.stdout
        )
    manifest.unlink()
    assert node.register("-y").returncode == 0


def test_flags(node: Node) -> None:
    """-version, usage, an unknown flag, -clear, the prompt's other answers."""
    assert node.agent("-version").stdout == "SSM Agent version: 3.3.1142.0\n"
    assert node.agent("-register", "-region", REGION).returncode == 1
    unknown = node.agent("-nonsense")
    assert unknown.returncode == 2 and "flag provided but not defined: -nonsense" in unknown.stderr
    node.register()
    for answer, text in (
        ("n\n", "INFO Registration canceled by user"),
        ("\n", "unexpected newline"),
        ("what\n", "Invalid response received."),
    ):
        asked = subprocess.run(
            [str(AGENT), "-register", "-code", CODE, "-id", ACTIVATION, "-region", REGION],
            text=True,
            input=answer,
            env=node.environment,
            stdout=subprocess.PIPE,
        )
        assert asked.returncode == 1 and text in asked.stdout and node.vault()["instanceID"]
    assert node.agent("-register", "-clear").returncode == 0
    assert node.vault()["instanceID"] == "" and (node.root / DATA / "registration").exists()
