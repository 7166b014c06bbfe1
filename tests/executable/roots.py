"""Roots of Debian releases without any Python, as debootstrap makes its smallest, kept in the user's cache."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Optional

import pytest

from tests.boot import image

TOOLS = ("debootstrap", "unshare", "mount", "chroot")


def smallest(release: str) -> Path:
    """The root of a release; skips the test where none can be made here."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"these commands are missing: {', '.join(missing)} (tests/system-packages executable-checks)")
    try:
        return image.kept(f"minbase-{release}", "1", lambda place: image.debootstrap(release, place))
    except image.Unavailable as error:
        pytest.skip(str(error))


def run(tree: Path, file: Path, *words: str, given: Optional[dict[str, str]] = None) -> subprocess.CompletedProcess[str]:
    """Run the executable in a root; ``given`` are files that are put below /tmp by their names."""
    return enter(tree, file, FILE, *words, given=given)


FILE = "/mnt/ssm-bootstrap"
_ENTER = """
root=$1 file=$2 given=$3 over=$4; shift 4; set -e
mkdir -p "$over/all"; mount -t tmpfs tmpfs "$over/all"; mkdir "$over/all/upper" "$over/all/work" "$over/all/root"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$over/all/upper,workdir=$over/all/work" "$over/all/root"
root="$over/all/root"
mount -t proc proc "$root/proc"; mount --bind /dev/null "$root/dev/null"
for name in tmp run mnt; do mount -t tmpfs tmpfs "$root/$name"; done
touch "$root/mnt/ssm-bootstrap"; mount --bind "$file" "$root/mnt/ssm-bootstrap"; cp -r "$given/." "$root/tmp/"
exec chroot "$root" "$@"
"""


def enter(tree: Path, file: Path, *words: str, given: Optional[dict[str, str]] = None) -> subprocess.CompletedProcess[str]:
    """Run a command in a root over which a layer lies, as root and without a network; the file is ``FILE`` there."""
    with tempfile.TemporaryDirectory() as place:
        files = Path(place) / "given"
        files.mkdir()
        for name, text in (given or {}).items():
            (files / name).write_text(text, encoding="utf-8")
        opened = [
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--net",
            "--kill-child",
            "sh",
            "-c",
            _ENTER,
            "sh",
            str(tree),
            str(file),
        ]
        return subprocess.run(
            [*opened, str(files), f"{place}/over", *words],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
