"""Every wait on a terminal: something moves while it lasts, and Ctrl-C tells what stands. The test lets go, never the clock."""

from __future__ import annotations

import os
import re
import shlex
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Sequence, Set

import pytest

from tests.lab.cases import CASES
from tests.lab.client import STANDINS, Lab
from tests.lab.machine import why_unavailable
from tests.lab.streams import drain
from tests.laws.secrets import leaks
from tests.story import DATA, LOGS, REGION, node_id, prepare, register_words
from tests.variants import some

pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")]

HOLD = "/run/hold"
PATIENCE = 60.0
LOOKS = 3000
"""Seconds, and looks fifty a second, after which a test gives up; none is decided by them."""

RENDERINGS = 3
SYSTEMCTL = f"""#!/bin/sh
for word in "$@"; do
  while [ "$word" = "$(cat {HOLD} 2>/dev/null)" ]; do sleep 0.05; done
done
exec {shlex.quote(str(STANDINS / "systemctl"))} "$@"
"""
JOURNALCTL = f"""#!/bin/sh
while [ -e {HOLD} ]; do sleep 0.05; done
"""


class Watched:
    """A command on a terminal of its own, and what is seen there."""

    def __init__(self, lab: Lab, words: Sequence[str]) -> None:
        path = f"/root/held:{lab.environment()['PATH']}"
        self.process, self.master = lab.start_on_terminal(list(words), env={"PATH": path})
        self._seen = bytearray()
        self._reader = threading.Thread(target=drain, args=(os.dup(self.master), self._seen), daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        """All that was written so far."""
        return self._seen.decode("utf-8", "replace")

    def shown(self, doing: str) -> Set[str]:
        """The renderings of a step that were seen."""
        return set(re.findall(rf"● {re.escape(doing)}[^\r\n\x1b]* \(\d+ s\)", self.text))

    def until(self, is_so: Callable[[], object], what: str) -> None:
        """Wait for it, as long as it takes."""
        for _ in range(LOOKS):
            if is_so():
                return
            assert self.process.poll() is None or is_so(), f"it ended before {what}: {self.text[-2000:]!r}"
            time.sleep(0.02)
        raise AssertionError(f"{what} was not seen: {self.text[-2000:]!r}")

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.write(self.master, b"\x03")

    def end(self) -> List[str]:
        """Wait for its end; gives the lines that were seen, without what was rewritten."""
        status = self.process.wait(PATIENCE)
        os.close(self.master)
        self._reader.join(10)
        assert leaks(self.text) == ()
        assert status == 130, self.text
        return [line.rpartition("\x1b[2K")[2] for line in self.text.replace("\r\n", "\n").split("\n") if line]


@pytest.fixture(scope="module")
def vpc() -> Iterator[Lab]:
    """One VPC for all tests here; its systemctl holds at the verb that a file names."""
    with Lab(CASES["complete"], region=REGION) as running:
        running.write("/root/held/systemctl", SYSTEMCTL, mode=0o755)
        running.write("/root/held/journalctl", JOURNALCTL, mode=0o755)
        yield running


@pytest.fixture
def lab(vpc: Lab) -> Iterator[Lab]:
    """A registered node that has an identity to go back to."""
    vpc.apply(CASES["complete"])
    prepare(vpc)
    vpc.remove(HOLD)
    assert vpc.run(["ssm-bootstrap", *register_words("--no-restart")]).returncode == 0
    yield vpc
    vpc.remove(HOLD)


def identity(lab: Lab) -> Dict[str, bytes]:
    """The identity's files, byte for byte."""
    names = ("Vault/Manifest", "Vault/Store/RegistrationKey", "Vault/Store/InstanceFingerprint", "registration")
    return {name: lab.read(f"{DATA}/{name}") for name in names}


def at_systemctl(verb: str) -> Callable[[Lab], None]:
    """systemctl is held at a verb."""
    return lambda lab: lab.write(HOLD, verb)


def running(lab: Lab) -> None:
    """The agent runs, and is held when it is stopped."""
    assert lab.run(["ssm-bootstrap", "restart"]).returncode == 0
    lab.write(HOLD, "stop")


def replaced(lab: Lab) -> None:
    """Another identity was here before, and the agent runs."""
    assert lab.run(["ssm-bootstrap", *register_words("--force")]).returncode == 0
    lab.write(HOLD, "stop")


def unanswered(lab: Lab) -> None:
    """AWS takes the registration, and gives no answer."""
    lab.behave(activation="hang")


def closed(lab: Lab) -> None:
    """The endpoints are gone."""
    lab.apply(CASES["no-endpoints"])


def closed_to_a_stranger(lab: Lab) -> None:
    """The endpoints are gone, and the node has no identity."""
    prepare(lab)
    closed(lab)


def throttled(lab: Lab) -> None:
    """The node has no identity, and AWS has it come again later."""
    prepare(lab)
    lab.behave(activation="throttled")


def locked(lab: Lab) -> None:
    """Another run holds the node's identity."""
    lab.start(["flock", "/run/ssm-bootstrap.lock", "sleep", "600"])
    for _ in range(1000):
        if lab.run(["flock", "-n", "/run/ssm-bootstrap.lock", "true"]).returncode:
            return
    raise AssertionError("nobody took the lock")


@dataclass(frozen=True)
class Wait:
    """One wait: what brings it about, what is shown while it lasts, and what is said after Ctrl-C."""

    words: Sequence[str]
    held: Callable[[Lab], None]
    doing: str
    stands: str
    first: str = ""  # what is brought to its end before, said at once
    told: Sequence[str] = field(default=())


CUT_SHORT = "the look was cut short; nothing was changed"
NOT_READ = "the logs were not read to their end"
RESTORED = "putting everything back as it was"
WAITS = {
    "restart": Wait(["restart"], at_systemctl("restart"), "restarting the agent", "the agent was told to restart"),
    "proof": Wait(["restart", "--timeout", "1h"], closed, "waiting for proof that the agent is online", "the agent was told to"),
    "lock": Wait(["restart", "--wait", "1h"], locked, "waiting for another run", "the agent was not restarted"),
    "stop": Wait(register_words("--force"), running, "stopping the agent", "this node is {}, as before", RESTORED),
    "registration": Wait(
        register_words("--force"),
        unanswered,
        "registering",
        "this node is {}, as before",
        RESTORED,
        ("cut off while the agent registered: the activation may be used",),
    ),
    "deregister": Wait(["deregister"], running, "stopping the agent", "this node is {}, as before", RESTORED),
    "rollback": Wait(["rollback"], replaced, "stopping the agent", "this node is {}, as before", RESTORED),
    "image": Wait(["prepare-image", "--yes"], running, "stopping the agent", "the agent may be stopped; nothing was removed"),
    "endpoint": Wait(
        register_words("--wait", "1h"),
        closed_to_a_stranger,
        "asking the endpoint",
        "nothing was registered",
        told=("waiting: endpoint-missing: ", "Change: Create an interface endpoint"),
    ),
    "pause": Wait(
        register_words("--wait", "1h", "--attempts", "100"),
        throttled,
        "waiting before the next attempt",
        "this node is not registered, as before",
        RESTORED,
        ("attempt 1: ",),
    ),
    "turn": Wait(
        register_words("--spread", "24h"),
        throttled,
        "waiting for this node's turn",
        "nothing was registered",
        told=("starts in ",),
    ),
    "doctor": Wait(
        ["doctor", "--wait", "1h", "--for", "register"],
        closed,
        "waiting",
        CUT_SHORT,
        told=("waiting: endpoint-missing: ", "Change: Create an interface endpoint"),
    ),
    "probe": Wait(["probe"], at_systemctl("show"), "looking at the network", CUT_SHORT),
    "status": Wait(["status"], at_systemctl("show"), "looking at this machine", CUT_SHORT),
    "journal": Wait(["explain", "--source", "journal"], at_systemctl(""), "reading the journal", NOT_READ),
    "explain": Wait(
        ["sh", "-c", "trap : INT; sleep 600 | ssm-bootstrap explain -"],
        lambda lab: None,
        "reading standard input",
        NOT_READ,
    ),
}


@pytest.mark.parametrize("name", some(WAITS, ["proof", "stop", "registration", "rollback", "doctor", "explain"]))
def test_something_moves_and_ctrl_c_tells_what_stands(lab: Lab, name: str) -> None:
    wait = WAITS[name]
    wait.held(lab)
    old = identity(lab) if lab.exists(f"{DATA}/registration") else {}
    node = node_id(lab) if old else ""
    watched = Watched(lab, wait.words if wait.words[0] == "sh" else ["ssm-bootstrap", *wait.words])
    watched.until(lambda: len(watched.shown(wait.doing)) >= RENDERINGS, wait.doing)
    watched.interrupt()
    lines = watched.end()
    said = " ".join(" ".join(lines).split())
    assert said.rpartition("ssm-bootstrap: interrupted: ")[2].startswith(wait.stands.format(node)), said
    for text in wait.told:
        assert text in said
    if wait.first:
        assert said.index(f"interrupted: {wait.first}") < said.index(f"interrupted: {wait.stands.format(node)}")
    assert (identity(lab) if old else {}) == old and not lab.exists(f"{DATA}/.ssm-bootstrap/journal.json")


def test_what_must_not_be_cut_is_said_at_once_and_let_finish(lab: Lab) -> None:
    """Ctrl-C while what a run that died had begun is put right: the handler says so while that is still held."""
    assert lab.run(["ssm-bootstrap", "restart"]).returncode == 0
    old = identity(lab)
    lab.behave(activation="hang")
    killed = lab.start(["ssm-bootstrap", *register_words("--force")])
    journal = f"{DATA}/.ssm-bootstrap/journal.json"
    for _ in range(LOOKS):
        if lab.exists(journal) and b"saved" in lab.read(journal):
            break
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait(PATIENCE)
    lab.behave(activation="ok")
    lab.write(HOLD, "start")
    watched = Watched(lab, ["ssm-bootstrap", "restart", "--wait", "1h"])
    watched.until(lambda: watched.shown("starting the agent"), "recovery")
    watched.interrupt()
    watched.until(lambda: "interrupted: finishing what an earlier run had begun" in watched.text, "what is done first")
    assert watched.process.poll() is None
    lab.remove(HOLD)
    assert watched.end()[-1] == "ssm-bootstrap: interrupted: the agent was not restarted"
    assert identity(lab) == old and not lab.exists(journal)


def test_ctrl_c_after_the_new_registration_says_what_brings_the_old_identity_back(lab: Lab) -> None:
    assert lab.run(["ssm-bootstrap", "restart"]).returncode == 0
    old = node_id(lab)
    lab.write(HOLD, "restart")
    watched = Watched(lab, ["ssm-bootstrap", *register_words("--force")])
    watched.until(lambda: watched.shown("restarting the agent"), "the restart")
    watched.interrupt()
    said = " ".join(" ".join(watched.end()).split())
    new = node_id(lab)
    assert new != old and f"this node is {new} now; " in said
    assert said.endswith(f"; {old} is kept, and ssm-bootstrap rollback brings it back")
    lab.remove(HOLD)
    assert lab.run(["ssm-bootstrap", "rollback"]).returncode == 0 and node_id(lab) == old


def test_a_look_is_cut_though_its_threads_go_on(lab: Lab) -> None:
    lab.write(HOLD, "show")
    watched = Watched(lab, ["ssm-bootstrap", "doctor", "--for", "register"])
    watched.until(lambda: watched.shown("looking"), "the look")
    watched.interrupt()
    assert watched.end()[-1] == f"ssm-bootstrap: interrupted: {CUT_SHORT}"


def test_the_bar_of_a_long_log_moves(lab: Lab) -> None:
    line = "2026-11-23 11:59:{:02d}.{:04d} INFO [ssm-agent-worker] [MessageService] a record that says nothing of any fault\n"
    lab.write(f"{LOGS}/long.log", "".join(line.format(n // 10000 % 60, n % 10000) for n in range(200_000)))
    watched = Watched(lab, ["ssm-bootstrap", "explain", f"{LOGS}/long.log"])
    watched.process.wait(PATIENCE)
    watched.until(lambda: len(set(re.findall(r"reading the logs: \[#*\.*\] (\d+) %", watched.text))) >= RENDERINGS, "the bar")


def test_a_log_gets_a_line_a_step(lab: Lab, tmp_path: Path) -> None:
    process = lab.start(["ssm-bootstrap", *register_words("--force")], output=tmp_path / "said")
    assert process.wait(PATIENCE) == 0
    said = (tmp_path / "said").read_text(encoding="utf-8")
    assert "\x1b" not in said and "\r" not in said
    steps = [line for line in said.splitlines() if line.startswith(("✓", "✗", "●"))]
    wanted = ("the endpoint answers", "registered as mi-", "restarted the agent", "online by ssmmessages")
    assert [line[:1] for line in steps] == ["✓"] * len(wanted), said
    for line, text in zip(steps, wanted):
        assert text in line and re.search(r" \(\d+(\.\d)? s\)$", line)
