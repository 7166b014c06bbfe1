"""Logs explained: the corpus, the rules of phase and cause, S3's incidents, sleep, recovery, and what nobody knows."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssm_bootstrap.catalog.logformat import OTHER_SHAPES
from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.diagnose.logs.classify import LogContext, Sort, judge
from ssm_bootstrap.diagnose.logs.explain import LogDiagnosis, explain_logs
from ssm_bootstrap.model.findings import Finding, Severity, State
from ssm_bootstrap.model.logs import Level, LogGroup, LogRecord
from ssm_bootstrap.model.observations import LogDigest
from ssm_bootstrap.model.site import NO_SITE
from tests.corpus import EXPECTED, digest_of

UTC = timezone.utc
SSM = "ssm.eu-west-1.amazonaws.com"
TOKEN = "[CredentialRefresher] Retrieve credentials produced error: "
REGISTER = "Registration failed due to error registering the instance with AWS SSM. "
CHANNEL = (
    "[ssm-agent-worker] [MessageService] [MGSInteractor] Failed to get controlchannel token, error: CreateControlChannel failed "
    "with error: createControlChannel request failed: "
)
CALL = 'failed to make http client call: Post "https://ssmmessages.eu-west-1.amazonaws.com/v1/control-channel/mi-1": '
POST = f'RequestError: send request failed\ncaused by: Post "https://{SSM}/": '
REGIONAL, GLOBAL = "amazon-ssm-eu-west-1.s3.eu-west-1.amazonaws.com", "amazon-ssm-eu-west-1.s3.amazonaws.com"


def line(second: int, message: str, level: str = "ERROR") -> str:
    return f"2026-11-23 15:{second // 60:02}:{second % 60:02}.0000 {level} {message}\n"


def explain(
    *lines: str, name: str = "/var/log/amazon/ssm/errors.log", region: Optional[str] = None, cidrs: tuple[str, ...] = ()
) -> LogDiagnosis:
    return explain_logs(read_stream(["".join(lines).encode()], name, UTC), NO_SITE, region=region, cidrs=cidrs)


def errors(diagnosis: LogDiagnosis) -> list[str]:
    return [finding.code for finding in diagnosis.findings if finding.severity is Severity.ERROR]


def only(diagnosis: LogDiagnosis) -> Finding:
    assert len(diagnosis.findings) == 1, diagnosis.findings
    return diagnosis.findings[0]


def head(second: int, scheme: str, host: str, tail: str) -> str:
    return line(second, f'UpdateS3Util HTTP HEAD request failed: url={scheme}://{host}, error=Head "{scheme}://{host}": {tail}')


@pytest.mark.parametrize("name", list(EXPECTED))
def test_the_corpus_gives_exactly_its_codes(name: str) -> None:
    diagnosis = explain_logs(digest_of(name), NO_SITE)
    assert errors(diagnosis) == EXPECTED[name]["codes"]
    assert diagnosis.unexplained == () and diagnosis.notes == ()
    for finding in diagnosis.findings:
        assert finding.state is State.PAST
        assert finding.evidence[0].excerpt and finding.evidence[0].source and finding.evidence[0].locator
        assert finding.severity is not Severity.ERROR or finding.subject not in ("", "<HOST>")


@pytest.mark.parametrize("name", list(EXPECTED))
def test_every_warning_and_error_of_the_corpus_is_explained_or_benign(name: str) -> None:
    for group in digest_of(name).groups:
        if group.sample.level in (Level.WARN, Level.ERROR, Level.CRITICAL):
            assert judge(group.sample, group.file, LogContext(NO_SITE)).sort in (Sort.FAULT, Sort.BENIGN, Sort.NOTED)


def test_the_fields_s3_incident_is_one_finding_by_its_regional_https_line() -> None:
    diagnosis = explain_logs(digest_of("logs/no-s3/"), NO_SITE)
    finding = next(found for found in diagnosis.findings if found.code == "s3-unreachable")
    assert "url=https://amazon-ssm-ap-northeast-1.s3.ap-northeast-1.amazonaws.com" in finding.evidence[0].excerpt
    assert (finding.count, finding.subject) == (6, "amazon-ssm-ap-northeast-1.s3.ap-northeast-1.amazonaws.com")
    symptom = next(found for found in diagnosis.findings if found.code == "patch-payload-unreachable")
    assert (symptom.symptom_of, symptom.severity) == ("s3-unreachable", Severity.WARNING)
    assert diagnosis.findings.index(finding) < diagnosis.findings.index(symptom)


def download(second: int, host: str) -> str:
    return line(second, f'failed to download object: Get "https://{host}/k": dial tcp 52.219.8.25:443: i/o timeout')


@pytest.mark.parametrize(
    ("host", "variant"),
    [
        ("my-bucket.s3-accelerate.amazonaws.com", "no-endpoint"),
        ("my-bucket.s3-accelerate.dualstack.amazonaws.com", "no-endpoint"),
        ("b--euw1-az1--x-s3.s3express-euw1-az1.eu-west-1.amazonaws.com", "endpoint-of-its-own"),
        ("my-bucket.s3.us-west-2.amazonaws.com", "other-region"),
        ("my-bucket.s3-us-west-2.amazonaws.com", "other-region"),
        (GLOBAL, "gateway-alone"),
        ("s3.amazonaws.com", "other-region"),
        ("my-bucket.s3-website-eu-west-1.amazonaws.com", "gateway-alone"),
        ("my-bucket.s3.eu-west-1.amazonaws.com", ""),
    ],
)
def test_a_name_of_s3_that_is_silent_in_a_log_tells_what_is_to_be_changed(host: str, variant: str) -> None:
    found = only(explain(download(1, host), region="eu-west-1"))
    assert (found.code, found.variant, found.subject) == ("s3-unreachable", variant, host)


def test_a_gateway_endpoint_is_promised_for_no_accelerated_name_and_no_other_fault_is_put_down_to_one() -> None:
    both = explain(download(1, "my-bucket.s3-accelerate.amazonaws.com"), download(2, REGIONAL), region="eu-west-1")
    regional, accelerated = both.findings
    assert [accelerated.services, regional.services] == [("s3-accelerate",), ("s3",)]
    assert "gateway endpoint" not in accelerated.remedy.summary
    assert not any("create-vpc-endpoint" in command.text for command in accelerated.remedy.aws_commands)
    assert (accelerated.severity, accelerated.breaks) == (Severity.WARNING, ())
    assert (regional.severity, regional.breaks) == (Severity.ERROR, ("patch", "agent-update"))


def test_a_patch_run_that_dials_an_accelerated_name_is_broken() -> None:
    host = "aws-patch-manager-mx-central-1.s3-accelerate.dualstack.amazonaws.com"
    found = only(explain(download(1, host), region="mx-central-1"))
    assert (found.variant, found.severity, found.breaks) == ("no-endpoint", Severity.ERROR, ("patch",))


def test_counts_and_times_are_of_all_records() -> None:
    finding = only(explain_logs(digest_of("logs/untrusted-ca/"), NO_SITE))
    assert (finding.count, finding.first, finding.last) == (
        6,
        datetime(2026, 11, 23, 14, 32, 10, 671000, UTC),
        datetime(2026, 11, 23, 14, 34, 48, 325600, UTC),
    )


RULES = [
    (REGISTER + "InvalidActivation: ", "activation-invalid"),
    (REGISTER + "AccessDeniedException: no", "registration-denied"),
    (TOKEN + "AccessDeniedException: no", "credentials-refused"),
    (
        TOKEN + "AccessDeniedException: User: anonymous is not authorized because no VPC endpoint policy allows x",
        "credentials-refused",
    ),
    (TOKEN + "MachineFingerprintDoesNotMatch: ", "fingerprint-mismatch"),
    (TOKEN + "InvalidInstanceId: ", "node-deregistered"),
    (TOKEN + "ThrottlingException: Rate exceeded", "throttled"),
    (TOKEN + "InvalidSignatureException: Signature expired: 1 is now earlier than 2", "clock-skewed"),
    (TOKEN + "ServiceUnavailable: \n\tstatus code: 503, request id: 1", "service-error"),
    (TOKEN + POST + "dial tcp 52.119.221.73:443: i/o timeout", "endpoint-missing"),
    (TOKEN + POST + "dial tcp 10.0.1.21:443: i/o timeout", "endpoint-blocked"),
    (TOKEN + POST + "dial tcp 10.0.1.21:443: connect: connection refused", "endpoint-refused"),
    (TOKEN + POST + "EOF", "connection-cut"),
    (TOKEN + POST + "context deadline exceeded (Client.Timeout exceeded while awaiting headers)", "connection-cut"),
    (REGISTER + POST + "EOF", "answer-lost"),
    (CHANNEL + CALL + "dial tcp 10.0.1.23:443: i/o timeout", "endpoint-blocked"),
    (CHANNEL + CALL + "dial tcp: lookup ssmmessages.eu-west-1.amazonaws.com on 10.0.0.2:53: no such host", "dns-unknown-name"),
    (CHANNEL + CALL + "context deadline exceeded (Client.Timeout exceeded while awaiting headers)", "channel-down"),
    (CHANNEL + "unexpected response from the service <AccessDeniedException>", "channel-down"),
    (CHANNEL + "unexpected response from the service <html>blocked</html>", "not-aws"),
    ("[MGSInteractor] Failed to dial websocket, status: 403 Forbidden, err: websocket: bad handshake", "channel-down"),
    ("[MGSInteractor] Failed to dial websocket: dial tcp 10.0.1.23:443: i/o timeout", "endpoint-blocked"),
    ("[MDSInteractor] Server terminated MDS long poll connection after 80.306 seconds", "channel-down"),
    ("Agent failed to assume any identity", "not-registered"),
    ("Error occurred when starting amazon-ssm-agent: app config could not be loaded - bad", "agent-config-invalid"),
    ("[HealthCheck] error when calling AWS APIs. error details - InvalidInstanceId: ", "node-deregistered"),
    ("EC2RoleProvider EC2RoleRequestError: no EC2 instance role found", "not-registered"),
    ("apt.cache.FetchFailedException: x", "repository-unreachable"),
    (
        "Unable to download payload: https://s3.dualstack.eu-west-1.amazonaws.com/aws-ssm-eu-west-1/p.tar.gz.",
        "patch-payload-unreachable",
    ),
]


@pytest.mark.parametrize(("message", "code"), RULES, ids=[row[1] + " " + row[0][-30:] for row in RULES])
def test_phase_and_cause_give_a_code(message: str, code: str) -> None:
    diagnosis = explain(line(1, message))
    assert errors(diagnosis) == [code]
    assert diagnosis.records == (1, 0, 0)


def test_services_are_kept_apart_and_breaks_told() -> None:
    diagnosis = explain(
        line(1, TOKEN + POST + "dial tcp 52.119.221.73:443: i/o timeout"),
        line(2, CHANNEL + CALL + "dial tcp 52.119.221.74:443: i/o timeout"),
    )
    assert [(found.code, found.subject) for found in diagnosis.findings] == [
        ("endpoint-missing", SSM),
        ("endpoint-missing", "ssmmessages.eu-west-1.amazonaws.com"),
    ]
    assert [found.breaks for found in diagnosis.findings] == [("run-command", "session", "patch", "agent-update"), ("session",)]
    assert diagnosis.findings[1].degrades == ("run-command", "patch", "agent-update")


def test_facts_reach_the_words() -> None:
    finding = only(explain(line(1, TOKEN + POST + "dial tcp 52.119.221.73:443: i/o timeout")))
    words = " ".join(
        (
            finding.title,
            finding.cause,
            finding.remedy.summary,
            *finding.remedy.steps,
            *(one.text for one in finding.remedy.commands),
        )
    )
    assert "eu-west-1" in words and "<REGION>" not in words


@pytest.mark.parametrize(
    ("tail", "code"),
    [
        ("dial tcp 52.219.8.25:443: i/o timeout", "s3-unreachable"),
        ("context deadline exceeded", "s3-unreachable"),
        ("dial tcp 10.0.1.30:443: i/o timeout", "endpoint-blocked"),
        ("dial tcp [2600:1fa0::1]:443: i/o timeout", "s3-unreachable"),
        ("dial tcp 52.219.8.25:443: connect: connection refused", "endpoint-refused"),
        ("x509: certificate signed by unknown authority", "tls-untrusted"),
    ],
)
def test_s3_by_its_tail(tail: str, code: str) -> None:
    assert errors(explain(head(1, "https", REGIONAL, tail))) == [code]


def test_an_s3_endpoint_that_is_blocked_is_one_incident() -> None:
    diagnosis = explain(
        head(0, "https", REGIONAL, "context deadline exceeded"),
        head(30, "http", REGIONAL, "dial tcp 10.0.1.30:80: i/o timeout"),
        head(60, "https", GLOBAL, "dial tcp 52.219.8.25:443: i/o timeout"),
        head(90, "http", GLOBAL, "dial tcp 52.219.8.25:80: i/o timeout"),
    )
    finding = only(diagnosis)
    assert (finding.code, finding.subject, finding.count) == ("endpoint-blocked", REGIONAL, 4)


def test_the_global_host_alone_is_the_missing_path() -> None:
    assert errors(explain(head(1, "http", GLOBAL, "dial tcp 52.219.8.25:80: i/o timeout"))) == ["s3-unreachable"]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://s3.eu-west-1.amazonaws.com/amazon-ssm-eu-west-1/ssm-agent-manifest.json", ["s3-denied"]),
        ("https://s3.eu-west-1.amazonaws.com/amazon-ssm-eu-west-1/latest/VERSION", ["s3-denied"]),
        ("https://s3.eu-west-1.amazonaws.com/amazon-ssm-eu-west-1/other.tar.gz", ["download-refused"]),
    ],
)
def test_a_403_is_a_denial_only_for_an_object_that_exists(url: str, code: list[str]) -> None:
    diagnosis = explain(
        line(1, f"failed to download file reliably, {url}, http request failed. status:403 Forbidden statuscode:403")
    )
    assert errors(diagnosis) == code
    assert diagnosis.notes == ()


def test_hibernation_by_denial_is_hibernation_alone() -> None:
    finding = only(explain(line(1, "Entering SSM Agent hibernate - AccessDeniedException: no", "INFO")))
    assert finding.code == "agent-hibernating" and "AccessDenied" in finding.evidence[0].excerpt


@pytest.mark.parametrize(
    ("text", "code"),
    [("InvalidInstanceId: ", "node-deregistered"), (POST + "dial tcp 10.0.1.21:443: i/o timeout", "endpoint-blocked")],
)
def test_hibernation_by_another_cause_is_its_symptom(text: str, code: str) -> None:
    diagnosis = explain(line(1, "Entering SSM Agent hibernate - " + text, "INFO"))
    assert [(found.code, found.symptom_of) for found in diagnosis.findings] == [(code, None), ("agent-hibernating", code)]


def test_a_newer_sign_of_life_ends_a_fault() -> None:
    failed = line(1, TOKEN + POST + "dial tcp 52.119.221.73:443: i/o timeout")
    ready = line(9, "[CredentialRefresher] Credentials ready", "INFO")
    healed = explain(failed, ready)
    assert healed.findings == ()
    (over,) = healed.history
    assert (over.code, over.ending and over.ending.words) == ("endpoint-missing", "credentials-ready")
    assert errors(explain(failed, ready, line(20, TOKEN + POST + "dial tcp 52.119.221.73:443: i/o timeout"))) == [
        "endpoint-missing"
    ]
    assert errors(explain(line(0, "[CredentialRefresher] Credentials ready", "INFO"), failed)) == ["endpoint-missing"]


def test_a_success_after_failures_in_one_transcript_is_no_error() -> None:
    success = "Successfully registered the instance with AWS SSM using Managed instance-id: mi-1"
    assert errors(explain(line(1, REGISTER + "ThrottlingException: "), line(2, success, "INFO"))) == []
    assert errors(explain(line(2, success, "INFO"), line(3, REGISTER + "ThrottlingException: "))) == ["throttled"]


def test_used_up_after_a_lost_answer_is_the_lost_answer() -> None:
    used = REGISTER + "RegistrationLimitExceeded: "
    assert errors(explain(line(1, REGISTER + POST + "EOF"), line(60, used))) == ["answer-lost"]
    assert errors(explain(line(1, used), line(60, REGISTER + POST + "EOF"))) == ["activation-exhausted", "answer-lost"]


def test_what_only_a_fallback_lost_is_a_warning() -> None:
    up = line(1, "[MGSInteractor] SSM Connection channel status is set to ssmmessages", "INFO")
    cut = '[MDSInteractor] GetMessages Error: Post "https://ec2messages.eu-west-1.amazonaws.com/": '
    failed = line(9, cut + "dial tcp 10.0.1.22:443: connect: connection refused")
    assert errors(explain(failed)) == ["endpoint-refused"]
    assert only(explain(up, failed)).severity is Severity.WARNING


def test_kms_and_logs_are_warnings() -> None:
    message = 'Error Calling CreateLogGroup:Post "https://logs.eu-west-1.amazonaws.com/": '
    finding = only(explain(line(1, message + "dial tcp 52.1.1.1:443: i/o timeout")))
    assert (finding.code, finding.severity) == ("endpoint-missing", Severity.WARNING)


def test_benign_records_are_counted_and_dropped() -> None:
    diagnosis = explain(
        line(1, "[EC2Identity] Failed to get instance info from IMDS. Err: x dial tcp 169.254.169.254:80: i/o timeout"),
        line(2, "[MDSInteractor] Server terminated MDS long poll connection after 20.306 seconds", "WARN"),
    )
    assert (diagnosis.findings, diagnosis.unexplained, diagnosis.records) == ((), (), (0, 2, 0))


def test_unknown_errors_are_listed_with_a_count() -> None:
    diagnosis = explain(
        *(line(n, f"odd thing {n}h broke, request id: {n}") for n in range(3)), line(9, REGISTER + "SomethingNew: x 1")
    )
    assert [(found.template, found.count) for found in diagnosis.unexplained] == [
        ("odd thing <n>h broke, request id: <id>", 3),
        (REGISTER + "SomethingNew: x 1", 1),
    ]
    assert diagnosis.records == (0, 0, 4)


def test_a_refused_call_names_the_missing_action() -> None:
    text = (
        "the following error occured while calling PutInventory API: AccessDeniedException: User: arn:aws:sts::1:r/mi-1 "
        "is not authorized to perform: ssm:PutInventory on resource: x"
    )
    diagnosis = explain(line(1, text), line(2, text))
    finding = only(diagnosis)
    assert (finding.code, finding.count, "ssm:PutInventory" in finding.remedy.aws_steps[0]) == ("call-denied", 2, True)
    assert (diagnosis.records, diagnosis.unexplained, diagnosis.notes) == ((2, 0, 0), (), ())


def test_a_timeout_that_cannot_be_placed_is_not_swallowed() -> None:
    diagnosis = explain(line(1, TOKEN + POST + "dial tcp [2600::1]:443: i/o timeout"))
    assert (errors(diagnosis), len(diagnosis.unexplained)) == ([], 1)


@pytest.mark.parametrize("host", ["198.51.100.7", "db.internal", "localhost"])
def test_a_connection_to_a_host_of_ones_own_is_told_as_that(host: str) -> None:
    text = f"curl: (28) Failed to connect to {host} port 443 after 9 ms: Timeout was reached\n"
    finding = only(explain(text, name="/x/stdout"))
    assert (finding.code, finding.variant, finding.subject, finding.breaks) == ("connection-failed", "", host, ())
    assert "curl" in finding.cause and "not an AWS endpoint" in finding.cause
    scripts = "/var/lib/amazon/ssm/mi-1/document/orchestration/1/awsrunShellScript/0.awsrunShellScript/stderr"
    diagnosis = explain(text, name=scripts)
    assert (diagnosis.findings, [note.id for note in diagnosis.notes]) == ((), ["network-timed-out"])


def test_the_metadata_service_is_no_host_of_ones_own() -> None:
    finding = only(explain("curl: (28) Failed to connect to 169.254.169.254 port 80 after 9 ms: Timeout was reached\n"))
    assert (finding.code, finding.severity) == ("imds-unreachable", Severity.WARNING)


def test_a_download_from_outside_aws_is_told_and_blocks_nothing() -> None:
    told = "curl: (28) Failed to connect to get.example.com port 443 after 9 ms: Timeout was reached\n"
    finding = only(explain(told, name="/x/stdout"))
    assert (finding.code, finding.variant, finding.severity) == ("repository-unreachable", "download", Severity.WARNING)
    assert finding.subject == "get.example.com" and finding.breaks == ()
    scripts = "/var/lib/amazon/ssm/mi-1/document/orchestration/1/awsrunShellScript/0.awsrunShellScript/stderr"
    assert explain(told, name=scripts).findings == ()


def test_a_scripts_status_is_the_patch_scripts_only_there() -> None:
    text = "failed to run commands: exit status 156"
    patch = "/var/lib/amazon/ssm/mi-1/document/orchestration/c/awsrunShellScript/PatchLinux/stderr"
    alone = only(explain(text, name=patch))
    assert (alone.code, alone.severity) == ("patch-payload-unreachable", Severity.WARNING)
    assert errors(explain("Error code returned from curl is 28\n", text, name=patch)) == ["patch-payload-unreachable"]
    other = explain(text, name="/var/lib/amazon/ssm/mi-1/document/orchestration/c/awsrunShellScript/mine/stderr")
    assert (other.findings, len(other.notes)) == ((), 1)


def test_plain_text_is_no_error() -> None:
    diagnosis = explain("hello\nworld\n", name="-")
    assert (diagnosis.findings, diagnosis.unexplained, diagnosis.records) == ((), (), (0, 0, 0))


def test_signals() -> None:
    diagnosis = explain_logs(digest_of("logs/healthy/"), NO_SITE)
    told = {signal.name: signal.value for signal in diagnosis.signals}
    assert (told["version"], told["identity"], told["connection-status"]) == ("3.3.0.0", "OnPrem", "ssmmessages")
    assert {"started", "credentials-ready", "worker-started", "control-channel-up", "stopped"} <= set(told)
    status = explain(
        line(5, "[MGSInteractor] SSM Connection channel status is set to ssmmessages", "INFO"),
        line(1, "[MGSInteractor] SSM Connection channel status is set to ec2messages", "INFO"),
    ).signal("connection-status")
    assert status is not None and status.value == "ssmmessages"


def test_further_shapes_are_unexplained_whatever_their_sample_says() -> None:
    record = LogRecord(None, Level.ERROR, REGISTER + "InvalidActivation: ")
    diagnosis = explain_logs(LogDigest((LogGroup(record, OTHER_SHAPES, 7, None, None, "x", 1),)), NO_SITE)
    assert (diagnosis.findings, diagnosis.records) == ((), (0, 0, 7))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ERROR", "WARN", "INFO", "CRITICAL"]),
            st.sampled_from([row[0] for row in RULES] + ["Credentials ready", "odd", "Set up control channel successfully"]),
        ),
        max_size=20,
    )
)
def test_no_record_is_lost(parts: list[tuple[str, str]]) -> None:
    digest = read_stream(["".join(line(n, text, level) for n, (level, text) in enumerate(parts)).encode()], "x", UTC)
    diagnosis = explain_logs(digest, NO_SITE)
    loud = sum(
        1
        for level, text in parts
        if level != "INFO" and judge(LogRecord(None, Level.ERROR, text), "", LogContext(NO_SITE)).sort is not Sort.STATE
    )
    quiet = [group for group in digest.groups if group.sample.level is Level.INFO]
    states = sum(group.count for group in quiet if judge(group.sample, "", LogContext(NO_SITE)).sort is Sort.STATE)
    assert sum(diagnosis.records) + states == sum(group.count for group in digest.groups)
    assert loud <= sum(diagnosis.records)


def test_the_prompt_is_an_error_in_a_transcript_and_news_in_a_log() -> None:
    text = line(1, "Registration failed due to EOF")
    assert only(explain(text)).severity is Severity.INFO
    assert only(explain("Initializing new seelog logger\n", text, name="-")).severity is Severity.ERROR


def test_s3s_port_80_is_the_echo_of_443() -> None:
    finding = only(
        explain(
            head(0, "https", REGIONAL, "x509: certificate signed by unknown authority"),
            head(30, "http", REGIONAL, "dial tcp 52.219.8.25:80: i/o timeout"),
        )
    )
    assert (finding.code, finding.count) == ("tls-untrusted", 2)


def test_two_incidents_far_apart_are_two_causes() -> None:
    diagnosis = explain(
        head(0, "https", REGIONAL, "x509: certificate signed by unknown authority"),
        head(3000, "http", GLOBAL, "dial tcp 52.219.8.25:80: i/o timeout"),
    )
    assert sorted(errors(diagnosis)) == ["s3-unreachable", "tls-untrusted"]


def test_listed_is_what_no_finding_tells() -> None:
    diagnosis = explain(line(1, "chmod /x: operation not permitted"), line(2, "odd"))
    assert errors(diagnosis) == ["file-denied"]
    assert [item.template for item in diagnosis.listed] == ["odd"]


@pytest.mark.parametrize(
    ("message", "code", "subject"),
    [
        ("open /data/orchestration/x.sh: no space left on device", "disk-full", "/data/orchestration"),
        ("mkdir /var/lib/amazon/ssm/Vault: read-only file system", "read-only-storage", "/var/lib/amazon/ssm"),
        ("Insufficient available disk space - 40 MB", "disk-low", "/var/lib/amazon/ssm"),
    ],
)
def test_a_disk_that_cannot_be_written_is_a_finding_about_its_directory(message: str, code: str, subject: str) -> None:
    finding = only(explain(line(1, message)))
    assert (finding.code, finding.subject) == (code, subject)
    assert any(subject in command.text for command in finding.remedy.commands)


def test_a_disk_of_which_no_directory_is_named_is_looked_for() -> None:
    finding = only(explain(line(1, "write failed: no space left on device")))
    assert (finding.code, finding.subject) == ("disk-full", "a file system")
    assert [command.text for command in finding.remedy.commands] == ["df -h", "df -i"]


def test_a_node_that_the_message_names_is_in_the_commands() -> None:
    """And of two none."""
    said = "error when calling AWS APIs. error details - InvalidInstanceId: Not existing InstanceId "
    one, other = "mi-02117ab6c0a35dc0a", "mi-0fedcba9876543210"
    finding = only(explain(line(1, said + one)))
    assert any(one in command.text for command in finding.remedy.commands)
    assert not any("<MI>" in command.text for command in finding.remedy.commands)
    finding = only(explain(line(1, said + one), line(2, said + other)))
    assert not any(one in command.text or other in command.text for command in finding.remedy.commands)
