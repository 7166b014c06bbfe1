"""/etc/ssm-bootstrap.conf, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Optional

from ssm_bootstrap.catalog.secrets import repeated
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.spread import checked_spread
from ssm_bootstrap.collect.trusted import read_trusted
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.aws import Region
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import phrase

if TYPE_CHECKING:
    import configparser

SECTIONS = {
    "node": ("region", "closed", "account"),
    "activation": ("id", "from", "code_file", "code"),
    "proxy": ("https", "http", "no_proxy"),
    "register": ("spread",),
}
KNOWN = ", ".join(f"[{name}] {' '.join(keys)}" for name, keys in SECTIONS.items())


@dataclass(frozen=True)
class Configuration:
    """/etc/ssm-bootstrap.conf, checked; empty or None where a key is not set. ``has_code``: the file itself holds the code."""

    region: str = ""
    closed: Optional[bool] = None
    account: str = ""
    activation_id: str = ""
    code_from: str = ""
    code_file: str = ""
    has_code: bool = False
    spread: str = ""  # as it is written; it is a time
    proxy: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # a URL may hold a password


def read_configuration(files: Files, path: str = paths.OUR_CONFIG) -> Configuration:
    """The configuration file, or its defaults where there is none; raises Refusal (78) with line and expectation."""
    parser = _parse(files, path)
    if parser is None:
        return Configuration()
    for section in parser.sections():
        if section not in SECTIONS:
            raise Refusal(
                ExitStatus.BAD_CONTENT,
                phrase("{path}: [{repeated}]: unknown; expected {known}", path=path, repeated=repeated(section), known=KNOWN),
            )
        for key in parser[section]:
            if key not in SECTIONS[section]:
                raise Refusal(
                    ExitStatus.BAD_CONTENT,
                    phrase(
                        "{path}: [{section}] {repeated}: unknown; expected {known}",
                        path=path,
                        section=section,
                        repeated=repeated(key),
                        known=KNOWN,
                    ),
                )
    region = parser.get("node", "region", fallback="").strip()
    if region:
        region = checked_region(phrase("{path}: [node] region", path=path), region)
    try:
        closed = parser.getboolean("node", "closed", fallback=None)
    except ValueError:
        raise Refusal(ExitStatus.BAD_CONTENT, phrase("{path}: [node] closed: expected yes or no", path=path)) from None
    account = parser.get("node", "account", fallback="").strip()
    if account and not re.fullmatch(r"[0-9]{12}", account):
        raise Refusal(
            ExitStatus.BAD_CONTENT,
            phrase(
                "{path}: [node] account: {repeated!r} is no account: expected 12 digits",
                path=path,
                repeated=repeated(account)[:40],
            ),
        )
    spread = parser.get("register", "spread", fallback="").strip()
    if spread:
        checked_spread(phrase("{path}: [register] spread", path=path), spread)
    for key in ("https", "http"):
        url = parser.get("proxy", key, fallback="").strip()
        if url and not _is_readable(url):
            expected = "expected a proxy such as http://proxy.example:3128"
            raise Refusal(
                ExitStatus.BAD_CONTENT, phrase("{path}: [proxy] {key}: {expected}", path=path, key=key, expected=expected)
            )
    return Configuration(
        region=region,
        closed=closed,
        account=account,
        activation_id=parser.get("activation", "id", fallback="").strip(),
        code_from=parser.get("activation", "from", fallback="").strip(),
        code_file=parser.get("activation", "code_file", fallback="").strip(),
        has_code=parser.has_option("activation", "code"),
        spread=spread,
        proxy=tuple(parser["proxy"].items()) if parser.has_section("proxy") else (),
    )


def _is_readable(url: str) -> bool:
    from ssm_bootstrap.collect.network.proxy_url import read_proxy_url  # not for those who have no proxy

    return read_proxy_url(url) is not None


def read_code(files: Files) -> str:
    """The activation code that the configuration file itself holds."""
    parser = _parse(files, paths.OUR_CONFIG)
    return parser.get("activation", "code", fallback="").strip() if parser is not None else ""


def configuration_without_code(files: Files) -> bytes:
    """The configuration file without its activation code, every other byte as it is; raises Refusal (78), OSError."""
    from ssm_bootstrap.collect.inifile import without_option  # not for those who only read

    path = paths.OUR_CONFIG
    text = files.read_bytes(path).decode("utf-8", "surrogateescape")
    rest = without_option(text, "activation", "code")
    was, now = _sections(text, path), _sections(rest, path)
    was.get("activation", {}).pop("code", None)
    if was != now:
        raise Refusal(
            ExitStatus.BAD_CONTENT,
            phrase("{path}: [activation] code: could not be taken out alone; take it out by hand", path=path),
        )
    return rest.encode("utf-8", "surrogateescape")


def _sections(text: str, path: str) -> dict[str, dict[str, str]]:
    import configparser

    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(text, path)
    except configparser.Error:
        raise Refusal(
            ExitStatus.BAD_CONTENT, phrase("{path}: expected [section] lines and key = value lines", path=path)
        ) from None
    return {name: dict(parser[name]) for name in parser.sections()}


def _parse(files: Files, path: str) -> Optional[configparser.ConfigParser]:
    try:
        text = read_trusted(files, path, path, 1 << 20).decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        return None  # it may hold a code, so that only root reads it: others go by flags, environment and IMDS
    except OSError as error:
        raise Refusal(ExitStatus.BAD_CONTENT, f"{path}: {words_of(error)}") from None
    import configparser  # most machines have no such file, and explain is to start at once

    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(text, path)
    except configparser.Error as error:
        line = getattr(error, "lineno", None) or next((number for number, _ in getattr(error, "errors", [])), None)
        place = f"{path}:{line}" if line else path
        raise Refusal(
            ExitStatus.BAD_CONTENT, phrase("{place}: expected [section] lines and key = value lines", place=place)
        ) from None
    return parser


def checked_region(source: str, text: str) -> Region:
    """What a person named, checked; raises Refusal (78)."""
    from ssm_bootstrap.catalog.regions import region_from_person  # most machines name none

    try:
        return region_from_person(text)
    except ValueError as error:
        raise Refusal(
            ExitStatus.BAD_CONTENT,
            phrase("{source}: {repeated!r} is not a valid region: {error}", source=source, repeated=repeated(text), error=error),
        ) from None
