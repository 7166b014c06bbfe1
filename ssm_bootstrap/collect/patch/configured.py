"""A repository as a parser hands it over: its place, what may be shown of it, and what must never get into the model."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Optional, Sequence
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from ssm_bootstrap.catalog.distributions import SUSE_PLUGIN_HOST, distribution_of, provider_of
from ssm_bootstrap.collect.network.targets import ProxySettings, proxy_of
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.machine import SystemName
from ssm_bootstrap.model.network import Proxy
from ssm_bootstrap.model.patch import Manager, Problem, Repository
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import Site

SHOWN_KEYS = frozenset(
    {"arch", "basearch", "cc", "content", "country", "infra", "protocol", "release", "releasever", "repo", "stream"}
)
"""Keys of a query that say which repository is meant; any other may be a key to it and is never shown."""

KEY_IN_PATH = {"packagecloud.io": r"^(/priv/)", "dl.cloudsmith.io": r"^(/)(?!public/|basic/)"}
"""Hosts that take the key to a private repository as a part of its path, and what stands before it."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}:(?=/|\[)")

HTTP = {"http": 80, "https": 443}


@dataclass(frozen=True)
class RepositoryUrl:
    """One URL over HTTP: ``request`` is what the server is asked for, ``credentials`` is ``user:password``."""

    scheme: str
    host: str
    port: int
    path: str
    request: str = field(default="", repr=False)
    credentials: str = field(default="", repr=False)
    query: str = ""

    @property
    def secure(self) -> bool:
        """True for HTTPS."""
        return self.scheme == "https"

    @property
    def shown(self) -> str:
        """The URL without user, password and whatever may be a key."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if HTTP[self.scheme] == self.port else f":{self.port}"
        return f"{self.scheme}://{host}{port}{_shown_path(self.host, self.path)}{self.query}"

    def below(self, name: str) -> RepositoryUrl:
        """A file below this directory; a query stays where it is, as libzypp keeps it."""
        path = self.path.rstrip("/") + "/" + name
        rest = self.request[len(self.path) :]
        return RepositoryUrl(self.scheme, self.host, self.port, path, path + rest, self.credentials, self.query)

    def moved(self, location: str) -> Optional[RepositoryUrl]:
        """Where a redirect leads, or None where that is no place; credentials stay with the host that they are for."""
        found = place_of(urljoin(f"{self.scheme}://{self._authority()}{self.request or self.path}", location))
        if found is None or found.credentials or (found.host, found.port) != (self.host, self.port):
            return found
        return RepositoryUrl(found.scheme, found.host, found.port, found.path, found.request, self.credentials, found.query)

    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def place_of(url: str) -> Optional[RepositoryUrl]:
    """The place that an http or https URL names; None for another scheme or for what is no URL."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme == "plugin" and parts.path.strip("/") == "susecloud":
        return _susecloud(parts.query)
    host = (parts.hostname or "").lower()
    if scheme not in HTTP or not host or any(letter.isspace() for letter in parts.netloc):
        return None
    if not parts.path and "@" in parts.query + parts.fragment:  # a password with ? or # in it: what is before it is no host
        return None
    credentials = unquote(parts.netloc.rpartition("@")[0])
    path = parts.path or "/"
    request = path + (f"?{parts.query}" if parts.query else "")
    return RepositoryUrl(scheme, host, port or HTTP[scheme], path, request, credentials, _shown_query(parts.query))


def _shown_path(host: str, path: str) -> str:
    """The path without the key that these hosts take as a part of it (their pages on private repositories)."""
    for name, before in KEY_IN_PATH.items():
        if host == name or host.endswith(f".{name}"):
            path = re.sub(before + r"[^/]+", r"\1***", path)
    return path


def _shown_query(query: str) -> str:
    if not query:
        return ""
    keys = [name.lower() for name, _ in parse_qsl(query, keep_blank_values=True)]
    return f"?{query}" if keys and all(name in SHOWN_KEYS for name in keys) else "?***"


def _susecloud(query: str) -> Optional[RepositoryUrl]:
    """``plugin:/susecloud?credentials=...&path=...``: the plugin turns it into the update server's URL."""
    path = dict(parse_qsl(query, keep_blank_values=True)).get("path", "")
    return place_of(f"https://{SUSE_PLUGIN_HOST}{path}") if path.startswith("/") else None


def are_torn(words: Sequence[str]) -> bool:
    """Whether what stands where URLs, suites and components are expected may be the pieces of one URL and its password."""
    return is_torn(words[0]) or any("@" in word and place_of(_unlisted(word)) is None for word in words[1:])


def is_torn(url: str) -> bool:
    """Whether a word in a URL's place is none: what was torn at a blank, a quote or a bracket may be a piece of a password."""
    scheme = _SCHEME.match(url)
    return scheme is None or (scheme[0].lower().endswith(("http:", "https:")) and place_of(_unlisted(url)) is None)


def _unlisted(url: str) -> str:
    """apt's ``mirror+http://`` and the like without what stands before the ``+``."""
    return url.partition("+")[2] if "+" in url.partition(":")[0] else url


