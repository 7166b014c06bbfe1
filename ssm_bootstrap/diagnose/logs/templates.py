"""Errors that nobody knows and that differ only in numbers, ids and addresses: one row for all of them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Iterable

from ssm_bootstrap.model.diagnosis import Unexplained

_PARTS = (
    (re.compile(r"\b(?:mi|i|eni|vpc|subnet|sg|vpce|ami|vol|pl)-[0-9a-f]{8,17}\b"), "<id>"),
    (
        re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\[[0-9a-fA-F:]{3,39}\]|\b[0-9a-fA-F]{1,4}(?:::?[0-9a-fA-F]{1,4}){3,7}\b"),
        "<address>",
    ),
    (re.compile(r"\b(?=[0-9a-fA-F]{0,63}\d)[0-9a-fA-F]{12,64}\b"), "<id>"),
    (re.compile(r"(?<![A-Za-z\d<])\d+(?:\.\d+)*"), "<n>"),
)


def template_of(shape: str) -> str:
    """A message's shape without its numbers, ids and addresses; digits inside a name (``s3``, ``ec2messages``) stay."""
    for pattern, sign in _PARTS:
        shape = pattern.sub(sign, shape)
    return shape


def fold_alike(rows: Iterable[Unexplained]) -> tuple[Unexplained, ...]:
    """Rows of one template as one row with the first one's sample; a row that is alone keeps its own numbers."""
    alike: dict[str, list[Unexplained]] = {}
    for row in rows:
        alike.setdefault(template_of(row.template), []).append(row)
    return tuple(_joined(template, members) for template, members in alike.items())


def _joined(template: str, members: list[Unexplained]) -> Unexplained:
    if len(members) == 1:
        return members[0]
    firsts = [row.first for row in members if row.first]
    lasts = [row.last for row in members if row.last]
    return replace(
        members[0],
        template=template,
        count=sum(row.count for row in members),
        first=min(firsts, default=None),
        last=max(lasts, default=None),
    )
