"""Private hosted zones that are missing: those by which the names of a service would lead to an endpoint of another VPC."""

from __future__ import annotations

from typing import Iterable

from ssm_bootstrap.diagnose.cloud.names import addresses_of, private_name
from ssm_bootstrap.model.cloud import Cloud, VpcEndpoint
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.repair import CreateZone


def zones_toward(cloud: Cloud, endpoint: VpcEndpoint, hosts: Iterable[str]) -> tuple[CreateZone, ...]:
    """The zones for hosts of the service of an endpoint, each of the name that the endpoint's own private DNS has."""
    vpc = value_of(cloud.network.vpc)
    names = dict.fromkeys(filter(None, (private_name(endpoint, cloud, host) for host in hosts)))
    is_for_all = endpoint.service == "s3"
    return tuple(CreateZone(vpc.id, cloud.region, name, addresses_of(endpoint), is_for_all) for name in names if vpc is not None)
