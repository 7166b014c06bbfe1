"""What the executable's own CPython was built with, as far as venv and pip ask: see tests/own-python."""

import sys

_SOABI = f"cpython-{sys.version_info[0]}{sys.version_info[1]}-{sys.implementation._multiarch}"
build_time_vars = {
    "SOABI": _SOABI,
    "EXT_SUFFIX": f".{_SOABI}.so",
    "MULTIARCH": sys.implementation._multiarch,
    "TZPATH": "/usr/share/zoneinfo:/usr/lib/zoneinfo:/usr/share/lib/zoneinfo:/etc/zoneinfo",
    "Py_GIL_DISABLED": 0,
    "Py_DEBUG": 0,
    "Py_ENABLE_SHARED": 0,
}
"""By the names of its Makefile."""
