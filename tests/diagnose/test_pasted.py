"""Kinds of text that people paste, in other words than the public reports that showed them first."""

from __future__ import annotations

from datetime import timezone
from typing import List, Optional, Tuple

import pytest

from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.diagnose.logs.classify import LogContext
from ssm_bootstrap.diagnose.logs.endings import SeenBeside
from ssm_bootstrap.diagnose.logs.explain import LogDiagnosis, classify_logs, conclude, explain_logs
from ssm_bootstrap.diagnose.logs.timeline import Present
from ssm_bootstrap.model.site import NO_SITE

NO_ROLE = (
    "2026-11-04 10:02:44.9629 WARN EC2RoleProvider Failed to connect to Systems Manager with instance profile role credentials. "
    "Err: retrieved credentials failed to report to ssm. Error: EC2RoleRequestError: no EC2 instance role found"
)
NO_METADATA = (
    "ERROR [TokenRequestService] failed to retrieve instance identity role. Error: RequestError: send request failed\n"
    'caused by: Get "http://169.254.169.254/latest/meta-data/x": dial tcp 169.254.169.254:80: '
)
UNIT = "● amazon-ssm-agent.service - amazon-ssm-agent\n     Loaded: loaded (/lib/systemd/x.service; {}; preset: x)\n"
SNAP = "× snap.amazon-ssm-agent.amazon-ssm-agent.service - Service for snap application amazon-ssm-agent.amazon-ssm-agent\n"
REGISTERED = "INFO Successfully registered the instance with AWS SSM using Managed instance-id: mi-0123456789abcdef0"
NO_KEY = "ERROR Error while loading server info Failed to load instance info from vault. RegistrationKey does not exist"
CALL = "operation error {}: {}, https response error StatusCode: 400, RequestID: 1, api error {}: x"
REPLY = (
    "2026-11-28 10:00:00 INFO [ssm-agent-worker] [MessageService] [MGSInteractor] Sending reply {{\n"
    '  "documentStatus": "{1}",\n  "runtimeStatus": {{\n    "step": {{\n      "status": "{1}",\n      "code": 1,\n'
    '      "name": "{0}",\n      "output": "{2}",\n      "standardError": ""\n    }}\n  }}\n}}'
)
EVENT = '{0}"timestamp": 1795860000000,\n{0}"message": "2026-11-28 09:20:00 {1}",\n{0}"ingestionTime": 1795860003000'


def explained(text: str, name: str = "pasted.txt") -> LogDiagnosis:
    """What a text that somebody pasted means."""
    return explain_logs(read_stream([text.encode()], name, timezone.utc), NO_SITE)


def told(text: str) -> List[Tuple[str, str, str]]:
    """Code, variant and severity of each finding."""
    return [(one.code, one.variant, one.severity.value) for one in explained(text).findings]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (NO_ROLE, ("not-registered", "no-role", "error")),
        (f"{NO_ROLE}\n2026-11-04 10:02:46 {NO_METADATA}i/o timeout", ("imds-unreachable", "needed", "error")),
        (f"2026-11-04 10:02:40 {NO_METADATA}connect: no route to host\n{NO_ROLE}", ("imds-unreachable", "needed", "error")),
        (f"2026-11-03 10:02:40 {NO_METADATA}connect: no route to host\n{NO_ROLE}", ("not-registered", "no-role", "error")),
    ],
    ids=["no role alone", "metadata after it", "metadata before it", "metadata a day before"],
)
def test_no_role_is_not_said_where_nobody_could_ask_for_one(text: str, wanted: Tuple[str, str, str]) -> None:
    assert wanted in told(text)
    assert {code for code, _, _ in told(text)} <= {"imds-unreachable", "not-registered"}
    assert len(told(text)) == (2 if "11-03" in text else 1)


