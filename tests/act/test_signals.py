"""SIGTERM and Ctrl-C: never where that would lose something, always where nothing would."""

from __future__ import annotations

import signal
import threading
from typing import Iterator, List

import pytest

from ssm_bootstrap.host.signals import STOPPING, Interrupts


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    """Handlers of its own, taken away at the end."""
    before = {number: signal.getsignal(number) for number in STOPPING}
    for number in STOPPING:
        signal.signal(number, signal.SIG_DFL)  # the tests may run under nohup themselves
    found = Interrupts()
    found.install()
    yield found
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", STOPPING)
def test_each_ends_a_command_as_ctrl_c_does(interrupts: Interrupts, number: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


@pytest.mark.parametrize("number", STOPPING)
def test_one_that_the_caller_ignores_stays_ignored(interrupts: Interrupts, number: int) -> None:
    """As nohup does with SIGHUP."""
    signal.signal(number, signal.SIG_IGN)
    interrupts.install()
    assert signal.getsignal(number) is signal.SIG_IGN
    signal.raise_signal(number)
    with interrupts.held():
        pass


@pytest.mark.parametrize("number", STOPPING)
def test_a_held_stretch_is_not_cut_and_tells_at_its_end(interrupts: Interrupts, number: int) -> None:
    done: List[str] = []
    with pytest.raises(KeyboardInterrupt), interrupts.held():
        signal.raise_signal(number)
        with interrupts.held():
            signal.raise_signal(number)
            done.append("inner")
        done.append("outer")
    assert done == ["inner", "outer"]
    with interrupts.held():
        pass  # it is told once


def test_what_came_while_a_stretch_forgets_is_dropped(interrupts: Interrupts) -> None:
    with interrupts.held(forget=True):
        signal.raise_signal(signal.SIGTERM)
    with interrupts.held():
        pass


def test_a_stretch_that_raises_says_that_and_nothing_of_the_signal(interrupts: Interrupts) -> None:
    with pytest.raises(ValueError), interrupts.held():
        signal.raise_signal(signal.SIGINT)
        raise ValueError
    with interrupts.held():
        pass


def test_an_error_inside_does_not_swallow_the_signal_for_the_stretch_around_it(interrupts: Interrupts) -> None:
    with pytest.raises(KeyboardInterrupt), interrupts.held():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(ValueError), interrupts.held():
            raise ValueError


def test_a_stretch_that_lets_in_is_cut(interrupts: Interrupts) -> None:
    done: List[str] = []
    with interrupts.held():
        with pytest.raises(KeyboardInterrupt), interrupts.let_in():
            signal.raise_signal(signal.SIGTERM)
            done.append("never")
        done.append("undone")
    assert done == ["undone"]


def test_what_waited_is_raised_before_such_a_stretch_begins(interrupts: Interrupts) -> None:
    done: List[str] = []
    with interrupts.held():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), interrupts.let_in():
            done.append("never")
    assert done == []


def test_after_such_a_stretch_it_is_held_again(interrupts: Interrupts) -> None:
    done: List[str] = []
    with pytest.raises(KeyboardInterrupt), interrupts.held():
        with interrupts.let_in(), interrupts.held():
            pass
        signal.raise_signal(signal.SIGINT)
        done.append("held")
    assert done == ["held"]


def test_another_thread_holds_nothing(interrupts: Interrupts) -> None:
    entered: List[str] = []

    def work() -> None:
        with interrupts.held(), interrupts.let_in():
            entered.append("in")
            ready.set()
            release.wait(10)

    ready, release = threading.Event(), threading.Event()
    thread = threading.Thread(target=work)
    thread.start()
    ready.wait(10)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    release.set()
    thread.join()
    assert entered == ["in"]
