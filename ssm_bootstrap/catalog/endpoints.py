"""What the agent and Patch Manager dial, on which port, for which capability, and why.

One row is one host and port. Needs (``NEEDS``) say which rows a capability cannot do without, and which can stand in for
another. A new endpoint is one row here and, where something needs it, one name in a need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional

from ssm_bootstrap.catalog.partitions import imitates_aws, is_aws_host
from ssm_bootstrap.catalog.s3names import kind_of
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.site import Site

JSON_11 = (("Content-Type", "application/x-amz-json-1.1"),)
"""Headers of an AWS JSON 1.1 call."""

WEBSOCKET_PATH = "/v1/control-channel/ssm-bootstrap-probe?role=subscribe&stream=input"
"""Where the control channel's websocket is asked for; no such channel exists, AWS answers with an error of its own."""


@dataclass(frozen=True)
class Endpoint:
    """One host and port that is dialled.

    ``host`` is a template over {region}, {domain}. ``override`` is the key of amazon-ssm-agent.json that replaces the host
    (``prefix`` stands before the replaced host). ``known_object``: the path is an object that exists, so that 403 is a policy.
    ``signed``: the agent signs its requests there, so that what an anonymous one is refused says nothing of them.
    ``agent_domain``: the agent's ``Agent.ServiceDomain`` replaces {domain} (the patch script does not read it).
    """

    name: str
    service: str
    host: str
    port: int
    why: str
    source: str
    method: str = "POST"
    path: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    override: Optional[str] = None
    prefix: str = ""
    known_object: bool = False
    websocket: bool = False
    agent_domain: bool = True
    signed: bool = False

    @property
    def is_s3(self) -> bool:
        """True for S3, which a gateway endpoint serves at public addresses."""
        return self.service == "s3"


_AGENT = "amazon-ssm-agent 3.3.1142.0"
_VERSION_OBJECT = "/latest/VERSION"

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        name="ssm",
        service="ssm",
        host="ssm.{region}.{domain}",
        port=443,
        why="registration, credentials of the managed node, health pings, inventory and patch results",
        source=f"{_AGENT} agent/ssm/anonauth/anonauth_client.go:82; setup-create-vpc, AWS Systems Manager User Guide",
        headers=(*JSON_11, ("X-Amz-Target", "AmazonSSM.DescribeInstanceInformation")),
        body="{}",
        override="Ssm.Endpoint",
    ),
    Endpoint(
        name="ssmmessages",
        service="ssmmessages",
        host="ssmmessages.{region}.{domain}",
        port=443,
        why="the control channel: Run Command from agent 3.1.821 on, and Session Manager",
        source=f"{_AGENT} agent/session/service/service.go:93-181",
        method="GET",
        path="/v1/control-channel/ssm-bootstrap-probe",
        override="Mgs.Endpoint",
        websocket=True,
    ),
    Endpoint(
        name="ec2messages",
        service="ec2messages",
        host="ec2messages.{region}.{domain}",
        port=443,
        why="Run Command where the control channel is not up: the fallback",
        source=f"{_AGENT} agent/runcommand/mds/service.go:90-113",
        headers=(*JSON_11, ("X-Amz-Target", "EC2WindowsMessageDeliveryService.GetEndpoint")),
        body="{}",
        override="Mds.Endpoint",
    ),
    Endpoint(
        name="s3-regional",
        service="s3",
        host="s3.{region}.{domain}",
        port=443,
        why="the agent's update manifest and packages, in path style",
        source=f"{_AGENT} agent/updateutil/updateutil.go:795-807",
        method="HEAD",
        path=f"/amazon-ssm-{{region}}{_VERSION_OBJECT}",
        override="S3.Endpoint",
        known_object=True,
        signed=True,
    ),
    Endpoint(
        name="s3-bucket",
        service="s3",
        host="amazon-ssm-{region}.s3.{region}.{domain}",
        port=443,
        why="the agent's look-up of the bucket's region, before each download",
        source=f"{_AGENT} agent/s3util/crossregion.go:69-213",
        method="HEAD",
        path=_VERSION_OBJECT,
        override="S3.Endpoint",
        prefix="amazon-ssm-{region}.",
        known_object=True,
        signed=True,
    ),
    Endpoint(
        name="s3-bucket-http",
        service="s3",
        host="amazon-ssm-{region}.s3.{region}.{domain}",
        port=80,
        why="the same look-up over HTTP, which agents of 2022 made alone",
        source=f"{_AGENT} agent/s3util/crossregion.go:69-213; field report of 2022-02-01",
        method="HEAD",
        path=_VERSION_OBJECT,
        override="S3.Endpoint",
        prefix="amazon-ssm-{region}.",
        known_object=True,
        signed=True,
    ),
    Endpoint(
        name="s3-dualstack",
        service="s3",
        host="s3.dualstack.{region}.{domain}",
        port=443,
        why="the payload of AWS-RunPatchBaseline, in path style, and the repositories of Amazon Linux",
        source="AWS-RunPatchBaseline, payloads 1.80 to 1.132; patch-manager-troubleshooting, AWS Systems Manager User Guide",
        method="HEAD",
        path=f"/amazon-ssm-{{region}}{_VERSION_OBJECT}",
        known_object=True,
        agent_domain=False,
    ),
    Endpoint(
        name="s3-dualstack-http",
        service="s3",
        host="s3.dualstack.{region}.{domain}",
        port=80,
        why="package repositories in S3 that are configured with http://, as Amazon Linux 2 does",
        source="Amazon Linux 2 amzn2-core.repo (mirror list over http); security group advice of the User Guide",
        method="HEAD",
        path=f"/amazon-ssm-{{region}}{_VERSION_OBJECT}",
        known_object=True,
        agent_domain=False,
    ),
    Endpoint(
        name="kms",
        service="kms",
        host="kms.{region}.{domain}",
        port=443,
        why="sessions that are encrypted with a key of the customer",
        source=f"{_AGENT} agent/session/crypto/kmsservice.go:54",
        headers=(*JSON_11, ("X-Amz-Target", "TrentService.ListAliases")),
        body="{}",
        override="Kms.Endpoint",
    ),
    Endpoint(
        name="logs",
        service="logs",
        host="logs.{region}.{domain}",
        port=443,
        why="session and command output to CloudWatch Logs",
        source=f"{_AGENT} agent/agentlogstocloudwatch/cloudwatchlogspublisher/cloudwatchlogsservice.go:91-105",
        headers=(*JSON_11, ("X-Amz-Target", "Logs_20140328.DescribeLogGroups")),
        body="{}",
    ),
)
"""Every row; the order is the order of the report."""

