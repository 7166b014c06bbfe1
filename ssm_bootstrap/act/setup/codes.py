"""Activation codes and signed URLs, wherever a person, this program, its user-data or cloud-init may have left one.

Nothing is removed but what root alone could have put there: a path in our configuration may lead anywhere. What may not be
removed, or is not ours to remove, is told.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Callable, Iterator, Mapping, Union

from ssm_bootstrap.act.setup.launcher import BEFORE, half_written
from ssm_bootstrap.act.setup.remains import Remains
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.activation import code_problem, shown_path
from ssm_bootstrap.collect.settings import Configuration, configuration_without_code, read_code
from ssm_bootstrap.collect.trusted import fault_of_secret, fault_of_trusted
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.checkedfiles import Held
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.secrets import unfold
from ssm_bootstrap.model.phrase import phrase

CLOUD_INIT = "/var/lib/cloud/instances"
"""cloud-init's copies of each instance's user-data; an instance of the image gets a directory of its own."""

LEFT = f"{paths.OUR_DATA}/left.json"
"""What an earlier run had to leave: path to digest."""

MOST_BYTES = 16 << 20

_IN_CONFIGURATION = re.compile(r"(?m)^\s*code\s*[=:]\s*(\S+)")
_SIGNED = (
    re.compile(r'url = "(https://[^"\n]*X-Amz-Signature=[^"\n]+)"'),
    re.compile(r"X-Amz-(?:Signature|Security-Token)=([^&\s\"']+)"),
)
"""URLs that let whoever has them fetch, in the scripts of user-data."""

_IN_SCRIPTS = (
    re.compile(r"<<'END_OF_CODE'\n\s*(\S+)\n"),
    re.compile(r"SSM_BOOTSTRAP_ACTIVATION_CODE\s*=\s*[\"']?([^\s\"']+)"),
    re.compile(r"(?<![\w-])-{1,2}(?:activation-)?code[ =]+[\"']?([^\s\"']+)"),
)
"""Codes in scripts: of this program, and as the agent's own -register takes one."""


@dataclass(frozen=True)
class Removed:
    """One thing that was there and is gone: what it was, and where."""

    what: str
    path: str


@dataclass(frozen=True)
class Left:
    """One thing that was not removed, and why; one that could not be searched may hold a code or not."""

    path: str
    why: str
    is_unsearched: bool = False


