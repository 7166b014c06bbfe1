"""The language of whoever reads: which one it is, and every sentence in it. English is what stands in the code.

Nothing of other languages is loaded for who reads English. Codes, JSON and the exit status are the same in all of them.
"""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence

from ssm_bootstrap.model.phrase import Phrase, filled

ENGLISH = "en"
LANGUAGES = (ENGLISH, "ja")
"""Languages that there is a catalogue of, beside English itself."""

VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""What names a reader's language: the first that is set counts (POSIX, environment variables)."""

DOMAIN = "ssm-bootstrap"


class _Spoken:
    """The language that is spoken, with its sentences by the English ones."""

    name = ENGLISH
    sentences: Mapping[str, str] = {}


def chosen(flag: Optional[str], environment: Mapping[str, str], encodings: Sequence[Optional[str]]) -> str:
    """The language to speak: that of ``--lang``, else of the environment; English for one that there is no catalogue of.

    ``encodings`` are those of the streams that are written to: where one is not UTF-8 only English can be read on it.
    """
    named = flag or next((environment[name] for name in VARIABLES if environment.get(name)), "")
    language = named.partition(".")[0].partition("@")[0].partition("_")[0].lower()
    if language not in LANGUAGES or any((encoding or "").lower().replace("-", "") != "utf8" for encoding in encodings):
        return ENGLISH
    return language


def speak(language: str, sentences: Optional[Mapping[str, str]] = None) -> None:
    """Say everything in that language from now on; ``sentences`` are those of its catalogue if nothing else is given."""
    _Spoken.name = language
    if sentences is None:
        sentences = _catalogue(language) if language != ENGLISH else {}
    _Spoken.sentences = sentences


def spoken() -> str:
    """The language that is spoken, as HTML names it."""
    return _Spoken.name


def _catalogue(language: str) -> Mapping[str, str]:
    """The sentences of a language, out of the package itself or of the archive that it is in."""
    import io  # who reads English needs none of these
    import pkgutil
    from gettext import GNUTranslations

    data = pkgutil.get_data("ssm_bootstrap", f"locale/{language}/LC_MESSAGES/{DOMAIN}.mo")
    if data is None:
        return {}
    read: Any = GNUTranslations(io.BytesIO(data))
    return {english: said for english, said in read._catalog.items() if isinstance(english, str) and english}


def say(text: str) -> str:
    """A sentence in the language that is spoken: a phrase with its facts, or a text that stands in the catalogue as it is.

    What has no translation stays English.
    """
    sentences = _Spoken.sentences
    if not sentences:
        return text
    if not isinstance(text, Phrase):
        return sentences.get(text, text)
    try:
        said = filled(sentences.get(text.template, text.template), text.facts, say)
    except (LookupError, ValueError, AttributeError):
        return str(text)
    for old, new in text.swaps:
        said = said.replace(old, new)
    return said


def _(template: str, **facts: Any) -> str:
    """A sentence of this program in the language that is spoken, with its facts; see ``phrase``."""
    sentence = _Spoken.sentences.get(template, template) if _Spoken.sentences else template
    return filled(sentence, facts, say)
