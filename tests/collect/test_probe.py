"""One look at many targets with a scripted network and real threads: nothing that stays silent holds it up."""

from __future__ import annotations

import errno
import os
import queue
import socket
import threading
from contextlib import suppress
from http.client import RemoteDisconnected
from typing import Any, Callable, Iterator, Mapping, Optional, Sequence

import pytest
import trustme

from ssm_bootstrap.catalog import limits
from ssm_bootstrap.collect.network.attempts import left_behind, proves_nothing
from ssm_bootstrap.collect.network.probe import MOST_ADDRESSES, ProbeRun
from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.network import Answer, Network
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.network import NameLookup, Probe, StageResult
from tests.fakes import Gate, IdleClock, QuickClock, RootedFiles, ScriptedNetwork
from tests.laws.secrets import CANARIES, leaks
from tests.loopback import DRIPS, Dripping, Loopback, secured, serving
from tests.made import INSIDE, INSIDE_B, REGION, wanted

NONE = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
AGAIN = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
SSM, KMS = f"ssm.{REGION}.amazonaws.com", f"kms.{REGION}.amazonaws.com"
NXDOMAIN, SERVFAIL, FOUND = ("NXDOMAIN", ()), ("SERVFAIL", ()), ("NOERROR", (INSIDE,))
RESOLVERS = "nameserver 10.0.0.2\n"


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Holds whoever goes in until the test is over."""
    made = Gate()
    yield made
    made.open()


class Machine:
    """A machine with a scripted network."""

    def __init__(self, files: RootedFiles, gate: Gate) -> None:
        self.files, self.gate = files, gate
        files.put("/etc/resolv.conf", RESOLVERS)

    def look(
        self,
        network: ScriptedNetwork,
        *rows: str,
        proxies: Optional[ProxySettings] = None,
        progress: Any = None,
        clock: Optional[IdleClock] = None,
    ) -> tuple[dict[str, list[Probe]], tuple[NameLookup, ...]]:
        """Look at the rows; gives the probes by row, and what resolvers said."""
        host = Host(files=self.files, network=network, clock=clock or IdleClock(self.gate))
        probes, lookups = ProbeRun(host, wanted(*rows, proxies=proxies), REGION, progress).take()
        found: dict[str, list[Probe]] = {}
        for probe in probes:
            found.setdefault(probe.target.endpoint, []).append(probe)
        return found, lookups


@pytest.fixture
def machine(files: RootedFiles, gate: Gate) -> Machine:
    """The machine that looks."""
    return Machine(files, gate)


def ends(probes: Mapping[str, Sequence[Probe]]) -> dict[str, list[tuple[Stage, Optional[Failure]]]]:
    return {row: [(probe.last.stage, probe.last.failure) for probe in found] for row, found in probes.items()}


def test_every_address_inside_is_dialled_and_kept_in_order(machine: Machine) -> None:
    network = ScriptedNetwork({SSM: (INSIDE, INSIDE_B)})
    probes, lookups = machine.look(network, "ssm")
    assert [probe.address for probe in probes["ssm"]] == [INSIDE, INSIDE_B]
    assert ends(probes) == {"ssm": [(Stage.HTTP, None), (Stage.HTTP, None)]}
    assert probes["ssm"][0].stages[0].detail == f"{INSIDE}, {INSIDE_B}"
    assert lookups == ()


def test_shared_address_space_is_inside_as_it_is_for_the_diagnosis(machine: Machine) -> None:
    shared = tuple(f"100.64.0.{number}" for number in range(1, 5))
    probes, _ = machine.look(ScriptedNetwork({SSM: shared}), "ssm")
    assert [probe.address for probe in probes["ssm"]] == [*shared]


def test_of_a_public_name_a_few_addresses_are_dialled(machine: Machine) -> None:
    public = tuple(f"52.119.0.{number}" for number in range(1, 9))
    probes, _ = machine.look(ScriptedNetwork({SSM: (*public, INSIDE)}), "ssm")
    assert [probe.address for probe in probes["ssm"]] == [*public[:2], INSIDE]


def test_addresses_are_bounded(machine: Machine) -> None:
    many = tuple(f"10.0.0.{number}" for number in range(1, 200))
    probes, _ = machine.look(ScriptedNetwork({SSM: many}), "ssm")
    assert len(probes["ssm"]) == MOST_ADDRESSES


def test_probes_come_in_the_order_of_the_targets_whoever_is_first(machine: Machine) -> None:
    rows = ("ssm", "ssmmessages", "ec2messages")
    names = {f"{row}.{REGION}.amazonaws.com": (f"10.0.0.{place}",) for place, row in enumerate(rows, 1)}
    refused = OSError(errno.ECONNREFUSED, "Connection refused")
    probes, _ = machine.look(ScriptedNetwork(names, {"10.0.0.3": refused}), *rows)
    assert list(probes) == list(rows)
    assert ends(probes)["ec2messages"] == [(Stage.TCP, Failure.REFUSED)]
    assert ends(probes)["ssm"] == [(Stage.HTTP, None)]


@pytest.mark.parametrize(
    ("own", "said", "failure"),
    [
        (NONE, NXDOMAIN, Failure.NAME_UNKNOWN),
        (AGAIN, SERVFAIL, Failure.RESOLVER_REFUSED),
        (AGAIN, ("REFUSED", ()), Failure.RESOLVER_REFUSED),
        (AGAIN, TimeoutError(), Failure.RESOLVER_SILENT),
        (AGAIN, NXDOMAIN, Failure.NAME_UNKNOWN),
        (socket.gaierror(socket.EAI_FAIL, "x"), TimeoutError(), Failure.RESOLVER_SILENT),
        (AGAIN, OSError(errno.ENETUNREACH, "Network is unreachable"), Failure.UNREACHABLE),
        (AGAIN, OSError(errno.EPERM, "Operation not permitted"), Failure.LOCAL_POLICY),
        (AGAIN, OSError(errno.ECONNREFUSED, "Connection refused"), Failure.RESOLVER_SILENT),
    ],
    ids=lambda value: getattr(value, "value", None) or type(value).__name__,
)
def test_a_name_that_does_not_resolve_has_a_reason(machine: Machine, own: Any, said: Any, failure: Failure) -> None:
    probes, lookups = machine.look(ScriptedNetwork({SSM: own}, resolvers={"10.0.0.2": said}), "ssm")
    assert ends(probes) == {"ssm": [(Stage.DNS, failure)]}
    assert probes["ssm"][0].address is None
    assert [lookup.resolver for lookup in lookups] == ["10.0.0.2"]
    assert "10.0.0.2: " in probes["ssm"][0].last.detail


def test_a_resolver_that_never_returns_ends_at_the_deadline(machine: Machine, gate: Gate) -> None:
    probes, lookups = machine.look(ScriptedNetwork({SSM: gate}), "ssm")
    assert ends(probes) == {"ssm": [(Stage.DNS, Failure.RESOLVER_SILENT)]}
    assert [lookup.failure for lookup in lookups] == [Failure.RESOLVER_SILENT]


def test_a_resolver_that_never_returns_though_its_upstream_answers_is_told(machine: Machine, gate: Gate) -> None:
    network = ScriptedNetwork({SSM: gate}, resolvers={"10.0.0.2": FOUND})
    probes, _ = machine.look(network, "ssm")
    assert ends(probes) == {"ssm": [(Stage.DNS, Failure.RESOLVER_SILENT)]}
    assert "though asked directly: 10.0.0.2: NOERROR" in probes["ssm"][0].last.detail


def test_upstream_resolvers_that_never_return_do_not_hold_the_look_up(machine: Machine, gate: Gate) -> None:
    probes, lookups = machine.look(ScriptedNetwork({SSM: gate}, resolvers={"10.0.0.2": gate}), "ssm")
    assert ends(probes) == {"ssm": [(Stage.DNS, Failure.RESOLVER_SILENT)]}
    assert lookups == ()


def test_without_a_resolver_the_librarys_own_words_stand(machine: Machine) -> None:
    machine.files.put("/etc/resolv.conf", "")
    probes, _ = machine.look(ScriptedNetwork({SSM: AGAIN}), "ssm")
    assert ends(probes) == {"ssm": [(Stage.DNS, Failure.RESOLVER_SILENT)]}
    assert probes["ssm"][0].last.detail == "no answer from any resolver"


def test_a_peer_that_never_answers_is_left_behind_with_the_rungs_it_had(machine: Machine, gate: Gate) -> None:
    probes, _ = machine.look(ScriptedNetwork({SSM: (INSIDE, INSIDE_B)}, {INSIDE_B: gate}), "ssm")
    good, left = probes["ssm"]
    if good.address == INSIDE_B:
        good, left = left, good
    assert good.last.ok
    assert (left.last.stage, left.last.failure) == (Stage.TCP, Failure.UNKNOWN)
    assert left.last.detail == "not waited for any longer"


def test_what_the_look_itself_gives_up_is_no_fault_of_the_peer(machine: Machine, gate: Gate) -> None:
    """Each step ends by itself before the look does: what is left was held up here, and is not known."""
    probes, _ = machine.look(ScriptedNetwork({SSM: (INSIDE,)}, answer=gate), "ssm")
    assert ends(probes) == {"ssm": [(Stage.HTTP, Failure.UNKNOWN)]}
    assert [rung.stage for rung in probes["ssm"][0].stages] == [Stage.DNS, Stage.TCP, Stage.TLS, Stage.HTTP]


def test_an_optional_peer_does_not_delay_what_is_needed(machine: Machine, gate: Gate) -> None:
    network = ScriptedNetwork({SSM: (INSIDE,), KMS: ("10.0.0.9",)}, {"10.0.0.9": gate})
    probes, _ = machine.look(network, "ssm", "kms")
    assert ends(probes) == {"ssm": [(Stage.HTTP, None)], "kms": [(Stage.TCP, Failure.TIMED_OUT)]}
    assert probes["kms"][0].last.seconds < 1.0  # the look's own clock: not the two seconds of what is needed
    assert probes["kms"][0].target.optional


def test_an_optional_name_that_never_resolves_does_not_delay_either(machine: Machine, gate: Gate) -> None:
    probes, _ = machine.look(ScriptedNetwork({SSM: (INSIDE,), KMS: gate}), "ssm", "kms")
    assert ends(probes) == {"ssm": [(Stage.HTTP, None)], "kms": [(Stage.DNS, Failure.RESOLVER_SILENT)]}
    assert probes["kms"][0].last.seconds < 1.0


def test_an_optional_target_waits_while_something_needed_is_under_way(machine: Machine, gate: Gate) -> None:
    probes, _ = machine.look(ScriptedNetwork({SSM: gate, KMS: gate}), "ssm", "kms")
    assert ends(probes) == {"ssm": [(Stage.DNS, Failure.RESOLVER_SILENT)], "kms": [(Stage.DNS, Failure.RESOLVER_SILENT)]}
    assert probes["kms"][0].last.seconds > 1.5


def test_a_crash_in_one_ladder_is_that_ladders_alone(machine: Machine) -> None:
    def crash() -> None:
        raise ZeroDivisionError("a bug")

    probes, _ = machine.look(ScriptedNetwork({SSM: (INSIDE, INSIDE_B)}, {INSIDE_B: crash}), "ssm")
    assert ends(probes) == {"ssm": [(Stage.HTTP, None), (Stage.TCP, Failure.UNKNOWN)]}
    assert probes["ssm"][1].last.detail == "ZeroDivisionError: a bug"


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), UnicodeError("label too long")])
def test_a_crash_in_the_resolver_does_not_hold_the_look_up(machine: Machine, error: Exception) -> None:
    probes, lookups = machine.look(ScriptedNetwork({SSM: error}, resolvers={"10.0.0.2": error}), "ssm")
    assert ends(probes) == {"ssm": [(Stage.DNS, Failure.UNKNOWN)]}
    assert [(lookup.failure, lookup.detail) for lookup in lookups] == [(Failure.UNKNOWN, str(error))]


def test_one_name_of_two_ports_is_resolved_once(machine: Machine) -> None:
    bucket = f"amazon-ssm-{REGION}.s3.{REGION}.amazonaws.com"
    asked: list[str] = []

    def addresses() -> tuple[str, ...]:
        asked.append(bucket)
        return ("52.219.1.1",)

    answer = Answer(200, {"x-amz-request-id": "r"}, b"", False)
    network = ScriptedNetwork({bucket: addresses}, answer=answer)
    probes, _ = machine.look(network, "s3-bucket", "s3-bucket-http")
    assert ends(probes) == {"s3-bucket": [(Stage.HTTP, None)], "s3-bucket-http": [(Stage.HTTP, None)]}
    assert asked == [bucket]
    assert sorted(network.dialled) == [("52.219.1.1", 80), ("52.219.1.1", 443)]


def test_through_a_proxy_only_the_proxys_name_is_resolved_and_its_password_is_nowhere(machine: Machine) -> None:
    heard: list[Any] = []

    class Proxied(ScriptedNetwork):
        def tunnel(self, connection: Any, host: str, port: int, authorization: Optional[str], timeout: float) -> Answer:
            heard.append((connection.address, connection.port, host, port, authorization))
            return Answer(200, {}, b"", False)

    password = CANARIES["proxy-password"]
    settings = ProxySettings(https=f"http://user:{password.replace(':', '%3A')}@proxy.corp:3128", source="unit")
    network = Proxied({"proxy.corp": ("10.0.0.100",)})
    probes, _ = machine.look(network, "ssm", "ec2messages", proxies=settings)
    assert ends(probes) == {"ssm": [(Stage.HTTP, None)], "ec2messages": [(Stage.HTTP, None)]}
    assert sorted(item[:4] for item in heard) == [
        ("10.0.0.100", 3128, f"ec2messages.{REGION}.amazonaws.com", 443),
        ("10.0.0.100", 3128, SSM, 443),
    ]
    assert all(leaks(item[4]) == ("proxy-password",) for item in heard)  # in base64, for the proxy alone
    assert leaks(repr(probes)) == ()


def test_a_host_that_is_an_address_is_not_asked_for_in_the_dns(machine: Machine) -> None:
    settings = ProxySettings(https="http://10.0.0.100:3128")
    probes, lookups = machine.look(ScriptedNetwork({"10.0.0.100": AGAIN}), "ssm", proxies=settings)
    assert ends(probes)["ssm"][0][0] is Stage.DNS
    assert lookups == ()


def test_what_is_pending_is_told(machine: Machine, gate: Gate) -> None:
    told: list[list[str]] = []
    machine.look(ScriptedNetwork({SSM: gate}), "ssm", progress=lambda names: told.append(list(names)))
    assert told[0] == [SSM]


def test_nothing_to_look_at_gives_nothing(machine: Machine) -> None:
    assert machine.look(ScriptedNetwork({})) == ({}, ())


# a machine without a processor to spare


class StarvedClock(IdleClock):
    """A clock of a process that gets no processor: ``lost`` seconds pass in each of its first ``turns`` waits.

    ``meanwhile`` is what happens right after them.
    """

    def __init__(self, gate: Gate, lost: float, turns: int = 1, meanwhile: Callable[[], None] = lambda: None) -> None:
        super().__init__(gate)
        self._lost, self._turns, self._meanwhile = lost, turns, meanwhile
        self.waits = 0

    def wait(self, events: queue.Queue[Any], seconds: float) -> Any:
        """The first of all answers that can come, long after all of them came."""
        self.waits += 1
        if self.waits > self._turns:
            return super().wait(events, seconds)
        found = []
        with suppress(queue.Empty):
            while True:
                found.append(super().wait(events, 0.0))
        for event in found:
            events.put(event)
        self._spent += self._lost
        if self.waits == self._turns:
            self._meanwhile()
        return events.get_nowait()


def test_answers_that_are_there_go_before_the_deadline(machine: Machine, gate: Gate) -> None:
    rows = ("ssm", "ssmmessages", "ec2messages")
    network = ScriptedNetwork({f"{row}.{REGION}.amazonaws.com": (INSIDE,) for row in rows})
    clock = StarvedClock(gate, lost=limits.NAME + 1.0)
    probes, lookups = machine.look(network, *rows, clock=clock)
    assert ends(probes) == {row: [(Stage.HTTP, None)] for row in rows}
    assert lookups == ()


def test_a_name_has_its_time_though_this_process_had_none(machine: Machine) -> None:
    slow = Gate()
    network = ScriptedNetwork({SSM: lambda: (slow.pass_through(), (INSIDE,))[1]})
    clock = StarvedClock(slow, lost=limits.NAME + 1.0, meanwhile=slow.open)
    try:
        probes, _ = machine.look(network, "ssm", clock=clock)
    finally:
        slow.open()
    assert ends(probes) == {"ssm": [(Stage.HTTP, None)]}


def test_a_process_that_never_has_a_processor_comes_to_an_end(machine: Machine, gate: Gate) -> None:
    clock = StarvedClock(gate, lost=2.0, turns=1000)
    probes, _ = machine.look(ScriptedNetwork({SSM: gate}), "ssm", clock=clock)
    assert ends(probes) == {"ssm": [(Stage.DNS, Failure.UNKNOWN)]}, "the resolver had no time to answer"
    assert clock.waits <= limits.WHOLE_LOOK / 2.0 + 1


class Late(ScriptedNetwork):
    """A network on which the first ``late`` handshakes, and questions to a resolver, time out, each after ``lost`` seconds.

    ``error`` is what they end with instead.
    """

    def __init__(
        self,
        clock: IdleClock,
        lost: float,
        late: int,
        names: Mapping[str, Any],
        error: OSError = TimeoutError("timed out"),  # noqa: B008 - never changed
        **more: Any,
    ) -> None:
        super().__init__(names, **more)
        self._clock, self._lost, self._late, self._error = clock, lost, late, error
        self.tries = 0

    def _pass(self) -> None:
        self.tries += 1
        if self.tries <= self._late:
            self._clock.sleep(self._lost)
            raise self._error

    def handshake(self, context: Any, connection: Any, name: str, timeout: float) -> Any:
        """Late at first."""
        self._pass()
        return connection

    def ask(self, resolver: str, host: str, family: str, timeout: float) -> tuple[str, tuple[str, ...]]:
        """Late at first."""
        self._pass()
        return super().ask(resolver, host, family, timeout)


@pytest.mark.parametrize(
    ("lost", "late", "tries", "failure"),
    [
        (limits.HANDSHAKE, 1, 2, None),
        (limits.HANDSHAKE, 9, 2, Failure.UNKNOWN),
        (0.0, 1, 1, Failure.TIMED_OUT),
    ],
)
def test_a_step_that_timed_out_without_a_processor_is_done_once_more(
    machine: Machine, gate: Gate, lost: float, late: int, tries: int, failure: Optional[Failure]
) -> None:
    clock = IdleClock(gate)
    network = Late(clock, lost, late, {SSM: (INSIDE,)})
    probes, _ = machine.look(network, "ssm", clock=clock)
    assert [probe.last.failure for probe in probes["ssm"]] == [failure]
    assert network.tries == tries


CUT = ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")


@pytest.mark.parametrize("error", [TimeoutError("timed out"), CUT, RemoteDisconnected("the peer closed")])
@pytest.mark.parametrize(("lost", "tries", "is_known"), [(limits.HANDSHAKE, 2, False), (0.0, 1, True)])
def test_a_peer_that_had_to_wait_for_this_machine_cuts_nothing(
    machine: Machine, gate: Gate, error: OSError, lost: float, tries: int, is_known: bool
) -> None:
    """The peer closes what stays silent, as this machine does: nobody can say whose fault it was."""
    clock = IdleClock(gate)
    network = Late(clock, lost, 9, {SSM: (INSIDE,)}, error)
    (probe,) = machine.look(network, "ssm", clock=clock)[0]["ssm"]
    assert (probe.last.stage, network.tries) == (Stage.TLS, tries)
    assert (probe.last.failure is not Failure.UNKNOWN) == is_known
    assert "no processor" in probe.last.detail or is_known


class Waiting(IdleClock):
    """A clock on which the thread of a climb itself has waited for a processor: ``lost`` seconds, each time it is asked."""

    def __init__(self, gate: Gate, lost: float) -> None:
        super().__init__(gate)
        self._lost, self._told = lost, 0.0

    def starved(self) -> float:
        """More each time."""
        self._told += self._lost
        return self._told


@pytest.mark.parametrize(("lost", "failure"), [(2.0, Failure.UNKNOWN), (0.2, Failure.RESET)])
def test_a_thread_that_waits_for_a_processor_while_the_look_does_not(
    machine: Machine, gate: Gate, lost: float, failure: Failure
) -> None:
    network = Late(IdleClock(gate), 0.0, 9, {SSM: (INSIDE,)}, CUT)
    probes, _ = machine.look(network, "ssm", clock=Waiting(gate, lost))
    assert ends(probes) == {"ssm": [(Stage.TLS, failure)]}


def test_a_connect_that_nobody_answers_is_told_on_a_busy_machine_too(machine: Machine, gate: Gate) -> None:
    """The kernel connects by itself: on a machine with too much to do, endpoints that are missing stay missing."""
    silent = TimeoutError("timed out")
    probes, _ = machine.look(ScriptedNetwork({SSM: (INSIDE,)}, {INSIDE: silent}), "ssm", clock=Waiting(gate, 2.0))
    assert ends(probes) == {"ssm": [(Stage.TCP, Failure.TIMED_OUT)]}


@pytest.mark.parametrize(
    ("stage", "lost", "whole", "is_ours"),
    [
        (Stage.TLS, 0.9, 4.6, True),
        (Stage.TLS, 0.4, 4.6, False),
        (Stage.HTTP, 0.6, 12.0, False),
        (Stage.TCP, 2.0, 12.0, False),
        (Stage.TCP, 8.0, 12.0, True),
    ],
)
def test_how_much_of_a_look_may_be_lost(stage: Stage, lost: float, whole: float, is_ours: bool) -> None:
    (_, target, _) = wanted("ssm")[0]
    slow = Probe(target, INSIDE, (StageResult(stage, False, 4.0, Failure.TIMED_OUT),))
    assert proves_nothing(slow, lost, whole, 0.0) == is_ours
    refused = Probe(target, INSIDE, (StageResult(stage, False, 4.0, Failure.REFUSED),))
    assert not proves_nothing(refused, lost, whole, 9.0)


def test_a_rung_that_failed_stays_the_end_of_a_climb_that_is_given_up() -> None:
    """The name of a certificate's issuer is asked for afterwards, and may not come in time."""
    named, tcp = StageResult(Stage.DNS, True, 0.1), StageResult(Stage.TCP, True, 0.1)
    tls = StageResult(Stage.TLS, False, 0.1, Failure.UNTRUSTED_ISSUER)
    assert left_behind((named, tcp, tls), 15.0, is_silent=False) == (named, tcp, tls)
    assert left_behind((named, tcp), 15.0, is_silent=False)[-1].failure is Failure.UNKNOWN
    assert left_behind((named, tcp), 0.5, is_silent=True)[-1].failure is Failure.UNKNOWN, "it answered, and was slow"
    assert left_behind((named,), 0.5, is_silent=True)[-1].failure is Failure.TIMED_OUT


