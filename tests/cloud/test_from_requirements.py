"""From what ``requirements`` writes to what ``vpc`` says: both commands as a person runs them, and a VPC made of the code."""

from __future__ import annotations

import json
from itertools import takewhile
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import pytest

from ssm_bootstrap.cli import main
from tests.aws import MARKS
from tests.aws.printed import run as run_in_shell
from tests.aws.server import KEYS
from tests.cloud.applier import Applier
from tests.cloud.clouds import REGION
from tests.cloud.completevpc import account, prefix_list_of
from tests.cloud.server import Cloud as Server
from tests.variants import some

pytestmark = [*MARKS, pytest.mark.timeout(900)]

ROLE = "SSMServiceRole"  # as the code names it where its reader names none
AFTER = "An activation is not made here"
"""How the comment begins that the commands for an activation stand under."""

OPTIONAL = tuple(f"com.amazonaws.{REGION}.{service}" for service in ("ec2messages", "kms", "logs"))
"""What the code says that it does not make, as nothing needs it."""

Told = Tuple[str, str]
Template = Dict[str, Any]


class Bare:
    """A VPC with a subnet for the nodes and two for endpoints, in which nothing is that a node needs."""

    def __init__(self, server: Server, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.server, self.home, self._capsys = server, home, capsys
        session = server.session(REGION)
        self.ec2, self.iam = session.client("ec2"), session.client("iam")
        self.server.set(**_account())
        self.new_vpc("10.0")

    def new_vpc(self, begin: str) -> None:
        """One more, which is the one that is meant from then on."""
        self.vpc: str = self.ec2.create_vpc(CidrBlock=f"{begin}.0.0/16")["Vpc"]["VpcId"]
        self.node_subnet, *self.subnets = (self._subnet(f"{begin}.{number}.0/24", zone) for number, zone in enumerate("aac"))
        self.table: str = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(RouteTableId=self.table, SubnetId=self.node_subnet)

    def _subnet(self, block: str, zone: str) -> str:
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=block, AvailabilityZone=f"{REGION}{zone}")
        return str(made["Subnet"]["SubnetId"])

    def command(self, *words: str) -> Tuple[int, str]:
        """Exit status and output of the command."""
        self._capsys.readouterr()
        status = main(words)
        return status, self._capsys.readouterr().out

    def requirements(self, form: str, *words: str) -> str:
        """What ``requirements`` writes in a form."""
        status, text = self.command("requirements", "--region", REGION, "--format", form, *words)
        assert status == 0 and all(f"Not made here, as nothing needs it: {name} " in text for name in OPTIONAL)
        return text

    def in_shell(self, text: str) -> Tuple[int, str]:
        """Exit status and errors of a script that the real AWS CLI runs, with what it asks for in the environment."""
        given = {"VPC_ID": self.vpc, "SUBNET_IDS": f"'{' '.join(self.subnets)}'", "ROUTE_TABLE_IDS": self.table}
        (self.home / "side.sh").write_text(text, encoding="utf-8")
        line = " ".join(f"{name}={value}" for name, value in given.items())
        done = run_in_shell(f"{line} sh side.sh", "", {}, self.server.url, str(self.home))
        return done.returncode, done.stderr

    def by_template(self, template: Template, **given: str) -> Mapping[str, str]:
        """Put a template into place, and run the commands in its metadata; gives the ids of what was made."""
        known = {"VpcId": self.vpc, "SubnetIds": ",".join(self.subnets), "RouteTableIds": [self.table]}
        known |= {"S3PrefixListId": prefix_list_of(self.ec2, REGION), **given}
        before = takewhile(lambda line: not line.startswith(AFTER), template["Metadata"]["Remarks"])
        commands = [line.strip().replace("vpc-...", self.vpc) for line in before if line.startswith("    ")]
        assert self.in_shell("\n".join(("set -e", *commands))) == (0, "")
        return Applier(self.server.session(REGION), REGION, known).apply(template)

    def group(self, name: str) -> str:
        """The id of a group of the VPC by its name."""
        asked = [{"Name": "vpc-id", "Values": [self.vpc]}, {"Name": "group-name", "Values": [name]}]
        (found,) = self.ec2.describe_security_groups(Filters=asked)["SecurityGroups"]
        return str(found["GroupId"])

    def instance(self, group: str) -> str:
        """An instance in the nodes' subnet with one group."""
        image = self.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        where = {"SubnetId": self.node_subnet, "SecurityGroupIds": [group]}
        (made,) = self.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, **where)["Instances"]
        return str(made["InstanceId"])

    def s3_endpoint(self) -> str:
        """The id of the VPC's endpoint for S3."""
        endpoints = self.ec2.describe_vpc_endpoints()["VpcEndpoints"]
        (found,) = [one["VpcEndpointId"] for one in endpoints if one["ServiceName"].endswith(".s3")]
        return str(found)

    def vpc_says(self, instance: str) -> Tuple[int, List[Told], Mapping[str, str]]:
        """Exit status, codes with their resources, and verdicts of ``vpc``, which remarks on what is optional."""
        status, text = self.command("vpc", "--instance-id", instance, "--region", REGION, "--json")
        told = json.loads(text)
        remarks, named = (
            sorted((one["code"], one["subject"]) for one in told["findings"] if (one["severity"] == "info") is is_remark)
            for is_remark in (True, False)
        )
        assert remarks == [("endpoint-missing", name) for name in OPTIONAL] and "crashed" not in told
        return status, named, {name: one["verdict"] for name, one in told["capabilities"].items()}


