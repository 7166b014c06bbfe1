"""Every head in which people pass lines on: the time with its zone, who wrote it, how grave it is, and the text are kept."""

from __future__ import annotations

import json
from datetime import datetime, timezone, tzinfo
from typing import Any, NamedTuple, Optional
from zoneinfo import ZoneInfo

import pytest

from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.diagnose.logs.explain import explain_logs
from ssm_bootstrap.model.logs import Level, LogGroup
from ssm_bootstrap.model.site import NO_SITE
from tests.collect.test_agentlog import work_of

TOKYO = ZoneInfo("Asia/Tokyo")
AT = "2026-05-27 15:45:48"
ISO = "2026-05-27T15:45:48.977443Z"
HOST = "ip-10-0-1-46"
RECORD = f"{AT}.9768 ERROR [CredentialRefresher] went quite wrong at last"
PRINTED = "curl: (28) Connection timed out"
JOURNAL = {"__REALTIME_TIMESTAMP": "1779896748977443", "PRIORITY": "3", "_PID": "7", "SYSLOG_IDENTIFIER": "cron"}


class Passed(NamedTuple):
    """A head with TEXT in the place of the message; what it tells of it."""

    text: str
    is_timed: bool = True
    is_zoned: bool = True
    program: str = ""
    level: Level = Level.NONE


def fields(**more: Any) -> str:
    return json.dumps({"message": "TEXT", **more})


def export(sign: str, first: str = "") -> str:
    told = "".join(
        f"{sign}{key}={value}\n" for key, value in {**JOURNAL, "MESSAGE": "TEXT"}.items() if not first or key[1] != "_"
    )
    return f"{first or '__CURSOR=s=1;i=2'}\n{told}\n"


