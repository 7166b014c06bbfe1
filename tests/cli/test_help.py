"""Help: the short one, examples that work, and what somebody may have meant."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from ssm_bootstrap.cli.entry import COMMANDS, FIRST, examples_of, parser_for, run
from ssm_bootstrap.cli.flags import Example
from ssm_bootstrap.cli.suggestions import closest, flag_meant

EXAMPLES = [(name, example) for name in COMMANDS for example in examples_of(name)]
SECRET = "sEcReT0123456789AbCdEf"


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a run."""
    status = run(words)
    out, err = capsys.readouterr()
    return status, out, err


def test_no_word_at_all_gets_a_short_help_and_2(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = said(capsys)
    assert (status, out) == (2, "")
    lines = err.splitlines()
    assert len(lines) <= 15 and max(map(len, lines)) <= 80
    assert [name for name in COMMANDS if f"  ssm-bootstrap {name} " in err] == [name for name in COMMANDS if name in FIRST]
    assert len(FIRST) == 3 and set(FIRST) <= set(COMMANDS)


@pytest.mark.parametrize("words", [("help",), *(("help", name) for name in COMMANDS)], ids=" ".join)
def test_help_is_a_command_too(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = said(capsys, *words)
    assert (status, err) == (0, "")
    assert said(capsys, *words[1:], "--help") == (0, out, "")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_few_examples_at_its_end(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = said(capsys, name, "--help")
    body, _, end = out.partition("\nexamples:\n")
    assert "options:" in body or "optional arguments:" in body
    assert end == "\n".join(example.text() for example in examples_of(name)) + "\n"
    assert 2 <= len(examples_of(name)) <= 4
    assert max(map(len, out.splitlines())) <= 80


def test_the_help_of_the_program_fits_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = said(capsys, "--help")
    assert [line for line in out.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[example.line[:60] for _, example in EXAMPLES])
def test_an_example_is_taken_as_it_stands(name: str, example: Example) -> None:
    pasted = shlex.split("\n".join(example.lines()).replace("\\\n", ""))
    assert pasted == shlex.split(example.line)
    words = pasted[1:] if pasted[0] == "sudo" else pasted
    assert words[:2] == ["ssm-bootstrap", name]
    assert parser_for(words[1:]).parse_args(words[1:]).command == name


def test_no_name_is_broken_at_a_hyphen(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for name in COMMANDS:
        _, out, _ = said(capsys, name, "--help")
        assert re.findall(r"\w-\n", out) == []


def test_files_may_stand_before_and_after_a_flag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(tmp_path / name) for name in ("a.log", "b.log")]
    for file in files:
        Path(file).write_text("2026-11-23 12:00:00 ERROR [ssm-agent-worker] nobody knows this\n", encoding="utf-8")
    told = []
    for words in ((*files, "--json"), (files[0], "--json", files[1]), ("--json", *files)):
        _, out, err = said(capsys, "explain", *words)
        document = json.loads(out)
        assert (err, sum(document["records"].values())) == ("", 2)
        told.append({**document, "taken_at": None})
    assert told[1:] == told[:2]
    _, out, _ = said(capsys, "explain", files[0], "--json", "/nowhere/c.log")
    assert [one["subject"] for one in json.loads(out)["unseen"]] == ["/nowhere/c.log"]


# what was meant


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("doctr",), "'doctr' is not a command; did you mean doctor?"),
        (("regsiter", "--force"), "'regsiter' is not a command; did you mean register?"),
        (("fly",), "'fly' is not a command; ssm-bootstrap --help"),
        (("help", "prob"), "did you mean probe?"),
        (("doctor", "--strct"), "ssm-bootstrap doctor: unknown flag --strct (did you mean --strict?)"),
        (("doctor", "--Strict"), "ssm-bootstrap doctor: unknown flag; ssm-bootstrap doctor --help"),
        (("doctor", "-strict"), "-strict (did you mean --strict?)"),
        (("probe", "--reg", "eu-west-1"), "unknown flag --reg (did you mean --region?)"),
        (("register", "--activation_code=x"), "--activation_code (did you mean --activation-code?)"),
        (("register", "-code", "x", "-id", "y"), "-code (did you mean --activation-code?), -id (did you mean --activation-id?)"),
        (("user-data", "--s3-ur", "s3://a/b"), "unknown flag --s3-ur (did you mean --s3-uri?)"),
        (("user-data", "--format", "shel"), "'shel' is not one of cloud-config, shell; did you mean shell?"),
        (("probe", "--quickly"), "unknown flag --quickly; ssm-bootstrap probe --help"),
        (("probe", "--for", "register,pacth"), "'pacth' is not a capability; expected register, run-command"),
        (("probe", "--for", "pacth"), "did you mean patch?"),
        (("explain", "--source", "error"), "'error' is not a source; expected errors, agent"),
        (("explain", "--source", "error"), "did you mean errors?"),
        (("doctor", "--wait", "soon"), "'soon' is not a duration; expected seconds"),
        (("probe", "extra"), "ssm-bootstrap probe: too many arguments"),
        (("--json", "doctor"), "expected a command before the flags"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_a_slip_is_told_in_one_line_with_what_was_meant(
    words: tuple[str, ...], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = said(capsys, *words)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert what in err


@pytest.mark.parametrize(
    "words",
    [
        ("register", "--activation_code", SECRET),
        ("register", f"--activation_code={SECRET}"),
        ("register", f"--activation-code:{SECRET}"),
        ("register", f"-code{SECRET}"),
        ("register", "-code", "a word"),
        ("--activation-code", "a word", "register"),
        ("--activation-code", "register", "a word"),
        (SECRET,),
        ("register", SECRET),
        ("register", "a word"),
        ("register", "--activation-code", f"-{SECRET}"),
        ("user-data", "--format", SECRET),
        ("probe", "--for", SECRET),
    ],
    ids=" ".join,
)
def test_what_may_be_a_secret_is_not_repeated(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = said(capsys, *words)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert SECRET not in err and SECRET[:8] not in err and "a word" not in err


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("--stric", "--strict"),
        ("--js", "--json"),
        ("--colour", None),
        ("--activation", "--activation-id"),
        ("-file", "--code-file"),
        ("-x", None),
    ],
)
def test_flags_that_are_near(typed: str, meant: str | None) -> None:
    known = ["--strict", "--json", "--activation-id", "--activation-code", "--code-file", "--wait"]
    assert flag_meant(typed, known) == (f" (did you mean {meant}?)" if meant else "")


def test_nothing_is_near_a_word_of_another_kind() -> None:
    assert closest("zzz", COMMANDS) is None
    assert closest("STATUS", COMMANDS) == "status"
