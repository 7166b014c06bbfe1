"""One change at a time: who waits, who is told, and what a child keeps."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Callable, Iterator, List, Optional

import pytest

from ssm_bootstrap.act.lock import locked
from ssm_bootstrap.collect import paths
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.locks import Holder, Locks
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from tests.act.machine import TickingClock


@pytest.fixture
def host(tmp_path: Path) -> Host:
    (tmp_path / "run").mkdir()
    return Host(locks=Locks(str(tmp_path)), clock=TickingClock())


@pytest.fixture
def other(host: Host, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Another's hold on the lock; calling it lets go."""
    descriptor = Locks(str(tmp_path)).take(paths.LOCK, "rollback", "2026-11-23T12:00:00+00:00")
    assert descriptor is not None
    held = [descriptor]

    def let_go() -> None:
        while held:
            os.close(held.pop())

    yield let_go
    let_go()


def silent(_: str) -> None:
    """Says nothing."""


def test_a_second_run_ends_with_75_and_says_who_is_at_work(host: Host, other: Callable[[], None]) -> None:
    with pytest.raises(Refusal) as refused, locked(host, "register", 0, silent):
        raise AssertionError("it came in")
    assert refused.value.status is ExitStatus.TRY_LATER
    words = f"register: rollback (pid {os.getpid()}, since 2026-11-23T12:00:00+00:00) is at work on this node's identity"
    assert refused.value.message == words + "; nothing was changed"


def test_a_second_run_that_waits_comes_in_when_the_first_has_ended(tmp_path: Path, other: Callable[[], None]) -> None:
    class Closing(TickingClock):
        """The first ends while the second sleeps."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            other()

    told: List[str] = []
    with locked(Host(locks=Locks(str(tmp_path)), clock=Closing()), "register", 5, told.append) as descriptor:
        assert os.fstat(descriptor)
    assert told == [f"waiting for rollback (pid {os.getpid()}, since 2026-11-23T12:00:00+00:00)"]


def test_one_that_is_let_go_while_its_holder_is_looked_up_is_taken(tmp_path: Path, other: Callable[[], None]) -> None:
    class Late(Locks):
        """The other lets go right after it was found to hold the lock."""

        def last(self, path: str) -> Holder:
            other()
            return super().last(path)

    (tmp_path / "run/ssm-bootstrap.lock").write_text("")
    with locked(Host(locks=Late(str(tmp_path)), clock=TickingClock()), "register", 0, silent) as descriptor:
        assert os.fstat(descriptor)


def test_waiting_has_an_end_and_is_told_once(host: Host, other: Callable[[], None]) -> None:
    told: List[str] = []
    with pytest.raises(Refusal), locked(host, "register", 3, told.append):
        raise AssertionError("it came in")
    assert len(told) == 1 and host.clock.monotonic() >= 3


def test_the_lock_is_free_again_after_the_block_and_after_what_it_raises(host: Host) -> None:
    for _ in range(2):
        with pytest.raises(ValueError), locked(host, "register", 0, silent):
            raise ValueError
    assert host.locks.holder(paths.LOCK) is None


def test_a_run_directory_that_is_not_there_is_78(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused, locked(Host(locks=Locks(str(tmp_path))), "register", 0, silent):
        raise AssertionError("it came in")
    assert refused.value.status is ExitStatus.BAD_CONTENT
    assert refused.value.message == f"{paths.LOCK}: no such file or directory; nothing was changed"


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (errno.ENOSPC, ExitStatus.TRY_LATER),
        (errno.EMFILE, ExitStatus.TRY_LATER),
        (errno.EROFS, ExitStatus.NO_PERMISSION),
        (errno.EACCES, ExitStatus.NO_PERMISSION),
        (errno.ELOOP, ExitStatus.BAD_CONTENT),
    ],
)
def test_a_lock_that_cannot_be_had_says_why_in_one_line(number: int, status: ExitStatus) -> None:
    class Broken(Locks):
        """A lock's file that gives an error."""

        def take(self, path: str, command: str, since: str) -> Optional[int]:
            raise OSError(number, os.strerror(number), "/root of a test" + path)

    with pytest.raises(Refusal) as refused, locked(Host(locks=Broken()), "register", 0, silent):
        raise AssertionError("it came in")
    assert refused.value.status is status
    assert refused.value.message == f"{paths.LOCK}: {os.strerror(number).lower()}; nothing was changed"


