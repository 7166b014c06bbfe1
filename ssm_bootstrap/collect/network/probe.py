"""All targets at once, under one deadline: names first, then a ladder up each address."""

from __future__ import annotations

import base64
import ipaddress
import queue
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Optional, Sequence

from ssm_bootstrap.catalog import limits
from ssm_bootstrap.catalog.addresses import Place, place_of
from ssm_bootstrap.catalog.endpoints import Endpoint
from ssm_bootstrap.catalog.secrets import fault_words
from ssm_bootstrap.collect.network.attempts import (
    STARVED,
    TRIES,
    NotWaitedFor,
    StepAttempt,
    excused,
    is_slow,
    left_behind,
    proves_nothing,
)
from ssm_bootstrap.collect.network.connector import Connector, trust_of
from ssm_bootstrap.collect.network.contexts import Contexts
from ssm_bootstrap.collect.network.failures import failure_of
from ssm_bootstrap.collect.network.resolvers import look_up, upstream_resolvers
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.resolver import Told
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.network import NameLookup, Probe, StageResult, Target
from ssm_bootstrap.model.phrase import phrase

ASK_WHY_AFTER = 0.25  # seconds that a name may take before the upstream resolvers are asked why
MOST_ADDRESSES = 16
TURN = 0.05  # seconds that the look waits for news before it looks at its deadlines

Wanted = tuple[Endpoint, Target, str]
Progress = Callable[[Sequence[str]], None]


@dataclass
class _Name:
    """One name that is dialled, and what is known of it so far."""

    host: str
    port: int
    started: float
    targets: list[Wanted] = field(default_factory=list)
    settled: bool = False
    error: Optional[BaseException] = None
    seconds: float = 0.0
    asked_why: bool = False
    lookups: list[NameLookup] = field(default_factory=list)
    awaited: int = 0  # lookups under way


