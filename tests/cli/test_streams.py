"""The standard streams decide nothing: closed, without a reader or full, the work is done and its status kept."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Sequence

import pytest

from ssm_bootstrap import __version__
from tests import caller
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.lab.streams import Done
from tests.laws.tree import ROOT
from tests.story import CODE_FILE, LOGS, REGION, node_id, register_words

STATES = ("closed", "broken", "full")
STREAMS = {"input": (0,), "output": (1,), "error": (2,), "both": (1, 2), "all": (0, 1, 2)}
BREAK = """
import os, sys
state, numbers, words = sys.argv[1], sys.argv[2], sys.argv[3:]
for number in map(int, numbers.split(",")):
    if state == "closed":
        os.close(number)
        continue
    reading, writing = os.pipe()
    os.close(reading)
    os.dup2(os.open("/dev/full", os.O_RDWR) if state == "full" else writing, number)
os.closerange(3, 64)
os.execvp(words[0], words)
"""


BUNDLE = "/opt/ssm-bootstrap.pyz"


def one_file() -> bytes:
    """A file that stands for the bundle: install copies it, wherever this checkout lies and whose ever it is."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("__main__.py", "from ssm_bootstrap.cli import command\ncommand()\n")
    return made.getvalue()


def broken(state: str, stream: str, words: Sequence[str]) -> list[str]:
    """A command that starts with its streams in that state."""
    return [sys.executable, "-I", "-c", BREAK, state, ",".join(map(str, STREAMS[stream])), *words]


