"""What secrets look like in text: keys, tokens, codes, passwords, signatures. One place knows, for logs, saves and bundles."""

from __future__ import annotations

import re
from functools import cache, cached_property, lru_cache
from typing import Callable, Iterable, Iterator, Optional, Sequence

MASK = "***"

_ENTITY = r"&(?:amp;)?(?:quot|apos|#0{0,4}3[49]|#[Xx]0{0,4}2[27]);"
_QUOTE = rf"(?:\\{{0,8}}[\"']|{_ENTITY})"
"""As JSON in JSON and HTML write it too."""

_LETTERS = (
    rf"(?:[^\s\"',;}}\\&]|(?!{_ENTITY})&|"
    r"[,;](?=[^\s\"'{}\[\]])|[}\"'](?=\w)|\\(?:\r?\n(?=\S)|(?=[^\s\"'])))"
)
"""A value without quotes: a comma, a bracket or a quote within it is part of it, and one at its end is not."""

_PROSE_ENDS = r"(?=[.,;:!?)\]}]{0,3}(?:[\s<]|[\"'](?!\w)|&(?=[\w;#-]+[=;])|$))"
_PROSE = (
    r"(?!(?:(?-i:[A-Za-z]*(?:Exception|Error))|expired?|incorrect|invalid|required|missing|mismatch|unknown|empty|unset|none|null|nil|"
    r"true|false|yes|no|not|is|was|has|the|an?|denied|refused|rejected|failed|failure|wrong|ok|okay|accepted|changed|found|"
    rf"refresh|refreshed|redacted|masked|hidden|flag|option|argument){_PROSE_ENDS})"
)
"""What stands after a name where somebody writes about a secret, and not the secret: a whole word, and the end of it."""

_MASKED = rf"{_QUOTE}?\*\*\*(?:{_QUOTE}(?!\w)|(?!{_LETTERS}))"
"""What was masked before; three stars may begin a password too."""

_VALUE = rf"(?!{_MASKED}|[|>][+-]?\s){_PROSE}{_LETTERS}+"
_NAMES = (
    r"(?:aws_?)?secret_?access_?key|secret[_-]?key|(?:aws_?)?(?:session|security)_?token|(?:aws_?)?access_?key_?id|"
    r"activation[_-]?code|password|passwd|passphrase|private[_-]?key|token_?value|client_?secret"
)
"""What the names of secrets end in: DB_PASSWORD and SSM_BOOTSTRAP_ACTIVATION_CODE are two."""

_SUFFIX = (
    r"[0-9]{0,3}(?:[_-](?!(?i:FILE|PATH|DIR|DIRECTORY|UR[IL]|ARN|NAME|ID|LEN|LENGTH|MIN|MAX|AGE|TTL|TYPE|POLICY|EXPIR(?:ED|ES|Y|ATION)|"
    r"ENV|VAR|COMMAND|REQUIRED|SET|COUNT|STORE|HASH_?ALGORITHM)(?![A-Za-z0-9]))[A-Za-z0-9]{1,40}){0,3}"
)
"""What more a name may say: whose it is or where it counts, and not that it is something about the secret."""

_NAME = r"(?:PASS|PWD|SECRET|TOKEN|API_?KEY)"
"""The same for variables alone: in prose they are words like any other."""

_WORD = r"(?:token|secret|api[_-]?key)"
"""Those that are a secret's name wherever a value is given to them, and a word of prose before a colon."""

_VARIABLE = (
    rf"(?:(?:[A-Z0-9]_{_NAME}|[A-Za-z0-9]_pass|[A-Z0-9](?<!BY)(?<!COM)PASS|[a-z0-9](?<!by)(?<!com)pass){_SUFFIX}|(?i:{_WORD}))"
)
"""Names of variables in capitals, and what ends in "pass" but for two words."""

_TOKEN_VALUE = r"(?!\*\*\*(?:[\s\"',;}\\]|$))(?=[^\s\"',;}\\]*[0-9])[^\s\"',;}\\]{12,}"
"""What no word of prose looks like."""

