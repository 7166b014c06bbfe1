"""What the product knows, as a template or module wants it: regions with their buckets, policies of endpoints, user-data."""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any, Dict, List, Mapping, Tuple

from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.catalog.policies import ACCOUNT, buckets, named_in_part, policy_named, service_principal
from ssm_bootstrap.catalog.regions import OPENED, has_ec2messages
from ssm_bootstrap.cli import main
from ssm_bootstrap.model.site import NO_SITE

ROOT = Path(__file__).parent.parent.parent
REGIONS = tuple(sorted(OPENED))
"""Every region whose opening is known."""

OPEN, OWN = "BucketsOfAwsAlsoUnsigned", "BucketsOfAwsForTheAccount"
"""Statements of the S3 endpoint's policy that a region decides: for every principal, and for the account's own."""


def statements(name: str, region: str) -> List[Mapping[str, Any]]:
    """The statements of one of the catalogue's policies in a region."""
    found: List[Mapping[str, Any]] = policy_named(name).make(region)["Statement"]
    return found


def arns(region: str) -> Dict[str, List[str]]:
    """The objects that the S3 endpoint lets a region's nodes read, by statement."""
    found: Dict[str, List[str]] = {OPEN: [], OWN: []}
    for one in statements("endpoint-s3", region):
        if isinstance(one["Resource"], list):
            found[OWN if "Condition" in one else OPEN] += one["Resource"]
    return found


def of_role(region: str) -> List[str]:
    """The objects of AWS's buckets that the role of a region's nodes may read."""
    partition = partition_of(region, NO_SITE).name
    return [f"arn:{partition}:s3:::{bucket}/*" for bucket in (*buckets(region), *named_in_part(region))]


def endpoint_regions() -> Dict[str, Dict[str, Any]]:
    """By region: whether it has ec2messages, and the buckets of its S3 endpoint's policy."""
    return {
        region: {
            "Ec2messages": "no" if has_ec2messages(region, NO_SITE) is False else "yes",
            "Open": arns(region)[OPEN],
            "Own": arns(region)[OWN],
        }
        for region in REGIONS
    }


def role_regions() -> Dict[str, Dict[str, Any]]:
    """By region: Systems Manager as a trust policy names it, and the buckets of the role."""
    return {region: {"Principal": service_principal(region), "Buckets": of_role(region)} for region in REGIONS}


def endpoint_document(service: str) -> Dict[str, Any]:
    """The policy of an interface endpoint, which is the same in every region; the account stands in it as ACCOUNT."""
    documents = {policy_named(f"endpoint-{service}").text(region) for region in REGIONS}
    (text,) = documents
    found: Dict[str, Any] = json.loads(text)
    return found


def s3_document(opened: Any, own: Any) -> Dict[str, Any]:
    """The policy of the S3 endpoint, with what stands for a region's two lists of objects."""
    account = {json.dumps(one) for region in REGIONS for one in statements("endpoint-s3", region) if one["Resource"] == "*"}
    (of_account,) = account
    condition = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
    read = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": OPEN, **read, "Resource": opened},
            json.loads(of_account),
            {"Sid": OWN, **read, "Resource": own, "Condition": condition},
        ],
    }


PLACES = {
    "bundle-bucket-of-the-stack": "bucket",
    "bundle-key-of-the-stack": "key",
    "us-stack-1": "region",
    "0" * 64: "sha256",
    "/name-of-the-stack": "parameter",
    "1439m": "spread",
}
"""What the program is given in place of an input, and which input that is."""

_DOMAIN = "s3.us-stack-1.amazonaws.com"


KINDS = ("parameter", "secret")
"""Where an activation may be kept."""


def user_data() -> Tuple[str, Dict[str, str]]:
    """What ``ssm-bootstrap user-data`` prints, each input as ``@name@``; ``@domain@`` is the partition's.

    The one line that is another for a secret is ``@needs@`` in it; what it is of each kind stands beside.
    """
    by_kind = {kind: _user_data(kind).splitlines(keepends=True) for kind in KINDS}
    lines = [set(of_each) for of_each in zip(*by_kind.values())]
    (number,) = (number for number, found in enumerate(lines) if len(found) > 1)
    needs = {kind: by_kind[kind][number].rstrip("\n") for kind in KINDS}
    text = by_kind[KINDS[0]]
    return "".join([*text[:number], "@needs@\n", *text[number + 1 :]]), needs


def _user_data(kind: str) -> str:
    text = printed({name: place for place, name in PLACES.items()}, kind)
    text = text.replace(_DOMAIN, "s3.@region@.@domain@").replace(f"{kind}:/name", "@kind@:/name")
    for place, name in PLACES.items():
        text = text.replace(place, f"@{name}@")
    return text


def printed(inputs: Mapping[str, str], kind: str = "parameter") -> str:
    """What ``ssm-bootstrap user-data`` prints for inputs that are named as in PLACES; raises ValueError if it refuses."""
    words = [
        *("user-data", "--s3-uri", f"s3://{inputs['bucket']}/{inputs['key']}", "--region", inputs["region"]),
        *("--sha256", inputs["sha256"], "--code-from", f"{kind}:{inputs['parameter']}", "--spread", inputs["spread"]),
    ]
    out, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(told):
        status = main(words)
    if status != 0:
        raise ValueError(f"ssm-bootstrap {' '.join(words)}: {told.getvalue()}")
    return out.getvalue()


def placed(text: str, escaped: Mapping[str, str], places: Mapping[str, str]) -> str:
    """User-data in a template's language: what that would read itself is escaped first; raises KeyError for an unknown input."""
    for told, instead in escaped.items():
        text = text.replace(told, instead)
    return re.sub(r"@([a-z0-9]+)@", lambda found: places[found[1]], text)
