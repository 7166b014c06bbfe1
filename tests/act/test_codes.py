"""Codes and signed URLs: after prepare-image none is left anywhere, and nothing goes that only looks like one."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from pathlib import Path
from typing import Callable, Iterator

import pytest

from ssm_bootstrap.act.setup.launcher import BEFORE
from ssm_bootstrap.act.setup.remains import SearchedPlace
from ssm_bootstrap.collect import paths
from ssm_bootstrap.host.secrets import unfold
from ssm_bootstrap.render.user_data import BundleSource, CodeFrom, FirstBoot, cloud_config, shell_script
from tests.act.test_prepare_image import CODE, OURS, World
from tests.fakes import RootedFiles
from tests.laws.secrets import CANARIES, leaks, leaks_in_files

SIGNED = f"https://b.s3.eu-west-1.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature={CANARIES['presigned-signature']}"
ID = "01234567-89ab-cdef-0123-456789abcdef"
FIRST = FirstBoot(
    "b",
    "k",
    "eu-west-1",
    "amazonaws.com",
    (("", "0" * 64),),
    ID,
    BundleSource.PRESIGNED,
    CodeFrom.USER_DATA,
    code=CODE,
    url=SIGNED,
)
INSTANCE = "/var/lib/cloud/instances/i-0123456789abcdef0"
SECRETS = {name: CANARIES[name] for name in ("activation-code", "presigned-signature")}


@pytest.fixture
def world(files: RootedFiles, tmp_path: Path) -> Iterator[World]:
    made = World(files, tmp_path / "root")
    made.commands.answers = {**made.commands.answers, "systemctl disable": "", "systemctl reset-failed": ""}
    made.register()
    yield made


LEFTOVERS: dict[str, tuple[str, str | bytes]] = {
    "the code's own place": (paths.OUR_CODE, f"{CODE}\n"),
    "half of it": (f"{paths.OUR_SECRETS}/.activation-code.ab12cd34", CODE),
    "half of user-data's": (f"{paths.OUR_SECRETS}/activation-code.new", CODE),
    "the configuration before install": (paths.OUR_CONFIG + BEFORE, f"[activation]\ncode = {CODE}\n"),
    "a killed install": ("/etc/.ssm-bootstrap.conf.a1b2c3d4", OURS),
    "a killed install, earlier": ("/etc/.ssm-bootstrap.conf.before.a1b2c3d4", OURS),
    "the first boot's script": (paths.FIRST_BOOT_SCRIPT, f'url = "{SIGNED}"\n'),
    "the first boot's unit": (f"{paths.OUR_UNITS}/{paths.FIRST_BOOT_UNIT}", f"[Service]\n# {SIGNED}\n"),
    "half of the first boot's script": (f"{paths.FIRST_BOOT_SCRIPT}.new", f'url = "{SIGNED}"\n'),
    "cloud-init's user-data": (f"{INSTANCE}/user-data.txt", cloud_config(FIRST)),
    "cloud-init's script": (f"{INSTANCE}/scripts/part-001", shell_script(FIRST)),
    "cloud-init's user-data, packed": (f"{INSTANCE}/user-data.txt.gz", gzip.compress(shell_script(FIRST).encode(), mtime=0)),
}
"""Where a code, or a signed URL, may lie when an image is made: path and content."""


@pytest.mark.parametrize("name", LEFTOVERS)
def test_each_place_is_emptied(world: World, name: str) -> None:
    path, content = LEFTOVERS[name]
    world.files.put(path, content)
    done = world.prepare()
    assert not world.files.exists(path) and path in {item.path for item in done.removed}
    assert done.left == () and leaks_in_files([world.root], SECRETS) == ()


def test_with_all_of_them_at_once_a_search_of_the_whole_tree_finds_nothing(world: World) -> None:
    for path, content in LEFTOVERS.values():
        world.files.put(path, content)
    assert world.prepare().left == ()
    assert leaks_in_files([world.root], SECRETS) == ()
    assert ("systemctl", "disable", paths.FIRST_BOOT_UNIT) in world.commands.ran, "it must not write them again"


ELSEWHERE = {
    "a drop-in": ("/etc/systemd/system/ssm-bootstrap.service.d/code.conf", f"Environment=SSM_BOOTSTRAP_ACTIVATION_CODE={CODE}\n"),
    "everybody's environment": ("/etc/environment", f'SSM_BOOTSTRAP_ACTIVATION_CODE="{CODE}"\n'),
    "an editor's copy": ("/etc/.ssm-bootstrap.conf.swp", OURS),
    "a shell's history": ("/root/.bash_history", f"ssm-bootstrap register --activation-code {CODE}\n"),
    "cloud-init's log": ("/var/log/cloud-init-output.log", f"+ curl {SIGNED}\n"),
    "cloud-init's seed": ("/var/lib/cloud/seed/nocloud/user-data", cloud_config(FIRST)),
}
"""Where one may lie that is not ours to remove."""


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_is_not_ours_is_told_and_left(world: World, name: str) -> None:
    path, content = ELSEWHERE[name]
    world.files.put(paths.FIRST_BOOT_SCRIPT, f'url = "{SIGNED}"\n')
    world.files.put(path, content)
    done = world.prepare()
    assert [item.path for item in done.left] == [path] and world.files.exists(path)
    assert leaks(repr(done)) == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes a file of mode 0444 again")
def test_a_copy_that_may_not_be_removed_is_told(world: World) -> None:
    copy = Path(world.files.real(world.files.put(f"{INSTANCE}/user-data.txt", cloud_config(FIRST), 0o666)))
    done = world.prepare()
    assert copy.exists() and f"{INSTANCE}/user-data.txt" in {item.path for item in done.left}
    copy.chmod(0o600)
    assert world.prepare().left == () and not copy.exists()


def test_other_user_data_stays(world: World) -> None:
    for name, text in (("user-data.txt", "#cloud-config\npackages: [jq]\n"), ("cloud-config.txt", "{}"), ("obj.pkl", "x")):
        world.files.put(f"{INSTANCE}/{name}", text)
    before = {name for name in world.everything() if "cloud" in name}
    assert world.prepare().left == ()
    assert {name for name in world.everything() if "cloud" in name} == before


# what [activation] code_file names


def _to_shadow(world: World) -> str:
    world.files.put("/etc/shadow", "root:x")
    home = Path(world.files.real("/home/her"))
    home.mkdir(parents=True)
    home.chmod(0o777)
    (home / "code").symlink_to(world.files.real("/etc/shadow"))
    return "/home/her/code"


def _directory(world: World) -> str:
    world.files.put("/srv/data/precious", "x")
    return "/srv/data"


def _shadow(world: World) -> str:
    return world.files.put("/etc/shadow", "root:*:19000:0:99999:7:::\nbin:*:19000:0:99999:7:::\n", 0o000)


def _loose(world: World) -> str:
    return world.files.put("/srv/code", CODE, 0o640)


def _relative(world: World) -> str:
    world.files.put("/srv/code", CODE)
    return "srv/code"


def _pipe(world: World) -> str:
    os.mkfifo(world.files.real("/root/pipe"))
    return "/root/pipe"


@pytest.mark.parametrize("make", [_to_shadow, _directory, _shadow, _loose, _relative, _pipe])
def test_what_a_registration_would_not_read_is_not_removed(world: World, make: Callable[[World], str]) -> None:
    Path(world.files.real("/root/code")).unlink()
    named = make(world)
    world.files.put(paths.OUR_CONFIG, f"[activation]\ncode_file = {named}\n")
    before = {name: (path.lstat().st_ino, path.lstat().st_mode) for name, path in _tree(world, named)}
    done = world.prepare()
    assert {name: (path.lstat().st_ino, path.lstat().st_mode) for name, path in _tree(world, named)} == before
    assert named in {item.path for item in done.left}


def _tree(world: World, named: str) -> Iterator[tuple[str, Path]]:
    for place in ("/etc/shadow", "/home", "/srv", "/root/pipe"):
        real = Path(world.files.real(place))
        for path in [real, *sorted(real.rglob("*"))] if real.exists() else []:
            yield str(path), path


def test_a_link_of_roots_goes_with_what_it_leads_to(world: World) -> None:
    code = world.root / "root/code"
    code.rename(world.root / "root/real-code")
    code.symlink_to("real-code")
    done = world.prepare()
    assert done.left == () and not code.is_symlink() and leaks_in_files([world.root], SECRETS) == ()


def test_half_of_a_configuration_beside_the_file_that_its_link_leads_to_goes(world: World) -> None:
    config = Path(world.files.real(paths.OUR_CONFIG))
    config.rename(world.files.real(world.files.put("/usr/local/etc/ssm.conf")))
    config.symlink_to("../usr/local/etc/ssm.conf")
    left = world.files.put("/usr/local/etc/.ssm.conf.abcd1234", OURS)
    done = world.prepare()
    assert left in {item.path for item in done.removed} and not world.files.exists(left)
    assert done.left == () and config.is_symlink() and leaks_in_files([world.root], SECRETS) == ()


def test_a_code_in_place_of_the_path_is_told_without_it(world: World) -> None:
    Path(world.files.real("/root/code")).unlink()
    world.files.put(paths.OUR_CONFIG, f"[activation]\ncode_file = {CODE}\n")
    done = world.prepare()
    assert done.left and leaks(repr(done)) == ()


# what is left, once more


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes a file of mode 0444 again")
def test_what_was_left_is_told_again_until_it_is_gone(world: World) -> None:
    """The second run knows no code any more: the first one took the files that told it."""
    history = "/root/.bash_history"
    world.files.put(paths.OUR_CODE, CODE)
    world.files.put(history, f"echo {CODE} | sudo ssm-bootstrap register\n")
    for _ in range(3):
        assert [item.path for item in world.prepare().left] == [history]
    os.unlink(world.files.real(history))
    assert world.prepare().left == () and not world.files.exists(f"{paths.OUR_DATA}/left.json")


@pytest.mark.parametrize(
    ("text", "is_known"),
    [
        (f'amazon-ssm-agent -register -code "{CODE}" -id {ID} -region eu-west-1\n', True),
        (f"ssm-bootstrap register --activation-code={CODE}\n", True),
        ('url = "https://example.com/setup.sh"\n', False),
        ("SSM_BOOTSTRAP_ACTIVATION_CODE=${ActivationCode}\n", False),
    ],
)
def test_user_data_of_others_is_read_for_codes_alone(world: World, text: str, is_known: bool) -> None:
    copy = world.files.put(f"{INSTANCE}/user-data.txt", f"#!/bin/sh\n{text}")
    world.files.put("/var/log/cloud-init-output.log", text)
    left = [item.path for item in world.prepare().left]
    assert left == (["/var/log/cloud-init-output.log"] if is_known else [])
    assert world.files.exists(copy) is not is_known


def test_a_packed_file_that_would_unfold_without_end_is_read_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssm_bootstrap.host.secrets.MOST_UNFOLDED", 1 << 16)
    bomb = gzip.compress(bytes(1 << 24), mtime=0)
    assert len(unfold(bomb)) == 1 << 16
    torn = gzip.compress(CODE.encode() * 2000, mtime=0)[:-20]
    assert CODE.encode() in unfold(torn)


# how far the search goes

DEEP = {
    "deep in root's home": "/root/.config/tool/deep/state",
    "a user's history": "/home/her/.bash_history",
    "a user's notes": "/home/her/work/notes/todo",
    "root's own keys": "/root/.aws/scripts/register",
    "deep in the logs": "/var/log/nginx/old/error.log",
    "a program's own place": "/opt/vendor/etc/agent.conf",
    "data": "/srv/setup/register.sh",
    "temporary": "/tmp/setup-1/part-001",
    "temporary, but kept": "/var/tmp/setup",
    "a script of an administrator": "/usr/local/sbin/reg.sh",
    "root's table of cron": "/var/spool/cron/crontabs/root",
    "a service's own data": "/var/lib/foo/x",
    "a second disk": "/mnt/x",
    "a backup": "/var/backups/ssm-bootstrap.conf.bak",
    "beside the root": "/setup.sh",
    "a place that nobody thought of": "/data/team/vm/seed",
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress, bz2.compress])
@pytest.mark.parametrize("name", DEEP)
def test_what_lies_deep_is_told(world: World, name: str, pack: Callable[[bytes], bytes]) -> None:
    world.files.put(DEEP[name], pack(f"x --activation-code {CODE}\n".encode()))
    done = world.prepare()
    assert [(item.path, item.is_unsearched) for item in done.left] == [(DEEP[name], False)]


def test_what_lies_everywhere_at_once_is_told(world: World) -> None:
    for path in DEEP.values():
        world.files.put(path, f"x --activation-code {CODE}\n")
    assert {item.path for item in world.prepare().left} == set(DEEP.values())
    found = {name.partition(":")[0] for name in leaks_in_files([world.root], SECRETS)}
    assert {str(world.root) + path for path in DEEP.values()} == found


def test_a_tree_of_many_files_hides_no_other_place(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound of a place is met in the depth, and what lies nearer to its root was searched before."""
    small = (SearchedPlace("/var", 60, 1 << 20), SearchedPlace("/", 40, 1 << 20))
    monkeypatch.setattr("ssm_bootstrap.act.setup.remains.REST", small)
    for number in range(100):
        world.files.put(f"/var/lib/docker/overlay2/{number:04}/diff/x", "x")
        world.files.put(f"/data/many/of/them/{number:04}", "x")
    planted = {"/var/backups/x", "/var/lib/foo/x", "/mnt/x"}
    for path in planted:
        world.files.put(path, CODE)
    left = world.prepare().left
    assert {item.path for item in left if not item.is_unsearched} == planted
    assert {item.path for item in left if item.is_unsearched} == {"/var", "/"}


