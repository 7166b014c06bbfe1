"""Entries of logs as JSON or as rows of a table: the names under which loggers, collectors and consoles tell what.

Names are compared without regard to upper and lower case; a dot stands between that of an object and that of a field in it.
"""

from __future__ import annotations

import re

TEXTS = ("message", "@message", "msg", "log", "line", "_raw", "short_message", "text", "body", "content")
"""The text: the journal, syslog's collectors, CloudWatch, loggers of Go and Python, Docker and Fluent Bit, Loki, Splunk, GELF."""

ALONE = ("message", "@message")
"""Of these, those that tell an event even without a time or a level."""

REASONS = ("error", "err")
"""What a logger of Go tells behind ``msg``."""

TIMES = (
    *("__realtime_timestamp", "realtimetimestamp", "realtimestamp", "_source_realtime_timestamp"),
    *("@timestamp", "timestamp", "time", "ts", "date", "datetime", "timereported", "_time", "asctime", "eventtime", "@t", "t"),
)
"""The time, the most exact first: the journal, CloudWatch and Elastic, Docker, zap, Fluent Bit, rsyslog, Splunk, Python."""

LEVELS = ("level", "lvl", "log.level", "levelname", "loglevel", "@l")
"""The level that the program itself gave."""

SEVERITIES = ("severity", "priority", "syslog.severity.label", "log.syslog.severity.name", "syslogseverity-text")
"""The severity that syslog or the journal gave to what a program printed."""

PROGRAMS = (
    *("syslog_identifier", "syslogidentifier", "programname", "appname", "app-name", "app_name", "ident", "syslogtag"),
    *("process.name", "process.program", "program", "container_name", "kubernetes.container_name", "_comm"),
)
"""Who wrote it."""

HELD_IN = (
    *("events", "results", "result", "data", "hits", "_source", "entries", "values"),
    *("DiagnosticsOutput", "CommandInvocations", "CommandPlugins"),
)
"""Where documents hold their entries: CloudWatch, Logs Insights, Loki, Elasticsearch, ssm-cli, Systems Manager."""

SHOWN_TIME = re.compile(
    rb"(?P<date>\d{4}[-/]\d\d[-/]\d\d)[T ](?P<time>\d\d:\d\d:\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
    rb" ?(?P<offset>Z|UTC|[+-]\d\d:?\d\d)?\Z"
)
"""A time as entries tell it: ISO 8601, with or without a zone."""
