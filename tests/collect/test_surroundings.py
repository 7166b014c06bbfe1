"""What surrounds the agent: read from rooted trees and scripted commands, and what cannot be looked at is Unseen."""

from __future__ import annotations

import json
from typing import Any, Mapping, Optional

import pytest

from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.guard import Guard
from ssm_bootstrap.collect.logs.seelog import PATH, log_paths, read_log_settings
from ssm_bootstrap.collect.machine.security import AUDIT_LOG, SELINUX, denials_in, look_at_denials, look_at_firewall
from ssm_bootstrap.collect.machine.storage import MOUNTS, look_at_storage
from ssm_bootstrap.collect.machine.surroundings import look_at_surroundings
from ssm_bootstrap.collect.network.proxies import (
    look_at_service,
    look_at_shells,
    service_environment,
    side_of,
    trusted_unit_environment,
)
from ssm_bootstrap.collect.network.routes import V4, V6, look_at_routes
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import Completed
from ssm_bootstrap.host.machine import RunningProcess
from ssm_bootstrap.model.agent import AgentConfig, Unit
from ssm_bootstrap.model.codec import encode
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.logsettings import LogSink
from ssm_bootstrap.model.machine import Storage
from ssm_bootstrap.model.observed import NOT_ASKED, Seen, Unseen, value_of
from ssm_bootstrap.model.site import NO_SITE
from tests.fakes import NOON, RootedFiles, ScriptedCommands, ScriptedMachine, StillClock
from tests.laws.secrets import CANARIES, leaks

HOST = "ssm.eu-west-1.amazonaws.com"
PROXY = f"http://user:{CANARIES['proxy-password']}@proxy.corp.example:3128"
UNIT = Seen(Unit("amazon-ssm-agent.service", "loaded", "active", "running", 812))
SHOW = "systemctl show amazon-ssm-agent.service"
ROUTES = (
    "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
    "eth0\t00000000\t0101000A\t0003\t0\t0\t512\t00000000\t0\t0\t0\n"
    "eth0\t0001000A\t00000000\t0001\t0\t0\t512\t00FFFFFF\t0\t0\t0\n"
    "eth1\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0\n"
)


def host(
    files: RootedFiles,
    answers: Optional[Mapping[str, Any]] = None,
    *,
    root: bool = True,
    environment: Optional[Mapping[str, str]] = None,
    processes: tuple[RunningProcess, ...] = (),
) -> Host:
    return Host(
        files=files,
        commands=ScriptedCommands(answers or {}),
        machine=ScriptedMachine(processes, root),
        clock=StillClock(),
        environment=environment or {},
    )


def test_a_side_says_what_goes_by_the_proxy_and_never_the_password() -> None:
    side = side_of({"HTTPS_PROXY": PROXY, "http_proxy": PROXY, "no_proxy": "s3.eu-west-1.amazonaws.com"}, "this shell", (HOST,))
    assert (side.by_proxy, side.metadata_by_proxy, side.https) == ((HOST,), True, "http://proxy.corp.example:3128")
    assert side_of({"https_proxy": PROXY, "no_proxy": ".amazonaws.com,169.254.169.254"}, "x", (HOST,)).by_proxy == ()
    assert leaks(json.dumps(encode(side))) == ()


def test_shells_are_this_one_and_what_files_give_to_login_shells(files: RootedFiles) -> None:
    files.put("/etc/environment", f'PATH="/usr/bin"\nhttps_proxy="{PROXY}"\n')
    files.put(
        "/etc/profile.d/proxy.sh",
        f"# export http_proxy=x\nexport no_proxy=a,b HTTP_PROXY={PROXY}; export https_proxy=$http_proxy\n",
    )
    files.put("/etc/profile.d/other.sh", "export EDITOR=vi\n")
    found = look_at_shells(host(files, environment={"SSL_CERT_FILE": "/x.pem"}), (HOST,))
    assert [side.source for side in found] == ["this shell", "/etc/environment", "/etc/profile.d/proxy.sh"]
    assert found[0].authorities == (("SSL_CERT_FILE", "/x.pem"),)
    assert (found[2].http, found[2].https, found[2].exceptions) == ("http://proxy.corp.example:3128", "", "a,b")


