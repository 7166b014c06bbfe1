"""What many tests stand on: a machine's files below a temporary directory, and a certificate authority."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import HealthCheck, settings

from tests.fakes import RootedFiles
from tests.lab.leaks import FOUND, SEARCHED

settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")
"""A busy machine makes inputs slowly, which says nothing of what is tested."""


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the whole session for a secret that came out anywhere in it; a worker hands on what it found."""
    told = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["leaks"] = {"found": list(FOUND), "searched": dict(SEARCHED)}
    if FOUND:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take over what a worker of pytest-xdist found."""
    told = getattr(node, "workeroutput", {}).get("leaks", {"found": [], "searched": {}})
    FOUND.extend(told["found"])
    for name, count in told["searched"].items():
        SEARCHED[name] += count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was searched for the tests' secrets, and what was found."""
    if SEARCHED["outputs"] or SEARCHED["files"]:
        searched = f"{SEARCHED['outputs']} outputs and {SEARCHED['files']} files of the lab searched for secrets"
        terminalreporter.write_line(f"{searched}: {len(FOUND)} found")
    for leak in FOUND[:20]:
        terminalreporter.write_line(f"LEAK: {leak}")


@pytest.fixture
def files(tmp_path: Path) -> RootedFiles:
    """An empty machine's file system."""
    root = tmp_path / "root"
    root.mkdir()
    return RootedFiles(root)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that a test may trust or not."""
    return trustme.CA(organization_name="Lab Authority Inc")
