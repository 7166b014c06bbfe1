"""Names that are being resolved. getaddrinfo(3) cannot be cancelled: who gives up leaves it running, and nobody asks it twice."""

from __future__ import annotations

import threading
from typing import Any, Callable, Optional

Told = Callable[[Optional[BaseException], Any], None]
"""Called with the error and what was found: one of the two is None."""

Key = tuple[str, int]


class Resolutions:
    """One thread for each name and port that is under way, however many looks wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Key, list[Told]] = {}

    def begin(self, resolve: Callable[[str, int], Any], host: str, port: int, told: Told) -> None:
        """Resolve a name in the background and tell it to ``told``; one that is under way already is joined."""
        key = (host, port)
        with self._lock:
            if key in self._waiting:
                self._waiting[key].append(told)
                return
            self._waiting[key] = [told]
        try:
            threading.Thread(target=self._run, args=(resolve, key), daemon=True).start()
        except BaseException:
            with self._lock:
                self._waiting.pop(key, None)
            raise

    @property
    def under_way(self) -> tuple[Key, ...]:
        """The names and ports that have not come back yet."""
        with self._lock:
            return tuple(self._waiting)

    def forget(self, told: Told) -> None:
        """Tell it nothing any more: what was waited for is given up."""
        with self._lock:
            for waiting in self._waiting.values():
                if told in waiting:
                    waiting.remove(told)

    def wait(self, resolve: Callable[[str, int], Any], host: str, port: int, seconds: float) -> Any:
        """What a name resolves to; raises what ``resolve`` raises, and TimeoutError after ``seconds``."""
        done = threading.Event()
        result: list[Any] = [None, None]

        def told(error: Optional[BaseException], found: Any) -> None:
            result[:] = [error, found]
            done.set()

        self.begin(resolve, host, port, told)
        if not done.wait(max(0.0, seconds)):
            self.forget(told)
            raise TimeoutError("timed out")
        if result[0] is not None:
            raise result[0]
        return result[1]

    def _run(self, resolve: Callable[[str, int], Any], key: Key) -> None:
        error: Optional[BaseException] = None
        found: Any = None
        try:
            found = resolve(*key)
        except BaseException as problem:  # whatever it is, who waits has to know
            error = problem
        with self._lock:
            waiting = self._waiting.pop(key)
        for told in waiting:
            told(error, found)
