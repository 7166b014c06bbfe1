"""What the program knows of itself."""

from __future__ import annotations

import zipfile
from pathlib import Path

from ssm_bootstrap.host.machine import Program
from tests.laws.tree import ROOT


def test_a_bundle_is_known_by_what_it_is(tmp_path: Path) -> None:
    bundle = tmp_path / "ssm-bootstrap.pyz"
    with zipfile.ZipFile(bundle, "w") as opened:
        opened.writestr("__main__.py", "")
    (tmp_path / "link").symlink_to(bundle)
    assert Program(str(bundle)).bundle() == str(bundle)
    assert Program(str(tmp_path / "link")).bundle() == str(bundle)
    script = tmp_path / "ssm-bootstrap"
    script.write_text("#!/usr/bin/python3\n")
    assert Program(str(script)).bundle() is None and Program(str(script)).path() == str(script)
    assert Program(str(tmp_path / "nothing")).bundle() is None


def test_every_unit_of_the_tree_is_brought() -> None:
    brought = Program().units()
    assert set(brought) == {path.name for path in (ROOT / "systemd").iterdir()}
    assert {name.rpartition(".")[2] for name in brought} == {"service", "timer", "tmpfiles"}
    assert all(b"/usr/bin/ssm-bootstrap" in data for name, data in brought.items() if name.endswith(".service"))
