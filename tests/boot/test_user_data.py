"""cloud-init runs the generated user-data on an image that has the agent and nothing of ours: S3 is all that there is."""

from __future__ import annotations

import base64
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Callable, Dict, Iterator

import pytest

from tests.boot import image, outfit
from tests.boot.container import Container
from tests.boot.test_boot import AGENT, UNIT, agent_is_online, calls, instances
from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.laws.secrets import CANARIES
from tests.story import ACTIVATION, CODE, REGION

pytestmark = [pytest.mark.boot, pytest.mark.timeout(1800)]
Tell = Callable[[str], None]
FIRST_BOOT, TIMER = "ssm-bootstrap-first-boot.service", "ssm-bootstrap-doctor.timer"
BUCKET, KEY = "my-bucket", "tools/ssm-bootstrap.pyz"
SEED = "/var/lib/cloud/seed/nocloud"
CLOUD = (
    "datasource_list: [NoCloud]\nnetwork: {config: disabled}\nmanage_etc_hosts: false\npreserve_hostname: true\nlocale: false\n"
    "ssh_genkeytypes: []\n"  # there is no ssh-keygen, and newer ones are degraded (2) without its keys
)
RUN = "tmpfs /run tmpfs nosuid,nodev,noexec,mode=755 0 0\n"
"""As it is on every Debian and Ubuntu that has an initramfs (initramfs-tools 0.142, /usr/share/initramfs-tools/init)."""

OURS = ("/etc", "/usr/local", "/var/lib/ssm-bootstrap", "/var/cache/ssm-bootstrap", "/run/ssm-bootstrap")
CLOUD_INITS = ("/etc/ssh", "/etc/hosts", "/etc/apt", "/etc/locale", "/etc/default", "/etc/cloud", "/etc/passwd", "/etc/shadow")


@pytest.fixture(scope="module")
def bundle() -> Path:
    """The one file, as it was built."""
    if not outfit.BUNDLE.exists():
        pytest.fail(f"{outfit.BUNDLE.name} is not built: make bundle")
    return outfit.BUNDLE


@pytest.fixture(scope="module")
def image_layers(release: str, lab: Lab) -> Iterator[outfit.Layers]:
    """An image with cloud-init and the agent, and nothing of ours."""
    try:
        tree = image.tree(release)
    except image.Unavailable as error:
        pytest.skip(str(error))
    with Container(lab, [tree]) as machine:
        outfit.dress(machine.disk, lab)
        machine.disk.place("/etc/cloud/cloud-init.disabled")
        machine.prepare(["update-ca-certificates"])
        yield outfit.Layers((machine.disk.upper, tree), "nothing")


@pytest.fixture
def clone(image_layers: outfit.Layers, lab: Lab, bundle: Path) -> Iterator[Container]:
    """An instance of that image that is off; the bundle lies in a bucket."""
    lab.apply(CASES["complete"])
    for name in lab.ask_aws(get="state")["instances"]:
        lab.ask_aws(forget=name)
    lab.forget_requests()
    upload(lab, bundle)
    with Container(lab, image_layers.directories) as found:
        found.disk.write("/etc/cloud/cloud.cfg.d/99-lab.cfg", CLOUD)
        found.disk.write(f"{SEED}/meta-data", "instance-id: i-0123456789abcdef0\n")
        found.disk.write("/etc/fstab", RUN)
        yield found


def upload(lab: Lab, bundle: Path) -> None:
    """Put the bundle into its bucket; a new case empties it."""
    lab.behave(s3_objects={f"{BUCKET}/{KEY}": base64.b64encode(bundle.read_bytes()).decode()})


def user_data(bundle: Path, *more: str, code: str = "") -> str:
    """What the bundle or the executable itself prints."""
    words = ["user-data", "--s3-uri", f"s3://{BUCKET}/{KEY}", "--region", REGION, "--activation-id", ACTIVATION, *more]
    started = [sys.executable, "-I", str(bundle)] if bundle.suffix == ".pyz" else [str(bundle.absolute())]
    done = subprocess.run([*started, *words], input=code, capture_output=True, text=True, check=True)
    return done.stdout


