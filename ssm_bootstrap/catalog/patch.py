"""Patch Manager's Linux script: what its statuses mean, what to do about each, and what it asks S3 for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable, Mapping, Optional

from ssm_bootstrap.catalog.buckets import patch_manager_bucket, patch_payload_bucket, patch_payload_host, snapshot_bucket
from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.catalog.regions import NEWER_THAN_THE_PAYLOAD_RULE
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.site import Site

_PAYLOAD = "Patch Manager's payload patch-baseline-operations, patch_common/constant_repository.py (ExitCodes), as of 2026-11"
_DOCUMENT = "AWS-RunPatchBaseline document, payload 1.80 (shell part)"
_BOTH = f"{_DOCUMENT}; {_PAYLOAD}"
_SHELL = "POSIX shell, exit status of a command that is found and cannot be run"
_SEEN = "public report amazon-ssm-agent#345"


@dataclass(frozen=True)
class ExitCode:
    """One status: ``transient`` tells whether the same run may succeed later with nothing changed."""

    status: int
    meaning: str
    source: str
    transient: bool = False
    is_failure: bool = True
    of_dpkg: bool = False  # it means that where dpkg is the package manager; elsewhere it is the package manager's own


_ROWS: tuple[ExitCode, ...] = (
    ExitCode(1, "no status of its own: no package manager with its Python, or a package failed", _PAYLOAD),
    ExitCode(2, "dpkg's lock was held by another, or a package's dependencies are broken", _BOTH, True, of_dpkg=True),
    ExitCode(126, "the script may not be run: /var/lib/amazon is mounted noexec", _SHELL),
    ExitCode(130, "the association could not be read", _PAYLOAD, transient=True),
    ExitCode(131, "the call of ssm for the association failed", _PAYLOAD, transient=True),
    ExitCode(132, "the role may not read the association", _PAYLOAD),
    ExitCode(133, "the patch baseline could not be read", _PAYLOAD, transient=True),
    ExitCode(134, "the call of ssm for the patch baseline failed (ssm:GetPatchBaseline)", _PAYLOAD, transient=True),
    ExitCode(135, "the role may not read the patch baseline (ssm:GetPatchBaseline)", _PAYLOAD),
    ExitCode(136, "the patch baselines could not be listed", _PAYLOAD, transient=True),
    ExitCode(137, "the call for the list of baselines failed, or the script was killed (128 + 9: memory)", _PAYLOAD),
    ExitCode(138, "the role may not list patch baselines (ssm:DescribePatchBaselines)", _PAYLOAD),
    ExitCode(139, "the tagged resources could not be read, or the script crashed (128 + 11)", _PAYLOAD, transient=True),
    ExitCode(140, "the call for the tagged resources failed (tag:GetResources)", _PAYLOAD, transient=True),
    ExitCode(141, "the role may not read tagged resources (tag:GetResources)", _PAYLOAD),
    ExitCode(142, "the baseline of the association is not usable", _PAYLOAD),
    ExitCode(143, "the baseline's snapshot was not had, or the script was ended (128 + 15)", _PAYLOAD, transient=True),
    ExitCode(144, "the call for the snapshot failed (ssm:GetDeployablePatchSnapshotForInstance)", _PAYLOAD, transient=True),
    ExitCode(145, "the role may not have the snapshot (ssm:GetDeployablePatchSnapshotForInstance)", _PAYLOAD),
    ExitCode(146, "Patch Manager does not support this system", _PAYLOAD),
    ExitCode(147, "the snapshot could not be saved: disk full or read-only", _PAYLOAD),
    ExitCode(148, "the instance's metadata could not be had", _PAYLOAD, transient=True),
    ExitCode(149, "the result could not be reported (ssm:PutInventory, ssm:PutComplianceItems)", _PAYLOAD, transient=True),
    ExitCode(150, "the snapshot is not usable", _PAYLOAD),
    ExitCode(151, "the payload's hash is wrong (document), or the machine's uptime is not known (payload)", _DOCUMENT),
    ExitCode(152, "the payload could not be loaded (document), or its configuration file is not usable (payload)", _DOCUMENT),
    ExitCode(153, "the association's baseline tags are not usable", _PAYLOAD),
    ExitCode(154, "the script's directory could not be made: disk full or read-only", _DOCUMENT),
    ExitCode(155, "the payload could not be unpacked: disk full, or an incomplete download", _DOCUMENT),
    ExitCode(156, "the payload could not be downloaded from S3, or it broke off with no status of its own", _DOCUMENT, True),
    ExitCode(160, "the baseline override in S3 may not be read", _PAYLOAD),
    ExitCode(161, "the baseline override is no list of baselines in JSON", _PAYLOAD),
    ExitCode(162, "the baseline override could not be downloaded", _PAYLOAD, transient=True),
    ExitCode(163, "the baseline override has nothing for this system", _PAYLOAD),
    ExitCode(165, "the baseline override has more than one entry for this system", _PAYLOAD),
    ExitCode(166, "the baseline override names a system that is not supported", _PAYLOAD),
    ExitCode(167, "a baseline override and an install override list were given together", _PAYLOAD),
    ExitCode(194, "patched; the machine restarts and the run goes on after it", _PAYLOAD, is_failure=False),
    ExitCode(195, "the machine restarts, and a patch or the report failed before it", _PAYLOAD),
    ExitCode(196, "the machine restarts after a package's dependencies could not be met", _PAYLOAD + "; " + _SEEN),
)

EXIT_CODES: Mapping[int, ExitCode] = {row.status: row for row in _ROWS}
"""Statuses by their number. 157 to 159 and 164 are given to nothing; other numbers are a package manager's own."""


