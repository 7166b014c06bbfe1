"""The stand-in agent's -register prints, writes and returns what a real one was seen to."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Dict, Iterator, List, Optional

import pytest

from tests.lab.aws.loopback import REGION, LoopbackAws
from tests.lab.standin.rooted import (
    AGENT,
    CORPUS,
    NEEDS_ROOT,
    Node,
    full_listener,
    machine,
    normal,
    serve_names,
)

#: An address that the kernel has no way to: TCP to a broadcast address never leaves the machine.
NOWHERE = "255.255.255.255:443"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason=NEEDS_ROOT)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackAws]:
    """One server for all tests here."""
    with LoopbackAws(tmp_path_factory.mktemp("aws")) as server:
        yield server


@pytest.fixture
def node(tmp_path: Path, aws: LoopbackAws) -> Iterator[Node]:
    """A machine without an agent's data."""
    with machine(tmp_path, aws) as here:
        yield here


def transcripts() -> List[str]:
    """The names of the corpus's registrations."""
    return sorted(path.name for path in (CORPUS / "register").glob("*.txt"))


BEHAVIOUR = {
    "activation-expired.txt": "expired",
    "invalid-activation.txt": "invalid",
    "throttled.txt": "throttled",
    "internal-server-error.txt": "error-500",
    "throttled-twice-then-registered.txt": "throttled-twice",
}


