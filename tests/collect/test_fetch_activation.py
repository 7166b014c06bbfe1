"""The fetch of an activation: what is asked, how it is signed, and what each refusal means; no value and no key is told."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Union

import pytest

from ssm_bootstrap.catalog.endpoints import service_of
from ssm_bootstrap.collect.agent.fetch_activation import NotReached, PlaceReader
from ssm_bootstrap.collect.agent.place import NotTaken, place_of
from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.network import Answer
from ssm_bootstrap.host.posts import Posts
from ssm_bootstrap.model.agent import AgentConfig
from ssm_bootstrap.model.aws import Region
from ssm_bootstrap.model.site import NO_SITE
from tests.aws import MARKS
from tests.aws.server import serving
from tests.fakes import RootedFiles, StillClock
from tests.laws.secrets import CANARIES, leaks
from tests.rotating import REGION, PostsTo, ScriptedPosts, answer, error, metadata_of, parameter, with_role

ID = "01234567-89ab-cdef-0123-456789abcdef"
VALUE = json.dumps({"id": ID, "code": CANARIES["activation-code"]})
DENIED = (
    "User: arn:aws:sts::111122223333:assumed-role/lab-role/i-0 is not authorized to perform: {action} on resource: {resource}"
)
ReaderOf = Callable[..., PlaceReader]


@pytest.fixture
def reader_of(tmp_path: Path) -> Iterator[ReaderOf]:
    """Makes a reader of a place on a machine whose metadata has ``leaves``, and whose calls go through ``posts``."""
    with ExitStack() as stack:

        def made(
            posts: Posts, place: str = "parameter:/x", leaves: Callable[[], Dict[str, str]] = with_role, **more: Any
        ) -> PlaceReader:
            network = stack.enter_context(metadata_of(leaves))
            host = Host(files=RootedFiles(tmp_path), network=network, clock=StillClock(), posts=posts)
            found = place_of(place)
            assert found is not None
            config = AgentConfig("", False, **more)
            return PlaceReader(host, found, Region(REGION), config, ProxySettings(https="http://proxy:3128"), NO_SITE)

        yield made


def says(said: Union[Answer, OSError]) -> ScriptedPosts:
    return ScriptedPosts(lambda: said)


def not_taken(reader: PlaceReader) -> NotTaken:
    with pytest.raises(NotTaken) as refused:
        reader.read()
    told = f"{refused.value.detail} {refused.value.facts}"
    assert leaks(told) == () and not reader.host.secrets.stand_in(told.encode()) and "\n" not in told
    return refused.value


def test_a_parameter_is_asked_for_at_its_regions_endpoint_through_the_proxy(reader_of: ReaderOf) -> None:
    posts = says(parameter(VALUE))
    assert reader_of(posts).read() == VALUE
    (sent,) = posts.sent
    assert (sent["url"], sent["proxy"]) == (f"https://ssm.{REGION}.amazonaws.com/", "http://proxy:3128")
    assert sent["body"] == {"Name": "/x", "WithDecryption": True}
    assert sent["headers"]["X-Amz-Target"] == "AmazonSSM.GetParameter"
    assert f"/20261123/{REGION}/ssm/aws4_request" in sent["headers"]["Authorization"]


def test_a_secret_at_that_of_secrets_manager(reader_of: ReaderOf) -> None:
    posts = says(answer(200, {"Name": "team/x", "SecretString": VALUE}))
    reader = reader_of(posts, "secret:team/x")
    assert reader.read() == VALUE and posts.sent[0]["body"] == {"SecretId": "team/x"}
    assert posts.sent[0]["url"] == f"https://secretsmanager.{REGION}.amazonaws.com/"
    row, target, _ = reader.wanted()
    assert (row.name, target.host, target.required_by) == (
        "secretsmanager",
        f"secretsmanager.{REGION}.amazonaws.com",
        ("register",),
    )


def test_its_missing_endpoint_is_one_of_its_own() -> None:
    assert service_of("secretsmanager.eu-west-1.amazonaws.com", NO_SITE) == "secretsmanager"
    finding = make_finding(
        "endpoint-missing", "secretsmanager", facts={"region": REGION, "service": "secretsmanager", "host": "secretsmanager.x"}
    )
    assert any("com.amazonaws.eu-west-1.secretsmanager" in command.text for command in finding.remedy.aws_commands)


def test_the_endpoint_is_the_one_that_the_agent_is_told_to_use(reader_of: ReaderOf) -> None:
    posts = says(parameter(VALUE))
    reader_of(posts, endpoints=(("Ssm.Endpoint", "vpce-1.ssm.eu-west-1.vpce.amazonaws.com"),)).read()
    assert posts.sent[0]["url"] == "https://vpce-1.ssm.eu-west-1.vpce.amazonaws.com/"
    elsewhere = says(parameter(VALUE))
    replace(reader_of(elsewhere), region=Region("cn-north-1")).read()
    assert elsewhere.sent[0]["url"] == "https://ssm.cn-north-1.amazonaws.com.cn/"


@pytest.mark.parametrize(
    ("place", "said", "code", "variant"),
    [
        ("parameter:/x", error("ParameterNotFound"), "activation-place-missing", ""),
        ("secret:x", error("ResourceNotFoundException", "Secrets Manager can't find it"), "activation-place-missing", "secret"),
        ("secret:x", error("InvalidRequestException", "marked for deletion"), "activation-place-missing", "secret"),
        ("parameter:/x", error("AccessDeniedException", DENIED), "activation-place-denied", ""),
        ("secret:x", error("AccessDeniedException", DENIED), "activation-place-denied", "secret"),
        (
            "parameter:/x",
            error("AccessDeniedException", "The ciphertext refers to a customer master key that does not exist"),
            "activation-place-denied",
            "kms",
        ),
        ("parameter:/x", error("InvalidKeyId", "x"), "activation-place-denied", "kms"),
        ("secret:x", error("AccessDeniedException", "Access to KMS is not allowed"), "activation-place-denied", "kms-secret"),
        ("secret:x", error("DecryptionFailure"), "activation-place-denied", "kms-secret"),
        (
            "parameter:/x",
            error("AccessDeniedException", f"{DENIED} because no VPC endpoint policy allows the ssm:GetParameter action"),
            "activation-place-denied",
            "endpoint-policy",
        ),
        ("parameter:/x", error("ThrottlingException", "Rate exceeded"), "throttled", ""),
        ("parameter:/x", error("InternalServerError", status=500), "service-error", ""),
        ("parameter:/x", Answer(503, {}, b"<html>", True), "service-error", ""),
        ("parameter:/x", error("ExpiredTokenException"), "instance-role-unusable", "refused"),
        ("parameter:/x", error("RequestExpired"), "clock-skewed", ""),
        ("parameter:/x", error("ValidationException", "no\x1b[31m such"), "request-refused", ""),
        ("parameter:/x", answer(200, {"Parameter": {"Value": 5}}), "activation-malformed", "in-place"),
        ("secret:x", answer(200, {"SecretBinary": "AAAA"}), "activation-malformed", "in-place"),
        ("secret:x", Answer(200, {}, b"{" * 9000, True), "activation-malformed", "in-place"),
    ],
)
def test_what_a_refusal_means(place: str, said: Answer, code: str, variant: str, reader_of: ReaderOf) -> None:
    refused = not_taken(reader_of(says(said), place))
    assert (refused.code, refused.variant) == (code, variant)
    assert refused.detail.isprintable()


@pytest.mark.parametrize(
    ("place", "arn"),
    [
        ("parameter:/team/x", "arn:aws:ssm:eu-west-1:111122223333:parameter/team/x"),
        ("parameter:x:3", "arn:aws:ssm:eu-west-1:111122223333:parameter/x"),
        ("secret:team/x", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:team/x"),
        (
            "secret:arn:aws:secretsmanager:eu-west-1:444455556666:secret:x-AbCdEf",
            "arn:aws:secretsmanager:eu-west-1:444455556666:secret:x",
        ),
    ],
)
def test_role_and_arn_for_the_least_policy(place: str, arn: str, reader_of: ReaderOf) -> None:
    facts = not_taken(reader_of(says(error("AccessDeniedException", DENIED)), place)).facts
    assert (facts["peer"], facts["place"]) == ("lab-role", arn)


def test_an_instance_without_a_role_is_told(reader_of: ReaderOf) -> None:
    refused = not_taken(reader_of(says(parameter(VALUE)), leaves=dict))
    assert (refused.code, refused.variant) == ("instance-role-unusable", "")


def test_metadata_that_gives_nothing_is_told(reader_of: ReaderOf) -> None:
    leaves = {**with_role(), "meta-data/iam/security-credentials/lab-role": '{"Code": "Failed"}'}
    refused = not_taken(reader_of(says(parameter(VALUE)), leaves=lambda: leaves))
    assert (refused.code, refused.variant) == ("imds-unreachable", "for-activation")


def test_no_answer_is_left_to_a_look_at_the_way(reader_of: ReaderOf) -> None:
    with pytest.raises(NotReached) as refused:
        reader_of(says(TimeoutError())).read()
    assert str(refused.value) == "no answer"


def test_the_keys_of_the_role_are_kept_out_of_every_output(reader_of: ReaderOf) -> None:
    known = with_role()
    reader = reader_of(says(parameter(VALUE)), leaves=lambda: known)
    reader.read()
    keys = json.loads(known["meta-data/iam/security-credentials/lab-role"])
    for name in ("SecretAccessKey", "Token"):
        assert reader.host.secrets.masked(f"x {keys[name]} y") == "x *** y"


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with serving() as url:
        yield url


class TestMoto:
    """A server that takes the same calls from every SDK."""

    pytestmark = MARKS

    def client(self, moto: str, service: str) -> Any:
        """What the account's owner has."""
        import boto3

        return boto3.client(service, region_name=REGION, endpoint_url=moto, aws_access_key_id="x", aws_secret_access_key="y")

    def test_a_parameter(self, moto: str, reader_of: ReaderOf) -> None:
        posts = PostsTo(moto)
        assert not_taken(reader_of(posts, "parameter:/nowhere")).code == "activation-place-missing"
        self.client(moto, "ssm").put_parameter(Name="/x", Value=VALUE, Type="SecureString")
        assert reader_of(posts, "parameter:/x").read() == VALUE
        assert re.search(rf"/{REGION}/ssm/aws4_request, SignedHeaders=[a-z0-9;-]*x-amz-security-token", str(posts.authorization))

    def test_a_secret(self, moto: str, reader_of: ReaderOf) -> None:
        posts = PostsTo(moto)
        assert not_taken(reader_of(posts, "secret:nowhere")).code == "activation-place-missing"
        self.client(moto, "secretsmanager").create_secret(Name="team/x", SecretString=VALUE)
        assert reader_of(posts, "secret:team/x").read() == VALUE
