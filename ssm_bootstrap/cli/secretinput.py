"""A secret from standard input: asked for without echo on a terminal, read as it is from a pipe."""

from __future__ import annotations

import os
import sys

from ssm_bootstrap.host.dumps import keep_out_of_dumps
from ssm_bootstrap.host.secrets import Secrets, begin_run

CODE_VARIABLE = "SSM_BOOTSTRAP_ACTIVATION_CODE"
"""Holds the activation code; no child ever gets it."""

LIMIT = 4096
"""Characters that are read of a pipe."""


def secrets_of_environment() -> Secrets:
    """What the caller's environment tells of secrets; the activation code is taken out of it, so that no child gets it.

    Whatever more of them this run comes to know, no core dump shows it.
    """
    keep_out_of_dumps()
    return begin_run(Secrets(os.environ.pop(CODE_VARIABLE, None)))


def read_secret(name: str) -> str:
    """What was typed or piped; empty where nothing came."""
    keep_out_of_dumps()
    if not sys.stdin.isatty():
        return sys.stdin.read(LIMIT)
    import getpass

    try:
        return getpass.getpass(f"{name} (it is not shown): ")
    except EOFError:
        return ""
