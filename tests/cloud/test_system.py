"""What a node's own system needs of AWS's side: TCP 80 to S3 is no fault where packages come by another way."""

from __future__ import annotations

from dataclasses import replace
from typing import Tuple

import pytest

from ssm_bootstrap.catalog.platforms import system_of_platform
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.cloud import Cloud, Direction
from ssm_bootstrap.model.findings import Diagnosis, Side
from ssm_bootstrap.model.machine import Instance
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Seen
from tests.cloud.breakings import node, s3_interface, with_management, without_gateway
from tests.cloud.clouds import NODE_GROUP, complete, observations
from tests.cloud.test_join import both, without_rules


def without_http(cloud: Cloud) -> Cloud:
    return without_rules(NODE_GROUP, Direction.OUT, (80,))(cloud)


def of_system(seen: Observations, identifier: str, version: str) -> Observations:
    return replace(seen, instance=Seen(Instance("", identifier, version, "x86_64", "node")))


def told(diagnosis: Diagnosis) -> Tuple[str, Tuple[Tuple[str, str], ...]]:
    """How patching stands, and what was found, with its severity."""
    assert diagnosis.crashed == ()
    (patch,) = (item.verdict.value for item in diagnosis.capabilities if item.capability.value == "patch")
    return patch, tuple((one.code, one.severity.value) for one in diagnosis.findings if Side.AWS in one.seen_from)


@pytest.mark.parametrize("system", [("ubuntu", "22.04"), ("rhel", "9.4"), ("amzn", "2023.6.20241212")])
@pytest.mark.parametrize("is_interface", [False, True], ids=["gateway", "interface endpoint"])
def test_443_alone_is_right_for_a_system_that_fetches_nothing_over_http(system: Tuple[str, str], is_interface: bool) -> None:
    cloud = without_gateway(complete(), s3_interface()) if is_interface else without_http(complete())
    patch, found = told(diagnose(of_system(observations(cloud), *system)))
    assert patch == "ok" and not {severity for code, severity in found if "sg-" in code}


def test_amazon_linux_2_needs_80() -> None:
    assert told(diagnose(of_system(observations(without_http(complete())), "amzn", "2"))) == (
        "broken",
        (("sg-egress-missing", "error"),),
    )


def test_where_nobody_knows_the_system_80_alone_is_a_warning_and_patching_unknown() -> None:
    diagnosis = diagnose(observations(without_http(complete())))
    assert told(diagnosis) == ("unknown", (("sg-egress-missing", "warning"),))
    assert "--report tells" in dict(diagnosis.unseen)["system of the node"]
    whole = diagnose(observations(without_rules(NODE_GROUP, Direction.OUT)(complete())))
    assert told(whole)[0] == "broken", "what stops 443 too is a fault of every system"


@pytest.mark.parametrize(("platform", "version", "patch"), [("Ubuntu", "22.04", "ok"), ("Amazon Linux", "2", "broken")])
def test_the_system_may_be_told_by_awss_list_of_nodes(platform: str, version: str, patch: str) -> None:
    listed = replace(node(address=""), platform=platform, platform_version=version)
    cloud = with_management(nodes=Seen((listed,)))(without_http(complete()))
    assert told(diagnose(observations(cloud)))[0] == patch


def test_where_the_node_dialled_its_own_repositories_tell() -> None:
    assert told(both("s3-http-blocked", without_http(complete())))[0] == "broken"
    patch, found = told(both("healthy-al2023", without_http(complete())))
    assert patch == "ok" and found == (("sg-egress-missing", "info"),), "it was seen to do without"


@pytest.mark.parametrize(
    ("name", "version", "system"),
    [
        ("Amazon Linux", "2", "amazon-linux-2"),
        ("Amazon Linux", "2023", "amazon-linux-2023"),
        ("Amazon Linux AMI", "2018.03", ""),
        ("Red Hat Enterprise Linux Server", "7.9 (Maipo)", "rhel"),
        ("CentOS Stream", "9", "centos"),
        ("SLES", "15.5", "sles"),
        ("Debian GNU/Linux", "12", "debian"),
        ("Microsoft Windows Server 2022", "10.0", ""),
        ("", "", ""),
    ],
)
def test_a_system_by_the_name_that_aws_lists(name: str, version: str, system: str) -> None:
    assert system_of_platform(name, version) == system
