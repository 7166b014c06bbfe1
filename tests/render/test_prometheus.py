"""The metrics file, read back by Prometheus' own parser."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.findings import Diagnosis
from ssm_bootstrap.model.network import Probe
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.model.timeline import EndedBy, Ending, Incident
from ssm_bootstrap.render.monitoring import metrics
from tests.fakes import NOON
from tests.made import healthy, observations, probe
from tests.render.reports import STORIES

ODD = 'a"b\\c\nd{e}=f\\n,\u8868'


def read(text: str) -> dict[str, Any]:
    """Families by name; each has to have its HELP and TYPE, once, before its samples."""
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families)
    assert all(family.documentation and family.type == "gauge" for family in families)
    return {family.name: family for family in families}


def samples(text: str, name: str) -> dict[tuple[str, ...], float]:
    return {tuple(sample.labels.values()): sample.value for sample in read(text)[name].samples}


@pytest.mark.parametrize("story", STORIES)
def test_every_story_is_a_file_that_prometheus_reads(story: str) -> None:
    text = metrics(*STORIES[story])
    families = read(text)
    assert text.endswith("\n") and "\n\n" not in text
    assert all(name.startswith("ssm_bootstrap_") for name in families)
    told = [(sample.name, tuple(sample.labels.items())) for family in families.values() for sample in family.samples]
    assert len(told) == len(set(told)), "one series twice makes the collector drop the file"


def test_labels_are_escaped_and_come_back_as_they_were() -> None:
    seen = replace(observations(*healthy()), version=ODD)
    assert samples(metrics(seen, Diagnosis()), "ssm_bootstrap_info") == {(ODD,): 1.0}


def test_each_capability_has_one_verdict_that_is_one() -> None:
    told = samples(metrics(*STORIES["closed"]), "ssm_bootstrap_capability")
    assert {name for (name, _), value in told.items() if value == 1.0} == {name for name, _ in told}
    assert sum(told.values()) == 5.0
    assert told["register", "broken"] == 1.0 and told["register", "ok"] == 0.0


def test_a_finding_is_one_series_a_code_and_severity_and_none_when_it_is_over() -> None:
    one, two = make_finding("no-route", "a"), make_finding("no-route", "b")
    over = Incident("dns-silent", "c", None, None, None, 1, ending=Ending(EndedBy.PROBE, "a probe reaches it now"))
    told = samples(metrics(observations(), Diagnosis(findings=(one, two), history=(over,))), "ssm_bootstrap_finding")
    assert told == {("no-route", "error"): 1.0}
    assert samples(metrics(observations(), Diagnosis()), "ssm_bootstrap_finding") == {}


@pytest.mark.parametrize(
    ("state", "value"),
    [(IdentityState.REGISTERED, 1.0), (IdentityState.NOT_REGISTERED, 0.0), (IdentityState.LOST, 0.0)],
)
def test_whether_it_is_registered(state: IdentityState, value: float) -> None:
    text = metrics(observations(identity=Seen(Identity(state))), Diagnosis())
    assert samples(text, "ssm_bootstrap_registered") == {(): value}


def test_an_identity_that_nobody_could_read_is_not_told() -> None:
    text = metrics(observations(identity=Seen(Identity(IdentityState.UNREADABLE))), Diagnosis())
    assert "ssm_bootstrap_registered" not in read(text)


def test_when_it_was_looked_at_is_told_so_that_a_stale_file_shows() -> None:
    told = samples(metrics(*STORIES["healthy"]), "ssm_bootstrap_last_run_timestamp_seconds")
    assert told == {(): NOON.timestamp()}


def test_only_what_answered_has_seconds_and_the_slowest_address_counts() -> None:
    slow: Probe = probe("ssm", "10.0.0.6")
    slow = replace(slow, stages=tuple(replace(stage, seconds=1.0) for stage in slow.stages))
    told = samples(metrics(observations(probe("ssm"), slow), Diagnosis()), "ssm_bootstrap_probe_seconds")
    assert list(told.values()) == [4.0]
    assert not any(key[0].startswith("ssm.") for key in samples(metrics(*STORIES["closed"]), "ssm_bootstrap_probe_seconds"))
