"""The bundle where it starts: the first time, many times at once, after a kill, and where nothing can be written or executed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Optional

import pytest

from tests.bundle.conftest import Built
from tests.bundle.running import look, namespace, run, start
from tests.cli.test_streams import STATES, broken

pytestmark = pytest.mark.lab


def inside(user: int, *mounts: str) -> list[str]:
    """The words that run others as ``user`` after these mount commands, in a namespace of their own.

    Whoever is not root is an ordinary user as he is; and in his namespace the system's directories are nobody's.
    """
    if os.geteuid() != 0:
        if user and not mounts:
            return []
        pytest.skip("to one who is not root the directories above are nobody's in a user namespace: no place passes there")
    found = namespace(user)
    if found is None:
        pytest.skip("no user namespace can be made here")
    script = " && ".join([*mounts, 'exec "$@"'])
    if user and mounts:
        # Only root may mount: the user comes after it, in a second namespace.
        again = " ".join(namespace(user) or ())
        return [*(namespace(0) or ()), "sh", "-c", " && ".join([*mounts, f'exec {again} "$@"']), "sh"]
    return [*found, "sh", "-c", script, "sh"]


def seen(words: list[str], **environment: str) -> dict[str, str]:
    done = run(words, **environment)
    assert done.returncode == 0, done.stderr
    return {**dict(line.split(" ", 1) for line in done.stdout.splitlines()), "said": done.stderr}


def names(base: Path) -> list[str]:
    return sorted(path.name for path in base.iterdir() if not path.name.startswith("."))


def tmpfs(place: str, options: str = "mode=755") -> str:
    return f"mount -t tmpfs -o {options} tmpfs {place}"


def test_many_first_runs_at_once_make_one_place(built: Built, tmp_path: Path) -> None:
    words = [*inside(1000), *start(built.file, "--version")]
    runs = [
        subprocess.Popen(
            words, env={"XDG_CACHE_HOME": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(5)
    ]
    said = {run.communicate(timeout=60)[0] for run in runs}
    assert len(said) == 1 and said.pop().startswith("ssm-bootstrap ")
    assert len(names(tmp_path / "ssm-bootstrap")) == 1


@pytest.mark.parametrize("leftover", ["{}.part", "{}.part.tmp"])
def test_what_a_killed_first_run_left_is_not_used(built: Built, tmp_path: Path, leftover: str) -> None:
    base = tmp_path / "ssm-bootstrap"
    words = [*inside(1000), *look(built.file)]
    home = Path(seen(words, XDG_CACHE_HOME=str(tmp_path))["home"])
    half = base / leftover.format(home.name)
    home.rename(half)
    (half / "site-packages" / "ssm_bootstrap" / "cli" / "__init__.py").write_text("")
    done = run([*inside(1000), *start(built.file, "--version")], XDG_CACHE_HOME=str(tmp_path))
    assert done.stdout.startswith("ssm-bootstrap ") and done.stderr == ""
    assert names(base) == [home.name]


def test_a_run_killed_anywhere_is_no_matter(built: Built, tmp_path: Path) -> None:
    words = [*inside(1000), *start(built.file, "--version")]
    cut = 0
    for seconds in (0.05, 0.1, 0.15, 0.2, 0.3, 0.4):
        first = subprocess.Popen(words, env={"XDG_CACHE_HOME": str(tmp_path / str(seconds))}, stdout=subprocess.DEVNULL)
        try:
            first.wait(seconds)
        except subprocess.TimeoutExpired:
            first.kill()
            first.wait()
            cut += 1
        again = run(words, XDG_CACHE_HOME=str(tmp_path / str(seconds)))
        assert again.stdout.startswith("ssm-bootstrap ") and again.stderr == ""
        assert len(names(tmp_path / str(seconds) / "ssm-bootstrap")) == 1
    assert cut, "none was killed"


@pytest.mark.parametrize("damage", ["truncated", "missing", "other bytes"])
def test_what_a_cut_of_the_power_left_is_not_used(built: Built, tmp_path: Path, damage: str) -> None:
    words = [*inside(1000), *look(built.file)]
    home = Path(seen(words, XDG_CACHE_HOME=str(tmp_path))["home"])
    boot = (home / ".boot").read_text()
    module = home / "site-packages" / "requests" / "sessions.py"
    whole = module.read_bytes()
    (home / ".boot").write_text("another boot\n")
    if damage == "missing":
        module.unlink()
    else:
        module.write_bytes(b"" if damage == "truncated" else b"\0" * len(whole))
    assert seen(words, XDG_CACHE_HOME=str(tmp_path))["home"] == str(home)
    assert (module.read_bytes(), (home / ".boot").read_text()) == (whole, boot)


def test_what_is_whole_stays_after_a_restart_of_the_machine(built: Built, tmp_path: Path) -> None:
    words = [*inside(1000), *look(built.file)]
    home = Path(seen(words, XDG_CACHE_HOME=str(tmp_path))["home"])
    before, boot = home.stat().st_ino, (home / ".boot").read_text()
    (home / ".boot").write_text("another boot\n")
    assert seen(words, XDG_CACHE_HOME=str(tmp_path))["home"] == str(home)
    assert (home.stat().st_ino, (home / ".boot").read_text()) == (before, boot)


def test_root_has_it_in_var_cache(built: Built) -> None:
    words = inside(0, tmpfs("/var/cache"), tmpfs("/run"))
    told = seen([*words, *look(built.file)], HOME="/home/another", XDG_CACHE_HOME="/tmp/of-another")
    assert told["home"].startswith("/var/cache/ssm-bootstrap/")
    assert (told["compiled"], told["said"]) == ("file", "")


def test_a_place_that_is_noexec_comes_last(built: Built) -> None:
    words = inside(0, tmpfs("/var/cache", "mode=755,noexec"), tmpfs("/run"))
    told = seen([*words, *look(built.file)])
    assert told["home"].startswith("/run/ssm-bootstrap/")
    assert (told["compiled"], told["said"]) == ("file", "")


def test_with_noexec_everywhere_the_compiled_part_comes_from_memory(built: Built) -> None:
    words = inside(0, *(tmpfs(place, "mode=755,noexec") for place in ("/var/cache", "/run", "/tmp", "/dev/shm")))
    with built.file.open("rb") as stream:  # its own place may be hidden now
        copied = [*words, "sh", "-c", 'cat > /run/bundle.pyz && exec "$@"', "sh", *look(Path("/run/bundle.pyz"))]
        done = subprocess.run(copied, stdin=stream, env={"PATH": os.defpath}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert told["home"].startswith("/var/cache/ssm-bootstrap/")
    assert (told["compiled"], told["processes"], done.stderr) == ("memory", "True", "")


def test_where_nothing_can_be_written_it_runs_from_the_file(built: Built) -> None:
    words = inside(0, tmpfs("/var/cache", "ro"), tmpfs("/run", "ro"))
    told = seen([*words, *look(built.file)])
    assert (told["home"], told["compiled"], told["processes"], told["said"]) == ("None", "memory", "True", "")
    assert told["requests"].startswith(f"{built.file}/site-packages/")


@pytest.mark.parametrize("home", [None, "/nonexistent", "/proc"])
def test_without_a_home_it_runs_from_the_file(built: Built, home: Optional[str]) -> None:
    environment = {} if home is None else {"HOME": home}
    told = seen([*inside(4242), *look(built.file)], **environment)
    assert (told["home"], told["processes"], told["said"]) == ("None", "True", "")
    done = run([*inside(4242), *start(built.file, "--version")], **environment)
    assert done.stdout.startswith("ssm-bootstrap ") and done.stderr == ""


def test_a_planted_directory_is_named_and_not_used(built: Built) -> None:
    plant = "mkdir /var/cache/ssm-bootstrap && chmod 777 /var/cache/ssm-bootstrap"
    words = inside(0, tmpfs("/var/cache"), tmpfs("/run", "ro"), plant)
    told = seen([*words, *look(built.file)])
    assert told["home"] == "None"
    assert told["said"] == "ssm-bootstrap: /var/cache/ssm-bootstrap is not used: others may write to it (mode 0777)\n"


def test_a_full_disk_is_told_and_is_no_hindrance(built: Built) -> None:
    words = inside(0, tmpfs("/var/cache", "mode=755,size=1m"), tmpfs("/run", "ro"))
    done = run([*words, "sh", "-c", '"$@" && ls /var/cache/ssm-bootstrap', "sh", *start(built.file, "--version")])
    assert done.stderr == "ssm-bootstrap: could not be unpacked to /var/cache/ssm-bootstrap: No space left on device\n"
    assert len(done.stdout.splitlines()) == 1 and done.returncode == 0


def test_a_place_that_became_read_only_is_used_as_it_is(built: Built) -> None:
    words = inside(0, tmpfs("/var/cache"), tmpfs("/run", "ro"))
    script = '"$@" >/dev/null && mount -o remount,ro /var/cache && "$@"'
    told = seen([*words, "sh", "-c", script, "sh", *look(built.file)])
    assert told["home"].startswith("/var/cache/ssm-bootstrap/") and told["said"] == ""


def test_it_leaves_no_open_file_to_its_children(built: Built, tmp_path: Path) -> None:
    words = [*inside(1000), *look(built.file)]
    words[words.index("-c", words.index("-S")) + 1] += "\nos.execv('/bin/ls', ['ls', '/proc/self/fd'])\n"
    done = run(words, XDG_CACHE_HOME=str(tmp_path), PATH=os.defpath)
    assert done.stdout.split()[-4:] == ["0", "1", "2", "3"], done.stderr


@pytest.mark.parametrize("stream", ["output", "error", "all"])
@pytest.mark.parametrize("state", STATES)
def test_streams_that_nobody_reads_decide_nothing(built: Built, state: str, stream: str) -> None:
    """A wrong flag is 2, and the directory that is held never gets the number of a stream."""
    done = run(broken(state, stream, start(built.file, "status", "--no-such-flag")))
    assert done.returncode == 2
