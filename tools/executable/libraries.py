"""The libraries that CPython is linked with, as archives: OpenSSL, zlib, bzip2 and liblzma."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tools.executable import cache, sources
from tools.executable.compiler import Compiler
from tools.executable.compiler import key as compilers_key

LICENCES = {"openssl": "LICENSE.txt", "zlib": "LICENSE", "bzip2": "LICENSE", "xz-utils": "COPYING.0BSD"}
"""The file of each that is shipped with it."""

WITHOUT = (
    *("shared", "module", "dso", "engine", "autoload-config", "apps", "docs", "tests", "legacy"),
    *("quic", "dtls", "cmp", "ts", "srp", "comp", "srtp"),
)
"""What of OpenSSL is left out: whatever would load or read a file of the machine's, and protocols that nobody here speaks."""

_BZIP2 = ("blocksort", "huffman", "crctable", "randtable", "compress", "decompress", "bzlib")


def libraries(compiler: Compiler) -> Path:
    """A directory with ``include`` and ``lib``; Failed."""
    key = cache.key_of(compilers_key(), cache.text_of(Path(__file__)), *(sources.locked()[name].key for name in LICENCES))
    return cache.kept(f"libraries-{compiler.machine}", key, lambda target: _build(compiler, target))


def _build(compiler: Compiler, target: Path) -> None:
    place = target / "build"
    place.mkdir()
    for directory in (target / "include", target / "lib"):
        directory.mkdir()
    trees = {name: sources.unpacked(name, place) for name in LICENCES}
    _openssl(compiler, place, trees["openssl"], target)
    _zlib(compiler, place, trees["zlib"], target)
    _bzip2(compiler, place, trees["bzip2"], target)
    _lzma(compiler, place, trees["xz-utils"], target)
    (target / "licences").mkdir()
    for name, file in LICENCES.items():
        shutil.copy(trees[name] / file, target / "licences" / name)
    shutil.rmtree(place)


def _openssl(compiler: Compiler, place: Path, tree: Path, target: Path) -> None:
    without = [f"no-{name}" for name in WITHOUT]
    # Only where the machine's own certificates are looked for is of these two directories of use.
    where = ("--prefix=/usr", "--libdir=lib", "--openssldir=/etc/ssl")
    compiler.run(place, "perl", "./Configure", f"linux-{compiler.machine}", *where, *without, within=tree)
    compiler.run(place, "make", _jobs(), "build_generated", "libcrypto.a", "libssl.a", within=tree)
    shutil.copytree(tree / "include" / "openssl", target / "include" / "openssl")
    for name in ("libcrypto.a", "libssl.a"):
        shutil.copy(tree / name, target / "lib" / name)


def _zlib(compiler: Compiler, place: Path, tree: Path, target: Path) -> None:
    compiler.run(place, "sh", "./configure", "--static", within=tree, CFLAGS="-O3 -D_LARGEFILE64_SOURCE=1")
    compiler.run(place, "make", _jobs(), "libz.a", within=tree)
    shutil.copy(tree / "libz.a", target / "lib" / "libz.a")
    for name in ("zlib.h", "zconf.h"):
        shutil.copy(tree / name, target / "include" / name)


def _bzip2(compiler: Compiler, place: Path, tree: Path, target: Path) -> None:
    for name in _BZIP2:  # zig's own driver leaves only one object of several files
        compiler.run(place, "ssm-cc", "-c", "-O2", "-D_FILE_OFFSET_BITS=64", f"{name}.c", within=tree)
    compiler.run(place, "ssm-ar", "rcsD", str(target / "lib" / "libbz2.a"), *(f"{name}.o" for name in _BZIP2), within=tree)
    shutil.copy(tree / "bzlib.h", target / "include" / "bzlib.h")


def _lzma(compiler: Compiler, place: Path, tree: Path, target: Path) -> None:
    programs = [f"--disable-{name}" for name in ("xz", "xzdec", "lzmadec", "lzmainfo", "lzma-links", "scripts", "doc", "nls")]
    host = f"--host={compiler.machine}-linux-gnu"
    compiler.run(place, "sh", "./configure", host, "--disable-shared", "--enable-static", *programs, within=tree)
    compiler.run(place, "make", _jobs(), "-C", "src/liblzma", within=tree)
    shutil.copy(tree / "src" / "liblzma" / ".libs" / "liblzma.a", target / "lib" / "liblzma.a")
    shutil.copy(tree / "src" / "liblzma" / "api" / "lzma.h", target / "include" / "lzma.h")
    shutil.copytree(
        tree / "src" / "liblzma" / "api" / "lzma", target / "include" / "lzma", ignore=shutil.ignore_patterns("Make*")
    )


def _jobs() -> str:
    return f"-j{len(os.sched_getaffinity(0))}"
