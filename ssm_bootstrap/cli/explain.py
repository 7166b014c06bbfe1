"""``ssm-bootstrap explain``: what the agent's logs say, in causes; or the page of one finding code."""

from __future__ import annotations

import argparse
import os
from typing import Sequence

from ssm_bootstrap import __version__
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.logformat import KINDS
from ssm_bootstrap.catalog.secrets import codes_among
from ssm_bootstrap.cli.flags import add_history, add_output, add_region, moment
from ssm_bootstrap.cli.log_search import Search
from ssm_bootstrap.cli.output import exit_status, new_report, print_document, print_report
from ssm_bootstrap.collect.known_secrets import learn_what_can_be, learn_written
from ssm_bootstrap.diagnose.logs.explain import LogDiagnosis, explain_logs
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.aws import NO_SITE
from ssm_bootstrap.model.findings import Diagnosis, Severity
from ssm_bootstrap.model.logs import LogDigest
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from ssm_bootstrap.render.findings_page import page
from ssm_bootstrap.render.story import incident_document, tell_harmless, tell_story
from ssm_bootstrap.render.text import Report

MOST_UNEXPLAINED = 20
"""Rows of unexplained errors that are told in text; JSON has them all."""


SETTINGS = (".conf", ".ini", ".cfg", ".env", ".json", ".yaml", ".yml", ".service")
"""What the names of files of settings end in: a secret that one of them holds may stand in a log without a name beside it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``explain``."""
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE|DIRECTORY|-|CODE",
        help="logs or directories of logs to read (journalctl -o json too), - for standard input (default: what there is on "
        "this machine), or a finding code whose page is wanted",
    )
    add_region(parser)
    parser.add_argument("--since", type=moment, metavar="2h|DATE", help="leave out what is older")
    parser.add_argument("--until", type=moment, metavar="2h|DATE", help="leave out what is newer")
    parser.add_argument(
        "--source",
        dest="kinds",
        type=_kinds,
        metavar="KIND[,...]",
        help="read these alone: errors, agent, hibernate, update, setup-cli, audit, command (orchestration output), patch, "
        "cloud-init, journal (journal is read only when asked for, or where the agent has no log)",
    )
    add_history(parser)
    parser.add_argument("--all", action="store_true", help="tell what is harmless too")
    parser.add_argument(
        "--follow", action="store_true", help="go on reading, and print a line when an incident starts and when it ends"
    )
    parser.add_argument(
        "--command",
        dest="command_id",
        nargs="?",
        const="",
        metavar="ID",
        help="why one command failed: its output, exit status and log as one story (without an id the latest)",
    )
    add_output(parser)


