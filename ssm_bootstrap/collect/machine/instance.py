"""The instance: its system, its resolvers, and what IMDSv2 says, within one second."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
from dataclasses import replace
from typing import Optional, Union

from ssm_bootstrap.catalog import limits
from ssm_bootstrap.catalog.secrets import fault_words
from ssm_bootstrap.collect.network.resolvers import upstream_resolvers
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.network import Answer
from ssm_bootstrap.model.aws import REGION_SHAPE
from ssm_bootstrap.model.machine import Impostor, Instance, Metadata
from ssm_bootstrap.model.observed import OUR_FAULT, Observed, Seen, Unseen
from ssm_bootstrap.model.phrase import phrase

IMDS = "169.254.169.254"
MAC = "network/interfaces/macs/"
IDENTITY = "dynamic/instance-identity/document"
"""Account and image among others, as JSON. Source: Amazon EC2 User Guide, instance-identity-documents."""

_GROUP = re.compile(r"^sg-[0-9a-f]{8,32}$", re.MULTILINE)
_ACCOUNT = re.compile(r"[0-9]{12}")
_IMAGE = re.compile(r"ami-[0-9a-f]{8,32}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:/-]{0,79}")

CONTAINERS = ("/.dockerenv", "/run/.containerenv")
"""What Docker and Podman leave in a container."""


class MetadataLook:
    """Asks IMDSv2 in the background; ``result`` waits for no longer than what is left of a second."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._begun = host.clock.monotonic()
        self._found: Optional[Union[Metadata, Impostor, Unseen]] = None
        self._connected = False
        self._has_token = False
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def result(self) -> Union[Metadata, Impostor, Unseen]:
        """The metadata, an impostor, or why nobody could look."""
        self._thread.join(max(0.0, self._begun + limits.METADATA - self._host.clock.monotonic()))
        return self._found or Unseen(self._silence(phrase("gave no answer in {metadata:g} s", metadata=limits.METADATA)))

    def _silence(self, words: str) -> str:
        """What may be told of silence: the hop limit cuts the way back of the token alone, and only for a container.

        What the limit is cannot be seen from here. Source: Amazon EC2 User Guide, configuring-instance-metadata-options.
        """
        if not self._connected:
            return phrase("IMDS at {imds} {words}", imds=IMDS, words=words)
        if self._has_token:
            return phrase("IMDS at {imds} gave a token and then {words}", imds=IMDS, words=words)
        inside = any(self._is_there(path) for path in CONTAINERS)
        limit = (
            "this is a container, for which a hop limit of 1 does that" if inside else "in a container a hop limit of 1 does that"
        )
        return phrase(
            "IMDS at {imds} takes the connection and {words} to the token request: {limit}, and so does a filter",
            imds=IMDS,
            words=words,
            limit=limit,
        )

    def _is_there(self, path: str) -> bool:
        try:
            return self._host.files.exists(path)
        except OSError:
            return False

    def _look(self) -> None:
        try:
            self._found = self._read()
        except (socket.timeout, TimeoutError):
            self._found = Unseen(
                self._silence("gave no answer") if self._connected else phrase("IMDS at {imds}: no answer", imds=IMDS)
            )
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._found = Unseen(phrase("IMDS at {imds}: {error}", imds=IMDS, error=words_of(error)))
        except Exception as error:  # in a thread of its own nobody else would ever tell
            self._found = Unseen(f"{OUR_FAULT}: {fault_words(error)}")

    def _read(self) -> Union[Metadata, Impostor, Unseen]:
        answer = self._ask("PUT", "/latest/api/token", (("X-aws-ec2-metadata-token-ttl-seconds", "60"),))
        token = answer.body.decode("latin-1").strip()
        content = answer.headers.get("content-type", "")
        if "html" in content or token[:1] == "<":
            return Impostor(f"HTTP {answer.status} with a page instead of a token")
        if answer.status == 403:
            return Unseen("IMDS is switched off for this instance (HTTP 403)")
        if answer.status != 200 or not token or " " in token:
            return Unseen(phrase("IMDS gave no IMDSv2 token (HTTP {status}): this may be no EC2 instance", status=answer.status))
        self._has_token = True
        region = self._value("meta-data/placement/region", token)
        if region and REGION_SHAPE.fullmatch(region) is None:
            return Impostor("it gave a region that is none")
        mac = _word(self._value(f"meta-data/{MAC}", token).split("\n")[0].strip("/"))
        network = f"meta-data/{MAC}{mac}/"
        found = Metadata(
            region=region,
            availability_zone=_word(self._value("meta-data/placement/availability-zone", token)),
            instance_id=_word(self._value("meta-data/instance-id", token)),
            vpc_id=_word(self._value(f"{network}vpc-id", token)),
            subnet_id=_word(self._value(f"{network}subnet-id", token)),
            subnet_cidr=_word(self._value(f"{network}subnet-ipv4-cidr-block", token)),
            ipv4_cidrs=_blocks(self._value(f"{network}vpc-ipv4-cidr-blocks", token)),
            ipv6_cidrs=_blocks(self._value(f"{network}vpc-ipv6-cidr-blocks", token)),
            addresses=_blocks(self._value(f"{network}local-ipv4s", token)),
            security_groups=tuple(_GROUP.findall(self._value(f"{network}security-group-ids", token))),
        )
        try:
            account, image = _account_and_image(self._value(IDENTITY, token))
        except (OSError, http.client.HTTPException, ValueError, RecursionError):
            return found  # no diagnosis stands on these two: what was had is kept
        return replace(found, account_id=account, image_id=image)

    def _value(self, path: str, token: str) -> str:
        answer = self._ask("GET", f"/latest/{path}", (("X-aws-ec2-metadata-token", token),))
        text = answer.body.decode("utf-8", "replace").strip()
        return text if answer.status == 200 and "<" not in text else ""

    def _ask(self, method: str, path: str, headers: tuple[tuple[str, str], ...]) -> Answer:
        left = max(0.05, self._begun + limits.METADATA - self._host.clock.monotonic())
        with self._host.network.connect(IMDS, 80, left) as connection:
            self._connected = True
            return self._host.network.request(connection, IMDS, method, path, headers, b"", limits.BODY)


