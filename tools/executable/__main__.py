"""`python -m tools.executable DIRECTORY [MACHINE...]`: an executable for each machine, its bill of materials and its hash."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

from tools.bundle.__main__ import NAME, source_date
from tools.bundle.sums import write_sums
from tools.bundle.wheels import MACHINES, Failed, build, fetch
from tools.executable import bill, content
from tools.executable.sources import Gone

BUILDS_ON = "x86_64"
"""The machine that the pinned compiler runs on."""

UNAVAILABLE = 69
"""The exit status where a source cannot be had: nothing is wrong with this tree."""


def main() -> int:
    """Build into a directory; 1 with one line where a tool fails, 69 where a source cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m tools.executable", allow_abbrev=False)
    parser.add_argument("directory", type=Path)
    parser.add_argument("machines", nargs="*", metavar="MACHINE", help=f"{', '.join(MACHINES)} (default: both)")
    asked = parser.parse_args()
    wrong = [name for name in asked.machines if name not in MACHINES]
    if wrong:
        parser.error(f"no such machine: {', '.join(wrong)}")
    target: Path = asked.directory
    os.umask(0o022)
    epoch = source_date()
    os.environ["SOURCE_DATE_EPOCH"] = str(epoch)
    target.mkdir(parents=True, exist_ok=True)
    try:
        if platform.machine() != BUILDS_ON:
            raise Gone(f"it is built on {BUILDS_ON}, for either machine")
        for machine in asked.machines or MACHINES:
            began = time.monotonic()
            with tempfile.TemporaryDirectory(dir=target, prefix=".building-") as place:
                made = make(machine, Path(place).resolve(), epoch)
                for path in made:
                    os.replace(path, target / path.name)
            write_sums(target, [path.name for path in made])
            size = (target / made[0].name).stat().st_size
            print(f"{target / made[0].name}  {size} bytes, after {time.monotonic() - began:.0f} s")
    except Gone as error:
        print(f"executable: {error}", file=sys.stderr)
        return UNAVAILABLE
    except Failed as error:
        print(f"executable: {error}", file=sys.stderr)
        return 1
    return 0


def make(machine: str, place: Path, epoch: int) -> list[Path]:
    """A machine's files, in a directory of their own; Failed."""
    others, own, tree = place / "others", place / "own", place / "tree"
    for directory in (others, own, tree):
        directory.mkdir()
    wheels = content.wanted([build(own), *fetch(others)], machine)
    content.lay_out(machine, wheels, tree)
    file = place / f"{NAME}-{machine}"
    content.write(machine, tree, file, epoch)
    told = file.with_name(f"{file.name}.cdx.json")
    told.write_text(bill.bill(file, wheels, epoch), encoding="utf-8")
    return [file, told]


if __name__ == "__main__":
    sys.exit(main())
