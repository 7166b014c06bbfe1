"""Doors to the world that a test hands in through ``Host``: rooted files, scripted commands, quick clocks, scripted networks."""

from __future__ import annotations

import json
import queue
import threading
from dataclasses import replace
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, Optional, Sequence, Union

from ssm_bootstrap.host.checkedfiles import Held
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.commands import CannotRun, Commands, Completed
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.machine import Machine, RunningProcess, SystemName
from ssm_bootstrap.host.network import Answer, Network, Trust
from tests.scenarios.fake_commands import of_each_unit

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=timezone.utc)


class RootedFiles(Files):
    """Files below a temporary directory; ``owner`` is whose they are said to be.

    ``denied`` is what may not be touched, and ``unreadable`` what may not be read piece by piece.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(str(root))
        self.owner = 0
        self.group = 0
        self.denied: set[str] = set()
        self.unreadable: set[str] = set()

    def put(self, path: str, content: Union[str, bytes, Mapping[str, Any]] = "", mode: int = 0o600) -> str:
        """Write a file of the machine, its directories too; a mapping is written as JSON."""
        real = Path(self.real(path))
        for parent in reversed(real.parents):
            if not parent.exists():
                parent.mkdir()
                parent.chmod(0o755)  # whatever the umask
        if isinstance(content, Mapping):
            content = json.dumps(content)
        real.write_bytes(content.encode() if isinstance(content, str) else content)
        real.chmod(mode)
        return path

    def mode_and_owner(self, path: str) -> tuple[int, int, bool]:
        """As the machine says, but for the owner."""
        mode, _, regular = super().mode_and_owner(path)
        return mode, self.owner, regular

    def hold(self, path: str, limit: int = 16 << 20) -> Held:
        """As the machine says, but for the owner and what is denied."""
        self._check(path)
        return self._said(super().hold(path, limit))

    def read_chunks(self, path: str, start: int = 0) -> Iterator[bytes]:
        """As the machine says, but for what is unreadable."""
        if path in self.unreadable:
            raise PermissionError(13, "Permission denied", self.real(path))
        return super().read_chunks(path, start)

    def remove_held(self, path: str, judge: Callable[[Held], None]) -> None:
        """As the machine says, but for the owner."""
        super().remove_held(path, lambda held: judge(self._said(held)))

    def _said(self, held: Held) -> Held:
        return replace(held, owner=self.owner, group=self.group, reader=0)

    def read_bytes(self, path: str, limit: int = 16 << 20) -> bytes:
        """As the machine says, but for what is denied."""
        self._check(path)
        return super().read_bytes(path, limit)

    def exists(self, path: str) -> bool:
        """As the machine says, but for what is denied."""
        self._check(path)
        return super().exists(path)

    def _check(self, path: str) -> None:
        if path in self.denied:
            raise PermissionError(13, "Permission denied", self.real(path))


class ScriptedCommands(Commands):
    """Commands that give what ``answers`` say: by the words of the command, longest beginning first."""

    def __init__(self, answers: Mapping[str, Union[str, Completed, None]]) -> None:
        super().__init__()
        self.answers = answers
        self.ran: list[tuple[str, ...]] = []

    def run(self, argv: Sequence[str], **more: Any) -> Completed:
        """The scripted answer; a program of which nothing is said is missing."""
        self.ran.append(tuple(argv))
        return of_each_unit(argv, self._answer)

    def _answer(self, argv: Sequence[str]) -> Completed:
        words = " ".join(argv)
        for beginning in sorted(self.answers, key=len, reverse=True):
            if words.startswith(beginning):
                answer = self.answers[beginning]
                if answer is not None:
                    return answer if isinstance(answer, Completed) else Completed(0, answer, "", 0.0)
        raise CannotRun(argv[0], FileNotFoundError(2, "No such file or directory"))


class QuickClock(Clock):
    """A clock that runs ``factor`` times as fast as the world, so that deadlines come soon."""

    def __init__(self, factor: float = 10.0) -> None:
        self._factor = factor

    def monotonic(self) -> float:
        """Seconds, soon over."""
        return super().monotonic() * self._factor

    def sleep(self, seconds: float) -> None:
        """Wait a little."""
        super().sleep(seconds / self._factor)

    def starved(self) -> float:
        """There is always a processor."""
        return 0.0


class StillClock(Clock):
    """A clock at which it is always noon."""

    def now(self) -> datetime:
        """Noon."""
        return NOON

    def zone(self) -> tzinfo:
        """Tokyo, where this machine stands."""
        return timezone(timedelta(hours=9))

    def starved(self) -> float:
        """There is always a processor."""
        return 0.0

    def monotonic(self) -> float:
        """No time passes."""
        return 1000.0


class ScriptedMachine(Machine):
    """A machine of which everything is known."""

    def __init__(self, processes: Sequence[RunningProcess] = (), root: bool = True) -> None:
        super().__init__()
        self._processes = processes
        self._is_root = root

    def system(self) -> SystemName:
        """Amazon Linux."""
        return SystemName("Amazon Linux 2023", "amzn", "2023")

    def architecture(self) -> str:
        """A usual processor."""
        return "x86_64"

    def hostname(self) -> str:
        """A usual name."""
        return "ip-10-0-1-7"

    def is_root(self) -> bool:
        """What was said."""
        return self._is_root

    def booted(self) -> float:
        """At the epoch's start."""
        return 0.0

    def processes(self, names: Sequence[str]) -> Any:
        """Those that were given."""
        return iter([item for item in self._processes if item.name in names])


