"""The stand-in agent is as honest as the recordings of the real one: each recorded story is played and held beside them."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Dict, Iterator, Mapping, Sequence, Tuple

import pytest

from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.lab.plays import PLAYS, NotReached, play
from tests.lab.told import CORE, DOCUMENT, REGISTRATION, WORKER, Told
from tests.variants import some

HOMES = tuple(Path(__file__).resolve().parents[1] / "data" / name for name in ("journeys", "journeys-more"))
pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")]

NOT_PLAYED: Mapping[str, Tuple[str, ...]] = {
    # A worker that is told to stop while it starts: here the real one fell over its own channels, in "outage" it did not.
    "first_boot": (
        "ERROR [ssm-agent-worker] [MessageService] MGSInteractor initialization panicked: send on closed channel",
        "ERROR [ssm-agent-worker] [MessageService] stacktrace:",
        "ERROR 1 @ messageservice.go: [ssm-agent-worker] [MessageService] MGSInteractor initialization panicked: ",
        "ERROR 1 @ messageservice.go: [ssm-agent-worker] [MessageService] stacktrace:",
    ),
    # The agent falls over the lab's update manifest, which lacks what AWS's own has. The stand-in updates from it as the real
    # agent does from the real one, for tests of an update that works.
    "late_endpoints": (
        "ERROR [ssm-document-worker] [UUID] [DataBackend] [pluginName=aws:updateSsmAgent] UpdateAgent panicked with error ",
        "ERROR func1 @ updateagent.go: [ssm-document-worker] [UUID] [DataBackend] [pluginName=aws:updateSsmAgent] UpdateAgent "
        "panicked with error ",
    ),
}
"""What complaints begin with that were recorded and that the stand-in does not make, by story."""

NOT_STAGED: Mapping[str, str] = {
    "throttling": "a rotation of credentials falls within 0.03 s of the agent's end",
    "two_faults": "a stop that systemd cuts off after 90 s, within three minutes of waiting",
}
"""Recorded stories that are not played, and why."""

EACH_TIME = ("crash", "first_boot", "outage", "refused_force", "s3_denied", "worker")
"""Stories that every run plays; the others are of the same kinds, or long."""

STAGES = 3
"""How many stories are played side by side; most of their time is spent waiting."""

PACES = (1.0, 2.0, 4.0)
"""How many times slower than it is set a story is played, one after another until it is told as it was recorded."""


@pytest.fixture(scope="module")
def performances(request: pytest.FixtureRequest) -> Iterator[Mapping[str, Future[Sequence[str]]]]:
    """How each of the stories that this run asks for differs from its recording; they are played in several labs."""
    ours = [item for item in request.session.items if isinstance(item, pytest.Function) and item.module is request.module]
    names = sorted(item.callspec.params["story"] for item in ours if "story" in item.fixturenames)
    labs: SimpleQueue[Lab] = SimpleQueue()

    def perform(name: str) -> Sequence[str]:
        lab = labs.get()
        try:
            return differences(lab, name)
        finally:
            labs.put(lab)

    with ExitStack() as stack, ThreadPoolExecutor(STAGES) as pool:
        for _ in range(min(STAGES, len(names))):
            labs.put(stack.enter_context(Lab(CASES["complete"])))
        yield {name: pool.submit(perform, name) for name in names}


def recording(story: str) -> Dict[str, str]:
    """The logs of a recorded story, whole."""
    home = next(home / story for home in HOMES if (home / story).is_dir())
    return {path.name: path.read_text(encoding="utf-8") for path in home.iterdir()}


def differences(lab: Lab, story: str) -> Sequence[str]:
    """How a play of the story differs from its recording: states of each process, their order, all warnings and errors.

    A machine that is busy falls behind a recording's own times, so that another thing comes first. Then the story is played
    again, slower, so that the machine's delay is the smaller part; a stand-in that behaves otherwise does so at any pace.
    """
    found: Sequence[str] = ()
    for slower in PACES:
        try:
            found = compare(story, Told.of(*play(lab, story, slower)))
        except NotReached as error:
            lab.reset_instance()
            found = [str(error)]
        if not found:
            break
    return found


def compare(story: str, played: Told) -> Sequence[str]:
    """What differs between a play and its recording, in words."""
    recorded = Told.of(recording(story))
    missing = sorted(recorded.complaints - played.complaints)
    beginnings = NOT_PLAYED.get(story, ())
    found = [f"not played: {one}" for one in missing if not one.startswith(beginnings)]
    found += [f"played by now: {one}" for one in beginnings if not any(text.startswith(one) for text in missing)]
    found += [f"never recorded: {one}" for one in sorted(played.complaints - recorded.complaints)]
    if played.lives != recorded.lives:
        found.append(f"lives {played.lives} instead of {recorded.lives}")
    if played.order != recorded.order:
        found.append(f"order {played.order} instead of {recorded.order}")
    return found


@pytest.mark.parametrize("story", some(sorted(PLAYS), EACH_TIME))
def test_a_story_is_told_as_it_was_recorded(performances: Mapping[str, Future[Sequence[str]]], story: str) -> None:
    assert performances[story].result() == []


@pytest.mark.parametrize("story", sorted(PLAYS))
def test_a_story_that_is_told_otherwise_differs(story: str) -> None:
    """The recording of each beside that of another one, and beside itself without one warning that is played."""
    recorded = Told.of(recording(story))
    assert not [one for one in compare(story, recorded) if not one.startswith("played by now")]
    other = next(name for name in sorted(PLAYS) if name != story)
    assert any(one.startswith(("lives", "order")) for one in compare(story, Told.of(recording(other))))
    dropped = min(one for one in recorded.complaints if not one.startswith(NOT_PLAYED.get(story, ("\0",))))
    fewer = replace(recorded, complaints=recorded.complaints - {dropped})
    assert len(compare(story, fewer)) == len(compare(story, recorded)) + 1


def test_every_recorded_story_is_played() -> None:
    recorded = {path.name for home in HOMES for path in home.iterdir() if path.is_dir()}
    assert set(PLAYS) | set(NOT_STAGED) == recorded and not set(PLAYS) & set(NOT_STAGED)
    assert {path.name for path in HOMES[0].iterdir() if path.is_dir()} <= set(PLAYS)
    assert set(NOT_PLAYED) <= set(PLAYS)


LOG = """2026-01-01 00:00:01.0000 INFO Proxy environment variables:
2026-01-01 00:00:01.1000 INFO Agent will take identity from EC2
2026-01-01 00:00:02.0000 ERROR [Registrar] failed to register identity: EC2MetadataError: failed

