"""Which package of the agent a machine takes, and where it lies in the region's own bucket, with its signature beside it.

Source: AWS Systems Manager User Guide, verify-agent-signature (table of signature files) and agent-install-deb, -rhel
(read 2026-11); the family of a distribution: os-release(5), ID and ID_LIKE.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional, Sequence

from ssm_bootstrap.model.awsname import Domain, Region

SIGNATURE = ".sig"
"""What the detached signature's name ends in."""

MOST_PACKAGE = 256 << 20
"""Bytes that a package may have at most: those of 3.3 have about 25 to 40 MB."""

MOST_SIGNATURE = 64 << 10
"""Bytes that a signature may have at most: one has some hundred."""

FETCH = 900.0
"""Seconds in which a package has to be here: 40 MB at 50 kB/s."""

VERIFY = 60.0
"""Seconds that gpg gets for one of its steps."""

INSTALL = 300.0
"""Seconds that the package manager gets: the agent's scripts also start its unit."""


@dataclass(frozen=True)
class Package:
    """One package: for which family and processor, and where it lies below ``latest/``."""

    family: str  # deb, rpm
    architecture: str  # the kernel's word
    folder: str
    file: str
    source: str

    def url(self, region: Region, domain: Domain) -> str:
        """Its address in the region's bucket, in path style as everything the agent fetches for itself."""
        return f"https://s3.{region}.{domain}/amazon-ssm-{region}/latest/{self.folder}/{self.file}"


_GUIDE = "Systems Manager User Guide, verify-agent-signature"

PACKAGES: tuple[Package, ...] = (
    Package("deb", "x86_64", "debian_amd64", "amazon-ssm-agent.deb", _GUIDE),
    Package("deb", "aarch64", "debian_arm64", "amazon-ssm-agent.deb", _GUIDE),
    Package("rpm", "x86_64", "linux_amd64", "amazon-ssm-agent.rpm", _GUIDE),
    Package("rpm", "aarch64", "linux_arm64", "amazon-ssm-agent.rpm", _GUIDE),
)

FAMILIES: Mapping[str, str] = {
    **dict.fromkeys(("debian", "ubuntu", "raspbian"), "deb"),
    **dict.fromkeys(("amzn", "rhel", "fedora", "centos", "rocky", "almalinux", "ol", "sles", "suse", "opensuse"), "rpm"),
}
"""os-release's ID, or a word of its ID_LIKE, to the family of its packages."""

INSTALLERS: Mapping[str, tuple[str, ...]] = {"deb": ("dpkg", "-i"), "rpm": ("rpm", "-U")}
"""What installs a local file without asking a repository. Source: dpkg(1), rpm(8)."""


ASKERS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "deb": (("dpkg", "--field"), ("Package", "Version")),
    "rpm": (("rpm", "-qp", "--queryformat", "%{NAME} %{VERSION}"), ()),
}
"""What tells name and version of a local file: the words before and after its path. Source: dpkg(1), rpm(8)."""

NAME = "amazon-ssm-agent"

STRONG_DIGESTS: Mapping[str, str] = {"8": "SHA-256", "9": "SHA-384", "10": "SHA-512"}
"""Digests by which a signature counts, by their numbers in OpenPGP (RFC 9580, 9.5); of SHA-1 two files can be made alike.

AWS does not say which digest its .sig files have. The signatures inside its rpm packages were by SHA-1 until 2024 at least
(aws/amazon-ssm-agent, issues 517 and 559), which RHEL 9 refuses as well.
"""

WEAK_DIGESTS: Mapping[str, str] = {"1": "MD5", "2": "SHA-1", "3": "RIPEMD-160", "11": "SHA-224"}
"""Digests by which none does, by the same numbers."""


def named(said: str) -> tuple[str, str]:
    """Name and version in what an asker said, without the labels of dpkg and the revision of the package; empty where none."""
    words = [word for word in said.split() if not word.endswith(":")]
    return (words[0], words[1].partition("-")[0]) if len(words) == 2 else ("", "")


def package_for(identifier: str, like: Sequence[str], architecture: str) -> Optional[Package]:
    """The package for a distribution and a processor, or None where there is none."""
    family = next((FAMILIES[name] for name in (identifier, *like) if name in FAMILIES), None)
    found = (row for row in PACKAGES if (row.family, row.architecture) == (family, architecture))
    return next(found, None)