CLOCK = "May 27 15:45:48"  # RFC 3164 tells neither a year nor a zone: the agent's own stamp does
HEADS = {
    # RFC 5424, 6: with its priority or without, with structured data; RFC 3164, 4.1
    "rfc 5424": Passed(f"<30>1 {ISO} {HOST} cron 1074 - - TEXT", program="cron"),
    "rfc 5424, an error": Passed(f"<27>1 {ISO} {HOST} cron 1074 - - TEXT", True, True, "cron", Level.ERROR),
    "rfc 5424, bare": Passed(f"{ISO} {HOST} cron 1074 - - TEXT", program="cron"),
    "rfc 5424, data": Passed(f'<28>1 {ISO} {HOST} cron - ID4 [a@3 b="x\\"]"][c@3] TEXT', program="cron", level=Level.WARN),
    "rfc 5424, another zone": Passed(f"<30>1 2026-05-28T00:45:48+09:00 {HOST} cron 1074 - - TEXT", program="cron"),
    "rfc 5424, no time": Passed(f"<30>1 - {HOST} cron 1074 - - TEXT", is_timed=False, program="cron"),
    "rfc 3164": Passed(f"<27>{CLOCK} {HOST} cron[9]: TEXT", False, True, "cron", Level.ERROR),
    "a priority and a collector": Passed(f"<30>{ISO} {HOST} cron[9]: TEXT", program="cron"),
    # journalctl(1), --output
    "with-unit": Passed(f"Wed 2026-05-27 15:45:48 UTC {HOST} cron.service[1074]: TEXT", program="cron.service"),
    "no-hostname": Passed("2026-05-27T17:45:48+0200 cron[1074]: TEXT", program="cron"),
    "short-delta": Passed(f"[   39.976800 <    0.000123 >] {HOST} cron[9]: TEXT", is_timed=False, program="cron"),
    "verbose": Passed(export("    ", "Wed 2026-05-27 15:45:48.977443 UTC [s=1a;i=2;b=3]"), True, True, "cron", Level.ERROR),
    "verbose, Tokyo": Passed(export("    ", "Thu 2026-05-28 00:45:48.9 JST [s=1a;i=2]"), True, True, "cron", Level.ERROR),
    "export": Passed(export(""), True, True, "cron", Level.ERROR),
    "pretty": Passed(json.dumps({"__CURSOR": "s=1", **JOURNAL, "MESSAGE": "TEXT"}, indent=2), True, True, "cron", Level.ERROR),
    "json-sse": Passed(f"data: {json.dumps({**JOURNAL, 'MESSAGE': 'TEXT'})}\n", True, True, "cron", Level.ERROR),
    "json-seq": Passed(f"\x1e{json.dumps({**JOURNAL, 'MESSAGE': 'TEXT'})}", True, True, "cron", Level.ERROR),
    # docs.docker.com: compose logs, service logs, the driver json-file
    "docker compose": Passed("cron-1  | TEXT", is_timed=False, program="cron-1"),
    "docker compose -t": Passed(f"cron-1  | {ISO} TEXT", program="cron-1"),
    "docker service": Passed("cron.1.xj2k1m@node1    | TEXT", is_timed=False, program="cron.1.xj2k1m@node1"),
    "docker json-file": Passed(json.dumps({"log": "TEXT\n", "stream": "stderr", "time": "2026-05-27T15:45:48.977443123Z"})),
    # kubernetes.io: kubectl logs; the files of containerd and CRI-O below /var/log/containers
    "kubectl logs --timestamps": Passed("2026-05-27T17:45:48.977443123+02:00 TEXT"),
    "kubectl logs --prefix": Passed(f"[pod/cron-x7k2p/cron] {ISO} TEXT", program="cron"),
    "containerd": Passed("2026-05-27T17:45:48.977443123+02:00 stderr F TEXT"),
    # docs.aws.amazon.com: logs get-query-results, filter-log-events, get-log-events, tail; the console's exports and rows
    "get-query-results": Passed(
        json.dumps(
            {
                "results": [[{"field": "@timestamp", "value": f"{AT}.977"}, {"field": "@message", "value": "TEXT"}]],
                "status": "Complete",
            },
            indent=4,
        )
    ),
    "insights as json": Passed(json.dumps([{"@timestamp": f"{AT}.977", "@message": "TEXT", "@logStream": "i-0"}], indent=2)),
    "insights as csv": Passed(f'@timestamp,@message,@logStream,@log\n{AT}.977,"TEXT",i-0123,1:/aws/ssm'),
    "insights as csv, another order": Passed(f'@logStream,@message,@timestamp\ni-0123,"TEXT",{AT}.977'),
    "filter-log-events as text": Passed(f"EVENTS\t{'37654321' * 7}\t1779896749977\ti-0123456789abcdef0\tTEXT\t1779896748977"),
    "get-log-events as text": Passed("EVENTS\t1779896749977\tTEXT\t1779896748977"),
    "--query": Passed("1779896748977\tTEXT"),
    "--query, the stream first": Passed("i-0123456789abcdef0\t1779896748977\tTEXT"),
    "--query, the stream last": Passed("1779896748977\ti-0123456789abcdef0\tTEXT"),
    "--query, by blanks": Passed("i-0123456789abcdef0 1779896748977 TEXT"),
    "rows of the console": Passed(f"{ISO}\tTEXT"),
    "rows of the console, two lines": Passed(f"{ISO}\nTEXT"),
    # brandur.org/logfmt; go-kit, logrus, Go's slog
    "logfmt": Passed('time=2026-05-27T15:45:48Z level=error msg="TEXT"', level=Level.ERROR),
    "logfmt, quoted": Passed('time="2026-05-27T15:45:48Z" level=warning msg="TEXT" host=x', level=Level.WARN),
    "logfmt, a caller": Passed('ts=2026-05-27T15:45:48.977Z caller=x.go:1 level=error msg="TEXT"', level=Level.ERROR),
    # Unicode CLDR: the times of English in the United States and in Australia
    "am and pm": Passed("5/27/2026, 3:45:48 PM TEXT", is_zoned=False),
    "am and pm, a narrow blank": Passed("5/27/2026, 3:45:48\u202fPM TEXT", is_zoned=False),
    "am and pm, csv": Passed('"5/27/2026, 3:45:48 PM","TEXT"', is_zoned=False),
    "am and pm, csv with names": Passed('Time,Message\n5/27/2026 3:45:48 PM,"TEXT"', is_zoned=False),
    "am and pm, a spreadsheet": Passed("5/27/2026 3:45:48 PM\tTEXT", is_zoned=False),
    "am and pm, the day first": Passed("27/05/2026, 3:45:48 pm TEXT", is_zoned=False),
    # docs.fluentbit.io, docs.fluentd.org, vector.dev, rsyslog.com (jsonmesg), elastic.co (ECS), docs.splunk.com
    "fluent bit": Passed(json.dumps({"date": 1779896748.977443, "log": "TEXT"})),
    "fluent bit, printed": Passed('[0] tail.0: [[1779896748.977443000, {}], {"log"=>"TEXT"}]'),
    "fluent bit, printed, older": Passed('[0] tail.0: [1779896748.977443000, {"log"=>"TEXT"}]'),
    "fluentd, printed": Passed(f'{AT}.977443000 +0000 tail.ssm: {{"message":"TEXT"}}'),
    "fluentd, a file": Passed('2026-05-27T15:45:48+00:00\ttail.ssm\t{"message":"TEXT"}'),
    "vector": Passed(fields(timestamp=ISO, appname="cron", host=HOST, severity="err"), True, True, "cron", Level.ERROR),
    "rsyslog": Passed(fields(timereported=ISO, programname="cron", severity="4"), True, True, "cron", Level.WARN),
    "rsyslog, quiet": Passed(fields(timereported=ISO, syslogtag="cron[7]:", severity="info"), program="cron"),
    "filebeat": Passed(
        fields(**{"@timestamp": ISO, "log": {"level": "error"}, "process": {"name": "cron"}}), True, True, "cron", Level.ERROR
    ),
    "elasticsearch": Passed(json.dumps({"hits": {"hits": [{"_source": {"@timestamp": ISO, "message": "TEXT"}}]}})),
    "python's json": Passed(fields(asctime=f"{AT},977", levelname="ERROR"), is_zoned=False, level=Level.ERROR),
    "journald of CloudWatch": Passed(
        fields(realTimestamp=1779896748977443, syslogIdentifier="cron", priority="ERROR"), True, True, "cron", Level.ERROR
    ),
    "splunk": Passed('"_raw","_time",host\n"TEXT","2026-05-27T15:45:48.977+0000",x'),
    # grafana.com: logcli, Explore's "Download" as txt, json and csv, Loki's API
    "logcli": Passed(f'{ISO} {{app="x", env="y"}} TEXT'),
    "grafana, text": Passed(f"1779896748977443123\t{ISO}\tTEXT"),
    "grafana, json": Passed(json.dumps([{"line": "TEXT", "timestamp": "1779896748977443123", "fields": {"job": "x"}}])),
    "loki": Passed(json.dumps({"data": {"result": [{"stream": {"app": "x"}, "values": [["1779896748977443123", "TEXT"]]}]}})),
}  # fmt: skip
BEFORE = {
    # What only a line with a time of its own bears: grep(1), cat(1), mail, Markdown
    "grep -H": "/var/log/amazon/ssm/errors.log:", "grep -n": "12:", "grep -Hn": "errors.log:12:", "grep -A": "errors.log-13-",
    "a quotation": "> ", "a list": "- ", "cat -n": "     1\t", "less -N": "      1 ", "moved": "    ",
}  # fmt: skip


