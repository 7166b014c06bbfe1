"""Core dumps: no memory of a process that knows the code gets into one, nor of the children that it starts."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip(
    "ctypes", reason="the flag is read by ctypes, which the executable's Python has not: tests/executable looks by strace"
)

CHILD = "ulimit -c; ulimit -Hc; cat /proc/self/coredump_filter"
COMMANDS = {
    "a host": "from ssm_bootstrap.host.secrets import secrets_of_environment as look; look()",
    "the environment": "from ssm_bootstrap.host.secrets import secrets_of_environment as look; look()",
    "standard input": "from ssm_bootstrap.host.standard_input import StandardInput; StandardInput().read_secret('code')",
    "user-data": "from ssm_bootstrap.cli.user_data import _read as look; look('--code-in-user-data', '/dev/null')",
}
SCRIPT = """
import ctypes, resource, subprocess, sys
{look}
print(*resource.getrlimit(resource.RLIMIT_CORE))
print(int(open("/proc/self/coredump_filter").read(), 16))
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
print(subprocess.run(["sh", "-c", {child!r}], capture_output=True, text=True).stdout)
"""


def ask(look: str) -> list[str]:
    """Limits, filter and dumpable flag of a process that has looked, then those of a child of it."""
    script = SCRIPT.format(look=look, child=CHILD)
    environment = {**os.environ, "SSM_BOOTSTRAP_ACTIVATION_CODE": "x" * 20}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize("where", COMMANDS)
def test_memory_that_holds_the_code_is_in_no_dump(where: str) -> None:
    soft, hard, own, dumpable, child_soft, child_hard, childs = ask(COMMANDS[where])
    assert (soft, hard, own) == ("0", "0", "0")
    assert (child_soft, child_hard, int(childs, 16)) == ("0", "0", 0)
    assert dumpable == ("0" if os.geteuid() == 0 else "1")


def test_whoever_knows_none_is_left_alone() -> None:
    assert ask("pass")[3] == "1"
