"""amazon-ssm-agent.json as the agent reads it, with Go's own idea of JSON: keys in any case, the last of several counts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional

from ssm_bootstrap.catalog.agent import ANY, SECTIONS, TEXT, TEXTS, WHOLE, YES_NO
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.trusted import fault_of_trusted
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.agent import AgentConfig
from ssm_bootstrap.model.aws import DOMAIN_SHAPE
from ssm_bootstrap.model.phrase import phrase

MOST = 4 << 20
_WHOLE = re.compile(r"-?[0-9]+")


def read_agent_config(files: Files) -> AgentConfig:
    """What the file changes of where the agent dials; one that the agent cannot read says why.

    Root goes by it to the region and its hosts, so that one which somebody else may have written counts as not read.
    """
    path = paths.AGENT_CONFIG
    try:
        held = files.hold(path, MOST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return AgentConfig(path, present=False)
    except OSError as error:
        return AgentConfig(path, present=True, unreadable=words_of(error))
    if held.directory:
        return AgentConfig(path, present=True, problem="it is a directory; expected a file")
    fault = fault_of_trusted(held)
    if fault:
        return AgentConfig(path, present=True, unreadable=fault)
    data = held.data
    if len(data) > MOST:
        return AgentConfig(path, present=True, unreadable=phrase("larger than {most} MB", most=MOST >> 20))
    try:
        text, node = parse(data)
    except NotJson as error:
        return AgentConfig(path, present=True, problem=str(error))
    values, wrong = _decode(node)
    if wrong is not None:
        at, said = wrong
        return AgentConfig(path, present=True, problem=f"{place(text, at)}: {said}")
    agent = values.get("Agent", {})
    hosts = [
        (f"{name}.Endpoint", _host_name(values.get(name, {}).get("Endpoint"))) for name in ("Ssm", "Mds", "Mgs", "S3", "Kms")
    ]
    bad = next((key for key, host in hosts if host and not _is_authority(host)), "")
    domain = agent.get("ServiceDomain", "")
    if bad or (domain and DOMAIN_SHAPE.fullmatch(domain) is None):
        return AgentConfig(
            path, present=True, problem=phrase("{bad}: expected the name of a host or a domain", bad=bad or "Agent.ServiceDomain")
        )
    return AgentConfig(
        path=path,
        present=True,
        endpoints=tuple((key, host) for key, host in hosts if host),
        region=agent.get("Region", ""),
        service_domain=domain,
        use_dual_stack=agent.get("UseDualStackEndpoint") is True,
        consumption_order=tuple(values.get("Identity", {}).get("ConsumptionOrder", ())),
    )


Wrong = Optional[tuple[int, str]]
"""The first value of a wrong type: its offset and what was expected there."""


def _decode(top: Node) -> tuple[dict[str, dict[str, Any]], Wrong]:
    """Sections and their values by the agent's own names, and the first value of a wrong type."""
    values: dict[str, dict[str, Any]] = {}
    if top.kind == "null":
        return values, None
    if top.kind != "an object":
        return values, (top.at, phrase("expected an object, found {kind}", kind=top.kind))
    wrong: Wrong = None
    for key, node in top.value:
        section = _named(SECTIONS, key)
        if section is None or node.kind == "null":
            continue
        if node.kind != "an object":
            wrong = wrong or (node.at, phrase("{section}: expected an object, found {kind}", section=section, kind=node.kind))
            continue
        known = SECTIONS[section]
        for inner, value in node.value:
            name = _named(known, inner)
            if name is None or value.kind == "null":
                continue
            found = _problem(value, known[name])
            if found is not None:
                wrong = wrong or (
                    found.at,
                    phrase(
                        "{section}.{name}: expected {known}, found {found}",
                        section=section,
                        name=name,
                        known=known[name],
                        found=_found(found),
                    ),
                )
                continue
            taken = [item.value or "" for item in value.value] if known[name] == TEXTS else value.value
            values.setdefault(section, {})[name] = taken  # a section that comes twice is one section
    return values, wrong


def _named(known: Mapping[str, Any], key: str) -> Optional[str]:
    """The agent's own spelling of a key; Go folds case, and two letters beyond ASCII with it."""
    folded = key.replace("\u017f", "s").replace("\u212a", "k")
    if not folded.isascii():
        return None
    return next((name for name in known if name.lower() == folded.lower()), None)


def _problem(node: Node, expected: str) -> Optional[Node]:
    """The node that is not of the type that the agent reads there, or None."""
    if expected == TEXTS:
        if node.kind != "a list":
            return node
        return next((item for item in node.value if item.kind not in ("a string", "null")), None)
    if expected == WHOLE:
        return None if node.kind == "a number" and _fits(node.value) else node
    right = {TEXT: "a string", YES_NO: "true or false", ANY: node.kind}[expected]
    return None if node.kind == right else node


def _fits(digits: str) -> bool:
    """Whether a number is one of 64 bits; 5.0 and 1e3 are none to Go."""
    return _WHOLE.fullmatch(digits) is not None and len(digits) <= 20 and -(1 << 63) <= int(digits) < 1 << 63


def _found(node: Node) -> str:
    """What stands there instead, in words: never the value."""
    return "a number with a fraction or exponent, or too large a one" if node.kind == "a number" else node.kind


def _is_authority(text: str) -> bool:
    """A host's name, with a port or without."""
    name, colon, port = text.partition(":")
    return DOMAIN_SHAPE.fullmatch(name) is not None and (not colon or _WHOLE.fullmatch(port) is not None)


