"""Collectors that raise what nobody foresaw: told by name without secrets, and the rest of the diagnosis stands."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Iterator, Optional

import pytest

from ssm_bootstrap.cli.report import status_of
from ssm_bootstrap.cli.saving import observations_text
from ssm_bootstrap.collect import paths
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.steps import StepUnderWay
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.codec import decode, encode
from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.model.findings import Diagnosis
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.observe import observe_everything, observe_machine, observe_network
from ssm_bootstrap.session import open_session
from tests.laws.secrets import CANARIES, leaks
from tests.scenarios.fake_commands import ScenarioCommands
from tests.scenarios.fake_files import ScenarioFiles
from tests.scenarios.player import host_of, report
from tests.scenarios.scenario import read_scenario

SECRETS = f"http://u:{CANARIES['proxy-password']}@proxy -code {CANARIES['activation-code']} password={CANARIES['proxy-password']}"
FAULTS = {
    "KeyError": lambda: KeyError(SECRETS),
    "ValueError": lambda: ValueError(f"{SECRETS}\nsecond line \x1b[31m"),
    "RecursionError": lambda: RecursionError("maximum recursion depth exceeded"),
    "UnicodeDecodeError": lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    "UnicodeEncodeError": lambda: UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    "AttributeError": lambda: AttributeError("'list' object has no attribute 'get'"),
}
Fault = Callable[[], Exception]
EVERYTHING = ("register", "run-command", "session", "patch", "agent-update")
ALL_BUT_REGISTER = EVERYTHING[1:]


class HostileFiles(ScenarioFiles):
    """Files of which those below ``where`` raise ``fault``, whatever is asked of them."""

    where, fault = "", FAULTS["KeyError"]

    def real(self, path: str) -> str:
        if self.where and path.startswith(self.where):
            raise type(self).fault()
        return super().real(path)


class HostileCommands(ScenarioCommands):
    """Commands of which those that begin so raise."""

    where, fault = "", FAULTS["KeyError"]

    def run(self, argv: Any, **more: Any) -> Any:
        if self.where and " ".join(argv).startswith(self.where):
            raise type(self).fault()
        return super().run(argv, **more)


@contextmanager
def hostile(tmp_path: Path, fault: Fault, *, file: str = "", command: str = "", is_root: bool = True) -> Iterator[Host]:
    """A healthy node, but for what raises."""
    scenario = read_scenario("healthy-al2023")
    scenario.build(tmp_path / "root")
    host = host_of(scenario, tmp_path / "root", is_root)
    files = type("Files", (HostileFiles,), {"where": file, "fault": staticmethod(fault)})
    commands = type("Commands", (HostileCommands,), {"where": command, "fault": staticmethod(fault)})
    try:
        yield replace(host, files=files(tmp_path / "root", is_root=is_root), commands=commands(scenario.commands))
    finally:
        host.clock.end()  # type: ignore[attr-defined]


def look(host: Host) -> tuple[Observations, Diagnosis]:
    """Everything, as the doctor does."""
    observations = observe_everything(open_session(host, "ap-northeast-1"), EVERYTHING)
    return observations, diagnose(observations)


def check(observations: Observations, diagnosis: Diagnosis, name: str, fault: Fault) -> None:
    """The fault is told once by its collector's name, without secrets, in every output."""
    kind = type(fault()).__name__
    assert [who for who, words in diagnosis.crashed if words.startswith(kind)] == [name] == [who for who, _ in diagnosis.crashed]
    text, document = report(observations, diagnosis), report(observations, diagnosis, "--json")
    assert name in text and kind in text and name in document
    for output in (text, document, repr(observations), repr(diagnosis), observations_text(observations)):
        assert leaks(output) == ()
    again = decode(Observations, encode(observations), "observations")
    assert diagnose(again) == diagnosis
    assert status_of(diagnosis, strict=False) is ExitStatus.OK


PARTS = [
    # collector, what raises, what of the observations is Unseen, subject told, capabilities that are unknown
    ("agent", {"command": "/usr/bin/amazon-ssm-agent -version"}, "agent", "agent", ALL_BUT_REGISTER),
    ("agent log", {"file": paths.AGENT_LOG}, "logs", "agent log", ALL_BUT_REGISTER),
    ("image", {"file": paths.MACHINE_ID}, "image", "image", ()),
    ("identity", {"file": paths.REGISTRATION_KEY}, "", "identity", ALL_BUT_REGISTER),
    ("agent configuration", {"file": paths.AGENT_CONFIG}, "", paths.AGENT_CONFIG, ()),
    ("storage", {"command": "df"}, "surroundings.storage", "storage", ()),
    ("routes", {"file": "/proc/net/route"}, "surroundings.routes", "routes", ()),
    ("patching", {"file": "/etc/yum.repos.d"}, "patching", "patching", ("patch",)),
]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
@pytest.mark.parametrize(("name", "what", "part", "subject", "unknown"), PARTS, ids=[row[0] for row in PARTS])
def test_a_collector_that_raises_is_told_and_the_rest_stands(
    tmp_path: Path, name: str, what: dict[str, str], part: str, subject: str, unknown: tuple[str, ...], fault: Fault
) -> None:
    with hostile(tmp_path, fault, **what) as host:
        observations, diagnosis = look(host)
    check(observations, diagnosis, name, fault)
    if part:
        seen: Optional[Any] = observations
        for word in part.split("."):
            seen = getattr(value_of(seen) if word != part.split(".")[0] else seen, word)
        assert isinstance(seen, Unseen)
    assert subject in {told for told, _ in diagnosis.unseen}
    assert diagnosis.errors == ()
    found = {item.capability.value: item.verdict for item in diagnosis.capabilities}
    assert found == {item: Verdict.UNKNOWN if item in unknown else Verdict.OK for item in EVERYTHING}
    assert all(probe.last.ok for probe in observations.probes if not probe.target.optional)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_a_network_look_that_raises_leaves_the_machine(tmp_path: Path, fault: Fault) -> None:
    class Raising(StepUnderWay):
        def note(self, text: str) -> None:
            raise fault()

    @contextmanager
    def step(doing: str, done: str = "") -> Iterator[StepUnderWay]:
        yield Raising() if doing == "looking at the network" else StepUnderWay()

    with hostile(tmp_path, fault) as host:
        session = open_session(replace(host, step=step), "ap-northeast-1")
        observations = observe_everything(session, EVERYTHING)
    diagnosis = diagnose(observations)
    check(observations, diagnosis, "network", fault)
    identity = value_of(observations.identity)
    assert identity is not None and identity.state is IdentityState.REGISTERED
    assert {item.verdict for item in diagnosis.capabilities} == {Verdict.UNKNOWN}


def test_status_and_probe_stand_as_well(tmp_path: Path) -> None:
    with hostile(tmp_path, FAULTS["KeyError"], command="/usr/bin/amazon-ssm-agent -version") as host:
        session = open_session(host, "ap-northeast-1")
        assert [who for who, _ in observe_machine(session, "status").crashed] == ["agent"]
        assert observe_network(session, "probe", EVERYTHING).crashed == ()


def test_a_file_that_cannot_be_read_is_no_fault_of_ours(tmp_path: Path) -> None:
    with hostile(tmp_path, lambda: OSError(5, "Input/output error"), file=paths.MACHINE_ID) as host:
        observations, diagnosis = look(host)
    assert diagnosis.crashed == ()
    assert diagnosis.errors == ()
    assert observations.image != Unseen("")
