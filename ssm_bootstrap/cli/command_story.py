"""``explain --command ID``: one command's output, exit status and log joined into one story."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from ssm_bootstrap.cli.output import new_report, print_document, print_report
from ssm_bootstrap.collect.agent.orchestration import Ends, read_command
from ssm_bootstrap.collect.logs.read import read_logs
from ssm_bootstrap.diagnose.logs.command_story import findings_of, story_of
from ssm_bootstrap.diagnose.logs.explain import explain_logs
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.findings import Severity
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.render.language import say
from ssm_bootstrap.render.wire import finding_document
from ssm_bootstrap.session import Session


def explain_command(session: Session, arguments: argparse.Namespace) -> int:
    """Tell why a command failed (the latest, where no id is given).

    The exit status is 1 where it failed or an error is found. Raises Refusal: 2 for what is no id and for a file or
    --follow beside it, 77 for who is not root, 78 where there is no such command.
    """
    host = session.host
    if arguments.files or arguments.follow:
        other = "--follow" if arguments.follow else arguments.files[0]
        raise Refusal(
            ExitStatus.USAGE, phrase("--command reads the files of one command: it cannot be combined with {other}", other=other)
        )
    try:
        command = read_command(host.files.unled(), arguments.command_id)
    except PermissionError as error:
        raise Refusal(
            ExitStatus.NO_PERMISSION, phrase("--command: {filename}: only root can read it (use sudo)", filename=error.filename)
        ) from None
    except ValueError:
        expected = phrase(
            "--command: {command_id!r}: expected a command id (a UUID), or none for the latest", command_id=arguments.command_id
        )
        raise Refusal(ExitStatus.USAGE, expected) from None
    if isinstance(command, Unseen):
        raise Refusal(ExitStatus.BAD_CONTENT, phrase("--command: {reason}", reason=command.reason))
    ends = Ends(host.files.unled(), command.value.paths)
    digest = read_logs(ends, command.value.paths, host.clock.zone(), host.clock.now())
    told = explain_logs(digest, session.overrides.site, region=value_of(session.choice.region)).findings
    known = {finding.code for finding in told}
    findings = (*told, *(finding for finding in findings_of(command.value) if finding.code not in known))
    story = story_of(command.value, findings)
    failed = story.failed or any(finding.severity is Severity.ERROR for finding in findings)
    status = ExitStatus.FOUND if failed else ExitStatus.OK
    if arguments.json:
        shown = [finding_document(finding) for finding in findings]
        head = {"schema": "ssm-bootstrap/1", "command": "explain", "exit_status": int(status)}
        unseen = {"unseen": [{"subject": path, "reason": words} for path, words in ends.cut]} if ends.cut else {}
        print_document({**head, "story": asdict(story), "findings": shown, **unseen}, host.secrets)
        return status
    for path, words in ends.cut:
        arguments.say(f"{path}: {say(words)}")
    report = new_report(arguments.colour, arguments.width)
    report.line(story.title, "bold")
    for label, text in (("ended", story.ended), ("means", story.means), ("change", story.step)):
        if text:
            report.item(f"{label:<6}", text)
    for place, text in story.lines:
        report.item("said  ", f"{say(place)}: {say(text)}")
    report.findings(findings)
    print_report(report, host.secrets)
    return status
