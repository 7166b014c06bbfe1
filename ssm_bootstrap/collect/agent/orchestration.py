"""What the agent keeps of a command: the output of its steps, the state that it ended in, its lines in the agent's log.

Source: amazon-ssm-agent 3.3.1142.0, appconfig (orchestration and document state directories), agent/framework/docmanager.
"""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any, Iterator, Optional, Sequence

from ssm_bootstrap.catalog.secrets import mask_shapes
from ssm_bootstrap.collect import paths
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files, modified
from ssm_bootstrap.model.agent import Command, StepOutput
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from ssm_bootstrap.model.phrase import phrase

SHAPE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MOST_BYTES = 1 << 20
MOST_LOG = 64 << 20
MOST_OUTPUT = 32 << 20
MOST_LINES = 20
MOST_LINE = 4000
MOST_FILES = 200
MOST_DIRECTORIES = 500
MOST_DEPTH = 5
LOGS = (f"{paths.LOGS}/amazon-ssm-agent.log.1", paths.AGENT_LOG)
_EXIT = re.compile(r"(?:returned Exit Status: |exit status |exit code )(\d{1,3})\b", re.IGNORECASE)
_QUERY = re.compile(r"(https?://)(?:[^\s/@'\"]*@)?([^\s?'\"]+)\?[^\s'\"]*")


