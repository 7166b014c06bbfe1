"""``ssm-bootstrap explain``: what the agent's logs say, in causes; or the page of one finding code."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ssm_bootstrap.cli.flags import add_output, add_region

if TYPE_CHECKING:
    from ssm_bootstrap.model.observations import LogDigest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``explain``."""
    parser.add_argument(
        "source",
        nargs="*",
        metavar="FILE|-|CODE",
        help="logs or directories of logs to read, - for standard input (default: the agent's own logs), "
        "or a finding code whose page is wanted",
    )
    add_region(parser)
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read, group by cause, tell."""
    from ssm_bootstrap.catalog.findings import FINDINGS

    if len(arguments.source) == 1 and arguments.source[0] in FINDINGS:
        return _page(arguments)
    from ssm_bootstrap import __version__
    from ssm_bootstrap.cli.looking import plan_of, real_host, stand
    from ssm_bootstrap.cli.telling import tell
    from ssm_bootstrap.diagnose.logs import explain_logs
    from ssm_bootstrap.model.diagnosis import Diagnosis
    from ssm_bootstrap.model.observations import Observations
    from ssm_bootstrap.model.observed import Seen, value_of

    ground = stand(real_host(), arguments.region, ask_metadata=False)
    digest = _read(arguments.source)
    found = explain_logs(digest, region=value_of(ground.choice.region))
    observations = Observations(
        version=__version__,
        taken_at=ground.host.clock.now(),
        plan=plan_of(ground, "explain", ()),
        logs=Seen(digest),
    )
    diagnosis = Diagnosis(
        findings=found.findings, unseen=digest.unseen, unexplained=found.listed, records=found.records
    )
    _remark(digest)
    return tell(observations, diagnosis, arguments)


def _read(sources: list[str]) -> LogDigest:
    import os
    import sys

    from ssm_bootstrap.cli.looking import real_host
    from ssm_bootstrap.collect.agentlog import default_paths, read_logs, read_stream
    from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal

    host = real_host()
    zone, now = host.clock.zone(), host.clock.now()
    if sources == ["-"]:
        return read_stream(iter(lambda: sys.stdin.buffer.read(1 << 18), b""), "standard input", zone)
    if not sources:
        own = default_paths(host.files)
        if not any(host.files.exists(path) for path in own):
            raise Refusal(ExitStatus.BAD_CONTENT, "explain: /var/log/amazon/ssm: expected the agent's logs; there are none")
        return read_logs(host.files, own, zone, now)
    paths: list[str] = []
    for source in sources:
        if source == "-":
            raise Refusal(ExitStatus.USAGE, "explain: -: expected alone")
        path = os.path.abspath(source)
        if os.path.isdir(path):
            paths.extend(default_paths(host.files, path))
        else:
            paths.append(path)
    digest = read_logs(host.files, tuple(dict.fromkeys(paths)), zone, now)
    if len(sources) == 1 and digest.unseen and not digest.files:
        path, reason = digest.unseen[0]
        raise Refusal(ExitStatus.BAD_CONTENT, f"explain: {path}: {reason}")
    return digest


def _remark(digest: LogDigest) -> None:
    """What was odd about the files, on standard error."""
    from ssm_bootstrap.cli.output import say

    for file in digest.files:
        for remark in file.remarks:
            say(f"{file.path}: {remark}")


def _page(arguments: argparse.Namespace) -> int:
    """The page of one code, as docs/findings.md has it."""
    from ssm_bootstrap.catalog.findings import FINDINGS
    from ssm_bootstrap.cli.output import print_document
    from ssm_bootstrap.render.findingspage import page

    kind = FINDINGS[arguments.source[0]]
    if arguments.json:
        print_document({"schema": "ssm-bootstrap/1", "command": "explain", "code": kind.code, "page": page(kind)})
    else:
        print(page(kind), end="")
    return 0

