"""What all tests stand on: the caller's set-up put right, a machine's files below a temporary directory, an authority."""

from __future__ import annotations

import gc
import os
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest
import trustme
from hypothesis import HealthCheck, settings

from tests import caller
from tests.fakes import RootedFiles
from tests.lab.leaks import FOUND, SEARCHED
from tests.sharing import scheduler

HOME: pytest.StashKey[Path] = pytest.StashKey()

settings.register_profile("suite", deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before anything is collected: the same examples each time, and nothing of whoever starts the suite."""
    settings.load_profile("suite")
    gc.set_threshold(50_000, 20, 20)  # of what a suite allocates, nearly all stays: to look through it again is time lost
    tempfile.gettempdir()
    handed_on = getattr(config, "workerinput", {}).get("caller")
    if handed_on is not None:  # a worker of pytest-xdist, whose caller is this same hook in another process
        caller.ENVIRONMENT.clear()
        caller.ENVIRONMENT.update(handed_on)
    config.stash[HOME] = caller.put_right()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist who really called."""
    node.workerinput["caller"] = dict(caller.ENVIRONMENT)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Where whole files are handed out, those that share something go to one worker."""
    return scheduler(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """Files that wait for other programs come first, then those of many tests: side by side, no core waits for the last one."""
    files: Dict[Path, List[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)

    def place(tests: List[pytest.Item]) -> Tuple[bool, int]:
        return not any(test.get_closest_marker(name) for test in tests for name in ("lab", "aws")), -len(tests)

    items[:] = [item for tests in sorted(files.values(), key=place) for item in tests]


def pytest_collection_finish() -> None:
    """What was collected stays until the end: no look for garbage goes through it again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    home = config.stash.get(HOME, None)
    if home is not None:
        caller.leave(home)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the whole session for a secret that came out anywhere in it; a worker hands on what it found."""
    told = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["leaks"] = {"found": list(FOUND), "searched": dict(SEARCHED)}
        told["started"] = dict(caller.STARTED)
    if FOUND:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take over what a worker of pytest-xdist found."""
    told = getattr(node, "workeroutput", {}).get("leaks", {"found": [], "searched": {}})
    FOUND.extend(told["found"])
    for name, count in told["searched"].items():
        SEARCHED[name] += count
    caller.STARTED.update(getattr(node, "workeroutput", {}).get("started", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was searched for the tests' secrets, and what was found."""
    if SEARCHED["outputs"] or SEARCHED["files"]:
        searched = f"{SEARCHED['outputs']} outputs and {SEARCHED['files']} files of the lab searched for secrets"
        terminalreporter.write_line(f"{searched}: {len(FOUND)} found")
    if caller.STARTED:
        starts = sum(caller.STARTED.values())
        file = os.path.basename(caller.ENVIRONMENT[caller.PROGRAM])
        terminalreporter.write_line(f"{len(caller.STARTED)} tests started {file}, {starts} times in all")
    for leak in FOUND[:20]:
        terminalreporter.write_line(f"LEAK: {leak}")


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """What a test changes of the process is put back: environment, umask, directory, signals."""
    with caller.as_it_was():
        yield


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
