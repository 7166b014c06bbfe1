"""What is in the bundle: everything, for both processors, as the lock has it."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.bundle.conftest import ROOT, Built

LOCK = ROOT / "tools" / "bundle" / "dependencies.txt"
MACHINES = {62: "x86_64", 183: "aarch64"}  # e_machine of elf.h
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")


def locked() -> dict[str, tuple[str, set[str]]]:
    """name → (version, SHA-256 of its wheels)."""
    rows = [line.split() for line in LOCK.read_text().splitlines() if not line.startswith("#")]
    found = {}
    for head, *hashes in rows:
        name, _, version = head.partition("==")
        found[str(canonicalize_name(name))] = (version, {word.partition("sha256:")[2] for word in hashes})
    return found


def members(built: Built) -> dict[str, bytes]:
    with zipfile.ZipFile(built.file) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def compiled(found: dict[str, bytes]) -> dict[str, set[str]]:
    """module's path → the processors that it is there for; where it lies and what its header says agree."""
    machines: dict[str, set[str]] = {}
    for name, data in found.items():
        if data[:4] != b"\x7fELF":
            continue
        machine = MACHINES[struct.unpack_from("<H", data, 18)[0]]
        above, _, module = name.partition(f"/on-{machine}/")
        assert above == "site-packages", f"{name} is for {machine}"
        machines.setdefault(module, set()).add(machine)
    return machines


def test_every_compiled_part_is_there_for_both_processors(built: Built) -> None:
    found = members(built)
    machines = compiled(found)
    speed_up = {f"markupsafe/_speedups.cpython-39-{machine}-linux-gnu.so": {machine} for machine in MACHINES.values()}
    assert machines == {"psutil/_psutil_linux.abi3.so": {"x86_64", "aarch64"}, **speed_up}
    assert not [name for name in found if name.endswith(".so") and name.partition("/on-")[2].partition("/")[2] not in machines]


def test_all_of_the_package_is_there_its_data_too(built: Built) -> None:
    found = members(built)
    files = [path for path in (ROOT / "ssm_bootstrap").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    files = [path for path in files if path.suffix not in (".po", ".pot")]  # the program reads what is compiled of them
    assert any(path.suffix != ".py" for path in files)
    assert [path for path in files if f"site-packages/{path.relative_to(ROOT)}" not in found] == []
    assert not [name for name in found if name.endswith(".pyc")]


def test_the_lock_has_the_versions_of_the_constraints() -> None:
    pins = dict(line.split("==") for line in (ROOT / "tools" / "constraints.txt").read_text().splitlines())
    constrained = {str(canonicalize_name(name)): version for name, version in pins.items()}
    assert {name: version for name, (version, _) in locked().items()} == {name: constrained[name] for name in locked()}


@pytest.mark.parametrize("python", PYTHONS)
def test_what_each_distribution_needs_is_there(built: Built, python: str) -> None:
    found = members(built)
    metadata = [data.decode() for name, data in found.items() if re.search(r"/[\w.]+-[\w.]+\.dist-info/METADATA$", name)]
    names = {str(canonicalize_name(match[1])) for text in metadata if (match := re.search(r"^Name: (.+)$", text, re.M))}
    assert names == {"ssm-bootstrap", *locked()}
    missing = []
    for text in metadata:
        for line in re.findall(r"^Requires-Dist: (.+)$", text.partition("\n\n")[0], re.M):
            wanted = Requirement(line)
            here = {"python_version": python, "python_full_version": f"{python}.0", "extra": "", "sys_platform": "linux"}
            if wanted.marker is None or wanted.marker.evaluate(here):
                version = locked().get(str(canonicalize_name(wanted.name)), ("", set()))[0]
                if not version or not wanted.specifier.contains(version):
                    missing.append(line)
    assert missing == []


def test_the_bill_lists_each_wheel_with_hash_and_licence(built: Built) -> None:
    bill = json.loads(built.bill.read_text())
    listed: dict[str, tuple[str, set[str]]] = {}
    for part in bill["components"]:
        assert part["purl"].startswith(f"pkg:pypi/{part['name']}@{part['version']}")
        assert part["licenses"][0]["expression"]
        listed.setdefault(part["name"], (part["version"], set()))[1].update(one["content"] for one in part["hashes"])
    assert listed.pop("shiv")[1]
    assert listed == locked()
    subject = bill["metadata"]["component"]
    sums = dict(reversed(line.split()) for line in (built.directory / "SHA256SUMS").read_text().splitlines())
    assert subject["name"] == "ssm-bootstrap" and subject["hashes"][0]["content"] == sums["ssm-bootstrap.pyz"]


def test_the_hashes_are_those_of_the_files(built: Built) -> None:
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=built.directory, check=True, stdout=subprocess.DEVNULL)


def test_the_bill_is_valid_and_a_wrong_one_is_not(built: Built, builder: Path) -> None:
    words = "import sys; from cyclonedx.validation.json import *; from cyclonedx.schema import *;"
    words += "print(JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read()) is None)"
    text = built.bill.read_text()
    said = []
    for document in (text, text.replace('"SHA-256"', '"SHA-255"')):
        done = subprocess.run([str(builder), "-c", words], input=document, stdout=subprocess.PIPE, text=True, check=True)
        said.append(done.stdout.strip())
    assert said == ["True", "False"]
