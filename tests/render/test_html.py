"""The HTML report: well-formed, nothing loaded, nothing from outside becomes markup, the one thing to change on top."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from typing import Iterator
from xml.etree.ElementTree import Element

import html5lib
import pytest

from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.findings import AgentPart, Diagnosis
from ssm_bootstrap.render.html import STYLE, Markup, joined, page, tag
from ssm_bootstrap.render.shell import pasteable
from tests.render.reports import STORIES

ALLOWED = frozenset(
    {
        *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "h4", "p", "div", "section", "article"),
        *("span", "strong", "small", "a", "ul", "ol", "li", "dl", "dt", "dd", "pre", "code", "mark", "footer"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
)
ATTRIBUTES = frozenset({"lang", "charset", "http-equiv", "content", "name", "class", "id", "href"})


def parsed(text: str) -> Element:
    """The document; a strict parser raises for whatever is not well-formed."""
    found: Element = html5lib.HTMLParser(namespaceHTMLElements=False, strict=True).parse(text)
    return found


def words(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def elements(text: str) -> Iterator[Element]:
    return parsed(text).iter()


@pytest.mark.parametrize("machine", [False, True])
@pytest.mark.parametrize("story", STORIES)
def test_every_story_is_well_formed_and_made_of_our_elements_alone(story: str, machine: bool) -> None:
    for element in elements(page(*STORIES[story], machine=machine)):
        assert element.tag in ALLOWED
        assert set(element.attrib) <= ATTRIBUTES
        assert element.get("href", "#").startswith("#")


@pytest.mark.parametrize("story", STORIES)
def test_nothing_is_loaded_and_nothing_runs(story: str) -> None:
    text = page(*STORIES[story])
    assert not re.search(r"<(script|img|link|iframe|object|embed|form|base)\b|\bon\w+=|url\(|@import|javascript:", text, re.I)
    (policy,) = [item.get("content") for item in elements(text) if item.get("http-equiv") == "Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    (style,) = [item for item in elements(text) if item.tag == "style"]
    assert style.text == STYLE


@pytest.mark.parametrize("story", STORIES)
def test_the_same_gives_the_same_bytes(story: str) -> None:
    assert page(*STORIES[story]) == page(*STORIES[story])


def test_an_enemys_text_is_shown_and_is_no_markup() -> None:
    observations, diagnosis = STORIES["enemy"]
    text = page(observations, diagnosis)
    assert not set(text) & {"\x1b", "\u202e", "\x07", "\r"}
    shown = words(parsed(text))
    for part in ("\\x1b[2J", "\\u202eevil", "[bold red]markup[/]", ":smile:", "{braces}"):
        assert part in shown


BREAKOUTS = (
    "</style></head><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<!-- -->",
    "]]>",
    "&lt;script&gt;",
    "<mark>",
    "`<b>`",
)


@pytest.mark.parametrize("odd", BREAKOUTS)
def test_text_cannot_break_out_of_its_element(odd: str) -> None:
    made = tag("p", odd, class_=odd)
    (found,) = [
        item
        for item in elements(f"<!DOCTYPE html>\n{tag('html', tag('head', tag('title', odd)), tag('body', made))}")
        if item.tag == "p"
    ]
    assert ("".join(found.itertext()), found.get("class"), list(found)) == (odd, odd, [])
    assert joined(Markup("<br>"), odd).startswith("<br>") and (odd == "]]>" or "<" not in joined(odd))


def test_the_root_cause_and_the_one_thing_to_change_stand_on_top() -> None:
    observations, _ = STORIES["closed"]
    diagnosis = diagnose(observations)
    text = page(observations, diagnosis)
    first = next(item for item in elements(text) if item.get("class", "").startswith("first"))
    assert first.get("class") == "first error"
    assert diagnosis.causes[0].title in words(first) and diagnosis.causes[0].remedy.summary in words(first)
    links = [item.get("href", "")[1:] for item in first.iter("a")]
    assert links and set(links) <= {item.get("id") for item in elements(text)}
    text = text[text.index("<body>") :]
    assert text.index("first error") < text.index("verdicts") < text.index("What to change") < text.index("What was dialled")


def test_each_command_is_a_block_of_its_own_and_whole() -> None:
    observations, diagnosis = STORIES["closed"]
    text = page(observations, diagnosis)
    blocks = ["".join(item.itertext()) for item in elements(text) if item.tag == "pre"]
    told = [one.remedy for one in diagnosis.causes if one.severity.value != "info"]
    sides = [side for one in told for side in (one.instance_commands, one.aws_commands)]
    wanted = [command for side in sides for command in pasteable(side)]
    assert sorted(blocks) == sorted(wanted)
    marks = {"".join(item.itertext()) for item in elements(text) if item.tag == "mark"}
    assert marks and all(re.fullmatch(r"[A-Z0-9_]+=([a-z]+-)?\.\.\.", mark) for mark in marks)
    assert "user-select: all" in STYLE


def test_a_healthy_node_says_so_and_shows_what_was_dialled() -> None:
    observations, diagnosis = STORIES["healthy"]
    root = parsed(page(observations, diagnosis))
    first = next(item for item in root.iter("div") if item.get("class") == "first")
    assert words(first) == "No fault found."
    rows = list(root.iter("tr"))
    assert len(rows) == 1 + len(observations.probes)
    assert not list(root.iter("article"))


def test_what_was_not_seen_and_what_nobody_explains_is_told() -> None:
    observations, diagnosis = STORIES["enemy"]
    shown = words(parsed(page(observations, diagnosis)))
    for heading in ("Could not be looked at", "Errors that nothing here explains", "A check of ssm-bootstrap itself failed"):
        assert heading in shown
    assert "What follows from it" in shown and "(because of endpoint-missing)" in shown


def test_the_part_of_the_agent_that_wrote_an_unknown_error_is_told() -> None:
    observations, diagnosis = STORIES["enemy"]
    (odd,) = diagnosis.unexplained
    known = replace(diagnosis, unexplained=(replace(odd, part=AgentPart("inventory", None, "nothing")),))
    assert "(in inventory, 3 times, last " in words(parsed(page(observations, known)))
    assert "(3 times, last " in words(parsed(page(observations, diagnosis)))


def test_the_node_is_left_out_where_it_was_not_looked_at() -> None:
    observations, diagnosis = STORIES["healthy"]
    assert "The node" in page(observations, diagnosis, machine=True)
    assert "The node" not in page(observations, diagnosis, machine=False)
    assert "No fault found" in page(observations, Diagnosis(), machine=False)


def test_it_is_made_for_the_dark_for_paper_and_for_a_telephone() -> None:
    for rule in ("prefers-color-scheme: dark", "@media print", "max-width: 40rem", "color-scheme: light dark"):
        assert rule in STYLE
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page(*STORIES["healthy"])
