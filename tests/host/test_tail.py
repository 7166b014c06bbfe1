"""A file that grows, is renamed, is cut, or comes late."""

from __future__ import annotations

from pathlib import Path

from ssm_bootstrap.host.tail import Tail


def added(tail: Tail) -> bytes:
    return b"".join(tail.added())


def test_what_is_added_comes_once(tmp_path: Path) -> None:
    path = tmp_path / "errors.log"
    tail = Tail(str(path))
    assert added(tail) == b""
    path.write_bytes(b"one\n")
    assert (added(tail), added(tail)) == (b"one\n", b"")
    with path.open("ab") as stream:
        stream.write(b"two\n")
    assert added(tail) == b"two\n"
    tail.close()


def test_a_rotation_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "errors.log"
    path.write_bytes(b"one\n")
    tail = Tail(str(path))
    assert added(tail) == b"one\n"
    with path.open("ab") as stream:
        stream.write(b"last of the old\n")
    path.rename(tmp_path / "errors.log.1")
    assert added(tail) == b"last of the old\n"
    path.write_bytes(b"first of the new\n")
    assert (added(tail), added(tail)) == (b"first of the new\n", b"")
    tail.close()


def test_a_rotation_between_two_looks_is_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"one\n")
    tail = Tail(str(path))
    added(tail)
    with path.open("ab") as stream:
        stream.write(b"two\n")
    path.rename(tmp_path / "x.1")
    path.write_bytes(b"three\n")
    assert added(tail) == b"two\nthree\n"
    tail.close()


def test_a_file_that_was_cut_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"a long line\n")
    tail = Tail(str(path))
    added(tail)
    path.write_bytes(b"new\n")
    assert added(tail) == b"new\n"
    tail.close()
