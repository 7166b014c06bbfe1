"""When files were last written."""

from __future__ import annotations

import os

from ssm_bootstrap.host.files import Files


def modified(files: Files, path: str) -> float:
    """Seconds since the epoch of the last change at a path; raises OSError."""
    return os.stat(files.real(path)).st_mtime
