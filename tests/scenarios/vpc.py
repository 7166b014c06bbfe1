"""What a scenario says of its network, read: names to addresses, addresses to how they behave, IMDS, proxies.

Nothing here asks the product's own tables, so that a wrong host name in them shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

SERVICES = ("ssm", "ssmmessages", "ec2messages", "kms", "logs")
HOSTS: Mapping[str, str] = {
    **{name: name + ".{region}.{domain}" for name in SERVICES},
    "s3": "s3.{region}.{domain}",
    "s3-bucket": "amazon-ssm-{region}.s3.{region}.{domain}",
    "s3-dualstack": "s3.dualstack.{region}.{domain}",
    "buckets": "*.s3.{region}.{domain}",
    "buckets-dualstack": "*.s3.dualstack.{region}.{domain}",
    "amazonlinux": "amazonlinux.{region}.{domain}",
}
"""Short names, and the hosts that they stand for; ``*.`` is every name below that has no word of its own."""

MIRROR = {"mirror.corp.example": ["10.0.3.20"]}
"""A company's own mirror of package repositories, inside the network."""

GROUPS: Mapping[str, Tuple[str, ...]] = {
    "*": tuple(HOSTS),
    "endpoints": SERVICES,
    "needed-endpoints": SERVICES[:3],
    "s3-all": ("s3", "s3-bucket", "s3-dualstack", "buckets", "buckets-dualstack", "amazonlinux"),
}
"""Short names of several hosts."""

INSIDE = {name: [f"10.0.1.{place}", f"10.0.2.{place}"] for place, name in enumerate(HOSTS, 10)}
PUBLIC = {name: [f"52.119.221.{place}"] for place, name in enumerate(HOSTS, 70)}
GATEWAY = {name: PUBLIC[name] for name in GROUPS["s3-all"]}
"""S3 keeps its public addresses behind a gateway endpoint."""

METADATA: Mapping[str, str] = {
    "region": "ap-northeast-1",
    "availability_zone": "ap-northeast-1a",
    "instance_id": "i-0a1b2c3d4e5f60718",
    "vpc_id": "vpc-0123456789abcdef0",
    "subnet_id": "subnet-0123456789abcdef0",
    "subnet_cidr": "10.0.1.0/24",
    "ipv4_cidrs": "10.0.0.0/16",
    "ipv6_cidrs": "",
    "addresses": "10.0.1.10",
    "security_groups": "sg-0123456789abcdef0",
}

BASES: Mapping[str, Mapping[str, Any]] = {
    "complete": {"names": {**INSIDE, **GATEWAY, **MIRROR}},
    "no-endpoints": {"names": {**PUBLIC, **GATEWAY, **MIRROR}, "peers": {"*": "dropped"}},
    "no-s3": {"names": {**INSIDE, **GATEWAY, **MIRROR}, "peers": {"s3-all": "dropped"}},
    "internet": {"names": {**PUBLIC, **GATEWAY, **MIRROR}},
    "proxy-only": {
        "names": {**PUBLIC, **GATEWAY, **MIRROR, "proxy.corp.example": ["10.0.0.100"]},
        "peers": {"*": "dropped", "10.0.0.100:3128": "proxy"},
    },
}
"""Where an override may start from."""

Says = Union[str, Sequence[str]]


@dataclass(frozen=True)
class Vpc:
    """A network as a scenario sees it.

    ``names``: host to addresses, or how the resolver fails. ``peers``: "address" or "address:port" to a behaviour.
    ``resolver`` is how the system's resolver does, ``upstream`` what each resolver says when it is asked directly.
    ``behind_proxy``: host to a behaviour for whom a proxy leads there. ``date_offset``: seconds that AWS is ahead.
    """

    names: Mapping[str, Says]
    peers: Mapping[str, str] = field(default_factory=dict)
    resolver: str = "answers"
    upstream: Mapping[str, str] = field(default_factory=dict)
    behind_proxy: Mapping[str, str] = field(default_factory=dict)
    imds: Union[str, Mapping[str, str]] = "metadata"
    date_offset: float = 0.0

    def behaviour(self, address: str, port: int) -> str:
        """How what listens at an address does; the port's own word counts first."""
        return self.peers.get(f"{address}:{port}") or self.peers.get(address) or "answers"

    def name(self, host: str, state: str) -> Says:
        """Addresses of a name, or how asking for it fails, for a resolver in this state."""
        if state != "answers":
            return state
        labels = host.split(".")
        above = (f"*.{'.'.join(labels[place:])}" for place in range(1, len(labels)))
        return next((self.names[name] for name in (host, *above) if name in self.names), "nxdomain")


def read_vpc(said: Mapping[str, Any], region: str) -> Vpc:
    """The network that ``said`` (a network.json) describes; raises KeyError or ValueError where it makes no sense."""
    known = {"base", "names", "peers", "resolver", "upstream", "behind_proxy", "imds", "date_offset", "domain"}
    unknown = set(said) - known
    if unknown:
        raise ValueError(f"network.json: unknown key {sorted(unknown)[0]!r}; expected {', '.join(sorted(known))}")
    base = BASES[said.get("base", "complete")]
    domain = said.get("domain", "amazonaws.com")

    def hosts(key: str) -> List[str]:
        """The host names that a key stands for; empty for an address."""
        shorts = GROUPS.get(key, (key,))
        full = [HOSTS[short].format(region=region, domain=domain) if short in HOSTS else short for short in shorts]
        return [name for name in full if not _is_address(name)]

    names: Dict[str, Says] = {}
    for layer in (base, said):
        for key, value in layer.get("names", {}).items():
            for host in hosts(key):
                names[host] = value
    peers: Dict[str, str] = {}
    for layer in (base, said):
        for key, behaviour in layer.get("peers", {}).items():
            for place in _places(key, hosts, names):
                peers[place] = behaviour
    behind = {host: value for key, value in said.get("behind_proxy", {}).items() for host in hosts(key)}
    more = {key: said[key] for key in ("resolver", "upstream", "imds", "date_offset") if key in said}
    return Vpc(names, peers, behind_proxy=behind, **more)


def _places(key: str, hosts: Any, names: Mapping[str, Says]) -> Sequence[str]:
    """Addresses, with a port where the key has one, that a key of ``peers`` stands for."""
    what, port = _split(key)
    ends = f":{port}" if port else ""
    if _is_address(what):
        return [what + ends]
    found = []
    for host in hosts(what):
        addresses = names.get(host)
        if isinstance(addresses, str) or addresses is None:
            if what in GROUPS:
                continue
            raise ValueError(f"network.json: peers: {key}: {host} has no address")
        found += [address + ends for address in addresses]
    return found


def _split(key: str) -> Tuple[str, Optional[str]]:
    """A key without its port, and the port; IPv6 addresses stand in brackets where they have one."""
    if key.startswith("["):
        address, _, port = key[1:].partition("]")
        return address, port[1:] or None
    what, colon, port = key.rpartition(":")
    if colon and port.isdigit() and ":" not in what:
        return what, port
    return key, None


def _is_address(text: str) -> bool:
    return ":" in text or text.replace(".", "").isdigit()
