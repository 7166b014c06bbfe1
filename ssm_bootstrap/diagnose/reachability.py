"""How each catalogue row stands: from the probes of its addresses to one status, one code and one piece of evidence."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Iterable, Mapping, Optional, Sequence

from ssm_bootstrap.catalog.addresses import Place, place_of
from ssm_bootstrap.catalog.endpoints import SIGNED_ROWS
from ssm_bootstrap.catalog.findingkind import Circumstance
from ssm_bootstrap.catalog.findings import BY_FAILURE, FINDINGS
from ssm_bootstrap.catalog.s3names import SERVICES, Carrier, carrier_of
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.observed import value_of

if TYPE_CHECKING:
    from ssm_bootstrap.model.machine import Metadata
    from ssm_bootstrap.model.network import Probe
    from ssm_bootstrap.model.observations import Observations


class Standing(str, Enum):
    """How a row stands."""

    OK = "ok"
    PARTLY = "partly"  # some addresses answer
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Reach:
    """One row: its standing, the finding code of a failure, the probe that shows it, and where its addresses lie."""

    endpoint: str
    standing: Standing
    probes: tuple[Probe, ...]
    shown_by: Probe
    place: Place
    code: str = ""

    @property
    def is_s3(self) -> bool:
        """True for S3."""
        return self.shown_by.target.service == "s3"

    @property
    def dropped(self) -> bool:
        """True where TCP got no answer at any address of a family that this host has a route for."""
        tried = [probe for probe in self.probes if probe.last.failure is not Failure.UNREACHABLE] or self.probes
        return self.standing is Standing.FAILED and all(_is_dropped(probe) for probe in tried)

    @property
    def answered(self) -> bool:
        """True where TCP came up at some address."""
        return any(probe.reached(Stage.TCP) for probe in self.probes)


def hosts_of(group: Iterable[Reach]) -> tuple[str, ...]:
    """The hosts of these rows, each once."""
    return tuple(dict.fromkeys(reach.shown_by.target.host for reach in group))


def services_of(group: Iterable[Reach]) -> tuple[str, ...]:
    """The services of these rows, each once."""
    return tuple(dict.fromkeys(reach.shown_by.target.service for reach in group))


def reaches(observations: Observations) -> tuple[Reach, ...]:
    """How every row that was dialled stands, in the order of the probes; S3's two ports are read together."""
    blocks = vpc_blocks(observations)
    grouped: dict[str, list[Probe]] = defaultdict(list)
    for probe in observations.probes:
        grouped[probe.target.endpoint].append(probe)
    found = [_reach(name, tuple(probes), blocks) for name, probes in grouped.items()]
    return tuple(_read_s3_together(reach, found) for reach in found)


def metadata_of(observations: Observations) -> Optional[Metadata]:
    """What IMDS said, or None."""
    instance = value_of(observations.instance)
    return value_of(instance.metadata) if instance is not None else None


def vpc_blocks(observations: Observations) -> tuple[str, ...]:
    """The VPC's CIDR blocks as IMDS tells them, or none."""
    metadata = metadata_of(observations)
    return metadata.ipv4_cidrs + metadata.ipv6_cidrs if metadata is not None else ()


def _is_dropped(probe: Probe) -> bool:
    last = probe.last
    return last.stage is Stage.TCP and last.failure is Failure.TIMED_OUT


def _reach(name: str, probes: tuple[Probe, ...], blocks: Sequence[str]) -> Reach:
    good = [probe for probe in probes if probe.last.ok]
    # An address of a family that this host has no route for is not dialled by anyone once the other family works.
    bad = [probe for probe in probes if not probe.last.ok and probe.last.failure is not Failure.UNKNOWN]
    if good:
        routed = {_version(probe) for probe in good}
        bad = [probe for probe in bad if probe.last.failure is not Failure.UNREACHABLE or _version(probe) in routed]
    else:
        bad = [probe for probe in bad if probe.last.failure is not Failure.UNREACHABLE] or bad
    place = _place(probes, blocks)
    if good and (not bad or (good[0].target.service == "s3" and place is not Place.INSIDE)):
        return Reach(name, Standing.OK, probes, good[0], place)
    if good:
        return Reach(name, Standing.PARTLY, probes, bad[0], place, "endpoint-partly-unreachable")
    if not bad:
        return Reach(name, Standing.UNKNOWN, probes, probes[0], place)
    code = _code(bad[0], place_of(bad[0].address, blocks) if bad[0].address else place)
    if code == "s3-denied" and name in SIGNED_ROWS:
        # Nobody asks unsigned there but this probe: what the signed request would get is not known.
        code = ""
    return Reach(name, Standing.FAILED if code else Standing.UNKNOWN, probes, bad[0], place, code)


