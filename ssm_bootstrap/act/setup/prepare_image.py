"""Making a machine fit to be an image of: everything by which it would pass for this one is taken away.

The order is such that a run that was cut short leaves either the working node or one that the next run finishes: what the
agent makes again by itself goes first, the vault in one step, and machine-id last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, Iterator, Union

from ssm_bootstrap.act.agent.service import AgentService, ServiceFailed, Systemd
from ssm_bootstrap.act.identity.transaction import refusal_of
from ssm_bootstrap.act.lock import locked
from ssm_bootstrap.act.setup.codes import Codes, Left, Removed
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.collect.inifile import without_section
from ssm_bootstrap.collect.machine.image import agents_profiles, read_running_identity
from ssm_bootstrap.collect.settings import Configuration, configuration_without_code
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.phrase import phrase

MACHINE_ID_MODE = 0o444
DOOMED = f"{paths.OUR_STATE}/removed"  # where the vault goes in one step before it is taken apart

_NODE_DIRECTORY = re.compile(r"mi-[0-9a-f]+")
_CORE = "amazon-ssm-agent"


@dataclass(frozen=True)
class Prepared:
    """What was removed, whose identity it was, which unit was stopped, which workers of it still run, and what is left."""

    removed: tuple[Removed, ...]
    old: Identity
    stopped: str = ""
    left_running: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()


@dataclass(frozen=True)
class Preparation:
    """One run of ``prepare-image``: ``yes`` allows it on a registered node whose agent runs, ``logs`` takes its logs too."""

    host: Host
    service: AgentService
    configuration: Configuration
    yes: bool
    logs: bool
    tell: Callable[[str], None]

    def run(self) -> Prepared:
        """Stop the agent and remove it all; may be run again after it was cut short. Raises Refusal."""
        with locked(self.host, "prepare-image", 0, self.tell):
            old = look_past_journal(self.host.files)
            unit, pids = self.service.running_unit(), self._pids(_CORE)
            self._must_be_allowed(old, unit, pids)
            self._must_be_possible()
            self._stop(unit)
            INTERRUPTS.standing = "not everything was removed: run prepare-image again"
            try:
                done = tuple(self._remove_all())
            except OSError as error:
                raise refusal_of(error, "not everything was removed; run prepare-image again") from None
            INTERRUPTS.standing = "everything was removed"
            removed = tuple(item for item in done if isinstance(item, Removed))
            left = tuple({item.path: item for item in done if isinstance(item, Left)}.values())
            return Prepared(removed, old, unit, self._workers(), left)

    def _must_be_allowed(self, old: Identity, unit: str, pids: tuple[int, ...]) -> None:
        # A vault that cannot be read, or a change that was cut short, may well be a node's.
        is_cut_short = self.host.files.exists(paths.JOURNAL)
        none = old.state in (IdentityState.NOT_REGISTERED, IdentityState.LOST) and not is_cut_short
        if none or self.yes or not (unit or pids or is_cut_short):
            return
        who = old.managed_instance_id or "this node"
        text = phrase(
            "prepare-image: {who} is registered and its agent runs; say --yes to take it out of Systems Manager for good", who=who
        )
        raise Refusal(ExitStatus.USAGE, text)

    def _must_be_possible(self) -> None:
        """Whatever can be known to fail fails before the agent is stopped."""
        files = self.host.files
        for path in (paths.DATA, paths.MACHINE_ID):
            if files.exists(path) and not files.is_writable(path):
                text = phrase(
                    "prepare-image: {path}: may not be written (a read-only file system?); nothing was removed", path=path
                )
                raise Refusal(ExitStatus.NO_PERMISSION, text)
        if self.configuration.has_code:
            configuration_without_code(files)

    def _stop(self, unit: str) -> None:
        if self.host.files.exists(f"{paths.OUR_UNITS}/{paths.FIRST_BOOT_UNIT}"):
            Systemd(self.host).disable(paths.FIRST_BOOT_UNIT)
        if unit:
            INTERRUPTS.standing = "the agent may be stopped; nothing was removed"
            try:
                self.service.stop(unit)
            except ServiceFailed as error:
                text = phrase("prepare-image: the agent could not be stopped: {error}; nothing was removed", error=error)
                raise Refusal(ExitStatus.TRY_LATER, text) from None
        pids = self._pids(_CORE)
        if pids:
            text = phrase(
                "prepare-image: {core} runs as pid {pids} and systemd does not stop it; nothing was removed",
                core=_CORE,
                pids=pids[0],
            )
            raise Refusal(ExitStatus.TRY_LATER, text)

    def _pids(self, name: str) -> tuple[int, ...]:
        return tuple(process.pid for process in self.host.machine.processes((name,)))

    def _workers(self) -> tuple[str, ...]:
        """Workers that outlived the agent (its unit has KillMode=process): what they do may write into its data again."""
        return tuple(
            phrase("{name} (pid {pid})", name=item.name, pid=item.pid) for item in self.host.machine.processes(paths.PROCESSES)
        )

    def _remove_all(self) -> Iterator[Union[Removed, Left]]:
        # Without the journal nobody puts an old identity back into the image.
        yield from self._remove("journal", paths.JOURNAL)
        yield from self._remove("snapshots", paths.OUR_STATE)
        yield from self._remove_credentials()
        codes = Codes(self.host, self.configuration)
        yield from codes.remove()
        # An instance of the image gets its code by its own user-data, which this mark would keep from running.
        yield from self._remove("mark of user-data", paths.FIRST_BOOT_DONE)
        yield from self._remove("metrics", paths.METRICS)
        for name in self.host.files.list(paths.DATA):
            if _NODE_DIRECTORY.fullmatch(name):
                yield from self._remove("data", f"{paths.DATA}/{name}")
        if self.logs:
            yield from self._remove("logs", paths.LOGS)
        yield from self._remove("runtimeconfig", paths.RUNTIME_CONFIG)
        yield from self._remove("registration", paths.REGISTRATION)
        yield from self._remove_vault()
        with self.host.step("searching the disks for what is left of a code", "searched the disks for what is left of a code"):
            yield from codes.search()
        yield from self._empty_machine_id()

    def _remove(self, what: str, path: str) -> Iterator[Removed]:
        if self.host.trees.remove(path):
            yield Removed(what, path)

    def _remove_credentials(self) -> Iterator[Removed]:
        """The profiles that the agent wrote; a file in which nothing is left goes as a whole."""
        files = self.host.files
        for profile in agents_profiles(files, value_of(read_running_identity(files))):
            text = files.read_bytes(profile.path).decode("utf-8", "surrogateescape")
            rest = without_section(text, profile.name)
            if rest.strip():
                files.replace_content(profile.path, rest.encode("utf-8", "surrogateescape"))
            else:
                self.host.trees.remove(profile.path)
            yield Removed(phrase("credentials [{name}]", name=profile.name), profile.path)

    def _remove_vault(self) -> Iterator[Removed]:
        trees = self.host.trees
        if self.host.files.exists(paths.VAULT):
            trees.make_directory(paths.OUR_STATE)
            trees.rename(paths.VAULT, DOOMED)
            yield Removed("vault", paths.VAULT)
        trees.remove(paths.OUR_STATE)

    def _empty_machine_id(self) -> Iterator[Removed]:
        """An empty file, and not none: systemd fills it at the next boot even where it may not make files."""
        files = self.host.files
        if files.exists(paths.DBUS_MACHINE_ID) and not files.link_target(paths.DBUS_MACHINE_ID):
            yield from self._remove("machine-id of D-Bus", paths.DBUS_MACHINE_ID)
        before = files.exists(paths.MACHINE_ID) and files.size(paths.MACHINE_ID)
        files.make_empty(paths.MACHINE_ID, MACHINE_ID_MODE)
        if before:
            yield Removed("machine-id", paths.MACHINE_ID)
