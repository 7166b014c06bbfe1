"""Runs the bundle as another user, on another file system, with another Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Optional

from tests import caller

SEEN = """
import sys
sys.path.insert(0, sys.argv[1])
import ssm_build, ssm_launch, ssm_place
home, remarks = ssm_place.find(sys.argv[1], ssm_build.BUILD)
for remark in remarks:
    ssm_launch.say(remark)
ssm_launch.use(sys.argv[1], home)
import importlib.resources, os, certifi, psutil, psutil._psutil_linux as compiled, requests, dns.resolver
assert importlib.resources.files("ssm_bootstrap").joinpath("py.typed").is_file()
assert "BEGIN CERTIFICATE" in certifi.contents() and os.path.exists(certifi.where())
print("home", home)
print("psutil", psutil.__file__)
print("compiled", "memory" if compiled.__file__.startswith("/proc/self/fd/") else "file")
print("processes", os.getpid() in psutil.pids())
print("requests", requests.__file__)
"""
"""What the launcher does, and then a look at what it has led to."""


def look(file: Path, python: Optional[str] = None) -> list[str]:
    """The words that run SEEN over a bundle, with nothing of site-packages; with this Python where none is named."""
    return [python or getattr(sys, "_base_executable", sys.executable), "-I", "-S", "-c", SEEN, str(file)]


def start(file: Path, *words: str, python: Optional[str] = None) -> list[str]:
    """The words that run the bundle."""
    return [python or look(file)[0], "-I", "-S", str(file), *words]


@cache
def python_of(version: str) -> Optional[str]:
    """An interpreter of a version, of PATH or pyenv; None where there is none, or one with a psutil of its own alone."""
    found = [shutil.which(f"python{version}", path=caller.ENVIRONMENT.get("PATH"))]
    pyenv = Path(caller.ENVIRONMENT.get("PYENV_ROOT", caller.home() / ".pyenv")) / "versions"
    if os.access(pyenv, os.R_OK | os.X_OK):  # it may be another user's, whose variables were handed on
        found += [str(path) for path in sorted(pyenv.glob(f"{version}.*/bin/python"))]
    for path in filter(None, found):
        # The one on PATH may be a shim that goes by variables which a test does not hand on: it says where it leads.
        alone = ("-E", "-s") if version == "2.7" else ("-I",)
        asked = [
            path,
            *alone,
            "-S",
            "-c",
            "import sys; 'psutil._psutil_linux' in sys.builtin_module_names or "
            "sys.stdout.write('%d.%d %s' % (sys.version_info[:2] + (sys.executable,)))",
        ]
        said = subprocess.run(asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        name, _, real = said.strip().partition(" ")
        if name == version and real:
            return real
    return None


@cache
def namespace(user: int) -> Optional[tuple[str, ...]]:
    """The command that opens a mount namespace in which one is ``user``; None where the kernel refuses it."""
    command = ("unshare", "--user", "--mount", f"--map-user={user}", f"--map-group={user}")
    if shutil.which("unshare") is None:
        return None
    return command if subprocess.run([*command, "true"], stderr=subprocess.DEVNULL).returncode == 0 else None


def run(words: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run with this environment and nothing else; standard output and error apart."""
    return subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
