"""Room for the agent's files, how they are mounted, and whether its logs are where somebody would look."""

from __future__ import annotations

from typing import Iterator, Optional

from ssm_bootstrap.catalog.agent import UPDATE_SPACE
from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.model.capability import BY_COMMAND, Capability
from ssm_bootstrap.model.findings import Evidence, Finding, Severity
from ssm_bootstrap.model.machine import Directory, Storage
from ssm_bootstrap.model.observed import NOT_ASKED, Unseen, value_of
from ssm_bootstrap.model.phrase import phrase

STATE, LOGS, CONFIGURATION, CREDENTIALS = "/var/lib/amazon", "/var/log/amazon", "/etc/amazon", "/root/.aws"

NOTHING = 1 << 20
"""Bytes below which a file system is full: not even the agent's small state files fit for long."""

_READ_ONLY_BY_DESIGN = ("squashfs", "erofs", "iso9660")
_BY_SERVER = ("nfs", "cifs", "fuse.sshfs")
"""File systems of another machine, which may take root for nobody (exports(5), root_squash)."""


def room(case: Case) -> Iterator[Finding]:
    """File systems without room: nothing left at all, or too little for an update."""
    told: set[str] = set()
    for item in _file_systems(case):
        if item.path == CONFIGURATION or item.mount_point in told:
            continue  # the agent only reads its configuration
        found = _without_room(case, item)
        if found is not None:
            told.add(item.mount_point or item.path)
            yield found


def _without_room(case: Case, item: Storage) -> Optional[Finding]:
    where = f"{item.mount_point or item.path}"
    if item.free is not None and item.free < NOTHING:
        detail = phrase("{free} KiB are free for root below {path}", free=item.free >> 10, path=item.path)
    elif item.inodes and item.free_inodes == 0:
        detail = phrase("no inode is free below {path}, of {inodes}", path=item.path, inodes=item.inodes)
    elif item.available is not None and item.available < UPDATE_SPACE and item.path == STATE:
        detail = phrase("{available} MB are free below {path}", available=item.available >> 20, path=item.path)
        return case.finding(
            "disk-low",
            where,
            detail,
            evidence=(Evidence("storage", item.path, detail),),
            degrades=case.asked(Capability.AGENT_UPDATE),
        )
    else:
        return None
    breaks = case.asked(*BY_COMMAND, Capability.REGISTER) if item.path == STATE else case.asked(Capability.PATCH)
    if item.path == CREDENTIALS:
        breaks = ()
    return case.finding(
        "disk-full",
        where,
        detail,
        evidence=(Evidence("storage", item.path, detail),),
        severity=Severity.ERROR if breaks else Severity.WARNING,
        breaks=breaks,
    )


def mounted(case: Case) -> Iterator[Finding]:
    """Mounts that take no write, or let no program run."""
    told: set[tuple[str, str]] = set()
    for item in _file_systems(case):
        options = value_of(item.options) or ()
        for option in ("ro", "noexec"):
            code = "read-only-storage" if option == "ro" else "noexec-mount"
            breaks = _broken_by(case, item, option)
            if option not in options or breaks is None or item.kind in _READ_ONLY_BY_DESIGN:
                continue
            if (item.mount_point, code) in told:
                continue
            told.add((item.mount_point, code))
            detail = phrase(
                "{mount_point} is mounted {option} ({options})",
                mount_point=item.mount_point,
                option=option,
                options=",".join(options),
            )
            yield case.finding(
                code,
                item.path,
                detail,
                evidence=(Evidence("storage", item.path, detail),),
                severity=Severity.ERROR if breaks else Severity.INFO,
                breaks=breaks,
            )


def _broken_by(case: Case, item: Storage, option: str) -> Optional[tuple[Capability, ...]]:
    """What a mount option breaks below a directory of the agent; None where it means nothing there."""
    if item.path == STATE:
        return case.capabilities if option == "ro" else case.asked(*BY_COMMAND)
    if item.path == LOGS:
        return case.asked(Capability.PATCH)
    if item.path == CREDENTIALS and option == "ro":
        return ()  # it matters where the agent shares its credentials, which not every one does
    return None


def directories(case: Case) -> Iterator[Finding]:
    """Something else where the agent wants a directory, or a directory in which nothing new can be made.

    Permission bits and owner are no fault: the agent is root.
    """
    told: set[str] = set()
    for item in value_of(case.surroundings.directories) or ():
        place = STATE if item.path.startswith(STATE) else LOGS
        immutable = value_of(item.immutable) is True
        if place in told or (item.kind == "directory" and not immutable):
            continue
        told.add(place)
        breaks, degrades = _spoiled(case, place, immutable)
        detail = _lies_there(item)
        yield case.finding(
            "directory-unusable",
            item.path,
            detail,
            variant="immutable" if immutable else "",
            evidence=(Evidence("storage", item.path, detail),),
            severity=Severity.ERROR if breaks else Severity.WARNING,
            breaks=breaks,
            degrades=degrades,
        )


