"""README's "Installing it" on a fresh Debian 12: each command as it stands there, by root and by a user with sudo."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Iterator

import pytest

from ssm_bootstrap import __version__
from tests.boot import image
from tests.laws.readme import SECTION, commands
from tests.laws.tree import ROOT
from tests.packages.conftest import _world
from tests.packages.world import World

pytestmark = [pytest.mark.boot, pytest.mark.timeout(1800)]

NOT_HERE = ("dnf", "rpm")
"""Words of commands for which a Debian has no program."""

USER = """
useradd --create-home --shell /bin/sh user
echo 'user ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/user
cp -r /mnt/source /home/user/source && chown -R user: /home/user/source
cp -r /mnt/source /root/source
"""
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[World]:
    """A Debian 12 that reaches what this machine reaches, with sudo, a user, and the source in both homes."""
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(tmp_path / "source")], check=True)
    for name in ("README.md", "Makefile"):
        (tmp_path / "source" / name).write_bytes((ROOT / name).read_bytes())
    with _world("bookworm") as world:
        world.write("/etc/apt/sources.list", f"deb {image.mirror()} bookworm main\n")
        for path in ("/etc/resolv.conf", "/etc/hosts", AUTHORITIES):
            (tmp_path / Path(path).name).write_bytes(Path(path).read_bytes())
            world.do('cp "/mnt/${1##*/}" "$1"', path, packages=tmp_path)
        world.write("/etc/pip.conf", f"[global]\ncert = {AUTHORITIES}\n")
        proxies = (f'Acquire::{name.partition("_")[0]}::Proxy "{url}";\n' for name, url in image.proxies().items())
        world.write("/etc/apt/apt.conf.d/99here", 'APT::Get::Assume-Yes "true";\n' + "".join(proxies))
        ready = world.run("apt-get update -qq && apt-get install -qq --no-install-recommends sudo", patience=300)
        if ready.returncode:
            pytest.skip(f"no Debian archive answers here: {ready.stdout[-200:]}")
        world.do(USER, packages=tmp_path)
        yield world


TAKE_LONG = ("make executable", "dist/ssm-bootstrap-x86_64")
"""Of the executable: it compiles for minutes, and tests/executable shows what comes of it."""


def wanted() -> list[str]:
    """The section's commands that a Debian has programs for."""
    return [command for command in commands(SECTION) if not any(word in command for word in (*NOT_HERE, *TAKE_LONG))]


def of_root(command: str) -> str:
    """The same without sudo, which root needs not and a small Debian has not."""
    return command[len("sudo ") :].replace("PIPX_HOME", "env PIPX_HOME", 1) if command.startswith("sudo ") else command


@pytest.mark.parametrize("who", ["root", "user"])
def test_each_command_works_as_it_stands_there(fresh: World, who: str) -> None:
    said = ""
    for command in wanted():
        if "pipx install" in command:  # another way to the same place, not one after the other
            fresh.do("rm -f /usr/local/bin/ssm-bootstrap")
        inner = f"cd ~/source && {command if who == 'user' else of_root(command)}"
        script = f"su - user -c {shlex.quote(inner)}" if who == "user" else inner
        done = fresh.run(f"export DEBIAN_FRONTEND=noninteractive; {script}", patience=900)
        assert done.returncode == 0, f"{command}: {done.stdout[-1500:]}"
        said += done.stdout
    assert said.count(f"ssm-bootstrap {__version__}") >= 2
    found = fresh.do("su - user -c 'sudo ssm-bootstrap --version'; command -v ssm-bootstrap; ls -l /usr/local/bin")
    assert found.startswith(f"ssm-bootstrap {__version__}\n") and "/opt/pipx" in found


def test_pip_alone_is_refused_there(fresh: World) -> None:
    """What README says of it is so."""
    fresh.do("apt-get install -qq --no-install-recommends python3-pip >/dev/null", packages=None)
    done = fresh.run("cd ~/source && pip install .")
    assert done.returncode != 0 and "externally-managed-environment" in done.stdout
