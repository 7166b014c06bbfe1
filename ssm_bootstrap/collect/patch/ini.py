"""``.repo`` files and yum's main configuration line by line, as libdnf reads them: each value with the line it stands on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ssm_bootstrap.collect.network.failures import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.patch import Problem

MOST_BYTES = 8 << 20
MOST_VALUE = 1 << 16
"""Characters of a value over all its lines; one that is longer names thousands of mirrors, and no more is read of it."""
_HEADER = re.compile(r"\[([^\]]*)\]\s*(?:[#;].*)?")


@dataclass
class RepositorySection:
    """``[name]`` with its values; a value that goes on over lines keeps its line ends."""

    name: str
    file: str
    line: int
    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def get(self, key: str, default: str = "") -> str:
        """A value, or the default."""
        return self.values.get(key, default)

    def words(self, key: str) -> list[str]:
        """A value that is a list: parted by blanks, commas or line ends."""
        return [word for word in re.split(r"[\s,]+", self.get(key)) if word]

    def place(self, key: str) -> str:
        """``file:line`` of a key."""
        return f"{self.file}:{self.lines[key]}"


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
        problems.append(Problem(path, 0, f"longer than {MOST_BYTES >> 20} MB: the rest of it was not read"))
    return data[:MOST_BYTES].decode("utf-8", "replace").lstrip("\ufeff")


def parse_ini(text: str, path: str, problems: list[Problem]) -> list[RepositorySection]:
    """The sections of a text; a line that is none of a file's kinds is a problem, and what follows it is read on.

    A problem does not quote the line: it may be the rest of a password.
    """
    sections: list[RepositorySection] = []
    key, cut = "", False
    reported = 0
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip()
        if not words or line[0] in "#;":
            key = key if line[:1] in "#;" and words else ""
            continue
        if line[0].isspace() and key and sections:
            value = sections[-1].values[key]
            if len(value) + len(words) < MOST_VALUE:
                sections[-1].values[key] = f"{value}\n{words}"
            elif not cut:
                cut = True
                problems.append(Problem(path, number, f"a value of more than {MOST_VALUE >> 10} KB: the rest of it is left out"))
            continue
        key = ""
        problem = ""
        if words.startswith("["):
            header = _HEADER.fullmatch(words)
            if header and header[1].strip():
                sections.append(RepositorySection(header[1].strip(), path, number))
                continue
            problem = "expected [section], with its closing bracket"
        elif "=" not in words:
            problem = "expected key = value"
        elif not sections:
            problem = "expected [section] before the first value"
        else:
            name, _, value = words.partition("=")
            key, cut = name.strip().lower(), False
            sections[-1].values[key] = value.strip()[:MOST_VALUE]
            sections[-1].lines[key] = number
            continue
        reported += 1
        if reported <= 5:
            problems.append(Problem(path, number, problem, hides=True))
    return sections


def is_on(value: str, default: bool) -> bool:
    """A truth value as yum and dnf write it."""
    words = value.strip().lower()
    if words in ("1", "yes", "true", "on", "enabled"):
        return True
    return False if words in ("0", "no", "false", "off", "disabled") else default
