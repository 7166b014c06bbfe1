"""The activation: its id, and the code from wherever the person put it; checked before anything runs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Mapping, Optional

from ssm_bootstrap.catalog.limits import ACTIVATION_CODE
from ssm_bootstrap.catalog.secrets import NOT_REPEATED, repeated
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.settings import Configuration, read_code
from ssm_bootstrap.collect.trusted import read_private
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import phrase

CREDENTIAL = "activation-code"
MOST = 4096
"""Bytes that are read of a file that holds a code."""

LIKE_A_CODE = 16
"""Letters from which on what was given may be most of a code, be it torn by blanks or not."""

PLACEHOLDER = "unset"
"""What the unit's SetCredential= gives where no code was put in place."""

_UNBROKEN = r"(?=[A-Za-z]*[0-9]|[a-z0-9]*[A-Z])[A-Za-z0-9\u00ad\u200b-\u200f\u2060]{10,}"
_UUID = r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class Code:
    """An activation code, which is shown as stars wherever it is printed by mistake; raises Refusal (78) where a text is none."""

    def __init__(self, text: str, source: str) -> None:
        problem = code_problem(text)
        if problem:
            raise Refusal(
                ExitStatus.BAD_CONTENT, phrase("activation-malformed: {source}: {problem}", source=source, problem=problem)
            )
        self._text = text
        self.source = source

    def reveal(self) -> str:
        """The code itself, for the agent's argument and for masking."""
        return self._text

    def __repr__(self) -> str:
        return f"Code(from {self.source})"

    __str__ = __repr__


@dataclass(frozen=True)
class CodeSources:
    """Where a code may come from, in the order of their weight."""

    argument: Optional[str] = field(default=None, repr=False)
    place: str = ""  # of --code-from: parameter:NAME, secret:NAME or file:PATH
    file: Optional[str] = None  # a path, or "-" for standard input
    standard_input: str = field(default="", repr=False)
    variable: Optional[str] = field(default=None, repr=False)  # SSM_BOOTSTRAP_ACTIVATION_CODE; an empty one is none


def read_activation_id(given: Optional[str], environment: Mapping[str, str], configuration: Configuration) -> str:
    """The id that ``CreateActivation`` gave; raises Refusal (2 where it is missing, 78 where it is none)."""
    identifier, name = given, "--activation-id"
    if not identifier:
        identifier = environment.get("SSM_BOOTSTRAP_ACTIVATION_ID", "").strip()
        name = "SSM_BOOTSTRAP_ACTIVATION_ID"
    if not identifier:
        identifier, name = configuration.activation_id, "/etc/ssm-bootstrap.conf: [activation] id"
    if not identifier:
        raise Refusal(ExitStatus.USAGE, "--activation-id: expected the id that CreateActivation gave (a UUID)")
    problem = identifier_problem(identifier)
    if problem:
        status = ExitStatus.USAGE if name.startswith("--") else ExitStatus.BAD_CONTENT
        raise Refusal(status, f"{name}: {problem}")
    return identifier.lower()


def read_activation_code(
    files: Files, sources: CodeSources, environment: Mapping[str, str], configuration: Configuration
) -> Code:
    """The code; raises Refusal (2 where nobody gave one, 78 where content is wrong) with what was expected."""
    if sources.argument is not None:
        return Code(sources.argument.strip(), "--activation-code")
    if sources.file == "-":
        return Code(sources.standard_input.strip(), "standard input")
    if sources.file is not None:
        return _from_file(files, sources.file, "--activation-code-file")
    if sources.variable:
        return Code(sources.variable.strip(), "SSM_BOOTSTRAP_ACTIVATION_CODE")
    path = environment.get("SSM_BOOTSTRAP_ACTIVATION_CODE_FILE")
    if path:
        return _from_file(files, path, "SSM_BOOTSTRAP_ACTIVATION_CODE_FILE")
    directory = environment.get("CREDENTIALS_DIRECTORY")
    credential: Optional[str] = None
    if directory and files.exists(f"{directory}/{CREDENTIAL}"):
        credential = _credential(files, f"{directory}/{CREDENTIAL}")
        if credential != PLACEHOLDER:
            return Code(credential, phrase("systemd credential {credential}", credential=CREDENTIAL))
    if configuration.has_code:
        read_private(files, paths.OUR_CONFIG, f"[activation] code: {paths.OUR_CONFIG}", 0)
        return Code(read_code(files), "/etc/ssm-bootstrap.conf: [activation] code")
    if configuration.code_file:
        return _from_file(files, configuration.code_file, "/etc/ssm-bootstrap.conf: [activation] code_file")
    if credential is not None:
        return Code(credential, phrase("systemd credential {credential}", credential=CREDENTIAL))
    empty = phrase("; SSM_BOOTSTRAP_ACTIVATION_CODE is set, and empty") if sources.variable == "" else ""
    raise Refusal(
        ExitStatus.USAGE,
        phrase(
            "--activation-code-file: expected a file with the activation code, or - for standard input (also "
            "SSM_BOOTSTRAP_ACTIVATION_CODE_FILE, a systemd credential, or [activation] code_file){empty}",
            empty=empty,
        ),
    )


