"""The deb on Debian 11, 12 and 13 by their own dpkg: installed, upgraded, removed, purged."""

from __future__ import annotations

import json

import pytest

from tests.packages.conftest import Made
from tests.packages.world import World

pytestmark = [pytest.mark.boot, pytest.mark.slow, pytest.mark.timeout(1800)]  # over the trees of the boot tests

CODE = "/etc/ssm-bootstrap/activation-code"
CONFIGURATION = "/etc/ssm-bootstrap.conf"
STATE = "/var/lib/amazon/ssm/.ssm-bootstrap"
KEY = "/var/lib/amazon/ssm/Vault/Store/RegistrationKey"
OURS = "/var/lib/ssm-bootstrap"
BOOT, TIMER = "ssm-bootstrap.service", "ssm-bootstrap-doctor.timer"
NODE = "mi-0123456789abcdef0"
INVENTORY = f"/var/lib/amazon/ssm/{NODE}/inventory/custom/ssm-bootstrap.json"

STUB = """#!/bin/sh
[ "$*" != --version ] || exit 0
echo "$@" >>/called
case "$*" in stop*) if [ -e /usr/bin/ssm-bootstrap ]; then echo there >>/called; fi;; esac
"""
"""A systemctl that writes down what it is told to do; of the program it knows only whether it is still there."""
HELD = """
mkfifo /tmp/end
(flock 9; read -r end </tmp/end) 9>/run/ssm-bootstrap.lock &
until flock --nonblock --conflict-exit-code 9 /run/ssm-bootstrap.lock true; [ $? = 9 ]; do :; done
(dpkg -r ssm-bootstrap >/tmp/said 2>&1; echo "$?" >/tmp/over) &
until grep -qs -e '-[e]xclusive' /proc/[0-9]*/cmdline || [ -e /tmp/over ]; do sleep 0.05; done
[ -e /usr/bin/ssm-bootstrap ] && echo waits
echo >/tmp/end
wait
cat /tmp/over
[ -e /usr/bin/ssm-bootstrap ] || echo gone
rm -f /tmp/end /tmp/said /tmp/over
"""


def install(world: World, made: Made) -> str:
    return world.do('dpkg -i "$1"', f"/mnt/{made.deb.name}", packages=made.directory)


def enabled(world: World, unit: str) -> str:
    return world.run('systemctl is-enabled "$1"', unit).stdout.strip()


def put_outputs(world: World) -> None:
    """What the program leaves on a machine."""
    for path in (INVENTORY, f"{OURS}/ssm-bootstrap.prom", f"{OURS}/.ssm-bootstrap.prom.x1", f"{OURS}/installed.json"):
        world.write(path, "{}")
    world.write("/var/cache/ssm-bootstrap/0123456789abcdef/module.py", "")
    world.write("/run/ssm-bootstrap/0123456789abcdef/module.py", "")
    world.write("/run/ssm-bootstrap.lock", "", "0600")


def test_what_is_installed_runs_and_nothing_is_left_of_it(world: World, made: Made) -> None:
    before = world.listing()
    said = install(world, made)
    assert "warning" not in said.lower() and "error" not in said.lower(), said
    assert world.do("ssm-bootstrap --version") == f"ssm-bootstrap {made.version}\n"
    assert (enabled(world, BOOT), enabled(world, TIMER)) == ("disabled", "disabled")
    assert world.do("stat -c '%a %U %G' /etc/ssm-bootstrap").split() == ["700", "root", "root"]
    assert world.do("dpkg --verify ssm-bootstrap") == ""
    assert install(world, made)  # once more, over itself
    put_outputs(world)
    world.do("dpkg -r ssm-bootstrap")
    assert world.has(CONFIGURATION)
    assert not world.has("/var/cache/ssm-bootstrap") and not world.has(INVENTORY) and not world.has("/run/ssm-bootstrap")
    world.do("dpkg -P ssm-bootstrap")
    left = {line for line in world.listing() - before if " /var/lib/amazon" not in line}
    assert left == set()
    assert before - world.listing() == set()


def test_systemd_takes_the_units_as_they_are_installed(world: World, made: Made) -> None:
    install(world, made)
    done = world.run(f"systemctl enable {BOOT} {TIMER} && systemctl preset {BOOT} {TIMER}")
    assert done.returncode == 0, done.stdout
    # What systemd does by itself at the first boot of an image without a machine-id.
    assert (enabled(world, BOOT), enabled(world, TIMER)) == ("disabled", "disabled")


def test_an_upgrade_keeps_what_an_administrator_decided(world: World, made: Made, older: Made) -> None:
    install(world, older)
    world.write(CONFIGURATION, "[node]\nregion = eu-west-1\n")
    world.write(CODE, "secret", "0600")
    world.do(f"systemctl enable {BOOT} {TIMER}")
    put_outputs(world)
    install(world, made)
    assert world.do("dpkg-query -W -f '${Version}' ssm-bootstrap") == f"{made.version}-1"
    assert world.do(f"cat {CONFIGURATION} {CODE}") == "[node]\nregion = eu-west-1\nsecret"
    assert (enabled(world, BOOT), enabled(world, TIMER)) == ("enabled", "enabled")
    assert world.has(INVENTORY) and world.has(f"{OURS}/ssm-bootstrap.prom")
    world.do("dpkg -r ssm-bootstrap")
    assert world.do("find /etc/systemd/system -name 'ssm-bootstrap*'") == ""
    assert world.do(f"cat {CONFIGURATION} {CODE}") == "[node]\nregion = eu-west-1\nsecret"
    said = world.do("dpkg -P ssm-bootstrap")
    assert f"{CODE} stays: an administrator put it there" in said
    assert world.do(f"cat {CODE}") == "secret" and not world.has(CONFIGURATION) and not world.has(OURS)


