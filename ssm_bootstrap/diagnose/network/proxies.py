"""Proxy and certificate variables: the shell's, in which the agent registers, against those of its service."""

from __future__ import annotations

from typing import Iterator, Optional

from ssm_bootstrap.catalog.addresses import Place, place_of
from ssm_bootstrap.catalog.distributions import authority_place
from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.diagnose.reachability import Reach, Standing, vpc_blocks
from ssm_bootstrap.model.findings import Evidence, Finding, Severity
from ssm_bootstrap.model.machine import ProxySide, Surroundings
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.model.phrase import joined, phrase

IMDS = "169.254.169.254"
WORKER = "ssm-agent-worker"


def mismatch(case: Case) -> Iterator[Finding]:
    """Shell and service that go different ways to AWS; a fault only where nothing shows that the service's way works."""
    service, shell = value_of(case.surroundings.service), _shell(case.surroundings)
    if service is None or _same(shell, service):
        return
    detail = f"{shell.source}: {_words(shell)}; {service.source}: {_words(service)}"
    severity = _severity(case, shell, service)
    yield case.finding(
        "proxy-mismatch",
        service.source,
        detail,
        facts={**_facts(case), "proxy": service.https or shell.https},
        evidence=tuple(Evidence("environment", side.source, _words(side)) for side in (shell, service)),
        severity=severity,
        breaks=case.on_a_node if severity is Severity.ERROR else (),
    )


def _shell(around: Surroundings) -> ProxySide:
    """What counts as the shell's: this one's, which sudo may have emptied, else what login shells get."""
    with_proxy = [side for side in around.shells if side.has_proxy]
    if with_proxy:
        return with_proxy[0]
    return next(iter(around.shells), ProxySide("this shell"))


def _same(shell: ProxySide, service: ProxySide) -> bool:
    """Whether both lead AWS the same way; how http_proxy is set matters to neither."""
    if not shell.by_proxy and not service.by_proxy:
        return True
    return shell.by_proxy == service.by_proxy and _bare(shell.https) == _bare(service.https)


def _bare(url: str) -> str:
    return url.split("://")[-1].rstrip("/")


def _words(side: ProxySide) -> str:
    named = [f"{name}={value}" for name, value in (("https_proxy", side.https), ("no_proxy", side.exceptions)) if value]
    return " ".join(named) or "no https_proxy"


def _severity(case: Case, shell: ProxySide, service: ProxySide) -> Severity:
    """An error where the shell's proxy works, the service goes without, and the running agent has no credentials."""
    direct_untried = bool(shell.by_proxy) and not service.by_proxy and _probed_by_shell(case)
    if not direct_untried or _has_worker(case) is True:
        return Severity.INFO  # what was dialled is the service's way, or its agent works
    return Severity.ERROR if _has_worker(case) is False and _was_never_answered(case) else Severity.WARNING


def _probed_by_shell(case: Case) -> bool:
    """Whether the probes went by the shell's proxy, and AWS answered there: that tells nothing of the service's way."""
    ways = [reach.shown_by.target.proxy for reach in case.reaches if reach.endpoint == "ssm"]
    return any(way is not None and way.source == "environment" for way in ways)


def _has_worker(case: Case) -> Optional[bool]:
    """Whether the registered agent has come so far as to start its worker; None where it does not run, or cannot be seen."""
    names = {item.name for item in case.processes or ()}
    return WORKER in names if case.is_registered and "amazon-ssm-agent" in names else None


def _was_never_answered(case: Case) -> bool:
    """Whether the log is without an answer of the service: one that refuses has been reached."""
    ssm = [reach for reach in case.reaches if reach.endpoint == "ssm"]
    works = bool(ssm) and all(reach.standing is Standing.OK for reach in ssm)
    said = [group.sample.message for group in case.log_groups]
    return works and not any("status code: " in message or "Exception" in message for message in said)


def exceptions(case: Case) -> Iterator[Finding]:
    """A no_proxy without IMDS, or without the endpoints that the VPC has."""
    service = value_of(case.surroundings.service)
    if service is None or not service.has_proxy:
        return
    blocks = vpc_blocks(case.observations)
    inside = [
        phrase("{host} is {addresses} here, inside the VPC", host=host, addresses=", ".join(addresses))
        for host, addresses in case.surroundings.inside
        if addresses and all(place_of(address, blocks) is Place.INSIDE for address in addresses)
    ]
    missing = [*inside, *([phrase("{imds} goes by the proxy", imds=IMDS)] if service.metadata_by_proxy else [])]
    if not missing:
        return
    detail = phrase(
        "no_proxy is {exceptions}: {missing}", exceptions=service.exceptions or "not set", missing=joined(missing, "; ")
    )
    broken = bool(inside) and any(_fails_at_proxy(reach) for reach in case.reaches)
    yield case.finding(
        "no-proxy-incomplete",
        service.source,
        detail,
        facts={**_facts(case), "proxy": service.https},
        evidence=(Evidence("environment", service.source, detail),),
        severity=Severity.WARNING if broken else Severity.INFO,
    )


def _fails_at_proxy(reach: Reach) -> bool:
    return reach.shown_by.target.proxy is not None and reach.standing is Standing.FAILED


def authorities(case: Case) -> Iterator[Finding]:
    """Variables that name certificates: which part of the agent reads them."""
    service = value_of(case.surroundings.service)
    sides = [side for side in (*case.surroundings.shells, *([service] if service is not None else [])) if side.authorities]
    if not sides:
        return
    told = [" ".join(f"{name}={value}" for name, value in side.authorities) for side in sides]
    detail = joined((joined((side.source, text), ": ") for side, text in zip(sides, told)), "; ")
    yield case.finding(
        "ca-variables",
        ", ".join(dict.fromkeys(name for side in sides for name, _ in side.authorities)),
        detail,
        facts=_facts(case),
        evidence=tuple(Evidence("environment", side.source, text) for side, text in zip(sides, told)),
    )


def _facts(case: Case) -> dict[str, str]:
    place = authority_place(case.instance.system_id) if case.instance is not None else None
    return {"ca_file": place.file, "ca_command": place.command} if place is not None else {}


def not_looked_at(case: Case) -> Iterator[tuple[str, str]]:
    """A service whose variables could not be had."""
    service, known = case.surroundings.service, case.installed_agent is not None and case.unit is not None
    if case.has_surroundings and known and isinstance(service, Unseen):
        yield "the agent's environment", service.reason


def certificates(case: Case) -> Iterator[tuple[str, str]]:
    """Trusted certificates that another user may have put there: what was dialled was judged by them."""
    for path, fault in case.observations.loose:
        yield path, phrase("{fault}: it is not known whose certificates it holds", fault=fault)


CHECKS = (
    Check("proxy-mismatch", mismatch),
    Check("proxy-exceptions", exceptions),
    Check("proxy-authorities", authorities),
    Check("proxy-unseen", not_looked_at),
    Check("certificates-loose", certificates),
)
