"""Families of codes that rows name together, for what a cause explains: each is listed once, here."""

from __future__ import annotations

ENDPOINT = ("endpoint-missing", "endpoint-blocked", "endpoint-partly-unreachable", "endpoint-refused")
S3 = ("s3-unreachable", "s3-http-blocked", "s3-https-blocked", "s3-denied")
TLS = ("tls-untrusted", "tls-expired", "tls-not-yet-valid", "tls-wrong-name", "tls-failed")
CONNECTED = (*TLS, "not-aws", "connection-cut", "public-path")
DOWNLOADS = ("patch-payload-unreachable", "repository-unreachable", "false-compliance")
OFFLINE = ("agent-hibernating", "channel-down", "agent-offline")
NO_TOKEN = ("credentials-refused", "credentials-unusable", *OFFLINE)
NO_PATH = (*DOWNLOADS, *NO_TOKEN)  # what cannot work while a name or a host cannot be reached at all

NAMES = ("dns-silent", "dns-refused", "dns-unknown-name")
STUCK = ("agent-not-running", "worker-missing", *NO_TOKEN)  # what an agent that cannot write does not come to
