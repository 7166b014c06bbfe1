"""What ``doctor`` writes of a replayed look: the plugin's line, metrics, the HTML file, and any console's letters."""

from __future__ import annotations

import os
import stat
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Iterator

import html5lib
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ssm_bootstrap.cli.output import check_place, write_file
from ssm_bootstrap.cli.saving import observations_text
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Seen
from tests import caller
from tests.laws.tree import ROOT
from tests.made import INSIDE, REGION, healthy, observations, probe
from tests.render.reports import AGENT, CLOSED, HEALTHY

UNREADABLE = replace(HEALTHY, identity=Seen(Identity(IdentityState.UNREADABLE, detail="only root may read it")))
PUBLIC_PATH = observations(
    *healthy(probe("ssmmessages", "52.119.1.1")), agent=Seen(AGENT), identity=HEALTHY.identity, closed=True
)
FOREIGN = observations(
    *healthy(probe("ssm", INSIDE, Stage.TLS, Failure.UNTRUSTED_ISSUER, detail="CN=Zürich 表 ✗", issuer="CN=Zürich 表 ✗")),
    agent=Seen(AGENT),
    identity=Seen(Identity(IdentityState.REGISTERED, "mi-1", REGION)),
)


def saved(tmp_path: Path, seen: Observations) -> str:
    path = tmp_path / "seen.json"
    path.write_text(observations_text(replace(seen, plan=replace(seen.plan, command="doctor"))), encoding="utf-8")
    return str(path)


def doctor(*words: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR", "PYTHONUTF8")}
    return subprocess.run(
        [*caller.program(), "doctor", *words],
        capture_output=True,
        cwd=ROOT,
        env={**environment, **variables},
        check=False,
    )


@pytest.mark.parametrize(
    ("seen", "status", "word"),
    [(HEALTHY, 0, b"OK"), (PUBLIC_PATH, 1, b"WARNING"), (CLOSED, 2, b"CRITICAL"), (UNREADABLE, 3, b"UNKNOWN")],
    ids=["ok", "warning", "critical", "unknown"],
)
def test_nagios_gets_its_statuses_and_one_line(tmp_path: Path, seen: Observations, status: int, word: bytes) -> None:
    done = doctor("--replay", saved(tmp_path, seen), "--nagios", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (status, b"")
    assert done.stdout.startswith(b"SSM " + word + b" - ") and done.stdout.count(b"\n") == 1
    assert b" | register=" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["--replay", "/does/not/exist"],
        ["--replay", "/dev/null"],
        ["--replay", "/does/not/exist", "--save", "x"],
        ["--prometheus", "/does/not/exist/x.prom"],
        ["--no-such-flag"],
        ["--wait", "soon"],
        ["--for", "flying"],
        ["--json"],
    ],
    ids=" ".join,
)
def test_to_nagios_every_refusal_is_unknown(words: list[str]) -> None:
    done = doctor("--nagios", *words)
    assert done.returncode == 3
    assert done.stdout.startswith(b"SSM UNKNOWN - ") and done.stdout.count(b"\n") == 1 and b"|" not in done.stdout


def test_without_nagios_a_wrong_flag_is_2_as_ever() -> None:
    done = doctor("--no-such-flag")
    assert (done.returncode, done.stdout) == (2, b"")


def test_of_what_was_not_looked_at_a_replay_says_nothing(tmp_path: Path) -> None:
    seen = replace(HEALTHY, plan=replace(HEALTHY.plan, capabilities=("register",)))
    path = saved(tmp_path, seen)
    done = doctor("--replay", path, "--for", "patch")
    assert (done.returncode, done.stdout) == (2, b"") and b"patch was not looked at" in done.stderr
    assert doctor("--replay", path, "--for", "register").returncode == 0
    assert doctor("--replay", path).returncode == 0


def test_a_replay_is_of_its_own_region(tmp_path: Path) -> None:
    done = doctor("--replay", saved(tmp_path, HEALTHY), "--region", "us-east-1")
    assert (done.returncode, done.stdout) == (2, b"") and b"--region: expected without --replay" in done.stderr


def test_metrics_are_for_the_collector_to_read_and_replace_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "ssm.prom"
    path.write_text("stale 1\n", encoding="utf-8")
    os.chmod(path, 0o600)
    before = path.stat().st_ino
    done = doctor("--replay", saved(tmp_path, CLOSED), "--prometheus", str(path), "--json")
    assert done.returncode == 1 and done.stdout.startswith(b"{")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert path.stat().st_ino != before, "a new file in its place: a reader sees the old one or the new one"
    assert len(list(text_string_to_metric_families(path.read_text(encoding="utf-8")))) >= 4
    assert sorted(item.name for item in tmp_path.iterdir()) == ["seen.json", "ssm.prom"]


