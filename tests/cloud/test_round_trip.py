"""There and back: a whole VPC is right; each thing taken away is named alone, and what --fix-as prints puts it back.

Everything is read by the real boto3 and mended by the real AWS CLI, or by a template, against the server.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from types import MappingProxyType
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Tuple

import pytest

from ssm_bootstrap.catalog.cloud.calls import actions_by_call
from ssm_bootstrap.collect.cloud.snapshot import Subject, look_at_cloud
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.host.aws import Aws
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.findings import Diagnosis, Finding, Severity
from ssm_bootstrap.render.iac.fixes import fixes
from ssm_bootstrap.render.shell import pasteable
from tests.aws import MARKS
from tests.aws.printed import run
from tests.cloud.applier import Applier
from tests.cloud.clouds import AT, REGION, SERVICES, observations
from tests.cloud.completevpc import CompleteVpc, put_in_place
from tests.cloud.server import Cloud as Server
from tests.variants import some

pytestmark = MARKS


class Ground:
    """The VPC at the server, by the names of its template."""

    def __init__(self, server: Server, vpc: CompleteVpc) -> None:
        session = server.session(REGION)
        self.server, self.instance, self.ids = server, vpc.instance, vpc.ids
        self.ec2, self.iam = session.client("ec2"), session.client("iam")

    def seen(self) -> Diagnosis:
        """What ``vpc`` says of it."""
        aws = Aws(self.server.session(REGION), REGION, actions_by_call(), Secrets())
        return diagnose(observations(look_at_cloud(aws, Subject(self.instance), AT).cloud))

    def rule(self, group: str, egress: bool, port: int, peer: str = "") -> Dict[str, Any]:
        """A rule of a group as the API has it; of several the one to this kind of peer."""
        asked = [{"Name": "group-id", "Values": [self.ids[group]]}]
        rules = self.ec2.describe_security_group_rules(Filters=asked)["SecurityGroupRules"]
        return next(
            one for one in rules if one["IsEgress"] is egress and one.get("FromPort") == port and (not peer or peer in one)
        )

    def revoke(self, group: str, egress: bool, port: int, peer: str = "") -> None:
        found = self.rule(group, egress, port, peer)
        revoke = self.ec2.revoke_security_group_egress if egress else self.ec2.revoke_security_group_ingress
        revoke(GroupId=self.ids[group], SecurityGroupRuleIds=[found["SecurityGroupRuleId"]])

    @property
    def acl(self) -> str:
        """The network ACL of the VPC."""
        asked = [{"Name": "vpc-id", "Values": [self.ids["Vpc"]]}]
        acl: str = self.ec2.describe_network_acls(Filters=asked)["NetworkAcls"][0]["NetworkAclId"]
        return acl

    def deny(self, egress: bool, first: int, last: int) -> None:
        """An entry before all others."""
        ports = {"From": first, "To": last}
        number = 90 if egress else 91
        self.ec2.create_network_acl_entry(
            NetworkAclId=self.acl,
            RuleNumber=number,
            Protocol="6",
            RuleAction="deny",
            Egress=egress,
            CidrBlock="0.0.0.0/0",
            PortRange=ports,
        )

    def endpoint(self, service: str, **change: Any) -> None:
        self.ec2.modify_vpc_endpoint(VpcEndpointId=self.ids[f"Endpoint{service}"], **change)

    def policy(self, name: str, document: Dict[str, Any]) -> None:
        self.ec2.modify_vpc_endpoint(VpcEndpointId=self.ids[name], PolicyDocument=json.dumps(document))


class Break(NamedTuple):
    """Something taken away or spoilt, with the code and the resource that must be named.

    ``hides``: others that nobody can see beside it, by name, with the reason. Those are done first: after it, some cannot be.
    """

    name: str
    do: Callable[[Ground], None]
    code: str
    subject: Callable[[Ground], str]
    hides: Mapping[str, str] = MappingProxyType({})


def of(name: str) -> Callable[[Ground], str]:
    return lambda ground: ground.ids[name]


def denied(action: str) -> Dict[str, Any]:
    """A policy that allows all but one action."""
    every = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [every, {**every, "Effect": "Deny", "Action": action}]}


def in_organisation() -> Dict[str, Any]:
    """A policy that asks for a principal's organisation, which unsigned calls do not have."""
    asked = {"StringEquals": {"aws:PrincipalOrgID": "o-0123456789"}}
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": asked}
    return {"Version": "2012-10-17", "Statement": [statement]}