@dataclass(frozen=True)
class PatchStep:
    """What to do about the statuses from ``first`` to ``last``; ``code`` names the finding whose page tells more, or nothing.

    ``proves``: the status alone shows that finding; the others have more than one reason.
    """

    first: int
    last: int
    step: str
    code: str = ""
    proves: bool = False


PATCH_STEPS: tuple[PatchStep, ...] = (
    PatchStep(1, 1, "Read the last lines of its output: the payload says there what failed."),
    PatchStep(2, 2, "Let the other package manager end, and see that apt's repositories answer.", "package-manager-busy"),
    PatchStep(126, 126, "Mount /var/lib/amazon without noexec.", "noexec-mount", True),
    PatchStep(130, 136, "See that ssm answers and that the agent has its credentials, then run it again."),
    PatchStep(137, 137, "Give this machine more memory or swap; else see that ssm answers.", "resources-exhausted"),
    PatchStep(138, 144, "See that ssm answers and that the agent has its credentials, then run it again."),
    PatchStep(145, 145, "Allow the role of the activation ssm:GetDeployablePatchSnapshotForInstance."),
    PatchStep(146, 146, "Compare the system with Patch Manager's list.", "patch-platform", True),
    PatchStep(147, 147, "Make room below /var/log/amazon, and see that it can be written.", "disk-full"),
    PatchStep(148, 150, "See that ssm answers and that nothing on the way rewrites downloads."),
    PatchStep(151, 151, "Look for a proxy that rewrites or cuts downloads.", "patch-payload-unreachable", True),
    PatchStep(152, 152, "Compare the Python here with Patch Manager's list, and make room in /var.", "patch-platform"),
    PatchStep(153, 153, "Read in its output which of the association's tags is not understood."),
    PatchStep(154, 154, "Make room below /var/log/amazon, and see that it can be written.", "disk-full"),
    PatchStep(155, 155, "Make room below /var/log/amazon; else look for a proxy that cuts downloads.", "disk-full"),
    PatchStep(156, 156, "See what is in the way to S3: ssm-bootstrap doctor --for patch.", "patch-payload-unreachable", True),
    PatchStep(160, 167, "See the bucket and the file of the baseline override, and who may read them."),
    PatchStep(194, 194, "Nothing: the agent goes on after the reboot."),
    PatchStep(195, 195, "Read in its output which patches failed."),
    PatchStep(196, 196, "See that the repositories answer: what a patch depends on was not to be had.", "repository-unreachable"),
)

