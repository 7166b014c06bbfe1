"""The bundle's file: shiv's archive of the wheels' files, with what runs first put beside them."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path

from shiv.bootstrap.environment import Environment
from shiv.builder import create_archive
from shiv.constants import BUILD_AT_TIMESTAMP_FORMAT

from tools.bundle.inside.ssm_place import BUILD_LETTERS
from tools.bundle.wheels import MACHINES

INSIDE = Path(__file__).with_name("inside")
INTERPRETER = "/usr/bin/python3 -I"
"""Of the system and not of PATH; without PYTHON* variables and the user's own site-packages."""


def lay_out(wheels: Iterable[Path], tree: Path) -> None:
    """Unpack wheels as they shall lie in the bundle, all files 0644; a compiled one below `on-MACHINE`, for that one alone."""
    for wheel in wheels:
        machine = machine_of(wheel)
        place = tree / f"on-{machine}" if machine else tree
        with zipfile.ZipFile(wheel) as opened:
            opened.extractall(place)
    for text in distribution("shiv").files or ():
        if text.name == "LICENSE":  # it asks to be shipped with the code
            (tree / text.parent.name).mkdir(exist_ok=True)
            (tree / text.parent.name / text.name).write_text(text.read_text())
    for path in tree.rglob("*"):
        if path.is_file():
            path.chmod(0o644)


def machine_of(wheel: Path) -> str:
    """The processor a wheel is for, by the platform tag of its name (PEP 427); empty for a pure one."""
    tag = wheel.stem.rpartition("-")[2]
    if tag == "any":
        return ""
    return next(machine for machine in MACHINES if tag.endswith(machine))


def write(tree: Path, target: Path, epoch: int) -> None:
    """One executable file of a tree; ``epoch`` (seconds) is the time that every member gets."""
    built_at = time.strftime(BUILD_AT_TIMESTAMP_FORMAT, time.gmtime(epoch))
    version = distribution("shiv").version
    environment = Environment(built_at=built_at, shiv_version=version, compile_pyc=False, reproducible=True)
    create_archive([tree], target, INTERPRETER, "ssm_launch:start", environment, compressed=True)
    with zipfile.ZipFile(target, "a", compression=zipfile.ZIP_DEFLATED) as opened:
        for name, data in _inside(str(environment.build_id)):
            member = zipfile.ZipInfo(name, date_time=time.gmtime(epoch)[:6])
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o100644 << 16
            opened.writestr(member, data)
    target.chmod(0o755)


def _inside(build: str) -> Iterator[tuple[str, bytes]]:
    """What runs first, and the name of what is unpacked: of the contents, so another content gets another directory."""
    for path in sorted(INSIDE.glob("*.py")):
        yield path.name, path.read_bytes()
    yield (
        "ssm_build.py",
        f'"""What is in here: the SHA-256 of all of site-packages."""\n\nBUILD = "{build[:BUILD_LETTERS]}"\n'.encode(),
    )
