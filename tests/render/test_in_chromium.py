"""The page as a browser shows it: at the width of a telephone and of a desk, light and dark, and on paper."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Iterator

import pytest

from ssm_bootstrap.render.html import page
from ssm_bootstrap.render.language import ENGLISH, speak
from tests.render.chromium import PROGRAM, Chromium, chromium, pages_of
from tests.render.reports import STORIES
from tests.scenarios.player import play
from tests.scenarios.scenario import read_scenario

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs Debian's package chromium")

SCENARIOS = (
    *("healthy-al2023", "no-endpoints", "nothing-answers", "host-firewall", "s3-http-blocked", "endpoint-security-group-closed"),
    *("resolver-silent", "tls-untrusted", "imds-off", "two-missing-agent-and-endpoints"),
)
JAPANESE = ("healthy-al2023", "no-endpoints", "tls-untrusted", "host-firewall")
"""Told in Japanese as well, where there is a font of it."""

NAMES = (*((name, "en") for name in (*SCENARIOS, "enemy")), *((name, "ja") for name in JAPANESE))
MOST_SHEETS = 2
BROKEN_IN_TWO = (
    "[...document.querySelectorAll('.word, .address')].filter(e => e.getClientRects().length > 1).map(e => e.textContent)"
)
TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"
COLOURS = "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
CUT_OFF = """[...document.querySelectorAll('svg.path')].filter(picture => picture.getClientRects().length).flatMap(picture => {
  const all = [...picture.querySelectorAll('text.name')].map(e => e.getBoundingClientRect()).filter(box => box.width)
  const room = picture.getBoundingClientRect()
  return all.filter((box, at) => at && box.left < all[at - 1].right || box.left < room.left - 1 || box.right > room.right + 1)
}).length"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with chromium(tmp_path_factory.mktemp("profile")) as one:
        yield one


def has_japanese_font() -> bool:
    """Whether a font of this machine has Japanese letters."""
    try:
        return bool(subprocess.run(["fc-list", ":lang=ja"], capture_output=True, check=False).stdout)
    except OSError:
        return False


@pytest.fixture(scope="module", params=NAMES, ids="-".join)
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    name, language = request.param
    if language == "ja" and not has_japanese_font():
        pytest.skip("no font of this machine has Japanese letters")
    if name in SCENARIOS:
        found = play(read_scenario(name))
        seen, told = found.observations, found.diagnosis
    else:
        seen, told = STORIES[name]
    speak(language)
    try:
        text = page(seen, told)
    finally:
        speak(ENGLISH)
    path = tmp_path_factory.mktemp("page") / f"{name}.html"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_is_wider_than_the_window_and_no_address_breaks(browser: Chromium, report: Path, width: int) -> None:
    browser.open(report, width)
    assert browser.value(TOO_WIDE) <= 0
    assert browser.value(BROKEN_IN_TWO) == []
    assert browser.value(CUT_OFF) == 0


def test_it_fits_on_two_sheets_of_paper(browser: Chromium, report: Path) -> None:
    browser.open(report, 1280)
    assert pages_of(browser.printed()) <= MOST_SHEETS


def test_the_browser_loads_nothing_and_complains_of_nothing(browser: Chromium, report: Path) -> None:
    browser.open(report, 1280)
    assert browser.asked_for == [report.as_uri()]
    assert browser.complaints == []


def test_in_the_dark_it_is_dark(browser: Chromium, report: Path) -> None:
    browser.open(report, 1280)
    light = browser.value(COLOURS)
    browser.open(report, 1280, dark=True)
    assert light == ["rgb(255, 255, 255)", "rgb(27, 31, 36)"]
    assert browser.value(COLOURS) == ["rgb(13, 17, 23)", "rgb(230, 237, 243)"]
