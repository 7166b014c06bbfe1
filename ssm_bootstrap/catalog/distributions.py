"""Distributions and repositories that are known: whose they are, where they lie, what a closed VPC can do about each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Mapping, Optional

from ssm_bootstrap.model.patch import Manager


@dataclass(frozen=True)
class Provider:
    """A place that repositories come from: regular expressions over host and id, and what is known of it.

    ``in_s3``: an S3 gateway endpoint is a way to it. ``known``: an index at its regular place exists for everybody, so
    that a 403 of S3 is a policy. ``certificate``: it answers 401 or 403 to who has no client certificate. ``plain_http``: its
    repositories are configured with ``http://``.
    ``mirror`` is the path of its content on a mirror of one's own.
    """

    name: str
    title: str
    host: str
    source: str
    in_s3: bool = False
    known: bool = False
    certificate: bool = False
    mirror: str = ""
    plain_http: bool = False


_USER_GUIDE = "AWS Systems Manager User Guide, patch-manager-prerequisites, 2026-11"

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        "amazon-linux-2023",
        "Amazon Linux 2023",
        r"al2023-repos-[a-z0-9-]+\.s3(?:\.dualstack)?\.[a-z0-9-]+\.(?:amazonaws\.(?:com(?:\.cn)?|eu)|c2s\.ic\.gov|sc2s\.sgov\.gov)",
        "system-release of Amazon Linux 2023 (amazonlinux.repo), stored copies of 2024 to 2026; amazon-linux-2023 issue 535",
        in_s3=True,
        known=True,
        mirror="core/",
    ),
    Provider(
        "amazon-linux-2",
        "Amazon Linux 2",
        r"(?:amazonlinux|amazonlinux-2-repos-[a-z0-9-]+(?:\.s3(?:\.dualstack)?)?)\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?",
        "system-release of Amazon Linux 2 (amzn2-core.repo, yum variables), stored copies of 2017 to 2024",
        in_s3=True,
        known=True,
        mirror="2/core/",
        plain_http=True,
    ),
    Provider(
        "amazon-linux-cdn",
        "Amazon Linux by its content network",
        r"cdn\.amazonlinux\.com",
        "Amazon Linux container images, stored copies of 2024 to 2026",
        mirror="al2023/core/",
    ),
    Provider(
        "rhui",
        "Red Hat Update Infrastructure on AWS",
        r"rhui[a-z0-9-]*\.(?:[a-z0-9-]+\.)?aws\.ce\.redhat\.com",
        "rh-amazon-rhui-client of RHEL 7 to 10 (redhat-rhui.repo), stored copies of 2019 to 2026",
        certificate=True,
        mirror="rhel/",
    ),
    Provider(
        "red-hat-cdn",
        "Red Hat's content network, by subscription",
        r"cdn(?:-ubi)?\.redhat\.com",
        "subscription-manager (redhat.repo), stored copies of 2024",
        certificate=True,
        mirror="rhel/",
    ),
    Provider(
        "centos-stream",
        "CentOS Stream",
        r"(?:mirrors|mirror\.stream|composes\.stream|mirrorlist)\.centos\.org",
        "centos-stream-repos 9 (centos.repo), stored copies of 2024",
        mirror="centos-stream/",
    ),
    Provider(
        "rocky",
        "Rocky Linux",
        r"(?:mirrors|dl|download)\.rockylinux\.org",
        "rocky-repos 8 and 9 (rocky.repo), stored copies of 2022 to 2025",
        mirror="rocky/",
    ),
    Provider(
        "almalinux",
        "AlmaLinux",
        r"(?:mirrors|repo)\.almalinux\.org",
        "almalinux-repos 8 and 9 (almalinux-baseos.repo), stored copies of 2023",
        mirror="almalinux/",
    ),
    Provider(
        "oracle",
        "Oracle Linux",
        r"yum(?:[a-z0-9-]*)\.oracle\.com|yum\.[a-z0-9-]+\.oci\.oraclecloud\.com|yum-[a-z0-9-]+\.oracle\.com",
        "oraclelinux-release-el8, -el9 (oracle-linux-ol8.repo), stored copies of 2021 to 2025",
        mirror="OracleLinux/",
    ),
    Provider(
        "suse",
        "SUSE's update servers for AWS",
        r"smt-ec2(?:-[a-z0-9]+)?\.susecloud\.net|updates\.suse\.com|scc\.suse\.com|[a-z0-9-]*rmt[a-z0-9-]*\.susecloud\.net",
        "cloud-regionsrv-client and zypper-plugin-susecloud, stored copies of 2019 to 2025",
        certificate=True,
        mirror="SUSE/",
    ),
    Provider(
        "ubuntu",
        "Ubuntu",
        r"(?:[a-z0-9-]+\.ec2\.|[a-z]{2}\.)?(?:archive|security|ports)\.ubuntu\.com|(?:[a-z0-9-]+\.)*ports\.ubuntu\.com"
        r"|[a-z0-9-]+\.clouds\.(?:archive|ports)\.ubuntu\.com|esm\.ubuntu\.com",
        "cloud images of Ubuntu 20.04 to 24.04 (sources.list, ubuntu.sources), stored copies of 2020 to 2025",
        mirror="ubuntu/",
    ),
    Provider(
        "debian",
        "Debian",
        r"(?:deb|security|ftp(?:\.[a-z]{2})?|cdn-aws\.deb|httpredir)\.debian\.org",
        "cloud images of Debian 11 and 12 (debian.sources, sources.list), stored copies of 2021 to 2025",
        mirror="debian/",
    ),
)
"""Every row, in the order in which they are tried."""


@dataclass(frozen=True)
class Distribution:
    """A distribution: its id in os-release, how it is patched, which releases are supported, which repositories are its own.

    ``own`` is matched against a repository's id (rpm) or suite (apt), ``provider`` against a provider's name. ``oldest``
    and ``newest`` bound the Python. ``undecided`` are releases of which no source tells whether they are supported.
    """

    identifier: str
    title: str
    manager: Manager
    releases: str
    own: str
    provider: str
    oldest: tuple[int, int] = (2, 6)
    newest: tuple[int, int] = (3, 12)
    undecided: str = ""
    source: str = _USER_GUIDE


_EL_OWN = r"(?:.*-)?(?:baseos|appstream)(?:[-_].*)?|extras(?:-common)?|crb|powertools|base|updates"

DISTRIBUTIONS: tuple[Distribution, ...] = (
    Distribution("amzn", "Amazon Linux", Manager.DNF, r"2|2023(?:\..*)?", r"amazonlinux|amzn2-core", "amazon-linux.*"),
    Distribution("rhel", "RHEL", Manager.DNF, r"(?:7|8|9|10)(?:\..*)?", rf"rhel-.*|rhui-.*|{_EL_OWN}", "rhui|red-hat-cdn"),
    Distribution("centos", "CentOS", Manager.DNF, r"9(?:\..*)?", _EL_OWN, "centos-stream"),
    Distribution("rocky", "Rocky Linux", Manager.DNF, r"[89](?:\..*)?", _EL_OWN, "rocky"),
    Distribution("almalinux", "AlmaLinux", Manager.DNF, r"[89](?:\..*)?", _EL_OWN, "almalinux", oldest=(3, 0)),
    Distribution("oracle", "Oracle Linux", Manager.DNF, r"(?:7\.[5-9]|8|9)(?:\..*)?", r"ol\d+_.*|public_ol.*", "oracle"),
    Distribution(
        "sles",
        "SLES",
        Manager.ZYPPER,
        r"15\.[3-9]",
        r"SLES?[-_\d].*|SUSE_Linux.*|.*(?:Basesystem|SLE-).*",
        "suse",
        undecided=r"1[6-9](?:\..*)?",
    ),
    Distribution(
        "ubuntu",
        "Ubuntu",
        Manager.APT,
        r"(?:16|18|20|22|24)\.04(?:\..*)?|25\.04",
        r"[a-z]+(?:-(?:updates|security|backports))?",
        "ubuntu",
        oldest=(3, 0),
    ),
    Distribution(
        "debian",
        "Debian",
        Manager.APT,
        r"1[12](?:\..*)?",
        r"(?:[a-z]+|\w+/updates)(?:-(?:updates|security|backports))?",
        "debian",
        oldest=(3, 0),
    ),
)
"""What Patch Manager supports on Linux, by os-release's ID as the library distro gives it (``ol`` is ``oracle``).