def test_a_lock_without_room_for_its_holders_name_is_let_go_again(host: Host, tmp_path: Path) -> None:
    class Talkative(Locks):
        """Writes a name that is longer than any file may become here."""

        def take(self, path: str, command: str, since: str) -> Optional[int]:
            before = resource.getrlimit(resource.RLIMIT_FSIZE)
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
            try:
                return super().take(path, command, since)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)

    with pytest.raises(Refusal), locked(Host(locks=Talkative(str(tmp_path))), "register", 0, silent):
        raise AssertionError("it came in")
    with locked(host, "register", 0, silent):
        pass


def test_a_lock_whose_file_cannot_be_emptied_is_let_go_all_the_same(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """The work is done by then: no error of /run makes a failure of it."""

    def broken(descriptor: int, length: int) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with locked(host, "register", 0, silent):
        monkeypatch.setattr(os, "ftruncate", broken)
    monkeypatch.undo()
    assert host.locks.holder(paths.LOCK) is None


def test_a_link_at_the_locks_place_is_not_followed(tmp_path: Path, host: Host) -> None:
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "run/ssm-bootstrap.lock").symlink_to(tmp_path / "victim")
    with pytest.raises(Refusal), locked(host, "register", 0, silent):
        raise AssertionError("it came in")
    assert (tmp_path / "victim").read_text() == "precious"


def test_a_child_keeps_the_lock_when_its_parent_lets_go(host: Host) -> None:
    with locked(host, "register", 0, silent) as descriptor:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[descriptor])
    try:
        with pytest.raises(Refusal), locked(host, "register", 0, silent):
            raise AssertionError("it came in while the child lived")
    finally:
        child.communicate(b"\n")
    with locked(host, "register", 0, silent):
        pass


def test_other_children_do_not_get_it(host: Host) -> None:
    with locked(host, "register", 0, silent):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with locked(host, "register", 0, silent):
        child.communicate(b"\n")


def test_a_holder_that_was_killed_is_still_named(host: Host, tmp_path: Path) -> None:
    """Its child lives on with the lock; the kernel's table does not name the dead in a container."""
    script = (
        "import subprocess, sys\nfrom ssm_bootstrap.host.locks import Locks\n"
        f"held = Locks({str(tmp_path)!r}).take({paths.LOCK!r}, 'register', 'noon')\n"
        "child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=0, stdout=subprocess.DEVNULL, pass_fds=[held])\n"
        "print(flush=True)\nimport os\nos.kill(os.getpid(), 9)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout is not None and parent.stdin is not None
    parent.stdout.readline()
    parent.wait()
    try:
        with pytest.raises(Refusal) as refused, locked(host, "register", 0, silent):
            raise AssertionError("it came in")
        assert f"what register (pid {parent.pid}, since noon) started before it was killed" in refused.value.message
    finally:
        parent.stdin.close()
        parent.stdout.close()


@pytest.mark.parametrize("written", ["", "{", "[]", '{"pid": "x", "command": 1, "since": 2}'])
def test_a_lock_file_that_makes_no_sense_is_no_error(host: Host, tmp_path: Path, other: Callable[[], None], written: str) -> None:
    (tmp_path / "run/ssm-bootstrap.lock").write_text(written)
    with pytest.raises(Refusal) as refused, locked(host, "register", 0, silent):
        raise AssertionError("it came in")
    assert refused.value.message == "register: another run is at work on this node's identity; nothing was changed"


def test_looking_takes_nothing(host: Host) -> None:
    assert host.locks.holder(paths.LOCK) is None
    with locked(host, "register", 0, silent):
        found = host.locks.holder(paths.LOCK)
    assert isinstance(found, Holder) and found.pid == os.getpid()


def test_who_let_go_is_not_named_any_more_and_nobody_else_may_open_the_file(host: Host, tmp_path: Path) -> None:
    with locked(host, "a command with a long name", 0, silent):
        pass
    lock = tmp_path / "run/ssm-bootstrap.lock"
    assert lock.read_text() == "" and lock.stat().st_mode & 0o777 == 0o600
    lock.write_text("x" * 500)
    with locked(host, "register", 0, silent):
        assert host.locks.last(paths.LOCK).command == "register"
