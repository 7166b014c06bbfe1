"""A root of a Debian release that may be changed: a layer over the tree that the boot tests keep. No systemd runs in it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Optional

from tests.boot.container import PATH, Disk

ENTER = """
set -e
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
mount -t proc proc "$2/root/proc"
mount -t tmpfs tmpfs "$2/root/mnt"
if [ -n "$3" ]; then mount --bind "$3" "$2/root/mnt"; fi
cd /
disk=$2
shift 3
"""
INSIDE = 'exec chroot "$disk/root" "$@"'
OUTSIDE = 'cd "$disk/root" && exec "$@"'

LISTING = r"""
find / -xdev \( -path /proc -o -path /mnt -o -path /tmp -o -path /var/lib/dpkg -o -path /var/lib/rpm -o -path /dev \) -prune \
    -o ! -path /var/log/dpkg.log ! -path /var/cache/ldconfig/aux-cache -printf '%y %m %u:%g %p %l\n' | LC_ALL=C sort
"""
"""Every file but what dpkg and rpm keep of their own."""


class World:
    """One root; what was written to it is gone after the `with` block. Each command has its mounts for itself."""

    def __init__(self, tree: Path) -> None:
        self._tree = tree

    def __enter__(self) -> World:
        self.disk = Disk([self._tree])
        return self

    def __exit__(self, *_: object) -> None:
        self.disk.remove()

    def run(
        self, script: str, *words: str, packages: Optional[Path] = None, patience: float = 100
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell script in the root, with a directory of the machine as /mnt; output and errors are one."""
        return self._enter(INSIDE, ["sh", "-c", script, "sh", *words], packages, patience)

    def of_host(self, *words: str, packages: Optional[Path] = None) -> subprocess.CompletedProcess[str]:
        """Run a program of the machine, with the root as its working directory."""
        return self._enter(OUTSIDE, list(words), packages)

    def _enter(
        self, last: str, words: list[str], packages: Optional[Path], patience: float = 100
    ) -> subprocess.CompletedProcess[str]:
        # Overlayfs wants a work directory that no mount before has left anything in.
        shutil.rmtree(self.disk.home / "work", ignore_errors=True)
        (self.disk.home / "work").mkdir()
        begin = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER + last, "sh"]
        places = [str(self._tree), str(self.disk.home), str(packages or "")]
        return subprocess.run(
            [*begin, *places, *words],
            env={"PATH": PATH, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=patience,
        )

    def do(self, script: str, *words: str, packages: Optional[Path] = None) -> str:
        """The output of a script that must succeed."""
        done = self.run(script, *words, packages=packages)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def listing(self) -> set[str]:
        """Type, mode, owner and path of everything that is there."""
        return set(self.do(LISTING).splitlines())

    def has(self, path: str) -> bool:
        """True where the root has something at a path."""
        return self.run('[ -e "$1" ] || [ -L "$1" ]', path).returncode == 0

    def write(self, path: str, text: str, mode: str = "0644") -> None:
        """A file, with its directories."""
        self.do('mkdir -p "${1%/*}" && printf %s "$2" >"$1" && chmod "$3" "$1"', path, text, mode)
