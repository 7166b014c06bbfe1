"""Findings about what package managers say of themselves and of their repositories, in what a patch run printed."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import FindingKind, Scope, Side, Variant
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.findings import Severity

_TROUBLESHOOTING = "AWS Systems Manager User Guide, patch-manager-troubleshooting (2026-11)"

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="package-signature",
        severity=Severity.ERROR,
        breaks=(Capability.PATCH,),
        title="A package or a repository is refused for its signature",
        cause=(
            "The package manager reached the repository and cannot verify what it got: the key is not on this machine, has "
            "expired, or is of a kind that this system no longer accepts (SHA-1 on RHEL 9). A patch run ends there, whatever the "
            "network does."
        ),
        summary="Install the repository's current key, or switch that repository off while patches are installed.",
        steps=(
            "See in the line which repository and which key are meant.",
            "Take the new key from whoever keeps the repository, and compare its fingerprint with the one that they publish.",
            "Debian, Ubuntu: put it in /etc/apt/keyrings and name it by signed-by= in the source's line.",
            "RHEL, Amazon Linux, SLES: rpm --import the key; gpgkey= in the repository's file must point to it.",
            "Do not switch the verification off.",
        ),
        aws_steps=(
            "A mirror or proxy in between: does it deliver the lists and their signatures unchanged, and both of one age?",
        ),
        commands=(
            "ls -l /etc/apt/keyrings /etc/apt/trusted.gpg.d",
            "rpm -q gpg-pubkey --qf '%{{VERSION}} %{{SUMMARY}}\\n'",
            "grep -rn -e gpgkey -e gpgcheck /etc/yum.repos.d /etc/zypp/repos.d",
        ),
        source=_TROUBLESHOOTING + "; apt-secure(8), dnf.conf(5), rpmkeys(8)",
    ),
    FindingKind(
        code="package-dependencies",
        severity=Severity.ERROR,
        subject="the packages",
        breaks=(Capability.PATCH,),
        title="What a package depends on cannot be installed",
        cause=(
            "The package manager was asked to install something whose dependencies it cannot meet: a lock "
            "or a rejected patch keeps "
            "one out, a package is held, two packages conflict, or the repository that has it is missing or excluded."
        ),
        summary="Let the package that is named be installed: lift the lock or hold, or switch its repository on.",
        steps=(
            "See in the line which package wants what.",
            "Look for locks, holds and excludes: what a patch baseline rejects is locked on SLES, and a stopped run leaves that.",
            "Is the repository that has the wanted version switched on, and is a package from another repository in its way?",
        ),
        aws_steps=("The patch baseline: does it reject a package that an approved patch depends on?",),
        commands=(
            "zypper locks",
            "apt-mark showhold",
            "grep -n -e exclude -e includepkgs /etc/yum.conf /etc/dnf/dnf.conf /etc/yum.repos.d/*.repo",
            "dnf check-update",
        ),
        source=_TROUBLESHOOTING + "; zypper(8), apt-get(8), yum(8), dnf(8)",
    ),
    FindingKind(
        code="package-manager-broken",
        severity=Severity.ERROR,
        subject="the package manager",
        breaks=(Capability.PATCH,),
        explains=("package-dependencies",),
        title="The package manager was left half done, or its database is damaged",
        cause=(
            "An installation on this machine was interrupted or failed in the middle, or the database of "
            "packages cannot be read. "
            "The package manager refuses to go on until that is mended, and so does every patch run."
        ),
        summary="Finish what was interrupted: dpkg --configure -a and apt-get --fix-broken install, or rebuild the rpm database.",
        steps=(
            "Make sure first that no package manager is running, and that /var has room.",
            "Debian, Ubuntu: dpkg --configure -a, then apt-get --fix-broken install.",
            "RHEL, Amazon Linux, SLES: keep a copy of the rpm database's directory, then rpm --rebuilddb.",
            "Run the scan again.",
        ),
        commands=(
            "dpkg --audit",
            "rpm -qa | wc -l",
            "df -h /var",
            "ps -e -o pid,etime,args | grep -E 'apt|dpkg|dnf|yum|zypper|rpm'",
        ),
        source=_TROUBLESHOOTING + "; dpkg(1), apt-get(8), rpmdb(8)",
    ),
    FindingKind(
        code="repository-denied",
        severity=Severity.ERROR,
        breaks=(Capability.PATCH,),
        explains=("repository-unreachable", "package-signature"),
        scope=Scope.OF_HOSTS_IT_LEADS_TO,
        title="A package repository answers and refuses",
        cause=(
            "{host} was reached and answered 401 or 403, so the way is there. It does not take who asks: RHUI and other "
            "repositories with an entrance want a certificate, a subscription or the instance's own identity."
        ),
        summary="Have the repository let this machine in: renew its client's certificate or subscription.",
        steps=(
            (
                "RHEL on EC2: update the client package (rh-amazon-rhui-client), and let no mirror or proxy of "
                "another region be used."
            ),
            "RHEL elsewhere, SLES, Ubuntu Pro: is the subscription valid, and this machine registered with it?",
            "A proxy may be what answers: it must let the host through.",
            "Is the release in the URL one that exists? Some servers refuse what they do not have.",
        ),
        commands=(
            "rpm -qa '*rhui*'",
            "subscription-manager status",
            "SUSEConnect --status-text",
            "pro status",
            "dnf -v repolist",
        ),
        variants=(
            Variant(
                name="s3",
                when="it lies in S3",
                changed_on=Side.AWS,
                title="A package repository in S3 answers and refuses",
                cause=(
                    "{host} was reached and answered 403, so the way is there. Either the policy of the S3 endpoint "
                    "does not allow "
                    "the repository's bucket, or the release that is asked for does not exist: S3 answers that with 403 too."
                ),
                summary="Allow s3:GetObject on the repository's bucket in the S3 endpoint's policy, or correct the release.",
                steps=(
                    "Amazon Linux 2023: compare the release in the URL with those that exist; releasever pins it.",
                    "Do not trust the compliance reported meanwhile: dnf may leave the repository out and end well.",
                ),
                aws_steps=(
                    (
                        "Endpoint policy of S3: does it allow s3:GetObject on al2023-repos-{region}-* and "
                        "amazonlinux-2-repos-{region}, without a condition on the principal? The requests are not signed."
                    ),
                ),
                commands=("cat /etc/dnf/vars/releasever /etc/yum/vars/releasever", "dnf check-release-update", "dnf -v repolist"),
                aws_commands=(aws.S3_ENDPOINTS, aws.S3_ENDPOINT_POLICY),
            ),
            Variant(
                name="not-found",
                when="it answers that there is no such file",
                title="A package repository answers and has no such list or package",
                cause=(
                    "{host} was reached and has nothing at that address. The release is too old and was moved, the URL has a "
                    "mistake, or a mirror is behind."
                ),
                summary="Correct the repository's URL or release, or switch the repository off.",
                steps=(
                    "Compare the URL in the line with the repository's file.",
                    "Is this release still kept there? An old one moves to an archive.",
                    "A mirror: has it been filled, and since the lists were read here? Clean the cache and try again.",
                ),
                commands=("grep -rn -e ^deb -e ^URIs /etc/apt", "dnf repolist -v", "zypper repos --uri"),
            ),
            Variant(
                name="over",
                when="its list has expired",
                title="A package repository answers with a list that has expired",
                cause=(
                    "{host} was reached, and its list says until when it holds: that time is over. The mirror is no longer "
                    "filled, or this machine's clock is ahead. No update of this repository is seen meanwhile."
                ),
                summary="Fill the mirror anew or take another one, after a look at this machine's clock.",
                steps=(
                    "Compare this machine's clock with another one's.",
                    "A mirror: when was it filled last? Its owner has to fill it before the list ends.",
                    "Do not switch the check off (Acquire::Check-Valid-Until): patches would be missed in silence.",
                ),
                commands=("date -u", "timedatectl", "apt-get update"),
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
            "curl reached its host and could not write the file (exit status 23). A curl that came as a "
            "snap may not write where the "
            "patch script works; else the disk is full or read-only."
        ),
        summary="Use the distribution's own curl in place of the snap's, and see that /var has room.",
        steps=(
            "See which curl comes first: /snap/bin/curl is the one that cannot write.",
            "Install the distribution's curl, and take the snap's away.",
            "Nothing is to be changed for the way to S3.",
        ),
        commands=("type -a curl", "snap list curl", "df -h /var /tmp", "findmnt -T /var/log/amazon"),
        source=_TROUBLESHOOTING + "; curl manual, EXIT CODES",
    ),
)
