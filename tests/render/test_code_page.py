"""The page of a code on a terminal: no markdown, and commands that a shell takes."""

from __future__ import annotations

import re

import pytest

from ssm_bootstrap.catalog.findings import KINDS
from ssm_bootstrap.render.code_page import tell_code
from ssm_bootstrap.render.text import Report
from tests.render.reports import too_wide

ROWS = [row for kind in KINDS for row in (kind, *kind.variants)]
COMMANDS = [command for row in ROWS for command in (*(row.commands or ()), *(row.aws_commands or ()))]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_page_fits_its_terminal(width: int) -> None:
    for kind in KINDS:
        report = Report(width)
        tell_code(report, kind, {})
        assert too_wide(report.text.splitlines(), width) == [] or width == 40
        for line in report.text.splitlines():
            assert not re.search(r"<[A-Z]", line)
