"""What people paste: the agent's lines behind the heads of others, with the time that these tell."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone, tzinfo
from typing import Optional
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssm_bootstrap.collect.logs.formats import in_agents_shape
from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.diagnose.logs.explain import explain_logs
from ssm_bootstrap.model.logs import Level, LogDigest
from ssm_bootstrap.model.site import NO_SITE
from tests.collect.test_agentlog import work_of

UTC = timezone.utc
ZONES = (UTC, ZoneInfo("Asia/Tokyo"), ZoneInfo("America/St_Johns"))
TIMEOUT = 'ERROR [CredentialRefresher] RequestError: send request failed caused by: Post "https://ssm.eu-west-1.amazonaws.com/": dial tcp 52.119.221.73:443: i/o timeout'  # noqa: E501
AT = "2026-05-27 15:45:48"
SENDER = "ip-10-0-1-46 amazon-ssm-agent[1074]: "
WITH_ZONE = {
    # journalctl(1), -o short-iso, short-iso-precise, short-full, short-unix; RFC 3339 as rsyslog's RSYSLOG_FileFormat has it
    "short-iso": f"2026-05-27T17:45:48+0200 {SENDER}2026-05-27 17:45:48.9768 {TIMEOUT}",
    "short-iso-precise": f"2026-05-27T15:45:48.977443+00:00 {SENDER}{AT}.9768 {TIMEOUT}",
    "rfc 3339, the agent in another zone": f"2026-05-27T15:45:48.977443+00:00 {SENDER}2026-05-28 00:45:48.9768 {TIMEOUT}",
    "short-full": f"Wed 2026-05-27 15:45:48 UTC {SENDER}{AT}.9768 {TIMEOUT}",
    "short-full, Tokyo": f"Thu 2026-05-28 00:45:48 JST {SENDER}2026-05-28 00:45:48.9768 {TIMEOUT}",
    "short-full, an offset": f"Wed 2026-05-27 12:45:48 -03 {SENDER}2026-05-27 12:45:48.9768 {TIMEOUT}",
    "short-unix": f"1779896748.977443 {SENDER}{AT}.9768 {TIMEOUT}",
    # snapcraft.io/docs/service-management, "snap logs": a time with its zone, the service with its process, no host
    "snap logs": f"2026-05-27T15:45:48Z amazon-ssm-agent.amazon-ssm-agent[1074]: {AT}.9768 {TIMEOUT}",
    # docs.docker.com, docker container logs --timestamps: RFC3339Nano
    "docker logs": f"2026-05-27T15:45:48.977443123Z {AT}.9768 {TIMEOUT}",
    # docs.aws.amazon.com/cli, logs tail: detailed (the default) and short
    "aws logs tail": f"2026-05-27T15:45:48.977000+00:00 i-0123456789abcdef0 {AT}.9768 {TIMEOUT}",
    "aws logs tail, short": f"2026-05-27T15:45:48 {AT}.9768 {TIMEOUT}",
    # docs.aws.amazon.com, CloudWatch Logs: the console's "Download search results (CSV)", and that of Logs Insights
    "csv": f"timestamp,message\n1779896748977,{AT}.9768 {TIMEOUT.replace(chr(34), '')}",
    "csv, quoted": f'timestamp,message\n1779896748977,"{AT}.9768 {TIMEOUT.replace(chr(34), chr(34) * 2)}"',
    "csv of Logs Insights": f'@timestamp,@message\n2026-05-27 15:45:48.977,"{AT}.9768 {TIMEOUT.replace(chr(34), chr(34) * 2)}"',
    # github.com/cihub/seelog wiki, "Formatting": the default, %Ns [%Level] %Msg%n
    "epoch nanoseconds": f"1779896748976800000 [Error] {TIMEOUT[6:]}",
    "seelog, a time with its zone": f"2026-05-27T17:45:48.9768+02:00 [Error] {TIMEOUT[6:]}",
    "seelog, the level first": f"[ERROR] 2026-05-27T15:45:48.9768Z {TIMEOUT[6:]}",
    # docs.aws.amazon.com/cli, ec2 get-console-output; cloud-init's welcome tells when the machine was started
    "console": "[   31.087495] cloud-init[2081]: Cloud-init v. 22.2.2 running 'modules:final' at Wed, 27 May 2026 15:45:40 +0000. "  # noqa: E501
    f"Up 31.00 seconds.\n[   39.976800] amazon-ssm-agent[1074]: {AT}.9768 {TIMEOUT}",
    "console, the start told later": f"[   39.976800] amazon-ssm-agent[1074]: {AT}.9768 {TIMEOUT}\n"
    "[   51.087495] cloud-init[2081]: Cloud-init v. 22.2.2 finished at Wed, 27 May 2026 15:46:00 +0000. Up 51.00 seconds.",
    # docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference: GetLogEvents and FilterLogEvents
    "events": json.dumps(
        {
            "events": [{"timestamp": 1779896748977, "message": f"{AT}.9768 {TIMEOUT}", "ingestionTime": 1779896749977}],
            "nextForwardToken": "f/3",
        },
        indent=4,
    ),
    "an event a line": json.dumps({"timestamp": 1779896748977, "message": f"{AT}.9768 {TIMEOUT}"}),
    "journal": json.dumps(
        {"__CURSOR": "s=1", "__REALTIME_TIMESTAMP": "1779896748977443", "_PID": "1074", "MESSAGE": f"{AT}.9768 {TIMEOUT}"}
    ),
    # github.com/aws/amazon-ecs-agent README, ECS_LOGLEVEL and its log of "level=… time=… msg=…"
    "ecs agent": f"level=error time=2026-05-27T15:45:48Z msg={json.dumps(TIMEOUT[6:])} module=agent.go",
    "ecs agent, json": json.dumps({"level": "error", "time": "2026-05-27T15:45:48Z", "msg": TIMEOUT[6:]}),
}


def read(text: str | bytes, zone: tzinfo = UTC) -> LogDigest:
    return read_stream([text.encode() if isinstance(text, str) else text], "pasted", zone)


def codes(digest: LogDigest) -> set[str]:
    return {finding.code for finding in explain_logs(digest, NO_SITE).findings}


def failed(digest: LogDigest) -> list[datetime]:
    return [group.first.astimezone(UTC) for group in digest.groups if group.sample.level is Level.ERROR and group.first]


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("name", WITH_ZONE)
def test_a_head_with_a_zone_gives_the_time_wherever_it_is_read(name: str, zone: tzinfo) -> None:
    digest = read(WITH_ZONE[name] + "\n", zone)
    (at,) = failed(digest)
    assert at.replace(microsecond=0) == datetime(2026, 5, 27, 15, 45, 48, tzinfo=UTC)
    assert codes(digest) == {"endpoint-missing"}
    assert digest.files[0].headed


@pytest.mark.parametrize("name", WITH_ZONE)
def test_windows_line_ends_and_marks_change_nothing(name: str) -> None:
    text = WITH_ZONE[name] + "\n"
    plain = failed(read(text))
    assert failed(read(text.replace("\n", "\r\n"))) == plain
    assert failed(read(text.encode("utf-8-sig"))) == failed(read(text.encode("utf-16"))) == plain


@pytest.mark.parametrize(
    "head",
    [
        # github.com/cihub/seelog wiki, "Formatting": %Date %Time %UTCDate %LEVEL %Level %LEV %Lev in any order
        "2026-05-27 15:45:48 [ERROR] ",
        "2026-05-27 15:45:48.9768 [Error] ",
        "[ERROR] 2026-05-27 15:45:48 ",
        "[2026-05-27 15:45:48] [ERR] ",
        "ERROR 2026-05-27 15:45:48 ",
        "2026-05-27 15:45:48 | ERR | ",
        "2026/05/27 15:45:48 Error: ",
    ],
)
def test_a_seelog_format_of_ones_own_is_read_in_the_logs_zone(head: str) -> None:
    digest = read(f"{head}{TIMEOUT[6:]}\ncaused by: x\n2026-05-27 15:45:49 INFO y\n", ZoneInfo("Asia/Tokyo"))
    (at,) = failed(digest)
    assert at.replace(microsecond=0) == datetime(2026, 5, 27, 6, 45, 48, tzinfo=UTC)
    assert digest.groups[0].sample.message.endswith("\ncaused by: x") and digest.groups[0].sample.context == (
        "CredentialRefresher",
    )


def test_lines_of_another_process_do_not_go_on_and_those_of_the_same_do() -> None:
    """As Ubuntu 24.04 writes /var/log/syslog; rsyslog escapes tabs."""
    head = "2026-05-27T15:45:49.078960+00:00 ip-10-0-1-46 "
    digest = read(
        f"{head}amazon-ssm-agent.amazon-ssm-agent[1074]: 2026-05-27 15:45:49.0086 ERROR went wrong\n"
        f"{head}sshd[9]: Connection closed\n"
        f"{head}amazon-ssm-agent.amazon-ssm-agent[1074]: 2026-05-27 15:45:49.0086 ERROR AccessDeniedException: no\n"
        f"{head}amazon-ssm-agent.amazon-ssm-agent[1074]: #011status code: 400\n"
    )
    said = [(group.sample.level, group.sample.message) for group in digest.groups]
    assert (Level.ERROR, "went wrong") in said and (Level.NONE, "Connection closed") in said
    assert (Level.ERROR, "AccessDeniedException: no\n\tstatus code: 400") in said


def test_a_panic_in_the_journals_text_is_critical() -> None:
    head = f"2026-05-27T17:45:48+0200 {SENDER}"
    digest = read(f"{head}panic: runtime error: x\n{head}goroutine 1 [running]:\n{head}main.main()\n")
    (group,) = digest.groups
    assert group.sample.level is Level.CRITICAL and group.sample.message.endswith("main.main()")


CONSOLE = (  # a public copy of get-console-output: kernel stamps, and the agent's own words with a time of UTC
    "[   31.087495] cloud-init[2081]: +----[SHA256]-----+\r\n"
    "2026/05/23 17:01:51Z: SSM Agent unable to acquire credentials: <error>no valid credentials could be retrieved for ec2 identity. "  # noqa: E501
    "Default Host Management Err: error calling RequestManagedInstanceRoleToken: AccessDeniedException: Systems Manager's instance "  # noqa: E501
    "management role is not configured for account: 123456789012\r\n"
    "\tstatus code: 400, request id: f0f16c94-b70f-4ac1-9231-0656143c36d3</error>\r\n"
    "[   31.647351] cloud-init[2171]: Cloud-init v. 22.2.2 running 'modules:config' at Sat, 23 May 2026 17:01:51 +0000. "
    "Up 31.55 seconds.\r\n"
)


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("way", ["text", "json", "json, base64", "base64"])
def test_the_serial_console_of_ec2(way: str, zone: tzinfo) -> None:
    packed = base64.encodebytes(CONSOLE.encode()).decode()
    told = {"InstanceId": "i-0123456789abcdef0", "Timestamp": "2026-05-23T17:02:00+00:00"}
    text = {
        "text": CONSOLE,
        "json": json.dumps({**told, "Output": CONSOLE}, indent=4),
        "json, base64": json.dumps({**told, "Output": packed.replace("\n", "")}),
        "base64": packed,
    }[way]
    digest = read(text, zone)
    assert codes(digest) == codes(read(CONSOLE)) != set()
    moments = [group.first.astimezone(UTC).isoformat() for group in digest.groups if group.first]
    assert moments == ["2026-05-23T17:01:50.537495+00:00", "2026-05-23T17:01:51+00:00", "2026-05-23T17:01:51.097351+00:00"]


def test_a_machine_that_started_twice_has_two_starts() -> None:
    welcome = "Cloud-init v. 22.2.2 finished at Wed, 27 May 2026 {}:00:10 +0000. Up 10.00 seconds."
    text = "".join(
        f"[    5.000000] cloud-init[1]: SSM Agent x{hour}\n[   10.000000] cloud-init[1]: {welcome.format(hour)}\n"
        for hour in (15, 17)
    )
    told = {group.sample.message: group.first for group in read(text).groups}
    assert [str(told[f"SSM Agent x{hour}"]) for hour in (15, 17)] == [f"2026-05-27 {hour}:00:05+00:00" for hour in (15, 17)]


def test_what_was_copied_from_a_terminal_has_neither_its_prompts_nor_its_colours() -> None:
    """Session Manager's shell, bash of Amazon Linux and Ubuntu, with what `journalctl` and `grep --color` make red."""
    text = (
        "sh-5.2$ sudo tail -2 /var/log/amazon/ssm/errors.log # i/o timeout\n"
        f"{AT}.9768 \x1b[01;31m\x1b[KERROR\x1b[m\x1b[K went wrong\n"
        "[ec2-user@ip-10-0-0-5 ~]$ curl -sS https://s3.eu-west-1.amazonaws.com/\n"
        "\x1b]0;root@ip-10-0-0-5:~\x07root@ip-10-0-0-5:~# cat x\n"
        "curl: (28) Connection timed out after 10001 milliseconds\n"
    )
    said = [(group.sample.level, group.sample.message) for group in read(text).groups]
    assert said == [(Level.ERROR, "went wrong"), (Level.NONE, "curl: (28) Connection timed out after 10001 milliseconds")]


