"""Whether a patch run gets what it fetches: this machine's repositories, the payload and the snapshot, and what to change."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import Iterator, Optional, Sequence, Union

from ssm_bootstrap.catalog.endpoints import service_of
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.catalog.patch import ACCELERATED, MODULES, PAYLOAD
from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.diagnose.patch import mirrors
from ssm_bootstrap.diagnose.patch.repository_state import (
    BAD,
    Effect,
    Judged,
    RepositoryStanding,
    hosts_asked,
    judge_repositories,
    services_asked,
)
from ssm_bootstrap.diagnose.reachability import Standing, cause_of, circumstance_of, is_carried_here
from ssm_bootstrap.model.aws import REGION_SHAPE
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.findings import Evidence, Finding, Remedy, Severity
from ssm_bootstrap.model.observed import NOT_ASKED, Unseen, value_of
from ssm_bootstrap.model.patch import Fetch, FetchOutcome, Manager, Repositories, Repository
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import Site

MOST_SHOWN = 3
_BUCKET = re.compile(r"(?P<bucket>[a-z0-9.-]+?)\.s3[.-]")
_AL2 = re.compile(r"amazonlinux\.(?P<region>[a-z0-9-]+)\.amazonaws\.com")


def _variant_in_s3(group: Sequence[Judged], site: Site) -> tuple[str, str]:
    """Which variant of repository-unreachable says what to change for these, which all lie in S3, and the place that is meant."""
    shown = [judged.shown_by for judged in group]
    hosts = list(hosts_asked(group))
    if hosts and all(fetch is not None and fetch.outcome is FetchOutcome.DENIED for fetch in shown):
        return "s3-denied", _listed(buckets(hosts, site))
    lines = over_http(group)
    return ("s3-over-http", lines) if lines else ("s3", "")


def over_http(group: Sequence[Judged]) -> str:
    """The lines that ask for port 80, which gives no answer; empty where one of the group is asked otherwise."""
    for judged in group:
        fetch = judged.shown_by
        if fetch is None or not fetch.url.startswith("http://") or fetch.outcome is not FetchOutcome.UNREACHED:
            return ""
    places = [f"{judged.repository.file}:{judged.repository.line} [{judged.repository.name}]" for judged in group]
    by_variable = any(judged.repository.provider == "amazon-linux-2" for judged in group)
    return _listed(places) + (", or in /etc/yum/vars/awsproto where the line takes it from there" if by_variable else "")


def buckets(hosts: Sequence[str], site: Site) -> list[str]:
    """ARNs of the objects in the buckets behind these hosts.

    Amazon Linux 2 is in two: the bucket called as the host, and amazonlinux-2-repos-REGION, to which its list may lead.
    """
    found: list[str] = []
    for host in hosts:
        region = next((part for part in host.split(".") if REGION_SHAPE.fullmatch(part)), "")
        partition = partition_of(region, site).name
        named = _BUCKET.match(host)
        old = _AL2.match(host)
        names = [named["bucket"]] if named else [host, f"amazonlinux-2-repos-{old['region']}"] if old else [host]
        found += [f"arn:{partition}:s3:::{name}/*" for name in names]
    return list(dict.fromkeys(found))


def _listed(words: Sequence[str]) -> str:
    more = phrase(" and {count} more", count=len(words) - MOST_SHOWN) if len(words) > MOST_SHOWN else ""
    return ", ".join(words[:MOST_SHOWN]) + more


PATCH = (Capability.PATCH,)
MOST_GROUPS, MOST_SETTINGS = 10, 3
FATAL = (Effect.BREAKS, Effect.LIES)
NOT_HANDED_OUT = (FetchOutcome.DENIED, FetchOutcome.MISSING)
PROGRAMS = {Manager.DNF: "dnf ", Manager.YUM: "yum ", Manager.APT: "apt-get ", Manager.ZYPPER: "zypper "}


def repositories(case: Case) -> Iterator[Finding]:
    """Repositories that a patch run needs and that do not answer: one finding for those of one place."""
    found = repositories_asked(case)
    if found is None:
        return
    failed = [item for item in failed_of(found) if item.effect in FATAL]
    grouped: dict[str, list[Judged]] = defaultdict(list)
    for item in failed:
        key = item.repository.provider or host_of(item)
        grouped[key if key in grouped or len(grouped) < MOST_GROUPS else "others"].append(item)
    for group in grouped.values():
        yield _unreachable(case, found, group)


def payload(case: Case) -> Iterator[Finding]:
    """The patch run's own objects in S3: a way that fails, or a bucket that a policy denies; one finding a way."""
    grouped: dict[str, list[Fetch]] = defaultdict(list)
    for fetch in _objects(case):
        grouped[fetch.what].append(fetch)
    failed: dict[str, list[Fetch]] = defaultdict(list)
    for name, group in grouped.items():
        if all(fetch.outcome in BAD for fetch in group):
            failed[_way(case, _worst(group)) or name].extend(group)
    for group in failed.values():
        first = _worst(group)
        way = _way(case, first)
        variant = _variant_of_payload(group, case.region) if way is None else ""
        # A name that not every run asks for proves nothing.
        sure = any(fetch.outcome is FetchOutcome.UNREACHED and fetch.what not in (ACCELERATED, MODULES) for fetch in group)
        versions = sum(fetch.what == PAYLOAD for fetch in group)
        detail = (
            phrase("{versions} known versions: {detail}", versions=versions, detail=first.detail)
            if first.what == PAYLOAD and versions > 1
            else first.detail
        )
        yield case.finding(
            "patch-payload-unreachable",
            ", ".join(dict.fromkeys(_fetch_host(fetch) for fetch in group)),
            detail,
            variant=variant,
            facts={"host": _fetch_host(first)},
            evidence=tuple(Evidence("probe", fetch.url, fetch.detail) for fetch in group),
            severity=None if variant else Severity.ERROR if sure else Severity.WARNING,
            symptom_of=way,
            hosts=tuple(dict.fromkeys(fetch.probe.target.host for fetch in group if fetch.probe is not None)),
            services=tuple(dict.fromkeys(service_of(_fetch_host(fetch), case.site) or "s3" for fetch in group)),
            breaks=PATCH if sure else (),
            degrades=() if sure or variant else PATCH,
        )