class Codes:
    """What of a machine's codes is known; to be made before anything is removed, as what is gone cannot be searched for."""

    def __init__(self, host: Host, configuration: Configuration) -> None:
        self._host = host
        self._configuration = configuration
        if configuration.has_code:
            host.secrets.learn(read_code(host.files), certain=True)
        for path in (configuration.code_file, paths.OUR_CODE, *half_written(host)):
            if not code_problem(self._text(path).strip()):
                host.secrets.learn(self._text(path), certain=True)
        for path in (f"{paths.OUR_CONFIG}{BEFORE}", *half_written(host)):
            for code in _IN_CONFIGURATION.findall(self._text(path)):
                host.secrets.learn(code, certain=True)
        for path in (paths.FIRST_BOOT_SCRIPT, *self._cloud_init(), *self._drop_ins()):
            text = self._text(path)
            for shape in _SIGNED:
                for found in shape.findall(text):
                    host.secrets.learn(found, certain=True)
            for shape in _IN_SCRIPTS:
                for found in shape.findall(text):
                    if not code_problem(found) and "$" not in found:  # a shell's or a template's variable is no code
                        host.secrets.learn(found, certain=True)

    def remove(self) -> Iterator[Union[Removed, Left]]:
        """Remove them; gives what is gone and what is left."""
        path = self._configuration.code_file
        if path and not path.startswith("/"):
            yield Left(shown_path(self._host.files, path), "[activation] code_file: expected the path of a file, from / on")
        elif path:
            yield from self._remove(path, "activation code", _fault_of_code)
        for ours in (paths.OUR_CODE, *half_written(self._host)):
            yield from self._remove(ours, "activation code", fault_of_trusted)
        if self._configuration.has_code:
            self._host.files.replace_content(paths.OUR_CONFIG, configuration_without_code(self._host.files))
            yield Removed("activation code", phrase("{our_config}: [activation] code", our_config=paths.OUR_CONFIG))
        yield from self._remove(f"{paths.OUR_CONFIG}{BEFORE}", "earlier configuration", fault_of_trusted)
        for path in (paths.FIRST_BOOT_SCRIPT, f"{paths.OUR_UNITS}/{paths.FIRST_BOOT_UNIT}"):
            yield from self._remove(path, "first boot", fault_of_trusted)
        for path in self._cloud_init():
            if self._host.secrets.stand_in(self._data(path)):
                yield from self._remove(path, "copy of user-data", fault_of_trusted)

    def search(self) -> Iterator[Left]:
        """Whatever still holds one of them; to be called when all that can be removed is.

        What is known of codes goes with the files that held them, so that a later run could search for nothing: what is left
        is written down, as a digest of the file, and told again until the file is gone or another.
        """
        remains = Remains(self._host)
        found = {path: self._digest(path) for path in remains.holding(without=LEFT)}
        for path in found:
            yield Left(path, "it holds an activation code, or a signed URL, that was known here")
        for path, digest in self._remembered().items():
            if path not in found and self._digest(path) == digest:
                found[path] = digest
                yield Left(path, "it held an activation code, or a signed URL, at an earlier run, and is as it was")
        self._remember(found)
        for place, why in remains.unsearched:
            yield Left(place, why, is_unsearched=True)

    def _digest(self, path: str) -> str:
        return hashlib.sha256(path.encode("utf-8", "surrogateescape") + b"\0" + self._data(path)).hexdigest()

    def _remembered(self) -> Mapping[str, str]:
        try:
            told = json.loads(self._data(LEFT) or b"{}")
        except (ValueError, RecursionError):
            return {}
        return {str(path): str(digest) for path, digest in told.items()} if isinstance(told, dict) else {}

    def _remember(self, left: Mapping[str, str]) -> None:
        if left:
            self._host.trees.make_directory(paths.OUR_DATA, 0o755)
            self._host.files.write_atomic(LEFT, json.dumps(left, indent=1).encode(), 0o600)
        elif self._host.files.exists(LEFT):
            self._host.trees.remove(LEFT)

    def _remove(self, path: str, what: str, fault_of: Callable[[Held], str]) -> Iterator[Union[Removed, Left]]:
        files = self._host.files
        is_link = bool(files.link_target(path))

        def judge(held: Held) -> None:
            fault = fault_of(held)
            if fault:
                raise _Unfit(fault)

        try:
            files.remove_held(path, judge)
        except (FileNotFoundError, NotADirectoryError):
            return
        except _Unfit as unfit:
            yield Left(path, str(unfit))
            return
        except OSError as error:
            yield Left(path, words_of(error))
            return
        if is_link:
            self._host.trees.remove(path)
        yield Removed(what, path)

    def _cloud_init(self) -> tuple[str, ...]:
        return tuple(self._host.files.walk(CLOUD_INIT))

    def _drop_ins(self) -> Iterator[str]:
        """Where a unit of ours, or everybody, may have been given the code as a variable."""
        yield "/etc/environment"
        for name in self._host.files.list(paths.OUR_UNITS):
            if name.startswith("ssm-bootstrap"):
                yield from self._host.files.walk(f"{paths.OUR_UNITS}/{name}")

    def _data(self, path: str) -> bytes:
        """A file of root's as far as it can be read."""
        try:
            return self._host.files.hold(path, MOST_BYTES).data
        except OSError:
            return b""

    def _text(self, path: str) -> str:
        data = unfold(self._data(path)) if path.startswith("/") else b""
        return data.decode("utf-8", "replace")


def _fault_of_code(held: Held) -> str:
    """Why a registration would not take a file for one with the code, or an empty string; an empty one is as good."""
    text = held.data.decode("utf-8", "replace").strip()
    return fault_of_secret(held) or ("what it holds is no activation code" if text and code_problem(text) else "")


class _Unfit(Exception):
    """A file that nobody may be made to remove."""
