"""The agent's log lines: on the console, in amazon-ssm-agent.log, in errors.log and in hibernate.log."""

import os
import sys
import threading
import time
from typing import Optional

from . import steps, world

_lock = threading.Lock()


def stamp(fraction: bool = True) -> str:
    """Local time without a zone, with four decimals in the main logs."""
    now = time.time()
    text = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
    return text + f".{int(now % 1 * 10000):04d}" if fraction else text


class Log:
    """One process's logger; the console is silent for processes that have none."""

    def __init__(self, console: bool = True) -> None:
        self.console = console

    def open(self) -> None:
        """What the agent prints while it opens its logs."""
        if not os.path.exists(world.rooted(world.ETC + "/seelog.xml")):
            print(
                "Error occurred fetching the seelog config file path: ", f"open {world.ETC}/seelog.xml: no such file or directory"
            )
        print("Initializing new seelog logger")
        print("New Seelog Logger Creation Complete", flush=True)
        if not os.path.isdir(world.rooted(world.LOGS)):
            try:
                steps.make_directories(world.LOGS, 0o755)
                steps.change_mode(world.LOGS, 0o700)
            except OSError as error:
                print(f"seelog internal error: mkdir {world.LOGS}: {os.strerror(error.errno or 0).lower()}")

    def watch(self) -> None:
        """The warning of the watcher on the configuration directory, where there is none."""
        if not os.path.isdir(world.rooted(world.ETC)):
            self.warn(f"Error adding the directory '{world.ETC}' to watcher: no such file or directory")

    def info(self, message: str) -> None:
        """One INFO record."""
        self.write("INFO", message)

    def warn(self, message: str) -> None:
        """One WARN record."""
        self.write("WARN", message)

    def error(self, message: str, source: str) -> None:
        """One ERROR record; errors.log shows the source (``function @ file.line``) too."""
        self.write("ERROR", message, source)

    def write(self, level: str, message: str, source: Optional[str] = None) -> None:
        """One record; it may span lines."""
        with _lock:
            at = stamp()
            line = f"{at} {level} {message}\n".encode()
            if self.console:
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()
            try:
                steps.append(world.LOGS + "/amazon-ssm-agent.log", line)
                if source is not None:
                    steps.append(world.LOGS + "/errors.log", f"{at} {level} [{source}] {message}\n".encode())
            except OSError as error:
                if self.console:
                    print(f"seelog internal error: {error.strerror}", flush=True)

    def hibernate(self, level: str, message: str) -> None:
        """One record of hibernate.log, which has whole seconds."""
        with _lock:
            steps.append(world.LOGS + "/hibernate.log", f"{stamp(False)} {level} {message}\n".encode())
