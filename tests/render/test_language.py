"""The language of whoever reads: which it is, what is said in it, and that nothing else changes by it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Optional

import pytest

from ssm_bootstrap.cli import main
from ssm_bootstrap.cli.entry import run
from ssm_bootstrap.diagnose.findings import make_finding, with_known
from ssm_bootstrap.model.codec import changed_value
from ssm_bootstrap.model.findings import Finding
from ssm_bootstrap.model.phrase import Phrase, phrase
from ssm_bootstrap.render.language import _, chosen, say, speak, spoken
from ssm_bootstrap.render.terminal import cells, wrapped
from ssm_bootstrap.render.text import Report
from tests import caller
from tests.laws.tree import ROOT

UTF8 = ("utf-8", "UTF-8")


@pytest.mark.parametrize(
    ("flag", "environment", "encodings", "language"),
    [
        (None, {}, UTF8, "en"),
        (None, {"LANG": "ja_JP.UTF-8"}, UTF8, "ja"),
        (None, {"LANG": "ja"}, UTF8, "ja"),
        (None, {"LANG": "ja_JP.utf8@x", "LC_MESSAGES": ""}, UTF8, "ja"),
        (None, {"LANG": "ja_JP.UTF-8", "LC_MESSAGES": "de_DE.UTF-8"}, UTF8, "en"),
        (None, {"LANG": "ja_JP.UTF-8", "LC_MESSAGES": "ja_JP.UTF-8", "LC_ALL": "C"}, UTF8, "en"),
        (None, {"LC_ALL": "ja_JP.UTF-8", "LANG": "C"}, UTF8, "ja"),
        (None, {"LANG": "POSIX"}, UTF8, "en"),
        (None, {"LANG": "tlh_QO"}, UTF8, "en"),
        (None, {"LANG": "ja_JP.eucJP"}, ("euc_jp", "euc_jp"), "en"),
        (None, {"LANG": "ja_JP.UTF-8"}, ("utf-8", None), "en"),
        ("ja", {"LC_ALL": "C"}, UTF8, "ja"),
        ("ja", {}, ("ascii", "utf-8"), "en"),
        ("en", {"LC_ALL": "ja_JP.UTF-8"}, UTF8, "en"),
    ],
)
def test_the_language_is_chosen(
    flag: Optional[str], environment: dict[str, str], encodings: tuple[Optional[str], ...], language: str
) -> None:
    assert chosen(flag, environment, encodings) == language


def test_a_phrase_is_its_english_and_can_be_said_otherwise() -> None:
    told = phrase("{count} of {what} in {places}", count=2, what=phrase("a file"), places=("a", "b"))
    assert told == "2 of a file in a, b"
    assert say(told) is told
    speak("ja", {"{count} of {what} in {places}": "{places} に{what}が {count} 個", "a file": "ファイル"})
    assert say(told) == "a, b にファイルが 2 個"
    assert say("a file") == "ファイル"
    assert say("another") == "another"
    assert _("{count} of {what} in {places}", count=1, what="a file", places=[]) == " にファイルが 1 個"


def test_a_translation_that_cannot_be_filled_leaves_the_english() -> None:
    speak("ja", {"in {place}": "{other} で"})
    assert say(phrase("in {place}", place="here")) == "in here"


def test_without_facts_braces_are_braces() -> None:
    assert phrase("a {name} as it is") == "a {name} as it is"
    assert _("a {name} as it is") == "a {name} as it is"


def test_what_is_masked_is_masked_in_every_language() -> None:
    finding = make_finding("node-deregistered", "mi-1", facts={"mi": "mi-1", "region": "eu-west-1", "detail": "SECRET told"})
    hidden: Finding = changed_value(finding, lambda text: text.replace("eu-west-1", "***"))
    speak("ja", {finding.title.template: "{subject}", finding.cause.template: finding.cause.template})  # type: ignore[attr-defined]
    for text in (hidden.title, hidden.cause, hidden.remedy.summary, *hidden.remedy.steps):
        assert isinstance(text, Phrase)
        assert "eu-west-1" not in say(text)


def test_what_becomes_known_is_filled_in_in_every_language() -> None:
    told = Phrase("Give <VPC-ID> a name", "Give {vpc} a name", {"vpc": "<VPC-ID>"}).swapped({"<VPC-ID>": "vpc-1"})
    assert told == "Give vpc-1 a name"
    speak("ja", {"Give {vpc} a name": "{vpc} に名前を付けます"})
    assert say(told) == "vpc-1 に名前を付けます"


def test_with_known_keeps_phrases() -> None:
    finding = with_known(make_finding("endpoint-missing", "ssm", facts={"service": "ssm"}), {"region": "eu-west-1"})
    assert all(isinstance(text, Phrase) for text in (finding.title, finding.cause, finding.remedy.summary))


@pytest.mark.parametrize("words", [["--lang", "ja", "--help"], ["--help", "--lang=ja"], ["help", "doctor", "--lang", "ja"]])
def test_the_flag_stands_anywhere(words: list[str]) -> None:
    assert main(words) == 0
    assert spoken() == "ja"


def test_a_language_that_there_is_not_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["doctor", "--lang", "xx"], ["--lang=xx", "doctor"], ["doctor", "--lang"]):
        assert run(words) == 2
        assert "--lang" in capsys.readouterr().err


def test_the_environment_chooses_and_json_does_not_change() -> None:
    def told(*words: str, **environment: str) -> tuple[int, str]:
        done = subprocess.run(
            [*caller.program(), *words],
            capture_output=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONUTF8": "1", **environment},
            encoding="utf-8",
        )
        return done.returncode, done.stdout

    english = told("explain", "endpoint-missing", LANG="C.UTF-8")
    japanese = told("explain", "endpoint-missing", LANG="ja_JP.UTF-8")
    assert english[0] == japanese[0] == 0
    assert english[1] != japanese[1]
    document = told("explain", "endpoint-missing", "--json", LANG="ja_JP.UTF-8")
    assert document == told("explain", "endpoint-missing", "--json", LANG="C.UTF-8")
    assert json.loads(document[1])["code"] == "endpoint-missing"


def test_english_loads_nothing_of_other_languages() -> None:
    """argparse itself loads gettext; no catalogue is read, and what reads them is not made."""
    code = (
        "import pkgutil, gettext\n"
        "def never(*names): raise AssertionError(names)\n"
        "pkgutil.get_data = never; gettext.GNUTranslations = never\n"
        "from ssm_bootstrap.cli import main\n"
        "raise SystemExit(main(['explain', 'endpoint-missing']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env={**os.environ, "LANG": "C"})
    assert (done.returncode, done.stderr) == (0, "")


# width

SENTENCE = (
    "この VPC に `ssm` 用のインターフェイスエンドポイントを作成し、"
    "「プライベート DNS 名を有効化」をオンにします（ap-northeast-1）。"
)


@pytest.mark.parametrize("width", range(20, 60))
def test_a_sentence_without_blanks_is_folded(width: int) -> None:
    lines = list(wrapped(SENTENCE, width))
    assert "".join(lines) == SENTENCE
    assert all(cells(line.rstrip()) <= width for line in lines)
    assert not any(line[0] in "、。）」ー" for line in lines)
    assert not any(line.rstrip()[-1] in "（「" for line in lines)
    for name in ("VPC", "`ssm`", "DNS", "ap-northeast-1"):
        assert any(name in line for line in lines), name


def test_labels_keep_their_columns() -> None:
    speak("ja", {"why": "原因", "change": "変更", "A reason": "理由です", "B": "B"})
    report = Report(80)
    report.item("change", "B")
    report.item("why   ", "A reason")
    first, second = report.lines
    assert cells(first[: first.index("B")]) == cells(second[: second.index("理由")])


def test_the_catalogue_is_in_the_package() -> None:
    text = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    assert "locale/*/LC_MESSAGES/*.mo" in text
    assert Path(ROOT / "ssm_bootstrap/locale/ja/LC_MESSAGES/ssm-bootstrap.mo").is_file()
