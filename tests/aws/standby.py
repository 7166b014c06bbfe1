"""The real AWS CLI, started once for each process of the tests: it imports and reads its models once, and forks for each command.

A command of its own needs a second of a processor before it asks anything, and the tests run hundreds. What a fork runs is the
AWS CLI's own ``main`` with the caller's arguments, environment, directory, and standard streams.
``python -m tests.aws.standby NAME`` serves on an abstract socket of that name until its standard input ends.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import uuid
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Dict, List, NoReturn

ROOT = Path(__file__).resolve().parents[2]
CLIENT = Path(__file__).with_name("standby_client.py")
_MODELS = ("service-2", "paginators-1", "waiters-2", "endpoint-rule-set-1")
_STREAMS = 3


@cache
def standby() -> str:
    """The name of this process's own one, which ends with it."""
    name = f"aws-cli-{uuid.uuid4()}"
    words = [sys.executable, "-m", "tests.aws.standby", name]
    served = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert served.stdout is not None and served.stdout.readline() == b"ready\n", "the AWS CLI does not start"
    _KEPT.append(served)
    return name


_KEPT: List[Any] = []  # its standard input stays open as long as this process lives


def main(name: str) -> None:
    """Serve commands, one fork each."""
    sys.argv = ["aws"]
    import awscli.clidriver

    _read_models_once()
    awscli.clidriver.create_clidriver()
    data_path = os.environ["AWS_DATA_PATH"]  # the AWS CLI sets it when it is imported
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"\0{name}")
    listener.listen(64)
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            return
        connection, _ = listener.accept()
        with connection:
            if _is_ours(connection):
                _take(connection, data_path)


def _take(connection: socket.socket, data_path: str) -> None:
    """Fork for one command; the fork tells the status, and a connection that ends without one is a command that was killed."""
    received, streams, _, _ = socket.recv_fds(connection, 8, _STREAMS)
    (length,) = struct.unpack("!Q", received)
    with connection.makefile("rb") as stream:
        text = stream.read(length)
    if len(text) < length:  # whoever asked is gone
        for number in streams:
            os.close(number)
        return
    asked = json.loads(text)
    _read_service(asked["words"])
    gc.collect()
    gc.freeze()
    if os.fork() == 0:
        for number, given in enumerate(streams):
            os.dup2(given, number)
        _run(connection, asked, data_path)
    for number in streams:
        os.close(number)


def _run(connection: socket.socket, asked: Dict[str, Any], data_path: str) -> NoReturn:
    status = 255
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.chdir(asked["directory"])
        os.environ.clear()
        os.environ.update({**asked["environment"], "AWS_DATA_PATH": data_path})
        sys.argv = ["aws", *asked["words"]]
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            setattr(sys, name, open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))  # noqa: SIM115
        import awscli.clidriver

        status = awscli.clidriver.main() or 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(bytes([status & 255]))
        os._exit(0)


def _is_ours(connection: socket.socket) -> bool:
    peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", peer)[1] == os.getuid())


def _read_models_once() -> None:
    """All sessions have one loader of models, so that a fork finds what was read before it."""
    import awscli.clidriver

    sessions = awscli.clidriver.botocore.session
    sessions.create_loader = cache(sessions.create_loader)


_READ: set[str] = set()


def _read_service(words: List[str]) -> None:
    """Read the models that the command's fork will ask for: those of the service that its words name."""
    import awscli.clidriver

    loader = awscli.clidriver.botocore.session.create_loader(os.environ["AWS_DATA_PATH"])
    services = loader.list_available_services("service-2")
    for service in ("s3" if word == "s3api" else word for word in words):
        if service in services and service not in _READ:
            _READ.add(service)
            for kind in _MODELS:
                with suppress(Exception):  # not every service has every kind
                    loader.load_service_model(service, kind)


if __name__ == "__main__":
    main(sys.argv[1])
