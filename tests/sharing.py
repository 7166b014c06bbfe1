"""Test files that go to one worker of pytest-xdist, because what they share takes long to make."""

from __future__ import annotations

from typing import Any, Mapping, Tuple

SHARED: Mapping[str, Tuple[str, ...]] = {
    "the stories as they were played": (
        "tests/scenarios/test_scenarios.py",
        "tests/scenarios/test_screens.py",
        "tests/scenarios/test_widths.py",
        "tests/diagnose/test_mirrors.py",
        "tests/laws/test_translations.py",
        "tests/render/test_brief.py",
    ),
    "the server that answers as AWS does": (
        "tests/cloud/test_aws.py",
        "tests/cloud/test_both_sides.py",
        "tests/cloud/test_command.py",
        "tests/cloud/test_from_requirements.py",
        "tests/cloud/test_iac_commands.py",
        "tests/cloud/test_round_trip.py",
        "tests/cloud/test_snapshot.py",
    ),
}
_KIN = {file: what for what, files in SHARED.items() for file in files}


def scheduler(config: Any, log: Any) -> Any:
    """What hands out whole files, and those that share something as if they were one."""
    from xdist.scheduler import LoadFileScheduling

    class Sharing(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return _KIN.get(file, file)

    return Sharing(config, log)
