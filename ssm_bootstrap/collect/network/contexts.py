"""TLS contexts of a look, each made once: to read the certificates takes a while, and many threads want them at a time."""

from __future__ import annotations

import ssl
import threading
from typing import Callable, Hashable


class Contexts:
    """What ``make`` gave for each key; what it raises goes to whoever asked, and the next one tries again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[Hashable, ssl.SSLContext] = {}

    def get(self, key: Hashable, make: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        """The context of a key; the first to ask makes it, the others wait."""
        with self._lock:
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]
