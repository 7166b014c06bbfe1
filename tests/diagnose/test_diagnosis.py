"""The diagnosis as a whole: checks that crash are reported, and the rest stands."""

from __future__ import annotations

from importlib import import_module
from inspect import isfunction
from pkgutil import walk_packages
from types import ModuleType
from typing import Any, Callable, Iterator

import pytest

from ssm_bootstrap import diagnose as package
from ssm_bootstrap.catalog.secrets import fault_words
from ssm_bootstrap.diagnose.case import Case, Check, Said
from ssm_bootstrap.diagnose.diagnosis import CHECKS, diagnose, in_order
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Evidence, Severity
from ssm_bootstrap.model.observations import LogDigest
from ssm_bootstrap.model.observed import Seen, Unseen
from tests.laws.secrets import CANARIES, leaks
from tests.made import EVERYTHING, PUBLIC, ROWS, healthy, observations, probe


def says(case: Case) -> Iterator[Said]:
    yield make_finding("no-route", "here", breaks=("session",))
    yield ("something", "nobody could look")


def half(case: Case) -> Iterator[Said]:
    yield make_finding("clock-skewed", "there")
    raise ZeroDivisionError("half way")


def crashes(case: Case) -> Iterator[Said]:
    raise KeyError("at once")


@pytest.fixture
def instead(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has the diagnosis find another thing under a name of its module."""

    def put(**things: object) -> None:
        for name, thing in things.items():
            monkeypatch.setattr(f"ssm_bootstrap.diagnose.diagnosis.{name}", thing)

    return put


def test_a_check_that_crashes_is_reported_and_the_rest_stands(instead: Callable[..., None]) -> None:
    instead(CHECKS=(Check("crashes", crashes), Check("half", half), Check("says", says)))
    found = diagnose(observations(*healthy()))
    assert found.crashed == (("crashes", "KeyError: 'at once'"), ("half", "ZeroDivisionError: half way"))
    assert {finding.code for finding in found.findings} == {"clock-skewed", "no-route"}
    assert found.unseen == (("something", "nobody could look"),)
    assert {item.capability.value: item.verdict for item in found.capabilities}["session"] is Verdict.BROKEN


def raises(*_: Any, **__: Any) -> Any:
    secret = CANARIES["proxy-password"]
    raise KeyError(f"http://user:{secret}@proxy:3128 password={secret}\n\x1b[31m")


FEW = (Check("says", says),)


@pytest.mark.parametrize(
    ("step", "name", "codes", "session"),
    [
        ("open_case", "case", {"no-route"}, Verdict.BROKEN),
        ("hide_and_join", "symptoms", {"no-route"}, Verdict.BROKEN),
        ("judge_capabilities", "verdicts", {"no-route"}, Verdict.UNKNOWN),
        ("classify_logs", "logs", {"no-route"}, Verdict.BROKEN),
        ("cross", "crossing", {"no-route"}, Verdict.BROKEN),
    ],
)
def test_a_step_that_raises_is_reported_and_the_rest_stands(
    instead: Callable[..., None], step: str, name: str, codes: set[str], session: Verdict
) -> None:
    instead(CHECKS=FEW, **{step: raises})
    logs = LogDigest((), unseen=(("errors.log", "nobody could look"),))
    seen = observations(*healthy(), logs=Seen(logs))
    found = diagnose(seen)
    assert [check for check, _ in found.crashed] == [name]
    ((_, words),) = found.crashed
    assert words.startswith("KeyError: ") and "\n" not in words and leaks(words) == ()
    assert {finding.code for finding in found.findings} == codes
    assert ("something", "nobody could look") in found.unseen and ("errors.log", "nobody could look") in found.unseen
    verdicts = {item.capability.value: item.verdict for item in found.capabilities}
    assert set(verdicts) == set(EVERYTHING) and verdicts["session"] is session


def test_without_a_case_nothing_is_ok(instead: Callable[..., None]) -> None:
    instead(CHECKS=(), open_case=raises)
    found = diagnose(observations(*healthy()))
    assert {item.verdict for item in found.capabilities} == {Verdict.UNKNOWN}


def test_findings_of_which_no_symptom_could_be_told_come_worst_first(instead: Callable[..., None]) -> None:
    def many(case: Case) -> Iterator[Said]:
        yield make_finding("logs-moved", "here")
        yield make_finding("no-route", "here")

    instead(CHECKS=(Check("many", many),), hide_and_join=raises)
    found = diagnose(observations(*healthy()))
    assert [finding.code for finding in found.findings] == ["no-route", "logs-moved"]


@pytest.mark.parametrize("part", ["agent", "logs", "patching", "image", "surroundings", "instance"])
def test_a_part_that_could_not_be_seen_is_said_and_never_ok_for_what_needs_it(part: str) -> None:
    found = diagnose(observations(*healthy(), **{part: Unseen("a fault of ssm-bootstrap itself: KeyError: x")}))
    name = "agent log" if part == "logs" else part
    assert (name, "a fault of ssm-bootstrap itself: KeyError: x") in found.unseen
    unknown = {item.capability.value for item in found.capabilities if item.verdict is Verdict.UNKNOWN}
    blind = set(EVERYTHING) - {"register"}
    assert unknown == (blind if part in ("agent", "logs") else {"patch"} if part == "patching" else set())


@pytest.mark.parametrize("error", [KeyError(), RecursionError("deep"), ValueError("x" * 1000), UnicodeError("\ud800")])
def test_words_of_a_fault_are_one_short_line_that_can_be_written(error: Exception) -> None:
    words = fault_words(error)
    assert words.startswith(type(error).__name__) and len(words) <= 306 and "\n" not in words
    words.encode("utf-8")


def test_what_crashed_while_looking_is_kept(instead: Callable[..., None]) -> None:
    instead(CHECKS=())
    found = diagnose(observations(*healthy(), crashed=(("repositories", "OSError: x"),)))
    assert found.crashed == (("repositories", "OSError: x"),)


def checks_in(module: ModuleType) -> set[Callable[..., object]]:
    """The public functions of a module that take a case and report findings, or what could not be looked at."""
    own = [item for item in vars(module).values() if isfunction(item) and item.__module__ == module.__name__]
    return {
        item
        for item in own
        if not item.__name__.startswith("_")
        and list(item.__annotations__.values())[:1] == ["Case"]
        and item.__annotations__.get("return", "").startswith("Iterator[")
    }


def test_a_check_is_listed_in_its_own_module_and_every_list_is_asked() -> None:
    modules = [import_module(found.name) for found in walk_packages(package.__path__, f"{package.__name__}.")]
    listed = {module.__name__: {check.function for check in getattr(module, "CHECKS", ())} for module in modules}
    listed.pop("ssm_bootstrap.diagnose.diagnosis")
    assert {name: functions for name, functions in listed.items() if functions} == {
        module.__name__: checks_in(module) for module in modules if checks_in(module)
    }
    asked = {check.function for check in CHECKS}
    left_out = [name for name, functions in listed.items() if not functions <= asked]
    assert left_out == [], f"add CHECKS of {', '.join(left_out)} to TOPICS of diagnose/diagnosis.py"
    assert {function for functions in listed.values() for function in functions} == asked


def test_a_check_may_report_right_after_one_of_another_module() -> None:
    first, second = Check("first", says), Check("second", says)
    third, fourth = Check("third", says, after="first"), Check("fourth", says, after="third")
    assert in_order(((first, second), (fourth, third))) == (first, third, fourth, second)
    with pytest.raises(KeyError):
        in_order(((third,),))


def test_names_of_checks_are_unique() -> None:
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)


def test_a_healthy_vpc_is_ok_and_says_nothing_bad() -> None:
    found = diagnose(observations(*healthy()))
    assert found.errors == () and found.crashed == ()
    assert {item.verdict for item in found.capabilities} == {Verdict.OK}


def test_nothing_seen_is_nothing_proven() -> None:
    found = diagnose(observations())
    assert {item.verdict for item in found.capabilities} == {Verdict.UNKNOWN}
    assert found.errors == ()


def test_an_unregistered_node_in_a_closed_vpc_has_causes_and_verdicts() -> None:
    probes = [probe(name, PUBLIC, Stage.TCP, Failure.TIMED_OUT) for name in ROWS]
    found = diagnose(observations(*probes, identity=Seen(Identity(IdentityState.NOT_REGISTERED))))
    verdicts = {item.capability.value: (item.verdict, item.because) for item in found.capabilities}
    assert {name for name, (verdict, _) in verdicts.items() if verdict is Verdict.BROKEN} == set(EVERYTHING)
    assert verdicts["register"][1] == ("endpoint-missing",)
    assert set(verdicts["patch"][1]) == {"endpoint-missing", "s3-unreachable", "not-registered"}


@pytest.mark.parametrize("name", EVERYTHING)
def test_only_the_capabilities_that_were_asked_for_are_judged(name: str) -> None:
    found = diagnose(observations(*healthy(), capabilities=(name,)))
    assert [item.capability.value for item in found.capabilities] == [name]


@pytest.mark.parametrize(
    ("asked", "code", "severity"),
    [
        (("register",), "clock-skewed", Severity.INFO),
        (("register",), "no-route", Severity.ERROR),
        (("register",), "region-mismatch", Severity.ERROR),
        (EVERYTHING, "clock-skewed", Severity.ERROR),
        (("session",), "clock-skewed", Severity.ERROR),
    ],
)
def test_what_registering_does_not_need_is_no_error_where_that_alone_is_asked_for(
    instead: Callable[..., None], asked: tuple[str, ...], code: str, severity: Severity
) -> None:
    def check(case: Case) -> Iterator[Said]:
        yield make_finding("clock-skewed", "there", breaks=("session",))
        yield make_finding("no-route", "here", breaks=("register", "session"))
        yield make_finding("region-mismatch", "eu-west-1")

    instead(CHECKS=(Check("check", check),))
    found = diagnose(observations(*healthy(), capabilities=asked))
    assert [item.severity for item in found.findings if item.code == code] == [severity]


def test_evidence_is_kept_as_it_was_seen() -> None:
    seen = Evidence("file", "here", "quoted {braces} stay")
    finding = make_finding("no-route", "here", evidence=(seen,))
    assert finding.evidence == (seen,)
