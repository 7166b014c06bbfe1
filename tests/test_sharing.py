"""Which files share something is what they say themselves, and one worker gets them all."""

from __future__ import annotations

import re
from types import SimpleNamespace

from tests.laws.tree import ROOT
from tests.sharing import SHARED, scheduler

FILES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}


def test_all_that_play_every_story_are_listed() -> None:
    plays = {
        name
        for name, text in FILES.items()
        if re.search(r"^from tests\.scenarios\.test_scenarios import .*\bplayed\b", text, re.M)
    }
    assert plays - set(SHARED["the stories as they were played"]) <= {"tests/cli/test_support_bundle.py"}, "which plays two"
    assert set(SHARED["the stories as they were played"]) <= plays | {"tests/scenarios/test_scenarios.py"}


def test_all_that_ask_the_server_are_listed() -> None:
    asks = {
        name
        for name, text in FILES.items()
        if name.startswith("tests/cloud/") and re.search(r"\b(server|running): (Cloud|Server)\b", text)
    }
    assert asks == set(SHARED["the server that answers as AWS does"])


def test_they_are_handed_out_as_one() -> None:
    handing = scheduler(SimpleNamespace(getvalue=lambda name: ["popen"]), None)
    files = ("tests/render/test_brief.py", "tests/scenarios/test_widths.py", "tests/render/test_html.py")
    first, second, other = (handing._split_scope(f"{file}::test_it[a::b]") for file in files)
    assert first == second != other == "tests/render/test_html.py"
