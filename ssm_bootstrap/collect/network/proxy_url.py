"""A proxy's URL as Go reads it, taken apart so that its user and password never go where somebody may see them.

Source: Go 1.22, net/url (parseAuthority, validUserinfo); golang.org/x/net/http/httpproxy, parseProxy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Optional
from urllib.parse import unquote

UNREADABLE = "(a URL that cannot be read)"
"""What is shown of such a URL: any piece of it may be a piece of a password."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_PORTS = {"https": 443, "socks5": 1080, "socks5h": 1080}
_WORD = re.compile(r"[^,\s]+")
_EXCEPTION = re.compile(r"\*|[\w.*-]+(?::[0-9]+)?(?:/[0-9]+)?|[0-9A-Fa-f:.]+(?:%\w+)?(?:/[0-9]+)?|\[[0-9A-Fa-f:.]+\](?::[0-9]+)?")
_USER = re.compile(r"(?:[A-Za-z0-9._:~!$&'()*+,;=@-]|%[0-9A-Fa-f]{2})*")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.%A-Za-z-]+\]|[A-Za-z0-9._~!$&'()*+,;=-]+|[A-Za-z0-9._\u0080-\U0010ffff-]+)(?::([0-9]*))?")


@dataclass(frozen=True)
class ProxyUrl:
    """What a readable URL names; ``credentials`` are ``user:password`` with escapes undone, or empty."""

    scheme: str
    host: str  # without the brackets of an IPv6 address
    port: int
    credentials: str = field(default="", repr=False)
    named_port: bool = True
    named_scheme: bool = True

    @property
    def shown(self) -> str:
        """The URL without user, password and path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{f'{self.scheme}://' if self.named_scheme else ''}{host}{f':{self.port}' if self.named_port else ''}"


def read_proxy_url(url: str) -> Optional[ProxyUrl]:
    """The URL taken apart; None where the agent cannot read it, or reads a piece of a password as something else."""
    before, mark, after = url.partition("://")
    named = bool(mark) and _SCHEME.fullmatch(before) is not None
    scheme, rest = (before.lower(), after) if named else ("http", url)
    end = next((place for place, letter in enumerate(rest) if letter in "/?#"), len(rest))
    authority, beyond = rest[:end], rest[end:]
    user, has_user, place = authority.rpartition("@")
    found = _HOST.fullmatch(place)
    if found is None or "@" in beyond or re.search(r"[\s\x00-\x1f\x7f]", url) or _USER.fullmatch(user) is None:
        return None
    port = int(found[2]) if found[2] and len(found[2]) <= 5 else 0
    if found[2] and not 0 < port < 65536:
        return None
    credentials = unquote(user) if has_user else ""
    return ProxyUrl(scheme, found[1].strip("[]"), port or _PORTS.get(scheme, 80), credentials, bool(found[2]), named)


def shown_proxy(url: str) -> str:
    """What may be shown of a proxy's URL: scheme, host and port, where these can be told from user and password."""
    if not url:
        return ""
    found = read_proxy_url(url)
    if found is None and "@" in url:
        before, mark, _ = url.partition("://")
        rest = url.rpartition("@")[2]
        found = read_proxy_url(f"{before}://{rest}" if mark and _SCHEME.fullmatch(before) else rest)
    return found.shown if found is not None else UNREADABLE


def shown_exceptions(text: str) -> str:
    """What may be shown of no_proxy: its names, addresses and networks; whatever else is in it may be a misplaced URL."""
    return _WORD.sub(lambda word: word[0] if _EXCEPTION.fullmatch(word[0]) else "***", text)
