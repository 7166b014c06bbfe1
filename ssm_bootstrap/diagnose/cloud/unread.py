"""Parts of AWS's side that may not be read and on which no check says anything by itself: each is told all the same."""

from __future__ import annotations

from typing import Iterator

from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.diagnose.cloud.firewall import is_block, rule_name
from ssm_bootstrap.model.observed import NOT_ASKED, Unseen, value_of
from ssm_bootstrap.model.phrase import phrase


def unread(case: Case) -> Iterator[tuple[str, str]]:
    """The parts that somebody asked for in vain, under the names that checks have for them where they matter."""
    cloud = case.cloud
    if cloud is None:
        return
    network = cloud.network
    parts = (
        (phrase("subnets"), network.subnets),
        (phrase("endpoint services of the region"), network.endpoint_services),
        (phrase("prefix list of S3"), network.prefix_lists),
        (phrase("NAT gateways"), network.nat_gateways),
        (phrase("transit gateways"), network.transit),
        *((one.table_id or one.gateway_id, one.routes) for one in value_of(network.transit) or ()),
        (phrase("Block Public Access"), network.public_access_block),
        (phrase("Block Public Access"), network.public_access_exclusions),
        *((zone.id, zone.records) for zone in value_of(network.zones) or ()),
        (phrase("service settings"), cloud.management.settings),
    )
    for name, part in parts:
        if isinstance(part, Unseen) and part != NOT_ASKED and part != cloud.instance:
            yield name, part.reason
    for rule in value_of(network.dns_firewall) or ():
        if rule.managed_list and is_block(rule):
            yield (
                rule_name(rule),
                phrase(
                    "AWS manages the list {name} and shows nobody its domains: names of AWS are taken not to be among them",
                    name=rule.managed_list,
                ),
            )


CHECKS = (Check("aws-unread", unread),)
