"""What upgrades and failures half-way must not do: open a secret, leave a node unwatched, take what others need."""

from __future__ import annotations

import pytest

from tests.packages import test_rpm as by_rpm
from tests.packages.conftest import Made
from tests.packages.test_deb import BOOT, CODE, CONFIGURATION, INVENTORY, OURS, TIMER, enabled, install
from tests.packages.world import World

pytestmark = [pytest.mark.boot, pytest.mark.slow, pytest.mark.timeout(1800)]  # over the trees of the boot tests

WITH_CODE = "[activation]\ncode = secret\n"
OTHER = "/usr/local/bin/ssm-bootstrap"
ENABLED_STUB = '#!/bin/sh\necho "$@" >>/called\n'
"""A systemctl that says yes to all."""
HALF_WRITTEN = ("activation-code.new", ".activation-code.x1y2", "first-boot.new", ".first-boot.x1y2")


def told(world: World) -> str:
    """Mode and content of the configuration."""
    return world.do(f"stat -c %a {CONFIGURATION}; cat {CONFIGURATION}")


def test_an_upgrade_by_dpkg_opens_no_configuration_that_holds_a_code(bookworm: World, made: Made, older: Made) -> None:
    install(bookworm, older)
    bookworm.write(CONFIGURATION, WITH_CODE, "0600")
    install(bookworm, made)
    assert told(bookworm) == f"600\n{WITH_CODE}"


def test_an_upgrade_by_rpm_opens_no_configuration_that_holds_a_code(bookworm: World, made: Made, older: Made) -> None:
    by_rpm.install(bookworm, older)
    bookworm.write(CONFIGURATION, WITH_CODE, "0600")
    by_rpm.install(bookworm, made)
    assert told(bookworm) == f"600\n{WITH_CODE}"
    by_rpm.rpm(bookworm, "-e", "ssm-bootstrap", made=made)
    assert bookworm.do(f"stat -c %a {CONFIGURATION}.rpmsave") == "600\n"


def test_a_configuration_of_the_one_file_bundle_is_never_replaced_unasked(bookworm: World, made: Made) -> None:
    bookworm.write(CONFIGURATION, WITH_CODE, "0600")
    asked = bookworm.run('dpkg -i "$1"', f"/mnt/{made.deb.name}", packages=made.directory)
    assert asked.returncode != 0 and "end of file on stdin at conffile prompt" in asked.stdout
    bookworm.do("dpkg --force-confdef --force-confold --configure ssm-bootstrap")  # what was left half done is taken up
    assert told(bookworm) == f"600\n{WITH_CODE}" and bookworm.do("ssm-bootstrap --version")


@pytest.mark.parametrize("steps", [("-P",), ("-r", "-P")])
def test_a_purge_leaves_the_configuration_to_the_one_file_bundle(bookworm: World, made: Made, steps: tuple[str, ...]) -> None:
    install(bookworm, made)
    bookworm.write(OTHER, "", "0755")
    bookworm.write(CONFIGURATION, WITH_CODE, "0600")
    bookworm.write(f"{OURS}/installed.json", "{}")
    for step in steps:
        bookworm.do(f"dpkg {step} ssm-bootstrap")
    assert told(bookworm) == f"600\n{WITH_CODE}"
    assert bookworm.do(f"ls {OURS}") == "installed.json\n"


def test_an_erasure_leaves_the_configuration_to_one_that_pip_installed(bookworm: World, made: Made) -> None:
    by_rpm.install(bookworm, made)
    bookworm.write(OTHER, "", "0755")
    bookworm.write(CONFIGURATION, WITH_CODE, "0600")
    by_rpm.rpm(bookworm, "-e", "ssm-bootstrap", made=made)
    assert told(bookworm) == f"600\n{WITH_CODE}"
    assert not bookworm.has(OURS) and not bookworm.has(f"{CONFIGURATION}.rpmsave")


def test_no_half_written_code_is_left(bookworm: World, made: Made) -> None:
    for name in HALF_WRITTEN:
        bookworm.write(f"/etc/ssm-bootstrap/{name}", "secret", "0600")
    bookworm.write("/run/ssm-bootstrap-install.lock", "", "0600")
    install(bookworm, made)
    bookworm.do("dpkg -P ssm-bootstrap")
    assert not bookworm.has("/etc/ssm-bootstrap") and not bookworm.has("/run/ssm-bootstrap-install.lock")


