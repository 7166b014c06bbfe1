"""The support bundle: there and back with the same diagnosis, without secrets, and no hostile one does harm."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import random
import stat
import tarfile
from pathlib import Path
from typing import Any, Callable, Optional

import pytest

from ssm_bootstrap.cli.report import report_of, write_page
from ssm_bootstrap.cli.saving import load_observations, observations_document, observations_text
from ssm_bootstrap.cli.support_bundle import (
    MANIFEST,
    MOST_MEMBERS,
    MOST_OF_A_LOG,
    OBSERVATIONS,
    PLACE,
    SCHEMA,
    NotABundle,
    SupportBundle,
    observations_of_bundle,
    write_bundle,
)
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.render.redact import redact_value
from ssm_bootstrap.render.text import Report
from ssm_bootstrap.render.wire import document
from tests.fakes import RootedFiles
from tests.laws.secrets import leaks
from tests.scenarios.player import Played, host_of
from tests.scenarios.scenario import read_scenario
from tests.scenarios.test_scenarios import played
from tests.secretshapes import ACCOUNT, EXAMPLES, LINES

MOST = 1 << 20
STORY = "confirmed-s3"


def host(tmp_path: Path) -> Host:
    """The host of the story."""
    root = tmp_path / "root"
    scenario = read_scenario(STORY)
    scenario.build(root)
    return host_of(scenario, root, True)


def packed(found: Played, here: Host, path: Path, *, accounts: bool = False) -> dict[str, bytes]:
    """What lies in the bundle of a story, by name."""
    report = report_of(Report(100), found.observations, found.diagnosis, machine=True).text
    wire = document(found.observations, found.diagnosis, 1)
    count = write_bundle(here, str(path), observations_document(found.observations), report, wire, accounts=accounts)
    with tarfile.open(path) as archive:
        files = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    assert len(files) == count
    return files


@pytest.mark.parametrize("accounts", [False, True])
@pytest.mark.parametrize("story", [STORY, "healthy-al2023", "two-proxy-and-old-log", "tried-answer-lost"])
def test_a_bundle_that_is_replayed_gives_the_same_diagnosis(tmp_path: Path, story: str, accounts: bool) -> None:
    found, path = played(story), tmp_path / "b.tar.gz"
    packed(found, host(tmp_path), path, accounts=accounts)
    again = diagnose(load_observations(str(path)))
    assert again == redact_value(found.diagnosis, accounts=accounts)


def test_it_is_private_says_what_is_in_it_and_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    path, other, here = tmp_path / "b.tar.gz", tmp_path / "c.tar.gz", host(tmp_path)
    files = packed(played(STORY), here, path)
    packed(played(STORY), here, other)
    assert path.read_bytes() == other.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    manifest = json.loads(files[f"{PLACE}{MANIFEST}"])
    assert manifest["schema"] == SCHEMA
    entries = {f"{PLACE}{entry['name']}": entry for entry in manifest["files"] if "unseen" not in entry}
    assert set(entries) == set(files) - {f"{PLACE}{MANIFEST}"}
    for name, entry in entries.items():
        assert entry["sha256"] == hashlib.sha256(files[name]).hexdigest() and entry["bytes"] == len(files[name])
    assert f"{PLACE}logs/var/log/amazon/ssm/errors.log" in files
    assert f"{PLACE}configuration/etc/os-release" in files


def test_a_log_that_cannot_be_read_is_told_and_not_left_out_in_silence(tmp_path: Path) -> None:
    files = RootedFiles(tmp_path / "other")
    files.root = None  # type: ignore[attr-defined]
    bundle = SupportBundle(False)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "directory").mkdir()
    bundle.add_from(Host(files=files), "x", "/directory")
    bundle.add_from(Host(files=files), "y", "/not-there")
    assert [(entry["name"], "unseen" in entry) for entry in bundle.entries] == [("x", True)]


@pytest.mark.parametrize("accounts", [False, True])
def test_no_secret_is_in_it_whatever_a_log_or_a_configuration_holds(tmp_path: Path, accounts: bool) -> None:
    bundle = SupportBundle(accounts)
    for number, text in enumerate(EXAMPLES):
        bundle.add(f"logs/{number}", f"2026-11-23 05:50:06 ERROR {ACCOUNT} said\n{text}\nend", "here")
        bundle.add_document(f"{number}.json", {"observations": [text]}, "here")
    data = gzip.decompress(bundle.pack())
    assert leaks(data) == ()
    assert (ACCOUNT.encode() in data) is not accounts
    assert all(entry["masked"] >= 1 for entry in bundle.entries)


def test_the_end_of_a_long_log_begins_with_a_whole_line(tmp_path: Path) -> None:
    files = RootedFiles(tmp_path)
    secret = LINES[5].rpartition(" ")[2]
    line = f"aws_secret_access_key = {secret}\n"
    for shift in {*range(0, len(line), 7), 1, len(line) - 2, len(line) - 1}:
        files.put("/log", "x" * 100 + "\n" + line + "y" * (MOST_OF_A_LOG - shift - 1) + "\n")
        bundle = SupportBundle(False)
        bundle.add_from(Host(files=files), "log", "/log")
        assert leaks(bundle.files["log"]) == ()


def test_what_a_log_holds_comes_out_nowhere(tmp_path: Path) -> None:
    from ssm_bootstrap.collect.logs.read import read_stream
    from ssm_bootstrap.model.observed import Seen
    from tests.fakes import NOON
    from tests.made import healthy, observations

    text = "".join(f"2026-11-23 05:{number:02d}:06.0000 ERROR odd {line}\n" for number, line in enumerate(LINES))
    digest = read_stream(iter([text.encode()]), "/var/log/amazon/ssm/errors.log", NOON.tzinfo)  # type: ignore[arg-type]
    seen = observations(*healthy(), logs=Seen(digest))
    told = diagnose(seen)
    assert len(told.unexplained) > 5
    report = report_of(Report(100), seen, told, machine=True).text
    page = tmp_path / "page.html"
    write_page(str(page), seen, told, Secrets(), machine=True, accounts=True)
    for out in (report, json.dumps(document(seen, told, 0)), observations_text(seen), page.read_text(encoding="utf-8")):
        assert leaks(out) == () and "***" in out
    assert stat.S_IMODE(page.stat().st_mode) == 0o600


def member(
    name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "", **more: Any
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(content)
    for key, value in more.items():
        setattr(info, key, value)
    return info, content


def archive(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=form) as made:
        for info, content in members:
            made.addfile(info, io.BytesIO(content))
    return gzip.compress(plain.getvalue())


SEEN = b'{"schema": "x"}'


def manifest(content: bytes = SEEN, schema: str = SCHEMA, digest: Optional[str] = None) -> tuple[tarfile.TarInfo, bytes]:
    entry = {"name": OBSERVATIONS, "sha256": digest or hashlib.sha256(content).hexdigest()}
    return member(f"{PLACE}{MANIFEST}", json.dumps({"schema": schema, "files": [entry]}).encode())


GOOD = (manifest(), member(f"{PLACE}{OBSERVATIONS}", SEEN))


def test_a_good_one_gives_its_observations() -> None:
    assert observations_of_bundle(archive(*GOOD), MOST) == SEEN
    assert observations_of_bundle(archive(*reversed(GOOD)), MOST) == SEEN


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a symbolic link": lambda: archive(member(f"{PLACE}{OBSERVATIONS}", kind=tarfile.SYMTYPE, link="/etc/shadow"), *GOOD),
    "a hard link": lambda: archive(*GOOD, member(f"{PLACE}x", kind=tarfile.LNKTYPE, link=f"{PLACE}{OBSERVATIONS}")),
    "a device": lambda: archive(member(f"{PLACE}x", kind=tarfile.CHRTYPE, devmajor=1, devminor=5), *GOOD),
    "a block device": lambda: archive(member(f"{PLACE}x", kind=tarfile.BLKTYPE), *GOOD),
    "a pipe": lambda: archive(member(f"{PLACE}x", kind=tarfile.FIFOTYPE), *GOOD),
    "a directory": lambda: archive(member(f"{PLACE}x", kind=tarfile.DIRTYPE), *GOOD),
    "an absolute path": lambda: archive(member("/etc/cron.d/x", b"x"), *GOOD),
    "a way up": lambda: archive(member(f"{PLACE}../../x", b"x"), *GOOD),
    "another place": lambda: archive(member(f"elsewhere/{OBSERVATIONS}", SEEN), manifest()),
    "no manifest": lambda: archive(GOOD[1]),
    "no observations": lambda: archive(GOOD[0]),
    "a manifest of something else": lambda: archive(manifest(schema="other/1"), GOOD[1]),
    "a manifest that is no JSON": lambda: archive(member(f"{PLACE}{MANIFEST}", b"{"), GOOD[1]),
    "a manifest that nests": lambda: archive(member(f"{PLACE}{MANIFEST}", b"[" * 100_000), GOOD[1]),
    "a manifest without files": lambda: archive(member(f"{PLACE}{MANIFEST}", b'{"schema": "%s"}' % SCHEMA.encode()), GOOD[1]),
    "a manifest of odd things": lambda: archive(
        member(f"{PLACE}{MANIFEST}", b'{"schema": "%s", "files": [7, null]}' % SCHEMA.encode()), GOOD[1]
    ),
    "observations that were changed": lambda: archive(manifest(digest="0" * 64), GOOD[1]),
    "observations twice": lambda: archive(*GOOD, GOOD[1]),
    "too large observations": lambda: archive(manifest(), member(f"{PLACE}{OBSERVATIONS}", b"x" * (MOST + 1))),
    "too many members": lambda: archive(*(member(f"{PLACE}{n}") for n in range(MOST_MEMBERS + 1)), *GOOD),
    "a bomb": lambda: archive(member(f"{PLACE}x", b"\0" * (9 << 20)), *GOOD),
    "a bomb in a name": lambda: archive(member(f"{PLACE}{'x' * (9 << 20)}"), *GOOD),
    "a bomb in a PAX header": lambda: archive(
        member(f"{PLACE}x", pax_headers={"comment": "x" * (9 << 20)}), *GOOD, form=tarfile.PAX_FORMAT
    ),
    "a size that lies": lambda: gzip.compress(member(f"{PLACE}x", size=8 << 30)[0].tobuf(tarfile.GNU_FORMAT) + b"\0" * 1024),
    "no archive": lambda: gzip.compress(b"hello" * 1000),
    "nothing": lambda: gzip.compress(b""),
    "not even gzip": lambda: b"\x1f\x8bnot gzip at all",
    "a torn one": lambda: archive(*GOOD)[:-40],
    "a torn stream in the middle": lambda: archive(*GOOD, member(f"{PLACE}y", bytes(random.Random(1).randbytes(90_000))))[
        :50_000
    ],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_bundle_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    data = HOSTILE[name]()
    with pytest.raises(NotABundle) as refused:
        observations_of_bundle(data, MOST, 8 << 20)
    assert str(refused.value).isprintable() and len(str(refused.value)) < 200
    path = tmp_path / "b.tar.gz"
    path.write_bytes(data)
    with pytest.raises(Refusal) as told:
        load_observations(str(path))
    assert told.value.status is ExitStatus.BAD_CONTENT and told.value.message.startswith(f"--replay: {path}: ")
    assert [item.name for item in tmp_path.iterdir()] == ["b.tar.gz"]


def test_a_bomb_is_not_unfolded_past_its_bound() -> None:
    data = gzip.compress(b"\0" * (64 << 20))
    with pytest.raises(NotABundle):
        observations_of_bundle(data, MOST, 1 << 20)


def test_whatever_is_flipped_gives_observations_or_one_refusal() -> None:
    whole, chance = archive(*GOOD, member(f"{PLACE}logs/x", b"some log\n" * 50)), random.Random(42)
    plain = gzip.decompress(whole)
    for _ in range(400):
        torn = bytearray(plain)
        for _ in range(chance.randint(1, 12)):
            torn[chance.randrange(len(torn) if chance.random() < 0.3 else 1100)] = chance.randrange(256)
        with contextlib.suppress(NotABundle):
            assert observations_of_bundle(gzip.compress(bytes(torn), 1), MOST, 8 << 20) == SEEN
