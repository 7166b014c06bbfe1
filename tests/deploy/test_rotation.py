"""The rotation as code: linted, made in moto, run there, and a node takes what it has put in place."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence

import pytest

from ssm_bootstrap.act.identity.enrolment import Enrolled
from ssm_bootstrap.act.wait import Preflight
from ssm_bootstrap.host.commands import Completed
from tests.act.machine import NEW, Systemctl
from tests.act.test_rotation import FAILED, REFUSALS, REGISTERED, Node
from tests.aws import MARKS
from tests.aws.server import serving
from tests.cfnlint import complaints
from tests.rotating import REGION, PostsTo, metadata_of, with_role

pytestmark = MARKS
DEPLOY = Path(__file__).parent.parent.parent / "deploy"
SOURCE, TEMPLATE = DEPLOY / "rotation" / "rotate.py", DEPLOY / "cloudformation" / "rotation.yaml"
MODULE = DEPLOY / "terraform" / "rotation"
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=timezone.utc)
NAME = "/hybrid/activation"
NUMBERS = {"LIMIT": "1000", "DAYS": "30", "MIN_DAYS": "7", "MIN_REGISTRATIONS": "200"}


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture(scope="module")
def rotation() -> Any:
    """The one source, as Lambda loads it."""
    spec = importlib.util.spec_from_file_location("rotate", SOURCE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Ssm:
    """A client of moto's server, with the calls for activations, which moto does not know; each is held to botocore's model."""

    def __init__(self, client: Any) -> None:
        self.client, self.now = client, NOW
        self.rows: List[Dict[str, Any]] = []
        self.codes: Dict[str, str] = {}
        self.fails: List[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def _hold(self, operation: str, given: Dict[str, Any]) -> None:
        from botocore.exceptions import ClientError
        from botocore.validate import validate_parameters

        validate_parameters(given, self.client.meta.service_model.operation_model(operation).input_shape)
        if operation in self.fails:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)

    def create_activation(self, **given: Any) -> Dict[str, str]:
        self._hold("CreateActivation", given)
        identifier = f"{len(self.codes):08d}-89ab-cdef-0123-456789abcdef"
        code = f"SecretCodeOfActivation{len(self.codes):04d}"
        self.codes[identifier] = code
        self.rows.append({"ActivationId": identifier, "RegistrationsCount": 0, **given})
        return {"ActivationId": identifier, "ActivationCode": code}

    def delete_activation(self, **given: Any) -> Dict[str, str]:
        self._hold("DeleteActivation", given)
        self.rows = [row for row in self.rows if row["ActivationId"] != given["ActivationId"]]
        return {}

    def put_parameter(self, **given: Any) -> Any:
        self._hold("PutParameter", given)
        return self.client.put_parameter(**given)

    def get_paginator(self, name: str) -> Any:
        assert name == "describe_activations" and self.client.can_paginate(name)
        return self

    def paginate(self) -> Iterator[Dict[str, Any]]:
        for row in list(self.rows):
            yield {"ActivationList": [{**row, "Expired": row["ExpirationDate"] <= self.now}]}

    def register(self, identifier: str, code: str) -> str:
        """What RegisterManagedInstance says: "good" and one registration fewer, or why not."""
        row = next((row for row in self.rows if row["ActivationId"] == identifier), None)
        if row is None or self.codes[identifier] != code:
            return "invalid"
        if row["ExpirationDate"] <= self.now or row["RegistrationsCount"] >= row["RegistrationLimit"]:
            return "expired" if row["ExpirationDate"] <= self.now else "used-up"
        row["RegistrationsCount"] += 1
        return "good"


class Account:
    """One place at the server, and its rotation."""

    def __init__(self, moto: str, rotation: Any, place: str) -> None:
        import boto3

        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y"}
        made = {name: boto3.client(name, REGION, endpoint_url=moto, **keys) for name in ("ssm", "secretsmanager")}  # type: ignore[call-overload]
        self.ssm = Ssm(made["ssm"])
        self.clients = {**made, "ssm": self.ssm}
        self.rotation, self.place = rotation, place
        self.settings: Dict[str, str] = {}

    def rotate(self, now: datetime = NOW) -> Dict[str, Any]:
        """One run at a moment."""
        self.ssm.now = now
        settings = {
            "PLACE": self.place,
            "ROLE": "service-role/Node",
            "KEY": "",
            "TAGS": {"Team": "x"},
            **NUMBERS,
            **self.settings,
        }
        told: Dict[str, Any] = self.rotation.rotate(self.clients, settings, now)
        return told

    def held(self) -> Any:
        """What is in the place."""
        return json.loads(self.rotation.read(self.clients, self.place))


@pytest.fixture(params=["parameter", "secret"])
def account(request: pytest.FixtureRequest, moto: str, rotation: Any) -> Account:
    name = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name)
    found = Account(moto, rotation, f"{request.param}:/rotation/{name}")
    if request.param == "secret":
        found.clients["secretsmanager"].create_secret(Name=f"/rotation/{name}")
    return found


def test_it_rotates_only_when_it_is_due(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    first = account.rotate()
    assert first["rotated"] and (first["DaysLeft"], first["RegistrationsLeft"]) == (30.0, 1000)
    held = account.held()
    assert held == {"id": first["activation"], "code": account.ssm.codes[first["activation"]]}
    again = account.rotate(NOW + timedelta(days=1))
    assert not again["rotated"] and again["activation"] == first["activation"] and account.held() == held
    assert account.rotate(NOW + timedelta(days=22, hours=23))["rotated"] is False
    later = account.rotate(NOW + timedelta(days=23, hours=1))
    assert later["rotated"] and later["deleted"] == [] and account.held()["id"] == later["activation"] != first["activation"]
    account.ssm.rows[-1]["RegistrationsCount"] = 801
    fewer = account.rotate(NOW + timedelta(days=24))
    assert fewer["rotated"] and fewer["RegistrationsLeft"] == 1000
    over = account.rotate(NOW + timedelta(days=31))
    assert not over["rotated"] and over["deleted"] == [first["activation"]]
    said = capsys.readouterr().out
    assert "SecretCode" not in said
    lines = [json.loads(line) for line in said.splitlines()]
    assert lines[0]["RegistrationsLeft"] == 1000 and lines[0]["place"] == account.place
    assert {row["Name"] for row in lines[0]["_aws"]["CloudWatchMetrics"][0]["Metrics"]} == {"DaysLeft", "RegistrationsLeft"}


def test_activations_of_others_are_left(account: Account) -> None:
    account.ssm.create_activation(IamRole="x", ExpirationDate=NOW - timedelta(days=1), RegistrationLimit=1, Tags=[])
    tag = [{"Key": "ssm-bootstrap-rotation", "Value": "parameter:/another"}]
    account.ssm.create_activation(IamRole="x", ExpirationDate=NOW - timedelta(days=1), RegistrationLimit=1, Tags=tag)
    assert account.rotate()["deleted"] == [] and len(account.ssm.rows) == 3


def test_a_run_that_fails_leaves_the_value_that_works(moto: str, rotation: Any) -> None:
    account = Account(moto, rotation, "parameter:/rotation/fails")
    account.rotate()
    held = account.held()
    for operation in ("CreateActivation", "PutParameter"):
        account.ssm.fails = [operation]
        with pytest.raises(Exception, match="AccessDenied"):
            account.rotate(NOW + timedelta(days=25))
        assert account.held() == held and [row["ActivationId"] for row in account.ssm.rows] == [held["id"]]
    account.ssm.fails = ["DeleteActivation"]
    assert account.rotate(NOW + timedelta(days=31))["rotated"], "what cannot be cleared away is for the next run"


def test_a_run_that_fails_tells_the_alarms_what_is_left(moto: str, rotation: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the two alarms never see a figure below their limits: a run that succeeds tells of a new activation."""
    account = Account(moto, rotation, "parameter:/rotation/alarms")
    account.ssm.fails = ["CreateActivation"]
    for after, left in ((0, (0.0, 0)), (29.5, (0.5, 9)), (31, (0.0, 9))):
        if after and not account.ssm.rows:
            account.ssm.fails = []
            account.rotate()
            account.ssm.fails = ["PutParameter"]
            account.ssm.rows[0]["RegistrationsCount"] = 991
        capsys.readouterr()
        with pytest.raises(Exception, match="AccessDenied"):
            account.rotate(NOW + timedelta(days=after))
        (line,) = map(json.loads, capsys.readouterr().out.splitlines())
        assert (line["DaysLeft"], line["RegistrationsLeft"]) == left and line["place"] == account.place and not line["rotated"]
        assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["place"]]


