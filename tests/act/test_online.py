"""The proof that the agent is online, on what the real agent wrote: the new run counts, and no last word of the old one."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Iterator, List, Optional, Sequence, Tuple

import pytest

from ssm_bootstrap.act.agent.online import MOST_TEXT, LogPosition, prove_online
from ssm_bootstrap.collect import paths
from ssm_bootstrap.diagnose.logs.timeline import CLOCK_STEP
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.machine import RunningProcess
from ssm_bootstrap.model.agent import Proof
from tests.act.machine import TickingClock
from tests.fakes import RootedFiles, ScriptedMachine
from tests.recordings import JOURNEYS

OLD, NEW = 700, 800
STAMP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{4}) \w+ (.*)")
SIGNAL, FIRST = "[amazon-ssm-agent] amazon-ssm-agent got signal:terminated", "Proxy environment variables:"

Line = Tuple[datetime, str]


@dataclass(frozen=True)
class Restart:
    """One restart of a recording: what was there before, and the lines that came from then on with their times."""

    name: str
    before: str
    lines: Sequence[Line]
    began: datetime

    @property
    def is_proven(self) -> bool:
        """Whether it comes up in time: not where the fault is at work that the journey is about."""
        return self.up - self.lines[0][0] < timedelta(seconds=45)

    @property
    def up(self) -> datetime:
        """When the channel of the new process was up."""
        return next(at for at, line in self.lines if at >= self.began and "Set up control channel successfully" in line)


def lines_of(path: Path) -> List[Line]:
    """The lines of a log with their times; a line without a head has the time of the one before it."""
    found: List[Line] = []
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        stamp = STAMP.match(line)
        at = datetime.fromisoformat(stamp[1] + "00+00:00") if stamp else found[-1][0]
        found.append((at, line))
    return found


def restarts() -> Iterator[Restart]:
    """Every restart of the given recordings that ends with a channel, up to the next one."""
    for directory in sorted(path for home in JOURNEYS for path in home.iterdir() if path.is_dir()):
        lines = lines_of(directory / "amazon-ssm-agent.log")
        asked = [place for place, (_, line) in enumerate(lines) if SIGNAL in line]
        for number, place in enumerate(asked):
            rest = lines[place : asked[number + 1] if number + 1 < len(asked) else None]
            began = next((at for at, line in rest if line.rstrip().endswith(FIRST)), None)
            if began is not None and any("Set up control channel successfully" in line for _, line in rest):
                yield Restart(f"{directory.name}-{number}", "".join(line for _, line in lines[:place]), rest, began)


class Player(TickingClock):
    """A clock that writes the recorded lines while time passes, and rotates the log after each that holds ``rotate_after``."""

    def __init__(self, files: RootedFiles, start: datetime, lines: Sequence[Line], rotate_after: str = "") -> None:
        super().__init__()
        self._files, self._start, self._lines, self._rotate_after = files, start, list(lines), rotate_after
        self._archives = 0
        self.play()

    def now(self) -> datetime:
        """The recording's time."""
        return self._start + timedelta(seconds=self.monotonic())

    def zone(self) -> timezone:
        """The recordings were made in UTC."""
        return timezone.utc

    def sleep(self, seconds: float) -> None:
        """Time passes, and the agent writes."""
        super().sleep(seconds)
        self.play()

    def play(self) -> None:
        """Write what was written by now."""
        path = Path(self._files.real(paths.AGENT_LOG))
        while self._lines and self._lines[0][0] <= self.now():
            line = self._lines.pop(0)[1]
            with open(path, "a", encoding="utf-8") as log:
                log.write(line)
            if self._rotate_after and self._rotate_after in line:
                self._archives += 1
                path.rename(f"{path}.{self._archives}")
                path.touch()


