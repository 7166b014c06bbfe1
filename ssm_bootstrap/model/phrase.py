"""Sentences that can be said in another language: English as they stand, and still their template and its facts."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping


class Phrase(str):
    """The English sentence, which is all that anybody compares, saves or sends; whoever shows it may say it otherwise.

    ``template`` is what is looked up in another language, and ``facts`` what is filled into either; a fact that is a phrase,
    or a text of several words, is said in that language too. ``swaps`` are words of the whole that were replaced after it
    was filled, with what is there now.
    """

    template: str
    facts: Mapping[str, Any]
    swaps: tuple[tuple[str, str], ...]

    def __new__(
        cls, english: str, template: str = "", facts: Mapping[str, Any] = {}, swaps: tuple[tuple[str, str], ...] = ()
    ) -> Phrase:
        """The phrase that is ``english`` in English."""
        made = super().__new__(cls, english)
        made.template, made.facts, made.swaps = template or english, facts, swaps
        return made

    def __add__(self, other: str) -> Phrase:
        """Both, one after the other, and each still a phrase if it was one."""
        return joined((self, other), "")

    def __radd__(self, other: str) -> Phrase:
        """The same where the other comes first."""
        return joined((other, self), "")

    def changed(self, change: Callable[[str], str]) -> Phrase:
        """The same with ``change`` made to the sentence, and to every fact that is a text."""
        facts = {name: _changed(fact, change) for name, fact in self.facts.items()}
        return Phrase(change(str(self)), self.template, facts, self.swaps)

    def swapped(self, swaps: Mapping[str, str]) -> Phrase:
        """The same with each of these words replaced by what belongs to it, in every language."""
        english = str(self)
        for old, new in swaps.items():
            english = english.replace(old, new)
        facts = {name: fact.swapped(swaps) if isinstance(fact, Phrase) else fact for name, fact in self.facts.items()}
        return Phrase(english, self.template, facts, (*self.swaps, *swaps.items()))


def phrase(template: str, **facts: Any) -> Phrase:
    """A phrase of a ``str.format`` template; without facts the template is the sentence itself, braces and all.

    A fact that is a tuple or a list is a list of names, with commas between them; an exception is what it says.
    """
    return Phrase(filled(template, facts), template, facts)


def joined(parts: Iterable[str], between: str = ", ") -> Phrase:
    """Several sentences or names in a row, with the same between them in every language."""
    facts = {f"part{number}": part for number, part in enumerate(parts)}
    template = between.join(f"{{{name}}}" for name in facts)
    return Phrase(between.join(map(str, facts.values())), template, facts)


def filled(template: str, facts: Mapping[str, Any], say: Callable[[str], str] = str) -> str:
    """The template with its facts, those that are phrases as ``say`` says them."""
    if not facts:
        return template
    return template.format_map({name: _in_words(fact, say) for name, fact in facts.items()})


def _in_words(fact: Any, say: Callable[[str], str]) -> Any:
    if isinstance(fact, Phrase) or (isinstance(fact, str) and " " in fact):
        return say(fact)
    if isinstance(fact, BaseException) and fact.args and isinstance(fact.args[0], Phrase):
        return say(fact.args[0])
    if isinstance(fact, (tuple, list)):
        return ", ".join(str(_in_words(item, say)) for item in fact)
    return fact


def _changed(fact: Any, change: Callable[[str], str]) -> Any:
    if isinstance(fact, Phrase):
        return fact.changed(change)
    if isinstance(fact, (tuple, list)):
        return tuple(_changed(item, change) for item in fact)
    return change(fact) if isinstance(fact, str) else fact
