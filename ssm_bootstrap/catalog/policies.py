"""Policies to paste: of the endpoints, of the activation's role, and of the bucket that holds the bundle. As of 2026-11.

Sources: setup-create-vpc (endpoint policy considerations for hybrid nodes), hybrid-multicloud-service-role,
ssm-agent-minimum-s3-permissions, patch-operations-s3-buckets and systems-manager-setting-up-messageAPIs, AWS Systems Manager
User Guide; Actions, resources, and condition keys for AWS Systems Manager, Amazon Message Gateway Service and Amazon Message
Delivery Service, Service Authorization Reference; the managed policy AmazonSSMManagedInstanceCore.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Callable, Mapping, Optional, Sequence

from ssm_bootstrap.catalog.buckets import PATCH_MANAGER_SUFFIX, SNAPSHOT_SUFFIX, patch_manager_bucket, snapshot_bucket
from ssm_bootstrap.catalog.findingkind import change, look
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.model.findings import ShellCommand
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.model.site import NO_SITE

ACCOUNT = "111122223333"
"""What stands for the reader's account, as in AWS's own documents; likewise the names of bucket and endpoint."""
BUCKET, ENDPOINT = "example-bucket", "vpce-11111111111111111"
STAND_INS = ((ACCOUNT, f"account {ACCOUNT}"), (BUCKET, f"bucket {BUCKET}"), (ENDPOINT, f"endpoint {ENDPOINT}"))
"""What stands in a document for something of the reader's, and how it is told."""

REPLACES = (
    "Look at the present policy first: an endpoint that still has the default (every Action, Principal and Resource is *) needs "
    "no change. Setting a policy replaces the whole of the present one, and an endpoint's policy restricts everybody in the VPC "
    "who uses it: save the present one, and add these statements to it. At an endpoint that several accounts use, name every one "
    "of them."
)
"""Source: AWS PrivateLink guide, vpc-endpoints-access (the default policy); EC2 API Reference, ModifyVpcEndpoint; Amazon S3
API Reference, PutBucketPolicy."""

VERSION = "2012-10-17"

MOST_OF_ENDPOINT = 20480
"""How many characters the policy of an endpoint may have, blanks among them (AWS PrivateLink guide, vpc-limits-endpoints)."""

PATCH_POLICIES = "aws-quicksetup-patchpolicy-*"
"""Buckets with the baselines of patch policies, in the account that Quick Setup was run in (User Guide, patch policies)."""

UNSIGNED = ("ssm:RegisterManagedInstance", "ssm:RequestManagedInstanceRoleToken", "ssm:UpdateManagedInstancePublicKey")
"""What a hybrid node calls without a signature: there is no principal, so that a condition on one denies it."""

NODE_SSM = (
    "ssm:DescribeAssociation",
    "ssm:DescribeDocument",
    "ssm:GetDeployablePatchSnapshotForInstance",
    "ssm:GetDocument",
    "ssm:GetManifest",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:ListAssociations",
    "ssm:ListInstanceAssociations",
    "ssm:PutComplianceItems",
    "ssm:PutConfigurePackageResult",
    "ssm:PutInventory",
    "ssm:UpdateAssociationStatus",
    "ssm:UpdateInstanceAssociationStatus",
    "ssm:UpdateInstanceInformation",
)
"""What the agent and Patch Manager's script call with the node's role (AmazonSSMManagedInstanceCore)."""

NODE_MESSAGES = (
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)
NODE_DELIVERY = (
    "ec2messages:AcknowledgeMessage",
    "ec2messages:DeleteMessage",
    "ec2messages:FailMessage",
    "ec2messages:GetEndpoint",
    "ec2messages:GetMessages",
    "ec2messages:SendReply",
)


