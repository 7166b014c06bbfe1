"""The manual page: every command and flag is in it, and two renderers take it without a word."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ssm_bootstrap.cli.entry import COMMANDS, STATUSES
from tools.packages.grammar import commands_of, whole_parser
from tools.packages.manual import manual, roff

EPOCH = 1700000000  # 2023-11-14


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The page of a version."""
    path = tmp_path / "ssm-bootstrap.1"
    path.write_text(manual(whole_parser(), "1.2.3", EPOCH), encoding="utf-8")
    return path


def plain(page: Path) -> str:
    """The page as a terminal of 80 columns shows it, in one line."""
    if shutil.which("groff") is None:
        pytest.skip("groff is missing (tests/system-packages package-checks)")
    words = ["groff", "-man", "-Tutf8", "-P-cbou", "-rLL=80n", str(page)]
    shown = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    assert max(map(len, shown.splitlines())) <= 80
    return " ".join(shown.split())


def test_groff_has_nothing_to_say_of_it(page: Path) -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is missing (tests/system-packages package-checks)")
    done = subprocess.run(["groff", "-man", "-ww", "-z", "-rLL=80n", str(page)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_man_shows_it(page: Path) -> None:
    if shutil.which("man") is None:
        pytest.skip("man is missing")
    environment = {"PATH": os.environ["PATH"], "MANWIDTH": "80", "LC_ALL": "C.UTF-8", "MAN_KEEP_FORMATTING": ""}
    done = subprocess.run(["man", "--warnings", "-l", str(page)], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "ssm-bootstrap - bring an EC2 instance" in done.stdout


def test_every_command_flag_and_status_is_in_it(page: Path) -> None:
    shown = plain(page)
    for name, command in commands_of(whole_parser()).items():
        assert any(f"ssm-bootstrap {name} {begin}" in shown for begin in ("[", "-", "report|sql [")), name
        for action in command._actions:
            assert all(flag in shown for flag in action.option_strings), action
    for line in STATUSES.splitlines()[1:]:
        status, text = line.split(None, 1)
        assert f"{status} {text[:1].upper()}{text[1:]}." in shown
    assert "ssm-bootstrap 1.2.3 2023-11-14" in shown
    assert "%(" not in shown


def test_the_whole_parser_has_what_each_command_has() -> None:
    commands = commands_of(whole_parser())
    assert list(commands) == list(COMMANDS)
    assert "--activation-id" in commands["register"]._option_string_actions
    assert "--s3-uri" in commands["user-data"]._option_string_actions


@pytest.mark.parametrize(
    ("text", "escaped"), [("a-b", r"a\-b"), (".x", r"\&.x"), ("it's", r"it\(aqs"), (r"a\b", r"a\eb"), ("a  b\nc", "a b c")]
)
def test_text_is_taken_literally(text: str, escaped: str) -> None:
    assert roff(text) == escaped
