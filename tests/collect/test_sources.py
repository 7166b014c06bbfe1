"""Where logs and command output are found, in what order, and what is left out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ssm_bootstrap.catalog.logformat import KINDS, kind_of
from ssm_bootstrap.collect.logs.sources import MOST_COMMAND_FILES, own_sources, sources_below
from ssm_bootstrap.host.walks import LogTree

LOGS = "var/log/amazon/ssm"
ORDERS = "var/lib/amazon/ssm/mi-1/document/orchestration"
STEP = f"{ORDERS}/c1/awsrunShellScript/PatchLinux"


def make(root: Path, *names: str) -> LogTree:
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        os.utime(path, (1000 + number, 1000 + number))
    return LogTree(str(root))


def test_everything_that_there_is_in_order(tmp_path: Path) -> None:
    tree = make(
        tmp_path,
        *(f"{LOGS}/{name}" for name in ("hibernate.log", "errors.log", "errors.log.2", "amazon-ssm-agent.log", "errors.log.10")),
        f"{LOGS}/AmazonSSMAgent-update.txt",
        f"{LOGS}/audits/amazon-ssm-agent-audit-2026-11-23",
        f"{LOGS}/patch-baseline-operations/run.log",
        f"{LOGS}/patch-baseline-operations/main.py",
        f"{LOGS}/ssm-setup-cli.log",
        "var/log/cloud-init-output.log",
        "var/log/syslog",
        *(f"{STEP}/{name}" for name in ("stdout", "stdoutConsole", "stderr", "stderrConsole")),
        f"{ORDERS}/c2/awsupdateSsmAgent/stderrConsole",
    )
    found = own_sources(tree)
    assert [source.path.rpartition("/")[2] for source in found] == [
        *("errors.log.2", "errors.log.10", "errors.log", "amazon-ssm-agent.log", "hibernate.log"),
        *("AmazonSSMAgent-update.txt", "ssm-setup-cli.log", "amazon-ssm-agent-audit-2026-11-23"),
        *("stdout", "stderr", "stderrConsole", "run.log", "cloud-init-output.log"),
    ]
    assert {source.kind for source in found} == set(KINDS) - {"journal"}
    assert [source.kind for source in own_sources(tree, ("command",))] == ["command"] * 3
    assert sources_below(tree, "/var", ("hibernate",))[0].path == f"/{LOGS}/hibernate.log"


def test_the_newest_output_files_are_kept(tmp_path: Path) -> None:
    tree = make(tmp_path, *(f"{ORDERS}/c{number}/s/stdout" for number in range(MOST_COMMAND_FILES + 5)))
    found = own_sources(tree)
    assert len(found) == MOST_COMMAND_FILES and found[-1].path.endswith(f"c{MOST_COMMAND_FILES + 4}/s/stdout")


def test_links_and_what_is_not_there_are_passed_by(tmp_path: Path) -> None:
    tree = make(tmp_path, f"{LOGS}/errors.log")
    (tmp_path / LOGS / "audits").symlink_to("/")
    (tmp_path / LOGS / "hibernate.log").symlink_to("/etc/shadow")
    assert [source.kind for source in own_sources(tree)] == ["errors"]
    assert sources_below(tree, "/nowhere") == ()


@pytest.mark.parametrize("name", ["errors.log.bak", "xerrors.log", "orchestration/c/_script.sh", "stdout", "errors.log\n"])
def test_what_is_no_log(name: str) -> None:
    assert kind_of(name) is None


def test_logs_that_the_agents_settings_put_elsewhere_come_first(tmp_path: Path) -> None:
    tree = make(tmp_path, f"{LOGS}/hibernate.log", "data/logs/ssm.log", "data/logs/ssm.log.2", "data/logs/errors.log")
    named = ("/data/logs/ssm.log.2", "/data/logs/ssm.log", "/data/logs/errors.log", f"/{LOGS}/hibernate.log", "/data/logs/gone")
    found = own_sources(tree, KINDS, named)
    assert [(source.kind, source.path) for source in found] == [
        ("agent", "/data/logs/ssm.log.2"),
        ("agent", "/data/logs/ssm.log"),
        ("errors", "/data/logs/errors.log"),
        ("hibernate", f"/{LOGS}/hibernate.log"),
    ]
    assert found[0].written == 1002
    assert [source.kind for source in own_sources(tree, ("errors",), named)] == ["errors"]
