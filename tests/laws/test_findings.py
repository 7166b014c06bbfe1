"""Law 4: every code is unique, kebab-case, kept in docs/codes.txt, has a remedy with steps, and a page in docs/findings.md."""

from __future__ import annotations

import ast
import re
from functools import cache
from string import Formatter

import pytest

from ssm_bootstrap.catalog.commands import mark_of
from ssm_bootstrap.catalog.findingkind import FindingKind
from ssm_bootstrap.catalog.findings import FINDINGS, KINDS, VARIANTS
from ssm_bootstrap.cli import main
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.findings import Severity
from ssm_bootstrap.render.findings_page import document, page
from tests.laws.generate import CODES, FINDINGS_PAGE, with_codes
from tests.laws.tree import called, modules

TITLE_LENGTH = 76
LONGEST = {
    "service": "ssm, ssmmessages, ec2messages and s3",
    "region": "ap-southeast-2",
    "domain": "amazonaws.com.cn",
    "port": "443",
    "mi": "mi-0123456789abcdef0",
}
DOCUMENTED = frozenset(re.findall(r"\{(\w+)\}", FindingKind.__doc__ or ""))

EVERY_ROW = [*((kind.code, "", kind) for kind in KINDS), *((code, name, FINDINGS[code].worded(name)) for code, name in VARIANTS)]

every_row = pytest.mark.parametrize(
    ("code", "name", "kind"), EVERY_ROW, ids=[f"{code}-{name}" if name else code for code, name, _ in EVERY_ROW]
)
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)


def templates(kind: FindingKind) -> list[str]:
    """Every text of a row that is filled with facts."""
    texts = (kind.title, kind.cause, kind.summary)
    commands = (*kind.commands, *kind.aws_commands, *kind.client_commands)
    return [*texts, *kind.steps, *kind.aws_steps, *kind.client_steps, *(command.text for command in commands)]


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in KINDS]
    assert sorted(codes) == sorted(set(codes)) == sorted(FINDINGS)


def test_codes_are_permanent() -> None:
    """A code that was ever released stays; `make docs` adds a new one to docs/codes.txt, and takes none away."""
    text = CODES.read_text(encoding="utf-8")
    assert text.splitlines() == sorted(FINDINGS)
    assert with_codes(text) == text
    assert with_codes("a-code-of-old\n").split() == sorted({"a-code-of-old", *FINDINGS})


@every_row
def test_a_row_is_complete(code: str, name: str, kind: FindingKind) -> None:
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", word) for word in (code, name) if word)
    assert kind.steps, "no step for the person on the instance"
    assert kind.commands or kind.client_commands or kind.aws_commands, "nothing to paste"
    assert kind.source
    assert ".md" not in kind.source, "a source is public"
    assert not kind.title.endswith(".")
    assert kind.summary.endswith(".")
    assert len(re.findall(r"[.?!](?:\s|$)", kind.cause)) in (1, 2, 3), "the cause is one to three sentences"
    assert len(re.findall(r"[.?!](?:\s|$)", kind.summary)) == 1, "the summary is one sentence"
    assert all("\n" not in text and text == text.strip() for text in templates(kind))
    assert all(text.isascii() for text in templates(kind)), "a console without UTF-8 shows it too"


@every_row
def test_templates_use_documented_facts_alone(code: str, name: str, kind: FindingKind) -> None:
    for text in templates(kind):
        for _, fact, spec, conversion in Formatter().parse(text):
            assert fact is None or (fact in DOCUMENTED and not spec and not conversion), text


@every_row
def test_a_finding_can_be_told_with_every_fact_and_with_none(code: str, name: str, kind: FindingKind) -> None:
    facts = {fact: LONGEST.get(fact, fact) for fact in DOCUMENTED}
    for finding in (make_finding(code, "ssm", variant=name, facts=facts), make_finding(code, "ssm", variant=name)):
        assert len(finding.title) <= TITLE_LENGTH
        assert finding.remedy.steps == tuple(finding.remedy.steps)
        assert finding.severity is kind.severity
        assert finding.transient is kind.transient
        told = [finding.title, finding.cause, finding.remedy.summary, *finding.remedy.steps]
        assert not any("{" in text or "}" in text for text in told)


@every_kind
def test_what_is_not_known_is_in_angle_brackets(kind: FindingKind) -> None:
    remedy = make_finding(kind.code, "ssm").remedy
    for name in DOCUMENTED - {"subject", "known_objects"}:
        if any(f"{{{name}}}" in command.text for command in kind.commands + kind.aws_commands + kind.client_commands):
            assert any(mark_of(name) in command.text for command in remedy.commands)


@cache
def whole() -> str:
    """The page of all codes as it would be written now."""
    return document()


