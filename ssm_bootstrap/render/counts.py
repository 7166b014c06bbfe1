"""Numbers of things as a person reads them."""

from __future__ import annotations

from ssm_bootstrap.render.language import _


def number(count: int) -> str:
    """A number for a person: ``1,200``."""
    return f"{count:,}"


def nodes_in_words(count: int) -> str:
    """So many nodes."""
    return _("1 node") if count == 1 else _("{count} nodes", count=number(count))