@pytest.mark.parametrize("small", [{"LIMIT": "100"}, {"DAYS": "5"}, {"LIMIT": "1", "DAYS": "1"}, {"MIN_DAYS": "30"}])
def test_a_new_activation_is_never_due(moto: str, rotation: Any, small: Dict[str, str]) -> None:
    """Small activations with the limits as they are: not another one every 15 minutes."""
    account = Account(moto, rotation, f"parameter:/rotation/small-{'-'.join(small).lower()}-{len(small)}")
    account.settings = small
    assert account.rotate()["rotated"] and not account.rotate(NOW + timedelta(minutes=15))["rotated"]
    account.ssm.rows[0]["RegistrationsCount"] = account.ssm.rows[0]["RegistrationLimit"]
    assert account.rotate(NOW + timedelta(minutes=30))["rotated"]


@pytest.mark.parametrize("value", ["unset", "{", "[]", '{"id": 5}', '{"code": "x"}'])
def test_whatever_else_is_in_the_place_is_replaced(moto: str, rotation: Any, value: str) -> None:
    account = Account(moto, rotation, "parameter:/rotation/other")
    account.ssm.client.put_parameter(Name="/rotation/other", Value=value, Type="SecureString", Overwrite=True)
    assert account.rotate()["rotated"]


class Agent(Systemctl):
    """A ``-register`` that asks the account."""

    def __init__(self, node: Node, ssm: Ssm) -> None:
        super().__init__(active=False)
        self.node, self.ssm, self.tried = node, ssm, []  # type: ignore[var-annotated]

    def run(self, argv: Sequence[str], **more: Any) -> Completed:
        """What it says."""
        if argv[0] == "systemctl":
            return super().run(argv, **more)
        if argv[1] == "-version":
            return Completed(0, "SSM Agent version: 3.3.1142.0\n", "", 0.0)
        identifier, code = argv[argv.index("-id") + 1], argv[argv.index("-code") + 1]
        self.tried.append(identifier)
        what = self.ssm.register(identifier, code)
        if what != "good":
            return Completed(1, FAILED.format(said=REFUSALS[what]), "", 0.0)
        self.node.machine.put_identity(NEW)
        return Completed(0, REGISTERED, "", 0.0)


