"""Findings about what Patch Manager needs beside the agent."""

from __future__ import annotations

from ssm_bootstrap.catalog import limits
from ssm_bootstrap.catalog.findingkind import Circumstance, FindingKind, Scope, Teller, Variant, look
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import nodecommands as node
from ssm_bootstrap.catalog.findings import s3ways
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.findings import Reason, Severity, Side

_PLATFORMS = (
    Variant(
        name="unlisted-release",
        when="the distribution is supported but this release is not listed",
        severity=Severity.WARNING,
        title="This release is not on Patch Manager's list",
        cause="{detail}.",
    ),
    Variant(
        name="newer-python",
        when="this Python is newer than AWS documents",
        severity=Severity.WARNING,
        title="This Python is newer than Patch Manager documents",
        cause="{detail}.",
    ),
    Variant(
        name="little-room",
        when="there is some space, but not much",
        severity=Severity.WARNING,
        title="There is little disk space for packages and their metadata",
        cause="{detail}.",
    ),
    Variant(
        name="foreign-keys",
        when="root's default profile holds keys that the agent did not write",
        severity=Severity.WARNING,
        title="The patch script will use AWS keys that are not the agent's",
        cause="{detail}.",
    ),
    Variant(
        name="other-profile",
        when="the agent writes its keys to a profile with another name",
        severity=Severity.WARNING,
        title="The patch script may not find the agent's keys",
        cause="{detail}.",
    ),
    Variant(
        name="python3-apt",
        when="python3-apt is missing but the repositories answer",
        severity=Severity.INFO,
        title="python3-apt is missing; the first scan installs it",
        cause="{detail}.",
    ),
    Variant(
        name="reboot-pending",
        when="this machine has a reboot pending",
        severity=Severity.INFO,
        title="A reboot is already pending",
        cause="{detail}.",
    ),
)
"""The words of patch-platform where a run may stumble, or where something is only worth knowing."""

_IN_S3 = (
    (
        "Amazon Linux: is there an S3 gateway endpoint associated with the subnet's route table? Amazon Linux 2023 uses "
        "s3.dualstack names, so an interface endpoint must have address type dualstack."
    ),
    *s3ways.EACH,
    "Endpoint policy: does it allow s3:GetObject on al2023-repos-{region}-* and amazonlinux-2-repos-{region}?",
)
_ELSEWHERE = ("RHEL, SLES, Ubuntu, Debian and others: is there a mirror, a Satellite or a proxy that this subnet can reach?",)

