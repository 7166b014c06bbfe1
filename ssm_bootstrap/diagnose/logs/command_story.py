"""One command as one story: what was run, how it ended, what its exit status means, and the lines that show why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator, Optional, Sequence

from ssm_bootstrap.catalog.patch import CURL_STATUSES, ExitCode, meaning_of, step_of
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.agent import Command
from ssm_bootstrap.model.findings import Evidence, Finding, Severity, State
from ssm_bootstrap.model.phrase import joined, phrase

PATCH_DOCUMENTS = ("AWS-RunPatchBaseline", "AWS-RunPatchBaselineWithHooks", "AWS-RunPatchBaselineAssociation")
FAILED = ("Failed", "TimedOut")
NOT_HYBRID = "AWS-RunPatchBaselineAssociation"
MOST_SHOWN = 6
_TELLING = re.compile(
    r"error|fail|unable|denied|cannot|could not|traceback|exception|timed out|no space|lock|curl: \(", re.IGNORECASE
)


@dataclass(frozen=True)
class CommandStory:
    """The story in the order in which it is told; ``lines`` are (place, text) as evidence."""

    title: str
    ended: str
    means: str = ""
    step: str = ""
    code: str = ""  # the finding whose page tells more
    lines: tuple[tuple[str, str], ...] = ()
    failed: bool = False  # by its status or its exit status; a reboot that goes on afterwards is none


def story_of(command: Command, findings: Sequence[Finding] = ()) -> CommandStory:
    """What happened; ``findings`` are those of the command's own output and log, whose root goes before the exit status."""
    name = command.document or phrase("a document whose name is not known")
    when = phrase(", {started} to {ended}", started=command.started, ended=command.ended) if command.started else ""
    ended = command.status or ("no exit status recorded" if command.exit_status is None else "")
    if command.exit_status is not None:
        ended = phrase("{ended}, exit status {status}", ended=phrase(ended or "ended"), status=command.exit_status)
    row = _meaning(command)
    root = next((item for item in findings if item.symptom_of is None and item.severity is Severity.ERROR), None)
    known = step_of(row.status) if row else None
    means, step = (row.meaning if row else ""), (known.step if known else "")
    if row is None and command.exit_status:
        means = _foreign(command, command.exit_status)
    if root is not None:
        means = phrase("{means}. {title}", means=means, title=root.title) if means else root.title
        step = step if known is not None and known.code == root.code else root.remedy.summary
    code = root.code if root is not None else known.code if known is not None else ""
    return CommandStory(
        joined((command.identifier, ": ", name, when), ""), ended, means, step, code, tuple(_lines(command)), _failed(command)
    )


def findings_of(command: Command) -> tuple[Finding, ...]:
    """What the exit status alone proves, for a command of which no line of output tells more."""
    found = []
    row = _meaning(command)
    known = step_of(row.status) if row is not None else None
    if row is not None and known is not None and known.proves:
        shown = tuple(Evidence("command", place, text) for place, text in list(_lines(command))[:3])
        evidence = (
            Evidence(
                "command",
                command.identifier,
                phrase("exit status {status}: {meaning}", status=command.exit_status, meaning=row.meaning),
            ),
            *shown,
        )
        facts = {"detail": phrase("{meaning}.", meaning=row.meaning)}
        found.append(make_finding(known.code, command.identifier, facts=facts, evidence=evidence, state=State.PAST, logged=True))
    if command.document == NOT_HYBRID:
        evidence = (Evidence("command", command.identifier, command.document),)
        found.append(make_finding("patch-hybrid-limits", command.identifier, evidence=evidence, state=State.PAST, logged=True))
    return tuple(found)


def _meaning(command: Command) -> Optional[ExitCode]:
    """What the exit status means, for the documents that it has a meaning in."""
    if command.exit_status is None or not _is_of_patching(command):
        return None
    said = (line for item in command.steps for line in (*item.output, *item.errors))
    return meaning_of(command.exit_status, (*said, *(text for _, text in command.log)))


def _is_of_patching(command: Command) -> bool:
    """By the document's name; where nobody wrote it down, by the names of the steps."""
    if command.document:
        return command.document.startswith(PATCH_DOCUMENTS)
    return any("patch" in item.step.lower() for item in command.steps)


def _foreign(command: Command, status: int) -> str:
    """A status that no document gives a meaning to: of a patch run it may be its downloader's or the package manager's."""
    if not _is_of_patching(command):
        return "the script's own: AWS documents define no meaning for it"
    if status in CURL_STATUSES:
        return phrase("not defined by the document; as a curl exit status: {meaning}", meaning=CURL_STATUSES[status])
    return "not defined by the document: most likely its package manager's"


def _failed(command: Command) -> bool:
    """Whether it did not do what it was to do; nobody knows of a command that left no word of its end."""
    row = _meaning(command)
    if row is not None:
        return row.is_failure
    return command.status in FAILED or bool(command.exit_status)


def _lines(command: Command) -> Iterator[tuple[str, str]]:
    """The telling lines: of standard error, of standard output, of the agent's log; a curl status with its meaning."""
    told = 0
    for item in command.steps:
        for stream, lines in (("stderr", item.errors), ("stdout", item.output)):
            telling = [line for line in lines if _TELLING.search(line)] or (list(lines[-1:]) if stream == "stderr" else [])
            for line in telling[-MOST_SHOWN:]:
                told += 1
                if told <= 2 * MOST_SHOWN:
                    yield f"{item.step}/{stream}", _with_curl(line)
    yield from command.log[-MOST_SHOWN:]


def _with_curl(line: str) -> str:
    found = re.search(r"curl: \((\d+)\)|returned from curl is (\d+)", line)
    number = int(found[1] or found[2]) if found else 0
    return f"{line} [{CURL_STATUSES[number]}]" if number in CURL_STATUSES else line
