"""What to change where Amazon Linux's repositories in S3 fail: the bucket that a policy forgot, the line that says port 80."""

from __future__ import annotations

import re
from typing import Sequence

from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.diagnose.mirrors import in_s3
from ssm_bootstrap.diagnose.standings import Judged
from ssm_bootstrap.model.awsname import REGION_SHAPE
from ssm_bootstrap.model.repositories import Outcome

MOST_SHOWN = 3
_BUCKET = re.compile(r"(?P<bucket>[a-z0-9.-]+?)\.s3[.-]")
_AL2 = re.compile(r"amazonlinux\.(?P<region>[a-z0-9-]+)\.amazonaws\.com")


def summary_for(group: Sequence[Judged]) -> str:
    """The one sentence for repositories that all lie in S3 and fail alike; empty where there is nothing better to say."""
    shown = [judged.shown_by for judged in group]
    if not all(in_s3(judged.repository) for judged in group):
        return ""
    hosts = list(dict.fromkeys(fetch.probe.target.host for fetch in shown if fetch is not None and fetch.probe is not None))
    if hosts and all(fetch is not None and fetch.outcome is Outcome.DENIED for fetch in shown):
        return f"Allow s3:GetObject on {_listed(buckets(hosts))} too in the S3 endpoint's policy."
    lines = over_http(group)
    return f"Let TCP 80 out to S3, or write https:// in place of http:// in {lines}." if lines else ""


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
