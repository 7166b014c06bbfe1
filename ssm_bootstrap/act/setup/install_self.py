"""Putting this program in place on a machine, with its units and its configuration, and taking it all back.

What is put in place is written down first, with hashes: only what is still as it was put is taken back.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Callable, ContextManager, Mapping, Optional, Sequence

from ssm_bootstrap.act.agent.service import Systemd
from ssm_bootstrap.act.identity.transaction import refusal_of
from ssm_bootstrap.act.setup.launcher import BEFORE, cut_short, half_written, in_unit, must_be_roots, settle_what_was_there
from ssm_bootstrap.act.setup.older_systemd import fitting
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.inifile import with_option
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import phrase

SCHEMA = "ssm-bootstrap-installed/1"
PACKAGED = "/usr/bin/ssm-bootstrap"
"""Where a deb or rpm puts the program; the units as they are shipped name it."""

UNIT = "ssm-bootstrap.service"
TIMER = "ssm-bootstrap-doctor.timer"
_PACKAGES_UNITS = ("/usr/lib/systemd/system", "/lib/systemd/system")
_TMPFILES = ".tmpfiles"


@dataclass(frozen=True)
class Step:
    """One thing that was done, or left: ``verb`` is written, unchanged, kept, removed, enabled, started or disabled."""

    verb: str
    what: str
    why: str = ""


@dataclass(frozen=True)
class Wanted:
    """What to put in place: the program's own file (None: it stays where it is), units by name, settings, and the code.

    ``runs`` is what the units will run and is not put in place here, a directory for all that is below it: nobody but root may
    be able to change it. ``places`` are the directories that Python searches: nobody else may add to them.
    """

    program: Optional[bytes]
    program_path: str
    units: Mapping[str, bytes]
    settings: tuple[tuple[str, str, str], ...] = ()  # section, key, value
    code: Optional[str] = field(default=None, repr=False)
    enable: bool = True
    start: bool = False
    runs: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


def install(host: Host, systemd: Systemd, wanted: Wanted) -> tuple[Step, ...]:
    """Put it all in place; what is there already is left alone. Raises Refusal (75, 77 or 78) and may be run again.

    To be called by one run at a time: see ``act.alone``.
    """
    placing = _Placing(host, *_read_record(host))
    try:
        _must_not_be_masked(host, wanted)
        must_be_roots(host, wanted.runs, wanted.places)
        in_unit(wanted.program_path)
        wanted = replace(wanted, units=fitting(wanted.units, systemd.version()))
        _make_places(host)
        for left in cut_short(host):
            host.trees.remove(left)
        INTERRUPTS.standing = "not everything was put in place: run install again"
        enabled = [name for name in (UNIT, TIMER) if wanted.enable and not systemd.is_enabled(name)]
        placing.note({path: data for path, data, _ in _files(host, wanted)}, enabled)
        for path, data, mode in _files(host, wanted):
            placing.put(path, data, mode)
    except OSError as error:
        raise refusal_of(error, "not everything was put in place; run install again") from None
    systemd.reload()
    if any(path == paths.OUR_TMPFILES for path, _, _ in _files(host, wanted)):
        systemd.make_directories(paths.OUR_TMPFILES)
    steps = tuple(placing.steps) + _switches(systemd, wanted)
    changed = any(step.verb == "written" for step in placing.steps)
    for step in steps:
        if step.verb == "enabled":
            systemd.enable(step.what)
        elif step.verb == "started":
            # One that waits with the old region or code would wait on; a registration under way is let finish (TimeoutStopSec).
            systemd.start(step.what, again=changed and step.what == UNIT)
    return steps


def foresee(host: Host, systemd: Systemd, wanted: Wanted) -> tuple[Step, ...]:
    """The steps that ``install`` would take now, with nothing changed. Raises Refusal (75, 77 or 78) where it would."""
    placing = _Placing(host, *_read_record(host))
    try:
        _must_not_be_masked(host, wanted)
        must_be_roots(host, wanted.runs, wanted.places)
        in_unit(wanted.program_path)
        _must_have_systemd(host)
        placed = tuple(placing.foresee(path, data, mode) for path, data, mode in _files(host, wanted))
    except OSError as error:
        raise refusal_of(error, "nothing was changed") from None
    return placed + _switches(systemd, wanted)


def _switches(systemd: Systemd, wanted: Wanted) -> tuple[Step, ...]:
    """What is to be done with the units once their files are in place."""
    if not wanted.enable:
        return ()
    enabled = {name: systemd.is_enabled(name) for name in (UNIT, TIMER)}
    steps = [Step("unchanged", name, "enabled already") if was else Step("enabled", name) for name, was in enabled.items()]
    return (*steps, *(Step("started", name, "not waited for") for name in enabled if wanted.start))


def _files(host: Host, wanted: Wanted) -> list[tuple[str, bytes, int]]:
    """Path, content and mode of every file, in the order in which they are put."""
    found: list[tuple[str, bytes, int]] = []
    if wanted.code is not None:
        found.append((paths.OUR_CODE, (wanted.code + "\n").encode(), 0o600))
    if wanted.settings:
        found.append((paths.OUR_CONFIG, _configuration(host, wanted), 0o644))
    if wanted.program is not None:
        found.append((wanted.program_path, wanted.program, 0o755))
    if _is_packaged(host):
        return found  # a package brought the units, and keeps them new
    for name, data in wanted.units.items():
        path = paths.OUR_TMPFILES if name.endswith(_TMPFILES) else f"{paths.OUR_UNITS}/{name}"
        found.append((path, data.replace(PACKAGED.encode(), in_unit(wanted.program_path)), 0o644))
    return found


def _is_packaged(host: Host) -> bool:
    return any(host.files.exists(f"{place}/{UNIT}") for place in _PACKAGES_UNITS)


def _configuration(host: Host, wanted: Wanted) -> bytes:
    text = ""
    if host.files.exists(paths.OUR_CONFIG):
        text = host.files.read_bytes(paths.OUR_CONFIG).decode("utf-8", "surrogateescape")
    for section, key, value in wanted.settings:
        text = with_option(text, section, key, value)
    return text.encode("utf-8", "surrogateescape")


def _must_not_be_masked(host: Host, wanted: Wanted) -> None:
    for name in wanted.units:
        path = f"{paths.OUR_UNITS}/{name}"
        if host.files.link_target(path) == "/dev/null":
            text = phrase(
                "install: {path}: masked by an administrator: systemctl unmask {name} takes that back; nothing was changed",
                path=path,
                name=name,
            )
            raise Refusal(ExitStatus.BAD_CONTENT, text)


def _must_have_systemd(host: Host) -> None:
    if not host.files.exists(paths.OUR_UNITS):
        raise Refusal(
            ExitStatus.BAD_CONTENT,
            phrase("install: {our_units}: expected a machine with systemd; nothing was changed", our_units=paths.OUR_UNITS),
        )


def _make_places(host: Host) -> None:
    _must_have_systemd(host)
    host.trees.make_directory(paths.OUR_DATA, 0o755)
    host.trees.make_directory(paths.OUR_SECRETS)
    for path in (paths.OUR_PROGRAM, paths.OUR_TMPFILES):
        host.trees.make_directory(path.rpartition("/")[0], 0o755)


class _Placing:
    """Files on their way to their places, and the record of them."""

    def __init__(self, host: Host, record: Mapping[str, str], enabled: Sequence[str]) -> None:
        self._host = host
        self._record = dict(record)
        self._enabled = enabled
        self.steps: list[Step] = []

    def note(self, files: Mapping[str, bytes], enabled: Sequence[str]) -> None:
        """Write down what will be ours, before it is there; a file that is somebody's is not. ``enabled``: units."""
        ours = dict(self._record)
        for path, data in files.items():
            if path == paths.OUR_CONFIG and self._is_somebodys(path):
                ours.pop(path, None)
                continue
            ours[path] = "" if path == paths.OUR_CODE else _hash(data)  # everybody may read the record
        units = sorted({*self._enabled, *enabled})
        text = json.dumps({"schema": SCHEMA, "files": ours, "enabled": units}, indent=1) + "\n"
        self._host.files.write_atomic(paths.INSTALLED, text.encode(), 0o644)

    def _is_somebodys(self, path: str) -> bool:
        files = self._host.files
        return self._leads_to_a_file(path) and _hash(files.read_bytes(path, 1 << 30)) != self._record.get(path)

    def foresee(self, path: str, data: bytes, mode: int) -> Step:
        """What ``put`` would do now."""
        old = self._content(path, data)
        if old == data and (path == paths.OUR_CONFIG or self._is_roots_alone(path, mode)):
            return Step("unchanged", path)
        if old not in (None, data) and path != paths.OUR_CODE and self._is_somebodys(path):
            return Step("written", path, phrase("what was there is now {path}{before}", path=path, before=BEFORE))
        return Step("written", path)

    def put(self, path: str, data: bytes, mode: int) -> None:
        """Put one file in place, unless it is there."""
        files = self._host.files
        step = self.foresee(path, data, mode)
        self.steps.append(step)
        if step.verb == "unchanged":
            return
        if step.why:
            files.write_atomic(path + BEFORE, files.read_bytes(path, 1 << 30), files.mode_and_owner(path)[0] & 0o777)
        if path == paths.OUR_CONFIG and self._content(path, data) is not None:
            files.replace_content(path, data)
        else:
            files.write_atomic(path, data, mode)

    def _content(self, path: str, data: bytes) -> Optional[bytes]:
        """What is there, as far as it can be the same as ``data``."""
        return self._host.files.read_bytes(path, len(data) + 1) if self._leads_to_a_file(path) else None

    def _leads_to_a_file(self, path: str) -> bool:
        return self._host.files.kind(path) not in ("missing", "link to nowhere")

    def _is_roots_alone(self, path: str, mode: int) -> bool:
        """The same bytes are not enough: root runs them, so nobody else may write there, and a link may lead to somebody's."""
        files = self._host.files
        return not files.link_target(path) and files.mode_and_owner(path) == (mode, 0, True)