_CODE_VALUE = r"(?-i:(?=[A-Za-z+/=_-]*[0-9])(?=[a-z0-9+/=_-]*[A-Z])[A-Za-z0-9+/=_-]{16,})"
"""What a code looks like where the name says no more than "code": a fault's code has no digit, no capital, or is shorter."""

_QUOTED = r"(?!\*\*\*(?P=quote))(?:(?!(?P=quote))(?:\\.|[^\r\n\\]))+"
_ENDS_LINE = r"(?=[\"']?[ \t]*(?:#|\r?$))"

_SET = rf"{_QUOTE}?\s{{0,4}}(?:[=:]|%(?:25){{0,4}}3[AaDd])\s{{0,4}}"
_ARGUMENT = rf"--?(?:(?:activation-)?code|(?:[a-z0-9]{{1,40}}[_-]){{0,4}}(?:{_NAMES}|{_WORD}|pass))"
_LOGIN = r"(?:^|(?<=[\s\"'\[(,]))(?:-[uU]|--(?:proxy-)?user)"
_NEXT_WORD = r"[ \t,=]{1,8}(?:\\\r?\n\s{0,40})?"
_NEXT_ITEM = r",?[ \t]{0,8}\r?\n[ \t]{0,40}(?:-[ \t]{1,8})?(?=[\"']|(?<=- )\w)"
_BLOCK = r"(?:[|>][+-]?[ \t]{0,8}\r?\n[ \t]{1,40})?"
"""In YAML the value may stand on the next line."""

_IN_NAMES = ("secret", "token", "key", "activation", "pass")
_IN_WORDS = ("secret", "token", "key")
_IN_VARIABLES = ("pass", "pwd", *_IN_WORDS)
_EQUALS = ("=", "%")
_SETS = ("=", ":", "%")
"""What stands, in some case, in whatever these expressions match: one of each."""

_WITH_NAME = rf"(?i)(?:{_NAMES})"
_WITH_QUOTED_WORD = rf"(?i){_WORD}{_QUOTE}"
_WITH_WORD_IN_LINE = rf"(?im)^[ \t]{{0,40}}(?:- )?[\w.-]{{0,80}}{_WORD}\s{{0,4}}:"
_WITH_WORD = rf"(?i){_WORD}{_SET}"
_WITH_TAG = rf"(?i)(?:<|&lt;)[\w.:-]{{0,80}}(?:{_NAMES}|{_WORD})"
_WITH_CODE_IN_LINE = r"(?im)^\s*code\s*[=:]"
_WITH_CODE = rf"(?i)code{_SET}"
_WITH_ARGUMENT = rf"(?i)(?:^|(?<=[\s\"'\[(,=])){_ARGUMENT}"
"""How what these expressions match begins, and little else in a log does."""


