"""Findings about what package managers say of themselves and of their repositories, in what a patch run printed."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import FindingKind, Scope, Variant, look
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import nodecommands as node
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.findings import Severity, Side

_TROUBLESHOOTING = "AWS Systems Manager User Guide, patch-manager-troubleshooting (2026-11)"

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="package-signature",
        severity=Severity.ERROR,
        breaks=(Capability.PATCH,),
        title="The signature of a package or repository was rejected",
        cause=(
            "The package manager reached the repository but cannot verify what it downloaded: the key is missing, has "
            "expired, or uses an algorithm that this system no longer accepts (SHA-1 on RHEL 9). The patch run stops "
            "there, independent of the network."
        ),
        summary="Install the repository's current key, or disable that repository while patches are installed.",
        steps=(
            "The log line names the repository and the key.",
            "Get the new key from the repository's owner, and compare its fingerprint with the one they publish.",
            "Debian, Ubuntu: put it in /etc/apt/keyrings and reference it with signed-by= in the source entry.",
            "RHEL, Amazon Linux, SLES: rpm --import the key; gpgkey= in the repository's file must point to it.",
            "Do not turn signature checking off.",
        ),
        aws_steps=("Mirror or proxy in between: does it serve metadata and signatures unchanged, and from the same sync?",),
        commands=(
            look("ls -l /etc/apt/keyrings /etc/apt/trusted.gpg.d"),
            look("rpm -q gpg-pubkey --qf '%{{VERSION}} %{{SUMMARY}}\\n'"),
            look("grep -rn -e gpgkey -e gpgcheck /etc/yum.repos.d /etc/zypp/repos.d"),
        ),
        source=_TROUBLESHOOTING + "; apt-secure(8), dnf.conf(5), rpmkeys(8)",
    ),
    FindingKind(
        code="package-dependencies",
        severity=Severity.ERROR,
        subject="the packages",
        breaks=(Capability.PATCH,),
        variants=(
            Variant(
                name="modular",
                when="a module stream keeps the package out",
                title="An enabled module stream keeps a package out",
                cause="dnf leaves out packages of module streams that are not enabled: {detail}.",
                summary="Enable the module stream that has the package, or reset the module, then patch again.",
                steps=("Which stream of the module is enabled, and which one has the package?",),
                commands=(look("dnf module list"),),
                aws_steps=(),
            ),
            Variant(
                name="in-no-repository",
                when="no configured repository has the package",
                title="A package is in none of the configured repositories",
                cause="The package manager looked through the lists of its repositories and found no such package: {detail}.",
                summary="Check the package's name, and enable or refresh the repository that has it.",
                steps=(
                    "Is the name right for this distribution, and is the repository that has the package configured and enabled?",
                    "Were the lists of the repositories fetched? Without a way to the repositories they stay empty or old.",
                ),
                commands=(look("apt-cache policy"), look("dnf repolist --all")),
                aws_steps=(),
            ),
        ),
        title="A package's dependencies cannot be installed",
        cause=(
            "The package manager cannot meet a package's dependencies: a lock or a rejected patch keeps one out, a package "
            "is on hold, two packages conflict, or the repository that has it is missing or excluded."
        ),
        summary="Let that package be installed: remove the lock or hold, or enable its repository.",
        steps=(
            "The log line shows which package needs what.",
            (
                "Look for locks, holds and excludes: on SLES rejected patches are locked, and an interrupted run leaves the "
                "locks behind."
            ),
            ("Is the repository with the required version enabled, and does a package from another repository conflict with it?"),
        ),
        aws_steps=("Patch baseline: does it reject a package that an approved patch depends on?",),
        commands=(
            look("zypper locks", node.ON_ZYPPER),
            look("apt-mark showhold", node.ON_APT),
            look("grep -n -e exclude -e includepkgs /etc/yum.conf /etc/dnf/dnf.conf /etc/yum.repos.d/*.repo"),
            look("dnf check-update", node.ON_DNF),
        ),
        source=_TROUBLESHOOTING + "; zypper(8), apt-get(8), yum(8), dnf(8)",
    ),
    FindingKind(
        code="package-manager-broken",
        severity=Severity.ERROR,
        variants=(
            Variant(
                name="snapd",
                when="snapd is missing or cannot work",
                title="snapd is not ready on this machine",
                cause="A snap could not be changed because snapd is not running or not complete: {detail}.",
                summary="Start snapd, or install the agent from its .deb or .rpm package instead of the snap.",
                steps=("Does snapd run, and is there a link /snap to /var/lib/snapd/snap?",),
                commands=(look("systemctl status snapd.service snapd.socket"), look("ls -ld /snap /var/lib/snapd/snap")),
            ),
        ),
        subject="the package manager",
        breaks=(Capability.PATCH,),
        explains=("package-dependencies",),
        title="The package manager was interrupted, or its database is damaged",
        cause=(
            "An installation on this machine was interrupted or failed halfway, or the package database cannot be read. "
            "The package manager refuses to work until that is repaired, and so does every patch run."
        ),
        summary="Finish the interrupted work: dpkg --configure -a and apt-get --fix-broken install, or rebuild the rpm database.",
        steps=(
            "First make sure that no package manager is running and that /var has free space.",
            "Debian, Ubuntu: dpkg --configure -a, then apt-get --fix-broken install.",
            "RHEL, Amazon Linux, SLES: back up the rpm database directory, then run rpm --rebuilddb.",
            "Then scan again.",
        ),
        commands=(
            look("dpkg --audit"),
            look("rpm -qa | wc -l"),
            look("df -h /var"),
            look("ps -e -o pid,etime,args | grep -E 'apt|dpkg|dnf|yum|zypper|rpm'"),
        ),
        source=_TROUBLESHOOTING + "; dpkg(1), apt-get(8), rpmdb(8)",
    ),
    FindingKind(
        code="repository-denied",
        severity=Severity.ERROR,
        breaks=(Capability.PATCH,),
        explains=("repository-unreachable", "package-signature"),
        scope=Scope.OF_HOSTS_IT_LEADS_TO,
        title="A package repository denies access",
        cause=(
            "{host} was reached and answered 401 or 403, so the path is open. It rejects this client: RHUI and other "
            "access-controlled repositories require a certificate, a subscription or the instance's identity."
        ),
        summary="Get this machine access to the repository: renew its client certificate or subscription.",
        steps=(
            (
                "RHEL on EC2: update the client package (rh-amazon-rhui-client), and do not use a mirror or proxy in "
                "another region."
            ),
            "RHEL elsewhere, SLES, Ubuntu Pro: is the subscription valid, and is this machine registered with it?",
            "The answer may come from a proxy: it must allow the host.",
            "Does the release in the URL exist? Some servers answer 403 for what they do not have.",
        ),
        commands=(
            look("rpm -qa '*rhui*'"),
            look("subscription-manager status"),
            look("SUSEConnect --status-text"),
            look("pro status"),
            look("dnf -v repolist"),
        ),
        variants=(
            Variant(
                name="no-mirrors",
                when="the mirror list names no mirror",
                title="A repository's mirror list has no mirror for this release",
                cause=(
                    "The mirror list was reached and is empty: {detail}. The release is past its end of life and was moved to "
                    "an archive, or the release in the URL is wrong."
                ),
                summary="Move to a supported release, or use a mirror or archive that still has this one.",
                steps=("Compare the release in the repository's URL with this system's release.",),
                commands=(look("cat /etc/os-release"), look("dnf -v repolist")),
            ),
            Variant(
                name="subscription",
                when="the subscription service does not accept this machine",
                title="Red Hat's subscription service does not accept this machine",
                cause="subscription-manager was refused, or its identity certificate has expired: {detail}.",
                summary="Register this machine with Red Hat again, or use the repositories of its RHUI client package.",
                steps=("An instance from an RHEL image on EC2 needs no subscription: its RHUI client package is enough.",),
                commands=(look("sudo subscription-manager status"), look("rpm -qa '*rhui*'")),
            ),
            Variant(
                name="s3",
                when="the repository is in S3",
                changed_on=Side.AWS,
                title="A package repository in S3 denies access",
                cause=(
                    "{host} was reached and answered 403, so the path is open. Either the S3 endpoint's policy does not "
                    "allow the repository's bucket, or the requested release does not exist: S3 answers 403 for that too."
                ),
                summary="Allow s3:GetObject on the repository's bucket in the S3 endpoint's policy, or correct the release.",
                steps=(
                    "Amazon Linux 2023: compare the release in the URL with the releases that exist; releasever pins it.",
                    "Do not trust the compliance reported meanwhile: dnf may skip the repository and exit successfully.",
                ),
                aws_steps=(
                    (
                        "S3 endpoint policy: does it allow s3:GetObject on al2023-repos-{region}-de612dc2 and "
                        "amazonlinux-2-repos-{region}, without a condition on the principal? The requests are not signed."
                    ),
                ),
                commands=(
                    look("cat /etc/dnf/vars/releasever /etc/yum/vars/releasever"),
                    look("dnf check-release-update"),
                    look("dnf -v repolist"),
                ),
                aws_commands=(aws.S3_ENDPOINTS, aws.S3_ENDPOINT_POLICY),
            ),
            Variant(
                name="by-proxy",
                when="the package manager's proxy refuses the repository",
                title="The package manager's proxy refuses the repository",
                cause="The package manager asks a proxy for the repository, and the proxy itself refused: {detail}.",
                summary="Have the proxy's owner allow the repository's host, or take the package manager off that proxy.",
                steps=("Which file sets the proxy? apt, dnf and yum have settings of their own in addition to the environment.",),
                commands=(look("sudo grep -rli proxy /etc/apt/apt.conf.d /etc/dnf /etc/yum.conf /etc/yum.repos.d /etc/zypp"),),
            ),
            Variant(
                name="proxy-login",
                when="the package manager's proxy requires a login",
                title="The package manager's proxy requires a login",
                cause="The package manager asks a proxy for the repository, and the proxy answered 407: {detail}.",
                summary="Give the package manager the proxy's user and password, or let the proxy pass this machine without.",
                steps=(
                    "Which file sets the proxy? apt, dnf and yum have settings of their own in addition to the environment.",
                    "A file with a password in it must be readable by root alone.",
                ),
                commands=(look("sudo grep -rli proxy /etc/apt/apt.conf.d /etc/dnf /etc/yum.conf /etc/yum.repos.d /etc/zypp"),),
            ),
            Variant(
                name="not-found",
                when="it answers that the file does not exist",
                title="A package repository does not have the requested metadata or package",
                cause=(
                    "{host} was reached but has nothing at that URL. The release is too old and was archived, the URL is "
                    "wrong, or a mirror is out of sync."
                ),
                summary="Correct the repository's URL or release, or disable the repository.",
                steps=(
                    "Compare the URL in the log line with the repository's file.",
                    "Is this release still hosted there? Old releases move to an archive.",
                    "Mirror: was it synced after this machine read the metadata? Clean the cache and try again.",
                ),
                commands=(
                    look("grep -rn -e ^deb -e ^URIs /etc/apt", node.ON_APT),
                    look("dnf repolist -v", node.ON_DNF),
                    look("zypper repos --uri", node.ON_ZYPPER),
                ),
            ),
            Variant(
                name="release",
                when="it has no metadata where dnf asks for it",
                title="A package repository has no metadata at the requested URL",
                cause=(
                    "{host} was reached, but it has no repository at that URL: {detail}. Most often releasever names a release "
                    "that does not exist there; otherwise the URL is wrong, or a mirror is out of sync."
                ),
                summary="Set releasever to a release that exists, or correct the repository's URL.",
                steps=(
                    "Compare the release in the URL with the releases that exist. On Amazon Linux 2023 it comes from "
                    "/etc/dnf/vars/releasever or --releasever.",
                    "Is this release still hosted there? Old releases move to an archive.",
                    "A mirror of your own: was this release synced to it?",
                ),
                commands=(
                    look("cat /etc/dnf/vars/releasever /etc/yum/vars/releasever"),
                    look("dnf check-release-update"),
                    look("dnf -v repolist"),
                ),
                is_minor_beside=("false-compliance",),
            ),
            Variant(
                name="over",
                when="its metadata has expired",
                title="A package repository's metadata has expired",
                cause=(
                    "{host} was reached, but its metadata is past its valid-until date. The mirror is no longer synced, or "
                    "this machine's clock is ahead. Until then no update from this repository is seen."
                ),
                summary="Check this machine's clock, then sync the mirror or use another one.",
                steps=(
                    "Compare this machine's clock with another source.",
                    "Mirror: when was it last synced? Its owner must sync it before the metadata expires.",
                    "Do not turn the check off (Acquire::Check-Valid-Until): you would silently miss patches.",
                ),
                commands=(look("date -u"), look("timedatectl"), look("apt-get update")),
            ),
        ),
        source=_TROUBLESHOOTING + "; amazonlinux/amazon-linux-2023 issue 1084; ansible/workshops issue 182",
    ),
    FindingKind(
        code="curl-cannot-write",
        severity=Severity.ERROR,
        subject="curl",
        breaks=(Capability.PATCH,),
        explains=("patch-payload-unreachable",),
        title="curl cannot write what it downloads",
        cause=(
            "curl reached its host but could not write the file (exit status 23). A curl installed as a snap may not write "
            "to the patch script's directory; otherwise the disk is full or read-only."
        ),
        summary="Use the distribution's curl instead of the snap, and make sure that /var has free space.",
        steps=(
            "Check which curl comes first in PATH: /snap/bin/curl is the one that cannot write.",
            "Install the distribution's curl and remove the snap.",
            "The path to S3 is fine and needs no change.",
        ),
        commands=(look("type -a curl"), look("snap list curl"), look("df -h /var /tmp"), look("findmnt -T /var/log/amazon")),
        source=_TROUBLESHOOTING + "; curl manual, EXIT CODES",
    ),
)
