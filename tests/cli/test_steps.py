"""Steps on a terminal and in a log: what is shown, how often, and what is left of them; time is the test's own."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import Iterator, List, Tuple

import pytest

from ssm_bootstrap.cli.how_far import Counted, Watched
from ssm_bootstrap.cli.output import Talk
from ssm_bootstrap.cli.steps import BEAT, Screen, Steps
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.files import NamedFiles
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.host.signals import STOPPING, Interrupts
from ssm_bootstrap.host.steps import StepUnderWay, unshown

ERASE = "\r\x1b[2K"
SECRET = "Abcdefgh12345678WXYZ"


class OwnTime(Clock):
    """A clock that the test moves."""

    at = 100.0

    def monotonic(self) -> float:
        """As the test says."""
        return self.at


class Terminal(io.TextIOWrapper):
    """What is written, and whether it is a terminal that takes it."""

    def __init__(self, encoding: str = "utf-8", is_terminal: bool = True) -> None:
        super().__init__(io.BytesIO(), encoding, "strict", write_through=True)
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        """As said."""
        return self.is_terminal

    @property
    def written(self) -> str:
        """All that was written."""
        return self.buffer.getvalue().decode(self.encoding)  # type: ignore[attr-defined,no-any-return]

    @property
    def shown(self) -> str:
        """What stands in the line that is rewritten."""
        return self.written.rpartition(ERASE)[2]


def on(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Tuple[Talk, OwnTime]:
    """Talk on a terminal or in a log."""
    monkeypatch.setattr(sys, "stderr", terminal)
    clock, secrets = OwnTime(), Secrets()
    secrets.learn(SECRET, certain=True)
    return Talk(secrets, clock), clock


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eighty columns, and nobody of systemd's."""
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("JOURNAL_STREAM", "NOTIFY_SOCKET"):
        monkeypatch.delenv(name, raising=False)


def test_a_step_moves_at_least_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    clock = OwnTime()
    steps = Steps(lambda text, well: None, str, lambda text: None, clock, Screen(lambda: 80))
    monkeypatch.setattr(steps, "_start", lambda: None)  # the test beats
    with steps("restarting the agent"):
        seen: List[str] = []
        for spent in (0.0, 0.3, 0.99, 58.7, 119.2, 3599.5):
            clock.at = 100.0 + spent
            pause = steps.show()
            assert 0 < pause <= BEAT == 1.0
            before = terminal.shown
            clock.at += pause + 1e-6
            steps.show()
            assert terminal.shown != before
            seen.append(terminal.shown)
    assert seen[0] == "● restarting the agent (1 s)" and seen[-1] == "● restarting the agent (60 min 0 s)"


def test_what_goes_on_is_seen_and_its_end_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    talk, clock = on(terminal, monkeypatch)
    with talk.step("asking the endpoint", "the endpoint answers") as step:
        step.note("endpoint-missing")
        assert terminal.shown == "● asking the endpoint: endpoint-missing (0 s)"
        talk("waiting: x")
        assert terminal.written.split("\n")[0].endswith(f"{ERASE}waiting: x")
        assert terminal.shown == "● asking the endpoint: endpoint-missing (0 s)"  # it comes back below the line
        clock.at += 0.14
    assert terminal.shown == "✓ the endpoint answers (0.1 s)\n"


def test_of_a_look_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    talk, _ = on(terminal, monkeypatch)
    with talk.step("looking") as outer:
        with talk.step("probing") as inner:
            inner.note("ssm")
            assert terminal.shown == "● probing: ssm (0 s)"
        outer.note("at the logs")
        assert terminal.shown == "● looking: at the logs (0 s)"
    assert terminal.shown == "" and "\n" not in terminal.written


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_step_that_was_cut_went_wrong(monkeypatch: pytest.MonkeyPatch, error: type) -> None:
    terminal = Terminal(is_terminal=False)
    talk, clock = on(terminal, monkeypatch)
    with pytest.raises(error), talk.step("stopping the agent", "stopped the agent"):
        clock.at += 12.4
        raise error
    assert terminal.written == "✗ stopping the agent (12 s)\n"


def test_a_log_has_one_line_a_step_and_nothing_for_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(is_terminal=False)
    talk, clock = on(terminal, monkeypatch)
    with talk.step("registering", "registered") as step:
        for name in "abc":
            step.note(name)
        with talk.step("looking"):
            clock.at += 130.0
        step.ended("not registered: throttled", well=False)
    assert terminal.written == "✗ not registered: throttled (2 min 10 s)\n"


