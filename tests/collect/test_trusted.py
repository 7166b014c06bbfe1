"""Files by which root does one thing or another: whoever else may write one, or lead us to one, decides nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Callable

import pytest

from ssm_bootstrap.act.agent.install_agent import _read_key
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.activation import CodeSources, read_code_of
from ssm_bootstrap.collect.patch.overrides import DIRECTORY, read_overrides
from ssm_bootstrap.collect.settings import read_configuration
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.checkedfiles import MOST_LINKS
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from tests.fakes import RootedFiles
from tests.laws.secrets import CANARIES

CODE = CANARIES["activation-code"]
OTHER = 4242


def _configuration(files: RootedFiles) -> object:
    return read_configuration(files).region


def _site(files: RootedFiles) -> object:
    found = read_overrides(files)
    for place, words in found.site.problems:
        raise Refusal(ExitStatus.BAD_CONTENT, f"{place}: {words}")
    return found.ignored


def _key(files: RootedFiles) -> object:
    return _read_key(Host(files=files), "/srv/key")


def _code(files: RootedFiles) -> object:
    return read_code_of(files, CodeSources(file="/srv/code")).reveal()


READERS: dict[str, tuple[str, str, Callable[[RootedFiles], object]]] = {
    "the configuration": (paths.OUR_CONFIG, "[node]\nregion = eu-west-1\n", _configuration),
    "a file of the site": (f"{DIRECTORY}/a.conf", "[ignore]\nrepositories = epel\n", _site),
    "the key of --install-agent": ("/srv/key", "a key", _key),
    "the file of the code": ("/srv/code", CODE, _code),
}
"""What root is led by: where it lies, what it holds, how it is read."""


@pytest.fixture(params=READERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def put(files: RootedFiles, kind: str, mode: int = 0o600) -> Path:
    path, content, _ = READERS[kind]
    return Path(files.real(files.put(path, content, mode)))


def refused(files: RootedFiles, kind: str) -> str:
    with pytest.raises(Refusal) as caught:
        READERS[kind][2](files)
    assert caught.value.status is ExitStatus.BAD_CONTENT and "\n" not in caught.value.message
    assert CODE not in caught.value.message
    return caught.value.message


def test_what_root_wrote_is_read(files: RootedFiles, kind: str) -> None:
    put(files, kind)
    assert READERS[kind][2](files)


@pytest.mark.parametrize("mode", [0o602, 0o620, 0o664, 0o666, 0o777])
def test_what_others_may_write_decides_nothing(files: RootedFiles, kind: str, mode: int) -> None:
    put(files, kind, mode)
    files.group = OTHER
    assert f"mode {mode:04o}" in refused(files, kind)


@pytest.mark.parametrize("mode", [0o620, 0o660, 0o664])
def test_roots_own_group_is_root(files: RootedFiles, kind: str, mode: int) -> None:
    """As for what root's units run; who holds a secret is stricter, as no group need read it."""
    put(files, kind, mode)
    if kind == "the file of the code":
        assert f"mode {mode:04o}" in refused(files, kind)
    else:
        assert READERS[kind][2](files)


@pytest.mark.parametrize("up", [0, 1])
@pytest.mark.parametrize("mode", [0o757, 0o777])
def test_what_lies_where_others_may_write_decides_nothing(files: RootedFiles, kind: str, mode: int, up: int) -> None:
    """Whoever may write a directory chooses which file of root's has the name."""
    real = put(files, kind)
    changed = real.parents[up]
    changed.chmod(mode)
    shown = f"/{changed.relative_to(files.real('/'))}".replace("/.", "/")
    assert f"the directory {shown} on the way to it" in refused(files, kind)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives directories away")
def test_what_lies_in_another_users_directory_decides_nothing(files: RootedFiles, kind: str) -> None:
    real = put(files, kind)
    os.chown(real.parent, OTHER, OTHER)
    assert "on the way to it belongs to another user" in refused(files, kind)


def test_a_sticky_directory_of_roots_keeps_roots_names(files: RootedFiles, kind: str) -> None:
    """As /tmp: others may add names there, and neither rename nor remove what is not theirs."""
    real = put(files, kind)
    real.parent.chmod(0o1777)
    assert READERS[kind][2](files)
    files.owner = OTHER
    assert f"owner {OTHER}" in refused(files, kind), "a name that somebody else took first is theirs"


def test_what_another_user_owns_decides_nothing(files: RootedFiles, kind: str) -> None:
    put(files, kind)
    files.owner = OTHER
    assert f"owner {OTHER}" in refused(files, kind)


def test_a_link_where_others_may_write_leads_nowhere(files: RootedFiles, kind: str) -> None:
    """The file that it leads to is root's; which one that is, others would choose."""
    real = put(files, kind)
    elsewhere = real.with_name("elsewhere")
    real.rename(elsewhere)
    real.symlink_to("elsewhere")
    real.parent.chmod(0o777)
    assert f"the link {real.name} on the way to it" in refused(files, kind)
    real.parent.chmod(0o755)
    assert READERS[kind][2](files), "in a directory of root's a link is root's"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_link_by_another_user_leads_nowhere(files: RootedFiles, kind: str) -> None:
    real = put(files, kind)
    elsewhere = real.with_name("elsewhere")
    real.rename(elsewhere)
    real.symlink_to(elsewhere)
    os.chown(real, OTHER, OTHER, follow_symlinks=False)
    assert f"the link {real.name} on the way to it" in refused(files, kind)


def test_a_pipe_in_its_place_is_not_waited_for(files: RootedFiles, kind: str) -> None:
    real = put(files, kind)
    real.unlink()
    os.mkfifo(real)
    assert "expected a regular file" in refused(files, kind)


# the descriptors themselves


def test_a_file_is_held_with_what_its_descriptor_says(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_bytes(b"0123456789")
    (tmp_path / "real" / "file").chmod(0o640)
    (tmp_path / "link").symlink_to("real")
    held = Files(str(tmp_path)).hold("/link/../link/file", 4)
    assert (held.data, held.mode, held.owner, held.regular) == (b"0123", 0o640, os.geteuid(), True)
    assert "0123" not in repr(held)


def test_links_that_go_round_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="Too many levels"):
        Files(str(tmp_path)).hold("/a")
    for number in range(MOST_LINKS):
        (tmp_path / f"l{number}").symlink_to(f"l{number + 1}" if number + 1 < MOST_LINKS else "end")
    (tmp_path / "end").write_bytes(b"x")
    assert Files(str(tmp_path)).hold("/l0").data == b"x"


@pytest.mark.parametrize("path", ["/nowhere", "/file/below", "/nowhere/below"])
def test_what_is_not_there_is_the_systems_error(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises((FileNotFoundError, NotADirectoryError)):
        Files(str(tmp_path)).hold(path)


def test_no_descriptor_is_left(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("/" + "nowhere")
    before = sorted(os.listdir("/proc/self/fd"))
    files = Files(str(tmp_path))
    files.hold("/d/file")
    for path in ("/nowhere", "/link", "/d/none"):
        with pytest.raises(OSError):
            files.hold(path)
    files.remove_held("/d/file", lambda held: None)
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_what_took_the_files_place_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"judged")

    def judge(held: object) -> None:
        path.unlink()
        path.write_bytes(b"another")

    keeper = os.open(path, os.O_RDONLY)  # so that its number is not given to the other
    try:
        with pytest.raises(OSError, match="another file took its place"):
            Files(str(tmp_path)).remove_held("/file", judge)
    finally:
        os.close(keeper)
    assert path.read_bytes() == b"another" and stat.S_ISREG(path.lstat().st_mode)
