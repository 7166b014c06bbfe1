"""The account expected against the one that AWS names for this node, and what is said of regions and site files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ssm_bootstrap.diagnose.agent.identity import mismatch
from ssm_bootstrap.diagnose.case import Case, open_case
from ssm_bootstrap.diagnose.network import region
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.findings import Finding, Severity
from ssm_bootstrap.model.logs import Level, LogDigest, LogGroup, LogRecord
from ssm_bootstrap.model.machine import Image, RunningIdentity
from ssm_bootstrap.model.observations import Plan
from ssm_bootstrap.model.observed import NOT_ASKED, Seen, Unseen
from ssm_bootstrap.model.site import NO_SITE, Site, SiteRegion
from tests.fakes import NOON
from tests.made import EVERYTHING, REGION, observations, probe

MI, OTHER = "mi-0123456789abcdef0", "mi-0fffffffffffffff0"
EXPECTED, STRANGE = "123456789012", "210987654321"
REGISTERED = Identity(IdentityState.REGISTERED, MI, REGION)


def session(number: str, mi: str, partition: str = "aws") -> str:
    return f"AccessDeniedException: User: arn:{partition}:sts::{number}:assumed-role/hybrid+x=1,a.b@c-d_e/{mi} is not authorized"


def digest(*messages: str) -> Any:
    records = [LogRecord(NOON, Level.ERROR, message) for message in messages]
    return Seen(
        LogDigest(tuple(LogGroup(record, "shape", 1, NOON, NOON, "/log", place) for place, record in enumerate(records, 1)))
    )


def case(expected: str = EXPECTED, identity: Any = REGISTERED, logs: Any = NOT_ASKED, image: Any = NOT_ASKED) -> Case:
    plan = Plan("doctor", Seen(REGION), capabilities=EVERYTHING, account=expected)
    return open_case(observations(plan=plan, identity=Seen(identity), logs=logs, image=image))


def test_without_an_account_in_the_configuration_nothing_is_said() -> None:
    assert list(mismatch(case("", logs=digest(session(STRANGE, MI))))) == []


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-iso-b", "aws-eusc"])
def test_another_account_is_an_error_that_breaks_nothing(partition: str) -> None:
    (found,) = mismatch(case(logs=digest("nothing of it", session(STRANGE, MI, partition))))
    assert isinstance(found, Finding)
    assert (found.code, found.subject, found.severity, found.breaks) == ("account-mismatch", MI, Severity.ERROR, ())
    assert STRANGE in found.cause and EXPECTED in found.cause
    assert (found.evidence[0].locator, STRANGE in found.evidence[0].excerpt) == ("/log:2", True)


def test_the_account_expected_is_fine() -> None:
    assert list(mismatch(case(logs=digest(session(STRANGE, OTHER), session(EXPECTED, MI))))) == []


@pytest.mark.parametrize(
    "logs",
    [
        NOT_ASKED,
        digest("all is well"),
        digest(session(STRANGE, OTHER)),
        digest(session(STRANGE, "i-0123456789abcdef0")),
        digest(session(STRANGE, MI + "a")),
        digest(session(STRANGE + "0", MI)),
        digest(f"arn:aws:ssm:{REGION}:{STRANGE}:managed-instance/{MI}"),
    ],
)
def test_where_nothing_tells_it_that_is_said_plainly(logs: Any) -> None:
    ((subject, reason),) = mismatch(case(logs=logs))
    assert (subject, EXPECTED in reason, "nothing on this machine tells" in reason) == ("account", True, True)


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        (Identity(IdentityState.UNREADABLE, detail="only root"), ["which node this is could not be read"]),
        (Identity(IdentityState.NOT_REGISTERED), []),
        (Identity(IdentityState.LOST, registration_file_id=MI), []),
    ],
)
def test_a_node_that_is_none_is_in_no_account(identity: Identity, said: list[str]) -> None:
    found = [reason for _, reason in mismatch(case(identity=identity))]  # type: ignore[misc]
    assert len(found) == len(said) and all(words in reason for words, reason in zip(said, found))


def test_masked_accounts_are_not_compared() -> None:
    ((_, reason),) = mismatch(case("<ACCOUNT-ID>", logs=digest(session("<ACCOUNT-ID>", MI))))
    assert "masked" in reason


def running(mi: str, number: Any, kind: str = "OnPrem") -> Any:
    return Seen(Image(running=Seen(RunningIdentity(kind, mi, "/root/.aws/credentials")), account=number))


def test_the_agents_own_key_tells_the_account_too() -> None:
    (found,) = mismatch(case(image=running(MI, Seen(STRANGE))))
    assert isinstance(found, Finding)
    assert (found.code, found.severity, found.evidence[0].locator) == (
        "account-mismatch",
        Severity.WARNING,
        "/root/.aws/credentials",
    )
    assert list(mismatch(case(image=running(MI, Seen(EXPECTED))))) == []


def test_what_aws_says_counts_before_the_key() -> None:
    assert list(mismatch(case(image=running(MI, Seen(STRANGE)), logs=digest(session(EXPECTED, MI))))) == []


@pytest.mark.parametrize(
    "image",
    [
        running(OTHER, Seen(STRANGE)),
        running(MI, Unseen("only root may read it")),
        running(MI, Seen("<ACCOUNT-ID>")),
        running(MI, Seen(STRANGE), "EC2"),
        NOT_ASKED,
    ],
)
def test_a_key_of_somebody_else_tells_nothing(image: Any) -> None:
    ((subject, _),) = mismatch(case(image=image))
    assert subject == "account"


def regional(name: str, site: Site = NO_SITE, **more: Any) -> list[str]:
    plan = Plan("doctor", Seen(name), capabilities=EVERYTHING, site=site)
    seen = observations(probe("ssm"), plan=plan)
    return [subject for subject, _ in region.not_known(open_case(replace(seen, **more)))]


@pytest.mark.parametrize(
    ("name", "subjects"),
    [
        (REGION, []),
        ("eu-north-9", ["eu-north-9", "patch payload", "patch buckets"]),
        ("cn-north-1", ["patch buckets"]),
        ("us-iso-east-1", ["patch payload", "patch buckets"]),
        ("mx-central-1", ["patch payload", "patch buckets"]),
        ("us-isof-south-1", ["us-isof-south-1", "patch payload", "patch buckets"]),
    ],
)
def test_what_is_not_known_of_a_region_is_said(name: str, subjects: list[str]) -> None:
    assert regional(name) == subjects


@pytest.mark.parametrize(
    ("source", "asked"), [("--region", True), ("SSM_BOOTSTRAP_REGION", True), ("IMDS", False), ("the vault", False)]
)
def test_a_region_that_nobody_knows_is_asked_about_where_a_person_named_it(source: str, asked: bool) -> None:
    plan = Plan("doctor", Seen("eu-north-9"), source, EVERYTHING)
    told = dict(region.not_known(open_case(observations(probe("ssm"), plan=plan))))
    assert told["eu-north-9"].startswith("not in the table of regions of 20")
    assert told["eu-north-9"].endswith("; did you mean eu-north-1?") is asked


def test_what_the_site_tells_is_known() -> None:
    told = SiteRegion("eu-north-9", 2027, "s3.example", "1a2b3c4d5", "9f8e7d6c")
    assert regional("eu-north-9", Site((told,))) == []
    assert regional("eu-north-9", Site((replace(told, snapshot_suffix=""),))) == ["patch buckets"]
    assert regional("eu-north-9", Site((replace(told, opened=None),))) == ["eu-north-9"]


def test_without_probes_nothing_is_claimed_of_a_region() -> None:
    assert regional("eu-north-9", probes=()) == []


def test_faults_in_the_sites_files_are_told_whatever_was_looked_at() -> None:
    plan = Plan("status", Seen(REGION), site=Site(problems=(("/etc/x:3", "expected a year"),)))
    assert list(region.site_files(open_case(observations(plan=plan)))) == [("/etc/x:3", "expected a year")]
