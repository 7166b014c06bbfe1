"""Archives of logs: whose they are, and what a hostile one may not do."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import os
import subprocess
import tarfile
import zipfile
from datetime import timezone
from pathlib import Path
from typing import Callable, Optional

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssm_bootstrap.catalog.logformat import KINDS
from ssm_bootstrap.cli.entry import run
from ssm_bootstrap.collect.logs.archives import Archive, ArchiveFiles, open_archive
from ssm_bootstrap.collect.logs.read import read_logs
from ssm_bootstrap.diagnose.logs.explain import explain_logs
from ssm_bootstrap.host.files import NamedFiles
from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.model.site import NO_SITE
from tests import caller

LOG = (
    b"2026-05-27 15:45:48.9768 ERROR [CredentialRefresher] RequestError: send request failed caused by: "
    b'Post "https://ssm.eu-west-1.amazonaws.com/": dial tcp 52.119.221.73:443: i/o timeout\n'
)
ERRORS = "var/log/amazon/ssm/errors.log"


def tar(entries: dict[str, bytes], *more: tarfile.TarInfo) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in more:
            archive.addfile(info)
    return stream.getvalue()


def packed_zip(entries: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return stream.getvalue()


def opened(path: Path, data: bytes, **bounds: int) -> Optional[Archive]:
    path.write_bytes(data)
    return open_archive(str(path), NamedFiles(), KINDS, **bounds)


def link(name: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


WAYS: dict[str, Callable[[], bytes]] = {
    # sosreport: github.com/sosreport/sos, sos_commands beside copies of what lies in /var/log
    "sosreport.tar.xz": lambda: lzma.compress(tar({f"sosreport-x/{ERRORS}": LOG, "sosreport-x/etc/hosts": b"x"})),
    # EC2Rescue for Linux: docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2rl_working.html, a tar.gz with what was gathered
    "ec2rl.tar.gz": lambda: gzip.compress(tar({f"ec2rl/mod_out/gathered/{ERRORS}": LOG})),
    "bundle.tar.gz": lambda: gzip.compress(tar({f"ssm-bootstrap/logs/{ERRORS}": LOG, "ssm-bootstrap/manifest.json": b"{}"})),
    "plain.tar": lambda: tar({f"./{ERRORS}": LOG}),
    "windows.zip": lambda: packed_zip({ERRORS: LOG}),
    "errors.log.gz": lambda: gzip.compress(LOG),
    "errors.log.xz": lambda: lzma.compress(LOG),
    # AWSSupport-TroubleshootManagedInstance: what ssm-cli get-diagnostics printed
    "toolkit.tar.gz": lambda: gzip.compress(
        tar(
            {
                "x/ssm-cli-get-diagnostics.json": b'{"DiagnosticsOutput": [{"Check": "Connectivity to ssm endpoint", "Status": '
                b'"Failed", "Note": "ssm.eu-west-1.amazonaws.com is not reachable: dial tcp 52.119.221.73:443: i/o timeout"}]}'
            }
        )
    ),
    "sos journal.tar": lambda: tar(
        {
            "s/sos_commands/logs/journalctl_--no-pager_--boot": b"2026-05-27T15:45:48+0000 ip-1 amazon-ssm-agent[7]: " + LOG
            + b"2026-05-27T15:45:48+0000 ip-1 curl[7]: curl: (28) Connection timed out after 10001 milliseconds\n"
        }
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WAYS)
def test_the_agents_logs_in_it_are_explained(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).write_bytes(WAYS[name]())
    before = sorted(tmp_path.iterdir())
    assert run(["explain", str(tmp_path / name)]) == ExitStatus.FOUND
    said = capsys.readouterr()
    assert "endpoint-missing" in said.out and said.err == ""
    assert sorted(tmp_path.iterdir()) == before


def test_a_directory_of_archives_and_several_files_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.tar.gz").write_bytes(WAYS["bundle.tar.gz"]())
    (tmp_path / "errors.log").write_bytes(LOG.replace(b"ssm.eu-west-1", b"ec2messages.eu-west-1"))
    assert run(["explain", "--full", str(tmp_path / "a.tar.gz"), str(tmp_path / "errors.log")]) == ExitStatus.FOUND
    told = capsys.readouterr().out
    assert "ssm.eu-west-1" in told and "ec2messages.eu-west-1" in told


def test_archives_in_a_directory_are_read_and_those_further_below_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "a.tar.gz").write_bytes(WAYS["bundle.tar.gz"]())
    (tmp_path / "below" / "b.tar").write_bytes(tar({ERRORS: LOG.replace(b"ssm.eu-west-1", b"ec2messages.eu-west-1")}))
    assert run(["explain", "--full", str(tmp_path)]) == ExitStatus.FOUND
    told = capsys.readouterr().out
    assert "ssm.eu-west-1" in told and "ec2messages.eu-west-1" not in told


@pytest.mark.parametrize("name", WAYS)
def test_one_that_comes_through_a_pipe_is_opened(name: str) -> None:
    words = [*caller.program(), "explain", "--json", "-"]
    done = subprocess.run(words, input=WAYS[name](), capture_output=True)
    assert [finding["code"] for finding in json.loads(done.stdout)["findings"]] == ["endpoint-missing"]
    assert (done.returncode, done.stderr) == (ExitStatus.FOUND, b"")


class Stdin:
    """Standard input that gives these bytes."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


