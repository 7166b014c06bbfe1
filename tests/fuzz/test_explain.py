"""The fuzzer's inputs, again and again, and a bounded run of the fuzzer itself where atheris is to be had."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ssm_bootstrap.catalog.signatures import SIGNATURES
from tests.corpus import CORPUS
from tests.fuzz.explain import INPUTS, MOST, check

SECONDS = 15
SEEDS = sorted(path for path in INPUTS.iterdir() if path.is_file())
LOGS = sorted(path for path in CORPUS.rglob("*") if path.is_file() and path.suffix != ".json")

HOSTILE = (
    *(
        "[",
        "] ",
        "[a] ",
        'Post "https://',
        "a-",
        "0-",
        "00000000-",
        "1h1m",
        "1h",
        "1.1",
        "dial tcp ",
        "lookup a on ",
        "?",
        "?X-Amz-",
    ),
    *("://", "://a", "read tcp a->", "x509: ", "request id: ", "not authorized to perform: ", "-code ", "activation_code ", " "),
    *("curl: (28) ", "connect to a", "0x", "pid: ", '"', "\n", "\ncaused by: ", 'Head "http://a: ', "a.", "s3.", "aa", "[a @ "),
)


@pytest.mark.parametrize("path", SEEDS + LOGS, ids=lambda path: path.name)
def test_every_input_is_dealt_with(path: Path) -> None:
    check(path.read_bytes())


def test_inputs_with_something_changed_are_dealt_with() -> None:
    rng = random.Random(11)
    for path in LOGS:
        data = bytearray(path.read_bytes()[:8000])
        for _ in range(4):
            at = rng.randrange(len(data)) if data else 0
            data[at : at + rng.randrange(9)] = rng.randbytes(rng.randrange(9))
            check(bytes(data))


def seconds(part: bytes, size: int) -> float:
    """Processor time of one record of that many bytes, made of one part again and again; the best of three."""
    data = b"2026-11-23 15:00:00 ERROR x" + (part * (size // len(part) + 1))[:size] + b"\n"
    best = 9.0
    for _ in range(3):
        began = time.process_time()
        check(data)
        best = min(best, time.process_time() - began)
    return best


@pytest.mark.parametrize("part", [*HOSTILE, *(row.fixed for row in SIGNATURES[::7])], ids=lambda part: repr(part)[:24])
def test_no_line_takes_quadratic_time(part: str) -> None:
    short, long = seconds(part.encode(), 500), seconds(part.encode(), 4000)
    assert long < 8 * 2.5 * max(short, 0.002), (short, long)


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this Python and processor")
def test_a_bounded_run_finds_nothing(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for number, path in enumerate(LOGS):
        (seeds / str(number)).write_bytes(path.read_bytes()[:MOST])
    words = [sys.executable, "-m", "tests.fuzz.explain", f"-max_total_time={SECONDS}", "-timeout=5", "-max_len=8192"]
    words += ["-rss_limit_mb=1024", f"-artifact_prefix={tmp_path}/found-", str(tmp_path / "seeds"), str(INPUTS)]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=Path(__file__).parents[2], check=False)
    found = {path.name: path.read_bytes() for path in tmp_path.glob("found-*")}
    assert done.returncode == 0, (found, done.stdout.decode("utf-8", "replace")[-3000:])