def test_the_services_variables_are_those_of_its_process_else_of_its_unit_and_its_files(files: RootedFiles) -> None:
    answers = {
        SHOW: "Environment=no_proxy=a\nEnvironmentFiles=/etc/sysconfig/ssm (ignore_errors=yes)\n"
        "EnvironmentFiles=/etc/gone (ignore_errors=yes)\n"
    }
    files.put("/etc/sysconfig/ssm", f"# proxy\nhttps_proxy='{PROXY}'\n")
    found = look_at_service(host(files, answers), UNIT, (HOST,))
    assert isinstance(found, Seen)
    assert (found.value.by_proxy, found.value.exceptions) == ((HOST,), "a")
    assert service_environment(host(files, answers), "amazon-ssm-agent.service") == Seen({"no_proxy": "a", "https_proxy": PROXY})
    files.put("/proc/812/environ", b"LANG=C\0no_proxy=b\0")
    running = look_at_service(host(files, answers), UNIT, (HOST,))
    assert isinstance(running, Seen)
    assert (running.value.by_proxy, running.value.exceptions) == ((), "b")


def test_a_file_that_another_user_may_write_names_no_proxy(files: RootedFiles) -> None:
    """A look goes on and says so; a change is refused."""
    units = "Id=amazon-ssm-agent.service\nLoadState=loaded\nActiveState=active\n"
    answers = {
        "systemctl show": "LoadState=not-found\n",
        SHOW: f"{units}Environment=\nEnvironmentFiles=/etc/sysconfig/ssm (ignore_errors=no)\n",
    }
    files.put("/etc/sysconfig/ssm", f"https_proxy='{PROXY}'\n", 0o644)
    here = host(files, answers)
    assert value_of(service_environment(here, "amazon-ssm-agent.service")) == {"https_proxy": PROXY}
    assert trusted_unit_environment(here) == Seen({"https_proxy": PROXY})
    files.put("/etc/sysconfig/ssm", f"https_proxy='{PROXY}'\n", 0o646)
    told = service_environment(here, "amazon-ssm-agent.service")
    assert isinstance(told, Unseen) and told.reason.startswith("/etc/sysconfig/ssm: owner 0, mode 0646")
    with pytest.raises(Refusal) as refused:
        trusted_unit_environment(here)
    assert refused.value.status is ExitStatus.BAD_CONTENT and refused.value.message == told.reason
    assert leaks(refused.value.message) == ()


def test_a_service_that_nobody_can_ask_is_unseen(files: RootedFiles) -> None:
    assert isinstance(look_at_service(host(files), UNIT, ()), Unseen)
    assert look_at_service(host(files), Unseen("no systemd"), ()) == Unseen("no systemd")
    files.put("/etc/secret", "x")
    files.denied.add("/etc/secret")
    asked = {SHOW: "Environment=\nEnvironmentFiles=/etc/secret (ignore_errors=no)\n"}
    assert isinstance(look_at_service(host(files, asked), UNIT, ()), Unseen)


DF = (
    "File Type 1B-blocks Used Avail Inodes IFree Mounted on\n"
    "/var/lib/amazon ext4 1000 900 50 64 0 /a b\n"
    "/var btrfs 1000 900 50 - - /\n"
    "df: /x: No such file or directory\n"
)


def test_storage_is_measured_and_its_mount_read(files: RootedFiles) -> None:
    files.put("/var/lib/amazon/ssm/x")
    files.put(
        MOUNTS, "d / xfs rw,password=secret 0 0\nd /a\\040b ext4 rw,relatime 0 0\nd /a\\040b ext4 ro,noexec,lowerdir=/y 0 0\n"
    )
    found = look_at_storage(host(files, {"df": Completed(1, DF, "", 0.0)}))
    state = next(item for item in found if item.path == "/var/lib/amazon")
    assert state == Storage("/var/lib/amazon", "/a b", "ext4", Seen(("ro", "noexec")), 50, 100, 64, 0)
    logs = next(item for item in found if item.path == "/var/log/amazon")
    assert (logs.mount_point, logs.options, logs.inodes) == ("/", Seen(("rw",)), None)


def test_storage_without_df_or_mounts(files: RootedFiles) -> None:
    files.put("/root/.aws/credentials")
    files.denied.add("/root/.aws")
    found = look_at_storage(host(files))
    assert [item.path for item in found] == ["/var/lib/amazon", "/var/log/amazon", "/etc/amazon"]
    assert all(isinstance(item.options, Unseen) and item.available is not None for item in found)


def test_routes_of_both_families(files: RootedFiles) -> None:
    assert isinstance(look_at_routes(files), Unseen)
    files.put(V4, ROUTES)
    one = "00000000000000000000000000000000"
    files.put(
        V6,
        f"{one} 00 {one} 00 fe800000000000000000000000000001 00000400 1 0 00000003 eth0\n"
        f"{one} 00 {one} 00 {one} ffffffff 1 0 00200200 lo\n"
        f"fe80{one[4:]} 40 {one} 00 {one} 00000100 1 0 00000001 eth0\n"
        "torn\n",
    )
    found = look_at_routes(files)
    assert isinstance(found, Seen)
    told = [(route.family, route.destination, route.interface, route.gateway, route.metric) for route in found.value]
    assert told == [
        (4, "0.0.0.0/0", "eth0", "10.0.1.1", 512),
        (6, "::/0", "eth0", "fe80::1", 1024),
        (4, "10.0.1.0/24", "eth0", "", 512),
    ]


