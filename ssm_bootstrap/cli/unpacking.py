"""A support bundle read again: only what ``bundle`` writes, with bounds, and nothing of it on the disk."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from typing import Any

from ssm_bootstrap.cli.bundle import MANIFEST, OBSERVATIONS, PLACE, SCHEMA
from ssm_bootstrap.render.clean import clean

MOST_PLAIN = 256 << 20
"""Bytes that a bundle may unfold to."""

MOST_MEMBERS = 1000


class NotABundle(ValueError):
    """What is wrong with a file that ought to be a bundle, in words."""


class _Bounded(io.RawIOBase):
    """A stream that ends in NotABundle once too much came out of it."""

    def __init__(self, stream: gzip.GzipFile, most: int) -> None:
        self._stream, self._left, self._most = stream, most, most

    def readable(self) -> bool:
        """True: it is for reading."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes; raises NotABundle past the bound."""
        data = self._stream.read(self._left + 1 if size < 0 else min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise NotABundle(f"it unfolds to more than {self._most >> 20} MB")
        return data


def observations_of_bundle(data: bytes, most: int, most_plain: int = MOST_PLAIN) -> bytes:
    """The observations in a bundle, as the manifest vouches for them; raises NotABundle.

    ``most`` bounds the observations, ``most_plain`` all that the archive unfolds to.
    """
    try:
        found = _members(_Bounded(gzip.GzipFile(fileobj=io.BytesIO(data)), most_plain), most)
    except NotABundle:
        raise
    except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error, RecursionError, OverflowError) as error:
        raise NotABundle(f"not an archive of ours, or a torn one ({type(error).__name__})") from None
    if OBSERVATIONS not in found:
        raise NotABundle(f"{OBSERVATIONS} is not in it")
    if MANIFEST not in found:
        raise NotABundle(f"{MANIFEST} is not in it")
    digest = _digest_of(found[MANIFEST])
    if hashlib.sha256(found[OBSERVATIONS]).hexdigest() != digest:
        raise NotABundle(f"{OBSERVATIONS} is not what {MANIFEST} says was packed")
    return found[OBSERVATIONS]


def _members(stream: _Bounded, most: int) -> dict[str, bytes]:
    """The two documents, by name; every member has to be a plain file below the bundle's own directory."""
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=stream, mode="r|", bufsize=tarfile.BLOCKSIZE * 20) as archive:
        for number, member in enumerate(archive):
            if number >= MOST_MEMBERS:
                raise NotABundle(f"it has more than {MOST_MEMBERS} members")
            _check(member)
            name = member.name[len(PLACE) :]
            if name not in (OBSERVATIONS, MANIFEST):
                continue
            if member.size > most:
                raise NotABundle(f"{name} is larger than {most >> 20} MB")
            if name in found:
                raise NotABundle(f"{name} is in it twice")
            content = archive.extractfile(member)
            found[name] = content.read() if content is not None else b""
    return found


def _check(member: tarfile.TarInfo) -> None:
    """Raises NotABundle for what no bundle of ours holds."""
    shown = clean(member.name)[:100]
    if not member.isreg() or member.issparse():
        raise NotABundle(f"{shown} is no plain file")
    if not member.name.startswith(PLACE) or ".." in member.name.split("/"):
        raise NotABundle(f"{shown} lies outside of {PLACE}")


def _digest_of(manifest: bytes) -> str:
    """The digest that the manifest gives of the observations; raises NotABundle."""
    try:
        document: Any = json.loads(manifest)
        if document["schema"] != SCHEMA:
            raise NotABundle(f'{MANIFEST}: expected "schema": "{SCHEMA}"')
        digests = [entry["sha256"] for entry in document["files"] if entry["name"] == OBSERVATIONS]
        return str(digests[0])
    except NotABundle:
        raise
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise NotABundle(f"{MANIFEST} does not say what was packed") from None
