"""The AWS CLI as a program of the test's own, which takes its commands to the one that stands by."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from tests.aws.standby import CLIENT, standby


def path_with_cli(home: Path) -> str:
    """A PATH that finds it, in a directory below ``home``."""
    programs = home / "programs"
    programs.mkdir(exist_ok=True)
    words = (sys.executable, "-I", "-S", str(CLIENT), standby())
    (programs / "aws").write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
    (programs / "aws").chmod(0o755)
    return f"{programs}:{os.environ['PATH']}"