def _version(probe: Probe) -> int:
    """The address family that was dialled: 4 or 6."""
    return 6 if ":" in (probe.address or "") else 4


def _place(probes: Sequence[Probe], blocks: Sequence[str]) -> Place:
    """Inside where any address is: an endpoint's name gives public addresses only while it has none inside."""
    places = {place_of(probe.address, blocks) for probe in probes if probe.address}
    for place in (Place.INSIDE, Place.PUBLIC):
        if place in places:
            return place
    return Place.UNPLACED


def _code(probe: Probe, place: Place) -> str:
    """The finding code of a failed probe; empty where the failure says nothing of the network."""
    last = probe.last
    failure = last.failure or Failure.UNKNOWN
    if probe.target.proxy is not None and last.stage in (Stage.DNS, Stage.TCP, Stage.PROXY):
        return code_by_proxy(failure)
    if last.stage is Stage.TCP and failure is Failure.TIMED_OUT:
        return code_of_silence(probe.target.service, place) or "endpoint-blocked"
    return BY_FAILURE.get((last.stage, failure), "")


def code_by_proxy(failure: Failure) -> str:
    """The finding code of a failure on the way to a proxy, or of what the proxy answered."""
    return BY_FAILURE.get((Stage.PROXY, failure), "proxy-unreachable")


def code_of_silence(service: str, place: Place) -> str:
    """The finding code where TCP to a service gets no answer at an address that lies there; empty where nobody can say."""
    if place is Place.INSIDE:
        return "endpoint-blocked"
    if service in SERVICES:
        return "s3-unreachable"
    return "endpoint-missing" if place is Place.PUBLIC else ""


_CARRIED: Mapping[Carrier, Circumstance] = {
    Carrier.NONE: Circumstance.S3_HAS_NO_ENDPOINT,
    Carrier.ANOTHER: Circumstance.S3_HAS_ENDPOINT_OF_ITS_OWN,
    Carrier.OTHER_REGION: Circumstance.S3_IS_OF_ANOTHER_REGION,
    Carrier.GATEWAY: Circumstance.S3_BY_GATEWAY_ALONE,
}


def circumstance_of(host: str, region: str) -> Optional[Circumstance]:
    """What a host's name itself says of the endpoint that is to be changed; None where that is the usual one."""
    carrier = carrier_of(host, region)
    return _CARRIED.get(carrier) if carrier is not None else None


def is_carried_here(host: str, region: str) -> bool:
    """Whether a VPC in this region has a way to a host by the endpoint that the service has there."""
    return circumstance_of(host, region) in (None, Circumstance.S3_BY_GATEWAY_ALONE)


def cause_of(probe: Probe) -> str:
    """The finding code of a failed probe of anybody's host, where the failure is the way's and not the host's own; else empty."""
    last = probe.last
    failure = last.failure or Failure.UNKNOWN
    if probe.target.proxy is not None and last.stage in (Stage.DNS, Stage.TCP, Stage.PROXY):
        return code_by_proxy(failure)
    code = BY_FAILURE.get((last.stage, failure), "")
    return code if code and FINDINGS[code].is_of_the_way else ""


def _read_s3_together(reach: Reach, every: Sequence[Reach]) -> Reach:
    """A dropped S3 port beside one that answers under the same names is a rule about the port.

    The host's own other port counts first. A host of which both are dropped, or a port that other hosts answer on, is none.
    """
    if not (reach.is_s3 and reach.dropped) or reach.shown_by.target.proxy is not None:
        return reach
    port = reach.shown_by.target.port
    beside = [other for other in every if other.is_s3 and _family(other) == _family(reach) and other is not reach]
    if any(other.shown_by.target.port == port and other.answered for other in beside):
        return reach
    others = [other for other in beside if other.shown_by.target.port != port]
    own = [other for other in others if other.shown_by.target.host == reach.shown_by.target.host]
    if not any(other.answered for other in own or others):
        return reach
    return replace(reach, code="s3-http-blocked" if port == 80 else "s3-https-blocked")


def _family(reach: Reach) -> bool:
    """S3's names come in two families, which an endpoint's private DNS may answer one without the other."""
    return ".dualstack." in reach.shown_by.target.host
