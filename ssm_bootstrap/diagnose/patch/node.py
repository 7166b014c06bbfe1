"""What may stop a patch run on the machine itself, and what Patch Manager does not do for hybrid nodes."""

from __future__ import annotations

from typing import Any, Iterator, Optional

from ssm_bootstrap.catalog.distributions import Distribution, distribution_of, is_supported
from ssm_bootstrap.catalog.limits import PATCH_ROOM, PATCH_ROOM_LEAST
from ssm_bootstrap.catalog.regions import AS_OF
from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.diagnose.patch.repository_state import RepositoryStanding, judge_repositories
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.findings import Evidence, Finding, Reason, Severity
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.patch import NodeLimits
from ssm_bootstrap.model.phrase import phrase

PATCH = (Capability.PATCH,)
SNAPS = "/snap/"
FOR_ROOM = (Reason.OF_STORAGE,)


def platform(case: Case) -> Iterator[Finding]:
    """Distribution and interpreter against the documented list."""
    limits = _limits(case)
    if limits is None:
        return
    row = distribution_of(limits.system_id)
    if row is None:
        yield _stops(
            case,
            "/etc/os-release",
            phrase("{system_id} is no distribution that Patch Manager knows", system_id=limits.system_id or "this system"),
        )
        return
    if is_supported(row, limits.system_version) is False:
        detail = phrase(
            "{title} {system_version} is not in the documented list of releases",
            title=row.title,
            system_version=limits.system_version,
        )
        yield _remark(case, "/etc/os-release", detail, "unlisted-release")
    yield from _python(case, limits, row)


def undecided(case: Case) -> Iterator[tuple[str, str]]:
    """A release of which no source tells whether Patch Manager supports it."""
    limits = _limits(case)
    row = distribution_of(limits.system_id) if limits is not None else None
    if limits is not None and row is not None and limits.system_version and is_supported(row, limits.system_version) is None:
        yield (
            "Patch Manager's list",
            phrase(
                "whether it has {title} {system_version} is not known ({as_of})",
                title=row.title,
                system_version=limits.system_version,
                as_of=AS_OF,
            ),
        )


def _python(case: Case, limits: NodeLimits, row: Distribution) -> Iterator[Finding]:
    if not limits.interpreter:
        yield _stops(case, "python", "no Python that the patch script looks for is installed")
        return
    parts = limits.python.split(".")
    if len(parts) < 2 or not (parts[0].isdigit() and parts[1].isdigit()):
        return
    version = (int(parts[0]), int(parts[1]))
    documented = phrase(
        "documented are {oldest}.{oldest2} to {newest}.{newest2}",
        oldest=row.oldest[0],
        oldest2=row.oldest[1],
        newest=row.newest[0],
        newest2=row.newest[1],
    )
    if version < row.oldest:
        yield _stops(
            case, limits.interpreter, phrase("Python {python}: {documented}", python=limits.python, documented=documented)
        )
    elif version > row.newest:
        detail = phrase("Python {python}: {documented}", python=limits.python, documented=documented)
        yield _remark(case, limits.interpreter, detail, "newer-python")


def tools(case: Case) -> Iterator[Finding]:
    """The programs that the document itself calls: curl or wget, apt's Python library, the package database."""
    limits = _limits(case)
    if limits is None:
        return
    if not limits.downloader:
        yield _stops(case, "curl", "neither curl nor wget is there: the payload cannot be downloaded")
    elif limits.downloader.startswith(SNAPS):
        snap = "{downloader} is a snap and may not write where the payload goes (exit status 23)"
        yield _stops(case, limits.downloader, phrase(snap, downloader=limits.downloader))
    if limits.has_python_apt is False:
        detail = "python3-apt is not installed; the document installs it by apt-get before even a scan"
        if _repositories_fail(case):
            yield _stops(case, "python3-apt", phrase("{detail}, and a repository does not answer", detail=detail))
        else:
            yield _remark(case, "python3-apt", detail, "python3-apt")
    if limits.database_problem:
        yield _stops(case, "package database", limits.database_problem)


