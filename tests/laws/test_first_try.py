"""The suite passes on the first try: it depends neither on its caller nor on the moment, and no assertion is a stopwatch."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from typing import Iterator

import pytest

from tests import caller
from tests.laws.tree import ROOT

TESTS = ROOT / "tests"
SPOILT = {
    "LANG": "ja_JP.eucJP",
    "LC_ALL": "POSIX",
    "TZ": "Asia/Tokyo",
    "HOME": "/nonexistent",
    "COLUMNS": "7",
    "NO_COLOR": "1",
    "https_proxy": "http://127.0.0.1:1",
    "SSL_CERT_FILE": "/dev/zero",
    "SSM_BOOTSTRAP_REGION": "moon-1",
    "PYTHONUTF8": "0",
    "NOTIFY_SOCKET": "/nowhere",
    "TERM": "dumb",
    "PATH": "/spoilt:/usr/bin:/bin",
}
SPOIL = """
import os, resource, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGCHLD):
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGINT])
os.umask(0o077)
resource.setrlimit(resource.RLIMIT_NOFILE, (200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def pytest_run(*words: str, spoilt: bool = False, **environment: str) -> subprocess.CompletedProcess[str]:
    """A suite of its own, as `make` starts it."""
    start = ["-m", "pytest", "-p", "no:cacheprovider", "-o", "addopts=", *words]
    given = {**caller.ENVIRONMENT, **(SPOILT if spoilt else {}), **environment, "PYTHONUTF8": "1"}
    for name in [name for name in given if name.startswith("PYTEST_")]:
        del given[name]
    argv = [sys.executable, "-c", SPOIL, *start] if spoilt else [sys.executable, *start]
    return subprocess.run(argv, cwd=ROOT, env=given, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")


@pytest.mark.parametrize("workers", ["no", "2"])
def test_whoever_calls_is_put_right(workers: str) -> None:
    """Here and in the workers of pytest-xdist."""
    more = ["-n", workers, "--dist", "loadfile"] if workers != "no" else []
    done = pytest_run("-q", *more, "tests/laws/conditions.py", spoilt=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.timeout(300)
def test_what_is_collected_is_the_same_twice() -> None:
    """At another second, by another process, with other hashes, zones and homes: workers that differ in it end the run."""
    first = pytest_run("--collect-only", "-q", "tests", PYTHONHASHSEED="1")
    begun = int(time.time())
    while int(time.time()) == begun:  # gzip and many a file know seconds alone
        time.sleep(0.05)
    second = pytest_run("--collect-only", "-q", "tests", spoilt=True, PYTHONHASHSEED="2")
    assert first.returncode == second.returncode == 0, first.stdout[-2000:] + second.stdout[-2000:] + second.stderr[-2000:]
    one, two = ([line for line in done.stdout.splitlines() if line.startswith("tests/")] for done in (first, second))
    assert len(one) > 2000
    assert [pair for pair in zip(one, two) if pair[0] != pair[1]] == [] and len(one) == len(two)
    # What has no name is named by its value: of objects and packed bytes nobody can say what that is the next time.
    assert [line for line in one if " object at 0x" in line or "\\x1f\\x8b\\x08\\x00" in line] == []


# stopwatches

CLOCKS = ("time.monotonic", "time.time", "time.perf_counter", "time.process_time", "monotonic", "perf_counter", "process_time")
OWN_CLOCK = {
    "tests/act/test_register.py",
    "tests/act/test_lock.py",
    "tests/act/test_online.py",
    "tests/collect/test_probe.py",
}
"""Where seconds are those of a clock that the test itself moves."""


def stopwatches(source: str, path: str) -> Iterator[str]:
    """The assertions of a file that compare times, one line each; that a time is not negative may be said."""
    tree = ast.parse(source)
    timed = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(_reads_a_clock(part) for part in ast.walk(node.value)):
            timed |= {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            for part in ast.walk(node.test):
                if isinstance(part, ast.Compare) and _orders(part) and any(_is_time(one, timed, path) for one in ast.walk(part)):
                    yield f"{path}:{node.lineno}: {ast.unparse(part)}"


def _orders(part: ast.Compare) -> bool:
    against_nothing = all(isinstance(one, ast.Constant) and one.value == 0 for one in part.comparators)
    return not against_nothing and any(isinstance(one, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)) for one in part.ops)


def _reads_a_clock(part: ast.AST) -> bool:
    return isinstance(part, ast.Call) and ast.unparse(part.func) in CLOCKS


def _is_time(part: ast.AST, timed: set[str], path: str) -> bool:
    if _reads_a_clock(part) or (isinstance(part, ast.Name) and part.id in timed):
        return True
    seconds = isinstance(part, ast.Attribute) and part.attr in ("seconds", "started_in")
    return seconds and path not in OWN_CLOCK


def test_no_assertion_compares_times() -> None:
    """A busy machine is no fault: steps and bytes are counted, and what must be fast is measured by `make bench`."""
    files = [path for path in TESTS.rglob("*.py") if "data" not in path.parts]
    assert [
        one for path in sorted(files) for one in stopwatches(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))
    ] == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("began = time.monotonic()\nassert time.monotonic() - began < 3", 1),
        ("a, b = time.process_time(), 1\nassert 8 * b > a", 1),
        ("assert done.seconds < 10 and done.ok", 1),
        ("assert done.seconds >= 0", 0),
        ("assert done.count < 10", 0),
    ],
)
def test_the_law_sees_a_stopwatch(source: str, count: int) -> None:
    assert len(list(stopwatches(source, "x.py"))) == count
