"""The journeys, as data: what happens to the node, and what is so at each stop.

What a stop expects is what AWS and the node suffer from at that moment, never what a report happens to say. Where two
things are both true of a moment, or the truth cannot be seen from the node, that is what `any` and `may` are for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Tuple, Union

from tests.real_agent.judgement import Stop
from tests.real_agent.steps import (
    ONLINE,
    RECONNECTED,
    TRIED,
    Await,
    AwaitNode,
    AwaitUnit,
    Boot,
    CutPower,
    Faults,
    HangUp,
    Kill,
    Pause,
    Product,
    Reboot,
    Register,
    RegisterByHand,
    Restart,
    Run,
    Send,
    Step,
    TrustInspection,
    Vpc,
    Write,
)
from tests.story import PATCH, UPDATE

NAMES = ("register", "run-command", "session", "patch", "agent-update")
OK: Mapping[str, str] = dict.fromkeys(NAMES, "ok")
BROKEN: Mapping[str, str] = dict.fromkeys(NAMES, "broken")
DARK: Mapping[str, str] = {"run-command": "broken|unknown", "session": "broken|unknown"}
"""A node that AWS cannot reach, where the network is not at fault."""

DIM: Mapping[str, str] = dict.fromkeys(DARK, "broken|degraded|unknown")
"""The same where the agent mends it by itself within a minute."""

ASLEEP = "Sleeping for 5m0s before retrying retrieve credentials"
"""The last line of an agent that has tried to be an EC2 node and has no role."""

NOT_ONLINE = ("agent-offline", "channel-down", "agent-hibernating")
"""What may be said of an agent that runs and has not found its way back yet."""

SIGNED = ("UpdateInstanceInformation", "CreateControlChannel", "GetMessages", "ListAssociations", "ListInstanceAssociations")
LATE = "InvalidSignatureException: Signature expired: 20261127T120000Z is now earlier than 20261127T121500Z"
RATE = "ThrottlingException: Rate exceeded"
TOKEN = "RequestManagedInstanceRoleToken"
DENIED = "AccessDeniedException: lab"


@dataclass(frozen=True)
class Journey:
    """A story, and its way from stop to stop. `configured`: the boot unit finds its configuration and the code."""

    name: str
    story: str
    way: Tuple[Union[Step, Stop], ...]
    configured: bool = False

    @property
    def stops(self) -> Tuple[Stop, ...]:
        """Its stops alone."""
        return tuple(part for part in self.way if isinstance(part, Stop))


PREINSTALLED = (Boot(), Await(ASLEEP))
REGISTERED = (*PREINSTALLED, Register(), Await(ONLINE))

_JOURNEYS = (
    Journey(
        "crash",
        "The agent is killed and systemd brings it back; then its worker is killed.",
        (
            *REGISTERED,
            Kill("amazon-ssm-agent"),
            Await(ONLINE),
            Stop("killed and back", verdicts=OK),
            Kill("ssm-agent-worker"),
            Await(ONLINE, 90),
            Stop("worker killed and back", verdicts=OK),
        ),
    ),
    Journey(
        "deregistered",
        "Somebody deregisters the node at AWS; it is registered anew with --force.",
        (
            *PREINSTALLED,
            Faults({"ttl": 20}),
            Register(),
            Await(ONLINE),
            Faults({"ttl": 20, "ssm": {TOKEN: "InvalidInstanceId", "UpdateInstanceInformation": "InvalidInstanceId"}}),
            Await("InvalidInstanceId"),
            Restart(),
            Await("InvalidInstanceId"),
            Stop(
                "gone at AWS",
                must=("node-deregistered",),
                may=("credentials-refused",),
                verdicts={"run-command": "broken|unknown"},
            ),
            Faults({}),
            Register(("--force",)),
            Await(ONLINE),
            Stop("anew", verdicts=OK),
        ),
    ),
    Journey(
        "late_endpoints",
        "The seed from its start: no endpoints, the agent runs and fails; then the endpoints; then S3.",
        (
            Vpc("no-endpoints"),
            *PREINSTALLED,
            Stop(
                "no endpoints",
                must=("endpoint-missing",),
                may=("not-registered", "s3-unreachable"),
                verdicts={"register": "broken", "patch": "broken"},
            ),
            Vpc("interface-only"),
            Register(),
            Await(ONLINE),
            Stop(
                "no s3",
                must=("s3-unreachable",),
                verdicts={"register": "ok", "run-command": "ok", "session": "ok", "patch": "broken", "agent-update": "broken"},
            ),
            Send(PATCH),
            Send(UPDATE, until="UpdateS3Util HTTP HEAD request failed", timeout=240),
            Stop(
                "no s3, work failed",
                must=("s3-unreachable",),
                verdicts={"run-command": "ok", "session": "ok", "patch": "broken", "agent-update": "broken"},
            ),
            Vpc("complete"),
            Stop("complete", verdicts=OK),
        ),
    ),
    Journey(
        "outage",
        "A healthy node; the endpoints' security group closes for a minute and opens again.",
        (
            *REGISTERED,
            Vpc("endpoint-sg"),
            HangUp(),
            Restart(),
            Pause(25),
            Stop("closed", must=("endpoint-blocked",), verdicts={"register": "broken", "session": "broken"}),
            Vpc("complete"),
            Restart(),
            Await(ONLINE),
            Stop("open", verdicts=OK),
        ),
    ),
    Journey(
        "preinstalled",
        "An EC2 image with the agent running and no role: it tries to be an EC2 node, then is registered by hand.",
        (
            *PREINSTALLED,
            Stop("before", must=("not-registered",)),
            RegisterByHand(),
            Await(ONLINE),
            Stop("after", verdicts=OK),
            Pause(30),
            Stop("a while after", verdicts=OK),
        ),
    ),
    Journey(
        "refused_force",
        "A forced registration with a bad activation keeps the old identity, online; then rollback after a good one.",
        (
            *REGISTERED,
            Faults({"activation": "invalid"}),
            Register(("--force",), statuses=(78,)),
            Await(ONLINE),
            Stop("kept", verdicts=OK),
            Faults({}),
            Register(("--force",)),
            Await(ONLINE),
            Stop("new", verdicts=OK),
            Product(("rollback",)),
            Await(ONLINE),
            Stop("old again", verdicts=OK),
        ),
    ),
    Journey(
        "role_denied",
        "An EC2 image whose instance profile may not use SSM: the agent is refused as an EC2 node, then is registered by hand.",
        (
            Faults({"role": 1, "ssm": {"UpdateInstanceInformation": DENIED, "RegisterManagedInstance": DENIED}}),
            *PREINSTALLED,
            Stop("before", must=("not-registered",)),
            Faults({"role": 1}),
            RegisterByHand(),
            Await(ONLINE),
            Stop("after", verdicts=OK),
        ),
    ),
    Journey(
        "session_endpoint",
        "The ssmmessages endpoint is missing, then made; ec2messages carries the commands meanwhile.",
        (
            Vpc("complete-no-session"),
            *PREINSTALLED,
            Register(),
            Await("status is set to ec2messages"),
            Stop(
                "no ssmmessages",
                must=("endpoint-missing",),
                may=("channel-down",),
                verdicts={"register": "ok", "session": "broken", "run-command": "ok|degraded"},
            ),
            Vpc("complete"),
            Stop("made, not restarted", may=("channel-down",)),
            Restart(),
            Await(ONLINE),
            Stop("restarted", verdicts=OK),
        ),
    ),
    Journey(
        "interception",
        "A company's authority opens TLS under a healthy node; the machine learns to trust it, then the endpoints are exempted.",
        (
            *REGISTERED,
            Stop("healthy", verdicts=OK),
            Vpc("interception"),
            HangUp(),
            Await(TRIED),
            Stop("opened", must=("tls-untrusted",), verdicts=BROKEN),
            Restart(),
            Await("x509: certificate signed by unknown authority"),
            Stop("opened, restarted", must=("tls-untrusted",), verdicts=BROKEN),
            # The running process read the system's authorities when it began.
            TrustInspection(),
            Stop(
                "trusted, not restarted",
                any=("tls-untrusted", *NOT_ONLINE),
                verdicts={"register": "ok", "session": "broken|degraded|unknown"},
            ),
            Restart(),
            Await(ONLINE),
            Stop("trusted, restarted", verdicts=OK),
            Vpc("complete"),
            HangUp(),
            Await(RECONNECTED),
            Stop("exempted", verdicts=OK),
        ),
    ),
    Journey(
        "dns_outage",
        "The resolver fails in three ways under a node that nobody restarts, and comes back.",
        (
            *REGISTERED,
            Vpc("dns-silent"),
            Stop("silent, the channel still up", must=("dns-silent",), verdicts={"register": "broken", "patch": "broken"}),
            HangUp(),
            Await(TRIED),
            Stop("silent, the channel lost", must=("dns-silent",), verdicts=BROKEN),
            Vpc("complete"),
            Await(RECONNECTED, 120),
            Stop("answers again", verdicts=OK),
            Vpc("dns-refused"),
            HangUp(),
            Await(TRIED),
            Stop("refused", must=("dns-refused",), verdicts=BROKEN),
            Vpc("dns-unknown"),
            Stop("unknown", must=("dns-unknown-name",), verdicts=BROKEN),
            Vpc("complete"),
            Await(RECONNECTED, 180),
            Stop("answers again, once more", verdicts=OK),
        ),
    ),
    Journey(
        "two_faults",
        "A resolver that is silent hides a security group that is closed; then S3 and the role fail side by side.",
        (
            *PREINSTALLED,
            Faults({"ttl": 20}),
            Register(),
            Await(ONLINE),
            Stop("healthy", verdicts=OK),
            Vpc("dns-silent-and-sg"),
            Restart(),
            Await("lookup ssm", 90),
            Stop("both", must=("dns-silent",), verdicts=BROKEN),
            Vpc("endpoint-sg"),
            Stop("names again", must=("endpoint-blocked",), verdicts={"register": "broken", "session": "broken"}),
            Vpc("complete"),
            Restart(),
            Await(ONLINE),
            Stop("open", verdicts=OK),
            Vpc("interface-only"),
            Faults({"ttl": 20, "ssm": {TOKEN: DENIED}}),
            Await("AccessDeniedException"),
            Pause(12),
            HangUp(),
            Await(TRIED),
            Stop(
                "no S3, and the role taken away",
                must=("credentials-refused", "s3-unreachable"),
                verdicts={**DARK, "patch": "broken"},
            ),
            Vpc("complete"),
            Stop("S3 made", must=("credentials-refused",), verdicts=DARK),
            Faults({}),
            Restart(),
            Await(ONLINE),
            Stop("both mended", verdicts=OK),
        ),
    ),
    Journey(
        "throttling",
        "AWS is asked too often: at the registration, at the report of health, at the role's token.",
        (
            *PREINSTALLED,
            Faults({"ssm": {"RegisterManagedInstance": RATE}}),
            Register(("--attempts", "1"), statuses=(75,)),
            Stop("registration", any=("not-registered", "throttled"), verdicts={"run-command": "broken", "session": "broken"}),
            Faults({"ttl": 20}),
            Register(),
            Await(ONLINE),
            Stop("registered", verdicts=OK),
            # A worker reports its health before it does anything else, and hibernates where that fails.
            Faults({"ttl": 20, "ssm": {"UpdateInstanceInformation": RATE}}),
            Restart(),
            Await("Entering SSM Agent hibernate"),
            Stop("health", any=("throttled", "agent-hibernating"), may=("throttled",), verdicts=DARK),
            Faults({"ttl": 20}),
            Stop("health, over and asleep", any=("throttled", *NOT_ONLINE), verdicts=DARK),
            Restart(),
            Await(ONLINE),
            Stop("awake", verdicts=OK),
            Faults({"ttl": 20, "ssm": {TOKEN: RATE}}),
            Await("Retrieve credentials produced error: ThrottlingException"),
            Pause(12),
            HangUp(),
            Await(TRIED),
            Stop("token", must=("throttled",), verdicts=DARK),
            Faults({}),
            Await(RECONNECTED, 240),
            Stop("over", verdicts=OK),
        ),
    ),
    Journey(
        "refused_token",
        "The role is taken away: nothing shows while credentials are kept; then the refusal, their end, and the agent's sleep.",
        (
            *PREINSTALLED,
            Faults({"ttl": 120}),
            Register(),
            Await(ONLINE),
            Stop("healthy", verdicts=OK),
            Faults({"ttl": 120, "ssm": {TOKEN: DENIED}}),
            Restart(),
            Await(ONLINE),
            Stop("kept", may=("credentials-refused",), verdicts={"run-command": "ok", "session": "ok"}),
            Await("AccessDeniedException", 120),
            Stop("refused, not yet run out", must=("credentials-refused",)),
            Pause(62),
            HangUp(),
            Await(TRIED),
            Stop("run out", must=("credentials-refused",), verdicts=DARK),
            # The agent sleeps for 25 minutes after a refusal; AWS would take it back at once.
            Faults({}),
            Stop("given back, asleep", any=("credentials-refused", *NOT_ONLINE), verdicts=DARK),
            Restart(),
            Await(ONLINE),
            Stop("restarted", verdicts=OK),
        ),
    ),
    Journey(
        "fingerprint",
        "The machine-id changes under a registered node; AWS refuses the token of another machine; it is registered anew.",
        (
            *PREINSTALLED,
            Faults({"ttl": 150}),
            Register(),
            Await(ONLINE),
            Stop("healthy", verdicts=OK),
            Write("/etc/machine-id", "00112233445566778899aabbccddeeff\n"),
            Stop("changed", may=("fingerprint-mismatch",), verdicts={"run-command": "ok", "session": "ok"}),
            Restart(),
            Await(ONLINE),
            Stop("kept", may=("fingerprint-mismatch",), verdicts={"run-command": "ok", "session": "ok"}),
            Await("MachineFingerprintDoesNotMatch", 150),
            Stop("refused, not yet run out", must=("fingerprint-mismatch",)),
            Pause(77),
            HangUp(),
            Await(TRIED),
            Stop("run out", must=("fingerprint-mismatch",), verdicts=DARK),
            Faults({}),
            Register(("--force",)),
            Await(ONLINE),
            Stop("anew", verdicts=OK),
        ),
    ),
    Journey(
        "clock",
        "The node's clock and AWS's are 20 minutes apart: before the registration, after it, and once more on a healthy node.",
        (
            *PREINSTALLED,
            Faults({"date": 1200, "ssm": dict.fromkeys((TOKEN, *SIGNED), LATE)}),
            Stop("before", must=("clock-skewed", "not-registered")),
            Register(statuses=(1,)),
            Stop("registered, and refused", must=("clock-skewed",), verdicts=DARK),
            Faults({}),
            Await(ONLINE, 120),
            Stop("set right", verdicts=OK),
            Faults({"date": -1200, "ssm": dict.fromkeys((TOKEN, *SIGNED), LATE)}),
            HangUp(),
            Await(TRIED),
            Stop("wrong again", must=("clock-skewed",), verdicts=DARK),
            Faults({}),
            Restart(),
            Await(ONLINE),
            Stop("right again", verdicts=OK),
        ),
    ),
    Journey(
        "first_boot",
        "The boot unit registers the machine, over cuts of the power and reboots, before and after there is a way to AWS.",
        (
            Vpc("no-endpoints"),
            Boot(),
            AwaitUnit("waiting: endpoint-missing"),
            Stop(
                "waiting", must=("endpoint-missing",), may=("not-registered", "s3-unreachable"), verdicts={"register": "broken"}
            ),
            CutPower(),
            Boot(),
            AwaitUnit("waiting: endpoint-missing"),
            Stop(
                "cut, waiting",
                must=("endpoint-missing",),
                may=("not-registered", "s3-unreachable"),
                verdicts={"register": "broken"},
            ),
            # The request is under way when the power goes: AWS has a node that nobody knows of.
            Faults({"activation": "hang"}),
            Vpc("complete"),
            AwaitNode(),
            CutPower(),
            Faults({}),
            Boot(),
            Await(ONLINE),
            Stop("registered", verdicts=OK),
            Reboot(),
            Await(ONLINE),
            Stop("rebooted", verdicts=OK),
            CutPower(),
            Boot(),
            Await(ONLINE),
            Stop("cut and back", verdicts=OK),
            Vpc("endpoint-sg"),
            Reboot(),
            Await("Executing startup processor tasks"),
            Pause(20),
            Stop(
                "rebooted behind a closed group", must=("endpoint-blocked",), verdicts={"register": "broken", "session": "broken"}
            ),
            Vpc("complete"),
            Restart(),
            Await(ONLINE),
            Stop("open", verdicts=OK),
        ),
        configured=True,
    ),
    Journey(
        "s3_denied",
        "S3 is denied by the endpoint's policy, allowed, shut on port 80, and left without its dualstack name.",
        (
            *REGISTERED,
            Stop("healthy", verdicts=OK),
            Vpc("s3-denied"),
            Stop(
                "denied",
                must=("s3-denied",),
                verdicts={"register": "ok", "run-command": "ok", "session": "ok", "patch": "broken"},
            ),
            Send(PATCH),
            Stop("denied, work failed", must=("s3-denied",), verdicts={"run-command": "ok", "session": "ok", "patch": "broken"}),
            Vpc("complete"),
            Stop("allowed", verdicts=OK),
            # No repository of this machine is reached by port 80, and the agent goes by 443.
            Vpc("s3-http-blocked"),
            Stop("port 80 shut", may=("s3-http-blocked",), verdicts={"run-command": "ok", "session": "ok", "agent-update": "ok"}),
            Vpc("s3-regional"),
            Send(PATCH),
            Stop("no dualstack", must=("s3-unreachable",), verdicts={"run-command": "ok", "session": "ok", "patch": "broken"}),
            Vpc("complete"),
            Send(PATCH),
            Stop("all of it", verdicts=OK),
        ),
    ),
    Journey(
        "worker",
        "The worker cannot be started, then can; it is killed and comes back by itself.",
        (
            *REGISTERED,
            Stop("healthy", verdicts=OK),
            Run(("chmod", "000", "/usr/bin/ssm-agent-worker")),
            # The core looks after its worker once a minute; until then it is a zombie of the core, and AWS has no channel.
            Kill("ssm-agent-worker"),
            Stop("gone", may=("worker-missing", *NOT_ONLINE), verdicts=DIM),
            Await("failed to start worker", 90),
            Stop("cannot be started", any=("worker-missing", *NOT_ONLINE), verdicts=DARK),
            Run(("chmod", "755", "/usr/bin/ssm-agent-worker")),
            Await(ONLINE, 90),
            Stop("started", verdicts=OK),
            Kill("ssm-agent-worker"),
            Stop("killed", may=("worker-missing", *NOT_ONLINE), verdicts=DIM),
            Await(ONLINE, 90),
            Stop("back", verdicts=OK),
        ),
    ),
)

JOURNEYS: Mapping[str, Journey] = {journey.name: journey for journey in _JOURNEYS}
