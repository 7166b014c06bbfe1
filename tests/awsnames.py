"""Our names of AWS's hosts against botocore's, for every region that botocore knows (`python -m tests.awsnames`).

botocore's partitions.json and the rule sets of its services are the reference. It has no rules for ssmmessages and
ec2messages, whose names are held against the partition's suffixes. Exit status 1 unless all is as it says, but for what
``ON_PURPOSE`` names.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Tuple

import botocore
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from botocore.loaders import Loader

from ssm_bootstrap.catalog.endpoints import ENDPOINTS, service_of
from ssm_bootstrap.catalog.partitions import dual_stack_host, is_aws_host, partition_of, region_of
from ssm_bootstrap.catalog.regions import OPENED, UNDATED, is_known
from ssm_bootstrap.collect.network.targets import host_of
from ssm_bootstrap.model.agent import AgentConfig
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.site import NO_SITE

MODELLED = ("ssm", "s3", "kms", "logs", "sts")
MESSAGES = ("ssmmessages", "ec2messages")
CONFIG, DUAL = AgentConfig("", present=False), AgentConfig("", present=True, use_dual_stack=True)

PAYLOAD_ROWS = ("s3-dualstack", "s3-dualstack-http")
ON_PURPOSE: Mapping[str, str] = {
    "cn-": "AWS-RunPatchBaseline fetches its payload from s3.REGION in China, not from the dual-stack name",
    "us-gov-": "AWS-RunPatchBaseline fetches its payload from s3-fips-REGION in GovCloud, a name with a hyphen before the region",
}
"""Beginnings of regions whose payload rows differ from botocore's dual-stack name, and why (the document's shell part, 1.80)."""


@dataclass(frozen=True)
class Compared:
    """One name: what of which region, ours and botocore's; ``purpose`` says why they differ where that is meant."""

    region: str
    what: str
    ours: str
    theirs: str
    purpose: str = ""

    @property
    def is_right(self) -> bool:
        """Equal, or different on purpose."""
        return self.ours == self.theirs or bool(self.purpose)

    def __str__(self) -> str:
        return f"{self.region} {self.what}: ours {self.ours or 'nothing'}, botocore {self.theirs or 'nothing'}"


class Reference:
    """What botocore says of regions and hosts."""

    def __init__(self) -> None:
        loader = Loader()
        self._partitions: Any = loader.load_data("partitions")
        self._rules = {
            name: EndpointProvider(loader.load_service_model(name, "endpoint-rule-set-1"), self._partitions) for name in MODELLED
        }

    @property
    def regions(self) -> Dict[str, Mapping[str, Any]]:
        """Every region with its partition's outputs; the pseudo regions of global services are left out."""
        return {
            region: partition["outputs"]
            for partition in self._partitions["partitions"]
            for region in partition["regions"]
            if not region.endswith("-global")
        }

    def host(self, service: str, region: str, *, dual: bool = False, fips: bool = False, bucket: str = "") -> str:
        """The host that a client of the service dials; empty where the rules have none."""
        given: Dict[str, Any] = {"Region": region, "UseDualStack": dual, "UseFIPS": fips}
        given.update({"UseGlobalEndpoint": False} if service in ("s3", "sts") else {})
        given.update({"Bucket": bucket} if bucket else {})
        try:
            url: str = self._rules[service].resolve_endpoint(**given).url
        except EndpointProviderError:
            return ""
        return url.partition("://")[2]


def compare(reference: Reference, region: str) -> Iterator[Compared]:
    """Every name of a region: partition, plain and dual-stack hosts, the catalogue's rows, and how FIPS names are read."""
    outputs = reference.regions[region]
    partition = partition_of(region, NO_SITE)
    yield Compared(region, "partition", partition.name, outputs["name"])
    yield Compared(region, "suffix", partition.domain, outputs["dnsSuffix"])
    yield Compared(region, "dual-stack suffix", partition.dual_stack, outputs["dualStackDnsSuffix"])
    for service in MODELLED:
        yield Compared(region, service, f"{service}.{region}.{partition.domain}", reference.host(service, region))
        dual = value_of(dual_stack_host(service, region, NO_SITE)) or ""
        yield Compared(region, f"{service} dual-stack", dual, reference.host(service, region, dual=True))
    for service in MESSAGES:
        yield Compared(region, service, f"{service}.{region}.{partition.domain}", f"{service}.{region}.{outputs['dnsSuffix']}")
        dual = value_of(dual_stack_host(service, region, NO_SITE)) or ""
        yield Compared(region, f"{service} dual-stack", dual, f"{service}.{region}.{outputs['dualStackDnsSuffix']}")
    yield from _rows(reference, region)
    yield from _fips(reference, region)


def _rows(reference: Reference, region: str) -> Iterator[Compared]:
    """The hosts that are really dialled, as the catalogue's rows make them, for an agent with and without dual-stack names."""
    for row in ENDPOINTS:
        if row.service not in MODELLED:
            continue
        bucket = f"amazon-ssm-{region}" if row.host.startswith("amazon-ssm-") else ""
        purpose = next((why for start, why in ON_PURPOSE.items() if region.startswith(start)), "")
        for words, config in (("row", CONFIG), ("dual-stack row", DUAL)):
            is_payload = row.name in PAYLOAD_ROWS
            theirs = reference.host(row.service, region, dual=is_payload or config is DUAL, bucket=bucket)
            ours, _ = host_of(row, region, config, NO_SITE)
            yield Compared(region, f"{words} {row.name}", ours, theirs, purpose if is_payload and ours != theirs else "")


def _fips(reference: Reference, region: str) -> Iterator[Compared]:
    """FIPS names are the configuration's to give: each must be read as the service and the region that it is of."""
    for service in MODELLED:
        for dual in (False, True):
            host = reference.host(service, region, dual=dual, fips=True)
            if host:
                read = f"{service_of(host, NO_SITE)} {region_of(host)} {is_aws_host(host, NO_SITE)}"
                yield Compared(region, f"{host} is read as", read, f"{service} {region} True")


def unknown_regions(reference: Reference) -> List[str]:
    """What to add to catalog/regions.py, or to take out of it, a line each."""
    found = [
        f"{region}: add it to OPENED with its year, or to UNDATED"
        for region in reference.regions
        if not is_known(region, NO_SITE)
    ]
    return found + [f"{region}: botocore has no such region" for region in (*OPENED, *UNDATED) if region not in reference.regions]


def main() -> int:
    """Print the counts, and what is wrong."""
    reference = Reference()
    regions = sorted(reference.regions)
    found = [one for region in regions for one in compare(reference, region)]
    wrong: List[str] = [*unknown_regions(reference), *(str(one) for one in found if not one.is_right)]
    purposes: Dict[str, Tuple[str, ...]] = {}
    for one in found:
        if one.purpose:
            purposes[one.purpose] = (*purposes.get(one.purpose, ()), f"{one.region} {one.what}")
    print(f"botocore {botocore.__version__}: {len(regions)} regions, {len(found)} names compared, {len(wrong)} wrong")
    for why, names in purposes.items():
        print(f"{len(names)} other on purpose: {why}")
    for line in wrong:
        print(f"✗ {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
