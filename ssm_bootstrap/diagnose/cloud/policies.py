"""What IAM policies say to a call: allowed, denied, not allowed, or not known.

Where a condition asks for a key that is not known here, the answer is unknown wherever it depends on that.
Source: IAM User Guide, reference_policies_evaluation-logic and reference_policies_elements (2026-11).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any, Iterable, Iterator, Mapping, Optional

from ssm_bootstrap.diagnose.cloud.conditions import (
    REST,
    Judged,
    PolicyRequest,
    all_of,
    any_of,
    filled_in,
    is_like,
    judge_conditions,
    negated,
    texts,
)


class Ruling(str, Enum):
    """What policies say to a call: ``denied`` is by a statement that denies, ``not allowed`` by none that allows."""

    ALLOWED = "allowed"
    DENIED = "denied"
    NOT_ALLOWED = "not allowed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class PolicyStatement:
    """A statement of a policy: the policy's name, its Sid or else its number, and what it says."""

    policy: str
    label: str
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The statement as JSON in one line."""
        return json.dumps(self.body, separators=(", ", ": "))


@dataclass(frozen=True)
class Decision:
    """What policies say to a call, and the statement that decides it or comes nearest.

    ``asks_for`` are what that statement asks for: the condition keys, or the elements, that decide.
    """

    ruling: Ruling
    statement: Optional[PolicyStatement] = None
    asks_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Reading:
    """How a statement's parts fit a call."""

    statement: PolicyStatement
    parts: tuple[tuple[str, Judged], ...]

    @property
    def fits(self) -> Judged:
        return all_of(judged for _, judged in self.parts)

    @property
    def is_for_the_action(self) -> bool:
        return self.parts[0][1] is True

    def parts_that(self, judged: Judged) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name, found in self.parts if found is judged))


def decide(documents: Iterable[tuple[str, str]], request: PolicyRequest, *, is_whole: bool = True) -> Decision:
    """What the policies, each a name and its JSON text, say to a call; where ``is_whole`` is False there are others unread."""
    readings: list[_Reading] = []
    for name, text in documents:
        found = statements_of(name, text)
        if found is None:
            is_whole = False
            continue
        readings.extend(_read(statement, request) for statement in found)
    allows = [item for item in readings if item.statement.body.get("Effect") == "Allow"]
    denies = [item for item in readings if item.statement.body.get("Effect") == "Deny"]
    for item in denies:
        if item.fits:
            return Decision(Ruling.DENIED, item.statement, item.parts_that(True)[_ELEMENTS:])
    allowing = next((item for item in allows if item.fits), None)
    doubtful = [item for item in (denies if allowing is not None else allows) if item.fits is None]
    if doubtful:
        return Decision(Ruling.UNKNOWN, doubtful[0].statement, doubtful[0].parts_that(None))
    if not is_whole:
        return Decision(Ruling.UNKNOWN)
    if allowing is not None:
        return Decision(Ruling.ALLOWED, allowing.statement)
    return _nearest(allows)


_ELEMENTS = 3
"""How many parts of a reading are elements: action, resource, principal; the rest are condition keys."""


def _nearest(allows: Iterable[_Reading]) -> Decision:
    """The statement for this action that lacks the least."""
    near = sorted((item for item in allows if item.is_for_the_action), key=lambda item: len(item.parts_that(False)))
    if not near:
        return Decision(Ruling.NOT_ALLOWED)
    return Decision(Ruling.NOT_ALLOWED, near[0].statement, near[0].parts_that(False))


def statements_of(policy: str, text: str) -> Optional[tuple[PolicyStatement, ...]]:
    """The statements of a policy; None where its text is no policy."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    found = document.get("Statement") if isinstance(document, dict) else None
    bodies = found if isinstance(found, list) else [found]
    if not all(isinstance(body, dict) for body in bodies):
        return None
    return tuple(PolicyStatement(policy, str(body.get("Sid") or f"#{number}"), body) for number, body in enumerate(bodies, 1))


def _read(statement: PolicyStatement, request: PolicyRequest) -> _Reading:
    body = statement.body
    parts = [
        ("Action", _by_element(body, "Action", _is_action, request)),
        ("Resource", _by_element(body, "Resource", _is_resource, request)),
        ("Principal", _by_principal(body, request)),
    ]
    return _Reading(statement, (*parts, *judge_conditions(body.get("Condition", {}), request)))


def _by_element(body: Mapping[str, Any], name: str, judge: Any, request: PolicyRequest) -> Judged:
    """Whether an element fits, or its ``Not`` form does not; an element that is not there asks for nothing."""
    if name in body:
        return any_of(judge(item, request) for item in texts(body[name]))
    if f"Not{name}" in body:
        return negated(any_of(judge(item, request) for item in texts(body[f"Not{name}"])))
    return True


def _is_action(pattern: str, request: PolicyRequest) -> Judged:
    return is_like(pattern.lower(), request.action.lower())


def _is_resource(pattern: str, request: PolicyRequest) -> Judged:
    filled = filled_in(pattern, request)
    return None if filled is None else is_like(filled, request.resource or REST)


def _by_principal(body: Mapping[str, Any], request: PolicyRequest) -> Judged:
    if "NotPrincipal" in body:
        return negated(any_of(_principals(body["NotPrincipal"], request)))
    return any_of(_principals(body["Principal"], request)) if "Principal" in body else True


def _principals(value: Any, request: PolicyRequest) -> Iterator[Judged]:
    """For each principal that a policy names whether it is the caller."""
    if not isinstance(value, Mapping):
        yield any_of(item == "*" for item in texts(value))
        return
    for kind, named in value.items():
        for item in texts(named):
            if kind == "AWS":
                yield _is_caller(item, request)
            elif kind == "Service":
                yield bool(request.service) and item in (request.service, "*")
            else:
                yield None if kind == "CanonicalUser" and request.principals else False


def _is_caller(named: str, request: PolicyRequest) -> Judged:
    if named == "*" or named in request.principals:
        return True
    parts = named.split(":")
    is_of_account = len(parts) > 5 and parts[4] in request.principals
    return None if is_of_account and not request.is_role_known else False