class Ends:
    """The ends of output files for whoever reads them as logs: ``MOST_OUTPUT`` bytes of all together, 1 MB of each at least.

    ``cut`` names the files of which the beginning is left out, with what was left.
    """

    def __init__(self, files: Files, outputs: Sequence[str]) -> None:
        self._files = files
        self._most = max(MOST_BYTES, MOST_OUTPUT // max(1, len(outputs)))
        sizes = [(path, _size(files, path)) for path in outputs]
        self.cut = tuple(
            (path, phrase("of {size} MB the last {most} were read", size=size >> 20, most=self._most >> 20))
            for path, size in sizes
            if size > self._most
        )

    def read_chunks(self, path: str, start: int = 0) -> Iterator[bytes]:
        """The end of a file from its byte ``start`` on; raises OSError."""
        before = max(0, self._files.size(path) - self._most)
        left = self._most - start
        for chunk in self._files.read_chunks(path, before + start):
            yield chunk[:left]
            left -= len(chunk)
            if left <= 0:  # a file that grows meanwhile ends here
                return

    def list(self, path: str) -> Sequence[str]:
        """The names in a directory; raises OSError."""
        return self._files.list(path)

    def size(self, path: str) -> int:
        """The length of what is read of a file, in bytes; raises OSError."""
        return min(self._files.size(path), self._most)


def _size(files: Files, path: str) -> int:
    try:
        return files.size(path)
    except OSError:
        return 0


def read_command(files: Files, identifier: str = "") -> Observed[Command]:
    """The command of this id, or without one the latest that left anything.

    Raises ValueError for what is no id, PermissionError where only root may look.
    """
    if identifier and SHAPE.fullmatch(identifier) is None:
        raise ValueError(
            phrase(
                "{identifier!r} is no command id; expected one like 01234567-89ab-cdef-0123-456789abcdef", identifier=identifier
            )
        )
    try:
        homes = _homes(files)
    except PermissionError:
        raise
    except OSError as error:
        return Unseen(f"{paths.DATA}: {words_of(error)}")
    if not identifier:
        if not homes:
            return Unseen(phrase("{data}/*/document/orchestration: no command has left anything there", data=paths.DATA))
        identifier = homes[-1][1]
    home = next((where for where, name in homes if name == identifier), "")
    state = _state(files, identifier)
    lines = list(_log_lines(files, identifier))
    if not home and not state and not lines:
        return Unseen(phrase("{identifier}: neither output, nor state, nor a line in the agent's log", identifier=identifier))
    return Seen(_command(files, identifier, home, state, lines))


def _homes(files: Files) -> list[tuple[str, str]]:
    """(directory, id) of every command that left output, the latest last."""
    found = []
    for node in files.list(paths.DATA):
        base = f"{paths.DATA}/{node}/document/orchestration"
        for name in files.list(base):
            if SHAPE.fullmatch(name):
                at = f"{base}/{name}"
                with contextlib.suppress(OSError):
                    found.append((max(modified(files, path) for path in (at, *_files(files, at))), at, name))
    return [(at, name) for _, at, name in sorted(found)]


def _files(files: Files, home: str) -> Iterator[str]:
    """Output files below a directory, the nearest first; the console copies of the same text are left out.

    A step of an old document has a directory like ``0.awsrunShellScript``; what a document downloads lies here too, so
    the walk is bounded. Only regular files count: opening a pipe would wait for ever.
    """
    level, visited, found = [home], 0, 0
    for _ in range(MOST_DEPTH):
        below: list[str] = []
        for directory in level[: MOST_DIRECTORIES - visited]:
            visited += 1
            for name in _names(files, directory):
                path = f"{directory}/{name}"
                if name in ("stdout", "stderr"):
                    if found < MOST_FILES and _is_regular(files, path):
                        found += 1
                        yield path
                elif not name.endswith(("Console", ".sh")):
                    below.append(path)
        level = below


def _names(files: Files, directory: str) -> Sequence[str]:
    try:
        return files.list(directory)
    except OSError:
        return ()


def _is_regular(files: Files, path: str) -> bool:
    try:
        return files.mode_and_owner(path)[2]
    except OSError:
        return False


def _state(files: Files, identifier: str) -> dict[str, Any]:
    """The document's state as the agent saved it, finished or not."""
    for node in files.list(paths.DATA):
        for kind in ("completed", "current", "pending", "corrupt"):
            try:
                found = json.loads(files.read_text(f"{paths.DATA}/{node}/document/state/{kind}/{identifier}", MOST_BYTES))
            except (OSError, ValueError, RecursionError):
                continue
            if isinstance(found, dict):
                return found
    return {}


def _log_lines(files: Files, identifier: str) -> Iterator[tuple[str, str]]:
    """(place, line) of the agent's log about the command, with what follows a line until the next record."""
    for path in LOGS:
        kept = False
        with contextlib.suppress(OSError):
            text, whole = _end_of(files, path, MOST_LOG)
            for number, raw in enumerate(text.splitlines(), 1):
                if re.match(r"\d{4}-\d\d-\d\d ", raw):
                    kept = identifier in raw
                if kept:
                    yield f"{path}:{number}" if whole else path, raw


def _end_of(files: Files, path: str, most: int) -> tuple[str, bool]:
    """The last ``most`` bytes of a file as text, and whether that is all of it; raises OSError."""
    start = max(0, files.size(path) - most)
    data = bytearray()
    for chunk in files.read_chunks(path, start):
        data += chunk
        if len(data) >= most:  # a file that grows meanwhile ends here
            break
    text = bytes(data[:most]).decode("utf-8", "replace")
    return (text if start == 0 else text.partition("\n")[2] or text), start == 0


def _command(files: Files, identifier: str, home: str, state: dict[str, Any], lines: Sequence[tuple[str, str]]) -> Command:
    information = state.get("DocumentInformation")
    information = information if isinstance(information, dict) else {}
    text = "\n".join(line for _, line in lines)
    written = list(_files(files, home)) if home else []
    steps: dict[str, dict[str, tuple[str, ...]]] = {}
    for path in written:
        step, _, stream = path[len(home) + 1 :].rpartition("/")
        steps.setdefault(step, {})[stream] = _tail(files, path)
    outputs = tuple(StepOutput(step, said.get("stdout", ()), said.get("stderr", ())) for step, said in steps.items())
    return Command(
        identifier=identifier,
        document=str(information.get("DocumentName") or _first(r'"DocumentName":\s*"([^"]+)"', text)),
        status=str(information.get("DocumentStatus") or _last(r'"documentStatus":\s*"(\w+)"', text)),
        exit_status=_exit_status(state, text, outputs),
        started=_first(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", text),
        ended=_last(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", text),
        steps=outputs,
        paths=tuple(written),
        log=tuple((place, _clean(line)) for place, line in lines if re.search(r" (?:WARN|ERROR|CRITICAL) ", line))[-MOST_LINES:],
    )


def _exit_status(state: dict[str, Any], text: str, outputs: Sequence[StepOutput]) -> Optional[int]:
    """The exit status: of the saved state, else of the agent's log, else of what the script itself said last."""
    plugins = state.get("InstancePluginsInformation")
    for plugin in plugins if isinstance(plugins, list) else ():
        result = plugin.get("Result") if isinstance(plugin, dict) else None
        code = result.get("code", result.get("Code")) if isinstance(result, dict) else None
        if isinstance(code, int) and not isinstance(code, bool) and code:
            return code
    said = "\n".join(line for item in outputs for line in item.errors)
    for words in (text, said):
        found = _EXIT.findall(words)
        if found:
            return int(next((code for code in reversed(found) if code != "0"), found[-1]))
    return None


def _tail(files: Files, path: str) -> tuple[str, ...]:
    try:
        text, _ = _end_of(files, path, MOST_BYTES)
    except OSError:
        return ()
    return tuple(_clean(line) for line in [line for line in text.splitlines() if line.strip()][-MOST_LINES:])


def _clean(line: str) -> str:
    """A line without secrets, and without the queries of its URLs, which may be presigned."""
    return mask_shapes(_QUERY.sub(r"\1\2?***", line[:MOST_LINE]))[0][:400]


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else ""


def _last(pattern: str, text: str) -> str:
    found = re.findall(pattern, text, re.MULTILINE)
    return str(found[-1]) if found else ""
