"""`explain --command`: from argv to text, JSON and the exit status, over what the agent kept of a command."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Tuple

import pytest

from ssm_bootstrap.catalog.patch import EXIT_CODES
from ssm_bootstrap.cli.command_story import explain_command
from ssm_bootstrap.cli.entry import parser_for
from ssm_bootstrap.collect.agent.orchestration import MOST_OUTPUT, Ends
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.exitstatus import Refusal
from ssm_bootstrap.session import open_session
from tests.collect.repositories.trees import TreeMachine
from tests.corpus import CORPUS
from tests.fakes import RootedFiles, ScriptedCommands
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.laws.secrets import CANARIES, leaks

MEASURED = CORPUS / "logs" / "no-s3"
NODE = "/var/lib/amazon/ssm/mi-02117ab6c0a35dc0a"
HOME = f"{NODE}/document/orchestration"
STEP = "awsrunShellScript/PatchLinux"
PATCH = "b6e682d3-4e5c-433e-b9a7-8f3ee83fe66b"
LATEST = "c0ffee00-4e5c-433e-b9a7-8f3ee83fe66b"
NOWHERE = "ffffffff-4e5c-433e-b9a7-8f3ee83fe66b"
HOSTILE = (
    "\x1b]0;owned\x07\x1b[2Jerror: \x9b31m\u202egnp.exe\r\n"
    f"error: curl http://user:{CANARIES['repository-password']}@mirror/x?token={CANARIES['presigned-signature']}\n"
    f"error: AWS_SECRET_ACCESS_KEY={CANARIES['secret-access-key']}\n"
)


@pytest.fixture
def node(files: RootedFiles) -> RootedFiles:
    """A node with a patch run that failed for want of S3, as it was measured."""
    shutil.copytree(MEASURED / "var-lib" / "mi-02117ab6c0a35dc0a", files.real(NODE))
    Path(files.real("/var/log/amazon/ssm")).mkdir(parents=True)
    shutil.copy(MEASURED / "amazon-ssm-agent.log", files.real("/var/log/amazon/ssm/amazon-ssm-agent.log"))
    return files


def explain(files: RootedFiles, capsys: pytest.CaptureFixture[str], *words: str) -> Tuple[int, str]:
    """The exit status and what is printed; raises Refusal."""
    arguments = parser_for(["explain"]).parse_args(["explain", *words])
    host = Host(files=files, machine=TreeMachine(files.real("/")), commands=ScriptedCommands({}), environment={})
    status = explain_command(open_session(host, None, ask_metadata=False), arguments)
    return int(status), capsys.readouterr().out


def test_the_story_of_a_failed_patch_run(node: RootedFiles, capsys: pytest.CaptureFixture[str]) -> None:
    status, text = explain(node, capsys, "--command", PATCH)
    words = " ".join(text.split())
    assert status == 1 and words.startswith(f"{PATCH}: AWS-RunPatchBaseline, 2026-11-23 15:00:07 to ")
    assert "exit status 156" in words and EXIT_CODES[156].meaning in words and "s3.dualstack" in words
    status, text = explain(node, capsys, "--json", "--command", PATCH)
    told = json.loads(text)
    assert told["exit_status"] == status == 1 and told["command"] == "explain" and told["schema"] == "ssm-bootstrap/1"
    assert told["story"]["failed"] is True and told["findings"][0]["state"] == "past"


@pytest.mark.parametrize("exit_status", [1, 2, 23, 126, 134, 151, 152, 154, 155, 156, 194])
def test_each_status_ends_as_it_should(node: RootedFiles, capsys: pytest.CaptureFixture[str], exit_status: int) -> None:
    node.put(f"{HOME}/{LATEST}/{STEP}/stderr", f"failed to run commands: exit status {exit_status}\n")
    os.utime(node.real(f"{HOME}/{LATEST}/{STEP}/stderr"), (2_000_000_000, 2_000_000_000))
    status, text = explain(node, capsys, "--command")  # the latest
    assert text.startswith(LATEST) and f"exit status {exit_status}" in text
    assert status == (0 if exit_status == 194 else 1)


def test_what_a_script_printed_cannot_reach_the_terminal(node: RootedFiles, capsys: pytest.CaptureFixture[str]) -> None:
    node.put(f"{HOME}/{LATEST}/{STEP}/stderr", HOSTILE + "failed to run commands: exit status 156\n")
    for words in (("--command", LATEST), ("--json", "--command", LATEST)):
        _, text = explain(node, capsys, *words)
        assert not {letter for letter in text if not letter.isprintable()} - {"\n"}
        assert leaks(text) == () and "error" in text


@pytest.mark.parametrize(
    "words, status, said",
    [
        (("--command", "yesterday's"), 2, "expected a command id"),
        (("--command", "../../../etc/shadow"), 2, "expected a command id"),
        (("--command", NOWHERE), 78, f"{NOWHERE}: neither output, nor state, nor a line in the agent's log"),
        (("/var/log/messages", "--command", PATCH), 2, "it cannot be combined with /var/log/messages"),
        (("--follow", "--command", PATCH), 2, "it cannot be combined with --follow"),
    ],
)
def test_what_cannot_be_told_is_refused(
    node: RootedFiles, capsys: pytest.CaptureFixture[str], words: Tuple[str, ...], status: int, said: str
) -> None:
    with pytest.raises(Refusal) as refused:
        explain(node, capsys, *words)
    assert refused.value.status == status and said in refused.value.message and "\n" not in refused.value.message


def test_without_any_command_and_without_rights(files: RootedFiles, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Refusal) as refused:
        explain(files, capsys, "--command")
    assert refused.value.status == 78 and "no command has left anything there" in refused.value.message

    class Locked(RootedFiles):
        def list(self, path: str) -> Tuple[str, ...]:
            if path == "/var/lib/amazon/ssm":
                raise PermissionError(13, "Permission denied", path)
            return tuple(super().list(path))

    with pytest.raises(Refusal) as refused:
        explain(Locked(Path(files.real("/"))), capsys, "--command")
    assert refused.value.status == 77 and "only root can read it" in refused.value.message


def test_of_a_huge_output_the_end_is_read_and_that_is_said(node: RootedFiles, capsys: pytest.CaptureFixture[str]) -> None:
    path = node.put(f"{HOME}/{LATEST}/{STEP}/stderr", "failed to run commands: exit status 156\n")
    huge = node.put(f"{HOME}/{LATEST}/{STEP}/stdout", "")
    with open(node.real(huge), "wb") as stream:  # a file with a hole: long, and no room on the disk
        stream.truncate(MOST_OUTPUT)
        stream.seek(0, os.SEEK_END)
        stream.write(b"\nerror: the end of it\n")
    ends = Ends(node, [path, huge])
    assert [name for name, _ in ends.cut] == [huge]
    assert sum(len(chunk) for chunk in ends.read_chunks(huge)) == ends.size(huge) == MOST_OUTPUT // 2
    assert b"".join(ends.read_chunks(huge, ends.size(huge) - 8)) == b"d of it\n" and ends.size(path) == node.size(path)
    status, text = explain(node, capsys, "--json", "--command", LATEST)
    told = json.loads(text)
    assert status == 1 and told["unseen"] == [{"subject": huge, "reason": "of 32 MB the last 16 were read"}]
    assert any("the end of it" in line for _, line in told["story"]["lines"])


@pytest.mark.lab
@pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")
def test_in_the_lab_by_the_command_itself(lab: Lab) -> None:
    words = ["ssm-bootstrap", "explain", "--command"]
    nothing = lab.run(words)
    assert nothing.returncode == 78 and len(nothing.stderr.strip().splitlines()) == 1 and not nothing.stdout
    for path in sorted((MEASURED / "var-lib").rglob("*")):
        if path.is_file():
            lab.write(f"/var/lib/amazon/ssm/{path.relative_to(MEASURED / 'var-lib')}", path.read_text())
    lab.write("/var/log/amazon/ssm/amazon-ssm-agent.log", (MEASURED / "amazon-ssm-agent.log").read_text())
    done = lab.run([*words, PATCH], tty=80)
    assert done.returncode == 1 and "exit status 156" in done.screen.decode()
    for number, exit_status in enumerate((151, 152, 154, 155, 126, 2, 1, 23, 194)):
        identifier = f"{number:08x}-4e5c-433e-b9a7-8f3ee83fe66b"
        lab.write(f"{HOME}/{identifier}/{STEP}/stderr", f"{HOSTILE}failed to run commands: exit status {exit_status}\n")
        done = lab.run([*words, identifier])
        assert f"exit status {exit_status}" in done.stdout, done.stdout + done.stderr
        assert done.returncode == (0 if exit_status == 194 else 1) and leaks(done.stdout + done.stderr) == ()
        assert not {letter for letter in done.stdout if not letter.isprintable()} - {"\n"}
    latest = lab.run(words)
    assert latest.stdout.startswith("00000008-") and latest.returncode == 0
    unknown = lab.run([*words, NOWHERE])
    assert unknown.returncode == 78 and NOWHERE in unknown.stderr and len(unknown.stderr.strip().splitlines()) == 1
    assert lab.run([*words, "nothing"]).returncode == 2
