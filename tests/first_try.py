"""``make first-try``: the suite in fresh clones, under every caller that it has to pass for, one after the other.

Each run is `make test` of the last commit in a clone of its own, with a virtual environment of its own, ended after LONGEST.
Words choose among them: `python -m tests.first_try nohup blank`. The exit status is 1 where one has not passed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterator, List, Sequence, Tuple

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 45 * 60
NOBODY = 65534
SPIN = "while True: pass"


@dataclass(frozen=True)
class Run:
    """One caller: by which words it starts `make test`, with what besides in its environment, and beside how many spinners."""

    name: str
    words: Tuple[str, ...] = ("make", "test")
    environment: Dict[str, str] = field(default_factory=dict)
    spinning: int = 0
    place: str = "clone"
    user: int = 0

    @property
    def needs_root(self) -> bool:
        """Whether only root can become that caller."""
        return self.user != 0


PLAIN = [Run(f"plain-{number}") for number in (1, 2, 3)]
BUSY = [Run(f"busy-{number}", spinning=2) for number in (1, 2, 3)]
OTHERS = [
    Run("nohup", ("sh", "-c", 'trap "" INT QUIT; nohup make test >told 2>&1 & wait $!; status=$?; cat told; exit $status')),
    Run("nobody", user=NOBODY),
    Run("blank", place="a clone with blanks"),
    Run("tokyo", environment={"TZ": "Asia/Tokyo", "LANG": "ja_JP.UTF-8", "LC_ALL": "ja_JP.UTF-8"}),
]
RUNS = {run.name: run for run in (*PLAIN, *BUSY, *OTHERS)}


@dataclass(frozen=True)
class Told:
    """How one ended: its status (None where it was ended), its seconds, pytest's last line, and the tests that failed."""

    status: int
    seconds: float
    summary: str
    failed: Tuple[str, ...]

    def row(self, name: str) -> str:
        """A line of the table."""
        said = "passed" if self.status == 0 else f"FAILED ({self.status})"
        return f"  {name:9} {said:12} {self.seconds:6.0f} s  {self.summary}"


def main(words: Sequence[str]) -> int:
    """Run those that are asked for, or all, and print the table as they end."""
    parser = argparse.ArgumentParser(prog="python -m tests.first_try", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("runs", nargs="*", metavar="RUN", help=f"{', '.join(RUNS)} (default: all)")
    parser.add_argument(
        "--longest", type=int, default=LONGEST, metavar="SECONDS", help="when a run is ended (default %(default)s)"
    )
    arguments = parser.parse_args(words)
    unknown = [name for name in arguments.runs if name not in RUNS]
    if unknown:
        parser.error(f"no such run: {', '.join(unknown)}; expected {', '.join(RUNS)}")
    if subprocess.run(["git", "-C", str(ROOT), "status", "--porcelain"], capture_output=True).stdout:
        print("(what is not committed is not in the clones)", flush=True)
    failed = False
    for name in arguments.runs or RUNS:
        run = RUNS[name]
        if run.needs_root and os.geteuid() != 0:
            print(f"  {name:9} not run: only root can become another user", flush=True)
            continue
        told = carry_out(run, arguments.longest)
        print(told.row(name), flush=True)
        for line in told.failed:
            print(f"              {line}", flush=True)
        failed = failed or told.status != 0
    return 1 if failed else 0


def carry_out(run: Run, longest: int) -> Told:
    """One run, from the clone to its removal."""
    with tempfile.TemporaryDirectory(prefix="first-try-") as above, spinning(run.spinning):
        clone = Path(above) / run.place
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
        environment = {**os.environ, **run.environment}
        words = list(run.words)
        if run.user:
            words, environment = as_user(run.user, Path(above), clone, words, environment)
        began = time.monotonic()
        status, said = bounded(words, clone, environment, longest)
        return Told(status, time.monotonic() - began, summary_of(said), failed_of(said))


def as_user(
    user: int, above: Path, clone: Path, words: List[str], environment: Dict[str, str]
) -> Tuple[List[str], Dict[str, str]]:
    """The same as somebody without any right, whose home is beside the clone; root's own Pythons are out of their reach."""
    home = above / "home"
    home.mkdir()
    above.chmod(0o755)
    for path in (home, clone):
        subprocess.run(["chown", "-R", f"{user}:{user}", str(path)], check=True)
    plain = {key: value for key, value in environment.items() if not key.startswith(("PYENV", "XDG_", "SUDO_"))}
    plain.update(
        {"HOME": str(home), "USER": "nobody", "LOGNAME": "nobody", "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
    )
    become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
    return [*become, *words], plain


def bounded(words: Sequence[str], place: Path, environment: Dict[str, str], longest: int) -> Tuple[int, str]:
    """The status and the output of a command, which is ended with all that it started after ``longest`` seconds."""
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            words, cwd=place, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        try:
            status = child.wait(longest)
        except subprocess.TimeoutExpired:
            status = -signal.SIGKILL
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        output.seek(0)
        return status, output.read().decode("utf-8", "replace")


@contextlib.contextmanager
def spinning(count: int) -> Iterator[None]:
    """Processes beside the suite that take all the time that they can get."""
    spinners = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(count)]
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def summary_of(said: str) -> str:
    """How many passed, as pytest counts them; with -q it tells no more than dots where nothing failed."""
    ends = re.findall(r"^(?:=+ )?(\d+ (?:passed|failed|skipped|error)[^\n=]*?)(?: =+)?$", said, re.MULTILINE)
    if ends:
        return str(ends[-1])
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[-1][:90] if lines else "it said nothing"


def failed_of(said: str) -> Tuple[str, ...]:
    """The tests that failed, as pytest names them at its end."""
    return tuple(re.findall(r"^(?:FAILED|ERROR) [^\n]{1,150}", said, re.MULTILINE))[:20]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
