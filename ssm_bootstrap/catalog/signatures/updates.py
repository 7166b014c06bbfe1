"""What AWS-UpdateSSMAgent and the installers of the agent print, and how an update ends that did not begin."""

from __future__ import annotations

from ssm_bootstrap.catalog.signatures.kinds import AGENT, Kind, Signature, documented, formatted

_PLUGIN = AGENT + "agent/update/processor; agent/plugins/updatessmagent"

UPDATES: tuple[Signature, ...] = (
    Signature(
        id="update-older",
        kind=Kind.CAUSE,
        fixed="please enable allow downgrade to proceed",
        pattern=r"(?i:updating) \S{1,60} to an older version[^\n]{0,60}, please enable allow downgrade to proceed",
        meaning="the version that runs is newer than the one asked for, and going back was not allowed",
        source=_PLUGIN,
        samples=(
            documented("updating amazon-ssm-agent to an older version, please enable allow downgrade to proceed"),
            formatted("Updating amazon-ssm-agent to an older version 3.2.0.0, please enable allow downgrade to proceed"),
        ),
        near_misses=("Updating amazon-ssm-agent from 2.3.680.0 to latest",),
        code="agent-update-failed",
        variant="older",
        transient=False,
    ),
    Signature(
        id="update-not-in-manifest",
        kind=Kind.CAUSE,
        fixed="in the Manifest file",
        pattern=r"\bcannot find the \S{1,120} information in the Manifest file",
        meaning="the updater takes this system for one that it has no package for",
        source=_PLUGIN,
        samples=(documented("cannot find the amazon-ssm-agent-windows-amd64.tar.gz information in the Manifest file"),),
        near_misses=("cannot find the manifest",),
        code="agent-update-failed",
        variant="no-package",
        transient=False,
    ),
    Signature(
        id="update-not-for-system",
        kind=Kind.CAUSE,
        fixed=" in Manifest file",
        pattern=r"\bcannot find {1,2}\S{1,60} information for \S{1,60} in Manifest file",
        meaning="the updater takes this system for one that it has no package for",
        source=_PLUGIN,
        samples=(formatted("cannot find  amazon-ssm-agent information for linux-riscv64 in Manifest file"),),
        code="agent-update-failed",
        variant="no-package",
        transient=False,
    ),
    Signature(
        id="update-precondition",
        kind=Kind.CAUSE,
        fixed="kernel version",
        pattern=r"\bMinimum kernel version is \S{1,40} but instance kernel version is \S{1,80}",
        meaning="the version asked for needs a newer kernel",
        source=_PLUGIN,
        samples=(formatted("Minimum kernel version is 3.2 but instance kernel version is 2.6.32"),),
        code="agent-update-failed",
        variant="unsupported-version",
        transient=False,
    ),
    Signature(
        id="update-version-unsupported",
        kind=Kind.CAUSE,
        fixed=" version ",
        pattern=r"\b(?:source|target|agent) version \d[\d.]{0,40} is (?:unsupported on current platform|inactive)",
        meaning="the version asked for does not run on this system, or was withdrawn",
        source=_PLUGIN,
        samples=(
            formatted("amazon-ssm-agent target version 3.3.1142.0 is unsupported on current platform"),
            formatted("agent version 3.3.1142.0 is inactive"),
        ),
        code="agent-update-failed",
        variant="unsupported-version",
        transient=False,
    ),
    Signature(
        id="update-skipped",
        kind=Kind.STATE,
        fixed="has already been installed",
        pattern=r"\bamazon-ssm-agent \d[\d.]{0,40} has already been installed\b",
        meaning="the version asked for runs already",
        source=_PLUGIN,
        samples=(documented("amazon-ssm-agent 2.3.672.0 has already been installed, update skipped"),),
        near_misses=("Considering the package has already been installed.",),
    ),
    Signature(
        id="update-begins",
        kind=Kind.BENIGN,
        fixed="Updating amazon-ssm-agent from ",
        pattern=r"\AUpdating amazon-ssm-agent from \S{1,40} to \S{1,40}\s*\Z",
        meaning="an update of the agent begins",
        source=_PLUGIN,
        samples=(documented("Updating amazon-ssm-agent from 2.3.680.0 to latest"),),
    ),
    Signature(
        id="update-downloaded",
        kind=Kind.BENIGN,
        fixed="Successfully downloaded ",
        pattern=r"\ASuccessfully downloaded (?:manifest|https://\S{1,500})\s*\Z",
        meaning="a file of an update was fetched",
        source=_PLUGIN,
        samples=(
            documented("Successfully downloaded https://s3.sa-east-1.amazonaws.com/amazon-ssm-sa-east-1/ssm-agent-manifest.json"),
        ),
    ),
    Signature(
        id="installer-step",
        kind=Kind.BENIGN,
        fixed="# Trying to ",
        pattern=r"\A# Trying to (?:install|verify|register|start|wait|download|enable)\b",
        meaning="the installer of ECS Anywhere says what it does next",
        source="Amazon ECS Developer Guide, ecs-anywhere-install.sh; public report of its output",
        samples=(documented("# Trying to install ssm agent ... "),),
    ),
)
"""All rows."""
