"""Every distribution's configuration, healthy and broken: URLs, what is switched off or may be skipped, and what is wrong."""

from __future__ import annotations

import json

import pytest

from ssm_bootstrap.model.codec import decode, encode
from ssm_bootstrap.model.patch import Repositories
from tests.collect.repositories.trees import NAMES, TREES, enabled_urls, expected, read
from tests.laws.secrets import leaks


def test_there_are_trees_of_each_distribution() -> None:
    assert len(NAMES) >= 12


@pytest.mark.parametrize("name", NAMES)
def test_a_tree_is_read_as_its_package_manager_reads_it(name: str) -> None:
    wanted, found = expected(name), read(TREES / name)
    assert found.manager.value == wanted["manager"]
    # what zypper's plugin turns into a URL is shown as that URL
    assert enabled_urls(found) == wanted["enabled"]
    assert [item.name for item in found.items if not item.enabled] == wanted["disabled"]
    assert [item.name for item in found.items if item.skipped_by] == wanted["skips"]
    assert [item.name for item in found.items if item.own] == wanted["own"]
    assert [f"{problem.file}:{problem.line}" for problem in found.problems] == wanted["problems"]
    assert found.total == len(found.items) == len(wanted["enabled"]) + len(wanted["disabled"])


@pytest.mark.parametrize("name", NAMES)
def test_nothing_secret_gets_into_the_model(name: str) -> None:
    found = read(TREES / name)
    text = json.dumps(encode(found))
    assert leaks(text) == () and leaks(repr(found)) == ()
    assert decode(Repositories, json.loads(text)) == found
