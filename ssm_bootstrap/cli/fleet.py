"""``ssm-bootstrap fleet``: the reports of many nodes as one, and the SQL that asks the same of Athena."""

from __future__ import annotations

import argparse
import re
from typing import Any, Mapping, Optional

from ssm_bootstrap import __version__
from ssm_bootstrap.catalog.fleetsql import (
    ATTRIBUTES,
    NONE,
    QUESTIONS,
    SAVED,
    TABLE,
    UNSEEN,
    VIEW,
    script_on_duckdb,
    view_on_athena,
)
from ssm_bootstrap.cli.flags import CAPABILITIES, Example, Moment, add_full, add_output, add_page, duration, moment, resolve
from ssm_bootstrap.cli.output import in_full, new_report, print_document, print_report, print_text, tell_written, write_file
from ssm_bootstrap.cli.report import check_page
from ssm_bootstrap.collect.fleet import look_at_fleet
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.diagnose.fleet import diagnose_fleet
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.host.tables import EXTRA, TableError, can_be_opened
from ssm_bootstrap.model.codec import decode
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.fleet import SILENT_DAYS, FleetDiagnosis, FleetOrder
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.render.fleet import tell_fleet, tell_fleet_in_full
from ssm_bootstrap.render.fleetwire import fleet_document
from ssm_bootstrap.render.language import _, say
from ssm_bootstrap.render.wire import document
from ssm_bootstrap.session import real_host

EXAMPLES = (
    Example(
        "ssm-bootstrap fleet report reports/",
        "what is wrong with how many nodes, and what they have in common",
    ),
    Example(
        "ssm-bootstrap fleet report reports/ --capability patch --by subnet",
        "where patching is broken, subnet by subnet",
    ),
    Example(
        "ssm-bootstrap fleet report reports/ --since 1d --html fleet.html",
        "what changed since then, as a page",
    ),
    Example(
        "ssm-bootstrap fleet sql cannot-patch --dialect athena",
        "the same question for Athena; without a name: all questions",
    ),
)

BY = tuple(attribute.word for attribute in ATTRIBUTES)
REPORT, SQL = "report", "sql"
DUCKDB, ATHENA = "duckdb", "athena"
_TABLE = re.compile(r"[a-z_][a-z0-9_]{0,127}(?:\.[a-z_][a-z0-9_]{0,127})?")


def silence(text: str) -> float:
    """``--silent``: seconds, or a number with s, m, h or d."""
    days = re.fullmatch(r"([0-9]{1,5})d", text.strip())
    return float(days.group(1)) * 86400 if days else duration(text)


