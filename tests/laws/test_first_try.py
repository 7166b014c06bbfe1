"""The suite passes on the first try: it depends neither on its caller nor on the moment, and no assertion is a stopwatch."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from itertools import groupby
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


def test_what_waits_for_others_comes_first() -> None:
    """Files of the lab, then those of many tests, each whole: what takes long is not left to the end."""
    few, many, waiting = "tests/laws/test_names.py", "tests/laws/test_first_try.py", "tests/lab/test_program.py"
    done = pytest_run("--collect-only", "-q", few, many, waiting)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    files = [line.split("::")[0] for line in done.stdout.splitlines() if "::" in line]
    assert [name for name, _ in groupby(files)] == [waiting, many, few]


@pytest.mark.slow
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


SHORTEST = 5
"""Seconds that a busy machine may take to start a program."""

ON_PURPOSE = {"tests/fakes.py", "tests/lab/aws/server.py"}
"""Waits that are repeated until what is awaited is there, or in which nothing is awaited."""


def short_limits(source: str, path: str) -> Iterator[str]:
    """The calls of a file that give a literal limit below SHORTEST, by name, or to a ``wait`` whose status is compared."""
    tree = ast.parse(source)
    compared = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Compare) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            limits = [word.value for word in node.keywords if word.arg == "timeout"]
            if isinstance(node.func, ast.Attribute) and node.func.attr == "wait" and id(node) in compared:
                limits += node.args[:1]
            for limit in limits:
                if isinstance(limit, ast.Constant) and isinstance(limit.value, (int, float)) and limit.value < SHORTEST:
                    yield f"{path}:{node.lineno}: {ast.unparse(node)[:80]}"


def test_no_child_has_less_than_a_slow_machine_needs() -> None:
    """A limit that is met before a child has said a word tells of the machine, and not of what is tested."""
    files = {str(path.relative_to(ROOT)): path for path in sorted(TESTS.rglob("*.py")) if "data" not in path.parts}
    texts = {name: path.read_text(encoding="utf-8") for name, path in files.items() if name not in ON_PURPOSE}
    assert [one for name, text in texts.items() for one in short_limits(text, name)] == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("run('x', timeout=0.3)", 1),
        ("assert child.wait(2) == 0", 1),
        ("while True:\n    event.wait(0.1)", 0),
        ("child.communicate(timeout=4.9)", 1),
        ("run('x', timeout=5)", 0),
        ("child.wait(30)", 0),
        ("run('x', timeout=limit)", 0),
    ],
)
def test_the_law_sees_a_short_limit(source: str, count: int) -> None:
    assert len(list(short_limits(source, "x.py"))) == count


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
