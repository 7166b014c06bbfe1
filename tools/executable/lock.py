"""`python -m tools.executable.lock`: writes sources.txt anew, each file with its hash: of each source the newest there is.

Only a person runs this, to take up fixes; the build reads what it wrote. docs/executable.md says when. The compiler and psutil
are pinned by hand in packages.txt.
"""

from __future__ import annotations

import hashlib
import re
import sys
import tempfile
from pathlib import Path

from tools.bundle.wheels import Failed
from tools.executable.sources import LOCK, Archive

WANTED = {
    "python3.13": (r"3\.13\.", False),
    "openssl": (r"3\.5\.", True),
    "zlib": (r"1:1\.", False),
    "bzip2": (r"1\.", False),
    "xz-utils": (r"5\.", True),
}
"""Which versions, and whether with Debian's patches: some of these are fixes; CPython's and the rest fit it into Debian.

OpenSSL 3.5 has fixes until April 2030, CPython 3.13 until October 2029.
"""


def main() -> int:
    """Write the file; 1 with one line where a source cannot be had."""
    lines = ["# Written by python -m tools.executable.lock: source package, version, file, SHA-256\n"]
    with tempfile.TemporaryDirectory() as place:
        archive = Archive(Path(place) / "apt")
        archive.update()
        for name, (pattern, is_patched) in WANTED.items():
            target = Path(place) / name
            target.mkdir()
            try:
                version = newest(archive, name, pattern, target)
            except Failed as error:
                print(f"lock: {error}", file=sys.stderr)
                return 1
            files = [path for path in target.iterdir() if re.search(r"\.orig\.tar\.\w+$", path.name)]
            files += [path for path in target.iterdir() if is_patched and ".debian.tar." in path.name]
            for file in files:
                lines.append(f"{name} {version} {file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n")
    LOCK.write_text("".join(lines), encoding="utf-8")
    return 0


def newest(archive: Archive, name: str, pattern: str, target: Path) -> str:
    """The newest version whose files are there: the lists may name one that is gone, or not there yet. Failed."""
    for version in archive.versions(name):
        if re.match(pattern, version):
            try:
                archive.download(name, version, target)
                return version
            except Failed:
                for left in target.iterdir():
                    left.unlink()
    raise Failed(f"{name}: no version of {pattern} can be had")


if __name__ == "__main__":
    sys.exit(main())
