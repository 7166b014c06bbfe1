"""The patch script's output: its own lines, and what other programs print between them."""

from __future__ import annotations

from datetime import datetime, timezone

from ssm_bootstrap.collect.logs.formats import in_agents_shape
from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.model.logs import Level

SCRIPT = b"""Using python binary: 'python3'
07/15/2026 10:00:00 root [INFO]: Running the update
E: Could not get lock /var/lib/dpkg/lock-frontend
  It is held by process 712
Traceback (most recent call last):
  File "main.py", line 1, in <module>
ValueError: no more

07/15/2026 10:00:01 root [DEBUG]: not of interest
07/15/2026 10:00:02 root [WARNING]: slow
----------ERROR-------
failed to run commands: exit status 156
"""


def test_what_programs_print_between_the_scripts_lines_are_records_of_their_own() -> None:
    lines = b"".join(in_agents_shape([SCRIPT], "stdout", timezone.utc)).decode().splitlines()
    assert lines[:8] == [
        "Using python binary: 'python3'",
        "2026-07-15 10:00:00 TEXT Running the update",
        "2026-07-15 10:00:00 TEXT E: Could not get lock /var/lib/dpkg/lock-frontend",
        "  It is held by process 712",
        "2026-07-15 10:00:00 TEXT Traceback (most recent call last):",
        '  File "main.py", line 1, in <module>',
        "2026-07-15 10:00:00 TEXT ValueError: no more",
        "",
    ]
    assert lines[8:] == [
        "2026-07-15 10:00:01 DEBUG not of interest",
        "2026-07-15 10:00:02 WARN slow",
        "2026-07-15 10:00:02 TEXT ----------ERROR-------",
        "2026-07-15 10:00:02 TEXT failed to run commands: exit status 156",
    ]


def test_they_are_read_without_a_level_and_with_the_time_of_the_line_before() -> None:
    digest = read_stream([SCRIPT], "stdout", timezone.utc)
    found = {group.sample.message.split("\n")[0]: group.sample for group in digest.groups}
    lock = found["E: Could not get lock /var/lib/dpkg/lock-frontend"]
    assert lock.level is Level.NONE and lock.at == datetime(2026, 7, 15, 10, tzinfo=timezone.utc)
    assert lock.message.endswith("It is held by process 712")
    assert found["failed to run commands: exit status 156"].level is Level.NONE
