"""What the person said: the configuration file, and the region that counts."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.region import RegionChoice, choose_region
from ssm_bootstrap.collect.settings import Configuration, read_code, read_configuration
from ssm_bootstrap.model.agent import AgentConfig, Identity, IdentityState
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.observed import Seen, Unseen
from tests.fakes import RootedFiles
from tests.laws.secrets import CANARIES, leaks

CODE = CANARIES["activation-code"]
FULL = f"""\
# what this machine is
[node]
region = ap-northeast-1
closed = yes
[activation]
id = 01234567-89ab-cdef-0123-456789abcdef
code_file = /etc/code
code = {CODE}
[proxy]
https = http://user:{CANARIES["proxy-password"]}@proxy:3128
no_proxy = 169.254.169.254, 100%
"""


def test_no_file_is_the_defaults(files: RootedFiles) -> None:
    assert read_configuration(files) == Configuration()
    assert read_code(files) == ""


def test_a_full_file_is_read_and_its_secrets_are_in_no_repr(files: RootedFiles) -> None:
    files.put(paths.OUR_CONFIG, FULL)
    found = read_configuration(files)
    assert (found.region, found.closed, found.has_code, found.code_file) == ("ap-northeast-1", True, True, "/etc/code")
    assert found.activation_id == "01234567-89ab-cdef-0123-456789abcdef"
    assert dict(found.proxy)["no_proxy"] == "169.254.169.254, 100%"
    assert read_code(files) == CODE
    assert leaks(repr(found)) == ()


@pytest.mark.parametrize(
    ("text", "closed"),
    [("yes", True), ("no", False), ("on", True), ("0", False), ("True", True), ("false", False)],
)
def test_closed_is_yes_or_no(files: RootedFiles, text: str, closed: bool) -> None:
    files.put(paths.OUR_CONFIG, f"[node]\nclosed = {text}\n")
    assert read_configuration(files).closed is closed


def test_closed_may_be_left_open(files: RootedFiles) -> None:
    files.put(paths.OUR_CONFIG, "[node]\nregion = eu-west-1\n")
    assert read_configuration(files).closed is None


@pytest.mark.parametrize(("text", "spread"), [("", ""), ("spread =\n", ""), ("spread = 10m\n", "10m")])
def test_a_spread_is_a_time_or_none(files: RootedFiles, text: str, spread: str) -> None:
    files.put(paths.OUR_CONFIG, f"[register]\n{text}")
    assert read_configuration(files).spread == spread


@pytest.mark.parametrize(("text", "account"), [("", ""), ("account =\n", ""), ("account = 012345678901\n", "012345678901")])
def test_an_account_is_twelve_digits_or_none(files: RootedFiles, text: str, account: str) -> None:
    files.put(paths.OUR_CONFIG, f"[node]\n{text}")
    assert read_configuration(files).account == account


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"[node]\nregion = eu-west-1\n{CODE}\n", f"{paths.OUR_CONFIG}:3: expected [section] lines"),
        (f"code = {CODE}\n", f"{paths.OUR_CONFIG}:1: expected [section] lines"),
        ("[node]\nregion = a\nregion = b\n", f"{paths.OUR_CONFIG}:3: expected [section] lines"),
        ("[node]\n[node]\n", f"{paths.OUR_CONFIG}:2: expected [section] lines"),
        ("[node]\ncolour = red\n", f"{paths.OUR_CONFIG}: [node] colour: unknown; expected [node] region closed"),
        ("[nodes]\nregion = eu-west-1\n", f"{paths.OUR_CONFIG}: [nodes]: unknown; expected [node]"),
        ("[nodes]\n", f"{paths.OUR_CONFIG}: [nodes]: unknown; expected [node]"),
        ("[DEFAULT]\nregion = eu-west-1\n", f"{paths.OUR_CONFIG}: [DEFAULT]: unknown; expected [node]"),
        (
            "[node]\nregion = tokyo\n",
            f"{paths.OUR_CONFIG}: [node] region: 'tokyo' is not a valid region: did you mean ap-northeast-1?",
        ),
        (
            "[node]\nregion = “eu-west-1”\n",
            f"{paths.OUR_CONFIG}: [node] region: '“eu-west-1”' is not a valid region: it has quotes",
        ),
        ("[node]\nclosed = perhaps\n", f"{paths.OUR_CONFIG}: [node] closed: expected yes or no"),
        ("[register]\nspread = soon\n", f"{paths.OUR_CONFIG}: [register] spread: 'soon': expected a time such as 90s, 10m"),
        ("[register]\nspread = 2d\n", f"{paths.OUR_CONFIG}: [register] spread: '2d': expected a time such as 90s, 10m"),
        ("[node]\naccount = 1234\n", f"{paths.OUR_CONFIG}: [node] account: '1234' is no account: expected 12 digits"),
        ("[node]\naccount = 1234-5678-9012\n", f"{paths.OUR_CONFIG}: [node] account: '1234-5678-9012' is no account"),
        (
            "[node]\naccount = \u0661\u0662\u0663456789012\n",
            f"{paths.OUR_CONFIG}: [node] account: '\u0661\u0662\u0663456789012' is no account",
        ),
        ("[node]\naccount = \x1b[31m\n", f"{paths.OUR_CONFIG}: [node] account: '\\x1b[31m' is no account: expected 12 digits"),
    ],
)
def test_a_bad_file_is_refused_with_place_and_expectation(files: RootedFiles, content: str, said: str) -> None:
    files.put(paths.OUR_CONFIG, content)
    with pytest.raises(Refusal) as caught:
        read_configuration(files)
    assert caught.value.status is ExitStatus.BAD_CONTENT
    assert str(caught.value).startswith(said)
    assert leaks(str(caught.value)) == ()
    assert "\n" not in str(caught.value)


def test_a_file_that_may_not_be_read_is_left_to_root(files: RootedFiles) -> None:
    files.denied.add(paths.OUR_CONFIG)
    assert read_configuration(files) == Configuration()


def test_a_directory_in_its_place_is_refused(files: RootedFiles) -> None:
    files.put(f"{paths.OUR_CONFIG}/below", "")
    with pytest.raises(Refusal, match=r"^/etc/ssm-bootstrap\.conf: is a directory$"):
        read_configuration(files)


REGISTERED = Identity(IdentityState.REGISTERED, "mi-1", "sa-east-1")
LOST = Identity(IdentityState.LOST, "", "sa-east-1")
ALL: dict[str, Any] = {
    "flag": "eu-west-1",
    "environment": {"SSM_BOOTSTRAP_REGION": "eu-west-2"},
    "configuration": Configuration(region="eu-west-3"),
    "identity": REGISTERED,
    "agent_config": AgentConfig("", True, region="eu-north-1"),
    "metadata_region": "us-east-1",
}
NOTHING: dict[str, Any] = {
    "flag": None,
    "environment": {},
    "configuration": Configuration(),
    "identity": None,
    "agent_config": None,
    "metadata_region": None,
}


@pytest.mark.parametrize(
    ("silent", "region", "source", "differs"),
    [
        ((), "eu-west-1", "--region", True),
        (("flag",), "eu-west-2", "SSM_BOOTSTRAP_REGION", True),
        (("flag", "environment"), "eu-west-3", paths.OUR_CONFIG, True),
        (("flag", "environment", "configuration"), "sa-east-1", "the vault", False),
        (("flag", "environment", "configuration", "identity"), "eu-north-1", "Agent.Region", False),
        (("flag", "environment", "configuration", "identity", "agent_config"), "us-east-1", "IMDS", False),
    ],
)
def test_the_region_is_the_first_that_is_named(silent: tuple[str, ...], region: str, source: str, differs: bool) -> None:
    said = {name: NOTHING[name] if name in silent else value for name, value in ALL.items()}
    others = (("the vault", "sa-east-1"),) if differs else ()
    assert choose_region(**said) == RegionChoice(Seen(region), source, others)


def test_nobody_names_a_region() -> None:
    choice = choose_region(**NOTHING)
    assert isinstance(choice.region, Unseen) and choice.source == ""


@pytest.mark.parametrize("identity", [LOST, Identity(IdentityState.NOT_REGISTERED), None])
def test_a_vault_counts_only_on_a_registered_node(identity: Optional[Identity]) -> None:
    assert choose_region(**{**NOTHING, "identity": identity, "metadata_region": "us-east-1"}).source == "IMDS"


def test_the_same_region_is_no_difference() -> None:
    assert choose_region(**{**ALL, "flag": "sa-east-1"}).others == ()


@pytest.mark.parametrize("named", ["tokyo", "eu-west-1;id", "eu-west-1/..", "“eu-west-1”", "eu_west_1"])
def test_a_variable_that_names_no_region_is_refused(named: str) -> None:
    with pytest.raises(Refusal) as caught:
        choose_region(**{**NOTHING, "environment": {"SSM_BOOTSTRAP_REGION": named}})
    assert caught.value.status is ExitStatus.BAD_CONTENT
    assert str(caught.value).startswith(f"SSM_BOOTSTRAP_REGION: {named!r} is not a valid region: ")


def test_an_empty_variable_names_none() -> None:
    assert (
        choose_region(**{**NOTHING, "environment": {"SSM_BOOTSTRAP_REGION": " "}, "metadata_region": "us-east-1"}).source
        == "IMDS"
    )
