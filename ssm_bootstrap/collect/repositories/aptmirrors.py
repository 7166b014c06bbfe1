"""apt's lists of mirrors: which URIs name one, and the mirrors in it.

Source: apt-transport-mirror(1), apt 2.6.
"""

from __future__ import annotations

from ssm_bootstrap.collect.repositories.places import Place, place_of

MOST_MIRRORS = 3


def list_of(uri: str) -> str:
    """The URI of the list behind ``mirror+http:``, ``mirror+file:`` or the old ``mirror:``; empty for another method."""
    if uri.startswith("mirror://"):
        return f"http{uri[len('mirror') :]}"
    return uri[len("mirror+") :] if uri.startswith(("mirror+http:", "mirror+https:", "mirror+file:")) else ""


def mirrors_of(text: str) -> list[Place]:
    """The first mirrors of a list, one a line before its tab; what is no HTTP is left out."""
    lines = [line.partition("\t")[0].strip() for line in text.splitlines() if not line.lstrip().startswith("#")]
    places = [place_of(line) for line in lines if line]
    return [place for place in places if place is not None][:MOST_MIRRORS]


def path_of(uri: str) -> str:
    """The path of a ``file:`` or ``copy:`` URI."""
    return f"/{uri.partition(':')[2].strip('/')}"
