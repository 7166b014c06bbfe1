"""What root's units run: nothing that others could change, and by a path that systemd reads as we wrote it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ssm_bootstrap.act.agent.service import Systemd
from ssm_bootstrap.act.setup.install_self import PACKAGED, Wanted, install
from ssm_bootstrap.act.setup.launcher import with_interpreter
from ssm_bootstrap.host.commands import Completed
from ssm_bootstrap.host.machine import Program
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from tests.act.test_install_self import UNIT, Node

LINE = f"ExecStart={PACKAGED} register\n"


@pytest.fixture
def node(tmp_path: Path) -> Node:
    tmp_path.chmod(0o755)
    return Node(tmp_path)


def put(node: Node, path: str = "/opt/tool/bin/ssm-bootstrap") -> Path:
    real = Path(node.files.real(node.files.put(path, "#!/usr/bin/python3\n", 0o755)))
    for parent in real.parents:
        if str(parent).startswith(node.files.real("/").rstrip("/")):
            parent.chmod(0o755)
    return real


def install_from(node: Node, *runs: str) -> str:
    """The unit's line."""
    install(node.host, Systemd(node.host), Wanted(None, runs[0], {"ssm-bootstrap.service": LINE.encode()}, runs=runs))
    return node.files.read_text(UNIT)


def refused(node: Node, *runs: str) -> str:
    before = node.everything()
    with pytest.raises(Refusal) as caught:
        install_from(node, *runs)
    assert caught.value.status is ExitStatus.BAD_CONTENT and caught.value.message.endswith(")")
    assert node.everything() == before and not node.commands.ran
    return caught.value.message


def test_a_launcher_of_roots_stays_where_it_is(node: Node) -> None:
    put(node)
    assert install_from(node, "/opt/tool/bin/ssm-bootstrap") == "ExecStart=/opt/tool/bin/ssm-bootstrap register\n"


@pytest.mark.parametrize("mode", [0o757, 0o775, 0o777])
@pytest.mark.parametrize("up", [0, 1, 2, 3])
def test_what_others_may_write_is_not_run_by_root(node: Node, up: int, mode: int) -> None:
    real = put(node)
    changed = [real, *real.parents][up]
    if os.geteuid() == 0:
        os.chown(changed, 0, 4242)
    elif mode == 0o775 and os.getegid() == 0:
        pytest.skip("root's own group may write")
    changed.chmod(mode)
    assert f"/{changed.relative_to(node.files.real('/'))}" in refused(node, "/opt/tool/bin/ssm-bootstrap").replace("/. ", "/ ")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("up", [0, 1, 2])
def test_what_another_user_owns_is_not_run_by_root(node: Node, up: int) -> None:
    real = put(node)
    os.chown([real, *real.parents][up], 4242, 0)
    refused(node, "/opt/tool/bin/ssm-bootstrap")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_link_by_another_user_is_not_followed_to_what_root_owns(node: Node) -> None:
    put(node)
    theirs = Path(node.files.real("/srv/hers"))
    theirs.mkdir(parents=True)
    (theirs / "way").symlink_to("../../opt/tool/bin/ssm-bootstrap")
    os.chown(theirs / "way", 4242, 4242, follow_symlinks=False)
    own = Path(node.files.real("/opt/own"))
    own.symlink_to("../srv/hers/way")
    assert "/srv/hers/way" in refused(node, "/opt/own")


def test_interpreter_and_package_count_too(node: Node) -> None:
    put(node)
    put(node, "/srv/venv/bin/python3").chmod(0o777)
    assert "/srv/venv/bin/python3" in refused(node, "/opt/tool/bin/ssm-bootstrap", "/srv/venv/bin/python3")
    parts = Program("/opt/x").parts()
    assert parts[0] == "/opt/x" and Path(parts[1]).exists() and (Path(parts[2]) / "__main__.py").exists()


# all that it loads

PACKAGE = "/opt/tool/lib/ssm_bootstrap"
BELOW = ("cli/entry.py", "cli", "__pycache__/x.pyc", "__pycache__", "data/systemd/a.service")