def told(text: str, zone: tzinfo) -> LogGroup:
    (group,) = (group for group in read_stream([f"{text}\n".encode()], "pasted", zone).groups)
    return group


def moment(group: LogGroup) -> Optional[datetime]:
    return group.first.astimezone(timezone.utc).replace(microsecond=0) if group.first else None


@pytest.mark.parametrize("zone", [timezone.utc, TOKYO], ids=str)
@pytest.mark.parametrize("name", HEADS)
def test_what_a_program_printed_keeps_all_that_its_head_tells(name: str, zone: tzinfo) -> None:
    row = HEADS[name]
    group = told(row.text.replace("TEXT", PRINTED), zone)
    at = datetime(2026, 5, 27, 15, 45, 48, tzinfo=timezone.utc if row.is_zoned else zone)
    assert moment(group) == (at if row.is_timed else None)
    assert (group.sample.context, group.sample.level) == ((f"{row.program}:",) if row.program else (), row.level)
    assert group.sample.message == PRINTED


@pytest.mark.parametrize("zone", [timezone.utc, TOKYO], ids=str)
@pytest.mark.parametrize("name", [*HEADS, *BEFORE])
def test_the_agents_own_record_is_one_behind_any_head(name: str, zone: tzinfo) -> None:
    row = HEADS.get(name) or Passed(f"{BEFORE[name]}TEXT", is_timed=False)
    group = told(row.text.replace("TEXT", RECORD), zone)
    is_known = row.is_timed and row.is_zoned
    assert moment(group) == datetime(2026, 5, 27, 15, 45, 48, tzinfo=timezone.utc if is_known else zone)
    assert group.sample.level is Level.ERROR and group.sample.context == ("CredentialRefresher",)
    assert group.sample.message == "went quite wrong at last"


