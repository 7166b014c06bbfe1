"""What a PromQL expression asks for, and what the program writes."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Set, Tuple

from prometheus_client.parser import text_string_to_metric_families

from ssm_bootstrap.model.capability import Capability, Verdict
from ssm_bootstrap.model.findings import Severity
from ssm_bootstrap.render.monitoring import metrics
from tests.laws.tree import ROOT
from tests.render.reports import STORIES

OF_PROMETHEUS = {"up": frozenset({"job", "instance"})}
"""Metrics that Prometheus itself makes of each target, and the labels that it gives to all."""

VALUES: Dict[str, Set[str]] = {
    "capability": {one.value for one in Capability},
    "verdict": {one.value for one in Verdict},
    "severity": {one.value for one in Severity},
    "code": set((ROOT / "docs" / "codes.txt").read_text(encoding="utf-8").split()),
}
"""What may stand in a label."""


class Asked(NamedTuple):
    """A selector: its metric and its matchers, each a label and the values that it names."""

    metric: str
    matchers: Tuple[Tuple[str, Tuple[str, ...]], ...]


def written() -> Dict[str, Set[str]]:
    """Every metric that the program writes, with its labels."""
    known: Dict[str, Set[str]] = {}
    for observations, diagnosis in STORIES.values():
        for family in text_string_to_metric_families(metrics(observations, diagnosis)):
            for sample in family.samples:
                known.setdefault(sample.name, set()).update(sample.labels)
    return known


def asked(expression: str) -> List[Asked]:
    """The selectors of an expression; Grafana's variables are filled in before. Raises ValueError where it is no PromQL."""
    import promql_parser

    return list(_selectors(promql_parser.parse(expression)))


def _selectors(node: Any) -> Iterator[Asked]:
    if type(node).__name__ == "VectorSelector":
        matchers = tuple((one.name, tuple(one.value.split("|"))) for one in node.matchers.matchers)
        yield Asked(node.name, matchers)
    for name in ("lhs", "rhs", "expr", "vector_selector", "param"):
        inner = getattr(node, name, None)
        if inner is not None:
            yield from _selectors(inner)
    for inner in getattr(node, "args", None) or ():
        yield from _selectors(inner)


def strange(expression: str) -> List[str]:
    """What an expression asks for that is not there: a metric, a label of it, or a value of a label."""
    known, found = written(), []
    selectors = asked(expression)
    if not selectors:
        found.append("asks for no metric")
    for one in selectors:
        labels = {*known.get(one.metric, ()), *OF_PROMETHEUS.get(one.metric, ()), "job", "instance"}
        if one.metric not in {*known, *OF_PROMETHEUS}:
            found.append(one.metric)
        for label, values in one.matchers:
            if label not in labels:
                found.append(f"{one.metric}{{{label}}}")
            found += [f"{label}={value}" for value in values if label in VALUES and value not in VALUES[label]]
    return found
