"""How others pass the agent's lines on: what stands before them in syslog, containers, CloudWatch, consoles and terminals."""

from __future__ import annotations

import re

_DATE = rb"(?P<date>\d{4}[-/]\d\d[-/]\d\d)[T ](?P<time>\d\d:\d\d:\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
_ISO = _DATE.replace(b"[T ]", b"T").replace(b"[-/]", b"-")
_SPACED = _DATE.replace(b"T ", b" ")
_STAMP = rb"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d"
_ZONE = rb"(?P<zone>Z|[+-]\d\d:?\d\d)"
_OFFSET = _ZONE.replace(b"zone", b"offset")
_LEVEL = rb"(?P<level>(?i:TRACE|TRC|DEBUG|DBG|INFO|INF|WARNING|WARN|WRN|ERROR|ERR|CRITICAL|CRIT|CRT))"
_GAP = rb"[\]:|]?(?: [-|])? {1,4}"
_MILLISECONDS = rb"(?P<milliseconds>(?:1[0-9]|2\d)\d{11})"
_DATA = rb'(?:-|(?:\[[^\s=\]"]{1,64}(?: [^\s=\]"]{1,64}="(?:[^"\\]|\\.)*")*\]){1,32})'
_HALF_DAY = (
    rb"(?P<day>\d{1,2}/\d{1,2}/\d{4}),? (?P<clock>\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)"
    rb"(?: |\xc2\xa0|\xe2\x80\xaf)?(?P<half>[AaPp])\.?[Mm]\.?"
)
_AT_START = (
    # RFC 5424, as rsyslog and syslog-ng keep it: with its priority and version or without
    rb"(?P<protocol>(?:<(?P<priority>\d{1,3})>)?(?:1 )?(?:-|%s%s) \S{1,255} (?P<process>\S{1,128}) (?:\d{1,10}|-) \S{1,32} %s"
    rb"(?: |\Z)(?:\xef\xbb\xbf)?)" % (_ISO, _OFFSET, _DATA),
    # The priority alone, before what RFC 3164 or a collector puts first
    rb"<(?P<priority>\d{1,3})>(?=[A-Z]|\d{4}-)",
    # -o short-iso, RFC 3339 syslog, snap logs, docker logs -t, kubectl logs --timestamps, aws logs tail (its short form has no
    # zone and means UTC); the files of containerd and CRI-O, what logcli and fluentd print
    rb"(?P<iso>%s%s?[ \t](?:(?P<cri>std(?:out|err) [FP] )|\{[A-Za-z_]\w{0,64}=\"[^{}\n]{0,1024}\} {1,4}|[\w.*-]{1,128}\t(?=\{))?)"
    % (_ISO, _OFFSET),
    # -o short-full and with-unit
    rb"[A-Z][a-z]{2} %s (?P<name>[A-Z]{2,5}|[+-]\d\d(?:\d\d)?) " % _SPACED,
    # What the agent itself writes to the serial console
    rb"%s(?P<console>Z: )" % _SPACED,
    # What fluentd prints
    rb"%s (?P<offset>[+-]\d{4}) [\w.*-]{1,128}: (?=\{)" % _SPACED,
    # What Fluent Bit prints
    rb"(?P<printed>\[\d{1,9}\] \S{1,128}: \[\[?)(?P<seconds>\d{9,11}\.\d{6})\d{0,3}(?:, \{[^{}\n]{0,1024}\}\])?, (?=\{)",
    # The kernel's stamp, before what goes to /dev/console, and -o short-delta: seconds since the start
    rb"\[ {0,6}(?P<since>\d{1,9}\.\d{6})(?: <[ \d.]{1,24}>)?\] ",
    # seelog's own default, "%Ns [%Level] %Msg%n", what Loki and Grafana export, and -o short-unix
    rb"(?P<nanoseconds>\d{19})(?: \[(?P<said>[A-Za-z]{3,8})\] |\t)",
    rb"(?P<seconds>\d{9,11}\.\d{6}) (?=\S{1,255} [\w.@-]{1,64}\[)",
    # CSV without names: milliseconds or a time of UTC, and then the message
    rb'(?P<row>"?(?:(?P<milliseconds>\d{12,14})|%s(?P<utc>Z?))"?,)' % _DATE,
    # aws logs filter-log-events and get-log-events as text, and what --query takes out of them
    rb"(?P<event>EVENTS\t)\d{40,64}\t%s\t[^\t\n]{0,512}\t" % _MILLISECONDS,
    rb"(?P<event>EVENTS\t)%s\t" % _MILLISECONDS,
    rb"(?:[^\t\n]{1,512}\t)?%s\t(?:(?=\S*[\d/])[^\s,]{1,512}\t)?" % _MILLISECONDS,
    rb"(?:(?=\S*[\d/])\S{1,512} )?%s " % _MILLISECONDS,
    # A browser or a spreadsheet of the United States or Australia, in a row of CSV or before the text
    rb'"?%s(?:(?P<row>"?[,;\t])|"?:? {1,2}|\Z)' % _HALF_DAY,
    # Rows of the console of CloudWatch, copied: the time alone, and the message in the next line
    rb"(?P<alone>%s%s?)\Z" % (_ISO, _OFFSET),
    # docker compose logs, docker service logs, kubectl logs --prefix
    rb"(?P<container>[\w.-]{1,120}[-_]\d{1,3}|[\w.-]{1,120}\.\d{1,4}\.\w{1,32}@[\w.-]{1,120}|[\w.-]{1,120}(?= {1,60}\| \[?%s))"
    rb" {1,60}\| ?" % _STAMP,
    rb"\[pod/[^\s/\]]{1,253}/(?P<container>[^\s\]]{1,253})\] ",
    # Before a line that bears its time: grep -n and -H, cat -n, a quotation, a list, and what was moved to the right
    rb"(?:[\w./+~-]{1,255}[:-](?:\d{1,9}[:-])?|\d{1,9}[:-]|(?:> ?){1,4}|[*-] | {0,12}\d{1,7}(?:\t| {1,4}))(?=\[?%s)" % _STAMP,
    rb"[ \t]{1,16}(?=%s(?:\.\d{1,9})? (?:TRACE|DEBUG|INFO|WARN|ERROR|CRITICAL) )" % _STAMP,
)  # fmt: skip
OUTER = tuple(re.compile(pattern) for pattern in _AT_START)
KERNEL = re.compile(next(row for row in _AT_START if b"?P<since>" in row))
HALF_DAYS = re.compile(_HALF_DAY + rb"\Z")
YEARLESS = re.compile(rb"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})? ")
"""The old form of syslog, behind another head: it tells no year."""

