"""`python -m tools.bundle DIRECTORY`: the bundle, its bill of materials and their hashes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.bundle import archive, sbom, wheels
from tools.bundle.sums import write_sums

NAME = "ssm-bootstrap"


def main() -> int:
    """Build into a directory; 1 with one line where a tool fails."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "dist")
    os.umask(0o022)
    epoch = source_date()
    os.environ["SOURCE_DATE_EPOCH"] = str(epoch)
    target.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=target, prefix=".building-") as place:
            made = make(Path(place), epoch)
            for path in made:
                os.replace(path, target / path.name)
            write_sums(target, [path.name for path in made])
            for path in made:
                print(f"{target / path.name}  {(target / path.name).stat().st_size} bytes")
    except wheels.Failed as error:
        print(f"bundle: {error}", file=sys.stderr)
        return 1
    return 0


def make(place: Path, epoch: int) -> list[Path]:
    """The files, in a directory of their own; wheels.Failed."""
    others, own, tree = place / "others", place / "own", place / "tree"
    for directory in (others, own, tree):
        directory.mkdir()
    parts = [wheels.build(own), *wheels.fetch(others)]
    archive.lay_out(parts, tree)
    bundle, bill = place / f"{NAME}.pyz", place / f"{NAME}.cdx.json"
    archive.write(tree, bundle, epoch)
    bill.write_text(sbom.bill(bundle, parts, [sbom.starter()], epoch), encoding="utf-8")
    return [bundle, bill]


def source_date() -> int:
    """Seconds since the epoch: what SOURCE_DATE_EPOCH says, else the last commit's time, else 1980, where zip's time begins."""
    said = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not said:
        words = ("git", "-C", str(wheels.ROOT), "log", "-1", "--format=%ct")
        try:
            said = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
        except FileNotFoundError:
            said = ""
    return max(int(said or 0), 315532800)


if __name__ == "__main__":
    sys.exit(main())
