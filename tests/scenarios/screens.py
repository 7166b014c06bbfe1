"""What twelve nodes show on a terminal of 80x24 and of 120x40: the short report, as text that a reader looks at."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, Tuple

from ssm_bootstrap import __version__
from ssm_bootstrap.cli.report import brief_of
from ssm_bootstrap.render.language import ENGLISH, LANGUAGES, speak
from ssm_bootstrap.render.text import Report
from tests.scenarios.player import Played

HOME = Path(__file__).resolve().parents[1] / "data" / "screens"
SIZES = ((80, 24), (120, 40))
SHOWN = (
    "healthy-al2023",
    "no-endpoints",
    "endpoint-security-group-closed",
    "nothing-answers",
    "s3-missing",
    "s3-http-blocked",
    "host-firewall",
    "resolver-silent",
    "no-route",
    "tls-untrusted",
    "agent-stopped",
    "not-registered",
)
"""Scenarios whose screens are committed."""


def name_of(story: str, columns: int, lines: int, language: str) -> str:
    """The name of a committed screen."""
    return f"{story}-{columns}x{lines}{'' if language == ENGLISH else f'-{language}'}.txt"


def screen(played: Played, columns: int, language: str = ENGLISH) -> str:
    """What ``doctor`` prints of a story on a terminal of so many columns, in a language."""
    speak(language)
    report = Report(columns)
    brief_of(report, played.observations, played.diagnosis, details="ssm-bootstrap doctor --full", machine=True)
    speak(ENGLISH)
    return report.text.replace(f"ssm-bootstrap {__version__}", "ssm-bootstrap VERSION", 1)


def screens(played: Played) -> Iterator[Tuple[Path, str, int]]:
    """Where each committed screen of a story stands, what it shows now, and how many lines the terminal has."""
    if played.scenario.name in SHOWN:
        for language in LANGUAGES:
            for columns, lines in SIZES:
                name = name_of(played.scenario.name, columns, lines, language)
                yield HOME / name, screen(played, columns, language), lines
