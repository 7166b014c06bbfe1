"""The compiler: zig's clang out of a pinned wheel, for an old glibc, and the environment in which all is compiled.

What it writes does not name the directory that it works in, and nothing in it depends on the time or on the caller's variables.
"""

from __future__ import annotations

import os
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tools.bundle.wheels import Failed
from tools.executable import cache, sources

OLDEST_LIBC = "2.17"
"""The glibc of RHEL 7; Amazon Linux 2 has 2.26, RHEL 8 2.28, SLES 15 2.31 and 2.38."""

TIME = "1700000000"
"""The one time that whatever writes a time into what it makes is told, in seconds since the epoch."""

HARDENED = ("-fPIE", "-fstack-protector-strong")
"""zig's clang knows neither of the distributions' own defaults."""

_WRAPPER = """#!/bin/sh
exec "$ZIG" cc -target {machine}-linux-gnu.{libc} -g0 -Wno-date-time -fno-sanitize=undefined {hardened} \\
    "-ffile-prefix-map=$PLACE=." "$@"
"""


@dataclass(frozen=True)
class Compiler:
    """The programs ssm-cc, ssm-ar and ssm-ranlib for one machine, in ``directory``."""

    machine: str
    directory: Path
    zig: Path

    def run(self, place: Path, *words: str, within: Path, **more: str) -> str:
        """Run a command in ``within``, a directory of the build in ``place``; Failed, with the end of what it said."""
        environment = {
            "PATH": f"{self.directory}:{os.defpath}:/usr/local/bin",
            "ZIG": str(self.zig / "zig"),
            "ZIG_GLOBAL_CACHE_DIR": str(self.zig / "cache"),
            "ZIG_LOCAL_CACHE_DIR": str(self.zig / "cache"),
            "PLACE": str(place),
            "HOME": str(place),
            "LC_ALL": "C",
            "TZ": "UTC",
            "SOURCE_DATE_EPOCH": TIME,
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "CC": "ssm-cc",
            "AR": "ssm-ar",
            "RANLIB": "ssm-ranlib",
            **more,
        }
        done = subprocess.run(
            words, cwd=within, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        said = done.stdout.decode("utf-8", "replace")
        if done.returncode:
            raise Failed(f"{' '.join(words[:3])} ended with {done.returncode}:\n{said[-3000:]}")
        return said


def compiler(machine: str) -> Compiler:
    """The compiler for a machine; Failed."""
    directory = cache.kept("zig", key(), _unpack)
    tools = cache.kept(f"compiler-{machine}", key(), lambda target: _write(target, machine))
    return Compiler(machine, tools, directory / "ziglang")


def key() -> str:
    """All that it is made of."""
    return cache.key_of(cache.text_of(sources.INDEX, Path(__file__)))


def _unpack(target: Path) -> None:
    (wheel,) = sources.from_index().glob("ziglang-*.whl")
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(target)
    (target / "ziglang" / "zig").chmod(0o755)


def _write(target: Path, machine: str) -> None:
    scripts = {
        "ssm-cc": _WRAPPER.format(machine=machine, libc=OLDEST_LIBC, hardened=" ".join(HARDENED)),
        "ssm-ar": '#!/bin/sh\nexec "$ZIG" ar "$@"\n',
        "ssm-ranlib": '#!/bin/sh\nexec "$ZIG" ranlib "$@"\n',
    }
    for name, text in scripts.items():
        (target / name).write_text(text, encoding="utf-8")
        (target / name).chmod(0o755)
