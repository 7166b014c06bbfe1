"""S3 with the few objects that an agent and Patch Manager fetch."""

import base64
import gzip
import io
import json
import tarfile
from typing import Dict, List, Optional, Tuple

from aiohttp import web

from tests.lab.aws import repository
from tests.lab.aws.answers import html_page, s3_error, s3_headers
from tests.lab.aws.state import State

VERSION = "3.3.1142.0"
PAYLOAD = "patchbaselineoperations/linux/payloads/patch-baseline-operations-1.83.tar.gz"


def payload() -> bytes:
    """A small real tar.gz in the place of Patch Manager's."""
    tarball = io.BytesIO()
    with tarfile.open(fileobj=tarball, mode="w") as archive:
        text = b"print('lab: nothing to patch')\n"
        member = tarfile.TarInfo("main_entry_point.py")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return gzip.compress(tarball.getvalue(), mtime=0)


def objects(region: str, domain: str) -> Dict[Tuple[str, str], bytes]:
    """(bucket, key) → content of what exists."""
    manifest = {
        "SchemaVersion": "1.0",
        "UriFormat": f"https://s3.{{Region}}.{domain}/amazon-ssm-{{Region}}/{{PackageName}}/{{PackageVersion}}/{{FileName}}",
        "Packages": [
            {
                "Name": name,
                "Files": [
                    {
                        "Name": f"{name}-linux-amd64.tar.gz",
                        "AvailableVersions": [{"Version": VERSION, "Checksum": "0" * 64, "Status": "Active"}],
                    }
                ],
            }
            for name in ("amazon-ssm-agent", "amazon-ssm-agent-updater")
        ],
    }
    own = f"amazon-ssm-{region}"
    return {
        (own, "latest/VERSION"): VERSION.encode(),
        (own, "stable/VERSION"): VERSION.encode(),
        (own, "ssm-agent-manifest.json"): json.dumps(manifest).encode(),
        (f"aws-ssm-{region}", PAYLOAD): payload(),
        **repository.objects(region, domain),
    }


def split(host: str, path: str) -> Tuple[Optional[str], str]:
    """The bucket and key of a request, virtual host or path style; no bucket at the service's root."""
    labels: List[str] = host.split(".")
    service = next(index for index, label in enumerate(labels) if label == "s3" or label.startswith("s3-"))
    before = [label for label in labels[:service] if not label.startswith("vpce-") and label != "bucket"]
    key = path.lstrip("/")
    if before:
        return ".".join(before), key
    bucket, _, key = key.partition("/")
    return bucket or None, key


async def answer(state: State, request: web.Request, body: bytes) -> web.StreamResponse:
    """The service's answer to one request."""
    head = request.method == "HEAD"
    if state.behaviour["s3"] == "html":
        return html_page()
    if state.behaviour["s3"] == "denied":
        return s3_error("AccessDenied", 403, "Access Denied", head)
    bucket, key = split(request.host.partition(":")[0].lower(), request.path)
    if bucket is None:
        headers = dict(s3_headers(), Location="https://aws.amazon.com/s3/")
        return web.Response(status=307, headers=headers)
    if not key:
        if head and "Authorization" in request.headers:
            return web.Response(status=200, headers=s3_headers(state.region))
        return s3_error("AccessDenied", 403, "Access Denied", head, state.region)
    content = objects(state.region, state.domain).get((bucket, key))
    given = state.behaviour["s3_objects"].get(f"{bucket}/{key}")
    content = content if given is None else base64.b64decode(given)
    if content is None or request.method not in ("GET", "HEAD"):
        return s3_error("AccessDenied", 403, "Access Denied", head)
    headers = dict(s3_headers(), **{"Content-Type": "binary/octet-stream"})
    return web.Response(status=200, headers=headers, body=content)