class Shape:
    """What one kind of secret looks like.

    ``needs`` says what a text must hold for it to match, one of each group, in small letters: most lines of a log hold none of
    it. ``opening`` is how whatever it matches begins, an expression that several may share: where a text has none of it, the
    whole is not even compiled.
    """

    def __init__(self, expression: str, *needs: Sequence[str], opening: str = "") -> None:
        self.expression, self.needs = expression, tuple(frozenset(group) for group in needs)
        self.opening = opening

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The expression, compiled when it is first needed; ``kept`` is what stands before the secret and stays."""
        return re.compile(self.expression)

    def opens_in(self, text: str) -> bool:
        """Whether it may match somewhere in the text, by how it begins."""
        return not self.opening or _compiled(self.opening).search(text) is not None


@cache
def _compiled(opening: str) -> re.Pattern[str]:
    return re.compile(opening)


_LIKE_ASCII = {0x130: "i", 0x131: "i", 0x17F: "s", 0x212A: "k"}
"""Letters that an expression without regard to case takes for those of ASCII."""


def fold_case(text: str) -> str:
    """The text in small letters, as far as an expression of ASCII letters without regard to case can tell."""
    return (text if text.isascii() else text.translate(_LIKE_ASCII)).lower()


def shapes_in(text: str) -> tuple[Shape, ...]:
    """Those that may match somewhere in the text."""
    folded = fold_case(text)
    return _shapes_by(frozenset(part for part in _PARTS if part in folded))


@lru_cache(1024)
def _shapes_by(held: frozenset[str]) -> tuple[Shape, ...]:
    """Those that need no other parts than these."""
    return tuple(shape for shape in SHAPES if not any(map(held.isdisjoint, shape.needs)))


SHAPES: tuple[Shape, ...] = (
    Shape(
        r"(?im)(?P<kept>^\s*SetCredential(?:Encrypted)?\s*=\s*[\w.@-]+:)(?!\*\*\*\r?$)(?:\\\r?\n|[^\r\n])+", ("setcredential",)
    ),
    # A URL's user and password: up to the last @ of the word, as a password may hold / and @ itself.
    Shape(r"(?P<kept>://)[^\s\"<>]*@", ("@",)),
    # A proxy is taken without a scheme too; a password that nobody escaped may hold blanks and quotes.
    Shape(r"(?im)(?P<kept>(?:\b(?:https?|all|no)_proxy|^\s*https?)\s*[=:]\s*[\"']?)[^\r\n]*@", ("@",), ("proxy", "http")),
    # The beginning of one that was cut at a blank: a user, and no number for a port.
    Shape(
        r"(?im)(?P<kept>\b(?:https?|all|no)_proxy\s*=\s*[\"']?(?:[a-z0-9+.-]+://|(?![a-z0-9+.-]+://)))[^\s:/@\"',]+:(?![0-9]{1,5}(?:[\"',\s/]|$))[^\s\"',]+",
        ("proxy",),
        ("=",),
    ),
    # systemd and shells quote an assignment as a whole, too: Environment="DB_PASSWORD=two words".
    Shape(
        rf"(?P<kept>(?P<quote>[\"'])\w{{0,80}}(?:(?i:{_NAMES}|{_WORD}){_SUFFIX}|_{_NAME}{_SUFFIX}|(?i:code)(?=={_CODE_VALUE}))=){_QUOTED}",
        ("=",),
        ("code", *_IN_VARIABLES),
    ),
    Shape(rf"(?i)(?P<kept>(?:{_NAMES}){_SUFFIX}{_SET}(?P<quote>{_QUOTE})){_QUOTED}", _IN_NAMES, _SETS, opening=_WITH_NAME),
    Shape(rf"(?i)(?P<kept>(?:{_NAMES}){_SUFFIX}{_SET}{_BLOCK}){_VALUE}", _IN_NAMES, _SETS, opening=_WITH_NAME),
    Shape(rf"(?P<kept>{_VARIABLE}(?:=|%(?:25){{0,4}}3[Dd])(?P<quote>{_QUOTE})){_QUOTED}", _IN_VARIABLES, _EQUALS),
    Shape(rf"(?P<kept>{_VARIABLE}(?:=|%(?:25){{0,4}}3[Dd])){_VALUE}", _IN_VARIABLES, _EQUALS),
    # A shell's own PWD is a path.
    Shape(rf"(?i)(?P<kept>(?<![a-z0-9])pwd\s{{0,4}}=\s{{0,4}}{_QUOTE}?)(?![/~$]){_VALUE}", ("pwd",), ("=",)),
    # curl's, and of those that take the same: a user and a password, and no user and group of numbers.
    Shape(
        rf"(?P<kept>{_LOGIN}(?:[ \t=]{{1,8}}|\\?[\"'],[ \t]{{0,8}})(?P<quote>\\?[\"'])[^\s:\"'=]{{1,200}}:)"
        rf"(?!//|[0-9]+(?P=quote)){_QUOTED}",
        ("-u",),
        (":",),
    ),
    Shape(
        rf"(?P<kept>{_LOGIN}[ \t=]{{1,8}}[^\s:\"'=]{{1,200}}:)(?!//|[0-9]+(?:[\s\"',;]|$)|{_MASKED}){_LETTERS}+", ("-u",), (":",)
    ),
    # With a colon: a quoted value of a quoted name, what alone stands in a line of settings, and what is no word.
    Shape(
        rf"(?i)(?P<kept>{_WORD}{_QUOTE}\s{{0,4}}:\s{{0,4}}(?P<quote>{_QUOTE})){_PROSE}{_QUOTED}",
        _IN_WORDS,
        (":",),
        opening=_WITH_QUOTED_WORD,
    ),
    Shape(
        rf"(?im)(?P<kept>^[ \t]{{0,40}}(?:- )?[\w.-]{{0,80}}{_WORD}\s{{0,4}}:[ \t]{{1,4}}[\"']?){_VALUE}{_ENDS_LINE}",
        _IN_WORDS,
        (":",),
        opening=_WITH_WORD_IN_LINE,
    ),
    Shape(rf"(?i)(?P<kept>{_WORD}{_SET}{_QUOTE}?){_TOKEN_VALUE}", _IN_WORDS, _SETS, opening=_WITH_WORD),
    Shape(
        rf"(?i)(?P<kept>(?:<|&lt;)[\w.:-]{{0,80}}(?:{_NAMES}|{_WORD})(?:\s[^<>]{{0,400}})?(?:>|&gt;)\s*(?:<!\[CDATA\[)?)"
        r"(?!\*\*\*\s*(?:<|&lt;|\]\]))[^<&\s](?:[^<&]|&(?!lt;)){0,4096}(?=<|&lt;)",
        _IN_NAMES,
        ("<", "&lt;"),
        opening=_WITH_TAG,
    ),
    Shape(rf"(?im)(?P<kept>^\s*code\s*[=:]\s*{_BLOCK}[\"']?){_VALUE}", ("code",), ("=", ":"), opening=_WITH_CODE_IN_LINE),
    Shape(rf"(?i)(?P<kept>code{_SET}{_BLOCK}\\?[\"']?){_CODE_VALUE}", ("code",), _SETS, opening=_WITH_CODE),
    # An argument and its value: in a line, as items of a list, or one a line in YAML.
    Shape(
        rf"(?i)(?P<kept>(?:^|(?<=[\s\"'\[(,=])){_ARGUMENT}\\?[\"']?(?:{_NEXT_WORD}|{_NEXT_ITEM})\\?[\"']?)(?![<$]){_VALUE}",
        ("-",),
        ("code", *_IN_WORDS, "pass"),
        opening=_WITH_ARGUMENT,
    ),
    Shape(r"(?P<kept><<'?END_OF_CODE'?\r?\n)[^\r\n]+", ("end_of_code",)),
    Shape(
        r"(?i)(?P<kept>\b(?:X-Amz-)?(?:Signature|Security-Token|Credential)(?:=|%3D))[^&\s\"',]+",
        ("signature", "security-token", "credential"),
        ("=", "%3d"),
    ),
    Shape(r"(?P<kept>\bAWSAccessKeyId=)[^&\s\"']+", ("awsaccesskeyid=",)),
    Shape(
        r"(?i)(?P<kept>\b(?:proxy-)?authorization\W{1,6}(?:basic|bearer|negotiate|digest|ntlm)\s+)[^\s\"\]]+", ("authorization",)
    ),
    Shape(r"(?i)(?P<kept>\b(?:set-)?cookie[^\w*]{1,4})[^\r\n\"\]]+", ("cookie",)),
    Shape(r"(?<![\w$])\$(?:1|2[abxy]|5|6|7|y|gy|md5|sha1|argon2(?:id?|d)|scrypt)\$[./A-Za-z0-9$=,+-]{16,}", ("$",)),  # crypt(5)
    # Identifiers of IAM: the prefixes of unique ids, IAM User Guide.
    Shape(r"\b(?:AKIA|ASIA|AGPA|AROA|AIDA|AIPA)[A-Z0-9]{16}\b", ("akia", "asia", "agpa", "aroa", "aida", "aipa")),
    Shape(r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", ("private key-----",)),
    Shape(r"\bMII[A-Za-z0-9+/]{60,}={0,2}", ("mii",)),  # a DER key or certificate in base64
)

_PARTS = frozenset(part for shape in SHAPES for group in shape.needs for part in group)


_SECRET_NAME = (
    rf"(?s)(?i:.*(?:{_NAMES})){_SUFFIX}|(?:.*_{_NAME}|.*[A-Z0-9](?<!BY)(?<!COM)PASS){_SUFFIX}|(?i:pwd|{_WORD})|"
    rf"(?i:.*[_-](?:{_WORD}|pass))|.*[a-z](?:Token|Secret|A[Pp][Ii]Key)"
)


def is_secret_name(name: object) -> bool:
    """Whether what has this name, in a document that was parsed, is a secret."""
    return isinstance(name, str) and re.fullmatch(_SECRET_NAME, name) is not None


def is_secret_argument(word: object) -> bool:
    """Whether what stands after this word, in a list of arguments, is a secret."""
    return isinstance(word, str) and re.fullmatch(f"(?i){_ARGUMENT}", word) is not None


NOT_REPEATED = "(not repeated: it looks like a code)"

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_INSTANCE = r"m?i-(?:[0-9a-f]{8}|[0-9a-f]{17})"
_CODE = r"(?=.*[0-9A-Z])[A-Za-z0-9+/=_-]{16,}"

_TORN_CODE = r"(?=.*[0-9])(?=.*[A-Z])(?=.*[a-z])[A-Za-z0-9+/=_-]{16,}"
"""What several words look like that were one; a name and a number after it, such as of a section, do not."""

_AROUND = " \t\r\n\"'`\u201c\u201d\u2018\u2019"
_BETWEEN = r"[\s\"'`\u201c\u201d\u2018\u2019\u00ad\u200b-\u200f\u2060\ufeff]+"
"""What comes with a paste, around it and where it was torn."""


def looks_like_a_code(text: str) -> bool:
    """Whether a word that was given for something else may be an activation code, or most of one."""
    word = re.sub(_BETWEEN, "", text)
    is_torn = len(re.split(_BETWEEN, text.strip(_AROUND))) > 1
    shape = _TORN_CODE if is_torn else _CODE
    return re.fullmatch(shape, word) is not None and re.fullmatch(f"(?:{_INSTANCE})|(?i:{_UUID})", word) is None


def codes_among(words: Iterable[str], exists: Callable[[str], bool]) -> list[str]:
    """What looks like a code of the words that somebody gave, their values and the ends of paths; what ``exists`` is none."""
    values = {value for word in words for value in (word, word.partition("=")[2]) if not exists(value)}
    parts = {part for value in values for part in (value, "" if "://" in value else value.rpartition("/")[2])}
    return sorted((part for part in parts if looks_like_a_code(part)), key=len, reverse=True)


def repeated(text: str) -> str:
    """A word that somebody gave, as an error may repeat it."""
    return NOT_REPEATED if looks_like_a_code(text) else text


def mask_shapes(text: str) -> tuple[str, int]:
    """The text without secrets, and how many there were."""
    count = 0
    for shape in shapes_in(text):
        if shape.opens_in(text):
            text, found = shape.pattern.subn(_keep, text)
            count += found
    return text, count


def secrets_of_shapes(text: str) -> Iterator[str]:
    """What ``mask_shapes`` would take out of a text; of a URL's login the password by itself too."""
    for shape in shapes_in(text):
        for found in shape.pattern.finditer(text) if shape.opens_in(text) else ():
            secret = found[0][len(found.groupdict().get("kept") or "") :].rstrip("@")
            yield secret
            yield secret.partition(":")[2]


def _keep(found: re.Match[str]) -> str:
    kept = found.groupdict().get("kept") or ""
    return f"{kept}{MASK}@" if found[0].endswith("@") else f"{kept}{MASK}"


def fault_words(error: BaseException) -> str:
    """A fault of ours in one line of at most 300 characters: its type and what it says, without secrets."""
    said = " ".join(mask_shapes(str(error))[0].split())
    words = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return (words if len(words) <= 300 else f"{words[:297]}...").encode("utf-8", "backslashreplace").decode()


def account_of_key(key_id: str) -> Optional[str]:
    """The twelve digits of the account, or None for what is no id of a temporary key."""
    if not re.fullmatch("ASIA[A-Z2-7]{16}", key_id):
        return None
    import base64  # few look at a key

    number = int.from_bytes(base64.b32decode(key_id[4:])[:6], "big")
    account = (number & 0x7FFFFFFFFF80) >> 7
    return f"{account:012d}" if account < 10**12 else None
