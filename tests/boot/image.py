"""Root trees of Debian releases, made once by debootstrap and kept in the user's cache; tests boot layers over them.

The mirror is the one that this machine's own apt uses (or BOOT_MIRROR); without one, or without root, `Unavailable` says so.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional

from tests import caller

RELEASES = ("bullseye", "bookworm", "trixie")  # Debian 11, 12, 13: systemd 247, 252, 257
BASE = (
    "ca-certificates",
    "curl",
    "dbus",
    "dmidecode",
    "ifupdown",
    "iproute2",
    "openssl",
    "python3",
    "systemd",
    "systemd-sysv",
    "udev",
)
LATER = ("cloud-init",)
"""Packages that debootstrap cannot configure, as it does not order what depends on each other; apt installs them."""

RECIPE = "1"
"""Part of the cache's key: another recipe is another tree."""

TOOLS = ("debootstrap", "systemd-nspawn", "unshare", "nsenter", "setpriv", "mount")
ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
"""In namespaces of its own: what a package's script mounts or leaves running goes with the command, also where it is killed."""


class Unavailable(Exception):
    """This machine cannot boot containers; the text says in one line what is missing."""


def cache() -> Path:
    """Where trees are kept between runs."""
    home = caller.ENVIRONMENT.get("XDG_CACHE_HOME") or os.path.join(caller.home(), ".cache")
    return Path(home) / "ssm-bootstrap-tests"


def require() -> None:
    """Raise Unavailable where containers cannot be booted: they need root, and programs that not every machine has."""
    if os.geteuid() != 0:
        raise Unavailable("containers with a systemd of their own need root (mounts, control groups)")
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise Unavailable(f"these commands are missing: {', '.join(missing)} (tests/system-packages boot)")


def mirror() -> str:
    """The address of the Debian archive that apt uses here; raises Unavailable."""
    given = os.environ.get("BOOT_MIRROR")
    if given:
        return given
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        asked = ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages", "Label: Debian"]
        sites = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
        if sites:
            return sites[0]
    raise Unavailable("apt here knows no Debian archive (BOOT_MIRROR may name one)")


def proxies() -> Dict[str, str]:
    """The proxies of apt's configuration, as the variables that debootstrap and apt read."""
    found = {}
    for name in ("http", "https"):
        with contextlib.suppress(OSError):
            asked = ["apt-config", "shell", "value", f"Acquire::{name}::Proxy"]
            said = subprocess.run(["sh", "-c", f'eval "$({" ".join(asked)})"; echo "$value"'], capture_output=True, text=True)
            if said.stdout.strip():
                found[f"{name}_proxy"] = said.stdout.strip()
    return found


def tree(release: str) -> Path:
    """The tree of a release, made now where it is not in the cache; raises Unavailable, and RuntimeError where that fails."""
    require()
    key = hashlib.sha256(" ".join((RECIPE, release, *BASE, *LATER)).encode()).hexdigest()[:12]
    return kept(release, key, lambda place: _make(release, place))


def kept(name: str, key: str, make: Callable[[Path], None]) -> Path:
    """A tree of the cache, by a name and what it was made of; ``make`` makes it where it is not there."""
    ready = cache() / f"{name}-{key}"
    ready.parent.mkdir(parents=True, exist_ok=True)
    with _alone(name):
        if not ready.is_dir():
            for other in cache().glob(f"{name}-*"):
                shutil.rmtree(other)
            fresh = cache() / f"{name}-{key}.new"
            try:
                make(fresh)
                fresh.rename(ready)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    return ready


def debootstrap(release: str, root: Path, *packages: str) -> None:
    """The smallest system of a release, and packages; raises Unavailable and RuntimeError."""
    debs = cache() / "debs" / release
    debs.mkdir(parents=True, exist_ok=True)
    included = [f"--include={','.join(packages)}"] if packages else []
    command = ["debootstrap", "--variant=minbase", f"--cache-dir={debs}", *included, release, str(root), mirror()]
    _run([*ALONE, *command], _environment())


def _environment() -> Dict[str, str]:
    return {**caller.ENVIRONMENT, **proxies(), "DEBIAN_FRONTEND": "noninteractive", "LANG": "C.UTF-8"}


@contextlib.contextmanager
def _alone(name: str) -> Iterator[None]:
    """One process at a time makes a tree; the lock ends with its holder."""
    with (cache() / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(release: str, root: Path) -> None:
    environment = _environment()
    debootstrap(release, root, *BASE)
    (root / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text("force-unsafe-io\n")
    resolver = root / "etc/resolv.conf"
    resolver.unlink(missing_ok=True)
    resolver.write_bytes(Path("/etc/resolv.conf").read_bytes())
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *LATER]
    _run([*ALONE, "chroot", str(root), *install], environment)
    _run(["chroot", str(root), "apt-get", "clean"], environment)
    resolver.write_text("")
    for name in ("etc/machine-id", "var/lib/dbus/machine-id", "etc/apt/sources.list"):
        (root / name).unlink(missing_ok=True)
    for path in (root / "var/lib/apt/lists").glob("*_*"):
        path.unlink()


def _run(command: List[str], environment: Optional[Dict[str, str]] = None) -> None:
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        end = done.stdout.decode("utf-8", "replace")[-800:]
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {end}")
