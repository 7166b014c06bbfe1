"""The client's end of the line to the world: requests and answers as JSON lines, and news of what has ended."""

from __future__ import annotations

import array
import contextlib
import json
import signal
import socket
import subprocess
import threading
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple


class LabUnavailable(Exception):
    """This machine cannot build the lab; the text says what is missing, in one line."""


class Process:
    """A command that runs in the instance."""

    def __init__(self, pid: int, send: Callable[[int], None]) -> None:
        self._send = send
        self._ended = threading.Event()
        self.pid = pid
        self.returncode: Optional[int] = None
        self.seconds = 0.0

    def wait(self, timeout: Optional[float] = None) -> int:
        """Its exit status (minus the signal's number); subprocess.TimeoutExpired after `timeout` seconds."""
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def poll(self) -> Optional[int]:
        """Its exit status, None while it runs."""
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to it and to the processes of its group."""
        self._send(number)

    def kill(self) -> None:
        """End it and the processes of its group, at once."""
        self.send_signal(signal.SIGKILL)

    def end(self, status: int, seconds: float) -> None:
        """Take note that it has ended."""
        self.returncode, self.seconds = status, seconds
        self._ended.set()


class Channel:
    """Asks the world over a socket; any thread may ask."""

    def __init__(self, line: socket.socket, why_gone: Callable[[], str]) -> None:
        self._socket = line
        self._why_gone = why_gone
        self._lock = threading.Lock()
        self._number = 0
        self._answers: Dict[int, Dict[str, Any]] = {}
        self._news = threading.Condition()
        self._processes: Dict[int, Process] = {}
        self._early: Dict[int, Tuple[int, float]] = {}
        self._gone = False

    def open(self, settings: Mapping[str, Any], timeout: float) -> None:
        """Tell the world what it is to be and wait until it is. Raises LabUnavailable."""
        self._send(settings)
        threading.Thread(target=self._read, daemon=True).start()
        self._await(0, timeout)

    def close(self) -> None:
        """Hang up, which ends the world."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def ask(self, what: str, descriptors: Sequence[int] = (), **details: Any) -> Dict[str, Any]:
        """Have the world do something and give its answer. OSError where the world met one."""
        with self._lock:
            self._number += 1
            number = self._number
            self._send({"id": number, "do": what, "with": details}, descriptors)
        return self._await(number, 30)

    def follow(self, pid: int) -> Process:
        """The process that the world has started as `pid`."""
        process = Process(pid, lambda number: self._signal(pid, number))
        with self._news:
            if pid in self._early:
                process.end(*self._early.pop(pid))
            elif self._gone:
                process.end(-signal.SIGKILL, 0.0)
            else:
                self._processes[pid] = process
        return process

    def _signal(self, pid: int, number: int) -> None:
        self.ask("signal", pid=pid, number=number)

    def _send(self, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
        data = json.dumps(message).encode() + b"\n"
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        try:
            sent = self._socket.sendmsg([data], rights)
            self._socket.sendall(data[sent:])
        except OSError:
            with self._news:
                self._gone = True

    def _read(self) -> None:
        try:
            with self._socket.makefile("rb") as lines:
                for line in lines:
                    message = json.loads(line)
                    with self._news:
                        self._take(message)
                        self._news.notify_all()
        except (OSError, ValueError):
            pass
        with self._news:
            self._gone = True
            for process in self._processes.values():
                process.end(-signal.SIGKILL, 0.0)
            self._news.notify_all()

    def _take(self, message: Dict[str, Any]) -> None:
        if "ended" not in message:
            self._answers[message["id"]] = message
            return
        process = self._processes.pop(message["ended"], None)
        if process is None:
            self._early[message["ended"]] = (message["status"], message["seconds"])
        else:
            process.end(message["status"], message["seconds"])

    def _await(self, number: int, timeout: float) -> Dict[str, Any]:
        with self._news:
            self._news.wait_for(lambda: number in self._answers or self._gone, timeout)
            answer = self._answers.pop(number, None)
        if answer is None:
            raise LabUnavailable(self._why_gone())
        if "errno" in answer:
            raise OSError(answer["errno"], answer["error"], answer["file"])
        if "error" in answer:
            if number == 0:
                raise LabUnavailable(f"{answer['error']}: {self._why_gone()}")
            raise RuntimeError(answer["error"] + "\n" + answer["trace"])
        return answer
