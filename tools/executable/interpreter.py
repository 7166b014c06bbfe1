"""CPython for one machine, all of its compiled modules in it, with psutil's and the executable's own start.

The interpreter of the machine that builds is made in any case: CPython needs itself to be built for another, and it compiles
the modules that go into the archive.
"""

from __future__ import annotations

import inspect
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from tools.bundle.wheels import Failed, run
from tools.executable import cache, sources
from tools.executable.compiler import Compiler, compiler
from tools.executable.libraries import libraries

VERSION = "3.13"
MAIN = Path(__file__).with_name("inside") / "main.c"
WITHOUT = (
    *("_ctypes", "_ctypes_test", "_curses", "_curses_panel", "_dbm", "_gdbm", "_sqlite3", "_tkinter", "_uuid", "readline"),
    *("_testcapi", "_testclinic", "_testclinic_limited", "_testlimitedcapi", "_testinternalcapi", "_testbuffer"),
    *("_testexternalinspection", "_testimportmultiple", "_testmultiphase", "_testsinglephase", "_xxtestfuzz"),
    *("xxlimited", "xxlimited_35", "xxsubtype", "_interpreters", "_interpchannels", "_interpqueues"),
)
"""Modules that nothing here imports: tests, terminals, data bases, and what calls any function of any library."""

ANSWERS = {
    "ac_cv_buggy_getaddrinfo": "no",
    "ac_cv_aligned_required": "no",
    "ac_cv_computed_gotos": "yes",
    "ac_cv_broken_sem_getvalue": "no",
    "ac_cv_working_tzset": "yes",
    "ac_cv_pthread_system_supported": "yes",
    "ac_cv_func_memfd_create": "no",  # that is only compiled, and the header has it: glibc itself since 2.27
    "ac_cv_file__dev_ptmx": "yes",
    "ac_cv_file__dev_ptc": "no",
}
"""What configure would try by running it, as it is on every Linux with glibc: so both machines' are made alike."""

PSUTIL = {"PSUTIL_POSIX": "1", "PSUTIL_LINUX": "1", "PSUTIL_SIZEOF_PID_T": "4"}
"""What its setup.py would define."""


def program(machine: str) -> Path:
    """A directory with ``program``, which wants the archive at its end, and ``bin`` and ``lib`` of its plain Python; Failed."""
    tools, built = compiler(machine), cpython(machine)
    key = cache.key_of(built.name, cache.text_of(sources.INDEX, MAIN, Path(__file__)))
    return cache.kept(f"program-{machine}", key, lambda target: _link(tools, built, target))


def python() -> list[str]:
    """The words that run the interpreter on the machine that builds."""
    return [str(program(platform.machine()) / "bin" / f"python{VERSION}"), "-I", "-S"]


def cpython(machine: str) -> Path:
    """A directory with ``link``, what a program of it is linked of, and its ``lib``; Failed."""
    tools = compiler(machine)
    linked = libraries(tools)
    is_own = machine == platform.machine()
    own = "" if is_own else cpython(platform.machine()).name
    recipe = "".join(inspect.getsource(step) for step in (_build, _must_have, _keep))
    key = cache.key_of(linked.name, own, sources.locked()["python3.13"].key, recipe, repr((ANSWERS, WITHOUT)))
    return cache.kept(f"cpython-{machine}", key, lambda target: _build(tools, linked, None if is_own else python(), target))


def _build(tools: Compiler, linked: Path, own: Optional[list[str]], target: Path) -> None:
    place = target / "build"
    place.mkdir()
    tree = sources.unpacked("python3.13", place)
    # Beside its sources: a path that begins with the directory of the build is in none of what is compiled.
    (place / "libraries").symlink_to(linked)
    above = "../libraries"
    wanted = {
        "CFLAGS": "-fPIE",
        "LINKFORSHARED": "-pie",
        "MODULE_BUILDTYPE": "static",
        "PKG_CONFIG": "false",
        "ZLIB_CFLAGS": f"-I{above}/include",
        "ZLIB_LIBS": f"{above}/lib/libz.a",
        "BZIP2_CFLAGS": f"-I{above}/include",
        "BZIP2_LIBS": f"{above}/lib/libbz2.a",
        "LIBLZMA_CFLAGS": f"-I{above}/include",
        "LIBLZMA_LIBS": f"{above}/lib/liblzma.a",
        **ANSWERS,
        **{f"py_cv_module_{name}": "n/a" for name in WITHOUT},
    }
    words = ["--prefix=/usr", "--disable-shared", "--disable-test-modules", "--without-ensurepip", "--without-readline"]
    words += [f"--with-openssl={above}", "--with-openssl-rpath=no", "--with-ssl-default-suites=openssl"]
    words += [f"--build={platform.machine()}-linux-gnu", f"--host={tools.machine}-linux-gnu"]
    if own:
        words.append(f"--with-build-python={own[0]}")
    tools.run(place, "sh", "./configure", *words, *(f"{name}={value}" for name, value in wanted.items()), within=tree)
    tools.run(place, "make", f"-j{len(os.sched_getaffinity(0))}", "python", within=tree)
    _must_have(tree)
    _keep(tools, place, tree, target)
    shutil.copytree(tree / "Lib", target / "lib" / f"python{VERSION}")
    (target / "lib" / f"python{VERSION}" / "lib-dynload").mkdir()
    shutil.copy(tree / "LICENSE", target / "LICENSE")
    shutil.rmtree(place)


