"""prepare-image: what goes, what stays byte for byte, and that a run that was cut short is finished by the next."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, Iterator

import pytest

from ssm_bootstrap.act.agent.service import AgentService
from ssm_bootstrap.act.setup.prepare_image import Preparation, Prepared
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.settings import read_configuration
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import Completed
from ssm_bootstrap.host.locks import Locks
from ssm_bootstrap.host.machine import RunningProcess
from ssm_bootstrap.host.trees import Trees
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from tests.fakes import RootedFiles, ScriptedCommands, ScriptedMachine, StillClock
from tests.laws.secrets import CANARIES, leaks_in_files

CODE = CANARIES["activation-code"]
NODE = "mi-0123456789abcdef0"
AGENTS = f"[default]\naws_access_key_id     = ASIA1\naws_session_token     = {CANARIES['session-token']}\n"
OURS = f"# ours\n[node]\nregion = eu-west-1\n\n[activation]\n# the code\ncode = {CODE}\nid: x\ncode_file = /root/code\n"
ID = "4d5e6f708192a3b4c5d6e7f8091a2b3c\n"


class World:
    """A machine of one registered node, and the ways to prepare it."""

    def __init__(self, files: RootedFiles, root: Path) -> None:
        self.files, self.root = files, root
        (root / "run").mkdir()
        self.commands = ScriptedCommands({})
        self.processes: list[RunningProcess] = []
        self.run_agent(False)

    def run_agent(self, active: bool) -> None:
        """Whether systemd says that the agent runs."""
        state = "active" if active else "inactive"
        shown = f"Id=x\nLoadState=loaded\nActiveState={state}\nSubState=running\nMainPID=7\n"
        self.commands = ScriptedCommands(
            {
                "systemctl show amazon-ssm-agent.service": shown,
                "systemctl show snap.": "LoadState=not-found\n",
                "systemctl stop": "",
            }
        )

    def host(self, trees: Any = None) -> Host:
        """The machine's doors."""
        return Host(
            files=self.files,
            trees=trees or Trees(str(self.root)),
            commands=self.commands,
            machine=ScriptedMachine(self.processes),
            locks=Locks(str(self.root)),
            clock=StillClock(),
        )

    def prepare(self, *, yes: bool = False, logs: bool = False, trees: Any = None) -> Prepared:
        """One run."""
        host = self.host(trees)
        return Preparation(host, AgentService(host), read_configuration(self.files), yes, logs, lambda text: None).run()

    def register(self) -> None:
        """What a registered node has."""
        put = self.files.put
        put(paths.VAULT_MANIFEST, {"RegistrationKey": paths.REGISTRATION_KEY})
        key = {"instanceID": NODE, "region": "eu-west-1", "privateKey": CANARIES["private-key"]}
        put(paths.REGISTRATION_KEY, key)
        put(paths.FINGERPRINT, {"fingerprint": "f", "hardwareHash": {"machine-id": ID}})
        put(paths.REGISTRATION, {"ManagedInstanceID": NODE})
        put(paths.IDENTITY_CONFIG, {"IdentityType": "OnPrem", "ShareFile": paths.ROOT_CREDENTIALS, "ShareProfile": ""})
        put(paths.ROOT_CREDENTIALS, AGENTS)
        put(f"{paths.DATA}/{NODE}/document/state/current/x", "{}")
        put(f"{paths.DATA}/ipc/health", "")
        put(f"{paths.SNAPSHOT}/Vault/Store/RegistrationKey", key)
        put(f"{paths.LOGS}/amazon-ssm-agent.log", "x")
        put(paths.AGENT_CONFIG, "{}")
        put("/root/code", CODE)
        put(paths.OUR_CONFIG, OURS)
        put(paths.MACHINE_ID, ID, mode=0o644)
        put(paths.DBUS_MACHINE_ID, ID)

    def everything(self) -> dict[str, bytes]:
        """Every file and what it holds."""
        found = sorted(path for path in self.root.rglob("*") if path.is_file() and "run" not in path.parts)
        return {str(path.relative_to(self.root)): path.read_bytes() for path in found}