class ProbeRun:
    """One look at a set of targets. What is not waited for any longer is given up: its connection is cut, its thread ends.

    ``patience`` is how many seconds names and connects may take that give no answer. A turn that outlasts ``TURN`` counts as
    one that did not: there the answer waits for a processor, and not the look for the network. ``limits.WHOLE_LOOK`` is
    counted in full.
    """

    def __init__(
        self,
        host: Host,
        wanted: Sequence[Wanted],
        region: str,
        progress: Optional[Progress] = None,
        patience: float = limits.LOOK,
    ) -> None:
        self._host = host
        self._patience = patience
        self._region = region
        self._progress = progress
        self._events: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self._begun = self._turned = host.clock.monotonic()
        self._waited = 0.0  # seconds that count
        self._resolvers: Optional[tuple[str, ...]] = None
        self._contexts = Contexts()
        self._probes: list[tuple[int, int, Probe]] = []
        self._climbing: dict[tuple[int, str], Connector] = {}
        self._order = {item[1].endpoint: index for index, item in enumerate(wanted)}
        self._names: dict[str, _Name] = {}
        self._handlers: Mapping[str, Callable[..., None]] = {
            "resolved": self._on_resolved,
            "unresolved": self._on_unresolved,
            "lookup": self._on_lookup,
            "probe": self._on_probe,
        }
        for item in wanted:
            target = item[1]
            dialled, port = (target.proxy.host, target.proxy.port) if target.proxy else (target.host, target.port)
            name = self._names.setdefault(dialled, _Name(dialled, port, self._begun))
            name.targets.append(item)

    def take(self) -> tuple[tuple[Probe, ...], tuple[NameLookup, ...]]:
        """Look; gives probes in the order of the targets, and what upstream resolvers said where they were asked."""
        told = [self._resolve(name) for name in self._names.values()]
        try:
            while not self._finished():
                self._show()
                self._wait()
                self._overdue()
            for name in self._names.values():
                self._settle(name)
        finally:
            for one in told:
                self._host.resolutions.forget(one)
            for ladder in self._climbing.values():
                ladder.give_up()
        probes = tuple(probe for _, _, probe in sorted(self._probes, key=lambda item: item[:2]))
        return probes, tuple(lookup for name in self._names.values() for lookup in name.lookups)

    # -- the loop

    def _now(self) -> float:
        return self._host.clock.monotonic()

    def _finished(self) -> bool:
        return not self._open_names() and not self._climbing

    def _open_names(self) -> list[_Name]:
        """Names that are waited for: for their addresses, or for the reason why they have none."""
        return [name for name in self._names.values() if not name.settled or (name.error is not None and name.awaited)]

    def _wait(self) -> None:
        """Wait for news, count the time, and handle all that is in by then: no verdict goes before an answer that is here."""
        came = []
        with suppress(queue.Empty):
            came.append(self._host.clock.wait(self._events, TURN))
        now = self._now()
        self._waited, self._turned = self._waited + min(now - self._turned, TURN), now
        with suppress(queue.Empty):
            while True:
                came.append(self._events.get_nowait())
        for kind, *rest in came:
            self._handlers[kind](*rest)

    def _lost(self) -> float:
        """Seconds that do not count."""
        return self._turned - self._begun - self._waited

    def _show(self) -> None:
        if self._progress is not None:
            names = [name.host for name in self._names.values() if not name.settled]
            self._progress(names + sorted({ladder.target.host for ladder in self._climbing.values()}))

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def _overdue(self) -> None:
        """Ask why a slow name is slow; give up on what is past the deadline."""
        late = self._waited
        for name in self._names.values():
            if not name.settled and late > ASK_WHY_AFTER:
                self._ask_why(name)
            if not name.settled and late > min(limits.NAME, self._patience):
                self._settle(name)
            if name.error is not None and late > self._patience + 0.1:
                name.awaited = 0
        whole = self._turned - self._begun
        is_over = whole > limits.WHOLE_LOOK
        if is_over or (late > limits.OPTIONAL and self._only_optional_left()):
            self._abandon(whole, is_silent=not is_over and self._lost() <= STARVED)

    def _only_optional_left(self) -> bool:
        """True once nothing is under way but what nobody needs."""
        named = [target for name in self._open_names() for _, target, _ in name.targets]
        return all(target.optional for target in (*named, *(ladder.target for ladder in self._climbing.values())))

    def _abandon(self, late: float, is_silent: bool) -> None:
        """Write down what is not waited for: optional names and peers that stay silent, and whatever outlasts the look.

        Each step has a limit of its own, and all of them together end before the look does. What does not was held up here.
        """
        for name in self._names.values():
            if not name.settled and not is_silent:
                name.settled, name.seconds = True, self._now() - name.started
                name.error = NotWaitedFor("not waited for any longer")
            name.awaited = 0
            self._settle(name)
        for (order, address), ladder in list(self._climbing.items()):
            self._probes.append((order, 0, Probe(ladder.target, address, left_behind(ladder.so_far, late, is_silent))))
            ladder.give_up()
            del self._climbing[(order, address)]

    # -- names

    def _resolve(self, name: _Name) -> Told:
        """Have a name resolved; gives what is told of it."""

        def told(error: Optional[BaseException], addresses: tuple[str, ...]) -> None:
            self._events.put(("resolved", name, addresses) if error is None else ("unresolved", name, error))

        self._host.resolutions.begin(self._host.network.resolve, name.host, name.port, told)
        return told

    def _on_resolved(self, name: _Name, addresses: tuple[str, ...]) -> None:
        if name.settled:
            return
        name.settled, name.seconds = True, self._now() - name.started
        rung = StageResult(Stage.DNS, True, name.seconds, detail=", ".join(addresses[:MOST_ADDRESSES]))
        for item in name.targets:
            for place, address in enumerate(self._worth_dialling(addresses)):
                self._dial(item, place, address, rung)

    def _on_unresolved(self, name: _Name, error: BaseException) -> None:
        if name.settled:
            return
        name.settled, name.error, name.seconds = True, error, self._now() - name.started
        self._ask_why(name)

    def _settle(self, name: _Name) -> None:
        """Write down the DNS rung of a name that did not resolve, once its reason is known or time is up."""
        if not name.settled:
            name.settled, name.seconds = True, self._now() - name.started
            name.error = TimeoutError(phrase("no answer in {seconds:.2g} s", seconds=name.seconds))
        if name.error is None or not name.targets:
            return
        if not self._finished_asking(name):
            return
        failure, detail = self._why(name)
        rung = StageResult(Stage.DNS, False, name.seconds, failure, detail)
        for _, target, _ in name.targets:
            self._probes.append((self._order[target.endpoint], 0, Probe(target, None, (rung,))))
        name.targets = []

    def _finished_asking(self, name: _Name) -> bool:
        return not name.awaited or self._waited > self._patience + 0.1

    def _ask_why(self, name: _Name) -> None:
        if name.asked_why or _is_address(name.host):
            return
        name.asked_why = True
        if self._resolvers is None:
            self._resolvers = upstream_resolvers(self._host.files)
        for resolver in self._resolvers:
            name.awaited += 1
            self._ask(name, resolver)

    def _ask(self, name: _Name, resolver: str, tries: int = TRIES) -> None:
        attempt = StepAttempt.begun(lambda left: self._ask(name, resolver, left), tries, self._lost)
        self._start(self._look_up, name, resolver, attempt)

    def _look_up(self, name: _Name, resolver: str, attempt: StepAttempt) -> None:
        try:
            found = look_up(self._host.network, self._host.clock, resolver, name.host)
        except Exception as error:  # as above
            found = NameLookup(name.host, resolver, 0.0, (), Failure.UNKNOWN, words_of(error))
        self._events.put(("lookup", name, found, attempt))

    def _on_lookup(self, name: _Name, lookup: NameLookup, attempt: StepAttempt) -> None:
        if lookup.failure is Failure.RESOLVER_SILENT and name.awaited and attempt.again():
            return
        name.lookups.append(lookup)
        name.awaited = max(0, name.awaited - 1)

    def _why(self, name: _Name) -> tuple[Failure, str]:
        """The failure of a name: what the upstream resolvers say goes before the C library's own summary."""
        assert name.error is not None
        own = failure_of(name.error)
        said = ", ".join(f"{lookup.resolver}: {lookup.detail}" for lookup in name.lookups)
        answered = [lookup for lookup in name.lookups if lookup.failure is not Failure.RESOLVER_SILENT]
        if isinstance(name.error, TimeoutError) and any(lookup.failure is None for lookup in answered):
            return Failure.RESOLVER_SILENT, phrase(
                "the system's resolver gave no answer, though asked directly: {said}", said=said
            )
        if own is Failure.NAME_UNKNOWN:
            return own, said or words_of(name.error)
        for lookup in answered:
            if lookup.failure is not None:
                return lookup.failure, said
        if name.lookups or isinstance(name.error, TimeoutError):
            silent = own in (Failure.RESOLVER_SILENT, Failure.TIMED_OUT, Failure.RESOLVER_REFUSED)
            return Failure.RESOLVER_SILENT if silent else own, said or words_of(name.error)
        if own is Failure.RESOLVER_SILENT and name.asked_why:
            return Failure.RESOLVER_SILENT, phrase(
                "no answer from {resolvers}", resolvers=", ".join(self._resolvers or ()) or "any resolver"
            )
        return own, words_of(name.error)

    # -- addresses

    @staticmethod
    def _worth_dialling(addresses: Sequence[str]) -> Sequence[str]:
        """All addresses inside a private network, and a few of a public name's many.

        Names are dialled before the metadata service may have told the VPC's own blocks: of public ones a few are dialled.
        """
        others = [address for address in addresses if place_of(address) is not Place.INSIDE]
        left_out = set(others[limits.PUBLIC_ADDRESSES :])
        return [address for address in addresses if address not in left_out][:MOST_ADDRESSES]

    def connector_for(self, item: Wanted) -> Connector:
        """The climb up each of a target's addresses; a look with questions of its own gives another here."""
        row, target, credentials = item
        authorization = "Basic " + base64.b64encode(credentials.encode()).decode() if credentials else None
        return Connector(self._host.network, self._host.clock, self._trusting, row, target, self._region, authorization)

    def _connect_timeout(self) -> float:
        """What is left of the patience, and enough for one lost SYN where the look is not one of many."""
        left = self._patience - self._waited
        return max(min(limits.CONNECT_LEAST, self._patience), min(limits.CONNECT, left))

    def _dial(self, item: Wanted, place: int, address: str, rung: StageResult, tries: int = TRIES) -> None:
        attempt = StepAttempt.begun(lambda left: self._dial(item, place, address, rung, left), tries, self._lost)
        ladder = self._climbing[(self._order[item[1].endpoint], address)] = self.connector_for(item)
        self._start(self._climb, ladder, place, address, rung, self._connect_timeout(), attempt)

    def _climb(
        self, ladder: Connector, place: int, address: str, rung: StageResult, timeout: float, attempt: StepAttempt
    ) -> None:
        before = self._host.clock.starved()
        try:
            probe = ladder.climb(address, rung, timeout)
        except Exception as error:  # a bug of ours must not leave the look waiting
            broken = StageResult(Stage.TCP, False, 0.0, Failure.UNKNOWN, fault_words(error))
            probe = Probe(ladder.target, address, (rung, broken))
        self._events.put(("probe", place, address, probe, attempt, self._host.clock.starved() - before))

    def _on_probe(self, place: int, address: str, probe: Probe, attempt: StepAttempt, own: float) -> None:
        order = self._order[probe.target.endpoint]
        if self._climbing.pop((order, address), None) is None:
            return
        if is_slow(probe) and attempt.again(own):
            return
        is_ours = proves_nothing(probe, self._lost(), self._turned - self._begun, own)
        self._probes.append((order, place, excused(probe) if is_ours else probe))

    def _trusting(self) -> ssl.SSLContext:
        host = self._host
        return self._contexts.get("", lambda: host.network.trusting(trust_of(host.files, host.environment)))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
