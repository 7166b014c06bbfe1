"""What lies in the archive at the end of the program: the standard library, the package with all that it needs, the start."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

from tools.bundle.wheels import run
from tools.executable import interpreter as cpython
from tools.executable.compiler import compiler
from tools.executable.libraries import LICENCES, libraries

INSIDE = Path(__file__).with_name("inside")
WITHOUT = (
    *("test", "idlelib", "tkinter", "turtledemo", "ensurepip", "pydoc_data", "venv", "ctypes", "curses", "dbm", "sqlite3"),
    *("_pyrepl", "__phello__", "lib-dynload", "__pycache__", "turtle.py", "pydoc.py", "antigravity.py", "this.py"),
)
"""What of the standard library is left out: tests, other programs, and what needs a compiled part that is not there."""

REPLACED = ("certifi",)
"""The distributions that the executable has a module of its own for."""


def lay_out(machine: str, wheels: Iterable[Path], tree: Path) -> None:
    """Put all of it below a directory, as sources; Failed."""
    made = cpython.cpython(machine)
    library = made / "lib" / f"python{cpython.VERSION}"
    shutil.copytree(library, tree / "stdlib", ignore=shutil.ignore_patterns(*WITHOUT))
    modules = tree / "site-packages"
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as opened:
            # A compiled part is in the program, or the modules do without.
            opened.extractall(modules, [name for name in opened.namelist() if not name.endswith(".so")])
    shutil.copytree(INSIDE / "certifi", modules / "certifi", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(INSIDE / "ssm_start.py", modules / "ssm_start.py")
    texts = tree / "licences"
    texts.mkdir()
    shutil.copy(made / "LICENSE", texts / "cpython")
    for name in LICENCES:
        shutil.copy(libraries(compiler(machine)) / "licences" / name, texts / name)


def wanted(wheels: Iterable[Path], machine: str) -> list[Path]:
    """Those of the bundle's wheels whose modules go into a machine's executable."""
    kept = [wheel for wheel in wheels if wheel.stem.endswith(("-any", f"_{machine}"))]
    return [wheel for wheel in kept if wheel.name.partition("-")[0] not in REPLACED]


def write(machine: str, tree: Path, target: Path, epoch: int) -> None:
    """The executable: the program and the archive in one file; ``epoch`` (seconds) is the time that every member gets."""
    shutil.copy(cpython.program(machine) / "program", target)
    # Bytecode that an earlier run left is not read, and none is left: which modules it runs from source shows in what it makes.
    alone = ("-B", "-X", f"pycache_prefix={os.devnull}")
    run("env", "-i", *cpython.python(), *alone, str(INSIDE / "pack.py"), str(target), str(tree), str(epoch))
    target.chmod(0o755)