The same page has a section on additional packages for each system. No copy of it that can be read has its text (2026-11), so
that which packages these are is not known; that the script needs python3-apt with apt is told by the script itself.
"""


def provider_of(host: str) -> Optional[Provider]:
    """The row that a host belongs to, or None."""
    return next((row for row in PROVIDERS if re.fullmatch(row.host, host.lower())), None)


def provider_named(name: str) -> Optional[Provider]:
    """The row of this name, or None."""
    return next((row for row in PROVIDERS if row.name == name), None)


SYSTEMS: tuple[str, ...] = (
    *(row.name for row in PROVIDERS if row.in_s3),
    *(row.identifier for row in DISTRIBUTIONS if not any(re.fullmatch(row.provider, one.name) for one in PROVIDERS if one.in_s3)),
)
"""Systems by name, as ``requirements --system`` takes them: those whose repositories lie in S3 first."""


def providers_of(system: str) -> tuple[Provider, ...]:
    """Where a system of that name gets its packages from."""
    row = distribution_of(system)
    return tuple(one for one in PROVIDERS if one.name == system or (row is not None and re.fullmatch(row.provider, one.name)))


def distribution_of(identifier: str) -> Optional[Distribution]:
    """The distribution with this os-release ID, or None."""
    return next((row for row in DISTRIBUTIONS if row.identifier == identifier), None)


def system_of(identifier: str, version: str) -> str:
    """The name in SYSTEMS of a system by its os-release ID and VERSION_ID; empty for one that has none."""
    found = f"amazon-linux-{version.split('.')[0]}" if identifier == "amzn" else identifier
    return found if found in SYSTEMS else ""


def manager_of(identifier: str, version: str) -> Optional[Manager]:
    """The package manager that patches this system: yum before dnf took its place."""
    row = distribution_of(identifier)
    if row is None:
        return None
    old = (identifier == "amzn" and version.split(".")[0] == "2") or (
        identifier in ("rhel", "centos", "oracle") and version.split(".")[0] in ("6", "7")
    )
    return Manager.YUM if old else row.manager


def is_supported(row: Distribution, version: str) -> Optional[bool]:
    """Whether Patch Manager's list has this release; None where no source tells, and of a version that is not known."""
    if not version or re.fullmatch(row.undecided, version):
        return None
    return re.fullmatch(row.releases, version) is not None


