"""The bill of materials: CycloneDX 1.6 in JSON, of the wheels as they went in; the same for the same bundle."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from email.message import Message
from email.parser import HeaderParser
from importlib.metadata import distribution
from pathlib import Path
from typing import Optional
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from tools.bundle.wheels import EXTRA, Failed

SPDX = {
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",  # Jinja2 says no more; its licence has three clauses
}
"""What packages say in their own words, as SPDX names it."""

_OF_EXTRA = re.compile(rf"""extra == ["']{EXTRA}["']""")
_KNOWN = re.compile(r"[A-Za-z0-9.+-]+( (OR|AND|WITH) [A-Za-z0-9.+-]+)*")


@dataclass(frozen=True)
class Part:
    """One wheel: its metadata, its file's name and that file's SHA-256."""

    metadata: Message
    file: str
    digest: str

    @property
    def name(self) -> str:
        """As the index has it: lower case, dashes (PEP 503)."""
        return re.sub(r"[-_.]+", "-", str(self.metadata["Name"])).lower()

    @property
    def needs(self) -> set[str]:
        """The names of what it cannot be without, and of what the bundle has beside that so that it can do more."""
        lines = [str(line) for line in self.metadata.get_all("Requires-Dist", [])]
        names = (re.match(r"[\w.-]+", line) for line in lines if "extra ==" not in line or _OF_EXTRA.search(line))
        return {re.sub(r"[-_.]+", "-", found[0]).lower() for found in names if found}

    @property
    def licence(self) -> str:
        """The SPDX expression. Failed where the metadata has none that is understood: then SPDX above wants a row."""
        said = [self.metadata["License-Expression"], self.metadata["License"], *self.metadata.get_all("Classifier", [])]
        for words in (str(word) for word in said if word):
            if words in SPDX:
                return SPDX[words]
            if _KNOWN.fullmatch(words) and " :: " not in words:
                return words
        raise Failed(f"{self.name}: which licence is it under?")


def part_of(wheel: Path) -> Part:
    """What a wheel says of itself."""
    with zipfile.ZipFile(wheel) as opened:
        name = next(name for name in opened.namelist() if name.endswith(".dist-info/METADATA") and name.count("/") == 1)
        metadata = HeaderParser().parsestr(opened.read(name).decode())
    return Part(metadata, wheel.name, hashlib.sha256(wheel.read_bytes()).hexdigest())


def bill(file: Path, wheels: Sequence[Path], beside: Sequence[Component], epoch: int) -> str:
    """The document for a file of these wheels, the package's own first, and of what is beside them in it.

    Failed where the schema refuses it.
    """
    parts = [part_of(wheel) for wheel in wheels]
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    own = _component(parts[0], ComponentType.APPLICATION, file.name, digest)
    made = [(part, _component(part, ComponentType.LIBRARY, part.file, part.digest)) for part in parts[1:]]
    document = Bom(components=[*beside, *(component for _, component in made)])
    document.metadata.component = own
    document.metadata.timestamp = datetime.fromtimestamp(epoch, timezone.utc)
    document.serial_number = uuid5(NAMESPACE_URL, f"sha256:{digest}")
    for part, component in [(parts[0], own), *made]:
        document.register_dependency(component, [other for needed, other in made if needed.name in part.needs])
    document.register_dependency(own, beside)
    text = JsonV1Dot6(document).output_as_string(indent=2) + "\n"
    refused = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if refused:
        raise Failed(f"the bill of materials is not valid: {refused}")
    return text


def _component(part: Part, kind: ComponentType, file: str, digest: Optional[str]) -> Component:
    """A component of the document; one for every file, so both builds of a compiled package are there."""
    version = str(part.metadata["Version"])
    address = PackageURL("pypi", None, part.name, version, {"file_name": file} if kind is ComponentType.LIBRARY else None)
    return Component(
        name=part.name,
        version=version,
        type=kind,
        purl=address,
        bom_ref=str(address),
        description=part.metadata["Summary"],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)] if digest else [],
        licenses=[LicenseExpression(part.licence)],
    )


def starter() -> Component:
    """shiv: its unpacking goes into the bundle."""
    version = distribution("shiv").version
    lock = Path(__file__).with_name("builder.txt").read_text(encoding="utf-8")
    found = re.search(rf"^shiv=={re.escape(version)} --hash=sha256:(\w+)$", lock, re.MULTILINE)
    address = PackageURL("pypi", None, "shiv", version)
    return Component(
        name="shiv",
        version=version,
        type=ComponentType.LIBRARY,
        purl=address,
        bom_ref=str(address),
        description="Its unpacking code, as _bootstrap",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=found[1])] if found else [],
        licenses=[LicenseExpression("BSD-2-Clause")],
    )