@pytest.fixture
def world(files: RootedFiles, tmp_path: Path) -> Iterator[World]:
    """A registered node."""
    made = World(files, tmp_path / "root")
    made.register()
    yield made


def test_everything_of_the_node_goes(world: World) -> None:
    done = world.prepare()
    assert world.everything() == {
        "etc/amazon/ssm/amazon-ssm-agent.json": b"{}",
        "etc/machine-id": b"",
        "etc/ssm-bootstrap.conf": OURS.replace(f"code = {CODE}\n", "").encode(),
        "var/lib/amazon/ssm/ipc/health": b"",
        "var/log/amazon/ssm/amazon-ssm-agent.log": b"x",
    }
    assert leaks_in_files([world.root]) == ()
    assert stat.S_IMODE((world.root / "etc/machine-id").stat().st_mode) == 0o444
    assert stat.S_IMODE((world.root / "etc/ssm-bootstrap.conf").stat().st_mode) == 0o600
    assert (done.old.state, done.old.managed_instance_id) == (IdentityState.REGISTERED, NODE)
    told = {item.what: item.path for item in done.removed}
    assert told["vault"] == paths.VAULT and told["data"] == f"{paths.DATA}/{NODE}" and told["machine-id"] == paths.MACHINE_ID
    assert not (world.root / paths.OUR_STATE.lstrip("/")).exists()


def test_logs_go_where_asked(world: World) -> None:
    assert "logs" in {item.what for item in world.prepare(logs=True).removed}
    assert not world.files.exists(paths.LOGS)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes a file of mode 0444 again")
def test_a_second_run_finds_nothing(world: World) -> None:
    world.prepare()
    before = world.everything()
    again = world.prepare()
    assert again.removed == () and again.old.state is IdentityState.NOT_REGISTERED and world.everything() == before


def test_a_machine_without_anything(files: RootedFiles, tmp_path: Path) -> None:
    """Not even a machine-id: an empty one is what systemd fills where it may not make files."""
    (tmp_path / "root/etc").mkdir()
    assert World(files, tmp_path / "root").prepare().removed == ()
    assert files.read_bytes(paths.MACHINE_ID) == b""


def test_a_registered_node_that_runs_needs_yes(world: World) -> None:
    world.run_agent(True)
    before = world.everything()
    with pytest.raises(Refusal) as refused:
        world.prepare()
    assert refused.value.status is ExitStatus.USAGE and NODE in refused.value.message and "--yes" in refused.value.message
    assert world.everything() == before and not any("stop" in words for words in world.commands.ran)
    done = world.prepare(yes=True)
    assert ("systemctl", "stop", "amazon-ssm-agent.service") in world.commands.ran
    assert done.stopped == "amazon-ssm-agent.service" and not world.files.exists(paths.VAULT)


