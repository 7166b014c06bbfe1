"""The agent as installed and as running, and what its configuration changes."""

from __future__ import annotations

from typing import Any, List, Optional, Sequence, Tuple

import pytest

from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.service import look_at_agent, look_at_unit, look_at_units, parse_environment
from ssm_bootstrap.collect.network.proxies import unit_environment
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import Commands, Completed
from ssm_bootstrap.host.machine import RunningProcess
from ssm_bootstrap.model.agent import Agent, AgentConfig, AgentProcess, Unit
from ssm_bootstrap.model.observed import Seen, Unseen, value_of
from tests.fakes import RootedFiles, ScriptedCommands, ScriptedMachine
from tests.laws.secrets import CANARIES, leaks

DEB, SNAP = paths.UNITS
BINARY, SNAP_BINARY = paths.BINARIES
NOT_FOUND = "LoadState=not-found\nActiveState=inactive\nSubState=dead\nMainPID=0\n"
PASSWORD = CANARIES["proxy-password"]


def shown(**changes: str) -> str:
    """What ``systemctl show`` prints of a healthy unit, with changes."""
    healthy = {
        "Id": DEB,
        "LoadState": "loaded",
        "ActiveState": "active",
        "SubState": "running",
        "MainPID": "812",
        "Result": "success",
        "NRestarts": "3",
        "UnitFileState": "enabled",
        "Environment": "",
    }
    return "".join(f"{name}={value}\n" for name, value in {**healthy, **changes}.items())


def host(files: RootedFiles, answers: Optional[dict[str, Any]] = None, processes: Any = ()) -> Host:
    return Host(files=files, commands=ScriptedCommands(answers or {}), machine=ScriptedMachine(processes))


def units(deb: Any = NOT_FOUND, snap: Any = NOT_FOUND) -> dict[str, Any]:
    return {f"systemctl show {DEB}": deb, f"systemctl show {SNAP}": snap}


# how it is installed


@pytest.mark.parametrize(
    ("there", "active", "packaging", "binary"),
    [
        ((BINARY, "/var/lib/dpkg/info/amazon-ssm-agent.list"), "deb", "deb", BINARY),
        ((BINARY, "/usr/lib/sysimage/rpm/rpmdb.sqlite"), "deb", "rpm", BINARY),
        ((BINARY, "/var/lib/rpm/Packages"), "deb", "rpm", BINARY),
        ((BINARY,), "deb", "unknown", BINARY),
        ((SNAP_BINARY,), "snap", "snap", SNAP_BINARY),
        ((SNAP_BINARY, BINARY), "snap", "snap", SNAP_BINARY),
        ((SNAP_BINARY, BINARY), "deb", "unknown", BINARY),
        ((BINARY,), "snap", "unknown", BINARY),
        ((), "none", "", ""),
    ],
)
def test_packaging_is_that_of_the_agent_that_is_active(
    files: RootedFiles, there: tuple[str, ...], active: str, packaging: str, binary: str
) -> None:
    for path in there:
        files.put(path, "#!/bin/sh\n", 0o755)
    answers = units(shown() if active == "deb" else NOT_FOUND, shown() if active == "snap" else NOT_FOUND)
    agent = look_at_agent(host(files, {**answers, "/": "SSM Agent version: 3.3.1142.0\n"}))
    assert (agent.installed, agent.packaging, agent.binary) == (bool(binary), packaging, binary)
    assert agent.version == ("3.3.1142.0" if binary else "")


@pytest.mark.parametrize("answer", [None, "", "Segmentation fault", Completed(1, "", "no", 0.0)])
def test_a_version_that_cannot_be_had_is_empty(files: RootedFiles, answer: Any) -> None:
    files.put(BINARY, "#!/bin/sh\n", 0o755)
    agent = look_at_agent(host(files, {**units(shown()), f"{BINARY} -version": answer}))
    assert (agent.installed, agent.version) == (True, "")


def test_a_program_that_may_not_be_run_is_no_agent(files: RootedFiles) -> None:
    files.put(BINARY, "", 0o644)
    assert look_at_agent(host(files)) == Agent(
        installed=False,
        unit=Unseen("systemd could not be asked (systemctl: No such file or directory)"),
        processes=Seen(()),
        config=AgentConfig(paths.AGENT_CONFIG, present=False),
    )


def test_processes_of_the_agent_are_listed(files: RootedFiles) -> None:
    running = (RunningProcess(7, "ssm-agent-worker", ("/usr/bin/ssm-agent-worker",), 100.0), RunningProcess(8, "sshd", (), 1.0))
    agent = look_at_agent(host(files, processes=running))
    assert agent.processes == Seen((AgentProcess(7, "ssm-agent-worker", 100.0),))


def test_processes_that_cannot_be_listed_say_so(files: RootedFiles) -> None:
    class Blind(ScriptedMachine):
        def processes(self, names: Any) -> Any:
            raise PermissionError(13, "Permission denied")

    agent = look_at_agent(Host(files=files, commands=ScriptedCommands({}), machine=Blind()))
    assert agent.processes == Unseen("processes could not be listed: permission denied")


# the unit


def test_a_unit_is_what_systemctl_shows(files: RootedFiles) -> None:
    said = shown(Environment='https_proxy=http://proxy:3128 "no_proxy=a, b" OTHER=x')
    unit = value_of(look_at_unit(host(files, units(said))))
    assert unit == Unit(
        name=DEB,
        load_state="loaded",
        active_state="active",
        sub_state="running",
        main_pid=812,
        result="success",
        restarts=3,
        file_state="enabled",
        environment=(("https_proxy", "http://proxy:3128"), ("no_proxy", "a, b")),
    )