def here(state: str, stream: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    """A command on this machine, which touches nothing."""
    program = [*caller.program(), *words]
    return subprocess.run(broken(state, stream, program), capture_output=True, cwd=ROOT, timeout=60)


# what only prints


@pytest.mark.parametrize("stream", ["output", "error", "both", "all"])
@pytest.mark.parametrize("state", ["closed", "broken"])
@pytest.mark.parametrize("words", [("--version",), ("--help",), ("explain", "no-route"), ("status", "--help")], ids=" ".join)
def test_nobody_who_reads_is_no_fault(state: str, stream: str, words: tuple[str, ...]) -> None:
    done = here(state, stream, *words)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("words", [("--version",), ("--help",)], ids=" ".join)
def test_what_does_nothing_but_print_says_in_one_line_that_there_was_no_room(words: tuple[str, ...]) -> None:
    done = here("full", "output", *words)
    assert done.returncode == 75
    assert done.stderr.decode().splitlines() == [
        "ssm-bootstrap: standard output: No space left on device: what was printed there is not whole"
    ]


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("state", STATES)
def test_a_wrong_flag_is_2_whoever_reads(state: str, stream: str) -> None:
    assert here(state, stream, "status", "--no-such-flag").returncode == 2


@pytest.mark.parametrize("state", ["closed", "broken", "full"])
def test_the_other_stream_is_as_ever(state: str) -> None:
    assert here(state, "error", "--version").stdout.decode() == f"ssm-bootstrap {__version__}\n"
    assert here(state, "output", "status", "--bad").stderr.decode().startswith("ssm-bootstrap")


def test_a_reader_that_is_slow_is_waited_for() -> None:
    """A pipe that its owner has made non-blocking, as node and ssh do, loses nothing."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    ask = "import sys; from ssm_bootstrap.cli.streams import secure; secure(); print('x' * 300_000); print('end')"
    child = subprocess.Popen([sys.executable, "-c", ask], stdout=writing, cwd=ROOT)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        assert stream.read() == b"x" * 300_000 + b"\nend\n"
    assert child.wait() == 0


# descriptors


LOCK = """
import os, sys
from ssm_bootstrap.host.commands import Commands
from ssm_bootstrap.host.locks import Locks
if sys.argv[2] == "program":
    from ssm_bootstrap.cli.streams import secure
    secure()
locks = Locks(sys.argv[1])
held = locks.take("/lock", "register", "now")
low = held <= 2
keep = Commands(dict(os.environ)).run(["sh", "-c", "readlink /proc/$$/fd/" + str(held)], timeout=30, keep_open=[held])
plain = Commands(dict(os.environ)).run(["sh", "-c", "ls -l /proc/$$/fd"], timeout=30)
with open(sys.argv[1] + "/told", "w") as told:
    told.write(f"{low} {keep.output.strip().endswith('/lock')} {'/lock' in plain.output}")
"""


@pytest.mark.parametrize("who", ["program", "door alone"])
@pytest.mark.parametrize("closed", ["input", "output", "error", "both", "all"])
def test_the_lock_never_takes_the_place_of_a_stream_and_goes_to_a_child_on_purpose_alone(
    closed: str, who: str, tmp_path: Path
) -> None:
    ask = [sys.executable, "-c", LOCK, str(tmp_path), who]
    done = subprocess.run(broken("closed", closed, ask), cwd=ROOT, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0
    assert (tmp_path / "told").read_text() == "False True False"


WHERE = """
import os, sys
from ssm_bootstrap.cli.streams import secure
secure()
with open(sys.argv[1], "w") as told:
    told.write(" ".join(os.readlink(f"/proc/self/fd/{number}") for number in range(3)))
"""


def test_what_was_closed_leads_nowhere(tmp_path: Path) -> None:
    """Descriptors 0 to 2 are /dev/null before anything else is opened."""
    told = tmp_path / "told"
    subprocess.run(broken("closed", "all", [sys.executable, "-c", WHERE, str(told)]), cwd=ROOT, check=True, timeout=60)
    assert told.read_text() == "/dev/null /dev/null /dev/null"


# what changes the machine


def state_of(lab: Lab) -> tuple[str, str]:
    """Identity's state, and the node."""
    said = json.loads(lab.run(["ssm-bootstrap", "status", "--json"]).stdout)["identity"]
    return said["state"], said.get("managed_instance_id") or ""


def agent(lab: Lab) -> str:
    """The agent's process."""
    return lab.run(["systemctl", "show", "amazon-ssm-agent.service", "-p", "MainPID"]).stdout


@pytest.mark.lab
@pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")
@pytest.mark.parametrize(
    ("state", "stream"),
    [
        *(pytest.param(state, stream, marks=pytest.mark.slow) for state in STATES for stream in ("output", "error")),
        ("closed", "all"),
    ],
)
def test_every_command_that_changes_something_does_it_and_ends_as_it_went(lab: Lab, state: str, stream: str) -> None:
    def run(*words: str) -> Done:
        return lab.run(broken(state, stream, ["ssm-bootstrap", *words]))

    lab.behave(activation="expired")
    assert run(*register_words()).returncode == 78
    assert run("doctor", "--nagios").returncode == 2
    lab.behave(activation="ok")
    assert run(*register_words()).returncode == 0
    first = node_id(lab)
    assert state_of(lab) == ("registered", first)
    assert run(*register_words("--force")).returncode == 0
    assert state_of(lab)[0] == "registered" and node_id(lab) != first
    assert run("rollback").returncode == 0
    assert state_of(lab) == ("registered", first)
    before = agent(lab)
    assert run("restart").returncode == 0 and agent(lab) != before
    assert run("deregister").returncode == 0
    assert state_of(lab)[0] == "not-registered"
    lab.write(BUNDLE, one_file(), mode=0o755)

    def run_bundle(*words: str) -> Done:
        return lab.run(broken(state, stream, [sys.executable, BUNDLE, *words]))

    words = ["--region", REGION, "--activation-code-file", CODE_FILE]
    assert run_bundle("install", *words).returncode == 0
    assert lab.exists("/etc/systemd/system/ssm-bootstrap.service") and lab.exists("/etc/ssm-bootstrap/activation-code")
    assert run_bundle("install", "--uninstall").returncode == 0
    assert not lab.exists("/etc/systemd/system/ssm-bootstrap.service")
    assert run("prepare-image", "--yes", "--logs").returncode == 0
    assert state_of(lab)[0] == "not-registered" and not lab.exists(f"{LOGS}/amazon-ssm-agent.log")
