"""A code that is given for something else: whatever the command says of it, it does not repeat it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssm_bootstrap.cli.entry import run
from ssm_bootstrap.collect.agent.activation import CodeSources, read_activation_code
from ssm_bootstrap.collect.network.connector import loose_authorities
from ssm_bootstrap.collect.network.proxies import side_of
from ssm_bootstrap.collect.settings import Configuration
from ssm_bootstrap.model.exitstatus import Refusal
from tests.fakes import RootedFiles
from tests.laws.secrets import CANARIES, leaks

CODE = CANARIES["activation-code"]
TORN = f"{CODE[:10]} {CODE[10:]}"
"""As it is pasted out of a table."""

WORDS = (
    ("register", "--region", CODE),
    ("register", f"--region={CODE}"),
    ("register", "--activation-id", CODE),
    ("register", "--wait", CODE),
    ("register", "--attempts", CODE),
    ("register", f"--force={CODE}"),
    ("probe", "--for", CODE),
    ("explain", CODE),
    ("explain", f"./{CODE}"),
    ("explain", f"/etc/{CODE}"),
    ("explain", TORN),
    ("explain", f"./{CODE}", f"./{CODE}x"),
    ("explain", "--since", CODE),
    ("doctor", "--replay", f"./{CODE}"),
    ("doctor", "--replay", TORN),
    ("explain", "--command", CODE),
    ("explain", "--source", CODE),
    ("explain", "--policy", CODE),
    ("explain", "--policy", "endpoint-ssm", "--region", "eu-west-1", CODE),
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
    assert leaks(said.out + said.err) == () and CODE[10:] not in said.out + said.err


@pytest.mark.parametrize("given", [CODE, TORN, f"/etc/{CODE}", f"/etc/{TORN}", f"/no-such/{CODE}", f"{CODE[:9]}\u200b{CODE[9:]}"])
@pytest.mark.parametrize("way", ["flag", "variable", "configuration"])
def test_a_code_given_for_the_path_of_its_file_is_not_repeated(files: RootedFiles, given: str, way: str) -> None:
    files.put("/etc/hosts")
    environment = {"SSM_BOOTSTRAP_ACTIVATION_CODE_FILE": given} if way == "variable" else {}
    sources = CodeSources(file=given if way == "flag" else None)
    configuration = Configuration(code_file=given if way == "configuration" else "")
    with pytest.raises(Refusal) as refused:
        read_activation_code(files, sources, environment, configuration)
    assert leaks(refused.value.message) == () and CODE[10:] not in refused.value.message
    assert "not repeated" in refused.value.message


@pytest.mark.parametrize("given", ["/etc/a name with blanks", "/etc/no-such-file.txt", "/etc/ssm/missing"])
def test_what_looks_like_a_path_is_repeated(files: RootedFiles, given: str) -> None:
    files.put("/etc/hosts")
    with pytest.raises(Refusal, match=given):
        read_activation_code(files, CodeSources(file=given), {}, Configuration())


def test_a_code_given_for_certificates_is_not_repeated(files: RootedFiles) -> None:
    environment = {"SSL_CERT_FILE": CODE, "SSL_CERT_DIR": CODE, "AWS_CA_BUNDLE": TORN}
    told = repr(list(loose_authorities(files, environment))) + repr(side_of(environment, "this shell", ()))
    assert leaks(told) == () and CODE[10:] not in told and told.count("not repeated") >= 4