@dataclass(frozen=True)
class IamPolicy:
    """A policy by name: what it is for, how it is put into place, and the document for a region.

    ``is_of_resource`` tells that it hangs on a thing and so names a principal, ``is_of_buckets`` that it opens AWS's own
    buckets to requests that nobody has signed; ``command`` is a template that puts the
    document, saved as policy.json, into place, and ``present`` one that shows what it replaces, where that may be there.
    ``instead`` are the commands where ``command`` makes the thing and it exists already.
    """

    name: str
    about: str
    command: ShellCommand
    make: Callable[[str], Mapping[str, Any]]
    is_of_resource: bool = True
    present: Optional[ShellCommand] = None
    is_of_buckets: bool = False
    instead: tuple[ShellCommand, ...] = ()

    def text(self, region: str) -> str:
        """The document for a region as JSON."""
        return json.dumps(self.make(region), indent=2)

    def for_account(self, region: str, account: str) -> Mapping[str, Any]:
        """The document for a region with ``account`` wherever the reader's own stands."""
        document: Mapping[str, Any] = json.loads(json.dumps(self.make(region)).replace(ACCOUNT, account))
        return document

    def stand_ins(self, region: str) -> tuple[str, ...]:
        """What the reader has to put something of their own for in that document."""
        text = self.text(region)
        return tuple(told for word, told in STAND_INS if word in text)


def buckets(region: str) -> tuple[str, ...]:
    """AWS's own buckets that a node reads in a region, by their whole names: those that no source tells are left out."""
    named = (value_of(snapshot_bucket(region, NO_SITE)), value_of(patch_manager_bucket(region, NO_SITE)))
    return (
        f"aws-ssm-{region}",
        f"amazon-ssm-{region}",
        f"amazon-ssm-packages-{region}",
        f"{region}-birdwatcher-prod",
        f"aws-ssm-document-attachments-{region}",
        *(bucket for bucket in named if bucket),
    )


def named_in_part(region: str) -> tuple[str, ...]:
    """Patterns for those of Patch Manager's buckets whose whole names in a region nobody tells.

    They are not open to every principal: anybody may name a bucket of theirs so that it fits. Source:
    patch-operations-s3-buckets, User Guide (read 2026-11), which lists no bucket of GovCloud, China and later regions.
    """
    patterns = []
    if isinstance(snapshot_bucket(region, NO_SITE), Unseen):
        plain = f"patch-baseline-snapshot-{region}"
        patterns += [plain, f"{plain}-{_any_of(SNAPSHOT_SUFFIX)}"]
    if isinstance(patch_manager_bucket(region, NO_SITE), Unseen):
        patterns.append(f"aws-patch-manager-{region}-{_any_of(PATCH_MANAGER_SUFFIX)}")
    return tuple(patterns)


def _any_of(suffixes: Mapping[str, str]) -> str:
    """A pattern for a suffix that is as long as the known ones."""
    return "?" * len(next(iter(suffixes.values())))


def _of_the_own_account(region: str) -> tuple[Mapping[str, Any], ...]:
    """Patch Manager's buckets where their whole names are not known: for requests that the account's own roles sign."""
    patterns = named_in_part(region)
    return (_signed_reading(region, "PatchManagerBucketsOfUnknownName", patterns),) if patterns else ()


