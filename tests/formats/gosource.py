"""The log calls of the agent's public source, as far as they are built on Linux: read from a checkout, never copied."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ssm_bootstrap.model.logs import Level

ROOTS = ("agent", "core", "common", "internal")
"""What the agent's own Go code lies in."""

_LEFT_OUT = frozenset(("vendor", "mocks", "mock", "integration-tests", "integration-cli", "internal/tests", "testdata", "tests"))
_OTHER_SYSTEMS = re.compile(r"_(?:windows|darwin|freebsd|openbsd|netbsd|solaris|plan9|js|wasip1|test)(?:_[a-z0-9]+)?\.go\Z")
_OTHER_PROCESSORS = re.compile(r"_(?:386|arm|arm64|mips|mips64|mips64le|mipsle|ppc64|ppc64le|riscv64|s390x|wasm)\.go\Z")
_CONSTRAINT = re.compile(r"^//(?:go:build (?P<go>.*)| ?\+build (?P<plus>.*))$", re.MULTILINE)
_SET = frozenset(("linux", "amd64", "unix", "cgo", "gc"))

_TOKEN = re.compile(
    r"(?P<comment>//[^\n]*|/\*.*?\*/)"
    r'|(?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)'
    r"|(?P<rune>'(?:[^'\\\n]|\\.)+')"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<number>\d[\w.]*)"
    r"|(?P<space>\s+)"
    r"|(?P<sign>.)",
    re.DOTALL,
)
_LEVELS = {"Warn": Level.WARN, "Error": Level.ERROR, "Critical": Level.CRITICAL}
_LOGGER = re.compile(r"(?:log|logger)\d?\Z|Log\Z|Logger\Z|Log\(\)\Z|\bl\Z", re.IGNORECASE)
_OPEN, _CLOSE = "([{", ")]}"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'"}


class Token(NamedTuple):
    """One word, string or sign of Go, with the line that it stands on."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True)
class LogCall:
    """One call of the agent's logger: where it stands, its level, and its format string.

    ``form`` is None where the words are not known in the source: an error's own text is logged as it is.
    """

    path: str
    line: int
    function: str
    level: Level
    form: Optional[str]
    values: Tuple[str, ...] = ()  # the expressions that fill the verbs, as the source writes them

    @property
    def file(self) -> str:
        """The name of the file alone, which is all that errors.log tells."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def folder(self) -> str:
        """The directory of the file."""
        return self.path.rsplit("/", 1)[0]


def log_calls(checkout: Path) -> List[LogCall]:
    """Every log call at WARN, ERROR and CRITICAL that Linux builds, in the order of the files' names."""
    texts = {path.relative_to(checkout).as_posix(): text for path, text in _files(checkout)}
    tokens = {path: _tokens(text) for path, text in texts.items()}
    constants = _constants(tokens.values())
    return [call for path in sorted(tokens) for call in _calls(path, tokens[path], constants)]


def is_checkout(folder: Path) -> bool:
    """Whether a directory holds the agent's source."""
    return (folder / "agent" / "messageservice").is_dir() and (folder / "core" / "app").is_dir()


def _files(checkout: Path) -> Iterator[Tuple[Path, str]]:
    for root in ROOTS:
        for path in sorted((checkout / root).rglob("*.go")):
            parts = path.relative_to(checkout).parts
            named = set(parts[:-1]) | {"/".join(parts[:2])}
            if named & _LEFT_OUT or _OTHER_SYSTEMS.search(path.name) or _OTHER_PROCESSORS.search(path.name):
                continue
            text = path.read_text(encoding="utf-8", errors="replace")
            if _is_built(text):
                yield path, text


def _is_built(text: str) -> bool:
    """Whether the build tags above the package clause hold on Linux; ``//go:build`` outweighs the older form."""
    above = text.split("\npackage ", 1)[0]
    lines = list(_CONSTRAINT.finditer(above))
    new = [found["go"] for found in lines if found["go"]]
    if new:
        return _holds(new[0])
    return all(any(_all_of(option) for option in found["plus"].split()) for found in lines)


def _all_of(option: str) -> bool:
    return all((name.lstrip("!") in _SET) != name.startswith("!") for name in option.split(","))


def _holds(expression: str) -> bool:
    """The value of a ``//go:build`` expression, by descent: or, and, not."""
    words = re.findall(r"\|\||&&|!|\(|\)|[\w.]+", expression)

    def either() -> bool:
        value = both()
        while words and words[0] == "||":
            words.pop(0)
            value = both() or value
        return value

    def both() -> bool:
        value = one()
        while words and words[0] == "&&":
            words.pop(0)
            value = one() and value
        return value

    def one() -> bool:
        word = words.pop(0)
        if word == "!":
            return not one()
        if word == "(":
            value = either()
            words.pop(0)
            return value
        return word in _SET

    return either()


def _tokens(text: str) -> List[Token]:
    found, line = [], 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "sign"
        if kind not in ("comment", "space"):
            found.append(Token(kind, match[0], line))
        line += match[0].count("\n")
    return found


