"""The lab's AWS answers as the real services do, as far as the product looks."""

import http.client
import io
import json
import socket
import ssl
import tarfile
from typing import Any, Dict, Iterator, Tuple
from xml.etree import ElementTree

import pytest

from tests.lab.aws.loopback import REGION, LoopbackAws
from tests.lab.aws.s3 import PAYLOAD

CODE, ACTIVATION, LOST, OTHER = "a" * 20, "0" * 36, "1" * 36, "2" * 36


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackAws]:
    """One server for all tests here."""
    with LoopbackAws(
        tmp_path_factory.mktemp("aws"),
        activations={
            ACTIVATION: {"code": CODE, "limit": 2},
            LOST: {"code": CODE, "limit": 1},
            OTHER: {"code": CODE, "limit": 1},
        },
    ) as server:
        yield server


@pytest.fixture(autouse=True)
def usual(aws: LoopbackAws) -> None:
    """Every test starts with the defaults."""
    aws.behave(
        activation="ok",
        role_token="ok",
        s3="ok",
        ssmmessages="ok",
        ec2messages="ok",
        health="ok",
        date_offset_seconds=0,
        portal=False,
        missing=[],
        long_poll_seconds=0.05,
        errors={},
        token_seconds=3600,
    )


def fetch(
    aws: LoopbackAws, method: str, host: str, path: str = "/", headers: Any = None, body: Any = None, tls: bool = True
) -> Tuple[http.client.HTTPResponse, bytes]:
    """One request to a host name at the server's port."""
    line = socket.create_connection(("127.0.0.1", aws.https_port if tls else aws.http_port), 5)
    if tls:
        line = ssl.create_default_context(cafile=str(aws.authority)).wrap_socket(line, server_hostname=host)
    connection = http.client.HTTPConnection(host)
    connection.sock = line
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    return answer, answer.read()


def call(
    aws: LoopbackAws, operation: str, service: str = "ssm", signed: bool = False, **body: Any
) -> Tuple[http.client.HTTPResponse, Dict[str, Any]]:
    """One JSON call."""
    headers = {"X-Amz-Target": f"AmazonSSM.{operation}"}
    if signed:
        headers["Authorization"] = "AWS4-HMAC-SHA256 lab"
    answer, content = fetch(aws, "POST", f"{service}.{REGION}.amazonaws.com", "/", headers, json.dumps(body))
    assert answer.headers["x-amzn-RequestId"] and answer.headers["Date"]
    return answer, json.loads(content)


def test_an_activation_is_checked_and_used_up(aws: LoopbackAws) -> None:
    """Code and limit are held; the state tells of every node, the log of no code."""
    assert (
        call(aws, "RegisterManagedInstance", ActivationId=ACTIVATION, ActivationCode="wrong")[1]["__type"] == "InvalidActivation"
    )
    names = [call(aws, "RegisterManagedInstance", ActivationId=ACTIVATION, ActivationCode=CODE)[1]["InstanceId"] for _ in "ab"]
    assert all(len(name) == 20 and name.startswith("mi-") for name in names)
    third, answer = call(aws, "RegisterManagedInstance", ActivationId=ACTIVATION, ActivationCode=CODE)
    assert (third.status, answer["__type"]) == (400, "RegistrationLimitExceeded")
    assert set(names) <= set(aws.ask({"get": "state"})["instances"])
    assert CODE not in aws.log.read_text() and CODE not in json.dumps(aws.ask({"get": "state"}))


@pytest.mark.parametrize(
    "mode,kind,status",
    [
        ("invalid", "InvalidActivation", 400),
        ("expired", "ActivationExpired", 400),
        ("denied", "AccessDeniedException", 400),
        ("throttled", "ThrottlingException", 400),
        ("error-500", "InternalServerError", 500),
        ("too-many-updates", "TooManyUpdates", 400),
        ("exhausted", "RegistrationLimitExceeded", 400),
    ],
)
def test_activation_errors(aws: LoopbackAws, mode: str, kind: str, status: int) -> None:
    """Each switch gives its error."""
    aws.behave(activation=mode)
    answer, body = call(aws, "RegisterManagedInstance")
    assert (answer.status, body["__type"]) == (status, kind)


def test_a_lost_answer_registers_all_the_same(aws: LoopbackAws) -> None:
    """The connection closes without a byte, and the counter has gone up."""
    aws.behave(activation="lost-answer")
    before = aws.ask({"get": "state"})["counters"].get("registered", 0)
    with pytest.raises((http.client.RemoteDisconnected, ssl.SSLError)):
        call(aws, "RegisterManagedInstance", ActivationId=LOST, ActivationCode=CODE)
    assert aws.ask({"get": "state"})["counters"]["registered"] == before + 1
    answer = call(aws, "RegisterManagedInstance", ActivationId=LOST, ActivationCode=CODE)[1]
    assert answer["__type"] == "RegistrationLimitExceeded"


def test_throttled_twice_then_registered(aws: LoopbackAws) -> None:
    """Two throttles; the third try is let through to the activation."""
    aws.behave(activation="throttled-twice")
    kinds = [call(aws, "RegisterManagedInstance", ActivationId="x", ActivationCode="y")[1]["__type"] for _ in range(3)]
    assert kinds == ["ThrottlingException", "ThrottlingException", "InvalidActivation"]


def test_an_ec2_instance_becomes_no_node(aws: LoopbackAws) -> None:
    """It registers by its own role, without an activation, and what is known of nodes stays as it was."""
    before = aws.ask({"get": "state"})["instances"]
    assert call(aws, "RegisterManagedInstance", signed=True, Fingerprint="f")[1]["InstanceId"].startswith("i-")
    assert aws.ask({"get": "state"})["instances"] == before