def test_the_firewall_is_roots_to_see(files: RootedFiles) -> None:
    assert look_at_firewall(host(files, root=False)) == Unseen("only root may list the firewall's rules")
    nobody = look_at_firewall(host(files))
    assert isinstance(nobody, Unseen)
    assert "nft" in nobody.reason
    assert "iptables-save" in nobody.reason
    slow = look_at_firewall(host(files, {"nft": Completed(-15, "", "", 2.0, True)}))
    assert isinstance(slow, Unseen)


def test_the_older_tables_are_asked_for_only_where_there_are_some(files: RootedFiles) -> None:
    asked = host(files, {"nft": "", "iptables-save": "*filter\n:OUTPUT DROP [0:0]\nCOMMIT\n"})
    assert value_of(look_at_firewall(asked)) is not None
    assert isinstance(asked.commands, ScriptedCommands)
    assert asked.commands.ran == [("nft", "list", "ruleset")]
    files.put("/proc/net/ip_tables_names", "filter\n")
    found = value_of(look_at_firewall(asked))
    assert found is not None
    assert [(chain.tool, chain.policy) for chain in found.chains] == [("iptables", "drop")]


def test_a_firewall_of_thousands_of_rules_is_cut(files: RootedFiles) -> None:
    rules = "".join(f"-A KUBE -d 10.1.{number // 250}.{number % 250}/32 -j ACCEPT\n" for number in range(3000))
    saved = f"*filter\n:OUTPUT ACCEPT [0:0]\n:KUBE - [0:0]\n:FAR - [0:0]\n-A OUTPUT -j KUBE\n{rules}-A FAR -j DROP\nCOMMIT\n"
    found = value_of(look_at_firewall(host(files, {"iptables-save": saved})))
    assert found is not None
    assert found.cut
    assert [chain.name for chain in found.chains] == ["OUTPUT"]


AVC = 'type=AVC msg=audit(1795400000.100:71): avc:  denied  {{ write }} for  pid=834 comm="{}" path="/x" permissive={}'


def test_denials_are_those_of_the_agents_processes() -> None:
    lines = [
        AVC.format("ssm-agent-worke", 0),
        AVC.format("httpd", 0),
        AVC.format("amazon-ssm-agen", 1),
        'type=SYSCALL comm="ssm-agent-worke"',
    ]
    lines.append('audit: apparmor="DENIED" operation="open" comm=' + b"ssm-session-wo".hex())
    lines.append('audit: apparmor="DENIED" operation="open" comm="ssm-session-wor"')
    found = list(denials_in(lines))
    assert [(one.by, one.process, one.enforced) for one in found] == [
        ("SELinux", "ssm-agent-worke", True),
        ("SELinux", "amazon-ssm-agen", False),
        ("AppArmor", "ssm-session-wor", True),
    ]
    assert found[0].at is not None
    assert len(list(denials_in([AVC.format("ssm-agent-worke", 0)] * 50))) == 20


def test_denials_are_looked_for_where_they_are_written(files: RootedFiles) -> None:
    quiet = host(files)
    assert look_at_denials(quiet) == Seen(())
    assert isinstance(quiet.commands, ScriptedCommands)
    assert quiet.commands.ran == []
    files.put(SELINUX, "1")
    assert isinstance(look_at_denials(host(files, root=False)), Unseen)
    assert isinstance(look_at_denials(host(files)), Unseen)
    told = look_at_denials(host(files, {"journalctl -k": AVC.format("ssm-agent-worke", 0)}))
    assert isinstance(told, Seen)
    assert len(told.value) == 1
    files.put(AUDIT_LOG, "x" * (3 << 20) + "\n" + AVC.format("ssm-document-wo", 0) + "\n")
    read = look_at_denials(host(files))
    assert isinstance(read, Seen)
    assert [one.process for one in read.value] == ["ssm-document-wo"]


SEELOG = """<seelog minlevel="info"><outputs formatid="f"><console/>
<rollingfile type="size" filename="/data/logs/ssm.log" maxsize="1" maxrolls="5"/>
<filter levels="error,critical"><file path="/data/logs/errors.log"/></filter></outputs></seelog>"""