SEELOG = (
    re.compile(rb"\[?%s%s?%s\[?%s%s" % (_DATE, _ZONE, _GAP, _LEVEL, rb"(?:[\]:|]+|(?= ))(?: [-|])? {0,4}")),
    re.compile(rb"\[?%s%s\[?%s%s?%s" % (_LEVEL, _GAP, _DATE, _ZONE, rb"[\]:|]?(?: [-|])? {1,4}")),
)
"""Formats of one's own in seelog.xml: level before or after the time, either of them in brackets or not."""

LOGFMT = re.compile(rb'([\w.@-]{1,64})=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?: |\Z)')
"""One field of logrus' text, of go-kit and of Go's slog."""

LOGFMT_BEGINS = rb"(?:level|lvl|time|ts|t|timestamp)=\"?[\w:.+-]{1,40}\"? [\w.@-]{1,64}="
SENDER = re.compile(rb"(?:\S{1,255} )?(?P<process>[\w.@/-]{1,64}\[\d{1,10}\]|kernel|[\w.-]{0,40}ssm-[\w.-]{1,40}): ?")
STREAM = re.compile(rb"(?=\S*[\d/])\S{1,512} ")
STARTED = re.compile(
    rb"\bat [A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) \+0000\. Up (\d{1,9}(?:\.\d{1,6})?) seconds"
)
"""cloud-init's word on when it runs: cloudinit/cmd/main.py, welcome_format."""

MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
COLOUR = re.compile(rb"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b\n]{0,512}(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78cDEHM])")
PROMPT = re.compile(
    rb"(?:\[[\w.-]{1,64}@[\w.-]{1,255} [^\]\n]{1,255}\]|[\w.-]{1,64}@[\w.-]{1,255}:[^\s#$]{1,255}|(?:ba)?sh-\d\.\d{1,2})"
    rb"[$#](?: |\Z)|\$ "
    rb"|PS [A-Z]:\\[^>\n]{0,255}> ?"
)
AGENTS = re.compile(
    rb"amazon-ssm|ssm-(?:agent|document|session|setup|cli)|SSM Agent|\[(?:CredentialRefresher|HealthCheck)|MessageService"
)
LEVELS = {
    b"tra": b"TRACE",
    b"trc": b"TRACE",
    b"deb": b"DEBUG",
    b"dbg": b"DEBUG",
    b"inf": b"INFO",
    b"war": b"WARN",
    b"wrn": b"WARN",
    b"err": b"ERROR",
    b"cri": b"CRITICAL",
    b"crt": b"CRITICAL",
    b"fat": b"CRITICAL",
    b"pan": b"CRITICAL",
    b"dpa": b"CRITICAL",
    b"eme": b"CRITICAL",
    b"ale": b"CRITICAL",
    b"sev": b"ERROR",
    b"not": b"INFO",
}
"""Levels of the agent by how the others begin theirs."""

HOURS = {
    b"UTC": 0.0, b"GMT": 0.0, b"WET": 0.0, b"WEST": 1.0, b"BST": 1.0, b"CET": 1.0, b"CEST": 2.0, b"EET": 2.0, b"EEST": 3.0,
    b"MSK": 3.0, b"SAST": 2.0, b"JST": 9.0, b"KST": 9.0, b"HKT": 8.0, b"AEST": 10.0, b"AEDT": 11.0, b"ACST": 9.5, b"NZST": 12.0,
    b"NZDT": 13.0, b"EST": -5.0, b"EDT": -4.0, b"CDT": -5.0, b"MST": -7.0, b"MDT": -6.0, b"PST": -8.0, b"PDT": -7.0,
}  # fmt: skip
"""Abbreviations of zones that mean one offset wherever they are used (IANA's tz); CST and IST do not."""

UNIT = re.compile(
    rb"(?:\xe2\x97[\x80-\xbf]|\xc3\x97|\xe2\x86\xbb|[*x]) [\w@.:\\-]{1,128}\.service(?: - |\Z)"
    rb"|(?:snap\.amazon-ssm-agent\.)?amazon-ssm-agent\.service - "
)
"""The first line of ``systemctl status``: a dot, a circle, a cross or an arrow, and the unit's name; the agent's without one."""

UNIT_FIELD = re.compile(
    rb"\s{0,20}(?:Loaded|Active|Drop-In|Docs|Process|Main PID|Status|Tasks|Memory|CPU|CGroup|Condition|TriggeredBy|Duration"
    rb"|Invocation|IO|IP|Trigger|Triggers|Error): "
)

FOREIGN = re.compile(
    b"|".join(re.sub(rb"\?P<\w+>", b"?:", pattern) for pattern in (*_AT_START, *(shape.pattern for shape in SEELOG)))
    + rb"|"
    + LOGFMT_BEGINS
    + rb"|"
    + UNIT.pattern
    + rb"|"
    + PROMPT.pattern
)
"""How a line begins that this module knows."""