def test_a_node_of_another_fingerprint_is_refused(aws: LoopbackAws) -> None:
    """AWS knows the fingerprint that a node registered with; the agent's call names the node in its signature alone."""
    made = call(aws, "RegisterManagedInstance", ActivationId=OTHER, ActivationCode=CODE, Fingerprint="one")[1]["InstanceId"]
    assert "SessionToken" in call(aws, "RequestManagedInstanceRoleToken", InstanceId=made, Fingerprint="one")[1]
    told = call(aws, "RequestManagedInstanceRoleToken", InstanceId=made, Fingerprint="other")[1]
    assert told["__type"] == "MachineFingerprintDoesNotMatch"


def test_unsigned_calls_are_refused(aws: LoopbackAws) -> None:
    """Only registration and the role token take a caller without a signature."""
    assert call(aws, "UpdateInstanceInformation")[1]["__type"] == "MissingAuthenticationTokenException"
    assert call(aws, "UpdateInstanceInformation", signed=True)[0].status == 200
    assert "SessionToken" in call(aws, "RequestManagedInstanceRoleToken")[1]
    assert call(aws, "GetMessages", service="ec2messages", signed=True)[1]["Messages"] == []
    for service in ("kms", "logs"):
        assert call(aws, "Encrypt", service=service)[0].status == 400


def test_one_operation_fails_and_the_others_go_on(aws: LoopbackAws) -> None:
    """An error for an operation by name, at each of the three services; credentials that live as long as they are told to."""
    names = {"UpdateInstanceInformation": "ThrottlingException", "GetMessages": "AccessDeniedException"}
    aws.behave(errors={**names, "CreateControlChannel": "AccessDeniedException"}, token_seconds=10**10)
    answer, said = call(aws, "UpdateInstanceInformation", signed=True)
    assert (answer.status, said["__type"]) == (400, "ThrottlingException")
    assert call(aws, "GetMessages", service="ec2messages", signed=True)[1]["__type"] == "AccessDeniedException"
    assert call(aws, "ListAssociations", signed=True)[0].status == 200
    signed = {"Authorization": "lab"}
    answer, body = fetch(aws, "POST", f"ssmmessages.{REGION}.amazonaws.com", "/v1/control-channel/mi-1", signed)
    assert answer.status == 403 and body.startswith(b"<AccessDeniedException>")
    assert call(aws, "RequestManagedInstanceRoleToken")[1]["TokenExpirationDate"] > 10**10


def test_s3_knows_its_objects(aws: LoopbackAws) -> None:
    """Root 307, bucket and missing key 403, objects 200, path style and virtual host, both schemes."""
    host = f"s3.{REGION}.amazonaws.com"
    own = f"amazon-ssm-{REGION}"
    assert fetch(aws, "GET", host)[0].status == 307
    for tls in (True, False):
        assert fetch(aws, "GET", host, f"/{own}/latest/VERSION", tls=tls)[1] == b"3.3.1142.0"
        bucket, body = fetch(aws, "HEAD", f"{own}.{host}", tls=tls)
        assert (bucket.status, bucket.headers["x-amz-bucket-region"], body) == (403, REGION, b"")
        assert bucket.headers["x-amz-request-id"] and bucket.headers["Server"] == "AmazonS3"
    assert b"AccessDenied" in fetch(aws, "GET", host, f"/{own}/nothing")[1]
    assert fetch(aws, "GET", f"{own}.s3.amazonaws.com", "/stable/VERSION")[0].status == 200
    answer, tarball = fetch(aws, "GET", f"s3.dualstack.{REGION}.amazonaws.com", f"/aws-ssm-{REGION}/{PAYLOAD}")
    assert answer.status == 200
    with tarfile.open(fileobj=io.BytesIO(tarball)) as archive:
        assert archive.getnames() == ["main_entry_point.py"]
    aws.behave(s3="denied")
    assert fetch(aws, "GET", host, f"/{own}/latest/VERSION")[0].status == 403


def test_the_control_channel(aws: LoopbackAws) -> None:
    """201 with a token for a signed POST, 403 with a request id for a stranger."""
    host, path = f"ssmmessages.{REGION}.amazonaws.com", "/v1/control-channel/mi-1"
    answer, body = fetch(aws, "POST", host, path, {"Authorization": "lab"})
    assert answer.status == 201 and ElementTree.fromstring(body).findtext("TokenValue")
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "MTIzNDU2Nzg5MDEyMzQ1Ng==",
    }
    answer, _ = fetch(aws, "GET", host, path, upgrade)
    assert answer.status == 403 and answer.headers["x-amzn-RequestId"]
    answer, _ = fetch(aws, "GET", host, path, dict(upgrade, Authorization="lab"))
    assert answer.status == 101


def test_a_portal_and_a_missing_service(aws: LoopbackAws) -> None:
    """HTML without a trace of AWS; a closed connection; a clock that is off; an order that is refused."""
    aws.behave(portal=True)
    answer, body = fetch(aws, "POST", f"ssm.{REGION}.amazonaws.com")
    assert b"<html>" in body and "x-amzn-RequestId" not in answer.headers
    aws.behave(portal=False, missing=["kms"], date_offset_seconds=1200)
    with pytest.raises((http.client.RemoteDisconnected, ssl.SSLError)):
        fetch(aws, "GET", f"kms.{REGION}.amazonaws.com")
    with pytest.raises(ValueError, match="s3 is 'sideways'"):
        aws.behave(s3="sideways")


def test_sni_chooses_the_certificate(aws: LoopbackAws) -> None:
    """A name with a certificate of its own gets that one."""
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        fetch(aws, "GET", "ssm.eu-west-1.amazonaws.com")
    assert caught.value.verify_code == 10
