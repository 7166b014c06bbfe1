"""A code that is given for something else: whatever the command says of it, it does not repeat it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssm_bootstrap.cli.entry import run
from tests.laws.secrets import CANARIES, leaks

CODE = CANARIES["activation-code"]
WORDS = (
    ("register", "--region", CODE),
    ("register", f"--region={CODE}"),
    ("register", "--activation-id", CODE),
    ("register", "--wait", CODE),
    ("register", "--attempts", CODE),
    ("register", f"--force={CODE}"),
    ("probe", "--for", CODE),
    ("explain", CODE),
    ("explain", "--since", CODE),
    ("explain", "--command", CODE),
    ("explain", "--source", CODE),
    ("doctor", "--replay", CODE),
    ("doctor", "--save", f"{CODE}/x"),
    ("user-data", "--s3-uri", CODE),
    ("user-data", "--sha256", CODE),
    ("user-data", "--code-from", CODE),
    ("user-data", "--format", CODE),
    ("user-data", "--fetch", CODE),
    (CODE,),
)
_TO_S3 = (
    "user-data",
    "--s3-uri",
    "s3://bucket/key",
    "--region",
    "eu-west-1",
    "--activation-id",
    "01234567-89ab-cdef-0123-456789abcdef",
)
FILES = (
    (*_TO_S3, "--sha256", "0" * 64, "--code-in-user-data", CODE),
    (*_TO_S3, "--sha256", "0" * 64, "--fetch", "presigned", "--presigned-url-file", CODE),
    (*_TO_S3, "--bundle", CODE),
)


@pytest.mark.parametrize("words", (*WORDS, *FILES), ids=lambda words: " ".join(words[:1] + words[-2:-1]))
def test_a_code_given_for_something_else_is_not_repeated(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status = run(words)
    said = capsys.readouterr()
    assert status in (1, 2, 66, 78) and said.err
    assert leaks(said.out + said.err) == ()
