"""The command user-data: what it prints, and what it refuses in one line."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from ssm_bootstrap.cli.entry import run
from tests.laws.secrets import CANARIES, leaks

WORDS = [
    *("user-data", "--s3-uri", "s3://my-bucket/ssm-bootstrap.pyz", "--region", "ap-northeast-1"),
    *("--activation-id", "01234567-89ab-cdef-0123-456789abcdef"),
]
HASH = "0123456789abcdef" * 4


def test_user_data_on_standard_output_and_needs_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*WORDS, "--sha256", HASH]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("#cloud-config\n") and HASH in told.out
    assert "aws:SourceVpce" in told.err and "#" not in told.err


def test_the_hash_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = tmp_path / "bundle"
    bundle.write_bytes(b"bundle")
    assert run([*WORDS, "--bundle", str(bundle), "--format", "shell"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("#!/bin/sh\n") and hashlib.sha256(b"bundle").hexdigest() in told


def elf(machine: int) -> bytes:
    return b"\x7fELF".ljust(18, b"\0") + machine.to_bytes(2, "little") + b"the rest"


def test_the_executables_of_both_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, machine in (("x86_64", 62), ("aarch64", 183)):
        (tmp_path / f"ours-{name}").write_bytes(elf(machine))
    uri = ["--s3-uri", "s3://my-bucket/ours-{machine}"]
    assert run([*WORDS, *uri, "--bundle", f"{tmp_path}/ours-{{machine}}", "--format", "shell"]) == 0
    told = capsys.readouterr()
    hashes = [hashlib.sha256(elf(machine)).hexdigest() for machine in (62, 183)]
    for name, digest in zip(("x86_64", "aarch64"), hashes):
        line = f"    {name}) where=https://my-bucket.s3.ap-northeast-1.amazonaws.com/ours-{name} sha256={digest} ;;\n"
        assert line in told.out
    assert "an image for x86_64 or aarch64 with glibc 2.17 or newer; no Python" in told.err
    assert run([*WORDS, *uri, "--sha256", f"x86_64={hashes[0]},aarch64={hashes[1]}", "--format", "shell"]) == 0
    assert capsys.readouterr().out == told.out
    assert "s3:GetObject on my-bucket/ours-*" in told.err


@pytest.mark.parametrize("other", [elf(62), b"PK a bundle"], ids=["of-another-machine", "no-executable"])
def test_a_file_under_the_name_of_a_machine_is_for_that(tmp_path: Path, capsys: pytest.CaptureFixture[str], other: bytes) -> None:
    (tmp_path / "ours-x86_64").write_bytes(elf(62))
    (tmp_path / "ours-aarch64").write_bytes(other)
    words = ["--s3-uri", "s3://my-bucket/ours-{machine}", "--bundle", f"{tmp_path}/ours-{{machine}}"]
    assert run([*WORDS, *words]) == 78
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"ssm-bootstrap: --bundle: {tmp_path}/ours-aarch64: expected an executable for aarch64\n"


def test_one_executable_is_for_its_own_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ours").write_bytes(elf(183))
    assert run([*WORDS, "--bundle", f"{tmp_path}/ours", "--format", "shell"]) == 0
    told = capsys.readouterr().out
    assert "    aarch64) where=" in told and "x86_64)" not in told


@pytest.mark.parametrize("other", [elf(62), b"PK a bundle"], ids=["of-another-machine", "no-executable"])
def test_the_name_of_one_machine_is_no_file_for_another(tmp_path: Path, capsys: pytest.CaptureFixture[str], other: bytes) -> None:
    (tmp_path / "ours").write_bytes(other)
    words = ["--s3-uri", "s3://my-bucket/ssm-bootstrap-aarch64", "--bundle", f"{tmp_path}/ours"]
    assert run([*WORDS, *words]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("ssm-bootstrap: --s3-uri: it names a file for aarch64, and ")
    assert told.err.count("\n") == 1
    (tmp_path / "ours").write_bytes(elf(183))
    assert run([*WORDS, *words]) == 0


def test_a_spread_goes_to_install(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*WORDS, "--sha256", HASH, "--spread", "10 m"]) == 0
    assert "--activation-id 01234567-89ab-cdef-0123-456789abcdef --spread 10m --start || exit\n" in capsys.readouterr().out
    assert run([*WORDS, "--sha256", HASH]) == 0
    assert "--spread" not in capsys.readouterr().out


def test_the_partition_of_the_region(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["cn-north-1" if word == "ap-northeast-1" else word for word in WORDS]
    assert run([*words, "--sha256", HASH]) == 0
    assert "https://my-bucket.s3.cn-north-1.amazonaws.com.cn/ssm-bootstrap.pyz" in capsys.readouterr().out


def test_a_code_in_user_data_comes_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(CANARIES["activation-code"] + "\n"))
    assert run([*WORDS, "--sha256", HASH, "--code-in-user-data", "-"]) == 0
    told = capsys.readouterr()
    assert leaks(told.out) == ("activation-code",) and leaks(told.err) == ()
    assert "care: the activation code is in this user-data" in told.err


def test_no_id_is_needed_where_the_place_holds_it(capsys: pytest.CaptureFixture[str]) -> None:
    words = [*WORDS[:5], "--sha256", HASH]
    assert run([*words, "--code-from", "parameter:/hybrid/activation"]) == 0
    assert "--code-from parameter:/hybrid/activation --start" in capsys.readouterr().out
    assert run(words) == 2
    assert "--activation-id: expected, unless --code-from names a parameter or a secret" in capsys.readouterr().err


@pytest.mark.parametrize(
    "more,status,said",
    [
        ([], 2, "--sha256: expected the bundle's hash, or --bundle FILE: this program is no bundle itself"),
        (["--sha256", "abc"], 2, "expected the 64 hexadecimal digits of a SHA-256"),
        (["--sha256", f"{HASH},{HASH}"], 2, "expected the 64 hexadecimal digits of a SHA-256"),
        (["--sha256", f"x86_64={HASH},{HASH}"], 2, "expected the 64 hexadecimal digits of a SHA-256"),
        (["--sha256", f"x86_64={HASH},x86_64={HASH}"], 2, "expected the 64 hexadecimal digits of a SHA-256"),
        (["--sha256", f"sparc={HASH}"], 2, "expected the 64 hexadecimal digits of a SHA-256"),
        (["--sha256", f"x86_64={HASH}"], 2, "--sha256: expected MACHINE=HEX for each where --s3-uri holds {machine}"),
        (["--sha256", HASH, "--s3-uri", "s3://my-bucket/{machine}"], 2, "--sha256: expected MACHINE=HEX for each"),
        (["--bundle", "x", "--s3-uri", "s3://my-bucket/{machine}"], 2, "--bundle: expected {machine} in it"),
        (["--sha256", HASH, "--bundle", "x"], 2, "--bundle: expected without --sha256"),
        (["--sha256", HASH, "--spread", "10m; id"], 2, "'10m; id': expected a time such as 90s, 10m or 2h, 24h at most"),
        (["--sha256", HASH, "--spread", "25h"], 2, "'25h': expected a time such as 90s, 10m or 2h, 24h at most"),
        (["--bundle", "/nowhere/x"], 78, "--bundle: /nowhere/x: no such file or directory"),
        (["--sha256", HASH, "--fetch", "presigned"], 2, "--presigned-url-file: expected with --fetch presigned"),
        (["--sha256", HASH, "--presigned-url-file", "x"], 2, "--presigned-url-file: expected with --fetch presigned"),
        (["--sha256", HASH, "--code-from", "parameter:a b"], 2, "expected file, parameter:NAME or secret:NAME"),
        (["--sha256", HASH, "--code-from", "parameter:/ssm/x"], 2, "whose name does not begin with aws or ssm"),
        (["--sha256", HASH, "--code-from", "parameter:x", "--code-in-user-data", "-"], 2, "expected without --code-from"),
        (["--sha256", HASH, "--s3-uri", "https://my-bucket/x"], 2, "expected s3://BUCKET/KEY"),
        (["--sha256", HASH, "--s3-uri", "s3://my-bucket/"], 2, "expected s3://BUCKET/KEY"),
        (["--sha256", HASH, "--s3-uri", "s3://my-bucket/a\nb"], 2, "expected s3://BUCKET/KEY"),
        (["--sha256", HASH, "--s3-uri", "s3://my-bucket/$(id)"], 2, "expected s3://BUCKET/KEY"),
        (["--sha256", HASH, "--s3-uri", "s3://my-bucket/a\x9bb"], 2, "expected s3://BUCKET/KEY"),
        (["--sha256", HASH, "--s3-uri", "s3://my-bucket/a\udcffb"], 2, "expected s3://BUCKET/KEY"),
    ],
)
def test_bad_input_is_one_line(more: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*WORDS, *more]) == status
    told = capsys.readouterr()
    assert told.out == "" and said in told.err and told.err.count("\n") == 1


@pytest.mark.parametrize("text", ["http://a/b", "https://a/b c", 'https://a/b"', "https://a/b\nurl = x", "", "https://a/$(id)"])
def test_a_presigned_url_is_one_url(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "url").write_text(text)
    assert run([*WORDS, "--sha256", HASH, "--fetch", "presigned", "--presigned-url-file", str(tmp_path / "url")]) == 78
    assert capsys.readouterr().err == (
        "ssm-bootstrap: --presigned-url-file: expected one https:// URL as `aws s3 presign` prints it\n"
    )


@pytest.mark.parametrize("text", ["short", "", "has spaces in it and more", "END_OF_CODE\nrm -rf /", "“curly-quotes-of-a-page”"])
def test_a_code_is_one_word(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "code").write_text(text)
    assert run([*WORDS, "--sha256", HASH, "--code-in-user-data", str(tmp_path / "code")]) == 78
    told = capsys.readouterr()
    assert told.err.startswith("ssm-bootstrap: --code-in-user-data: ") and told.out == "" and told.err.count("\n") == 1


@pytest.mark.parametrize("more", [["--region", "eu-west-1"], ["--start"], ["--no-enable"], ["--activation-code-file", "-"]])
def test_uninstall_takes_no_other_flag(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["install", "--uninstall", *more]) == 2
    assert "--uninstall: expected no other flag" in capsys.readouterr().err
