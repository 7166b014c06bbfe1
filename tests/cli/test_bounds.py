"""What a caller, a terminal or a bare container may do to a command: each ends, with one clear line where it cannot go on."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from ssm_bootstrap.cli.entry import run
from ssm_bootstrap.cli.output import NARROWEST, WIDEST
from tests import caller
from tests.corpus import CORPUS
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.laws.tree import ROOT
from tests.story import REGION, register_words

LOG = str(CORPUS / "logs" / "no-s3" / "errors.log")


@pytest.mark.parametrize("columns", ["99999999", "1" * 400, "-7", "0", "1", "wide"])
def test_no_width_of_a_terminal_is_too_much(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each row of a report is filled up to the width: a million columns are a gigabyte."""
    monkeypatch.setenv("COLUMNS", columns)
    assert run(["explain", LOG]) == 1
    out, err = capsys.readouterr()
    assert "s3-unreachable" in out and err == ""
    rows = [len(row) for row in out.splitlines() if not row.startswith("      ")]  # a command to paste is never broken
    assert NARROWEST <= max(rows) <= WIDEST


@pytest.mark.parametrize("redirection", ["<&-", "</dev/null", "0>/dev/null"])
def test_standard_input_that_gives_nothing_is_one_line(redirection: str) -> None:
    words = f"exec {shlex.join(caller.program())} explain - {redirection}"
    done = subprocess.run(["sh", "-c", words], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (66, "", 1)
    assert done.stderr.startswith("ssm-bootstrap: explain: standard input: ")


WITHOUT_PROC = 'mount -t tmpfs none /proc && exec "$@"'


@pytest.mark.lab
@pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")
def test_without_proc_what_looks_says_so_and_what_changes_does_not_begin(lab: Lab) -> None:
    assert lab.run(["ssm-bootstrap", *register_words()]).returncode == 0
    before = lab.read("/var/lib/amazon/ssm/Vault/Store/RegistrationKey")
    inside = ["unshare", "--mount", "sh", "-c", WITHOUT_PROC, "sh", "ssm-bootstrap"]
    for words in (["--version"], ["status"], ["doctor", "--region", REGION], ["probe", "--region", REGION], ["explain"]):
        done = lab.run([*inside, *words])
        assert done.returncode in (0, 1) and "fault of ssm-bootstrap" not in done.stdout + done.stderr, done.stdout
        assert "A check of ssm-bootstrap itself failed" not in done.stdout
    for words in (
        register_words("--force"),
        ["restart"],
        ["rollback"],
        ["deregister"],
        ["prepare-image", "--yes"],
        ["install"],
        ["install", "--uninstall"],
    ):
        done = lab.run([*inside, *words])
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (78, "", 1), (words, done.stdout, done.stderr)
        assert "/proc" in done.stderr and "nothing was changed" in done.stderr
    assert lab.read("/var/lib/amazon/ssm/Vault/Store/RegistrationKey") == before