def test_what_ssm_cli_found_is_told() -> None:
    """docs.aws.amazon.com/systems-manager/latest/userguide/troubleshooting-ssm-cli.html."""
    text = json.dumps(
        {
            "DiagnosticsOutput": [
                {"Check": "EC2 IMDS", "Status": "Success", "Note": "IMDS is accessible and has instance id i-0123456789abcdefa"},
                {
                    "Check": "Hybrid instance registration",
                    "Status": "Skipped",
                    "Note": "Instance does not have hybrid registration",
                },
                {
                    "Check": "Connectivity to ssm endpoint",
                    "Status": "Failed",
                    "Note": "ssm.us-east-2.amazonaws.com is not reachable: dial tcp 10.0.0.1:443: i/o timeout",
                },
            ]
        }
    )
    for told in (text, json.dumps(json.loads(text)["DiagnosticsOutput"], indent=2)):
        digest = read(told)
        assert [group.sample.context for group in digest.groups] == [("get-diagnostics", "Connectivity to ssm endpoint")]
        assert codes(digest) == {"endpoint-blocked"} and digest.files[0].headed


def test_the_outputs_of_a_command_are_taken_out_of_its_json() -> None:
    """docs.aws.amazon.com/cli, ssm get-command-invocation."""
    text = json.dumps(
        {"StandardOutputContent": "x\n", "StandardErrorContent": "curl: (28) Connection timed out\nfailed to run commands\n"}
    )
    assert "curl: (28) Connection timed out" in [group.sample.message for group in read(text).groups]


