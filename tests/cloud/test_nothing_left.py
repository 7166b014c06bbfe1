"""Nothing is left to fill in: a finding of AWS's side names a resource that is there, and its commands hold real ids."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Callable, Dict, Iterator

import pytest

from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.findings import Finding, Side
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Seen, Unseen
from ssm_bootstrap.render.iac.fixes import FORMS, fixes
from tests.cloud.breakages import EVERY, guarded
from tests.cloud.breakings import BREAKINGS
from tests.cloud.clouds import REGION, complete, observations
from tests.cloud.healthy import HEALTHY
from tests.cloud.test_outward import CASES

SEEN: Dict[str, Callable[[], Observations]] = {
    **{f"way: {name}": lambda one=one: observations(one.change(guarded())) for name, one in EVERY.items()},  # type: ignore[misc]
    **{f"other: {one.name}": one.seen for one in BREAKINGS},
    **{f"healthy: {name}": lambda made=made: observations(made()) for name, (made, _) in HEALTHY.items()},  # type: ignore[misc]
    **{f"outward: {name}": lambda made=made: observations(made()) for name, made in CASES.items()},  # type: ignore[misc]
}

NOT_YET = {
    *("<NEW-ACTIVATION-ID>", "<ACTIVATION-ID>", "<ACTIVATION-CODE-FILE>"),  # what create-activation gives, of which none is there
    *("<AGENT-PACKAGE>", "<KEY-FILE>"),  # by the distribution and the processor, which AWS does not know
    *("<GONE-MI-ID>", "<DESIRED-VALUE>"),  # which node may go, and how many there shall be: for a person to decide
}
"""What stands in a command for a thing that does not exist yet, or that is the reader's to decide."""

MARK = re.compile(r"<[A-Z][A-Z0-9-]*>")
BLANK = re.compile(r"\{[a-z_]+\}|\bthe server\b")
"""What stands in a text for what nobody knew."""


def texts(value: Any) -> Iterator[str]:
    """Every text that a value holds."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Seen, Unseen)):
        yield from texts(value.value) if isinstance(value, Seen) else ()
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from texts(item)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts(getattr(value, field.name))


def words(finding: Finding) -> Iterator[str]:
    """All that a reader is told by a finding."""
    remedy = finding.remedy
    yield from (finding.title, finding.cause, remedy.summary, *remedy.steps, *remedy.aws_steps)


def is_there(subject: str, known: set[str]) -> bool:
    """Whether a subject is a resource that was read, or one that has to be made: a service's endpoint, an activation, a node."""
    parts = re.split(r"[, ]+", subject)
    return all(part in known or part.startswith(("com.amazonaws.", "amazon-ssm-agent", "account")) for part in parts)


def by_aws(seen: Observations) -> Iterator[Finding]:
    yield from (one for one in diagnose(seen).findings if one.seen_from == (Side.AWS,))


@pytest.mark.parametrize("name", SEEN)
def test_every_finding_names_its_resource_and_leaves_nothing_to_fill_in(name: str) -> None:
    seen = SEEN[name]()
    assert isinstance(seen.cloud, Seen)
    cloud: Cloud = seen.cloud.value
    known = set(texts((cloud, seen.plan, seen.identity))) | set(texts(complete()))
    for finding in by_aws(seen):
        where = (finding.code, finding.subject)
        assert is_there(finding.subject, known) or finding.subject in str(known), where
        commands = [command.text for command in finding.remedy.commands]
        left = {mark for command in commands for mark in MARK.findall(command)}
        assert left <= NOT_YET, (where, commands)
        assert [text for text in words(finding) if BLANK.search(text)] == [], where
        assert finding.evidence and all(one.locator and one.excerpt for one in finding.evidence), where


@pytest.mark.parametrize("form", FORMS)
def test_what_mends_it_asks_for_nothing(form: str) -> None:
    for name, made in SEEN.items():
        code = fixes(diagnose(made()), form, REGION)
        assert MARK.findall(code) == [] and not re.search(r"\$\{[A-Z_]+:[?=]|^variable ", code, re.MULTILINE), (name, code)


def test_there_are_many() -> None:
    codes = {one.code for made in SEEN.values() for one in by_aws(made())}
    print(f"{len(SEEN)} clouds, {len(codes)} codes")
    assert len(SEEN) >= 150 and len(codes) >= 35