@pytest.mark.parametrize("name", HEADS)
def test_lines_that_stand_one_below_the_other_are_records_of_their_own(name: str) -> None:
    row = HEADS[name]
    if "\n" in row.text.rstrip("\n") or row.text.startswith(("[{", '{"hits', '{"data')):
        return  # one document, or a table with names
    texts = [row.text.replace("TEXT", f"{AT[:-1]}{second}.1 ERROR {second}x") for second in "123"]
    groups = read_stream(["".join(f"{text}\n" for text in texts).encode()], "pasted", timezone.utc).groups
    assert [group.sample.message for group in groups] == ["1x", "2x", "3x"]


def test_rows_of_a_table_may_have_several_lines_and_a_quotation_without_an_end_hides_nothing() -> None:
    text = f'@timestamp,@message\n{AT}.9,"{AT}.9 ERROR a ""b""\ncaused by: c"\n{AT}.9,"{AT}.9 ERROR d"\n'
    assert [group.sample.message for group in read_stream([text.encode()], "x", timezone.utc).groups] == [
        'a "b"\ncaused by: c',
        "d",
    ]
    torn = f'@timestamp,@message\n{AT}.9,"never\n' + f"{AT}.9 ERROR found\n" * 9000
    assert "found" in {group.sample.message for group in read_stream([torn.encode()], "x", timezone.utc).groups}


def test_a_field_of_the_journals_export_may_tell_its_length() -> None:
    said = f"{RECORD}\ncaused by: x".encode()
    text = (
        b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1779896748977443\nMESSAGE\n"
        + len(said).to_bytes(8, "little")
        + said
        + b"\n_PID=5\n\n"
    )
    (group,) = read_stream([text], "x", TOKYO).groups
    assert group.sample.message == "went quite wrong at last\ncaused by: x"
    assert str(moment(group)) == f"{AT}+00:00"


def test_an_error_of_another_program_is_that_programs_affair() -> None:
    text = HEADS["rfc 5424, an error"].text.replace("TEXT", "error: kex_exchange_identification: banner line too long")
    found = explain_logs(read_stream([text.encode()], "x", timezone.utc), NO_SITE)
    assert not found.unexplained and not found.findings


HOSTILE = (
    *("<999>1 - - - - - -", "<30>1 9999-99-99T99:99:99Z a b 1 - - x", '<30>1 - a b - - [a@1 b="' + "\\" * 999),
    *("99/99/9999, 99:99:99 PM x", "0/0/0000, 0:00 AM x", "5/27/2026, 13:00:00 PM x", "1999999999999\tx"),
    *("EVENTS\t1779896749977\t", "9" * 19 + "\tx", "__CURSOR=x\nMESSAGE", '{\n"__CURSOR": 1,\n', "a-1 | a-1 | a-1 | a-1 | x"),
    *("__CURSOR=x\nMESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xff\nx", '{"message": "x", "timestamp": 1e400}'),
    *('{"log": "x", "time": {}}', '{"msg": 5, "level": []}', "level= time= msg=", 'time=x level=x msg="', 'message,time\n"'),
    *("[" * 900 + '{"message":"x"}' + "]" * 900, '{"results": [[{"field": 5, "value": {}}], [[]], 7]}'),
    *("time,message\n,\n,,,\n", '{"data":{"result":[{"values":[["x"],["9","y"],[9,9],"z"]}]}}'),
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:24])
def test_what_is_made_to_hurt_is_dealt_with(text: str) -> None:
    for zone in (timezone.utc, TOKYO):
        explain_logs(read_stream([text.encode("latin-1")], "x", zone), NO_SITE)


@pytest.mark.parametrize(
    "start", ["", "__CURSOR=1\n", "time,message\n", '{"results": [', "<30>1 ", "5/27/2026, 3:45:48 PM ", "[pod/"]
)
def test_work_grows_with_the_size(start: str) -> None:
    parts = [
        '[a b="c"]',
        "a=b ",
        "MESSAGE\n",
        'x,"y\n',
        "\t1779896748977",
        "a-1 | ",
        ISO + " ",
        "{",
        '"',
        "\\",
        '[{"field":"a"}],',
        "    X=y\n",
    ]
    for part in parts:
        texts = [(start + part * (size // len(part))).encode() for size in (1 << 12, 1 << 14)]
        work = [work_of(lambda text=text: read_stream([text], "x", timezone.utc)) for text in texts]  # type: ignore[misc]
        assert work[1] < 5 * work[0] + 500, part
