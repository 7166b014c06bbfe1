"""Every story: what the doctor says of it, and that it says the same when it is replayed or not root."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from ssm_bootstrap.cli.report import status_of
from ssm_bootstrap.diagnose.case import Case, open_case
from ssm_bootstrap.diagnose.diagnosis import CHECKS, diagnose, with_logs
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import NOT_ASKED, Seen, value_of
from ssm_bootstrap.model.patch import Patching
from tests.laws.secrets import leaks
from tests.scenarios.effects import Touched, no_real_effects
from tests.scenarios.expectation import disagreements, of_network
from tests.scenarios.player import Played, play
from tests.scenarios.scenario import Scenario, read_scenario, scenarios

WAITING: tuple[str, ...] = ()
"""Checks that no story has yet; law 6 wants none here."""

AWS_SIDE = "ssm_bootstrap.diagnose.cloud."
"""Checks of AWS's side see nothing of a machine: tests/cloud holds that each of them speaks."""

STORIES = list(scenarios())
RIGHT = [one for one in STORIES if not one.known]


@cache
def played(name: str, is_root: bool = True) -> Played:
    """One playing serves every test of a story."""
    scenario = read_scenario(name)
    return play(scenario) if is_root else play(scenario, is_root=False)


def named(stories: list[Scenario]) -> list[object]:
    """Stories as parameters; one that the product is known to get wrong must fail, and says why."""
    return [
        pytest.param(one, id=one.name, marks=[pytest.mark.xfail(reason=one.known, strict=True)] if one.known else [])
        for one in stories
    ]


@pytest.mark.parametrize("story", named(STORIES))
def test_the_doctor_says_what_is_right(story: Scenario) -> None:
    assert disagreements(story.expectation, played(story.name).diagnosis, story.capabilities) == []


@pytest.mark.parametrize("story", named(RIGHT))
def test_the_report_reads_as_committed(story: Scenario) -> None:
    assert story.expected_text.is_file(), "run: python -m tests.accuracy --write"
    assert played(story.name).golden == story.expected_text.read_text(encoding="utf-8")


@pytest.mark.parametrize("story", STORIES, ids=lambda one: one.name)
def test_a_replay_says_the_same(story: Scenario) -> None:
    assert played(story.name).replayed() == played(story.name).diagnosis


@pytest.mark.parametrize("story", STORIES, ids=lambda one: one.name)
def test_no_secret_comes_out(story: Scenario) -> None:
    found = played(story.name)
    assert leaks(found.text) == ()
    assert leaks(repr(found.document)) == ()
    assert leaks(repr(found.observations)) == ()


@pytest.mark.parametrize("story", [one for one in STORIES if one.also_unprivileged], ids=lambda one: one.name)
def test_anybody_sees_the_same_network_and_is_told_what_was_not_seen(story: Scenario) -> None:
    mine, theirs = played(story.name), played(story.name, is_root=False)
    assert of_network(theirs.diagnosis.findings) == of_network(mine.diagnosis.findings)
    identity = value_of(theirs.observations.identity)
    assert identity is not None
    assert identity.state is IdentityState.UNREADABLE
    subjects = {subject for subject, _ in theirs.diagnosis.unseen}
    assert "identity" in subjects
    assert any("/var/log/amazon/ssm" in subject for subject in subjects)
    claimed = {one.code for one in theirs.diagnosis.findings} - {one.code for one in mine.diagnosis.findings}
    assert claimed == set()
    assert "/tmp/" not in theirs.text
    assert theirs.replayed() == theirs.diagnosis


@pytest.mark.parametrize("story", [one for one in STORIES if one.name == "healthy-al2023"], ids=lambda one: one.name)
def test_what_needs_an_identity_that_nobody_could_see_is_unknown(story: Scenario) -> None:
    found = {item.capability.value: item.verdict.value for item in played(story.name, is_root=False).diagnosis.capabilities}
    assert found == {name: "ok" if name == "register" else "unknown" for name in found}


def opened(told: Played) -> Case:
    """The case as the checks get it."""
    case, digest = open_case(told.observations), value_of(told.observations.logs)
    return with_logs(case, digest) if digest is not None else case


def test_every_check_speaks_in_some_story() -> None:
    speaking = set()
    for story in STORIES:
        case = opened(played(story.name))
        unprivileged = [opened(played(story.name, is_root=False))] if story.also_unprivileged else []
        for check in CHECKS:
            if check.name not in speaking and any(True for one in (case, *unprivileged) for _ in check.function(one)):
                speaking.add(check.name)
    of_this_side = {check.name for check in CHECKS if not check.function.__module__.startswith(AWS_SIDE)}
    assert of_this_side - speaking == set(WAITING)


def test_a_scenario_reaches_nothing_of_this_machine(tmp_path: Path) -> None:
    for reach in (
        lambda: socket.getaddrinfo("localhost", 80),
        lambda: socket.socket(),
        lambda: subprocess.run(["true"], check=False),
        lambda: Path("/etc/hosts").read_text(encoding="utf-8"),
        lambda: (tmp_path / "new").write_text("x", encoding="utf-8"),
        lambda: os.mkdir(tmp_path / "directory"),
    ):
        with pytest.raises(Touched), no_real_effects(tmp_path):
            reach()
    with pytest.raises(Touched), no_real_effects(tmp_path), contextlib.suppress(BaseException):
        socket.socket()  # what the product swallows is told all the same
    assert not list(tmp_path.iterdir())


def test_a_scenario_plays_the_same_twice() -> None:
    story = read_scenario("resolver-silent")
    first, second = play(story), play(story)
    assert first.observations == second.observations


# one severity a finding everywhere


def as_probe(seen: Observations) -> Observations:
    """What ``probe`` would have seen of it."""
    plan, patched = replace(seen.plan, command="probe"), value_of(seen.patching)
    return Observations(
        seen.version,
        seen.taken_at,
        plan,
        instance=seen.instance,
        probes=seen.probes,
        lookups=seen.lookups,
        root=seen.root,
        loose=seen.loose,
        agent_path=seen.agent_path,
        patching=Seen(Patching(patched.repositories)) if patched is not None else NOT_ASKED,
    )


@pytest.mark.parametrize("story", RIGHT, ids=lambda one: one.name)
def test_the_same_observations_are_told_alike_by_every_command(story: Scenario) -> None:
    found = played(story.name)
    for command in ("probe", "status", "doctor"):
        told = diagnose(replace(found.observations, plan=replace(found.observations.plan, command=command)))
        assert told == found.diagnosis
        for strict in (False, True):
            assert status_of(told, strict) is status_of(found.diagnosis, strict)


@pytest.mark.parametrize("story", RIGHT, ids=lambda one: one.name)
def test_a_finding_has_one_severity_in_probe_and_doctor(story: Scenario) -> None:
    found = played(story.name)
    whole = {(one.code, one.subject): one.severity for one in found.diagnosis.findings}
    probed = diagnose(as_probe(found.observations))
    network = {(one.code, one.subject): one.severity for one in probed.findings}
    assert [key for key in whole.keys() & network.keys() if whole[key] != network[key]] == []
    assert [subject for subject, reason in probed.unseen if reason == NOT_ASKED.reason] == []
