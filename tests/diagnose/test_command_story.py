"""One command's story: from what the agent keeps of it to the words, with the measured copy of a failed patch run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.patch import EXIT_CODES, PATCH_STEPS, step_of
from ssm_bootstrap.collect.agent.orchestration import read_command
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.diagnose.logs.command_story import findings_of, story_of
from ssm_bootstrap.model.agent import Command, StepOutput
from ssm_bootstrap.model.observed import Seen, Unseen
from tests.corpus import CORPUS
from tests.fakes import RootedFiles
from tests.laws.secrets import CANARIES, leaks

PATCH, UPDATE = "b6e682d3-4e5c-433e-b9a7-8f3ee83fe66b", "b6e682d3-4e5c-433e-b9a7-8f3ee83fe66a"
NODE = "/var/lib/amazon/ssm/mi-02117ab6c0a35dc0a"


@pytest.fixture
def node(files: RootedFiles) -> RootedFiles:
    """A node on which a patch run failed for want of S3, as it was measured."""
    measured = CORPUS / "logs" / "no-s3"
    shutil.copytree(measured / "var-lib" / "mi-02117ab6c0a35dc0a", files.real(NODE))
    Path(files.real("/var/log/amazon/ssm")).mkdir(parents=True)
    shutil.copy(measured / "amazon-ssm-agent.log", files.real("/var/log/amazon/ssm/amazon-ssm-agent.log"))
    return files


def read(files: RootedFiles, identifier: str = "") -> Command:
    """A command that is there."""
    found = read_command(files, identifier)
    assert isinstance(found, Seen), found
    return found.value


def test_a_failed_patch_run_is_one_story(node: RootedFiles) -> None:
    command = read(node, PATCH)
    assert (command.document, command.exit_status) == ("AWS-RunPatchBaseline", 156)
    story = story_of(command)
    assert story.means == EXIT_CODES[156].meaning and story.code == "patch-payload-unreachable"
    assert story.title.startswith(f"{PATCH}: AWS-RunPatchBaseline, 2026-11-23 15:00:07 to ")
    assert any("curl: (28)" in text and "[no answer in time]" in text for _, text in story.lines)
    assert [item.code for item in findings_of(command)] == ["patch-payload-unreachable"]
    root = make_finding("s3-unreachable", "s3.dualstack.ap-northeast-1.amazonaws.com")
    assert story_of(command, (root,)).code == "s3-unreachable"
    assert story_of(command, (root,)).step == root.remedy.summary


def test_without_an_id_the_latest_is_told(node: RootedFiles) -> None:
    import os

    at = node.real(f"{NODE}/document/orchestration/{UPDATE}/awsupdateSsmAgent/stderr")
    os.utime(at, (2_000_000_000, 2_000_000_000))
    command = read(node)
    assert (command.identifier, command.document, command.exit_status) == (UPDATE, "AWS-UpdateSSMAgent", None)
    story = story_of(command)
    assert "i/o timeout" in story.lines[0][1] and story.means == ""
    assert any(place.startswith("/var/log/amazon/ssm/amazon-ssm-agent.log:") for place, _ in story.lines)


def test_the_saved_state_goes_before_the_log(node: RootedFiles) -> None:
    state = {
        "DocumentInformation": {"DocumentName": "AWS-RunPatchBaselineAssociation", "DocumentStatus": "Failed"},
        "InstancePluginsInformation": [{"Result": {"code": 0}}, {"Result": {"code": 126}}],
    }
    node.put(f"{NODE}/document/state/completed/{PATCH}", json.dumps(state))
    command = read(node, PATCH)
    assert (command.document, command.status, command.exit_status) == ("AWS-RunPatchBaselineAssociation", "Failed", 126)
    assert [item.code for item in findings_of(command)] == ["noexec-mount", "patch-hybrid-limits"]


def test_what_is_not_there_says_so(files: RootedFiles) -> None:
    assert isinstance(read_command(files), Unseen)
    assert isinstance(read_command(files, PATCH), Unseen)
    with pytest.raises(ValueError, match="no command id"):
        read_command(files, "../../etc")


def test_no_secret_of_an_output_gets_into_it(node: RootedFiles) -> None:
    secret = CANARIES["presigned-signature"]
    path = f"{NODE}/document/orchestration/{PATCH}/awsrunShellScript/PatchLinux/stderr"
    password = CANARIES["repository-password"].replace("@", "%40")
    node.put(path, f"error: https://b.s3.amazonaws.com/x?X-Amz-Signature={secret}\nfail http://u:{password}@mirror/x\n")
    assert leaks(repr(read(node, PATCH))) == ()


def test_a_status_of_somebodys_own_script_has_no_meaning_of_ours() -> None:
    command = Command(PATCH, "AWS-RunShellScript", "Failed", 156, steps=(StepOutput("awsrunShellScript", (), ("boom",)),))
    assert story_of(command).means.startswith("the script's own") and findings_of(command) == ()


def test_each_step_is_of_a_status_and_a_finding_that_are_known() -> None:
    for row in PATCH_STEPS:
        assert row.first in EXIT_CODES and row.last in EXIT_CODES and row.step.endswith(".")
        assert not row.code or row.code in FINDINGS
        assert row.code or not row.proves
    assert all(step_of(status) is not None for status in EXIT_CODES)


@pytest.mark.parametrize("status, code", [(126, "noexec-mount"), (146, "patch-platform"), (156, "patch-payload-unreachable")])
def test_a_status_that_has_one_reason_is_a_finding(files: RootedFiles, status: int, code: str) -> None:
    assert [item.code for item in findings_of(left(files, f"failed to run commands: exit status {status}\n"))] == [code]


@pytest.mark.parametrize("status", [1, 2, 147, 152, 154, 155, 196])
def test_a_status_that_has_several_reasons_is_none(files: RootedFiles, status: int) -> None:
    command = left(files, f"failed to run commands: exit status {status}\n")
    assert findings_of(command) == () and story_of(command).failed and story_of(command).step


def test_the_step_of_a_status_stands_where_a_log_says_the_same(files: RootedFiles) -> None:
    command = left(files, "failed to run commands: exit status 151\n")
    story = story_of(command, (make_finding("patch-payload-unreachable", "x"),))
    assert story.step == "Look for a proxy that rewrites or cuts downloads." and ". The Patch Manager payload" in story.means


HOME = f"{NODE}/document/orchestration"
STEP = "awsrunShellScript/PatchLinux"
OTHER = "c0ffee00-4e5c-433e-b9a7-8f3ee83fe66b"


def left(files: RootedFiles, errors: str, step: str = STEP, identifier: str = OTHER, output: str = "") -> Command:
    """A command that left this output."""
    files.put(f"{HOME}/{identifier}/{step}/stdout", output)
    files.put(f"{HOME}/{identifier}/{step}/stderr", errors)
    return read(files, identifier)


@pytest.mark.parametrize("status", [*sorted(EXIT_CODES), 23, 77])
def test_every_status_of_a_patch_run_makes_a_story(files: RootedFiles, status: int) -> None:
    story = story_of(left(files, f"something\nfailed to run commands: exit status {status}\n"))
    assert story.ended == f"ended, exit status {status}"
    row = EXIT_CODES.get(status)
    assert story.means == row.meaning if row else "not defined by the document" in story.means
    assert ("curl from snap" in story.means) is (status == 23)
    assert story.failed is (status != 194)


@pytest.mark.parametrize(
    "status, exit_status, failed",
    [("Success", 0, False), ("Success", None, False), ("Failed", None, True), ("TimedOut", None, True), ("", None, False)],
)
def test_whether_it_failed(status: str, exit_status: int, failed: bool) -> None:
    assert story_of(Command(PATCH, "AWS-RunShellScript", status, exit_status)).failed is failed


def test_a_step_of_an_old_document_is_read(files: RootedFiles) -> None:
    command = left(files, "boom\nfailed to run commands: exit status 7\n", step="awsrunShellScript/0.awsrunShellScript")
    assert [item.step for item in command.steps] == ["awsrunShellScript/0.awsrunShellScript"]
    assert command.exit_status == 7 and story_of(command).means.startswith("the script's own")


def test_of_a_long_output_the_end_counts(files: RootedFiles) -> None:
    noise = "Downloading a package, and another one\n" * 60_000  # 2.3 MB
    command = left(
        files, noise + "failed to run commands: exit status 156\n", output="error: the first\n" + noise + "error: the last\n"
    )
    assert command.exit_status == 156
    told = [text for _, text in story_of(command).lines]
    assert "error: the last" in told and "error: the first" not in told


def test_what_is_no_file_and_what_lies_too_deep_is_left_alone(files: RootedFiles) -> None:
    import os

    command = left(files, "failed to run commands: exit status 1\n")
    os.mkfifo(files.real(f"{HOME}/{OTHER}/stdout"))
    for number in range(700):
        Path(files.real(f"{HOME}/{OTHER}/downloads/roles/{number}/tasks")).mkdir(parents=True)
    Path(files.real(f"{HOME}/{OTHER}/round")).symlink_to(files.real(HOME), target_is_directory=True)
    again = read(files, OTHER)
    assert f"{HOME}/{OTHER}/stdout" not in again.paths and set(command.paths) <= set(again.paths)
    assert len(again.paths) <= 200


def test_who_may_not_look_is_told_so() -> None:
    class Locked(RootedFiles):
        def list(self, path: str) -> tuple[str, ...]:
            raise PermissionError(13, "Permission denied", path)

    with pytest.raises(PermissionError):
        read_command(Locked(Path("/nowhere")))


@pytest.mark.parametrize("name", sorted(CANARIES))
def test_no_secret_of_any_kind_gets_out_of_an_output(files: RootedFiles, name: str) -> None:
    secret = CANARIES[name]
    lines = {
        "activation-code": f"error: -code {secret}",
        "private-key": f"error: private_key={secret}",
        "session-token": f"error: AWS_SESSION_TOKEN={secret}",
        "secret-access-key": f"error: aws_secret_access_key = {secret}",
        "proxy-password": f"error: https_proxy=http://user:{secret}@proxy:3128",
        "repository-password": f"error: https://user:{secret}@mirror/x",
        "presigned-signature": f"error: https://b.s3.amazonaws.com/x?X-Amz-Signature={secret}",
    }
    story = story_of(left(files, f"{lines[name]}\nfailed to run commands: exit status 156\n"))
    assert leaks(repr(story)) == () and any("error" in text for _, text in story.lines)
