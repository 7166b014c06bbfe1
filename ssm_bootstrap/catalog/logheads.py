"""How others pass the agent's lines on: what stands before them in syslog, containers, CloudWatch, consoles and terminals."""

from __future__ import annotations

import re

_DATE = rb"(?P<date>\d{4}[-/]\d\d[-/]\d\d)[T ](?P<time>\d\d:\d\d:\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
_ZONE = rb"(?P<zone>Z|[+-]\d\d:?\d\d)"
_LEVEL = rb"(?P<level>(?i:TRACE|TRC|DEBUG|DBG|INFO|INF|WARNING|WARN|WRN|ERROR|ERR|CRITICAL|CRIT|CRT))"
_GAP = rb"[\]:|]?(?: [-|])? {1,4}"
_AT_START = (
    # -o short-iso, RFC 3339 syslog, snap logs, docker logs -t, aws logs tail (its short form has no zone and means UTC)
    rb"(?P<iso>%s(?P<offset>Z|[+-]\d\d:?\d\d)?[ \t])" % _DATE.replace(b"[T ]", b"T").replace(b"[-/]", b"-"),
    # -o short-full
    rb"[A-Z][a-z]{2} %s (?P<name>[A-Z]{2,5}|[+-]\d\d(?:\d\d)?) " % _DATE.replace(b"T ", b" "),
    # What the agent itself writes to the serial console
    rb"%s(?P<console>Z: )" % _DATE.replace(b"T ", b" "),
    # The kernel's stamp, before what goes to /dev/console: seconds since the start
    rb"\[ {0,6}(?P<since>\d{1,9}\.\d{6})\] ",
    # seelog's own default, "%Ns [%Level] %Msg%n", and -o short-unix
    rb"(?P<nanoseconds>\d{19}) \[(?P<said>[A-Za-z]{3,8})\] ",
    rb"(?P<seconds>\d{9,11}\.\d{6}) (?=\S{1,255} [\w.@-]{1,64}\[)",
    # CSV of the console of CloudWatch, milliseconds or a time of UTC, and then the message
    rb'"?(?:(?P<milliseconds>\d{12,14})|(?P<row>%s)Z?)"?,' % _DATE.replace(b"?P<date>", b"").replace(b"?P<time>", b"")
    .replace(b"?P<fraction>", b""),
)  # fmt: skip
OUTER = tuple(re.compile(pattern) for pattern in _AT_START)
SEELOG = (
    re.compile(rb"\[?%s%s?%s\[?%s%s" % (_DATE, _ZONE, _GAP, _LEVEL, rb"(?:[\]:|]+|(?= ))(?: [-|])? {0,4}")),
    re.compile(rb"\[?%s%s\[?%s%s?%s" % (_LEVEL, _GAP, _DATE, _ZONE, rb"[\]:|]?(?: [-|])? {1,4}")),
)
"""Formats of one's own in seelog.xml: level before or after the time, either of them in brackets or not."""

LOGFMT = re.compile(rb'level=(?P<level>[a-z]{3,8}) time=(?P<at>\S{19,40}) msg=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>\S+))')
SENDER = re.compile(rb"(?:\S{1,255} )?(?P<process>[\w.@/-]{1,64}\[\d{1,10}\]|kernel): ?")
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
    + rb"|level=[a-z]{3,8} time=\S{19}|"
    + UNIT.pattern
    + rb"|"
    + PROMPT.pattern
)
"""How a line begins that this module knows."""