def read_code_of(files: Files, sources: CodeSources) -> Code:
    """The code from the one place that was named; raises Refusal (78)."""
    return read_activation_code(files, sources, {}, Configuration())


def identifier_problem(text: str) -> Optional[str]:
    """Why a text is no activation id, or None."""
    if re.fullmatch(_UUID, text):
        return None
    return "expected an activation id, a UUID as in 01234567-89ab-cdef-0123-456789abcdef" + _pasted(text)


def code_problem(text: str) -> Optional[str]:
    """Why a text is no activation code, or None; the text itself is never told."""
    least, most = ACTIVATION_CODE
    if text == PLACEHOLDER:
        return "no activation code was put in place"
    if not text:
        return "empty; expected an activation code"
    if _pasted(text) or re.search(r"[\s\"'`]", text):
        return phrase("expected {least} to {most} letters and digits in one word", least=least, most=most) + (
            _pasted(text) or "; found spaces or quotes"
        )
    if not least <= len(text) <= most:
        return phrase("expected {least} to {most} characters, found {count}", least=least, most=most, count=len(text))
    if not text.isprintable():
        return "expected printable characters"
    return None


def _pasted(text: str) -> str:
    """What is odd about a text that was pasted from a web page or a document."""
    if any(letter in text for letter in "\u201c\u201d\u2018\u2019\u00ab\u00bb"):
        return "; found curly quotes, as text pasted from a document has"
    return "" if text.isascii() else "; found letters outside ASCII"


def _credential(files: Files, path: str) -> str:
    """What systemd put there; owner and mode are its own."""
    who = phrase("systemd credential: {path}", path=path)
    try:
        return _decoded(files.read_bytes(path, MOST), who)
    except OSError as error:
        raise Refusal(ExitStatus.BAD_CONTENT, f"{who}: {words_of(error)}") from None


def _from_file(files: Files, path: str, who: str) -> Code:
    place = f"{who}: {shown_path(files, path)}"
    if not path.startswith("/"):
        raise Refusal(
            ExitStatus.BAD_CONTENT, phrase("{place}: no such file here; expected the path of one, from / on", place=place)
        )
    return Code(_decoded(read_private(files, path, place, MOST), place), f"{who} {path}")


def shown_path(files: Files, path: str) -> str:
    """A path as an error may repeat it: a code that was given in place of the path of its file is not."""
    parts = [part for part in path.split("/") if part]
    if len("".join(path.split())) < LIKE_A_CODE or not parts:
        return path
    try:
        leads_somewhere = path.startswith("/") and files.kind(f"/{parts[0]}") == ("directory" if len(parts) > 1 else "file")
        is_there = leads_somewhere and files.exists(path)
    except OSError:
        leads_somewhere = is_there = False
    if not leads_somewhere:
        return NOT_REPEATED
    return path if is_there else "/".join(map(_shown_part, path.split("/")))


def _shown_part(part: str) -> str:
    """A name on the way to a file; one of words and numbers, such as code-of-2026, is shown however long it is."""
    return repeated(part) if re.search(_UNBROKEN, "".join(part.split())) else part


def _decoded(data: bytes, who: str) -> str:
    try:
        return data.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise Refusal(ExitStatus.BAD_CONTENT, phrase("{who}: expected text, found bytes that are no UTF-8", who=who)) from None
