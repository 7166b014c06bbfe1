"""What stops packets as they leave the instance, wherever they go: where they go to is not known, or lies outside the VPC."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from ssm_bootstrap.catalog.partitions import service_names
from ssm_bootstrap.diagnose.cloud.acls import shut_at
from ssm_bootstrap.diagnose.cloud.groups import shut
from ssm_bootstrap.diagnose.cloud.obstacles import End, Obstacle
from ssm_bootstrap.diagnose.cloud.packets import everywhere, family_of
from ssm_bootstrap.model.cloud import Cloud, CloudInstance
from ssm_bootstrap.model.observed import Unseen, value_of


def met_leaving(
    cloud: Cloud, instance: CloudInstance, here: End, row: tuple[str, int], client_ports: tuple[int, int], *, is_far: bool
) -> Iterator[Obstacle]:
    """The groups that let nothing of a port out, and the ACL that denies all of it or all answers.

    ``is_far``: the packets surely leave the subnet, within which no ACL applies. An instance with several interfaces may use
    any of them: their groups count together, and ACLs only where all are in one subnet.
    """
    service, port = row
    groups = tuple(dict.fromkeys(one for interface in instance.interfaces for one in interface.group_ids))
    names = service_names("s3", cloud.region)
    of_s3 = tuple(one.id for one in value_of(cloud.network.prefix_lists) or () if one.name in names)
    vpc, is_unseen = value_of(cloud.network.vpc), isinstance(cloud.network.endpoints, Unseen)
    families = {family_of(block) for block in here.blocks} or {4}
    anywhere = everywhere(4 if 4 in families else 6)
    own = tuple(cidr for cidr in vpc.cidrs if family_of(cidr) in families) if vpc is not None and is_unseen else ()
    listed = "".join(of_s3[:1]) if service == "s3" and 4 in families else ""  # the list that AWS publishes is of IPv4
    there = End((anywhere,), "", cidrs=own or (anywhere,), prefix_list_id=listed)
    yield from shut(cloud.network, replace(here, group_ids=groups), there, port, () if service == "s3" else of_s3)
    if is_far and len({interface.subnet_id for interface in instance.interfaces}) == 1:
        yield from shut_at(cloud.network, here, there, port, client_ports)
