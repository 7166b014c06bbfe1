"""The agent's own logs: whoever may write there leads root to no file that is root's alone."""

from __future__ import annotations

import gzip
import json
import os
import tarfile
from datetime import timezone
from functools import partial
from pathlib import Path
from typing import Callable

import pytest

from ssm_bootstrap.cli.support_bundle import MANIFEST, PLACE, write_bundle
from ssm_bootstrap.collect.logs.read import read_logs
from ssm_bootstrap.collect.logs.seelog import PATH, log_paths, read_log_settings
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.checkedfiles import open_unled
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.tail import Tail
from ssm_bootstrap.model.logs import LogDigest
from tests.fakes import RootedFiles

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be led to what is root's")

KEPT = "2026-11-23 05:50:06 ERROR kept by root alone"
LOGS = "/var/log/amazon/ssm"
ERRORS = f"{LOGS}/errors.log"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A machine whose /etc/x/kept is root's."""
    made = RootedFiles(tmp_path / "machine")
    made.put("/etc/x/kept", KEPT)
    made.put(f"{LOGS}/amazon-ssm-agent.log", "2026-11-23 05:50:07 ERROR said by the agent\n")
    return Files(str(tmp_path / "machine"))


def looked(files: Files) -> LogDigest:
    return read_logs(files.unled(), log_paths(files, read_log_settings(files)), timezone.utc)


def bundled(files: Files, path: Path) -> tuple[bytes, dict[str, str]]:
    """What is in the bundle, and what its manifest could not look at."""
    write_bundle(Host(files=files), str(path), {}, "report", {}, accounts=False)
    with tarfile.open(path) as archive:
        manifest = json.loads(archive.extractfile(f"{PLACE}{MANIFEST}").read())  # type: ignore[union-attr]
    return gzip.decompress(path.read_bytes()), {
        entry["source"]: entry["unseen"] for entry in manifest["files"] if "unseen" in entry
    }


def _link_in_an_open_directory(files: Files) -> None:
    os.chmod(files.real(LOGS), 0o777)
    os.symlink("../../../../etc/x/kept", files.real(ERRORS))


def _link_of_another_user(files: Files) -> None:
    os.symlink("../../../../etc/x/kept", files.real(ERRORS))
    os.lchown(files.real(ERRORS), 1000, 1000)


def _second_name_in_an_open_directory(files: Files) -> None:
    os.chmod(files.real(LOGS), 0o777)
    os.link(files.real("/etc/x/kept"), files.real(ERRORS))


def _directory_that_is_anothers_link(files: Files) -> None:
    os.rename(files.real("/etc/x/kept"), files.real("/etc/x/errors.log"))
    os.rename(files.real(LOGS), files.real(f"{LOGS}-was"))
    os.symlink("../../../etc/x", files.real(LOGS))
    os.lchown(files.real(LOGS), 1000, 1000)


WAYS: dict[str, Callable[[Files], None]] = {
    "a link in a directory that all may write": _link_in_an_open_directory,
    "another user's link": _link_of_another_user,
    "a second name in a directory that all may write": _second_name_in_an_open_directory,
    "another user's link for the directory": _directory_that_is_anothers_link,
}


@pytest.mark.parametrize("way", WAYS)
def test_where_another_user_leads_to_is_not_looked_at_and_told(way: str, files: Files, tmp_path: Path) -> None:
    WAYS[way](files)
    digest = looked(files)
    assert "kept by root" not in repr(digest)
    assert [(path, reason.partition(":")[0]) for path, reason in digest.unseen] == [(ERRORS, "not looked at")]
    content, unseen = bundled(files, tmp_path / "b.tar.gz")
    assert b"kept by root" not in content and unseen[ERRORS].startswith("not looked at: ")
    assert list(Tail(ERRORS, opened=partial(open_unled, files.real("/"))).added()) == []
    with pytest.raises(OSError, match="not looked at"):
        files.unled().size(ERRORS)


def test_where_root_leads_to_is_read(files: Files, tmp_path: Path) -> None:
    os.rename(files.real("/etc/x/kept"), files.real("/etc/x/errors.log"))
    os.rename(files.real(LOGS), files.real(f"{LOGS}-was"))
    os.symlink("../../../etc/x", files.real(LOGS))
    assert looked(files).unseen == () and "kept by root" in repr(looked(files))
    assert b"kept by root" in bundled(files, tmp_path / "b.tar.gz")[0]
    assert files.unled().size(ERRORS) == len(KEPT)


def test_a_log_of_anybody_in_an_open_directory_is_read(files: Files) -> None:
    os.chmod(files.real(LOGS), 0o777)
    os.chown(files.real(f"{LOGS}/amazon-ssm-agent.log"), 1000, 1000)
    assert looked(files).unseen == () and "said by the agent" in repr(looked(files))


@pytest.mark.parametrize("loose", [True, False])
def test_settings_that_others_may_write_choose_no_file(loose: bool, files: Files, tmp_path: Path) -> None:
    real = Path(files.real(PATH))
    real.parent.mkdir(parents=True)
    real.write_text('<seelog><outputs><file filename="/etc/x/kept"/></outputs></seelog>', encoding="utf-8")
    real.chmod(0o666 if loose else 0o644)
    settings, digest = read_log_settings(files), looked(files)
    content, _ = bundled(files, tmp_path / "b.tar.gz")
    assert settings.present and ("mode 0666" in settings.problem) is loose
    assert ("kept by root" in repr(digest)) is not loose
    assert (b"kept by root" in content) is not loose
    assert ("said by the agent" in repr(digest)) is loose
