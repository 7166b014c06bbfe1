"""What ``explain`` tells of the logs that it has read, as text and as JSON."""

from __future__ import annotations

import argparse
import os
from typing import Iterable

from ssm_bootstrap import __version__
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.catalog.signatures.managers import FRAMES, HARMLESS
from ssm_bootstrap.cli.log_search import Search
from ssm_bootstrap.cli.output import exit_status, in_full, new_report, print_document, print_report
from ssm_bootstrap.cli.unread import status_beside
from ssm_bootstrap.diagnose.logs.classify import reads_as_failure
from ssm_bootstrap.diagnose.logs.explain import LogDiagnosis, explain_logs, is_known
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.findings import Diagnosis, Severity
from ssm_bootstrap.model.localtime import in_zone, time_in_words
from ssm_bootstrap.model.logs import LogDigest, LogGroup
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import NO_SITE
from ssm_bootstrap.render.brief import tell_brief
from ssm_bootstrap.render.code_page import tell_code
from ssm_bootstrap.render.findings_page import page
from ssm_bootstrap.render.language import say
from ssm_bootstrap.render.story import incident_document, tell_harmless, tell_story
from ssm_bootstrap.render.text import Report
from ssm_bootstrap.render.wording import records_line

MOST_UNEXPLAINED = 20
"""Rows of unexplained errors that are told in text; JSON has them all."""


def tell(search: Search, digest: LogDigest, arguments: argparse.Namespace, secrets: Secrets) -> int:
    """Print what a digest means; gives the exit status, raises Refusal (66) for what is no log, and Leak."""
    found = explain_logs(digest, NO_SITE, region=arguments.region)
    search.must_be_recognised(digest, _is_anything_told(found), _untold(digest.groups))
    _mention_untold(digest, arguments)
    region, source = arguments.region or found.region, "flag" if arguments.region else "logs"
    if not region and found.findings and search.is_own:
        region, source = search.own_region()
        found = explain_logs(digest, NO_SITE, region=region) if region else found
    for file in digest.files:
        for remark in file.remarks:
            arguments.say(f"{file.path}: {say(remark)}")
    severities = {finding.severity for finding in found.findings}
    status = exit_status(Severity.ERROR in severities, Severity.WARNING in severities, arguments.strict)
    if search.files and not severities - {Severity.INFO}:
        status = status_beside(search.unread(digest))
    if arguments.json:
        print_document(_document(digest, found, search, (region, source), int(status), arguments.all), secrets)
    else:
        print_report(_report(digest, found, search, region, arguments, secrets), secrets)
    return status


def _is_anything_told(found: LogDiagnosis) -> bool:
    """Whether anything is told of the agent, or of a fault, or a package manager tells of its whole work."""
    explained, _, unexplained = found.records
    harmless = {note.id for note in found.harmless}
    is_output = len(harmless & FRAMES) > 1
    return bool(explained or unexplained or found.findings or is_output or harmless - HARMLESS)


def _untold(groups: Iterable[LogGroup]) -> str:
    """What is to be said of text in which nothing is told: a failure that nobody knows is one all the same."""
    if any(reads_as_failure(group.sample.message) for group in groups):
        return phrase("no line of it is known, and it is no log of the agent")
    return phrase("nothing in it tells of a fault, and it is no log of the agent")


def _mention_untold(digest: LogDigest, arguments: argparse.Namespace) -> None:
    """Say which of several files that were named told nothing: it was read, and counts for nothing."""
    if len(arguments.files) < 2:
        return
    named = {os.path.abspath(word) for word in arguments.files}
    telling = {group.file for group in digest.groups if is_known(group)}
    for file in digest.files:
        if file.path in named and not file.headed and file.path not in telling and not file.remarks:
            groups = [group for group in digest.groups if group.file == file.path]
            arguments.say(f"{file.path}: {say(_untold(groups) if file.bytes_read else phrase('it is empty'))}")


