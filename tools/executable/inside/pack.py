"""Run by the executable's own CPython: compiles a tree's modules and puts all of it into a zip archive at the end of a program.

`pack.py PROGRAM TREE SECONDS`: the program is a file that is written to; every member gets the one time. It is that CPython's
zlib that compresses, so the bytes do not depend on the machine that builds.
"""

import importlib.util
import marshal
import os
import sys
import time
import zipfile


def main(program, tree, epoch):
    """Append the archive."""
    date = time.gmtime(int(epoch))[:6]
    with zipfile.ZipFile(program, "a", compression=zipfile.ZIP_DEFLATED, compresslevel=9) as opened:
        for path in sorted(files_of(tree)):
            with open(os.path.join(tree, path), "rb") as stream:
                data = stream.read()
            if path.endswith(".py"):
                path, data = path + "c", compiled(path, data)
            member = zipfile.ZipInfo(path, date_time=date)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o100644 << 16
            opened.writestr(member, data)


def files_of(tree):
    """The paths below a directory, relative to it."""
    for directory, _, names in os.walk(tree):
        for name in names:
            yield os.path.relpath(os.path.join(directory, name), tree)


def compiled(path, data):
    """A module's bytecode, which is never compared with a source (PEP 552): there is none."""
    code = compile(data, path, "exec", dont_inherit=True, optimize=0)
    return importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + importlib.util.source_hash(data) + marshal.dumps(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
