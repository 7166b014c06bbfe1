"""What ``explain`` is given and is no log: one line and 66, and never that no fault was found."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from ssm_bootstrap.cli.entry import run
from ssm_bootstrap.model.exitstatus import ExitStatus

HEALTHY = "2026-11-23 05:50:06 INFO all is well\n"
FOREIGN = ("hello\n", "\n \n", "", "{}", "\x00\x01\x02", "127.0.0.1 localhost\n" * 40)
KNOWN = (HEALTHY, f"the end of a record that was cut\n{HEALTHY}", f"hello\n{HEALTHY}")


def told(text: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    path = tmp_path / "given"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    return run(["explain", "-" if way == "standard input" else str(path)])


@pytest.mark.parametrize("way", ["standard input", "file"])
@pytest.mark.parametrize("text", FOREIGN)
def test_what_is_no_log_is_told(
    text: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(text, way, tmp_path, monkeypatch) == ExitStatus.NO_INPUT == 66
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and "expected" in said.err


@pytest.mark.parametrize("way", ["standard input", "file"])
@pytest.mark.parametrize("text", KNOWN)
def test_a_healthy_log_is_one(
    text: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(text, way, tmp_path, monkeypatch) == ExitStatus.OK
    assert "No fault found" in capsys.readouterr().out


@pytest.mark.parametrize("names", [("a.log",), ("a.log", "b.log")])
def test_what_is_not_there_is_told(names: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", *(str(tmp_path / name) for name in names)]) == ExitStatus.NO_INPUT
    said = capsys.readouterr()
    assert said.out == "" and said.err == f"ssm-bootstrap: explain: {tmp_path}{os.sep}a.log: no such file or directory\n"


def test_a_mistyped_code_or_file_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The nearest code or file of the directory; nothing where nothing is near, and no code of an activation is repeated."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "errors.log").write_text("x")
    asked = {
        "s3-unreachabel": "; did you mean the code s3-unreachable?",
        "S3-Unreachabel": "; did you mean the code s3-unreachable?",
        "error.log": "; did you mean errors.log?",
        str(tmp_path / "erorrs.log"): f"; did you mean {tmp_path}/errors.log?",
        "quite-another-thing": "",
        "nowhere/errors.log": "",
    }
    for word, question in asked.items():
        assert run(["explain", word]) == 66
        told = "no such file or directory" if "." in word or "/" in word else "no such code or file"
        assert capsys.readouterr().err.endswith(f": {told}{question}\n")
