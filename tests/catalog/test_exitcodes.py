"""Every status of Patch Manager's script that users meet has a meaning with a source."""

from __future__ import annotations

import pytest

from ssm_bootstrap.catalog.patch import EXIT_CODES
from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.diagnose.logs.explain import explain_logs
from ssm_bootstrap.model.site import NO_SITE
from tests.collect.test_agentlog import UTC

WANTED = (1, 2, 126, *range(130, 157), *range(160, 164), *range(165, 168), 194, 195, 196)


def test_every_status_has_a_row() -> None:
    assert tuple(EXIT_CODES) == WANTED
    for row in EXIT_CODES.values():
        assert row.meaning and row.source and not row.meaning.endswith(".") and len(row.meaning) < 100
    assert [status for status, row in EXIT_CODES.items() if not row.is_failure] == [194]


@pytest.mark.parametrize("status", WANTED)
def test_a_patch_runs_status_is_told(status: int) -> None:
    name = "/var/lib/amazon/ssm/mi-1/document/orchestration/c/awsrunShellScript/PatchLinux/stderr"
    found = explain_logs(read_stream([f"failed to run commands: exit status {status}".encode()], name, UTC), NO_SITE)
    told = [f"{finding.code} {finding.cause}" for finding in found.findings] + [
        note.meaning for note in found.notes + found.harmless
    ]
    assert len(told) == 1
    assert (
        told[0].startswith(("patch-", "noexec-mount", "package-dependencies", "resources-exhausted"))
        or EXIT_CODES[status].meaning in told[0]
    ), told