def package(node: Node) -> Path:
    """A package of several modules."""
    put(node)
    for name in BELOW:
        if "." in name:
            put(node, f"{PACKAGE}/{name}")
    return Path(node.files.real(PACKAGE))


@pytest.mark.parametrize("below", BELOW)
@pytest.mark.parametrize("spoil", ["mode", "owner"])
def test_every_file_and_directory_of_the_package_counts(node: Node, below: str, spoil: str) -> None:
    changed = package(node) / below
    assert install_from(node, "/opt/tool/bin/ssm-bootstrap", PACKAGE)
    shutil.rmtree(node.files.real("/etc"))
    Path(node.files.real(UNIT)).parent.mkdir(parents=True)
    if spoil == "owner":
        if os.geteuid() != 0:
            pytest.skip("only root gives files away")
        os.chown(changed, 4242, 0)
    else:
        changed.chmod(0o757)
    node.commands.ran.clear()
    message = refused(node, "/opt/tool/bin/ssm-bootstrap", PACKAGE)
    assert f"and {PACKAGE}/{below} belongs to another user, or others may write it" in message and "\n" not in message


def test_what_a_link_in_the_package_leads_to_counts(node: Node) -> None:
    real = package(node)
    put(node, "/srv/shared/module.py").chmod(0o666)
    (real / "module.py").symlink_to("../../../../srv/shared/module.py")
    (real / "gone.py").symlink_to("../nowhere.py")
    assert "/srv/shared/module.py belongs" in refused(node, "/opt/tool/bin/ssm-bootstrap", PACKAGE)


def test_links_that_go_round_in_the_package_end(node: Node) -> None:
    (package(node) / "round").symlink_to(".")
    assert install_from(node, "/opt/tool/bin/ssm-bootstrap", PACKAGE)


