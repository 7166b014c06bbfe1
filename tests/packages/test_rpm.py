"""The rpm by rpm itself, in a root whose shell, coreutils and systemctl run its scripts: installed, upgraded, erased."""

from __future__ import annotations

import shutil

import pytest

from tests.packages.conftest import Made
from tests.packages.test_deb import (
    BOOT,
    CODE,
    CONFIGURATION,
    INVENTORY,
    KEY,
    NODE,
    OURS,
    STATE,
    STUB,
    TIMER,
    enabled,
    put_outputs,
)
from tests.packages.world import World

pytestmark = [pytest.mark.boot, pytest.mark.slow, pytest.mark.timeout(1800)]  # over the trees of the boot tests

DEBIANS_WARNING = ("rpm: RPM should not be used directly", "rpm: However assuming you know")
"""Debian's rpm says at each installation that alien is the way there."""


def rpm(world: World, *words: str, made: Made) -> str:
    """What rpm says; the root's own package manager is another, so that what its packages give does not count."""
    if shutil.which("rpm") is None:
        pytest.skip("rpm is missing (tests/system-packages packages)")
    needs = () if words[0] == "-q" else ("--nodeps",)
    root = str(world.disk.home / "root")
    done = world.of_host("rpm", "--root", root, "--dbpath", "/var/lib/rpm", *needs, *words, packages=made.directory)
    assert done.returncode == 0, done.stdout
    return "".join(line for line in done.stdout.splitlines(True) if not line.startswith(DEBIANS_WARNING))


def install(world: World, made: Made) -> str:
    """Install or upgrade."""
    return rpm(world, "-U", f"{world.disk.home}/root/mnt/{made.rpm.name}", made=made)


def test_what_is_installed_runs_and_nothing_is_left_of_it(world: World, made: Made) -> None:
    world.do("mkdir -p /usr/share/licenses")  # of the package `filesystem` there
    before = world.listing()
    assert install(world, made) == ""
    assert world.do("ssm-bootstrap --version") == f"ssm-bootstrap {made.version}\n"
    assert (enabled(world, BOOT), enabled(world, TIMER)) == ("disabled", "disabled")
    assert rpm(world, "-V", "ssm-bootstrap", made=made) == ""
    put_outputs(world)
    assert rpm(world, "-e", "ssm-bootstrap", made=made) == ""
    left = {line for line in world.listing() - before if " /var/lib/amazon" not in line}
    assert left == set()
    assert before - world.listing() == set() and not world.has(INVENTORY)


def test_a_sites_preset_decides(bookworm: World, made: Made) -> None:
    bookworm.write("/etc/systemd/system-preset/50-site.preset", f"enable {BOOT}\n")
    install(bookworm, made)
    assert (enabled(bookworm, BOOT), enabled(bookworm, TIMER)) == ("enabled", "disabled")


def test_an_upgrade_keeps_what_an_administrator_decided(bookworm: World, made: Made, older: Made) -> None:
    install(bookworm, older)
    bookworm.write(CONFIGURATION, "[node]\nregion = eu-west-1\n")
    bookworm.write(CODE, "secret", "0600")
    bookworm.do(f"systemctl enable {BOOT} {TIMER}")
    put_outputs(bookworm)
    install(bookworm, made)
    assert rpm(bookworm, "-q", "ssm-bootstrap", made=made).strip() == f"ssm-bootstrap-{made.version}-1.noarch"
    assert bookworm.do(f"cat {CONFIGURATION} {CODE}") == "[node]\nregion = eu-west-1\nsecret"
    assert (enabled(bookworm, BOOT), enabled(bookworm, TIMER)) == ("enabled", "enabled")
    assert bookworm.has(INVENTORY) and bookworm.has(f"{OURS}/ssm-bootstrap.prom")
    rpm(bookworm, "-e", "ssm-bootstrap", made=made)
    assert bookworm.do(f"cat {CONFIGURATION}.rpmsave {CODE}") == "[node]\nregion = eu-west-1\nsecret"
    assert bookworm.do("find /etc/systemd/system -name 'ssm-bootstrap*'") == "" and not bookworm.has(OURS)


def test_no_identity_is_lost(bookworm: World, made: Made) -> None:
    install(bookworm, made)
    bookworm.write(KEY, f'{{"instanceID": "{NODE}"}}', "0600")
    bookworm.write(f"{STATE}/snapshot/Vault/Store/RegistrationKey", "{}", "0600")
    rpm(bookworm, "-e", "ssm-bootstrap", made=made)
    assert bookworm.has(f"{STATE}/snapshot/Vault/Store/RegistrationKey") and bookworm.has(KEY)


def test_it_is_not_erased_while_a_change_of_identity_goes_on(bookworm: World, made: Made) -> None:
    install(bookworm, made)
    bookworm.write("/run/ssm-bootstrap.lock", "")
    bookworm.do("printf '#!/bin/sh\nexit 1\n' >/usr/bin/flock")  # as after the wait ran out
    root = str(bookworm.disk.home / "root")
    done = bookworm.of_host("rpm", "--root", root, "--dbpath", "/var/lib/rpm", "--nodeps", "-e", "ssm-bootstrap")
    assert done.returncode != 0 and "a run is at work on this node's identity" in done.stdout
    assert bookworm.do("ssm-bootstrap --version")


def test_units_are_stopped_while_the_program_is_there_and_not_by_an_upgrade(bookworm: World, made: Made, older: Made) -> None:
    install(bookworm, older)
    bookworm.do('printf %s "$1" >/usr/bin/systemctl', STUB)
    bookworm.do("rm -f /called && mkdir -p /run/systemd/system")
    install(bookworm, made)
    assert set(bookworm.do("cat /called; rm /called").splitlines()) == {"daemon-reload"}
    rpm(bookworm, "-e", "ssm-bootstrap", made=made)
    units = [TIMER, "ssm-bootstrap-restart.service", "ssm-bootstrap-doctor.service", BOOT]
    stops = [line for unit in units for line in (f"stop {unit}", "there")]
    disabled = [f"--quiet --no-reload disable {unit}" for unit in (TIMER, BOOT)]
    assert bookworm.do("cat /called").splitlines() == [*stops, *disabled, "daemon-reload"]