SUSE_PLUGIN_HOST = "smt-ec2.susecloud.net"
"""Where ``plugin:/susecloud`` leads on EC2, by /etc/hosts (zypper-plugin-susecloud, stored copies of 2025)."""


@dataclass(frozen=True)
class AuthorityPlace:
    """The file to copy a certificate in PEM form to, and the command to run then."""

    file: str
    command: str


_TRUST = AuthorityPlace("/etc/pki/ca-trust/source/anchors/added.pem", "update-ca-trust")
_DEBIAN = AuthorityPlace("/usr/local/share/ca-certificates/added.crt", "update-ca-certificates")
_SUSE = AuthorityPlace("/etc/pki/trust/anchors/added.pem", "update-ca-certificates")

_BY_SYSTEM: Mapping[str, AuthorityPlace] = {
    **dict.fromkeys(("amzn", "rhel", "centos", "rocky", "almalinux", "oracle", "ol", "fedora"), _TRUST),
    **dict.fromkeys(("debian", "ubuntu", "raspbian"), _DEBIAN),
    **dict.fromkeys(("sles", "sled", "opensuse", "opensuse-leap", "suse"), _SUSE),
}


def authority_place(system_id: str) -> Optional[AuthorityPlace]:
    """The place of a system, by the ID of /etc/os-release; None where it is not known."""
    return _BY_SYSTEM.get(system_id.lower())


@dataclass(frozen=True)
class EndOfLife:
    """The day after which a release gets no patches from the repositories that everybody has.

    ``release`` is the version or what it begins with. ``extended`` is matched against id, suite and URLs of a repository:
    where one is switched on that it fits, patches go on coming, for who pays for them.
    """

    identifier: str
    release: str
    day: date
    extended: str = ""
    source: str = ""

    def covers(self, identifier: str, version: str) -> bool:
        """Whether this is the row of a system."""
        return identifier == self.identifier and (version == self.release or version.startswith(f"{self.release}."))


def _ends(identifier: str, source: str, extended: str, **days: str) -> tuple[EndOfLife, ...]:
    """Rows of a distribution; a release is written as in r15_5 for 15.5."""
    cited = f"{source}, by way of endoflife.date of 2026-08-22"
    return tuple(
        EndOfLife(identifier, name[1:].replace("_", "."), date.fromisoformat(day), extended, cited) for name, day in days.items()
    )


_AMAZON_LINUX_AMI = tuple(
    f"r{year}_{month}" for year in range(2012, 2019) for month in ("03", "09") if (year, month) != (2018, "09")
)
"""Every release of the Amazon Linux AMI, two a year: it ended as a whole, with 2018.03."""

