"""The cases' expectations, by the lab's own table and by the catalogue's needs; and that a disagreement is seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict

import pytest

from tests.cases import Expected, disagreements, expected_of, said_in
from tests.lab.cases import CASES
from tests.lab.streams import Done


@pytest.mark.parametrize("name", list(CASES))
def test_the_lab_and_the_catalogue_expect_the_same(name: str) -> None:
    case = CASES[name]
    wanted = expected_of(case)
    causes = {one: tuple(sorted(codes)) for one, (_, codes) in wanted.verdicts.items() if codes}
    assert causes == case.expect
    degraded = {one for one, (word, _) in wanted.verdicts.items() if word == "degraded"}
    assert degraded == set(case.degraded) - {one for one, (word, _) in wanted.verdicts.items() if word == "broken"}
    assert wanted.errors == case.errors and case.healthy == (not wanted.errors)


def document_of(wanted: Expected) -> Dict[str, Any]:
    """The JSON that says what is wanted."""
    graded = [(code, "error") for code in wanted.errors] + [(code, "warning") for code in wanted.warnings]
    verdicts = {name: {"verdict": word, "because": list(codes)} for name, (word, codes) in wanted.verdicts.items()}
    findings = [{"code": code, "severity": severity, "symptom_of": None} for code, severity in graded]
    return {"exit_status": 1 if wanted.errors else 0, "capabilities": verdicts, "findings": findings}


def done(status: int) -> Done:
    """A probe that has ended."""
    return Done(status, "", "", 0.1)


@pytest.mark.parametrize("name", list(CASES))
def test_every_case_can_be_told_from_every_other_outcome(name: str) -> None:
    """Agreement with itself, disagreement with a case that must be told otherwise."""
    wanted = expected_of(CASES[name])
    document = document_of(wanted)
    assert said_in(document) == wanted
    assert disagreements(wanted, done(document["exit_status"]), document) == []
    for other in CASES.values():
        if expected_of(other) != wanted:
            assert disagreements(expected_of(other), done(document["exit_status"]), document)


def test_each_kind_of_disagreement_is_named() -> None:
    wanted = expected_of(CASES["s3-http-blocked"])
    document = document_of(wanted)
    for changed, status, named in (
        (document, 0, "exit status: 0"),
        ({**document, "exit_status": 0}, 1, "in the JSON 0"),
        ({**document, "findings": []}, 1, "errors: said -"),
        ({**document, "capabilities": {}}, 1, "patch: said nothing"),
        ({**document, "crashed": [{"check": "clock", "error": "x"}]}, 1, "crashed: clock"),
    ):
        assert named in "\n".join(disagreements(wanted, done(status), changed))
    louder = replace(wanted, warnings=frozenset({"public-path"}))
    assert disagreements(louder, done(1), document) == ["warnings: said -, expected public-path"]
