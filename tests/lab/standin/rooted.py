"""A machine in a directory, for tests of the stand-ins without namespaces."""

import contextlib
import json
import os
import re
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

from tests.lab.aws.loopback import REGION, LoopbackAws

HERE = Path(__file__).resolve().parent
CORPUS = HERE.parents[1] / "data" / "corpus"
AGENT, SYSTEMCTL = HERE / "amazon-ssm-agent", HERE / "systemctl"
CODE, ACTIVATION = "LabCode0123456789abc", "01234567-89ab-cdef-0123-456789abcdef"
DATA, LOGS = "var/lib/amazon/ssm", "var/log/amazon/ssm"
#: Why tests with a vault need root.
NEEDS_ROOT = "the vault's directories are 0600, which only root can enter"


class Node:
    """A rooted tree with the stand-ins in it, and a way to run them."""

    def __init__(self, root: Path, aws: LoopbackAws) -> None:
        self.root, self.aws = root, aws
        (root / "usr/bin").mkdir(parents=True)
        (root / "usr/bin/amazon-ssm-agent").symlink_to(AGENT)
        self.environment = {
            "PATH": os.environ["PATH"],
            "STANDIN_ROOT": str(root),
            "STANDIN_TIME_SCALE": "0.01",
            "STANDIN_RESOLVE": f"*:80=127.0.0.1:{aws.http_port},*=127.0.0.1:{aws.https_port}",
            "SSL_CERT_FILE": str(aws.authority),
            "TZ": "UTC",
        }

    def agent(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run the agent with standard input closed."""
        return subprocess.run(
            [str(AGENT), *arguments],
            env=dict(self.environment, **environment),
            text=True,
            timeout=30,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )

    def register(
        self, *more: str, region: str = REGION, code: str = CODE, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run -register."""
        return self.agent("-register", "-code", code, "-id", ACTIVATION, "-region", region, *more, **environment)

    def systemctl(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run the stand-in for systemctl."""
        return subprocess.run(
            [str(SYSTEMCTL), *arguments],
            env=self.environment,
            text=True,
            timeout=30,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )

    def properties(self, *names: str) -> Dict[str, str]:
        """What ``show`` tells of the unit."""
        lines = self.systemctl("show", "-p", ",".join(names), "amazon-ssm-agent").stdout.splitlines()
        return dict(line.split("=", 1) for line in lines)

    def vault(self) -> Dict[str, Any]:
        """The vault's identity."""
        content: Dict[str, Any] = json.loads((self.root / DATA / "Vault/Store/RegistrationKey").read_text())
        return content

    def log(self, name: str = "amazon-ssm-agent.log") -> str:
        """One log's text, empty when there is none."""
        path = self.root / LOGS / name
        return path.read_text() if path.exists() else ""

    def wait_for(self, text: str, name: str = "amazon-ssm-agent.log", seconds: float = 60.0, times: int = 1) -> str:
        """The log as soon as it has the text, so many times."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.log(name).count(text) >= times:
                return self.log(name)
            time.sleep(0.02)
        raise AssertionError(f"{text!r} did not come:\n{self.log(name)}")


@contextlib.contextmanager
def machine(root: Path, aws: LoopbackAws) -> Iterator[Node]:
    """A machine without an agent's data; the server is set to its defaults and the unit is stopped at the end."""
    aws.behave(
        activation="ok",
        role_token="ok",
        s3="ok",
        ssmmessages="ok",
        ec2messages="ok",
        health="ok",
        portal=False,
        missing=[],
        long_poll_seconds=0.05,
    )
    here = Node(root, aws)
    drop_in = root / "etc/systemd/system/amazon-ssm-agent.service.d/lab.conf"
    drop_in.parent.mkdir(parents=True)
    drop_in.write_text(f"[Service]\nEnvironment=SSL_CERT_FILE={aws.authority}\n")
    try:
        yield here
    finally:
        here.systemctl("stop", "amazon-ssm-agent")


def normal(text: str) -> str:
    """The text without what differs from run to run: times, ids, addresses, versions."""
    for pattern, word in (
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{4}", "TIME"),
        (r"mi-[0-9a-f]{17}", "INSTANCE"),
        (r"\d{4}-\d\d-\d\dT[\d:]+Z", "MOMENT"),
        (r"pid:\d+", "pid:N"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
        (r"\d+\.\d+\.\d+\.\d+:\d+", "ADDRESS"),
        (r"v3\.3\.\d+\.0", "VERSION"),
        (r"will be in [\d.]+", "will be in N"),
    ):
        text = re.sub(pattern, word, text)
    return text


def serve_names(answer: Optional[int]) -> Tuple[socket.socket, int]:
    """A nameserver that gives every name this code, or that is silent."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def loop() -> None:
        while True:
            try:
                query, caller = server.recvfrom(512)
            except OSError:
                return
            if answer is not None and query:
                server.sendto(query[:2] + bytes([0x81, 0x80 | answer]) + query[4:6] + b"\0" * 6 + query[12:], caller)

    threading.Thread(target=loop, daemon=True).start()
    return server, server.getsockname()[1]


def full_listener() -> List[socket.socket]:
    """A listener whose queue is full: the kernel drops every further SYN in silence."""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(0)
    sockets = [server]
    for _ in range(3):
        waiting = socket.socket()
        waiting.setblocking(False)
        waiting.connect_ex(server.getsockname())
        sockets.append(waiting)
    time.sleep(0.05)
    return sockets
