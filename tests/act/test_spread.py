"""The start delay: whose it is, who is asked for it, what is said of it, and that it ends nothing but itself."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest

from ssm_bootstrap.act.spread import choose_delay, delay_of, hold_back
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.spread import Spread, choose_spread
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from tests.act.machine import Machine
from tests.fakes import StillClock

IDS = [f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128):032x}" for number in range(1, 2001)]
CONFIGURED = f"{paths.OUR_CONFIG}: [register] spread = 10m"


@pytest.mark.parametrize("ids", [IDS, [f"{number:032x}" for number in range(2000)]], ids=["random", "counting up"])
def test_delays_are_spread_evenly_and_none_is_anothers(ids: List[str]) -> None:
    delays = sorted(delay_of(machine, 600) for machine in ids)
    assert len(set(delays)) == 2000 and delays[0] >= 0 and delays[-1] < 600
    assert max(abs(delay / 600 - number / 2000) for number, delay in enumerate(delays)) < 0.05


def test_a_node_has_the_same_delay_each_time_and_another_share_of_another_spread() -> None:
    assert delay_of(IDS[0], 600) == delay_of(IDS[0], 600) == 2 * delay_of(IDS[0], 300)


def test_it_is_that_of_the_machine_id(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "root")
    machine.put(paths.MACHINE_ID, f"{IDS[3]}\n")
    assert choose_delay(machine.files, 600) == delay_of(IDS[3], 600)


@pytest.mark.parametrize("text", [None, "", "uninitialized\n", "no id\n", "0" * 32])
def test_a_machine_without_an_id_of_its_own_draws_one(tmp_path: Path, text: str) -> None:
    machine = Machine(tmp_path / "root")
    if text is not None:
        machine.put(paths.MACHINE_ID, text)
    delays = {choose_delay(machine.files, 600) for _ in range(50)}
    assert len(delays) > 1 and all(0 <= delay <= 600 for delay in delays)


class Tokyo(StillClock):
    """Noon in UTC, told in Tokyo; what is slept passes."""

    spent = 0.0

    def monotonic(self) -> float:
        return self.spent

    def sleep(self, seconds: float) -> None:
        self.spent += seconds


def test_one_line_says_how_long_until_when_and_who_wants_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "root")
    machine.put(paths.MACHINE_ID, f"{IDS[0]}\n")
    clock, told = Tokyo(), []  # type: Tokyo, List[str]
    slept = hold_back(
        Host(files=machine.files, clock=clock), Spread(200 * 600 / delay_of(IDS[0], 600), "--spread 10m"), told.append
    )
    assert slept == clock.spent == pytest.approx(200)
    assert told == ["starts in 3 min 20 s, at 21:03:20 (--spread 10m)"]


def test_flag_environment_and_configuration_in_this_order() -> None:
    variable = {"SSM_BOOTSTRAP_SPREAD": " 5m "}
    assert choose_spread("90s", variable, "10m", is_forced=False) == Spread(90, "--spread 90s")
    assert choose_spread(None, variable, "10m", is_forced=False) == Spread(300, "SSM_BOOTSTRAP_SPREAD=5m")
    assert choose_spread(None, {}, "10m", is_forced=False) == Spread(600, CONFIGURED)
    assert choose_spread("0", variable, "10m", is_forced=False).seconds == 0
    assert choose_spread(None, {}, "", is_forced=False).seconds == 0


def test_what_is_configured_for_many_does_not_hold_back_one_that_is_forced() -> None:
    assert choose_spread(None, {"SSM_BOOTSTRAP_SPREAD": "5m"}, "10m", is_forced=True).seconds == 0
    assert choose_spread("90s", {}, "10m", is_forced=True).seconds == 90


@pytest.mark.parametrize("text", ["soon", "-1", "25h", "1e9", "10d", "٣m", "9" * 400])
def test_a_variable_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        choose_spread(None, {"SSM_BOOTSTRAP_SPREAD": text}, "", is_forced=False)
    assert refused.value.status is ExitStatus.BAD_CONTENT
    assert str(refused.value.message).startswith("SSM_BOOTSTRAP_SPREAD: ") and "24h at most" in refused.value.message
