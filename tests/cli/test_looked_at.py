"""What ``explain`` looks at of what was named or piped, and what it says of the rest: it reassures of nothing unread."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Optional

import pytest

from ssm_bootstrap.cli import named_logs
from ssm_bootstrap.cli.entry import run
from ssm_bootstrap.collect.logs.contents import what_else
from ssm_bootstrap.host.piped import is_something_piped
from ssm_bootstrap.host.walks import LogTree

FAULT = (
    "2026-05-27 15:45:48.9 ERROR [CredentialRefresher] RequestError: send request failed caused by: "
    'Post "https://ssm.eu-west-1.amazonaws.com/": dial tcp 52.119.221.73:443: i/o timeout\n'
)
PASSED = f"May 27 15:45:48 h amazon-ssm-agent[7]: {FAULT}"
DATA = bytes(range(256)) * 40
PNG = b"\x89PNG\r\n\x1a\n" + DATA
ELF = b"\x7fELF\x02\x01\x01" + bytes(500)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str], str]:
    """Exit status, the codes found, and what was said on standard error."""
    status = run(["explain", "--json", *words])
    said = capsys.readouterr()
    return status, [finding["code"] for finding in json.loads(said.out)["findings"]] if said.out else [], said.err


@pytest.mark.parametrize(
    "name", ["syslog", "console.txt", "nodeadm.log", "pasted", "deep/er/messages-20260527", "syslog.2.gz", "a b"]
)
def test_a_text_of_any_name_in_a_directory_is_read(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(PASSED.encode()) if name.endswith(".gz") else PASSED.encode())
    assert told(capsys, str(tmp_path)) == (1, ["endpoint-missing"], "")


def test_a_directory_in_which_nothing_is_the_agents_does_not_reassure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("hello\n")
    status, _, said = told(capsys, str(tmp_path))
    assert status == 66 and "it is no log of the agent" in said
    (tmp_path / "errors.log").write_text("2026-05-27 15:45:48 INFO x\n")
    assert told(capsys, str(tmp_path)) == (0, [], "")


def test_what_was_left_out_of_a_directory_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "errors.log").write_text(FAULT)
    for name, data in (("wtmp", DATA), ("tool", ELF), ("main.py", b"raise Error\n"), ("inner/a.zip", b"PK\x03\x04" + DATA)):
        (tmp_path / name).write_bytes(data)
    orders = tmp_path / "orchestration/c1"
    orders.mkdir(parents=True)
    (orders / "_script.sh").write_text("exit 1\n")
    status, codes, said = told(capsys, str(tmp_path))
    assert (status, codes) == (1, ["endpoint-missing"])
    assert said.splitlines() == [
        f"{tmp_path}: not read, as it is no text: tool, wtmp",
        f"{tmp_path}: not read, as the name is that of a program, of settings or of a paper: main.py",
        f"{tmp_path}: not opened, as it is an archive further down: inner/a.zip",
    ]
    for path in ("wtmp", "tool", "main.py", "inner/a.zip"):
        (tmp_path / path).unlink()
    monkeypatch.setattr(named_logs, "MOST_OTHERS", 2)
    for number in range(12):
        (tmp_path / f"note{number:02}").write_text("hello\n")
        os.utime(tmp_path / f"note{number:02}", (number, number))
    said = told(capsys, str(tmp_path))[2]
    shown = ", ".join(f"note{number:02}" for number in range(8))
    assert said == f"{tmp_path}: not read, as there are too many files, or too large ones: {shown} and 2 more\n"


def test_a_directory_that_lies_too_deep_is_named(tmp_path: Path) -> None:
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "a/x").write_text("x")
    tree = LogTree()
    assert [file.path for file in tree.find(str(tmp_path), lambda name: True, 2)] == [f"{tmp_path}/a/x"]
    assert list(tree.not_entered) == [f"{tmp_path}/a/b"]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (ELF, "a program (ELF)"),
        (PNG, "an image (PNG)"),
        (b"%PDF-1.7\n", "a document (PDF)"),
        (b"SQLite format 3\0" + DATA, "a database (SQLite)"),
        (b"\x28\xb5\x2f\xfd" + DATA, "packed with zstd, which is not read: unpack it first"),
        (b"LPKSHHRH" + DATA, "a file of the journal: give what journalctl -o json prints of it"),
        (b"\x1f\x8b\x08" + DATA, "packed data (gzip) that is damaged"),
        (gzip.compress(PNG, mtime=0), "an image (PNG)"),
        (DATA, "binary data"),
    ],
    ids=["elf", "png", "pdf", "sqlite", "zstd", "journal", "damaged", "png in gzip", "binary"],
)
@pytest.mark.parametrize("way", ["file", "standard input"])
def test_what_is_no_text_is_said_in_one_line(
    data: bytes, kind: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "given"
    path.write_bytes(data)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    name = str(path) if way == "file" else "standard input"
    assert run(["explain", str(path) if way == "file" else "-"]) == 66
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"ssm-bootstrap: explain: {name}: it is {kind}: expected a log\n")


def test_beside_a_log_it_is_mentioned_and_the_log_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.log").write_text(FAULT)
    (tmp_path / "tool").write_bytes(ELF)
    status, codes, said = told(capsys, str(tmp_path / "x.log"), str(tmp_path / "tool"))
    assert (status, codes, said) == (1, ["endpoint-missing"], f"{tmp_path}/tool: it is a program (ELF)\n")


@pytest.mark.parametrize(
    "text",
    [
        FAULT.encode(),
        bytes(5000) + FAULT.encode(),
        FAULT.encode() + bytes(99),
        FAULT.encode("utf-16"),
        FAULT.encode("utf-16-le"),
        "エラー: 接続できません\n".encode("shift-jis") * 50,
        "Fehler: Verbindung gestört\n".encode("latin-1") * 50,
        b"\x1b[31mred\x1b[m\n" * 50,
        b"",
    ],
    ids=["plain", "NUL before", "NUL behind", "utf-16", "utf-16-le", "shift-jis", "latin-1", "coloured", "empty"],
)
def test_a_text_in_any_encoding_is_none_of_these(text: bytes) -> None:
    assert what_else(text) == "" == what_else(gzip.compress(text))


def piped(words: list[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
    code = "import sys; from ssm_bootstrap.cli import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.run([sys.executable, "-c", code, "explain", *words], input=given, capture_output=True, check=False)


def test_what_is_piped_beside_a_file_is_said_not_to_be_read(tmp_path: Path) -> None:
    (tmp_path / "errors.log").write_text("2026-05-27 15:45:48 INFO x\n")
    note = b"standard input was not read: name - alone to have it explained\n"
    done = piped([str(tmp_path / "errors.log")], PASSED.encode())
    assert done.returncode == 0 and b"No fault found" in done.stdout and done.stderr == note
    assert piped([str(tmp_path / "errors.log")], b"").stderr == b""
    assert piped(["-"], PASSED.encode()).returncode == 1


def test_whether_something_waits_on_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_text("ab")
    with (tmp_path / "x").open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert is_something_piped()
        os.lseek(stream.fileno(), 2, os.SEEK_SET)
        assert not is_something_piped()
    assert not is_something_piped()  # closed
    with open(os.devnull) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert not is_something_piped()
    reading, writing = os.pipe()
    with os.fdopen(reading) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert not is_something_piped()
        os.write(writing, b"x")
        assert is_something_piped()
        os.close(writing)
        assert os.read(reading, 9) == b"x"
        assert not is_something_piped()
    monkeypatch.setattr(sys, "stdin", None)
    assert not is_something_piped()


def test_without_logs_of_its_own_a_machine_explains_what_is_piped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.write(writing, PASSED.encode())
    os.close(writing)
    monkeypatch.setattr("ssm_bootstrap.cli.log_search.own_sources", lambda *_: ())
    with os.fdopen(reading) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert told(capsys) == (1, ["endpoint-missing"], "")


def test_a_healthy_text_without_heads_has_no_error_and_an_unknown_failure_is_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "Installing error-pages-2.0\n0 errors, 0 failed\nNo failures found\nhttp-errors.conf written\nwarning: x failed\n"
    (tmp_path / "out.txt").write_text(text)
    assert told(capsys, str(tmp_path / "out.txt"))[0] == 66
    (tmp_path / "out.txt").write_text(f"{text}zorb: cannot open the box\n[ssm-agent-worker] [Association] zorb failed\n")
    assert run(["explain", "--json", str(tmp_path / "out.txt")]) == 0
    rows = json.loads(capsys.readouterr().out)["unexplained"]
    assert {(row["template"], row["part"]["name"]) for row in rows} == {
        ("zorb: cannot open the box", "another program's output"),
        ("[ssm-agent-worker] [Association] zorb failed", "the part that keeps associations"),
    }


def barred(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Make a directory one that only root may look into, and this process another user's."""
    scan = os.scandir

    def scandir(place: str) -> object:
        if place == str(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), place)
        return scan(place)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


