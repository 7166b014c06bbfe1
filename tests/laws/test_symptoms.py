"""Law 5: what explains what has no cycle, and names known codes only."""

from __future__ import annotations

import ast

from ssm_bootstrap.catalog.findings import FINDINGS
from tests.laws.tree import modules

SYMPTOMS = {code: kind.explains for code, kind in FINDINGS.items() if kind.explains}


def test_symptom_of_has_no_cycle() -> None:
    done: set[str] = set()

    def walk(code: str, above: tuple[str, ...]) -> None:
        assert code not in above, " -> ".join((*above, code))
        if code not in done:
            for symptom in SYMPTOMS.get(code, ()):
                walk(symptom, (*above, code))
            done.add(code)

    for code in SYMPTOMS:
        walk(code, ())


def test_causes_and_symptoms_are_known_codes() -> None:
    named = set(SYMPTOMS) | {symptom for symptoms in SYMPTOMS.values() for symptom in symptoms}
    assert named <= set(FINDINGS)


def test_no_symptom_is_named_twice() -> None:
    for code, symptoms in SYMPTOMS.items():
        assert len(symptoms) == len(set(symptoms)), code


def test_a_cause_lies_no_farther_from_the_machine_than_what_it_explains() -> None:
    """Of several causes the nearest is told as the root."""
    for code, symptoms in SYMPTOMS.items():
        for symptom in symptoms:
            if symptom in SYMPTOMS:
                assert FINDINGS[code].layer <= FINDINGS[symptom].layer, f"{code} lies behind {symptom}"


def test_the_diagnosis_has_one_such_table() -> None:
    """A ``symptom_of="..."`` written at a call would escape the two laws above."""
    written = [
        f"{module.name}:{keyword.value.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "symptom_of" and isinstance(keyword.value, ast.Constant) and keyword.value.value is not None
    ]
    assert written == []
