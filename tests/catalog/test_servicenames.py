"""What the services of VPC endpoints are called, in China too."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from ssm_bootstrap.catalog.commands import fill_commands
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.partitions import service_names
from ssm_bootstrap.diagnose.findings import make_finding, with_known
from ssm_bootstrap.model.findings import ShellCommand


@pytest.mark.parametrize("service", ["ssm", "ssmmessages", "ec2messages", "kms", "logs"])
@pytest.mark.parametrize(
    "region", ["eu-west-1", "cn-north-1", "cn-northwest-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1"]
)
def test_what_the_agent_needs_has_the_usual_name_everywhere(service: str, region: str) -> None:
    assert service_names(service, region) == (f"com.amazonaws.{region}.{service}",)


def test_the_exceptions_of_china() -> None:
    assert service_names("s3", "cn-north-1") == ("com.amazonaws.cn-north-1.s3", "cn.com.amazonaws.cn-north-1.s3")
    assert service_names("sts", "cn-northwest-1") == ("cn.com.amazonaws.cn-northwest-1.sts",)
    assert service_names("s3", "eu-west-1") == ("com.amazonaws.eu-west-1.s3",)


def filled(template: ShellCommand, **facts: str) -> str:
    named = {"region": "cn-north-1", "service": "s3", "vpc_id": "vpc-1", "subnet_id": "subnet-1", **facts}
    (command,) = fill_commands([template], named)
    return command.text


def test_commands_name_the_service_as_it_is_called() -> None:
    both = "'Name=service-name,Values=*.s3' "
    assert all(fnmatchcase(name, "*.s3") for name in service_names("s3", "cn-north-1"))
    assert both in filled(aws.S3_ENDPOINTS)
    assert both in filled(aws.S3_ENDPOINT_POLICY)
    assert "--service-name com.amazonaws.cn-north-1.s3 " in filled(aws.CREATE_S3_GATEWAY)
    assert both in filled(aws.ENDPOINT)
    assert " --service-name cn.com.amazonaws.cn-north-1.s3 " in filled(aws.CREATE_ENDPOINT)
    assert " --service-name com.amazonaws.cn-north-1.ssm " in filled(aws.CREATE_ENDPOINT, service="ssm")
    assert "Name=prefix-list-name,Values=com.amazonaws.cn-north-1.s3 " in filled(aws.S3_PREFIX_LIST)


@pytest.mark.parametrize("template", [aws.S3_ENDPOINTS, aws.CREATE_S3_GATEWAY, aws.ENDPOINT, aws.CREATE_ENDPOINT])
def test_elsewhere_a_command_stays_as_it_is(template: ShellCommand) -> None:
    assert "cn." not in filled(template, region="eu-west-1")


def test_findings_have_such_commands_with_a_region_known_at_once_or_later() -> None:
    at_once = make_finding("s3-unreachable", "s3", facts={"region": "cn-north-1", "service": "s3"})
    later = with_known(make_finding("s3-unreachable", "s3", facts={"service": "s3"}), {"region": "cn-north-1"})
    for finding in (at_once, later):
        assert any("Values=*.s3'" in command.text for command in finding.remedy.aws_commands)
        assert any("Values=com.amazonaws.cn-north-1.s3 " in command.text for command in finding.remedy.aws_commands)


@pytest.mark.parametrize(
    ("address", "name"),
    [("10.0.0.5", "addresses.private-ip-address"), ("2406:da14::5", "ipv6-addresses.ipv6-address")],
)
def test_an_interface_is_found_by_an_address_of_either_family(address: str, name: str) -> None:
    assert f"Name={name},Values={address} " in filled(aws.ENDPOINT_INTERFACES, address=address)
