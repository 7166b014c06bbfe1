"""The managers of this machine against the same broken repositories: what is said is what is said of the recordings."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.lab.machine import why_unavailable
from tests.managers.expected import EXPECTED, explain
from tests.managers.recordings import PROGRAMS, run_manager

pytestmark = [
    pytest.mark.lab,
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or ""),
]
NEEDED = ("gpg", "dpkg-deb", "rpmbuild", "rpmsign")


@pytest.mark.parametrize("manager", PROGRAMS)
def test_a_manager_of_this_machine_is_explained_as_recorded(manager: str, tmp_path: Path) -> None:
    missing = [name for name in (PROGRAMS[manager], *NEEDED) if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not on this machine: {', '.join(missing)}")
    said = run_manager(manager)
    found = {kind: {one["code"] for one in explain(text, tmp_path)[1]} for kind, text in said.items()}
    assert found == {kind: set(codes) for kind, codes in EXPECTED[manager].items()}