def attribute(name: str) -> Callable[[Ground], None]:
    return lambda ground: ground.ec2.modify_vpc_attribute(VpcId=ground.ids["Vpc"], **{name: {"Value": False}})


def breaks() -> Iterator[Break]:
    """Each of them alone."""
    yield Break(
        "443 to endpoints",
        lambda g: g.revoke("NodeGroup", True, 443, "ReferencedGroupInfo"),
        "sg-egress-missing",
        of("NodeGroup"),
    )
    yield Break("443 to S3", lambda g: g.revoke("NodeGroup", True, 443, "PrefixListId"), "sg-egress-missing", of("NodeGroup"))
    yield Break("80 to S3", lambda g: g.revoke("NodeGroup", True, 80), "sg-egress-missing", of("NodeGroup"))
    yield Break("443 in", lambda g: g.revoke("EndpointGroup", False, 443), "endpoint-sg-ingress-missing", of("EndpointGroup"))
    yield Break("ACL denies out", lambda g: g.deny(True, 443, 443), "acl-denies", lambda g: g.acl)
    yield Break("ACL denies answers", lambda g: g.deny(False, 1024, 65535), "acl-return-denies", lambda g: g.acl)
    yield Break(
        "gateway not associated",
        lambda g: g.ec2.modify_vpc_endpoint(VpcEndpointId=g.ids["S3"], RemoveRouteTableIds=[g.ids["NodeTable"]]) and None,
        "route-missing",
        of("NodeTable"),
    )
    yield Break(
        "no gateway",
        lambda g: g.ec2.delete_vpc_endpoints(VpcEndpointIds=[g.ids["S3"]]) and None,
        "endpoint-missing",
        lambda g: f"com.amazonaws.{REGION}.s3",
        {
            "gateway not associated": "what is deleted has no route table",
            "policy of S3 denies": "what is deleted has no policy",
        },
    )
    yield Break(
        "DNS support off",
        attribute("EnableDnsSupport"),
        "dns-support-off",
        of("Vpc"),
        {
            "DNS host names off": "one finding about the VPC has both of its attributes",
            **{
                f"private DNS of {service} off": "no name is answered, so none shows where it leads; its repair turns this on too"
                for service in SERVICES[:2]
            },
        },
    )
    yield Break("DNS host names off", attribute("EnableDnsHostnames"), "dns-hostnames-off", of("Vpc"))
    for service in SERVICES[:2]:
        name = f"Endpoint{service}"
        yield Break(
            f"no {service}",
            lambda g, name=name: g.ec2.delete_vpc_endpoints(VpcEndpointIds=[g.ids[name]]) and None,  # type: ignore[misc]
            "endpoint-missing",
            lambda g, service=service: f"com.amazonaws.{REGION}.{service}",  # type: ignore[misc]
            {
                f"private DNS of {service} off": "what is deleted has no private DNS",
                f"policy of {service} asks for an organisation": "what is deleted has no policy",
            },
        )
        yield Break(
            f"private DNS of {service} off",
            lambda g, service=service: g.endpoint(service, PrivateDnsEnabled=False),  # type: ignore[misc]
            "private-dns-off",
            of(name),
        )
    yield Break(
        "policy of ssm asks for an organisation",
        lambda g: g.policy("Endpointssm", in_organisation()),
        "endpoint-policy-denies",
        of("Endpointssm"),
    )
    yield Break(
        "policy of S3 denies",
        lambda g: g.policy("S3", denied("s3:GetObject")),
        "endpoint-policy-denies",
        of("S3"),
    )
    yield Break(
        "role trusts EC2",
        lambda g: (
            g.iam.update_assume_role_policy(
                RoleName="NodeRole",
                PolicyDocument=json.dumps(
                    {
                        "Version": "2012-10-17",
                        "Statement": [
                            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
                        ],
                    }
                ),
            )
            and None
        ),
        "role-trust",
        lambda g: "NodeRole",
    )
    yield Break(
        "role may nothing",
        lambda g: g.iam.delete_role_policy(RoleName="NodeRole", PolicyName="ManagedNode") and None,
        "role-policy",
        lambda g: "NodeRole",
    )