@pytest.mark.parametrize("name", transcripts())
def test_a_transcript_of_the_real_agent(node: Node, name: str, tmp_path: Path) -> None:
    """Word for word what the real one printed."""
    environment: Dict[str, str] = {}
    node.aws.behave(activation=BEHAVIOUR.get(name, "ok"))
    held: List[socket.socket] = []
    if name.startswith("already-registered"):
        assert node.register().returncode == 0
    elif name == "refused.txt":
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            environment["STANDIN_RESOLVE"] = f"*=127.0.0.1:{closed.getsockname()[1]}"
    elif name == "no-route.txt":
        environment["STANDIN_RESOLVE"] = "*=" + NOWHERE
    elif name == "untrusted-ca.txt":
        environment["SSL_CERT_FILE"] = str(tmp_path / "none")
    elif name == "name-unknown.txt":
        server, port = serve_names(3)
        held.append(server)
        (tmp_path / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
        environment.update(STANDIN_RESOLVE="", STANDIN_DNS_PORT=str(port))
    elif name == "public-address-dropped.txt":
        held += full_listener()
        environment["STANDIN_RESOLVE"] = f"*=127.0.0.1:{held[0].getsockname()[1]}"
    done = node.register(**environment)
    for one in held:
        one.close()
    assert normal(done.stdout) == normal((CORPUS / "register" / name).read_text())
    expected = 0 if "registered.txt" in name or name == "success.txt" else 1
    assert (done.returncode, done.stderr) == (expected, "")
    if expected and "ERROR" in done.stdout:
        assert "[processRegistration @ agent_parser.go.178] Registration failed due to" in node.log("errors.log")


@pytest.mark.parametrize(
    "region,text",
    [
        ("eu-west-1", r"x509: certificate has expired or is not yet valid: current time \S+Z is after \S+Z$"),
        ("eu-west-2", r"x509: certificate is valid for vpce-1\.example, not ssm\.eu-west-2\.amazonaws\.com$"),
        ("no such", r"MissingEndpoint: 'Endpoint' configuration is required"),
    ],
)
def test_certificates_and_regions(node: Node, region: str, text: str) -> None:
    """The words of Go for a certificate that is refused, and for a region that is none."""
    done = node.register(region=region)
    assert done.returncode == 1 and re.search(text, done.stdout.strip())


@pytest.mark.parametrize(
    "mode,status,text",
    [
        ("lost-answer", 1, 'caused by: Post "https://ssm.ap-northeast-1.amazonaws.com/": EOF'),
        ("reset", 1, r"read tcp [\d.:]+->[\d.:]+: read: connection reset by peer$"),
        ("denied", 1, "AccessDeniedException: User: anonymous is not authorized"),
        ("too-many-updates", 1, "TooManyUpdates: lab"),
        ("exhausted", 1, "RegistrationLimitExceeded: lab"),
        ("html", 1, "SerializationError: failed decoding JSON RPC response"),
        ("no-instance-id", 2, "panic: runtime error: invalid memory address or nil pointer dereference"),
    ],
)
def test_what_a_stranger_or_a_service_answers(node: Node, mode: str, status: int, text: str) -> None:
    """Exit status and text for the answers that the corpus has not."""
    node.aws.behave(activation=mode)
    before = sum(row["target"] == "AmazonSSM.RegisterManagedInstance" for row in node.aws.requests())
    done = node.register()
    assert done.returncode == status and re.search(text, done.stdout + done.stderr)
    tries = sum(row["target"] == "AmazonSSM.RegisterManagedInstance" for row in node.aws.requests()) - before
    assert tries == {"lost-answer": 4, "reset": 4, "too-many-updates": 6}.get(mode, 1)


def test_an_answer_that_never_comes(node: Node) -> None:
    """TLS works and the service is silent: four tries, and the client's own limit is named."""
    node.aws.behave(activation="hang")
    node.environment["STANDIN_FLOOR_SCALE"] = "0.3"
    done = node.register(STANDIN_TIME_SCALE="0.002")
    assert "context deadline exceeded (Client.Timeout exceeded while awaiting headers)" in done.stdout
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        done = node.register(STANDIN_RESOLVE=f"*=127.0.0.1:{silent.getsockname()[1]}")
    assert 'ap-northeast-1.amazonaws.com/": net/http: TLS handshake timeout' in done.stdout


@pytest.mark.parametrize(
    "code,text",
    [
        (2, r"dial tcp: lookup ssm\S+ on 127.0.0.1:\d+: server misbehaving"),
        (None, r"dial tcp: lookup ssm\S+ on 127.0.0.1:\d+: read udp 127.0.0.1:\d+->127.0.0.1:\d+: i/o timeout"),
    ],
)
def test_a_resolver_that_fails(node: Node, code: Optional[int], text: str) -> None:
    """SERVFAIL and silence."""
    server, port = serve_names(code)
    (node.root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
    done = node.register(STANDIN_RESOLVE="", STANDIN_DNS_PORT=str(port), STANDIN_FLOOR_SCALE="0.3")
    server.close()
    assert re.search(text, done.stdout)


@pytest.mark.parametrize(
    "status,text",
    [
        ("200 Connection established", "Successfully registered"),
        ("403 Forbidden", 'amazonaws.com/": Forbidden'),
        ("407 Proxy Authentication Required", 'amazonaws.com/": Proxy Authentication Required'),
    ],
)
def test_a_proxy(node: Node, status: str, text: str) -> None:
    """The caller's https_proxy is used, its refusal told by the status text alone, and no_proxy exempts."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        asked: List[bytes] = []

        def answer() -> None:
            while True:
                try:
                    caller = server.accept()[0]
                except OSError:
                    return
                asked.append(caller.recv(4096))
                caller.sendall(f"HTTP/1.1 {status}\r\n\r\n".encode())
                if not status.startswith("200"):
                    caller.close()
                    continue
                far = socket.create_connection(("127.0.0.1", node.aws.https_port))
                for one, other in ((caller, far), (far, caller)):
                    threading.Thread(target=carry, args=(one, other), daemon=True).start()

        threading.Thread(target=answer, daemon=True).start()
        place = f"localhost:{server.getsockname()[1]}"
        proxied = {"https_proxy": f"me:secret@{place}", "STANDIN_RESOLVE": f"localhost=127.0.0.1:{place.partition(':')[2]}"}
        done = node.register(**proxied)
        assert text in done.stdout and asked[0].startswith(f"CONNECT ssm.{REGION}.amazonaws.com:443 HTTP/1.1".encode())
        assert b"Proxy-Authorization: Basic bWU6c2VjcmV0" in asked[0]
        count = len(asked)
        assert node.register("-y", https_proxy=place, no_proxy=".amazonaws.com").returncode == 0
        assert len(asked) == count


def carry(source: socket.socket, target: socket.socket) -> None:
    """Bytes from one to the other until the end."""
    while True:
        try:
            block = source.recv(65536)
            target.sendall(block)
        except OSError:
            return
        if not block:
            return


def test_the_configuration_file(node: Node) -> None:
    """An override is dialled; invalid JSON stops the service and not -register."""
    path = node.root / "etc/amazon/ssm/amazon-ssm-agent.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"Ssm": {"Endpoint": "vpce-1-ab.ssm.ap-northeast-1.vpce.amazonaws.com"}}))
    assert 'Post "https://vpce-1-ab.ssm.ap-northeast-1.vpce.amazonaws.com/"' in node.register().stdout
    path.write_text("{nonsense")
    done = node.register()
    assert done.returncode == 0 and "Failed to unmarshal config override. Fall back to default." in done.stdout
    service = node.agent()
    assert service.returncode == 0 and "app config could not be loaded - invalid character" in service.stdout


def test_it_starts_quickly(node: Node) -> None:
    """It is started hundreds of times in a sweep."""
    node.agent("-version")
    times = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-IS", str(AGENT), "-version"], env=node.environment, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.5
