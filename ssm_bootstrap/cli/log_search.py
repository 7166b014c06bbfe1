"""What ``explain`` reads: the files that were named, or what there is on this machine, between two points in time."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from itertools import chain
from typing import Callable, Iterator, Optional, Sequence

from ssm_bootstrap.catalog.logformat import KINDS, OF_THE_AGENT, kind_of
from ssm_bootstrap.cli.flags import is_code, resolve
from ssm_bootstrap.cli.how_far import Counted, Watched
from ssm_bootstrap.cli.named_logs import NamedLogs, Piped, are_small, may_be_packed, named_logs, sizes
from ssm_bootstrap.cli.suggestions import may_be_a_code, meant
from ssm_bootstrap.cli.unread import Unread, barred, unread_of
from ssm_bootstrap.collect.logs.contents import what_else
from ssm_bootstrap.collect.logs.parts import LogFiles
from ssm_bootstrap.collect.logs.read import read_logs, read_stream
from ssm_bootstrap.collect.logs.sources import Source, in_order, own_sources
from ssm_bootstrap.collect.logs.stream import is_one_log, kind_of_archive
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.files import Files, NamedFiles
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.host.steps import ShowStep, unshown
from ssm_bootstrap.host.walks import LogTree
from ssm_bootstrap.host.workers import Workers
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.localtime import in_zone, time_in_words
from ssm_bootstrap.model.logs import LogDigest, LogFile
from ssm_bootstrap.model.phrase import phrase

STANDARD_INPUT = "standard input"
JOURNAL_UNITS = ("amazon-ssm-agent.service", "snap.amazon-ssm-agent.amazon-ssm-agent.service")
JOURNAL_LIMIT = 32 << 20
"""Bytes of the journal that are read: its newest entries."""

MOST_PIPED = 256 << 20
"""Bytes of an archive that are taken from a pipe."""

JOURNAL_PATIENCE = 60.0


@dataclass(frozen=True)
class Search:
    """One search through logs; ``files`` is empty for what there is on this machine."""

    files: tuple[str, ...]
    kinds: tuple[str, ...]
    zone: tzinfo
    now: datetime
    secrets: Secrets
    step: ShowStep = unshown
    since: Optional[datetime] = None
    until: Optional[datetime] = None

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Search:
        """What the flags ask for; raises Refusal (2) where they do not go together."""
        clock = Clock()
        zone, now = clock.zone(), clock.now()
        since = resolve(arguments.since, now, zone) if arguments.since is not None else None
        until = resolve(arguments.until, now, zone) if arguments.until is not None else None
        if since and until and until < since:
            raise Refusal(ExitStatus.USAGE, "explain: --until: expected a time after --since")
        if any(not word.strip() for word in arguments.files):
            raise Refusal(ExitStatus.USAGE, "explain: an empty argument: expected a file, a directory, - or a finding code")
        code = next((word for word in arguments.files if is_code(word) and not os.path.lexists(word)), None)
        if code is not None:
            text = phrase("explain: {code}: a finding code is explained alone, without files and other codes", code=code.lower())
            raise Refusal(ExitStatus.NO_INPUT, text)
        if "-" in arguments.files and (len(arguments.files) > 1 or arguments.follow):
            raise Refusal(ExitStatus.USAGE, "explain: -: expected alone, and without --follow")
        return cls(
            tuple(arguments.files), arguments.kinds or KINDS, zone, now, arguments.secrets, arguments.say.step, since, until
        )

    @property
    def is_own(self) -> bool:
        """Whether this machine's own logs are read."""
        return not self.files

    @property
    def zone_name(self) -> str:
        """The zone that is taken for the logs' times."""
        local = in_zone(self.now, self.zone)
        name, offset = local.tzname() or "", f"UTC{local.isoformat()[-6:]}"
        return offset if name.startswith("UTC") else f"{name}, {offset}"

    def read(self, meanwhile: Callable[[], object] = lambda: None) -> LogDigest:
        """The digest; raises Refusal (66 of what was named, 78 of this machine) where there is nothing to be read.

        Small files are read by a copy of this process, of large ones the half; this one does ``meanwhile`` first.
        """
        if self.files == ("-",):
            return self._read_standard_input()
        if self.kinds == ("journal",):
            return self._read_journal()
        if self.files:
            digest = self._read_named(meanwhile)
            self._refuse_unseen(digest)
            return digest
        return self._read_files(self.sources(), meanwhile)

    def _read_named(self, meanwhile: Callable[[], object]) -> LogDigest:
        """What the files say that were named; raises Refusal (66) where none of them can be a log."""
        found, left_out, unlisted, is_packed = self._named()
        if left_out and not found and not unlisted:
            text = phrase("explain: {path}: {reason}: expected a log", path=left_out[0].path, reason=left_out[0].remarks[0])
            raise Refusal(ExitStatus.NO_INPUT, text)
        if is_packed:
            with self.step("reading the logs") as shown:
                digest = self._read_packed(found, Watched(NamedFiles(), shown, sizes(found)))
        else:
            digest = self._read_files(found, meanwhile)
        return replace(digest, files=(*left_out, *digest.files), unseen=(*unlisted, *digest.unseen))

    def _read_files(self, found: tuple[Source, ...], meanwhile: Callable[[], object]) -> LogDigest:
        workers = Workers(meanwhile=meanwhile)
        with self.step("reading the logs") as shown:
            if are_small(found):
                digest = workers.beside(lambda: self.read_sources(found))
            else:
                files = Watched(self._files(), shown, sizes(found) // workers.count)
                digest = self.read_sources(found, workers, files)
        if self.is_own and not found:
            with contextlib.suppress(Refusal):  # a machine without a journal
                digest = self._read_journal() if "journal" in self.kinds else digest
            if self.since and not any(file.bytes_read for file in digest.files):
                text = phrase("explain: --since: nothing was written to a log after {time}", time=time_in_words(self.since))
                raise Refusal(ExitStatus.NO_INPUT, text)
            if not any(file.bytes_read for file in digest.files):
                raise Refusal(ExitStatus.BAD_CONTENT, "explain: /var/log/amazon/ssm: expected the agent's logs; there are none")
        return digest

    def _read_packed(self, found: Sequence[Source], files: LogFiles) -> LogDigest:
        """What files say of which some may be archives."""
        from ssm_bootstrap.collect.logs.archives import ArchiveFiles, open_archive  # most of what is read is no archive

        archives, sources = [], []
        for source in found:
            try:
                is_packed = source.path == STANDARD_INPUT or may_be_packed(source.path, files)
                archive = open_archive(source.path, files, self.kinds) if is_packed else None
            except OSError:
                archive = None  # the reading says why
            if archive is None:
                sources.append(source)
                continue
            archives.append(archive)
            held = [Source(kind_of(path) or "journal", path, archive.written[path]) for path in archive.logs]
            own = [source for source in held if source.kind in OF_THE_AGENT and source.kind != "journal"]
            sources += in_order([source for source in held if source.kind != "journal" or not own])
        digest = self.read_sources(sources, files=ArchiveFiles(files, archives))
        return replace(digest, files=(*(archive.log_file() for archive in archives if archive.remarks), *digest.files))

    def _refuse_unseen(self, digest: LogDigest) -> None:
        """Refusal (66, or 77 where root could read it) where nothing of all that was named could be read."""
        if digest.unseen and not any(file.bytes_read for file in digest.files):
            shut = barred(digest.unseen)
            if shut:
                path, reason = shut[0]
                raise Refusal(
                    ExitStatus.NO_PERMISSION,
                    phrase("explain: {path}: {reason}: only root may read it: use sudo", path=path, reason=reason),
                )
            path, reason = digest.unseen[0]
            word = next((word for word in self.files if os.path.abspath(word) == path), "")
            question = "" if os.path.lexists(path) else meant(word)
            if may_be_a_code(word) and not os.path.lexists(path):
                reason = phrase("no such code or file")
            raise Refusal(
                ExitStatus.NO_INPUT, phrase("explain: {path}: {reason}{question}", path=path, reason=reason, question=question)
            )

    def unread(self, digest: LogDigest) -> Unread:
        """What was named and could not be read, or holds nothing that could, and why."""
        named = frozenset(os.path.abspath(word) for word in self.files if not os.path.isdir(word))
        return unread_of(digest, named, is_whole=not (self.since or self.until))

    def must_be_recognised(self, digest: LogDigest, matched: bool, untold: str) -> None:
        """Refusal (66) where of all that was named nothing is a record of the agent, and no signature ``matched``;
        ``untold`` says what it is then.

        What lies in a directory is there by the names that the agent gives; what --since leaves out was not judged.
        """
        if self.is_own or matched or self.since or self.until or any(file.headed for file in digest.files):
            return
        read = [file for file in digest.files if file.bytes_read or not file.remarks]
        is_narrowed = self.kinds != KINDS and any(os.path.isdir(word) for word in self.files)
        if not is_narrowed and not any(kind_of(file.path) for file in read if self._is_below(file.path)):
            torn = next((file for file in digest.files if file.remarks and not file.bytes_read), None)
            if torn and not read:
                raise Refusal(
                    ExitStatus.NO_INPUT,
                    phrase("explain: {path}: {reason}: expected a log", path=torn.path, reason=torn.remarks[0]),
                )
            name = read[0].path if len(read) == 1 else self.files[0]
            expected = "explain: {name}: {untold}: expected the agent's log, or what a command printed"
            raise Refusal(ExitStatus.NO_INPUT, phrase(expected, name=name, untold=untold))

    def _is_below(self, path: str) -> bool:
        """Whether a file was found in a directory that was named, and not named itself."""
        return any(os.path.isdir(word) and path.startswith(os.path.abspath(word).rstrip("/") + "/") for word in self.files)

    def sources(self) -> tuple[Source, ...]:
        """The files to read, the agent's own logs first."""
        if self.is_own:
            from ssm_bootstrap.collect.logs.seelog import log_paths, read_log_settings  # what is named lies where it lies

            files = Files()
            found = own_sources(LogTree(), self.kinds, log_paths(files, read_log_settings(files)))
            return self._since(found)
        return self._named().sources

    def _named(self) -> NamedLogs:
        named = named_logs(LogTree(), NamedFiles(), self.files, self.kinds)
        return named._replace(sources=self._since(named.sources))

    def _since(self, found: tuple[Source, ...]) -> tuple[Source, ...]:
        moment = self.since.timestamp() if self.since else 0
        return tuple(source for source in found if source.written >= moment or source.written == 0)

    def read_sources(
        self, found: Sequence[Source], workers: Optional[Workers] = None, files: Optional[LogFiles] = None
    ) -> LogDigest:
        """What the files say."""
        written = {source.path: source.written for source in found if source.kind == "command" and source.written}
        paths = tuple(dict.fromkeys(source.path for source in found))
        return read_logs(
            files or self._files(),
            paths,
            self.zone,
            self.now,
            since=self.since,
            until=self.until,
            written=written,
            workers=workers,
        )

    def _files(self) -> LogFiles:
        return Files().unled() if self.is_own else NamedFiles()

    def own_region(self) -> tuple[str, str]:
        """The region of this machine by its configuration and vault, and who says so; empty where nothing does."""
        # What looks at a machine, loaded where one is asked.
        from ssm_bootstrap.model.observed import value_of
        from ssm_bootstrap.session import open_session, real_host

        choice = open_session(real_host(self.secrets), None, ask_metadata=False).choice
        return value_of(choice.region) or "", choice.source

    def _read_stream(self, chunks: Iterator[bytes], name: str) -> LogDigest:
        return read_stream(chunks, name, self.zone, since=self.since, until=self.until)

    def _read_standard_input(self) -> LogDigest:
        try:
            with self.step(phrase("reading {standard_input}", standard_input=STANDARD_INPUT)) as shown:
                counted = Counted(shown)
                chunks = counted.passing(iter(lambda: sys.stdin.buffer.read(1 << 18), b""))
                first = next(chunks, b"")
                kind = what_else(first)
                if kind:
                    text = phrase("explain: {path}: it is {kind}: expected a log", path=STANDARD_INPUT, kind=kind)
                    raise Refusal(ExitStatus.NO_INPUT, text)
                if kind_of_archive(first) and not is_one_log(first):
                    digest = self._read_piped_archive(chain([first], chunks))
                else:
                    digest = self._read_stream(chain([first], chunks), STANDARD_INPUT)
        except OSError as error:
            from ssm_bootstrap.host.errorwords import words_of

            raise Refusal(
                ExitStatus.NO_INPUT,
                phrase("explain: {standard_input}: {error}", standard_input=STANDARD_INPUT, error=words_of(error)),
            ) from None
        if not any(file.bytes_read for file in digest.files):
            raise Refusal(
                ExitStatus.NO_INPUT,
                phrase("explain: {standard_input}: expected a log; nothing came", standard_input=STANDARD_INPUT),
            )
        return digest

    def _read_piped_archive(self, chunks: Iterator[bytes]) -> LogDigest:
        """What the logs say of an archive that can be read but once; how much of it is taken is bounded, and told."""
        kept: list[bytes] = []
        left = MOST_PIPED
        for chunk in chunks:
            left -= len(chunk)
            if left < 0:
                break
            kept.append(chunk)
        digest = self._read_packed([Source("", STANDARD_INPUT, 0.0)], Piped(STANDARD_INPUT, kept))
        if left >= 0:
            return digest
        cut = LogFile(
            STANDARD_INPUT,
            0,
            0,
            (phrase("its first {most_piped} MB were taken and the rest left out: name the file", most_piped=MOST_PIPED >> 20),),
        )
        return replace(digest, files=(cut, *digest.files))

    def _read_journal(self) -> LogDigest:
        from ssm_bootstrap.host.commands import CannotRun
        from ssm_bootstrap.session import real_host

        words = ["journalctl", "--no-pager", "-q", "-o", "json"]
        words += [word for unit in JOURNAL_UNITS for word in ("-u", unit)]
        if self.since:
            words += ["--since", f"@{int(self.since.timestamp())}"]
        try:
            with self.step("reading the journal"):
                done = real_host(self.secrets).commands.run(words, timeout=JOURNAL_PATIENCE, most=JOURNAL_LIMIT)
        except CannotRun as error:
            raise Refusal(ExitStatus.BAD_CONTENT, phrase("explain: the journal: {error}", error=error)) from None
        digest = self._read_stream(iter([done.output.encode("utf-8", "replace")]), "journal")
        remarks = []
        if done.left_out:
            remarks.append(
                phrase(
                    "its newest {journal_limit} MB were read, and {left_out} bytes before them left out (--since)",
                    journal_limit=JOURNAL_LIMIT >> 20,
                    left_out=done.left_out,
                )
            )
        if done.timed_out:
            remarks.append(
                phrase(
                    "journalctl did not end in {journal_patience:g} s: what it gave until then was read",
                    journal_patience=JOURNAL_PATIENCE,
                )
            )
        files = tuple(replace(file, remarks=(*file.remarks, *remarks)) for file in digest.files)
        return replace(digest, files=files)