def test_an_erasure_names_the_code_that_stays_and_leaves_no_half_of_it(bookworm: World, made: Made) -> None:
    by_rpm.install(bookworm, made)
    for name in (*HALF_WRITTEN, "activation-code"):
        bookworm.write(f"/etc/ssm-bootstrap/{name}", "secret", "0600")
    said = by_rpm.rpm(bookworm, "-e", "ssm-bootstrap", made=made)
    assert f"{CODE} stays" in said and "secret" not in said
    assert bookworm.do("ls -A /etc/ssm-bootstrap") == "activation-code\n"


def test_what_cannot_be_removed_leaves_no_package_half_removed(bookworm: World, made: Made) -> None:
    install(bookworm, made)
    bookworm.write(f"{INVENTORY}/x", "")  # a directory where a file is due
    bookworm.write(f"{OURS}/ssm-bootstrap.prom/x", "")
    said = bookworm.do("dpkg -P ssm-bootstrap")
    assert "Is a directory" in said and bookworm.has(f"{INVENTORY}/x") and not bookworm.has(OURS)
    assert bookworm.run("dpkg-query -W ssm-bootstrap").returncode != 0


def test_names_and_links_that_are_meant_to_hurt_lead_nowhere(bookworm: World, made: Made) -> None:
    install(bookworm, made)
    hostile = "/var/lib/amazon/ssm/$(rm -f precious)\n -rf \nprecious/inventory/custom/ssm-bootstrap.json"
    for path in (
        INVENTORY,
        hostile,
        "/etc/precious",
        "/srv/custom/ssm-bootstrap.json",
        "/srv/inventory/custom/ssm-bootstrap.json",
    ):
        bookworm.write(path, "x")
    bookworm.do(f"ln -sf /etc/precious {INVENTORY} && cp /etc/precious /precious")
    bookworm.do(
        "mkdir /var/lib/amazon/ssm/mi-1 && ln -s /srv /var/lib/amazon/ssm/mi-1/inventory && ln -s /srv /var/lib/amazon/ssm/mi-2"
    )
    bookworm.do(f"mkdir -p {OURS} && ln -s /srv {OURS}/-rf && ln -s /etc/precious {OURS}/ssm-bootstrap.prom")
    bookworm.do("ln -s /srv /var/cache/ssm-bootstrap")
    bookworm.do("cd / && dpkg -P ssm-bootstrap")
    assert bookworm.do("cat /precious /etc/precious /srv/custom/* /srv/inventory/custom/*") == "xxxx"
    for path in (INVENTORY, hostile, OURS, "/var/cache/ssm-bootstrap"):
        assert not bookworm.has(path), path


@pytest.mark.parametrize("manager", ["dpkg", "rpm"])
def test_a_removal_that_is_refused_has_the_timer_run_again(bookworm: World, made: Made, manager: str) -> None:
    (install if manager == "dpkg" else by_rpm.install)(bookworm, made)
    bookworm.do("rm -f /called && mkdir -p /run/systemd/system")
    bookworm.do('printf %s "$1" >/usr/bin/systemctl', ENABLED_STUB)
    bookworm.do("printf '#!/bin/sh\nexit 1\n' >/usr/bin/flock")  # as after the wait ran out
    bookworm.write("/run/ssm-bootstrap.lock", "")
    if manager == "dpkg":
        done = bookworm.run("dpkg -r ssm-bootstrap")
    else:
        root = str(bookworm.disk.home / "root")
        done = bookworm.of_host("rpm", "--root", root, "--dbpath", "/var/lib/rpm", "--nodeps", "-e", "ssm-bootstrap")
    assert done.returncode != 0 and bookworm.has("/usr/bin/ssm-bootstrap")
    called = bookworm.do("cat /called").splitlines()
    assert called[0] == f"stop {TIMER}" and called[-1] == f"--no-block start {TIMER}"
    assert not any("disable" in line for line in called)


def test_a_copy_of_a_unit_that_runs_our_program_is_not_run_any_more(bookworm: World, made: Made) -> None:
    install(bookworm, made)
    bookworm.do(f"cp /usr/lib/systemd/system/{BOOT} /etc/systemd/system/ && systemctl enable {BOOT}")
    bookworm.do("dpkg -P ssm-bootstrap")
    assert bookworm.has(f"/etc/systemd/system/{BOOT}") and enabled(bookworm, BOOT) == "disabled"
