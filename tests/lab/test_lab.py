"""The lab does what its cases say, seen from inside the instance with plain sockets."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Set, Tuple

import pytest

from tests.lab import dial, network
from tests.lab.cases import CAPABILITIES, CASES, NEEDS, Case
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable

REGION = "ap-northeast-1"
pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")]


def look(lab: Lab) -> Dict[str, Dict[str, Any]]:
    done = lab.run([sys.executable, str(Path(dial.__file__)), REGION], env={"RES_OPTIONS": "timeout:1 attempts:1"})
    assert done.returncode == 0, done.stderr
    seen: Dict[str, Dict[str, Any]] = json.loads(done.stdout)
    return seen


def private(address: str) -> bool:
    return address.startswith("10.0.")


def cause(seen: Dict[str, Any]) -> str:
    """The finding code that one target's outcome stands for; empty where all is well."""
    assert "error" not in seen, seen
    if "dns" in seen:
        return {"unknown": "dns-unknown-name", "again": "dns-silent or dns-refused"}[seen["dns"]]
    tcp: Set[str] = set(seen["tcp"])
    if tcp == {"timeout"}:
        if network.PROXY[0] in seen["addresses"]:
            return "proxy-unreachable"
        return "endpoint-blocked" if all(map(private, seen["addresses"])) else "endpoint-missing"
    if tcp == {"ECONNREFUSED"}:
        return "endpoint-refused"
    if tcp == {"ENETUNREACH"}:
        return "no-route"
    if seen.get("proxy", 200) != 200:
        return "proxy-denied"
    tls = {
        20: "tls-untrusted",
        10: "tls-expired",
        9: "tls-not-yet-valid",
        62: "tls-wrong-name",
        "timeout": "connection-cut",
        "ECONNRESET": "connection-cut",
        "ok": "",
    }[seen.get("tls", "ok")]
    if tls:
        return tls
    if not seen["aws"]:
        return "proxy-denied" if seen["status"] == 403 else "not-aws"
    if tcp != {"ok"}:
        return "endpoint-partly-unreachable"
    return "clock-skewed" if abs(seen["clock"]) > 300 else ""


def storage(outcomes: List[Tuple[str, Dict[str, Any]]]) -> str:
    """The same for S3, which is dialled on two ports."""
    found = {port: {cause(seen) for where, seen in outcomes if where.endswith(f":{port}")} for port in (443, 80)}
    silent = {"endpoint-missing", "endpoint-blocked"}
    blocked = {port for port in found if found[port] & silent}
    if blocked:
        return "s3-unreachable" if len(blocked) == 2 else f"s3-{'https' if 443 in blocked else 'http'}-blocked"
    if any(seen.get("status") == 403 and seen["aws"] for _, seen in outcomes):
        return "s3-denied"
    return found[443].pop()


@pytest.mark.parametrize("name", list(CASES))
def test_a_case_shows_its_causes(lab: Lab, name: str) -> None:
    case = CASES[name]
    lab.apply(case)
    seen = look(lab)
    for target, where in dial.targets(REGION).items():
        outcomes = [(at, seen[at]) for at in where]
        found = storage(outcomes) if target.startswith("s3") else cause(outcomes[0][1])
        general = case.faults.get("s3-http" if target.startswith("s3") else "clock", case.faults.get("clock", ""))
        expected = case.faults.get(target, general)
        assert found == expected or expected in found.split(" or "), (target, outcomes)


def test_a_public_path_is_seen_by_its_address(lab: Lab) -> None:
    lab.apply(CASES["public-path"])
    addresses = {name: look(lab)[where[0]]["addresses"] for name, where in dial.targets(REGION).items()}
    assert addresses["ssmmessages"] == [network.PUBLIC_SERVICES]
    assert all(map(private, addresses["ssm"] + addresses["ec2messages"]))


def test_a_case_survives_the_way_to_the_world() -> None:
    for case in CASES.values():
        assert Case.from_json(json.loads(json.dumps(case.to_json()))) == case
        assert set(case.expect) <= set(CAPABILITIES) == set(NEEDS)
        assert case.errors <= case.causes
    healthy = {"complete", "without-kms-and-logs", "s3-interface-both", "imds-silent", "public-path", "proxy", "one-az-dead"}
    assert {name for name, case in CASES.items() if case.healthy} == healthy


