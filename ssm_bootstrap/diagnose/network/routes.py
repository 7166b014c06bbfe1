"""The machine's routes: more than one way out, or no IPv4 at all."""

from __future__ import annotations

import ipaddress
from typing import Iterator

from ssm_bootstrap.catalog.agent import DUAL_STACK
from ssm_bootstrap.catalog.partitions import dual_stack_host
from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.diagnose.reachability import Reach, Standing
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Evidence, Finding, Severity
from ssm_bootstrap.model.machine import Route
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.model.phrase import joined, phrase

_BY_ROUTE = (Failure.TIMED_OUT, Failure.UNREACHABLE)


def split(case: Case) -> Iterator[Finding]:
    """Default routes by several interfaces: a warning where what failed went by one of them, else a remark."""
    for family in (4, 6):
        defaults = [route for route in _routes(case) if route.is_default and route.family == family]
        if len({route.interface for route in defaults}) < 2:
            continue
        first = min(route.metric for route in defaults)
        tied = sum(route.metric == first for route in defaults) > 1
        shown = joined(
            phrase(
                "{gateway} by {interface} (metric {metric})",
                gateway=route.gateway or "on-link",
                interface=route.interface,
                metric=route.metric,
            )
            for route in defaults
        )
        failed = list(dict.fromkeys(reach.shown_by.target.host for reach in case.reaches if _went_by(case, reach, family)))
        detail = phrase("IPv{family}: {shown}", family=family, shown=shown) + ("; two of the same metric" if tied else "")
        yield case.finding(
            "split-routes",
            ", ".join(failed) or phrase("IPv{family} routes", family=family),
            detail,
            evidence=(Evidence("routes", "/proc/net", detail),),
            severity=Severity.WARNING if failed else Severity.INFO,
        )


def _routes(case: Case) -> tuple[Route, ...]:
    return value_of(case.surroundings.routes) or ()


def _went_by(case: Case, reach: Reach, family: int) -> bool:
    """Whether a row failed on its way over a default route of the family."""
    last, address = reach.shown_by.last, reach.shown_by.address
    if reach.standing is not Standing.FAILED or last.stage is not Stage.TCP or last.failure not in _BY_ROUTE or not address:
        return False
    if reach.shown_by.target.optional:
        return False
    own = ipaddress.ip_address(address.partition("%")[0])
    nearer = [route for route in _routes(case) if not route.is_default and route.family == own.version]
    return own.version == family and not any(own in ipaddress.ip_network(route.destination) for route in nearer)


def ipv6_only(case: Case) -> Iterator[Finding]:
    """A machine without IPv4: what its agent needs then, and whether it has it."""
    path, families = case.agent_path, {route.family for route in _routes(case)}
    if 4 in families or 6 not in families:
        return
    switched = path.config.use_dual_stack
    old = DUAL_STACK.is_reached_by(path.version) is False
    missing = [phrase("agent {version} is older than {since}", version=path.version, since=DUAL_STACK.since)] if old else []
    missing += [] if switched else [phrase("Agent.UseDualStackEndpoint is not set")]
    without = [reach for reach in case.reaches if reach.endpoint == "ssm" and _has_no_way(reach)]
    if not missing and not without:
        return  # it dials names that have IPv6 addresses, and they answer
    detail = joined(["no IPv4 address and no IPv4 route", *missing], "; ")
    breaking = bool(without) and bool(missing)
    yield case.finding(
        "ipv6-only",
        "this machine",
        detail,
        facts={"host": value_of(dual_stack_host("ssm", case.region, case.site)) or ""},
        evidence=(Evidence("routes", "/proc/net", detail),),
        severity=Severity.ERROR if breaking else Severity.INFO,
        breaks=case.capabilities if breaking else (),
    )


def _has_no_way(reach: Reach) -> bool:
    last = reach.shown_by.last
    return reach.standing is Standing.FAILED and last.stage is Stage.TCP and last.failure is Failure.UNREACHABLE


def not_looked_at(case: Case) -> Iterator[tuple[str, str]]:
    """Routes that could not be read, where something failed that they could explain."""
    routes = case.surroundings.routes
    failed = any(reach.standing is Standing.FAILED and reach.shown_by.last.failure in _BY_ROUTE for reach in case.reaches)
    if case.has_surroundings and isinstance(routes, Unseen) and failed:
        yield "routes", routes.reason


CHECKS = (
    Check("routes-split", split),
    Check("routes-ipv6-only", ipv6_only),
    Check("routes-unseen", not_looked_at),
)