def test_more_files_than_can_be_looked_at_are_no_pass(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    package(node)
    monkeypatch.setattr("ssm_bootstrap.act.setup.launcher.MOST_FILES", 3)
    assert "more than 3 files are below it" in refused(node, "/opt/tool/bin/ssm-bootstrap", PACKAGE)


def test_nobody_else_may_add_a_module_to_a_directory_that_is_searched(node: Node) -> None:
    put(node)
    place = put(node, "/opt/site-packages/else/module.py").parents[1]
    (place / "else").chmod(0o777)
    wanted = Wanted(None, "/opt/tool/bin/ssm-bootstrap", {"ssm-bootstrap.service": LINE.encode()}, places=("/opt/site-packages",))
    install(node.host, Systemd(node.host), wanted)  # what it does not load is nobody's concern
    place.chmod(0o777)
    with pytest.raises(Refusal, match="/opt/site-packages belongs to another user, or others may write it"):
        install(node.host, Systemd(node.host), wanted)


def test_what_the_program_loads_is_known() -> None:
    program = Program("/opt/x")
    parts, names = program.parts(), {Path(part).name.partition(".")[0] for part in program.parts()}
    assert {"tenacity", "dns", "psutil", "requests", "urllib3", "idna"} <= names, "what is required, and what that requires"
    assert {"json", "encodings"} <= names and not {"site-packages", "dist-packages"} & names
    places = program.places()
    assert all(Path(place).is_dir() for place in places)
    loaded = [module for name, module in sys.modules.items() if name.startswith(("ssm_bootstrap", "psutil", "json"))]
    files = [getattr(module, "__file__", None) for module in loaded]  # what is linked in has none
    for file in (Path(name) for name in files if name):
        assert any(file == Path(part) or Path(part) in file.parents for part in parts), file


# the path in the unit

ODD = (
    "/opt/a b/x",
    "/opt/100%/x",
    "/opt/%n/x",
    "/opt/a$HOME/x",
    "/opt/${HOME}/x",
    "/opt/\u00e9/x",
    "/opt/a;b/x",
    "/opt/#x/x",
)


def read_by_systemd(line: str) -> str:
    """The program of an ExecStart= line as systemd.syntax(7) has it: quotes, then escapes, then specifiers."""
    rest = line.partition("=")[2]
    if not rest.startswith('"'):
        word = rest.split(" ")[0]
    else:
        word, at = "", 1
        while rest[at] != '"':
            at += rest[at] == "\\"
            word += rest[at]
            at += 1
        assert rest[at + 1] == " "
    assert "%" not in word.replace("%%", "")
    return word.replace("%%", "%")


@pytest.mark.parametrize("path", ODD)
def test_an_odd_path_is_quoted(node: Node, path: str) -> None:
    put(node, path)
    assert read_by_systemd(install_from(node, path)) == path


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("path", ODD)
def test_systemd_itself_reads_the_path_as_it_is(node: Node, tmp_path: Path, path: str) -> None:
    """It complains of a program that is not there."""
    real = str(put(node, path))
    unit = tmp_path / "ssm-bootstrap-test.service"
    for name, there in ((real, True), (f"{real}-not", False)):
        wanted = Wanted(None, name, {"ssm-bootstrap.service": LINE.encode()})
        install(node.host, Systemd(node.host), wanted)
        line = node.files.read_text(UNIT)
        unit.write_text(f"[Service]\nType=oneshot\n{line}")
        done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
        said = [words for words in done.stderr.splitlines() if "ssm-bootstrap-test" in words]
        assert bool(said) is not there, done.stderr


@pytest.mark.parametrize(
    "path",
    [
        "/opt/a\nb/x",
        "/opt/\r/x",
        "/opt/\t/x",
        "/opt/\x1b/x",
        "/opt/\udcff/x",
        "/opt/\u2028/x",
        "relative/x",
        '/opt/a"b/x',
        "/opt/a'b/x",
        "/opt/a\\b/x",
    ],
)
def test_a_path_that_no_quotes_can_hold_is_refused(node: Node, path: str) -> None:
    before = node.everything()
    with pytest.raises(Refusal, match="cannot stand in a unit") as caught:
        install(node.host, Systemd(node.host), Wanted(None, path, {"ssm-bootstrap.service": LINE.encode()}))
    assert node.everything() == before and caught.value.message.isprintable()


ARCHIVE = b"#!/usr/bin/python3 -I\nPK\x03\x04 an archive"
OLD = "/usr/bin/python3 -I -c"


def test_an_archive_keeps_the_interpreter_that_will_do(node: Node) -> None:
    node.commands.answers = {OLD: ""}
    assert with_interpreter(node.host, ARCHIVE, "/opt/python3.12") == (ARCHIVE, "")


@pytest.mark.parametrize("answers", [{}, {OLD: Completed(1, "", "", 0.0)}], ids=["missing", "too old"])
def test_an_archive_gets_the_one_that_runs_it_where_its_own_will_not_do(node: Node, answers: dict[str, Completed]) -> None:
    node.commands.answers = answers
    changed = b"#!/opt/python3.12 -I\nPK\x03\x04 an archive"
    assert with_interpreter(node.host, ARCHIVE, "/opt/python3.12") == (changed, "/opt/python3.12")


def test_an_executable_has_no_interpreter(node: Node) -> None:
    assert with_interpreter(node.host, b"\x7fELF and more\n", "/opt/ssm-bootstrap") == (b"\x7fELF and more\n", "")
    assert not node.commands.ran


@pytest.mark.parametrize("path", ["/opt/my python/python3", "python3", "/" + "a" * 127])
def test_an_interpreter_that_no_first_line_can_name_is_refused(node: Node, path: str) -> None:
    with pytest.raises(Refusal) as caught:
        with_interpreter(node.host, ARCHIVE, path)
    assert caught.value.status is ExitStatus.BAD_CONTENT and caught.value.message.endswith("first line; nothing was changed")


def test_an_archive_runs_with_another_first_line(node: Node, tmp_path: Path) -> None:
    file = tmp_path / "program.pyz"
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("__main__.py", "print('it runs')")
    file.write_bytes(with_interpreter(node.host, b"#!/nowhere/python3\n" + file.read_bytes(), "/" + "p" * 40)[0])
    assert subprocess.run([sys.executable, "-I", str(file)], capture_output=True, text=True, check=True).stdout == "it runs\n"
