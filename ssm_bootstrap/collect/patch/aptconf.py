"""apt.conf as apt reads it, and apt's lists of mirrors."""

from __future__ import annotations

import re
from typing import Iterator, Optional

from ssm_bootstrap.collect.patch.configured import RepositoryUrl, place_of, problem_of, read_text
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.patch import Problem
from ssm_bootstrap.model.phrase import phrase

DIRECTORY = "/etc/apt/apt.conf.d"
MAIN = "/etc/apt/apt.conf"
MOST_DEPTH = 10  # as configuration.cc
MOST_INCLUDES = 200
MOST_TEXT = 1 << 20
"""Characters of a file of apt.conf's kind that are read; real ones have some thousands."""

_TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?(?:\*/|\Z)|\#(?!include\b|clear\b)[^\n]*)"""
    r"""|(?P<order>\#(?:include|clear)\b)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign>[{};])|(?P<word>[^\s"{};]+)""",
    re.DOTALL,
)
_GOOD_NAME = re.compile(r"[A-Za-z0-9_.-]+")


class AptConfiguration:
    """Names in lower case and their last values; list items are kept under the name with ``::``.

    ``said`` is what apt says of it; where that is None, apt's files are read.
    """

    def __init__(self, files: Files, problems: list[Problem], said: Optional[dict[str, str]] = None) -> None:
        self._files = files
        self._problems = problems
        self._included = 0
        self._stopped = False
        self.values: dict[str, str] = said or {}
        for path in self._paths() if said is None else ():
            self._read(path, 0)

    def get(self, name: str) -> str:
        """A value, or an empty string."""
        return self.values.get(name.lower(), "")

    def _paths(self) -> Iterator[str]:
        try:
            names = self._files.list(DIRECTORY)
        except OSError as error:
            self._problems.append(problem_of(DIRECTORY, error))
            names = ()
        for name in names[:500]:
            if _GOOD_NAME.fullmatch(name) and ("." not in name or name.endswith(".conf")) and not name.startswith("."):
                yield f"{DIRECTORY}/{name}"
        yield MAIN

    def _read(self, path: str, depth: int) -> None:
        text = read_text(self._files, path, self._problems)
        if len(text) > MOST_TEXT:
            self._problems.append(
                Problem(path, 0, phrase("longer than {most_text} MB: the rest of it was not read", most_text=MOST_TEXT >> 20))
            )
            text = text[:MOST_TEXT]
        scope: list[str] = []
        words: list[tuple[str, bool]] = []
        order = ""
        place, begun, line = 0, 0, 1  # ``line`` is that of the character at ``begun``
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                line = text.count("\n", 0, place) + 1
                self._problems.append(Problem(path, line, "a quote that does not end; apt stops here", hides=True))
                return
            place = found.end()
            kind, token = found.lastgroup, found[0]
            if kind == "skip":
                continue
            line, begun = line + text.count("\n", begun, found.start()), found.start()
            if kind == "order":
                order = token
            elif token == "{" and kind == "sign":
                scope.append("::".join(word for word, _ in words))
                words = []
            elif kind == "sign":
                self._finish(path, line, depth, scope, words, order)
                words, order = [], ""
                if token == "}":
                    if not scope:
                        self._problems.append(Problem(path, line, "a } without its {; apt stops here", hides=True))
                        return
                    scope.pop()
            else:
                words.append((token[1:-1].replace('\\"', '"'), True) if kind == "text" else (token, False))
        if scope or words:
            line = text.count("\n") + 1
            self._problems.append(Problem(path, line, "the file ends before its last ; or }", hides=True))

    def _finish(self, path: str, line: int, depth: int, scope: list[str], words: list[tuple[str, bool]], order: str) -> None:
        """One statement: ``Name "value"``, a value of a list, an include."""
        if not words:
            return
        if order == "#include":
            self._included += 1
            if depth >= MOST_DEPTH and not self._stopped:  # apt ends with the first of these; every one would be told here
                self._stopped = True
                self._problems.append(Problem(path, line, "includes go round in a circle, or are too deep", hides=True))
            if not self._stopped and self._included <= MOST_INCLUDES:
                self._read(words[0][0], depth + 1)
            elif not self._stopped:
                self._stopped = True
                self._problems.append(
                    Problem(
                        path,
                        line,
                        phrase("more than {most_includes} includes: not followed from here on", most_includes=MOST_INCLUDES),
                    )
                )
            return
        if order == "#clear":
            gone = words[0][0].lower()
            self.values = {name: value for name, value in self.values.items() if not (name + "::").startswith(gone + "::")}
            return
        names = [part for part in scope if part]
        value = words[-1][0] if words[-1][1] or len(words) > 1 else ""
        if not words[0][1]:
            names.append(words[0][0])
        else:
            names.append("")
        self.values["::".join(names).lower()] = value


MOST_MIRRORS = 3


def list_of(uri: str) -> str:
    """The URI of the list behind ``mirror+http:``, ``mirror+file:`` or the old ``mirror:``; empty for another method."""
    if uri.startswith("mirror://"):
        return f"http{uri[len('mirror') :]}"
    return uri[len("mirror+") :] if uri.startswith(("mirror+http:", "mirror+https:", "mirror+file:")) else ""


def mirrors_of(text: str) -> list[RepositoryUrl]:
    """The first mirrors of a list, one a line before its tab; what is no HTTP is left out."""
    lines = [line.partition("\t")[0].strip() for line in text.splitlines() if not line.lstrip().startswith("#")]
    places = [place_of(line) for line in lines if line]
    return [place for place in places if place is not None][:MOST_MIRRORS]


def path_of(uri: str) -> str:
    """The path of a ``file:`` or ``copy:`` URI."""
    return f"/{uri.partition(':')[2].strip('/')}"
