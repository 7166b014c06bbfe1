"""HTML put together so that nothing from outside can become markup: plain text is escaped, only tags made here are not."""

from __future__ import annotations

from html import escape
from typing import Union

from ssm_bootstrap.render.clean import clean

_EMPTY = frozenset({"meta", "br"})
"""Elements without content and without an end."""


class Markup(str):
    """Text that is HTML already; made by ``tag`` and ``joined`` alone."""


Part = Union[str, Markup]


def text(value: str) -> Markup:
    """Text from outside: control and invisible characters written out, then escaped for content and attributes alike."""
    return Markup(escape(clean(value, lines=True), quote=True))


def tag(element: str, *parts: Part, **attributes: str) -> Markup:
    """One element; a trailing underscore of an attribute's name goes (``class_``), others become hyphens (``http_equiv``)."""
    said = "".join(f' {name.rstrip("_").replace("_", "-")}="{text(value)}"' for name, value in attributes.items())
    if element in _EMPTY:
        return Markup(f"<{element}{said}>")
    return Markup(f"<{element}{said}>{joined(*parts)}</{element}>")


def joined(*parts: Part) -> Markup:
    """Parts one after the other, plain text escaped."""
    return Markup("".join(part if isinstance(part, Markup) else text(part) for part in parts))
