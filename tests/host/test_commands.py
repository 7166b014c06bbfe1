"""Commands: secrets masked, environments closed, time-outs that end all that was started."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from ssm_bootstrap.host.commands import MASK, OUTPUT_LIMIT, CannotRun, Commands, mask
from tests.laws.secrets import CANARIES
from tests.laws.tree import ROOT

SECRET = CANARIES["activation-code"]
PATH = {"PATH": os.environ["PATH"]}


def run(script: str, *, timeout: float = 30, **more: object):  # type: ignore[no-untyped-def]
    return Commands(PATH).run(["sh", "-c", script], timeout=timeout, **more)  # type: ignore[arg-type]


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def ends(pid: int) -> bool:
    """True once a process has ended; it is given as long as a slow machine needs."""
    for _ in range(500):
        if not is_running(pid):
            return True
        time.sleep(0.02)
    return False


def test_both_streams_and_the_status_come_back() -> None:
    done = run("echo out; echo err >&2; exit 3")
    assert (done.returncode, done.output, done.errors, done.timed_out) == (3, "out\n", "err\n", False)


def test_streams_are_joined_in_order_where_asked() -> None:
    done = run("echo one; echo two >&2; echo three", together=True)
    assert (done.output, done.errors) == ("one\ntwo\nthree\n", "")


def test_a_signal_is_a_negative_status() -> None:
    assert run("kill -9 $$").returncode == -9


def test_standard_input_is_closed() -> None:
    assert run("cat; echo end").output == "end\n"


def test_secrets_are_masked_in_output_and_errors() -> None:
    done = run(f"echo a {SECRET} b; echo {SECRET} >&2", secrets=[SECRET])
    assert done.output == f"a {MASK} b\n"
    assert done.errors == f"{MASK}\n"


@pytest.mark.parametrize(
    ("text", "secrets", "masked"),
    [
        ("abcdef abc", ["abc", "abcdef"], f"{MASK} {MASK}"),  # the longer first, or its end would stay
        ("nothing", [""], "nothing"),
        ("nothing", [], "nothing"),
    ],
)
def test_masking(text: str, secrets: list[str], masked: str) -> None:
    assert mask(text, secrets) == masked


@pytest.mark.parametrize("program", ["no-such-program-here", "/no/such/program"])
def test_a_missing_program_is_named_without_its_arguments(program: str) -> None:
    with pytest.raises(CannotRun) as caught:
        Commands(PATH).run([program, "-code", SECRET], timeout=5, secrets=[SECRET])
    assert str(caught.value) == f"{program}: No such file or directory"
    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_a_file_that_may_not_be_run_says_so(tmp_path: Path) -> None:
    (tmp_path / "program").write_text("#!/bin/sh\n")
    with pytest.raises(CannotRun, match=r"program: Permission denied$") as caught:
        Commands(PATH).run([str(tmp_path / "program")], timeout=5)
    assert caught.value.errno == errno.EACCES


def test_a_child_has_the_doors_environment_and_no_other() -> None:
    os.environ["SSM_BOOTSTRAP_ACTIVATION_CODE"] = SECRET
    try:
        done = Commands({**PATH, "HERE": "1"}).run(["env"], timeout=5, environment={"MORE": "2"})
    finally:
        del os.environ["SSM_BOOTSTRAP_ACTIVATION_CODE"]
    found = dict(line.partition("=")[::2] for line in done.output.splitlines())
    assert found == {"PATH": PATH["PATH"], "HERE": "1", "MORE": "2"}


def test_the_real_host_keeps_the_code_from_every_child() -> None:
    from ssm_bootstrap.host.secrets import secrets_of_environment
    from ssm_bootstrap.session import real_host

    os.environ["SSM_BOOTSTRAP_ACTIVATION_CODE"] = SECRET
    try:
        host = real_host(secrets_of_environment())
        done = host.commands.run(["env"], timeout=5)
        assert "SSM_BOOTSTRAP_ACTIVATION_CODE" not in os.environ  # nor from what a library starts on its own
    finally:
        os.environ.pop("SSM_BOOTSTRAP_ACTIVATION_CODE", None)
    assert SECRET not in done.output and SECRET not in repr(host.environment)
    assert "PATH=" in done.output


def test_a_time_out_ends_the_child_and_keeps_what_it_said() -> None:
    done = run("echo $$; exec sleep 100", timeout=5)
    assert done.timed_out
    assert done.returncode == -15
    assert ends(int(done.output))


def test_a_time_out_ends_the_whole_group() -> None:
    done = run("sleep 100 & echo $!; wait", timeout=5)
    assert done.timed_out
    assert ends(int(done.output))


def test_a_time_out_ends_a_child_that_does_not_listen() -> None:
    done = run("trap '' TERM; echo $$; while :; do sleep 0.05; done", timeout=5)
    assert done.timed_out
    assert done.returncode == -9
    assert ends(int(done.output))


def test_a_grandchild_that_ignores_the_signal_is_killed_though_its_parent_went() -> None:
    program = (
        "import os, signal, time\n"
        "if os.fork() == 0:\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    print(os.getpid(), flush=True)\n"
        "    time.sleep(100)\n"
        "time.sleep(100)\n"
    )
    done = Commands(PATH).run([sys.executable, "-c", program], timeout=5)
    assert done.timed_out
    assert ends(int(done.output))


def test_one_that_left_the_group_with_the_pipes_is_not_waited_for() -> None:
    program = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    print(os.getpid(), flush=True)\n"
        "    time.sleep(100)\n"
        "time.sleep(100)\n"
    )
    done = Commands(PATH).run([sys.executable, "-c", program], timeout=5)
    assert done.timed_out
    pid = int(done.output)
    assert is_running(pid)  # it is nobody's child any more
    psutil.Process(pid).kill()


@pytest.mark.parametrize("most", [100, 1000, 65_536, 200_000, OUTPUT_LIMIT])
@pytest.mark.parametrize("lines", [10, 1000, 40_000])
def test_of_endless_output_the_newest_whole_lines_are_kept_and_the_rest_is_counted(lines: int, most: int) -> None:
    done = run(f"i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo line $i; done", most=most)
    whole = "".join(f"line {number + 1}\n" for number in range(lines))
    assert done.output == (whole if len(whole) <= most else whole[whole.index("\n", len(whole) - most - 1) + 1 :])
    assert done.left_out == len(whole) - len(done.output) and done.is_whole == (len(whole) <= most)


def test_a_line_without_an_end_keeps_its_own_end_and_no_end_of_a_secret() -> None:
    script = f"head -c 5000 /dev/zero | tr '\\0' y; printf '{SECRET}zzz'"
    assert run(script, most=len(SECRET), secrets=[SECRET]).output == "zzz"
    assert run(script, most=len(SECRET) + 5, secrets=[SECRET]).output == f"yy{MASK}zzz"


FLOOD = """
import resource, sys
from ssm_bootstrap.host.commands import OUTPUT_LIMIT, Commands
resource.setrlimit(resource.RLIMIT_AS, (300 << 20, resource.RLIM_INFINITY))
done = Commands({"PATH": "/usr/bin:/bin"}).run(["sh", "-c", "head -c 600000000 /dev/zero; echo; echo end"], timeout=100)
assert done.output == "end\\n" and done.left_out == 600000001, (done.output[:9], done.left_out)
"""


def test_what_a_child_says_costs_no_memory_beyond_the_bound() -> None:
    """Twice the memory that the process may have."""
    done = subprocess.run([sys.executable, "-c", FLOOD], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert run("printf 'a\\377b'").output == "a\ufffdb"


def test_descriptors_are_closed_but_for_those_to_keep(tmp_path: Path) -> None:
    kept, left = os.open(tmp_path, os.O_RDONLY), os.open(tmp_path, os.O_RDONLY)
    try:
        done = run(f"for fd in {kept} {left}; do [ -e /proc/self/fd/$fd ] && echo $fd; done; true", keep_open=[kept])
    finally:
        os.close(kept)
        os.close(left)
    assert done.output.split() == [str(kept)]


def test_what_other_threads_run_is_given_up(tmp_path: Path) -> None:
    commands, done = Commands({"PATH": os.environ["PATH"]}), []  # type: Commands, list[object]
    mark = tmp_path / "runs"
    thread = threading.Thread(target=lambda: done.append(commands.run(["sh", "-c", f"touch {mark}; sleep 600"], timeout=600)))
    thread.start()
    while not mark.exists():
        time.sleep(0.01)
    commands.give_up()
    thread.join(60)
    assert [one.returncode for one in done] == [-signal.SIGKILL]  # type: ignore[attr-defined]
    with pytest.raises(CannotRun) as refused:
        commands.run(["sleep", "600"], timeout=600)
    assert refused.value.errno == errno.ECANCELED


PRESSED = """
import os, signal
from ssm_bootstrap.host.commands import Commands
signal.signal(signal.SIGINT, lambda *_: None)
print("ready", flush=True)
statuses = [Commands({"PATH": os.environ["PATH"]}).run(["true"], timeout=60).returncode for _ in range(200)]
signal.signal(signal.SIGINT, signal.SIG_IGN)
print(sum(status != 0 for status in statuses), flush=True)
"""


def test_ctrl_c_ends_no_child_that_has_not_left_the_group_yet() -> None:
    """The terminal sends it to all of the group; a child that was only just begun is of it for a moment."""
    with subprocess.Popen([sys.executable, "-c", PRESSED], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True) as runs:
        assert runs.stdout is not None and runs.stdout.readline() == b"ready\n"
        while runs.poll() is None:
            os.killpg(runs.pid, signal.SIGINT)
            time.sleep(0.0002)
        assert runs.stdout.read() == b"0\n" and runs.returncode == 0
