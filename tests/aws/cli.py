"""The AWS CLI as a program of the test's own: the #! line of the installed script holds no path with a blank."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

_PROGRAM = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m awscli "$@"\n'


def path_with_cli(home: Path) -> str:
    """A PATH that finds it, in a directory below ``home``."""
    programs = home / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "aws").write_text(_PROGRAM, encoding="utf-8")
    (programs / "aws").chmod(0o755)
    return f"{programs}:{os.environ['PATH']}"