def room(case: Case) -> Iterator[Finding]:
    """Too little room for lists and packages, told once for each amount that is left."""
    limits = _limits(case)
    told: set[int] = set()
    for path, free in limits.free if limits is not None else ():
        if free >= PATCH_ROOM or free >> 20 in told:
            continue
        told.add(free >> 20)
        detail = phrase("{free} MB are free below {path}", free=free >> 20, path=path)
        if free < PATCH_ROOM_LEAST:
            yield _stops(case, path, detail, reasons=FOR_ROOM)
        else:
            yield _remark(case, path, detail, "little-room", reasons=FOR_ROOM)


def busy(case: Case) -> Iterator[Finding]:
    """A lock of the package manager that is held now, and by whom."""
    limits = _limits(case)
    if limits is None or not limits.locks:
        return
    words = [
        phrase("{path} is held by {command} (pid {pid})", path=lock.path, command=lock.command or "a process", pid=lock.pid)
        for lock in limits.locks
    ]
    yield case.finding(
        "package-manager-busy",
        limits.locks[0].path,
        f"{words[0]}.",
        evidence=tuple(Evidence("lock", lock.path, word) for lock, word in zip(limits.locks, words)),
        degrades=PATCH,
    )


def reboot(case: Case) -> Iterator[Finding]:
    """A reboot that is due: patches are reported as InstalledPendingReboot until then."""
    limits = _limits(case)
    if limits is not None and limits.reboot_pending:
        detail = phrase(
            "{reboot_pending} is there: what was installed counts as InstalledPendingReboot until a reboot",
            reboot_pending=limits.reboot_pending,
        )
        yield _remark(case, limits.reboot_pending, detail, "reboot-pending")


def credentials(case: Case) -> Iterator[Finding]:
    """The keys that the patch script will call with: the default profile of root's own file."""
    profile, running = case.default_profile, case.running_identity
    if not case.is_registered or _limits(case) is None:
        return
    if profile is not None and not profile.by_agent:
        detail = f"[{profile.name}] of {profile.path} holds keys that the agent did not write: the patch script calls with them"
        yield _remark(case, profile.path, detail, "foreign-keys")
    elif running is not None and running.kind == "OnPrem" and running.share_profile not in ("", "default"):
        detail = phrase(
            "the agent shares its keys as [{share_profile}]; the patch script looks for the default profile",
            share_profile=running.share_profile,
        )
        yield _remark(case, running.share_file, detail, "other-profile")


def hybrid(case: Case) -> Iterator[Finding]:
    """What is not for hybrid nodes: said once, as information."""
    node = case.node
    if _limits(case) is None or node is None or not node.managed_instance_id.startswith("mi-"):
        return
    yield case.finding(
        "patch-hybrid-limits",
        node.managed_instance_id,
        severity=Severity.INFO,
        evidence=(Evidence("vault", "ManagedInstanceID", node.managed_instance_id),),
    )


def _limits(case: Case) -> Optional[NodeLimits]:
    return value_of(case.patching.limits)


def _repositories_fail(case: Case) -> bool:
    found = value_of(case.patching.repositories)
    return found is not None and any(item.standing is RepositoryStanding.FAILED for item in judge_repositories(found))


def _stops(case: Case, subject: str, detail: str, **more: Any) -> Finding:
    """What a patch run cannot work with."""
    shown = (Evidence("machine", subject, detail),)
    return case.finding("patch-platform", subject, detail, evidence=shown, breaks=PATCH, **more)


def _remark(case: Case, subject: str, detail: str, variant: str, **more: Any) -> Finding:
    """What it may stumble over, or what is only worth knowing."""
    sentence, shown = f"{detail[0].upper()}{detail[1:]}", (Evidence("machine", subject, detail),)
    return case.finding("patch-platform", subject, sentence, variant=variant, evidence=shown, **more)


CHECKS = (
    Check("patch-platform", platform),
    Check("patch-platform-undecided", undecided),
    Check("patch-tools", tools),
    Check("patch-room", room),
    Check("package-manager-busy", busy),
    Check("patch-reboot", reboot),
    Check("patch-credentials", credentials),
    Check("patch-hybrid", hybrid),
)
