"""Each --query names members that the answer has, and each recorded answer has the shape that the service's model tells."""

from __future__ import annotations

import re
import shlex
from typing import Any, List, Tuple

import pytest

from tests.aws import MARKS
from tests.aws.printed import printed_commands
from tests.aws.server import Recording, operation, recordings

pytestmark = MARKS


def queried() -> List[Tuple[str, str, str]]:
    """Service, call and query of each printed command that has one."""
    found = []
    for one in printed_commands():
        inner = re.findall(r"\$\(([^()]*)\)", one.text)
        outer = re.sub(r"\$\([^()]*\)", "x", one.text)
        for text in re.findall(r"\baws [^;]*?--query (?:'[^']*'|\"[^\"]*\"|[\w.]+)", "\n".join([outer, *inner])):
            words = shlex.split(text)
            found.append((words[1], words[2], words[words.index("--query") + 1]))
    return list(dict.fromkeys(found))


def parsed(query: str) -> Any:
    import jmespath

    return jmespath.compile(query).parsed


def walk(node: Any, shape: Any) -> Any:
    """The shape of what a node of a query gives of ``shape``; raises AssertionError for a member that there is not."""
    kind, children = node["type"], node["children"]
    if kind == "field":
        assert shape is not None and shape.type_name == "structure", node["value"]
        assert node["value"] in shape.members, f"{shape.name} has no {node['value']}"
        return shape.members[node["value"]]
    if kind in ("subexpression", "index_expression"):
        for child in children:
            shape = walk(child, shape)
        return shape
    if kind in ("index", "flatten"):
        inner = walk(children[0], shape) if children else shape
        return inner.member if kind == "index" else inner
    if kind in ("projection", "filter_projection"):
        inner = walk(children[0], shape)
        if kind == "filter_projection":
            walk(children[2], inner.member)
        return walk(children[1], inner.member if inner is not None and inner.type_name == "list" else inner)
    if kind == "or_expression":
        found = [walk(child, shape) for child in children]
        return found[0]
    if kind in ("comparator", "multi_select_list"):
        for child in children:
            walk(child, shape)
        return None
    if kind in ("identity", "literal"):
        return shape if kind == "identity" else None
    raise AssertionError(f"a query with {kind}")


def test_there_are_many() -> None:
    assert len(queried()) > 20


@pytest.mark.parametrize(("service", "call", "query"), queried(), ids=lambda text: text[:40])
def test_a_query_asks_for_what_there_is(service: str, call: str, query: str) -> None:
    walk(parsed(query), operation(service, call).output_shape)


def test_a_member_that_there_is_not_is_seen() -> None:
    output = operation("ec2", "describe-vpcs").output_shape
    walk(parsed("Vpcs[].[VpcId, Tags[].Key]"), output)
    for query in ("Vpcs[].VpcID", "Vpc[].VpcId", "Vpcs[].[VpcId, Tags[].Name]", "Vpcs[?Vpc=='x'].VpcId"):
        with pytest.raises(AssertionError):
            walk(parsed(query), output)


@pytest.mark.parametrize("recording", recordings(), ids=lambda one: one.call)
def test_a_recorded_answer_has_the_shape_of_the_service(recording: Recording) -> None:
    from botocore.validate import ParamValidator

    model = recording.operation
    assert model.output_shape is not None
    assert not ParamValidator().validate(recording.answer, model.output_shape).has_errors()


def test_a_recording_is_of_a_call_that_is_printed() -> None:
    calls = {call for one in printed_commands() for call in one.calls}
    assert {recording.call for recording in recordings()} <= calls
