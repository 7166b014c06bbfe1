"""The VPC's addresses, its router and its filters.

The world's own network namespace is the VPC: it holds every address that answers, routes the rest into a black hole
and filters on its side of the veth, as security groups and NACLs do. Nothing is dropped in the instance's own
namespace, where a drop would come back to the sender as EPERM.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Dict, List, Tuple

from tests.lab.cases import Case

INSTANCE = "10.0.1.10"
GATEWAY = "10.0.1.1"
RESOLVER = "10.0.0.2"
IMDS = "169.254.169.254"
PROXY = ("10.0.0.100", 3128)
PUBLIC_SERVICES = "52.119.221.73"
PUBLIC_S3 = "52.219.8.25"
PUBLIC_S3_GLOBAL = "52.217.8.25"  # s3.amazonaws.com is in another region: no endpoint of this one covers it
ZONES = ("10.0.2", "10.0.3")
HOSTS = {"ssm": 21, "ec2messages": 22, "ssmmessages": 23, "s3": 24, "kms": 25, "logs": 26}
VPC_SIDE = "subnet0"


def mac(address: str) -> str:
    """The hardware address of the instance that has this address."""
    return ":".join(["06:00", *(f"{int(part):02x}" for part in address.split("."))])


MAC = mac(INSTANCE)


def endpoint(service: str) -> Tuple[str, ...]:
    """The addresses of an interface endpoint, one in each AZ."""
    return tuple(f"{zone}.{HOSTS[service]}" for zone in ZONES)


def served() -> List[Tuple[str, int]]:
    """Every address and port that some case lets AWS be reached at."""
    return [
        (address, port)
        for address in [a for s in HOSTS for a in endpoint(s)] + [PUBLIC_SERVICES, PUBLIC_S3, PUBLIC_S3_GLOBAL]
        for port in (80, 443)
    ]


def present(case: Case) -> List[str]:
    """The addresses of AWS that exist in this VPC; packets to any other end in the black hole."""
    found = [address for service in sorted(case.endpoints) for address in endpoint(service)]
    if case.s3.startswith("interface"):
        found += endpoint("s3")
    if case.s3 == "gateway" or case.public_way:
        found.append(PUBLIC_S3)
    if case.public_way:
        found += [PUBLIC_SERVICES, PUBLIC_S3_GLOBAL]
    return found


def run(argv: List[str], text: str = "") -> str:
    """Run a tool of the machine and give its output; its own words are the error."""
    done = subprocess.run(argv, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {done.stdout.strip()}")
    return done.stdout


def build(instance_pid: int) -> None:
    """Join the instance's namespace (that of `instance_pid`) to this one, and say which addresses always answer."""
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    Path("/proc/sys/net/ipv4/ip_nonlocal_bind").write_text("1")
    run(
        ["ip", "-batch", "-"],
        "\n".join(
            [
                "link set lo up",
                f"link add {VPC_SIDE} type veth peer name eth0 address {MAC} netns {instance_pid}",
                f"address add {GATEWAY}/24 dev {VPC_SIDE}",
                f"address add {RESOLVER}/32 dev lo",
                f"address add {IMDS}/32 dev lo",
                f"address add {PROXY[0]}/32 dev lo",
                f"link set {VPC_SIDE} up",
                "route add blackhole default",
            ]
        ),
    )


def instance_side(default_route: bool) -> str:
    """`ip -batch` text for the instance's interface and routes; it can be applied again and again."""
    kept = [f"route replace {host}/32 via {GATEWAY} dev eth0" for host in (RESOLVER, IMDS)]
    default = f"route replace default via {GATEWAY} dev eth0" if default_route else "route flush default"
    return "\n".join(["link set lo up", f"address replace {INSTANCE}/24 dev eth0", "link set eth0 up", *kept, default])