def test_a_log_of_something_else_is_not_taken_for_the_agents() -> None:
    for text in (
        "2026-05-27T15:45:48.977443+00:00 ip-10-0-1-46 sshd[9]: Connection closed\n",
        "2026-05-27T15:45:48.977443123Z hello\n",
        "timestamp,message\n1779896748977,hello\n",
        json.dumps({"events": [{"timestamp": 1779896748977, "message": "hello"}]}),
        json.dumps({"Output": "[    0.000000] Linux version 6.1\n"}),
        "[    0.000000] Linux version 6.1\n",
    ):
        assert not read(text).files[0].headed, text


def test_the_plain_log_is_not_touched() -> None:
    lines = f"{AT}.9768 {TIMEOUT}\n\tstatus code: 400\n{AT} INFO x\n".encode()
    assert list(in_agents_shape([lines], "x.log", ZoneInfo("Asia/Tokyo"))) == [lines]


HOSTILE = (
    *("9" * 19 + " [Info] x", "0" * 19 + " [Error] x", "9" * 14 + ",x", "99999999999.999999 h a[1]: x", "[999999999.999999] x"),
    *(
        "0000-00-00T99:99:99Z x",
        "9999-12-31T23:59:59-23:59 x",
        "2026-05-27T15:45:48+99:99 h a[1]: x",
        "Xxx 2026-99-99 15:45:48 UTC x",
    ),
    *(
        "0001-01-01T00:00:00+23:59 x",
        "level=error time=" + "9" * 30 + " msg=x",
        'level=error time=2026-05-27T15:45:48Z msg="' + "\\" * 999,
    ),
    "[    1.000000] a at Xxx, 99 Xxx 9999 99:99:99 +0000. Up 999999999 seconds",
    '{"events": [{"timestamp": -1, "message": "x"}, {"timestamp": NaN, "message": "x"}, {"timestamp": 1e999, "message": "x"}]}',
    '{"events": [{"timestamp": ' + "9" * 50_000 + ', "message": "x"}, {"timestamp": [], "message": "x"}, 5, null]}',
    *('{"Output": ' + "[" * 100_000, '{"events":' * 50_000, '{"Output": "' + "QUJD" * 1000, "QUJDREVGR0hJ" * 1000, "////" * 1000),
    *(
        '{"Check": 5, "Status": {}}',
        '[{"Check": "x", "Status": "Failed", "Note": {"a": 1}}]',
        '{"Output": 5}',
        '[{"events": {}}]',
    ),
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:24])
@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_what_is_made_to_hurt_is_dealt_with(text: str, zone: tzinfo) -> None:
    for told in (text, f"{text}\n{AT} ERROR y\n"):
        explain_logs(read(told, zone), NO_SITE)
    assert "y" in {group.sample.message.rpartition("\n")[2][-1:] for group in read(f"{text}\n{AT} ERROR y\n", zone).groups}


