"""zypper's repositories: /etc/zypp/repos.d, libzypp's variables, and the proxy of /etc/sysconfig/proxy.

Source: libzypp's RepoFileReader and zypper(8), SLES 15 (stored copies, read 2026-11).
"""

from __future__ import annotations

import shlex
from dataclasses import replace

from ssm_bootstrap.collect.inifile import ConfigSection, is_on, parse_ini
from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.collect.patch.configured import (
    MOST_URLS,
    Configured,
    ParsedRepositories,
    ParserContext,
    Wish,
    place_of,
    problem_of,
    read_text,
    shown,
)
from ssm_bootstrap.collect.patch.variables import Variables, variables_for
from ssm_bootstrap.model.patch import Problem, Repository
from ssm_bootstrap.model.phrase import phrase

DIRECTORY = "/etc/zypp/repos.d"
PROXY = "/etc/sysconfig/proxy"
MOST_FILES = 1000


class ZypperReader:
    """One reading of zypper's configuration."""

    def __init__(self, around: ParserContext) -> None:
        self._around = around
        self._reading = ParsedRepositories()
        self._variables = Variables()
        self._proxies = around.proxies

    def read(self) -> ParsedRepositories:
        """All repositories, with their variables filled in."""
        around, reading = self._around, self._reading
        self._variables = variables_for(
            around.host, around.system, around.region, ("/etc/zypp/vars.d",), reading.problems, around.site
        )
        reading.release, reading.guessed = around.system.version, False
        self._variables.values.setdefault("releasever", around.system.version)
        self._proxies = self._proxies or self._system_proxy()
        try:
            names = [name for name in around.host.files.list(DIRECTORY) if name.endswith(".repo")]
        except OSError as error:
            reading.problems.append(problem_of(DIRECTORY, error))
            names = []
        reading.files = len(names)
        for name in names[:MOST_FILES]:
            path = f"{DIRECTORY}/{name}"
            for section in parse_ini(read_text(around.host.files, path, reading.problems), path, reading.problems):
                self._take(section)
        return reading

    def _take(self, section: ConfigSection) -> None:
        if not is_on(section.get("enabled"), True):
            self._reading.add(Configured(Repository(section.name, section.file, section.line, enabled=False)))
            return
        bases = self._urls(section, "baseurl")
        lists = self._urls(section, "mirrorlist") + self._urls(section, "metalink")
        wishes, places = [], []
        for url in lists:
            place = place_of(url)
            if place is not None:
                places.append(place)
                wishes.append(Wish("metalink" if "metalink" in url else "mirrorlist", place))
        inside = self._expand(section, "path").strip("/")
        indexed = section.get("type").lower() in ("", "rpm-md", "rpmmd", "repomd", "yum", "none")
        for url in bases:
            place = place_of(url)
            if place is not None and indexed:
                places.append(place)
                base = place.below(inside) if inside else place
                wishes.append(Wish("repomd.xml", base.below("repodata/repomd.xml")))
        own, provider = self._around.is_own(section.name, places)
        key = any("credentials=" in url or url.startswith("plugin:") for url in bases) or any(p.credentials for p in places)
        host = places[0].host if places else ""
        around = replace(self._around, proxies=self._proxies)
        http, https = around.from_environment(80, host), around.from_environment(443, host)
        local = tuple(
            f"/{url.partition(':')[2].strip('/')}/repodata/repomd.xml"
            for url in bases
            if indexed and url.startswith(("file:", "dir:"))
        )
        remark = (
            "" if wishes or local else phrase("{shown}: not looked at over HTTP", shown=shown(bases[0]) if bases else "no URL")
        )
        if not indexed:
            remark = phrase("its type {get} has no repomd.xml: not looked at", get=section.get("type"))
        chosen = https.proxy or http.proxy
        repository = Repository(
            name=section.name,
            file=section.file,
            line=section.line,
            own=own,
            provider=provider,
            urls=tuple(shown(url) for url in bases),
            lists=tuple(shown(url) for url in lists),
            client_certificate=key,
            proxy=f"{chosen} ({chosen.source})" if chosen else "",
            remark=remark,
        )
        self._reading.add(Configured(repository, wishes, http, https, has_key=key, local=local))

    def _urls(self, section: ConfigSection, key: str) -> list[str]:
        return [word for word in self._expand(section, key).split() if not word.startswith("#")][:MOST_URLS]

    def _expand(self, section: ConfigSection, key: str) -> str:
        text = section.get(key)
        filled, unknown = self._variables.expand(text) if "$" in text else (text, ())
        for name in unknown:
            words = f"[{section.name}] {key}: no value for the variable ${name}"
            self._reading.problems.append(Problem(section.file, section.lines[key], words))
        return filled

    def _system_proxy(self) -> ProxySettings:
        """The proxy that libzypp reads where no variable names one."""
        try:
            text = self._around.host.files.read_text(PROXY, 65536)
            words = shlex.split(text, comments=True)
        except (OSError, ValueError):
            return ProxySettings()
        values = dict(word.partition("=")[::2] for word in words if "=" in word)
        if values.get("PROXY_ENABLED", "").lower() != "yes":
            return ProxySettings()
        return ProxySettings(values.get("HTTPS_PROXY", ""), values.get("HTTP_PROXY", ""), values.get("NO_PROXY", ""), PROXY)
