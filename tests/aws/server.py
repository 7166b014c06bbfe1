"""A server of moto on a free port of loopback, with recorded answers for calls that moto does not know.

``python -m tests.aws.server`` prints the port and serves until it is ended.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from subprocess import PIPE, Popen
from sys import executable
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple

from tests.aws.models import core

RECORDED = Path(__file__).parent.parent / "data" / "aws"
ROOT = Path(__file__).parent.parent.parent
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}

Application = Callable[[Dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Recording(NamedTuple):
    """A call that moto does not know: ``call`` as the AWS CLI has it, and an answer to it."""

    call: str  # "ssm describe-activations"
    answer: Dict[str, Any]

    @property
    def operation(self) -> Any:
        """Its model, which tells how it stands on the wire."""
        return operation(*self.call.split())

    def is_asked(self, target: str, path: str, body: bytes) -> bool:
        """Whether a request is this call: by its header X-Amz-Target, its action, or its path, as the protocol has it."""
        model, name = self.operation, self.operation.name
        protocol = model.service_model.metadata["protocol"]
        if protocol == "json":
            return bool(target == f"{model.service_model.metadata['targetPrefix']}.{name}")
        if protocol == "ec2":
            return f"Action={name}&".encode() in body + b"&"
        template = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(model.http["requestUri"]))
        return re.fullmatch(template, path) is not None

    @property
    def body(self) -> bytes:
        """The answer as the wire has it."""
        protocol = self.operation.service_model.metadata["protocol"]
        if "json" in protocol:
            return json.dumps(self.answer).encode()
        from moto.core.serialize import get_serializer_class
        from moto.core.utils import get_service_model

        service = self.call.split()[0]
        model = get_service_model(service).operation_model(self.operation.name)
        serialized = get_serializer_class(service, protocol)(model).serialize(self.answer)["body"]
        return serialized.encode() if isinstance(serialized, str) else serialized


@cache
def operation(service: str, name: str) -> Any:
    """The model of a call as the AWS CLI names it, which calls S3's API s3api."""
    from botocore import xform_name

    model = core().get_service_model("s3" if service == "s3api" else service)
    (found,) = [one for one in model.operation_names if xform_name(one, "-") == name]
    return model.operation_model(found)


def recordings() -> List[Recording]:
    """Every recorded answer; test_queries.py holds them against the shapes of botocore."""
    return [Recording(**json.loads(file.read_text(encoding="utf-8"))) for file in sorted(RECORDED.glob("*.json"))]


def with_recordings(application: Application) -> Application:
    """The application, with recorded answers in its place where it knows none."""
    known = recordings()

    def answer(environ: Dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        target, path = environ.get("HTTP_X_AMZ_TARGET", ""), environ.get("PATH_INFO", "")
        body = b""
        if environ.get("CONTENT_LENGTH"):
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = BytesIO(body)
        for recording in known:
            if recording.is_asked(target, path, body):
                kind = "json" if recording.body.startswith(b"{") else "xml"
                start_response("200 OK", [("Content-Type", f"application/{kind}")])
                return [recording.body]
        return application(environ, start_response)

    return answer


@contextmanager
def serving() -> Iterator[str]:
    """The URL of such a server, in a process of its own that is ended by its id."""
    environment = {**os.environ, **KEYS, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    with Popen([executable, "-m", "tests.aws.server"], stdout=PIPE, cwd=ROOT, env=environment, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()
            process.wait()


def main() -> None:
    """Serve until ended."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:
            """Say nothing."""

    application = with_recordings(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
