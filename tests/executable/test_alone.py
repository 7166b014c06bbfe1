"""That the executable stands alone: nothing is unpacked or loaded from the disk, and nothing of the caller says what it runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.bundle.running import namespace, run
from tests.cli.test_streams import STATES, broken
from tests.corpus import CORPUS
from tests.executable.conftest import Executable, interpreter
from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.laws.secrets import CANARIES
from tests.story import REGION

pytestmark = [pytest.mark.executable, pytest.mark.timeout(3600)]
LOG = str(CORPUS / "logs" / "no-s3" / "errors.log")
HTML = ["doctor", "--replay", "{saved}", "--html", "{place}/report.html"]


@pytest.fixture(scope="module")
def saved(built: Executable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved report of a machine without any network: a namespace that has none."""
    found = namespace(0)
    if found is None:
        pytest.skip("no user namespace can be made here")
    file = tmp_path_factory.mktemp("saved") / "saved.json"
    words = [*found, "unshare", "--net", str(built.file), "doctor", "--region", REGION, "--save", str(file)]
    done = run(words, PATH=os.environ["PATH"])
    assert done.returncode == 1 and file.exists(), done.stderr
    return file


def traced(built: Executable, log: Path, *words: str, **environment: str) -> list[str]:
    """Every call by which it itself, and no program that it runs, opens, makes or maps a file."""
    if shutil.which("strace") is None:
        pytest.skip("strace is missing (tests/system-packages executable-checks)")
    calls = "trace=%file,mmap,memfd_create,execve"
    done = run(["strace", "-f", "-y", "-s", "4096", "-e", calls, "-o", str(log), str(built.file), *words], **environment)
    assert done.returncode in (0, 1), done.stderr
    assert done.stdout
    calls = [call.partition(" ")[::2] for call in log.read_text().splitlines()]
    others = {process for process, call in calls if "execve(" in call and f'execve("{built.file}"' not in call}
    return [call for process, call in calls if process not in others]


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["explain", LOG], ["status"], HTML], ids=lambda words: words[0])
def test_nothing_is_unpacked_and_nothing_loaded_but_glibc(
    built: Executable, saved: Path, tmp_path: Path, words: list[str]
) -> None:
    place = tmp_path / "place"
    for name in ("home", "tmp", "out"):
        (place / name).mkdir(parents=True)
    given = [word.format(saved=saved, place=place / "out") for word in words]
    environment = {"HOME": str(place / "home"), "TMPDIR": str(place / "tmp"), "XDG_CACHE_HOME": str(place / "home")}
    calls = traced(built, tmp_path / "calls", *given, PATH=os.environ["PATH"], **environment)
    assert [path for name in ("home", "tmp") for path in (place / name).rglob("*")] == []
    made = [call for call in calls if re.search(r"O_CREAT|\b(mkdir|mkdirat|rename|renameat2?|symlink|link)\(", call)]
    assert [call for call in made if f'"{place}/out' not in call and "/proc/self/coredump_filter" not in call] == []
    assert not [call for call in calls if "memfd_create(" in call]
    mapped = {re.search(r"<(.+?)>", call) for call in calls if "mmap(" in call and "PROT_EXEC" in call and "<" in call}
    mapped_names = {os.path.basename(found[1]) for found in mapped if found}
    ours = {built.file.name}
    assert {
        name for name in mapped_names - ours if not re.match(r"(lib(c|m|dl|pthread|util|rt|nss_\w+|resolv)|ld-)", name)
    } == set()
    first = [call for call in calls if "execve(" in call]
    assert len([call for call in first if built.file.name in call]) == 1


