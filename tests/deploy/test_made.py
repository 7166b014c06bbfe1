"""What is made of other files is as these are now."""

from __future__ import annotations

import pytest

from tools.deploy.blocks import DEPLOY, TEMPLATES, filled


@pytest.mark.parametrize("path", TEMPLATES)
def test_a_template_is_as_its_sources_are(path: str) -> None:
    if "fleetsql" in (DEPLOY / path).read_text(encoding="utf-8"):
        pytest.importorskip("ssm_bootstrap.catalog.fleetsql")
    assert (DEPLOY / path).read_text(encoding="utf-8") == filled(path), "python -m tools.deploy"
