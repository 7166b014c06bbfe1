"""The executable's bill of materials: beside the wheels all that is compiled into it, by the names that scanners know."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from packageurl import PackageURL

from tools.bundle import sbom
from tools.bundle.wheels import run
from tools.executable import sources

KNOWN = {
    "python3.13": ("CPython and its standard library", "Python-2.0.1", "python:python"),
    "openssl": ("TLS and hashes, linked in", "Apache-2.0", "openssl:openssl"),
    "zlib": ("Linked in", "Zlib", "zlib:zlib"),
    "bzip2": ("Linked in", "bzip2-1.0.6", "bzip:bzip2"),
    "xz-utils": ("Its liblzma, linked in", "0BSD", "tukaani:xz"),
}
"""What each source is here for, its licence, and its name in the Common Platform Enumeration."""

WITHIN_CPYTHON = {"expat": "MIT", "hacl-star": "Apache-2.0", "libb2": "CC0-1.0", "mpdecimal": "BSD-2-Clause"}
"""What CPython's own source brings and its bill lists, with the licence: that bill names none."""


def bill(file: Path, wheels: Sequence[Path], epoch: int) -> str:
    """The document for an executable; Failed where the schema refuses it."""
    return sbom.bill(file, wheels, [*_sources(), *_within_cpython(), _psutil()], epoch)


def _hash(digest: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=digest)


def _sources() -> Iterator[Component]:
    for name, source in sources.locked().items():
        what, licence, cpe = KNOWN[name]
        address = PackageURL("deb", "debian", name, source.version, {"arch": "source"})
        yield Component(
            name=name,
            version=source.upstream,
            type=ComponentType.LIBRARY,
            purl=address,
            bom_ref=str(address),
            cpe=f"cpe:2.3:a:{cpe}:{source.upstream}:*:*:*:*:*:*:*",
            description=what,
            hashes=[_hash(source.files[0][1])],
            licenses=[LicenseExpression(licence)],
            external_references=[
                ExternalReference(type=ExternalReferenceType.SOURCE_DISTRIBUTION, url=XsUri(file), hashes=[_hash(digest)])
                for file, digest in source.files
            ],
        )


def _within_cpython() -> Iterator[Component]:
    source = sources.locked()["python3.13"]
    archive = sources.directory(source) / source.files[0][0]
    listed = json.loads(run("tar", "-xOf", str(archive), "--wildcards", "*/Misc/sbom.spdx.json"))
    for row in listed["packages"]:
        if row["name"] in WITHIN_CPYTHON:
            name, version = row["name"], row["versionInfo"]
            yield Component(
                name=name,
                version=version,
                type=ComponentType.LIBRARY,
                bom_ref=f"cpython/{name}@{version}",
                cpe=next((one["referenceLocator"] for one in row["externalRefs"] if one["referenceLocator"][:4] == "cpe:"), None),
                description="Within CPython's own source",
                licenses=[LicenseExpression(WITHIN_CPYTHON[name])],
            )


def _psutil() -> Component:
    (archive,) = sources.from_index().glob("psutil-*.tar.gz")
    version = archive.name.partition("-")[2].removesuffix(".tar.gz")
    address = PackageURL("pypi", None, "psutil", version, {"file_name": archive.name})
    return Component(
        name="psutil",
        version=version,
        type=ComponentType.LIBRARY,
        purl=address,
        bom_ref=str(address),
        description="Its compiled part, linked in",
        hashes=[_hash(hashlib.sha256(archive.read_bytes()).hexdigest())],
        licenses=[LicenseExpression("BSD-3-Clause")],
    )