_REPOSITORIES = (
    Variant(
        name="syncing",
        when="the mirror's list and its files do not match",
        title="A package mirror is being synced",
        cause=(
            "{host} was reached, but a file there is not the one that its list names: {detail}. That is so while a mirror is "
            "being filled, or where a cache in between serves old files."
        ),
        summary="Try again in a few minutes; if it persists, use another mirror or clear the cache in between.",
        steps=("A mirror of your own: sync it completely before its list is replaced.",),
        commands=(look("apt-get update"),),
    ),
    Variant(
        name="answers",
        when="the repository was reached but cannot serve",
        title="A package repository answers with a server error",
        cause=(
            "{host} was reached and answered with a server error (5xx). The path is open: the fault is in the server, or "
            "in a proxy or mirror in front of it."
        ),
        summary="Try again later; if it persists, tell whoever runs that server or mirror, as nothing in the VPC has to change.",
        steps=("Query the repository again, also from another machine.", "If the mirror or proxy is yours, check its log."),
        aws_steps=(),
        commands=(
            look("dnf makecache", node.ON_DNF),
            look("yum makecache", node.ON_YUM),
            look("apt-get update", node.ON_APT),
            look("zypper refresh", node.ON_ZYPPER),
        ),
        aws_commands=(),
    ),
    Variant(
        name="snaps",
        when="the store of snaps cannot be reached",
        title="The snap store cannot be reached",
        cause=(
            "snapd downloads from api.snapcraft.io and its CDN, which are on the internet, and could not: {detail}. No VPC "
            "endpoint leads there."
        ),
        summary="Give snapd a proxy that allows the snap store, or install the agent's .deb package from S3 instead.",
        steps=("A proxy for snapd is set with `snap set system proxy.https=`.",),
        commands=(look("snap get system proxy"), look("snap list amazon-ssm-agent")),
        aws_steps=("Is there a proxy or a NAT gateway that lets this subnet reach *.snapcraft.io and *.snapcraftcontent.com?",),
        aws_commands=(),
    ),
    Variant(
        name="subscription",
        when="Red Hat's subscription service cannot be reached",
        title="Red Hat's subscription service cannot be reached",
        cause="subscription-manager could not reach its server, which is on the internet: {detail}. No VPC endpoint leads there.",
        summary="Give subscription-manager a proxy, register with a Satellite, or use the RHUI client's repositories.",
        steps=("A proxy for subscription-manager is set in /etc/rhsm/rhsm.conf.",),
        commands=(look("sudo subscription-manager status"), look("grep -n proxy /etc/rhsm/rhsm.conf")),
        aws_steps=(),
        aws_commands=(),
    ),
    Variant(
        name="download",
        when="your own script downloads from outside AWS",
        severity=Severity.WARNING,
        title="A download from {host} did not get through",
        cause=(
            "A script that ran on this machine downloads from {host}, which is not an AWS host: {detail}. No VPC endpoint "
            "covers it, so it needs internet access or a mirror; Systems Manager does not depend on it."
        ),
        summary=(
            "Download it from an S3 bucket or an internal mirror, or give this machine access to {host} by a proxy or NAT "
            "gateway."
        ),
        steps=("Later errors in the same script follow from this: a missing package, a command not found.",),
        aws_steps=(),
        commands=(look('for host in {hosts}; do curl -sS -m 5 -o /dev/null -v "https://$host/"; done'),),
        aws_commands=(),
    ),
    Variant(
        name="s3",
        when="the repository is in S3",
        changed_on=Side.AWS,
        steps=("Nothing on this machine has to change.",),
        aws_steps=_IN_S3,
    ),
    Variant(
        name="s3-denied",
        when="the repository is in S3 and access is denied",
        changed_on=Side.AWS,
        own_step_on=Side.AWS,
        own_step_beside="s3",
        summary="Also allow s3:GetObject on {place} in the S3 endpoint's policy.",
        steps=("Nothing on this machine has to change.",),
        aws_steps=_IN_S3,
        aws_commands=(aws.S3_ENDPOINT_POLICY, aws.PRESENT_ENDPOINT_POLICY, aws.SET_ENDPOINT_POLICY),
    ),
    Variant(
        name="s3-over-http",
        when="the repository is in S3 and port 80 does not answer",
        changed_on=Side.AWS,
        own_step_on=Side.MACHINE,
        own_step_beside="s3",
        summary="Allow TCP 80 to S3, or change http:// to https:// in {place}.",
        steps=("Alternatively, change http:// to https:// in {place}.",),
        aws_steps=_IN_S3,
        aws_commands=(aws.INSTANCE_SECURITY_GROUP, aws.S3_PREFIX_LIST, aws.NETWORK_ACL, aws.ALLOW_S3_HTTP),
    ),
    Variant(
        name="no-index",
        when="the host answers but has no index at that URL",
        summary="Fix the URL in {place}, or publish the index there: {host} answers but does not have it.",
        aws_steps=(),
        aws_commands=(),
    ),
    Variant(
        name="elsewhere",
        when="the repository is outside AWS",
        summary="Give this machine access to its repositories: a mirror in S3, a proxy, or a repository on your network.",
        aws_steps=_ELSEWHERE,
        aws_commands=(aws.S3_ENDPOINTS,),
    ),
    Variant(
        name="in-both",
        when="some repositories are in S3 and others outside AWS",
        summary="Give this machine access to its repositories: a mirror in S3, a proxy, or a repository on your network.",
    ),
)