def prove(tmp_path: Path, before: str, start: datetime, lines: Sequence[Line], began: datetime, **more: Any) -> Proof:
    """The proof while the lines come in; the new process exists from ``began`` on."""
    files = RootedFiles(tmp_path)
    files.put(paths.AGENT_LOG, before)
    if "until" in more:
        files.put(paths.IDENTITY_CONFIG, json.dumps({"CredentialsExpiresAt": more["until"]}))
    mark = LogPosition.of(files)
    clock = Player(files, start, lines, more.get("rotate_after", ""))
    told = more.get("told", began)
    process = RunningProcess(NEW, "amazon-ssm-agent", ("amazon-ssm-agent",), told.timestamp())
    host = Host(files=files, clock=clock, machine=ScriptedMachine([process]))
    return prove_online(host, mark, lambda: NEW if clock.now() >= began else OLD, OLD, lambda: True, more.get("timeout", 45.0))


RESTARTS = list(restarts())


@pytest.mark.parametrize("restart", RESTARTS, ids=lambda one: one.name)
def test_a_recorded_restart_is_proven_where_it_comes_up_in_time(tmp_path: Path, restart: Restart) -> None:
    proof = prove(tmp_path, restart.before, restart.lines[0][0], restart.lines, restart.began)
    assert proof.online is restart.is_proven, proof.signs
    if restart.is_proven:
        assert (proof.channel, proof.identity) == ("ssmmessages", "OnPrem")
        assert proof.seconds >= (restart.up - restart.lines[0][0]).total_seconds()


def test_there_is_a_restart_of_an_agent_that_was_no_hybrid_node_before() -> None:
    assert len(RESTARTS) >= 10
    assert [one.name for one in RESTARTS if not one.is_proven] == ["clock-0"]
    assert any("Agent will take identity from EC2" in one.before for one in RESTARTS)


@pytest.mark.parametrize("line", ["Starting Core Agent", "Credentials ready", "Worker ssm-agent-worker (pid", "Bye."])
def test_a_log_that_is_rotated_meanwhile_is_read_on(tmp_path: Path, line: str) -> None:
    one = next(one for one in reversed(RESTARTS) if one.is_proven and any("Bye." in text for _, text in one.lines))
    proof = prove(tmp_path, one.before, one.lines[0][0], one.lines, one.began, rotate_after=line)
    assert proof.online, proof.signs


@pytest.mark.parametrize(("early", "online"), [(CLOCK_STEP.total_seconds() - 0.1, True), (CLOCK_STEP.total_seconds() + 1, False)])
def test_a_first_line_may_seem_to_be_a_little_older_than_its_process(tmp_path: Path, early: float, online: bool) -> None:
    lines = said(*NEW_START, *KEPT, *WORKER, *CHANNEL)
    began = AT + timedelta(seconds=4.9)
    proof = prove(tmp_path, "", AT, lines, began, told=lines[0][0] + timedelta(seconds=early), timeout=20.0)
    assert proof.online is online, proof.signs


