"""Where the patch script fetches its payload, by partition.

Source: AWS-RunPatchBaseline, payload 1.80 (tekumara/aws-ssm-patch-manager, 2021-11) and 1.83 (User Guide, 2026).
"""

from __future__ import annotations

from ssm_bootstrap.catalog.partitions import partition_of

_HOSTS = {
    "aws-cn": "s3.{region}.{domain}",
    "aws-us-gov": "s3-fips-{region}.{domain}",
}


def patch_payload_host(region: str) -> str:
    """The host that the patch script downloads from, in path style."""
    partition = partition_of(region)
    return _HOSTS.get(partition.name, "s3.dualstack.{region}.{domain}").format(region=region, domain=partition.domain)
