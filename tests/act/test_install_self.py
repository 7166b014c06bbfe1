"""What install puts in place, what it leaves alone, and what --uninstall takes back."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import nullcontext
from pathlib import Path
from typing import Callable

import pytest

from ssm_bootstrap.act.agent.service import Systemd
from ssm_bootstrap.act.setup.install_self import Step, Wanted, foresee, install, uninstall
from ssm_bootstrap.act.setup.launcher import BEFORE, cut_short
from ssm_bootstrap.collect import paths
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import Completed
from ssm_bootstrap.host.trees import Trees
from ssm_bootstrap.model.exitstatus import Refusal
from tests.fakes import RootedFiles, ScriptedCommands

UNIT = f"{paths.OUR_UNITS}/ssm-bootstrap.service"
BUNDLE = b"PK\x03\x04 a bundle"
SETTINGS = (("node", "region", "ap-northeast-1"), ("activation", "id", "01234567-89ab-cdef-0123-456789abcdef"))


class Node:
    """A machine below a directory, whose systemctl does as it is told."""

    def __init__(self, root: Path) -> None:
        self.files = RootedFiles(root)
        self.commands = ScriptedCommands({"systemctl": "", "systemctl is-enabled": "disabled\n"})
        self.host = Host(files=self.files, trees=Trees(str(root)), commands=self.commands)
        Path(self.files.real(paths.OUR_UNITS)).mkdir(parents=True)

    def install(
        self, program: bytes = BUNDLE, unit: bytes = b"ExecStart=/usr/bin/ssm-bootstrap register\n", **more: object
    ) -> dict[str, Step]:
        """Install; the steps by what they were about."""
        wanted = Wanted(program, paths.OUR_PROGRAM, {"ssm-bootstrap.service": unit}, **{"settings": SETTINGS, **more})  # type: ignore[arg-type]
        return {step.what: step for step in install(self.host, Systemd(self.host), wanted)}

    def uninstall(self) -> dict[str, Step]:
        """Take it back; the steps by what they were about."""
        return {step.what: step for step in uninstall(self.host, Systemd(self.host), nullcontext)}

    def everything(self) -> set[str]:
        """Every path of the machine that is no directory."""
        root = Path(self.files.real("/"))
        return {f"/{path.relative_to(root)}" for path in root.rglob("*") if not path.is_dir()}


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_an_older_systemd_gets_a_unit_that_it_takes(node: Node) -> None:
    node.commands.answers = {**node.commands.answers, "systemctl --version": "systemd 239 (239-82.el8)\n+PAM\n"}
    text = b"[Service]\nType=oneshot\nRestart=on-failure\nExecStart=/usr/bin/ssm-bootstrap register\n"
    node.install(unit=text)
    assert node.files.read_text(UNIT) == "[Service]\nType=oneshot\nExecStart=/usr/local/bin/ssm-bootstrap register\n"
    assert node.install(unit=text)[UNIT].verb == "unchanged"


def test_everything_is_put_in_place_with_its_mode(node: Node) -> None:
    node.install(code="a-code-of-twenty-letters")
    assert node.files.read_bytes(paths.OUR_PROGRAM) == BUNDLE
    assert node.files.read_text(UNIT) == "ExecStart=/usr/local/bin/ssm-bootstrap register\n"
    assert node.files.read_text(paths.OUR_CODE) == "a-code-of-twenty-letters\n"
    modes = {path: node.files.mode_and_owner(path)[0] for path in (paths.OUR_PROGRAM, UNIT, paths.OUR_CONFIG, paths.OUR_CODE)}
    assert modes == {paths.OUR_PROGRAM: 0o755, UNIT: 0o644, paths.OUR_CONFIG: 0o644, paths.OUR_CODE: 0o600}
    assert Path(node.files.real(paths.OUR_SECRETS)).stat().st_mode & 0o777 == 0o700
    assert ("systemctl", "enable", "ssm-bootstrap.service") in node.commands.ran


def test_a_second_run_writes_nothing(node: Node) -> None:
    node.install()
    node.commands.answers = {"systemctl": "", "systemctl is-enabled": "enabled\n"}
    assert {step.verb for step in node.install().values()} == {"unchanged"}


def test_what_would_be_done_is_what_is_done_then_and_nothing_is_changed_by_saying_so(node: Node) -> None:
    node.files.put(UNIT, "[Service]\n# an administrator's own\n")
    node.files.put(paths.OUR_CONFIG, "[node]\nregion = eu-west-1\n")
    unit = b"ExecStart=/usr/bin/ssm-bootstrap register\n"
    wanted = Wanted(BUNDLE, paths.OUR_PROGRAM, {"ssm-bootstrap.service": unit}, settings=SETTINGS, start=True)
    before = node.everything()
    told = foresee(node.host, Systemd(node.host), wanted)
    assert node.everything() == before
    assert {tuple(words[:2]) for words in node.commands.ran} == {("systemctl", "is-enabled")}
    assert install(node.host, Systemd(node.host), wanted) == told
    assert {step.verb for step in told} == {"written", "enabled", "started"} and node.files.exists(UNIT + BEFORE)


def test_where_all_is_in_place_nothing_would_be_done(node: Node) -> None:
    node.install()
    node.commands.answers = {"systemctl": "", "systemctl is-enabled": "enabled\n"}
    unit = b"ExecStart=/usr/bin/ssm-bootstrap register\n"
    wanted = Wanted(BUNDLE, paths.OUR_PROGRAM, {"ssm-bootstrap.service": unit}, settings=SETTINGS)
    assert {step.verb for step in foresee(node.host, Systemd(node.host), wanted)} == {"unchanged"}


def test_what_would_be_refused_is_refused_beforehand(node: Node) -> None:
    Path(node.files.real(UNIT)).symlink_to("/dev/null")
    with pytest.raises(Refusal, match="masked by an administrator"):
        foresee(node.host, Systemd(node.host), Wanted(BUNDLE, paths.OUR_PROGRAM, {"ssm-bootstrap.service": b""}))


def test_the_start_is_not_waited_for(node: Node) -> None:
    node.install()
    node.install(start=True)
    assert ("systemctl", "--no-block", "start", "ssm-bootstrap.service") in node.commands.ran


def test_a_unit_that_waits_with_what_was_there_before_is_begun_anew(node: Node) -> None:
    node.install()
    node.install(start=True, settings=(("node", "region", "eu-west-1"),))
    assert ("systemctl", "--no-block", "restart", "ssm-bootstrap.service") in node.commands.ran
    assert ("systemctl", "--no-block", "start", "ssm-bootstrap-doctor.timer") in node.commands.ran


@pytest.mark.parametrize(
    ("path", "mode", "wanted"), [(paths.OUR_PROGRAM, 0o644, 0o755), (UNIT, 0o666, 0o644), (paths.OUR_CODE, 0o644, 0o600)]
)
def test_the_same_bytes_with_another_mode_are_put_again(node: Node, path: str, mode: int, wanted: int) -> None:
    node.install(code="a-code-of-twenty-letters")
    Path(node.files.real(path)).chmod(mode)
    assert node.install(code="a-code-of-twenty-letters")[path].verb == "written"
    assert node.files.mode_and_owner(path)[0] == wanted and not node.files.exists(path + BEFORE)


def test_a_program_that_belongs_to_somebody_else_is_put_again(node: Node) -> None:
    node.files.put(paths.OUR_PROGRAM, BUNDLE, 0o755)
    node.files.owner = 1000
    assert node.install()[paths.OUR_PROGRAM].verb == "written"


@pytest.mark.parametrize("leads_to_us", [True, False])
def test_a_link_to_the_program_becomes_the_program(node: Node, leads_to_us: bool) -> None:
    theirs = Path(node.files.real(node.files.put("/home/her/bundle.pyz", BUNDLE, 0o755)))
    link = Path(node.files.real(paths.OUR_PROGRAM))
    link.parent.mkdir(parents=True)
    link.symlink_to(theirs)
    if not leads_to_us:
        theirs.unlink()
    assert node.install()[paths.OUR_PROGRAM].verb == "written"
    assert not link.is_symlink() and link.read_bytes() == BUNDLE


def test_a_unit_that_is_masked_stays_so(node: Node) -> None:
    Path(node.files.real(UNIT)).symlink_to("/dev/null")
    with pytest.raises(Refusal, match="masked by an administrator") as refused:
        node.install()
    assert refused.value.status == 78 and node.everything() == {UNIT} and not node.commands.ran


def test_the_record_tells_nothing_of_the_code(node: Node) -> None:
    node.install(code="a-code-of-twenty-letters")
    assert json.loads(node.files.read_text(paths.INSTALLED))["files"][paths.OUR_CODE] == ""
    assert node.uninstall()[paths.OUR_CODE].verb == "removed"


def test_what_was_kept_of_somebody_elses_has_no_right_of_its_own(node: Node) -> None:
    node.files.put(paths.OUR_PROGRAM, "#!/bin/sh\n", 0o4755)
    node.install()
    assert node.files.mode_and_owner(paths.OUR_PROGRAM + BEFORE)[0] == 0o755


def test_uninstall_takes_what_a_cut_of_the_power_left_of_the_code(node: Node) -> None:
    node.install(code="a-code-of-twenty-letters")
    for name in (".activation-code.x1y2", "activation-code.new", "first-boot.new"):
        node.files.put(f"{paths.OUR_SECRETS}/{name}", "a-code-of-twe")
    node.uninstall()
    assert not node.files.exists(paths.OUR_SECRETS)


def test_an_administrators_configuration_keeps_its_other_lines(node: Node) -> None:
    node.files.put(
        paths.OUR_CONFIG, "# mine\n[proxy]\nhttps = http://proxy:3128\n\n[node]\nclosed = yes\nregion = eu-west-1\n", 0o640
    )
    node.install()
    assert node.files.read_text(paths.OUR_CONFIG) == (
        "# mine\n[proxy]\nhttps = http://proxy:3128\n\n[node]\nregion = ap-northeast-1\nclosed = yes\n"
        "\n[activation]\nid = 01234567-89ab-cdef-0123-456789abcdef\n"
    )
    assert node.files.mode_and_owner(paths.OUR_CONFIG)[0] == 0o640
    assert "region = eu-west-1" in node.files.read_text(paths.OUR_CONFIG + BEFORE)
    steps = node.uninstall()
    assert node.files.exists(paths.OUR_CONFIG) and node.files.exists(paths.OUR_CONFIG + BEFORE)
    assert "which wrote into it" in steps[paths.OUR_CONFIG].why
    assert steps[paths.OUR_CONFIG + BEFORE].verb == "kept" and "by hand" in steps[paths.OUR_CONFIG + BEFORE].why


def test_uninstall_names_everything_that_it_leaves_of_what_was_there(node: Node) -> None:
    theirs = (paths.OUR_CONFIG, paths.OUR_PROGRAM, UNIT)
    for path in theirs:
        node.files.put(path, "# theirs\n", 0o644)
    before = node.everything()
    node.install()
    steps = node.uninstall()
    left = node.everything() - {f"{paths.OUR_UNITS}/another.service"}
    assert {path for path in left if path.endswith(BEFORE)} == {path + BEFORE for path in theirs}
    assert left <= {what for what, step in steps.items() if step.verb == "kept"} and left - before
    assert {what for what, step in node.uninstall().items() if step.verb == "kept"} == left, "and again"


def test_uninstall_removes_a_second_copy_of_what_was_there(node: Node) -> None:
    node.files.put(paths.OUR_CONFIG, "[node]\nclosed = yes\n", 0o644)
    node.install()
    node.files.put(paths.OUR_CONFIG, node.files.read_text(paths.OUR_CONFIG + BEFORE), 0o644)
    assert node.uninstall()[paths.OUR_CONFIG + BEFORE].verb == "removed"
    assert node.files.read_text(paths.OUR_CONFIG) == "[node]\nclosed = yes\n"


def test_a_unit_that_somebody_wrote_is_saved_first(node: Node) -> None:
    node.files.put(UNIT, "ExecStart=/opt/mine\n", 0o644)
    assert node.install()[UNIT].why
    assert node.files.read_text(UNIT + BEFORE) == "ExecStart=/opt/mine\n"


def test_an_upgrade_replaces_what_was_ours(node: Node) -> None:
    node.install()
    steps = node.install(program=BUNDLE + b" newer", unit=b"new\n")
    assert {steps[path].verb for path in (paths.OUR_PROGRAM, UNIT)} == {"written"}
    assert not node.files.exists(UNIT + BEFORE) and not node.files.exists(paths.OUR_PROGRAM + BEFORE)


def test_the_units_of_a_package_are_left_to_it(node: Node) -> None:
    node.files.put("/usr/lib/systemd/system/ssm-bootstrap.service", "ExecStart=/usr/bin/ssm-bootstrap register\n")
    assert UNIT not in node.install() and not node.files.exists(UNIT)


def test_directories_that_a_unit_needs_are_made_at_once(node: Node) -> None:
    node.commands.answers = {**node.commands.answers, "systemd-tmpfiles": ""}
    wanted = Wanted(BUNDLE, paths.OUR_PROGRAM, {"ssm-bootstrap.tmpfiles": b"d /var/lib/amazon - - - -\n"})
    install(node.host, Systemd(node.host), wanted)
    assert ("systemd-tmpfiles", "--create", paths.OUR_TMPFILES) in node.commands.ran
    assert node.files.read_text(paths.OUR_TMPFILES).startswith("d /var/lib/amazon")
    node.uninstall()
    assert not node.files.exists(paths.OUR_TMPFILES)


def test_uninstall_leaves_nothing(node: Node) -> None:
    before = node.everything()
    node.install(code="a-code-of-twenty-letters")
    node.files.put(f"{paths.OUR_DATA}/ssm-bootstrap.prom", "metrics")
    inventory = node.files.put(f"{paths.DATA}/mi-0123456789abcdef0/{paths.INVENTORY}", "{}")
    node.uninstall()
    assert node.everything() == before and not node.files.exists(inventory)
    assert not node.files.exists(paths.OUR_SECRETS) and not node.files.exists(paths.OUR_DATA)
    assert ("systemctl", "disable", "ssm-bootstrap.service") in node.commands.ran


def test_uninstall_keeps_what_an_administrator_changed(node: Node) -> None:
    node.install()
    node.files.put(paths.OUR_CONFIG, "[node]\nregion = eu-west-1\n")
    kept = node.uninstall()[paths.OUR_CONFIG]
    assert (kept.verb, kept.why) == ("kept", "it was changed since it was installed")
    assert node.files.exists(paths.OUR_CONFIG) and not node.files.exists(paths.OUR_PROGRAM)


def test_uninstall_keeps_a_link_to_nowhere_that_somebody_put_there(node: Node) -> None:
    node.install()
    program = Path(node.files.real(paths.OUR_PROGRAM))
    program.unlink()
    program.symlink_to("/nowhere/bundle.pyz")
    assert node.uninstall()[paths.OUR_PROGRAM].verb == "kept"
    assert program.is_symlink() and not node.files.exists(UNIT)


def test_what_an_administrator_added_to_our_configuration_stays(node: Node) -> None:
    node.install()
    node.files.put(paths.OUR_CONFIG, node.files.read_text(paths.OUR_CONFIG) + "[proxy]\nhttps = http://proxy:3128\n")
    node.install(settings=(("node", "region", "eu-west-1"),))
    node.uninstall()
    assert "https = http://proxy:3128" in node.files.read_text(paths.OUR_CONFIG)


def test_the_identity_and_its_snapshot_stay(node: Node) -> None:
    node.install()
    snapshot = node.files.put(f"{paths.SNAPSHOT}/Vault/Manifest", "{}")
    vault = node.files.put(paths.REGISTRATION_KEY, "{}")
    assert node.uninstall()[paths.SNAPSHOT].verb == "kept"
    assert node.files.exists(snapshot) and node.files.exists(vault)


def test_a_record_that_somebody_wrote_in_removes_nothing_else(node: Node) -> None:
    node.install()
    precious = node.files.put("/etc/shadow", "precious")
    record = json.loads(node.files.read_text(paths.INSTALLED))
    record["files"]["/etc/shadow"] = hashlib.sha256(b"precious").hexdigest()
    record["files"][f"{paths.OUR_UNITS}/../../shadow"] = record["files"]["/etc/shadow"]
    node.files.put(paths.INSTALLED, record)
    node.uninstall()
    assert node.files.exists(precious)


@pytest.mark.parametrize("record", ["", "[]", '{"files": []}', "\x00", '{"files": {"/usr/local/bin/ssm-bootstrap": 7}}'])
def test_a_record_that_makes_no_sense_removes_nothing(node: Node, record: str) -> None:
    node.files.put(paths.INSTALLED, record)
    node.files.put(paths.OUR_PROGRAM, "somebody's")
    node.uninstall()
    assert node.files.exists(paths.OUR_PROGRAM)


def test_what_was_begun_is_written_down_before_it_is_there(node: Node) -> None:
    node.files.put("/usr/local", "no directory")
    with pytest.raises(Refusal):
        node.install()
    Path(node.files.real("/usr/local")).unlink()
    node.install()
    node.uninstall()
    assert node.everything() == set()


def test_without_systemd_nothing_is_changed(node: Node) -> None:
    Path(node.files.real(paths.OUR_UNITS)).rmdir()
    with pytest.raises(Refusal, match="expected a machine with systemd"):
        node.install()
    assert node.everything() == set()


def test_what_systemd_answers_is_told(node: Node) -> None:
    node.commands.answers = {"systemctl": "", "systemctl daemon-reload": Completed(1, "", "Access denied\n", 0.1)}
    with pytest.raises(Refusal, match="systemctl daemon-reload: Access denied") as refused:
        node.install()
    assert refused.value.status == 75


def test_a_packages_units_are_switched_off_where_install_switched_them_on(node: Node) -> None:
    for name in ("ssm-bootstrap.service", "ssm-bootstrap-doctor.timer"):
        node.files.put(f"/usr/lib/systemd/system/{name}", "ExecStart=/usr/bin/ssm-bootstrap register\n")
    node.install()
    node.uninstall()
    assert ("systemctl", "disable", "ssm-bootstrap.service") in node.commands.ran
    assert ("systemctl", "disable", "ssm-bootstrap-doctor.timer") in node.commands.ran
    assert node.files.exists("/usr/lib/systemd/system/ssm-bootstrap.service")
    assert node.files.exists(paths.OUR_SECRETS), "it is the package's"


def test_units_that_were_on_before_stay_on(node: Node) -> None:
    node.files.put("/usr/lib/systemd/system/ssm-bootstrap.service", "ExecStart=/usr/bin/ssm-bootstrap register\n")
    node.commands.answers = {"systemctl": "", "systemctl is-enabled": "enabled\n"}
    node.install()
    node.uninstall()
    assert ("systemctl", "disable", "ssm-bootstrap.service") not in node.commands.ran


class Killed(BaseException):
    """The process is gone: nothing of it is cleaned up."""


class Dying(RootedFiles):
    """Files whose writer is killed in the middle of the write number ``last``; before it, where ``last`` is negative."""

    def __init__(self, root: Path, last: int) -> None:
        super().__init__(root)
        self.last, self.count = last, 0

    def _write(self, path: str, data: bytes) -> None:
        self.count += 1
        if self.count == self.last:
            directory, _, name = path.rpartition("/")
            Path(directory, f".{name}.a1b2c3_{self.count % 10}").write_bytes(data[: len(data) // 2])
            raise Killed

    def write_atomic(self, path: str, data: bytes, mode: int = 0o600) -> None:
        """Unless killed."""
        self._write(self.real(path), data)
        super().write_atomic(path, data, mode)

    def replace_content(self, path: str, data: bytes) -> None:
        """Unless killed."""
        self._write(os.path.realpath(self.real(path)), data)
        super().replace_content(path, data)


def _prepared(root: Path) -> Node:
    """Somebody's own program, unit and configuration are there before."""
    node = Node(root)
    node.files.put(paths.OUR_CONFIG, "# mine\n[node]\nregion = eu-west-1\n", 0o644)
    node.files.put(paths.OUR_PROGRAM, "mine", 0o755)
    node.files.put(UNIT, "mine", 0o644)
    node.files.put("/etc/.ssm-bootstrap.conf.swp", "an editor's")
    return node


