"""Law 9: README's usage block is what ``--help`` prints, its commands can be typed, and the Japanese one says as much."""

from __future__ import annotations

import re
import shlex
import subprocess
from contextlib import nullcontext
from pathlib import Path

import pytest

from ssm_bootstrap.cli.entry import parser_for
from tests.laws.generate import README, READMES, USAGE, usage
from tests.laws.readme import SECTION, WORKING, blocks, commands
from tests.laws.tree import ROOT

SECTIONS = (SECTION, WORKING)


JAPANESE = READMES["ja"]


def squeezed(text: str) -> str:
    """The text without what argparse of different Pythons lays out differently: blanks, and headings' words."""
    return re.sub(r"\s+", "", text.replace("optional arguments:", "options:"))


@pytest.mark.parametrize("language", READMES)
def test_the_usage_block_is_what_help_prints(language: str) -> None:
    """Whatever --help prints stands in README, and nothing else."""
    text = READMES[language].read_text(encoding="utf-8")
    found = USAGE.search(text)
    assert found is not None
    assert squeezed(text[found.end(1) : found.start(2)]) == squeezed(usage(language))


def told(text: str) -> set[str]:
    """What is the same in any language: words in backticks, pages linked to, and indented lines without their comments."""
    words = {" ".join(word.split()) for word in re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))}
    links = set(re.findall(r"\]\(([^)]+)\)", text))
    typed = re.findall(r"^ {4}(.*)$", USAGE.sub("", text), re.MULTILINE)
    halves = {half.strip() for line in typed for half in re.split(r"\s{2,}", re.sub(r"\s*# .*?(\s{3}|$)", "   ", line))}
    return words | links | {half for half in halves if re.match(r"(sudo |\./|--|make |pipx |\[|[a-z_]+ = )", half)}


def test_the_japanese_readme_leaves_nothing_out() -> None:
    """Every flag, command, setting, page and row of the English one stands in it, in as many sections."""
    english, japanese = (path.read_text(encoding="utf-8") for path in (README, JAPANESE))
    assert told(english) - told(japanese) - {JAPANESE.name} == set()
    for beginning in (r"## ", r"\| "):
        counts = [len(re.findall(f"^{beginning}", text, re.MULTILINE)) for text in (english, japanese)]
        assert counts[0] == counts[1], beginning


@pytest.mark.parametrize("command", ["register", "probe", "restart", "prepare-image", "status", "explain", "doctor"])
def test_readme_names_every_command(command: str) -> None:
    """The table of commands is complete."""
    assert f"| `{command}` |" in README.read_text(encoding="utf-8")


# commands


def targets() -> set[str]:
    """What `make` can be asked for."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split())  # type: ignore[index]


def every_command() -> list[str]:
    """Of all sections, those with the bundle at hand too."""
    found = [line for title in SECTIONS for block in blocks(title) for line in block]
    return [re.sub(r"\s+#\s.*$", "", line) for line in found if re.match(r"(sudo |\./|make |pipx |pip |ssm-bootstrap )", line)]


def test_there_are_commands() -> None:
    assert len(every_command()) >= 15


@pytest.mark.parametrize("command", every_command())
def test_a_command_of_readme_is_one(command: str) -> None:
    """The shell reads it, make has the target, the program has the flags."""
    assert subprocess.run(["sh", "-n", "-c", command], capture_output=True).returncode == 0
    words = shlex.split(command)
    if words[0] == "make":
        assert {word for word in words[1:] if "=" not in word} <= targets()
    program = next((place for place, word in enumerate(words) if "ssm-bootstrap" in word and place <= 1), None)
    if program is not None and not words[program].startswith(("dist/", "./dist/")):
        given = words[program + 1 :]
        with pytest.raises(SystemExit) if given == ["--version"] else nullcontext():
            parser_for(given).parse_args(given)


def test_nobody_is_sent_into_an_environment_that_is_externally_managed() -> None:
    assert [command for command in every_command() if re.match(r"(sudo )?(pip|python3 -m pip) install", command)] == []


def test_ci_runs_what_readme_says_as_it_stands_there(tmp_path: Path) -> None:
    (tmp_path / "make").write_text(f'#!/bin/sh\necho "make $*" >>{tmp_path}/told\n')
    (tmp_path / "make").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run([str(ROOT / ".ci" / "run")], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = (tmp_path / "told").read_text().splitlines()
    needs_the_agent = [command for command in commands(WORKING) if "AGENT_DIR=" in command]
    assert [command for command in commands(WORKING) if command not in needs_the_agent or command in told] == told
    assert {"make demo", "make test"} <= set(told)


def test_ci_fails_with_the_first_that_fails(tmp_path: Path) -> None:
    (tmp_path / "make").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "make").chmod(0o755)
    done = subprocess.run([str(ROOT / ".ci" / "run")], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True)
    assert done.returncode == 3 and done.stdout.count("+ make") == 1