@pytest.fixture
def hostile(tmp_path: Path) -> dict[str, str]:
    """A directory with modules of the same names, and an environment that names it in every way that Python and OpenSSL know."""
    place = tmp_path / "hostile"
    evil = f"open({str(tmp_path / 'ran')!r}, 'w').close()\n"
    for name in ("ssm_start.py", "ssm_bootstrap/__init__.py", "encodings/__init__.py", "os.py", "site.py", "sitecustomize.py"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(evil)
    (place / "lib" / "python3.13").mkdir(parents=True)
    for name in ("os.py", "site.py"):
        (place / "lib" / "python3.13" / name).write_text(evil)
    configuration = place / "openssl.cnf"
    configuration.write_text("openssl_conf = wrong\n[wrong]\nproviders = none\n[none]\nevil = nowhere\n")
    return {
        "PYTHONHOME": str(place),
        "PYTHONPATH": str(place),
        "PYTHONSTARTUP": str(place / "os.py"),
        "PYTHONINSPECT": "1",
        "PYTHONVERBOSE": "1",
        "PYTHONDEBUG": "9",
        "PYTHONWARNINGS": "error",
        "PYTHONPLATLIBDIR": "lib",
        "PYTHONPYCACHEPREFIX": str(place),
        "PYTHONBREAKPOINT": "ssm_bootstrap",
        "PYTHONMALLOC": "nonsense",
        "PYTHONHASHSEED": "nonsense",
        "OPENSSL_CONF": str(configuration),
        "OPENSSL_MODULES": str(place),
        "OPENSSL_ENGINES": str(place),
        "PLACE": str(place),
    }


def test_the_environment_decides_nothing(built: Executable, hostile: dict[str, str], tmp_path: Path) -> None:
    plain = run([str(built.file), "explain", LOG])
    done = subprocess.run(
        [str(built.file), "explain", LOG],
        env=hostile,
        cwd=hostile["PLACE"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stderr) == (plain.returncode, plain.stderr)
    assert done.stdout.splitlines()[1:] == plain.stdout.splitlines()[1:]  # the first says when it was
    assert not (tmp_path / "ran").exists()


def test_what_lies_beside_it_decides_nothing(built: Executable, hostile: dict[str, str], tmp_path: Path) -> None:
    place = Path(hostile["PLACE"]) / "bin"
    place.mkdir()
    shutil.copy(built.file, place / "python3.13")
    for name in ("pyvenv.cfg", "python3.13._pth", "pybuilddir.txt"):
        for directory in (place, place.parent):
            (directory / name).write_text(
                f"home = {place.parent}\ninclude-system-site-packages = true\n{place.parent}\nimport os\n"
            )
    done = run([str(place / "python3.13"), "--version"])
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("ssm-bootstrap ")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["with blanks", "änderung", "100%", "new\nline", "-x"])
def test_any_name_will_do(built: Executable, tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    shutil.copy(built.file, tmp_path / name / name)
    done = run([str(tmp_path / name / name), "explain", LOG], LC_ALL="POSIX")
    assert done.returncode == 1 and "s3-unreachable" in done.stdout and done.stderr == ""


def test_bytes_that_are_no_letters_will_do(built: Executable, tmp_path: Path) -> None:
    file = os.path.join(os.fsencode(tmp_path), b"\xff\xfe")
    shutil.copy(built.file, file)
    for value in ("POSIX", "C.UTF-8", "ja_JP.eucJP"):
        done = subprocess.run([file, "--version"], env={"LC_ALL": value}, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b""), value


def test_by_a_link_by_path_and_from_another_directory(built: Executable, tmp_path: Path) -> None:
    (tmp_path / "ssm-bootstrap").symlink_to(built.file)
    wanted = run([str(built.file), "--version"]).stdout
    assert run([str(tmp_path / "ssm-bootstrap"), "--version"]).stdout == wanted
    assert run(["sh", "-c", "ssm-bootstrap --version"], PATH=f"{tmp_path}:{os.environ['PATH']}").stdout == wanted
    assert run(["sh", "-c", f"cd {tmp_path} && ./ssm-bootstrap --version"], PATH=os.environ["PATH"]).stdout == wanted


def test_a_user_who_is_nobody_and_has_no_home(built: Executable) -> None:
    found = namespace(65534)
    if found is None:
        pytest.skip("no user namespace can be made here")
    done = run([*found, str(built.file), "--version"], HOME="/nonexistent")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_that_is_replaced_while_it_runs_goes_on(built: Executable, tmp_path: Path) -> None:
    """An upgrade comes while the unit waits: what it still has to load is that of its own file."""
    file, log = tmp_path / "ssm-bootstrap", tmp_path / "errors.log"
    shutil.copy(built.file, file)
    log.write_text("2026-11-23 10:00:00 ERROR [ssm-agent-worker] something that nobody knows\n")
    child = subprocess.Popen([str(file), "explain", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for _ in range(200):
        if os.path.exists(f"/proc/{child.pid}/exe") and os.readlink(f"/proc/{child.pid}/exe") == str(file):
            break
    (tmp_path / "new").write_bytes(b"#!/bin/sh\nexit 7\n")
    os.replace(tmp_path / "new", file)
    out, err = child.communicate(Path(LOG).read_bytes(), timeout=60)
    assert child.returncode == 1 and b"s3-unreachable" in out and err == b""


def test_a_file_that_is_cut_short_is_refused_in_one_line(built: Executable, tmp_path: Path) -> None:
    file = tmp_path / "cut"
    file.write_bytes(built.file.read_bytes()[:-1000])
    file.chmod(0o755)
    done = run([str(file), "--version"])
    assert done.returncode == 78 and done.stdout == ""
    assert done.stderr.startswith("ssm-bootstrap: ") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("stream", ["output", "error", "all"])
@pytest.mark.parametrize("state", STATES)
def test_streams_that_nobody_reads_decide_nothing(built: Executable, state: str, stream: str) -> None:
    assert run(broken(state, stream, [str(built.file), "status", "--no-such-flag"])).returncode == 2


def test_an_interrupt_ends_it_as_it_ends_the_bundle(built: Executable) -> None:
    child = subprocess.Popen(
        [str(built.file), "explain", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    child.stdin.write(
        "2026-11-23 10:00:00 ERROR [ssm-agent-worker] something that nobody knows\n" * 5000
    )  # more than a pipe holds
    child.stdin.flush()
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130 and "Traceback" not in err


def test_root_keeps_a_secret_out_of_dumps(built: Executable, tmp_path: Path) -> None:
    """Without ctypes, by a module of its own."""
    found = namespace(0)
    if found is None or shutil.which("strace") is None:
        pytest.skip("no user namespace can be made here, or strace is missing")
    uri = ["--s3-uri", "s3://my-bucket/ours", "--region", REGION, "--activation-id", "01234567-89ab-cdef-0123-456789abcdef"]
    words = [str(built.file), "user-data", *uri, "--code-in-user-data", "-"]
    asked = [*found, "strace", "-f", "-e", "trace=prctl", "-o", str(tmp_path / "calls"), *words]
    done = subprocess.run(asked, input=CANARIES["activation-code"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE) = 0" in (tmp_path / "calls").read_text()


COMPARED = """
import json, os, sys, psutil
me = psutil.Process()
told = {
    "functions": sorted(name for name in dir(psutil) if not name.startswith("_")),
    "compiled": sorted(name for name in dir(psutil._psplatform.cext) if not name.startswith("__")),
    "version": psutil.__version__,
    "boot": psutil.boot_time(),
    "cpus": [psutil.cpu_count(), psutil.cpu_count(logical=False)],
    "memory": psutil.virtual_memory().total,
    "partitions": [list(part) for part in psutil.disk_partitions(all=True)],
    "addresses": {name: [[str(field) for field in one] for one in ones] for name, ones in psutil.net_if_addrs().items()},
    "interfaces": {name: list(map(str, stats)) for name, stats in psutil.net_if_stats().items()},
    "usage": psutil.disk_usage("/").total,
    "parent": [me.ppid(), me.uids().real, me.gids().real, me.nice(), me.cwd()],
    "own": [str(me.ionice()), str(me.rlimit(psutil.RLIMIT_NOFILE))],
    "affinity": me.cpu_affinity(),
    "kernel": [psutil.Process(os.getppid()).name(), psutil.Process(1).create_time()],
}
print(json.dumps(told))
"""


def test_psutil_tells_what_the_wheels_tells(built: Executable) -> None:
    import psutil

    python = interpreter(built.machine) / "bin" / "python3.13"
    path = f"import sys; sys.path[:0] = [{str(built.file)!r} + '/site-packages']\n"
    wheel = f"import sys; sys.path[:0] = [{str(Path(psutil.__file__).parents[1])!r}]\n"
    from sys import executable

    told = []
    for program, start in ((str(python), path), (executable, wheel)):
        done = run([program, "-I", "-S", "-c", start + COMPARED])
        assert done.returncode == 0, done.stderr
        told.append(json.loads(done.stdout))
    assert told[0] == told[1]


# in the lab


@pytest.mark.lab
@pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")
def test_install_copies_the_executable_itself(built: Executable) -> None:
    with Lab(CASES["complete"]) as lab:
        done = lab.run([str(built.file), "install", "--region", REGION])
        assert done.returncode == 0, done.stderr
        assert lab.read("/usr/local/bin/ssm-bootstrap") == built.file.read_bytes()
        assert lab.mode("/usr/local/bin/ssm-bootstrap") == 0o755
        assert b"ExecStart=/usr/local/bin/ssm-bootstrap register" in lab.read("/etc/systemd/system/ssm-bootstrap.service")
        again = lab.run(["/usr/local/bin/ssm-bootstrap", "install"])
        assert again.returncode == 0 and "unchanged" in again.stdout
        gone = lab.run(["/usr/local/bin/ssm-bootstrap", "install", "--uninstall"])
        assert gone.returncode == 0 and not lab.exists("/usr/local/bin/ssm-bootstrap")


def test_user_data_knows_the_running_executable(built: Executable) -> None:
    words = ["user-data", "--s3-uri", "s3://my-bucket/ours", "--region", REGION]
    done = run([str(built.file), *words, "--activation-id", "01234567-89ab-cdef-0123-456789abcdef", "--format", "shell"])
    digest = subprocess.run(["sha256sum", str(built.file)], capture_output=True, text=True, check=True).stdout.split()[0]
    assert done.returncode == 0 and f"    {built.machine}) where=" in done.stdout and f"sha256={digest}" in done.stdout
