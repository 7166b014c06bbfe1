"""The commands of docs/fleet.md, run one after the other by a shell and the real AWS CLI."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any, Dict, List

import pytest

from ssm_bootstrap.model.capability import Verdict
from tests.aws import MARKS
from tests.aws.server import ROOT
from tests.cloud.server import Cloud
from tests.deploy.conftest import REGION, environment
from tests.deploy.template import read
from tests.deploy.test_stacks import instances, judged

pytestmark = [*MARKS, pytest.mark.timeout(600)]

PAGE = (ROOT / "docs" / "fleet.md").read_text(encoding="utf-8")
NODES = 500


def commands() -> List[str]:
    """The commands below the first heading, each with its further lines."""
    (block,) = re.findall(r"^## Six commands\n.*?^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return re.findall(r"^(\S.*(?:\n +\S.*)*)\n", block, re.MULTILINE)


def test_there_are_six_at_most() -> None:
    assert 4 <= len(commands()) <= 6


def test_they_lead_to_500_nodes(cloud: Cloud, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "ssm-bootstrap.pyz").write_bytes(b"the program")
    settings = f'REGION={REGION} TEMPLATES=templates-of-the-page\nmake() {{ [ "$*" = bundle ]; }}'
    for number, command in enumerate(commands(), 1):
        if number == 6:
            assert len(_in_group(cloud)) == 1
        done = subprocess.run(
            ["sh", "-ec", f"{settings}\n{command}"],
            capture_output=True,
            text=True,
            check=False,
            env=environment(cloud.url, tmp_path),
            cwd=tmp_path,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    found = _in_group(cloud)
    assert len(found) == NODES
    outputs = _outputs(cloud)
    data = cloud.session(REGION).client("s3").get_object(Bucket=outputs["BundleUri"].split("/")[2], Key="ssm-bootstrap.pyz")
    assert data["Body"].read() == b"the program"
    diagnosis = judged(cloud, found[0], outputs["HybridRoleName"])
    assert [one.verdict for one in diagnosis.capabilities] == [Verdict.OK] * 5
    assert {one.severity.value for one in diagnosis.findings} <= {"info"}


def _in_group(cloud: Cloud) -> List[Dict[str, Any]]:
    return instances(cloud, **{"tag:aws:autoscaling:groupName": _outputs(cloud)["GroupName"]})


def _outputs(cloud: Cloud) -> dict[str, str]:
    (stack,) = cloud.session(REGION).client("cloudformation").describe_stacks(StackName="fleet")["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}


def test_every_command_of_the_page_is_one_of_the_cli() -> None:
    """Those in the text too: the operation is one of the API's, and so is each option of it."""
    import botocore.session
    from botocore import xform_name

    of_the_cli = {"cloudformation": {"package", "deploy"}, "s3": {"mb", "cp", "sync"}}
    core = botocore.session.get_session()
    text = re.sub(r"\\\n *", " ", PAGE.replace("`aws\ncloudformation", "`aws cloudformation"))
    found = re.findall(r"\baws ([a-z0-9-]+) ([a-z0-9-]+)([^`\n|]*)", text)
    assert len(found) > 10
    for service, operation, more in found:
        if operation in of_the_cli.get(service, ()):
            continue
        model = core.get_service_model(service)
        names = {xform_name(one, "-"): one for one in model.operation_names}
        assert operation in names, (service, operation)
        options = {xform_name(one, "-") for one in model.operation_model(names[operation]).input_shape.members}
        given = set(re.findall(r"(?<= --)[a-z0-9-]+", more)) - {"region", "query", "output", "function-name", "max-items"}
        assert given <= options, (service, operation, given)


def test_the_page_tells_how_many_vcpus_the_nodes_are() -> None:
    """Of the type that they have unless another is given: two each, as EC2 itself tells of it."""
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    kind = read(ROOT / "deploy" / "cloudformation" / "fleet.yaml")["Parameters"]["InstanceType"]["Default"]
    each = INSTANCE_TYPES[kind]["VCpuInfo"]["DefaultVCpus"]
    assert f"{NODES} {kind} are {NODES * each:,} vCPUs" in PAGE


def test_an_upgrade_gives_the_stack_what_it_knows() -> None:
    (block,) = re.findall(r"^## A new version\n.*?^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    slots = read(ROOT / "deploy" / "cloudformation" / "fleet.yaml")["Parameters"]
    given = set(re.findall(r"\b([A-Z][A-Za-z0-9]+)=", block))
    assert given == {"BundleKey", "BundleSha256"} and given <= set(slots)
    assert block.index("aws s3 cp") < block.index("aws cloudformation deploy"), (
        "else new instances wait for what is not there yet"
    )
    key = re.findall(r"BundleKey=(\S+)", block)
    assert key == re.findall(r"s3://BUCKET/(\S+)", block) and re.fullmatch(slots["BundleKey"]["AllowedPattern"], key[0])


PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))


def test_every_stack_module_and_script_of_deploy_is_on_a_page() -> None:
    """By its name or its directory's; the files of a module go by the module, those of one stack for all by the page's table."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    of_the_table = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    for path in sorted((ROOT / "deploy").rglob("*")):
        name = path.relative_to(ROOT / "deploy").as_posix()
        if path.is_dir() or name.startswith("ansible/") or "__pycache__" in name:
            continue
        group, _, rest = name.partition("/")
        if group in ("cloudformation", "terraform") and re.split(r"[/.]", rest)[0] in of_the_table | {"examples"}:
            continue
        assert path.name in text, name


def test_every_file_that_the_page_names_is_there() -> None:
    for name in re.findall(r"\bdeploy/[\w./-]+", PAGE):
        assert (ROOT / name).exists(), name
    assert shlex.split(" ".join(commands()[0].split()))[0] == "make"
