"""What secrets look like: every row of the table with its own examples, and none of ours taken for one."""

from __future__ import annotations

import pytest

from ssm_bootstrap.catalog.findings import FINDINGS, KINDS, VARIANTS
from ssm_bootstrap.catalog.secrets import SHAPES, Shape
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.findings import Severity
from ssm_bootstrap.render.redact import redact, redact_document, redact_value, secret_values
from tests.laws.secrets import leaks
from tests.render.reports import STORIES
from tests.secretshapes import ACCOUNT, EXAMPLES, LINES


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.expression[:40])
def test_every_row_has_an_example(shape: Shape) -> None:
    assert any(shape.pattern.search(text) for text in EXAMPLES)


@pytest.mark.parametrize("text", EXAMPLES)
def test_a_secret_goes_and_what_stands_around_it_stays(text: str) -> None:
    masked, count = redact(f"before\n{text}\n" + ("" if text.startswith("-----BEGIN") else "after"))
    assert leaks(masked) == () and count >= 1 and "***" in masked
    assert masked.startswith("before\n") and (masked.endswith("\nafter") or text.startswith("-----BEGIN"))
    assert redact(masked)[0] == masked, "what is masked stays as it is"


@pytest.mark.parametrize("text", LINES)
def test_in_a_document_and_in_a_noun_too(text: str) -> None:
    document, count = redact_document({"a": [text, {"b": text}], "n": 7, "none": None})
    assert leaks(repr(document)) == () and count >= 2 and document["n"] == 7
    finding = make_finding("no-route", text, facts={"detail": text, "host": text}, severity=Severity.INFO)
    masked = redact_value((finding, {"kept": 1}))
    assert leaks(repr(masked)) == ()
    assert masked[0].code == "no-route" and masked[0].severity is Severity.INFO


@pytest.mark.parametrize("secret", ["tr0ub4dor", "hunter2", "correcthorse"])
@pytest.mark.parametrize(
    "text",
    [
        "deploy --db-password {}",
        "deploy --token {}",
        "deploy --api-key={} now",
        "curl -u user:{} https://host.example/",
        "curl --proxy-user 'user:{}' https://host.example/",
        '["curl", "-u", "user:{}"]',
        "DBPASS={}",
        "db_pass={}",
        "SECRET_KEY={}",
        "DB_PASSWORD_PROD={}",
        "DB_PASSWORD2={}",
        "Server=db;Uid=me;Pwd={};",
        "pwd={}",
        "private-key: {}",
        "DB_PASSWORD%3D{}",
        "DB_TOKEN%253D{}",
        "DB_PASSWORD=invalid,{}",
        "DB_PASSWORD=yes!{}",
        "DB_PASSWORD=true;{}",
        "DB_PASSWORD=the.{}",
        "DB_PASSWORD=no&{}",
        "DB_PASSWORD=MyError.{}",
        "DB_PASSWORD=***{}",
        'DB_PASSWORD="***{}"',
        "<password>***{}</password>",
    ],
)
def test_a_short_secret_goes_too(text: str, secret: str) -> None:
    masked, count = redact(f"2026-11-23 05:50:06 INFO {text.format(secret)}\nafter")
    assert secret not in masked and "***" in masked and count >= 1 and masked.endswith("\nafter")
    assert redact(masked)[0] == masked


@pytest.mark.parametrize(
    "line",
    [
        "root:$6$saltsalt$" + "qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc" + ":19000:0:99999:7:::",
        "root:$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7:19000::::::",
        "user:$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
        "user:$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
    ],
)
def test_a_hash_of_a_password_goes(line: str) -> None:
    masked, count = redact(line)
    assert count == 1 and masked == f"{line.partition('$')[0]}***{line[line.index(':', 6) :] if line.endswith(':') else ''}"


