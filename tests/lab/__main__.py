"""The lab by hand: `python -m tests.lab list`, `shell CASE`, `run CASE COMMAND…`."""

from __future__ import annotations

import argparse
import os
import select
import shutil
import sys
import termios
import tty
from typing import List, Optional

from tests.lab.cases import CASES
from tests.lab.channel import LabUnavailable
from tests.lab.client import Lab


def show_cases() -> int:
    """One line a case: its name, what it is, what a probe must say."""
    for case in CASES.values():
        print(f"{case.name:28} {case.title:70} {' '.join(sorted(case.causes)) or '-'}")
    return 0


def open_shell(lab: Lab) -> int:
    """An interactive shell in the instance, on this terminal."""
    size = shutil.get_terminal_size()
    process, master = lab.start_on_terminal(
        ["bash", "--norc"], columns=size.columns, lines=size.lines, env={"PS1": f"[instance in {lab.case.name}] \\w # "}
    )
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        while process.poll() is None:
            ready, _, _ = select.select([0, master], [], [], 0.2)
            for source in ready:
                data = os.read(source, 65536)
                os.write(master if source == 0 else 1, data)
    except OSError:  # the terminal's other end is closed
        pass
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
        os.close(master)
    return process.wait(5)


def main(argv: Optional[List[str]] = None) -> int:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the cases")
    shell = commands.add_parser("shell", help="a shell in the instance")
    run = commands.add_parser("run", help="one command in the instance")
    for command in (shell, run):
        command.add_argument("case", choices=sorted(CASES), metavar="CASE")
    run.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    arguments = parser.parse_args(argv)
    if arguments.command == "list":
        return show_cases()
    try:
        with Lab(CASES[arguments.case]) as lab:
            if arguments.command == "shell":
                return open_shell(lab)
            done = lab.run(arguments.words, timeout=600)
            sys.stdout.write(done.stdout)
            sys.stderr.write(done.stderr)
            return done.returncode
    except (LabUnavailable, OSError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 69


if __name__ == "__main__":
    sys.exit(main())
