"""Observations through JSON and back; documents that are none are refused with the place."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any, Optional, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.codec import NotDecodable, decode, encode
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Finding
from ssm_bootstrap.model.logs import Level
from ssm_bootstrap.model.network import Probe, StageResult
from ssm_bootstrap.model.observations import Observations, Plan
from ssm_bootstrap.model.observed import NOT_ASKED, Observed, Seen, Unseen

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=12),
    int: st.integers(),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    datetime: st.datetimes(timezones=ZONES),
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type of the model, by its annotations."""
    if kind in LEAVES:
        return LEAVES[kind]
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Union:
        return st.one_of(*(st.none() if part is type(None) else values_of(part) for part in parts))
    if origin is Seen:
        return values_of(parts[0]).map(Seen)
    if origin is tuple and parts[-1] is Ellipsis:
        return st.lists(values_of(parts[0]), max_size=2, unique=False).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values_of, parts))
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    hints = {**get_type_hints(kind)}
    fields = {name: values_of(hint) for name, hint in hints.items()}
    if kind is Probe:
        fields["stages"] = st.lists(values_of(StageResult), min_size=1, max_size=2).map(tuple)
    if kind is Plan:
        fields["capabilities"] = st.lists(st.sampled_from([item.value for item in Capability]), max_size=2).map(tuple)
    return st.builds(kind, **fields)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(values_of(Observations))
def test_observations_come_back_from_json_as_they_went(seen: Observations) -> None:
    text = json.dumps(encode(seen), allow_nan=False)
    assert decode(Observations, json.loads(text)) == seen


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(values_of(Finding))
def test_findings_come_back_too(finding: Finding) -> None:
    finding = replace(finding, repairs=())  # they are made of what is saved, and never saved themselves
    assert decode(Finding, json.loads(json.dumps(encode(finding)))) == finding


@dataclass(frozen=True)
class Inner:
    name: str
    share: float = 0.0


@dataclass(frozen=True)
class Outer:
    at: datetime
    inner: Observed[Inner] = NOT_ASKED
    pair: tuple[str, int] = ("", 0)
    many: tuple[Inner, ...] = ()
    level: Level = Level.NONE
    maybe: Optional[bool] = None


AT = "2026-11-23T12:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (AT, datetime(2026, 11, 23, 12, tzinfo=timezone.utc)),
        ("2026-11-23T12:00:00Z", datetime(2026, 11, 23, 12, tzinfo=timezone.utc)),
        ("2026-11-23t12:00:00z", datetime(2026, 11, 23, 12, tzinfo=timezone.utc)),
        ("2026-11-23T12:00:00.5Z", datetime(2026, 11, 23, 12, 0, 0, 500000, tzinfo=timezone.utc)),
        ("2026-11-23 21:00:00.123456+09:00", datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=timezone.utc)),
        ("2026-11-23T08:30:00-03:30", datetime(2026, 11, 23, 12, tzinfo=timezone.utc)),
    ],
)
def test_a_time_has_a_zone(text: str, meant: datetime) -> None:
    assert decode(datetime, text) == meant


@pytest.mark.parametrize(
    "data",
    [
        "2026-11-23T12:00:00",
        "2026-11-23",
        "20261123T120000Z",
        "2026-W48-1T12:00:00Z",
        "2026-13-23T12:00:00Z",
        "2026-11-23T12:00:00+25:00",
        "2026-11-23T12:00:00.1234567Z",
        "２026-11-23T12:00:00Z",
        "noon",
        "",
        1732363200,
        None,
        [],
    ],
)
def test_what_is_no_time_is_refused(data: Any) -> None:
    with pytest.raises(NotDecodable, match=r"^document\.at: .*RFC 3339"):
        decode(Outer, {"at": data})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "document: expected an object, found list"),
        (None, "document: expected an object, found NoneType"),
        ({}, "document.at: missing"),
        ({"at": AT, "colour": 1}, "document: unknown key 'colour'"),
        ({"at": AT, "inner": {"seen": {}}}, "document.inner.seen.name: missing"),
        ({"at": AT, "inner": {"seen": {"name": 7}}}, "document.inner.seen.name: expected str, found int"),
        ({"at": AT, "inner": {"unseen": None}}, "document.inner.unseen: expected str, found NoneType"),
        (
            {"at": AT, "inner": {"seen": {"name": "a"}, "unseen": "b"}},
            'document.inner: expected {"seen": ...} or {"unseen": ...}',
        ),
        ({"at": AT, "inner": None}, 'document.inner: expected {"seen": ...} or {"unseen": ...}'),
        ({"at": AT, "pair": ["a"]}, "document.pair: expected 2 items, found 1"),
        ({"at": AT, "pair": ["a", True]}, "document.pair[1]: expected int, found bool"),
        ({"at": AT, "pair": "ab"}, "document.pair: expected a list, found str"),
        ({"at": AT, "many": [{"name": "a"}, {"name": None}]}, "document.many[1].name: expected str, found NoneType"),
        ({"at": AT, "many": {"name": "a"}}, "document.many: expected a list, found dict"),
        ({"at": AT, "level": "LOUD"}, "document.level: 'LOUD' is no Level"),
        ({"at": AT, "level": ["INFO"]}, "document.level: ['INFO'] is no Level"),
        ({"at": AT, "maybe": 1}, "document.maybe: expected bool, found int"),
    ],
)
def test_a_bad_document_is_refused_with_its_place(data: Any, said: str) -> None:
    with pytest.raises(NotDecodable) as caught:
        decode(Outer, data)
    assert str(caught.value) == said


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400])
def test_numbers_are_finite(text: str) -> None:
    with pytest.raises(NotDecodable, match=r"^document\.share: expected a finite number$"):
        decode(Inner, {"name": "a", **json.loads(f'{{"share": {text}}}')})


@pytest.mark.parametrize("data", [True, "1.0", None, []])
def test_a_float_is_a_number(data: Any) -> None:
    with pytest.raises(NotDecodable, match="expected float, found"):
        decode(Inner, {"name": "a", "share": data})


def test_whole_numbers_may_stand_for_floats() -> None:
    assert decode(Inner, {"name": "a", "share": 3}) == Inner("a", 3.0)


def test_a_probe_has_a_rung_and_a_plan_real_capabilities() -> None:
    rung = encode(StageResult(Stage.DNS, False, 0.1, Failure.RESOLVER_SILENT))
    aim = {"endpoint": "ssm", "service": "ssm", "host": "h", "port": 443}
    assert decode(Probe, {"target": aim, "address": None, "stages": [rung]}).last.failure is Failure.RESOLVER_SILENT
    with pytest.raises(NotDecodable, match="document: expected at least one stage"):
        decode(Probe, {"target": aim, "address": None, "stages": []})
    with pytest.raises(NotDecodable, match=r"document: 'fly' is not a valid Capability"):
        decode(Plan, {"command": "probe", "region": {"seen": "eu-west-1"}, "capabilities": ["fly"]})


def test_every_field_of_the_observations_is_written() -> None:
    plan = Plan("probe", Unseen("nobody named one"))
    document = encode(Observations("0.1.0", datetime(2026, 1, 1, tzinfo=timezone.utc), plan))
    assert set(document) == {spec.name for spec in dataclasses.fields(Observations)}
    assert document["plan"]["region"] == {"unseen": "nobody named one"}
    assert document["taken_at"] == "2026-01-01T00:00:00+00:00"