@pytest.mark.parametrize(
    "document",
    [
        {"password": ["tr0ub4dor"]},
        {"password": {"value": "tr0ub4dor", "more": [{"x": "tr0ub4dor"}]}},
        {"name": "DB_PASSWORD", "value": "tr0ub4dor"},
        {"ParameterKey": "DbPassword", "ParameterValue": "tr0ub4dor"},
        [{"Key": "apiToken", "Values": ["tr0ub4dor"]}],
        {"DB_PASSWORD_PROD": "tr0ub4dor"},
        {"args": ["--db-password", "tr0ub4dor"]},
    ],
)
def test_all_below_a_secrets_name_goes(document: object) -> None:
    masked, count = redact_document(document)
    assert "tr0ub4dor" not in repr(masked) and count >= 1
    assert "tr0ub4dor" in set(secret_values(document))


def test_a_number_with_a_secrets_name_goes_and_no_other() -> None:
    assert redact_document({"DB_PASSWORD": 12345678, "port": 443, "hasToken": True, "token": None}) == (
        {"DB_PASSWORD": "***", "port": 443, "hasToken": True, "token": None},
        1,
    )


def test_nothing_is_touched_where_there_is_no_secret() -> None:
    for observations, diagnosis in (STORIES["closed"], STORIES["healthy"]):
        assert redact_value(observations) == observations
        assert redact_value(diagnosis) == diagnosis


def test_account_ids_only_where_that_is_asked_for() -> None:
    text = f"arn:aws:iam::{ACCOUNT}:role/x {ACCOUNT}9 1{ACCOUNT} i-0{ACCOUNT}a"
    assert redact(text)[0] == text
    masked, count = redact(text, accounts=True)
    assert masked.startswith("arn:aws:iam::<ACCOUNT-ID>:role/x ") and count >= 1
    assert f"{ACCOUNT}9 1{ACCOUNT}" in masked


@pytest.mark.parametrize(
    "kind", [*KINDS, *(FINDINGS[code].worded(name) for code, name in VARIANTS)], ids=[*FINDINGS, *map("-".join, VARIANTS)]
)
def test_our_own_words_are_no_secret(kind: object) -> None:
    commands = (*kind.commands, *kind.aws_commands, *kind.client_commands)  # type: ignore[attr-defined]
    sentences = (kind.title, kind.cause, kind.summary, *kind.steps, *kind.aws_steps, *kind.client_steps)  # type: ignore[attr-defined]
    for text in (*sentences, *(command.text for command in commands), *(command.about for command in commands)):
        assert redact(text)[0] == text


@pytest.mark.parametrize(
    "text",
    [
        "https_proxy=http://proxy.corp.example:3128 no_proxy=169.254.169.254",
        "https_proxy=proxy.corp.example:3128",
        "HTTP_PROXY=http://10.0.0.1:80/",
        "error code = 5",
        "exit code: 1",
        "error code: ExpiredTokenException",
        "said Code: s3-https-blocked-1234567",
        '{"code": "UnrecognizedClientException"}',
        "status code: 400, request id: 0b5b5ad1-1234-5678-9abc-def012345678",
        "DB_PASSWORD_FILE=/run/secrets/db",
        "PWD=/root OLDPWD=/x",
        "token: expired",
        "Token: invalid request, try again",
        "Token: AccessDeniedException: not authorized",
        "password: incorrect",
        "TokenValue",
        "secret=false hasToken=true",
        "the token is valid: it was refreshed",
        "usage: login --token <token> and more",
        "<password/>",
        "get_token: failed after 3 attempts",
        '{"token": null, "secret": ""}',
        "BYPASS=1 PASS=5",
        "x -code\n2026-11-23 05:50:06 INFO",
        "no_proxy=.amazonaws.com,169.254.169.254",
        "DB_PASSWORD_PATH=/x TOKEN_EXPIRES=3600 password_policy: strong",
        "docker run -u 1000:1000 x; journalctl -u amazon-ssm-agent",
        "cd x; pwd=/srv",
        "lookup of https://host.example:443 -u https://host.example/",
        '{"token":null,"secret":""}',
        "password: invalid.\nnext",
        "costs $5$ or $6",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text)[0] == text
