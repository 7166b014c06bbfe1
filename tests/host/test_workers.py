"""Work shared by copies of this process, also where a copy fails or there can be none."""

from __future__ import annotations

import os
from typing import Callable

import psutil
import pytest

from ssm_bootstrap.host.workers import Workers


def children() -> set[int]:
    """The processes that this one has begun and not seen the end of; other tests may have some of their own."""
    return {child.pid for child in psutil.Process().children()}


def test_results_come_in_order_and_from_several_processes() -> None:
    tasks: list[Callable[[], tuple[int, int]]] = [lambda number=number: (number, os.getpid()) for number in range(3)]  # type: ignore[misc]
    results = Workers(2).share(tasks)
    assert [number for number, _ in results] == [0, 1, 2]
    assert results[0][1] == os.getpid() and len({pid for _, pid in results}) == 3


def test_a_copy_that_fails_has_its_task_run_here() -> None:
    here = os.getpid()

    def task() -> int:
        if os.getpid() != here:
            os._exit(3)
        return 7

    assert Workers(2).share([lambda: 1, task]) == [1, 7]


def test_what_cannot_be_sent_is_made_here() -> None:
    results = Workers(2).share([lambda: None, lambda: lambda: 5])
    assert results[1] is not None and results[1]() == 5


def test_a_failure_here_leaves_no_copy_behind() -> None:
    before = children()

    def fail() -> int:
        raise OSError(5, "x")

    def wait() -> int:
        while True:
            os.read(os.pipe()[0], 1)

    with pytest.raises(OSError):
        Workers(2).share([fail, wait])
    assert children() == before


def test_much_comes_back_whole() -> None:
    assert len(Workers(2).share([lambda: b"", lambda: b"x" * (5 << 20)])[1]) == 5 << 20


def test_a_copy_works_while_this_process_does_something_else() -> None:
    done: list[int] = []
    assert Workers(2, lambda: done.append(os.getpid())).beside(os.getpid) not in done
    assert done == [os.getpid()]


def test_where_there_is_one_processor_all_is_done_here() -> None:
    done: list[int] = []
    assert Workers(1, lambda: done.append(os.getpid())).beside(os.getpid) == os.getpid()
    assert done == [os.getpid()]


def test_what_a_task_beside_raises_is_raised_here() -> None:
    before = children()

    def fail() -> int:
        raise OSError(5, "x")

    with pytest.raises(OSError, match="x"):
        Workers(2).beside(fail)
    assert children() == before


def test_what_fails_meanwhile_leaves_no_copy_behind() -> None:
    before = children()

    def fail() -> None:
        raise OSError(5, "x")

    def wait() -> int:
        while True:
            os.read(os.pipe()[0], 1)

    with pytest.raises(OSError, match="x"):
        Workers(2, fail).beside(wait)
    assert children() == before