def _kinds(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in names:
        if name not in KINDS:
            raise argparse.ArgumentTypeError(f"{name!r} is no source; expected {', '.join(KINDS)}")
    if not names:
        raise argparse.ArgumentTypeError(f"expected one or more of {', '.join(KINDS)}")
    return names


def run(arguments: argparse.Namespace) -> int:
    """Read, group by cause, tell."""
    if len(arguments.files) == 1 and _is_code(arguments.files[0]):
        return _page(arguments)
    if arguments.command_id is not None:
        # Logs are to be read at once: what looks at a machine is loaded where that is asked for.
        from ssm_bootstrap.cli.command_story import explain_command
        from ssm_bootstrap.session import open_session, real_host

        return explain_command(open_session(real_host(arguments.secrets), arguments.region, ask_metadata=False), arguments)
    secrets = _known(arguments.secrets, arguments.files)
    search = Search.of(arguments)
    if arguments.follow:
        from ssm_bootstrap.cli.follow import follow

        return follow(search, arguments, secrets, Clock())
    digest = search.read()
    if secrets:
        from ssm_bootstrap.model.codec import changed_value

        digest = changed_value(digest, secrets.masked)
    return _tell(search, digest, arguments, secrets)


def _known(secrets: Secrets, named: Sequence[str]) -> Secrets:
    """The caller's, those of this machine's configuration and of files of settings among the named, and codes named as files."""
    learn_what_can_be(secrets, Files(), os.environ)
    for code in codes_among(named, os.path.lexists):
        secrets.learn(code)
    learn_written(secrets, Files(), (os.path.abspath(name) for name in named if name.endswith(SETTINGS)))
    return secrets


def _is_code(word: str) -> bool:
    if "/" in word or "." in word:
        return False
    return word in FINDINGS


def _tell(search: Search, digest: LogDigest, arguments: argparse.Namespace, secrets: Secrets) -> int:
    found = explain_logs(digest, NO_SITE, region=arguments.region)
    search.must_be_recognised(digest, any(found.records) or bool(found.findings))
    region, source = arguments.region or found.region, "flag" if arguments.region else "logs"
    if not region and found.findings and search.is_own:
        region, source = search.own_region()
        found = explain_logs(digest, NO_SITE, region=region) if region else found
    for file in digest.files:
        for remark in file.remarks:
            arguments.say(f"{file.path}: {remark}")
    severities = {finding.severity for finding in found.findings}
    status = exit_status(Severity.ERROR in severities, Severity.WARNING in severities, arguments.strict)
    if arguments.json:
        print_document(_document(digest, found, search, (region, source), int(status), arguments.all), secrets)
    else:
        print_report(_report(digest, found, search, region, arguments), secrets)
    return status


def _document(
    digest: LogDigest, found: LogDiagnosis, search: Search, region: tuple[str, str], status: int, harmless: bool
) -> dict[str, object]:
    # What a look at a machine gives: a page of text needs none of it.
    from ssm_bootstrap.model.observations import Observations, Plan
    from ssm_bootstrap.render.wire import document

    name, source = region
    told: Observed[str] = Seen(name) if name else Unseen("the logs name no region")
    plan = Plan(command="explain", region=told, region_source=source if name else "")
    observations = Observations(version=__version__, taken_at=search.now, plan=plan, logs=Seen(digest))
    diagnosis = Diagnosis(
        findings=found.findings,
        unseen=digest.unseen,
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


def _report(digest: LogDigest, found: LogDiagnosis, search: Search, region: str, arguments: argparse.Namespace) -> Report:
    listed = found.listed
    diagnosis = Diagnosis(
        findings=found.findings, unseen=digest.unseen, unexplained=listed[:MOST_UNEXPLAINED], records=found.records
    )
    report = new_report(arguments.colour)
    where = f" - {region}" if region else ""
    when = search.now.isoformat(sep=" ", timespec="seconds")
    report.line(f"ssm-bootstrap {__version__} - explain{where} - {when}", "dim")
    report.headline(diagnosis)
    tell_story(report, [item for item in found.incidents if item.goes_on], search.zone_name)
    report.findings(diagnosis.findings)
    if arguments.history:
        report.history(found.history)
    elif found.history:
        report.line()
        report.line(f"Over by now, and not told here: {len(found.history)} (--history lists them).", "dim")
    if arguments.all:
        tell_harmless(report, [(note.count, note.id, note.meaning) for note in found.harmless])
    report.unseen(diagnosis)
    if len(listed) > MOST_UNEXPLAINED:
        report.item("    ", f"and {len(listed) - MOST_UNEXPLAINED} more (--json has them)")
    explained, benign, unexplained = found.records
    report.line()
    report.line(f"Records: {explained} explained, {benign} harmless, {unexplained} unexplained.", "dim")
    return report


def _page(arguments: argparse.Namespace) -> int:
    """The page of one code, as docs/findings.md has it."""
    kind = FINDINGS[arguments.files[0]]
    if arguments.json:
        document = {"schema": "ssm-bootstrap/1", "command": "explain", "code": kind.code, "page": page(kind)}
        print_document(document, arguments.secrets)
    else:
        print(page(kind), end="")
    return 0
