"""Ends of support: every release that Patch Manager's list has or had, and no release that the table does not have."""

from __future__ import annotations

from datetime import date

import pytest

from ssm_bootstrap.catalog.distributions import DISTRIBUTIONS, ENDS, ENDS_AS_OF, end_of

ONCE_OR_NOW_LISTED = {
    "amzn": ("2012.03", "2014.09", "2017.09", "2018.03", "2", "2023"),
    "rhel": ("6.5", "6.10", "7.9", "8.10", "9.4", "10.0"),
    "centos": ("6.5", "6.10", "7", "8", "9"),
    "rocky": ("8.9", "9.4"),
    "almalinux": ("8.9", "9.4"),
    "oracle": ("6.10", "7.5", "7.9", "8.9", "9.4"),
    "sles": ("12", *(f"12.{pack}" for pack in range(1, 6)), "15", *(f"15.{pack}" for pack in range(1, 8)), "16.0"),
    "ubuntu": (
        *("14.04", "16.04", "18.04", "20.04", "20.10", "21.04", "21.10", "22.04", "22.10", "23.04", "23.10", "24.04", "24.10"),
        *("25.04", "25.10", "26.04"),
    ),
    "debian": ("8", "9", "10", "11", "12", "13"),
}
"""Releases by os-release's id: of the User Guide's list in 2026 and of the lists before it (patch-manager-prerequisites)."""


@pytest.mark.parametrize(
    ("system", "version"), [(system, one) for system, versions in ONCE_OR_NOW_LISTED.items() for one in versions]
)
def test_a_release_has_its_end(system: str, version: str) -> None:
    row = end_of(system, version)
    assert row is not None and row.source and row.covers(system, version)


def test_every_distribution_of_the_list_is_there() -> None:
    assert {row.identifier for row in DISTRIBUTIONS} == set(ONCE_OR_NOW_LISTED) == {row.identifier for row in ENDS}


@pytest.mark.parametrize(
    ("system", "version", "day"),
    [
        ("rhel", "6.10", date(2020, 11, 30)),
        ("oracle", "6.10", date(2021, 3, 31)),
        ("sles", "12.4", date(2020, 6, 30)),
        ("sles", "15", date(2019, 12, 31)),
        ("sles", "15.1", date(2021, 1, 31)),
        ("sles", "15.2", date(2021, 12, 31)),
        ("ubuntu", "14.04", date(2019, 4, 2)),
        ("ubuntu", "24.10", date(2025, 7, 10)),
        ("debian", "9", date(2022, 7, 1)),
        ("amzn", "2017.09", date(2023, 12, 31)),
    ],
)
def test_ends_that_were_missing(system: str, version: str, day: date) -> None:
    row = end_of(system, version)
    assert row is not None and row.day == day < ENDS_AS_OF


@pytest.mark.parametrize(
    ("system", "version"),
    [("sles", "15.8"), ("sles", "12.9"), ("sles", "16.1"), ("ubuntu", "27.04"), ("rhel", "11.0"), ("oracle", "10.0")],
)
def test_of_a_release_that_is_not_in_the_table_nothing_is_told(system: str, version: str) -> None:
    assert end_of(system, version) is None
