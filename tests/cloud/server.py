"""A server on a free port of loopback that answers as AWS does: moto put right, and answers of our own where moto has none.

``python -m tests.cloud.server`` prints the port and serves until it is ended. A test sets its state over the wire, so that the
real AWS CLI, boto3 and ``vpc`` all see the same.
"""

from __future__ import annotations

import json
import os
import re
import urllib.request
from collections import Counter
from contextlib import contextmanager, suppress
from functools import cache
from io import BytesIO
from subprocess import PIPE, Popen
from sys import executable
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Tuple
from urllib.parse import parse_qs, unquote

from tests.aws import forks
from tests.aws.models import core
from tests.aws.server import KEYS, ROOT, Application
from tests.cloud.clouds import ACCOUNT, REGION
from tests.cloud.mending import mend
from tests.cloud.stubs import ANSWERS, State

CONTROL = "/of-the-test/"
PAGE = "/login-page/"
"""Where a page stands, as a proxy has one in place of what was asked for."""
SIGNED_AS = {"servicequotas": "service-quotas"}
"""Services of which boto3 has another name than what their requests are signed for."""

Request = Tuple[str, str, Dict[str, Any]]


class Cloud:
    """The server as a test has it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def set(self, **parts: Any) -> None:
        """Set parts of the state (stubs.State)."""
        self._ask("state", parts)

    def state(self) -> Dict[str, Any]:
        """The state as it is."""
        found: Dict[str, Any] = self._ask("told", {})
        return found

    def reset(self) -> None:
        """Forget everything, moto's part too: the fork that knows it ends without an answer, and a new one serves."""
        with suppress(OSError):
            self._ask("reset", {})
        self._ask("told", {})

    def requests(self) -> Dict[str, int]:
        """How often each service:Operation was asked since the last time."""
        found: Dict[str, int] = self._ask("requests", {})
        return found

    def _ask(self, name: str, said: Mapping[str, Any]) -> Any:
        with urllib.request.urlopen(f"{self.url}{CONTROL}{name}", data=json.dumps(said).encode(), timeout=30) as answer:
            return json.load(answer)

    def session(self, region: str) -> Any:
        """A session of boto3 whose clients talk to this server."""
        import boto3

        keys = {name.lower(): value for name, value in KEYS.items()}
        session = boto3.session.Session(region_name=region, botocore_session=core(), **keys)
        made = session.client
        session.client = lambda service, **more: made(service, **{"endpoint_url": self.url, **more})
        return session


