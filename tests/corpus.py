"""The corpus: what a real agent wrote, and what each part must be explained as."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timezone
from pathlib import Path
from typing import Any

from ssm_bootstrap.collect.logs.read import default_paths, read_logs
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.observations import LogDigest

CORPUS = Path(__file__).resolve().parent / "data" / "corpus"

EXPECTED: Mapping[str, Mapping[str, Any]] = json.loads((CORPUS / "expected.json").read_text(encoding="utf-8"))


def digest_of(name: str) -> LogDigest:
    """The digest of one entry: a file, or a log directory with the orchestration output that lies below it."""
    files = Files(str(CORPUS))
    path = CORPUS / name
    if path.is_dir():
        directory = "/" + name.rstrip("/")
        paths = [*default_paths(files, directory)]
        paths += ["/" + str(found.relative_to(CORPUS)) for found in sorted(path.rglob("std*"))]
    else:
        paths = ["/" + name]
    return read_logs(files, paths, timezone.utc)
