"""Start-up is lazy: what is not needed is not imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ssm_bootstrap import __version__
from ssm_bootstrap.cli.entry import COMMANDS
from tests import caller
from tests.laws.tree import ROOT

WEIGHTY = ("requests", "psutil", "distro", "tenacity", "dns")
ASK = """
import sys
sys.argv = ["ssm-bootstrap", *sys.argv[1:]]
from ssm_bootstrap.cli import main
try:
    status = main()
except SystemExit as ended:
    status = ended.code
print("STATUS", status)
print("MODULES", *sorted(sys.modules))
"""


def started(*words: str) -> tuple[str, set[str]]:
    """What a start prints, and the modules that it imported."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{ASK}", *words],
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    said, _, modules = done.stdout.partition("MODULES ")
    return said, set(modules.split())


def test_the_version_imports_nothing_of_weight() -> None:
    said, modules = started("--version")
    assert said == f"ssm-bootstrap {__version__}\nSTATUS 0\n"
    assert {name for name in modules if name.startswith("ssm_bootstrap")} == {
        *("ssm_bootstrap", "ssm_bootstrap.cli", "ssm_bootstrap.cli.streams"),
    }
    assert not modules & {"argparse", "ssl", "http.client", "subprocess", "dataclasses", "json", *WEIGHTY}


@pytest.mark.parametrize("words", [("--help",), *((command, "--help") for command in COMMANDS)], ids=" ".join)
def test_help_imports_no_library_and_touches_no_network(words: tuple[str, ...]) -> None:
    said, modules = started(*words)
    assert said.startswith("usage: ssm-bootstrap") and said.endswith("STATUS 0\n")
    assert not modules & {*WEIGHTY, *(("ssl", "http.client") if words == ("--help",) else ())}


def test_only_the_command_that_is_asked_for_is_loaded() -> None:
    _, modules = started("status", "--help")
    loaded = {name.rpartition(".")[2] for name in modules if name.startswith("ssm_bootstrap.cli.")}
    assert loaded & {name.replace("-", "_") for name in COMMANDS} == {"status"}


def test_python_m_is_the_same_program() -> None:
    done = subprocess.run([*caller.program(), "--version"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"ssm-bootstrap {__version__}\n", "")


BUSY = """
import ssl, sys, threading
def work():
    while True:
        ssl.create_default_context()
threading.Thread(target=work, daemon=True).start()
sys.argv = ["ssm-bootstrap", "--version"]
"""
"""A program whose thread is at work inside OpenSSL, as one is that was given up in the middle of a handshake."""


def test_a_thread_that_is_still_at_work_does_not_bring_the_end_down() -> None:
    code = f"{BUSY}sys.path.insert(0, {str(ROOT)!r})\nfrom ssm_bootstrap.cli import command\ncommand()\n"
    done = [subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True) for _ in range(12)]
    ended = {(one.returncode, one.stdout, one.stderr) for one in done}
    assert ended == {(0, f"ssm-bootstrap {__version__}\n", "")}
