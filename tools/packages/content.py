"""What lies in both packages: path, bytes and mode of every file, and how they are put into a tree."""

from __future__ import annotations

import calendar
import gzip
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ssm_bootstrap import __version__
from ssm_bootstrap.render.language import ENGLISH, LANGUAGES, speak
from tools.packages.completions import complete
from tools.packages.grammar import whole_parser
from tools.packages.manual import manual

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
UNITS = ROOT / "ssm_bootstrap" / "data" / "systemd"
CONFIGURATION = HERE / "files" / "ssm-bootstrap.conf"
PLACES = {
    ".service": "usr/lib/systemd/system/{name}",
    ".timer": "usr/lib/systemd/system/{name}",
    ".tmpfiles": "usr/lib/tmpfiles.d/{stem}.conf",
}
"""Where a file of UNITS goes, by its suffix. systemd reads /usr/lib on every release, merged with /lib or not."""

COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/ssm-bootstrap",
    "fish": "usr/share/fish/vendor_completions.d/ssm-bootstrap.fish",
}
DOCUMENTS = "usr/share/doc/ssm-bootstrap"


ANY = ""
"""In the place of a machine: the bundle, which runs wherever there is a Python."""


@dataclass(frozen=True)
class Bundle:
    """What `make bundle` or `make executable` left: the file, its bill of materials, its time in seconds since the epoch.

    ``machine`` is the one (``uname -m``) that an executable is for; a bundle is for any.
    """

    data: bytes
    bill: bytes
    epoch: int
    machine: str = ANY

    def parts(self) -> tuple[tuple[str, str, str], ...]:
        """Name, version and licence of each part, in order of name."""
        rows = json.loads(self.bill)["components"]
        return tuple(sorted({(row["name"], row["version"], row["licenses"][0]["expression"]) for row in rows}))

    def licence(self) -> str:
        """One expression (SPDX) over all of it, the program's own first."""
        others = {licence for _, _, licence in self.parts()} - {"Apache-2.0"}
        return " AND ".join(["Apache-2.0", *sorted(others)])


def read_bundle(directory: Path, machine: str = ANY) -> Bundle:
    """What lies in a directory; the packages get the file's own time, so one commit gives one hash."""
    name = f"ssm-bootstrap-{machine}" if machine else "ssm-bootstrap"
    file = directory / (name if machine else f"{name}.pyz")
    with zipfile.ZipFile(file) as opened:
        dated = "site-packages/ssm_start.pyc" if machine else "ssm_build.py"
        epoch = calendar.timegm((*opened.getinfo(dated).date_time, 0, 0, 0))
    return Bundle(file.read_bytes(), (directory / f"{name}.cdx.json").read_bytes(), epoch, machine)


@dataclass(frozen=True)
class Entry:
    """One file, or a directory where ``data`` is None; ``path`` is relative to the root."""

    path: str
    data: Optional[bytes]
    mode: int = 0o644


def entries(bundle: Bundle, zsh: str, version: str = __version__) -> list[Entry]:
    """What both packages hold; ``zsh`` is the directory of its functions, which each distribution has elsewhere."""
    parser = whole_parser()
    found = [
        Entry("usr/bin/ssm-bootstrap", bundle.data, 0o755),
        Entry("etc/ssm-bootstrap.conf", CONFIGURATION.read_bytes()),
        Entry("etc/ssm-bootstrap", None, 0o700),
        Entry("usr/lib/systemd/system-preset/80-ssm-bootstrap.preset", (HERE / "files" / "ssm-bootstrap.preset").read_bytes()),
        *(Entry(*page) for page in manuals(version, bundle.epoch)),
        Entry(f"{DOCUMENTS}/ssm-bootstrap.cdx.json", bundle.bill),
    ]
    for path in sorted(UNITS.iterdir()):
        place = PLACES[path.suffix].format(name=path.name, stem=path.stem)
        found.append(Entry(place, path.read_bytes()))
    for shell, place in {**COMPLETIONS, "zsh": f"{zsh}/_ssm-bootstrap"}.items():
        found.append(Entry(place, complete(parser, shell).encode()))
    return found


def manuals(version: str, epoch: int) -> Iterator[tuple[str, bytes]]:
    """Where the manual page of each language lies, and the page."""
    for language in LANGUAGES:
        speak(language)
        place = "usr/share/man" if language == ENGLISH else f"usr/share/man/{language}"
        yield f"{place}/man1/ssm-bootstrap.1.gz", packed(manual(whole_parser(), version, epoch).encode())
    speak(ENGLISH)


def packed(data: bytes) -> bytes:
    """As gzip -9n does it: without a name or a time."""
    return gzip.compress(data, 9, mtime=0)


def lay_out(found: list[Entry], tree: Path, epoch: int) -> None:
    """Write entries below a directory; every file and directory there gets the one time."""
    for entry in found:
        path = tree / entry.path
        if entry.data is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(entry.data)
        path.chmod(entry.mode)
    for path in (tree, *tree.rglob("*")):
        os.utime(path, (epoch, epoch))


def filled(name: str, **values: str) -> str:
    """A text of this directory with each @NAME@ of the values, and each @SCRIPT.sh@ line, put in."""
    text = (HERE / name).read_text(encoding="utf-8")
    for script in (HERE / "scripts").glob("*.sh"):
        mark = f"@{script.name}@\n"
        if mark in text:
            text = text.replace(mark, filled(f"scripts/{script.name}", **values))
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text