def test_certificates_are_read_before_a_peer_waits(machine: Machine) -> None:
    """They take long on a busy machine, and a server closes a connection on which nobody says anything."""
    order: list[str] = []

    class Ordered(ScriptedNetwork):
        def trusting(self, trust: Any) -> Any:
            order.append("certificates")
            return super().trusting(trust)

        def connect(self, address: str, port: int, timeout: float) -> Any:
            order.append("connect")
            return super().connect(address, port, timeout)

    machine.look(Ordered({SSM: (INSIDE,)}), "ssm")
    assert order == ["certificates", "connect"]


@pytest.mark.parametrize(("lost", "late", "failure"), [(1.0, 2, Failure.NAME_UNKNOWN), (0.0, 2, Failure.RESOLVER_SILENT)])
def test_a_resolver_is_asked_again_where_this_process_had_no_time(
    machine: Machine, gate: Gate, lost: float, late: int, failure: Failure
) -> None:
    clock = IdleClock(gate)
    network = Late(clock, lost, late, {SSM: AGAIN}, resolvers={"10.0.0.2": NXDOMAIN})
    probes, lookups = machine.look(network, "ssm", clock=clock)
    assert ends(probes) == {"ssm": [(Stage.DNS, failure)]}
    assert [lookup.failure for lookup in lookups] == [failure]