@pytest.mark.parametrize("inner", ["", "amazon/ssm"])
def test_a_directory_that_only_root_may_look_into_is_named(
    inner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "logs" / inner
    place.mkdir(parents=True)
    barred(monkeypatch, place)
    assert run(["explain", str(tmp_path / "logs")]) == 77
    said = f"ssm-bootstrap: explain: {place}: permission denied: only root may read it: use sudo\n"
    assert capsys.readouterr() == ("", said)
    (tmp_path / "x.log").write_text("2026-05-27 15:45:48 INFO x\n")
    assert run(["explain", "--full", str(tmp_path / "x.log"), str(tmp_path / "logs")]) == 77
    shown = capsys.readouterr().out
    assert f"{place}:permission" in "".join(shown.split()) and "No known fault found in what could be read" in shown
    (tmp_path / "x.log").write_text(FAULT)
    assert run(["explain", "--full", str(tmp_path / "x.log"), str(tmp_path / "logs")]) == 1
    assert f"{place}:permission" in "".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("data", "reason"), [(None, "no such file or directory"), (b"", "it is empty"), (ELF, "it is a program")]
)
def test_nothing_found_beside_what_could_not_be_read_is_no_all_clear(
    data: Optional[bytes], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.log").write_text("2026-05-27 15:45:48 INFO x\n")
    if data is not None:
        (tmp_path / "other").write_bytes(data)
    words = [str(tmp_path / "x.log"), str(tmp_path / "other")]
    assert run(["explain", *words]) == 66
    shown = capsys.readouterr().out
    assert "Could not be checked:" in shown and "No known fault found in what could be read" in shown
    assert run(["explain", "--full", *words]) == 66
    shown = capsys.readouterr().out
    assert shown.splitlines()[-1].startswith("No known fault found in what could be read") and reason in " ".join(shown.split())
    assert run(["explain", str(tmp_path / "x.log")]) == 0
