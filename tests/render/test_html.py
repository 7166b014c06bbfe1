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

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import AgentPart, Diagnosis, Evidence
from ssm_bootstrap.model.machine import Instance, Metadata
from ssm_bootstrap.model.network import Probe, StageResult, Target
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.render.html import MOST_CHANGES, page, style
from ssm_bootstrap.render.shell import blocks
from tests.render.reports import ENEMY, ENEMY_SEEN, STORIES

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = frozenset(
    {
        *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "h4", "p", "div", "section", "article"),
        *("span", "strong", "small", "a", "ul", "ol", "li", "dl", "dt", "dd", "pre", "code", "mark", "footer"),
        *("table", "thead", "tbody", "tr", "th", "td", "details", "summary"),
        *(SVG + name for name in ("svg", "line", "circle", "text", "rect")),
    }
)
ATTRIBUTES = frozenset(
    {
        *("lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "start", "scope", "open", "tabindex"),
        *("role", "aria-label", "aria-hidden", "width", "height", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r"),
    }
)


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
    (sheet,) = [item for item in elements(text) if item.tag == "style"]
    digest = base64.b64encode(hashlib.sha256((sheet.text or "").encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert sheet.text == style()


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
    "</svg><b>",
    "{{ 7 * 7 }}{% raw %}{# #}",
)


def filled(odd: str) -> tuple[Observations, Diagnosis]:
    """A report in which everything that comes from outside is one text."""
    target = Target(odd, odd, odd, 443, (odd,))
    dialled = Probe(target, odd, (StageResult(Stage.DNS, True, 0.1), StageResult(Stage.TCP, False, 2, Failure.TIMED_OUT, odd)))
    place = Metadata(odd, odd, odd, odd, odd, odd, (odd,), (odd,), (odd,), (odd,))
    seen = replace(
        ENEMY_SEEN,
        probes=(dialled,),
        instance=Seen(Instance(odd, odd, odd, odd, odd, (odd,), Seen(place))),
        plan=replace(ENEMY_SEEN.plan, region=Seen(odd), region_source=odd),
    )
    told = make_finding(
        "endpoint-missing", odd, facts={"host": odd}, hosts=(odd,), evidence=(Evidence(odd, odd, odd),), confirmed_by=(odd,)
    )
    return seen, replace(ENEMY, findings=(told,), unseen=((odd, odd),), crashed=((odd, odd),))


@pytest.mark.parametrize("odd", BREAKOUTS)
def test_text_cannot_break_out_of_its_element(odd: str) -> None:
    harmless = [(item.tag, item.get("class")) for item in elements(page(*filled("words; no shell takes them")))]
    text = page(*filled(odd))
    assert [(item.tag, item.get("class")) for item in elements(text)] == harmless
    assert odd in "".join(parsed(text).itertext())
    assert any(odd in item.get("aria-label", "") for item in elements(text))


def test_the_root_cause_and_the_one_thing_to_change_stand_on_top() -> None:
    observations, _ = STORIES["closed"]
    diagnosis = diagnose(observations)
    text = page(observations, diagnosis)
    first = next(item for item in elements(text) if item.get("class", "").startswith("first"))
    assert first.get("class") == "first error"
    assert diagnosis.causes[0].title in words(first) and diagnosis.causes[0].remedy.summary in words(first)
    links = [item.get("href", "")[1:] for item in elements(text) if item.tag == "a"]
    assert links and set(links) <= {item.get("id") for item in elements(text)}
    text = text[text.index("<body>") :]
    places = [
        text.index(part) for part in ("first error", "verdicts", "The path", "How far it came", "What to change", "What was")
    ]
    assert places == sorted(places)


def test_each_command_is_a_block_of_its_own_and_whole() -> None:
    observations, diagnosis = STORIES["closed"]
    text = page(observations, diagnosis)
    shown = ["".join(item.itertext()) for item in elements(text) if item.tag == "pre"]
    told = [one.remedy for one in diagnosis.causes if one.severity.value != "info"]
    sides = [side for one in told for side in (one.instance_commands, one.aws_commands, one.client_commands)]
    wanted = [line for side in sides for block in blocks(side) for command in block.commands for line in command.lines]
    assert sorted(shown) == sorted(wanted)
    marks = {"".join(item.itertext()) for item in elements(text) if item.tag == "mark"}
    assert marks and all(re.fullmatch(r"[A-Z0-9_]+=[a-z-]*\.\.\.", mark) for mark in marks)
    assert "user-select: all" in style()


def test_the_first_changes_stand_open_and_the_others_are_folded() -> None:
    codes = ("endpoint-missing", "s3-unreachable", "agent-missing", "disk-full")
    assert set(codes) <= set(FINDINGS) and len(codes) > MOST_CHANGES
    root = parsed(page(ENEMY_SEEN, replace(ENEMY, findings=tuple(make_finding(code, "one") for code in codes))))
    assert [item.get("id") for item in root.iter("article")] == ["endpoint-missing-1", "s3-unreachable-2"]
    folded = [item for item in root.iter("details") if item.get("class") == "cause"]
    assert [item.get("id") for item in folded] == ["agent-missing-3", "disk-full-4"]
    assert all(item.get("open") is None for item in folded)


def test_a_healthy_node_says_so_and_shows_what_was_dialled() -> None:
    observations, diagnosis = STORIES["healthy"]
    root = parsed(page(observations, diagnosis))
    first = next(item for item in root.iter("div") if item.get("class") == "first")
    assert words(first) == "No fault found."
    for name in ("ladder", "targets"):
        (table,) = [item for item in root.iter("table") if item.get("class") == name]
        assert len(list(table.iter("tr"))) == 1 + len(observations.probes)
    assert not list(root.iter("article"))


def test_each_picture_is_told_in_words() -> None:
    observations, diagnosis = STORIES["closed"]
    pictures = [item for item in elements(page(observations, diagnosis)) if item.tag == f"{SVG}svg"]
    told = [item.get("aria-label", "") for item in pictures if item.get("role") == "img"]
    assert told and all(sentence.startswith("The way to ") and sentence.endswith(".") for sentence in told)
    assert any("security group: not seen, network ACL: not seen, route: not seen, endpoint: breaks here" in one for one in told)
    assert all(item.get("aria-hidden") == "true" for item in pictures if item.get("role") is None)


def test_what_was_not_seen_and_what_nobody_explains_is_told() -> None:
    observations, diagnosis = STORIES["enemy"]
    shown = words(parsed(page(observations, diagnosis)))
    for heading in ("Could not be checked", "Unexplained errors", "A check of ssm-bootstrap itself failed"):
        assert heading in shown
    assert "Symptoms of the above" in shown and "(because of endpoint-missing)" in shown


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
    for rule in ("prefers-color-scheme: dark", "@media print", "max-width: 40rem", "color-scheme: light dark", "size: A4"):
        assert rule in style()
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page(*STORIES["healthy"])