def test_a_dumb_terminal_is_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    terminal = Terminal()
    talk, _ = on(terminal, monkeypatch)
    with talk.step("a", "b") as step:
        step.note("c")
    assert terminal.written == "✓ b (0.0 s)\n"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_without_unicode_gets_ascii(monkeypatch: pytest.MonkeyPatch, is_terminal: bool) -> None:
    terminal = Terminal("ascii", is_terminal)
    talk, _ = on(terminal, monkeypatch)
    with talk.step("a", "registered as 日本") as step:
        step.note("é")
        assert not is_terminal or terminal.shown == "* a: \\xe9 (0 s)"
    with pytest.raises(ValueError), talk.step("c", "d"):
        raise ValueError
    assert "+ registered as \\u65e5\\u672c (0.0 s)\n" in terminal.written and terminal.written.endswith("x c (0.0 s)\n")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_what_comes_from_outside_is_clean_and_masked(monkeypatch: pytest.MonkeyPatch, is_terminal: bool) -> None:
    terminal = Terminal(is_terminal=is_terminal)
    talk, _ = on(terminal, monkeypatch)
    with talk.step("a\x1b[31m", f"done \x1b]0;x\x07 {SECRET}") as step:
        step.note(f"\x1b[2J {SECRET}\nforged")
        step.note(f"{SECRET} again")
    assert SECRET not in terminal.written and "\x1b" not in terminal.written.replace(ERASE, "")
    assert terminal.written.count("\n") == 1


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("columns", ["20", "40", "80"])
def test_a_step_never_takes_two_lines(monkeypatch: pytest.MonkeyPatch, columns: str, encoding: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    terminal = Terminal(encoding)
    talk, _ = on(terminal, monkeypatch)
    with talk.step("looking") as step:
        step.note("日本" * 100)
        assert terminal.shown.endswith("... (0 s)") and len(terminal.shown) < int(columns)


def test_a_long_line_is_cut_between_words_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "waiting: " + "Create an interface endpoint in this VPC. " * 5
    terminal = Terminal()
    on(terminal, monkeypatch)[0](text)
    assert max(map(len, terminal.written.splitlines())) < 80 and terminal.written.split() == text.split()
    log = Terminal(is_terminal=False)
    on(log, monkeypatch)[0](text)
    assert log.written.count("\n") == 1


@pytest.mark.parametrize("columns", range(24, 100))
def test_how_long_it_took_is_never_cut_nor_glued_to_the_sentence(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    terminal = Terminal()
    talk, clock = on(terminal, monkeypatch)
    said = "not proven online: credentials: sleeping for 1m32s before it asks again"
    with talk.step("waiting", "online") as step:
        clock.at += 135.0
        step.ended(said, well=False)
    lines = terminal.shown.splitlines()
    assert lines[-1].endswith("(2 min 15 s)") and " ".join(terminal.shown.split()) == f"✗ {said} (2 min 15 s)"
    assert all(len(line) < columns for line in lines)


def test_the_journal_gets_priorities(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    with open(f"{tmp_path}/journal", "w+", encoding="utf-8") as journal:
        found = os.fstat(journal.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        monkeypatch.setattr(sys, "stderr", journal)
        talk = Talk(Secrets(), OwnTime())
        with talk.step("a", "b"):
            talk("waiting: c")
        with pytest.raises(ValueError), talk.step("d", "e"):
            raise ValueError
        talk.at_once("interrupted: f")
        talk("g", error=True)
        journal.seek(0)
        lines = journal.read().splitlines()
    assert lines == ["<4>waiting: c", "<6>✓ b (0.0 s)", "<4>✗ d (0.0 s)", "<4>interrupted: f", "<3>g"]


def test_a_copy_of_the_process_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    talk, _ = on(terminal, monkeypatch)
    with talk.step("reading"):
        talk.step.show()
        before = terminal.written
        monkeypatch.setattr(os, "getpid", lambda: -1)
        assert talk.step.show() == BEAT and terminal.written == before
        monkeypatch.undo()
        monkeypatch.setattr(sys, "stderr", terminal)


class Notes(StepUnderWay):
    """A step whose notes are kept."""

    def __init__(self) -> None:
        self.notes: List[str] = []

    def note(self, text: str) -> None:
        """Keep it."""
        self.notes.append(text)


def test_a_bar_shows_how_far_a_file_is_read(tmp_path: object) -> None:
    path = f"{tmp_path}/log"
    with open(path, "wb") as log:
        log.write(b"x" * (1 << 20))
    step = Notes()
    files = Watched(NamedFiles(), step, 1 << 20)
    assert b"".join(files.read_chunks(path)) == b"x" * (1 << 20)
    assert step.notes[-1] == f"[{'#' * 19}.] 99 %" and len(set(step.notes)) >= 2 and files.size(path) == 1 << 20
    assert files.list(str(tmp_path)) == ["log"]


def test_of_what_has_no_size_the_megabytes_are_shown() -> None:
    step = Notes()
    assert list(Counted(step).passing(iter([b"x" * (3 << 20), b"y"]))) == [b"x" * (3 << 20), b"y"]
    assert step.notes == ["3 MB", "3 MB"]


def test_nobody_has_to_listen() -> None:
    with unshown("a", "b") as step:
        step.note("c")
        step.ended("d")
    assert type(step) is StepUnderWay


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    """Handlers of its own, taken away at the end."""
    before = {number: signal.getsignal(number) for number in STOPPING}
    for number in STOPPING:
        signal.signal(number, signal.SIG_DFL)
    yield Interrupts()
    for number, handler in before.items():
        signal.signal(number, handler)


def test_what_is_done_first_is_said_by_the_handler_itself(interrupts: Interrupts) -> None:
    said: List[str] = []
    interrupts.install(said.append, "nothing was changed")
    assert interrupts.standing == "nothing was changed"
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert said == []  # the command's own last line comes at once
    with pytest.raises(KeyboardInterrupt), interrupts.held("finishing"):
        with interrupts.held():
            signal.raise_signal(signal.SIGINT)
            assert said == ["interrupted: finishing"]
        with interrupts.held("more"):
            signal.raise_signal(signal.SIGTERM)
        assert said == ["interrupted: finishing", "interrupted: more"]
    with interrupts.held("finishing"), pytest.raises(KeyboardInterrupt), interrupts.let_in("undoing"):
        signal.raise_signal(signal.SIGINT)
    assert said[2:] == ["interrupted: undoing"]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert said[3:] == []