def uninstall(host: Host, systemd: Systemd, locked: Callable[[], ContextManager[object]]) -> tuple[Step, ...]:
    """Take back what ``install`` put in place and what the units wrote; what an administrator changed stays.

    The units are stopped before the lock is taken with ``locked``: the one at boot may hold it. The node's identity and its
    snapshot are the agent's, and stay. Raises Refusal (75 or 77); may be run again.
    """
    record, enabled = _read_record(host)
    steps = []
    INTERRUPTS.standing = "not everything was taken back: run install --uninstall again"
    units = {path.rpartition("/")[2] for path in record if path.startswith(paths.OUR_UNITS)} | set(enabled)
    for name in (paths.FIRST_BOOT_UNIT, *sorted(units, key=lambda name: (not name.endswith(".timer"), name))):
        if any(host.files.exists(f"{place}/{name}") for place in (paths.OUR_UNITS, *_PACKAGES_UNITS)):
            systemd.disable(name)
            steps.append(Step("disabled", name))
    try:
        with locked():
            for path in sorted(record, reverse=True):
                steps.extend(_take_back(host, path, record[path]))
            steps.extend(_take_back_outputs(host))
            steps.extend(Step(*told) for told in settle_what_was_there(host, record))
    except OSError as error:
        raise refusal_of(error, "not everything was taken back; run install --uninstall again") from None
    systemd.reload()
    return tuple(steps)