def _host_name(value: Any) -> Optional[str]:
    """A host name of an endpoint override; the SDK takes a URL as well."""
    if not isinstance(value, str) or not value.strip():
        return None
    return value.strip().split("://")[-1].split("/")[0]


DEEPEST = 10_000  # scanner.go, maxNestingDepth
BYTE_ORDER_MARK = "\ufeff"

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_TEXT = re.compile(r'(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_ESCAPE = re.compile(r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))")
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"true": True, "false": False, "null": None}
_CLOSES = {"an object": "}", "a list": "]"}


class NotJson(ValueError):
    """The text is no JSON; the message is ``line 3, column 7: `` and what was expected there, nothing of the text itself."""


@dataclass
class Node:
    """A value: ``kind`` in words ("an object", "a list", "a string", "a number", "true or false", "null") and its offset.

    ``value``: [(key, Node)] of an object, [Node] of a list, the digits of a number as text.
    """

    kind: str
    at: int
    value: Any = field(default=None)


def place(text: str, at: int) -> str:
    """Line and column, from 1 on, of an offset."""
    line = text.count("\n", 0, at) + 1
    return phrase("line {line}, column {at}", line=line, at=at - text.rfind(chr(10), 0, at))


def parse(data: bytes) -> tuple[str, Node]:
    """The text and its one value; raises NotJson. Bytes that are no UTF-8 are U+FFFD, which only a string may hold."""
    text = data.decode("utf-8", "replace")
    if text.startswith(BYTE_ORDER_MARK):
        raise NotJson(phrase("{place}: a byte order mark; expected none", place=place(text, 0)))
    at, key = _skip(text, 0), ""
    top: Optional[Node] = None
    open_nodes: list[Node] = []
    while True:
        node, at = _value(text, at)
        top = top or node
        if open_nodes:
            above = open_nodes[-1]
            above.value.append((key, node) if above.kind == "an object" else node)
        if node.kind in _CLOSES:
            open_nodes.append(node)
            if len(open_nodes) > DEEPEST:
                raise NotJson(phrase("{place}: nested deeper than {deepest}", place=place(text, node.at), deepest=DEEPEST))
            at = _skip(text, at)
            if not text.startswith(_CLOSES[node.kind], at):
                key, at = _key(text, at) if node.kind == "an object" else ("", at)
                continue
        at = _close(text, at, open_nodes)
        if not open_nodes:
            if at < len(text):
                raise NotJson(phrase("{place}: something follows the end; expected nothing", place=place(text, at)))
            return text, top
        at = _skip(text, at + 1)  # after a comma
        key, at = _key(text, at) if open_nodes[-1].kind == "an object" else ("", at)


def _close(text: str, at: int, open_nodes: list[Node]) -> int:
    """Close what ends here; gives the place of the comma after it, or of what follows the whole."""
    at = _skip(text, at)
    while open_nodes and not text.startswith(",", at):
        end = _CLOSES[open_nodes[-1].kind]
        if not text.startswith(end, at):
            raise NotJson(_expected(text, at, phrase(", or {end}", end=end)))
        open_nodes.pop()
        at = _skip(text, at + 1)
    return at


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _expected(text: str, at: int, what: str) -> str:
    """What was expected at a place; only the end of the text is named, for a letter may be part of a secret."""
    return phrase(
        "{place}: {what}expected {what2}", place=place(text, at), what="the text ends, " if at >= len(text) else "", what2=what
    )


def _key(text: str, at: int) -> tuple[str, int]:
    """A key and the place of its value."""
    if not text.startswith('"', at):
        raise NotJson(_expected(text, at, "a key in double quotes"))
    key, at = _string(text, at)
    at = _skip(text, at)
    if not text.startswith(":", at):
        raise NotJson(_expected(text, at, ": after the key"))
    return key, _skip(text, at + 1)


def _value(text: str, at: int) -> tuple[Node, int]:
    """A value and the place after it, or after the bracket that opens it."""
    if text.startswith("{", at) or text.startswith("[", at):
        return Node("an object" if text[at] == "{" else "a list", at, []), at + 1
    if text.startswith('"', at):
        value, end = _string(text, at)
        return Node("a string", at, value), end
    for word, meaning in _WORDS.items():
        if text.startswith(word, at):
            return Node("null" if meaning is None else "true or false", at, meaning), at + len(word)
    number = _NUMBER.match(text, at)
    if number:
        return Node("a number", at, number[0]), number.end()
    raise NotJson(_expected(text, at, "a value"))


def _string(text: str, at: int) -> tuple[str, int]:
    """The string whose quote is at ``at``, and the place after it."""
    found = _TEXT.match(text, at + 1)
    end = found.end() if found else at + 1
    if not text.startswith('"', end):
        raise NotJson(_expected(text, end, "the string to end, or an escape that JSON has"))
    raw = text[at + 1 : end]
    return (_ESCAPE.sub(_letter, raw) if "\\" in raw else raw), end + 1


def _letter(found: re.Match[str]) -> str:
    """The letter of an escape; half a surrogate pair is U+FFFD."""
    if found[1]:
        return chr(0x10000 + ((int(found[1], 16) - 0xD800) << 10) + int(found[2], 16) - 0xDC00)
    if found[3]:
        code = int(found[3], 16)
        return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)
    return _LETTERS.get(found[4], found[4])
