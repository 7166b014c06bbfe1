"""Whether a scan would lie: repositories that fail and may be skipped, and none that is switched on."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Iterator, Sequence

from ssm_bootstrap.catalog.distributions import ENDS_AS_OF, EndOfLife, distribution_of, end_of
from ssm_bootstrap.catalog.findingkind import change
from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.diagnose.patch import mirrors
from ssm_bootstrap.diagnose.patch.repositories import (
    MOST_SETTINGS,
    PATCH,
    evidence_of,
    failed_of,
    host_of,
    of_manager,
    repositories_asked,
)
from ssm_bootstrap.diagnose.patch.repository_state import Effect, Judged, hosts_asked, services_asked
from ssm_bootstrap.model.findings import Evidence, Finding
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.patch import Manager, Repositories, Repository
from ssm_bootstrap.model.phrase import phrase

GOES_ON = {
    Manager.DNF: "These repositories do not answer and may be skipped, so dnf leaves them out and ends well.",
    Manager.YUM: "These repositories do not answer and may be skipped, so yum leaves them out and ends well.",
    Manager.APT: "These repositories do not answer, and apt goes on with the lists that it had of them, or with none.",
    Manager.ZYPPER: "These repositories do not answer, and zypper leaves them out.",
}
MOST_NAMES = 5
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def false_compliance(case: Case) -> Iterator[Finding]:
    """Repositories that fail and may be skipped: the scan ends well and has looked at nothing, or not at everything."""
    found = repositories_asked(case)
    if found is None:
        return
    if found.nothing_on and not any(problem.hides or problem.unread for problem in found.problems):
        yield _nothing_on(case, found)
    failed = failed_of(found)
    lying = [item for item in failed if item.effect is Effect.LIES]
    if lying:
        yield _skipped(case, found, lying, breaks=PATCH)
    missed = [item for item in failed if item.effect is Effect.MISSES]
    if missed and len(missed) == len(failed):  # beside repositories that a run needs it is no news
        yield _skipped(case, found, missed, others=True, degrades=PATCH)


def _nothing_on(case: Case, found: Repositories) -> Finding:
    """Files of repositories, and none switched on: a RHEL without a subscription, a hardened image, an empty sources.list."""
    said = phrase("{total} are configured and none is switched on", total=found.total) if found.total else "their files name none"
    finding = case.finding(
        "false-compliance",
        phrase("{manager}'s repositories", manager=found.manager.value),
        said,
        variant="nothing-on",
        evidence=(Evidence("repository", phrase("{manager}'s files", manager=found.manager.value), said),),
        breaks=PATCH,
    )
    return replace(finding, remedy=of_manager(finding.remedy, found.manager))


def _skipped(case: Case, found: Repositories, group: Sequence[Judged], *, others: bool = False, **more: Any) -> Finding:
    """``others`` tells that these are not the distribution's own."""
    settings = tuple(dict.fromkeys(item.repository.skipped_by for item in group if item.repository.skipped_by))
    shown = group[0].shown_by.detail if group[0].shown_by else ""
    finding = case.finding(
        "false-compliance",
        ", ".join(item.repository.name for item in group[:MOST_NAMES]),
        GOES_ON[found.manager] if others else shown,
        variant=("others-skipped" if settings else "others-left-out") if others else "skipped",
        facts={"host": host_of(group[0]), "place": _places(settings)},
        evidence=tuple(evidence_of(item) for item in group),
        hosts=hosts_asked(group),
        services=services_asked(group, case.site),
        **more,
    )
    remedy = finding.remedy if settings else of_manager(finding.remedy, found.manager)
    steps = tuple(phrase("skip_if_unavailable is in force by {place}: set it to False.", place=place) for place in settings)
    commands = tuple(change(command) for place in settings for command in (_setting_it(place),) if command)
    remedy = replace(
        remedy,
        instance_steps=(*steps, *remedy.instance_steps),
        instance_commands=(*remedy.instance_commands, *commands),
    )
    return replace(finding, remedy=remedy)


def _places(settings: Sequence[str]) -> str:
    """Where the settings are to be changed, in words: of a symptom the summary alone is shown."""
    files = [place for place in settings if place.startswith("/")]
    if not files:
        return phrase("in [main] of /etc/dnf/dnf.conf ({settings} is True)", settings=settings[0]) if settings else ""
    more = phrase(" and {count} more places", count=len(files) - MOST_SETTINGS) if len(files) > MOST_SETTINGS else ""
    return phrase("at {files}{more}", files=", ".join(files[:MOST_SETTINGS]), more=more)


def _setting_it(place: str) -> str:
    """The command that sets it; none for a path that a shell might take otherwise."""
    path, _, line = place.rpartition(":")
    if not path.startswith("/"):
        return "sed -i '/^\\[main\\]/a skip_if_unavailable=False' /etc/dnf/dnf.conf"
    return f"sed -i '{line}s/.*/skip_if_unavailable=False/' {path}" if mirrors.is_plain(path) and line.isdigit() else ""


def past_its_end(case: Case) -> Iterator[Finding]:
    """A system whose vendor makes no more patches for everybody: a scan compares it with old lists and finds none missing."""
    limits = value_of(case.patching.limits)
    row = end_of(limits.system_id, limits.system_version) if limits is not None else None
    if limits is None or row is None or case.day(ENDS_AS_OF) <= row.day:
        return
    found = repositories_asked(case)
    if row.extended and (found is None or any(_is_extended(item, row) for item in found.items)):
        return
    title = distribution_of(limits.system_id)
    name = f"{title.title if title else limits.system_id} {limits.system_version}"
    ended = f"{row.day.day} {MONTHS[row.day.month - 1]} {row.day.year}"
    rest = ", and no repository of an extended one is switched on here" if row.extended else ""
    detail = phrase("The support of {name} ended on {ended}{rest}.", name=name, ended=ended, rest=rest)
    yield case.finding(
        "false-compliance",
        name,
        detail,
        variant="past-its-end",
        facts={"place": ended},
        evidence=(
            Evidence(
                "machine",
                "/etc/os-release",
                phrase(
                    "{system_id} {system_version}: supported until {ended}",
                    system_id=limits.system_id,
                    system_version=limits.system_version,
                    ended=ended,
                ),
            ),
        ),
    )


def _is_extended(item: Repository, row: EndOfLife) -> bool:
    return item.enabled and any(re.search(row.extended, word) for word in (item.name, *item.urls, *item.lists))


CHECKS = (
    Check("false-compliance", false_compliance, after="repositories"),
    Check("past-its-end", past_its_end, after="repositories"),
)
