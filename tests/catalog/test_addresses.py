"""Where an address lies: inside the VPC, on the internet, or nobody can say."""

from __future__ import annotations

import pytest

from ssm_bootstrap.catalog.addresses import Place, is_own, networks_of, place_of

VPC = ("10.0.0.0/16", "198.51.100.0/24")
VPC6 = (*VPC, "2406:da14:abc::/56")


@pytest.mark.parametrize(
    ("address", "blocks", "place"),
    [
        ("10.0.0.5", VPC, Place.INSIDE),
        ("10.9.0.5", VPC, Place.INSIDE),  # a peered VPC: private all the same
        ("172.31.0.1", (), Place.INSIDE),
        ("172.32.0.1", (), Place.PUBLIC),
        ("192.168.0.1", (), Place.INSIDE),
        ("100.64.0.1", (), Place.INSIDE),
        ("100.128.0.1", (), Place.PUBLIC),
        ("198.51.100.7", VPC, Place.INSIDE),  # a VPC may be made of public addresses
        ("198.51.100.7", (), Place.PUBLIC),
        ("52.119.1.1", VPC, Place.PUBLIC),
        ("fd00::1", (), Place.INSIDE),
        ("2406:da14:abc::5", VPC6, Place.INSIDE),
        ("2406:da14:def::5", VPC6, Place.PUBLIC),
        ("2406:da14:def::5", VPC, Place.UNPLACED),
        ("2406:da14:def::5", (), Place.UNPLACED),
        ("fe80::1%eth0", (), Place.UNPLACED),
        ("fd00::1%eth0", (), Place.INSIDE),
        ("proxy.corp", VPC, Place.UNPLACED),
        ("", VPC, Place.UNPLACED),
    ],
)
def test_places(address: str, blocks: tuple[str, ...], place: Place) -> None:
    assert place_of(address, blocks) is place


def test_blocks_that_do_not_parse_are_left_out() -> None:
    assert [str(block) for block in networks_of(["10.0.0.1/16", " 10.1.0.0/16 ", "rubbish", "", "10.0.0.0/99"])] == [
        "10.0.0.0/16",
        "10.1.0.0/16",
    ]


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("127.0.0.1", True),
        ("0.0.0.0", True),
        ("::1", True),
        ("::", True),
        ("10.0.1.1", False),
        ("169.254.169.254", False),
        ("", False),
    ],
)
def test_what_leads_to_this_machine_itself(address: str, own: bool) -> None:
    assert is_own(address) is own
