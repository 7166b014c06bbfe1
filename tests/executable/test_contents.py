"""What the executables are made of: an old glibc and nothing else of the machine, and all that the bill of materials says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile

import pytest

from tests.bundle.conftest import ROOT
from tests.bundle.test_contents import locked
from tests.executable.conftest import Executable

pytestmark = [pytest.mark.executable, pytest.mark.timeout(3600)]  # the first one builds, where nothing is in the cache
MOST = 30_000_000
"""Bytes: what is fetched from S3 at a first boot."""

SOURCES = ROOT / "tools" / "executable" / "sources.txt"
OLDEST_LIBC = (2, 17)
LOADERS = {"x86_64": "ld-linux-x86-64.so.2", "aarch64": "ld-linux-aarch64.so.1"}
GLIBC = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "libutil.so.1", "librt.so.1", *LOADERS.values()}


def said(program: str, *words: str) -> str:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is missing (tests/system-packages executable-checks)")
    return subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout


def wanted(text: str) -> set[tuple[int, ...]]:
    return {tuple(int(part) for part in found.split(".")) for found in re.findall(r"GLIBC_([0-9.]+)", text)}


def test_no_symbol_is_younger_than_the_oldest_libc(each: Executable) -> None:
    versions = wanted(said("readelf", "--wide", "--version-info", str(each.file)))
    assert versions and max(versions) <= OLDEST_LIBC


def test_objdump_says_the_same(built: Executable) -> None:
    versions = wanted(said("objdump", "-T", str(built.file)))
    assert versions == wanted(said("readelf", "--wide", "--version-info", str(built.file)))
    assert max(versions) <= OLDEST_LIBC


def test_it_is_linked_with_glibc_alone_and_hardened(each: Executable) -> None:
    dynamic = said("readelf", "--wide", "--dynamic", str(each.file))
    assert set(re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic)) <= GLIBC
    assert not re.search(r"\((RPATH|RUNPATH|TEXTREL)\)", dynamic)
    assert "BIND_NOW" in dynamic or re.search(r"FLAGS.*NOW", dynamic)
    headers = said("readelf", "--wide", "--file-header", "--program-headers", str(each.file))
    assert re.search(r"Type: +DYN", headers) and "GNU_RELRO" in headers
    assert re.search(r"GNU_STACK .* RW ", headers)
    assert LOADERS[each.machine] in headers


def test_it_is_not_too_large_and_names_no_place_of_the_build(each: Executable) -> None:
    data = each.file.read_bytes()
    assert len(data) <= MOST
    program = data[: data.index(b"PK\x03\x04")]
    for place in (b"ssm-bootstrap-executable", str(ROOT).encode(), b"/libraries/include"):
        assert place not in program.replace(b"../libraries", b""), place


def members(built: Executable) -> list[str]:
    with zipfile.ZipFile(built.file) as opened:
        assert opened.testzip() is None
        return opened.namelist()


def test_all_of_the_package_is_there_as_bytecode(each: Executable) -> None:
    names = set(members(each))
    files = [path for path in (ROOT / "ssm_bootstrap").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    files = [path.relative_to(ROOT) for path in files if path.suffix not in (".po", ".pot")]
    assert [f for f in files if f"site-packages/{f}{'c' if f.suffix == '.py' else ''}" not in names] == []
    assert not [name for name in names if name.endswith((".py", ".so"))]
    assert {"stdlib/ssl.pyc", "stdlib/encodings/idna.pyc", "site-packages/psutil/__init__.pyc"} <= names
    assert not [name for name in names if name.startswith(("stdlib/test/", "stdlib/ctypes/", "stdlib/idlelib/"))]
    assert [name for name in names if name.startswith("licences/")]


def test_the_bill_lists_every_wheel_and_all_that_is_linked_in(each: Executable) -> None:
    bill = json.loads(each.bill.read_text())
    listed: dict[str, set[tuple[str, str]]] = {}
    for part in bill["components"]:
        assert part["licenses"][0]["expression"], part["name"]
        hashes = {one["content"] for one in part.get("hashes", [])} or {""}
        listed.setdefault(part["name"], set()).update((part["version"], digest) for digest in hashes)
    for name, (version, hashes) in locked().items():
        if name != "certifi":  # the machine's own authorities are trusted, no others
            assert listed[name] & {(version, digest) for digest in hashes}, name
    assert "certifi" not in listed
    rows = [line.split() for line in SOURCES.read_text().splitlines() if not line.startswith("#")]
    files = {
        (one["url"], one["hashes"][0]["content"]) for part in bill["components"] for one in part.get("externalReferences", ())
    }
    assert {(file, digest) for _, _, file, digest in rows} <= files, "Debian's patches too"
    for name, version, _, digest in rows:
        found = {one for one, _ in listed[name]}
        assert len(found) == 1 and found.pop() in version
        if rows[[row[0] for row in rows].index(name)][3] == digest:  # upstream's archive comes first
            assert digest in {one for _, one in listed[name]}
    assert {"expat", "mpdecimal", "hacl-star"} <= set(listed)
    known = {part["name"]: part.get("cpe", "") for part in bill["components"]}
    assert known["openssl"].startswith("cpe:2.3:a:openssl:openssl:3.") and known["python3.13"].startswith(
        "cpe:2.3:a:python:python:3."
    )
    subject = bill["metadata"]["component"]
    sums = dict(reversed(line.split()) for line in (each.directory / "SHA256SUMS").read_text().splitlines())
    assert subject["name"] == "ssm-bootstrap" and subject["hashes"][0]["content"] == sums[each.file.name]
    assert sums[each.bill.name]


def test_psutil_is_one_version_in_both_its_parts() -> None:
    pinned = (ROOT / "tools" / "executable" / "packages.txt").read_text()
    assert f"psutil=={locked()['psutil'][0]} " in pinned
