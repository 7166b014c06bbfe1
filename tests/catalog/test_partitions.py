"""Partitions: the domains of every region's names, which hosts are AWS's, and what a site's own files change of it."""

from __future__ import annotations

import pytest

from ssm_bootstrap.catalog.endpoints import ENDPOINTS, Endpoint, service_of
from ssm_bootstrap.catalog.partitions import (
    PARTITIONS,
    dual_stack_host,
    is_aws_host,
    partition_of,
    partitions,
    region_of,
)
from ssm_bootstrap.catalog.regions import OPENED, has_ec2messages, is_known
from ssm_bootstrap.collect.network.targets import ProxySettings, targets_for
from ssm_bootstrap.model.agent import AgentConfig
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.model.site import NO_SITE, Site, SitePartition, SiteRegion
from tests.made import NO_CONFIG

# region, name of the partition, domain, dual-stack domain (written out, so that a slip in the table shows)
KNOWN = [
    ("eu-west-1", "aws", "amazonaws.com", "api.aws"),
    ("cn-northwest-1", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    ("us-gov-east-1", "aws-us-gov", "amazonaws.com", "api.aws"),
    ("us-iso-west-1", "aws-iso", "c2s.ic.gov", "api.aws.ic.gov"),
    ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud"),
    ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    ("eusc-de-east-1", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu"),
]
EVERY = tuple(Capability)
SITE = Site(
    (SiteRegion("xx-north-1", 2023),),
    (SitePartition("aws-xx", "xx-", "amazonaws.xx", "api.xx"), SitePartition("aws-cn", domain="aws.example")),
)

every_partition = pytest.mark.parametrize(("region", "name", "domain", "dual"), KNOWN)


def hosts(region: str, config: AgentConfig = NO_CONFIG, site: Site = SITE) -> dict[str, str]:
    return {target.endpoint: target.host for _, target, _ in targets_for(EVERY, region, config, ProxySettings(), site)}


def test_every_partition_is_written_out_here() -> None:
    assert {name for _, name, _, _ in KNOWN} == {item.name for item in PARTITIONS}


@every_partition
def test_a_region_has_its_partitions_domains(region: str, name: str, domain: str, dual: str) -> None:
    found = partition_of(region, NO_SITE)
    assert (found.name, found.domain, found.dual_stack) == (name, domain, dual)


@every_partition
def test_the_agent_is_met_under_the_partitions_names(region: str, name: str, domain: str, dual: str) -> None:
    found = hosts(region, site=Site())
    assert found["ssm"] == f"ssm.{region}.{domain}"
    assert found["ssmmessages"] == f"ssmmessages.{region}.{domain}"
    assert found["s3-regional"] == f"s3.{region}.{domain}"
    assert found["s3-bucket"] == f"amazon-ssm-{region}.s3.{region}.{domain}"
    if has_ec2messages(region, NO_SITE) is not False:
        assert found["ec2messages"] == f"ec2messages.{region}.{domain}"
    else:
        assert "ec2messages" not in found


@every_partition
def test_an_agent_told_to_dials_dual_stack_names_of_s3_too(region: str, name: str, domain: str, dual: str) -> None:
    found = hosts(region, AgentConfig("file", True, use_dual_stack=True), Site())
    assert (found["ssm"], found["kms"]) == (f"ssm.{region}.{dual}", f"kms.{region}.{dual}")
    assert found["s3-regional"] == f"s3.dualstack.{region}.{domain}"
    assert found["s3-bucket"] == found["s3-bucket-http"] == f"amazon-ssm-{region}.s3.dualstack.{region}.{domain}"


def test_an_override_goes_before_the_dual_stack_name() -> None:
    config = AgentConfig("file", True, endpoints=(("S3.Endpoint", "s3.example"),), use_dual_stack=True)
    assert (hosts("eu-west-1", config)["s3-bucket"], hosts("eu-west-1", config)["ssm"]) == (
        "amazon-ssm-eu-west-1.s3.example",
        "ssm.eu-west-1.api.aws",
    )


@every_partition
def test_names_are_recognised_as_aws_fips_and_dual_stack_too(region: str, name: str, domain: str, dual: str) -> None:
    for service in ("ssm", "ssmmessages", "ec2messages", "kms", "logs"):
        for host in (f"{service}.{region}.{domain}", f"{service}-fips.{region}.{domain}", f"{service}.{region}.{dual}"):
            assert (service_of(host, NO_SITE), region_of(host), is_aws_host(host, NO_SITE)) == (service, region, True)
    for host in (f"s3.{region}.{domain}", f"s3-fips.{region}.{domain}", f"b.s3-fips.dualstack.{region}.{domain}"):
        assert (service_of(host, NO_SITE), region_of(host)) == ("s3", region)


@pytest.mark.parametrize("region", ["us-gov-west-1", "us-east-1", "ca-central-1"])
def test_fips_names_of_the_configuration_are_dialled(region: str) -> None:
    names = {"Ssm": "ssm-fips", "Mds": "ec2messages-fips", "Mgs": "ssmmessages-fips", "S3": "s3-fips", "Kms": "kms-fips"}
    endpoints = tuple((f"{key}.Endpoint", f"{name}.{region}.amazonaws.com") for key, name in names.items())
    found = hosts(region, AgentConfig("file", True, endpoints=endpoints))
    assert found["ssm"] == f"ssm-fips.{region}.amazonaws.com"
    assert found["ssmmessages"] == f"ssmmessages-fips.{region}.amazonaws.com"
    assert found["ec2messages"] == f"ec2messages-fips.{region}.amazonaws.com"
    assert found["s3-bucket"] == f"amazon-ssm-{region}.s3-fips.{region}.amazonaws.com"
    assert found["kms"] == f"kms-fips.{region}.amazonaws.com"


@pytest.mark.parametrize(
    "host",
    ["amazonaws.com.evil.example", "s3.eu-west-1.notamazonaws.com", "api.aws.example", "c2s.ic.gov.example", "", "example"],
)
def test_what_is_beside_those_domains_is_not_aws(host: str) -> None:
    assert not is_aws_host(host, NO_SITE)
    assert service_of(host, NO_SITE) == ""


def test_case_and_a_final_dot_do_not_matter() -> None:
    assert is_aws_host("SSM.eu-west-1.AmazonAWS.com.", NO_SITE)


def test_a_site_adds_partitions_and_changes_a_domain() -> None:
    assert partition_of("xx-north-1", SITE).domain == "amazonaws.xx"
    assert partition_of("cn-north-1", SITE).domain == "aws.example"
    assert partition_of("cn-north-1", SITE).dual_stack == "api.amazonwebservices.com.cn"
    assert partition_of("xx-north-1", NO_SITE).name == "aws" == partition_of("eu-west-1", SITE).name
    assert dual_stack_host("ssm", "xx-north-1", SITE) == Seen("ssm.xx-north-1.api.xx")
    assert is_aws_host("ssm.xx-north-1.amazonaws.xx", SITE) and not is_aws_host("ssm.xx-north-1.amazonaws.xx", NO_SITE)
    assert service_of("b.s3.xx-north-1.amazonaws.xx", SITE) == "s3"
    assert [item.prefix for item in partitions(SITE)][-1] == ""


def test_a_site_tells_when_a_region_opened() -> None:
    assert (is_known("xx-north-1", NO_SITE), has_ec2messages("xx-north-1", NO_SITE)) == (False, None)
    assert (is_known("xx-north-1", SITE), has_ec2messages("xx-north-1", SITE)) == (True, True)
    later = Site((SiteRegion("eu-west-1", 2024),))
    assert has_ec2messages("eu-west-1", later) is False
    assert "ec2messages" not in hosts("eu-west-1", site=later)
    nothing_new = Site((SiteRegion("eu-west-1"),))
    assert has_ec2messages("eu-west-1", nothing_new) is True
    assert all(has_ec2messages(region, NO_SITE) is (year < 2024) for region, year in OPENED.items())


@pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: row.name)
def test_a_row_is_of_the_service_that_its_host_names(row: Endpoint) -> None:
    """Else a line of a log about that host would be of nobody's service."""
    assert service_of(row.host.format(region="eu-west-1", domain="amazonaws.com"), NO_SITE) == row.service
