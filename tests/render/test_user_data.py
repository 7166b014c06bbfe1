"""The generated user-data: the shell takes it, its files come out as they should, and a secret stays off every argv."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ssm_bootstrap.collect import paths
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.render import user_data
from ssm_bootstrap.render.user_data import LIMIT, BundleSource, CodeFrom, FirstBoot, cloud_config, needs, shell_script
from tests.laws.secrets import CANARIES

HASH = "ab" * 32
FIRST = FirstBoot(
    bucket="my-bucket",
    key="tools/ssm bootstrap.pyz",
    region="ap-northeast-1",
    domain="amazonaws.com",
    hashes=(("", HASH),),
    activation_id="01234567-89ab-cdef-0123-456789abcdef",
    fetch=BundleSource.VPCE,
    code_from=CodeFrom.FILE,
    version="1",
)
CODE = CANARIES["activation-code"]
URL = f"https://my-bucket.s3.ap-northeast-1.amazonaws.com/b?X-Amz-Signature={CANARIES['presigned-signature']}"
EVERY = [
    replace(FIRST, fetch=fetch, code_from=code_from, code=CODE, url=URL, code_name="/team/it's")
    for fetch, code_from in itertools.product(BundleSource, CodeFrom)
]


@pytest.mark.parametrize("first", EVERY, ids=lambda first: f"{first.fetch.value}-{first.code_from.value}")
@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_shell_takes_it(first: FirstBoot, shell: str) -> None:
    script = shell_script(first)
    assert len(script.encode()) < LIMIT
    inner = script.split("<<'END_OF_SCRIPT'\n")[1].split("\nEND_OF_SCRIPT\n")[0]
    for text in (script, inner):
        checked = subprocess.run([shell, "-n"], input=text, text=True, capture_output=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("first", EVERY, ids=lambda first: f"{first.fetch.value}-{first.code_from.value}")
def test_cloud_config_holds_the_same_script(first: FirstBoot) -> None:
    document = yaml.safe_load(cloud_config(first))
    assert list(document) == ["bootcmd"] and len(document["bootcmd"]) == 1
    assert document["bootcmd"][0].startswith("(\n") and document["bootcmd"][0].endswith(")\n")
    assert document["bootcmd"][0][2:-2] in shell_script(first)


def test_a_bucket_with_dots_goes_into_the_path() -> None:
    assert FIRST.object_url() == "https://my-bucket.s3.ap-northeast-1.amazonaws.com/tools/ssm%20bootstrap.pyz"
    china = replace(FIRST, bucket="my.bucket", region="cn-north-1", domain="amazonaws.com.cn")
    assert china.object_url() == "https://s3.cn-north-1.amazonaws.com.cn/my.bucket/tools/ssm%20bootstrap.pyz"


def test_the_names_are_those_that_uninstall_knows() -> None:
    assert (user_data.UNIT, user_data.SCRIPT, user_data.DONE) == (
        paths.FIRST_BOOT_UNIT,
        paths.FIRST_BOOT_SCRIPT,
        paths.FIRST_BOOT_DONE,
    )


@pytest.mark.parametrize("code_from", [item for item in CodeFrom if item is not CodeFrom.USER_DATA])
def test_no_code_unless_it_was_asked_for(code_from: CodeFrom) -> None:
    assert CODE not in cloud_config(replace(FIRST, code_from=code_from, code_name="x"))
    assert CODE in cloud_config(replace(FIRST, code_from=CodeFrom.USER_DATA, code=CODE))


def test_what_each_way_needs_is_said() -> None:
    told = {first.fetch.value + first.code_from.value: " ".join(needs(first)) for first in EVERY}
    assert "aws:SourceVpce" in told["vpcefile"] and "instance profile" not in told["vpcefile"]
    assert "instance profile" in told["signedfile"] and "secretsmanager" in told["vpcesecret"]
    assert "expires" in told["presignedfile"] and "IMDS" in told["vpceuser-data"]


class Sandbox:
    """The user-data's script run below a directory: its places moved there, its programs replaced by ones that write down."""

    def __init__(self, root: Path, first: FirstBoot) -> None:
        self.root, self.first = root, first
        (root / "bin").mkdir()
        (root / "etc/systemd/system").mkdir(parents=True)
        (root / "run/ssm-bootstrap-first-boot").mkdir(parents=True)
        for name in ("systemctl", "curl", "aws", "sleep"):
            self.program(name, "exit 0")
        self.python("python3", 99)

    def program(self, name: str, body: str) -> None:
        """A program that writes down its arguments and does ``body``."""
        path = self.root / "bin" / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.root}/ran\n{body}\n')
        path.chmod(0o755)

    def python(self, name: str, minor: int, body: str = "exit 0") -> None:
        """A Python 3 of that version, which does ``body`` instead of running the program."""
        path = self.root / "bin" / name
        answer = f'echo "{minor} $0"; exit' if minor >= 9 else "exit 1"
        path.write_text(f'#!/bin/sh\n[ "$2" != -c ] || {{ {answer}; }}\necho "{name} $*" >>{self.root}/ran\n{body}\n')
        path.chmod(0o755)

    def ran(self) -> str:
        """What ran, a line each."""
        return (self.root / "ran").read_text() if (self.root / "ran").exists() else ""

    def moved(self, script: str) -> str:
        """A script with the machine's paths below the directory, and our programs before the machine's: curl dials nobody."""
        for place in ("/etc/", "/var/lib/", "/run/", "/usr/local/bin/"):
            script = script.replace(place, f"{self.root}{place}")
        assert script.count("PATH=/usr/local/sbin:") == 1 and "/usr/bin/python" not in script
        return script.replace("PATH=/usr/local/sbin:", f"PATH={self.root}/bin:/usr/local/sbin:")

    def shell(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a script that was moved."""
        environment = {"PATH": f"{self.root}/bin:{os.environ['PATH']}"}
        return subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=60, check=False, env=environment)

    def place(self) -> subprocess.CompletedProcess[str]:
        """Run the user-data."""
        (self.root / "var/lib").mkdir(parents=True, exist_ok=True)
        return self.shell(self.moved(shell_script(self.first)))

    def boot(self) -> subprocess.CompletedProcess[str]:
        """Run the user-data, then the script that its unit would run."""
        placed = self.place()
        assert placed.returncode == 0, placed.stderr
        return self.shell((self.root / "etc/ssm-bootstrap/first-boot").read_text())


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "bundle"
    path.write_bytes(b"the bundle")
    return path


def hash_of(path: Path) -> str:
    return subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout.split()[0]


def test_a_first_boot_fetches_verifies_and_installs(tmp_path: Path, bundle: Path) -> None:
    box = Sandbox(tmp_path, replace(FIRST, hashes=(("", hash_of(bundle)),)))
    box.program("curl", f'cp {bundle} "{tmp_path}/run/ssm-bootstrap-first-boot/ssm-bootstrap"')
    assert box.boot().returncode == 0
    assert "install --region ap-northeast-1 --activation-id 01234567-89ab-cdef-0123-456789abcdef --start" in box.ran()
    assert (tmp_path / "etc/ssm-bootstrap").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "etc/systemd/system" / user_data.UNIT).stat().st_mode & 0o777 == 0o644
    before = box.ran()
    assert f"systemctl --quiet disable {user_data.UNIT}" in before
    assert box.place().returncode == 0
    assert box.ran() == before, "a later boot does nothing"


def test_a_cut_of_the_power_between_the_mark_and_the_end(tmp_path: Path, bundle: Path) -> None:
    box = Sandbox(tmp_path, replace(FIRST, hashes=(("", hash_of(bundle)),)))
    box.program("curl", f'cp {bundle} "{tmp_path}/run/ssm-bootstrap-first-boot/ssm-bootstrap"')
    assert box.boot().returncode == 0
    (tmp_path / "ran").unlink()
    assert box.shell((tmp_path / "etc/ssm-bootstrap/first-boot").read_text()).returncode == 0
    assert box.ran() == f"systemctl --quiet disable {user_data.UNIT}\n"


def test_a_script_that_runs_already_gives_way_to_this_one(tmp_path: Path) -> None:
    """An image may have been made of an instance that still tried, with another's user-data."""
    box = Sandbox(tmp_path, FIRST)
    assert box.place().returncode == 0
    assert box.ran().splitlines()[-1] == f"systemctl --no-block restart {user_data.UNIT}"


def test_what_is_put_is_on_the_disk_before_it_has_its_name(tmp_path: Path) -> None:
    box = Sandbox(tmp_path, FIRST)
    box.program("sync", f'for last; do :; done; test -s "$last" && test ! -e "${{last%.new}}" && echo whole >>{tmp_path}/ran; :')
    box.place()
    lines = [line.replace(str(tmp_path), "") for line in box.ran().splitlines()]
    assert [line for line in lines if line.startswith(("sync", "whole"))] == [
        *("sync /etc/ssm-bootstrap/first-boot.new", "whole"),
        *(f"sync /etc/systemd/system/{user_data.UNIT}.new", "whole"),
        "sync -f /etc/systemd/system",
    ]


def test_a_sync_that_knows_no_file_system_is_no_hindrance(tmp_path: Path) -> None:
    box = Sandbox(tmp_path, FIRST)
    box.program("sync", 'case "$*" in -*) exit 1 ;; esac')
    box.place()
    ran = [line.replace(str(tmp_path), "") for line in box.ran().splitlines()]
    assert ran[-3:] == ["sync -f /etc/systemd/system", "sync ", f"systemctl --no-block restart {user_data.UNIT}"]


def test_a_failed_install_is_no_success(tmp_path: Path, bundle: Path) -> None:
    box = Sandbox(tmp_path, replace(FIRST, hashes=(("", hash_of(bundle)),)))
    box.program("curl", f'cp {bundle} "{tmp_path}/run/ssm-bootstrap-first-boot/ssm-bootstrap"')
    box.python("python3", 99, "exit 75")
    assert box.boot().returncode == 75
    assert "disable" not in box.ran() and not (tmp_path / user_data.DONE[1:]).exists()
    unit = (tmp_path / "etc/systemd/system" / user_data.UNIT).read_text()
    assert "Restart=on-failure\n" in unit and " 75" not in unit


def test_it_does_not_hold_up_the_boot(tmp_path: Path) -> None:
    """A oneshot of multi-user.target would, and cloud-init's last stage waits for that: a shell script would never come."""
    Sandbox(tmp_path, FIRST).place()
    assert "\nType=exec\n" in (tmp_path / "etc/systemd/system" / user_data.UNIT).read_text()


def test_another_hash_is_never_run(tmp_path: Path, bundle: Path) -> None:
    box = Sandbox(tmp_path, FIRST)
    box.program("curl", f'cp {bundle} "{tmp_path}/run/ssm-bootstrap-first-boot/ssm-bootstrap"')
    box.program("sleep", "kill $PPID")
    ended = box.boot()
    assert "python3" not in box.ran()
    assert (
        f"<4>waiting for https://my-bucket.s3.ap-northeast-1.amazonaws.com/tools/ssm%20bootstrap.pyz: its SHA-256 is not {HASH}"
        in ended.stdout
    )


def test_what_is_missing_is_told_with_curls_words(tmp_path: Path) -> None:
    box = Sandbox(tmp_path, FIRST)
    box.program("curl", 'echo "curl: (28) Connection timed out" >&2; exit 28')
    box.program("sleep", "kill $PPID")
    assert "curl: (28) Connection timed out" in box.boot().stdout


def test_secrets_are_on_no_argv(tmp_path: Path, bundle: Path) -> None:
    first = replace(
        FIRST, hashes=(("", hash_of(bundle)),), fetch=BundleSource.PRESIGNED, url=URL, code_from=CodeFrom.USER_DATA, code=CODE
    )
    box = Sandbox(tmp_path, first)
    box.program("curl", f'cat >{tmp_path}/config; cp {bundle} "{tmp_path}/run/ssm-bootstrap-first-boot/ssm-bootstrap"')
    assert box.boot().returncode == 0
    assert (tmp_path / "config").read_text() == f'url = "{URL}"\n'
    code = tmp_path / "etc/ssm-bootstrap/activation-code"
    assert code.read_text() == CODE + "\n" and code.stat().st_mode & 0o777 == 0o600
    assert CODE not in box.ran() and URL not in box.ran()


@pytest.mark.parametrize("kind", [CodeFrom.PARAMETER, CodeFrom.SECRET])
@pytest.mark.parametrize("identifier", ["", FIRST.activation_id])
def test_an_activation_of_aws_is_left_to_the_program(tmp_path: Path, bundle: Path, kind: CodeFrom, identifier: str) -> None:
    """The configuration names the place; nothing of the script asks for the code, and no AWS CLI is run."""
    first = replace(FIRST, hashes=(("", hash_of(bundle)),), code_from=kind, code_name="/team/it's", activation_id=identifier)
    box = Sandbox(tmp_path, first)
    box.program("curl", f'cp {bundle} "{tmp_path}/run/ssm-bootstrap-first-boot/ssm-bootstrap"')
    ended = box.boot()
    assert ended.returncode == 0, ended.stderr
    named = f" --activation-id {identifier}" if identifier else ""
    assert f"install --region ap-northeast-1{named} --code-from {kind.value}:/team/it's --start\n" in box.ran()
    assert "aws " not in box.ran() and not (tmp_path / "etc/ssm-bootstrap/activation-code").exists()
    assert f"{kind.value}:/team/it's" in (tmp_path / user_data.DONE[1:]).read_text()
    assert "aws-cli" not in " ".join(needs(first))


def test_terraform_and_cloudformation_find_no_variable_of_theirs() -> None:
    for first in EVERY:
        assert "${" not in cloud_config(first) and "%{" not in cloud_config(first)


@pytest.mark.parametrize("names", [("python3", "python3.98"), ("python3.98", "python3.9"), ("python3.98", "platform-python")])
def test_the_newest_python_runs_the_archive(tmp_path: Path, bundle: Path, names: tuple[str, str]) -> None:
    box = Sandbox(tmp_path, replace(FIRST, hashes=(("", hash_of(bundle)),)))
    box.program("curl", f'cp {bundle} "{tmp_path}/run/ssm-bootstrap-first-boot/ssm-bootstrap"')
    box.python("python3", 6)
    for name, minor in zip(names, (98, 97)):
        box.python(name, minor)
    assert box.boot().returncode == 0
    program = f"{tmp_path}/run/ssm-bootstrap-first-boot/ssm-bootstrap"
    assert f"{names[0]} -I {program} install --region" in box.ran()


def test_without_a_python_one_line_names_the_file(tmp_path: Path, bundle: Path) -> None:
    box = Sandbox(tmp_path, replace(FIRST, hashes=(("", hash_of(bundle)),)))
    box.program("curl", f'cp {bundle} "{tmp_path}/run/ssm-bootstrap-first-boot/ssm-bootstrap"')
    box.program("sort", "cat >/dev/null")  # whatever was found on this machine is not handed on
    ended = box.boot()
    machine = os.uname().machine
    told = f"<3>there is no Python 3.9 or newer here: put the file ssm-bootstrap-{machine} into the bucket\n"
    assert (ended.returncode, ended.stderr) == (78, told)


MACHINE = os.uname().machine
FOR_EACH = replace(FIRST, key="tools/ssm-bootstrap-{machine}")


def test_an_executable_is_started_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "executable"
    file.write_bytes(Path("/bin/true").read_bytes())
    box = Sandbox(tmp_path, replace(FOR_EACH, hashes=(("sparc", HASH), (MACHINE, hash_of(file)))))
    box.program("curl", f'cp {file} "{tmp_path}/run/ssm-bootstrap-first-boot/ssm-bootstrap"')
    ended = box.boot()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"https://my-bucket.s3.ap-northeast-1.amazonaws.com/tools/ssm-bootstrap-{MACHINE}\n" in box.ran()
    assert "python" not in box.ran() and (tmp_path / "var/lib/ssm-bootstrap/first-boot.done").exists()


def test_an_executable_runs_from_where_it_will_stay(tmp_path: Path) -> None:
    """/run is mounted noexec by Debian's and Ubuntu's initramfs; what was copied is gone afterwards, whatever came of it."""
    file = tmp_path / "executable"
    file.write_bytes(b"\x7fELF: what this machine cannot run")
    box = Sandbox(tmp_path, replace(FOR_EACH, hashes=((MACHINE, hash_of(file)),)))
    box.program("curl", f'cp {file} "{tmp_path}/run/ssm-bootstrap-first-boot/ssm-bootstrap"')
    ended = box.boot()
    assert ended.returncode not in (0, 78) and f"{tmp_path}/usr/local/bin/.ssm-bootstrap.firstrun" in ended.stderr
    assert not list((tmp_path / "usr/local/bin").iterdir())


def test_what_is_left_of_such_a_run_is_what_install_and_uninstall_remove(tmp_path: Path) -> None:
    (left,) = set(re.findall(r"own=(\S+)", shell_script(FIRST)))
    files = Files(str(tmp_path))
    (tmp_path / left[1:]).parent.mkdir(parents=True)
    (tmp_path / left[1:]).touch()
    assert files.half_written(paths.OUR_PROGRAM) == [left]


def test_a_machine_that_has_no_executable_is_told_in_one_line(tmp_path: Path) -> None:
    box = Sandbox(tmp_path, replace(FOR_EACH, hashes=(("sparc", HASH), ("vax", HASH))))
    ended = box.boot()
    assert ended.returncode == 78 and "curl" not in box.ran()
    assert ended.stderr == f"<3>what S3 has is for sparc and vax, and this machine is {MACHINE}\n"


def test_signed_requests_name_the_object_of_the_machine(tmp_path: Path) -> None:
    box = Sandbox(tmp_path, replace(FOR_EACH, hashes=((MACHINE, HASH),), fetch=BundleSource.SIGNED))
    box.program("sleep", "kill $PPID")
    box.boot()
    assert f"s3 cp --only-show-errors s3://my-bucket/tools/ssm-bootstrap-{MACHINE} " in box.ran()