def test_seelog_says_where_the_logs_are(files: RootedFiles) -> None:
    assert not read_log_settings(files).present
    files.put(PATH, SEELOG)
    settings = read_log_settings(files)
    assert (settings.lowest, settings.sinks) == (
        "info",
        (LogSink("/data/logs/ssm.log"), LogSink("/data/logs/errors.log", "error,critical")),
    )
    files.put("/data/logs/ssm.log")
    files.put("/data/logs/ssm.log.2")
    files.put("/var/log/amazon/ssm/hibernate.log")
    assert log_paths(files, settings) == ("/data/logs/ssm.log.2", "/data/logs/ssm.log", "/var/log/amazon/ssm/hibernate.log")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<seelog",
        "<other/>",
        '<!DOCTYPE x [<!ENTITY a "b">]><seelog/>',
        "\x00\x01",
        '<?xml version="1.0" encoding="nonsense"?><seelog/>',
    ],
)
def test_a_seelog_that_cannot_be_read_says_why_and_the_usual_logs_count(files: RootedFiles, text: str) -> None:
    files.put(PATH, text)
    files.put("/var/log/amazon/ssm/errors.log")
    settings = read_log_settings(files)
    assert settings.present
    assert settings.problem
    assert log_paths(files, settings) == ("/var/log/amazon/ssm/errors.log",)


@pytest.mark.parametrize(
    ("head", "lowest"),
    [('levels="error, warn"', "warn"), ("", "trace"), ('minlevel="off"', "off"), ('levels="strange"', "strange")],
)
def test_the_lowest_level_of_a_seelog(files: RootedFiles, head: str, lowest: str) -> None:
    files.put(PATH, f"<seelog {head}><outputs/></seelog>")
    assert read_log_settings(files).lowest == lowest


def test_all_of_it_on_a_machine_that_tells_nothing(files: RootedFiles) -> None:
    found = look_at_surroundings(host(files, root=False), None, AgentConfig("", False), Guard(), NO_SITE)
    assert isinstance(found.units, Unseen)
    assert isinstance(found.routes, Unseen)
    assert isinstance(found.firewall, Unseen)
    assert found.credentials_from == Seen(None)
    assert found.cores == Seen(())


def test_all_of_it_on_a_node(files: RootedFiles) -> None:
    files.put("/usr/bin/amazon-ssm-agent", "", 0o755)
    files.put(
        paths.IDENTITY_CONFIG,
        {"CredentialsExpiresAt": "2026-11-23T22:00:00.123456789+09:00", "CredentialsRetrievedAt": "2026-11-23T11:00:00Z"},
    )
    files.put("/proc/812/cgroup", "12:cpu:/x\n1:name=systemd:/system.slice/amazon-ssm-agent.service\n0::/\n")
    files.put("/proc/812/environ", f"https_proxy={PROXY}\0")
    shown = "LoadState=loaded\nActiveState=active\nSubState=running\nMainPID=812\nUnitFileState=disabled\n"
    answers = {
        SHOW: shown,
        "systemctl show": "LoadState=not-found\n",
        "getent ahosts": "10.0.1.5  STREAM x\n10.0.1.5  DGRAM\nfd00::1  RAW\n",
    }
    processes = (
        RunningProcess(812, "amazon-ssm-agent", ("/usr/bin/amazon-ssm-agent",), NOON.timestamp() - 900),
        RunningProcess(900, "amazon-ssm-agent", ("/usr/bin/amazon-ssm-agent", "-register"), NOON.timestamp()),
    )
    found = look_at_surroundings(host(files, answers, processes=processes), "eu-west-1", AgentConfig("", False), Guard(), NO_SITE)
    units = value_of(found.units) or ()
    assert [(unit.name, unit.file_state) for unit in units] == [("amazon-ssm-agent.service", "disabled")]
    assert found.binaries == ("/usr/bin/amazon-ssm-agent",)
    cores = value_of(found.cores) or ()
    assert [(core.pid, core.group) for core in cores] == [(812, "/system.slice/amazon-ssm-agent.service")]
    since = value_of(found.credentials_from)
    assert since is not None
    assert since.isoformat() == "2026-11-23T11:00:00+00:00"
    assert found.inside == ((HOST, ("10.0.1.5", "fd00::1")),)
    assert leaks(json.dumps(encode(found))) == ()


def test_a_fault_of_ours_is_named_and_stops_nothing(files: RootedFiles) -> None:
    class Broken(ScriptedMachine):
        def processes(self, names: Any) -> Any:
            raise ZeroDivisionError("ours")

    broken = Host(files=files, commands=ScriptedCommands({}), machine=Broken(), clock=StillClock())
    found = look_at_surroundings(broken, "eu-west-1", AgentConfig("", False), Guard(), NO_SITE)
    assert found.cores == Unseen("a fault of ssm-bootstrap itself: ZeroDivisionError: ours")
    assert found.storage is not NOT_ASKED
