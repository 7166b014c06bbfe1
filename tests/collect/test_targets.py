"""From catalogue rows to what this node's agent really dials."""

from __future__ import annotations

from typing import Optional

import pytest

from ssm_bootstrap.catalog.endpoints import OPTIONAL
from ssm_bootstrap.collect.network.targets import ProxySettings, proxy_of, targets_for
from ssm_bootstrap.model.agent import AgentConfig
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.network import UNREADABLE_PROXY, Proxy
from ssm_bootstrap.model.site import NO_SITE
from tests.laws.secrets import CANARIES, leaks
from tests.made import NO_CONFIG

EVERY = tuple(Capability)
SSM = "ssm.ap-northeast-1.amazonaws.com"
URL = "http://proxy.corp:3128"


def hosts(region: str, config: AgentConfig = NO_CONFIG, *capabilities: Capability) -> dict[str, str]:
    found = targets_for(capabilities or EVERY, region, config, ProxySettings(), NO_SITE)
    return {target.endpoint: target.host for _, target, _ in found}


def changed(**endpoints: str) -> AgentConfig:
    return AgentConfig("file", True, endpoints=tuple((f"{name}.Endpoint", host) for name, host in endpoints.items()))


# hosts


@pytest.mark.parametrize(
    ("region", "domain"),
    [
        ("ap-northeast-1", "amazonaws.com"),
        ("us-gov-west-1", "amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn"),
        ("us-iso-east-1", "c2s.ic.gov"),
        ("us-isob-east-1", "sc2s.sgov.gov"),
        ("us-isof-south-1", "csp.hci.ic.gov"),
        ("eu-isoe-west-1", "cloud.adc-e.uk"),
        ("eusc-de-east-1", "amazonaws.eu"),
    ],
)
def test_names_end_as_their_partition_does(region: str, domain: str) -> None:
    found = hosts(region)
    assert found["ssm"] == f"ssm.{region}.{domain}"
    assert found["s3-regional"] == f"s3.{region}.{domain}"
    assert found["s3-bucket"] == f"amazon-ssm-{region}.s3.{region}.{domain}" == found["s3-bucket-http"]


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("ap-northeast-1", "s3.dualstack.ap-northeast-1.amazonaws.com"),
        ("cn-north-1", "s3.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "s3-fips-us-gov-west-1.amazonaws.com"),
    ],
)
def test_the_patch_script_has_a_host_of_its_own(region: str, host: str) -> None:
    found = hosts(region)
    assert (found["s3-dualstack"], found["s3-dualstack-http"]) == (host, host)


@pytest.mark.parametrize(
    ("region", "has"),
    [
        ("ap-northeast-1", True),
        ("ca-west-1", True),
        ("ap-southeast-5", False),
        ("mx-central-1", False),
        ("eusc-de-east-1", False),
    ],
)
def test_regions_since_2024_have_no_ec2messages(region: str, has: bool) -> None:
    assert ("ec2messages" in hosts(region)) is has


def test_only_what_is_asked_for_is_dialled() -> None:
    assert list(hosts("eu-west-1", NO_CONFIG, Capability.REGISTER)) == ["ssm"]
    assert list(hosts("eu-west-1", NO_CONFIG, Capability.SESSION)) == ["ssm", "ssmmessages", *OPTIONAL[Capability.SESSION]]


def test_a_target_says_who_needs_it_and_what_nobody_needs_is_optional() -> None:
    found = {target.endpoint: target for _, target, _ in targets_for(EVERY, "eu-west-1", NO_CONFIG, ProxySettings(), NO_SITE)}
    assert found["ssm"].required_by == tuple(item.value for item in EVERY)
    assert found["s3-dualstack"].required_by == ("patch",)
    assert {name for name, target in found.items() if target.optional} == {name for rows in OPTIONAL.values() for name in rows}
    assert found["kms"].required_by == ()
    assert {name for name, target in found.items() if target.port == 80} == {"s3-bucket-http", "s3-dualstack-http"}


