"""A context is made once, however many threads want it at a time."""

from __future__ import annotations

import ssl
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ssm_bootstrap.collect.network.contexts import Contexts


def test_many_that_ask_at_once_get_the_one_that_was_made() -> None:
    contexts, made = Contexts(), []
    waiting = threading.Barrier(8)

    def make() -> ssl.SSLContext:
        made.append(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        return made[-1]

    def ask(_: int) -> ssl.SSLContext:
        waiting.wait(60)
        return contexts.get("system", make)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert len(made) == 1 and all(context is made[0] for context in found)
    assert contexts.get("another bundle", make) is made[1]


def test_what_is_raised_is_told_and_tried_again() -> None:
    contexts = Contexts()
    asked: list[int] = []

    def make() -> ssl.SSLContext:
        asked.append(1)
        if len(asked) == 1:
            raise OSError(2, "No such file or directory")
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    with pytest.raises(OSError, match="No such file"):
        contexts.get("", make)
    assert contexts.get("", make) is contexts.get("", make) and len(asked) == 2
