"""Debian's Chromium without a window, driven over a pipe (Chrome DevTools Protocol): pages looked at, measured and printed."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

PROGRAM = shutil.which("chromium")
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage", "--disable-extensions"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
    *("--host-resolver-rules=MAP * ~NOTFOUND", "--remote-debugging-pipe"),
)


class Chromium:
    """One browser with one page."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back, self._rest, self._number = to, back, b"", 0
        self.heard: list[dict[str, Any]] = []
        self._session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its result; raises RuntimeError with the browser's own words where it refuses."""
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        words = json.dumps({"id": self._number, "method": method, "params": parameters, **session})
        os.write(self._to, words.encode() + b"\0")
        while True:
            message = self._message()
            if message.get("id") == self._number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                result: dict[str, Any] = message["result"]
                return result

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            read = os.read(self._back, 1 << 20)
            if not read:
                raise RuntimeError("the browser has ended")
            self._rest += read
        text, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        self.heard.append(message)
        return message

    def open(self, path: Path, width: int, *, dark: bool = False, paper: bool = False) -> None:
        """Show a file, as wide as a window of ``width`` pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="print" if paper else "", features=[scheme])
        self.heard.clear()
        self.call("Page.navigate", url=path.as_uri())
        while not any(message.get("method") == "Page.loadEventFired" for message in self.heard):
            self._message()

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript gives, asked from outside the page."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def picture(self) -> bytes:
        """The whole page as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"])

    def printed(self) -> bytes:
        """The page as PDF, on the paper that it asks for."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])

    @property
    def asked_for(self) -> list[str]:
        """The addresses that were asked for since the page was opened."""
        asked = (message for message in self.heard if message.get("method") == "Network.requestWillBeSent")
        return [message["params"]["request"]["url"] for message in asked]

    @property
    def complaints(self) -> list[str]:
        """What the browser said of the page: breaches of its policy, and errors."""
        said = (message for message in self.heard if message.get("method") == "Log.entryAdded")
        return [message["params"]["entry"]["text"] for message in said]


def pages_of(printed: bytes) -> int:
    """How many sheets a PDF has."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", printed))


@contextmanager
def chromium(profile: Path) -> Iterator[Chromium]:
    """A browser with a profile of its own; it is ended by its own pipe, and killed where it does not end."""
    assert PROGRAM is not None
    in_read, in_write = os.pipe()
    out_read, out_write = os.pipe()

    def place() -> None:
        """The browser reads commands from 3 and answers on 4."""
        reading, writing = os.dup(in_read), os.dup(out_write)
        os.dup2(reading, 3)
        os.dup2(writing, 4)

    environment = {**os.environ, "HOME": str(profile), "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(
        [PROGRAM, *FLAGS, f"--user-data-dir={profile}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=False,
        preexec_fn=place,
        env=environment,
    )
    os.close(in_read)
    os.close(out_write)
    try:
        yield Chromium(in_write, out_read)
    finally:
        os.close(in_write)
        os.close(out_read)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
