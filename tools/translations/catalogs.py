"""gettext's files: the template of all sentences, a catalogue for each language, and what the program reads of it."""

from __future__ import annotations

import io
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from ssm_bootstrap.render.language import DOMAIN, ENGLISH, LANGUAGES
from tools.translations.messages import PACKAGE, messages

LOCALE = PACKAGE / "locale"
TEMPLATE = LOCALE / f"{DOMAIN}.pot"
TRANSLATED = tuple(language for language in LANGUAGES if language != ENGLISH)
_HEADER = """\
# Sentences of ssm-bootstrap. Names in braces are filled in by the program: each stands in the translation as often as in the
# English. So do `commands`, $VARIABLES, paths and <NAMES>. Codes, flags and what AWS's console has no word for stay English.
#"""
_WRITTEN = datetime(2026, 1, 1, tzinfo=timezone.utc)
"""One date for all: the files differ only where a sentence does."""


def po_of(language: str) -> Path:
    """The catalogue of a language, which translators write."""
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def mo_of(language: str) -> Path:
    """What is compiled of it, which the program reads."""
    return po_of(language).with_suffix(".mo")


def template() -> Catalog:
    """All sentences as they are said today."""
    made = Catalog(project=DOMAIN, header_comment=_HEADER, creation_date=_WRITTEN, revision_date=_WRITTEN, charset="utf-8")
    for message in messages().values():
        places: list[Any] = [(place, None) for place in message.places]  # no line: it changes with every edit
        made.add(message.text, locations=places, auto_comments=message.remarks)
    return made


def read(path: Path, language: str = "") -> Catalog:
    """A catalogue from its file."""
    with path.open("rb") as stream:
        return read_po(stream, locale=language or None)


def update() -> None:
    """Write the template anew, and bring every language's catalogue up to it: what is near to an old sentence is fuzzy."""
    fresh = template()
    LOCALE.mkdir(exist_ok=True)
    TEMPLATE.write_bytes(written(fresh))
    for language in TRANSLATED:
        path = po_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        own = read(path, language) if path.exists() else Catalog(locale=language, revision_date=_WRITTEN, fuzzy=False)
        own.update(fresh, no_fuzzy_matching=len(own) == 0)
        own.header_comment, own.creation_date, own.revision_date = _HEADER, _WRITTEN, _WRITTEN
        own.project, own.last_translator, own.language_team, own.fuzzy = DOMAIN, "", "", False
        path.write_bytes(written(own))


def written(catalog: Catalog) -> bytes:
    """A catalogue as its file: lines are not folded, so that a sentence can be searched for."""
    stream = io.BytesIO()
    write_po(stream, catalog, width=0, ignore_obsolete=True)
    return stream.getvalue()


def compiled(language: str) -> bytes:
    """What the program reads of a language; what is fuzzy stays English."""
    stream = io.BytesIO()
    write_mo(stream, read(po_of(language), language))
    return stream.getvalue()


def compile_all() -> None:
    """Write it for every language."""
    for language in TRANSLATED:
        mo_of(language).write_bytes(compiled(language))