def give(machine: Container, text: str) -> None:
    """Hand an instance its user-data."""
    machine.disk.write(f"{SEED}/user-data", text, mode=0o600)


def bake_code(machine: Container) -> None:
    """The activation code, as an image may have it."""
    machine.disk.write(outfit.CODE_FILE, CODE + "\n", mode=0o600)


def cloud_init_is_done(machine: Container) -> None:
    """Wait for cloud-init to end without an error."""
    ended = machine.run(["cloud-init", "status", "--wait", "--long"], timeout=120)
    assert ended.returncode == 0, ended.stdout + machine.text("/var/log/cloud-init.log")[-3000:]


def is_installed(machine: Container) -> None:
    """Wait until the bundle was fetched and installed."""
    machine.wait_for_words(ACTIVATION, lambda: machine.text("/var/lib/ssm-bootstrap/first-boot.done"), timeout=120)


def is_installed_and_online(machine: Container, lab: Lab) -> str:
    """Wait until it all has happened; the node's id."""
    is_installed(machine)
    machine.wait_for(UNIT, ActiveState="active", SubState="exited")
    agent_is_online(machine)
    (name,) = instances(lab)
    return name


@pytest.mark.parametrize("form", ["cloud-config", "shell"])
def test_an_instance_of_an_image_without_us(clone: Container, lab: Lab, bundle: Path, tell: Tell, form: str) -> None:
    bake_code(clone)
    give(clone, user_data(bundle, "--format", form))
    began = time.monotonic()
    clone.boot()
    name = is_installed_and_online(clone, lab)
    tell(f"online {time.monotonic() - began:.1f} s after power on")
    assert clone.run(["systemctl", "is-enabled", UNIT, TIMER]).stdout.split() == ["enabled", "enabled"]
    assert clone.run(["systemctl", "is-enabled", FIRST_BOOT]).stdout.strip() == "disabled"
    assert clone.run(["stat", "-c", "%a %U", "/usr/local/bin/ssm-bootstrap"]).stdout.split() == ["755", "root"]
    cloud_init_is_done(clone)
    if form == "cloud-config":
        schema = clone.run(["cloud-init", "schema", "--config-file", f"{SEED}/user-data"], timeout=120)
        older = clone.run(["cloud-init", "devel", "schema", "--config-file", f"{SEED}/user-data"], timeout=120)
        assert "Valid" in schema.stdout + older.stdout, schema.stderr + older.stderr
        system = clone.run(["cloud-init", "schema", "--system"], timeout=120)
        assert "Valid" in system.stdout or "invalid choice: 'schema'" in system.stderr, system.stdout + system.stderr
    clone.power_off()

    lab.forget_requests()
    clone.boot()
    clone.wait_for(UNIT, ActiveState="active", SubState="exited")
    cloud_init_is_done(clone)
    assert f"Already registered: {name}" in clone.journal(UNIT)
    assert clone.journal(FIRST_BOOT).strip() in ("", "-- No entries --")
    assert not calls(lab, "RegisterManagedInstance")
    assert "ordering cycle" not in clone.journal()
    verified = clone.run(["sh", "-c", "systemd-analyze verify /etc/systemd/system/ssm-bootstrap*.service"])
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


def test_an_image_of_an_instance_that_was_not_done(clone: Container, lab: Lab, bundle: Path, tell: Tell) -> None:
    """The unit that the image brought runs before cloud-init's last stage, which a shell script is part of, and gives way."""
    bake_code(clone)
    give(clone, user_data(bundle, "--s3-uri", "s3://another-bucket/of-the-image"))
    clone.boot()
    clone.wait_for_words("waiting for https://another-bucket", lambda: clone.journal(FIRST_BOOT))
    clone.cut()
    give(clone, user_data(bundle, "--format", "shell"))
    clone.disk.write(f"{SEED}/meta-data", "instance-id: i-0fedcba9876543210\n")
    clone.boot()
    is_installed_and_online(clone, lab)
    assert "waiting for https://another-bucket" in clone.journal(FIRST_BOOT)
    cloud_init_is_done(clone)


