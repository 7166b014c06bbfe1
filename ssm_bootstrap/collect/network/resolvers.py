"""Why a name does not resolve: the upstream resolvers asked directly, behind any stub on this host."""

from __future__ import annotations

import ipaddress
import re
from typing import Optional, Sequence

from ssm_bootstrap.catalog import limits
from ssm_bootstrap.collect.network.failures import failure_of
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.network import Network
from ssm_bootstrap.model.failure import Failure
from ssm_bootstrap.model.network import NameLookup

STUB = "127.0.0.53"
RESOLV_CONF = "/etc/resolv.conf"
BEHIND_STUB = "/run/systemd/resolve/resolv.conf"
MOST_RESOLVERS = 3  # MAXNS of glibc's resolv.h

_RESPONSES = {"NXDOMAIN": Failure.NAME_UNKNOWN, "SERVFAIL": Failure.RESOLVER_REFUSED, "REFUSED": Failure.RESOLVER_REFUSED}


def upstream_resolvers(files: Files) -> tuple[str, ...]:
    """The resolvers that really answer: of resolv.conf, or of systemd-resolved's own list where that names its stub."""
    found = _nameservers(files, RESOLV_CONF)
    if any(address in (STUB, "127.0.0.54") for address in found):
        found = _nameservers(files, BEHIND_STUB) or found
    return found[:MOST_RESOLVERS]


def _nameservers(files: Files, path: str) -> tuple[str, ...]:
    try:
        text = files.read_text(path, 65536)
    except OSError:
        return ()
    named = re.findall(r"^\s*nameserver\s+(\S+)", text, re.MULTILINE)
    return tuple(address for address in named if _is_address(address))


def _is_address(text: str) -> bool:
    """Whether glibc takes it for a resolver: it passes over whatever is no address (resolv.conf(5), res_vinit)."""
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


def look_up(network: Network, clock: Clock, resolver: str, host: str) -> NameLookup:
    """What one resolver says of one name; a silent one is asked twice."""
    started = clock.monotonic()

    def result(addresses: Sequence[str], failure: Optional[Failure], detail: str) -> NameLookup:
        return NameLookup(host, resolver, clock.monotonic() - started, tuple(addresses), failure, detail)

    for family in ("A", "AAAA"):
        try:
            code, addresses = _twice(network, resolver, host, family)
        except TimeoutError:
            return result((), Failure.RESOLVER_SILENT, "no answer")
        except ValueError as error:
            return result((), Failure.UNKNOWN, words_of(error))
        except OSError as error:
            failure = failure_of(error)
            nobody = failure is Failure.REFUSED  # an ICMP port unreachable: nothing listens on port 53
            return result((), Failure.RESOLVER_SILENT if nobody else failure, words_of(error))
        if code != "NOERROR":
            return result((), _RESPONSES.get(code, Failure.RESOLVER_REFUSED), code)
        if addresses:
            return result(addresses, None, code)
    return result((), Failure.NAME_UNKNOWN, "no address of that name")


def _twice(network: Network, resolver: str, host: str, family: str) -> tuple[str, tuple[str, ...]]:
    try:
        return network.ask(resolver, host, family, limits.UPSTREAM)
    except TimeoutError:
        return network.ask(resolver, host, family, limits.UPSTREAM)
