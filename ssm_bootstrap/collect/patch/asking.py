"""One request to a repository's host, or for what a patch run asks S3 for, with the package manager's proxy and certificates."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
from dataclasses import dataclass, field, replace
from typing import Callable, Optional, Sequence

from ssm_bootstrap.catalog.endpoints import Endpoint
from ssm_bootstrap.catalog.patch import PatchObject, patch_objects
from ssm_bootstrap.collect.network import answers
from ssm_bootstrap.collect.network.connector import Connector, trust_of
from ssm_bootstrap.collect.network.contexts import Contexts
from ssm_bootstrap.collect.network.failures import failure_of
from ssm_bootstrap.collect.network.probe import ProbeRun, Wanted
from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.collect.patch.configured import ProxyChoice, RepositoryUrl, choice_of
from ssm_bootstrap.collect.patch.overrides import Overrides
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.network import Answer, Network
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.network import Probe, StageResult, Target
from ssm_bootstrap.model.patch import Fetch, FetchOutcome
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import NO_SITE

SERVICE = "repository"
LIST_BYTES = 1 << 18


@dataclass(frozen=True)
class Question:
    """One file to ask for. ``trust`` names the certificates that count; ``has_key``: a 401 or 403 means reached.

    ``known``: everybody may read the file. ``may_be_gone``: any answer of S3 is as good as the file.
    """

    what: str
    place: RepositoryUrl
    proxy: ProxyChoice = field(default_factory=ProxyChoice)
    bundle: str = ""
    verify: bool = True
    has_key: bool = False
    known: bool = False
    may_be_gone: bool = False

    @property
    def lists(self) -> bool:
        """True for a list of mirrors, whose body is wanted."""
        return self.what in ("mirrorlist", "metalink")

    @property
    def expected(self) -> answers.Expected:
        """What an answer is judged by."""
        is_pinned = self.place.secure and self.verify and bool(self.bundle)
        return answers.Expected(self.what, self.known, self.has_key, is_pinned, self.may_be_gone)


@dataclass(frozen=True)
class Reply:
    """What came back: the outcome in words, the probe, and for a list or a redirect where it leads."""

    outcome: FetchOutcome
    detail: str
    probe: Optional[Probe]
    body: str = field(default="", repr=False)
    location: Optional[RepositoryUrl] = field(default=None, repr=False)


@dataclass
class FileRequest:
    """The request for a question's file, as a climb makes it; ``answer`` is what came, once it did."""

    question: Question
    network: Network
    authorization: Optional[str] = field(default=None, repr=False)  # for the proxy
    answer: Optional[Answer] = None

    @property
    def is_secure(self) -> bool:
        """Whether the file's URL says HTTPS, on whatever port."""
        return self.question.place.secure

    def ask(self, connection: socket.socket) -> Answer:
        """Ask: of a proxy by the whole URL, of the file's own host by its path."""
        question, place = self.question, self.question.place
        host = place.host if place.port in (80, 443) else f"{place.host}:{place.port}"
        request = place.request or place.path
        headers: list[tuple[str, str]] = [("User-Agent", "ssm-bootstrap"), ("Accept", "*/*"), ("Connection", "close")]
        if place.credentials:
            headers.append(("Authorization", _basic(place.credentials)))
        if question.proxy.proxy is not None and not place.secure:
            request = f"http://{host}{request}"
            if self.authorization:
                headers.append(("Proxy-Authorization", self.authorization))
        method = "GET" if question.lists else "HEAD"
        self.answer = self.network.request(connection, host, method, request, headers, b"", LIST_BYTES)
        return self.answer


def _basic(credentials: str) -> str:
    return "Basic " + base64.b64encode(credentials.encode()).decode()


class Asking(ProbeRun):
    """Many questions at once, in one look: bounded as a look is."""

    def __init__(
        self, host: Host, questions: list[Question], trusting: Callable[[Question], Callable[[], ssl.SSLContext]]
    ) -> None:
        self._questions = {f"{SERVICE}:{number}": question for number, question in enumerate(questions)}
        self._trust = trusting
        self._requests: dict[str, list[FileRequest]] = {}
        super().__init__(host, [_wanted(name, question) for name, question in self._questions.items()], "")

    def connector_for(self, item: Wanted) -> Connector:
        """A climb that ends with the question for a file, with the certificates that count for it."""
        row, target, credentials = item
        question, host = self._questions[target.endpoint], self._host
        authorization = _basic(credentials) if credentials else None
        request = FileRequest(question, host.network, authorization)
        self._requests.setdefault(target.endpoint, []).append(request)
        return Connector(host.network, host.clock, self._trust(question), row, target, "", authorization, request)

    def ask(self) -> list[Reply]:
        """The replies, in the order of the questions; of a host with several addresses the one that got furthest."""
        probes, _ = self.take()
        found = []
        for name, question in self._questions.items():
            own = [probe for probe in probes if probe.target.endpoint == name]
            best = next((probe for probe in own if probe.last.ok), own[0] if own else None)
            given = [request.answer for request in self._requests.get(name, []) if request.answer is not None]
            found.append(_reply(question, best, given[0] if given and best is not None and best.last.ok else None))
        return found


