"""yum's and dnf's repositories: the main configuration, every ``.repo`` file, what they include, variables and proxies.

dnf is asked for every setting as it counts; the files tell where each stands, and all where dnf cannot be asked.

Source: dnf.conf(5) and libdnf 0.69 (Debian 12's own, checked side by side); yum.conf(5) of yum 3.4 (``include``).
"""

from __future__ import annotations

import posixpath
import re
from typing import Mapping, Optional

from ssm_bootstrap.collect.inifile import ConfigSection, is_on, parse_ini
from ssm_bootstrap.collect.patch.configured import (
    MOST_URLS,
    Configured,
    ParsedRepositories,
    ParserContext,
    ProxyChoice,
    RepositoryUrl,
    Wish,
    choice_of,
    place_of,
    problem_of,
    read_text,
    shown,
)
from ssm_bootstrap.collect.patch.dumps import dnf_dump
from ssm_bootstrap.collect.patch.variables import Variables, variables_for
from ssm_bootstrap.model.patch import Manager, Problem, Repository
from ssm_bootstrap.model.phrase import phrase

MAIN = {Manager.YUM: "/etc/yum.conf", Manager.DNF: "/etc/dnf/dnf.conf"}
DIRECTORIES = {
    Manager.YUM: ("/etc/yum/repos.d", "/etc/yum.repos.d"),
    Manager.DNF: ("/etc/yum.repos.d", "/etc/yum/repos.d", "/etc/distro.repos.d"),
}
VARIABLES = {Manager.YUM: ("/etc/yum/vars",), Manager.DNF: ("/etc/yum/vars", "/etc/dnf/vars")}
MOST_FILES = 1000
MOST_INCLUDES = 100
_NAME = re.compile(r"[\w.:-]+", re.ASCII)
AL2023_SKIPS = "the default of Amazon Linux 2023"


