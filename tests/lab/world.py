"""The process that is the lab: process 1 of its own namespaces, holding the network and starting what runs in it.

It is driven over an inherited socket with JSON lines (see client.py) and ends, with all that it started, when the
other end is closed.
"""

from __future__ import annotations

import argparse
import array
import asyncio
import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections import deque
from pathlib import Path
from typing import Any, Deque, Dict, List, Mapping, Optional, Sequence, Tuple

from tests.lab import dns, edge, imds, mounts, network
from tests.lab.cases import Case
from tests.lab.processes import Namespace, Processes, end, named

ROOT = Path(__file__).resolve().parents[2]
STANDINS = Path(__file__).resolve().parent / "standin"
AGENT = ("standin-systemd", "amazon-ssm-agent", "ssm-agent-worker", "ssm-document-worker", "ssm-session-worker")
STATE = ("/var/lib/amazon", "/var/log/amazon", "/etc/amazon", "/root/.aws")
LOG = mounts.HOME / "aws.jsonl"
CONTROL = mounts.HOME / "aws.sock"


class World:
    """The lab's state and the commands that change it."""

    def __init__(self, control: socket.socket, settings: Mapping[str, Any]) -> None:
        self._control = control
        self._settings = settings
        self._region: str = settings["region"]
        self._descriptors: Deque[int] = deque()
        self._buffer = b""
        self._resolver = dns.Resolver(mounts.HOME, self._region)
        self._router = network.Router()
        self._defaults: Dict[str, Any] = {}
        self._behaviour: Dict[str, Any] = {}
        self._route: Optional[bool] = None

    async def build(self) -> None:
        """Bring everything up, the slow parts beside each other."""
        given = self._settings["certificates"]
        mounts.mount(STANDINS, given["authority"].encode(), given["subject_hash"], self._settings["overlay"], self._region)
        self._leaves = keep(given["leaves"], mounts.HOME / "pki")
        self._edge = edge.Edge(self._leaves)
        case = Case.from_json(self._settings["case"])
        self._aws = self._start_aws()
        instance = Namespace()
        network.build(instance.pid)
        instance.settle()
        self._instance = instance
        self._processes = Processes(instance, self._tell_end)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, self._processes.reap)
        self._metadata = imds.Metadata(self._region)
        await self._metadata.start()
        await self._edge.start()
        await self._wait_for_aws()
        self.apply(case)

    def _start_aws(self) -> subprocess.Popen[bytes]:
        config = mounts.HOME / "aws.json"
        config.write_text(
            json.dumps(
                {
                    "region": self._region,
                    "domain": dns.DOMAIN,
                    "listen": [{"address": "127.0.0.1", "port": port, "tls": port == 443} for port in (443, 80, 8080)],
                    "tls": {"*": list(self._leaves["good"])},
                    "log": str(LOG),
                }
            )
        )
        LOG.touch()
        network.run(["ip", "link", "set", "lo", "up"])
        command = [sys.executable, "-m", "tests.lab.aws", "--config", str(config), "--control", str(CONTROL)]
        return subprocess.Popen(command, cwd=str(ROOT), stdin=subprocess.DEVNULL)

    async def _wait_for_aws(self) -> None:
        for _ in range(2000):
            try:
                for port in (443, 80, 8080):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                self._defaults = self._ask_aws(get="state")["behaviour"]
                return
            except OSError:
                if self._aws.poll() is not None:
                    break
                await asyncio.sleep(0.005)
        raise RuntimeError("the AWS server did not start")

    def _ask_aws(self, **order: Any) -> Dict[str, Any]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(5)
            line.connect(str(CONTROL))
            line.sendall(json.dumps(order).encode() + b"\n")
            answer: Dict[str, Any] = json.loads(line.makefile().readline() or "{}")
        if not answer.get("ok"):
            raise RuntimeError(f"the AWS server refused {order}: {answer.get('error')}")
        return answer

    def apply(self, case: Case) -> None:
        """Change the VPC into `case` while everything keeps running."""
        self._resolver.apply(case)
        if case.default_route != self._route:
            self._in_instance(network.instance_side(case.default_route))
            self._route = case.default_route
        self._router.apply(case)
        self._edge.apply(case)
        wanted = {**self._defaults, **case.aws}
        if wanted != self._behaviour:
            self._ask_aws(behaviour=wanted)
            self._behaviour = wanted

    def _in_instance(self, batch: str) -> None:
        done = subprocess.run(
            ["ip", "-batch", "-"],
            input=batch.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=self._instance.enter,
        )
        if done.returncode:
            raise RuntimeError(f"ip in the instance: {done.stdout.decode().strip()}")

    # the control socket

    def serve(self) -> None:
        """Answer what the client sends, from now on."""
        asyncio.get_running_loop().add_reader(self._control.fileno(), self._readable)

    def _readable(self) -> None:
        size = array.array("i").itemsize
        data, ancillary, _, _ = self._control.recvmsg(1 << 20, socket.CMSG_SPACE(16 * size))
        for level, kind, raw in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                found = array.array("i")
                found.frombytes(raw[: len(raw) - len(raw) % size])
                self._descriptors.extend(found)
        if not data:
            os._exit(0)
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            try:
                answer = getattr(self, "_do_" + message["do"])(**message.get("with", {}))
            except OSError as error:
                answer = {"errno": error.errno, "error": error.strerror or str(error), "file": error.filename}
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
            self.tell({"id": message["id"], **(answer or {})})

    def tell(self, message: Mapping[str, Any]) -> None:
        """One line to the client."""
        self._control.sendall(json.dumps(message).encode() + b"\n")

    def _tell_end(self, pid: int, status: int, seconds: float) -> None:
        self.tell({"ended": pid, "status": status, "seconds": seconds})

    def _do_start(self, argv: List[str], env: Dict[str, str], cwd: str, tty: bool) -> Dict[str, Any]:
        streams = [self._descriptors.popleft() for _ in range(3)]
        try:
            return {"pid": self._processes.start(argv, env, cwd, streams, tty)}
        finally:
            for stream in streams:
                os.close(stream)

    def _do_signal(self, pid: int, number: int) -> None:
        self._processes.signal(pid, number)

    def _do_apply(self, case: Dict[str, Any]) -> None:
        self.apply(Case.from_json(case))

    def _do_behave(self, changes: Dict[str, Any]) -> None:
        self._ask_aws(behaviour=changes)
        self._behaviour.update(changes)

    def _do_aws(self, order: Dict[str, Any]) -> Dict[str, Any]:
        return {"answer": self._ask_aws(**order)}

    def _do_offer_role(self, offered: bool) -> None:
        self._metadata.offer_role(offered)

    def _do_requests(self) -> Dict[str, Any]:
        return {"requests": [json.loads(line) for line in LOG.read_text().splitlines()]}

    def _do_forget_requests(self) -> None:
        os.truncate(LOG, 0)

    def _do_write(self, path: str, data: str, mode: int) -> None:
        at = Path(path)
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(base64.b64decode(data))
        at.chmod(mode)

    def _do_read(self, path: str) -> Dict[str, Any]:
        return {"data": base64.b64encode(Path(path).read_bytes()).decode()}

    def _do_stat(self, path: str) -> Dict[str, Any]:
        if not os.path.lexists(path):
            return {"exists": False}
        found = os.lstat(path)
        return {"exists": True, "mode": found.st_mode, "uid": found.st_uid, "size": found.st_size}

    def _do_remove(self, path: str) -> None:
        mounts.forget(path)

    def _do_reset_instance(self) -> None:
        deadline = time.monotonic() + 2
        while named(*AGENT) and time.monotonic() < deadline:
            end(*named(*AGENT))
            self._processes.reap()
            time.sleep(0.005)
        mounts.forget(*STATE)
        for entry in Path("/run").iterdir():
            if entry != mounts.HOME:
                mounts.forget(str(entry))

    def _do_ping(self) -> None:
        return None


def keep(leaves: Mapping[str, Sequence[str]], directory: Path) -> Dict[str, Tuple[str, str]]:
    """Put certificates and keys into files, as servers want them; gives the files' names, by variant."""
    directory.mkdir()
    kept = {}
    for variant, (certificate, key) in leaves.items():
        kept[variant] = (str(directory / f"{variant}.pem"), str(directory / f"{variant}.key"))
        for name, text in zip(kept[variant], (certificate, key)):
            Path(name).write_text(text)
    return kept


async def main() -> None:
    """Build the world, say so, and serve until the client goes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--control", type=int, required=True)
    arguments = parser.parse_args()
    control = socket.socket(fileno=arguments.control)
    control.set_inheritable(False)
    first = b""
    while not first.endswith(b"\n"):
        first += control.recv(65536)
    world = World(control, json.loads(first))
    try:
        await world.build()
    except Exception as error:
        world.tell({"id": 0, "error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()})
        raise SystemExit(1) from None
    world.serve()
    world.tell({"id": 0})
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
