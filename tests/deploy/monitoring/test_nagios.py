"""The page's examples for Nagios, run as they stand there."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import List, Tuple

import pytest

from ssm_bootstrap.cli.saving import observations_text
from ssm_bootstrap.render.monitoring import CRITICAL, OK, UNKNOWN, WARNING
from tests import caller
from tests.cli.test_doctor_outputs import CLOSED, HEALTHY, PUBLIC_PATH, UNREADABLE
from tests.laws.tree import ROOT

PAGE = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"^    \$ ssm-bootstrap (.+); echo \$\?\n    (.+)\n    (\d+)$", re.MULTILINE)
EXAMPLES: List[Tuple[str, str, str]] = EXAMPLE.findall(PAGE)
SAVED = {"healthy": HEALTHY, "public-path": PUBLIC_PATH, "no-endpoint": CLOSED, "not-root": UNREADABLE}


@pytest.mark.parametrize(("words", "line", "status"), EXAMPLES, ids=[words for words, _, _ in EXAMPLES])
def test_an_example_says_what_stands_there(words: str, line: str, status: str, tmp_path: Path) -> None:
    for name, seen in SAVED.items():
        text = observations_text(replace(seen, plan=replace(seen.plan, command="doctor")))
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [*caller.program(), *shlex.split(words)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
        timeout=60,
    )
    assert (done.stdout, done.returncode) == (f"{line}\n", int(status)), done.stderr


def test_every_status_has_its_example() -> None:
    assert {int(status) for _, _, status in EXAMPLES} == {OK, WARNING, CRITICAL, UNKNOWN}
