"""The closed world in which package managers run: names, a server that refuses in every way, and a machine of its own.

It is made inside namespaces that the caller has opened (`unshare --user --map-root-user --net --mount`), so that /etc, /var and
/run may be changed as a package manager changes them, and no packet leaves.
"""

from __future__ import annotations

import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading
from datetime import datetime
from pathlib import Path
from typing import Dict, Optional

import trustme

from tests.managers.repositories import DebRepository, Keys, RpmRepository, make_deb, make_rpm

MIRROR = "198.51.100.10"
HOSTS = {
    "mirror.example.com": MIRROR,
    "untrusted.example.com": "198.51.100.11",
    "expired.example.com": "198.51.100.12",
    "othername.example.com": "198.51.100.13",
    "refused.example.com": "198.51.100.14",
    "silent.example.com": "192.0.2.9",
}
RESOLVER = "198.51.100.53"
"""Says of each name that there is none, but of those that begin with ``lost``: there it says that it failed."""

_KEPT = (
    "lib/dpkg/triggers",
    "lib/dpkg/info",
    "lib/dpkg/updates",
    "lib/dpkg/parts",
    "lib/apt/lists/partial",
    "lib/rpm",
    "lib/dnf",
)
_MORE = ("cache/apt/archives/partial", "cache/dnf", "cache/zypp", "lib/zypp", "log/apt", "log/zypp", "tmp", "home")


