"""The way from the instance to each service, station by station: what lets packets through, where it breaks, what nobody saw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Iterator, Optional, Sequence

from ssm_bootstrap.catalog.addresses import Place, place_of
from ssm_bootstrap.catalog.findingkind import Hop
from ssm_bootstrap.catalog.findings import BY_FAILURE, FINDINGS
from ssm_bootstrap.model.failure import Stage
from ssm_bootstrap.model.findings import CloudPath, CloudStation, Diagnosis, Finding, Passage, Severity, Side
from ssm_bootstrap.model.localtime import time_in_words
from ssm_bootstrap.model.observed import reason_of, value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.render.language import _, say
from ssm_bootstrap.render.selection import Mark, mark_of, shown_evidence
from ssm_bootstrap.render.targets import outcome

if TYPE_CHECKING:
    from ssm_bootstrap.model.machine import Metadata
    from ssm_bootstrap.model.network import Probe
    from ssm_bootstrap.model.observations import Observations


@dataclass(frozen=True)
class Station:
    """One hop of one way: its name there, the resources of AWS that it is made of, and from where it was seen."""

    hop: Hop
    name: str
    passage: Passage
    resources: tuple[str, ...] = ()
    seen_from: tuple[Side, ...] = ()


@dataclass(frozen=True)
class Fact:
    """Something that is known of the instance: its values, or in words why there are none."""

    term: str
    values: tuple[str, ...]
    unknown: str = ""


@dataclass(frozen=True)
class Way:
    """How packets get to one port of a service; ``finding`` says why they do not, ``seen`` what shows it."""

    service: str
    port: int
    mark: Mark
    stations: tuple[Station, ...]
    addresses: tuple[str, ...]
    seen: str
    finding: str = ""

    @property
    def named(self) -> tuple[Station, ...]:
        """The stations of which AWS told the resources."""
        return tuple(station for station in self.stations if station.resources)

    @property
    def sentence(self) -> str:
        """The whole way in words, for who does not see the picture."""
        stations = [f"{say(station.name)}: {say(station.passage.value)}" for station in self.stations]
        return _("The way to {service}, port {port}: {stations}.", service=self.service, port=self.port, stations=stations)


_WORST_FIRST = (Mark.FAILED, Mark.PARTLY, Mark.UNKNOWN, Mark.UNNEEDED, Mark.OK)
_SEVEREST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.INFO)
_PROVEN_BY = {
    Hop.RESOLVER: (Stage.DNS,),
    Hop.FIREWALL: (Stage.TCP,),
    Hop.SECURITY_GROUP: (Stage.TCP,),
    Hop.NETWORK_ACL: (Stage.TCP,),
    Hop.ROUTE: (Stage.TCP,),
    Hop.ENDPOINT: (Stage.PROXY, Stage.TLS, Stage.HTTP),
}
"""Rungs of which any one, once climbed, proves that a station lets packets through, there and back."""


def ways(observations: Observations, diagnosis: Diagnosis) -> tuple[Way, ...]:
    """A way for each port of each service that was dialled, in the order of the probes."""
    grouped: dict[tuple[str, int], list[Probe]] = {}
    for probe in observations.probes:
        grouped.setdefault((probe.target.service, probe.target.port), []).append(probe)
    by_aws = {(path.service, path.port): path for path in diagnosis.cloud_paths}
    dialled = [_way(probes, observations, diagnosis) for probes in grouped.values()]
    rest = [path for key, path in by_aws.items() if key not in grouped]
    return (
        *(_with_resources(way, by_aws.get((way.service, way.port))) for way in dialled),
        *(_way_of_aws(path) for path in rest),
    )


_UNPROVEN = frozenset({Passage.SUSPECT, Passage.UNSEEN, Passage.NOT_REACHED})


def _with_resources(way: Way, path: Optional[CloudPath]) -> Way:
    """The way that was dialled with what AWS says of its stations: what the node could not tell apart is known then."""
    if path is None:
        return way
    of_aws = {station.hop: station for station in path.stations}
    stations = tuple(_both(station, of_aws.get(station.hop.value)) for station in way.stations)
    return replace(way, stations=stations, finding=way.finding or path.finding)


def _both(station: Station, of_aws: Optional[CloudStation]) -> Station:
    by_node = () if station.passage in _UNPROVEN else (Side.MACHINE,)
    if of_aws is None:
        return replace(station, seen_from=by_node)
    seen = () if of_aws.passage is Passage.UNSEEN else (Side.AWS,)
    passage = of_aws.passage if station.passage in _UNPROVEN and seen else station.passage
    return replace(station, passage=passage, resources=of_aws.resources, seen_from=(*by_node, *seen))


def _way_of_aws(path: CloudPath) -> Way:
    """The way that nobody dialled, as AWS alone has it."""
    found = {station.hop: station for station in path.stations}
    stations = tuple(_both(Station(hop, hop.value, Passage.UNSEEN), found.get(hop.value)) for hop in Hop)
    mark = {Passage.PASSED: Mark.OK, Passage.BROKEN: Mark.FAILED, Passage.SUSPECT: Mark.PARTLY}.get(path.passage, Mark.UNKNOWN)
    return Way(path.service, path.port, mark, stations, (), ", ".join(path.hosts), path.finding)


def _way(probes: Sequence[Probe], observations: Observations, diagnosis: Diagnosis) -> Way:
    marks = [mark_of(probe, diagnosis) for probe in probes]
    mark, shown = min(zip(marks, probes), key=lambda pair: _WORST_FIRST.index(pair[0]))
    blamed = _blamed(probes, diagnosis.findings)
    first = blamed[0] if blamed else None
    broken = _breaks_at(first) if first is not None else _by_failure(shown)
    perhaps = {hop for other in blamed[1:] for hop in _breaks_at(other) if len(_breaks_at(other)) > 1}
    looked = first is not None and _firewall_was_seen(observations)  # of ways that are not needed nobody judges its rules
    stations = []
    for hop in Hop:
        passage = _passage(hop, broken, shown, perhaps, looked)
        name = _name_of_endpoint(shown, observations) if hop is Hop.ENDPOINT else hop.value
        stations.append(Station(hop, name, passage))
    return Way(
        service=shown.target.service,
        port=shown.target.port,
        mark=Mark.FAILED if mark is Mark.OK and first is not None and first.severity is Severity.ERROR else mark,
        stations=tuple(stations),
        addresses=tuple(dict.fromkeys(probe.address for probe in probes if probe.address)),
        seen=_seen(shown, first),
        finding=first.code if first is not None else "",
    )


def _passage(hop: Hop, broken: tuple[Hop, ...], probe: Probe, perhaps: set[Hop], firewall_was_seen: bool) -> Passage:
    """What is known of one station; ``broken`` is where it breaks, several where it is one of them."""
    order = list(Hop)
    if hop in broken:
        return Passage.BROKEN if len(broken) == 1 else Passage.SUSPECT
    if probe.failed is None or hop is Hop.INSTANCE or any(probe.reached(stage) for stage in _PROVEN_BY.get(hop, ())):
        return Passage.PASSED
    if hop in perhaps:
        return Passage.SUSPECT
    if hop is Hop.SERVICE or (len(broken) == 1 and order.index(hop) > order.index(broken[0])):
        return Passage.NOT_REACHED
    if hop is Hop.FIREWALL and firewall_was_seen:
        return Passage.PASSED
    return Passage.UNSEEN


def _blamed(probes: Sequence[Probe], findings: Sequence[Finding]) -> list[Finding]:
    """The findings that say where this way breaks, the severest first; of a symptom its cause, where that says it too."""
    failing = {probe.target.host for probe in probes if probe.failed is not None}
    signed = any(probe.reached(Stage.TLS) for probe in probes)
    service = probes[0].target.service
    by_code = {finding.code: finding for finding in reversed(findings)}
    found = []
    for finding in findings:
        answered = _breaks_at(finding) == (Hop.SERVICE,) and signed and service in finding.services
        if _breaks_at(finding) and (failing & set(finding.hosts) or answered):
            cause = by_code.get(finding.symptom_of or "")
            found.append(cause if cause is not None and _breaks_at(cause) else finding)
    unique = {id(finding): finding for finding in found}.values()
    return sorted(unique, key=lambda finding: _SEVEREST_FIRST.index(finding.severity))


def _breaks_at(finding: Finding) -> tuple[Hop, ...]:
    return FINDINGS[finding.code].worded(finding.variant).breaks_at


def _by_failure(probe: Probe) -> tuple[Hop, ...]:
    """Where a failure of which no finding tells breaks by its own nature; nothing where it is mere silence."""
    failed = probe.failed
    code = BY_FAILURE.get((failed.stage, failed.failure)) if failed is not None and failed.failure is not None else None
    return FINDINGS[code].breaks_at if code else ()


def _firewall_was_seen(observations: Observations) -> bool:
    surroundings = value_of(observations.surroundings)
    firewall = value_of(surroundings.firewall) if surroundings is not None else None
    return firewall is not None and not firewall.cut


def _name_of_endpoint(probe: Probe, observations: Observations) -> str:
    """What stands before the service on this way, as far as its address tells."""
    if probe.target.proxy is not None:
        return "proxy"
    metadata = _metadata(observations)
    blocks = (*metadata.ipv4_cidrs, *metadata.ipv6_cidrs) if metadata is not None else ()
    public = probe.address is not None and place_of(probe.address, blocks) is Place.PUBLIC
    return "gateway" if public and (probe.target.service == "s3" or probe.failed is None) else Hop.ENDPOINT.value


def _seen(probe: Probe, finding: Optional[Finding]) -> str:
    """What shows it: how far the dialling came, or what a log says where the dialling shows nothing."""
    if finding is not None and probe.failed is None:
        return next((f"{say(item.locator)}: {say(item.excerpt)}" for item in shown_evidence(finding, 1)), "")
    return f"{probe.target.host}:{probe.target.port} {outcome(probe)}"


def _metadata(observations: Observations) -> Optional[Metadata]:
    instance = value_of(observations.instance)
    return value_of(instance.metadata) if instance is not None else None


SIDES = {
    (Side.MACHINE,): phrase("seen from the instance"),
    (Side.AWS,): phrase("seen in AWS"),
    (Side.MACHINE, Side.AWS): phrase("seen from both sides"),
    (): phrase("seen by nobody"),
}
"""From where something was seen, in words."""


def instance_facts(observations: Observations) -> Iterator[Fact]:
    """Where every way begins."""
    cloud = value_of(observations.cloud)
    if cloud is not None:
        yield _known("account", cloud.account)
        yield _known("AWS's side read at", time_in_words(cloud.taken_at))
    seen = value_of(cloud.instance) if cloud is not None else None
    if seen is not None and value_of(observations.instance) is None:
        yield _known("instance", seen.id)
        yield _known("VPC", seen.vpc_id)
        yield _known("subnet", seen.subnet_id)
        yield _known("zone", seen.zone)
        yield _known("addresses", *(address for interface in seen.interfaces for address in interface.addresses))
        yield _known("security groups", *(group for interface in seen.interfaces for group in interface.group_ids))
        return
    instance, metadata = value_of(observations.instance), _metadata(observations)
    if metadata is not None:
        yield _known("instance", metadata.instance_id)
        yield _known("VPC", metadata.vpc_id)
        yield _known("subnet", metadata.subnet_id, metadata.subnet_cidr)
        yield _known("zone", metadata.availability_zone)
        yield _known("addresses", *metadata.addresses)
        yield _known("security groups", *metadata.security_groups)
    else:
        reason = reason_of(instance.metadata) if instance is not None else reason_of(observations.instance)
        yield Fact("instance", (), _("not known: {reason}", reason=say(reason)))
    if instance is not None:
        yield _known("resolver", *instance.resolvers)


def _known(term: str, *values: str) -> Fact:
    known = tuple(value for value in values if value)
    return Fact(term, known, "" if known else _("not known"))
