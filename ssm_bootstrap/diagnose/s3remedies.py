"""What to change where Amazon Linux's repositories in S3 fail: the bucket that a policy forgot, the line that says port 80."""

from __future__ import annotations

import re
from typing import Sequence

from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.diagnose.standings import Judged, hosts_asked
from ssm_bootstrap.model.awsname import REGION_SHAPE
from ssm_bootstrap.model.repositories import Outcome

MOST_SHOWN = 3
_BUCKET = re.compile(r"(?P<bucket>[a-z0-9.-]+?)\.s3[.-]")
_AL2 = re.compile(r"amazonlinux\.(?P<region>[a-z0-9-]+)\.amazonaws\.com")


def case_of(group: Sequence[Judged]) -> tuple[str, str]:
    """Which variant of repository-unreachable says what to change for these, which all lie in S3, and the place that is meant."""
    shown = [judged.shown_by for judged in group]
    hosts = list(hosts_asked(group))
    if hosts and all(fetch is not None and fetch.outcome is Outcome.DENIED for fetch in shown):
        return "s3-denied", _listed(buckets(hosts))
    lines = over_http(group)
    return ("s3-over-http", lines) if lines else ("s3", "")


def over_http(group: Sequence[Judged]) -> str:
    """The lines that ask for port 80, which gives no answer; empty where one of the group is asked otherwise."""
    for judged in group:
        fetch = judged.shown_by
        if fetch is None or not fetch.url.startswith("http://") or fetch.outcome is not Outcome.UNREACHED:
            return ""
    places = [f"{judged.repository.file}:{judged.repository.line} [{judged.repository.name}]" for judged in group]
    by_variable = any(judged.repository.provider == "amazon-linux-2" for judged in group)
    return _listed(places) + (", or in /etc/yum/vars/awsproto where the line takes it from there" if by_variable else "")


def buckets(hosts: Sequence[str]) -> list[str]:
    """ARNs of the objects in the buckets behind these hosts.

    Amazon Linux 2 is in two: the bucket called as the host, and amazonlinux-2-repos-REGION, to which its list may lead.
    """
    found: list[str] = []
    for host in hosts:
        partition = partition_of(next((part for part in host.split(".") if REGION_SHAPE.fullmatch(part)), "")).name
        named = _BUCKET.match(host)
        old = _AL2.match(host)
        names = [named["bucket"]] if named else [host, f"amazonlinux-2-repos-{old['region']}"] if old else [host]
        found += [f"arn:{partition}:s3:::{name}/*" for name in names]
    return list(dict.fromkeys(found))


def _listed(words: Sequence[str]) -> str:
    more = f" and {len(words) - MOST_SHOWN} more" if len(words) > MOST_SHOWN else ""
    return ", ".join(words[:MOST_SHOWN]) + more
