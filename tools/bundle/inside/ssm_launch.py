"""The first code of the bundle that runs: it finds where the modules are, and starts the program.

Nothing of the package is loaded yet, and the Python may be one that is too old: words that Python 2.7 understands too.
"""

import os
import sys

OLDEST = (3, 9)
BAD_CONTENT = 78
INTERRUPTED = 130
EXECUTABLES = ("x86_64", "aarch64")
"""The machines (uname -m) for which there is an executable with a Python of its own."""


def start():
    """Run ssm-bootstrap out of the place that it is unpacked to, or else out of this file itself."""
    if sys.version_info < OLDEST:
        say(too_old())
        sys.exit(BAD_CONTENT)
    open_missing()
    archive = os.path.dirname(os.path.abspath(__file__))
    try:
        from ssm_build import BUILD
        from ssm_place import find

        home, remarks = find(archive, BUILD)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    for remark in remarks:
        say(remark)
    use(archive, home)
    from ssm_bootstrap.cli import command

    command()


def too_old():
    """What is told where this Python will not do: which one it is, and the file to fetch instead."""
    words = "needs Python 3.9 or newer, and this is Python %d.%d (%s)" % (
        sys.version_info[0],
        sys.version_info[1],
        sys.executable,
    )
    machine = os.uname()[4]
    if machine not in EXECUTABLES:
        return words
    return words + "; use the file ssm-bootstrap-%s instead: it brings a Python of its own" % machine


def open_missing():
    """Open on /dev/null what the caller has closed of 0 to 2, so that no file of ours gets the number of a stream."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(number, True)


def say(words):
    """One line on standard error, if anybody takes it."""
    try:
        os.write(2, ("ssm-bootstrap: %s\n" % words).encode("utf-8", "backslashreplace"))
    except OSError:
        return


def use(archive, home):
    """Put the modules of this machine's processor and those of all before every other; ``home`` None means the archive."""
    modules = (home or archive) + "/site-packages"
    others = [path for path in sys.path if os.path.abspath(path) != archive]
    sys.path[:] = [modules, modules + "/on-" + os.uname()[4]] + others
    if home is None and sys.version_info < (3, 10):
        find_data_below(archive)
    if home is None or os.statvfs(home).f_flag & os.ST_NOEXEC:
        sys.meta_path.insert(0, FromMemory(archive))


def find_data_below(archive):
    """Have importlib.resources find data where the modules are not at the top of the archive: Python 3.9 looks there alone."""
    from zipimport import zipimporter

    plain = zipimporter.get_data

    def get_data(self, path):
        try:
            return plain(self, path)
        except OSError:
            if self.archive != archive or path.startswith(("/", self.prefix)):
                raise
            return plain(self, self.prefix + path)

    zipimporter.get_data = get_data


class FromMemory:
    """Finds psutil's compiled part where the file system lets nothing be executed: it is copied to memory and loaded from there.

    memfd_create(2): such a file is on no mount, so noexec does not touch it; the kernel may forbid it (vm.memfd_noexec).
    """

    def __init__(self, archive):
        self.archive = archive

    def find_spec(self, name, path=None, target=None):
        """The import system's question; None for all that is not psutil's, and where it cannot be done."""
        if not name.startswith("psutil._"):
            return None
        from importlib.machinery import ExtensionFileLoader
        from importlib.util import spec_from_file_location

        for directory in path or ():
            try:
                copy = in_memory(self.read("%s/%s.abi3.so" % (directory, name.rpartition(".")[2])))
            except OSError:
                continue
            return spec_from_file_location(name, copy, loader=ExtensionFileLoader(name, copy))
        return None

    def read(self, path):
        """The bytes of a file that may be one of the archive; OSError where there is none."""
        if not path.startswith(self.archive + "/"):
            with open(path, "rb") as stream:
                return stream.read()
        from zipimport import zipimporter

        return zipimporter(self.archive).get_data(path)


def in_memory(data):
    """The path of an executable copy, for as long as this process lives; OSError where the kernel has or allows none."""
    if not hasattr(os, "memfd_create"):
        raise OSError("no memfd_create")
    flags = os.MFD_CLOEXEC
    try:
        number = os.memfd_create("psutil", flags | 0x10)  # MFD_EXEC, which kernels before 6.3 do not know
    except OSError:
        number = os.memfd_create("psutil", flags)
    with os.fdopen(os.dup(number), "wb") as stream:
        stream.write(data)
    return "/proc/self/fd/%d" % number