def _linked(root: Path) -> Node:
    """The same, and the configuration is a link of root's: install writes into what it leads to."""
    node = _prepared(root)
    config = Path(node.files.real(paths.OUR_CONFIG))
    real = Path(node.files.real(node.files.put("/usr/local/etc/ssm.conf")))
    config.rename(real)
    config.symlink_to(os.path.relpath(real, config.parent))
    return node


@pytest.mark.parametrize("prepared", [_prepared, _linked])
@pytest.mark.parametrize("then", ["install", "uninstall"])
def test_an_install_that_is_killed_anywhere_leaves_nothing_half_written(
    tmp_path: Path, then: str, prepared: Callable[[Path], Node]
) -> None:
    whole = prepared(tmp_path / "whole")
    whole.install(code="a-code-of-twenty-letters")
    points = 0
    while True:
        root = tmp_path / str(points)
        node = prepared(root)
        node.host = Host(files=Dying(root, points + 1), trees=Trees(str(root)), commands=node.commands)
        try:
            node.install(code="a-code-of-twenty-letters")
        except Killed:
            pass
        else:
            break
        points += 1
        left = [path for path in node.everything() if ".a1b2c3_" in path]
        assert len(left) == 1, points
        node.host = Host(files=node.files, trees=Trees(str(root)), commands=node.commands)
        if then == "install":
            node.install(code="a-code-of-twenty-letters")
            assert node.everything() == whole.everything(), points
        else:
            node.uninstall()
            assert [path for path in node.everything() if ".a1b2c3_" in path] == [], points
        assert node.files.exists("/etc/.ssm-bootstrap.conf.swp")
    assert points >= 8


def test_what_lies_beside_a_links_target_where_others_may_write_is_not_ours(tmp_path: Path) -> None:
    node = _linked(tmp_path)
    theirs = node.files.put("/usr/local/etc/.ssm.conf.abcd1234", "somebody's")
    ours = node.files.put("/etc/.ssm-bootstrap.conf.abcd1234", "ours")
    Path(node.files.real("/usr/local/etc")).chmod(0o777)
    assert cut_short(node.host) == [ours]
    Path(node.files.real("/usr/local/etc")).chmod(0o755)
    assert cut_short(node.host) == [ours, theirs]
