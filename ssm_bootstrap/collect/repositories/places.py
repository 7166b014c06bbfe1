"""URLs of repositories: what is dialled, what may be shown, and the user and password apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Optional, Sequence
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from ssm_bootstrap.catalog.repositories import SUSE_PLUGIN_HOST

SHOWN_KEYS = frozenset(
    {"arch", "basearch", "cc", "content", "country", "infra", "protocol", "release", "releasever", "repo", "stream"}
)
"""Keys of a query that say which repository is meant; any other may be a key to it and is never shown."""

KEY_IN_PATH = {"packagecloud.io": r"^(/priv/)", "dl.cloudsmith.io": r"^(/)(?!public/|basic/)"}
"""Hosts that take the key to a private repository as a part of its path, and what stands before it."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}:(?=/|\[)")

HTTP = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Place:
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

    def below(self, name: str) -> Place:
        """A file below this directory; a query stays where it is, as libzypp keeps it."""
        path = self.path.rstrip("/") + "/" + name
        rest = self.request[len(self.path) :]
        return Place(self.scheme, self.host, self.port, path, path + rest, self.credentials, self.query)

    def moved(self, location: str) -> Optional[Place]:
        """Where a redirect leads, or None where that is no place; credentials stay with the host that they are for."""
        found = place_of(urljoin(f"{self.scheme}://{self._authority()}{self.request or self.path}", location))
        if found is None or found.credentials or (found.host, found.port) != (self.host, self.port):
            return found
        return Place(found.scheme, found.host, found.port, found.path, found.request, self.credentials, found.query)

    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def place_of(url: str) -> Optional[Place]:
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
    return Place(scheme, host, port or HTTP[scheme], path, request, credentials, _shown_query(parts.query))


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


def _susecloud(query: str) -> Optional[Place]:
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
