"""The host's firewall, rule by rule: what stops a packet for certain, what may, and what does not."""

from __future__ import annotations

import pytest

from ssm_bootstrap.collect.machine.security import iptables_chains, nft_chains
from ssm_bootstrap.diagnose.machine.firewall_rules import Packet
from ssm_bootstrap.diagnose.machine.security import Fate, judge_packet
from ssm_bootstrap.model.machine import Chain, Firewall

HTTPS = Packet("10.0.1.21", 443, "tcp", "10.0.1.10", frozenset({"eth0"}))
HTTP_S3 = Packet("52.219.8.25", 80, "tcp", "10.0.1.10", frozenset({"eth0"}))
DNS = Packet("10.0.0.2", 53, "udp", "", frozenset({"eth0"}))
V6 = Packet("2406:da14::5", 443, "tcp", "", frozenset({"eth0"}))


def nft(*rules: str, policy: str = "accept", family: str = "inet") -> Firewall:
    lines = "\n".join(f"\t\t{rule}" for rule in rules)
    text = (
        f"table {family} filter {{\n\tset blocked {{\n\t\ttype ipv4_addr\n\t\telements = {{ 10.0.1.21,\n"
        "\t\t\t     10.0.1.22 }\n\t}\n\n"
        f"\tchain output {{\n\t\ttype filter hook output priority filter; policy {policy};\n{lines}\n\t}}\n\n"
        "\tchain guard {\n\t\ttcp dport 443 drop\n\t}\n\n"
        "\tchain names {\n\t\tudp dport domain accept\n\t\tdrop\n\t}\n}\n"
    )
    return Firewall(tuple(nft_chains(text)))


def iptables(*rules: str, policy: str = "ACCEPT", tool: str = "iptables") -> Firewall:
    lines = [
        "# Generated",
        "*nat",
        ":OUTPUT DROP [0:0]",
        "COMMIT",
        "*filter",
        ":INPUT DROP [0:0]",
        f":OUTPUT {policy} [1:60]",
        ":KUBE-FIREWALL - [0:0]",
    ]
    return Firewall(tuple(iptables_chains("\n".join([*lines, *rules, "COMMIT"]), tool)))


@pytest.mark.parametrize(
    ("rules", "packet", "fate"),
    [
        ((), HTTPS, Fate.PASSES),
        (("tcp dport 443 drop",), HTTPS, Fate.DROPPED),
        (("tcp dport 443 drop",), DNS, Fate.PASSES),
        (("tcp dport https counter packets 3 bytes 180 drop",), HTTPS, Fate.DROPPED),
        (('tcp dport { 80, 443 } log prefix "no way: " reject with icmpx type admin-prohibited',), HTTPS, Fate.REJECTED),
        (("tcp dport != 22 drop",), HTTPS, Fate.DROPPED),
        (("tcp dport 400-500 drop",), HTTPS, Fate.DROPPED),
        (("ip daddr 10.0.0.0/8 drop",), HTTPS, Fate.DROPPED),
        (("ip daddr 10.0.0.0/8 drop",), HTTP_S3, Fate.PASSES),
        (("ip daddr != 10.0.0.0/8 drop",), HTTP_S3, Fate.DROPPED),
        (("ip daddr != 10.0.0.0/8 drop",), V6, Fate.PASSES),
        (("ip6 daddr 2406:da14::/32 drop",), V6, Fate.DROPPED),
        (("ip daddr 10.0.1.20-10.0.1.30 drop",), HTTPS, Fate.DROPPED),
        (("ip daddr @blocked drop",), HTTPS, Fate.PERHAPS),
        (("ip daddr @allowed accept", "drop"), HTTPS, Fate.PERHAPS),
        (("tcp dport 443 accept", "drop"), HTTPS, Fate.PASSES),
        (("ct state established,related accept", "drop"), HTTPS, Fate.DROPPED),
        (("ct state { established, new } accept", "drop"), HTTPS, Fate.PASSES),
        (("ct state vmap { established : accept, related : accept, invalid : drop }",), HTTPS, Fate.PASSES),
        (("ct state vmap { established : accept, new : drop }",), HTTPS, Fate.DROPPED),
        (("tcp dport vmap { 443 : drop }",), HTTPS, Fate.PERHAPS),
        (('oifname "lo" drop',), HTTPS, Fate.PASSES),
        (('oifname != "lo" drop',), HTTPS, Fate.DROPPED),
        (('oifname "eth*" drop',), HTTPS, Fate.DROPPED),
        (("meta skuid 1000 drop",), HTTPS, Fate.PASSES),
        (("meta skuid != 0 drop",), HTTPS, Fate.PASSES),
        (("skuid root drop",), HTTPS, Fate.DROPPED),
        (("meta l4proto { tcp, udp } th dport 53 drop",), DNS, Fate.DROPPED),
        (("meta nfproto ipv6 drop",), V6, Fate.DROPPED),
        (("meta mark 0x1 drop",), HTTPS, Fate.PERHAPS),
        (("limit rate 10/second accept", "drop"), HTTPS, Fate.PERHAPS),
        (("jump guard",), HTTPS, Fate.DROPPED),
        (("jump guard",), HTTP_S3, Fate.PASSES),
        (("jump names",), DNS, Fate.PASSES),
        (("meta mark 0x1 jump guard",), HTTPS, Fate.PERHAPS),
        (("goto nowhere", "drop"), HTTPS, Fate.PERHAPS),
        (('tcp dport 443 comment "drop" accept', "drop"), HTTPS, Fate.PASSES),
        (("return", "drop"), HTTPS, Fate.PASSES),
        (("queue num 0",), HTTPS, Fate.PASSES),
    ],
)
def test_nft(rules: tuple[str, ...], packet: Packet, fate: Fate) -> None:
    assert judge_packet(nft(*rules), packet).fate is fate


