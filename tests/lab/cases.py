"""The VPCs of the lab, as data: what is built, what is broken, and what a probe must say about it.

A :class:`Case` says how the network, the resolver, the certificates and AWS behave, and in `faults` which finding
code of the design each dialled target shows as its root cause. What a fault means for a capability follows from
:data:`NEEDS`, so the two can never disagree.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Dict, FrozenSet, Mapping, Tuple

CAPABILITIES = ("register", "run-command", "session", "patch", "agent-update")

NEEDS: Mapping[str, Tuple[str, ...]] = {
    "register": ("ssm",),
    "run-command": ("ssm", "ssmmessages", "ec2messages", "clock"),
    "session": ("ssm", "ssmmessages", "clock"),
    "patch": ("ssm", "ssmmessages", "ec2messages", "s3-dualstack", "s3-http", "clock"),
    "agent-update": ("ssm", "ssmmessages", "ec2messages", "s3", "clock"),
}
"""What each capability dials. `s3` is s3.REGION and BUCKET.s3.REGION, `s3-dualstack` is where the patch payload is, `s3-http`
is port 80 of both (package repositories; the agent has 443 besides). `clock` stands for calls that are signed. Either of
ssmmessages and ec2messages carries commands: where one is missing, that is in `degraded`."""

INTERFACES = ("ssm", "ec2messages", "ssmmessages", "kms", "logs")
EVERYTHING = ("ssm", "ec2messages", "ssmmessages", "s3", "s3-dualstack")


def every(code: str, *targets: str) -> Mapping[str, str]:
    """The same code on each of `targets` (on all that are needed, without any)."""
    return dict.fromkeys(targets or EVERYTHING, code)


@dataclass(frozen=True)
class Case:
    """One VPC. The defaults describe a complete and healthy one with a gateway endpoint for S3."""

    name: str
    title: str
    endpoints: FrozenSet[str] = frozenset(INTERFACES)  # interface endpoints, each in two AZs, with private DNS
    private_dns_off: FrozenSet[str] = frozenset()  # endpoints whose names still give the public address
    s3: str = "gateway"  # gateway | none | interface | interface-regional (private DNS without dualstack)
    public_way: bool = False  # an internet gateway or NAT answers for the public addresses
    s3_ports: Tuple[int, ...] = (80, 443)  # what the instance's security group lets out to S3
    endpoint_ingress: bool = True  # the endpoints' security group lets 443 in from the instance
    return_blocked: bool = False  # the subnet's NACL drops what comes back to high ports
    refuses: bool = False  # interface endpoints answer SYN with RST
    dead_zone: bool = False  # endpoint addresses in the second AZ drop everything
    default_route: bool = True  # the instance has a default route
    resolver: str = "answers"  # answers | silent | refuses | unknown
    imds: str = "answers"  # answers | silent
    wire: str = "relay"  # relay | hang | cut | untrusted | expired | not-yet-valid | wrong-name
    proxy: str = "none"  # none | answers | denies | unreachable
    aws: Mapping[str, Any] = field(default_factory=dict)  # behaviour of the AWS server
    faults: Mapping[str, str] = field(default_factory=dict)  # target -> root cause, a finding code
    warnings: Tuple[str, ...] = ()  # finding codes of severity warning
    degraded: Tuple[str, ...] = ()  # capabilities that still work, over part of what they need

    @property
    def expect(self) -> Dict[str, Tuple[str, ...]]:
        """Capability -> its root causes; a capability without any is not a key."""
        causes = {}
        for capability, needs in NEEDS.items():
            # What an anonymous caller is denied on the agent's own hosts says nothing of its signed requests.
            told = {need: self.faults[need] for need in needs if need in self.faults}
            codes = tuple(sorted({code for need, code in told.items() if (need, code) != ("s3", "s3-denied")}))
            if codes:
                causes[capability] = codes
        return causes

    @property
    def causes(self) -> FrozenSet[str]:
        """Every root cause, whatever it breaks or degrades."""
        return frozenset(self.faults.values())

    @property
    def errors(self) -> FrozenSet[str]:
        """The root causes that break something; the others only degrade."""
        return frozenset(code for name, codes in self.expect.items() if name not in self.degraded for code in codes)

    @property
    def healthy(self) -> bool:
        """No error may be reported here."""
        return not self.errors

    @property
    def environment(self) -> Dict[str, str]:
        """The proxy variables that an instance in this VPC is set up with."""
        if self.proxy == "none":
            return {}
        url = "http://10.0.0.100:3128"
        return {"http_proxy": url, "https_proxy": url, "no_proxy": "169.254.169.254"}

    def to_json(self) -> Dict[str, Any]:
        """A form that `from_json` reads."""
        plain = asdict(self)
        plain["endpoints"] = sorted(self.endpoints)
        plain["private_dns_off"] = sorted(self.private_dns_off)
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Case:
        """The case that `to_json` wrote."""
        fields = dict(plain)
        for name, kind in (
            ("endpoints", frozenset),
            ("private_dns_off", frozenset),
            ("s3_ports", tuple),
            ("warnings", tuple),
            ("degraded", tuple),
        ):
            fields[name] = kind(fields[name])
        return cls(**fields)


MESSAGES = frozenset({"ssmmessages", "ec2messages"})
S3 = ("s3", "s3-dualstack")
SERVICES = ("ssm", "ec2messages", "ssmmessages")

_CASES = (
    Case(
        "no-endpoints",
        "no endpoint of any kind, no way out",
        endpoints=frozenset(),
        s3="none",
        faults={**every("endpoint-missing", *SERVICES), **every("s3-unreachable", *S3)},
    ),
    Case(
        "interface-endpoints-only",
        "interface endpoints, nothing for S3",
        s3="none",
        faults=every("s3-unreachable", *S3),
    ),
    Case("complete", "interface endpoints and a gateway endpoint for S3"),
    Case("without-kms-and-logs", "complete, without the optional kms and logs", endpoints=frozenset(SERVICES)),
    Case(
        "without-ssmmessages",
        "no ssmmessages endpoint: Run Command by ec2messages, no sessions",
        endpoints=frozenset(INTERFACES) - {"ssmmessages"},
        faults=every("endpoint-missing", "ssmmessages"),
        degraded=("run-command", "patch", "agent-update"),
    ),
    Case(
        "s3-interface-regional-only",
        "S3 interface endpoint whose private DNS leaves dualstack public",
        s3="interface-regional",
        faults=every("s3-unreachable", "s3-dualstack"),
    ),
    Case("s3-interface-both", "S3 interface endpoint that answers s3 and s3.dualstack", s3="interface"),
    Case("s3-http-blocked", "port 80 to S3 is not allowed out", s3_ports=(443,), faults=every("s3-http-blocked", "s3-http")),
    Case("s3-https-blocked", "port 443 to S3 is not allowed out", s3_ports=(80,), faults=every("s3-https-blocked", *S3)),
    Case(
        "endpoint-sg-closed",
        "the endpoints' security group lets nothing in",
        endpoint_ingress=False,
        faults=every("endpoint-blocked", *SERVICES),
    ),
    Case(
        "nacl-return-blocked",
        "the subnet's NACL drops the way back",
        return_blocked=True,
        faults={**every("endpoint-blocked", *SERVICES), **every("s3-unreachable", *S3)},
    ),
    Case(
        "one-endpoint-missing",
        "no ssm endpoint",
        endpoints=frozenset(INTERFACES) - {"ssm"},
        faults=every("endpoint-missing", "ssm"),
    ),
    Case(
        "messages-missing",
        "neither ec2messages nor ssmmessages",
        endpoints=frozenset(INTERFACES) - MESSAGES,
        faults=every("endpoint-missing", *sorted(MESSAGES)),
    ),
    Case(
        "refused",
        "the interface endpoints refuse the connection",
        refuses=True,
        faults=every("endpoint-refused", *SERVICES),
    ),
    Case("resolver-silent", "the resolver never answers", resolver="silent", faults=every("dns-silent")),
    Case("names-unknown", "the resolver knows none of AWS's names", resolver="unknown", faults=every("dns-unknown-name")),
    Case("resolver-refusing", "the resolver answers REFUSED", resolver="refuses", faults=every("dns-refused")),
    Case("no-route", "the instance has no default route", default_route=False, faults=every("no-route")),
    Case("untrusted-ca", "TLS is opened by a company's own CA", wire="untrusted", faults=every("tls-untrusted")),
    Case("expired-certificate", "the certificate has expired", wire="expired", faults=every("tls-expired")),
    Case(
        "not-yet-valid-certificate",
        "the certificate is not valid yet",
        wire="not-yet-valid",
        faults=every("tls-not-yet-valid"),
    ),
    Case(
        "wrong-name-certificate",
        "the certificate is for another name",
        wire="wrong-name",
        faults=every("tls-wrong-name"),
    ),
    Case(
        "one-az-dead",
        "endpoint addresses in the second AZ answer nothing",
        dead_zone=True,
        faults=every("endpoint-partly-unreachable", *SERVICES),
        degraded=CAPABILITIES,
    ),
    Case("imds-silent", "complete, and metadata gives no answer", imds="silent"),
    Case("captive-portal", "everything answers a login page", aws={"portal": True}, faults=every("not-aws")),
    Case(
        "s3-policy-denied",
        "the endpoint policy of S3 denies the objects",
        aws={"s3": "denied"},
        faults=every("s3-denied", *S3),
    ),
    Case(
        "clock-off",
        "the instance's clock and AWS's are 20 minutes apart",
        aws={"date_offset_seconds": 1200},
        faults=every("clock-skewed", "clock"),
    ),
    Case("tls-black-hole", "TCP opens and TLS never answers", wire="hang", faults=every("connection-cut")),
    Case("connection-cut", "the connection is reset after the ClientHello", wire="cut", faults=every("connection-cut")),
    Case(
        "public-path",
        "private DNS of ssmmessages is off and a public way exists",
        public_way=True,
        private_dns_off=frozenset({"ssmmessages"}),
        warnings=("public-path",),
    ),
    Case("proxy", "an HTTP proxy is the only way", endpoints=frozenset(), s3="none", proxy="answers"),
    Case(
        "proxy-denied",
        "the proxy answers CONNECT with 403",
        endpoints=frozenset(),
        s3="none",
        proxy="denies",
        faults=every("proxy-denied"),
    ),
    Case(
        "proxy-unreachable",
        "the proxy gives no answer",
        endpoints=frozenset(),
        s3="none",
        proxy="unreachable",
        faults=every("proxy-unreachable"),
    ),
)

CASES: Mapping[str, Case] = {case.name: case for case in _CASES}
