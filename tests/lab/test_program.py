"""A program that is begun as a fork of the world is what one is that was begun by exec."""

from __future__ import annotations

import os
import re
import time
from typing import Iterator, Sequence, Tuple

import pytest

from tests import caller
from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.lab.program import SCRIPT, can_fork
from tests.lab.streams import Done
from tests.story import LOGS, REGION, prepare, register_words

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or ""),
    pytest.mark.skipif(caller.ENVIRONMENT.get(caller.PROGRAM, "") != "", reason="a file that is named is begun by exec alone"),
]

BY_FORK = ("ssm-bootstrap",)
BY_EXEC = ("sh", "-c", 'exec ssm-bootstrap "$@"', "sh")
LOG = "/root/agent.log"
"""A copy: the agent goes on writing to its own."""

LOOKS = 3000

COMMANDS = (
    ("--version",),
    ("help", "doctor"),
    ("status",),
    ("status", "--json", "--bare"),
    ("explain", LOG),
    ("explain", "/nowhere"),
    ("explain", "-"),
    ("probe", "--region", "ap-northeast-11"),
    ("requirements", "--region", "ap-northeast-1", "--as", "json"),
    ("doctor", "--short"),
    ("doctor", "--nagios"),
    ("user-data", "--lang", "ja", "--help"),
)
ON_A_TERMINAL = (("status",), ("help", "register"), ("requirements", "--region", "ap-northeast-1"))

STATE = r"""
cd /proc/$1 || exit 1
readlink cwd ns/net ns/mnt ns/pid fd/0 fd/1 fd/2
ls fd
grep -E '^(State|Umask|SigBlk|SigIgn|SigCgt|Uid|Gid|Groups|CapEff|NoNewPrivs|Seccomp)' status
cat limits oom_score_adj
cut -d ' ' -f 5,6,19 stat
"""
"""Where it is, its descriptors, signals, rights and limits; its group, session and nice value."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(CASES["complete"], region=REGION) as running:
        prepare(running)
        assert running.run(["ssm-bootstrap", *register_words()]).returncode == 0
        running.write(LOG, running.read(f"{LOGS}/amazon-ssm-agent.log"))
        yield running


def told(done: Done) -> Tuple[int, str, str]:
    """How it ended and all that it said, but for the time."""
    said, complained = (re.sub(r"\d\d:\d\d:\d\d UTC", "now", stream) for stream in (done.stdout, done.stderr))
    return done.returncode, said, complained


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_says_the_same(lab: Lab, words: Sequence[str]) -> None:
    given = "\x1b[31mérror\n".encode("latin-1") if words[-1] == "-" else b""
    forked, begun = (lab.run([*start, *words], stdin=given) for start in (BY_FORK, BY_EXEC))
    assert told(forked) == told(begun)


@pytest.mark.parametrize("words", ON_A_TERMINAL, ids=" ".join)
def test_it_says_the_same_on_a_terminal(lab: Lab, words: Sequence[str]) -> None:
    forked, begun = (lab.run([*start, *words], tty=100) for start in (BY_FORK, BY_EXEC))
    assert told(forked) == told(begun)


def state(lab: Lab, pid: int) -> str:
    """What the kernel says of a process, but for its number and its terminal's."""
    found = lab.run(["sh", "-c", STATE, "sh", str(pid)]).stdout
    return re.sub(r"/dev/pts/\d+", "/dev/pts/N", re.sub(rf"\b{pid}\b", "itself", found))


def test_the_kernel_says_the_same_of_it(lab: Lab) -> None:
    """Of two that wait for what is typed; they are looked at until both do."""
    started = [
        lab.start_on_terminal([*start, "explain", "-"], env={"LOGNAME": "her"}, cwd="/etc") for start in (BY_FORK, BY_EXEC)
    ]
    try:
        for _ in range(LOOKS):
            forked, begun = (state(lab, process.pid) for process, _ in started)
            if forked == begun:
                break
            time.sleep(0.02)
        assert forked == begun and "\n/etc\n" in f"\n{forked}"
    finally:
        for process, terminal in started:
            process.kill()
            process.wait(60)
            os.close(terminal)


def test_what_changes_how_python_begins_is_begun_by_exec() -> None:
    plain = {"LANG": "C.UTF-8", "PATH": "/bin", "NO_COLOR": "1"}
    assert can_fork(str(SCRIPT), plain, "/") and not can_fork("/usr/bin/ssm-bootstrap", plain, "/")
    for more in ({"LANG": "ja_JP.UTF-8"}, {"LC_ALL": "C"}, {"PYTHONUTF8": "0"}, {"PYTHONPATH": "/x"}):
        assert not can_fork(str(SCRIPT), {**plain, **more}, "/")
    assert not can_fork(str(SCRIPT), plain, "/nowhere")
