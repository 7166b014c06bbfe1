"""/etc/ssm-bootstrap.d/*.conf: what a site adds to, or puts in place of, what the program knows.

[bucket patch-payload]              [repository internal]
host = s3.dualstack.{region}.…      url = http://mirror.example.com/ubuntu/dists/noble/InRelease
path = /aws-ssm-{region}/…          required = yes
                                    [ignore]
                                    repositories = epel, docker-ce-stable
[region xx-north-1]                 [partition aws-xx]
opened = 2027                       prefix = xx-
payload_host = s3.dualstack.…       domain = amazonaws.xx
patch_manager_suffix = 1a2b3c4d5    dual_stack = api.amazonwebservices.xx
snapshot_suffix = 1a2b3c4d

A section with something wrong in it is left out, and told with file and line; the rest counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Optional

from ssm_bootstrap.catalog.patch import ACCELERATED, MODULES, PAYLOAD, SNAPSHOT
from ssm_bootstrap.catalog.secrets import repeated
from ssm_bootstrap.collect.inifile import ConfigSection, is_on, parse_ini
from ssm_bootstrap.collect.patch import sitefile
from ssm_bootstrap.collect.patch.configured import (
    MOST_BYTES,
    Configured,
    ParsedRepositories,
    ParserContext,
    Wish,
    place_of,
    problem_of,
    shown,
    text_of,
)
from ssm_bootstrap.collect.trusted import fault_of_trusted
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.patch import Problem, Repository
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import NO_SITE, Site, SitePartition, SiteRegion

DIRECTORY = "/etc/ssm-bootstrap.d"
KEYS = {"bucket": ("host", "path"), "repository": ("url", "required"), "ignore": ("repositories",), **sitefile.KEYS}
EXPECTED = ", ".join(f"[{kind}{'' if kind == 'ignore' else ' NAME'}] {' '.join(keys)}" for kind, keys in KEYS.items())
ROWS = ("s3-regional", "s3-bucket", "s3-bucket-http", "s3-dualstack", "s3-dualstack-http")
BUCKETS = (*ROWS, PAYLOAD, SNAPSHOT, MODULES, ACCELERATED)
MOST_PROBLEMS = 50
MOST_TORN = 5
"""Lines of a file that are told to mean nothing (``parse_ini``)."""

_PATH = re.compile(r"/[!-~]*", re.ASCII)


@dataclass(frozen=True)
class Bucket:
    """What is dialled in place of a catalogue row's host and path; ``{region}`` is filled in."""

    name: str
    host: str
    path: str = ""
    source: str = ""


@dataclass(frozen=True)
class Extra:
    """A repository that a site adds: its index, and whether patching needs it."""

    name: str
    url: str = field(repr=False)
    required: bool = True
    file: str = ""


@dataclass(frozen=True)
class Overrides:
    """Everything that the files say, the last word of each name counting; ``site`` is recorded with the observations."""

    buckets: tuple[Bucket, ...] = ()
    extras: tuple[Extra, ...] = ()
    ignored: tuple[str, ...] = ()
    site: Site = NO_SITE

    def add_to(self, reading: ParsedRepositories, around: ParserContext) -> None:
        """The repositories of a reading without those that are to be ignored, and with those that were added."""
        reading.found = [
            replace(item, repository=replace(item.repository, enabled=False)) if item.repository.name in self.ignored else item
            for item in reading.found
        ]
        for extra in self.extras:
            place = place_of(extra.url)
            if place is None:
                continue
            http, https = around.from_environment(80, place.host), around.from_environment(443, place.host)
            skipped_by = "" if extra.required else extra.file
            repository = Repository(
                extra.name, extra.file, 0, own=extra.required, urls=(shown(extra.url),), skipped_by=skipped_by
            )
            reading.add(Configured(repository, [Wish("index", place)], http, https, has_key=bool(place.credentials)))


NO_OVERRIDES = Overrides()
"""A machine without such files."""


def read_overrides(files: Files, directory: str = DIRECTORY) -> Overrides:
    """The files in order of their names; what is wrong in them, or may not be read, is in ``site.problems``."""
    found = _SectionReader()
    try:
        names = files.list(directory)
    except OSError as error:
        found.problems.append(Problem(directory, 0, words_of(error)))
        names = []
    for name in sorted(names):
        if name.endswith(".conf") and not name.startswith("."):
            path = f"{directory}/{name}"
            torn: list[Problem] = []
            sections = parse_ini(_text(files, path, torn), path, torn)
            for section, after in zip(sections, [*sections[1:], None]):
                if not _is_torn(section, after, torn):
                    found.take(section)
            found.problems.extend(torn)
    found.problems.sort(key=lambda problem: (problem.file, problem.line))
    return found.overrides()


