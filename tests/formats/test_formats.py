"""The count of the agent's own messages: left out by name where there is no source, and never passed on nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import List

import pytest

from tests.formats.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
GO = 'package x\n\nfunc Run(log log.T) {\n\tlog.Errorf("%s", err)\n}\n'


@pytest.mark.parametrize("arguments", [[], [""]])
def test_it_is_left_out_by_name_without_a_source(arguments: List[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert "left out, no source of the agent" in capsys.readouterr().out


def test_what_is_no_checkout_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert "is no checkout of amazon-ssm-agent" in capsys.readouterr().out


def test_formats_that_nobody_knows_are_named_and_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for place in ("agent/messageservice", "core/app", "agent/odd"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "agent/odd/odd.go").write_text(GO.replace('"%s", err', '"the odd thing %d is odd", 3'), encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    assert "agent/odd/odd.go:4 Run: the odd thing %d is odd" in capsys.readouterr().out


def test_ci_counts_them() -> None:
    ci = re.search(r"^ci:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert ci is not None and re.search(r"\$\(MAKE\)[^\n]* formats ", ci[1])