def test_what_is_refused_leaves_the_old_metrics_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "ssm.prom"
    path.write_text("stale 1\n", encoding="utf-8")
    done = doctor("--replay", "/does/not/exist", "--prometheus", str(path))
    assert done.returncode == 66
    assert path.read_text(encoding="utf-8") == "stale 1\n"


def test_the_html_file_is_private_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    done = doctor("--replay", saved(tmp_path, FOREIGN), "--html", str(path))
    assert done.returncode == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text(encoding="utf-8")
    html5lib.HTMLParser(strict=True).parse(text)
    assert "CN=Zürich 表 ✗" in text and "tls-untrusted" in text and "The node" in text


def test_without_a_template_engine_the_extra_is_named_before_anything_is_looked_at(tmp_path: Path) -> None:
    caller.needs_pythons_variables()
    (tmp_path / "jinja2.py").write_text("raise ImportError('there is none')\n", encoding="utf-8")
    page, words = tmp_path / "report.html", ("--replay", saved(tmp_path, FOREIGN))
    done = doctor(*words, "--html", str(page), PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout, page.exists()) == (78, b"", False)
    (line,) = done.stderr.decode().splitlines()
    assert "--html: Jinja2 is missing: install ssm-bootstrap[html]" in line
    assert doctor(*words, PYTHONPATH=str(tmp_path)).returncode == 1


@pytest.mark.parametrize("form", [("--full",), ("--json",), ("--nagios",), ("--short",)], ids="".join)
def test_where_something_was_written_is_told_on_standard_error_alone(tmp_path: Path, form: tuple[str, ...]) -> None:
    seen, page, metrics = saved(tmp_path, FOREIGN), tmp_path / "report.html", tmp_path / "ssm.prom"
    plain = doctor("--replay", seen, *form)
    done = doctor("--replay", seen, *form, "--html", str(page), "--prometheus", str(metrics))
    assert (done.returncode, done.stdout, plain.stderr) == (plain.returncode, plain.stdout, b"")
    told = done.stderr.decode().splitlines()
    assert [line.partition(": ")[0] for line in told] == [f"wrote {metrics}", f"wrote {page}"]
    assert page.is_file() and metrics.is_file()


CONSOLES = (
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "iso-8859-1"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "C", "TERM": "dumb"},
    {"NO_COLOR": "1"},
)


@pytest.mark.parametrize("flags", [(), ("--short",), ("--json",), ("--nagios",)], ids=lambda flags: " ".join(flags) or "text")
@pytest.mark.parametrize("console", CONSOLES, ids=lambda console: " ".join(map("=".join, console.items())))
def test_no_console_is_too_poor(tmp_path: Path, console: dict[str, str], flags: tuple[str, ...]) -> None:
    if any(name.startswith("PYTHON") for name in console):
        caller.needs_pythons_variables()
    done = doctor("--replay", saved(tmp_path, FOREIGN), *flags, **console)
    assert (done.returncode, done.stderr) == (2 if flags == ("--nagios",) else 1, b"")
    assert b"tls-untrusted" in done.stdout and b"\x1b" not in done.stdout
    if console.get("PYTHONIOENCODING") or "PYTHONUTF8" in console:
        assert done.stdout.isascii()
    for row in done.stdout.decode("utf-8").split("\n") if not flags else ():
        assert len(row) <= 100 or row.startswith("      ")


def odd_places(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "real").write_text("kept", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "nowhere").symlink_to(tmp_path / "not-there")
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    yield from (str(tmp_path / name) for name in ("link", "nowhere", "directory", "pipe", "no/such/place"))
    yield f"{tmp_path}/new/"
    yield "/dev/null"


def test_only_a_file_is_replaced(tmp_path: Path) -> None:
    for place in odd_places(tmp_path):
        before = os.path.lexists(place) and os.lstat(place)
        for refuse in (lambda: check_place("--html", place), lambda: write_file("--html", place, b"new", 0o600, Secrets())):  # noqa: B023
            with pytest.raises(Refusal) as told:
                refuse()
            assert told.value.status is ExitStatus.BAD_CONTENT and told.value.message.startswith(f"--html: {place}: ")
        after = os.path.lexists(place) and os.lstat(place)
        assert after == before or (after and before and (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode))
    assert (tmp_path / "real").read_text(encoding="utf-8") == "kept"


def test_a_file_is_written_anew_with_the_mode_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for data, mode in ((b"one", 0o600), (b"two", 0o644)):
        write_file("--x", str(path), data, mode, Secrets())
        assert path.read_bytes() == data and stat.S_IMODE(path.stat().st_mode) == mode
    assert [item.name for item in tmp_path.iterdir()] == ["file"]


def test_a_dash_is_no_file_to_write_to(tmp_path: Path) -> None:
    done = doctor("--replay", saved(tmp_path, FOREIGN), "--html", "-")
    assert done.returncode == 2 and b"--html: -: expected a file" in done.stderr and not Path("-").exists()
