"""The page of each code is the same offline."""

from __future__ import annotations

import re

import pytest

from ssm_bootstrap.catalog.findings import FINDINGS, KINDS
from ssm_bootstrap.render.findings_page import document, page


@pytest.mark.parametrize("code", FINDINGS)
def test_a_page_says_what_to_change(code: str) -> None:
    text = page(FINDINGS[code])
    assert text.startswith(f"## {code}\n")
    assert "**What to change:**" in text and "Source: " in text
    prose = re.sub(r"```sh.*?```", "", text, flags=re.DOTALL)
    assert not re.search(r"(?<![$%])\{\w+\}", text)
    assert "<HOST>" not in prose


def test_the_document_has_every_page_under_its_anchor() -> None:
    text = document()
    assert re.findall(r"^## (\S+)$", text, re.MULTILINE) == [kind.code for kind in KINDS]
    assert re.findall(r"^- \[(\S+)\]\(#\1\)", text, re.MULTILINE) == [kind.code for kind in KINDS]