class Wire:
    """A connection of a scripted network: remembers where it leads and by which rungs it came."""

    def __init__(self, address: str, port: int) -> None:
        self.address, self.port = address, port

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def getsockname(self) -> tuple[str, int]:
        """This machine's end."""
        return ("10.0.1.7", 40000)

    def settimeout(self, seconds: float) -> None:
        """Nothing to wait for."""


Says = Union[BaseException, Callable[[], Any]]

AWS = Answer(400, {"x-amzn-requestid": "r-1", "content-type": "application/x-amz-json-1.1"}, b"{}", False)


class ScriptedNetwork(Network):
    """Names and addresses that do what the script says.

    ``names``: host to addresses, an error, or a function. ``addresses``: what a connect does there (an error or a function).
    ``answer`` is what HTTP gives. ``resolvers``: resolver to (code, addresses), an error or a function.
    """

    def __init__(
        self,
        names: Mapping[str, Any],
        addresses: Optional[Mapping[str, Says]] = None,
        answer: Union[Answer, Says] = AWS,
        resolvers: Optional[Mapping[str, Any]] = None,
    ) -> None:
        self.names, self.addresses, self.answer = names, addresses or {}, answer
        self.resolvers = resolvers or {}
        self.dialled: list[tuple[str, int]] = []
        self.asked: list[tuple[str, str, str]] = []

    @staticmethod
    def _play(says: Any) -> Any:
        if isinstance(says, BaseException):
            raise says
        return says() if callable(says) else says

    def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """As scripted; a name of which nothing is said is a bug of the test."""
        return tuple(self._play(self.names[host]))

    def connect(self, address: str, port: int, timeout: float) -> Any:
        """As scripted; else it comes up."""
        self.dialled.append((address, port))
        self._play(self.addresses.get(address))
        return Wire(address, port)

    def cut(self, connection: Any) -> None:
        """Nothing to cut."""

    def trusting(self, trust: Trust) -> Any:
        """Nothing to trust."""
        return None

    def handshake(self, context: Any, connection: Any, name: str, timeout: float) -> Any:
        """It works."""
        return connection

    def request(self, connection: Any, host: str, *rest: Any) -> Answer:
        """As scripted."""
        found = self._play(self.answer)
        assert isinstance(found, Answer)
        return found

    def ask(self, resolver: str, host: str, family: str, timeout: float) -> tuple[str, tuple[str, ...]]:
        """As scripted; a resolver of which nothing is said is silent."""
        self.asked.append((resolver, host, family))
        code, addresses = self._play(self.resolvers.get(resolver, TimeoutError()))
        return code, addresses if family == "A" else ()


class Gate:
    """Blocks who calls it, until the test is over; ``inside`` is how many it blocks."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self.inside = 0

    def __call__(self) -> Any:
        self.pass_through()
        raise OSError("let go at the end of the test")

    def pass_through(self) -> None:
        """Wait until it is open."""
        if not self._open.is_set():
            self.inside += 1
        self._open.wait(60)

    def open(self) -> None:
        """Let everybody through: nobody is inside any more."""
        self.inside = 0
        self._open.set()


class IdleClock(Clock):
    """A clock on which time passes only while nobody works: whoever was started since has ended, or is held at the gate.

    However slow the machine, what works takes no time on it, and what is silent takes all.
    """

    def __init__(self, gate: Optional[Gate] = None) -> None:
        self._gate = gate
        self._spent = 0.0
        self._others = threading.active_count() - (gate.inside if gate else 0)

    def monotonic(self) -> float:
        """What was waited in vain."""
        return self._spent

    def sleep(self, seconds: float) -> None:
        """Time passes on this clock alone."""
        self._spent += seconds

    def starved(self) -> float:
        """There is always a processor."""
        return 0.0

    def wait(self, events: queue.Queue[Any], seconds: float) -> Any:
        """The next event; raises queue.Empty once nobody is left who could bring one."""
        while True:
            try:
                return events.get(timeout=0.002)
            except queue.Empty:
                if threading.active_count() - self._others <= (self._gate.inside if self._gate else 0) and events.empty():
                    self._spent += seconds
                    raise