def test_a_node_at_boot_takes_the_new_activation(
    moto: str, rotation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It finds one that is used up, waits, and takes the next by the product's own signed call, as soon as it is there."""
    account = Account(moto, rotation, f"parameter:{NAME}")
    account.rotate()
    account.ssm.rows[0]["RegistrationsCount"] = 1000
    monkeypatch.setattr(Preflight, "look", lambda *_: None)
    with ExitStack() as stack:
        node = Node(tmp_path / "root", stack.enter_context(metadata_of(with_role)))
        agent = Agent(node, account.ssm)
        object.__setattr__(node.host, "commands", agent)
        object.__setattr__(node.host, "posts", PostsTo(moto))
        slept = node.clock.sleep

        def sleep(seconds: float) -> None:
            slept(seconds)
            if node.clock.monotonic() >= 300:
                account.rotate()

        monkeypatch.setattr(node.clock, "sleep", sleep)
        ended: Enrolled = node.enrol(3600, place=account.place)
    assert ended.registered is not None and ended.registered.last is not None and ended.registered.last.succeeded
    assert agent.tried == list(account.ssm.codes) and len(agent.tried) == 2
    assert account.ssm.rows[-1]["RegistrationsCount"] == 1
    assert not any(code in line for code in account.ssm.codes.values() for line in node.machine.told)


def inline() -> str:
    """The source that the template brings."""
    text = TEMPLATE.read_text(encoding="utf-8")
    block = text.split("        ZipFile: |\n")[1].split("\n  Rule:\n")[0]
    return "".join(line[10:] if line.strip() else line for line in block.splitlines(keepends=True))


def test_the_template_brings_the_one_source() -> None:
    assert inline() == SOURCE.read_text(encoding="utf-8"), "paste deploy/rotation/rotate.py below ZipFile, ten blanks in"
    assert '"${path.module}/../../rotation/rotate.py"' in (MODULE / "main.tf").read_text(encoding="utf-8")


def test_cfn_lint_has_nothing_to_say() -> None:
    assert complaints(TEMPLATE.read_text(encoding="utf-8"), ["us-east-1"]) == []


@pytest.mark.filterwarnings("ignore:Tried to parse")
@pytest.mark.parametrize("kind", ["parameter", "secret"])
def test_the_stack_is_made(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3
    from moto import mock_aws

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws(config={"lambda": {"use_docker": False}}):
        stacks = boto3.client("cloudformation", REGION)
        chosen = {"Kind": kind, "ParameterName": NAME, "HybridRoleName": "service-role/Node", "KeyArn": ""}
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in chosen.items()]
        stacks.create_stack(
            StackName="rotation",
            TemplateBody=TEMPLATE.read_text(encoding="utf-8"),
            Parameters=parameters,
            Capabilities=["CAPABILITY_IAM"],
        )
        listed = stacks.list_stack_resources(StackName="rotation")["StackResourceSummaries"]
        made = {row["LogicalResourceId"]: row for row in listed if "LogicalResourceId" in row}
        assert {"Log", "Function", "Role", "Rule", "Permission"} <= set(made)
        function = boto3.client("lambda", REGION).get_function(FunctionName=made["Function"]["PhysicalResourceId"])
        assert function["Configuration"]["Environment"]["Variables"]["PLACE"] == f"{kind}:{NAME}"


def test_the_alarms_and_the_role() -> None:
    """What moto makes of neither can be read, so that the template itself is."""
    from cfnlint.decode import decode

    template, _ = decode(str(TEMPLATE))
    rows = {
        row["Properties"]["MetricName"]: row["Properties"] for row in template["Resources"].values() if "Alarm" in row["Type"]
    }
    assert (rows["DaysLeft"]["Threshold"], rows["RegistrationsLeft"]["Threshold"]) == (1, 10)
    (policy,) = template["Resources"]["Role"]["Properties"]["Policies"]
    (passed,) = [one for one in policy["PolicyDocument"]["Statement"] if one.get("Action") == "iam:PassRole"]
    assert passed["Condition"] == {
        # China's service principal is ssm.amazonaws.com.cn (roles.yaml).
        "StringEquals": {"iam:PassedToService": ["ssm.amazonaws.com", {"Fn::Sub": "ssm.${AWS::URLSuffix}"}]}
    }
    assert rows["Invocations"]["TreatMissingData"] == "breaching" and "Errors" in rows


def test_no_alarm_is_on_while_the_rotation_works(moto: str, rotation: Any) -> None:
    """By the least that the inputs may be: one is made before too little is left of the last, and a new one has enough."""
    from cfnlint.decode import decode

    template, _ = decode(str(TEMPLATE))
    slots = {name: int(row["MinValue"]) for name, row in template["Parameters"].items() if "MinValue" in row}
    limits = {
        row["Properties"]["MetricName"]: row["Properties"]["Threshold"]
        for row in template["Resources"].values()
        if row["Type"] == "AWS::CloudWatch::Alarm"
    }
    names = {"ValidDays": "DAYS", "RegistrationLimit": "LIMIT", "MinDays": "MIN_DAYS", "MinRegistrations": "MIN_REGISTRATIONS"}
    assert set(slots) == set(names)
    account = Account(moto, rotation, "parameter:/rotation/least")
    account.settings = {names[name]: str(least) for name, least in slots.items()}
    for hours in range(0, 24 * 9, 1):
        told = account.rotate(NOW + timedelta(hours=hours))
        assert told["DaysLeft"] >= limits["DaysLeft"] and told["RegistrationsLeft"] >= limits["RegistrationsLeft"], hours
        account.ssm.rows[-1]["RegistrationsCount"] += hours % 2
    assert account.rotate(NOW + timedelta(days=9))["rotated"] in (True, False) and len(account.ssm.codes) > 9
    terraform = (MODULE / "variables.tf").read_text(encoding="utf-8")
    for name, least in slots.items():
        variable = re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
        assert f"var.{variable} >= {least}" in terraform


def test_the_role_tags_nothing_but_activations_and_their_nodes() -> None:
    from cfnlint.decode import decode

    template, _ = decode(str(TEMPLATE))
    (policy,) = template["Resources"]["Role"]["Properties"]["Policies"]
    (tags,) = [one for one in policy["PolicyDocument"]["Statement"] if "ssm:AddTagsToResource" in str(one.get("Action"))]
    assert tags["Action"] == "ssm:AddTagsToResource" and "Resource" not in tags
    left_out = {one["Fn::Sub"].rpartition(":")[2].partition("/")[0] for one in tags["NotResource"]}
    # what else AddTagsToResource takes, by the model of the call
    import botocore.session

    model = botocore.session.get_session().get_service_model("ssm").operation_model("AddTagsToResource")
    kinds = {re.sub(r"[^a-z]", "", one.lower()) for one in model.input_shape.members["ResourceType"].enum}
    spoken = {re.sub(r"[^a-z]", "", one.lower()).replace("automationexecution", "automation") for one in left_out}
    assert kinds - spoken == {"managedinstance"}
    terraform = (MODULE / "main.tf").read_text(encoding="utf-8")
    assert all(f'"{one}"' in terraform for one in left_out)


def test_terraform_is_parsed_and_formatted() -> None:
    import hcl2

    variables: set[str] = set()
    used: set[str] = set()
    for file in sorted(MODULE.rglob("*.tf")):
        text = file.read_text(encoding="utf-8")
        assert hcl2.loads(text)
        variables |= set(re.findall(r'^variable "([a-z_]+)"', text, re.MULTILINE))
        used |= set(re.findall(r"\bvar\.([a-z_]+)", text))
    assert variables == used
    program = shutil.which("terraform")
    if program is not None:
        done = subprocess.run([program, "fmt", "-recursive", "-check", str(MODULE)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
