"""Laws: every sentence can be said in every language, says the same there, and nothing that a program reads depends on it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from ssm_bootstrap.cli.report import brief_of, report_of
from ssm_bootstrap.render.html import page
from ssm_bootstrap.render.language import ENGLISH, speak
from ssm_bootstrap.render.text import Report
from tests.scenarios.player import report
from tests.scenarios.screens import SHOWN
from tests.scenarios.test_scenarios import STORIES, played
from tests.variants import some
from tools.translations.catalogs import TEMPLATE, TRANSLATED, compiled, mo_of, po_of, read, template
from tools.translations.faults import differences, faults
from tools.translations.messages import ROOT, code_files, messages, said_in, unsayable_in, words_in

every_language = pytest.mark.parametrize("language", TRANSLATED)
NAMES = [story.name for story in STORIES]
every_story = pytest.mark.parametrize("name", some(NAMES, NAMES[1::3]))

OPEN, CLOSE = "\u27e6", "\u27e7"
MARKED = {text: f"{OPEN}{text}{CLOSE}" for text in messages()}
"""A language in which each sentence is the English one between brackets: what stands outside of them nobody could translate."""


@pytest.fixture()
def marked() -> Iterator[None]:
    """Everything is said between brackets."""
    speak(TRANSLATED[0], MARKED)
    yield
    speak(ENGLISH)


def entries(catalog: Catalog) -> dict[str, tuple[list[str], list[str]]]:
    """What a catalogue asks for: each sentence with where it is said and what it is."""
    return {str(one.id): ([place for place, _ in one.locations], one.auto_comments) for one in catalog if one.id}


@cache
def template_now() -> Catalog:
    """The sentences of the code as it is."""
    return template()


def test_the_template_is_what_the_code_says() -> None:
    """`make translations` writes it anew."""
    assert entries(read(TEMPLATE)).keys() == entries(template_now()).keys()


@every_language
def test_the_catalogue_has_what_the_template_has(language: str) -> None:
    assert entries(read(po_of(language), language)).keys() == entries(template_now()).keys()


@every_language
def test_every_sentence_is_translated_and_says_the_same(language: str) -> None:
    assert list(faults(read(po_of(language), language))) == []


@every_language
def test_what_the_program_reads_is_compiled_of_the_catalogue(language: str) -> None:
    assert mo_of(language).read_bytes() == compiled(language)


@pytest.mark.parametrize("path", code_files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_sentence_is_put_together_before_it_is_said(path: Path) -> None:
    """A fact in a sentence is an argument of ``phrase``: a language may want it elsewhere."""
    found = list(unsayable_in(ast.parse(path.read_text(encoding="utf-8"))))
    assert [line for line in found if not SAID_BY_OTHERS.search(line[1])] == []


SAID_BY_OTHERS = re.compile(r"HTTP |Agent will take identity from|exit status \{command\.exit_status\}")
"""What is quoted of the agent, of a server or of a command."""


@pytest.mark.parametrize(
    ("english", "said", "is_same"),
    [
        ("No answer from {service}", "{service} から応答がありません", True),
        ("No answer from {service}", "応答がありません", False),
        ("No answer from {service}", "{services} から応答がありません", False),
        ("{count} of {count}", "{count} 個", False),
        ("waited {seconds:.1f} s", "{seconds} 秒待ちました", False),
        ("Run `getent ahosts {host}`.", "`getent ahosts {host}` を実行します。", True),
        ("Run `getent ahosts {host}`.", "{host} を調べます。", False),
        ("say --force", "--force を付けます", True),
        ("say --force", "付けます", False),
        ("Set $HOST and <VPC-ID>.", "$HOST と <VPC-ID> を設定します。", True),
        ("Set $HOST and <VPC-ID>.", "<VPC-ID> を設定します。", False),
        ("argument %(argument_name)s: %(message)s", "引数 %(argument_name)s", False),
    ],
)
def test_a_translation_that_holds_something_else_is_seen(english: str, said: str, is_same: bool) -> None:
    assert (list(differences(english, said)) == []) is is_same


def test_sentences_are_found_where_they_are_said() -> None:
    code = """
