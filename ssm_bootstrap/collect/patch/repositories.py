"""All repositories: read, then asked for their indexes in rounds, each round in parallel and all of it bounded."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field, replace
from typing import Callable, Iterable, Mapping, Optional

from ssm_bootstrap.catalog.distributions import manager_of, provider_named
from ssm_bootstrap.collect.network.connector import trust_of
from ssm_bootstrap.collect.network.contexts import Contexts
from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.collect.patch.apt import AptReader
from ssm_bootstrap.collect.patch.aptconf import mirrors_of
from ssm_bootstrap.collect.patch.asking import Asking, Question, Reply, words_for
from ssm_bootstrap.collect.patch.configured import Configured, ParsedRepositories, ParserContext, RepositoryUrl, Wish, place_of
from ssm_bootstrap.collect.patch.overrides import Overrides
from ssm_bootstrap.collect.patch.yum import YumReader
from ssm_bootstrap.collect.patch.zypper import ZypperReader
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.network import Trust
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from ssm_bootstrap.model.patch import Fetch, FetchOutcome, Manager, Repositories, Repository
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import NO_SITE

READERS: Mapping[Manager, Callable[[ParserContext], YumReader | AptReader | ZypperReader]] = {
    Manager.YUM: YumReader,
    Manager.DNF: YumReader,
    Manager.APT: AptReader,
    Manager.ZYPPER: ZypperReader,
}
MOST_QUESTIONS = 64
"""In one round; what is left over learns from another of the same host."""

MOST_HOPS = 3
"""How often one question is sent on: by a redirect, or by a list to its mirrors."""

MOST_MIRRORS = 3
ENOUGH = 9.0
"""Seconds after which no new round is begun."""

QUICK = 1.0
"""Seconds of a round after which those that it had no room for are asked in the next: silence costs more than that."""


def look_at_repositories(
    host: Host, region: str, proxies: ProxySettings, overrides: Optional[Overrides] = None, *, ask: bool = True
) -> Observed[Repositories]:
    """Read this machine's repositories and ask each for its index; what cannot be known says why."""
    system = host.machine.system()
    manager = manager_of(system.identifier, system.version)
    if manager is None:
        return Unseen(phrase("{title}: no package manager that Patch Manager knows", title=system.title or "this system"))
    site = overrides.site if overrides is not None else NO_SITE
    around = ParserContext(host, system, manager, region, proxies, site)
    reading: ParsedRepositories = READERS[manager](around).read()
    if overrides is not None:
        overrides.add_to(reading, around)
    plan = _Plan(around, reading)
    items = plan.carry_out() if ask else [item.repository for item in reading.found]
    return Seen(
        Repositories(
            manager,
            reading.release,
            reading.guessed,
            tuple(items),
            tuple(reading.problems[:200]),
            reading.total,
            nothing_on=reading.files > 0 and reading.enabled == 0,
        )
    )


@dataclass
class _Open:
    """A question under way: whose it is, and how often it was sent on (``hops``)."""

    number: int  # of the repository
    question: Question
    spare: Optional[RepositoryUrl] = None
    indexes: tuple[str, ...] = ()
    hops: int = 0