class YumReader:
    """One reading of yum's or dnf's configuration."""

    def __init__(self, around: ParserContext) -> None:
        self._around = around
        self._files = around.host.files
        self._reading = ParsedRepositories()
        self._included = 0
        self._variables = Variables()
        self._main: Optional[ConfigSection] = None
        self._dump = dnf_dump(around.host) if around.manager is Manager.DNF else None
        self._torn: dict[str, set[str]] = {}  # files with a line that means nothing, and what they name
        self._taken: set[str] = set()

    def read(self) -> ParsedRepositories:
        """All repositories, with their variables filled in."""
        manager = self._around.manager
        sections = self._sections(MAIN[manager], ())
        self._main = next((section for section in sections if section.name == "main"), None)
        around = self._around
        directories = (self._main.words("varsdir") if self._main else []) or VARIABLES[manager]
        if self._dump is not None:
            self._variables = Variables(dict(self._dump.variables))
        else:
            self._variables = variables_for(
                around.host, around.system, around.region, directories, self._reading.problems, around.site
            )
        self._reading.release, self._reading.guessed = self._variables.values.get("releasever", ""), self._variables.guessed
        for section in sections:
            self._take(section)
        for path in self._repository_files((self._main.words("reposdir") if self._main else []) or DIRECTORIES[manager]):
            for section in self._sections(path, ()):
                self._take(section)
        self._forget_what_dnf_understands()
        return self._reading

    def _forget_what_dnf_understands(self) -> None:
        """A line that means nothing here is none where dnf, which leaves out a whole file because of one, has all of the file."""
        known = set(self._dump.repositories) if self._dump is not None else set()
        sound = {path for path, names in self._torn.items() if names and names <= known}
        problems = self._reading.problems
        problems[:] = [problem for problem in problems if not (problem.hides and problem.file in sound)]

    def _repository_files(self, directories: tuple[str, ...] | list[str]) -> list[str]:
        found: list[str] = []
        for directory in directories:
            try:
                names = [name for name in self._files.list(directory) if name.endswith(".repo")]
            except OSError as error:
                self._reading.problems.append(problem_of(directory, error))
                continue
            found += [f"{directory}/{name}" for name in names]
        self._reading.files += len(found)
        if len(found) > MOST_FILES:
            self._reading.problems.append(
                Problem(
                    found[MOST_FILES], 0, phrase("more than {most_files} files: not read from here on", most_files=MOST_FILES)
                )
            )
        return found[:MOST_FILES]

    def _sections(self, path: str, above: tuple[str, ...]) -> list[ConfigSection]:
        """The sections of a file and, for yum, of what it includes."""
        problems = self._reading.problems
        before = len(problems)
        found = parse_ini(read_text(self._files, path, problems), path, problems)
        sections = _joined(found)
        if any(problem.hides for problem in problems[before:]):
            self._torn[path] = {section.name for section in sections}
        if self._around.manager is not Manager.YUM:
            return sections
        for section in list(sections):
            target = section.get("include")
            if target:
                sections += self._include(section, target, (*above, path))
        return sections

    def _include(self, section: ConfigSection, target: str, above: tuple[str, ...]) -> list[ConfigSection]:
        line, problems = section.lines["include"], self._reading.problems
        if "://" in target and not target.startswith("file://"):
            problems.append(
                Problem(section.file, line, phrase("include of {shown}: only files are looked at", shown=shown(target)))
            )
            return []
        path = target[len("file://") :] if target.startswith("file://") else target
        path = posixpath.normpath(posixpath.join(posixpath.dirname(section.file), path))
        self._included += 1
        if path in above:
            problems.append(
                Problem(section.file, line, phrase("include of {path} goes round in a circle", path=path), hides=True)
            )
            return []
        if self._included > MOST_INCLUDES:
            if self._included == MOST_INCLUDES + 1:
                problems.append(
                    Problem(
                        section.file,
                        line,
                        phrase("more than {most_includes} includes: not followed from here on", most_includes=MOST_INCLUDES),
                    )
                )
            return []
        return self._sections(path, above)

    # -- one repository

    def _take(self, section: ConfigSection) -> None:
        if section.name == "main" or section.name in self._taken:  # the first file that names one counts
            return
        self._taken.add(section.name)
        if not _NAME.fullmatch(section.name):
            words = f"[{section.name}] is not used: expected letters, digits, -, _, . and : in the name"
            self._reading.problems.append(Problem(section.file, section.line, words, hides=True))
            return
        said = self._said(section)
        if self._dump is not None and not said and section.file not in self._torn:
            words = f"[{section.name}] is not used: dnf leaves it out"
            self._reading.problems.append(Problem(section.file, section.line, words, hides=True))
            return
        before = len(self._reading.problems)
        enabled = is_on(self._value(section, "enabled"), True)
        if not enabled:
            self._reading.add(Configured(Repository(section.name, section.file, section.line, enabled=False)))
            del self._reading.problems[before:]  # nobody misses a variable of what is switched off
            return
        bases = [word for word in self._value(section, "baseurl").replace(",", " ").split() if not word.startswith("#")]
        del bases[MOST_URLS:]
        lists = self._lists(section)
        places = [place for place in (place_of(url) for url in bases) if place is not None]
        wishes = [Wish(what, place) for what, place in lists]
        wishes += [Wish("repomd.xml", place.below("repodata/repomd.xml")) for place in places]
        around = self._around
        own, provider = around.is_own(section.name, [*(place for _, place in lists), *places])
        local = tuple(f"/{url[len('file:') :].strip('/')}/repodata/repomd.xml" for url in bases if url.startswith("file:"))
        certificate = bool(self._setting(section, "sslclientcert"))
        http, https = self._proxies(section, [place for _, place in lists] + places)
        chosen = https.proxy or http.proxy
        repository = Repository(
            name=section.name,
            file=section.file,
            line=section.line,
            own=own,
            provider=provider,
            urls=tuple(shown(url) for url in bases),
            lists=tuple(place.shown for _, place in lists),
            skipped_by=self._skipped_by(section),
            client_certificate=certificate,
            proxy=f"{chosen} ({chosen.source})" if chosen else "",
            remark=self._remark(section, bases, wishes, local),
        )
        key = certificate or bool(self._setting(section, "username")) or any(place.credentials for place in places)
        bundle, verify = self._setting(section, "sslcacert"), is_on(self._setting(section, "sslverify"), True)
        self._reading.add(Configured(repository, wishes, http, https, bundle, verify, key, local))

    def _value(self, section: ConfigSection, key: str) -> str:
        """A value with its variables filled in; a variable that nobody knows is a problem with its line."""
        text = self._said(section).get(key, section.get(key))
        if "$" not in text and "REGION" not in text:
            return text
        filled, unknown = self._variables.expand(text)
        for name in unknown:
            words = f"[{section.name}] {key}: no value for the variable ${name}"
            self._reading.problems.append(Problem(section.file, section.lines.get(key, section.line), words))
        if "aws.ce.redhat.com" in filled:  # the plugin amazon-id of RHUI's client fills it in
            filled = filled.replace("REGION", self._around.region or "REGION")
        return filled

    def _lists(self, section: ConfigSection) -> list[tuple[str, RepositoryUrl]]:
        """Lists of mirrors; one called mirrorlist whose URL says metalink is one of those (dnf.conf(5))."""
        found = []
        for key in ("metalink", "mirrorlist"):
            url = self._value(section, key).strip()
            place = place_of(url) if url else None
            if place is not None:
                found.append(("metalink" if "metalink" in url else key, place))
            elif url:
                line = section.lines.get(key, section.line)
                self._reading.problems.append(Problem(section.file, line, f"[{section.name}] {key}: {shown(url)} is no URL"))
        return found[:1]

    def _said(self, section: ConfigSection) -> Mapping[str, str]:
        """What dnf says of a section; nothing where it was not asked, or leaves the file out."""
        return self._dump.repositories.get(section.name, {}) if self._dump is not None else {}

    def _setter(self, section: ConfigSection, key: str) -> Optional[ConfigSection]:
        """Who sets a value in the files: the repository's own section, else the main one."""
        return next((one for one in (section, self._main) if one is not None and key in one.values), None)

    def _setting(self, section: ConfigSection, key: str) -> str:
        """A value that the main section may give, as it counts."""
        setter = self._setter(section, key)
        return self._said(section).get(key, setter.get(key) if setter is not None else "")

    def _skipped_by(self, section: ConfigSection) -> str:
        """The setting by which the package manager goes on without this repository."""
        value, setter = self._setting(section, "skip_if_unavailable"), self._setter(section, "skip_if_unavailable")
        system = self._around.system
        is_2023 = system.identifier == "amzn" and self._around.manager is Manager.DNF
        if not value:
            return AL2023_SKIPS if is_2023 else ""
        if not is_on(value, False):
            return ""
        unset = AL2023_SKIPS if is_2023 else "the default of this dnf"
        return setter.place("skip_if_unavailable") if setter is not None else unset

    def _proxies(self, section: ConfigSection, places: list[RepositoryUrl]) -> tuple[ProxyChoice, ProxyChoice]:
        """The proxy for http and for https: the repository's, the main section's, the environment's."""
        url, setter = self._setting(section, "proxy"), self._setter(section, "proxy")
        if url or setter is not None:  # dnf says nothing both of what is unset and of what is set to none: the files tell
            if url.lower() in ("", "_none_"):
                return ProxyChoice(), ProxyChoice()
            choice = choice_of(url, setter.place("proxy") if setter is not None else "dnf")
            user = self._setting(section, "proxy_username")
            if user and not choice.credentials:
                choice = ProxyChoice(choice.proxy, f"{user}:{self._setting(section, 'proxy_password')}")
            return choice, choice
        host = places[0].host if places else ""
        return self._around.from_environment(80, host), self._around.from_environment(443, host)

    @staticmethod
    def _remark(section: ConfigSection, bases: list[str], wishes: list[Wish], local: tuple[str, ...]) -> str:
        if wishes or local:
            return ""
        if not bases and not section.get("mirrorlist") and not section.get("metalink"):
            return "neither baseurl nor mirrorlist nor metalink is set"
        return phrase("{shown} cannot be looked at over HTTP", shown=shown(bases[0]) if bases else "its list of mirrors")


def _joined(sections: list[ConfigSection]) -> list[ConfigSection]:
    """One section a name: where a file names one twice, what comes later goes before what it said above (libdnf, iniparse)."""
    found: dict[str, ConfigSection] = {}
    for section in sections:
        first = found.setdefault(section.name, section)
        if first is not section:
            first.values.update(section.values)
            first.lines.update(section.lines)
    return list(found.values())