def literal(text: str) -> str:
    """The value of a Go string literal."""
    if text.startswith("`"):
        return text[1:-1]
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1])


def _constants(files: Iterator[Sequence[Token]] | object) -> Mapping[str, str]:
    """Names that stand for one string in the whole tree; a name with several values is nobody's."""
    values: Dict[str, set[str]] = {}
    for tokens in files:  # type: ignore[attr-defined]
        for name, sign, value, after in zip(tokens, tokens[1:], tokens[2:], tokens[3:]):
            if name.kind == "name" and sign.text == "=" and value.kind == "string" and after.text not in "+.,":
                values.setdefault(name.text, set()).add(literal(value.text))
    return {name: next(iter(known)) for name, known in values.items() if len(known) == 1}


def _calls(path: str, tokens: Sequence[Token], constants: Mapping[str, str]) -> Iterator[LogCall]:
    function, depth, literals = "", 0, []  # type: ignore[var-annotated]
    for at, token in enumerate(tokens):
        if token.text == "func":
            if depth == 0:
                function = _function_name(tokens, at) or function
            else:
                literals.append(depth)
        elif token.text == "{":
            depth += 1
        elif token.text == "}":
            depth -= 1
            if literals and depth <= literals[-1]:
                literals.pop()
        level = _level_of(token, tokens, at)
        if level is None:
            continue
        arguments = _arguments(tokens, at + 1)
        name = "func1" if literals else function
        yield from _forms(path, token.line, name, level, token.text.endswith("f"), arguments, constants)


def _level_of(token: Token, tokens: Sequence[Token], at: int) -> Optional[Level]:
    level = _LEVELS.get(token.text[:-1] if token.text.endswith("f") else token.text)
    if level is None or at < 2 or at + 1 >= len(tokens) or tokens[at - 1].text != "." or tokens[at + 1].text != "(":
        return None
    before = "".join(part.text for part in tokens[max(0, at - 4) : at - 1])
    return level if _LOGGER.search(before) else None


def _function_name(tokens: Sequence[Token], at: int) -> str:
    following = at + 1
    if tokens[following].text == "(":
        following = _end(tokens, following) + 1
    return tokens[following].text if following < len(tokens) and tokens[following].kind == "name" else ""


def _end(tokens: Sequence[Token], at: int) -> int:
    """Where the bracket that opens at ``at`` closes."""
    depth = 0
    for place in range(at, len(tokens)):
        if tokens[place].text in _OPEN:
            depth += 1
        elif tokens[place].text in _CLOSE:
            depth -= 1
            if depth == 0:
                return place
    return len(tokens) - 1


def _arguments(tokens: Sequence[Token], at: int) -> List[List[Token]]:
    """The arguments of the call whose bracket opens at ``at``."""
    end, depth = _end(tokens, at), 0
    arguments: List[List[Token]] = [[]]
    for token in tokens[at + 1 : end]:
        if token.text in _OPEN:
            depth += 1
        elif token.text in _CLOSE:
            depth -= 1
        if token.text == "," and depth == 0:
            arguments.append([])
        else:
            arguments[-1].append(token)
    return [argument for argument in arguments if argument]


def _forms(
    path: str, line: int, function: str, level: Level, formats: bool, arguments: List[List[Token]], constants: Mapping[str, str]
) -> Iterator[LogCall]:
    if not arguments:
        return
    first = arguments[0]
    words = "".join(token.text for token in first)
    if words.startswith(("fmt.Sprintf(", "fmt.Errorf(", "errors.New(", "fmt.Sprint(")):
        inner = _arguments(first, next(place for place, token in enumerate(first) if token.text == "("))
        yield from _forms(path, line, function, level, "f(" in words.split("(")[0] + "(", inner, constants)
        return
    form, values = _joined(first, constants)
    rest = ["".join(token.text for token in argument) for argument in arguments[1:]]
    if form is not None and not formats:
        # Without a format the rest stands behind the text, each with a blank where neither is a string.
        form = form.replace("%", "%%") if not values else form
        form += "".join(" %v" for _ in rest)
    yield LogCall(path, line, function, level, form, tuple(values + rest))


def _joined(argument: Sequence[Token], constants: Mapping[str, str]) -> Tuple[Optional[str], List[str]]:
    """The text of an argument: literals and constants joined, what else is added as a verb; None where no words are known."""
    pieces: List[List[Token]] = [[]]
    depth = 0
    for token in argument:
        depth += (token.text in _OPEN) - (token.text in _CLOSE)
        if token.text == "+" and depth == 0:
            pieces.append([])
        else:
            pieces[-1].append(token)
    text, values, known = "", [], False
    for piece in pieces:
        words = "".join(token.text for token in piece)
        constant = constants.get(words.rsplit(".", 1)[-1]) if re.fullmatch(r"[\w.]+", words) else None
        if len(piece) == 1 and piece[0].kind == "string":
            text, known = text + literal(piece[0].text), True
        elif constant is not None and (len(pieces) > 1 or " " in constant):
            text, known = text + constant, True
        else:
            text, values = text + "%v", [*values, words]
    return (text, values) if known else (None, [])