def test_a_code_in_user_data(clone: Container, lab: Lab, bundle: Path, tell: Tell) -> None:
    give(clone, user_data(bundle, "--code-in-user-data", "-", code=CODE))
    clone.boot()
    is_installed_and_online(clone, lab)
    modes = clone.run(["stat", "-c", "%a %U", "/etc/ssm-bootstrap", outfit.CODE_FILE]).stdout.split()
    assert modes == ["700", "root", "600", "root"]
    assert CODE not in clone.journal()


def test_a_presigned_url(clone: Container, lab: Lab, bundle: Path, tell: Tell) -> None:
    """First one that S3 has nothing for, so that curl has something to say of it."""
    bake_code(clone)
    lab.behave(s3_objects={})
    signature = CANARIES["presigned-signature"]
    url = f"https://{BUCKET}.s3.{REGION}.amazonaws.com/{KEY}?X-Amz-Expires=604800&X-Amz-Signature={signature}"
    give(clone, user_data(bundle, "--fetch", "presigned", "--presigned-url-file", "-", code=url))
    clone.boot()
    clone.wait_for_words(f"waiting for s3://{BUCKET}/{KEY}: curl: (22)", lambda: clone.journal(FIRST_BOOT))
    upload(lab, bundle)
    is_installed_and_online(clone, lab)
    assert signature not in clone.journal()


def test_endpoints_that_come_later(clone: Container, lab: Lab, bundle: Path, tell: Tell) -> None:
    """First there is nothing, then S3, then the interface endpoints; the power goes in each of these times."""
    bake_code(clone)
    give(clone, user_data(bundle))
    lab.apply(CASES["no-endpoints"])
    for time_on in (1, 2):
        clone.boot()
        said = clone.wait_for_words("waiting for https://my-bucket", lambda: clone.journal(FIRST_BOOT), timeout=90)
        assert "curl: (28)" in said
        if time_on == 1:
            clone.cut()
    lab.apply(replace(CASES["complete"], name="s3-alone", endpoints=frozenset()))
    upload(lab, bundle)
    answers = time.monotonic()
    is_installed(clone)
    tell(f"installed {time.monotonic() - answers:.1f} s after S3 answers")
    clone.wait_for_words("waiting: endpoint-missing", lambda: clone.journal(UNIT))
    assert clone.show(UNIT)["StatusText"].startswith("waiting: endpoint-missing")
    clone.cut()
    clone.boot()
    clone.wait_for_words("waiting: endpoint-missing", lambda: clone.journal(UNIT))
    lab.apply(CASES["complete"])
    answered = time.time()
    clone.wait_for(UNIT, ActiveState="active", SubState="exited")
    (record,) = instances(lab).values()
    tell(f"registered {record['registered'] - answered:.2f} s after the endpoint answers")
    agent_is_online(clone)


def test_another_bundle_in_the_bucket_is_never_run(clone: Container, lab: Lab, bundle: Path, tell: Tell) -> None:
    bake_code(clone)
    give(clone, user_data(bundle, "--sha256", "0" * 64))
    clone.boot()
    clone.wait_for_words(f"its SHA-256 is not {'0' * 64}", lambda: clone.journal(FIRST_BOOT), timeout=90)
    assert not clone.path("/usr/local/bin/ssm-bootstrap").exists()
    assert instances(lab) == {}


def test_uninstall_takes_it_all_back(clone: Container, lab: Lab, bundle: Path, tell: Tell) -> None:
    clone.disk.write("/root/bundle.pyz", bundle.read_bytes(), mode=0o755)
    clone.disk.write("/root/code", CODE + "\n", mode=0o600)
    give(clone, "#cloud-config\n{}\n")
    clone.boot()
    cloud_init_is_done(clone)
    before = places(clone)
    words = ["--region", REGION, "--activation-id", ACTIVATION, "--activation-code-file", "/root/code", "--start"]
    halves = [" ".join(["/root/bundle.pyz", "install", *half]) for half in (words[:2], words[2:-1])]
    both = clone.run(["sh", "-c", f"{halves[0]} & {halves[1]}; status=$?; wait $! && exit $status"])  # two runs at once
    assert both.returncode == 0, both.stderr
    done = clone.run(["/root/bundle.pyz", "install", *words])
    assert done.returncode == 0 and "written" not in done.stdout, done.stdout + done.stderr
    clone.wait_for(UNIT, ActiveState="active", SubState="exited")
    agent_is_online(clone)
    again = clone.run(["ssm-bootstrap", "install", *words[:-1]])
    assert again.returncode == 0 and "written" not in again.stdout, again.stdout
    assert places(clone) != before
    gone = clone.run(["ssm-bootstrap", "install", "--uninstall"])
    assert gone.returncode == 0, gone.stderr
    assert places(clone) == before
    assert clone.show(AGENT)["ActiveState"] == "active"
    assert len(instances(lab)) == 1