# what is given up


def settled(count: int) -> bool:
    """Whether no more threads than ``count`` are left, once those that are ending have ended."""
    for _ in range(600):
        if threading.active_count() <= count:
            return True
        threading.Event().wait(0.05)
    return False


def ended(host: Host) -> bool:
    """Whether no name is under way any more."""
    for _ in range(600):
        if not host.resolutions.under_way:
            return True
        threading.Event().wait(0.05)
    return False


def descriptors() -> int:
    """How many this process has open."""
    return len(os.listdir("/proc/self/fd"))


class Everywhere(Loopback):
    """Loopback whose every name resolves."""

    def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """Inside."""
        return (INSIDE,)

    def request(self, *arguments: Any) -> Answer:
        """With the look's own time-outs."""
        return Network.request(self, *arguments)


@pytest.mark.parametrize("part", [*DRIPS, "handshake"])
def test_many_looks_at_a_peer_that_drips_leave_neither_thread_nor_descriptor(
    files: RootedFiles, authority: trustme.CA, part: str
) -> None:
    drip = Dripping(*DRIPS.get(part, (b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", b"\x03")), drops=12_000)
    with serving(drip if part == "handshake" else secured(authority, KMS, drip)) as port:
        host = Host(files=files, network=Everywhere({443: port}, authority), clock=QuickClock())
        threads, open_ones = threading.active_count(), descriptors()
        for _ in range(12):
            probes, _ = ProbeRun(host, wanted("kms"), REGION).take()
            assert not probes[0].last.ok
        assert settled(threads)
        assert descriptors() <= open_ones


def test_many_looks_at_a_resolver_that_never_returns_leave_one_thread_a_name(machine: Machine, gate: Gate) -> None:
    host = Host(files=machine.files, network=ScriptedNetwork({SSM: gate, KMS: gate}), clock=IdleClock(gate))
    before = threading.active_count()
    for _ in range(8):
        ProbeRun(host, wanted("ssm", "kms"), REGION).take()
    assert settled(before + 2)


def test_a_late_answer_to_one_look_is_nothing_to_the_next(machine: Machine, gate: Gate) -> None:
    """The name that is under way is joined: what it gives is told to who still waits."""
    host = Host(files=machine.files, network=ScriptedNetwork({SSM: gate}), clock=IdleClock(gate))
    assert ProbeRun(host, wanted("ssm"), REGION).take()[0][0].last.stage is Stage.DNS
    assert host.resolutions.under_way == ((SSM, 443),)
    gate.open()
    host.network.names = {SSM: (INSIDE,)}  # type: ignore[attr-defined]
    assert ended(host)
    assert ProbeRun(host, wanted("ssm"), REGION).take()[0][0].last.ok