ENDS: tuple[EndOfLife, ...] = (
    *_ends(
        "amzn",
        "Amazon Linux 2 FAQs and Amazon Linux 2023 User Guide (release cadence)",
        "",
        **dict.fromkeys(_AMAZON_LINUX_AMI, "2023-12-31"),
        r2="2026-06-30",
        r2023="2029-06-30",
    ),
    *_ends(
        "rhel",
        "Red Hat Enterprise Linux Life Cycle (end of maintenance support)",
        r"(?i)(?:^|[-_/.])els(?:[-_/.]|$)",
        r6="2020-11-30",
        r7="2024-06-30",
        r8="2029-05-31",
        r9="2032-05-31",
        r10="2035-05-31",
    ),
    *_ends(
        "centos",
        "CentOS Linux and CentOS Stream, end of life (of 8 that of Stream, the later one)",
        r"(?i)(?:^|[-_/.])els(?:[-_/.]|$)|tuxcare",
        r6="2020-11-30",
        r7="2024-06-30",
        r8="2024-05-31",
        r9="2027-05-31",
        r10="2030-05-31",
    ),
    *_ends("rocky", "Rocky Linux release and version guide", "", r8="2029-05-31", r9="2032-05-31", r10="2035-05-31"),
    *_ends(
        "almalinux",
        "AlmaLinux release notes",
        r"(?i)(?:^|[-_/.])els(?:[-_/.]|$)|tuxcare",
        r8="2029-05-31",
        r9="2032-05-31",
        r10="2035-05-31",
    ),
    *_ends(
        "oracle",
        "Oracle Lifetime Support Policy (end of premier support)",
        r"(?i)(?:^|[-_/.])els(?:[-_/.]|$)|extended",
        r6="2021-03-31",
        r7="2024-12-31",
        r8="2029-07-31",
        r9="2032-06-30",
    ),
    *_ends(
        "sles",
        "SUSE product support lifecycle (end of general support)",
        r"(?i)ltss|espos",
        r12="2016-06-30",
        r12_1="2017-05-31",
        r12_2="2018-03-31",
        r12_3="2019-06-30",
        r12_4="2020-06-30",
        r12_5="2024-10-31",
        r15="2019-12-31",
        r15_1="2021-01-31",
        r15_2="2021-12-31",
        r15_3="2022-12-31",
        r15_4="2023-12-31",
        r15_5="2024-12-31",
        r15_6="2025-12-31",
        r15_7="2031-07-31",
        r16_0="2027-11-30",
    ),
    *_ends(
        "ubuntu",
        "Ubuntu releases (end of standard support)",
        r"(?i)(?:^|[-_/.])esm(?:[-_/.]|$)",
        r14_04="2019-04-02",
        r16_04="2021-04-02",
        r18_04="2023-05-31",
        r20_04="2025-05-31",
        r20_10="2021-07-22",
        r21_04="2022-01-20",
        r21_10="2022-07-14",
        r22_04="2027-04-01",
        r22_10="2023-07-20",
        r23_04="2024-01-20",
        r23_10="2024-07-12",
        r24_04="2029-05-31",
        r24_10="2025-07-10",
        r25_04="2026-01-17",
        r25_10="2026-07-01",
        r26_04="2031-04-30",
    ),
    *_ends(
        "debian",
        "Debian wiki, LTS (end of long-term support)",
        r"(?i)elts|freexian",
        r8="2020-06-30",
        r9="2022-07-01",
        r10="2024-06-30",
        r11="2026-08-31",
        r12="2028-06-30",
        r13="2030-06-30",
    ),
)
"""The end of each release; a day that a vendor moved since then is wrong here.

When Oracle Linux 10 ends is not known: Oracle's page as endoflife.date had it on 2026-08-22 names no day.
"""

ENDS_AS_OF = date(2026, 11, 1)
"""The day of this table: what ended before it has ended, whatever a machine's clock says."""


def end_of(identifier: str, version: str) -> Optional[EndOfLife]:
    """The end of a system's release, or None where the table does not have it.

    A release of which the table has service packs stands for itself alone: of a pack that it does not have nothing is told.
    """
    found = [row for row in ENDS if row.covers(identifier, version)]
    row = max(found, key=lambda one: len(one.release), default=None)
    if row is None or row.release == version:
        return row
    has_packs = any(one.identifier == identifier and one.release.startswith(f"{row.release}.") for one in ENDS)
    return None if has_packs else row