def test_metadata_that_a_hybrid_node_did_without_is_no_finding() -> None:
    text = "2026-11-04 10:02:45 WARN Failed to get instance info from IMDS. Err: RequestError: send request failed\ncaused by: "
    assert told(text + 'Put "http://169.254.169.254/latest/api/token": dial tcp 169.254.169.254:80: i/o timeout') == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            UNIT.format("enabled") + "     Active: failed (Result: start-limit-hit) since Tue 2026-11-24",
            ("agent-not-running", ""),
        ),
        (UNIT.format("enabled") + "     Active: activating (auto-restart) (Result: exit-code)", ("agent-not-running", "")),
        (SNAP + "     Loaded: loaded (/etc/x.service; enabled)\n     Active: inactive (dead)", ("agent-not-running", "")),
        (SNAP[2:] + "     Loaded: loaded (/etc/x.service; enabled)\n     Active: inactive (dead)", ("agent-not-running", "")),
        ("Loaded: loaded (/x; enabled)\nActive: inactive (dead)", None),
        (UNIT.format("enabled").replace("     Loaded", "Loaded") + "Active: inactive (dead)", ("agent-not-running", "")),
        (
            "● amazon-ssm-agent.service\n   Loaded: masked (/dev/null; bad)\n   Active: inactive (dead)",
            ("agent-not-running", "masked"),
        ),
        ("● amazon-ssm-agent.service\n   Loaded: not-found (Reason: x)\n   Active: inactive (dead)", ("agent-missing", "")),
        ("Failed to start amazon-ssm-agent.service: Unit not found.", ("agent-missing", "")),
        ("Unit amazon-ssm-agent.service could not be found.", ("agent-missing", "")),
        (UNIT.format("disabled") + "     Active: active (running) since Tue 2026-11-24", ("agent-disabled", "")),
        (UNIT.format("enabled") + "     Active: active (running) since Tue 2026-11-24", None),
        ("● chronyd.service - NTP\n   Loaded: loaded (/x; disabled)\n   Active: failed (Result: exit-code)", None),
        (
            "Nov 24 10:00:00 ip-10-0-0-5 systemd[1]: amazon-ssm-agent.service: Start request repeated too quickly.",
            ("agent-not-running", ""),
        ),
        (
            "Nov 24 10:00:00 ip-10-0-0-5 systemd[1]: amazon-ssm-agent.service: Main process exited, code=exited, status=203/EXEC",
            ("agent-not-running", ""),
        ),
        (
            "Nov 24 10:00:00 ip-10-0-0-5 systemd[1]: amazon-ssm-agent.service: Main process exited, status=1/FAILURE",
            None,
        ),
        ("System has not been booted with systemd as init system (PID 1). Can't operate.", ("agent-not-running", "no-init")),
    ],
)
def test_what_systemctl_says_of_the_unit(text: str, wanted: Tuple[str, str]) -> None:
    assert [row[:2] for row in told(text)] == ([wanted] if wanted else [])
    assert [row[:2] for row in told(f"$ systemctl status amazon-ssm-agent\n{text}\n")] == ([wanted] if wanted else [])


def test_a_start_after_the_limit_ends_it() -> None:
    limit = "2026-11-24T10:00:00+0000 host systemd[1]: amazon-ssm-agent.service: Start request repeated too quickly."
    later = "2026-11-24T10:05:00+0000 host amazon-ssm-agent[7]: 2026-11-24 10:05:00 INFO [CredentialRefresher] Credentials ready"
    assert [row[0] for row in told(limit)] == ["agent-not-running"]
    assert told(f"{limit}\n{later}\n") == []


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (REGISTERED + "\n" + NO_KEY, "registration-lost"),
        (NO_KEY + "\n" + REGISTERED, "not-registered"),
        (NO_KEY, "not-registered"),
    ],
)
def test_a_key_that_is_missing_right_after_the_registration_was_lost(lines: str, code: str) -> None:
    assert [row[0] for row in told(lines)] == [code]


def test_a_key_that_is_missing_a_day_after_the_registration_is_just_missing() -> None:
    assert [row[0] for row in told(f"2026-11-20 10:00:00 {REGISTERED}\n2026-11-22 10:00:00 {NO_KEY}")] == ["not-registered"]


