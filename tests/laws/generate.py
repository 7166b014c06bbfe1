"""Writes what is generated from the catalogue: ``python -m tests.laws.generate`` (docs/findings.md)."""

from __future__ import annotations

from ssm_bootstrap.render.findingspage import document
from tests.laws.tree import ROOT

FINDINGS_PAGE = ROOT / "docs" / "findings.md"


def generate() -> None:
    """Write docs/findings.md anew."""
    FINDINGS_PAGE.parent.mkdir(exist_ok=True)
    FINDINGS_PAGE.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    generate()