def _variant_of_payload(group: Sequence[Fetch], region: str) -> str:
    """Which variant tells of objects that prove no fault: versions that S3 itself does not hand out, and S3 Accelerate's name."""
    by_name = {circumstance_of(_fetch_host(fetch), region) for fetch in group}
    named = FINDINGS["patch-payload-unreachable"].variant_for(
        {only for only in by_name if only is not None and len(by_name) == 1}
    )
    if named:
        return named
    by_s3 = (fetch.probe is not None and fetch.probe.request_id and fetch.outcome in NOT_HANDED_OUT for fetch in group)
    return "gone-or-denied" if all(fetch.what == PAYLOAD for fetch in group) and all(by_s3) else ""


def _worst(group: Sequence[Fetch]) -> Fetch:
    """The fetch that tells most: one that found no way, else the first."""
    return next((fetch for fetch in group if fetch.outcome is FetchOutcome.UNREACHED), group[0])


def configuration(case: Case) -> Iterator[Finding]:
    """Lines that no package manager understands."""
    found = repositories_asked(case)
    problems = [problem for problem in found.problems if not problem.unread] if found is not None else []
    if found is None or not problems:
        return
    hiding = [problem for problem in problems if problem.hides]
    own_files = {item.file for item in found.items if item.own}
    refuses = found.manager in (Manager.APT, Manager.YUM)
    anything_own = any(item.own and item.enabled for item in found.items if item.file not in {p.file for p in hiding})
    serious = bool(hiding) and (refuses or not anything_own or any(problem.file in own_files for problem in hiding))
    serious = serious or any(_lacks_a_variable(judged.repository, found) for judged in failed_of(found) if judged.effect in FATAL)
    shown = hiding or problems
    detail = f"{shown[0]}."
    finding = case.finding(
        "repository-config-invalid",
        shown[0].file,
        detail,
        evidence=tuple(Evidence("file", str(item).partition(": ")[0], item.text) for item in problems),
        severity=Severity.ERROR if serious else Severity.WARNING,
    )
    summary = phrase(
        "Correct {partition}, and have the package manager read its configuration again.",
        partition=str(shown[0]).partition(": ")[0],
    )
    finding = replace(finding, remedy=replace(of_manager(finding.remedy, found.manager), summary=summary))
    yield replace(finding, breaks=PATCH) if serious else replace(finding, degrades=PATCH if hiding else ())


def not_looked_at(case: Case) -> Iterator[tuple[str, str]]:
    """What could not be known of the repositories and the payload."""
    if value_of(case.observations.patching) is None or not case.asked(Capability.PATCH):
        return
    patching = case.patching
    parts = {"repositories": patching.repositories, "patch limits": patching.limits, "patch objects": patching.buckets}
    for subject, part in parts.items():
        if isinstance(part, Unseen) and part != NOT_ASKED:
            yield subject, part.reason
    found = value_of(patching.repositories)
    for problem in found.problems if found is not None else ():
        if problem.unread:
            yield problem.file, phrase("{said}: only root may read it", said=problem.text)
    for item in judge_repositories(found) if found is not None else ():
        if item.standing is RepositoryStanding.UNKNOWN:
            reason = item.repository.remark or (item.shown_by.detail if item.shown_by else "not asked")
            yield (
                phrase("repository {name}", name=item.repository.name),
                f"{item.shown_by.url}: {reason}" if item.shown_by else reason,
            )


def repositories_asked(case: Case) -> Optional[Repositories]:
    """This machine's repositories, where patching is asked for and somebody could look."""
    return value_of(case.patching.repositories)


def failed_of(found: Repositories) -> list[Judged]:
    """Those of which each way ended badly."""
    return [item for item in judge_repositories(found) if item.standing is RepositoryStanding.FAILED]


