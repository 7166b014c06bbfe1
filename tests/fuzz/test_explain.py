"""The fuzzer's inputs, again and again, and a bounded run of the fuzzer itself where atheris is to be had."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
from pathlib import Path

import pytest

from ssm_bootstrap.catalog.signatures import SIGNATURES
from tests.corpus import CORPUS
from tests.fuzz.explain import INPUTS, MOST, check

RUNS = 400
"""Inputs that the fuzzer makes: the same ones each time."""

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


def record(part: str, size: int) -> bytes:
    """One record of that many bytes, made of one part again and again."""
    raw = part.encode()
    return b"2026-11-23 15:00:00 ERROR x" + (raw * (size // len(raw) + 1))[:size] + b"\n"


PARTS = (*HOSTILE, *(row.fixed for row in SIGNATURES[::7]))
"""What a record is made of to hurt; `make bench` tells how the time for them grows with their length."""


@pytest.mark.parametrize("part", PARTS, ids=lambda part: repr(part)[:24])
def test_a_record_made_to_hurt_is_dealt_with(part: str) -> None:
    for size in (500, 4000, 40_000):
        check(record(part, size))


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this Python and processor")
@pytest.mark.timeout(600)
def test_a_bounded_run_finds_nothing(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for number, path in enumerate(LOGS):
        (seeds / str(number)).write_bytes(path.read_bytes()[:MOST])
    words = [sys.executable, "-m", "tests.fuzz.explain", f"-runs={RUNS}", "-seed=11", "-timeout=100", "-max_len=8192"]
    words += ["-rss_limit_mb=1024", f"-artifact_prefix={tmp_path}/found-", str(tmp_path / "seeds"), str(INPUTS)]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=Path(__file__).parents[2], check=False)
    found = {path.name: path.read_bytes() for path in tmp_path.glob("found-*")}
    assert done.returncode == 0, (found, done.stdout.decode("utf-8", "replace")[-3000:])
