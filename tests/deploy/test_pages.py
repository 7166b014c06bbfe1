"""The commands of the pages about deploy/: AWS has the call and every flag, and the files that they name are there."""

from __future__ import annotations

import re
import shlex
import sys
from typing import Iterator, List

import pytest

from tests.aws import needs_ctypes
from tests.laws.tree import ROOT

PAGES = ("images.md", "monitoring.md", "rotation.md", "systems-manager.md")
CALL = re.compile(r"\baws ((?!s3 |cloudformation deploy)[a-z0-9-]+ [a-z-]+)((?: (?:[^\n`|&)]|\\\n)*)?)")
OF_THE_CLI = {"region", "query", "output", "cli-input-json"}


def calls() -> Iterator[str]:
    for page in PAGES:
        text = (ROOT / "docs" / page).read_text(encoding="utf-8").replace("\\\n", " ")
        yield from (f"{found[1]}{found[2]}" for found in CALL.finditer(text))


@pytest.mark.skipif(sys.version_info < (3, 10), reason="botocore of today wants Python 3.10")
@pytest.mark.parametrize("call", [" ".join(call.split()) for call in calls()])
def test_aws_has_the_call_and_its_flags(call: str) -> None:
    from botocore import xform_name

    from tests.aws.server import operation

    service, name, *_ = call.split()
    flags = set(re.findall(r"(?<!\S)--([a-z-]+)", call))
    members = {xform_name(member, "-") for member in operation(service, name).input_shape.members}
    assert flags <= members | OF_THE_CLI


def test_there_are_calls() -> None:
    assert len(list(calls())) >= 8


def deployments() -> List[str]:
    texts = [(ROOT / "docs" / page).read_text(encoding="utf-8").replace("\\\n", " ") for page in PAGES]
    return [found for text in texts for found in re.findall(r"aws cloudformation deploy [^\n]*", text)]


@needs_ctypes
@pytest.mark.skipif(sys.version_info < (3, 10), reason="cfn-lint of today wants Python 3.10")
@pytest.mark.parametrize("command", deployments())
def test_a_template_is_there_and_has_the_parameters(command: str) -> None:
    from tests.deploy.systems_manager.stack import loaded

    words = shlex.split(command)
    declared = loaded(ROOT / words[words.index("--template-file") + 1])["Parameters"]
    given = {word.partition("=")[0] for word in words[words.index("--parameter-overrides") + 1 :] if "=" in word}
    needed = {name for name, row in declared.items() if "Default" not in row}
    assert needed <= given <= set(declared)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (ROOT / "docs" / target).exists(), target