@given(
    st.lists(
        st.sampled_from([*(text.encode() for text in WITH_ZONE.values()), b"\n", b"\r\n", b'"', b"\x1b[", b"x"])
        | st.binary(max_size=40),
        max_size=6,
    )
)
def test_any_mixture_passes(parts: list[bytes]) -> None:
    read_stream(parts, "x.log", UTC)


PARTS = (
    *(
        "2026-05-27T15:45:48Z x\n",
        "[    1.000000] x\n",
        "1779896748976800000 [Info] x\n",
        "sh-5.2$ x\n",
        "\x1b[31m",
        "\x1b]0;",
        "[ERROR] ",
    ),
    *(
        '1779896748977,"x""\n',
        "level=info time=2026-05-27T15:45:48Z msg=x\n",
        '{"timestamp": 1, "message": "x"}\n',
        "QUJD",
        "[",
        '{"events":',
    ),
    *("a" * 60 + "@", "2026-05-27T15:45:48+00:00 " + "x" * 30 + "/", "\\", '"', ",", "] "),
)
STARTS = (
    "2026-05-27T15:45:48Z ",
    "[    1.000000] ",
    'level=info time=2026-05-27T15:45:48Z msg="',
    '{"events": [',
    "[a@b ",
    "$ \n",
)


@pytest.mark.parametrize("start", STARTS)
def test_work_grows_with_the_size(start: str) -> None:
    for part in PARTS:
        sizes = [(start + part * (size // len(part))).encode() for size in (1 << 12, 1 << 14)]
        work: list[Optional[int]] = [work_of(lambda data=data: read(data)) for data in sizes]  # type: ignore[misc]
        assert work[1] is not None and work[0] is not None and work[1] < 5 * work[0] + 500, part