@dataclass
class _Plan:
    """The rounds."""

    around: ParserContext
    reading: ParsedRepositories
    fetches: dict[int, list[Fetch]] = field(default_factory=dict)
    contexts: Contexts = field(default_factory=Contexts)

    def carry_out(self) -> list[Repository]:
        """Ask, follow, and give the repositories with what came of it."""
        clock = self.around.host.clock
        begun = clock.monotonic()
        asked = [open_ for number, item in enumerate(self.reading.found) for open_ in self._first(number, item)]
        while asked and clock.monotonic() - begun <= ENOUGH:
            chosen, left = choose([item for item in asked if item.hops <= MOST_HOPS])
            if not chosen:
                break
            round_begun = clock.monotonic()
            replies = Asking(self.around.host, [item.question for item in chosen], self._trusting).ask()
            lost = [item for item in asked if item.hops > MOST_HOPS]
            follows = [follow for item, reply in zip(chosen, replies) for follow in self._settle(item, reply)]
            quick = clock.monotonic() - round_begun < QUICK
            asked = [*follows, *self._borrow(left, list(zip(chosen, replies)), quick), *lost]
        for item in asked:
            self._note(item, FetchOutcome.UNKNOWN, "not waited for", None)
        return [
            replace(item.repository, fetches=tuple(self.fetches.get(number, ())))
            for number, item in enumerate(self.reading.found)
        ]

    def _first(self, number: int, item: Configured) -> list[_Open]:
        for path in item.local:
            self._look_locally(number, path)
        if not item.repository.enabled:
            return []
        return [self._question(number, item, wish) for wish in item.wishes]

    def _question(self, number: int, item: Configured, wish: Wish) -> _Open:
        place = wish.place
        provider = provider_named(item.repository.provider)
        known = provider is not None and provider.known and not self.reading.guessed
        key = item.has_key or (provider is not None and provider.certificate)
        proxy = item.https_proxy if place.secure else item.http_proxy
        question = Question(wish.what, place, proxy, item.bundle, item.verify, key, known)
        return _Open(number, question, wish.spare, wish.indexes)

    def _look_locally(self, number: int, path: str) -> None:
        outcome, detail = FetchOutcome.FOUND, ""
        try:
            self.around.host.files.size(path)
        except OSError as error:
            outcome, detail = words_for(error)
        self.fetches.setdefault(number, []).append(Fetch(f"file://{path}", "index", outcome, detail))

    def _settle(self, item: _Open, reply: Reply) -> list[_Open]:
        """Write down a reply, and say what is asked for next because of it."""
        question = item.question
        if reply.outcome is FetchOutcome.REDIRECTED and reply.location is not None:
            self._note(item, reply.outcome, phrase("{detail} to {shown}", detail=reply.detail, shown=reply.location.shown), reply)
            return [replace(item, question=replace(question, place=reply.location), hops=item.hops + 1)]
        if reply.outcome is FetchOutcome.MISSING and item.spare is not None:
            return [replace(item, question=replace(question, place=item.spare, what="Release"), spare=None, hops=item.hops + 1)]
        outcome, detail = reply.outcome, reply.detail
        follow: list[_Open] = []
        if question.lists and outcome is FetchOutcome.FOUND:
            follow = [replace(one, hops=item.hops + 1) for one in self._on_mirrors(item, reply.body)]
            if not follow:
                outcome, detail = FetchOutcome.STRANGER, phrase("{detail} without any mirror in it", detail=detail)
        self._note(item, outcome, detail, reply)
        return follow

    def _on_mirrors(self, item: _Open, body: str) -> list[_Open]:
        """What is asked of the mirrors in a list: their indexes."""
        question = item.question
        if self.around.manager is not Manager.APT:
            found = self._mirrors(body, question)
            return [replace(item, question=replace(question, what="repomd.xml", place=place), spare=None) for place in found]
        places = mirrors_of(body)
        if not item.indexes:
            return []
        first, spare = item.indexes[0], item.indexes[-1]
        asked = [(replace(question, what="InRelease", place=place.below(first)), place.below(spare)) for place in places]
        return [replace(item, question=one, spare=other) for one, other in asked]

    def _mirrors(self, body: str, question: Question) -> list[RepositoryUrl]:
        """The indexes on the first mirrors of a list, in either of its formats."""
        if question.what == "metalink" or body.lstrip().startswith("<?xml"):
            urls: Iterable[str] = re.findall(r"<url\b[^>]*>\s*(https?://[^<\s]+)", body)
            places = [place_of(url.replace("&amp;", "&")) for url in urls]
            return [place for place in places if place is not None][:MOST_MIRRORS]
        lines = [line.strip() for line in body.splitlines() if "://" in line and not line.lstrip().startswith("#")]
        architecture = self.around.host.machine.architecture()
        found = [place_of(line.replace("$basearch", architecture).replace("$ARCH", architecture)) for line in lines]
        return [place.below("repodata/repomd.xml") for place in found if place is not None][:MOST_MIRRORS]

    def _borrow(self, left: list[_Open], asked: list[tuple[_Open, Reply]], quick: bool) -> list[_Open]:
        """Tell those that were not asked what another of the same host learnt, where it is the host's own fault.

        Gives those that are to be asked in the next round, which there is one of where this one was ``quick``.
        """
        again: list[_Open] = []
        by_host = {_host_of(item): reply for item, reply in asked}
        for item in left:
            reply = by_host.get(_host_of(item))
            if reply is not None and reply.outcome is FetchOutcome.UNREACHED:
                self._note(item, reply.outcome, reply.detail, reply)
            elif quick:
                again.append(item)
            else:
                self._note(
                    item,
                    FetchOutcome.UNKNOWN,
                    phrase("one of more than {most_questions} that were to be asked", most_questions=MOST_QUESTIONS),
                    None,
                )
        return again

    def _note(self, item: _Open, outcome: FetchOutcome, detail: str, reply: Optional[Reply]) -> None:
        question = item.question
        fetch = Fetch(question.place.shown, question.what, outcome, detail, reply.probe if reply else None, question.known)
        self.fetches.setdefault(item.number, []).append(fetch)

    def _trusting(self, question: Question) -> Callable[[], ssl.SSLContext]:
        """The certificates that count for a question, read once for each set of them."""

        def make() -> ssl.SSLContext:
            files, network = self.around.host.files, self.around.host.network
            trust = Trust(bundle=files.real(question.bundle)) if question.bundle else trust_of(files, {})
            try:
                made = network.trusting(trust)
            except OSError as error:
                raise OSError(error.errno, f"{question.bundle}: {words_of(error)}") from None
            if not question.verify:
                made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
            return made

        return lambda: self.contexts.get((question.bundle, question.verify), make)


def _host_of(item: _Open) -> tuple[str, str, int, str]:
    place, proxy = item.question.place, item.question.proxy.proxy
    return place.scheme, place.host, place.port, str(proxy or "")


def choose(asked: list[_Open]) -> tuple[list[_Open], list[_Open]]:
    """The questions of one round: one of every host first, then the others in their order; and what is left over."""
    if len(asked) <= MOST_QUESTIONS:
        return asked, []
    firsts: dict[tuple[str, str, int, str], int] = {}
    for number, item in enumerate(asked):
        firsts.setdefault(_host_of(item), number)
    leading = set(firsts.values())
    order = [*firsts.values(), *(number for number in range(len(asked)) if number not in leading)]
    taken = set(order[:MOST_QUESTIONS])
    return [asked[number] for number in order[:MOST_QUESTIONS]], [
        item for number, item in enumerate(asked) if number not in taken
    ]
