"""The screens are as committed, and the cause and the change are on the last one."""

from __future__ import annotations

import pytest

from ssm_bootstrap.render.language import ENGLISH, LANGUAGES, say, speak
from tests.scenarios.screens import HOME, SHOWN, SIZES, name_of, screens
from tests.scenarios.test_scenarios import played


@pytest.mark.parametrize("name", SHOWN)
def test_a_screen_is_as_committed_and_holds_the_change(name: str) -> None:
    shown = list(screens(played(name)))
    assert len(shown) == len(SIZES) * len(LANGUAGES)
    for path, text, lines in shown:
        assert path.is_file(), "run: python -m tests.accuracy --write"
        assert path.read_text(encoding="utf-8") == text
        last = without_blanks(" ".join(text.splitlines()[-(lines - 2) :]))  # above them the command, below them the prompt
        speak(next((language for language in LANGUAGES if path.stem.endswith(f"-{language}")), ENGLISH))
        for cause in played(name).diagnosis.main_causes[:1]:
            assert cause.code in last and without_blanks(say(cause.remedy.summary)) in last


def without_blanks(text: str) -> str:
    """The text without what folding changes, also where a language has no blanks."""
    return "".join(text.split())


def test_no_screen_is_left_over() -> None:
    wanted = {name_of(name, *size, language) for name in SHOWN for size in SIZES for language in LANGUAGES}
    assert {path.name for path in HOME.iterdir()} == wanted