@pytest.mark.parametrize(
    ("deb", "snap", "name"),
    [
        (shown(), NOT_FOUND, DEB),
        (NOT_FOUND, shown(), SNAP),
        (shown(ActiveState="inactive"), shown(), SNAP),
        (shown(ActiveState="failed"), shown(ActiveState="activating"), SNAP),
        (shown(), shown(), DEB),
        (shown(ActiveState="inactive"), shown(ActiveState="inactive"), DEB),
        (shown(LoadState="masked", ActiveState="inactive"), NOT_FOUND, DEB),
    ],
)
def test_of_two_units_the_active_one_counts(files: RootedFiles, deb: str, snap: str, name: str) -> None:
    unit = value_of(look_at_unit(host(files, units(deb, snap))))
    assert unit is not None and unit.name == name


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({}, "systemd could not be asked (systemctl: No such file or directory)"),
        (units(), "systemd knows no unit of the agent"),
        (units("", ""), "systemd knows no unit of the agent"),
        (
            units(Completed(1, "", "System has not been booted with systemd\nFailed to connect to bus\n", 0.1)),
            "systemd could not be asked: System has not been booted with systemd",
        ),
        (units(Completed(4, "", "", 0.1)), "systemd could not be asked: exit status 4"),
    ],
)
def test_a_systemd_that_cannot_be_asked_says_why(files: RootedFiles, answers: Any, reason: str) -> None:
    assert look_at_unit(host(files, answers)) == Unseen(reason)
    assert unit_environment(host(files, answers)) == Unseen(reason)


@pytest.mark.parametrize("value", ["", "[not set]", "many"])
def test_numbers_that_are_none_are_zero(files: RootedFiles, value: str) -> None:
    unit = value_of(look_at_unit(host(files, units(shown(MainPID=value, NRestarts=value)))))
    assert unit is not None and (unit.main_pid, unit.restarts) == (0, 0)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", ()),
        ("A=1 https_proxy=http://p:1", (("https_proxy", "http://p:1"),)),
        ('"HTTPS_PROXY=http://p:1" NO_PROXY=x', (("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "x"))),
        ('"no_proxy=a b, *.c" SSL_CERT_FILE=/a', (("no_proxy", "a b, *.c"), ("SSL_CERT_FILE", "/a"))),
        (r'"no_proxy=say \"x\" \\ there"', (("no_proxy", 'say "x" \\ there'),)),
        (r'"https_proxy=http://u:a\$b\`c@p:1"', (("https_proxy", "http://u:a$b`c@p:1"),)),
        (r'"https_proxy=http://u:a\\$b@p:1"', (("https_proxy", r"http://u:a\$b@p:1"),)),
        ("https_proxy=a=b=c", (("https_proxy", "a=b=c"),)),
        ("https_proxy", (("https_proxy", ""),)),
        ('"https_proxy=unbalanced', ()),
    ],
)
def test_the_environment_property_is_unquoted(text: str, pairs: tuple[tuple[str, str], ...]) -> None:
    assert parse_environment(text) == pairs


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        (f"http://user:{PASSWORD}@proxy:3128", "http://proxy:3128"),
        (f"user:{PASSWORD}@proxy:3128", "proxy:3128"),
        (f"http://user:{PASSWORD}/and/slashes@proxy:3128", "http://proxy:3128"),
        (f"http://user:p@{PASSWORD}@proxy:3128", "http://proxy:3128"),
        ("http://proxy:3128", "http://proxy:3128"),
    ],
)
def test_passwords_are_not_in_the_unit_and_are_there_for_dialling(files: RootedFiles, url: str, masked: str) -> None:
    here = host(files, units(shown(Environment=f'"HTTPS_PROXY={url}" SSL_CERT_FILE=/a@b.pem')))
    unit = look_at_unit(here)
    assert leaks(repr(unit)) == ()
    assert dict(value_of(unit).environment) == {"HTTPS_PROXY": masked, "SSL_CERT_FILE": "/a@b.pem"}  # type: ignore[union-attr]
    assert unit_environment(here) == Seen({"HTTPS_PROXY": url, "SSL_CERT_FILE": "/a@b.pem"})


def test_all_units_are_asked_for_at_once_and_each_keeps_its_own(files: RootedFiles) -> None:
    """As systemd 252 prints them: a blank line between, no unit known by the last name."""
    shown = "Id=a\nLoadState=loaded\nActiveState=failed\n\nId=b\nLoadState=not-found\nActiveState=inactive\n"
    commands = Recorded(Completed(0, shown, "", 0.0))
    found = look_at_units(Host(files=files, commands=commands))
    assert isinstance(found, Seen) and [(unit.name, unit.active_state) for unit in found.value] == [(DEB, "failed")]
    assert [argv[:4] for argv in commands.ran] == [("systemctl", "show", DEB, SNAP)]


@pytest.mark.parametrize("shown", ["LoadState=loaded\n", "LoadState=loaded\n\nLoadState=loaded\n\nLoadState=loaded\n"])
def test_an_answer_that_does_not_tell_of_each_is_none(files: RootedFiles, shown: str) -> None:
    found = look_at_units(Host(files=files, commands=Recorded(Completed(0, shown, "", 0.0))))
    assert isinstance(found, Unseen) and "each unit" in found.reason


class Recorded(Commands):
    """Gives one answer to whatever is asked."""

    def __init__(self, answer: Completed) -> None:
        super().__init__()
        self.answer = answer
        self.ran: List[Tuple[str, ...]] = []

    def run(self, argv: Sequence[str], **more: Any) -> Completed:
        self.ran.append(tuple(argv))
        return self.answer
