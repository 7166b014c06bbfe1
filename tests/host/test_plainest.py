"""A secret is found, and masked, however it is written."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import textwrap
import unicodedata
from typing import Callable

import pytest

from ssm_bootstrap.host.secrets import WITHHELD, Secrets, plainest, unfold_bounded
from ssm_bootstrap.render.text import Report

SECRETS = (
    "Fjz3/sZfSvv78+EXAMPLE=",
    "canaryACTIVATIONcode0042",
    "p\u00e4ss:w0rt-\U0001f511&12'45\"",
    "C:\\new\\table0042",
    "100%25of<b>0042",
)

WAYS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "folded": lambda secret: "\n".join(textwrap.wrap(secret, 7, break_long_words=True)),
    "folded and indented": lambda secret: "\r\n\t    ".join((secret[:5], secret[5:9], secret[9:])),
    "continued by a shell": lambda secret: " \\\n   ".join((secret[:6], secret[6:])),
    "torn by a blank without a width": lambda secret: "\u200b".join((secret[:4], secret[4:9], secret[9:])),
    "torn by a soft hyphen": lambda secret: "\u00ad".join((secret[:5], secret[5:])),
    "torn by marks of direction": lambda secret: f"{secret[:5]}\u2066\u200f{secret[5:-2]}\ufeff{secret[-2:]}",
    "hex": lambda secret: secret.encode().hex(),
    "HEX": lambda secret: secret.encode().hex().upper(),
    "coloured": lambda secret: f"\x1b[1m{secret[:6]}\x1b[0m\x1b[1;31m{secret[6:]}\x1b[0m",
    "percent": lambda secret: "".join(f"%{byte:02x}" for byte in secret.encode()),
    "Percent": lambda secret: "".join(f"%{byte:02X}" for byte in secret.encode()),
    "JSON": json.dumps,
    "JSON in JSON": lambda secret: json.dumps({"a": json.dumps({"b": secret})}),
    "units": lambda secret: "".join(f"\\u{unit[:2].hex()}{unit[2:].hex()}" for unit in _halves(secret.encode("utf-16-be"))),
    "entities": lambda secret: "".join(f"&#{ord(letter)};" for letter in secret),
    "hexadecimal entities": lambda secret: "".join(f"&#x{ord(letter):X};" for letter in secret),
    "named entities": lambda secret: secret.replace("&", "&amp;").replace("+", "&plus;").replace('"', "&quot;"),
    "entities in JSON, folded": lambda secret: json.dumps("\n  ".join((secret[:4], secret[4:])).replace("&", "&amp;")),
}


def _halves(data: bytes) -> list[bytes]:
    return [data[place : place + 2] for place in range(0, len(data), 2)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("secret", SECRETS)
def test_it_is_found_and_masked(secret: str, way: str) -> None:
    secrets, text = Secrets(secret), f"before <{WAYS[way](secret)}> after"
    assert secrets.stand_in(text.encode())
    if way not in ("JSON in JSON", "coloured"):
        assert secrets.masked(text) in ("before <***> after", 'before <"***"> after')
    told = secrets.told(text)
    assert not secrets.stand_in(told.encode()) and told != WITHHELD


def test_what_has_no_shape_is_no_part_of_a_text() -> None:
    """Whatever this Python's Unicode has of it."""
    unseen = [chr(number) for number in range(0x110000) if unicodedata.category(chr(number)) == "Cf"]
    assert len(unseen) > 100
    assert plainest("".join(unseen).encode()) == b""
    assert plainest("\u200a\u2010\u00ae\u00e4".encode()) == "\u200a\u2010\u00ae\u00e4".encode()
    assert Secrets(SECRETS[1]).stand_in(f"{SECRETS[1][:9]}%E2%80%8B&shy;\\u200b{SECRETS[1][9:]}".encode())


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
@pytest.mark.parametrize("secret", SECRETS)
def test_utf_16_is_read(secret: str, encoding: str) -> None:
    assert Secrets(secret).stand_in(f"x {secret} y".encode(encoding))


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_what_is_packed_is_unfolded(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(b"x" * 99 + SECRETS[0].encode())
    assert Secrets(SECRETS[0]).stand_in(packed) and unfold_bounded(packed)[1]
    assert not unfold_bounded(packed[:-9])[1] and not unfold_bounded(packed[:8] + b"\xff" * 90)[1]


@pytest.mark.parametrize("width", [20, 30, 40])
def test_a_report_that_folds_is_read(width: int) -> None:
    report = Report(width)
    report.line(f"it said {SECRETS[0]}{SECRETS[1]}")
    report.item("label", f"{'x' * (width // 2)}{SECRETS[1]}")
    assert SECRETS[1] not in report.text
    assert Secrets(SECRETS[1]).stand_in(report.text.encode())


def test_nothing_else_is_taken_for_it() -> None:
    secrets = Secrets("canaryACTIVATIONcode0042")
    for text in ("canaryACTIVATIONcode004", "canary%00", "&#99999999999; &unknown; %zz \\u12 \\", "\ud800"):
        assert secrets.masked(text) == text
