"""A server of moto on a free port of loopback, with recorded answers for calls that moto does not know.

``python -m tests.aws.server`` prints the port and serves until it is ended.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from sys import executable
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple

RECORDED = Path(__file__).parent.parent / "data" / "aws"
ROOT = Path(__file__).parent.parent.parent
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}

Application = Callable[[Dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Recording(NamedTuple):
    """A call that moto does not know: ``call`` as the AWS CLI has it, how it is told on the wire, and an answer to it."""

    call: str  # "ssm describe-activations"
    target: str  # of the header X-Amz-Target; empty where the path tells
    path: str
    answer: Dict[str, Any]


def recordings() -> List[Recording]:
    """Every recorded answer; test_queries.py holds them against the shapes of botocore."""
    return [Recording(**json.loads(file.read_text(encoding="utf-8"))) for file in sorted(RECORDED.glob("*.json"))]


def with_recordings(application: Application) -> Application:
    """The application, with recorded answers in its place where it knows none."""
    known = recordings()

    def answer(environ: Dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        target, path = environ.get("HTTP_X_AMZ_TARGET", ""), environ.get("PATH_INFO", "")
        for recording in known:
            if target == recording.target if recording.target else path == recording.path:
                start_response("200 OK", [("Content-Type", "application/x-amz-json-1.1")])
                return [json.dumps(recording.answer).encode()]
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
