"""An rpm repository in S3 as Amazon Linux 2023 has it, without any package: enough for a real dnf to be content."""

import gzip
import hashlib
from typing import Dict, Tuple

RELEASE = "2023.5.20240916"
GUID = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"
SUFFIX = "de612dc2"
COMMON = "http://linux.duke.edu/metadata"


def bucket_of(region: str) -> str:
    """The bucket of the distribution's repositories."""
    return f"al2023-repos-{region}-{SUFFIX}"


def repodata() -> Dict[str, bytes]:
    """The index and the three lists that it names, all empty; name below repodata/ → content."""
    lists = {
        "primary": f'<metadata xmlns="{COMMON}/common" xmlns:rpm="{COMMON}/rpm" packages="0"></metadata>',
        "filelists": f'<filelists xmlns="{COMMON}/filelists" packages="0"></filelists>',
        "other": f'<otherdata xmlns="{COMMON}/other" packages="0"></otherdata>',
    }
    found, rows = {}, []
    for kind, text in lists.items():
        plain = b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode()
        packed = gzip.compress(plain, mtime=0)
        name = f"{kind}.xml.gz"
        found[name] = packed
        rows.append(
            f'<data type="{kind}"><checksum type="sha256">{hashlib.sha256(packed).hexdigest()}</checksum>'
            f'<open-checksum type="sha256">{hashlib.sha256(plain).hexdigest()}</open-checksum>'
            f'<location href="repodata/{name}"/><timestamp>1726444800</timestamp><size>{len(packed)}</size>'
            f"<open-size>{len(plain)}</open-size></data>"
        )
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<repomd xmlns="{COMMON}/repo"><revision>1726444800</revision>'
    found["repomd.xml"] = (head + "".join(rows) + "</repomd>").encode()
    return found


def objects(region: str, domain: str) -> Dict[Tuple[str, str], bytes]:
    """(bucket, key) → content: the list of mirrors, and what lies on the mirror."""
    bucket = bucket_of(region)
    found: Dict[Tuple[str, str], bytes] = {}
    for architecture in ("x86_64", "aarch64"):
        home = f"core/guids/{GUID}/{architecture}"
        url = f"https://{bucket}.s3.dualstack.{region}.{domain}/{home}/\n"
        found[(bucket, f"core/mirrors/{RELEASE}/{architecture}/mirror.list")] = url.encode()
        for name, content in repodata().items():
            found[(bucket, f"{home}/repodata/{name}")] = content
    return found
