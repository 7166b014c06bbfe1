"""Our units as a systemd older than they are takes them: RHEL 8 has 239, SLES 15 has 234 and newer, Amazon Linux 2 has 219.

What it merely does not know it leaves out by itself, with a warning. But it refuses a Type=oneshot that has a Restart=,
and where it does not know the group in a list of allowed system calls, next to none is allowed.
Sources: systemd's NEWS for 239 (@system-service) and 244 (Restart= with Type=oneshot), and service_verify() in its service.c.
"""

from __future__ import annotations

import re
from typing import Mapping

RESTARTS_ONESHOT = 244
KNOWS_SYSTEM_SERVICE = 239
UNKNOWN = 0
"""The version where systemd does not tell it: then the units are put in place as they are."""

_RETRY = re.compile(rb"^Restart\w*=.*\n", re.MULTILINE)
_CALLS = re.compile(rb"^SystemCall(?:Filter|ErrorNumber)=.*\n", re.MULTILINE)
_WAIT = (b"--wait 15m", b"--wait 8760h")
"""Where systemd does not start it anew, the run itself waits: a year."""


def version_of(said: str) -> int:
    """The number in what `systemctl --version` prints, as in "systemd 239 (239-82.el8)"; UNKNOWN where there is none."""
    found = re.match(r"systemd (\d{3})\b", said)
    return int(found[1]) if found else UNKNOWN


def fitting(units: Mapping[str, bytes], version: int) -> Mapping[str, bytes]:
    """The units, by name, without what this version of systemd would refuse."""
    if version == UNKNOWN or version >= RESTARTS_ONESHOT:
        return units
    return {name: _fitting(data, version) for name, data in units.items()}


def _fitting(data: bytes, version: int) -> bytes:
    if b"\nType=oneshot\n" in data and _RETRY.search(data):
        data = _RETRY.sub(b"", data).replace(*_WAIT)
    return data if version >= KNOWS_SYSTEM_SERVICE else _CALLS.sub(b"", data)
