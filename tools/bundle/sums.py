"""SHA256SUMS of a directory into which several tools build."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


def write_sums(directory: Path, names: Iterable[str]) -> None:
    """Put hashes of files into SHA256SUMS; the other lines stay, those of files that are gone do not."""
    sums = directory / "SHA256SUMS"
    rows = {}
    for line in sums.read_text(encoding="utf-8").splitlines() if sums.exists() else []:
        digest, _, name = line.partition("  ")
        if (directory / name).exists():
            rows[name] = digest
    for name in names:
        rows[name] = hashlib.sha256((directory / name).read_bytes()).hexdigest()
    sums.write_text("".join(f"{digest}  {name}\n" for name, digest in rows.items()), encoding="utf-8")
