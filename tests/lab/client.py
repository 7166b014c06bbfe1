"""How tests, the demo and the bench use the lab: a closed VPC as a context manager.

with Lab(CASES["complete"]) as lab:
    done = lab.run(["ssm-bootstrap", "probe", "--region", "ap-northeast-1"])
    lab.apply(CASES["no-endpoints"])
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import os
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple, Type, Union

from tests import caller
from tests.lab.cases import Case
from tests.lab.channel import Channel, LabUnavailable, Process
from tests.lab.leaks import search_environments, search_files, search_output
from tests.lab.machine import ENVIRONMENT, ROOT, SYSTEM_PATH, namespaces
from tests.lab.streams import Done, drain, feed, settle, text
from tests.laws.secrets import leaks

STANDINS = Path(__file__).resolve().parent / "standin"


class Lab:
    """A VPC and an instance in it, from `with` to its end; everything in it dies with it, or with this process."""

    def __init__(self, case: Case, region: str = "ap-northeast-1", overlay: bool = True, all_users: bool = False) -> None:
        self.case = case
        self.region = region
        self.started_in = 0.0  # seconds
        self.env: Dict[str, str] = {}  # what every command gets besides
        self._overlay = overlay
        self._all_users = all_users
        self._said: List[str] = []
        self._opened = False
        self._given: Set[str] = set()  # files that a test itself wrote a secret into

    def __enter__(self) -> Lab:
        began = time.monotonic()
        from tests.lab import pki

        opened = namespaces(self._all_users)
        ours, theirs = socket.socketpair()
        world = [*opened, sys.executable, "-m", "tests.lab.world", "--control", str(theirs.fileno())]
        self._unshare = subprocess.Popen(
            world,
            pass_fds=[theirs.fileno()],
            cwd=str(ROOT),
            env=ENVIRONMENT,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        theirs.close()
        self._complaints = threading.Thread(target=self._collect_complaints, daemon=True)
        self._complaints.start()
        self._socket = ours
        self._channel = Channel(ours, self._why_gone)
        try:
            self._channel.open(
                {
                    "region": self.region,
                    "case": self.case.to_json(),
                    "overlay": self._overlay,
                    "certificates": asdict(pki.certificates(self.region)),
                },
                30,
            )
        except BaseException:
            self.close()
            raise
        self.started_in = time.monotonic() - began
        self._opened = True
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Any) -> None:
        self.close()

    def close(self) -> None:
        """End the world and all that runs in it, its files once searched for what must not be in them."""
        if self._opened:
            self._opened = False
            with contextlib.suppress(LabUnavailable, OSError):  # a world that a test has killed has nothing left to search
                search_environments(self)
                search_files(self, self._given)
        self._channel.close()
        try:
            self._unshare.wait(5)
        except subprocess.TimeoutExpired:
            self._unshare.kill()
            self._unshare.wait()
        self._complaints.join(2)
        self._socket.close()

    # commands

    def run(
        self,
        argv: Sequence[str],
        env: Optional[Mapping[str, str]] = None,
        stdin: Union[bytes, str] = b"",
        timeout: float = 60,
        cwd: str = "/root",
        tty: Optional[int] = None,
    ) -> Done:
        """Run a command in the instance until it ends.

        `env` adds to the instance's environment. With `tty` it runs on a terminal that many columns wide. After
        `timeout` seconds it is killed and subprocess.TimeoutExpired raised, with what it had said.
        """
        given = stdin.encode() if isinstance(stdin, str) else stdin
        if tty is not None:
            return self._run_on_terminal(argv, env, given, timeout, cwd, tty)
        (in_read, in_write), (out_read, out_write), (err_read, err_write) = os.pipe(), os.pipe(), os.pipe()
        try:
            process = self._start(argv, env, cwd, (in_read, out_write, err_write), tty=False)
        except BaseException:
            os.close(in_write)
            os.close(out_read)
            os.close(err_read)
            raise
        feeder = threading.Thread(target=feed, args=(in_write, given), daemon=True)
        collected: Dict[int, bytearray] = {out_read: bytearray(), err_read: bytearray()}
        readers = [threading.Thread(target=drain, args=item, daemon=True) for item in collected.items()]
        for thread in (feeder, *readers):
            thread.start()
        self._finish(process, argv, timeout, readers, collected[out_read], collected[err_read])
        search_output(argv, text(collected[out_read]), text(collected[err_read]))
        return Done(process.wait(), text(collected[out_read]), text(collected[err_read]), process.seconds)

    def start(
        self,
        argv: Sequence[str],
        env: Optional[Mapping[str, str]] = None,
        cwd: str = "/root",
        output: Optional[Union[str, Path]] = None,
    ) -> Process:
        """Start a command in the instance and leave it running; `output` is a file outside that takes what it says."""
        nothing = os.open(os.devnull, os.O_RDONLY)
        target = os.open(os.fspath(output) if output else os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        return self._start(argv, env, cwd, (nothing, target, os.dup(target)), tty=False)

    def start_on_terminal(
        self,
        argv: Sequence[str],
        env: Optional[Mapping[str, str]] = None,
        cwd: str = "/root",
        columns: int = 80,
        lines: int = 50,
    ) -> Tuple[Process, int]:
        """Start a command on a terminal of its own; gives it and the terminal's other end, a descriptor to close."""
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        try:
            return self._start(argv, env, cwd, (slave, os.dup(slave), os.dup(slave)), tty=True), master
        except BaseException:
            os.close(master)
            raise

    def environment(self, env: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
        """What a command in the instance gets: stand-ins first on PATH, the VPC's proxy, nothing of the caller's."""
        ours = caller.programs()
        own = [str(Path(sys.executable).parent), str(Path(sys.prefix) / "bin")]
        here = dict.fromkeys([str(STANDINS), *([str(ours)] if ours else []), *own])
        return {
            "PATH": ":".join([*here, SYSTEM_PATH]),
            "HOME": "/root",
            "USER": "root",
            "LOGNAME": "root",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            **self.case.environment,
            **self.env,
            **(env or {}),
        }

    # the world

    @property
    def pid(self) -> int:
        """The process below which everything of the lab runs, by the id that it has on this machine."""
        return self._unshare.pid

    def apply(self, case: Case) -> None:
        """Change the VPC into `case` while everything keeps running."""
        self._channel.ask("apply", case=case.to_json())
        self.case = case

    def behave(self, **changes: Any) -> None:
        """Change how AWS behaves, on top of what the case says, until the next `apply`."""
        self._channel.ask("behave", changes=changes)

    def ask_aws(self, **order: Any) -> Dict[str, Any]:
        """Send an order to the AWS server (`get="state"`, `forget="mi-…"`) and give its answer."""
        answer: Dict[str, Any] = self._channel.ask("aws", order=order)["answer"]
        return answer

    def offer_role(self, offered: bool = True) -> None:
        """Attach an instance profile to the instance, as its metadata service tells, or take it away."""
        self._channel.ask("offer_role", offered=offered)

    def requests(self) -> List[Dict[str, Any]]:
        """What the AWS server was asked, in order."""
        found: List[Dict[str, Any]] = self._channel.ask("requests")["requests"]
        return found

    def asked(self) -> List[Dict[str, Any]]:
        """Those of the requests that are ours, or the agent's to register: an agent that just ends may have asked one more."""
        return [
            one
            for one in self.requests()
            if one["client"] == "ssm-bootstrap" or "RegisterManagedInstance" in (one["target"] or "")
        ]

    def forget_requests(self) -> None:
        """Begin the list of requests anew."""
        self._channel.ask("forget_requests")

    def write(self, path: str, text: Union[str, bytes], mode: int = 0o644) -> None:
        """Write a file of the instance, its directories too."""
        data = text.encode() if isinstance(text, str) else text
        if leaks(data):
            self._given.add(path)
        self._channel.ask("write", path=path, data=base64.b64encode(data).decode(), mode=mode)

    def read(self, path: str) -> bytes:
        """A file of the instance; OSError as open does."""
        return base64.b64decode(self._channel.ask("read", path=path)["data"])

    def exists(self, path: str) -> bool:
        """Whether the instance has `path`."""
        return bool(self._channel.ask("stat", path=path)["exists"])

    def mode(self, path: str) -> int:
        """The permission bits of a file of the instance."""
        return int(self._channel.ask("stat", path=path)["mode"]) & 0o7777

    def remove(self, path: str) -> None:
        """Remove a file or directory of the instance, if it is there."""
        self._channel.ask("remove", path=path)

    def reset_instance(self) -> None:
        """Make the instance as new: no agent running, no state, no logs, no configuration, nothing in /run."""
        self._channel.ask("reset_instance")

    # inside

    def _start(
        self, argv: Sequence[str], env: Optional[Mapping[str, str]], cwd: str, streams: Sequence[int], tty: bool
    ) -> Process:
        if caller.programs() and "ssm-bootstrap" in argv:
            caller.count_start()
        try:
            pid = self._channel.ask(
                "start", streams, argv=[os.fspath(word) for word in argv], env=self.environment(env), cwd=cwd, tty=tty
            )["pid"]
        finally:
            for stream in streams:
                os.close(stream)
        return self._channel.follow(pid)

    def _run_on_terminal(
        self,
        argv: Sequence[str],
        env: Optional[Mapping[str, str]],
        stdin: bytes,
        timeout: float,
        cwd: str,
        columns: int,
    ) -> Done:
        process, master = self.start_on_terminal(argv, env, cwd, columns)
        if stdin:
            os.write(master, stdin)
        screen = bytearray()
        reader = threading.Thread(target=drain, args=(master, screen), daemon=True)
        reader.start()
        self._finish(process, argv, timeout, [reader], screen, bytearray())
        search_output(argv, text(screen))
        return Done(process.wait(), text(screen), "", process.seconds, bytes(screen))

    def _finish(
        self,
        process: Process,
        argv: Sequence[str],
        timeout: float,
        readers: Sequence[threading.Thread],
        out: bytearray,
        err: bytearray,
    ) -> None:
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
            settle(readers, (out, err))
            raise subprocess.TimeoutExpired(list(argv), timeout, bytes(out), bytes(err)) from None
        settle(readers, (out, err))

    def _collect_complaints(self) -> None:
        assert self._unshare.stderr is not None
        with self._unshare.stderr as lines:
            for line in lines:
                self._said.append(line.decode("utf-8", "replace").rstrip())

    def _why_gone(self) -> str:
        self._complaints.join(1)
        return " / ".join(self._said[-3:]) or "the lab gives no answer"
