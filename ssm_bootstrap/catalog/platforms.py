"""Systems by the names that Systems Manager lists nodes with."""

from __future__ import annotations

import re

from ssm_bootstrap.catalog.distributions import system_of

_NAMES = (
    ("amazon linux", "amzn"),
    ("red hat enterprise linux", "rhel"),
    ("centos", "centos"),
    ("rocky linux", "rocky"),
    ("almalinux", "almalinux"),
    ("oracle linux", "oracle"),
    ("sles", "sles"),
    ("suse linux enterprise server", "sles"),
    ("ubuntu", "ubuntu"),
    ("debian", "debian"),
)
"""How PlatformName begins, and the ID that goes with it.

The agent sends the NAME of os-release, or what system-release and lsb_release have (agent/platform/platform_unix.go).
"""


def system_of_platform(name: str, version: str) -> str:
    """The name in ``distributions.SYSTEMS`` by PlatformName and PlatformVersion; empty where that is not known."""
    found = next((own for start, own in _NAMES if name.strip().lower().startswith(start)), "")
    number = re.match(r"\s*([0-9.]+)", version)
    return system_of(found, number[1] if number is not None else "") if found else ""
