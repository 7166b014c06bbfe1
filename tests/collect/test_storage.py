"""The agent's directories: what lies there, and which of it is a fault; permission bits are none to root."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Iterator, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.machine.storage import DIRECTORIES, look_at_directories
from ssm_bootstrap.diagnose.case import open_case
from ssm_bootstrap.diagnose.machine import storage
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.findings import Finding, Severity
from ssm_bootstrap.model.machine import Directory, Storage, Surroundings
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from tests.fakes import RootedFiles
from tests.made import EVERYTHING, healthy, observations

DATA, LOGS = paths.DATA, paths.LOGS
ALL_RUNS = ("run-command", "patch", "agent-update")


@pytest.fixture
def tree(files: RootedFiles) -> RootedFiles:
    for path in (DATA, LOGS):
        Path(files.real(path)).mkdir(parents=True)
    return files


def kinds(files: Files) -> dict[str, str]:
    return {item.path: item.kind for item in look_at_directories(files)}


def test_directories_are_seen_with_mode_and_owner(tree: RootedFiles) -> None:
    Path(tree.real(DATA)).chmod(0o750)
    found = {item.path: item for item in look_at_directories(tree)}
    assert set(found) == set(DIRECTORIES)
    assert found[DATA] == Directory(DATA, "directory", 0o750, 0, "", Seen(False))


def test_what_is_not_there_is_left_out(files: RootedFiles) -> None:
    assert look_at_directories(files) == ()


@pytest.mark.parametrize("path", [LOGS, DATA])
def test_what_else_may_lie_there(tree: RootedFiles, path: str) -> None:
    where = Path(tree.real(path))
    where.rmdir()
    where.write_text("")
    assert kinds(tree)[path] == "file"
    where.unlink()
    where.symlink_to("nowhere")
    assert kinds(tree)[path] == "link to nowhere"
    where.unlink()
    where.symlink_to(where.name)
    assert kinds(tree)[path] == "link to nowhere"
    where.unlink()
    os.mkfifo(where)
    assert kinds(tree)[path] == "something else"
    where.unlink()
    (where.parent / "elsewhere").mkdir()
    where.symlink_to("elsewhere")
    (found,) = [item for item in look_at_directories(tree) if item.path == path]
    assert (found.kind, os.path.basename(found.leads_to)) == ("directory", "elsewhere")


def test_below_a_file_there_is_nothing(tree: RootedFiles) -> None:
    shutil.rmtree(tree.real("/var/log/amazon"))
    Path(tree.real("/var/log/amazon")).write_text("")
    assert [path for path in kinds(tree) if path.startswith("/var/log")] == ["/var/log/amazon"]


def test_a_flag_that_may_not_be_read_is_unseen(tree: RootedFiles) -> None:
    class Closed(Files):
        def is_immutable(self, path: str) -> bool:
            raise PermissionError(13, "Permission denied", path)

    assert {type(item.immutable) for item in look_at_directories(Closed(tree.real("/")))} == {Unseen}


@pytest.fixture
def immutable(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "immutable"
    made.mkdir()
    if shutil.which("chattr") is None or subprocess.run(["chattr", "+i", made], capture_output=True, check=False).returncode:
        pytest.skip("needs root and a file system with flags")
    yield made
    subprocess.run(["chattr", "-i", made], check=True)


def test_the_kernels_own_flag_is_read(immutable: Path) -> None:
    assert Files().is_immutable(str(immutable)) is True
    with pytest.raises(PermissionError):
        (immutable / "new").write_text("")


def test_what_has_no_flags_is_not_immutable(tmp_path: Path) -> None:
    assert Files().is_immutable(str(tmp_path)) is False
    assert Files().is_immutable("/proc") is False
    with pytest.raises(NotADirectoryError):
        Files().is_immutable(__file__)


def judged(*found: Directory, stored: tuple[Storage, ...] = ()) -> list[object]:
    around = Surroundings(directories=Seen(found), storage=Seen(stored), log_directory=Seen(True))
    case = open_case(observations(*healthy(), surroundings=Seen(around)))
    return [*storage.directories(case), *storage.not_looked_at(case)]


@given(
    st.sampled_from(DIRECTORIES),
    st.integers(0, 0o7777),
    st.one_of(st.none(), st.integers(0, 1 << 32)),
    st.sampled_from(["", "/srv/logs"]),
)
def test_no_mode_owner_or_link_of_a_directory_is_a_fault(path: str, mode: int, owner: Optional[int], leads_to: str) -> None:
    assert judged(Directory(path, "directory", mode, owner, leads_to, Seen(False))) == []


@pytest.mark.parametrize(
    ("path", "kind", "immutable", "severity", "breaks", "degrades"),
    [
        (LOGS, "file", Seen(False), Severity.ERROR, ("patch",), ()),
        (LOGS, "link to nowhere", Seen(False), Severity.ERROR, ("patch",), ()),
        (LOGS, "directory", Seen(True), Severity.WARNING, (), ("patch",)),
        (DATA, "something else", Seen(False), Severity.ERROR, EVERYTHING, ()),
        (DATA, "directory", Seen(True), Severity.ERROR, ("register",), ALL_RUNS),
    ],
)
def test_what_cannot_be_used_is_told_with_what_it_spoils(
    path: str, kind: str, immutable: Observed[bool], severity: Severity, breaks: tuple[str, ...], degrades: tuple[str, ...]
) -> None:
    (found,) = judged(Directory(path, kind, 0o644, 0, "", immutable))
    assert isinstance(found, Finding)
    assert (found.code, found.severity, found.breaks, found.degrades) == ("directory-unusable", severity, breaks, degrades)
    assert path in found.evidence[0].excerpt


def test_the_outer_one_is_told_alone() -> None:
    outer, inner = (Directory(path, "file", 0o644, 0, "", Seen(False)) for path in ("/var/log/amazon", LOGS))
    (found,) = judged(outer, inner)
    assert isinstance(found, Finding) and found.subject == "/var/log/amazon"


def test_a_file_server_may_take_root_for_nobody_and_that_is_said() -> None:
    assert judged(stored=(Storage("/var/log/amazon", "/var/log", "nfs4", Seen(("rw",))),)) == [
        ("/var/log/amazon", "it is nfs4: whether root may write there is for the file server to say")
    ]


def test_flags_that_could_not_be_read_are_no_pass() -> None:
    ((subject, reason),) = judged(Directory(LOGS, "directory", 0o700, 0, "", Unseen("no")))  # type: ignore[misc]
    assert subject == "directory flags" and LOGS in reason
