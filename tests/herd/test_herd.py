"""2,000 nodes that start together: all are registered, once, in a time that is near the limit."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.laws.tree import ROOT

pytest.importorskip("greenlet")  # the world has none for Python 3.9

from tests.herd.__main__ import MOST_OF_ONE
from tests.herd.herd import RESTART, WAIT, Story, play

BOOT_UNIT = ROOT / "ssm_bootstrap" / "data" / "systemd" / "ssm-bootstrap.service"


@pytest.mark.parametrize("rate", [10.0, 50.0, 200.0])
def test_with_a_spread_of_the_limit_all_are_registered_near_it(rate: float) -> None:
    story = Story(rate)
    played = play(replace(story, spread=story.limit))
    assert played.factor <= 1.3 and played.left == played.failures == 0
    assert len(played.api.uses) == len(set(played.api.uses)) == story.nodes


@pytest.mark.parametrize(("rate", "most"), MOST_OF_ONE.items())
def test_a_bucket_of_one_request_takes_longer_and_fails_no_node(rate: float, most: float) -> None:
    """What docs/herd.md tells of it: no node knows of another, so that nothing fills the gaps that chance leaves."""
    story = Story(rate)
    played = play(replace(story, spread=story.limit, saved=1 / rate))
    assert 1.0 < played.factor <= most and played.left == played.failures == 0
    assert len(played.api.uses) == len(set(played.api.uses)) == story.nodes


@pytest.mark.parametrize(("rate", "nodes"), [(10.0, 400), (50.0, 400), (200.0, 2000)])
def test_without_one_none_fails_and_no_activation_is_used_twice(rate: float, nodes: int) -> None:
    played = play(Story(rate, nodes=nodes))
    assert played.left == played.failures == 0
    assert len(played.api.uses) == len(set(played.api.uses)) == played.story.nodes
    assert set(played.api.activations.values()) == {0}


def test_three_attempts_alone_would_not_do() -> None:
    """What throttling is bound by time for."""
    played = play(Story(10.0, nodes=400, wait=0.0))
    assert played.failures > 50 and played.left == 0, "systemd starts them again"


def test_nodes_that_lose_their_power_are_registered_once_all_the_same() -> None:
    played = play(Story(50.0, spread=10.0, nodes=300, lost=0.05, reboots=0.1, spare=20))
    assert played.left == played.failures == 0 and not played.used_twice
    assert sum(node.is_lost for node in played.nodes) == 15
    assert len(played.api.uses) == sum(bool(node.vault.node) for node in played.nodes)


def test_a_node_that_is_refused_for_an_hour_says_what_it_did_and_goes_on() -> None:
    played = play(Story(10.0, nodes=5, closed_until=3600.0))
    assert played.left == 0
    for node in played.nodes:
        assert len(node.gave_up) == 3, "four waits of a quarter of an hour"
        assert WAIT - 1 <= node.gave_up[0] <= WAIT + 15, "no attempt begins after the wait; one takes 7.5 to 11 s"
        said = [line for line in node.told if line.startswith("gave up")]
        assert len(said) == 3 and re.fullmatch(r"gave up after \d+ attempts in 1[45] min \d+ s", said[0])
        assert int(said[0].split()[3]) == sum(line.startswith("attempt ") for line in node.told[: node.told.index(said[0])])


def test_the_same_seed_gives_the_same() -> None:
    story = Story(50.0, nodes=100, seed=7)
    assert play(story).total == play(story).total != play(replace(story, seed=8)).total


def test_what_is_played_is_the_boot_unit() -> None:
    text = BOOT_UNIT.read_text()
    assert f"RestartSec={RESTART:.0f}\n" in text
    assert f" register --wait {WAIT / 60:.0f}m " in text
