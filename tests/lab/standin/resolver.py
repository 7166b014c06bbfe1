"""Names to addresses the way Go's own resolver does it, with its error texts."""

import errno
import os
import random
import socket
import struct
from typing import Dict, List, Optional, Tuple

from . import world

#: Seconds a server gets for an answer, and how often it is asked (resolv.conf's defaults).
PATIENCE, ATTEMPTS = 5.0, 2
PORT = int(os.environ.get("STANDIN_DNS_PORT", "53"))


class LookupFailure(Exception):
    """A name did not resolve; the text follows ``dial tcp: ``."""


def fixed_addresses() -> Dict[str, Tuple[str, int]]:
    """STANDIN_RESOLVE as a table."""
    table = {}
    for row in filter(None, os.environ.get("STANDIN_RESOLVE", "").split(",")):
        name, _, target = row.partition("=")
        address, _, port = target.rpartition(":")
        table[name] = (address.strip("[]"), int(port))
    return table


def resolve(host: str, port: int) -> List[Tuple[str, int]]:
    """Addresses and ports to dial for a host, in order."""
    fixed = fixed_addresses()
    for key in (f"{host}:{port}", host, f"*:{port}", "*"):
        if key in fixed:
            return [fixed[key]]
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.inet_pton(family, host)
        return [(host, port)]
    except OSError:
        pass
    return [(address, port) for address in from_hosts_file(host) or from_servers(host)]


def from_hosts_file(host: str) -> List[str]:
    """What /etc/hosts says."""
    found = []
    try:
        with open(world.rooted("/etc/hosts"), encoding="utf-8", errors="replace") as file:
            for line in file:
                words = line.partition("#")[0].split()
                if host.lower() in (word.lower() for word in words[1:]):
                    found.append(words[0])
    except OSError:
        pass
    return found


def servers() -> List[str]:
    """The nameservers of resolv.conf, Go's default when there is none."""
    found = []
    try:
        with open(world.rooted("/etc/resolv.conf"), encoding="utf-8", errors="replace") as file:
            for line in file:
                words = line.split()
                if words[:1] == ["nameserver"] and len(words) > 1:
                    found.append(words[1])
    except OSError:
        pass
    return found[:3] or ["127.0.0.1"]


def from_servers(host: str) -> List[str]:
    """Ask every server for A and AAAA; LookupFailure carries the last server's error."""
    failure = ""
    for _ in range(ATTEMPTS):
        for server in servers():
            try:
                addresses = ask(server, host)
            except LookupFailure as error:
                failure = str(error)
                if failure.endswith("no such host"):
                    raise
                continue
            return addresses
    raise LookupFailure(failure)


def ask(server: str, host: str) -> List[str]:
    """One round with one server."""
    prefix = f"lookup {host} on {server}:{PORT}: "
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as udp:
        udp.settimeout(world.scaled(PATIENCE, floor=0.4))
        try:
            udp.connect((server, PORT))
        except OSError as error:
            raise LookupFailure(f"{prefix}dial udp {server}:{PORT}: connect: {os.strerror(error.errno or 0).lower()}") from None
        local = "{}:{}".format(*udp.getsockname()[:2])
        found: Dict[int, List[str]] = {}
        numbers = {random.randrange(1 << 16): kind for kind in (1, 28)}
        try:
            for number, kind in numbers.items():
                udp.send(question(number, host, kind))
            while len(found) < len(numbers):
                answer = udp.recv(4096)
                kind_asked: Optional[int] = numbers.get(struct.unpack("!H", answer[:2])[0])
                if kind_asked is None:
                    continue
                code = answer[3] & 15
                if code == 3:
                    raise LookupFailure(prefix + "no such host")
                if code:
                    raise LookupFailure(prefix + "server misbehaving")
                found[kind_asked] = addresses_of(answer, kind_asked)
        except socket.timeout:
            raise LookupFailure(f"{prefix}read udp {local}->{server}:{PORT}: i/o timeout") from None
        except OSError as error:
            operation = "read" if error.errno == errno.ECONNREFUSED else "write"
            reason = os.strerror(error.errno or 0).lower()
            raise LookupFailure(f"{prefix}{operation} udp {local}->{server}:{PORT}: {operation}: {reason}") from None
    if not any(found.values()):
        raise LookupFailure(prefix + "no such host")
    return found.get(1, []) + found.get(28, [])


def question(number: int, host: str, kind: int) -> bytes:
    """A query for one record type."""
    name = b"".join(bytes([len(label)]) + label.encode("ascii", "replace") for label in host.rstrip(".").split(".")) + b"\0"
    return struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + name + struct.pack("!HH", kind, 1)


def addresses_of(answer: bytes, kind: int) -> List[str]:
    """The addresses of one type in an answer."""
    questions, answers = struct.unpack("!HH", answer[4:8])
    place = 12
    for _ in range(questions):
        place = skip_name(answer, place) + 4
    found = []
    for _ in range(answers):
        place = skip_name(answer, place)
        record, _, _, length = struct.unpack("!HHIH", answer[place : place + 10])
        place += 10
        if record == kind:
            family = socket.AF_INET if kind == 1 else socket.AF_INET6
            found.append(socket.inet_ntop(family, answer[place : place + length]))
        place += length
    return found


def skip_name(answer: bytes, place: int) -> int:
    """The place after a name."""
    while answer[place]:
        if answer[place] & 0xC0:
            return place + 2
        place += answer[place] + 1
    return place + 1
