"""Network ACLs: each port with its own peer, nothing wider than needed, and what to do where no number is left."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Tuple

import pytest

from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.cloud import AclEntry, Cloud, Direction
from ssm_bootstrap.model.findings import Finding
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.model.repair import AddAclEntry
from ssm_bootstrap.render.iac.fixes import FORMS, fixes
from tests.cloud.breakages import ENDPOINT_ACL, NODE_ACL, acls, denying, guarded
from tests.cloud.clouds import ACL, EVERYWHERE, REGION, complete, observations, with_network
from tests.cloud.healthy import dual_stack, nat
from tests.cloud.mend import all_repaired


def told(cloud: Cloud) -> Tuple[Finding, ...]:
    found = diagnose(observations(cloud))
    assert found.crashed == ()
    return tuple(one for one in found.findings if one.code.startswith("acl-"))


def emptied(acl_id: str, direction: Direction) -> Callable[[Cloud], Cloud]:
    """An ACL that allows nothing in one direction."""
    return acls(
        lambda acl: (
            replace(acl, entries=tuple(one for one in acl.entries if one.direction is not direction or not one.allows))
            if acl.id == acl_id
            else acl
        )
    )


def test_each_port_stands_with_its_own_peer() -> None:
    (finding,) = told(emptied(NODE_ACL, Direction.OUT)(guarded()))
    assert "TCP 443 out to 10.0.2.0/24" in finding.title
    assert "TCP 443 out to pl-61a54008" in finding.title and "TCP 80 out to pl-61a54008" in finding.title
    assert "443, 80" not in finding.title and "80, 443" not in finding.title


def test_of_answers_the_ports_that_are_denied_are_told_and_no_others() -> None:
    def narrow(entry: AclEntry) -> AclEntry:
        return replace(entry, first_port=49152) if entry.allows and entry.first_port == 1024 else entry

    cloud = acls(lambda acl: replace(acl, entries=tuple(map(narrow, acl.entries))) if acl.id == NODE_ACL else acl)(guarded())
    (finding,) = told(cloud)
    assert "TCP 32768-49151 in from 10.0.2.0/24" in finding.title and "60999" not in finding.title
    assert finding.variant == "partial" and not told(all_repaired(cloud, finding.repairs))


@pytest.mark.parametrize("number", [1, 2])
def test_before_the_first_number_nothing_can_be_put(number: int) -> None:
    entries = tuple(AclEntry(one, Direction.OUT, True, "6", "192.0.2.0/24", 25, 25) for one in range(1, number))
    cloud = denying(NODE_ACL, number, Direction.OUT, "10.0.2.0/24", 443, 443)(guarded())
    cloud = acls(lambda acl: replace(acl, entries=(*entries, *acl.entries)) if acl.id == NODE_ACL else acl)(cloud)
    (finding,) = told(cloud)
    assert (finding.variant, finding.repairs) == ("no-number", ())
    assert f"before rule {number} that allows" not in finding.remedy.summary and "higher number" in finding.remedy.summary
    for form in FORMS:
        text = fixes(diagnose(observations(cloud)), form, REGION)
        assert "create-network-acl-entry" not in text and "higher number" in text


def test_too_few_numbers_for_both_families_are_told_and_not_half_used() -> None:
    def before(acl_id: str, cidr: str, number: int) -> Callable[[Cloud], Cloud]:
        return denying(acl_id, number, Direction.OUT, cidr, 443, 443)

    cloud = before(ACL, "::/0", 1)(before(ACL, EVERYWHERE, 2)(dual_stack()))
    found = told(cloud)
    assert {(one.variant, one.repairs) for one in found} == {("no-number", ())}


def test_two_denials_that_want_the_same_number_are_not_mended_by_half() -> None:
    cloud = denying(NODE_ACL, 2, Direction.OUT, "10.0.2.0/25", 443, 443)(guarded())
    cloud = denying(NODE_ACL, 3, Direction.OUT, "52.219.0.0/20", 443, 443)(cloud)
    cloud = denying(NODE_ACL, 1, Direction.OUT, "192.0.2.0/24", 443, 443)(cloud)
    for one in told(cloud):
        assert bool(one.repairs) is (one.variant != "no-number")


def test_an_entry_is_for_the_endpoints_subnets_and_for_no_more() -> None:
    for acl, direction in ((NODE_ACL, Direction.OUT), (ENDPOINT_ACL, Direction.IN), (ENDPOINT_ACL, Direction.OUT)):
        (finding,) = told(emptied(acl, direction)(guarded()))
        entries = [one for one in finding.repairs if isinstance(one, AddAclEntry)]
        of_endpoints = {one.cidr for one in entries if one.cidr != EVERYWHERE}
        assert of_endpoints == {"10.0.2.0/24" if acl == NODE_ACL else "10.0.1.0/24"}
        wide = [one for one in entries if one.cidr == EVERYWHERE]
        assert not wide or acl == NODE_ACL


def test_where_the_endpoints_are_not_seen_an_entry_is_for_the_vpc() -> None:
    cloud = emptied(NODE_ACL, Direction.OUT)(guarded())
    cloud = with_network(cloud, prefix_lists=())
    cloud = replace(cloud, network=replace(cloud.network, endpoints=Unseen("not allowed")))
    for finding in told(cloud):
        for one in finding.repairs:
            assert isinstance(one, AddAclEntry) and one.cidr in ("10.0.0.0/16", EVERYWHERE)
            assert one.cidr != EVERYWHERE or "S3" in finding.cause or "s3" in finding.cause


@pytest.mark.parametrize("made", [nat, complete])
def test_an_entry_for_every_address_says_why(made: Callable[[], Cloud]) -> None:
    cloud = acls(lambda acl: replace(acl, entries=()))(made())
    text = " ".join(fixes(diagnose(observations(cloud)), "cli", REGION).replace("#", " ").split())
    assert f"--cidr-block {EVERYWHERE}" in text and "cannot name a prefix list" in text
    assert value_of(cloud.network.acls)
