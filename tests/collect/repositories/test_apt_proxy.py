"""Which proxy apt takes: a real apt, cut off from everything but loopback, dials the one that we read."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Mapping

import pytest

from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.collect.patch.apt import AptReader
from ssm_bootstrap.collect.patch.configured import Configured, ParserContext
from ssm_bootstrap.model.patch import Manager
from ssm_bootstrap.model.site import NO_SITE
from tests.collect.repositories.test_real_tools import has_network_namespaces
from tests.collect.repositories.trees import host_of
from tests.laws.secrets import CANARIES, leaks

HOST = "m.example.com"
DIALS = """
import socket, subprocess, sys, threading
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
dialled = set()
def listen(port):
    listener = socket.create_server(("127.0.0.1", port))
    def serve():
        while True:
            connection, _ = listener.accept()
            dialled.add(port)
            connection.close()
    threading.Thread(target=serve, daemon=True).start()
for port in (3001, 3002, 3003):
    listen(port)
subprocess.run(["apt-get", "update"], capture_output=True, timeout=30)
print(*sorted(dialled))
"""


def tree(tmp_path: Path, conf: str, scheme: str = "http") -> Path:
    """A Debian with one source and this apt.conf, and what else apt wants to find."""
    root = tmp_path / "root"
    for directory in ("var/lib/apt/lists/partial", "var/lib/dpkg", "var/cache/apt", "etc/apt/apt.conf.d"):
        (root / directory).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    (root / "etc/os-release").write_text('ID="debian"\nVERSION_ID="12"\n')
    (root / "etc/apt/sources.list").write_text(f"deb {scheme}://{HOST}/debian bookworm main\n")
    (root / "etc/apt/apt.conf.d/90proxy").write_text(conf)
    text = f'Dir "{root}"; Dir::Bin::methods "/usr/lib/apt/methods"; APT::Sandbox::User "root"; Acquire::Retries "0";'
    (tmp_path / "apt.conf").write_text(text)
    return root


def read(root: Path, environment: Mapping[str, str]) -> Configured:
    """Our reading of the one source."""
    host = host_of(root)
    around = ParserContext(
        host, host.machine.system(), Manager.APT, "ap-northeast-1", ProxySettings.of(environment, "unit"), NO_SITE
    )
    (found,) = AptReader(around).read().found
    return found


def url(port: int) -> str:
    """A proxy of the machine's own."""
    return f"http://127.0.0.1:{port}/"


ONE, TWO, THREE = (url(port) for port in (3001, 3002, 3003))


@pytest.mark.skipif(not (has_network_namespaces() and shutil.which("apt-get")), reason="apt is not installed")
@pytest.mark.parametrize(
    "conf, scheme, environment, port",
    [
        (f'Acquire::http::Proxy "{ONE}";', "http", {}, "3001"),
        (f'Acquire::http::Proxy "{ONE}";', "https", {}, "3001"),
        (f'Acquire::http::Proxy "{ONE}"; Acquire::https::Proxy "DIRECT";', "https", {}, ""),
        (f'Acquire::http::Proxy "{ONE}"; Acquire::http::Proxy::{HOST} "{TWO}";', "http", {}, "3002"),
        (f'Acquire::https::Proxy "{ONE}"; Acquire::http::Proxy::{HOST} "{TWO}";', "https", {}, "3002"),
        (f'Acquire::http::Proxy "{ONE}"; Acquire::http::Proxy::{HOST} "DIRECT";', "http", {}, ""),
        (f'Acquire::http::Proxy "{ONE}"; Acquire::http::Proxy::other.example.com "DIRECT";', "http", {}, "3001"),
        ("", "http", {"http_proxy": THREE}, "3003"),
        ("", "https", {"http_proxy": THREE}, "3003"),
        ("", "https", {"http_proxy": ONE, "https_proxy": TWO}, "3002"),
        ("", "http", {"https_proxy": TWO}, ""),
        (f'Acquire::http::Proxy "{ONE}";', "http", {"http_proxy": THREE}, "3001"),
        (f'Acquire::http::Proxy "{ONE}";', "http", {"no_proxy": HOST}, ""),
    ],
)
def test_apt_dials_the_proxy_that_we_read(
    tmp_path: Path, conf: str, scheme: str, environment: Mapping[str, str], port: str
) -> None:
    root = tree(tmp_path, conf, scheme)
    more = {"APT_CONFIG": str(tmp_path / "apt.conf"), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    done = subprocess.run(
        ["unshare", "-rn", sys.executable, "-c", DIALS],
        capture_output=True,
        text=True,
        timeout=60,
        env={**environment, **more},
    )
    assert done.stdout.strip() == port, done.stderr
    found = read(root, environment)
    chosen = (found.https_proxy if scheme == "https" else found.http_proxy).proxy
    assert str(chosen or "") == (f"127.0.0.1:{port}" if port else "")


@pytest.mark.parametrize("name", ["Acquire::http::Proxy-Auto-Detect", "Acquire::http::ProxyAutoDetect"])
def test_a_program_that_tells_the_proxy_is_not_run_and_nothing_is_claimed(tmp_path: Path, name: str) -> None:
    password = CANARIES["proxy-password"].replace(":", "%3A")
    conf = f'{name} "/usr/bin/touch /ran"; Acquire::http::Proxy "http://u:{password}@127.0.0.1:3001";'
    root = tree(tmp_path, conf)
    found = read(root, {})
    assert found.wishes == [] and f"told by a program ({name})" in found.repository.remark
    assert leaks(repr(found)) == () and not (root / "ran").exists()


def test_a_host_with_a_proxy_of_its_own_asks_no_program(tmp_path: Path) -> None:
    conf = f'Acquire::http::Proxy-Auto-Detect "/bin/x"; Acquire::http::Proxy::{HOST} "{TWO}";'
    found = read(tree(tmp_path, conf), {})
    assert found.repository.remark == "" and str(found.http_proxy.proxy) == "127.0.0.1:3002"
