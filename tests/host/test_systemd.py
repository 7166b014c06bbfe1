"""Talking to systemd: a real socket and a real descriptor."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from ssm_bootstrap.host.systemd import is_journal, tell_status


def test_the_status_is_one_line(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind(path)
        door.settimeout(5)
        tell_status("waiting: endpoint-missing\nsecond line", {"NOTIFY_SOCKET": path})
        assert door.recv(4096) == b"STATUS=waiting: endpoint-missing"


def test_an_abstract_socket() -> None:
    name = f"ssm-bootstrap-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind("\0" + name)
        door.settimeout(5)
        tell_status("", {"NOTIFY_SOCKET": "@" + name})
        assert door.recv(4096) == b"STATUS="


def test_nobody_listens(tmp_path: Path) -> None:
    for address in ("", "relative", str(tmp_path / "nothing"), "/" + "x" * 300):
        tell_status("text", {"NOTIFY_SOCKET": address})


def test_only_the_journals_own_stream_gets_priorities(tmp_path: Path) -> None:
    with open(tmp_path / "stream", "w", encoding="utf-8") as stream:
        found = os.fstat(stream.fileno())
        assert is_journal(stream, {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
        assert not is_journal(stream, {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino + 1}"})
        assert not is_journal(stream, {})
