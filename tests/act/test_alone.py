"""One run of install at a time, beside a registration."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import List, Optional

import pytest

from ssm_bootstrap.act.lock import alone, locked
from ssm_bootstrap.collect import paths
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.locks import Locks
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from tests.act.machine import TickingClock


@pytest.fixture
def host(tmp_path: Path) -> Host:
    (tmp_path / "run").mkdir()
    return Host(locks=Locks(str(tmp_path)), clock=TickingClock())


def test_a_second_run_waits_and_then_says_who_is_at_work(host: Host) -> None:
    told: List[str] = []
    with alone(host, "install", print), pytest.raises(Refusal) as refused, alone(host, "install --uninstall", told.append):
        pytest.fail("two at once")
    assert [line.split(",")[0] for line in told] == [f"waiting for install (pid {os.getpid()}"]
    assert refused.value.status == ExitStatus.TRY_LATER
    assert f"install --uninstall: install (pid {os.getpid()}, " in str(refused.value)


def test_it_is_let_go_after_a_failure_too(host: Host) -> None:
    with pytest.raises(OSError), alone(host, "install", print):
        raise OSError
    with alone(host, "install", print):
        assert host.locks.holder(paths.INSTALL_LOCK) is not None


def test_a_registration_does_not_hold_it_up(host: Host) -> None:
    with locked(host, "register", 0, print), alone(host, "install", print):
        assert host.locks.holder(paths.LOCK) is not None


@pytest.mark.parametrize(
    ("number", "status"),
    [(errno.EIO, ExitStatus.TRY_LATER), (errno.ENOSPC, ExitStatus.TRY_LATER), (errno.EROFS, ExitStatus.NO_PERMISSION)],
)
def test_a_lock_that_cannot_be_had_ends_as_its_error_does(number: int, status: ExitStatus) -> None:
    class Broken(Locks):
        """A lock's file that gives an error."""

        def take(self, path: str, command: str, since: str) -> Optional[int]:
            raise OSError(number, os.strerror(number))

    with pytest.raises(Refusal) as refused, alone(Host(locks=Broken(), clock=TickingClock()), "install", print):
        pytest.fail("it came in")
    assert refused.value.status is status
    assert refused.value.message == f"{paths.INSTALL_LOCK}: {os.strerror(number).lower()}; nothing was changed"


def test_a_link_in_its_place_is_refused(host: Host, tmp_path: Path) -> None:
    (tmp_path / paths.INSTALL_LOCK[1:]).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refusal) as refused, alone(host, "install", print):
        pytest.fail("a link was followed")
    assert refused.value.status == ExitStatus.BAD_CONTENT and not (tmp_path / "elsewhere").exists()
