"""apt's sources: one-line and deb822, with the proxy that apt itself would take.

apt is asked which it uses, and with which settings; the files tell where each stands, and all where apt cannot be asked.

Source: sources.list(5) and apt-transport-http(1) of apt 2.6, checked side by side with ``apt-get indextargets``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice
from typing import Iterator, Optional, Sequence

from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.collect.patch.aptconf import AptConfiguration, list_of, mirrors_of, path_of
from ssm_bootstrap.collect.patch.configured import (
    Configured,
    Entry,
    ParsedRepositories,
    ParserContext,
    ProxyChoice,
    RepositoryUrl,
    Wish,
    are_torn,
    choice_of,
    is_torn,
    place_of,
    problem_of,
    read_text,
    shown,
)
from ssm_bootstrap.collect.patch.dumps import AptSource, apt_settings, apt_sources
from ssm_bootstrap.model.patch import Problem, Repository
from ssm_bootstrap.model.phrase import phrase

ETC = "/etc/apt"
MOST_FILES = 1000
MOST_ENTRIES = 20_000
MOST_LINE = 1 << 16
"""Characters of a line that may be a source."""

TORN = "a URI that cannot be read: a blank, a quote or a bracket in it? apt refuses every source because of it"

_LINE = re.compile(r"(?P<type>deb|deb-src)\s+(?:\[(?P<options>[^\]]*)\]\s*)?(?P<rest>\S.*)")
_WORD = re.compile(r'(?:"[^"]*"?|\[[^\]]*\]?|[^\s"\[])+')  # what is never closed goes on to the end
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "i686": "i386", "armv7l": "armhf", "ppc64le": "ppc64el"}


class AptReader:
    """One reading of apt's configuration."""

    def __init__(self, around: ParserContext) -> None:
        self._around = around
        self._files = around.host.files
        self._reading = ParsedRepositories()
        self._conf = AptConfiguration(self._files, self._reading.problems, apt_settings(around.host))
        machine = around.host.machine.architecture()
        self._architecture = self._conf.get("APT::Architecture") or _ARCHITECTURES.get(machine, machine)

    def read(self) -> ParsedRepositories:
        """All sources, each URI and suite once."""
        seen: set[tuple[str, str]] = set()
        used = apt_sources(self._around.host)
        for number, entry in enumerate(self._entries() if used is None else self._placed(used)):
            if number >= MOST_ENTRIES:
                words = phrase("more than {most_entries} sources: nothing is read from here on", most_entries=MOST_ENTRIES)
                self._reading.problems.append(Problem(entry.file, entry.line, words))
                break
            key = (entry.uri.rstrip("/"), entry.suite)
            if (entry.source_code and entry.enabled) or (entry.enabled and key in seen):
                continue  # source code is in the same index, and patches nothing
            if entry.enabled:
                seen.add(key)
            self._take(entry)
        self._tell_own_from_alike()
        return self._reading

    def _tell_own_from_alike(self) -> None:
        """Where the distribution's own archive has a suite, a stranger's suite of the same name is not the distribution's.

        By suites: who has a mirror of the archive may well take the security updates from the distribution itself.
        """
        found = [item for item in self._reading.found if item.repository.own]
        suites = {item.repository.name.partition(" ")[0] for item in found if item.repository.provider}
        for item in found:
            if not item.repository.provider and item.repository.name.partition(" ")[0] in suites:
                item.repository = replace(item.repository, own=False)

    def _placed(self, used: Sequence[AptSource]) -> Iterator[Entry]:
        """The sources that apt says it uses, as they stand in the files; what is switched off stands there alone."""
        written = list(islice(self._entries(), MOST_ENTRIES))
        # apt refuses all sources because of one bad line: where it tells them, there is none, whatever was made of it here
        self._reading.problems[:] = [problem for problem in self._reading.problems if not problem.hides]
        rest: dict[tuple[str, int, str], list[AptSource]] = {}
        for source in used:
            rest.setdefault((source.file, source.number, source.suite), []).append(source)
        for entry in written:
            if not entry.enabled:
                yield entry
                continue
            same = rest.get((entry.file, entry.number, entry.suite if entry.suite != "/" else ""), [])
            found = next((source for source in same if source.uri == entry.uri.rstrip("/")), same[0] if len(same) == 1 else None)
            if found is not None and not entry.source_code:
                same.remove(found)
                yield replace(entry, components=found.components)
        for source in (source for same in rest.values() for source in same):  # apt reads what was not understood here
            line = source.number if source.file.endswith(".list") else 0
            if are_torn((source.uri, source.suite, *source.components)):  # apt takes the pieces of a password for a suite
                self._problem(source.file, line, TORN)
                continue
            yield Entry(source.file, line, source.uri, source.suite or "/", source.components)

    def _entries(self) -> Iterator[Entry]:
        main = self._path("SourceList", "sources.list")
        yield from self._one_line(main)
        parts = self._path("SourceParts", "sources.list.d")
        try:
            names = self._files.list(parts)
        except OSError as error:
            self._reading.problems.append(problem_of(parts, error))
            names = ()
        for name in names[:MOST_FILES]:
            if not re.fullmatch(r"[A-Za-z0-9_.-]+", name) or name.startswith("."):
                continue
            if name.endswith(".list"):
                yield from self._one_line(f"{parts}/{name}")
            elif name.endswith(".sources"):
                yield from self._deb822(f"{parts}/{name}")

    def _path(self, name: str, default: str) -> str:
        """A path of ``Dir::Etc``, below /etc/apt unless it is absolute."""
        value = self._conf.get(f"Dir::Etc::{name}") or default
        return value if value.startswith("/") else f"{ETC}/{value}"

    def _text(self, path: str) -> str:
        text = read_text(self._files, path, self._reading.problems)
        self._reading.files += bool(text)
        return text

    # -- the two formats

    def _one_line(self, path: str) -> Iterator[Entry]:
        for number, raw in enumerate(self._text(path).splitlines(), 1):
            if len(raw) > MOST_LINE:
                self._problem(
                    path, number, phrase("a line of more than {most_line} KB, which is not read", most_line=MOST_LINE >> 10)
                )
                continue
            line = raw.partition("#")[0].strip() if "[" not in raw.partition("#")[0] or "]" in raw.partition("#")[0] else raw
            if not line:
                continue
            found = _LINE.fullmatch(line)
            words = [word.strip('"') for word in _WORD.findall(found["rest"])] if found else []
            if found is None or len(words) < 2 or (not words[1].endswith("/") and len(words) < 3):
                expected = "expected deb [options] URI suite component; apt refuses every source because of it"
                self._problem(path, number, expected)
                continue
            if are_torn(words):
                self._problem(path, number, TORN)
                continue
            options = dict(part.split("=", 1) for part in (found["options"] or "").split() if "=" in part)
            entry = self._entry(path, number, words[0], words[1], tuple(words[2:]), options, found["type"] == "deb-src")
            yield replace(entry, number=number)

    def _deb822(self, path: str) -> Iterator[Entry]:
        for stanza, (number, fields) in enumerate(self._stanzas(path), 1):
            missing = [name for name in ("types", "uris", "suites") if not fields.get(name)]
            if missing:
                self._problem(
                    path,
                    number,
                    phrase("expected {capitalize}: in this stanza; apt refuses it", capitalize=missing[0].capitalize()),
                )
                continue
            types, suites = fields["types"].split(), fields["suites"].split()
            components = tuple(fields.get("components", "").split())
            if not components and any(not suite.endswith("/") for suite in suites):
                self._problem(path, number, "expected Components: in this stanza; apt refuses it")
                continue
            uris = fields["uris"].split()
            if are_torn(uris) or any(is_torn(uri) for uri in uris):
                self._problem(path, number, TORN)
                continue
            enabled = fields.get("enabled", "yes").strip().lower() not in ("no", "false", "off", "0", "without", "disable")
            signed = fields.get("signed-by", "").strip()
            options = {"signed-by": "a key in the file itself" if "BEGIN PGP" in signed else signed}
            for uri in uris:
                for suite in suites:
                    entry = self._entry(path, number, uri, suite, components, options, "deb" not in types)
                    yield replace(entry, enabled=enabled, number=stanza)

    def _stanzas(self, path: str) -> Iterator[tuple[int, dict[str, str]]]:
        fields: dict[str, str] = {}
        begun, name = 0, ""
        lines = self._text(path).splitlines()
        for number, line in enumerate([*lines, ""], 1):
            if line.startswith("#"):
                continue
            if not line.strip():
                if fields:
                    yield begun, fields
                fields, name = {}, ""
                continue
            if line[0].isspace():
                if name and len(fields[name]) < MOST_LINE:
                    fields[name] += "\n" + line.strip()[:MOST_LINE]
                elif name:
                    continue
                else:
                    self._problem(path, number, "a line that goes on, with nothing before it")
                continue
            key, colon, value = line.partition(":")
            if not colon or not re.fullmatch(r"[!-9;-~]+", key):
                self._problem(path, number, "expected Field: value; apt refuses the file because of it")
                continue
            begun, name = (begun if fields else number), key.lower()
            fields[name] = value.strip()[:MOST_LINE]

    def _entry(
        self, path: str, line: int, uri: str, suite: str, components: tuple[str, ...], options: dict[str, str], source: bool
    ) -> Entry:
        uri = uri.replace("$(ARCH)", self._architecture)
        suite = suite.replace("$(ARCH)", self._architecture)
        signed = options.get("signed-by", "").replace("\n", " ")
        return Entry(path, line, uri, suite, components, signed, True, source, options)

    def _problem(self, path: str, line: int, text: str) -> None:
        self._reading.problems.append(Problem(path, line, text, hides=True))

    # -- one source

    def _take(self, entry: Entry) -> None:
        name = f"{entry.suite} {' '.join(entry.components)}".strip()
        if not entry.enabled:
            self._reading.add(Configured(Repository(name, entry.file, entry.line, enabled=False)))
            return
        uri = list_of(entry.uri)
        listed = bool(uri) and not uri.startswith("file:")
        place = place_of(uri or entry.uri)
        wishes, local = [], self._local(entry)
        if place is not None:
            wishes = [Wish("mirrorlist", place, indexes=self._indexes(entry))] if listed else [self._index(place, entry)]
        elif uri:  # a list of mirrors on this machine
            mirrors = self._mirrors_here(uri)
            place, local = (mirrors[0], ()) if mirrors else (None, (path_of(uri),))
            wishes = [self._index(mirror, entry) for mirror in mirrors]
        own, provider = self._around.is_own(entry.suite.rstrip("/"), [place] if place else [])
        if own and not provider and place is not None and not listed and self._is_strange(entry):
            own = False
        remark = "" if wishes or local else self._remark(entry)
        asks = self._program_for_proxy(place)
        if asks:
            wishes, remark = [], phrase("its proxy is told by a program ({asks}), which is not run here", asks=asks)
        http, https = self._proxy(place, "http"), self._proxy(place, "https")
        chosen = (https if place is not None and place.secure else http).proxy
        key = bool(place and place.credentials) or (place is not None and self._has_login(place.host))
        repository = Repository(
            name=name,
            file=entry.file,
            line=entry.line,
            own=own,
            provider=provider,
            urls=(shown(entry.uri),),
            signed_by=entry.signed_by,
            client_certificate=key,
            proxy=f"{chosen} ({chosen.source})" if chosen else "",
            remark=remark,
        )
        bundle = self._conf.get("Acquire::https::CaInfo")
        verify = self._conf.get("Acquire::https::Verify-Peer").lower() not in ("false", "no", "0", "off")
        self._reading.add(Configured(repository, wishes, http, https, bundle, verify, key, local))

    @staticmethod
    def _index(place: RepositoryUrl, entry: Entry) -> Wish:
        flat = entry.suite.endswith("/")
        home = place if entry.suite == "/" else place.below(entry.suite.strip("/") if flat else f"dists/{entry.suite}")
        return Wish("InRelease", home.below("InRelease"), home.below("Release"))

    @staticmethod
    def _indexes(entry: Entry) -> tuple[str, str]:
        """The index and its spare below a mirror, as paths."""
        home = f"{entry.suite.strip('/')}/".lstrip("/") if entry.suite.endswith("/") else f"dists/{entry.suite}/"
        return f"{home}InRelease", f"{home}Release"

    @staticmethod
    def _local(entry: Entry) -> tuple[str, ...]:
        """The directory of a source on this machine; whether its index is in there is apt's to say."""
        return (path_of(entry.uri),) if entry.uri.startswith(("file:", "copy:")) else ()

    def _mirrors_here(self, uri: str) -> list[RepositoryUrl]:
        """The mirrors of a list on this machine; none where it cannot be read, which the look at the file tells."""
        try:
            return mirrors_of(self._files.read_text(path_of(uri), 1 << 18))
        except OSError:
            return []

    def _program_for_proxy(self, place: Optional[RepositoryUrl]) -> str:
        """The setting by which a program tells the proxy, where apt would ask it (AutoDetectProxy, apt-pkg/contrib/proxy.cc)."""
        if place is None or self._conf.get(f"Acquire::{place.scheme}::Proxy::{place.host}"):
            return ""
        names = (f"Acquire::{place.scheme}::Proxy-Auto-Detect", f"Acquire::{place.scheme}::ProxyAutoDetect")
        return next((name for name in names if self._conf.get(name)), "")

    @staticmethod
    def _is_strange(entry: Entry) -> bool:
        """A suite of the distribution's kind without any component of the distribution's is somebody else's."""
        return not set(entry.components) & {"main", "universe", "restricted", "multiverse", "contrib", "non-free"}

    @staticmethod
    def _remark(entry: Entry) -> str:
        scheme = entry.uri.partition(":")[0]
        return phrase("{scheme}: is not looked at", scheme=scheme) if scheme else "no URI"

    def _proxy(self, place: Optional[RepositoryUrl], scheme: str) -> ProxyChoice:
        """apt's choice: for the host, for the scheme, http's for https, then the environment; no_proxy goes before all."""
        proxies = self._around.proxies
        if place is None or not ProxySettings("x", "x", proxies.exceptions).url_for(place.host, place.port):
            return ProxyChoice()
        schemes = dict.fromkeys((scheme, "http"))
        names = [f"Acquire::{one}::Proxy{end}" for end in (f"::{place.host}", "") for one in schemes]
        for name in names:
            value = self._conf.get(name)
            if value:
                return ProxyChoice() if value.upper() == "DIRECT" else choice_of(value, f"apt.conf: {name}")
        found = self._around.from_environment(443 if scheme == "https" else 80, place.host)
        return found if found.proxy is not None else self._around.from_environment(80, place.host)

    def _has_login(self, host: str) -> bool:
        """Whether apt's own password files name the host (apt_auth.conf(5))."""
        try:
            paths = [f"{ETC}/auth.conf", *(f"{ETC}/auth.conf.d/{name}" for name in self._files.list(f"{ETC}/auth.conf.d"))]
        except OSError:
            return False
        for path in paths[:50]:
            try:
                if re.search(rf"^\s*machine\s+\S*{re.escape(host)}", self._files.read_text(path, 65536), re.MULTILINE):
                    return True
            except OSError:
                continue
        return False