@pytest.mark.parametrize("path, content", [(paths.VAULT_MANIFEST, "{broken"), (paths.JOURNAL, "{}")])
def test_what_may_be_a_node_needs_yes_too(world: World, path: str, content: str) -> None:
    world.run_agent(True)
    world.files.put(path, content)
    with pytest.raises(Refusal, match="--yes"):
        world.prepare()
    world.prepare(yes=True)
    assert not world.files.exists(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes a file of mode 0444 again")
def test_an_agent_without_an_identity_is_stopped_without_asking(world: World) -> None:
    world.prepare()
    world.run_agent(True)
    assert world.prepare().stopped == "amazon-ssm-agent.service"


def test_an_agent_that_systemd_does_not_stop(world: World) -> None:
    world.processes = [RunningProcess(99, "amazon-ssm-agent", (), 0.0)]
    with pytest.raises(Refusal, match="--yes"):
        world.prepare()
    before = world.everything()
    with pytest.raises(Refusal, match="pid 99") as refused:
        world.prepare(yes=True)
    assert refused.value.status is ExitStatus.TRY_LATER and world.everything() == before


def test_an_agent_that_cannot_be_stopped(world: World) -> None:
    world.run_agent(True)
    world.commands.answers = {**world.commands.answers, "systemctl stop": Completed(1, "", "no right", 0.0)}
    before = world.everything()
    with pytest.raises(Refusal, match="no right") as refused:
        world.prepare(yes=True)
    assert refused.value.status is ExitStatus.TRY_LATER and world.everything() == before


def test_a_worker_that_outlives_the_agent_is_told(world: World) -> None:
    world.processes = [RunningProcess(98, "ssm-document-worker", (), 0.0)]
    assert world.prepare().left_running == ("ssm-document-worker (pid 98)",)


MINE = "[mine]\naws_access_key_id = AKIA\naws_secret_access_key = s\n"
MINE_AS_DEFAULT = MINE.replace("mine", "default")


@pytest.mark.parametrize(
    "running, before, after",
    [
        ({"ShareFile": paths.ROOT_CREDENTIALS}, AGENTS + MINE, MINE),
        ({"ShareFile": paths.ROOT_CREDENTIALS}, MINE + "\r\n" + AGENTS, MINE + "\r\n"),
        ({"ShareFile": paths.ROOT_CREDENTIALS, "ShareProfile": "ssm"}, AGENTS.replace("default", "ssm") + MINE, MINE),
        (None, "\n" + AGENTS, None),
        (None, MINE + AGENTS + "[b]\nregion = x", MINE + "[b]\nregion = x"),
        (None, "# said\n" + AGENTS, "# said\n"),
        (None, MINE_AS_DEFAULT, MINE_AS_DEFAULT),
        (None, MINE_AS_DEFAULT + "# aws_session_token = old\n", MINE_AS_DEFAULT + "# aws_session_token = old\n"),
        (None, b"\xff = \xfe\n" + AGENTS.encode(), b"\xff = \xfe\n"),
        ({"ShareFile": ""}, MINE, MINE),
    ],
)
def test_only_the_agents_keys_go(world: World, running: Any, before: Any, after: Any) -> None:
    """Profiles of a person stay, with every byte, the mode and the owner."""
    world.files.put(paths.ROOT_CREDENTIALS, before, mode=0o640)
    if running is None:
        Trees(str(world.root)).remove(paths.RUNTIME_CONFIG)
    else:
        world.files.put(paths.IDENTITY_CONFIG, running)
    world.prepare()
    if after is None:
        assert not world.files.exists(paths.ROOT_CREDENTIALS)
        return
    assert world.files.read_bytes(paths.ROOT_CREDENTIALS) == (after.encode() if isinstance(after, str) else after)
    assert world.files.mode_and_owner(paths.ROOT_CREDENTIALS)[0] == 0o640


def test_a_code_file_behind_a_link_goes_with_it(world: World) -> None:
    code = world.root / "root/code"
    code.unlink()
    elsewhere = Path(world.files.real(world.files.put("/srv/secret", CODE)))
    code.symlink_to(elsewhere)
    # The target is named as the machine knows it, which below a root of a test is somewhere else: the link goes in any case.
    world.prepare()
    assert not code.is_symlink()


def test_dbus_keeps_its_link(world: World) -> None:
    own = Path(world.files.real(paths.DBUS_MACHINE_ID))
    own.unlink()
    own.symlink_to("/etc/machine-id")
    world.prepare()
    assert own.is_symlink()


def test_a_code_on_several_lines_goes_whole(world: World) -> None:
    world.files.put(paths.OUR_CONFIG, "[activation]\ncode = a\n  [activation]\n\n  x\n[node]\n")
    world.prepare()
    assert world.files.read_bytes(paths.OUR_CONFIG) == b"[activation]\n\n[node]\n"


def test_a_read_only_machine(world: World) -> None:
    class ReadOnly(RootedFiles):
        def is_writable(self, path: str) -> bool:
            return False

    world.run_agent(True)
    world.files = ReadOnly(world.root)
    before = world.everything()
    with pytest.raises(Refusal) as refused:
        world.prepare(yes=True)
    assert refused.value.status is ExitStatus.NO_PERMISSION and world.everything() == before
    assert not any("stop" in words for words in world.commands.ran)


class Cut(BaseException):
    """The machine loses its power."""


class Failing(Trees):
    """Trees that end everything at the n-th change."""

    def __init__(self, root: Path, left: int, error: BaseException) -> None:
        super().__init__(str(root))
        self._left, self._error = left, error

    def _step(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise self._error

    def remove(self, path: str) -> bool:
        self._step()
        return super().remove(path)

    def rename(self, source: str, target: str) -> None:
        self._step()
        super().rename(source, target)

    def make_directory(self, path: str, mode: int = 0o700) -> None:
        self._step()
        super().make_directory(path, mode)


def test_what_a_change_that_was_cut_short_holds_is_not_removed_unasked(files: RootedFiles, tmp_path: Path) -> None:
    world = World(files, tmp_path / "root")
    world.files.put(paths.JOURNAL, "{}")
    with pytest.raises(Refusal) as refused:
        world.prepare()
    assert refused.value.status is ExitStatus.USAGE and world.files.exists(paths.JOURNAL)


def test_a_run_that_is_cut_short_anywhere_is_finished_by_the_next(files: RootedFiles, tmp_path: Path) -> None:
    """At each point the node is either whole, or without an identity: never with half of one, nor with a journal."""
    whole = World(files, tmp_path / "root")
    whole.register()
    whole.prepare(yes=True, logs=True)
    wanted = whole.everything()
    steps = 0
    while True:
        root = tmp_path / f"try-{steps}"
        root.mkdir()
        world = World(RootedFiles(root), root)
        world.register()
        world.files.put(paths.JOURNAL, "{}")
        vault = {name: text for name, text in world.everything().items() if "/ssm/Vault/" in name}
        try:
            world.prepare(yes=True, logs=True, trees=Failing(root, steps, Cut()))
        except Cut:
            left = {name: text for name, text in world.everything().items() if "/ssm/Vault/" in name}
            assert left in (vault, {})
            assert left == vault or not world.files.exists(paths.JOURNAL)
            assert left == {} or world.files.read_bytes(paths.MACHINE_ID)
            world.prepare(yes=True, logs=True)
        else:
            break
        assert world.everything() == wanted
        steps += 1
    assert steps > 10


@pytest.mark.parametrize("number, status", [(28, ExitStatus.TRY_LATER), (30, ExitStatus.NO_PERMISSION)])
def test_an_error_of_the_disk(world: World, number: int, status: ExitStatus) -> None:
    error = OSError(number, "no", "/x")
    with pytest.raises(Refusal, match="run prepare-image again") as refused:
        world.prepare(trees=Failing(world.root, 3, error))
    assert refused.value.status is status


def test_somebody_is_at_work(world: World) -> None:
    held = world.host().locks.take(paths.LOCK, "register", "now")
    assert held is not None
    before = world.everything()
    with pytest.raises(Refusal) as refused:
        world.prepare()
    assert refused.value.status is ExitStatus.TRY_LATER and world.everything() == before
    world.host().locks.release(held)


def test_a_code_file_that_is_not_there(world: World) -> None:
    Path(world.files.real("/root/code")).unlink()
    assert [item.path for item in world.prepare().removed if item.what == "activation code"] == [
        f"{paths.OUR_CONFIG}: [activation] code"
    ]


@pytest.mark.parametrize("name", [".activation-code.a1b2c3", "activation-code.new"])
def test_a_code_that_was_only_half_put_in_place_goes_too(world: World, name: str) -> None:
    left = world.files.put(f"{paths.OUR_SECRETS}/{name}", CODE)
    world.prepare()
    assert not world.files.exists(left)
