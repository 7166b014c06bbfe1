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
zpty -w -n shell $'\\025ssm-bootstrap probe --region mx-c\\t'
zpty -r shell text '*mx-central-1*' && echo a region
zpty -w -n shell $'\\025ssm-bootstrap probe --for patch,sess\\t'
zpty -r shell text '*patch,session*' && echo two capabilities
zpty -w -n shell $'\\025ssm-bootstrap explain --source errors,hib\\t'
zpty -r shell text '*errors,hibernate*' && echo two sources
zpty -w -n shell $'\\025ssm-bootstrap explain endpoint-mis\\t'
zpty -r shell text '*endpoint-missing*' && echo a code
zpty -w -n shell $'\\025ssm-bootstrap explain etc/ssm-bootstrap.c\\t'
zpty -r shell text '*ssm-bootstrap.conf*' && echo a file
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
        (["re"], {"register", "requirements", "restart"}),
        (["doctor", "--pro"], {"--prometheus"}),
        (["user-data", "--fetch", "pre"], {"presigned"}),
        (["doctor", "--replay", "et"], {"etc"}),
        (["register", "--activation-code", ""], {""}),
        (["probe", "--region", "ap-northeast-"], {"ap-northeast-1", "ap-northeast-2", "ap-northeast-3"}),
        (["probe", "--for", "re"], {"register"}),
        (["probe", "--for", "patch,se"], {"patch,session"}),
        (["doctor", "--for", "register,patch,r"], {"register,patch,register", "register,patch,run-command"}),
        (["explain", "--source", "errors,pa"], {"errors,patch"}),
        (["explain", "endpoint-mis"], {"endpoint-missing"}),
        (["explain", "et"], {"etc"}),
        (["explain", ""], {"etc", "usr"}),
    ],
)
def test_bash_completes(place: Path, words: list[str], replies: set[str]) -> None:
    done = run(place, "bash", "--norc", "-c", BASH, "bash", "ssm-bootstrap", *words)
    assert done.returncode == 0 and " -F " in done.stderr and done.stderr.endswith(" ssm-bootstrap\n"), done.stderr
    assert set(done.stdout.split("\n")[:-1]) == replies


def test_fish_completes(place: Path) -> None:
    script = "source usr/share/fish/vendor_completions.d/ssm-bootstrap.fish; complete -C"
    done = run(place, "fish", "--no-config", "-c", f"{script} 'ssm-bootstrap re'")
    assert ({line.split("\t")[0] for line in done.stdout.splitlines()}, done.stderr) == (
        {"register", "requirements", "restart"},
        "",
    )
    done = run(place, "fish", "--no-config", "-c", f"{script} 'ssm-bootstrap doctor --pro'")
    assert ({line.split("\t")[0] for line in done.stdout.splitlines()}, done.stderr) == ({"--prometheus"}, "")


@pytest.mark.parametrize(
    ("typed", "replies"),
    [
        ("probe --region ap-northeast-", {"ap-northeast-1", "ap-northeast-2", "ap-northeast-3"}),
        ("probe --for patch,se", {"patch,session"}),
        ("explain --source errors,pa", {"errors,patch"}),
        ("explain endpoint-mis", {"endpoint-missing"}),
        ("explain etc/ssm-bootstrap.c", {"etc/ssm-bootstrap.conf"}),
    ],
)
def test_fish_completes_values(place: Path, typed: str, replies: set[str]) -> None:
    script = "source usr/share/fish/vendor_completions.d/ssm-bootstrap.fish; complete -C"
    done = run(place, "fish", "--no-config", "-c", f"{script} 'ssm-bootstrap {typed}'")
    # What only holds the word somewhere inside is offered by fish too.
    found = {line.split("\t")[0] for line in done.stdout.splitlines()}
    assert ({one for one in found if one.startswith(typed.split()[-1])}, done.stderr) == (replies, "")


def test_zsh_completes(place: Path, tmp_path: Path) -> None:
    assert run(place, "zsh", "-n", "usr/share/zsh/vendor-completions/_ssm-bootstrap").stderr == ""
    done = run(place, "zsh", "-f", "-c", ZSH, "zsh", str(tmp_path / "dump"))
    told = ["completed", "a region", "two capabilities", "two sources", "a code", "a file"]
    assert done.stdout.splitlines()[-6:] == told, done.stdout + done.stderr