def _signed_reading(region: str, sid: str, names: Sequence[str]) -> Mapping[str, Any]:
    """Buckets of any account, for requests that the account's own roles sign."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": [_arn(region, f"s3:::{name}/*") for name in names],
        "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
    }


def repositories(region: str, system: str = "") -> tuple[str, ...]:
    """The buckets of a system's repositories in a region: those of Amazon Linux lie in S3; of every system where none is named.

    ``system`` is a name of ``distributions.SYSTEMS``. Source: Amazon Linux 2 and 2023 User Guides, S3 in a VPC (2026-11).
    """
    known = {"amazon-linux-2023": f"al2023-repos-{region}-de612dc2", "amazon-linux-2": f"amazonlinux-2-repos-{region}"}
    return tuple(bucket for name, bucket in known.items() if system in ("", name))


def _arn(region: str, rest: str) -> str:
    return f"arn:{partition_of(region, NO_SITE).name}:{rest}"


def _document(*statements: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"Version": VERSION, "Statement": list(statements)}


def _ssm_endpoint(region: str) -> Mapping[str, Any]:
    return _document(
        {
            "Sid": "UnsignedCallsOfHybridNodes",
            "Effect": "Allow",
            "Principal": "*",
            "Action": list(UNSIGNED),
            "Resource": "*",
            "Condition": {"StringEquals": {"ssm:NodeAccountId": ACCOUNT}},
        },
        {
            "Sid": "SignedCallsOfTheAccount",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "ssm:*",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
        },
    )


def _signed_endpoint(actions: tuple[str, ...]) -> Callable[[str], Mapping[str, Any]]:
    def make(region: str) -> Mapping[str, Any]:
        return _document(
            {
                "Sid": "NodesOfTheAccount",
                "Effect": "Allow",
                "Principal": "*",
                "Action": list(actions),
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
            }
        )

    return make


def _s3_endpoint(region: str, system: str = "") -> Mapping[str, Any]:
    return _document(
        {
            "Sid": "BucketsOfAwsAlsoUnsigned",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": [_arn(region, f"s3:::{bucket}/*") for bucket in (*buckets(region), *repositories(region, system))],
        },
        *_of_the_own_account(region),
        {
            "Sid": "BucketsOfTheAccount",
            "Effect": "Allow",
            "Principal": "*",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:PutObjectAcl", "s3:GetEncryptionConfiguration", "s3:ListBucket"],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:ResourceAccount": ACCOUNT}},
        },
        _signed_reading(region, "PatchPoliciesOfQuickSetup", (PATCH_POLICIES,)),
    )


def service_principal(region: str) -> str:
    """Systems Manager in a policy: China has a name of its own (Systems Manager reference, docs.amazonaws.cn, 2026-11)."""
    partition = partition_of(region, NO_SITE)
    return f"ssm.{partition.domain}" if partition.name == "aws-cn" else "ssm.amazonaws.com"


def _role_trust(region: str) -> Mapping[str, Any]:
    return _document(
        {
            "Effect": "Allow",
            "Principal": {"Service": service_principal(region)},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "ArnLike": {"aws:SourceArn": _arn(region, f"ssm:{region}:{ACCOUNT}:*")},
            },
        }
    )


def _role_permissions(region: str) -> Mapping[str, Any]:
    return _document(
        {"Sid": "Node", "Effect": "Allow", "Action": [*NODE_SSM, *NODE_MESSAGES, *NODE_DELIVERY], "Resource": "*"},
        {
            "Sid": "BucketsOfSystemsManager",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": [_arn(region, f"s3:::{bucket}/*") for bucket in (*buckets(region), *named_in_part(region))],
        },
    )


def _bundle_bucket(region: str) -> Mapping[str, Any]:
    return _document(
        {
            "Sid": "BundleThroughTheEndpoint",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": _arn(region, f"s3:::{BUCKET}/ssm-bootstrap.pyz"),
            "Condition": {"StringEquals": {"aws:SourceVpce": ENDPOINT}},
        }
    )


POLICIES: tuple[IamPolicy, ...] = (
    IamPolicy(
        "endpoint-ssm",
        "The interface endpoint for ssm. A hybrid node makes three calls unsigned. They have no principal, so they are limited "
        "by ssm:NodeAccountId (or ssm:NodeOrgId, for an organisation), and everything else by the caller's account.",
        aws.SET_ENDPOINT_POLICY,
        _ssm_endpoint,
        present=aws.PRESENT_ENDPOINT_POLICY,
    ),
    IamPolicy(
        "endpoint-ssmmessages",
        "The interface endpoint for ssmmessages: the Run Command and Session Manager channels, signed with the node's role.",
        aws.SET_ENDPOINT_POLICY,
        _signed_endpoint(NODE_MESSAGES),
        present=aws.PRESENT_ENDPOINT_POLICY,
    ),
    IamPolicy(
        "endpoint-ec2messages",
        "The interface endpoint for ec2messages, for agents that still use it. Regions opened in 2024 or later have no such "
        "service.",
        aws.SET_ENDPOINT_POLICY,
        _signed_endpoint(NODE_DELIVERY),
        present=aws.PRESENT_ENDPOINT_POLICY,
    ),
    IamPolicy(
        "endpoint-s3",
        "The S3 endpoint. In place of the default policy it restricts every workload that uses the endpoint: s3:DeleteObject, "
        "s3:ListAllMyBuckets, image layers of ECR, buckets of other accounts and all else that is not listed are denied. "
        "Listed are AWS-owned buckets by their whole names for every principal, because Patch Manager's downloads are unsigned; "
        "the buckets of the account; and, for its own roles, Quick Setup's patch policies. If you use mirrors in other accounts, "
        "add their buckets to the first statement. Run Command output needs s3:PutObjectAcl.",
        aws.SET_ENDPOINT_POLICY,
        _s3_endpoint,
        present=aws.PRESENT_ENDPOINT_POLICY,
        is_of_buckets=True,
    ),
    IamPolicy(
        "role-trust",
        "The trust policy of the activation's role: Systems Manager, acting for this account and region. If the role exists "
        "already, add the statement to its present trust policy.",
        change(
            "aws iam create-role --region {region} --role-name <ACTIVATION-ROLE> --assume-role-policy-document file://policy.json"
        ),
        _role_trust,
        instead=(
            look(
                "aws iam get-role --region {region} --role-name <ACTIVATION-ROLE> --query Role.AssumeRolePolicyDocument"
                " | tee -a present-trust-<ACTIVATION-ROLE>.json"
            ),
            change(
                "aws iam update-assume-role-policy --region {region} --role-name <ACTIVATION-ROLE>"
                " --policy-document file://policy.json"
            ),
        ),
    ),
    IamPolicy(
        "role-permissions",
        "The permissions of the activation's role. AmazonSSMManagedInstanceCore covers the first statement, but not the "
        "second: it lets the agent's signed requests read AWS-owned buckets. An endpoint policy or a permissions boundary has to "
        "allow them as well.",
        change(
            "aws iam put-role-policy --region {region} --role-name <ACTIVATION-ROLE> --policy-name ManagedNode-{region}"
            " --policy-document file://policy.json"
        ),
        _role_permissions,
        is_of_resource=False,
    ),
    IamPolicy(
        "bucket-bundle",
        "The bucket that a new instance downloads ssm-bootstrap.pyz from without credentials: this object, for every caller that "
        "comes through the S3 endpoint. It takes nothing from principals with rights of their own. If your key is another one, "
        "change it in Resource.",
        change("aws s3api put-bucket-policy --region {region} --bucket <BUCKET> --policy file://policy.json"),
        _bundle_bucket,
        present=look(
            "aws s3api get-bucket-policy --region {region} --bucket <BUCKET> --query Policy --output text"
            " | tee -a present-policy-<BUCKET>.json"
        ),
    ),
)
"""Every policy, in the order in which one needs them."""


def added(present: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A policy with the statements of another added that it lacks; the other alone where its text is no policy.

    Raises nothing: the text comes from AWS. A Sid stands once in a policy (IAM User Guide, reference_policies_elements_sid).
    """
    own = policy_of(present)
    if own is None:
        return document
    found = own.get("Statement", [])
    statements = list(found) if isinstance(found, list) else [found]
    sids = {statement.get("Sid") for statement in statements}
    for statement in document["Statement"]:
        if statement in statements:
            continue
        sid = number = statement.get("Sid")
        while number is not None and number in sids:
            number = f"{number}2"
        sids.add(number)
        statements.append({**statement, "Sid": number} if sid is not None else statement)
    return {**own, "Version": VERSION, "Statement": statements}


def policy_of(text: str) -> Optional[Mapping[str, Any]]:
    """A policy from its JSON text; None for what is none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    found = document.get("Statement", []) if isinstance(document, dict) else None
    bodies = found if isinstance(found, list) else [found]
    return document if all(isinstance(body, dict) for body in bodies) else None


def endpoint_policy(service: str) -> str:
    """The name of the policy for an endpoint of a service; empty where this table has none."""
    name = f"endpoint-{service}"
    return name if any(policy.name == name for policy in POLICIES) else ""


def policy_named(name: str, system: str = "") -> IamPolicy:
    """The policy of that name, with the buckets of a system of ``distributions.SYSTEMS``; raises KeyError for another name."""
    found = {policy.name: policy for policy in POLICIES}[name]
    return replace(found, make=partial(_s3_endpoint, system=system)) if found.is_of_buckets else found