\tstatus code: 404, request id: 01234567-89ab-cdef-0123-456789abcdef
2026-01-01 00:00:04.0000 INFO [ssm-agent-worker] Checking if agent identity type OnPrem can be assumed
2026-01-01 00:00:03.0000 INFO [CredentialRefresher] Credentials ready
2026-01-01 00:00:02.5000 INFO Successfully registered the instance with AWS SSM using Managed instance-id: mi-02117ab6c0a35dc0a
2026-01-01 00:00:05.0000 INFO [ssm-agent-worker] [MGSInteractor] SSM Connection channel status is set to ec2messages
2026-01-01 00:00:06.0000 INFO ssm-document-worker - v3.3.0.0
2026-01-01 00:00:06.1000 INFO Checking if agent identity type OnPrem can be assumed
2026-01-01 00:00:06.2000 INFO Agent will take identity from OnPrem
2026-01-01 00:00:07.0000 INFO Proxy environment variables:
2026-01-01 00:00:07.1000 INFO Agent will take identity from OnPrem
"""


def test_what_is_held_beside_each_other() -> None:
    """Processes are told apart, time counts and not the line, a record goes on over lines, and what is said counts."""
    told = Told.of({"amazon-ssm-agent.log": LOG, "errors.log": ""})
    assert told.lives == {
        CORE: [["began", "identity EC2", "credentials-ready"], ["began", "identity OnPrem"]],
        WORKER: [["asks-for-identity", "connection-status ec2messages"]],
        DOCUMENT: [["asks-for-identity", "identity OnPrem"]],
        REGISTRATION: [["registered"]],
    }
    assert told.order == ["began", "identity EC2", "registered", "credentials-ready", "began", "identity OnPrem"]
    failed = "ERROR [Registrar] failed to register identity: EC2MetadataError: failed\n\n\tstatus code: N, request id: UUID"
    assert told.complaints == {failed}
    earlier = Told.of({"amazon-ssm-agent.log": LOG, "errors.log": ""}, until=datetime(2026, 1, 1, 0, 0, 1))
    assert (earlier.order, earlier.complaints) == (["began"], frozenset())


@pytest.mark.parametrize(
    ("was", "instead"),
    [
        ("identity from EC2", "identity from OnPrem"),
        ("00:00:02.5000 INFO Succ", "00:00:03.5000 INFO Succ"),
        ("status is set to ec2messages", "status is set to ssmmessages"),
        ("EC2MetadataError: failed", "EC2MetadataError: fell"),
        ("00:00:07.0000 INFO Proxy", "00:00:07.0000 INFO Another"),
        ("ERROR [Registrar]", "WARN [Registrar]"),
    ],
)
def test_a_log_that_tells_otherwise_is_told_apart(was: str, instead: str) -> None:
    assert LOG.count(was) == 1
    told, other = (Told.of({"amazon-ssm-agent.log": text, "errors.log": ""}) for text in (LOG, LOG.replace(was, instead)))
    assert (told.lives, told.order, told.complaints) != (other.lives, other.order, other.complaints)
