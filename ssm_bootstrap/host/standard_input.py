"""A secret from standard input: asked for without echo on a terminal, read as it is from a pipe."""

from __future__ import annotations

import getpass
import sys

from ssm_bootstrap.host.secrets import keep_out_of_dumps
from ssm_bootstrap.model.phrase import phrase

LIMIT = 4096
"""Characters that are read of a pipe."""


class StandardInput:
    """What this process was given to read."""

    def read_secret(self, name: str) -> str:
        """What was typed or piped; empty where nothing came."""
        keep_out_of_dumps()
        if not sys.stdin.isatty():
            return sys.stdin.read(LIMIT)
        try:
            return getpass.getpass(phrase("{name} (it is not shown): ", name=name))
        except EOFError:
            return ""
