"""Regions and domains: whoever names one that could be more than a name, it reaches no URL and no argument."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any, Callable, Optional

import pytest

from ssm_bootstrap.catalog.agent import PACKAGES
from ssm_bootstrap.catalog.partitions import Partition
from ssm_bootstrap.cli.flags import region as region_flag
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.configuration import read_agent_config
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.collect.machine.instance import MetadataLook
from ssm_bootstrap.collect.patch.overrides import DIRECTORY, read_overrides
from ssm_bootstrap.collect.region import choose_region
from ssm_bootstrap.collect.settings import Configuration, read_configuration
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.aws import Domain, Region
from ssm_bootstrap.model.exitstatus import Refusal
from ssm_bootstrap.model.machine import Impostor, Metadata
from ssm_bootstrap.model.observed import value_of
from tests.collect.test_instance import PAGES, Imds, token
from tests.fakes import QuickClock, RootedFiles

HOSTILE = (
    "evil.example/x?",
    "evil.example",
    "eu-west-1.evil.example",
    "eu-west-1@evil.example",
    "evil@eu-west-1",
    "eu-west-1/..",
    "eu-west-1#",
    "eu-west-1?x",
    "eu-west-1:443",
    "eu-west-1 -y",
    "-eu-west-1",
    "eu-west-1\n",
    "\neu-west-1",
    "eu-west-1\r\nHost: evil",
    "eu-west-1\x00",
    "eu-west-\u0661",
    "\u0435u-west-1",
    "EU-WEST-1",
    "$(id)",
    "{region}",
    "../../x-y-1",
)
GOOD = ("eu-west-1", "us-gov-east-1", "us-isob-east-1", "ap-southeast-7", "eusc-de-east-1", "cn-north-1")
DOMAINS = ("evil.example/x?", "a b", "a@b", "a:1", "-a.b", "a..b", "a.b/", "", "a\n", "x" * 254, "amazonaws.com#", "a?b")


def _by_metadata(text: str, files: RootedFiles) -> Optional[str]:
    pages = {**PAGES, "/latest/meta-data/placement/region": text}
    found = MetadataLook(Host(network=Imds(token(), pages), clock=QuickClock(1))).result()
    if isinstance(found, Metadata):
        return value_of(choose_region(None, {}, Configuration(), None, None, found.region).region)
    assert isinstance(found, Impostor) and text.strip() not in found.detail
    return None


def _by_choice(**named: Any) -> Optional[str]:
    given = {"flag": None, "environment": {}, "configuration": Configuration(), "identity": None, "agent_config": None}
    return value_of(choose_region(**{**given, "metadata_region": None, **named}).region)


def _by_vault(text: str, files: RootedFiles) -> Optional[str]:
    files.put(paths.VAULT_MANIFEST, {"RegistrationKey": paths.REGISTRATION_KEY})
    files.put(paths.REGISTRATION_KEY, {"instanceID": "mi-0123456789abcdef0", "region": text, "privateKey": "k"})
    found = look_past_journal(files)
    assert found.state is not IdentityState.REGISTERED or found.region == text
    return _by_choice(identity=found)


def _by_registration_file(text: str, files: RootedFiles) -> Optional[str]:
    files.put(paths.REGISTRATION, {"ManagedInstanceID": "mi-0123456789abcdef0", "Region": text})
    return look_past_journal(files).region or None


def _by_configuration(text: str, files: RootedFiles) -> Optional[str]:
    files.put(paths.OUR_CONFIG, f"[node]\nregion = {text}\n")
    return _by_choice(configuration=read_configuration(files))


def _by_agent(text: str, files: RootedFiles) -> Optional[str]:
    files.put(paths.AGENT_CONFIG, {"Agent": {"Region": text}})
    return _by_choice(agent_config=read_agent_config(files))


DOORS: dict[str, Callable[[str, RootedFiles], Optional[str]]] = {
    "IMDS": _by_metadata,
    "the metadata's word alone": lambda text, _: _by_choice(metadata_region=text),
    "--region": lambda text, _: _by_choice(flag=region_flag(text)),
    "the environment": lambda text, _: _by_choice(environment={"SSM_BOOTSTRAP_REGION": text}),
    "the configuration": _by_configuration,
    "the vault": _by_vault,
    "the registration file": _by_registration_file,
    "Agent.Region": _by_agent,
}


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("door", DOORS)
def test_what_is_no_region_comes_in_by_no_door(files: RootedFiles, door: str, text: str) -> None:
    try:
        found = DOORS[door](text, files)
    except (Refusal, ArgumentTypeError) as error:
        assert "\n" not in str(error)
        return
    by_person = door in ("--region", "the environment", "the configuration")
    assert found in (None, text.strip(), text.partition("\n")[0], *((text.strip().lower(),) if by_person else ()))
    assert found is None or Region(found)


@pytest.mark.parametrize("text", GOOD)
@pytest.mark.parametrize("door", DOORS)
def test_a_region_comes_in_by_each(files: RootedFiles, door: str, text: str) -> None:
    found = DOORS[door](text, files)
    assert found == text


@pytest.mark.parametrize("text", HOSTILE)
def test_the_type_itself_takes_no_other(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        Region(text)
    assert text not in str(caught.value)


@pytest.mark.parametrize("text", DOMAINS)
def test_what_is_no_domain_is_none(files: RootedFiles, text: str) -> None:
    with pytest.raises(ValueError):
        Domain(text)
    if not text:
        return
    for key in ("ServiceDomain",):
        files.put(paths.AGENT_CONFIG, {"Agent": {key: text}})
        found = read_agent_config(files)
        assert found.service_domain == "" and "Agent.ServiceDomain" in found.problem and text not in found.problem
    files.put(f"{DIRECTORY}/a.conf", f"[partition aws-xx]\nprefix = xx-\ndomain = {text}\n")
    assert all(item.domain == text.strip() and Domain(item.domain) for item in read_overrides(files).site.partitions)
    for row in (("aws-xx", "xx-", text), ("aws-xx", "xx-", "a.b", text)):
        with pytest.raises(ValueError):
            Partition(*row)


@pytest.mark.parametrize(
    "name, prefix", [("evil", "xx-"), ("aws-xx", "xx"), ("aws-xx/..", "xx-"), ("aws-xx", "x/-"), ("aws-xx", "-")]
)
def test_what_is_no_partition_is_none(name: str, prefix: str) -> None:
    with pytest.raises(ValueError):
        Partition(name, prefix, "amazonaws.xx")


@pytest.mark.parametrize("key", ["Ssm", "Mds", "Mgs", "S3", "Kms"])
@pytest.mark.parametrize("text", ["evil.example?x", "user@evil.example", "a b", "a:b", "a#b"])
def test_an_endpoint_that_is_no_host_is_dialled_by_nobody(files: RootedFiles, key: str, text: str) -> None:
    files.put(paths.AGENT_CONFIG, {key: {"Endpoint": f"https://{text}/"}})
    found = read_agent_config(files)
    assert found.endpoints == () and f"{key}.Endpoint" in found.problem and text not in found.problem


@pytest.mark.parametrize("text", ["ssm.internal.example", "ssm.internal.example:8443", "10.0.0.7"])
def test_an_endpoint_that_is_one_counts(files: RootedFiles, text: str) -> None:
    files.put(paths.AGENT_CONFIG, {"Ssm": {"Endpoint": f"https://{text}/"}})
    assert read_agent_config(files).endpoints == (("Ssm.Endpoint", text),)


@pytest.mark.parametrize("text", ["vpc-1;id", "$(id)", "vpc-1 x", "`id`"])
def test_ids_of_the_metadata_are_words(text: str) -> None:
    mac = "/latest/meta-data/network/interfaces/macs/0a:00:00:00:00:01/"
    pages = {
        **PAGES,
        "/latest/meta-data/instance-id": text,
        f"{mac}vpc-id": text,
        f"{mac}vpc-ipv4-cidr-blocks": f"{text} 10.0.0.0/16",
    }
    found = MetadataLook(Host(network=Imds(token(), pages), clock=QuickClock(1))).result()
    assert isinstance(found, Metadata) and found.instance_id == found.vpc_id == ""
    assert "10.0.0.0/16" in found.ipv4_cidrs and not set(found.ipv4_cidrs) & {text}


def test_the_packages_address_has_the_host_of_the_region_alone() -> None:
    for package in PACKAGES:
        assert package.url(Region("eu-west-1"), Domain("amazonaws.com")).split("/")[2] == "s3.eu-west-1.amazonaws.com"
