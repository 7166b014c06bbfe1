"""One command's story: from what the agent keeps of it to the words, with the measured copy of a failed patch run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ssm_bootstrap.catalog.exitcodes import EXIT_CODES
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.patchsteps import PATCH_STEPS, step_of
from ssm_bootstrap.collect.orchestration import read_command
from ssm_bootstrap.diagnose.commandstory import findings_of, story_of
from ssm_bootstrap.diagnose.wording import make_finding
from ssm_bootstrap.model.command import Command, StepOutput
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
    assert [status for status in EXIT_CODES if step_of(status) is None] == [153]
