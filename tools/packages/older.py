"""What scripts/older.sh has to be told: which systemd is too old for which setting, and what the unit runs there instead."""

from __future__ import annotations

import re

from ssm_bootstrap.act.setup.older_systemd import KNOWS_SYSTEM_SERVICE, RESTARTS_ONESHOT, fitting


def values_for_older(unit: bytes) -> dict[str, str]:
    """The marks of that script by name; ``unit`` is the text of ssm-bootstrap.service."""
    fitted = fitting({"": unit}, RESTARTS_ONESHOT - 1)[""].decode()
    (start,) = re.findall(r"^ExecStart=(.*)$", fitted, re.MULTILINE)
    numbers = {"RESTARTS_ONESHOT": RESTARTS_ONESHOT, "KNOWS_SYSTEM_SERVICE": KNOWS_SYSTEM_SERVICE}
    return {**{name: str(number) for name, number in numbers.items()}, "OLDER_START": start}
