"""Each manager's runs inside the closed world, as JSON: `python -m tests.managers.runs MANAGER [KIND…]`."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Iterator, Mapping, Sequence, Tuple

from tests.managers import world
from tests.managers.repositories import Keys

LONGEST = 150
"""Seconds after which a run is ended; zypper waits a minute for a connection, and no setting changes that."""

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/var/home",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "DEBIAN_FRONTEND": "noninteractive",
    "TMPDIR": "/var/tmp",
}
_APT = """APT::Architecture "amd64";
APT::Sandbox::User "root";
Acquire::Retries "0";
Acquire::http::Timeout "2";
Acquire::https::Timeout "2";
Acquire::Languages "none";
Dir::Log::Terminal "";
"""
_DNF = "[main]\ngpgcheck=1\ntimeout=2\nretries=1\nskip_if_unavailable=False\nplugins=0\nassumeyes=1\ncachedir=/var/cache/dnf\n"
_ZYPP = "[main]\ndownload.transfer_timeout = 3\ndownload.max_silent_tries = 1\nsolver.onlyRequires = true\n"


@dataclass(frozen=True)
class Run:
    """One kind: what is made ready, and the commands, of which each is one list of words."""

    kind: str
    commands: Tuple[Tuple[str, ...], ...]
    ready: Callable[[], object] = lambda: None
    held: Tuple[str, ...] = ()
    """Files whose lock somebody else has meanwhile."""


def _apt(where: str = "http://mirror.example.com/deb/good", suite: str = "stable", part: str = "main") -> Callable[[], object]:
    return lambda: Path("/etc/apt/sources.list").write_text(f"deb {where} {suite} {part}\n")


def _listed(where: str = "http://mirror.example.com/deb/good", *before: Sequence[str]) -> Callable[[], object]:
    def ready() -> None:
        _apt(where)()
        for words in (("apt-get", "update"), *before):
            _quietly(words)

    return ready


def _quietly(words: Sequence[str]) -> None:
    subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)


_UPDATE = (("apt-get", "update"),)
_INSTALL = (("apt-get", "-y", "install", "healthy"),)
_STATUS = "http://mirror.example.com/status/"


def _old_key() -> None:
    _apt("http://mirror.example.com/deb/oldkey")()
    shutil.copyfile("/mnt/keys/expired.gpg", "/etc/apt/trusted.gpg.d/expired.gpg")


def _one_needs_another() -> None:
    _listed()()
    text = "Package: lonely\nStatus: install ok installed\nVersion: 1.0\nArchitecture: all\nMaintainer: x <x@example.com>\n"
    Path("/var/lib/dpkg/status").write_text(text + "Depends: nowhere\nDescription: x\n\n")
    Path("/var/lib/dpkg/info/lonely.list").write_text("/.\n")


def _interrupted() -> None:
    _listed()()
    Path("/var/lib/dpkg/updates/0001").write_text(
        "Package: healthy\nStatus: install ok half-configured\nVersion: 1.0\nArchitecture: all\nMaintainer: x\nDescription: x\n\n"
    )


def _no_room(place: str) -> Callable[[], None]:
    def ready() -> None:
        _listed()()
        world.run("mount", "-t", "tmpfs", "-o", "size=4k", "none", place)
        Path(place, "partial").mkdir(exist_ok=True)

    return ready


APT: Tuple[Run, ...] = (
    Run("healthy-update", _UPDATE, _apt()),
    Run("healthy-install", (*_INSTALL, ("apt-get", "-y", "upgrade")), _listed()),
    Run("healthy-simulation", (("apt-get", "-s", "dist-upgrade"), ("apt-get", "check"), ("dpkg", "--audit")), _listed()),
    Run("silent", _UPDATE, _apt("http://silent.example.com/deb")),
    Run("refused", _UPDATE, _apt("http://refused.example.com/deb")),
    Run("no-name", _UPDATE, _apt("http://gone.example.com/deb")),
    Run("no-resolver", _UPDATE, _apt("http://lost.example.com/deb")),
    Run("status-401", _UPDATE, _apt(_STATUS + "401")),
    Run("status-403", _UPDATE, _apt(_STATUS + "403")),
    Run("status-404", _UPDATE, _apt(_STATUS + "404")),
    Run("status-503", _UPDATE, _apt(_STATUS + "503")),
    Run("wrong-release", _UPDATE, _apt(suite="nosuch")),
    Run("wrong-component", _UPDATE, _apt(part="contrib")),
    Run("unsigned", _UPDATE, _apt("http://mirror.example.com/deb/unsigned")),
    Run("wrong-key", _UPDATE, _apt("http://mirror.example.com/deb/other")),
    Run("expired-key", _UPDATE, _old_key),
    Run("bad-signature", _UPDATE, _apt("http://mirror.example.com/deb/changed")),
    Run("list-too-old", _UPDATE, _apt("http://mirror.example.com/deb/old")),
    Run("damaged-list", _UPDATE, _apt("http://mirror.example.com/deb/damaged")),
    Run("tls-untrusted", _UPDATE, _apt("https://untrusted.example.com/deb/good")),
    Run("tls-expired", _UPDATE, _apt("https://expired.example.com/deb/good")),
    Run("tls-wrong-name", _UPDATE, _apt("https://othername.example.com/deb/good")),
    Run("package-404", _INSTALL, _listed("http://mirror.example.com/deb/lacking")),
    Run("unmet", (("apt-get", "-y", "install", "unmet"),), _listed()),
    Run("no-package", (("apt-get", "-y", "install", "nosuch"),), _listed()),
    Run("fix-broken", _INSTALL, _one_needs_another),
    Run("failing-package", (("apt-get", "-y", "install", "failing"),), _listed()),
    Run("interrupted", _INSTALL, _interrupted),
    Run("lists-locked", _UPDATE, _apt(), ("/var/lib/apt/lists/lock",)),
    Run("dpkg-locked", _INSTALL, _listed(), ("/var/lib/dpkg/lock-frontend",)),
    Run("dpkg-itself-locked", (("dpkg", "--configure", "-a"),), _listed(), ("/var/lib/dpkg/lock-frontend",)),
    Run("archives-locked", _INSTALL, _listed(), ("/var/cache/apt/archives/lock",)),
    Run("no-room", _UPDATE, _no_room("/var/lib/apt/lists")),
)  # fmt: skip


def _repo(where: str = "http://mirror.example.com/rpm/good", more: str = "", key: str = "baseurl") -> Callable[[], object]:
    text = f"[updates]\nname=Updates\n{key}={where}\nenabled=1\ngpgcheck=1\ngpgkey=http://mirror.example.com/known.asc\n{more}"
    return lambda: Path("/etc/yum.repos.d/updates.repo").write_text(text)


def _skipping(where: str) -> Callable[[], object]:
    text = "[spare]\nname=Spare\nbaseurl=http://mirror.example.com/rpm/good\nenabled=1\n"
    return lambda: (_repo(where, "skip_if_unavailable=1\n")(), Path("/etc/yum.repos.d/spare.repo").write_text(text))


def _damage_rpmdb() -> None:
    _repo()()
    _quietly(("dnf", "install", "healthy"))
    for path in Path("/var/lib/rpm").glob("rpmdb.sqlite*"):
        path.write_bytes(b"damaged" * 1000)


def _held_pid() -> None:
    _repo()()
    Path("/var/cache/dnf/metadata_lock.pid").write_text(f"{subprocess.Popen(['sleep', '60'], cwd='/').pid}\n")


def dnf(program: str) -> Tuple[Run, ...]:
    """The runs of dnf by that name; yum of RHEL 8 and later is dnf."""
    cache, install = ((program, "makecache"),), ((program, "install", "healthy"),)
    return (
        Run("healthy-makecache", ((program, "clean", "all"), (program, "makecache")), _repo()),
        Run("healthy-install", (*install, (program, "update"), (program, "check-update")), _repo()),
        Run("healthy-scan", ((program, "repolist", "-v"), (program, "updateinfo", "list")), _repo()),
        Run("silent", cache, _repo("http://silent.example.com/rpm")),
        Run("refused", cache, _repo("http://refused.example.com/rpm")),
        Run("no-name", cache, _repo("http://gone.example.com/rpm")),
        Run("no-resolver", cache, _repo("http://lost.example.com/rpm")),
        Run("status-401", cache, _repo(_STATUS + "401")),
        Run("status-403", cache, _repo(_STATUS + "403")),
        Run("status-404", cache, _repo(_STATUS + "404")),
        Run("status-503", cache, _repo(_STATUS + "503")),
        Run("wrong-release", ((program, "--releasever=99", "makecache"),), _repo("http://mirror.example.com/rpm/$releasever")),
        Run("mirror-list-403", cache, _repo(_STATUS + "403/mirror.list", key="mirrorlist")),
        Run("mirror-list-404", cache, _repo("http://mirror.example.com/none/mirror.list", key="mirrorlist")),
        Run("mirror-list-silent", cache, _repo("http://silent.example.com/mirror.list", key="mirrorlist")),
        Run("tls-untrusted", cache, _repo("https://untrusted.example.com/rpm/good")),
        Run("tls-expired", cache, _repo("https://expired.example.com/rpm/good")),
        Run("tls-wrong-name", cache, _repo("https://othername.example.com/rpm/good")),
        Run("wrong-key", cache, _repo("http://mirror.example.com/rpm/other", "repo_gpgcheck=1\n")),
        Run("unsigned", cache, _repo("http://mirror.example.com/rpm/good", "repo_gpgcheck=1\n")),
        Run("damaged-list", cache, _repo("http://mirror.example.com/rpm/damaged")),
        Run("package-wrong-key", ((program, "install", "stranger"),), _repo()),
        Run("package-unsigned", ((program, "install", "unsigned"),), _repo()),
        Run("package-404", install, _repo("http://mirror.example.com/rpm/lacking")),
        Run("key-404", install, lambda: (_repo()(), _edit("/etc/yum.repos.d/updates.repo", "known.asc", "nosuch.asc"))),
        Run("unmet", ((program, "install", "unmet"),), _repo()),
        Run("no-package", ((program, "install", "nosuch"),), _repo()),
        Run("conflict", ((program, "install", "healthy", "opponent"),), _repo()),
        Run("files-conflict", ((program, "install", "healthy", "clash"),), _repo()),
        Run("ignored-silent", cache, _skipping("http://silent.example.com/rpm")),
        Run("ignored-403", cache, _skipping(_STATUS + "403")),
        Run("no-repositories", cache),
        Run("bad-configuration", cache, lambda: Path("/etc/yum.repos.d/updates.repo").write_text("[updates\nbaseurl\n")),
        Run("no-url", cache, lambda: Path("/etc/yum.repos.d/updates.repo").write_text("[updates]\nname=Updates\nenabled=1\n")),
        Run("locked", ((program, "--setopt=exit_on_lock=True", "makecache"),), _held_pid),
        Run("rpm-locked", install, _repo(), ("/var/lib/rpm/.rpm.lock",)),
        Run("rpm-database", install, _damage_rpmdb),
    )  # fmt: skip


def _edit(path: str, old: str, new: str) -> None:
    Path(path).write_text(Path(path).read_text().replace(old, new))


def _zypp(where: str = "http://mirror.example.com/rpm/signed", more: str = "") -> Callable[[], object]:
    text = f"[updates]\nname=Updates\nenabled=1\nautorefresh=1\nbaseurl={where}\ntype=rpm-md\ngpgkey=http://mirror.example.com/known.asc\n{more}"

    def ready() -> None:
        Path("/etc/zypp/repos.d/updates.repo").write_text(text)
        _quietly(("rpm", "--import", "/mnt/keys/known.asc"))

    return ready


_ZYPPER = ("zypper", "--non-interactive")
_REFRESH = ((*_ZYPPER, "refresh"),)


def _damage_rpmdb_of_zypper() -> None:
    _zypp()()
    _quietly((*_ZYPPER, "install", "healthy"))
    for path in Path("/var/lib/rpm").glob("rpmdb.sqlite*"):
        path.write_bytes(b"damaged" * 1000)


def _lock_package() -> None:
    _zypp()()
    _quietly((*_ZYPPER, "addlock", "healthy"))


def _pid_of_zypp() -> None:
    _zypp()()
    Path("/run/zypp.pid").write_text(f"{subprocess.Popen(['sleep', '60'], cwd='/').pid}\n")


ZYPPER: Tuple[Run, ...] = (
    Run("healthy-refresh", ((*_ZYPPER, "clean", "--all"), *_REFRESH), _zypp()),
    Run("healthy-install", ((*_ZYPPER, "install", "healthy"), (*_ZYPPER, "update"), (*_ZYPPER, "list-patches")), _zypp()),
    Run("silent", _REFRESH, _zypp("http://silent.example.com/rpm")),
    Run("refused", _REFRESH, _zypp("http://refused.example.com/rpm")),
    Run("no-name", _REFRESH, _zypp("http://gone.example.com/rpm")),
    Run("no-resolver", _REFRESH, _zypp("http://lost.example.com/rpm")),
    Run("status-401", _REFRESH, _zypp(_STATUS + "401")),
    Run("status-403", _REFRESH, _zypp(_STATUS + "403")),
    Run("status-404", _REFRESH, _zypp(_STATUS + "404")),
    Run("status-503", _REFRESH, _zypp(_STATUS + "503")),
    Run("wrong-release", ((*_ZYPPER, "--releasever", "99", "refresh"),), _zypp("http://mirror.example.com/rpm/$releasever")),
    Run("tls-untrusted", _REFRESH, _zypp("https://untrusted.example.com/rpm/good")),
    Run("tls-expired", _REFRESH, _zypp("https://expired.example.com/rpm/good")),
    Run("tls-wrong-name", _REFRESH, _zypp("https://othername.example.com/rpm/good")),
    Run("wrong-key", _REFRESH, _zypp("http://mirror.example.com/rpm/other")),
    Run("unsigned", _REFRESH, _zypp("http://mirror.example.com/rpm/good")),
    Run("damaged-list", _REFRESH, _zypp("http://mirror.example.com/rpm/damaged", "repo_gpgcheck=0\n")),
    Run("package-wrong-key", ((*_ZYPPER, "install", "stranger"),), _zypp(more="gpgcheck=1\npkg_gpgcheck=1\n")),
    Run("package-unsigned", ((*_ZYPPER, "install", "unsigned"),), _zypp(more="gpgcheck=1\npkg_gpgcheck=1\n")),
    Run("package-404", ((*_ZYPPER, "install", "healthy"),), _zypp("http://mirror.example.com/rpm/lacking", "gpgcheck=0\n")),
    Run("unmet", ((*_ZYPPER, "install", "unmet"),), _zypp()),
    Run("package-locked", ((*_ZYPPER, "install", "healthy"),), _lock_package),
    Run("no-package", ((*_ZYPPER, "install", "nosuch"),), _zypp()),
    Run("files-conflict", ((*_ZYPPER, "install", "healthy", "clash"),), _zypp()),
    Run("no-repositories", _REFRESH),
    Run("locked", _REFRESH, _pid_of_zypp),
    Run("rpm-locked", ((*_ZYPPER, "install", "healthy"),), _zypp(), ("/var/lib/rpm/.rpm.lock",)),
    Run("rpm-database", ((*_ZYPPER, "install", "healthy"),), _damage_rpmdb_of_zypper),
)  # fmt: skip

_CURL = ("curl", "-sS", "-f", "-m", "2", "-o", "/var/tmp/file")

CURL: Tuple[Run, ...] = (
    Run("healthy", ((*_CURL, "http://mirror.example.com/known.asc"), (*_CURL, "https://mirror.example.com/known.asc"))),
    Run("silent", ((*_CURL, "https://silent.example.com/x"),)),
    Run("refused", ((*_CURL, "https://refused.example.com/x"),)),
    Run("no-name", ((*_CURL, "https://gone.example.com/x"),)),
    Run("no-resolver", ((*_CURL, "https://lost.example.com/x"),)),
    Run("status-403", ((*_CURL, "http://mirror.example.com/status/403"),)),
    Run("tls-untrusted", ((*_CURL, "https://untrusted.example.com/x"),)),
    Run("tls-expired", ((*_CURL, "https://expired.example.com/x"),)),
    Run("tls-wrong-name", ((*_CURL, "https://othername.example.com/x"),)),
    Run("no-write", (("curl", "-sS", "-m", "2", "-o", "/dev/full", "http://mirror.example.com/known.asc"),)),
)

MANAGERS: Mapping[str, Tuple[Run, ...]] = {"apt": APT, "dnf": dnf("dnf"), "yum": dnf("yum"), "zypper": ZYPPER, "curl": CURL}


def _everything_as_new() -> None:
    subprocess.run(["umount", "/var/lib/apt/lists"], stderr=subprocess.DEVNULL)
    world.fresh_var()
    for place in ("apt/sources.list.d", "apt/trusted.gpg.d", "yum.repos.d", "zypp/repos.d"):
        for path in Path("/etc", place).iterdir():
            path.unlink()
    for name in ("/etc/apt/sources.list", "/run/zypp.pid", "/etc/zypp/locks"):
        Path(name).unlink(missing_ok=True)
    shutil.copyfile("/mnt/keys/known.gpg", "/etc/apt/trusted.gpg.d/known.gpg")
    Path("/etc/apt/apt.conf").write_text(_APT)
    Path("/etc/dnf/dnf.conf").write_text(_DNF)
    Path("/etc/dnf/vars").mkdir(exist_ok=True)
    Path("/etc/dnf/vars/releasever").write_text("9\n")
    Path("/etc/zypp/zypp.conf").write_text(_ZYPP)


@contextmanager
def _held(paths: Sequence[str]) -> Iterator[None]:
    with ExitStack() as files:
        for name in paths:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            fcntl.lockf(files.enter_context(open(name, "a")), fcntl.LOCK_EX)
        yield


def perform(run: Run) -> Dict[str, str]:
    """What the commands of one kind write, each stream by itself."""
    _everything_as_new()
    run.ready()
    said = {"stdout": "", "stderr": ""}
    with _held(run.held):
        for words in run.commands:
            try:
                done = subprocess.run(
                    words, stdin=subprocess.DEVNULL, capture_output=True, env=ENVIRONMENT, cwd="/", timeout=LONGEST
                )
                out, err = done.stdout, done.stderr
            except subprocess.TimeoutExpired as ended:
                out, err = ended.stdout or b"", (ended.stderr or b"") + b"<ended after its time>\n"
            said["stdout"] += out.decode("utf-8", "replace")
            said["stderr"] += err.decode("utf-8", "replace")
    return said


def main(manager: str, kinds: Sequence[str]) -> None:
    """Make the world, run, and print what was said."""
    world.mount_private()
    world.open_network()
    Path("/mnt/bin").mkdir()
    os.symlink(shutil.which("dnf") or "/usr/bin/dnf", "/mnt/bin/yum")
    ENVIRONMENT["PATH"] += ":/mnt/bin"
    home = Path("/mnt/www")
    home.mkdir()
    keys = Keys(Path("/mnt/keys"))
    keys.make()
    world.write_repositories(home, keys)
    world.serve(home)
    said = {run.kind: perform(run) for run in MANAGERS[manager] if not kinds or run.kind in kinds}
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