@pytest.mark.parametrize("part", ["disk-info", "memory-hash", "IP Address"])
def test_a_part_of_the_fingerprint_that_changed(part: str) -> None:
    text = f"2026-11-24 10:00:00 WARN [OnPremCredsProvider] The '{part}' value (a\nb) has changed from the registered machine "
    assert told(text + "configuration value (c).") == [("fingerprint-mismatch", "", "error")]
    regenerated = "2026-11-24 10:00:00 INFO [OnPremCredsProvider] Calculated hardware difference, regenerating fingerprint..."
    assert told(regenerated) == [("fingerprint-mismatch", "", "error")]
    assert told(f"{regenerated}\n2026-11-24 10:00:05 INFO [CredentialRefresher] Credentials ready") == []


@pytest.mark.parametrize(
    ("plugin", "status", "output", "wanted"),
    [
        (
            "aws:softwareInventory",
            "Failed",
            "Plugin crashed with message index out of range!",
            [("agent-part-failed", "step", "warning")],
        ),
        ("aws:configurePackage", "Failed", "no space left on device", [("disk-full", "place-unsaid", "error")]),
        ("aws:configurePackage", "Failed", "odd", [("command-failed", "", "warning")]),
        ("aws:configurePackage", "Success", "no space left on device", []),
        ("aws:runShellScript", "Failed", "no space left on device", []),
    ],
)
def test_what_the_agent_answered_of_a_document(plugin: str, status: str, output: str, wanted: List[Tuple[str, str, str]]) -> None:
    text = REPLY.format(plugin, status, output)
    assert told(text) == wanted
    assert told(text + "\n2026-11-28 10:00:01 INFO [HealthCheck] HealthCheck reporting agent health.\n") == wanted


def test_an_answer_counts_once_with_what_it_repeats() -> None:
    said = "2026-11-28 09:59:59 ERROR open /x: no space left on device\n"
    (finding,) = explained(said + REPLY.format("aws:configurePackage", "Failed", "no space left on device")).findings
    assert (finding.code, finding.count) == ("disk-full", 1)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "Error: " + CALL.format("EC2", "RunInstances", "InstanceLimitExceeded"),
            ("request-refused", "other-service", "warning"),
        ),
        ("Error: " + CALL.format("IAM", "GetRole", "NoSuchEntity"), ("request-refused", "other-service", "warning")),
        (CALL.format("SSM", "SendCommand", "InvalidParameters"), ("request-refused", "", "error")),
    ],
)
def test_what_other_services_refuse(text: str, wanted: Tuple[str, str, str]) -> None:
    assert told(text) == [wanted]


@pytest.mark.parametrize(
    ("line", "is_advised"),
    [
        ("ValidationException: 1 validation error detected", False),
        ("Registration failed due to error registering the instance with AWS SSM. ValidationException: 1 validation error", True),
        ("InvalidPublicKey: x", True),
    ],
)
def test_registering_is_advised_where_it_was_a_registration(line: str, is_advised: bool) -> None:
    (finding,) = explained(line).findings
    assert finding.code == "request-refused"
    assert any("register" in command.text for command in finding.remedy.instance_commands) is is_advised


@pytest.mark.parametrize(
    ("caller", "variant"),
    [
        ("assumed-role/task-role/0123456789abcdef0123456789abcdef", "of-another"),
        ("assumed-role/fn-role/my-function", "of-another"),
        ("assumed-role/node-role/mi-0123456789abcdef0", ""),
        ("assumed-role/node-role/i-0123456789abcdef0", ""),
        ("assumed-role/node-role/INSTANCE_ID", ""),
        ("assumed-role/AWSReservedSSO_x_1/jane", "of-a-person"),
    ],
)
def test_who_may_not_read_a_parameter(caller: str, variant: str) -> None:
    text = f"AccessDeniedException: User: arn:aws:sts::111122223333:{caller} is not authorized to perform: ssm:GetParameter on x"
    assert told(text) == [("call-denied", variant, "error")]


def test_an_account_without_default_management_says_nothing_of_the_role() -> None:
    denied = "AccessDeniedException: Systems Manager's instance management role is not configured for account: 111122223333"
    call = "2026-11-22 20:27:12 ERROR EC2RoleProvider Failed to connect to Systems Manager with SSM role credentials. "
    text = f"{call}error calling RequestManagedInstanceRoleToken: {denied}"
    assert told(text) == [("not-registered", "no-management", "error")]
    assert told(f"{NO_ROLE.replace('11-04 10:02:44', '11-22 20:27:11')}\n{text}") == [("not-registered", "no-role", "error")]


