"""Dataclasses to JSON and back: what ``--save`` writes and ``--replay`` reads."""

from __future__ import annotations

import dataclasses
import math
import re
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Callable, Mapping, TypeVar, Union, get_args, get_origin, get_type_hints

from ssm_bootstrap.model.observed import Seen, Unseen
from ssm_bootstrap.model.phrase import Phrase

T = TypeVar("T")


class NotDecodable(ValueError):
    """A document that is not what the type asks for; the text names the place."""


_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
"""RFC 3339, section 5.6: a time without a zone is none."""


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def encode(value: Any) -> Any:
    """The JSON shape of a value of the model: dataclasses as objects, times as RFC 3339, Observed as one key."""
    if isinstance(value, Seen):
        return {"seen": encode(value.value)}
    if isinstance(value, Unseen):
        return {"unseen": value.reason}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {spec.name: encode(getattr(value, spec.name)) for spec in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    return value


def decode(kind: Any, data: Any, where: str = "document") -> Any:
    """The value of type ``kind`` that ``data`` encodes; raises NotDecodable with the place in the document."""
    origin = get_origin(kind)
    if origin is Union:
        return _decode_union(kind, data, where)
    if origin is tuple:
        return _decode_tuple(get_args(kind), data, where)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, data, where)
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(data)
        except ValueError as error:
            raise NotDecodable(f"{where}: {data!r} is no {kind.__name__}") from error
    if kind is datetime:
        return _decode_time(data, where)
    if kind is float:
        return _decode_float(data, where)
    if isinstance(kind, type) and (not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool)):
        raise NotDecodable(f"{where}: expected {kind.__name__}, found {type(data).__name__}")
    return data


def _decode_time(data: Any, where: str) -> datetime:
    if isinstance(data, str) and _TIME.fullmatch(data):
        text = data[:-1] + "+00:00" if data[-1] in "Zz" else data
        whole, point, rest = text.partition(".")
        if point:  # Python 3.9 reads fractions of three or six digits alone
            digits, zone = rest[:-6], rest[-6:]
            text = f"{whole}.{digits:0<6}{zone}"
        try:
            return datetime.fromisoformat(text.replace("t", "T"))
        except ValueError:
            pass
    raise NotDecodable(f"{where}: {data!r} is no RFC 3339 time with a zone")


def _decode_float(data: Any, where: str) -> float:
    if isinstance(data, bool) or not isinstance(data, (int, float)):
        raise NotDecodable(f"{where}: expected float, found {type(data).__name__}")
    try:
        found = float(data)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise NotDecodable(f"{where}: expected a finite number")
    return found


def _decode_union(kind: Any, data: Any, where: str) -> Any:
    options = get_args(kind)
    if any(option is Unseen for option in options):
        if isinstance(data, dict) and set(data) == {"unseen"}:
            return Unseen(decode(str, data["unseen"], f"{where}.unseen"))
        if isinstance(data, dict) and set(data) == {"seen"}:
            seen = next(option for option in options if option is not Unseen)
            return Seen(decode(get_args(seen)[0], data["seen"], f"{where}.seen"))
        raise NotDecodable(f'{where}: expected {{"seen": ...}} or {{"unseen": ...}}')
    if data is None and type(None) in options:
        return None
    return decode(next(option for option in options if option is not type(None)), data, where)


def _decode_tuple(kinds: tuple[Any, ...], data: Any, where: str) -> Any:
    if not isinstance(data, list):
        raise NotDecodable(f"{where}: expected a list, found {type(data).__name__}")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(decode(kinds[0], item, f"{where}[{index}]") for index, item in enumerate(data))
    if len(kinds) != len(data):
        raise NotDecodable(f"{where}: expected {len(kinds)} items, found {len(data)}")
    return tuple(decode(kind, item, f"{where}[{index}]") for index, (kind, item) in enumerate(zip(kinds, data)))


def _decode_dataclass(kind: type, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise NotDecodable(f"{where}: expected an object, found {type(data).__name__}")
    hints = _hints(kind)
    unknown = set(data) - set(hints)
    if unknown:
        raise NotDecodable(f"{where}: unknown key {sorted(unknown)[0]!r}")
    for spec in dataclasses.fields(kind):
        required = spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING
        if required and spec.name not in data:
            raise NotDecodable(f"{where}.{spec.name}: missing")
    values = {name: decode(hints[name], item, f"{where}.{name}") for name, item in data.items()}
    try:
        return kind(**values)
    except ValueError as error:
        raise NotDecodable(f"{where}: {error}") from error


def changed_value(value: T, change: Callable[[str], str]) -> T:
    """The same noun with ``change`` made to every text in it."""
    made: Any = value
    if isinstance(value, Phrase):
        made = value.changed(change)
    elif type(value) is str:
        made = change(value)
    elif type(value) is tuple:
        made = tuple(changed_value(item, change) for item in value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        told = {name: changed_value(part, change) for name, part in parts.items()}
        changed = {name: part for name, part in told.items() if part != parts[name]}
        made = dataclasses.replace(value, **changed) if changed else value
    return made  # type: ignore[no-any-return]