def _wanted(name: str, question: Question) -> Wanted:
    place, proxy = question.place, question.proxy.proxy
    row = Endpoint(name, SERVICE, place.host, place.port, "packages", "this machine's own configuration", "HEAD")
    return row, Target(name, SERVICE, place.host, place.port, proxy=proxy), question.proxy.credentials


def _reply(question: Question, probe: Optional[Probe], answer: Optional[Answer]) -> Reply:
    if probe is None:
        return Reply(FetchOutcome.UNKNOWN, "not waited for", None)
    if answer is None:
        last = probe.last
        if question.has_key and _wants_certificate(last):
            return Reply(FetchOutcome.WANTS_KEY, "reached; TLS asks for the client certificate", probe)
        unreadable = last.stage is Stage.TLS and last.failure is Failure.LOCAL_POLICY  # of the certificates to trust: not root
        if unreadable or last.failure in (Failure.UNKNOWN, Failure.EXHAUSTED):
            return Reply(FetchOutcome.UNKNOWN, last.detail, probe)
        word = last.failure.value if last.failure else "failed"
        return Reply(FetchOutcome.UNREACHED, f"{last.stage.value} {word}" + (f" ({last.detail})" if last.detail else ""), probe)
    outcome, detail = answers.judge_file(answer, question.expected)
    location = question.place.moved(answer.headers["location"]) if outcome is FetchOutcome.REDIRECTED else None
    if outcome is FetchOutcome.REDIRECTED and location is None:
        outcome, detail = FetchOutcome.STRANGER, phrase("{detail} to nowhere", detail=detail)
    return Reply(outcome, detail, probe, answer.body.decode("utf-8", "replace") if question.lists else "", location)


def _wants_certificate(last: StageResult) -> bool:
    """Whether a server that wants a client certificate ended it: in the handshake, with TLS 1.3 right after it.

    Source: RFC 8446, 4.4.2.4, and both versions of OpenSSL's servers over loopback (measured, 2026-11).
    """
    if last.failure is Failure.HANDSHAKE_FAILED:
        return True
    return last.stage is Stage.HTTP and last.failure in (Failure.CLOSED, Failure.RESET)


def words_for(error: BaseException) -> tuple[FetchOutcome, str]:
    """An error of reading a local index."""
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return FetchOutcome.MISSING, words_of(error)
    known = isinstance(error, (OSError, http.client.HTTPException))
    return FetchOutcome.UNKNOWN, words_of(error) if known else failure_of(error).value


def ask_for_objects(
    host: Host, region: str, proxies: ProxySettings, overrides: Optional[Overrides] = None, *, dual_stack: bool = False
) -> tuple[Fetch, ...]:
    """One fetch an object, as the document's curl makes it: unsigned, by the proxy of the agent's unit."""
    site = overrides.site if overrides is not None else NO_SITE
    objects = [_overridden(item, overrides, region) for item in patch_objects(region, site, dual_stack=dual_stack)]
    objects = list({(item.host, item.path): item for item in objects}.values())
    questions = [_question(item, proxies) for item in objects]
    contexts = Contexts()

    def trusting(question: Question) -> Callable[[], ssl.SSLContext]:
        return lambda: contexts.get("", lambda: host.network.trusting(trust_of(host.files, host.environment)))

    replies = Asking(host, questions, trusting).ask()
    found = []
    for item, question, reply in zip(objects, questions, replies):
        found.append(Fetch(question.place.shown, item.name, reply.outcome, reply.detail, reply.probe))
    return tuple(found)


def _question(item: PatchObject, proxies: ProxySettings) -> Question:
    place = RepositoryUrl("https", item.host, 443, item.path, item.path)
    choice = choice_of(proxies.url_for(item.host, 443), proxies.source)
    return Question(item.name, place, choice, may_be_gone=item.may_be_gone)


def _overridden(item: PatchObject, overrides: Optional[Overrides], region: str) -> PatchObject:
    for bucket in overrides.buckets if overrides is not None else ():
        if bucket.name == item.name:
            host = bucket.host.replace("{region}", region)
            return replace(item, host=host, path=bucket.path.replace("{region}", region) or item.path)
    return item


def override_targets(wanted: Sequence[Wanted], overrides: Overrides, region: str) -> tuple[Wanted, ...]:
    """The catalogue's rows with the host and the object that a site's own files name for them."""
    by_name = {bucket.name: bucket for bucket in overrides.buckets}
    found = []
    for row, target, credentials in wanted:
        bucket = by_name.get(row.name)
        if bucket is not None:
            row = replace(row, path=bucket.path or row.path)
            target = replace(target, host=bucket.host.replace("{region}", region), overridden_by=bucket.source)
        found.append((row, target, credentials))
    return tuple(found)
