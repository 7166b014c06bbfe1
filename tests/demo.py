"""The article's story in the lab, with the real commands: `python -m tests.demo [--full]`, under a minute.

Nothing here is staged but the VPC, AWS and the agent. Every exit status and every finding code is checked; the first
one that is not as told ends the demo with 1.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import threading
import time
from typing import FrozenSet, List, Optional, Sequence, Tuple

from tests.lab.cases import CASES
from tests.lab.channel import LabUnavailable
from tests.lab.client import Lab
from tests.story import PATCH, REGION, UPDATE, codes_in, plain, prepare, register_words, send_command

PIPE_WIDTH = 100
MOST_SECONDS = 60.0
ANSWER_WITHIN = 3.0
BUSY = 2
"""How many times the seconds of the story a busy machine is forgiven, with a remark; `make bench` measures."""

COMMAND_WITHIN = 50.0
PACE = 100
"""How many times faster than the real agent's the stand-in's waits are."""
NONE: FrozenSet[str] = frozenset()


class ToldOtherwise(Exception):
    """A step did not end as the story says."""


class Screen:
    """Takes what a command prints; lines after the first `fold` are counted instead of shown."""

    def __init__(self, fold: Optional[int]) -> None:
        self._fold = fold
        self._lines = 0
        self.text = ""

    def take(self, data: bytes) -> None:
        """Show a piece of output at once."""
        self.text += data.decode("utf-8", "replace")
        for line in data.splitlines(keepends=True):
            if self._fold is None or self._lines < self._fold:
                write(line)
            self._lines += line.endswith(b"\n")

    @property
    def hidden(self) -> int:
        """How many lines were not shown."""
        return max(0, self._lines - self._fold) if self._fold is not None else 0


def write(data: bytes) -> None:
    """Bytes to standard output, past its encoding: a command's output is passed on as it is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