def test_a_large_file_is_searched_piece_by_piece(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssm_bootstrap.act.setup.remains.PIECE", 1 << 20)
    cut = (1 << 20) - len(CODE) // 2
    world.files.put("/var/log/across", b"x" * cut + CODE.encode() + b"x" * (2 << 20))
    world.files.put("/var/log/late", b"x" * (18 << 20) + CODE.encode())
    assert [item.path for item in world.prepare().left] == ["/var/log/across", "/var/log/late"]


def _many(world: World) -> tuple[str, str]:
    for number in range(2100):
        world.files.put(f"/home/her/many/{number:04}", "x")
    return "/home/her", "2000 entries of it were searched, up to those of /home/her/many"


def _huge(world: World) -> tuple[str, str]:
    path = Path(world.files.real(world.files.put("/srv/disk", b"")))
    os.truncate(path, 65 << 20)
    return "/srv/disk", "the first 64 MiB of it was searched: at most 64 MiB of /srv are"


def _bomb(world: World) -> tuple[str, str]:
    return world.files.put("/opt/x.gz", gzip.compress(bytes(65 << 20), 1)), "it is packed, and was unfolded only in part"


def _zstd(world: World) -> tuple[str, str]:
    path = world.files.put("/opt/x.zst", b"\x28\xb5\x2f\xfd rest")
    world.files.put("/opt/y.zst", b"\x28\xb5\x2f\xfd rest")
    return path, "it is packed in a way that this program does not unfold; and 1 more like it"


def _network(world: World) -> tuple[str, str]:
    world.files.put("/home/far/.bash_history", CODE)
    world.files.put("/proc/self/mountinfo", "1 0 254:0 / / rw - ext4 /dev/x rw\n9 1 0:5 / /home/far rw - nfs4 host:/ rw\n")
    return "/home/far", "it is of type nfs4, and on no disk of this machine"


def _below(world: World) -> tuple[str, str]:
    world.files.put("/srv/a b/x", CODE)
    world.files.put("/proc/self/mountinfo", "1 0 254:0 / / rw - odd /dev/x rw\n9 1 0:5 / /srv/a\\040b rw - fuse.s3 s3 rw\n")
    return "/srv/a b", "it is of type fuse.s3, and on no disk of this machine"


def _packages(world: World) -> tuple[str, str]:
    for path in ("/usr/bin/x", "/usr/share/doc/x", "/var/lib/dpkg/status"):
        world.files.put(path, CODE)
    (world.root / "bin").symlink_to("usr/bin")
    return "/usr/bin", "it was not searched, nor /usr/share, /var/lib/dpkg: packages own what lies there"


def _kernel(world: World) -> tuple[str, str]:
    world.files.put("/sys/x", CODE)
    rows = "1 0 254:0 / / rw - ext4 /dev/x rw\n8 1 0:4 / /proc rw - proc proc rw\n9 1 0:5 / /sys rw - sysfs sysfs rw\n"
    world.files.put("/proc/self/mountinfo", rows)
    return "/proc", "the kernel makes what lies there, and no image holds it; and 1 more like it"


def _homes(world: World) -> tuple[str, str]:
    for number in range(51):
        world.files.put(f"/home/u{number:02}/.profile", "x")
    return "/home/u50", "the homes of 50 users were searched, and not this one"


def _denied(world: World) -> tuple[str, str]:
    world.files.put("/srv/secret", "x")
    world.files.unreadable.add("/srv/secret")
    return "/srv/secret", "permission denied"


@pytest.mark.parametrize("make", [_many, _huge, _bomb, _zstd, _network, _below, _packages, _kernel, _homes, _denied])
def test_what_was_not_searched_is_said(world: World, make: Callable[[World], tuple[str, str]]) -> None:
    told = make(world)
    done = world.prepare()
    assert [(item.path, item.why, item.is_unsearched) for item in done.left] == [(*told, True)]


def test_histories_come_before_the_bound(world: World) -> None:
    """A home may hold a hundred thousand files."""
    for number in range(2100):
        world.files.put(f"/root/.cache/tool/{number:04}", "x")
    near = ("/root/.bash_history", "/root/.local/share/fish/fish_history", "/root/bin/register")
    for path in near:
        world.files.put(path, CODE)
    assert {item.path for item in world.prepare().left} == {"/root", *near}