def test_overrides_of_the_agents_configuration_are_dialled() -> None:
    config = changed(
        Ssm="vpce-1.ssm.example", Mds="mds.example", Mgs="mgs.example", S3="bucket.vpce-2.s3.example", Kms="kms.example"
    )
    found = {target.endpoint: target for _, target, _ in targets_for(EVERY, "eu-west-1", config, ProxySettings(), NO_SITE)}
    said = {name: (target.host, target.overridden_by) for name, target in found.items()}
    assert said["ssm"] == ("vpce-1.ssm.example", "Ssm.Endpoint")
    assert said["ec2messages"] == ("mds.example", "Mds.Endpoint")
    assert said["ssmmessages"] == ("mgs.example", "Mgs.Endpoint")
    assert said["s3-regional"] == ("bucket.vpce-2.s3.example", "S3.Endpoint")
    assert said["s3-bucket"] == ("amazon-ssm-eu-west-1.bucket.vpce-2.s3.example", "S3.Endpoint")
    assert said["kms"] == ("kms.example", "Kms.Endpoint")
    assert said["s3-dualstack"] == ("s3.dualstack.eu-west-1.amazonaws.com", None)  # the patch script reads no configuration
    assert said["logs"] == ("logs.eu-west-1.amazonaws.com", None)


def test_the_agents_own_domain_counts_for_the_agent_and_not_for_the_patch_script() -> None:
    found = hosts("eu-west-1", AgentConfig("file", True, service_domain="internal.example"))
    assert found["ssm"] == "ssm.eu-west-1.internal.example"
    assert found["s3-bucket-http"] == "amazon-ssm-eu-west-1.s3.eu-west-1.internal.example"
    assert found["s3-dualstack"] == "s3.dualstack.eu-west-1.amazonaws.com"


def test_an_override_goes_before_the_domain() -> None:
    config = AgentConfig("file", True, endpoints=(("Ssm.Endpoint", "ssm.example"),), service_domain="internal.example")
    assert hosts("eu-west-1", config)["ssm"] == "ssm.example"


# proxies


@pytest.mark.parametrize(
    ("url", "proxy", "credentials"),
    [
        ("http://proxy.corp:3128", ("proxy.corp", 3128), ""),
        ("proxy.corp:3128", ("proxy.corp", 3128), ""),
        ("http://proxy.corp", ("proxy.corp", 80), ""),
        ("https://proxy.corp/", ("proxy.corp", 443), ""),
        ("socks5://proxy.corp", ("proxy.corp", 1080), ""),
        ("http://PROXY.corp:3128/path", ("proxy.corp", 3128), ""),
        ("http://user:p%40ss%3Aw@proxy.corp:3128", ("proxy.corp", 3128), "user:p@ss:w"),
        ("user:pass@proxy.corp:3128", ("proxy.corp", 3128), "user:pass"),
        ("http://user@proxy.corp", ("proxy.corp", 80), "user"),
        ("http://[fd00::1]:3128", ("fd00::1", 3128), ""),
        ("http://proxy.corp:99999", (UNREADABLE_PROXY, 80), ""),
        ("http://", (UNREADABLE_PROXY, 80), ""),
        ("http://[fd00::1", (UNREADABLE_PROXY, 80), ""),
        ("http://:3128", (UNREADABLE_PROXY, 80), ""),
        ("user:pa ss@proxy.corp:3128", None, ""),  # Go leaves one without a scheme out
        (":3128", None, ""),
    ],
)
def test_proxy_urls(url: str, proxy: Optional[tuple[str, int]], credentials: str) -> None:
    assert proxy_of(url, "unit") == (Proxy(*proxy, "unit") if proxy else None, credentials)


@pytest.mark.parametrize(
    ("environment", "https", "http", "exceptions"),
    [
        ({}, "", "", ""),
        ({"https_proxy": "a", "HTTPS_PROXY": "b"}, "b", "", ""),
        ({"HTTPS_PROXY": "b", "HTTP_PROXY": "c", "NO_PROXY": "d"}, "b", "c", "d"),
        ({"https_proxy": "a", "HTTPS_PROXY": ""}, "a", "", ""),
        ({"all_proxy": "x", "ALL_PROXY": "x"}, "", "", ""),
    ],
)
def test_upper_case_goes_before_lower(environment: dict[str, str], https: str, http: str, exceptions: str) -> None:
    settings = ProxySettings.of(environment, "unit")
    assert settings == ProxySettings(https, http, exceptions, "unit")
    assert bool(settings) is bool(https or http)


