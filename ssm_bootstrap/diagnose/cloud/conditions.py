"""The conditions of an IAM statement, judged for one request: they hold, they do not, or nobody knows (None)."""

from __future__ import annotations

import ipaddress
import operator
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Callable, Iterable, Iterator, Mapping, Optional

REST = "\0"
"""What ends a value of which no more is known: ``arn:aws:ssm:`` and this."""

ANY_VALUE = "*"
"""In ``never``: whatever value a policy may name."""


@dataclass(frozen=True)
class PolicyRequest:
    """One call as a policy sees it.

    ``principals`` are the names of the caller that a policy may have: ARNs and the account; an unsigned call has none.
    ``is_role_known`` is False where the caller's own ARN is not among them. ``context`` are the keys of the request with
    their values, in small letters; ``absent`` those that such a request does not have (``aws:principaltag/``: with anything
    behind it); of any other key nothing is known. ``never`` names keys whose value is none of these, ``if_any`` keys that have
    these values where they are there at all. An empty ``resource`` is not known.
    """

    action: str
    resource: str = ""
    principals: frozenset[str] = frozenset()
    is_role_known: bool = True
    service: str = ""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    never: Mapping[str, frozenset[str]] = field(default_factory=dict)
    if_any: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


Judged = Optional[bool]
"""Yes, no, or None where nobody knows."""


def any_of(judged: Iterable[Judged]) -> Judged:
    """Whether one of these is so."""
    found = set(judged)
    return True if True in found else None if None in found else False


def all_of(judged: Iterable[Judged]) -> Judged:
    """Whether each of these is so."""
    found = set(judged)
    return False if False in found else None if None in found else True


def negated(judged: Judged) -> Judged:
    """The contrary, where anything is known."""
    return None if judged is None else not judged


@lru_cache(maxsize=16384)
def is_like(pattern: str, value: str) -> Judged:
    """Whether a value fits a pattern of stars and question marks, in time that no pattern makes long.

    Of a value that ends with ``REST`` it is known only where any rest fits, or none.
    """
    pattern = _STARS.sub("*", pattern)
    places = _closed(pattern, {0})
    for letter in value.partition(REST)[0]:
        places = _closed(pattern, {place + (pattern[place] != "*") for place in places if _takes(pattern, place, letter)})
        if not places:
            return False
    if not value.endswith(REST):
        return len(pattern) in places
    return True if any(pattern[place:].strip("*") == "" and place < len(pattern) for place in places) else None


_STARS = re.compile(r"\*{2,}")


def _closed(pattern: str, places: set[int]) -> set[int]:
    """The places of a pattern, and those behind the stars that stand there and may be for nothing."""
    found = set(places)
    for place in places:
        while place < len(pattern) and pattern[place] == "*":
            place += 1
            found.add(place)
    return found


def _takes(pattern: str, place: int, letter: str) -> bool:
    return place < len(pattern) and pattern[place] in ("*", "?", letter)


def _is_equal(wanted: str, value: str) -> Judged:
    if value.endswith(REST):
        return None if wanted.startswith(value[: -len(REST)]) else False
    return wanted == value


def _is_equal_whatever_case(wanted: str, value: str) -> Judged:
    return _is_equal(wanted.lower(), value.lower())


def _is_arn_like(wanted: str, value: str) -> Judged:
    """Each of the six parts of an ARN is compared for itself; what a pattern of fewer means is not documented."""
    ours, theirs = wanted.split(":", 5), value.split(":", 5)
    if len(ours) != 6 or len(theirs) != 6:
        return None
    return all_of(is_like(one, other) for one, other in zip(ours, theirs))


def _is_in_block(wanted: str, value: str) -> Judged:
    try:
        block, address = ipaddress.ip_network(wanted, strict=False), ipaddress.ip_address(value)
    except ValueError:
        return None
    return block.version == address.version and address in block


def _compares(compare: Callable[[float, float], bool]) -> Callable[[str, str], Judged]:
    def judge(wanted: str, value: str) -> Judged:
        try:
            return compare(float(value), float(wanted))
        except ValueError:
            return None

    return judge


