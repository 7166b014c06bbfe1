"""The machine: its system below a root, and the processes of given programs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.machine import Machine


def test_the_system_is_what_os_release_says(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text(
        'ID="amzn"\nNAME="Amazon Linux"\nVERSION_ID="2023"\nPRETTY_NAME="Amazon Linux 2023"\n'
    )
    found = Machine(str(tmp_path)).system()
    assert (found.title, found.identifier, found.version) == ("Amazon Linux 2023", "amzn", "2023")


def test_a_system_without_os_release_has_no_name(tmp_path: Path) -> None:
    found = Machine(str(tmp_path)).system()
    assert (found.identifier, found.version) == ("", "")


@pytest.mark.parametrize("name", ["ssm-agent-worker", "amazon-ssm-agent"])  # the second is longer than the kernel keeps
def test_a_process_is_found_by_its_program(tmp_path: Path, name: str) -> None:
    program = tmp_path / name
    sleep = shutil.which("sleep")
    assert sleep is not None
    shutil.copy(os.path.realpath(sleep), program)
    with subprocess.Popen([str(program), "60"]) as child:
        try:
            found = [item for item in Machine().processes([name, "other"]) if item.pid == child.pid]
        finally:
            child.kill()
    assert [(item.name, item.argv) for item in found] == [(name, (str(program), "60"))]
    assert found[0].started > 0


def test_a_process_that_rewrote_its_argv_is_found_by_the_kernels_name(tmp_path: Path) -> None:
    program = tmp_path / "ssm-document-worker"
    shutil.copy(os.path.realpath(shutil.which("sleep") or ""), program)
    with subprocess.Popen(["anything", "60"], executable=str(program)) as child:
        try:
            found = [item.name for item in Machine().processes(["ssm-document-worker"]) if item.pid == child.pid]
        finally:
            child.kill()
    assert found == ["ssm-document-worker"]


def test_the_clock_has_zones_and_only_grows() -> None:
    clock = Clock()
    assert clock.now().utcoffset() is not None
    assert clock.zone().utcoffset(clock.now()) is not None
    before = clock.monotonic()
    clock.sleep(0)
    assert clock.monotonic() >= before
    assert Machine().is_root() is (os.geteuid() == 0)


def test_a_process_that_has_ended_and_was_not_asked_about_is_none(tmp_path: Path) -> None:
    program = tmp_path / "ssm-agent-worker"
    shutil.copy(os.path.realpath(shutil.which("sleep") or ""), program)
    with subprocess.Popen([str(program), "60"]) as child:
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # a zombie from here on, until its parent asks
        assert [item for item in Machine().processes(["ssm-agent-worker"]) if item.pid == child.pid] == []