def test_nft_policy_and_family() -> None:
    assert judge_packet(nft("udp dport 53 accept", policy="drop"), HTTPS).fate is Fate.DROPPED
    assert judge_packet(nft("udp dport 53 accept", policy="drop"), DNS).fate is Fate.PASSES
    assert judge_packet(nft(policy="drop", family="ip6"), HTTPS).fate is Fate.PASSES
    assert "policy drop of inet filter output" in judge_packet(nft(policy="drop"), HTTPS).rule


def test_other_hooks_and_address_translation_do_not_count() -> None:
    text = (
        "table ip nat {\n\tchain OUTPUT {\n\t\ttype nat hook output priority dstnat; policy drop;\n\t}\n}\n"
        "table inet f {\n\tchain input {\n\t\ttype filter hook input priority 0; policy drop;\n\t}\n}\n"
    )
    assert list(nft_chains(text)) == []


@pytest.mark.parametrize(
    ("rules", "packet", "fate"),
    [
        ((), HTTPS, Fate.PASSES),
        (("-A OUTPUT -p tcp -m tcp --dport 443 -j DROP",), HTTPS, Fate.DROPPED),
        (("-A OUTPUT -p tcp -m tcp --dport 443 -j DROP",), DNS, Fate.PASSES),
        (
            ("-A OUTPUT -d 10.0.0.0/8 -j ACCEPT", "-A OUTPUT -j REJECT --reject-with icmp-port-unreachable"),
            HTTP_S3,
            Fate.REJECTED,
        ),
        (("-A OUTPUT ! -d 10.0.0.0/8 -p tcp -j DROP",), HTTP_S3, Fate.DROPPED),
        (("-A OUTPUT ! -d 10.0.0.0/8 -p tcp -j DROP",), HTTPS, Fate.PASSES),
        (("-A OUTPUT -p tcp -m multiport --dports 80,443,8000:9000 -j DROP",), HTTPS, Fate.DROPPED),
        (("-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-A OUTPUT -j DROP"), HTTPS, Fate.DROPPED),
        (("-A OUTPUT -m owner --uid-owner 1000 -j DROP",), HTTPS, Fate.PASSES),
        (("-A OUTPUT -m owner ! --uid-owner 0 -j DROP",), HTTPS, Fate.PASSES),
        (("-A OUTPUT -o lo -j DROP",), HTTPS, Fate.PASSES),
        (("-A OUTPUT ! -o lo -j DROP",), HTTPS, Fate.DROPPED),
        (('-A OUTPUT -m comment --comment "-j ACCEPT all" -j DROP',), HTTPS, Fate.DROPPED),
        (("-A OUTPUT -j KUBE-FIREWALL", "-A KUBE-FIREWALL -m mark --mark 0x8000/0x8000 -j DROP"), HTTPS, Fate.PERHAPS),
        (("-A OUTPUT -j KUBE-FIREWALL", "-A KUBE-FIREWALL -p tcp -j DROP"), HTTPS, Fate.DROPPED),
        (("-A OUTPUT -j LOG --log-prefix x", "-A OUTPUT -p tcp -m tcp --dport 80 -j DROP"), HTTPS, Fate.PASSES),
        (("-A OUTPUT -m set --match-set bad dst -j DROP",), HTTPS, Fate.PERHAPS),
        (("-A OUTPUT -j NOT-THERE", "-A OUTPUT -j DROP"), HTTPS, Fate.PERHAPS),
        (("-A OUTPUT -p tcp -j DROP",), V6, Fate.PASSES),
    ],
)
def test_iptables(rules: tuple[str, ...], packet: Packet, fate: Fate) -> None:
    assert judge_packet(iptables(*rules), packet).fate is fate


def test_iptables_policy_and_the_other_family() -> None:
    assert judge_packet(iptables(policy="DROP"), HTTPS).fate is Fate.DROPPED
    assert judge_packet(iptables(policy="DROP", tool="ip6tables"), HTTPS).fate is Fate.PASSES
    assert judge_packet(iptables("-A OUTPUT -j DROP", tool="ip6tables"), V6).fate is Fate.DROPPED


def test_rules_that_were_left_out_make_it_a_perhaps() -> None:
    drop = Chain("nft", "inet f", "o", True, "drop")
    assert judge_packet(Firewall((drop,), cut=True), HTTPS).fate is Fate.PERHAPS


def test_chains_that_call_each_other_end() -> None:
    loop = (Chain("nft", "inet f", "o", True, "accept", ("jump a",)), Chain("nft", "inet f", "a", False, "", ("jump a", "drop")))
    assert judge_packet(Firewall(loop), HTTPS).fate is Fate.PERHAPS