report.line("a whole sentence" if x else _("another {one}", one=1))
text = "said later {on}"
raise Refusal(status, phrase(text, on=2))
parser.add_argument("--x", help="what it does")
reason = "a reason of several words"
report.item("why   ", cause)
report.line(f"put together {here}")
"""
    tree = ast.parse(code)
    told = {text for _, text in said_in(tree)}
    assert {"a whole sentence", "another {one}", "said later {on}", "what it does", "why"} <= told
    assert "a reason of several words" in set(words_in(tree))
    assert [line for line, _ in unsayable_in(tree)] == [8]


@every_story
def test_json_is_the_same_in_every_language(name: str, marked: None) -> None:
    found = played(name)
    said = report(found.observations, found.diagnosis, "--json")
    speak(ENGLISH)
    assert said == report(found.observations, found.diagnosis, "--json")
    assert OPEN not in said and "\\u27e6" not in said


# nothing reaches a reader unsaid

_COMMAND = re.compile(
    r"^(?:\$|#|aws|sudo|ssm-bootstrap|curl|getent|[A-Z_]+=|dig|systemctl|for|ROLE|openssl|env|chronyc|resolvectl|ip)\b"
)
_OF_OTHERS = re.compile(
    r"no such file or directory|network is unreachable|unable to get local issuer certificate|inactive \(dead\)"
    r"|Amazon Linux \d+|policy drop of inet filter output"
)
"""What the system, a library or a tool says, and names of products: they stand as they are."""

_NAMES = re.compile(r"`[^`]*`|\"[^\"]*\"|[^\s,;()]*[./_=<>$:@\[\]0-9-][^\s,;()]*")
_QUOTED = re.compile(r"^\S*(?:\.log|stderr|stdout|\.repo|\.conf):\d+: ")
_CODES = frozenset(
    {"register", "run", "command", "session", "patch", "agent", "update", "tcp", "dns", "tls", "http", "proxy", "refused"}
    | {"unreachable", "reset", "closed", "denied", "untrusted", "issuer", "expired", "ok", "no", "ms", "s", "min"}
)
"""Capabilities, rungs and failures: the words of JSON, which stand in a report as they are."""


def unsaid(text: str) -> list[str]:
    """Words in a row that stand outside of all brackets, and are none of a command, a name or something quoted."""
    found = []
    for line in text.splitlines():
        if _COMMAND.match(line.strip()) or _QUOTED.match(_outside(line).strip()):
            continue
        for part in _outside(line).split("\n"):
            words = re.findall(r"[A-Za-z][a-z'\u2019]+", _NAMES.sub(" ", _OF_OTHERS.sub(" ", part)))
            if len([word for word in words if word not in _CODES]) >= 2:
                found.append(part.strip())
    return found


def _outside(text: str) -> str:
    depth, kept = 0, []
    for letter in text:
        if letter == OPEN:
            depth += 1
            kept.append("\n")
        elif letter == CLOSE:
            depth -= 1
        elif depth == 0:
            kept.append(letter)
    return "".join(kept)


@pytest.mark.parametrize("name", SHOWN)
def test_nothing_reaches_a_reader_unsaid(name: str, marked: None) -> None:
    found = played(name)
    whole = report_of(Report(500), found.observations, found.diagnosis, machine=True, history=True)
    brief = brief_of(Report(500), found.observations, found.diagnosis, details="ssm-bootstrap doctor --full", machine=True)
    assert OPEN in whole.text and OPEN in brief.text
    assert unsaid(whole.text) == []
    assert unsaid(brief.text) == []


@pytest.mark.parametrize("name", SHOWN)
def test_nothing_on_the_page_is_unsaid(name: str, marked: None) -> None:
    found = played(name)
    made = page(found.observations, found.diagnosis)
    assert f'<html lang="{TRANSLATED[0]}">' in made
    without = re.sub(r"<(style|title|pre|code|h1)\b[^>]*>.*?</\1>", " ", made, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", "\n", re.sub(r'<svg[^>]*aria-label="([^"]*)"', r"\1<", without))
    flat = text.replace("&#39;", "'").replace("&#34;", '"').replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert unsaid(re.sub(rf"{OPEN}[^{CLOSE}{OPEN}]*{CLOSE}", f"{OPEN}{CLOSE}", flat)) == []
