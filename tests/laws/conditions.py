"""What every test may rely on, whoever starts the suite: run by ``test_first_try`` under a caller that spoils all of it."""

from __future__ import annotations

import locale
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import settings

HEARD = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGCHLD]


@pytest.mark.parametrize("number", HEARD, ids=lambda number: number.name)
def test_signals_are_heard_here_and_in_children(number: signal.Signals) -> None:
    assert signal.getsignal(number) is not signal.SIG_IGN
    assert number not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    ask = f"import signal; print(signal.getsignal({int(number)}) == signal.SIG_IGN, signal.pthread_sigmask(0, ()))"
    assert subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True).stdout == "False set()\n"


def test_files_are_made_as_usual(tmp_path: Path) -> None:
    (tmp_path / "made").touch()
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o644


def test_zone_and_language_are_known() -> None:
    assert (time.tzname[0], time.localtime(0).tm_hour) == ("UTC", 0)
    assert locale.setlocale(locale.LC_CTYPE) in ("C.UTF-8", "C.utf8")
    ask = "import locale, time; print(time.tzname[0], locale.getpreferredencoding(), 'é')"
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True).stdout.decode("utf-8")
    assert told.lower() == "utc utf-8 é\n"


def test_the_environment_is_ours() -> None:
    assert os.environ["LANG"] == "C.UTF-8" and os.environ["TZ"] == "UTC"
    names = (
        "COLUMNS",
        "NO_COLOR",
        "https_proxy",
        "SSL_CERT_FILE",
        "SSM_BOOTSTRAP_REGION",
        "LC_ALL",
        "NOTIFY_SOCKET",
        "PYTHONUTF8",
    )
    assert [name for name in names if name in os.environ] == []
    assert Path(os.environ["HOME"]).is_dir() and list(Path(os.environ["HOME"]).iterdir()) == []
    assert "/spoilt" not in os.environ["PATH"].split(":")


def test_limits_are_what_the_hard_ones_allow() -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 512
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CPU):
        soft, hard = resource.getrlimit(limit)
        assert soft == hard


def test_examples_are_the_same_each_time() -> None:
    assert settings.default is not None
    assert settings.default.derandomize and settings.default.deadline is None and settings.default.database is None


def test_what_a_test_changes_is_put_back_a() -> None:
    os.environ["COLUMNS"], os.environ["TZ"] = "3", "Asia/Tokyo"
    time.tzset()
    os.umask(0o077)
    os.chdir("/")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def test_what_a_test_changes_is_put_back_b() -> None:
    """After the one before it."""
    assert "COLUMNS" not in os.environ and time.tzname[0] == "UTC" and os.getcwd() != "/"
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN
    mask = os.umask(0o022)
    assert mask == 0o022
