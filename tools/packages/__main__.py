"""`python -m tools.packages deb|rpm DIRECTORY`: a package of the bundle or an executable in the directory, and its hash."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from ssm_bootstrap import __version__
from tools.bundle.sums import write_sums
from tools.bundle.wheels import MACHINES
from tools.packages import deb, rpm
from tools.packages.content import ANY, read_bundle
from tools.packages.running import Failed

BUILDERS = {"deb": deb.build, "rpm": rpm.build}


def main() -> int:
    """Build into the bundle's directory; 1 with one line where a tool fails."""
    parser = argparse.ArgumentParser(prog="python -m tools.packages", allow_abbrev=False)
    parser.add_argument("kind", choices=BUILDERS)
    parser.add_argument("directory", type=Path, help="where `make bundle` and `make executable` left their files")
    parser.add_argument("--machine", choices=MACHINES, default=ANY, help="of the executable for it, not of the bundle")
    parser.add_argument("--version", default=__version__, help="name another version, for tests of an upgrade")
    asked = parser.parse_args()
    os.umask(0o022)
    target: Path = asked.directory
    try:
        bundle = read_bundle(target, asked.machine)
        with tempfile.TemporaryDirectory(dir=target, prefix=".packing-") as place:
            file = BUILDERS[asked.kind](bundle, asked.version, Path(place).resolve())
            os.replace(file, target / file.name)
    except (Failed, FileNotFoundError) as error:
        print(f"{asked.kind}: {error}", file=sys.stderr)
        return 1
    write_sums(target, [file.name])
    print(f"{target / file.name}  {(target / file.name).stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
