"""Files: read within limits, written so that a crash leaves the old or the new."""

from __future__ import annotations

import errno
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Callable

import pytest

from ssm_bootstrap.host.files import CHUNK, Files, NamedFiles
from ssm_bootstrap.host.locks import Locks
from ssm_bootstrap.host.machine import Machine, SystemName
from ssm_bootstrap.host.network import Network, Trust
from ssm_bootstrap.host.tail import Tail
from ssm_bootstrap.host.trees import Trees
from tests.laws.tree import ROOT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    return tmp_path


def names(directory: Path) -> list[str]:
    return sorted(os.listdir(directory))


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o400])
def test_what_is_written_has_its_mode_whatever_the_umask(root: Path, mode: int) -> None:
    before = os.umask(0o077)
    try:
        Files(str(root)).write_atomic("/etc/thing", b"new", mode)
    finally:
        os.umask(before)
    assert (root / "etc/thing").read_bytes() == b"new"
    assert stat.S_IMODE((root / "etc/thing").stat().st_mode) == mode
    assert names(root / "etc") == ["thing"]


def test_what_is_written_takes_the_place_of_what_was_there(root: Path) -> None:
    (root / "etc/thing").write_bytes(b"old")
    (root / "etc/thing").chmod(0o666)
    held = (root / "etc/thing").open("rb")
    Files(str(root)).write_atomic("/etc/thing", b"new")
    with held:
        assert held.read() == b"old"  # whoever reads the old one reads it whole
    assert (root / "etc/thing").read_bytes() == b"new"
    assert stat.S_IMODE((root / "etc/thing").stat().st_mode) == 0o600


def test_a_write_that_fails_leaves_the_old_one_and_nothing_else(root: Path) -> None:
    (root / "etc/thing").write_bytes(b"old")
    with pytest.raises(TypeError):
        Files(str(root)).write_atomic("/etc/thing", "no bytes")  # type: ignore[arg-type]
    assert (root / "etc/thing").read_bytes() == b"old"
    assert names(root / "etc") == ["thing"]


def test_a_rename_that_fails_leaves_nothing_behind(root: Path) -> None:
    (root / "etc/thing").mkdir()
    with pytest.raises(OSError):
        Files(str(root)).write_atomic("/etc/thing", b"new")
    assert names(root / "etc") == ["thing"]


LIMITED = """
import resource, signal, sys
from ssm_bootstrap.host.files import Files
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
signal.signal(signal.SIGXFSZ, getattr(signal, sys.argv[2]))
try:
    Files(sys.argv[1]).write_atomic("/etc/thing", b"x" * 100_000)
except OSError as error:
    sys.exit(error.errno)
"""


def write_in_a_process_that_may_not(root: Path, signal_does: str) -> int:
    return subprocess.run([sys.executable, "-c", LIMITED, str(root), signal_does], cwd=ROOT).returncode


def test_a_process_that_dies_while_writing_leaves_the_old_one(root: Path) -> None:
    (root / "etc/thing").write_bytes(b"old")
    assert write_in_a_process_that_may_not(root, "SIG_DFL") == -signal.SIGXFSZ
    assert (root / "etc/thing").read_bytes() == b"old"


def test_a_disk_that_is_full_leaves_the_old_one_and_no_half(root: Path) -> None:
    (root / "etc/thing").write_bytes(b"old")
    assert write_in_a_process_that_may_not(root, "SIG_IGN") == errno.EFBIG
    assert (root / "etc/thing").read_bytes() == b"old"
    assert names(root / "etc") == ["thing"]


def test_a_write_into_no_directory_is_an_error(root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Files(str(root)).write_atomic("/nowhere/thing", b"new")


def broken(*given: Any, **more: Any) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def broken_part(path: Any, *given: Any, **more: Any) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO), os.path.basename(path))


@pytest.mark.parametrize(
    ("call", "does", "act", "told"),
    [
        ("fsync", broken, lambda files, trees: files.write_atomic("/etc/thing", b"new"), "/etc/thing"),
        ("replace", broken, lambda files, trees: files.write_atomic("/etc/thing", b"new"), "/etc/thing"),
        ("fchown", broken, lambda files, trees: files.replace_content("/etc/thing", b"new"), "/etc/thing"),
        ("fchmod", broken, lambda files, trees: files.make_empty("/etc/thing", 0o444), "/etc/thing"),
        ("utime", broken, lambda files, trees: trees.copy("/etc/thing", "/etc/copy"), "/etc/copy"),
        ("unlink", broken_part, lambda files, trees: trees.remove("/etc/tree"), "/etc/tree"),
    ],
)
def test_an_error_names_the_file_though_the_call_named_none(
    root: Path, monkeypatch: pytest.MonkeyPatch, call: str, does: Any, act: Callable[[Files, Trees], None], told: str
) -> None:
    (root / "etc/thing").write_bytes(b"old")
    (root / "etc/tree").mkdir()
    (root / "etc/tree/leaf").write_bytes(b"old")
    monkeypatch.setattr(os, call, does)
    with pytest.raises(OSError) as failed:
        act(Files(str(root)), Trees(str(root)))
    monkeypatch.undo()
    assert failed.value.filename == told