@every_kind
def test_a_code_has_its_anchor(kind: FindingKind) -> None:
    assert re.search(rf"^## {re.escape(kind.code)}$", FINDINGS_PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert page(kind) in whole()


@every_kind
def test_what_a_remedy_points_to_is_there_wherever_the_program_is(kind: FindingKind, capsys: pytest.CaptureFixture[str]) -> None:
    see = make_finding(kind.code, "ssm").remedy.see
    program, *words = see.split()
    assert program == "ssm-bootstrap" and main(words) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"{kind.code}\n") and "  change " in text and "  why " in text
    assert not re.search(r"^#|^\*\*|```|(?<!\$)\bHOST\b(?!=)|<[A-Z]", text, re.MULTILINE)


def test_other_words_for_a_code_are_those_of_a_code_and_on_its_page() -> None:
    for (code, name), variant in VARIANTS.items():
        row = FINDINGS[code]
        assert name and variant.when and variant.transient is not row.transient and variant.severity is not row.severity
        assert f"### If {variant.when}\n" in page(FINDINGS[code])
        assert variant.title != row.title and variant.cause != row.cause and variant.summary != row.summary


def test_the_page_is_up_to_date() -> None:
    text = FINDINGS_PAGE.read_text(encoding="utf-8")
    assert text == document(), "run: python -m tests.laws.generate"
    assert len(re.findall(r"^## ", text, re.MULTILINE)) == len(FINDINGS)


def test_severities_that_the_exit_status_depends_on() -> None:
    assert {code for code, kind in FINDINGS.items() if kind.severity is Severity.INFO} == {
        *("already-registered", "dmidecode-missing", "instance-profile-shadowed", "similarity-threshold"),
        *("ca-variables", "logs-moved", "logs-switched-off", "dhcp-own-dns", "hub-unseen", "firewall-in-path"),
    }
    assert "public-path" in {code for code, kind in FINDINGS.items() if kind.severity is Severity.WARNING}


def test_s3_unreachable_names_the_endpoint_the_table_and_both_ports() -> None:
    """The sentence that everything began with."""
    finding = make_finding("s3-unreachable", "s3.eu-west-1.amazonaws.com", facts={"region": "eu-west-1"})
    for word in ("gateway", "route table", "interface", "443", "80", "prefix list"):
        assert word in finding.remedy.summary
    assert any("com.amazonaws.eu-west-1.s3" in command.text and "prefix" in command.text for command in finding.remedy.commands)


def test_answer_lost_says_how_to_find_and_remove_the_orphan() -> None:
    remedy = make_finding("answer-lost", "ssm", facts={"region": "eu-west-1"}).remedy
    assert any("describe-activations" in command.text for command in remedy.commands)
    assert any("describe-instance-information" in command.text and "ActivationIds" in command.text for command in remedy.commands)
    assert any("deregister-managed-instance" in command.text and "<ORPHAN-MI-ID>" in command.text for command in remedy.commands)


def test_every_code_that_the_package_names_is_known() -> None:
    """``make_finding("...")`` and ``code="..."`` of signatures and rows."""
    unknown = []
    for module in modules():
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            named = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            if called(node).split(".")[-1] == "make_finding":
                named += node.args[:1]
            for value in named:
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value not in FINDINGS:
                    unknown.append(f"{module.name}:{value.lineno} {value.value}")
    assert unknown == []


@every_row
def test_no_remedy_destroys_an_identity_that_nothing_puts_back(code: str, name: str, kind: FindingKind) -> None:
    """``-clear`` of the agent cannot be undone; ``register --force`` can, and it needs an activation that is there before."""
    commands = [command.text for command in (*kind.commands, *kind.aws_commands, *kind.client_commands)]
    assert not any("-clear" in text for text in commands)
    says = "register --force" in kind.summary
    does = any("ssm-bootstrap register --force" in text for text in commands)
    assert does or not says
    assert not does or any("aws ssm create-activation" in text for text in commands)


def test_what_is_downloaded_is_installed_only_with_a_signature_and_no_code_is_in_an_argument() -> None:
    for code, name, kind in EVERY_ROW:
        texts = [command.text for command in kind.commands]
        assert not any(re.search(r"-activation-code[ =]", text) for text in texts), (code, name)
        for text in texts:
            if re.search(r"\b(?:rpm -U|dpkg -i)\b", text):
                assert text.index("--verify ") < min(text.find(word) for word in ("rpm -U", "dpkg -i") if word in text), code


def test_metadata_is_enabled_without_opening_it_to_containers() -> None:
    changes = [command.text for command in FINDINGS["imds-unreachable"].aws_commands if command.changes]
    assert ["--http-endpoint" in text for text in changes] == [True, False]
    assert ["hop-limit" in text for text in changes] == [False, True]


def test_what_is_for_an_image_is_not_among_the_commands_of_a_running_machine() -> None:
    row = FINDINGS["machine-id-shared"]
    assert not any("prepare-image" in command.text for command in row.commands)
    reboot, register = [command for command in row.commands if command.changes][-2:]
    assert reboot.text == "sudo reboot" and "--force" in register.text and "after the reboot" in register.about
