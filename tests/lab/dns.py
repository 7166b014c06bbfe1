"""The VPC's resolver: dnsmasq at the +2 address, with the names that a case makes it answer.

Exact names are host records, so that a question for AAAA gets an empty answer as from the real one; buckets that are
not listed are caught by a wildcard (dnsmasq calls their AAAA unknown, which a stub resolver does not mind).
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Iterator, List, Optional, Tuple

from tests.lab import network
from tests.lab.cases import INTERFACES, Case

DOMAIN = "amazonaws.com"
BUCKETS = (
    "amazon-ssm-{region}",
    "aws-ssm-{region}",
    "amazon-ssm-packages-{region}",
    "patch-baseline-snapshot-{region}",
    "{region}-birdwatcher-prod",
    "aws-ssm-document-attachments-{region}",
    "aws-patch-manager-{region}-4849fa78f",
    "al2023-repos-{region}-de612dc2",
)
ELSEWHERE = {
    "deb.debian.org": "151.101.66.132",
    "security.debian.org": "151.101.66.132",
    "mirrors.fedoraproject.org": "38.145.60.20",
}


def records(case: Case, region: str) -> Iterator[Tuple[str, Tuple[str, ...], bool]]:
    """(name, addresses, whether every name below it answers the same) of each name of AWS in this VPC."""
    for service in INTERFACES:
        private = service in case.endpoints and service not in case.private_dns_off
        yield (
            f"{service}.{region}.{DOMAIN}",
            network.endpoint(service) if private else (network.PUBLIC_SERVICES,),
            False,
        )
        if service in case.endpoints:
            yield f"vpce-0123456789abcdef0-01234567.{service}.{region}.vpce.{DOMAIN}", network.endpoint(service), False
    regional = network.endpoint("s3") if case.s3.startswith("interface") else (network.PUBLIC_S3,)
    dualstack = network.endpoint("s3") if case.s3 == "interface" else (network.PUBLIC_S3,)
    yield f"s3.{region}.{DOMAIN}", regional, True
    yield f"s3.dualstack.{region}.{DOMAIN}", dualstack, True
    yield f"s3.{DOMAIN}", (network.PUBLIC_S3_GLOBAL,), True
    for name, address in ELSEWHERE.items():
        yield name, (address,), False


def configuration(case: Case, region: str) -> str:
    """dnsmasq's configuration file for a case. Without a line for unknown names dnsmasq answers REFUSED."""
    lines = [
        "user=root",
        "group=",
        "no-resolv",
        "no-hosts",
        f"listen-address={network.RESOLVER}",
        "bind-interfaces",
        "pid-file=",
        "cache-size=0",
        "keep-in-foreground",
        "log-facility=/dev/null",
    ]
    if case.resolver != "refuses":
        lines.append("local=/#/")
    if case.resolver in ("answers", "silent"):
        for name, addresses, below in records(case, region):
            exact = [name] + ([f"{b.format(region=region)}.{name}" for b in BUCKETS] if below else [])
            lines += [f"host-record={host},{address}" for host in exact for address in addresses]
            if below:
                lines += [f"address=/{name}/{address}" for address in addresses]
    return "\n".join(lines) + "\n"


class Resolver:
    """The dnsmasq process of the world; it is replaced when the names change."""

    def __init__(self, directory: Path, region: str) -> None:
        self._file = directory / "dnsmasq.conf"
        self._region = region
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._text = ""

    def apply(self, case: Case) -> Optional[int]:
        """Answer as `case` says; gives the pid of a new process where there is one."""
        text = configuration(case, self._region)
        if text == self._text and self._process is not None:
            return None
        self.stop()
        self._file.write_text(text)
        command: List[str] = ["dnsmasq", f"--conf-file={self._file}"]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self._text = text
        self._wait_until_bound()
        return self._process.pid

    def stop(self) -> None:
        """End the running dnsmasq, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _wait_until_bound(self) -> None:
        import socket
        import time

        for _ in range(400):
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                if probe.connect_ex((network.RESOLVER, 53)) == 0:
                    return
            if self._process is not None and self._process.poll() is not None:
                break
            time.sleep(0.002)
        raise RuntimeError("dnsmasq did not start: " + " ".join(map(str, (self._file, os.getpid()))))