def of_manager(remedy: Remedy, manager: Manager) -> Remedy:
    """A remedy with the commands of this machine's own package manager alone."""
    return replace(
        remedy, instance_commands=tuple(one for one in remedy.instance_commands if one.text.startswith(PROGRAMS[manager]))
    )


def _objects(case: Case) -> Sequence[Fetch]:
    return value_of(case.patching.buckets) or ()


def _fetch_host(fetch: Optional[Fetch]) -> str:
    if fetch is None:
        return ""
    return fetch.probe.target.host if fetch.probe is not None else fetch.url


def host_of(item: Judged) -> str:
    """Where a repository was asked, in words: its host, or the URL or file that it stands in."""
    return _fetch_host(item.shown_by) or next(iter((*item.repository.lists, *item.repository.urls)), item.repository.file)


def _way(case: Case, fetch: Optional[Fetch]) -> Optional[str]:
    """The finding that tells of the same fault of the way, where the endpoints of AWS show it too."""
    code = cause_of(fetch.probe) if fetch is not None and fetch.probe is not None else ""
    known = {reach.code for reach in case.reaches if reach.standing is Standing.FAILED and not reach.shown_by.target.optional}
    alike = (
        fetch is None
        or is_carried_here(_fetch_host(fetch), case.region)
        or (code in FINDINGS and FINDINGS[code].is_of_every_host)
    )
    return code if code and code in known and alike else None  # what mends the way to S3 leads to no name that it does not carry


def _unreachable(case: Case, found: Repositories, group: Sequence[Judged]) -> Finding:
    items = [judged.repository for judged in group]
    first = group[0].shown_by
    steps = (*mirrors.ways(found.manager, items), *mirrors.lines(found.manager, items, case.region, case.domain))
    variant, place = _variant_of(group, case.site)
    finding = case.finding(
        "repository-unreachable",
        ", ".join(dict.fromkeys(host_of(judged) for judged in group)),
        first.detail if first else "",
        variant=variant,
        facts={"host": host_of(group[0]), "place": place},
        evidence=tuple(evidence_of(judged) for judged in group),
        symptom_of=_symptom(case, found, group),
        breaks=PATCH,
        hosts=hosts_asked(group),
        services=services_asked(group, case.site),
    )
    remedy = of_manager(finding.remedy, found.manager)
    if steps:
        more = mirrors.commands(found.manager, items, case.region, case.domain)
        remedy = replace(remedy, instance_steps=steps, instance_commands=(*remedy.instance_commands, *more))
    return replace(finding, remedy=remedy)


def _variant_of(group: Sequence[Judged], site: Site) -> tuple[str, str]:
    """Which variant of repository-unreachable says what to change here, and the place that is meant."""
    missing = _without_index(group)
    if missing:
        return "no-index", missing
    in_s3 = [mirrors.in_s3(judged.repository) for judged in group]
    if all(in_s3):
        return _variant_in_s3(group, site)
    return ("in-both" if any(in_s3) else "elsewhere"), ""


def _symptom(case: Case, found: Repositories, group: Sequence[Judged]) -> Optional[str]:
    """The cause that is told elsewhere: a variable that nobody knows, or the way that fails for AWS too."""
    if all(_lacks_a_variable(judged.repository, found) for judged in group):
        return "repository-config-invalid"
    ways: set[Union[str, None]] = {_way(case, judged.shown_by) for judged in group}
    return next(iter(ways)) if len(ways) == 1 else None


def _without_index(group: Sequence[Judged]) -> str:
    """The lines of these repositories where every host answers and has no index there; empty otherwise."""
    if not all(judged.shown_by is not None and judged.shown_by.outcome is FetchOutcome.MISSING for judged in group):
        return ""
    places = [f"{judged.repository.file}:{judged.repository.line}" for judged in group]
    more = phrase(" and {count} more", count=len(places) - MOST_SETTINGS) if len(places) > MOST_SETTINGS else ""
    return f"{', '.join(places[:MOST_SETTINGS])}{more}"


def _lacks_a_variable(item: Repository, found: Repositories) -> bool:
    """Whether a URL of this repository has a variable in it that nobody knows, which is told as a problem of its file."""
    return "$" in "".join(item.urls + item.lists) and any(problem.file == item.file for problem in found.problems)


def evidence_of(judged: Judged) -> Evidence:
    """The line that names a repository, and what its host said."""
    item, fetch = judged.repository, judged.shown_by
    by = phrase(" by proxy {proxy}", proxy=item.proxy) if item.proxy else ""
    place = f"{item.file}:{item.line}" if item.line else item.file
    said = f"{fetch.url}{by}: {fetch.detail}" if fetch is not None else item.remark
    return Evidence("repository in S3" if mirrors.in_s3(item) else "repository", f"{item.name} ({place})", said)


CHECKS = (
    Check("repositories", repositories),
    Check("patch-payload", payload),
    Check("repository-configuration", configuration),
    Check("patch-unseen", not_looked_at),
)