_PAYLOADS = (
    Variant(
        name="gone-or-denied",
        when="S3 serves none of the known versions",
        severity=Severity.INFO,
        title="S3 serves no version of the Patch Manager payload that is known here",
        cause=(
            "{host} answers, and for {detail}. S3 gives the same answer for a missing file as for one that a policy "
            "denies, and newer documents use newer versions, so this alone is not a fault. It is one if a patch run exits "
            "with 156."
        ),
        summary="If patch runs succeed, do nothing; if they exit with 156, allow the buckets in the S3 endpoint's policy.",
        steps=("Check the last patch run: its output names the file that it could not download.",),
        aws_steps=(
            (
                "Endpoint policy: does it allow s3:GetObject on aws-ssm-{region} and the region's aws-patch-manager bucket for "
                "every principal?"
            ),
            s3ways.OPEN_TO_ALL,
        ),
        aws_commands=(aws.S3_ENDPOINT_POLICY,),
    ),
    Variant(
        name="accelerated",
        circumstance=Circumstance.S3_HAS_NO_ENDPOINT,
        when="the host is S3 Transfer Acceleration, which no VPC endpoint serves",
        severity=Severity.INFO,
        title="No VPC endpoint covers S3 Transfer Acceleration, where the payload may be",
        cause=(
            "In the regions opened since then, AWS-RunPatchBaseline of 2021 downloads its payload from {host}. S3 Transfer "
            "Acceleration is served by AWS edge locations, outside the addresses of any S3 gateway or interface endpoint. "
            "Whether the current document still uses it is not known."
        ),
        summary="If patch runs exit with 156, allow {host} on 443 through a proxy or a NAT gateway: no endpoint covers it.",
        steps=("Check the last patch run: its output names the host that it tried.",),
        aws_steps=("Is there a proxy or NAT gateway that this subnet may use for this one host?",),
        aws_commands=(),
    ),
)

_SCAN_AGAIN = "Do not trust the compliance reported since the repository became unreachable: scan again once it is reachable."
_OTHERS = "{detail} The distribution's own patches are scanned; packages from these repositories are not."

