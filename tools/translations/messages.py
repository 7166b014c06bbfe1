"""What there is to translate: every sentence of the catalogue by introspection, every other one where the code says it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from string import Formatter
from typing import Union

from jinja2 import Environment
from jinja2.ext import extract_from_ast

from ssm_bootstrap.catalog.agentparts import PARTS
from ssm_bootstrap.catalog.endpoints import NEEDS
from ssm_bootstrap.catalog.findingkind import FindingKind, Hop, Variant
from ssm_bootstrap.catalog.findings import KINDS
from ssm_bootstrap.catalog.patch import CURL_STATUSES, EXIT_CODES, PATCH_STEPS
from ssm_bootstrap.catalog.policies import POLICIES, REPLACES, STAND_INS
from ssm_bootstrap.catalog.regions import UNDATED
from ssm_bootstrap.catalog.signatures import SIGNATURES
from ssm_bootstrap.cli.entry import COMMANDS, FIRST, SHORT, STATUSES
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.findings import Severity
from ssm_bootstrap.render.code_page import in_words
from ssm_bootstrap.render.path import Passage

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "ssm_bootstrap"
TEMPLATES = ("render/templates/report.html", "render/templates/fleet.html")

ARGUMENTS: dict[str, tuple[int, ...]] = {
    "phrase": (0,),
    "_": (0,),
    "say": (0,),
    "label": (0,),
    "line": (0,),
    "item": (0, 1),
    "cut": (0,),
    "title": (1,),
    "tell": (0,),
    "step": (0, 1),
    "unshown": (0,),
    "note": (0,),
    "ended": (0,),
    "held": (0,),
    "let_in": (0,),
    "install": (1,),
    "must_be_root": (1,),
    "tell_written": (2,),
    "_known": (0,),
    "Refusal": (1,),
    "Unseen": (0,),
    "ArgumentTypeError": (0,),
    "Example": (1,),
    "Evidence": (2,),
    "Fact": (0,),
    "Ending": (1,),
    "ProofSign": (0, 2),
    "changes_in_words": (1,),
}
"""Functions and types to which a sentence is given that a person may read, and the places of it among their arguments."""

LABELLED = frozenset({"item", "label"})
"""Those to which a label is given, with the blanks that make it as wide as its column."""

KEYWORDS = {"help": "add_argument", "note": "CommandOutcome", "detail": "", "reason": "", "problem": ""}
"""Keyword arguments that are such sentences, each with the function that it counts for; empty: for any."""

ATTRIBUTES = frozenset({"standing"})
"""Attributes to which such sentences are assigned."""

SAID_IN = (
    "cli",
    "render",
    "act",
    "host",
    "collect",
    "diagnose",
    "model",
    "session.py",
    "observe.py",
    "catalog/cloud/repairs.py",
    "catalog/fleetsql.py",
)
"""Parts of the package whose code says sentences."""

OF_NO_READER = (
    *("render/monitoring.py", "render/findings_page.py", "render/policies_page.py", "packages/manual.py"),
    *("diagnose/logs/*_errors.py", "diagnose/logs/messages.py", "collect/logs/documents.py", "collect/logs/fold.py"),
    *("collect/logs/formats.py", "diagnose/machine/firewall_rules.py", "render/iac/*.py"),
)
"""Files whose other texts are for machines, or are what a log says."""

NOT_SAID = frozenset(
    {
        "ssm-bootstrap: Systems Manager of a closed VPC",
        "bold red",
        "of storage",
        "ahead of",
        "nil pointer",
        "status code: ",
        "something else",
    }
)
"""Texts of several words that nobody reads."""

_WORD = re.compile(r"[A-Za-z][a-z'’-]*[,.:;]?")
_TYPED = re.compile(r"^(?:sudo |ssm-bootstrap |systemctl |#|put\(\)|later\(\)|until |Description=)|\\")

OF_ARGPARSE = (
    "usage: ",
    "positional arguments",
    "options",
    "optional arguments",
    "show this help message and exit",
    "argument %(argument_name)s: %(message)s",
    "expected one argument",
    "expected at most one argument",
    "expected at least one argument",
    "expected %s argument",
    "expected %s arguments",
    "the following arguments are required: %s",
    "one of the arguments %s is required",
    "ignored explicit argument %r",
    "not allowed with argument %s",
    "ambiguous option: %(option)s could match %(matches)s",
    "invalid %(type)s value: %(value)r",
    "unrecognized arguments: %s",
)
"""argparse's own sentences that can reach a reader."""