def _take_back(host: Host, path: str, wanted: str) -> list[Step]:
    if not host.files.exists(path):
        return []
    is_a_file = host.files.kind(path) == "file"
    if not is_a_file or (path != paths.OUR_CODE and _hash(host.files.read_bytes(path, 1 << 30)) != wanted):
        return [Step("kept", path, "it was changed since it was installed")]
    host.trees.remove(path)
    return [Step("removed", path)]


def _take_back_outputs(host: Host) -> list[Step]:
    steps = []
    for name in host.files.list(paths.DATA):
        path = f"{paths.DATA}/{name}/{paths.INVENTORY}"
        for left in (path, *host.files.half_written(path)):
            if host.trees.remove(left):
                steps.append(Step("removed", left))
    first_boot = (f"{paths.OUR_UNITS}/{paths.FIRST_BOOT_UNIT}", paths.FIRST_BOOT_SCRIPT)
    for path in (*first_boot, *half_written(host), *_data(host)):
        if host.trees.remove(path):
            steps.append(Step("removed", path))
    if host.files.exists(paths.FIRST_BOOT_DONE):
        steps.append(
            Step("kept", paths.FIRST_BOOT_DONE, "without it this instance's user-data would install again at the next boot")
        )
    if host.files.exists(paths.OUR_CODE):
        steps.append(Step("kept", paths.OUR_CODE, "install did not put it there"))
    for place in (paths.OUR_DATA,) if _is_packaged(host) else (paths.OUR_DATA, paths.OUR_SECRETS):
        if host.files.exists(place) and not host.files.list(place):
            host.trees.remove(place)
            steps.append(Step("removed", place))
    if host.files.exists(paths.SNAPSHOT):
        steps.append(Step("kept", paths.SNAPSHOT, "the identity before the last change; rollback needs it"))
    return steps


def _data(host: Host) -> list[str]:
    """What lies in our directory, but for the mark that user-data goes by."""
    found = (f"{paths.OUR_DATA}/{name}" for name in host.files.list(paths.OUR_DATA))
    return [path for path in found if path != paths.FIRST_BOOT_DONE]


def _read_record(host: Host) -> tuple[dict[str, str], tuple[str, ...]]:
    """What was put in place earlier: hashes by path, and units that were switched on; one that makes no sense counts as none."""
    try:
        document = json.loads(host.files.read_text(paths.INSTALLED, 1 << 20))
        files = document["files"]
        known = {path: digest for path, digest in files.items() if isinstance(digest, str) and _is_ours(path)}
        enabled = tuple(name for name in (UNIT, TIMER) if name in document.get("enabled", ()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}, ()
    return known, enabled


def _is_ours(path: str) -> bool:
    """A record in which somebody wrote must not make us remove anything else."""
    place, _, name = path.rpartition("/")
    if path in (paths.OUR_CONFIG, paths.OUR_CODE, paths.OUR_PROGRAM, paths.OUR_TMPFILES):
        return True
    return place == paths.OUR_UNITS and name.startswith("ssm-bootstrap") and name.endswith((".service", ".timer"))


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