def test_each_port_has_its_own_proxy() -> None:
    settings = ProxySettings(https="secure:1", http="plain:2")
    assert (settings.url_for("h", 443), settings.url_for("h", 80)) == ("secure:1", "plain:2")
    assert ProxySettings(https="secure:1").url_for("h", 80) == ""


@pytest.mark.parametrize(
    ("exceptions", "host", "port", "direct"),
    [
        ("", SSM, 443, False),
        (",, ,", SSM, 443, False),
        ("*", SSM, 443, True),
        ("x.example, *", SSM, 443, True),
        ("amazonaws.com", SSM, 443, True),
        ("amazonaws.com", "amazonaws.com", 443, True),
        ("amazonaws.com", "notamazonaws.com", 443, False),
        (".amazonaws.com", SSM, 443, True),
        (".amazonaws.com", "amazonaws.com", 443, False),
        ("*.amazonaws.com", SSM, 443, True),
        ("*.amazonaws.com", "amazonaws.com", 443, False),
        ("ssm.*.amazonaws.com", SSM, 443, False),  # Go knows a star at the beginning alone
        ("AMAZONAWS.COM", SSM, 443, True),
        ("amazonaws.com", SSM.upper(), 443, True),
        ("amazonaws.com:443", SSM, 443, True),
        ("amazonaws.com:443", SSM, 80, False),
        (".amazonaws.com:80", SSM, 80, True),
        (":443", SSM, 443, False),
        ("example.com amazonaws.com", SSM, 443, False),  # only commas separate
        (" example.com , amazonaws.com ", SSM, 443, True),
        ("10.0.0.0/8", "10.1.2.3", 443, True),
        ("10.0.0.9/8", "10.1.2.3", 443, True),
        ("10.0.0.0/8", "11.1.2.3", 443, False),
        ("10.0.0.0/99", "10.1.2.3", 443, False),
        ("10.0.0.0/8", SSM, 443, False),  # names are not resolved for it
        ("10.1.2.3", "10.1.2.3", 443, True),
        ("10.1.2.3:80", "10.1.2.3", 443, False),
        ("10.1.2.3:443", "10.1.2.3", 443, True),
        ("1.2.3", "10.1.2.3", 443, False),
        ("fd00::/8", "fd00::1", 443, True),
        ("FD00:0::1", "fd00::1", 443, True),
        ("[fd00::1]:443", "fd00::1", 443, True),
        ("[fd00::1]:80", "fd00::1", 443, False),
        ("", "localhost", 443, True),
        ("", "127.0.0.1", 443, True),
        ("", "::1", 443, True),
        ("169.254.169.254", "169.254.169.254", 80, True),
    ],
)
def test_no_proxy_is_read_as_go_reads_it(exceptions: str, host: str, port: int, direct: bool) -> None:
    settings = ProxySettings(https=URL, http=URL, exceptions=exceptions)
    assert settings.url_for(host, port) == ("" if direct else URL)


def test_targets_go_by_the_proxy_and_its_password_is_apart() -> None:
    password = CANARIES["proxy-password"]
    settings = ProxySettings(f"http://user:{password}@proxy.corp:3128", "", "s3.eu-west-1.amazonaws.com", "unit")
    found = {
        target.endpoint: (target, credentials)
        for _, target, credentials in targets_for(EVERY, "eu-west-1", NO_CONFIG, settings, NO_SITE)
    }
    target, credentials = found["ssm"]
    assert (target.proxy, credentials) == (Proxy("proxy.corp", 3128, "unit"), f"user:{password}")
    assert found["s3-regional"] == (found["s3-regional"][0], "") and found["s3-regional"][0].proxy is None
    assert found["s3-bucket-http"][0].proxy is None  # http_proxy is not set
    assert all(leaks(repr(target) + str(target.proxy)) == () for target, _ in found.values())