def test_of_much_text_the_end_is_read(tmp_path: Path) -> None:
    noise = said((0.5, "x" * 1000))[0]
    many = [noise] * (MOST_TEXT // len(noise[1]) + 1000)
    proof = prove(tmp_path, "", AT, [*many, *said(*NEW_START, *KEPT, *WORKER, *CHANNEL)], AT + timedelta(seconds=4.9))
    assert proof.online, proof.signs


AT = datetime(2026, 11, 27, 12, 0, 0, tzinfo=timezone.utc)


def said(*lines: Tuple[float, str]) -> List[Line]:
    """Lines at seconds after noon."""
    found = []
    for second, text in lines:
        at = AT + timedelta(seconds=second)
        found.append((at, f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 100:04} INFO {text}\n"))
    return found


EC2_START = ((0.1, FIRST), (0.1, "Agent will take identity from EC2"), (0.2, "[amazon-ssm-agent] Starting Core Agent"))
LAST_WORDS = ((1.0, "[CredentialRefresher] Sleeping for 5m0s before retrying retrieve credentials"),)
NEW_START = (
    (5.0, FIRST),
    (5.0, "Agent will take identity from OnPrem"),
    (5.1, "[amazon-ssm-agent] amazon-ssm-agent - v3.3.1142.0"),
    (5.1, "[amazon-ssm-agent] Starting Core Agent"),
)
KEPT = ((5.2, "[CredentialRefresher] Credentials ready"), (5.2, "[CredentialRefresher] Starting credentials refresher loop"))
WORKER = ((6.2, "[amazon-ssm-agent] [WorkerProvider] Worker ssm-agent-worker (pid:614) started"),)
CHANNEL = ((8.3, "[ssm-agent-worker] [MessageService] [MGSInteractor] Set up control channel successfully"),)


@pytest.mark.parametrize("old", [(), LAST_WORDS, EC2_START + LAST_WORDS], ids=["silent", "last-words", "starts-late"])
def test_what_the_old_process_still_writes_is_not_the_new_ones(tmp_path: Path, old: Sequence[Tuple[float, str]]) -> None:
    lines = said(*old, *NEW_START, *KEPT, *WORKER, *CHANNEL)
    assert prove(tmp_path, "", AT, lines, AT + timedelta(seconds=4.9)).online


def test_kept_credentials_are_named_as_such(tmp_path: Path) -> None:
    lines = said(*NEW_START, *KEPT, *WORKER, *CHANNEL)
    proof = prove(tmp_path, "", AT, lines, AT + timedelta(seconds=4.9), until="2026-11-27T12:41:00Z")
    (told,) = [sign for sign in proof.signs if sign.name == "credentials"]
    assert proof.online and told.detail == "from before, until 12:41 UTC: AWS was not asked for new ones"
    fresh = prove(tmp_path / "new", "", AT, said(*NEW_START, *reversed(KEPT), *WORKER, *CHANNEL), AT + timedelta(seconds=4.9))
    assert [sign.detail for sign in fresh.signs if sign.name == "credentials"] == ["ready"]


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        (NEW_START, ["credentials", "worker", "channel"]),
        (NEW_START + KEPT, ["worker", "channel"]),
        (NEW_START + KEPT + WORKER, ["channel"]),
        (KEPT + WORKER + CHANNEL, ["identity"]),  # no first line: nobody knows whose these are
    ],
)
def test_every_sign_is_needed(tmp_path: Path, lines: Sequence[Tuple[float, str]], missing: List[str]) -> None:
    proof = prove(tmp_path, "", AT, said(*lines), AT + timedelta(seconds=4.9), timeout=20.0)
    assert not proof.online
    assert [sign.name for sign in proof.signs if not sign.seen] == missing


def old_start(version: str, *first: str) -> List[Line]:
    texts = (*first, "Agent will take identity from OnPrem", f"[amazon-ssm-agent] amazon-ssm-agent - v{version}")
    return said(*((5.0, text) for text in texts))


@pytest.mark.parametrize("start", [old_start("3.0.1124.0"), old_start("3.1.1927.0", FIRST), old_start("3.2.1241.0", FIRST)])
def test_an_agent_that_says_nothing_of_its_credentials_has_them_once_it_works(tmp_path: Path, start: List[Line]) -> None:
    proof = prove(tmp_path, "", AT, [*start, *said(*WORKER, *CHANNEL)], AT + timedelta(seconds=4.9))
    assert proof.online, proof.signs
    proof = prove(tmp_path / "waits", "", AT, start, AT + timedelta(seconds=4.9), timeout=20.0)
    assert [sign.name for sign in proof.signs if not sign.seen] == ["credentials", "worker", "channel"]


def test_an_agent_that_says_so_is_waited_for(tmp_path: Path) -> None:
    start = old_start("3.2.1297.0", FIRST)
    proof = prove(tmp_path, "", AT, [*start, *said(*WORKER, *CHANNEL)], AT + timedelta(seconds=4.9), timeout=20.0)
    assert [sign.name for sign in proof.signs if not sign.seen] == ["credentials"]


@pytest.mark.parametrize(
    ("end", "identity"),
    [
        ((5.3, "[CredentialRefresher] Sleeping for 26m49s before retrying retrieve credentials"), "OnPrem"),
        (None, "EC2"),
    ],
)
def test_nothing_more_is_waited_for_where_nothing_can_come(
    tmp_path: Path, end: Optional[Tuple[float, str]], identity: str
) -> None:
    start = tuple((at, text.replace("OnPrem", identity)) for at, text in NEW_START)
    lines = said(*start, *([end] if end else []))
    proof = prove(tmp_path, "", AT, lines, AT + timedelta(seconds=4.9))
    assert (proof.online, proof.identity) == (False, identity)
    assert 7.5 < proof.seconds < 12
