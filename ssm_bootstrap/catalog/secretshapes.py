"""What secrets look like in text: keys, tokens, codes, passwords, signatures. One place knows, for logs, saves and bundles."""

from __future__ import annotations

import re

MASK = "***"

_VALUE = r"[^\s\"',;}\\]+"
_NAMES = (
    r"(?:aws_?)?secret_?access_?key|(?:aws_?)?(?:session|security)_?token|(?:aws_?)?access_?key_?id|"
    r"activation_?code|password|passwd|private_?key|token_?value|client_?secret"
)

SHAPES: tuple[re.Pattern[str], ...] = (
    # A URL's user and password: up to the last @ of the word, as a password may hold / and @ itself.
    re.compile(r"(?P<kept>://)[^\s\"<>]*@"),
    # A proxy is taken without a scheme too; a password that nobody escaped may hold blanks and quotes.
    re.compile(r"(?im)(?P<kept>(?:\b(?:https?|all|no)_proxy|^\s*https?)\s*[=:]\s*[\"']?)[^\r\n]*@"),
    # The beginning of one that was cut at a blank: a user, and no number for a port.
    re.compile(
        r"(?im)(?P<kept>\b(?:https?|all|no)_proxy\s*=\s*[\"']?(?:[a-z0-9+.-]+://|(?![a-z0-9+.-]+://)))[^\s:/@\"',]+:(?![0-9]{1,5}(?:[\"',\s/]|$))[^\s\"',]+"
    ),
    re.compile(rf"(?i)(?P<kept>\\?[\"']?\b(?:{_NAMES})\\?[\"']?\s{{0,4}}[=:]\s{{0,4}}\\?[\"']?){_VALUE}"),
    re.compile(rf"(?im)(?P<kept>^\s*code\s*[=:]\s*){_VALUE}"),
    re.compile(r"(?i)(?P<kept>(?:^|\s)--?(?:activation-)?code[= ]\s*)\S+"),
    re.compile(r"(?i)(?P<kept>\b(?:X-Amz-)?(?:Signature|Security-Token|Credential)(?:=|%3D))[^&\s\"',]+"),
    re.compile(r"(?P<kept>\bAWSAccessKeyId=)[^&\s\"']+"),
    re.compile(r"(?i)(?P<kept>\b(?:proxy-)?authorization\W{1,6}(?:basic|bearer|negotiate|digest|ntlm)\s+)[^\s\"\]]+"),
    re.compile(r"(?i)(?P<kept>\b(?:set-)?cookie[^\w*]{1,4})[^\r\n\"\]]+"),
    # Identifiers of IAM: the prefixes of unique ids, IAM User Guide.
    re.compile(r"\b(?:AKIA|ASIA|AGPA|AROA|AIDA|AIPA)[A-Z0-9]{16}\b"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\bMII[A-Za-z0-9+/]{60,}={0,2}"),  # a DER key or certificate in base64
)
"""Each shape; ``kept`` is what stands before the secret and stays."""


NOT_REPEATED = "(not repeated: it looks like a code)"

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_CODE = re.compile(r"(?=.*[0-9A-Z])[A-Za-z0-9+/=_-]{16,}")


def looks_like_a_code(text: str) -> bool:
    """Whether a word that was given for something else may be an activation code, or most of one."""
    word = text.strip().strip("\"'`\u201c\u201d\u2018\u2019")
    return _CODE.fullmatch(word) is not None and _UUID.fullmatch(word) is None


def repeated(text: str) -> str:
    """A word that somebody gave, as an error may repeat it."""
    return NOT_REPEATED if looks_like_a_code(text) else text


def mask_shapes(text: str) -> tuple[str, int]:
    """The text without secrets, and how many there were."""
    count = 0
    for shape in SHAPES:
        text, found = shape.subn(_keep, text)
        count += found
    return text, count


def _keep(found: re.Match[str]) -> str:
    kept = found.groupdict().get("kept") or ""
    return f"{kept}{MASK}@" if found[0].endswith("@") else f"{kept}{MASK}"


def fault_words(error: BaseException) -> str:
    """A fault of ours in one line of at most 300 characters: its type and what it says, without secrets."""
    said = " ".join(mask_shapes(str(error))[0].split())
    words = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return (words if len(words) <= 300 else f"{words[:297]}...").encode("utf-8", "backslashreplace").decode()