_COMPLIANCE = (
    Variant(
        name="nothing-on",
        when="no repository is enabled",
        is_fetched=False,
        cause=(
            "No repository is enabled on this machine ({detail}), so a scan has nothing to compare with and reports no missing "
            "patches."
        ),
        summary=("Enable this system's repositories (RHEL: register it with subscription-manager, or install its RHUI client)."),
        steps=("Do not trust the compliance reported until then: scan again.",),
        aws_steps=(),
        aws_commands=(),
    ),
    Variant(
        name="past-its-end",
        when="this release is past its end of support",
        is_fetched=False,
        severity=Severity.WARNING,
        title="This system gets no more patches and may be reported compliant",
        cause=(
            "{detail} A scan compares this machine with repositories that get no more updates and finds nothing missing. "
            "Patch Manager may then report it as Compliant, which says nothing about vulnerabilities found after {place}."
        ),
        summary="Move to a supported release, or buy the vendor's extended support if there is any.",
        steps=(
            "Compliant does not mean patched: compare that date with the date of the last installed patch.",
            (
                "If the vendor sells extended support, register this machine, and check that the extended repository is "
                "enabled and answers."
            ),
        ),
        aws_steps=("Count such nodes by PlatformName and PlatformVersion of the managed nodes, not by compliance.",),
        commands=(look("cat /etc/os-release"),),
        aws_commands=(),
        source=(
            "AWS Systems Manager User Guide, patch-manager-prerequisites (a system past its end might be reported Compliant); "
            "dates: rows of catalog/distributions.py"
        ),
    ),
    Variant(
        name="skipped",
        when="a known setting lets the repository be skipped",
        own_step_on=Side.MACHINE,
        summary="Make the repository reachable, and set skip_if_unavailable=False {place}, so that a failure is reported as one.",
        steps=(_SCAN_AGAIN,),
    ),
    Variant(
        name="others-skipped",
        when="the distribution's repositories answer, but a setting skips others",
        own_step_on=Side.MACHINE,
        severity=Severity.WARNING,
        title="A scan leaves out packages from other repositories",
        cause=_OTHERS,
        summary="Make the repository reachable, and set skip_if_unavailable=False {place}, so that a failure is reported as one.",
        steps=(_SCAN_AGAIN,),
    ),
    Variant(
        name="others-left-out",
        when="the distribution's repositories answer, but others do not",
        severity=Severity.WARNING,
        title="A scan leaves out packages from other repositories",
        cause=_OTHERS,
        summary="Make these repositories reachable, or disable those that you do not need.",
        steps=(_SCAN_AGAIN,),
        commands=(look("apt-get update", node.ON_APT), look("zypper refresh", node.ON_ZYPPER)),
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
            "Patches come from the repositories configured on this machine, and {host} cannot be reached. Systems Manager "
            "endpoints do not help here: only Amazon Linux has its repositories in S3; the others are on the internet or "
            "on a mirror."
        ),
        summary=(
            "Give this machine access to its package repositories: the S3 endpoint for Amazon Linux, otherwise a mirror or proxy."
        ),
        steps=(
            "Check which repositories are enabled and which of them fail.",
            "Point them at an internal mirror, or configure a proxy for the package manager.",
        ),
        aws_steps=(*_IN_S3, *_ELSEWHERE),
        commands=(
            look("dnf -v repolist", node.ON_DNF),
            look("yum -v repolist", node.ON_YUM),
            look("apt-get update", node.ON_APT),
            look("zypper refresh", node.ON_ZYPPER),
        ),
        aws_commands=(
            aws.S3_ENDPOINTS,
            aws.S3_ENDPOINT_POLICY,
            aws.ROUTE_TABLE,
            aws.CREATE_S3_GATEWAY,
            aws.ADD_ROUTE_TABLE,
            aws.S3_DUAL_STACK,
            aws.S3_NAMES_INSIDE,
        ),
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
            "A repository cannot be reached and its configuration sets skip_if_unavailable, so the package manager skips "
            "it and exits successfully. Patch Manager then finds no missing patches because it looked at none."
        ),
        summary="Make the repository reachable, and set skip_if_unavailable=False so that a failure is reported as one.",
        steps=(
            (
                "Set it in each repository section that sets it to true; [main] in /etc/dnf/dnf.conf covers only sections "
                "without a value."
            ),
            _SCAN_AGAIN,
        ),
        aws_steps=("Make the repository reachable first, see repository-unreachable.",),
        commands=(
            look("grep -rn skip_if_unavailable /etc/dnf/dnf.conf /etc/yum.conf /etc/yum.repos.d/"),
            look("dnf -v repolist"),
        ),
        aws_commands=(aws.S3_ENDPOINTS,),
        source="AWS Systems Manager user guide, patch-manager-prerequisites and patch-manager-installing-patches",
    ),
    FindingKind(
        code="patch-payload-unreachable",
        severity=Severity.ERROR,
        variants=_PAYLOADS,
        service="s3",
        is_minor_beside=("s3-unreachable",),
        changed_on=Side.AWS,
        breaks=(Capability.PATCH,),
        depends_on=("s3",),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        is_fetched=True,
        title="The Patch Manager payload cannot be downloaded",
        cause=(
            "AWS-RunPatchBaseline first downloads its payload from {host} with curl or wget, and that fails. This is often "
            "not the host that the agent uses (s3.dualstack), so agent updates may still work."
        ),
        summary="Make {host} reachable on 443, preferably through an S3 gateway endpoint.",
        steps=(
            (
                "Try the host from this machine; set any proxy in the agent's unit, because the download inherits that "
                "environment."
            ),
            "A curl installed as a snap cannot write the file (exit status 23): use the distribution's curl.",
        ),
        aws_steps=(
            "Instance's security group: is TCP 443 and 80 outbound allowed to the prefix list com.amazonaws.{region}.s3?",
            "Network ACL: is 443 allowed out, and ports 1024-65535 back in?",
            "Route table: is the subnet's route table associated with an S3 gateway endpoint?",
            *s3ways.EACH,
            (
                "Endpoint policy: does it allow s3:GetObject on aws-ssm-{region} and the region's aws-patch-manager bucket for "
                "every principal?"
            ),
            s3ways.OPEN_TO_ALL,
        ),
        commands=(node.STATUS_OF_HOSTS, node.OWN_FIREWALL),
        aws_commands=(
            aws.INSTANCE_SECURITY_GROUP,
            aws.S3_PREFIX_LIST,
            aws.NETWORK_ACL,
            aws.ROUTE_TABLE,
            aws.S3_ENDPOINTS,
            aws.S3_ENDPOINT_POLICY,
            aws.CREATE_S3_GATEWAY,
            aws.ADD_ROUTE_TABLE,
            aws.S3_DUAL_STACK,
            aws.S3_NAMES_INSIDE,
            aws.ALLOW_S3,
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
        title="Patch Manager cannot patch this system in its present state",
        cause=(
            "Patch Manager needs a supported distribution and release, its package manager, a supported Python, and "
            "directories that allow programs to run. At least one of these is missing here, independent of the network."
        ),
        summary="Make this system meet Patch Manager's prerequisites, or patch it another way.",
        steps=(
            "Compare release and Python version with the prerequisites; AWS lists no Python newer than 3.12.",
            "/var/lib/amazon and /var/log/amazon must not be mounted noexec, and /var needs free space.",
            (
                "On hybrid nodes use the document AWS-RunPatchBaseline; AWS-RunPatchBaselineAssociation works only with EC2 "
                "identities."
            ),
        ),
        commands=(look("cat /etc/os-release"), look("python3 --version"), look("findmnt -T /var/lib/amazon"), look("df -h /var")),
        source="AWS Systems Manager user guide, patch-manager-prerequisites and patch-manager-troubleshooting",
    ),
    FindingKind(
        code="repository-config-invalid",
        severity=Severity.ERROR,
        title="The package repository configuration does not parse",
        cause=(
            "{detail} Because of one such line dnf ignores the whole file and does not scan its repositories; yum and apt "
            "refuse to work at all. Either way a patch run does not cover what you expect."
        ),
        summary="Fix that line, then have the package manager read its configuration again.",
        steps=(
            "Open the file at that line and compare it with the version that the distribution ships.",
            "dnf ignores everything else in the file until the line is fixed.",
        ),
        commands=(
            look("dnf repolist --all", node.ON_DNF),
            look("apt-get update --print-uris", node.ON_APT),
            look("zypper repos --uri", node.ON_ZYPPER),
        ),
        variants=(
            Variant(
                name="changed",
                when="a repository names its release otherwise than before",
                title="A repository changed its release information, and apt asks for consent",
                cause="apt reads nothing from this repository until someone accepts the change: {detail}.",
                summary="Accept the change with apt-get update --allow-releaseinfo-change, or move to a supported release.",
                steps=("Has a new release of the distribution come out? A source that says stable then means another release.",),
                commands=(look("cat /etc/os-release"), look("grep -rn -e ^deb -e ^Suites /etc/apt")),
            ),
            Variant(
                name="certificate",
                when="this machine's own client certificate cannot be used",
                title="This machine's own client certificate for a repository cannot be used",
                cause=(
                    "The repository asks for a client certificate, and the one that its configuration names could not be "
                    "loaded: {detail}. The file is missing, cannot be read, or does not fit its key."
                ),
                summary="Reinstall the package that brings the certificate (the RHUI client, or register again), then try again.",
                steps=("Which files do sslclientcert and sslclientkey name, and can root read them?",),
                commands=(look("grep -rn sslclient /etc/yum.repos.d"), look("rpm -qa '*rhui*'")),
            ),
            Variant(
                name="unfilled",
                when="a variable in a repository's URL was not filled in",
                title="A variable in a package repository's URL was not filled in",
                cause=(
                    "The package manager asked for a URL in which a variable still stands, and no server has that: {detail}. "
                    "It takes the release from the package that owns the release file, and found none there."
                ),
                summary="Reinstall the release package, or write the variable's value to a file in /etc/dnf/vars.",
                steps=(
                    "Which package owns the release file? Without one, releasever has no value.",
                    "A file in /etc/dnf/vars named like the variable holds its value; another program may have emptied it.",
                    "The path to the repository is fine and needs no change.",
                ),
                commands=(
                    look("rpm -q --whatprovides system-release redhat-release"),
                    look("head /etc/dnf/vars/* /etc/yum/vars/*"),
                    look("dnf -v repolist"),
                ),
            ),
        ),
        source="libdnf 0.69 and apt 2.6 (measured, 2026-11); dnf.conf(5), sources.list(5), yum.conf(5)",
    ),
    FindingKind(
        code="package-manager-busy",
        severity=Severity.WARNING,
        severity_for_caller=Severity.ERROR,  # this very command gave up; a patch run tries again by itself
        title="Another process holds the package manager's lock",
        cause=(
            "{detail} A patch run that starts meanwhile waits or gives up, with exit status 2 if the document cannot "
            "install its prerequisites with apt."
        ),
        summary="Wait until the other process is done, or find out why it hangs.",
        steps=(
            "Check that process: a patch run, an upgrade at boot or an administrator's shell.",
            "Do not delete the lock file: the lock ends with its process.",
        ),
        variants=(
            Variant(
                name="told-by-a-log",
                when="a log reports it",
                cause=(
                    "A package manager, or an earlier patch run, held the lock, and the other one waited or gave up. At "
                    "boot and at night the system's own upgrades hold it for minutes."
                ),
                steps=(
                    "Check whether a package manager is running now, and run the command again once it is done.",
                    "Schedule the maintenance window outside the hours of the system's own upgrades.",
                    "Do not delete the lock file: the lock ends with its process.",
                ),
            ),
        ),
        commands=(look("ps -o pid,etime,args -C apt-get,apt,dpkg,unattended-upgr,dnf,yum,zypper,rpm"), look("sudo lslocks")),
        transient=True,
        source="AWS-RunPatchBaseline, script of payload 1.80 (dpkg's lock, exit status 2); dpkg(1), dnf(8), libzypp",
    ),
    FindingKind(
        code="patch-hybrid-limits",
        severity=Severity.WARNING,
        title="Some Patch Manager features do not work on hybrid nodes",
        cause=(
            "AWS-RunPatchBaselineAssociation works only with EC2 identities, and the daily scan of Quick Setup host "
            "management uses it: it silently skips hybrid nodes. The advanced-instances tier and its limit of 1,000 "
            "ended on 30 June 2026."
        ),
        summary="Patch hybrid nodes with AWS-RunPatchBaseline, through a maintenance window or a patch policy.",
        steps=("Nothing on this machine has to change.",),
        aws_steps=(
            "Have State Manager or a maintenance window run AWS-RunPatchBaseline on this node, with Operation=Scan.",
            limits.HYBRID_NODES_COST,
        ),
        commands=(look("ssm-bootstrap doctor --for patch"),),
        source=(
            "AWS Systems Manager User Guide, 2026-11: patch-manager-aws-runpatchbaselineassociation; hybrid nodes, end of the "
            "advanced-instances tier and prices of hybrid nodes"
        ),
    ),
)
