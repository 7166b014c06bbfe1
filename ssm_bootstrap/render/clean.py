"""Text from outside, made safe for a terminal."""

from __future__ import annotations

import unicodedata

_KEPT = "\n\t"


def clean(text: str, *, lines: bool = False) -> str:
    """The text with every control and invisible character written out as ``\\x1b`` or ``\\u202e``.

    With ``lines`` line breaks and tabs stay; without, they become spaces.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(letter, lines) for letter in text)


def _shown(letter: str, lines: bool) -> str:
    if letter in _KEPT:
        return letter if lines else " "
    if letter.isprintable():
        return letter
    if unicodedata.category(letter) == "Zs":  # blanks of a width of their own
        return " "
    code = ord(letter)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
