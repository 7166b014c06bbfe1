"""Input that only root may read: one line, 77, and the way on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator, Sequence

import pytest

from ssm_bootstrap.cli.entry import run

NOBODY = 65534


@pytest.fixture
def nobody(tmp_path: Path) -> Iterator[None]:
    """This process without root's rights, who owned the file before."""
    path = tmp_path / "errors.log"
    path.write_text("2026-11-23 14:00:00.0000 ERROR x\n")
    path.chmod(0)
    if os.geteuid() != 0:
        yield
        return
    for command in (["explain", "/nowhere"], ["doctor", "--replay", "/nowhere"]):
        assert run(command) == 66  # what is loaded late may lie where nobody else reads
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("words", [("explain",), ("doctor", "--replay")])
def test_what_only_root_may_read_is_77(
    words: Sequence[str], tmp_path: Path, nobody: None, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    path = str(tmp_path / "errors.log")
    status = run([*words, path])
    told = capsys.readouterr()
    assert (status, told.out) == (77, "")
    assert told.err.count("\n") == 1 and path in told.err and "permission denied" in told.err
