"""What to do about a patch run's exit status, and where its finding's page tells more; what curl's own statuses mean.

What each status means is in ``exitcodes``. Source of the steps: patch-manager-troubleshooting, AWS Systems Manager User Guide
(2026-11), and the document's script (stored public copies of versions 1.80 to 1.87); curl's manual, EXIT CODES.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional


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
    PatchStep(130, 144, "See that ssm answers and that the agent has its credentials, then run it again."),
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


def step_of(status: int) -> Optional[PatchStep]:
    """What to do about an exit status of the patch document, or None."""
    return next((row for row in PATCH_STEPS if row.first <= status <= row.last), None)
