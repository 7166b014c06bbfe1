"""Our units as an older systemd takes them."""

from __future__ import annotations

import pytest

from ssm_bootstrap.act.setup.older_systemd import UNKNOWN, fitting, version_of
from ssm_bootstrap.host.machine import Program

UNITS = Program().units()
NAME = "ssm-bootstrap.service"


def settings(data: bytes) -> list[str]:
    return [line for line in data.decode().splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("systemd 239 (239-82.el8_10.5)\n+PAM +AUDIT\n", 239),
        ("systemd 219\n+PAM +AUDIT\n", 219),
        ("systemd 257 (257.7-1)\n", 257),
        ("", UNKNOWN),
        ("systemctl: unknown\n", UNKNOWN),
    ],
)
def test_the_version_that_it_tells(said: str, version: int) -> None:
    assert version_of(said) == version


@pytest.mark.parametrize("version", [244, 247, 257, UNKNOWN])
def test_a_newer_one_gets_them_as_they_are(version: int) -> None:
    assert fitting(UNITS, version) == UNITS


@pytest.mark.parametrize("version", [219, 234, 239, 243])
def test_before_244_no_oneshot_is_restarted_and_the_run_itself_waits(version: int) -> None:
    found = fitting(UNITS, version)
    assert list(found) == list(UNITS)
    for name, data in found.items():
        oneshot = "Type=oneshot" in settings(data)
        assert not (oneshot and [line for line in settings(data) if line.startswith("Restart")]), name
    (start,) = [line for line in settings(found[NAME]) if line.startswith("ExecStart=")]
    assert start == "ExecStart=/usr/bin/ssm-bootstrap register --wait 8760h --no-block"
    assert "RemainAfterExit=yes" in settings(found[NAME])


@pytest.mark.parametrize(("version", "filters"), [(219, False), (238, False), (239, True), (243, True)])
def test_before_239_nothing_is_allowed_by_a_group_that_is_not_known(version: int, filters: bool) -> None:
    found = fitting(UNITS, version)
    assert any(b"SystemCallFilter=" in data for data in UNITS.values())
    assert any(line.startswith("SystemCallFilter=") for data in found.values() for line in settings(data)) is filters
    assert "SystemCallArchitectures=native" in settings(found[NAME])


def test_nothing_else_differs() -> None:
    old, new = settings(UNITS[NAME]), settings(fitting(UNITS, 219)[NAME])
    gone = [line.partition("=")[0] for line in old if line not in new]
    assert set(gone) == {
        "ExecStart",
        "Restart",
        "RestartSec",
        "RestartPreventExitStatus",
        "SystemCallFilter",
        "SystemCallErrorNumber",
    }
