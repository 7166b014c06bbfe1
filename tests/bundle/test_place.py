"""Which directory the bundle trusts: decided by owners, modes and links alone."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from tools.bundle.inside import ssm_place
from tools.bundle.inside.ssm_place import Unsafe, candidates, check_above, hold, look_at, sweep

ME = os.geteuid()


@pytest.fixture
def above(tmp_path: Path) -> Path:
    """A directory of one's own."""
    place = tmp_path / "above"
    place.mkdir(mode=0o755)
    return place


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, ["/c/ssm-bootstrap", "/h/.cache/ssm-bootstrap"]),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, ["/h/.cache/ssm-bootstrap"]),
        ({"XDG_CACHE_HOME": "/h/.cache", "HOME": "/h"}, ["/h/.cache/ssm-bootstrap"]),
    ],
)
def test_a_user_has_a_cache(environment: dict[str, str], expected: list[str]) -> None:
    assert candidates(4242, environment) == expected


def test_a_user_without_home_and_name_has_no_place() -> None:
    assert candidates(4_000_000_000, {}) == []


def test_root_does_not_follow_the_environment() -> None:
    told = candidates(0, {"XDG_CACHE_HOME": "/tmp/of-another", "HOME": "/home/another"})
    assert told == ["/var/cache/ssm-bootstrap", "/run/ssm-bootstrap"]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_what_is_made_is_for_its_owner_alone(above: Path, umask: int) -> None:
    old = os.umask(umask)
    try:
        look_at(str(above / "cache" / "mine"), ME)
    finally:
        os.umask(old)
    assert [(above / name).stat().st_mode & 0o7777 for name in ("cache", "cache/mine")] == [0o700 & ~umask] * 2


def test_a_home_that_is_not_there_is_not_made(above: Path) -> None:
    with pytest.raises(FileNotFoundError):
        look_at(str(above / "home" / ".cache" / "mine"), ME)
    assert not (above / "home").exists()


def test_one_that_others_may_read_is_closed(above: Path) -> None:
    (above / "mine").mkdir()
    (above / "mine").chmod(0o755)
    look_at(str(above / "mine"), ME)
    assert (above / "mine").stat().st_mode & 0o7777 == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770, 0o702])
def test_one_that_others_may_write_to_is_refused_and_left_alone(above: Path, mode: int) -> None:
    (above / "planted").mkdir()
    (above / "planted").chmod(mode)
    with pytest.raises(Unsafe, match="others may write to it"):
        look_at(str(above / "planted"), ME)
    assert (above / "planted").stat().st_mode & 0o7777 == mode


def test_one_of_another_user_is_refused(above: Path) -> None:
    (above / "planted").mkdir(mode=0o700)
    with pytest.raises(Unsafe, match=f"belongs to uid {ME}"):
        look_at(str(above / "planted"), ME + 1)


def test_a_file_in_its_place_is_refused(above: Path) -> None:
    (above / "planted").write_text("")
    with pytest.raises(Unsafe, match="not a directory"):
        look_at(str(above / "planted"), ME)


def test_a_directory_above_that_others_may_write_to_is_refused(above: Path) -> None:
    above.chmod(0o777)
    with pytest.raises(Unsafe, match=r"others may write to .*above \(mode 0777\)"):
        check_above(str(above / "mine"), ME)
    assert not (above / "mine").exists()
    above.chmod(0o1777)
    check_above(str(above / "mine"), ME)


def test_a_group_may_write_above_only_where_that_is_the_users_own_decision(above: Path) -> None:
    if ME != 0:
        above.chmod(0o775)
        check_above(str(above / "mine"), ME)
        return
    os.chown(above, 0, 4242)
    above.chmod(0o775)
    with pytest.raises(Unsafe, match="others may write to"):
        check_above(str(above / "mine"), 0)


@pytest.mark.skipif(ME != 0, reason="only root gives files away")
def test_a_link_of_another_user_is_refused(above: Path) -> None:
    (above / "real").mkdir()
    (above / "link").symlink_to(above / "real")
    os.chown(above / "link", 4242, 4242, follow_symlinks=False)
    with pytest.raises(Unsafe, match="is a link of uid 4242"):
        check_above(str(above / "link" / "mine"), 0)
    os.chown(above / "link", 0, 0, follow_symlinks=False)
    check_above(str(above / "link" / "mine"), 0)


@pytest.mark.skipif(ME != 0, reason="only root gives files away")
def test_a_directory_above_of_another_user_is_refused(above: Path) -> None:
    os.chown(above, 4242, 4242)
    with pytest.raises(Unsafe, match="above belongs to uid 4242"):
        check_above(str(above / "mine"), 0)
    check_above(str(above / "mine"), 4242)


def test_other_versions_are_swept_unless_they_are_in_use(above: Path) -> None:
    now, used, old = (letter * 32 for letter in "abc")
    others = ["state", "z" * 32, "a" * 31]
    for name in (now, used, old, f"{old}.part.tmp", *others):
        (above / name).mkdir()
        (above / name / "module.py").write_text("")
    (above / ("d" * 32)).symlink_to(above / "state")
    number = os.open(above / used, os.O_RDONLY)
    fcntl.flock(number, fcntl.LOCK_SH)
    sweep(str(above), str(above / now))
    assert sorted(path.name for path in above.iterdir()) == sorted([now, used, *others, "d" * 32])
    os.close(number)
    sweep(str(above), str(above / now))
    assert sorted(path.name for path in above.iterdir()) == sorted([now, *others, "d" * 32])
    assert (above / "state" / "module.py").exists()


def test_what_is_held_is_not_swept_and_what_is_gone_is_not_held(above: Path) -> None:
    mine = above / ("a" * 32)
    mine.mkdir()
    assert hold(str(mine)) and not hold(str(above / "gone"))
    sweep(str(above), str(above / "other"))
    assert mine.is_dir()
    os.close(ssm_place.USED.pop())
    sweep(str(above), str(above / "other"))
    assert not mine.exists()
