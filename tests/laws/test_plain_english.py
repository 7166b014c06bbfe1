"""Law: what a person reads is what a native engineer would say aloud. Turns that nobody would say are listed here."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from types import ModuleType
from typing import Any, Iterator

import pytest

from ssm_bootstrap.catalog import policies
from ssm_bootstrap.catalog.findings import (
    account,
    agent,
    awscommands,
    cloudaccount,
    cloudnames,
    dns,
    image,
    instance,
    machine,
    network,
    nodecommands,
    packages,
    patch,
    proxy,
    registration,
    s3,
    s3ways,
    tls,
    told,
)
from ssm_bootstrap.cli import main
from ssm_bootstrap.model.findings import ShellCommand
from tests.laws.tree import ROOT

READ: tuple[ModuleType, ...] = (
    network,
    dns,
    s3,
    s3ways,
    tls,
    proxy,
    registration,
    account,
    instance,
    awscommands,
    nodecommands,
    policies,
    agent,
    machine,
    patch,
    packages,
    told,
    image,
    cloudnames,
    cloudaccount,
)
"""Modules of the catalogue whose texts have been read aloud; the law is for these."""

PAGES_READ = (
    "README.md",
    "docs/boot.md",
    "docs/bundle.md",
    "docs/executable.md",
    "docs/images.md",
    "docs/monitoring.md",
    "docs/packages.md",
    "docs/policies.md",
    "docs/security.md",
    "docs/systems-manager.md",
)
"""Pages that have been read aloud, from the top of the repository."""

HELP_READ = (
    *("", "register", "probe", "restart", "rollback", "deregister", "prepare-image"),
    *("status", "explain", "doctor", "vpc", "install", "user-data"),
)
"""Commands whose help has been read aloud; the empty one is the program's own."""

TEXTS = frozenset({"title", "cause", "summary", "steps", "aws_steps", "client_steps", "when", "about"})
"""Fields that hold what a person reads; a command to paste is not English."""

BANNED: tuple[tuple[str, str], ...] = (
    (r"\b(?:is|are|was|were|be) told\b", "A full disk is told in one line."),
    (r"\bwhat is so\b", "It names what is so at each stop."),
    (r"\blook (?:it|that|this|them) up\b", "Which one it is, look that up."),
    (r"\bof (?:the|that|this) kind\b", "A message of the kind is no fault."),
    (r"\bit is (?:that|the one) which\b", "It is that which answers."),
    (r"\bnone of (?:ours|its own|theirs)\b", "The name is none of ours."),
    (r"\b(?:some|no)body\b", "Somebody removed it."),
    (r"\bthere is (?:a|no) way (?:to|out)\b", "There is a way to S3."),
    (r"\bon the (?:side of AWS|AWS side|other side)\b", "Look on the AWS side for a node."),
    (r"\ba capability\b", "Expected a capability."),
    (r"\btakes? (?:itself|this machine) for\b", "The agent takes itself for the EC2 instance."),
    (r"\b(?:make|made|makes) (?:an?|the) (?:new )?activation\b", "Make a new activation."),
    (r"\b(?:account|region|machine|node|one|interface|proxy|way|name) (?:that is )?meant\b", "Is this the account meant?"),
    (r"\bmend(?:s|ed|ing)?\b", "Once that is mended, try again."),
    (r"\bbeside\b", "Allow port 80 beside 443."),
    (r"\blook into (?:/|its|the)\b", "Look into /etc/hosts."),
    (r"\blets?\b[^.;:?]{0,40}\b(?:out|in)\b(?! of)", "The group lets TCP 443 out."),
    (r"\btak(?:e|en|es) (?:\w+ ){0,3}away\b|\bleave \S+ away\b", "Take the proxy setting away."),
    (r"\bstands? (?:in|under|before|against|behind|between)\b", "A proxy stands in the way."),
    (r"\b(?:it|which|that|proxy|proxies|repositories|mirrors|service|endpoint|DNS) wants?\b", "The proxy wants a login."),
    (r"\b(?:is|are) of (?:a|an|one|another|this|its)\b", "An activation is of one region."),
    (r"\banother (?:\w+ ){1,2}than\b", "It is in another account than expected."),
    (r"\bof which\b|\bwhom\b|\bwhose the\b", "Whose the address is."),
    (r"\bas a rule\b", "As a rule the VPC has one."),
    (r"\b(?:is|are) (?:not )?looked (?:at|for)\b", "The file is not looked at."),
    (r"\bsuffices?\b|\bsaid otherwise\b", "Use a limit that suffices."),
    (r"\b(?:is|has|are) no (?:file|URL|directory|program|node)\b", "What it names is no file."),
    (r"\bhard by\b|\bere\b|\bin vain\b|\bmere(?:ly)?\b|\babroad\b", "It asked in vain."),
    (r"(?<!-)\bsilen(?:t|ce)\b", "S3 is as silent as the rest."),
    (r"\bdiall?(?:s|ed|ing)\b", "Nothing that was dialled answers."),
)
"""Turns of speech that no text has, each with a sentence that it is found in."""