def run(*words: str) -> None:
    """Run a tool; what it said is the error."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout.decode(errors='replace')}")


def mount_private() -> None:
    """A copy of /etc, and /var and /run anew."""
    run("mount", "--make-rprivate", "/")
    run("mount", "-t", "tmpfs", "none", "/mnt")
    for name in (
        "alternatives",
        "ld.so.cache",
        "passwd",
        "group",
        "nsswitch.conf",
        "os-release",
        "ssl",
        "crypto-policies",
        "pki",
    ):
        source, goal = Path("/etc", name), Path("/mnt/etc", name)
        goal.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, goal, symlinks=True, ignore=shutil.ignore_patterns("private"))
        elif source.exists():
            shutil.copyfile(source, goal)
    run("mount", "--bind", "/mnt/etc", "/etc")
    for place in ("/var", "/run"):
        run("mount", "-t", "tmpfs", "none", place)
    Path("/run/lock").mkdir()
    os.symlink("/run", "/var/run")
    os.symlink("/run/lock", "/var/lock")
    for name in (
        "apt/apt.conf.d",
        "apt/preferences.d",
        "apt/sources.list.d",
        "apt/trusted.gpg.d",
        "dpkg/dpkg.cfg.d",
        "dnf",
        "yum.repos.d",
        "zypp/repos.d",
    ):
        Path("/etc", name).mkdir(parents=True)
    fresh_var()


def fresh_var() -> None:
    """Nothing installed, no lists, nothing in a cache."""
    for entry in Path("/var").iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
    for name in (*_KEPT, *_MORE):
        Path("/var", name).mkdir(parents=True)
    for name in ("status", "available"):
        Path("/var/lib/dpkg", name).write_text("")
    Path("/var/lib/dpkg/info/format").write_text("1\n")
    Path("/var/home/.rpmmacros").write_text("%_dbpath /var/lib/rpm\n")


def open_network() -> None:
    """Loopback with every address, and one at which nothing is ever answered."""
    run("ip", "link", "set", "lo", "up")
    for address in (*HOSTS.values(), RESOLVER):
        run("ip", "address", "add", f"{address}/32", "dev", "lo")
    run(
        "nft",
        "add table inet filter; add chain inet filter in { type filter hook input priority 0; }; "
        f"add rule inet filter in ip daddr {HOSTS['silent.example.com']} drop",
    )
    lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in HOSTS.items())]
    Path("/etc/hosts").write_text("\n".join(lines) + "\n")
    Path("/etc/resolv.conf").write_text(f"nameserver {RESOLVER}\noptions timeout:1 attempts:1\n")
    Path("/etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")
    asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asked.bind((RESOLVER, 53))
    threading.Thread(target=_resolve, args=(asked,), daemon=True).start()


def _resolve(asked: socket.socket) -> None:
    while True:
        query, peer = asked.recvfrom(512)
        answer = bytes((0x81, 0x82 if query[13:17] == b"lost" else 0x83))
        asked.sendto(query[:2] + answer + query[4:6] + b"\0" * 6 + query[12:], peer)


class _Answer(http.server.SimpleHTTPRequestHandler):
    """Files of the repositories; below /status/NNN that status."""

    def send_head(self):  # type: ignore[no-untyped-def]
        if self.path.startswith("/status/"):
            status = int(self.path.split("/")[2])
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="mirror"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        return super().send_head()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def serve(home: Path) -> None:
    """The mirror, over HTTP and TLS, and the hosts with a certificate that nobody can take."""
    trusted, stranger = trustme.CA(organization_name="Lab Authority Inc"), trustme.CA(organization_name="Inspecting Proxy Ltd")
    trusted.cert_pem.write_to_path("/etc/ssl/certs/ca-certificates.crt")
    long_ago = {"not_before": datetime(2024, 1, 1), "not_after": datetime(2024, 2, 1)}
    certificates = {
        "mirror.example.com": trusted.issue_cert("mirror.example.com"),
        "untrusted.example.com": stranger.issue_cert("untrusted.example.com"),
        "expired.example.com": trusted.issue_cert("expired.example.com", **long_ago),
        "othername.example.com": trusted.issue_cert("inside.example.com"),
    }
    _listen((MIRROR, 80), home, None)
    for name, certificate in certificates.items():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        _listen((HOSTS[name], 443), home, context)


def _listen(address: tuple[str, int], home: Path, context: Optional[ssl.SSLContext]) -> None:
    class Here(_Answer):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(home))  # type: ignore[arg-type]

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hangs up is what is wanted of some."""

    server = Server(address, Here)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def write_repositories(home: Path, keys: Keys) -> Dict[str, Path]:
    """Every repository below ``home``; packages by name."""
    made = home.parent / "made"
    made.mkdir()
    debs = {
        "healthy": make_deb(made, "healthy"),
        "unmet": make_deb(made, "unmet", depends="nowhere (>= 2.0)"),
        "failing": make_deb(made, "failing", postinst="exit 1"),
    }
    deb = home / "deb"
    several = tuple(debs.values())
    DebRepository(deb / "good", keys).write(several)
    DebRepository(deb / "unsigned", keys).write(several, signed_by="")
    DebRepository(deb / "other", keys).write(several, signed_by="other")
    DebRepository(deb / "oldkey", keys).write(several, signed_by="expired")
    DebRepository(deb / "changed", keys).write(several, changed=True)
    DebRepository(deb / "damaged", keys).write(several, damaged=True)
    DebRepository(deb / "old", keys).write(several, valid_until="Mon, 08 Jan 2024 00:00:00 UTC")
    DebRepository(deb / "renamed", keys).write(several, codename="newer")
    DebRepository(deb / "lacking", keys).write(several)
    for package in (deb / "lacking/pool").iterdir():
        package.unlink()
    needs = {"unmet": "libnowhere.so.1"}
    rpms = {
        "healthy": make_rpm(made, "healthy", keys),
        "unmet": make_rpm(made, "unmet", keys, more="Requires: libnowhere.so.1"),
        "stranger": make_rpm(made, "stranger", keys, signed_by="other"),
        "unsigned": make_rpm(made, "unsigned", keys, signed_by=""),
        "clash": make_rpm(made, "clash", keys, shared="healthy"),
        "opponent": make_rpm(made, "opponent", keys, more="Conflicts: healthy"),
    }
    all_rpms = tuple(rpms.values())
    rpm = home / "rpm"
    RpmRepository(rpm / "good", keys).write(all_rpms, needs)
    RpmRepository(rpm / "signed", keys).write(all_rpms, needs, signed_by="known")
    RpmRepository(rpm / "other", keys).write(all_rpms, needs, signed_by="other")
    RpmRepository(rpm / "damaged", keys).write(all_rpms, needs, damaged=True)
    RpmRepository(rpm / "lacking", keys).write(all_rpms, needs)
    for package in (rpm / "lacking").glob("*.rpm"):
        package.unlink()
    shutil.copyfile(keys.home / "known.asc", home / "known.asc")
    shutil.copyfile(keys.home / "other.asc", home / "other.asc")
    return {**{f"{name}.deb": path for name, path in debs.items()}, **{f"{name}.rpm": path for name, path in rpms.items()}}
