"""`python -m tools.bundle.lock`: writes dependencies.txt and builder.txt anew, each wheel with its hash.

The dependencies' versions are those of tools/constraints.txt; the builder's are what the oldest Python gets.
Only a person runs this, to take up newer versions; the build reads what it wrote.
"""

from __future__ import annotations

import hashlib
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tools.bundle.wheels import DEPENDENCIES, EXTRA, MACHINES, OLDEST_LIBC, ROOT, options_for, run

BUILDER = Path(__file__).with_name("builder.txt")
WANTED = ("shiv==1.0.8", "setuptools", "cyclonedx-python-lib[json-validation]")
COMPILED = ("psutil", "markupsafe")
"""Of every other the wheel without a compiled part is taken. MarkupSafe has none such: of it the oldest Python's wheel is taken,
whose modules do without that part on every other Python."""

PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
_PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--only-binary=:all:")
_WANTED = re.compile(rf"^(?:install_requires|{EXTRA}) =\n((?: +\S+\n)+)", re.MULTILINE)


def main() -> int:
    """Write both files."""
    with tempfile.TemporaryDirectory() as place:
        DEPENDENCIES.write_text(lines_of(dependencies(Path(place))), encoding="utf-8")
    with tempfile.TemporaryDirectory() as place:
        BUILDER.write_text(lines_of(builder(Path(place))), encoding="utf-8")
    return 0


def dependencies(place: Path) -> list[Path]:
    """What the package needs: pure wheels, and the compiled ones of both machines where there must be one."""
    found = _WANTED.findall((ROOT / "setup.cfg").read_text(encoding="utf-8"))
    wanted = [name for names in found for name in names.split()]
    for machine in MACHINES:
        run(*_PIP, "-d", str(place), "-c", str(ROOT / "tools" / "constraints.txt"), *options_for(machine), *wanted)
    for wheel in sorted(place.glob("*.whl")):
        name, version = wheel.name.split("-")[:2]
        if not wheel.stem.endswith("-any") and name not in COMPILED:
            wheel.unlink()
            run(*_PIP, "--no-deps", "-d", str(place), "--platform", "any", "--abi", "none", f"{name}=={version}")
    return sorted(place.glob("*.whl"))


def builder(place: Path) -> list[Path]:
    """What builds: resolved for the oldest Python, and what is compiled fetched for every one and both machines."""
    platforms = {machine: [f"{name}_{machine}" for name in OLDEST_LIBC] for machine in MACHINES}
    run(*_PIP, "-d", str(place), *options_for(MACHINES[0]), *WANTED)
    for wheel in sorted(place.glob("*.whl")):
        if not wheel.stem.endswith("-none-any"):
            name, version = wheel.name.split("-")[:2]
            for machine in MACHINES:
                for python in PYTHONS:
                    words = [word for platform in platforms[machine] for word in ("--platform", platform)]
                    run(*_PIP, "--no-deps", "-d", str(place), *words, "--python-version", python, f"{name}=={version}")
    return [path for path in sorted(place.glob("*.whl")) if not path.name.startswith("pip-")]


def lines_of(wheels: Iterable[Path]) -> str:
    """A requirements file: a line for each version, with every wheel's hash."""
    hashes: dict[str, list[str]] = {}
    for wheel in wheels:
        name, version = wheel.name.split("-")[:2]
        key = f"{name.lower().replace('_', '-')}=={version}"
        hashes.setdefault(key, []).append(hashlib.sha256(wheel.read_bytes()).hexdigest())
    rows = (" ".join([key, *(f"--hash=sha256:{one}" for one in sorted(ones))]) for key, ones in sorted(hashes.items()))
    return "# Written by python -m tools.bundle.lock\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.exit(main())
