"""The agent: what it can do from which version on, the keys of its settings, and the package that a machine takes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Mapping, Optional, Sequence

from ssm_bootstrap.catalog.endpoints import Need
from ssm_bootstrap.model.aws import Domain, Region

Version = tuple[int, int, int, int]

SOURCE_BUILD = "3.3.0.0"
"""What an agent says that somebody built from source, whatever it was built from (amazon-ssm-agent 3.3.1142.0, makefile)."""


@dataclass(frozen=True)
class Landmark:
    """A version of the agent from which on something is so."""

    since: str
    what: str
    source: str

    def is_reached_by(self, version: str) -> Optional[bool]:
        """Whether an agent is that new; None where its version says nothing."""
        own, needed = parse_version(version), parse_version(self.since)
        return None if own is None or needed is None else own >= needed


_NOTES = "amazon-ssm-agent release notes"

PATCH_MANAGER = Landmark(
    "2.0.834.0", "Patch Manager", "AWS Systems Manager User Guide, patch-manager-prerequisites (SSM Agent version)"
)
WORKER = Landmark("3.0.151.0", "a process of its own, ssm-agent-worker, does the work", f"{_NOTES}, 3.0.151.0")
TELLS_CREDENTIALS = Landmark(
    "3.2.1297.0", "it logs that its credentials are ready", "amazon-ssm-agent, core/app/credentialrefresher, tag by tag"
)
COMMANDS_BY_SSMMESSAGES = Landmark(
    "3.1.821.0", "Run Command over ssmmessages", "amazon-ssm-agent 3.3.1142.0, agent/messageservice/interactor/mgsinteractor"
)
EC2MESSAGES_AS_FALLBACK = Landmark(
    "3.3.40.0",
    "ec2messages only where ssmmessages does not connect",
    f"{_NOTES}, 3.3.40.0; AWS Systems Manager User Guide, systems-manager-setting-up-messageAPIs",
)
INSTALLED = Landmark(
    "3.3.40.0",
    "what is installed here where no agent is: it works over ssmmessages alone, and a plugin's name leads out of no directory",
    f"{_NOTES}, 3.2.2143.0 and 3.3.40.0",
)
SLEEP_IS_SET = Landmark(
    "3.3.2299.0", "the longest sleep of a hibernating agent as a setting, and no noise of HeadBucket", f"{_NOTES}, 3.3.2299.0"
)
SDK_V2 = Landmark(
    "3.3.5068.0",
    "errors of AWS calls in the form of the second SDK (operation error SSM: X, ...)",
    f"{_NOTES}, 3.3.5068.0 of 2026-08-05 (aws-sdk-go v1 to aws-sdk-go-v2)",
)
OOM_PROTECTED = Landmark(
    "3.3.4364.0", "the out-of-memory killer away from it", f"{_NOTES}, 3.3.4364.0 of 2026-05-05 (systemd service files)"
)
DUAL_STACK = Landmark("3.3.3270.0", "dual-stack endpoints (UseDualStackEndpoint)", f"{_NOTES}, 3.3.3270.0 of 2025-10-09")

UPDATE_SPACE = 100 << 20
"""Bytes that must be free for an update (amazon-ssm-agent 3.3.1142.0, updateconstants.MinimumDiskSpaceForUpdate)."""


def parse_version(text: str) -> Optional[Version]:
    """The four numbers of an agent's version; None for anything else, and for what a build from source says."""
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)\.(\d+)", text.strip())
    if found is None or text.strip() == SOURCE_BUILD:
        return None
    first, second, third, fourth = (int(number) for number in found.groups())
    return first, second, third, fourth


def rows_of(need: Need, version: str) -> tuple[str, ...]:
    """The rows that serve a need for an agent of this version, the regular one first.

    One that is too old for Run Command over ssmmessages has ec2messages alone as its channel.
    """
    if set(need.any_of) == {"ssmmessages", "ec2messages"} and COMMANDS_BY_SSMMESSAGES.is_reached_by(version) is False:
        return ("ec2messages",)
    return need.any_of


TEXT, YES_NO, WHOLE, TEXTS, ANY = "a string", "true or false", "a whole number", "a list of strings", "anything"
"""What a value may be; ``null`` is taken everywhere and changes nothing."""

SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Profile": {"ShareCreds": YES_NO, "ShareProfile": TEXT, "ForceUpdateCreds": YES_NO, "KeyAutoRotateDays": WHOLE},
    "Mds": {"Endpoint": TEXT, "CommandWorkersLimit": WHOLE, "StopTimeoutMillis": WHOLE, "CommandRetryLimit": WHOLE},
    "Ssm": {
        "Endpoint": TEXT,
        "HealthFrequencyMinutes": WHOLE,
        "AssociationFrequencyMinutes": WHOLE,
        "AssociationRetryLimit": WHOLE,
        "CustomInventoryDefaultLocation": TEXT,
        "AssociationLogsRetentionDurationHours": WHOLE,
        "RunCommandLogsRetentionDurationHours": WHOLE,
        "SessionLogsRetentionDurationHours": WHOLE,
        "PluginLocalOutputCleanup": TEXT,
    },
    "Mgs": {"Region": TEXT, "Endpoint": TEXT, "StopTimeoutMillis": WHOLE, "SessionWorkersLimit": WHOLE},
    "Agent": {
        "Name": TEXT,
        "Version": TEXT,
        "Region": TEXT,
        "ServiceDomain": TEXT,
        "OrchestrationRootDir": TEXT,
        "DownloadRootDir": TEXT,
        "ContainerMode": YES_NO,
        "SelfUpdate": YES_NO,
        "SelfUpdateScheduleDay": WHOLE,
        "TelemetryMetricsToCloudWatch": YES_NO,
        "TelemetryMetricsToSSM": YES_NO,
        "TelemetryMetricsNamespace": TEXT,
        "LongRunningWorkerMonitorIntervalSeconds": WHOLE,
        "AuditExpirationDay": WHOLE,
        "ForceFileIPC": YES_NO,
        "UseDualStackEndpoint": ANY,  # only later agents know it
    },
    "Os": {"Lang": TEXT, "Name": TEXT, "Version": TEXT},
    "S3": {"Endpoint": TEXT, "Region": TEXT, "LogBucket": TEXT, "LogKey": TEXT},
    "Birdwatcher": {"ForceEnable": YES_NO},
    "Kms": {"Endpoint": TEXT},
    "Identity": {"ConsumptionOrder": TEXTS},
}
"""Section to key to type; every section is an object."""


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

    @property
    def key(self) -> str:
        """Its place below ``latest/``."""
        return f"{self.folder}/{self.file}"

    def url(self, region: Region, domain: Domain) -> str:
        """Its address in the region's bucket, in path style as everything the agent fetches for itself."""
        return f"https://s3.{region}.{domain}/amazon-ssm-{region}/latest/{self.key}"


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


def package_key(identifier: str, like: Sequence[str], architecture: str) -> str:
    """Where that package lies below ``latest/``; empty where there is none."""
    package = package_for(identifier, like, architecture)
    return package.key if package is not None else ""