def _account() -> Dict[str, Any]:
    """What Systems Manager says, with the role that the code makes."""
    found = account()
    for part in ("activations", "nodes"):
        found[part] = [{**one, "IamRole": ROLE} for one in found[part]]
    return found


@pytest.fixture
def bare(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bare:
    for name, value in (
        *KEYS.items(),
        *(("AWS_ENDPOINT_URL", server.url), ("AWS_EC2_METADATA_DISABLED", "true")),
        *(("AWS_CONFIG_FILE", str(tmp_path / "config")), ("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))),
    ):
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return Bare(server, tmp_path, capsys)


def all_right(said: Tuple[int, List[Told], Mapping[str, str]]) -> None:
    status, named, verdicts = said
    assert (status, named, set(verdicts.values())) == (0, [], {"ok"}) and len(verdicts) == 5


def right_but_for_dual_stack(bare: Bare, s3: str, instance: str) -> None:
    """All right; for an interface endpoint of S3 in subnets without IPv6, once the gateway that the code tells of is there."""
    if s3 == "interface":
        status, named, verdicts = bare.vpc_says(instance)
        assert (status, named) == (1, [("s3-dualstack-uncovered", bare.s3_endpoint())])
        assert {name for name, verdict in verdicts.items() if verdict != "ok"} == {"patch"}
        _, mended = bare.command("vpc", "--instance-id", instance, "--region", REGION, "--fix-as", "cli")
        assert bare.in_shell(mended) == (0, "")
    all_right(bare.vpc_says(instance))


S3 = ("gateway", "interface")


@pytest.mark.parametrize("s3", S3)
def test_a_template_makes_a_vpc_of_which_nothing_is_said(s3: str, bare: Bare) -> None:
    made = bare.by_template(json.loads(bare.requirements("cloudformation", "--s3", s3)))
    right_but_for_dual_stack(bare, s3, bare.instance(made["NodeGroup"]))


def test_a_template_takes_the_group_of_the_nodes(bare: Bare) -> None:
    own = str(bare.ec2.create_security_group(GroupName="own", Description="own", VpcId=bare.vpc)["GroupId"])
    made = bare.by_template(json.loads(bare.requirements("cloudformation")), NodeSecurityGroupId=own)
    assert "NodeGroup" not in made
    all_right(bare.vpc_says(bare.instance(own)))


@pytest.mark.parametrize("s3", some(S3, ["gateway"]))
def test_the_script_makes_a_vpc_of_which_nothing_is_said_and_of_a_second_run_nothing_is_left_half_made(
    s3: str, bare: Bare
) -> None:
    script = bare.requirements("cli", "--s3", s3)
    assert bare.in_shell(script) == (0, "")
    instance = bare.instance(bare.group("ssm-bootstrap-node"))
    right_but_for_dual_stack(bare, s3, instance)
    endpoints = bare.ec2.describe_vpc_endpoints()["VpcEndpoints"]
    status, errors = bare.in_shell(script)
    assert status != 0 and "InvalidGroup.Duplicate" in errors
    assert bare.ec2.describe_vpc_endpoints()["VpcEndpoints"] == endpoints
    (lost,) = [one["VpcEndpointId"] for one in endpoints if one["ServiceName"].endswith(".ssm")]
    bare.ec2.delete_vpc_endpoints(VpcEndpointIds=[lost])
    _, mended = bare.command("vpc", "--instance-id", instance, "--region", REGION, "--fix-as", "cli")
    assert "--fix-as cli" in " ".join(script.replace("#", "").split()), "what is to be run instead is told"
    assert bare.in_shell(mended) == (0, "")
    all_right(bare.vpc_says(instance))


def test_the_script_keeps_the_role_that_another_vpc_made(bare: Bare) -> None:
    script = bare.requirements("cli")
    assert bare.in_shell(script) == (0, "")
    first = bare.iam.get_role(RoleName=ROLE)["Role"]
    bare.iam.detach_role_policy(RoleName=ROLE, PolicyArn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")
    bare.new_vpc("10.1")
    assert bare.in_shell(script) == (0, "")
    assert bare.iam.get_role(RoleName=ROLE)["Role"] == first
    assert len(bare.iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]) == 1
    all_right(bare.vpc_says(bare.instance(bare.group("ssm-bootstrap-node"))))


def named_without(resource: Mapping[str, Any], ids: Mapping[str, str]) -> Sequence[Told]:
    """What must be named where one resource of the template is not made, by its kind."""
    kind, said = resource["Type"].rpartition("::")[2], resource["Properties"]
    if kind == "SecurityGroupEgress":
        return [("sg-egress-missing", ids["NodeGroup"])]
    if kind == "SecurityGroupIngress":
        return [("endpoint-sg-ingress-missing", ids["EndpointGroup"])]
    if said.get("ServiceName", "").endswith(".s3") and said["VpcEndpointType"] == "Interface":
        # without one of either kind a gateway is what is missing, and the rule to its prefix list
        return [("endpoint-missing", said["ServiceName"]), ("sg-egress-missing", ids["NodeGroup"])]
    if kind == "VPCEndpoint":
        return [("endpoint-missing", said["ServiceName"])]
    return [("role-absent", ROLE)]


NAMED_BY_OTHERS = ("EndpointGroup", "NodeGroup")
"""What no template can do without: others name it."""

LEFT_OUT = {
    "gateway": (
        *("IngressEndpointGroup443NodeGroup", "EgressNodeGroup443EndpointGroup"),
        *("EgressNodeGroup443S3PrefixList", "EgressNodeGroup80S3PrefixList"),
        *("EndpointSsm", "EndpointSsmmessages", "EndpointS3", "NodeRole"),
    ),
    "interface": (
        *("IngressEndpointGroup443NodeGroup", "EgressNodeGroup443EndpointGroup"),
        *("IngressEndpointGroup80NodeGroup", "EgressNodeGroup80EndpointGroup"),
        *("EndpointSsm", "EndpointSsmmessages", "EndpointS3", "NodeRole"),
    ),
}
"""The resources of the template for each kind of S3 endpoint."""


def test_every_resource_is_left_out_once(bare: Bare) -> None:
    for s3, names in LEFT_OUT.items():
        made = json.loads(bare.requirements("cloudformation", "--s3", s3))["Resources"]
        assert sorted((*names, *NAMED_BY_OTHERS)) == sorted(made)


EACH_TIME = (("gateway", "IngressEndpointGroup443NodeGroup"), ("gateway", "EndpointS3"), ("gateway", "NodeRole"))


@pytest.mark.parametrize("left", some([(s3, name) for s3, names in LEFT_OUT.items() for name in names], EACH_TIME), ids="-".join)
def test_a_resource_of_the_template_that_is_left_out_is_named(left: Tuple[str, str], bare: Bare) -> None:
    s3, name = left
    template = json.loads(bare.requirements("cloudformation", "--s3", s3))
    resource = template["Resources"].pop(name)
    made = bare.by_template(template)
    status, named, _ = bare.vpc_says(bare.instance(made["NodeGroup"]))
    uncovered = [("s3-dualstack-uncovered", made["EndpointS3"])] if s3 == "interface" and "EndpointS3" in made else []
    assert named == sorted([*named_without(resource, made), *uncovered])
    is_http = resource["Properties"].get("FromPort") == 80
    assert bool(status) is (bool(uncovered) or not is_http), (
        "no report tells whether the node fetches packages over HTTP: that is warned of"
    )


def test_what_the_commands_in_the_template_do_is_named_where_they_are_not_run(bare: Bare) -> None:
    template = json.loads(bare.requirements("cloudformation"))
    del template["Metadata"]["Remarks"][:]
    made = bare.by_template(template)
    _, named, _ = bare.vpc_says(bare.instance(made["NodeGroup"]))
    assert named == [("dns-hostnames-off", bare.vpc)]
