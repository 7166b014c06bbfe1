"""Findings about what Patch Manager needs beside the agent."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import FindingKind, Scope, Side, Teller, Variant
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.findings import Reason, Severity

_PLATFORMS = (
    Variant(
        name="unlisted-release",
        when="the distribution is supported and this release is not on the list",
        severity=Severity.WARNING,
        title="This release is not on Patch Manager's list",
        cause="{detail}.",
    ),
    Variant(
        name="newer-python",
        when="the Python here is newer than what is documented",
        severity=Severity.WARNING,
        title="This Python is newer than Patch Manager documents",
        cause="{detail}.",
    ),
    Variant(
        name="little-room",
        when="there is some room and not much",
        severity=Severity.WARNING,
        title="There is little room for packages and their lists",
        cause="{detail}.",
    ),
    Variant(
        name="foreign-keys",
        when="root's default profile holds keys that the agent did not write",
        severity=Severity.WARNING,
        title="The patch script will use somebody else's keys",
        cause="{detail}.",
    ),
    Variant(
        name="other-profile",
        when="the agent shares its keys under another profile's name",
        severity=Severity.WARNING,
        title="The patch script may not find the agent's keys",
        cause="{detail}.",
    ),
    Variant(
        name="python3-apt",
        when="python3-apt is missing and the repositories answer",
        severity=Severity.INFO,
        title="python3-apt is missing and is installed by the first scan",
        cause="{detail}.",
    ),
    Variant(
        name="reboot-pending",
        when="the machine waits for a reboot",
        severity=Severity.INFO,
        title="A reboot is pending from before",
        cause="{detail}.",
    ),
)
"""The words of patch-platform where a run may stumble, or where something is only worth knowing."""

_IN_S3 = (
    (
        "Amazon Linux: is there an S3 gateway endpoint with the subnet's route table associated? An interface "
        "endpoint's private DNS may not answer for s3.dualstack names, which Amazon Linux 2023 uses."
    ),
    "Endpoint policy: does it allow s3:GetObject on al2023-repos-{region}-* and amazonlinux-2-repos-{region}?",
)
_ELSEWHERE = ("RHEL, SLES, Ubuntu, Debian and others: is there a mirror, a Satellite or a proxy that this subnet may reach?",)

_REPOSITORIES = (
    Variant(
        name="answers",
        when="it was reached and cannot serve",
        title="A package repository answers that it cannot serve now",
        cause=(
            "{host} was reached and answered with an error of its own (5xx). The way there is open: it is the server, or a proxy "
            "or mirror before it, that has to be mended or waited for."
        ),
        summary="Try again later, and where it stays so tell who runs that server or mirror; nothing of the VPC has to change.",
        steps=("Ask the repository again, from another machine too.", "A mirror or proxy of one's own: look at its log."),
        aws_steps=(),
        commands=("dnf makecache", "yum makecache", "apt-get update", "zypper refresh"),
        aws_commands=(),
    ),
    Variant(
        name="s3",
        when="it lies in S3",
        changed_on=Side.AWS,
        steps=("Nothing on this machine has to change.",),
        aws_steps=_IN_S3,
    ),
    Variant(
        name="s3-denied",
        when="it lies in S3 and is denied",
        changed_on=Side.AWS,
        own_step_on=Side.AWS,
        own_step_beside="s3",
        summary="Allow s3:GetObject on {place} too in the S3 endpoint's policy.",
        steps=("Nothing on this machine has to change.",),
        aws_steps=_IN_S3,
    ),
    Variant(
        name="s3-over-http",
        when="it lies in S3 and is asked for over port 80, which gives no answer",
        changed_on=Side.AWS,
        own_step_on=Side.MACHINE,
        own_step_beside="s3",
        summary="Let TCP 80 out to S3, or write https:// in place of http:// in {place}.",
        steps=("Or write https:// in place of http:// in {place}.",),
        aws_steps=_IN_S3,
    ),
    Variant(
        name="no-index",
        when="its host answers and has no index there",
        summary="Correct the URL at {place}, or put the index there: {host} answers without it.",
        aws_steps=(),
        aws_commands=(),
    ),
    Variant(
        name="elsewhere",
        when="it lies outside AWS",
        summary="Give this machine a way to its repositories: a mirror in S3, a proxy, or a repository inside the network.",
        aws_steps=_ELSEWHERE,
        aws_commands=(aws.S3_ENDPOINTS,),
    ),
    Variant(
        name="in-both",
        when="some lie in S3 and others outside AWS",
        summary="Give this machine a way to its repositories: a mirror in S3, a proxy, or a repository inside the network.",
    ),
)

_SCAN_AGAIN = "Do not trust the compliance reported since the repository was lost: scan again once it is reachable."
_OTHERS = "{detail} The distribution's own patches are scanned; what comes from these repositories is not."

_COMPLIANCE = (
    Variant(
        name="nothing-on",
        when="no repository is switched on",
        cause="No repository is switched on here ({detail}), so a scan has no patches to compare with and can find none missing.",
        summary=(
            "Switch on this system's own repositories (RHEL: register it with subscription-manager, or install its RHUI client)."
        ),
        steps=("Do not trust the compliance reported until then: scan again.",),
        aws_steps=(),
        aws_commands=(),
    ),
    Variant(
        name="skipped",
        when="a setting that is known lets the repository be skipped",
        own_step_on=Side.MACHINE,
        summary="Make the repository reachable, and set skip_if_unavailable=False {place}: a failure is then seen as one.",
        steps=(_SCAN_AGAIN,),
    ),
    Variant(
        name="others-skipped",
        when="the distribution's own repositories answer, and others are skipped by a setting",
        own_step_on=Side.MACHINE,
        severity=Severity.WARNING,
        title="Packages of other repositories are left out of a scan",
        cause=_OTHERS,
        summary="Make the repository reachable, and set skip_if_unavailable=False {place}: a failure is then seen as one.",
        steps=(_SCAN_AGAIN,),
    ),
    Variant(
        name="others-left-out",
        when="the distribution's own repositories answer, and others do not",
        severity=Severity.WARNING,
        title="Packages of other repositories are left out of a scan",
        cause=_OTHERS,
        summary="Make these repositories reachable, or switch off those from which nothing has to come.",
        steps=(_SCAN_AGAIN,),
        commands=("apt-get update", "zypper refresh"),
    ),
)

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="repository-unreachable",
        severity=Severity.ERROR,
        breaks=(Capability.PATCH,),
        depends_on=("s3",),
        scope=Scope.OF_ITS_HOSTS,
        is_fetched=True,
        variants=_REPOSITORIES,
        title="A package repository of this system cannot be reached",
        cause=(
            "Patches come from the repositories configured on this machine, and {host} cannot be reached. No endpoint for "
            "Systems Manager changes that: only Amazon Linux has its repositories in S3, others are on the internet or on a "
            "mirror."
        ),
        summary="Give this machine a way to its package repositories: the S3 endpoint for Amazon Linux, else a mirror or proxy.",
        steps=(
            "See which repositories are enabled and which of them fail.",
            "Point them at an internal mirror, or give the package manager a proxy.",
        ),
        aws_steps=(*_IN_S3, *_ELSEWHERE),
        commands=("dnf -v repolist", "yum -v repolist", "apt-get update", "zypper refresh"),
        aws_commands=(aws.S3_ENDPOINTS, aws.S3_ENDPOINT_POLICY, aws.ROUTE_TABLE),
        transient=True,
        source="AWS Systems Manager user guide, patch-manager-prerequisites; amazon-linux-2023 issue 535",
    ),
    FindingKind(
        code="false-compliance",
        severity=Severity.ERROR,
        depends_on=("s3",),
        scope=Scope.OF_ITS_HOSTS,
        is_fetched=True,
        variants=_COMPLIANCE,
        title="This node may be reported compliant although nothing was scanned",
        cause=(
            "A repository cannot be reached and its configuration says skip_if_unavailable, so the package manager leaves it "
            "out and ends well. Patch Manager then finds no missing patches because it looked at none."
        ),
        summary="Make the repository reachable, and set skip_if_unavailable=False so that a failure is seen as one.",
        steps=(
            "Set it in /etc/dnf/dnf.conf, section [main], or in each file of /etc/yum.repos.d/.",
            _SCAN_AGAIN,
        ),
        aws_steps=("Make the repository reachable first, as under repository-unreachable.",),
        commands=("grep -rn skip_if_unavailable /etc/dnf/dnf.conf /etc/yum.conf /etc/yum.repos.d/", "dnf -v repolist"),
        aws_commands=(aws.S3_ENDPOINTS,),
        source="AWS Systems Manager user guide, patch-manager-prerequisites and patch-manager-installing-patches",
    ),
    FindingKind(
        code="patch-payload-unreachable",
        severity=Severity.ERROR,
        service="s3",
        is_minor_beside=("s3-unreachable",),
        changed_on=Side.AWS,
        breaks=(Capability.PATCH,),
        depends_on=("s3",),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        is_fetched=True,
        title="Patch Manager's own program cannot be downloaded",
        cause=(
            "AWS-RunPatchBaseline first downloads its program from {host} with curl or wget, and that fails. This is often "
            "another name than the one that the agent uses (s3.dualstack), so agent updates may work all the same."
        ),
        summary="Make {host} reachable on 443, best by an S3 gateway endpoint.",
        steps=(
            "Try the name from this machine; a proxy must be set in the agent's unit, as the download inherits that environment.",
            "A curl that came as a snap cannot write the file (exit status 23): use the distribution's own.",
        ),
        aws_steps=(
            "Instance's security group: TCP 443 and 80 outbound to the prefix list com.amazonaws.{region}.s3?",
            "Network ACL: 443 out, ports 1024-65535 back in?",
            (
                "Route table: is the subnet's table associated with an S3 gateway endpoint? An S3 interface endpoint's private "
                "DNS may not answer for s3.dualstack names."
            ),
            (
                "Endpoint policy: is s3:GetObject allowed on aws-ssm-{region} and aws-patch-manager-{region}-* without a "
                "condition on the principal? The download is not signed."
            ),
        ),
        commands=("curl -sS -m 5 -o /dev/null -w '%{{http_code}}\\n' https://{host}/",),
        aws_commands=(
            aws.INSTANCE_SECURITY_GROUP,
            aws.S3_PREFIX_LIST,
            aws.NETWORK_ACL,
            aws.ROUTE_TABLE,
            aws.S3_ENDPOINTS,
            aws.CREATE_S3_GATEWAY,
            aws.S3_ENDPOINT_POLICY,
        ),
        transient=True,
        source="AWS-RunPatchBaseline, payload 1.80 (stored copy); amazon-ssm-agent issue 453",
    ),
    FindingKind(
        code="patch-platform",
        severity=Severity.ERROR,
        subject="Patch Manager",
        breaks=(Capability.PATCH,),
        follows_for=Reason.OF_STORAGE,
        variants=_PLATFORMS,
        title="Patch Manager cannot patch this system as it is",
        cause=(
            "Patch Manager needs a supported distribution and release, its package manager, a Python it knows, and directories "
            "in which programs may run. One of these is not so here, whatever the network does."
        ),
        summary="Bring this system to what Patch Manager supports, or patch it another way.",
        steps=(
            "Compare release and Python version with the prerequisites; a Python newer than 3.12 is not on AWS's list.",
            "/var/lib/amazon and /var/log/amazon must not be mounted noexec, and /var needs free space.",
            "Hybrid nodes need the document AWS-RunPatchBaseline; AWS-RunPatchBaselineAssociation is for EC2 identities only.",
        ),
        commands=("cat /etc/os-release", "python3 --version", "findmnt -T /var/lib/amazon", "df -h /var"),
        source="AWS Systems Manager user guide, patch-manager-prerequisites and patch-manager-troubleshooting",
    ),
    FindingKind(
        code="repository-config-invalid",
        severity=Severity.ERROR,
        title="The configuration of package repositories does not parse",
        cause=(
            "{detail} dnf leaves out a whole file for one such line, so that its repositories are not scanned; yum and apt "
            "refuse to work at all. Either way a patch run does not see what somebody thinks it sees."
        ),
        summary="Correct the line that is named, and have the package manager read its configuration again.",
        steps=(
            "Open the file at the line that is named and compare it with the line as the distribution ships it.",
            "Nothing else in the file counts for dnf until the line is right.",
        ),
        commands=("dnf repolist --all", "apt-get update --print-uris", "zypper repos --uri"),
        source="libdnf 0.69 and apt 2.6 (measured, 2026-11); dnf.conf(5), sources.list(5), yum.conf(5)",
    ),
    FindingKind(
        code="package-manager-busy",
        severity=Severity.WARNING,
        title="Another process holds the package manager's lock",
        cause=(
            "{detail} A patch run that starts meanwhile waits for it or gives up: with exit status 2 where the document "
            "cannot install what it needs by apt."
        ),
        summary="Wait until the other process is done, or see why it is not.",
        steps=(
            "Look at the process that is named: a patch run, an upgrade at boot or somebody's shell.",
            "Do not remove the lock's file: the lock ends with its process.",
        ),
        variants=(
            Variant(
                name="told-by-a-log",
                when="a log tells of it",
                cause=(
                    "A package manager found the lock of another one, or of the patch run before, and gave up or waited. At boot "
                    "and at night the system's own upgrades hold it for minutes."
                ),
                steps=(
                    "See whether a package manager is at work now, and run the command again when it is done.",
                    "Put the maintenance window away from the hours of the system's own upgrades.",
                    "Do not remove the lock's file: the lock ends with its process.",
                ),
            ),
        ),
        commands=("ps -o pid,etime,args -C apt-get,apt,dpkg,unattended-upgr,dnf,yum,zypper,rpm", "cat /proc/locks"),
        transient=True,
        source="AWS-RunPatchBaseline, script of payload 1.80 (dpkg's lock, exit status 2); dpkg(1), dnf(8), libzypp",
    ),
    FindingKind(
        code="patch-hybrid-limits",
        severity=Severity.WARNING,
        title="Some of Patch Manager is not for hybrid nodes",
        cause=(
            "AWS-RunPatchBaselineAssociation works with EC2 identities alone, and the daily scan of Quick Setup's host "
            "management uses it: it passes hybrid nodes over without a word. Session Manager to a hybrid node, and more than "
            "1,000 of them in a region, need the advanced-instances tier, which has a price for each node."
        ),
        summary="Patch hybrid nodes with AWS-RunPatchBaseline, by a maintenance window or a patch policy.",
        steps=("Nothing on this machine has to change.",),
        aws_steps=("Have State Manager or a maintenance window run AWS-RunPatchBaseline on this node, with Operation=Scan.",),
        commands=("ssm-bootstrap doctor --for patch",),
        source="AWS Systems Manager User Guide: patch-manager-aws-runpatchbaselineassociation, managed-instances tiers (2026-11)",
    ),
)