def _must_have(tree: Path) -> None:
    """Raises Failed where configure has silently left out what the program needs."""
    table = (tree / "Modules" / "config.c").read_text(encoding="utf-8")
    lacking = [name for name in ("_ssl", "_hashlib", "zlib", "_bz2", "_lzma", "pyexpat", "_json") if f'"{name}"' not in table]
    if lacking:
        raise Failed(f"CPython was built without {', '.join(lacking)}")


def _keep(tools: Compiler, place: Path, tree: Path, target: Path) -> None:
    """What a program is linked of, with the words for it: objects and archives by their paths in the tree, and the headers."""
    asked = "ssm-link: ; @echo $(LINK_PYTHON_OBJS) $(LIBS) $(MODLIBS) $(SYSLIBS)\n"
    (tree / "ssm-link.mk").write_text(f"include Makefile\n{asked}", encoding="utf-8")
    words = tools.run(place, "make", "-s", "-f", "ssm-link.mk", "ssm-link", within=tree).strip().splitlines()[-1].split()
    kept = target / "link"
    shutil.copytree(tree / "Include", kept / "Include")
    shutil.copy(tree / "pyconfig.h", kept / "pyconfig.h")
    (kept / "words").write_text(" ".join(words), encoding="utf-8")
    for word in words:
        if word.endswith((".o", ".a")) and not word.startswith("../"):
            (kept / word).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(tree / word, kept / word)


def _link(tools: Compiler, built: Path, target: Path) -> None:
    """The program and its plain Python: CPython's objects, psutil's, and the start."""
    place = target / "build"
    tree = place / "link"
    shutil.copytree(built / "link", tree)
    (place / "libraries").symlink_to(libraries(tools))
    include = ["-I.", "-IInclude", "-IInclude/internal"]
    shutil.copy(MAIN, tree / "ssm-main.c")
    (archive,) = sources.from_index().glob("psutil-*.tar.gz")
    run("tar", "-xf", str(archive), "-C", str(tree))
    (psutil,) = tree.glob("psutil-*/psutil")
    version = psutil.parent.name.partition("-")[2]
    defined = [f"-D{name}={value}" for name, value in {**PSUTIL, "PSUTIL_VERSION": version.replace(".", "")}.items()]
    objects: list[str] = []
    for file in _psutils(psutil):
        name = f"ssm-psutil-{len(objects)}.o"
        tools.run(place, "ssm-cc", "-c", "-O2", *include, *defined, "-o", name, str(file.relative_to(tree)), within=tree)
        objects.append(name)
    with_what = (tree / "words").read_text(encoding="utf-8").split()
    safe = ("-pie", "-s", "-Wl,-z,relro,-z,now", "-Wl,-z,noexecstack")
    (target / "bin").mkdir()
    kinds: tuple[tuple[Path, tuple[str, ...], tuple[str, ...]], ...] = (
        (target / "program", (), ()),
        # It loads compiled modules too: those of the packages that the tests need.
        (target / "bin" / f"python{VERSION}", ("-DPLAIN",), ("-rdynamic",)),
    )
    for result, defined_more, more in kinds:
        tools.run(place, "ssm-cc", "-c", "-O2", *include, *defined_more, "-o", "ssm-main.o", "ssm-main.c", within=tree)
        tools.run(place, "ssm-cc", *safe, *more, "-o", "ssm-program", "ssm-main.o", *objects, *with_what, within=tree)
        shutil.copy(tree / "ssm-program", result)
    (target / "lib").symlink_to(built / "lib")
    shutil.rmtree(place)


def _psutils(place: Path) -> Iterator[Path]:
    yield place / "_psutil_linux.c"
    for part in ("all", "posix", "linux"):
        yield from sorted((place / "arch" / part).glob("*.c"))
