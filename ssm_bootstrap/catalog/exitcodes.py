"""What the statuses of Patch Manager's Linux script mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

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


_ROWS: tuple[ExitCode, ...] = (
    ExitCode(1, "no status of its own: no package manager with its Python, or a package failed", _PAYLOAD),
    ExitCode(2, "dpkg's lock was held by another, or a package's dependencies are broken", _BOTH, transient=True),
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