def test_purge_takes_back_what_install_wrote(bookworm: World, made: Made) -> None:
    install(bookworm, made)
    default = bookworm.do(f"cat {CONFIGURATION}")
    bookworm.write(CODE, "secret", "0600")
    record = {"schema": "ssm-bootstrap-installed/1", "files": {CODE: ""}, "enabled": [TIMER, BOOT]}
    bookworm.write(f"{OURS}/installed.json", json.dumps(record, indent=1))
    bookworm.write(f"{OURS}/first-boot.done", "")
    bookworm.write(f"{CONFIGURATION}.before", default)
    said = bookworm.do("dpkg -r ssm-bootstrap")
    assert bookworm.has(CODE), said
    bookworm.do("dpkg -P ssm-bootstrap")
    assert not bookworm.has("/etc/ssm-bootstrap") and not bookworm.has(f"{CONFIGURATION}.before")
    assert bookworm.do(f"ls -A {OURS}") == "first-boot.done\n"  # or user-data would install it all again


def test_an_administrators_copy_of_the_configuration_stays(bookworm: World, made: Made) -> None:
    install(bookworm, made)
    bookworm.write(f"{CONFIGURATION}.before", "[node]\nregion = eu-west-1\n")
    bookworm.do("dpkg -P ssm-bootstrap")
    assert bookworm.has(f"{CONFIGURATION}.before")


@pytest.mark.parametrize(
    ("beside", "key", "stays", "why"),
    [
        ((), NODE, False, ""),
        (("journal.json",), NODE, True, "cut short"),
        (("pending/Vault/x",), NODE, True, "cut short"),
        ((), "", True, "the last identity of this node"),
    ],
)
def test_no_identity_is_lost(bookworm: World, made: Made, beside: tuple[str, ...], key: str, stays: bool, why: str) -> None:
    install(bookworm, made)
    for name in ("snapshot/Vault/Store/RegistrationKey", *beside):
        bookworm.write(f"{STATE}/{name}", "{}", "0600")
    bookworm.write(KEY, f'{{"instanceID": "{key}"}}', "0600")
    bookworm.do("dpkg -r ssm-bootstrap")
    assert bookworm.has(f"{STATE}/snapshot/Vault/Store/RegistrationKey")
    said = bookworm.do("dpkg -P ssm-bootstrap")
    assert bookworm.has(f"{STATE}/snapshot/Vault/Store/RegistrationKey") is stays
    assert all(bookworm.has(f"{STATE}/{name}") for name in beside)
    assert why in said and bookworm.has(KEY)


def test_another_installation_keeps_its_own(bookworm: World, made: Made) -> None:
    install(bookworm, made)
    put_outputs(bookworm)
    bookworm.write("/usr/local/bin/ssm-bootstrap", "", "0755")
    bookworm.write(f"/etc/systemd/system/{BOOT}", "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n")
    bookworm.do(f"systemctl enable {BOOT}")
    bookworm.do("dpkg -P ssm-bootstrap")
    assert enabled(bookworm, BOOT) == "enabled"
    for path in (INVENTORY, f"{OURS}/ssm-bootstrap.prom", "/var/cache/ssm-bootstrap", f"{OURS}/installed.json"):
        assert bookworm.has(path), path


def test_a_removal_waits_for_a_change_of_identity(bookworm: World, made: Made) -> None:
    install(bookworm, made)
    assert bookworm.do(HELD).split() == ["waits", "0", "gone"]


def test_a_removal_is_refused_while_a_change_goes_on(bookworm: World, made: Made) -> None:
    install(bookworm, made)
    bookworm.do(f"systemctl enable {BOOT}")
    bookworm.write("/run/ssm-bootstrap.lock", "")
    bookworm.write("/usr/local/bin/flock", "#!/bin/sh\nexit 1\n", "0755")  # as after the wait ran out
    done = bookworm.run("dpkg -r ssm-bootstrap")
    assert done.returncode != 0 and "a run is at work on this node's identity" in done.stdout
    assert bookworm.do("dpkg-query -W -f '${db:Status-Abbrev}' ssm-bootstrap").strip() == "ri"  # to be removed, installed
    assert enabled(bookworm, BOOT) == "enabled" and bookworm.do("ssm-bootstrap --version")


def test_units_are_stopped_while_the_program_is_there(bookworm: World, made: Made) -> None:
    install(bookworm, made)
    bookworm.write("/usr/local/bin/systemctl", STUB, "0755")
    bookworm.do("mkdir -p /run/systemd/system && dpkg -r ssm-bootstrap")
    called = bookworm.do("cat /called").splitlines()
    units = [TIMER, "ssm-bootstrap-restart.service", "ssm-bootstrap-doctor.service", BOOT]
    stops = [line for unit in units for line in (f"stop {unit}", "there")]
    assert called == [*stops, *(f"--quiet --no-reload disable {unit}" for unit in (TIMER, BOOT)), "daemon-reload"]


def test_nothing_is_started_on_a_running_system(bookworm: World, made: Made) -> None:
    bookworm.write("/usr/local/bin/systemctl", STUB, "0755")
    bookworm.do("mkdir -p /run/systemd/system")
    install(bookworm, made)
    assert bookworm.do("cat /called") == "daemon-reload\n"
    assert bookworm.do("stat -c '%a %U' /var/lib/amazon /var/log/amazon").splitlines() == ["755 root"] * 2
    bookworm.do("dpkg -r ssm-bootstrap")
    assert not bookworm.has("/var/lib/amazon") and not bookworm.has("/var/log/amazon")