@contextmanager
def serving() -> Iterator[Cloud]:
    """Such a server, in a process of its own that is ended by its id."""
    environment = {**os.environ, **KEYS, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true", "MOTO_ACCOUNT_ID": ACCOUNT}
    with Popen([executable, "-m", "tests.cloud.server"], stdout=PIPE, cwd=ROOT, env=environment, text=True) as process:
        try:
            assert process.stdout is not None
            yield Cloud(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.terminate()
            process.wait()


@cache
def _paths(service: str) -> List[Tuple[str, re.Pattern[str], str]]:
    """Method, path and operation of a service whose requests tell by these what is asked."""
    model = core().get_service_model(service)
    found = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        path = re.escape(http["requestUri"].partition("?")[0])
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", path)
        found.append((http["method"], re.compile(pattern), name))
    return found


def request_of(environ: Mapping[str, Any], body: bytes) -> Request:
    """Service, operation and parameters of a request; the service is that which it is signed for."""
    signed = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    service = SIGNED_AS.get(signed[1], signed[1]) if signed else ""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return service, target.rpartition(".")[2], json.loads(body or b"{}")
    form = parse_qs(body.decode("utf-8", "replace"))
    if "Action" in form:
        return service, form["Action"][0], {name: values[0] for name, values in form.items()}
    query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    for method, pattern, name in _paths(service) if service in ("route53", "route53profiles") else ():
        found = pattern.fullmatch(unquote(environ.get("PATH_INFO", "")))
        if found and method == environ["REQUEST_METHOD"]:
            token = {"NextToken": query["nextToken"]} if "nextToken" in query else {}
            return service, name, {**query, **token, **found.groupdict()}
    return service, "", {}


def error_of(service: str, code: str, message: str) -> Tuple[str, bytes]:
    """Content type and body of an error as the service's protocol has it."""
    said = f"<Code>{code}</Code><Message>{message}</Message>"
    if service == "ec2":
        return "text/xml", f"<Response><Errors><Error>{said}</Error></Errors><RequestID>0</RequestID></Response>".encode()
    if service in ("iam", "sts", "route53"):
        return "text/xml", f"<ErrorResponse><Error><Type>Sender</Type>{said}</Error></ErrorResponse>".encode()
    return "application/json", json.dumps({"__type": code, "code": code, "message": message}).encode()


class Front:
    """What stands before moto: refuses and throttles as the state says, answers what moto does not know, and counts."""

    def __init__(self, behind: Application) -> None:
        self.state, self.counts, self._behind = State(), Counter[str](), behind

    def __call__(self, environ: Dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        path = environ.get("PATH_INFO", "")
        if path.startswith(CONTROL):
            start("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(self._control(path[len(CONTROL) :], json.loads(body))).encode()]
        if path.startswith(PAGE):
            start("200 OK", [("Content-Type", "text/html")])
            return [b"<!doctype html><title>Log in</title>"]
        service, operation, params = request_of(environ, body)
        name = f"{service}:{operation}"
        self.counts[name] += 1
        refusal = self._refusal(service, name)
        if not refusal and (service, operation) in ANSWERS:
            try:
                answer = ANSWERS[service, operation](self.state, params)
            except LookupError as error:
                code, *said = error.args
                refusal = (400, str(code), said[0] if said else "not there")
            else:
                start("200 OK", [("Content-Type", "application/x-amz-json-1.1")])
                return [json.dumps(answer).encode()]
        if refusal:
            status, code, message = refusal
            kind, text = error_of(service, code, message)
            start(f"{status} Refused", [("Content-Type", kind), ("x-amzn-ErrorType", code)])
            return [text]
        environ["wsgi.input"] = BytesIO(body)
        return self._behind(environ, start)

    def _refusal(self, service: str, name: str) -> Any:
        if self.state.refused:
            return 403, self.state.refused, "the request is refused"
        if name in self.state.denied:
            code = {"ec2": "UnauthorizedOperation", "iam": "AccessDenied", "sts": "AccessDenied", "route53": "AccessDenied"}
            who = "User: arn:aws:sts::111122223333:assumed-role/Reader/somebody is not authorized to perform: "
            return 403, code.get(service, "AccessDeniedException"), f"{who}{name}"
        if name in self.state.absent:
            return 400, "InvalidAction" if service == "ec2" else "UnknownOperationException", "unknown"
        if self.state.throttled.get(name, 0) > 0:
            self.state.throttled[name] -= 1
            return (503, "RequestLimitExceeded", "slowly") if service == "ec2" else (400, "ThrottlingException", "slowly")
        return None

    def _control(self, name: str, said: Mapping[str, Any]) -> Any:
        if name == "reset":
            os._exit(0)
        for part, value in said.items():
            setattr(self.state, part, value)
        if name == "told":
            return vars(self.state)
        counts = dict(self.counts)
        if name == "requests":
            self.counts.clear()
        return counts


def main(*regions: str) -> None:
    """Serve until ended; what moto knows of these regions from the start is read before."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, type: str, message: str, *args: Any) -> None:
            """Say nothing."""

    front = Front(DomainDispatcherApplication(create_backend_app))
    mend(lambda: front.state)
    server = make_server("127.0.0.1", 0, front, threaded=True, request_handler=Quiet)
    for region in regions:
        for asked in forks.queries(region):
            forks.ask(front, asked)
    front.counts.clear()
    print(server.port, flush=True)
    forks.serve(server)


if __name__ == "__main__":
    main(REGION)