@dataclass
class Message:
    """One English sentence or template: where it is said (files), and what it is of the catalogue (code and field)."""

    text: str
    kind: str
    places: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def messages() -> dict[str, Message]:
    """Everything that there is to translate by its text: rows first, in the order of the catalogue, then the code's by file."""
    found: dict[str, Message] = {}

    def add(kind: str, text: str, remark: str = "", place: str = "") -> None:
        if not any(letter.isalpha() for letter in text):
            return
        message = found.setdefault(text, Message(text, kind))
        if remark and remark not in message.remarks:
            message.remarks.append(remark)
        if place and place not in message.places:
            message.places.append(place)

    for kind in KINDS:
        for remark, text in _of_row(kind.code, kind):
            add("finding", text, remark)
        for variant in kind.variants:
            for remark, text in _of_row(f"{kind.code} ({variant.name})", variant):
                add("finding", text, remark)
    for remark, text in _of_tables():
        add("catalogue", text, remark)
    for remark, text in _of_words():
        add("word", text, remark)
    for remark, text in _of_facts():
        add("word", text, remark)
    for text in OF_ARGPARSE:
        add("help", text, "argparse")
    for path in code_files():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        place = path.relative_to(ROOT).as_posix()
        for kind_of, text in said_in(tree):
            add(kind_of, text, place=place)
        if not any(path.match(pattern) for pattern in OF_NO_READER):
            for text in words_in(tree):
                add("reason", text, place=place)
    for name in TEMPLATES:
        for text in _in_template((PACKAGE / name).read_text(encoding="utf-8")):
            add("sentence", text, place=f"ssm_bootstrap/{name}")
    return found


def _of_row(name: str, row: Union[FindingKind, Variant]) -> Iterator[tuple[str, str]]:
    if isinstance(row, Variant):
        yield f"{name}: when", row.when
    elif row.subject:
        yield f"{name}: subject", row.subject
    for part in ("title", "cause", "summary", "no_repair"):
        text = getattr(row, part)
        if text:
            yield f"{name}: {part}", text
    for part in ("steps", "aws_steps", "client_steps"):
        for text in getattr(row, part) or ():
            yield f"{name}: {part}", text
    for part in ("commands", "aws_commands", "client_commands"):
        for command in getattr(row, part) or ():
            if command.about:
                yield f"{name}: about a command", command.about


def _of_facts() -> Iterator[tuple[str, str]]:
    """How facts of rows are called on a page that is about no case."""
    rows: list[Union[FindingKind, Variant]] = [*KINDS, *(variant for kind in KINDS for variant in kind.variants)]
    texts = (text for row in rows for remark, text in _of_row("", row) if not remark.endswith("a command"))
    names = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}
    for name in sorted(names - {"domain", "port"}):
        yield f"stands for {{{name}}} on the page of a code", in_words(name)


def _of_tables() -> Iterator[tuple[str, str]]:
    for signature in SIGNATURES:
        yield f"signature {signature.id}: meaning", signature.meaning
    for part in PARTS:
        yield "a part of the agent", part.name
        yield f"{part.name}: what an error of it means", part.means
    for status, row in EXIT_CODES.items():
        yield f"exit status {status} of a patch run", row.meaning
    for step in PATCH_STEPS:
        yield f"exit statuses {step.first} to {step.last} of a patch run: what to do", step.step
    for status, meaning in CURL_STATUSES.items():
        yield f"exit status {status} of curl", meaning
    for region, unknown in UNDATED.items():
        yield f"region {region}: what is not known", unknown
    yield "what setting a policy does", REPLACES
    for _, stand_in in STAND_INS:
        yield "what in a policy is to be replaced", stand_in
    for policy in POLICIES:
        yield f"policy {policy.name}", policy.about
    for needs in NEEDS.values():
        for need in needs:
            yield "what a capability needs", need.title