@pytest.fixture
def by_hand(clone: Container, bundle: Path) -> Container:
    """An instance without user-data that is on, with the bundle and the code in root's directory."""
    clone.disk.write("/root/bundle.pyz", bundle.read_bytes(), mode=0o755)
    clone.disk.write("/root/code", CODE + "\n", mode=0o600)
    give(clone, "#cloud-config\n{}\n")
    clone.boot()
    cloud_init_is_done(clone)
    return clone


def install(machine: Container, *words: str) -> None:
    """Install by hand, or take it back."""
    done = machine.run(["/root/bundle.pyz", "install", *words], timeout=120)
    assert done.returncode == 0, done.stderr


def test_a_wrong_region_is_put_right_while_the_unit_waits(by_hand: Container, lab: Lab, tell: Tell) -> None:
    words = ["--activation-id", ACTIVATION, "--activation-code-file", "/root/code", "--start"]
    install(by_hand, "--region", "eu-west-1", *words)
    by_hand.wait_for_words("waiting: ", lambda: by_hand.journal(UNIT))
    install(by_hand, "--region", REGION, "--start")
    by_hand.wait_for(UNIT, ActiveState="active", SubState="exited")
    agent_is_online(by_hand)
    assert len(instances(lab)) == 1


def test_uninstall_while_the_unit_waits(by_hand: Container, lab: Lab, tell: Tell) -> None:
    before = places(by_hand)
    lab.apply(CASES["no-endpoints"])
    words = ["--activation-id", ACTIVATION, "--activation-code-file", "/root/code", "--start"]
    install(by_hand, "--region", REGION, *words)
    by_hand.wait_for_words("waiting: endpoint-missing", lambda: by_hand.journal(UNIT))
    install(by_hand, "--uninstall")
    assert places(by_hand) == before
    assert by_hand.show(UNIT)["LoadState"] == "not-found"
    assert instances(lab) == {}


def places(machine: Container) -> Dict[str, str]:
    """Every path below the places of ours, with its mode; what cloud-init keeps writing is not ours."""
    find = machine.run(["find", *OURS, "-printf", "%p %m\n"]).stdout.splitlines()
    found = dict(line.rsplit(" ", 1) for line in find)
    return {path: mode for path, mode in found.items() if not path.startswith(CLOUD_INITS)}


def test_the_doctors_timer(clone: Container, lab: Lab, bundle: Path, tell: Tell) -> None:
    bake_code(clone)
    give(clone, user_data(bundle))
    clone.boot()
    name = is_installed_and_online(clone, lab)
    began = time.monotonic()
    done = clone.run(["systemctl", "start", "ssm-bootstrap-doctor.service"], timeout=150)
    tell(f"the doctor took {time.monotonic() - began:.1f} s")
    report = clone.journal("ssm-bootstrap-doctor.service")
    assert done.returncode == 0, report
    metrics = clone.text("/var/lib/ssm-bootstrap/ssm-bootstrap.prom")
    assert 'ssm_bootstrap_capability{capability="register",verdict="ok"} 1' in metrics
    inventory = f"/var/lib/amazon/ssm/{name}/inventory/custom/ssm-bootstrap.json"
    assert '"RootCause": "none"' in clone.text(inventory)
    assert clone.run(["stat", "-c", "%a", "/var/lib/ssm-bootstrap/ssm-bootstrap.prom", inventory]).stdout.split() == [
        "644",
        "600",
    ]
    clone.wait_for_words("The agent is awake; nothing was done.", lambda: clone.journal("ssm-bootstrap-restart.service"))
    assert clone.show("ssm-bootstrap-restart.service")["Result"] == "success"
