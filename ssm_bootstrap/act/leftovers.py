"""What an install, or user-data, that was cut short left beside what it puts in place."""

from __future__ import annotations

import re

from ssm_bootstrap.collect import paths
from ssm_bootstrap.host import Host

BEFORE = ".before"
"""What a file of somebody else's is kept as, before ours takes its name."""

_UNIT = re.compile(r"^\.(ssm-bootstrap[a-z-]*\.(?:service|timer))\.")


def half_written(host: Host) -> list[str]:
    """What a kill or a cut of the power left beside what install and user-data put in place: it may be the code itself."""
    names = host.files.list(paths.OUR_SECRETS)
    secret = [path.rpartition("/")[2] for path in (paths.OUR_CODE, paths.FIRST_BOOT_SCRIPT)]
    found = [
        f"{paths.OUR_SECRETS}/{name}" for name in names for our in secret if name == f"{our}.new" or name.startswith(f".{our}.")
    ]
    return [*found, *(left for left in cut_short(host) if left not in found)]


def cut_short(host: Host) -> list[str]:
    """What an install that was killed left beside what it puts in place; nobody else writes under these names."""
    units = {unit for name in host.files.list(paths.OUR_UNITS) for unit in _UNIT.findall(name)}
    ours = (
        paths.OUR_CODE,
        paths.OUR_CONFIG,
        paths.OUR_PROGRAM,
        paths.OUR_TMPFILES,
        paths.INSTALLED,
        *(f"{paths.OUR_UNITS}/{u}" for u in units),
    )
    return [left for path in ours for end in ("", BEFORE) for left in host.files.half_written(path + end)]
