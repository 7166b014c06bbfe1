"""The lab's AWS on loopback, with certificates of its own, for tests that need no namespaces."""

import datetime
import json
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, Optional, Type

import trustme

ROOT = Path(__file__).resolve().parents[3]
REGION = "ap-northeast-1"


class LoopbackAws:
    """A running server; ``https_port`` and ``http_port`` say where, ``authority`` is the file of its issuer."""

    def __init__(self, directory: Path, **config: Any) -> None:
        self.directory = directory
        self.control = directory / "control"
        self.log = directory / "requests.jsonl"
        self.authority = directory / "authority.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.authority))
        past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=2)
        names = [f"*.{region}.amazonaws.com" for region in (REGION, "eu-west-1")]
        names += [f"s3.dualstack.{REGION}.amazonaws.com", f"*.s3.{REGION}.amazonaws.com", "*.s3.amazonaws.com", "localhost"]
        table = {
            "*": self.save("good", authority.issue_cert(*names)),
            "ssm.eu-west-1.amazonaws.com": self.save("expired", authority.issue_cert(*names, not_after=past)),
            "ssm.eu-west-2.amazonaws.com": self.save("other", authority.issue_cert("vpce-1.example")),
        }
        listen = [{"address": "127.0.0.1", "port": 0, "tls": True}, {"address": "127.0.0.1", "port": 0, "tls": False}]
        settings = dict(
            {"region": REGION, "domain": "amazonaws.com", "listen": listen, "tls": table, "log": str(self.log)}, **config
        )
        (directory / "config.json").write_text(json.dumps(settings))

    def save(self, name: str, leaf: trustme.LeafCert) -> List[str]:
        """Write one certificate with its key."""
        certificate, key = self.directory / f"{name}.pem", self.directory / f"{name}.key"
        certificate.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        leaf.private_key_pem.write_to_path(str(key))
        return [str(certificate), str(key)]

    def __enter__(self) -> "LoopbackAws":
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.lab.aws",
                "--config",
                str(self.directory / "config.json"),
                "--control",
                str(self.control),
            ],
            cwd=str(ROOT),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError("the lab's AWS did not start")
        listen = self.ask({"get": "state"})["listen"]
        self.https_port, self.http_port = listen[0]["port"], listen[1]["port"]
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.process.terminate()
        self.process.wait(10)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def ask(self, order: Dict[str, Any]) -> Dict[str, Any]:
        """One order to the control socket and its answer."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self.control))
            line.sendall(json.dumps(order).encode() + b"\n")
            answer: Dict[str, Any] = json.loads(line.makefile().readline())
        return answer

    def behave(self, **behaviour: Any) -> None:
        """Change switches; a refusal is a ValueError."""
        answer = self.ask({"behaviour": behaviour})
        if not answer["ok"]:
            raise ValueError(answer["error"])

    def requests(self) -> List[Dict[str, Any]]:
        """The request log so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]