def _document(
    digest: LogDigest, found: LogDiagnosis, search: Search, region: tuple[str, str], status: int, harmless: bool
) -> dict[str, object]:
    # What a look at a machine gives: a page of text needs none of it.
    from ssm_bootstrap.model.observations import Observations, Plan
    from ssm_bootstrap.render.wire import document

    name, source = region
    told: Observed[str] = Seen(name) if name else Unseen("the logs name no region")
    plan = Plan(command="explain", region=told, region_source=source if name else "")
    observations = Observations(version=__version__, taken_at=in_zone(search.now, search.zone), plan=plan, logs=Seen(digest))
    diagnosis = Diagnosis(
        findings=found.findings,
        unseen=search.unread(digest),
        unexplained=found.listed,
        records=found.records,
        history=found.history,
        runs=found.timeline.runs,
    )
    more: dict[str, object] = {
        "incidents": [incident_document(item) for item in found.incidents],
        "zone": search.zone_name,
        "records": dict(zip(("explained", "benign", "unexplained"), found.records)),
    }
    if harmless:
        more["harmless"] = [{"id": note.id, "meaning": note.meaning, "count": note.count} for note in found.harmless]
    return document(observations, diagnosis, status, more)


def _report(
    digest: LogDigest, found: LogDiagnosis, search: Search, region: str, arguments: argparse.Namespace, secrets: Secrets
) -> Report:
    listed = found.listed
    most = MOST_UNEXPLAINED if arguments.full else len(listed)
    diagnosis = Diagnosis(
        findings=found.findings,
        unseen=search.unread(digest),
        unexplained=listed[:most],
        records=found.records,
        history=found.history,
    )
    report = new_report(arguments.colour, arguments.width)
    where = f" - {region}" if region else ""
    when = time_in_words(in_zone(search.now, search.zone))
    title = f"ssm-bootstrap {__version__} - explain{where} - {when}"
    if not arguments.full:
        if arguments.history or arguments.all:
            report.cut(title, "dim")
            _tell_before(report, found, arguments)
            report.line()
            title = ""
        past = 0 if arguments.history else len(found.history)
        tell_brief(report, diagnosis, heading=title, details=in_full(arguments, secrets, past=past > 0), past=past)
        return report
    report.line(title, "dim")
    report.headline(diagnosis)
    tell_story(report, [item for item in found.incidents if item.goes_on], search.zone_name)
    report.findings(diagnosis.findings)
    if not arguments.history and found.history:
        report.line()
        report.line(phrase("Past faults not shown: {count} (--history lists them).", count=len(found.history)), "dim")
    _tell_before(report, found, arguments)
    report.unseen(diagnosis)
    if len(listed) > MOST_UNEXPLAINED:
        report.item("    ", phrase("and {count} more (--json has them)", count=len(listed) - MOST_UNEXPLAINED))
    explained, benign, unexplained = found.records
    report.line()
    report.line(records_line(explained, benign, unexplained), "dim")
    report.line()
    report.headline(diagnosis)
    return report


def _tell_before(report: Report, found: LogDiagnosis, arguments: argparse.Namespace) -> None:
    """What was asked for besides what is so now: what is over, and what is harmless."""
    if arguments.history:
        report.history(found.history)
    if arguments.all:
        tell_harmless(report, [(note.count, note.id, note.meaning) for note in found.harmless])


def tell_page(arguments: argparse.Namespace) -> int:
    """The page of one code; as JSON with the text that docs/findings.md has."""
    from ssm_bootstrap.cli.policies import asked_region  # who reads logs needs no policies

    kind, region = FINDINGS[arguments.files[0]], asked_region(arguments)
    if arguments.json:
        document = {"schema": "ssm-bootstrap/1", "command": "explain", "code": kind.code, "page": page(kind)}
        print_document(document, arguments.secrets)
    else:
        report = new_report(arguments.colour, arguments.width)
        tell_code(report, kind, {"region": region, "domain": partition_of(region, NO_SITE).domain} if region else {})
        print_report(report, arguments.secrets)
    return 0