_OPERATORS: Mapping[str, tuple[Callable[[str, str], Judged], bool]] = {
    "stringequals": (_is_equal, True),
    "stringnotequals": (_is_equal, False),
    "stringequalsignorecase": (_is_equal_whatever_case, True),
    "stringnotequalsignorecase": (_is_equal_whatever_case, False),
    "stringlike": (is_like, True),
    "stringnotlike": (is_like, False),
    "arnequals": (_is_arn_like, True),
    "arnlike": (_is_arn_like, True),
    "arnnotequals": (_is_arn_like, False),
    "arnnotlike": (_is_arn_like, False),
    "bool": (_is_equal_whatever_case, True),
    "ipaddress": (_is_in_block, True),
    "notipaddress": (_is_in_block, False),
    "numericequals": (_compares(operator.eq), True),
    "numericnotequals": (_compares(operator.eq), False),
    "numericlessthan": (_compares(operator.lt), True),
    "numericlessthanequals": (_compares(operator.le), True),
    "numericgreaterthan": (_compares(operator.gt), True),
    "numericgreaterthanequals": (_compares(operator.ge), True),
}
"""How an operator compares a policy's value with the request's, and whether it asks that they agree.

Source: IAM User Guide, reference_policies_elements_condition_operators (2026-11).
"""


def texts(value: Any) -> list[str]:
    """The values of an element of a policy: one, or a list."""
    found = value if isinstance(value, list) else [value]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in found]


def judge_conditions(conditions: Any, request: PolicyRequest) -> Iterator[tuple[str, Judged]]:
    """Each key of a statement's conditions, and whether what is asked of it holds."""
    if not isinstance(conditions, Mapping):
        yield "Condition", None
        return
    for name, asked in conditions.items():
        if not isinstance(asked, Mapping):
            yield name, None
            continue
        for key, wanted in asked.items():
            yield key, _judge(name.lower(), key.lower(), texts(wanted), request)


def _judge(name: str, key: str, wanted: list[str], request: PolicyRequest) -> Judged:
    if key in request.if_any:
        without = replace(request, if_any={}, absent=request.absent | {key})
        there = replace(request, if_any={}, context={**request.context, key: request.if_any[key]})
        either = {_judge(name, key, wanted, one) for one in (without, there)}
        return either.pop() if len(either) == 1 else None
    qualifier, _, rest = name.rpartition(":")
    base = rest[: -len("ifexists")] if rest.endswith("ifexists") else rest
    is_missing = (key in request.absent or f"{key.partition('/')[0]}/" in request.absent) and key not in request.context
    if not is_missing and key not in request.context and key not in request.never:
        return None
    if base == "null":
        return any_of(is_missing is (item.lower() == "true") for item in wanted)
    if base not in _OPERATORS:
        return None
    compare, agrees = _OPERATORS[base]
    if is_missing:
        if rest != base or qualifier == "forallvalues":
            return True
        return False if qualifier == "foranyvalue" else not agrees
    if key not in request.context:
        judged = any_of(_is_never(item, request.never[key]) for item in wanted)
        return judged if agrees else negated(judged)
    each = []
    for value in request.context[key]:
        fits = any_of(_compare(compare, item, value, request) for item in wanted)
        each.append(fits if agrees else negated(fits))
    return all_of(each) if qualifier == "forallvalues" else any_of(each)


def _is_never(wanted: str, never: frozenset[str]) -> Judged:
    """Whether a value that is none of these is what a policy asks for."""
    if wanted == "*":
        return True
    return False if ANY_VALUE in never or wanted in never else None


def _compare(compare: Callable[[str, str], Judged], wanted: str, value: str, request: PolicyRequest) -> Judged:
    filled = filled_in(wanted, request)
    return None if filled is None else compare(filled, value)


_VARIABLE = re.compile(r"\$\{([^}]{1,200})\}")


def filled_in(text: str, request: PolicyRequest) -> Optional[str]:
    """A text of a policy with its variables as the request has them; None where one of them is not known."""
    for name in _VARIABLE.findall(text):
        values = request.context.get(name.strip().lower(), ())
        if len(values) != 1:
            return None
        text = text.replace(f"${{{name}}}", values[0])
    return text