CURL_STATUSES = {
    5: "the proxy's name does not resolve",
    6: "the host's name does not resolve",
    7: "the connection is refused or has no route",
    22: "the server answers with an error (403: a policy)",
    23: "curl cannot write its file: a full disk, or a curl from snap",
    28: "no answer in time",
    35: "TLS fails or is cut",
    56: "the connection breaks off",
    60: "the certificate's issuer is not trusted",
}


_OF_RPM = re.compile(r"\b(?:zypper|libzypp|zypp|yum|dnf|rpm|repomd\.xml|SLES?|SUSE|RHEL|Red Hat)\b|\.(?:el|amzn|fc)\d")
_OF_DPKG = re.compile(r"\b(?:apt(?:-get|-cache)?|dpkg|debconf|Ubuntu|Debian)\b|\.deb\b")


def meaning_of(status: int, said: Iterable[str]) -> Optional[ExitCode]:
    """What a status of the patch document means beside what was printed; None for what only the package manager knows."""
    row = EXIT_CODES.get(status)
    if row is None or not row.of_dpkg:
        return row
    lines = tuple(said)
    is_of_rpm = any(_OF_RPM.search(line) for line in lines) and not any(_OF_DPKG.search(line) for line in lines)
    return None if is_of_rpm else row


def step_of(status: int) -> Optional[PatchStep]:
    """What to do about an exit status of the patch document, or None."""
    return next((row for row in PATCH_STEPS if row.first <= status <= row.last), None)


PAYLOADS = ("1.132", "1.110", "1.87", "1.83", "1.80")
"""Versions of the patch script's payload that were seen in use, the newest first. A document names one of them, and others go.

Source: public documents of 2026 (1.110 and 1.132); patch-manager-troubleshooting, User Guide (1.83, read 2026-11);
amazon-ssm-agent issue 453 (1.87); a stored copy of the document of 2021-11 (1.80). As of 2026-11.
"""

PAYLOAD_KEY = "patchbaselineoperations/linux/payloads/patch-baseline-operations-{version}.tar.gz"
PAYLOAD, SNAPSHOT, MODULES, ACCELERATED = "patch-payload", "patch-snapshot", "patch-modules", "patch-accelerated"


@dataclass(frozen=True)
class PatchObject:
    """One object that a patch run asks S3 for. ``may_be_gone``: any answer of S3 will do, even that it has none of that name.

    A payload is neither: each version may be gone, and of all that were seen in use one should be there.
    """

    name: str
    host: str
    path: str
    why: str
    may_be_gone: bool
    source: str


def patch_objects(region: str, site: Site, *, dual_stack: bool = False) -> tuple[PatchObject, ...]:
    """The objects of a region, as far as anybody told where they lie; ``dual_stack``: by names that have IPv6 addresses.

    Source of the latter: GetDeployablePatchSnapshotForInstance, UseS3DualStackEndpoint (Systems Manager API Reference).
    """
    domain = partition_of(region, site).domain
    s3 = f"s3.dualstack.{region}.{domain}" if dual_stack else f"s3.{region}.{domain}"
    document = "AWS-RunPatchBaseline, payloads 1.80 to 1.132 (2021-11 to 2026-11)"
    found = []
    host = value_of(patch_payload_host(region, site))
    for version in PAYLOADS if host is not None else ():
        path = f"/{patch_payload_bucket(region)}/{PAYLOAD_KEY.format(version=version)}"
        found.append(PatchObject(PAYLOAD, host or "", path, "the program that scans and installs", False, document))
    source = "patch-operations-s3-buckets, AWS Systems Manager User Guide, 2026-11"
    buckets = ((SNAPSHOT, snapshot_bucket, "the baseline's snapshot"), (MODULES, patch_manager_bucket, "Patch Manager's modules"))
    for name, named, why in buckets:
        bucket = value_of(named(region, site))
        if bucket is not None:
            found.append(PatchObject(name, f"{bucket}.{s3}", "/", why, True, source))
    if region in NEWER_THAN_THE_PAYLOAD_RULE and partition_of(region, site).name == "aws":  # S3 Accelerate is nowhere else
        name = f"aws-patch-manager-{region}.s3-accelerate.dualstack.{domain}"
        found.append(PatchObject(ACCELERATED, name, "/", "the program, in regions after ap-northeast-3", True, document))
    return tuple(found)
