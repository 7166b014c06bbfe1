"""The ssm service: registration, role tokens, health and the rest of what an agent calls."""

import asyncio
import json
import re
import secrets
import time
from typing import Any, Dict, Optional

from aiohttp import web

from tests.lab.aws.answers import Closing, html_page, named_error, service_error, service_json
from tests.lab.aws.state import State

#: switch → (error name, status) of RegisterManagedInstance; an interface endpoint's policy answers AccessDenied too.
ACTIVATION_ERRORS = {
    "invalid": ("InvalidActivation", 400),
    "expired": ("ActivationExpired", 400),
    "exhausted": ("RegistrationLimitExceeded", 400),
    "denied": ("AccessDeniedException", 400),
    "throttled": ("ThrottlingException", 400),
    "error-500": ("InternalServerError", 500),
    "too-many-updates": ("TooManyUpdates", 400),
}
ROLE_TOKEN_ERRORS = {
    "denied": ("AccessDeniedException", 400),
    "unknown-instance": ("InvalidInstanceId", 400),
    "fingerprint-mismatch": ("MachineFingerprintDoesNotMatch", 400),
    "throttled": ("ThrottlingException", 400),
    "error-500": ("InternalServerError", 500),
}
DENIED_TEXT = (
    "User: anonymous is not authorized to perform: ssm:RegisterManagedInstance on resource: * "
    "because no VPC endpoint policy allows the ssm:RegisterManagedInstance action"
)
#: What a caller without a signature may call.
ANONYMOUS = ("RegisterManagedInstance", "RequestManagedInstanceRoleToken")
EMPTY: Dict[str, Dict[str, Any]] = {
    "ListAssociations": {"Associations": []},
    "ListInstanceAssociations": {"Associations": []},
}


async def answer(state: State, request: web.Request, body: bytes) -> web.StreamResponse:
    """The service's answer to one request."""
    operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    if request.method != "POST" or not operation:
        return service_error("MissingAuthenticationTokenException", message="Missing Authentication Token")
    if operation not in ANONYMOUS and "Authorization" not in request.headers:
        return service_error("MissingAuthenticationTokenException", message="Missing Authentication Token")
    try:
        call = json.loads(body or b"{}")
    except ValueError:
        return service_error("SerializationException")
    if operation in state.behaviour["errors"]:
        return named_error(state.behaviour["errors"][operation])
    if operation == "RegisterManagedInstance" and "Authorization" in request.headers and "ActivationId" not in call:
        return service_json({"InstanceId": "i-0123456789abcdef0"})  # an EC2 instance, which becomes no hybrid node
    if operation == "RegisterManagedInstance":
        return await register(state, call)
    if operation == "GetParameter":
        parameters = state.behaviour["parameters"]
        value = parameters.get(str(call.get("Name")))
        return service_json({"Parameter": {"Value": value}}) if value is not None else service_error("ParameterNotFound")
    if operation == "RequestManagedInstanceRoleToken":
        return role_token(state, request, call)
    if operation == "UpdateInstanceInformation":
        if state.behaviour["health"] == "denied":
            return service_error("AccessDeniedException")
        known = state.instances.get(str(call.get("InstanceId")))
        if known is not None:
            known["health"] = known.get("health", 0) + 1
        return service_json({})
    return service_json(EMPTY.get(operation, {}))


async def register(state: State, call: Dict[str, Any]) -> web.Response:
    """RegisterManagedInstance; ``lost-answer`` and ``hang`` use the activation up and say nothing."""
    mode = state.behaviour["activation"]
    if mode == "throttled-twice":
        state.counters["throttled-twice"] += 1
        if state.counters["throttled-twice"] <= 2:
            return service_error("ThrottlingException")
    if mode == "html":
        return html_page()
    if mode == "no-instance-id":
        return service_json({})
    if mode in ACTIVATION_ERRORS:
        kind, status = ACTIVATION_ERRORS[mode]
        return service_error(kind, status, DENIED_TEXT if mode == "denied" else "lab")
    refusal = refused(state, call)
    if refusal is not None:
        return service_error(refusal)
    name = state.behaviour["node"] or "mi-0" + secrets.token_hex(8)
    state.instances[name] = {
        "registered": time.time(),
        "activation": call.get("ActivationId"),
        "fingerprint": call.get("Fingerprint"),
        "answered": mode in ("ok", "throttled-twice"),
    }
    state.counters["registered"] += 1
    if mode == "lost-answer":
        raise Closing()
    if mode == "reset":
        raise Closing(reset=True)
    if mode == "hang":
        await asyncio.sleep(3600)
    return service_json({"InstanceId": name})


def refused(state: State, call: Dict[str, Any]) -> Optional[str]:
    """Why a listed activation does not admit this call; None when it does, which uses it once."""
    if call.get("ActivationId") in state.behaviour["spent"]:
        return "RegistrationLimitExceeded"
    if state.activations is None:
        return None
    activation = state.activations.get(str(call.get("ActivationId")))
    if activation is None or activation.code != call.get("ActivationCode"):
        return "InvalidActivation"
    if activation.used >= activation.limit:
        return "RegistrationLimitExceeded"
    activation.used += 1
    return None


def role_token(state: State, request: web.Request, call: Dict[str, Any]) -> web.Response:
    """RequestManagedInstanceRoleToken; a node that was removed from ``instances`` is unknown only when the switch says so."""
    mode = state.behaviour["role_token"]
    if mode in ROLE_TOKEN_ERRORS:
        return service_error(*ROLE_TOKEN_ERRORS[mode])
    signer = re.search(r"\bmi-[0-9a-f]+", request.headers.get("Authorization", ""))  # the agent's body has no id
    node = signer[0] if signer else str(call.get("InstanceId"))
    known = state.instances.get(node, {}).get("fingerprint")
    if known is not None and known != call.get("Fingerprint"):
        return service_error(*ROLE_TOKEN_ERRORS["fingerprint-mismatch"])
    state.counters["role-tokens"] += 1
    return service_json(
        {
            "AccessKeyId": "ASIA" + secrets.token_hex(8).upper(),
            "SecretAccessKey": secrets.token_urlsafe(30),
            "SessionToken": secrets.token_urlsafe(200),
            "UpdateKeyPair": False,
            "TokenExpirationDate": time.time() + float(state.behaviour["token_seconds"]),
        }
    )
