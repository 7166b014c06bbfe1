"""The checks of what surrounds the agent, on observations made by hand: what is a fault, what a remark, and what is nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Callable, Iterable, Optional

import pytest

from ssm_bootstrap.diagnose.agent import service, versions
from ssm_bootstrap.diagnose.case import open_case
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.diagnose.machine import security, storage
from ssm_bootstrap.diagnose.network import proxies, routes
from ssm_bootstrap.model.agent import Agent, AgentConfig, AgentProcess, Identity, IdentityState, Unit
from ssm_bootstrap.model.capability import Capability, Verdict
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Finding, Severity
from ssm_bootstrap.model.logsettings import LogSettings, LogSink
from ssm_bootstrap.model.machine import Chain, Core, Denial, Firewall, ProxySide, Route, Storage, Surroundings
from ssm_bootstrap.model.network import Proxy
from ssm_bootstrap.model.observations import Observations, Plan
from ssm_bootstrap.model.observed import Seen, Unseen
from tests.fakes import NOON
from tests.made import EVERYTHING, INSIDE, PUBLIC, REGION, healthy, observations, probe

NOTHING = Surroundings()
LONG_AGO = NOON.timestamp() - 3600
UNIT = Unit("amazon-ssm-agent.service", "loaded", "active", "running", 812, file_state="enabled")
CORE = AgentProcess(812, "amazon-ssm-agent", LONG_AGO)
WORKER = AgentProcess(834, "ssm-agent-worker", LONG_AGO)
REGISTERED = Identity(IdentityState.REGISTERED, "mi-0123456789abcdef0", REGION)
HOST = f"ssm.{REGION}.amazonaws.com"
GB = 1 << 30


def agent(
    *,
    version: str = "3.3.1142.0",
    unit: Unit = UNIT,
    processes: Iterable[AgentProcess] = (CORE, WORKER),
    config: Optional[AgentConfig] = None,
) -> Any:
    return Seen(
        Agent(
            True,
            "rpm",
            "/usr/bin/amazon-ssm-agent",
            version,
            Seen(unit),
            Seen(tuple(processes)),
            config or AgentConfig("/etc/amazon/ssm/amazon-ssm-agent.json", False),
        )
    )


def seen(around: Surroundings = NOTHING, *probes: Any, **more: Any) -> Observations:
    known = {"agent": agent(), "identity": Seen(REGISTERED), "surroundings": Seen(around), "root": True, **more}
    return observations(*(probes or healthy()), **known)


def said(check: Callable[..., Iterable[Any]], what: Observations) -> list[Finding]:
    return [item for item in check(open_case(what)) if isinstance(item, Finding)]


def one(check: Callable[..., Iterable[Any]], what: Observations) -> tuple[str, Severity, tuple[str, ...]]:
    (found,) = said(check, what)
    return found.code, found.severity, found.breaks


def unseen(check: Callable[..., Iterable[Any]], what: Observations) -> list[str]:
    return [item[0] for item in check(open_case(what)) if not isinstance(item, Finding)]


def test_a_healthy_node_has_nothing_to_say() -> None:
    around = Surroundings(
        service=Seen(ProxySide("amazon-ssm-agent.service")),
        storage=Seen(
            tuple(Storage(path, "/", "xfs", Seen(("rw",)), GB, GB, 100, 50) for path in ("/var/lib/amazon", "/var/log/amazon"))
        ),
        routes=Seen((Route(4, "0.0.0.0/0", "eth0", "10.0.0.1"),)),
        firewall=Seen(Firewall((Chain("nft", "inet f", "o", True, "drop"),))),  # whatever it says: everything answers
        denials=Seen(()),
        log_directory=Seen(True),
        units=Seen((UNIT,)),
        binaries=("/usr/bin/amazon-ssm-agent",),
        cores=Seen((Core(812, LONG_AGO, "/system.slice/amazon-ssm-agent.service"),)),
        credentials_from=Seen(NOON - timedelta(minutes=20)),
    )
    found = diagnose(seen(around))
    assert found.findings == ()
    assert found.unseen == ()
    assert found.crashed == ()
    assert {item.verdict for item in found.capabilities} == {Verdict.OK}


def test_other_commands_do_not_look_and_say_nothing_of_it() -> None:
    assert diagnose(observations(*healthy())).unseen == ()


SHELL = ProxySide("this shell", "http://p:3128", by_proxy=(HOST,))
DIRECT = ProxySide("amazon-ssm-agent.service")
BY_UNIT = ProxySide("amazon-ssm-agent.service", "http://p:3128", by_proxy=(HOST,))
FROM_SHELL = healthy(probe("ssm", INSIDE, proxied=Proxy("p", 3128, "environment")))


@pytest.mark.parametrize(
    ("shells", "service_side", "processes", "severity"),
    [
        ((SHELL,), DIRECT, (CORE,), Severity.ERROR),
        ((SHELL,), DIRECT, (CORE, WORKER), Severity.INFO),
        ((SHELL,), DIRECT, (), Severity.WARNING),
        ((), BY_UNIT, (CORE,), Severity.INFO),
        ((replace(SHELL, https="other:8080"),), BY_UNIT, (CORE,), Severity.INFO),
        ((SHELL,), BY_UNIT, (CORE,), None),
        ((replace(SHELL, https="p:3128/"),), BY_UNIT, (CORE,), None),
        ((replace(SHELL, by_proxy=()),), DIRECT, (CORE,), None),
        ((), DIRECT, (CORE,), None),
    ],
)
def test_proxy_mismatch(shells: Any, service_side: ProxySide, processes: Any, severity: Optional[Severity]) -> None:
    around = Surroundings(shells=shells, service=Seen(service_side))
    found = said(proxies.mismatch, seen(around, *FROM_SHELL, agent=agent(processes=processes)))
    assert [item.severity for item in found] == ([severity] if severity else [])
    assert all(bool(item.breaks) == (severity is Severity.ERROR) for item in found)


def test_a_proxy_of_login_shells_that_nothing_was_dialled_by_is_a_remark() -> None:
    around = Surroundings(shells=(replace(SHELL, source="/etc/environment"),), service=Seen(DIRECT))
    assert one(proxies.mismatch, seen(around, agent=agent(processes=(CORE,)))) == ("proxy-mismatch", Severity.INFO, ())


def test_an_incomplete_no_proxy_is_a_warning_only_where_the_proxy_fails() -> None:
    around = Surroundings(service=Seen(replace(BY_UNIT, metadata_by_proxy=True)), inside=((HOST, ("10.0.0.5",)),))
    assert one(proxies.exceptions, seen(around)) == ("no-proxy-incomplete", Severity.INFO, ())
    refusing = probe("ssm", INSIDE, Stage.PROXY, Failure.PROXY_DENIED, proxied=Proxy("p", 3128, "unit"))
    assert one(proxies.exceptions, seen(around, *healthy(refusing)))[1] is Severity.WARNING
    outside = replace(around, service=Seen(BY_UNIT), inside=((HOST, ("52.1.2.3",)),))
    assert said(proxies.exceptions, seen(outside)) == []


def test_certificate_variables_are_a_remark_with_the_place_of_this_system() -> None:
    side = ProxySide("this shell", authorities=(("AWS_CA_BUNDLE", "/x"),))
    (found,) = said(proxies.authorities, seen(Surroundings(shells=(side,))))
    assert (found.code, found.severity) == ("ca-variables", Severity.INFO)
    assert any("update-ca-trust" in command.text for command in found.remedy.commands)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (Storage("/var/lib/amazon", "/var", available=0, free=0), ("disk-full", Severity.ERROR)),
        (Storage("/var/lib/amazon", "/var", available=0, free=GB), ("disk-low", Severity.WARNING)),
        (Storage("/var/lib/amazon", "/var", available=GB, free=GB, inodes=10, free_inodes=0), ("disk-full", Severity.ERROR)),
        (Storage("/var/lib/amazon", "/var", available=GB, free=GB, inodes=0, free_inodes=0), None),
        (Storage("/var/lib/amazon", "/var", available=50 << 20, free=50 << 20), ("disk-low", Severity.WARNING)),
        (Storage("/var/log/amazon", "/var", available=50 << 20, free=50 << 20), None),
        (Storage("/root/.aws", "/root", available=0, free=0), ("disk-full", Severity.WARNING)),
        (Storage("/etc/amazon", "/", available=0, free=0), None),
        (Storage("/var/lib/amazon"), None),
    ],
)
def test_room(item: Storage, expected: Optional[tuple[str, Severity]]) -> None:
    found = said(storage.room, seen(Surroundings(storage=Seen((item,)))))
    assert [(one.code, one.severity) for one in found] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("path", "option", "kind", "expected"),
    [
        ("/var/lib/amazon", "ro", "ext4", ("read-only-storage", EVERYTHING)),
        ("/var/lib/amazon", "noexec", "ext4", ("noexec-mount", ("run-command", "patch", "agent-update"))),
        ("/var/log/amazon", "noexec", "ext4", ("noexec-mount", ("patch",))),
        ("/var/log/amazon", "ro", "ext4", ("read-only-storage", ("patch",))),
        ("/root/.aws", "ro", "ext4", ("read-only-storage", ())),
        ("/root/.aws", "noexec", "ext4", None),
        ("/etc/amazon", "ro", "ext4", None),
        ("/var/lib/amazon", "ro", "squashfs", None),
    ],
)
def test_mounts(path: str, option: str, kind: str, expected: Optional[tuple[str, tuple[str, ...]]]) -> None:
    item = Storage(path, "/mnt", kind, Seen(("rw" if option != "ro" else "ro", option)))
    found = said(storage.mounted, seen(Surroundings(storage=Seen((item,)))))
    assert [(one.code, one.breaks) for one in found] == ([expected] if expected else [])
    assert all(one.severity is (Severity.ERROR if one.breaks else Severity.INFO) for one in found)


def test_one_mount_is_told_once() -> None:
    both = tuple(Storage(path, "/var", "ext4", Seen(("ro",)), 0, 0) for path in ("/var/lib/amazon", "/var/log/amazon"))
    assert len(said(storage.mounted, seen(Surroundings(storage=Seen(both))))) == 1
    assert len(said(storage.room, seen(Surroundings(storage=Seen(both))))) == 1


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        (LogSettings(), []),
        (LogSettings("s", True, "torn"), []),
        (LogSettings("s", True, lowest="info", sinks=(LogSink("/var/log/amazon/ssm/x.log"),)), []),
        (LogSettings("s", True, lowest="info", sinks=(LogSink("/data/x.log"),)), ["logs-moved"]),
        (LogSettings("s", True, lowest="info"), ["logs-switched-off"]),
        (LogSettings("s", True, lowest="off", sinks=(LogSink("/var/log/amazon/ssm/x.log"),)), ["logs-switched-off"]),
    ],
)
def test_log_files(settings: LogSettings, codes: list[str]) -> None:
    found = said(storage.log_files, seen(Surroundings(logs=settings)))
    assert [item.code for item in found] == codes
    assert all(item.severity is Severity.INFO for item in found)


def test_a_missing_log_directory_counts_while_the_agent_runs() -> None:
    gone = Surroundings(log_directory=Seen(False))
    assert one(storage.log_directory, seen(gone)) == ("log-directory-missing", Severity.WARNING, ())
    stopped = agent(unit=replace(UNIT, active_state="inactive", main_pid=0))
    assert said(storage.log_directory, seen(gone, agent=stopped)) == []
    assert said(storage.log_directory, seen(replace(gone, logs=LogSettings("s", True, lowest="info")))) == []
    assert said(storage.log_directory, seen(Surroundings(log_directory=Unseen("only root")))) == []


DROP = Surroundings(firewall=Seen(Firewall((Chain("nft", "inet f", "o", True, "drop", ("udp dport 53 accept",)),))))
REJECT = Surroundings(firewall=Seen(Firewall((Chain("nft", "inet f", "o", True, "accept", ("tcp dport 443 reject",)),))))


def test_a_firewall_is_the_cause_of_what_fails_as_it_makes_it_fail() -> None:
    silent = healthy(probe("ssm", INSIDE, Stage.TCP, Failure.TIMED_OUT))
    refused = healthy(probe("ssm", INSIDE, Stage.TCP, Failure.REFUSED))
    assert one(security.firewall, seen(DROP, *silent)) == ("host-firewall", Severity.ERROR, EVERYTHING)
    assert one(security.firewall, seen(REJECT, *refused)) == ("host-firewall", Severity.ERROR, EVERYTHING)
    assert said(security.firewall, seen(DROP, *refused)) == []
    assert said(security.firewall, seen(REJECT, *silent)) == []
    assert said(security.firewall, seen(DROP, *healthy(probe("kms", INSIDE, Stage.TCP, Failure.TIMED_OUT)))) == []


def test_a_firewall_hides_what_it_explains_and_nothing_else() -> None:
    s3_alone = replace(DROP, firewall=Seen(Firewall((Chain("nft", "ip f", "o", True, "accept", ("ip daddr 52.0.0.0/8 drop",)),))))
    broken = healthy(
        probe("ssm", INSIDE, Stage.TCP, Failure.TIMED_OUT), probe("s3-dualstack", PUBLIC, Stage.TCP, Failure.TIMED_OUT)
    )
    found = {item.code: item.symptom_of for item in diagnose(seen(s3_alone, *broken)).findings if item.severity is Severity.ERROR}
    assert found["host-firewall"] is None
    assert found["endpoint-blocked"] is None
    assert {cause for code, cause in found.items() if code.startswith("s3")} == {"host-firewall"}


def test_a_rule_that_is_not_understood_is_a_remark() -> None:
    rules = Firewall((Chain("nft", "inet f", "o", True, "accept", ("meta mark 0x1 drop",)),))
    silent = healthy(probe("ssm", INSIDE, Stage.TCP, Failure.TIMED_OUT))
    assert one(security.firewall, seen(Surroundings(firewall=Seen(rules)), *silent)) == ("host-firewall", Severity.INFO, ())


def test_a_firewall_between_this_machine_and_its_resolver() -> None:
    rules = Firewall((Chain("nft", "inet f", "o", True, "accept", ("udp dport 53 drop",)),))
    silent = healthy(probe("ssm", None, Stage.DNS, Failure.RESOLVER_SILENT))
    assert one(security.firewall, seen(Surroundings(firewall=Seen(rules)), *silent))[0] == "host-firewall"


def test_a_firewall_nobody_could_list_is_told_where_it_matters() -> None:
    unknown = Surroundings(firewall=Unseen("no tool"), denials=Seen(()))
    assert unseen(security.not_looked_at, seen(unknown)) == []
    assert unseen(security.not_looked_at, seen(unknown, root=False)) == ["host firewall"]
    silent = healthy(probe("ssm", INSIDE, Stage.TCP, Failure.TIMED_OUT))
    assert unseen(security.not_looked_at, seen(unknown, *silent)) == ["host firewall"]


@pytest.mark.parametrize(
    ("denial", "severity"),
    [
        (Denial("SELinux", "ssm-agent-worke", "avc", NOON), Severity.WARNING),
        (Denial("SELinux", "ssm-agent-worke", "avc"), Severity.WARNING),
        (Denial("SELinux", "ssm-agent-worke", "avc", NOON, enforced=False), Severity.INFO),
        (Denial("SELinux", "ssm-agent-worke", "avc", NOON - timedelta(days=3)), Severity.INFO),
    ],
)
def test_denials(denial: Denial, severity: Severity) -> None:
    assert one(security.denials, seen(Surroundings(denials=Seen((denial,))))) == ("security-denials", severity, ())


TWO = (
    Route(4, "0.0.0.0/0", "eth0", "10.0.1.1", 512),
    Route(4, "0.0.0.0/0", "eth1", "10.0.5.1", 522),
    Route(4, "10.0.0.0/24", "eth0"),
)


def test_two_default_routes_are_a_warning_only_for_what_went_by_them() -> None:
    around = Surroundings(routes=Seen(TWO))
    assert one(routes.split, seen(around)) == ("split-routes", Severity.INFO, ())
    near = healthy(probe("ssm", INSIDE, Stage.TCP, Failure.TIMED_OUT))
    assert one(routes.split, seen(around, *near))[1] is Severity.INFO
    far = healthy(probe("s3-dualstack", PUBLIC, Stage.TCP, Failure.TIMED_OUT))
    assert one(routes.split, seen(around, *far))[1] is Severity.WARNING
    refused = healthy(probe("s3-dualstack", PUBLIC, Stage.TCP, Failure.REFUSED))
    assert one(routes.split, seen(around, *refused))[1] is Severity.INFO
    same = Surroundings(routes=Seen((TWO[0], replace(TWO[0], metric=600))))
    assert said(routes.split, seen(same)) == []


V6_ROUTE = Route(6, "::/0", "eth0", "fe80::1")


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "ssm.eu-west-1.api.aws"),
        ("cn-north-1", "ssm.cn-north-1.api.amazonwebservices.com.cn"),
        ("eusc-de-east-1", "ssm.eusc-de-east-1.api.amazonwebservices.eu"),
        ("us-iso-east-1", "ssm.us-iso-east-1.api.aws.ic.gov"),
    ],
)
def test_ipv6_alone_has_the_names_of_its_partition(region: str, host: str) -> None:
    plan = Plan("doctor", Seen(region), "--region", EVERYTHING)
    (found,) = routes.ipv6_only(open_case(seen(Surroundings(routes=Seen((V6_ROUTE,))), plan=plan)))
    assert isinstance(found, Finding)
    assert f"getent ahostsv6 {host}" in [command.text for command in found.remedy.instance_commands]
    steps = " ".join(found.remedy.aws_steps)
    assert host in steps and f"s3.dualstack.{region}." in steps and "fd00:ec2::254" in steps


def test_ipv6_alone() -> None:
    around = Surroundings(routes=Seen((V6_ROUTE,)))
    without = healthy(probe("ssm", INSIDE, Stage.TCP, Failure.UNREACHABLE))
    assert one(routes.ipv6_only, seen(around)) == ("ipv6-only", Severity.INFO, ())
    assert one(routes.ipv6_only, seen(around, *without)) == ("ipv6-only", Severity.ERROR, EVERYTHING)
    ready = agent(version="3.3.3270.0", config=AgentConfig("c", True, use_dual_stack=True))
    assert one(routes.ipv6_only, seen(around, *without, agent=ready))[1] is Severity.INFO
    assert said(routes.ipv6_only, seen(Surroundings(routes=Seen((*TWO, V6_ROUTE))))) == []
    assert said(routes.ipv6_only, seen(Surroundings(routes=Seen(())))) == []
    assert unseen(routes.not_looked_at, seen(Surroundings(), *without)) == ["routes"]


@pytest.mark.parametrize(
    ("version", "region", "expected"),
    [
        ("3.3.1142.0", "mx-central-1", None),
        ("3.2.2303.0", "mx-central-1", (Severity.WARNING, ())),
        ("3.1.820.0", "mx-central-1", (Severity.ERROR, ("run-command", "patch", "agent-update"))),
        ("3.1.821.0", "mx-central-1", (Severity.WARNING, ())),
        ("3.0.1.0", REGION, None),
        ("2.0.833.0", REGION, (Severity.ERROR, ("patch",))),
        ("2.0.833.0", "mx-central-1", (Severity.ERROR, ("run-command", "patch", "agent-update"))),
        ("3.3.0.0", "mx-central-1", None),
        ("", "mx-central-1", None),
        ("1.0.0.0", "zz-nowhere-1", (Severity.ERROR, ("patch",))),
    ],
)
def test_an_agent_that_is_too_old(version: str, region: str, expected: Any) -> None:
    plan = Plan("doctor", Seen(region), "--region", EVERYTHING)
    found = said(versions.too_old, seen(Surroundings(), plan=plan, agent=agent(version=version)))
    assert [(item.severity, item.breaks) for item in found] == ([expected] if expected else [])


def test_a_version_that_tells_nothing_is_unseen() -> None:
    for version in ("", "3.3.0.0"):
        assert unseen(versions.not_looked_at, seen(agent=agent(version=version))) == ["agent version"]
    assert unseen(versions.not_looked_at, seen()) == []


def test_ec2messages_is_the_channel_of_an_old_agent() -> None:
    gone = healthy(probe("ec2messages", PUBLIC, Stage.TCP, Failure.TIMED_OUT))
    verdicts = {
        version: {
            item.capability: item.verdict
            for item in diagnose(seen(Surroundings(), *gone, agent=agent(version=version))).capabilities
        }
        for version in ("3.1.820.0", "3.1.821.0", "")
    }
    assert verdicts["3.1.820.0"][Capability.RUN_COMMAND] is Verdict.BROKEN
    assert verdicts["3.1.820.0"][Capability.SESSION] is Verdict.OK
    assert verdicts["3.1.821.0"][Capability.RUN_COMMAND] is Verdict.OK
    assert verdicts[""][Capability.RUN_COMMAND] is Verdict.OK


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (AgentConfig("c", True, endpoints=(("Ssm.Endpoint", "ssm.us-east-1.amazonaws.com"),)), 1),
        (AgentConfig("c", True, endpoints=(("Ssm.Endpoint", f"vpce-1-2.ssm.{REGION}.vpce.amazonaws.com"),)), 0),
        (AgentConfig("c", True, endpoints=(("Ssm.Endpoint", "ssm.corp.example"),)), 0),
        (AgentConfig("c", True, region="us-east-1"), 1),
        (AgentConfig("c", True, region=REGION), 0),
        (AgentConfig("c", True, "torn", region="us-east-1"), 0),
        (AgentConfig("c", False), 0),
    ],
)
def test_a_configuration_of_another_region(config: AgentConfig, count: int) -> None:
    found = said(versions.elsewhere, seen(agent=agent(config=config)))
    assert [(item.code, item.severity) for item in found] == [("config-elsewhere", Severity.WARNING)] * count


SNAP = Unit("snap.amazon-ssm-agent.amazon-ssm-agent.service", "loaded", "active", "running", 9, file_state="enabled")
BOTH = ("/usr/bin/amazon-ssm-agent", "/snap/amazon-ssm-agent/current/amazon-ssm-agent")


@pytest.mark.parametrize(
    ("unit", "severity"),
    [
        (UNIT, Severity.WARNING),
        (replace(UNIT, active_state="inactive", main_pid=0), Severity.WARNING),
        (replace(UNIT, active_state="inactive", main_pid=0, file_state="disabled"), Severity.INFO),
    ],
)
def test_an_agent_that_is_there_twice(unit: Unit, severity: Severity) -> None:
    around = Surroundings(binaries=BOTH, units=Seen((unit, SNAP)))
    assert one(service.twice, seen(around)) == ("agent-twice", severity, ())
    assert said(service.twice, seen(replace(around, binaries=BOTH[:1]))) == []


def test_an_agent_that_will_not_come_back() -> None:
    off = replace(UNIT, file_state="disabled")
    assert one(service.disabled, seen(agent=agent(unit=off))) == ("agent-disabled", Severity.WARNING, ())
    for state in ("enabled", "static", "generated", "enabled-runtime", ""):
        assert said(service.disabled, seen(agent=agent(unit=replace(UNIT, file_state=state)))) == []
    assert said(service.disabled, seen(agent=agent(unit=off), identity=Seen(Identity(IdentityState.NOT_REGISTERED)))) == []


@pytest.mark.parametrize(
    ("core", "count"),
    [
        (Core(4000, LONG_AGO, "/user.slice/user-0.slice/session-3.scope"), 1),
        (Core(4000, NOON.timestamp() - 5, "/user.slice/user-0.slice/session-3.scope"), 0),
        (Core(4000, LONG_AGO, "/system.slice/docker-9f.scope"), 0),
        (Core(4000, LONG_AGO, "/ecs/task/1"), 0),
        (Core(4000, LONG_AGO, "/user.slice/user-0.slice/user@0.service/app.slice/x.scope"), 0),
        (Core(4000, LONG_AGO), 0),
        (Core(812, LONG_AGO, "/user.slice/user-0.slice/session-3.scope"), 0),
    ],
)
def test_an_agent_that_was_started_by_hand(core: Core, count: int) -> None:
    found = said(service.by_hand, seen(Surroundings(cores=Seen((core,)))))
    assert [(item.code, item.severity) for item in found] == [("agent-by-hand", Severity.WARNING)] * count


READY = Surroundings(credentials_from=Seen(NOON - timedelta(minutes=20)))


def test_a_core_with_credentials_and_without_a_worker() -> None:
    alone = agent(processes=(CORE,))
    assert one(service.worker, seen(READY, agent=alone)) == (
        "worker-missing",
        Severity.ERROR,
        ("run-command", "session", "patch", "agent-update"),
    )


@pytest.mark.parametrize(
    ("around", "its_agent"),
    [
        (READY, agent()),
        (READY, agent(processes=())),  # nobody's processes can be seen
        (READY, agent(processes=(replace(CORE, started=NOON.timestamp() - 60),))),
        (READY, agent(processes=(replace(CORE, pid=7),))),
        (READY, agent(processes=(CORE,), version="2.3.1644.0")),
        (READY, agent(processes=(CORE,), version="")),
        (Surroundings(credentials_from=Seen(None)), agent(processes=(CORE,))),
        (Surroundings(credentials_from=Seen(NOON - timedelta(seconds=30))), agent(processes=(CORE,))),
        (Surroundings(credentials_from=Unseen("only root")), agent(processes=(CORE,))),
    ],
)
def test_a_worker_that_may_yet_come_is_nobodys_fault(around: Surroundings, its_agent: Any) -> None:
    assert said(service.worker, seen(around, agent=its_agent)) == []
