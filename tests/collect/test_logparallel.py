"""The quick way through a log gives what the line by line one gives, in one process, in two, and cut anywhere."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import zipapp
from collections.abc import Iterator
from datetime import timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.agentlogs import write_logs
from ssm_bootstrap.collect.logs.fold import SPELLS_LIMIT, Fold
from ssm_bootstrap.collect.logs.parts import Part, chunks_of
from ssm_bootstrap.collect.logs.read import default_paths, read_logs
from ssm_bootstrap.collect.logs.records import LogReader
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.workers import Workers
from ssm_bootstrap.model.logs import LogDigest, LogGroup
from tests.collect.test_agentlog import Shelf, hostile
from tests.laws.tree import PACKAGE

UTC = timezone.utc
LINES = [b"2026-11-23 15:00:0%d ERROR [Get @ x.go.1] [C] went wrong" % n for n in range(4)] + [
    b"2026-11-23 15:00:09.1234 INFO [CredentialRefresher] Credentials ready",
    b"2026-11-23 15:00:09.1234 INFO [X] Sleeping for 13s before retrying retrieve credentials",
    b"2026-11-23 15:00:09.1234 INFO nothing of note Credentials ready",
    b"2026-11-23 15:10:09.1234 WARN request id: 00000000-0000-4000-8000-00000000000a ] and [more",
    b"2026-11-23 15:10:09.1234 WARN request id: 10000000-0000-4000-8000-00000000000b ] and [more",
    b"2026-11-23 15:10:09.1234 ERROR took 12s, 0xab, pid:12, read tcp 10.0.0.5:12->10.0.0.6:443: x",
    b"2026-11-23 15:10:09.1234 ERROR took ass, 0xcd, pid:ab, read tcp 10.0.0.5:1a->10.0.0.6:443: x",
    b"2026-11-23 15:10:09.1234 ERROR",
    b"2026-11-23 15:10:09.1234 ERRORS",
    b"2026-13-45 99:99:99 ERROR odd time",
    b"caused by: EOF",
    b"\tstatus code: 403",
    b"",
    b"Nov 23 14:22:06 ip-10-0-0-5 amazon-ssm-agent[512]: 2026-11-23 14:22:06.5673 ERROR by the journal",
    b"[Yes/No]: 2026-11-23 14:46:23.9738 ERROR glued",
    b"x\r",
    b"\0nul",
    b"\xff\xfe not utf-8 \xc2\xb5s 5\xc2\xb5s",
    b"2026-11-23 15:00:00 ERROR \xe6\xbc\xa2 5s 00000000-0000-4000-8000-00000000000a",
    b"y" * 70_000,
]


class Slowly(LogReader):
    """Reads everything line by line."""

    def _is_plain(self, data: bytes) -> bool:
        return False


def told(reader: LogReader, fold: Fold) -> tuple[tuple[LogGroup, ...], int, tuple[str, ...], object]:
    file = reader.log_file()
    return fold.told(UTC), file.records, file.remarks, reader.window


def passed(kind: type[LogReader], data: bytes, step: int) -> tuple[object, ...]:
    fold = Fold()
    reader = kind("x.log", fold)
    reader.read(data[at : at + step] for at in range(0, len(data), step))
    return told(reader, fold)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(LINES) | st.binary(max_size=40), max_size=40), st.sampled_from([7, 1000, 1 << 20]), st.booleans())
def test_the_quick_way_gives_what_the_slow_one_gives(lines: list[bytes], step: int, ends: bool) -> None:
    data = b"\n".join(lines) + (b"\n" if ends else b"")
    if not data.startswith(b"\x1f\x8b"):
        assert passed(LogReader, data, step) == passed(Slowly, data, step)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(LINES[:12]), max_size=30), st.lists(st.integers(0, 3000), max_size=3), st.integers(1, 200))
def test_parts_are_the_whole_wherever_it_is_cut(lines: list[bytes], cuts: list[int], chunk: int) -> None:
    data = b"\n".join(lines) + b"\n"
    shelf = Shelf({"/x.log": data}, chunk)
    edges = [0, *sorted(cut for cut in set(cuts) if 0 < cut < len(data)), None]
    parts = [Part("/x.log", start or 0, end) for start, end in zip(edges, edges[1:])]
    assert b"".join(b"".join(chunks_of(shelf, part)) for part in parts) == data


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("logs")
    write_logs(place, scale=0.06)
    return place


def read(place: Path, workers: Workers) -> LogDigest:
    files = Files("/")
    return read_logs(files, default_paths(files, str(place)), UTC, workers=workers)


def test_two_processes_say_what_one_says(busy: Path) -> None:
    alone = read(busy, Workers(1))
    assert read(busy, Workers(2)) == alone
    assert read(busy, Workers(3)) == alone
    assert sum(group.count for group in alone.groups) > 5000


def test_a_zip_file_of_the_package_reads_with_two_processes(busy: Path, tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "in" / "ssm_bootstrap", ignore=shutil.ignore_patterns("__pycache__"))
    zipapp.create_archive(tmp_path / "in", tmp_path / "explain.pyz", main="ssm_bootstrap.cli:main")
    words = [sys.executable, "-I", str(tmp_path / "explain.pyz"), "explain", str(busy)]
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    done = subprocess.run(words, capture_output=True, env=environment, check=False)
    assert b"endpoint-missing" in done.stdout, done.stderr


def test_the_lines_are_where_they_are_said_to_be(busy: Path) -> None:
    for group in read(busy, Workers(2)).groups:
        line = Path(group.file).read_text(encoding="utf-8").split("\n")[group.line - 1]
        assert group.sample.message.split("\n")[0] in line


def test_hostile_bytes_are_read_the_same_both_ways() -> None:
    data = hostile(1 << 19)
    assert passed(LogReader, data, 1 << 16) == passed(Slowly, data, 1 << 16)


def test_the_number_of_spells_is_bounded() -> None:
    rng = random.Random(3)

    def lines() -> Iterator[bytes]:
        for _ in range(60_000):
            day, hour, minute = rng.randrange(1, 29), rng.randrange(24), rng.randrange(60)
            yield b"2026-%02d-%02d %02d:%02d:00 ERROR went wrong\n" % (rng.randrange(1, 13), day, hour, minute)

    fold = Fold()
    reader = LogReader("x", fold)
    reader.read([b"".join(lines())])
    ((group,), _) = fold.told(UTC)
    assert group.count == 60_000 == sum(spell.count for spell in group.spells)
    assert len(group.spells) <= SPELLS_LIMIT
    assert all(before.last <= after.first for before, after in zip(group.spells, group.spells[1:]))


def test_a_clock_that_goes_back_is_remarked_on() -> None:
    fold = Fold()
    reader = LogReader("x", fold)
    reader.read([b"2026-11-23 15:00:00 ERROR a\n2026-11-23 14:00:00 ERROR a\n2026-11-23 14:00:01 ERROR a\n"])
    assert reader.log_file().remarks == ("its clock goes back once, by up to 60 minutes",)
    ((group,), _) = fold.told(UTC)
    assert [(spell.count, f"{spell.last:%H:%M:%S}") for spell in group.spells] == [(3, "14:00:01")]
    assert str(group.first) == "2026-11-23 14:00:00+00:00"
