"""The screens are as committed, and the cause and the change are on the last one."""

from __future__ import annotations

import pytest

from tests.scenarios.screens import HOME, SHOWN, SIZES, screens
from tests.scenarios.test_scenarios import played


@pytest.mark.parametrize("name", SHOWN)
def test_a_screen_is_as_committed_and_holds_the_change(name: str) -> None:
    shown = list(screens(played(name)))
    assert len(shown) == len(SIZES)
    for path, text, lines in shown:
        assert path.is_file(), "run: python -m tests.accuracy --write"
        assert path.read_text(encoding="utf-8") == text
        last = " ".join(" ".join(text.splitlines()[-(lines - 2) :]).split())  # above them the command, below them the prompt
        for cause in played(name).diagnosis.main_causes[:1]:
            assert cause.code in last and " ".join(cause.remedy.summary.split()) in last


def test_no_screen_is_left_over() -> None:
    wanted = {f"{name}-{columns}x{lines}.txt" for name in SHOWN for columns, lines in SIZES}
    assert {path.name for path in HOME.iterdir()} == wanted
