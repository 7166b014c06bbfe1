"""The kernel's main table of routes, from /proc: no command, no privilege."""

from __future__ import annotations

import contextlib
import ipaddress
from typing import Iterator

from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.machine import Route
from ssm_bootstrap.model.observed import Observed, Seen, Unseen

V4, V6 = "/proc/net/route", "/proc/net/ipv6_route"
MOST = 200
"""Routes that are kept, default routes first: a node of a cluster may have thousands."""

_UP, _REJECT = 0x0001, 0x0200  # linux/route.h
_NOT_WAYS = 0x80000000 | 0x00100000  # RTF_LOCAL, RTF_ANYCAST: linux/ipv6_route.h


def look_at_routes(files: Files) -> Observed[tuple[Route, ...]]:
    """Routes of both families, without the loopback's; a kernel without IPv6 has no table of it."""
    try:
        found = list(_v4(files.read_text(V4, 4 << 20)))
    except OSError as error:
        return Unseen(f"{V4}: {words_of(error)}")
    with contextlib.suppress(OSError):
        found += _v6(files.read_text(V6, 4 << 20))
    found.sort(key=lambda route: not route.is_default)
    return Seen(tuple(found[:MOST]))


def _v4(text: str) -> Iterator[Route]:
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8 or fields[0] == "lo":
            continue
        try:
            flags, metric = int(fields[3], 16), int(fields[6])
            destination, gateway, mask = (_address(fields[place]) for place in (1, 2, 7))
            network = ipaddress.ip_network(f"{destination}/{mask}", strict=False)
        except ValueError:
            continue
        if flags & _UP and not flags & _REJECT:
            yield Route(4, str(network), fields[0], "" if gateway == "0.0.0.0" else gateway, metric)


def _address(text: str) -> str:
    """An IPv4 address as the kernel prints it: in the processor's order of bytes, which is little-endian where the agent runs."""
    return str(ipaddress.IPv4Address(bytes.fromhex(text)[::-1]))


def _v6(text: str) -> Iterator[Route]:
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 10 or fields[9] == "lo":
            continue
        try:
            flags, metric = int(fields[8], 16), int(fields[5], 16)
            network = ipaddress.IPv6Network((bytes.fromhex(fields[0]), int(fields[1], 16)), strict=False)
            gateway = ipaddress.IPv6Address(bytes.fromhex(fields[4]))
        except ValueError:
            continue
        own = network.is_link_local or network.is_multicast
        if flags & _UP and not flags & (_REJECT | _NOT_WAYS) and not own:
            yield Route(6, str(network), fields[9], "" if int(gateway) == 0 else str(gateway), metric)
