"""AWS's own buckets that agent and Patch Manager read, and where the patch script fetches its payload.

Sources: patch-operations-s3-buckets and ssm-agent-minimum-s3-permissions, AWS Systems Manager User Guide (read 2026);
AWS-RunPatchBaseline, payloads 1.80 (tekumara/aws-ssm-patch-manager, 2021-11) to 1.132 (2026-11).
"""

from __future__ import annotations

from typing import Mapping

from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.catalog.regions import AS_OF, NEWER_THAN_THE_PAYLOAD_RULE, OPENED, UNDATED
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from ssm_bootstrap.model.site import Site

PATCH_MANAGER_SUFFIX: Mapping[str, str] = {
    "us-east-1": "1970c647d",
    "us-east-2": "552881074",
    "us-west-1": "8badb4304",
    "us-west-2": "34d7f99f8",
    "af-south-1": "bdd5f65a9",
    "ap-east-1": "632356271",
    "ap-south-1": "cb7c62ff9",
    "ap-south-2": "32f4b4128",
    "ap-southeast-1": "7fdfd9ef7",
    "ap-southeast-2": "17283a275",
    "ap-southeast-3": "aa48fc462",
    "ap-southeast-4": "01e2c40d3",
    "ap-northeast-1": "4849fa78f",
    "ap-northeast-2": "10467995c",
    "ap-northeast-3": "67373598a",
    "ca-central-1": "3148e69e3",
    "ca-west-1": "9e3a4b2f9",
    "eu-central-1": "9163fdaaf",
    "eu-central-2": "184ce43c8",
    "eu-west-1": "5522fb710",
    "eu-west-2": "902a2bc74",
    "eu-west-3": "29bf85721",
    "eu-south-1": "c52f3f594",
    "eu-south-2": "a4cf248b1",
    "eu-north-1": "795879e9b",
    "il-central-1": "e221cb57b",
    "me-south-1": "a53fc9dce",
    "me-central-1": "2932f2f80",
    "sa-east-1": "ddf4b6a09",
}
"""``aws-patch-manager-REGION-SUFFIX``: the suffixes cannot be guessed; GovCloud and China are not in the table."""

SNAPSHOT_SUFFIX: Mapping[str, str] = {
    "me-south-1": "uduvl7q8",
    "af-south-1": "tbxdb5b9",
    "ap-south-2": "50209442",
    "ap-southeast-3": "be0a3174",
    "ap-southeast-4": "dc6f76ce",
    "eu-south-2": "df2c9d70",
}
"""``patch-baseline-snapshot-REGION-SUFFIX`` where it has one; elsewhere the plain name."""

PAYLOAD_IN_PATCH_MANAGER_BUCKET = frozenset({"me-south-1", "af-south-1", "eu-south-1", "ap-northeast-3"})
"""Regions whose payload lies in ``aws-patch-manager-REGION-SUFFIX`` and not in ``aws-ssm-REGION``.

Source: AWS-RunPatchBaseline, payload 1.80; for me-south-1 patch-operations-s3-buckets, User Guide (read 2026-11).
"""

_PAYLOAD_HOSTS: Mapping[str, str] = {
    "aws": "s3.dualstack.{region}.{domain}",
    "aws-cn": "s3.{region}.{domain}",
    "aws-us-gov": "s3-fips-{region}.{domain}",
}


PATCH_BUCKETS = ("aws-ssm-", "aws-patch-manager-", "patch-baseline-snapshot-")
"""How the names of the buckets begin that a patch run alone reads."""


def is_of_a_patch_run(host: str) -> bool:
    """Whether a host is that of a bucket which a patch run alone reads."""
    return host.lower().startswith(PATCH_BUCKETS)


KNOWN_OBJECTS: tuple[str, ...] = ("/latest/VERSION", "/stable/VERSION", "/ssm-agent-manifest.json")
"""Ends of URLs in amazon-ssm-REGION that exist for every caller (as of 2026-11): only there is a 403 a denial."""


def is_known_object(url: str) -> bool:
    """Whether a URL, whatever its query, is of an object that exists for every caller."""
    return url.split("?", 1)[0].endswith(KNOWN_OBJECTS)


def version_object(host: str, region: str) -> str:
    """The path of amazon-ssm-REGION's VERSION, which exists for every caller: behind the bucket's own name, or in path style."""
    return KNOWN_OBJECTS[0] if host.lower().startswith("amazon-ssm-") else f"/amazon-ssm-{region}{KNOWN_OBJECTS[0]}"


def patch_payload_host(region: str, site: Site) -> Observed[str]:
    """The host that the patch script downloads from, in path style, the site's own word first; Unseen where nobody tells."""
    said = site.region(region)
    if said is not None and said.payload_host:
        return Seen(said.payload_host)
    partition = partition_of(region, site)
    if region not in OPENED and region not in UNDATED:
        return Unseen(f"{region} is not in the table of regions of {AS_OF}: where its patch payload lies is not known")
    if region in NEWER_THAN_THE_PAYLOAD_RULE:
        return Unseen(f"where AWS-RunPatchBaseline fetches its payload in {region} is not known for sure ({AS_OF})")
    if partition.name not in _PAYLOAD_HOSTS:
        return Unseen(f"where AWS-RunPatchBaseline fetches its payload in {partition.name} is not known ({AS_OF})")
    if region in UNDATED:
        return Unseen(f"where AWS-RunPatchBaseline fetches its payload in {region} is not known ({AS_OF})")
    return Seen(_PAYLOAD_HOSTS[partition.name].format(region=region, domain=partition.domain))


def patch_payload_bucket(region: str) -> str:
    """The bucket that the payload lies in."""
    if region in PAYLOAD_IN_PATCH_MANAGER_BUCKET:
        return f"aws-patch-manager-{region}-{PATCH_MANAGER_SUFFIX[region]}"
    return f"aws-ssm-{region}"


def patch_manager_bucket(region: str, site: Site) -> Observed[str]:
    """The bucket of Patch Manager's modules, with its suffix."""
    said = site.region(region)
    suffix = said.patch_manager_suffix if said is not None else ""
    suffix = suffix or PATCH_MANAGER_SUFFIX.get(region, "")
    if not suffix:
        return Unseen(f"what the bucket aws-patch-manager-{region} ends in is not in the table of {AS_OF}")
    return Seen(f"aws-patch-manager-{region}-{suffix}")


def snapshot_bucket(region: str, site: Site) -> Observed[str]:
    """The bucket that a node's baseline snapshot is fetched from."""
    said = site.region(region)
    suffix = said.snapshot_suffix if said is not None else ""
    suffix = suffix or SNAPSHOT_SUFFIX.get(region, "")
    if not suffix and region not in PATCH_MANAGER_SUFFIX:
        return Unseen(f"what the bucket patch-baseline-snapshot-{region} ends in is not in the table of {AS_OF}")
    return Seen(f"patch-baseline-snapshot-{region}" + (f"-{suffix}" if suffix else ""))