@pytest.mark.parametrize(
    "operation", ["Post https://ssm.eu-west-1.amazonaws.com/: ", 'Get "https://ec2messages.eu-west-1.amazonaws.com/": ']
)
@pytest.mark.parametrize(
    ("failure", "variant"),
    [
        ("proxyconnect tcp: tls: first record does not look like a TLS handshake", "without-tls"),
        ("proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: connection refused", ""),
    ],
)
def test_a_proxy_that_speaks_no_tls_is_told_as_that(operation: str, failure: str, variant: str) -> None:
    lead = (
        "2026-11-18 20:54:25 ERROR [CredentialRefresher] Retrieve credentials produced error: RequestError: send request failed\n"
    )
    assert told(f"{lead}caused by: {operation}{failure}") == [("proxy-unreachable", variant, "error")]


def test_a_package_refused_beside_the_snap() -> None:
    text = "preinst: amazon-ssm-agent is installed in this instance by snap, please use snap to update or uninstall."
    assert told(text) == [("agent-twice", "refused", "warning")]


@pytest.mark.parametrize("api", ["RegisterManagedInstance", "RequestManagedInstanceRoleToken"])
def test_a_request_without_its_reason(api: str) -> None:
    text = f"ERROR [Registrar] failed to register identity: error calling {api} API: RequestError: send request failed"
    assert told(text) == [("endpoint-missing", "address-unsaid", "error")]
    reason = (
        '\ncaused by: Post "https://ssm.eu-west-1.amazonaws.com/": dial tcp: lookup ssm.eu-west-1.amazonaws.com: no such host'
    )
    assert [row[0] for row in told(text + reason)] == ["dns-unknown-name"]
    assert told("RequestError: send request failed") == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ModuleNotFoundError: No module named 'awscli'", [("command-failed", "libraries", "warning")]),
        ("/usr/lib/python3/dist-packages/x/y.py:12: DeprecationWarning: z is deprecated\n  import z\n", []),
        (
            "Permission denied (publickey).\nConnection closed by UNKNOWN port 65535",
            [("session-failed", "proxy-command", "warning")],
        ),
        ("socket.gaierror: [Errno -3] Temporary failure in name resolution", [("connection-failed", "unnamed", "error")]),
        ("OSError: [Errno 28] No space left on device", [("disk-full", "place-unsaid", "error")]),
        ("amazon-ebs: /var/tmp/x/amazon-ssm-agent.rpm: does not update installed package.\nError: Nothing to do", []),
    ],
)
def test_what_other_programs_say(text: str, wanted: List[Tuple[str, str, str]]) -> None:
    assert told(text) == wanted
    assert sum(explained(text).records) >= ("No space" not in text)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            "2026-01-11 10:26:11 DEBUG {}1, Error: read tcp 10.0.0.2:1: connection reset by peer, Messagetype: -1",
            "session-failed",
        ),
        ("2026-01-11 10:26:11 DEBUG {}1, Error: websocket: close 1000 (normal), Messagetype: -1", None),
        ("2026-01-11 10:26:11 DEBUG [ssm-session-worker] {}1, MessageType: -1, Error: websocket: bad opcode 7", "channel-down"),
        (
            "2026-01-11 10:26:11 DEBUG [ssm-agent-worker] {}1, MessageType: -1, Error: websocket: close 1006 (x): unexpected EOF",
            None,
        ),
    ],
)
def test_what_is_read_from_a_websocket(line: str, wanted: str) -> None:
    found = told(line.format("An error happened when receiving the message. Retried times: "))
    assert [row[0] for row in found] == ([wanted] if wanted else [])


