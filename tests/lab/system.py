"""What system the instance is: Amazon Linux 2023 by its own files, whatever the machine below it has.

Its repositories lie in S3 and may not be skipped, as the User Guide of Systems Manager advises; a test that wants
another system or another setting writes its files (`lab.write`).
"""

from __future__ import annotations

from typing import Dict

from tests.lab.aws.repository import RELEASE, SUFFIX

OS_RELEASE = f"""NAME="Amazon Linux"
VERSION="2023"
ID="amzn"
ID_LIKE="fedora"
VERSION_ID="2023"
PLATFORM_ID="platform:al2023"
PRETTY_NAME="Amazon Linux {RELEASE}"
"""
DNF = "[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\nbest=False\nskip_if_unavailable=False\n"
REPOSITORY = f"""[amazonlinux]
name=Amazon Linux 2023 repository
mirrorlist=https://al2023-repos-$awsregion-{SUFFIX}.s3$dualstack.$awsregion.$awsdomain/core/mirrors/$releasever/$basearch/$mirrorlist
priority=10
enabled=1
repo_gpgcheck=0
type=rpm
gpgcheck=1
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-amazon-linux-2023
"""
LOWER = ("/etc/yum.repos.d", "/etc/yum.conf", "/etc/yum/vars")
"""What the machine may have of its own and the instance must not."""


def files(region: str) -> Dict[str, str]:
    """The system's files, path to text."""
    return {
        "/etc/os-release": OS_RELEASE,
        "/etc/dnf/dnf.conf": DNF,
        "/etc/dnf/vars/awsregion": f"{region}\n",
        "/etc/dnf/vars/awsdomain": "amazonaws.com\n",
        "/etc/dnf/vars/dualstack": ".dualstack\n",
        "/etc/dnf/vars/mirrorlist": "mirror.list\n",
        "/etc/dnf/vars/releasever": f"{RELEASE}\n",
        "/etc/yum.repos.d/amazonlinux.repo": REPOSITORY,
    }