def _text(files: Files, path: str, problems: list[Problem]) -> str:
    """A file's text; one that somebody else than root may have written decides nothing."""
    try:
        held = files.hold(path, MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        problems.append(problem_of(path, error))
        return ""
    fault = fault_of_trusted(held)
    if fault:
        problems.append(Problem(path, 0, phrase("{fault}; the file is left out", fault=fault), hides=True))
        return ""
    return text_of(held.data, path, problems)


def _is_torn(section: ConfigSection, after: Optional[ConfigSection], torn: list[Problem]) -> bool:
    """Whether a line of the section means nothing, or might: not every such line of a file is told."""
    lines = [problem.line for problem in torn if problem.line >= section.line]
    told_all = len(torn) < MOST_TORN
    return any(after is None or line < after.line for line in lines) or not (told_all or lines)


class _SectionReader:
    """The sections as they come."""

    def __init__(self) -> None:
        self.buckets: dict[str, Bucket] = {}
        self.extras: dict[str, Extra] = {}
        self.ignored: list[str] = []
        self.regions: dict[str, SiteRegion] = {}
        self.partitions: dict[str, SitePartition] = {}
        self.problems: list[Problem] = []

    def overrides(self) -> Overrides:
        """What came of it."""
        told = [(f"{one.file}:{one.line}" if one.line else one.file, one.text) for one in self.problems[:MOST_PROBLEMS]]
        if len(self.problems) > MOST_PROBLEMS:
            told.append((DIRECTORY, phrase("{count} more faults in its files", count=len(self.problems) - MOST_PROBLEMS)))
        site = Site(tuple(self.regions.values()), tuple(self.partitions.values()), tuple(told))
        return Overrides(tuple(self.buckets.values()), tuple(self.extras.values()), tuple(self.ignored), site)

    def take(self, section: ConfigSection) -> None:
        """One section, or what is wrong with it."""
        kind, _, title = section.name.partition(" ")
        title = title.strip()
        before = len(self.problems)

        def complain(key: str, words: str) -> None:
            line = section.lines.get(key, section.line)
            name = f"[{repeated(section.name)[:60]}] {repeated(key)[:40]}".rstrip()
            self.problems.append(
                Problem(section.file, line, phrase("{name}: {words}; the section is left out", name=name, words=words))
            )

        if kind not in KEYS or (kind == "ignore") == bool(title):
            complain("", phrase("unknown; expected {expected}", expected=EXPECTED))
        elif kind == "bucket" and title not in BUCKETS:
            complain("", phrase("unknown bucket; expected one of {buckets}", buckets=", ".join(BUCKETS)))
        for key in section.values if len(self.problems) == before else ():
            if key not in KEYS[kind]:
                complain(key, phrase("unknown; expected {expected}", expected=EXPECTED))
        if len(self.problems) == before:
            self._take_checked(kind, title, section, complain)

    def _take_checked(self, kind: str, title: str, section: ConfigSection, complain: sitefile.Complain) -> None:
        if kind == "bucket":
            bucket = _bucket(title, section, complain)
            if bucket is not None:
                self.buckets[title] = bucket
        elif kind == "repository":
            url = section.get("url")
            if place_of(url) is None:
                complain("url", "expected http:// or https:// and a host")
            else:
                self.extras[title] = Extra(title, url, is_on(section.get("required"), True), section.file)
        elif kind == "region":
            region = sitefile.region_of_site(section, title, complain)
            if region is not None:
                self.regions[title] = region
        elif kind == "partition":
            partition = sitefile.partition_of_site(section, title, complain)
            if partition is not None:
                self.partitions[title] = partition
        else:
            self.ignored += [word.strip() for word in section.get("repositories").replace("\n", ",").split(",") if word.strip()]


def _bucket(title: str, section: ConfigSection, complain: sitefile.Complain) -> Optional[Bucket]:
    host, path = section.get("host"), section.get("path")
    if not sitefile.HOST.fullmatch(host.replace("{region}", "region")):
        complain("host", "expected a host name, {region} allowed in it")
        return None
    if path and not _PATH.fullmatch(path):
        complain("path", "expected a path that begins with /, without blanks")
        return None
    return Bucket(title, host, path, section.file)
