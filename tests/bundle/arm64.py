"""A Debian for arm64 with python3 and nothing else, in var/arm64, and qemu-user to run it on this machine.

Both come from the sources that apt has here, through lists and caches of their own: nothing of the machine is changed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests import caller

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "var" / "arm64"
QEMU = "qemu-aarch64-static"
DIRECTORIES = ("proc", "tmp", "dev", "run", "var/cache", "root")


class Unavailable(Exception):
    """No such world can be made here; the text says why."""


def world() -> Path:
    """Its root directory, with the emulator in it; made once and kept."""
    made = PLACE / "root"
    if made.exists():
        return made
    for tool in ("apt-get", "dpkg", "unshare"):
        if shutil.which(tool) is None:
            raise Unavailable(f"{tool} is not here")
    shutil.rmtree(PLACE, ignore_errors=True)
    half = PLACE / "half"
    half.mkdir(parents=True)
    try:
        for package in _packages("arm64", "python3"):
            _run("dpkg", "-x", str(package), str(half))
        host = subprocess.run(["dpkg", "--print-architecture"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        for package in _packages(host, "qemu-user-static", "--no-install-recommends"):
            if package.name.startswith("qemu-user-static_"):
                _run("dpkg", "-x", str(package), str(PLACE / "qemu"))
        shutil.copy(PLACE / "qemu" / "usr" / "bin" / QEMU, half / QEMU)
    except FileNotFoundError as error:
        raise Unavailable(f"a file is missing in the packages: {error.filename}") from error
    for name in DIRECTORIES:
        (half / name).mkdir(parents=True, exist_ok=True)
    half.rename(made)
    for rest in PLACE.iterdir():
        if rest != made:
            shutil.rmtree(rest)
    return made


def run(bundle: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run that world's python3 with these words as root of a namespace; the bundle is /bundle.pyz and /var/cache is empty."""
    shutil.copy(bundle, world() / "bundle.pyz")
    return _inside("/usr/bin/python3", "-I", "-S", *words)


def start(executable: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Start an executable of that world's processor with these words, as root of a namespace."""
    shutil.copy(executable, world() / "executable")
    return _inside("/executable", *words)


def _inside(*words: str) -> subprocess.CompletedProcess[str]:
    root = world()
    mounts = f"mount --rbind /proc {root}/proc && mount -t tmpfs -o mode=755 tmpfs {root}/var/cache"
    script = f'{mounts} || exit 99; exec chroot {root} /{QEMU} "$@"'
    opened = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", *words]
    done = subprocess.run(opened, capture_output=True, text=True, env={"PATH": os.defpath + ":/usr/sbin:/sbin"})
    if done.returncode == 99 or done.stderr.startswith("unshare:"):
        raise Unavailable((done.stderr.strip().splitlines() or ["no namespace"])[-1])
    return done


def _packages(architecture: str, *words: str) -> list[Path]:
    """The packages of an empty machine of that architecture that gets these."""
    place = PLACE / architecture
    for name in ("lists/partial", "cache/archives/partial"):
        (place / name).mkdir(parents=True)
    (place / "status").touch()
    (place / "apt.conf").write_text(
        f'Dir::State::Lists "{place}/lists";\nDir::State::status "{place}/status";\nDir::Cache "{place}/cache";\n'
        f'APT::Architecture "{architecture}";\nAPT::Architectures "{architecture}";\nAPT::Sandbox::User "";\n'
    )
    environment = {**caller.ENVIRONMENT, "APT_CONFIG": str(place / "apt.conf")}
    _run("apt-get", "-qq", "update", **environment)
    _run("apt-get", "-qq", "-y", "--download-only", "--no-install-recommends", "install", *words, **environment)
    return sorted((place / "cache" / "archives").glob("*.deb"))


def _run(*words: str, **environment: str) -> None:
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment or None, text=True)
    if done.returncode:
        raise Unavailable(f"{' '.join(words[:3])}: {(done.stdout.strip().splitlines() or [''])[-1]}")