def test_a_sync_that_fails_names_the_directory(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "etc/thing").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError) as failed:
        Trees(str(root)).remove("/etc/thing")
    monkeypatch.undo()
    assert failed.value.filename == str(root / "etc")


def test_reading_stops_at_its_limit(root: Path) -> None:
    (root / "etc/thing").write_bytes(b"x" * 100)
    files = Files(str(root))
    assert files.read_bytes("/etc/thing", 10) == b"x" * 10
    assert files.read_text("/etc/thing", 10) == "x" * 10
    assert files.size("/etc/thing") == 100


def test_bytes_that_are_no_text_are_replaced(root: Path) -> None:
    (root / "etc/thing").write_bytes(b"a\xffb")
    assert Files(str(root)).read_text("/etc/thing") == "a\ufffdb"


def test_chunks_are_the_file_from_where_it_was_asked(root: Path) -> None:
    data = bytes(range(256)) * (CHUNK // 128)
    (root / "etc/thing").write_bytes(data)
    chunks = list(Files(str(root)).read_chunks("/etc/thing", 7))
    assert b"".join(chunks) == data[7:]
    assert max(map(len, chunks)) == CHUNK


def test_a_directory_is_listed_in_order_and_a_missing_one_is_empty(root: Path) -> None:
    for name in ("b", "a", ".c"):
        (root / "etc" / name).write_bytes(b"")
    files = Files(str(root))
    assert files.list("/etc") == [".c", "a", "b"]
    assert files.list("/nowhere") == ()
    assert files.list("/etc/a") == ()


def test_existence_is_of_the_name_even_of_a_link_to_nothing(root: Path) -> None:
    (root / "etc/link").symlink_to("nothing")
    files = Files(str(root))
    assert files.exists("/etc/link")
    assert not files.exists("/etc/other")
    assert not files.exists("/etc/link/below")


def test_mode_and_kind_are_those_of_the_file_behind_a_link(root: Path) -> None:
    (root / "etc/thing").write_bytes(b"")
    (root / "etc/thing").chmod(0o640)
    (root / "etc/link").symlink_to("thing")
    files = Files(str(root))
    assert files.mode_and_owner("/etc/link") == (0o640, os.getuid(), True)
    assert files.mode_and_owner("/etc")[2] is False


def test_only_a_file_that_may_be_run_is_executable(root: Path) -> None:
    (root / "etc/program").write_bytes(b"#!/bin/sh\n")
    files = Files(str(root))
    assert not files.is_executable("/etc/program")
    (root / "etc/program").chmod(0o755)
    assert files.is_executable("/etc/program")
    assert not files.is_executable("/etc")
    assert not files.is_executable("/nowhere")


def test_free_space_is_that_of_the_nearest_directory(root: Path) -> None:
    files = Files(str(root))
    free = files.free_bytes("/etc/not/yet/there")
    assert free is not None and free > 0


def test_paths_stay_below_the_root(root: Path) -> None:
    assert Files(str(root)).real("/etc/thing") == str(root / "etc/thing")
    assert Files("/").real("/etc/thing") == "/etc/thing"


# what is no regular file


def put_pipe(path: Path) -> None:
    os.mkfifo(path)


def put_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        here = os.getcwd()
        os.chdir(path.parent)  # a socket's path has room for 108 bytes
        try:
            door.bind(path.name)
        finally:
            os.chdir(here)


def put_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("put", [put_pipe, put_socket, put_device])
def test_nobody_waits_for_what_is_no_regular_file(put: Callable[[Path], None], tmp_path: Path) -> None:
    put(tmp_path / "odd")
    files = Files(str(tmp_path))
    for read in (files.read_bytes, files.read_text, lambda path: list(files.read_chunks(path))):
        with pytest.raises(OSError, match="not a regular file"):
            read("/odd")
    assert list(Tail(str(tmp_path / "odd")).added()) == []
    assert Locks(str(tmp_path)).last("/odd").pid == 0
    with pytest.raises(OSError, match="not a regular file"):
        Network().trusting(Trust(str(tmp_path / "odd")))


@pytest.mark.parametrize("put", [put_pipe, put_socket, put_device])
def test_a_pipe_in_the_systems_own_place_leaves_it_without_a_name(put: Callable[[Path], None], tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "usr" / "lib").mkdir(parents=True)
    put(tmp_path / "etc" / "os-release")
    assert Machine(str(tmp_path)).system() == SystemName("", "", "")


def test_a_pipe_that_was_named_is_read_to_its_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"x" * 100_000,), daemon=True).start()
    assert b"".join(NamedFiles(str(tmp_path)).read_chunks("/pipe")) == b"x" * 100_000
