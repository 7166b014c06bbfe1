"""Calls to AWS as aws-sdk-go makes them: four tries, and its way to print what went wrong."""

import json
import random
from typing import Any, Dict

from . import world
from .dialer import GoError
from .web import Reply, send

TRIES = 4
#: Errors that the SDK prints without the status line.
TYPED = (
    "InvalidActivation",
    "ActivationExpired",
    "RegistrationLimitExceeded",
    "InvalidPublicKey",
    "InstanceAlreadyRegistered",
    "InvalidInstanceId",
    "MachineFingerprintDoesNotMatch",
    "InternalServerError",
    "TooManyUpdates",
)
THROTTLES = ("Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded")


class CallError(Exception):
    """A call that failed for good; ``code`` is the service's error name, empty when there was no AWS answer.

    ``answer`` tells of the answer: its status, its request id and the service's own message; empty where none came.
    """

    def __init__(self, text: str, code: str = "", answer: str = "") -> None:
        super().__init__(text)
        self.code, self.answer = code, answer


def pause(attempt: int) -> None:
    """The SDK's back-off after a failed try."""
    world.sleep(2**attempt * random.uniform(1.0, 1.5))


def call(
    host: str,
    target: str,
    body: Dict[str, Any],
    signed: bool,
    patience: float = 60.0,
    tries: int = TRIES,
    dial: float = 30.0,
    hasty: bool = False,
) -> Dict[str, Any]:
    """POST one JSON 1.1 call; CallError carries what the agent prints. ``hasty`` waits 0.1 s after a time-out."""
    url = f"https://{host}/"
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    if signed:
        headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=lab, SignedHeaders=host, Signature=lab"
    content = json.dumps(body).encode()
    failure = CallError("")
    for attempt in range(tries):
        if attempt:
            world.sleep(0.1) if hasty and is_timeout(str(failure)) else pause(attempt - 1)
        try:
            reply = send("POST", url, headers, content, patience, dial)
        except GoError as error:
            failure = CallError(f'RequestError: send request failed\ncaused by: Post "{url}": {error}')
            if not error.retryable:
                break
            continue
        if reply.status == 200:
            return decode(reply)
        failure = service_error(reply)
        if reply.status < 500 and failure.code not in THROTTLES:
            break
    raise failure


def is_timeout(text: str) -> bool:
    """Was it the client that gave up?"""
    return "i/o timeout" in text or "Client.Timeout exceeded" in text


def decode(reply: Reply) -> Dict[str, Any]:
    """The JSON of an answer; a stranger's answer is a SerializationError."""
    try:
        answer = json.loads(reply.body or b"{}")
        return answer if isinstance(answer, dict) else {}
    except ValueError:
        raise CallError(
            "SerializationError: failed decoding JSON RPC response\n\t"
            f"status code: {reply.status}, request id: {request_id(reply)}\n"
            f"caused by: {stray_character(reply.body)}",
            answer=told(reply, "failed decoding JSON RPC response"),
        ) from None


def service_error(reply: Reply) -> CallError:
    """An error answer as the SDK prints it."""
    ending = f"\n\tstatus code: {reply.status}, request id: {request_id(reply)}"
    try:
        answer = json.loads(reply.body)
        code = str(answer["__type"]).rpartition("#")[2]
        message = str(answer.get("message", answer.get("Message", "")))
    except (ValueError, KeyError, TypeError):
        return CallError(
            f"SerializationError: failed to unmarshal response error{ending}\n"
            f"caused by: UnmarshalError: failed to unmarshal error message\n\t{hex_dump(reply.body)}\n"
            f"caused by: {stray_character(reply.body)}",
            answer=told(reply, "failed to unmarshal response error"),
        )
    return CallError(f"{code}: {message}" + ("" if code in TYPED else ending), code, told(reply, message))


def told(reply: Reply, message: str) -> str:
    """Status, request id and message of an answer, as the agent words them."""
    return f"Status code {reply.status} returned from AWS API. RequestId: {request_id(reply)} Message: {message}"


def request_id(reply: Reply) -> str:
    """The id that AWS gave the request."""
    return reply.headers.get("x-amzn-requestid", "")


def stray_character(body: bytes) -> str:
    """What Go's JSON decoder says of something that is none."""
    text = body.decode("utf-8", "replace").lstrip()
    return f"invalid character {text[0]!r} looking for beginning of value" if text else "unexpected end of JSON input"


def hex_dump(body: bytes) -> str:
    """Go's hex.Dump."""
    lines = []
    for start in range(0, len(body), 16):
        row = body[start : start + 16]
        halves = [" ".join(f"{byte:02x}" for byte in half) for half in (row[:8], row[8:])]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{start:08x}  {halves[0]:<23}  {halves[1]:<23}  |{shown}|\n")
    return "".join(lines)
