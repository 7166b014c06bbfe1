"""The table of targets: within its width whatever the names, no name cut that fits a line, columns straight."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.network import Probe
from ssm_bootstrap.render.selection import Mark
from ssm_bootstrap.render.targets import target_lines
from ssm_bootstrap.render.terminal import cells
from tests.made import INSIDE, PUBLIC, healthy, probe


def named(host: str) -> Probe:
    """A probe of a target of that name which gave no answer."""
    made = probe("ssm", PUBLIC, Stage.TCP, Failure.TIMED_OUT)
    return replace(made, target=replace(made.target, host=host))


def lines(probes: list[Probe], width: int) -> list[list[str]]:
    return list(target_lines(probes, [Mark.OK] * len(probes), width))


@pytest.mark.parametrize("width", range(24, 140, 4))
@pytest.mark.parametrize("host", ["a", "x" * 90, "ssm." + "label." * 30 + "example", "\u8868" * 40, "\x1b[2J\u202e" * 9])
def test_every_line_fits_and_nothing_is_lost(width: int, host: str) -> None:
    probes = [*healthy(), named(host)]
    told = lines(probes, width)
    assert max(cells(line) for row in told for line in row) <= width
    for row, item in zip(told, probes):
        words = "".join("".join(row).split())
        assert f"{item.address}" in words
        if item.target.host.isascii() and item.target.host.isprintable():
            assert f"{item.target.host}:{item.target.port}" in words
    assert "\x1b" not in repr(told).replace("\\x1b", "")


def test_where_there_is_room_each_target_is_one_line_and_columns_are_straight() -> None:
    told = lines(list(healthy()), 120)
    assert {len(row) for row in told} == {1}
    assert len({row[0].index(f" {INSIDE}") for row in told if f" {INSIDE} " in row[0]}) == 1
    assert len({row[0].index(" HTTP") for row in told}) == 1


def test_a_name_that_leaves_no_room_stands_whole_on_its_own_line() -> None:
    probes = list(healthy())
    for row, item in zip(lines(probes, 80), probes):
        assert f"{item.target.host}:{item.target.port}" in row[0]
        assert len(row) == (1 if len(item.target.host) < 40 else len(row))
    assert any(len(row) == 2 for row in lines(probes, 80))
