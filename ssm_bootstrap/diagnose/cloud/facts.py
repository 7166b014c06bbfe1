"""What AWS's side knows by the names that the commands of findings use, so that nothing is left to fill in."""

from __future__ import annotations

from typing import Mapping

from ssm_bootstrap.model.cloud import Cloud, EndpointKind, VpcEndpoint
from ssm_bootstrap.model.observed import value_of


def cloud_facts(cloud: Cloud) -> dict[str, str]:
    """Ids of the instance and of what is there once; an empty string for what is not known, or of which there are several."""
    instance, network = value_of(cloud.instance), cloud.network
    groups = instance.interfaces[0].group_ids if instance is not None and instance.interfaces else ()
    subnet = instance.subnet_id if instance is not None else ""
    endpoints = value_of(network.endpoints) or ()
    tables = value_of(network.route_tables) or ()
    own = [table.id for table in tables if subnet in table.subnet_ids] or [table.id for table in tables if table.is_main]
    return {
        "instance_id": instance.id if instance is not None else "",
        "vpc_id": instance.vpc_id if instance is not None else "",
        "subnet_id": subnet,
        "instance_security_group_id": next(iter(groups), ""),
        "instance_security_group_ids": ",".join(groups),
        "endpoint_security_group_id": _only({group for one in endpoints for group in one.group_ids}),
        "endpoint_subnet_id": _only({one for endpoint in endpoints for one in endpoint.subnet_ids}),
        "route_table_id": _only(set(own)),
        "network_acl_id": _only({acl.id for acl in value_of(network.acls) or () if subnet in acl.subnet_ids}),
        "prefix_list_id": _only({one.id for one in value_of(network.prefix_lists) or () if one.name.endswith(".s3")}),
        "s3_endpoint_id": _only({one.id for one in endpoints if one.service == "s3" and one.kind is EndpointKind.GATEWAY}),
        "activation_role": _only({one.role for one in value_of(cloud.management.activations) or ()}),
    }


def endpoint_facts(cloud: Cloud, services: tuple[str, ...]) -> Mapping[str, str]:
    """The endpoint that a finding about one service is about, where there is one alone."""
    endpoints: tuple[VpcEndpoint, ...] = value_of(cloud.network.endpoints) or ()
    return {"endpoint_id": _only({one.id for one in endpoints if one.service in services})} if len(services) == 1 else {}


def _only(found: set[str]) -> str:
    return next(iter(found)) if len(found) == 1 else ""