@pytest.mark.parametrize("sign", ["", "    ", "# ", "> ", "#         "])
def test_events_that_were_cut_out_of_an_answer_of_cloudwatch(sign: str) -> None:
    full = "ERROR open /var/lib/amazon/ssm/x: no space left on device"
    events = f",\n{sign}".join(f"{{\n{EVENT.format(sign, said)}\n{sign}}}" for said in ("INFO HealthCheck", full))
    text = f"{sign}{events}\n{sign}]\n"
    (finding,) = explained(text).findings
    assert (finding.code, finding.count) == ("disk-full", 1) and finding.first is not None and finding.first.year == 2026


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Cannot perform start session: listen tcp 127.0.0.1:5432: bind: address already in use", ("session-failed", "plugin")),
        (
            "Cannot perform start session: dial tcp: lookup ssmmessages.eu-west-1.amazonaws.com: no such host",
            ("dns-unknown-name", ""),
        ),
        (
            "operation error ECS: ExecuteCommand, api error TargetNotConnectedException: The execute command failed",
            ("agent-offline", "not-connected"),
        ),
        ("E: Unterprozess x\nE: Sub-process /usr/bin/dpkg returned an error code (1)", ("package-manager-broken", "")),
        (
            "dpkg: error processing package x (--configure):\nE: Sub-process /usr/bin/dpkg returned an error code (1)",
            ("package-manager-broken", ""),
        ),
        ("[base|https://example.com/suse/15/] Valid metadata not found at specified URL", ("repository-denied", "not-found")),
        (
            "[base|https://example.com/suse/15/] Failed to retrieve new repository metadata.\n - File '/repodata/repomd.xml' "
            "not found on medium 'https://example.com/suse/15/'",
            ("repository-denied", "not-found"),
        ),
        (
            "Err:1 http://archive.example.com/ubuntu jammy/main amd64 Packages\n  Hash Sum mismatch\nFetched 1 B",
            ("download-refused", "damaged"),
        ),
    ],
)
def test_what_clients_and_package_managers_close_with(text: str, wanted: Tuple[str, str]) -> None:
    assert [row[:2] for row in told(text)] == [wanted]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (
            "connectex: A connection attempt failed because the connected party did not properly respond after a while",
            "s3-unreachable",
        ),
        ("connectex: No connection could be made because the target machine actively refused it.", "endpoint-refused"),
        ("connectex: A socket operation was attempted to an unreachable network.", "no-route"),
    ],
)
def test_windows_words_in_what_is_told_at_info(words: str, code: str) -> None:
    url = "http://b.s3.eu-west-1.amazonaws.com"
    text = (
        f"2026-11-11 14:13:23 INFO [ssm-session-worker] [DataBackend] Error when querying S3 bucket using address {url}. Error "
        f"details: Failed query S3 using url {url} - Head {url}: dial tcp 52.95.134.26:80: {words}"
    )
    assert [row[0] for row in told(text)] == [code]


@pytest.mark.parametrize(
    ("last", "wanted"),
    [
        ("Failed to update amazon-ssm-agent to 3.3.4108.0", ["agent-update-failed"]),
        ("cannot find the amazon-ssm-agent-linux-x.tar.gz information in the Manifest file", ["agent-update-failed"]),
        ("amazon-ssm-agent updated successfully to 3.3.4108.0", []),
    ],
)
def test_an_update_of_which_some_lines_alone_have_a_head(last: str, wanted: List[str]) -> None:
    text = (
        "2026-11-06 16:46:44.2356 INFO initiating cleanup of files in update download folder\n"
        "2026-11-06 16:46:44.2458 INFO Successfully downloaded manifest\n"
        "Updating amazon-ssm-agent from 3.3.3572.0 to 3.3.4108.0\n"
    )
    assert [row[0] for row in told(text + last + "\n")] == wanted


@pytest.mark.parametrize(
    "text", [UNIT.format("enabled") + "     Active: inactive (dead)", "Unit amazon-ssm-agent.service not found."]
)
@pytest.mark.parametrize("has_core", [True, False, None])
def test_what_a_text_says_of_the_unit_is_over_where_the_agent_is_seen_to_run(text: str, has_core: Optional[bool]) -> None:
    present = Present(has_core=has_core)
    digest = read_stream([text.encode()], "/var/log/cloud-init-output.log", timezone.utc)
    found = conclude(classify_logs(digest, LogContext(NO_SITE), present), SeenBeside(NO_SITE, "", present))
    assert bool(found.findings) is (has_core is not True)
