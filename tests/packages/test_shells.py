"""Completion in real shells, of the files that the package brings."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.packages.conftest import Made

pytestmark = pytest.mark.slow

BASH = """
source usr/share/bash-completion/completions/ssm-bootstrap
complete -p ssm-bootstrap >&2
name=$(complete -p ssm-bootstrap | sed -E 's/.* -F ([^ ]+) .*/\\1/')
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMPREPLY=()
"$name" "$1" "${@: -1}" "${@: -2:1}"
printf '%s\\n' "${COMPREPLY[@]}" | sort
"""
ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; fpath=($PWD/usr/share/zsh/vendor-completions \\$fpath); autoload -U compinit; compinit -u -d $1"
zpty -w shell "zstyle ':completion:*' list-prompt ''; LISTMAX=1000; echo re''ady"
zpty -r shell text '*ready*'
zpty -w -n shell $'ssm-bootstrap prob\\t --jso\\t'
zpty -r shell text '*--json*' && echo completed
zpty -d shell
"""


@pytest.fixture(scope="module")
def place(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the deb puts on a machine."""
    path = tmp_path_factory.mktemp("unpacked")
    subprocess.run(["dpkg-deb", "-x", str(made.deb), str(path)], check=True)
    return path


def run(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A shell without a person's own settings, where the package lies."""
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is missing (tests/system-packages package-checks)")
    environment = {"PATH": os.environ["PATH"], "HOME": str(place), "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    return subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)


@pytest.mark.parametrize(
    ("words", "replies"),
    [
        (["re"], {"register", "restart"}),
        (["doctor", "--pro"], {"--prometheus"}),
        (["user-data", "--fetch", "pre"], {"presigned"}),
        (["doctor", "--replay", "et"], {"etc"}),
        (["register", "--activation-code", ""], {""}),
    ],
)
def test_bash_completes(place: Path, words: list[str], replies: set[str]) -> None:
    done = run(place, "bash", "--norc", "-c", BASH, "bash", "ssm-bootstrap", *words)
    assert done.returncode == 0 and " -F " in done.stderr and done.stderr.endswith(" ssm-bootstrap\n"), done.stderr
    assert set(done.stdout.split("\n")[:-1]) == replies


def test_fish_completes(place: Path) -> None:
    script = "source usr/share/fish/vendor_completions.d/ssm-bootstrap.fish; complete -C"
    done = run(place, "fish", "--no-config", "-c", f"{script} 'ssm-bootstrap re'")
    assert ({line.split("\t")[0] for line in done.stdout.splitlines()}, done.stderr) == ({"register", "restart"}, "")
    done = run(place, "fish", "--no-config", "-c", f"{script} 'ssm-bootstrap doctor --pro'")
    assert ({line.split("\t")[0] for line in done.stdout.splitlines()}, done.stderr) == ({"--prometheus"}, "")


def test_zsh_completes(place: Path, tmp_path: Path) -> None:
    assert run(place, "zsh", "-n", "usr/share/zsh/vendor-completions/_ssm-bootstrap").stderr == ""
    done = run(place, "zsh", "-f", "-c", ZSH, "zsh", str(tmp_path / "dump"))
    assert done.stdout.splitlines()[-1:] == ["completed"], done.stdout + done.stderr