def _spoiled(case: Case, place: str, immutable: bool) -> tuple[tuple[Capability, ...], tuple[Capability, ...]]:
    """What cannot work, and what works in part: below an immutable directory what is there already goes on."""
    if place == STATE and not immutable:
        return case.capabilities, ()
    if place == STATE:
        return case.asked(Capability.REGISTER), case.asked(*BY_COMMAND)
    patching = case.asked(Capability.PATCH)
    return ((), patching) if immutable else (patching, ())


def _lies_there(item: Directory) -> str:
    """What lies at the path, in words."""
    if item.kind == "link to nowhere":
        return phrase("{path} is a link to {leads_to}, which is not there", path=item.path, leads_to=item.leads_to or "nowhere")
    whose = phrase(" (mode {mode:04o}, uid {owner})", mode=item.mode, owner=item.owner) if item.mode is not None else ""
    if item.kind == "directory":
        return phrase("{path} is immutable (chattr +i): nothing can be made or renamed in it, not even by root", path=item.path)
    return phrase(
        "{path} is {what}{whose}, not a directory",
        path=item.path,
        what="a file" if item.kind == "file" else item.kind,
        whose=whose,
    )


def log_files(case: Case) -> Iterator[Finding]:
    """An agent that writes its logs elsewhere, or nowhere."""
    settings = case.surroundings.logs
    if not settings.present or settings.problem:
        return  # with a problem, the agent goes on with its built-in settings
    plain = [sink.path for sink in settings.sinks]
    if not plain or settings.lowest in ("critical", "off"):
        detail = (
            phrase("the lowest level written is {lowest}", lowest=settings.lowest) if plain else "it names no file to write to"
        )
        shown = (Evidence("file", settings.path, detail),)
        yield case.finding("logs-switched-off", settings.path, detail, evidence=shown)
        return
    moved = [path for path in plain if not path.startswith(f"{LOGS}/ssm/")]
    if moved:
        detail = phrase("it writes to {moved}", moved=", ".join(moved))
        shown = (Evidence("file", settings.path, detail),)
        yield case.finding("logs-moved", settings.path, detail, evidence=shown)


def log_directory(case: Case) -> Iterator[Finding]:
    """An agent that runs, and has no directory to write its logs to."""
    unit, settings = case.unit, case.surroundings.logs
    if unit is None or not unit.main_pid or not case.is_registered or value_of(case.surroundings.log_directory) is not False:
        return
    sinks = [sink.path for sink in settings.sinks if sink.path.startswith("/")]
    if settings.present and not settings.problem and not sinks:
        return
    where = sinks[0].rpartition("/")[0] if sinks else f"{LOGS}/ssm"
    detail = phrase(
        "{name} runs with pid {main_pid}, and there is no {where}", name=unit.name, main_pid=unit.main_pid, where=where
    )
    shown = (Evidence("storage", where, detail),)
    yield case.finding("log-directory-missing", where, detail, evidence=shown)


def not_looked_at(case: Case) -> Iterator[tuple[str, str]]:
    """Parts that could not be looked at."""
    if not case.has_surroundings:
        return
    around = case.surroundings
    for subject, part in (("storage", around.storage), ("log directory", around.log_directory)):
        if isinstance(part, Unseen) and part != NOT_ASKED:
            yield subject, part.reason
    for item in _file_systems(case):
        if isinstance(item.options, Unseen):
            yield "mount options", item.options.reason
        if item.kind.startswith(_BY_SERVER) and item.path in (STATE, LOGS):
            yield item.path, phrase("it is {kind}: whether root may write there is for the file server to say", kind=item.kind)
    flags = [item.path for item in value_of(around.directories) or () if isinstance(item.immutable, Unseen)]
    if flags:
        yield "directory flags", phrase("{flags}: whether it is immutable could not be read", flags=", ".join(flags))
    if isinstance(around.directories, Unseen) and around.directories != NOT_ASKED:
        yield "directories", around.directories.reason
    if around.logs.present and around.logs.problem:
        yield (
            "seelog.xml",
            phrase(
                "{path}: {problem}; the agent's built-in settings are taken to hold",
                path=around.logs.path,
                problem=around.logs.problem,
            ),
        )


def _file_systems(case: Case) -> tuple[Storage, ...]:
    return value_of(case.surroundings.storage) or ()


CHECKS = (
    Check("storage-room", room),
    Check("storage-mounts", mounted),
    Check("storage-directories", directories),
    Check("storage-log-directory", log_directory),
    Check("storage-log-files", log_files),
    Check("storage-unseen", not_looked_at),
)
