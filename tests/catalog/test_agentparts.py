"""The parts of the agent, by prefix, by source and by process; none where nothing tells."""

from __future__ import annotations

import pytest

from ssm_bootstrap.catalog.agentparts import _PROCESSES, _ROWS, PARTS, part_of
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.logs import Level, LogRecord


def name_of(source: str = "", *context: str) -> str:
    part = part_of(LogRecord(None, Level.ERROR, "something odd", source, context))
    return part.name if part else ""


@pytest.mark.parametrize(
    ("context", "name"),
    [
        (("HealthCheck",), "the part that tells Systems Manager that the node is there"),
        (("ssm-agent-worker", "MessageService", "Association"), "the part that keeps associations"),
        (("ssm-agent-worker", "MessageService", "MGSInteractor"), "the part that takes commands and sessions from ssmmessages"),
        (("ssm-agent-worker", "MessageService"), "the part that hands messages on inside the agent"),
        (("ssm-agent-worker", "LongRunning"), "the part that keeps programs running"),
        (("ssm-session-worker", "name-0123"), "the process that serves sessions"),
        (("ssm-agent-worker", "MessageService", "MessageHandler", "SessionProcessorWrapper"), "the part that serves sessions"),
    ],
)
def test_a_part_is_known_by_its_innermost_prefix(context: tuple[str, ...], name: str) -> None:
    assert name_of("", *context) == name


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("createSchedule @ schedulemanager.go.71", "the part that keeps associations"),
        ("func1 @ healthcheck.go.210", "the part that tells Systems Manager that the node is there"),
        ("installAgent @ processor.go.300", "the updater"),
        ("submit @ processor.go.300", "the part that runs documents"),
        ("(*Processor).runScheduledAssociation @ processor.go.300", "the part that keeps associations"),
    ],
)
def test_a_part_is_known_by_the_place_that_wrote(source: str, name: str) -> None:
    assert name_of(source) == name


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("Flurb @ association.go.99", "the part that keeps associations"),
        ("flurb @ birdwatcherservice.go.9", "the part that installs packages of Distributor"),
        ("flurb @ inventory_unix.go.9", "the part that gathers inventory"),
        ("flurb @ registration_linux.go.9", "the part that registers the node"),
    ],
)
def test_a_file_that_no_version_has_is_of_the_directory_that_bears_its_name(source: str, name: str) -> None:
    assert name_of(source) == name


def test_a_record_that_lost_its_head_is_still_the_agents() -> None:
    def part(message: str) -> str:
        found = part_of(LogRecord(None, Level.NONE, message))
        return found.name if found else ""

    assert part("[ssm-agent-worker] [Association] went wrong") == "the part that keeps associations"
    assert part("[Flurb @ association.go.99] went wrong") == "the part that keeps associations"
    assert part("went wrong") == part("[1/2] went wrong") == "another program's output"


def test_a_file_of_several_parts_tells_none_and_its_process_is_told_instead() -> None:
    assert name_of("func1 @ processor.go.40") == ""
    assert name_of("func1 @ processor.go.40", "ssm-document-worker") == "the process that runs documents"
    assert name_of("func1 @ processor.go.40", "Association") == "the part that keeps associations"


@pytest.mark.parametrize("source", ["", "func1", " @ ", "func1 @ ", "func1 @ stranger.go.1", "@ processor", "a @ b @ c"])
def test_without_either_no_part_is_known(source: str) -> None:
    assert name_of(source, "ssm-agent-worker", "i-0123456789abcdef0") == ""


def test_every_part_has_a_name_of_its_own_and_a_meaning() -> None:
    assert len({part.name for part in PARTS}) == len(PARTS)
    assert all(part.name.startswith("the ") and len(part.means) > 10 for part in PARTS)
    assert {part.capability for part in PARTS} <= {None, *Capability}


@pytest.mark.parametrize("column", ["contexts", "files", "functions", "directories"])
def test_what_a_part_is_known_by_is_no_other_parts(column: str) -> None:
    known = [key for row in (*_ROWS, *_PROCESSES) for key in getattr(row, column).split()]
    assert known and len(known) == len(set(known))