RESOLVE = """
import dns.resolver, dns.exception, dns.resolver, json, sys
r = dns.resolver.Resolver(); r.lifetime = 0.5; out = {}
for name, kind in json.loads(sys.argv[1]):
    try: out[name + " " + kind] = sorted(a.address for a in r.resolve(name, kind))
    except dns.resolver.NoNameservers as e: out[name + " " + kind] = "REFUSED" if "REFUSED" in str(e) else str(e)
    except dns.exception.DNSException as e: out[name + " " + kind] = type(e).__name__
print(json.dumps(out))
"""


def ask(lab: Lab, *questions: str) -> Dict[str, Any]:
    done = lab.run([sys.executable, "-c", RESOLVE, json.dumps([q.split() for q in questions])])
    assert done.returncode == 0, done.stderr
    answers: Dict[str, Any] = json.loads(done.stdout)
    return answers


SSM = f"ssm.{REGION}.amazonaws.com"
DUALSTACK = f"s3.dualstack.{REGION}.amazonaws.com"


@pytest.mark.parametrize(
    "name, expected",
    [
        ("complete", ["10.0.2.21", "10.0.3.21"]),
        ("no-endpoints", ["52.119.221.73"]),
        ("names-unknown", "NXDOMAIN"),
        ("resolver-refusing", "REFUSED"),
        ("resolver-silent", "LifetimeTimeout"),
        ("no-route", ["10.0.2.21", "10.0.3.21"]),
    ],
)
def test_the_resolver_answers_as_the_case_says(lab: Lab, name: str, expected: Any) -> None:
    lab.apply(CASES[name])
    assert ask(lab, f"{SSM} A")[f"{SSM} A"] == expected


def test_the_resolver_tells_an_empty_answer_from_an_unknown_name(lab: Lab) -> None:
    lab.apply(CASES["s3-interface-regional-only"])
    bucket = f"any-bucket.s3.{REGION}.amazonaws.com"
    answers = ask(lab, f"{SSM} AAAA", f"{bucket} A", f"{DUALSTACK} A", "no.such.name.example.com A")
    assert answers == {
        f"{SSM} AAAA": "NoAnswer",
        f"{bucket} A": ["10.0.2.24", "10.0.3.24"],
        f"{DUALSTACK} A": [network.PUBLIC_S3],
        "no.such.name.example.com A": "NXDOMAIN",
    }


def curl(lab: Lab, *words: str) -> str:
    return lab.run(["curl", "-s", "-m", "1", "-w", "\n%{http_code}", *words]).stdout


def test_an_interception_that_is_trusted_lets_requests_through(lab: Lab) -> None:
    lab.apply(CASES["untrusted-ca"])
    assert curl(lab, f"https://{SSM}/") == "\n000"
    assert curl(lab, "--insecure", f"https://{SSM}/").endswith("\n400")
    said = lab.run(["curl", "-sv", "-m", "1", "--insecure", f"https://{SSM}/"]).stderr
    assert "Example Corp TLS Inspection CA" in said


def test_metadata_wants_a_token(lab: Lab) -> None:
    lab.apply(CASES["complete"])
    base = f"http://{network.IMDS}/latest"
    assert curl(lab, f"{base}/meta-data/placement/region") == "\n401"
    token, status = curl(lab, "-X", "PUT", "-H", "X-aws-ec2-metadata-token-ttl-seconds: 60", f"{base}/api/token").splitlines()
    assert status == "200"
    mac = f"{base}/meta-data/network/interfaces/macs/{network.MAC}"
    given = ("-H", f"X-aws-ec2-metadata-token: {token}")
    assert curl(lab, *given, f"{base}/meta-data/placement/region") == f"{REGION}\n200"
    assert curl(lab, *given, f"{mac}/vpc-ipv4-cidr-blocks") == "10.0.0.0/16\n200"
    assert curl(lab, *given, f"{base}/meta-data/network/interfaces/macs/") == f"{network.MAC}/\n200"
    assert f'"region": "{REGION}"' in curl(lab, *given, f"{base}/dynamic/instance-identity/document")
    assert curl(lab, *given, f"{base}/meta-data/nothing") == "\n404"


def test_silent_metadata_is_silent(lab: Lab) -> None:
    lab.apply(CASES["imds-silent"])
    done = lab.run(["curl", "-s", "-m", "0.5", f"http://{network.IMDS}/latest/meta-data/"])
    assert done.returncode == 28
