"""What can be seen from inside the instance with plain sockets: the lab's own eyes, which know nothing of the product.

Run as a program with the region; prints a JSON object, HOST:PORT -> what was seen.
"""

from __future__ import annotations

import email.utils
import errno
import http.client
import json
import os
import socket
import ssl
import sys
import threading
import time
import urllib.parse
from typing import Any, Dict, List

TIMEOUT = 0.6  # seconds; everything is on one machine
PATHS = {"s3": "/amazon-ssm-{region}/latest/VERSION", "ssm": "/", "ec2messages": "/", "ssmmessages": "/"}


def targets(region: str) -> Dict[str, List[str]]:
    """What the agent dials, target of the cases -> HOST:PORT."""
    services = {name: [f"{name}.{region}.amazonaws.com:443"] for name in ("ssm", "ec2messages", "ssmmessages")}
    hosts = {"s3": [f"s3.{region}", f"amazon-ssm-{region}.s3.{region}"], "s3-dualstack": [f"s3.dualstack.{region}"]}
    return {
        **services,
        **{name: [f"{host}.amazonaws.com:{port}" for host in found for port in (443, 80)] for name, found in hosts.items()},
    }


def dial(host: str, port: int, region: str) -> Dict[str, Any]:
    """The outcome of each address, and of TLS and one request at the first that answers."""
    seen: Dict[str, Any] = {"addresses": [], "tcp": []}
    proxy = os.environ.get("https_proxy" if port == 443 else "http_proxy")
    if proxy:
        where = urllib.parse.urlsplit(proxy)
        seen["addresses"], at = [str(where.hostname)], int(where.port or 0)
    else:
        at = port
        try:
            found = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)
        except socket.gaierror as error:
            names = {socket.EAI_NONAME: "unknown", socket.EAI_AGAIN: "again"}
            return {**seen, "dns": names.get(error.errno or 0, str(error))}
        seen["addresses"] = sorted(str(entry[4][0]) for entry in found)
    connected = []
    for address in seen["addresses"]:
        try:
            connected.append(socket.create_connection((address, at), TIMEOUT))
            seen["tcp"].append("ok")
        except socket.timeout:
            seen["tcp"].append("timeout")
        except OSError as error:
            seen["tcp"].append(errno.errorcode.get(error.errno or 0, str(error)))
    if connected:
        talk(connected[0], host, port, region, seen, proxied=bool(proxy))
    return seen


def talk(line: socket.socket, host: str, port: int, region: str, seen: Dict[str, Any], proxied: bool) -> None:
    """CONNECT where there is a proxy, TLS, and one request."""
    if proxied and port == 443:
        line.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        seen["proxy"] = int(line.recv(4096).split()[1])
        if seen["proxy"] != 200:
            return
    if port == 443:
        try:
            line = ssl.create_default_context().wrap_socket(line, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            seen["tls"] = error.verify_code
            return
        except socket.timeout:
            seen["tls"] = "timeout"
            return
        except OSError as error:
            seen["tls"] = errno.errorcode.get(error.errno or 0, type(error).__name__)
            return
        seen["tls"] = "ok"
    path = PATHS["s3"].format(region=region) if "s3." in host else "/"
    if host.startswith("amazon-ssm-"):
        path = "/latest/VERSION"
    asked = path if not (proxied and port == 80) else f"http://{host}{path}"
    line.sendall(f"GET {asked} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    answer = http.client.HTTPResponse(line)
    answer.begin()
    seen["status"] = answer.status
    seen["aws"] = bool(answer.getheader("x-amzn-RequestId") or answer.getheader("x-amz-request-id"))
    date = answer.getheader("Date")
    seen["clock"] = round(email.utils.parsedate_to_datetime(date).timestamp() - time.time()) if date else 0


def main() -> None:
    """Dial everything at once."""
    region = sys.argv[1]
    seen: Dict[str, Dict[str, Any]] = {}

    def look(where: str) -> None:
        host, _, port = where.rpartition(":")
        try:
            seen[where] = dial(host, int(port), region)
        except Exception as error:
            seen[where] = {"error": repr(error)}

    threads = [threading.Thread(target=look, args=(where,)) for found in targets(region).values() for where in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
