"""A secret that is typed is asked for and not shown; one that is piped is read."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from tests.laws.secrets import CANARIES

CODE = CANARIES["activation-code"]
READ = "from ssm_bootstrap.host.standard_input import StandardInput as I; print(I().read_secret('Activation code') == {!r})"


@pytest.mark.parametrize(("typed", "wanted"), [(f"{CODE}\n", CODE), ("\x04", "")])
def test_on_a_terminal_it_is_asked_for_and_not_echoed(typed: str, wanted: str) -> None:
    terminal, end = pty.openpty()
    words = [sys.executable, "-c", READ.format(wanted)]
    child = subprocess.Popen(words, stdin=end, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, bufsize=0)
    os.close(end)
    try:
        assert child.stderr is not None and child.stdout is not None
        said = b""
        while not said.endswith(b"shown): "):  # only then is the echo off
            piece = child.stderr.read(1)
            assert piece, said
            said += piece
        os.write(terminal, typed.encode())
        assert child.stdout.read() == b"True\n"
        assert said == b"Activation code (it is not shown): "
        assert child.wait() == 0
        os.set_blocking(terminal, False)
        try:
            shown = os.read(terminal, 4096)
        except OSError:
            shown = b""
        assert CODE.encode() not in shown
    finally:
        child.kill()
        child.communicate()
        os.close(terminal)


def test_a_pipe_is_read_without_a_word() -> None:
    done = subprocess.run([sys.executable, "-c", READ.format(CODE + "\n")], input=f"{CODE}\n".encode(), capture_output=True)
    assert (done.stdout, done.stderr) == (b"True\n", b"")
