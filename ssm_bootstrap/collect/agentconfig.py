"""amazon-ssm-agent.json as the agent reads it: keys in any case, the last of several counts, a wrong type spoils the file."""

from __future__ import annotations

import re
from typing import Any, Mapping, Optional

from ssm_bootstrap.catalog.agentconfig import ANY, SECTIONS, TEXT, TEXTS, WHOLE, YES_NO
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.failures import words_of
from ssm_bootstrap.collect.gojson import Node, NotJson, parse, place
from ssm_bootstrap.collect.rootfile import fault_of_trusted
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.awsname import DOMAIN_SHAPE
from ssm_bootstrap.model.machine import AgentConfig

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
        return AgentConfig(path, present=True, unreadable=f"larger than {MOST >> 20} MB")
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
        return AgentConfig(path, present=True, problem=f"{bad or 'Agent.ServiceDomain'}: expected the name of a host or a domain")
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
        return values, (top.at, f"expected an object, found {top.kind}")
    wrong: Wrong = None
    for key, node in top.value:
        section = _named(SECTIONS, key)
        if section is None or node.kind == "null":
            continue
        if node.kind != "an object":
            wrong = wrong or (node.at, f"{section}: expected an object, found {node.kind}")
            continue
        known = SECTIONS[section]
        for inner, value in node.value:
            name = _named(known, inner)
            if name is None or value.kind == "null":
                continue
            found = _problem(value, known[name])
            if found is not None:
                wrong = wrong or (found.at, f"{section}.{name}: expected {known[name]}, found {_found(found)}")
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
