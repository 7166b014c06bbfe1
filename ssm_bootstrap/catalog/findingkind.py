"""The shape of a row of the findings table."""

from __future__ import annotations

from dataclasses import dataclass

from ssm_bootstrap.model.finding import Severity


@dataclass(frozen=True)
class FindingKind:
    """One permanent finding code and how it is told.

    ``title``, ``cause``, ``summary``, ``steps`` and ``commands`` are ``str.format`` templates over the facts that every
    finding has: ``{subject}`` (host or thing), ``{service}`` (ssm, s3, ...), ``{host}``, ``{address}``, ``{port}``,
    ``{region}``, ``{domain}``, ``{detail}`` (what was seen, one line), ``{issuer}``, ``{proxy}``, ``{seconds}``, ``{mi}``,
    ``{vpc_id}``, ``{instance_id}``, ``{subnet_id}``, ``{ca_file}``, ``{ca_command}`` (where this system
    takes a further authority from, and the command that does so).
    A fact that is not known is filled with its own name in angle brackets, so that a pasted command says what to put there.
    ``aws_steps`` are for who owns the VPC or the account, ``steps`` for the person on the instance.
    ``when`` is empty but for a row of VARIANTS: then it says in which case these words stand for those of the code's own row.
    """

    code: str
    severity: Severity
    title: str
    cause: str
    summary: str
    steps: tuple[str, ...] = ()
    aws_steps: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    aws_commands: tuple[str, ...] = ()
    transient: bool = False
    source: str = ""
    when: str = ""
