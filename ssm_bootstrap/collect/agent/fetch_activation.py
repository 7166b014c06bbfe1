"""The value of a parameter or a secret, asked for with the role of this EC2 instance; it goes to the caller and nowhere else.

Sources: Systems Manager API Reference, GetParameter; AWS Secrets Manager API Reference, GetSecretValue; IAM User Guide,
troubleshoot_access-denied (the words of a refusal).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Mapping

from ssm_bootstrap.catalog.endpoints import ENDPOINTS, JSON_11, SECRETS_MANAGER, Endpoint
from ssm_bootstrap.catalog.findings import BY_ERROR
from ssm_bootstrap.catalog.limits import FETCH_ACTIVATION
from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.collect.agent.place import ActivationPlace, NotTaken, PlaceKind
from ssm_bootstrap.collect.machine.instance import IMDS
from ssm_bootstrap.collect.machine.role import InstanceRole, read_role
from ssm_bootstrap.collect.network.connector import trust_of
from ssm_bootstrap.collect.network.probe import Wanted
from ssm_bootstrap.collect.network.targets import ProxySettings, host_of, proxy_of
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.downloads import CannotFetch, TooLarge
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.network import Answer
from ssm_bootstrap.host.sigv4 import signed
from ssm_bootstrap.model.agent import AgentConfig
from ssm_bootstrap.model.aws import Region
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.machine import Impostor
from ssm_bootstrap.model.network import Target
from ssm_bootstrap.model.observed import Unseen
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import Site

MOST = 1 << 17
"""Bytes of an answer: a secret has 64 KiB at most."""

_MOST_WORDS = 300
_ACCOUNT_IN = re.compile(r"arn:[a-z0-9-]{3,20}:(?:sts|ssm|secretsmanager|iam):[a-z0-9-]*:([0-9]{12}):")
_ERROR = re.compile(r"[A-Za-z0-9._]{1,80}")
_KMS = re.compile(r"\bkms:[A-Z]|\bKMS\b|[Cc]iphertext refers")
_ENDPOINT_POLICY = re.compile(r"VPC endpoint policy")


_SSM = next(row for row in ENDPOINTS if row.name == "ssm")


class NotReached(Exception):
    """No answer of the service; the words say what broke, in one line."""


@dataclass(frozen=True)
class PlaceReader:
    """Reads one parameter or secret. ``proxies`` are those of registering; the metadata service never goes through one."""

    host: Host
    place: ActivationPlace
    region: Region
    config: AgentConfig
    proxies: ProxySettings
    site: Site

    @property
    def row(self) -> Endpoint:
        """The endpoint that is asked."""
        return SECRETS_MANAGER if self.place.kind is PlaceKind.SECRET else _SSM

    def wanted(self) -> Wanted:
        """The same as something to look at: what a registration from this place needs."""
        name, key = host_of(self.row, self.region, self.config, self.site)
        url = self.proxies.url_for(name, self.row.port)
        proxy, login = proxy_of(url, self.proxies.source) if url else (None, "")
        needing = (Capability.REGISTER.value,)
        return self.row, Target(self.row.name, self.row.service, name, self.row.port, needing, False, proxy, key), login

    def read(self) -> str:
        """The value; raises NotTaken, NotReached."""
        role = self._role()
        for secret in (role.credentials.secret, role.credentials.token):
            self.host.secrets.learn(secret, certain=True)
        return self._value_of(self._ask(role), role)

    def _role(self) -> InstanceRole:
        found = read_role(self.host)
        if isinstance(found, InstanceRole):
            return found
        if found is None:
            raise NotTaken("instance-role-unusable", phrase("IMDS names no role (HTTP 404)"), subject="this instance")
        if isinstance(found, Impostor):
            raise NotTaken("imds-impostor", found.detail, subject=IMDS)
        assert isinstance(found, Unseen)
        raise NotTaken("imds-unreachable", found.reason, "for-activation", subject=IMDS)

    def _ask(self, role: InstanceRole) -> Answer:
        name, _ = host_of(self.row, self.region, self.config, self.site)
        call: dict[str, Any]
        if self.place.kind is PlaceKind.SECRET:
            target, call = "secretsmanager.GetSecretValue", {"SecretId": self.place.name}
        else:
            target, call = "AmazonSSM.GetParameter", {"Name": self.place.name, "WithDecryption": True}
        body = json.dumps(call).encode()
        given = {**dict(JSON_11), "X-Amz-Target": target}
        headers = signed(role.credentials, self.row.service, self.region, name, given, body, self.host.clock.now())
        try:
            context = self.host.network.trusting(trust_of(self.host.files, self.host.environment))
            return self.host.posts.send(
                f"https://{name}/",
                headers,
                body,
                context=context,
                proxy=self.proxies.url_for(name, 443),
                most=MOST,
                seconds=FETCH_ACTIVATION,
            )
        except CannotFetch as error:
            raise NotReached(words_of(error.cause)) from None
        except TooLarge:
            raise NotTaken("activation-malformed", "the answer is too long for an activation", "in-place") from None
        except OSError as error:
            raise NotReached(phrase("the trusted certificates cannot be read: {error}", error=words_of(error))) from None

    def _value_of(self, answer: Answer, role: InstanceRole) -> str:
        document = _object(answer.body)
        if answer.status != 200:
            raise self._refusal(answer, document, role)
        inner = document if self.place.kind is PlaceKind.SECRET else document.get("Parameter")
        member = "SecretString" if self.place.kind is PlaceKind.SECRET else "Value"
        value = inner.get(member) if isinstance(inner, dict) else None
        if not isinstance(value, str):
            raise NotTaken("activation-malformed", phrase("the answer has no text at `{member}`", member=member), "in-place")
        return value

    def _refusal(self, answer: Answer, document: Mapping[str, Any], role: InstanceRole) -> NotTaken:
        """What an error of the service means; of its words those are told that are AWS's own."""
        name = str(document.get("__type") or answer.headers.get("x-amzn-errortype", "")).rpartition("#")[2].partition(":")[0]
        words = _line(document.get("message") or document.get("Message"))
        detail = f"{name if _ERROR.fullmatch(name) else f'HTTP {answer.status}'}{': ' if words else ''}{words}"
        server = ("service-error", "") if answer.status >= 500 else ("request-refused", "")
        code, variant = BY_ERROR.get(name, server)
        is_secret = self.place.kind is PlaceKind.SECRET
        if _ENDPOINT_POLICY.search(words):
            variant = "endpoint-policy" if code == "activation-place-denied" else variant
        elif code == "activation-place-denied":
            is_kms = variant == "kms" or _KMS.search(words) is not None
            variant = ("kms-secret" if is_kms else "secret") if is_secret else ("kms" if is_kms else "")
        return NotTaken(code, detail, variant, peer=role.name, place=self._arn(role, words), service=self.row.service)

    def _arn(self, role: InstanceRole, words: str) -> str:
        """The ARN of the place without a version, for a policy; empty where nobody tells the account."""
        name = self.place.name
        if name.startswith("arn:"):
            return re.sub(r"-[A-Za-z0-9]{6}\Z", "", name) if self.place.kind is PlaceKind.SECRET else name
        told = _ACCOUNT_IN.search(words)
        account = role.account or (told[1] if told else "")
        partition = partition_of(self.region, self.site).name
        if not account:
            return ""
        if self.place.kind is PlaceKind.SECRET:
            return f"arn:{partition}:secretsmanager:{self.region}:{account}:secret:{name}"
        return f"arn:{partition}:ssm:{self.region}:{account}:parameter/{name.partition(':')[0].lstrip('/')}"


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _line(text: Any) -> str:
    """A stranger's words in one line, without what a terminal would take for an order."""
    words = " ".join(text.split()) if isinstance(text, str) else ""
    return "".join(letter for letter in words if letter.isprintable())[:_MOST_WORDS]