def test_what_is_left_out_of_a_pipe_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("ssm_bootstrap.cli.log_search.MOST_PIPED", 1 << 20)
    monkeypatch.setattr("sys.stdin", Stdin(tar({ERRORS: LOG, "var/log/other": os.urandom(2 << 20)})))
    assert run(["explain", "-"]) == ExitStatus.FOUND
    said = capsys.readouterr()
    assert "endpoint-missing" in said.out and "standard input: its first 1 MB were taken and the rest left out" in said.err


def test_one_packed_log_comes_through_a_pipe_without_a_bound(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ssm_bootstrap.cli.log_search.MOST_PIPED", 1 << 10)
    monkeypatch.setattr("sys.stdin", Stdin(gzip.compress(os.urandom(1 << 20).hex().encode() + b"\n" + LOG)))
    assert run(["explain", "-"]) == ExitStatus.FOUND
    said = capsys.readouterr()
    assert "endpoint-missing" in said.out and "left out" not in said.err


@pytest.mark.parametrize("name", sorted(WAYS))
@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_changed_in_it_ends_in_logs_and_remarks(name: str, data: st.DataObject, tmp_path: Path) -> None:
    changed = bytearray(WAYS[name]())
    for _ in range(data.draw(st.integers(1, 8))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    del changed[data.draw(st.integers(len(changed) // 2, len(changed))) :]
    archive = opened(tmp_path / name, bytes(changed))
    if archive is not None:
        files = ArchiveFiles(NamedFiles(), [archive])
        digest = read_logs(files, tuple(archive.logs), timezone.utc)
        explain_logs(digest, NO_SITE)
        assert archive.entries <= len(changed) and len(archive.remarks) < 30
        assert all(remark.isprintable() for remark in archive.remarks)


def test_names_links_devices_and_nested_archives_are_left_out_and_told(tmp_path: Path) -> None:
    data = tar(
        {f"../../{ERRORS}": LOG, f"ok/{ERRORS}": LOG, f"\x1b[31m/{ERRORS}": LOG, "inner.tar.gz": b"x"},
        link(f"l/{ERRORS}", tarfile.SYMTYPE),
        link(f"h/{ERRORS}", tarfile.LNKTYPE),
        link(f"d/{ERRORS}", tarfile.CHRTYPE),
    )
    archive = opened(tmp_path / "x.tar", data)
    assert archive is not None
    assert sorted(path[len(str(tmp_path)) :] for path in archive.logs) == [f"/x.tar/?[31m/{ERRORS}", f"/x.tar/ok/{ERRORS}"]
    assert archive.remarks == [
        "a log in it has a name that is no good, or one that was there before, and was left out",
        "inner.tar.gz in it is an archive of its own and was not opened",
        "3 links or devices in it were not followed",
    ]
    assert os.listdir(tmp_path) == ["x.tar"]


def test_entries_and_unfolded_bytes_are_bounded(tmp_path: Path) -> None:
    many = opened(tmp_path / "many.tar", tar({f"{number}/x": b"" for number in range(50)}), most_entries=20)
    assert many is not None and many.entries == 21 and "more than 20 entries" in many.remarks[0]
    bomb = gzip.compress(tar({"zeros": bytes(4 << 20), ERRORS: LOG}))
    for data in (bomb, lzma.compress(tar({"zeros": bytes(4 << 20), ERRORS: LOG}))):
        found = opened(tmp_path / "bomb", data, most_unfolded=1 << 20)
        assert found is not None and not found.logs and found.remarks == ["reading it stopped: it unfolds to more than 1 MB"]
    found = opened(tmp_path / "bomb.zip", packed_zip({ERRORS: bytes(4 << 20)}), most_unfolded=1 << 20)
    assert found is not None and "more than 1 MB" in found.remarks[0]
    listed = opened(tmp_path / "many.zip", packed_zip({f"{number}": b"" for number in range(50)}), most_entries=20)
    assert listed is not None and listed.entries == 0 and "too many entries" in listed.remarks[0]


def test_a_header_that_is_a_bomb_is_not_read(tmp_path: Path) -> None:
    for kind in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE):
        info = tarfile.TarInfo("x")
        info.type, info.size = kind, 1 << 32
        found = opened(tmp_path / "x.tar", info.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20))
        assert found is not None and not found.logs and "name or attributes are too long" in found.remarks[0]


def test_headers_that_are_a_bomb_together_are_not_read(tmp_path: Path) -> None:
    part = tarfile.TarInfo("x")
    part.type, part.size = tarfile.GNUTYPE_LONGNAME, 1 << 19
    data = 4 * (part.tobuf(tarfile.GNU_FORMAT) + b"x" * part.size) + tar({ERRORS: LOG})
    found = opened(tmp_path / "x.tar", data)
    assert found is not None and not found.logs and "name or attributes are too long" in found.remarks[0]


def test_many_entries_that_hold_nothing_are_no_bomb(tmp_path: Path) -> None:
    found = opened(tmp_path / "x.tar", tar({**{f"{number}/x": b"" for number in range(3000)}, ERRORS: LOG}))
    assert found is not None and found.logs and not found.remarks


@pytest.mark.parametrize("name", WAYS)
def test_one_that_is_torn_or_damaged_is_dealt_with(name: str, tmp_path: Path) -> None:
    data = WAYS[name]()
    for cut in range(0, len(data), max(1, len(data) // 60)):
        for torn in (data[:cut], data[:cut] + b"\xff\0\x80" + data[cut + 3 :]):
            archive = opened(tmp_path / "x", torn)
            for path in archive.logs if archive else ():
                assert b"".join(ArchiveFiles(NamedFiles(), [archive] if archive else []).read_chunks(path)) is not None


@pytest.mark.parametrize(
    "data", [tar({"etc/hosts": b"x"}), gzip.compress(tar({})), packed_zip({"x": b"y"})], ids=["tar", "tar.gz", "zip"]
)
def test_one_without_a_log_of_the_agent_is_66(data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x").write_bytes(data)
    assert run(["explain", str(tmp_path / "x")]) == ExitStatus.NO_INPUT
    said = capsys.readouterr()
    assert said.out == "" and "expected the agent's log" in said.err