def _of_words() -> Iterator[tuple[str, str]]:
    words: tuple[type[Enum], ...] = (Verdict, Severity, Hop, Passage)
    for kind in words:
        for one in kind:
            yield kind.__name__, str(one.value)
    for label in ("node", "region", "instance", "vault", "agent", "unit", "processes", "config"):
        yield "a label of a line about the node", label
    for label in ("about", "when", "change", "why", "seen", "also", "more", "then", "source", "said", "ended", "means"):
        yield "a label of 6 columns (3 of Japanese)", label
    for text in (*COMMANDS.values(), *FIRST.values()):
        yield "a command's title", text
    for text in COMMANDS.values():
        yield "a command's description", f"{text[0].upper()}{text[1:]}."
    for name in ("gateway", "proxy"):
        yield "what stands in the place of an endpoint", name
    yield "ends --help; columns stay as they are", STATUSES
    yield "help without a command; lines of 78 columns at most", SHORT


def code_files() -> list[Path]:
    """The files of code that say sentences."""
    places = [PACKAGE / name for name in SAID_IN]
    found = sorted(path for place in places for path in ([place] if place.suffix else place.rglob("*.py")))
    return [*found, ROOT / "tools" / "packages" / "manual.py"]


def said_in(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """(kind, text) of each sentence that a file gives to somebody who says it."""
    named: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named.setdefault(node.targets[0].id, []).extend(_branches(node.value))
    for given, name in _given(tree):
        parts = [one for part in _branches(given) for one in (named.get(part.id, []) if isinstance(part, ast.Name) else [part])]
        for part in parts:
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                kind = "help" if name in ("help", "Example", "ArgumentTypeError") else "sentence"
                yield kind, part.value.rstrip(" ") if name in LABELLED else part.value


def words_in(tree: ast.AST) -> Iterator[str]:
    """Every text of several words in a file: reasons and the like, which become facts of a sentence that is said elsewhere."""
    idle = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    joined = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    joined |= {id(part) for node in ast.walk(tree) if _is_pattern(node) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in idle | joined:
            text = node.value
            words = text.split()
            plain = sum(bool(_WORD.fullmatch(word)) for word in words)
            if plain >= max(2, len(words) * 0.7) and not _TYPED.search(text) and text not in NOT_SAID:
                yield text


def _is_pattern(node: ast.AST) -> bool:
    """Whether it makes a regular expression."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "compile"


def unsayable_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, text) of each sentence that is put together before it is said: nobody could say it in another language."""
    for given, _ in _given(tree):
        for part in _branches(given):
            if isinstance(part, ast.JoinedStr):
                fixed = " ".join(str(one.value) for one in part.values if isinstance(one, ast.Constant))
                if any(len(word) > 1 and word.isalpha() for word in fixed.split()):
                    yield part.lineno, ast.unparse(part)


def _given(tree: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Each expression that is given for a sentence, and to whom."""
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else ()
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Attribute) and one.attr in ATTRIBUTES for one in targets):
            yield node.value, "standing"
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
        for place in ARGUMENTS.get(name, ()):
            if place < len(node.args):
                yield node.args[place], name
        for keyword in node.keywords:
            if keyword.arg in KEYWORDS and KEYWORDS[keyword.arg] in ("", name):
                yield keyword.value, keyword.arg


def _branches(given: ast.expr) -> Iterator[ast.expr]:
    if isinstance(given, ast.IfExp):
        yield from _branches(given.body)
        yield from _branches(given.orelse)
    elif isinstance(given, ast.BoolOp):
        for value in given.values:
            yield from _branches(value)
    else:
        yield given


def _in_template(source: str) -> Iterator[str]:
    for _, _, text in extract_from_ast(Environment().parse(source), gettext_functions=("_",)):
        sentence = text[0] if isinstance(text, tuple) else text  # a call with facts gives a tuple
        if sentence:
            yield sentence
