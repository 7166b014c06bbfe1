"""/etc/ssm-bootstrap.d/*.conf: buckets and repositories that a site adds to, or puts in place of, what the program knows.

[bucket patch-payload]              [repository internal]
host = s3.dualstack.{region}.…      url = http://mirror.example.com/ubuntu/dists/noble/InRelease
path = /aws-ssm-{region}/…          required = yes
                                    [ignore]
                                    repositories = epel, docker-ce-stable
"""

from __future__ import annotations

import configparser
from dataclasses import dataclass, field, replace

from ssm_bootstrap.catalog.patchobjects import ACCELERATED, PAYLOAD, SNAPSHOT
from ssm_bootstrap.collect.failures import words_of
from ssm_bootstrap.collect.repositories.configured import Configured, Reading, Wish
from ssm_bootstrap.collect.repositories.inireader import is_on
from ssm_bootstrap.collect.repositories.places import place_of, shown
from ssm_bootstrap.collect.repositories.surroundings import Surroundings
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.repositories import Repository

DIRECTORY = "/etc/ssm-bootstrap.d"
EXPECTED = "[bucket NAME] host path, [repository NAME] url required, [ignore] repositories"
KEYS = {"bucket": ("host", "path"), "repository": ("url", "required"), "ignore": ("repositories",)}
ROWS = ("s3-regional", "s3-bucket", "s3-bucket-http", "s3-dualstack", "s3-dualstack-http")
BUCKETS = (*ROWS, PAYLOAD, SNAPSHOT, ACCELERATED)


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
    """Everything that the files say, the last word of each name counting."""

    buckets: tuple[Bucket, ...] = ()
    extras: tuple[Extra, ...] = ()
    ignored: tuple[str, ...] = ()

    def add_to(self, reading: Reading, around: Surroundings) -> None:
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


def read_overrides(files: Files, directory: str = DIRECTORY) -> Overrides:
    """The files in order of their names; raises Refusal (78) with file and expectation."""
    buckets: dict[str, Bucket] = {}
    extras: dict[str, Extra] = {}
    ignored: list[str] = []
    try:
        names = files.list(directory)
    except OSError as error:
        raise Refusal(ExitStatus.BAD_CONTENT, f"{directory}: {words_of(error)}") from None
    for name in names:
        if not name.endswith(".conf") or name.startswith("."):
            continue
        path = f"{directory}/{name}"
        parser = _parse(files, path)
        for section in parser.sections():
            kind, _, title = section.partition(" ")
            title = title.strip()
            _check(path, section, kind, title, list(parser[section]))
            values = parser[section]
            if kind == "bucket":
                buckets[title] = _bucket(path, section, title, values)
            elif kind == "repository":
                url = values.get("url", "").strip()
                if place_of(url) is None:
                    raise _refusal(path, f"[{section}] url: expected http:// or https:// and a host")
                extras[title] = Extra(title, url, is_on(values.get("required", ""), True), path)
            else:
                ignored += [word.strip() for word in values.get("repositories", "").replace("\n", ",").split(",") if word.strip()]
    return Overrides(tuple(buckets.values()), tuple(extras.values()), tuple(ignored))


def _bucket(path: str, section: str, title: str, values: configparser.SectionProxy) -> Bucket:
    host = values.get("host", "").strip()
    if not host or "/" in host or "@" in host:
        raise _refusal(path, f"[{section}] host: expected a host name, {{region}} allowed in it")
    where = values.get("path", "").strip()
    if where and not where.startswith("/"):
        raise _refusal(path, f"[{section}] path: expected a path that begins with /")
    return Bucket(title, host, where, path)


def _check(path: str, section: str, kind: str, title: str, keys: list[str]) -> None:
    if kind not in KEYS or (kind == "ignore") == bool(title):
        raise _refusal(path, f"[{section}]: unknown; expected {EXPECTED}")
    if kind == "bucket" and title not in BUCKETS:
        raise _refusal(path, f"[{section}]: unknown bucket; expected one of {', '.join(BUCKETS)}")
    for key in keys:
        if key not in KEYS[kind]:
            raise _refusal(path, f"[{section}] {key}: unknown; expected {EXPECTED}")


def _parse(files: Files, path: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(files.read_text(path, 1 << 20), path)
    except OSError as error:
        raise _refusal(path, words_of(error)) from None
    except configparser.Error as error:
        line = getattr(error, "lineno", None) or next((number for number, _ in getattr(error, "errors", [])), None)
        raise _refusal(f"{path}:{line}" if line else path, "expected [section] lines and key = value lines") from None
    return parser


def _refusal(path: str, words: str) -> Refusal:
    return Refusal(ExitStatus.BAD_CONTENT, f"{path}: {words}")
