"""A place that holds an activation and is read anew for each registration: a parameter, a secret, or a file.

Whoever rotates the activation writes id and code there together; what is in it is never told.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, Mapping, Optional

from ssm_bootstrap.collect.agent.activation import Code, CodeSources, code_problem, identifier_problem
from ssm_bootstrap.collect.settings import Configuration
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import phrase

FORMS = phrase('expected {{"id": "...", "code": "..."}} as JSON, ID:CODE, or the code alone')
_NAME = re.compile(r"[A-Za-z0-9/_+=.@:-]{1,1024}")
_RESERVED = re.compile(r"(?i)(?:arn:[^/]*:parameter)?/?(?:aws|ssm)")
"""How no parameter of an account's own begins, whatever the case (PutParameter, Systems Manager API Reference)."""

_MEMBERS = (("id", "code"), ("ActivationId", "ActivationCode"))
"""Members of the JSON: our own, and those of CreateActivation's answer (Systems Manager API Reference)."""


class PlaceKind(str, Enum):
    """Whose the place is."""

    PARAMETER = "parameter"  # of Parameter Store
    SECRET = "secret"  # of Secrets Manager
    FILE = "file"


@dataclass(frozen=True)
class ActivationPlace:
    """Where the activation is: the name of the parameter or secret, or the path of the file."""

    kind: PlaceKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind.value} {self.name}"

    @property
    def text(self) -> str:
        """As a flag and the configuration have it."""
        return f"{self.kind.value}:{self.name}"


@dataclass(frozen=True)
class IdAndCode:
    """Id and code that belong together; the id is in lower case."""

    identifier: str
    code: Code


class NotTaken(Exception):
    """The activation could not be taken from its place: a finding's ``code``, what was seen in one line, and its words.

    ``facts`` are further ones for the finding. No value of the place is in any of it.
    """

    def __init__(self, code: str, detail: str, variant: str = "", **facts: str) -> None:
        super().__init__(detail)
        self.code, self.detail, self.variant, self.facts = code, detail, variant, facts


def place_of(text: str) -> Optional[ActivationPlace]:
    """The place that ``parameter:NAME``, ``secret:NAME`` or ``file:PATH`` names; None for anything else."""
    kind, _, name = text.strip().partition(":")
    if kind == PlaceKind.FILE.value:
        return ActivationPlace(PlaceKind.FILE, name) if name.startswith("/") and name.isprintable() else None
    if is_reserved(text):
        return None
    if kind in (PlaceKind.PARAMETER.value, PlaceKind.SECRET.value) and _NAME.fullmatch(name):
        return ActivationPlace(PlaceKind(kind), name)
    return None


def is_reserved(text: str) -> bool:
    """Whether ``parameter:NAME`` has a name that Parameter Store keeps for AWS."""
    kind, _, name = text.strip().partition(":")
    return kind == PlaceKind.PARAMETER.value and _RESERVED.match(name) is not None


def what_was_expected(text: str) -> str:
    """What should stand instead of a text that names no place."""
    if is_reserved(text):
        return phrase("expected a parameter whose name does not begin with aws or ssm: Parameter Store refuses to make one")
    return phrase("expected parameter:NAME, secret:NAME or file:PATH, with the whole path")


def place_named(sources: CodeSources, environment: Mapping[str, str], configuration: Configuration) -> Optional[ActivationPlace]:
    """The place that the activation is to be fetched from, or None where the code is given otherwise; raises Refusal (78).

    What is nearer to the caller counts: flags, then the environment, then /etc/ssm-bootstrap.conf, where ``from`` comes before
    a systemd credential, ``code`` and ``code_file``.
    """
    if sources.argument is not None or sources.file is not None:
        return None
    named, who = sources.place, "--code-from"
    if not named:
        if sources.variable or environment.get("SSM_BOOTSTRAP_ACTIVATION_CODE_FILE"):
            return None
        named, who = environment.get("SSM_BOOTSTRAP_CODE_FROM", "").strip(), "SSM_BOOTSTRAP_CODE_FROM"
    if not named:
        named, who = configuration.code_from, "/etc/ssm-bootstrap.conf: [activation] from"
    if not named:
        return None
    place = place_of(named)
    if place is None:
        text = phrase("{who}: {expected}", who=who, expected=what_was_expected(named))
        raise Refusal(ExitStatus.BAD_CONTENT, text)
    return place


def read_held(text: str) -> tuple[str, str]:
    """Id ("" where it is not there) and code in the value of a place; raises ValueError, whose words repeat nothing of it."""
    value = text.strip()
    identifier, code = _of_json(value) if value.startswith(("{", "[", '"')) else _of_line(value)
    problem = (identifier_problem(identifier) if identifier else None) or code_problem(code)
    if problem:
        raise ValueError(phrase("{problem}; {forms}", problem=problem, forms=FORMS))
    return identifier.lower(), code


def _of_line(value: str) -> tuple[str, str]:
    identifier, colon, code = value.partition(":")
    return (identifier.strip(), code.strip()) if colon else ("", value)


def _of_json(value: str) -> tuple[str, str]:
    try:
        document: Any = json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError(phrase("it begins as JSON does and is none; {forms}", forms=FORMS)) from None
    if isinstance(document, dict):
        for identifier, code in _MEMBERS:
            held = (document.get(identifier, ""), document.get(code))
            if isinstance(held[0], str) and isinstance(held[1], str):
                return held[0].strip(), held[1].strip()
    raise ValueError(phrase("JSON without a text at `code` or `ActivationCode`; {forms}", forms=FORMS))


def activation_of(text: str, place: ActivationPlace, fallback: str) -> IdAndCode:
    """The activation in ``text``, the value of a place; ``fallback`` is the id that is known otherwise ("" for none).

    Raises NotTaken.
    """
    try:
        identifier, code = read_held(text)
    except ValueError as error:
        raise NotTaken("activation-malformed", error.args[0], "in-place") from None
    if not identifier and not fallback:
        detail = phrase("it holds a code without its ID, and no ID is given or configured ([activation] id)")
        raise NotTaken("activation-malformed", detail, "in-place")
    return IdAndCode(identifier or fallback.lower(), Code(code, str(place)))