class Teller:
    """Plays steps in a lab, prints them, checks them and keeps their seconds."""

    def __init__(self, lab: Lab, full: bool) -> None:
        self.lab, self._full = lab, full
        self.steps: List[Tuple[str, float]] = [("the lab is built", lab.started_in)]
        self._terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self._columns = shutil.get_terminal_size((PIPE_WIDTH, 24)).columns if self._terminal else PIPE_WIDTH
        self._coloured = self._terminal and not os.environ.get("NO_COLOR")
        kept = ("NO_COLOR", "TERM")
        self._env = {name: os.environ[name] for name in kept if self._terminal and os.environ.get(name)}

    def say(self, text: str, style: str = "36") -> None:
        """A line of narration."""
        print(f"\n{self._styled(f'# {text}', style)}", flush=True)

    def _styled(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._coloured else text

    def command(
        self,
        words: Sequence[str],
        exits: int,
        codes: FrozenSet[str] = NONE,
        says: Sequence[str] = (),
        fold: Optional[int] = None,
        within: Optional[float] = None,
    ) -> None:
        """Run ssm-bootstrap as a person would, and hold it to its exit status, error codes, words and time."""
        print(self._styled(f"$ sudo ssm-bootstrap {shlex.join(words)}", "1"), flush=True)
        screen = Screen(None if self._full else fold)
        try:
            status, seconds = self._run(["ssm-bootstrap", *words], screen)
        except subprocess.TimeoutExpired:
            raise ToldOtherwise(f"{words[0]} did not end in {COMMAND_WITHIN:.0f} s") from None
        if screen.hidden:
            print(self._styled(f"  … {screen.hidden} more lines: evidence, steps, commands to paste (--full shows them)", "2"))
        told = codes_in(screen.text)
        words_of = " ".join(sorted(told)) or ("all well" if status == 0 else "no finding")
        print(self._styled(f"  exit status {status} after {seconds:.1f} s", "2"), flush=True)
        self.steps.append((f"{words[0]}: exit {status}, {words_of}", seconds))
        if status != exits:
            raise ToldOtherwise(f"{words[0]} ended with {status}, and the story says {exits}")
        if told != codes:
            raise ToldOtherwise(f"{words[0]} told of {sorted(told)}, and the story says {sorted(codes)}")
        for said in says:
            if said not in " ".join(plain(screen.text).split()):
                raise ToldOtherwise(f"{words[0]} did not say {said!r}")
        if within is not None and seconds > within:
            late = f"{words[0]} took {seconds:.2f} s, and the story says {within:.0f} s at most"
            if seconds > BUSY * within:
                raise ToldOtherwise(late)
            self.say(f"{late}: is this machine busy?", "33")

    def _run(self, words: Sequence[str], screen: Screen) -> Tuple[int, float]:
        if not self._terminal:
            done = self.lab.run(["sh", "-c", 'exec "$@" 2>&1', "sh", *words], env=self._env, timeout=COMMAND_WITHIN)
            screen.take(done.stdout.encode())
            return done.returncode, done.seconds
        process, master = self.lab.start_on_terminal(words, env=self._env, columns=self._columns)
        watch = threading.Timer(COMMAND_WITHIN, process.kill)
        watch.start()
        try:
            while True:
                data = os.read(master, 65536)
                if not data:
                    break
                screen.take(data)
        except OSError:  # the terminal's other end is closed: the command has ended
            pass
        finally:
            watch.cancel()
            os.close(master)
        return process.wait(30), process.seconds

    def change(self, case: str, text: str) -> None:
        """The VPC changes while the instance keeps running."""
        began = time.monotonic()
        self.lab.apply(CASES[case])
        self.steps.append((f"the VPC becomes {case}", time.monotonic() - began))
        self.say(text, "35")

    def document(self, name: str, status: str, says: str) -> None:
        """AWS sends a document; its plugin's output is shown as the console would."""
        print(self._styled(f"> aws ssm send-command --document-name {name} …", "1"), flush=True)
        try:
            ran = send_command(self.lab, name)
        except TimeoutError as error:
            raise ToldOtherwise(str(error)) from None
        print("\n".join(f"  {line}" for line in [f"Status: {ran.status}", *ran.output.splitlines()]), flush=True)
        self.steps.append((f"{name}: {ran.status}", ran.seconds))
        if ran.status != status or says not in ran.output:
            raise ToldOtherwise(f"{name} ended as {ran.status}, and the story says {status} with {says!r}")

    def sum_up(self) -> float:
        """The seconds of each step; gives their sum."""
        total = sum(seconds for _, seconds in self.steps)
        print("\n  seconds  step")
        for name, seconds in self.steps:
            print(f"  {seconds:7.2f}  {name}")
        print(f"  {total:7.2f}  in all (the agent is a stand-in, whose own waits are {PACE} times shorter than the real one's)")
        return total


def play(teller: Teller) -> None:
    """The story."""
    api, storage = frozenset({"endpoint-missing"}), frozenset({"s3-unreachable"})
    teller.say("An instance in a closed VPC: no way to the internet, no VPC endpoint. Someone registers it.")
    teller.command(register_words(), 69, api, within=ANSWER_WITHIN)
    teller.say("The agent alone is silent for two minutes here, then says 'i/o timeout'. What else is missing in this VPC?")
    said = ["run-command broken endpoint-missing", "then s3-unreachable"]
    teller.command(["probe", "--region", REGION], 1, api, says=said, fold=28)
    teller.change("interface-endpoints-only", "Interface endpoints for ssm, ssmmessages and ec2messages appear.")
    teller.command(register_words(), 0, says=["Registered: mi-", "Online through ssmmessages"])
    teller.say("The node is online, and AWS sends it work: patches, and a new agent.")
    teller.document(PATCH, "Failed", "curl: (28)")
    teller.document(UPDATE, "Failed", "i/o timeout")
    teller.say("Online, yet nothing works. What does the agent's log say?")
    teller.command(["explain"], 1, storage, fold=22)
    teller.say("And what does the machine see at this moment?")
    teller.command(["doctor"], 1, storage, says=["run-command ok", "patch broken s3-unreachable"], fold=32)
    teller.change("complete", "A gateway endpoint for S3 appears in the route table.")
    teller.command(["doctor"], 0, says=["No fault found.", "patch, agent-update: ok"])
    teller.say("The same work again.")
    teller.document(PATCH, "Success", "payload fetched")
    teller.document(UPDATE, "Success", "Successfully downloaded")


def main(argv: Optional[List[str]] = None) -> int:
    """Play, sum up, and say whether all was as told."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description=__doc__)
    parser.add_argument("--full", action="store_true", help="every line of every command")
    arguments = parser.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        with Lab(CASES["no-endpoints"], region=REGION) as lab:
            prepare(lab, f"{1 / PACE}")
            teller = Teller(lab, arguments.full)
            try:
                play(teller)
            except ToldOtherwise as error:
                teller.sum_up()
                print(f"\ndemo: not as told: {error}", flush=True)
                return 1
            if teller.sum_up() >= MOST_SECONDS:
                print(f"\ndemo: not as told: the whole took more than {MOST_SECONDS:.0f} s")
                return 1
    except LabUnavailable as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
