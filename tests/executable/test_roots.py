"""The executable where no Python is: the smallest Debian 11, 12 and 13, and by qemu-user an arm64 one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.boot import image
from tests.bundle import arm64
from tests.bundle.conftest import ROOT
from tests.bundle.running import namespace, run
from tests.corpus import CORPUS
from tests.executable import roots
from tests.executable.conftest import Executable, build
from tests.story import REGION

pytestmark = [pytest.mark.executable, pytest.mark.timeout(3600)]
LOG = (CORPUS / "logs" / "no-s3" / "errors.log").read_text()
PYTHONS = ("usr/bin/python*", "usr/local/bin/python*", "usr/lib*/python3*/os.py", "usr/libexec/platform-python*")


@pytest.fixture(scope="module", params=image.RELEASES)
def tree(request: pytest.FixtureRequest) -> Path:
    """A root without Python."""
    if os.geteuid() != 0:
        pytest.skip("roots are made and entered as root")
    found = roots.smallest(str(request.param))
    assert not [path for pattern in PYTHONS for path in found.glob(pattern)]
    return found


def test_it_runs_without_any_python(built: Executable, tree: Path) -> None:
    for words in (["--version"], ["--help"], ["explain", "no-route"], ["--lang", "ja", "explain", "no-route"]):
        done = roots.run(tree, built.file, *words)
        assert (done.returncode, done.stderr) == (0, "") and done.stdout, words


def test_it_reads_logs_there(built: Executable, tree: Path) -> None:
    done = roots.run(tree, built.file, "explain", "/tmp/errors.log", given={"errors.log": LOG})
    assert done.returncode == 1 and "s3-unreachable" in done.stdout and done.stderr == ""


def test_it_looks_at_all_of_that_machine(built: Executable, tree: Path) -> None:
    done = roots.run(tree, built.file, "doctor", "--region", REGION, "--json")
    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)
    assert not said.get("crashed") and said["findings"]
    assert roots.run(tree, built.file, "status", "--json").returncode in (0, 1)


def test_a_report_of_elsewhere_becomes_html_there(built: Executable, tree: Path, tmp_path: Path) -> None:
    found = namespace(0)
    assert found is not None
    saved = tmp_path / "saved.json"
    words = [*found, "unshare", "--net", str(built.file), "doctor", "--region", REGION, "--save", str(saved)]
    assert run(words, PATH=os.environ["PATH"]).returncode == 1
    asked = f"{roots.FILE} doctor --replay /tmp/saved.json --html /tmp/report.html >/tmp/said"
    script = f"{asked}; status=$?; cat /tmp/report.html; exit $status"
    done = roots.enter(tree, built.file, "sh", "-c", script, given={"saved.json": saved.read_text()})
    assert done.returncode == 1 and done.stdout.startswith("<!DOCTYPE html>"), done.stderr
    done = roots.run(tree, built.file, "doctor", "--replay", "/tmp/saved.json", "--json", given={"saved.json": saved.read_text()})
    assert json.loads(done.stdout)["command"] == "doctor"


# arm64


@pytest.fixture(scope="module")
def foreign(builder: Path, tmp_path_factory: pytest.TempPathFactory) -> Executable:
    """The executable for arm64."""
    return build(ROOT, tmp_path_factory.mktemp("aarch64"), "aarch64")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--version"], 0, "ssm-bootstrap "),
        (["--help"], 0, "usage: ssm-bootstrap"),
        (["explain", "no-route"], 0, "no-route"),
        (["--lang", "ja", "explain", "no-route"], 0, "no-route"),
        (["explain", "/errors.log"], 1, "s3-unreachable"),
        (["user-data", "--s3-uri", "s3://my-bucket/ours", "--region", REGION, "--format", "shell"], 2, ""),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_it_runs_on_arm64(foreign: Executable, words: list[str], status: int, said: str) -> None:
    """By qemu-user, which plays no /proc of its own: what asks the kernel for processes is not looked at here."""
    try:
        (arm64.world() / "errors.log").write_text(LOG)
        done = arm64.start(foreign.file, *words)
    except arm64.Unavailable as error:
        pytest.skip(f"no arm64 world can be made here: {error}")
    assert done.returncode == status and said in done.stdout, done.stderr