def ask_metadata(host: Host, until: float, method: str, path: str, headers: tuple[tuple[str, str], ...]) -> Answer:
    """One question to IMDS before ``until`` of the clock that only grows; raises OSError, http.client.HTTPException."""
    with host.network.connect(IMDS, 80, max(0.05, until - host.clock.monotonic())) as connection:
        return host.network.request(connection, IMDS, method, path, headers, b"", limits.BODY)


def _account_and_image(text: str) -> tuple[str, str]:
    """Both out of an instance's identity document; empty where it has none. Raises ValueError, RecursionError."""
    told = json.loads(text) if text else {}
    shapes = {"accountId": _ACCOUNT, "imageId": _IMAGE}
    values = {name: told.get(name) if isinstance(told, dict) else None for name in shapes}
    account, image = (value if isinstance(value, str) and shapes[name].fullmatch(value) else "" for name, value in values.items())
    return account, image


def _word(text: str) -> str:
    """An id, a zone or a block, which may stand in a command that is told; empty where it is none."""
    return text if _WORD.fullmatch(text) else ""


def _blocks(text: str) -> tuple[str, ...]:
    """Addresses or blocks, one a line, those that are none left out."""
    return tuple(block for block in text.split() if _word(block))


def look_at_instance(host: Host, metadata: Union[Metadata, Impostor, Unseen]) -> Instance:
    """The instance, with the metadata that was had."""
    system = host.machine.system()
    seen: Observed[Metadata] = Seen(metadata) if isinstance(metadata, Metadata) else Unseen("see impostor")
    return Instance(
        system=system.title,
        system_id=system.identifier,
        system_version=system.version,
        architecture=host.machine.architecture(),
        hostname=host.machine.hostname(),
        resolvers=upstream_resolvers(host.files),
        metadata=metadata if isinstance(metadata, Unseen) else seen,
        impostor=metadata if isinstance(metadata, Impostor) else None,
    )