EVERY: Dict[str, Break] = {one.name: one for one in breaks()}


def causes(diagnosis: Diagnosis) -> List[Finding]:
    """What is to be mended."""
    return [finding for finding in diagnosis.causes if finding.severity is not Severity.INFO]


def named(diagnosis: Diagnosis) -> List[Tuple[str, str]]:
    """Codes with their resources."""
    return sorted({(finding.code, finding.subject) for finding in causes(diagnosis)})


@pytest.fixture
def ground(running: Server) -> Ground:
    return Ground(running, put_in_place(running))


def mend(ground: Ground, diagnosis: Diagnosis, form: str, home: Path) -> None:
    """Do what ``--fix-as`` prints: a script in a shell with the AWS CLI, or a template and then what it leaves to the CLI."""
    if form == "cloudformation":
        template = json.loads(fixes(diagnosis, form, REGION))
        if template.get("Resources"):
            Applier(ground.server.session(REGION), REGION).apply(template)
        return
    done = run(fixes(diagnosis, "cli", REGION), "", {}, ground.server.url, str(home))
    assert done.returncode == 0, done.stderr


def test_the_whole_vpc_is_right(ground: Ground) -> None:
    diagnosis = ground.seen()
    assert (diagnosis.findings, diagnosis.crashed) == ((), ())
    ((_, reason),) = diagnosis.unseen
    assert "--report tells which node it is" in reason, "by its address alone it is not known"
    assert [item.verdict for item in diagnosis.capabilities] == [Verdict.OK] * 5


EACH_TIME = (
    "443 to endpoints",
    "ACL denies answers",
    "gateway not associated",
    "no ssm",
    "private DNS of ssm off",
    "role may nothing",
)
"""One of each kind: a group, an ACL, a route, an endpoint, DNS, a policy."""


@pytest.mark.parametrize("name", some(EVERY, EACH_TIME))
def test_what_is_taken_away_is_named_alone_and_put_back(name: str, ground: Ground, tmp_path: Path) -> None:
    one = EVERY[name]
    one.do(ground)
    diagnosis = ground.seen()
    assert named(diagnosis) == [(one.code, one.subject(ground))]
    mend(ground, diagnosis, "cli", tmp_path)
    assert named(ground.seen()) == []


KEPT = {
    "policy of ssm asks for an organisation": in_organisation()["Statement"][0],
    "role trusts EC2": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
}


@pytest.mark.parametrize("name", some(KEPT, ["role trusts EC2"]))
def test_what_a_policy_said_before_is_kept(name: str, ground: Ground, tmp_path: Path) -> None:
    EVERY[name].do(ground)
    mend(ground, ground.seen(), "cli", tmp_path)
    (endpoint,) = ground.ec2.describe_vpc_endpoints(VpcEndpointIds=[ground.ids["Endpointssm"]])["VpcEndpoints"]
    trust = ground.iam.get_role(RoleName="NodeRole")["Role"]["AssumeRolePolicyDocument"]
    found = [*json.loads(endpoint["PolicyDocument"])["Statement"], *trust["Statement"]]
    assert KEPT[name] in found and named(ground.seen()) == []


def without_endpoints(ground: Ground) -> None:
    """Not one endpoint is left; the groups stay as they are."""
    ground.ec2.delete_vpc_endpoints(
        VpcEndpointIds=[
            key for name, key in ground.ids.items() if name.startswith(("Endpoint", "S3")) and key.startswith("vpce-")
        ]
    )


