"""The machine's own limits, read below a rooted tree."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any, Mapping

import pytest

from ssm_bootstrap.collect.patch.node import look_at_limits
from ssm_bootstrap.collect.patch.overrides import read_overrides
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import Completed
from ssm_bootstrap.model.patch import NodeLimits
from tests.collect.repositories.trees import TreeMachine
from tests.fakes import RootedFiles, ScriptedCommands

DEBIAN = 'ID="debian"\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n'
AMAZON = 'ID="amzn"\nVERSION_ID="2023"\nPRETTY_NAME="Amazon Linux 2023"\n'


def look(files: RootedFiles, answers: Mapping[str, Any] = {}, system: str = DEBIAN) -> NodeLimits:
    """The limits of a machine with these files and commands."""
    files.put("/etc/os-release", system)
    root = files.real("/")
    return look_at_limits(Host(files=files, machine=TreeMachine(root), commands=ScriptedCommands(answers)))


def program(files: RootedFiles, path: str) -> None:
    """A program that may be run."""
    files.put(path, "#!/bin/sh\n", mode=0o755)


def test_a_healthy_debian(files: RootedFiles) -> None:
    for path in ("/usr/bin/python3", "/usr/bin/curl"):
        program(files, path)
    files.put("/usr/lib/python3/dist-packages/apt/__init__.py")
    files.put("/var/lib/dpkg/status", "Package: apt\nStatus: install ok installed\n")
    found = look(files, {"/usr/bin/python3 -V": "Python 3.11.2\n"})
    assert (found.interpreter, found.python, found.has_python_apt) == ("/usr/bin/python3", "3.11.2", True)
    assert (found.locks, found.database_problem, found.downloader, found.reboot_pending) == ((), "", "/usr/bin/curl", "")
    assert {path for path, _ in found.free} == {"/var", "/var/log", "/var/cache"}


def test_an_empty_machine(files: RootedFiles) -> None:
    found = look(files)
    assert (found.interpreter, found.python, found.has_python_apt, found.downloader) == ("", "", False, "")
    assert found.database_problem == "/var/lib/dpkg/status is missing"


@pytest.mark.parametrize(
    "status, said",
    [
        ("Package: apt\nStatus: install ok installed\n\nPackage: vim\nStatus: install ok half-configured\n", "vim"),
        ("", "empty"),
        ("Package: apt\nStatus: install ok installed\n\nPackage: x\nStatus: deinstall ok config-files\n", ""),
    ],
)
def test_dpkgs_database(files: RootedFiles, status: str, said: str) -> None:
    files.put("/var/lib/dpkg/status", status)
    problem = look(files).database_problem
    assert said in problem and bool(problem) is bool(said)
    files.put("/var/lib/dpkg/updates/0001")
    assert "interrupted" in look(files).database_problem


@pytest.mark.parametrize(
    "answer, said",
    [
        (Completed(0, "rpm-4.16.1.3-29.amzn2023.x86_64\n", "", 0.1), ""),
        (Completed(1, "package rpm is not installed\n", "", 0.1), ""),
        (Completed(1, "error: rpmdb open failed\n", "", 0.1), "rpmdb open failed"),
        (Completed(1, "error: cannot open Packages database in /var/lib/rpm\n", "", 0.1), "cannot open Packages"),
        (Completed(-15, "", "", 10.0, timed_out=True), "no answer in 10 s"),
    ],
)
def test_rpms_database(files: RootedFiles, answer: Completed, said: str) -> None:
    assert said in (problem := look(files, {"rpm -q rpm": answer}, AMAZON).database_problem) and bool(problem) is bool(said)


def test_a_curl_from_snap_is_named(files: RootedFiles) -> None:
    program(files, "/snap/bin/curl")
    assert look(files).downloader == "/snap/bin/curl"
    program(files, "/usr/bin/curl")
    assert look(files).downloader == "/usr/bin/curl"


def test_a_lock_that_is_held_is_told_with_its_holder(files: RootedFiles) -> None:
    path = "/var/lib/dpkg/lock-frontend"
    files.put(path)
    files.put("/proc/locks", Path("/proc/locks").read_bytes())
    assert look(files).locks == ()
    real = files.real(path)
    with open(real, "r+b") as stream:
        fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found = os.stat(real)
        device = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
        rows = f"1: POSIX  ADVISORY  WRITE 4711 {device} 0 EOF\n1: -> POSIX  ADVISORY  WRITE 4712 {device} 0 EOF\n"
        files.put("/proc/locks", rows)
        files.put("/proc/4711/comm", "apt-get\n")
        (lock,) = look(files).locks
    assert (lock.path, lock.pid, lock.command) == (path, 4711, "apt-get")


def test_a_pid_file_counts_only_while_its_process_lives(files: RootedFiles) -> None:
    files.put("/var/cache/dnf/metadata_lock.pid", "815\n")
    assert look(files, {}, AMAZON).locks == ()
    files.put("/proc/815/comm", "dnf\n")
    (lock,) = look(files, {}, AMAZON).locks
    assert (lock.pid, lock.command) == (815, "dnf")


def test_a_reboot_that_is_due(files: RootedFiles) -> None:
    files.put("/run/reboot-required")
    assert look(files).reboot_pending == "/run/reboot-required"


SITE = "/etc/ssm-bootstrap.d/10-site.conf"


def test_overrides_of_a_site(files: RootedFiles) -> None:
    assert read_overrides(files).buckets == ()
    files.put(SITE, "[bucket patch-payload]\nhost = s3.{region}.example.com\npath = /a\n[repository r]\nurl = http://m/x\n")
    files.put("/etc/ssm-bootstrap.d/20.conf", "[repository r]\nurl = http://n/x\nrequired = no\n[ignore]\nrepositories = a, b\n")
    files.put("/etc/ssm-bootstrap.d/README", "not read")
    found = read_overrides(files)
    assert [(item.name, item.host, item.path) for item in found.buckets] == [("patch-payload", "s3.{region}.example.com", "/a")]
    assert [(item.url, item.required) for item in found.extras] == [("http://n/x", False)] and found.ignored == ("a", "b")
