"""Registering this machine as a whole: finish what was cut short, read what it takes, change the identity as one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Callable, Optional, Sequence, Union

from ssm_bootstrap.act.agent.install_agent import install_agent
from ssm_bootstrap.act.agent.program import agent_environment, find_binary, must_not_be_led
from ssm_bootstrap.act.agent.restart import revive
from ssm_bootstrap.act.agent.service import AgentService
from ssm_bootstrap.act.identity.abandoned import copy_given_up, warning_of
from ssm_bootstrap.act.identity.recovery import recover
from ssm_bootstrap.act.identity.register import Blocked, Registered, Registrar
from ssm_bootstrap.act.identity.rotation import Rotation
from ssm_bootstrap.act.identity.snapshot import is_tidy, only_copies
from ssm_bootstrap.act.identity.transaction import Change, must_have_place
from ssm_bootstrap.act.lock import locked
from ssm_bootstrap.act.spread import hold_back
from ssm_bootstrap.act.wait import Deadline, Preflight
from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.activation import CodeSources, read_activation_code, read_activation_id
from ssm_bootstrap.collect.agent.fetch_activation import PlaceReader
from ssm_bootstrap.collect.agent.identity import look_at_identity, look_past_journal
from ssm_bootstrap.collect.agent.journal import Operation
from ssm_bootstrap.collect.agent.place import ActivationPlace, IdAndCode, place_named
from ssm_bootstrap.collect.spread import NO_SPREAD, Spread
from ssm_bootstrap.model.agent import Identity, IdentityState, Proof
from ssm_bootstrap.model.aws import Domain
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.session import Session, proxies_of


@dataclass(frozen=True)
class RegistrationOrder:
    """What a person asked for, which holds no secret. ``activation_id`` is as given: it is not looked at yet.

    ``install_key`` is the file of the key by which AWS signs the agent: with it an agent that is missing is installed.
    ``preflight`` looks at the API first, ``force`` replaces an identity, ``restart`` restarts the agent and proves it.
    ``spread`` is over how long nodes that are told the same are spread.
    """

    activation_id: Optional[str]
    install_key: Optional[str]
    preflight: bool
    attempts: int
    retry_lost: bool
    force: bool
    restart: bool
    spread: Spread = NO_SPREAD


@dataclass(frozen=True)
class Enrolled:
    """How it ended: nothing was to do, no agent is here, or the attempts, and the proof of the identity that counts."""

    already: Optional[Identity] = None
    registered: Optional[Registered] = None
    proof: Optional[Proof] = None
    kept: Optional[Identity] = None  # the old identity, after a failure
    replaced: Optional[Identity] = None  # the old identity, after a success
    given_up: Optional[Identity] = None  # the one of which the copy gave way to that of the old identity
    has_agent: bool = True

    def blocked_by(self, blocked: Blocked) -> Enrolled:
        """The same, ended by what was in the way of a further try."""
        made = self.registered.attempts if self.registered is not None else ()
        return replace(self, registered=Registered(made, blocked))

    def after(self, earlier: Enrolled) -> Enrolled:
        """The same with the attempts of an earlier try before its own."""
        before = earlier.registered.attempts if earlier.registered is not None else ()
        if self.registered is None or not before:
            return self
        own = tuple(replace(attempt, number=attempt.number + len(before)) for attempt in self.registered.attempts)
        return replace(self, registered=replace(self.registered, attempts=(*before, *own)))


@dataclass(frozen=True)
class Enrolment:
    """One registration under the lock. ``sources`` are where the code may come from: nothing is read of them yet.

    ``deadline`` is one for all that is waited for: another run, the API, further attempts. The start delay, which is no
    waiting for anything, is not counted.
    """

    session: Session
    service: AgentService
    order: RegistrationOrder
    sources: CodeSources
    deadline: Deadline
    tell: Callable[[str], None]

    def run(self) -> Enrolled:
        """Register, or leave the node as it was; raises Refusal."""
        host = self.session.host
        if not is_tidy(host):
            with locked(host, "register", self.deadline.left(), self.tell):
                recover(host, self.service, self.tell)
        already = self._already()
        if already is not None:
            return Enrolled(already=already)
        must_have_place(host)  # looked at again under the lock: waiting may take hours
        prepared = self._prepare()
        if prepared is None:
            return Enrolled(has_agent=False)
        registrar, source = prepared
        blocked = registrar.await_api()
        if blocked is None and self.order.spread.seconds:
            # Without the lock: whoever sits at this machine may register it meanwhile.
            late = hold_back(host, self.order.spread, self.tell)
            registrar = registrar.put_off(late)
            if isinstance(source, Rotation):
                source.put_off(late)
            blocked = registrar.await_api()
        made = Enrolled(registered=Registered(()))
        while True:
            activation = blocked or (source.take() if isinstance(source, Rotation) else source)
            if isinstance(activation, Blocked):
                return made.blocked_by(activation)
            with locked(host, "register", registrar.deadline.left(), self.tell) as descriptor:
                recover(host, self.service, self.tell)
                already = self._already()  # another run may have been first
                if already is not None:
                    return Enrolled(already=already)
                made = self._change(registrar, activation, descriptor).after(made)
                if not isinstance(source, Rotation) or not source.goes_on(activation, made.registered):
                    return made
            blocked = registrar.await_api()

    def _prepare(self) -> Optional[tuple[Registrar, Union[IdAndCode, Rotation]]]:
        """What is needed to register, checked before anything runs; None where no agent is here, nor is to be installed.

        With it goes the activation, or where it is fetched once the API answers.
        """
        session, order, host = self.session, self.order, self.session.host
        binary = find_binary(host)
        if binary is None and order.install_key is None:
            return None
        region, site, config = session.region, session.overrides.site, session.agent_config
        asked = host.standard_input.read_secret("Activation code") if self.sources.file == "-" else ""
        self._must_be_fit()
        given = self._read_activation(asked)
        if isinstance(given, IdAndCode):
            host.secrets.learn(given.code.reveal(), certain=True)
        if self.sources.argument is not None:
            instead = "--activation-code-file does not"
            self.tell(
                phrase("warning: --activation-code shows the code to whoever may list processes; {instead}", instead=instead)
            )
        with host.step("looking at this machine"):
            settings, unit = proxies_of(session)
            instance = session.instance()
        for place, words in site.problems:
            self.tell(phrase("warning: {place}: {words}", place=place, words=words))
        if binary is None and order.install_key is not None:
            domain = Domain(config.service_domain or partition_of(region, site).domain)
            install_agent(host, region, domain, order.install_key, settings, self.tell)
            binary = find_binary(host)
        if binary is None:
            return None
        seen = value_of(instance)
        metadata = value_of(seen.metadata) if seen is not None else None
        preflight = Preflight(host, region, config, settings, instance, site, session.choice.source)
        registrar = Registrar(
            host=host,
            binary=binary,
            region=region,
            environment=agent_environment(settings, unit),
            cidrs=metadata.ipv4_cidrs + metadata.ipv6_cidrs if metadata is not None else (),
            site=site,
            preflight=preflight if order.preflight else None,
            deadline=self.deadline,
            attempts=order.attempts,
            tell=self.tell,
            retry_lost=order.retry_lost,
        )
        if isinstance(given, IdAndCode):
            return registrar, given
        reader = PlaceReader(host, given, region, config, settings, site)
        return registrar, Rotation(reader, self._fallback(), preflight, self.deadline, self.tell)

    def _read_activation(self, asked: str) -> Union[IdAndCode, ActivationPlace]:
        """The activation, ``asked`` being what a person typed, or the place where it is; raises Refusal.

        A Refusal says that nothing was used.
        """
        host, configuration = self.session.host, self.session.configuration
        sources = replace(self.sources, standard_input=asked, variable=host.secrets.variable)
        try:
            place = place_named(sources, host.environment, configuration)
            if place is not None:
                self._fallback()
                return place
            activation_id = read_activation_id(self.order.activation_id, host.environment, configuration)
            return IdAndCode(activation_id, read_activation_code(host.files, sources, host.environment, configuration))
        except Refusal as refusal:
            text = phrase("{said}; nothing was changed, and the activation was not used", said=refusal.message)
            raise Refusal(refusal.status, text) from None

    def _fallback(self) -> str:
        """The id for a place that holds the code alone, or an empty string; raises Refusal where what is named is none."""
        host, configuration = self.session.host, self.session.configuration
        named = (self.order.activation_id, host.environment.get("SSM_BOOTSTRAP_ACTIVATION_ID"), configuration.activation_id)
        return read_activation_id(self.order.activation_id, host.environment, configuration) if any(named) else ""

    def _must_be_fit(self) -> None:
        """Refusal (78) where the agent would not start with its settings, or another user leads it where they like."""
        config = self.session.agent_config
        if config.problem:
            text = phrase(
                "{path}: agent-config-invalid: {problem}; the agent would not start with it",
                path=config.path,
                problem=config.problem,
            )
            raise Refusal(ExitStatus.BAD_CONTENT, phrase("{said}; nothing was registered", said=text))
        must_not_be_led(self.session, "nothing was registered")

    def _already(self) -> Optional[Identity]:
        """The identity that is there and stays; raises Refusal (78) where the vault is no use and ``force`` is not said."""
        host, force = self.session.host, self.order.force
        for _ in range(2):  # the second look is for a vault that was being written during the first
            found = look_at_identity(host.files, host.locks)
            if found.state is IdentityState.REGISTERED and not force:
                return found
            if found.state is not IdentityState.UNREADABLE or force or host.locks.holder(paths.LOCK) is not None:
                return None
        text = phrase(
            "register: the vault is damaged: {detail}; move that file away, or say --force (it is put aside first)",
            detail=found.detail,
        )
        raise Refusal(ExitStatus.BAD_CONTENT, text)

    def _change(self, registrar: Registrar, activation: IdAndCode, descriptor: int) -> Enrolled:
        host, force = self.session.host, self.order.force
        old = look_past_journal(host.files)
        registered = old.state is IdentityState.REGISTERED
        if old.state is IdentityState.UNREADABLE and not force:
            raise Refusal(
                ExitStatus.BAD_CONTENT, phrase("register: the vault is damaged: {detail}; nothing was changed", detail=old.detail)
            )

        def act() -> Registered:
            if old.state is IdentityState.UNREADABLE:
                self._remove_broken_manifest()
            # The agent asks before it overwrites an identity; without a terminal that question ends it.
            return registrar.run(activation, ("-y",) if registered else (), (descriptor,))

        given_up = copy_given_up(host, old.managed_instance_id)
        if given_up is not None:
            self.tell(warning_of(given_up, old.managed_instance_id))
        known = only_copies(host)
        changed = Change(
            host=host,
            operation=Operation.REGISTER,
            service=self.service,
            act=act,
            succeeded=self._holds,
            revive=(lambda: self._revive(registrar.cidrs)) if self.order.restart else None,
            old_id=old.managed_instance_id,
            stop=old.state is not IdentityState.NOT_REGISTERED,
        ).run()
        for name in only_copies(host):
            if name not in known:
                self.tell(
                    phrase(
                        "the damaged vault is kept in {our_state}/{name}: it may be the only copy of an identity",
                        our_state=paths.OUR_STATE,
                        name=name,
                    )
                )
        kept = old if registered and not changed.holds else None
        if not changed.holds:
            return Enrolled(registered=changed.result, proof=changed.proof, kept=kept)
        return Enrolled(registered=changed.result, proof=changed.proof, replaced=old, given_up=given_up)

    def _revive(self, cidrs: Sequence[str]) -> Optional[Proof]:
        """Restart the agent and prove it; only the first, and no proof, where nothing may be waited for."""
        if not self.service.no_block:
            return revive(self.session, cidrs)
        unit = self.service.unit()
        if unit is not None:
            self.service.restart(unit.name)
        return None

    def _holds(self, result: Registered) -> bool:
        """True where the agent said so and the vault says the same."""
        if result.last is None or not result.last.succeeded:
            return False
        found = look_past_journal(self.session.host.files)
        return found.state is IdentityState.REGISTERED and found.managed_instance_id == result.last.managed_instance_id

    def _remove_broken_manifest(self) -> None:
        """A manifest that does not parse makes the agent fail for ever (measured); it is in the snapshot."""
        try:
            whole = isinstance(json.loads(self.session.host.files.read_text(paths.VAULT_MANIFEST, 1 << 20)), dict)
        except FileNotFoundError:
            return
        except (ValueError, RecursionError):
            whole = False
        if not whole:
            self.session.host.trees.remove(paths.VAULT_MANIFEST)