def filters(case: Case) -> str:
    """The nftables ruleset of a case: what is not allowed is dropped in silence."""
    interfaces = [a for service in HOSTS if service != "s3" for a in endpoint(service)] + [PUBLIC_SERVICES]
    storage = [*endpoint("s3"), PUBLIC_S3, PUBLIC_S3_GLOBAL]
    rules = ['iifname "lo" accept']
    if case.resolver != "silent":
        rules += [f"ip daddr {RESOLVER} udp dport 53 accept", f"ip daddr {RESOLVER} tcp dport 53 accept"]
    if case.imds != "silent":
        rules.append(f"ip daddr {IMDS} tcp dport 80 accept")
    if case.proxy in ("answers", "denies"):
        rules.append(f"ip daddr {PROXY[0]} tcp dport {PROXY[1]} accept")
    if case.dead_zone:
        rules.append(f"ip daddr {ZONES[1]}.0/24 drop")
    if case.refuses:
        rules.append(f"ip daddr {{ {', '.join(interfaces)} }} tcp dport 443 reject with tcp reset")
    if case.endpoint_ingress:
        rules.append(f"ip daddr {{ {', '.join(interfaces)} }} tcp dport 443 accept")
    if case.s3_ports:
        ports = ", ".join(map(str, case.s3_ports))
        rules.append(f"ip daddr {{ {', '.join(storage)} }} tcp dport {{ {ports} }} accept")
    back = [f"ip saddr != {{ {RESOLVER}, {IMDS} }} tcp dport 1024-65535 drop"] if case.return_blocked else []
    return "\n".join(
        [
            "flush ruleset",
            "table inet vpc {",
            " chain security_groups {",
            "  type filter hook input priority 0; policy drop;",
            *_lines(rules),
            " }",
            " chain nacl {",
            "  type filter hook output priority 0; policy accept;",
            *_lines([f'oifname "{VPC_SIDE}" {rule}' for rule in back]),
            " }",
            "}",
            "",
        ]
    )


def _lines(rules: List[str]) -> List[str]:
    return [f"  {rule}" for rule in rules]


class Router:
    """The VPC's side of the network, brought from one case to the next while connections go on."""

    def __init__(self) -> None:
        self._held: List[str] = []

    def apply(self, case: Case) -> None:
        """Hold the addresses of `case` and filter as it says. Takes some milliseconds."""
        wanted = present(case)
        changes = [f"address del {a}/32 dev lo" for a in self._held if a not in wanted]
        changes += [f"address add {a}/32 dev lo" for a in wanted if a not in self._held]
        run(["nft", "-f", "-"], filters(case))
        if changes:
            run(["ip", "-batch", "-"], "\n".join(changes))
        self._held = wanted


def instance_id(address: str) -> str:
    """The id of the instance that has this address."""
    return "i-0123456789abcdef0" if address == INSTANCE else f"i-0123456789abcde{int(address.rpartition('.')[2]):02x}"


def metadata(region: str, address: str = INSTANCE) -> Dict[str, str]:
    """What IMDS tells the instance with this address about itself and its VPC, path under /latest/ -> text."""
    interface = f"meta-data/network/interfaces/macs/{mac(address)}"
    name = f"ip-{address.replace('.', '-')}.{region}.compute.internal"
    return {
        "meta-data/instance-id": instance_id(address),
        "meta-data/instance-type": "t3.micro",
        "meta-data/ami-id": "ami-0123456789abcdef0",
        "meta-data/hostname": name,
        "meta-data/local-hostname": name,
        "meta-data/local-ipv4": address,
        "meta-data/mac": mac(address),
        "meta-data/placement/region": region,
        "meta-data/placement/availability-zone": region + "a",
        "meta-data/placement/availability-zone-id": "apne1-az4",
        "meta-data/services/domain": "amazonaws.com",
        "meta-data/services/partition": "aws",
        f"{interface}/vpc-id": "vpc-0123456789abcdef0",
        f"{interface}/subnet-id": "subnet-0123456789abcdef0",
        f"{interface}/vpc-ipv4-cidr-block": "10.0.0.0/16",
        f"{interface}/vpc-ipv4-cidr-blocks": "10.0.0.0/16",
        f"{interface}/subnet-ipv4-cidr-block": "10.0.1.0/24",
        f"{interface}/local-ipv4s": address,
    }
