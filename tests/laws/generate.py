"""Writes what is generated (`make docs`): findings.md, policies.md, codes.txt in docs, by the catalogue; the READMEs' usage."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.render.findings_page import document
from ssm_bootstrap.render.policies_page import document as policies
from tests.laws.tree import ROOT

CODES = ROOT / "docs" / "codes.txt"
FINDINGS_PAGE = ROOT / "docs" / "findings.md"
POLICIES_PAGE = ROOT / "docs" / "policies.md"
README = ROOT / "README.md"
READMES = {"en": README, "ja": ROOT / "README.ja.md"}
"""The README of each language that --lang takes."""

USAGE = re.compile(r"(<!-- usage: [^\n]*-->\n```\n).*?(```\n<!-- end of usage -->)", re.DOTALL)


def usage(language: str = "en") -> str:
    """What ``ssm-bootstrap --help`` prints in a language on a terminal of 100 columns."""
    done = subprocess.run(
        [sys.executable, "-m", "ssm_bootstrap", "--lang", language, "--help"],
        capture_output=True,
        encoding="utf-8",
        check=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHON_COLORS": "0", "PYTHONIOENCODING": "utf-8"},
    )
    return done.stdout


def with_usage(text: str, language: str = "en") -> str:
    """A README's text with its usage block written anew."""
    return USAGE.sub(lambda found: f"{found[1]}{usage(language)}{found[2]}", text)


def with_codes(text: str) -> str:
    """The list of codes with those of the catalogue added; none is ever taken away, as scripts depend on them."""
    return "".join(f"{code}\n" for code in sorted({*text.split(), *FINDINGS}))


def generate() -> None:
    """Write all of it anew."""
    CODES.write_text(with_codes(CODES.read_text(encoding="utf-8")), encoding="utf-8")
    FINDINGS_PAGE.parent.mkdir(exist_ok=True)
    FINDINGS_PAGE.write_text(document(), encoding="utf-8")
    POLICIES_PAGE.write_text(policies(), encoding="utf-8")
    for language, path in READMES.items():
        path.write_text(with_usage(path.read_text(encoding="utf-8"), language), encoding="utf-8")


if __name__ == "__main__":
    generate()