def table(text: str) -> str:
    """``--table``: the name of a table, with that of its database or without."""
    if _TABLE.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(
            _("{said!r}: expected the name of a table, as in inventory.custom_ssmbootstrap", said=text)
        )
    return text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words and flags of ``fleet``."""
    parser.add_argument("what", choices=(REPORT, SQL), help="report: tell what the reports say; sql: print the questions as SQL")
    parser.add_argument(
        "names",
        nargs="*",
        metavar="PATH",
        help="of report: files of doctor --json or --save, directories, .jsonl, .gz, .parquet; of sql: the question",
    )
    parser.add_argument(
        "--capability",
        choices=CAPABILITIES,
        default="",
        metavar="CAPABILITY",
        help=phrase("only what is in the way of one of {capabilities}", capabilities=CAPABILITIES),
    )
    parser.add_argument(
        "--since",
        type=moment,
        metavar="TIME",
        help="tell what changed since then, as in yesterday (default: since the report before the newest of each node)",
    )
    parser.add_argument(
        "--silent",
        type=silence,
        default=SILENT_DAYS * 86400.0,
        metavar="TIME",
        help=phrase("name nodes without a report for so long (default: {days}d)", days=SILENT_DAYS),
    )
    parser.add_argument(
        "--by",
        choices=BY,
        default="",
        metavar="ATTRIBUTE",
        help=phrase("a row for each value of one of {attributes}, instead of one for each root cause", attributes=BY),
    )
    add_output(parser, strict=False)
    add_full(parser)
    add_page(parser)
    parser.add_argument("--dialect", choices=(DUCKDB, ATHENA), default=DUCKDB, help="of sql: whose SQL (default: duckdb)")
    parser.add_argument(
        "--table",
        type=table,
        metavar="TABLE",
        help=phrase("of sql nodes for Athena: the table of the inventory (default: {table})", table=TABLE),
    )


def run(arguments: argparse.Namespace) -> int:
    """Report or print; raises Refusal."""
    return _report(arguments) if arguments.what == REPORT else _sql(arguments)


def _sql(arguments: argparse.Namespace) -> int:
    for flag in ("capability", "since", "by", "json", "full", "html"):
        if getattr(arguments, flag):
            raise Refusal(ExitStatus.USAGE, phrase("{flag}: expected with fleet report", flag=f"--{flag}"))
    known = {question.name: question for question in QUESTIONS}
    if not arguments.names:
        width = max(map(len, known))
        rows = [f"{name:<{width}}  {say(question.words)}" for name, question in known.items()]
        print_text(
            "\n".join([f"{VIEW:<{width}}  {_('The view that every question is asked of.')}", *rows]) + "\n", arguments.secrets
        )
        return 0
    for name in arguments.names:
        if name not in known and name != VIEW:
            from ssm_bootstrap.cli.suggestions import closest, question

            said = phrase(
                "fleet sql: {name!r} is not a question; expected {known}{question}",
                name=name,
                known=", ".join((VIEW, *known)),
                question=question(closest(name, (VIEW, *known))),
            )
            raise Refusal(ExitStatus.USAGE, said)
    view = view_on_athena(arguments.table or TABLE) if arguments.dialect == ATHENA else script_on_duckdb()
    texts = [view if name == VIEW else f"-- {known[name].words}\n{known[name].sql}" for name in arguments.names]
    print_text("\n".join(f"{text};\n" for text in texts), arguments.secrets)
    return 0


def _report(arguments: argparse.Namespace) -> int:
    if not arguments.names:
        raise Refusal(ExitStatus.USAGE, "fleet report: expected files or directories of reports")
    if arguments.table is not None:
        raise Refusal(ExitStatus.USAGE, phrase("{flag}: expected with fleet sql", flag="--table"))
    if not can_be_opened():
        said = "fleet report: DuckDB is missing, and no one-file program has it: expected pip install '{extra}'"
        raise Refusal(ExitStatus.BAD_CONTENT, phrase(said, extra=EXTRA))
    if arguments.html is not None:
        check_page(arguments.html)
    host = real_host(arguments.secrets, arguments.say.step)
    INTERRUPTS.install(arguments.say.at_once, "the reports were not read to their end; nothing was changed")
    diagnosis = _look(host, arguments)
    facts = diagnosis.facts
    status = ExitStatus.NO_INPUT if not facts.nodes else ExitStatus.FOUND if facts.broken else ExitStatus.OK
    if arguments.html is not None:
        from ssm_bootstrap.render.fleetpage import fleet_page

        write_file("--html", arguments.html, fleet_page(diagnosis, __version__).encode(), 0o600, host.secrets)
        tell_written(arguments.say, arguments.html, "the report, mode 0600")
    if arguments.json:
        print_document(fleet_document(diagnosis, __version__, status), host.secrets)
        return int(status)
    report = new_report(arguments.colour, arguments.width)
    if arguments.full:
        tell_fleet_in_full(report, diagnosis)
    else:
        tell_fleet(report, diagnosis, in_full(arguments, host.secrets))
    print_report(report, host.secrets)
    return int(status)


def _look(host: Host, arguments: argparse.Namespace) -> FleetDiagnosis:
    now = host.clock.local()
    since: Optional[Moment] = arguments.since
    order = FleetOrder(
        now,
        arguments.capability,
        resolve(since, now, host.clock.zone()) if since is not None else None,
        arguments.silent,
        arguments.by,
    )
    try:
        with host.step(phrase("reading reports")):
            facts = look_at_fleet(arguments.names, order, report_of_saved)
    except TableError as error:
        raise Refusal(ExitStatus.TRY_LATER, phrase("fleet report: DuckDB: {error}", error=error)) from None
    except MemoryError:
        raise Refusal(ExitStatus.TRY_LATER, "fleet report: this machine has no memory to spare for it") from None
    return diagnose_fleet(facts, UNSEEN, NONE)


def report_of_saved(saved: Mapping[str, Any]) -> Mapping[str, Any]:
    """What ``doctor --json`` would have told of what ``doctor --save`` wrote; raises ValueError."""
    if not str(saved.get("schema")).startswith(SAVED):
        raise ValueError("not what doctor --save writes")
    observations: Observations = decode(Observations, saved.get("observations"), "observations")
    diagnosis = diagnose(observations)
    return document(observations, diagnosis, int(bool(diagnosis.errors)))
