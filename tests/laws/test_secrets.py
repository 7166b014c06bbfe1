"""Law 7: the scan for secrets finds each canary however it is written, and what is committed for users holds none."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.laws.secrets import CANARIES, leaks, leaks_in_files
from tests.laws.tree import PACKAGE, ROOT


@pytest.mark.parametrize("name", CANARIES)
def test_the_scan_finds_a_canary_in_each_spelling(name: str) -> None:
    secret = CANARIES[name]
    for text in (
        f"failed: -code {secret}",
        json.dumps({"detail": f"x{secret}y"}),
        f"http://user:{quote(secret, safe='')}@proxy:3128",
        *(base64.b64encode(("x" * before + secret + "tail").encode()).decode() for before in range(3)),
    ):
        assert leaks(text) == (name,)
    assert leaks(secret.encode()) == (name,)


def test_the_scan_leaves_what_is_masked_alone() -> None:
    assert leaks("-code *** http://user:***@proxy:3128 X-Amz-Signature=***") == ()


def test_the_scan_reads_files_and_their_names(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "report.json").write_text(json.dumps(CANARIES["session-token"]), encoding="utf-8")
    (tmp_path / CANARIES["presigned-signature"]).write_bytes(b"\xff\x00")
    (tmp_path / "clean").write_text("nothing", encoding="utf-8")
    found = leaks_in_files([tmp_path])
    assert sorted(line.rpartition(": ")[2] for line in found) == ["presigned-signature", "session-token"]


def test_no_canary_is_in_the_package_or_its_papers() -> None:
    papers = [ROOT / name for name in ("docs", "systemd", "README.md", "CHANGELOG.md") if (ROOT / name).exists()]
    assert leaks_in_files([PACKAGE, *papers]) == ()