SECRETS_MANAGER = Endpoint(
    name="secretsmanager",
    service="secretsmanager",
    host="secretsmanager.{region}.{domain}",
    port=443,
    why="an activation that is kept in Secrets Manager: it has an interface endpoint of its own",
    source="AWS Secrets Manager User Guide, vpc-endpoint-overview",
    headers=(*JSON_11, ("X-Amz-Target", "secretsmanager.ListSecrets")),
    body="{}",
    agent_domain=False,
)
"""Dialled by ``register`` alone, and only where its activation is a secret."""

SIGNED_ROWS: frozenset[str] = frozenset(row.name for row in ENDPOINTS if row.signed)
"""Rows of which a 403 to an anonymous caller proves nothing (agent/s3util/crossregion.go:119-160: a signed call first)."""


@dataclass(frozen=True)
class Need:
    """One thing that a capability cannot do without; any of the rows serves, the first is the regular one."""

    title: str
    any_of: tuple[str, ...]


_API = Need("the Systems Manager API", ("ssm",))
_MESSAGES = Need("a message channel", ("ssmmessages", "ec2messages"))

NEEDS: Mapping[Capability, tuple[Need, ...]] = {
    Capability.REGISTER: (_API,),
    Capability.RUN_COMMAND: (_API, _MESSAGES),
    Capability.SESSION: (_API, Need("the control channel", ("ssmmessages",))),
    Capability.PATCH: (
        _API,
        _MESSAGES,
        Need("the patch payload in S3", ("s3-dualstack",)),
        Need("package repositories in S3 over HTTP", ("s3-dualstack-http",)),
    ),
    Capability.AGENT_UPDATE: (
        _API,
        _MESSAGES,
        Need("the agent's packages in S3", ("s3-regional",)),
        Need("the look-up of the bucket's region", ("s3-bucket", "s3-bucket-http")),
    ),
}
"""What each capability needs, all of it (setup-create-vpc, AWS Systems Manager User Guide; agent source as in the rows)."""

OPTIONAL: Mapping[Capability, tuple[str, ...]] = {
    Capability.SESSION: ("kms", "logs"),
    Capability.RUN_COMMAND: ("logs",),
}
"""What a capability can use and does not need: looked at, never red."""


NEEDED_SERVICES: frozenset[str] = frozenset(
    row.service for row in ENDPOINTS for needs in NEEDS.values() for need in needs if row.name in need.any_of
)
"""Services that some capability cannot do without: the faults of all others are warnings."""


def needed_rows(capability: Capability) -> tuple[str, ...]:
    """The names of the rows that a capability needs or can fall back on."""
    return tuple(name for need in NEEDS[capability] for name in need.any_of)


_BY_LABEL: Mapping[str, str] = {
    **{name: name for name in ("monitoring", "sts")},  # which nothing here dials
    SECRETS_MANAGER.service: SECRETS_MANAGER.service,
    **{row.host.partition(".")[0]: row.service for row in ENDPOINTS if not row.is_s3},
}
"""Services that the agent talks to, by the label in their host names."""


def service_of(host: str, site: Site) -> str:
    """The service of an AWS host name, FIPS or not, or an empty string; a bucket's name counts as what carries it (s3names)."""
    labels = host.lower().rstrip(".").split(".")
    if is_aws_host(host, site):
        kind = kind_of(host)
        if kind is not None:
            return kind.service
        if any(label.startswith("s3-") for label in labels):
            return "s3"
    if imitates_aws(host, site):
        return ""
    own = [label[: -len("-fips")] if label.endswith("-fips") else label for label in labels]
    for label in own:
        if label in ("ssm", "ssmmessages", "ec2messages") or (label in _BY_LABEL and is_aws_host(host, site)):
            return _BY_LABEL.get(label, label)
    return ""