def without_groups_either(ground: Ground) -> None:
    """Nor is there a group for them, and the node's own lets nothing out; the ACL denies what is not of the VPC itself."""
    without_endpoints(ground)
    for port, peer in ((443, "ReferencedGroupInfo"), (443, "PrefixListId"), (80, "")):
        ground.revoke("NodeGroup", True, port, peer)
    ground.ec2.delete_security_group(GroupId=ground.ids["EndpointGroup"])
    ground.deny(False, 1024, 65535)


@pytest.mark.timeout(900)  # some ten runs of the AWS CLI
@pytest.mark.parametrize("form", ["cli", "cloudformation"])
@pytest.mark.parametrize("bare", some([without_endpoints, without_groups_either], [without_groups_either]))
def test_a_vpc_without_endpoints_is_mended_in_one_round(
    bare: Callable[[Ground], None], form: str, ground: Ground, tmp_path: Path
) -> None:
    bare(ground)
    mend(ground, ground.seen(), form, tmp_path)
    assert named(ground.seen()) == []
    groups = ground.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [ground.ids["Vpc"]]}])["SecurityGroups"]
    assert len(groups) == 3, "the default one, the node's and the endpoints': one is made where none is there, and no other"


@pytest.mark.timeout(900)
def test_the_commands_of_each_finding_run_in_a_shell_of_their_own(ground: Ground, tmp_path: Path) -> None:
    without_groups_either(ground)
    for finding in causes(ground.seen()):
        done = run("set -e\n" + "\n".join(pasteable(finding.remedy.aws_commands)), "", {}, ground.server.url, str(tmp_path))
        assert done.returncode == 0, (finding.code, done.stderr)
    assert named(ground.seen()) == []


BY_TEMPLATE = (
    "443 to endpoints",
    "443 to S3",
    "80 to S3",
    "443 in",
    "ACL denies out",
    "ACL denies answers",
    "no gateway",
    "no ssm",
)
"""What new resources of a template can mend."""


@pytest.mark.parametrize("name", some(BY_TEMPLATE, ["443 in", "no ssm"]))
def test_a_template_puts_it_back(name: str, ground: Ground, tmp_path: Path) -> None:
    EVERY[name].do(ground)
    mend(ground, ground.seen(), "cloudformation", tmp_path)
    assert named(ground.seen()) == []


PAIRS = list(itertools.combinations(EVERY, 2))


def in_order(pair: Tuple[str, str]) -> List[Break]:
    """The two of a pair, the one that the other hides first."""
    return sorted(map(EVERY.__getitem__, pair), key=lambda one: any(name in one.hides for name in pair))


def still_seen(pair: Tuple[str, str]) -> List[Break]:
    """Those of a pair that the other does not hide."""
    both = in_order(pair)
    return [one for one in both if not any(one.name in other.hides for other in both)]


def test_what_hides_another_is_known() -> None:
    hidden = [(one.name, name) for one in EVERY.values() for name in one.hides if name in EVERY]
    print(f"{len(EVERY)} things, {len(PAIRS)} pairs, in {len(hidden)} of which one hides the other")
    assert len(EVERY) >= 18 and all(still_seen(pair) for pair in PAIRS)


@pytest.mark.slow
@pytest.mark.timeout(900)  # some fifty runs of the AWS CLI, a second of processor time each
@pytest.mark.parametrize("pair", PAIRS, ids=" + ".join)
def test_two_things_are_named_and_put_back(pair: Tuple[str, str], ground: Ground, tmp_path: Path) -> None:
    wanted = sorted({(one.code, one.subject(ground)) for one in still_seen(pair)})
    for one in in_order(pair):
        one.do(ground)
    diagnosis = ground.seen()
    assert named(diagnosis) == wanted
    mend(ground, diagnosis, "cli", tmp_path)
    assert named(ground.seen()) == [], "one round is enough"
