"""The same file on an arm64 machine, which qemu-user plays."""

from __future__ import annotations

import pytest

from tests.bundle import arm64
from tests.bundle.conftest import Built
from tests.bundle.running import SEEN


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_it_runs_on_arm64(built: Built) -> None:
    file = "/bundle.pyz"
    program = SEEN + "print('machine', os.uname().machine)\n"
    try:
        runs = [arm64.run(built.file, *words) for words in ([file, "--version"], [file, "--help"], ["-c", program, file])]
    except arm64.Unavailable as error:
        pytest.skip(f"no arm64 world can be made here: {error}")
    assert [(run.returncode, run.stderr) for run in runs] == [(0, "")] * 3
    assert runs[0].stdout.startswith("ssm-bootstrap ") and runs[1].stdout.startswith("usage: ssm-bootstrap")
    seen = dict(line.split(" ", 1) for line in runs[2].stdout.splitlines())
    assert (seen["machine"], seen["compiled"], seen["processes"]) == ("aarch64", "file", "True")
    assert seen["home"].startswith("/var/cache/ssm-bootstrap/")
    assert seen["psutil"] == f"{seen['home']}/site-packages/on-aarch64/psutil/__init__.py"