PATTERNS = tuple(re.compile(pattern, re.IGNORECASE) for pattern, _ in BANNED)


def turns_in(text: str) -> list[str]:
    """The banned turns of a text, as they stand there."""
    return [found[0] for pattern in PATTERNS for found in pattern.finditer(text)]


def texts_of(value: Any) -> Iterator[str]:
    """What a person reads of a value of the catalogue: of a row, its variants and commands, or of what holds several."""
    if isinstance(value, (tuple, list)):
        for one in value:
            yield from texts_of(one)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            inner = getattr(value, field.name)
            if field.name in TEXTS:
                yield from (inner,) if isinstance(inner, str) else (inner or ())
            elif isinstance(inner, (tuple, ShellCommand)):
                yield from texts_of(inner)


def said_by(module: ModuleType) -> set[str]:
    """Every text of a module: of its rows and commands, and its own sentences, which several rows share."""
    values = list(vars(module).values())
    sentences = {one for one in values if isinstance(one, str) and one.endswith((".", "?")) and one != module.__doc__}
    return sentences | {text for value in values for text in texts_of(value)}


@pytest.mark.parametrize("module", READ, ids=lambda module: module.__name__.rpartition(".")[2])
def test_the_catalogue_is_in_plain_english(module: ModuleType) -> None:
    texts = said_by(module)
    assert texts
    assert {text: turns_in(text) for text in texts if turns_in(text)} == {}


@pytest.mark.parametrize("page", PAGES_READ)
def test_pages_are_in_plain_english(page: str) -> None:
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    assert turns_in(text) == []


@pytest.mark.parametrize("command", HELP_READ)
def test_help_is_in_plain_english(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert text.startswith("usage: ssm-bootstrap")
    assert turns_in(text) == []


@pytest.mark.parametrize(("pattern", "sentence"), BANNED)
def test_a_turn_is_found_where_it_is(pattern: str, sentence: str) -> None:
    assert re.search(pattern, sentence, re.IGNORECASE)
    assert turns_in(sentence)


def test_plain_sentences_pass() -> None:
    for sentence in (
        "One verdict per capability.",
        "Allow TCP 443 from this instance in the security group of the ssm endpoint.",
        "Create a new activation and register with it.",
        "In AWS, find a node that this attempt created.",
    ):
        assert turns_in(sentence) == []


def test_every_kind_of_text_is_looked_through() -> None:
    texts = said_by(network)
    kind = network.KINDS[0]
    variant = kind.variants[0]
    for text in (
        kind.title,
        kind.cause,
        kind.summary,
        *kind.steps,
        *kind.aws_steps,
        *kind.client_steps,
        variant.when,
        variant.cause,
        network.HUB_ZONE,
    ):
        assert text in texts
    assert awscommands.ENDPOINT.about in texts and awscommands.ENDPOINT.text not in texts
