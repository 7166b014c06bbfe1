"""What install says of a machine on which it is all in place."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssm_bootstrap.cli.install import unregistrable
from ssm_bootstrap.collect import paths
from tests.act.machine import Machine
from tests.fakes import RootedFiles

ID = "id = 01234567-89ab-cdef-0123-456789abcdef\n"


def put(files: RootedFiles, path: str, text: str) -> None:
    """A file of root."""
    real = Path(files.real(path))
    real.parent.mkdir(parents=True, exist_ok=True)
    real.write_text(text, encoding="utf-8")
    real.chmod(0o600)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One that is not registered."""
    return Machine(tmp_path / "root")


@pytest.mark.parametrize(
    ("configuration", "code", "said"),
    [
        (
            None,
            False,
            "no activation id and no activation code. Run install again with --activation-id UUID and --activation-code",
        ),
        (f"[activation]\ncode_file = {paths.OUR_CODE}\n", True, "no activation id. Run install again with --activation-id UUID."),
        (
            f"[activation]\n{ID}code_file = {paths.OUR_CODE}\n",
            False,
            "no activation code. Run install again with --activation-code-f",
        ),
        (f"[activation]\n{ID}", False, "no activation code."),
    ],
)
def test_without_an_activation_nothing_will_register(machine: Machine, configuration: str | None, code: bool, said: str) -> None:
    if configuration is not None:
        put(machine.files, paths.OUR_CONFIG, configuration)
    if code:
        put(machine.files, paths.OUR_CODE, "a-code-of-twenty-letters\n")
    told = unregistrable(machine.host)
    assert told.startswith("Nothing will register: there is ") and said in told and "\n" not in told


def test_nor_where_each_boot_fetches_it(machine: Machine) -> None:
    put(machine.files, paths.OUR_CONFIG, "[activation]\nfrom = parameter:/hybrid/activation\n")
    assert unregistrable(machine.host) == ""


@pytest.mark.parametrize("more", ["", f"code_file = {paths.OUR_CODE}\n", "code = a-code-of-twenty-letters\n"])
def test_with_one_there_is_nothing_to_be_said(machine: Machine, more: str) -> None:
    put(machine.files, paths.OUR_CONFIG, f"[activation]\n{ID}{more}")
    put(machine.files, paths.OUR_CODE, "a-code-of-twenty-letters\n")
    assert unregistrable(machine.host) == ""


def test_a_node_that_is_registered_needs_none(machine: Machine) -> None:
    machine.put_identity()
    assert unregistrable(machine.host) == ""