def shown(url: str) -> str:
    """Any URL as it may be shown; of one that cannot be read nothing but the scheme of the web."""
    place = place_of(url)
    if place is not None:
        return place.shown
    scheme, found, rest = url.partition("://")
    if is_torn(url) and "@" not in rest:
        return f"{scheme}://***" if found and scheme.lower().endswith(("http", "https")) else "***"
    words = rest if found else url
    if "@" in words.partition("?")[2]:  # a password with a question mark in it, or a key with an @: nobody can tell
        words = "***"
    words = words.partition("?")[0].rpartition("@")[2]
    return (f"{scheme}://{words}" if found else words)[:200]


MOST_BYTES = 8 << 20
"""Bytes of a configuration file that are read."""

MOST_REPOSITORIES = 500
"""How many are kept; a machine with more has been set up by accident."""

MOST_URLS = 20
"""How many URLs of one repository are kept: a package manager tries them one after another."""


@dataclass(frozen=True)
class Wish:
    """One file to ask for: an index, or a list of mirrors (``what``).

    ``spare`` is asked for where the first is missing. ``indexes``: below each mirror of an apt list, the index and its spare.
    """

    what: str
    place: RepositoryUrl
    spare: Optional[RepositoryUrl] = None
    indexes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProxyChoice:
    """The proxy of a repository with its ``user:password``, or none."""

    proxy: Optional[Proxy] = None
    credentials: str = field(default="", repr=False)


@dataclass
class Configured:
    """A repository and how it is reached. ``bundle``: the only certificates that count. ``local``: index files on disk."""

    repository: Repository
    wishes: list[Wish] = field(default_factory=list)
    http_proxy: ProxyChoice = field(default_factory=ProxyChoice)
    https_proxy: ProxyChoice = field(default_factory=ProxyChoice)
    bundle: str = ""
    verify: bool = True
    has_key: bool = False  # a client certificate or a password is configured
    local: tuple[str, ...] = ()


@dataclass
class ParsedRepositories:
    """What a parser gives: repositories in the order of their files, problems, and how many there are in all.

    ``enabled`` counts those that are switched on, ``off`` the others, ``files`` the files that may name some.
    """

    found: list[Configured] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    total: int = 0
    release: str = ""
    guessed: bool = False
    enabled: int = 0
    off: int = 0
    files: int = 0

    def add(self, configured: Configured) -> None:
        """One more, as long as there are not too many; the hundreds that are switched off by a subscription do not count."""
        self.total += 1
        if not configured.repository.enabled:
            self.off += 1
            if self.off <= MOST_REPOSITORIES:
                self.found.append(configured)
            return
        self.enabled += 1
        if self.enabled <= MOST_REPOSITORIES:
            self.found.append(configured)
        elif self.enabled == MOST_REPOSITORIES + 1:
            where = configured.repository
            words = phrase(
                "more than {most_repositories} repositories: those from here on are not looked at",
                most_repositories=MOST_REPOSITORIES,
            )
            self.problems.append(Problem(where.file, where.line, words))


@dataclass
class Entry:
    """One source of apt's: where it stands, its URI, suite and components; ``suite`` ends with a slash for a flat repository.

    ``number`` is how apt counts it: its line in a list, its stanza in a deb822 file.
    """

    file: str
    line: int
    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str = ""
    enabled: bool = True
    source_code: bool = False
    options: dict[str, str] = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True)
class ParserContext:
    """The machine, its system, the region, the proxy variables of the agent's unit, and what the site's files say of AWS."""

    host: Host
    system: SystemName
    manager: Manager
    region: str
    proxies: ProxySettings = field(repr=False)
    site: Site

    def from_environment(self, place_port: int, host: str) -> ProxyChoice:
        """The proxy that the variables give for a host and a port."""
        url = self.proxies.url_for(host, 443 if place_port == 443 else 80)
        return choice_of(url, self.proxies.source)

    def is_own(self, name: str, places: list[RepositoryUrl]) -> tuple[bool, str]:
        """Whether the distribution's own patches come from here, and the catalogue's row for the place."""
        row = distribution_of(self.system.identifier)
        providers = [provider_of(place.host) for place in places]
        known = next((provider.name for provider in providers if provider is not None), "")
        own = row is not None and (re.fullmatch(row.own, name) is not None or re.fullmatch(row.provider, known) is not None)
        return own, known


def choice_of(url: str, source: str) -> ProxyChoice:
    """A proxy URL as a choice; what does not parse is no proxy."""
    if not url:
        return ProxyChoice()
    proxy, credentials = proxy_of(url, source)
    return ProxyChoice(proxy, credentials)


def problem_of(path: str, error: OSError) -> Problem:
    """A file or a directory that cannot be read; what only root may read is no fault of the configuration."""
    unread = isinstance(error, PermissionError)
    return Problem(path, 0, words_of(error), hides=not unread, unread=unread)


def read_text(files: Files, path: str, problems: list[Problem]) -> str:
    """A file's text; what cannot be read, or is too long, is a problem."""
    try:
        data = files.read_bytes(path, MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        problems.append(problem_of(path, error))
        return ""
    return text_of(data, path, problems)


def text_of(data: bytes, path: str, problems: list[Problem]) -> str:
    """The text of what was read of a file; what is none, or goes on beyond the bound, is a problem."""
    if b"\0" in data:
        problems.append(Problem(path, 0, "not text", hides=True))
        return ""
    if len(data) > MOST_BYTES:
        problems.append(
            Problem(path, 0, phrase("longer than {most_bytes} MB: the rest of it was not read", most_bytes=MOST_BYTES >> 20))
        )
    return data[:MOST_BYTES].decode("utf-8", "replace").lstrip("\ufeff")
