"""``requirements``, and ``--fix-as``: every form, what depends on what, and how wide it is."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, Tuple

import pytest

from ssm_bootstrap.catalog.distributions import SYSTEMS, providers_of
from ssm_bootstrap.cli.entry import run
from ssm_bootstrap.cli.flags import FIX_AS
from ssm_bootstrap.cli.requirements import FORMATS
from ssm_bootstrap.render.iac.fixes import FORMS
from ssm_bootstrap.render.terminal import cells

Output = pytest.CaptureFixture[str]


def said(capsys: Output, *words: str, status: int = 0) -> Tuple[str, str]:
    """Standard output and standard error of the command in a region."""
    assert run(("requirements", *words)) == status
    out, err = capsys.readouterr()
    return out, err


def document(capsys: Output, *words: str) -> Dict[str, Any]:
    out, _ = said(capsys, "--region", "eu-west-1", *words, "--format", "json")
    found: Dict[str, Any] = json.loads(out)
    return found


def services(found: Dict[str, Any]) -> Dict[str, Any]:
    return {item["service"]: item for item in found["endpoints"]}


def test_the_forms_of_the_flag_are_those_that_there_are() -> None:
    assert tuple(FORMS) == FIX_AS and set(FORMS) < set(FORMATS)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("region", ["ap-northeast-1", "cn-north-1", "us-iso-east-1"])
def test_every_form_is_printed_and_nothing_beside_it(form: str, region: str, capsys: Output) -> None:
    out, err = said(capsys, "--region", region, "--format", form, "--account", "222233334444")
    assert region in out and err == "" and out.endswith("\n")
    assert "ACCOUNT_ID" not in out and "111122223333" not in out


@pytest.mark.parametrize("form", FORMATS)
def test_an_account_that_nobody_named_is_no_account_and_is_told(form: str, capsys: Output) -> None:
    out, err = said(capsys, "--region", "ap-northeast-1", "--format", form)
    assert re.findall(r"(?<!\d)\d{12}(?!\d)", out) == [] and "--account" in out + err
    if form in ("json", "policy"):
        assert '"aws:PrincipalAccount": "ACCOUNT_ID"' in out and json.loads(out)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits(width: int, language: str, capsys: Output) -> None:
    for words in ((), ("--s3", "interface", "--system", "rhel", "--account", "222233334444")):
        out, _ = said(capsys, "--region", "ap-northeast-1", "--width", str(width), "--lang", language, *words)
        assert len(out.splitlines()) > 30 and max(map(cells, out.splitlines())) <= width


def test_the_region_is_asked_for(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSM_BOOTSTRAP_REGION", raising=False)
    out, err = said(capsys, status=2)
    assert out == "" and "expected --region" in err
    monkeypatch.setenv("SSM_BOOTSTRAP_REGION", "eu-west-1")
    assert "eu-west-1" in said(capsys)[0]


def test_what_is_needed_and_what_is_optional_for_what(capsys: Output) -> None:
    found = services(document(capsys))
    assert {name for name, item in found.items() if item["needed_for"]} == {"ssm", "ssmmessages", "s3"}
    assert found["kms"]["optional_for"] == ["session"] and found["logs"]["optional_for"] == ["run-command", "session"]
    assert found["ec2messages"]["needed_for"] == [] and "run-command" in found["ec2messages"]["optional_for"]
    assert set(services(document(capsys, "--for", "register"))) == {"ssm"}


def test_an_old_agent_needs_the_old_messages(capsys: Output) -> None:
    found = services(document(capsys, "--for", "run-command", "--agent-version", "3.0.1390.0"))
    assert found["ec2messages"]["needed_for"] == ["run-command"] and "ssmmessages" not in found


@pytest.mark.parametrize(
    ("words", "to_endpoints", "to_s3"),
    [
        ((), [443], [443, 80]),
        (("--system", "amazon-linux-2"), [443], [443, 80]),
        (("--system", "amazon-linux-2023"), [443], [443]),
        (("--system", "ubuntu"), [443], [443]),
        (("--s3", "interface"), [443, 80], []),
        (("--s3", "interface", "--system", "rhel"), [443], []),
        (("--for", "register"), [443], []),
        (("--for", "agent-update"), [443], [443]),
    ],
    ids=str,
)
def test_the_ports_of_the_groups(words: Tuple[str, ...], to_endpoints: Any, to_s3: Any, capsys: Output) -> None:
    found = document(capsys, *words)["security_groups"]
    assert (found["nodes_to_endpoints"], found["nodes_to_s3_prefix_list"]) == (to_endpoints, to_s3)


def test_the_policies_name_the_account(capsys: Output) -> None:
    out, _ = said(capsys, "--region", "cn-north-1", "--account", "222233334444", "--format", "policy")
    found = json.loads(out)
    assert set(found) == {"endpoint-ssm", "endpoint-ssmmessages", "endpoint-s3", "role-trust", "role-permissions"}
    assert "222233334444" in out and "111122223333" not in out and "arn:aws:" not in out


REPOSITORIES = {
    "amazon-linux-2023": ["al2023-repos-eu-west-1-de612dc2"],
    "amazon-linux-2": ["amazonlinux-2-repos-eu-west-1"],
    "": ["al2023-repos-eu-west-1-de612dc2", "amazonlinux-2-repos-eu-west-1"],
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("system", ["", *SYSTEMS])
def test_only_the_buckets_of_the_system_are_opened(system: str, form: str, capsys: Output) -> None:
    words = ("--system", system) if system else ()
    out, _ = said(capsys, "--region", "eu-west-1", *words, "--format", form)
    found = set(re.findall(r"al2023-repos[a-z0-9-]*|amazonlinux-2-repos[a-z0-9-]*", out))
    assert found == set(REPOSITORIES.get(system, ()))
    assert "patch-baseline-snapshot-eu-west-1" in out, "the buckets of Patch Manager are those of every system"


@pytest.mark.parametrize("form", ["table", "markdown", *FORMS])
def test_a_role_that_is_there_for_another_region_is_spoken_of(form: str, capsys: Output) -> None:
    out, _ = said(capsys, "--region", "eu-west-1", "--format", form)
    assert "ManagedNode-eu-west-1" in out and "the same in every region" in " ".join(re.sub(r"(?m)^\s*# ?", "", out).split())


def test_a_role_of_another_account_is_made_there_alone(capsys: Output) -> None:
    words = ("--region", "eu-west-1", "--account", "222233334444", "--format")
    template = json.loads(said(capsys, *words, "cloudformation")[0])
    condition = template["Resources"]["NodeRole"]["Condition"]
    assert template["Conditions"][condition] == {"Fn::Equals": [{"Ref": "AWS::AccountId"}, "222233334444"]}
    assert 'account_id == "222233334444" ? 1 : 0' in said(capsys, *words, "terraform")[0]


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_has_its_packages_somewhere(system: str, capsys: Output) -> None:
    assert providers_of(system)
    out, _ = said(capsys, "--region", "eu-west-1", "--system", system)
    assert ("are not in S3" in " ".join(out.split())) is not any(row.in_s3 for row in providers_of(system))


@pytest.mark.parametrize(
    "words", [("--account", "12345"), ("--agent-version", "newest"), ("--system", "beos"), ("--format", "yaml"), ("--s3", "both")]
)
def test_a_wrong_word_is_complained_of(words: Tuple[str, ...], capsys: Output) -> None:
    out, err = said(capsys, "--region", "eu-west-1", *words, status=2)
    assert out == "" and words[0] in err and len(err.splitlines()) == 1


def test_markdown_is_tables(capsys: Output) -> None:
    out, _ = said(capsys, "--region", "ap-northeast-2", "--format", "markdown")
    rows = [line for line in out.splitlines() if line.startswith("|")]
    assert len(rows) > 30 and all(line.replace("\\|", "").count("|") == 3 for line in rows)


@pytest.mark.parametrize("command", ["doctor", "probe", "vpc"])
@pytest.mark.parametrize("flag", ["--json", "--full"])
def test_code_is_asked_for_alone(command: str, flag: str, capsys: Output) -> None:
    assert run((command, "--fix-as", "cli", flag)) == 2
    assert "expected without --fix-as" in capsys.readouterr().err
